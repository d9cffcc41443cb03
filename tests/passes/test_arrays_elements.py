"""Loops over the elements of arrays as array expressions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hasten.core.recipe import Recipe
from hasten.kernel.regions import regions_of
from hasten.passes.source.arrays.elements import ElementLoops
from hasten.testing import observed
from tests.passes.test_containers_harness import observe, work_of

HEAD = """import math
import warnings

import numpy as np


def show(f, *args):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            got = f(*args)
        except Exception as e:
            got = (type(e).__name__, str(e))
    parts = got if isinstance(got, tuple) else (got,)
    print([(type(p).__name__, getattr(p, "dtype", None), p) for p in parts], [str(t.message) for t in told], args)


class Odd(np.ndarray):
    pass


a = np.arange(12.0) - 4
b = np.linspace(0.5, 2, 12)
M = np.arange(12.0).reshape(4, 3) / 7
"""
# a function, an ordinary call of it, and calls that must come out as before
CASES = {
    "if and else": (
        """
def f(x, y, out):
    for i in range(len(x)):
        if x[i] > 0:
            out[i] = x[i] / y[i]
        else:
            out[i] = y[i] - 1
    return out
""",
        "f(a, b, np.zeros(12))",
        """
show(f, a, b * 0, np.zeros(12))
show(f, a, b, np.zeros(3))
show(f, a[:0], b, np.zeros(3))
show(f, a, b, np.zeros(12, np.float32))
show(f, a.astype(int), b, np.zeros(12))
show(f, a.tolist(), b, np.zeros(12))
show(f, a * np.nan, b, np.zeros(12))
show(f, a * 1e307, b / 100, np.zeros(12))
show(f, np.array([1.0, np.inf, -0.0]), np.array([np.inf, np.inf, 0.0]), np.zeros(3))
show(f, a.copy(), b, a)
both = np.arange(1.0, 14)
show(f, both[:-1], b, both[1:])
show(f, b, both[:-1], both[1:])
show(f, a.view(Odd), b, np.zeros(12))
show(f, a, b, np.ma.array(np.zeros(12), mask=a > 2))
show(f, a[:4], b, np.lib.stride_tricks.as_strided(np.zeros(2), (4,), (0,)))
still = np.zeros(12)
still.flags.writeable = False
show(f, a, b, still)
show(f, a, [1.0] * 12, np.zeros(12))
with np.errstate(under="raise"):
    show(f, a * 1e-300, b * 1e300, np.zeros(12))
""",
    ),
    "sums": (
        """
def f(x, start):
    total = start
    hits = 0
    last = 7
    for i in range(1, len(x)):
        d = x[i] - x[i - 1]
        if d > 0.1:
            total += d * 3
            hits += 1
        elif d < -5:
            total -= d
        last = i
    return total, hits, i
""".replace("        last = i\n", ""),
        "f(a * 0.1, 0.0)",
        """
show(f, a * 0, 0.0)
show(f, a, 0)
show(f, a, np.float64(1))
show(f, a, -0.0)
show(f, -a * 9, 0.5)
show(f, np.array([1e308, -1e308, 1e308, -1e308]), 0.5)
show(f, np.random.default_rng(1).random(1000) * 1e10, 1e-7)
show(f, a, True)
show(f, a[:1], 0.0)
show(f, np.array([0.0, np.nan, 1, 2, np.inf, 3]), 0.0)
""",
    ),
    "a whole number that becomes a float": (
        """
def f(x, scale):
    total = 0.0
    for i in range(len(x)):
        total -= x[i] - float(scale)
    return total
""",
        "f(a, 3)",
        """
show(f, a, True)
show(f, a, 2**70)
show(f, a, 2.5)
show(f, a, "3")
""",
    ),
    "counts": (
        """
def f(flags, n, k):
    count = k
    ones = 0
    for i in range(n):
        if flags[i]:
            count += i
            ones = ones + 2
    return count, ones
""",
        "f(a > 2, 12, 5)",
        """
show(f, a > 2, 13, 5)
show(f, a > 2, -1, 5)
show(f, a > 99, 12, 5)
show(f, a > 2, 12, 2**70)
show(f, a > 2, True, 0)
show(f, a > 2, 12, 0.5)
show(f, a.astype(int), 12, 0)
""",
    ),
    "whole numbers": (
        """
def f(x, y, out):
    total = 0
    for i in range(len(x)):
        out[i] = x[i] * y[i] + i // 3
        total += x[i] % 5
    return out, total
""",
        "f(np.arange(9), np.arange(9) - 3, np.zeros(9, int))",
        """
show(f, np.arange(9) * 2**60, np.arange(9), np.zeros(9, int))
show(f, np.full(9, 2**62), np.full(9, 4), np.zeros(9, int))
show(f, np.arange(9), np.arange(9) - 3, np.zeros(9))
show(f, np.arange(9, dtype=np.int32), np.arange(9) - 3, np.zeros(9, int))
show(f, np.arange(9, dtype=np.uint64), np.arange(9) - 3, np.zeros(9, int))
show(f, list(range(9)), np.arange(9) - 3, np.zeros(9, int))
show(f, np.array([], int), np.arange(9), np.zeros(9, int))
""",
    ),
    "division of whole numbers": (
        """
def f(x, y, out):
    for i in range(len(x)):
        out[i] = x[i] // y[i] + x[i] % y[i] + x[i] / y[i]
    return out
""",
        "f(np.arange(9), np.arange(9) - 13, np.zeros(9))",
        """
show(f, np.arange(9), np.arange(9) - 3, np.zeros(9))
show(f, np.array([-(2**63)]), np.array([-1]), np.zeros(1))
show(f, np.array([-(2**53) - 1]), np.array([3]), np.zeros(1))
""",
    ),
    "rows and columns": (
        """
def f(M, w):
    n, m = M.shape
    out = np.zeros(n)
    sums = np.zeros(m)
    for i in range(n):
        s = 0.0
        for j in range(m):
            s += M[i, j] * w[j]
            sums[j] += M[i][j]
        out[i] = s - 1
    return out, sums
""",
        "f(M, b)",
        """
show(f, M.T, b)
show(f, M[:, ::2], b)
show(f, M, b[:2])
show(f, M[:0], b)
show(f, M[:, :0], b)
show(f, M * 1e308, b)
show(f, M.tolist() and M.astype(object), b)
""",
    ),
    "a table of differences": (
        """
def f(x, y, D):
    for i in range(len(x)):
        for j in range(len(y)):
            D[j, i] = abs(x[i] - y[j])
    return D
""",
        "f(a, b[:5], np.zeros((5, 12)))",
        """
show(f, a, b[:5], np.zeros((12, 5)).T)
show(f, a, b[:5], np.zeros((12, 5)))
show(f, a, b[:0], np.zeros((5, 12)))
square = np.arange(16.0).reshape(4, 4)
show(f, square[0], square[1], square)
""",
    ),
    "products of matrices": (
        """
def f(A, B, C):
    n, m, k = A.shape[0], B.shape[1], A.shape[1]
    D = np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            s = 0.0
            for l in range(k):
                s += A[i, l] * B[l, j]
            D[i, j] = s
    for i in range(n):
        for j in range(m):
            for l in range(k):
                C[i, j] += A[i][l] * B[l][j]
    return C, D
""",
        "f(np.arange(12.0).reshape(4, 3), np.arange(15.0).reshape(3, 5), np.ones((4, 5)))",
        """
show(f, np.arange(12.0).reshape(4, 3), np.arange(15.0).reshape(5, 3).T, np.ones((4, 5)))
show(f, np.arange(12.0).reshape(4, 3) * 1e200, np.arange(15.0).reshape(3, 5) * 1e200, np.ones((4, 5)))
show(f, np.full((4, 3), np.inf), np.arange(15.0).reshape(3, 5), np.ones((4, 5)))
show(f, np.full((4, 3), np.nan), np.arange(15.0).reshape(3, 5), np.ones((4, 5)))
show(f, np.arange(12).reshape(4, 3), np.arange(15).reshape(3, 5), np.ones((4, 5)))
show(f, np.arange(12.0).reshape(4, 3), np.arange(15.0).reshape(3, 5), np.ones((3, 5)))
show(f, np.arange(12.0).reshape(4, 3), np.arange(10.0).reshape(2, 5), np.ones((4, 5)))
show(f, np.zeros((0, 3)), np.zeros((3, 5)), np.ones((4, 5)))
show(f, np.zeros((2, 0)), np.zeros((0, 2)), np.ones((2, 2)))
square = np.eye(3)
show(f, square, square, square)
""",
    ),
    "neighbours": (
        """
def f(u, k):
    new = u.copy()
    n, m = u.shape
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            new[i, j] = u[i - 1, j] + u[i + 1, j] - 2 * u[i, j] + k * (u[i, j - 1] + u[i, j + 1])
    return new
""",
        "f(np.arange(30.0).reshape(5, 6), 0.5)",
        """
show(f, np.arange(30.0).reshape(5, 6), 2)
show(f, np.arange(4.0).reshape(2, 2), 0.5)
show(f, np.arange(30).reshape(5, 6), 0.5)
show(f, np.arange(30.0).reshape(5, 6), np.float64(0.5))
""",
    ),
    "a list of numbers": (
        """
def f(xs, ys, out):
    for x, y in zip(xs, ys):
        if x < y:
            out.append(x * y)
        elif x > 3:
            out.append(x - y / x)
    return out
""",
        "f([1.0, 2.0, 5.0], [2.5, 1.5, 3.5], [])",
        """
show(f, [1.0, 2.0, 5], [2.5, 1.5, 3.5], [])
show(f, [1.0, True, 5.0], [2.5, 1.5, 3.5], [])
show(f, [1.0, np.float64(2), 5.0], [2.5, 1.5, 3.5], [])
show(f, [1.0, None, 5.0], [2.5, 1.5, 3.5], [])
show(f, [1.0, 2.0], [2.5, 1.5, 3.5], ["a"])
show(f, [], [], [])
show(f, [4.0, 0.0], [1e308, 0.0], [])
nan = float("nan")
show(f, [4.0, nan], [nan, 1.0], [])
show(f, (1.0, 2.0, 5.0), [2.5, 1.5, 3.5], [])
grows = [1.0]
show(f, [0.5], grows, grows)
""",
    ),
    "a list in its place": (
        """
def f(xs, c):
    for i in range(len(xs)):
        xs[i] = xs[i] / c - i
    return xs
""",
        "f([1.0, 2.0, 5.0], 2.5)",
        """
show(f, [1.0, 2.0, 5.0], 0.0)
show(f, [1.0, 2.0, 5], 2.0)
show(f, [float("nan"), 2.0], 2.0)
show(f, [1.0, 2.0], 2)
""",
    ),
    "a chain of rounds that is none": (
        """
def f(x, y):
    for i in range(1, len(x) - 1):
        t = x[i] * 2
        if t < 0:
            continue
        y[i] += t
        y[i] = y[i] * y[i]
        if y[i] > 100:
            y[i] = 100
    return y
""",
        "f(a, b.copy())",
        """
show(f, a, a)
show(f, a, b[:5].copy())
show(f, a, b.tolist())
""",
    ),
}
LEFT_ALONE = {
    "a recurrence": "x = a.copy()\nfor i in range(1, 12):\n    x[i] = x[i - 1] * 0.5 + b[i]\nprint(x)\n",
    "backwards": "x = a.copy()\nfor i in range(11):\n    x[i] = x[i + 1] * 0.5\nprint(x)\n",
    "a value of the round before": "p = 0.0\nx = a.copy()\nfor i in range(12):\n    x[i] = a[i] - p\n    p = a[i]\nprint(x)\n",
    "a sum that is read": "s = 0.0\nx = a.copy()\nfor i in range(12):\n    s += a[i]\n    x[i] = s\nprint(x)\n",
    "a sum that starts again": "s = 0.0\nfor i in range(12):\n    s += a[i]\n    if s > 3:\n        s = 0.0\nprint(s)\n",
    "two sums in one": "s = 0.0\nfor i in range(12):\n    s += a[i]\n    s += b[i]\nprint(s)\n",
    "its variable is bound again": "x = a.copy()\nfor i in range(12):\n    i = 3\n    x[i] = a[i] + b[i]\nprint(x)\n",
    "break": "s = 0.0\nfor i in range(12):\n    if a[i] > 3:\n        break\n    s += a[i]\nprint(s)\n",
    "one element again and again": "x = a.copy()\nfor i in range(12):\n    x[0] = a[i]\nprint(x)\n",
    "the last one stays": "x = a.copy()\nfor i in range(4):\n    for j in range(3):\n        x[i] = M[i, j]\nprint(x)\n",
    "a print": "x = a.copy()\nfor i in range(12):\n    x[i] = b[i]\n    print(i)\n",
    "an array of the round": "s = 0.0\nfor i in range(4):\n    s += M[i].sum()\nprint(s)\n",
    "a temporary that is read": "for i in range(12):\n    t = a[i] * 2\nprint(t)\n",
    "another element of what is written": "x = a.copy()\nfor i in range(12):\n    x[i] = x[11] + 1\nprint(x)\n",
    "read where another loop wrote": (
        "Y = M.copy()\nfor i in range(4):\n    for j in range(3):\n        Y[i, j] = M[i, j] * 2\n"
        "    for j in range(2):\n        Y[i, j] += 1\nprint(Y)\n"
    ),
    "the type of the sum is for the data to say": (
        "out = []\nfor i in range(4):\n    s = 0\n    for j in range(3):\n        if M[i, j] > 1:\n            s += 1.5\n"
        "    out.append(s)\nprint(out)\n"
    ),
}


def changes_of(root: Path, source: str) -> list[Recipe]:
    work = work_of(root, source)
    facts = observed(work)
    found = []
    a_pass = ElementLoops()
    for region in regions_of(work.source("script.py"), entry=True):
        for finding in a_pass.find(work, region, facts):
            found += [Recipe((c,)) for c in a_pass.propose(work, finding, facts)]
    return found


def numbered(text: str, case: str) -> str:
    """The text with a function name of the case's own."""
    return re.sub(r"\bf(?=[,(])", f"f{list(CASES).index(case)}", text)


FUNCTIONS = HEAD + "".join(numbered(function, case) for case, (function, _, _) in CASES.items())
USUAL = FUNCTIONS + "".join(f"print({numbered(call, case)})\n" for case, (_, call, _) in CASES.items())


@pytest.fixture(scope="module")
def proposed(tmp_path_factory: pytest.TempPathFactory) -> list[Recipe]:
    return changes_of(tmp_path_factory.mktemp("usual"), USUAL)


@pytest.mark.parametrize("case", CASES)
def test_same_with_inputs_that_nobody_recorded(case: str, proposed: list[Recipe], tmp_path: Path) -> None:
    name = numbered("f(", case)[:-1]
    changes = [r for r in proposed if r.changes[0].region.qualname == name]
    assert changes, "nothing was proposed"
    _, call, nasty = CASES[case]
    whole = f"{FUNCTIONS}\nprint({numbered(call, case)})\n{numbered(nasty, case)}"
    work = work_of(tmp_path, whole)
    old = observe(whole)
    assert old[1] is None
    for recipe in changes:
        new = recipe.apply(work).source("script.py").text
        assert observe(new) == old, new


def test_ordinary_calls_need_no_loop(proposed: list[Recipe], tmp_path: Path) -> None:
    work = work_of(tmp_path, USUAL)
    old = observe(USUAL)
    for recipe in proposed:
        new = recipe.apply(work).source("script.py").text
        assert observe(new.replace("        return None", "        raise SystemError")) == old, new


def wrapped(case: str) -> str:
    lines = "".join(f"    {line}\n" for line in LEFT_ALONE[case].splitlines())
    return f"def left_{list(LEFT_ALONE).index(case)}():\n{lines}\n\nleft_{list(LEFT_ALONE).index(case)}()\n"


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> list[Recipe]:
    return changes_of(tmp_path_factory.mktemp("left"), HEAD + "".join(map(wrapped, LEFT_ALONE)))


@pytest.mark.parametrize("case", LEFT_ALONE)
def test_left_alone(case: str, left: list[Recipe]) -> None:
    name = f"left_{list(LEFT_ALONE).index(case)}"
    lines = (HEAD + "".join(map(wrapped, LEFT_ALONE))).splitlines()
    for recipe in left:
        region = recipe.changes[0].region
        outer = lines[region.first - 1].startswith("    for")
        assert region.qualname != name or not outer, recipe
