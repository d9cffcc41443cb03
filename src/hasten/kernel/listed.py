"""Comprehensions that call functions of the program, as loops: `[self.predict_one(x) for x in X]`.

In a loop a small function is spelt out where it is called (`splices`); within a comprehension it stays a call, which
counts references to every array that it takes.
"""

from __future__ import annotations

import ast
import copy
from typing import TYPE_CHECKING, Any

from hasten.kernel import containers, names
from hasten.kernel.splices import MOST_IN_ALL

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

# what goes over all items of a generator, whatever they are
WHOLE = frozenset({"sum", "max", "min", "list", "sorted", "numpy.array", "numpy.sum", "numpy.mean"})


def as_loops(u: Unit) -> list[ast.stmt]:
    """The statements of a unit, with a loop ahead of each that begins with such a comprehension."""
    if u.size > MOST_IN_ALL or not any(
        isinstance(n, ast.GeneratorExp | ast.ListComp) for s in u.stmts for n in ast.walk(s)
    ):
        return u.stmts
    return names.rewritten(u.stmts, lambda s: _apart(u, s) or [s])


def _apart(u: Unit, s: ast.stmt) -> list[ast.stmt]:
    """The loop and the rest of the statement; nothing where it has no such comprehension."""
    if not isinstance(s, (ast.Assign, ast.Return, ast.Expr, ast.AugAssign)) or s.value is None:
        return []
    for parent in [s, *ast.walk(s.value)]:
        for node in ast.iter_child_nodes(parent):
            if not isinstance(node, (ast.ListComp, ast.GeneratorExp)) or not _calls(u, node):
                continue
            if isinstance(node, ast.GeneratorExp) and not (
                isinstance(parent, ast.Call) and parent.args == [node] and u.module.dotted(parent.func) in WHOLE
            ):
                continue
            if len(node.generators) != 1 or not containers.evaluated_first(s, node):
                continue
            return _loop(u, s, node)
    return []


def _calls(u: Unit, node: ast.ListComp | ast.GeneratorExp) -> bool:
    """Does its element call a function or method that the program defines?"""
    for n in ast.walk(node.elt):
        if isinstance(n, (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp, ast.Lambda, ast.NamedExpr)):
            return False
    return any(
        isinstance(n, ast.Call)
        and (n.func.attr if isinstance(n.func, ast.Attribute) else getattr(n.func, "id", "")) in u.module.defined
        for n in ast.walk(node.elt)
    )


def _loop(u: Unit, s: ast.stmt, node: ast.ListComp | ast.GeneratorExp) -> list[ast.stmt]:
    number = u.next_splice()
    result = u.fresh_name("listed", number)
    (gen,) = node.generators
    own = {n.id: u.fresh_name(n.id, number) for n in ast.walk(gen.target) if isinstance(n, ast.Name)}

    def renamed(part: ast.expr) -> ast.expr:
        made = copy.deepcopy(part)
        for n in ast.walk(made):
            if isinstance(n, ast.Name) and n.id in own:
                n.id = own[n.id]
        return made

    put = ast.Call(ast.Attribute(ast.Name(result, ast.Load()), "append", ast.Load()), [renamed(node.elt)], [])
    inner: ast.stmt = ast.Expr(put)
    for test in reversed(gen.ifs):
        inner = ast.If(renamed(test), [inner], [])
    loop = ast.For(renamed(gen.target), gen.iter, [inner], [])
    begin = ast.Assign([ast.Name(result, ast.Store())], ast.List([], ast.Load()))
    stands = ast.Name(result, ast.Load())
    assert isinstance(s, (ast.Assign, ast.Return, ast.Expr, ast.AugAssign)) and s.value is not None
    s.value = _Instead(node, stands).visit(s.value)
    for top in (begin, loop, stands):
        for n in ast.walk(top):
            if isinstance(n, (ast.expr, ast.stmt)) and not hasattr(n, "lineno"):
                ast.copy_location(n, node)
    return [begin, loop, s]


class _Instead(ast.NodeTransformer):
    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)


__all__ = ["as_loops"]
