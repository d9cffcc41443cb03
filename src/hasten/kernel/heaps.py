"""Heaps in kernels: what `heapq` does to a list, step by step as CPython does it, so that ties fall the same way.

Items are numbers, strings, or tuples of them; strings are compared by their ranks. A NaN makes the kernel give up,
because two tuples are compared by whether their NaNs are the same object. Objects and records come along behind what
is compared (`(time, counter, job)`); where two items are equal up to the first of these, the kernel gives up.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.kernel import containers
from hasten.kernel.kinds import Grow, Num, Obj, Opt, Rec, Tup, Type, Unknown, Word
from hasten.kernel.values import V, bare, fail, impure

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit
    from hasten.kernel.program import Module

# and how many arguments they take
CHANGES = {
    "heapq.heappush": 2, "heapq.heappop": 1, "heapq.heapify": 1, "heapq.heapreplace": 2, "heapq.heappushpop": 2,
}  # fmt: skip
HELPERS = {
    "heappush": "heap_push", "heappop": "heap_pop", "heapify": "heap_order", "heapreplace": "heap_replace",
    "heappushpop": "heap_push_pop",
}  # fmt: skip

FIRST = {"heapq.nlargest": True, "heapq.nsmallest": False}


def first(u: Unit, node: ast.Call, reverse: bool) -> V:
    """`nlargest(n, xs)`: the first of the sorted ones, which is what it is documented to be."""
    by = [k for k in node.keywords if k.arg == "key"]
    if len(node.args) != 2 or len(by) != len(node.keywords) or impure(node.args[0]):
        fail("nlargest or nsmallest of this", node)
    text = f"sorted(xs, reverse={reverse})[: max(n, 0)]"
    made = ast.parse(text, mode="eval").body
    assert isinstance(made, ast.Subscript) and isinstance(made.value, ast.Call) and isinstance(made.slice, ast.Slice)
    assert isinstance(made.slice.upper, ast.Call)
    if not all(isinstance(c.func, ast.Name) and u.module.dotted(c.func) for c in (made.value, made.slice.upper)):
        fail("sorted or max means something else here", node)
    for n in ast.walk(made):
        if isinstance(n, (ast.expr, ast.keyword)):
            ast.copy_location(n, node)
    made.value.args, made.value.keywords = [node.args[1]], [*by, *made.value.keywords]
    made.slice.upper.args[0] = node.args[0]
    around = u.current
    if not isinstance(around, ast.While) and containers.evaluated_first(around, node):
        u.current = ast.copy_location(ast.Expr(made), node)
    try:
        return u.expr(made)
    finally:
        u.current = around


def changed(module: Module, node: ast.AST) -> ast.expr | None:
    """The list that a call of `heapq` changes."""
    if isinstance(node, ast.Call) and node.args and module.dotted(node.func) in CHANGES:
        return node.args[0]
    return None


def grown(module: Module, stmts: Sequence[ast.AST]) -> set[str]:
    """Names of lists that are used as heaps."""
    found = (changed(module, n) for s in stmts for n in ast.walk(s))
    return {n.id for n in found if isinstance(n, ast.Name)}


def call(u: Unit, name: str, node: ast.Call) -> V | None:
    """`heappop(heap)` and the like. None: another function."""
    if name in FIRST:
        return first(u, node, FIRST[name])
    if name not in CHANGES:
        return None
    if len(node.args) != CHANGES[name] or node.keywords or not isinstance(node.args[0], (ast.Name, ast.Attribute)):
        fail(f"{name} of this", node)
    short = name.removeprefix("heapq.")
    heap = u.expr(node.args[0])
    t = heap.t
    if not isinstance(t, Grow) or t.sink is not None or t.queue:
        fail(f"{name}: not a list that is made here", node)
    codes = [heap.code]
    if len(node.args) == 2:
        item = containers.item_value(u, node.args[1], t.item)
        containers.widen(u, node.args[0], Grow(item.t))
        codes.append(bare(u.sink(item)))
        t = replace(t, item=item.t if t.item is None else t.item)
    if t.item is None:
        raise Unknown("what a heap holds is not known")
    marks = suffix(t.item, node)
    if "1" in marks:
        from hasten.kernel import words  # it builds on the compiler

        words.ranks(u)
        codes.append(rank_name(u))
    if u.effect is not node and short in ("heappush", "heapify"):
        fail(f"the result of {name}", node)
    return V(f"{u.helper(HELPERS[short] + marks)}({', '.join(codes)})", t.item)


def rank_name(u: Unit) -> str:
    from hasten.kernel.compiler import local  # it builds on this module

    return local(u.shared.ranks)


def suffix(t: Type, node: ast.AST) -> str:
    """Which helpers compare such items: "" for numbers, "_01" where the second element of a tuple is a string, "_00x"
    where the third is an object."""
    parts = t.items if isinstance(t, Tup) else (t,)
    first = next((i for i, p in enumerate(parts) if not comparable(p)), len(parts))
    if first == 0 or any(not (comparable(p) or objects_or_none(p)) for p in parts[first:]):
        fail("a heap of such things", node)
    marks = "".join("1" if isinstance(p, Word) else "0" for p in parts[:first])
    if first < len(parts):
        return f"_{marks[:3]}x"  # an object is never asked which of two is less: what comes before it tells
    if "1" not in marks:
        return ""
    if len(marks) > 4:
        fail("a heap of such long tuples", node)
    return f"_{marks}" if isinstance(t, Tup) else "_1"


def objects_or_none(t: Type) -> bool:
    return isinstance(t, Opt) and t.item is None or isinstance(t.item if isinstance(t, Opt) else t, (Obj, Rec))


def comparable(t: Type) -> bool:
    """Does machine comparison order such elements as Python does, strings by their ranks?"""
    if isinstance(t, Tup):
        return all(comparable(i) and not isinstance(i, Word) for i in t.items)
    return isinstance(t, Word) or isinstance(t, Num) and t.kind is not None
