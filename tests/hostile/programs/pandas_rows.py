"""Row loops over frames that are not friendly: duplicate labels, mixed types, NaN and None, object columns."""
import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
n = 4000
df = pd.DataFrame(
    {
        "a": rng.integers(-5, 5, n),
        "b": rng.normal(size=n),
        "s": [None if i % 7 == 0 else f"k{i % 5}" for i in range(n)],
        "f": rng.integers(0, 2, n).astype(bool),
    },
    index=[i % 50 for i in range(n)],
)
df.loc[df["b"] > 1, "b"] = np.nan
out = []
for i, row in df.iterrows():
    out.append((type(row["a"]).__name__, row["a"] * 2 if row["f"] else row["b"], i))
print(out[:5], len(out), str(out[-1]))
num = df[["a", "b"]]
up = []
for _, r in num.iterrows():
    up.append(r["a"] / 2)
print(up[:3], type(up[0]).__name__)


def label(r):
    if pd.isna(r["s"]):
        return "none"
    if r["b"] > 0:
        return r["s"] + "+"
    return r["s"] + "-"


df["lab"] = df.apply(label, axis=1)
print(df["lab"].value_counts().to_dict(), df.index.duplicated().sum())
df["z"] = df.apply(lambda r: r["a"] // 3 if r["f"] else r["a"] % 3, axis=1)
print(df["z"].dtype, df["z"].sum())
df["w"] = df["b"].apply(lambda v: 0 if v != v else (1 if v > 0 else -1))
print(df["w"].dtype, df["w"].sum())
big = pd.DataFrame({"id": [2**53 + i for i in range(2000)], "v": [0.5] * 2000})
print(big.apply(lambda r: r["id"] + r["v"], axis=1).iloc[1], big.iloc[3]["id"])
sel = df[df["a"] > 2]
sel = sel.assign(q=sel.apply(lambda r: r["a"] * 10 + r["b"], axis=1))
print(sel["q"].sum(), list(sel.index[:4]))
empty = df[df["a"] > 100]
print(type(empty.apply(lambda r: r["a"] + 1, axis=1)).__name__, empty.apply(lambda r: r["a"] + 1, axis=1).shape)
s = pd.Series(range(n), index=range(n, 0, -1))
t = pd.Series(range(n))
print((s + t).sum(), s.map(lambda v: v**2).iloc[3])
seen = {}
for row in df.itertuples():
    seen[row.Index] = seen.get(row.Index, 0) + row.a
print(sum(seen.values()), len(seen), row.lab)
