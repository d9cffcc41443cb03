"""Frames in functions: called often with one kind of frame, then once each with odd ones."""

import warnings

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")


def rows(df):
    out = []
    for i, r in df.iterrows():
        if r["a"] > 2:
            out.append(r["a"] * r["b"])
        else:
            out.append(i)
    return out


def tuples(df):
    t = 0
    for r in df.itertuples():
        t += r.a + r.b
    return t


def applied(df):
    return df.apply(lambda r: r["a"] // 2 + r["b"] if r["b"] > 0 else -r["a"], axis=1)


def label(r):
    if r["a"] > 3 and r["b"] < 1:
        return "x"
    elif r["a"] == 0:
        return "zero"
    return "y"


def labelled(df):
    return df.apply(label, axis=1)


def elem(s):
    return s.apply(lambda v: v * 2 + 1 if v > 1 else v - 0.5)


def mapped(s):
    return s.map(lambda v: v % 3)


def cells(df):
    t = 0
    for i in range(len(df)):
        t += df.loc[i, "a"] - df["b"].iloc[i]
    return t


def writes(df):
    for i in range(len(df)):
        df.at[i, "c"] = df.at[i, "a"] * 2
    return df


def filt(df, keys):
    out = []
    for k in keys:
        sub = df[df["a"] == k]
        out.append(sub["b"].sum() if len(sub) else None)
    return out


def first(df, keys):
    return [df[df["a"] == k]["b"].iloc[0] for k in keys]


def spread(df):
    return df.groupby("a")["b"].apply(lambda g: g.max() - g.min())


def centred(df):
    return df.groupby("a")["b"].transform(lambda g: g - g.mean())


def grow(n):
    df = pd.DataFrame()
    for i in range(n):
        df = pd.concat([df, pd.DataFrame([{"i": i, "v": i / 2}])], ignore_index=True)
    return df


FUNCS = [rows, tuples, applied, labelled, lambda d: elem(d["b"]), lambda d: mapped(d["a"]), cells, writes]
FUNCS += [lambda d: filt(d, [1, 2, 9]), lambda d: first(d, [1, 2]), spread, centred]


def show(f, d):
    try:
        r = f(d)
    except Exception as e:
        return f"{type(e).__name__}: {str(e)[:60]}"
    if isinstance(r, (pd.Series, pd.DataFrame)):
        kinds = [r.dtype] if isinstance(r, pd.Series) else list(r.dtypes)
        return f"{type(r).__name__} {kinds} {list(r.index[:4])} {r.to_numpy().tolist()[:6]} {getattr(r, 'name', '')}"
    if isinstance(r, list):
        return f"{r[:8]} {[type(x).__name__ for x in r[:4]]}"
    return f"{r!r}"


n = 60
rng = np.random.default_rng(0)


def base():
    return pd.DataFrame({"a": np.arange(n) % 6, "b": np.round(np.linspace(-2, 2, n), 3)})


for _ in range(12):
    ok = [show(f, base()) for f in FUNCS]
    g = grow(8)
print(*ok, sep="\n")
print(g.dtypes.tolist(), g.shape, grow(0).shape, grow(1))
odd = {
    "empty": base().iloc[:0],
    "float a": base().astype({"a": float}),
    "nan b": base().assign(b=[np.nan, 1.0] * 30),
    "nan a": base().assign(a=[np.nan, 1.0] * 30),
    "bool": base().assign(a=[True, False] * 30),
    "object": base().astype(object),
    "strings": base().assign(a=list("abc") * 20),
    "dup index": base().set_index(pd.Index([1, 0] * 30)),
    "rev index": base().iloc[::-1],
    "str index": base().set_index(pd.Index([f"r{i}" for i in range(n)])),
    "multi": base().set_index([pd.Index(range(n)), pd.Index(["x"] * n)]),
    "int8": base().astype({"a": np.int8}),
    "big": base().assign(a=[2**62, 2**53 + 1] * 30),
    "inf": base().assign(b=[np.inf, -np.inf] * 30),
    "negzero": base().assign(b=[-0.0, 0.0] * 30),
    "Int64": base().astype({"a": "Int64"}),
    "extra": base().assign(z="t"),
    "missing": base()[["a"]],
    "dupcol": pd.concat([base(), base()[["a"]]], axis=1),
    "sub": type("Sub", (pd.DataFrame,), {})(base()),
    "float idx": base().set_index(pd.Index(np.arange(n) / 1.0)),
    "none obj": None,
}
for name, d in odd.items():
    for f in FUNCS:
        try:
            arg = d.copy() if d is not None else None
        except Exception:
            arg = d
        print(name, "|", show(f, arg))
