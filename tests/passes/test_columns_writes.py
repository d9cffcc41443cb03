"""HST208: cells written one at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.passes.source.columns.writes import CellWrites
from tests.passes.test_columns_support import HEAD, changes, check, frame_inputs, frames

LOOPS = {
    "existing": "for i in range(len(df)):\n    df.at[i, 'a'] = df.loc[i, 'c'] * 2",
    "new": "for i in range(len(df)):\n    df.loc[i, 'new'] = df['a'].iloc[i] + 1",
    "new text": "for i in range(len(df)):\n    df.loc[i, 'new'] = 'x' if df.at[i, 'a'] > 0 else 'y'",
    "new flag": "df['flag'] = 0\nfor i in df.index:\n    if df.at[i, 'a'] > 0:\n        df.at[i, 'flag'] = 1",
    "new int": "for i, row in df.iterrows():\n    df.at[i, 'k'] = int(row['b'])",
    "bool": "df['f'] = False\nfor i in range(len(df)):\n    df.loc[i, 'f'] = bool(df.loc[i, 'a'] > 0)",
    "misfits": "for i in range(len(df)):\n    df.at[i, 'b'] = 1.5 if i == 3 else i\n    print(i)",
    "lossless": "for i in range(len(df)):\n    df.loc[i, 'b'] = 2.0",
    "two": "df['p'] = 0.0\ndf['q'] = ''\nfor i in range(1, len(df)):\n    df.at[i, 'p'] = df.at[i - 1, 'a'] - i\n    df.at[i, 'q'] = 'w%d' % i",
    "raises": "for i in range(len(df)):\n    df.at[i, 'a'] = 1.0 / (5 - i)",
    "returns": "for i in range(len(df)):\n    df.at[i, 'a'] = 7\n    if i == 4:\n        return i",
    "objects": "df['o'] = None\nfor i in range(len(df)):\n    df.at[i, 'o'] = 'x'",
    "huge": "df['n'] = 0\nfor i in range(len(df)):\n    df.at[i, 'n'] = 2 ** (i * 8)",
    "past the end": "for i in range(3, 9):\n    df.at[i, 'a'] = 1",
    "of a part": "last = None\npart = df[df['b'] > 2]\nfor i, row in part.iterrows():\n    if last is not None:\n        df.at[i, 'a'] = row['b'] - last['b']\n    last = row",
    "any labels": "for i in ('x', 1, 2, 2.0, True, -1):\n    df.loc[i, 'a'] = 0.5",
    "bound again": "for i in range(len(df)):\n    i = 5\n    df.at[i, 'a'] = 1",
    "nan": "for i in range(len(df)):\n    df.at[i, 'a'] = np.nan",
    "labels of a part": "part = df[df['b'] > 2]\nfor k in range(1, len(part)):\n    w = part['c'].iloc[k - 1:k + 1].values\n    df.loc[part.index[k], 'a'] = w.mean()",
    "labels of the frame": "for k in range(len(df) + 1):\n    df.at[df.index[k], 'b'] = k",
    "positions": "for k in range(-1, len(df)):\n    for c in ('a', 'b', 's'):\n        df.iloc[k, df.columns.get_loc(c)] = k",
    "one position": "for k in range(len(df)):\n    df.iat[k, 0] = k / 2\n    c = 99 if k > 3 else 1\n    df.iloc[k, c] = k",
    "columns by name": "for c in ['a', 'zz', 'b', 's']:\n    for i in range(len(df)):\n        df.loc[i, c] = i * 2\n        df.at[i, 'c'] = df.loc[i, 'a']",
    "columns of other types": "for c in [('a', 1), 'a', None, 3]:\n    for i in range(2):\n        df.at[i, c] = 1.5",
    "reduced": "for i in range(len(df)):\n    df.at[i, 'a'] = df['a'].sum() + df['c'].max() + df.loc[0, 'b'].sum()",
    "parts": "for i in range(len(df)):\n    df.loc[i, 'a'] = df['a'].iloc[:i].sum()\n    df.loc[i, 'q'] = df.iloc[:i]['a'].sum()",
    "filled": "for i in df.index:\n    if np.isnan(df.loc[i, 'a']):\n        df.loc[i, 'a'] = df['a'].mean()",
    "last value first": "def note(x):\n    print(x)\n    return x\nfor i in range(3):\n    df.loc[note(i), 'a'] = note(1.0)",
    "value and label raise": "labels = [0, 1]\nfor k in range(3):\n    df.loc[labels[k], 'a'] = 1 / (2 - k)",
    "enlarged midway": "for i in [0, 1, 50, 2, 'new', 3, 50]:\n    df.loc[i, 'a'] = 1.25",
    "label of another type": "for i in [np.int64(1), np.int32(1), 1.0, True, '1', (1,), None]:\n    df.loc[i, 'c'] = 9",
    "other columns are read": "df['r'] = 0.0\nfor i in range(1, len(df)):\n    if df.loc[i, 's'] == df.loc[i - 1, 's']:\n        df.loc[i, 'r'] = df.loc[i - 1, 'b'] - df.at[i, 'a'] * df['c'].iloc[i - 1]\n        print(df['b'][i])",
    "times are read": "df['t'] = pd.date_range('2020', periods=len(df), freq='7h')\ndf.iloc[1:2, -1] = pd.NaT\ndf['gap'] = np.nan\nfor i in range(1, len(df)):\n    print(repr(df.loc[i, 't']), type(df['t'].iloc[i - 1]))\n    df.loc[i, 'gap'] = (df.loc[i, 't'] - df.loc[i - 1, 't']).total_seconds()",
    "times are read and written": "df['t'] = pd.date_range('2020', periods=len(df), freq='7h')\ndf['k'] = 0\nfor i in range(1, len(df)):\n    df.loc[i, 't'] = df.loc[i - 1, 't'] + pd.Timedelta(hours=1)\n    df.loc[i, 'k'] = df.loc[i, 't'].hour",
    "other kinds are read": "df['i'] = df['b'].astype('int32') if df['b'].dtype.kind in 'iu' else 1\ndf['o'] = [1, 'x', None, 2.5, (1,), [3], 7, 8, 9][:len(df)] if len(df) <= 9 else 'z'\ndf['g'] = pd.Categorical(['u'] * len(df))\ndf['z'] = pd.to_datetime(['2020-01-01'] * len(df), utc=True)\nfor i in range(len(df)):\n    for c in (df.loc[i, 'i'], df.loc[i, 'o'], df.loc[i, 'g'], df.at[i, 'z']):\n        print(type(c), repr(c))\n    df.loc[i, 'a'] = 1.5\n    df.loc[i, 'i'] = 5",
    "read after it grew": "z = 0\nfor i in [0, 1, 50, 2, 51, 3]:\n    df.loc[i, 'a'] = 1.25\n    print(repr(df.loc[i, 'b']), repr(df.loc[z, 'b']), repr(df.loc[i, 's']))",
    "read where nothing is": "for i in range(len(df) + 1):\n    df.loc[i, 'a'] = 1.0 if i < len(df) else df.loc[i, 'b'] + df.loc[i, 'missing']",
    "read of a column that comes later": "for i in range(len(df)):\n    df.loc[i, 'new'] = 1.0 * i\n    df.loc[i, 'a'] = df.loc[i, 'new'] + df.loc[i, 'b']",
    "added to": "for i in range(len(df)):\n    df.loc[i, 'a'] += 1\n    df.at[i, 'b'] -= df.loc[i, 'b'] + abs(i)\n    df.loc[i, 'c'] /= 2 if i else 0\n    df.at[i, 's'] += 'x'\n    df.loc[i, 'b'] *= 2.5",
    "counted": "for k in [0, 1, 0, 2, 0, 99]:\n    df.loc[k, 'c'] += 1",
    "counted by names": "m = pd.DataFrame(0, index=['x', 'y', 'z'], columns=['x', 'y'])\nnames = ['x', 'y', 'w']\nfor i in range(len(df)):\n    m.loc[df['s'].iloc[i], names[i % 2]] += 1\n    m.loc[names[i % 3], 'x'] += 1\nprint(m)",
    "counted by numbers": "m = pd.DataFrame(0, index=range(4), columns=range(3))\nfor i, row in df.iterrows():\n    m.loc[abs(i) % 4, i % 3] += 1\n    m.loc[one, two] += 1\n    m.at[0, 0] -= 1\n    m.loc[one, two] *= 2\n    m.loc[1, 2] -= 1\nprint(m, m.dtypes)",
    "numbers that are none": "m = pd.DataFrame(0, index=range(4), columns=range(3))\nfor c in (1, one, 1.0, [1], True, '1', 7):\n    m.loc[2, 1] += 1\n    m.loc[2, c] += 1\n    m.loc[2, 1] *= 2\nprint(m)",
    "lists of columns": "for c in ('a', ['a', 'c'], 'c'):\n    df.loc[1, 'a'] += 1\n    df.loc[1, c] += 1\nprint(df)",
    "counted beside parts": "for i in range(len(df)):\n    df.loc[i, 'c'] += 1\n    df.loc[i, 'q'] = df['a'].iloc[:i].sum()",
    "added to what is shared": "df['o'] = [[] for _ in range(len(df))]\nkept = df['o'].tolist()\nfor i in range(len(df)):\n    df.at[i, 'o'] += [i]\nprint(kept)",
    "added to a missing one": "for i in range(len(df)):\n    df.loc[i, 'none'] += 1 / 0",
    "huge sums": "df['n'] = 2 ** 62\nfor i in range(len(df)):\n    df.loc[i, 'n'] += 2 ** 62 - 1",
    "added to by columns": "for c in ('a', 'b', 's', 'q'):\n    for i in df.index:\n        df.loc[i, c] += 1",
    "two lines": "for i in range(len(df)):\n    df.loc[\n        i, 'a'\n    ] = (i +\n        1)",
}


def program(loop: str) -> str:
    body = "".join(f"    {x}\n" for x in loop.splitlines())
    return (
        HEAD
        + f"one, two = np.int64(1), np.int64(2)\ndef work(df):\n    other = df.copy(deep=False)\n{body}    return df, other, df.dtypes.astype(str).tolist()\n"
    )


@pytest.mark.parametrize("name", LOOPS)
def test_writes_give_the_same_on_every_frame(name: str) -> None:
    check(CellWrites(), program(LOOPS[name]), {"df": frames()["mixed"]}, frame_inputs())


@pytest.mark.parametrize(
    "loop",
    [
        "for i in range(len(df)):\n    df.at[i, 'a'] = 1\n    print(df)",
        "for i in range(len(df)):\n    df.at[i, 'a'] = 1, 2",
        "v = df['a'].values\nfor i in range(1, len(df)):\n    df.at[i, 'a'] = v[i - 1]",
        "v = np.asarray(df)\nfor i in range(1, len(df)):\n    df.at[i, 'a'] = v[i - 1, 0]",
        "v = shown(df)\nfor i in range(1, len(df)):\n    df.at[i, 'a'] = v[i - 1]",
        "for i, x in enumerate(df['a']):\n    df.at[i + 1, 'a'] = x",
        "it = zip(df['a'], df['b'])\nfor i in range(3):\n    df.at[i + 1, 'a'] = next(it)[0]",
        "for i in range(3):\n    df.at[i, 'a'] = sum(df['a'])",
        "for i in range(3):\n    g = df.groupby('s')\n    df.at[i, 'a'] = g['a'].sum().iloc[0]",
        "for i in range(3):\n    df.at[i, 'a'] = df['a'].rolling(2)",
        "h = Holder(df)\nfor i in range(3):\n    df.at[i, 'a'] = h.total()",
        "for i in range(3):\n    df.at[df.at[i, 'b'], 'a'] = 1",
        "part = df\nfor i, row in part.iterrows():\n    df.at[i, 'a'] = part.loc[0, 'a'] + 1",
        "part = same(df)\nfor i in part.index:\n    df.at[i, 'a'] = part.loc[0, 'a'] + 1",
        "for i in range(len(df)):\n    df.at[i, 'a'] = 1\n    df = df + 1",
        "for i in range(len(df)):\n    df.at[i, 'a'] += next(it)",
        "for i in range(len(df)):\n    df.iat[i, 0] += 1",
        "for i in range(len(df)):\n    df.at[i, 'a'] //= 2",
        "for i in range(len(df)):\n    df.at[pick(i), 'a'] += 1",
        "for i in range(len(df)):\n    df.loc[df.a > 1, 'a'] = i",
    ],
)
def test_frames_that_are_looked_at_stay(loop: str) -> None:
    text = program(loop)
    if "Holder" in loop:
        text += "class Holder:\n    def __init__(self, d):\n        self.d = d\n    def total(self):\n        return self.d['a'].sum()\n"
    assert not changes(CellWrites(), text, {"df": frames()["mixed"]})


LABELS = {
    "texts": list("vwxyz"),
    "times": pd.date_range("2024-01-01", periods=5),
    "zoned": pd.date_range("2024-01-01", periods=5, tz="UTC"),
    "seconds": pd.date_range("2024-01-01", periods=5).as_unit("s"),
    "numbers": [5, 3, 1, 0, 2],
    "floats": [0.0, 1.0, 2.5, np.nan, 3.0],
    "twice": [1, 1, 2, 0, 3],
    "objects": [1, "w", (1, 2), None, 2.0],
    "categories": pd.CategoricalIndex(list("vwxyz")),
    "periods": pd.period_range("2024-01-01", periods=5, freq="D"),
    "missing": [*pd.date_range("2024-01-01", periods=4), pd.NaT],
}


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.filterwarnings("ignore")
def test_labels_of_every_kind(name: str) -> None:
    keys = [*LABELS[name], 0, 1, 1.0, True, "w", "2024-01-02", pd.Timestamp("2024-01-03"), pd.Timestamp("2030-01-01")]
    text = (
        f"{HEAD}def work(df, keys):\n    out = []\n    for k, label in enumerate(keys):\n        try:\n            df.loc[label, 'x'] = k\n"
        "            df.at[label, 'y'] = k * 0.5\n            df.iloc[k % 5, 1] = -k\n            out.append(df['x'].sum())\n"
        "        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as e:\n            out.append((type(e), str(e)))\n    return df, out\n"
    )

    def make() -> dict[str, Any]:
        base = pd.DataFrame({"x": np.arange(5.0), "y": 0.0, "s": list("abcde")}, index=LABELS[name])
        return {"df": base, "keys": list(keys)}

    check(CellWrites(), text, make(), [make, lambda: {**make(), "df": make()["df"].astype({"x": "float32"})}])


RECURSIVE = {
    "average": "df.loc[i, 'a'] = 0.1 * df.loc[i, 'c'] + 0.9 * df.loc[i - 1, 'a']",
    "at": "df.at[i, 'b'] = df.at[i - 1, 'b'] + df.at[i, 'b']",
    "branch": "if df['a'].iloc[i] > df['a'].iloc[i - 1]:\n            df.loc[i, 'b'] = df['b'][i - 1] + 1\n        else:\n            df.loc[i, 'b'] = 0",
    "text": "df.loc[i, 's'] = df.loc[i - 1, 's'] + 'x' if df.loc[i, 'b'] > 3 else df['s'].iloc[i]",
    "drift": "df.loc[i, 'b'] = df.loc[i - 1, 'b'] + 0.5",
    "behind": "df.loc[i, 'c'] = df['c'].iloc[i - 3] * 2",
    "outside": "df.at[i, 'c'] = df.at[i + 1, 'c'] - 1",
    "attribute": "df.loc[i, 'c'] = df['c'].iloc[i - 1] + df.a.iat[i]",
    "two": "df.loc[i, 'a'] = df.loc[i - 1, 'c']; df.loc[i, 'c'] = df.loc[i, 'a'] * 2",
    "new": "df.loc[i, 'fresh'] = df.loc[i, 'a']\n        if i > 3:\n            out.append(df.loc[i - 1, 'fresh'])",
}


@pytest.mark.parametrize("name", RECURSIVE)
@pytest.mark.filterwarnings("ignore")
def test_cells_that_were_written_are_read_again(name: str) -> None:
    text = f"{HEAD}def work(df):\n    out = []\n    for i in range(1, len(df)):\n        {RECURSIVE[name]}\n    return df, out\n"
    if name == "two":
        assert not changes(CellWrites(), text, {"df": frames()["mixed"]})
        text = text.replace("; ", "\n        ")
    (new,) = check(CellWrites(), text, {"df": frames()["mixed"]}, frame_inputs())
    assert ".read(" in new


PARTS = {
    "window": "df['ma'] = np.nan\nfor i in range(len(df)):\n    w = df['a'].iloc[max(0, i - 2):i + 1]\n    df.loc[i, 'ma'] = w.mean()\n    df.at[i, 'up'] = df.loc[i, 'ma'] + 2 * w.std()",
    "direct": "df['hi'] = 0.0\nfor i in range(len(df)):\n    df.loc[i, 'hi'] = df['a'].iloc[: i + 1].max() - df['c'].iloc[i:].min()",
    "missing": "for i in range(len(df)):\n    df.loc[i, 'q'] = df['zz'].iloc[:i].sum()",
    "other types": "for i in range(len(df)):\n    w = df['s'].iloc[:i]\n    df.loc[i, 'n'] = (w == 'x').sum() + len(w)",
}


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.filterwarnings("ignore")
def test_parts_of_columns_that_are_not_written(name: str) -> None:
    check(CellWrites(), program(PARTS[name]), {}, frame_inputs(2))


@pytest.mark.parametrize(
    "loop",
    [
        "for i in range(len(df)):\n    w = df['a'].iloc[:i]\n    df.loc[i, 'q'] = w.sum()\n    out.append(w)",
    ],
)
def test_parts_that_may_show_a_write_stay(loop: str) -> None:
    assert not changes(CellWrites(), program(loop), {})
