"""Passes that turn work on pandas rows into work on columns."""
