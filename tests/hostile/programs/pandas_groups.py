"""Group-wise Python functions: NaN keys, order, names, and functions with effects."""
import numpy as np
import pandas as pd

rng = np.random.default_rng(1)
n = 6000
df = pd.DataFrame({"k": rng.integers(0, 400, n).astype(float), "v": rng.normal(size=n), "c": rng.integers(0, 9, n)})
df.loc[::13, "k"] = np.nan
df.loc[::11, "v"] = np.nan
g = df.groupby("k")["v"]
r = g.apply(lambda x: x.max() - x.min())
print(r.name, r.index.name, len(r), r.sum(), r.isna().sum())
r2 = df.groupby("k")["v"].agg(lambda x: x.sum())
print(r2.name, r2.sum(), r2.iloc[:2].tolist())
calls = []


def spy(x):
    calls.append(len(x))
    return x.mean()


r3 = df.groupby("c")["v"].transform(spy)
print(len(calls), sum(calls), r3.sum())
tot = {}
for key in df["k"].unique():
    sub = df[df["k"] == key]
    tot[key] = sub["v"].sum()
print(len(tot), list(tot)[:3], sum(v for v in tot.values() if v == v), [k for k in tot if k != k])
first = []
for key in range(300):
    first.append(df[df["c"] == key % 9]["v"].iloc[key % 5])
print(first[:4])
try:
    for key in range(8, 12):
        df[df["c"] == key]["v"].iloc[0]
except IndexError as e:
    print("missing", key, e)
grow = pd.DataFrame(columns=["i", "x"])
for i in range(150):
    grow = pd.concat([grow, pd.DataFrame({"i": [i], "x": [i / 3 if i % 50 else None]})])
print(grow.dtypes.to_dict(), grow.index[-1], grow["x"].isna().sum())
for i in range(300):
    df.loc[i, "v"] = df.loc[i, "c"] * 1.5 + (df.loc[i - 1, "v"] if i else 0)
print(df["v"].iloc[:5].tolist())
