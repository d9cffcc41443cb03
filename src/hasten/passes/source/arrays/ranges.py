"""One range after another of the same array.

What it finds    `data[(x >= low) & (x < high)]`, `np.logical_and(low <= x, x < high)`, or a name bound to such a mask
                 for indexes, sums, means and `any`, in a loop that leaves `x` as it is: bins, rings, windows of time.
Why it is slow   every range compares all items; n items in g ranges cost n * g.
Example          for i in range(bins): m[i] = y[(x >= edges[i]) & (x < edges[i + 1])].mean()
                 ->  x_order = _in_order(x) before the loop, and y[_rows_of(_range_...(...), x, y)] in it
Safe when        nothing in the loop can change `x` (proved from the syntax of the project), and, checked as it runs, it
                 is a plain array of float64 or int64 in one dimension, and the ends are numbers that compare with its
                 items as they are. The places found are put in order, so that what is picked is the same array. It is
                 sorted only after some rounds, and ranges of many items are compared as they were written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.passes.source.arrays.base import early, helper, never_array, numpy_call, quiet_operators
from hasten.passes.source.arrays.frozen import frozen_array
from hasten.passes.source.arrays.groups import index_of_table, varies
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.membership import stretches
from hasten.passes.source.containers.syntax import Module, Parts

# below 10,000 items comparing all of them is as fast; so it is for more than a 32nd of them
ORDER = '''\
class _Places:
    """The places of an array where a mask holds, in order."""

    __slots__ = ("items", "size")

    def __init__(self, items, size):
        self.items, self.size = items, size


class _Order:
    """The places of an array's items from the lowest to the highest, found when it has been asked for ranges for long
    enough to be worth it."""

    __slots__ = ("array", "kinds", "most", "rounds", "order", "values")

    def __init__(self, array):
        self.array, self.rounds = array, 4 * len(array).bit_length()
        self.kinds = (float, NP.float64, int) if array.dtype == NP.float64 else (int, NP.int64)
        self.most = 2**53 if array.dtype == NP.float64 else 2**63 - 1  # whole numbers that compare as they are

    def places(self, low, low_side, high, high_side):
        """The places between two numbers; None where comparing all items is as good, or not the same."""
        for end in (low, high):
            if type(end) not in self.kinds or type(end) is int and abs(end) > self.most:
                return None
        if self.rounds:
            self.rounds -= 1
            if self.rounds:
                return None
            self.order = NP.argsort(self.array)
            self.values = self.array[self.order]
        if low != low or high != high:
            return _Places(self.order[:0], len(self.order))
        start = self.values.searchsorted(low, low_side)
        found = self.order[start : self.values.searchsorted(high, high_side)]
        if 32 * len(found) > len(self.order):
            return None
        return _Places(NP.sort(found), len(self.order))


def _in_order(x):
    """The order of an array, as `_Order` finds it; None where it is no plain array of numbers in one dimension."""
    plain = type(x) is NP.ndarray and x.ndim == 1 and x.dtype in (NP.float64, NP.int64)
    return _Order(x) if plain and len(x) >= 10_000 else None


'''
MASK = '''\
def NAME(x, FIRST, SECOND, order):
    """PLAIN"""
    found = None if order is None else order.places(low, "LOW", high, "HIGH")
    return PLAIN if found is None else found


'''
ROWS = '''\
def _rows_of(mask, x, table):
    """A mask of x as an index of `table`: its places, where they serve as well."""
    if type(mask) is not _Places:
        return mask
    if type(table) is NP.ndarray and table.ndim and len(table) == mask.size:
        return mask.items
    whole = NP.zeros(mask.size, NP.bool_)
    whole[mask.items] = True
    return whole


'''
# of a mask that is called `mask`: what is written, what it is of places
COUNTS = {
    "np.sum": ("_range_sum", "NP.sum(mask)", "NP.int_(len(mask.items))"),
    "sum": ("_range_sum_of", "mask.sum()", "NP.int_(len(mask.items))"),
    "np.mean": ("_range_mean", "NP.mean(mask)", "NP.float64(len(mask.items) / mask.size)"),
    "mean": ("_range_mean_of", "mask.mean()", "NP.float64(len(mask.items) / mask.size)"),
    "np.any": ("_range_any", "NP.any(mask)", "NP.bool_(len(mask.items))"),
    "any": ("_range_any_of", "mask.any()", "NP.bool_(len(mask.items))"),
}
COUNT = '''\
def {name}(mask):
    """{plain}"""
    return {places} if type(mask) is _Places else {plain}


'''
TURNED = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
SIGNS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "lt"), ast.LtE: ("<=", "le"), ast.Gt: (">", "gt"), ast.GtE: (">=", "ge"),
}  # fmt: skip


@dataclass(frozen=True)
class End:
    """One comparison of a range's mask: its end, which of the two it is, and how it is written."""

    key: ast.expr
    which: str  # low | high
    side: str  # of searchsorted
    plain: str
    name: str


@dataclass(frozen=True)
class Use:
    """What becomes of one use of a mask: the node to replace, by which helper, and the table it indexes."""

    node: ast.expr
    count: str = ""
    table: ast.expr | None = None


class MaskPerRange(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST514"
    name: ClassVar[str] = "all items compared for every range"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        names: dict[tuple[ast.stmt, str], str] = {}
        taken: set[str] = set()
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                found = _range(place, node)
                if found is None:
                    continue
                x, ends, joined = found
                uses = _uses(place, node)
                if not uses or never_array(place, x) or not quiet_operators(place.project):
                    continue
                for stretch in stretches(place, node):
                    if not any(varies(module, end.key, stretch) for end in ends):
                        continue
                    if not frozen_array(place, x, stretch):
                        continue
                    if (stretch, x.id) not in names:
                        names[stretch, x.id] = module.fresh(f"{x.id}_order", taken)
                        taken.add(names[stretch, x.id])
                    yield _parts(module, node, x, ends, joined, uses, stretch, names[stretch, x.id])
                    break


def _parts(
    module: Module, node: ast.AST, x: ast.Name, ends: tuple[End, End], joined: str, uses: list[Use], stretch: ast.stmt,
    order: str,
) -> Parts:  # fmt: skip
    by = {end.which: end for end in ends}
    name = f"_range_{ends[0].name}_{'and' if joined == '&' else joined}_{ends[1].name}"
    plain = (
        f"({ends[0].plain}) & ({ends[1].plain})" if joined == "&" else f"NP.{joined}({ends[0].plain}, {ends[1].plain})"
    )
    mask = MASK.replace("NAME", name).replace("PLAIN", plain)
    mask = mask.replace("FIRST", ends[0].which).replace("SECOND", ends[1].which)
    mask = mask.replace('"LOW"', f'"{by["low"].side}"').replace('"HIGH"', f'"{by["high"].side}"')
    made = f"{name}({x.id}, {module.text(ends[0].key)}, {module.text(ends[1].key)}, {order})"
    replace: list[tuple[ast.AST, str]] = []
    texts = [ORDER, mask]
    for use in uses:
        inner = [n for n in ast.walk(use.node) if n is node]
        given = made if inner else _mask_name(use)
        if use.table is not None:
            replace.append((use.node, f"_rows_of({given}, {x.id}, {module.text(use.table)})"))
            texts.append(ROWS)
        else:
            own, written, places = COUNTS[use.count]
            replace.append((use.node, f"{own}({given})"))
            texts.append(COUNT.format(name=own, plain=written, places=places))
    if not any(n is node for use in uses for n in ast.walk(use.node)):
        replace.append((node, made))
    return Parts(
        title=f"sort {x.id} once for all ranges",
        first=node.lineno,  # type: ignore[attr-defined]
        last=node.end_lineno or node.lineno,  # type: ignore[attr-defined]
        reason=f"every range looks at all of {x.id}",
        remedy="sort it once, and look the ends up",
        replace=tuple(replace),
        before=((stretch.lineno, f"{module.margin(stretch)}{order} = _in_order({x.id})\n"),),
        prelude=helper(module, *dict.fromkeys(texts)),
    )


def _mask_name(use: Use) -> str:
    """The name of the mask in a use that is not the mask itself."""
    match use.node:
        case ast.Name(id=name) | ast.Call(func=ast.Attribute(value=ast.Name(id=name)), args=[]):
            return name
        case ast.Call(args=[ast.Name(id=name)]):
            return name
    raise AssertionError(ast.dump(use.node))


def _range(place: Place, node: ast.AST) -> tuple[ast.Name, tuple[End, End], str] | None:
    """The array, the two ends, and what joins the comparisons, where `node` is the mask of a range."""
    match node:
        case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
            joined = "&"
        case ast.Call(args=[left, right], keywords=[]):
            joined = numpy_call(place.module, node)
            if joined not in ("logical_and", "bitwise_and"):
                return None
        case _:
            return None
    for x in _names(left):
        ends = tuple(end for c in (left, right) if (end := _end(place, c, x)) is not None)
        if len(ends) == 2 and {e.which for e in ends} == {"low", "high"}:
            return x, (ends[0], ends[1]), joined
    return None


def _names(compare: ast.expr) -> list[ast.Name]:
    sides = [compare.left, *compare.comparators] if isinstance(compare, ast.Compare) else []
    return [s for s in sides if isinstance(s, ast.Name)]


def _end(place: Place, compare: ast.expr, x: ast.Name) -> End | None:
    """What a comparison of x with something says about the range."""
    match compare:
        case ast.Compare(left=ast.Name(id=x.id), ops=[op], comparators=[key]):
            turned = False
        case ast.Compare(left=key, ops=[op], comparators=[ast.Name(id=x.id)]):
            turned = True
        case _:
            return None
    if type(op) not in SIGNS or not _is_end(place, key) or any(_is(n, x.id) for n in ast.walk(key)):
        return None
    sign, word = SIGNS[type(op)]
    meant = TURNED[type(op)] if turned else type(op)
    which = "low" if meant in (ast.Gt, ast.GtE) else "high"
    side = "left" if meant in (ast.GtE, ast.Lt) else "right"
    sides = (which, "x") if turned else ("x", which)
    return End(key, which, side, f"{sides[0]} {sign} {sides[1]}", f"{sides[0]}_{word}_{sides[1]}")


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_end(place: Place, key: ast.expr) -> bool:
    """Numbers, names, items of a name, and arithmetic of these: it is evaluated once, as it was."""
    match key:
        case ast.Subscript(value=ast.Name(), slice=index):
            return not isinstance(index, ast.Slice) and early(place.project, place.module, index)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult(), right=right):
            return _is_end(place, left) and _is_end(place, right)
        case ast.Call():
            return False
    return early(place.project, place.module, key)


def _uses(place: Place, node: ast.AST) -> list[Use]:
    """Every use of the mask, where all of them can do with places; none otherwise."""
    module = place.module
    assert isinstance(node, ast.expr)
    direct = _use(place, node)
    if direct is not None:
        return [direct]
    parent = module.parents[node]
    match parent:
        case ast.Assign(targets=[ast.Name(id=name) as target], value=value) if value is node:
            pass
        case _:
            return []
    scope = module.owner(name, target)
    if scope is None or isinstance(scope, ast.ClassDef) or module.dynamic:
        return []
    if isinstance(scope, ast.Module) and place.project.mentions(name, module):
        return []
    siblings = module.siblings(parent)
    if len(module.bindings(name, scope)) != 1 or name in place.region.live_out:
        return []
    uses = [u for u in module.uses(name, scope) if isinstance(u.ctx, ast.Load)]
    later = {n for s in siblings[siblings.index(parent) + 1 :] for n in ast.walk(s)}
    found = [_use(place, u) for u in uses if u in later and module.function(u) is scope]
    whole = [f for f in found if f is not None]
    return whole if len(whole) == len(uses) else []


def _use(place: Place, node: ast.expr) -> Use | None:
    """How a mask (or its name) is used, where places serve as well."""
    module = place.module
    table = index_of_table(place, node)
    if table is not None:
        return Use(node, table=table)
    parent = module.parents[node]
    match parent:
        case ast.Call(args=[only], keywords=[]) if only is node:
            called = f"np.{numpy_call(module, parent)}"
            return Use(parent, called) if called in COUNTS else None
        case ast.Attribute(attr="sum" | "mean" | "any" as attr, value=value) if value is node:
            call = module.parents[parent]
            if isinstance(call, ast.Call) and call.func is parent and not call.args and not call.keywords:
                return Use(call, attr) if attr not in place.project.functions else None
    return None
