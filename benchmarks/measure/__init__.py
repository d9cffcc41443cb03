"""How often hasten's measuring is wrong, and what it finds, on real runs: `python -m benchmarks.measure`."""
