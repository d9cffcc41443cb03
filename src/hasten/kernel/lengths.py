"""`len(graph)` of an object of a class with `def __len__(self): return len(self.adj)`: the length of that attribute."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hasten.kernel import objects
from hasten.kernel.kinds import Obj
from hasten.kernel.values import V

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit


def of_object(u: Unit, arg: ast.expr) -> V | None:
    """None: no such object."""
    if not isinstance(arg, (ast.Name, ast.Attribute)):
        return None
    count = len(u.lines)
    obj = objects.is_object(u, arg)
    if obj is None or not isinstance(obj.t, Obj) or len(u.lines) != count:
        return None
    used = u.shared.objects.get(obj.t.path)
    if used is None or obj.t.kind or u.shared.unions.get(obj.t.path):
        return None
    attr, home = counted(used.kind), u.shared.home(used.kind)
    if not attr or home.bindings.get("len") or home.bindings.get(".__len__") or u.module.bindings.get(".__len__"):
        return None
    used.needed = True  # no heir's `__len__`
    load = ast.Attribute(arg, attr, ast.Load())
    made = ast.Call(ast.Name("len", ast.Load()), [load], [])
    return u.expr(ast.fix_missing_locations(ast.copy_location(made, arg)))


def counted(kind: ast.ClassDef) -> str:
    """The attribute whose length a class's `__len__` gives; empty where it is not written just so."""
    found = [s for s in kind.body if isinstance(s, ast.FunctionDef) and s.name == "__len__"]
    if len(found) != 1 or found[0].decorator_list or len(found[0].args.args) != 1:
        return ""
    body = [s for s in found[0].body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if len(body) != 1 or not isinstance(body[0], ast.Return) or not isinstance(body[0].value, ast.Call):
        return ""
    call, me = body[0].value, found[0].args.args[0].arg
    if ast.unparse(call.func) != "len" or len(call.args) != 1 or call.keywords:
        return ""
    of = call.args[0]
    plain = isinstance(of, ast.Attribute) and isinstance(of.value, ast.Name) and of.value.id == me and me != "len"
    return of.attr if plain and isinstance(of, ast.Attribute) else ""
