"""Text built piece by piece at module level.

What it finds    `s += piece` in a loop of a script's own top level, where `s` is text and is not looked at in the
                 loop.
Why it is slow   a global string is copied every time it grows (inside functions CPython grows it in place).
Example          for row in rows:                     s_parts = [s]
                     s += f"{row}\\n"             ->   for row in rows:
                                                          s_parts.append(f"{row}\\n")
                                                      s = "".join(s_parts)
Safe when        every value of `s` and every piece is text by its syntax, nothing reads `s` in the loop, no function
                 uses it, and no `try` or `with` around the loop could go on after an error with what there was until
                 then.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import Module, Parts


class TextGrowth(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST105"
    name: ClassVar[str] = "text built piece by piece"

    def sites(self, place: Place) -> Iterator[Parts]:
        module, project = place.module, place.project
        done: set[tuple[str, ast.stmt]] = set()
        for statement in module.statements(place.region):
            if not isinstance(statement, (ast.For, ast.While)):
                continue
            for loop in ast.walk(statement):
                if not isinstance(loop, (ast.For, ast.While)) or not isinstance(module.scope(loop), ast.Module):
                    continue
                if loop is not statement or not module.whole_lines(loop):
                    continue
                if any(isinstance(at, (ast.Try, ast.TryStar, ast.With, ast.For, ast.While)) for at in module.up(loop)):
                    continue
                for name in dict.fromkeys(
                    n.target.id
                    for n in ast.walk(loop)
                    if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
                ):
                    if (name, loop) not in done and not project.mentions(name, module):
                        done.add((name, loop))
                        parts = self._joined(module, name, loop)
                        if parts is not None:
                            yield parts

    @staticmethod
    def _joined(module: Module, name: str, loop: ast.For | ast.While) -> Parts | None:
        scope = module.tree
        for b in module.bindings(name, scope):
            if b.how not in ("assign", "augment") or not _is_text(module, b.value, name):
                return None
            if module.function(b.node) is not scope:
                return None
        if not module.bound_before(name, scope, loop):
            return None
        inside = set(ast.walk(loop))
        replace: list[tuple[ast.AST, str]] = []
        parts = module.fresh(f"{name}_parts")
        for use in module.uses(name, scope):
            if module.function(use) is not scope:
                return None
            if use not in inside:
                continue
            grow = module.parents[use]
            if not isinstance(grow, ast.AugAssign) or grow.target is not use or not isinstance(grow.op, ast.Add):
                return None
            if any(isinstance(at, (ast.Try, ast.TryStar, ast.With)) for at in module.up(grow)):
                return None
            replace.append((grow, f"{parts}.append({module.text(grow.value)})"))
        if not replace:
            return None
        margin = module.margin(loop)
        return Parts(
            title=f"join the pieces of {name} once",
            first=loop.lineno,
            last=loop.end_lineno or loop.lineno,
            reason=f"{name} is copied for every piece",
            remedy="a list of pieces, joined after the loop",
            replace=tuple(replace),
            before=((loop.lineno, f"{margin}{parts} = [{name}]\n"),),
            after=((loop.end_lineno or loop.lineno, f'{margin}{name} = "".join({parts})\n'),),
        )


def _is_text(module: Module, e: ast.expr | None, name: str) -> bool:
    """Whether an expression is a `str` (exactly), or raises, whatever its parts are."""
    match e:
        case ast.JoinedStr() | ast.Constant(value=str()):
            return True
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return _is_text(module, left, name) and _is_text(module, right, name)
        case ast.IfExp(body=a, orelse=b):
            return _is_text(module, a, name) and _is_text(module, b, name)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="join" | "format")):
            return True
        case ast.Call(func=func, args=[_], keywords=[]):
            return module.is_builtin(func, "chr", "hex", "bin", "oct", "ascii")
        case ast.Name(id=found):
            return found == name
    return False
