"""Random streams that all objects of a list have in common: `for fox in foxes: fox.hunt(rabbits)`, by `self.rng`.

A kernel holds a stream once. That every object of the list has the very same one is seen at the door.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from hasten.core.facts import ValueFact
from hasten.kernel.kinds import Obj, Stream, Type
from hasten.kernel.values import fail

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit


def slot(unit: Unit, obj: Obj, name: str, facts: Sequence[ValueFact], stored: bool, node: ast.AST) -> Stream | None:
    """The stream behind an attribute of the objects of a list; None where it is something else. Raises `Refuse`."""
    from hasten.kernel.door import STREAMS  # it builds on this module

    kinds = {STREAMS.get(f.type) for f in facts}
    if not obj.many or len(kinds) != 1 or None in kinds:
        return None
    shared = unit.shared
    everyone = name.rpartition(".")[0]
    if stored:
        fail(f"{name} is a random stream, and is assigned", node)
    if not everyone.endswith("[]") or "[]" in everyone[:-2] or everyone.startswith("@") or ":" in everyone:
        fail(f"{name} is a random stream of objects that are not all at hand", node)
    known = shared.unions.get(everyone) or shared.pooled or shared.together
    if known or everyone in shared.linked or everyone in shared.chained:
        fail(f"{name} is a random stream of objects of several classes", node)
    (kind,) = kinds
    assert kind is not None
    return Stream(kind, name)


def entry(types: Iterable[tuple[str, Type]], path: str, local: str, named: Sequence[str]) -> list[str]:
    """The lines that find the stream of the objects of a list (`local` is its name at the door), once it is
    known that these attributes are the objects' own. Where they have several, or are none, nothing is done."""
    lines: list[str] = []
    for (name, t), x in zip(types, named, strict=True):
        if isinstance(t, Stream) and name.rpartition(".")[0] == path:
            attr = name.rpartition(".")[2]
            lines += [f"{x} = {local}[0].{attr} if {local} else None"]
            lines += [f"if any(one.{attr} is not {x} for one in {local}):", "    return None"]
    return lines
