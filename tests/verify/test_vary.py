"""Varied states: deterministic, independent, small, and of the kinds that break wrong guards."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.core.contract import Contract
from hasten.verify.equality import difference
from hasten.verify.lengths import CUT_ABOVE
from hasten.verify.vary import LONG, OddList, variants, variations

STATE: dict[str, Any] = {
    "n": 5000,
    "xs": list(range(5000)),
    "a": np.arange(5000.0),
    "m": np.ones((5000, 3)),
    "rows": [[1, 2], [3, 4]],
    "name": "abc",
    "lookup": {"k": [1], "l": [2]},
    "df": pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]}),
}


def cases(state: Mapping[str, Any], most: int = 400, seed: int = 1) -> dict[str, dict[str, Any]]:
    found = list(variations(dict(state), seed, most))
    names = [n for n, _ in found]
    assert len(set(names)) == len(names)
    return dict(found)


def test_same_seed_same_cases() -> None:
    a, b = cases(STATE, 60), cases(STATE, 60)
    assert list(a) == list(b)
    assert len(a) == 60
    for name in a:
        assert difference(a[name], b[name], Contract(exact=True)) is None


def test_the_state_itself_is_left_alone_and_big_values_are_cut_alike() -> None:
    first = cases(STATE, 3)["cut to size"]
    assert len(STATE["xs"]) == 5000
    assert first["n"] == len(first["xs"]) == len(first["a"]) == first["m"].shape[0] < CUT_ABOVE
    assert first["m"].shape[1] == 3
    assert first["rows"] == [[1, 2], [3, 4]]


def test_what_has_one_length_changes_together() -> None:
    rows = {"X": np.arange(6.0).reshape(2, 3), "y": [1, 0], "t": pd.Series([5.0, 6.0]), "k": 7, "w": np.ones(3)}
    found = cases(rows, 60)
    longer = found["all of length 2: longer"]
    assert longer["X"].tolist() == [[0, 1, 2], [3, 4, 5], [3, 4, 5], [0, 1, 2]]
    assert (longer["y"], longer["t"].tolist(), longer["k"], len(longer["w"])) == ([1, 0, 0, 1], [5, 6, 6, 5], 7, 3)
    none = found["all of length 2: none"]
    assert (none["X"].shape, none["y"], len(none["t"])) == ((0, 3), [], 0)
    one = found["all of length 2: one"]
    assert (one["X"].shape, one["y"], len(one["t"])) == ((1, 3), [1], 1)


def test_one_object_under_two_names_stays_one() -> None:
    xs = [1.0, 2.0]
    longer = cases({"a": xs, "b": xs, "c": [3, 4]}, 60)["all of length 2: longer"]
    assert longer["a"] is longer["b"]
    assert longer["c"] == [3, 4, 4, 3]


def test_cases_do_not_share_objects() -> None:
    found = list(cases({"xs": [1, 2, 3], "k": 2}).values())
    ids = [id(c["xs"]) for c in found if isinstance(c["xs"], list)]
    assert len(set(ids)) == len(ids)


def test_every_variable_gets_its_turn_early() -> None:
    names = list(cases(STATE, 20))
    for name in STATE:
        assert any(n.startswith(f"{name}:") for n in names), name


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (5, {"0", "-1", "huge", "float", "True", "None", "int64"}),
        (1.5, {"nan", "inf", "-inf", "-0.0", "int", "None", "huge"}),
        ("ab", {"empty", "unicode", "None"}),
        (
            [1, 2, 3],
            {"empty", "one element", "late str", "late nan", "late huge int", "late 2**63", "odd list", "reversed"},
        ),
        ([[1, 2], [3, 4]], {"ragged", "one row many times", "tuple rows", "last late str", "last late 2**63"}),
        ({"a": 1}, {"empty", "without a key", "extra str key", "odd dict"}),
        ({1, 2}, {"empty", "with another type"}),
        (
            np.arange(4.0),
            {
                "empty",
                "longer",
                "long",
                "late nan",
                "float32",
                "not contiguous",
                "negative stride",
                "read only",
                "0-d",
                "masked",
            },
        ),
        (np.arange(4), {"largest", "int32", "object", "complex128", "unsigned"}),
        (np.ones((2, 2)), {"fortran order", "one dimension less", "one dimension more"}),
        (pd.Series([1, 2]), {"empty", "duplicate index", "nan", "category", "nullable", "None among objects"}),
        (pd.Series([1.0, 2.0]), {"int", "object", "inf", "index of two levels"}),
        (
            pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
            {
                "empty",
                "one row",
                "duplicate index",
                "duplicate column",
                "index of two levels",
                "without the last column",
                "column a: nan",
                "column b: None",
            },
        ),
    ],
    ids=lambda v: type(v).__name__,
)
def test_what_a_value_may_become(value: Any, wanted: set[str]) -> None:
    found = {name for name, _ in variants(value, random.Random(0))}
    assert wanted <= found, wanted - found


def test_every_column_is_left_out_once() -> None:
    frame = pd.DataFrame({name: [1, 2] for name in "abcd"})
    found = [set(v.columns) for n, v in variants(frame, random.Random(0)) if n.startswith("without")]
    assert [set("abcd") - columns for columns in found] == [{"b"}, {"c"}, {"d"}, {"a"}]


def test_long_inputs_are_longer_than_what_buffers_begin_with() -> None:
    for value in ([1, 2, 3], (1.0,), ["a", "b"], np.arange(7), np.ones((3, 2))):
        names = [name for name, _ in variants(value, random.Random(0))]
        long = dict(variants(value, random.Random(0)))["long"]
        assert LONG <= len(long) < LONG + len(value) and type(long) is type(value)
        assert names.index("long") < 4, "it comes early, or there is no room for it"
        assert np.array_equal(long[: len(value)], value)


def test_what_pickling_loses_is_kept() -> None:
    found = cases({"a": np.arange(6.0), "b": np.ones((2, 3))})
    assert not found["a: read only"]["a"].flags.writeable
    assert found["a: not contiguous"]["a"].strides == (16,)
    assert found["a: negative stride"]["a"].strides == (-8,)
    assert found["b: fortran order"]["b"].flags.f_contiguous
    for name in ("a: read only", "a: not contiguous", "a: negative stride"):
        assert found[name]["a"].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert found["a: odd subclass"]["a"][1] == 2.0


def test_two_names_for_one_object() -> None:
    case = cases({"a": [1], "b": [2]})["a: is b:"]
    assert case["a"] is case["b"]


def test_subclasses_answer_differently() -> None:
    odd = cases({"xs": [1, 2]})["xs: odd list"]["xs"]
    assert type(odd) is OddList
    assert (odd[0], list(odd)) == (2, [1, 2])


class Holder:
    def __init__(self) -> None:
        self.weights = [1.0, 2.0]


def test_attributes_are_varied_too() -> None:
    found = cases({"self": Holder()})
    assert found["self.weights: empty"]["self"].weights == []
