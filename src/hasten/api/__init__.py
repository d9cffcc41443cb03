"""What `hasten.run`, `hasten.compare` and `hasten.profile` do; the command line calls the same functions."""
