"""Arrays in other shapes, lists of arrays put together, and whole arrays compared: `x.reshape(-1, 1)`,
`np.vstack(rows)`, `np.append(x, 1.0)`, `np.allclose(a, b)`, `x in array`."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING

from hasten.kernel import arrays_made
from hasten.kernel.arrays import apart, binary, check_cast, chosen, combine, node_of, pair_of_places, usable, value
from hasten.kernel.arrays_tree import ELEMENTS, Node
from hasten.kernel.kinds import BOOL, NPF8, SIZE, Arr, Grow, Lst, Num, Tup, const, num
from hasten.kernel.values import V, bare, fail, impure

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

READ_BY = frozenset("sum mean std var min max argmin argmax any all tolist median percentile len".split())
METHODS = frozenset({"reshape", "flatten", "ravel", "any", "all"})


def known(u: Unit, short: str, node: ast.Call) -> V | None:
    """A call of NumPy. None: of another function, or another way to call one of these."""
    args, named = node.args, {k.arg: k.value for k in node.keywords}
    if short in ("shape", "ndim", "size") and len(args) == 1 and not named:
        v = arrays_made.argument(u, args[0], node)
        if not isinstance(v.t, Arr):
            fail(f"np.{short} of this", node)
        if short == "ndim":
            return V(str(v.t.ndim), const(v.t.ndim))
        code = usable(v.code)
        return V(f"{code}.size", SIZE) if short == "size" else V(f"{code}.shape", Tup((SIZE,) * v.t.ndim))
    if short == "count_nonzero" and len(args) == 1 and not named:
        v = arrays_made.argument(u, args[0], node)
        if not isinstance(v.t, Arr) or v.t.dtype != "bool":
            fail("np.count_nonzero of this", node)
        return V(f"{u.helper('count_true')}({bare(usable(v.code))})", num(kind_of_count()))
    if short in ("prod", "cumprod") and len(args) == 1 and not named:
        v = arrays_made.argument(u, args[0], node)
        if not isinstance(v.t, Arr) or (v.t.dtype, v.t.ndim) != ("float64", 1):
            fail(f"np.{short} of this", node)
        helper = u.helper("product" if short == "prod" else "running_products")
        return V(f"{helper}({bare(usable(v.code))})", NPF8 if short == "prod" else Arr("float64", 1))
    if short in ("percentile", "quantile") and len(args) == 2 and not named:
        return quantiles(u, short, args, node)
    if short in ("allclose", "array_equal") and len(args) == 2 and not set(named) - {"rtol", "atol"}:
        return alike(u, short, args, named, node)
    if short in ("vstack", "hstack", "concatenate", "stack", "row_stack") and len(args) == 1 and not named:
        if not isinstance(args[0], (ast.Tuple, ast.List)):
            return together(u, short, args[0], node)
    if short in ("round", "around") and 1 <= len(args) <= 2 and not named:
        return rounded(u, args, node)
    if short == "append" and len(args) == 2 and not named:
        return appended(u, args, node)
    if short == "argwhere" and len(args) == 1 and not named:
        v = u.expr(args[0])
        if not isinstance(v.t, Arr) or v.t.dtype != "bool" or v.t.ndim != 1:
            fail("np.argwhere of this", node)
        return V(f"{u.helper('places_true')}({bare(usable(v.code))}).reshape((-1, 1))", Arr("int64", 2))
    if short in ("reshape", "ravel") and args and not named:
        v = arrays_made.argument(u, args[0], node)
        if not isinstance(u.env.get(v.code), Arr) and v.leaf:
            v = V(f"{v.code}.copy()", v.t)  # of a list NumPy makes a new array
        return method(u, v, short, args[1:], node)
    if short == "expand_dims" and (len(args) == 2 or set(named) == {"axis"}) and len(args) + len(named) == 2:
        return widened(u, args[0], args[1] if len(args) == 2 else named["axis"], node)
    return None


@lru_cache(maxsize=1)
def kind_of_count() -> str:
    """What `np.count_nonzero` gives: from some version on, a number of NumPy's own."""
    import numpy as np

    return "np.int64" if isinstance(np.count_nonzero(np.ones(1, bool)), np.generic) else "int"


def method(u: Unit, base: V, name: str, args: list[ast.expr], node: ast.Call) -> V | None:
    """`x.reshape(n, m)`, `x.flatten()`, `x.ravel()`. None: of something else than an array."""
    t = base.t
    if not isinstance(t, Arr) or name not in ("reshape", "flatten", "ravel"):
        return None
    if t.odd or t.dtype not in ELEMENTS or node.keywords or not t.ndim:
        fail(f"{name} of this", node)
    code = usable(base.code)
    if not code.isidentifier() and name != "flatten" and _only_read(u, node):
        code = f"np.ascontiguousarray({bare(code)})"  # a part of an array need not lie in one piece
    if name == "flatten":
        if args:
            fail("flatten in another order", node)
        return V(f"{u.helper('flattened')}({bare(code)})", Arr(t.dtype, 1))
    if name == "ravel":
        if args:
            fail("ravel in another order", node)
        return V(f"{code}.reshape(-1)", Arr(t.dtype, 1, t.roots), leaf=base.leaf)
    sizes = list(args[0].elts) if len(args) == 1 and isinstance(args[0], (ast.Tuple, ast.List)) else args
    codes = [bare(u.integer(a).code) for a in sizes]
    if not codes or sum(c == "-1" for c in codes) > 1:
        fail("reshape to this", node)
    shape = codes[0] if len(codes) == 1 else f"({', '.join(codes)})"
    return V(f"{code}.reshape({shape})", Arr(t.dtype, len(codes), t.roots), leaf=base.leaf)


def _only_read(u: Unit, node: ast.AST) -> bool:
    """Is the array only worked with in the statement at hand, by NumPy? (Then a copy is as good as a view of it.)"""
    for n in ast.walk(u.current) if u.current is not None else ():
        if isinstance(n, ast.Attribute) and n.value is node:
            return n.attr in (*READ_BY, "shape", "size")
        if isinstance(n, ast.Call) and node in n.args:
            return (u.module.dotted(n.func) or "").removeprefix("numpy.") in READ_BY
    return False


def rounded(u: Unit, args: list[ast.expr], node: ast.Call) -> V | None:
    """`np.round(x, 2)` of an array. None: of a number."""
    lines = len(u.lines)
    v = arrays_made.argument(u, args[0], node)
    digits = args[1].value if len(args) == 2 and isinstance(args[1], ast.Constant) else 0 if len(args) == 1 else None
    if not isinstance(v.t, Arr):
        del u.lines[lines:]
        return None
    if v.t.dtype != "float64" or type(digits) is not int or not 0 <= digits <= 15:
        fail("np.round of this", node)
    x = node_of(u, v, node)
    if not digits:
        return value(u, combine(u, "rint", (x,), node))
    ten = Node("number", code=repr(10.0**digits), kinds=frozenset({"float"}), dtype="float64")
    whole = combine(u, "rint", (combine(u, "multiply", (x, ten), node),), node)
    return value(u, combine(u, "true_divide", (whole, ten), node))


def quantiles(u: Unit, short: str, args: list[ast.expr], node: ast.Call) -> V:
    """`np.percentile(x, q)` of a vector, between its neighbours in order."""
    v, q = arrays_made.argument(u, args[0], node), arrays_made.argument(u, args[1], node)
    if not isinstance(v.t, Arr) or (v.t.dtype, v.t.ndim) != ("float64", 1):
        fail(f"np.{short} of this", node)
    whole = "100" if short == "percentile" else "1"
    if isinstance(q.t, Arr) and q.t.ndim == 1 and q.t.dtype in ("float64", "int64"):
        if short == "quantile" and q.t.dtype == "int64":
            fail("np.quantile of integers", node)
        code = f"{u.helper('quantiles')}({bare(usable(v.code))}, {bare(usable(q.code))}, {whole})"
        return V(code, Arr("float64", 1))
    if not isinstance(q.t, Num) or q.t.kind not in ("int", "float", "np.float64") or q.t.rep == "i" and whole == "1":
        fail(f"np.{short} of this", node)
    code = f"{u.helper('quantile_of')}({bare(usable(v.code))}, {bare(u.sink(q))} / {whole})"
    return V(code, NPF8)


def widened(u: Unit, what: ast.expr, axis: ast.expr, node: ast.Call) -> V:
    """`np.expand_dims(x, axis=1)`: the same as `x[:, None]`."""
    lines = len(u.lines)
    t = u.expr(what).t
    del u.lines[lines:]
    if not isinstance(t, Arr) or not isinstance(axis, ast.Constant) or axis.value not in (0, 1) or t.ndim != 1:
        fail("np.expand_dims of this", node)
    new, all_ = ast.Constant(None), ast.Slice()
    index = ast.Tuple([new, all_] if axis.value == 0 else [all_, new], ast.Load())
    made = ast.copy_location(ast.Subscript(what, index, ast.Load()), node)
    return u.expr(ast.fix_missing_locations(made))


def together(u: Unit, short: str, what: ast.expr, node: ast.Call) -> V | None:
    """`np.vstack(rows)` of a list of arrays."""
    lines = len(u.lines)
    v = u.expr(what)
    if isinstance(v.t, Grow) and isinstance(v.t.item, Grow) and short in ("concatenate", "hstack"):
        fail(f"np.{short} of lists", node)
    item = v.t.item if isinstance(v.t, Grow) else None
    if not isinstance(item, Arr):
        if isinstance(v.t, Arr) and v.t.ndim == 2 and short == "vstack":
            return V(f"{bare(usable(v.code))}.copy()", Arr(v.t.dtype, 2))
        del u.lines[lines:]
        return None
    if item.odd or item.dtype not in ELEMENTS:
        fail(f"np.{short} of this", node)
    if short == "stack" or short in ("vstack", "row_stack") and item.ndim == 1:
        return arrays_made.as_array(u, v, node)
    if item.ndim == 1 or short != "hstack" and item.ndim == 2:
        helper = "end_to_end" if item.ndim == 1 else "rows_end_to_end"
        return V(f"{u.helper(helper)}({bare(v.code)})", Arr(item.dtype, item.ndim))
    fail(f"np.{short} of this", node)


def appended(u: Unit, args: list[ast.expr], node: ast.Call) -> V:
    """`np.append(x, value)`, of a vector."""
    v, more = arrays_made.argument(u, args[0], node), arrays_made.argument(u, args[1], node)
    if not isinstance(v.t, Arr) or v.t.ndim != 1 or v.t.dtype not in ("float64", "int64"):
        fail("np.append to this", node)
    if isinstance(more.t, Arr):
        if (more.t.dtype, more.t.ndim) != (v.t.dtype, 1):
            fail("np.append of this", node)
        return V(f"{u.helper('both_ends')}({bare(usable(v.code))}, {bare(usable(more.code))})", Arr(v.t.dtype, 1))
    number = u.single(more)
    wanted = {"float64": {"float", "np.float64", "int", "np.int64"}, "int64": {"int", "np.int64"}}[v.t.dtype]
    if not isinstance(number.t, Num) or number.t.kind not in wanted:
        fail("np.append of this", node)
    code = bare(u.sink(number))
    if v.t.dtype == "float64" and number.t.rep == "i":
        code = f"float({bare(u.ranged(code, number.t, -(2**53), 2**53))})"
    return V(f"{u.helper('one_more')}({bare(usable(v.code))}, {code})", Arr(v.t.dtype, 1))


def alike(u: Unit, short: str, args: list[ast.expr], named: dict[str | None, ast.expr], node: ast.Call) -> V | None:
    """`np.allclose(a, b)`, `np.array_equal(a, b)`, of two arrays."""
    a, b = (arrays_made.argument(u, x, node) for x in args)
    if not isinstance(a.t, Arr) or not isinstance(b.t, Arr) or a.t.ndim != b.t.ndim:
        fail(f"np.{short} of this", node)
    if (
        a.t.dtype != b.t.dtype
        or a.t.dtype not in ("float64", "int64")
        or short == "allclose"
        and a.t.dtype != "float64"
    ):
        fail(f"np.{short} of this", node)
    codes = [bare(usable(a.code)), bare(usable(b.code))]
    if short == "array_equal":
        if named:
            fail("np.array_equal with such arguments", node)
        return V(f"{u.helper('same_array')}({', '.join(codes)})", BOOL)
    for name, default in (("rtol", "1e-05"), ("atol", "1e-08")):
        if name in named:
            x = u.single(u.number(named[name]))
            if not isinstance(x.t, Num) or x.t.kind not in ("float", "np.float64"):
                fail("np.allclose with such arguments", node)
            default = bare(u.sink(x))
        codes.append(default)
    return V(f"{u.helper('all_close')}({', '.join(codes)})", BOOL)


def holds(u: Unit, base: V, left: ast.expr, node: ast.Compare) -> V:
    """`x in array`: is any item (or any part of a row) equal?"""
    x = arrays_made.argument(u, left, node)
    if isinstance(x.t, Lst) or not isinstance(x.t, (Num, Arr)):
        fail("`in` an array", node)
    found = binary(u, "Eq", base, x, node)
    code = f"{u.helper('any_true')}({bare(usable(found.code))})"
    return V(code if isinstance(node.ops[0], ast.In) else f"(not {code})", BOOL)


# ---------------------------------------------------------------------- stores


def put_many(u: Unit, target: ast.Subscript, base: V, v: V) -> bool:
    """`x[places] = v` and `rows[mask] = row`. False: another assignment."""
    t = base.t
    assert isinstance(t, Arr)
    line = line_at_places(u, target, base)
    if line is not None:
        part, inner = line
        return put_many(u, part, inner, v)
    whole = base.code.isidentifier() or base.leaf and base.code.endswith("]")
    if isinstance(target.slice, ast.Tuple) and base.code.isidentifier():
        lines = len(u.lines)
        pair = pair_of_places(u, base, target.slice.elts)
        code = "" if pair is None else _for_pair(u, t, v)
        if pair is not None and code:
            u.mutated |= t.roots
            codes = [c if apart(u, base.code, c) else f"{c}.copy()" for c in (usable(w.code) for w in pair)]
            if isinstance(v.t, Arr) and not apart(u, base.code, code):
                code = f"{code}.copy()"
            helper = u.helper("items_at_put" if isinstance(v.t, Arr) else "items_at_filled")
            u.emit(f"{helper}({base.code}, {code}, {', '.join(codes)})")
            return True
        del u.lines[lines:]
    if isinstance(target.slice, (ast.Tuple, ast.Slice, ast.Constant)) or t.dtype not in ELEMENTS or t.odd:
        return False
    lines = len(u.lines)
    which = u.raw(target.slice)
    if isinstance(which.t, (Lst, Grow)):
        which = arrays_made.as_array(u, which, target)
    w = which.t
    if isinstance(w, Arr) and w.dtype == "bool" and w.ndim == t.ndim and isinstance(v.t, Arr) and v.t.ndim == 1:
        masks = [o.mask for o in v.lazy.operands()] if isinstance(v.lazy, Node) else []
        if v.t.dtype == t.dtype and whole and not any(masks):
            values, mask = usable(v.code), usable(which.code)
            values = values if apart(u, base.code, values) else f"{values}.copy()"
            mask = mask if apart(u, base.code, mask) else f"{mask}.copy()"
            u.mutated |= t.roots
            u.emit(f"{u.helper('selected_put')}({base.code}, {values}, {mask})")
            return True
    rows = isinstance(w, Arr) and t.ndim == 2 and w.ndim == 1 and w.dtype in ("bool", "int64")
    places = isinstance(w, Arr) and t.ndim == 1 and w.ndim == 1 and w.dtype == "int64"
    if not rows and not places or not whole:
        del u.lines[lines:]
        return False
    assert isinstance(w, Arr)
    check_cast(node_of(u, v, target), t.dtype, target)
    if not isinstance(v.t, (Num, Arr)) or isinstance(v.t, Arr) and v.t.dtype != t.dtype:
        fail("assignment of this to several places", target)
    code = bare(u.sink(v))
    if isinstance(v.t, Arr):
        code = usable(v.code)
        if not apart(u, base.code, code):
            code = f"{code}.copy()"
        if v.t.ndim == 2 and rows and w.dtype == "int64":
            of = usable(which.code)
            of = of if apart(u, base.code, of) else f"{of}.copy()"
            u.mutated |= t.roots
            u.emit(f"{u.helper('rows_set')}({base.code}, {code}, {of})")
            return True
        if v.t.ndim != 1:
            fail("assignment of several rows", target)
    elif t.dtype not in ("float64", "int64", "bool") or (t.dtype == "float64") != (v.t.rep == "f"):
        if t.dtype != "float64" or v.t.rep != "i":
            fail("assignment of this to several places", target)
        code = f"float({bare(u.ranged(code, v.t, -(2**53), 2**53))})"
    elif t.dtype == "bool" and v.t.rep != "b":
        fail("assignment of this to several places", target)
    u.mutated |= t.roots
    of = usable(which.code)
    if not apart(u, base.code, of):
        of = f"{of}.copy()"
    if rows and w.dtype == "int64":
        of = f"{u.helper('mask_of')}({of}, {base.code}.shape[0])"
    name = ("rows" if rows else "items") + ("_put" if isinstance(v.t, Arr) else "_filled")
    u.emit(f"{u.helper(name)}({base.code}, {code}, {of})")  # in the order in which they are evaluated
    return True


def line_at_places(u: Unit, target: ast.Subscript, base: V) -> tuple[ast.Subscript, V] | None:
    """For `x[i, places]` or `x[places, j]` of a matrix: `x[i][places]`, and what `x[i]` is. None: something else."""
    t, index = base.t, target.slice
    if not isinstance(t, Arr) or t.ndim != 2 or not isinstance(index, ast.Tuple) or len(index.elts) != 2:
        return None
    which = [chosen(u, x) for x in index.elts]
    if sorted(which) != ["one", "some"] or impure(target) or not base.code.isidentifier():
        return None
    first, second = index.elts
    line: ast.expr = first if which[0] == "one" else ast.Tuple([ast.Slice(), second], ast.Load())
    of = ast.copy_location(ast.Subscript(target.value, ast.copy_location(line, target), ast.Load()), target)
    part = ast.copy_location(ast.Subscript(of, second if which[0] == "one" else first, ast.Store()), target)
    inner = u.expr(ast.fix_missing_locations(of))
    return ast.fix_missing_locations(part), inner


def at_places(u: Unit, target: ast.Subscript) -> bool:
    """Is it `x[places]` of a vector, with an array of places? In place, `x[places] += y` reads all, then stores all."""
    base = u.env.get(target.value.id) if isinstance(target.value, ast.Name) else None
    if not isinstance(base, Arr) or base.ndim != 1 or isinstance(target.slice, (ast.Slice, ast.Tuple, ast.Constant)):
        return False
    lines = len(u.lines)
    w = u.raw(target.slice).t
    del u.lines[lines:]
    return isinstance(w, Arr) and (w.dtype, w.ndim) == ("int64", 1)


def _for_pair(u: Unit, t: Arr, v: V) -> str:
    """The code of what is put at `x[rows, columns]`; empty where this is compiled in no way."""
    if isinstance(v.t, Arr):
        return usable(v.code) if (v.t.dtype, v.t.ndim) == (t.dtype, 1) else ""
    if not isinstance(v.t, Num) or t.dtype not in ("float64", "int64"):
        return ""
    if t.dtype == "int64":
        return bare(u.sink(v)) if v.t.kinds <= {"int", "np.int64"} else ""
    if not v.t.kinds <= {"int", "float", "np.float64"}:
        return ""
    number = bare(u.sink(v))
    return f"float({bare(u.ranged(number, v.t, -(2**53), 2**53))})" if v.t.rep == "i" else number
