"""HST202: names around a row function that have one value for all rows, found by a hostile reader."""

from __future__ import annotations

import pandas as pd
import pytest

from hasten.passes.source.columns.apply_rows import ApplyRows
from tests.passes.test_columns_support import HEAD, changes, check, frames

WORDS = {"x": 1.5, "y": -2.0, "high": 0.25}
# `~True` is -2, and whatever is no array has no length
BODIES = [
    "return row['a'] if not (k > 3) else 1.0",
    "return row['b'] if not k else 2",
    "return row['a'] > 0 and not (k > 3 and j > 0)",
    "return table[(row['s'], k + 1)] if not (k > 3) else 1.0",
    "return row['a'] if k not in (2, 3) else 0.0",
    "if k > 3:|    return 1|if k > 1:|    return 2|return row['b']",
    "if not k > 3:|    return 1.0|return row['a'] / k",
    "for i in range(3):|    if k > i:|        continue|    return row['a']|return row['c']",
    "a = row['a']|return k * 2",
    "a = row['a']|return k > 3",
    "return table[(row['s'], (now - then).days)] * row['a']",
    "return row['a'] if not now > then else 1.0",
    "return row['s'] if word != 'x' else word",
]


@pytest.mark.parametrize("body", BODIES)
def test_conditions_that_are_the_same_for_all_rows(body: str) -> None:
    lines = "".join(f"        {line}\n" for line in body.split("|"))
    text = (
        HEAD
        + f"def work(df, k, j, table, now, then, word):\n    def one(row):\n{lines}    return df.apply(one, axis=1)\n"
    )
    table = {(s, n): n / 3 for s in WORDS for n in (1, 3, 6, 31)}
    times = {"now": pd.Timestamp("2020-02-01"), "then": pd.Timestamp("2020-01-01")}
    around = {"k": 2, "j": 2.5, "table": table, **times, "word": "y"}
    frame = frames()["mixed"]
    others = [{}, {"k": 5}, {"k": 0}, {"k": True}, {"j": -1.0}, {"then": times["now"]}, {"word": "x"}, {"word": ""}]
    made = [lambda o=o: {"df": frame.copy(), **around, **o} for o in others]
    check(ApplyRows(), text, {"df": frame, **around}, made)


def test_a_table_that_no_row_asks_need_not_be_there() -> None:
    text = HEAD + (
        "def work(df, table, there):\n    if not there:\n        del table\n"
        "    return df.apply(lambda row: table[row['s']] if row['a'] > 1e9 else 0.5, axis=1)\n"
    )
    made = [lambda t=t: {"df": frames()["mixed"], "table": WORDS, "there": t} for t in (True, False)]
    check(ApplyRows(), text, {"df": frames()["mixed"], "table": WORDS, "there": True}, made)


def test_a_key_without_end_is_no_name() -> None:
    text = HEAD + "def work(df, table):\n    return df.apply(lambda row: table[(row['s'], 1e999)], axis=1)\n"
    table = {(word, float("inf")): 1.0 for word in WORDS}
    found = changes(ApplyRows(), text, {"df": frames()["mixed"], "table": table})
    assert not any("whole columns" in c.title for c in found)
