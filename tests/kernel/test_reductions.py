"""Sums, means, least and largest elements of arrays, against NumPy."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled

MEANS = """
out = []
for i in range(n):
    part = images[i, r:r + 2, 1:3]
    out.append(float(part.mean()) + images[i].max() - part.min())
"""


@pytest.mark.parametrize(
    ("dtype", "inputs"),
    [
        (
            "np.uint8",
            [("n = 3; r = 0", True), ("n = 3; r = 1", True), ("n = 3; r = 4", False), ("n = 4; r = 0", False)],
        ),
        ("np.int64", [("n = 3; r = 0", True), ("n = 3; r = 0; images[1, 0, 1] = 2**62", False)]),
    ],
)
def test_parts_of_images(dtype: str, inputs: list[tuple[str, bool]]) -> None:
    images = f"import numpy as np; images = (np.arange(36) * 7 % 251).reshape(3, 3, 4).astype({dtype}); "
    c = compiled(MEANS, images + "n = 2; r = 0", hide=("part",))
    for setup, fast in inputs:
        check(c, images + setup, fast=fast)
    check(c, f"images = np.zeros((2, 3, 4), {dtype}); n = 2; r = 0", fast=True)
    check(c, f"images = np.asfortranarray(np.arange(36).reshape(3, 3, 4).astype({dtype})); n = 2; r = 0", fast=False)


EXTREMES = """
total = 0.0
for i in range(len(table)):
    row = table[i]
    total += np.max(row) * 2.0 - row.min()
    last = row.max()
"""


def test_floats() -> None:
    c = compiled(EXTREMES, "import numpy as np; table = np.array([[1.5, -2.0], [3.0, 0.25]])", hide=("row",))
    for row, fast in [
        ("[4.0, 5.0]", True),
        ("[0.0, 5.0]", True),
        ("[0.0, 0.0]", True),
        ("[-0.0, 0.0]", False),
        ("[0.0, -0.0]", False),
        ("[-0.0, 3.0]", False),
        ("[float('nan'), 1.0]", False),
        ("[float('inf'), -float('inf')]", None),
    ]:
        check(c, f"table = np.array([[1.0, 2.0], {row}])", fast=fast)
    check(c, "table = np.zeros((2, 0))", fast=False)


def test_signed_sums() -> None:
    c = compiled(
        "s = 0\nfor i in range(len(a)):\n    s += a[i].sum()\n",
        "import numpy as np; a = np.array([[1, 2], [3, -4]], np.int32)",
    )
    check(c, "a = np.array([[1, 2], [2**31 - 1, 2**31 - 1]], np.int32)", fast=True)
    check(c, "a = np.zeros((2, 0), np.int32)", fast=True)
