"""How many bits of an integer are set: `bin(code).count("1")`, `code.bit_count()`, `code.bit_length()`."""

from __future__ import annotations

import ast

from hasten.kernel.compiler import Unit
from hasten.kernel.kinds import Num
from hasten.kernel.values import V, bare, fail

BITS = Num(frozenset({"int"}), 0, 64)
METHODS = {"bit_count": "ones_in", "bit_length": "bits_of"}


def call(unit: Unit, func: ast.Attribute, node: ast.Call) -> V | None:
    """The call, or None when it is not one of these. Raises `Refuse`."""
    if node.keywords:
        return None
    if func.attr in METHODS and not node.args:
        v = unit.integer(func.value)
        if not isinstance(v.t, Num) or v.t.kinds != {"int"}:
            fail(f"{func.attr} of such a number", node)
        return V(f"{unit.helper(METHODS[func.attr])}({bare(v.code)})", BITS)
    of = func.value
    if func.attr != "count" or not isinstance(of, ast.Call) or unit.module.dotted(of.func) != "bin":
        return None
    (what,) = node.args if len(node.args) == 1 else (None,)
    if not isinstance(what, ast.Constant) or what.value != "1" or len(of.args) != 1 or of.keywords:
        fail("this count of digits", node)
    v = unit.integer(of.args[0])
    if not isinstance(v.t, Num) or not v.t.kinds <= {"int", "np.int64"}:
        fail("bin of such a number", node)
    return V(f"{unit.helper('ones_in')}({bare(v.code)})", BITS)
