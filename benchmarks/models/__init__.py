"""Trained models: hasten's artifact beside each backend alone (`python -m benchmarks.models`)."""
