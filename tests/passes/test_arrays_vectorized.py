"""np.vectorize, which is a loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.arrays.vectorized import VectorizedFunctions
from tests.passes.test_containers_harness import changed, left_alone

DATA = """
import math
import warnings
import numpy as np
rng = np.random.default_rng(5)
def show(f, *args):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            got = f(*args)
            print(type(got).__name__, got.dtype, got.shape, got.flags.c_contiguous, got.flags.writeable, got.tolist())
        except Exception as e:
            print(type(e).__name__, e)
    print(sorted({str(w.message) for w in caught}))
ARRAYS = [rng.random(30) - 0.5, np.arange(-5, 9), np.array([]), np.array(2.5), 3.0, 4, [1.5, 2], np.array([np.nan, np.inf, -0.0]),
          rng.random((3, 4)), np.asfortranarray(rng.random((3, 4))), rng.random(20)[::2], np.array([1, 2], "i4"),
          np.array([1.5], ">f8"), np.array([2**62, 3]), np.array([True, False]), np.array(["a"]), np.array([1, None], object),
          np.array([1e308, 1e-308]), np.matrix([[1.0, 2.0]]), np.ma.array([1.0, 2.0], mask=[0, 1]), np.zeros(3), None]
"""
CHANGED = {
    "a lambda": """
for x in ARRAYS:
    show(lambda: np.vectorize(lambda v: v * 2 + 1 if v > 0 else 0.5)(x))
    show(lambda: np.vectorize(lambda v: v * v - 3)(x))
""",
    "a named one": """
def clip(v):
    if v < -0.2:
        return -0.2
    if v > 0.3:
        return 0.3
    return v
clipped = np.vectorize(clip)
for x in ARRAYS:
    show(clipped, x)
    show(lambda: clipped(x))
""",
    "a decorator": """
@np.vectorize
def inverse(v):
    \"\"\"One over it.\"\"\"
    if v == 0:
        return 0.0
    return 1.0 / v
for x in ARRAYS:
    show(lambda: inverse(x))
""",
    "two arguments": """
def payoff(s, k):
    gain = s - k
    return gain if gain > 0 else 0.0
vpay = np.vectorize(payoff, otypes=[float])
for x in ARRAYS:
    for k in (0.25, 1, np.linspace(0, 1, 30), np.float64(0.1), np.zeros((3, 4)), "a"):
        show(lambda: vpay(x, k))
""",
    "whole numbers and truths": """
near = np.vectorize(lambda a: a > 0 and a < 3)
parity = np.vectorize(lambda n: n % 2 == 0)
step = np.vectorize(lambda n: 3 * n + 1)
for x in ARRAYS:
    show(lambda: near(x))
    show(lambda: parity(x))
    show(lambda: step(x))
""",
    "divisions and roots": """
f = np.vectorize(lambda v: math.sqrt(v) / (v - 2.5))
for x in ARRAYS:
    show(lambda: f(x))
""",
    "grades": """
def grade(v):
    if v >= 0.25:
        return "good"
    elif v >= 0:
        return "fair"
    return "no"
grades = np.vectorize(grade)
for x in ARRAYS:
    show(lambda: grades(x))
""",
    "a table": """
table = {0: 1.5, 1: 2.5, 2: 0.5}
f = np.vectorize(lambda v: table[v % 4])
for x in ARRAYS:
    show(lambda: f(x))
""",
    "not a number among them": """
f = np.vectorize(lambda v, w: "hi" if v + v > 1 else "low")
x = rng.random(10)
show(lambda: f(x, x))
x[5] = np.nan
show(lambda: f(x, x))
""",
}
ALONE = {
    "first result decides": """
f = np.vectorize(lambda v: 0 if v < 0 else v * 0.5)
print(f(np.array([-1.0, 3.0])), f(np.array([1.0, 3.0])))
""",
    "effects": """
seen = []
def f(v):
    seen.append(v)
    return v * 2
print(np.vectorize(f)(np.array([1.0, 2.0])), seen)
""",
    "another vectorize": """
class Tool:
    def vectorize(self, f):
        return f
tool = Tool()
f = tool.vectorize(lambda v: v * 2)
print(f(np.arange(3)))
""",
    "told another type": """
f = np.vectorize(lambda v: v * 2.5, otypes=[int])
print(f(np.array([1.0, 3.0])))
g = np.vectorize(lambda v: v * 2.5, excluded=[0])
print(g(np.float64(1.0)))
""",
    "random numbers": """
import random
random.seed(1)
f = np.vectorize(lambda v: v + random.random())
print(f(np.zeros(3)))
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    made = changed(VectorizedFunctions(), tmp_path, DATA + CHANGED[name])  # type: ignore[arg-type]
    assert any("_whole_arrays(" in text for text in made)


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(VectorizedFunctions(), tmp_path, DATA + ALONE[name])  # type: ignore[arg-type]
