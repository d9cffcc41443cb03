"""Nested loops that look for equal keys.

What it finds    a loop or comprehension over a list inside another loop, where only rows with `row.key == key` do
                 anything.
Why it is slow   every round goes through all rows; an index by key goes to the rows that match.
Example          for order in orders:                 users_by = _by_key(users, lambda user: user["id"])
                     for user in users:          ->   for order in orders:
                         if user["id"] == order["u"]:     for user in _matching(users, users_by, lambda: order["u"]):
                             ...                              if user["id"] == order["u"]: ...
                 Several fields, compared one after the other, are one key.
                 What is asked of a row before that (`if user.done: continue`) may change, as long as asking is quiet.
                 Likewise what is gone through by `d.items()`, `enumerate(xs)`, `zip(xs, ys)`, `xs[1:]`, by keys worked
                 out from a row (`t.date()`, `len(word)`, `n % 7`): it is laid out by key (`join_views`). Likewise pairs
                 of sets of which only those that share something do anything (`join_shared`).
Safe when        nothing in the outer loop changes the rows or the fields compared (proved from the syntax of the
                 project), and, checked while it runs, rows are a list or tuple and keys are plain values (dates and
                 times without a zone among them), which hash as they compare. Rows come in their old order and the
                 comparison itself stays; anything else goes through all rows.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from hasten.passes.source.containers.base import Bound, ContainerPass, Place
from hasten.passes.source.containers.effects import Project, frozen_during
from hasten.passes.source.containers.join_stays import (
    at_once,
    changes_fields,
    first_subscript,
    goes_through,
    harmless,
    is_counter,
    key_stays,
    may_grow_rows,
    names,
    path,
    position,
    row_of_position,
    stay_plain,
    stays_inside,
)
from hasten.passes.source.containers.membership import IS_PLAIN, PLAIN, ready, stretches
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module, Parts

BY_KEY = """\
def _by_key(rows, key, kinds, *others):
    \"\"\"Number of rows, and positions of rows by `key(row)`; None where a lookup is not the same as comparing.

    `kinds` are the types rows have to be of (none: any). What also goes by one of the other names might change.
    \"\"\"
    others = set(map(id, others))
    if type(rows) not in (list, tuple) or id(rows) in others:
        return None
    positions = {}
    try:
        for n, row in enumerate(rows):
            if (kinds and type(row) not in kinds) or id(row) in others:
                return None
            k = key(row)
            if not _is_plain(k):
                return None
            if k == k:  # NaN equals nothing
                positions.setdefault(k, []).append(n)
    except Exception:  # a row without the key: the loop itself meets it, in its own place
        return None
    return len(rows), positions


"""

MATCHING = """\
def _matching(rows, index, key):
    \"\"\"The rows to go through in search of `key()`: those that have it, in order, or all of them.\"\"\"
    found = None
    if index and index[0] == len(rows) > 0:
        try:
            k = key()
            found = index[1].get(k, ()) if _is_plain(k) else None
        except Exception:  # the loop itself meets it, in its own place
            found = None
    if found is None:
        yield from rows
        return
    for n in found:
        yield rows[n]
        if len(rows) != index[0]:  # the list has grown: go on through all that follows
            yield from islice(rows, n + 1, None)
            return


"""

POSITIONS = """\
def _matching_positions(span, rows, index, key):
    \"\"\"The numbers of `span` at which `rows` have `key()`, in order, or all of `span`.\"\"\"
    if not index or not (span.step > 0 and 0 <= span.start and span and span.stop <= index[0]):
        return span
    try:
        k = key()
    except Exception:  # the loop itself meets it, in its own place
        return span
    return [n for n in index[1].get(k, ()) if n in span] if _is_plain(k) else span


"""

CALENDAR = """\
# the module itself: a script's own `datetime` may be the class
import datetime as _calendar  # noqa: E402


def _is_key(x):
    \"\"\"Whether a dict takes `x` for equal exactly where comparing does: plain values, dates, zoneless times.\"\"\"
    kind = type(x)
    if kind is _calendar.datetime:
        return x.tzinfo is None
    if kind is tuple:
        return all(map(_is_key, x))
    return kind is _calendar.date or kind is _calendar.timedelta or _is_plain(x)


"""


@dataclass(frozen=True)
class Search:
    """One loop over rows with the comparison that selects them."""

    node: ast.AST  # the For or comprehension clause
    iter: ast.expr
    target: ast.expr
    test: ast.Compare
    body: tuple[ast.AST, ...]  # what else runs in the loop
    leaks: bool  # its target is seen after it
    asked: tuple[ast.expr, ...] = ()  # what is looked at before the comparison: fields of the row
    more: tuple[ast.Compare, ...] = ()  # comparisons right after it, all of which have to hold as well


class KeyIndex(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST107"
    name: ClassVar[str] = "nested loops over equal keys"

    def sites(self, place: Place) -> Iterator[Parts]:
        bound, done = Bound(place.module), set[ast.AST]()
        for statement in place.module.statements(place.region):
            for node in ast.walk(statement):
                search = search_of(place.module, node)
                if search is not None:
                    parts = self._indexed(place, search, bound)
                    if parts is not None:
                        done.add(search.node)
                        yield parts
        from hasten.passes.source.containers import join_shared, join_views  # they build on this module

        yield from join_views.sites(place, bound, done)
        yield from join_shared.sites(place, bound)

    def _indexed(self, place: Place, s: Search, bound: Bound) -> Parts | None:
        module = place.module
        if isinstance(module.function(s.node), (ast.Lambda, ast.ClassDef)):
            return None
        targets = {n.id for n in ast.walk(s.target) if isinstance(n, ast.Name)}
        if not all(isinstance(n, (ast.Name, ast.Tuple, ast.Store)) for n in ast.walk(s.target)):
            return None
        for row_side, key_side in ((s.test.left, s.test.comparators[0]), (s.test.comparators[0], s.test.left)):
            if names(row_side) & targets and not names(key_side) & targets:
                break
        else:
            return None
        if s.leaks and not stays_inside(module, s.node, targets):
            return None
        if not names(key_side):
            return None
        ranged = isinstance(s.iter, ast.Call)
        if ranged:
            rows = row_of_position(row_side, s.target)
        else:
            rows = s.iter
        if not isinstance(rows, (ast.Name, ast.Attribute)):
            return None
        sides = [] if ranged else _further(s, row_side, key_side, targets)
        for more in (sides, []) if sides else ([],):
            found = self._guarded(place, s, rows, ranged, [(row_side, key_side), *more], bound)
            if found is not None:
                return found
        return None

    def _guarded(
        self,
        place: Place,
        s: Search,
        rows: ast.expr,
        ranged: bool,
        sides: list[tuple[ast.expr, ast.expr]],
        bound: Bound,
    ) -> Parts | None:
        """The index by what is compared on these sides, rows' and keys', where all of it stays true."""
        module, project = place.module, place.project
        targets, row_side = names(s.target), sides[0][0]
        fields, key_fields = frozenset[object](), frozenset[object]()
        for one, other in sides:
            steps, key_steps = path(one, rows if ranged else None, targets), path(other, None, names(other))
            if steps is None or key_steps is None:
                return None
            fields, key_fields = fields | steps, key_fields | key_steps
        for stretch in stretches(place, searching(module, s)):
            allowed = harmless(project, module, stretch, row_side, fields, key_fields)
            # what rows are taken apart into is as it was if nothing is written into rows, or they are tuples
            items = isinstance(s.target, ast.Tuple) or bool(fields | key_fields - {"[]"})
            frozen = frozen_during(project, module, rows, stretch, allowed=allowed, items=items)
            tuples = not frozen.ok and not fields | key_fields - {"[]"}
            if tuples:
                frozen = frozen_during(project, module, rows, stretch, allowed=allowed)
            if frozen.apart and len(fields) > len(sides):
                continue  # something between the row and the field might go by such a name
            if not frozen.ok or not ready(module, rows, frozen, stretch):
                continue
            if changes_fields(project, fields | key_fields, stretch):
                continue
            if s.asked and (ranged or not stay_plain(project, s.asked, row_side)):
                continue
            if not all(key_stays(place, key, s.node, rows) for _, key in sides):
                continue
            grown = tuples or may_grow_rows(project, module, allowed)
            return self._parts(place, s, stretch, rows, sides, ranged, grown, frozen.apart, bound)
        return None

    def _parts(
        self,
        place: Place,
        s: Search,
        stretch: ast.stmt,
        rows: ast.expr,
        sides: list[tuple[ast.expr, ast.expr]],
        ranged: bool,
        grown: bool,
        apart: tuple[str, ...],
        bound: Bound,
    ) -> Parts | None:
        module = place.module
        row_side = sides[0][0]
        name = module.text(rows)
        kinds = "()"
        if ranged:
            row = module.fresh("row")
            path = ast.unparse(row_side).removeprefix(ast.unparse(first_subscript(row_side)))
            maker = f"lambda {row}: {row}{path}"
            steps = path
        else:
            if isinstance(s.target, ast.Name):
                maker = f"lambda {s.target.id}: {_joint(module, [row for row, _ in sides])}"
                steps = ast.unparse(row_side).removeprefix(s.target.id)
            else:
                row = module.fresh("row")
                at = position(s.target, row_side)
                if at is None:
                    return None
                maker = f"lambda {row}: {row}[{at}]"
                steps = "[0]"
                # unpacking fails for a row of another length: [] is no key, so that there is no index then
                maker = f"lambda {row}: {row}[{at}] if len({row}) == {len(s.target.elts)} else []"  # type: ignore[attr-defined]
        if steps.startswith("["):
            kinds = "(dict, list, tuple)"
            if grown and isinstance(s.target, ast.Tuple):
                kinds = "(tuple,)"  # a list of another length could not be unpacked any more
        if s.asked:  # asking does nothing, as long as what is asked for is a plain value
            assert isinstance(s.target, ast.Name)
            asked = " and ".join(dict.fromkeys(f"_is_plain({module.text(e)})" for e in s.asked))
            maker += f" if {asked} else []"
        made = f"_by_key({', '.join((name, maker, kinds, *apart))})"
        index = bound.name(f"{name}_by", " ".join(ast.unparse(row) for row, _ in sides), made)
        setup = f"{module.margin(stretch)}{index} = {made}\n"
        key = _joint(module, [key for _, key in sides])
        if ranged:
            call = f"_matching_positions({module.text(s.iter)}, {name}, {index}, lambda: {key})"
        else:
            call = f"_matching({name}, {index}, lambda: {key})"
        return Parts(
            title=f"go to the rows of {name} with an equal key",
            first=s.iter.lineno,
            last=max(s.test.end_lineno or 0, s.iter.end_lineno or 0),
            reason=f"every round goes through all of {name} in search of equal keys",
            remedy="an index by key, made once before the outer loop",
            replace=((s.iter, call),),
            before=((stretch.lineno, setup),),
            prelude=(
                *keys_prelude(place.project, module),
                keyed(place.project, module, BY_KEY),
                *(
                    (keyed(place.project, module, POSITIONS),)
                    if ranged
                    else ("from itertools import islice\n", keyed(place.project, module, MATCHING))
                ),
            ),
        )


def searching(module: Module, s: Search) -> ast.AST:
    """The loop or comprehension that a search is."""
    return s.node if isinstance(s.node, ast.For) else module.parents[s.node]


def _joint(module: Module, keys: list[ast.expr]) -> str:
    """The code of one key, or of several as a tuple."""
    return module.text(keys[0]) if len(keys) == 1 else f"({', '.join(map(module.text, keys))})"


def _further(s: Search, row_side: ast.expr, key_side: ast.expr, targets: set[str]) -> list[tuple[ast.expr, ast.expr]]:
    """The sides, rows' and keys', of the comparisons after the first one; of fields of the row, all found as the
    first one is."""
    out: list[tuple[ast.expr, ast.expr]] = []
    if not isinstance(s.target, ast.Name) or not _one_step(row_side):
        return out
    for test in s.more:
        one, other = test.left, test.comparators[0]
        if not names(one) & targets:
            one, other = other, one
        alike = type(one) is type(row_side) and _one_step(one) and names(one) == targets
        if not alike or not (_one_step(other) or isinstance(other, ast.Name)) or names(other) & targets:
            break
        out.append((one, other))
    return out


def _one_step(e: ast.expr) -> bool:
    """`row.k`, `row["k"]`, `row[0]`"""
    if isinstance(e, ast.Subscript) and not (isinstance(e.slice, ast.Constant) and type(e.slice.value) in (str, int)):
        return False
    return isinstance(e, (ast.Attribute, ast.Subscript)) and isinstance(e.value, ast.Name)


def calendar(project: Project) -> bool:
    """Whether the program has to do with dates."""
    return any(
        (isinstance(n, ast.Import) and any(a.name == "datetime" for a in n.names))
        or (isinstance(n, ast.ImportFrom) and n.module == "datetime")
        for m in project.modules
        for n in ast.walk(m.tree)
    )


def keyed(project: Project, module: Module, text: str) -> str:
    """A helper's text, for keys that may be dates where the program has to do with them."""
    return of_keys(text) if calendar(project) and _free(module) else text


def of_keys(text: str) -> str:
    """A helper's text, for keys that may be dates."""
    return text.replace("_is_plain(", "_is_key(")


def keys_prelude(project: Project, module: Module) -> tuple[str, ...]:
    """The helpers that tell keys."""
    return (PLAIN, IS_PLAIN, CALENDAR) if calendar(project) and _free(module) else (PLAIN, IS_PLAIN)


def _free(module: Module) -> bool:
    return "_calendar" not in module.names or CALENDAR in module.source.text


def _equal(test: ast.expr, word: type[ast.cmpop]) -> ast.Compare | None:
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], word):
        return test
    return None


def search_of(
    module: Module, node: ast.AST, iterates: Callable[[Module, ast.expr], bool] | None = None
) -> Search | None:
    """The search that a loop or a comprehension clause is, if it is one that goes through what `iterates` says."""
    iterates = iterates or goes_through
    asked: list[ast.expr] = []
    more: list[ast.Compare] = []
    if isinstance(node, ast.For) and node.body:
        if not iterates(module, node.iter):
            return None
        test: ast.Compare | None = None
        for n, s in enumerate(node.body):
            if not isinstance(s, ast.If) or s.orelse:
                return None
            skips = len(s.body) == 1 and isinstance(s.body[0], ast.Continue)
            if n == len(node.body) - 1:
                test = _selecting(module, s.test, ast.And, ast.Eq, node.target, asked, more)
            if test is None and skips:
                test = _selecting(module, s.test, ast.Or, ast.NotEq, node.target, asked, more)
            if test is not None:
                break
            if not skips or not _only_asks(s.test, node.target, asked):
                return None
        if test is None:
            return None
        return Search(node, node.iter, node.target, test, tuple(node.body), True, tuple(asked), tuple(more))
    if isinstance(node, COMPREHENSIONS):
        clause = node.generators[-1]
        if clause.is_async or not iterates(module, clause.iter):
            return None
        if clause.ifs:
            test = None
            for part in clause.ifs:
                test = _selecting(module, part, ast.And, ast.Eq, clause.target, asked, more)
                if test is not None:
                    break
                if not _only_asks(part, clause.target, asked):
                    return None
        elif isinstance(node, ast.GeneratorExp) and len(node.generators) == 1:
            call = module.parents[node]
            if not (isinstance(call, ast.Call) and call.args == [node] and module.is_builtin(call.func, "any", "sum")):
                return None
            test = _equal(node.elt, ast.Eq)
        else:
            return None
        if test is None or not at_once(module, node):
            return None
        return Search(clause, clause.iter, clause.target, test, (node,), False, tuple(asked), tuple(more))
    return None


def _selecting(
    module: Module,
    test: ast.expr,
    joined: type[ast.boolop],
    word: type[ast.cmpop],
    row: ast.AST,
    asked: list[ast.expr],
    more: list[ast.Compare],
) -> ast.Compare | None:
    """`row.key == key` out of `row.key == key`, `row.key == key and ...`, `row.open and row.key == key`, and the like
    with `!=` and `or`. What is asked of the row before is added to `asked`, comparisons right after it to `more`."""
    values = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, joined) else [test]
    before: list[ast.expr] = []
    for n, value in enumerate(values):
        found = _equal(value, word)
        if found is not None and _compares_row(module, found):
            asked += before
            for after in map(partial(_equal, word=word), values[n + 1 :]):
                if after is None or not _compares_row(module, after):
                    break
                more.append(after)
            return found
        counted = isinstance(value, ast.Compare) and all(
            is_counter(module, v) for v in (value.left, *value.comparators)
        )
        if not (counted and joined is ast.And) and not _only_asks(value, row, before):
            return None
    return None


def _compares_row(module: Module, test: ast.Compare) -> bool:
    """Is it no comparison with something written down, nor of two counters?"""
    sides = (test.left, test.comparators[0])
    return not any(isinstance(e, ast.Constant) for e in sides) and not all(is_counter(module, e) for e in sides)


def _only_asks(test: ast.expr, row: ast.AST, asked: list[ast.expr]) -> bool:
    """`row.done`, `not row["open"]`, `row.state != "new"`: nothing but looks at fields of the row, which are added."""
    quiet = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)
    match test:
        case ast.BoolOp(values=values):
            return all(_only_asks(value, row, asked) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _only_asks(operand, row, asked)
        case ast.Compare(left=ast.Attribute() | ast.Subscript() as left, ops=[op], comparators=[ast.Constant()]):
            return isinstance(op, quiet) and _only_asks(left, row, asked)
        case (
            ast.Attribute(value=ast.Name(id=name))
            | ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str()))
        ):
            asked.append(test)
            return isinstance(row, ast.Name) and row.id == name
    return False
