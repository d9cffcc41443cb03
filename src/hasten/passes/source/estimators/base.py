"""What the passes for calls of scikit-learn have in common."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from hasten.passes.source.arrays.base import helper
from hasten.passes.source.containers.base import Place
from hasten.passes.source.containers.syntax import Module, dotted, root_name


def calls(place: Place) -> Iterator[ast.Call]:
    """Every call inside the region, in the order of the file."""
    found = {n for s in place.module.statements(place.region) for n in ast.walk(s) if isinstance(n, ast.Call)}
    yield from sorted(found, key=lambda n: (n.lineno, n.col_offset, -(n.end_col_offset or 0)))


def spelt(module: Module, node: ast.expr, *origins: str) -> str:
    """How the file's top level spells what `node` calls, when its imports say it is one of `origins`; else empty."""
    root = root_name(node)
    if root is None or module.imported(node) not in origins or module.owner(root.id, root) is not module.tree:
        return ""
    return dotted(node)


def written(module: Module, text: str, official: str) -> tuple[str, ...]:
    """A helper that stands in for `official`, as it is spelt in this file, with the imports that it needs."""
    return helper(module, text.replace("OFFICIAL", official))
