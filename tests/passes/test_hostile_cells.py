"""Cells of notebooks whose rewriting is known to go wrong elsewhere: no pass may change what any of them gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.passes.registry import all_passes
from tests.passes.test_columns_support import HEAD, after, changes, run, same

HELPERS = """def grade(marks, status):
    if status == "F":
        return "F"
    if marks >= 5:
        return "A"
    return "B"


def rating(row, m=3.0, c=0.5):
    v = row["b"]
    return (v / (v + m) * row["a"]) + (m / (m + v) * c)


def lower(x):
    return x.lower()


"""
CELLS = {
    "condition on rows of a filtered frame": "df = df[df['b'] > 2].copy()\ndf['r'] = df.apply(lambda x: 'A' if x['a'] > 5 else 'B', axis=1)\nreturn df",
    "a condition is a Series": "r = df.apply(lambda x: 1 if x['s'] == 'x' or x['a'] < 0 else 2, axis=1)\nreturn type(r).__name__, r, r.index is df.index",
    "function of several cells": "df['g'] = df.apply(lambda x: grade(x['a'], x['s']), axis=1)\nreturn df.g.value_counts(), df",
    "arithmetic with a division": "df['score'] = df.apply(rating, axis=1)\nreturn df.sort_values('score')",
    "whole numbers that floats cannot hold": "return df.apply(lambda x: x['b'] * 3 + 1, axis=1)",
    "first of a sorted frame, with ties": "return df.sort_values('b').head(3), df.sort_values('s', ascending=False).head(2)",
    "first of a sorted column": "return df['s'].sort_values().head(2), df['a'].sort_values(ascending=False).head(4)",
    "two columns of a split text": "df[['p', 'q']] = df['s'].str.split('-', n=1, expand=True)\nreturn df",
    "first part of a split text": "df['p'] = df['s'].str.split('-').str[0]\nreturn df['p'], df",
    "two functions after each other": "r = df['s'].apply(lower).apply(lambda x: x + '!')\nreturn r, r.name",
    "filled in place": "other = df['a']\nshared = df\ndf['a'].fillna(0.5, inplace=True)\nreturn other, shared, df",
    "number of different values": "return len(df['s'].unique()), len(df['a'].unique()), df['s'].nunique()",
    "in the values of a column": "return 'x' in df['s'].values, 'x' in df['s'].tolist(), 'x' in df['s'], [k in list(df['a']) for k in (1.5, float('nan'))]",
    "replaced by another": "df['s'] = df['s'].replace(['x'], 'z')\ndf['s'] = df['s'].replace({'z': 'y', 'y': 'w'})\nreturn df",
    "texts that hold a letter": "return df[df['s'].apply(lambda x: 'x' in x)], df['s'].apply(lambda x: 'i' in x).sum()",
    "one of several values": "return df[(df['s'] == 'x') | (df['s'] == 'high') | (df['s'] == None)], df.loc[df.a.isin([1, None])]",
    "lists of columns joined": "return pd.Series(df['a'].tolist() + df['b'].tolist()), pd.Series(list(df.index) + list(df['b']))",
}


def tables() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(11)
    n = 14
    base = pd.DataFrame(
        {"a": rng.normal(size=n).round(1) * 9, "b": rng.integers(0, 6, n), "s": rng.choice(["x", "y-1", "high-x-2"], n)}
    )
    missing = base.assign(s=[None, "x", "Y-"] * 4 + [None, "x"], a=base.a.mask(base.b > 3))
    return {
        "plain": base,
        "repeated labels": pd.concat([base] * 2),
        "labels from elsewhere": base.set_axis(rng.permutation(n) + 40, axis=0),
        "filtered": base[base.s == "x"],
        "missing": missing,
        "missing objects": missing.astype({"s": object}),
        "nothing but missing": base.assign(s=None, a=np.nan),
        "huge": base.assign(b=2**53 + base.b),
        "floats": base.assign(b=base.b / 2 - 1.5),
        "zeros": base.assign(a=-0.0, b=-3),
        "categories": base.astype({"s": "category"}),
        "numbers in place of texts": base.assign(s=base.b),
        "mixed": base.astype({"s": object}).assign(s=[1, "x", True, None, 1.0, "y", "x"] * 2),
        "empty": base.iloc[:0],
        "one": base.iloc[:1],
        "two levels": base.set_index(["s", "b"], drop=False),
    }


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.filterwarnings("ignore")
def test_no_pass_changes_what_a_hostile_cell_gives(cell: str) -> None:
    body = "".join(f"    {line}\n" for line in CELLS[cell].splitlines())
    text = f"{HEAD}{HELPERS}def work(df):\n{body}"
    inputs: list[Callable[[], dict[str, Any]]] = [lambda t=t: {"df": t.copy()} for t in tables().values()]
    old = [run(text, make) for make in inputs]
    for seen in ("plain", "missing", "huge"):
        for pass_ in all_passes():
            for change in changes(pass_, text, {"df": tables()[seen]}):
                new = after(text, change)
                for name, make, before in zip(tables(), inputs, old, strict=True):
                    now = run(new, make)
                    for part, at in (("result", 0), ("exception", 1), ("stdout", 2), ("arguments", 4)):
                        x, y = before[at], now[at]
                        assert same(x, y), f"{pass_.code}: {part} differs on {name}\n{x!r}\n{y!r}\n{new}"


def test_the_cells_are_looked_at() -> None:
    """Most of the cells are changed by some pass, so that the test above can fail."""
    codes: set[str] = set()
    changed = 0
    for body in CELLS.values():
        text = f"{HEAD}{HELPERS}def work(df):\n" + "".join(f"    {line}\n" for line in body.splitlines())
        found = {c.code for p in all_passes() for c in changes(p, text, {"df": tables()["plain"]})}
        changed += bool(found)
        codes |= found
    assert changed >= 6, codes
    assert {"HST202", "HST212"} <= codes
