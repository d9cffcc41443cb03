"""Calls of scikit-learn inside scripts (codes HST701 and up)."""
