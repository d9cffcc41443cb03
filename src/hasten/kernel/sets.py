"""Sets in kernels: made of lists and comprehensions, asked for members, and gone over in CPython's own order.

That order is known of a set whose keys were added one by one in the kernel, from nothing. A set that came from outside
is gone over in the order it was seen at the door, as long as nothing is added to it.
"""

from __future__ import annotations

import ast
import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.kernel import containers, gaps, keys, names
from hasten.kernel.kinds import BOOL, SIZE, Grow, Lst, Map, Num, Refuse, Tup, Type, Unknown, loose
from hasten.kernel.values import V, bare, fail, impure

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

FLOATS = (frozenset({"float"}), frozenset({"np.float64"}))
DISTINCT = (*FLOATS, frozenset({"int"}))
INTEGERS = (frozenset({"int"}), frozenset({"bool"}), frozenset({"np.int64"}))


def member_kind(t: Type | None) -> str:
    """Which of the hash functions an element needs. Raises `Refuse`."""
    if isinstance(t, Num):
        if t.kinds in FLOATS:
            return "float"
        if t.kinds in INTEGERS:
            return "int"
        raise Refuse("a set of such numbers")
    return containers.key_kind(t)


def member_of(u: Unit, t: Map, node: ast.expr, adding: bool) -> tuple[V, str]:
    """The code of an element, and the suffix of the helpers for it."""
    v = u.single(u.expr(node))
    kind = member_kind(v.t)
    if t.key is not None:
        if member_kind(t.key) != kind or isinstance(v.t, Tup) and keys.parts(t.key) != keys.parts(v.t):
            fail("elements of several types", node)
        if containers.words_in(t.key) != containers.words_in(v.t):
            fail("elements of several types", node)
        if isinstance(v.t, Num) and isinstance(t.key, Num) and v.t.kinds != t.key.kinds:
            if adding or v.t.rep != t.key.rep:
                fail("elements of several types", node)
    return v, kind


def made(u: Unit, node: ast.Call) -> V:
    """`set()`, `set(xs)`"""
    if not node.args:
        t = u.hint if isinstance(u.hint, Map) and u.hint.keys_only else Map(None, None, keys_only=True)
        return V(containers.empty_map(u, t), t)
    arg = node.args[0]
    v = of_list(u, containers.sequence(u, arg), node)
    if isinstance(arg, (*names.COMPREHENSIONS, ast.List)) or containers.view(arg):
        return v
    count = len(u.lines)
    merged = isinstance(u.expr(arg).t, Map)
    del u.lines[count:]  # only the type was wanted
    # CPython copies the table of another set or dict, which leaves another order
    return replace(v, t=replace(v.t, merged=merged)) if isinstance(v.t, Map) else v


def of_list(u: Unit, v: V, node: ast.AST) -> V:
    item = loose(containers.item_type(v, node))
    return V(f"{gaps.keyed(u, 'set_' + member_kind(item))}({v.code})", Map(item, None, keys_only=True))


def display(u: Unit, node: ast.Set) -> V:
    """`{start}`"""
    v = of_list(u, containers.sequence(u, ast.copy_location(ast.List(node.elts, ast.Load()), node)), node)
    if len(node.elts) > 2 and all(isinstance(e, ast.Constant) for e in node.elts) and isinstance(v.t, Map):
        return replace(v, t=replace(v.t, merged=True))  # CPython copies a frozenset that it has made before
    return v


def comprehension(u: Unit, node: ast.SetComp) -> V:
    listed = ast.ListComp(node.elt, copy.deepcopy(node.generators))
    return of_list(u, u.comprehension(ast.fix_missing_locations(ast.copy_location(listed, node))), node)


def ordered(u: Unit, v: V, node: ast.AST, looped: bool = False) -> V:
    """The elements of a set in the order that Python goes over them. `looped`: nothing else is done with them."""
    t = v.t
    assert isinstance(t, Map)
    if t.key is None:
        raise Unknown("what a set holds is not known")
    if t.frozen:
        return containers.keys_of(u, v)  # in the order that it was gone over at the door
    if t.roots:
        if not u.top:
            fail("order of a set that was passed on", node)
        if t.roots & u.mutated:
            u.doubts.append("order of a set that came from outside and grows")
        return V(gaps.items(u, v, 0), Grow(t.key), leaf=True)
    if any(containers.words_in(t.key)):
        fail("order of a set of strings", node)
    if u.shared.removing:
        fail("order of a set in a kernel that takes things out", node)
    kind = member_kind(t.key)
    if kind not in ("int", "float") or t.merged:
        fail("order of a set of tuples, or made of another set", node)
    made_here = f"_set_{kind}"
    listed = v.code.removeprefix(made_here)
    if looped and v.code.startswith(f"{made_here}(") and isinstance(t.key, Num) and t.key.kinds in DISTINCT:
        if bare(listed) != listed:  # all of it is that one call: the set itself is not needed
            return V(f"{u.helper('distinct_' + kind)}{listed}", Lst(t.key.kinds))
    return V(f"{u.helper('set_order_' + kind)}({v.code})", Grow(t.key))


def any_order(u: Unit, v: V) -> V:
    """The elements of a set, where their order cannot be seen."""
    t = v.t
    assert isinstance(t, Map)
    if t.key is None:
        raise Unknown("what a set holds is not known")
    return containers.keys_of(u, v) if t.frozen else V(gaps.items(u, v, 0), Grow(t.key), leaf=True)


def sorted_distinct(u: Unit, node: ast.Call) -> V | None:
    """`sorted(set(xs))` and `sorted({... for ...})` of numbers. None: something else."""
    arg = node.args[0]
    if isinstance(arg, ast.SetComp):
        listed = ast.ListComp(arg.elt, copy.deepcopy(arg.generators))
        v = u.comprehension(ast.fix_missing_locations(ast.copy_location(listed, arg)))
    elif isinstance(arg, ast.Call) and len(arg.args) == 1 and not arg.keywords and u.module.dotted(arg.func) == "set":
        v = containers.sequence(u, arg.args[0])
    else:
        return None
    item = loose(containers.item_type(v, node))
    if not isinstance(item, Num) or item.kinds not in (*FLOATS, frozenset({"int"})):
        return None
    code = u.as_list(v, node).code if isinstance(v.t, Grow) else v.code
    return V(f"{u.helper('sorted_set')}({code})", Lst(item.kinds))


def has(u: Unit, base: V, node: ast.expr, sign: str) -> str:
    assert isinstance(base.t, Map)
    v, kind = member_of(u, base.t, node, False)
    if base.t.frozen:
        return f"({sign}{containers.called(u, 'has', kind, base)}, {bare(u.sink(v))}))"
    return f"({sign}{gaps.keyed(u, 'has_' + kind)}({base.code}, {bare(u.sink(v))}))"


def add(u: Unit, target: ast.expr, base: V, node: ast.Call) -> None:
    """`seen.add(x)`"""
    assert isinstance(base.t, Map)
    v, kind = member_of(u, base.t, node.args[0], True)
    containers.changes(u, target, base.t, node)
    containers.widen(u, target, replace(Map(loose(v.t), None), keys_only=True))
    u.emit(f"{gaps.keyed(u, f'add_{kind}_key')}({base.code}, {bare(u.sink(v))})")


# ---------------------------------------------------------------------- two sets

OPERATORS = {"BitAnd": "both", "BitOr": "either", "Sub": "less", "BitXor": "one"}
METHODS = {"intersection": "both", "union": "either", "difference": "less", "symmetric_difference": "one"}
COUNTED = {
    "both": "{common}",
    "either": "({na} + {nb} - {common})",
    "less": "({na} - {common})",
    "one": "({na} + {nb} - 2 * {common})",
}
TESTS = {
    "Eq": "({common} == {na} and {na} == {nb})",
    "NotEq": "({common} != {na} or {na} != {nb})",
    "LtE": "({common} == {na})",
    "Lt": "({common} == {na} and {na} < {nb})",
    "GtE": "({common} == {nb})",
    "Gt": "({common} == {nb} and {na} > {nb})",
}
ASKED = {"issubset": "LtE", "issuperset": "GtE", "isdisjoint": "({common} == 0)"}


def operands(u: Unit, node: ast.expr) -> tuple[str, V, V] | None:
    """What `a & b` or `a.intersection(b)` makes of two sets, and these; None for anything else."""
    if isinstance(node, ast.BinOp):
        what, sides = OPERATORS.get(type(node.op).__name__), [node.left, node.right]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) == 1:
        what, sides = METHODS.get(node.func.attr), [node.func.value, node.args[0]]
        if node.keywords or isinstance(node.args[0], ast.Starred):
            return None
    else:
        return None
    if what is None or any(map(_no_set, sides)) or any(impure(e) for e in sides):
        return None
    count = len(u.lines)
    a = u.expr(sides[0])
    if not _is_set(a):
        del u.lines[count:]
        return None
    b = u.expr(sides[1])
    if not _is_set(b):
        fail("a set beside something else", node)
    _alike(u, a, b, node)
    return what, a, b


def _no_set(e: ast.expr) -> bool:
    """Is it surely no set, by how it is written? (To look at its type costs twice the time at every level.)"""
    if isinstance(e, ast.BinOp):
        return type(e.op).__name__ not in OPERATORS or _no_set(e.left) or _no_set(e.right)
    if isinstance(e, ast.Subscript):
        parts = e.slice.elts if isinstance(e.slice, ast.Tuple) else [e.slice]
        return any(isinstance(p, ast.Slice) for p in parts)
    return isinstance(e, (ast.Constant, ast.UnaryOp))


def _is_set(v: V) -> bool:
    return isinstance(v.t, Map) and v.t.keys_only


def _alike(u: Unit, a: V, b: V, node: ast.AST) -> None:
    """Raises `Refuse` unless the machine tells which items of two sets are equal."""
    assert isinstance(a.t, Map) and isinstance(b.t, Map)
    if a.t.key is None or b.t.key is None:
        raise Unknown("what a set holds is not known")
    kinds = [containers.key_kind(t.key) for t in (a.t, b.t)]
    if kinds[0] != kinds[1] or keys.parts(a.t.key) != keys.parts(b.t.key):
        fail("sets of several types", node)
    if kinds[0] != "int" and (a.t.frozen or b.t.frozen):
        fail("sets of tuples from outside", node)
    if a.t.frozen != b.t.frozen and u.shared.removing:
        fail("a set from outside in a kernel that takes keys out", node)


def _common(u: Unit, a: V, b: V) -> str:
    """The code of the number of items in both, which is worked out once for a statement."""
    assert isinstance(a.t, Map)
    code = f"{gaps.keyed(u, 'common_' + containers.key_kind(a.t.key))}({a.code}, {b.code})"
    s = u.current
    if not isinstance(s, (ast.Assign, ast.AugAssign, ast.Return)) or s.value is None or u.inside:
        return code
    inside = [n for n in ast.walk(s) if isinstance(n, ast.expr)]
    if any(isinstance(n, (*names.COMPREHENSIONS, ast.Lambda, ast.IfExp, ast.BoolOp)) for n in inside):
        return code
    if not all(_quiet(u, n) for n in inside if isinstance(n, ast.Call)):
        return code  # something may change the sets in between
    name = u.commons.setdefault(code, f"common_{s.lineno}_{s.col_offset}_{len(u.commons)}")
    line = "    " * u.depth + f"{name} = {code}"
    if line not in u.lines[-50:]:  # not yet, or only while a type was looked for
        u.emit(f"{name} = {code}")
    return name


def _quiet(u: Unit, call: ast.Call) -> bool:
    """Does a call change no set, whatever it is given?"""
    if isinstance(call.func, ast.Attribute) and call.func.attr in METHODS:
        return True
    return u.module.dotted(call.func) in ("len", "float", "int", "min", "max", "abs", "round", "bool")


def _sizes(u: Unit, a: V, b: V) -> dict[str, str]:
    """The codes of the sizes of two sets."""
    return {"na": gaps.size(u, a), "nb": gaps.size(u, b)}


def counted(u: Unit, node: ast.expr) -> V | None:
    """`len(a & b)`, without making the set. None: something else."""
    found = operands(u, node)
    if found is None:
        return None
    what, a, b = found
    return V(COUNTED[what].format(common=_common(u, a, b), **_sizes(u, a, b)), SIZE)


def combined(u: Unit, node: ast.expr) -> V | None:
    """`a & b`: a set whose order is not known. None: something else."""
    found = operands(u, node)
    if found is None:
        return None
    what, a, b = found
    assert isinstance(a.t, Map)
    helper = gaps.keyed(u, f"set_{what}_{containers.key_kind(a.t.key)}")
    return V(f"{helper}({a.code}, {b.code})", Map(a.t.key, None, keys_only=True, merged=True))


def compared(u: Unit, node: ast.Compare, a: V, b: V) -> V:
    """`a <= b`, `a == b`"""
    if not _is_set(a) or not _is_set(b) or impure(node):
        fail("comparison of such sets", node)
    _alike(u, a, b, node)
    test = TESTS.get(type(node.ops[0]).__name__)
    if test is None:
        fail("comparison of sets", node)
    return V(test.format(common=_common(u, a, b), **_sizes(u, a, b)), BOOL)


def asked(u: Unit, base: V, func: ast.Attribute, node: ast.Call) -> V | None:
    """`a.isdisjoint(b)`, `a.issubset(b)`. None: something else."""
    test = ASKED.get(func.attr)
    if test is None or not _is_set(base) or len(node.args) != 1 or node.keywords or impure(func.value):
        return None
    b = u.expr(node.args[0])
    if not _is_set(b) or impure(node.args[0]):
        fail("a set beside something else", node)
    _alike(u, base, b, node)
    return V(TESTS.get(test, test).format(common=_common(u, base, b), **_sizes(u, base, b)), BOOL)


def updated(u: Unit, target: ast.expr, base: V, more: ast.expr, node: ast.AST) -> None:
    """`seen |= other` and `seen.update(other)`, for another set or a list."""
    assert isinstance(base.t, Map)
    count = len(u.lines)
    b = u.expr(more) if not isinstance(more, (*names.COMPREHENSIONS, ast.List)) else None
    if b is None or not _is_set(b):
        del u.lines[count:]
        b = containers.sequence(u, more)
        item, added = loose(containers.item_type(b, more)), b.code
    else:
        assert isinstance(b.t, Map)
        if b.t.key is None:
            raise Unknown("what a set holds is not known")
        item, added = loose(b.t.key), gaps.items(u, b, 0)
    kind = containers.key_kind(item)
    if base.t.key is not None and (containers.key_kind(base.t.key), keys.parts(base.t.key)) != (kind, keys.parts(item)):
        fail("elements of several types", node)
    containers.changes(u, target, base.t, node)
    containers.widen(u, target, Map(item, None, keys_only=True, merged=True))
    u.emit(f"{gaps.keyed(u, 'set_update_' + kind)}({base.code}, {added})")
