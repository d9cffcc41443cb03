"""Elements of an array at places that are arrays of more dimensions: `image[rows, columns]`, `table[labels]`.

They are taken within the loop of the expression around them, so that neither the places nor the elements become arrays
of their own. A place that is not there makes the loop give up, and NumPy says what it always said.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hasten.kernel.arrays_tree import ELEMENTS, Node
from hasten.kernel.kinds import Arr, Num
from hasten.kernel.values import V, bare, fail

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit


def at_pair(u: Unit, base: V, items: Sequence[ast.expr], at: ast.AST) -> V | None:
    """`x[rows, columns]` of a matrix, of which one is an array of more dimensions. None: something else."""
    if any(isinstance(x, (ast.Slice, ast.Constant)) for x in items):
        return None
    lines = len(u.lines)
    places = [u.raw(x) for x in items]
    of_ints = all(
        isinstance(p.t, Arr) and p.t.dtype == "int64" or isinstance(p.t, Num) and p.t.kinds <= {"int", "np.int64"}
        for p in places
    )
    if of_ints and any(isinstance(p.t, Arr) and p.t.ndim > 1 for p in places):
        return taken(u, base, places, at)
    del u.lines[lines:]
    return None


def taken(u: Unit, base: V, places: Sequence[V], at: ast.AST) -> V:
    """The elements of an array at places, one for each of its axes."""
    from hasten.kernel.arrays import node_of, usable, value  # it builds on this module

    t = base.t
    assert isinstance(t, Arr)
    if t.dtype not in ELEMENTS or any(isinstance(p.t, Arr) and p.t.dtype != "int64" for p in places):
        fail("selection by such an array", at)
    nodes = tuple(node_of(u, p, at) for p in places)
    dims = max(n.ndim for n in nodes)
    code = bare(usable(base.code))
    return value(u, Node("gather", t.dtype, dims, nodes, code=code, loop=("int64",) * len(nodes)))


__all__ = ["at_pair", "taken"]
