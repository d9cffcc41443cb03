"""Several names bound at once to lists and arrays."""

from __future__ import annotations

import ast
import textwrap

import pytest

from hasten.kernel.unpacked import apart
from tests.kernel.differential import check, compiled_function, refusal


def rewritten(text: str) -> str:
    stmts = ast.parse(textwrap.dedent(text)).body
    before = [ast.dump(s) for s in stmts]
    made = apart(stmts)
    assert [ast.dump(s) for s in stmts] == before
    return "\n".join(ast.unparse(s) for s in made)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a, b = y[m], y[~m]", "a = y[m]\nb = y[~m]"),
        ("a, b = [], 0.0", "a = []\nb = 0.0"),
        ("if c:\n    a, b = [], []", "if c:\n    a = []\n    b = []"),
        ("a, b = (x, y) if f(x) else (y, x)", "if f(x):\n    a = x\n    b = y\nelse:\n    a = y\n    b = x"),
        ("a, b = (b, a) if c else (x, 1)", "if c:\n    a, b = (b, a)\nelse:\n    a = x\n    b = 1"),
        ("p, q = q, p\np[0] = 1", "q_1_0 = q\np_1_0 = p\np = q_1_0\nq = p_1_0\np[0] = 1"),
    ],
)
def test_taken_apart(text: str, expected: str) -> None:
    assert rewritten(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a, b = b, a",  # numbers, for all that is known
        "a, b = b, a + b",
        "a, b = 0, 1",
        "a, a = x[0], x[1]",
        "a, b = f(a), 2",
        "a, b = (c := x), c",
        "a, b = *x, y",
        "a[0], b = y[0], y",
        "(a, b), c = x, y",
        "a, b = x",
        "a, b = x if c else y",
        "a, b = (x, y) if c else z",
        "a, b = (x, y) if c else (*z, y)",
        "a, b = (x, y, z) if c else (y, x)",
        "a[0], b = (x, y) if c else (y, x)",
        "p, q, r = q, p, x[0]",
        "for a, b in x:\n    pass",
    ],
)
def test_left_alone(text: str) -> None:
    assert rewritten(text) == ast.unparse(ast.parse(text))


ROWS = compiled_function(
    """
    def f(xs, ys, n, zs):
        prev, cur = [0.0] * (n + 1), [0.0] * (n + 1)
        kept, total = [], 0.0
        above, below = zs[zs > 1.0], zs[zs <= 1.0]
        for i in range(len(xs)):
            for j in range(1, n + 1):
                cur[j] = min(prev[j], cur[j - 1]) + xs[i] * ys[j - 1]
            prev, cur = cur, prev
            kept.append(prev[n])
            total += cur[n]
        a, b = 1, 2
        a, b = b, a + b
        return kept, total + prev[0] + a * b, len(above) - len(below)
    """,
    "args = ([0.5, 1.5, -2.0], [1.0, 2.0], 2, np.arange(4.0))",
)


@pytest.mark.parametrize(
    ("setup", "fast"),
    [
        ("args = ([0.5, 1.5, -2.0], [1.0, 2.0], 2, np.arange(4.0))", True),
        ("args = ([i - 9.5 for i in range(30)], [i % 5 - 1.5 for i in range(12)], 12, np.zeros(3))", True),
        ("args = ([], [1.0], 0, np.ones(0))", None),
        ("args = ([0.5], [1.0], 3, np.ones(1))", False),
    ],
)
def test_rows_change_places(setup: str, fast: bool | None) -> None:
    check(ROWS, setup, fast=fast)


GIVEN = compiled_function(
    """
    def f(a, b, n):
        s = 0.0
        for i in range(n):
            for j in range(len(a)):
                a[j] = a[j] + b[j] * 0.5
            a, b = b, a
            s += a[0]
        return s
    """,
    "args = ([1.0, 2.0], [3.0, 4.0], 3)",
)


@pytest.mark.parametrize(
    "setup",
    [
        "x = [1.0, 2.0]; y = [3.0, 4.0]; args = (x, y, 3)",
        "x = [1.0, 2.0]; y = [3.0, 4.0]; args = (x, y, 0)",
        "x = [1.0, 2.0]; args = (x, x, 3)",
    ],
)
def test_lists_from_outside_change_places(setup: str) -> None:
    check(GIVEN, setup)


def test_which_list_a_name_stands_for_afterwards_is_left_to_python() -> None:
    body = "for i in range(n):\n    a[i % 2] += b[0]\n    a, b = b, a"
    assert "may be what came in" in refusal(body, "n = 3\na = [1.0, 2.0]\nb = [3.0, 4.0]")


OVERLAP = """
def f(tables, steps, scale):
    total, hits = 0.0, 0
    for i, a in enumerate(tables):
        for b in tables:
            small, large = (a, b) if len(a) < len(b) else (b, a)
            low, high = (len(a), len(b)) if len(a) != len(b) else (0, 1)
            for k, v in small.items():
                if k in large:
                    total += v * large[k] - (high - low)
        for s in steps:
            if i - s >= 0:
                hits += s
                for x in scale:
                    total += x * i
    return total, hits, len(steps)
"""


def test_one_of_two_and_long_tuples() -> None:
    tables = "[{1: 2.0, 3: 4.0}, {3: 1.5}, {}, {3: -0.0, 1: 1.0, 2: 2.0}]"
    c = compiled_function(OVERLAP, f"args = ({tables}, (0, 1, 2, 1, 0, 3), (0.5, 1.0, 2.0, -1.0, 0.0))")
    check(c, f"args = ({tables}, (3, 2, 1, 0, -1, -2), (0.5, 1.0, 2.0, -1.0, -0.0))", fast=True)
    check(c, f"args = ({tables}, (3, 2, 1, 0, -1), (0.5, 1.0, 2.0, -1.0, -0.0))", fast=False)
    check(c, f"args = ({tables}, (3, 2, 1, 0, -1, True), (0.5, 1.0, 2.0, -1.0, -0.0))", fast=False)
    check(c, f"args = ({tables}, [3, 2, 1, 0, -1, 2], (0.5, 1.0, 2.0, -1.0, -0.0))", fast=False)
    check(c, f"args = ({tables}, (3, 2, 1, 0, 2**70, 1), (0.5, 1.0, 2.0, -1.0, -0.0))", fast=False)
    check(c, f"args = ({tables}, (0, 1, 2, 1, 0, 3), (0.5, float('nan'), 2.0, -1.0, 1))", fast=False)
    check(c, f"args = ({tables}, (0, 1, 2, 1, 0, 3), (0.5, float('nan'), 2.0, -1.0, 1.0))")
    check(c, "args = ([], (0, 1, 2, 1, 0, 3), (0.5, 1.0, 2.0, -1.0, 0.0))")
