"""HST207: cells read one at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hasten.passes.source.columns.cells import Cells
from tests.passes.test_columns_support import HEAD, after, changes, check, frame_inputs, frames

LOOPS = {
    "iloc row": "for i in range(len(df)):\n    out.append((df.iloc[i]['a'], type(df.iloc[i]['b']), df.iloc[i].c))",
    "loc": "for i in range(len(df)):\n    total += df.loc[i, 'a'] * df.loc[i, 'b']",
    "loc row": "for i in range(len(df)):\n    out.append((df.loc[i]['a'], df.loc[i].b))",
    "at": "for i in range(len(df)):\n    out.append((df.at[i, 'a'], type(df.at[i, 'b'])))",
    "column iloc": "for i in range(len(df)):\n    out.append((df['a'].iloc[i], type(df.b.iloc[i]), df['c'].iat[i]))",
    "label": "for i in range(len(df)):\n    out.append((df['a'][i], df.c.loc[i], df['b'].at[i], df.iloc[i]['a']))",
    "neighbours": "for i in range(1, len(df)):\n    out.append(df['a'].iloc[i] - df['a'].iloc[i - 1])",
    "before the first": "for i in range(len(df)):\n    out.append(df['a'].iloc[i - 1] + df.iloc[i - 1]['b'])",
    "behind the last": "for i in range(len(df)):\n    out.append(df['a'].iloc[i + 1])",
    "label behind": "for i in range(len(df) + 1):\n    out.append(df.loc[i, 'a'])",
    "pairs": "for i in range(len(df)):\n    for j in range(i + 1, len(df)):\n        total += df['a'].iloc[i] * df['c'].iloc[j]",
    "other numbers": "for i in list(df.index) + [1.0, True, '2']:\n    out.append(df.at[i, 'a'])",
    "index": "for i in df.index:\n    out.append(df.loc[i, 'a'])",
    "slices": "for i in [slice(0, 2), [1, 2], 3]:\n    out.append(df['a'].iloc[i])",
    "while": "i = 0\nwhile i < len(df):\n    total += df['a'].iloc[i]\n    i += 1",
    "comprehension": "out = [df['a'].iloc[i] if df.iloc[i]['b'] > 3 else -1 for i in range(len(df))]",
    "text": "for i in range(len(df)):\n    out.append((df.iloc[i]['s'], df['s'].iloc[i], f\"{df.loc[i, 's']}\"))",
    "computed": "for i in range(len(df)):\n    for k in ['a', 'b']:\n        out.append((df.loc[i, k], type(df.at[i, k]), df.iloc[i][k], df.loc[i][k], df[k].iloc[i], df[k].loc[i]))",
    "computed fstring": "for i in range(1, len(df)):\n    for k in 'ab':\n        out.append(df.loc[i, f'{k}'] - df.loc[i - 1, k + ''] + df.loc[i, 'c'])",
    "computed missing": "for i in range(len(df)):\n    for k in ['a', 'zz']:\n        out.append(df.loc[i, k])",
    "computed others": "for i in range(len(df)):\n    for k in [['a', 'b'], 'a', slice(None), None]:\n        try:\n            out.append(df.loc[i, k])\n        except (KeyError, TypeError) as e:\n            out.append(type(e))",
    "computed behind": "for i in range(len(df) + 1):\n    for k in ['s', 'b']:\n        out.append(df[k].iloc[i - 1])\n        out.append(df[k].iloc[i])",
    "named row": "for i in range(len(df)):\n    row = df.iloc[i]\n    if row['a'] > 0:\n        out.append((row['a'] * row.c, type(row['b']), f\"{row['s']}\"))",
    "named row by label": "for i in range(len(df)):\n    row = df.loc[i]\n    total += row['a'] if row['b'] > 2 else row.c",
    "two named rows": "for i in range(1, len(df)):\n    here = df.iloc[i]\n    last = df.iloc[i - 1]\n    out.append(here['a'] - last['a'])",
    "named row in a while": "i = 0\nwhile i < len(df):\n    row = df.iloc[i]\n    out.append([row['a'] for _ in range(2)])\n    i += 1",
    "named row behind the last": "for i in range(len(df) + 1):\n    print(i)\n    row = df.iloc[i]\n    print('read')\n    out.append(row['a'])",
    "named row of other numbers": "for i in [0, -1, True, 1.0, slice(0, 2), [1]]:\n    try:\n        row = df.iloc[i]\n        out.append(row['a'])\n    except TypeError as e:\n        out.append(type(e))",
    "named row, missing column": "for i in range(len(df)):\n    row = df.iloc[i]\n    if i > 2:\n        out.append(row['zz'])",
    "caught": "for i in range(len(df) + 2):\n    try:\n        out.append(df.loc[i, 'a'])\n    except KeyError as e:\n        out.append(e)",
}


def program(loop: str) -> str:
    return (
        HEAD
        + "def work(df):\n    out, total = [], 0\n"
        + "".join(f"    {x}\n" for x in loop.splitlines())
        + "    return out, total\n"
    )


@pytest.mark.parametrize("name", LOOPS)
def test_reads_give_the_same_on_every_frame(name: str) -> None:
    check(Cells(), program(LOOPS[name]), {"df": frames()["mixed"]}, frame_inputs())


@pytest.mark.parametrize(
    "loop",
    [
        "for i in range(len(df)):\n    out.append(df.loc[i, 'a'])\n    df.loc[i, 'b'] = 1",
        "for i in range(len(df)):\n    out.append(df.loc[i, 'a'])\n    df['a'] = 0",
        "for i in range(len(df)):\n    out.append(df.loc[i, 'a'])\n    df = df + 1",
        "for i in range(len(df)):\n    out.append(df.loc[i, 'a'])\n    change(df)",
        "i = 0\nout.append(df.loc[i, 'a'])",
        "for i in range(len(df)):\n    row = df.iloc[i]\n    out.append(row)\n    out.append(row['a'])",
        "for i in range(len(df)):\n    row = df.iloc[i]\n    i += 1\n    out.append(row['a'])",
        "for i in range(len(df)):\n    row = df.iloc[i]\n    for i in range(2):\n        out.append(row['a'])",
        "for i in range(len(df)):\n    row = df.iloc[i]\n    total += row['a']\nout.append(row['b'])",
        "for i in range(len(df)):\n    row = df.iloc[i]\n    out.append(lambda: row['a'])",
        "for i in range(len(df)):\n    row = df.iloc[i]\n    g = (row['a'] for _ in [1])\n    out.append(g)",
        "for i in range(len(df)):\n    row = df.iloc[i]\n    row['a'] = 1\n    out.append(row['a'])",
        "for i in range(len(df)):\n    if i % 2:\n        row = df.iloc[i]\n    out.append(row['a'])",
        "for i in range(len(df)):\n    row = df.iloc[i]\n    out.append(row['a'])\n    row = 1",
        "for i in range(len(df)):\n    row = df.iloc[i]\n    out.append(row.sum() + row['a'])",
        "for i in range(len(df)):\n    out.append(df.iloc[i].size)",
        "for i in range(len(df)):\n    out.append(df.iloc[next(it)]['a'])",
        "d = {}\nfor i in range(9):\n    out.append(d['a'][i])",
    ],
)
def test_frames_that_change_stay(loop: str) -> None:
    assert not changes(Cells(), program(loop), {"df": frames()["mixed"]})


def test_changed_programs_are_left_alone() -> None:
    text = program("for i in range(len(df)):\n    out.append((df.loc[i, 'a'], df.iloc[i - 1]['b'], df.loc[i, str]))")
    (change,) = changes(Cells(), text, {"df": frames()["mixed"]})
    assert not changes(Cells(), after(text, change), {"df": frames()["mixed"]})


def test_another_variable_of_the_name_is_no_alias() -> None:
    head = HEAD + "class A:\n    def __init__(self, df):\n        self.df = df\n\n\n"
    read = "    for i in range(len(df)):\n        out.append(df.loc[i, 'a'])\n    return out\n"
    assert changes(Cells(), f"{head}def work(df):\n    out = []\n{read}", {"df": frames()["mixed"]})
    assert not changes(Cells(), f"{head}def work(df):\n    out = []\n    other = df\n{read}", {"df": frames()["mixed"]})
    text = f"{HEAD}df = pd.DataFrame()\nother = df\n\n\ndef work():\n    out = []\n{read}"
    assert not changes(Cells(), text, {})
    text = f"{HEAD}def work(df):\n    out = []\n    def g():\n        nonlocal df\n        other = df\n{read}"
    assert not changes(Cells(), text, {"df": frames()["mixed"]})


READS = [
    "df['t'].loc[i]",
    "df.t.iloc[i]",
    "df['t'].iat[i]",
    "df.at[i, 't']",
    "df.loc[i, 'u']",
    "df.iloc[i]['t']",
    "df.loc[i]['u']",
]


@pytest.mark.parametrize("read", READS)
def test_times_come_with_their_unit_and_zone(read: str) -> None:
    days = pd.to_datetime(["2024-02-29", "1677-09-22", "2262-04-11 01:02:03.123456789"], format="ISO8601")
    base = pd.DataFrame({"t": days, "u": days[::-1].as_unit("s"), "a": [1.5, np.nan, 2.0], "s": ["x", "y", "z"]})
    makes = [
        base,
        base[["t", "u"]],  # rows of one dtype
        base[["t", "u"]].assign(u=lambda d: d["u"].astype(object)),
        base.assign(t=lambda d: d["t"].where(d["a"] > 0), u=pd.NaT),
        base.assign(u=lambda d: d["u"].dt.tz_localize("Europe/Berlin")),
        base.assign(t=pd.to_timedelta([1, 2, 3], unit="D")),
        base.assign(t=pd.period_range("2024", periods=3, freq="D")),
        base.iloc[::-1],
        base.iloc[:0],
        base[["t", "u", "a"]],
        pd.concat([base, base]),
    ]
    text = program(
        f"for i in range(len(df)):\n    x = {read}\n    out.append((x, type(x), getattr(x, 'unit', 0), str(x), getattr(x, 'tz', 0)))"
    )
    check(Cells(), text, {"df": base}, [lambda m=m: {"df": m.copy()} for m in makes])
