"""Ways to make a smaller model of the same kind, within a budget of quality."""
