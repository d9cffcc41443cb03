"""The same work in every round of a loop.

What it finds    `sum(xs)`, `max(xs)`, `sorted(xs)[k]`, `x in set(xs)`, `np.mean(a)`, `df["c"].mean()` and the like
                 inside a loop that leaves `xs`, `a` and `df` as they are.
Why it is slow   each round goes through all items for the same answer.
Example          for x in xs:                         xs_sum, xs_steady = _UNSET, _is_steady(xs)
                     share = x / sum(xs)         ->   for x in xs:
                                                          share = x / (xs_sum if xs_sum is not _UNSET else ...)
Safe when        nothing in the loop can change the container (proved from the syntax of the project), and, checked
                 while it runs, its items are plain values. The work is still done where it was, the first time, so
                 that a loop that never gets there never does it, and an error comes when it came.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.effects import Frozen, frozen_during
from hasten.passes.source.containers.membership import IS_PLAIN, PLAIN, frozen_frame, ready, stretches
from hasten.passes.source.containers.syntax import Module, Parts

UNSET = "_UNSET = object()  # not worked out yet\n\n\n"

STEADY = '''\
def _is_steady(xs, *others):
    """Whether what is worked out from `xs` stays true while nobody changes it: its items are plain values,
    and it does not also go by one of the other names."""
    if any(xs is other for other in others):
        return False
    if type(xs) is dict:
        return all(map(_is_plain, xs)) and all(map(_is_plain, xs.values()))
    return type(xs) in (list, tuple) and all(map(_is_plain, xs))


'''

STEADY_ARRAY = """\
def _is_steady_array(xs, *column):
    \"\"\"Whether `xs` (or this column of a frame) is a list or one-dimensional array of numbers, and not empty.\"\"\"
    if column and type(xs).__module__.startswith("pandas.") and type(xs).__name__ == "DataFrame":
        if not xs.columns.is_unique or column[0] not in xs.columns:
            return False
        xs = xs[column[0]]
    elif column:
        return False
    if type(xs) in (list, tuple):
        return len(xs) > 0 and all(type(x) in (int, float) for x in xs)
    library, kind = type(xs).__module__.partition(".")[0], type(xs).__name__
    if (library, kind) in (("pandas", "Series"), ("numpy", "ndarray")):
        return xs.ndim == 1 and len(xs) > 0 and getattr(xs.dtype, "kind", "O") in "biuf"
    return False


"""
SCALARS = ("sum", "max", "min")
MADE = ("sorted", "set", "list", "tuple", "frozenset", "dict")
REDUCTIONS = frozenset("mean sum std var min max median ptp prod nansum nanmean nanmax nanmin nanstd".split())


class Invariant(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST108"
    name: ClassVar[str] = "same work in every round"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        taken: set[str] = set()
        kept: dict[tuple[ast.stmt, str], tuple[str, str, str]] = {}
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                if not isinstance(node, ast.Call):
                    continue
                found = _work(place, node)
                if found is None or _in_iterable(module, node):
                    continue
                if isinstance(module.function(node), (ast.Lambda, ast.ClassDef)):
                    continue
                base, arrays = found
                for stretch in stretches(place, node):
                    if arrays:
                        frozen: Frozen = frozen_frame(place, base, stretch)
                    else:
                        frozen = frozen_during(place.project, module, base, stretch)
                    if not frozen.ok or not ready(module, base, frozen, stretch):
                        continue
                    yield self._parts(place, node, base, arrays, stretch, frozen, taken, kept)
                    break

    @staticmethod
    def _parts(
        place: Place,
        node: ast.Call,
        base: ast.Name,
        arrays: bool,
        stretch: ast.stmt,
        frozen: Frozen,
        taken: set[str],
        kept: dict[tuple[ast.stmt, str], tuple[str, str, str]],
    ) -> Parts:
        module = place.module
        text = module.text(node)
        if (stretch, text) not in kept:
            word = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "value")
            name = module.fresh(f"{base.id}_{word}", taken)
            steady = module.fresh(f"{base.id}_steady", taken)
            taken |= {name, steady}
            helper = "_is_steady_array" if arrays else "_is_steady"
            others = "" if arrays else "".join(f", {n}" for n in frozen.apart)
            if arrays:
                column = next((n for n in ast.walk(node) if isinstance(n, ast.Subscript)), None)
                others = "" if column is None else f", {module.text(column.slice)}"
            setup = f"{module.margin(stretch)}{name}, {steady} = _UNSET, {helper}({base.id}{others})\n"
            kept[stretch, text] = name, steady, setup
        helpers = (UNSET, STEADY_ARRAY) if arrays else (PLAIN, IS_PLAIN, UNSET, STEADY)
        return worked_out_once(module, node, stretch, kept[stretch, text], "_UNSET", helpers)


def worked_out_once(
    module: Module, node: ast.expr, stretch: ast.stmt, kept: tuple[str, str, str], unset: str, helpers: tuple[str, ...]
) -> Parts:
    """An expression of a loop that is kept from its first round on.

    `kept` is the name for it, the name of whether it may be kept, and the line that binds both before `stretch`;
    `unset` stands for no value yet.
    """
    text = module.text(node)
    name, steady, setup = kept
    new = f"({name} if {name} is not {unset} else ({name} := {text}) if {steady} else {text})"
    return Parts(
        title=f"work {text} out once",
        first=node.lineno,
        last=node.end_lineno or node.lineno,
        reason=f"{text} is the same in every round",
        remedy="keep it from the first round on",
        replace=((node, new),),
        before=((stretch.lineno, setup),),
        prelude=helpers,
    )


def _work(place: Place, call: ast.Call) -> tuple[ast.Name, bool] | None:
    """The container that a call goes through, and whether it may be an array or frame (else a list, tuple or dict)."""
    module, project = place.module, place.project
    func = call.func
    plain_keywords = all(k.arg in ("reverse",) and isinstance(k.value, ast.Constant) for k in call.keywords)
    if (
        isinstance(func, ast.Name)
        and module.is_builtin(func, *SCALARS, *MADE)
        and len(call.args) == 1
        and plain_keywords
    ):
        arg = call.args[0]
        if isinstance(arg, ast.Call) and isinstance(arg.func, ast.Attribute) and not arg.args and not arg.keywords:
            if arg.func.attr not in ("values", "keys", "items") or arg.func.attr in project.functions:
                return None
            arg = arg.func.value
        if not isinstance(arg, ast.Name):
            return None
        if func.id in MADE and not _only_read(module, call):
            return None
        return arg, False
    if call.keywords:
        return None
    name = module.imported(func)
    if name.startswith("numpy.") and name.split(".", 1)[1] in REDUCTIONS and len(call.args) == 1:
        arg = call.args[0]
        base = _column(project.attributes | set(project.functions), arg)
        return (base, True) if base is not None else None
    if isinstance(func, ast.Attribute) and func.attr in REDUCTIONS and not call.args and not name:
        if func.attr in project.functions:
            return None
        base = _column(project.attributes | set(project.functions), func.value)
        return (base, True) if base is not None else None
    return None


def _column(user: set[str] | frozenset[str], e: ast.expr) -> ast.Name | None:
    """`a` or `df["c"]` (or `df.c`): the name."""
    match e:
        case ast.Name():
            return e
        case ast.Subscript(value=ast.Name() as base, slice=ast.Constant(value=str())):
            return base
    return None


def _only_read(module: Module, call: ast.Call) -> bool:
    """Whether a list or set made in place is looked at on the spot, so that nobody can change or keep it."""
    parent = module.parents[call]
    match parent:
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[c]):
            return c is call
        case ast.Subscript(value=value, ctx=ast.Load()):
            return value is call
        case ast.Call(func=func, args=[a]):
            return a is call and module.is_builtin(func, "len", "sum", "max", "min")
        case ast.For(iter=it) | ast.comprehension(iter=it):
            return it is call
        case ast.Attribute(attr="index" | "count"):
            outer = module.parents[parent]
            return isinstance(outer, ast.Call) and outer.func is parent
    return False


def _in_iterable(module: Module, node: ast.AST) -> bool:
    """Whether the node is inside the iterable of a comprehension, where no name can be bound."""
    child = node
    for at in module.up(node):
        if isinstance(at, ast.comprehension) and child is at.iter:
            return True
        if isinstance(at, ast.stmt):
            return False
        child = at
    return False
