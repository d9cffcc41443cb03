"""Arithmetic functions, compiled, on hostile numbers."""

from __future__ import annotations

import random

import pytest

from tests.kernel.differential import check, compiled, refusal

ROUND = compiled(
    "for x in xs:\n    a.append(round(x, 2))\n    b.append(round(x, 0))\n    c.append(round(x, 5))\n    d.append(round(x, 15))",
    "xs = [1.0]\na=[];b=[];c=[];d=[]",
    hide=("x",),
)


def test_round_to_digits_is_exact() -> None:
    rng = random.Random(1)
    xs = [0.0, -0.0, 0.5, 1.5, 2.5, -0.5, 0.125, 0.375, 2.675, 1.005, -1.005, 1e-20, -1e-20, 0.285, 0.49999999999999994]
    xs += [0.9999999999999999, 0.615, 1.115, 0.000015, 0.0000250, 5e-16, 4.5e-15, 0.994999999999, 0.005, 0.015, 0.025]
    xs += [rng.randint(-999, 999) / 1000 for _ in range(400)] + [
        rng.randint(-(10**6), 10**6) / 2**20 for _ in range(400)
    ]
    xs += [rng.uniform(-1, 1) * 10 ** rng.randint(-18, -1) for _ in range(400)]
    check(ROUND, f"a=[];b=[];c=[];d=[]\nxs = {xs!r}", fast=True)
    check(ROUND, "a=[];b=[];c=[];d=[]\nxs = [math.inf, -math.inf, 1e300, -1e18, math.nan]", fast=True)


@pytest.mark.parametrize("x", ["1e15", "1e-250", "123456789.123"])
def test_round_leaves_the_rest_to_python(x: str) -> None:
    check(ROUND, f"a=[];b=[];c=[];d=[]\nxs = [1.25, {x}]", fast=False)


MANY_TEXT = """
    for x in xs:
        for y in ys:
            for m in ms:
                q, r = divmod(m, k)
                u, v = divmod(x, y)
                n.append(q + r + math.gcd(m, k) + math.trunc(x) + pow(m, 3, k) + math.floor(m))
                f.append(u)
                f.append(v)
                f.append(math.fmod(x, y))
                f.append(math.fabs(m))
                f.append(round(y, 3))
                f.append(math.log(abs(x) + 2, 10))
    """
MANY = compiled(
    MANY_TEXT, "xs=[1.5]\nys=[2.0]\nms=[3]\nk=4\nn=[]\nf=[]", hide=("x", "y", "m", "q", "r", "u", "v")
)  # fmt: skip
MANY_START = "xs=[1.5, -1.5, 0.0, -0.0, 7.25]\nys=[2.0, -2.0, 0.3, -0.3, 1e30]\nms=[0, 1, -1, 7, -7, 13]\nn=[]\nf=[]\n"


@pytest.mark.parametrize(
    ("setup", "fast"),
    [
        (MANY_START + "k=4", True),
        (MANY_START + "k=1", True),
        (MANY_START + "k=-4", False),  # pow with a negative modulus
        (MANY_START + "k=0", False),
        (MANY_START + "k=2**31", False),  # beyond what was recorded
        (MANY_START + "k=4; ys = [1.0, 0.0]", False),
        (MANY_START + "k=4; xs = [math.inf]", False),
        (MANY_START + "k=4; ys = [math.inf, -math.inf]; xs = [1.0, -1.0]", True),
        (MANY_START + "k=4; ms = [2**62, -2**63]", False),
    ],
)
def test_many(setup: str, fast: bool) -> None:
    check(MANY, setup, fast=fast)


NUMPY = compiled(
    "for i in range(len(z)):\n    o[i] = np.maximum(z[i], 0.5) + np.minimum(z[i], 3) + np.round(z[i], 1) + round(z[i], 2)",
    "import numpy as np\nz = np.array([1.0, 2.5])\no = np.zeros(2)",
    hide=("i",),
)


@pytest.mark.parametrize(
    ("setup", "fast"),
    [
        ("z = np.linspace(-4, 4, 163) + 0.05\no = np.zeros(163)", True),
        ("z = np.array([1.0, np.nan])\no = np.zeros(2)", False),
        ("z = np.array([1.0, 1e308])\no = np.zeros(2)", False),
    ],
)
def test_numpy_functions(setup: str, fast: bool) -> None:
    check(NUMPY, setup, fast=fast)


HYPOT = compiled(
    "for i in range(len(xs)):\n    t += math.hypot(xs[i], ys[i]) + math.pow(xs[i], 3) + math.isqrt(i) + math.hypot(xs[i], 1, 2)",
    "xs=[1.5]\nys=[2.0]\nt=0.0",
    hide=("i",),
)


@pytest.mark.parametrize(
    ("setup", "fast"),
    [
        ("xs=[3.0, 1e-200, 1e100]\nys=[4.0, 1e-201, 1e99]\nt=0.0", True),
        ("xs=[3.0, math.inf]\nys=[4.0, math.nan]\nt=0.0", False),
        ("xs=[1.5e308]\nys=[1.5e308]\nt=0.0", False),
    ],
)
def test_hypot(setup: str, fast: bool) -> None:
    check(HYPOT, setup, fast=fast, close=True)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("for i in range(n):\n    t += round(t, i)", "digits"),
        ("for i in range(n):\n    t += round(t, -1)", "digits"),
        ("for i in range(n):\n    t += math.gcd(2, z[i])", "Python int"),
        ("for i in range(n):\n    t += math.dist(z, z)", "not a number"),
    ],
)
def test_refusals(body: str, why: str) -> None:
    assert why in refusal(body, "import numpy as np\nn = 3\nt = 0.0\nz = np.zeros(3, int)")
