"""Strings in kernels: read-only arrays of code points, and single characters as integers."""

from __future__ import annotations

import ast

from hasten.kernel.compiler import Unit
from hasten.kernel.kinds import BOOL, Chr, Num, Text, Word
from hasten.kernel.values import V, bare, fail

CODE_POINT = Num(frozenset({"int"}), 0, 0x10FFFF)
ASCII_TESTS = frozenset({"isdigit", "isalpha", "isalnum", "isspace", "isupper", "islower"})
SIGNS = {"Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Eq": "==", "NotEq": "!="}


def textual(unit: Unit, node: ast.expr) -> bool:
    """Is it a string, for all that can be told without compiling it?"""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.Subscript):
        return textual(unit, node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("lower", "upper"):
        return textual(unit, node.func.value)
    if isinstance(node, ast.Call):
        return unit.module.dotted(node.func) == "chr"
    if isinstance(node, (ast.Name, ast.Attribute)):
        name = ast.unparse(node)
        known = unit.env.get(name)
        if known is None and unit.lookup is not None and name not in unit.bound:
            known = unit.lookup(name)
        return isinstance(known, (Text, Chr))
    return False


def constant(node: ast.Constant) -> V:
    """A literal character."""
    if not isinstance(node.value, str) or len(node.value) != 1:
        fail(f"constant {node.value!r}", node)
    return V(str(ord(node.value)), Chr(), leaf=True)


def compare(unit: Unit, node: ast.Compare) -> V | None:
    """A comparison with strings in it; None when there are none."""
    if not any(textual(unit, e) for e in (node.left, *node.comparators)):
        return None
    if len(node.ops) != 1:
        fail("chain of comparisons of strings", node)
    op, right = node.ops[0], node.comparators[0]
    if isinstance(op, (ast.In, ast.NotIn)):
        a = unit.expr(node.left)
        if not isinstance(a.t, Chr):
            fail("search for more than a character", node)
        if isinstance(right, ast.Constant) and isinstance(right.value, str) and right.value:
            code = f"{a.code} in ({', '.join(str(ord(c)) for c in right.value)},)"
        else:
            b = unit.expr(right)
            if not isinstance(b.t, Text):
                fail("search in this", node)
            code = f"{unit.helper('has_code')}({bare(a.code)}, {b.code})"
        return V(f"(not {code})" if isinstance(op, ast.NotIn) else f"({code})", BOOL)
    sign = SIGNS.get(type(op).__name__)
    if sign is None:
        fail("comparison of strings", node)
    a, b = unit.expr(node.left), unit.expr(right)
    if isinstance(a.t, Chr) and isinstance(b.t, Chr):
        return V(f"({a.code} {sign} {b.code})", BOOL)
    if isinstance(a.t, Text) and isinstance(b.t, Text) and sign in ("==", "!="):
        code = f"{unit.helper('same_codes')}({bare(a.code)}, {bare(b.code)})"
        return V(code if sign == "==" else f"(not {code})", BOOL)
    fail("comparison of strings", node)


def known(unit: Unit, name: str, node: ast.Call) -> V | None:
    """`ord` and `chr`."""
    if name == "ord" and len(node.args) == 1:
        v = unit.expr(node.args[0])
        if isinstance(v.t, Word) and not v.t.kind:
            from hasten.kernel import letters  # it builds on the compiler

            return letters.ord_of(unit, v)
        if not isinstance(v.t, Chr):
            fail("ord of this", node)
        return V(v.code, CODE_POINT)
    if name == "chr" and len(node.args) == 1:
        v = unit.integer(node.args[0])
        assert isinstance(v.t, Num)
        if v.t.kinds != {"int"}:
            fail("chr of this", node)
        return V(unit.ranged(v.code, v.t, 0, 0x10FFFF), Chr())
    return None


def method(unit: Unit, base: V, name: str, node: ast.Call) -> V:
    """A question about one character, answered for ASCII (the kernel gives up for others)."""
    if not isinstance(base.t, Chr) or node.args or node.keywords:
        fail(f"method {name} of a string", node)
    if name in ASCII_TESTS:
        return V(f"{unit.helper('ascii_' + name)}({bare(base.code)})", BOOL)
    if name in ("lower", "upper"):
        return V(f"{unit.helper('ascii_' + name)}({bare(base.code)})", Chr())
    fail(f"method {name} of a string", node)
