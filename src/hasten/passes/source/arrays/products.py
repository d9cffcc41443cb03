"""Matrix products in an order that costs more than another.

What it finds    `A @ B @ v`, `A.dot(B).dot(v)`, `np.dot(np.dot(A, B), v)`: from the left, the product of two matrices.
Why it is slow   (A @ B) @ v costs n * n * n, A @ (B @ v) costs n * n.
Example          y = A @ B @ x  ->  y = _product(A, B, x)
Safe when        checked as it runs: plain arrays of floats whose shapes fit, and the other order is less than half the
                 work. Sums are rounded otherwise: replays must agree within the contract's tolerance, and --exact
                 forbids it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.arrays.base import helper, never_array, numpy_call, quiet_operators
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import Module, Parts

PRODUCT = '''\
def _product(*factors):
    """The factors multiplied from the left, or from the right where that is less than half the work."""
    if all(type(a) is NP.ndarray and a.dtype == NP.float64 and a.size for a in factors):
        shapes = [a.shape for a in factors]
        joined = all(len(a) == 2 and a[1:] == b[:1] for a, b in zip(shapes, shapes[1:]))
        if joined and len(shapes[-1]) in (1, 2):
            columns = shapes[-1][1] if len(shapes[-1]) == 2 else 1
            from_left = sum(shapes[0][0] * len(b) * (*b.shape, 1)[1] for b in factors[1:])
            from_right = sum(a[0] * a[1] * columns for a in shapes[:-1])
            if 2 * from_right < from_left and all(NP.abs(a).max() < 1e60 for a in factors):
                product = factors[-1]
                for factor in reversed(factors[:-1]):
                    product = factor @ product
                return product
    product = factors[0]
    for factor in factors[1:]:
        product = product @ factor
    return product


'''


class ProductOrder(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST507"
    name: ClassVar[str] = "order of matrix products"
    risk: ClassVar[Risk] = Risk.ROUNDING

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        for node, how, factors in products(place):
            if len(factors) < 3 or numpy_call(module, factors[0]) == "linalg.inv":
                continue
            if any(never_array(place, f) for f in factors) or not all(map(there_already, factors[2:])):
                continue
            given = ", ".join(module.text(f) for f in factors)
            name, text = as_written(how, "_product", PRODUCT)
            yield Parts(
                title="multiply from the right where that is less work",
                first=node.lineno,
                last=node.end_lineno or node.lineno,
                reason="a product of matrices is made for that of a vector",
                remedy="the vector first",
                replace=((node, when_there(module, factors[2:], f"{name}({given})", node)),),
                prelude=helper(module, text),
            )


def there_already(factor: ast.expr) -> bool:
    """Whether a factor can be worked out before a product that fails (`v[:, None]` of a list raises another error)."""
    return isinstance(_turned(factor) or factor, ast.Name)


def when_there(module: Module, later: list[ast.expr], new: str, node: ast.expr) -> str:
    """`new` works out the later factors before it multiplies: an error of `W.T` must not come before a product's."""
    tests = dict.fromkeys(f'hasattr({module.text(v)}, "T")' for f in later if (v := _turned(f)) is not None)
    return f"({new} if {' and '.join(tests)} else {module.text(node)})" if tests else new


def _turned(factor: ast.expr) -> ast.expr | None:
    """`W` of `W.T`; None for anything else."""
    return factor.value if isinstance(factor, ast.Attribute) and factor.attr == "T" else None


def products(place: Place) -> Iterator[tuple[ast.expr, str, list[ast.expr]]]:
    """The whole products of a region: each with how it is written, and its factors, multiplied from the left."""
    for statement in place.module.statements(place.region):
        for node in ast.walk(statement):
            if isinstance(node, ast.expr) and not _is_part(place, node):
                how, factors = _factors_of(place, node)
                if factors:
                    yield node, how, factors


def _factors_of(place: Place, node: ast.AST) -> tuple[str, list[ast.expr]]:
    """How a product is written, and its factors, multiplied from the left: `A @ B @ v`, `A.dot(B).dot(v)`. No factors
    for any other node."""
    how, pair = _pair(place, node)
    if not pair:
        return "", []
    inner, before = _factors_of(place, pair[0])
    return how, [*(before if inner == how else pair[:1]), pair[1]]


def _is_part(place: Place, node: ast.expr) -> bool:
    """Whether the node is the left factor of a longer product that is written alike."""
    parent = place.module.parents[node]
    if isinstance(parent, ast.Attribute):
        parent = place.module.parents[parent]
    how, pair = _pair(place, parent)
    return bool(pair) and pair[0] is node and how == _pair(place, node)[0]


def as_written(how: str, name: str, text: str) -> tuple[str, str]:
    """The helper's name and text for products written so: what is not understood is multiplied as it was."""
    if how == "@":
        return name, text
    multiplied = {"dot": "product.dot(factor)", "np.dot": "NP.dot(product, factor)"}.get(
        how, "NP.matmul(product, factor)"
    )
    own = f"{name}_{how.replace('.', '_')}"
    return own, text.replace(f"def {name}(", f"def {own}(").replace("product @ factor\n", f"{multiplied}\n")


def _pair(place: Place, node: ast.AST) -> tuple[str, list[ast.expr]]:
    module, project = place.module, place.project
    match node:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            return ("@", [left, right]) if quiet_operators(project) else ("", [])
        case ast.Call(func=ast.Attribute(attr="dot", value=left) as func, args=[right], keywords=[]):
            if not module.imported(func) and "dot" not in project.functions and not isinstance(right, ast.Starred):
                return "dot", [left, right]
        case ast.Call(args=[left, right], keywords=[]) if numpy_call(module, node) in ("dot", "matmul"):
            return f"np.{numpy_call(module, node)}", [left, right]
    return "", []
