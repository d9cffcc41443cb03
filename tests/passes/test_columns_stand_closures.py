"""HST217: frames that functions within the function around the loop read by its variable."""

from __future__ import annotations

import pandas as pd
import pytest

from hasten.core.facts import Facts, RegionFacts
from hasten.core.finding import Region
from hasten.observe.describe import describe
from hasten.passes.source.columns.stand_in import StandIns
from tests.passes.test_columns_stand_in import frame
from tests.passes.test_columns_support import HEAD, after, changes, run, same, workload

pytestmark = pytest.mark.skipif(int(pd.__version__.split(".")[0]) < 3, reason="offered from pandas 3 on")

PROGRAMS = {
    "applied to rows": """
def work(df, other):
    def near(row):
        a = other[other["k"] == row["k"]].iloc[0]
        b = other[other["s"] == row["s"]]
        return a["x"] - b["y"].mean()
    df["near"] = df.apply(near, axis=1)
    return df, other, near(df.iloc[0])
""",
    "called by name": """
def work(df, other):
    def rows_of(k):
        return other[other["k"] == k]
    def total(k, least=0):
        rows = rows_of(k)
        return rows[rows["y"] > least]["x"].sum(), len(rows)
    out = []
    for k in sorted(df["k"].unique()):
        rows = rows_of(k)
        out.append((total(k), total(k, least=2), rows["x"].max()))
    return out, rows_of(1), df
""",
    "made here": """
def work(df, other):
    some = other[other["y"] > -100].copy()
    def count(k):
        return len(some[(some["k"] == k) & some["f"]])
    counts = [count(k) for k in df["k"]]
    some["x"] = 0.0
    return counts, [count(k) for k in df["k"]], some
""",
    "written by its own name": """
def work(df, other):
    def bump(k):
        other["x"] = other["x"] + k
        other.loc[other["k"] == k, "y"] = 0
    out = []
    for k in range(3):
        out.append(other[other["k"] == k]["x"].sum())
        bump(k)
        out.append(other[other["k"] == k]["y"].max())
    return out, other
""",
    "an exception": """
def work(df, other):
    def first(k):
        return other[other["k"] == k + 2]["y"].iloc[0]
    out = []
    try:
        for k in df["k"]:
            out.append(first(k))
    except IndexError:
        out.append("none")
    return out, type(other), other
""",
    "one frame under two names": """
def work(df, other):
    df = other
    def count(k):
        return other[other["k"] == k]["x"].sum()
    df["n"] = df.apply(lambda r: count(r["k"]), axis=1)
    return df, other
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same(name: str) -> None:
    text = HEAD + PROGRAMS[name]
    found = changes(StandIns(), text, {"df": frame(), "other": frame(), "some": frame()})
    if name == "one frame under two names":
        assert not found or "_others" in after(text, found[0])
    else:
        assert found
    for change in found:
        changed = after(text, change)
        assert "other = _Rows.of" in changed or "some = _Rows.of" in changed
        frames = [lambda: frame(12), lambda: frame(1), lambda: frame(0), lambda: pd.concat([frame(4), frame(4)])]
        for make in frames:
            inputs = lambda make=make: {"df": make(), "other": make()}  # noqa: E731
            old, new = run(text, inputs), run(changed, inputs)
            assert same(old, new), (old[:2], new[:2])


def test_only_where_the_function_is_run_whole() -> None:
    text = HEAD + PROGRAMS["applied to rows"]
    lines = text.splitlines()
    line = next(n for n, x in enumerate(lines, 1) if ".apply(" in x)
    facts = {name: (describe(frame()),) for name in ("df", "other")}
    for region, wanted in (
        (Region("s.py", line, line, "block", "work", ("df", "near"), ()), 0),
        (Region("s.py", 6, len(lines), "function", "work", ("df", "other"), ()), 1),
    ):
        known = Facts(regions={region.id: RegionFacts(region.id, types=facts)})
        assert len(list(StandIns().find(workload(text), region, known))) == wanted


ASK = "def ask(k):\n        return other[other['k'] == k]['x'].sum()\n    "
LOOP = "out = []\n    for k in df['k']:\n        out.append(ask(k))"
REFUSED = {
    "bound again": ASK + "out = []\n    for k in df['k']:\n        out.append(ask(k))\n        other = other.head(5)",
    "binds it": "def ask(k):\n        nonlocal other\n        other = other.head(9)\n        return other[other['k'] == k]['x'].sum()\n    "
    + LOOP,
    "hands it on": "def ask(k):\n        return HOOK(other[other['k'] == k], other)\n    " + LOOP,
    "a generator": "def ask(k):\n        yield other[other['k'] == k]['x'].sum()\n    " + LOOP,
    "another reads it": "def look(k):\n        return HOOK(other)\n    known = {'look': look}\n    "
    + ASK
    + LOOP
    + "\n        known['look'](k)",
    "a lambda reads it": "known = [lambda: HOOK(other)]\n    " + ASK + LOOP + "\n        known[0]()",
    "a generator reads it": "known = (HOOK(other) for _ in range(3))\n    " + ASK + LOOP + "\n        next(known)",
    "decorated": "@HOOK\n    def ask(k):\n        return other[other['k'] == k]['x'].sum()\n    " + LOOP,
    "within the loop": "out = []\n    for k in df['k']:\n        def ask(k):\n            return other[other['k'] == k]['x'].sum()\n"
    "        out.append(ask(k))",
    "two of the name": ASK + "def ask(k):\n        return other[other['k'] == k]\n    " + LOOP,
    "gives the frame": "def ask(k):\n        return other\n    asked = ask\n    " + LOOP,
    "writes it": "def ask(k):\n        other.loc[0, 'x'] = k\n        return other[other['k'] == k]['x'].sum(), HOOK(other)\n    "
    + LOOP,
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    text = f"{HEAD}HOOK = len\n\n\ndef work(df, other):\n    {REFUSED[name]}\n    return out\n"
    compile(text, "s.py", "exec")
    for change in changes(StandIns(), text, {"df": frame(), "other": frame()}):
        assert "other = _Rows.of" not in after(text, change)
