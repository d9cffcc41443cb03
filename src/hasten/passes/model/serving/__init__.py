"""Ways to answer for a model: each builds one part of an artifact."""
