"""Facts of values: exact where it matters, bounded always."""

from __future__ import annotations

import collections
import math
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.core.facts import ABSENT, ValueFact
from hasten.observe.describe import describe, join, shape_of


class Model:
    def __init__(self) -> None:
        self.w = [1.0, 2.0]
        self.me = self


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self) -> None:
        self.a = 1


class Point:
    __slots__ = ("x", "y")

    def __init__(self, x: object, y: object) -> None:
        self.x = x
        self.y = y


class Bare:
    def __init__(self, **own: object) -> None:
        self.__dict__.update(own)


class Under(Point):
    """Slots of a base, and attributes of its own."""

    def __init__(self, x: object) -> None:
        super().__init__(x, 1)
        self.z = 2.5


class Numbers(np.ndarray):
    def __new__(cls) -> Numbers:
        return np.arange(3.0).view(cls)


class Lies:
    """Neither of these may be called."""

    value = 1

    def __init__(self) -> None:
        object.__setattr__(self, "kept", 1)

    def __getattribute__(self, name: str) -> Any:
        if name in ("__class__", "__module__"):
            return object.__getattribute__(self, name)
        raise AssertionError(f"describing must not call a user's methods ({name})")


class Loud(list):  # type: ignore[type-arg]
    def __iter__(self) -> Any:
        raise AssertionError("describing must not call a user's methods")

    __len__ = __getitem__ = __iter__


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "builtins.NoneType"),
        (True, "builtins.bool"),
        (1, "builtins.int"),
        (np.True_, "numpy.bool"),
        (np.float64(1), "numpy.float64"),
        (1.0, "builtins.float"),
        (collections.Counter(), "collections.Counter"),
        (pd.DataFrame(), "pandas.DataFrame"),
        (pd.Series([1]), "pandas.Series"),
        (len, "builtins.builtin_function_or_method"),
    ],
)
def test_types_are_exact(value: object, name: str) -> None:
    assert describe(value).type == name


def test_ranges_and_hazards() -> None:
    fact = describe([3, -1, 2**70, 1.5, float("nan"), float("inf"), None])
    ints, floats, none = fact.items
    assert (ints.low, ints.high) == (-1, 2**70)
    assert (floats.low, floats.high, floats.note) == (1.5, float("inf"), ("hasnan", "hasinf"))
    assert none.type == "builtins.NoneType"
    assert fact.complete
    assert describe(10**5000).high == float("inf")


def test_nested_lists() -> None:
    assert describe([[1, 2], [3, 4]]).note == ("rectangular",)
    assert shape_of(describe([[[1], [2]], [[3], [4]]])) == (2, 2, 1)
    assert "rectangular" not in describe([[1], [2, 3]]).note
    assert "rectangular" not in describe([[1], (2,)]).note
    assert "rectangular" not in describe([[1], 2]).note
    row = [0, 0]
    assert "aliased" in describe([row, row]).note
    kinds = describe([[1], [1.5]]).items[0].items
    assert [k.type for k in kinds] == ["builtins.int", "builtins.float"]


def test_arrays() -> None:
    fact = describe(np.array([[1.0, np.nan], [3.0, 4.0]]).T)
    assert (fact.dtype, fact.ndim, fact.contiguous, fact.low, fact.high) == ("float64", 2, False, 1.0, 4.0)
    assert {"hasnan", "writeable", "f_contiguous"} <= set(fact.note)
    assert "owndata" not in fact.note
    frozen = np.zeros(2)
    frozen.flags.writeable = False
    assert "writeable" not in describe(frozen).note
    assert [f.type for f in describe(np.array([1, "a"], object)).items] == ["builtins.int", "builtins.str"]


def test_frames() -> None:
    fact = describe(pd.DataFrame({"a": [1, 2], "b": ["x", None]}, index=[3, 3]))
    assert dict(fact.columns)["a"] == "int64"
    assert "unique_columns" in fact.note
    assert "has_nan" in fact.note
    assert not {"unique_index", "range_index"} & set(fact.note)
    assert {"unique_index", "range_index"} <= set(describe(pd.DataFrame({"a": [1]})).note)


def test_objects_and_cycles() -> None:
    fact = describe(Model())
    weights = next(f for f in fact.items if "attribute=w" in f.note)
    assert (weights.type, weights.min_len) == ("builtins.list", 2)
    assert [f.note for f in describe(Slotted()).items] == [("attribute=a",)]
    loop: list[Any] = []
    loop.append(loop)
    assert describe(loop).type == "builtins.list"


def test_user_methods_are_not_called() -> None:
    fact = describe(Loud([1, 2]))
    assert fact.min_len == 2
    assert fact.items[0].high == 2


def test_a_budget_bounds_the_work() -> None:
    fact = describe([(i,) for i in range(10_000)], budget=500)
    assert not fact.complete
    assert fact.min_len == 10_000


def test_rare_kinds_beyond_the_budget_are_still_named() -> None:
    values: list[Any] = [(i,) for i in range(3000)]
    values[1501] = {1: 2}
    fact = describe(values, budget=1000)
    assert {f.type for f in fact.items} == {"builtins.tuple", "builtins.dict"}


def test_join_widens_ranges_and_keeps_only_shared_promises() -> None:
    a, b = describe([[1, 2], [3, 4]]), describe([[1, 2], [3]])
    (fact,) = join((a,), (b,))
    assert "rectangular" not in fact.note
    assert (fact.items[0].items[0].low, fact.items[0].items[0].high) == (1, 4)
    assert len(join((describe(1),), (describe(1.0),))) == 2
    assert len(join((describe(np.zeros(2)),), (describe(np.zeros((2, 2))),))) == 2
    clean, hazard = describe(np.ones(2)), describe(np.array([np.nan]))
    assert "hasnan" in join((clean,), (hazard,))[0].note


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=5) | st.tuples(inner) | st.dictionaries(st.text(max_size=2), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(values, values)
def test_joining_is_stable(a: object, b: object) -> None:
    x, y = describe(a), describe(b)
    once = join((x,), (y,))
    assert join(once, (x,)) == once
    assert join(once, once) == once


def test_small_dicts_are_described_key_by_key() -> None:
    rows = [{"id": 1, "name": "a", "lines": [{"n": 2}]}, {"id": 2.5, "name": None, "lines": [], "late": True}]
    (fact,) = describe(rows).items
    kinds = {key: [f.type.removeprefix("builtins.") for f in facts] for key, facts in fact.fields}
    assert kinds == {"id": ["int", "float"], "name": ["str", "NoneType"], "lines": ["list"], "late": ["bool", ABSENT]}
    (lines,) = dict(fact.fields)["lines"]
    assert dict(lines.items[0].fields)["n"][0].low == 2
    assert describe(rows[0]).fields and not describe({1: 2}).fields and not describe({}).fields
    assert not describe({f"k{i}": i for i in range(50)}).fields

    class Loud:
        def __hash__(self) -> int:
            return 1

    odd = {Loud(): 1}
    Loud.__hash__ = None  # type: ignore[method-assign, assignment]
    assert not describe([odd, odd]).items[0].fields
    many = describe([{"id": i, "name": "a"} for i in range(100)], budget=60)
    assert not many.complete and dict(many.items[0].fields)["id"][0].type == "builtins.int"
    joined = join((describe({"a": 1}),), (describe({}),))[0]
    assert [f.type for f in dict(joined.fields)["a"]] == ["builtins.int", ABSENT]
    assert not join((describe({"a": 1}),), (describe({1: 1}),))[0].fields
    ring: dict[str, object] = {"n": 1}
    ring["self"] = ring
    assert [f.complete for f in dict(describe(ring).fields)["self"]] == [False]


def test_nothing_heavy_is_imported() -> None:
    code = "import sys; from hasten.observe.describe import describe; describe([1]); print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def _one_by_one(values: list[object]) -> set[object]:
    """The same facts the long way: each element for itself, then joined."""
    return set(join(tuple(describe(v) for v in values), ()))


@pytest.mark.parametrize(
    "values",
    [
        [np.float64(1.5), np.float64(math.nan), np.float64(-2.0)],
        [np.float32(1.5), np.float64(math.inf), 2.0, 3, True, None, "a"],
        [np.int64(3), np.int64(-9), np.uint8(200), np.bool_(True)],
        [np.float64(math.nan)] * 2,
        [np.longdouble(1.5), np.timedelta64(3, "s"), np.datetime64("2020-01-01"), np.str_("x")],
        [[1, 2], [3, 4]],
        [[1.0, 2.0], [], [math.nan, -0.0]],
        [[1], [2.0, "x"], [None, True]],
        [(1, "a"), (2, "b\u00e9")],
        [{"a": 1.0}, {"b": 2}, {}],
        [[np.float64(1.0), 2], [np.float64(3.0), 4]],
        [[1 << 2000], [-(1 << 2000)]],
        [[], []],
        [[[1], [2]], [[3]]],
        [[1], (2,)],
        [[object()], [1]],
        [Point(1.0, 2), Point(math.nan, True), Point(-0.0, "x")],
        [Point([1.0], (1, 2)), Point([], (3, 4))],
        [Point({"a": 1}, np.zeros(3)), Point({"a": 2.5}, np.ones((2, 2)))],
        [Point(1, 2), Bare(), Point(3, 4)],
        [Bare(), Bare(), Bare(b=1)],
        [Slotted(), Slotted()],
        [Under([1, 2]), Under([3.0])],
        [Point(Point(1, 2), 3), Point(Point(2.0, None), 4)],
        [Point([Point(1, 2)], 3), Point([Point(2.0, None)] * 2, 4)],
        [Numbers(), Numbers()],
        [Lies(), Lies()],
    ],
)  # fmt: skip
def test_many_at_once_are_described_as_one_by_one(values: list[object]) -> None:
    found = set(describe(values).items)
    assert {_without_order(f) for f in found} == {_without_order(f) for f in _one_by_one(values)}


def _without_order(fact: ValueFact) -> object:
    parts = {n: frozenset(map(_without_order, getattr(fact, n))) for n in ("items", "keys")}
    return (replace(fact, items=(), keys=(), note=()), *parts.items(), frozenset(fact.note))


def test_rows_beyond_the_budget_are_incomplete() -> None:
    fact = describe([[float(i)] * 100 for i in range(1000)], budget=2000)
    assert not fact.complete or not all(f.complete for f in fact.items)


def test_many_objects_are_described_attribute_by_attribute() -> None:
    points = [Point(float(i), i) for i in range(30_000)]
    (fact,) = describe(points).items
    assert fact.complete
    assert [(f.type, f.low, f.high, f.note) for f in fact.items] == [
        ("builtins.float", 0.0, 29999.0, ("attribute=x",)), ("builtins.int", 0, 29999, ("attribute=y",)),
    ]  # fmt: skip
    (some,) = describe(points, budget=4000).items
    assert not some.complete and [f.note for f in some.items] == [("attribute=x",), ("attribute=y",)]


def test_objects_that_hold_one_another() -> None:
    ring = [Bare(value=1.5), Bare(value=2.5)]
    for a, b in zip(ring, reversed(ring), strict=True):
        a.near = [b, a]  # type: ignore[attr-defined]
    (fact,) = describe(ring).items
    value = next(f for f in fact.items if "attribute=value" in f.note)
    assert (value.low, value.high) == (1.5, 2.5)
