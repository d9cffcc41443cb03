"""Functions of NumPy that are given the array for their result, and items put at pairs of places."""

from __future__ import annotations

from tests.kernel.differential import check, compiled, compiled_function, refusal

GIVEN = """
def f(x, y, z, n):
    for t in range(n):
        np.multiply(x, y, out=z)
        np.add(z, x, z)
        y = np.subtract(z, 1.0, out=y)
        w = np.maximum(x, 0.25, out=x)
        np.abs(y[1:], out=y[:-1])
        w += 1.0
    return x.sum() + w[0]
"""
THREE = "import numpy as np; rng = np.random.default_rng(0); x, y, z = rng.random(9), rng.random(9), rng.random(9); "


def test_results_are_put_where_they_are_asked_for() -> None:
    c = compiled_function(GIVEN, THREE + "args = (x, y, z, 3)")
    assert "_f_array_" in c.patched.text
    check(c, THREE + "args = (x, y, z, 3)", fast=True)
    check(c, THREE + "args = (x, y, z, 0)", fast=False)  # w is never bound
    check(c, THREE + "x[2] = -0.0; args = (x, y, z, 1)", fast=True)
    check(c, THREE + "args = (x[:1], y[:1], z[:1], 2)", fast=True)
    check(c, THREE + "args = (x[:0], y[:0], z[:0], 2)", fast=False)  # x[0] of none
    check(c, THREE + "args = (x, x, z, 2)", fast=False)  # one array under two names
    check(c, THREE + "args = (x, y, x, 2)", fast=False)
    check(c, THREE + "args = (x[:5], y[:5], x[2:7], 2)", fast=False)
    check(c, THREE + "args = (x[::2], y[::2], z[::2], 2)", fast=False)
    check(c, THREE + "args = (x, y, z[:8], 2)", fast=False)  # NumPy's error
    check(c, THREE + "args = (x, y[:1], z, 2)", fast=False)
    check(c, THREE + "args = (x, y, z.astype(np.float32), 2)", fast=False)
    check(c, THREE + "args = (x, y, np.zeros(9, int), 2)", fast=False)  # NumPy casts no float to an int
    check(c, THREE + "args = (x, y, None, 2)", fast=False)  # `out=None` makes a new one
    check(c, THREE + "z.flags.writeable = False; args = (x, y, z, 2)", fast=False)
    check(c, THREE + "x[1] = np.nan; args = (x, y, z, 2)", fast=False)
    check(c, THREE + "x[1] = 1e308; y[1] = 1e308; args = (x, y, z, 2)", fast=False)  # warns
    check(c, THREE + "args = (np.ma.array(x), y, z, 2)", fast=False)


def test_masks_and_narrow_types() -> None:
    body = """
    for t in range(3):
        keep = x > t
        np.logical_not(keep, keep)
        np.add(small, 1, out=small)
        np.add(small, y, out=y)
        np.multiply(y, 0.5, out=single)
        total += single[keep].size
    """
    given = "import numpy as np; x = np.arange(6.0); y = x * 1.5; small = np.arange(6, dtype=np.int8); single = np.zeros(6, np.float32); total = 0"
    c = compiled(body, given)
    check(c, given, fast=True)
    check(c, given + "; small[:] = 126", fast=None)
    check(c, given + "; y[:] = 1e200", fast=False)  # infinite as float32: NumPy warns
    check(c, given + "; y[3] = np.nan", fast=False)


def test_others_are_left_alone() -> None:
    given = "import numpy as np; x = np.arange(6.0); y = x * 2; k = x > 2; i = np.arange(3)"
    for line in (
        "np.add(x, 1, out=(y,))",
        "np.add(x, 1, out=y, where=k)",
        "np.add(x[i], 1, out=y[i])",
        "np.add(x, 1, y, 2)",
    ):
        assert refusal(f"for t in range(3):\n    {line}\n", given)
    assert refusal(
        "for t in range(3):\n    np.add(x, 0.5, out=i)\n", given.replace("i = np.arange(3)", "i = np.arange(6)")
    )


PAIRS = """
for t in range(2):
    x[rows, columns] = values
    table[rows, columns] = t + 1
    z[rows, columns] = z[columns, rows]
    values = values * 2.0
"""


def test_items_at_pairs_of_places() -> None:
    given = """
import numpy as np
x = np.arange(12.0).reshape(3, 4); z = np.arange(9.0).reshape(3, 3) - 4; table = np.zeros((3, 4), np.int64)
rows, columns, values = np.array([0, 2, 0, -1]), np.array([1, 2, 1, 0]), np.array([5.0, np.nan, -0.0, 2.5])
"""
    c = compiled(PAIRS, given.replace("np.nan", "1.5"))
    plain = given.replace("np.nan", "1.5")
    check(c, plain, fast=True)  # the last one wins
    check(c, plain + "rows, columns, values = rows[:0], columns[:0], values[:0]")
    check(c, plain + "rows[3] = 3", fast=False)  # NumPy's error
    check(c, plain + "rows[3] = -4", fast=False)
    check(c, plain + "values = values[:3]", fast=False)
    check(c, plain + "values = values[:1]", fast=False)  # one for all
    check(c, plain + "rows = rows[:1]", fast=False)
    check(c, plain + "values = values.astype(int)", fast=False)
    check(c, plain + "table = table.astype(np.int8)", fast=False)
    check(c, plain + "z = x[:, :3].copy(); x = z", fast=False)
    check(c, plain + "columns = rows", fast=True)
    check(c, plain + "values = x[0]", fast=False)  # they share memory
    check(c, plain + "x = np.zeros((5, 4))[::2]", fast=False)
    check(c, plain + "values[1] = np.nan", fast=None)
