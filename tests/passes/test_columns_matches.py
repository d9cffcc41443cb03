"""HST214: rows of one frame that are looked for in another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.passes.source.columns.matches import Matches
from tests.passes.test_columns_support import HEAD, Sub, after, changes, check, run

LOOPS = {
    "rows": "for _, a in left.iterrows():\n    for i, b in right.iterrows():\n        if a['k'] == b['k']:\n            out.append((i, a['v'], b['w'], type(b['k'])))",
    "turned round": "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if b.k == a.k and b['w'] > 0:\n            out.append(b['w'])",
    "first only": "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if b['k'] == a['k']:\n            out.append(b['w'])\n            break\n    else:\n        out.append(None)",
    "tuples": "for a in left.itertuples():\n    for b in right.itertuples():\n        if a.k == b.k:\n            out.append((tuple(a), tuple(b), b._fields))",
    "tuples without index": "for a in left.itertuples(index=False):\n    for b in right.itertuples(index=False):\n        if a.k != b.k:\n            continue\n        out.append((tuple(a), b.w))",
    "continue or": "for a in left.itertuples():\n    for b in right.itertuples():\n        if a.k != b.k or b.w < 0:\n            continue\n        out.append(b.w)",
    "places": "for i in range(len(left)):\n    for j in range(len(right)):\n        if left['k'].iloc[i] == right['k'].iloc[j]:\n            out.append((i, j))",
    "labels": "for i in range(len(left)):\n    for j in range(len(right)):\n        if left.loc[i, 'k'] == right.loc[j, 'k']:\n            out.append((i, j, right.loc[j, 'w']))",
    "a list of keys": "for key in list(left['k']) + [None, True, 1, 1.0, 'x', 2**53 + 1, float('nan'), np.int8(1), -0.0]:\n    for _, b in right.iterrows():\n        if b['k'] == key:\n            out.append((key, b['w']))",
    "a missing cell": "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if a['zz'] == b['k']:\n            out.append(1)",
    "a missing column": "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if a['k'] == b['zz']:\n            out.append(1)",
    "raises": "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if a['k'] == b['k']:\n            out.append(1 / b['w'])",
}


def program(loop: str) -> str:
    body = "".join(f"    {line}\n" for line in loop.splitlines())
    return f"{HEAD}def work(left, right):\n    out = []\n{body}    return out\n"


def tables() -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    def pair(one: Any, other: Any, **more: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
        left = pd.DataFrame({"k": one, "v": np.arange(len(one)) / 2, "t": "x"})
        return left, pd.DataFrame({"k": other, "w": np.arange(len(other)) - 1.5, **more})

    ints, texts = [1, 2, 2, 5, 0], ["x", "y", "x", "z"]
    pairs = [
        pair(ints, [2, 1, 2, 0, 7]),
        pair(texts, ["y", "x", "x"], u="u"),
        pair(ints, [2.0, 1.0, np.nan, -0.0]),
        pair([1.5, np.nan, -0.0], [np.nan, 1.5, 0.0]),
        pair([None, "x", np.nan], ["x", None, "x"]),
        pair([2**53, 2**53 + 1, 2**60], [2**53 + 1, 2**53, 2**60]),
        pair(ints, ["1", "2"]),
        pair(pd.Series([1, "x", True, None], dtype=object), pd.Series([True, 1, "x", None], dtype=object)),
        pair([True, False], [1, 0]),
        pair(pd.array([1, None, 2], dtype="Int64"), pd.array([1, 2, None], dtype="Int64")),
        pair(pd.Categorical(texts), pd.Categorical(["x", "z"])),
        pair(pd.to_datetime(["2020", "2021"]), pd.to_datetime(["2021", "2021"])),
        pair(ints, []),
        pair([], ints),
    ]
    first = pairs[0]
    pairs.append((first[0], first[1].set_axis([5, 5, 1, 0, 2])))
    pairs.append((first[0], Sub(first[1])))
    pairs.append((first[0], pd.concat([first[1], first[1]], axis=1)))
    pairs.append((first[0], first[1].assign(w=0.0)))
    pairs.append((first[0].iloc[1:], first[1].iloc[::-1]))
    pairs.append((first[0], first[0].assign(w=1)))
    return pairs


def inputs() -> list[Callable[[], dict[str, Any]]]:
    return [lambda a=a, b=b: {"left": a.copy(), "right": b.copy()} for a, b in tables()]


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.filterwarnings("ignore")
def test_matches_give_the_same(name: str) -> None:
    check(Matches(), program(LOOPS[name]), {}, inputs())


def test_rows_that_do_not_match_are_not_gone_through() -> None:
    text = program(
        "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if a['k'] == b['k'] and seen(b):\n            out.append(b['w'])"
    )
    text = text.replace("def work", "def seen(b):\n    print(b['k'])\n    return True\n\n\ndef work").replace(
        "a['k'] == b['k'] and seen(b)", "a['k'] == b['k']"
    )
    (change,) = changes(Matches(), text, {})
    new = after(text, change).replace("        if a['k'] == b['k']", "        print(1)\n        if a['k'] == b['k']")
    left, right = pd.DataFrame({"k": range(20)}), pd.DataFrame({"k": range(20), "w": 1})
    assert len(run(new, lambda: {"left": left, "right": right})[2].split()) == 20


@pytest.mark.parametrize(
    "loop",
    [
        "for _, b in right.iterrows():\n    if b['k'] == 1:\n        out.append(1)",
        "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        out.append(1)\n        if a['k'] == b['k']:\n            out.append(2)",
        "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if a['k'] == b['k']:\n            out.append(1)\n        else:\n            out.append(2)",
        "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if f(b) and a['k'] == b['k']:\n            out.append(2)",
        "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if a['k'] == b['k']:\n            out.append(2)\n    out.append(b['w'])",
        "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if a['k'] == b['k']:\n            a['k'] = 9",
        "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if a['k'] == b['k']:\n            a = b\n            out.append(a)",
        "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if a['k'] == b['k']:\n            change(a)",
        "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if a['k'] == b['k']:\n            right = right.iloc[1:]",
        "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if a['k'] == b['k']:\n            right.loc[0, 'k'] = 5",
        "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if a['k'] == b['k']:\n            out.append(b)",
        "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if a['k'] in b['k']:\n            out.append(1)",
        "for _, a in left.iterrows():\n    for _, b in right.iterrows():\n        if next(it) == b['k']:\n            out.append(1)",
        "for a in left.itertuples():\n    for b in right.itertuples():\n        if a.k == b.Index:\n            out.append(1)",
        "for i in range(len(left)):\n    for j in range(len(right)):\n        if left['k'].iloc[i] == right['k'].iloc[j - 1]:\n            out.append(1)",
    ],
)
def test_what_could_be_seen_stays(loop: str) -> None:
    assert not changes(Matches(), program(loop), {})
