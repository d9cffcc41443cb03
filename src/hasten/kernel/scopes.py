"""Where a file binds a name: for all of its code, or within some functions only."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from hasten.kernel import names

Span = tuple[int, int]  # first and last line of a function


@dataclass
class Scopes:
    """`top`: names that the module itself binds, or that a function declares to be the module's. `within`: for other
    names, the lines of the functions that bind them (what they define in turn sees them too)."""

    top: set[str] = field(default_factory=set)
    within: dict[str, set[Span]] = field(default_factory=dict)

    def free(self, name: str, line: int | None) -> bool:
        """Does a name that code on this line reads surely come from outside the file?"""
        if name in self.top:
            return False
        spans = self.within.get(name, ())
        return not spans if line is None else not any(first <= line <= last for first, last in spans)


def scopes(tree: ast.Module, attributes: Collection[int]) -> Scopes:
    """The scopes of a file. `attributes`: nodes that bind attributes of classes, which are no names."""
    found = Scopes()
    todo: list[tuple[ast.AST, Span | None]] = [(tree, None)]
    while todo:
        node, span = todo.pop()
        if id(node) not in attributes:
            for name, everywhere in _bound_by(node):
                if span is None or everywhere:
                    found.top.add(name)
                else:
                    found.within.setdefault(name, set()).add(span)
        if isinstance(node, (*names.FUNCTIONS, ast.Lambda)):
            own = (node.lineno, node.end_lineno or node.lineno)
            a = node.args
            everyone = [*a.posonlyargs, *a.args, *a.kwonlyargs, *(x for x in (a.vararg, a.kwarg) if x)]
            for arg in everyone:
                found.within.setdefault(arg.arg, set()).add(own)
            # evaluated where the function is defined
            outside = [*a.defaults, *(d for d in a.kw_defaults if d), *(x.annotation for x in everyone if x.annotation)]
            if isinstance(node, ast.Lambda):
                inside: list[ast.AST] = [node.body]
            else:
                inside = list(node.body)
                outside += [*node.decorator_list, *([node.returns] if node.returns else [])]
            todo += [(n, span) for n in outside] + [(n, own) for n in inside]
        else:
            todo += [(n, span) for n in ast.iter_child_nodes(node)]
    return found


def _bound_by(node: ast.AST) -> Iterator[tuple[str, bool]]:
    """Names that a node binds, and whether they are the module's wherever it stands."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id, False
    elif isinstance(node, (*names.FUNCTIONS, ast.ClassDef)):
        yield node.name, False
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name, False
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for a in node.names:
            yield (a.asname or a.name).split(".")[0], False
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        for name in node.names:
            yield name, isinstance(node, ast.Global)
    elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name, False
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest, False


def shadowed(text: str, needed: Collection[str]) -> str:
    """A name that a function of inserted code binds although that code needs Python's own meaning of it; or ""."""
    for function in ast.walk(ast.parse(text)):
        if not isinstance(function, ast.FunctionDef):
            continue
        a = function.args
        own = {x.arg for x in [*a.posonlyargs, *a.args, *a.kwonlyargs, *(y for y in (a.vararg, a.kwarg) if y)]}
        own |= {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        called = {n.func.id for n in ast.walk(function) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        for name in sorted(own & names.BUILTINS):
            if name in needed or name in called:
                return name
    return ""
