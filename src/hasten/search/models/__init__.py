"""The loop over trained models: build, verify, measure, keep."""
