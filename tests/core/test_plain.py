"""Values come back as they were, with their types, and nothing else can be made."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.core.facts import LineTime, Profile
from hasten.core.finding import Region
from hasten.core.plain import from_plain, to_plain
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
KEYS = st.booleans() | st.integers() | st.text() | st.binary()
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(KEYS, inner)
        | st.frozensets(KEYS)
        | st.sets(KEYS)
    ),
    max_leaves=12,
)


def there_and_back(value: Any) -> Any:
    return from_plain(json.loads(json.dumps(to_plain(value), allow_nan=False)))


def same(a: Any, b: Any) -> bool:
    """Equal with equal types; NaN is NaN, and -0.0 is not 0.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return math.isnan(a) and math.isnan(b) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    return bool(a == b)


@given(VALUES)
def test_values_keep_their_types(value: Any) -> None:
    assert same(there_and_back(value), value)


def test_records_of_hasten_keep_theirs() -> None:
    region = Region("a b.py", 1, 3, "block", "", ("x",), share=math.inf)
    change = Change("HST101", "a title", region, (Edit("a b.py", 1, 2, "x = 'ä\ud800'\n"),), Risk.ROUNDING, share=0.5)
    profile = Profile(3, lines={("a b.py", 2): LineTime(0.5)}, stacks=((("a b.py:f:2",), 3),))
    value = {"all": (change, profile, Path("/x/y"), {"set"}, -0.0)}
    assert same(there_and_back(value), value)


def test_scalars_of_numpy_become_numbers() -> None:
    found = there_and_back([np.float32(0.5), np.int64(3), np.bool_(True), np.float64("nan")])
    assert found[:3] == [0.5, 3, True] and [type(v) for v in found] == [float, int, bool, float]


@pytest.mark.parametrize("value", [object(), np.zeros(2), lambda: None, 1j])
def test_what_has_no_plain_form_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        to_plain([value])


@pytest.mark.parametrize(
    "told",
    [
        {"!": "made", "of": "os:system", "is": {"command": "true"}},
        {"!": "made", "of": "subprocess:Popen", "is": {"args": ["true"]}},
        {"!": "made", "of": "hasten.observe.process:subprocess.Popen", "is": {"args": ["true"]}},
        {"!": "made", "of": "hasten.core.recipe:Risk", "is": {}},
        {"!": "enum", "of": "hasten.core.finding:Region", "is": "x"},
        {"!": "made", "of": "hasten.core.finding:Region", "is": {"no such field": 1}},
        {"!": "bytes", "is": "no base64"},
        {"!": "pickle", "is": ""},
        {"no": "tag"},
    ],
)
def test_nothing_but_values_is_made(told: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_plain(told)
