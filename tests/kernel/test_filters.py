"""Comprehensions with a condition leave the kernel."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hasten.kernel.filters import outlined
from hasten.kernel.kinds import Refuse
from tests.kernel.differential import check, compiled_function


def namer() -> Callable[[str], str]:
    count = iter(range(1, 100))
    return lambda wanted: f"{wanted}{next(count)}"


@pytest.mark.parametrize(
    "body",
    [
        "return [a for a in xs if a > limit]",
        "kept = 3\n    return [(a * kept, b) for a, b in zip(xs, xs[1:]) if a > limit if b < 9]",
        "return [[b for b in xs if b < a] for a in xs]",
        "return [[b for b in xs if b < a] for a in xs if a > limit] + [a for a in xs if a < 2]",
        "ü = [a * b for a in xs if a > limit for b in xs]; return 'ä', ü, [x for x in ü if x]",
        "return [c for i, (a, b) in enumerate(zip(xs, xs)) for c in [a + b, i] if c]",
        "return limit or [a for a in xs if a]",
        "return [a for a in xs]",
        "return np.array([a for a in xs if a > limit], np.int64).tolist()",
        "return np.array([a / 2 for i, a in enumerate(xs) if a > limit], np.float64).tolist()",
        "return np.array([a > 3 for a, b in zip(xs, xs[1:]) if b > limit if a], np.bool_).tolist()",
        "return np.array([xs[i] for i in range(len(xs) - 1, -limit, -1) if xs[i] > limit], np.int64).tolist()",
        "return np.array([xs[i] for i in range(len(xs)) if xs[i] > 99], np.int64).tolist()",
        "return np.array([i for i in range(-3) if i], np.int64).tolist()",
        "return np.array([a for a in reversed(xs) if a > limit], np.int64).tolist()",
        "return np.array([a * b for a in xs if a for b in xs], np.int64).tolist()",
        "return [np.array([b for b in xs if b < a], np.int64).tolist() for a in xs if a > limit]",
        "count = 5; return np.array([kept + count for kept in xs if kept > limit], np.int64).tolist(), count",
    ],
)
@pytest.mark.parametrize("limit", [0, 2])
def test_the_same_lists(body: str, limit: int) -> None:
    text = f"def f(xs, limit):\n    {body}\n"
    new = outlined(text, "@(lambda f: f)", namer())
    results = []
    for source in (text, new):
        state: dict[str, Any] = {"np": np}
        exec(source, state)
        results.append(state["f"]([1, 5, 3, 2, 9, 0], limit))
    assert results[0] == results[1]
    assert not [n for n in ast.walk(ast.parse(new)) if isinstance(n, ast.comprehension) and n.ifs]
    assert (new == text) == (" if " not in text)


def test_a_generator_with_a_condition_is_refused() -> None:
    with pytest.raises(Refuse):
        outlined("def f(xs):\n    return sum(x for x in xs if x)\n", "@d", namer())


@pytest.mark.parametrize(
    ("loops", "most"),
    [
        ("for x in xs", "len(xs)"),
        ("for x in rows[2]", "len(rows[2])"),
        ("for x in range(len(xs))", "len(xs)"),
        ("for x in range(n)", "len(range(n))"),
        ("for x in range(n, -1, -k)", "len(range(n, -1, -k))"),
        ("for x, y in zip(xs, ys)", "min(len(xs), len(ys))"),
        ("for i, (x, y) in enumerate(zip(xs, xs))", "len(xs)"),
        ("for x in made(xs)", None),
        ("for x in range(drawn())", None),
        ("for x in made(xs)[0]", None),
        ("for x, y in zip(xs, made(xs))", None),
        ("for x in reversed(xs)", None),
        ("for x in xs for y in xs", None),
    ],
)
def test_room_is_made_where_its_size_is_known(loops: str, most: str | None) -> None:
    new = outlined(f"def f(xs):\n    return np.array([x {loops} if x > 0], np.int64)\n", "@d", namer())
    assert (f"np.empty({most}, np.int64)" in new) == (most is not None)
    assert ("append" in new) == (most is None)


def test_what_is_raised_after_one_is_not_lost() -> None:
    c = compiled_function(
        """
        def f(xs):
            few = [x for x in xs if x > 0.5]
            total = 0
            for x in xs:
                total += int(x)
            return len(few), sum(few), total
        """,
        "args = ([1.5, 2.25],)",
    )
    check(c, "args = ([1.5, 2.25],)", fast=True)
    check(c, "args = ([-1.5, -2.25],)", fast=False)  # the sum of nothing is the integer 0
    check(c, "args = ([1e18] * 20,)", fast=False)


COLLECTED = """
def f(xs, ys, n):
    total = 0.0
    x = 7
    few = [x for x in xs if x > 0.5]
    picked = [ys[i] for i in range(n) if xs[i] > 0]
    signs = [x > 1 for x in xs if x > 0]
    kept = [y for y in ys if y % 2]
    count = len(kept)
    grown = [y for y in ys if y > 1]
    grown.append(count)
    grown.append(-1)
    pairs = [len([b for b in xs if b < a]) for a in xs if a > 0.25]
    both = [i * y for i, y in enumerate(ys) if y]
    for y in set(picked):
        total = total / 3 + y
    for v in set(few):
        total = total / 3 + v
    total += sum(y * y for y in ys if y > 2) + sum([a for a in xs if a > 0.0] + [0.5])
    some = any(y > 3 for y in ys if y != 9)
    every = all([a > 0 for a in xs if a < 3])
    for i, v in enumerate(few):
        total = total / 3 + v * i
    return total, picked, signs, kept, grown, pairs, both, x, some, every, sorted(y for y in ys if y), sorted(set(few))
"""


ALIASED = """
def f(xs):
    few = [x for x in xs if x > 0.5]
    again = few
    again.sort()
    more = [x for x in xs if x > 1]
    other = more
    other.append(0.5)
    total = 0.0
    for i, v in enumerate(few):
        total = total / 3 + v * i
    for i, v in enumerate(more):
        total = total / 3 + v * i
    return total, len(more)
"""


def test_two_names_of_what_was_collected() -> None:
    c = compiled_function(ALIASED, "args = ([1.5, 2.25],)")
    for given in ("[3.5, 2.25, -1.0, 0.75]", "[-1.0]"):
        check(c, f"args = ({given},)", fast=True)


def test_collected_in_arrays() -> None:
    c = compiled_function(COLLECTED, "args = ([1.5, 2.25], [3, 4], 2)")
    assert ".append(xs" not in c.patched.text and "np.empty(len(xs), np.float64)" in c.patched.text
    for given, fast in (
        ("[1.5, 2.25, -1.0, 0.75, 1.5], [3, 4, 0, 9, -5], 5", True),
        ("[-0.0, 0.0, 0.0], [0, 7, 7], 3", True),
        ("[-0.0, 0.0, 0.0], [8, 7, 7], -3", True),
        ("[float(i % 13) for i in range(200)], [i * i % 71 - 9 for i in range(200)], 200", True),
        ("[1.5, 2.5], [3], 2", False),  # the second element is asked for
        ("[1.5, -2.5], [3], 2", True),  # it is not
        ("[1.5, float('nan')], [3, 4], 2", True),
        ("[1.5, 2.5], [3, 4], 3", False),
        ("[1.5, 2.5], [3, True], 2", False),
        ("[1.5, 2.5], [3, 2**62], 2", False),
    ):
        check(c, f"args = ({given})", fast=fast)


def test_stores_through_other_names_are_kept() -> None:
    """Numba's own inlining of comprehensions takes such stores for dead."""
    c = compiled_function(
        """
        def f(n):
            rows = [[float(i + j) for j in range(n)] for i in range(n)]
            for row in rows:
                row[0] = 5.0
            total = 0.0
            for i in range(n):
                total += rows[i][0]
            counts = {}
            counts[n] = sum([j for j in range(n)])
            counts[n + 1] = 7
            return total, counts
        """,
        "args = (3,)",
    )
    check(c, "args = (5,)", fast=True)
