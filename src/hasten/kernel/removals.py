"""What is taken out of dicts, sets and lists that a kernel makes: `del d[k]`, `d.pop(k)`, `seen.discard(x)`.

`next(iter(d))` and `d.popitem()`, the oldest and the newest key, belong to it: programs take these out.

    if len(self.count) >= self.capacity:
        del self.count[victim]

Elsewhere a key, once added, stays at its place, and loops over a dict rest on that: a kernel that takes keys out is
compiled without (`Removing` asks for it), with dicts and sets that may have gaps (`runtime_loose`). Their order stays
that of insertion. The order of a set that keys were taken out of is not known, for CPython's own table keeps marks of
what it held; and while a dict is gone over, nothing may be taken out of any (Python would not always notice that
either, and go on with what is at the next place).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hasten.kernel import containers, gaps, sets
from hasten.kernel.kinds import Grow, Map, Num, Obj, Refuse, Tup, Type, Unknown, Word, container
from hasten.kernel.values import V, bare, fail

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit


class Removing(Refuse):
    """Something is taken out of a dict or set: its keys do not stay where they are."""


def _begins(u: Unit, target: ast.expr, t: Map, node: ast.AST) -> None:
    if t.frozen or t.roots and not (t.fresh and len(t.roots) == 1 and not t.keys_only):
        fail("removal from a dict or set from outside", node)
    if t.key is None:
        raise Unknown("what a dict holds is not known")
    if not u.shared.removing:
        raise Removing("something is taken out of a dict or set")
    containers.changes(u, target, t, node)
    u.removals += 1


def delete(u: Unit, target: ast.Subscript, base: V) -> None:
    """`del d[k]`"""
    t = base.t
    assert isinstance(t, Map)
    if t.keys_only:
        fail("a set has no items", target)
    k, kind = containers.key_of(u, t, target.slice, False)
    _begins(u, target.value, t, target)
    u.emit(f"{gaps.keyed(u, 'delete_' + kind)}({base.code}, {bare(u.sink(k))})")


def effect(u: Unit, base: V, func: ast.Attribute, node: ast.Call) -> bool:
    """`seen.discard(x)`, `seen.remove(x)`, `d.clear()`, `xs.remove(x)` as statements. False: none of these."""
    t, name, args = base.t, func.attr, node.args
    if node.keywords:
        return False
    if isinstance(t, Map) and name == "clear" and not args:
        _begins(u, func.value, t, node)
        u.emit(f"{gaps.keyed(u, 'clear_set' if t.keys_only else 'clear')}({base.code})")
        return True
    if isinstance(t, Map) and not t.keys_only and name == "popitem" and not args:
        u.emit(last_item(u, base, func, node).code)
        return True
    if isinstance(t, Map) and t.keys_only and name in ("discard", "remove") and len(args) == 1:
        v, kind = sets.member_of(u, t, args[0], False)
        _begins(u, func.value, t, node)
        u.emit(f"{gaps.keyed(u, f'{name}_{kind}')}({base.code}, {bare(u.sink(v))})")
        return True
    if isinstance(t, Grow) and t.sink is None and not t.queue and name == "remove" and len(args) == 1:
        if t.item is None:
            raise Unknown("what a list holds is not known")
        if not isinstance(t.item, (Num, Word, Tup, Obj)):
            fail("removal of such a thing", node)
        v = containers.alike(u, t.item, args[0], node)
        u.emit(f"{base.code}.pop({u.helper('index_of')}({base.code}, {bare(u.sink(v))}))")
        return True
    return False


def popped(u: Unit, base: V, func: ast.Attribute, node: ast.Call) -> V | None:
    """`d.pop(k)`, `d.pop(k, other)` and `d.popitem()` of a dict. None: something else."""
    t = base.t
    if isinstance(t, Map) and not t.keys_only and func.attr == "popitem" and not node.args and not node.keywords:
        return last_item(u, base, func, node)
    if not isinstance(t, Map) or t.keys_only or func.attr != "pop" or len(node.args) not in (1, 2) or node.keywords:
        return None
    k, kind = containers.key_of(u, t, node.args[0], False)
    if t.value is None:
        raise Unknown("what a dict holds is not known")
    if container(t.value) or not isinstance(t.value, (Num, Word, Tup, Obj)):
        fail("what is taken out of a dict of such things", node)
    if len(node.args) == 2:
        other = _other(u, t.value, node)
        _begins(u, func.value, t, node)
        return V(f"{gaps.keyed(u, 'pop_or_' + kind)}({base.code}, {bare(u.sink(k))}, {other})", t.value)
    _begins(u, func.value, t, node)
    return V(f"{gaps.keyed(u, 'pop_' + kind)}({base.code}, {bare(u.sink(k))})", t.value)


def last_item(u: Unit, base: V, func: ast.Attribute, node: ast.Call) -> V:
    """`d.popitem()`"""
    t = base.t
    assert isinstance(t, Map)
    if t.key is None or t.value is None:
        raise Unknown("what a dict holds is not known")
    if not isinstance(t.key, (Num, Word, Tup)) or not isinstance(t.value, (Num, Word)):
        fail("what is taken out of a dict of such things", node)
    _begins(u, func.value, t, node)
    return V(f"{gaps.keyed(u, 'pop_last_' + containers.key_kind(t.key))}({base.code})", Tup((t.key, t.value)))


def first_key(u: Unit, node: ast.Call) -> V | None:
    """`next(iter(d))` of a dict that the kernel makes. None: something else."""
    if len(node.args) != 1 or node.keywords or not isinstance(call := node.args[0], ast.Call):
        return None
    if u.module.dotted(call.func) != "iter" or len(call.args) != 1 or call.keywords:
        return None
    d = u.expr(call.args[0])
    if not isinstance(d.t, Map) or d.t.keys_only or d.t.frozen:
        fail("next of this", node)
    if d.t.key is None:
        raise Unknown("what a dict holds is not known")
    if not isinstance(d.t.key, (Num, Word, Tup)):
        fail("next of this", node)
    return V(f"{u.helper('first_loose' if gaps.with_gaps(u, d.t) else 'first_key')}({d.code})", d.t.key)


def _other(u: Unit, value: Type, node: ast.Call) -> str:
    """The code of what `d.pop(k, other)` gives where there is no such key: of the type that the dict holds, unless
    nobody looks at it."""
    if u.effect is node and isinstance(node.args[1], ast.Constant):
        return containers.sample(u, value)
    v = u.single(u.expr(node.args[1]))
    alike = isinstance(v.t, Num) and isinstance(value, Num) and v.t.kind is not None and v.t.kinds == value.kinds
    if not alike and not (isinstance(v.t, Word) and v.t == value):
        fail("a dict's items and what stands for a missing one are of several types", node)
    return bare(u.sink(v))
