"""Functions within a function that read its variables: `def length(tour): return sum(dist[i, j] ...)`.

Where such a function is only ever called, by its name and in the function around it, it gets what it reads as
parameters: a call then hands over what the variables are at that moment, which is what the function would see.
"""

from __future__ import annotations

import ast
import copy
from typing import TypeVar

from hasten.kernel import inner, names

F = TypeVar("F", ast.FunctionDef, ast.FunctionDef | ast.AsyncFunctionDef)


def lifted(function: F) -> F:
    """The function with such functions made to stand by themselves; as it is where there are none."""
    wanted = captured(function)
    if not any(wanted.values()):
        return function
    made = copy.deepcopy(function)
    change = _Calls(wanted)
    made.body = [change.visit(s) for s in made.body]
    for i, s in enumerate(made.body):
        defined = inner.definition(s)
        if defined is not None and wanted.get(defined.name):
            defined.args.args[:0] = [ast.copy_location(ast.arg(n), s) for n in wanted[defined.name]]
            made.body[i] = defined
    return ast.fix_missing_locations(made)


def captured(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, list[str]]:
    """What each function within reads of the variables around it; empty where one does more than that."""
    a = function.args
    given = {p.arg for p in [*a.posonlyargs, *a.args, *a.kwonlyargs, *(x for x in (a.vararg, a.kwarg) if x)]}
    local = given | names.bound(function.body)
    made = [d for d in map(inner.definition, function.body) if d is not None]
    inside = {d.name: d for d in made if d.name not in given and inner.bindings(function.body, d.name) == 1}
    free = {n: names.free(d) & local for n, d in inside.items()}
    if not any(free[n] - set(inside) for n in inside):
        return {}
    called = {id(n.func) for n in ast.walk(function) if isinstance(n, ast.Call)}
    for n in ast.walk(function):
        if isinstance(n, ast.Name) and n.id in inside and isinstance(n.ctx, ast.Load) and id(n) not in called:
            return {}  # it is handed on
        if isinstance(n, (ast.Nonlocal, ast.Global, ast.ClassDef, ast.Yield, ast.YieldFrom, ast.NamedExpr)):
            return {}
    for d in inside.values():
        own = {p.arg for p in ast.walk(d.args) if isinstance(p, ast.arg)} | names.bound(d.body)
        deeper = [n for s in d.body for n in ast.walk(s) if isinstance(n, (ast.Lambda, *names.FUNCTIONS))]
        if deeper or own & set(inside) or d.args.vararg or d.args.kwarg or d.args.posonlyargs or d.decorator_list:
            return {}
    while True:  # one that calls another needs what that one reads
        more = {n: f.union(*(free[g] for g in f & set(inside))) for n, f in free.items()}
        if more == free:
            break
        free = more
    wanted = {n: sorted(f - set(inside)) for n, f in free.items()}
    targets = [c.target for c in ast.walk(function) if isinstance(c, ast.comprehension)]
    looped = {x.id for t in targets for x in ast.walk(t) if isinstance(x, ast.Name)}
    if looped & {x for f in wanted.values() for x in f}:
        return {}  # within such a comprehension the name is another variable
    for name, d in inside.items():
        own = {p.arg for p in ast.walk(d.args) if isinstance(p, ast.arg)} | names.bound(d.body)
        if own & set(wanted[name]):
            return {}  # a variable of its own stands before one that another function needs
    return wanted


class _Calls(ast.NodeTransformer):
    def __init__(self, wanted: dict[str, list[str]]) -> None:
        self.wanted = wanted

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and self.wanted.get(node.func.id):
            more = [ast.copy_location(ast.Name(n, ast.Load()), node) for n in self.wanted[node.func.id]]
            node.args[:0] = more
        return node
