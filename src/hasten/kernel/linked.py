"""Objects that lead to others: the nodes of a tree, of a linked list, the customer of each order.

    node = self.root
    while node.left is not None:
        node = node.left if x[node.feature] <= node.threshold else node.right

All objects that the first ones lead to, by the attributes that the kernel follows, are gone over at the door; a kernel
holds each as its place among them, and an attribute that leads to another as a column of places (-1 for None). So two
names of one object stay two names of one, and what is given back is the very object.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.core.facts import ValueFact
from hasten.kernel import homes, kindred, reach
from hasten.kernel.kinds import SIZE, Cell, Column, Nil, Obj, Opt, Pool, Refuse, Type, Unknown, Word
from hasten.kernel.values import V, bare, fail
from hasten.observe.describe import LINKED

if TYPE_CHECKING:
    from hasten.kernel.compiler import Shared, Unit

NONE = "builtins.NoneType"


# ---------------------------------------------------------------------- what was recorded


def everyone(facts: Sequence[ValueFact]) -> tuple[ValueFact, ...]:
    """What was recorded of these objects (None left out) and of all of their kind that they lead to."""
    some = [f for f in facts if f.type != NONE]
    if not some or not all(map(_of_program, some)):
        return ()
    stars = [i for f in some for i in f.items if LINKED in i.note]
    kinds = {f.type for f in some}
    while True:  # what one attribute holds in turn is of one kind
        found = set(kinds)
        for star in stars:
            if star.type in kinds:
                for held in _by_attribute(star).values():
                    found |= held if held & kinds else set()
        if found == kinds:
            known = [f for f in some if f.items or f.complete]
            return (*known, *(s for s in stars if s.type in kinds)) or tuple(some)
        kinds = found


def _of_program(fact: ValueFact) -> bool:
    """Is it about an object of a class that the program may define?"""
    if fact.type.startswith(("numpy.", "pandas.", "collections.", "random.")):
        return False
    name = fact.type.removeprefix("builtins.")
    return name == fact.type or not (hasattr(builtins, name) or name in ("function", "method", "module", "NoneType"))


def _by_attribute(fact: ValueFact) -> dict[str, set[str]]:
    """The types that each attribute holds, None left out."""
    found: dict[str, set[str]] = {}
    for item in fact.items:
        for note in item.note:
            if note.startswith("attribute=") and note != LINKED and item.type != NONE:
                found.setdefault(note.removeprefix("attribute="), set()).add(item.type)
    return found


def leads_on(facts: Sequence[ValueFact]) -> frozenset[str]:
    """The attributes by which objects lead to others of their kind."""
    kinds = {f.type for f in facts}
    return frozenset(a for f in facts for a, held in _by_attribute(f).items() if held & kinds)


# ---------------------------------------------------------------------- the objects at a path


def at(shared: Shared, path: str, many: bool = False) -> Type | None:
    """How the object (or None) at a path is held where it is one of several that hang together: by its place.

    None: it is not held like that. `many`: the path is that of an attribute of many objects.
    """
    from hasten.kernel import objects  # it builds on this module

    pool = path + "[]"
    if pool not in shared.linked:
        here = objects.facts_of(shared.seen, path)
        some = [f for f in here if f.type != NONE]
        facts = everyone(here)
        if not facts or any(f.type == "builtins.list" for f in here):
            return None
        kind = objects.class_of(shared, facts)
        kinds = () if kind is not None else kindred.classes(shared, facts)
        if kind is None and not kinds:
            return None
        optional = len(some) < len(here)
        if not many and not optional and kind is not None:
            seen = reach.of(shared).by(shared.home(kind), kind)
            if not leads_on(facts) & (seen.read | seen.stored):
                return None  # one object, and the code does not go further
        if kind is not None:
            shared.objects[pool] = objects.Used(kind, needed=True)
        else:
            kindred.listed(shared, pool, kinds)
        shared.linked[pool] = optional
    t = Obj(pool, many=True)
    return Opt(t) if shared.linked[pool] else t


def pool(shared: Shared, path: str) -> Pool:
    """All objects at a path."""
    return Pool(path, tuple(k.name for k in shared.unions.get(path, ())))


def first(unit: Unit, t: Type) -> V:
    """The object that is at a path at the door: the first of all; where there is none, it is None."""
    from hasten.kernel import objects  # it builds on this module

    found = t.item if isinstance(t, Opt) else t
    assert isinstance(found, Obj)
    if not isinstance(t, Opt):
        return V("0", found)
    size = objects.length(unit, objects.pool(unit, pool(unit.shared, found.path))).code
    pair = (f"({size} == 0)", "0")
    return V(f"({', '.join(pair)})", t, pair=pair)


# ---------------------------------------------------------------------- attributes that hold objects


def slot(unit: Unit, obj: V, attr: str) -> Column | None:
    """The column of places of an attribute that holds objects of the program; None for any other."""
    from hasten.kernel import objects  # it builds on this module

    t, shared = obj.t, unit.shared
    if not isinstance(t, Obj) or not t.many or not objects.users(unit, t):
        return None
    name = f"{t.path}.{attr}"
    known = shared.slots.get(name)
    if known is not None:
        return known if isinstance(known, Column) and known.link else None
    facts = objects.facts_of(shared.seen, name)
    if not everyone(facts):
        return None
    own = {f.type for f in objects.facts_of(shared.seen, t.path)}
    optional = any(f.type == NONE for f in facts)
    target = t.path
    if not {f.type for f in facts} & own:
        held = at(shared, name, many=True)
        if held is None:
            return None
        target = f"{name}[]"
    elif t.path not in shared.linked and t.path not in shared.chained:
        shared.chained.add(t.path)
        shared.version += 1
    for each in objects.users(unit, t):
        each.attributes.add(attr)
        each.needed = True
    made = shared.slots[name] = Column(frozenset(), optional, link=target)
    return made


def attribute(unit: Unit, obj: V, attr: str) -> V | None:
    """The object that an attribute holds; None where it holds something else."""
    found = slot(unit, obj, attr)
    if found is None or not isinstance(obj.t, Obj):
        return None
    name = f"{obj.t.path}.{attr}"
    unit.extra[name] = unit.env[name] = found
    return held(found, f"{unit.local(name)}[{bare(obj.code)}]")


def cell(unit: Unit, obj: V, attr: str) -> V | None:
    """The object that the kernel makes, and has put into an attribute of an object from outside; None: another."""
    assert isinstance(obj.t, Obj)
    name = f"{obj.t.path}.{attr}"
    found = unit.shared.slots.get(name)
    if obj.t.many or not isinstance(found, Cell) or not found.link:
        return None
    unit.extra[name] = unit.env[name] = found
    return held(found, f"{unit.local(name)}[0]")


def held(found: Cell | Column, code: str) -> V:
    """The object whose place this is the code of."""
    t = Obj(found.link, many=True)
    if not found.optional:
        return V(code, t)
    pair = (f"({code} < 0)", code)
    return V(f"({', '.join(pair)})", Opt(t), pair=pair)


def size_of(x: str) -> str:
    """The wrapper's name for the length of a list."""
    return f"size_of_{x}"


def size(unit: Unit, path: str) -> V:
    """How many objects a list holds, which lead to others."""
    x = size_of(unit.local(path.removesuffix("[]")))
    unit.shared.elsewhere[f"@{x}"] = x
    unit.extra.setdefault(f"@{x}", SIZE)
    unit.env.setdefault(f"@{x}", SIZE)
    return unit.seen(f"@{x}", ast.Pass())


def there(unit: Unit, v: V) -> V:
    """The object, where it is not None: the program raises where it is."""
    if not isinstance(v.t, Opt):
        return v
    if v.t.item is None:
        raise Unknown("always None")
    if v.pair is None:
        return V(f"{unit.helper('held_pair')}({v.code})", v.t.item)
    if v.pair[0] == f"({v.pair[1]} < 0)":
        return V(f"{unit.helper('held_place')}({bare(v.pair[1])})", v.t.item)
    return V(f"{unit.helper('held')}({v.pair[1]}, {v.pair[0]})", v.t.item)


def put(unit: Unit, name: str, held: Cell | Column, v: V, at_: str, node: ast.AST) -> None:
    """`node.left = other`, or a string or None where such objects are made here."""
    from hasten.kernel import objects  # it builds on this module

    shared = unit.shared
    shared.stored.add(name)
    t = v.t.item if isinstance(v.t, Opt) else v.t
    if t is not None and not isinstance(t, Nil):
        fits = t == Word(held.kind) if held.word else isinstance(t, Obj) and t.many and t.path == held.link
        if not fits:
            fail(f"{name} gets something else than objects of its kind", node)
    if isinstance(v.t, (Opt, Nil)):
        objects.learn(unit, name, replace(held, optional=True))
    else:
        unit.extra[name] = unit.env[name] = held
    x = unit.local(name)
    if isinstance(v.t, Nil):
        unit.emit(f"{x}[{at_}] = -1")
    elif isinstance(v.t, Opt):
        code = f"{unit.helper('place_or_none')}({v.code})" if v.pair is None else f"-1 if {v.pair[0]} else {v.pair[1]}"
        unit.emit(f"{x}[{at_}] = {code}")
    else:
        unit.emit(f"{x}[{at_}] = {bare(v.code)}")


# ---------------------------------------------------------------------- the way in


def entry(unit: Unit, path: str, types: Mapping[str, Type]) -> list[str]:
    """The lines that find all objects at a path, from the first ones; the wrapper's name for these becomes theirs."""
    shared, x = unit.shared, unit.local(path.removesuffix("[]"))
    kinds = shared.unions.get(path) or (shared.objects[path].kind,)
    links = {
        n.removeprefix(f"{path}.")
        for n, t in types.items()
        if isinstance(t, Column) and t.link == path and n.startswith(f"{path}.")
    }
    codes = []
    for kind in kinds:
        own = [a for a in sorted(links) if len(kinds) == 1 or kind.name in kindred.owners(unit, path, a)]
        words = "(" + "".join(f'"{a}", ' for a in own).rstrip(" ") + ")"
        codes.append(f"{homes.named(shared, kind)}: {words}")
    if path in shared.chained:
        if size_of(x) in shared.module.identifiers:
            raise Refuse(f"the name {size_of(x)} is taken")
        lines = [f"if type({x}) is not list or not {shared.helper('distinct_objects')}({x}):", "    return None"]
        lines += [f"{size_of(x)} = len({x})", f"{x} = {shared.helper('linked_objects')}({x}, {{{', '.join(codes)}}})"]
        return [*lines, f"if {x} is None:", "    return None"]
    base, _, attr = path.removesuffix("[]").rpartition(".")
    first_ones = f"[{x}]"
    if base.endswith("[]"):
        from hasten.kernel import attributes  # it builds on what builds on this module

        some = attributes.taken_of(unit, base, attr, Column(frozenset(), True, link=path))
        first_ones = some.replace(" else x for x in ", " else None for x in ")
    lines = [f"{x} = {shared.helper('linked_objects')}({first_ones}, {{{', '.join(codes)}}})"]
    return [*lines, f"if {x} is None:", "    return None"]
