"""Arrays of lists: `np.array(neighbors)`, `np.asarray(rows, dtype=float)`."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.kernel.arrays_tree import ELEMENTS
from hasten.kernel.kinds import Arr, Grow, Lst, Num, Tup, Type, Unknown
from hasten.kernel.values import V, bare, fail

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

DTYPES = {
    "int": "int64", "np.int64": "int64", "float": "float64", "np.float64": "float64", "bool": "bool", "np.bool": "bool",
}  # fmt: skip
NAMED = {
    "float": "float64", "numpy.float64": "float64", "int": "int64", "numpy.int64": "int64",
    "bool": "bool", "numpy.bool_": "bool", "numpy.bool": "bool",
}  # fmt: skip


def made(u: Unit, short: str, node: ast.Call) -> V | None:
    """The call, or None when it is another one. Raises `Refuse`."""
    if short not in ("array", "asarray"):
        return None
    args, named = list(node.args), {k.arg: k.value for k in node.keywords}
    if len(args) == 2:
        named["dtype"] = args.pop()
    if len(args) != 1 or set(named) - {"dtype"} or len(node.args) + len(node.keywords) > 2:
        fail(f"np.{short} with such arguments", node)
    wanted = ""
    if "dtype" in named:
        wanted = NAMED.get(u.module.dotted(named["dtype"]) or "", "")
        if not wanted:
            fail("dtype", node)
    v = u.expr(args[0])
    if isinstance(v.t, Arr):
        return of_array(short, v, wanted, node)
    if isinstance(v.t, Lst):
        return of_list(u, v, v.t, wanted, node)
    if isinstance(v.t, Grow):
        return of_grown(u, v, v.t, wanted, node)
    fail(f"np.{short} of this", node)


def of_array(short: str, v: V, wanted: str, node: ast.AST) -> V:
    t = v.t
    assert isinstance(t, Arr)
    if t.dtype not in ELEMENTS or t.odd or wanted not in ("", t.dtype):
        fail("np.array of such an array", node)
    if short == "asarray":
        return v  # the array itself
    return V(f"{v.code}.copy()", replace(t, roots=frozenset(), ones=frozenset()))


def dtype_of(kinds: frozenset[str], wanted: str, node: ast.AST) -> str:
    """The type of the array that NumPy makes of numbers of these kinds."""
    found = {DTYPES.get(k, "") for k in kinds}
    if len(found) != 1 or "" in found:
        fail("an array of numbers of several types", node)
    (own,) = found
    if wanted not in ("", own) and (own, wanted) != ("int64", "float64"):
        fail(f"an array of {wanted} made of {own}", node)
    return wanted or own


def of_list(u: Unit, v: V, t: Lst, wanted: str, node: ast.AST) -> V:
    """Of a list that a kernel holds as an array."""
    dtype = dtype_of(t.kinds, wanted, node)
    code = v.code
    if t.depth > 2:
        fail("np.array of a list of lists of lists", node)
    if t.depth > 1 or dtype != "float64" and not wanted:
        code = f"{u.helper('not_empty')}({bare(code)})"  # of none NumPy makes floats, and of no rows a vector
    if DTYPES[next(iter(t.kinds))] != dtype:
        return V(f"{code}.astype(np.{dtype})", Arr(dtype, t.depth))
    return V(f"{code}.copy()", Arr(dtype, t.depth))


def of_grown(u: Unit, v: V, t: Grow, wanted: str, node: ast.AST) -> V:
    """Of a list that grows: of numbers, or of tuples of numbers of one type."""
    item: Type | None = t.item
    if item is None and t.sink is None:
        raise Unknown("what a list holds is not known")
    if t.sink is not None or t.queue:
        fail("np.array of such a list", node)
    if isinstance(item, Num):
        dtype = dtype_of(item.kinds, wanted, node)
        helper = "vector_of" if dtype == "float64" or wanted else "some_of"
        return V(f"{u.helper(helper)}({bare(v.code)}, np.{'bool_' if dtype == 'bool' else dtype})", Arr(dtype, 1))
    if isinstance(item, Tup) and item.items and all(isinstance(i, Num) for i in item.items):
        kinds: frozenset[str] = frozenset().union(*(i.kinds for i in item.items if isinstance(i, Num)))
        dtype = dtype_of(kinds, wanted, node)
        dtype_code = "np.bool_" if dtype == "bool" else f"np.{dtype}"
        return V(f"{u.helper('matrix_of')}({bare(v.code)}, {len(item.items)}, {dtype_code})", Arr(dtype, 2))
    fail("np.array of a list of such things", node)
