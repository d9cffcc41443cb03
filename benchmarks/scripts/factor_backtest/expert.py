"""NumPy alone: the panel as tables months x stocks, the factors of all months at once, a month of the loop a few vectors.

Means, deviations and products run in another order than slow.py's (which rolls); the last bits differ.
"""

import csv
import math
import warnings
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

HERE = Path(__file__).resolve().parent
BUCKETS, START = 5, 14


def load():
    with open(HERE / "data" / "panel.csv", newline="") as f:
        month, ticker, sector, *numbers = zip(*list(csv.reader(f))[1:])
    months, row = np.unique(month, return_inverse=True)
    tickers, first, col = np.unique(ticker, return_index=True, return_inverse=True)
    sectors = np.unique(np.array(sector)[first], return_inverse=True)[1]
    tables = []
    for column in numbers:
        table = np.full((len(months), len(tickers)), np.nan)
        table[row, col] = np.array([v or "nan" for v in column], dtype=float)
        tables.append(table)
    listed = np.zeros(tables[0].shape, dtype=bool)
    listed[row, col] = True
    return months.tolist(), len(tickers), len(row), sectors, listed, *tables


def windows(table, size):
    """The `size` months that end at every row, NaN before the first."""
    padded = np.vstack([np.full((size - 1, table.shape[1]), np.nan), table])
    return sliding_window_view(padded, size, axis=0)


def composite(factors, listed, sectors):
    onehot = np.eye(sectors.max() + 1)[sectors]
    members = listed @ onehot
    score = np.zeros(listed.shape)
    for weight, x in factors:
        x = np.where(listed, x, np.nan)
        z = (x - np.nanmean(x, axis=1, keepdims=True)) / np.nanstd(x, axis=1, ddof=1, keepdims=True)
        z = np.nan_to_num(np.clip(z, -3, 3), nan=0.0)
        score += weight * (z - (z @ onehot / np.maximum(members, 1))[:, sectors])
    return score


def average_ranks(x):
    _, place, count = np.unique(x, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place]


def main():
    months, n_stocks, n_rows, sectors, listed, ret, cap, book, roe = load()
    print(f"{n_rows} rows, {len(months)} months, {n_stocks} stocks")
    following = np.vstack([ret[1:], np.full((1, n_stocks), np.nan)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the first months have no window
        past = windows(np.vstack([np.full((1, n_stocks), np.nan), ret[:-1]]), 11)
        known = ~np.isnan(past)
        momentum = np.where(known.sum(axis=2) >= 8, np.where(known, 1 + past, 1.0).prod(axis=2) - 1, np.nan)
        year = windows(ret, 12)
        calm = np.where((~np.isnan(year)).sum(axis=2) >= 8, -np.nanstd(year, axis=2, ddof=1), np.nan)
        factors = [(0.3, np.log(book)), (0.3, momentum), (0.25, roe), (0.15, calm)]
        score = composite([(w, x[START:-1]) for w, x in factors], listed[START:-1], sectors)

    held = np.zeros(n_stocks)
    records, buckets = [], []
    for k, month in enumerate(months[START:-1]):
        here = np.flatnonzero(listed[START + k])
        n = len(here)
        s, after, caps = score[k, here], following[START + k, here], cap[START + k, here]
        order = np.argsort(s, kind="stable")
        # the bounds of the fifths as qcut takes them: quantiles of the ranks 1 to n
        bucket = np.empty(n, dtype=np.int64)
        edges = np.quantile(np.arange(1.0, n + 1), np.arange(1, BUCKETS) / BUCKETS)
        bucket[order] = np.searchsorted(edges, np.arange(1.0, n + 1), side="left")
        valid = ~np.isnan(after)
        sums = np.bincount(bucket[valid], after[valid], BUCKETS)
        buckets.append(sums / np.bincount(bucket[valid], minlength=BUCKETS))

        target = np.zeros(n_stocks)
        longs, shorts = here[bucket == BUCKETS - 1], here[bucket == 0]
        target[longs], target[shorts] = 1 / len(longs), -1 / len(shorts)
        share = np.searchsorted(np.sort(caps), caps, side="right") / n
        rate = np.full(n_stocks, 0.0030)
        rate[here] = np.where(share > 0.8, 0.0005, np.where(share > 0.4, 0.0012, 0.0030))
        trade = np.abs(target - held)
        costs = float(trade @ rate)

        r = np.nan_to_num(following[START + k])
        gross = float(target @ r)
        held = target * (1 + r) / (1 + gross)
        a, b = average_ranks(s[valid]), average_ranks(after[valid])
        a, b = a - a.mean(), b - b.mean()
        ic = float(a @ b / math.sqrt((a @ a) * (b @ b)))
        records.append((month, n, gross, costs, gross - costs, float(trade.sum()) / 2, ic))

    _, _, _, costs, net, turnover, ics = (np.array(c) for c in zip(*records))
    equity = np.cumprod(1 + net)
    drawdown = equity / np.maximum.accumulate(equity) - 1
    count = len(net)
    print(f"annual return   {equity[-1] ** (12 / count) - 1:.6f}")
    print(f"volatility      {net.std(ddof=1) * math.sqrt(12):.6f}")
    print(f"Sharpe ratio    {net.mean() / net.std(ddof=1) * math.sqrt(12):.6f}")
    print(f"max drawdown    {drawdown.min():.6f} in {records[drawdown.argmin()][0]}")
    print(f"turnover        {turnover.mean():.6f} a month, costs {costs.sum():.6f} in all")
    print(f"mean IC         {ics.mean():.6f} (t {ics.mean() / ics.std(ddof=1) * math.sqrt(count):.5f})")
    print("fifths, mean monthly return")
    for b, value in enumerate(np.mean(buckets, axis=0)):
        print(f"  {b + 1}: {value:.6f}")
    years = [r[0][:4] for r in records]
    for year in sorted(set(years)):
        part = net[[y == year for y in years]]
        print(f"  {year}: {(1 + part).prod() - 1:+.6f}  best {part.max():+.5f}  worst {part.min():+.5f}")

    lines = ["month,stocks,gross,costs,net,turnover,ic,equity,drawdown,year\n"]
    for (month, n, *values), e, d, y in zip(records, equity.tolist(), drawdown.tolist(), years):
        lines.append(f"{month},{n},{','.join(f'{v:.8f}' for v in (*values, e, d))},{y}\n")
    (HERE / "out").mkdir(exist_ok=True)
    (HERE / "out" / "backtest.csv").write_text("".join(lines))


if __name__ == "__main__":
    main()
