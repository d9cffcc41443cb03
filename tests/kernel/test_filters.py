"""Comprehensions with a condition leave the kernel."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

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
    ],
)
@pytest.mark.parametrize("limit", [0, 2])
def test_the_same_lists(body: str, limit: int) -> None:
    text = f"def f(xs, limit):\n    {body}\n"
    new = outlined(text, "@(lambda f: f)", namer())
    results = []
    for source in (text, new):
        state: dict[str, Any] = {}
        exec(source, state)
        results.append(state["f"]([1, 5, 3, 2, 9, 0], limit))
    assert results[0] == results[1]
    assert not [n for n in ast.walk(ast.parse(new)) if isinstance(n, ast.comprehension) and n.ifs]
    assert (new == text) == (" if " not in text)


def test_a_generator_with_a_condition_is_refused() -> None:
    with pytest.raises(Refuse):
        outlined("def f(xs):\n    return sum(x for x in xs if x)\n", "@d", namer())


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
