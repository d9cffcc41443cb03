"""A matrix multiplied by one row or column after another.

What it finds    `X[:, i] @ X[:, i:m]`, `A[i] @ B`, `B @ A[i]`, `np.dot(A[i, :], B.T)` in a loop over `range` that binds
                 i and leaves A and B as they are: covariances, similarities, projections, row by row.
Why it is slow   each product of a vector goes through the whole matrix; one product of both matrices keeps parts of
                 them in the cache, and half of `X.T @ X` is the other half.
Example          for i in range(m): C[i] = A[i] @ B
                 ->  A_products = _all_products(A, ...) before the loop, and A_products[i].copy() in it
Safe when        nothing in the loop can change A and B (proved from the syntax of the project), no round is left out by
                 `break` or `return`, and, checked as it runs, they are plain matrices of float64 that fit, without NaN
                 or numbers that may overflow, and most rows are asked for. Sums are rounded otherwise: replays must
                 agree within the contract's tolerance, and --exact forbids it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.arrays.base import early, helper, never_array, quiet_operators
from hasten.passes.source.arrays.frozen import frozen_array
from hasten.passes.source.arrays.products import products
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.membership import stretches
from hasten.passes.source.containers.syntax import Module, Parts

# at most 128 MiB of products; half of the rows have to be asked for
ALL = '''\
def _all_products(rows, of_columns, matrix, turned, rounds):
    """All rows of a matrix (or its columns) times another (or its transpose); None where asking for one after another
    is as good, or may not be the same."""
    for a in (rows, matrix):
        if type(a) is not NP.ndarray or a.ndim != 2 or a.dtype != NP.float64 or not a.size:
            return None
    rows, matrix = rows.T if of_columns else rows, matrix.T if turned else matrix
    if not rounds or not (0 <= rounds[0] < len(rows) and 0 <= rounds[-1] < len(rows)):
        return None
    if rows.shape[1] != len(matrix) or len(rows) * matrix.shape[1] > 2**24 or 2 * len(rounds) < len(rows):
        return None
    if NP.geterr()["under"] != "ignore":
        return None
    if not all(-1e60 < a.min() and a.max() < 1e60 for a in (rows, matrix)):
        return None
    return rows @ matrix


'''


@dataclass(frozen=True)
class Vector:
    """`A[i]`, or `A[:, i]`: a row or column of the matrix of this name."""

    matrix: ast.Name
    index: ast.Name
    of_column: bool


@dataclass(frozen=True)
class Matrix:
    """`B`, `B.T`, or some columns of it, `B[:, a:b]` (`B[a:b]` where it is the left factor)."""

    matrix: ast.Name
    turned: bool
    part: ast.Slice | None = None


class AllProducts(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST515"
    name: ClassVar[str] = "products of one row after another"
    risk: ClassVar[Risk] = Risk.ROUNDING

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        taken: set[str] = set()
        for node, _, factors in products(place):
            if len(factors) != 2:
                continue
            left, right = factors
            vector, matrix = _vector(left), _matrix(place, right, left=False)
            if vector is None or matrix is None:
                vector, matrix = _vector(right), _matrix(place, left, left=True)
            if vector is None or matrix is None:
                continue
            names = (vector.matrix, matrix.matrix)
            loop = _loop(place, node, vector.index)
            if loop is None or loop not in stretches(place, node) or any(never_array(place, n) for n in names):
                continue
            if not all(frozen_array(place, n, loop) for n in names):
                continue
            name = module.fresh(f"{vector.matrix.id}_products", taken)
            taken.add(name)
            yield _parts(module, node, vector, matrix, loop, name)


def _parts(module: Module, node: ast.expr, vector: Vector, matrix: Matrix, loop: ast.For, name: str) -> Parts:
    given = f"{vector.matrix.id}, {vector.of_column}, {matrix.matrix.id}, {matrix.turned}, {module.text(loop.iter)}"
    picked = vector.index.id + (f", {module.text(matrix.part)}" if matrix.part is not None else "")
    return Parts(
        title=f"multiply all of {vector.matrix.id} by {matrix.matrix.id} at once",
        first=node.lineno,
        last=node.end_lineno or node.lineno,
        reason=f"{matrix.matrix.id} is multiplied by one vector after another",
        remedy="one product of both matrices",
        replace=((node, f"({name}[{picked}].copy() if {name} is not None else {module.text(node)})"),),
        before=((loop.lineno, f"{module.margin(loop)}{name} = _all_products({given})\n"),),
        prelude=helper(module, ALL),
    )


def _vector(e: ast.expr) -> Vector | None:
    match e:
        case ast.Subscript(value=ast.Name() as matrix, slice=ast.Name() as index):
            return Vector(matrix, index, False)
        case ast.Subscript(value=ast.Name() as matrix, slice=ast.Tuple(elts=[ast.Name() as index, whole])):
            return Vector(matrix, index, False) if _whole(whole) else None
        case ast.Subscript(value=ast.Name() as matrix, slice=ast.Tuple(elts=[whole, ast.Name() as index])):
            return Vector(matrix, index, True) if _whole(whole) else None
    return None


def _matrix(place: Place, e: ast.expr, *, left: bool) -> Matrix | None:
    """What `e` is as a factor; the result of a left one has an item for each of its rows, else for its columns."""
    match e:
        case ast.Name():
            return Matrix(e, left)
        case ast.Attribute(value=ast.Name() as matrix, attr="T") if "T" not in place.project.properties:
            return Matrix(matrix, not left)
        case ast.Subscript(value=ast.Name() as matrix, slice=ast.Slice() as part) if left and _steady(place, part):
            return Matrix(matrix, True, part)
        case ast.Subscript(value=ast.Name() as matrix, slice=ast.Tuple(elts=[first, second])):
            some, whole = (first, second) if left else (second, first)
            if isinstance(some, ast.Slice) and _whole(whole) and _steady(place, some):
                return Matrix(matrix, left, some)
    return None


def _whole(e: ast.expr) -> bool:
    return isinstance(e, ast.Slice) and e.lower is None and e.upper is None and e.step is None


def _steady(place: Place, part: ast.Slice) -> bool:
    """Whether the ends of a slice are numbers, names and arithmetic of these."""
    return all(e is None or early(place.project, place.module, e) for e in (part.lower, part.upper, part.step))


def _loop(place: Place, node: ast.expr, index: ast.Name) -> ast.For | None:
    """The loop over `range` that binds the index, when the product is made in each of its rounds."""
    module = place.module
    loop = module.parents[module.statement(node)]
    scope = module.owner(index.id, index)
    if not isinstance(loop, ast.For) or loop.orelse or scope is None or module.dynamic:
        return None
    if not isinstance(loop.target, ast.Name) or loop.target.id != index.id or not quiet_operators(place.project):
        return None
    match loop.iter:
        case ast.Call(func=func, args=args, keywords=[]) if args and module.is_builtin(func, "range"):
            pass
        case _:
            return None
    if any(
        u in set(ast.walk(loop)) and u is not loop.target and not isinstance(u.ctx, ast.Load)
        for u in module.uses(index.id, scope)
    ):
        return None
    if any(module.function(u) is not module.function(loop) for u in module.uses(index.id, scope)):
        return None
    leaving = (ast.Break, ast.Return, ast.Yield, ast.YieldFrom, ast.Await)
    if any(isinstance(n, leaving) for n in ast.walk(loop)) or not all(early(place.project, module, a) for a in args):
        return None
    return loop
