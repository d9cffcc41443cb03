"""Copies of dicts, and dicts of pairs."""

from __future__ import annotations

import pytest

from hasten.passes.source.jit import Jit
from tests.kernel.differential import check, compiled_function, refusal, workload

RANK = compiled_function(
    """
    def f(jump, links, names, weights, rounds):
        rank = dict(jump)
        first = rank.copy()
        place = dict(zip(names, range(len(names))))
        heavy = dict([(i, i * 2) for i in range(3)])
        for _ in range(rounds):
            new = {}
            for node in names:
                new[node] = 0.5 * jump[node] + links * rank[node] + weights[place[node]]
            rank = new
        first[names[0]] += heavy[2]
        return rank, first[names[0]], place[names[1]]
    """,
    "args = ({'a': 0.5, 'b': 0.25}, 0.5, ['b', 'a'], [1.0, 2.0], 3)",
)


@pytest.mark.parametrize(
    ("setup", "fast"),
    [
        ("args = ({'a': 0.5, 'b': 0.25}, 0.5, ['b', 'a'], [1.0, 2.0], 3)", True),
        ("args = ({'b': 0.5, 'a': math.inf}, 0.5, ['b', 'a', 'b'], [1.0, 2.0, 3.0], 0)", True),
        ("args = ({'a': 0.5}, 0.5, ['b', 'a'], [1.0, 2.0], 3)", False),
        ("args = ({'a': 0.5, 'b': 1}, 0.5, ['b', 'a'], [1.0, 2.0], 3)", False),
        ("args = ({}, 0.5, [], [], 3)", False),
        ("args = (None, 0.5, ['a'], [1.0], 3)", False),
    ],
)
def test_copies(setup: str, fast: bool | None) -> None:
    check(RANK, setup, fast=fast)


@pytest.mark.parametrize(
    ("body", "setup"),
    [
        ("for i in range(n):\n    e = dict(d)\n    e[1].append(i)", "d = {1: [2], 2: [3]}\nn = 3"),  # the lists are shared
        ("for i in range(n):\n    e = dict(d, a=i)\n    total += e[1]", "d = {1: 2}\nn = 3\ntotal = 0"),
        ("for i in range(n):\n    e = c.copy()\n    total += e[5]",
         "from collections import Counter\nc = Counter([1, 1, 2])\nn = 3\ntotal = 0"),
    ],
)  # fmt: skip
def test_what_is_no_plain_copy(body: str, setup: str) -> None:
    assert refusal(body, setup)


def test_a_dict_of_the_program_called_dict() -> None:
    prelude = "import math\nimport numpy as np\ndef dict(d):\n    return d\n"
    work, region, facts = workload("for i in range(n):\n    e = dict(d)\n    e[1] += i", prelude, "d = {1: 2}\nn = 3")
    changes = [c for f in Jit().find(work, region, facts) for c in Jit().propose(work, f, facts)]
    text = "".join(e.text for c in changes for e in c.edits)
    assert "_dict_int(" not in text
