"""Parts of functions that depend on fewer arguments than the function.

`sum(self.counts[c].values())` in `log_prob(self, word, c)` is the same for every word.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module
from hasten.passes.source.parallel.purity import Body
from hasten.passes.source.repeats.again import Again
from hasten.passes.source.repeats.world import Piece

WORKING = ("sum", "max", "min", "sorted", "any", "all", "set", "list", "dict", "tuple", "len")


@dataclass(frozen=True)
class Portion:
    """An expression in a function that follows from some of its parameters, and from what they hold."""

    module: Module
    function: ast.FunctionDef
    node: ast.expr
    params: tuple[str, ...]
    reads: frozenset[str]
    names: frozenset[str]
    name: str  # of the function that works it out

    @property
    def qualname(self) -> str:
        return self.name

    @property
    def makes_container(self) -> bool:
        """Whether the expression gives a list, set or dict, as far as syntax tells."""
        word = self.node.func.id if isinstance(self.node, ast.Call) and isinstance(self.node.func, ast.Name) else ""
        return isinstance(self.node, COMPREHENSIONS) or word in ("sorted", "set", "list", "dict", "tuple")

    def text(self) -> str:
        """The function that works it out."""
        return f"@_kept\ndef {self.name}({', '.join(self.params)}):\n    return {self.module.text(self.node)}\n"

    def call(self) -> str:
        return f"{self.name}({', '.join(self.params)})"


def portions(again: Again, module: Module, function: ast.FunctionDef) -> Iterator[Portion]:
    """The largest such expressions of a function that is defined at the top of its file, or in a class there."""
    holder = module.parents[function]
    top = holder if isinstance(holder, ast.Module) else module.parents[holder]
    if not isinstance(top, ast.Module) or not isinstance(holder, (ast.Module, ast.ClassDef)):
        return
    a = function.args
    if a.vararg or a.kwarg or function.name.startswith("__"):
        return
    params = [p.arg for p in (*a.posonlyargs, *a.args, *a.kwonlyargs)]
    if not all(isinstance(d, ast.Name) and d.id in ("property", "staticmethod") for d in function.decorator_list):
        return  # a compiled function calls no others
    if isinstance(holder, ast.ClassDef):
        same = [s for s in holder.body if getattr(s, "name", "") == function.name]
        if same != [function] or len(module.bindings(holder.name, module.tree)) != 1:
            return
    elif len(module.bindings(function.name, module.tree)) != 1:
        return
    taken: set[str] = set()
    todo: list[ast.AST] = list(reversed(function.body))
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if isinstance(node, ast.expr) and _works(module, node):
            used = _parameters(module, function, node, params)
            if used is not None and len(used) < len(params) and _apart(module, node):
                found = _portion(again, module, function, node, tuple(used), taken)
                if found is not None:
                    taken.add(found.name)
                    yield found
                    continue
        todo += reversed(list(ast.iter_child_nodes(node)))


def _works(module: Module, node: ast.expr) -> bool:
    """Whether an expression goes through something, once for itself."""
    if isinstance(node, (ast.Subscript, ast.BinOp)):
        parts = [node.value] if isinstance(node, ast.Subscript) else [node.left, node.right]
        return any(_works(module, p) for p in parts)
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp)):
        return True
    if not isinstance(node, ast.Call) or not node.args or not module.is_builtin(node.func, *WORKING):
        return False
    if isinstance(node.func, ast.Name) and node.func.id == "len":
        return any(isinstance(n, (ast.Call, *COMPREHENSIONS)) for n in ast.walk(node.args[0]))
    return True


def _apart(module: Module, node: ast.expr) -> bool:
    """Whether an expression means the same in a function of its own."""
    for n in ast.walk(node):
        if isinstance(n, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)):
            return False
        if isinstance(n, ast.Attribute) and n.attr.startswith("__") and not n.attr.endswith("__"):
            return False  # private to its class
    return not any(isinstance(at, ast.JoinedStr) for at in module.up(node)) and "\n" not in module.text(node)


def _parameters(module: Module, function: ast.FunctionDef, node: ast.expr, params: list[str]) -> list[str] | None:
    """The parameters that an expression reads; None when it reads other variables of the function."""
    inside = set(ast.walk(node))
    used: set[str] = set()
    for n in inside:
        if not isinstance(n, ast.Name):
            continue
        owner = module.owner(n.id, n)
        if owner is None or owner in inside or owner is module.tree:
            continue
        if owner is not function or n.id not in params or len(module.bindings(n.id, function)) != 1:
            return None
        used.add(n.id)
    return [p for p in params if p in used]


def _portion(
    again: Again, module: Module, function: ast.FunctionDef, node: ast.expr, used: tuple[str, ...], taken: set[str]
) -> Portion | None:
    world = again.world
    body = Body(again.purity, module, [ast.Expr(node)], frozenset(used), outer=function)
    if body.why_not_of([node]) or body.changed:
        return None
    reach = world.reach(module, node)
    if function in reach or not again.operators_quiet or not all(map(again.fixed, reach)):
        return None
    dunders = {d for d in world.always if getattr(d, "name", "").startswith("__")}
    pieces: list[Piece] = [(module, node), *((world.home[d], d) for d in reach | dunders)]
    if not all(again.timeless(m, top) for m, top in pieces[: len(reach) + 1]):
        return None
    statement = module.parents[node]
    word = "part"
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        word = statement.targets[0].id
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        word = node.func.id
    holder = module.parents[function]
    where = (
        f"{holder.name}_{function.name.strip('_')}" if isinstance(holder, ast.ClassDef) else function.name.strip("_")
    )
    name = module.fresh(f"_{where}_{word}", taken)
    return Portion(module, function, node, used, world.attributes_read(pieces), world.globals_read(pieces), name)
