"""Wasteful NumPy to better NumPy (codes HST501 on), where library calls dominate or no kernel is wanted."""
