"""The helpers against the operations of CPython and NumPy that they stand for, bit for bit."""

from __future__ import annotations

import math
import operator
import random
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hasten.kernel.runtime import HELPERS, closure

NAMES = ("add_int", "sub_int", "mul_int", "div_int", "floordiv_int", "mod_int", "pow_int", "lshift_int", "rshift_int")
FLOATS = ("floordiv_float", "mod_float", "round_half_even", "pairwise_sum", "np_std", "min_of", "sorted_list")


@pytest.fixture(scope="module")
def helpers() -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec("import math, sys\nimport numpy as np\nfrom numba import njit\n", space)
    for name in closure({*NAMES, *FLOATS}):
        exec(HELPERS[name].text.replace("cache=True, ", ""), space)
    return space


def bits(x: float) -> bytes:
    return b"nan" if x != x else struct.pack("d", x)


EDGES = [0, 1, -1, 2, -2, 3, 62, 63, 64, 2**31, -(2**31), 2**53, 2**53 + 1, 2**62, -(2**62), 2**63 - 1, -(2**63)]
OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "add_int": operator.add,
    "sub_int": operator.sub,
    "mul_int": operator.mul,
    "div_int": operator.truediv,
    "floordiv_int": operator.floordiv,
    "mod_int": operator.mod,
    "pow_int": lambda a, b: a**b if b < 200 or abs(a) < 2 else 2**70,
    "lshift_int": lambda a, b: a << b if b < 200 or a == 0 else 2**70,
    "rshift_int": operator.rshift,
}


@pytest.mark.parametrize("name", NAMES)
def test_integers_agree_or_raise(helpers: dict[str, Any], name: str) -> None:
    rng = random.Random(7)
    pairs = [(a, b) for a in EDGES for b in EDGES]
    pairs += [(rng.randrange(-(10**9), 10**9), rng.randrange(-40, 41)) for _ in range(500)]
    answered = 0
    for a, b in pairs:
        try:
            wanted = OPERATIONS[name](a, b)
        except (ZeroDivisionError, ValueError):
            wanted = None
        try:
            got = helpers["_" + name](a, b)
        except ArithmeticError:
            continue
        answered += 1
        assert wanted is not None and type(got) is type(wanted) and got == wanted, (a, b)
    assert answered > 80


@pytest.mark.parametrize(("name", "operation"), [("floordiv_float", operator.floordiv), ("mod_float", operator.mod)])
def test_float_division(helpers: dict[str, Any], name: str, operation: Callable[[float, float], float]) -> None:
    rng = random.Random(3)
    edges = [0.0, -0.0, 1.0, -1.0, 0.1, -0.3, 1e308, -1e308, 5e-324, math.inf, -math.inf, math.nan, 2.5, 7.0]
    pairs = [(a, b) for a in edges for b in edges] + [(rng.gauss(0, 50), rng.gauss(0, 3)) for _ in range(3000)]
    pairs += [(rng.randrange(-50, 50) * 0.1, 0.1) for _ in range(300)]
    for a, b in pairs:
        if b == 0.0:
            with pytest.raises(ZeroDivisionError):
                helpers["_" + name](a, b)
            continue
        assert bits(helpers["_" + name](a, b)) == bits(operation(a, b)), (a, b)


def test_round(helpers: dict[str, Any]) -> None:
    rng = random.Random(5)
    for x in [0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994, 4.5e14 + 0.5, *(rng.gauss(0, 1e6) for _ in range(1000))]:
        assert helpers["_round_half_even"](x) == round(x), x


def test_sums_of_arrays_are_numpys(helpers: dict[str, Any]) -> None:
    rng = np.random.default_rng(1)
    for n in [0, 1, 5, 7, 8, 9, 63, 127, 128, 129, 200, 255, 256, 257, 1000, 1031, 4099, 100_003]:
        x = rng.standard_normal(n) * 10 ** rng.uniform(-8, 8, n)
        for y in (x, np.repeat(x, 2)[::2]):
            assert bits(helpers["_pairwise_sum"](y) + 0.0) == bits(float(np.sum(y))), n
        if n > 1:
            assert bits(helpers["_np_std"](x)) == bits(float(np.std(x))), n


def test_smallest_of_two_with_nan(helpers: dict[str, Any]) -> None:
    for a in (1.0, math.nan, -0.0):
        for b in (0.0, math.nan, 2.0):
            assert bits(helpers["_min_of"](a, b)) == bits(min(a, b))


def test_sorted_is_stable_and_refuses_nan(helpers: dict[str, Any]) -> None:
    values = np.array([0.0, -0.0, 3.0, -1.0, -0.0, 0.0])
    assert [bits(v) for v in helpers["_sorted_list"](values).tolist()] == [bits(v) for v in sorted(values.tolist())]
    with pytest.raises(ValueError, match=r"^$"):
        helpers["_sorted_list"](np.array([1.0, math.nan]))
