"""Functions of the project's other files, called from a kernel.

A function that the file around the kernel imports from another file of the project is compiled like one of its own. The
numbers that it reads of its own module come in through the door, from `function.__globals__`. What it may not do there:
draw random numbers, take objects, or call what that file imports from a third.
"""

from __future__ import annotations

import ast
import sys
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hasten.core.source import SourceFile
from hasten.core.workload import ScriptWorkload
from hasten.kernel.kinds import Type
from hasten.kernel.program import Module
from hasten.kernel.runtime import HELPERS
from hasten.kernel.values import V, fail

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit


class Project:
    """The other files of a project, as one of its files sees them by its imports."""

    def __init__(self, work: ScriptWorkload, path: str) -> None:
        self.work = work
        self.path = PurePosixPath(path)
        self._modules: dict[tuple[str, str], Module | None] = {}

    def function(self, module: Module, node: ast.expr) -> tuple[Module, ast.FunctionDef] | None:
        """The plain function of another file that an expression (`f` or `tools.f`) surely names."""
        if module.place or module.star_import:
            return None
        base = node.value if isinstance(node, ast.Attribute) else node
        if not isinstance(base, ast.Name) or module.bindings.get(base.id, 0) != 1:
            return None
        for statement in module.tree.body:
            if not isinstance(statement, (ast.Import, ast.ImportFrom)):
                continue
            for a in statement.names:
                if (a.asname or a.name) != base.id:
                    continue
                if isinstance(statement, ast.ImportFrom) and isinstance(node, ast.Name):
                    return self._in(statement.module or "", statement.level, a.name, f"{base.id}.__globals__")
                if isinstance(node, ast.Attribute) and not module.bindings.get("." + node.attr):
                    place = f"{base.id}.__dict__"
                    if isinstance(statement, ast.ImportFrom):
                        inner = f"{statement.module}.{a.name}" if statement.module else a.name
                        return self._in(inner, statement.level, node.attr, place)
                    return self._in(a.name, 0, node.attr, place)
        return None

    def _in(self, dotted: str, level: int, name: str, place: str) -> tuple[Module, ast.FunctionDef] | None:
        module = self._module(dotted, level, place)
        func = None if module is None else module.function(name)
        return None if module is None or func is None else (module, func)

    def _module(self, dotted: str, level: int, place: str) -> Module | None:
        key = (f"{level}:{dotted}", place)
        if key not in self._modules:
            source = self._source(dotted, level)
            self._modules[key] = None if source is None else _usable(source, place)
        return self._modules[key]

    def _source(self, dotted: str, level: int) -> SourceFile | None:
        parts = [p for p in dotted.split(".") if p]
        if not parts or not level and parts[0] in sys.stdlib_module_names:
            return None
        if level:
            folders = [self.path.parents[level - 1]] if level <= len(self.path.parents) else []
        elif self.work.entry.kind == "script":
            folders = [PurePosixPath(self.work.entry_path).parent]
        else:
            folders = [PurePosixPath(self.work.cwd)]
        for folder in folders:
            at = folder.joinpath(*parts)
            for path in (at.with_name(f"{at.name}.py"), at / "__init__.py"):
                try:
                    return self.work.source(path.as_posix())
                except OSError:
                    continue
        return None


@lru_cache(maxsize=64)  # a search asks again for every region
def _usable(source: SourceFile, place: str) -> Module | None:
    try:
        module = Module(source)
        module.place = place
        bad = module.reflects or not module.modules_free() or any(f"_{h}" in module.identifiers for h in HELPERS)
    except (SyntaxError, ValueError):
        return None
    return None if bad else module


def function(u: Unit, node: ast.expr) -> tuple[Module, ast.FunctionDef] | None:
    """The function of another file that a kernel's code calls, if it is one."""
    base = node.value if isinstance(node, ast.Attribute) else node
    project = u.shared.project
    if project is None or not isinstance(base, ast.Name) or base.id in u.env or base.id in u.bound:
        return None
    return project.function(u.module, node)


def constant(u: Unit, node: ast.Name) -> V:
    """A number of another file's module, which its function reads. Raises `Refuse`."""
    t: Type | None = u.module.constant(node.id)
    if t is None:
        fail(f"{node.id} of another file", node)
    code = f'{u.module.place}.get("{node.id}")'
    known = next((name for name, text in u.shared.elsewhere.items() if text == code), None)
    name = known or "@" + u.shared.module.fresh(f"its_{node.id.strip('_').lower()}", u.shared.taken)
    u.shared.elsewhere[name] = code
    u.extra.setdefault(name, t)
    u.env.setdefault(name, t)
    return u.seen(name, node)


def entry(elsewhere: dict[str, str], taken: dict[str, Type]) -> list[str]:
    """The lines of the door that fetch such numbers."""
    return [f"{name.removeprefix('@')} = {code}" for name, code in elsewhere.items() if name in taken]
