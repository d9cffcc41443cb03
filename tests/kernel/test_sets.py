"""Sets in kernels: members, and the order in which CPython goes over them."""

from __future__ import annotations

import random
import re
import struct
import sys
from typing import Any

import numpy as np
import pytest

from hasten.kernel import runtime
from tests.kernel.differential import check, compiled_function, refusal

FUNCTIONS = {
    "impurity": (
        """
        def gini(labels):
            impurity = 1.0
            for c in set(labels):
                impurity -= (labels.count(c) / len(labels)) ** 2 / 3.0
            return impurity

        def f(rows, labels):
            best = -1.0
            at = 0
            for feature in range(len(rows[0])):
                for t in sorted(set(row[feature] for row in rows)):
                    left = [labels[i] for i in range(len(rows)) if rows[i][feature] < t]
                    if left:
                        score = gini(left) + gini([c for c in labels if c not in set(left)] + [7])
                        if score > best:
                            best, at = score, feature
            return best, at, len(set(labels)), sum(c * 0.1 for c in set(labels)), len({r[0] > 1 for r in rows})
        """,
        "args = ([[1.0, 2.0], [0.5, 0.25]], [1, 2])",
        [
            ("args = ([[1.0, 2.0], [0.5, 0.25], [0.0, -0.0], [-0.0, 7.0]], [1, 0, -1, 5])", True),
            ("args = ([[float(i % 7), i / 3] for i in range(40)], [(i * i * 37) % 101 - 50 for i in range(40)])", True),
            ("args = ([[1.0, 2.0], [0.5, float('nan')]], [1, 2])", False),
            ("args = ([[1.0, 2.0], [0.5, 0.25]], [2**61, 2])", False),
            ("args = ([[1.0, 2.0], [0.5, 0.25]], [1, 2.0])", False),
            ("args = ([[1.0, 2.0], [0.5, 0.25]], [1, True])", False),
        ],
    ),
    "floats in order": (
        """
        def f(xs, seen):
            found = set()
            total = 0.0
            for x in xs:
                if x in found or (x > 2.0 and 3 in seen):
                    total -= x
                found.add(x)
            out = []
            for x in found:
                total += x / 3
                out.append(x)
            places = [k for k in seen]
            return total, out, list(found), max(found), min(found), sorted(found, reverse=True), places, any(seen)
        """,
        "args = ([1.0, 2.0], {1, 2})",
        [
            ("args = ([1.5, 0.1, -0.0, 0.0, 1e300, -1.0, 2.5, 2.0, -1.0, 5e-324], {3, 70, 22, -1})", True),
            ("args = ([float('inf'), 1.0, float('-inf')], {1})", True),
            ("args = ([0.1 * i for i in range(500)] * 2, set(range(100, 0, -7)))", True),
            ("args = ([0.0, -0.0], {0})", True),
            ("args = ([float('nan')], {1})", False),  # alone: the place of a NaN depends on where it is in memory
            ("args = ([1.0], {1.5})", False),
            ("args = ([1.0], set())", False),
        ],
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name: str) -> None:
    text, facts, inputs = FUNCTIONS[name]
    c = compiled_function(text, facts)
    for setup, fast in inputs:
        check(c, setup, fast=fast)


def test_order_is_that_of_cpython() -> None:
    text = "import math, sys\nimport numpy as np\n"
    wanted = ("set_int", "set_float", "set_order_int", "set_order_float", "distinct_int", "distinct_float")
    for name in runtime.closure(set(wanted)):
        text += re.sub("@njit.*", "", runtime.HELPERS[name].text) + "\n"
    at: dict[str, Any] = {}
    exec(text, at)
    rng = random.Random(5)
    for _ in range(2000):
        (x,) = struct.unpack("d", struct.pack("Q", rng.getrandbits(64)))
        if x == x:
            assert at["_python_hash_float"](x) == hash(x), x
    with np.errstate(all="ignore"):
        for n in (0, 1, 4, 5, 7, 19, 20, 21, 100, 700):
            for low, high in (
                (-3, 3),
                (0, 1),
                (0, 7),
                (0, 8),
                (-1, 6),
                (-40, 40),
                (-(10**4), 10**4),
                (-(2**60), 2**60),
            ):
                xs = [rng.randint(low, high) for _ in range(n)]
                assert list(at["_distinct_int"](xs)) == list(set(xs))
                assert list(at["_distinct_float"]([x / 4 for x in xs])) == list({x / 4 for x in xs})
                if n:
                    assert at["_set_order_int"](at["_set_int"](xs)) == list(set(xs))
                    ys = [x / 4 for x in xs]
                    assert at["_set_order_float"](at["_set_float"](ys)) == list(set(ys))


@pytest.mark.parametrize(
    ("body", "facts", "reason"),
    [
        (
            "total = 0\nfor x in seen:\n    total += x\n    if total < 5:\n        seen.add(total)\n",
            "seen = {1}",
            "grows",
        ),
        ("total = 0\nfor x in xs:\n    for y in {1, 2, 3}:\n        total += y\n", "xs = [1]", "another set"),
        ("total = 0\nfor x in xs:\n    for y in set(set(xs)):\n        total += y\n", "xs = [1]", "order"),
        ("n = 0\nfor x in xs:\n    n += len(set([x, 1.5]))\n", "xs = [1]", "list"),
    ],
)
def test_left_alone(body: str, facts: str, reason: str) -> None:
    assert reason in refusal(body, facts)


def test_order_is_not_guessed_for_other_versions() -> None:
    assert "_SET_ORDER_KNOWN" in runtime.HELPERS["set_table"].text
    assert sys.version_info < (3, 14), "compare Objects/setobject.c with _set_table, then widen _SET_ORDER_KNOWN"
