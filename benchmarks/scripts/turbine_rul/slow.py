# # Remaining useful life of turbines
# Similarity-based: compare the health curve of a running engine with the curves of engines that ran to failure.

# In [1]:
import os

import numpy as np
import pandas as pd

folder = os.path.dirname(os.path.abspath(__file__))
train = pd.read_csv(os.path.join(folder, "data", "train.csv"))
test = pd.read_csv(os.path.join(folder, "data", "test.csv"))
truth = pd.read_csv(os.path.join(folder, "data", "truth.csv"))
sensors = [c for c in train.columns if c.startswith("s")]

print("train:", train.shape, " test:", test.shape)
lives = train.groupby("unit")["cycle"].max()
print("life of an engine: min %d  mean %.4f  max %d" % (lives.min(), lives.mean(), lives.max()))

# In [2]:
# three flight regimes, the sensors have another level in each
train["regime"] = train["altitude"].apply(lambda a: int(round(a / 10)))
test["regime"] = test["altitude"].apply(lambda a: int(round(a / 10)))

means = {}
stds = {}
for r in sorted(train["regime"].unique()):
    part = train[train["regime"] == r]
    for s in sensors:
        means[(r, s)] = part[s].mean()
        stds[(r, s)] = part[s].std()
    print("regime", r, len(part), "rows, mean of s1 %.4f" % means[(r, "s1")])

for s in sensors:
    train[s] = train.apply(lambda row: (row[s] - means[(row["regime"], s)]) / stds[(row["regime"], s)], axis=1)
    test[s] = test.apply(lambda row: (row[s] - means[(row["regime"], s)]) / stds[(row["regime"], s)], axis=1)

# In [3]:
# which sensors show a trend?
trend = {}
for s in sensors:
    cors = []
    for u in train["unit"].unique():
        engine = train[train["unit"] == u]
        cors.append(np.corrcoef(engine["cycle"], engine[s])[0, 1])
    trend[s] = np.mean(cors)
    print(f"  {s}: trend {trend[s]:+.4f}")
used = [s for s in sensors if abs(trend[s]) > 0.25]
print("used:", ", ".join(used))

# In [4]:
# health index: 1 for a new engine, 0 for one that is about to fail, linear in the sensors
X = []
y = []
for u in train["unit"].unique():
    engine = train[train["unit"] == u]
    n = len(engine)
    for i in range(n):
        if i < 20:
            X.append([1.0] + [engine[s].iloc[i] for s in used])
            y.append(1.0)
        elif i >= n - 10:
            X.append([1.0] + [engine[s].iloc[i] for s in used])
            y.append(0.0)
X = np.array(X)
y = np.array(y)
coef = np.linalg.lstsq(X, y, rcond=None)[0]
print("health index:", " ".join("%.4f" % c for c in coef))


def health_curve(engine, window=12):
    raw = coef[0]
    for c, s in zip(coef[1:], used):
        raw = raw + c * engine[s].values
    smooth = np.zeros(len(raw))
    for i in range(len(raw)):
        smooth[i] = raw[max(0, i - window + 1):i + 1].mean()
    return smooth


library = {}
for u in train["unit"].unique():
    library[u] = health_curve(train[train["unit"] == u])

# In [5]:
LONGEST = 50
NEIGHBOURS = 8


def match(curve, reference):
    """smallest distance of the curve to any part of the reference, and what is left of the reference after it"""
    best = np.inf
    left = 0
    for start in range(len(reference) - len(curve) + 1):
        piece = reference[start:start + len(curve)]
        distance = np.sqrt(np.mean((piece - curve) ** 2))
        if distance < best:
            best = distance
            left = len(reference) - start - len(curve)
    return best, left


def weighted_median(values, weights):
    order = np.argsort(values, kind="stable")
    total = 0.0
    for k in order:
        total += weights[k]
        if total >= 0.5 * sum(weights):
            return values[k]


rows = []
for u in test["unit"].unique():
    curve = health_curve(test[test["unit"] == u])
    recent = curve[-LONGEST:]
    found = []
    for v in library:
        d, left = match(recent, library[v])
        found.append((d, left, v))
    found.sort()
    found = found[:NEIGHBOURS]
    weights = [np.exp(-(d / 0.05) ** 2) + 1e-6 for d, _, _ in found]
    lefts = [left for _, left, _ in found]
    mean = sum(w * l for w, l in zip(weights, lefts)) / sum(weights)
    spread = np.sqrt(sum(w * (l - mean) ** 2 for w, l in zip(weights, lefts)) / sum(weights))
    rows.append({
        "unit": u,
        "cycles": len(curve),
        "health": curve[-1],
        "nearest": found[0][2],
        "distance": found[0][0],
        "rul": mean,
        "median": weighted_median(lefts, weights),
        "spread": spread,
    })
result = pd.DataFrame(rows).merge(truth.rename(columns={"rul": "true"}), on="unit")

# In [6]:
result["error"] = result["rul"] - result["true"]


def nasa(e):
    return np.exp(-e / 13) - 1 if e < 0 else np.exp(e / 10) - 1


result["score"] = result["error"].apply(nasa)
print("\nunit cycles health nearest distance    rul median spread  true")
for _, r in result.iterrows():
    print("%4d %6d %6.4f %7d %8.5f %6.2f %6d %6.2f %5d" % (
        r["unit"], r["cycles"], r["health"], r["nearest"], r["distance"], r["rul"], r["median"], r["spread"], r["true"]))

print("\nRMSE %.4f" % np.sqrt((result["error"] ** 2).mean()))
print("MAE of the mean %.4f, of the median %.4f" % (result["error"].abs().mean(), (result["median"] - result["true"]).abs().mean()))
print("score %.4f" % result["score"].sum())
print("late predictions: %d of %d" % ((result["error"] > 0).sum(), len(result)))
for low, high in [(0, 25), (25, 60), (60, 1000)]:
    part = result[(result["true"] >= low) & (result["true"] < high)]
    if len(part) > 0:
        print("true RUL %4d to %4d: %2d engines, bias %+.4f, RMSE %.4f" % (
            low, high, len(part), part["error"].mean(), np.sqrt((part["error"] ** 2).mean())))
