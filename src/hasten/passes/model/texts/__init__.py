"""Nets that take texts: what an artifact holds of their tokenisers, and how every pass over nets works behind them."""
