"""Does weighting by risk pay? A backtest of three portfolios of stocks, rebalanced every week, costs included.

Reads data/prices.csv. Equal weights, inverse volatility and equal risk contributions; weights drift between two dates
of rebalancing. Ends with a block bootstrap of the Sharpe ratios, because one history is one draw.
"""

import csv
import math
import random
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
HISTORY = 250  # days that the covariances are estimated on
DECAY = 0.97  # weight of yesterday, in these
COST = 0.0010  # of what is bought or sold
DRAWS = 250
BLOCK = 20


def read_prices():
    with open(HERE / "data" / "prices.csv", newline="") as source:
        rows = list(csv.reader(source))
    names = rows[0][1:]
    days = [date.fromisoformat(row[0][:10]) for row in rows[1:]]
    prices = [[float(v) for v in row[1:]] for row in rows[1:]]
    return names, days, prices


def daily_returns(prices):
    out = []
    for yesterday, today in zip(prices[:-1], prices[1:]):
        out.append([b / a - 1 for a, b in zip(yesterday, today)])
    return out


def covariance(returns):
    """Exponentially weighted: the last row counts most."""
    n = len(returns[0])
    weights = [DECAY ** (len(returns) - 1 - t) for t in range(len(returns))]
    total = sum(weights)
    means = [sum(w * row[j] for w, row in zip(weights, returns)) / total for j in range(n)]
    cov = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i, n):
            s = 0.0
            for t in range(len(returns)):
                s += weights[t] * (returns[t][i] - means[i]) * (returns[t][j] - means[j])
            cov[i][j] = cov[j][i] = s / total
    return cov


def equal(cov):
    return [1 / len(cov)] * len(cov)


def inverse_volatility(cov):
    raw = [1 / math.sqrt(cov[i][i]) for i in range(len(cov))]
    return [r / sum(raw) for r in raw]


def equal_risk(cov, sweeps=60, tolerance=1e-9):
    """Every stock contributes the same risk: cyclical coordinate descent (Griveau-Billion, Richard, Roncalli 2013)."""
    n = len(cov)
    w = inverse_volatility(cov)
    for _ in range(sweeps):
        before = list(w)
        sigma = math.sqrt(sum(w[i] * cov[i][j] * w[j] for i in range(n) for j in range(n)))
        for i in range(n):
            other = 0.0
            for j in range(n):
                if j != i:
                    other += cov[i][j] * w[j]
            w[i] = (-other + math.sqrt(other * other + 4 * cov[i][i] * sigma / n)) / (2 * cov[i][i])
        if max(abs(a - b) for a, b in zip(w, before)) < tolerance:
            break
    total = sum(w)
    return [x / total for x in w]


def backtest(days, returns, choose):
    weights = None
    wealth, turnover = 1.0, 0.0
    history = []
    for t in range(HISTORY, len(returns)):
        if weights is None or days[t + 1].weekday() < days[t].weekday():
            wanted = choose(covariance(returns[t - HISTORY : t]))
            traded = sum(abs(a - b) for a, b in zip(wanted, weights or [0.0] * len(wanted)))
            wealth *= 1 - COST * traded
            turnover += traded
            weights = wanted
        earned = sum(w * r for w, r in zip(weights, returns[t]))
        wealth *= 1 + earned
        history.append((wealth, earned))
        grown = [w * (1 + r) for w, r in zip(weights, returns[t])]
        total = sum(grown)
        weights = [g / total for g in grown]
    return history, turnover


def sharpe(earned):
    mean = sum(earned) / len(earned)
    variance = sum((r - mean) ** 2 for r in earned) / (len(earned) - 1)
    return mean / math.sqrt(variance) * math.sqrt(252)


def drawdown(history):
    top, worst = 0.0, 0.0
    for wealth, _ in history:
        top = max(top, wealth)
        worst = max(worst, 1 - wealth / top)
    return worst


def value_at_risk(earned, level=0.99):
    losses = sorted(-r for r in earned)
    return losses[int(level * len(losses))]


def bootstrap(earned, rng):
    """Sharpe ratios of histories put together from blocks of days."""
    found = []
    for _ in range(DRAWS):
        drawn = []
        while len(drawn) < len(earned):
            start = rng.randrange(len(earned) - BLOCK)
            for k in range(BLOCK):
                drawn.append(earned[start + k])
        found.append(sharpe(drawn[: len(earned)]))
    found.sort()
    return found[int(0.025 * DRAWS)], found[int(0.975 * DRAWS)]


def main():
    names, days, prices = read_prices()
    returns = daily_returns(prices)
    print(f"{len(names)} stocks, {days[0]} to {days[-1]}")
    rng = random.Random(2022)
    for name, choose in [("equal", equal), ("inverse volatility", inverse_volatility), ("equal risk", equal_risk)]:
        history, turnover = backtest(days, returns, choose)
        earned = [r for _, r in history]
        low, high = bootstrap(earned, rng)
        print(
            f"{name:20s} wealth {history[-1][0]:.6f} sharpe {sharpe(earned):.6f} [{low:.6f}, {high:.6f}] "
            f"drawdown {drawdown(history):.6f} VaR {value_at_risk(earned):.6f} turnover {turnover:.6f}"
        )


if __name__ == "__main__":
    main()
