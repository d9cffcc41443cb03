"""Covariance by matrix product, the rest in array expressions; the short weight search stays a loop over vectors."""

import sys
from pathlib import Path

import numba
import numpy as np
import pandas as pd

LOOKBACK = 60
REBALANCE = 5
COST = 0.0005


@numba.njit(cache=True)
def minimum_variance(cov, steps):
    n = len(cov)
    w = np.full(n, 1.0 / n)
    for _ in range(steps):
        grad = cov @ w
        scale = np.abs(grad).sum() / n
        if scale == 0:
            break
        w = w * np.exp(-0.5 * grad / scale)
        w /= w.sum()
    return w


def backtest(returns):
    days, assets = returns.shape
    starts = np.arange(LOOKBACK, days, REBALANCE)
    weights = np.full(assets, 1.0 / assets)
    growth = np.empty(days - LOOKBACK)
    turnover = 0.0
    for t in starts:
        new = minimum_variance(np.cov(returns[t - LOOKBACK : t], rowvar=False), 40)
        change = np.abs(new - weights).sum()
        turnover += change
        weights = new
        stop = min(t + REBALANCE, days)
        growth[t - LOOKBACK : stop - LOOKBACK] = 1 + returns[t:stop] @ weights
        growth[t - LOOKBACK] *= 1 - COST * change
    return np.cumprod(growth), turnover


def value_at_risk(curve, level=0.95, lookback=250):
    rets = curve[1:] / curve[:-1] - 1
    k = int((1 - level) * lookback)
    windows = np.lib.stride_tricks.sliding_window_view(rets, lookback)[: len(rets) - lookback]
    tail = np.sort(np.partition(windows, k, axis=1)[:, : k + 1], axis=1)
    breaches = int((rets[lookback:] < tail[:, k]).sum())
    return breaches, max(0.0, -(tail.sum(axis=1) / (k + 1)).min()), len(rets) - lookback


def main():
    prices = pd.read_csv(Path(__file__).parent / "data" / "prices.csv", index_col="Date")
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    values = prices.to_numpy()[-days:]
    returns = values[1:] / values[:-1] - 1
    curve, turnover = backtest(returns)
    breaches, worst, tested = value_at_risk(curve)
    print(f"final wealth {curve[-1]:.8f} turnover {turnover:.8f}")
    print(f"VaR breaches {breaches} of {tested}, worst expected shortfall {worst:.8f}")
    print(f"max drawdown {(1 - curve / np.maximum.accumulate(curve)).max():.8f}")
    corr = np.corrcoef(returns, rowvar=False)
    print(f"average correlation {corr[np.tril_indices(len(corr), -1)].mean():.8f}")


if __name__ == "__main__":
    main()
