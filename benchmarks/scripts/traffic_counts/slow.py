# Hourly traffic counts: clean them, make features, predict the next hour by ridge regression, list the anomalies.

import datetime as dt
import os

import numpy as np
import pandas as pd

here = os.path.dirname(os.path.abspath(__file__))
counts = pd.read_csv(os.path.join(here, "data", "counts.csv"))
holidays = pd.read_csv(os.path.join(here, "data", "holidays.csv"))
holiday_dates = [dt.date.fromisoformat(d) for d in holidays["date"]]

# %% read the times
counts["time"] = counts["time"].apply(lambda s: dt.datetime.strptime(s, "%d.%m.%Y %H:%M"))
print(counts.groupby("station")["vehicles"].agg(["count", "mean", "max"]).round(3))


# %% every hour once; long runs of zeros are outages of the counter
def clean(df):
    df = df.set_index("time").sort_index()
    full = pd.date_range(df.index[0], df.index[-1], freq="h")
    df = df.reindex(full)
    values = df["vehicles"].tolist()
    i = 0
    while i < len(values):
        if values[i] == 0:
            j = i
            while j < len(values) and values[j] == 0:
                j += 1
            if j - i >= 3:
                for k in range(i, j):
                    values[k] = np.nan
            i = j
        else:
            i += 1
    df["vehicles"] = values
    df["missing"] = df["vehicles"].isna()
    return df


# %% gaps: short ones by a line, long ones by the same hour of the weeks around
def fill(df):
    filled = df["vehicles"].copy()
    i = 0
    while i < len(df):
        if not df["missing"].iloc[i]:
            i += 1
            continue
        j = i
        while j < len(df) and df["missing"].iloc[j]:
            j += 1
        if j - i <= 2 and i > 0 and j < len(df):
            left, right = df["vehicles"].iloc[i - 1], df["vehicles"].iloc[j]
            for k in range(i, j):
                filled.iloc[k] = left + (right - left) * (k - i + 1) / (j - i + 1)
        else:
            for k in range(i, j):
                same = [df["vehicles"].iloc[k + w * 168] for w in (-2, -1, 1, 2) if 0 <= k + w * 168 < len(df)]
                filled.iloc[k] = np.nanmean(same)
        i = j
    df["filled"] = filled
    return df


# %% calendar
def day_kind(row):
    if row["date"] in holiday_dates or row["weekday"] == 6:
        return "free"
    if row["weekday"] == 5:
        return "saturday"
    if row["date"] + dt.timedelta(days=1) in holiday_dates:
        return "before"
    return "work"


def bridge(row):
    """A working day between a holiday and a weekend."""
    if row["kind"] != "work":
        return 0
    if row["weekday"] == 4 and row["date"] - dt.timedelta(days=1) in holiday_dates:
        return 1
    if row["weekday"] == 0 and row["date"] + dt.timedelta(days=1) in holiday_dates:
        return 1
    return 0


def features(df):
    df["date"] = [t.date() for t in df.index]
    df["hour"] = [t.hour for t in df.index]
    df["weekday"] = [t.weekday() for t in df.index]
    df["kind"] = df.apply(day_kind, axis=1)
    df["bridge"] = df.apply(bridge, axis=1)
    for lag in (1, 2, 24, 168):
        df[f"lag{lag}"] = df["filled"].shift(lag)
    df["day_mean"] = df["filled"].shift(1).rolling(24).mean()
    df["same_hour"] = df[["lag168"]].join(df["filled"].shift(336).rename("lag336")).mean(axis=1)
    df["change"] = df["lag1"] - df["lag2"]
    columns = ["lag1", "lag24", "lag168", "day_mean", "same_hour", "change", "bridge"]
    for k in (1, 2, 3):
        df[f"sin{k}"] = df["hour"].apply(lambda h: np.sin(2 * np.pi * k * h / 24))
        df[f"cos{k}"] = df["hour"].apply(lambda h: np.cos(2 * np.pi * k * h / 24))
        columns += [f"sin{k}", f"cos{k}"]
    for kind in ("work", "saturday", "before"):
        for lo, hi in ((0, 5), (6, 9), (10, 14), (15, 19), (20, 23)):
            name = f"{kind}_{lo}"
            df[name] = df.apply(lambda r: 1.0 if r["kind"] == kind and lo <= r["hour"] <= hi else 0.0, axis=1)
            columns.append(name)
    return df, columns


# %% ridge regression
def solve(A, b):
    """Gauss with pivots."""
    A, b = A.copy(), b.copy()
    n = len(b)
    for i in range(n):
        p = i + np.argmax(np.abs(A[i:, i]))
        if p != i:
            A[[i, p]] = A[[p, i]]
            b[[i, p]] = b[[p, i]]
        for r in range(i + 1, n):
            f = A[r, i] / A[i, i]
            A[r, i:] -= f * A[i, i:]
            b[r] -= f * b[i]
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        x[i] = (b[i] - sum(A[i, j] * x[j] for j in range(i + 1, n))) / A[i, i]
    return x


def ridge(X, y, alpha):
    center = y.mean()
    w = solve(X.T @ X + alpha * np.eye(X.shape[1]), X.T @ (y - center))
    return lambda Z: Z @ w + center


results, incidents = [], []
for station in counts["station"].unique():
    df = clean(counts[counts["station"] == station])
    df = fill(df)
    df, columns = features(df)
    df = df.dropna(subset=columns)
    split = int(0.7 * len(df))
    X = df[columns].to_numpy(dtype=float)
    mean, std = X[:split].mean(axis=0), X[:split].std(axis=0)
    std[std == 0] = 1
    X = (X - mean) / std
    y = df["filled"].to_numpy()
    errors = {}
    for alpha in (0.1, 1.0, 10.0, 100.0, 1000.0):  # five blocks of time, each predicted by the others
        losses = []
        for block in range(5):
            lo, hi = split * block // 5, split * (block + 1) // 5
            rest = np.r_[0:lo, hi:split]
            model = ridge(X[rest], y[rest], alpha)
            losses.append(((model(X[lo:hi]) - y[lo:hi]) ** 2).mean())
        errors[alpha] = np.sqrt(np.mean(losses))
    best = min(errors, key=errors.get)
    df["predicted"] = ridge(X[:split], y[:split], best)(X)
    df["residual"] = df["filled"] - df["predicted"]

    test = df.iloc[split:]
    seen = test[~test["missing"]]
    naive = seen["filled"] - seen["lag168"]
    results.append({"station": station, "gaps": df["missing"].sum(), "alpha": best, "cv": errors[best],
                    "rmse": np.sqrt((seen["residual"] ** 2).mean()), "mae": seen["residual"].abs().mean(),
                    "naive": np.sqrt((naive**2).mean())})

    # anomalies: residuals beside those of the same hour, by median and mad
    scores = []
    for t, row in df.iterrows():
        others = df.loc[df["hour"] == row["hour"], "residual"].to_numpy()
        middle = np.median(others)
        mad = np.median(np.abs(others - middle))
        scores.append((row["residual"] - middle) / (1.4826 * mad))
    df["score"] = scores
    strange = df[(df["score"].abs() > 5) & ~df["missing"]]
    previous = None
    for t, row in strange.iterrows():
        if previous is not None and (t - previous["end"]).total_seconds() <= 2 * 3600:
            previous["end"] = t
            previous["lost"] += row["residual"]
            previous["peak"] = max(previous["peak"], abs(row["score"]))
        else:
            previous = {"station": station, "start": t, "end": t, "lost": row["residual"], "peak": abs(row["score"])}
            incidents.append(previous)

print(pd.DataFrame(results).round(4).to_string(index=False))
table = pd.DataFrame(incidents)
table["hours"] = [(e - s).total_seconds() / 3600 + 1 for s, e in zip(table["start"], table["end"])]
print(f"\n{len(table)} incidents")
print(table.sort_values(["peak", "start"], ascending=[False, True]).head(12).round({"lost": 3, "peak": 3}).to_string(index=False))
print(table.groupby("station")[["hours", "lost"]].sum().round(2))
table.to_csv(os.path.join(here, "incidents.csv"), index=False, float_format="%.3f")
