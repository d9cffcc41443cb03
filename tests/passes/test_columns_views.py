"""HST201 and HST202: rows read by computed labels, or handed to functions that only read them."""

from __future__ import annotations

import pytest

from hasten.passes.source.columns.apply_rows import ApplyRows
from hasten.passes.source.columns.rows import Rows
from tests.passes.test_columns_support import HEAD, after, changes, check, frame_inputs, frames

HELPERS = """NAMES = ["a", "b"]
LOG = []


def get(row, label, times=1):
    return row[label] * times


def deep(row):
    return get(row, "a") + get(row, label="b", times=2) + nested(row, 1)


def nested(r, depth):
    return r["c"] if depth == 0 else nested(r, depth - 1)


def total(row):
    t = 0.0
    for k in NAMES:
        if row[k] > 0:
            t = t + row[k]
        LOG.append((k, type(row[k])))
    return t


def scaled(row, factor, offset=0):
    return row[NAMES[0]] * factor + offset


def keeps(row):
    LOG.append(row)
    return 1


def picks(row):
    return [row[k] for k in NAMES]


def labelled(row, label):
    return pd.Series({label: row[label], "n": row.name})


"""

LOOPS = {
    "fstring": "for _, row in df.iterrows():\n    for n in 'ab':\n        out.append((row[f'{n}'], type(row[f'{n}'])))",
    "row before": "last = None\nfor i, row in df.iterrows():\n    if last is not None and last['s'] == row['s']:\n        out.append((row['a'] - last['a'], last.name, last.get('q', 0)))\n    last = row",
    "rows before": "first = last = None\nfor i, row in df.iterrows():\n    if first is None:\n        first = row\n    out.append((first['b'], None if last is None else get(last, 'b')))\n    other = row\n    last = other",
    "names": "for i, row in df.iterrows():\n    for k in NAMES:\n        total += row[k]\n    out.append(i)",
    "missing": "for i, row in df.iterrows():\n    out.append(i)\n    out.append(row['z' + str(i)])",
    "number": "for i, row in df.iterrows():\n    try:\n        out.append(row[0])\n    except KeyError as e:\n        out.append(e)",
    "list": "picked = ['a', 'b']\nfor i, row in df.iterrows():\n    out.append(row[picked])",
    "none": "for i, row in df.iterrows():\n    out.append(row.get(None, 3))\n    out.append(row.get('q', i))\n    out.append(row.get('a'))",
    "in": "for i, row in df.iterrows():\n    for k in ('a', 'q', 7, None):\n        out.append(k in row)",
    "helper": "for i, row in df.iterrows():\n    out.append(deep(row))",
    "attribute": "for i, row in df.iterrows():\n    out.append((row.c, get(row, 'a'), row.name))",
    "no attribute": "for i, row in df.iterrows():\n    get(row, 'a')\n    out.append(row.zz)",
    "dict": "for i, row in df.iterrows():\n    get(row, 'b')\n    out.append(row.to_dict())",
    "list comprehension": "out = [row['a'] * row['b'] for i, row in df.iterrows()]",
    "condition": "out = [(i, row['a']) for i, row in df.iterrows() if row['b'] > 3]",
    "dict comprehension": "out = {i: get(row, 'c') for i, row in df.iterrows()}",
    "generator": "total = sum(row['b'] for _, row in df.iterrows())",
    "enumerate": "out = [(n, i, total_ ) for n, (i, row) in enumerate(df.iterrows()) for total_ in [row['a']]]",
    "writes": "for i, row in df.iterrows():\n    df.loc[i, 'a'] = get(row, 'b')\n    df.loc[:, 'b'] = 3\n    out.append((get(row, 'a'), row['b']))",
    "writes ahead": "for i, row in df.iterrows():\n    for k in NAMES:\n        df.loc[:, k] = 5\n    out.append([row[k] for k in NAMES])",
    "closure": "fs = []\nfor i, row in df.iterrows():\n    k = 'a'\n    fs.append(lambda: row[k])\nout = [f() for f in fs]",
    "break": "for i, row in df.iterrows():\n    if get(row, 'b') > 8:\n        break\n    out.append(row['c'])",
}
APPLIED = {
    "total": "df.apply(total, axis=1)",
    "columns": "df.apply(total, axis='columns')",
    "position": "df.apply(total, 1)",
    "args": "df.apply(scaled, axis=1, args=(2.5,))",
    "keyword": "df.apply(scaled, axis=1, factor=2, offset=1)",
    "lambda": "df.apply(lambda r: deep(r) + 1, axis=1)",
    "lambda constant": "df.apply(lambda r: scaled(r, 3, offset=r['c']), axis=1)",
    "list": "df.apply(picks, axis=1)",
    "series": "df.apply(labelled, axis=1, label='a')",
    "loop": "df.apply(lambda r: sum(r[k] for k in NAMES), axis=1)",
    "joined": "df.apply(lambda r: '-'.join(str(r[k]) for k in NAMES), axis=1)",
    "none": "df.apply(lambda r: r[NAMES[0]] if r[NAMES[1]] > 3 else None, axis=1)",
    "number": "df.apply(lambda r: r.get(0, r[NAMES[0]]), axis=1)",
    "label type": "df.apply(lambda r: str(type(r.name)) + str(r[NAMES[0]]), axis=1)",
    "default": "df.apply(lambda row, k=2: row['a'] * k, axis=1)",
    "label": "df.apply(lambda r: str(r.name) + str(r[NAMES[0]]), axis=1)",
    "keyed": "df.apply(lambda r: {k: r[k] for k in NAMES}, axis=1)",
    "part": "df[NAMES].apply(lambda r: max(r[k] for k in NAMES), axis=1)",
    "print": "df.apply(lambda r: print(r[NAMES[0]]), axis=1)",
}

SEEN = frame_inputs()


def program(lines: str) -> str:
    body = "".join(f"    {x}\n" for x in lines.splitlines())
    return f"{HEAD}{HELPERS}def work(df):\n    total, out = 0, []\n{body}    return df, total, out\n"


def applied(text: str) -> str:
    return f"{HEAD}{HELPERS}def work(df):\n    return {text}\n"


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.filterwarnings("ignore")
def test_loops_give_the_same_on_every_frame(name: str) -> None:
    check(Rows(), program(LOOPS[name]), {"df": frames()["mixed"]}, SEEN[len(name) % 2 :: 2])


@pytest.mark.parametrize("name", APPLIED)
@pytest.mark.filterwarnings("ignore")
def test_applied_functions_give_the_same_on_every_frame(name: str) -> None:
    check(ApplyRows(), applied(APPLIED[name]), {"df": frames()["mixed"]}, SEEN[len(name) % 2 :: 2])


@pytest.mark.parametrize(
    "loop",
    [
        "for i, row in df.iterrows():\n    keeps(row)",
        "for i, row in df.iterrows():\n    out.append(row)",
        "for i, row in df.iterrows():\n    k = 'a'\n    row[k] = 1",
        "for i, row in df.iterrows():\n    k = 'a'\n    row.loc[k] = 1\n    out.append(row[k])",
        "for i, row in df.iterrows():\n    k = 'a'\n    out.append(row[k])\nout.append(row)",
        "for i, row in df.iterrows():\n    total += sum(row)",
        "for i, row in df.iterrows():\n    k = 'a'\n    total += row[k] + row.sum()",
        "for i, row in df.iterrows():\n    k = 'a'\n    row.drop(k, inplace=True)\n    out.append(row[k])",
        "for i, row in df.iterrows():\n    out.append(unknown(row))",
        "for i, row in df.iterrows():\n    out.append(get(*[row, 'a']))",
        "out = (row['a'] for i, row in df.iterrows())",
        "out = [row for i, row in df.iterrows()]",
        "for i, row in df.iterrows():\n    k = 'a'\n    out.append(row[k])\n    row = None",
        "for i, row in df.iterrows():\n    k = 'a'\n    out.append(row[k:])",
        "for i, row in df.iterrows():\n    total += row == 3",
        "last = None\nfor i, row in df.iterrows():\n    get(row, 'a')\n    last = row\nout.append(last)",
        "last = None\nfor i, row in df.iterrows():\n    get(row, 'a')\n    out.append(last)\n    last = row",
        "last = None\nfor i, row in df.iterrows():\n    get(row, 'a')\n    last = row\n    last['a'] = 1.0",
        "last = None\nfor i, row in df.iterrows():\n    get(row, 'a')\n    out.append(lambda: last)\n    last = row",
        "last = df.iloc[0]\nfor i, row in df.iterrows():\n    get(row, 'a')\n    last = row",
        "last = None\nfor i, row in df.iterrows():\n    out.append(last == row)\n    last = row",
    ],
)
def test_rows_that_are_used_otherwise_stay(loop: str) -> None:
    assert not changes(Rows(), program(loop), {"df": frames()["mixed"]})


@pytest.mark.parametrize(
    "text",
    [
        "df.apply(keeps, axis=1)",
        "df.apply(total)",
        "df.apply(total, axis=0)",
        "df.apply(total, axis=1, raw=True)",
        "df.apply(picks, axis=1, result_type='expand')",
        "df.apply(lambda r: sum(r), axis=1)",
        "df.apply(sum, axis=1)",
        "df.apply(scaled, axis=1, **{'factor': 2})",
    ],
)
def test_functions_that_do_more_stay(text: str) -> None:
    assert not changes(ApplyRows(), applied(text), {"df": frames()["mixed"]})


def test_functions_keep_their_text() -> None:
    text = applied(APPLIED["total"])
    (change,) = changes(ApplyRows(), text, {"df": frames()["mixed"]})
    assert "return _apply_rows(df, total)\n" in after(text, change)
    assert HELPERS.split("def keeps")[0] in after(text, change)
