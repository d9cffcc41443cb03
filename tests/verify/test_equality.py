"""The comparator: every kind of difference that others call equal."""

from __future__ import annotations

import collections
import copy
import datetime
import decimal
import enum
import math
import random
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import example, given
from hypothesis import strategies as st

from hasten.core.contract import Contract
from hasten.verify.equality import _numpy_number, difference, first_difference

LOOSE, EXACT = Contract(), Contract(exact=True)


class Plain:
    def __init__(self, **kw: object) -> None:
        self.__dict__.update(kw)


class Liar(Plain):
    """Equal to everything, as far as its own `__eq__` says."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a: object) -> None:
        self.a = a


@dataclass(frozen=True, slots=True)
class Frozen:
    a: object


class Names(list):  # type: ignore[type-arg]
    pass


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Metres(float):
    pass


def frame(**kw: Any) -> pd.DataFrame:
    return pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"], **kw})


def attrs(value: Any, **kw: object) -> Any:
    value.attrs.update(kw)
    return value


nan, inf = float("nan"), float("inf")
DIFFERENT: list[tuple[Any, Any]] = [
    ([1], (1,)),
    (1, True),
    (1, 1.0),
    (1, np.int64(1)),
    (1.0, np.float64(1.0)),
    (np.float32(1), np.float64(1)),
    (True, np.True_),
    ("a", b"a"),
    (None, nan),
    (None, pd.NA),
    (nan, pd.NaT),
    (inf, -inf),
    (nan, 1.0),
    (10**12, 10**12 + 1),
    ([10**12], [10**12 + 10**6]),
    (2**70, 2**70 + 1),
    (1e-9, 5e-9),
    (1.0, 1.0 + 1e-8),
    (1e308, -1e308),
    (inf, 1.7e308),
    (1 + 1e-3j, 1 + 2e-3j),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({"a": 1}, {"a": 1.0}),
    ({1: 0}, {True: 0}),
    ({1}, {True}),
    ({1, 2}, {1, 3}),
    ({1}, frozenset({1})),
    ([1, 2], [2, 1]),
    ([1], [1, 1]),
    ([], ()),
    ("a", "a "),
    ("é", "e\u0301"),
    (bytearray(b"a"), b"a"),
    (range(3), range(4)),
    (range(3), [0, 1, 2]),
    (slice(1), slice(2)),
    (decimal.Decimal("1.0"), decimal.Decimal("1.00")),
    (Fraction(1, 2), Fraction(1, 3)),
    (datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)),
    (datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1)),
    (KeyError("x"), KeyError("y")),
    (KeyError("x"), IndexError("x")),
    (ValueError("x", 1), ValueError("x")),
    (Plain(a=1), Plain(a=2)),
    (Plain(a=1), Plain(b=1)),
    (Plain(a=1), Liar(a=1)),
    (Liar(a=1), Liar(a=2)),
    ([Liar(a=1)], [Liar(a=2)]),
    ({Liar(a=1)}, {Liar(a=2)}),
    (Slotted(1), Slotted(2)),
    (Frozen([1]), Frozen([2])),
    (Names([1]), [1]),
    (Names([1]), Names([2])),
    (Color.RED, Color.BLUE),
    (Metres(1), 1.0),
    (Metres(1), Metres(2)),
    (len, max),
    ([].append, [1].append),
    (random.Random(1), random.Random(2)),
    (np.random.default_rng(1), np.random.default_rng(2)),
    (np.random.RandomState(1), np.random.RandomState(2)),
    (collections.Counter("ab"), {"a": 1, "b": 1}),
    (collections.Counter("ab"), collections.Counter("abb")),
    (collections.defaultdict(list), collections.defaultdict(set)),
    (collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1)),
    (collections.deque([1], 2), collections.deque([1], 3)),
    (iter([1, 2]), iter([1, 3])),
    (np.zeros(3), np.zeros((3, 1))),
    (np.zeros(3), np.zeros(3, "f4")),
    (np.zeros(3), np.zeros(3, ">f8")),
    (np.zeros(3), [0.0, 0.0, 0.0]),
    (np.array(1.0), np.float64(1.0)),
    (np.array([1, 2]), np.array([1, 3])),
    (np.array([10**15]), np.array([10**15 + 1])),
    (np.array([1e-9]), np.array([5e-9])),
    (np.array([nan, 1.0]), np.array([1.0, nan])),
    (np.array([inf]), np.array([-inf])),
    (np.array([inf]), np.array([1e308])),
    (np.array(["a"]), np.array(["b"])),
    (np.array([1, 1.0], object), np.array([1.0, 1], object)),
    (np.array([None], object), np.array([nan], object)),
    (np.array([(1, 2.0)], "i4,f8"), np.array([(1, 2.5)], "i4,f8")),
    (np.array(["2020"], "M8[D]"), np.array(["NaT"], "M8[D]")),
    (np.array([1.0]), np.ma.array([1.0])),
    (np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 2], mask=[1, 1])),
    (sp.csr_array(np.eye(2)), sp.csc_array(np.eye(2))),
    (sp.csr_array(np.eye(2)), sp.csr_array(np.eye(2) * 2)),
    (frame(), frame().iloc[::-1]),
    (frame(), frame().rename(columns={"a": "c"})),
    (frame(), frame().astype({"a": float})),
    (frame(), frame().astype({"b": "category"})),
    (frame(), frame().set_index([[5, 6, 7]])),
    (frame(), frame().set_axis(pd.Index([0, 1, 2]))),
    (frame(), frame().rename_axis("i")),
    (frame(), frame().rename_axis("c", axis=1)),
    (frame(), attrs(frame(), unit="m")),
    (frame(), frame()[["b", "a"]]),
    (frame(c=[1, 2, 3]), frame(c=[1, 2, 4])),
    (frame(c=[1.0, 2, nan]), frame(c=[1.0, 2, 3])),
    (frame(c=[1, "a", None]), frame(c=[1, "a", nan])),
    (frame()["a"], frame()["a"].rename("b")),
    (pd.Series([1, 2]), pd.Series([1, 2], dtype="Int64")),
    (pd.Series([1, None], dtype="Int64"), pd.Series([1, 2], dtype="Int64")),
    (pd.Series(["a"], dtype="category"), pd.Series(pd.Categorical(["a"], ["a", "b"]))),
    (pd.Series(pd.Categorical(["a"], ordered=True)), pd.Series(pd.Categorical(["a"]))),
    (pd.to_datetime(pd.Series(["2020"])), pd.to_datetime(pd.Series(["2020"])).dt.tz_localize("UTC")),
    (pd.Timestamp("2020"), pd.Timestamp("2020", tz="UTC")),
    (pd.date_range("2020", periods=3), pd.DatetimeIndex(list(pd.date_range("2020", periods=3)))),
    (pd.MultiIndex.from_product([[1], ["a"]]), pd.MultiIndex.from_product([[1], ["b"]])),
    (pd.RangeIndex(3), pd.RangeIndex(4)),
]


@pytest.mark.parametrize(("a", "b"), DIFFERENT, ids=lambda v: type(v).__name__)
def test_different(a: Any, b: Any) -> None:
    for contract in (LOOSE, EXACT):
        assert difference(a, b, contract)
        assert difference(b, a, contract)
        assert difference([a], [b], contract, "result") is not None
    assert (difference({"k": [a]}, {"k": [b]}, LOOSE, "result") or "").startswith("result['k'][0]")


@pytest.mark.parametrize("value", [v for pair in DIFFERENT for v in pair], ids=lambda v: type(v).__name__)
def test_a_copy_is_equal(value: Any) -> None:
    try:
        twin = copy.deepcopy(value)
    except TypeError:
        twin = value
    for contract in (LOOSE, EXACT):
        assert difference(value, twin, contract) is None
        assert difference((value, [value]), (twin, [twin]), contract) is None


def test_rounding_is_forgiven_only_by_a_tolerance() -> None:
    pairs: list[tuple[Any, Any]] = [
        (1.0, 1.0 + 1e-12),
        ([0.1 + 0.2], [0.3]),
        (1 + 1j, 1 + 1j + 1e-14),
        (np.array([1.0, 0.0]), np.array([1.0, 5e-13])),  # small against the RMS of the array
        (pd.Series([1.0, 2.0]), pd.Series([1.0, 2.0 + 1e-12])),
        (0.0, -0.0),
        (np.array([0.0]), np.array([-0.0])),
        (np.array([1e300, 1e300]), np.array([1e300, 1e300 * (1 + 1e-12)])),
        ({1.0}, {1.0 + 1e-12}),
    ]
    for a, b in pairs:
        assert difference(a, b, LOOSE) is None
        if a == 0.0 if isinstance(a, float) else True:
            assert difference(a, b, EXACT) is not None


def test_nan_is_nan() -> None:
    for contract in (LOOSE, EXACT):
        assert difference(nan, -nan, contract) is None
        assert difference(np.array([nan, 1]), np.array([nan, 1]), contract) is None
        assert difference({nan}, {float("nan")}, contract) is None
        assert difference([pd.NaT, pd.NA], [pd.NaT, pd.NA], contract) is None


def test_sharing_is_part_of_the_value() -> None:
    x: list[int] = []
    assert difference([x, x], [[], []], LOOSE) == "value[1]: the same object as value[0] vs another one"
    assert difference([[], []], [x, x], LOOSE) == "value[1]: an object of its own vs the same as value[0]"
    assert difference([x, x], [y := [], y], LOOSE) is None
    a = np.zeros(2)
    assert first_difference([("in", a, a.copy()), ("out", a, a.copy())], LOOSE) is not None
    t, u = (1, 2), tuple(iter([1, 2]))
    assert difference([t, t], [t, u], LOOSE) is None, "the identity of tuples tells nothing"


def test_cycles_end() -> None:
    a: list[Any] = [1]
    b: list[Any] = [1]
    a.append(a)
    b.append(b)
    assert difference(a, b, LOOSE) is None
    c: list[Any] = [1, [1]]
    c[1].append(c[1])
    assert difference(a, c, LOOSE) is not None
    p, q = Plain(n=1), Plain(n=1)
    p.me, q.me = p, q  # type: ignore[attr-defined]
    assert difference(p, q, LOOSE) is None


def test_deep_nesting_is_refused_not_crashed() -> None:
    a: list[Any] = []
    b: list[Any] = []
    for _ in range(50_000):
        a, b = [a], [b]
    assert difference(a, b, LOOSE) == "value: nested too deeply to compare"


def test_closures_count() -> None:
    def adder(n: int) -> Any:
        return lambda x: x + n

    assert difference(adder(1), adder(1), LOOSE) is None
    assert difference(adder(1), adder(2), LOOSE) is not None


def test_the_path_leads_to_the_place() -> None:
    a = {"m": [Plain(w=np.arange(6.0).reshape(2, 3))]}
    b = copy.deepcopy(a)
    b["m"][0].w[1, 2] = 7  # type: ignore[attr-defined]
    assert difference(a, b, LOOSE, "out") == "out['m'][0].w[1, 2]: np.float64(5.0) vs np.float64(7.0) (1 of 6 differ)"


def test_huge_ints_are_not_printed() -> None:
    assert "huge" in (difference(10**5000, 10**5000 + 1, LOOSE) or "")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: (
        st.lists(inner, max_size=12)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=12)
        | st.sets(st.integers() | st.text(max_size=3) | st.booleans(), max_size=12)
    ),
    max_leaves=20,
)


@given(values)
@example(complex(1.3e308, 1.3e308))  # its absolute value overflows
def test_every_value_equals_its_copy(value: Any) -> None:
    twin = copy.deepcopy(value)
    assert difference(value, twin, EXACT) is None
    assert difference(value, twin, LOOSE) is None


@given(values, values)
def test_equal_means_the_same_representation(a: Any, b: Any) -> None:
    """Under the exact contract, values without a difference print alike (sets aside, whose order is free)."""
    if difference(a, b, EXACT) is None and "{" not in repr(a) and "set(" not in repr(a):
        assert repr(a) == repr(b)
    assert (difference(a, b, EXACT) is None) == (difference(b, a, EXACT) is None)
    if difference(a, b, EXACT) is None:
        assert difference(a, b, LOOSE) is None, "the loose contract forgives more, never less"


@given(st.lists(st.floats(), min_size=9, max_size=30), st.integers(0, 29), st.floats())
def test_lists_of_floats(xs: list[float], at: int, new: float) -> None:
    at %= len(xs)
    ys = [*xs[:at], new, *xs[at + 1 :]]
    old = xs[at]
    same = old == new and math.copysign(1, old) == math.copysign(1, new)
    same = same or (old != old and new != new)
    assert (difference(xs, ys, EXACT) is None) == same
    assert (difference(np.array(xs), np.array(ys), EXACT) is None) == same


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(1e-8, 1.0))
def test_beyond_the_tolerance_is_different(x: float, by: float) -> None:
    y = x * (1 + by) if abs(x) > 1e-300 else x + 1.0
    if math.isfinite(y) and abs(y - x) > 2e-9 * max(abs(x), abs(y)):
        assert difference(x, y, LOOSE)
        assert difference(np.array([x]), np.array([y]), LOOSE)


ROWS = [
    ([np.float64(1.0)] * 9, [np.float64(1.0)] * 8 + [np.float64(1.0 + 1e-12)], [np.float64(1.0)] * 8 + [np.float64(2)]),
    ([np.float64("nan")] * 9, [np.float64("nan")] * 9, [np.float64("nan")] * 8 + [np.float64(0)]),
    ([np.int64(3), 4, 5.0, "x", None] * 2, [np.int64(3), 4, 5.0, "x", None] * 2, [np.int64(3), 4, 5.0, "y", None] * 2),
    ([1.0, 2] * 5, [1.0, 2] * 5, [2, 1.0] * 5),
    ([np.float64(0.5)] * 9, [np.float64(0.5)] * 9, [0.5] * 9),
    ([np.float32(0.5)] * 9, [np.float32(0.5)] * 9, [np.float64(0.5)] * 9),
    ([np.bool_(True)] * 9, [np.bool_(True)] * 9, [True] * 9),
    ([np.int8(-1)] * 9, [np.int8(-1)] * 9, [np.uint8(255)] * 9),
    ([np.timedelta64(1, "s")] * 9, [np.timedelta64(1, "s")] * 9, [np.timedelta64(1, "m")] * 9),
]


@pytest.mark.parametrize(("a", "same", "other"), ROWS)
def test_many_numbers_at_once_as_one_by_one(a: list[object], same: list[object], other: list[object]) -> None:
    loose, exact = Contract(), Contract(exact=True)
    assert difference(a, same, loose) is None
    assert difference(dict(enumerate(a)), dict(enumerate(same)), loose) is None
    assert difference(a, other, loose) is not None
    assert difference(dict(enumerate(a)), dict(enumerate(other)), loose) is not None
    assert difference(a, list(a), exact) is None
    one_by_one = [difference(x, y, exact) for x, y in zip(a, same, strict=True)]
    assert (difference(a, same, exact) is None) == (not any(one_by_one))


def test_the_sign_of_zero_counts_when_exact() -> None:
    plus, minus = [np.float64(0.0)] * 9, [np.float64(-0.0)] * 9
    assert difference(plus, minus, Contract(exact=True)) is not None
    assert difference(plus, minus, Contract()) is None


def test_a_subclass_of_a_numpy_number_is_more_than_its_bits() -> None:
    made = type("Marked", (np.float64,), {"__module__": "numpy"})
    assert not _numpy_number(made)
    assert _numpy_number(np.float64)
    assert not _numpy_number(np.longdouble)
    assert not _numpy_number(np.timedelta64)
