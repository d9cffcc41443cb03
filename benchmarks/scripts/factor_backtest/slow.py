"""Multi-factor long-short backtest, monthly.

Value, momentum, quality and low volatility, as z-scores neutral to the sector. Long the best fifth, short the worst,
equal weights, costs by size of the company.
"""
import os

import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
WEIGHTS = {"value": 0.3, "momentum": 0.3, "quality": 0.25, "low_vol": 0.15}
BUCKETS = 5
START = 14  # months until momentum is known


def load():
    panel = pd.read_csv(os.path.join(HERE, "data", "panel.csv"))
    panel = panel.sort_values(["ticker", "month"]).reset_index(drop=True)
    by_stock = panel.groupby("ticker")["ret"]
    panel["momentum"] = by_stock.transform(
        lambda r: r.shift(1).rolling(11, min_periods=8).apply(lambda w: (1 + w).prod() - 1)
    )
    panel["low_vol"] = -by_stock.transform(lambda r: r.rolling(12, min_periods=8).std())
    panel["value"] = panel["book_to_market"].apply(lambda b: np.log(b) if b > 0 else np.nan)
    panel["quality"] = panel["roe"]
    panel["next_ret"] = by_stock.shift(-1)
    return panel


def zscore(values):
    z = (values - values.mean()) / values.std()
    return z.clip(-3, 3).fillna(0.0)


def score_month(current):
    """Composite score of every stock of the month, the sector's mean taken out."""
    scores = pd.Series(0.0, index=current.index)
    for factor, weight in WEIGHTS.items():
        z = zscore(current[factor])
        for sector in current["sector"].unique():
            members = current["sector"] == sector
            z[members] = z[members] - z[members].mean()
        scores = scores + weight * z
    return scores


def cost_rate(cap, caps):
    """Basis points of a trade: the smaller the company, the dearer."""
    share = sum(1 for c in caps if c <= cap) / len(caps)
    if share > 0.8:
        return 0.0005
    elif share > 0.4:
        return 0.0012
    return 0.0030


def return_of(frame, ticker, column):
    rows = frame.loc[frame["ticker"] == ticker, column]
    if len(rows) == 0 or pd.isna(rows.iloc[0]):
        return 0.0
    return rows.iloc[0]


def rebalance(old, new, current):
    """Turnover and costs of getting from the old weights to the new ones."""
    caps = list(current["market_cap"])
    turnover, costs = 0.0, 0.0
    for ticker in sorted(set(old) | set(new)):
        trade = abs(new.get(ticker, 0.0) - old.get(ticker, 0.0))
        turnover += trade
        cap = current.loc[current["ticker"] == ticker, "market_cap"]
        costs += trade * (cost_rate(cap.iloc[0], caps) if len(cap) else 0.0030)
    return turnover / 2, costs


def drawdowns(curve):
    result = []
    for i in range(len(curve)):
        top = max(curve[: i + 1])
        result.append(curve[i] / top - 1)
    return result


def main():
    panel = load()
    months = sorted(panel["month"].unique())
    print(f"{len(panel)} rows, {len(months)} months, {panel['ticker'].nunique()} stocks")

    holdings = {}
    records = []
    bucket_returns = {b: [] for b in range(BUCKETS)}
    for month in months[START:-1]:
        current = panel[panel["month"] == month].copy()
        current["score"] = score_month(current)
        current["bucket"] = pd.qcut(current["score"].rank(method="first"), BUCKETS, labels=False)
        for b in range(BUCKETS):
            bucket_returns[b].append(current.loc[current["bucket"] == b, "next_ret"].mean())

        longs = current.loc[current["bucket"] == BUCKETS - 1, "ticker"].tolist()
        shorts = current.loc[current["bucket"] == 0, "ticker"].tolist()
        target = {t: 1 / len(longs) for t in longs}
        target.update({t: -1 / len(shorts) for t in shorts})
        turnover, costs = rebalance(holdings, target, current)

        gross = 0.0
        drifted = {}
        for ticker, weight in target.items():
            r = return_of(current, ticker, "next_ret")
            gross += weight * r
            drifted[ticker] = weight * (1 + r)
        holdings = {t: w / (1 + gross) for t, w in drifted.items()}
        ic = current[["score", "next_ret"]].corr(method="spearman").iloc[0, 1]
        records.append({"month": month, "stocks": len(current), "gross": gross, "costs": costs,
                        "net": gross - costs, "turnover": turnover, "ic": ic})

    table = pd.DataFrame(records)
    curve, value = [], 1.0
    for net in table["net"]:
        value *= 1 + net
        curve.append(value)
    table["equity"] = curve
    table["drawdown"] = drawdowns(curve)

    years = len(table) / 12
    net = table["net"]
    print(f"annual return   {curve[-1] ** (1 / years) - 1:.6f}")
    print(f"volatility      {net.std() * np.sqrt(12):.6f}")
    print(f"Sharpe ratio    {net.mean() / net.std() * np.sqrt(12):.6f}")
    print(f"max drawdown    {table['drawdown'].min():.6f} in {table.loc[table['drawdown'].idxmin(), 'month']}")
    print(f"turnover        {table['turnover'].mean():.6f} a month, costs {table['costs'].sum():.6f} in all")
    print(f"mean IC         {table['ic'].mean():.6f} (t {table['ic'].mean() / table['ic'].std() * np.sqrt(len(table)):.5f})")
    print("fifths, mean monthly return")
    for b in range(BUCKETS):
        print(f"  {b + 1}: {np.mean(bucket_returns[b]):.6f}")
    table["year"] = table["month"].str[:4]
    for year, part in table.groupby("year"):
        print(f"  {year}: {(1 + part['net']).prod() - 1:+.6f}  best {part['net'].max():+.5f}  worst {part['net'].min():+.5f}")

    os.makedirs(os.path.join(HERE, "out"), exist_ok=True)
    table.to_csv(os.path.join(HERE, "out", "backtest.csv"), index=False, float_format="%.8f")


if __name__ == "__main__":
    main()
