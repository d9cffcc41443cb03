"""Functions of the project's other files, called from a kernel.

A function that the file around the kernel imports from another file of the project is compiled like one of its own. The
numbers that it reads of its own module come in through the door, from `function.__globals__`. What it may not do there:
draw random numbers, take objects, or call what that file imports from a third.
"""

from __future__ import annotations

import ast
import sys
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hasten.core.source import SourceFile
from hasten.core.workload import ScriptWorkload
from hasten.kernel import constants, stars
from hasten.kernel.kinds import Type
from hasten.kernel.program import Module
from hasten.kernel.runtime import HELPERS
from hasten.kernel.values import V, fail

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

MAX_STEPS = 5  # from package to package
MOST_FILES = 40


class Project:
    """The other files of a project, as one of its files sees them by its imports."""

    def __init__(self, work: ScriptWorkload, path: str) -> None:
        self.work = work
        self.path = PurePosixPath(path)
        self._modules: dict[tuple[str, str], Module | None] = {}

    def imported_from(self, statement: ast.ImportFrom, of: SourceFile) -> SourceFile | None:
        """The project's file that a statement of the file `of` imports from."""
        return self._source(statement.module or "", statement.level, PurePosixPath(of.path))

    def function(self, module: Module, node: ast.expr) -> tuple[Module, ast.FunctionDef] | None:
        """The plain function of another file that an expression (`f` or `tools.f`) surely names."""
        if module.star_import or module.place and not module.called:
            return None
        named = self._named(module, node)
        if named is None:
            return None
        dotted, level, name, whole = named
        if module.place:
            # what a run calls the module, so that it is found from anywhere
            called = f"{'.'.join(module.called.split('.')[:-level])}.{dotted}".strip(".") if level else dotted
            if module.source.path.endswith("__init__.py") or level and not self._is(called, dotted, level, module):
                return None
            origin = PurePosixPath(module.source.path)
            return self._in(dotted, level, name, f'sys.modules.get("{called}", sys).__dict__', origin, called)
        base = ast.unparse(node.value if isinstance(node, ast.Attribute) else node)
        place = f"{base}.__dict__" if whole else f"{base}.__globals__"
        return self._in(dotted, level, name, place, called=self._called(dotted, level))

    def _called(self, dotted: str, level: int) -> str:
        """What a run calls the module that this file imports so; empty where it is not known."""
        if not level:
            return dotted
        here = self.path.parent
        folder = PurePosixPath(self.work.entry_path).parent if self.work.entry.kind == "script" else None
        parts = (here if folder is None or folder == PurePosixPath(".") else _below(here, folder)).parts
        called = ".".join([*parts[: len(parts) - level + 1], dotted])
        there = self._source(dotted, level, self.path)
        return called if there is not None and there == self._source(called, 0, self.path) else ""

    def _is(self, called: str, dotted: str, level: int, module: Module) -> bool:
        """Does a relative import name the file that a run calls so?"""
        there, here = self._source(called, 0, self.path), PurePosixPath(module.source.path)
        return there is not None and there == self._source(dotted, level, here)

    def origin(self, module: Module, node: ast.expr) -> tuple[SourceFile, str] | None:
        """The other file that surely defines what an expression names, and what it is called there."""
        named = None if module.star_import else self._named(module, node)
        return None if named is None else self._defined(*named[:3], PurePosixPath(module.source.path))

    def constant(self, module: Module, node: ast.expr) -> tuple[str, object] | None:
        """The code in the kernel's file, and the value, of the constant of another file that an expression names."""
        if module.star_import:
            return None
        named = self._named(module, node)
        if named is None:
            return None
        dotted, level, name, whole = named
        found = self._defined(dotted, level, name, PurePosixPath(module.source.path))
        file = None if found is None else constants.file_of(found[0])
        value = constants.MISSING if file is None or found is None else constants.of(file, found[1])
        if value is constants.MISSING:
            return None
        base = ast.unparse(node.value if isinstance(node, ast.Attribute) else node)
        if module.place:
            if whole:
                return None if level else (f'sys.modules.get("{dotted}", sys).__dict__.get("{name}")', value)
            return f'{module.place}.get("{base}")', value
        return f'{base}.__dict__.get("{name}")' if whole else base, value

    def _named(self, module: Module, node: ast.expr) -> tuple[str, int, str, bool] | None:
        """(module, dots before it, name in it, whether the module itself is imported) of what an expression names."""
        base = node.value if isinstance(node, ast.Attribute) else node
        if not isinstance(base, ast.Name) or module.bindings.get(base.id, 0) != 1:
            return None
        for statement in module.tree.body:
            if not isinstance(statement, (ast.Import, ast.ImportFrom)):
                continue
            for a in statement.names:
                if a.name == "*" and isinstance(statement, ast.ImportFrom) and isinstance(node, ast.Name):
                    source = module.source if module.starred is not None else None
                    brought = source and stars.exported(statement, source, self.imported_from, stars.DEEP)
                    if brought and base.id in brought:
                        return statement.module or "", statement.level, base.id, False
                if (a.asname or a.name) != base.id:
                    continue
                if isinstance(statement, ast.ImportFrom) and isinstance(node, ast.Name):
                    return statement.module or "", statement.level, a.name, False
                if isinstance(node, ast.Attribute) and not module.bindings.get("." + node.attr):
                    if isinstance(statement, ast.ImportFrom):
                        inner = f"{statement.module}.{a.name}" if statement.module else a.name
                        return inner, statement.level, node.attr, True
                    return a.name, 0, node.attr, True
        return None

    def _defined(self, dotted: str, level: int, name: str, origin: PurePosixPath) -> tuple[SourceFile, str] | None:
        """The file that surely gives a name its value, and what it is called there."""
        source = self._source(dotted, level, origin)
        for _ in range(MAX_STEPS):
            if source is None:
                return None
            step = self._passed_on(source, name)
            if step is None:
                return source, name
            source, name = step
        return None

    def _in(
        self, dotted: str, level: int, name: str, place: str, origin: PurePosixPath | None = None, called: str = ""
    ) -> tuple[Module, ast.FunctionDef] | None:
        source, outside = self._source(dotted, level, origin or self.path), name
        for _ in range(MAX_STEPS):
            if source is None:
                return None
            step = self._passed_on(source, name)
            if step is None:
                break
            # a package that hands on what one of its files defines: the function itself knows its module
            if origin is not None:
                return None
            source, name, called = *step, ""
            place = (
                place if place.endswith(".__globals__") else f"{place.removesuffix('.__dict__')}.{outside}.__globals__"
            )
        else:
            return None
        key = (source.path, place)
        if key not in self._modules:
            found = usable(source, place)
            # objects go where it is known what all files do to them
            self._modules[key] = None if found is None else found.elsewhere(place, called if self.files else "")
        module = self._modules[key]
        func = None if module is None else module.function(name)
        return None if module is None or func is None else (module, func)

    def _passed_on(self, source: SourceFile, name: str) -> tuple[SourceFile, str] | None:
        """The file that `source` surely has `name` from, and what it is called there; None if it has not."""
        found: list[tuple[SourceFile, str]] = []
        for statement in _imports(source):
            origin = PurePosixPath(source.path)
            for a in statement.names:
                if a.name == "*":
                    starred = self._source(statement.module or "", statement.level, origin)
                    if starred is None:
                        return None  # it may bring the name along
                    if name in _exported(starred):
                        found.append((starred, name))
                elif (a.asname or a.name) == name:
                    inner = self._source(statement.module or "", statement.level, origin)
                    if inner is None:
                        return None
                    found.append((inner, a.name))
        return found[0] if len(found) == 1 and name not in _bound(source) else None

    def _source(self, dotted: str, level: int, origin: PurePosixPath) -> SourceFile | None:
        parts = [p for p in dotted.split(".") if p]
        if not parts or not level and parts[0] in sys.stdlib_module_names:
            return None
        if level:
            folders = [origin.parents[level - 1]] if level <= len(origin.parents) else []
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

    def at(self, called: str) -> SourceFile | None:
        """The file that a run knows as the module `called`; None where it is none of the project's."""
        if called == "__main__":
            try:
                return self.work.source(self.work.entry_path) if self.work.entry_path else None
            except OSError:
                return None
        return self._source(called, 0, self.path)

    @cached_property
    def files(self) -> tuple[SourceFile, ...]:
        """This file, the program's first one, and all that they import, from whichever place; none where these are too
        many to look through for every kernel."""
        found: dict[str, SourceFile] = {}
        todo = [str(self.path), self.work.entry_path]
        while todo:
            path = todo.pop()
            if not path or path in found:
                continue
            try:
                source = self.work.source(path)
                imported = imports_of(source)
            except (OSError, SyntaxError, ValueError):
                continue
            found[path] = source
            if len(found) > MOST_FILES:
                return ()
            for dotted, level in imported:
                other = self._source(dotted, level, PurePosixPath(path))
                if other is not None:
                    todo.append(other.path)
        return tuple(found.values())


def _below(path: PurePosixPath, folder: PurePosixPath) -> PurePosixPath:
    return path.relative_to(folder) if path.is_relative_to(folder) else path


@lru_cache(maxsize=1024)
def imports_of(source: SourceFile) -> frozenset[tuple[str, int]]:
    """(name, dots before it) of all modules that a file may import. Raises `SyntaxError`."""
    found: set[tuple[str, int]] = set()
    for n in ast.walk(source.tree):
        if isinstance(n, ast.Import):
            found |= {(a.name, 0) for a in n.names}
        elif isinstance(n, ast.ImportFrom):
            base = n.module or ""
            found |= {(f"{base}.{a.name}" if base else a.name, n.level) for a in n.names}
            found |= {(base, n.level)} if base else set()
    return frozenset(found)


def starred(work: ScriptWorkload, path: str) -> tuple[tuple[str, str], ...] | None:
    """What the star imports of a file bring, as far as the project's files tell; None where they do not."""
    source = work.source(path)
    if not stars.stars(source.tree):
        return None
    return stars.starred(source, Project(work, path).imported_from)


@lru_cache(maxsize=64)
def _imports(source: SourceFile) -> list[ast.ImportFrom]:
    """The `from ... import` of a file's top level; none where the file cannot be read."""
    try:
        return [s for s in source.tree.body if isinstance(s, ast.ImportFrom)]
    except (SyntaxError, ValueError):
        return []


@lru_cache(maxsize=64)
def _bound(source: SourceFile) -> frozenset[str]:
    """Names that a file may bind otherwise than by the `from ... import` of its top level."""
    top = {id(s) for s in _imports(source)}
    names: set[str] = set()
    for n in ast.walk(source.tree):
        if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load):
            names.add(n.id)
        elif isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(n.name)
        elif isinstance(n, (ast.Import, ast.ImportFrom)) and id(n) not in top:
            names |= {a.asname or a.name.partition(".")[0] for a in n.names}
        elif isinstance(n, ast.Name) and n.id in ("globals", "exec", "eval", "setattr", "__getattr__"):
            return _Everything()
    return frozenset(names)


class _Everything(frozenset[str]):
    def __contains__(self, name: object) -> bool:
        return True


def _exported(source: SourceFile) -> frozenset[str]:
    """What `from ... import *` takes of a file, as far as its syntax tells; everything where it does not."""
    try:
        top = source.tree.body
    except (SyntaxError, ValueError):
        return _Everything()
    if "__all__" in _bound(source):
        told = [s.value for s in top if isinstance(s, ast.Assign) and ast.unparse(s.targets[0]) == "__all__"]
        if len(told) != 1 or sum(isinstance(n, ast.Name) and n.id == "__all__" for n in ast.walk(source.tree)) != 1:
            return _Everything()
        names = getattr(told[0], "elts", [])
        return frozenset(e.value for e in names if isinstance(e, ast.Constant) and isinstance(e.value, str))
    if any(a.name == "*" for s in _imports(source) for a in s.names):
        return _Everything()
    imported = {a.asname or a.name for s in _imports(source) for a in s.names}
    return frozenset(n for n in _bound(source) | imported if not n.startswith("_"))


@lru_cache(maxsize=64)  # a search asks again for every region
def usable(source: SourceFile, place: str) -> Module | None:
    """A file whose functions a kernel may run, reached at `place`."""
    try:
        module = Module(source)
        module.place = place
        others = any(f"_{h}" in module.identifiers and HELPERS[h].text not in source.text for h in HELPERS)
        bad = module.reflects or not module.modules_free() or others
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
    """A constant of another file's module, which its function reads. Raises `Refuse`."""
    found = constants.named(u, node)
    v = None if found is None else entered(u, *found, node)
    if v is None:
        fail(f"{node.id} of another file", node)
    return v


def attribute(u: Unit, node: ast.Attribute) -> V | None:
    """`settings.LEVELS`, of another file; None for anything else."""
    found = constants.named(u, node) if isinstance(node.value, ast.Name) else None
    return None if found is None else entered(u, *found, node)


def entered(u: Unit, code: str, value: object, node: ast.Name | ast.Attribute) -> V | None:
    """A constant that comes in through the door by its code."""
    known = next((name for name, text in u.shared.elsewhere.items() if text == code), None)
    word = node.id if isinstance(node, ast.Name) else node.attr
    name = known or "@" + u.shared.module.fresh(f"its_{word.strip('_').lower()}", u.shared.taken)
    t = u.shared.constant_type(name, value) if u.shared.constant_type is not None else None
    if t is None:
        return None
    u.shared.elsewhere[name] = code
    u.shared.constants.add(code)
    u.extra.setdefault(name, t)
    u.env.setdefault(name, t)
    return u.seen(name, node)


def entry(elsewhere: dict[str, str], taken: dict[str, Type]) -> list[str]:
    """The lines of the door that fetch such numbers."""
    lines = {name.removeprefix("@"): code for name, code in elsewhere.items() if name in taken}
    return [f"{name} = {code}" for name, code in lines.items() if name != code]
