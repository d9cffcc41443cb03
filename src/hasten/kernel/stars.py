"""What `from ... import *` brings: the names of a project's file, or of `math`, as far as syntax tells."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from functools import lru_cache

from hasten.core.source import SourceFile
from hasten.kernel import names
from hasten.kernel.program import class_attributes
from hasten.kernel.scopes import scopes

DEEP = 4  # files that pass on what they have by a star of their own
Found = Callable[[ast.ImportFrom, SourceFile], SourceFile | None]  # the project's file that is imported from
Brought = dict[str, str]  # names, and the import that they stand for, if they do


def starred(source: SourceFile, found: Found) -> tuple[tuple[str, str], ...] | None:
    """All names that the stars of a file may bring; None where that cannot be told."""
    brought: Brought = {}
    for statement in stars(source.tree):
        more = exported(statement, source, found, DEEP)
        if more is None:
            return None
        brought |= {n: o if brought.get(n, o) == o else "" for n, o in more.items()}
    return tuple(sorted(brought.items()))


def stars(tree: ast.Module) -> list[ast.ImportFrom]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and any(a.name == "*" for a in n.names)]


def exported(statement: ast.ImportFrom, of: SourceFile, found: Found, deep: int) -> Brought | None:
    """What one star brings."""
    if statement.module == "math" and not statement.level:
        return {n: f"math.{n}" for n in dir(math) if not n.startswith("_")}
    source = found(statement, of)
    if source is None or not deep:
        return None
    own = _own(source)
    if own is None:
        return None
    brought = dict(own)
    for inner in stars(source.tree):
        more = exported(inner, source, found, deep - 1)
        if more is None:
            return None
        brought |= {n: o if brought.get(n, o) == o else "" for n, o in more.items()}
    return brought


@lru_cache(maxsize=64)
def _own(source: SourceFile) -> Brought | None:
    """The public names of a file's top level; of those that are imports, of what."""
    try:
        tree = source.tree
    except (SyntaxError, ValueError):
        return None
    words = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    if words & {*names.REFLECTION, "__all__", "__getattr__", "setattr", "delattr"}:
        return None
    top = scopes(tree, class_attributes(tree)).top - {"*"}
    imports: dict[str, set[str]] = {}
    for s in tree.body:
        if isinstance(s, ast.Import):
            for a in s.names:
                imports.setdefault(a.asname or a.name.split(".")[0], set()).add(
                    a.name if a.asname else a.name.split(".")[0]
                )
        elif isinstance(s, ast.ImportFrom):
            for a in s.names:
                whole = f"{s.module}.{a.name}" if s.module and not s.level else "?"
                imports.setdefault(a.asname or a.name, set()).add(whole)
            if s.level and s.module:  # a file that is imported becomes a name of its package
                top = top | {s.module.split(".")[0]}
    bound = _counts(tree)
    single = {n: next(iter(o)) for n, o in imports.items() if len(o) == 1 and bound.get(n, 0) == 1}
    return {n: single.get(n, "").replace("?", "") for n in top if not n.startswith("_")}


def _counts(tree: ast.Module) -> dict[str, int]:
    from hasten.kernel.program import bindings_of

    return bindings_of(tree)
