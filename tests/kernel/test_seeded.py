"""Streams that a kernel makes, and NumPy's older draws: the same numbers and states as the program, to the bit."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, compiled_function, refusal

OLDER = compiled_function(
    """
    def shuffled(n, seed):
        rng = np.random.RandomState(seed)
        places = np.arange(n)
        rng.shuffle(places)
        return places

    def f(seed, n, xs, ys, grid, ws):
        np.random.seed(seed)
        total = 0.0
        out = [0.0]
        for i in range(n):
            total += np.random.rand(2, 3)[1, 2] + np.random.randn(3)[1] + np.random.random((2, 2))[0, 1]
            total += np.random.normal(0.5, 2.0, size=(2, 2))[1, 1] + np.random.uniform(-1, 2, size=3)[2]
            total += np.random.exponential(0.5) + np.random.exponential(2.0, 3)[2] + np.random.exponential()
            total += np.random.standard_normal(5)[4] + np.random.normal(size=2)[1] + np.random.uniform(size=2)[0]
            k = np.random.choice(len(xs))
            out.append(float(xs[k] + 0.25 * k))
            out.append(float(np.random.choice(xs)) + float(np.random.choice([1, 5, 9])))
            out.append(float(np.random.choice(3, p=ws)) + float(np.random.choice(xs, p=ws)))
            a = np.random.choice(xs, size=4) + np.random.choice(xs, 3, replace=False)[0]
            b = np.random.choice([-1, 1], size=(3, 2))
            c = np.random.choice(10, size=4, replace=False)
            d = np.random.choice(3, 6, p=ws)
            e = np.random.randint(-4, 2**20, size=(2, 2))
            g = np.random.permutation(7)
            h = np.random.permutation(xs)
            q = np.random.permutation(grid)
            np.random.shuffle(ys)
            np.random.shuffle(grid)
            np.random.shuffle(out)
            total += a[3] + b[2, 1] + c[0] + d[5] + e[1, 1] + g[3] + h[0] + q[1, 1]
            total += np.random.randint(5) + np.random.randint(2, 9) + np.random.randint(0, 3, 4)[2]
        order = shuffled(n, seed)
        return total, out, order
    """,
    "args = (3, 4, np.array([0.5, 1.5, 4.0]), [1.5, 2.5, 3.5], np.arange(12.0).reshape(4, 3), np.array([0.2, 0.3, 0.5]))",
)
GIVEN = "args = ({}, {}, np.array([0.5, 1.5, 4.0]), [1.5, 2.5, 3.5], np.arange(12.0).reshape({}), np.array({}))"


@pytest.mark.parametrize(
    ("seed", "n", "shape", "ws", "fast"),
    [
        (3, 500, (4, 3), [0.2, 0.3, 0.5], True),
        (0, 60, (3, 4), [0.0, 1.0, 0.0], True),
        (2**32 - 1, 3, (12, 1), [1 / 3, 1 / 3, 1 / 3], None),
        (2**32, 3, (4, 3), [0.2, 0.3, 0.5], False),
        (-1, 3, (4, 3), [0.2, 0.3, 0.5], False),
        (7, 3, (4, 3), [0.2, 0.3, 0.6], False),
        (7, 0, (4, 3), [0.2, 0.3, 0.6], None),
    ],
)
def test_older_draws(seed: int, n: int, shape: tuple[int, int], ws: list[float], fast: bool | None) -> None:
    check(OLDER, GIVEN.format(seed, n, shape, ws), fast=fast)


PYTHON = compiled_function(
    """
    def f(seed, n):
        rng = random.Random(seed)
        random.seed(seed - 1)
        total = 0.0
        for i in range(n):
            total += rng.random() + random.gauss(0.0, 1.0) + rng.randint(1, 6) - random.random()
            if i == 700:
                rng.seed(i)
        return total
    """,
    "import random; args = (5, 3); others = [(2**62, 3)]",
    prelude="import math\nimport random\nimport numpy as np\n",
)


@pytest.mark.parametrize("seed", [5, 0, 1, -8, 2**32, 2**32 + 1, -(2**40), 2**62, "True"])
def test_python(seed: object) -> None:
    check(PYTHON, f"args = ({seed}, 1500)", fast=seed != "True")


GENERATOR = compiled_function(
    """
    def folds(order, k):
        return [sorted([int(i) for i in order[j:j + k]]) for j in range(k)]

    def f(n, k, seed):
        '''Folds.'''
        total = 0.0
        rng = np.random.default_rng(seed=seed)
        other = np.random.default_rng(seed)
        order = np.random.default_rng(42).permutation(n)
        for i in range(n):
            total += rng.normal() - other.random() + order[i]
        return total, rng.random()
    """,
    "args = (5, 3, 1); others = [(5, 3, 2**62)]",
)


def test_generator_of_a_seed() -> None:
    check(GENERATOR, "args = (50, 3, 1)", fast=True)
    check(GENERATOR, "args = (50, 3, 2**62)", fast=True)
    check(GENERATOR, "args = (50, 3, 0)", fast=True)
    check(GENERATOR, "args = (50, 3, -1)", fast=False)
    check(GENERATOR, "args = (50, 3, 2**80)", fast=False)
    check(GENERATOR, "args = (50, 3, True)", fast=False)


def test_generator_that_a_block_leaves() -> None:
    c = compiled(
        """
        rng = np.random.default_rng(7)
        total = 0.0
        for i in range(n):
            total += rng.random()
        """,
        "n = 4",
        hide=("i",),
    )
    check(c, "n = 40", fast=True)
    check(c, "n = 0", fast=True)


def test_refused() -> None:
    again = """
    for i in range(n):
        rng = np.random.default_rng(i)
        total += rng.random()
    """
    assert "several times" in refusal(again, "n = 3; total = 0.0")
    changed = """
    n = n + 1
    rng = np.random.default_rng(n)
    for i in range(n):
        total += rng.random()
    """
    assert "computed" in refusal(changed, "n = 3; total = 0.0")
    fresh = """
    rng = np.random.default_rng()
    for i in range(n):
        total += rng.random()
    """
    assert "such arguments" in refusal(fresh, "n = 3; total = 0.0")
