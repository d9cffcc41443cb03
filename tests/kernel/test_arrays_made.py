"""Arrays of lists."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled_function

NEAR = """
def f(X, k, xs):
    near = []
    where = []
    gaps = []
    for i, row in enumerate(X):
        d = row[0] - X[k, 0]
        if abs(d) < 0.5:
            near.append(i)
            where.append((i, k))
            gaps.append(d)
    given = np.asarray(xs, dtype=float)
    given[0] += 1.0
    same = np.asarray(given)
    same[0] += 1.0
    apart = np.array(given)
    apart[0] += 1.0
    flags = np.array([x > 0 for x in xs], dtype=bool)
    return np.array(near), np.array(gaps), np.array(where), given, apart, np.array(xs), flags, np.array(near, float)
"""


def test_lists() -> None:
    c = compiled_function(NEAR, "args = (np.random.default_rng(0).random((9, 2)), 3, [1, 2])")
    check(c, "args = (np.random.default_rng(1).random((30, 2)), 4, [2**53 + 1, -7, 0])", fast=True)
    check(c, "args = (np.full((3, 2), np.nan), 0, [1])", fast=False)  # nothing is near: NumPy makes floats of nothing
    check(c, "args = (np.ones((3, 2)), 0, [])", fast=False)
    check(c, "args = (np.ones((3, 2)) * -0.0, 0, [3])", fast=True)


def test_rows() -> None:
    text = (
        "def f(rows):\n    x = np.array(rows)\n    t = 0.0\n    for row in x:\n        t += row[0]\n    x[0, 0] = 9\n"
    )
    text += "    return t, x\n"
    c = compiled_function(text, "args = ([[1.0, 2.0], [3.0, 4.5]],)")
    check(c, "args = ([[1.0, -0.0, 5.0], [3.0, 4.5, 2.0]],)", fast=True)
    check(c, "args = ([[1.0], [3.0, 4.5]],)", fast=False)
    check(c, "args = ([],)", fast=False)
    check(c, "args = ([[1, 2]],)", fast=False)


@pytest.mark.parametrize(
    "what",
    ["np.array(x.T)", "np.array(xs, int)", "np.array(xs, ndmin=2)", "np.array(xs, copy=False)", "np.array([(1, 2.0)])",
     "np.array(xs, dtype=np.float32)", "np.array(5)"],
)  # fmt: skip
def test_refused(what: str) -> None:
    text = f"def f(x, xs):\n    t = 0.0\n    for i in range(3):\n        t += ({what}).sum()\n    return t\n"
    with pytest.raises(AssertionError):
        compiled_function(text, "import numpy as np; args = (np.ones((2, 3)), [1.0, 2.0])")


def test_ints_and_floats_written_together_are_floats() -> None:
    text = "def f(x, xs):\n    t = 0.0\n    for i in range(3):\n        t += np.array([1, 2.5]).sum()\n    return t\n"
    c = compiled_function(text, "import numpy as np; args = (np.ones((2, 3)), [1.0, 2.0])")
    check(c, "import numpy as np; args = (np.ones((2, 3)), [0.1, 2.0])", fast=True)


def test_an_array_without_a_buffer_is_a_new_one() -> None:
    text = """
    def f(x, n):
        made = np.ndarray((n, x.shape[1]), dtype=x.dtype)
        for k in range(1, n):
            made[0] = x[0] * 2.0
            made[k] = x[k] + x[k - 1] + made[k - 1]
        return made
    """
    c = compiled_function(text, "import numpy as np; args = (np.ones((4, 3)), 4)")
    assert "np.empty(" not in c.patched.text, "straight into the array"
    check(c, "args = (np.random.default_rng(0).random((9, 5)), 9)", fast=True)
    check(c, "args = (np.random.default_rng(0).random((9, 5)), 10)", fast=False)
    shared = text.replace("dtype=x.dtype)", "dtype=x.dtype, buffer=x)")
    with pytest.raises(AssertionError):
        compiled_function(shared, "import numpy as np; args = (np.ones((4, 3)), 4)")
    own = "    def ndarray(a, b):\n        return a\n" + text.replace(
        "np.ndarray((n, x.shape[1]), dtype=x.dtype)", "ndarray(x, n)"
    )
    with pytest.raises(AssertionError):
        compiled_function(own, "import numpy as np; args = (np.ones((4, 3)), 4)")
