"""Numba for the descent of all months, NumPy for covariances and the days between two rebalancings.

The bisection and the steps are slow.py's; sums run in another order and differ in the last bits.
"""

import csv
import math
from pathlib import Path

import numpy as np
from numba import njit

HERE = Path(__file__).resolve().parent
WINDOW, LIMIT, COST, SHRINKAGE, PENALTY, MAX_STEPS = 250, 0.15, 10 / 10000, 0.25, 0.1, 80


@njit(cache=True)
def shifted_sum(v, shift, limit):
    total = 0.0
    for x in v:
        total += min(max(x - shift, 0.0), limit)
    return total


@njit(cache=True)
def minimum_variance(cov, start, step, limit, penalty, max_steps):
    n = len(start)
    w, v = start.copy(), np.empty(n)
    for k in range(max_steps):
        for i in range(n):
            g = 0.0
            for j in range(n):
                g += cov[i, j] * w[j]
            v[i] = w[i] - step * (2 * g + 2 * penalty * (w[i] - start[i]))
        low, high = v.min() - 1.0, v.max()
        for _ in range(70):
            middle = (low + high) / 2
            if shifted_sum(v, middle, limit) > 1.0:
                low = middle
            else:
                high = middle
        change = 0.0
        for i in range(n):
            new = min(max(v[i] - (low + high) / 2, 0.0), limit)
            change = max(change, abs(new - w[i]))
            w[i] = new
        if change < 1e-7:
            return w, k + 1
    return w, max_steps


class Portfolio:
    def __init__(self, name, n):
        self.name, self.weights, self.value = name, np.full(n, 1 / n), 1.0
        self.values, self.turnover = [], []

    def rebalance(self, target):
        self.turnover.append(float(np.abs(target - self.weights).sum()))
        self.value *= 1 - self.turnover[-1] * COST
        self.weights = target

    def hold(self, returns):
        """Days without trading: each holding grows on its own."""
        grown = self.weights * np.cumprod(1 + returns, axis=0)
        total = grown.sum(axis=1)
        self.values.append(self.value * total)
        self.value *= total[-1]
        self.weights = grown[-1] / total[-1]

    def finish(self):
        self.values = np.concatenate(self.values)
        self.daily = self.values / np.concatenate([[1.0], self.values[:-1]]) - 1

    def report(self):
        padded = np.concatenate([np.zeros(750), self.values])
        peak = np.lib.stride_tricks.sliding_window_view(padded, 751).max(axis=1)
        mean, std = self.daily.mean(), self.daily.std(ddof=1)
        print(f"{self.name}: final {self.value:.4f}, return {252 * mean:.4%}, volatility {math.sqrt(252) * std:.4%}, "
              f"Sharpe {math.sqrt(252) * mean / std:.4f}, drawdown {(self.values / peak - 1).min():.4%}, "
              f"turnover a month {np.mean(self.turnover[1:]):.4f}")


def main():
    with open(HERE / "data" / "prices.csv", newline="") as f:
        header, *rows = csv.reader(f)
    tickers, n = header[1:], len(header) - 1
    prices = np.array([r[1:] for r in rows], dtype=float)
    dates = [r[0] for r in rows[1:]]
    returns = prices[1:] / prices[:-1] - 1
    print(f"{len(returns)} days, {n} stocks, {dates[0]} to {dates[-1]}")

    days = [i for i in range(WINDOW, len(dates) - 1) if dates[i][5:7] != dates[i + 1][5:7]]
    best, equal = Portfolio("minimum variance", n), Portfolio("equal weights", n)
    shrink = np.full((n, n), (1 - SHRINKAGE) * 252)
    np.fill_diagonal(shrink, 252)
    log = []
    for day, following in zip(days, [*days[1:], len(returns) - 1], strict=True):
        cov = np.cov(returns[day - WINDOW + 1 : day + 1].T) * shrink
        step = 0.5 / (np.linalg.eigvalsh(cov)[-1] + PENALTY)
        weights, steps = minimum_variance(cov, best.weights, step, LIMIT, PENALTY, MAX_STEPS)
        best.rebalance(weights)
        equal.rebalance(np.full(n, 1 / n))
        log.append((int(dates[day][:4]), steps, math.sqrt(weights @ cov @ weights), 1 / (weights @ weights),
                    np.sum(weights > LIMIT - 1e-5), best.turnover[-1]))
        for portfolio in (best, equal):
            portfolio.hold(returns[day + 1 : following + 1])
    log = np.array(log)

    print(f"\n{len(log)} rebalancings, {log[:, 1].mean():.3f} steps on average")
    for portfolio in (best, equal):
        portfolio.finish()
        portfolio.report()

    print("\nyear  days  min.var.   equal  vol.mv  vol.eq  risk  effective  at limit  turnover")
    years = np.array([int(d[:4]) for d in dates[days[0] + 1 :]])
    for year in np.unique(years):
        a, b, entry = best.daily[years == year], equal.daily[years == year], log[log[:, 0] == year].mean(axis=0)
        print(f"{year} {len(a):5d} {np.prod(1 + a) - 1:9.4f} {np.prod(1 + b) - 1:7.4f} {a.std(ddof=1) * 252**0.5:7.4f} "
              f"{b.std(ddof=1) * 252**0.5:7.4f} {entry[2]:.4f} {entry[3]:8.4f} {entry[4]:8.4f} {entry[5]:8.4f}")

    print("\nweights at the end")
    for k in np.argsort(-best.weights, kind="stable")[:10]:
        print(f"  {tickers[k]:5s} {best.weights[k]:.4f}")


if __name__ == "__main__":
    main()
