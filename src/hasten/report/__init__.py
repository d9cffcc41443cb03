"""A record shown: `view` says what, the renderers (`terminal`, `html`, `markdown`) say how."""
