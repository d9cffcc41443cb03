"""`math.fsum` and what `statistics` gives of a list of floats.

Exact fractions are `statistics`' way to a mean that is rounded once. A kernel adds up without rounding errors as `fsum`
does, and divides: the last bit may differ, and what `fmean` and `fsum` give does not.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hasten.kernel.kinds import FLOAT, Arr, Grow, Lst
from hasten.kernel.values import V, bare, fail, may_round

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

SPREADS = {
    "statistics.stdev": "1, True", "statistics.pstdev": "0, True",
    "statistics.variance": "1, False", "statistics.pvariance": "0, False",
}  # fmt: skip
EXACT = {"math.fsum": "exact_sum", "statistics.fmean": "float_mean"}


def call(u: Unit, name: str, node: ast.Call) -> V | None:
    """The call, or None when it is of another function."""
    if name not in EXACT and name not in SPREADS and name != "statistics.mean":
        return None
    if len(node.args) != 1 or node.keywords:
        fail(f"{name} with such arguments", node)
    v = u.listed(node.args[0])
    if not isinstance(v.t, (Lst, Grow, Arr)):
        fail(f"{name} of this", node)
    item = u.item_of(v)
    wanted = {"float", "np.float64", "int"} if name in EXACT else {"float"}
    if item.kind not in wanted:
        fail(f"{name} of {' or '.join(sorted(item.kinds))}", node)
    code = bare(v.code)
    if name in EXACT:
        return V(f"{u.helper(EXACT[name])}({code})", FLOAT)
    may_round(u, f"{name} may be rounded otherwise when compiled", node)
    if name == "statistics.mean":
        return V(f"{u.helper('float_mean')}({code})", FLOAT)
    return V(f"{u.helper('spread_of')}({code}, {SPREADS[name]})", FLOAT)
