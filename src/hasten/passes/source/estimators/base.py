"""What the passes for calls of scikit-learn have in common."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from hasten.passes.source.arrays.base import helper
from hasten.passes.source.containers.base import Place
from hasten.passes.source.containers.syntax import Module, dotted, root_name


def calls(place: Place, *helpers: str) -> Iterator[ast.Call]:
    """Every call inside the region, in the order of the file, but those in what the text of `helpers` defines.

    A helper hands what it does not know on to the function it stands in for: that call must stay what it is.
    """
    ours = defined(*helpers)
    found = {n for s in place.module.statements(place.region) for n in ast.walk(s) if isinstance(n, ast.Call)}
    for call in sorted(found, key=lambda n: (n.lineno, n.col_offset, -(n.end_col_offset or 0))):
        if not within(place.module, call, ours):
            yield call


def defined(*helpers: str) -> frozenset[str]:
    """The functions and classes that helpers define."""
    return frozenset(name for text in helpers for name in re.findall(r"^(?:def|class) (\w+)", text, re.MULTILINE))


def within(module: Module, node: ast.AST, ours: frozenset[str]) -> bool:
    """Whether `node` lies in a definition of one of these names."""
    defs = (ast.FunctionDef, ast.ClassDef)
    return any(isinstance(at, defs) and at.name in ours for at in (node, *module.up(node)))


def spelt(module: Module, node: ast.expr, *origins: str) -> str:
    """How the file's top level spells what `node` calls, when its imports say it is one of `origins`; else empty."""
    root = root_name(node)
    if root is None or module.imported(node) not in origins or module.owner(root.id, root) is not module.tree:
        return ""
    return dotted(node)


def written(module: Module, text: str, official: str) -> tuple[str, ...]:
    """A helper that stands in for `official`, as it is spelt in this file, with the imports that it needs."""
    return helper(module, text.replace("OFFICIAL", official))
