"""Objects looked for by which they are: `queue.remove(job)`, `job in self.waiting`, `queue.index(job)`, `a == b`.

Where no class says otherwise, two objects are equal when they are one, and an object is its place among those of its
class. A dataclass compares fields, and a class with `__eq__` asks that: neither is done here.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hasten.kernel import linked, optional
from hasten.kernel.kinds import Column, Nil, Obj, Opt, Slot, Tup, Type, Unknown
from hasten.kernel.values import V, bare, fail, impure

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit


def by_identity(u: Unit, t: Obj, node: ast.AST) -> None:
    """Raises `Refuse` unless objects of this type are equal only to themselves."""
    from hasten.kernel import names, objects  # they build on this module

    owners = objects.users(u, t)
    if not owners or not t.many:
        fail("equality of objects that are not known", node)
    for owner in owners:
        home = u.shared.home(owner.kind)
        for c in objects.family(home, owner.kind):
            if names.bound(c.body) & {"__eq__", "__ne__"}:
                fail(f"{owner.kind.name} has an equality of its own", node)
            if c.decorator_list and not off(c):
                fail(f"{owner.kind.name} is compared by its fields", node)
        owner.needed = True
        owner.methods.add("__eq__")  # nobody gives the class one later
    u.shared.identity = True


def off(kind: ast.ClassDef) -> bool:
    """Is a dataclass told to leave equality alone?"""
    said = [k for d in kind.decorator_list if isinstance(d, ast.Call) for k in d.keywords]
    return any(k.arg == "eq" and isinstance(k.value, ast.Constant) and k.value.value is False for k in said)


def one(u: Unit, item: Obj, node: ast.expr, at: ast.AST) -> V:
    """The object that is looked for among others. None among objects is never there: the kernel gives up."""
    from hasten.kernel import objects  # it builds on this module

    by_identity(u, item, at)
    v = objects.is_object(u, node) or u.expr(node)
    if isinstance(v.t, Opt):
        v = linked.there(u, v)
    if not isinstance(v.t, Obj) or v.t.path != item.path or not v.t.many:
        fail("an object looked for among objects of another kind", at)
    return V(bare(v.code), v.t)


def empty(slot: Type | None) -> bool:
    """Is it an attribute of objects from outside that was always None there?"""
    if not isinstance(slot, Column) or slot.grows or slot.depth or slot.held is not None:
        return False
    return slot.optional and not slot.kinds and not slot.word and not slot.link


def awaited(u: Unit, t: Obj, attr: str) -> None:
    """Raises `Unknown` where an attribute may turn out to hold objects that the kernel makes."""
    from hasten.kernel import building  # it builds on this module

    slot = u.shared.slots.get(f"{t.path}.{attr}")
    if t.many and (empty(slot) or isinstance(slot, Column) and building.blank(slot)):
        raise Unknown(f"what {t.path}.{attr} holds is not known")


def held_by(u: Unit, node: ast.expr) -> Type | None:
    """What the list or dict of an attribute holds objects in; None: no attribute, or of an object that is not known."""
    from hasten.kernel import objects  # it builds on this module

    if not isinstance(node, ast.Attribute) or impure(node):
        return None
    count = len(u.lines)
    base = objects.is_object(u, node.value)
    del u.lines[count:]  # only the type was wanted
    if base is None or not isinstance(base.t, Obj):
        return None
    slot = u.shared.slots.get(f"{base.t.path}.{node.attr}")
    return slot.held if isinstance(slot, Column) else slot.value if isinstance(slot, Slot) else slot


def elements(u: Unit, node: ast.Tuple) -> list[V]:
    """The elements of a tuple that goes into a container; objects among them may be None where that is known to be.

    `heappush(events, (time, count, None))`: what else stands there in such items tells what None stands for.
    """
    if node is not u.going_in:
        return [u.single(u.expr(e)) for e in node.elts]
    hint = u.hint.items if isinstance(u.hint, Tup) and len(u.hint.items) == len(node.elts) else ()
    u.hint, before = None, u.hint
    try:
        return [_element(u, e, hint[i] if hint else None) for i, e in enumerate(node.elts)]
    finally:
        u.hint = before


def _element(u: Unit, node: ast.expr, hint: Type | None) -> V:
    whose = hint.item if isinstance(hint, Opt) else hint
    if not isinstance(whose, Obj) and not (isinstance(node, ast.Constant) and node.value is None):
        return u.single(u.expr(node))
    v = u.raw(node)
    if isinstance(v.t, Nil) and not isinstance(whose, Obj):
        u.doubts.append("what None stands for in a tuple is not known")  # what else comes there will tell
        return V("(True, 0)", Opt(None))
    if isinstance(v.t, Nil) or isinstance(v.t, Obj) and isinstance(hint, Opt) and v.t == whose:
        v = V(optional.paired(u, v, Opt(whose)), Opt(whose))
    elif isinstance(v.t, Opt):
        v = V(optional.paired(u, v, v.t), v.t)
    return v
