"""Numbers of bits, and in-place changes at places that are worked out."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled_function

BITS = """
def f(codes, xs):
    total = 0
    hist = np.zeros(65)
    for row in codes:
        for code in row:
            hist[bin(code).count("1")] += 1
    for x in xs:
        total += x.bit_count() * 3 + x.bit_length() + bin(x).count("1")
    return total, hist
"""


def test_bits() -> None:
    given = "import numpy as np; args = (np.arange(-6, 6).reshape(3, 4), [1, -2, 2**40, -2**63, 0, 2**63 - 1])"
    c = compiled_function(BITS, given)
    check(c, given, fast=True)
    check(c, "args = (np.array([[-2**63, 2**63 - 1]]), [5])", fast=True)
    check(c, "args = (np.array([[1]]), [2**70])", fast=False)
    check(c, "args = (np.array([[1]]), [True])", fast=False)


@pytest.mark.parametrize("what", ['bin(x).count("0")', "bin(x).count('1', 3)", "x.bit_count(1)", 'oct(x).count("1")'])
def test_other_counts(what: str) -> None:
    with pytest.raises(AssertionError):
        compiled_function(
            f"def f(xs):\n    t = 0\n    for x in xs:\n        t += {what}\n    return t\n", "args = ([1, 2],)"
        )


PLACES = """
def cell(x, size):
    return int(x * size) % size


def move(queue):
    queue[0] += 1
    return queue[0]


def f(xs, size):
    grid = np.zeros((size, size))
    counts = {}
    seen = [0] * size
    queue = [0, 0, 0]
    for x in xs:
        grid[cell(x, size), cell(x * 3.0, size)] += x
        counts[cell(x, size)] = 1
        counts[cell(x, size)] += 2
        seen[cell(x, size)] += 1
        seen[cell(seen[0] + x, size) - 1] += seen[0]
        queue[move(queue) % 3] += queue[0] * 10
    return grid, seen, list(counts.values()), queue[0], queue[1], queue[2]
"""


def test_places_are_worked_out_once() -> None:
    c = compiled_function(PLACES, "args = ([0.5, 0.25], 5)")
    check(c, "args = (np.random.default_rng(0).random(40).tolist(), 5)", fast=True)
    check(c, "args = ([1e30, 2.0], 4)", fast=False)
    check(c, "args = ([1.0], 0)", fast=False)


@pytest.mark.parametrize(
    "line",
    [
        "xs[: cell(2)] += 1.0",
        "xs[(i := i + 1)] += 1.0",
        "xs[i, (i := i + 1)] += 1.0",
        "place_10_28 = 1; xs[cell(0)] += 1.0",  # the name is taken
    ],
)
def test_other_places(line: str) -> None:
    text = f"def cell(x):\n    return x\n\n\ndef f(xs):\n    i = 0\n    for _ in range(2):\n        {line}\n    return xs[0]\n"
    with pytest.raises(AssertionError):
        compiled_function(text, "import numpy as np; args = (np.ones(4),)")
