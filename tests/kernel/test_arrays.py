"""Whole-array NumPy code as loops, against NumPy: values, types, shapes, warnings and errors."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernel.differential import check, compiled, compiled_function, refusal

STENCIL = """
def f(steps, A, B):
    for t in range(steps):
        B[1:-1, 1:-1] = 0.2 * (A[1:-1, 1:-1] + A[1:-1, :-2] + A[1:-1, 2:] + A[2:, 1:-1] + A[:-2, 1:-1])
        A[1:-1, 1:-1] = B[1:-1, 1:-1] - A[1:-1, 1:-1] / 3
"""
GRIDS = "import numpy as np; rng = np.random.default_rng(0); args = (3, rng.random((7, 9)), rng.random((7, 9)))"


def test_stencil() -> None:
    c = compiled_function(STENCIL, GRIDS)
    both = "a = np.arange(63.0).reshape(7, 9) ** 1.5; b = a[::-1].copy(); "
    check(c, both + "args = (4, a, b)", fast=True)
    check(c, both + "args = (0, a, b)", fast=True)
    check(c, both + "args = (4, a, a)", fast=False)  # one array under two names
    check(c, both + "args = (4, a, a.copy().T.copy())", fast=False)  # shapes that do not match: NumPy's error
    check(c, both + "args = (4, np.asfortranarray(a), b)", fast=False)
    check(c, both + "args = (4, a[:, ::2], b[:, ::2])", fast=False)
    check(c, both + "base = np.zeros(130); args = (4, base[:63].reshape(7, 9), base[60:123].reshape(7, 9))", fast=False)
    check(c, both + "args = (4, a.astype(np.float32), b)", fast=False)
    check(c, "args = (2, np.zeros((2, 2)), np.zeros((2, 2)))", fast=True)  # nothing inside
    check(c, "args = (2, np.zeros((1, 1)), np.zeros((1, 1)))", fast=True)
    check(c, "args = (2, np.zeros((0, 5)), np.zeros((0, 5)))", fast=True)
    check(c, both + "a[3, 3] = np.nan; args = (4, a, b)", fast=False)
    check(c, both + "a[3, 3] = 1.7e308; a[3, 4] = 1.7e308; args = (4, a, b)", fast=False)  # warns
    check(c, both + "b.flags.writeable = False; args = (4, a, b)", fast=False)
    check(c, both + "a[3, 3] = -0.0; args = (1, a, b)", fast=True)


OVERLAPS = """
for t in range(n):
    x[1:] = x[:-1]
    x[:-1] += x[1:]
    y[:, 0] = y[:, -1]
    y[1:] = y[0]
    y[:, 1:] = y[:, :-1] * 2.0 - y[0, 0]
    z = x[2:]
    z[:] = x[:-2] + 1.0
    x[t] += 1.0
"""


def test_right_sides_are_computed_first() -> None:
    arrays = "import numpy as np; x = np.arange(12.0); y = np.arange(20.0).reshape(4, 5) - 3.5; "
    c = compiled(OVERLAPS, arrays + "n = 3", hide=("z", "t"))
    check(c, arrays + "n = 4", fast=True)
    check(c, arrays + "n = 13", fast=False)  # index 12 of 12
    check(c, arrays + "y = y.reshape(5, 4); n = 2", fast=True)
    check(c, "x = np.arange(2.0); y = np.zeros((1, 1)); n = 1", fast=True)
    check(c, "x = np.arange(1.0); y = np.zeros((1, 1)); n = 1", fast=None)
    check(c, "y = np.arange(20.0).reshape(4, 5); x = y.reshape(20)[3:15]; n = 2", fast=False)


WARNINGS = """
def f(a, b, s):
    c = np.where(b != 0, a / b, 0.0)
    d = 1.0 / (a * s)
    return c + np.minimum(d, 1.0)
"""


def test_warnings_are_kept() -> None:
    c = compiled_function(WARNINGS, "import numpy as np; args = (np.ones(4), np.ones(4), 2.0)")
    check(c, "args = (np.array([1.0, 2.0]), np.array([3.0, 4.0]), 0.5)", fast=True)
    check(c, "args = (np.array([1.0, 2.0]), np.array([0.0, 4.0]), 0.5)", fast=False)  # divides, then does not choose it
    check(c, "args = (np.array([1.0, 0.0]), np.array([3.0, 4.0]), 0.5)", fast=False)  # 1 / 0 is clipped
    check(c, "args = (np.array([1e200, 2.0]), np.array([3.0, 4.0]), 1e200)", fast=False)  # 1 / inf is 0
    check(c, "args = (np.array([-1.0, 2.0]), np.array([3.0, 4.0]), 0.5)", fast=True)
    check(c, "args = (np.array([1.0, 2.0, 3.0]), np.array([3.0, 4.0]), 0.5)", fast=False)
    check(c, "args = (np.array([1.0, 2.0]), np.array([3.0]), 0.5)", fast=False)  # broadcast
    check(c, "args = (np.array([1.0, 2.0]), np.array([3.0, 4.0]), 1)", fast=False)
    check(c, "args = (np.array([1.0, 2.0]), np.array([3.0, 4.0]), float('inf'))", fast=None)
    check(c, "args = (np.zeros(0), np.zeros(0), 1.0)", fast=True)


EXTREMES = """
def f(a, b):
    c = np.maximum(a, b)
    c -= np.minimum(a, 0.0)
    c *= np.maximum(b, 2)
    return np.clip(c, -1, 1.5)
"""


def test_extremes() -> None:
    c = compiled_function(EXTREMES, "import numpy as np; args = (np.ones(4), np.ones(4))")
    for a, b in [
        ("[1.0, -2.0, 0.5]", "[0.5, 3.0, -0.0]"),
        ("[np.nan, 1.0]", "[1.0, np.nan]"),
        ("[0.0, -0.0]", "[-0.0, 0.0]"),
        ("[-0.0, -0.0]", "[-0.0, 1.0]"),
        ("[np.inf, -np.inf]", "[1.0, -np.inf]"),
    ]:
        check(c, f"args = (np.array({a}), np.array({b}))")
    check(c, "args = (np.array([1.0, -2.0, 0.5]), np.array([0.5, 3.0, 4.0]))", fast=True)


INTEGERS = """
def f(a, b, k):
    c = a * b + k
    c[1:] -= a[:-1] << 0 if False else a[:-1]
    d = (a > k) & ~(b == a) | (c < 0)
    return np.where(d, c, -a) + abs(b)
"""
PAIR = "import numpy as np; args = (np.arange(5, dtype=np.{0}), np.arange(5, dtype=np.{0})[::-1].copy(), 3)"


@pytest.mark.parametrize("dtype", ["int64", "int32"])
def test_integers_wrap(dtype: str) -> None:
    text = INTEGERS.replace(" << 0 if False else a[:-1]", "")
    c = compiled_function(text, PAIR.format(dtype))
    top = f"np.iinfo(np.{dtype}).max"
    check(c, PAIR.format(dtype), fast=True)
    check(c, f"a = np.full(4, {top}, np.{dtype}); args = (a, a - 1, 3)", fast=True)
    check(c, f"a = np.full(4, -{top} - 1, np.{dtype}); args = (a, a.copy(), -1)", fast=True)
    check(c, f"a = np.full(4, {top}, np.{dtype}); args = (a, a - 1, 2**40)", fast=False)


SINGLE = """
def f(x, w, s):
    y = x * s + w
    y[1:] += 0.1 * x[:-1]
    y /= 3
    z = np.sqrt(np.abs(y)) - x * np.float64(0.5)
    return y, z
"""


def test_float32_and_scalars() -> None:
    one = "import numpy as np; args = (np.linspace(0, 1, 9, dtype=np.float32), np.ones(9, np.float32), 0.1)"
    c = compiled_function(SINGLE, one)
    check(c, one, fast=True)
    check(c, one.replace("0.1)", "1e300)"), fast=False)  # overflows on its way to float32
    check(c, one.replace("0.1)", "1e30)"), fast=True)
    check(c, one.replace("0.1)", "float('nan'))"), fast=False)
    check(c, one.replace("np.ones(9, np.float32)", "np.full(9, 3e38, np.float32)").replace("0.1)", "3e38)"), fast=False)


MASKS = """
def f(x, y, t):
    x[x > t] = 0.0
    y[y < x] = y[y < x] * 2.0 + 1.0
    chosen = x[y > 1.0]
    n = 0
    for i in range(3):
        x[i] += chosen.sum()
        n += (x > t).sum()
    return n
"""


def test_masks() -> None:
    two = "import numpy as np; rng = np.random.default_rng(3); args = (rng.random(40), rng.random(40), 0.4)"
    c = compiled_function(MASKS, two)
    check(c, two, fast=True)
    check(c, "args = (np.ones(5), np.ones(5), 2.0)", fast=True)  # nothing is chosen
    check(c, "args = (np.ones(5), np.ones(4), 0.5)", fast=False)
    check(c, "args = (np.array([np.nan, 1.0, 2.0]), np.ones(3), 0.5)", fast=None)
    check(c, "x = np.ones(5); args = (x, x, 0.5)", fast=False)


AXES = """
def f(x):
    centred = x - x.mean(axis=0)
    centred /= np.std(x, axis=0)
    low = np.min(x, axis=1, keepdims=True)
    return centred * (x - low) + np.sum(x, axis=1)[:, None] - np.max(x) + x.sum()
"""


def test_along_axes() -> None:
    c = compiled_function(AXES, "import numpy as np; args = (np.random.default_rng(1).random((40, 3)),)")
    check(c, "args = (np.random.default_rng(2).random((150, 11)),)", fast=True)
    check(c, "args = (np.random.default_rng(2).random((3, 300)),)", fast=True)
    check(c, "args = (np.ones((5, 2)),)", fast=False)  # divides by zero
    check(c, "args = (np.zeros((0, 2)),)", fast=False)
    check(c, "args = (np.zeros((4, 0)),)", fast=False)
    check(c, "args = (np.random.default_rng(2).random((2, 3))[:, ::-1],)", fast=False)


PRODUCTS = """
def f(A, b):
    x = np.zeros_like(b)
    for i in range(A.shape[0]):
        for j in range(i):
            A[i, j] -= A[i, :j] @ A[:j, j]
            A[i, j] /= A[j, j]
        for j in range(i, A.shape[0]):
            A[i, j] -= np.dot(A[i, :i], A[:i, j])
        x[i] = b[i] - A[i, :i] @ x[:i]
    return A @ x
"""


def test_products() -> None:
    matrix = "import numpy as np; rng = np.random.default_rng(0); m = rng.random((12, 12)) + 12 * np.eye(12); "
    c = compiled_function(PRODUCTS, matrix + "args = (m, rng.random(12))")
    check(c, matrix + "args = (m, rng.random(12))", fast=True, close=True)
    check(c, matrix + "args = (m[:5, :5].copy(), rng.random(5))", fast=True, close=True)
    check(c, matrix + "args = (m, rng.random(11))", fast=False)
    check(c, matrix + "m[0, 0] = 0.0; args = (m, rng.random(12))", fast=False)
    check(c, matrix + "m[3, 3] = np.inf; args = (m, rng.random(12))", fast=False)


def test_functions_that_change_arrays() -> None:
    text = """
    def smooth(p, q):
        q[1:-1] = 0.5 * (p[:-2] + p[2:])
        p[0] = q[1]

    def f(p, n):
        q = np.zeros_like(p)
        r = q
        for i in range(n):
            smooth(p, q)
            r[0] = p[1]
        return p
    """
    c = compiled_function(text, "import numpy as np; args = (np.arange(9.0), 3)")
    check(c, "args = (np.arange(7.0) ** 2, 5)", fast=True)
    check(c, "x = np.arange(7.0) ** 2; args = (x, 5); same = f(*args) is x if 'f' in globals() else True", fast=True)
    same = text.replace(" smooth(p, q)\n", " smooth(r, q)\n")
    with pytest.raises(AssertionError) as why:
        compiled_function(same, "import numpy as np; args = (np.arange(9.0), 3)")
    assert "may overlap" in str(why.value)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("for i in range(2):\n    x[0:2] = x[:2] + 1j", "1j"),
        ("for i in range(2):\n    k[:] = k * 0.5", "float64 stored into an array of int64"),
        ("for i in range(2):\n    k /= 2", "float64 stored into an array of int64"),
        ("for i in range(2):\n    x[::i] = 1.0", "such a part"),
        ("for i in range(2):\n    b = x > 0\n    x[:] = b + b", "arithmetic on bools"),
        ("for i in range(2):\n    if x > 0:\n        x[:] = 1.0", "truth"),
        ("for i in range(2):\n    x[x] = 1.0", "such an array"),
    ],
)
def test_refused(body: str, reason: str) -> None:
    given = "import numpy as np; x = np.ones(4); k = np.arange(4); b = x > 0"
    assert reason in refusal(body, given)


def test_exact_leaves_rounded_functions_alone() -> None:
    text = "def f(x, y):\n    return np.exp(x) * 2.0 + y\n"
    given = "import numpy as np; args = (np.ones(4), np.ones(4))"
    assert compiled_function(text, given).change.risk.name == "ROUNDING"
    plain = text.replace("np.exp(x)", "np.sqrt(x)")
    assert compiled_function(plain, given).change.risk.name == "EXACT"


def test_blocks_change_arrays_in_place() -> None:
    body = "for i in range(3):\n    x += 0.5 * y\n    y[1:] *= x[1:]\n"
    c = compiled(body, "import numpy as np; x = np.ones(5); y = np.ones(5)", hide=("i",))
    check(c, "x = np.arange(5.0); y = np.ones(5); other = x", fast=True)
    check(c, "x = np.arange(5.0); y = x", fast=False)
    check(c, "x = np.arange(5.0); y = 2.0", fast=False)


SUMS = """
def f(x):
    return x.T.sum(axis=0) + np.sum(x.T * 2.0) + (x * 3.0).sum(axis=1)
"""


def test_sums_of_what_is_transposed_may_be_rounded() -> None:
    c = compiled_function(SUMS, "import numpy as np; args = (np.ones((20, 30)),)")
    assert c.change.risk.name == "ROUNDING"
    check(c, "args = (np.random.default_rng(0).random((20, 30)),)", fast=True, close=True)
    check(c, "args = (np.random.default_rng(0).random((1, 30)),)", close=True)
    plain = compiled_function(
        "def f(x):\n    return x.sum(axis=0) * 2.0\n", "import numpy as np; args = (np.ones((20, 3)),)"
    )
    assert plain.change.risk.name == "EXACT"
    check(plain, "args = (np.random.default_rng(0).random((200, 3)),)", fast=True)
    check(plain, "args = (np.random.default_rng(0).random((200, 1)),)", fast=False)


BROADCASTS = """
def f(pos):
    x = pos[:, 0:1]
    y = pos[:, 1:2]
    dx = x.T - x
    dy = y.T - y
    inverse = dx**2 + dy**2 + 0.25
    inverse[inverse > 1.0] = inverse[inverse > 1.0] ** (-1.5)
    for row in inverse:
        row[1:] -= row[:-1]
        row[:] = row / row[0]
    return np.add.outer(pos[:, 0], pos[:, 1]) + dx * inverse
"""


def test_dimensions_of_one() -> None:
    c = compiled_function(BROADCASTS, "import numpy as np; args = (np.random.default_rng(0).random((9, 3)),)")
    check(c, "args = (np.random.default_rng(4).random((12, 2)) * 2,)", fast=True, close=True)
    check(c, "args = (np.random.default_rng(4).random((12, 1)),)", fast=False)
    check(c, "args = (np.random.default_rng(4).random((1, 4)),)", close=True)
    check(c, "args = (np.zeros((0, 3)),)", fast=None)


def test_what_is_stored_into_is_never_made_longer() -> None:
    c = compiled_function(
        "def f(a, b, c):\n    a[:, 0:1] = b * 2.0\n    c[:, None] += b\n",
        "import numpy as np; args = (np.ones((4, 3)), np.ones((4, 1)), np.ones(4))",
    )
    check(c, "args = (np.ones((4, 3)), np.arange(4.0)[:, None].copy(), np.ones(4))", fast=True)
    check(c, "args = (np.ones((4, 3)), np.ones((4, 5)), np.ones(4))", fast=False)


def test_draws_within_an_expression() -> None:
    text = "import random\n\ndef f(x):\n    x[:] = x * random.random() + random.random()\n"
    with pytest.raises(AssertionError) as why:
        compiled_function(text, "import numpy as np, random; args = (np.ones(4),)")
    assert "random numbers are drawn" in str(why.value)


def test_order_of_memory() -> None:
    given = "import numpy as np; args = (np.ones((20, 30)),)"
    for text in (
        "return x.T * 2.0",
        "y = np.zeros_like(x.T)\n    y += 1.0\n    return y",
        "y = x.T\n    z = y + 1.0\n    return z",
    ):
        with pytest.raises(AssertionError) as why:
            compiled_function(f"def f(x):\n    {text}\n", given)
        assert "another order" in str(why.value)
    c = compiled_function("def f(x):\n    y = x.T\n    z = y + 1.0\n    return z.sum(axis=0)\n", given)
    assert c.change.risk.name == "ROUNDING"


def test_sums_of_negative_zeros() -> None:
    c = compiled_function(
        "def f(x):\n    return x.sum(axis=0), x.mean(axis=1), x.max(axis=0)\n",
        "import numpy as np; args = (np.ones((4, 3)),)",
    )
    check(c, "args = (np.full((4, 3), -0.0),)", fast=True)


def test_side_by_side_and_triangles() -> None:
    c = compiled_function(
        """
        def f(a, b, m):
            wide = np.hstack((m, m[:, 0:1] * 2.0))
            both = np.concatenate([m, m * 3.0], axis=-1)
            return np.vstack([a, b]), np.column_stack((a, b)), wide, both, np.triu(m, 1), np.tril(m)
        """,
        "import numpy as np; args = (np.ones(4), np.ones(4), np.ones((3, 4)))",
    )
    check(c, "args = (np.arange(4.0), -np.arange(4.0), np.arange(12.0).reshape(3, 4))", fast=True)
    check(c, "args = (np.arange(4.0), -np.arange(3.0), np.arange(12.0).reshape(3, 4))", fast=False)
    check(c, "args = (np.zeros(0), np.zeros(0), np.zeros((0, 1)))", fast=True)


def test_an_axis_that_was_always_one_long() -> None:
    c = compiled_function(
        """
        def f(mass, v):
            v -= np.mean(mass * v, axis=0) / np.mean(mass)
            mass[1:] = mass[:-1]
            mass += mass
            mass -= 0.5 * mass[0]
            v[:, 0] = mass[:, 0]
            mass[:] = v[:, 1:2] + mass.T[0, 1]
            return v + mass, mass.sum()
        """,
        "import numpy as np; args = (np.ones((4, 1)), np.ones((4, 3)))",
    )
    check(c, "args = (np.arange(1, 5.0)[:, None].copy(), np.arange(12.0).reshape(4, 3))", fast=True)
    check(c, "args = (np.ones((4, 3)), np.arange(12.0).reshape(4, 3))", fast=False)
    check(c, "args = (np.ones((4, 1)), np.arange(4.0).reshape(4, 1))", fast=False)


def test_means_of_float32() -> None:
    c = compiled_function(
        "def f(m):\n    return m.mean(axis=0), np.std(m, axis=0, keepdims=True) + m\n",
        "import numpy as np; args = (np.ones((4, 3), np.float32),)",
    )
    assert c.change.risk.name == "EXACT"
    check(c, "args = (np.random.default_rng(1).random((1003, 50)).astype(np.float32) * 1e6,)", fast=True)
    check(c, "args = (np.zeros((0, 3), np.float32),)", fast=False)


def test_one_name_for_one_thing_after_another() -> None:
    c = compiled_function(
        """
        def f(x, n):
            total = 0.0
            x = x[0] * 2.0
            for i in range(n):
                total += x[i]
                if i == 2:
                    x = x + 1.0
            x = x.sum()
            y = [x for _ in range(2)]
            x = x + total
            return x, y
        """,
        "import numpy as np; args = (np.ones((4, 3)), 3)",
    )
    check(c, "args = (np.arange(12.0).reshape(3, 4), 4)", fast=True)
    check(c, "args = (np.arange(12.0).reshape(3, 4), 0)", fast=True)
    check(c, "args = (np.arange(12.0).reshape(3, 4), 5)", fast=False)


def test_histograms() -> None:
    c = compiled_function(
        """
        def f(x, w, n):
            counts, edges = np.histogram(x, n)
            return counts, edges, np.histogram(x, bins=n, weights=w)[0], np.histogram(x)[0]
        """,
        "import numpy as np; args = (np.arange(5.0), np.ones(5), 4)",
    )
    many = "rng = np.random.default_rng(3); w = rng.standard_normal(150_000); "
    check(c, many + "args = (rng.random(150_000) * 7 - 3, w, 40)", fast=True)
    check(c, many + "args = (rng.integers(0, 11, 150_000) * 0.1, w, 10)", fast=True)  # on the edges
    check(c, "args = (np.array([1.0, 2.0]), np.array([-0.0, -0.0]), 3)", fast=True)
    check(c, "args = (np.array([1.0, np.nextafter(1.0, 2.0)]), np.ones(2), 1)", fast=None)
    for x, n in (
        ("np.zeros(3)", 10),
        ("np.zeros(0)", 10),
        ("np.array([1.0, np.nan])", 3),
        ("np.array([1e308, -1e308])", 3),
        ("np.array([1.0, 2.0])", 0),
        ("np.array([1.0, np.nextafter(1.0, 2.0)])", 5),
        ("np.array([-1.0, -0.0, 0.0])", 2),
    ):
        check(c, f"x = {x}; args = (x, np.ones(x.size), {n})", fast=False)
    check(c, "args = (np.array([1.0, 2.0]), np.ones(3), 3)", fast=False)


def test_underflow_that_is_to_be_noticed() -> None:
    c = compiled_function(
        "def f(x):\n    return x * x\n",
        "import numpy as np; args = (np.ones(4),)",
    )
    check(c, "args = (np.full(3, 1e-200),)", fast=True)
    old = np.seterr(under="raise")
    try:
        check(c, "args = (np.full(3, 1e-200),)", fast=False)
        check(c, "args = (np.full(3, 1e-20),)", fast=False)
    finally:
        np.seterr(**old)


def test_truths_put_into_parts() -> None:
    text = "for y in range(1, len(mask) - 1):\n    if mask[y]:\n        out[y - 1:y + 2] = True\n        late[:y] = False\n"
    given = "import numpy as np; mask, out, late = np.array([%s]), np.zeros(5, dtype=bool), np.ones(5, dtype=%s)"
    c = compiled(text, given % ("True, False, True, False, True", "bool"))
    for mask in ("False, False, False, True, True", "True, True, True, True, True"):
        check(c, given % (mask, "bool"), fast=True)
    c = compiled(text, given % ("True, False, True, False, True", "float"))
    check(c, given % ("False, True, False, True, True", "float"), fast=True)
