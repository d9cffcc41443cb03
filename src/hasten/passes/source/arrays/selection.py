"""All items sorted for a few of them.

What it finds    `np.sort(x)[-k:]`, `np.argsort(x)[:k]`, `np.argsort(x)[::-1][:k]`, `np.argsort(d, axis=1)[:, :k]`,
                 `np.sort(x)[len(x) // 2]`, and a name that is bound to such a sort for uses like these.
Why it is slow   sorting n items costs n log n; the first k or the one in the middle can be found in about n.
Example          nearest = np.argsort(d)[:5]  ->  nearest = _first_places(d, 5)[:5]   # argpartition, then a small sort
Safe when        the order asked for is the only one there is: equal items at the edge or among the few, NaN among them,
                 and zeros that may differ in sign send the program to the whole sort, whose order of equal items nobody
                 else repeats. A stable sort's order of equal items is kept as it is.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.passes.source.arrays.base import early, helper, numpy_call
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import Module, Parts

# FULL: the original sort. Places of the lowest or highest items, in the order of the sort
FEW = '''\
def _few_of_many(values, count):
    """Whether `values` are plain numbers in a row, of which `count` are few."""
    plain = type(values) is NP.ndarray and values.ndim == 1 and values.dtype.kind in "iuf"
    return plain and type(count) is int and 0 < count and 4 * count + 64 < len(values)


'''
FIRST_PLACES = '''\
def _first_places(values, count):
    """np.argsort(values) as far as its first `count` places, or all of it where equal items leave the order open."""
    if _few_of_many(values, count):
        places = NP.argpartition(values, count)[: count + 1]
        few = values[places]
        order = NP.argsort(few)
        few = few[order]
        if (few[1:] > few[:-1]).all():
            return places[order[:count]]
    return NP.argsort(values)


'''
LAST_PLACES = '''\
def _last_places(values, count):
    """np.argsort(values) from its last `count` places on, or all of it where equal items leave the order open."""
    if _few_of_many(values, count):
        places = NP.argpartition(values, len(values) - count - 1)[-count - 1 :]
        few = values[places]
        order = NP.argsort(few)
        few = few[order]
        if (few[1:] > few[:-1]).all():
            return places[order[1:]]
    return NP.argsort(values)


'''
FIRST_STABLE = '''\
def _first_places_stable(values, count):
    """np.argsort(values, kind="stable") as far as its first `count` places, or all of it."""
    if _few_of_many(values, count):
        edge = NP.partition(values, count - 1)[count - 1]
        if edge == edge:
            places = NP.flatnonzero(values <= edge)
            return places[NP.argsort(values[places], kind="stable")]
    return NP.argsort(values, kind="stable")


'''
LAST_STABLE = '''\
def _last_places_stable(values, count):
    """np.argsort(values, kind="stable") from its last `count` places on, or all of it."""
    if _few_of_many(values, count):
        few = NP.partition(values, len(values) - count)[-count:]
        if (few == few).all():
            places = NP.flatnonzero(values >= few[0])
            return places[NP.argsort(values[places], kind="stable")]
    return NP.argsort(values, kind="stable")


'''
ROW_PLACES = '''\
def _first_places_by_row(values, count):
    """np.argsort(values, axis=1) as far as its first `count` columns, or all of it where equal items leave it open."""
    if type(values) is NP.ndarray and values.ndim == 2 and values.dtype.kind in "iuf" and type(count) is int:
        if 0 < count and 4 * count + 64 < values.shape[1]:
            places = NP.argpartition(values, count, axis=1)[:, : count + 1]
            few = NP.take_along_axis(values, places, axis=1)
            order = NP.argsort(few, axis=1)
            few = NP.take_along_axis(few, order, axis=1)
            places = NP.take_along_axis(places, order[:, :count], axis=1)
            for row in NP.flatnonzero(~(few[:, 1:] > few[:, :-1]).all(axis=1)):
                places[row] = NP.argsort(values[row])[:count]
            return places
    return NP.argsort(values, axis=1)


'''
FIRST_ITEMS = '''\
def _first_items(values, count):
    """np.sort(values) as far as its first `count` items, or all of it."""
    if _few_of_many(values, count):
        few = NP.sort(NP.partition(values, count - 1)[:count])
        if few.dtype.kind != "f" or few.all():  # zeros may differ in sign
            return few
    return NP.sort(values)


'''
LAST_ITEMS = '''\
def _last_items(values, count):
    """np.sort(values) from its last `count` items on, or all of it."""
    if _few_of_many(values, count):
        few = NP.sort(NP.partition(values, len(values) - count)[-count:])
        if few.dtype.kind != "f" or few.all():  # zeros may differ in sign
            return few
    return NP.sort(values)


'''
IN_ORDER = '''\
def _in_order_at(values, *places):
    """np.sort(values) as far as these places go, or all of it."""
    if type(values) is NP.ndarray and values.ndim == 1 and values.dtype.kind in "iuf" and len(values) > 64:
        try:
            places = tuple(p(values) if callable(p) else p for p in places)
        except Exception:
            return NP.sort(values)  # a place that may not be needed after all
        if all(type(p) is int and -len(values) <= p < len(values) for p in places):
            ordered = NP.partition(values, places)
            if values.dtype.kind != "f" or ordered[list(places)].all():  # zeros may differ in sign
                return ordered
    return NP.sort(values)


'''
WORKED_OUT = '''\
def _worked_out(count):
    """A number that may not be needed after all, or None where it cannot be worked out."""
    try:
        return count()
    except Exception:
        return None


'''
HELPERS = {
    "_first_places": (FEW, FIRST_PLACES),
    "_last_places": (FEW, LAST_PLACES),
    "_first_places_stable": (FEW, FIRST_STABLE),
    "_last_places_stable": (FEW, LAST_STABLE),
    "_first_places_by_row": (ROW_PLACES,),
    "_first_items": (FEW, FIRST_ITEMS),
    "_last_items": (FEW, LAST_ITEMS),
    "_in_order_at": (IN_ORDER,),
}
METHOD = "_of_array"  # ending of helpers that fall back on a method: `values.argsort()`


@dataclass(frozen=True)
class Wanted:
    """What is taken of a sorted array: "first" or "last" `count` (text) of it, or the items "at" some places.

    `parts` are the expressions that the texts are made of.
    """

    kind: str
    counts: tuple[str, ...]
    parts: tuple[ast.expr, ...]
    rows: bool = False


class Selection(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST502"
    name: ClassVar[str] = "all sorted for a few"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                if not isinstance(node, ast.Call):
                    continue
                sort = sort_call(module, place.project.functions.keys(), node)
                if sort is None:
                    continue
                wanted = taken(place, node)
                if wanted is not None:
                    yield from _parts(module, node, sort, wanted)


@dataclass(frozen=True)
class Sort:
    values: ast.expr
    places: bool  # argsort
    stable: bool
    method: bool  # `x.argsort()`
    by_row: bool


def sort_call(module: Module, own: object, call: ast.Call) -> Sort | None:
    """`np.sort(x)`, `np.argsort(x)`, `x.argsort()`, with `kind="stable"` or `axis=1`."""
    called = numpy_call(module, call)
    method = False
    if called in ("sort", "argsort") and call.args:
        values, rest = call.args[0], call.args[1:]
    elif (
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "argsort"
        and not module.imported(call.func)
        and "argsort" not in own  # type: ignore[operator]
    ):
        values, rest, called, method = call.func.value, call.args, "argsort", True
    else:
        return None
    axis = "-1"
    stable = False
    for n, e in [*((["axis", "kind"][i] if i < 2 else "", a) for i, a in enumerate(rest)),
                 *((k.arg or "", k.value) for k in call.keywords)]:  # fmt: skip
        if n == "axis":
            axis = ast.unparse(e)
        elif n == "kind" and isinstance(e, ast.Constant) and e.value in ("stable", "mergesort"):
            stable = True
        elif not (n == "kind" and isinstance(e, ast.Constant) and e.value in ("quicksort", None)):
            return None
    if axis not in ("-1", "1") or (axis == "1" and (stable or method or called == "sort")):
        return None
    if (stable and called == "sort") or (stable and method):
        return None
    return Sort(values, called == "argsort", stable, method, axis == "1")


def taken(place: Place, call: ast.Call) -> Wanted | None:
    """What the expression around a sort takes of it, or what all uses of the name it is bound to take."""
    module = place.module
    direct = subscripted(place, call)
    if direct is not None:
        return direct
    parent = module.parents[call]
    backwards = isinstance(parent, ast.Subscript) and parent.value is call and _text(parent.slice) == "::-1"
    if backwards:
        parent = module.parents[parent]
    match parent:
        case ast.Assign(targets=[ast.Name(id=name) as target]):
            pass
        case _:
            return None
    scope = module.owner(name, target)
    if scope is None or isinstance(scope, (ast.Module, ast.ClassDef)) and place.project.mentions(name, module):
        return None
    bound = module.bindings(name, scope)
    if len(bound) != 1 or bound[0].how != "assign" or module.function(parent) is not scope:
        return None
    uses = [u for u in module.uses(name, scope) if isinstance(u.ctx, ast.Load)]
    if not uses or any(module.function(u) is not scope for u in uses):
        return None
    if any(u.lineno > place.region.last or u.lineno < place.region.first for u in uses):
        return None  # the region must have what the uses read
    sizes = _Sizes(module, name, sorted_name(call), scope)
    end = max(_end(module, u, parent) for u in uses)
    counted = [u for u in uses if sizes.counts(u)]
    uses = [u for u in uses if u not in counted]
    found = [subscripted(place, u) for u in uses]
    whole = [f for f in found if f is not None]
    if not whole or len(whole) != len(found):
        return None
    if len({(f.kind, f.rows) for f in whole}) != 1 or counted:
        # the length must stay, or items at both ends are taken: items one by one
        single = [_single(place, u) for u in uses]
        whole = [f for f in single if f is not None]
        if len(whole) != len(found) or backwards:
            return None
    rest: list[ast.AST] = []
    if whole[0].kind == "at":
        counts = tuple(dict.fromkeys(sizes.function(place, p, parent, rest) for f in whole for p in f.parts))
    else:
        counts = tuple(dict.fromkeys(c for f in whole for c in f.counts))
        rest = [n for f in whole for p in f.parts for n in ast.walk(p)]
        if all(c.isdigit() for c in counts):
            counts = (str(max(map(int, counts))),)
        if len(counts) > 1:
            return None
        if not counts[0].replace("_", "").replace(".", "").isalnum():
            counts = (f"_worked_out(lambda: {counts[0]})",)
    if not all(_known_before(place, n, parent, end) for n in rest):
        return None
    kind = whole[0].kind
    if backwards:
        kind = {"first": "last", "last": "first"}.get(kind, "")
    return Wanted(kind, counts, (), whole[0].rows) if kind and not (backwards and whole[0].rows) else None


def sorted_name(call: ast.Call) -> str:
    """The name whose array is sorted, if it is one."""
    values = call.args[0] if call.args else getattr(call.func, "value", None)
    return values.id if isinstance(values, ast.Name) else ""


@dataclass(frozen=True)
class _Sizes:
    """Indexes that are made of the array's length: `len(s) // 2`, or `n // 2` after `n = len(s)`."""

    module: Module
    result: str
    argument: str
    scope: ast.AST

    def is_size(self, e: ast.expr, depth: int = 0) -> bool:
        names = (self.result, self.argument)
        match e:
            case ast.Call(func=func, args=[ast.Name(id=name)], keywords=[]) if self.module.is_builtin(func, "len"):
                return name in names and bool(name)
            case ast.Subscript(value=ast.Attribute(attr="shape", value=ast.Name(id=name)), slice=ast.Constant(value=0)):
                return name in names and bool(name)
            case ast.Attribute(attr="size", value=ast.Name(id=name)):
                return name in names and bool(name)
            case ast.Name(id=name) if depth == 0 and name not in names:
                scope = self.module.owner(name, e)
                bound = self.module.bindings(name, scope) if scope is not None else []
                if scope is not self.scope or len(bound) != 1 or bound[0].value is None or bound[0].how != "assign":
                    return False
                # the same number, if no other array had the argument's name when it was taken
                value = bound[0].value
                return self.once(value) and self.is_size(value, 1)
        return False

    def counts(self, use: ast.expr) -> bool:
        """Whether this use of the name only asks for the length."""
        parent = self.module.parents[use]
        outer = self.module.parents[parent]
        return any(isinstance(n, ast.expr) and self.is_size(n, 1) for n in (parent, outer))

    def once(self, e: ast.expr) -> bool:
        """Whether the names in `e` are bound once at most in the scope, so that they mean one array."""
        found = [n.id for n in ast.walk(e) if isinstance(n, ast.Name) and n.id in (self.result, self.argument)]
        return all(len(self.module.bindings(n, self.scope)) == 1 for n in found)

    def function(self, place: Place, e: ast.expr, at: ast.stmt, rest: list[ast.AST]) -> str:
        """The index as a function of the array; notes in `rest` the nodes that are about something else."""
        values = self.module.fresh("v")
        new = self._expanded(place, e, at, values, rest, 0)
        if isinstance(e, ast.Constant) or (isinstance(new, ast.Name) and new.id != values):
            return ast.unparse(new)
        return f"lambda {values}: {ast.unparse(new)}"

    def _expanded(
        self, place: Place, e: ast.expr, at: ast.stmt, values: str, rest: list[ast.AST], depth: int
    ) -> ast.expr:
        """The index with the array's length in it for what is worked out from that after `at`."""
        if self.is_size(e):
            return ast.parse(f"len({values})", mode="eval").body
        if isinstance(e, ast.Name) and depth < 4 and not self.module.is_builtin(e):
            bound = self.module.bindings(e.id, self.scope)
            if len(bound) == 1 and bound[0].how == "assign" and not self.module.bound_before(e.id, self.scope, at):
                value = bound[0].value
                if value is not None and early(place.project, self.module, value):
                    return self._expanded(place, value, at, values, rest, depth + 1)
        rest.append(e)
        new = copy.copy(e)
        for field, old in ast.iter_fields(e):
            if isinstance(old, ast.expr):
                setattr(new, field, self._expanded(place, old, at, values, rest, depth))
            elif isinstance(old, list):
                setattr(new, field, [self._expanded(place, x, at, values, rest, depth) for x in old])
        return new


def _end(module: Module, use: ast.AST, at: ast.stmt) -> int:
    """The last line that may run between `at` and this use: loops around the use alone are gone through again."""
    last = getattr(use, "lineno", 0)
    outer = set(module.up(at))
    for loop in module.up(use):
        if isinstance(loop, (ast.For, ast.While)) and loop not in outer:
            last = max(last, loop.end_lineno or 0)
    return last


def _known_before(place: Place, n: ast.AST, at: ast.stmt, end: int) -> bool:
    """Whether a node of an index means the same at `at` as anywhere up to line `end`."""
    module = place.module
    if isinstance(n, ast.Attribute):
        return set_once(place, n, at)
    if isinstance(n, ast.Subscript):
        return False
    if isinstance(n, ast.Call):
        return module.is_builtin(n.func, "int")
    if not isinstance(n, ast.Name) or module.is_builtin(n):
        return True
    scope = module.owner(n.id, n)
    if scope is None or not module.bound_before(n.id, scope, at):
        return False
    for b in module.bindings(n.id, scope):
        rebound = at.lineno <= getattr(b.node, "lineno", 0) <= end
        if b.how != "parameter" and (rebound or module.function(b.node) is not scope):
            return False
    return True


def set_once(place: Place, node: ast.Attribute, at: ast.AST) -> bool:
    """Whether only constructors store to an attribute of this name, none of them around `at`."""
    own = place.module.function(at)
    if getattr(own, "name", "") == "__init__" or "__setattr__" in place.project.dunders:
        return False
    if node.attr in place.project.properties or place.project.threads:
        return False
    for module in place.project.modules:
        if module.names & {"setattr", "delattr", "__dict__"}:
            return False
        for n in ast.walk(module.tree):
            if isinstance(n, ast.Attribute) and n.attr == node.attr and not isinstance(n.ctx, ast.Load):
                if getattr(module.function(n), "name", "") != "__init__":
                    return False
    return True


def subscripted(place: Place, node: ast.expr) -> Wanted | None:
    """What `node[...]`, or `node[::-1][...]`, takes of the sorted array `node`."""
    module, project = place.module, place.project
    parent = module.parents[node]
    if not (isinstance(parent, ast.Subscript) and parent.value is node and isinstance(parent.ctx, ast.Load)):
        return None
    index = parent.slice
    if isinstance(index, ast.Tuple):
        match index.elts:
            case [ast.Slice(lower=None, upper=None, step=None), second]:
                wanted = _of_index(place, second)
                if wanted is None or wanted.kind != "first":
                    return None
                return Wanted("first", wanted.counts, wanted.parts, rows=True)
        return None
    if isinstance(index, ast.Slice) and _text(index.step) == "-1":
        if index.lower is None and index.upper is None:
            outer = module.parents[parent]
            if isinstance(outer, ast.Subscript) and outer.value is parent and isinstance(outer.ctx, ast.Load):
                wanted = _of_index(place, outer.slice)
                if wanted is not None and wanted.kind == "first":
                    return Wanted("last", wanted.counts, wanted.parts)
            return None
        # [:-k - 1:-1] and [-1:-k - 1:-1]
        if _text(index.lower) in ("", "-1") and isinstance(index.upper, (ast.UnaryOp, ast.BinOp)):
            count = _negated(index.upper)
            if count is not None and early(project, module, index.upper):
                return Wanted("last", (f"-({_text(index.upper)}) - 1",), (index.upper,))
        return None
    return _of_index(place, index)


def _of_index(place: Place, index: ast.expr) -> Wanted | None:
    """The first or last items that an index without a step takes, or the one it names."""
    module, project = place.module, place.project
    if isinstance(index, ast.Slice):
        if index.step is not None:
            return None
        low, high = index.lower, index.upper
        if high is not None and _negated(high) is None and early(project, module, high):
            if low is None or (isinstance(low, ast.Constant) and type(low.value) is int and low.value >= 0):
                return Wanted("first", (_text(high),), (high,))
        if high is None and low is not None and early(project, module, low):
            count = _negated(low)
            if count is not None:
                return Wanted("last", (count,), (low,))
        return None
    if not early(project, module, index) or isinstance(index, ast.Attribute):
        return None
    match index:
        case ast.Constant(value=int() as n) if type(n) is int and 0 <= n < 1000:
            return Wanted("first", (str(n + 1),), ())
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as n)) if type(n) is int and 0 < n < 1000:
            return Wanted("last", (str(n),), ())
    return Wanted("at", (_text(index),), (index,))


def _single(place: Place, use: ast.expr) -> Wanted | None:
    """One item by its index."""
    parent = place.module.parents[use]
    if not (isinstance(parent, ast.Subscript) and parent.value is use and isinstance(parent.ctx, ast.Load)):
        return None
    if isinstance(parent.slice, (ast.Slice, ast.Tuple)) or not early(place.project, place.module, parent.slice):
        return None
    return Wanted("at", (), (parent.slice,))


def _negated(e: ast.expr) -> str | None:
    """`k` for `-k`, `k + 1` for `-k - 1` or `-(k + 1)`: the text of what is negated."""
    match e:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _text(operand)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            inner = _negated(left)
            return None if inner is None else f"{inner} + {_text(right)}"
    return None


def _text(e: ast.expr | None) -> str:
    return "" if e is None else ast.unparse(e)


def _late(module: Module, text: str, kind: str) -> str:
    """An argument that is worked out in the helper: what it raises must not come before what the sort raises."""
    if text.lstrip("-").replace("_", "").replace(".", "").isalnum() or text.startswith(("lambda ", "_worked_out(")):
        return text
    return f"lambda {module.fresh('v')}: {text}" if kind == "at" else f"_worked_out(lambda: {text})"


def _parts(module: Module, call: ast.Call, sort: Sort, wanted: Wanted) -> Iterator[Parts]:
    if wanted.rows != sort.by_row and not (wanted.rows and sort.places and not sort.method and not sort.stable):
        return
    if sort.places:
        if wanted.kind == "at":
            return
        function = f"_{wanted.kind}_places"
        function += "_by_row" if wanted.rows else "_stable" if sort.stable else ""
    elif wanted.rows:
        return
    else:
        function = "_in_order_at" if wanted.kind == "at" else f"_{wanted.kind}_items"
    counts = [_late(module, c, wanted.kind) for c in wanted.counts]
    texts = list(HELPERS[function])
    if any("_worked_out(" in c for c in counts):
        texts.insert(0, WORKED_OUT)
    if sort.method:
        texts[-1] = texts[-1].replace(f"def {function}(", f"def {function}{METHOD}(")
        texts[-1] = texts[-1].replace("return NP.argsort(values)\n", "return values.argsort()\n")
        function += METHOD
    if wanted.rows and not sort.by_row:
        texts[-1] = texts[-1].replace("_by_row(values", "_by_last_axis(values")
        texts[-1] = texts[-1].replace("return NP.argsort(values, axis=1)\n", "return NP.argsort(values)\n")
        function = function.replace("_by_row", "_by_last_axis")
    yield Parts(
        title="look for the few items instead of sorting all",
        first=call.lineno,
        last=call.end_lineno or call.lineno,
        reason="all items are sorted for a few of them",
        remedy="partition, then sort the few",
        replace=((call, f"{function}({module.text(sort.values)}, {', '.join(counts)})"),),
        prelude=helper(module, *texts),
    )
