"""Functions that call themselves, and functions called for what they do."""

from __future__ import annotations

import sys

import pytest

from tests.kernel.differential import check, compiled_function

FIB = compiled_function(
    """
    def f(n):
        if n < 2:
            return n
        return f(n - 1) + f(n - 2)
    """,
    "args = (5,)",
)


@pytest.mark.parametrize(
    ("args", "fast"),
    [
        ("20,", True),
        ("0,", True),
        ("-7,", True),
        ("True,", False),
        ("2.0,", False),
        ("None,", False),
        ("2**40 * -1,", False),
    ],
)
def test_fibonacci(args: str, fast: bool) -> None:
    check(FIB, f"args = ({args})", fast=fast)


DEPTH = compiled_function(
    """
    def down(n, step=1):
        if n <= 0:
            return 0.5
        return down(n - step) + n

    def fill(xs, i):
        if i == len(xs):
            return
        xs[i] = i * 2
        fill(xs, i + 1)

    def f(n, m):
        xs = [0] * m
        fill(xs, 0)
        return down(n), sum(xs), down(3, step=2)
    """,
    "args = (5, 4)",
)


@pytest.mark.parametrize(
    ("args", "fast"),
    [
        ("5, 4", True),
        ("240, 3", True),
        ("300, 3", False),  # deeper than a kernel goes
        ("5000, 3", False),  # RecursionError
        ("5, 400", False),
        ("5, 0", True),
    ],
)
def test_depth(args: str, fast: bool) -> None:
    check(DEPTH, f"args = ({args})", fast=fast)


def test_little_room_on_the_stack() -> None:
    limit = sys.getrecursionlimit()
    try:
        check(DEPTH, "import sys\nsys.setrecursionlimit(450)\nargs = (100, 2)", fast=False)
    finally:
        sys.setrecursionlimit(limit)
