"""Kernels that draw from NumPy's Generator: the same numbers as the program, to the bit, and the same state."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled_function, refusal

SCALARS = compiled_function(
    """
    def f(rng, n, scale, top, xs, ws, names):
        out = [0.0]
        for i in range(n):
            out.append(rng.normal(scale=scale) + rng.uniform(high=scale + 1.0) + rng.exponential() + rng.normal(0.5))
            out.append(rng.gamma(1.0 + scale, 2) + rng.beta(0.5, top) + rng.lognormal(0.1, sigma=scale))
            out.append(rng.standard_exponential() + rng.chisquare(3) + rng.standard_t(df=4.0))
            out.append(0.5 * (rng.poisson(scale) + rng.binomial(top, 0.25) + rng.geometric(p=0.5)))
            out.append(float(rng.integers(top) + rng.integers(-3, top) + rng.integers(2**40) * rng.integers(0, 1)))
            out.append(float(rng.integers(1, 6, endpoint=True)) + xs[rng.choice(len(xs))])
            out.append(float(rng.choice(xs) + rng.choice([-1, 1]) + rng.choice((0.5, 2.5)) + rng.choice(top)))
            k = rng.choice(len(ws), p=ws)
            out.append(float(names[k]) + float(rng.choice(names, p=ws)))
        return out
    """,
    "args = (np.random.default_rng(3), 4, 1.5, 9, [0.5, 1.5, 4.0], np.array([0.25, 0.5, 0.25]), np.array([4, 5, 6]))",
)
GIVEN = (
    "rng = np.random.default_rng({seed}); args = (rng, {n}, {scale}, {top}, {xs}, np.array({ws}), np.array([4, 5, 6]))"
)
PLAIN = {"seed": 3, "n": 40, "scale": 1.5, "top": 9, "xs": [0.5, 1.5, 4.0], "ws": [0.25, 0.5, 0.25]}


@pytest.mark.parametrize(
    ("other", "fast"),
    [
        ({}, True),
        ({"seed": 11, "n": 3000, "scale": 0.0}, True),
        ({"top": 1, "xs": [7.25], "ws": [0.0, 1.0, 0.0]}, True),
        ({"ws": [0.1, 0.2, 0.7]}, True),
        ({"ws": [1 / 3, 1 / 3, 1 / 3]}, True),
        ({"scale": -0.0}, False),  # NumPy refuses a scale with a sign
        ({"scale": -1.0}, False),
        ({"scale": "np.nan"}, False),
        ({"scale": "np.inf"}, False),
        ({"top": 0}, False),
        ({"xs": []}, False),
        ({"ws": [0.25, 0.5, 0.26]}, False),
        ({"ws": [0.5, 0.5 + 2e-9, 0.0]}, False),  # near enough for NumPy: left to it
        ({"ws": [-0.5, 1.0, 0.5]}, False),
        ({"ws": [0.5, "np.nan", 0.5]}, False),
        ({"ws": [0.5, 0.5]}, False),
    ],
)
def test_scalars(other: dict[str, object], fast: bool) -> None:
    values = PLAIN | other
    text = {k: str(v).replace("'", "") for k, v in values.items()}
    check(SCALARS, GIVEN.format(**text), fast=fast)


ARRAYS = compiled_function(
    """
    def f(rng, n, k, scale, xs, ys, ws):
        total = 0.0
        seen = np.zeros(n, dtype=np.int64)
        for i in range(3):
            a = 2.0 * rng.random(k)
            a += rng.normal(0.0, scale, size=k)
            a = a * rng.uniform(-1.0, 1.0, k)
            b = rng.standard_normal((2, k))
            c = rng.integers(0, n, size=k)
            rng.shuffle(ys)
            zs = []
            for j in range(k):
                zs.append(j * 0.5)
            rng.shuffle(zs)
            if rng.choice([True, False]):
                total += zs[0] - zs[-1]
            rng.shuffle(a)
            for v in rng.permutation(n):
                seen[v] += 1
            for v in rng.permutation(c):
                total += v * 0.5
            for v in rng.choice(n, size=k, replace=False):
                seen[v] += i
            for x in rng.choice(xs, k):
                total += x
            for v in rng.choice(3, size=k, p=ws):
                total -= ws[v]
            d = rng.dirichlet(ws + 1.0)
            for j in range(k):
                total = total * 0.5 + a[j] * d[j % 3] + b[1, j] + c[j] + ys[j % len(ys)]
            total += rng.random()
        return total, seen
    """,
    "args = (np.random.default_rng(3), 9, 4, 1.5, np.array([0.5, 1.5]), [1, 2, 3], np.array([0.25, 0.5, 0.25]))",
)
MANY = "args = (np.random.default_rng({}), {}, {}, {}, np.array([0.5, 1.5]), {}, np.array([0.25, 0.5, 0.25]))"


@pytest.mark.parametrize(
    ("given", "fast"),
    [
        ((1, 9, 4, 1.5, [3, 1, 2]), True),
        ((2, 700, 700, 0.25, list(range(50))), True),
        ((2, 20000, 300, 0.25, [5]), True),
        ((2, 20000, 3000, 0.25, [5, 6]), True),  # the tail of a shuffle
        ((4, 1, 1, 0.0, [3]), True),
        ((4, 3, 4, 1.0, [3]), False),  # more than there are
        ((4, 3, -1, 1.0, [3]), False),
        ((4, 3, 2, -1.0, [3]), False),
    ],
)
def test_arrays(given: tuple[object, ...], fast: bool) -> None:
    check(ARRAYS, MANY.format(*given), fast=fast)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("rng.normal(xs)", "number"),
        ("rng.random(dtype=np.float32)", "arguments"),
        ("rng.choice(xs, 2, replace=False, p=xs)[0]", "probabilities"),
        ("rng.integers(0, 5, dtype=np.int8)", "arguments"),
        ("rng.wald(1.0, 2.0)", "wald"),
        ("rng.uniform(high=rng.random(), low=0.0)", "order"),
        ("rng.choice(names)", "choice"),
        ("rng.normal(*xs)", "starred"),
    ],
)
def test_refusals(call: str, why: str) -> None:
    body = f"for i in range(n):\n    t += {call}"
    setup = "rng = np.random.default_rng(3)\nn = 3\nt = 0.0\nxs = np.array([1.0, 0.0])\nnames = ['a', 'b']"
    assert why in refusal(body, "import numpy as np\n" + setup)


NORM = compiled_function(
    """
    def f(rng, n):
        t = 0.0
        for i in range(n):
            t += np.linalg.norm(rng.random(3)) + np.linalg.norm(np.random.rand(2)) + np.median(rng.random(3))
        return t
    """,
    "args = (np.random.default_rng(3), 4)",
)


def test_what_is_drawn_within_a_call_is_drawn_once() -> None:
    check(NORM, "rng = np.random.default_rng(3); args = (rng, 20)", fast=True, close=True)


def test_a_function_of_ones_own_is_not_taken_for_pure() -> None:
    """It draws: the place of an in-place change must be worked out once."""
    text = """
        def sum(x):
            return int(random.random() * 4)

        def f(xs):
            hist = [0] * 4
            for x in xs:
                hist[sum(x)] += 1
            return hist
    """
    with pytest.raises(AssertionError, match="program's own"):
        compiled_function(text, "args = ([1.0, 2.0],)", prelude="import random\n")
