"""Many small matrix products by one matrix.

What it finds    `X @ W`, `np.matmul(X, W)`, `np.dot(X, W)`, `X.dot(W)` of an array X of three or more dimensions, with
                 a matrix W: a layer over (rows, steps, features), a transformation of a grid of vectors.
Why it is slow   NumPy multiplies matrix after matrix of X, however small they are (`np.dot` even row by row, without
                 BLAS): with a row or two in each, calls cost more than the arithmetic.
Example          y = X @ W  ->  y = _stacked_product(X, W)   # all rows of X are one matrix
Safe when        checked as it runs: plain arrays of float64, X in one piece in memory, few rows in each of its
                 matrices, numbers that cannot overflow. The result is a new array of the same shape. Sums may be
                 rounded otherwise: replays must agree within the contract's tolerance, and --exact forbids it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.arrays.base import facts_of, helper, never_array, numpy_call
from hasten.passes.source.arrays.products import products, there_already
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import Parts, dotted

STACKED = '''\
def _stacked_product(stack, matrix):
    """stack @ matrix; where the stack holds many matrices of few rows, all their rows are multiplied at once."""
    if (
        type(stack) is NP.ndarray
        and type(matrix) is NP.ndarray
        and stack.dtype == NP.float64
        and matrix.dtype == NP.float64
        and stack.ndim > 2
        and matrix.ndim == 2
        and stack.shape[-1] == len(matrix)
        and stack.size
        and matrix.size
        and stack.shape[-2] <= FEW
        and stack.flags.c_contiguous
    ):
        if all(-1e60 < a.min() and a.max() < 1e60 for a in (stack, matrix)):
            product = NP.empty((*stack.shape[:-1], matrix.shape[1]))
            NP.matmul(stack.reshape(-1, len(matrix)), matrix, out=product.reshape(-1, matrix.shape[1]))
            return product
    return stack @ matrix


'''
FEW = {"@": "32", "np.matmul": "32"}  # rows of one matrix, up to which one large product is faster; `dot` uses no BLAS
SAME_SHAPE = frozenset(
    "exp log sqrt tanh abs absolute sin cos maximum minimum add subtract multiply divide square copy ascontiguousarray "
    "clip negative where log1p expm1 cumsum sort".split()
)
SAME_SHAPE_METHODS = frozenset({"astype", "copy", "clip", "round"})
MAX_DEPTH = 6


class StackedProducts(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST513"
    name: ClassVar[str] = "products of a stack of matrices"
    risk: ClassVar[Risk] = Risk.ROUNDING

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        for node, how, factors in products(place):
            if len(factors) != 2 or never_array(place, factors[1]) or not there_already(factors[1]):
                continue
            if (dimensions(place, factors[0]) or 0) < 3 or dimensions(place, factors[1]) not in (None, 2):
                continue
            given = ", ".join(module.text(f) for f in factors)
            name, text = _as_written(how)
            yield Parts(
                title="multiply the rows of all matrices at once",
                first=node.lineno,
                last=node.end_lineno or node.lineno,
                reason="a stack of small matrices is multiplied by one matrix, each by itself",
                remedy="one product of all rows",
                replace=((node, f"{name}({given})"),),
                prelude=helper(module, text),
            )


def _as_written(how: str) -> tuple[str, str]:
    """The helper's name and text for a product that is written so: what is not understood is multiplied as it was."""
    text = (
        STACKED.replace("FEW", FEW[how]) if how in FEW else STACKED.replace("        and stack.shape[-2] <= FEW\n", "")
    )
    if how == "@":
        return "_stacked_product", text
    own = f"_stacked_{how.rpartition('.')[2]}" + ("_of" if how == "dot" else "")
    plain = {"dot": "stack.dot(matrix)", "np.dot": "NP.dot(stack, matrix)"}.get(how, "NP.matmul(stack, matrix)")
    text = text.replace("def _stacked_product(", f"def {own}(").replace('"""stack @ matrix;', f'"""{plain};')
    return own, text.replace("return stack @ matrix", f"return {plain}")


def dimensions(place: Place, e: ast.expr, depth: int = 0) -> int | None:
    """The most dimensions that an expression was seen to have, or has by its syntax; None when nobody knows."""
    module = place.module
    if depth > MAX_DEPTH:
        return None
    match e:
        case ast.Name() | ast.Attribute() if dotted(e) and facts_of(place, dotted(e)):
            seen = [f.ndim for f in facts_of(place, dotted(e)) if f.type == "numpy.ndarray" and f.ndim is not None]
            return max(seen, default=None)
        case ast.Name():
            scope = module.owner(e.id, e)
            bound = module.bindings(e.id, scope) if scope is not None else []
            values = [b.value for b in bound if b.how == "assign" and b.value is not None and b.value is not e]
            found = [d for v in values if (d := dimensions(place, v, depth + 1)) is not None]
            return max(found, default=None)
        case ast.Call(func=ast.Attribute(attr=attr, value=base) as func, args=args):
            name = numpy_call(module, e)
            if name in ("zeros", "ones", "empty", "full") and args:
                return _length(args[0])
            if name == "reshape" and len(args) == 2:
                return _length(args[1])
            if name in SAME_SHAPE:
                found = [d for a in args if (d := dimensions(place, a, depth + 1)) is not None]
                return max(found, default=None)
            if attr == "reshape" and args and not module.imported(func):
                return len(args) if len(args) > 1 else _length(args[0])
            if attr in SAME_SHAPE_METHODS and not module.imported(func):
                return dimensions(place, base, depth + 1)
        case ast.BinOp(left=left, op=op, right=right):
            if isinstance(op, ast.MatMult):
                found = [d for s in (left, right) if (d := dimensions(place, s, depth + 1)) is not None]
                return max(found) if len(found) == 2 else None
            found = [d for s in (left, right) if (d := dimensions(place, s, depth + 1)) is not None]
            return max(found, default=None)
        case ast.UnaryOp(operand=operand):
            return dimensions(place, operand, depth + 1)
        case ast.Subscript(value=value, slice=index):
            base_dims = dimensions(place, value, depth + 1)
            parts = index.elts if isinstance(index, ast.Tuple) else [index]
            if base_dims is None:
                return None
            new = sum(isinstance(p, ast.Constant) and p.value is None for p in parts)
            return base_dims + new - sum(not _spans(p) for p in parts)
    return None


def _spans(part: ast.expr) -> bool:
    """Whether this part of an index keeps the dimension it is written for, or makes a new one."""
    return isinstance(part, ast.Slice) or isinstance(part, ast.Constant) and part.value in (None, ...)


def _length(shape: ast.expr) -> int | None:
    return len(shape.elts) if isinstance(shape, (ast.Tuple, ast.List)) else None
