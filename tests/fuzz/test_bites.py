"""The fuzzer finds what it should: code that is spoilt on purpose is caught, and its comparison tells things apart."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.fuzz.choices import Program
from tests.fuzz.compare import difference
from tests.fuzz.emulated import I64
from tests.fuzz.families import FAMILIES, Count, Family, round_of


def caught(family: Family, program: Program, mutate: Callable[[str], str]) -> str:
    """What the fuzzer says of a program whose patched text was spoilt."""
    touched = []

    def spoil(text: str) -> str:
        touched.append(mutate(text) != text)
        return mutate(text)

    assert not family.try_out(program).failures
    done = family.try_out(program, spoil)
    assert any(touched), "nothing was spoilt"
    assert done.failures, "not caught"
    return done.failures[0].what


SUM = Program(
    "def work(xs):\n    acc = 0\n    for i in range(len(xs)):\n        acc += xs[i]\n    return acc\n",
    ("([1, 2, 3],)",),
    ("([2**62, 2**62, 5],)", "([1.5, 2.5],)", "([],)"),
)
LEAST = Program(
    "def work(a):\n    best = 1e9\n    for i in range(a.shape[0]):\n        if a[i] < best:\n            best = a[i]\n"
    "        a[i] = best * 2.0\n    return best\n",
    ("(np.array([3.1, 1.3]),)",),
    ("(np.array([nan, 1.0]),)", "(np.array([1.0, 2.0], np.float32),)"),
)


@pytest.mark.parametrize(
    ("program", "old", "new"),
    [
        (SUM, "range(len(xs))", "range(len(xs) - 1)"),  # off by one
        (SUM, "c = a + b\n    if ((a ^ c) & (b ^ c)) < 0:\n        raise OverflowError\n", "c = a + b\n"),  # wraps
        (SUM, "if set(map(type, values)) != {kind}:", "if False:"),
        (LEAST, "a[...] = new_a", "pass"),  # what was written does not come back
        (LEAST, "new_a = a.copy()", "new_a = a.astype(np.float32)"),  # wrong dtype
        (LEAST, "_plain_array(a, np.float64, 1)", "True"),
        (LEAST, "a[i] < best", "not a[i] >= best"),  # NaN
    ],
)
def test_spoilt_kernels_are_caught(program: Program, old: str, new: str) -> None:
    def mutate(text: str) -> str:
        added, end, original = text.rpartition("def work(")
        return added.replace(old, new) + end + original

    assert caught(FAMILIES["kernels"], program, mutate)


def test_a_set_that_takes_anything_is_caught() -> None:
    """Equal by hash is not equal by comparison: the check of the items' types is what keeps them apart."""
    text = (
        "class Odd:\n    def __init__(self, n):\n        self.n = n\n    def __eq__(self, other):\n        return True\n"
        "    def __hash__(self):\n        return 7\n\n\n"
        "def work(xs, ys):\n    out = []\n    for y in ys:\n        if y in xs:\n            out.append(y)\n    return out\n"
    )
    program = Program(text, ("([1, 2, 3], [3, 4])",), ("([Odd(1)], [5])", "([1, [2]], [[2]])"))
    assert caught(FAMILIES["containers"], program, lambda t: t.replace("all(map(_is_plain, xs))", "all(map(bool, xs))"))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("kernels", "for i1 in range(len(", "for i1 in range(-1 + len("),
        ("kernels", " < 0:\n        raise OverflowError", " < 0:\n        pass"),
        ("HST101", "_PLAIN.issuperset(map(type, xs)) or all(map(_is_plain, xs))", "True"),
        ("HST101", "return x in members", "return bool(x in members)"),
    ],
)
def test_generated_programs_catch_spoilt_changes(name: str, old: str, new: str) -> None:
    """The same over programs that nobody wrote for it; a change that means the same is not "caught"."""

    def mutate(text: str) -> str:
        added, end, original = text.rpartition("def work(")
        return added.replace(old, new) + end + original

    harmless = name == "HST101" and "bool" in new
    try:
        round_of(FAMILIES[name], 40 if harmless else 100, 3, Count(), mutate, shrink=False)
    except AssertionError:
        assert not harmless
    else:
        assert harmless, "not caught in 100 programs"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, True), (1, 1.0), (0.0, -0.0), (1.0, 1.0 + 2**-52), ([1], (1,)), ({1: 2, 3: 4}, {3: 4, 1: 2}),
        (np.float64(1.0), 1.0), (np.zeros(2, np.int32), np.zeros(2, np.int64)), (np.zeros((2, 3)), np.zeros((3, 2)).T),
        (pd.Series([1.0], name="a"), pd.Series([1.0], name="b")), (pd.Series([1, 2]), pd.Series([1, 2], index=[1, 0])),
        (ValueError("a"), ValueError("b")), (math.nan, None), ([math.nan], [0.0]), ("1", 1), (np.array([0.0]), np.array([-0.0])),
    ],
)  # fmt: skip
def test_comparison_tells_apart(a: object, b: object) -> None:
    assert difference(a, b)
    assert not difference(a, a)


def test_comparison_sees_what_is_one_object() -> None:
    one: list[int] = [1]
    assert difference([one, one], [[1], [1]])
    assert not difference([one, one], [(other := [1]), other])
    base = np.zeros(4)
    assert difference([base, base[1:]], [base, np.zeros(3)])
    assert difference([0.1 + 0.2], [0.3]) and not difference([0.1 + 0.2], [0.3], 1e-9)
    assert difference([1e-3], [1.1e-3], 1e-9) and difference([0.0], [-0.0], 1e-9)


def test_integers_of_the_machine_wrap() -> None:
    assert I64(2**63 - 1) + 1 == -(2**63)
    assert type(3 * I64(2**62)) is I64 and 3 * I64(2**62) == -(2**62)
    assert I64(-7) // 2 == -4 and I64(-7) % 3 == 2 and 1 << I64(3) == 8
    assert I64(7) / 2 == 3.5
