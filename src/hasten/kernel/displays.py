"""Loops over a few things that are written out: `for player, score in ((a, 1.0), (b, 0.0)): ...`, once for each.

What is gone over may be of several types then, or objects. All of it is worked out before the loop begins, so it gets
names first. A loop that is left or skipped midway stays as it is, and so does one over constants.

    RULES = [("volume", too_much), ("scan", too_many)]
    for label, rule in RULES: ...

A list of the file's top level that names functions, and that nothing changes, is gone over in the same way: what is
called is written out, so that no function is a value.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from hasten.kernel import names

if TYPE_CHECKING:
    from hasten.kernel.program import Module

MOST = 4  # things
RULES = 8  # functions of a list
LONGEST = 40  # statements of a loop


def spelt(stmts: Sequence[ast.stmt], fresh: Callable[[str], str]) -> list[ast.stmt]:
    """The statements with such loops written out; those given stay as they are."""
    if not any(_fits(n) for s in stmts for n in ast.walk(s)):
        return list(stmts)
    change = _WrittenOut(fresh)
    made: list[ast.stmt] = []
    for s in copy.deepcopy(list(stmts)):
        new = change.visit(s)
        made += map(ast.fix_missing_locations, new if isinstance(new, list) else [new])
    return made


def _fits(node: ast.AST) -> bool:
    if not isinstance(node, ast.For) or node.orelse or not isinstance(node.iter, (ast.Tuple, ast.List)):
        return False
    things = node.iter.elts
    if not 2 <= len(things) <= MOST or any(isinstance(n, ast.Starred) for t in things for n in ast.walk(t)):
        return False
    if not any(isinstance(n, (ast.Name, ast.Attribute, ast.Call)) for t in things for n in ast.walk(t)):
        return False
    parts = _targets(node.target)
    if not parts or len(parts) > 1 and not all(isinstance(t, ast.Tuple) and len(t.elts) == len(parts) for t in things):
        return False
    inside = [n for s in node.body for n in ast.walk(s)]
    if any(isinstance(n, (*names.SCOPES, ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr)) for n in inside):
        return False
    return not any(_leaves(node.body)) and sum(isinstance(n, ast.stmt) for n in inside) <= LONGEST


def _targets(node: ast.expr) -> list[ast.Name]:
    """The names that a loop binds; none where it binds something else."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    found = [p for p in parts if isinstance(p, ast.Name)]
    return found if len({p.id for p in found}) == len(parts) else []


def _leaves(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that end this loop, or this round of it."""
    for s in body:
        if isinstance(s, (ast.Break, ast.Continue)):
            yield s
        elif isinstance(s, (ast.For, ast.While)):
            yield from _leaves(s.orelse)
        else:
            for field in ("body", "orelse", "finalbody"):
                yield from _leaves(getattr(s, field, []))
            for handler in getattr(s, "handlers", []):
                yield from _leaves(handler.body)
            for case in getattr(s, "cases", []):
                yield from _leaves(case.body)


def _round(body: Sequence[ast.stmt], number: int) -> list[ast.stmt]:
    """The statements of one round, at a place of its own: what a statement makes gets names by its place."""
    made = copy.deepcopy(list(body))
    for n in (n for s in made for n in ast.walk(s)):
        if isinstance(n, (ast.stmt, ast.expr)):
            n.col_offset += 1000 * number
            n.end_col_offset = (n.end_col_offset or 0) + 1000 * number
    return made


def by_rules(
    module: Module, stmts: Sequence[ast.stmt], kept: Collection[str], others: Callable[[], Collection[str]]
) -> list[ast.stmt]:
    """The statements with loops over lists of functions written out. `kept`: names that others see; `others`: the
    words of the project's other files, which may change what they name."""
    if module.reflects or module.star_import:
        return list(stmts)
    loops = [n for s in stmts for n in ast.walk(s) if isinstance(n, ast.For) and isinstance(n.iter, ast.Name)]
    local = names.bound(stmts) | set(kept)
    known = {
        n.iter.id: found for n in loops
        if isinstance(n.iter, ast.Name) and n.iter.id not in local
        if (found := _rules(module, n.iter.id, stmts[0])) is not None
    }  # fmt: skip
    if not known or {*known} & {*others()}:
        return list(stmts)
    loads: dict[str, int] = {}
    for s in stmts:
        for n in ast.walk(s):
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load):
                loads[n.id] = loads.get(n.id, 0) + 1
    change = _Called(module, known, kept, loads, local)
    made: list[ast.stmt] = []
    for s in copy.deepcopy(list(stmts)):
        new = change.visit(s)
        made += map(ast.fix_missing_locations, new if isinstance(new, list) else [new])
    return made


def _rules(module: Module, name: str, before: ast.stmt) -> list[list[ast.expr]] | None:
    """What a list (or tuple) of constants and functions holds that the file's top level makes once; None for others."""
    if module.bindings.get(name, 0) != 1:
        return None
    made = next(
        (s for s in module.tree.body if isinstance(s, ast.Assign) and [ast.unparse(t) for t in s.targets] == [name]),
        None,
    )
    if made is None or made.lineno > getattr(before, "lineno", 0) and not getattr(before, "col_offset", 0):
        return None
    if not isinstance(made.value, (ast.List, ast.Tuple)) or not 1 <= len(made.value.elts) <= RULES:
        return None
    rows = [list(e.elts) if isinstance(e, ast.Tuple) else [e] for e in made.value.elts]
    if len(set(map(len, rows))) != 1 or len({isinstance(e, ast.Tuple) for e in made.value.elts}) != 1:
        return None
    for row in rows:
        for e in row:
            plain = isinstance(e, ast.Constant) and type(e.value) in (int, float, str, bool)
            if not plain and not (isinstance(e, ast.Name) and module.function(e.id) is not None):
                return None
    if not any(isinstance(e, ast.Name) for row in rows for e in row):
        return None
    gone_over = {id(n.iter) for n in ast.walk(module.tree) if isinstance(n, (ast.For, ast.comprehension))}
    loads = [
        n for n in ast.walk(module.tree) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)
    ]
    return rows if all(id(n) in gone_over for n in loads) else None


class _Called(ast.NodeTransformer):
    def __init__(
        self, module: Module, known: Mapping[str, list[list[ast.expr]]], kept: Collection[str],
        loads: Mapping[str, int], local: Collection[str],
    ) -> None:  # fmt: skip
        self.module, self.known, self.kept, self.loads, self.local = module, known, kept, loads, local

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.AST]:
        self.generic_visit(node)
        rows = self.known.get(node.iter.id) if isinstance(node.iter, ast.Name) else None
        targets = _targets(node.target)
        inside = [n for s in node.body for n in ast.walk(s)]
        if rows is None or node.orelse or len(targets) != len(rows[0]) or any(_leaves(node.body)):
            return node
        if any(isinstance(n, (*names.SCOPES, ast.NamedExpr)) for n in inside) or len(inside) > 40 * LONGEST // len(
            rows
        ):
            return node
        called = {id(n.func) for n in inside if isinstance(n, ast.Call)}
        used = [n for n in inside if isinstance(n, ast.Name)]
        functions = [i for i in range(len(targets)) if any(isinstance(row[i], ast.Name) for row in rows)]
        for i in functions:
            name = targets[i].id
            mine = [n for n in used if n.id == name]
            whole = all(isinstance(row[i], ast.Name) and row[i].id not in self.local for row in rows)  # type: ignore[attr-defined]
            if name in self.kept or not whole or len(mine) != self.loads.get(name, 0) or not mine:
                return node
            if any(id(n) not in called for n in mine):
                return node
        out: list[ast.AST] = []
        for k, row in enumerate(rows):
            body = _round(node.body, k)
            said = {targets[i].id: row[i] for i in functions}
            for n in (n for s in body for n in ast.walk(s)):
                if isinstance(n, ast.Name) and n.id in said:
                    n.id = said[n.id].id  # type: ignore[attr-defined]
            for i, t in enumerate(targets):
                if i not in functions:
                    out.append(ast.copy_location(ast.Assign([ast.Name(t.id, ast.Store())], row[i]), node))
            out += body
        return out


class _WrittenOut(ast.NodeTransformer):
    def __init__(self, fresh: Callable[[str], str]) -> None:
        self.fresh = fresh

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.AST]:
        self.generic_visit(node)
        if not _fits(node):
            return node
        assert isinstance(node.iter, (ast.Tuple, ast.List))
        targets = _targets(node.target)
        out: list[ast.AST] = []
        rounds: list[list[ast.expr]] = []
        for thing in node.iter.elts:
            values = thing.elts if len(targets) > 1 and isinstance(thing, ast.Tuple) else [thing]
            kept: list[ast.expr] = []
            for target, value in zip(targets, values, strict=True):
                if isinstance(value, ast.Constant):
                    kept.append(value)
                    continue
                name = self.fresh(f"{target.id}_next")
                out.append(ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], value), node))
                kept.append(ast.Name(name, ast.Load()))
            rounds.append(kept)
        for i, values in enumerate(rounds):
            bound = [ast.Assign([ast.Name(t.id, ast.Store())], v) for t, v in zip(targets, values, strict=True)]
            out += [*(ast.copy_location(b, node) for b in bound), *_round(node.body, i)]
        return out
