"""Methods of a base class, called by name: `super().step(dt)`, `super(Fox, self).step(dt)`, `Animal.step(self, dt)`.

Before a method is looked at, such calls in it get the form `(self above Fox).step(dt)` or `(self at Animal).step(dt)`,
with an attribute that no program can have: it tells from which class on the method is looked up, wherever the body of
the method ends up.
"""

from __future__ import annotations

import ast
import copy
from functools import lru_cache
from typing import TYPE_CHECKING

from hasten.kernel import names

if TYPE_CHECKING:
    from hasten.kernel.program import Module

ABOVE, AT = " above ", " at "


@lru_cache(maxsize=512)
def spelt(module: Module, func: ast.FunctionDef) -> ast.FunctionDef:
    """The function of a class, with its calls of base classes' methods in that form."""
    around = next((c for c in module.tree.body if isinstance(c, ast.ClassDef) and func in c.body), None)
    own = func.args.args[0].arg if func.args.args else ""
    if around is None or not own or own in names.bound(func.body) or func.decorator_list:
        return func
    if not any(_base_call(module, n, own, around) for n in ast.walk(func)):
        return func
    return _Spelt(module, own, around).visit(copy.deepcopy(func))  # type: ignore[no-any-return]


def _base_call(module: Module, node: ast.AST, own: str, around: ast.ClassDef) -> str:
    """From which class on the method of a call is looked up; empty for any other call."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return ""
    base = node.func.value
    if isinstance(base, ast.Call) and isinstance(base.func, ast.Name) and module.dotted(base.func) == "super":
        if not base.args and not base.keywords:
            return ABOVE + around.name
        if [isinstance(a, ast.Name) for a in base.args] == [True, True] and not base.keywords:
            first, second = (a.id for a in base.args if isinstance(a, ast.Name))
            return ABOVE + first if second == own and first == around.name else ""
        return ""
    if isinstance(base, ast.Name) and node.args and isinstance(node.args[0], ast.Name) and node.args[0].id == own:
        kinds = [c.name for c in module.tree.body if isinstance(c, ast.ClassDef)]
        if kinds.count(base.id) == 1 == module.bindings.get(base.id, 0):
            return AT + base.id
    return ""


class _Spelt(ast.NodeTransformer):
    def __init__(self, module: Module, own: str, around: ast.ClassDef) -> None:
        self.module, self.own, self.around = module, own, around

    def visit_Call(self, node: ast.Call) -> ast.AST:
        start = _base_call(self.module, node, self.own, self.around)
        if start:
            assert isinstance(node.func, ast.Attribute)
            one = ast.Attribute(ast.Name(self.own, ast.Load()), start, ast.Load())
            for n in ast.walk(one):
                ast.copy_location(n, node.func.value)
            node.func.value = one
            if start.startswith(AT):
                del node.args[0]
        self.generic_visit(node)
        return node


def start_of(node: ast.expr) -> tuple[str, bool] | None:
    """The class from which on a method is looked up, and whether beyond it; None for the object's own."""
    if isinstance(node, ast.Attribute) and node.attr.startswith((ABOVE, AT)):
        return node.attr.rpartition(" ")[2], node.attr.startswith(ABOVE)
    return None
