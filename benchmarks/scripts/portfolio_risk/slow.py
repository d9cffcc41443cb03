"""Twenty stocks: rolling covariance, minimum-variance weights, a weekly rebalanced backtest, value at risk."""

import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd

LOOKBACK = 60
REBALANCE = 5
COST = 0.0005


def daily_returns(prices):
    days, assets = prices.shape
    returns = np.zeros((days - 1, assets))
    for t in range(1, days):
        for a in range(assets):
            returns[t - 1, a] = prices[t, a] / prices[t - 1, a] - 1
    return returns


def covariance(window):
    days, assets = window.shape
    means = []
    for a in range(assets):
        s = 0.0
        for t in range(days):
            s += window[t, a]
        means.append(s / days)
    cov = np.zeros((assets, assets))
    for i in range(assets):
        for j in range(i, assets):
            s = 0.0
            for t in range(days):
                s += (window[t, i] - means[i]) * (window[t, j] - means[j])
            cov[i, j] = s / (days - 1)
            cov[j, i] = cov[i, j]
    return cov


def minimum_variance(cov, steps=40):
    """Multiplicative updates keep the weights positive and their sum at one."""
    n = len(cov)
    w = [1.0 / n] * n
    for _ in range(steps):
        grad = []
        for i in range(n):
            g = 0.0
            for j in range(n):
                g += cov[i][j] * w[j]
            grad.append(g)
        scale = sum(abs(g) for g in grad) / n
        if scale == 0:
            break
        w = [wi * math.exp(-0.5 * g / scale) for wi, g in zip(w, grad)]
        total = sum(w)
        w = [wi / total for wi in w]
    return w


def backtest(returns):
    days, assets = returns.shape
    wealth = 1.0
    curve = []
    weights = [1.0 / assets] * assets
    turnover = 0.0
    for t in range(LOOKBACK, days):
        if (t - LOOKBACK) % REBALANCE == 0:
            new = minimum_variance(covariance(returns[t - LOOKBACK : t]))
            change = sum(abs(a - b) for a, b in zip(new, weights))
            turnover += change
            wealth *= 1 - COST * change
            weights = new
        r = 0.0
        for a in range(assets):
            r += weights[a] * returns[t, a]
        wealth *= 1 + r
        curve.append(wealth)
    return curve, turnover


def value_at_risk(curve, level=0.95, lookback=250):
    breaches = 0
    worst = 0.0
    rets = [curve[i] / curve[i - 1] - 1 for i in range(1, len(curve))]
    for t in range(lookback, len(rets)):
        history = sorted(rets[t - lookback : t])
        k = int((1 - level) * lookback)
        var = -history[k]
        shortfall = -sum(history[: k + 1]) / (k + 1)
        if rets[t] < -var:
            breaches += 1
        worst = max(worst, shortfall)
    return breaches, worst, len(rets) - lookback


def max_drawdown(curve):
    worst = 0.0
    for i in range(0, len(curve)):
        peak = max(curve[: i + 1])
        worst = max(worst, 1 - curve[i] / peak)
    return worst


def main():
    prices = pd.read_csv(Path(__file__).parent / "data" / "prices.csv", index_col="Date")
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    returns = daily_returns(prices.to_numpy()[-days:])
    curve, turnover = backtest(returns)
    breaches, worst, tested = value_at_risk(curve)
    print(f"final wealth {curve[-1]:.8f} turnover {turnover:.8f}")
    print(f"VaR breaches {breaches} of {tested}, worst expected shortfall {worst:.8f}")
    print(f"max drawdown {max_drawdown(curve):.8f}")
    cov = covariance(returns)
    print("average correlation", end=" ")
    total, pairs = 0.0, 0
    for i in range(len(cov)):
        for j in range(i):
            total += cov[i, j] / math.sqrt(cov[i, i] * cov[j, j])
            pairs += 1
    print(f"{total / pairs:.8f}")


if __name__ == "__main__":
    main()
