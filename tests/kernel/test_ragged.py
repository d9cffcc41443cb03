"""Lists of lists of numbers that are not equally long, from outside."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, compiled_function, refusal

CURVES = compiled_function(
    """
    def dist(a, b, w):
        n, m = len(a), len(b)
        cost = np.full((n + 1, m + 1), np.inf)
        cost[0, 0] = 0.0
        for i in range(1, n + 1):
            for j in range(max(1, i - w), min(m, i + w) + 1):
                d = (a[i - 1] - b[j - 1]) ** 2
                cost[i, j] = d + min(cost[i - 1, j], cost[i, j - 1], cost[i - 1, j - 1])
        return cost[n, m]

    def f(series, w):
        n = len(series)
        out = np.zeros((n, n))
        for i in range(n):
            for j in range(i + 1, n):
                out[i, j] = dist(series[i], series[j], w)
        total = 0.0
        for k, row in enumerate(series):
            for v in row[1:]:
                total += v * k
            if 4.0 in row:
                total -= sum(row) + max(row)
        return out, [sum(v * v for v in row) for row in series], total + series[-1][-1]
    """,
    "args = ([[1.0, 2.0, 3.5], [3.0, 4.0], [0.5] * 5], 3)",
)


@pytest.mark.parametrize(
    ("setup", "fast"),
    [
        ("args = ([[1.0, 2.0, 3.5], [3.0, 4.0], [0.5] * 5], 3)", True),
        ("a = [1.0, 2.0]; args = ([a, a, [4.0]], 2)", True),
        ("args = ([[1.0, 2.0], [3.0, 4.0]], 2)", True),
        ("args = ([[1.0, 2.0, math.nan], [4.0]], 2)", None),
        ("args = ([], 3)", False),
        ("args = ([[]], 3)", False),
        ("args = ([[1.0], [2]], 3)", False),
        ("args = ([[1.0], (2.0, 3.0)], 3)", False),
        ("args = ([[1.0], None], 3)", False),
        ("args = ([[1.0], [np.float64(2.0), 3.0]], 3)", False),
    ],
)
def test_curves(setup: str, fast: bool | None) -> None:
    check(CURVES, setup, fast=fast)


@pytest.mark.parametrize("body", ["s[i][0] = 5.0", "s[i][0] += 5.0", "s[i].sort()"])
def test_numbers_that_change(body: str) -> None:
    made = compiled(f"for i in range(n):\n    {body}", "s = [[1.0, 2.0, 3.5], [3.0, 4.0], [0.5] * 5]\nn = 2")
    for setup, fast in (
        ("s = [[3.0, 2.0, 3.5], [5.0, 4.0], [0.5] * 5]\nn = 3\nheld = s[1]", True),
        ("r = [9.0, 2.0]\ns = [r, [3.0, 1.0], r]\nn = 3", False),  # one list twice
        ("s = [[1.0, 2.0], [], [3.0]]\nn = 3", None),  # an IndexError midway, or nothing to sort
        ("s = [[1.0, 2.0], [3.0, 1]]\nn = 2", False),
    ):
        check(made, setup, fast=fast)


@pytest.mark.parametrize(
    "body",
    [
        "row = s[i]\n    row[0] = 5.0",
        "row = s[i]\n    row[0], row[1] = row[1], row[0]",
        "s[i].append(1.0)",
        "s[i] = [1.0, 2.0]",
        "s[0], s[1] = s[1], s[0]",
        "again = s\n    again[i][0] = 1.0",
        "for row in s:\n        row[0] = 2.0",
        "kept.append(s[i])",
    ],
)
def test_only_to_read(body: str) -> None:
    setup = "s = [[1.0, 2.0, 3.5], [3.0, 4.0], [0.5] * 5]\nn = 2\nkept = []"
    assert refusal(f"for i in range(n):\n    {body}", setup)
