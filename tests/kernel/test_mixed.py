"""Lists of ints and floats side by side, and of ints that become floats midway, as kernels and as written."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, compiled_function, refusal

CASES = {
    "ints that become floats": (
        """
        for j in range(len(y)):
            y[j] = 0
        for i in range(n):
            t[i] = 0.0
            for j in range(len(y)):
                t[i] = t[i] + a[i][j] * x[j]
            for j in range(len(y)):
                y[j] = y[j] + a[i][j] * t[i]
        """,
        "n = 2; a = [[0.5, 1.5, 2.5], [1.0, 2.0, 3.0]]; x = [1, 2, 3]; y = [0, 0, 0]; t = [7, 7]",
        [
            ("n = 2; a = [[0.5, 1.5, 2.5], [1.0, 2.0, 3.0]]; x = [1, 2, 3]; y = [0, 0, 0]; t = [7, 7]", True),
            ("n = 0; a = [[0.5, 1.5, 2.5], [1.0, 2.0, 3.0]]; x = [1, 2, 3]; y = [0.5, 0, -0.0]; t = [7, 0.5]", True),
            ("n = 1; a = [[0.1, 1e300, 2.5], [1.0, 2.0, 3.0]]; x = [1, 2, 2**60]; y = [1, 2.5, 0]; t = [7, 8]", True),
            # other types, and ints that no float64 holds
            ("n = 1; a = [[0.5, 1.5, 2.5], [1.0, 2.0, 3.0]]; x = [1, 2, 3]; y = [0, True, 0]; t = [7, 7]", False),
            ("n = 0; a = [[0.5, 1.5, 2.5], [1.0, 2.0, 3.0]]; x = [1, 2, 3]; y = [0, 0, 0]; t = [7, 2**53 + 1]", False),
            ("n = 0; a = [[0.5, 1.5, 2.5], [1.0, 2.0, 3.0]]; x = [1, 2, 3]; y = [0, 0, 0]; t = [7, 10**400]", False),
            ("n = 0; a = [[0.5, 1.5, 2.5], [1.0, 2.0, 3.0]]; x = [1, 2, 3]; y = [0, 0, 0]; t = [7, '']", False),
            ("n = 0; a = [[0.5, 1.5, 2.5], [1.0, 2, 3.0]]; x = [1, 2, 3]; y = [0, 0, 0]; t = [7, 7]", False),
            ("n = 0; a = [[0.5, 1.5, 2.5], [1.0, 2.0]]; x = [1, 2, 3]; y = [0, 0, 0]; t = [7, 7]", False),
            # one list under two names, one row twice
            ("n = 2; a = [[0.5, 1.5], [1.0, 2.0]]; x = [1, 2]; y = [0, 0]; t = y", False),
            ("n = 2; r = [0.5, 1.5]; a = [r, r]; x = [1, 2]; y = [0, 0]; t = [0, 0]", True),
            ("n = 2; a = [[0.5, 1.5], [1.0, 2.0]]; x = [1, 2]; y = [0, 0]; t = a[1]", False),
            # exceptions midway leave the lists as far as the original came
            ("n = 3; a = [[0.5, 1.5, 2.5], [1.0, 2.0, 3.0]]; x = [1, 2, 3]; y = [0, 0, 0]; t = [7, 7, 7]", False),
            ("n = 2; a = [[0.5, 1.5, 2.5], [1.0, 2.0, 3.0]]; x = [1, 2]; y = [0, 0, 0]; t = [7, 7]", False),
            ("n = 2; a = [[0.5, math.nan, 2.5], [1.0, 2.0, 3.0]]; x = [1, 2, 3]; y = [0, 0, 0]; t = [7, 7]", False),
        ],
    ),
    "arithmetic on what may be an int": (
        """
        last = -r[0]
        y[0] = -r[0]
        for k in range(1, len(r)):
            last = last * last - r[k] * y[k - 1]
            y[k] = -last * s
            z[k] = y[k] / 4 + y[k - 1]
            if y[k] > y[k - 1]:
                s = s + 0.5
        sign = 1.0 * y[0]
        """,
        "r = [3, 1, 2]; s = 1; y = [0.0, 0.0, 0.0]; z = [0.0, 0, 0]",
        [
            ("r = [3, 1, 2]; s = 1; y = [0.0, 0.0, 0.0]; z = [0.0, 0, 0]", True),
            ("r = [3, 1, 2]; s = -1; y = [0, 0, 0]; z = [0, 0, 0]", True),
            ("r = [0, 0, 0]; s = -5; y = [0, 0, 0]; z = [0, 0, 0]", True),  # the int 0 has no sign
            ("r = [0, 0, -0]; s = 0; y = [-0.0, 1.0, 0]; z = [0, 0, 0]", True),
            ("r = [94906266, 1]; s = 1; y = [0, 0]; z = [0, 0]", False),  # its square is beyond 2**53
            ("r = [94906265, 1]; s = 1; y = [0, 0]; z = [0, 0]", None),
            ("r = [3, 2**70]; s = 1; y = [0, 0]; z = [0, 0]", False),
            ("r = [3]; s = 1; y = [0.5]; z = [0.5]", True),
            ("r = [3, 4]; s = 1; y = [0.5]; z = [0.5]", False),
        ],
    ),
    "rows": (
        """
        total = 0
        count = 0
        for row in grid:
            for k, v in enumerate(row):
                total = total + v
                if v > 2:
                    count += 1
                    row[k] = v * 0.5
        for v, w in zip(grid[0], grid[-1]):
            total = total + v * w
        half = grid[1][:2]
        size = len(grid) * len(half)
        """,
        "grid = [[1, 2.5, 3], [4, 5, 6]]",
        [
            ("grid = [[1, 2.5, 3], [4, 5, 6]]", True),
            ("grid = [[1, 2, 1], [0, 0, 0]]", True),
            ("grid = [[0.5, 2.5, -0.0], [-0.0, 0, 0]]", True),
            ("grid = [[1, 2.5, 3]]", False),
            ("grid = [[0] * 3] * 2", False),
            ("grid = [[1, 2.5, 3], [4, None, 6]]", False),
            ("grid = []", False),
            ("grid = [[], []]", False),
        ],
    ),
    "made here": (
        """
        out = [[0] * m for _ in range(n)]
        weights = [0, 0.5, 2]
        for i in range(n):
            line = out[i]
            for j in range(m):
                if i != j:
                    line[j] += weights[(i + j) % 3] / 2
        """,
        "n = 2; m = 3",
        [("n = 2; m = 3", True), ("n = 4; m = 1", True), ("n = 3; m = 0", True), ("n = 0; m = 3", None)],
    ),
    "three levels, chained": (
        """
        for i in range(1, len(a) - 1):
            for j in range(len(a[i])):
                for k in range(len(a[i][j])):
                    a[i][j][k] = b[i] = a[i - 1][j][k] * 2 + i
        """,
        "a = [[[1, 2], [3, 4]] for _ in range(3)]; b = [0, 0, 0]",
        [
            ("a = [[[1, 2], [3, 4]] for _ in range(3)]; b = [0, 0, 0]", True),
            ("a = [[[i * j * k for k in range(9)] for j in range(9)] for i in range(9)]; b = [0] * 9", True),
            ("a = [[[1, 2], [3, 4]]] * 3; b = [0, 0, 0]", False),
            ("r = [1, 2]; a = [[r, [3, 4]], [[5, 6], r], [[5, 6], [7, 8]]]; b = [0, 0, 0]", False),
            ("a = [[[1, 2], [3, 4]], [[1, 2]], [[3, 4], [5, 6]]]; b = [0, 0, 0]", False),
            ("a = [[[1, 2], [3, 4]], [[1, 2], [3]], [[3, 4], [5, 6]]]; b = [0, 0, 0]", False),
            ("a = [[[1, 2], [3, 4]], [[1, 2], [3, 0.5]], [[3, 4], [5, 6]]]; b = [0, 0, 0]", False),
            ("a = [[[2**62, 2], [3, 4]] for _ in range(3)]; b = [0, 0, 0]", False),
        ],
    ),
}

FUNCTIONS = {
    "handed on": (
        """
        def scale(row, by):
            for k in range(len(row)):
                row[k] = row[k] * by

        def f(grid, by):
            total = 0
            for i in range(len(grid)):
                scale(grid[i], by)
                total += len(grid[i])
            return total
        """,
        "args = ([[1, 2, 3], [4, 5, 6]], 0.5)",
        [
            ("args = ([[1, 2, 3], [4, 5, 6]], 0.5)", True),
            ("args = ([[1, 2.0, 3], [4, 5, 6.5]], -0.0)", True),
            ("args = ([[1, 2.0, 3], [4, 5, 6.5]], 2)", False),
            ("row = [1, 2]; args = ([row, row], 0.5)", False),
        ],
    ),
    "result": (
        """
        def f(n, step):
            out = [0] * n
            for i in range(1, n):
                out[i] = out[i - 1] + step if i % 2 else i
            return out
        """,
        "args = (5, 0.25)",
        [("args = (5, 0.25)", True), ("args = (1, 0.25)", True), ("args = (0, 0.25)", None), ("args = (5, 2)", False)],
    ),
    "functions within": (
        """
        scaled = lambda v: v * 2

        def f(seq, table):
            def match(b1, b2): return b1 + b2 == 3
            log2 = lambda x: math.log(x) / math.log(2)
            n = len(seq)
            for i in range(n):
                for j in range(i + 1, n):
                    table[i][j] = max(table[i][j], table[i][j - 1] + match(seq[i], seq[j]))
            return log2(n) + scaled(n)
        """,
        "args = ([0, 1, 2, 3], [[0] * 4 for _ in range(4)])",
        [
            ("args = ([0, 1, 2, 3], [[0] * 4 for _ in range(4)])", True),
            ("args = ([0, 1, 2, 3], [[0] * 4] * 4)", False),
            ("args = ([0, 1, 2**63, 3], [[0] * 4 for _ in range(4)])", False),
            ("args = ([], [[0]])", False),
        ],
    ),
}


@pytest.mark.parametrize("name", list(CASES))
def test_case(name: str) -> None:
    body, example, inputs = CASES[name]
    c = compiled(body, example, hide=("i", "j", "k", "v", "w", "row", "line", "weights", "half"))
    for setup, fast in inputs:
        check(c, setup, fast=fast)


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_function(name: str) -> None:
    text, example, inputs = FUNCTIONS[name]
    c = compiled_function(text, example)
    for setup, fast in inputs:
        check(c, setup, fast=fast)


def test_a_list_named_like_the_rows_of_another() -> None:
    """The rows of one list are gone over at the door while another list is called `row`."""
    c = compiled(
        """
        for i in range(len(row)):
            row[i] = row[i] * 2
            for j in range(len(grid[i])):
                grid[i][j] = grid[i][j] + row[i]
        """,
        "row = [1.5, 2.5]; grid = [[1.0, 2.0], [3.0, 4.0]]",
    )
    check(c, "row = [1.5, 2.5]; grid = [[1.0, 2.0], [3.0, 4.0]]", fast=True)


SELF = """
import math
import numpy as np

class Base:
    def __init__(self, n):
        self.n = n
        self.kind = float

class Other(Base):
    scale = 3

self = Other(4)
"""
OVER_SELF = """
for i in range(self.n):
    x[i] = self.kind(i % self.n) / self.scale
"""


def test_attributes_of_an_object_of_any_class() -> None:
    c = compiled(OVER_SELF, SELF + "x = [0.0] * 4; late = False", prelude=SELF)
    assert "_plain_heirs([self], " in c.patched.text
    check(c, "x = [0.0] * 4", fast=True)
    check(c, "x = [0] * 4", fast=False)


@pytest.mark.parametrize(
    "change",
    [
        "self.kind = int",
        "self.kind = lambda x: x",
        "Other.n = property(lambda self: 3)",
        "Other.scale = property(lambda self: 2)",
        "del self.kind; Base.kind = float; self.scale = 2.5",
        "Base.__getattribute__ = lambda self, name: 2 if name == 'n' else object.__getattribute__(self, name)",
        "self.n = 5",
        "del self.n",
    ],
)
def test_other_attributes_run_the_original(change: str) -> None:
    c = compiled(
        OVER_SELF,
        SELF + "x = [0.0] * 4; late = False",
        prelude=SELF + f"\nif late:\n    {change.replace('; ', chr(10) + '    ')}\n",
    )
    check(c, "x = [0.0] * 4; late = True", fast=None if "del self.kind" in change else False)
    check(c, "x = [0.0] * 4; late = False", fast=True)


def test_a_function_that_reads_what_is_around_it() -> None:
    text = """
        def f(a):
            n = len(a)
            def late(i): return n - i
            for i in range(n):
                a[i] = late(i)
            n = 3
            return n + late(1)
        """
    check(compiled_function(text, "args = ([1, 2],)"), "args = ([5, 6, 7],)", fast=True)


REFUSED = {
    "a function bound twice": (
        """
        def f(a):
            def g(i): return i
            for i in range(len(a)):
                a[i] = g(i)
            def g(i): return -i
            return g(1)
        """,
        "g",
    ),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_refused(name: str) -> None:
    text, why = REFUSED[name]
    with pytest.raises(AssertionError, match=why):
        compiled_function(text, "args = ([1, 2],)")


def test_bools_among_ints_are_refused() -> None:
    assert "bool" in refusal("for i in range(n):\n    x[i] = x[i] > 0", "n = 2; x = [1, 2]")
