"""Names that may be read before they are bound: what a loop binds, and is read after it.

Where such a name is read, the kernel looks at a flag, and gives up where the program would raise.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Sequence

from hasten.kernel import names

PLAIN = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.Pass, ast.Break, ast.Continue, ast.Raise)
PLAIN_OR_NOT = (*PLAIN, ast.If, ast.For, ast.While, ast.Assert)


def guarded(stmts: Sequence[ast.stmt], given: set[str], fresh: Callable[[str], str]) -> list[ast.stmt] | None:
    """The statements with such flags; as they are where none is needed; None where that cannot be done."""
    wanted = (names.flow(stmts).exposed & names.bound(stmts)) - given
    if not wanted:
        return list(stmts)
    inside = [n for s in stmts for n in ast.walk(s)]
    if any(isinstance(n, ast.stmt) and not isinstance(n, PLAIN_OR_NOT) for n in inside):
        return None
    if any(isinstance(n, (ast.NamedExpr, ast.Lambda)) for n in inside):
        return None
    flags = {name: fresh(f"{name}_is_bound") for name in sorted(wanted)}
    body, _ = _looked_at(copy.deepcopy(list(stmts)), flags, set(given))
    return [*(_set(flags[name], False, stmts[0]) for name in sorted(wanted)), *body]


def _looked_at(body: list[ast.stmt], flags: dict[str, str], sure: set[str]) -> tuple[list[ast.stmt], set[str]]:
    """A list of statements with their looks, and what is surely bound after it."""
    out: list[ast.stmt] = []
    for s in body:
        head: list[ast.AST] = [s]
        if isinstance(s, ast.For):
            head = [s.iter]
        elif isinstance(s, (ast.If, ast.While)):
            head = [s.test]
        for name in sorted((names.reads(head) & set(flags)) - sure):
            out.append(_look(flags[name], s))
            sure = sure | {name}
        if isinstance(s, ast.If):
            s.body, one = _looked_at(s.body, flags, sure)
            s.orelse, other = _looked_at(s.orelse, flags, sure)
            sure = one & other
        elif isinstance(s, (ast.For, ast.While)):
            bound = names.bound([s.target]) if isinstance(s, ast.For) else set()
            s.body, _ = _looked_at(s.body, flags, sure | bound)
            s.body[:0] = [_set(flags[n], True, s) for n in sorted(bound & set(flags))]
            s.orelse, _ = _looked_at(s.orelse, flags, sure)
        out.append(s)
        if isinstance(s, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            for name in sorted(names.bound([s]) & set(flags)):
                out.append(_set(flags[name], True, s))
                sure = sure | {name}
    return out, sure


def _set(flag: str, value: bool, at: ast.stmt) -> ast.stmt:
    made = ast.Assign([ast.Name(flag, ast.Store())], ast.Constant(value))
    return ast.fix_missing_locations(ast.copy_location(made, at))


def _look(flag: str, at: ast.stmt) -> ast.stmt:
    made = ast.If(ast.UnaryOp(ast.Not(), ast.Name(flag, ast.Load())), [ast.Raise(None, None)], [])
    return ast.fix_missing_locations(ast.copy_location(made, at))
