"""Queues in kernels, and the dicts with integer keys that stand beside them."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from hasten.kernel.queues import headed
from tests.kernel.differential import check, compiled_function

SEARCH = """
def f(links, start):
    found = {start: 0}
    queue = [start]
    while queue:
        node = queue.pop(0)
        for other in links[node]:
            if other not in found:
                found[other] = found[node] + 1
                queue.append(other)
    return found
"""


def test_search_in_breadth() -> None:
    c = compiled_function(SEARCH, "args = ({1: [2, 3], 2: [1], 3: [1]}, 1)")
    assert "first_of_queue" in c.patched.text
    check(c, "args = ({0: [-1, 2**62], -1: [0, -2**63], 2**62: [-1], -2**63: [2**62, 0]}, -1)", fast=True)
    check(c, "args = ({k: [(k * 7 + 1) % 4000, (k * 3) % 4000] for k in range(4000)}, 1)", fast=True)
    check(c, "args = ({k << 52: [((k * 7 + 1) % 900) << 52, 0] for k in range(900)}, 0)", fast=True)
    check(c, "args = ({1: [2], 2: [3]}, 1)", fast=False)  # 3 is no key
    check(c, "args = ({1: [2**63], 2: [3]}, 1)", fast=False)


LEFT_ALONE = [
    "q = [1]\nx = q.pop(0)\nreturn q",
    "q = [1]\nx = q.pop(0) + q.pop(0)",
    "q = other\nx = q.pop(0)",
    "q = [1]\nr = q\nx = q.pop(0)",
    "q = [1]\nfor i in q:\n    x = q.pop(0)",
    "q = [1]\nx = q.pop(0)\ny = q[0]",
    "q = [1]\nx = q.pop(0)\ny = q.pop()",
    "q = [1]\nx = q.pop(0)\nq.insert(0, 2)",
    "q = [1]\nq[0] = q.pop(0)",
    "q = [1]\nq = [len(q)]\nx = q.pop(0)",
    "x = other.pop(0)",
]


@pytest.mark.parametrize("body", LEFT_ALONE)
def test_left_alone(body: str) -> None:
    text = "def f(other):\n" + textwrap.indent(body, "    ") + "\n"
    assert headed(text) == text


@pytest.mark.parametrize("items", [0, 1, 5, 3000])
def test_same_as_a_list(items: int) -> None:
    text = """def f(n):
    q = [(0, 1)]
    seen = []
    first_of_q = 3
    while len(q) > 0 and len(seen) < n:
        a, b = q.pop(0)
        seen.append((a, b, len(q)))
        if len(q) < 2000:
            q.append((a + b, b))
            q.append((b, a))
    while True:
        x = q.pop(0)
        seen.append(x)
    return seen, first_of_q
"""
    ending = text.replace("while True:", "while len(q) > 0:")
    assert "first_of_q_" in headed(text)
    results = []
    for code in (ending, headed(ending)):
        space: dict[str, Any] = {}
        exec(code, space)
        results.append(space["f"](items))
    assert results[0] == results[1]
    for code in (text, headed(text)):
        exec(code, space)
        with pytest.raises(IndexError):
            space["f"](items)
