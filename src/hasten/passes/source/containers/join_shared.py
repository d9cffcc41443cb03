"""Pairs of sets that have something in common.

`for i in range(n): for j in range(i + 1, n): common = len(sets[i] & sets[j])`, and what is done where `common /
len(sets[i] | sets[j]) >= 0.5`, looks at all pairs, of which most share nothing and so do nothing (`nothing_shared`
tells). Where each item is found, laid out once, gives the sets that share some; pairs with an empty set are looked at
as ever. Also `for a, b in combinations(docs, 2)`, `for other in docs[i + 1:]`, sets in fields of objects, and
functions like `jaccard(a, b)`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from hasten.kernel.regions import PUT_THERE
from hasten.passes.source.containers import fields
from hasten.passes.source.containers.base import Bound, Place
from hasten.passes.source.containers.effects import frozen_during
from hasten.passes.source.containers.join_index import keys_prelude, of_keys
from hasten.passes.source.containers.join_stays import key_stays, names, read_later, stays_inside
from hasten.passes.source.containers.join_views import settled_text
from hasten.passes.source.containers.membership import ready, stretches
from hasten.passes.source.containers.nothing_shared import Nothing
from hasten.passes.source.containers.syntax import Module, Parts, same

ITEMS = '''\
def _by_item(kinds, rows, sets, when):
    """To lay out where each item of `sets()`, one for each of `rows()`, is found; if `when()`."""
    return {"asked": 0, "made": (kinds, rows, sets, when), "places": None}


def _lay_out_items(by):
    """Where each item is found; nothing where a dict may take other items for equal than a set or list does."""
    kinds, rows, sets, when = by["made"]
    places, empty = collections.defaultdict(list), []
    try:
        rows = rows()
        if type(rows) not in (list, tuple, range) or not when():
            return
        size = -1
        for size, items in enumerate(sets()):
            if type(items) not in kinds:
                return
            for x in items:
                if type(x) not in _PLAIN and not _is_plain(x):
                    return
                places[x].append(size)
            if not items:
                empty.append(size)
        if size + 1 != len(rows):
            return
    except Exception:  # the loop itself meets it, in its own place
        return
    by.update(places=dict(places), empty=empty, rows=rows, size=len(rows))


def _sharing(by, own):
    """Where sets are that share an item with `own()`, or are empty, in order; None if all have to be looked at."""
    by["asked"] += 1
    if by["asked"] == 2:  # one search alone would not be worth it
        _lay_out_items(by)
    if by["places"] is None or len(by["rows"]) != by["size"]:
        return None
    try:
        items = own()
        if type(items) not in by["made"][0] or not items:
            return None
        found, steps = set(by["empty"]), 0
        for x in items:
            if type(x) not in _PLAIN and not _is_plain(x):
                return None
            places = by["places"].get(x, ())
            steps += len(places)
            if steps > 3 * by["size"]:
                return None  # most share something
            found.update(places)
    except Exception:  # the loop itself meets it, in its own place
        return None
    return sorted(found)


'''
SHARING_NUMBERS = '''\
def _numbers_sharing(span, by, own):
    """The numbers of `span` at which sets share an item with `own()`, or are empty, or all of them."""
    found = _sharing(by, own)
    if found is None or not (span.step > 0 and 0 <= span.start and span.stop <= by["size"]):
        return span
    return [n for n in found if n in span]


'''
SHARING_ROWS = '''\
def _rows_sharing(rows, by, own):
    """Of `rows`, the last ones of those laid out, what shares an item with `own()` or has none, or all of them."""
    found = _sharing(by, own)
    if found is None or type(rows) is not type(by["rows"]):
        return rows
    first, rows = by["size"] - len(rows), by["rows"]
    return [rows[n] for n in found if n >= first]


'''
NUMBERED_ROWS = '''\
def _numbered_sharing(rows, by, own, start):
    """What `_rows_sharing` gives, with numbers: those of `rows` begin with `start`."""
    found = _sharing(by, own)
    if found is None or type(rows) is not type(by["rows"]) or type(start) is not int:
        return enumerate(rows, start)
    first, rows = by["size"] - len(rows), by["rows"]
    return [(n - first + start, rows[n]) for n in found if n >= first]


'''
SHARING_PAIRS = '''\
def _pairs_sharing(rows, kinds, key, when):
    """The pairs of `rows` whose sets `key(row)` share an item, or one of which is empty, in order, or all pairs."""
    if type(rows) is dict:
        rows = list(rows)
    by = {**_by_item(kinds, lambda: rows, lambda: map(key, rows), when), "asked": 2}
    _lay_out_items(by)
    if by["places"] is None:
        return itertools.combinations(rows, 2)
    return _pairs_of(rows, by, key)


def _pairs_of(rows, by, key):
    for n, row in enumerate(rows):
        found = _sharing(by, lambda row=row: key(row))
        for other in range(n + 1, len(rows)) if found is None else found:
            if other > n:
                yield row, rows[other]


'''
PART_OF = '''\
def _part_of(row, n, size):
    """Item `n` of `row`, a tuple of so many. Raises `TypeError` for another."""
    if type(row) is not tuple or len(row) != size:
        raise TypeError(type(row))
    return row[n]


'''
for _text in (PART_OF, ITEMS, SHARING_NUMBERS, SHARING_ROWS, NUMBERED_ROWS, SHARING_PAIRS):
    PUT_THERE.update((_text, of_keys(_text)))


@dataclass(frozen=True)
class Pairs:
    """A loop over what one row is compared with, or (`both`) over pairs of rows."""

    loop: ast.For
    own: ast.expr
    other: ast.expr
    row: str  # the variable of the row that has `other`
    rows: ast.expr  # what is laid out
    both: bool = False
    place: tuple[int, int] | None = None  # which part of the row, of how many
    part: ast.expr | None = None  # those of the rows that are gone through
    number: str = ""  # the first number, where they are numbered


def sites(place: Place, bound: Bound) -> Iterator[Parts]:
    """The loops of a region that can leave out pairs that share nothing."""
    for statement in place.module.statements(place.region):
        for node in ast.walk(statement):
            if isinstance(node, ast.For):
                for pairs in _pairs(place.module, node):
                    parts = _shared(place, pairs, bound)
                    if parts is not None:
                        yield parts
                        break


def _pairs(module: Module, loop: ast.For) -> Iterator[Pairs]:
    """What a loop may be such a loop for."""
    target, it = loop.target, loop.iter
    match it, target:
        case (
            ast.Call(args=[rows, ast.Constant(value=2)], keywords=[]),
            ast.Tuple(elts=[ast.Name(id=first), ast.Name(id=second)]),
        ) if module.imported(it.func) == "itertools.combinations" and first != second:
            for own, other in _asked(module, loop, {first}, {second}):
                yield Pairs(loop, own, other, second, rows, both=True)
        case (
            ast.Call(args=[rows, ast.Constant(value=2)], keywords=[]),
            ast.Tuple(elts=[ast.Tuple(elts=mine), ast.Tuple(elts=theirs)]),
        ) if module.imported(it.func) == "itertools.combinations" and len(mine) == len(theirs):
            words = [n.id for n in (*mine, *theirs) if isinstance(n, ast.Name) and n.id != "_"]
            size = len(mine)
            if len(set(words)) < len(words) or not all(isinstance(n, ast.Name) for n in (*mine, *theirs)):
                return
            for n, (a, b) in enumerate(zip(mine, theirs, strict=True)):
                for own, other in _asked(module, loop, names(a), names(b)):
                    if isinstance(own, ast.Name) and isinstance(other, ast.Name):
                        yield Pairs(loop, own, other, other.id, rows, both=True, place=(n, size))
        case ast.Call(func=f, keywords=[]), ast.Name(id=name) if module.is_builtin(f, "range"):
            for own, other in _asked(module, loop, None, {name}):
                if isinstance(other, ast.Subscript) and isinstance(own, ast.Subscript) and same(own.value, other.value):
                    yield Pairs(loop, own, other, name, other.value)
        case ast.Call(args=[ast.expr() as part, *start]), ast.Tuple(elts=[ast.Name(), of]) if module.is_builtin(
            it.func, "enumerate"
        ):
            begin = [*start, *(k.value for k in it.keywords)]
            if len(begin) < 2:
                yield from _of_rows(module, loop, part, of, module.text(begin[0]) if begin else "0")
        case _:
            yield from _of_rows(module, loop, it, target, "")


def _of_rows(module: Module, loop: ast.For, part: ast.expr, target: ast.expr, number: str) -> Iterator[Pairs]:
    """A loop over rows, or over those from some place on, numbered or not."""
    match part:
        case ast.Subscript(value=rows, slice=ast.Slice(upper=None, step=None)):
            pass
        case rows:
            pass
    if not isinstance(rows, (ast.Name, ast.Attribute)):
        return
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    if not all(isinstance(n, ast.Name) for n in parts):
        return
    for n, one in enumerate(parts):
        for own, other in _asked(module, loop, None, names(one)):
            place = (n, len(parts)) if isinstance(target, ast.Tuple) else None
            row = min(names(one))
            if isinstance(other, ast.Subscript) or place is not None and not isinstance(other, ast.Name):
                continue
            yield Pairs(loop, own, other, row, rows, part=part, number=number, place=place)


def _asked(
    module: Module, loop: ast.For, mine: set[str] | None, theirs: set[str]
) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Pairs of expressions that go into one operation or call of the loop, one of each row."""
    seen: set[str] = set()
    for node in (n for s in loop.body for n in ast.walk(s)):
        match node:
            case ast.BinOp(left=left, right=right, op=ast.BitAnd() | ast.BitOr()):
                parts = [left, right]
            case ast.Call(func=ast.Attribute(value=left, attr="intersection" | "isdisjoint" | "union"), args=[right]):
                parts = [left, right]
            case ast.Call(func=ast.Name(), args=[_, _, *_] as parts):
                pass
            case ast.comprehension(iter=left, ifs=[ast.Compare(ops=[ast.In()], comparators=[right]), *_]):
                parts = [left, right]
            case _:
                continue
        parts = [_bare(p) for p in parts]
        for own in parts:
            for other in parts:
                if not _is_path(own) or not _is_path(other) or names(other) & theirs != theirs or names(own) & theirs:
                    continue
                if mine is not None and names(own) & mine != mine:
                    continue
                text = f"{ast.unparse(own)} {ast.unparse(other)}"
                if text not in seen:
                    seen.add(text)
                    yield own, other


def _bare(e: ast.expr) -> ast.expr:
    """`xs` of `set(xs)`, `xs.keys()`, `xs.items()`"""
    match e:
        case ast.Call(func=ast.Name(id="set" | "frozenset"), args=[inner], keywords=[]):
            return inner
        case ast.Call(func=ast.Attribute(value=inner, attr="keys" | "items"), args=[], keywords=[]):
            return inner
    return e


def _is_path(e: ast.expr) -> bool:
    """`a`, `a.words`, `sets[a]`"""
    match e:
        case ast.Name() | ast.Attribute(value=ast.Name()):
            return True
        case ast.Subscript(value=ast.Name() | ast.Attribute(value=ast.Name()), slice=ast.Name()):
            return True
    return False


def _shared(place: Place, p: Pairs, bound: Bound) -> Parts | None:
    module, project, loop = place.module, place.project, p.loop
    if isinstance(module.function(loop), (ast.Lambda, ast.ClassDef)):
        return None
    if {"__eq__", "__hash__", "__getattr__", "__getattribute__", "__getitem__"} & project.dunders:
        return None
    nothing = Nothing(project, module, loop, p.own, p.other)
    if not nothing.holds() or not nothing.used or not nothing.kinds:
        return None
    targets = names(loop.target)
    if not p.both and names(p.own) & targets:
        return None
    if not stays_inside(module, loop, targets) or not all(_stays_in(module, loop, n) for n in nothing.assigned):
        return None
    for e in (p.own, p.other):
        if isinstance(e, ast.Attribute) and not fields.field_stays(project, e.attr):
            return None
    held = p.other.value if isinstance(p.other, ast.Subscript) else p.rows
    match held:
        case ast.Call(func=ast.Attribute(value=held, attr="items"), args=[], keywords=[]) if (
            p.place is not None and "items" not in project.functions
        ):
            pass
    if p.both:
        if isinstance(p.own, ast.Subscript) != isinstance(p.other, ast.Subscript):
            return None
        if isinstance(p.own, ast.Subscript) and not same(p.own.value, held):
            return None
        if isinstance(p.own, ast.Attribute) and not (isinstance(p.other, ast.Attribute) and p.own.attr == p.other.attr):
            return None
    elif not key_stays(place, p.own, loop, None):
        return None
    if not isinstance(held, (ast.Name, ast.Attribute)):
        return None
    for stretch in [loop] if p.both else stretches(place, loop):
        if p.both and not module.whole_lines(loop):
            continue
        frozen = frozen_during(project.sets, module, held, stretch, items=True)
        if not frozen.ok or frozen.apart or any(not _given(module, n, stretch) for n in nothing.given.values()):
            continue
        root = held if isinstance(held, ast.Name) else held.value
        if isinstance(root, ast.Name) and ready(module, root, frozen, stretch):
            return _parts(place, p, nothing, stretch, bound)
    return None


def _stays_in(module: Module, loop: ast.For, name: str) -> bool:
    """Whether a name that the loop binds is read in the loop alone, below where it is bound in each round."""
    probe = next(n for n in ast.walk(loop) if isinstance(n, ast.Name) and n.id == name)
    scope = module.owner(name, probe)
    if scope is None or isinstance(scope, ast.Module) and module.function(loop) is not scope:
        return False
    first = next((s for s in loop.body if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(s))), None)
    if not isinstance(first, (ast.Assign, ast.AnnAssign)) or first.value is None:
        return False
    if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(first.value)):
        return False
    inside = set(ast.walk(loop))
    return all(
        use in inside and not read_later(module, use, loop)
        or not isinstance(use.ctx, ast.Load) and module.function(use) is module.function(loop)
        or use not in inside and _bound_anew(module, use, name)
        for use in module.uses(name, scope)
    )  # fmt: skip


def _bound_anew(module: Module, use: ast.Name, name: str) -> bool:
    """Whether a read in another loop comes after a statement of the same round that binds the name."""
    for at in module.up(use):
        if isinstance(at, (ast.For, ast.While)):
            if read_later(module, use, at):
                return False
            for s in at.body:
                if isinstance(s, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in s.targets):
                    return not any(n is use for n in ast.walk(s)) and s.lineno < use.lineno
    return False


def _given(module: Module, name: ast.Name, stretch: ast.stmt) -> bool:
    """Whether a variable has a value before the stretch, and no other in it."""
    scope = module.owner(name.id, name)
    inside = set(ast.walk(stretch))
    return (
        scope is not None
        and module.bound_before(name.id, scope, stretch)
        and not any(b.node in inside for b in module.bindings(name.id, scope))
        and all(module.function(b.node) is scope for b in module.bindings(name.id, scope) if b.how != "parameter")
    )


def _parts(place: Place, p: Pairs, nothing: Nothing, stretch: ast.stmt, bound: Bound) -> Parts:
    module, project = place.module, place.project
    kinds = f"({', '.join(sorted(nothing.kinds, reverse=True))},)"
    tests = [f"type({n}) in (int, float)" for n in nothing.given] + list(nothing.conditions)
    if p.both and isinstance(p.other, ast.Subscript):
        tests.insert(0, f"type({module.text(p.other.value)}) in (dict, list, tuple)")  # asking puts nothing in
    when = f"lambda: {' and '.join(tests) or 'True'}"
    own, rows = module.text(p.own), module.text(p.rows)
    settled = isinstance(p.other, ast.Attribute)
    test = f" if type({p.row}) in _SETTLED or _settle({p.row})" if settled else ""
    helpers = ["import collections\n", *keys_prelude(project, module)]
    if settled or isinstance(p.own, ast.Attribute):
        helpers.append(settled_text(project, module))
    helpers.append(ITEMS)
    before: tuple[tuple[int, str], ...] = ()
    if p.both:
        key = f"lambda {p.row}: {module.text(p.other)}"
        if settled:
            key = f"lambda {p.row}: _settled({p.row}).{p.other.attr}"  # type: ignore[attr-defined]
        if p.place is not None:
            key = f"lambda {p.row}: _part_of({p.row}, {p.place[0]}, {p.place[1]})"
            helpers.append(PART_OF)
            rows = f"list({rows})" if isinstance(p.rows, ast.Call) else rows
        new = f"_pairs_sharing({rows}, {kinds}, {key}, {when})"
        helpers += ["import itertools\n", SHARING_PAIRS]
    else:
        sets = f"lambda: {rows}" if not settled else f"lambda: ({module.text(p.other)} for {p.row} in {rows}{test})"
        if p.place is not None:
            sets = f"lambda: (_part_of({p.row}, {p.place[0]}, {p.place[1]}) for {p.row} in {rows})"
            helpers.append(PART_OF)
        made = f"_by_item({kinds}, lambda: {rows}, {sets}, {when})"
        by = bound.name(
            f"{rows}_by_item", p.other.attr if isinstance(p.other, ast.Attribute) else p.row if p.place else "", made
        )
        before = ((stretch.lineno, f"{module.margin(stretch)}{by} = {made}\n"),)
        numbers = isinstance(p.other, ast.Subscript)
        if isinstance(p.own, ast.Attribute):
            own = f"_settled({module.text(p.own.value)}).{p.own.attr}"
        if numbers:
            helpers.append(SHARING_NUMBERS)
            new = f"_numbers_sharing({module.text(p.loop.iter)}, {by}, lambda: {own})"
        else:
            assert p.part is not None
            helpers.append(NUMBERED_ROWS if p.number else SHARING_ROWS)
            new = f"_rows_sharing({module.text(p.part)}, {by}, lambda: {own})"
            if p.number:
                new = f"_numbered_sharing({module.text(p.part)}, {by}, lambda: {own}, {p.number})"
    return Parts(
        title=f"go to pairs of {rows} that share something",
        first=p.loop.lineno,
        last=p.loop.end_lineno or p.loop.lineno,
        reason="all pairs are looked at, and those that share nothing do nothing",
        remedy="where each item is found, laid out once, gives the pairs that share some",
        replace=((p.loop.iter, new),),
        before=before,
        prelude=tuple(helpers),
    )
