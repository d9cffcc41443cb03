"""Series that go on from round to round, each made of the one before: `held = held * (1 + moves.loc[day])`.

A name that stands in for a Series in one place of a loop and gets one of pandas' own in another gets what stands in for
that one (`Flow.take`). Both are the same to whoever reads them, but not to whoever writes: pandas' own may be held by
others, which would see what is written under the name, or the other way round. So nothing in the loop, or in functions
that it calls, may write into something that could be a Series that others hold.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter, deque
from collections.abc import Sequence

from hasten.core.facts import Facts
from hasten.core.finding import Region
from hasten.core.source import SourceFile
from hasten.passes.source.columns.lookup import home_of
from hasten.passes.source.columns.stand_flow import WRITES, Flow, dotted_root
from hasten.passes.source.columns.stand_rows import reads_from
from hasten.passes.source.columns.stand_writes import DISPLAYS
from hasten.passes.source.columns.syntax import (
    bindings,
    defines,
    facts_about,
    functions_called,
    only_def,
    parents,
    scope_of,
)
from hasten.passes.source.jit import surely_bound

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp)
AROUND = (ast.Try, ast.With, ast.AsyncWith)  # which may go on after an error in the loop
MADE = frozenset({"dict", "list", "set", "defaultdict", "Counter", "deque"})
MADE_BY = frozenset({"DataFrame", "zeros", "ones", "empty", "full", "defaultdict", "Counter", "deque"})
OF_CONTAINERS = frozenset(name for kind in (dict, list, set, deque, Counter, str) for name in dir(kind))
NUMBERS = frozenset("float int len str bool round abs sum range isinstance print type".split())
REDUCTIONS = frozenset("sum mean max min std var median count any all idxmax idxmin item tolist nunique".split())


def candidates(source: SourceFile, region: Region, loop: ast.stmt, facts: Facts) -> dict[str, bool] | None:
    """Names that are bound before the loop and again in it, and which of them were Series then. None where Series are
    not to be followed: none were seen or are made, or no arithmetic is done."""
    if not isinstance(loop, (ast.For, ast.While)):
        return None
    tops = [loop, *functions_called(source, [loop])]
    if not any(isinstance(n, ast.BinOp) for top in tops for n in ast.walk(top)):
        return None
    scope = scope_of(source, loop)
    if not isinstance(scope, (ast.Module, ast.FunctionDef)):
        return None
    up = parents(source)
    at = up.get(loop)
    while at is not None and at is not scope:
        if isinstance(at, AROUND):
            return {}
        at = up.get(at)
    home = scope if isinstance(scope, ast.FunctionDef) else None
    bound = {n.id for n in ast.walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    gone = {n.id for n in ast.walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Del)}
    found: dict[str, bool] = {}
    for name in sorted((bound - gone) & surely_bound(source.tree, home, loop)):
        if _others_see(source, scope, loop, name):
            continue
        seen = facts_about(name, region, facts, loop.lineno, loop.end_lineno or loop.lineno)
        found[name] = bool(seen) and all(f.type == "pandas.Series" for f in seen)
    made = any(
        isinstance(n, ast.Call) and getattr(n.func, "attr", getattr(n.func, "id", "")) == "Series"
        for top in (scope, *tops)
        for n in ast.walk(top)
    )
    return found if made or any(found.values()) else None


def _others_see(source: SourceFile, scope: ast.AST, loop: ast.stmt, name: str) -> bool:
    """May a function, or what is worked out later, read or bind a variable of this scope?"""
    inside = set(ast.walk(loop))
    for n in ast.walk(source.tree):
        if isinstance(n, (ast.Global, ast.Nonlocal)) and name in n.names:
            return True
        if isinstance(n, FUNCTIONS) and n is not scope and n not in inside and reads_from(source, n, name, scope):
            return True
    return False


def fits(flow: Flow) -> bool:
    """Is there a Series to follow, and can nobody tell what stands in for it from what others hold?"""
    if not flow.taken and not flow.restored:
        return False
    source, loop = flow.source, flow.loop
    scope = scope_of(source, loop)
    units = {id(u.home): u for u in flow.units.values()}
    for top in [loop, *functions_called(source, [loop])]:
        unit = flow.top if top is loop else units.get(id(top))
        around = scope if top is loop else top
        held = {name for name, kind in unit.names.items() if kind is not None} if unit is not None else set()
        held |= {n.id for value in flow.taken for n in ast.walk(value) if isinstance(n, ast.Name)}
        if isinstance(top, (ast.FunctionDef, ast.AsyncFunctionDef)):
            held |= {p.arg for p in ast.walk(top.args) if isinstance(p, ast.arg)}
        shared = _Shared(around)
        for n in ast.walk(top):
            if isinstance(n, ast.Call) and getattr(n.func, "attr", "") in WRITES | {"fill", "resize", "partition"}:
                return False
            if isinstance(n, ast.keyword) and n.arg in ("out", "inplace", "where", "copy"):
                return False
            if isinstance(n, ast.Call) and not _is_known(flow, n):
                given = [name for x in (n.func, *n.args, *(k.value for k in n.keywords)) for name in _passed_on(x)]
                if any(shared.may_share(name, other) for name in given for other in held):
                    return False
            target = n.target if isinstance(n, ast.AugAssign) else n
            if not isinstance(getattr(target, "ctx", None), ast.Store):
                continue
            base: ast.AST = target
            while isinstance(base, (ast.Subscript, ast.Attribute)):
                base = base.value
            if target is n and not isinstance(target, (ast.Subscript, ast.Attribute)):
                continue  # bound, not written into
            deep = isinstance(target, (ast.Subscript, ast.Attribute)) and target.value is not base
            if not isinstance(base, ast.Name) or base.id not in bound_in(around):
                return False
            if isinstance(n, ast.AugAssign) or deep or not is_container(source, base):
                if any(shared.may_share(base.id, name) for name in held):
                    return False
    return True


def _is_known(flow: Flow, n: ast.Call) -> bool:
    """Is what is called something of Python, of a library, or of this file, which is looked through?"""
    f, source = n.func, flow.source
    if isinstance(f, ast.Name):
        if not bindings(source.tree, f.id):
            return hasattr(builtins, f.id)
        return only_def(source, f.id) is not None or f.id in flow.modules
    if not isinstance(f, ast.Attribute):
        return False
    root = dotted_root(f)
    if root is not None and root in flow.modules:
        return True
    return defines(source, f.attr) or f.attr in flow.attributes or f.attr in OF_CONTAINERS


def bound_in(scope: ast.AST) -> set[str]:
    """Names that a function, or the module, binds."""
    names = {n.id for n in ast.walk(scope) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return names | {n.arg for n in ast.walk(scope) if isinstance(n, ast.arg)}


class _Shared:
    """Which names of a scope may stand for one object, or for something that holds it."""

    def __init__(self, scope: ast.AST) -> None:
        self.leader: dict[str, str] = {}
        for n in ast.walk(scope):
            if isinstance(n, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)) and n.value is not None:
                targets = n.targets if isinstance(n, ast.Assign) else [n.target]
                self.tie([*_stored(targets), *_passed_on(n.value)])
            elif isinstance(n, (ast.For, ast.AsyncFor, ast.comprehension)):
                self.tie([*_stored([n.target]), *_passed_on(n.iter)])
            elif isinstance(n, ast.withitem) and n.optional_vars is not None:
                self.tie([*_stored([n.optional_vars]), *_passed_on(n.context_expr)])
            elif isinstance(n, ast.Call):
                self.tie(_passed_on(n))

    def top(self, name: str) -> str:
        while self.leader.get(name, name) != name:
            name = self.leader[name]
        return name

    def tie(self, names: list[str]) -> None:
        for other in names[1:]:
            a, b = self.top(names[0]), self.top(other)
            if a != b:
                self.leader[a] = b

    def may_share(self, a: str, b: str) -> bool:
        return self.top(a) == self.top(b)


def _stored(targets: Sequence[ast.expr]) -> list[str]:
    """The names that something is bound to, or put into."""
    found: list[str] = []
    for target in targets:
        if isinstance(target, (ast.Tuple, ast.List)):
            found += _stored(target.elts)
            continue
        base: ast.expr = target.value if isinstance(target, ast.Starred) else target
        while isinstance(base, (ast.Subscript, ast.Attribute)):
            base = base.value
        found += [base.id] if isinstance(base, ast.Name) else []
    return found


def _passed_on(n: ast.expr) -> list[str]:
    """Names whose object, or something that it holds, may be the value of an expression, or go on with it."""
    match n:
        case ast.Name():
            return [n.id]
        case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Starred(value=inner):
            return _passed_on(inner)
        case ast.BinOp(left=a, right=b):
            # of numbers and Series something new, of lists what was in them
            lists = any(isinstance(x, (ast.List, ast.Tuple, ast.ListComp, ast.Call)) for x in (a, b))
            return [*_passed_on(a), *_passed_on(b)] if lists and isinstance(n.op, ast.Add) else []
        case ast.Constant() | ast.UnaryOp() | ast.Compare() | ast.JoinedStr():
            return []
        case ast.Call(func=ast.Name(id=name)) if name in NUMBERS:
            return []
        case ast.Call(func=ast.Attribute(attr=name)) if name in REDUCTIONS:
            return []
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "pd" | "numpy" | "pandas" | "math"))):
            return []
        case ast.Call(func=f):
            given = [*n.args, *(k.value for k in n.keywords)]
            found = [name for x in given for name in _passed_on(x)]
            return [*found, *(_passed_on(f.value) if isinstance(f, ast.Attribute) else [])]
    return [name for x in ast.iter_child_nodes(n) if isinstance(x, ast.expr) for name in _passed_on(x)] + [
        name for g in getattr(n, "generators", ()) for name in _passed_on(g.iter)
    ]


def is_container(source: SourceFile, name: ast.Name) -> bool:
    """Does the name stand for a list, dict, frame or array that is made here, whatever happens?"""
    home = home_of(source, name, name.id)
    bound = [b for b in bindings(home, name.id) if home_of(source, b, name.id) is home]
    for b in bound:
        value = _given(source, b)
        f = value.func if isinstance(value, ast.Call) else None
        made = isinstance(f, ast.Name) and f.id in MADE or isinstance(f, ast.Attribute) and f.attr in MADE_BY
        if not made and not isinstance(value, DISPLAYS):
            return False
    return bool(bound)


def _given(source: SourceFile, b: ast.AST) -> ast.expr | None:
    """What an assignment gives a name, `0.0` of `paid` in `seen, paid = [], 0.0`; None for other bindings."""
    up = parents(source)
    p = up.get(b)
    if isinstance(p, ast.AnnAssign):
        return p.value
    if isinstance(p, ast.Assign) and b in p.targets:
        return p.value
    around = up.get(p) if isinstance(p, ast.Tuple) else None
    if isinstance(p, ast.Tuple) and isinstance(around, ast.Assign) and isinstance(around.value, ast.Tuple):
        starred = any(isinstance(e, ast.Starred) for e in (*p.elts, *around.value.elts))
        if not starred and len(p.elts) == len(around.value.elts) and isinstance(b, ast.Name):
            return around.value.elts[p.elts.index(b)]
    return None
