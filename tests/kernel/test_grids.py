"""Grids as lists of lists that go into functions together: one is read, one is changed (flood fill, paths, marks)."""

from __future__ import annotations

import pytest

from hasten.passes.source.jit import Jit
from tests.kernel.differential import check, compiled, compiled_function, refusal, workload

FLOOD = compiled_function(
    """
    def flood(mask, labels, r, c, label, value):
        height, width = len(mask), len(mask[0])
        stack = [(r, c)]
        labels[r][c] = label
        count = 0
        while stack:
            r, c = stack.pop()
            count += 1
            for rr, cc in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)):
                if 0 <= rr < height and 0 <= cc < width:
                    if mask[rr][cc] == value and labels[rr][cc] == 0:
                        labels[rr][cc] = label
                        stack.append((rr, cc))
        return count

    def f(mask, value):
        height, width = len(mask), len(mask[0])
        seen = [[0] * width for _ in range(height)]
        sizes = []
        for r in range(height):
            for c in range(width):
                if mask[r][c] == value and seen[r][c] == 0:
                    sizes.append(flood(mask, seen, r, c, len(sizes) + 1, value))
        return seen, sizes
    """,
    "args = ([[0, 1, 1], [1, 0, 1], [0, 0, 1]], 1)",
)


@pytest.mark.parametrize(
    ("setup", "fast"),
    [
        ("args = ([[0, 1, 1], [1, 0, 1], [0, 0, 1]], 1)", True),
        ("args = ([[0, 1, 1], [1, 0, 1], [0, 0, 1]], 0)", True),
        ("row = [1, 0]; args = ([row, row, [1, 1]], 1)", None),
        ("args = ([[1, 0], [1]], 1)", False),
        ("args = ([], 1)", False),
        ("args = ([[1.0, 0.0]], 1)", False),
        ("args = ([[2**70, 1]], 1)", False),
    ],
)
def test_flood(setup: str, fast: bool | None) -> None:
    check(FLOOD, setup, fast=fast)


MARK = """
def mark(a, b, i):
    b[i] = a[i] + 1.0
    return a[i] + b[i]
"""


def test_one_list_under_two_names_of_a_function() -> None:
    body = "for i in range(n):\n    total += mark(x, x, i)"
    made = compiled(body, "x = [1.0, 2.0, 3.0]\nn = 3\ntotal = 0.0", "import math\nimport numpy as np\n" + MARK)
    check(made, "x = [0.5, -2.0, 1e300]\nn = 3\ntotal = 0.25", fast=True)


@pytest.mark.parametrize(
    "body",
    [
        "y = x\nfor i in range(n):\n    total += mark(x, y, i)",
        "y = [0.0] * n\nz = y\nfor i in range(n):\n    total += mark(y, z, i)",
        "y = [0.0] * n\nfor i in range(n):\n    if i == 1:\n        y = x\n    total += mark(x, y, i)",
        "rows = [[0.0] * n for _ in range(n)]\nrow = rows[1]\nfor i in range(n):\n    total += mark(row, rows[i], i)",
        "rows = [[0.0] * n for _ in range(n)]\nfor row in rows:\n    for i in range(n):\n        total += mark(rows[1], row, i)",
        "rows = [[0.0] * n for _ in range(n)]\na = rows[0]\nb = rows[1]\nfor i in range(n):\n    total += mark(a, b, i)",
    ],
)
def test_two_names_that_may_be_one(body: str) -> None:
    assert refusal(body, "x = [1.0, 2.0, 3.0]\nn = 3\ntotal = 0.0", "import math\nimport numpy as np\n" + MARK)


@pytest.mark.parametrize(
    "body",
    [
        "y = [0.0] * n\nz = [1.0] * n\nfor i in range(n):\n    total += mark(y, z, i)\n    total += mark(x, z, i)",
        "y = [0.0] * n\nsums = []\nfor i in range(n):\n    sums.append(mark(x, y, i))",
        "y = [0.0] * n\nfor i in range(n):\n    y[i] = total\n    x[i] = total\n    total += mark(x, y, i)",
    ],
)
def test_two_lists_that_are_apart(body: str) -> None:
    setup = "x = [1.0, 2.0, 3.0]\nn = 3\ntotal = 0.0"
    work, region, facts = workload(body, "import math\nimport numpy as np\n" + MARK, setup)
    assert Jit().explain(work, region, facts) == ""
