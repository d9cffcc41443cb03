"""Sums, highest and lowest items of windows that slide over a list.

What it finds    `sum(xs[i:i + w])`, `max(xs[i - w + 1:i + 1])`, `min(window)` in a loop or comprehension over
                 `range(...)`, where the loop leaves `xs` as it is.
Why it is slow   each window is copied, and gone through item by item.
Example          [sum(xs[i:i + w]) / w for i in range(n)]
                 ->  xs_sums = _window_sums(xs, range(n), 0, w); [xs_sums[i] / w for i in range(n)]
Safe when        checked as it runs: `xs` is a list of floats alone, or of ints that no sum takes out of range, and each
                 window lies inside it. Floats are added in the order of `sum`, so that every bit is the same; NaN, and
                 zeros of both signs, whose highest depends on their order, are left to the original expression.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.passes.source.arrays.base import early, helper, numpy_name
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.effects import frozen_during
from hasten.passes.source.containers.membership import ready, stretches
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module, Parts

KINDS = {"sum": "sums", "max": "highest", "min": "lowest"}
ITEMS = '''\
def _window_items(values, turns, offset, width):
    """The items under windows values[i + offset : i + offset + width] for i in `turns`, as an array.

    None where a window is not all inside the list, or its items are not floats alone or ints alone.
    """
    if type(values) is not list or type(offset) is not int or type(width) is not int or turns.step != 1:
        return None
    if len(turns) < 50 or width < 2 or turns[0] < 0 or turns[0] + offset < 0:
        return None
    if turns[-1] + offset + width > len(values):
        return None
    values = values[turns[0] + offset : turns[-1] + offset + width]
    kinds = set(map(type, values))
    if kinds != {float} and kinds != {int}:
        return None
    items = NP.array(values)
    return items if items.dtype.char in "dl" else None  # others are ints of more than 64 bits


'''
SUMS = '''\
def _window_sums(values, turns, offset, width):
    """sum(values[i + offset : i + offset + width]) at place i, for i in `turns`; None where the loop has to tell."""
    if sum([1.0, 1e100, 1.0, -1e100]) != 0.0:
        return None  # a Python whose sum keeps what rounding loses
    items = _window_items(values, turns, offset, width)
    if items is None:
        return None
    if items.dtype.char == "l" and max(int(items.max()), -int(items.min())) > 2**62 // width:
        return None
    count = len(turns)
    with NP.errstate(all="ignore"):
        sums = 0 + items[:count]  # item by item, as `sum` does
        for step in range(1, width):
            sums += items[step : step + count]
    return [None] * turns[0] + sums.tolist()


'''
EXTREME = '''\
def _window_EXTREME(values, turns, offset, width):
    """FUNC(values[i + offset : i + offset + width]) at place i, for i in `turns`; None where the loop has to tell."""
    items = _window_items(values, turns, offset, width)
    if items is None:
        return None
    if items.dtype.char == "d":
        signs = NP.signbit(items[items == 0])
        if NP.isnan(items).any() or signs.any() != signs.all():
            return None
    reach, count = 1, len(turns)
    while 2 * reach <= width:
        items = NP.UFUNC(items[:-reach], items[reach:])  # of windows twice as wide
        reach *= 2
    ends = items[width - reach : width - reach + count]
    return [None] * turns[0] + NP.UFUNC(items[:count], ends).tolist()


'''


@dataclass(frozen=True)
class _Window:
    """`xs[i + offset : i + offset + width]`, and what turns i takes."""

    values: ast.Name
    index: str
    turns: ast.Call
    offset: str
    width: str
    names: tuple[ast.Name, ...]  # that offset and width are made of


class SlidingWindows(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST902"
    name: ClassVar[str] = "sliding windows"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        taken: set[str] = set()
        kept: dict[tuple[ast.stmt, str], str] = {}
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                match node:
                    case ast.Call(func=func, args=[arg], keywords=[]) if module.is_builtin(func, *KINDS):
                        found = _site(place, node, arg, taken, kept)
                        if found is not None:
                            yield found


def _site(
    place: Place, node: ast.Call, arg: ast.expr, taken: set[str], kept: dict[tuple[ast.stmt, str], str]
) -> Parts | None:
    module = place.module
    assert isinstance(node.func, ast.Name)
    given = _given(module, node, arg)
    loop = _loop(module, node)
    if given is None or loop is None:
        return None
    sliced, assigned = given
    target, over, holder = loop
    window = _window(place, sliced, target, over)
    if window is None:
        return None
    stretch = next((s for s in reversed(stretches(place, node)) if s is holder), None)
    if stretch is None or not _steady(place, window, stretch):
        return None
    kind = KINDS[node.func.id]
    call = f"_window_{kind}({window.values.id}, {module.text(over)}, {window.offset}, {window.width})"
    before: tuple[tuple[int, str], ...] = ()
    if (stretch, call) not in kept:
        name = module.fresh(f"{window.values.id}_{kind}", taken)
        taken.add(name)
        kept[stretch, call] = name
    name = kept[stretch, call]
    before = ((stretch.lineno, f"{module.margin(stretch)}{name} = {call}\n"),)
    replaced: list[tuple[ast.AST, str]] = []
    if assigned is not None and _only_use(module, assigned, arg):
        # nobody else looks at the window
        replaced.append((sliced, f"{module.text(sliced)} if {name} is None else None"))
    replaced.append((node, f"({name}[{window.index}] if {name} is not None else {module.text(node)})"))
    text = (
        SUMS
        if kind == "sums"
        else EXTREME.replace("EXTREME", kind).replace("UFUNC", f"{node.func.id}imum").replace("FUNC", node.func.id)
    )
    return Parts(
        title=f"{node.func.id} of all windows at once",
        first=holder.lineno,
        last=holder.end_lineno or holder.lineno,
        reason="each window is copied and gone through item by item",
        remedy="all windows at once, added in the same order",
        replace=tuple(replaced),
        before=before,
        prelude=helper(module, ITEMS, text),
        needs=() if not numpy_name(module)[1] else ("numpy",),
    )


def _given(module: Module, node: ast.Call, arg: ast.expr) -> tuple[ast.Subscript, ast.Name | None] | None:
    """The slice that is gone through, and the name that it was given just before in the same round."""
    if isinstance(arg, ast.Subscript):
        return arg, None
    if not isinstance(arg, ast.Name):
        return None
    scope = module.owner(arg.id, arg)
    bound = module.bindings(arg.id, scope) if scope is not None and not isinstance(scope, ast.ClassDef) else []
    if len(bound) != 1 or not isinstance(bound[0].value, ast.Subscript):
        return None
    statement = module.statement(bound[0].value)
    match statement:
        case ast.Assign(targets=[ast.Name(id=name) as target], value=value) if (
            name == arg.id and value is bound[0].value
        ):
            same_round = module.siblings(statement)
        case _:
            return None
    at = module.statement(node)
    while at not in same_round:
        above = module.parents.get(at)
        if not isinstance(above, ast.stmt) or isinstance(above, (ast.FunctionDef, ast.For, ast.While)):
            return None
        at = above
    return (value, target) if same_round.index(at) > same_round.index(statement) else None


def _only_use(module: Module, assigned: ast.Name, use: ast.expr) -> bool:
    scope = module.owner(assigned.id, assigned)
    assert scope is not None
    loads = [u for u in module.uses(assigned.id, scope) if isinstance(u.ctx, ast.Load)]
    return loads == [use] and not isinstance(scope, ast.Module)


def _loop(module: Module, node: ast.expr) -> tuple[ast.Name, ast.Call, ast.stmt] | None:
    """The name that counts, `range(...)`, and the statement that has to be repeated for the innermost loop around."""
    child: ast.AST = node
    for at in module.up(node):
        if isinstance(at, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.While)):
            return None
        if isinstance(at, COMPREHENSIONS):
            if len(at.generators) != 1 or child is at.generators[0]:
                return None
            found = _counted(module, at.generators[0].target, at.generators[0].iter)
            return None if found is None else (*found, module.statement(at))
        if isinstance(at, ast.For):
            found = _counted(module, at.target, at.iter) if child in at.body else None
            return None if found is None else (*found, at)
        child = at
    return None


def _counted(module: Module, target: ast.expr, over: ast.expr) -> tuple[ast.Name, ast.Call] | None:
    match target, over:
        case ast.Name(), ast.Call(func=func, args=[_] | [_, _], keywords=[]) if module.is_builtin(func, "range"):
            return target, over
    return None


def _window(place: Place, sliced: ast.Subscript, target: ast.Name, over: ast.Call) -> _Window | None:
    match sliced:
        case ast.Subscript(value=ast.Name() as values, slice=ast.Slice(lower=low, upper=high, step=None)):
            pass
        case _:
            return None
    if low is None or high is None or not all(early(place.project, place.module, a) for a in over.args):
        return None
    a, b = _linear(low), _linear(high)
    if a is None or b is None or a[target.id] != 1 or b[target.id] != 1:
        return None
    width = b.copy()
    width.subtract(a)
    a[target.id] = 0
    leaves = [n for e in (low, high, *over.args) for n in ast.walk(e) if isinstance(n, ast.Name) and n.id != target.id]
    leaves = [n for n in leaves if not place.module.is_builtin(n)]
    return _Window(values, target.id, over, _text(a), _text(width), tuple(leaves))


def _linear(e: ast.expr) -> Counter[str] | None:
    """`i - w + 1` as counts of its names, the number under `""`."""
    match e:
        case ast.Name():
            return Counter({e.id: 1})
        case ast.Constant(value=int()) if not isinstance(e.value, bool):
            return Counter({"": e.value})
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _linear(operand)
            return None if inner is None else Counter({k: -v for k, v in inner.items()})
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            a, b = _linear(left), _linear(right)
            if a is None or b is None:
                return None
            out = a.copy()
            (out.update if isinstance(e.op, ast.Add) else out.subtract)(b)
            return out
    return None


def _text(counts: Counter[str]) -> str:
    parts = []
    for name, count in sorted(counts.items(), key=lambda kv: (kv[1] < 0, kv[0] == "", kv[0])):
        if count == 0:
            continue
        size = str(abs(count)) if not name else name if abs(count) == 1 else f"{abs(count)} * {name}"
        parts.append((" - " if count < 0 else " + ") + size)
    text = "".join(parts)
    return (
        text.removeprefix(" + ").replace(" - ", "-", 1) if text.startswith(" - ") else text.removeprefix(" + ") or "0"
    )


def _steady(place: Place, window: _Window, stretch: ast.stmt) -> bool:
    """Whether list, widths and turns stay as they are while the loop runs, and the count is the loop's own."""
    module = place.module
    scope = module.owner(window.values.id, window.values)
    if scope is None or isinstance(scope, (*COMPREHENSIONS, ast.ClassDef)):
        return False
    frozen = frozen_during(place.project, module, window.values, stretch)
    if not frozen.ok or frozen.apart or not ready(module, window.values, frozen, stretch):
        return False
    for leaf in window.names:
        owner = module.owner(leaf.id, leaf)
        if owner is None or isinstance(owner, (*COMPREHENSIONS, ast.ClassDef)):
            return False
        if leaf.id != window.values.id and not module.bound_before(leaf.id, owner, stretch):
            return False
        if leaf.id != window.values.id and not frozen_during(place.project, module, leaf, stretch).ok:
            return False
    if isinstance(stretch, ast.For):
        stores = [n for b in stretch.body for n in ast.walk(b) if isinstance(n, ast.Name) and n.id == window.index]
        if any(not isinstance(n.ctx, ast.Load) for n in stores):
            return False
        owner = module.owner(window.index, stretch.target)
        if owner is None or (isinstance(owner, ast.Module) and place.project.mentions(window.index, module)):
            return False
    return True
