"""Elements at places that are arrays of more dimensions, grids, counts of pairs: against NumPy, on ordinary and odd input."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled_function, interpreted

GIVEN = (
    "import numpy as np; rng = np.random.default_rng(1); M = rng.normal(size=(6, 5)); v = rng.normal(size=7); "
    "p = rng.integers(0, 5, (4, 3)); q = rng.integers(-5, 5, (4, 3)); r = rng.integers(0, 4, 9); i = 2; s = 0.5; "
    "{0}args = (M, v, p, q, r, i, s)"
)
ODD = (
    "", "p[1, 1] = 6; ", "p[1, 1] = -7; ", "q[:] = 4; ", "q[0, 0] = 5; ", "p[:] = -6; ", "i = 9; ", "i = -1; ",
    "M[:] = np.nan; ", "M[0, 0] = -0.0; p[:] = 0; q[:] = 0; ", "M *= 1e308; ", "M[2, 2] = -np.inf; ",
    "M = M[:0]; ", "p, q = p[:0], q[:0]; ", "M, p, q = M[:0], p[:0], q[:0]; ", "p, q = p[:1], q[:1]; ", "v = v[:0]; ",
    "p = p[:, :2]; ", "p = p.T.copy().T; q = q.T.copy().T; ", "M = np.asfortranarray(M); ", "M = M[::2, ::-1]; ",
    "p = p.astype(np.int32); ", "p = p > 2; ", "v[:] = -0.0; v[3] = 0.0; ", "v = np.arange(7.0) * 1e300; ",
    "r = r[::-1]; ", "r = r[:0]; ", "r = r - 9; ", "s = np.nan; ", "s = -0.0; ", "s = np.inf; ", "s = 1; ", "v = v[:6]; ",
)  # fmt: skip
EXPRESSIONS = {
    "pairs": "M[p, q], M[p, q] * s + M[p - 1, q], (M[p, q] > s) & (p > 1), M[p % 6, q].sum(axis=1), M[p, i], M[i, q]",
    "widened": "M[r[:, None], q[0][None, :]], M[r[:, None] % 5, r % 5]",
    "one": "v[p], v[p] ** 2 - s, np.sqrt(np.abs(v[q])).sum(axis=0), r[p], v[p][q > 0]",
}
PAIRS = {
    "grids": "a, b = np.meshgrid(v, r); c, d = np.meshgrid(r, v, indexing='ij'); return a, b, c, d",
    "grid of counts": "a, b = np.meshgrid(np.arange(i), np.arange(3), indexing='xy'); return (a - s) * v[:i], b + i",
    "counts": "h, a, b = np.histogram2d(v, v * s, bins=4, range=[[-1, 1], [s, 2.5]]); "
    "k, c, d = np.histogram2d(r, r[::-1], [3, i], ((0, 3), (-1, 3.0))); return a, b, c, d, h.max(), h[1], k.sum(axis=0)",
    "counts of selected": "h, _, b = np.histogram2d(M[M > s], M[M > s], range=((s, 2), (0, 2)), bins=(7, 5)); "
    "return (h / h.sum())[1], b",
}
CHANGES = {
    "in place": "M[:4, :3] = M[p, q]; M[:4, :3] *= M[p, q]; v[:5] += v[r][:5]; v[:3] = v[p[0]]",
    "together": "a = M[p, q]; b = a * s; M[:4, :3] = b + M[p, q]; c = b - M[p, q]; s = c.sum() + b[0, 0]",
    "bound anew": "a = v[p]; v = np.zeros(7) + s; b = a + v[p]; s = (a * b).sum()",
    "lines": "M[i, r % 5] = v[r]; M[r % 6, -1] = s; M[i - 1, r[:2]] = M[i, r[:2] + 1]; M[r[1:3], i] = M[r[:2], i] * 2; "
    "M[:, 1][r[:3]] = 7; M[0, v[:5] > s] = 3",
    "other names": "w = M[1:]; w[:4, :3] = M[p, q] + 1; a = M[p, q]; w[:4, :3] = a * 2; b = w[p - 1, q] + a; s = b.sum()",
}


def source(name: str) -> str:
    line = f"return {EXPRESSIONS[name]}" if name in EXPRESSIONS else PAIRS.get(name) or f"{CHANGES[name]}\n    return s"
    return f"def f(M, v, p, q, r, i, s):\n    {line}\n"


@pytest.mark.parametrize("name", [*EXPRESSIONS, *PAIRS, *CHANGES])
def test_interpreted_on_odd_input(name: str) -> None:
    c = interpreted(compiled_function(source(name), GIVEN.format("")))
    for odd in ODD:
        check(c, GIVEN.format(odd), fast=True if not odd else None)


def test_products_of_few_terms() -> None:
    c = interpreted(compiled_function("def f(M):\n    return M[:, :2] @ M[:, 1:3].T, M @ M.T\n", PRODUCT.format(9)))
    for rows in (9, 0, 1, 150):
        check(c, PRODUCT.format(rows), fast=rows > 0 or None, close=True)


PRODUCT = "import numpy as np; M = np.random.default_rng(2).normal(size=({0}, 5)); args = (M,)"


HANDED_ON = """
def inner(M, s):
    if s > 9:
        return M * 0.0, M > s
    return M * s, M > s

def f(M, v, p, q, r, i, s):
    if i < 0:
        return inner(M[1:], s)
    w = v * s
    return inner(M, w.sum())
"""


def test_several_results_of_another_function_are_handed_on() -> None:
    c = interpreted(compiled_function(HANDED_ON, GIVEN.format("")))
    for odd in ODD:
        check(c, GIVEN.format(odd), fast=True if odd in ("", "i = -1; ") else None)
