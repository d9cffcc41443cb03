"""Distances to all rows, for the few that are near.

What it finds    `d = np.sqrt(np.sum((X - x) ** 2, axis=1))`, `np.linalg.norm(X - x, axis=1)` and the like, of which
                 only `np.argsort(d)[:k]`, `np.argmin(d)`, `np.where(d < r)[0]` and the distances there are wanted.
Why it is slow   for each point several arrays as large as X are filled, for a handful of rows.
Example          d = np.linalg.norm(X - x, axis=1); nearest = np.argsort(d)[:5]
                 ->  one product X @ x tells which rows can be among the nearest; the original expression is worked out
                     for these alone.
Safe when        checked as it runs: X and x are plain finite floats. Every row that rounding leaves in doubt is kept,
                 and the original expressions decide among them; equal distances whose order they leave open send the
                 program to the original expression for all rows.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.algorithms.near_text import NEAREST, NEAREST_ONE, SQUARES, WITHIN
from hasten.passes.source.arrays.base import early, facts_of, helper, numpy_call
from hasten.passes.source.arrays.selection import FIRST_PLACES
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import Module, Parts, dotted, same

ROWS, POINT, FAR = "rows", "point", "far"


@dataclass(frozen=True)
class _Distance:
    """An expression of all distances between rows and a point, with `squared` for that without the root."""

    rows: ast.expr
    point: ast.expr
    text: str  # of `rows` and `point`
    squared: bool
    before: ast.stmt | None = None  # `diff = X - x`, of which nothing else is wanted


@dataclass(frozen=True)
class _Choice:
    """What is wanted of the distances. `bound` is the count, or the radius in the unit of the distances."""

    kind: str  # "nearest" | "first" | "within"
    node: ast.expr
    bound: ast.expr | None
    text: str  # of `far`


class NearestRows(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST901"
    name: ClassVar[str] = "nearest rows by one product"
    risk: ClassVar[Risk] = Risk.EXACT

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        taken: set[str] = set()
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                if isinstance(node, ast.expr) and not isinstance(module.function(node), ast.Lambda):
                    distance = _distance(place, node)
                    if distance is not None:
                        site = _named(place, node, distance, taken) or _inline(place, node, distance)
                        if site is not None:
                            yield site


def _named(place: Place, node: ast.expr, distance: _Distance, taken: set[str]) -> Parts | None:
    """`d = <distances>`, then one choice among them in the next statement, and the distances there."""
    module = place.module
    match module.parents[node]:
        case ast.Assign(targets=[ast.Name(id=name) as target], value=value) if value is node:
            statement = module.parents[node]
        case _:
            return None
    assert isinstance(statement, ast.Assign)
    scope = module.owner(name, target)
    if scope is None or isinstance(scope, ast.ClassDef) or len(module.bindings(name, scope)) != 1:
        return None
    if isinstance(scope, ast.Module) and place.project.mentions(name, module):
        return None
    siblings = module.siblings(statement)
    at = siblings.index(statement)
    if at + 1 >= len(siblings):
        return None
    following = siblings[at + 1]
    uses = [u for u in module.uses(name, scope) if isinstance(u.ctx, ast.Load)]
    choices = [(u, c) for u in uses if (c := _choice(place, u)) is not None]
    if len(choices) != 1 or not any(n is choices[0][1].node for n in ast.walk(following)):
        return None
    if isinstance(following, (ast.For, ast.While, ast.If, ast.With, ast.Try, ast.FunctionDef, ast.ClassDef)):
        return None
    choice = choices[0][1]
    if _in_comprehension(module, choice.node):
        return None
    # the distances of what was chosen, under the name that it was given
    chosen = _given_name(module, choice.node)
    replaced: list[tuple[ast.AST, str]] = []
    places = module.fresh(f"{name}_places", taken)
    among = module.fresh(f"{name}_among", {*taken, places})
    for use in uses:
        if use is choices[0][0]:
            continue
        holder = module.parents[use]
        match holder:
            case ast.Subscript(value=value, slice=ast.Name(id=index) as picked, ctx=ast.Load()) if value is use:
                if chosen is None or index != chosen or not _only_binding(module, picked, choice.node):
                    return None
                replaced.append((picked, among))
            case _:
                return None
    if any(u.lineno < statement.lineno for u in uses):
        return None
    at_once: ast.stmt = statement
    if distance.before is not None:
        if not module.whole_lines(statement):
            return None
        first, last = distance.before, statement
        at_once = ast.Pass(
            lineno=first.lineno, col_offset=first.col_offset, end_lineno=last.end_lineno,
            end_col_offset=last.end_col_offset,
        )  # fmt: skip
    taken |= {places, among}
    call = _call(distance, choice, statement, module)
    targets = f"{places}, {among}, {name}" if replaced else places
    new = f"{targets} = {call}" if replaced else f"{targets} = {call}[0]"
    return _parts(place, at_once, choice, ((at_once, new), (choice.node, places), *replaced))


def _inline(place: Place, node: ast.expr, distance: _Distance) -> Parts | None:
    """`np.argmin(<distances>)` and the like."""
    choice = _choice(place, node)
    if choice is None or distance.before is not None:
        return None
    statement = place.module.statement(node)
    call = _call(distance, choice, statement, place.module)
    return _parts(place, statement, choice, ((choice.node, f"{call}[0]"),))


def _parts(place: Place, statement: ast.stmt, choice: _Choice, replaced: tuple[tuple[ast.AST, str], ...]) -> Parts:
    last = max(getattr(n, "end_lineno", 0) or 0 for n, _ in replaced)
    text = {"nearest": NEAREST, "first": NEAREST_ONE, "within": WITHIN}[choice.kind]
    return Parts(
        title="work distances out for the rows that can be near",
        first=statement.lineno,
        last=last,
        reason="distances to all rows are worked out for the few that are near",
        remedy="one product with the matrix tells which rows can be; the expression decides among them",
        replace=replaced,
        prelude=helper(place.module, SQUARES, text),
    )


def _call(distance: _Distance, choice: _Choice, statement: ast.stmt, module: Module) -> str:
    given = [module.text(distance.rows), module.text(distance.point)]
    if choice.kind != "first":
        assert choice.bound is not None
        given.append(module.text(choice.bound))
    if choice.kind == "within":
        given.append("1" if distance.squared else "2")
    name = {"nearest": "_nearest_rows", "first": "_nearest_row", "within": "_rows_within"}[choice.kind]
    margin = module.margin(statement)
    lines = [", ".join(given), f"lambda {ROWS}, {POINT}: {distance.text}", f"lambda {FAR}: {choice.text}"]
    return f"{name}(\n" + "".join(f"{margin}    {line},\n" for line in lines) + f"{margin})"


def _choice(place: Place, use: ast.expr) -> _Choice | None:
    """What is chosen from the distances `use`, if it is one of the choices known here."""
    module, project = place.module, place.project
    statement = module.statement(use)
    if any(isinstance(n, ast.Name) and n.id == FAR and not same(n, use) for n in ast.walk(statement)):
        return None
    parent = module.parents[use]
    if isinstance(parent, ast.Attribute) and parent.value is use:
        call = module.parents[parent]
        if not isinstance(call, ast.Call) or call.func is not parent or call.args or call.keywords:
            return None
        name = parent.attr
    elif isinstance(parent, ast.Call) and parent.args == [use] and not parent.keywords:
        call, name = parent, numpy_call(module, parent)
    elif isinstance(parent, ast.Call) and parent.args[:1] == [use] and _first_places(module, parent):
        call, name = parent, "argsort"
    elif isinstance(parent, ast.Compare):
        return _within(place, use, parent)
    else:
        return None
    if name == "argmin":
        return _Choice("first", call, None, _with(call, (use, FAR)))
    holder = module.parents[call]
    if name == "argsort" and isinstance(holder, ast.Subscript) and holder.value is call:
        match holder.slice:
            case ast.Slice(lower=None | ast.Constant(), upper=ast.expr() as count, step=None):
                if early(project, module, count) and isinstance(holder.ctx, ast.Load):
                    return _Choice("nearest", holder, count, _with(holder, (use, FAR)))
    return None


def _first_places(module: Module, call: ast.Call) -> bool:
    """What another pass of ours has made of `np.argsort(d)`: the same places, as far as they are looked at."""
    named = isinstance(call.func, ast.Name) and call.func.id == "_first_places" and len(call.args) == 2
    return named and not call.keywords and FIRST_PLACES.split("NP.")[0] in module.source.text


def _within(place: Place, use: ast.expr, test: ast.Compare) -> _Choice | None:
    module, project = place.module, place.project
    match test:
        case ast.Compare(left=left, ops=[ast.Lt() | ast.LtE()], comparators=[radius]) if left is use:
            pass
        case _:
            return None
    if not (early(project, module, radius) or _square_of(place, radius)):
        return None
    call = module.parents[test]
    if not isinstance(call, ast.Call) or call.args != [test] or call.keywords:
        return None
    name = numpy_call(module, call)
    if name == "flatnonzero":
        return _Choice("within", call, radius, _with(call, (use, FAR)))
    holder = module.parents[call]
    if name in ("where", "nonzero") and isinstance(holder, ast.Subscript) and holder.value is call:
        if isinstance(holder.slice, ast.Constant) and holder.slice.value == 0 and isinstance(holder.ctx, ast.Load):
            return _Choice("within", holder, radius, _with(holder, (use, FAR)))
    return None


def _square_of(place: Place, node: ast.expr) -> bool:
    match node:
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=2)):
            return early(place.project, place.module, left)
    return False


def _distance(place: Place, node: ast.expr) -> _Distance | None:
    """`node` as distances between rows and a point, if it is that."""
    module = place.module
    inner, squared = node, True
    if numpy_call(module, node) == "linalg.norm":
        assert isinstance(node, ast.Call)
        words = {k.arg: k.value for k in node.keywords}
        if len(node.args) != 1 or set(words) != {"axis"} or not _last_axis(words["axis"]):
            return None
        return _between(place, node, node.args[0], squared=False)
    if numpy_call(module, node) == "sqrt":
        assert isinstance(node, ast.Call)
        if len(node.args) != 1 or node.keywords:
            return None
        inner, squared = node.args[0], False
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        if not (isinstance(node.right, ast.Constant) and node.right.value == 0.5):
            return None
        inner, squared = node.left, False
    if not isinstance(inner, ast.Call):
        return None
    if numpy_call(module, inner) == "sum" and len(inner.args) in (1, 2):
        total, rest = inner.args[0], inner.args[1:]
    elif isinstance(inner.func, ast.Attribute) and inner.func.attr == "sum" and len(inner.args) in (0, 1):
        if module.imported(inner.func):
            return None
        total, rest = inner.func.value, inner.args
    else:
        return None
    words = {k.arg: k.value for k in inner.keywords}
    axis = rest[0] if rest else words.get("axis")
    if axis is None or not _last_axis(axis) or set(words) - {"axis"} or (rest and words):
        return None
    if squared and _rooted(module, node):
        return None  # what is around it is the distance
    match total:
        case ast.BinOp(left=difference, op=ast.Pow(), right=ast.Constant(value=2)):
            return _between(place, node, difference, squared=squared)
        case ast.BinOp(left=ast.Name() as difference, op=ast.Mult(), right=ast.Name() as other) if same(
            difference, other
        ):
            return _between(place, node, difference, squared=squared)
        case ast.Call(args=[difference], keywords=[]) if numpy_call(module, total) == "square":
            return _between(place, node, difference, squared=squared)
    return None


def _rooted(module: Module, node: ast.expr) -> bool:
    parent = module.parents[node]
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and parent.left is node:
        return True
    return numpy_call(module, parent) == "sqrt"


def _last_axis(node: ast.expr) -> bool:
    return ast.unparse(node) in ("1", "-1")


def _between(place: Place, node: ast.expr, difference: ast.expr, *, squared: bool) -> _Distance | None:
    module, project = place.module, place.project
    before = None
    if isinstance(difference, ast.Name):
        before = _just_before(place, node, difference)
        if before is None:
            return None
        name, difference = difference, before.value
    match difference:
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            pass
        case _:
            return None
    if before is not None:
        node = _put(node, ((name, difference),))
    for rows, point in ((left, right), (right, left)):
        if not dotted(rows) or not early(project, module, rows) or not _rank(place, rows, 2):
            continue
        plain = early(project, module, point) and dotted(point) and not _rank(place, point, 2)
        if plain or _one_row(place, point):
            text = _with(node, (rows, ROWS), (point, POINT))
            return _Distance(rows, point, text, squared, before)
    return None


def _just_before(place: Place, node: ast.expr, name: ast.Name) -> ast.Assign | None:
    """The statement before, when it is `name = X - x` and nobody but `node` reads the name."""
    module = place.module
    scope, statement = module.owner(name.id, name), module.statement(node)
    if scope is None or isinstance(scope, ast.ClassDef):
        return None
    if isinstance(scope, ast.Module) and place.project.mentions(name.id, module):
        return None
    inside = set(ast.walk(node))
    uses = [u for u in module.uses(name.id, scope) if isinstance(u.ctx, ast.Load)]
    siblings = module.siblings(statement)
    at = siblings.index(statement)
    before = siblings[at - 1] if at else None
    match before:
        case ast.Assign(targets=[ast.Name(id=bound)]) if bound == name.id:
            pass
        case _:
            return None
    plain = len(module.bindings(name.id, scope)) == 1 and all(u in inside for u in uses)
    return before if plain and module.whole_lines(before) else None


def _rank(place: Place, e: ast.expr, rank: int) -> bool:
    seen = facts_of(place, dotted(e))
    return any(f.type == "numpy.ndarray" and f.ndim == rank and f.dtype in ("float64", "float32") for f in seen)


def _one_row(place: Place, e: ast.expr) -> bool:
    """`X[i]` by its syntax; that it is one row is checked as it runs."""
    match e:
        case ast.Subscript(value=value, slice=index):
            return (
                bool(dotted(value))
                and early(place.project, place.module, value)
                and (early(place.project, place.module, index))
            )
    return False


class _Put(ast.NodeTransformer):
    """Puts expressions in place of others, all at once: the program may have names like ours."""

    def __init__(self, pairs: Sequence[tuple[ast.expr, ast.expr]]) -> None:
        self.pairs = pairs

    def visit(self, node: ast.AST) -> ast.AST:
        for old, new in self.pairs:
            if isinstance(node, ast.expr) and same(node, old):
                return copy.deepcopy(new)
        return self.generic_visit(node)


def _put(node: ast.expr, pairs: Sequence[tuple[ast.expr, ast.expr]]) -> ast.expr:
    new = _Put(pairs).visit(copy.deepcopy(node))
    assert isinstance(new, ast.expr)
    return new


def _with(node: ast.expr, *names: tuple[ast.expr, str]) -> str:
    """The text of `node` with names in place of expressions."""
    return ast.unparse(_put(node, [(old, ast.Name(name, ast.Load())) for old, name in names]))


def _in_comprehension(module: Module, node: ast.expr) -> bool:
    for above in module.up(node):
        if isinstance(
            above, (ast.comprehension, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)
        ):
            return True
        if isinstance(above, ast.stmt):
            return False
    return False


def _given_name(module: Module, node: ast.expr) -> str | None:
    """`i` when the statement is `i = <node>`."""
    match module.parents[node]:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if value is node:
            return name
    return None


def _only_binding(module: Module, use: ast.Name, value: ast.expr) -> bool:
    scope = module.owner(use.id, use)
    if scope is None:
        return False
    bound = module.bindings(use.id, scope)
    return len(bound) == 1 and bound[0].value is value and use.lineno >= value.lineno
