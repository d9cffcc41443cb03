"""Averages of floats, without fractions."""

from __future__ import annotations

import math
import random
import statistics
from collections import deque
from pathlib import Path
from types import GeneratorType
from typing import Any

import pytest

from hasten.passes.source.containers import averages
from hasten.passes.source.containers.averages import Means, Spreads
from tests.passes.test_containers_harness import changed, left_alone

NASTY = """
import statistics
from collections import deque
from decimal import Decimal
from fractions import Fraction
class Odd(float):
    def as_integer_ratio(self):
        return 7, 2
class Own(list):
    def __iter__(self):
        return iter([1.0, 2.0])
XS = [[0.1, 0.2, 0.3], [], [1.5], [1e308, 1e308], [1e308, 1e308, -1e308], [float("inf"), 1.0], [float("inf"), -float("inf")],
      [float("nan"), 1.0], [-0.0], [0.0, -0.0], [5e-324, 5e-324, 5e-324], [-5e-324, 0.0, 0.0], [1, 2], [1, 2.5], [True, 2.0], [Odd(1.0), 2.0],
      [Decimal("0.1"), Decimal("0.2")], [Fraction(1, 3)], [0.1] * 10, (0.1, 0.7), deque([0.1, 0.7], 1), {0.5: 1, 0.25: 2}, {0.5}, Own([9.0]),
      "ab", None, 3.5, ["a"], [None], [1e16, 1.0, -1e16], [2.0**53, 1.0], [1 - 2.0**-53, 1.0], iter([0.1, 0.2]), map(float, "123"), range(3)]
def shown(f):
    for xs in XS:
        try:
            found = f(xs)
            print(repr(found), type(found).__name__, end=" ")
        except Exception as e:
            print(type(e).__name__, e, end=" ")
"""
CHANGED = {
    "of what is given": NASTY
    + "shown(lambda xs: statistics.mean(xs))\ndef f(xs):\n    return statistics.mean(xs)\nshown(f)\nXS[-3:] = []\nshown(f)",
    "of a generator": NASTY + "def f(xs):\n    return statistics.mean(x * 0.5 for x in xs)\nshown(f)",
    "that fails midway": """
from statistics import mean as average
def g(n):
    for i in range(5):
        if i == n:
            raise KeyError(n)
        yield 0.1 * i
def f(n):
    return average(g(n))
print(f(9))
f(3)
""",
    "over several lines": "import statistics as s\ndef f(xs):\n    return [s.mean(\n        x / 3 for x in\n        xs), s.mean(xs)]\nprint(f([0.1, 0.7]))",
}
ALONE = {
    "weights": "import statistics\ndef f(xs):\n    return statistics.fmean(xs), statistics.median(xs)\nprint(f([1.0, 2.0]))",
    "another function": "import statistics\nwas = statistics.mean\nstatistics.mean = len\ndef f(xs):\n    return statistics.mean(xs)\nprint(f([1.5]))\nstatistics.mean = was",
    "another name": "from statistics import mean\nmean = len\ndef f(xs):\n    return mean(xs)\nprint(f([1.0]))",
    "unpacked": "import statistics\ndef f(xs):\n    return statistics.mean(*xs), statistics.mean(data=xs[0])\nprint(f([[1.0]]))",
    "a helper's name is taken": "import statistics\ndef _mean(xs):\n    return statistics.mean(xs)\nprint(_mean([1.0]))",
}


@pytest.mark.parametrize("source", CHANGED.values(), ids=CHANGED)
def test_changed(source: str, tmp_path: Path) -> None:
    changed(Means(), tmp_path, source)


@pytest.mark.parametrize("source", ALONE.values(), ids=ALONE)
def test_left_alone(source: str, tmp_path: Path) -> None:
    left_alone(Means(), tmp_path, source)


@pytest.mark.parametrize("name", averages.SPREADS)
def test_spreads_of_what_is_no_list_of_floats(name: str, tmp_path: Path) -> None:
    """What goes through the original is the same to the bit; the others are compared below."""
    only = "XS = [xs for xs in XS if not (type(xs) in (list, tuple, deque) and {*map(type, xs)} == {float})]\n"
    constant = "XS += [[0.1] * 10, [0.0, -0.0], [1e200, -1e200], [1e-200, 2e-200], [float('inf'), 1.0], [float('nan'), 2.0], [1.5]]\n"
    changed(Spreads(), tmp_path, f"{NASTY}{only}{constant}def f(xs):\n    return statistics.{name}(xs)\nshown(f)")


def lists(seed: int, count: int) -> list[list[float]]:
    draw = random.Random(seed)
    out = []
    for _ in range(count):
        n, at = draw.choice((1, 2, 3, 4, 5, 7, 10, 30, 64)), draw.random() * 10.0 ** draw.randint(-5, 8)
        near = lambda at=at: at + draw.randint(-2, 2) * math.ulp(at)  # noqa: E731
        kinds = (
            draw.random,
            lambda: draw.gauss(0, 1),
            lambda: draw.uniform(-1, 1) * 10.0 ** draw.randint(-20, 20),
            lambda: 1.0 + draw.randint(-3, 3) * 2**-52,  # about a power of two, where floats lie closer on one side
            lambda: draw.choice((0.1, 0.2, 0.3, 1e16, -1e16, 1.0)),
            lambda at=at: at,
            near,
            lambda: 2.0 ** draw.randint(-30, 30) * draw.choice((1, 1, 1 - 2**-53)),
        )
        one = draw.choice(kinds)
        out.append([one() for _ in range(n)])
    return out


def helpers() -> dict[str, Any]:
    space: dict[str, Any] = {"math": math, "deque": deque, "GeneratorType": GeneratorType}
    exec(averages.FLOATS + averages.MEAN + averages.SPREAD, space)
    return space


def test_means_are_the_same_to_the_bit_and_seldom_by_fractions() -> None:
    space, asked = helpers(), []
    given = lists(5, 1500)
    for xs in given:
        found = space["_mean"](xs, lambda xs: asked.append(xs) or statistics.mean(xs))
        assert found.hex() == statistics.mean(xs).hex(), xs
    assert len(asked) < 0.1 * len(given)


def test_spreads_differ_in_the_last_bits_at_most() -> None:
    space, asked = helpers(), []
    given = [xs for xs in lists(6, 600) if len(xs) > 1]
    for xs in given:
        for name, (less, root) in {"stdev": (1, True), "pvariance": (0, False)}.items():
            original = getattr(statistics, name)
            found = space["_spread"](xs, lambda xs, f=original: asked.append(xs) or f(xs), less, root)
            assert found == pytest.approx(original(xs), rel=4e-15, abs=0.0), (name, xs)
    assert len(asked) < 0.2 * 2 * len(given)
