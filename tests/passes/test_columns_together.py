"""All column passes on one program, their changes applied at once, and again in a second round."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from hasten.core.facts import Facts, Profile, RegionFacts
from hasten.core.finding import Region
from hasten.core.recipe import Change, Pass, Recipe
from hasten.core.source import SourceFile
from hasten.observe.describe import describe
from hasten.passes.source.columns.apply_rows import ApplyRows
from hasten.passes.source.columns.cells import Cells
from hasten.passes.source.columns.elementwise import Elementwise
from hasten.passes.source.columns.groups import Groups
from hasten.passes.source.columns.growth import GrowingFrames
from hasten.passes.source.columns.lookup import FilterPerKey
from hasten.passes.source.columns.rows import Rows
from hasten.passes.source.columns.writes import CellWrites
from tests.passes.test_columns_support import frame_inputs, frames, run, same, workload

PASSES: list[Any] = [
    Rows(), ApplyRows(), Elementwise(), Groups(), GrowingFrames(), FilterPerKey(), Cells(), CellWrites(),
]  # fmt: skip
PROGRAM = """#!/usr/bin/env python
'''A program.'''
from __future__ import annotations

import pandas
from math import sqrt

LIMIT = 3


def size(row):
    if row["a"] > LIMIT:
        return row["a"] * 2.0
    return row["b"] + 0.5


def grade(x):
    return "high" if x > LIMIT else "low"


def work(df):
    np = len(df)
    df["one"] = df.apply(lambda row: row["a"] + row["b"], axis=1)
    df["two"] = df.apply(lambda row: row["a"] - row["c"], axis=1)
    df["three"] = df.apply(size, axis=1)
    df["four"] = df["a"].map(grade)
    df["five"] = df["c"].apply(lambda x: x * 2 - 1)
    df["six"] = df["a"].apply(lambda x: x * 3 - 1)
    spread = df.groupby("b")["a"].apply(lambda g: g.max() - g.min())
    out = []
    for i, row in df.iterrows():
        out.append((i, row["a"], row["four"]))
    for i, row in df.iterrows():
        df.at[i, "seven"] = row["c"] * 2
    for i in range(np):
        out.append(df.loc[i, "a"])
    for k in df["b"].unique():
        out.append(df[df["b"] == k]["c"].iloc[0])
        out.append(len(df[df["b"] == k]))
    return df, spread, out, np
"""


def proposed(text: str, df: pd.DataFrame) -> list[Change]:
    work = workload(text)
    node = next(n for n in work.source("s.py").tree.body if getattr(n, "name", None) == "work")
    region = Region("s.py", node.lineno, node.end_lineno or 0, "function", "work", ("df",))
    facts = Facts(regions={region.id: RegionFacts(region.id, types={"df": (describe(df),)})})
    out: list[Change] = []
    for pass_ in PASSES:
        assert isinstance(pass_, Pass)
        for finding in pass_.find(work, region, facts):
            for change in list(pass_.propose(work, finding, facts))[:1]:
                if not any(change.overlaps(other) for other in out):
                    out.append(change)
    return out


def test_all_changes_hold_together_and_again() -> None:
    seen = frames()["mixed"]
    text = PROGRAM
    for _ in range(3):
        changes = proposed(text, seen)
        text = Recipe(tuple(changes)).apply(workload(text)).source("s.py").text
    assert len(proposed(PROGRAM, seen)) >= 10
    for make in frame_inputs():
        for x, y in zip(run(PROGRAM, make), run(text, make), strict=True):
            assert same(x, y), f"{x!r}\n{y!r}\n{make()!r}\n{text}"


def test_every_pass_is_deterministic_and_round_trips() -> None:
    seen = frames()["mixed"]
    first, second = proposed(PROGRAM, seen), proposed(PROGRAM, seen)
    assert first == second
    assert len({type(p).code for p in PASSES}) == len(PASSES)
    assert Recipe.from_json(Recipe(tuple(first)).to_json()) == Recipe(tuple(first))


def test_lines_that_take_no_time_are_left_alone() -> None:
    work = workload(PROGRAM)
    node = next(n for n in work.source("s.py").tree.body if getattr(n, "name", None) == "work")
    region = Region("s.py", node.lineno, node.end_lineno or 0, "function", "work", ("df",))
    cold = Profile(samples=100, stacks=((("s.py:other:1",), 100),))
    assert not [f for p in PASSES for f in p.find(work, region, Facts(profile=cold))]


def test_files_without_pandas_give_nothing() -> None:
    text = (
        "def work(xs):\n    out = []\n    for x in xs:\n        out.append(x)\n    return [d.apply(x) for d in out]\n"
    )
    source = SourceFile("s.py", text.encode())
    region = Region("s.py", 1, len(source.lines), "block", "")
    assert not [f for p in PASSES for f in p.find(workload(text), region, Facts())]
    assert np is not None
