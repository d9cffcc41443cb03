"""Arrays that leave a kernel without being copied: one that the function was given, or one made at the door."""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hasten.kernel import names
from hasten.kernel.arrays_tree import Node, Operand, integer, whole
from hasten.kernel.kinds import Arr, Type

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit


def rebound(stmts: Sequence[ast.stmt]) -> set[str]:
    """Names that statements bind in other ways than by `x += ...`."""
    kept = {id(n.target) for s in stmts for n in ast.walk(s) if isinstance(n, ast.AugAssign)}
    stored = {
        n.id
        for s in stmts
        for n in ast.walk(s)
        if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load) and id(n) not in kept
    }
    changed = [n.target for s in stmts for n in ast.walk(s) if isinstance(n, ast.AugAssign)]
    return (names.bound(stmts) - {t.id for t in changed if isinstance(t, ast.Name)}) | stored


def given_back(body: Sequence[ast.stmt], params: Mapping[str, Type]) -> tuple[list[ast.stmt], str] | None:
    """The body without its result, and the array that it is, if every return gives the same one of the parameters."""
    if any(isinstance(n, names.SCOPES) for s in body for n in ast.walk(s)):
        return None
    returned = [n.value for s in body for n in ast.walk(s) if isinstance(n, ast.Return)]
    found = {n.id if isinstance(n, ast.Name) else "" for n in returned}
    if len(found) != 1 or names.flow(body).sure is not None:
        return None
    (name,) = found
    if not isinstance(params.get(name), Arr) or name in rebound(body):
        return None
    new = copy.deepcopy(list(body))
    for s in new:
        for n in ast.walk(s):
            if isinstance(n, ast.Return):
                n.value = None
    return new, name


RESULT = "@made"  # the name at the door of an array that the kernel fills and the function returns


def shape_at_door(u: Unit, node: Node) -> str | None:
    """The code of the shape of a computed array, from the arrays at the door."""
    given = {u.local(n): t for n, t in {**u.params, **u.extra}.items() if isinstance(t, Arr)}
    changed = rebound(u.stmts)
    for leaf in node.leaves():
        o = leaf.operand
        if o is None or o.ones or o.ndim != node.ndim or o.base not in given or o.base in changed or o.mask is not None:
            continue
        if o == whole(o.base, o.dtype, o.ndim):
            return f"{o.base}.shape"
        if _in_order(o):
            return f"{o.base}[{', '.join(a.at or f'{a.start}:{a.stop}' for a in o.axes)}].shape"
    return None


def _in_order(o: Operand) -> bool:
    """Are the dimensions those of the array, at places that are spelt out?"""
    dims = [a.dim for a in o.axes if not a.at]
    codes = [c for a in o.axes for c in (a.at, a.start, a.stop) if c]
    return dims == sorted(dims) and all(integer(c) is not None for c in codes)
