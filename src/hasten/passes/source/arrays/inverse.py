"""An inverse that is only multiplied.

What it finds    `np.linalg.inv(A) @ b`, `np.linalg.inv(A).dot(b)`, `np.dot(np.linalg.inv(A), b)`.
Why it is slow   an inverse costs three times what solving for b costs, and loses digits besides.
Example          w = np.linalg.inv(A) @ b  ->  w = _solved(A, b)   # np.linalg.solve
Safe when        checked as it runs: A is a square matrix of floats and b a vector or matrix of as many rows, fewer
                 columns than A. The digits differ by what the matrix's condition makes of rounding: replays must agree
                 within the contract's tolerance, and --exact forbids it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.arrays.base import helper, numpy_call
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import Module, Parts

SOLVED = '''\
def _solved(matrix, right):
    """np.linalg.inv(matrix) @ right, by solving for what is multiplied where that is less work."""
    if type(matrix) is NP.ndarray and type(right) is NP.ndarray and right.ndim in (1, 2):
        size = len(right)
        if matrix.shape == (size, size) and matrix.dtype == right.dtype == NP.float64 and right.size <= size * size:
            # near a singular matrix the two differ by more than rounding
            if size and NP.isfinite(matrix).all() and NP.isfinite(right).all():
                return NP.linalg.solve(matrix, right)
    return NP.linalg.inv(matrix) @ right


'''


class InverseProduct(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST506"
    name: ClassVar[str] = "inverse that is only multiplied"
    risk: ClassVar[Risk] = Risk.ROUNDING

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                pair = product(module, place.project.functions.keys(), node)
                if pair is None or not isinstance(node, ast.expr):
                    continue
                matrix, right = pair
                if numpy_call(module, matrix) != "linalg.inv" or not isinstance(matrix, ast.Call):
                    continue
                if len(matrix.args) != 1 or matrix.keywords:
                    continue
                new = f"_solved({module.text(matrix.args[0])}, {module.text(right)})"
                yield Parts(
                    title="solve instead of inverting",
                    first=node.lineno,
                    last=node.end_lineno or node.lineno,
                    reason="the inverse is only multiplied",
                    remedy="solve for the product",
                    replace=((node, new),),
                    prelude=helper(module, SOLVED),
                )


def product(module: Module, own: object, node: ast.AST) -> tuple[ast.expr, ast.expr] | None:
    """The two factors of a matrix product, however it is written."""
    match node:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            return left, right
        case ast.Call(func=ast.Attribute(attr="dot", value=left), args=[right], keywords=[]):
            if module.imported(node.func) or "dot" in own or isinstance(right, ast.Starred):  # type: ignore[operator]
                return None
            return left, right
        case ast.Call(args=[left, right], keywords=[]) if numpy_call(module, node) in ("dot", "matmul"):
            return left, right
    return None
