"""Arrays that leave a kernel beside others, in lists, or as what came in: which of them are one is told at run time.

What was one array in the kernel is one array outside, and one that came in is that one itself. Where two share a part
of their memory only, the plain code runs.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.kernel import lists_of_arrays
from hasten.kernel.arrays_tree import FLOATS
from hasten.kernel.kinds import Arr, Grow, Opt, Slot, Tup, Type, container, roots_of

if TYPE_CHECKING:
    from hasten.kernel.compiler import Shared, Unit

READS = frozenset({"len", "sum", "min", "max", "enumerate", "zip", "sorted", "range", "any", "all", "float", "int"})


def arrays_in(t: Type | None) -> bool:
    """Is it an array, or a list of arrays?"""
    return isinstance(t, Arr) or isinstance(t, Grow) and isinstance(t.item, Arr) and t.sink is None and not t.queue


def restorable(u: Unit, parts: Sequence[tuple[ast.expr | str, Type | None]]) -> bool:
    """Can the door tell which of these results are one? Each is given by its expression, or name, and its type."""
    lists: list[str] = []
    for node, t in parts:
        if not container(t) or isinstance(t, Arr):
            continue
        if isinstance(t, Opt):
            return False
        name = node if isinstance(node, str) else node.id if isinstance(node, ast.Name) else ""
        if name:
            if name in lists or not own_list(u, name):
                return False
            lists.append(name)
        elif not isinstance(node, (ast.List, ast.ListComp, ast.Dict, ast.DictComp)):
            return False
    return True


def own_list(u: Unit, name: str) -> bool:
    """Does a name stand for lists that are made where it is bound, and that no other name or list knows?"""
    if name in u.params or name in u.extra:
        return False
    parents: dict[int, ast.AST] = {}
    for s in u.stmts:
        for n in ast.walk(s):
            for child in ast.iter_child_nodes(n):
                parents[id(child)] = n
    for s in u.stmts:
        for n in ast.walk(s):
            if isinstance(n, ast.Name) and n.id == name and not _private(u, n, parents):
                return False
    return True


def _private(u: Unit, n: ast.Name, parents: Mapping[int, ast.AST]) -> bool:
    parent = parents.get(id(n))
    if not isinstance(n.ctx, ast.Load):
        return (
            isinstance(parent, ast.Assign)
            and len(parent.targets) == 1
            and isinstance(parent.value, (ast.List, ast.ListComp, ast.Dict, ast.DictComp))
        )
    if isinstance(parent, ast.Attribute):
        return isinstance(parents.get(id(parent)), ast.Call)
    if isinstance(parent, ast.Subscript):
        return parent.value is n and not isinstance(parent.slice, ast.Slice)
    if isinstance(parent, (ast.For, ast.comprehension)):
        return parent.iter is n
    if isinstance(parent, ast.Call):
        dotted = u.module.dotted(parent.func) or ""
        return n in parent.args and (dotted in READS or dotted.startswith("numpy."))
    if isinstance(parent, ast.Tuple):
        return isinstance(parents.get(id(parent)), ast.Return)
    return isinstance(parent, (ast.Return, ast.Compare, ast.While, ast.If, ast.BinOp))


def told_apart(u: Unit, out: Sequence[Type | None]) -> bool:
    """Is there something for the door to tell?"""
    return u.joint or any(arrays_in(t) and not isinstance(t, Arr) for t in out) or any(map(roots_of, out))


def put_together(u: Unit, name: str, t: Arr) -> bool:
    """Does the door make one piece of an array that comes in as part of another? It may if nothing of it is written or
    leaves; sums over its rows are rounded as those of one piece then."""
    if not t.apart or name in u.mutated or u.entangled:
        return False
    out = [u.env.get(o) for o in u.outs] + list(u.ret.items if isinstance(u.ret, Tup) else (u.ret,))
    if told_apart(u, out):
        return False
    for other in (*u.params.values(), *u.extra.values()):
        if isinstance(other, Slot) and isinstance(other.value, Arr) or lists_of_arrays.of(other) is not None:
            return False
    if t.ndim > 1 and t.dtype in FLOATS:
        if u.shared.exact:
            return False
        u.shared.rounding = True
    return True


def came_in(types: Mapping[str, Type], t: Type | None) -> bool:
    """Is all that it may be (part of) an array from outside?"""
    return all(isinstance(types.get(root), Arr) for root in roots_of(t))


def came_from_outside(t: Type | None) -> bool:
    """May a function's result be (part of) what it was given?"""
    return any(map(roots_of, t.items if isinstance(t, Tup) else (t,)))


def mapped(t: Type, given: Mapping[str, frozenset[str]]) -> Type:
    """A function's result with the roots that its arguments have where it is called."""
    if isinstance(t, Tup):
        return Tup(tuple(mapped(i, given) for i in t.items))
    if isinstance(t, Grow) and t.item is not None:
        return replace(t, item=mapped(t.item, given))
    if isinstance(t, Arr):
        return replace(t, roots=frozenset().union(*(given.get(r, frozenset({r})) for r in t.roots)))
    return t


def taken(shared: Shared, u: Unit, types: Mapping[str, Type], known: str) -> str:
    """The line that notes which arrays came in."""
    from hasten.kernel.arrays_results import RESULT
    from hasten.kernel.compiler import local

    pairs = [
        f"({f'new_{local(n)}' if n in u.mutated else local(n)}, {local(n)})"
        for n, t in types.items()
        if isinstance(t, Arr) and n not in (shared.ranks, RESULT)
    ]
    return f"{known} = {shared.helper('arrays_given')}({', '.join(pairs)})"


def code_of(shared: Shared, t: Type, x: str, known: str) -> str:
    """The code of an array, or of a list of arrays, for outside."""
    helper = shared.helper("array_out")
    if isinstance(t, Arr):
        return f"{helper}({x}, {known})"
    return f"[{helper}(row, {known}) for row in {x}]"


def looked_at(shared: Shared, known: str, undo: Sequence[str]) -> list[str]:
    """The lines that give up where memory is shared in another way."""
    return [f"if not {shared.helper('arrays_apart')}({known}):", *(f"    {line}" for line in (*undo, "return None"))]
