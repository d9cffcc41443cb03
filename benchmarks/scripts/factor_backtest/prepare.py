"""data/panel.csv: a month and a stock a row: return, market cap, book to market, return on equity, sector (seeded)."""

from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).resolve().parent / "data"
MONTHS, STOCKS = 112, 110


def main():
    rng = np.random.default_rng(1993)
    FOLDER.mkdir(exist_ok=True)
    months = pd.period_range("2014-01", periods=MONTHS, freq="M").astype(str)
    sectors = rng.choice(["Energy", "Finance", "Health", "Industry", "Retail", "Tech"], STOCKS)
    market = rng.normal(0.007, 0.04, MONTHS)
    rows = []
    for k in range(STOCKS):
        ticker = f"{sectors[k][:2].upper()}{k:03d}"
        first = 0 if rng.random() < 0.7 else int(rng.integers(0, 50))
        last = MONTHS if rng.random() < 0.8 else int(rng.integers(first + 15, MONTHS + 1))
        beta, noise = rng.uniform(0.6, 1.4), rng.uniform(0.04, 0.11)
        bm, roe, cap = rng.lognormal(-0.6, 0.5), rng.normal(0.12, 0.08), rng.lognormal(7.5, 1.2)
        trend = 0.0
        for m in range(first, last):
            trend = 0.85 * trend + rng.normal(0, 0.006)
            ret = beta * market[m] + 0.004 * np.log(bm + 0.2) + 0.02 * (roe - 0.12) + trend + rng.normal(0, noise)
            ret = max(ret, -0.6)
            cap *= 1 + ret
            bm = max(0.02, bm / (1 + ret) * rng.lognormal(0.004, 0.03))
            roe += rng.normal(0, 0.006)
            shown = ["" if rng.random() < 0.01 else f"{ret:.4f}", f"{cap:.3f}"]
            shown += ["" if rng.random() < 0.02 else f"{bm:.5f}", "" if rng.random() < 0.02 else f"{roe:.5f}"]
            rows.append([months[m], ticker, sectors[k], *shown])
    frame = pd.DataFrame(rows, columns=["month", "ticker", "sector", "ret", "market_cap", "book_to_market", "roe"])
    frame.sort_values(["month", "ticker"]).to_csv(FOLDER / "panel.csv", index=False)


if __name__ == "__main__":
    main()
