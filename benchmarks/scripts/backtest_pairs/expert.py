"""Pairs from one covariance matrix, every day's rolling regression at once; only the positions go day by day."""

import math
from pathlib import Path

import numpy as np

FORMATION, WINDOW = 750, 60
ENTRY, EXIT, STOP, MAX_DAYS = 2.0, 0.5, 4.0, 40
COST, N_PAIRS = 0.0008, 12


def load():
    lines = (Path(__file__).resolve().parent / "data" / "prices.csv").read_text().splitlines()
    names = lines[0].split(",")[1:]
    dates, _, values = zip(*(line.partition(",") for line in lines[1:]))
    return names, dates, np.fromstring(",".join(values), sep=",").reshape(len(dates), len(names))


def find_pairs(logs):
    """(a, b, beta, t, half-life) of every pair with a positive slope, best first."""
    mean = logs.mean(axis=0)
    centred = (logs - mean).T
    cov = centred @ centred.T
    a, b = np.triu_indices(len(cov), 1)
    slope = cov[a, b] / cov[a, a]
    a, b, slope = a[slope > 0], b[slope > 0], slope[slope > 0]
    spread = centred[b] - slope[:, None] * centred[a]
    level, change = spread[:, :-1], np.diff(spread, axis=1)
    level = level - level.mean(axis=1, keepdims=True)
    change = change - change.mean(axis=1, keepdims=True)
    sxx = (level * level).sum(axis=1)
    pull = (level * change).sum(axis=1) / sxx
    rest = change - pull[:, None] * level
    t = pull / np.sqrt((rest * rest).sum(axis=1) / (level.shape[1] - 2) / sxx)
    found = []
    for k in np.argsort(t):
        p = float(pull[k])
        half_life = -math.log(2) / math.log(1 + p) if -1 < p < 0 else float("inf")
        found.append((int(a[k]), int(b[k]), float(slope[k]), float(t[k]), half_life))
    return found


def signals(x, y):
    """Rolling hedge ratio and z-score of the spread at the end of each window."""
    x, y = (np.lib.stride_tricks.sliding_window_view(v, WINDOW) for v in (x, y))
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    beta = np.einsum("ij,ij->i", x, y) / np.einsum("ij,ij->i", x, x)
    spread = y - beta[:, None] * x
    sd = np.sqrt(np.einsum("ij,ij->i", spread, spread) / (WINDOW - 1))
    return beta, np.divide(spread[:, -1], sd, out=np.zeros(len(sd)), where=sd > 0)


def trade(x, y):
    """Daily returns, and (opened, days, pnl, reason) of the closed trades."""
    betas, scores = signals(x[FORMATION - WINDOW + 1 :], y[FORMATION - WINDOW + 1 :])
    betas, scores = betas.tolist(), scores.tolist()
    dx, dy = np.diff(x[FORMATION - 1 :]).tolist(), np.diff(y[FORMATION - 1 :]).tolist()
    returns = [0.0] * len(betas)
    trades = []
    side = 0
    for day, (beta, z) in enumerate(zip(betas, scores)):
        size = abs(z)
        if not side:
            if ENTRY < size < STOP and beta > 0:
                side, held, opened, pnl = (-1 if z > 0 else 1), beta, day, -2 * COST
                returns[day] = -2 * COST
            continue
        earned = side * (dy[day] - held * dx[day]) / (1 + abs(held))
        pnl += earned
        if size < EXIT:
            reason = "reverted"
        elif size > STOP:
            reason = "stopped"
        elif side * z > 0:
            reason = "crossed"
        elif day - opened >= MAX_DAYS:
            reason = "too long"
        else:
            returns[day] = earned
            continue
        returns[day] = earned - 2 * COST
        trades.append((opened + FORMATION, day - opened, pnl - 2 * COST, reason))
        side = 0
    return np.array(returns), trades


def describe(name, returns, trades):
    equity = np.cumprod(1 + returns)
    top = np.maximum.accumulate(np.maximum(equity, 1.0))
    worst = max(0.0, (1 - equity / top).max())
    new = np.diff(top, prepend=1.0) > 0
    day = np.arange(1, len(returns) + 1)
    longest = (day - np.maximum.accumulate(np.where(new, day, 0))).max()
    sd = returns.std(ddof=1)
    sharpe = 0.0 if sd == 0 else returns.mean() / sd * math.sqrt(252)
    won = sum(t[2] > 0 for t in trades)
    days = sum(t[1] for t in trades) / len(trades) if trades else 0.0
    print(f"{name:12s} wealth {equity[-1]:.8f} sharpe {sharpe:.7f} drawdown {worst:.8f} ({longest} days) "
          f"trades {len(trades)} won {won} mean days {days:.4f}")  # fmt: skip


def main():
    names, dates, prices = load()
    logs = np.log(prices)
    print(f"{len(dates)} days, {len(names)} stocks")
    table = find_pairs(logs[:FORMATION])
    print(f"{len(table)} pairs with a positive hedge ratio")
    for a, b, beta, t, half_life in table[:10]:
        print(f"  {names[a]:>5}/{names[b]:<5} beta {beta:.8f} t {t:.7f} half-life {half_life:.6f}")

    columns = np.ascontiguousarray(logs.T)
    results = [(f"{names[a]}/{names[b]}", *trade(columns[a], columns[b])) for a, b, *_ in table[:N_PAIRS]]
    print()
    for result in results:
        describe(*result)
    together = sum(returns for _, returns, _ in results) / len(results)
    trades = [t for _, _, closed in results for t in closed]
    describe("portfolio", together, trades)

    print()
    for reason in ["reverted", "crossed", "stopped", "too long"]:
        pnl = [t[2] for t in trades if t[3] == reason]
        if pnl:
            print(f"{reason:10s} {len(pnl):4d} trades, pnl {sum(pnl):.8f}")
    years = np.array([int(d[:4]) for d in dates[FORMATION:]])
    starts = np.flatnonzero(np.diff(years, prepend=0))
    worst = np.minimum.reduceat(together, starts)
    for year, total, low in zip(years[starts], np.add.reduceat(together, starts), worst):
        print(f"{year} {total:.8f} worst day {low:.8f}")
    closed = [(-round(pnl, 10), name, opened, days, pnl, why) for name, _, ts in results for opened, days, pnl, why in ts]
    for _, name, opened, days, pnl, why in sorted(closed)[:5]:
        print(f"  {name} opened {dates[opened]} for {days} days: {pnl:.8f} ({why})")


if __name__ == "__main__":
    main()
