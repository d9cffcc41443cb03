"""`free = next((d for d in docks if d.ship is None), None)` as the loop that it stands for.

Only as the whole value of an assignment or a `return`, with a constant for the case that there is none.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from hasten.kernel import names

if TYPE_CHECKING:
    from hasten.kernel.program import Module

OWN_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.NamedExpr, ast.Yield)


def as_loops(
    module: Module, stmts: Sequence[ast.stmt], given: Collection[str], fresh: Callable[[str], str]
) -> list[ast.stmt]:
    """The statements with such loops; those given stay as they are. `given`: names that are bound before."""
    if not any(_call(module, s) for top in stmts for s in ast.walk(top)):
        return list(stmts)
    if "next" in {*names.bound(stmts), *given}:
        return list(stmts)

    def each(s: ast.stmt) -> list[ast.stmt]:
        call = _call(module, s)
        return [s] if call is None else _loop(s, call, fresh)

    return names.rewritten(copy.deepcopy(list(stmts)), each)


def _call(module: Module, s: ast.AST) -> ast.Call | None:
    """The call that is the whole value of a statement."""
    if not isinstance(s, (ast.Assign, ast.Return)) or not isinstance(s.value, ast.Call):
        return None
    call = s.value
    if module.dotted(call.func) != "next":
        return None
    if len(call.args) != 2 or call.keywords or not isinstance(call.args[0], ast.GeneratorExp):
        return None
    walk, other = call.args
    assert isinstance(walk, ast.GeneratorExp)
    if not isinstance(other.operand if isinstance(other, ast.UnaryOp) else other, ast.Constant):
        return None
    if len(walk.generators) != 1 or walk.generators[0].is_async:
        return None
    inner = [n for part in ast.iter_child_nodes(walk) for n in ast.walk(part)]
    return None if any(isinstance(n, OWN_SCOPES) for n in inner) else call


def _loop(s: ast.stmt, call: ast.Call, fresh: Callable[[str], str]) -> list[ast.stmt]:
    walk, other = call.args
    assert isinstance(walk, ast.GeneratorExp) and isinstance(s, (ast.Assign, ast.Return))
    (gen,) = walk.generators
    result = fresh("first_one")
    own = {n.id: fresh(f"each_{n.id}") for n in ast.walk(gen.target) if isinstance(n, ast.Name)}
    for part in (gen.target, walk.elt, *gen.ifs):
        for n in ast.walk(part):
            if isinstance(n, ast.Name) and n.id in own:
                n.id = own[n.id]
    found: list[ast.stmt] = [ast.Assign([ast.Name(result, ast.Store())], walk.elt), ast.Break()]
    for test in reversed(gen.ifs):
        found = [ast.If(test, found, [])]
    begin = ast.Assign([ast.Name(result, ast.Store())], other)
    loop = ast.For(gen.target, gen.iter, found, [])
    s.value = ast.Name(result, ast.Load())
    for top in (begin, loop, s.value):
        for n in ast.walk(top):
            if isinstance(n, (ast.expr, ast.stmt)) and not hasattr(n, "lineno"):
                ast.copy_location(n, call)
        ast.fix_missing_locations(top)
    return [begin, loop, s]
