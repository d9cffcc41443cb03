"""Names, arguments and results that may be None."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, compiled_function, refusal

SPLIT = """
    def best_of(xs, at):
        best = None
        gain = 0.0
        for i in at:
            if xs[i] > gain:
                gain = xs[i]
                best = (i, xs[i] / 2)
        return best, gain

    def first_above(xs, limit):
        for i in range(len(xs)):
            if xs[i] > limit:
                return i

    def middle(xs, low=None, high=None):
        if low is None:
            low = 0
        if not high:
            high = len(xs)
        if high - low < 2:
            return None
        return (low + high) // 2

    def f(xs, features, limit, depth):
        total = 0.0
        if limit is None or depth < limit:
            total += 1.5
        for j in features or range(len(xs)):
            total += xs[j]
        found, gain = best_of(xs, features or list(range(len(xs))))
        where = first_above(xs, 3.0)
        if where is None:
            where = -1
        part = middle(xs) or 99
        if middle(xs, 1) is not None:
            total += 100.0
        if middle(xs, high=2, low=where) is None:
            total += 1000.0
        if found is None:
            return None, total, where + part
        place, value = found
        return (place, value), total + gain, where + part
"""

FUNCTIONS = {
    "everywhere": (
        SPLIT,
        "args = ([1.0, 2.0], [0, 1], None, 1)\nothers = [([1.0], None, None, 2), ([1.0], [0], 3, 2)]",
        [
            ("args = ([1.0, 2.0, 5.0], [0, 1], None, 1)", True),
            ("args = ([1.0, 2.0, 5.0, 4.0], None, None, 1)", True),
            ("args = ([-1.0, -2.0], None, 3, 3)", True),
            ("args = ([-1.0], [0], 3, -3)", True),
            ("args = ([-1.0, 2.0], [], 3, -3)", False),
            ("args = ([-1.0, 2.0], [2], 3, -3)", False),
            ("args = ([-1.0, 2.0], 0, 3, -3)", False),
            ("args = ([-1.0, 2.0], (0, 1), 3, -3)", False),
            ("args = ([-1.0, 2.0], None, 3.0, 3)", False),
            ("args = ([-1.0, 2.0], None, 2**70, 3)", False),
            ("args = ([], None, None, 3)", False),
            ("args = (None, None, None, 3)", False),
        ],
    ),
    "None is used": (
        """
        def f(xs, limit, rows):
            best = None
            for i in range(len(xs)):
                if best is not None and xs[i] < best:
                    best = xs[i]
                    if best == 0.0:
                        best = None
                elif xs[i] > 10.0:
                    best = xs[i] + limit
            while best is not None and best > 3.0:
                best = best - 2.0
                if best == 5.0:
                    best = None
            kept = None
            for row in rows:
                if kept is None or sum(row) > sum(kept):
                    kept = [v * 2.0 for v in row]
            return best, kept
        """,
        "args = ([1.0, 2.0], 2.0, [[1.0]])\nothers = [([1.0], None, [[1.0]])]",
        [
            ("args = ([1.0, 2.0], 2.0, [[1.0], [5.0], [2.0]])", True),
            ("args = ([11.0, 2.0], None, [[1.0]])", False),
            ("args = ([11.0, 2.0], 0.5, [[-0.0, 1.0], [float('nan'), 2.0]])", True),
            ("args = ([11.0, 0.0], 0.5, [[1.0, 2.0]])", True),
            ("args = ([11.0, 9.0], 0.5, [[1.0, 2.0]])", True),
            ("args = ([11.0, 9.0, 0.0, 30.0, 0.0], 0.5, [[1.0, 2.0]])", True),
            ("args = ([1.0], None, [[1.0, 2.0], [3.0, 4.0]])", True),
            ("args = ([1.0], None, [])", False),
        ],
    ),
    "None by default": (
        """
        def f(xs, features=None, scale=None):
            if features is None:
                features = [i for i in range(len(xs)) if i % 2 == 0]
            factor = scale if scale is not None else 0.5
            total = 0.0
            for i in features:
                total += xs[i] * factor
            if total > 2.0:
                return
            return total
        """,
        "args = ([1.0, 2.0],None, None)",
        [
            ("args = ([1.0, 2.0, 3.0],None, None)", True),
            ("args = ([1.0, 2.0, 4.0],None, None)", True),
            ("args = ([1.0, 2.0, 4.0],[1], None)", False),
            ("args = ([1.0, 2.0, 4.0],None, 0)", False),
            ("args = ([1.0, 2.0, 4.0],False, None)", False),
        ],
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name: str) -> None:
    text, facts, inputs = FUNCTIONS[name]
    c = compiled_function(text, facts)
    for setup, fast in inputs:
        check(c, setup, fast=fast)


def test_a_block_that_leaves_none_behind() -> None:
    body = """
    best = None
    pair = (0, 0.0)
    for i in range(len(xs)):
        if xs[i] > limit:
            best = i
            pair = None
            if xs[i] > 100.0:
                pair = (i, xs[i])
    """
    c = compiled(body, "xs = [1.0, 2.0]\nlimit = 1.0")
    for setup in (
        "xs = [1.0, 2.0]\nlimit = 5.0",
        "xs = [1.0, 7.0]\nlimit = 5.0",
        "xs = [200.0, 2.0]\nlimit = 5.0",
        "xs = [200.0, 20.0]\nlimit = 5.0",
    ):
        check(c, setup, fast=True)
    check(c, "xs = [200.0, None]\nlimit = 5.0", fast=False)


def test_a_name_that_was_not_none_when_its_type_was_noted() -> None:
    body = """
    total = 0.0
    for x in xs:
        if limit is None:
            total += x
        else:
            total += min(x, limit)
    """
    c = compiled(body, "xs = [1.0, 2.0]\nlimit = 1.0")
    check(c, "xs = [1.0, 7.0]\nlimit = 5.0", fast=True)
    check(c, "xs = [1.0, 7.0]\nlimit = None", fast=False)


@pytest.mark.parametrize(
    ("body", "facts", "reason"),
    [
        ("best = None\nfor x in xs:\n    total = best + x\n", "xs = [1.0]", "always None"),
        ("best = None\nfor x in xs:\n    best = None\n", "xs = [1.0]", "no type"),
        ("out = []\nfor x in xs:\n    out.append(None if x > 1.0 else x)\n", "xs = [1.0]", ""),
    ],
)
def test_left_alone(body: str, facts: str, reason: str) -> None:
    said = refusal(body, facts)
    assert said and reason in said
