"""Pairs trading on daily prices: find pairs that revert, trade the spread, look at Sharpe and drawdown."""
import math
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import List, Optional

import numpy as np
import pandas as pd


# ---- settings -------------------------------------------------------------
FORMATION = 750      # days to find the pairs
WINDOW = 60          # rolling hedge ratio and z-score
ENTRY, EXIT, STOP = 2.0, 0.5, 4.0
MAX_DAYS = 40
COST = 0.0008        # a side
N_PAIRS = 12


@dataclass
class Trade:
    pair: str
    side: int
    opened: int
    beta: float
    closed: int = -1
    pnl: float = 0.0
    reason: str = ""

    @property
    def days(self) -> int:
        return self.closed - self.opened


@dataclass
class PairResult:
    name: str
    returns: List[float] = field(default_factory=list)
    trades: List[Trade] = field(default_factory=list)


def load_prices() -> pd.DataFrame:
    prices = pd.read_csv(Path(__file__).resolve().parent / "data" / "prices.csv")
    prices["Date"] = pd.to_datetime(prices["Date"])
    return prices.set_index("Date")


def ols(x, y):
    """slope and intercept of y on x"""
    n = len(x)
    mx = sum(x) / n
    my = sum(y) / n
    sxy = sum((a - mx) * (b - my) for a, b in zip(x, y))
    sxx = sum((a - mx) ** 2 for a in x)
    slope = sxy / sxx
    return slope, my - slope * mx


def reversion_stat(spread):
    """Dickey-Fuller t statistic of the spread (no lags) and its half-life in days"""
    level = spread[:-1]
    change = [b - a for a, b in zip(spread[:-1], spread[1:])]
    slope, intercept = ols(level, change)
    rss = sum((c - intercept - slope * s) ** 2 for s, c in zip(level, change))
    m = sum(level) / len(level)
    sxx = sum((s - m) ** 2 for s in level)
    t = slope / math.sqrt(rss / (len(level) - 2) / sxx)
    half_life = -math.log(2) / math.log(1 + slope) if -1 < slope < 0 else float("inf")
    return t, half_life


def find_pairs(logs: pd.DataFrame):
    found = []
    for a, b in combinations(logs.columns, 2):
        x, y = logs[a].tolist(), logs[b].tolist()
        slope, intercept = ols(x, y)
        if slope <= 0:
            continue
        spread = [yy - slope * xx - intercept for xx, yy in zip(x, y)]
        t, half_life = reversion_stat(spread)
        found.append({"a": a, "b": b, "beta": slope, "t": t, "half_life": half_life})
    return pd.DataFrame(found).sort_values("t").reset_index(drop=True)


class PairTrader:
    """Trades one pair: long or short the spread b - beta * a, a day at a time."""

    def __init__(self, a: str, b: str, logs: pd.DataFrame):
        self.a, self.b = a, b
        self.name = a + "/" + b
        self.x = logs[a]
        self.y = logs[b]
        self.position: Optional[Trade] = None
        self.result = PairResult(self.name)

    def signal(self, day: int):
        x = self.x.iloc[day - WINDOW + 1: day + 1]
        y = self.y.iloc[day - WINDOW + 1: day + 1]
        beta, alpha = ols(x, y)
        spread = y - beta * x - alpha
        sd = spread.std()
        z = spread.iloc[-1] / sd if sd > 0 else 0.0
        return beta, z

    def step(self, day: int) -> float:
        """Yesterday's position earns today's move, then today's signal changes it."""
        earned = 0.0
        if self.position is not None:
            trade = self.position
            dx = self.x.iloc[day] - self.x.iloc[day - 1]
            dy = self.y.iloc[day] - self.y.iloc[day - 1]
            earned = trade.side * (dy - trade.beta * dx) / (1 + abs(trade.beta))
            trade.pnl += earned
        beta, z = self.signal(day)
        if self.position is not None:
            trade = self.position
            reason = None
            if abs(z) < EXIT:
                reason = "reverted"
            elif abs(z) > STOP:
                reason = "stopped"
            elif trade.side * z > 0:
                reason = "crossed"
            elif day - trade.opened >= MAX_DAYS:
                reason = "too long"
            if reason is not None:
                trade.closed = day
                trade.reason = reason
                trade.pnl -= 2 * COST
                earned -= 2 * COST
                self.result.trades.append(trade)
                self.position = None
        elif ENTRY < abs(z) < STOP and beta > 0:
            self.position = Trade(self.name, -1 if z > 0 else 1, day, beta, pnl=-2 * COST)
            earned -= 2 * COST
        return earned

    def run(self, start: int, stop: int) -> PairResult:
        for day in range(start, stop):
            self.result.returns.append(self.step(day))
        return self.result


def sharpe(returns) -> float:
    mean = sum(returns) / len(returns)
    var = sum((r - mean) ** 2 for r in returns) / (len(returns) - 1)
    return 0.0 if var == 0 else mean / math.sqrt(var) * math.sqrt(252)


def drawdown(returns):
    equity, top, worst, longest, since = 1.0, 1.0, 0.0, 0, 0
    for r in returns:
        equity *= 1 + r
        if equity > top:
            top = equity
            since = 0
        else:
            since += 1
            longest = max(longest, since)
        worst = max(worst, 1 - equity / top)
    return worst, longest, equity


def describe(name, returns, trades):
    worst, longest, equity = drawdown(returns)
    wins = [t for t in trades if t.pnl > 0]
    days = sum(t.days for t in trades) / len(trades) if trades else 0.0
    print(f"{name:12s} wealth {equity:.8f} sharpe {sharpe(returns):.7f} drawdown {worst:.8f} ({longest} days) "
          f"trades {len(trades)} won {len(wins)} mean days {days:.4f}")


def main():
    prices = load_prices()
    logs = np.log(prices)
    print(f"{len(prices)} days, {len(prices.columns)} stocks")

    table = find_pairs(logs.iloc[:FORMATION])
    print(f"{len(table)} pairs with a positive hedge ratio")
    for i, row in table.head(10).iterrows():
        print(f"  {row['a']:>5}/{row['b']:<5} beta {row['beta']:.8f} t {row['t']:.7f} half-life {row['half_life']:.6f}")

    results = []
    for _, row in table.head(N_PAIRS).iterrows():
        trader = PairTrader(row["a"], row["b"], logs)
        results.append(trader.run(FORMATION, len(logs)))

    print()
    for r in results:
        describe(r.name, r.returns, r.trades)

    together = []
    for i in range(len(results[0].returns)):
        together.append(sum(r.returns[i] for r in results) / len(results))
    trades = [t for r in results for t in r.trades]
    describe("portfolio", together, trades)

    print()
    for reason in ["reverted", "crossed", "stopped", "too long"]:
        some = [t for t in trades if t.reason == reason]
        if some:
            print(f"{reason:10s} {len(some):4d} trades, pnl {sum(t.pnl for t in some):.8f}")
    by_year = {}
    for date, r in zip(logs.index[FORMATION:], together):
        by_year.setdefault(date.year, []).append(r)
    for year, rets in by_year.items():
        print(f"{year} {sum(rets):.8f} worst day {min(rets):.8f}")
    best = sorted(trades, key=lambda t: (-round(t.pnl, 10), t.pair, t.opened))[:5]
    for t in best:
        print(f"  {t.pair} opened {logs.index[t.opened]:%Y-%m-%d} for {t.days} days: {t.pnl:.8f} ({t.reason})")


if __name__ == "__main__":
    main()
