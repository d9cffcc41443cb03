"""An inverse that is only multiplied.

What it finds    `np.linalg.inv(A) @ b`, `np.linalg.inv(A).dot(b)`, `np.dot(np.linalg.inv(A), b)`, and longer products
                 that start so: `np.linalg.inv(X.T @ X) @ X.T @ y`.
Why it is slow   an inverse costs three times what solving for b costs, and loses digits besides.
Example          w = np.linalg.inv(A) @ b  ->  w = _solved(A, b)   # np.linalg.solve
Safe when        checked as it runs: A is a square matrix of floats, the factors are plain arrays that fit, and what is
                 solved for has no more columns than A. What is multiplied comes after an error of the inverse, and
                 leaves no trace. The digits differ by what the matrix's condition makes of rounding: replays must
                 agree within the contract's tolerance, and --exact forbids it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.arrays.base import FRESH_ARRAY_METHODS, helper, numpy_call, quiet_operators
from hasten.passes.source.arrays.products import as_written, products, there_already, when_there
from hasten.passes.source.batch.loops import FRESH_NUMPY
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import Parts

SOLVED = '''\
def _solved(matrix, *factors):
    """np.linalg.inv(matrix) @ the factors, by solving for what is multiplied where that is less work."""
    arrays = (matrix, *factors)
    if all(type(a) is NP.ndarray and a.dtype == NP.float64 and a.size for a in arrays):
        shapes = [a.shape for a in arrays]
        joined = all(len(a) == 2 and a[1:] == b[:1] for a, b in zip(shapes, shapes[1:]))
        if joined and shapes[0][0] == shapes[0][1] and len(shapes[-1]) in (1, 2):
            few = factors[-1].size <= len(factors[-1]) * len(matrix)
            if few and all(NP.abs(a).max() < 1e60 for a in arrays):
                right = factors[-1]
                for factor in reversed(factors[:-1]):
                    right = factor @ right
                return NP.linalg.solve(matrix, right)
    product = NP.linalg.inv(matrix)
    for factor in factors:
        product = product @ factor
    return product


'''
LATER = '''\
def _solved_later(matrix, given, *factors):
    """_solved, of a first factor that given() works out: after the errors that the inverse raises."""
    try:
        first = given()
    except Exception:
        NP.linalg.inv(matrix)
        raise
    return _solved(matrix, first, *factors)


'''


class InverseProduct(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST506"
    name: ClassVar[str] = "inverse that is only multiplied"
    risk: ClassVar[Risk] = Risk.ROUNDING

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        for node, how, (matrix, *factors) in products(place):
            if not isinstance(matrix, ast.Call) or numpy_call(module, matrix) != "linalg.inv":
                continue
            if len(matrix.args) != 1 or matrix.keywords:
                continue
            name, text = as_written(how, "_solved", SOLVED)
            texts, later = [text], [module.text(f) for f in factors]
            if not all(map(there_already, factors)):
                if not traceless(place, factors[0]) or not all(map(there_already, factors[1:])):
                    continue
                texts.append(LATER.replace("_solved", name))
                name, later[0] = f"{name}_later", f"lambda: {later[0]}"
            new = f"{name}({', '.join([module.text(matrix.args[0]), *later])})"
            yield Parts(
                title="solve instead of inverting",
                first=node.lineno,
                last=node.end_lineno or node.lineno,
                reason="the inverse is only multiplied",
                remedy="solve for the product",
                replace=((node, when_there(module, [f for f in factors if there_already(f)], new, node)),),
                prelude=helper(module, *texts),
            )


def traceless(place: Place, e: ast.expr) -> bool:
    """Whether `e`, written as a lambda, gives what it gives in its place, and leaves nothing behind if it fails."""
    module, project = place.module, place.project
    parts = [n for n in ast.iter_child_nodes(e) if isinstance(n, ast.expr)]
    match e:
        case ast.Name():
            return not isinstance(module.owner(e.id, e), ast.ClassDef)  # which a lambda does not see
        case ast.Constant() | ast.Slice() | ast.Tuple():
            pass
        case ast.BinOp() | ast.UnaryOp():
            if not quiet_operators(project):
                return False
        case ast.Subscript():
            if "__getitem__" in project.dunders:
                return False
        case ast.Attribute():
            if module.imported(e):
                return False
            return e.attr == "T" and "T" not in project.properties and traceless(place, e.value)
        case ast.Call(func=func, args=args, keywords=[]):
            if numpy_call(module, e) not in FRESH_NUMPY:
                if not isinstance(func, ast.Attribute) or func.attr not in FRESH_ARRAY_METHODS:
                    return False
                if func.attr in project.functions or module.imported(func):
                    return False
                args = [func.value, *args]
            parts = args
        case _:
            return False
    return all(traceless(place, n) for n in parts)
