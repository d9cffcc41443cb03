"""Grids of two vectors, and counts of pairs: `np.meshgrid(a, b, indexing="ij")`, `np.histogram2d(x, y, ...)`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hasten.kernel import arrays_made
from hasten.kernel.arrays import usable
from hasten.kernel.kinds import NP_INTS, Arr, Num, Tup
from hasten.kernel.values import V, bare, fail

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

EXACT = 2**53


def known(u: Unit, short: str, node: ast.Call) -> V:
    """The call. Raises `Refuse`."""
    return grid(u, node) if short == "meshgrid" else counted(u, node)


def grid(u: Unit, node: ast.Call) -> V:
    """`np.meshgrid(a, b)`: a tuple of two matrices (a list before NumPy 2, which is unpacked in the same way)."""
    import numpy as np

    named = {k.arg: k.value for k in node.keywords}
    by = named.pop("indexing", ast.Constant("xy"))
    if len(node.args) != 2 or named or not isinstance(by, ast.Constant) or by.value not in ("xy", "ij"):
        fail("np.meshgrid with such arguments", node)
    if np.lib.NumpyVersion(np.__version__) < "2.0.0":
        fail("np.meshgrid of this version of NumPy", node)
    a, b = (arrays_made.argument(u, x, node) for x in node.args)
    if not all(isinstance(v.t, Arr) and v.t.ndim == 1 and v.t.dtype in ("float64", "int64") for v in (a, b)):
        fail("np.meshgrid of this", node)
    assert isinstance(a.t, Arr) and isinstance(b.t, Arr)
    helper = u.helper("grid_by_rows" if by.value == "ij" else "grid_by_columns")
    made = Tup((Arr(a.t.dtype, 2), Arr(b.t.dtype, 2)))
    return V(f"{helper}({bare(usable(a.code))}, {bare(usable(b.code))})", made)


def counted(u: Unit, node: ast.Call) -> V:
    """`np.histogram2d(x, y, bins=n, range=[[a, b], [c, d]])` of two vectors."""
    given = dict(zip(("x", "y", "bins", "range"), node.args, strict=False))
    named = {k.arg: k.value for k in node.keywords if k.arg is not None}
    plain = len(node.args) <= 4 and len(named) == len(node.keywords) and not named.keys() & given.keys()
    given |= named
    if not plain or given.keys() != {"x", "y", "bins", "range"}:
        fail("np.histogram2d with such arguments", node)
    spans = _pair(given["range"])
    ends = [_pair(s) for s in spans] if spans is not None else []
    bins = _pair(given["bins"]) or [given["bins"]] * 2
    if len(ends) != 2 or None in ends:
        fail("np.histogram2d with such a range", node)
    vectors = [arrays_made.argument(u, given[name], node) for name in ("x", "y")]
    if not all(isinstance(v.t, Arr) and v.t.ndim == 1 and v.t.dtype in ("float64", *NP_INTS) for v in vectors):
        fail("np.histogram2d of this", node)
    counts = [u.expr(b) for b in bins]
    if not all(isinstance(c.t, Num) and c.t.kinds <= {"int", "np.int64"} for c in counts):
        fail("np.histogram2d with these bins", node)
    codes = [bare(usable(v.code)) for v in vectors] + [bare(u.sink(c)) for c in counts]
    for end in (e for pair in ends if pair is not None for e in pair):
        v = u.single(u.number(end))
        if not isinstance(v.t, Num) or v.t.kind not in ("int", "float", "np.float64"):
            fail("np.histogram2d between such ends", node)
        whole = v.t.rep == "i"
        codes.append(f"float({bare(u.ranged(v.code, v.t, -EXACT, EXACT))})" if whole else bare(u.sink(v)))
    # NumPy gives the counts without those of the bins around them: a part of a larger array
    made = Tup((Arr("float64", 2, odd=True), Arr("float64", 1), Arr("float64", 1)))
    return V(f"{u.helper('histogram_of_pairs')}({', '.join(codes)})", made)


def _pair(node: ast.expr) -> list[ast.expr] | None:
    """The two items of a display."""
    if not isinstance(node, (ast.List, ast.Tuple)) or len(node.elts) != 2:
        return None
    return None if any(isinstance(e, ast.Starred) for e in node.elts) else list(node.elts)


__all__ = ["known"]
