"""`queue = deque([start])` of a function's own, as a list: what is done with it means the same for both.

A list's `pop(0)` is what `popleft()` is, and costs as little (`queues`). Whatever a list would do in another way (a
length that is limited, items put in front, a slice, a result that has to be a deque) leaves the name alone.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from hasten.kernel import names

if TYPE_CHECKING:
    from hasten.kernel.program import Module

METHODS = {"append": 1, "popleft": 0, "pop": 0}  # and how many arguments they take
READERS = ("len", "sum", "min", "max", "sorted", "list", "tuple", "set")
TESTS = (ast.If, ast.While, ast.IfExp)


def as_lists(module: Module, stmts: Sequence[ast.stmt], kept: Collection[str]) -> list[ast.stmt]:
    """The statements with lists in the place of deques that nothing else sees. `kept`: names that others see."""
    made = [n for s in stmts for n in ast.walk(s) if isinstance(n, ast.Call) and _is_deque(module, n)]
    if not made:
        return list(stmts)
    up = {inner: n for s in stmts for n in ast.walk(s) for inner in ast.iter_child_nodes(n)}
    found = {t.id for n in made if isinstance(t := _target(up.get(n)), ast.Name)} - set(kept)
    uses: dict[str, list[ast.Name]] = {name: [] for name in found}
    for s in stmts:
        for n in ast.walk(s):
            if isinstance(n, ast.Name) and n.id in uses:
                uses[n.id].append(n)
            elif isinstance(n, (*names.SCOPES, ast.Global, ast.Nonlocal)):
                found -= names.loaded([n])
    found = {name for name in found if all(_same(module, n, up) for n in uses[name])}
    change = _Lists(module, found)
    return [ast.fix_missing_locations(change.visit(s)) for s in copy.deepcopy(list(stmts))]


def _is_deque(module: Module, node: ast.Call) -> bool:
    plain = not node.keywords and len(node.args) < 2 and not any(isinstance(a, ast.Starred) for a in node.args)
    return plain and module.dotted(node.func) == "collections.deque"


def _target(node: ast.AST | None) -> ast.expr | None:
    """What a statement with one target binds."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return node.targets[0]
    return node.target if isinstance(node, ast.AnnAssign) else None


def _same(module: Module, use: ast.Name, up: Mapping[ast.AST, ast.AST]) -> bool:
    """Does this use mean the same for a list?"""
    above = up.get(use)
    if isinstance(use.ctx, ast.Store):
        value = above.value if isinstance(above, (ast.Assign, ast.AnnAssign)) and _target(above) is use else None
        return isinstance(value, ast.Call) and _is_deque(module, value)
    if not isinstance(use.ctx, ast.Load):
        return False
    if isinstance(above, ast.Attribute):
        call = up.get(above)
        if not isinstance(call, ast.Call) or call.func is not above or call.keywords:
            return False
        plain = not any(isinstance(a, ast.Starred) for a in call.args)
        return plain and METHODS.get(above.attr) == len(call.args)
    if isinstance(above, ast.Call):
        return above.args == [use] and not above.keywords and module.dotted(above.func) in READERS
    if isinstance(above, ast.Subscript):
        return above.value is use and isinstance(above.ctx, ast.Load) and not isinstance(above.slice, ast.Slice)
    if isinstance(above, ast.Compare):
        return above.comparators == [use] and isinstance(above.ops[0], (ast.In, ast.NotIn))
    at: ast.AST = use
    while isinstance(above, (ast.BoolOp, ast.UnaryOp)):
        if isinstance(above, ast.UnaryOp) and isinstance(above.op, ast.Not):
            return True
        if not isinstance(above, ast.BoolOp):
            return False
        at, above = above, up.get(above)
    return isinstance(above, TESTS) and above.test is at


class _Lists(ast.NodeTransformer):
    def __init__(self, module: Module, found: Collection[str]) -> None:
        self.module, self.found = module, found

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        node.value = self._listed(node.value, _target(node))
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        if node.value is None:
            return node
        plain = ast.Assign([node.target], self._listed(node.value, node.target))
        mine = isinstance(node.target, ast.Name) and node.target.id in self.found
        return ast.copy_location(plain, node) if mine else node

    def _listed(self, value: ast.expr, target: ast.expr | None) -> ast.expr:
        if not isinstance(target, ast.Name) or target.id not in self.found or not isinstance(value, ast.Call):
            return value
        if not value.args:
            return ast.copy_location(ast.List([], ast.Load()), value)
        if isinstance(value.args[0], (ast.List, ast.ListComp)):
            return value.args[0]
        return ast.copy_location(ast.Call(ast.Name("list", ast.Load()), value.args, []), value)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        f = node.func
        if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) and f.value.id in self.found:
            if f.attr == "popleft":
                f.attr = "pop"
                node.args = [ast.copy_location(ast.Constant(0), node)]
        return node
