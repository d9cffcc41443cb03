"""Rows of a matrix by a mask, an array of places, or a list of them."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled_function

ROWS = """
def f(X, y, labels, idx):
    total = np.zeros(X.shape[1])
    for c in range(labels):
        part = X[y == c]
        for i, row in enumerate(X[y != c]):
            for j in range(len(row)):
                total[j] += row[j] * c - i
        part[:] = part * 2.0
        chosen = [i for i in range(len(y)) if y[i] == c]
        total += X[chosen].sum(axis=0) + X[idx].shape[0]
        total[0] += y[chosen].sum() + part.sum()
    return total, X[idx], X[y > 0]
"""


def test_rows() -> None:
    given = "import numpy as np; r = np.random.default_rng(0); args = (r.random((20, 3)), r.integers(0, 4, 20), 4,"
    given += " r.integers(-20, 20, 7))"
    c = compiled_function(ROWS, given)
    check(c, given, fast=True)
    check(c, given + "; args[0][3, 1] = np.nan", fast=None)
    check(c, "args = (np.ones((5, 2)), np.zeros(5, int), 3, np.array([9]))", fast=False)
    check(c, "args = (np.ones((5, 2)), np.zeros(5, int), 1, np.array([-6]))", fast=False)
    check(c, "args = (np.ones((5, 2)), np.zeros(4, int), 1, np.array([0]))", fast=False)
    check(c, "args = (np.ones((4, 2)), np.zeros(5, int), 1, np.array([0]))", fast=False)
    check(c, "args = (np.ones((5, 1)), np.arange(5), 7, np.array([-5]))", fast=None)
    check(c, "args = (np.ones((0, 2)), np.zeros(0, int), 1, np.zeros(0, int))", fast=None)
    check(c, "args = (np.asfortranarray(np.ones((5, 4))), np.zeros(5, int), 1, np.array([-5]))", fast=False)


@pytest.mark.parametrize(
    "line",
    [
        "X.T[y > 0]",  # NumPy keeps such an order
        "X[[True] * 20]",  # a mask
        "X[[0.5]]",
        "X[y > 0][0:1, 0] + X[(y > 0, 1)]",
    ],
)
def test_refused(line: str) -> None:
    text = f"def f(X, y):\n    t = 0.0\n    for i in range(3):\n        t += ({line})[0, 0]\n    return t\n"
    with pytest.raises(AssertionError):
        compiled_function(text, "import numpy as np; args = (np.ones((20, 20)), np.ones(20, int))")


CROSSED = """
def f(X, y, idx, j, cols):
    total = np.zeros(X.shape[0])
    for k in range(3):
        order = idx[np.argsort(X[idx, k], kind="stable")]
        total[: len(order)] += X[order, j]
        row = X[k, cols]
        total[k] += row.sum() + X[y > k, 1].sum()
        part = X[:, cols]
        for i in range(part.shape[0]):
            total[i] += part[i, 0] * k
        kept = X[idx, :]
        kept[:] = kept + 1.0
        total[0] += kept[0, 0] + X[[0, 2], j][1] + X[y > 1, :].sum() + X[:, X[0] > 0.5].shape[1]
    return total, X[idx, j], X[y > 0, :], X[idx, j].tolist(), (y > 0).tolist()
"""


def test_rows_and_columns() -> None:
    given = "import numpy as np; r = np.random.default_rng(0); args = (r.random((20, 3)), r.integers(0, 4, 20),"
    given += " r.integers(-20, 20, 7), 1, np.array([2, -1]))"
    c = compiled_function(CROSSED, given)
    check(c, given, fast=True)
    check(c, given + "; args[0][3, 1] = np.nan", fast=None)
    start = "args = (np.ones((5, 3)), np.zeros(5, int), "
    check(c, start + "np.array([0, 1]), -3, np.array([0]))", fast=True)
    check(c, start + "np.array([0, 5]), 0, np.array([0]))", fast=False)
    check(c, start + "np.array([0, 4]), 3, np.array([0]))", fast=False)
    check(c, start + "np.array([0, 4]), 2, np.array([3]))", fast=False)
    check(c, start + "np.array([0, 4]), 2, np.zeros(0, int))", fast=None)
    check(c, "args = (np.ones((5, 3)), np.zeros(4, int), np.array([0]), 1, np.array([0]))", fast=False)
    check(c, "args = (np.ones((2, 3)), np.zeros(2, int), np.array([0]), 1, np.array([0]))", fast=False)
