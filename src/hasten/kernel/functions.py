"""Functions as values: `payoff(path)` where `payoff` came in as an argument.

At the door such a value becomes its place among the functions of the file that were recorded under its name; anything
else, a function of another name or a callable object, is not let in. A call then goes to whichever it is.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hasten.core.facts import ValueFact
from hasten.kernel.kinds import Fun, Num, Obj, container, invariant, join
from hasten.kernel.program import Module
from hasten.kernel.values import V, bare, fail

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

MOST = 4  # each is compiled for each place where it may be called
TYPES = frozenset(f"builtins.{n}" for n in ("int", "float", "bool"))  # called as a conversion: `self.dtype(x)`


def from_facts(module: Module, facts: Sequence[ValueFact]) -> Fun | None:
    """The functions that a recorded name stood for, if all are plain functions of this file's top level."""
    if not facts or any(f.type not in ("builtins.function", "builtins.type") for f in facts):
        return None
    labels = {note.removeprefix("is=") for f in facts for note in f.note if note.startswith("is=")}
    if all(f.type == "builtins.type" for f in facts):
        types = tuple(sorted(label.removeprefix("builtins.") for label in labels))
        free = not any(module.bindings.get(t) for t in types) and not module.star_import
        return Fun(types) if labels and labels <= TYPES and free else None
    if any(f.type == "builtins.type" for f in facts):
        return None
    names = tuple(sorted(label.rpartition(".")[2] for label in labels))
    # two functions of one name, or one that is not of this file, fail the identity test of the door
    if not 0 < len(names) <= MOST or len(set(names)) < len(names):
        return None
    return Fun(names) if all(module.function(n) is not None for n in names) else None


def named(unit: Unit, node: ast.Name) -> V | None:
    """A function of the file that is handed on by its name."""
    if node.id in unit.env or node.id in unit.bound or node.id in unit.shadow or unit.module.place:
        return None
    return V("0", Fun((node.id,)), leaf=True) if unit.module.function(node.id) is not None else None


def among(v: V, t: Fun) -> str:
    """The code of a function's place among more of them."""
    assert isinstance(v.t, Fun)
    if len(t.names) > MOST:
        fail("so many functions in turn")
    places = [str(t.names.index(name)) for name in v.t.names]
    return places[0] if len(places) == 1 else f"({', '.join(places)})[{v.code}]"


def attribute(unit: Unit, node: ast.Attribute) -> V | None:
    """The function that an attribute of an object from outside holds (`self.dtype`); None for anything else."""
    from hasten.kernel import objects, reach  # they build on this module

    obj = objects.is_object(unit, node.value)
    if obj is None or not isinstance(obj.t, Obj) or obj.t.many or unit.lookup is None:
        return None
    name = f"{obj.t.path}.{node.attr}"
    if not isinstance(unit.lookup(name), Fun):
        return None
    if node.attr in reach.of(unit.shared).stored:
        fail(f"{name} is assigned", node)
    used = unit.shared.objects.get(obj.t.path)
    if used is not None:
        used.attributes.add(node.attr)
    return unit.seen(name, node)


def call(unit: Unit, v: V, node: ast.Call) -> V:
    """A call of whichever function it is. Raises `Refuse` when their results are of several types."""
    assert isinstance(v.t, Fun)
    results = []
    for name in v.t.names:
        func = unit.shared.module.function(name)
        count = len(unit.lines)
        if func is None:
            results.append(unit.known_call(name, node))
        else:
            results.append(unit.user_call(func, node, module=unit.shared.module))
        if len(v.t.names) > 1 and len(unit.lines) != count:
            fail("arguments that take several steps", node)
    made = results[0]
    for number, other in enumerate(results[1:], 1):
        a, b = made.t, other.t
        same = a.kinds == b.kinds if isinstance(a, Num) and isinstance(b, Num) else invariant(a) == invariant(b)
        if not same:
            fail(f"{' and '.join(v.t.names)} give several types", node)
        if container(a):
            unit.entangled = True
        code = f"({bare(other.code)} if {v.code} == {number} else {bare(made.code)})"
        made = V(code, join(a, b))
    return made
