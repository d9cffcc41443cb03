"""HST217: rows of parts that a loop walks over."""

from __future__ import annotations

import pandas as pd
import pytest

from hasten.passes.source.columns.stand_in import StandIns
from tests.passes.test_columns_stand_in import FRAMES, frame
from tests.passes.test_columns_support import HEAD, after, changes, run, same

pytestmark = pytest.mark.skipif(int(pd.__version__.split(".")[0]) < 3, reason="offered from pandas 3 on")

MORE = [
    lambda: frame(9)[["k", "y"]].assign(t=0, x=1),  # numbers of one dtype
    lambda: frame(9)[["k", "y", "x"]].assign(t=1),  # ints become floats
    lambda: frame(9)[["f"]].assign(k=True, y=lambda d: ~d["f"], x=False, t=True, s=True),
    lambda: frame(9)[["t"]].assign(k=lambda d: d["t"], y=lambda d: d["t"], x=lambda d: d["t"]),
    lambda: frame(9).astype({"k": "uint8", "x": "float32"})[["k", "x", "y"]].assign(t=1),
    lambda: frame(9).astype({"k": "uint64"})[["k", "y"]].assign(t=1, x=2),
    lambda: frame(9).astype({"s": object, "f": object}),
    lambda: frame(9).assign(s=[[1], *["a"] * 8]),
    lambda: frame(9).set_index("s", drop=False),
    lambda: frame(9).assign(t=lambda d: d["t"] - d["t"].min()),
    lambda: frame(9)[["s"]].assign(k="a", y="b", x="c", t="d"),
]
PROGRAMS = {
    "of a part": """
def work(df):
    out = []
    for k in df["k"].unique():
        part = df[df["k"] == k].tail(5)
        for i, r in part.iterrows():
            out.append((repr(i), type(r["t"]), repr(r["x"]), repr(r.y), r.get("f"), r.get("none", 3)))
        for _, r in part.sort_values("y").reset_index(drop=True).head(3).iterrows():
            out.append((_, type(r["k"]), r["k"], r["y"]))
    return out
""",
    "in a function": """
def points(games, key):
    total = 0
    for _, g in games[games["k"] == key].iterrows():
        if g["y"] > 0:
            total += g["y"] * 2
        elif g["x"] != g["x"]:
            continue
        else:
            total -= g["x"]
    return total, [g["t"] for i, g in games[games["k"] >= key].iterrows() if g["y"] != 0]

def work(df):
    return [points(df, k) for k in df["k"].unique()]
""",
    "of groups": """
def work(df):
    out = []
    for k, g in df.groupby("k"):
        last = None
        for i, r in g.iterrows():
            out.append((i, type(i), r["y"] if last is None else r["y"] == last))
            last = r["y"]
    return out
""",
    "a column that is not there": """
def work(df):
    out = []
    for k in (0, 1, 2):
        for i, r in df[df["y"] >= k].iterrows():
            out.append(r["nothing"])
    return out
""",
    "rows that go on": """
def work(df):
    out = []
    for k in df["k"].unique():
        for i, r in df[df["k"] == k].iterrows():
            out.append(r)
        out.append(r.name)
        for pair in df[df["k"] > k].iterrows():
            out.append(pair[1].tolist())
        out += [r.sum() for _, r in df[df["k"] == k][["y"]].iterrows()]
        out += [r.name for _, r in df[df["k"] == k].iterrows()]
    return out
""",
    "cells written meanwhile": """
def work(df):
    out = []
    for k in df["k"].unique():
        part = df[df["k"] == k]
        for i, r in part.iterrows():
            part.loc[part.index[-1], "y"] = 100
            out.append(repr(r["y"]))
        out.append(part["y"].max())
    return out, df
""",
    "rows handed on and cells written": """
def work(df):
    kept = []
    for k in df["k"].unique():
        part = df[["k", "y"]][df["k"] == k]
        for i, r in part.iterrows():
            part.loc[part.index[-1], "y"] = r["y"] + 1
            kept.append(r)
        for i, r in part.iterrows():
            kept.append(r["y"])
            part.loc[i, "y"] = 7
            kept.append(repr(r["y"]))
    return kept
""",
    "a closure": """
def work(df):
    def near(k):
        best, found = 99, None
        for _, z in df.iterrows():
            if abs(z["y"] - k) < best:
                best, found = abs(z["y"] - k), z["x"]
        return best, found, len(df[df["y"] == k])
    return [near(k) for k in range(3)]
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.filterwarnings("ignore")
def test_the_same_rows(name: str) -> None:
    text = HEAD + PROGRAMS[name]
    (change,) = changes(StandIns(), text, {"df": frame()})
    changed = after(text, change)
    assert "_WalkedRow" in changed
    for make in [*FRAMES, *MORE]:
        inputs = lambda make=make: {"df": make()}  # noqa: E731
        old, new = run(text, inputs), run(changed, inputs)
        assert same(old, new), (make().dtypes, old[:2], new[:2])


ASKED = (
    "{f}[{k}]",
    "{f}.loc[{k}, 'y']",
    "{f}['x'][{k}].sum()",
    "{f}['x'].where({k})",
    "{f}['y'].map(part['k']).tolist()",
)
KEYS = ("part['f']", "sub['y'] > 0", "sub['f']", "other['k'] == k")
MIXED = (
    "def work(df, other):\n    out = []\n    for k in df['k'].unique():\n        part = df[df['t'] >= df['t'].min()]\n"
    "        sub = part[df['k'] == k]\n"  # rows are put in order by pandas, and what it gives is its own
) + "".join(
    f"        try:\n            out.append({ask.format(f=f, k=k)})\n        except Exception as e:\n            out.append((type(e), str(e)))\n"
    for ask in ASKED
    for f in ("part", "sub", "other")
    for k in KEYS
)


@pytest.mark.filterwarnings("ignore")
def test_keys_of_other_frames() -> None:
    text = f"{HEAD}{MIXED}    return out\n"
    (change,) = changes(StandIns(), text, {"df": frame(), "other": frame()})
    changed = after(text, change)
    odd = [
        lambda: frame(9).set_index(["k", "s"], drop=False),
        lambda: frame(9).iloc[::-1],
        lambda: frame(9).iloc[[3, 1, 2]],
    ]
    for make in (lambda: frame(9), *odd):
        for unlike in (lambda: frame(9), *odd):
            inputs = lambda make=make, unlike=unlike: {"df": make(), "other": unlike()}  # noqa: E731
            old, new = run(text, inputs), run(changed, inputs)
            assert same(old, new), (make(), unlike(), old[:2], new[:2])


def test_rows_that_go_on_are_made() -> None:
    text = HEAD + PROGRAMS["rows that go on"]
    (change,) = changes(StandIns(), text, {"df": frame()})
    body = after(text, change).partition("def work(")[2]
    assert body.count(".iterrows()") == 4 == body.count("_plain(df_rows[")
