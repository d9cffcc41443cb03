"""Passes over neural nets: how they are run (`run.py`), in which numbers (`quantise.py`), and smaller ones."""
