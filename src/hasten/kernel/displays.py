"""Loops over a few things that are written out: `for player, score in ((a, 1.0), (b, 0.0)): ...`, once for each.

What is gone over may be of several types then, or objects. All of it is worked out before the loop begins, so it gets
names first. A loop that is left or skipped midway stays as it is, and so does one over constants.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence

from hasten.kernel import names

MOST = 4  # things
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
            body = copy.deepcopy(node.body)
            for n in (n for s in body for n in ast.walk(s)):
                if isinstance(n, (ast.stmt, ast.expr)):  # what a statement makes gets names by its place
                    n.col_offset += 1000 * i
                    n.end_col_offset = (n.end_col_offset or 0) + 1000 * i
            out += [*(ast.copy_location(b, node) for b in bound), *body]
        return out
