"""HST202: row-wise apply."""

from __future__ import annotations

import pandas as pd
import pytest

from hasten.passes.source.columns.apply_rows import ApplyRows
from tests.passes.test_columns_support import HEAD, changes, check, frame_inputs, frames

BODIES = {
    "product": "lambda row: row['a'] * row['b']",
    "attributes": "lambda r: r.a + r.b / 2",
    "ratio": "lambda row: row['a'] / row['b']",
    "ratio guarded": "lambda row: row['a'] / row['b'] if row['b'] != 0 else 0",
    "ratio guarded float": "lambda row: row['a'] / row['b'] if row['b'] != 0 and row['c'] / row['b'] > 0.1 else float('nan')",
    "flag": "lambda row: 1 if row['a'] > 2 and not row['b'] < 3 else 0",
    "bool": "lambda row: row['a'] > row['c'] or row['b'] == 4",
    "words": "lambda row: 'high' if row['a'] > 1 else ('low' if row['a'] < -1 else 'mid')",
    "int float": "lambda row: row['a'] * 2.5 if row['b'] > 5 else 0",
    "int": "lambda row: row['b'] * 3 - 4 // (row['b'] * row['b'] + 1)",
    "mod": "lambda row: row['b'] % 7 + row['b'] // 3",
    "fmod": "lambda row: row['a'] % 3.0 + row['a'] // 0.7",
    "sqrt": "lambda row: math.sqrt(row['a'] ** 2 + row['c'] * row['c'])",
    "sqrt guarded": "lambda row: math.sqrt(row['a']) if row['a'] > 0 else 0.0",
    "minmax": "lambda row: max(row['a'], row['c'], 0.5) - min(row['a'], row['c'])",
    "abs": "lambda row: abs(row['a']) + abs(row['b'])",
    "trunc": "lambda row: int(row['a']) + 1",
    "round": "lambda row: round(row['a'], 2)",
    "round0": "lambda row: round(row['a'])",
    "floor": "lambda row: math.floor(row['a'])",
    "text": "lambda row: row['s'] == 'x' and row['a'] > 0",
    "text in": "lambda row: 2 if row['s'] in ('x', 'y') else 1",
    "text method": "lambda row: row['s'].upper()",
    "cell": "lambda row: row['s'] if row['a'] > 0 else 'none'",
    "get": "lambda row: row.get('a', 0) + row.get('b')",
    "formatted": "lambda row: f\"{row['a']:.2f}-{row['b']}\"",
    "list": "lambda row: [row['a'], row['b']]",
    "tuple": "lambda row: (row['a'], 1)",
    "series": "lambda row: pd.Series([row['a'], row['b']], index=['p', 'q'])",
    "none": "lambda row: None if row['a'] > 0 else row['a']",
    "isna": "lambda row: 0.0 if pd.isna(row['a']) else row['a']",
    "chain": "lambda row: 0 < row['a'] < 5",
    "mean": "lambda row: (row['a'] + row['b'] + row['c']) / 3",
    "circle": "lambda row: 1 if row['a'] ** 2 + row['c'] ** 2 < 9 else 0",
    "negative": "lambda row: -row['b'] if row['c'] < 0 else row['b']",
    "truth": "lambda row: 'yes' if row['b'] else 'no'",
    "power": "lambda row: row['b'] ** 2 - 1",
    "constant": "lambda row: RATE * row['a'] + COUNT",
    "helper": "lambda row: scaled(row['a'], row['b'])",
    "np where": "lambda row: np.sqrt(abs(row['a'])) + np.maximum(row['a'], row['c'])",
}
HELPERS = """RATE = 0.07
COUNT = 3
LOG = []


def scaled(x, y):
    if y > 3:
        z = x * 2.0
    elif y < 0:
        z = x - 1.5
    else:
        z = 0
    return z + 0.5


def score(row):
    \"\"\"A score.\"\"\"
    base = row['a'] * 2
    if row['b'] > 10:
        base += 1.5
        return base
    elif row['b'] > 3:
        extra = row['c'] / row['b']
    else:
        extra = 0.0
    if base < 0:
        return -1
    return base + extra


def points(row):
    total = 0
    if row['a'] > 1:
        total += 10
    if row['b'] > 4:
        total += 2.5
    if row.c < 0:
        total -= 3
    return total


def noisy(row):
    print(row['a'])
    LOG.append(row.b)
    if row['b'] > 12:
        raise ValueError(row['b'])
    return row['c']


def grade(row):
    if row['a'] >= 5: return 'A'
    if row['a'] >= 0:
        return 'B'
    if row['s'] == 'x':
        return 'C'
    return 'D'


"""


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("seen", ["mixed", "numeric"])
def test_lambdas_give_the_same_on_every_frame(name: str, seen: str) -> None:
    text = HEAD + HELPERS + f"def work(df):\n    out = df.apply({BODIES[name]}, axis=1)\n    return out\n"
    check(ApplyRows(), text, {"df": frames()[seen]}, frame_inputs(1 if seen == "numeric" else 3))


@pytest.mark.parametrize("name", ["score", "points", "noisy", "grade"])
@pytest.mark.parametrize("seen", ["mixed", "numeric", "ints", "filtered"])
def test_functions_give_the_same_on_every_frame(name: str, seen: str) -> None:
    text = HEAD + HELPERS + f"def work(df):\n    df['out'] = df.apply({name}, axis=1)\n    return df\n"
    check(ApplyRows(), text, {"df": frames()[seen]}, frame_inputs(1 if seen == "numeric" else 3))


@pytest.mark.parametrize("power", ["(row['a'] ** 3) ** 0.5", "row['a'] ** HALF"])
def test_the_root_of_a_negative_zero(power: str) -> None:
    """Found by the fuzzer: NumPy takes a square root, and gives -0.0."""
    text = HEAD + f"HALF = 0.5\n\n\ndef work(df):\n    return df.apply(lambda row: {power}, axis=1)\n"
    frame = pd.DataFrame({"a": [4.0, -1e-320, -0.0, 0.0], "s": list("xyxy")})
    check(ApplyRows(), text, {"df": frame}, [lambda: {"df": frame.copy()}])


@pytest.mark.parametrize("body", ["1", "row['a']", "row['s']"])
def test_the_result_has_the_index_of_the_frame(body: str) -> None:
    """Found by the fuzzer: it had one of its own, so that a name given to it was not the frame's."""
    text = HEAD + (
        f"def work(df):\n    out = df.apply(lambda row: {body}, axis=1)\n"
        "    out.index.name = 'row'\n    return out, df.index.name\n"
    )
    frame = pd.DataFrame({"a": [4.0, 1.0, 2.0], "s": list("xyx")})
    check(ApplyRows(), text, {"df": frame}, [lambda: {"df": frame.copy()}])


VECTORISED = set(BODIES) - {
    "circle",
    "ratio guarded float",
    "round",
    "text method",
    "get formatted",
    "formatted",
    "list",
    "tuple",
    "series",
    "none",
    "text",
    "text in",
    "cell",
    "trunc",
}


@pytest.mark.parametrize("name", sorted(VECTORISED))
def test_arithmetic_becomes_columns(name: str) -> None:
    text = HEAD + HELPERS + f"def work(df):\n    return df.apply({BODIES[name]}, axis=1)\n"
    found = changes(ApplyRows(), text, {"df": frames()["numeric"]})
    assert [c.title.split(": ")[1] for c in found] == ["computed from whole columns", "plain cells instead of rows"]


@pytest.mark.parametrize(
    "body",
    [
        "lambda row: total(row)",
        "lambda row: row.sum()",
        "lambda row: row.size",
        "lambda row: row.update({}) or row['a']",
        "lambda row: [row['a'] for row in [row]]",
        "sum",
        "np.sum",
    ],
)
def test_rows_that_are_used_otherwise_stay(body: str) -> None:
    text = (
        HEAD + f"KEY = 'a'\ndef total(row):\n    return row.sum()\ndef work(df):\n    return df.apply({body}, axis=1)\n"
    )
    assert not changes(ApplyRows(), text, {"df": frames()["numeric"]})


def test_a_function_that_writes_frames_or_is_rebound_stays() -> None:
    writes = (
        HEAD
        + "def f(row):\n    G.loc[0, 'a'] = 1\n    return row['a']\ndef work(df):\n    return df.apply(f, axis=1)\n"
    )
    rebound = HEAD + "def f(row):\n    return row['a']\nf = len\ndef work(df):\n    return df.apply(f, axis=1)\n"
    decorated = (
        HEAD + "@staticmethod\ndef f(row):\n    return row['a']\ndef work(df):\n    return df.apply(f, axis=1)\n"
    )
    for text in (writes, rebound, decorated):
        assert not changes(ApplyRows(), text, {"df": frames()["numeric"]})
