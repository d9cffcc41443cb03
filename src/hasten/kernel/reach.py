"""What the code that a kernel may run does to attributes, whichever object they belong to."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from hasten.kernel import heaps, names
from hasten.kernel.containers import GROWS

if TYPE_CHECKING:
    from hasten.kernel.compiler import Shared
    from hasten.kernel.program import Module


@dataclass
class Reached:
    """Attributes by name: assigned, grown as lists are, and read for more than an append; by which code of which files.

    What is asked of objects of one class leaves out what methods of other classes do to their own objects.
    """

    stored: frozenset[str]
    grown: frozenset[str]
    read: frozenset[str]
    code: Sequence[ast.stmt] = ()
    modules: Sequence[Module] = ()
    _others: dict[tuple[str, str], Reached] = field(default_factory=dict)

    def by(self, home: Module, kind: ast.ClassDef) -> Reached:
        """What may happen to objects of exactly this class, of the file `home`."""
        key = (home.source.path, kind.name)
        if key not in self._others:
            self._others[key] = _reached(self.code, elsewhere(self.modules, kind))
        return self._others[key]


def of(shared: Shared) -> Reached:
    """What the kernel's statements do, and all functions and methods that they may call (found by name)."""
    if shared.reached is None:
        from hasten.kernel import homes  # it builds on this module

        modules = homes.modules(shared)
        stmts = code(modules, shared.stmts)
        shared.reached = replace(_reached(stmts), code=stmts, modules=modules)
    return shared.reached


def code(modules: Sequence[Module], stmts: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements, and the bodies of everything in the files that they may call."""
    files = [_bodies(module.tree) for module in modules]
    out: list[ast.stmt] = []
    todo = [list(stmts)]
    done: set[str] = set()
    while todo:
        body = todo.pop()
        out += body
        for s in body:
            for n in ast.walk(s):
                name = n.id if isinstance(n, ast.Name) else n.attr if isinstance(n, ast.Attribute) else None
                if name is not None and name not in done:
                    done.add(name)
                    todo += [b for bodies in files for b in bodies.get(name, [])]
    return out


@lru_cache(maxsize=1024)
def _bodies(tree: ast.Module) -> dict[str, list[list[ast.stmt]]]:
    bodies: dict[str, list[list[ast.stmt]]] = {}
    for node in ast.walk(tree):
        if isinstance(node, names.FUNCTIONS):
            bodies.setdefault(node.name, []).append(node.body)
    return bodies


def _reached(stmts: Sequence[ast.stmt], skip: Collection[int] = ()) -> Reached:
    nodes = [n for s in stmts for n in ast.walk(s) if id(n) not in skip]
    stored = {n.attr for n in nodes if isinstance(n, ast.Attribute) and not isinstance(n.ctx, ast.Load)}
    appends = {id(n.value.func.value) for n in nodes if _appends(n)}  # type: ignore[attr-defined]
    read = {
        n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load) and id(n) not in appends
    }
    grown: set[str] = set()
    local: set[str] = set()
    for target in _grown(nodes):
        if isinstance(target, ast.Attribute) and id(target) not in skip:
            grown.add(target.attr)
        elif isinstance(target, ast.Name):
            local.add(target.id)
    for n in nodes:  # items = self.items; items.append(x)
        if isinstance(n, ast.Assign) and isinstance(n.value, ast.Attribute) and id(n.value) not in skip:
            if any(isinstance(t, ast.Name) and t.id in local for t in n.targets):
                grown.add(n.value.attr)
    return Reached(frozenset(stored), frozenset(grown), frozenset(read))


def _appends(n: ast.AST) -> bool:
    """`x.attr.append(...)` as a statement."""
    return (
        isinstance(n, ast.Expr)
        and isinstance(n.value, ast.Call)
        and isinstance(n.value.func, ast.Attribute)
        and n.value.func.attr == "append"
    )


def _grown(nodes: Sequence[ast.AST]) -> Iterator[ast.expr]:
    """What lists that grow or shrink are called."""
    for n in nodes:
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in (*GROWS, "remove"):
            yield n.func.value
        elif isinstance(n, ast.Call) and n.args and called(n) in heaps.HELPERS:
            yield n.args[0]
        elif isinstance(n, ast.Delete):
            yield from (t.value for t in n.targets if isinstance(t, ast.Subscript))
        elif isinstance(n, ast.AugAssign) and isinstance(n.value, (ast.List, ast.ListComp)):
            yield n.target


def called(n: ast.Call) -> str:
    """The last word of what is called."""
    return n.func.attr if isinstance(n.func, ast.Attribute) else n.func.id if isinstance(n.func, ast.Name) else ""


def replaced(module: Module, kind: ast.ClassDef, name: str) -> bool:
    """May some code of the file, or of those around it, give a class (or an object of this class) another attribute
    `name`?

    `self.name = ...` in a method of another class with no unusual base is about objects of that class.
    """
    modules = (module, *module.around)
    return any(
        owner is None or owner == kind.name or _handed_around(modules, owner)
        for m in modules
        for owner in _stores(m.tree).get(name, ())
    )


def elsewhere(modules: Sequence[Module], kind: ast.ClassDef) -> set[int]:
    """The nodes `self.name` in methods of other classes with no unusual base, which are about objects of those."""
    innocent: set[int] = set()
    for module in modules:
        for owner, nodes in _own_nodes(module.tree).items():
            if owner != kind.name and not _handed_around(modules, owner):
                innocent |= nodes
    return innocent


@lru_cache(maxsize=1024)
def _own_nodes(tree: ast.Module) -> dict[str, frozenset[int]]:
    """For each class with no unusual base: the nodes `self.name` of its methods."""
    found: dict[str, frozenset[int]] = {}
    odd: set[str] = set()
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        if node.keywords or node.bases or node.decorator_list or node.name in found:
            odd.add(node.name)
            continue
        mine: set[int] = set()
        for method in node.body:
            if not isinstance(method, ast.FunctionDef) or method.decorator_list or not method.args.args:
                continue
            own = method.args.args[0].arg
            if own in names.bound(method.body):
                continue
            mine |= {
                id(n)
                for s in method.body
                for n in ast.walk(s)
                if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == own
            }
        found[node.name] = frozenset(mine)
    return {name: nodes for name, nodes in found.items() if name not in odd}


@lru_cache(maxsize=1024)
def _stores(tree: ast.Module) -> dict[str, tuple[str | None, ...]]:
    """For each attribute that the file binds somewhere: whose own it is there, if that is plain."""
    owners = {node: owner for owner, nodes in _own_nodes(tree).items() for node in nodes}
    found: dict[str, dict[str | None, None]] = {}
    for n in ast.walk(tree):
        if isinstance(n, ast.Attribute) and not isinstance(n.ctx, ast.Load):
            found.setdefault(n.attr, {})[owners.get(id(n))] = None
    return {attr: tuple(who) for attr, who in found.items()}


def _handed_around(modules: Sequence[Module], kind: str) -> bool:
    """May a method of the class be called with an object of another one? (`Ring.push(monitor, 1)`, a base class)"""
    return any(kind in _handed(module.tree) for module in modules)


@lru_cache(maxsize=1024)
def _handed(tree: ast.Module) -> frozenset[str]:
    """Names that the file uses otherwise than to call them, to ask whether an object is of a class, or as hints."""
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    called = {id(n.func) for n in calls}
    called |= {id(n.args[1]) for n in calls if ast.unparse(n.func) == "isinstance" and len(n.args) > 1}
    hints = {
        id(inner)
        for n in ast.walk(tree)
        for hint in (getattr(n, "annotation", None), getattr(n, "returns", None))
        if isinstance(hint, ast.expr)
        for inner in ast.walk(hint)
    }
    return frozenset(
        n.id if isinstance(n, ast.Name) else n.attr
        for n in ast.walk(tree)
        if isinstance(n, (ast.Name, ast.Attribute)) and id(n) not in called and id(n) not in hints
    )
