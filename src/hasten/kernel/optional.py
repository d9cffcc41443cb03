"""Names, attributes and results that may be None.

A name that is None for a while is held as a value and a flag; `x is None` asks the flag. Where the program uses the
value, the kernel gives up if the flag says None (the original would raise) unless a test around it has told otherwise.
What a function returns, or an element of its tuple, is held as a pair of both.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.kernel import containers
from hasten.kernel.kinds import (
    BOOL,
    Arr,
    Grow,
    Knot,
    Lst,
    Map,
    Nil,
    Num,
    Obj,
    Opt,
    Rec,
    Text,
    Tup,
    Type,
    Unknown,
    Word,
    container,
    invariant,
    join,
    loose,
)
from hasten.kernel.values import V, bare, fail, impure

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def arguments(u: Unit, types: Mapping[str, Type]) -> list[str]:
    """The kernel's parameters for names of these types."""
    out: list[str] = []
    for name, t in types.items():
        if isinstance(t, Opt):
            out.append(u.flag(name))
        if not isinstance(t, Nil):
            out.append(u.local(name))
    return out


def place(u: Unit, node: ast.expr) -> str | None:
    """The name that a name or an attribute of an object from outside is known by."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        from hasten.kernel import objects  # it builds on the compiler

        obj = objects.is_object(u, node.value)
        if obj is None or not isinstance(obj.t, Obj) or obj.t.many:
            return None
        return f"{obj.t.path}.{node.attr}"
    return None


def maybe(u: Unit, node: ast.expr) -> V:
    """The value of an expression that may be None: of type `Opt` (a pair) or `Nil` when it may."""
    if isinstance(node, ast.IfExp):
        return choice(u, node)
    return u.raw(node)


def choice(u: Unit, node: ast.IfExp) -> V:
    """`a if test else b`, one of which may be None."""
    known = static(u, node.test)
    if known is not None:
        return maybe(u, node.body if known else node.orelse)
    parts = []
    for value, truth in ((node.body, True), (node.orelse, False)):
        before = set(u.present)
        u.present |= told(u, node.test, truth)
        parts.append(maybe(u, value))
        u.present = before
    a, b = parts
    if not any(isinstance(v.t, (Opt, Nil)) for v in parts):
        return u.raw(node)
    t = join(a.t, b.t)
    if isinstance(t, Nil) or not isinstance(t, Opt) or container(t):
        fail("None or a container", node)
    return V(f"({paired(u, a, t)} if {bare(u.test(node.test))} else {paired(u, b, t)})", t)


def paired(u: Unit, v: V, t: Opt) -> str:
    """The code of `v` as the pair that holds an optional value."""
    if isinstance(v.t, Nil):
        return f"(True, {containers.sample(u, t.item)})"
    inner = v.t.item if isinstance(v.t, Opt) else v.t
    if isinstance(inner, Num) and isinstance(t.item, Num):
        if inner.kind is None or inner.kinds != t.item.kinds:
            fail("None or a number whose type depends on the data")
    if isinstance(v.t, Opt):
        return f"({v.pair[0]}, {v.pair[1]})" if v.pair is not None else v.code
    return f"(False, {bare(u.sink(v)) if isinstance(inner, Num) else u.sink(v)})"


def shaped(u: Unit, v: V, vs: list[V], t: Type, at: ast.AST) -> str:
    """The code of a result, as the representation of `t`. `vs`: the elements of a tuple that is spelt out."""
    if isinstance(t, Opt) and not isinstance(v.t, (Opt, Nil)):
        if isinstance(v.t, (Map, Num)) and (not isinstance(v.t, Num) or t.item is None or v.t.kind is None):
            fail("None or this", at)
        if isinstance(v.t, Num) and isinstance(t.item, Num) and v.t.kinds != t.item.kinds:
            fail("None or a number whose type depends on the data", at)
        assert t.item is not None
        return f"(False, {shaped(u, v, vs, t.item, at)})"
    if isinstance(t, Opt):
        return paired(u, v, t)
    if vs:
        assert isinstance(t, Tup)
        parts = [paired(u, x, i) if isinstance(i, Opt) else u.leaving(x) for x, i in zip(vs, t.items, strict=True)]
        return f"({', '.join(parts)})"
    if isinstance(v.t, Tup) and invariant(loose(v.t)) != invariant(loose(t)):
        fail("results of several types", at)
    return bare(u.fit(v, t)) if isinstance(v.t, Num) else u.sink(v)


def held(u: Unit, v: V) -> V:
    """The value of a pair; the kernel gives up when it is None."""
    assert isinstance(v.t, Opt)
    if v.t.item is None:
        raise Unknown("always None")
    if v.pair is not None:
        flag, value = v.pair
        return V(f"{u.helper('held')}({value}, {flag})", v.t.item, tag=v.tag, leaf=v.leaf and container(v.t))
    return V(f"{u.helper('held_pair')}({v.code})", v.t.item)


def taken_apart(u: Unit, v: V, at: ast.AST | None) -> tuple[str, V]:
    """Flag and value of a pair, for a name to take."""
    assert isinstance(v.t, Opt)
    if v.t.item is None:
        raise Unknown("always None")
    if v.pair is None:
        temp = f"pair_{getattr(at, 'lineno', 0)}_{getattr(at, 'col_offset', 0)}"
        u.emit(f"{temp} = {v.code}")
        return f"{temp}[0]", V(f"{temp}[1]", v.t.item)
    return v.pair[0], V(v.pair[1], v.t.item, tag=v.tag, leaf=v.leaf)


def apart(u: Unit, name: str, v: V) -> V:
    """A pair for a name to take; where it is worked out of that very name (`node = node.next`), by names of its own."""
    if v.pair is None or not re.search(rf"\b{re.escape(u.local(name))}(_missing)?\b", " ".join(v.pair)):
        return v
    temp = f"next_{u.local(name)}"
    if temp in u.module.identifiers:
        fail(f"the name {temp} is taken")
    u.emit(f"{temp}_missing, {temp} = {bare(v.pair[0])}, {bare(v.pair[1])}")
    return replace(v, code=f"({temp}_missing, {temp})", pair=(f"{temp}_missing", temp))


# ---------------------------------------------------------------------- tests


def is_none(u: Unit, node: ast.Compare) -> V:
    """`x is None`, `x is not None`"""
    right = node.comparators[0]
    if not (isinstance(right, ast.Constant) and right.value is None):
        fail("`is`", node)
    positive = isinstance(node.ops[0], ast.Is)
    known = static(u, node)
    if known is not None:
        return V(repr(known), BOOL)
    if isinstance(node.left, ast.Name) and node.left.id in u.optional:
        flag = u.flag(node.left.id)
    else:
        v = maybe(u, node.left)
        if isinstance(v.t, Knot):
            from hasten.kernel import knots  # it builds on this module

            return knots.none(u, v, positive, node.left)
        if not isinstance(v.t, (Opt, Nil)):
            if not isinstance(node.left, (ast.Name, ast.Attribute)) and not field(u, node.left):
                fail("`is`", node)
            there = looked_at(u, v.code)
            return V(there if not positive else "False" if there == "True" else f"(not {there})", BOOL)
        flag = "True" if isinstance(v.t, Nil) else v.pair[0] if v.pair is not None else f"{v.code}[0]"
    return V(flag if positive else f"(not {flag})", BOOL)


def looked_at(u: Unit, code: str) -> str:
    """The code of True, once what the code says is there has been looked at: what it is part of may be None."""
    return f"{u.helper('is_there')}({bare(code)})" if "_held" in code else "True"


def field(u: Unit, node: ast.expr) -> bool:
    """Is it `row["x"]`, of a record that has a name?"""
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and isinstance(u.env.get(node.value.id), Rec)
    )


def static(u: Unit, node: ast.expr) -> bool | None:
    """The outcome of a test that only asks whether something is None, where that is always or never so."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        known = static(u, node.operand)
        return None if known is None else not known
    if isinstance(node, ast.Call):
        from hasten.kernel import kindred  # it builds on the compiler

        one = kindred.is_one(u, node)
        return one if isinstance(one, bool) else None
    if isinstance(node, ast.BoolOp):
        parts = [static(u, v) for v in node.values]
        decisive = isinstance(node.op, ast.Or)
        if parts[0] is decisive:
            return decisive
        return (not decisive) if all(p is (not decisive) for p in parts) else None
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], (ast.Is, ast.IsNot)):
        right = node.comparators[0]
        name = place(u, node.left)
        if name is None or not (isinstance(right, ast.Constant) and right.value is None):
            return None
        none = always(u, name, node.left)
        return None if none is None else none is isinstance(node.ops[0], ast.Is)
    name = place(u, node)
    return False if name is not None and always(u, name, node) else None


def always(u: Unit, name: str, node: ast.expr) -> bool | None:
    """Is it None at all times (True), at none (False), or now and then (None)?"""
    if name in u.optional:
        return False if name in u.present else None
    if isinstance(node, ast.Name) and isinstance(u.env.get(name), Knot):
        return None
    if isinstance(node, ast.Name) and name in u.env:
        return False
    if name in u.bound:
        return None
    count = len(u.lines)
    t = u.raw(node).t
    del u.lines[count:]
    return True if isinstance(t, Nil) else None if isinstance(t, (Opt, Knot)) else False


def told(u: Unit, test: ast.expr, truth: bool) -> set[str]:
    """Names that cannot be None once `test` has come out as `truth`."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return told(u, test.operand, not truth)
    if isinstance(test, ast.BoolOp):
        if isinstance(test.op, ast.And) is truth:
            return set().union(*(told(u, v, truth) for v in test.values))
        return set()
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Is, ast.IsNot)):
        right = test.comparators[0]
        if isinstance(right, ast.Constant) and right.value is None and isinstance(test.ops[0], ast.Is) is not truth:
            name = place(u, test.left)
            return set() if name is None else {name}
        return set()
    name = place(u, test) if truth else None
    return set() if name is None else {name}


def ends(body: Sequence[ast.stmt]) -> bool:
    """Does control never come out at the end of these statements?"""
    return bool(body) and isinstance(body[-1], LEAVES)


def either_or(u: Unit, node: ast.BoolOp) -> V | None:
    """`x or y` where x is a name that may be None, a number or a list. None: something else."""
    if not isinstance(node.op, ast.Or) or len(node.values) != 2:
        return None
    first, second = node.values
    call = isinstance(first, ast.Call) and getattr(u.current, "value", None) is node
    if not call and place(u, first) is None:
        return None
    count = len(u.lines)
    a = maybe(u, first)
    if isinstance(a.t, Nil):
        return u.expr(second)
    inner = a.t.item if isinstance(a.t, Opt) else a.t
    if isinstance(inner, Num) and inner.rep == "b" and not isinstance(a.t, Opt):
        del u.lines[count:]
        return None
    if call:
        temp = f"first_{node.lineno}_{node.col_offset}"
        u.emit(f"{temp} = {u.sink(a) if isinstance(a.t, Num) else a.code}")
        a = V(temp, a.t, pair=(f"{temp}[0]", f"{temp}[1]") if isinstance(a.t, Opt) else None)
    if impure(second):
        fail("`or` with a call", node)
    test = truth(u, a, node)
    value = replace(a, t=inner, code=a.pair[1], pair=None) if a.pair is not None and inner is not None else a
    if isinstance(value.t, Obj) and value.t.many:
        b = u.expr(second)
        if b.t != value.t:
            fail("`or` of objects of several kinds", node)
        return V(f"({value.code} if {bare(test)} else {b.code})", value.t)
    if isinstance(value.t, (Num, Tup)):
        return u.either(test, value, u.expr(second), f"({{a}} if {bare(test)} else {{b}})", node)
    if isinstance(value.t, Lst):
        b = u.expr(second)
        if isinstance(b.t, Grow):
            b = u.as_list(b, node)
        if not isinstance(b.t, Lst):
            fail("`or` of a list and something else", node)
        return V(f"({value.code} if {bare(test)} else {b.code})", join(value.t, b.t), leaf=True)
    fail("`or` of such things", node)


def listed_or(u: Unit, node: ast.BoolOp) -> V | None:
    """`xs or range(n)`, to be gone over."""
    if not isinstance(node.op, ast.Or) or len(node.values) != 2 or place(u, node.values[0]) is None:
        return None
    first, second = node.values
    a = maybe(u, first)
    inner = a.t.item if isinstance(a.t, Opt) else a.t
    if not isinstance(inner, (Lst, Grow)):
        return None
    value = replace(a, t=inner, code=a.pair[1], pair=None) if a.pair is not None and inner is not None else a
    b = containers.sequence(u, second)
    if isinstance(value.t, Lst) and isinstance(b.t, Lst):
        return None
    item = join(containers.item_type(value, node), containers.item_type(b, node))
    if container(item):
        fail("`or` of lists of lists", node)
    listed = [v.code if isinstance(v.t, Grow) else f"{u.helper('as_list')}({v.code})" for v in (value, b)]
    return V(f"({listed[0]} if {bare(truth(u, a, node))} else {listed[1]})", Grow(item), leaf=True)


def truth(u: Unit, v: V, node: ast.AST) -> str:
    """The code of the truth of a value that may be None."""
    if isinstance(v.t, Nil):
        return "False"
    if isinstance(v.t, Opt):
        flag, inner = taken_apart(u, v, node) if v.pair is None else (v.pair[0], V(v.pair[1], v.t.item or Nil()))
        some = u.truth(inner, node)
        return f"(not {flag})" if some == "True" else f"(not {flag} and {some})"
    return u.truth(v, node)


def substitute(t: Type) -> str:
    """What the wrapper passes in place of None: something of the type that goes through the door."""
    if isinstance(t, Num):
        kind = t.kind or ""
        return {"int": "0", "float": "0.0", "bool": "False", "np.bool": "np.bool_(False)"}.get(kind, f"{kind}(0)")
    if isinstance(t, Lst):
        kind = next(iter(t.kinds))
        return "[" * t.depth + substitute(Num(frozenset({kind}))) + "]" * t.depth
    if isinstance(t, Tup):
        return f"({', '.join(map(substitute, t.items))},)"
    if isinstance(t, Arr):
        dtype = "np.bool_" if t.dtype == "bool" else f"np.{t.dtype}"
        return f"np.zeros({(1,) * t.ndim}, {dtype})"
    if isinstance(t, Text) or isinstance(t, Word) and not t.kind:
        return '""'
    fail("such a thing or None from outside")
