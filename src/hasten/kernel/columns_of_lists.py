"""Lists that are attributes of many objects: `agent.trail.append(x)`, `policy.counts[arm] += 1`.

Where such a list only gets other numbers in its places, all of them lie one after another in an array, and each is a
slice of it. Where it grows, or an object gets another list, the kernel holds a list of lists, and beside it which of
the objects have got a new one: what was theirs is given back to the old list, as the program leaves it.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.core.facts import ValueFact
from hasten.kernel import containers, filled, views
from hasten.kernel.kinds import (
    Arr,
    Column,
    Grow,
    Knot,
    Lst,
    Map,
    Num,
    Refuse,
    Row,
    Tup,
    Type,
    Unknown,
    Word,
    join,
    loose,
    num,
    rooted,
    roots_of,
    settled,
)
from hasten.kernel.values import V, fail

if TYPE_CHECKING:
    from hasten.kernel.attributes import Passed
    from hasten.kernel.compiler import Unit


def item_of(facts: Sequence[ValueFact]) -> tuple[Type | None, bool]:
    """What lists hold, by what was recorded of them (None: nothing yet); and whether a kernel takes it."""
    from hasten.kernel.door import row_type  # it builds on this module
    from hasten.kernel.objects import NUMBERS

    items = [i for f in facts for i in f.items]
    kinds = {i.type for i in items}
    if not kinds:
        return None, True
    if len(kinds) != 1:
        return None, False
    (kind,) = kinds
    if kind in NUMBERS:
        return num(NUMBERS[kind]), True
    if kind == "builtins.str":
        return Word(), True
    rows = {row_type(i) for i in items} if kind == "builtins.tuple" else {None}
    row = rows.pop()
    return row, row is not None and not rows


def slot(name: str, facts: Sequence[ValueFact], stored: bool, grown: bool, node: ast.AST) -> Column:
    """How the lists are held. Raises `Refuse`."""
    if {f.type for f in facts} == {"collections.deque"} and not stored and not any(f.items for f in facts):
        return Column(frozenset(), held=Grow(None, queue=True), anew=True)
    if {f.type for f in facts} == {"builtins.dict"} and not stored and not any(f.items or f.max_len for f in facts):
        return Column(frozenset(), held=Map(None, None), anew=True)
    if {f.type for f in facts} != {"builtins.list"}:
        fail(f"{name} is neither a number nor a list of numbers or a string that stays", node)
    item, fits = item_of(facts)
    if not fits:
        fail(f"the lists {name} hold several kinds of things", node)
    if stored or grown or item is None:
        return Column(frozenset(), held=Grow(item), anew=True)
    held = Lst(item.kinds) if isinstance(item, Num) else Row(item)
    return Column(frozenset(), held=rooted(held, frozenset({name})))


def of_one(u: Unit, name: str, t: Column, at: str) -> V:
    """The list of the object at this place."""
    x = u.local(name)
    assert t.held is not None
    if isinstance(t.held, Knot):
        return V(f"{x}[{at}]", t.held)
    if not t.anew:
        code = views.element_of(u, t.held, x, at)
        return V(code, t.held, parts=(code, ()))
    code = f"{x}[0][{at}]"
    if isinstance(t.held, Map):
        return V(code, t.held, parts=(code, ()))
    assert isinstance(t.held, Grow)
    return V(code, replace(t.held, root=name), parts=(code, ()))


def assign(u: Unit, name: str, t: Column, at: str, target: ast.Attribute, value: ast.expr) -> None:
    """`policy.counts = [0] * n`: a list that nothing else knows."""
    from hasten.kernel import objects  # it builds on this module

    if not t.anew or not isinstance(t.held, Grow):
        fail(f"{name} is a list, and is assigned", target)
    before, u.hint = u.hint, t.held
    try:
        v = u.expr(value)
        v = containers.as_grow(u, v, value)
    finally:
        u.hint = before
    if not isinstance(v.t, Grow) or v.t.sink is not None or v.t.queue or isinstance(v.t, Arr):
        fail(f"{name} gets something else than a list", target)
    if not objects.fresh(u, value, v) or roots_of(v.t) and not isinstance(value, ast.Subscript):
        fail("a list that may have another name goes into an attribute", target)
    if not settled(v.t) and not settled(t.held):
        raise Unknown("what a list holds is not known")
    new = join(t.held, replace(v.t, root=None, item=None if v.t.item is None else loose(v.t.item)))
    assert isinstance(new, Grow)
    objects.learn(u, name, replace(t, held=loose(new)))
    u.shared.stored.add(name)
    x = u.local(name)
    u.emit(f"{x}[0][{at}] = {u.sink(v)}")
    u.emit(f"{x}[1][{at}] = True")


# ---------------------------------------------------------------------- the way in and out


def at_door(name: str, t: Column) -> Row:
    """The lists as they come in: a list of them."""
    held = t.held
    if not isinstance(held, Grow):
        assert isinstance(held, (Lst, Row))
        return Row(held)
    if isinstance(held.item, Num) and held.item.kind in views.KINDS:
        return Row(Lst(held.item.kinds))
    return Row(list_at_door(name, held))


def list_at_door(name: str, held: Grow) -> Row:
    """A list of strings or of tuples as it comes in."""
    item = held.item
    if isinstance(item, Word) and not item.kind:
        return Row(item)
    if isinstance(item, Tup) and 2 <= len(item.items) <= 6 and all(_plain(i) for i in item.items):
        return Row(item)
    raise Refuse(f"what the list {name} holds is not known")


def _plain(t: Type) -> bool:
    return isinstance(t, Word) and not t.kind or isinstance(t, Num) and t.kind in ("int", "float", "bool")


def params(name: str, t: Column, x: str) -> list[str]:
    if filled.by_objects(t):
        return filled.params(x)
    if isinstance(t.held, Knot):
        return [x]
    return views.arguments(at_door(name, t), x)


def made(u: Unit, name: str, t: Column, x: str) -> list[str]:
    """The lines at the beginning of the kernel that make what its functions see."""
    if filled.by_objects(t):
        return filled.made(u, t, x)
    if isinstance(t.held, Knot):
        return []
    door = at_door(name, t)
    view = views.made(u, door, x)
    if not t.anew:
        return [f"{x} = {view}"]
    number = f"{x}_places"
    one = views.element_of(u, door.item, f"{x}_all", number)
    if isinstance(t.held, Grow) and isinstance(t.held.item, Tup):
        one = f"[item for item in zip({', '.join(f'{one}[{i}]' for i in range(len(t.held.item.items)))})]"
    else:
        one = f"{u.helper('as_list')}({one})"
    # (of no lists at all Numba could not tell what they hold)
    assert t.held is not None
    return [
        f"{x}_all = {view}",
        f"{x}_lists = {u.helper('empty_list')}({containers.sample(u, t.held)})",
        f"for {number} in range({views.length(door, f'{x}_all')}):",
        f"    {x}_lists.append({one})",
        f"{x}_first = {x}_lists.copy()",
        f"{x} = ({x}_lists, np.zeros(len({x}_lists), np.bool_))",
    ]


def passed(u: Unit, name: str, t: Column, words: str) -> Passed:
    from hasten.kernel import attributes  # it builds on this module
    from hasten.kernel.door import value_code

    path, attr = name.rsplit("[].", 1)
    x = u.local(name)
    out = attributes.Passed()
    if isinstance(t.held, Knot):  # those of the objects are the first of all
        nodes = views.everyone(t.held)
        out.convert.append(f"{nodes} = {attributes.taken_of(u, f'{path}[]', attr, t)}")
        out.convert.append(f"new_{x} = np.arange(len({nodes}))")
        out.args.append(f"new_{x}")
        return out
    out.convert.append(f"{x} = {attributes.taken_of(u, f'{path}[]', attr, t)}")
    if filled.by_objects(t):
        filled.taken(t, out, x)
    else:
        door = at_door(name, t)
        lines, seen = views.taken(u.shared.helper, door, x, words)
        out.convert += lines
        out.args += [f"new_{a}" for a in views.arguments(door, x)]
        out.lists += [f"*{x}"] if any(s == f"*{x}" for s in seen) else []
    if not t.anew:
        if name in u.mutated:
            line, looked = views.put_back(u.shared.helper, door, x)
            out.back.append(line)
            out.nan_checks += [looked] if looked else []
        return out
    if isinstance(t.held, Map):
        return filled.dicts(u, t.held, out, x)
    assert isinstance(t.held, Grow)
    if filled.by_objects(t):
        pass  # nothing comes in
    elif isinstance(t.held.item, Num) and t.held.item.kind in ("float", "np.float64"):
        # a NaN keeps its identity only in the original
        out.convert += [f"if np.isnan(new_{x}_items_items).any():", "    return None"]
    elif isinstance(t.held.item, Tup):
        for i, item in enumerate(t.held.item.items):
            if isinstance(item, Num) and item.kind == "float":
                out.convert += [f"if np.isnan(new_{x}_items_items_{i}).any():", "    return None"]
    one = value_code(Grow(t.held.item), "row")
    out.raw.append(f"{x}_first")
    out.got.append(f"first_{x}")
    values = f"first_{x}" if one == "row" else f"[{one} for row in first_{x}]"
    out.back += filled.back(u.shared, t, x, values)
    if name in u.shared.stored:
        out.raw += [f"{x}[0]", f"{x}[1]"]
        out.got += [f"last_{x}", f"{x}_is_new"]
        everyone = u.local(path)
        out.back.append(
            f"{u.helper('set_attributes')}([x for x, new in zip({everyone}, {x}_is_new) if new], "
            f'"{attr}", [{one} for row, new in zip(last_{x}, {x}_is_new) if new])'
        )
    return out
