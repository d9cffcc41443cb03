"""Calls of NumPy about the order, the places and the number of a vector's items: `np.argsort(d)`, `np.unique(y)`,
`np.where(mask)[0]`, `np.bincount(y)`, `np.linalg.norm(X - q, axis=1)`.

Where NumPy leaves an order open (equal items under its default sort) or items look alike but are not (zeros of two
signs), and where there is a NaN, the kernel gives up and NumPy does it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hasten.kernel import arrays_made
from hasten.kernel.arrays import combine, node_of, orderly, usable, value
from hasten.kernel.kinds import NPF8, Arr, Num, Tup, Type, num
from hasten.kernel.values import V, bare, fail, may_round

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

PLACE = num("np.int64")
TRUTH = num("np.bool")
PLACES = Arr("int64", 1)
NUMBERS = frozenset({"float64", "int64"})
# what is called: also a method of an array?
CALLS = {
    "argmax": True, "argmin": True, "argsort": True, "sort": False, "unique": False, "bincount": False, "cumsum": True,
    "diff": False, "median": False, "flatnonzero": False, "nonzero": True, "where": False,
    "any": True, "all": True, "searchsorted": True, "linalg.norm": False,
}  # fmt: skip
FLAT = frozenset({"argmax", "argmin", "unique", "median", "cumsum"})  # go over all items of a matrix, in C order
METHODS = frozenset(name for name, method in CALLS.items() if method)


def known(u: Unit, short: str, node: ast.Call) -> V | None:
    """`np.argsort(x)`, ... None: of something else than an array."""
    if short not in CALLS or not node.args or short == "where" and len(node.args) > 1:
        return None
    lines = len(u.lines)
    v = arrays_made.argument(u, node.args[0], node)
    if not isinstance(v.t, Arr):
        del u.lines[lines:]
        return None
    return of(u, short, v, node.args[1:], node)


def of(u: Unit, name: str, v: V, args: list[ast.expr], node: ast.Call) -> V:
    """One of these of an array, with the other arguments of the call."""
    named = {str(k.arg): k.value for k in node.keywords}
    t = v.t
    assert isinstance(t, Arr)
    usable(v.code)
    if name == "linalg.norm":
        return norm(u, v, args, named, node)
    if name in FLAT and t.ndim > 1 and t.dtype in NUMBERS and not args and "axis" not in named:
        v = V(f"{bare(v.code)}.flatten()", Arr(t.dtype, 1))
        t = Arr(t.dtype, 1)
    if name in ("argmax", "argmin"):
        return extreme(u, name, v, args, named, node)
    if name in ("any", "all"):
        axis = named.get("axis") or (args[0] if len(args) == 1 else None)
        if (
            t.ndim == 2
            and t.dtype == "bool"
            and len(args) + len(named) == 1
            and isinstance(axis, (ast.Constant, ast.UnaryOp))
        ):
            from hasten.kernel import arrays_calls  # it calls this module

            axes = arrays_calls.axes_of(u, axis, 2, node)
            rows = bare(v.code) if axes == {1} else f"{bare(v.code)}.T"
            if len(axes) == 1:
                return V(f"{u.helper(f'{name}_of_rows')}({rows})", Arr("bool", 1))
        if args or named or t.dtype not in ("bool", *NUMBERS):
            fail(f"np.{name} of this", node)
        return V(f"{u.helper(f'{name}_true')}({bare(v.code)})", TRUTH)
    if name in ("sort", "argsort") and t.ndim == 2 and t.dtype in NUMBERS and not t.odd:
        axis = named.get("axis") or (args[0] if len(args) == 1 else None)
        last = len(args) + len(named) <= 1 and (axis is None and not named or repr_of(axis) in ("1", "-1"))
        if last:
            helper = "sorted_rows" if name == "sort" else "orders_of_rows"
            return V(f"{u.helper(helper)}({bare(v.code)})", Arr(t.dtype if name == "sort" else "int64", 2))
    if t.ndim != 1:
        fail(f"np.{name} of {t.ndim} dimensions", node)
    if name in ("where", "nonzero", "flatnonzero"):
        if args or named or t.dtype != "bool":
            fail(f"np.{name} of this", node)
        found = f"{u.helper('places_true')}({bare(v.code)})"
        return V(found, PLACES) if name == "flatnonzero" else V(f"({found},)", Tup((PLACES,)))
    if t.dtype not in NUMBERS:
        fail(f"np.{name} of {t.dtype}", node)
    if name == "bincount":
        return counts(u, v, args, named, node)
    if name == "searchsorted":
        return place(u, v, args, named, node)
    if name == "argsort":
        kind = named.pop("kind", None)
        if args or named or kind is not None and not isinstance(kind, ast.Constant):
            fail("np.argsort with such arguments", node)
        stable = isinstance(kind, ast.Constant) and kind.value in ("stable", "mergesort")
        return V(f"{u.helper('order_stable' if stable else 'order')}({bare(v.code)})", PLACES)
    if name == "unique":
        told = named.pop("return_counts", None)
        if args or named or told is not None and not (isinstance(told, ast.Constant) and type(told.value) is bool):
            fail("np.unique with such arguments", node)
        both = isinstance(told, ast.Constant) and told.value is True
        types: Type = Tup((Arr(t.dtype, 1), PLACES)) if both else Arr(t.dtype, 1)
        return V(f"{u.helper('unique_counts' if both else 'unique_items')}({bare(v.code)})", types)
    if args or named:
        fail(f"np.{name} with such arguments", node)
    whole = t.dtype == "int64"
    if name == "median":
        return V(f"{u.helper('middle')}({bare(v.code)})", NPF8, median_of=bare(v.code))
    helper = {"sort": "sorted_copy", "cumsum": "running_sums", "diff": "differences"}[name]
    if whole and name != "sort":
        helper += "_int"
    return V(f"{u.helper(helper)}({bare(v.code)})", Arr(t.dtype, 1))


def repr_of(node: ast.expr | None) -> str:
    """A number that is spelt out."""
    return ast.unparse(node) if isinstance(node, (ast.Constant, ast.UnaryOp)) else ""


def extreme(u: Unit, name: str, v: V, args: list[ast.expr], named: dict[str, ast.expr], node: ast.Call) -> V:
    """`np.argmax(x)` of a vector, `np.argmax(x, axis=1)` of a matrix: the first of equal items, or the first NaN."""
    t = v.t
    assert isinstance(t, Arr)
    axis = named.pop("axis", None) or (args[0] if len(args) == 1 else None)
    if named or len(args) > 1 or t.dtype not in {*NUMBERS, "bool", "float32", "int32"}:
        fail(f"np.{name} of this", node)
    first = "place_of_largest" if name == "argmax" else "place_of_smallest"
    if axis is None and t.ndim == 1:
        return V(f"{u.helper(first)}({bare(v.code)})", PLACE)
    if t.ndim != 2 or axis is None:
        fail(f"np.{name} of {t.ndim} dimensions", node)
    try:
        along = ast.literal_eval(axis)
    except ValueError:
        fail("axis that is computed", node)
    if type(along) is not int or not -2 <= along < 2:
        fail("axis", node)
    rows = bare(v.code) if along % 2 else f"{bare(v.code)}.T"
    return V(f"{u.helper(first + 's')}({rows})", PLACES)


def counts(u: Unit, v: V, args: list[ast.expr], named: dict[str, ast.expr], node: ast.Call) -> V:
    """`np.bincount(x, weights, minlength)`."""
    weights = named.pop("weights", None) or (args[0] if args else None)
    least = named.pop("minlength", None) or (args[1] if len(args) == 2 else None)
    if named or len(args) > 2 or not isinstance(v.t, Arr) or v.t.dtype != "int64":
        fail("np.bincount of this", node)
    size = bare(u.integer(least).code) if least is not None else "0"
    if weights is None or isinstance(weights, ast.Constant) and weights.value is None:
        return V(f"{u.helper('bin_counts')}({bare(v.code)}, {size})", PLACES)
    w = u.expr(weights)
    if not isinstance(w.t, Arr) or (w.t.dtype, w.t.ndim) != ("float64", 1):
        fail("np.bincount with such weights", node)
    usable(w.code)
    return V(f"{u.helper('bin_sums')}({bare(v.code)}, {bare(w.code)}, {size})", Arr("float64", 1))


def place(u: Unit, v: V, args: list[ast.expr], named: dict[str, ast.expr], node: ast.Call) -> V:
    """`np.searchsorted(x, number, side)`."""
    side = named.pop("side", None) or (args[1] if len(args) == 2 else None)
    if named or not 1 <= len(args) <= 2 or side is not None and not isinstance(side, ast.Constant):
        fail("np.searchsorted with such arguments", node)
    where = side.value if isinstance(side, ast.Constant) else "left"
    key = u.expr(args[0])
    same = isinstance(v.t, Arr) and isinstance(key.t, Num) and key.t.rep == ("f" if v.t.dtype == "float64" else "i")
    if where not in ("left", "right") or not same:
        fail("np.searchsorted of this", node)
    helper = u.helper("place_before" if where == "left" else "place_after")
    return V(f"{helper}({bare(v.code)}, {bare(u.sink(key))})", PLACE)


def norm(u: Unit, v: V, args: list[ast.expr], named: dict[str, ast.expr], node: ast.Call) -> V:
    """`np.linalg.norm(x)` of a vector, `np.linalg.norm(x, axis=1)` of a matrix's rows."""
    from hasten.kernel import arrays_calls  # it calls this module

    t = v.t
    assert isinstance(t, Arr)
    axis = named.pop("axis", None)
    order = named.pop("ord", None) or (args[0] if len(args) == 1 else None)
    if len(args) > 1 or named or t.dtype != "float64":
        fail("np.linalg.norm of this", node)
    if order is not None and not (isinstance(order, ast.Constant) and order.value in (None, 2)):
        if not isinstance(order, ast.Constant) or order.value != 1 or axis is not None or t.ndim != 1:
            fail("np.linalg.norm of this order", node)
        sizes = value(u, combine(u, "absolute", (node_of(u, v, node),), node))
        return arrays_calls.folded(u, "sum", sizes, [], [], node) or fail("np.linalg.norm of this", node)
    if order is not None and order.value == 2 and t.ndim != 1:
        fail("np.linalg.norm of this order", node)
    if axis is None and t.ndim == 1:
        may_round(u, "a product may be rounded otherwise when compiled", node)
        return V(f"{u.helper('vector_norm')}({bare(v.code)})", NPF8)  # worked out once: it may draw random numbers
    if axis is None and order is None and t.ndim == 2 and not t.odd:
        flat = V(f"{u.helper('flattened')}({bare(usable(v.code))})", Arr("float64", 1))
        arrays_calls.product(u, flat, flat, node)
        return V(f"{u.helper('vector_norm')}({flat.code})", NPF8)
    axes = arrays_calls.axes_of(u, axis, t.ndim, node)
    if axis is None or t.ndim != 2 or len(axes) != 1:
        fail("np.linalg.norm of this", node)
    rows = node_of(u, v, node)
    orderly(u, rows, "np.linalg.norm", node)
    square = combine(u, "multiply", (rows, rows), node)
    return value(u, combine(u, "sqrt", (arrays_calls.along(u, "sum", square, axes, False, node),), node))
