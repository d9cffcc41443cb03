"""Passes over trained models: `serving/` answers for a model in another way, `reducing/` makes a smaller one."""
