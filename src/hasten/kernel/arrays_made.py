"""Arrays of lists: `np.array(neighbors)`, `np.asarray(rows, dtype=float)`."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.kernel.arrays_tree import ELEMENTS
from hasten.kernel.kinds import EXACT_FLOAT, Arr, Grow, Lst, Mix, Num, Tup, Type, Unknown
from hasten.kernel.values import V, bare, fail

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit
    from hasten.kernel.program import Module

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
    v = read(u, args[0])
    if isinstance(v.t, Arr):
        return of_array(short, v, wanted, node)
    made = as_array(u, v, node, wanted)
    if isinstance(made.t, Arr):
        return V(f"{made.code}.copy()", made.t) if made.leaf else made
    fail(f"np.{short} of this", node)


def only_for_numpy(module: Module, stmts: Sequence[ast.stmt]) -> set[str]:
    """Names of lists that are made empty, appended to, and otherwise only handed to functions of NumPy."""
    nodes = [n for s in stmts for n in ast.walk(s)]
    made = {
        t.id
        for n in nodes
        if isinstance(n, ast.Assign) and isinstance(n.value, ast.List) and not n.value.elts
        for t in n.targets
        if isinstance(t, ast.Name)
    }
    seen = Counter(n.id for n in nodes if isinstance(n, ast.Name) and n.id in made)
    for n in nodes:
        if isinstance(n, ast.Assign) and isinstance(n.value, ast.List) and not n.value.elts and len(n.targets) == 1:
            _spent(n.targets[0], seen)
        elif isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "append":
            _spent(n.func.value, seen)
        elif isinstance(n, ast.Call):
            dotted = module.dotted(n.func) or ""
            if dotted == "len" or dotted.startswith("numpy.") and dotted.count(".") == 1:
                for a in n.args:
                    _spent(a, seen)
    return {name for name, uses in seen.items() if not uses}


def _spent(node: ast.expr, seen: Counter[str]) -> None:
    if isinstance(node, ast.Name):
        seen[node.id] -= 1


def append(u: Unit, name: str, base: V, v: V) -> bool:
    """`xs.append(v)`, where nobody but NumPy will see which of the numbers are ints. False: something else."""
    old = base.t.item if isinstance(base.t, Grow) else None
    if not isinstance(v.t, Num) or not isinstance(old, (Num, type(None))) or base.t.sink is not None:  # type: ignore[union-attr]
        return False
    kinds = v.t.kinds | (old.kinds if old is not None else frozenset())
    if not kinds <= {"int", "float", "np.float64", "np.int64"} or {"np.int64", "float"} <= kinds:
        return False
    if {"np.int64", "np.float64"} <= kinds:
        return False
    item = Num(kinds)
    code = bare(u.sink(v))
    if item.rep == "f" and v.t.rep == "i":
        code = f"float({bare(u.ranged(code, v.t, -EXACT_FLOAT, EXACT_FLOAT))})"
    u.env[name] = Grow(item)
    u.emit(f"{base.code}.append({code})")
    return True


def argument(u: Unit, node: ast.expr, at: ast.AST) -> V:
    """What NumPy makes of an argument: a list counts as the array of its items."""
    return as_array(u, read(u, node), at)


def read(u: Unit, node: ast.expr) -> V:
    """The value of an argument; of a comprehension, nobody but NumPy sees which of its numbers are ints."""
    if isinstance(node, ast.Tuple):
        node = ast.copy_location(ast.List(node.elts, ast.Load()), node)  # the same to NumPy
    stacked = arrays_in(u, node)
    if stacked is not None:
        return stacked
    numbers = constants(node)
    if numbers:
        floats = any(type(x) is float for x in numbers)
        code = ", ".join(repr(float(x)) if floats else repr(x) for x in numbers)
        return V(f"np.array([{code}])", Arr("float64" if floats else "int64", 1))
    if not isinstance(node, ast.ListComp) or u.for_numpy:
        return u.expr(node)
    count, u.for_numpy = len(u.lines), True
    try:
        v = u.comprehension(node)
    finally:
        u.for_numpy = False
    mixed = isinstance(v.t, Grow) and isinstance(v.t.item, Num) and v.t.item.kinds == {"int", "np.float64"}
    if mixed:
        return v
    del u.lines[count:]
    return u.expr(node)


def arrays_in(u: Unit, node: ast.expr) -> V | None:
    """A display of arrays as one array of them, `[v, w]`. None: of something else."""
    if not isinstance(node, ast.List) or not node.elts or not isinstance(node.elts[0], (ast.Name, ast.Subscript)):
        return None
    from hasten.kernel import arrays_calls  # it builds on this module

    lines = len(u.lines)
    try:
        first = u.expr(node.elts[0])
    finally:
        del u.lines[lines:]
    if not isinstance(first.t, Arr) or any(isinstance(e, ast.Starred) for e in node.elts):
        return None
    call = ast.copy_location(ast.Call(ast.Name("stack", ast.Load()), [node], []), node)
    return arrays_calls.joined(u, "stack", call)


def beside(u: Unit, op: ast.operator, v: V, other: V, at: ast.AST) -> V:
    """One operand: a list beside an array, or beside a NumPy float (which repeats no list), is one array for NumPy."""
    if not isinstance(v.t, (Lst, Grow)):
        return v
    number = isinstance(other.t, Num) and other.t.kinds == {"np.float64"} and not isinstance(op, ast.Mult)
    return as_array(u, v, at) if number or isinstance(other.t, Arr) else v


def constants(node: ast.expr) -> list[int | float]:
    """The numbers of a display that spells out nothing else."""
    if not isinstance(node, (ast.List, ast.Tuple)):
        return []
    try:
        found = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return []
    plain = all(type(x) in (int, float) and abs(x) <= EXACT_FLOAT for x in found)
    return list(found) if plain else []


def as_array(u: Unit, v: V, at: ast.AST, wanted: str = "") -> V:
    """A list as an array (`leaf`: the very memory of the list); anything else as it is."""
    if isinstance(v.t, Lst):
        return of_list(u, v, v.t, wanted, at)
    if isinstance(v.t, Grow):
        return of_grown(u, v, v.t, wanted, at)
    if isinstance(v.t, Mix) and v.t.depth == 1 and wanted in ("", "float64"):
        return V(f"{u.helper('mixed_vector')}({bare(v.code)}, {not wanted})", Arr("float64", 1))
    return v


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
    return V(code, Arr(dtype, t.depth), leaf=True)


def of_grown(u: Unit, v: V, t: Grow, wanted: str, node: ast.AST) -> V:
    """Of a list that grows: of numbers, or of tuples of numbers of one type."""
    item: Type | None = t.item
    if item is None and t.sink is None:
        raise Unknown("what a list holds is not known")
    if t.sink is not None or t.queue:
        fail("np.array of such a list", node)
    if isinstance(item, Num) and item.rep == "f" and "int" in item.kinds:
        if wanted not in ("", "float64"):
            fail("an array of ints and floats", node)
        return V(
            f"{u.helper('vector_of' if wanted else 'floats_among')}({bare(v.code)}, np.float64)", Arr("float64", 1)
        )
    if isinstance(item, Num):
        dtype = dtype_of(item.kinds, wanted, node)
        helper = "vector_of" if dtype == "float64" or wanted else "some_of"
        return V(f"{u.helper(helper)}({bare(v.code)}, np.{'bool_' if dtype == 'bool' else dtype})", Arr(dtype, 1))
    if isinstance(item, Tup) and item.items and all(isinstance(i, Num) for i in item.items):
        kinds: frozenset[str] = frozenset().union(*(i.kinds for i in item.items if isinstance(i, Num)))
        dtype = dtype_of(kinds, wanted, node)
        dtype_code = "np.bool_" if dtype == "bool" else f"np.{dtype}"
        return V(f"{u.helper('matrix_of')}({bare(v.code)}, {len(item.items)}, {dtype_code})", Arr(dtype, 2))
    if isinstance(item, Arr) and item.dtype in ELEMENTS and wanted in ("", item.dtype) and not item.odd:
        return V(f"{u.helper('stacked')}({bare(v.code)})", Arr(item.dtype, item.ndim + 1))
    if isinstance(item, Mix) and item.depth == 1 and wanted in ("", "float64"):
        return V(f"{u.helper('stacked_mixed')}({bare(v.code)}, {not wanted})", Arr("float64", 2))
    if isinstance(item, Lst) and item.depth == 1:
        dtype = dtype_of(item.kinds, wanted, node)
        if dtype == dtype_of(item.kinds, "", node):
            return V(f"{u.helper('not_empty')}({u.helper('stacked')}({bare(v.code)}))", Arr(dtype, 2))
    if isinstance(item, Grow) and isinstance(item.item, Num) and item.sink is None and not item.queue:
        dtype = dtype_of(item.item.kinds, wanted, node)
        dtype_code = "np.bool_" if dtype == "bool" else f"np.{dtype}"
        return V(f"{u.helper('matrix_of_lists')}({bare(v.code)}, {dtype_code})", Arr(dtype, 2))
    fail("np.array of a list of such things", node)
