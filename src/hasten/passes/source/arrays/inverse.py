"""An inverse that is only multiplied.

What it finds    `np.linalg.inv(A) @ b`, `np.linalg.inv(A).dot(b)`, `np.dot(np.linalg.inv(A), b)`, and longer products
                 that start so: `np.linalg.inv(X.T @ X) @ X.T @ y`.
Why it is slow   an inverse costs three times what solving for b costs, and loses digits besides.
Example          w = np.linalg.inv(A) @ b  ->  w = _solved(A, b)   # np.linalg.solve
Safe when        checked as it runs: A is a square matrix of floats, the factors are plain arrays that fit, and what is
                 solved for has no more columns than A. The digits differ by what the matrix's condition makes of
                 rounding: replays must agree within the contract's tolerance, and --exact forbids it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.arrays.base import helper, numpy_call
from hasten.passes.source.arrays.products import as_written, products
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import Parts

SOLVED = '''\
def _solved(matrix, *factors):
    """np.linalg.inv(matrix) @ the factors, by solving for what is multiplied where that is less work."""
    arrays = (matrix, *factors)
    if all(type(a) is NP.ndarray and a.dtype == NP.float64 and a.size and NP.abs(a).max() < 1e60 for a in arrays):
        shapes = [a.shape for a in arrays]
        joined = all(len(a) == 2 and a[1:] == b[:1] for a, b in zip(shapes, shapes[1:]))
        if joined and shapes[0][0] == shapes[0][1] and len(shapes[-1]) in (1, 2):
            if factors[-1].size <= len(factors[-1]) * len(matrix):
                right = factors[-1]
                for factor in reversed(factors[:-1]):
                    right = factor @ right
                return NP.linalg.solve(matrix, right)
    product = NP.linalg.inv(matrix)
    for factor in factors:
        product = product @ factor
    return product


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
            given = ", ".join(module.text(f) for f in (matrix.args[0], *factors))
            name, text = as_written(how, "_solved", SOLVED)
            yield Parts(
                title="solve instead of inverting",
                first=node.lineno,
                last=node.end_lineno or node.lineno,
                reason="the inverse is only multiplied",
                remedy="solve for the product",
                replace=((node, f"{name}({given})"),),
                prelude=helper(module, text),
            )
