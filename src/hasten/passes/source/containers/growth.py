"""Lists that are copied to grow.

What it finds    `xs = xs + [y]` in a loop.
Why it is slow   every round copies the whole list; `append` adds one item in place.
Example          xs = xs + [y]  ->  xs.append(y)
Safe when        `xs` only ever means a list made here that nobody else holds and nothing is going through at that
                 moment, so that nobody can tell a longer list from a new one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.effects import OPERATORS, escapes, use_kind
from hasten.passes.source.containers.membership import stretches
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module, Parts

LAZY = ("enumerate", "zip", "map", "filter", "reversed", "iter")


class CopyToGrow(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST110"
    name: ClassVar[str] = "list copied to grow"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                match node:
                    case ast.Assign(
                        targets=[ast.Name(id=name) as target],
                        value=ast.BinOp(left=ast.Name(id=left), op=ast.Add(), right=ast.List(elts=elts)),
                    ) if name == left and elts and not any(isinstance(e, ast.Starred) for e in elts):
                        pass
                    case _:
                        continue
                scope = module.owner(name, target)
                loops = [s for s in stretches(place, node) if isinstance(s, (ast.For, ast.While))]
                if scope is None or not loops or not module.whole_lines(node):
                    continue
                if not self._unseen(place, name, scope, node, loops[0]):
                    continue
                if len(elts) == 1:
                    text = f"{name}.append({module.text(elts[0])})"
                else:
                    text = f"{name}.extend({module.text(node.value.right)})"  # type: ignore[attr-defined]
                yield Parts(
                    title=f"append to {name}",
                    first=node.lineno,
                    last=node.end_lineno or node.lineno,
                    reason=f"every round copies {name}",
                    remedy="append in place",
                    replace=((node, text),),
                )

    @staticmethod
    def _unseen(place: Place, name: str, scope: ast.AST, node: ast.stmt, loop: ast.stmt) -> bool:
        module, project = place.module, place.project
        if isinstance(scope, ast.ClassDef) or project.dunders & OPERATORS:
            return False
        if isinstance(scope, ast.Module) and (project.mentions(name, module) or project.threads):
            return False
        for b in module.bindings(name, scope):
            if b.how in ("declare", "augment") and module.function(b.node) is scope:
                continue
            if b.how != "assign" or module.function(b.node) is not scope or not _makes_list(module, b.value, name):
                return False
            parent = module.parents[b.node]
            if isinstance(parent, ast.Assign) and len(parent.targets) != 1:
                return False
        if escapes(project, module, name, scope, loop):
            return False
        if not module.bound_before(name, scope, node):
            return False
        for use in module.uses(name, scope):
            if not isinstance(use.ctx, ast.Load):
                continue
            if (
                module.function(use) is not scope
                or use_kind(project, module, use) == "escape"
                and use.lineno <= (loop.end_lineno or 0)
            ):
                return False
            if _going_through(module, use, node):
                return False
        return True


def _makes_list(module: Module, e: ast.expr | None, name: str) -> bool:
    match e:
        case ast.List() | ast.ListComp():
            return True
        case ast.BinOp(left=ast.Name(id=left), op=ast.Add(), right=ast.List() | ast.ListComp()):
            return left == name
        case ast.Call(func=func):
            return module.is_builtin(func, "list", "sorted")
    return False


def _going_through(module: Module, use: ast.Name, node: ast.stmt) -> bool:
    """Whether something made from this use may still go through the list when `node` runs."""
    parent = module.parents[use]
    if isinstance(parent, ast.Starred):
        return False
    if isinstance(parent, ast.Call) and module.is_builtin(parent.func, *LAZY) and use in parent.args:
        holder = module.parents[parent]
        if not (isinstance(holder, (ast.For, ast.comprehension)) and holder.iter is parent):
            return True
        parent = holder
    if isinstance(parent, ast.For):
        return any(n is node for n in ast.walk(parent))
    if isinstance(parent, ast.comprehension):
        whole = module.parents[parent]
        return not isinstance(whole, COMPREHENSIONS) or isinstance(whole, ast.GeneratorExp)
    # a generator that reads it later
    return any(isinstance(at, ast.GeneratorExp) for at in module.up(use))
