"""Whole-array NumPy code in kernels: `A[1:-1] = 0.5 * (A[:-2] + A[2:])` as one loop over the elements.

An expression of arrays is kept as a tree (`arrays_tree`) until its value is needed: stored, named or passed on. Then
one function is written for it (`arrays_loops`), with no array in between. The right side of an assignment is computed
before anything is stored, as NumPy has it: where the target may share memory with what is read, and not element for
element, the value goes through a new array.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.kernel import arrays_gathered, arrays_results
from hasten.kernel.arrays_loops import NAME, Folded, numpy_type, written
from hasten.kernel.arrays_tree import (
    ELEMENTS,
    FLOATS,
    Axis,
    Node,
    Operand,
    Piece,
    integer,
    load,
    may_cast,
    transposed,
    types_of,
    whole,
    widened,
)
from hasten.kernel.kinds import NP_INTS, Arr, Grow, Lst, Map, Num, Opt, Refuse, Type, Unknown
from hasten.kernel.values import V, bare, fail, impure, may_round

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

# code of an array that nothing else knows
NEW = re.compile(r"(array_loop__\d+__|_\w+|np\.(zeros|ones|full|empty|arange))\(.*\)|.*\.copy\(\)")
REFUSED = "<refused>"  # begins code that must not be used; the reason follows
OPERATORS = {
    "Add": "add", "Sub": "subtract", "Mult": "multiply", "Div": "true_divide", "Pow": "power",
    "FloorDiv": "floor_divide", "Mod": "remainder",
    "BitAnd": "bitwise_and", "BitOr": "bitwise_or", "BitXor": "bitwise_xor",
    "Lt": "less", "LtE": "less_equal", "Gt": "greater", "GtE": "greater_equal", "Eq": "equal", "NotEq": "not_equal",
}  # fmt: skip
WARNS = frozenset({"add", "subtract", "multiply", "true_divide", "power", "square", "reciprocal", "sqrt"})
DIVIDES = frozenset({"floor_divide", "remainder"})
KEEPS = frozenset({"negative", "absolute", "conjugate", "floor", "ceil", "rint", "trunc", "real", "imag"})
# functions that NumPy computes by code of its own: equal but for the last bits
ROUNDED = frozenset(
    "exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh"
    " arctan2 hypot cbrt".split()
)
PURE_CALLS = frozenset({"abs", "min", "max", "float", "int", "len"})
FRESH = frozenset(
    "zeros empty ones full arange linspace zeros_like empty_like ones_like full_like copy array where exp log sqrt sin"
    " cos tan abs absolute maximum minimum clip sum mean std var max min dot outer add subtract multiply divide square"
    " power floor ceil astype len range int float random normal uniform standard_normal hstack vstack column_stack"
    " concatenate stack triu tril histogram argmax argmin argsort unique bincount cumsum diff median flatnonzero"
    " nonzero any all searchsorted norm average roll interp digitize convolve correlate trace sign tile repeat delete"
    " isin cov corrcoef take nansum nanmean nanmax nanmin ptp cross polyval cholesky".split()
)


# ---------------------------------------------------------------------- values and trees


def holds_arrays(t: Type | None) -> bool:
    """Is it a list or dict of arrays?"""
    inner = t.item if isinstance(t, (Grow, Opt)) else t.value if isinstance(t, Map) else None
    return isinstance(inner, Arr) or inner is not None and holds_arrays(inner)


def is_array(v: V) -> bool:
    return isinstance(v.t, Arr)


def node_of(u: Unit, v: V, at: ast.AST) -> Node:
    """The tree of a value."""
    if isinstance(v.lazy, Node):
        return replace(v.lazy, odd=True) if isinstance(v.t, Arr) and v.t.odd and not v.lazy.args else v.lazy
    if isinstance(v.t, Arr):
        if v.t.dtype not in ELEMENTS:
            fail(f"array of {v.t.dtype}", at)
        o = whole(v.code, v.t.dtype, v.t.ndim)
        if v.t.ones:
            o = replace(
                o, axes=tuple(Axis(at="0") if d in v.t.ones else a for d, a in enumerate(o.axes)), ones=v.t.ones
            )
        return replace(load(o), odd=v.t.odd)
    if not isinstance(v.t, Num):
        fail("an array and something else than a number", at)
    code = bare(u.sink(v))
    return Node("number", code=code, kinds=v.t.kinds, dtype={"f": "float64", "i": "int64", "b": "bool"}[v.t.rep])


def value(u: Unit, node: Node, roots: frozenset[str] = frozenset()) -> V:
    """The value of a tree: its code makes a new array."""
    t = Arr(node.dtype, node.ndim, roots, static_ones(node), odd=node.ndim > 1 and node.disorder())
    try:
        code = called(u, without_masks(u, node), None, node.dtype)
    except Refuse as reason:
        code = f"{REFUSED}{reason}"
    return V(code, t, lazy=node)


def usable(code: str) -> str:
    """The code of a value, if there is one. Raises `Refuse` with the reason why not."""
    if code.startswith(REFUSED):
        raise Refuse(code.removeprefix(REFUSED))
    return code


def orderly(u: Unit, node: Node, what: str, at: ast.AST) -> None:
    """Notes that a sum may be rounded otherwise: NumPy adds up in the order of memory, which is not that of the loops
    for what is transposed."""
    if node.disorder():
        may_round(u, f"{what} of what is transposed", at)


def static_ones(node: Node) -> frozenset[int]:
    """Dimensions of a tree's value that are one long whatever the arrays are."""
    found = set(range(node.ndim))
    for leaf in node.leaves():
        o = leaf.operand
        if o is not None:
            found &= {d for d in found if d < node.ndim - leaf.ndim or d - (node.ndim - leaf.ndim) in o.ones}
    return frozenset(found)


def called(u: Unit, node: Node, target: Operand | None, dtype: str, folded: Folded | None = None) -> str:
    """The call of the loop that computes a tree."""
    changing = [f.name for f in u.shared.functions.values() if f.mutated]
    text, args = written(u.helper, node, target, dtype, folded)
    if any(f"{name}(" in a for a in args for name in changing):
        raise Refuse("a function that changes arrays is called within an expression of arrays")
    if u.shared.drawn and sum(code.count("(") > 0 and not pure(u, code) for code in codes_of(node, target)) > 1:
        raise Refuse("random numbers are drawn within an expression of arrays")
    for a in args:
        usable(a)
    fused = u.shared.fused
    name = fused.setdefault(text, f"array_loop__{len(fused)}__")
    code = f"{name}({', '.join(args)})"
    if folded is None:
        piece = Piece(node, target, dtype)
        u.pieces[code] = piece if u.pieces.get(code, piece) == piece else None
    return code


def codes_of(node: Node, target: Operand | None) -> list[str]:
    """The code of all that a loop is given, as often as it is spelt out."""
    operands = Piece(node, target, "").operands()
    operands += [o.mask for o in operands if o.mask is not None]
    codes = [c for o in operands for c in o.places()]
    return [*codes, *(o.base for o in operands), *(leaf.code for leaf in node.leaves()), *node.gathered()]


def pure(u: Unit, code: str) -> bool:
    """Does code call nothing that may draw random numbers?"""
    helpers = {f"_{h}" for h in u.shared.used if not re.search("random|generator|stream", h)}
    for name in re.findall(r"([A-Za-z_][\w.]*)\(|\)\.(?:copy|reshape|flatten)\(", code):
        plain_name = name in helpers or name in PURE_CALLS or name.startswith(("np.", "math.", "array_loop__"))
        if name and not plain_name and name.rpartition(".")[2] not in ("copy", "reshape"):
            return False
    return True


def without_masks(u: Unit, node: Node) -> Node:
    """The tree with selected elements as arrays of their own."""
    if node.operand is not None and node.operand.mask is not None:
        return load(whole(selected(u, node.operand), node.dtype, 1))
    return replace(node, args=tuple(without_masks(u, a) for a in node.args)) if node.args else node


def selected(u: Unit, o: Operand) -> str:
    assert o.mask is not None
    return f"{u.helper('selected')}({o.base}, {o.mask.base})"


def kinds_of(node: Node) -> list[str]:
    """What NumPy asks of an operand to choose the type of a result: its dtype, or the kind of the scalar."""
    return sorted(node.kinds) if node.op == "number" else [node.dtype]


def combine(u: Unit, function: str, nodes: Sequence[Node], at: ast.AST, op: str = "") -> Node:
    """The tree of `np.function(...)`, element by element."""
    op = op or function
    found: set[tuple[str, ...]] = {()}
    for n in nodes:
        found = {(*f, k) for f in found for k in kinds_of(n)}
    loops = {types_of(function, f) for f in found}
    if len(loops) != 1:
        fail(f"{function} of a scalar whose type depends on the data", at)
    (*loop, dtype) = next(iter(loops))
    of_complex = dtype == "complex128" and function != "add" or function == "absolute" and "complex128" in loop
    if function in ROUNDED or function == "power" or of_complex:
        may_round(u, f"{function} may be rounded otherwise when compiled", at)
    if dtype in ("bool", *FLOATS) or function not in ("true_divide", "power"):
        pend = dtype in FLOATS and (
            op in WARNS or op in ROUNDED or op in KEEPS and any(n.pend for n in nodes) or op == "where_any"
        )
        return Node(op, dtype, max(n.ndim for n in nodes), tuple(nodes), loop=tuple(loop), pend=pend)
    fail(f"{function} of integers", at)


def binary(u: Unit, name: str, a: V, b: V, at: ast.AST) -> V:
    """`a op b`, of which one is an array."""
    if name == "MatMult":
        from hasten.kernel import arrays_calls  # it builds on this module

        return arrays_calls.product(u, a, b, at)
    function = OPERATORS.get(name)
    if function is None:
        fail(f"{name} of arrays", at)
    x, y = node_of(u, a, at), node_of(u, b, at)
    if function == "power":
        return value(u, power(u, x, y, at))
    dtype = combine(u, function, (x, y), at).dtype if function in DIVIDES else ""
    if dtype and dtype not in NP_INTS and (dtype, function) != ("float64", "remainder"):
        fail(f"{name} of such arrays", at)
    return value(u, combine(u, function, (x, y), at))


def power(u: Unit, x: Node, y: Node, at: ast.AST) -> Node:
    """`x ** y`: NumPy multiplies for an exponent of 2, and takes the root for 0.5."""
    exponent = None
    if y.op == "number":
        try:
            exponent = float(y.code.strip("()"))
        except ValueError:
            exponent = None
    dtype = combine(u, "multiply", (x, y), at).dtype
    if exponent == 2.0 and dtype == x.dtype and x.op != "number":
        return combine(u, "square", (x,), at)
    if dtype not in ("float32", "float64"):
        fail("power of such arrays", at)
    if exponent == 0.5 and x.dtype in ("float32", "float64"):
        return combine(u, "sqrt", (x,), at)
    if exponent in (-1.0, 0.0, 1.0, 0.5, 2.0):
        fail("power that NumPy computes in another way", at)
    return combine(u, "power", (x, y), at)


def unary(u: Unit, op: ast.unaryop, v: V, at: ast.AST) -> V:
    if isinstance(op, ast.UAdd):
        fail("plus of an array", at)
    function = {"USub": "negative", "Invert": "invert"}.get(type(op).__name__)
    if function is None:
        fail("truth of an array", at)
    return value(u, combine(u, function, (node_of(u, v, at),), at))


def compare(u: Unit, node: ast.Compare, values: Sequence[V]) -> V:
    if len(values) != 2:
        fail("chain of comparisons of arrays", node)
    return binary(u, type(node.ops[0]).__name__, values[0], values[1], node)


# ---------------------------------------------------------------------- views


def subscript(u: Unit, base: V, items: Sequence[ast.expr], node: ast.Subscript) -> V | None:
    """A part of an array that is an array itself. None: one element, or a slice that is left to Numba."""
    t = base.t
    assert isinstance(t, Arr)
    fixed: list[ast.expr | Axis | None] = []  # None stands for a new axis
    for at, e in enumerate(items):
        if isinstance(e, ast.Constant) and e.value is None or u.module.dotted(e) == "numpy.newaxis":
            fixed.append(None)
        elif isinstance(e, ast.Constant) and e.value is Ellipsis:
            after = sum(not (isinstance(x, ast.Constant) and x.value is None) for x in items[at + 1 :])
            before = sum(x is not None for x in fixed)
            if any(isinstance(x, ast.Constant) and x.value is Ellipsis for x in items[at + 1 :]):
                fail("two ellipses", node)
            fixed += [Axis(dim=0)] * (t.ndim - before - after)
        else:
            fixed.append(e)
    if len(items) == 1 and not isinstance(items[0], (ast.Slice, ast.Constant)):
        some = u.raw(items[0])
        if isinstance(some.t, Arr):
            return selection(u, base, some, node)
        if isinstance(some.t, (Lst, Grow)):
            return at_places(u, base, some, node)
    crossed = rows_and_columns(u, base, items, node)
    if crossed is not None:
        return crossed
    pair = pair_of_places(u, base, items)
    if pair is None and len(items) == t.ndim == 2:
        taken = arrays_gathered.at_pair(u, base, items, node)
        if taken is not None:
            return taken
    if pair is not None:
        return V(
            f"{u.helper('items_at')}({bare(base.code)}, {', '.join(bare(usable(w.code)) for w in pair)})",
            Arr(t.dtype, 1),
        )
    if all(not isinstance(x, (Axis, ast.Slice)) and x is not None for x in fixed) and len(fixed) == t.ndim:
        if t.dtype not in ("float32", "complex128"):
            return None
        # a scalar of a type that kernels have no arithmetic for by itself: an operand of no dimensions
    axes: list[Axis] = []
    ones: set[int] = set()
    codes: list[str] = []
    dim = 0
    stepped = False

    def single(d: int) -> bool:
        """Is a dimension of the array one long? (Where it is known by its name alone, and so are its places.)"""
        return d in t.ones and d < t.ndim and base.lazy is None

    for x in fixed:
        if x is None:
            ones.add(dim)
            codes.append("np.newaxis")
            dim += 1
            continue
        if isinstance(x, Axis) or isinstance(x, ast.Slice) and not (x.lower or x.upper or x.step):
            if single(len(axes)):
                ones.add(dim)
            axes.append(Axis(at="0") if single(len(axes)) else Axis(dim=dim))
            codes.append(":")
            dim += 1
        elif isinstance(x, ast.Slice):
            ends = [bare(u.integer(e).code) if e is not None else "" for e in (x.lower, x.upper)]
            code = ":".join(ends)
            if x.step is not None and not (isinstance(x.step, ast.Constant) and x.step.value == 1):
                code += f":{step_of(u, x.step)}"
                stepped = True
            if ends[0] == "0":
                ends[0] = ""
            begin, end = integer(ends[0] or "0"), integer(ends[1] or "?")
            if begin is not None and end is not None and end - begin == 1 and begin >= 0 and not stepped:
                axes.append(Axis(at=str(begin)))  # one long, or it is beyond the end, and the kernel gives up
                ones.add(dim)
                codes.append(f"{begin}:{end}")
                dim += 1
                continue
            axes.append(Axis(start=ends[0], stop=ends[1], dim=dim))
            codes.append(code)
            dim += 1
        else:
            v = u.integer(x)
            if isinstance(v.t, Num) and v.t.rep != "i":
                fail("index that is not an integer", node)
            axes.append(Axis(at=bare(v.code)))
            codes.append(bare(v.code))
    for _ in range(t.ndim - len(axes)):
        if single(len(axes)):
            ones.add(dim)
        axes.append(Axis(at="0") if single(len(axes)) else Axis(dim=dim))
        dim += 1
    if len(axes) != t.ndim:
        fail("more indexes than dimensions", node)
    root, before_ = base.parts if base.parts is not None else (base.code, ())
    code = f"{root}[{', '.join((*before_, *codes))}]"
    out = replace(t, ndim=dim, ones=frozenset(ones), odd=t.odd and dim > 1)
    source = base.lazy.operand if isinstance(base.lazy, Node) else whole(base.code, t.dtype, t.ndim)
    if source is None:  # of something computed
        if any(a.at or a.start or a.stop for a in axes) or stepped:
            source = whole(base.code, t.dtype, t.ndim)
        else:
            assert isinstance(base.lazy, Node)
            return value(u, at_new_axes(base.lazy, ones))
    if stepped or source != whole(source.base, source.dtype, source.ndim):
        if source != whole(source.base, source.dtype, source.ndim) and ones and not stepped:
            if all(not a.at and not a.start and not a.stop for a in axes):
                node_ = at_new_axes(load(source), ones)
                return V(code, out, leaf=True, lazy=node_)
        if source.mask is not None:
            fail("part of selected elements", node)
        return V(code, out, leaf=True)
    parts = (
        (root, (*before_, *codes))
        if all(not isinstance(x, (Axis, ast.Slice)) and x is not None for x in fixed)
        else None
    )
    return V(
        code, out, leaf=True, parts=parts, lazy=load(Operand(source.base, t.dtype, tuple(axes), dim, frozenset(ones)))
    )


def rows_and_columns(u: Unit, base: V, items: Sequence[ast.expr], node: ast.Subscript) -> V | None:
    """`x[rows, j]`, `x[i, columns]`, `x[mask, :]`, `x[:, columns]` of a matrix, one after the other. None: others."""
    t = base.t
    if not isinstance(t, Arr) or t.ndim != 2 or len(items) != 2 or t.dtype not in ELEMENTS:
        return None
    which = [chosen(u, x) for x in items]
    if which.count("some") != 1 or "" in which:
        return None
    rows, columns = items
    if impure(node.value) or impure(rows) and impure(columns):
        fail("rows and columns that are drawn", node)
    if which[1] == "all":
        return _one_by_one(u, node.value, rows, node)
    if which[0] == "all":
        some = u.raw(columns)
        code = bare(usable(some.code)) if isinstance(some.t, Arr) else bare(some.code)
        if isinstance(some.t, (Lst, Grow)):
            at_places(u, base, some, node)  # of ints
        name = "columns_where" if isinstance(some.t, Arr) and some.t.dtype == "bool" else "columns_at"
        # NumPy keeps such columns one after another
        return V(f"{u.helper(name)}({bare(base.code)}, {code})", Arr(t.dtype, 2, odd=True))
    of_rows = which[0] == "some"
    line: ast.expr = ast.Tuple([ast.Slice(), columns], ast.Load()) if of_rows else rows
    part = ast.copy_location(ast.Subscript(node.value, ast.copy_location(line, node), ast.Load()), node)
    return _one_by_one(u, part, rows if of_rows else columns, node)


def _one_by_one(u: Unit, of: ast.expr, which: ast.expr, node: ast.AST) -> V:
    return u.raw(ast.fix_missing_locations(ast.copy_location(ast.Subscript(of, which, ast.Load()), node)))


def chosen(u: Unit, x: ast.expr) -> str:
    """What an index chooses: "one", "some" places, "all", or (empty) something else."""
    if isinstance(x, ast.Slice):
        return "" if x.lower or x.upper or x.step else "all"
    if isinstance(x, ast.Constant):
        return "one" if type(x.value) is int else ""
    lines = len(u.lines)
    t = u.raw(x).t
    del u.lines[lines:]
    if isinstance(t, Num):
        return "one" if t.rep == "i" else ""
    if isinstance(t, Arr):
        return "some" if t.ndim == 1 and (t.dtype == "bool" or t.dtype in NP_INTS) else ""
    numbers = isinstance(t, Lst) and t.depth == 1 or isinstance(t, Grow) and isinstance(t.item, Num)
    return "some" if numbers else ""


def pair_of_places(u: Unit, base: V, items: Sequence[ast.expr]) -> list[V] | None:
    """The two vectors in `x[rows, columns]`."""
    t = base.t
    if not isinstance(t, Arr) or t.ndim != 2 or len(items) != 2 or t.dtype not in ELEMENTS:
        return None
    if any(isinstance(x, (ast.Slice, ast.Constant, ast.UnaryOp)) for x in items):
        return None
    lines = len(u.lines)
    pair = [u.raw(x) for x in items]
    if all(isinstance(w.t, Arr) and w.t.ndim == 1 and w.t.dtype == "int64" for w in pair):
        return pair
    del u.lines[lines:]
    return None


def step_of(u: Unit, node: ast.expr) -> str:
    """The code of a slice's step; for 0 the kernel gives up."""
    step = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
    if isinstance(step, ast.Constant):
        if type(step.value) is not int or step.value == 0:
            fail("slice with such a step", node)
        return ast.unparse(node)
    return f"{u.helper('step')}({bare(u.integer(node).code)})"


def at_new_axes(node: Node, ones: Iterable[int]) -> Node:
    for d in sorted(ones):
        node = widened(node, d)
    return node


def selection(u: Unit, base: V, chosen: V, node: ast.AST) -> V:
    """`x[mask]` or `x[places]`."""
    t, which = base.t, chosen.t
    assert isinstance(t, Arr) and isinstance(which, Arr)
    if t.dtype not in ELEMENTS:
        fail(f"array of {t.dtype}", node)
    if which.dtype == "bool":
        if which.ndim == 1 and t.ndim == 2:
            return picked_rows(u, base, bare(chosen.code), "rows_where", node)
        if which.ndim != t.ndim:
            fail("mask of other dimensions", node)
        source = base.lazy.operand if isinstance(base.lazy, Node) else None
        known = chosen.lazy.operand if isinstance(chosen.lazy, Node) else None
        mask = known if known is not None and plain(known) else whole(chosen.code, "bool", t.ndim)
        if source is None or not plain(source):
            source = whole(base.code, t.dtype, t.ndim)
        o = replace(source, mask=mask)
        return V(selected(u, o), Arr(t.dtype, 1), lazy=Node("array", t.dtype, 1, operand=o))
    if t.ndim == 1 and which.ndim > 1:
        return arrays_gathered.taken(u, base, [chosen], node)
    if which.dtype not in NP_INTS or which.ndim != 1 or t.ndim > 2:
        fail("selection by such an array", node)
    if t.ndim == 2:
        return picked_rows(u, base, bare(chosen.code), "rows_at", node)
    return V(f"{u.helper('taken')}({base.code}, {chosen.code})", Arr(t.dtype, 1))


def at_places(u: Unit, base: V, chosen: V, node: ast.AST) -> V:
    """`x[places]`, where the places are a list of ints."""
    t, which = base.t, chosen.t
    assert isinstance(t, Arr)
    if isinstance(which, Grow):
        if which.item is None:
            raise Unknown("what a list holds is not known")
        kinds = which.item.kinds if isinstance(which.item, Num) and which.sink is None else frozenset({"?"})
    else:
        kinds = which.kinds if isinstance(which, Lst) and which.depth == 1 else frozenset({"?"})
    if not kinds <= {"int", "np.int64"} or t.dtype not in ELEMENTS or t.ndim > 2:  # a list of bools is a mask
        fail("selection by such a list", node)
    if t.ndim == 2:
        return picked_rows(u, base, bare(chosen.code), "rows_at", node)
    return V(f"{u.helper('taken')}({base.code}, {bare(chosen.code)})", Arr(t.dtype, 1))


def picked_rows(u: Unit, base: V, which: str, helper: str, node: ast.AST) -> V:
    """Some rows of a matrix, as a new one."""
    assert isinstance(base.t, Arr)
    if node_of(u, base, node).disorder():
        fail("rows of what NumPy may keep in another order", node)  # it would keep that order
    return V(f"{u.helper(helper)}({bare(base.code)}, {which})", Arr(base.t.dtype, 2))


def plain(o: Operand) -> bool:
    return o == whole(o.base, o.dtype, o.ndim)


def flipped(v: V) -> V:
    """`x.T`."""
    assert isinstance(v.t, Arr)
    t = replace(v.t, ones=frozenset(v.t.ndim - 1 - d for d in v.t.ones), odd=v.t.ndim - len(v.t.ones) > 1)
    if v.lazy is None and not v.t.ones:
        return V(f"{v.code}.T", t, leaf=True, lazy=load(transposed(whole(v.code, t.dtype, t.ndim))))
    o = v.lazy.operand if isinstance(v.lazy, Node) else None
    if o is None or o.mask is not None:
        return V(f"{v.code}.T", t, leaf=v.leaf)
    return V(f"{v.code}.T", t, leaf=True, lazy=load(transposed(o)))


# ---------------------------------------------------------------------- stores


def store(u: Unit, where: V, v: V, at: ast.AST, augmented: str = "", *, anywhere: bool = False) -> None:
    """`A[...] = v`, or `A[...] op= v` for the operator called `augmented`.

    `anywhere`: the array has no name of its own in the program, and any other may share its memory.
    """
    t = where.t
    assert isinstance(t, Arr)
    target = node_of(u, where, at).operand
    if target is None or "(" in target.base:
        fail("assignment to such a part of an array", at)
    u.mutated |= t.roots
    node = node_of(u, v, at)
    here = Node("array", target.dtype, 1 if target.mask is not None else target.ndim, operand=target)
    if augmented:
        if augmented == "MatMult":
            fail("in-place product", at)
        node = power(u, here, node, at) if augmented == "Pow" else combine(u, OPERATORS[augmented], (here, node), at)
    check_cast(node, target.dtype, at)
    if node.op != "number" and node.ndim > here.ndim:
        fail("assignment of more dimensions", at)
    masks = [o.mask for o in node.operands()]
    if target.mask is None and any(m is not None for m in masks):
        node = without_masks(u, node)
    if target.mask is not None and any(m != target.mask for m in masks):
        fail("assignment of an array to selected elements", at)
    read = node.operands()
    read += [o.mask for o in (*read, target) if o.mask is not None]
    anywhere = anywhere or not all(apart(u, target.base, code) for code in node.gathered())
    if anywhere or any(may_overlap(u, target, o) and not aligned(target, o) for o in read):
        if target.mask is not None:
            fail("selected elements of what is read elsewhere", at)
        dtype = node.dtype
        node = load(whole(called(u, node, None, dtype), dtype, node.ndim))
        if t.dtype == "float32" and dtype == "float64":
            node = replace(node, pend=True)
    u.emit(called(u, node, target, target.dtype))


def check_cast(node: Node, dtype: str, at: ast.AST) -> None:
    """Raises `Refuse` where NumPy would lose more than precision on the way into an array of `dtype`."""
    if node.op == "number":
        for k in node.kinds:
            a = {"int": "int8", "float": "float32", "bool": "bool"}.get(k, k.removeprefix("np."))
            if not may_cast(a, dtype) or dtype == "bool" and a != "bool" or dtype.startswith("uint") and a == "int64":
                fail(f"{k} stored into an array of {dtype}", at)
    elif not may_cast(node.dtype, dtype):
        fail(f"{node.dtype} stored into an array of {dtype}", at)


def aligned(a: Operand, b: Operand) -> bool:
    """Are two views of one array the same elements, or none in common, place by place?

    Where only places along an axis differ (`A[i, 1:]` and `A[j, 1:]`), they are either the same or apart.
    """
    if a == b:
        return True
    if a.base != b.base or len(a.axes) != len(b.axes) or a.ndim != b.ndim or a.ones or b.ones:
        return False
    return all(bool(x.at) == bool(y.at) and (x.at != "" or x == y) for x, y in zip(a.axes, b.axes, strict=True))


def may_overlap(u: Unit, a: Operand, b: Operand) -> bool:
    return not apart(u, a.base, b.base)


def apart(u: Unit, a: str, b: str, kin: Mapping[str, str] | None = None) -> bool:
    """Do two expressions surely stand for arrays without memory in common? `kin`: which names may share memory, where
    more is known of that than at first."""
    if NEW.fullmatch(a) or NEW.fullmatch(b):
        return True
    first, second = _words(a), _words(b)
    if first & second:
        return False
    kin = u.kin if kin is None else kin
    if {kin.get(x, x) for x in first} & {kin.get(x, x) for x in second}:
        return False
    if not u.top:
        given = {u.local(p) for p in u.params}
        bound = {u.local(n) for n in u.bound}
        for x, y in ((first, second), (second, first)):
            if x & given and y - given - bound:
                return False  # a global of the module may be what the caller passed
    return True


def _words(code: str) -> set[str]:
    """The variables of an expression."""
    code = re.sub(r"\bnp\.\w+|\b_\w+\(|array_loop__\d+__\(", "(", code)
    return {m[0] for m in re.finditer(r"[A-Za-z_]\w*(?!\w*\()", code)}


def kinships(
    stmts: Sequence[ast.stmt], numbers: Collection[str] = (), calls: Collection[int] = ()
) -> dict[str, str]:  # fmt: skip
    """For names of arrays that may share memory (`b = a[1:]`): one name that stands for all of them.

    `numbers`: names that are known to stand for none; `calls`: calls that are known to give none.
    """
    leader: dict[str, str] = {}

    def top(name: str) -> str:
        while leader.get(name, name) != name:
            name = leader[name]
        return name

    holders = _holders(stmts)

    def shared_by(node: ast.expr) -> set[str]:
        return _sources(node, calls).difference(numbers)

    def tie(target: ast.expr, sources: set[str]) -> None:
        stored = [t.id for t in ast.walk(target) if isinstance(t, ast.Name) and isinstance(t.ctx, ast.Store)]
        stored = [name for name in stored if name not in numbers]
        stored += [
            root
            for t in ast.walk(target)
            if isinstance(t, ast.Subscript) and isinstance(t.ctx, ast.Store) and (root := _root(t)) in holders
        ]
        for name in stored:
            for source in {*sources, stored[0]}:
                if source != name:
                    a, b = top(name), top(source)
                    if a != b:
                        leader[a] = b

    for s in stmts:
        for n in ast.walk(s):
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in PUTS:
                root = _root(n.func)
                if root:
                    tie(ast.Name(root, ast.Store()), set().union(*map(shared_by, n.args)))
            if isinstance(n, ast.Assign):
                for target in n.targets:
                    if isinstance(target, ast.Tuple) and isinstance(n.value, ast.Tuple):
                        for one, part in zip(target.elts, n.value.elts, strict=False):
                            tie(one, shared_by(part))
                    else:
                        tie(target, shared_by(n.value))
            elif isinstance(n, (ast.AnnAssign, ast.NamedExpr)) and n.value is not None:
                tie(n.target, shared_by(n.value))
            elif isinstance(n, (ast.For, ast.comprehension)):
                tie(n.target, shared_by(n.iter))
    return {name: top(name) for name in {*leader, *map(top, leader)}}


PUTS = frozenset({"append", "extend", "insert", "setdefault", "update", "appendleft"})


def _root(node: ast.expr) -> str:
    """The name at the beginning of `rows[i].append`."""
    while isinstance(node, (ast.Subscript, ast.Attribute, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _holders(stmts: Sequence[ast.stmt]) -> set[str]:
    """Names of lists and dicts, whose items may be arrays."""
    found: set[str] = set()
    displays = (ast.List, ast.ListComp, ast.Dict, ast.DictComp)
    for s in stmts:
        for n in ast.walk(s):
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in {*PUTS, "pop"}:
                found.add(_root(n.func))
            elif isinstance(n, (ast.Assign, ast.AnnAssign)) and n.value is not None:
                value = n.value.left if isinstance(n.value, ast.BinOp) else n.value
                made = isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in MAKES
                targets = n.targets if isinstance(n, ast.Assign) else [n.target]
                if isinstance(value, displays) or made:
                    found |= {t.id for t in targets if isinstance(t, ast.Name)}
    return found


MAKES = frozenset({"list", "dict", "defaultdict", "OrderedDict", "deque", "sorted"})


def _sources(node: ast.expr, calls: Collection[int] = ()) -> set[str]:
    """Names of arrays whose memory a value may share. `calls`: those that give numbers."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Subscript):
        return _sources(node.value, calls)
    if isinstance(node, ast.Attribute):
        inner = node.value
        own = {f"{inner.id}_{node.attr}"} if isinstance(inner, ast.Name) else set()
        return own | _sources(inner, calls)
    if isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Constant)):
        return set()
    if isinstance(node, ast.Call):
        f = node.func
        last = f.attr if isinstance(f, ast.Attribute) else f.id if isinstance(f, ast.Name) else ""
        if last in FRESH or id(node) in calls:
            return set()
        if last == "ndarray" and len(node.args) <= 2 and {k.arg for k in node.keywords} <= {"shape", "dtype"}:
            return set()  # without a buffer of others
        parts = [*node.args, *(k.value for k in node.keywords), *([f.value] if isinstance(f, ast.Attribute) else [])]
        return set().union(*(_sources(part, calls) for part in parts))
    found: set[str] = set()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            found |= _sources(child, calls)
    return found


def assign_all(u: Unit, s: ast.Assign) -> bool:
    """`a[...] = b[...] = array`. False: not of an array."""
    if not any(isinstance(t, ast.Subscript) for t in s.targets):
        return False
    lines = len(u.lines)
    v = u.expr(s.value)
    if not isinstance(v.t, Arr):
        del u.lines[lines:]
        return False
    if any(isinstance(t, ast.Name) for t in s.targets):
        fail("one array under two names", s)
    temp = f"value_{s.lineno}_{s.col_offset}"
    u.emit(f"{temp} = {v.code}.copy()" if v.leaf else f"{temp} = {v.code}")
    v = V(temp, replace(v.t, roots=frozenset(), odd=False))
    for target in s.targets:
        u.bind(target, v)
    return True


def result(u: Unit, v: V) -> bool:
    """Has the kernel put what is returned into an array that was made at the door? (Saves a copy of it.)"""
    node = v.lazy
    if not u.door or not u.top or not isinstance(node, Node) or not node.args or not isinstance(v.t, Arr):
        return False
    returns = [n for s in u.stmts for n in ast.walk(s) if isinstance(n, ast.Return)]
    if len(returns) != 1 or u.shared.recursive or u.nested:
        return False
    if v.t.odd:
        raise Refuse("returns an array that NumPy may keep in another order")
    shape = arrays_results.shape_at_door(u, node)
    if shape is None:
        return False
    name = u.local(arrays_results.RESULT)
    if name in u.module.own_words:
        return False
    node = without_masks(u, node)
    code = called(u, node, whole(name, node.dtype, node.ndim), node.dtype)
    u.extra[arrays_results.RESULT] = Arr(node.dtype, node.ndim)
    u.made = f"np.empty({shape}, {numpy_type(node.dtype)})"
    u.emit(code)
    return True


def settle(text: str, fresh: dict[str, str]) -> str:
    """The text with the loops' lasting names."""
    return re.sub(r"array_loop__\d+__", lambda m: fresh.get(m[0], m[0]), text)


def functions(text: str, fused: dict[str, str]) -> list[str]:
    """The loops that a kernel's text calls, in the order of their calls."""
    by_name = {name: body for body, name in fused.items()}
    found: dict[str, None] = {}

    def add(part: str) -> None:
        for name in re.findall(r"array_loop__\d+__", part):
            if name not in found:
                found[name] = None
                add(by_name[name].replace(NAME, ""))

    add(text)
    return [by_name[name].replace(NAME, name) for name in found]


__all__ = ["binary", "compare", "kinships", "node_of", "numpy_type", "store", "subscript", "unary", "value"]
