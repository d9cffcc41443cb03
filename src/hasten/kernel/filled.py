"""Lists of objects from outside that are empty at the door, and get objects which the kernel makes.

    station.queue.append(Job(i))

They come in as nothing but their number; that each is empty (and a list of its own) the door looks at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hasten.kernel import containers
from hasten.kernel.kinds import Column, Grow, settled

if TYPE_CHECKING:
    from hasten.kernel.attributes import Passed
    from hasten.kernel.compiler import Unit


def by_objects(t: Column) -> bool:
    """Do the lists of an attribute hold objects that the kernel makes?"""
    from hasten.kernel import building  # it builds on this module

    return t.anew and isinstance(t.held, Grow) and settled(t.held) and bool(building.made_in(t.held))


def params(x: str) -> list[str]:
    return [f"{x}_number"]


def made(u: Unit, t: Column, x: str) -> list[str]:
    """The lines at the beginning of the kernel that make the lists."""
    assert isinstance(t.held, Grow)
    lists = f"{x}_lists"
    return [
        f"{lists} = {u.helper('empty_list')}({containers.sample(u, t.held)})",
        f"for _ in range({x}_number):",
        f"    {lists}.append({containers.empty_list(u, t.held).code})",
        f"{x}_first = {lists}.copy()",
        f"{x} = ({lists}, np.zeros({x}_number, np.bool_))",
    ]


def taken(out: Passed, x: str) -> None:
    """How they get in: `x` names the list of them in the wrapper."""
    out.convert += [f"if not all(type(one) is list and not one for one in {x}):", "    return None"]
    out.args.append(f"len({x})")
    out.lists.append(f"*{x}")
