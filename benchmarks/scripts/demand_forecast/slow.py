# %% [markdown]
"""
# Demand forecast per store
Daily sales in long format. Which smoothing is best for each store: simple, Holt, or Holt-Winters (weekly season)?
"""

# %%
import itertools
from pathlib import Path

import numpy as np
import pandas as pd

path = Path(__file__).resolve().parent / "data" / "sales.csv"
SEASON = 7
HORIZON = 14
FOLDS = 4

# %%
sales = pd.read_csv(path, parse_dates=["date"])
print(sales.shape[0], "rows,", sales["store"].nunique(), "stores,", sales["date"].min().date(), "to",
      sales["date"].max().date())

# missing days: closed, nothing sold
dates = pd.date_range(sales["date"].min(), sales["date"].max(), freq="D")


def series_of(store):
    one = sales[sales["store"] == store]
    values = []
    for d in dates:
        day = one[one["date"] == d]
        if len(day) == 0:
            values.append(0.0)
        else:
            values.append(float(day["units"].sum()))
    return values


# %%
def ses(y, alpha, horizon):
    level = y[0]
    sse = 0
    for t in range(1, len(y)):
        error = y[t] - level
        sse += error ** 2
        level = level + alpha * error
    return sse, [level] * horizon


def holt(y, alpha, beta, horizon):
    level = y[0]
    trend = y[1] - y[0]
    sse = 0
    for t in range(1, len(y)):
        forecast = level + trend
        sse += (y[t] - forecast) ** 2
        last = level
        level = alpha * y[t] + (1 - alpha) * forecast
        trend = beta * (level - last) + (1 - beta) * trend
    return sse, [level + (h + 1) * trend for h in range(horizon)]


def holt_winters(y, alpha, beta, gamma, horizon):
    # start: the first two weeks
    level = sum(y[:SEASON]) / SEASON
    trend = (sum(y[SEASON:2 * SEASON]) - sum(y[:SEASON])) / SEASON ** 2
    season = [v - level for v in y[:SEASON]]
    sse = 0
    for t in range(SEASON, len(y)):
        s = season[t % SEASON]
        forecast = level + trend + s
        sse += (y[t] - forecast) ** 2
        last = level
        level = alpha * (y[t] - s) + (1 - alpha) * (level + trend)
        trend = beta * (level - last) + (1 - beta) * trend
        season[t % SEASON] = gamma * (y[t] - level) + (1 - gamma) * s
    return sse, [level + (h + 1) * trend + season[(len(y) + h) % SEASON] for h in range(horizon)]


# %%
alphas = [0.05, 0.1, 0.2, 0.3, 0.5]
betas = [0.01, 0.05, 0.1]
gammas = [0.05, 0.1, 0.2, 0.4]


def best_ses(y):
    best = None
    for alpha in alphas:
        sse, forecast = ses(y, alpha, HORIZON)
        if best is None or sse < best[0]:
            best = (sse, (alpha,), forecast)
    return best


def best_holt(y):
    best = None
    for alpha, beta in itertools.product(alphas, betas):
        sse, forecast = holt(y, alpha, beta, HORIZON)
        if best is None or sse < best[0]:
            best = (sse, (alpha, beta), forecast)
    return best


def best_holt_winters(y):
    best = None
    for alpha, beta, gamma in itertools.product(alphas, betas, gammas):
        sse, forecast = holt_winters(y, alpha, beta, gamma, HORIZON)
        if best is None or sse < best[0]:
            best = (sse, (alpha, beta, gamma), forecast)
    return best


def last_week(y):
    return (0.0, (), [y[len(y) - SEASON + h % SEASON] for h in range(HORIZON)])


models = {"naive": last_week, "ses": best_ses, "holt": best_holt, "hw": best_holt_winters}


def mape(actual, forecast):
    errors = []
    for a, f in zip(actual, forecast):
        if a > 0:  # closed days have no percentage
            errors.append(abs(a - f) / a * 100)
    return np.mean(errors)


# %%
results = pd.DataFrame()
for store in sales["store"].unique():
    y = series_of(store)
    for fold in range(FOLDS):
        cut = len(y) - HORIZON * (FOLDS - fold)
        for name, model in models.items():
            sse, params, forecast = model(y[:cut])
            row = pd.DataFrame([{
                "store": store, "fold": fold, "model": name, "params": str(params), "sse": sse,
                "mape": mape(y[cut:cut + HORIZON], forecast),
                "bias": np.mean(np.array(forecast) - np.array(y[cut:cut + HORIZON])),
            }])
            results = pd.concat([results, row], ignore_index=True)

# %%
print()
print("MAPE %, mean of the folds")
table = results.pivot_table(index="store", columns="model", values="mape")[list(models)]
table["best"] = table.idxmin(axis=1)
for store, row in table.iterrows():
    print(f"{store:8s} " + " ".join(f"{m} {row[m]:10.6f}" for m in models), "->", row["best"])

print()
print("overall")
for name in models:
    part = results[results["model"] == name]
    wins = (table["best"] == name).sum()
    print(f"{name:6s} mape {part['mape'].mean():.8f} median {part['mape'].median():.8f} "
          f"bias {part['bias'].mean():.8f} best in {wins} stores")

print()
print("MAPE by fold")
for fold in range(FOLDS):
    part = results[results["fold"] == fold]
    print(fold, " ".join(f"{m} {part[part['model'] == m]['mape'].mean():.8f}" for m in models))

print()
print("Holt-Winters parameters that were chosen")
chosen = results[results["model"] == "hw"]["params"].value_counts()
for params, count in sorted(chosen.items(), key=lambda item: (-item[1], item[0])):
    print(f"  {params}: {count}")
print("mean sse per fold", ", ".join(
    f"{results[(results['fold'] == k) & (results['model'] == 'hw')]['sse'].mean():.6f}" for k in range(FOLDS)))
