"""Functions within a function that read its variables."""

from __future__ import annotations

import ast

import pytest

from hasten.kernel import closures
from tests.kernel.differential import check, compiled_function

TOUR = compiled_function(
    """
    def f(dist, steps, seed):
        rng = np.random.default_rng(seed)
        n = len(dist)
        scale = 1.0

        def leg(i, j, power=1):
            return scale * dist[i, j] ** power

        def length(t):
            return sum(leg(t[i], t[(i + 1) % n]) for i in range(n))

        tour = rng.permutation(n)
        best = length(tour)
        for it in range(steps):
            i, j = sorted(rng.choice(n, 2, replace=False))
            new = tour.copy()
            new[i : j + 1] = new[i : j + 1][::-1]
            scale = scale * 1.5 if it == 3 else scale
            c = length(new)
            if c < best or it == 5:
                tour, best = new, c
        return tour, best
    """,
    "args = (np.random.default_rng(0).random((8, 8)), 30, 0)",
)


def test_variables_are_those_of_the_moment() -> None:
    check(TOUR, "args = (np.random.default_rng(0).random((8, 8)), 30, 0)", fast=True, close=True)
    check(TOUR, "args = (np.random.default_rng(1).random((5, 5)), 0, 3)", fast=True, close=True)
    check(TOUR, "args = (np.random.default_rng(1).random((1, 1)), 3, 3)", fast=False)


@pytest.mark.parametrize(
    "body",
    [
        "def g(x):\n        return x + n\n    return map(g, [1])",  # handed on
        "def g(x):\n        nonlocal n\n        n = x\n    g(1)",
        "def g(x):\n        return x + n\n    return [g(1) for n in range(3)]",  # another variable of that name
        "def g(x):\n        return x + n\n    def h(n):\n        return g(n)\n    return h(2)",
        "def g(x):\n        return lambda: n\n    return g(1)",
        "def g(x):\n        return x + 1\n    return g(n)",  # reads nothing
    ],
)
def test_left_alone(body: str) -> None:
    (function,) = ast.parse(f"def f(n):\n    {body}\n").body
    assert isinstance(function, ast.FunctionDef)
    assert closures.lifted(function) is function
