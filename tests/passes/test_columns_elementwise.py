"""HST203: Python functions of every element."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hasten.passes.source.columns.elementwise import Elementwise
from tests.passes.test_columns_support import HEAD, Sub, after, changes, check, run, same

HELPERS = """FACTOR = 1.8


def level(x):
    if x < 0:
        return 0
    elif x < 5:
        return x * 2
    return 10.5


def word(x):
    if x > 3:
        return 'many'
    return 'few'


"""
FUNCTIONS = {
    "linear": "lambda x: x * 1.8 + 32",
    "constant": "lambda x: x * FACTOR - 1",
    "clip": "lambda x: min(max(x, 0.5), 7.25)",
    "level": "level",
    "word": "word",
    "inverse": "lambda x: 1 / x if x else 0.0",
    "plain inverse": "lambda x: 1 / x",
    "root": "lambda x: math.sqrt(x)",
    "whole": "lambda x: int(x)",
    "square": "lambda x: x ** 2",
    "parity": "lambda x: x % 2 == 0",
    "floor": "lambda x: x // 3",
    "mod": "lambda x: x % 3",
    "negative": "lambda x: -x",
    "odd": "lambda x: 3 * x + 1 if x % 2 else x // 2",
    "flag": "lambda x: not x > 2",
    "fmod": "lambda x: x % 0.7",
    "rounded": "lambda x: round(x)",
    "abs": "lambda v: abs(v) * 2 - v",
    "at least": "lambda x: max(0, x)",
    "cap": "lambda x: min(x, 3) + 1",
    "sign": "lambda x: np.sign(x)",
    "signed log": "lambda x: np.sign(x) * np.log1p(abs(x))",
    "signed root": "lambda x: math.sqrt(abs(x)) * np.sign(x) if np.sign(x) < 0 else x",
}


def columns() -> dict[str, pd.Series]:
    rng = np.random.default_rng(2)
    f = pd.Series(rng.normal(size=9) * 5, name="v")
    i = pd.Series(rng.integers(-9, 30, 9), name="v")
    return {
        "float": f,
        "int": i,
        "nan": f.mask(f > 1),
        "zero": f * 0,
        "minus zero": f * -0.0,
        "inf": f / 0,
        "huge": f * 1e307,
        "huge int": i * 2**57,
        "bool": i > 3,
        "empty": f.iloc[:0],
        "objects": f.astype(object),
        "object ints": i.astype(object),
        "big object ints": i.astype(object) * 10**30,
        "nullable": i.astype("Int64"),
        "f32": f.astype("f4"),
        "i8": i.astype("i1"),
        "labels": f.set_axis(list("aabbccdde")),
        "text": i.astype(str),
        "dates": pd.Series(pd.date_range("2020", periods=9), name="v"),
        "category": i.astype("category"),
        "unnamed": f.rename(None),
        "complex": f.astype(complex),
        "positive": f.abs() + 1,
        "one": i.iloc[:1],
        "filtered": i[i > 4],
        "u64": i.abs().astype("u8"),
        "td": pd.to_timedelta(i),
    }


def inputs() -> list[Callable[[], dict[str, Any]]]:
    return [lambda s=s: {"df": pd.DataFrame({"v": s})} for s in columns().values()] + [
        lambda: {"df": Sub({"v": [1.0, 2.0]})},
        lambda: {"df": pd.DataFrame({"w": [1]})},
        lambda: {"df": {"v": pd.Series([1.5], name="q")}},
        lambda: {"df": {"v": [1.5]}},
        lambda: {"df": pd.concat([pd.DataFrame({"v": [1.0]})] * 2, axis=1)},
    ]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("seen", ["float", "int"])
@pytest.mark.parametrize("method", ["apply", "map"])
def test_functions_give_the_same_on_every_series(name: str, seen: str, method: str) -> None:
    text = HEAD + HELPERS + f"def work(df):\n    return df['v'].{method}({FUNCTIONS[name]})\n"
    check(
        Elementwise(),
        text,
        {"df": pd.DataFrame({"v": columns()[seen]})},
        inputs(),
        0 if name in ("whole", "rounded") else 1,
    )


def test_a_column_that_a_variable_names() -> None:
    text = HEAD + "def work(df, c):\n    return df[c].apply(lambda v: np.sign(v) * np.log1p(abs(v)))\n"
    frame = pd.DataFrame({"v": columns()["float"], "n": columns()["int"], "t": columns()["text"]})
    check(
        Elementwise(), text, {"df": frame, "c": "v"},
        [lambda c=c: {"df": frame[["v", "n"]], "c": c} for c in ("v", "n", ["v", "n"], ["v"], 3)], 2,
    )  # fmt: skip


def test_text_and_bool() -> None:
    for body, values in (
        ("lambda x: 1 if x == 'a' else 2", list("aba")),
        ("lambda x: 'yes' if x else 'no'", [True, False, True]),
        ("lambda x: x in ('a', 'c')", ["a", None, "b"]),
    ):
        text = HEAD + f"def work(s):\n    return s.map({body})\n"
        check(
            Elementwise(),
            text,
            {"s": pd.Series(values)},
            [
                lambda v=v: {"s": pd.Series(v)}
                for v in (values, ["a", None], [None, None], [1, "a"], [np.nan, "c"], [], [True])
            ],
        )


@pytest.mark.parametrize(
    "body",
    [
        "lambda x: x",
        "lambda x: 1",
        "lambda x: x.upper()",
        "lambda x: D.get(x)",
        "lambda x: round(x, 2)",
        "lambda x: print(x)",
        "lambda x: seen.append(x)",
        "str",
        "lambda x: x if x > 0 else None",
    ],
)
def test_what_is_not_understood_stays(body: str) -> None:
    assert not changes(
        Elementwise(),
        HEAD + f"D = {{}}\nseen = []\ndef work(s):\n    return s.map({body})\n",
        {"s": columns()["float"]},
    )


TEXTS = {
    kind: [
        (old, after(old, c))
        for old in [HEAD + HELPERS + f"def work(df):\n    return df['v'].map({f})\n" for f in FUNCTIONS.values()]
        for c in changes(Elementwise(), old, {"df": pd.DataFrame({"v": columns()[kind]})})
    ]
    for kind in ("float", "int")
}


@settings(max_examples=60, deadline=None, database=None)
@given(st.data())
def test_any_numbers(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["float", "int"]))
    one = (
        st.floats() | st.floats(-20, 20) if kind == "float" else st.integers(-(2**63), 2**63 - 1) | st.integers(-20, 20)
    )
    values = data.draw(st.lists(one, min_size=1, max_size=6))
    old, new = data.draw(st.sampled_from(TEXTS[kind]))
    make = lambda: {"df": pd.DataFrame({"v": pd.Series(values, dtype=f"{kind}64")})}  # noqa: E731
    for x, y in zip(run(old, make), run(new, make), strict=True):
        assert same(x, y) or "**" in old, f"{values}\n{x}\n{y}\n{new}"


def test_parts_of_a_chained_comparison_stay_apart() -> None:
    from hasten.core.source import SourceFile
    from hasten.passes.source.columns.syntax import Fresh
    from hasten.passes.source.columns.unroll import RowVectoriser
    from hasten.passes.source.columns.vector import Path as Rows
    from hasten.passes.source.columns.vector import Value

    source = SourceFile("a.py", b"def f(v):\n    return 0 < v + v < v * 2\n")
    v = RowVectoriser.of(source, "np", Fresh(source), list(source.tree.body))
    (function,) = source.tree.body
    values = {"v": Value("x", "int", -5, 5, boxed=True, simple=True)}
    assert isinstance(function, ast.FunctionDef)
    assert v.function(function.body, values, Rows()).text == "(0 < (x + x)) & ((x + x) < (x * 2))"
