"""`left, right = y[mask], y[~mask]` and `prev, cur = cur, prev` as statements for one name each.

Types are not known yet: where no value speaks of a name that is bound here, binding one after another is the same;
names of containers that change places go through names of their own.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence


def apart(stmts: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements with such assignments taken apart; those given stay as they are."""
    indexed = containers(stmts)
    if not any(_parts(n, indexed) or _either(n) for s in stmts for n in ast.walk(s)):
        return list(stmts)
    change = _Apart(indexed)
    made: list[ast.stmt] = []
    for s in copy.deepcopy(list(stmts)):
        new = change.visit(s)
        made += new if isinstance(new, list) else [new]
    return made


def containers(stmts: Sequence[ast.stmt]) -> set[str]:
    """Names whose items or methods are used, or that are gone over: no numbers."""
    gone_over = {
        e.id
        for s in stmts
        for n in ast.walk(s)
        for e in (n.args if isinstance(n, ast.Call) and _goes_over(n) else [getattr(n, "iter", None)])
        if isinstance(e, ast.Name)
    }
    return gone_over | {
        n.value.id
        for s in stmts
        for n in ast.walk(s)
        if isinstance(n, (ast.Subscript, ast.Attribute)) and isinstance(n.value, ast.Name)
    }


def _goes_over(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in ("len", "enumerate", "zip", "sorted", "reversed", "sum")


def _parts(node: ast.AST, indexed: set[str]) -> list[tuple[str, ast.expr]]:
    """The names and values of an assignment in the order to bind them; empty where it is left as it is."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return []
    target, value = node.targets[0], node.value
    if not isinstance(target, (ast.Tuple, ast.List)) or not isinstance(value, (ast.Tuple, ast.List)):
        return []
    names = [t.id for t in target.elts if isinstance(t, ast.Name)]
    if len(set(names)) < len(target.elts) or len(names) != len(value.elts) or len(names) < 2:
        return []
    if all(isinstance(v, ast.Constant) for v in value.elts):
        return []
    spoken = {n.id for v in value.elts for n in ast.walk(v) if isinstance(n, ast.Name)}
    if any(isinstance(n, (ast.Starred, ast.NamedExpr)) for v in value.elts for n in ast.walk(v)):
        return []
    if not spoken & set(names):
        return list(zip(names, value.elts, strict=True))
    swapped = [v.id for v in value.elts if isinstance(v, ast.Name)]
    if set(swapped) != set(names) or len(swapped) != len(names) or not indexed & set(names):
        return []
    places = [f"{name}_{node.lineno}_{node.col_offset}" for name in swapped]
    first = list(zip(places, value.elts, strict=True))
    return [
        *first,
        *((n, ast.copy_location(ast.Name(p, ast.Load()), value)) for n, p in zip(names, places, strict=True)),
    ]


def _either(node: ast.AST) -> bool:
    """`small, large = (a, b) if len(a) < len(b) else (b, a)`"""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.value, ast.IfExp):
        return False
    target, value = node.targets[0], node.value
    if not isinstance(target, (ast.Tuple, ast.List)) or not all(isinstance(t, ast.Name) for t in target.elts):
        return False
    ends = [value.body, value.orelse]
    return all(isinstance(e, ast.Tuple) and len(e.elts) == len(target.elts) for e in ends) and not any(
        isinstance(n, ast.Starred) for e in ends for n in ast.walk(e)
    )


class _Apart(ast.NodeTransformer):
    def __init__(self, indexed: set[str]) -> None:
        self.indexed = indexed

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node  # done when it is compiled

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        if _either(node):
            assert isinstance(node.value, ast.IfExp)
            bodies: list[list[ast.stmt]] = []
            for value in (node.value.body, node.value.orelse):
                one = ast.copy_location(ast.Assign(copy.deepcopy(node.targets), value), node)
                new = self.visit_Assign(one)
                bodies.append(new if isinstance(new, list) else [one])
            return ast.fix_missing_locations(ast.copy_location(ast.If(node.value.test, *bodies), node))
        parts = _parts(node, self.indexed)
        if not parts:
            return node
        return [
            ast.fix_missing_locations(ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], value), node))
            for name, value in parts
        ]
