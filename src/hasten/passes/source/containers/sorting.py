"""Sorting again for one item.

What it finds    `xs.append(y)` followed by `xs.sort()` in a loop; `sorted(xs)[0]`, `sorted(xs)[-1]`,
                 `sorted(xs)[:k]`.
Why it is slow   sorting all items again costs far more than putting one in its place, or than looking for the
                 smallest.
Example          xs.append(y)                         xs_kind = _insert_sorted(xs, y, xs_kind)
                 xs.sort()                       ->
                 sorted(xs)[0]                   ->   _smallest(xs)
Safe when        nothing else in the loop changes the list but taking items out, and, checked while it runs, items are
                 all of one plain type with a total order (int, str, float without NaN, tuples of them in one
                 pattern). A new item then goes behind its equals, where a stable sort puts it. Anything else is
                 sorted as before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.effects import frozen_during
from hasten.passes.source.containers.membership import ready, stretches
from hasten.passes.source.containers.syntax import Module, Parts

ORDER = '''\
def _order_kind(x):
    """What an item can be ordered with for sure: its type, or the types in a tuple; None where that is not known."""
    if type(x) in (int, str) or (type(x) is float and x == x):
        return type(x)
    if type(x) is tuple:
        kinds = tuple(map(_order_kind, x))
        return None if None in kinds else kinds
    return None


'''

INSERT = '''\
def _insert_sorted(xs, y, kind):
    """Appends `y` and sorts, given that the sorted items of `xs` are all of this kind (None: not known)."""
    if kind is not None and _order_kind(y) == kind:
        insort(xs, y)
        return kind
    xs.append(y)
    xs.sort()
    if type(xs) is not list:
        return None
    kinds = set(map(_order_kind, xs))
    return kinds.pop() if len(kinds) == 1 else None


'''

ENDS = '''\
def _smallest(xs):
    """`sorted(xs)[0]`; equal whole numbers or texts cannot be told apart, so any smallest one will do."""
    if type(xs) in (list, tuple) and xs and set(map(type, xs)) in ({int}, {str}):
        return min(xs)
    return sorted(xs)[0]


def _largest(xs):
    """`sorted(xs)[-1]`; equal whole numbers or texts cannot be told apart, so any largest one will do."""
    if type(xs) in (list, tuple) and xs and set(map(type, xs)) in ({int}, {str}):
        return max(xs)
    return sorted(xs)[-1]


'''

FIRST = '''\
def _first_sorted(xs, count, reverse):
    """`sorted(xs, reverse=reverse)[:count]` for a fixed small count: the heap keeps the order of equal items too."""
    if type(xs) in (list, tuple) and set(map(type, xs)) in ({int}, {str}):
        return nlargest(count, xs) if reverse else nsmallest(count, xs)
    return sorted(xs, reverse=reverse)[:count]


'''


class Sorting(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST104"
    name: ClassVar[str] = "sorted again for one item"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                if isinstance(node, ast.Subscript):
                    yield from self._ends(module, node)
                elif isinstance(node, ast.Expr):
                    yield from self._inserted(place, node)

    @staticmethod
    def _ends(module: Module, node: ast.Subscript) -> Iterator[Parts]:
        match node:
            case ast.Subscript(value=ast.Call(func=func, args=[xs], keywords=keywords), slice=at, ctx=ast.Load()) if (
                module.is_builtin(func, "sorted")
            ):
                pass
            case _:
                return
        reverse = False
        for k in keywords:
            if k.arg != "reverse" or not isinstance(k.value, ast.Constant) or not isinstance(k.value.value, bool):
                return
            reverse = k.value.value
        text = module.text(xs)
        prelude: tuple[str, ...]
        match at:
            case ast.Constant(value=int() as n) if n == 0 and type(n) is int and not reverse:
                new, prelude = f"_smallest({text})", (ENDS,)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1)) if not reverse:
                new, prelude = f"_largest({text})", (ENDS,)
            case ast.Slice(lower=None, upper=ast.Constant(value=int() as n), step=None) if (
                0 < n <= 100 and type(n) is int
            ):
                new = f"_first_sorted({text}, {n}, {reverse})"
                prelude = ("from heapq import nlargest, nsmallest\n", FIRST)
                if module.names & {"nlargest", "nsmallest"}:
                    return
            case _:
                return
        yield Parts(
            title="look for the smallest or largest instead of sorting",
            first=node.lineno,
            last=node.end_lineno or node.lineno,
            reason="all items are sorted for a few of them",
            remedy="min, max or a heap of the few",
            replace=((node, new),),
            prelude=prelude,
        )

    @staticmethod
    def _inserted(place: Place, node: ast.Expr) -> Iterator[Parts]:
        module, project = place.module, place.project
        match node.value:
            case ast.Call(func=ast.Attribute(attr="append", value=ast.Name() as xs), args=[y], keywords=[]) if (
                not isinstance(y, ast.Starred)
            ):
                pass
            case _:
                return
        siblings = module.siblings(node)
        at = siblings.index(node)
        if at + 1 >= len(siblings) or {"append", "sort"} & (set(project.functions) | project.attributes):
            return
        sort = siblings[at + 1]
        match sort:
            case ast.Expr(
                value=ast.Call(func=ast.Attribute(attr="sort", value=ast.Name(id=name)), args=[], keywords=[])
            ) if name == xs.id:
                pass
            case _:
                return
        if not module.whole_lines(node) or not module.whole_lines(sort) or "insort" in module.names:
            return
        if sort.lineno != (node.end_lineno or 0) + 1 or any(
            isinstance(n, ast.Name) and n.id == name for n in ast.walk(y)
        ):
            return
        for stretch in stretches(place, node):
            taken_out = [n for n in ast.walk(stretch) if _takes_out(n, name)]
            growth: list[ast.AST] = [node, sort, *taken_out]
            frozen = frozen_during(project, module, xs, stretch, growth=growth)
            if not frozen.ok or frozen.apart or not ready(module, xs, frozen, stretch):
                continue
            kind = module.fresh(f"{name}_kind")
            text = f"{kind} = _insert_sorted({name}, {module.text(y)}, {kind})"
            yield Parts(
                title=f"put the new item of {name} in its place",
                first=node.lineno,
                last=sort.end_lineno or sort.lineno,
                reason=f"{name} is sorted as a whole for every new item",
                remedy="put it where it belongs (bisect)",
                replace=((node, text), (sort, f"# {name} stays sorted")),
                before=((stretch.lineno, f"{module.margin(stretch)}{kind} = None\n"),),
                prelude=("from bisect import insort\n", ORDER, INSERT),
            )
            return


def _takes_out(node: ast.AST, name: str) -> bool:
    """`xs.pop()`, `xs.pop(0)`, `xs.clear()`: what stays is sorted and of the same kind."""
    match node:
        case ast.Call(func=ast.Attribute(attr="pop" | "clear", value=ast.Name(id=found)), keywords=[]):
            return found == name
    return False
