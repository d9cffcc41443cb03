"""HST211: all that one loop does with frames, in one change."""

from __future__ import annotations

import pandas as pd
import pytest

from hasten.passes.source.columns.parts import Parts
from hasten.passes.source.columns.together import Together
from tests.passes.test_columns_support import HEAD, changes, check, frame_inputs, frames

WINDOWS = """
def work(df):
    rows = []
    for key in sorted(df["b"].unique()):
        part = df[df["b"] == key].reset_index(drop=True)
        for i in range(len(part)):
            start = max(0, i - 2)
            window = part.iloc[start : i + 1]
            feats = {"key": key, "c": part.loc[i, "c"]}
            for s in ["a", "c"]:
                feats[s + " mean"] = window[s].mean()
                feats[s + " range"] = window[s].max() - window[s].min()
                feats[s + " last"] = part.loc[i, s]
            rows.append(feats)
    return pd.DataFrame(rows)
"""
GROWING = """
def work(df):
    table = pd.DataFrame()
    for key in df["b"].unique():
        mine = df[df["b"] == key]
        record = pd.DataFrame({"key": [key], "n": [len(mine)], "sum": [mine["a"].sum()], "first": [mine["c"].iloc[0]]})
        table = pd.concat([table, record], ignore_index=True)
    return table
"""
INLINE = """
def work(df):
    table = pd.DataFrame({"key": [], "sum": []})
    for key in df["b"].unique():
        table = pd.concat([table, pd.DataFrame({"key": [key], "sum": [df[df["b"] == key]["a"].sum()]})])
    return table
"""
LISTED = """
def work(df):
    out = []
    for i in range(len(df)):
        near = df[(df["b"] >= df.loc[i, "b"] - 1) & (df["b"] <= df.loc[i, "b"] + 1)]
        out.append((sorted(near["a"]), list(near["s"]), [x for x in near["c"]], near["a"].mean(), df["c"].iloc[i]))
    return out
"""
MANY = """
def work(df):
    out = []
    for _ in range(12):
        for key in df["b"]:
            out.append((df[df["b"] == key]["a"].sum(), df.loc[0, "c"]))
        for word in ["x", "y", "nowhere"]:
            out.append((df[df["s"] == word]["c"].mean(), len(df[(df["s"] == word) & (df["b"] == 4)])))
        for number in (4, 4.0, True, -0.0, float("nan"), None, "4", 2**70):
            out.append(len(df[df["a"] == number]))
    return out
"""


@pytest.mark.parametrize("text", [WINDOWS, GROWING, INLINE, LISTED], ids=["windows", "growing", "inline", "listed"])
def test_programs_give_the_same_on_every_frame(text: str) -> None:
    check(Together(), HEAD + text, {"df": frames()["mixed"]}, frame_inputs(3))


def test_filters_that_are_asked_for_often() -> None:
    check(Parts(), HEAD + MANY, {"df": frames()["mixed"]}, frame_inputs(3))


def test_the_loop_that_grows_keeps_what_it_had_when_it_fails() -> None:
    text = HEAD + GROWING.replace("def work(df):", "for df in DATA:")
    text = text.replace("    return table\n", "")
    (change,) = changes(Together(), text, {"df": frames()["mixed"]}, function=None)
    new = "".join(e.text for e in change.edits)
    assert "    try:\n        for key in" in new
    assert "    finally:\n        table = _join_rows(table_parts" in new


def test_one_kind_of_work_is_left_to_its_own_pass() -> None:
    text = HEAD + "def work(df):\n    return [df.loc[i, 'a'] for i in range(len(df))]\n"
    assert not changes(Together(), text, {"df": frames()["mixed"]})
    text = (
        HEAD
        + "def work(df, other):\n    for k in df['b']:\n        df.loc[0, 'a'] = k\n        other = pd.concat([other, df[df['b'] == k]])\n"
    )
    assert not changes(Together(), text, {"df": frames()["mixed"]})


def test_parts_that_are_walked_over() -> None:
    text = "def work(df):\n    out = []\n    for k in df['b'].unique():\n        part = df[df['b'] == k]\n"
    text += "        out.append((part['a'].sum(), [type(x) for x in part['b']], sum(part['a']), list(part['s'])))\n    return out\n"
    check(Parts(), HEAD + text, {"df": frames()["mixed"]}, frame_inputs(3))
    assert pd is not None
