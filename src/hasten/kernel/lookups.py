"""`try: x = d[key]` with `except KeyError:` as the question that it asks: `if key in d: ... else: ...`.

    try:
        counts[word] += 1
    except KeyError:
        counts[word] = 1

Only where nothing else in the `try` can raise a KeyError, and where `d` turns out to be a dict that makes no keys of
its own: of a list the question would be another one. What is asked twice is names and attributes, no properties.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from hasten.kernel import homes, names
from hasten.kernel.kinds import Map
from hasten.kernel.values import fail

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit
    from hasten.kernel.program import Module

DICT = "hasten_dict"  # marks the `if`: what must be a dict for it to stand for the `try`


def asked(module: Module, stmts: Sequence[ast.stmt], given: Collection[str]) -> list[ast.stmt]:
    """The statements with such questions; those given stay as they are. `given`: names that are bound before."""
    if not any(isinstance(n, ast.Try) for s in stmts for n in ast.walk(s)):
        return list(stmts)
    if "KeyError" in {*names.bound(stmts), *given}:
        return list(stmts)
    return [_Asked(module).visit(s) for s in copy.deepcopy(list(stmts))]


class _Asked(ast.NodeTransformer):
    def __init__(self, module: Module) -> None:
        self.module = module

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node  # done when it is compiled

    def visit_Try(self, node: ast.Try) -> ast.AST:
        self.generic_visit(node)
        looked = _looked_up(node)
        if looked is None or len(node.handlers) != 1 or node.orelse or node.finalbody:
            return node
        (handler,) = node.handlers
        if handler.name or handler.type is None or self.module.dotted(handler.type) != "KeyError":
            return node
        if any(isinstance(n, ast.Raise) and n.exc is None for s in handler.body for n in ast.walk(s)):
            return node
        test = ast.Compare(copy.deepcopy(looked.slice), [ast.In()], [copy.deepcopy(looked.value)])
        made = ast.If(test, node.body, handler.body)
        setattr(made, DICT, looked.value)
        return ast.fix_missing_locations(ast.copy_location(made, node))


def _looked_up(node: ast.Try) -> ast.Subscript | None:
    """What is looked up in a dict, where that alone may raise a KeyError, and is what happens first."""
    if len(node.body) != 1:
        return None
    (s,) = node.body
    found: ast.expr | None = None
    if isinstance(s, ast.Assign) and len(s.targets) == 1 and isinstance(s.targets[0], ast.Name):
        found = s.value
    elif isinstance(s, ast.Return):
        found = s.value
    elif isinstance(s, ast.AugAssign) and _plain(s.value):
        found = s.target
    if not isinstance(found, ast.Subscript) or not _plain(found.value) or not _plain(found.slice):
        return None
    return found


def _plain(node: ast.expr) -> bool:
    """A name, a constant, an attribute of such, a tuple or arithmetic of these: nothing that raises a KeyError."""
    if isinstance(node, ast.BinOp):
        return _plain(node.left) and _plain(node.right)
    if isinstance(node, ast.Tuple):
        return all(map(_plain, node.elts))
    if isinstance(node, ast.Attribute):
        return _plain(node.value)
    return isinstance(node, (ast.Name, ast.Constant))


def sure(unit: Unit, s: ast.If) -> None:
    """Raises `Refuse` where an `if` that stands for a `try` asks something else than a dict."""
    over: ast.expr | None = getattr(s, DICT, None)
    if over is None:
        return
    count = len(unit.lines)
    t = unit.expr(over).t
    del unit.lines[count:]  # only the type was wanted
    if not isinstance(t, Map) or t.keys_only or t.default or t.frozen and unit.shared.any_dicts:
        fail("a KeyError of something else than a dict", s)
    words = {n.attr for n in ast.walk(s.test) if isinstance(n, ast.Attribute)}
    if any(words & m.defined for m in (unit.module, *homes.modules(unit.shared))):
        fail("a look-up by something that is worked out", s)
