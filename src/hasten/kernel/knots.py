"""Dicts and tuples that lead to others by the same keys again and again: the nodes of a tree that has no class.

    if "size" in node:                                     if not isinstance(tree, tuple):
        return depth + average_path(node["size"])              return tree
    return path_length(x, node["left"], depth + 1)         feature, split, left, right = tree

All that the first ones lead to, by the keys (or places) that the kernel follows, is gone over at the door; a kernel
holds each as its place among them, whatever it is: a dict, a tuple, None, a number in a leaf. What they hold under a
key is a column, and beside it stands which of them hold it at all: a kernel gives up where the program would raise.
Which keys lead on was recorded; what is given back is the very object.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from hasten.core.facts import ABSENT, ValueFact
from hasten.kernel import arrays
from hasten.kernel.kinds import BOOL, SIZE, Column, Grow, Knot, Num, Opt, Row, Type, Word, num, rooted, scalar
from hasten.kernel.knot_tables import DECIMALS, ITEMS, KEYS, PLACED, WHOLE, Key, Leaf, name_of, table
from hasten.kernel.values import V, bare, fail, impure

if TYPE_CHECKING:
    from hasten.kernel.compiler import Shared, Unit

NONE, TEXT = "builtins.NoneType", "builtins.str"
NESTS = ("builtins.dict", "builtins.tuple", "builtins.list")
# the bits that stand for types, as the helper `knot_kinds` numbers them; `bool` is an int, `np.float64` a float
BITS = {"None": 1, "dict": 2, "tuple": 4, "list": 8, "int": 16, "float": 32, "bool": 64, "str": 128, "np.float64": 256}
WITHIN = {"int": ("int", "bool"), "float": ("float", "np.float64")}
FLOATS = ("float", "np.float64")


def like(fact: ValueFact) -> bool:
    """Is it about a dict or tuple that leads to others?"""
    return bool(fact.knots)


# ---------------------------------------------------------------------- what was recorded


def nodes_of(shared: Shared, path: str) -> tuple[ValueFact, ...]:
    """What was recorded of all dicts, tuples and lists that the ones at a path lead to."""
    from hasten.kernel import records  # it builds on this module
    from hasten.observe.describe import join

    found: tuple[ValueFact, ...] = ()
    for fact in records.facts_at(shared, path):
        found = join(found, fact.knots)
    return found


def held(shared: Shared, path: str, key: str | int) -> tuple[ValueFact, ...]:
    """What nodes were seen to hold under a key (of dicts) or at a place (of tuples and lists)."""
    from hasten.observe.describe import join

    found: tuple[ValueFact, ...] = ()
    for fact in nodes_of(shared, path):
        if (fact.type == NESTS[0]) is (type(key) is str):
            found = join(found, dict(fact.fields).get(str(key), ()))
    return found


def leads(facts: Iterable[ValueFact]) -> bool:
    """Does a key lead on to other nodes?"""
    return any(f.type == NESTS[0] or "nested" in f.note for f in facts)


def leaves(shared: Shared, path: str) -> tuple[ValueFact, ...]:
    """What was recorded of the nodes that are no containers (but None)."""
    from hasten.observe.describe import join

    found: tuple[ValueFact, ...] = ()
    for fact in nodes_of(shared, path):
        for key, facts in fact.fields:
            if leads(held(shared, path, key if fact.type == NESTS[0] else int(key))):
                found = join(found, tuple(f for f in facts if f.type not in (*NESTS, NONE, ABSENT)))
    return found


# ---------------------------------------------------------------------- columns


def _column(u: Unit, path: str, t: Column | Row, key: str) -> str:
    """The kernel's name for what comes in of all nodes."""
    name = name_of(u.shared, path, key)
    u.extra[name] = u.env[name] = u.shared.slots[name] = t
    return u.local(name)


def _whole(u: Unit, path: str, at: str, what: str, key: Key | None = None) -> str:
    """The code of a whole number about a node."""
    number = _number_of(u, path, what, key)
    return f"{_column(u, path, Column(frozenset({'int'})), WHOLE)}[{at}, {number}]"


def _number_of(u: Unit, path: str, what: str, key: Key | None = None) -> int:
    columns = table(u.shared, path).whole
    return columns.setdefault((what, key), len(columns))


def _value(u: Unit, path: str, at: str, key: Key, kind: str) -> str:
    """The code of a number (or of the number of a string) that a node holds under a key."""
    columns = table(u.shared, path)
    if columns.kinds.setdefault(key, kind) != kind:
        fail(f"nodes hold {kind} and something else under {key!r}")
    if kind not in FLOATS:
        code = _whole(u, path, at, "value", key)
        return f"({code} != 0)" if kind in ("bool", "np.bool") else code
    number = columns.floats.setdefault(key, len(columns.floats))
    return f"{_column(u, path, Column(frozenset({'float'})), DECIMALS)}[{at}, {number}]"


def _place(base: V, node: ast.AST) -> str:
    if "(" in base.code and impure(node):
        fail("a node that is computed", node)
    return bare(base.code)


def key_of(node: ast.expr) -> str | int | None:
    """The key or place that an expression spells out."""
    value = node.value if isinstance(node, ast.Constant) else None
    if type(value) is str and value and not value.startswith("["):  # as columns of no key are called
        return value
    return value if type(value) is int and value >= 0 else None


def item(u: Unit, base: V, node: ast.Subscript) -> V:
    """`node["left"]`, `node[2]`, `node["left" if x < split else "right"]`"""
    if isinstance(node.slice, ast.IfExp):
        a, b = (key_of(e) for e in (node.slice.body, node.slice.orelse))
        if a is None or b is None:
            fail("a node is asked for a key that is computed", node)
        test = u.test(node.slice.test)
        one, other = (under(u, base, key, node) for key in (a, b))
        if not isinstance(one.t, Knot) or one.t != other.t:
            fail("one of two values of a node", node)
        return V(f"({one.code} if {bare(test)} else {other.code})", one.t)
    key = key_of(node.slice)
    if key is None:
        return _computed(u, base, node.slice, node)
    return under(u, base, key, node)


def _computed(u: Unit, base: V, asked_for: ast.expr, node: ast.AST) -> V:
    """`node["children"][i]`, `node["branches"][value]`, and `node[side]` where `side` is "left" or "right"."""
    t = base.t
    assert isinstance(t, Knot)
    spelt = _constants(u, asked_for)
    key = u.single(u.leaf(u.expr(asked_for), asked_for))
    code = bare(key.code)
    if spelt and isinstance(key.t, Word) and not key.t.kind and code.isidentifier():
        from hasten.kernel import words  # it builds on this module

        found = [(words.number(u, one), under(u, base, one, node)) for one in spelt]
        if any(not isinstance(v.t, Knot) or v.t != t for _, v in found):
            fail("one of several values of a node", node)
        chosen = "".join(f"{v.code} if {code} == {number} else " for number, v in found)
        return V(f"({chosen}{u.helper('held_place')}(-1))", found[0][1].t)
    place = _place(base, node)
    if isinstance(key.t, Num) and key.t.kinds in (frozenset({"int"}), frozenset({"np.int64"})) and _in_rows(u, t):
        return V(f"{u.helper('knot_item')}({', '.join(_items(u, t, place, node))}, {code})", Knot(t.path))
    return V(f"{u.helper('held_place')}({_found(u, t, place, key, node)})", Knot(t.path))


def _in_rows(u: Unit, t: Knot) -> bool:
    """Do nodes hold lists or tuples under the key that led here?"""
    if t.by is None:
        return any(f.type in NESTS[1:] and f.fields for f in nodes_of(u.shared, t.path))
    return any(f.type in NESTS[1:] for f in held(u.shared, t.path, t.by))


def _found(u: Unit, t: Knot, place: str, key: V, node: ast.AST) -> str:
    """The code of what a dict holds under a key that is computed: a place, or -1."""
    kind = "str" if isinstance(key.t, Word) and not key.t.kind else key.t.kind if isinstance(key.t, Num) else None
    if kind not in ("str", "int"):
        fail("a node is asked for such a key", node)
    columns = table(u.shared, t.path)
    columns.keyed = columns.keyed or kind
    if columns.keyed != kind:
        fail("nodes with several kinds of keys", node)
    keys = _column(u, t.path, Column(frozenset({"int"})), KEYS)
    return f"{u.helper('knot_find')}({keys}, {', '.join(_items(u, t, place, node))}, {bare(key.code)})"


def _items(u: Unit, t: Knot, place: str, node: ast.AST) -> tuple[str, ...]:
    """What the helpers take that look at all that a node holds."""
    table(u.shared, t.path).every[t.by] = None
    numbers = [_number_of(u, t.path, what) for what in ("kind", "begin", "size")]
    whole = _column(u, t.path, Column(frozenset({"int"})), WHOLE)
    listed = _column(u, t.path, Column(frozenset({"int"})), ITEMS)
    return (listed, whole, *map(str, numbers), place)


def _constants(u: Unit, node: ast.expr) -> list[str]:
    """All strings that a name may stand for, where the code spells them out."""
    if not isinstance(node, ast.Name) or node.id in u.params or node.id in u.extra:
        return []
    found: list[ast.expr] = []
    for n in (n for s in u.stmts for n in ast.walk(s)):
        if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == node.id for t in n.targets):
            found.append(n.value)
        elif isinstance(n, ast.Name) and n.id == node.id and not isinstance(n.ctx, ast.Load):
            found.append(n)
    values = [v for v in found if not isinstance(v, ast.Name)]
    if len(found) != 2 * len(values):
        return []  # bound in another way too
    each = [part for v in values for part in ((v.body, v.orelse) if isinstance(v, ast.IfExp) else (v,))]
    keys = [key_of(e) for e in each]
    return list(dict.fromkeys(k for k in keys if isinstance(k, str))) if all(isinstance(k, str) for k in keys) else []


def items(u: Unit, v: V, node: ast.AST, of_dict: bool = False) -> tuple[Type, str]:
    """`for child in node["children"]:`"""
    assert isinstance(v.t, Knot)
    found = _items(u, v.t, _place(v, node), node)
    return Knot(v.t.path), f"{u.helper('knot_items')}({', '.join(found)}, {of_dict})"


def rest(u: Unit, node: ast.Subscript) -> tuple[Type, str] | None:
    """`for e in node[1:]:`; None: of something else."""
    v = _seen(u, node.value) if isinstance(node.value, (ast.Name, ast.Subscript)) else None
    at = node.slice
    if v is None or not isinstance(at, ast.Slice) or at.upper is not None or at.step is not None:
        return None
    first = key_of(at.lower) if at.lower is not None else 0
    if not isinstance(first, int):
        return None
    t, code = items(u, v, node)
    return t, f"{code}[{first}:]"


def under(u: Unit, base: V, key: str | int, node: ast.AST) -> V:
    """What a node holds under a key, or at a place."""
    t, at = base.t, _place(base, node)
    assert isinstance(t, Knot)
    facts = held(u.shared, t.path, key)
    some = [f for f in facts if f.type not in (NONE, ABSENT)]
    if not some and any(f.type == NONE for f in facts):
        fail(f"nodes hold nothing but None under {key!r}", node)
    if not some:
        fail(f"no node was seen to have {key!r}", node)
    if leads(some) or u.shared.knots > 1 and all(f.type in NESTS for f in some):
        return V(f"{u.helper('held_place')}({_whole(u, t.path, at, 'link', key)})", Knot(t.path, by=key))
    found, kind = _held_as(u.shared, f"{t.path}:{key}", some, node)
    if not kind:
        return _container(u, t.path, key, at, found, node)
    if any(f.type == NONE for f in facts):
        at = _named(u, at, node)
        flag = f"{u.helper('knot_none')}({_whole(u, t.path, at, 'tells', key)})"
        pair = (flag, _value(u, t.path, at, key, kind))
        return V(f"({', '.join(pair)})", Opt(found), pair=pair)
    return _told(u, t.path, key, at, found, kind, node)


def _named(u: Unit, at: str, node: ast.AST) -> str:
    """The code of a place that several parts of an expression read: the name of a variable."""
    if at.isidentifier():
        return at
    name = f"node_{getattr(node, 'lineno', 0)}_{getattr(node, 'col_offset', 0)}"
    if u.inside or isinstance(u.current, ast.While) or name in u.module.own_words:
        fail("a node that is computed", node)
    u.emit(f"{name} = {at}")
    return name


def _told(u: Unit, path: str, key: Key, at: str, t: Type, kind: str, node: ast.AST) -> V:
    """A number or string that a node surely holds, or is."""
    at = _named(u, at, node)
    code = f"{u.helper('knot_told')}({_whole(u, path, at, 'tells', key)}, {_value(u, path, at, key, kind)})"
    return V(code, t)


def _held_as(shared: Shared, name: str, some: Sequence[ValueFact], node: ast.AST) -> tuple[Type, str]:
    """The type of what nodes hold, and for numbers and strings which kind that is."""
    from hasten.kernel import door, objects  # they build on this module

    kinds = {f.type for f in some}
    if kinds == {TEXT}:
        return Word(), "str"
    if len(kinds) == 1 and (kind := objects.NUMBERS.get(some[0].type)) is not None:
        return num(kind), kind
    found = door.item_type(some[0], name, shared.keys) if len(some) == 1 else None
    if found is None or scalar(found) or arrays.holds_arrays(found):
        fail("what nodes hold is of several types, or of one that no kernel takes", node)
    return found, ""


def _container(u: Unit, path: str, key: str | int, at: str, t: Type, node: ast.AST) -> V:
    """A list or dict of numbers that a node surely holds."""
    from hasten.kernel import views  # it builds on this module

    at = _named(u, at, node)
    name = name_of(u.shared, path, key if isinstance(key, str) else PLACED.format(key))
    x = _column(u, path, Row(t, frozenset({name})), u.shared.columns[name])
    code = views.element_of(u, t, x, f"{u.helper('knot_told')}({_whole(u, path, at, 'tells', key)}, {at})")
    return V(code, rooted(t, frozenset({name})), parts=(code, ()))


def has(u: Unit, base: V, node: ast.Compare, sign: str) -> V:
    """`"size" in node`"""
    key, t = key_of(node.left), base.t
    assert isinstance(t, Knot)
    if key is None and not _in_rows(u, t):
        v = u.single(u.leaf(u.expr(node.left), node.left))
        return V(f"({_found(u, t, _place(base, node), v, node)} {'<' if sign else '>='} 0)", BOOL)
    if not isinstance(key, str):
        fail("`in` a node", node)
    code = f"{u.helper('knot_has')}({_whole(u, t.path, _place(base, node), 'has', key)})"
    return V(f"(not {code})" if sign else code, BOOL)


# ---------------------------------------------------------------------- what a node is


def none(u: Unit, v: V, positive: bool, node: ast.AST) -> V:
    """`node["left"] is None`"""
    code = is_of(u, v, BITS["None"], node)
    return V(code if positive else f"(not {code})", BOOL)


def some(u: Unit, v: V, name: str) -> V:
    """A node that a name takes which is None for a while: the kernel gives up where the node is None itself."""
    assert isinstance(v.t, Knot)
    at = bare(v.code)
    if not at.isidentifier():
        temp = f"some_{u.local(name)}"
        if temp in u.module.own_words:
            fail(f"the name {temp} is taken")
        u.emit(f"{temp} = {at}")
        at = temp
    return V(f"{u.helper('knot_some')}({_whole(u, v.t.path, at, 'kind')}, {at})", v.t)


def is_of(u: Unit, v: V, bits: int, node: ast.AST) -> str:
    """The code that asks whether a node is of one of these types."""
    assert isinstance(v.t, Knot)
    return f"{u.helper('knot_is')}({_whole(u, v.t.path, _place(v, node), 'kind')}, {bits})"


def asked(u: Unit, node: ast.Call, anyhow: bool = False) -> V | None:
    """`isinstance(node, dict)`; None: of something else. `anyhow`: nothing else is known to take the question."""
    if len(node.args) != 2 or node.keywords:
        return None
    if not isinstance(node.args[0], ast.Attribute if anyhow else (ast.Name, ast.Subscript)):
        return None
    count = len(u.lines)
    v = _seen(u, node.args[0])
    if v is None:
        del u.lines[count:]
        return None
    bits = 0
    for e in node.args[1].elts if isinstance(node.args[1], ast.Tuple) else [node.args[1]]:
        kind = u.module.dotted(e)
        if kind not in BITS or kind == "np.float64":
            fail("isinstance of a node", node)
        for each in WITHIN.get(kind, (kind,)):
            bits |= BITS[each]
    return V(is_of(u, v, bits, node.args[0]), BOOL)


def _seen(u: Unit, node: ast.expr) -> V | None:
    """The node that an expression stands for."""
    first = node
    while isinstance(first, ast.Subscript):
        first = first.value
    if isinstance(first, ast.Attribute):
        v = u.raw(node)
        return v if isinstance(v.t, Knot) else None
    if not isinstance(first, ast.Name) or not isinstance(_known(u, first), (Knot, Row, Grow)):
        return None
    v = u.raw(node)
    return v if isinstance(v.t, Knot) else None


def _known(u: Unit, name: ast.Name) -> Type | None:
    if name.id in u.env:
        return u.env[name.id]
    return u.lookup(name.id) if u.lookup is not None and name.id not in u.bound else None


def compare(u: Unit, node: ast.Compare) -> V | None:
    """`type(node) is dict`, `node is None`, and `node is other`, where one side is a node. None: another comparison."""
    if len(node.ops) != 1:
        return None
    op, left, right = node.ops[0], node.left, node.comparators[0]
    if isinstance(op, (ast.Is, ast.IsNot)) and isinstance(right, ast.Constant) and right.value is None:
        v = _seen(u, left) if isinstance(left, (ast.Name, ast.Subscript)) else None
        if v is None:
            return None
        code = is_of(u, v, BITS["None"], left)
        return V(code if isinstance(op, ast.Is) else f"(not {code})", BOOL)
    if isinstance(op, (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)) and isinstance(left, ast.Call):
        if u.module.dotted(left.func) != "type" or len(left.args) != 1 or left.keywords:
            return None
        v = _seen(u, left.args[0]) if isinstance(left.args[0], (ast.Name, ast.Subscript)) else None
        kind = u.module.dotted(right)
        if v is None or kind not in BITS:
            return None
        code = is_of(u, v, BITS[kind], left.args[0])
        return V(code if isinstance(op, (ast.Is, ast.Eq)) else f"(not {code})", BOOL)
    return None


def truth(u: Unit, v: V, node: ast.AST) -> str:
    """`if node:`; the kernel gives up where the node is a number or string."""
    assert isinstance(v.t, Knot)
    if leaves(u.shared, v.t.path):
        fail("the truth of what may be a number or a node", node)
    at = _named(u, _place(v, node), node)
    return f"{u.helper('knot_true')}({_whole(u, v.t.path, at, 'kind')}, {_whole(u, v.t.path, at, 'size')})"


def length(u: Unit, v: V, node: ast.AST) -> V:
    """`len(node)`"""
    assert isinstance(v.t, Knot)
    return V(f"{u.helper('knot_size')}({_whole(u, v.t.path, _place(v, node), 'size')})", SIZE)


def unpack(u: Unit, v: V, name: str, target: ast.Tuple | ast.List, node: ast.AST) -> None:
    """`feature, split, left, right = node`; `name` is for a variable that holds the node."""
    assert isinstance(v.t, Knot)
    u.emit(f"{name} = {bare(v.code)}")
    parts = (_whole(u, v.t.path, name, what) for what in ("kind", "size"))
    u.emit(f"{u.helper('knot_parts')}({', '.join(parts)}, {len(target.elts)})")
    for i, one in enumerate(target.elts):
        if isinstance(one, ast.Name) and one.id == "_" and one.id not in u.outs:
            continue  # nobody looks
        u.bind(one, under(u, V(name, v.t), i, node))


def leaf(u: Unit, v: V, node: ast.AST, must: bool = False, wanted: str = "") -> V:
    """The number or string that a node is, where such nodes were seen (the kernel gives up if it is none); the node as
    it is where none was seen, unless it `must` be one. Where ints and floats were seen a float, unless another is
    `wanted`."""
    if not isinstance(v.t, Knot):
        return v
    from hasten.kernel import objects  # it builds on this module

    some = leaves(u.shared, v.t.path)
    if not some and not must:
        return v
    kinds = {objects.NUMBERS.get(f.type, "str" if f.type == TEXT else "") for f in some}
    numbers = kinds - {"str"} or kinds
    kind = wanted if wanted in kinds else "float" if numbers == {"int", "float"} else ""
    if len(numbers) == 1 and not kind:
        (kind,) = numbers
    if not kind:
        fail("a node that may be of several types", node)
    return _told(u, v.t.path, Leaf(kind), _place(v, node), Word() if kind == "str" else num(kind), kind, node)


__all__ = [
    "asked",
    "compare",
    "has",
    "item",
    "items",
    "leaf",
    "length",
    "like",
    "none",
    "rest",
    "some",
    "truth",
    "unpack",
]
