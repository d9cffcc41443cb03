"""The part of a helper's text that a program needs.

Stand-ins (`emitted_rows`) answer what they know and ask the real frame for the rest, so each of their methods may be
left out where nothing calls it. What stays: what the edits name, what that refers to, all operators, and methods that
the file calls by name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

Definition = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class _Unit:
    """A function, a method, or what a class has beside its methods: its lines (the first one, the one behind the last),
    the names and the attributes in it."""

    name: str
    owner: str  # the class of a method
    lines: tuple[int, int]
    names: frozenset[str]
    attributes: frozenset[str]
    methods: tuple[_Unit, ...] = field(default=())


def trimmed(text: str, wanted: Iterable[str], asked: Iterable[str], alone: bool = False) -> str:
    """`text` without what neither the definitions in `wanted`, nor methods of the names `asked`, need; only the
    definitions themselves if `alone`."""
    wanted = frozenset(wanted)
    units = tuple(u for u in _units(text) if u.name in wanted) if alone else _units(text)
    names, attributes = set(wanted), set(asked)
    kept: set[_Unit] = set()
    grown = True
    while grown:
        grown = False
        for unit in units:
            if unit.name not in names:
                continue
            for part in (unit, *(m for m in unit.methods if _stays(m.name, attributes))):
                if part not in kept:
                    kept.add(part)
                    names |= part.names
                    attributes |= part.attributes
                    grown = True
    lines = text.splitlines(keepends=True)
    gone = {n for unit in _units(text) for n in _gone(unit, kept, lines)}
    return "".join(line for n, line in enumerate(lines) if n not in gone).strip("\n") + "\n"


def _stays(name: str, attributes: set[str]) -> bool:
    return name.startswith("__") and name.endswith("__") or name in attributes


def _gone(unit: _Unit, kept: set[_Unit], lines: list[str]) -> Iterator[int]:
    """Numbers of the lines to leave out, with the empty ones before them."""
    for part in (unit,) if unit not in kept else (m for m in unit.methods if m not in kept):
        first, end = part.lines
        while first and not lines[first - 1].strip():
            first -= 1
        yield from range(first, end)


@lru_cache(maxsize=8)
def _units(text: str) -> tuple[_Unit, ...]:
    return tuple(_unit(n, "") for n in ast.parse(text).body if isinstance(n, Definition))


def _unit(node: Definition, owner: str) -> _Unit:
    methods = tuple(_members(node)) if isinstance(node, ast.ClassDef) else ()
    apart = {n for m in (node.body if methods else ()) if _member(m) is not None for n in ast.walk(m)}
    return _of(node.name, owner, node, [n for n in ast.walk(node) if n not in apart], methods)


def _of(name: str, owner: str, node: ast.stmt, inside: Iterable[ast.AST], methods: tuple[_Unit, ...] = ()) -> _Unit:
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    names = {n.id for n in inside if isinstance(n, ast.Name)}
    attributes = {n.attr for n in inside if isinstance(n, ast.Attribute)}
    lines = first - 1, node.end_lineno or node.lineno
    return _Unit(name, owner, lines, frozenset(names), frozenset(attributes | ({*names} if owner else set())), methods)


def _members(cls: ast.ClassDef) -> Iterator[_Unit]:
    for n in cls.body:
        name = _member(n)
        if name is not None:
            yield _of(name, cls.name, n, list(ast.walk(n)))


def _member(n: ast.stmt) -> str | None:
    """The name of a method, or of one that is another's (`to_list = tolist`)."""
    if isinstance(n, ast.FunctionDef):
        return n.name
    if isinstance(n, ast.Assign) and isinstance(n.value, ast.Name) and isinstance(n.targets[0], ast.Name):
        return n.targets[0].id
    return None
