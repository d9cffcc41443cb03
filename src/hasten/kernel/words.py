"""Strings that a kernel only compares, keeps and hands on: each is a number, the same for equal strings.

The wrapper numbers every string that comes in, and the program's own ones; on the way out numbers become the strings
again. Nothing else can be done with a `Word`: a kernel that wants more of a string is refused, or takes it as code
points (`texts`).
"""

from __future__ import annotations

import ast

from hasten.kernel import containers
from hasten.kernel.compiler import Unit, local
from hasten.kernel.kinds import BOOL, Arr, Grow, Lst, Map, Rec, Row, Word
from hasten.kernel.values import V, bare, fail, impure


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def number(u: Unit, text: str) -> int:
    """What stands for a string of the program."""
    return u.shared.words.setdefault(text, len(u.shared.words))


def constant(u: Unit, node: ast.Constant) -> V:
    """A string of the program, as its number."""
    return V(str(number(u, str(node.value))), Word(), leaf=True)


def compare(u: Unit, node: ast.Compare) -> V | None:
    """A comparison with a string of the program, where the other side is a `Word` or holds them. None: another one."""
    if len(node.ops) != 1:
        return None
    op, left, right = node.ops[0], node.left, node.comparators[0]
    if isinstance(op, (ast.In, ast.NotIn)):
        if is_text(left) and not isinstance(right, (ast.Constant, ast.Tuple, ast.List, ast.Set)):
            if isinstance(right, ast.Call) and isinstance(right.func, ast.Attribute) and right.func.attr == "keys":
                return containers.compare(u, node)
            if isinstance(kind_of(u, right), (Map, Row, Grow, Lst, Rec)):
                return containers.compare(u, node)
        return None
    if not isinstance(op, (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
        return None
    sides = [left, right]
    if not any(map(is_text, sides)) or not any(not is_text(e) and isinstance(kind_of(u, e), Word) for e in sides):
        return None
    a, b = (constant(u, e) if isinstance(e, ast.Constant) else u.expr(e) for e in sides)
    return same(u, op, a, b, node)


def same(u: Unit, op: ast.cmpop, a: V, b: V, node: ast.AST) -> V:
    """`a == b` of strings."""
    sign = {"Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">="}.get(type(op).__name__)
    if not isinstance(a.t, Word) or not isinstance(b.t, Word):
        fail("such a comparison of strings", node)
    if sign is not None:
        return V(f"({rank(u, a.code)} {sign} {rank(u, b.code)})", BOOL)
    return V(f"({bare(a.code)} {'==' if isinstance(op, ast.Eq) else '!='} {bare(b.code)})", BOOL)


def among(u: Unit, node: ast.Compare, right: ast.Tuple | ast.List | ast.Set, word: V) -> V:
    """`word in ("a", "b")`"""
    if impure(node.left) or not all(map(is_text, right.elts)):
        fail("`in` of strings", node)
    parts = [f"{word.code} == {constant(u, e).code}" for e in right.elts if isinstance(e, ast.Constant)]
    sign = "" if isinstance(node.ops[0], ast.In) else "not "
    return V(f"({sign}({' or '.join(parts)}))", BOOL)


def rank(u: Unit, code: str) -> str:
    """The place of a string among all strings of the call, in their order."""
    ranks(u)
    return f"{local(u.shared.ranks)}[{bare(code)}]"


def ranks(u: Unit) -> None:
    """Makes the ranks of strings known to a kernel."""
    if not u.shared.ranks:
        u.shared.ranks = "@" + u.module.fresh("string_ranks", u.shared.taken)
    u.extra.setdefault(u.shared.ranks, Arr("int64", 1))
    u.env.setdefault(u.shared.ranks, Arr("int64", 1))


def kind_of(u: Unit, node: ast.expr) -> object:
    """The type of an expression, whose code is made elsewhere."""
    count = len(u.lines)
    try:
        return u.expr(node).t
    finally:
        del u.lines[count:]
