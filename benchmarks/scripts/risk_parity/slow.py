"""Risk parity backtest.

Every month end the weights are set so that each stock contributes the same risk (equal risk contribution, ERC).
Compared with inverse volatility and equal weights: return, volatility, Sharpe ratio, turnover, costs, drawdowns.
"""

import os

import numpy as np
import pandas as pd

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "prices.csv")

START = "2012-01-01"
LOOKBACK = 252
HALFLIFE = 63
COST = 0.0010  # of the traded amount
TRADING_DAYS = 252


def load_returns() -> pd.DataFrame:
    prices = pd.read_csv(DATA, index_col=0, parse_dates=True)
    return prices.pct_change().dropna()


def month_ends(index: pd.DatetimeIndex) -> list:
    """Last trading day of every month."""
    ends = []
    for today, tomorrow in zip(index[:-1], index[1:]):
        if today.month != tomorrow.month:
            ends.append(today)
    return ends


def ewma_covariance(window: pd.DataFrame, halflife: float) -> np.ndarray:
    """Exponentially weighted covariance of daily returns, newest day has the most weight."""
    values = window.values
    n_days, n_assets = values.shape
    decay = 0.5 ** (1 / halflife)
    weights = np.array([decay ** (n_days - 1 - t) for t in range(n_days)])
    weights /= weights.sum()
    mean = np.zeros(n_assets)
    for t in range(n_days):
        mean += weights[t] * values[t]
    cov = np.zeros((n_assets, n_assets))
    for t in range(n_days):
        deviation = values[t] - mean
        cov += weights[t] * np.outer(deviation, deviation)
    return cov


def risk_contributions(weights: np.ndarray, cov: np.ndarray) -> np.ndarray:
    """Share of the portfolio's variance that each asset brings."""
    variance = weights @ cov @ weights
    return weights * (cov @ weights) / variance


def erc_weights(cov: np.ndarray, tol: float = 1e-9, max_sweeps: int = 500) -> tuple[np.ndarray, int]:
    """Equal risk contribution by cyclical coordinate descent (Griveau-Billion, Richard, Roncalli 2013)."""
    n = len(cov)
    budget = 1.0 / n
    x = 1.0 / np.sqrt(np.diag(cov))
    x = x / x.sum()
    for sweep in range(1, max_sweeps + 1):
        sigma = np.sqrt(x @ cov @ x)
        for i in range(n):
            others = 0.0
            for j in range(n):
                if j != i:
                    others += cov[i, j] * x[j]
            x[i] = (-others + np.sqrt(others**2 + 4 * cov[i, i] * budget * sigma)) / (2 * cov[i, i])
        shares = risk_contributions(x, cov)
        if np.max(np.abs(shares - budget)) < tol:
            break
    return x / x.sum(), sweep


def inverse_volatility(cov: np.ndarray) -> np.ndarray:
    inverse = 1 / np.sqrt(np.diag(cov))
    return inverse / inverse.sum()


def backtest(returns: pd.DataFrame, targets: dict) -> tuple[pd.Series, list]:
    """Daily portfolio returns with weights that drift between the rebalancing days; turnover of each rebalancing."""
    first = min(targets)
    current = pd.Series(0.0, index=returns.columns)
    daily = {}
    turnovers = []
    for day in returns.index[returns.index >= first]:
        result = 0.0
        if day > first:
            grown = current * (1 + returns.loc[day])
            result = grown.sum() - 1
            current = grown / grown.sum()
        if day in targets:
            turnover = (targets[day] - current).abs().sum()
            turnovers.append(turnover)
            result -= COST * turnover
            current = targets[day]
        daily[day] = result
    return pd.Series(daily), turnovers


def drawdowns(equity: pd.Series) -> list:
    """Every drawdown as (depth, peak day, trough day, day of recovery or None)."""
    found = []
    peak = trough = equity.iloc[0]
    peak_day = trough_day = equity.index[0]
    for day, value in equity.items():
        if value >= peak:
            if trough < peak:
                found.append((trough / peak - 1, peak_day, trough_day, day))
            peak = trough = value
            peak_day = trough_day = day
        elif value < trough:
            trough, trough_day = value, day
    if trough < peak:
        found.append((trough / peak - 1, peak_day, trough_day, None))
    return sorted(found, key=lambda d: d[0])


def ulcer_index(equity: pd.Series) -> float:
    """Root mean square of the drawdown on every day."""
    squares = []
    for i in range(len(equity)):
        squares.append((equity.iloc[i] / equity.iloc[: i + 1].max() - 1) ** 2)
    return float(np.sqrt(np.mean(squares)))


def report(name: str, daily: pd.Series, turnovers: list) -> None:
    equity = (1 + daily).cumprod()
    years = len(daily) / TRADING_DAYS
    growth = equity.iloc[-1] ** (1 / years) - 1
    volatility = daily.std() * np.sqrt(TRADING_DAYS)
    sharpe = daily.mean() * TRADING_DAYS / volatility
    print(f"\n{name}")
    print(f"  return p.a. {growth:8.4%}   volatility {volatility:8.4%}   Sharpe {sharpe:6.3f}")
    yearly = sum(turnovers[1:]) / years
    print(f"  turnover p.a. {yearly:6.3f}   costs p.a. {yearly * COST:8.5%}   ulcer index {ulcer_index(equity):8.5f}")
    for depth, peak_day, trough_day, back in drawdowns(equity)[:3]:
        end = back.date() if back is not None else "not recovered"
        print(f"  {depth:9.4%}  {peak_day.date()} - {trough_day.date()} - {end}")


def main() -> None:
    returns = load_returns()
    assets = list(returns.columns)
    ends = [day for day in month_ends(returns.index) if day >= pd.Timestamp(START)]
    print(f"{len(assets)} stocks, {len(returns)} days, {len(ends)} rebalancing days from {ends[0].date()}")

    plans = {"equal risk contribution": {}, "inverse volatility": {}, "equal weights": {}}
    sweeps = []
    spread = []
    for day in ends:
        window = returns.loc[:day].tail(LOOKBACK)
        cov = ewma_covariance(window, HALFLIFE)
        weights, used = erc_weights(cov)
        sweeps.append(used)
        naive = inverse_volatility(cov)
        spread.append(risk_contributions(naive, cov).max() - risk_contributions(naive, cov).min())
        plans["equal risk contribution"][day] = pd.Series(weights, index=assets)
        plans["inverse volatility"][day] = pd.Series(naive, index=assets)
        plans["equal weights"][day] = pd.Series(1 / len(assets), index=assets)
    print(f"{np.mean(sweeps):.2f} sweeps a month; risk shares of inverse volatility are {np.mean(spread):.4f} apart")

    for name, targets in plans.items():
        daily, turnovers = backtest(returns, targets)
        report(name, daily, turnovers)

    last = plans["equal risk contribution"][ends[-1]].sort_values(ascending=False)
    print(f"\nweights on {ends[-1].date()}")
    for asset, weight in last.items():
        history = [plans["equal risk contribution"][day][asset] for day in ends]
        low, high = min(history), max(history)
        print(f"  {asset:5} {weight:7.4f}   mean {np.mean(history):7.4f}   low {low:7.4f}   high {high:7.4f}")


if __name__ == "__main__":
    main()
