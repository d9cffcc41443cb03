"""Functions that end with a call of themselves, as loops.

    def length(x, node, depth):                          def length(x, node, depth):
        if node.left is None:                                while True:
            return depth                           ->            if node.left is None:
        return length(x, node.left, depth + 1)                       return depth
                                                                 node, depth = node.left, depth + 1

A loop is compiled once and kept, which Numba does not do with functions that call themselves. The rounds are counted:
beyond what such calls may nest in a kernel it gives up.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from functools import lru_cache

from hasten.kernel import names

DEEP = 250  # as in `door`: calls of a function by itself


class _Not(Exception):
    pass


@lru_cache(maxsize=512)
def looped(func: ast.FunctionDef, method: bool) -> ast.FunctionDef:
    """The function as a loop; as it is where it does not call itself, or not only at its end."""
    a = func.args
    order = [p.arg for p in a.args]
    if a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs or method and not order or func.decorator_list:
        return func
    calls = [n for n in ast.walk(func) if isinstance(n, ast.Call) and _itself(n, func, order, method)]
    bound = names.bound(func.body)
    if not calls or func.name in {*order, *bound} or method and order[0] in bound:
        return func
    if names.flow(func.body).exposed & bound - set(order):
        return func  # each call has names of its own
    inner = (*names.FUNCTIONS, ast.ClassDef, ast.Lambda, ast.Try, ast.With, ast.NamedExpr)
    if any(isinstance(n, inner) and n is not func for n in ast.walk(func)):
        return func
    count = "calls_in_turn"
    used = {n.id for n in ast.walk(func) if isinstance(n, ast.Name)} | set(order)
    while count in used:
        count += "_"
    turns = _Turns(func, order, method)
    try:
        body = turns.block(copy.deepcopy(func.body))
    except _Not:
        return func
    if turns.found != len(calls):
        return func  # some are within something else
    if names.flow(func.body).sure is not None:
        body.append(ast.Return(None))
    deep = ast.parse(f"if {count} > {DEEP}:\n    raise RecursionError\n{count} += 1").body
    loop = ast.While(ast.Constant(True), [*deep, *body], [])
    made = copy.copy(func)
    made.body = [*ast.parse(f"{count} = 0").body, loop]
    for top in made.body:
        for n in ast.walk(top):
            if isinstance(n, (ast.expr, ast.stmt)) and (n in deep or not hasattr(n, "lineno")):
                ast.copy_location(n, func)
    for n in [n for top in (*deep, made.body[0]) for n in ast.walk(top)]:
        if isinstance(n, (ast.expr, ast.stmt)):
            ast.copy_location(n, func)
    return ast.fix_missing_locations(made)


@lru_cache(maxsize=512)
def branched(func: ast.FunctionDef) -> ast.FunctionDef:
    """`return 1 if leaf else 1 + count(left)` as an `if`, so that what returns without a call of the function itself
    tells what such a call gives."""
    if not any(isinstance(n, ast.Return) and _chooses(n, func.name) for n in ast.walk(func)):
        return func
    made = copy.deepcopy(func)
    for n in ast.walk(made):
        for held in ("body", "orelse", "finalbody"):
            body = getattr(n, held, None)
            if isinstance(body, list):
                body[:] = [_branch(s) if isinstance(s, ast.Return) and _chooses(s, func.name) else s for s in body]
    return made


def _chooses(s: ast.Return, name: str) -> bool:
    if not isinstance(s.value, ast.IfExp):
        return False
    called = [n.func for n in ast.walk(s.value) if isinstance(n, ast.Call)]
    return name in [f.id if isinstance(f, ast.Name) else f.attr if isinstance(f, ast.Attribute) else "" for f in called]


def _branch(s: ast.Return) -> ast.stmt:
    assert isinstance(s.value, ast.IfExp)
    chosen = [ast.copy_location(ast.Return(v), s) for v in (s.value.body, s.value.orelse)]
    new = ast.If(s.value.test, [chosen[0]], [chosen[1]])
    return ast.fix_missing_locations(ast.copy_location(new, s))


def _itself(n: ast.Call, func: ast.FunctionDef, order: Sequence[str], method: bool) -> bool:
    """Does a call mean the function itself, if its name does?"""
    if not method:
        return isinstance(n.func, ast.Name) and n.func.id == func.name
    f = n.func
    return isinstance(f, ast.Attribute) and f.attr == func.name


class _Turns:
    def __init__(self, func: ast.FunctionDef, order: Sequence[str], method: bool) -> None:
        self.func, self.order, self.method = func, order, method
        self.found = 0

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """The statements, with what begins another turn in place of each call at the end."""
        out: list[ast.stmt] = []
        for s in body:
            if isinstance(s, ast.Return) and isinstance(s.value, ast.Call):
                if _itself(s.value, self.func, self.order, self.method):
                    out += self.turn(s, s.value)
                    continue
            elif isinstance(s, ast.Return) and isinstance(s.value, ast.IfExp):
                new = ast.If(s.value.test, [ast.Return(s.value.body)], [ast.Return(s.value.orelse)])
                for n in ast.walk(new):
                    if isinstance(n, ast.stmt) and not hasattr(n, "lineno"):
                        ast.copy_location(n, s)
                if any(isinstance(n, ast.Call) and _itself(n, self.func, self.order, self.method) for n in ast.walk(s)):
                    out += self.block([new])
                    continue
            elif isinstance(s, ast.If):
                s.body, s.orelse = self.block(s.body), self.block(s.orelse)
            out.append(s)
        return out

    def turn(self, s: ast.Return, call: ast.Call) -> list[ast.stmt]:
        """The parameters get new values, and all begins anew."""
        if any(isinstance(a, ast.Starred) for a in call.args):
            raise _Not
        order = list(self.order)
        given: dict[str, ast.expr] = {}
        if self.method:
            of = call.func.value if isinstance(call.func, ast.Attribute) else None
            if not isinstance(of, ast.Name) or of.id != order[0]:
                raise _Not  # of another object
            order = order[1:]
        if len(call.args) > len(order):
            raise _Not
        given |= dict(zip(order, call.args, strict=False))
        for k in call.keywords:
            if k.arg is None or k.arg not in order or k.arg in given:
                raise _Not
            given[k.arg] = k.value
        defaults = dict(zip(reversed(self.order), reversed(self.func.args.defaults), strict=False))
        for p in order:
            if p not in given:
                if not isinstance(defaults.get(p), ast.Constant):
                    raise _Not
                given[p] = copy.deepcopy(defaults[p])
        if list(given) != [p for p in order if p in given] and len(call.keywords) > 1:
            raise _Not  # evaluated in another order
        changed = {p: v for p, v in given.items() if not (isinstance(v, ast.Name) and v.id == p)}
        self.found += 1
        out: list[ast.stmt] = []
        if len(changed) == 1:
            ((p, v),) = changed.items()
            out.append(ast.Assign([ast.Name(p, ast.Store())], v))
        elif changed:
            targets = ast.Tuple([ast.Name(p, ast.Store()) for p in changed], ast.Store())
            out.append(ast.Assign([targets], ast.Tuple([*changed.values()], ast.Load())))
        out.append(ast.Continue())
        for top in out:
            for n in ast.walk(top):
                if isinstance(n, (ast.expr, ast.stmt)) and not hasattr(n, "lineno"):
                    ast.copy_location(n, s)
        return out
