"""Lists of objects that change: `self.particles = out`, `self.centroids[i] = Point(x, y)`, `self.done.append(job)`.

What comes in and what the kernel makes are held side by side: the lists of attributes of a class (`building`) begin
with those of the objects from outside, each once, and a list of objects is a list of their places. So an object that
goes from one list to another stays the very one.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hasten.kernel.kinds import EXACT_FLOAT, Column, Grow, Obj, Pooled, Refuse, Slot
from hasten.kernel.values import PY_TYPE, fail

if TYPE_CHECKING:
    from hasten.kernel.attributes import Passed
    from hasten.kernel.compiler import Shared, Unit

DTYPES = {"int": "np.int64", "float": "np.float64", "bool": "np.bool_"}


def wanted(unit: Unit, path: str, reason: str, node: ast.AST) -> None:
    """Refuses a list of objects that changes; it is tried once more with such lists held as lists of places."""
    line = getattr(node, "lineno", None)
    raise Pooled(path, f"line {line}: {reason}" if line else reason)


def slot(unit: Unit, name: str, rebinds: bool, node: ast.AST) -> Slot:
    """How an attribute is held that is a list of objects which changes. Raises `Refuse`."""
    from hasten.kernel import building, objects  # they build on this module

    shared = unit.shared
    facts = objects.facts_of(shared.seen, name + "[]")
    kind = objects.class_of(shared, facts)
    if kind is None or shared.home(kind) is not shared.module:
        fail(f"{name} is a list of objects that changes", node)
    path = building.path_of(shared, kind.name)
    if path != f"@made_{kind.name}[]":
        fail(f"{name} is a list of objects of several classes that changes", node)
    if path not in shared.plans:
        building.register(unit, path, node)
    (plan,) = shared.plans[path]
    for attr in plan.attributes:
        begin(shared, f"{path}.{attr}", objects.facts_of(shared.seen, f"{name}[].{attr}"), node)
    sources = shared.outside.setdefault(path, [])
    if name not in sources:
        sources.append(name)
        shared.version += 1
    return Slot(Grow(Obj(path, many=True)), rebinds)


def begin(shared: Shared, name: str, facts: tuple[object, ...], node: ast.AST) -> None:
    """Notes what an attribute of the objects from outside holds."""
    from hasten.kernel.objects import NUMBERS

    types = {f.type for f in facts}  # type: ignore[attr-defined]
    optional = "builtins.NoneType" in types
    types -= {"builtins.NoneType"}
    kinds = frozenset(NUMBERS[t] for t in types if t in NUMBERS)
    if (types or optional) and len(kinds) == len(types) and kinds <= set(DTYPES):
        made = Column(kinds, optional, grows=True)
    elif types == {"builtins.str"} and not optional:
        made = Column(frozenset(), word=True, grows=True)
    else:
        fail(f"{name.removeprefix('@made_')} is no number or string of objects that come in", node)
    known = shared.slots.get(name)
    if isinstance(known, Column):
        if known.link or known.held is not None or known.word != made.word and (known.kinds or known.word):
            fail(f"{name.removeprefix('@made_')} holds several kinds of things", node)
        kinds = known.kinds | made.kinds
        made = Column(kinds, known.optional or made.optional, word=made.word, grows=True)
    if made != known:
        shared.slots[name] = made
        shared.version += 1


def given(unit: Unit, path: str) -> bool:
    """Are there objects from outside among those of a class that the kernel makes?"""
    return bool(unit.shared.outside.get(path))


# ---------------------------------------------------------------------- the way in and out


def entry(unit: Unit, path: str) -> list[str]:
    """The lines that gather all objects of a class from the lists that they come in with."""
    from hasten.kernel.compiler import local

    everyone = local(path.removesuffix("[]"))
    lists = ", ".join(local(name) for name in unit.shared.outside[path])
    return [
        f"{everyone} = {unit.shared.helper('gathered_objects')}([{lists}])",
        f"if {everyone} is None:",
        "    return None",
    ]


def passed(unit: Unit, name: str, t: Column, words: str) -> Passed:
    """How one attribute of all of them gets into the kernel; how it gets back, `building` knows."""
    from hasten.kernel import attributes  # it builds on this module
    from hasten.kernel.compiler import local

    path, attr = name.rsplit(".", 1)
    x, everyone = local(name), local(path.removesuffix("[]"))
    taken = f"[x.{attr} for x in {everyone}]"
    out = attributes.Passed()
    if t.link or t.held is not None or t.kind:
        raise Refuse(f"{attr} of objects that come in holds something else than numbers and strings")
    if t.word:
        code = f"{unit.helper('word_numbers')}({taken}, {words})"
        out.args.append(f"new_{x}")
    elif t.tagged and not t.kinds:
        nothing = f"np.float64, {-EXACT_FLOAT}, {EXACT_FLOAT}"
        code = f"{unit.helper('number_cells')}({taken}, {{type(None): -1}}, {nothing})"
        out.args.append(f"*new_{x}")
    elif t.tagged:
        code = attributes.cells(unit, name, t, taken)
        out.args.append(f"*new_{x}")
    else:
        (kind,) = t.kinds
        if kind not in DTYPES:
            raise Refuse(f"{attr} of objects that come in is {kind}")
        code = f"{unit.helper('typed_items')}({taken}, {PY_TYPE.get(kind, kind)}, {DTYPES[kind]})"
        out.args.append(f"new_{x}")
    out.convert += [f"new_{x} = {code}", f"if new_{x} is None:", "    return None"]
    return out


def params(t: Column, x: str) -> list[str]:
    return [f"{x}_value", f"{x}_kind"] if t.tagged else [f"{x}_given"]


def made(unit: Unit, t: Column, x: str) -> list[str]:
    """The lines that make the lists of an attribute of what came in."""
    if not t.tagged and not t.word and len(t.kinds) != 1:
        raise Refuse(f"what {x} holds is not known")
    listed = ", ".join(f"{unit.helper('as_list')}({p})" for p in params(t, x))
    return [f"{x} = ({listed})" if t.tagged else f"{x} = {listed}"]


def kept(unit: Unit, path: str, columns: dict[str, object]) -> list[str]:
    """The lines that make the new objects, behind those that came in; none where none can have been made."""
    from hasten.kernel import homes  # it builds on this module
    from hasten.kernel.compiler import local

    (plan,) = unit.shared.plans[path]
    everyone = local(path.removesuffix("[]"))
    t = columns[plan.attributes[-1]]
    if not isinstance(t, Column):
        return []
    last = f"last_{local(f'{path}.{plan.attributes[-1]}')}" + ("_kinds" if t.tagged else "")
    kind = homes.named(unit.shared, plan.kind)
    return [f"{everyone} += [object.__new__({kind}) for _ in {last}[len({everyone}) :]]"]
