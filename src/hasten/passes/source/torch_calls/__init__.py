"""Calls of PyTorch inside scripts (codes HST711 and up)."""
