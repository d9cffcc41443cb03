"""Numbers of a graphics card, read once after a loop.

What it finds    loops that add up or collect a number of every step: `total += loss.item() * len(y)`,
                 `right += (predicted == y).sum().item()`, `losses.append(loss.item())`, in programs that name a card.
Why it is slow   every `.item()` waits until the card has done all that it was given, and the card then waits for the
                 program.
Example          total += loss.item()  ->  total = total + _later(loss, total)   # and after the loop: _number(total)
Safe when        nothing else in the loop looks at the sum or the list, and no handler of errors could. On a card the
                 steps are added in float64 in the same order, which has the bits of Python's own sum; counts of
                 comparisons are whole numbers. Checked as it runs: on a processor the number is read as before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.effects import Project, _given, escapes, scalar_value, use_kind
from hasten.passes.source.containers.syntax import Module, Parts
from hasten.passes.source.estimators.base import defined, within
from hasten.passes.source.torch_calls.loader import binds_torch, imports_torch

HELPER = '''\
def _later(value, beside=None, counted=False):
    """The number of a tensor on a card as a tensor of its own, for which nothing waits yet; else the number."""
    if type(value) is not torch.Tensor or not value.is_cuda or value.ndim:
        return value.item()
    if torch._C._len_torch_function_stack() or torch._C._len_torch_dispatch_stack():
        return value.item()
    if isinstance(beside, torch.Tensor) and beside.device != value.device:
        return value.item()
    if value.dtype is not torch.int64 if counted else not value.dtype.is_floating_point:
        return value.item()
    return value.detach().to(torch.int64 if counted else torch.float64, copy=True)


def _number(value):
    """What was added up, as a number."""
    return value.item() if isinstance(value, torch.Tensor) else value


def _numbers(values):
    """What was collected, as numbers that are read at once."""
    waiting = [value for value in values if isinstance(value, torch.Tensor)]
    read = iter(torch.stack([value.to(waiting[0].device) for value in waiting]).tolist() if waiting else ())
    return [next(read) if isinstance(value, torch.Tensor) else value for value in values]


'''
# work that is not in one order, or tensors that are other things than they say
ORDERS = frozenset(
    "Stream stream current_stream CUDAGraph graph make_graphed_callables __torch_function__ __torch_dispatch__ "
    "TorchFunctionMode TorchDispatchMode jit vmap functorch threading".split()
)


class ReadLater(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST716"
    name: ClassVar[str] = "numbers of a card read once"
    risk: ClassVar[Risk] = Risk.EXACT

    def sites(self, place: Place) -> Iterator[Parts]:
        module, project = place.module, place.project
        if not imports_torch(module) or not project.whole or project.threads or not _card(project):
            return
        if any(ORDERS & m.names or m.dynamic for m in project.modules) or _elsewhere(place):
            return
        added = () if binds_torch(module) else ("import torch\n",)
        ours = defined(HELPER)
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                if not isinstance(node, (ast.For, ast.While)) or within(module, node, ours):
                    continue
                if not module.whole_lines(node) or not isinstance(module.function(node), ast.FunctionDef):
                    continue
                replace, after = [], []
                for name, steps in _steps(module, node).items():
                    read = _sum(place, node, name, steps) or _list(place, node, name, steps)
                    if read is not None:
                        replace += read[0]
                        after.append((node.end_lineno or node.lineno, f"{module.margin(node)}{read[1]}\n"))
                if replace:
                    yield Parts(
                        title="read the numbers of all steps after the loop",
                        first=node.lineno,
                        last=node.end_lineno or node.lineno,
                        reason="the program waits for the graphics card in every step",
                        remedy="add them up on the card and read once",
                        replace=tuple(replace),
                        after=tuple(after),
                        prelude=(*added, HELPER),
                    )


def _elsewhere(place: Place) -> bool:
    """Whether tensors were recorded in the region, at whatever depth of what it is given, and none on a card."""
    devices = set()
    todo = [f for facts in place.facts.of(place.region.id).types.values() for f in facts]
    while todo:
        fact = todo.pop()
        devices |= {note for note in fact.note if note.startswith("device=")}
        todo += [*fact.items, *fact.keys, *(f for _, facts in fact.fields for f in facts)]
    return bool(devices) and "device=cuda" not in devices


@lru_cache(maxsize=8)
def _card(project: Project) -> bool:
    """Whether a file names a graphics card."""
    return any("cuda" in m.names for m in project.modules) or any(
        isinstance(n, ast.Constant) and isinstance(n.value, str) and n.value.startswith("cuda")
        for m in project.modules
        for n in ast.walk(m.tree)
    )


def _steps(module: Module, loop: ast.For | ast.While) -> dict[str, list[ast.AST]]:
    """Statements of a loop, but of none within it, that add a number to a name or append it, by that name.

    Only names that nothing else in the loop uses, whose value nothing sees that does not go on behind the loop.
    """
    function = module.function(loop)
    if any(isinstance(at, ast.Try) or type(at).__name__ == "TryStar" or _catches(module, at) for at in module.up(loop)):
        return {}
    found: dict[str, list[ast.AST]] = {}
    for node in ast.walk(loop):
        name = None
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif isinstance(node, ast.Expr) and isinstance(call := node.value, ast.Call):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "append" and len(call.args) == 1:
                if isinstance(call.func.value, ast.Name) and not call.keywords:
                    name = call.func.value.id
        if name is not None and _around(module, node) is loop and module.whole_lines(node):  # type: ignore[arg-type]
            found.setdefault(name, []).append(node)
    out = {}
    for name, steps in found.items():
        uses = module.uses(name, function)
        inside = [u for u in uses if loop in module.up(u)]
        if module.owner(name, loop) is function and len(inside) == len(steps):
            if all(module.function(u) is function for u in uses) and not _declared(function, name):
                if module.bound_before(name, function, loop):
                    out[name] = steps
    return out


def _catches(module: Module, at: ast.AST) -> bool:
    """Whether a `with` may go on after an error (`contextlib.suppress`)."""
    if not isinstance(at, (ast.With, ast.AsyncWith)):
        return False
    made = [item.context_expr.func if isinstance(item.context_expr, ast.Call) else None for item in at.items]
    return not all(f is not None and module.imported(f).split(".")[0] in ("torch", "tqdm") for f in made)


def _declared(function: ast.AST, name: str) -> bool:
    return any(isinstance(n, (ast.Global, ast.Nonlocal)) and name in n.names for n in ast.walk(function))


def _around(module: Module, node: ast.AST) -> ast.AST | None:
    """The loop that a statement is in, where only `if` and `with` stand between."""
    for at in module.up(node):
        if not isinstance(at, (ast.If, ast.With)):
            return at
    return None


def _sum(
    place: Place, loop: ast.For | ast.While, name: str, steps: list[ast.AST]
) -> tuple[list[tuple[ast.AST, str]], str] | None:
    """What becomes of `total += loss.item()`, and the line that reads the sum."""
    module = place.module
    values = [b for b in module.bindings(name, module.function(loop)) if b.how != "augment"]
    starts = [_given(module, b) for b in values]
    numbers = [s.value if isinstance(s, ast.Constant) else None for s in starts]
    if not all(isinstance(n, float) or (type(n) is int and n < 2**53) for n in numbers):
        return None
    for use in module.uses(name, module.function(loop)):
        added = module.parents[use]
        if isinstance(added, ast.AugAssign) and added.target is use and added not in steps:
            if not _number(place, added.value):
                return None  # perhaps a tensor, and it stays one
    whole = all(isinstance(s, ast.Constant) and type(s.value) is int for s in starts)
    replace: list[tuple[ast.AST, str]] = []
    kinds = set()
    for step in steps:
        if not isinstance(step, ast.AugAssign):
            return None
        item, times = _product(place, step.value)
        asked = None if item is None else _asked(module, item)
        if asked is None or (asked[1] and times):
            return None
        text, count = asked
        kinds.add(count)
        later = f"_later({text}, {name}{', True' if count else ''})"
        replace.append((step, f"{name} = {name} + {later}{' * ' + times if times else ''}"))
    if len(kinds) != 1 or (kinds == {True} and not whole):
        return None
    return replace, f"{name} = _number({name})"


def _list(
    place: Place, loop: ast.For | ast.While, name: str, steps: list[ast.AST]
) -> tuple[list[tuple[ast.AST, str]], str] | None:
    """What becomes of `losses.append(loss.item())`, and the line that reads them."""
    module = place.module
    function = module.function(loop)
    values = module.bindings(name, function)
    if not all(isinstance(value, ast.List) and not value.elts for value in (_given(module, b) for b in values)):
        return None
    if escapes(place.project, module, name, function, loop) or "append" in place.project.functions:
        return None
    appended = {step.value.func.value for step in steps if isinstance(step, ast.Expr)}  # type: ignore[attr-defined]
    for use in module.uses(name, function):
        if use not in appended and use_kind(place.project, module, use) == "mutate" and not _keeps(place, use):
            return None  # perhaps it gets tensors elsewhere, and they stay tensors
    replace: list[tuple[ast.AST, str]] = []
    for step in steps:
        if not isinstance(step, ast.Expr) or not isinstance(step.value, ast.Call):
            return None
        asked = _asked(module, step.value.args[0])
        if asked is None or asked[1]:
            return None
        replace.append((step.value.args[0], f"_later({asked[0]})"))
    return replace, f"{name}[:] = _numbers({name})"


def _keeps(place: Place, use: ast.expr) -> bool:
    """Whether `x.append(y)`, `x.clear()` and the like put nothing but numbers into a list."""
    attribute = place.module.parents[use]
    call = place.module.parents[attribute]
    if not isinstance(attribute, ast.Attribute) or not isinstance(call, ast.Call) or call.func is not attribute:
        return False
    if attribute.attr == "append" and len(call.args) == 1:
        return _number(place, call.args[0])
    return attribute.attr in ("clear", "pop", "reverse", "sort")


def _number(place: Place, e: ast.expr) -> bool:
    """Whether an expression is a number by its syntax."""
    item, _ = _product(place, e)
    if item is not None and _asked(place.module, item) is not None:
        return "item" not in place.project.functions.keys() | place.project.attributes
    return scalar_value(place.project, place.module, e, text=False)


def _product(place: Place, e: ast.expr) -> tuple[ast.expr | None, str]:
    """`loss.item()` and the size that it is multiplied with, if any."""
    match e:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            for item, size in ((left, right), (right, left)):
                if _size(place, size):
                    return item, place.module.text(size)
            return None, ""
    return e, ""


def _size(place: Place, e: ast.expr) -> bool:
    """`len(x)`, `x.size(0)`, `x.shape[0]`: a whole number."""
    module, project = place.module, place.project
    # perhaps of a class of the project
    own = {"size", "shape"} & (project.functions.keys() | project.attributes)
    own |= {"SimpleNamespace", "namedtuple", "NamedTuple"} & frozenset().union(*(m.names for m in project.modules))
    match e:
        case ast.Call(func=func, args=[ast.Name()], keywords=[]) if module.is_builtin(func, "len"):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(), attr="size"), args=[ast.Constant(value=int())], keywords=[]):
            return not own
        case ast.Subscript(value=ast.Attribute(value=ast.Name(), attr="shape"), slice=ast.Constant(value=int())):
            return not own
    return False


def _asked(module: Module, e: ast.expr) -> tuple[str, bool] | None:
    """(what `.item()` is asked of, whether it counts where two tensors compare)."""
    match e:
        case ast.Call(func=ast.Attribute(value=ast.Name() as value, attr="item"), args=[], keywords=[]):
            return module.text(value), False
        case ast.Call(
            func=ast.Attribute(
                value=ast.Call(
                    func=ast.Attribute(value=ast.Compare(ops=[_]), attr="sum"), args=[], keywords=[]
                ) as value,
                attr="item",
            ),
            args=[],
            keywords=[],
        ):
            return module.text(value), True
    return None
