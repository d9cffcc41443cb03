"""Statements over arrays of one shape as one loop: what each reads is what it would read one after another."""

from __future__ import annotations

import pytest

from tests.kernel.differential import Compiled, check, compiled_function, interpreted

TWO = "import numpy as np; rng = np.random.default_rng(0); a = rng.random((5, 6)); b = rng.random((5, 6)); "


def loops(c: Compiled) -> int:
    return c.patched.text.count("def _f_array_")


CHAIN = """
def f(a, b, n):
    out = np.zeros((5, 6))
    for k in range(n):
        c = a * 0.5
        d = b - c
        e = np.where(d > 0, d, c)
        out += e * d
        e = e + d
        out[:, :] = out - e
    return out
"""


def test_chain() -> None:
    c = compiled_function(CHAIN, TWO + "args = (a, b, 3)")
    assert loops(c) == 1
    check(c, TWO + "args = (a, b, 4)", fast=True)
    check(c, TWO + "args = (a, b, 0)", fast=True)
    check(c, TWO + "args = (a, a, 2)", fast=True)
    check(c, TWO + "args = (a[:4].copy(), b, 2)", fast=False)  # NumPy's error
    check(c, TWO + "args = (a[:1].copy(), b, 2)", fast=False)  # made longer
    check(c, TWO + "a[2, 3] = 1.7e308; b[2, 3] = -1.7e308; args = (a, b, 2)", fast=False)  # warns, more than once
    check(c, TWO + "a[2, 3] = np.inf; args = (a, b, 2)", fast=False)
    check(c, TWO + "a[2, 3] = -0.0; b[2, 3] = -0.0; args = (a, b, 1)", fast=True)
    check(c, TWO + "args = (a.astype(np.float32), b, 2)", fast=False)


HIDDEN = """
def f(a, b):
    c = a * 2.0
    d = 1.0 / c
    e = np.minimum(d, 3.0)
    g = c > 1.0
    h = np.where(g, e, b)
    return h * 1.0
"""


def test_what_warns_is_seen_where_it_does_not_show_in_the_end() -> None:
    c = compiled_function(HIDDEN, TWO + "args = (a + 0.1, b)")
    assert loops(c) == 1
    check(c, TWO + "args = (a + 0.1, b)", fast=True)
    check(c, TWO + "a[1, 1] = 1.7e308; args = (a, b)", fast=False)  # overflows, and 1 / inf is 0
    check(c, TWO + "a[1, 1] = 0.0; args = (a, b)", fast=False)  # divides by zero, and the minimum is 3


ORDERS = {
    "a place later": "B[1:] = a[1:] * 2\n    c = B[:-1] + 1\n    B[1:] = c",
    "a place before": "c = B[1:] * 2\n    B[:-1] = c\n    d = B[1:] + c\n    B[:-1] += d",
    "its own neighbours": "c = B[1:] - B[:-1]\n    B[1:] = c\n    B[:-1] -= c",
    "rows": "B[0] = a[0] + 1\n    B[1] = B[0] * 2\n    B[0] = B[1] - a[1]\n    B[2] = B[0] + B[-2]",
    "one row": "B[:, :] = a + 1\n    B[:, :] = a - B[0]\n    B[:, :] = B * B[0]",
    "turned": "c = a + 1\n    B[:, :] = c\n    B[:, :] = c * 2 + B[::-1]",
    "a view": "v = B[1:]\n    B[:-1] = a[1:] * 2\n    v[:] = v * 3\n    B[:-1] = v + B[:-1]",
    "one element": "B[:, :] = a + 1\n    B[:, :] = B * B[0, 0]\n    B[:, :] = B - B[1, 1]",
    "the name again": "c = a + 1\n    c = c * c\n    c += B\n    B[:, :] = c\n    c = c - B",
    "made and kept": "c = a + 1\n    d = c * 2\n    B[:, :] = c\n    c[0, 0] = 7.0\n    B += c + d",
    "another name": "c = a + 1\n    d = c\n    d += 1\n    B[:, :] = c + d",
    "in a branch": "c = B\n    if B[0, 0] > 0:\n        c = a + 1\n        d = c * 2\n        B = B + d\n    B = B + c",
    "the last time": "c = a\n    for k in range(3):\n        d = c + 1\n        c = d * 2\n        B = B - c",
    "whole numbers": "c = np.arange(6) * 3\n    d = c // 2\n    e = d * 2 - c\n    B[0] = e",
    "truths": "c = a > 0.5\n    d = ~c\n    e = c | d\n    B[:, :] = np.where(c & e, a, B)",
}


@pytest.mark.parametrize("what", ORDERS)
def test_orders(what: str) -> None:
    program = f"def f(a, B):\n    {ORDERS[what]}\n    return B, a\n"
    c = interpreted(compiled_function(program, TWO + "args = (a, b)"))
    check(c, TWO + "args = (a, b * 3)", fast=True)
    check(c, TWO + "args = (a - 0.5, -b)")


NARROW = """
def f(x, y, z):
    c = x * y
    d = c + x
    z[:] = d - c
    e = z * 3
    e = e - z
    return e
"""


def test_types_stay_as_narrow_as_arrays_are() -> None:
    for dtype in ("float32", "uint8"):
        make = (
            f"import numpy as np; x = np.arange(1, 250, 7).astype(np.{dtype}) * np.{dtype}(3); y = x + x; z = x * x; "
        )
        c = compiled_function(NARROW, make + "args = (x, y, z)")
        check(c, make + "args = (x, y, z)")
        check(c, make + "args = (y, z, x)")


CARRIED = """
def f(u, w, n):
    col = np.ndarray((4, 5, 6), dtype=u.dtype)
    for k in range(1, n):
        gav = 0.25 * (w[1:, :, k] + w[:-1, :, k])
        col[:, :, k] = gav * 0.5
        low = u[:, :, k - 1] - col[:, :, k]
        u[:, :, k] = u[:, :, k] * low
        col[:, :, k] = col[:, :, k] + u[:, :, k - 1]
    for k in range(n - 2, -1, -1):
        last = u[:, :, k] - u[:, :, k + 1]
        u[:, :, k] = last * 0.5
    return u
"""
FIELDS = "import numpy as np; rng = np.random.default_rng(0); u = rng.random((4, 5, 6)); w = rng.random((5, 5, 6)); "


def test_planes_one_after_another() -> None:
    c = compiled_function(CARRIED, FIELDS + "args = (u, w, 6)")
    assert loops(c) == 2
    check(c, FIELDS + "args = (u, w, 6)", fast=True)
    check(c, FIELDS + "args = (u, w, 1)", fast=None)
    check(c, FIELDS + "args = (u, w, 7)", fast=False)  # IndexError half way
    check(c, FIELDS + "args = (u, w[:4].copy(), 6)", fast=False)
    check(c, FIELDS + "args = (u, u, 6)", fast=False)
