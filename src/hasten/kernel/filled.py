"""Lists, deques and dicts of objects from outside that are empty at the door, and get what the kernel makes.

    station.queue.append(Job(i))

They come in as nothing but their number; that each is empty (and a list of its own) the door looks at. A deque is held
as a list, where it has no greatest length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hasten.kernel import containers, gaps, mixed, tables, views
from hasten.kernel.kinds import Column, Grow, Map, Num, Refuse, Slot, Tup, Type, container, scalar, settled

if TYPE_CHECKING:
    from hasten.kernel.attributes import Passed
    from hasten.kernel.compiler import Shared, Unit


def by_objects(t: Column) -> bool:
    """Do the lists of an attribute hold objects that the kernel makes, or are they deques?"""
    from hasten.kernel import building  # it builds on this module

    if isinstance(t.held, Map):
        return t.anew
    if not t.anew or not isinstance(t.held, Grow) or not settled(t.held):
        return False
    return t.held.queue or bool(building.made_in(t.held))


def fits(slot: Type | None, v: Type) -> bool:
    """May a deque get such a thing? One that was not empty holds numbers."""
    if isinstance(v, Num):
        return v.kind is not None
    if isinstance(slot, Slot) and not slot.empty:
        return False
    if isinstance(v, Tup):
        return all(scalar(i) and not (isinstance(i, Num) and i.kind is None) for i in v.items)
    return scalar(v)


def params(x: str) -> list[str]:
    return [f"{x}_number"]


def made(u: Unit, t: Column, x: str) -> list[str]:
    """The lines at the beginning of the kernel that make the lists."""
    if t.held is None or not settled(t.held):
        raise Refuse(f"what {x} holds is not known")
    lists = f"{x}_lists"
    one = containers.empty_map(u, t.held) if isinstance(t.held, Map) else containers.sample(u, t.held)
    return [
        f"{lists} = {u.helper('empty_list')}({containers.sample(u, t.held)})",
        f"for _ in range({x}_number):",
        f"    {lists}.append({one})",
        f"{x}_first = {lists}.copy()",
        f"{x} = ({lists}, np.zeros({x}_number, np.bool_))",
    ]


def taken(t: Column, out: Passed, x: str) -> None:
    """How they get in: `x` names the list of them in the wrapper."""
    kind = "type(one) is dict" if isinstance(t.held, Map) else "type(one) is list"
    if isinstance(t.held, Grow) and t.held.queue:
        kind = "repr(type(one)) == \"<class 'collections.deque'>\" and one.maxlen is None"
    out.convert += [f"if not all({kind} and not one for one in {x}):", "    return None"]
    out.args.append(f"len({x})")
    out.lists.append(f"*{x}")


def dicts(u: Unit, t: Map, out: Passed, x: str) -> Passed:
    """How dicts that were empty get what they hold in the end."""
    from hasten.kernel.door import value_code  # it builds on this module

    if t.keys_only or t.default or container(t.value) or made_with_none(t.value):
        raise Refuse(f"what the dicts {x} hold")
    out.raw.append(views.leaving(t, f"{x}_first", settled=gaps.settled_by(u, t)))
    out.got.append(f"first_{x}")
    looked = tables.nan_within(t, f"first_{x}")
    out.nan_checks += [looked] if looked else []
    lines = mixed.back(u.shared, x, f"[{value_code(t, 'row')} for row in first_{x}]", 2)
    one, _, new = lines[-1].partition("[:] = ")
    out.back += [*lines[:-1], f"{one}.update({new})"]
    return out


def made_with_none(t: Type | None) -> bool:
    """Is it a value that may be None, or a number of several types?"""
    return not (scalar(t) or isinstance(t, Tup)) or isinstance(t, Num) and t.kind is None


def back(shared: Shared, t: Column, x: str, values: str) -> list[str]:
    """The lines that give each list or deque what it holds in the end."""
    lines = mixed.back(shared, x, values, 2)
    if isinstance(t.held, Grow) and t.held.queue:
        one, _, new = lines[-1].partition("[:] = ")
        lines[-1:] = [f"{one}.clear()", f"{one}.extend({new})"]
    return lines
