"""Neural nets: see `benchmarks.neural.run`."""
