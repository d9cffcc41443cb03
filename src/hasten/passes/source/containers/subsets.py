"""How many sets hold all of some items.

What it finds    inside a loop, `for b in sets: if a.issubset(b): n += 1` (`a <= b`, `b.issuperset(a)`, `b >= a`), and
                 `sum(1 for b in sets if a <= b)`, `sum(a <= b for b in sets)`, `len([b for b in sets if a <= b])`.
Why it is slow   every count asks every set. A number for each item, whose binary digits tell which sets hold it,
                 answers for thousands of sets by one operation an item.
Example          for items in candidates:          baskets_holding = _sets_by_item(baskets)
                     n = 0                         for items in candidates:
                     for b in baskets:        ->       n = 0
                         if items <= b:                if _counted_by_item(items, baskets_holding):
                             n += 1                        n += _sets_with_all(items, baskets_holding)
                                                       else: ...
Safe when        nothing in the outer loop can change the list, or the sets in it (proved from the syntax of the
                 project); checked while it runs: it holds plain sets, their items are plain values, which hash as they
                 compare, and all the numbers take 100 MB at most. Anything else is counted as before. The method is
                 that of Zaki, "Scalable algorithms for association mining" (2000).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.core.source import indent
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.effects import frozen_during
from hasten.passes.source.containers.membership import IS_PLAIN, PLAIN, ready, stretches
from hasten.passes.source.containers.syntax import Module, Parts

BY_ITEM = '''\
def _sets_by_item(sets, *others):
    """For each item a number whose binary digits tell which of the sets hold it, and how many sets there are; None
    where not all are plain sets of plain items, and where the list also goes by one of the other names."""
    if type(sets) not in (list, tuple) or any(sets is other for other in others):
        return None
    places = {}
    for n, one in enumerate(sets):
        if type(one) not in (set, frozenset) or not all(map(_is_plain, one)):
            return None
        for item in one:
            places.setdefault(item, []).append(n)
    size = len(sets) // 8 + 1
    if len(places) * size > 100_000_000:
        return None
    holding = {}
    for item, found in places.items():
        digits = bytearray(size)
        for n in found:
            digits[n >> 3] |= 1 << (n & 7)
        holding[item] = int.from_bytes(digits, "little")
    return holding, len(sets)


'''

COUNTED = '''\
def _counted_by_item(items, table):
    """Can the table tell how many sets hold all of these items?"""
    return table is not None and type(items) in (set, frozenset) and all(map(_is_plain, items))


'''

WITH_ALL = '''\
def _sets_with_all(items, table):
    """How many of the sets hold all of these items."""
    holding, count = table
    found = (1 << count) - 1
    for item in items:
        found &= holding.get(item, 0)
        if not found:
            return 0
    return found.bit_count()


'''


class Subsets(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST114"
    name: ClassVar[str] = "sets that hold all of some items"

    def sites(self, place: Place) -> Iterator[Parts]:
        module, project = place.module, place.project
        if {"__eq__", "__hash__"} & project.dunders:
            return
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                found = counting_loop(module, node) if isinstance(node, ast.For) else counted(module, node)
                if found is None or not isinstance(node, (ast.For, ast.Call)):
                    continue
                sets, items, total = found
                if isinstance(module.function(node), (ast.Lambda, ast.ClassDef)):
                    continue
                if module.owner(items.id, node) is None or {"issubset", "issuperset"} & set(project.functions):
                    continue
                for stretch in stretches(place, node):
                    frozen = frozen_during(project, module, sets, stretch, items=True)
                    if stretch is node or not frozen.ok or not ready(module, sets, frozen, stretch):
                        continue
                    table = module.fresh(f"{sets.id}_holding")
                    asked = f"_counted_by_item({items.id}, {table})"
                    answer = f"_sets_with_all({items.id}, {table})"
                    if total is None:
                        code = f"({answer} if {asked} else {module.text(node)})"
                    else:
                        assert isinstance(node, ast.For)
                        margin = module.margin(node)
                        plain = indent(_lines(module, node), "    ")
                        code = f"if {asked}:\n{margin}    {total} += {answer}\n{margin}else:\n{plain}"
                    arguments = ", ".join((sets.id, *frozen.apart))
                    yield Parts(
                        title=f"sets of {sets.id} counted by their items",
                        first=node.lineno,
                        last=node.end_lineno or node.lineno,
                        reason=f"every count asks every set of {sets.id}",
                        remedy="numbers whose binary digits tell which sets hold an item, made once before the loop",
                        replace=((node, code),),
                        before=((stretch.lineno, f"{module.margin(stretch)}{table} = _sets_by_item({arguments})\n"),),
                        prelude=(PLAIN, IS_PLAIN, BY_ITEM, COUNTED, WITH_ALL),
                    )
                    break


def _lines(module: Module, node: ast.AST) -> str:
    """The whole lines of a statement, without the last line's end."""
    lines = module.source.lines[node.lineno - 1 : node.end_lineno]  # type: ignore[attr-defined]
    return "".join(lines).rstrip("\r\n")


def counting_loop(module: Module, loop: ast.For) -> tuple[ast.Name, ast.Name, str] | None:
    """`n = 0; for b in sets: if a <= b: n += 1`: the sets, what each is asked for, and the name that counts."""
    match loop:
        case ast.For(
            target=ast.Name(id=one),
            iter=ast.Name() as sets,
            body=[
                ast.If(
                    test=test,
                    body=[ast.AugAssign(target=ast.Name(id=total), op=ast.Add(), value=ast.Constant(value=1) as step)],
                    orelse=[],
                )
            ],
            orelse=[],
        ) if type(step.value) is int:
            pass
        case _:
            return None
    items = asked_of(test, one)
    function = module.function(loop)
    if items is None or not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    if len({one, sets.id, items.id, total}) < 4 or not module.whole_lines(loop):
        return None
    body = module.siblings(loop)
    before = body[body.index(loop) - 1] if body.index(loop) else None
    match before:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=start)) if (
            name == total and type(start) is int
        ):
            pass
        case _:
            return None
    for name in (one, total):  # they are this function's own, and the last set is not looked at after the loop
        if module.owner(name, loop.target) is not function:
            return None
    inside = set(ast.walk(loop))
    if any(use not in inside for use in module.uses(one, function) if isinstance(use.ctx, ast.Load)):
        return None
    return sets, items, total


def counted(module: Module, node: ast.AST) -> tuple[ast.Name, ast.Name, None] | None:
    """`sum(1 for b in sets if a <= b)` and its like: the sets, and what each is asked for."""
    match node:
        case ast.Call(
            func=ast.Name(id="sum") as function,
            args=[ast.GeneratorExp(elt=elt, generators=[each]) | ast.ListComp(elt=elt, generators=[each])],
            keywords=[],
        ):
            match elt, each.ifs:
                case ast.Constant(value=1) as one, [test] if type(one.value) is int:
                    pass
                case test, []:
                    pass
                case _:
                    return None
        case ast.Call(
            func=ast.Name(id="len") as function,
            args=[ast.ListComp(elt=ast.Name() | ast.Constant(), generators=[ast.comprehension(ifs=[test]) as each])],
            keywords=[],
        ):
            pass
        case _:
            return None
    if not module.is_builtin(function, "sum", "len") or each.is_async or not isinstance(each.target, ast.Name):
        return None
    items = asked_of(test, each.target.id)
    if items is None or not isinstance(each.iter, ast.Name):
        return None
    elt = node.args[0].elt  # type: ignore[attr-defined]
    if isinstance(elt, ast.Name) and elt.id != each.target.id:
        return None
    if len({each.target.id, each.iter.id, items.id}) < 3:
        return None
    return each.iter, items, None


def asked_of(test: ast.expr, one: str) -> ast.Name | None:
    """What the set `one` is asked for by `a <= one` and its like."""
    match test:
        case ast.Call(func=ast.Attribute(value=ast.Name() as a, attr="issubset"), args=[ast.Name(id=b)], keywords=[]):
            pass
        case ast.Call(func=ast.Attribute(value=ast.Name(id=b), attr="issuperset"), args=[ast.Name() as a], keywords=[]):
            pass
        case ast.Compare(left=ast.Name() as a, ops=[ast.LtE()], comparators=[ast.Name(id=b)]):
            pass
        case ast.Compare(left=ast.Name(id=b), ops=[ast.GtE()], comparators=[ast.Name() as a]):
            pass
        case _:
            return None
    return a if b == one else None
