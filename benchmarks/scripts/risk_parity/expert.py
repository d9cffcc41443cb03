"""All covariances in one product, coordinate descent in Numba, a month of drifting weights as cumulative products."""

from pathlib import Path

import numpy as np
from numba import njit

DATA = Path(__file__).resolve().parent / "data" / "prices.csv"
START = np.datetime64("2012-01-01")
LOOKBACK, HALFLIFE, COST, TRADING_DAYS = 252, 63, 0.0010, 252


@njit(cache=True)
def erc(cov, tol, max_sweeps):
    n = len(cov)
    x = 1 / np.sqrt(np.diag(cov))
    x /= x.sum()
    y = cov @ x
    sweep = 0
    while sweep < max_sweeps:
        sweep += 1
        y[:] = cov @ x
        sigma = np.sqrt(x @ y)
        for i in range(n):
            others = y[i] - cov[i, i] * x[i]
            new = (-others + np.sqrt(others**2 + 4 * cov[i, i] * sigma / n)) / (2 * cov[i, i])
            y += cov[i] * (new - x[i])
            x[i] = new
        if np.abs(x * y / (x @ y) - 1 / n).max() < tol:
            break
    return x / x.sum(), sweep


def backtest(returns, ends, targets):
    daily, turnovers = np.zeros(len(returns) - ends[0]), []
    drifted = np.zeros(returns.shape[1])
    for k, (end, target) in enumerate(zip(ends, targets, strict=True)):
        turnovers.append(np.abs(target - drifted).sum())
        daily[end - ends[0]] -= COST * turnovers[-1]
        until = ends[k + 1] if k + 1 < len(ends) else len(returns) - 1
        held = target * np.cumprod(1 + returns[end + 1 : until + 1], axis=0)
        value = held.sum(axis=1)
        daily[end - ends[0] + 1 : until - ends[0] + 1] = np.diff(value, prepend=1.0) / np.r_[1.0, value[:-1]]
        drifted = held[-1] / value[-1] if len(value) else target
    return daily, turnovers


def report(name, daily, turnovers, days):
    equity = np.cumprod(1 + daily)
    years = len(daily) / TRADING_DAYS
    volatility = daily.std(ddof=1) * np.sqrt(TRADING_DAYS)
    print(f"\n{name}")
    growth, sharpe = equity[-1] ** (1 / years) - 1, daily.mean() * TRADING_DAYS / volatility
    print(f"  return p.a. {growth:8.4%}   volatility {volatility:8.4%}   Sharpe {sharpe:6.3f}")
    yearly = sum(turnovers[1:]) / years
    depth = equity / np.maximum.accumulate(equity) - 1
    ulcer = np.sqrt((depth**2).mean())
    print(f"  turnover p.a. {yearly:6.3f}   costs p.a. {yearly * COST:8.5%}   ulcer index {ulcer:8.5f}")
    peaks = np.flatnonzero(depth == 0)
    found = []
    for a, b in zip(peaks, np.r_[peaks[1:], len(equity)], strict=True):
        if b - a > 1:
            trough = a + np.argmin(equity[a:b])
            found.append((depth[trough], days[a], days[trough], days[b] if b < len(equity) else "not recovered"))
    for worst, *dates in sorted(found, key=lambda d: d[0])[:3]:
        print(f"  {worst:9.4%}  {' - '.join(str(d) for d in dates)}")


def main():
    with DATA.open() as source:
        assets = source.readline().strip().split(",")[1:]
        rows = [line.split(",", 1) for line in source.read().split()]
    days = np.array([row[0] for row in rows], dtype="datetime64[D]")[1:]
    prices = np.array(",".join(row[1] for row in rows).split(","), dtype=float).reshape(len(rows), -1)
    returns = prices[1:] / prices[:-1] - 1
    n = len(assets)

    ends = np.flatnonzero(np.diff(days.astype("datetime64[M]").astype(int)))
    ends = ends[days[ends] >= START]
    print(f"{n} stocks, {len(returns)} days, {len(ends)} rebalancing days from {days[ends[0]]}")

    decay = 0.5 ** (np.arange(LOOKBACK)[::-1] / HALFLIFE)
    decay /= decay.sum()
    windows = returns[ends[:, None] + np.arange(1 - LOOKBACK, 1)]
    centred = windows - np.einsum("t,ktn->kn", decay, windows)[:, None]
    cov = (centred * decay[:, None]).transpose(0, 2, 1) @ centred
    solved = [erc(c, 1e-9, 500) for c in cov]
    weights = np.array([w for w, _ in solved])
    naive = 1 / np.sqrt(np.diagonal(cov, axis1=1, axis2=2))
    naive /= naive.sum(axis=1, keepdims=True)
    shares = naive * (cov @ naive[:, :, None])[:, :, 0]
    shares /= shares.sum(axis=1, keepdims=True)
    spread = np.ptp(shares, axis=1)
    sweeps = np.mean([s for _, s in solved])
    print(f"{sweeps:.2f} sweeps a month; risk shares of inverse volatility are {spread.mean():.4f} apart")

    plans = [weights, naive, np.full_like(naive, 1 / n)]
    for name, targets in zip(["equal risk contribution", "inverse volatility", "equal weights"], plans, strict=True):
        report(name, *backtest(returns, ends, targets), days[ends[0] :])

    print(f"\nweights on {days[ends[-1]]}")
    mean, low, high = weights.mean(axis=0), weights.min(axis=0), weights.max(axis=0)
    for k in np.argsort(-weights[-1], kind="stable"):
        print(f"  {assets[k]:5} {weights[-1, k]:7.4f}   mean {mean[k]:7.4f}   low {low[k]:7.4f}   high {high[k]:7.4f}")


if __name__ == "__main__":
    main()
