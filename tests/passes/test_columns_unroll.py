"""HST202 and HST203: row functions with small loops, computed labels, lists of cells and tables of constants."""

from __future__ import annotations

import pytest

from hasten.passes.source.columns.apply_rows import ApplyRows
from hasten.passes.source.columns.elementwise import Elementwise
from tests.passes.test_columns_support import HEAD, after, changes, check, frame_inputs, frames

TABLES = """NUMBERS = ["a", "c"]
WEIGHTS = {"a": 0.5, "b": 2, "c": -1.25}
LEVELS = [(5, "high"), (0.0, "mid"), (-5, "low")]
CODES = {"x": 1, "y": 2.5, "high": -3}
WORDS = {"x": "first", "y": "second"}
GOOD = {"x", "high"}
KNOWN = (2, 4, 5, "x")
SHARED = ["a"]
SHARED.append("c")


def clamp(value, low=0.0, high=4):
    if value < low:
        return low
    return high if value > high else value


def spread(cells):
    return max(cells) - min(cells)


def of_row(r, name):
    return r[name] * WEIGHTS[name]


"""
FUNCTIONS = {
    "range": """
    total = 0.0
    for i in range(1, 4):
        total = total + row[f"{'abc'[0]}"] / i
    return total
""",
    "labels": """
    total = 0.0
    for name in ("a", "b", "c"):
        if row[name] > 0:
            total += row[name]
    return total
""",
    "table": """
    score = 0
    for name, weight in WEIGHTS.items():
        score += row[name] * weight
    return score
""",
    "list": """
    cells = [row[n] for n in NUMBERS]
    mean = sum(cells) / len(cells)
    top = 0.0
    bottom = 0.0
    for x, cell in enumerate(cells):
        top += (x - 0.5) * (cell - mean)
        bottom += (x - 0.5) ** 2
    return top / bottom
""",
    "streak": """
    longest = 0
    current = 0
    for name in ["a", "b", "c", "a", "b"]:
        if row[name] > 0:
            current += 1
            if current > longest:
                longest = current
        else:
            current = 0
    return longest
""",
    "first level": """
    for bound, word in LEVELS:
        if row["a"] >= bound:
            return word
    return "least"
""",
    "break": """
    found = -1
    for k, name in enumerate(NUMBERS):
        if row[name] > 1:
            found = k
            break
    return found
""",
    "continue": """
    total = 0.0
    for name in NUMBERS:
        if row[name] < 0:
            continue
        total += row[name] * 2
        if total > 10:
            break
        total -= 1
    return total
""",
    "count": """
    return sum(1 for n in NUMBERS if row[n] > 0) + len([n for n in NUMBERS if row[n] < -1])
""",
    "any all": """
    if any(row[n] > 5 for n in NUMBERS):
        return "some"
    return "all" if all(row[n] < 0 for n in ["a", "b"]) else "none"
""",
    "append": """
    kept = []
    for n in ("a", "b", "c"):
        if row[n] > 0:
            kept.append(row[n])
    kept.append(1)
    return sum(kept)
""",
    "append mean": """
    kept = []
    for n in ("a", "c"):
        kept.append(row[n] / 2)
    if len(kept) == 0:
        return 0.0
    return sum(kept) / len(kept)
""",
    "codes": """
    return CODES.get(row["s"], 0)
""",
    "words": """
    return WORDS.get(row["s"], "other")
""",
    "codes or raise": """
    return CODES[row["s"]]
""",
    "codes in a branch": """
    if row["s"] in GOOD:
        return CODES[row["s"]]
    return 0
""",
    "known": """
    return "yes" if row["b"] in KNOWN and row["s"] not in ("y", "z") else "no"
""",
    "helpers": """
    return clamp(row["a"]) + clamp(row["c"], high=2.0) + spread([row["a"], row["c"], 1.5]) + of_row(row, "b")
""",
    "same static": """
    flag = 1
    if row["a"] > 0:
        flag = 1.0
    return flag
""",
    "zeros": """
    zero = 0.0
    if row["a"] > 0:
        zero = -0.0
    return zero * row["c"]
""",
    "zip": """
    total = 0
    for n, w in zip(NUMBERS, [2, 3]):
        total += row[n] * w
    for n in reversed(NUMBERS):
        total -= row[n]
    return total
""",
    "slices": """
    cells = [row["a"], row["c"], row["a"] * 2]
    return sum(cells[1:]) - cells[-1] + max(cells[:2])
""",
    "numpy": """
    return np.mean([row["a"], row["c"]]) + np.max([row["a"], row["c"], row["a"] * 2])
""",
    "sum from nothing": """
    return sum([row[n] for n in NUMBERS])
""",
    "attributes": """
    return sum(v for v in (row.a, row.c) if v == v) + row.get("b", 7)
""",
    "guarded": """
    best = 0.0
    for n in ["a", "b"]:
        if row[n] != 0:
            best = max(best, row["c"] / row[n])
    return best
""",
    "nested": """
    hits = 0
    for n in NUMBERS:
        for m in ("b", "c"):
            if n != m and row[n] > row[m]:
                hits += 1
    return hits
""",
}
REFUSED = {
    "shared": "\n    return sum(row[n] for n in SHARED)\n",
    "unknown label": "\n    return row[row['s']]\n",
    "second name": "\n    kept = []\n    other = kept\n    other.append(row['a'])\n    return sum(kept)\n",
    "growing": "\n    kept = [row['a']]\n    for x in kept:\n        kept.append(x)\n        break\n    return sum(kept)\n",
    "none": "\n    for n in NUMBERS:\n        if row[n] > 0:\n            return row[n]\n",
    "list in a list": "\n    kept = []\n    outer = [kept]\n    kept.append(row['a'])\n    return sum(outer[0])\n",
    "lists of lists": "\n    rows = [[], []]\n    for r in rows:\n        r.append(row['a'])\n    return sum(rows[0]) + row['c']\n",
    "one or another": "\n    kept = [row['a']]\n    other = kept or [1]\n    kept.append(row['c'])\n    return sum(other)\n",
    "chosen list": "\n    kept = [row['a']]\n    other = kept if len(NUMBERS) > 1 else []\n    kept.append(row['c'])\n    return sum(other)\n",
    "given away": "\n    kept = [row['a']]\n    lots = max(kept, [row['c']])\n    kept.append(row['c'])\n    return sum(lots)\n",
    "effect": "\n    for n in NUMBERS:\n        print(row[n])\n    return row['a']\n",
    "set order": "\n    out = 0.0\n    for w in GOOD:\n        out = out / 2 + row['a'] * len(w)\n    return out\n",
    "while": "\n    i = 0\n    while i < 3:\n        i += 1\n    return row['a'] * i\n",
    "large": "\n    total = 0.0\n    for i in range(500):\n        total += row['a'] * i\n    return total\n",
}


def program(body: str) -> str:
    return HEAD + TABLES + f"def one(row):{body}\n\ndef work(df):\n    return df.apply(one, axis=1)\n"


@pytest.mark.parametrize("seen", ["mixed", "numeric"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_row_functions_give_the_same_on_every_frame(name: str, seen: str) -> None:
    if seen == "numeric" and 'row["s"]' in FUNCTIONS[name]:
        return
    check(ApplyRows(), program(FUNCTIONS[name]), {"df": frames()[seen]}, frame_inputs(1 if seen == "numeric" else 3))


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"same static", "range"}))
def test_loops_are_written_out_in_whole_columns(name: str) -> None:
    found = changes(ApplyRows(), program(FUNCTIONS[name]), {"df": frames()["mixed"]})
    assert any("whole columns" in c.title for c in found), [c.title for c in found]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_understood_keeps_its_rows(name: str) -> None:
    text = program(REFUSED[name])
    found = changes(ApplyRows(), text, {"df": frames()["mixed"]})
    assert not any("whole columns" in c.title for c in found)
    for change in found:
        compile(after(text, change), "s.py", "exec")


ELEMENTS = {
    "night": 'lambda h: "night" if h < 6 else ("day" if h < 18 else "evening")',
    "hour": "lambda t: int(t // 3) % 24",
    "levels": "lambda x: next_level(x)",
    "get": "lambda x: NAMES.get(x, 'none')",
    "in": "lambda x: 1 if x in (2, 4, 8) else 0",
    "table": "lambda x: SCALE[0] * x + SCALE[1]",
}
ELEMENT_HEAD = """NAMES = {2: "two", 4: "four", 5: "five"}
SCALE = (1.5, 2)
BOUNDS = [(1, "a"), (5, "b"), (9, "c")]


def next_level(x):
    for bound, word in BOUNDS:
        if x < bound:
            return word
    return "z"


"""


@pytest.mark.parametrize("name", ELEMENTS)
@pytest.mark.parametrize("column", ["a", "b"])
def test_elements(name: str, column: str) -> None:
    text = HEAD + ELEMENT_HEAD + f"def work(df):\n    return df[{column!r}].apply({ELEMENTS[name]})\n"
    check(Elementwise(), text, {"df": frames()["mixed"]}, frame_inputs(3))


AROUND = {
    "lambda": "df['a'].apply(lambda x: (x - mean) / deviation)",
    "branch": "df['a'].apply(lambda x: 'high' if x > mean else 'low')",
    "rows": "df.apply(lambda r: (r['a'] - mean) * count + r['c'], axis=1)",
    "whole": "df['b'].map(lambda x: x // count + x % count)",
    "nested": "df['a'].apply(scaled)",
    "assigned": "df.apply(other, axis=1)",
}


@pytest.mark.parametrize("name", AROUND)
@pytest.mark.parametrize("mean", [1.5, 0.0, float("nan"), float("inf"), 2, True, "x", None])
@pytest.mark.parametrize("count", [3, 0, 2**40])
def test_numbers_from_around_the_function(name: str, mean: object, count: int) -> None:
    import numpy as np

    text = HEAD + "def work(df, mean, deviation, count):\n    def scaled(x):\n        return x * mean - deviation\n\n"
    text += "    other = lambda row: max(row['a'], row['c']) * mean\n"
    text += f"    return {AROUND[name]}\n"
    seen = {"df": frames()["mixed"], "mean": 1.5, "deviation": np.float64(2.0), "count": 3}
    made = [
        lambda m=make: {**m(), "mean": mean, "deviation": np.float64(0.5), "count": count} for make in frame_inputs(1)
    ]
    new = check(Elementwise() if "axis" not in AROUND[name] else ApplyRows(), text, seen, made)
    assert "_certain(" in new[0]


def test_names_that_mean_something_else_at_the_call() -> None:
    text = HEAD + "LEVEL = float('1')\n\n\ndef one(x):\n    return x * LEVEL\n\n\n"
    inputs = {"df": frames()["mixed"], "LEVEL": 1.0}
    assert not changes(Elementwise(), text + "def work(df, LEVEL):\n    return df['a'].apply(one)\n", inputs)
    assert changes(Elementwise(), text + "def work(df):\n    return df['a'].apply(one)\n", inputs)
    late = "def work(df):\n    def f(x):\n        y = x * LEVEL\n        LEVEL = 2.0\n        return y\n    return df['a'].apply(f)\n"
    assert not changes(Elementwise(), text + late, inputs)
