"""HST206: a filter of the whole frame for every key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.core.facts import Facts, Profile, RegionFacts
from hasten.core.finding import Region
from hasten.observe.describe import describe
from hasten.passes.source.columns.lookup import FilterPerKey
from hasten.passes.source.columns.stand_in import StandIns
from tests.passes.test_columns_support import HEAD, Sub, after, changes, check, frames, workload

LOOPS = {
    "first": "for k in keys:\n    out.append(df[df['id'] == k]['v'].iloc[0])",
    "values": "for k in keys:\n    out.append(df.loc[df.id == k, 'v'].values[0])",
    "types": "for k in keys:\n    x = df.loc[df['id'] == k, 'v'].iloc[0]\n    out.append(type(x))",
    "first of text": "for k in keys:\n    out.append(df[k == df['id']]['s'].iloc[0])",
    "guarded": "for k in keys:\n    rows = df[df['id'] == k]\n    if len(rows) > 0:\n        out.append(rows['v'].sum())\n    else:\n        out.append(None)",
    "count": "for k in keys:\n    out.append(len(df[df['id'] == k]))",
    "mean": "for k in keys:\n    out.append(df[df['id'] == k]['v'].mean())",
    "frame": "for k in keys:\n    out.append(df[df['id'] == k])",
    "column": "for k in keys:\n    out.append(df.loc[df['id'] == k, 'v'])",
    "attribute": "for k in keys:\n    out.append(df[df.id == k].v)",
    "unique": "for k in df['id'].unique():\n    part = df[df['id'] == k]\n    out.append((k, type(k), part['v'].max(), part.index.tolist()))",
    "comprehension": "out = [df[df['id'] == k]['v'].iloc[0] for k in keys]",
    "lambda": "out = pd.Series(keys, dtype=object).apply(lambda k: len(df[df['id'] == k]))",
    "while": "keys = list(keys)\nwhile keys:\n    k = keys.pop()\n    out.append(df[df['id'] == k]['v'].sum())",
    "nested": "for j in range(2):\n    for k in keys:\n        out.append((j, df[df['id'] == k]['v'].iloc[0]))",
    "try": "for k in keys:\n    try:\n        out.append(df[df['id'] == k]['v'].iloc[0])\n    except IndexError as e:\n        out.append(e)",
    "changed part": "for k in keys:\n    part = df[df['id'] == k]\n    part['v'] = part['v'] * 2\n    out.append(part)",
    "rebound inside": "for k in keys:\n    for j in range(2):\n        out.append(df[df['id'] == k]['v'].sum())\n    df = df.iloc[1:]",
    "query": "for k in keys:\n    part = df.query('id == @k')\n    out.append((len(part), part['v'].sum(), part))",
    "query's first": "for k in keys:\n    out.append(df.query(' id==@k ')['v'].iloc[0])",
    "query counted": "out = [len(df.query('id == @k')) for k in keys]",
    "two": "for k in keys:\n    out.append((df[df['id'] == k]['v'].iloc[0], df[df['id'] == k]['s'].iloc[0], len(df[df['id'] == k])))",
}


def inputs() -> list[Callable[[], dict[str, Any]]]:
    ints = pd.DataFrame({"id": [3, 1, 3, 2, 1], "v": [1.5, 2.5, np.nan, 4.0, -0.0], "s": list("pqrst")})
    text = ints.assign(id=["c", "a", "c", "b", "a"])
    frames = [
        (ints, [1, 2, 3, 3]),
        (ints, [9]),
        (ints, [1.0, True, np.int64(2), np.float64(3)]),
        (ints, [[1, 2, 3, 3, 1]]),
        (ints, [None, "a", float("nan")]),
        (ints, [np.array([1, 1, 3, 2, 1])]),
        (text, ["a", "b", "zz"]),
        (text, [1, None]),
        (text, [["a", "b", "c", "d", "e"]]),
        (ints.assign(id=[1.0, np.nan, 1.0, 0.0, -0.0]), [1.0, 0.0, -0.0, float("nan"), 1]),
        (ints.assign(id=2**53 + ints.id), [float(2**53), 2**53 + 1]),
        (ints.assign(id=7), [7, 8]),
        (ints.iloc[:0], [1]),
        (ints.iloc[:1], [3, 1]),
        (ints.set_axis([5] * 5), [1, 3]),
        (ints.set_axis(list("abcde")), [1, 3]),
        (ints[ints.v > 0], [1, 3]),
        (ints.iloc[::-1], [1, 3]),
        (text.assign(id=[None, "a", None, "b", "a"]), ["a", None]),
        (text.astype({"id": "category"}), ["a"]),
        (text.astype({"id": object}), ["a", "q"]),
        (text.astype({"id": object}).assign(id=[1, "a", (1, 2), "b", "a"]), ["a", 1, (1, 2)]),
        (ints.astype({"id": "Int64"}), [1, 3]),
        (ints.astype({"id": bool}), [True, 1]),
        (Sub(ints), [1, 3]),
        (ints.assign(id=pd.to_datetime(["2020", "2021", "2020", "2022", "2023"])), ["2020", pd.Timestamp("2021")]),
        (ints.assign(v=pd.date_range("2020", periods=5)), [1, 2]),
        (ints.astype({"v": "Int64"}, errors="ignore"), [1]),
        (ints.drop(columns="v"), [1]),
        (ints.drop(columns="id"), [1]),
        (pd.concat([ints, ints[["id"]]], axis=1), [1]),
        (ints.assign(v=list("abcde")), [1, 2]),
        (ints.assign(v=[[1], [2], [3], [4], [5]]), [1, 2]),
        (ints.assign(v=True), [1, 2]),
        (ints.astype({"id": "uint8"}), [1, 300, -1]),
        (ints, []),
        (ints.set_index("id", drop=False), [1, 3]),
        (ints.rename_axis("key"), [1, 3]),
    ]
    return [lambda f=f, k=k: {"df": f.copy(), "keys": list(k)} for f, k in frames]


def program(loop: str) -> str:
    return (
        HEAD
        + "def work(df, keys):\n    out = []\n"
        + "".join(f"    {x}\n" for x in loop.splitlines())
        + "    return out\n"
    )


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.filterwarnings("ignore")
def test_filters_give_the_same_on_every_frame(name: str) -> None:
    check(FilterPerKey(), program(LOOPS[name]), {}, inputs())


@pytest.mark.parametrize(
    "loop",
    [
        "for k in keys:\n    out.append(df[df['id'] == k]['v'].sum())\n    df.loc[0, 'id'] = k",
        "for k in keys:\n    out.append(df[df['id'] == k]['v'].sum())\n    df['id'] = 0",
        "for k in keys:\n    out.append(df[df['id'] == k]['v'].sum())\n    df = df.iloc[1:]",
        "for k in keys:\n    out.append(df[df['id'] == k]['v'].sum())\n    change(df)",
        "for k in keys:\n    out.append(df[df['id'] == k]['v'].sum())\n    touch()",
        "other = df\nfor k in keys:\n    out.append(df[df['id'] == k]['v'].sum())\n    other['id'] = 0",
        "out.append(df[df['id'] == keys]['v'].sum())",
        "for k in keys:\n    out.append(df[df['id'] == next(it)])",
        "for k in keys:\n    out.append(df[df['id'] != k])",
        "for k in keys:\n    df[df['id'] == k] = 0",
        "for k in keys:\n    out.append(df[df.size == k])",
        "for k in keys:\n    df.drop(columns='v', inplace=True)\n    out.append(df[df['id'] == k])",
        "for k in keys:\n    out.append(df.query('index == @k'))",
        "for k in keys:\n    out.append(df.query('id > @k'))",
        "for k in keys:\n    out.append(df.query('id == k'))",
        "for k in keys:\n    out.append(df.query('id == @other'))",
        "for k in keys:\n    out.append(df.query('id == @k', engine='python'))",
        "for k in df[df['id'] == keys]:\n    out.append(k)",
    ],
)
def test_frames_that_may_change_stay(loop: str) -> None:
    text = program(loop) + "def touch():\n    G['id'] = 1\n"
    assert not changes(FilterPerKey(), text, {})


def test_changed_programs_are_left_alone() -> None:
    text = program(LOOPS["two"])
    (change,) = changes(FilterPerKey(), text, {})
    assert not changes(FilterPerKey(), after(text, change), {})


def test_what_a_function_takes_that_gets_the_rows_is_not_won() -> None:
    text = HEAD + (
        "def work(df):\n    out = []\n    for k in df['s'].unique():\n        rows = df[df['s'] == k]\n"
        "        out.append(slow(rows['a'].tolist()))\n    return out\n\n\ndef slow(values):\n    return sum(values)\n"
    )
    region = Region("s.py", 5, 10, "function", "work", ("df",))
    facts = {region.id: RegionFacts(region.id, types={"df": (describe(frames()["mixed"]),)})}
    filtering = ((("s.py:work:8",), 9), (("s.py:work:9", "s.py:slow:14"), 1))
    calling = ((("s.py:work:8",), 1), (("s.py:work:9", "s.py:slow:14"), 99))
    for pass_ in (FilterPerKey(), StandIns()):
        (found,) = pass_.find(workload(text), region, Facts(Profile(10, stacks=filtering), facts))
        assert found.share == pytest.approx(0.9)
        assert not list(pass_.find(workload(text), region, Facts(Profile(100, stacks=calling), facts)))
