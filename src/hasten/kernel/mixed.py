"""Lists of ints and floats side by side, or of ints that become floats midway.

`y = [0] * n` and later `y[i] = y[i] + 0.5 * x`: such a list holds ints for a while, and an array of integers would cut
the fractions off. Where that may happen a list is held as two arrays (`Mix`): its numbers as float64, and the codes of
their types. Arithmetic on a number that may be an int is done in float64 too, which is exact as long as an int result
stays below 2**53; beyond, the kernel gives up.

That a list is of this kind is found while types are inferred: a store that does not fit makes the list a `Mix`, from
its binding (or the door) on, and everything is inferred once more.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.kernel.kinds import (
    CODE,
    EXACT_FLOAT,
    FLOAT,
    MIXED,
    Lst,
    Mix,
    Num,
    Refuse,
    Told,
    Tup,
    Type,
    Unknown,
    join,
)
from hasten.kernel.values import PY_TYPE, V, bare, fail, impure

if TYPE_CHECKING:
    from hasten.kernel.compiler import Shared, Unit

SIGNS = {"Add": "+", "Sub": "-", "Mult": "*"}
REAL = frozenset({"int", "float"})
FLOATS = frozenset({"float", "np.float64"})


class Needed(Refuse):
    """A function stores numbers of other types into the list `param`: the caller must hand on a `Mix`."""

    def __init__(self, param: str, kinds: frozenset[str]) -> None:
        super().__init__(f"numbers of another type are put into {param}")
        self.param = param
        self.kinds = kinds


def mixed(t: Type | None, kinds: frozenset[str]) -> Mix | None:
    """The type of a list of numbers that holds these kinds as well."""
    if isinstance(t, (Lst, Mix)) and t.kinds | kinds <= MIXED:
        return Mix(t.kinds | kinds, t.depth, t.roots)
    return None


def joined(a: Type, b: Type) -> Type:
    """One type for a name that stands for two lists in turn."""
    if isinstance(a, Lst) and isinstance(b, Lst) and a.depth == b.depth and "int" in a.kinds ^ b.kinds:
        found = mixed(a, b.kinds)
        if found is not None:
            return replace(found, roots=a.roots | b.roots)
    return join(a, b)


def in_turn(u: Unit, name: str, v: V, old: Type | None) -> tuple[V, Type | None]:
    """A name that holds an int here and a float there: the int is looked at, for it waits in a float64."""
    t = v.t
    if not isinstance(t, Num) or not isinstance(old, Num) or not (t.kinds | old.kinds <= MIXED) or t.rep == old.rep:
        return v, old
    exact = (-EXACT_FLOAT, EXACT_FLOAT)
    if t.rep == "i":
        return replace(v, code=u.ranged(v.code, t, *exact), t=Num(t.kinds, *exact)), old
    if name in u.params or name in u.extra:
        return v, old  # it came in as an int of any size
    return v, Num(old.kinds, *exact)  # where it is bound to an int, that is looked at from the next round on


# ---------------------------------------------------------------------- which lists are held so


def widen(u: Unit, roots: Iterable[str], kinds: frozenset[str]) -> None:
    """The lists of these names at the door hold numbers of these kinds as well. Raises `Refuse` where that is no use.

    In a function that a kernel calls its own parameters are the caller's business: raises `Needed`.
    """
    shared = u.shared
    for name in sorted(roots):
        if not u.top and name in u.params:
            raise Needed(name, kinds)
        if name in shared.slots:
            fail(f"{name} holds numbers of several types")
        known = shared.mixed.get(name, frozenset())
        if not kinds <= known:
            shared.mixed[name] = known | kinds
            shared.version += 1
        renew(u)


def renew(u: Unit) -> None:
    """What is known of mixed lists by now, for the names of this unit."""
    for name, kinds in u.shared.mixed.items():
        for types in (u.params, u.extra) if u.top else (u.extra,):
            if name in types:
                found = mixed(types[name], kinds)
                if found is None:
                    fail(f"{name} holds {' and '.join(sorted(kinds))} in turn")
                types[name] = found
                now = mixed(u.env.get(name, found), found.kinds)
                if now is not None:
                    u.env[name] = now


def at_door(u: Unit, name: str, t: Type | None) -> Type | None:
    """The type of a name from outside, as what is put into it has shown."""
    kinds = u.shared.mixed.get(name)
    return t if kinds is None else mixed(t, kinds)


def widen_owner(u: Unit, node: ast.expr, t: Lst | Mix, kinds: frozenset[str]) -> None:
    """The list that `node` is (part of) holds numbers of these kinds as well."""
    if t.roots:
        widen(u, t.roots, kinds | t.kinds)
        return
    while isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
        node = node.value
    found = mixed(u.env.get(node.id), kinds | t.kinds) if isinstance(node, ast.Name) else None
    if found is None or not isinstance(node, ast.Name):
        fail(f"{' or '.join(sorted(kinds))} stored into a list of {' or '.join(sorted(t.kinds))}", node)
    u.env[node.id] = found


def follow(u: Unit, v: V, new: Type) -> None:
    """A name of type `new` stands for (part of) `v`: what the name takes for a mixed list is one for its owner too."""
    if not isinstance(new, Mix) or not isinstance(v.t, (Lst, Mix)) or v.t.kinds == new.kinds:
        return
    if not v.leaf and v.parts is None:
        return
    if v.t.roots:
        widen(u, v.t.roots, new.kinds)
        return
    owner = v.parts[0] if v.parts is not None else v.code
    found = mixed(u.env.get(owner), new.kinds)
    if found is not None:
        u.env[owner] = found


def follow_loop(u: Unit, target: ast.expr, over: ast.expr) -> None:
    """The same for the rows that a loop goes over."""
    if isinstance(over, ast.Call) and isinstance(over.func, ast.Name):
        if over.func.id == "enumerate" and isinstance(target, ast.Tuple) and len(target.elts) == 2 and over.args:
            follow_loop(u, target.elts[1], over.args[0])
        elif over.func.id == "zip" and isinstance(target, ast.Tuple) and len(target.elts) == len(over.args):
            for t, o in zip(target.elts, over.args, strict=True):
                follow_loop(u, t, o)
    elif isinstance(target, ast.Name) and isinstance(over, ast.Name):
        row, rows = u.env.get(target.id), u.env.get(over.id)
        if isinstance(row, Mix) and isinstance(rows, (Lst, Mix)) and not row.kinds <= rows.kinds:
            widen_owner(u, over, rows, row.kinds)


def passed(u: Unit, need: Needed, given: V, node: ast.AST) -> None:
    """A function that is called puts other numbers into a list that it is given. Raises `Unknown`: once more, then."""
    if isinstance(given.t, (Lst, Mix)):
        follow(u, replace(given, leaf=True), Mix(need.kinds | given.t.kinds, given.t.depth))
        raise Unknown(str(need))
    fail(str(need), node)


def fit(u: Unit, v: V, t: Mix) -> str:
    """The code of a list as a mixed one."""
    if isinstance(v.t, Mix):
        return v.code
    if not isinstance(v.t, Lst) or len(v.t.kinds) != 1:
        fail("a list of such numbers among others")
    (kind,) = v.t.kinds
    return f"{u.helper('as_mixed')}({v.code}, {CODE[kind]})"


def display(u: Unit, vs: list[V], codes: str) -> V | None:
    """`[0, 0.5]`; None where the elements are of one type, or of types that no list holds side by side."""
    kinds: frozenset[str] = frozenset().union(*(v.t.kinds for v in vs if isinstance(v.t, Num)))
    if not kinds <= MIXED or len(kinds) < 2:
        return None
    ints = {bare(v.code): v.t for v in vs if isinstance(v.t, Num) and v.t.rep == "i"}
    if any(not t.within(-EXACT_FLOAT, EXACT_FLOAT) for t in ints.values()):
        limits = (-EXACT_FLOAT, EXACT_FLOAT)
        looked = [u.ranged(v.code, v.t, *limits) if bare(v.code) in ints else u.sink(v) for v in vs]  # type: ignore[arg-type]
        codes = ", ".join(map(bare, looked))
    tags = ", ".join(u.tag(v) for v in vs)
    return V(f"(np.array([{codes}], np.float64), np.array([{tags}], np.int8))", Mix(kinds))


# ---------------------------------------------------------------------- elements


def element(u: Unit, base: V, node: ast.Subscript) -> V:
    """`x[i]`, `x[i][j]` and `x[a:b]` of a mixed list."""
    t = base.t
    assert isinstance(t, Mix)
    if isinstance(node.slice, ast.Tuple):
        fail("tuple index of a list", node)
    if isinstance(node.slice, ast.Slice):
        if t.depth != 1 or node.slice.step is not None:
            fail("slice of a list of mixed numbers", node)
        ends = ":".join(bare(u.integer(e).code) if e is not None else "" for e in (node.slice.lower, node.slice.upper))
        return V(f"({base.code}[0][{ends}].copy(), {base.code}[1][{ends}].copy())", replace(t, roots=frozenset()))
    root, before = base.parts if base.parts is not None else (base.code, ())
    if not root.isidentifier() or impure(node):
        fail("element of a list that is computed", node)
    parts = (root, (*before, bare(u.integer(node.slice).code)))
    numbers, kinds = places(parts)
    if t.depth > 1:
        return V(f"({numbers}, {kinds})", replace(t, depth=t.depth - 1), parts=parts)
    return V(numbers, Num(t.kinds), tag=lambda: kinds, parts=parts)


def places(parts: tuple[str, tuple[str, ...]]) -> tuple[str, str]:
    """The code of an element's number and of the code of its type."""
    at = ", ".join(parts[1])
    return f"{parts[0]}[0][{at}]", f"{parts[0]}[1][{at}]"


def put(u: Unit, target: ast.Subscript, base: V, where: V, v: V) -> bool:
    """`x[i] = v`. False: the list stays one of numbers of one type."""
    t = base.t
    assert isinstance(t, (Lst, Mix))
    if not isinstance(v.t, Num) or not isinstance(where.t, Num) or where.parts is None:
        if isinstance(t, Mix):
            fail("element that is not a number", target)
        return False
    if isinstance(t, Lst):
        if not (t.kinds | v.t.kinds <= MIXED and "int" in v.t.kinds | t.kinds) or v.t.kinds <= t.kinds:
            return False
        only = Num(t.kinds).kind
        if v.t.kind is None and only in v.t.kinds and v.t.rep == Num(t.kinds).rep and v.tag is not None:
            return False  # the kernel gives up when it is of another type
    if not v.t.kinds <= t.kinds:
        widen_owner(u, target.value, t, v.t.kinds)
        raise Unknown("a list holds numbers of several types")
    if impure(target):
        fail("call in the target of an assignment", target)
    assert isinstance(t, Mix)
    u.mutated |= t.roots
    code = u.sink(v)
    if v.t.rep == "i":
        code = f"float({bare(u.ranged(code, v.t, -EXACT_FLOAT, EXACT_FLOAT))})"
    tag = u.tag(v)
    if not tag.isdigit():
        kind = f"kind_{target.lineno}_{target.col_offset}"
        u.emit(f"{kind} = {tag}")  # before the number changes that it may depend on
        tag = kind
    numbers, kinds = places(where.parts)
    u.emit(f"{numbers} = {bare(code)}")
    u.emit(f"{kinds} = {tag}")
    return True


def items(u: Unit, v: V) -> tuple[Type, str]:
    """What a loop over a mixed list goes over."""
    t = v.t
    assert isinstance(t, Mix)
    code = f"zip({v.code}[0], {v.code}[1])"
    return (Told(t.kinds) if t.depth == 1 else replace(t, depth=t.depth - 1)), code


def loop_target(u: Unit, target: ast.expr, t: Told, top: bool) -> str:
    """The name that takes each number, and the one for the code of its type."""
    if not isinstance(target, ast.Name) or target.id in u.growing or target.id in u.optional or u.inside:
        fail("loop over mixed numbers", target)
    old = u.env.get(target.id)
    new = Num(t.kinds) if old is None else join(old, Num(t.kinds))
    if not isinstance(new, Num) or new.rep != "f":
        fail("loop over mixed numbers", target)
    u.env[target.id] = new
    u.tagged.add(target.id)
    code = f"{u.local(target.id)}, {u.tag_name(target.id)}"
    return code if top else f"({code})"


# ---------------------------------------------------------------------- dicts of ints and floats


def held_as(known: Type | None, v: V) -> Told | None:
    """How a dict that holds `known` holds this number too, if it needs the code of its type."""
    if not isinstance(v.t, Num) or not v.t.kinds <= MIXED:
        return None
    kinds = v.t.kinds | (known.kinds if isinstance(known, (Num, Told)) else frozenset())
    return Told(kinds) if kinds <= MIXED and "int" in kinds and len(kinds) > 1 else None


def pair(u: Unit, v: V, at: ast.AST) -> str:
    """The code of a number and of the code of its type, as a dict of ints and floats holds them."""
    if not isinstance(v.t, Num) or not v.t.kinds <= MIXED:
        fail("this among ints and floats", at)
    return f"({bare(as_double(u, v))}, {u.tag(v)})"


def as_double(u: Unit, v: V) -> str:
    """The code of a number as a float64 that is the same number."""
    assert isinstance(v.t, Num)
    code = u.sink(v)
    return f"float({bare(u.ranged(code, v.t, -EXACT_FLOAT, EXACT_FLOAT))})" if v.t.rep == "i" else code


def told(code: str, t: Told) -> V:
    """The number that such a pair stands for."""
    return V(f"{code}[0]", Num(t.kinds), tag=lambda: f"{code}[1]")


def within(t: Tup) -> bool:
    """Is one of the elements such a pair?"""
    return any(isinstance(i, Told) for i in t.items)


# ---------------------------------------------------------------------- arithmetic


def arithmetic(u: Unit, name: str, a: V, b: V, out: Num, tag: Callable[[], str] | None, node: ast.AST) -> V | None:
    """`a + b` where both may be ints and one may be a float: exact, or the kernel gives up. None: another case."""
    ta, tb = a.t, b.t
    assert isinstance(ta, Num) and isinstance(tb, Num)
    if not (ta.kinds <= REAL and tb.kinds <= REAL and "int" in ta.kinds & tb.kinds) or ta.kind and tb.kind:
        return None
    if name == "Pow" and tag is not None and not impure(node) and _two(node) and ta.rep == "f" and not u.shared.exact:
        u.shared.rounding = True
        return V(f"{u.helper('whole')}({u.helper('square')}({bare(a.code)}), {u.tag(a)})", out, tag=a.tag)
    if impure(node) or name not in (*SIGNS, "Div"):
        return None
    a, b = exact(u, a), exact(u, b)
    if name == "Div":
        return V(f"({a.code} / {b.code})", FLOAT)
    if tag is None:
        return None
    return V(f"{u.helper('whole')}({a.code} {SIGNS[name]} {b.code}, {tag()})", out, tag=tag)


def _two(node: ast.AST) -> bool:
    """Is it the square of something?"""
    right = node.right if isinstance(node, ast.BinOp) else None
    return isinstance(right, ast.Constant) and type(right.value) is int and right.value == 2


def exact(u: Unit, v: V) -> V:
    """An int operand, as a float64 that is the same number."""
    t = v.t
    assert isinstance(t, Num)
    if t.rep != "i":
        return v
    return replace(v, code=f"float({bare(u.ranged(v.code, t, -EXACT_FLOAT, EXACT_FLOAT))})", single=None)


def negative(u: Unit, v: V) -> V | None:
    """`-v` of a number that may be an int: there is one zero among those. None: its type cannot be told."""
    t = v.t
    assert isinstance(t, Num)
    if t.kinds != REAL or v.tag is None:
        return None
    return V(f"{u.helper('negative')}({bare(v.code)}, {u.tag(v)})", t, tag=v.tag)


# ---------------------------------------------------------------------- the way in and out


def arguments(x: str) -> list[str]:
    return [f"{x}_numbers", f"{x}_kinds"]


def codes(kinds: Iterable[str]) -> str:
    """The code of a dict from types to their codes."""
    return "{" + ", ".join(f"{PY_TYPE.get(k, k)}: {CODE[k]}" for k in sorted(kinds, key=CODE.__getitem__)) + "}"


def values(helper: Callable[[str], str], t: Mix, arrays: str) -> str:
    """The code of the list, from the arguments `arrays` that stand for what the kernel held for it."""
    known = ", ".join(f"{CODE[k]}: {PY_TYPE.get(k, k)}" for k in sorted(t.kinds, key=CODE.__getitem__))
    return f"{helper('mixed_values')}({arrays}, {{{known}}})"


def rows(x: str, depth: int) -> str:
    """The code of all innermost lists of nested ones."""
    if depth < 3:
        return x if depth == 1 else f"*{x}"
    loops, last = [], x
    for level in range(depth - 1):
        row = f"row_{level}" if level < depth - 2 else "row"
        loops.append(f"for {row} in {last}")
        last = row
    return f"*[row {' '.join(loops)}]"


def back(shared: Shared, x: str, values: str, depth: int) -> list[str]:
    """Lines that put new elements into a list, or into the innermost ones of nested lists."""
    if depth == 1:
        return [f"{x}[:] = {values}"]
    if not shared.row:
        shared.row = shared.module.fresh("row", shared.taken)  # no list that comes in has that name
    lines = []
    old, new = x, values
    for level in range(depth - 1):
        name = shared.row if level == depth - 2 else f"{shared.row}s_{level}"
        if name in shared.module.own_words:
            fail(f"the name {name} is taken")
        lines.append(f"{'    ' * level}for {name}, new_{name} in zip({old}, {new}):")
        old, new = name, f"new_{name}"
    return [*lines, f"{'    ' * (depth - 1)}{old}[:] = {new}"]
