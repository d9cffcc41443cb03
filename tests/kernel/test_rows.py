"""Lists of lists whose rows are replaced, and keys of what is not a name."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled_function, refusal

FUNCTIONS = {
    "means": (
        """
        def gap(a, b):
            total = 0.0
            for x, y in zip(a, b):
                total += (x - y) * (x - y)
            return total

        def nearest(p, centres):
            return min(range(len(centres)), key=lambda i: gap(p, centres[i]))

        def f(points, k, rounds):
            centres = [[v for v in points[i]] for i in range(k)]
            labels = []
            for _ in range(rounds):
                labels = []
                for p in points:
                    labels.append(min(range(k), key=lambda i: gap(p, centres[i])))
                before = centres[0]
                for c in range(k):
                    members = [p for p, a in zip(points, labels) if a == c]
                    if members:
                        centres[c] = [sum(m[j] for m in members) / len(members) for j in range(len(members[0]))]
                before[0] = 99.0
            last = max(range(len(labels)), key=lambda i: (labels[i], -i))
            return centres, labels, nearest(points[0], centres), last
        """,
        "args = ([[1.0, 2.0], [3.0, 4.0], [2.0, 1.0]], 2, 2)",
        [
            ("args = ([[1.0, 2.0], [3.0, 4.0], [2.0, 1.0], [9.0, -0.0]], 2, 3)", True),
            ("args = ([[1.0, 2.0], [3.0, 4.0], [2.0, 1.0], [9.0, -0.0]], 3, 1)", True),
            ("args = ([[1.0, 2.0], [1.0, 2.0]], 2, 2)", True),
            ("args = ([[1.0, 2.0], [float('nan'), 2.0]], 2, 2)", False),
            ("args = ([[1.0, 2.0], [1.0, 2.0]], 0, 2)", False),
            ("args = ([[1.0, 2.0], [1.0, 2.0]], 3, 2)", False),
        ],
    ),
    "kept for a while": (
        """
        def f(rows, n):
            table = [[0.0] * n for _ in range(n)]
            total = 0.0
            for i in range(n):
                old = table[i]
                table[i] = [v * 2.0 for v in rows[i % len(rows)]]
                old[0] = 5.0
                table[-1][0] += 1.0
                total += old[0] + table[i][0]
                table[i] = table[i][1:] + [total]
            return table, total
        """,
        "args = ([[1.0, 2.0]], 2)",
        [
            ("args = ([[1.0, 2.0], [3.0, 4.0]], 4)", True),
            ("args = ([[1.0, 2.0, 3.0]], 1)", True),
            ("args = ([[1.0, 2.0, 3.0]], 0)", True),
            ("args = ([[1.0, 2]], 2)", False),
        ],
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name: str) -> None:
    text, facts, inputs = FUNCTIONS[name]
    c = compiled_function(text, facts)
    for setup, fast in inputs:
        check(c, setup, fast=fast)


@pytest.mark.parametrize(
    ("body", "facts"),
    [
        ("for i in range(len(rows)):\n    rows[i] = [v * 2.0 for v in rows[i]]\n", "rows = [[1.0, 2.0], [3.0, 4.0]]"),
        (
            "out = [[0.0] for _ in range(2)]\nrow = [1.0]\nfor i in range(len(out)):\n    out[i] = row\n",
            "n = 2",
        ),
    ],
)
def test_left_alone(body: str, facts: str) -> None:
    assert refusal(body, facts)


def test_keys_that_are_methods_and_functions() -> None:
    text = """
    def far(x):
        return abs(x - 10)

    def f(votes, n):
        counts = {}
        for v in votes:
            counts[v] = counts.get(v, 0) + 1
        closest, pair = 0.5, (0, 0)
        for i in range(n):
            closest, pair = closest + i, (i, votes[i])
        top = max(set(votes), key=votes.count)
        odd = min(counts, key=counts.get)
        near = sorted(votes, key=far)
        return top, odd, max(sorted(set(votes)), key=far), near, closest, pair
    """
    c = compiled_function(text, "args = ([1, 2, 2], 2)")
    check(c, "args = ([3, 1, 3, 70, 1, 20, 20], 3)", fast=True)
    check(c, "args = ([-1, -2, 33, 8, 16, 24, 0], 0)", fast=True)
    check(c, "args = ([5], 1)", fast=True)
    check(c, "args = ([], 0)", fast=False)
    check(c, "args = ([5, 2.0], 1)", fast=False)
