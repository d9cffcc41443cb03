"""Sizes of complex numbers beside a limit."""

from __future__ import annotations

from tests.kernel.differential import check, compiled_function

SIZES = """
def f(z, limit, n):
    count = 0
    for t in range(n):
        count += (np.abs(z) < limit).sum() + 10 * (abs(z) <= limit).sum() + 100 * (limit < np.abs(z)).sum()
        count += 1000 * (limit >= np.abs(z)).sum() + 10000 * (abs(z * 2.0) > 3).sum()
    return count
"""
GIVEN = (
    "import numpy as np; rng = np.random.default_rng(0); z = rng.standard_normal(40) + 1j * rng.standard_normal(40); "
)


def test_sizes_beside_a_limit() -> None:
    c = compiled_function(SIZES, GIVEN + "args = (z, 1.25, 2)")
    assert "_beside(" in c.patched.text
    check(c, GIVEN + "args = (z, 1.25, 2)", fast=True)
    check(c, GIVEN + "args = (z, 0.0, 2)", fast=True)
    check(c, GIVEN + "args = (z, -0.0, 2)", fast=True)
    check(c, GIVEN + "args = (z, -1.25, 2)", fast=True)
    check(c, GIVEN + "z[::2] = 0; args = (z, 0.0, 2)", fast=True)
    for limit in ("5.0", "1e-3", "2.5", "1e-120", "5e-324", "1e150", "1.7e308"):  # just at the limit
        at = (
            GIVEN
            + f"z[:8] = {limit} * np.array([0.6 + 0.8j, 1, 1j, -1, 0.8 - 0.6j, 1 + 1e-16j, 1 - 2e-16, 1 + 3e-16]); "
        )
        check(c, at + f"args = (z, {limit}, 1)")
    check(c, GIVEN + "args = (z[:0], 1.0, 2)")
    check(c, GIVEN + "args = (z, np.inf, 2)")
    check(c, GIVEN + "args = (z, np.nan, 2)", fast=False)
    check(c, GIVEN + "z[3] = np.nan; args = (z, 1.0, 2)", fast=False)
    check(c, GIVEN + "z[3] = complex(np.inf, 1.0); args = (z, 1.0, 2)", fast=False)
    check(c, GIVEN + "z[3] = complex(1.7e308, 1.7e308); args = (z, 1.0, 2)", fast=False)  # warns
    check(c, GIVEN + "z[3] = complex(1e160, 1e160); args = (z, 1.0, 2)", fast=True)
    check(c, GIVEN + "args = (z.astype(np.complex64), 1.0, 2)", fast=False)
    check(c, GIVEN + "args = (z.real.copy(), 1.0, 2)", fast=False)
