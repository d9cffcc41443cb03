"""Where an import would have to stand, so that every reader of its name comes after it.

The name is followed through the scopes of one file. A function that reads it gets an import of its own, in the
innermost list of statements that holds all reads; what is evaluated at once (decorators, defaults, annotations, bases,
the bodies of classes) counts as a read where it stands.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from hasten.core.source import SourceFile
from hasten.kernel import names

_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While)


@dataclass(frozen=True)
class Spot:
    """Before the statement on `line`, indented by `margin`. `module` says that it binds the name of the module."""

    line: int
    margin: str
    module: bool


def spots(source: SourceFile, name: str, after: int) -> list[Spot] | None:
    """Where imports of `name` have to go instead of the one that ends on line `after`; empty when nobody reads it.

    None where there is no such place: the module itself needs it, on its way down.
    """
    finder = _Finder(source, name)
    try:
        found = finder.listed(source.tree.body, in_function=False, top=True)
    except _NoPlace:
        return None
    if any(s.line <= after for s in found):
        return None  # a function above the import may be called before it, and would fail now
    return found


class _NoPlace(Exception):
    """A read that no statement before it can serve."""


class _Finder:
    def __init__(self, source: SourceFile, name: str) -> None:
        self.source, self.name = source, name

    def reads(self, *nodes: ast.AST | None) -> bool:
        """The global name is read in these nodes, or in functions inside them."""
        present = [n for n in nodes if n is not None]
        return self.name in names.reads(present) or any(self.name in _annotations(n) for n in present)

    def listed(self, body: Sequence[ast.stmt], *, in_function: bool, top: bool = False) -> list[Spot]:
        """The places for one list of statements: before its first direct reader, and inside of those before that."""
        found: list[Spot] = []
        for s in body:
            if not self.reads(s):
                continue
            inner = self.inside(s, in_function)
            if inner is None:
                if top:
                    raise _NoPlace
                return [*found, self.before(s, in_function)]
            found += inner
        return found

    def inside(self, s: ast.stmt, in_function: bool) -> list[Spot] | None:
        """The places inside of `s`; None when it has to be before `s`."""
        if isinstance(s, names.FUNCTIONS):
            if self.reads(*_header(s)):
                return None
            return self.function(s)
        if isinstance(s, ast.ClassDef):
            if self.reads(*s.decorator_list, *s.bases, *(k.value for k in s.keywords), *getattr(s, "type_params", [])):
                return None
            found = []
            for part in s.body:
                if not self.reads(part):
                    continue
                if not isinstance(part, (*names.FUNCTIONS, ast.ClassDef)):
                    return None
                inner = self.inside(part, in_function)
                if inner is None:
                    return None
                found += inner
            return found
        if isinstance(s, _BLOCKS):
            return self.block(s, in_function)
        return None

    def block(self, s: ast.If | ast.For | ast.AsyncFor | ast.While, in_function: bool) -> list[Spot] | None:
        heads = [s.target, s.iter] if isinstance(s, (ast.For, ast.AsyncFor)) else [s.test]
        if self.reads(*heads):
            return None
        loop = not isinstance(s, ast.If)
        found: list[Spot] = []
        for body in (s.body, s.orelse):
            if not body or not any(self.reads(part) for part in body):
                continue
            if body[0].lineno == s.lineno:
                return None  # on the line of its head
            if body is s.orelse and len(body) == 1 and isinstance(body[0], ast.If) and self.is_elif(body[0]):
                inner = self.inside(body[0], in_function)
                if inner is None:
                    return None  # there is no place before an `elif`
            else:
                try:
                    inner = self.listed(body, in_function=in_function)
                except _NoPlace:
                    return None
                lines = {part.lineno for part in body}
                if loop and any(spot.line in lines for spot in inner):
                    return None  # once, before the loop
            found += inner
        return found

    def function(self, s: ast.FunctionDef | ast.AsyncFunctionDef) -> list[Spot]:
        if s.body[0].lineno == s.lineno or s.body[0].lineno == _last_head_line(s):
            raise _NoPlace
        return self.listed(s.body, in_function=True)

    def before(self, s: ast.stmt, in_function: bool) -> Spot:
        line = min([s.lineno, *(d.lineno for d in getattr(s, "decorator_list", []))])
        text = self.source.lines[line - 1]
        margin = text[: len(text) - len(text.lstrip())]
        at = s if line == s.lineno else s.decorator_list[0]  # type: ignore[attr-defined]
        column = at.col_offset - (0 if at is s else 1)
        if text.encode()[:column].strip():
            raise _NoPlace  # something else stands on its line before it
        return Spot(line, margin, not in_function)

    def is_elif(self, s: ast.If) -> bool:
        return self.source.lines[s.lineno - 1].lstrip().startswith("elif")


def _last_head_line(s: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    a = s.args
    parts: list[ast.expr | ast.arg | None] = [*a.posonlyargs, *a.args, a.vararg, *a.kwonlyargs, a.kwarg]
    parts += [*a.defaults, *a.kw_defaults, s.returns]
    return max([s.lineno, *(p.end_lineno or p.lineno for p in parts if p is not None)])


def _header(s: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.AST]:
    """What is evaluated when the function is made."""
    a = s.args
    given = [*a.posonlyargs, *a.args, a.vararg, *a.kwonlyargs, a.kwarg]
    parts: list[ast.AST | None] = [*s.decorator_list, *a.defaults, *a.kw_defaults, s.returns]
    parts += [p.annotation for p in given if p is not None]
    parts += getattr(s, "type_params", [])
    return [p for p in parts if p is not None]


def _annotations(node: ast.AST) -> set[str]:
    """Names in annotations of functions below `node`, which `names.reads` passes over."""
    found: set[str] = set()
    for n in ast.walk(node):
        if isinstance(n, names.FUNCTIONS):
            for part in _header(n):
                found |= {x.id for x in ast.walk(part) if isinstance(x, ast.Name)}
    return found
