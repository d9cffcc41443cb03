"""Functions of elements that are given the array for their result: `np.multiply(x, y, out=z)`, `np.add(x, y, z)`.

NumPy computes all of it as if nothing were stored before the end, and casts the result to the type of `z`: that is what
`z[...] = np.multiply(x, y)` does, so this is what a kernel is made of.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hasten.kernel import names
from hasten.kernel.arrays_calls import ONE, TWO

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

NAMED_ONLY = frozenset({"numpy.maximum", "numpy.minimum"})  # NumPy warns of a third argument without a name
COUNTS = {**dict.fromkeys(ONE, 1), **dict.fromkeys(TWO, 2)}


def spelt(u: Unit) -> bool:
    """Puts assignments in place of such calls in the statements of a unit. False: there were none."""
    found = [s for top in u.stmts for s in ast.walk(top) if isinstance(s, ast.stmt) and _assignments(u, s)]
    if found:
        u.stmts = names.rewritten(u.stmts, lambda s: _assignments(u, s) or [s])
    return bool(found)


def _assignments(u: Unit, s: ast.stmt) -> list[ast.stmt]:
    """`np.add(x, y, out=z)` and `w = np.add(x, y, out=z)` as assignments to what `z` holds; nothing for all else."""
    call = s.value if isinstance(s, (ast.Expr, ast.Assign)) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return []
    name = u.module.dotted(call.func) or ""
    count = COUNTS.get(name.removeprefix("numpy.")) if name.startswith("numpy.") else None
    if count is None or any(isinstance(a, ast.Starred) for a in call.args):
        return []
    args, target = list(call.args), None
    if len(args) == count + 1 and not call.keywords and name not in NAMED_ONLY:
        target = args.pop()
    elif len(args) == count and len(call.keywords) == 1 and call.keywords[0].arg == "out":
        target = call.keywords[0].value
    if isinstance(target, ast.Name):
        where: ast.expr = ast.Subscript(target, ast.Constant(...), ast.Store())
    elif isinstance(target, ast.Subscript) and isinstance(s, ast.Expr) and _whole(target):
        where = ast.Subscript(target.value, target.slice, ast.Store())
    else:
        return []
    value = ast.copy_location(ast.Call(call.func, args, []), call)
    made: list[ast.stmt] = [ast.Assign([where], value)]
    if isinstance(s, ast.Assign):
        if len(s.targets) != 1 or not isinstance(s.targets[0], ast.Name) or not isinstance(target, ast.Name):
            return []
        if s.targets[0].id != target.id:
            made.append(ast.Assign(s.targets, ast.Name(target.id, ast.Load())))
    return [ast.fix_missing_locations(ast.copy_location(m, s)) for m in made]


def _whole(target: ast.Subscript) -> bool:
    """Is it surely a view (`A[1:-1]`)? What NumPy would pick into a new array is lost there."""
    parts = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    return isinstance(target.value, ast.Name) and all(isinstance(p, ast.Slice) for p in parts)


__all__ = ["spelt"]
