"""Calls of NumPy on whole arrays: functions of elements, new arrays, sums and extremes, products."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.kernel import arrays_grids, arrays_made, arrays_orders, arrays_shapes, arrays_tabled, spectra
from hasten.kernel.arrays import (
    ROUNDED,
    called,
    combine,
    is_array,
    kinds_of,
    node_of,
    orderly,
    power,
    usable,
    value,
)
from hasten.kernel.arrays_loops import Folded, numpy_type, side_by_side
from hasten.kernel.arrays_tree import ELEMENTS, Axis, Node, Operand, chosen, load, whole, widened
from hasten.kernel.kinds import NP_INTS, NPF8, Arr, Nil, Num, Tup, num
from hasten.kernel.values import V, bare, fail, may_round

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

ONE = {
    **{n: n for n in ROUNDED - {"arctan2", "hypot"}},
    "sqrt": "sqrt", "abs": "absolute", "absolute": "absolute", "fabs": "absolute", "negative": "negative",
    "square": "square", "floor": "floor", "ceil": "ceil", "rint": "rint", "trunc": "trunc", "sign": "sign",
    "isnan": "isnan", "isinf": "isinf", "isfinite": "isfinite", "logical_not": "logical_not", "invert": "invert",
    "conj": "conjugate", "conjugate": "conjugate",
}  # fmt: skip
TWO = {
    "add": "add", "subtract": "subtract", "multiply": "multiply", "divide": "true_divide", "true_divide": "true_divide",
    "maximum": "maximum", "minimum": "minimum", "logical_and": "logical_and", "logical_or": "logical_or",
    "less": "less", "less_equal": "less_equal", "greater": "greater", "greater_equal": "greater_equal",
    "equal": "equal", "not_equal": "not_equal", "arctan2": "arctan2", "hypot": "hypot", "power": "power",
    "bitwise_and": "bitwise_and", "bitwise_or": "bitwise_or", "bitwise_xor": "bitwise_xor",
}  # fmt: skip
FOLDS = {n: n for n in ("sum", "mean", "max", "min", "std", "var")} | {"amax": "max", "amin": "min"}
JOINED = frozenset({"hstack", "vstack", "column_stack", "concatenate", "stack"})
LIKE = {"zeros_like": "zeros", "empty_like": "zeros", "ones_like": "ones"}
SUMMED_EXACTLY = ("int8", "int16", "int32", "uint8", "uint16", "uint32", "bool")  # below 2**53, in whatever order
DTYPE_WORDS = {"float": "float64", "int": "int64", "bool": "bool", "complex": "complex128", "double": "float64"}


def known(u: Unit, name: str, node: ast.Call) -> V | None:
    """A call of NumPy with an array in it, or that makes one. None: scalars only, or another function."""
    short = name.removeprefix("numpy.")
    if name == "abs":
        short = "absolute"
    elif not name.startswith("numpy.") or any(isinstance(a, ast.Starred) for a in node.args):
        return None
    tabled = arrays_tabled.known(u, short, node)
    if tabled is not None:
        return tabled
    made = new(u, short, node) or arrays_made.made(u, short, node) or arrays_shapes.known(u, short, node)
    if made is not None:
        return made
    if short in ("dot", "matmul", "outer", "vdot", "inner") and len(node.args) == 2 and not node.keywords:
        a, b = (arrays_made.argument(u, x, node) for x in node.args)
        return outer(u, "multiply", a, b, node) if short == "outer" else product(u, a, b, node)
    if short == "histogram" and node.args:
        return histogram(u, node)
    if short in ("histogram2d", "meshgrid"):
        return arrays_grids.known(u, short, node)
    if short in JOINED:
        return joined(u, short, node)
    ordered = arrays_orders.known(u, short, node) or spectra.known(u, short, node)
    if ordered is not None:
        return ordered
    if short in ("triu", "tril") and 1 <= len(node.args) <= 2 and not node.keywords:
        return triangle(u, short, node)
    if short in FOLDS and node.args:
        return folded(u, FOLDS[short], node.args[0], node.args[1:], node.keywords, node)
    functions = {"where": 3, "clip": 3, **dict.fromkeys(ONE, 1), **dict.fromkeys(TWO, 2)}
    if functions.get(short) != len(node.args) or node.keywords:
        return None
    lines = len(u.lines)
    values = [arrays_made.argument(u, a, node) if name != "abs" else u.expr(a) for a in node.args]
    if not any(map(is_array, values)):
        del u.lines[lines:]
        return None
    nodes = [node_of(u, v, node) for v in values]
    if short == "where":
        return where(u, nodes, node)
    if short == "clip":
        return clip(u, nodes, node)
    if short in ONE:
        if short == "fabs" and nodes[0].dtype not in ("float32", "float64"):
            fail("np.fabs of integers", node)
        return value(u, combine(u, ONE[short], nodes, node))
    if short == "power":
        return value(u, power(u, nodes[0], nodes[1], node))
    return value(u, combine(u, TWO[short], nodes, node))


def where(u: Unit, nodes: list[Node], at: ast.AST) -> V:
    c, a, b = nodes
    if c.dtype != "bool" or c.op == "number":
        fail("np.where of no truth values", at)
    types = {chosen(x, y) for x in kinds_of(a) for y in kinds_of(b)}
    if len(types) != 1:
        fail("np.where of a scalar whose type depends on the data", at)
    (dtype,) = types
    dims = max(n.ndim for n in nodes)
    return value(u, Node("where", dtype, dims, tuple(nodes), loop=("bool", dtype, dtype)))


def clip(u: Unit, nodes: list[Node], at: ast.AST) -> V:
    x, low, high = nodes
    if x.op == "number" or any(n.op == "number" and n.code == "None" for n in nodes):
        fail("np.clip of this", at)
    dtype = combine(u, "maximum", (combine(u, "maximum", (x, low), at), high), at).dtype
    if dtype != combine(u, "minimum", (x, x), at).dtype and dtype not in ("float64", "float32"):
        fail("np.clip with such bounds", at)
    # between two numbers, a zero stays the zero that it is; which one of two is taken else is left to NumPy
    ops = ("clip_low", "clip_high") if low.op == high.op == "number" else ("maximum", "minimum")
    up = Node(ops[0], dtype, max(x.ndim, low.ndim), (x, low), loop=(dtype, dtype))
    return value(u, Node(ops[1], dtype, max(up.ndim, high.ndim), (up, high), loop=(dtype, dtype)))


def outer(u: Unit, function: str, a: V, b: V, at: ast.AST) -> V:
    """`np.outer(a, b)`, `np.add.outer(a, b)`."""
    if not (isinstance(a.t, Arr) and isinstance(b.t, Arr) and a.t.ndim == b.t.ndim == 1):
        fail("outer product of this", at)
    x, y = node_of(u, a, at), node_of(u, b, at)
    return value(u, combine(u, function, (widened(x, 1), y), at))


def called_on(u: Unit, func: ast.Attribute, node: ast.Call) -> V | None:
    """`np.add.outer(a, b)`, or a method of an array. None: of something else, or compiled elsewhere."""
    if func.attr == "outer" and isinstance(func.value, ast.Attribute) and len(node.args) == 2 and not node.keywords:
        name = (u.module.dotted(func.value) or "").removeprefix("numpy.")
        if name in TWO:
            return outer(u, TWO[name], u.expr(node.args[0]), u.expr(node.args[1]), node)
    accumulated = arrays_tabled.one_by_one(u, func, node)
    if accumulated is not None:
        return accumulated
    if func.attr not in {*FOLDS, "dot", "clip", "astype", *arrays_orders.METHODS, *arrays_shapes.METHODS}:
        return None
    lines = len(u.lines)
    made = method(u, u.expr(func.value), func.attr, node)
    if made is None:
        del u.lines[lines:]
    return made


def method(u: Unit, base: V, name: str, node: ast.Call) -> V | None:
    """A method of an array. None: one that is compiled elsewhere."""
    t = base.t
    if not isinstance(t, Arr):
        return None
    if name in FOLDS:
        return folded(u, FOLDS[name], base, node.args, node.keywords, node)
    if name in ("reshape", "flatten", "ravel"):
        return arrays_shapes.method(u, base, name, node.args, node)
    if name in arrays_orders.METHODS:
        return arrays_orders.of(u, name, base, node.args, node)
    if name == "dot" and len(node.args) == 1 and not node.keywords:
        return product(u, base, u.expr(node.args[0]), node)
    if name == "clip" and len(node.args) == 2 and not node.keywords:
        return clip(u, [node_of(u, v, node) for v in (base, u.expr(node.args[0]), u.expr(node.args[1]))], node)
    if name == "astype" and len(node.args) == 1 and not node.keywords:
        dtype = dtype_of(u, node.args[0])
        if dtype is None or t.dtype not in ELEMENTS:
            fail("type of a new array", node)
        x = node_of(u, base, node)
        if x.dtype == dtype:
            return V(f"{base.code}.copy()", replace(t, roots=frozenset()))  # in the order that it has
        if dtype == "int64" and x.dtype in ("float64", "bool"):
            helper = u.helper("truncated" if x.dtype == "float64" else "zeros_and_ones")
            return V(f"{helper}({bare(usable(base.code))})", Arr("int64", t.ndim, odd=t.odd))
        if dtype not in ("float64", "complex128") or x.dtype == "complex128":
            fail(f"{x.dtype} as {dtype}", node)
        return value(u, Node("cast", dtype, x.ndim, (x,), loop=(dtype,), pend=x.pend))
    if name == "fill" and len(node.args) == 1:
        return None
    return None


# ---------------------------------------------------------------------- new arrays


def dtype_of(u: Unit, node: ast.expr) -> str | None:
    """The dtype that an expression names: `np.float64`, `float`, "float32", `x.dtype`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if node.value in ELEMENTS else DTYPE_WORDS.get(node.value)
    if isinstance(node, ast.Attribute) and node.attr == "dtype":
        t = u.expr(node.value).t
        return t.dtype if isinstance(t, Arr) else None
    d = u.module.dotted(node)
    if d is None:
        return None
    short = d.removeprefix("numpy.").rstrip("_")
    return DTYPE_WORDS.get(d) or (short if d.startswith("numpy.") and short in ELEMENTS else None)


def new(u: Unit, short: str, node: ast.Call) -> V | None:
    """`np.zeros(...)`, `np.empty_like(x)`, `np.arange(n)`, ... None: not one of these."""
    named = {k.arg: k.value for k in node.keywords}
    args = list(node.args)
    if short in LIKE or short == "full_like":
        more = 2 if short == "full_like" else 1
        if len(args) == more + 1:
            named["dtype"] = args.pop()
        if len(args) != more or set(named) - {"dtype"}:
            fail(f"np.{short}", node)
        model = u.expr(args[0])
        if not isinstance(model.t, Arr):
            fail(f"np.{short} of this", node)
        dtype = dtype_of(u, named["dtype"]) if "dtype" in named else model.t.dtype
        if dtype not in ELEMENTS:
            fail("type of a new array", node)
        if short == "full_like":
            made = filled(u, f"{model.code}.shape", model.t.ndim, dtype, args[1], node)
        else:
            made = V(f"np.{LIKE[short]}({model.code}.shape, {numpy_type(dtype)})", Arr(dtype, model.t.ndim))
        return replace(made, t=Arr(dtype, model.t.ndim, odd=model.t.odd))
    if short in ("zeros", "ones", "empty", "full", "ndarray"):
        shape_name = "shape" if "shape" in named else ""
        if shape_name:
            args.insert(0, named.pop("shape"))
        more = 2 if short == "full" else 1
        if len(args) == more + 1:
            named["dtype"] = args.pop()
        if len(args) != more or set(named) - {"dtype"}:
            fail(f"np.{short}", node)
        found = shape(u, args[0], node)
        if found is None:
            return None
        code, ndim = found
        if short == "full" and "dtype" not in named:
            return None  # the type is that of the number
        wanted = dtype_of(u, named["dtype"]) if "dtype" in named else "float64"
        if wanted not in ELEMENTS:
            fail("type of a new array", node)
        if short == "full":
            return filled(u, code, ndim, wanted, args[1], node)
        # what np.empty leaves in memory is anybody's guess; zeros are as good
        return V(f"np.{'ones' if short == 'ones' else 'zeros'}({code}, {numpy_type(wanted)})", Arr(wanted, ndim))
    if short == "copy" and len(args) == 1 and not named:
        v = u.expr(args[0])
        return V(f"{v.code}.copy()", replace(v.t, roots=frozenset())) if isinstance(v.t, Arr) else None
    if short == "flip" and len(args) == 1 and not named:
        v = u.expr(args[0])
        if isinstance(v.t, Arr) and v.t.ndim == 1:
            return V(f"{v.code}[::-1]", v.t, leaf=True)
        fail("np.flip of this", node)
    if short == "transpose" and len(args) == 1 and not named:
        from hasten.kernel.arrays import flipped

        v = u.expr(args[0])
        if isinstance(v.t, Arr):
            return flipped(v)
        fail("np.transpose of this", node)
    if short in ("eye", "identity") and len(args) == 1:
        wanted = dtype_of(u, named.pop("dtype")) if "dtype" in named else "float64"
        if named or wanted != "float64":
            fail(f"np.{short}", node)
        return V(f"np.eye({bare(u.integer(args[0]).code)})", Arr("float64", 2))
    if short == "arange" and 1 <= len(args) <= 2 and not named:
        ends = [u.expr(a) for a in args]
        if all(isinstance(e.t, Num) and e.t.kind == "int" for e in ends):
            return V(f"np.arange({', '.join(bare(e.code) for e in ends)})", Arr("int64", 1))
        fail("np.arange of this", node)
    if short == "linspace" and len(args) == 3:
        if "dtype" in named and dtype_of(u, named.pop("dtype")) != "float64" or named:
            fail("np.linspace", node)
        low, high, count = u.number(args[0]), u.number(args[1]), u.integer(args[2])
        reals = [f"float({bare(u.sink(v))})" for v in (low, high)]
        return V(f"{u.helper('evenly')}({', '.join(reals)}, {bare(count.code)})", Arr("float64", 1))
    return None


def joined(u: Unit, short: str, node: ast.Call) -> V:
    """`np.hstack((a, b))`, `np.concatenate([a, b], axis=1)`, ... of arrays of one type."""
    named = {k.arg: k.value for k in node.keywords}
    args = list(node.args)
    if short in ("concatenate", "stack") and len(args) == 2 and "axis" not in named:
        named["axis"] = args.pop()
    if len(args) != 1 or not isinstance(args[0], (ast.Tuple, ast.List)) or set(named) - {"axis"} or not args[0].elts:
        fail(f"np.{short} of this", node)
    parts = [u.expr(e) for e in args[0].elts]
    types = [v.t for v in parts if isinstance(v.t, Arr)]
    first = types[0] if types else None
    if first is None or any(t.ndim != first.ndim for t in types) or len(types) < len(parts):
        fail(f"np.{short} of different things", node)
    if any(t.dtype != first.dtype for t in types):
        if not {t.dtype for t in types} <= {"float64", "int64", "bool"} or not any(t.dtype == "float64" for t in types):
            fail(f"np.{short} of different things", node)
        first = replace(first, dtype="float64")
    if first.dtype not in ELEMENTS or "axis" in named and short not in ("concatenate", "stack"):
        fail(f"np.{short} of this", node)
    for v in parts:
        usable(v.code)
    new = short == "stack" or short in ("vstack", "column_stack") and first.ndim == 1  # along an axis of its own
    axis = 1 if short == "column_stack" or short == "hstack" and first.ndim > 1 else 0
    if "axis" in named:
        axes = axes_of(u, named["axis"], first.ndim + new, node)
        if len(axes) != 1 or isinstance(named["axis"], ast.Constant) and named["axis"].value is None:
            fail(f"np.{short} along this axis", node)
        (axis,) = axes
    text = side_by_side(len(parts), first.ndim, axis, new, first.dtype)
    name = u.shared.fused.setdefault(text, f"array_loop__{len(u.shared.fused)}__")
    codes = ", ".join(bare(v.code) for v in parts)
    return V(f"{name}({codes})", Arr(first.dtype, first.ndim + new, odd=any(t.odd for t in types)))


def histogram(u: Unit, node: ast.Call) -> V:
    """`np.histogram(x, bins, range=(a, b), weights=w, density=True)` of float64 vectors, with a number of bins."""
    named = {k.arg: k.value for k in node.keywords}
    if len(node.args) == 3:
        named.setdefault("range", node.args[2])
    density = named.pop("density", None)
    if isinstance(density, ast.Constant) and type(density.value) is bool:
        if density.value:
            if "weights" in named:
                fail("np.histogram with such arguments", node)
            rest = [k for k in node.keywords if k.arg != "density"]
            plain = histogram(u, ast.copy_location(ast.Call(node.func, node.args, rest), node))
            return V(f"{u.helper('densities')}({bare(plain.code)})", Tup((Arr("float64", 1), Arr("float64", 1))))
    elif density is not None:
        fail("np.histogram with such arguments", node)
    if len(node.args) > 3 or set(named) - {"bins", "weights", "range"} or len(node.args) >= 2 and "bins" in named:
        fail("np.histogram with such arguments", node)
    x = u.expr(node.args[0])
    bins = node.args[1] if len(node.args) >= 2 else named.get("bins")
    if (span := named.get("range")) is not None and not (isinstance(span, ast.Constant) and span.value is None):
        return between(u, x, bins, span, "weights" in named, node)
    count = u.expr(bins) if bins is not None else None
    weights = u.expr(named["weights"]) if "weights" in named else None
    for v in (x, weights):
        if v is not None and not (isinstance(v.t, Arr) and v.t.dtype == "float64" and v.t.ndim == 1):
            fail("np.histogram of this", node)
    if count is not None and not (isinstance(count.t, Num) and count.t.kind in ("int", "np.int64")):
        fail("np.histogram with these bins", node)
    codes = [bare(x.code), bare(count.code) if count is not None else "10"]
    if weights is not None:
        codes.append(bare(weights.code))
    for c in codes:
        usable(c)
    helper = u.helper("histogram" if weights is None else "weighted_histogram")
    counts = Arr("int64" if weights is None else "float64", 1)
    return V(f"{helper}({', '.join(codes)})", Tup((counts, Arr("float64", 1))))


def between(u: Unit, x: V, bins: ast.expr | None, span: ast.expr, weighted: bool, node: ast.Call) -> V:
    """`np.histogram(x, bins, range=(low, high))` of an array."""
    ends = span.elts if isinstance(span, (ast.Tuple, ast.List)) and len(span.elts) == 2 else None
    if weighted or ends is None or not isinstance(x.t, Arr) or x.t.dtype not in ("float64", *NP_INTS):
        fail("np.histogram with such arguments", node)
    count = u.expr(bins) if bins is not None else None
    if count is not None and not (isinstance(count.t, Num) and count.t.kind in ("int", "np.int64")):
        fail("np.histogram with these bins", node)
    codes = [bare(usable(x.code)), bare(count.code) if count is not None else "10"]
    for end in ends:
        v = u.single(u.number(end))
        if not isinstance(v.t, Num) or v.t.kind not in ("int", "float", "np.float64"):
            fail("np.histogram between such ends", node)
        whole = v.t.rep == "i"
        codes.append(f"float({bare(u.ranged(v.code, v.t, -(2**53), 2**53))})" if whole else bare(u.sink(v)))
    counts = Tup((Arr("int64", 1), Arr("float64", 1)))
    return V(f"{u.helper('histogram_between')}({', '.join(codes)})", counts)


def triangle(u: Unit, short: str, node: ast.Call) -> V:
    """`np.triu(x, k)`, `np.tril(x, k)`."""
    v = u.expr(node.args[0])
    if not isinstance(v.t, Arr) or v.t.ndim != 2 or v.t.dtype not in ELEMENTS or v.t.odd:
        fail(f"np.{short} of this", node)
    k = bare(u.integer(node.args[1]).code) if len(node.args) == 2 else "0"
    return V(f"{u.helper('upper' if short == 'triu' else 'lower')}({bare(v.code)}, {k})", Arr(v.t.dtype, 2))


def filled(u: Unit, shape_code: str, ndim: int, dtype: str, fill: ast.expr, at: ast.AST) -> V:
    v = u.number(fill)
    assert isinstance(v.t, Num)
    if dtype not in ("float64", "int64") or v.t.kind is None or (dtype == "int64" and v.t.rep != "i"):
        fail("np.full of this", at)
    number = f"float({bare(u.sink(v))})" if dtype == "float64" else bare(v.code)
    return V(f"np.full({shape_code}, {number})", Arr(dtype, ndim))


def shape(u: Unit, node: ast.expr, at: ast.AST) -> tuple[str, int] | None:
    """The code of a shape and its length."""
    dims = list(node.elts) if isinstance(node, (ast.Tuple, ast.List)) else [node]
    sizes = [u.expr(d) for d in dims]
    if len(sizes) == 1 and isinstance(sizes[0].t, Tup) and not isinstance(node, (ast.Tuple, ast.List)):
        return sizes[0].code, len(sizes[0].t.items)
    if any(not isinstance(s.t, Num) or s.t.rep != "i" for s in sizes):
        fail("shape", at)
    if len(sizes) == 1:
        return bare(sizes[0].code), 1
    return f"({', '.join(bare(s.code) for s in sizes)})", len(sizes)


# ---------------------------------------------------------------------- sums and extremes


def folded(
    u: Unit, name: str, what: ast.expr | V, args: list[ast.expr], keywords: list[ast.keyword], at: ast.AST
) -> V | None:
    """`x.sum()`, `np.max(x, axis=0)`, ... None: of something else than an array, or compiled elsewhere."""
    named = {k.arg: k.value for k in keywords}
    if len(args) == 1 and "axis" not in named:
        named["axis"] = args[0]
    elif args:
        fail(f"{name} with such arguments", at)
    lines = len(u.lines)
    v = what if isinstance(what, V) else arrays_made.argument(u, what, at)
    if not isinstance(v.t, Arr):
        del u.lines[lines:]
        return None
    if name in ("std", "var") and "ddof" in named:
        return spread(u, name, v, named, at)
    if set(named) - {"axis", "keepdims"}:
        fail(f"{name} with {', '.join(map(str, named))}", at)
    keep = named.get("keepdims")
    kept = isinstance(keep, ast.Constant) and keep.value is True
    if keep is not None and not isinstance(keep, ast.Constant):
        fail(f"{name} with keepdims", at)
    axes = axes_of(u, named.get("axis"), v.t.ndim, at)
    if len(axes) == v.t.ndim and not kept:
        return total(u, name, v, at) or u.reduced(name, v, at)
    node = node_of(u, v, at)
    orderly(u, node, name, at)
    if name in ("std", "var"):
        if len(axes) != 1 or v.t.dtype not in ("float64", "float32"):
            fail(f"{name} along such axes", at)
        centre = along(u, "mean", node, axes, True, at)
        # the array is gone over twice, as NumPy does
        rest = combine(u, "subtract", (node, centre), at)
        square = combine(u, "multiply", (rest, rest), at)
        var = along(u, "mean", square, axes, kept, at)
        return value(u, combine(u, "sqrt", (var,), at) if name == "std" else var)
    result = along(u, name, node, axes, kept, at)
    if result.operand is not None and not result.operand.ones:
        return V(result.operand.base, Arr(result.dtype, result.ndim), lazy=result)
    return value(u, result)


def spread(u: Unit, name: str, v: V, named: dict[str | None, ast.expr], at: ast.AST) -> V:
    """`np.std(x, ddof=1)` of a vector."""
    ddof = named["ddof"]
    if set(named) != {"ddof"} or not isinstance(ddof, ast.Constant) or type(ddof.value) is not int or ddof.value < 0:
        fail(f"{name} with such arguments", at)
    if not isinstance(v.t, Arr) or (v.t.dtype, v.t.ndim) != ("float64", 1):
        fail(f"{name} of this", at)
    return V(f"{u.helper(f'np_{name}_of_sample')}({bare(usable(v.code))}, {ddof.value})", NPF8)


def axes_of(u: Unit, node: ast.expr | None, ndim: int, at: ast.AST) -> frozenset[int]:
    if node is None or isinstance(node, ast.Constant) and node.value is None:
        return frozenset(range(ndim))
    if isinstance(node, ast.Name) and node.id not in u.bound and isinstance(u.params.get(node.id), Nil):
        return frozenset(range(ndim))
    try:
        given = ast.literal_eval(node)
    except ValueError:
        fail("axis that is computed", at)
    axes = given if isinstance(given, tuple) else (given,)
    if any(type(a) is not int or not -ndim <= a < ndim for a in axes):
        fail("axis", at)
    found = frozenset(a % ndim for a in axes)
    if len(found) < len(axes):
        fail("axis", at)
    return found


def along(u: Unit, name: str, node: Node, axes: frozenset[int], kept: bool, at: ast.AST) -> Node:
    """The tree of sums, means or extremes along some axes, as a new array."""
    if name in ("sum", "mean"):
        if name == "mean" and node.dtype in SUMMED_EXACTLY:  # NumPy adds them up as float64
            node = Node("cast", "float64", node.ndim, (node,), loop=("float64",))
        if node.dtype not in ("float64", "float32"):
            fail(f"{name} of {node.dtype} along an axis", at)
        last = node.ndim - 1
        if last not in axes:
            code = called(u, node, None, node.dtype, Folded("sum", axes))
        elif axes == {last} and node.ndim >= 2 and node.dtype == "float64":
            helper = u.helper("sum_along" if node.ndim == 2 else "sum_along_last")
            code = f"{helper}({rows_of(u, node, at)})"
        else:
            fail(f"{name} along such axes", at)
    elif name in ("max", "min"):
        code = called(u, node, None, node.dtype, Folded(name, axes))
    else:
        fail(f"{name} along an axis", at)
    result = load(whole(code, node.dtype, node.ndim - len(axes)))
    if result.ndim == 0:
        fail(f"{name} along all axes", at)
    if kept:
        for d in sorted(axes):
            result = widened(result, d)
    if name == "mean":
        if len(axes) != 1:
            fail("mean along several axes", at)
        count = length(u, node, min(axes), at)
        divisor = Node("number", code=count, kinds=frozenset({"np.int64"}), dtype="int64")
        result = combine(u, "true_divide", (result, divisor), at)
        if node.dtype == "float32":  # divided as float64
            result = Node("cast", "float32", result.ndim, (result,), loop=("float32",))
    return result


def entire(base: str, t: Arr) -> Operand:
    """All of an array of this type."""
    o = whole(base, t.dtype, t.ndim)
    axes = tuple(Axis(at="0") if d in t.ones else a for d, a in enumerate(o.axes))
    return replace(o, axes=axes, ones=t.ones)


def length(u: Unit, node: Node, d: int, at: ast.AST) -> str:
    """The code of how long dimension `d` is."""
    for leaf in node.leaves():
        o = leaf.operand
        if o is not None and o.base.isidentifier() and o.mask is None:
            for k, axis in enumerate(o.axes):
                if not axis.at and not axis.start and not axis.stop and axis.dim + node.ndim - o.ndim == d:
                    return f"{o.base}.shape[{k}]"
    return f"{rows_of(u, node, at)}.shape[{d}]"


def rows_of(u: Unit, node: Node, at: ast.AST) -> str:
    """The code of an array in C order with these elements."""
    o = node.operand
    if o is not None and u.top:
        given = {u.local(n): t for n, t in {**u.params, **u.extra}.items() if isinstance(t, Arr)}
        t = given.get(o.base)
        if isinstance(t, Arr) and o == entire(o.base, t):
            return o.base  # looked at by the door
    return called(u, node, None, node.dtype)


def total(u: Unit, name: str, v: V, at: ast.AST) -> V | None:
    """Of all elements."""
    t = v.t
    assert isinstance(t, Arr)
    if t.dtype != "float64" or t.ndim == 1 and v.lazy is None and name not in ("max", "min"):
        if t.dtype == "bool" and name == "sum":
            node = node_of(u, v, at)
            return V(called(u, node, None, "int64", Folded("sum", frozenset(range(t.ndim)))), num("np.int64"))
        if t.dtype in NP_INTS and t.ndim > 1 and name in ("var", "std"):
            node = node_of(u, v, at)
            orderly(u, node, name, at)  # the deviations are a new array, in C's order as well
            return V(f"{u.helper(f'np_{name}_int')}({rows_of(u, node, at)}.ravel())", NPF8)
        return None
    if name in ("max", "min"):
        if name == "min" or v.lazy is not None and v.lazy.operand is None:  # type: ignore[attr-defined]
            node = node_of(u, v, at)
            return V(called(u, node, None, t.dtype, Folded(name, frozenset(range(t.ndim)))), NPF8)
        return V(f"{u.helper('max_all')}({v.code})", NPF8)
    if t.ndim == 1:
        return None
    node = node_of(u, v, at)
    orderly(u, node, name, at)
    rows = rows_of(u, node, at)
    o = node.operand
    if o is not None and rows != o.base:
        # a view, or a local array: NumPy may add up in another order
        may_round(u, f"{name} of a part of an array", at)
    if name == "sum":
        return V(f"{u.helper('sum_all')}({rows})", NPF8)
    if name in ("mean", "var", "std"):
        return V(f"{u.helper('np_' + name)}({rows}.ravel())", NPF8)
    return None


# ---------------------------------------------------------------------- products


def product(u: Unit, a: V, b: V, at: ast.AST) -> V:
    """`a @ b`, added up in another order than the library does."""
    ta, tb = a.t, b.t
    if not isinstance(ta, Arr) or not isinstance(tb, Arr):
        if isinstance(at, ast.Call) and isinstance(ta, (Arr, Num)) and isinstance(tb, (Arr, Num)):
            return u.binary(ast.Mult(), a, b, at)
        fail("product of this", at)
    if ta.dtype != "float64" or tb.dtype != "float64":
        if not (ta.dtype == tb.dtype == "complex128" and ta.ndim == tb.ndim == 2):
            fail(f"product of {ta.dtype} and {tb.dtype}", at)
    may_round(u, "a product may be rounded otherwise when compiled", at)
    for v in (a, b):
        usable(v.code)
    if (ta.ndim, tb.ndim) == (1, 2):
        part = columns_of(node_of(u, b, at).operand) if not tb.odd else None
        if part is not None:
            return V(f"{u.helper('vector_matrix')}({bare(a.code)}, {', '.join(part)})", Arr("float64", 1))
        terms = combine(u, "multiply", (widened(node_of(u, a, at), 1), node_of(u, b, at)), at)
        return V(called(u, terms, None, "float64", Folded("sum", frozenset({0}), ordered=False)), Arr("float64", 1))
    helper = {
        (1, 1): "dot", (2, 1): "matrix_vector", (2, 2): "small_product",
    }.get((ta.ndim, tb.ndim))  # fmt: skip
    if helper is None:
        fail("product of more dimensions", at)
    code = f"{u.helper(helper)}({a.code}, {b.code})"
    return V(code, NPF8) if helper == "dot" else V(code, Arr(ta.dtype, ta.ndim + tb.ndim - 2))


def columns_of(o: Operand | None) -> tuple[str, str, str] | None:
    """The array that an operand is all rows of, and from which column to which."""
    if o is None or o.mask is not None or o.ones or not o.base.isidentifier() or len(o.axes) != 2:
        return None
    rows, columns = o.axes
    if rows != Axis(dim=0) or columns.at or columns.dim != 1:
        return None
    return o.base, columns.start or "0", columns.stop or f"{o.base}.shape[1]"
