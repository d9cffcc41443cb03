"""HST202 and HST203: tables that a row function looks its cells up in, and columns of labels that a variable holds."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.passes.source.columns.apply_rows import ApplyRows
from hasten.passes.source.columns.elementwise import Elementwise
from tests.passes.test_columns_support import HEAD, after, changes, check, frame_inputs, frames, run

WORDS = {"x": 1.5, "y": -2.0, "high": 0.25}
WHOLE = {value: value / 4 for value in range(-8, 24)}


class Odd(dict):  # type: ignore[type-arg]
    def __missing__(self, key: object) -> float:
        return 7.5


class Key:
    def __hash__(self) -> int:
        return hash("x")

    def __eq__(self, other: object) -> bool:
        print("asked")
        return self is other


KEY = Key()


BODIES = {
    "word": ("row['a'] * table[row['s']]", WORDS),
    "both": ("(row['c'] - table[(row['s'], 'm')]) / table[(row['s'], 'd')]", {(k, w): v for k, v in WORDS.items() for w in "md"}),
    "whole number": ("row['a'] + table[row['b']]", WHOLE),
    "computed key": ("row['a'] - table[row['b'] // 2]", WHOLE),
    "get": ("row['a'] + table.get(row['s'], 0.5)", {"x": 1.5}),
    "get whole": ("table.get(row['s'], 0)", {"x": 1.5}),
    "counted": ("row['b'] * table[row['s']]", {"x": 2, "y": -3, "high": 2**40}),
    "words": ("table[row['s']] if row['a'] > 0 else 'none'", {"x": "one", "y": "two\0", "high": ""}),
    "member": ("1 if row['s'] in table else 0", {"x": 0.0}),
    "no member": ("row['a'] if row['s'] not in table and row['c'] > 0 else -1.0", {"x", "q"}),
    "guarded": ("row['a'] / table[row['s']] if row['s'] in table else 0.0", {"x": 0.0, "y": 3.0}),
    "missing": ("table.get(row['s'], 'none')", {"x": "a", np.nan: "gone", None: "nothing"}),
    "missing number": ("row['b'] + table.get(row['a'], 0.5)", {np.nan: 2.0, 1.0: 3.0}),
    "missing pair": ("table.get((row['s'], row['a']), -1)", {("x", np.nan): 2, (np.nan, np.nan): 3, ("x", 1.0): 4}),
    "missing label": ("table[row['a']]", pd.Series([1.0, 2.5], index=[np.nan, 1.0])),
    "handed on": ("scaled(row, table, 2)", WORDS),
    "handed on twice": ("scaled(row, table=table) + factor(table, row['s'])", WORDS),
    "of the module": ("known(row)", WORDS),
    "nested": ("row['a'] * table[row['s']]['m']", {k: {"m": v, "d": 1.0} for k, v in WORDS.items()}),
    "two cells": ("row['c'] * table[row['s'], row['b']]", {(s, b): b / 3 for s in WORDS for b in range(-5, 20)}),
    "series": ("row['a'] - table[row['s']]", pd.Series(WORDS)),
    "series at": ("row['a'] - table.loc[row['s']]", pd.Series(WORDS)),
    "series whole": ("row['a'] - table[row['b']]", pd.Series(WHOLE)),
    "frame": ("row['a'] / table.loc[row['s'], 'm']", pd.DataFrame({"m": pd.Series(WORDS), "n": list("abc")})),
    "frame at": ("row['a'] / table.at[row['s'], 'm']", pd.DataFrame({"m": pd.Series(WORDS), "n": list("abc")})),
}  # fmt: skip
HELPERS = """KNOWN = {"x": 1.5, "y": 2.0}
FACTORS = dict([("x", 0.5), ("y", 1.0), ("high", 4.0)])


def factor(words, key):
    return words[key] if key in words else FACTORS[key]


def scaled(row, table, power=1):
    base = row["a"] * factor(table, row["s"])
    return base * power


def known(row):
    return KNOWN.get(row["s"], -1.0) + FACTORS[row["s"]]


"""
OTHERS: dict[str, Callable[[Any], Any]] = {
    "same": lambda table: table,
    "empty": lambda table: type(table)(),
    "subclass": lambda table: Odd(table) if isinstance(table, dict) else table,
    "default": lambda table: defaultdict(lambda: 2.5, table) if isinstance(table, dict) else table,
    "ordered": lambda table: OrderedDict(table) if isinstance(table, dict) else table,
    "other values": lambda table: dict.fromkeys(table, None) if isinstance(table, dict) else table,
    "huge": lambda table: dict.fromkeys(table, 2**70) if isinstance(table, dict) else table,
    "flags": lambda table: dict.fromkeys(table, True) if isinstance(table, dict) else table,
    "nan": lambda table: dict.fromkeys(table, float("nan")) if isinstance(table, dict) else table,
    "odd key": lambda table: {KEY: 1.0, **table} if isinstance(table, dict) else table,
    "double": lambda table: pd.concat([table, table]) if isinstance(table, (pd.Series, pd.DataFrame)) else table,
    "none": lambda table: None,
    "list": lambda table: list(table),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("seen", ["mixed", "numeric"])
def test_tables_give_the_same_on_every_frame(name: str, seen: str) -> None:
    body, table = BODIES[name]
    if seen == "numeric" and ("'s'" in body or "row[" not in body):
        return
    text = HEAD + HELPERS + f"def work(df, table):\n    return df.apply(lambda row: {body}, axis=1)\n"
    made = [lambda m=m: {**m(), "table": table} for m in frame_inputs(8)]
    around = {"df": frames()[seen], "table": table, "KNOWN": WORDS, "FACTORS": WORDS}
    texts = check(ApplyRows(), text, around, made)
    assert "_by_key(" in texts[0]


@pytest.mark.parametrize("name", BODIES)
def test_other_tables_than_the_one_seen(name: str) -> None:
    body, table = BODIES[name]
    text = HEAD + HELPERS + f"def work(df, table):\n    return df.apply(lambda row: {body}, axis=1)\n"
    mixed = frames()["mixed"]
    made = [lambda o=other: {"df": mixed.copy(), "table": o(table)} for other in OTHERS.values()]
    check(ApplyRows(), text, {"df": frames()["mixed"], "table": table}, made)


LABELS = {
    "cell": "df.apply(lambda row: row[s] * 2, axis=1)",
    "standardised": "df.apply(lambda row: (row[s] - table[(row['b'], s)]) / table[(row['b'], 'd')], axis=1)",
    "compared": "df.apply(lambda row: row['a'] if row['s'] == s else row['c'], axis=1)",
    "two": "df.apply(lambda row: row[s] - row['a'], axis=1)",
}


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("seen", ["mixed", "numeric"])
def test_columns_of_labels_in_variables(name: str, seen: str) -> None:
    if seen == "numeric" and name == "compared":
        return
    table = {(b, w): b / 3 for b in range(-5, 20) for w in ("a", "d")}
    text = HEAD + f"def work(df, s, table):\n    return {LABELS[name]}\n"
    frame = frames()[seen]
    labels = ["a", "b", "s", "z", "x\0", "", 3, None, ["a"], np.str_("a")]
    made = [lambda s=s: {"df": frame.copy(), "s": s, "table": table} for s in labels]
    texts = check(ApplyRows(), text, {"df": frame, "s": "a", "table": table}, made)
    assert "_apply_to_columns(" in texts[0] and ("_ints(" in texts[0]) == (seen == "mixed" and name != "compared")


@pytest.mark.parametrize("body", ["table[x] * 2", "table.get(x, 0.0) + x", "x if x in table else -1", "words[x]"])
def test_elements_that_are_looked_up(body: str) -> None:
    text = HEAD + f"def work(df, table, words):\n    return df['b'].apply(lambda x: {body})\n"
    words = {k: str(k) for k in WHOLE}
    made = [lambda m=m: {**m(), "table": WHOLE, "words": words} for m in frame_inputs(8)]
    check(Elementwise(), text, {"df": frames()["mixed"], "table": WHOLE, "words": words}, made)


@pytest.mark.parametrize(
    "body",
    [
        "tables[row['s']]()",
        "table[row['s']].real",
        "table.pop(row['s'])",
        "table.setdefault(row['s'], 1.0)",
        "table[row['s']] + table.__len__()",
        "table[row]",
        "table[row['a':'b']]",
        "whole.loc[row['s']]['m']",
    ],
)
def test_what_is_no_plain_lookup_keeps_its_rows(body: str) -> None:
    text = HEAD + f"def work(df, table, tables, whole):\n    return df.apply(lambda row: {body}, axis=1)\n"
    given = {"table": WORDS, "tables": {"x": int}, "whole": pd.DataFrame({"m": pd.Series(WORDS)})}
    found = changes(ApplyRows(), text, {"df": frames()["mixed"], **given})
    assert not any("whole columns" in c.title for c in found)


def test_a_name_that_means_another_table_at_the_call() -> None:
    text = HEAD + "TABLE = dict(x=1.0)\n\n\ndef one(row):\n    return TABLE[row['s']]\n\n\n"
    inputs = {"df": frames()["mixed"], "TABLE": WORDS}
    there, hidden = "def work(df):\n    return df.apply(one, axis=1)\n", "def work(df, TABLE):\n    return df.apply(one, axis=1)\n"  # fmt: skip
    assert any("whole columns" in c.title for c in changes(ApplyRows(), text + there, inputs))
    assert not any("whole columns" in c.title for c in changes(ApplyRows(), text + hidden, inputs))


def test_rows_from_lists_raise_as_pandas_does() -> None:
    """Found in a program: a column that is not there was another exception's cause."""
    text = HEAD + "def work(df, names):\n    return df.apply(lambda row: sum(row[n] for n in names), axis=1)\n"
    (change,) = changes(ApplyRows(), text, {"df": frames()["mixed"], "names": ["a"]})
    for made in (text, after(text, change)):
        space: dict[str, Any] = {}
        exec(made, space)
        with pytest.raises(KeyError) as caught:
            space["work"](frames()["mixed"], ["a", "z"])
        assert isinstance(caught.value.__cause__, KeyError)
    assert run(text, lambda: {"df": frames()["mixed"], "names": ["z"]})[1] == (KeyError, ("z",))


TIMES = {
    "parts": "(row['t'].year - 2020) * 12 + row['t'].month + row['t'].day_of_week",
    "weekend": "1 if row['t'].weekday() >= 5 and row['a'] > 0 else 0",
    "words": "row['t'].strftime('%Y-%m') if row['b'] > 3 else row['t'].day_name()",
    "compared": "row['a'] if row['t'] < row['u'] else row['c']",
    "days": "(row['u'] - row['t']).days * row['b']",
    "hours": "(row['u'] - row['t']).total_seconds() / 3600",
    "since": "(now - row['t']).days if row['t'] <= now else -1",
    "first": "(row['t'].year - table[row['s']].year) * 12 + row['t'].month - table[row['s']].month",
    "gap": "(row['t'] - table[row['s']]).days",
    "first as text": "table[row['s']].strftime('%Y-%m')",
    "looked up": "days[row['t']]",
}


def times(unit: str = "us", start: str = "2020-01-31") -> pd.DataFrame:
    frame = frames()["mixed"]
    t = pd.Series(pd.date_range(start, periods=len(frame), freq="10h")).dt.as_unit(unit)
    return frame.assign(t=t, u=t.iloc[::-1].to_numpy())


TIMED: list[Callable[[], pd.DataFrame]] = [
    times,
    lambda: times("s", "1677-09-22"),
    lambda: times("ns"),
    lambda: times("s", "9999-12-01"),
    lambda: times().assign(t=lambda d: d["t"].where(d["b"] > 3)),
    lambda: times().assign(t=lambda d: d["t"].dt.tz_localize("UTC")),
    lambda: times().assign(t=lambda d: d["t"].astype(str)),
    lambda: times().assign(u=lambda d: d["u"].dt.as_unit("ns")),
    lambda: times().assign(t=lambda d: d["t"].astype(object)),
    lambda: times().iloc[::-1],
    lambda: times().iloc[:0],
    lambda: times()[["t", "u"]],
    lambda: times().assign(s="z"),
]


@pytest.mark.parametrize("name", TIMES)
def test_times(name: str) -> None:
    text = HEAD + f"def work(df, now, table, days):\n    return df.apply(lambda row: {TIMES[name]}, axis=1)\n"
    first = {"x": pd.Timestamp("2019-12-01"), "y": pd.Timestamp("2020-02-03 04:05"), "high": pd.Timestamp("2020-01-01")}
    given = {"now": pd.Timestamp("2020-02-01"), "table": first, "days": dict.fromkeys(times()["t"], 1.5)}
    tz, old = pd.Timestamp("2020", tz="UTC"), pd.Timestamp("1000-01-01")
    others = [{}, {"now": tz}, {"now": pd.NaT}, {"now": 3}, {"now": old}, {"table": dict.fromkeys("xy", tz)}]
    others += [{"table": {**first, "x": pd.NaT}}, {"table": {**first, "x": first["x"].as_unit("ns")}}]
    made = [lambda f=f: {"df": f(), **given} for f in (TIMED if "t'] -" in TIMES[name] else TIMED[::2])]
    made += [lambda o=o: {"df": times(), **given, **o} for o in others]
    texts = check(ApplyRows(), text, {"df": times(), **given}, made)
    assert "_apply_to_columns(" in texts[0]


@pytest.mark.parametrize("body", ["d.month", "d.hour * 60 + d.minute", "d.strftime('%m') + '-'", "(now - d).days", "d"])
def test_elements_that_are_times(body: str) -> None:
    text = HEAD + f"def work(df, now):\n    return df['t'].apply(lambda d: {body})\n"
    made = [lambda f=f: {"df": f(), "now": pd.Timestamp("2020-02-01")} for f in TIMED]
    found = changes(Elementwise(), text, {"df": times(), "now": pd.Timestamp("2020-02-01")})
    assert bool(found) == (body not in ("d", "d.strftime('%m') + '-'"))
    if found:
        check(Elementwise(), text, {"df": times(), "now": pd.Timestamp("2020-02-01")}, made)
