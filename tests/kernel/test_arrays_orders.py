"""Order, places and numbers of a vector's items in kernels, against NumPy."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled_function, refusal

EXTREMES = """
def f(x, a, k):
    total = 0
    for i in range(k):
        total += np.argmax(x) - x.argmin() + np.argmax(a[i]) + int(np.argmax(x > 0.5))
    return total, np.argmax(x), np.argmin(a, axis=1), a.argmax(axis=0), np.argmin(a, -2), np.argmax(a[:, 1])
"""


def test_extremes() -> None:
    c = compiled_function(EXTREMES, "import numpy as np; args = (np.ones(4), np.ones((3, 4)), 2)")
    a = "import numpy as np; a = np.round(np.random.default_rng(1).random((30, 7)), 1); "
    check(c, a + "args = (a[:, 0].copy(), a, 20)", fast=True)
    check(c, a + "args = (np.array([1.0, np.nan, 2.0, np.nan]), np.where(a > 0.8, np.nan, a), 20)", fast=True)
    check(c, a + "args = (np.array([0.0, -0.0, 0.0]), np.where(a > 0.4, -0.0, 0.0), 3)", fast=True)
    check(c, a + "args = (np.array([-np.inf, np.inf]), a, 31)", fast=False)  # no row 30
    check(c, a + "args = (np.zeros(0), a, 2)", fast=False)
    check(c, a + "args = (np.zeros(1), np.zeros((3, 0)), 0)", fast=False)
    check(c, a + "args = (a[:, 0], a, 2)", fast=False)


ORDERS = """
def f(x, y, k):
    order = np.argsort(x)
    near = order[:k]
    return order, np.sort(x), x.argsort(), np.argsort(y, kind="stable"), np.unique(y), np.median(x), np.median(y), near.copy()
"""


def test_orders() -> None:
    c = compiled_function(ORDERS, "import numpy as np; args = (np.arange(5.0), np.arange(5), 2)")
    rng = "import numpy as np; rng = np.random.default_rng(3); "
    check(c, rng + "args = (rng.random(300), rng.integers(-4, 9, 301), 5)", fast=True)
    check(c, rng + "args = (rng.random(2) - 3, rng.integers(-4, 9, 2), 5)", fast=True)
    check(c, rng + "args = (np.array([3.5]), np.array([2**63 - 1]), 0)", fast=True)
    check(c, rng + "args = (np.array([np.inf, -1e308, 1e308, 0.0]), np.array([2**62, -(2**63), 2**62]), 1)", fast=True)
    for x in (
        "[1.0, 2.0, 1.0]",  # NumPy's order of equal items is its own
        "[1.0, np.nan]",
        "[0.0, -0.0, 1.0]",
        "[-0.0]",
        "[1.7e308, 1.6e308]",  # their mean overflows
        "[]",
    ):
        check(c, f"import numpy as np; args = (np.array({x}, float), np.arange(3), 1)", fast=False)
    check(c, "import numpy as np; args = (np.arange(3.0), np.zeros(0, int), 1)", fast=False)


COUNTS = """
def f(y, w, mask, n):
    values, counts = np.unique(y, return_counts=True)
    most = values[np.argmax(counts)]
    share = np.bincount(y).max()
    where = np.where(mask)[0]
    return (
        most, share, np.bincount(y, minlength=n), np.bincount(y, weights=w), np.bincount(y, w, n), where,
        np.flatnonzero(y == 1), (y > 2).any(), np.all(mask), mask.nonzero()[0], len(y[y == 1]),
    )
"""


def test_counts() -> None:
    start = "import numpy as np; args = (np.array([1, 2]), np.ones(2), np.array([True, False]), 3)"
    c = compiled_function(COUNTS, start)
    rng = "import numpy as np; rng = np.random.default_rng(3); y = rng.integers(0, 6, 200); w = rng.normal(size=200); "
    check(c, rng + "args = (y, w, y > 3, 4)", fast=True)
    check(c, rng + "args = (y, w, y > 30, 40)", fast=True)
    check(c, rng + "args = (y[:1], w[:1], y[:1] < 9, 0)", fast=True)
    check(c, rng + "args = (y, w * 0 - 0.0, y > 3, 4)", fast=True)
    check(c, rng + "args = (y - 1, w, y > 3, 4)", fast=False)
    check(c, rng + "args = (y[:0], w[:0], y[:0] > 3, 1)", fast=False)
    check(c, rng + "args = (y, w[:9], y > 3, 4)", fast=False)
    check(c, rng + "args = (y, w, y > 3, -1)", fast=False)
    check(c, rng + "w[3] = np.nan; args = (y, w, y > 3, 4)", fast=False)
    check(c, rng + "args = (y, w * 1e308, y > 3, 4)", fast=False)


SUMS = """
def f(x, y, key, whole):
    before, after = np.searchsorted(x, key), x.searchsorted(key, side="right")
    return np.cumsum(x), y.cumsum(), np.diff(x), np.diff(y), before, after, np.searchsorted(y, whole, "left")
"""


def test_running_sums_and_places() -> None:
    c = compiled_function(SUMS, "import numpy as np; args = (np.arange(5.0), np.arange(5), 2.5, 3)")
    rng = "import numpy as np; rng = np.random.default_rng(3); x = np.sort(np.round(rng.random(90), 1)); "
    for key, whole in (("0.3", "3"), ("-1.0", "-9"), ("7.0", "2**30"), ("float('nan')", "0"), ("np.float64(0.5)", "4")):
        check(c, rng + f"args = (x, np.arange(9) // 2, {key}, {whole})", fast=True if "np" not in key else None)
        check(
            c,
            rng + f"args = (rng.permutation(x), -np.arange(9), {key}, {whole})",
            fast=True if "np" not in key else None,
        )
    check(c, rng + "args = (x, np.array([2**62, 2**62, 2**62]), 0.1, 1)", fast=True)  # wraps around
    check(c, "import numpy as np; args = (np.zeros(0), np.zeros(0, int), 1.0, 1)", fast=True)
    check(c, "import numpy as np; args = (np.array([-0.0, 0.0]), np.zeros(1, int), -0.0, 1)", fast=True)
    for x in ("[1.0, np.nan]", "[1e308, 1e308]", "[np.inf, np.inf]", "[np.inf, -np.inf]"):
        check(c, f"import numpy as np; args = (np.array({x}), np.arange(3), 1.0, 1)", fast=False)
    check(c, rng + "args = (x, np.arange(3), 0.5, 2**63)", fast=False)


MATRICES = """
def f(a, y):
    first = np.unique(y)
    return np.argmax(a), a.argmin(), np.median(a), np.unique(a), np.cumsum(y), len(np.unique(a[1:, ::2])), len(first)
"""


def test_all_of_a_matrix() -> None:
    c = compiled_function(MATRICES, "import numpy as np; args = (np.ones((2, 3)), np.ones((2, 2), int))")
    rng = "import numpy as np; rng = np.random.default_rng(3); "
    check(c, rng + "args = (np.round(rng.random((9, 7)), 1), rng.integers(0, 4, (5, 1)))", fast=True)
    check(c, rng + "args = (np.round(rng.random((1, 1)), 1), rng.integers(0, 4, (0, 1)))", fast=True)
    check(c, rng + "args = (rng.random((0, 3)), rng.integers(0, 4, (5, 1)))", fast=False)
    check(c, rng + "args = (np.asfortranarray(rng.random((4, 3))), rng.integers(0, 4, (5, 1)))", fast=False)
    check(c, rng + "args = (rng.random((4, 6)).T, rng.integers(0, 4, (5, 1)))", fast=False)


NORMS = """
def f(X, q, k):
    best, at = 1e300, -1
    for i in range(len(X)):
        d = np.linalg.norm(X[i] - q)
        if d < best:
            best, at = d, i
    distances = np.linalg.norm(X - q, axis=1)
    return best, at, distances, np.linalg.norm(X, axis=0), distances[:k].sum()
"""


def test_norms() -> None:
    c = compiled_function(NORMS, "import numpy as np; args = (np.ones((4, 3)), np.ones(3), 2)")
    rng = "import numpy as np; rng = np.random.default_rng(3); "
    for n, d in ((40, 3), (7, 20), (3, 150), (5, 1), (0, 3)):
        check(
            c,
            rng + f"args = (rng.normal(size=({n}, {d})), rng.normal(size={d}), 3)",
            fast=True if n and d > 1 else None,
            close=True,
        )
    check(c, rng + "args = (rng.normal(size=(3, 4)), rng.normal(size=5), 3)", fast=False)
    check(c, rng + "args = (np.full((3, 4), 1e200), np.ones(4), 3)", fast=False)
    check(c, rng + "args = (np.full((3, 4), np.nan), np.ones(4), 3)", fast=False)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("s = np.sort(a, axis=0)", "dimensions"),
        ("s = np.argmax(a, axis=n)", "axis"),
        ("s = np.unique(x, return_index=True)", "unique"),
        ("s = np.where(a > 1)", "dimensions"),
        ("s = np.linalg.norm(x, 3)", "norm"),
        ("s = np.linalg.norm(a, 2)", "norm"),
        ("s = np.cumsum(x, dtype=int)", "cumsum"),
        ("s = np.diff(x, 3)", "diff"),
        ("s = np.searchsorted(x, n)", "searchsorted"),
        ("a.sort()", "sort"),
        ("s = np.bincount(x)", "bincount"),
        ("s = np.median(x, axis=0)", "median"),
    ],
)
def test_refused(body: str, reason: str) -> None:
    assert reason in refusal(
        f"for i in range(n):\n    {body}", "import numpy as np; x = np.arange(3.0); a = np.ones((2, 2)); n = 1"
    )
