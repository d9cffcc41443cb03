"""Exact fractions for a mean of floats.

What it finds    `statistics.mean(xs)`
Why it is slow   `statistics` adds up fractions, element by element: half a microsecond each and more.
Example          statistics.mean(window)   ->   _mean(window, statistics.mean)
Safe when        the list, tuple or deque holds plain floats only, looked at while it runs: anything else, and what is
                 not finite, goes through the original. The mean is what the original gives, to the bit: `math.fsum`
                 gives the sum and what was rounded off it, and with these it is checked that no float lies nearer to
                 the exact mean (products without error after Dekker, "A floating-point technique for extending the
                 available precision", 1971).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import Module, Parts

FLOATS = '''

def _only_floats(values):
    """Is it a list, tuple or deque of plain floats?"""
    return type(values) in (list, tuple, deque) and {*map(type, values)} == {float}


'''
MEAN = '''\
def _mean(values, otherwise):
    """`otherwise(values)`, which is `statistics.mean`: for floats to the same bit, but without fractions."""
    if type(values) is GeneratorType:
        values = list(values)
    if not _only_floats(values):
        return otherwise(values)
    n = len(values)
    try:
        total = math.fsum(values)
        rest = math.fsum([*values, -total])  # what was rounded off
    except (OverflowError, ValueError):
        return otherwise(values)
    mean = total / n
    for _ in range(2):
        if not 1e-250 < abs(mean) < 1e250 or n > 10**7:
            break
        high = mean * 134217729.0  # 26 bits of the mean: a product of them and n has no error
        high -= high - mean
        part = mean * n
        left = total - part - (high * n - part + (mean - high) * n) + rest  # of the sum, less n means
        step = n * math.ulp(mean) * (0.25 if abs(math.frexp(mean)[0]) == 0.5 else 0.5)
        if abs(left) < 0.999999 * step:
            return mean  # there is no float that is nearer
        mean += left / n
    return otherwise(values)


'''
SPREAD = '''\
def _spread(values, otherwise, less, root):
    """`otherwise(values)`, which is `statistics.stdev` or the like, without fractions: some last bits may differ."""
    if type(values) is GeneratorType:
        values = list(values)
    if not _only_floats(values) or len(values) <= less:
        return otherwise(values)
    n = len(values)
    try:
        mean = math.fsum(values) / n
        off = [x - mean for x in values]
        left = math.fsum(off) ** 2 / n
        squares = math.fsum([d * d for d in off]) - left
    except (OverflowError, ValueError):
        return otherwise(values)
    if not max(1e-250, 1e-3 * left) < squares < 1e250:
        return otherwise(values)
    found = squares / (n - less)
    return math.sqrt(found) if root else found


'''
IMPORTS = ("import math\n", "from collections import deque\n", "from types import GeneratorType\n")
SPREADS = {"stdev": "1, True", "pstdev": "0, True", "variance": "1, False", "pvariance": "0, False"}


class Means(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST117"
    name: ClassVar[str] = "mean of floats by fractions"

    def sites(self, place: Place) -> Iterator[Parts]:
        for call, _ in _calls(place, {"mean"}):
            yield _parts(place, call, "_mean", "", (*IMPORTS, FLOATS, MEAN))


class Spreads(ContainerPass):
    """Exact fractions for a variance or standard deviation of floats.

    What it finds    `statistics.stdev(xs)`, `pstdev`, `variance` and `pvariance`
    Why it is slow   `statistics` adds up fractions and their squares, element by element: a microsecond each and more.
    Example          statistics.stdev(window)   ->   _spread(window, statistics.stdev, 1, True)
    Safe when        the list, tuple or deque holds plain floats only, looked at while it runs, and they do not all lie
                     within some last bits: anything else goes through the original. Sums of squares about the mean are
                     corrected for its rounding (Chan, Golub, LeVeque, "Algorithms for computing the sample variance",
                     1983), so that the last bits of the result may differ.
    """

    code: ClassVar[str] = "HST118"
    name: ClassVar[str] = "spread of floats by fractions"
    risk: ClassVar[Risk] = Risk.ROUNDING

    def sites(self, place: Place) -> Iterator[Parts]:
        for call, name in _calls(place, {*SPREADS}):
            yield _parts(place, call, "_spread", f", {SPREADS[name]}", (*IMPORTS, FLOATS, SPREAD))


def _calls(place: Place, names: set[str]) -> Iterator[tuple[ast.Call, str]]:
    """Calls of these functions of `statistics` with one argument."""
    found = []
    for statement in place.module.statements(place.region):
        for node in ast.walk(statement):
            if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
                continue
            library, _, name = place.module.imported(node.func).rpartition(".")
            if library == "statistics" and name in names and not isinstance(node.args[0], ast.Starred):
                found.append((node, name))
    if found and not any(_replaces(module, names) for module in place.project.modules):
        yield from found


def _replaces(module: Module, names: set[str]) -> bool:
    """Does somebody put another function in the place of one of these?"""
    return any(
        isinstance(n, ast.Attribute) and n.attr in names and not isinstance(n.ctx, ast.Load)
        for n in ast.walk(module.tree)
    )


def _parts(place: Place, call: ast.Call, helper: str, more: str, prelude: tuple[str, ...]) -> Parts:
    module = place.module
    (given,) = call.args
    text = module.text(given)
    if isinstance(given, ast.GeneratorExp) and not text.startswith("("):
        text = f"({text})"
    function = module.text(call.func)
    first, last = call.lineno, call.end_lineno or call.lineno
    return Parts(
        title=f"{function} without fractions",
        first=first,
        last=last,
        reason=f"`{function}` adds up exact fractions, one for each element",
        remedy="add up floats without rounding errors (`math.fsum`) where all are floats",
        replace=((call, f"{helper}({text}, {function}{more})"),),
        prelude=prelude,
    )
