"""Where the classes of a kernel's objects are defined: in its own file, or in another one of the project.

A recorded object tells the module of its class. Methods are compiled as the class's own file understands them; the
guard compares with the class that this module holds when the kernel is called, by the name that the kernel's file has
for it, else through `sys.modules`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hasten.core.facts import ValueFact
from hasten.core.source import SourceFile
from hasten.kernel import constants, elsewhere
from hasten.kernel.program import Module

if TYPE_CHECKING:
    from hasten.kernel.compiler import Shared

DEEP = 12  # objects within objects


def module_of(shared: Shared, called: str) -> Module | None:
    """The file that defines what a run knows as a class of module `called`: this one where nothing else is known."""
    if shared.project is None or not shared.project.files:
        return shared.module
    if called not in shared.homes:
        source = shared.project.at(called)
        own = source is None or source.path == shared.module.source.path
        shared.homes[called] = shared.module if own or source is None else _other(shared, source, called)
    return shared.homes[called]


def _other(shared: Shared, source: SourceFile, called: str) -> Module | None:
    place = f'sys.modules.get("{called}", sys).__dict__'
    module = elsewhere.usable(source, place)
    if module is None or shared.project is None:
        return None
    others = tuple(m for s in shared.project.files if s.path != source.path and (m := constants.file_of(s)) is not None)
    return module.elsewhere(place, called, others)


def home(shared: Shared, kind: ast.ClassDef) -> Module:
    """The file that a class is defined in."""
    for module in shared.homes.values():
        if module is not None and module is not shared.module and any(node is kind for node in module.tree.body):
            return module
    return shared.module


def modules(shared: Shared) -> tuple[Module, ...]:
    """The files whose code the kernel may run: its own, and, where objects come in, all that may be imported."""
    project = shared.project
    if project is None or not project.files or not any(map(_of_user, shared.seen.values())):
        return (shared.module,)
    own = shared.module.source.path
    others = tuple(m for s in project.files if s.path != own and (m := constants.file_of(s)) is not None)
    known = {m.source.path: m for m in shared.homes.values() if m is not None}
    return (shared.module, *(known.get(m.source.path, m) for m in others))


def _of_user(facts: Sequence[ValueFact]) -> bool:
    """Is an object with attributes among what was seen?"""
    return any(note.startswith("attribute=") for fact in _all(facts, 0) for note in fact.note)


def _all(facts: Sequence[ValueFact], depth: int) -> Iterator[ValueFact]:
    for fact in facts:
        yield fact
        if depth < DEEP:
            yield from _all(fact.items, depth + 1)


def named(shared: Shared, kind: ast.ClassDef) -> str:
    """The code of a class at the door."""
    module = home(shared, kind)
    if module is shared.module:
        return kind.name
    own = shared.module
    if not own.star_import:
        for s in own.tree.body:
            if isinstance(s, ast.ImportFrom) and not s.level and s.module == module.called:
                for a in s.names:
                    if a.name == kind.name and own.bindings.get(a.asname or a.name, 0) == 1:
                        return a.asname or a.name
    return f'{module.place}.get("{kind.name}")'
