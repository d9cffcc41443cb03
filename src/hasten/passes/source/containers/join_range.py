"""Nested loops that look for values in a range.

What it finds    a loop or comprehension over a list inside another loop, where only rows with `low <= row.key < high`
                 do anything: events of a week, prices of a band, points of a window.
Why it is slow   every round goes through all rows; an order by key, found by bisection, goes to the rows in the range.
Example          for day in days:                     events_in_order = _in_order(events, lambda e: e["day"], ...)
                     week = [e for e in events   ->   for day in days:
                             if day - WEEK < e["day"] <= day]     week = [e for e in _between(events, ...) if ...]
Safe when        nothing in the outer loop changes the rows or the fields compared (proved from the syntax of the
                 project), and, checked while it runs, keys and bounds are of one plain type with an order (int, float
                 without NaN, str, dates, times without a zone). Rows come in their old order and the comparison itself
                 stays; anything else, and a range of more than half of the rows, goes through all rows.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.passes.source.containers.base import Bound, ContainerPass, Place
from hasten.passes.source.containers.effects import OPERATORS, Project, frozen_during
from hasten.passes.source.containers.join_index import calendar
from hasten.passes.source.containers.join_stays import (
    at_once,
    changes_fields,
    harmless,
    key_stays,
    may_grow_rows,
    names,
    path,
    position,
    stays_inside,
)
from hasten.passes.source.containers.membership import ready, stretches
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module, Parts, same

ORDERED = """\
def _has_order(x):
    \"\"\"Whether values of this type are in one order: numbers without NaN, and text.\"\"\"
    return type(x) in (int, str) or (type(x) is float and x == x)


"""

ORDERED_CALENDAR = """\
# the module itself: a script's own `datetime` may be the class
import datetime as _dates  # noqa: E402


def _has_order(x):
    \"\"\"Whether values of this type are in one order: numbers without NaN, text, dates, zoneless times.\"\"\"
    kind = type(x)
    if kind is _dates.datetime:
        return x.tzinfo is None
    return kind in (int, str, _dates.date, _dates.timedelta) or (kind is float and x == x)


"""

IN_ORDER = """\
def _in_order(rows, key, kinds, *others):
    \"\"\"Number of rows, their keys in order and where these are; None where keys have no order.

    `kinds` are the types rows have to be of (none: any). What also goes by one of the other names might change.
    \"\"\"
    others = set(map(id, others))
    if type(rows) not in (list, tuple) or id(rows) in others:
        return None
    keys = []
    try:
        for row in rows:
            k = key(row)
            if not _has_order(k) or (kinds and type(row) not in kinds) or id(row) in others:
                return None
            keys.append(k)
    except Exception:  # a row without the key: the loop itself meets it, in its own place
        return None
    if len(set(map(type, keys))) != 1:
        return None
    places = sorted(range(len(keys)), key=keys.__getitem__)
    return len(keys), type(keys[0]), [keys[n] for n in places], places


"""

BETWEEN = """\
def _between(rows, index, low, high):
    \"\"\"The rows to go through in search of keys from `low()` to `high()`: those in between, in order, or all.\"\"\"
    if not index or index[0] != len(rows):
        return rows
    size, kind, keys, places = index
    try:
        a, b = low(), high()
    except Exception:  # the loop itself meets it, in its own place
        return rows
    kinds = {type(a), type(b), kind}
    if not (_has_order(a) and _has_order(b)) or not (len(kinds) == 1 or kinds <= {int, float}):
        return rows
    found = places[bisect_left(keys, a) : bisect_right(keys, b)]
    if 2 * len(found) > size:
        return rows
    found.sort()
    return _picked_rows(rows, found, size)


"""

PICKED = """\
def _picked_rows(rows, places, size):
    for n in places:
        yield rows[n]
        if len(rows) != size:  # the list has grown: go on through all that follows
            yield from islice(rows, n + 1, None)
            return


"""
BOUND_CALLS = frozenset({"datetime.timedelta", "datetime.date", "datetime.datetime"})
LOWER, UPPER = (ast.Gt, ast.GtE), (ast.Lt, ast.LtE)


@dataclass(frozen=True)
class Band:
    """A loop over rows with the range of keys in which it does something."""

    node: ast.For | ast.comprehension
    row_side: ast.expr
    low: ast.expr
    high: ast.expr
    test: ast.expr
    leaks: bool  # its target is seen after it

    @property
    def bounds(self) -> tuple[ast.expr, ast.expr]:
        return self.low, self.high


class RangeIndex(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST111"
    name: ClassVar[str] = "nested loops over a range of keys"

    def sites(self, place: Place) -> Iterator[Parts]:
        bound = Bound(place.module)
        for statement in place.module.statements(place.region):
            for node in ast.walk(statement):
                band = _band(place.module, node)
                parts = None if band is None else self._ordered(place, band, bound)
                if parts is not None:
                    yield parts

    def _ordered(self, place: Place, band: Band, bound: Bound) -> Parts | None:
        module, project = place.module, place.project
        node, rows = band.node, band.node.iter
        if isinstance(module.function(node), (ast.Lambda, ast.ClassDef)) or not isinstance(
            rows, (ast.Name, ast.Attribute)
        ):
            return None
        if not all(isinstance(n, (ast.Name, ast.Tuple, ast.Store)) for n in ast.walk(node.target)):
            return None
        targets = names(node.target)
        if band.leaks and not stays_inside(module, node, targets):
            return None
        fields = path(band.row_side, None, targets)
        found = [_leaves(project, module, b) for b in band.bounds]
        if fields is None or "[]" in fields or None in found:
            return None
        leaves = [e for part in found for e in part or ()]
        if not leaves:
            return None  # the same range in every round
        key_fields: frozenset[object] = frozenset()
        for e in leaves:
            on_the_way = path(e, None, names(e))
            key_fields |= frozenset({"[]"}) if on_the_way is None else on_the_way
        if not all(key_stays(place, e, node, None) for e in leaves):
            return None
        made = _maker(module, band)
        if made is None:
            return None
        comprehension = node if isinstance(node, ast.For) else module.parents[node]
        for stretch in stretches(place, comprehension):
            allowed = harmless(project, module, stretch, band.row_side, fields, key_fields)
            # what rows are taken apart into is as it was if nothing is written into rows, or they are tuples
            items = isinstance(node.target, ast.Tuple) or bool(fields | key_fields - {"[]"})
            frozen = frozen_during(project, module, rows, stretch, allowed=allowed, items=items)
            tuples = not frozen.ok and not fields | key_fields - {"[]"}
            if tuples:
                frozen = frozen_during(project, module, rows, stretch, allowed=allowed)
            if frozen.apart and len(fields) > 1:
                continue  # something between the row and the field might go by such a name
            if not frozen.ok or not ready(module, rows, frozen, stretch):
                continue
            if changes_fields(project, fields | key_fields, stretch) or _steady(module, leaves, stretch):
                continue
            grown = tuples or may_grow_rows(project, module, allowed)
            return self._parts(place, band, stretch, made, grown, frozen.apart, bound)
        return None

    @staticmethod
    def _parts(
        place: Place,
        band: Band,
        stretch: ast.stmt,
        made: tuple[str, str],
        grown: bool,
        apart: tuple[str, ...],
        bound: Bound,
    ) -> Parts:
        module = place.module
        name = module.text(band.node.iter)
        maker, kinds = made
        if grown and isinstance(band.node.target, ast.Tuple):
            kinds = "(tuple,)"  # a list of another length could not be unpacked any more
        order = f"_in_order({', '.join((name, maker, kinds, *apart))})"
        index = bound.name(f"{name}_in_order_of", ast.unparse(band.row_side), order)
        setup = f"{module.margin(stretch)}{index} = {order}\n"
        low, high = (module.text(b) for b in band.bounds)
        return Parts(
            title=f"go to the rows of {name} in the range",
            first=band.node.iter.lineno,
            last=max(band.test.end_lineno or 0, band.node.iter.end_lineno or 0),
            reason=f"every round goes through all of {name} in search of a range of keys",
            remedy="an order by key, made once before the outer loop",
            replace=((band.node.iter, f"_between({name}, {index}, lambda: {low}, lambda: {high})"),),
            before=((stretch.lineno, setup),),
            prelude=(
                "from bisect import bisect_left, bisect_right\n",
                "from itertools import islice\n",
                ORDERED_CALENDAR if calendar(place.project) else ORDERED,
                IN_ORDER,
                PICKED,
                BETWEEN,
            ),
        )


def _maker(module: Module, band: Band) -> tuple[str, str] | None:
    """A function of a row that gives its key, and the types of rows it is meant for."""
    target = band.node.target
    if isinstance(target, ast.Name):
        steps = ast.unparse(band.row_side).removeprefix(target.id)
        kinds = "(dict, list, tuple)" if steps.startswith("[") else "()"
        return f"lambda {target.id}: {module.text(band.row_side)}", kinds
    at = position(target, band.row_side)
    if at is None or not isinstance(target, ast.Tuple):
        return None
    row = module.fresh("row")
    # unpacking fails for a row of another length: None has no order, so that there is no index then
    return f"lambda {row}: {row}[{at}] if len({row}) == {len(target.elts)} else None", "(dict, list, tuple)"


def _band(module: Module, node: ast.AST) -> Band | None:
    """The search for a range of keys that a loop or a comprehension is, if it is one."""
    if isinstance(node, ast.For):
        first = node.body[0]
        if not isinstance(first, ast.If) or first.orelse:
            return None
        test, outside = first.test, False
        if len(first.body) == 1 and isinstance(first.body[0], ast.Continue):
            outside = True
            if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
                test, outside = test.operand, False
                if isinstance(test, ast.BoolOp):
                    return None
        elif len(node.body) != 1:
            return None
        found = _range(test, names(node.target), outside)
        return None if found is None else Band(node, *found, test, True)
    if isinstance(node, COMPREHENSIONS):
        clause = node.generators[-1]
        if clause.is_async or not clause.ifs or not at_once(module, node):
            return None
        found = _range(clause.ifs[0], names(clause.target), False)
        return None if found is None else Band(clause, *found, clause.ifs[0], False)
    return None


def _range(test: ast.expr, targets: set[str], outside: bool) -> tuple[ast.expr, ast.expr, ast.expr] | None:
    """Row's side, lower and upper bound of `low <= row < high`, `row >= low and row < high`, or, where the loop goes on
    `outside` the range, of `row < low or row > high`."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) and not outside:
        if isinstance(test.values[0], ast.Compare) and len(test.values[0].ops) == 2:
            test = test.values[0]
    if isinstance(test, ast.Compare) and len(test.ops) == 2 and not outside:
        a, row, b = test.left, *test.comparators
        if all(isinstance(op, UPPER) for op in test.ops):
            low, high = a, b
        elif all(isinstance(op, LOWER) for op in test.ops):
            low, high = b, a
        else:
            return None
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or if outside else ast.And):
        sides = [_side(v, targets, outside) for v in test.values[:2]]
        if sides[0] is None or sides[1] is None or sides[0][2] == sides[1][2]:
            return None
        row = sides[0][0]
        if not same(row, sides[1][0]):
            return None
        low, high = (s[1] for s in sorted((s for s in sides if s is not None), key=lambda s: not s[2]))
    else:
        return None
    if not names(row) & targets or (names(low) | names(high)) & targets:
        return None
    return row, low, high


def _side(test: ast.expr, targets: set[str], outside: bool) -> tuple[ast.expr, ast.expr, bool] | None:
    """The row's side of one comparison, the bound, and whether it is the lower one."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], (*LOWER, *UPPER)):
        return None
    left, right = test.left, test.comparators[0]
    lower = isinstance(test.ops[0], LOWER)
    if names(left) & targets:
        return left, right, lower != outside
    return right, left, lower == outside


def _leaves(project: Project, module: Module, e: ast.expr) -> list[ast.expr] | None:
    """What a bound is worked out from, where that does nothing else; None where it may."""
    match e:
        case ast.Constant():
            return []
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            parts = [operand]
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), left=left, right=right):
            parts = [left, right]
        case ast.Call(func=func, args=args, keywords=keywords):
            if not (module.imported(func) in BOUND_CALLS or module.is_builtin(func, "float", "int", "abs")):
                return None
            if any(isinstance(a, ast.Starred) for a in args) or any(k.arg is None for k in keywords):
                return None
            parts = [*args, *(k.value for k in keywords)]
        case ast.Subscript(value=ast.Name(), slice=ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right)):
            return [e] if all(isinstance(x, (ast.Name, ast.Constant)) for x in (left, right)) else None
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return None if path(e, None, names(e)) is None else [e]
        case _:
            return None
    if project.dunders & (OPERATORS | {"__float__", "__int__", "__abs__", "__index__", "__neg__"}):
        return None
    found = [_leaves(project, module, p) for p in parts]
    return None if None in found else [x for f in found for x in f or ()]


def _steady(module: Module, leaves: list[ast.expr], stretch: ast.stmt) -> bool:
    """Whether the bounds are bound outside of the stretch alone, so that each round looks for the same range."""
    inside = set(ast.walk(stretch))
    for e in leaves:
        for name in (n for n in ast.walk(e) if isinstance(n, ast.Name)):
            scope = module.owner(name.id, name)
            if scope is None or any(b.node in inside for b in module.bindings(name.id, scope)):
                return False
    return True
