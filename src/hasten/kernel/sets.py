"""Sets in kernels: made of lists and comprehensions, asked for members, and gone over in CPython's own order.

That order is known of a set whose keys were added one by one in the kernel, from nothing. A set that came from outside
is gone over in the order it was seen at the door, as long as nothing is added to it.
"""

from __future__ import annotations

import ast
import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.kernel import containers, names
from hasten.kernel.kinds import Grow, Lst, Map, Num, Refuse, Type, Unknown, loose
from hasten.kernel.values import V, bare, fail

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
        if member_kind(t.key) != kind or containers.words_in(t.key) != containers.words_in(v.t):
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
    return V(f"{u.helper('set_' + member_kind(item))}({v.code})", Map(item, None, keys_only=True))


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
    if t.roots:
        if not u.top:
            fail("order of a set that was passed on", node)
        if t.roots & u.mutated:
            u.doubts.append("order of a set that came from outside and grows")
        return V(f"{v.code}[0]", Grow(t.key), leaf=True)
    if any(containers.words_in(t.key)):
        fail("order of a set of strings", node)
    kind = member_kind(t.key)
    if kind not in ("int", "float") or t.merged:
        fail("order of a set of tuples, or made of another set", node)
    made_here = f"_set_{kind}"
    listed = v.code.removeprefix(made_here)
    if looped and v.code.startswith(f"{made_here}(") and isinstance(t.key, Num) and t.key.kinds in DISTINCT:
        if bare(listed) != listed:  # all of it is that one call: the set itself is not needed
            return V(f"{u.helper('distinct_' + kind)}{listed}", Lst(t.key.kinds))
    return V(f"{u.helper('set_order_' + kind)}({v.code})", Grow(t.key))


def any_order(v: V) -> V:
    """The elements of a set, where their order cannot be seen."""
    t = v.t
    assert isinstance(t, Map)
    if t.key is None:
        raise Unknown("what a set holds is not known")
    return V(f"{v.code}[0]", Grow(t.key), leaf=True)


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
    return f"({sign}{u.helper('has_' + kind)}({base.code}, {bare(u.sink(v))}))"


def add(u: Unit, target: ast.expr, base: V, node: ast.Call) -> None:
    """`seen.add(x)`"""
    assert isinstance(base.t, Map)
    v, kind = member_of(u, base.t, node.args[0], True)
    containers.changes(u, target, base.t, node)
    containers.widen(u, target, replace(Map(loose(v.t), None), keys_only=True))
    u.emit(f"{u.helper(f'add_{kind}_key')}({base.code}, {bare(u.sink(v))})")
