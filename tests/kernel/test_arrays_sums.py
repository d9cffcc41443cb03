"""Sums along the last axis of arrays of three and more dimensions, to the bit; a vector times a matrix."""

from __future__ import annotations

import pytest

from tests.kernel.differential import Compiled, check, compiled_function

ALONG = """
def f(x, w):
    t = x - np.max(x, axis=-1, keepdims=True)
    e = np.abs(t) + 0.1
    s = np.sum(e, axis=-1, keepdims=True)
    m = np.mean(x * w, axis=2)
    return e / s + m[:, :, None]
"""


def given(n: int) -> str:
    return f"import numpy as np; rng = np.random.default_rng(0); x, w = rng.standard_normal((3, 4, {n})), rng.standard_normal((3, 4, {n})); "


@pytest.fixture(scope="module")
def along() -> Compiled:
    return compiled_function(ALONG, given(9) + "args = (x, w)")


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 127, 129, 300])
def test_sums_along_the_last_axis(along: Compiled, n: int) -> None:
    check(along, given(n) + "args = (x, w)", fast=True)
    check(along, given(n) + "args = (x[:1], w[:1])", fast=True)
    check(along, given(n) + "args = (x[:, :1].copy(), w[:, :1].copy())", fast=True)
    check(along, given(n) + "x[:] = -0.0; args = (x, w)")


def test_what_is_not_as_it_was(along: Compiled) -> None:
    check(along, given(9) + "args = (x[:0], w[:0])")
    check(along, given(9) + "args = (x[:, :, :0].copy(), w[:, :, :0].copy())")  # NumPy's error
    check(along, given(9) + "args = (x.transpose(1, 0, 2), w.transpose(1, 0, 2))", fast=False)
    check(along, given(9) + "args = (x[..., ::2], w[..., ::2])", fast=False)
    check(along, given(9) + "x[0, 0, 0] = np.nan; args = (x, w)", fast=False)
    check(along, given(9) + "x[0, 0, 0] = 1e308; args = (x, x)", fast=False)  # warns
    check(along, given(9) + "args = (x, w.astype(np.float32))", fast=False)
    check(along, given(9) + "args = (x, w[:, :, :8].copy())", fast=False)


PRODUCT = """
def f(x, y):
    for i in range(len(y)):
        y[i:] += x[:, i] @ x[:, i:]
        y += x[:, 0] @ x
        x[0, i] += 1.0
        y[: 2 - i] += x[:, 1] @ x[:, : 2 - i]
        y[-2:] += x[:, 1] @ x[:, -2:]
        y[:1] += x[1:, 1] @ x[1:, :1]
    return y.copy()
"""


def test_a_vector_times_a_matrix() -> None:
    arrays = "import numpy as np; rng = np.random.default_rng(0); x, y = rng.random((11, 5)), rng.random(5); "
    c = compiled_function(PRODUCT, arrays + "args = (x, y)")
    assert "_vector_matrix(" in c.patched.text
    for rows in range(1, 11):
        check(c, arrays + f"args = (x[:{rows}].copy(), y)", fast=rows > 1, close=True)
    check(c, arrays + "args = (x[:, :0].copy(), y[:0])", close=True)
    check(c, arrays + "args = (x[:, :4].copy(), y)", fast=False, close=True)
    check(c, arrays + "args = (x * np.inf, y)", fast=False, close=True)
    check(c, arrays + "args = (x * 1e200, y)", fast=False, close=True)  # warns
    check(c, arrays + "args = (x, x[0])", fast=False, close=True)  # they share memory
    check(c, arrays + "args = (np.asfortranarray(x), y)", fast=False, close=True)
