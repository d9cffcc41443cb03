"""HST217: frames that are only read, in loops and in the functions that those call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.core.facts import Facts, RegionFacts
from hasten.core.finding import Region
from hasten.core.recipe import Recipe
from hasten.observe.describe import describe
from hasten.passes.source.columns.stand_in import StandIns
from tests.passes.test_columns_support import HEAD, after, changes, run, same, workload

pytestmark = pytest.mark.skipif(int(pd.__version__.split(".")[0]) < 3, reason="offered from pandas 3 on")


def frame(n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "k": rng.integers(0, 4, n),
            "s": rng.choice(["a", "b", "c"], n),
            "x": np.round(rng.normal(size=n), 3),
            "y": rng.integers(-5, 5, n),
            "t": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 90, n)), unit="D"),
            "f": rng.random(n) < 0.4,
        }
    )


FRAMES: list[Callable[[], pd.DataFrame]] = [
    frame,
    lambda: frame(1),
    lambda: frame(0),
    lambda: frame().assign(x=lambda d: d["x"].where(d["x"] > 0)),  # some are missing
    lambda: frame().assign(s=lambda d: d["s"].where(d["s"] > "a")),
    lambda: frame().iloc[::-1],
    lambda: frame().set_index("t", drop=False).rename_axis(None),
    lambda: frame().astype({"s": "category", "y": "Int64"}),
    lambda: frame().astype({"s": object, "x": "float32", "t": str}),
    lambda: frame().assign(y=2**60, x=1e300),
    lambda: frame().astype({"k": "int32", "y": "int32"}),
    lambda: frame().assign(x=[*[np.inf] * 20, *[-np.inf] * 20], t=pd.NaT),
    lambda: frame().rename(columns={"f": "index"}),
    lambda: frame().assign(t=lambda d: d["t"].dt.tz_localize("UTC")),
    lambda: pd.concat([frame(3), frame(3)]),
    lambda: frame().set_index(["k", "s"], drop=False),
    lambda: frame().rename(columns={"y": "x"}),
    lambda: frame().rename(columns={"f": "name"}),
    lambda: frame().rename_axis("k"),
    lambda: frame().assign(k=lambda d: d["k"].where(d["k"] > 0)),
]
BOOT = """
def stats(part, names):
    a, b = halves(part)
    out = {name: a[name].mean() - b[name].mean() for name in names}
    out["n"] = len(a), len(b), a.empty
    out["paid"] = a[a["f"]]["x"].sum() / max(len(a[a["f"]]), 1)
    return out


def halves(part):
    first = part[part["s"] == "a"]
    rest = part[part["s"] != "a"]
    return first, rest
"""
PROGRAMS = {
    "bootstrap": BOOT
    + """
def work(df):
    rng = np.random.RandomState(3)
    return [stats(df.sample(frac=1, replace=True, random_state=rng), ["x", "y"]) for i in range(4)], rng.randint(100)
""",
    "drawn places": """
def work(df):
    rng = np.random.default_rng(1)
    means, gaps, tables = [], [], []
    for b in range(4):
        boot = df.iloc[rng.integers(0, len(df), len(df))]
        g = boot.groupby("s")["x"].mean()
        means.append(g)
        gaps.append(g.max() - g.min())
        tables.append(boot.groupby(["s", "k"])["y"].agg(["sum", "max"]))
        means.append(boot["x"].median())
    return pd.DataFrame(means[:1]), gaps, tables, rng.integers(100)
""",
    "permutation": """
def work(df):
    rng = np.random.default_rng(2)
    perm = df.copy()
    out = []
    for i in range(5):
        perm["f"] = rng.permutation(df["f"].values)
        out.append(perm[perm.f].x.mean() - perm[~perm.f].x.mean())
    return out, perm
""",
    "features": """
def features(tx, i):
    row = tx.iloc[i]
    past = tx[(tx["k"] == row["k"]) & (tx["t"] < row["t"])]
    week = past[past["t"] >= row["t"] - pd.Timedelta(days=7)]
    out = {"k": row["k"], "n": len(past), "sum": week["y"].sum(), "same": (past["s"] == row["s"]).sum()}
    if len(past) > 0:
        last = past.iloc[-1]
        out["hours"] = (row["t"] - last["t"]).total_seconds() / 3600
        out["ratio"] = row["x"] / past["x"].mean()
    return out


def work(df):
    tx = df.sort_values(["k", "t"]).reset_index(drop=True)
    rows = []
    for i in range(0, len(tx), 3):
        rows.append(features(tx, i))
    return rows
""",
    "groups": """
def work(df):
    out = []
    for key, g in df.groupby("s"):
        g = g.sort_values("t").reset_index(drop=True)
        total, i = 0.0, 0
        while i < len(g):
            if i > 0 and g.loc[i, "y"] > g.loc[i - 1, "y"]:
                total += g.loc[i, "x"] * (g.loc[i, "t"] - g.loc[i - 1, "t"]).days
            i += 1
        out.append((key, total, g["t"].iloc[0], g["x"].iloc[-1], g["x"].diff().abs().max()))
    return out
""",
    "columns written while groups are walked": """
def work(df):
    out = []
    for key, g in df.groupby("k"):
        out.append((key, g["x"].mean(), g["s"].tolist(), len(g[g["f"]])))
        df["x"] = 0.0
        df["f"] = df["x"] > key
    return out, df["x"].sum(), df["f"].tolist()
""",
    "dates": """
def work(df):
    out = []
    for s in df["s"].unique():
        part = df[df["s"] == s].sort_values("t")
        days, column = part["t"].tolist(), part["t"]
        later = column[part["x"] > 0]
        gaps = [b - a for a, b in zip(days[:-1], days[1:])]
        out.append((days, gaps, list(later), later.values, column.to_numpy(), [d for d in column], max(days)))
        out.append((np.asarray(later), np.array(column, dtype=object), later.diff()))
        out.append((column.dt.month.tolist(), later.iloc[:2].tolist(), repr(column.rename("u"))))
        out.append((repr(later), [type(d) for d in later]))
    return [repr(x) for x in out]
""",
    "columns written into": """
def scaled(x):
    z = (x - x.mean()) / x.std()
    return z.clip(-1, 1.5).fillna(0.0)


def score(part, weights):
    total = pd.Series(0.0, index=part.index)
    for name, weight in weights.items():
        z = scaled(part[name])
        for s in part["s"].unique():
            m = part["s"] == s
            z[m] = z[m] - z[m].mean()
        total = total + weight * z
    return total


def work(df):
    out = []
    for k in df["k"].unique():
        part = df[df["k"] == k].copy()
        part["score"] = score(part, {"x": 0.5, "y": 2.0})
        col = part["x"].where(part["f"])
        old = col > 0
        col[0] = 1.0
        gap = part["x"].fillna(1.0)
        low = gap < 0
        gap[low] = 7.5
        part["gap"] = gap
        gap[~low] -= gap.min()
        out.append((col, col[old].sum(), gap.tolist(), low.sum(), part["gap"].tolist(), part["score"].rank().tolist()))
        out += [(key, len(g)) for key, g in part.groupby("s")]
        out.append((part["score"].std(), gap.mean(), gap.max(), part.index.tolist()))
    return [str(x) for x in out]
""",
    "written parts": """
def score(part):
    part = part.copy()
    part["z"] = (part["x"] - part["x"].mean()) / 2
    part["rank"] = part["x"].rank()
    part["one"] = 1
    part.loc[part["f"], "z"] = 0.0
    part["z"] += part["y"]
    return part


def work(df):
    out = []
    for k in df["k"].unique():
        part = score(df[df["k"] == k])
        best = part[part["z"] == part["z"].max()]
        out.append((k, part["z"].sum(), part["rank"].tolist(), best["s"].tolist(), part.columns.tolist()))
        out.append(pd.concat([part, best]))
    return out, df
""",
    "written by a function": """
def mark(d, k):
    d["z"] = d["x"] * k
    d.loc[d["f"], "z"] = 0.5
    return d[d["z"] > 0]["z"].sum()


def work(df):
    out = []
    for k in range(3):
        out.append((mark(df, k), df["z"].mean(), mark(df[df["k"] == k], 2), df.shape))
    return out, df
""",
    "functions of groups": """
def rfm(g, last):
    kept = g[~g["f"]]
    gaps = g["t"].diff().dt.total_seconds()
    return pd.Series(
        {"days": (last - g["t"].max()).days, "n": len(kept), "sum": kept["x"].sum(), "gap": gaps.mean(), "s": g["s"].nunique()}
    )


def work(df):
    last = df["t"].max()
    return df.groupby("k").apply(lambda g: rfm(g, last), include_groups=False), df
""",
    "functions of groups, by their key": """
def told(g):
    print(g.name, type(g.name), list(g.columns), g.index.tolist(), g.shape)
    return f"{g.name}:{g['x'].mean():.3f}"


def work(df):
    return df.groupby(["k", "s"], sort=False).apply(told), df.groupby("s").apply(told), df.groupby("f", group_keys=False).apply(told)
""",
    "functions of groups that give all sorts": """
def first(g):
    g = g.sort_values("x")
    return g.head(1)


def some(g):
    return g if g["y"].sum() > 0 else None


def work(df):
    out = [df.groupby("k").apply(first), df.groupby("k").apply(some), df.groupby("k", group_keys=False).apply(lambda g: g[g["x"] > 0])]
    out.append(df.groupby("k").apply(lambda g: g["x"] - g["x"].mean()))
    out.append(df.groupby("k").apply(lambda g: g["x"].values))
    out.append(df.groupby("k").apply(lambda g: {"a": len(g)}))
    out.append(df.groupby("k").apply(lambda g: g.name if len(g) > 9 else None))
    out.append(df.groupby("k").apply(lambda g: bool(g["f"].any())))
    out.append(df.groupby("k").apply(lambda g: df["x"].sum() / g["x"].sum()))
    return out
""",
    "functions of columns of groups": """
def both(x):
    return pd.Series({"low": x.min(), "high": x.quantile(0.75)})


def work(df):
    out = [df.groupby("s")["x"].apply(both), df.groupby("s")["x"].apply(lambda c: (c.name, len(c), c.sum()))]
    out.append(df.groupby("k")["t"].apply(lambda c: (c.max() - c.min()).days))
    out.append(df.groupby("k")["s"].apply(lambda c: c.name))
    out.append(df.groupby("k")["s"].apply(lambda c: c.iloc[0]))
    out.append(df.groupby("f")["y"].apply(lambda c: c - c.mean()))
    out.append(df.groupby("k")["x"].apply(lambda c: c[c > 0]))
    return out
""",
    "functions of groups that write": """
def marked(g, seen):
    g["z"] = g["x"] * 2
    g.loc[g.index[:1], "y"] = 99
    seen.append((len(g), g["y"].sum()))
    return g


def work(df):
    seen = []
    return df.groupby("k").apply(lambda g: marked(g, seen)), seen, df
""",
    "functions of groups that raise": """
def of(g, seen):
    seen.append(g.name)
    return g["x"].sum() / (0 if g.name == 2 else 1) if g["y"].max() < 99 else g["none"]


def work(df):
    seen = []
    try:
        return df.groupby("k").apply(lambda g: of(g, seen) / (len(seen) - 3)), seen
    except (ZeroDivisionError, KeyError) as e:
        return type(e), seen
""",
    "functions of groups in a loop": """
def work(df):
    rng, out = np.random.default_rng(1), []
    for i in range(3):
        part = df.sample(frac=0.8, replace=True, random_state=rng)
        out.append(part.groupby("s").apply(lambda g: g["x"].mean() * g["y"].sum()))
        out.append(part.groupby("k")["x"].apply(lambda c: c.std()))
    return out
""",
    "raises midway": """
def work(df):
    out = []
    for k in [0, 1, "zz", None]:
        try:
            part = df[df["k"] == k] if k != "zz" else df[["zz"]]
            out.append((part["x"].mean(), part.iloc[0]["x"], part.iloc[len(part)]["y"]))
        except (KeyError, IndexError, AttributeError, TypeError, ValueError) as e:
            out.append((type(e).__name__, e.args))
    return out
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_from_whatever_frame(name: str) -> None:
    text = HEAD + PROGRAMS[name]
    changed = text
    local = {n: frame() for n in ("df", "tx", "perm")}
    for change in changes(StandIns(), text, local):
        changed = after(text, change)
    assert "_Rows.of" in changed
    for make in FRAMES:
        inputs = lambda make=make: {"df": make()}  # noqa: E731
        old, new = run(text, inputs), run(changed, inputs)
        assert same(old, new), (make().dtypes, old[:2], new[:2])


WHOLE = {
    "functions that read a name of the module": """
def recency(c):
    mine = df[df["k"] == c]
    return (df["t"].max() - mine["t"].max()).days


def spent(c, days, what=df):
    mine = df[df["k"] == c]
    late = mine["t"] >= df["t"].max() - pd.Timedelta(days=days)
    return mine.loc[late, "x"].sum(), len(what)


feats = pd.DataFrame({"k": np.unique(df["k"])})
feats["recency"] = [recency(c) for c in feats["k"]]
feats["30"] = feats["k"].apply(lambda c: spent(c, 30))
out = [feats]
for c in feats["k"]:
    out.append(spent(c, 10))
out.append(type(df).__name__)
""",
    "an attribute": """
class Boot:
    def __init__(self, data):
        self.data = data
        self.rng = np.random.default_rng(3)

    def metric(self, part):
        g = part.groupby("s")["x"]
        return g.mean().max() - g.mean().min(), self.data is self.first(part)

    def first(self, part):
        return self.data if len(part) else None

    def run(self):
        found = []
        for i in range(4):
            part = self.data.sample(n=len(self.data), replace=True, random_state=self.rng.integers(1000))
            found.append(self.metric(part))
        return found


out = Boot(df).run()
""",
    "functions as arguments": """
def boot(data, func, n=5):
    rng = np.random.RandomState(2)
    found = []
    for _ in range(n):
        found.append(func(data.sample(len(data), replace=True, random_state=rng)))
    return found


def mean(d):
    return d["x"].mean()


def lift(d):
    a = d.loc[d.s == "a", "x"].mean()
    return (d["x"].mean() - a) / 2


out = [boot(df, mean), boot(df, lift, n=2)]
""",
}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_programs(name: str) -> None:
    text = HEAD + WHOLE[name]
    work = workload(text)
    tree = work.source("s.py").tree
    last = max(n.end_lineno or 0 for n in tree.body)
    region = Region("s.py", 1, last, "block", "", (), ())
    seen = (describe(frame()),)
    types = {"df": seen, "data": seen, "self.data": seen}
    facts = Facts(regions={region.id: RegionFacts(region.id, types=types)})
    found = [c for f in StandIns().find(work, region, facts) for c in StandIns().propose(work, f, facts)]
    assert len(found) == {"an attribute": 1, "functions as arguments": 1}.get(name, 3)
    new = Recipe(tuple(found)).apply(work).source("s.py").text
    for make in FRAMES:
        ran = []
        for program in (text, new):
            space: dict[str, Any] = {"__name__": "s", "df": make()}
            try:
                exec(compile(program, "s.py", "exec"), space)
            except Exception as e:  # noqa: BLE001 - arbitrary user code runs here
                space["out"] = (type(e), e.args)
            ran.append((space["out"], space["df"]))
        assert same(ran[0], ran[1]), (make().dtypes, ran)


def test_other_functions_are_not_asked() -> None:
    text = HEAD + WHOLE["functions as arguments"].replace("def mean(d)", "def mean(d, *more)")
    calls = ["boot(df, len)", "boot(df, lambda d: d)", "f = boot", "boot(df, *[mean])"]
    for call in calls:
        assert changes(StandIns(), f"{text}\n\nx = {call}\n", {"df": frame(), "data": frame()}, function="boot") == []


def test_the_fast_way_makes_no_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    text = HEAD + PROGRAMS["bootstrap"]
    (change,) = changes(StandIns(), text, {"df": frame()})
    made: list[str] = []
    real = pd.DataFrame.__getitem__

    def getitem(self: pd.DataFrame, key: Any) -> Any:
        made.append(str(key))
        return real(self, key)

    monkeypatch.setattr(pd.DataFrame, "__getitem__", getitem)
    run(text, lambda: {"df": frame()})
    before = len(made)
    run(after(text, change), lambda: {"df": frame()})
    assert before > 40 and len(made) - before <= 8  # one look at each column


REFUSED = {
    "kept in a list": "parts = []\n    for k in range(3):\n        part = df[df['k'] == k]\n        parts.append(part)\n    return parts",
    "seen behind the loop": "for k in range(3):\n        part = df[df['k'] == k]\n        n = part['x'].sum()\n    return part",
    "bound again": "n = 0\n    for k in range(3):\n        df = df[df['k'] != k]\n        n += df['x'].sum()\n    return n",
    "given to who knows": "n = 0\n    for k in range(3):\n        part = df[df['k'] == k]\n        n += part['x'].sum() + HOOK(part)\n    return n",
    "which object": "n = 0\n    for k in range(3):\n        part = df[df['k'] == k]\n        n += part['x'].sum() * (part is df)\n    return n",
    "in place": "n = 0\n    for k in range(3):\n        part = df[df['k'] == k]\n        part.sort_values('x', inplace=True)\n        n += part['x'].sum()\n    return n",
    "a column in place": "n = 0\n    for k in range(3):\n        col = df[df['k'] == k]['x']\n        col += 1\n        n += col.sum()\n    return n",
    "memory of a column": "n = []\n    for k in range(3):\n        col = df[df['k'] == k]['x'] * 1.0\n        v = col.values\n        col[col > 0] = 1.0\n        n.append(v.sum())\n    return n",
    "column under two names": "n = []\n    for k in range(3):\n        col = df[df['k'] == k]['x'] * 1.0\n        other = col\n        col[col > 0] = 1.0\n        n.append(other.sum())\n    return n",
    "column given away": "n = []\n    for k in range(3):\n        col = df[df['k'] == k]['x'] * 1.0\n        v = np.asarray(col)\n        col[col > 0] = 1.0\n        n.append(v.sum())\n    return n",
    "cells of a column by position": "n = []\n    for k in range(3):\n        col = df[df['k'] == k]['x'] * 1.0\n        col.iloc[0] = 1.0\n        n.append(col.sum())\n    return n",
    "a column's rows": "n = []\n    for k in range(3):\n        col = df[df['k'] == k]['x'] * 1.0\n        col[1:] = 1.0\n        n.append(col.sum())\n    return n",
    "a cell deleted": "n = []\n    for k in range(3):\n        col = df[df['k'] == k]['x'] * 1.0\n        del col[0]\n        n.append(col.sum())\n    return n",
    "an index named": "n = []\n    for k in range(3):\n        col = df[df['k'] == k]['x'] * 1.0\n        col.index.name = 'i'\n        n.append(col.reset_index())\n    return n",
    "written and handed on": "n = 0\n    for k in range(3):\n        part = df[df['k'] == k]\n        held = pd.concat([part])\n        part['z'] = 1\n        n += part['z'].sum() + len(held)\n    return n",
    "by a function": "n = 0\n    for k in range(3):\n        n += df[df['k'] == k]['x'].sum()\n        spoil()\n    return n",
    "its own fit": "n = 0\n    for k in range(3):\n        part = df[df['k'] == k]\n        Keeper().fit(part)\n        n += part['x'].sum()\n    return n",
    "yields": "def rows():\n        for k in range(3):\n            yield df[df['k'] == k]['x'].sum()\n    return list(rows())",
}
BEHIND = {
    "a global": """
df = None


def bump():
    df.loc[0, "x"] = 5.0


def work():
    n = 0
    for k in range(3):
        n += df[df["k"] == k]["x"].sum()
        bump()
    return n
""",
    "an attribute": """
class Shop:
    def __init__(self, path):
        self.df = pd.read_csv(path)

    def bump(self):
        self.df["x"] = 1.0

    def work(self):
        n = 0
        for k in range(3):
            n += self.df[self.df["k"] == k]["x"].sum()
            self.bump()
        return n


def work(path):
    return Shop(path).work()
""",
}


@pytest.mark.parametrize("name", BEHIND)
def test_written_behind_its_back(name: str) -> None:
    text = HEAD + BEHIND[name]
    found = []
    for program in (text, text.replace("        bump()\n", "").replace("    self.bump()\n", "    pass\n")):
        work = workload(program)
        region = Region("s.py", 1, len(work.source("s.py").lines), "block", "", (), ())
        seen = (describe(frame()),)
        facts = Facts(regions={region.id: RegionFacts(region.id, types={"df": seen, "self.df": seen})})
        found.append(len(list(StandIns().find(work, region, facts))))
    assert found == [0, 1]  # nothing else keeps it from being offered


SPOIL = "class Keeper:\n    def fit(self, part):\n        part['x'] = 0.0\n\n\nHOOK = len\nHELD = {}\n\n\ndef spoil():\n    HELD['df']['x'] = 1.0\n\n\n"


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    text = f"{HEAD}{SPOIL}def work(df):\n    {REFUSED[name]}\n"
    assert changes(StandIns(), text, {"df": frame()}) == []


def test_one_frame_under_two_names() -> None:
    text = HEAD + (
        "def work(a, b):\n    out = []\n    for i in range(3):\n        a['y'] = i\n"
        "        out.append((a[a['x'] > 0]['y'].sum(), b[b['x'] > 0]['y'].sum()))\n    return out, a, b\n"
    )
    (change,) = changes(StandIns(), text, {"a": frame(), "b": frame()})
    new = after(text, change)

    def once() -> dict[str, Any]:
        df = frame()
        return {"a": df, "b": df}

    assert same(run(text, once), run(new, once))
    apart = lambda: {"a": frame(), "b": frame()}  # noqa: E731
    assert same(run(text, apart), run(new, apart))


def test_names_of_the_helpers_that_are_taken() -> None:
    text = HEAD.replace("as np", "as numpy_") + (
        "class _Rows:\n    pass\n\n\ndef work(df):\n    return [df[df['k'] == k]['x'].sum() for k in range(3)], _Rows.__name__\n"
    )
    (change,) = changes(StandIns(), text, {"df": frame()})
    new = after(text, change)
    assert "_Rows_2.of(df)" in new
    assert same(run(text, lambda: {"df": frame()}), run(new, lambda: {"df": frame()}))
