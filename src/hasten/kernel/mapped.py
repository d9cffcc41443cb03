"""`max(map(abs, xs))` and `filter(test, xs)` as the generators that they stand for.

Only where all items are taken at once, or by a loop, and by functions whose names mean the same all along.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from hasten.kernel import names

if TYPE_CHECKING:
    from hasten.kernel.program import Module

TAKERS = frozenset("sum min max sorted list tuple set any all".split())
MAKERS = frozenset({"map", "filter"})


def spelt(
    module: Module, stmts: Sequence[ast.stmt], given: Collection[str], fresh: Callable[[str], str]
) -> list[ast.stmt]:
    """The statements with generators in the place of these calls. `given`: names that are bound before."""
    if not any(isinstance(n, ast.Call) and module.dotted(n.func) in MAKERS for s in stmts for n in ast.walk(s)):
        return list(stmts)
    change = _Spelt(module, {*names.bound(stmts), *given}, fresh)
    return [ast.fix_missing_locations(change.visit(s)) for s in copy.deepcopy(list(stmts))]


class _Spelt(ast.NodeTransformer):
    def __init__(self, module: Module, bound: Collection[str], fresh: Callable[[str], str]) -> None:
        self.module, self.bound, self.fresh = module, bound, fresh

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node  # done when it is compiled

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if self.module.dotted(node.func) in TAKERS and len(node.args) == 1:
            node.args = [self.made(node.args[0])]
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        made = self.made(node.iter)
        if made is node.iter or not isinstance(made, ast.GeneratorExp):
            return node
        (walk,) = made.generators
        first: list[ast.stmt] = [
            ast.If(ast.UnaryOp(ast.Not(), test), [ast.Continue()], []) for test in walk.ifs
        ] + [ast.Assign([node.target], made.elt)]  # fmt: skip
        for s in first:
            for n in ast.walk(s):
                if isinstance(n, (ast.expr, ast.stmt)) and not hasattr(n, "lineno"):
                    ast.copy_location(n, node)
        node.iter, node.target, node.body = walk.iter, walk.target, [*first, *node.body]
        return node

    def made(self, node: ast.expr) -> ast.expr:
        """The generator for a call of `map` or `filter`; anything else (a generator of its own too) as it is."""
        if not isinstance(node, ast.Call) or node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            return node
        maker = self.module.dotted(node.func)
        if maker not in MAKERS or len(node.args) < 2 or maker == "filter" and len(node.args) > 2:
            return node
        do, over = node.args[0], node.args[1:]
        items = [self.fresh("mapped" if maker == "map" else "filtered") for _ in over]
        loads: list[ast.expr] = [ast.Name(i, ast.Load()) for i in items]
        one = self.called(do, items, loads, maker)
        if one is None:
            return node
        target: ast.expr = ast.Name(items[0], ast.Store())
        source = over[0]
        if len(over) > 1:
            target = ast.Tuple([ast.Name(i, ast.Store()) for i in items], ast.Store())
            source = ast.Call(ast.Name("zip", ast.Load()), over, [])
        tests = [one] if maker == "filter" else []
        given = loads[0] if maker == "filter" else one
        made = ast.GeneratorExp(given, [ast.comprehension(target, source, tests, 0)])
        for n in ast.walk(made):
            if isinstance(n, (ast.expr, ast.stmt)) and not hasattr(n, "lineno"):
                ast.copy_location(n, node)
        return ast.copy_location(made, node)

    def called(self, do: ast.expr, items: list[str], loads: list[ast.expr], maker: str) -> ast.expr | None:
        """What is done with each item: a function of the file or a known one, or what a lambda says."""
        if maker == "filter" and isinstance(do, ast.Constant) and do.value is None:
            return loads[0]
        if isinstance(do, ast.Lambda):
            a = do.args
            if a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs or a.defaults or len(a.args) != len(items):
                return None
            if any(isinstance(n, (ast.Lambda, ast.NamedExpr, *names.COMPREHENSIONS)) for n in ast.walk(do.body)):
                return None
            new = dict(zip([p.arg for p in a.args], items, strict=True))
            return _Renamed(new).visit(copy.deepcopy(do.body))  # type: ignore[no-any-return]
        known = self.module.dotted(do) is not None
        mine = isinstance(do, ast.Name) and do.id not in self.bound and self.module.function(do.id) is not None
        return ast.Call(copy.deepcopy(do), loads, []) if known or mine else None


class _Renamed(ast.NodeTransformer):
    def __init__(self, new: dict[str, str]) -> None:
        self.new = new

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.copy_location(ast.Name(self.new.get(node.id, node.id), node.ctx), node)
