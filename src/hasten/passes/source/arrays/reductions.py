"""Python's own sum, max and min over an array.

What it finds    `sum(mask)`, `sum(x)`, `max(x)`, `min(x)`, `any(mask)`, `all(mask)` of one-dimensional arrays, and of
                 comparisons and arithmetic of them: `sum(y_pred == y)`.
Why it is slow   every item becomes a Python object of its own; that costs 50 times the sum.
Example          accuracy = sum(y_pred == y) / len(y)  ->  accuracy = _sum(y_pred == y) / len(y)
Safe when        checked as it runs: a plain one-dimensional array. Floats are added one after the other, as Python
                 does, so the bits agree; integers must stay clear of overflow; of equal maxima the first is taken, and
                 with NaN, a warning or anything else Python does it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.passes.source.arrays.base import helper, maybe_array
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import Parts

PLAIN = '''\
def _plain_array(values, kinds):
    """Whether `values` is a one-dimensional array, not empty, of one of these kinds of dtype."""
    return type(values) is NP.ndarray and values.ndim == 1 and values.dtype.kind in kinds and len(values) > 0


'''
SUM = '''\
def _sum(values):
    """sum(values), in the same order, without a Python object for every item."""
    if _plain_array(values, "bif"):
        if values.dtype == bool:
            return NP.int_(NP.count_nonzero(values))
        if values.dtype == NP.int64 and len(values) * max(abs(int(values.min())), abs(int(values.max()))) < 2**63:
            return values.sum()
        if values.dtype == NP.float64:
            try:
                with NP.errstate(all="raise", under="ignore"):
                    return 0 + NP.cumsum(values)[-1]
            except FloatingPointError:
                pass  # Python warns in its own words
    return sum(values)


'''
ENDS = '''\
def _largest_of(values):
    """max(values): the first of those that are equal."""
    if _plain_array(values, "iuf"):
        found = values[values.argmax()]
        if found == found:
            return found
    return max(values)


def _smallest_of(values):
    """min(values): the first of those that are equal."""
    if _plain_array(values, "iuf"):
        found = values[values.argmin()]
        if found == found:
            return found
    return min(values)


'''
TRUTH = '''\
def _any_of(values):
    """any(values)"""
    return bool(values.any()) if _plain_array(values, "biuf") else any(values)


def _all_of(values):
    """all(values)"""
    return bool(values.all()) if _plain_array(values, "biuf") else all(values)


'''
HELPERS = {
    "sum": ("_sum", SUM),
    "max": ("_largest_of", ENDS),
    "min": ("_smallest_of", ENDS),
    "any": ("_any_of", TRUTH),
    "all": ("_all_of", TRUTH),
}


class ArrayReductions(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST503"
    name: ClassVar[str] = "Python's sum of an array"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                match node:
                    case ast.Call(func=ast.Name(id=name) as func, args=[values], keywords=[]) if name in HELPERS:
                        pass
                    case _:
                        continue
                if not module.is_builtin(func) or isinstance(values, (ast.Starred, ast.GeneratorExp, ast.ListComp)):
                    continue
                if not maybe_array(place, values):
                    continue
                new, text = HELPERS[name]
                yield Parts(
                    title=f"{name}() of an array without a Python object for every item",
                    first=node.lineno,
                    last=node.end_lineno or node.lineno,
                    reason=f"{name}() makes a Python object of every item of the array",
                    remedy="the array's own, in the same order",
                    replace=((func, new),),
                    prelude=helper(module, PLAIN, text),
                )
