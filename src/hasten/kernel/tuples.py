"""Loops over `combinations(xs, 2)`, `product(xs, ys)` and the like: generators that Numba compiles.

What they go over is taken as it is when the loop begins, as `itertools` does it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hasten.kernel import containers
from hasten.kernel.kinds import Arr, Grow, Lst, Num, Tup, Type, loose
from hasten.kernel.values import V, fail

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

MOST = 3


def iterable(u: Unit, node: ast.Call) -> tuple[Type, str] | None:
    """Type of the items and code of what a loop goes over; None: something else."""
    name = u.module.dotted(node.func) or ""
    what = name.removeprefix("itertools.")
    if name == what or what not in containers.ITERTOOLS or any(isinstance(a, ast.Starred) for a in node.args):
        return None
    if what == "chain" and not node.keywords and len(node.args) > 1:
        return _chain(u, node)
    if what == "pairwise" and len(node.args) == 1 and not node.keywords:
        count, lists = 2, [_taken(u, node.args[0])]
    elif what == "product":
        count, lists = _product(u, node)
    elif what in ("combinations", "permutations") and len(node.args) == 2 and not node.keywords:
        size = node.args[1]
        if not isinstance(size, ast.Constant) or type(size.value) is not int or not 2 <= size.value <= MOST:
            fail(f"{what} of so many", node)
        count, lists = size.value, [_taken(u, node.args[0])]
        if what == "permutations" and count != 2:
            fail(f"{what} of so many", node)
    else:
        fail(f"{what} of this", node)
    helper = u.helper(f"{what}_{count}" if what != "pairwise" else what)
    items = [loose(containers.item_type(v, node)) for v in lists]
    items = items * count if len(items) == 1 else items
    return Tup(tuple(items)), f"{helper}({', '.join(v.code for v in lists)})"


def _product(u: Unit, node: ast.Call) -> tuple[int, list[V]]:
    lists = [_taken(u, a) for a in node.args]
    if node.keywords:
        (k, *more) = node.keywords
        value = k.value.value if isinstance(k.value, ast.Constant) else None
        if k.arg != "repeat" or more or type(value) is not int or len(lists) != 1:
            fail("product of this", node)
        lists *= value
    if not 2 <= len(lists) <= MOST:
        fail("product of so many", node)
    return len(lists), lists


def _taken(u: Unit, node: ast.expr) -> V:
    """What the tuples are made of, as it is now."""
    v = containers.sequence(u, node)
    item = containers.item_type(v, node)
    if isinstance(item, Num) and item.kind is None:
        fail("tuples of mixed types", node)
    fresh = v.code.startswith("[")
    if isinstance(v.t, Grow) and not fresh:
        return V(f"{u.helper('as_list')}({v.code})", v.t)
    if isinstance(v.t, (Lst, Arr)):
        if isinstance(v.t, Lst) and v.t.depth > 1:
            return v  # rows: they may change, but stay where they are
        return V(f"{v.code}.copy()", v.t)
    return v


def _chain(u: Unit, node: ast.Call) -> tuple[Type, str]:
    """`chain(xs, ys)`"""
    lists = [containers.sequence(u, a) for a in node.args]
    items = [loose(containers.item_type(v, node)) for v in lists]
    if any(t != items[0] for t in items) or isinstance(items[0], Num) and items[0].kind is None:
        fail("a chain of several types", node)
    code = lists[0].code
    for v in lists[1:]:
        code = f"{u.helper('joined')}({code}, {v.code})"
    return items[0], code
