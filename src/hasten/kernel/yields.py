"""Generator functions without an end that a function reads by `next`, as the statements that they run.

    demands = demand_stream(item, random.Random(seed))         rng = random.Random(seed); begun = False
    for day in range(DAYS):                              ->    for day in range(DAYS):
        wanted = next(demands)                                     (what runs up to the next `yield`)
                                                                   wanted = (what it yields)

Only where the generator has a name of its own that nothing but `next` reads, and where `next` is called before anything
else of its statement that could tell. What stands before the loop of the generator runs at the first `next`.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hasten.kernel import containers, names

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

MOST = 4  # places where one generator is read: each gets the statements
YIELDS = (ast.Yield, ast.YieldFrom, ast.Await)
LOOPS = (ast.For, ast.While, ast.AsyncFor)
SKIPPED = (*names.FUNCTIONS, ast.ClassDef, ast.Lambda, ast.Try, ast.With, ast.AsyncWith, ast.Global, ast.Nonlocal)
# what may stand in a statement before `next` is called: names and, if no generator changes containers, arithmetic
STILLEST = (ast.Name, ast.Constant, ast.Tuple, ast.expr_context)
STILL = (ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Tuple, ast.operator, ast.unaryop, ast.expr_context)


CHANGES = containers.MUTATES | {"shuffle"}


class _Not(Exception):
    pass


@dataclass(frozen=True)
class Endless:
    """A generator function: what runs first, and then in each turn up to the `yield` and beyond it."""

    func: ast.FunctionDef
    first: list[ast.stmt]
    before: list[ast.stmt]  # the last of them yields
    after: list[ast.stmt]
    sure: bool  # does each turn yield?


def inlined(u: Unit) -> bool:
    """Puts the statements of generators where they are read; whether there were any."""
    if not any(isinstance(n, ast.Name) and n.id == "next" for s in u.stmts for n in ast.walk(s)):
        return False
    if "next" in u.bound or "next" in u.scope or "next" in u.shadow:
        return False
    found = False
    while _one(u):
        found = True
    return found


def _one(u: Unit) -> bool:
    """Spells out one generator that can be; whether there was one."""
    for body in _bodies(u.stmts):
        for at, s in enumerate(body):
            if not isinstance(s, ast.Assign) or len(s.targets) != 1 or not isinstance(s.targets[0], ast.Name):
                continue
            if not isinstance(s.value, ast.Call) or not isinstance(s.value.func, ast.Name):
                continue
            try:
                made = _made(u, s.targets[0].id, s.value, body[at + 1 :])
            except _Not:
                continue
            if made is not None:
                first, later = _spelt(u, made, s.targets[0].id, s)
                body[at:] = [*first, *later]
                return True
    return False


def _bodies(stmts: list[ast.stmt]) -> Iterable[list[ast.stmt]]:
    """All lists of statements, the outermost first."""
    yield stmts
    for s in stmts:
        if isinstance(s, SKIPPED):
            continue
        for part in ("body", "orelse"):
            held = getattr(s, part, None)
            if isinstance(held, list) and held and isinstance(held[0], ast.stmt):
                yield from _bodies(held)


@dataclass(frozen=True)
class _Made:
    """A call that makes a generator, the values of its parameters, and the statements that read it."""

    endless: Endless
    given: dict[str, ast.expr]
    later: list[ast.stmt]


def _made(u: Unit, name: str, call: ast.Call, later: list[ast.stmt]) -> _Made | None:
    assert isinstance(call.func, ast.Name)
    if call.func.id in u.bound or call.func.id in u.env:
        return None
    func = u.module.function(call.func.id)
    if func is None or not any(isinstance(n, ast.Yield) for n in ast.walk(func)):
        return None
    endless = _endless(func)
    uses = [n for s in u.stmts for n in ast.walk(s) if isinstance(n, ast.Name) and n.id == name]
    inside = [n for s in later for n in ast.walk(s) if isinstance(n, ast.Name) and n.id == name]
    read = [n for s in later for n in ast.walk(s) if _reads(u, n, name)]
    if name in u.outs or name in u.params or len(uses) != len(inside) + 1 or len(inside) != len(read):
        return None
    if not 1 <= len(read) <= MOST or not _all_at_once(u, later, name, STILL if _quiet(func) else STILLEST):
        return None
    local = names.bound(func.body) | {p.arg for p in func.args.args}
    free = {n.id for s in func.body for n in ast.walk(s) if isinstance(n, ast.Name)} - local
    if free & (u.bound | set(u.params) | u.scope | u.shadow):
        return None  # these mean something else here
    if names.flow(func.body).exposed & (names.bound(func.body) - {p.arg for p in func.args.args}):
        return None  # it may read a name before it is bound
    return _Made(endless, _given(func, call), later)


def _quiet(func: ast.FunctionDef) -> bool:
    """Does a generator change nothing but its own numbers, and what it draws from?"""
    given = {p.arg for p in func.args.args}
    for n in ast.walk(func):
        if isinstance(n, (ast.Subscript, ast.Attribute)) and not isinstance(n.ctx, ast.Load):
            return False
        if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name) and n.target.id in given:
            return False
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in CHANGES:
            return False
    return True


def _all_at_once(u: Unit, later: list[ast.stmt], name: str, still: tuple[type, ...]) -> bool:
    """Can each `next(name)` be called ahead of its statement?"""
    if any(isinstance(n, SKIPPED) for s in later for n in ast.walk(s)):
        return False
    for s in (n for top in later for n in ast.walk(top) if isinstance(n, ast.stmt)):
        if any(_reads(u, n, name) for n in _head(s)) and not _at_once(u, s, name, still):
            return False
    return True


def _reads(u: Unit, n: ast.AST, name: str) -> bool:
    """Is it `next(name)`?"""
    if not isinstance(n, ast.Call) or len(n.args) != 1 or n.keywords or u.module.dotted(n.func) != "next":
        return False
    return isinstance(n.args[0], ast.Name) and n.args[0].id == name


def _given(func: ast.FunctionDef, call: ast.Call) -> dict[str, ast.expr]:
    """The values of the parameters, in the order in which they are worked out."""
    a = func.args
    order = [p.arg for p in a.args]
    if a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs or func.decorator_list or len(call.args) > len(order):
        raise _Not
    if any(isinstance(x, ast.Starred) for x in call.args):
        raise _Not
    given = dict(zip(order, call.args, strict=False))
    for k in call.keywords:
        if k.arg is None or k.arg not in order or k.arg in given:
            raise _Not
        given[k.arg] = k.value
    for p, d in zip(reversed(order), reversed(a.defaults), strict=False):
        if p not in given:
            if not isinstance(d, ast.Constant):
                raise _Not
            given[p] = d
    if set(given) != set(order):
        raise _Not
    return given


# ---------------------------------------------------------------------- the generator


def _endless(func: ast.FunctionDef) -> Endless:
    body = list(func.body)
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    loop = body.pop() if body else None
    if not isinstance(loop, ast.While) or not isinstance(loop.test, ast.Constant) or not loop.test.value or loop.orelse:
        raise _Not
    inner = [n for s in (*body, *loop.body) for n in ast.walk(s)]
    if any(isinstance(n, (*SKIPPED, ast.Return, ast.YieldFrom, ast.Await, ast.NamedExpr)) for n in inner):
        raise _Not
    at = [i for i, s in enumerate(loop.body) if _yields([s])]
    if len(at) != 1 or _yields(body):
        raise _Not
    before, after = loop.body[: at[0] + 1], loop.body[at[0] + 1 :]
    if _leaves(loop.body, ast.Break) or _leaves(after, ast.Continue):
        raise _Not
    sure = _turn(before[-1]) and not _leaves(before, ast.Continue)
    return Endless(func, body, before, after, sure)


def _yields(stmts: Iterable[ast.stmt]) -> bool:
    return any(isinstance(n, YIELDS) for s in stmts for n in ast.walk(s))


def _leaves(stmts: Iterable[ast.stmt], kind: type[ast.stmt]) -> bool:
    """Is there a `break` (or `continue`) of the loop around these statements?"""
    for s in stmts:
        if isinstance(s, kind):
            return True
        if isinstance(s, ast.If) and (_leaves(s.body, kind) or _leaves(s.orelse, kind)):
            return True
        if isinstance(s, LOOPS) and _leaves(s.orelse, kind):
            return True
    return False


def _turn(s: ast.stmt) -> bool:
    """Does a statement yield at its end, whichever way it takes? Raises `_Not` where it yields in another place."""
    if isinstance(s, ast.Expr) and isinstance(s.value, ast.Yield):
        if s.value.value is None or _yields([ast.Expr(s.value.value)]):
            raise _Not
        return True
    if not isinstance(s, ast.If) or any(isinstance(n, YIELDS) for n in ast.walk(s.test)):
        raise _Not
    ways = []
    for way in (s.body, s.orelse):
        if not _yields(way):
            ways.append(False)
        elif _yields(way[:-1]):
            raise _Not
        else:
            ways.append(_turn(way[-1]))
    return all(ways)


# ---------------------------------------------------------------------- where it is read


def _spelt(u: Unit, made: _Made, name: str, site: ast.stmt) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """What takes the place of the statement that makes the generator, and of those that follow it."""

    def fresh(word: str) -> str:
        return u.shared.module.fresh(f"{name}_{word}", u.shared.taken)

    func, begun, e = made.endless.func, fresh("begun"), made.endless
    bound = names.bound(func.body)
    own = {n: fresh(n) for n in sorted(bound | set(made.given))}
    first: list[ast.stmt] = []
    for p, value in made.given.items():
        if isinstance(value, ast.Name) and p not in bound and _stays(u, value.id, made.later):
            own[p] = value.id
        else:
            first.append(ast.Assign([ast.Name(own[p], ast.Store())], value))
    first.append(ast.Assign([ast.Name(begun, ast.Store())], ast.Constant(False)))

    def turn(value: str) -> list[ast.stmt]:
        begins = [ast.Assign([ast.Name(begun, ast.Store())], ast.Constant(True)), *_renamed(e.first, own)]
        goes_on = _renamed(e.after, own)
        test: ast.expr = ast.Name(begun, ast.Load())
        start = ast.If(test, goes_on, begins) if goes_on else ast.If(ast.UnaryOp(ast.Not(), test), begins, [])
        if e.sure:
            return [start, *_renamed(e.before, own, value)]
        return [start, ast.While(ast.Constant(True), [*_renamed(e.before, own, value, stop=True), *goes_on], [])]

    def each(s: ast.stmt) -> list[ast.stmt]:
        count = sum(_reads(u, n, name) for n in _head(s))
        if not count:
            return [s]
        values = [fresh("next") for _ in range(count)]
        change = _Values(u, name, values)
        lines = [line for value in values for line in turn(value)]
        s = change.visit_head(s)
        return [*_placed(lines, s), s]

    return _placed(first, site), names.rewritten(made.later, each)


def _stays(u: Unit, name: str, later: list[ast.stmt]) -> bool:
    """Does a name stand for one thing as long as a generator is read?"""

    def stores(stmts: Iterable[ast.stmt]) -> int:
        return sum(isinstance(n, ast.Name) and n.id == name and not isinstance(n.ctx, ast.Load)
                   for s in stmts for n in ast.walk(s))  # fmt: skip

    return stores(u.stmts) == (0 if name not in u.bound else 1) and not stores(later)


def _head(s: ast.stmt) -> Iterable[ast.AST]:
    """All that a statement evaluates itself, in order, without the statements in it."""
    for part, value in ast.iter_fields(s):
        if part in ("body", "orelse", "finalbody", "handlers"):
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, ast.AST):
                yield from ast.walk(one)


class _Values(ast.NodeTransformer):
    """Puts variables where a generator is read, one after another in the order of evaluation."""

    def __init__(self, u: Unit, name: str, values: list[str]) -> None:
        self.u, self.name, self.values = u, name, list(values)

    def visit_head(self, s: ast.stmt) -> ast.stmt:
        for part, value in ast.iter_fields(s):
            if part in ("body", "orelse", "finalbody", "handlers"):
                continue
            if isinstance(value, list):
                setattr(s, part, [self.visit(v) if isinstance(v, ast.AST) else v for v in value])
            elif isinstance(value, ast.AST):
                setattr(s, part, self.visit(value))
        return s

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if _reads(self.u, node, self.name):
            return ast.copy_location(ast.Name(self.values.pop(0), ast.Load()), node)
        return self.generic_visit(node)


def _at_once(u: Unit, s: ast.stmt, name: str, still: tuple[type, ...]) -> bool:
    """Is a statement's `next(name)` surely called, once, and before what could tell when it was?"""
    if isinstance(s, ast.AugAssign) and not isinstance(s.target, ast.Name):
        return False
    if not isinstance(s, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.If)):
        return False
    whole = s.test if isinstance(s, ast.If) else s.value
    return whole is not None and _calm(u, whole, name, still)


def _calm(u: Unit, whole: ast.expr, name: str, still: tuple[type, ...]) -> bool:
    """Is all that an expression evaluates before its last `next(name)` one of those that keep `still`?"""
    if _reads(u, whole, name):
        return True
    if isinstance(whole, ast.Call):
        f = whole.func
        if not isinstance(f, ast.Name) and not (isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name)):
            return False
        parts = [*whole.args, *(k.value for k in whole.keywords)]
    elif (
        isinstance(whole, (ast.BinOp, ast.UnaryOp, ast.Tuple)) or isinstance(whole, ast.Compare) and len(whole.ops) == 1
    ):
        parts = [c for c in ast.iter_child_nodes(whole) if isinstance(c, ast.expr)]
    else:
        return False
    last = [i for i, part in enumerate(parts) if any(_reads(u, n, name) for n in ast.walk(part))]
    for i, part in enumerate(parts[: last[-1] + 1] if last else ()):
        if not (_calm(u, part, name, still) if i in last else all(isinstance(n, still) for n in ast.walk(part))):
            return False
    return bool(last)


def _renamed(stmts: Sequence[ast.stmt], own: dict[str, str], value: str = "", stop: bool = False) -> list[ast.stmt]:
    """A copy of statements of the generator, with names of their own. What they yield goes into the variable `value`
    (and `stop`s the loop around)."""
    made = copy.deepcopy(list(stmts))
    for n in (n for s in made for n in ast.walk(s)):
        if isinstance(n, ast.Name) and n.id in own:
            n.id = own[n.id]
    if not value:
        return made

    def each(s: ast.stmt) -> list[ast.stmt]:
        if not isinstance(s, ast.Expr) or not isinstance(s.value, ast.Yield):
            return [s]
        assert s.value.value is not None
        kept = ast.copy_location(ast.Assign([ast.Name(value, ast.Store())], s.value.value), s)
        return [ast.fix_missing_locations(kept), *([ast.copy_location(ast.Break(), s)] if stop else [])]

    return names.rewritten(made, each)


def _placed(stmts: list[ast.stmt], at: ast.AST) -> list[ast.stmt]:
    for s in stmts:
        for n in ast.walk(s):
            if isinstance(n, (ast.expr, ast.stmt)) and not hasattr(n, "lineno"):
                ast.copy_location(n, at)
        ast.fix_missing_locations(s)
    return stmts
