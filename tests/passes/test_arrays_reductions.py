"""Python's own sum, max and min over an array."""

from __future__ import annotations

from pathlib import Path

from hasten.core.facts import Facts, RegionFacts, ValueFact
from hasten.kernel.regions import regions_of
from hasten.passes.source.arrays.reductions import ArrayReductions
from tests.passes.test_containers_harness import changed, left_alone, work_of

PROGRAM = """
import warnings
import numpy as np
def show(f, x):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            got = f(x)
            print(type(got).__name__, repr(got), np.signbit(got) if np.ndim(got) == 0 and not isinstance(got, complex) else "")
        except Exception as e:
            print(type(e).__name__, e)
    print([str(w.message) for w in caught])
def f(x):
    x = np.asanyarray(x)
    return sum(x)
def g(x):
    x = np.asanyarray(x)
    return max(x)
def h(x):
    x = np.asanyarray(x)
    return min(x)
def a(x):
    x = np.asanyarray(x)
    return any(x), all(x)
def m(x):
    x = np.asanyarray(x)
    return sum(x == 1), sum(x * 2), max(abs(x))
rng = np.random.default_rng(0)
for x in ([], [0.1] * 10, rng.random(1000) - 0.5, [-0.0, -0.0], [-0.0, 0.0], [0.0, -0.0], [np.nan, 1.0], [1.0, np.nan, 3.0],
          [np.inf, -np.inf], [1e308, 1e308], [2**62, 2**62], [2**63 - 1, 0], [-2**63], [1, 2, 3], rng.integers(0, 9, 50),
          np.array([250, 250], "u1"), np.array([250, 7], "u8"), np.array([True, False, True]), np.array([], bool),
          np.array([1.5, 2.5], "f4"), np.ones((3, 2)), np.array(5), np.array(["a", "b"]), np.array([1, None], object),
          np.array([2**70, 1], object), np.ma.array([1, 2], mask=[0, 1]), np.matrix([[1, 2]]), np.array([1j, 2]),
          rng.random(100)[::-3], np.array([1, 2, 1], ">i8"), np.array(["2020-01-01"], "M8[D]"), np.array([1, 2], "m8[s]")):
    for one in (f, g, h, a, m):
        show(one, x)
"""


def test_changed(tmp_path: Path) -> None:
    made = changed(ArrayReductions(), tmp_path, PROGRAM)
    assert any("_sum(x == 1)" in text and "_largest_of(abs(x))" in text for text in made)
    assert any("_any_of(x), _all_of(x)" in text for text in made)


def test_lists_are_left_alone(tmp_path: Path) -> None:
    left_alone(
        ArrayReductions(),
        tmp_path,
        """
import numpy as np
def f(xs, table):
    ys = [x * 2 for x in xs]
    return sum(xs), max(ys), sum(x for x in xs), sum(sum), any([]), sum(table, 1), max(table, key=abs), max(1, 2)
try:
    print(f([1, 2], np.ones(3)))
except TypeError as e:
    print(e)
""",
    )


def test_recorded_arrays_are_found(tmp_path: Path) -> None:
    source = "def f(x, y):\n    return sum(x == y), sum(x), sum(y)\nprint(f([1], 2))\n"
    work = work_of(tmp_path, source)
    (region,) = [r for r in regions_of(work.source("script.py"), entry=True) if r.kind == "function"]
    array = (ValueFact("numpy.ndarray", dtype="int64", ndim=1),)
    facts = Facts(regions={region.id: RegionFacts(region.id, types={"x": array, "y": (ValueFact("builtins.list"),)})})
    made = changed(ArrayReductions(), tmp_path, source.replace("f([1], 2)", "f([1], [2])"), facts)
    assert "_sum(x == y), _sum(x), sum(y)" in made[0]
