"""Accessors: functions, methods and properties that do nothing but hand on a part of what they are given.

    def ratings_of(self, user):
        return self.by_user.get(user, {})

A compiled function must not return what came from outside, because whose it is would be lost. Such a call is spelt out
where it stands instead (`store.ratings_of(u)` becomes `store.by_user.get(u, {})`): it only reads, and so do the
arguments, so that neither the place nor the number of evaluations can be seen.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from hasten.core.source import SourceFile
from hasten.kernel import names
from hasten.kernel.kinds import Obj, Refuse

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

DEEP = 5  # accessors that call accessors


def inlined(unit: Unit) -> list[ast.stmt]:
    """The statements of a unit with every call of an accessor spelt out."""
    known = _known(unit).accessors
    if (
        not known
        or unit.module.place
        and not unit.module.called
        or not any(_called(n) in known for s in unit.stmts for n in ast.walk(s))
    ):
        return unit.stmts
    inliner = _Inliner(unit)
    made = [inliner.visit(copy.deepcopy(s)) for s in unit.stmts]
    return made if inliner.count else unit.stmts


def _called(node: ast.AST) -> str:
    """The name under which something may be called or looked up."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


@dataclass(frozen=True)
class Names:
    """What the accessors of the files are called, and its other functions: by such a name anything may happen."""

    accessors: frozenset[str]
    others: frozenset[str]


def _known(unit: Unit) -> Names:
    from hasten.kernel import homes  # it builds on this module

    return of(tuple(sorted((m.source for m in homes.modules(unit.shared)), key=lambda source: source.path)))


@lru_cache(maxsize=16)
def of(sources: tuple[SourceFile, ...]) -> Names:
    functions = [n for source in sources for n in ast.walk(source.tree) if isinstance(n, names.FUNCTIONS)]
    known = Names(frozenset(f.name for f in functions), frozenset())
    while True:  # an accessor may call others
        good = {f.name for f in functions if isinstance(f, ast.FunctionDef) and part_of(f, known) is not None}
        bad = {f.name for f in functions if not isinstance(f, ast.FunctionDef) or part_of(f, known) is None}
        found = Names(frozenset(good - bad), frozenset(bad))
        if found == known:
            return found
        known = found


def part_of(func: ast.FunctionDef, known: Names) -> ast.expr | None:
    """What an accessor returns; None for any other function."""
    body = func.body
    if len(body) > 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    a = func.args
    if len(body) != 1 or not isinstance(body[0], ast.Return) or a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs:
        return None
    value = body[0].value
    if value is None or isinstance(value, (ast.Name, ast.Constant)):
        return None
    return value if _reads(value, {p.arg for p in a.args}, known) else None


def _reads(node: ast.expr, parameters: set[str], known: Names) -> bool:
    """Is it a part of a parameter: `a.b`, `a[k]`, `a.get(k, {})`, or an accessor's call?"""
    if isinstance(node, ast.Name):
        return node.id in parameters
    if isinstance(node, ast.Attribute):
        return node.attr not in known.others and _reads(node.value, parameters, known)
    if isinstance(node, ast.Subscript):
        return _reads(node.value, parameters, known) and _plain(node.slice, known, parameters)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.keywords:
        method = node.func.attr
        if method in known.others or not _reads(node.func.value, parameters, known):
            return False
        if method == "get" and len(node.args) == 2:
            return _plain(node.args[0], known, parameters) and _empty(node.args[1])
        if method in ("keys", "values", "items") and not node.args:
            return True
        return method in known.accessors and all(_plain(a, known, parameters) for a in node.args)
    return False


def _empty(node: ast.expr) -> bool:
    return isinstance(node, ast.List) and not node.elts or isinstance(node, ast.Dict) and not node.keys


def _plain(node: ast.expr, known: Names, parameters: set[str] | None = None) -> bool:
    """Does it only read? (`parameters`: what it may name.) A look-up in a defaultdict does more: see `_ordered`."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Name):
        return parameters is None or node.id in parameters
    if isinstance(node, ast.Attribute):
        return node.attr not in known.others and _plain(node.value, known, parameters)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant)
    if isinstance(node, ast.Tuple):
        return all(_plain(e, known, parameters) for e in node.elts)
    if isinstance(node, ast.Subscript):
        return _plain(node.value, known, parameters) and _plain(node.slice, known, parameters)
    return False


def _ordered(value: ast.expr, values: dict[str, ast.expr]) -> bool:
    """Does what the arguments look up happen once, and before what the accessor looks up?"""
    looked_up = [p for p, v in values.items() if _subscripts(v)]
    if not looked_up:
        return True
    uses = [n.id for n in ast.walk(value) if isinstance(n, ast.Name)]
    return len(looked_up) == 1 == uses.count(looked_up[0]) and _subscripts(value) < 2


def _subscripts(node: ast.AST) -> int:
    return sum(isinstance(n, ast.Subscript) for n in ast.walk(node))


class _Inliner(ast.NodeTransformer):
    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.known = _known(unit)
        self.count = 0
        self.depth = 0
        # what comprehensions and lambdas bind is not yet known to be an object
        self.hidden = {n.id for s in unit.stmts for n in ast.walk(s) if _binds_inside(n) for n in _bound_inside(n)}

    def visit_Call(self, node: ast.Call) -> ast.AST:
        found = self._target(node.func) if _called(node.func) in self.known.accessors else None
        self.generic_visit(node)
        if found is None or found[1] == "property" or not all(_plain(a, self.known) for a in node.args):
            return node
        func, decorated, owner = found
        order = [p.arg for p in func.args.args]
        given = [*([] if owner is None or decorated else [owner]), *node.args]
        if len(given) > len(order) or any(k.arg not in order or not _plain(k.value, self.known) for k in node.keywords):
            return node
        values = dict(zip(order, given, strict=False))
        for k in node.keywords:
            if k.arg is None or k.arg in values:
                return node
            values[k.arg] = k.value
        for p, d in zip(reversed(order), reversed(func.args.defaults), strict=False):
            if isinstance(d, ast.Constant):
                values.setdefault(p, d)
        return self._spelt(func, values, node) if set(values) == set(order) else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if node.attr in self.known.accessors and isinstance(node.ctx, ast.Load):
            found = self._target(node)
            if found is not None and found[1] == "property" and found[2] is not None:
                return self._spelt(found[0], {found[0].args.args[0].arg: found[2]}, node)
        self.generic_visit(node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node  # it is looked at when it is compiled

    def _target(self, func: ast.expr) -> tuple[ast.FunctionDef, str, ast.expr | None] | None:
        """The accessor that is meant for sure, how it is decorated, and its object."""
        from hasten.kernel import objects  # it builds on this module

        unit, module = self.unit, self.unit.module
        if isinstance(func, ast.Name):
            if func.id in unit.bound or func.id in unit.env or func.id in unit.inner or func.id in self.hidden:
                return None
            function = module.function(func.id)
            return None if function is None or part_of(function, self.known) is None else (function, "", None)
        if not isinstance(func, ast.Attribute) or not _plain(func.value, self.known):
            return None
        if any(isinstance(n, ast.Name) and n.id in self.hidden for n in ast.walk(func.value)):
            return None
        try:
            obj = objects.is_object(unit, func.value)
        except Refuse:
            return None
        used = unit.shared.objects.get(obj.t.path) if obj is not None and isinstance(obj.t, Obj) else None
        method = None if used is None else objects.method_of(unit.shared.home(used.kind), used.kind, func.attr)
        if used is None or method is None or part_of(method[0], self.known) is None:
            return None
        used.needed = True
        used.methods.add(func.attr)
        return *method, func.value

    def _spelt(self, func: ast.FunctionDef, values: dict[str, ast.expr], node: ast.expr) -> ast.AST:
        value = part_of(func, self.known)
        if value is None or self.depth >= DEEP or not _ordered(value, values):
            return node
        made = _Given(values).visit(copy.deepcopy(value))
        for n in ast.walk(made):
            if isinstance(n, ast.expr):
                ast.copy_location(n, node)
        self.count += 1
        self.depth += 1
        try:
            out: ast.AST = self.visit(made)
            return out
        finally:
            self.depth -= 1


class _Given(ast.NodeTransformer):
    """Puts arguments in the place of parameters."""

    def __init__(self, values: dict[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return copy.deepcopy(self.values[node.id])


def _binds_inside(node: ast.AST) -> bool:
    return isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda))


def _bound_inside(node: ast.AST) -> Sequence[ast.Name]:
    if isinstance(node, ast.Lambda):
        return [ast.Name(a.arg, ast.Store()) for a in ast.walk(node.args) if isinstance(a, ast.arg)]
    generators: list[ast.comprehension] = getattr(node, "generators", [])
    return [n for g in generators for n in ast.walk(g.target) if isinstance(n, ast.Name)]
