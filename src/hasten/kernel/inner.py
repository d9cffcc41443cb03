"""Functions that a function (or module) makes for itself: `def match(a, b): ...` or `log2 = lambda x: ...`.

One that is bound once and reads nothing of the function around it is compiled like a function of the file.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from hasten.kernel import names


def definitions(body: Sequence[ast.stmt], parameters: set[str]) -> dict[str, ast.FunctionDef]:
    """The functions that these statements of one function define for good."""
    local = parameters | names.bound(body)
    found: dict[str, ast.FunctionDef] = {}
    for s in body:
        made = definition(s)
        if made is None or made.name in parameters:
            continue
        if made.decorator_list or bindings(body, made.name) != 1:
            continue
        found[made.name] = made
    while True:  # they may call each other
        kept = {n: made for n, made in found.items() if not names.free(made) & local - set(found)}
        if len(kept) == len(found):
            return found
        found = kept


def of(function: ast.FunctionDef | ast.AsyncFunctionDef | None) -> dict[str, ast.FunctionDef]:
    """Those of a function."""
    if function is None:
        return {}
    a = function.args
    own = [*a.posonlyargs, *a.args, *a.kwonlyargs, *(x for x in (a.vararg, a.kwarg) if x is not None)]
    return definitions(function.body, {p.arg for p in own})


def definition(s: ast.stmt) -> ast.FunctionDef | None:
    """The function that a statement defines, by `def` or as a lambda with a name."""
    if isinstance(s, ast.FunctionDef):
        return s
    if isinstance(s, ast.Assign) and len(s.targets) == 1 and isinstance(s.value, ast.Lambda):
        (target,) = s.targets
        if isinstance(target, ast.Name):
            result = ast.copy_location(ast.Return(s.value.body), s.value)
            made = ast.FunctionDef(target.id, s.value.args, [result], [])
            return ast.fix_missing_locations(ast.copy_location(made, s))
    return None


def bindings(body: Sequence[ast.stmt], name: str) -> int:
    """How often a scope binds (or unbinds) a name."""
    count = 0
    for node in names.walk_scope(body):
        if isinstance(node, ast.Name):
            count += node.id == name and not isinstance(node.ctx, ast.Load)
        elif isinstance(node, (*names.FUNCTIONS, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
            count += node.name == name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            count += sum((a.asname or a.name).split(".")[0] == name for a in node.names)
    declared = (n for s in body for n in ast.walk(s) if isinstance(n, (ast.Global, ast.Nonlocal)))
    return count + sum(name in n.names for n in declared)


def defines(inner: Mapping[str, ast.FunctionDef], s: ast.stmt) -> bool:
    """Is it the statement that makes one of these?"""
    made = definition(s)
    return made is not None and made.name in inner and inner[made.name].lineno == s.lineno


def gives(stmts: Sequence[ast.stmt]) -> bool:
    """Do these statements of a function return something else than None?"""
    return any(
        isinstance(n, ast.Return)
        and n.value is not None
        and not (isinstance(n.value, ast.Constant) and n.value.value is None)
        for n in names.walk_scope(stmts)
    )
