"""Searches for equal keys in what is no list of its own: the items of a dict, numbered rows, lists side by side.

`[v for t, v in self.readings.items() if t.hour == hour]` in a loop over hours, `[p for p, c in zip(points, labels) if
c == k]` for every k, `[i for i, x in enumerate(xs) if x == y]`. What is compared may be worked out from a row by
operators, and by functions and methods of plain values: `t.date()`, `len(word)`, `n % 7`.

What there is to go through is laid out by key once. That stays true as long as the lists and dicts stay as they are
(`frozen_during`), and fields of rows are never bound anew once a row is made (`fields`); that a row is such an object,
a dict, a tuple or a plain value is looked at while the program runs.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from hasten.kernel.regions import PUT_THERE
from hasten.passes.source.containers import fields
from hasten.passes.source.containers.base import Bound, Place
from hasten.passes.source.containers.effects import Project, frozen_during
from hasten.passes.source.containers.join_index import (
    CALENDAR,
    Search,
    keyed,
    keys_prelude,
    of_keys,
    search_of,
    searching,
)
from hasten.passes.source.containers.join_stays import at_once, is_counter, key_stays, names, stays_inside
from hasten.passes.source.containers.membership import ready, stretches
from hasten.passes.source.containers.recent import program_of
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module, Parts

SURE = '''\
def _sure(x):
    """`x`, a plain value. Raises `TypeError` for another."""
    if not _is_plain(x):
        raise TypeError(type(x))
    return x


def _parts_of(row):
    """`row`, a tuple, to be taken apart. Raises `TypeError` for what may become another."""
    if type(row) is not tuple:
        raise TypeError(type(row))
    return (row,)


def _of(x, *kinds):
    """`x`, of exactly one of these types. Raises `TypeError` for another."""
    if type(x) not in kinds:
        raise TypeError(type(x))
    return x


'''
SETTLED = """\
_SETTLED = {{}}  # types of objects whose fields nobody binds anew


def _settle(x):
    \"\"\"Whether nobody binds fields of `x` anew. Raises `TypeError` for what may be of another kind.\"\"\"
    own = {modules}
    if type(x) not in _SETTLED:
        if type(x) not in {dates} and not all(c in (object, tuple) or c.__module__ in own for c in type(x).__mro__):
            raise TypeError(type(x))
        _SETTLED[type(x)] = True
    return True


def _settled(x):
    \"\"\"`x`, whose fields nobody binds anew. Raises `TypeError` for what may be of another kind.\"\"\"
    return x if _settle(x) else None


"""
GROUPED = '''\
def _grouped(kinds, sources, rows, *others):
    """To lay out `rows()` by key; when that is done, how long `sources()` are.

    Sources are of these types. One that also goes by one of the other names might change.
    """
    return {"asked": 0, "made": (kinds, sources, rows, others), "sizes": None, "found": None}


def _lay_out(by):
    """What `rows()` has, by key; nothing where a lookup is not the same as comparing."""
    kinds, sources, rows, others = by["made"]
    found = collections.defaultdict(list)
    try:
        sources = sources()
        if any(type(s) not in kinds or any(s is other for other in others) for s in sources):
            return
        for row, k in rows():
            if type(k) not in _PLAIN and not _is_plain(k):
                return
            found[k].append(row)
    except Exception:  # a row without the key: the loop itself meets it, in its own place
        return
    for k in [k for k in found if k != k]:
        del found[k]  # NaN equals nothing
    by.update(found=dict(found), sizes=[(s, len(s)) for s in sources])


'''
LAID_OUT = '''\
def _laid_out(*made):
    """What `_grouped` gives for these arguments, laid out."""
    by = {**_grouped(*made), "asked": 2}
    _lay_out(by)
    return by


'''
WITH_KEY = '''\
def _with_key(rows, by, key):
    """What of `rows` has `key()`, in order, or all of it."""
    if by is None:
        return rows
    by["asked"] += 1
    if by["asked"] == 2:  # one search alone would not be worth it
        _lay_out(by)
    if not by["found"] or any(len(s) != size for s, size in by["sizes"]):
        return rows
    try:
        k = key()
        if not _is_plain(k):
            return rows
    except Exception:  # the loop itself meets it, in its own place
        return rows
    return by["found"].get(k, ())


'''
for _text in (SURE, GROUPED, LAID_OUT, WITH_KEY):
    PUT_THERE.update((_text, of_keys(_text)))
LISTS = "(list, tuple, str)"
DICTS = "(dict,)"
BOTH = "(list, tuple, str, dict)"
NUMBERS = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.Div, ast.BitAnd)
ORDER = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
# What plain values are asked for without any effect; it may fail
FUNCTIONS = ("len", "int", "str", "float", "abs", "round", "bool", "ord")
METHODS = frozenset(
    "lower upper strip lstrip rstrip title capitalize casefold startswith endswith split rsplit partition rpartition "
    "removeprefix removesuffix isdigit isalpha isupper islower bit_length date time weekday isoweekday isocalendar "
    "isoformat toordinal total_seconds".split()
)


# A tuple that is made for the loop, of what kind its parts are; None for what was there before
Shape: TypeAlias = "tuple[Shape, ...] | None"


@dataclass(frozen=True)
class View:
    """What a loop goes through: made anew from these lists and dicts each time."""

    sources: tuple[ast.Name | ast.Attribute, ...]
    dicts: int  # how many of them are dicts
    shape: Shape  # of a row


def sites(place: Place, bound: Bound, done: set[ast.AST]) -> Iterator[Parts]:
    """The searches of a region that can go by key, but for those that are `done`."""
    module = place.module
    for statement in module.statements(place.region):
        for node in ast.walk(statement):
            parts = None
            s = search_of(module, node, lambda m, e: view_of(place.project, m, e) is not None)
            if s is not None and not s.asked:
                parts = _grouped(place, s, (), bound)
            if parts is None:
                for found, tests in _tested(module, node):
                    if parts is None and found.node not in done:
                        parts = _grouped(place, found, tests, bound)
            if parts is not None:
                yield parts


def _tested(module: Module, node: ast.AST) -> Iterator[tuple[Search, tuple[ast.expr, ...]]]:
    """Searches of a loop or comprehension by each of its comparisons for equality, with the tests before it."""
    clause: ast.For | ast.comprehension
    if isinstance(node, ast.For) and len(node.body) == 1:
        only = node.body[0]
        if not isinstance(only, ast.If) or only.orelse:
            return
        clause, parts, body = node, [only.test], tuple[ast.AST, ...](node.body)
    elif isinstance(node, COMPREHENSIONS) and at_once(module, node):
        clause, body = node.generators[-1], (node,)
        parts = clause.ifs
        if clause.is_async:
            return
    else:
        return
    tests: list[ast.expr] = []
    for part in parts:
        tests += part.values if isinstance(part, ast.BoolOp) and isinstance(part.op, ast.And) else [part]
    for n, test in enumerate(tests):
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
            found = Search(clause, clause.iter, clause.target, test, body, isinstance(node, ast.For))
            yield found, tuple(tests[:n])


def view_of(project: Project, module: Module, e: ast.expr, plain: bool = False) -> View | None:
    """What an expression goes through, if it is such a view: `d.items()`, `enumerate(xs)`, `zip(xs, ys)`, `xs[1:]`, or
    (`plain`) a list itself."""
    match e:
        case ast.Name() | ast.Attribute() if plain and _source(module, e):
            return View((e,), 0, None)
        case ast.Call(func=ast.Attribute(value=ast.Name() | ast.Attribute() as base, attr=attr), args=[], keywords=[]):
            if attr not in ("items", "values", "keys") or attr in project.functions or attr in project.attributes:
                return None
            return View((base,), 1, (None, None) if attr == "items" else None) if _source(module, base) else None
        case ast.Subscript(value=ast.Name() | ast.Attribute() as base, slice=ast.Slice() as ends):
            return View((base,), 0, None) if _source(module, base) and _part(ends) else None
        case ast.Call(func=f, args=[given], keywords=[]) if module.is_builtin(f, "reversed"):
            return View((given,), 0, None) if _source(module, given) else None  # type: ignore[arg-type]
        case ast.Call(func=f, args=[given, *start], keywords=words) if module.is_builtin(f, "enumerate"):
            if len(start) > 1 or not all(_number(x) for x in (*start, *(k.value for k in words))):
                return None
            parts = [given]
        case ast.Call(func=f, args=[_, _, *_] as parts, keywords=words) if module.is_builtin(f, "zip"):
            if not all(isinstance(k.value, ast.Constant) for k in words):
                return None
        case _:
            return None
    sources: list[ast.Name | ast.Attribute] = []
    dicts = 0
    shape: list[Shape] = [None] if module.is_builtin(e.func, "enumerate") else []
    for part in parts:
        if isinstance(part, (ast.Name, ast.Attribute)) and _source(module, part):
            sources.append(part)
            shape.append(None)
            continue
        inner = view_of(project, module, part)
        if inner is None:
            return None
        sources += inner.sources
        dicts += inner.dicts
        shape.append(inner.shape)
    return View(tuple(sources), dicts, tuple(shape))


def _source(module: Module, e: ast.expr) -> bool:
    if isinstance(e, ast.Attribute):
        return isinstance(e.value, ast.Name) and not module.imported(e)
    return isinstance(e, ast.Name)


def _part(e: ast.expr) -> bool:
    """`1:`, `:-2`"""
    return isinstance(e, ast.Slice) and all(map(_number, (e.lower, e.upper, e.step)))


def _number(e: ast.expr | None) -> bool:
    if isinstance(e, ast.UnaryOp):
        e = e.operand
    return e is None or isinstance(e, ast.Constant) and (e.value is None or type(e.value) is int)


def _grouped(place: Place, s: Search, tests: tuple[ast.expr, ...], bound: Bound) -> Parts | None:
    module, project = place.module, place.project
    view = view_of(project, module, s.iter, plain=True)
    targets = names(s.target)
    if view is None or s.asked or isinstance(module.function(s.node), (ast.Lambda, ast.ClassDef)):
        return None
    if not targets_fit(module, s, view):
        return None
    row_side, key_side = sides(s)
    row = row_key(project, module, s)
    if row is None or names(key_side) & targets:
        return None
    key = worked_out(project, module, key_side, of_rows=False)
    if key is None or not key.leaves or not all(key_stays(place, e, s.node, None) for e in key.leaves):
        return None
    before = [_before(project, module, s, test) for test in tests]
    if None in before:
        return None
    row = Worked(
        row.text,
        row.leaves,
        tuple(dict.fromkeys(r for w in (row, *before) if w is not None for r in w.settled)),
        tuple(w.text for w in before if w is not None and w.text),
    )
    at = searching(module, s)
    for stretch in stretches(place, at):
        apart = _stay(place, view, at, stretch)
        if apart is not None:
            return _parts(place, s, view, stretch, row_side, row, key, apart, bound)
    return None


def targets_fit(module: Module, s: Search, view: View) -> bool:
    """Whether the loop's variables take its rows apart as far as they have to, and are not looked at after it."""
    if not all(isinstance(n, (ast.Name, ast.Tuple, ast.Store)) for n in ast.walk(s.target)):
        return False
    if view.shape is not None and not isinstance(s.target, ast.Tuple):
        return False  # the tuples themselves may be told from others
    return not s.leaks or stays_inside(module, s.node, names(s.target))


def sides(s: Search) -> tuple[ast.expr, ast.expr]:
    """What is compared: the row's side, and the other one."""
    one, other = s.test.left, s.test.comparators[0]
    return (one, other) if names(one) & names(s.target) else (other, one)


def row_key(project: Project, module: Module, s: Search) -> Worked | None:
    """What is worked out from a row alone to be compared."""
    row_side, targets = sides(s)[0], names(s.target)
    if not names(row_side) or not names(row_side) <= targets | _called(row_side):
        return None
    row = worked_out(project, module, row_side)
    return None if row is None or any(names(e) - targets for e in row.leaves) else row


def _before(project: Project, module: Module, s: Search, test: ast.expr) -> Worked | None:
    """A test that a row has to pass first: worked out from the row alone, or (no code) of two counters."""
    if isinstance(test, ast.Compare) and all(is_counter(module, e) for e in (test.left, *test.comparators)):
        return Worked("", (), ())
    if not names(test) <= names(s.target) | _called(test):
        return None
    found = worked_out(project, module, test, sure=True)
    return None if found is None or any(names(e) - names(s.target) for e in found.leaves) else found


def _called(e: ast.expr) -> set[str]:
    return {n.func.id for n in ast.walk(e) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}


def _stay(place: Place, view: View, at: ast.AST, stretch: ast.stmt) -> tuple[str, ...] | None:
    """The names that the lists and dicts have to be told from in order to stay as they are; None where they may change.

    Between searches lists may grow, which shows.
    """
    module, project = place.module, place.project
    inside = set(ast.walk(at))
    allowed: list[ast.AST] = []
    for n in ast.walk(stretch):
        match n:
            case ast.Call(func=ast.Attribute(attr="append" | "extend" as word), keywords=[]) if n not in inside:
                if word not in project.functions and word not in project.attributes and word not in project.classes:
                    if not module.imported(n.func):
                        allowed.append(n)
            case ast.Subscript(slice=ast.Constant(value=str()), ctx=ast.Store() | ast.Del()) if not view.dicts:
                if not isinstance(module.parents[n], ast.AugAssign):
                    allowed.append(n)  # a list takes none
    asked = project.lists_and_dicts
    if view.dicts in (0, len(view.sources)):
        asked = project.dicts if view.dicts else project.lists
    apart: dict[str, None] = {}
    for source in view.sources:
        frozen = frozen_during(asked, module, source, stretch, allowed=allowed)
        root = source if isinstance(source, ast.Name) else source.value
        if not frozen.ok or not ready(module, root, frozen, stretch):
            return None
        apart.update(dict.fromkeys(frozen.apart))
    return tuple(apart)


def _parts(
    place: Place,
    s: Search,
    view: View,
    stretch: ast.stmt,
    row_side: ast.expr,
    row: Worked,
    key: Worked,
    apart: tuple[str, ...],
    bound: Bound,
) -> Parts | None:
    module, project = place.module, place.project
    what = module.text(s.iter)
    found = layout(module, s, view, row)
    if found is None:
        return None
    sources = list(dict.fromkeys(map(module.text, view.sources)))
    given = ", ".join((*found, *apart))
    made = f"_grouped({given})"
    index = bound.name(f"{sources[-1]}_with", ast.unparse(row_side), made)
    return Parts(
        title=f"go to what of {what} has the same key",
        first=s.iter.lineno,
        last=max(s.test.end_lineno or 0, s.iter.end_lineno or 0),
        reason=f"every round goes through all of {what} in search of an equal key",
        remedy="laid out by key once, in the second round",
        replace=((s.iter, f"_with_key({what}, {index}, lambda: {key.text})"),),
        before=((stretch.lineno, f"{module.margin(stretch)}{index} = {made}\n"),),
        prelude=prelude(project, module),
    )


def prelude(project: Project, module: Module, *more: str) -> tuple[str, ...]:
    """The helpers that searches by key need."""
    helpers = (SURE, settled_text(project, module), GROUPED, *more, WITH_KEY)
    return (
        "import collections\n",
        *keys_prelude(project, module),
        *(keyed(project, module, text) for text in helpers),
    )


def layout(module: Module, s: Search, view: View, row: Worked) -> tuple[str, str, str] | None:
    """What `_grouped` has to be given of a search: kinds, sources and rows with their keys."""
    kinds = LISTS if not view.dicts else DICTS if view.dicts == len(view.sources) else BOTH
    try:
        target, whole, clauses = _loop(module, s.target, view.shape, set())
    except _Unknown:
        return None
    clauses += "".join(f" if type({r}) in _SETTLED or _settle({r})" for r in row.settled)
    clauses += "".join(f" if {test}" for test in row.tests)
    sources = ", ".join(dict.fromkeys(map(module.text, view.sources)))
    what = module.text(s.iter)
    return kinds, f"lambda: ({sources},)", f"lambda: (({whole}, {row.text}) for {target} in {what}{clauses})"


def settled_text(project: Project, module: Module) -> str:
    """The helpers that look at whether fields of an object stay."""
    dates = "(_calendar.date, _calendar.datetime)" if CALENDAR in keys_prelude(project, module) else "()"
    text = SETTLED.format(dates=dates, modules=program_of(project))
    PUT_THERE.add(text)
    return text


def _loop(module: Module, target: ast.expr, shape: Shape, taken: set[str]) -> tuple[str, str, str]:
    """A target for the rows of a view, the row as it was, and clauses that take apart what has to be a tuple for that.

    (A list in a row could be another one by the time that it is taken apart again.)
    """
    if not isinstance(target, ast.Tuple):
        return ast.unparse(target), ast.unparse(target), ""
    if shape is not None and len(shape) != len(target.elts):
        raise _Unknown
    inner = [_loop(module, t, s, taken) for t, s in zip(target.elts, shape or [None] * len(target.elts), strict=True)]
    targets, rows, clauses = ("".join(f"{part}, " for part in parts).rstrip() for parts in zip(*inner, strict=True))
    clauses = "".join(part for _, _, part in inner)
    if shape is not None:
        return f"({targets})", f"({rows})", clauses
    row = module.fresh("row", taken)
    taken.add(row)
    return row, row, f" for {targets} in _parts_of({row}){clauses}"


# -- what is worked out from rows


@dataclass(frozen=True)
class Worked:
    """An expression of plain values and of fields that stay, as code that fails where these are something else."""

    text: str
    leaves: tuple[ast.expr, ...]
    settled: tuple[str, ...]  # names of rows whose fields it looks at
    tests: tuple[str, ...] = ()  # what a row has to pass first


def worked_out(
    project: Project, module: Module, e: ast.expr, of_rows: bool = True, sure: bool = False
) -> Worked | None:
    """`t.hour`, `row["k"]`, `len(word)`, `n % 7 == 2`; None for what may have an effect, or change unseen.

    Of rows it does not itself look at whether they are `settled`. What is no part of a row may be `xs[i]`, of which
    whoever asks has to see that it stays. With `sure`, it gives a plain value or fails.
    """
    leaves: list[ast.expr] = []
    settled: dict[str, None] = {}

    def inner(x: ast.expr) -> ast.expr:
        found = leaf(x)
        return call("_sure", found) if found is not None else made(x)

    def leaf(x: ast.expr) -> ast.expr | None:
        out: ast.expr
        match x:
            case ast.Name():
                if module.owner(x.id, x) is None:
                    raise _Unknown
                out = x
            case ast.Attribute(value=ast.Name() as base, attr=attr):
                if not _field(project, attr):
                    raise _Unknown
                settled[base.id] = None
                out = ast.Attribute(base if of_rows else call("_settled", base), attr, ast.Load())
            case ast.Subscript(value=ast.Name() as base, slice=ast.Constant(value=str() as word)):
                if not fields.key_stays(project, word):
                    raise _Unknown
                out = ast.Subscript(call("_of", base, "dict"), x.slice, ast.Load())
            case ast.Subscript(value=ast.Name() as base, slice=ast.Constant(value=int()) | ast.UnaryOp()):
                if not _number(x.slice):
                    raise _Unknown
                out = ast.Subscript(call("_of", base, "tuple", "str"), x.slice, ast.Load())
            case ast.Subscript(value=ast.Name() as base, slice=ast.Name() as at) if not of_rows:
                out = ast.Subscript(call("_of", base, "list", "tuple"), call("_of", at, "int"), ast.Load())
            case _:
                return None
        leaves.append(x)
        return out

    def made(x: ast.expr) -> ast.expr:
        new = copy.copy(x)
        match new:
            case ast.Constant():
                return x
            case ast.UnaryOp(op=ast.USub() | ast.Not()):
                new.operand = inner(new.operand)
            case ast.BinOp() if isinstance(new.op, NUMBERS):
                new.left, new.right = inner(new.left), inner(new.right)
            case ast.BoolOp():
                new.values = list(map(inner, new.values))
            case ast.Compare(ops=[op], comparators=[other]) if (
                isinstance(op, (ast.Is, ast.IsNot)) and isinstance(other, ast.Constant) and other.value is None
            ) or (
                isinstance(op, (ast.In, ast.NotIn))
                and isinstance(other, (ast.Tuple, ast.List, ast.Set))
                and all(isinstance(c, ast.Constant) for c in other.elts)
            ):
                new.left = inner(new.left)
            case ast.Compare() if all(isinstance(op, ORDER) for op in new.ops):
                new.left, new.comparators = inner(new.left), list(map(inner, new.comparators))
            case ast.Tuple():
                new.elts = list(map(inner, new.elts))
            case ast.Call(func=f, keywords=[]) if module.is_builtin(f, *FUNCTIONS):
                new.args = list(map(inner, new.args))
            case ast.Call(func=ast.Attribute(value=value, attr=attr), keywords=[]) if attr in METHODS:
                if attr in project.functions or attr in project.attributes or attr in project.classes:
                    raise _Unknown
                new.func = ast.Attribute(inner(value), attr, ast.Load())
                new.args = list(map(inner, new.args))
            case ast.Subscript(value=ast.Call() as value, slice=at) if _number(at) or _part(at):
                new.value = made(value)
            case ast.Attribute(value=ast.Call() as value, attr=attr) if _field(project, attr):
                new.value = made(value)
            case _:
                raise _Unknown
        return new

    try:
        found = inner(e) if sure else leaf(e) or made(e)
    except _Unknown:
        return None
    if any(isinstance(n, (ast.NamedExpr, ast.Starred)) for n in ast.walk(e)):
        return None
    return Worked(ast.unparse(found), tuple(leaves), tuple(settled))


class _Unknown(Exception):
    """An expression of which nothing is known."""


def _field(project: Project, attr: str) -> bool:
    return not attr.startswith("__") and fields.field_stays(project, attr)


def call(name: str, of: ast.expr, *more: str) -> ast.Call:
    """A call of a helper."""
    return ast.Call(ast.Name(name, ast.Load()), [of, *(ast.Name(m, ast.Load()) for m in more)], [])
