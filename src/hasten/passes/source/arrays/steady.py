"""The same array worked out in every round of a loop.

What it finds    `data[mask]`, `np.linalg.inv(cov)`, `X.T @ X`, `np.array(rows)`, `np.unique(labels)` and the like
                 inside a loop that leaves `data`, `mask`, `cov` and the others as they are.
Why it is slow   each round goes through all items for the same array.
Example          for q in queries:                    cov_inv, cov_fixed = _NOT_YET, _is_fixed(cov)
                     d = q @ np.linalg.inv(cov) @ q   ->   for q in queries:
                                                               d = q @ (cov_inv if cov_inv is not _NOT_YET else ...) @ q
Safe when        nothing in the loop can change what the array is made of (proved from the syntax of the project), its
                 uses are over within their statements, so that nobody writes into it or keeps it, and, checked as it
                 runs, it is made of plain arrays, lists of numbers and numbers. It is still made where it was made, the
                 first time: a loop that never gets there never does it, and an error comes when it came.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.passes.source.arrays.base import (
    FRESH_ARRAY_METHODS,
    FRESH_READS,
    READ_ATTRIBUTES,
    consumed,
    helper,
    maybe_array,
    never_array,
    numpy_call,
    quiet_operators,
)
from hasten.passes.source.arrays.frozen import fresh_array, frozen_array
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.effects import frozen_during
from hasten.passes.source.containers.invariant import REDUCTIONS, _in_iterable, worked_out_once
from hasten.passes.source.containers.membership import stretches
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module, Parts

NOT_YET = "_NOT_YET = object()  # not worked out so far\n\n\n"
FIXED = '''\
def _is_fixed(*values):
    """Whether these are plain arrays, numbers, texts and lists of numbers: what is made of them stays the same."""
    for value in values:
        kind = type(value)
        if kind is list:
            if any(type(item) not in (int, float, bool) and not isinstance(item, NP.number) for item in value):
                return False
        elif kind is NP.ndarray:
            if value.dtype.hasobject:
                return False
        elif kind not in (int, float, bool, str, complex, type(None)) and not isinstance(value, NP.number):
            return False
    return True


'''
ONE_DIMENSION = ("unique", "flatnonzero", "arange", "linspace")
CHEAP = frozenset(
    "array asarray zeros ones empty full arange linspace eye identity float64 float32 int64 int32 zeros_like "
    "ones_like empty_like shape size ndim".split()
)
SAFE_METHODS = (FRESH_ARRAY_METHODS | {"astype", "reshape", "ravel", "transpose"}) - {"item", "tolist"}


class SteadyArrays(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST508"
    name: ClassVar[str] = "same array in every round"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        taken: set[str] = set()
        kept: dict[tuple[ast.stmt, str], tuple[str, str, str]] = {}
        for statement in module.statements(place.region):
            yield from self._within(place, statement, taken, kept)

    def _within(
        self, place: Place, node: ast.AST, taken: set[str], kept: dict[tuple[ast.stmt, str], tuple[str, str, str]]
    ) -> Iterator[Parts]:
        """Sites at or below a node, the largest expressions first."""
        if isinstance(node, ast.expr):
            found = self._site(place, node, taken, kept)
            if found is not None:
                yield found
                return
        for child in ast.iter_child_nodes(node):
            yield from self._within(place, child, taken, kept)

    @staticmethod
    def _site(
        place: Place, node: ast.expr, taken: set[str], kept: dict[tuple[ast.stmt, str], tuple[str, str, str]]
    ) -> Parts | None:
        module = place.module
        if not isinstance(node, (ast.Call, ast.BinOp, ast.Subscript, ast.Compare)):
            return None
        if isinstance(module.function(node), (ast.Lambda, ast.ClassDef)) or _in_iterable(module, node):
            return None
        leaves = made_of(place, node)
        if not leaves or not worth_it(place, node, leaves) or not read_only(place, node):
            return None
        for stretch in stretches(place, node):
            if module.function(stretch) is not module.function(node):
                continue
            if not all(_fixed(place, leaf, stretch) for leaf in leaves):
                continue
            text = module.text(node)
            if (stretch, text) not in kept:
                first = leaves[0].id
                name = module.fresh(f"{first}_{_word(module, node)}", taken)
                fixed = module.fresh(f"{first}_fixed", taken)
                taken |= {name, fixed}
                names = ", ".join(dict.fromkeys(leaf.id for leaf in leaves))
                setup = f"{module.margin(stretch)}{name}, {fixed} = _NOT_YET, _is_fixed({names})\n"
                kept[stretch, text] = name, fixed, setup
            return worked_out_once(
                module, node, stretch, kept[stretch, text], "_NOT_YET", helper(module, NOT_YET, FIXED)
            )
        return None


def made_of(place: Place, node: ast.expr) -> list[ast.Name] | None:
    """The names that an expression is made of, if all it does with them is to make new arrays and numbers."""
    module, project = place.module, place.project
    match node:
        case ast.Constant():
            return []
        case ast.Name():
            return [] if module.is_builtin(node, "float", "int", "bool") else [node]
        case ast.BinOp(left=left, right=right):
            return _joined(place, [left, right]) if quiet_operators(project) else None
        case ast.UnaryOp(operand=operand):
            return made_of(place, operand) if quiet_operators(project) else None
        case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq() | ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE()]):
            return _joined(place, [left, *node.comparators]) if not project.dunders else None
        case ast.Tuple(elts=elts) | ast.List(elts=elts):
            return _joined(place, elts)
        case ast.Slice():
            return _joined(place, [e for e in (node.lower, node.upper, node.step) if e is not None])
        case ast.Subscript(value=value, slice=index):
            return _joined(place, [value, index])
        case ast.Attribute(value=value, attr=attr):
            dotted = module.imported(node)
            if dotted:
                return [] if dotted.startswith("numpy.") else None
            if attr in READ_ATTRIBUTES | {"T", "real", "imag"} and attr not in project.attributes | project.properties:
                return made_of(place, value)
            return None
        case ast.Call(func=func, args=args, keywords=keywords):
            parts = [*args, *(k.value for k in keywords)]
            if any(k.arg in ("out", None) for k in keywords) or any(isinstance(a, ast.Starred) for a in args):
                return None
            called = numpy_call(module, node)
            if called:
                if called not in FRESH_READS | {"asarray", "ravel", "reshape", "transpose"} or called.startswith(
                    "save"
                ):
                    return None
                return _joined(place, parts)
            if module.is_builtin(func, "len", "float", "int", "abs"):
                return _joined(place, parts)
            if isinstance(func, ast.Attribute) and func.attr in SAFE_METHODS and not module.imported(func):
                if func.attr not in project.functions and func.attr not in project.attributes:
                    return _joined(place, [func.value, *parts])
    return None


def _joined(place: Place, parts: list[ast.expr]) -> list[ast.Name] | None:
    found: list[ast.Name] = []
    for part in parts:
        inner = made_of(place, part)
        if inner is None:
            return None
        found += inner
    return found


def worth_it(place: Place, node: ast.expr, leaves: list[ast.Name]) -> bool:
    """Whether an array is gone through: a library call, a product or a pick, of a name that may be an array."""
    module = place.module
    arrays = [n for n in leaves if maybe_array(place, n)]
    if numpy_call(module, node) in ("array", "asarray"):
        return isinstance(node, ast.Call) and bool(node.args) and isinstance(node.args[0], ast.Name)
    if numpy_call(module, node) in REDUCTIONS or (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in REDUCTIONS
    ):
        inner = node.args[0] if node.args else getattr(node.func, "value", None)  # type: ignore[attr-defined]
        if isinstance(inner, ast.Name):
            return False  # another pass keeps these
    if not fresh_array(place, node):
        return False
    called = numpy_call(module, node)
    if called and called not in CHEAP and not all(never_array(place, n) for n in leaves):
        return True  # of what nothing is known: the check at the loop tells
    if not arrays:
        return False
    for n in ast.walk(node):
        called = numpy_call(module, n)
        if (called and called not in CHEAP) or (isinstance(n, ast.BinOp) and isinstance(n.op, ast.MatMult)):
            return True
        if (
            isinstance(n, ast.Subscript)
            and maybe_array(place, n.value)
            and not isinstance(n.slice, (ast.Constant, ast.Slice))
        ):
            return True
        if isinstance(n, (ast.BinOp, ast.Compare)) and any(maybe_array(place, p) for p in ast.iter_child_nodes(n)
                                                           if isinstance(p, ast.expr)):  # fmt: skip
            return True
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and maybe_array(place, n.func.value):
            return True
    return False


def read_only(place: Place, node: ast.expr) -> bool:
    """Whether what the expression gives is read on the spot, or under a name whose uses all are."""
    module, project = place.module, place.project
    if consumed(project, module, node):
        return not isinstance(module.parents[node], ast.Attribute) or not _bare_attribute(module, node)
    parent = module.parents[node]
    if isinstance(parent, (ast.For, ast.comprehension)) and parent.iter is node:
        return numpy_call(module, node) in ONE_DIMENSION
    match parent:
        case ast.Assign(targets=[ast.Name(id=name) as target]):
            pass
        case _:
            return False
    scope = module.owner(name, target)
    if scope is None or isinstance(scope, (ast.Module, ast.ClassDef)) and project.mentions(name, module):
        return False
    for use in module.uses(name, scope):
        if isinstance(use.ctx, ast.Load):
            holder = module.parents[use]
            stored = isinstance(holder, ast.Subscript) and holder.value is use and not isinstance(holder.ctx, ast.Load)
            over = isinstance(holder, (ast.For, ast.comprehension)) and holder.iter is use
            if over and numpy_call(module, node) in ONE_DIMENSION:
                continue
            if stored or not consumed(project, module, use):
                return False
        elif not isinstance(module.parents[use], (ast.Assign, ast.Tuple, ast.For)):
            return False
    return True


def _bare_attribute(module: Module, node: ast.expr) -> bool:
    """`(...).shape`: nothing that is worth keeping."""
    parent = module.parents[node]
    return isinstance(parent, ast.Attribute) and parent.attr in READ_ATTRIBUTES


def _fixed(place: Place, leaf: ast.Name, stretch: ast.stmt) -> bool:
    """Whether a name means the same, item by item, all through the stretch."""
    module = place.module
    scope = module.owner(leaf.id, leaf)
    if scope is None or isinstance(scope, COMPREHENSIONS) or not module.bound_before(leaf.id, scope, stretch):
        return False
    if never_array(place, leaf) or not maybe_array(place, leaf):
        # a number, a text or a list
        if frozen_during(place.project, module, leaf, stretch).ok:
            return True
    return frozen_array(place, leaf, stretch)


def _word(module: Module, node: ast.expr) -> str:
    called = numpy_call(module, node).rsplit(".", 1)[-1]
    if called:
        return called
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr
    return {ast.Subscript: "part", ast.Compare: "mask", ast.BinOp: "product"}.get(type(node), "value")
