"""Windows of lists that only grow.

What it finds    `[p for p in self.payments[card] if now - p.time <= WINDOW]`, asked again for each event: the rows
                 since some time, of a list that events are put at the end of.
Why it is slow   every event goes through all that ever happened, and the lists grow.
Example          [p for p in self.rows if now - p.time <= hour]
                 ->   _recent_list(self.rows, ..., lambda p: p.time, lambda p: now - p.time <= hour)
                 A list that is bound anew to a window of itself, and that nothing else has, is cut off.
Safe when        all that the program ever does to such a list is to put more at its end, and nobody binds the field
                 compared anew (proved from the syntax of the project); and, checked while it runs, once for each row:
                 the rows are in order by that field, and the field is of one plain type with an order (int, finite
                 float, date, time without a zone, span, text). Then the comparison holds from some row on, which is
                 found by bisection with the comparison itself. Lists in no order are gone through, as before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.kernel.regions import PUT_THERE
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.effects import FRESH_METHODS, OPERATORS, READING_BUILTINS, READING_METHODS, Project
from hasten.passes.source.containers.fields import field_stays, key_stays
from hasten.passes.source.containers.join_range import _leaves
from hasten.passes.source.containers.join_stays import at_once, names, stays_inside
from hasten.passes.source.containers.join_stays import key_stays as bound_stays
from hasten.passes.source.containers.slots import COMPARISONS, Slots
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module, Parts, same
from hasten.passes.source.containers.words import take_turns

ORDERLY = '''\

_ORDERLY = frozenset({int, _times.date, _times.timedelta})


def _is_orderly(x, texts):
    """Whether values of this type are in one order: whole numbers, finite floats, dates, zoneless times, texts."""
    kind = type(x)
    if kind is float:
        return x - x == 0
    if kind is _times.datetime:
        return x.tzinfo is None
    return kind in _ORDERLY or texts and kind is str


'''
RECENT = '''\
def _growing(passing, lists=({}, {})):
    """Id of a list -> the list, and by what it was looked at: how many rows are in order, and the last key.

    Of lists that come and go (`passing`) a few.
    """
    return lists[passing]


def _recent(rows, passing, word, fits, key, holds, texts=False):
    """The rows that hold: of a list in order by `key` all from the first one on, of others one by one."""
    first = _first_recent(rows, passing, word, fits, key, holds, texts)
    return filter(holds, rows) if first is None else rows[first:]


def _first_recent(rows, passing, word, fits, key, holds, texts):
    """Where the rows that hold begin, in a list that is in order by `key`; else None.

    Nothing is done to such a list but to put more at its end (and to cut off what is before a window).
    """
    if type(rows) is not list:
        return None
    size = len(rows)
    if size < 8:
        return None
    lists = _growing(passing)
    known = lists.get(id(rows))
    if known is None or known[0] is not rows:
        if len(lists) >= (500 if passing else 10_000):
            lists.clear()
        lists[id(rows)] = known = rows, {}
    state = known[1].get(word)
    if state is None:
        known[1][word] = state = [0, None]
    seen, last = state
    try:
        if seen != size:
            for row in rows[seen:] if seen >= 0 else ():
                k = key(row)
                if not (fits(row) and _is_orderly(k, texts) and (not seen or type(k) is type(last) and last <= k)):
                    state[0] = -1
                    return None
                seen, last = seen + 1, k
            if seen != size:
                return None
            state[:] = seen, last
        begins, ends = holds(rows[0]), holds(rows[-1])
        if begins is True and ends is True:
            return 0
        if begins is False and ends is False:
            return size
        if begins is not False or ends is not True:
            return None
        return bisect_left(rows, True, 1, size - 1, key=holds)
    except Exception:  # the original meets it, in its own place
        return None


'''
LISTED = """\
def _recent_list(*asked):
    found = _recent(*asked)
    return found if type(found) is list else list(found)


"""
CUT = '''\
def _cut_off(rows, passing, word, fits, key, holds, texts=False):
    """The rows that hold, where nothing else has this list: of one in order, the list itself without the others."""
    first = _first_recent(rows, passing, word, fits, key, holds, texts)
    if first is None:
        return list(filter(holds, rows))
    if first:
        del rows[:first]
        for state in _growing(passing)[id(rows)][1].values():
            state[0] = max(state[0] - first, min(state[0], 0))
    return rows


'''
OF_PROGRAM = """\
_OF_PROGRAM = {{}}  # type of rows -> whether only this program binds their attributes


def _of_program(row):
    found = _OF_PROGRAM.get(type(row))
    if found is None:
        own = {modules}
        found = all(c in (object, tuple) or c.__module__ in own for c in type(row).__mro__)
        _OF_PROGRAM[type(row)] = found
    return found


"""
PUT_THERE.update((ORDERLY, RECENT, LISTED, CUT))
ABOVE, BELOW = (ast.Gt, ast.GtE), (ast.Lt, ast.LtE)
LAZY = ("iter", "zip", "map", "filter", "reversed", "enumerate", "id")
COPYING = ("copy.copy", "copy.replace", "dataclasses.replace")  # objects that share a list
BODY = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.If, ast.Break, ast.Continue, ast.Pass, ast.Return)


@dataclass(frozen=True)
class Window:
    """A loop or comprehension over rows, and what holds for its rows from some row on."""

    node: ast.For | ast.comprehension
    test: ast.Compare
    key: ast.expr  # of a row, what is compared
    others: tuple[ast.expr, ...]  # what else is in the comparison
    alone: bool  # the comparison is all that is asked
    texts: bool  # keys may be texts
    outside: bool  # the rows for which it holds are left out


@dataclass(frozen=True)
class Fits:
    """What tells rows that keep what is compared: a test, its helpers, and a word for what lists are in order by."""

    test: str
    word: str
    helpers: tuple[str, ...] = ()


class Recent(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST119"
    name: ClassVar[str] = "window of a list that only grows"

    def sites(self, place: Place) -> Iterator[Parts]:
        for statement in place.module.statements(place.region):
            for node in ast.walk(statement):
                window = _window(place, node)
                parts = None if window is None else self._found(place, window)
                if parts is not None:
                    yield parts

    def _found(self, place: Place, w: Window) -> Parts | None:
        module, project = place.module, place.project
        fits = _fits(project, w)
        if fits is None or not _quiet_around(place, w):
            return None
        slots = Slots(project)
        if slots.why_not(module, w.node.iter):
            return None
        if not all(_cuts_off(project, m, at, slots) for m, at in slots.made if window_of_itself(m, at)):
            return None  # another list each time, of which nothing is known
        if not take_turns(project, module, w.node.iter, slots.grown):
            return None
        if isinstance(w.node, ast.For) and not _body_quiet(place, w, {slot.name for slot in slots.found}):
            return None
        rows = module.text(w.node.iter)
        word = repr(fits.word + (" or text" if w.texts else ""))
        holds = _asked(module, w.node.target, w.test, "not ({})" if w.outside else "{}")
        passing = str(slots.passing)
        given = (rows, passing, word, fits.test, _asked(module, w.node.target, w.key), holds)
        asked = f"({', '.join(given)}{', True' if w.texts else ''})"
        at, name = _place(module, w)
        if at is None:
            return None
        if name == "_recent_list" and _cuts_off(project, module, at, slots):
            name = "_cut_off"
        return Parts(
            title=f"find where the window of {rows} begins",
            first=w.node.iter.lineno,
            last=max(w.test.end_lineno or 0, w.node.iter.end_lineno or 0),
            reason=f"all of {rows} is gone through each time in search of the last rows",
            remedy="a list that only grows stays in order: where the window begins is found by bisection",
            replace=((at, name + asked),),
            prelude=(
                "from bisect import bisect_left\n",
                "import datetime as _times\n",
                ORDERLY,
                *fits.helpers,
                RECENT,
                *([LISTED] if name == "_recent_list" else [CUT] if name == "_cut_off" else []),
            ),
            later=True,  # a list that was looked at once is in order for all later calls
        )


def _place(module: Module, w: Window) -> tuple[ast.AST | None, str]:
    """What is replaced, and by a call of what: the whole comprehension, its rows with the test, or the rows alone."""
    clause = w.node
    if isinstance(clause, ast.For):
        return clause.iter, "_recent"
    whole = module.parents[clause]
    if any(isinstance(at, ast.JoinedStr) for at in module.up(whole)):
        return None, ""
    if not w.alone or len(clause.ifs) != 1:
        return clause.iter, "_recent"
    if isinstance(whole, ast.ListComp) and len(whole.generators) == 1 and isinstance(clause.target, ast.Name):
        if isinstance(whole.elt, ast.Name) and whole.elt.id == clause.target.id:
            return whole, "_recent_list"
    rows, test = clause.iter, w.test
    lines = module.source.lines
    if rows.lineno != test.end_lineno or not lines[rows.lineno - 1].isascii():
        return rows, "_recent"
    between = lines[rows.lineno - 1][rows.end_col_offset : test.col_offset]
    if between.split() != ["if"]:
        return rows, "_recent"  # in parentheses
    both = ast.Name("both", ast.Load())
    both.lineno, both.col_offset, both.end_lineno, both.end_col_offset = (
        rows.lineno, rows.col_offset, test.end_lineno, test.end_col_offset,
    )  # fmt: skip
    return both, "_recent"


def window_of_itself(module: Module, at: ast.AST) -> bool:
    """Whether a list is bound anew to some of its rows."""
    statement = module.parents[at]
    if not isinstance(at, ast.ListComp) or not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return False
    return bool(at.generators[0].ifs) and same(statement.targets[0], at.generators[0].iter)


def _cuts_off(project: Project, module: Module, at: ast.AST, slots: Slots) -> bool:
    """Whether a list is bound anew to a window of itself, where nothing else has it, so that it can be cut instead."""
    statement = module.parents[at]
    if not window_of_itself(module, at) or slots.handed:
        return False
    assert isinstance(statement, ast.Assign)
    slot, *inner = slots.found
    if not all(s.module and s.scope is not None and _undisturbed(project, s.module, s.scope, statement) for s in inner):
        return False
    for m in project.modules:
        for node in m.written:
            if isinstance(node, (ast.Attribute, ast.Name)) and m.imported(node) in COPYING:
                return False
            if isinstance(node, (ast.Attribute, ast.Name)) and slot.named(m, node) and isinstance(node.ctx, ast.Load):
                if not _at_once(project, m, node, statement):
                    return False
    return True


def _at_once(project: Project, module: Module, node: ast.expr, statement: ast.stmt) -> bool:
    """Whether a use of a list is over before the list can be cut: nobody goes through it meanwhile."""
    for at in module.up(node):
        if isinstance(at, ast.Compare) and any(isinstance(op, (ast.Is, ast.IsNot)) for op in at.ops):
            return False
        if isinstance(at, ast.Call) and node in at.args and not _undisturbed(project, module, at, statement):
            return False
        if isinstance(at, ast.Call) and module.is_builtin(at.func, *LAZY):
            holder = module.parents[at]
            if not isinstance(holder, (ast.For, ast.comprehension)) or holder.iter is not at:
                return False
        if isinstance(at, (ast.For, ast.comprehension)):
            whole: ast.AST = at if isinstance(at, ast.For) else module.parents[at]
            if isinstance(whole, ast.GeneratorExp) and not at_once(module, whole):
                return False
            if any(n is node for n in ast.walk(at.iter)) and not _undisturbed(project, module, whole, statement):
                return False
        if isinstance(at, ast.stmt):
            break
    return True


def _undisturbed(project: Project, module: Module, whole: ast.AST, statement: ast.stmt) -> bool:
    """Whether a list that is gone through is not cut meanwhile."""
    for n in ast.walk(whole):
        if n is statement or isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await)):
            return False
        word = n.attr if isinstance(n, ast.Attribute) else n.id if isinstance(n, ast.Name) else ""
        if word in project.functions or word in project.classes:
            return False
        if isinstance(n, ast.Call) and not _known_call(project, module, n):
            return False
    return True


def _known_call(project: Project, module: Module, call: ast.Call) -> bool:
    """Whether a call is of a function that is known, and of none that a variable holds or that it was given."""
    if any(k.arg in (None, "key", "default") and not isinstance(k.value, ast.Lambda) for k in call.keywords):
        return False
    name = module.imported(call.func)
    if name:
        return name.split(".")[0] in ("math", "statistics", "datetime", "heapq", "bisect", "random")
    if isinstance(call.func, ast.Name):
        return module.is_builtin(call.func) and call.func.id not in ("map", "filter", "getattr", "iter", "next")
    return isinstance(call.func, ast.Attribute) and call.func.attr not in project.attributes


def _asked(module: Module, target: ast.expr, e: ast.expr, form: str = "{}") -> str:
    """A function of a row that gives what an expression of the loop's variables gives."""
    if isinstance(target, ast.Name):
        return f"lambda {target.id}: {form.format(module.text(e))}"
    assert isinstance(target, ast.Tuple)
    row = module.fresh("row")
    held = {n.id: at for at, n in enumerate(target.elts) if isinstance(n, ast.Name)}

    class InRow(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.parse(f"{row}[{held[node.id]}]", mode="eval").body if node.id in held else node

    text = ast.unparse(InRow().visit(ast.parse(ast.unparse(e), mode="eval")))
    return f"lambda {row}: {form.format(text)}"


def _window(place: Place, node: ast.AST) -> Window | None:
    module = place.module
    if isinstance(node, ast.For):
        if not isinstance(module.function(node), (ast.FunctionDef, ast.Module)):
            return None
        first = node.body[0]
        if not isinstance(first, ast.If) or first.orelse:
            return None
        test, outside = first.test, len(first.body) == 1 and isinstance(first.body[0], ast.Continue)
        if not outside and len(node.body) != 1:
            return None
        if outside and isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test, outside = test.operand, False
        clause: ast.For | ast.comprehension = node
    elif isinstance(node, COMPREHENSIONS):
        clause = node.generators[-1]
        if clause.is_async or not clause.ifs or not at_once(module, node):
            return None
        if not isinstance(module.function(node), (ast.FunctionDef, ast.Module)):
            return None
        test, outside = clause.ifs[0], False
    else:
        return None
    return _selecting(place, clause, test, outside) if targets_plain(clause.target) else None


def targets_plain(target: ast.expr) -> bool:
    if isinstance(target, ast.Name):
        return True
    return (
        isinstance(target, ast.Tuple)
        and all(isinstance(n, ast.Name) for n in target.elts)
        and len(names(target)) == len(target.elts)
    )


def _selecting(place: Place, clause: ast.For | ast.comprehension, test: ast.expr, outside: bool) -> Window | None:
    """The comparison of a test that holds for all rows from some row on, or, where the loop leaves out those that pass
    the test, for none from some row on."""
    targets = names(clause.target)
    first, alone = test, True
    if isinstance(first, ast.BoolOp) and isinstance(first.op, ast.Or if outside else ast.And):
        first, alone = first.values[0], False
    if not isinstance(first, ast.Compare) or outside and len(first.ops) > 1:
        return None
    left, right = first.left, first.comparators[0]
    if not isinstance(first.ops[0], (*ABOVE, *BELOW)) or bool(names(left) & targets) == bool(names(right) & targets):
        return None
    mine, other, rising = (left, right, 1) if names(left) & targets else (right, left, -1)
    others = [other]
    found = _direction(mine, targets, others)
    if found is None:
        return None
    key, way = found
    if way * rising * (1 if isinstance(first.ops[0], ABOVE) else -1) * (-1 if outside else 1) < 0:
        return None
    pair = first
    if len(first.ops) > 1:  # `now - hour < row.time <= now`: what follows is asked of what passes this
        pair, alone = ast.Compare(left, first.ops[:1], [right]), False
        ast.copy_location(pair, left)
        pair.end_lineno, pair.end_col_offset = right.end_lineno, right.end_col_offset
    return Window(clause, pair, key, tuple(others), alone, mine is key, outside)


def _direction(e: ast.expr, targets: set[str], others: list[ast.expr]) -> tuple[ast.expr, int] | None:
    """The key that an expression is worked out from, and whether it rises (1) or falls (-1) with it."""
    match e:
        case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
            mine, other = (left, right) if names(left) & targets else (right, left)
            if names(other) & targets:
                return None
            found = _direction(mine, targets, others)
            others.append(other)
            falls = isinstance(e.op, ast.Sub) and mine is right
        case ast.BinOp(
            op=ast.Mult() | ast.Div() | ast.FloorDiv(), left=mine, right=ast.Constant(value=int() | float() as n)
        ):
            if type(n) is bool or not 1e-9 < n < 1e9:
                return None
            found, falls = _direction(mine, targets, others), False
        case ast.Call(func=ast.Attribute(value=ast.BinOp() as mine, attr="total_seconds"), args=[], keywords=[]):
            found, falls = _direction(mine, targets, others), False
        case ast.Attribute(value=ast.BinOp() as mine, attr="days"):
            found, falls = _direction(mine, targets, others), False
        case ast.Name(id=name) if name in targets:
            return e, 1
        case ast.Attribute(value=ast.Name(id=name)) | ast.Subscript(value=ast.Name(id=name), slice=ast.Constant()):
            return (e, 1) if name in targets else None
        case _:
            return None
    if found is None:
        return None
    return found[0], -found[1] if falls else found[1]


def _fits(project: Project, w: Window) -> Fits | None:
    """How to tell rows that keep what is compared; None where they may not."""
    if isinstance(w.node.target, ast.Tuple):
        size = len(w.node.target.elts)
        at = [n.id for n in w.node.target.elts if isinstance(n, ast.Name)].index(ast.unparse(w.key))
        return Fits(f"lambda row: type(row) is tuple and len(row) == {size}", f"item {at} of {size}")
    match w.key:
        case ast.Name():
            return Fits("lambda row: True", "itself")
        case ast.Subscript(slice=ast.Constant(value=place)) if type(place) is int and place >= 0:
            return Fits("lambda row: type(row) is tuple", f"item {place}")
        case ast.Subscript(slice=ast.Constant(value=str() as key)) if key.isidentifier() and key_stays(project, key):
            return Fits("lambda row: type(row) is dict", f"key {key}")
        case ast.Attribute(attr=attr) if field_stays(project, attr):
            helper = OF_PROGRAM.format(modules=program_of(project))
            PUT_THERE.add(helper)
            return Fits("_of_program", f"field {attr}", (helper,))
    return None


def program_of(project: Project) -> str:
    """The names of the project's modules, and of those that its classes may inherit from, as a set."""
    paths = (m.source.path.removesuffix(".py").removesuffix("/__init__") for m in project.modules)
    stems = ("__main__", "abc", "typing", *sorted(p.replace("/", ".") for p in paths))
    return f"{{{', '.join(['__name__', *(repr(s) for s in stems)])}}}"


def _quiet_around(place: Place, w: Window) -> bool:
    """Whether what the rows are compared with only is worked out, stays, and what else runs changes none of it."""
    module, project = place.module, place.project
    if project.dunders & (COMPARISONS | OPERATORS):
        return False
    for e in w.others:
        leaves = _leaves(project, module, e)
        if leaves is None or not all(bound_stays(place, leaf, w.node, None) for leaf in leaves):
            return False
        if any(isinstance(n, ast.Attribute) and _runs(project, module, n) for n in ast.walk(e)):
            return False
    if isinstance(w.node, ast.For):
        return True
    whole = module.parents[w.node]
    return all(_quiet(project, module, n) for n in ast.walk(whole))


def _runs(project: Project, module: Module, node: ast.Attribute) -> bool:
    """Whether reading an attribute may run code of the project."""
    if {"__getattr__", "__getattribute__"} & project.dunders:
        return True
    return node.attr in project.functions and not module.imported(node)


def _quiet(project: Project, module: Module, node: ast.AST) -> bool:
    """Whether a piece of an expression changes nothing."""
    match node:
        case ast.NamedExpr() | ast.Await() | ast.Yield() | ast.YieldFrom() | ast.Lambda():
            return False
        case ast.Call(func=ast.Name() as f) if module.is_builtin(f):
            return f.id in READING_BUILTINS
        case ast.Call(func=f):
            name = module.imported(f)
            if name and not project._is_user_module(name):
                return name.split(".")[0] in ("math", "statistics", "datetime")
            if not isinstance(f, ast.Attribute) or f.attr in project.functions or f.attr in project.classes:
                return False
            return f.attr in READING_METHODS | FRESH_METHODS | {"total_seconds", "startswith", "endswith", "isoformat"}
        case ast.Attribute():
            parent = module.parents[node]
            called = isinstance(parent, ast.Call) and parent.func is node
            return called or not _runs(project, module, node)
    return True


def _body_quiet(place: Place, w: Window, slots: set[str]) -> bool:
    """Whether a loop's body leaves alone the rows and what they are compared with, and its variables are its own."""
    module, project, loop = place.module, place.project, w.node
    assert isinstance(loop, ast.For)
    if not stays_inside(module, loop, names(loop.target)):
        return False
    fixed = {n.id for e in w.others for n in ast.walk(e) if isinstance(n, ast.Name)} | names(loop.iter)
    fixed_attrs = {n.attr for e in (*w.others, loop.iter, w.key) for n in ast.walk(e) if isinstance(n, ast.Attribute)}
    if any(isinstance(n, ast.Subscript) for e in w.others for n in ast.walk(e)):
        return False
    for s in loop.body:
        for node in ast.walk(s):
            if isinstance(node, ast.stmt) and not isinstance(node, BODY):
                return False
            match node:
                case ast.Name(id=name, ctx=ast.Store() | ast.Del()) if name in fixed | slots | names(loop.target):
                    return False
                case ast.Attribute(attr=attr, ctx=ast.Store() | ast.Del()) if attr in fixed_attrs | slots:
                    return False
                case ast.Subscript(ctx=ast.Store() | ast.Del()):
                    held = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
                    held |= {n.attr for n in ast.walk(node.value) if isinstance(n, ast.Attribute)}
                    if held & (slots | names(loop.target)) or project.dunders & {"__setitem__", "__delitem__"}:
                        return False
                case ast.Call(func=ast.Attribute(value=held_by, attr="append" | "add"), args=[_]) if (
                    not module.imported(node.func)
                ):
                    if "append" in project.functions or "add" in project.functions:
                        return False
                    held = {n.id for n in ast.walk(held_by) if isinstance(n, ast.Name)}
                    held |= {n.attr for n in ast.walk(held_by) if isinstance(n, ast.Attribute)}
                    if held & slots:
                        return False
                case ast.expr() if not _quiet(project, module, node):
                    return False
    return True
