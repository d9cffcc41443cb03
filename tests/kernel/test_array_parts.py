"""Arrays that come in as parts of larger ones; whole numbers divided; medians beside zeros; lists of NumPy's bools."""

from __future__ import annotations

from tests.kernel.differential import check, compiled_function, interpreted

WINDOW = """
def f(w, x):
    q = w // 32
    total = 0
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            if q[i, j] > j:
                total += i + 1
    return total, q % 3, w.std(), w.sum(), float(x[0]), x.sum()
"""
WINDOW_FROM = """
import numpy as np
whole = np.arange(600, dtype=np.int64).reshape(20, 30)
args = (whole[2:6, 3:9], np.arange(12.0)[::2])
"""


def test_windows_of_arrays() -> None:
    c = compiled_function(WINDOW, WINDOW_FROM)
    made = "import numpy as np; rng = np.random.default_rng(7); a = rng.integers(-900, 900, (40, 50)); x = rng.random(300); "
    check(c, made + "args = (a[3:20, 5:40], x[1::3])", fast=True)
    c = interpreted(c)
    check(c, made + "args = (a[3:4, ::2], x[:1])", fast=True)
    check(c, made + "args = (a[:2, 1:], x)", fast=True)
    check(c, made + "args = (a, x[5:])", fast=True)
    check(c, made + "args = (a.T, x)", fast=False)  # in another order
    check(c, made + "args = (a[::-1, 3:9], x)", fast=False)
    check(c, made + "args = (a[3:9, 3:9], x[::-1])", fast=False)  # NumPy adds it up from the other end
    check(c, made + "args = (np.broadcast_to(a[0, :9], (4, 9)), np.broadcast_to(x[:1], (9,)))", fast=False)
    check(c, made + "args = (a[3:9, 3:9].astype(np.int32), x)", fast=False)
    check(c, made + "args = (np.zeros((6, 6), int)[1:3, 1:3][:0], x)")
    check(c, made + "args = (np.ma.array(a)[3:9, 3:9], x)", fast=False)


WRITTEN = """
def f(w, n):
    for i in range(n):
        w[i] = w[i] * 2.0
    return n
"""
KEPT = """
def f(w, n):
    total = 0.0
    for i in range(n):
        total += w[i]
    return total, w, w[1:]
"""


def test_parts_that_change_or_leave() -> None:
    """They are what they were: part of another array."""
    views = "import numpy as np; base = np.arange(20.0); args = (base[::2], 5)"
    c = interpreted(compiled_function(WRITTEN, views))
    check(c, "import numpy as np; base = np.arange(30.0); args = (base[::3], 6)", fast=False)
    check(c, "import numpy as np; base = np.arange(30.0); args = (base, 6)", fast=True)
    c = interpreted(compiled_function(KEPT, views))
    check(c, "import numpy as np; base = np.arange(30.0); args = (base[::3], 6)", fast=False)


DIVIDED = """
def f(a, b, n):
    out = np.zeros(len(a), np.int64)
    for i in range(n):
        out += a // b + a % 7 - b % a + a // -3
    return out, a // 5, b % 4
"""


def test_whole_numbers_divided() -> None:
    start = "import numpy as np; a = np.array([7, -7, 1, 9]); b = np.array([2, 3, -4, -5]); "
    c = interpreted(compiled_function(DIVIDED, start + "args = (a, b, 2)"))
    check(c, start + "args = (a, b, 3)", fast=True)
    check(c, start + "args = (np.arange(-50, 50) * 2 + 1, np.arange(100) * 3 + 2, 3)", fast=True)
    check(c, start + "args = (a, b * 0, 1)", fast=False)  # NumPy warns, and gives zeros
    check(c, start + "args = (np.array([-(2**63)]), np.array([-1]), 1)", fast=False)
    check(c, start + "args = (np.array([-(2**63)]), np.array([3]), 1)", fast=True)
    check(c, start + "args = (a[:0], b[:0], 1)")


NARROW = """
def f(a, k, n):
    total = 0
    for i in range(n):
        if (a // k)[i] > (a % 10)[i]:
            total += 1
    return total, a // 7, a % 7, a // k
"""


def test_narrow_whole_numbers_divided() -> None:
    for dtype in ("np.uint8", "np.int8", "np.int16", "np.uint32"):
        start = f"import numpy as np; a = np.arange(90).astype({dtype}); "
        c = interpreted(compiled_function(NARROW, start + "args = (a, 3, 5)"))
        check(c, start + "args = (a + a[1], 9, 40)", fast=True)
        check(c, start + "args = (a, 0, 4)", fast=False)
        check(c, start + "args = (a, 1000000000000, 4)", fast=False)  # beyond the type
        if dtype in ("np.int8", "np.int16"):
            low = f"np.iinfo({dtype}).min"
            check(c, start + f"args = (np.array([{low}, 5], {dtype}), -1, 2)", fast=False)
            check(c, start + f"args = (np.array([{low}, -5, 5], {dtype}), -3, 3)", fast=True)


MEDIANS = """
def f(x, half):
    out = np.zeros(len(x))
    for i in range(len(x)):
        out[i] = x[i] - np.median(x[max(0, i - half):i + half + 1])
    return out
"""


def test_medians_beside_zeros() -> None:
    c = compiled_function(MEDIANS, "import numpy as np; args = (np.arange(9.0), 2)")
    check(c, "import numpy as np; args = (np.round(np.random.default_rng(3).normal(size=400), 1) + 0.05, 4)", fast=True)
    # a zero with a minus is no matter where what it is taken from is none
    check(c, "import numpy as np; args = (np.array([-0.0, 5.0, -3.0, -4.0, 0.0, 6.0, -0.0, 7.0]), 1)", fast=True)
    check(c, "import numpy as np; args = (np.array([3.0, -0.0, 0.0, 2.0, -0.0]), 1)", fast=False)
    check(c, "import numpy as np; args = (np.array([3.0, np.nan, 0.5, 2.0]), 1)", fast=False)
    check(c, "import numpy as np; args = (np.zeros(9), 3)", fast=True)
    check(c, "import numpy as np; args = (np.zeros(0), 3)")


BITS = """
def f(a, n):
    total = changes = 0
    for i in range(n):
        bits = [a[i, j] >= a[i, 0] for j in range(a.shape[1])]
        changes += sum(1 for k in range(len(bits)) if bits[k] != bits[k - 1])
        total += bits[-1] and bits[0]
    scale = (a[0] * 2.0).sum() / n if n > 1 else 0.0
    return [float(total), changes, scale, scale if n > 2 else 1]
"""


def test_lists_of_bools_and_numbers_of_two_types() -> None:
    c = compiled_function(BITS, "import numpy as np; args = (np.arange(12).reshape(3, 4), 3)")
    start = "import numpy as np; a = np.random.default_rng(4).integers(0, 5, (60, 8)); "
    check(c, start + "args = (a, 60)", fast=True)
    c = interpreted(c)
    check(c, start + "args = (a, 2)", fast=True)
    check(c, start + "args = (a, 1)", fast=True)
    check(c, start + "args = (a, 0)")
    check(c, start + "args = (a[:, :0], 3)")
