"""Lists of lists, dicts, sets and sorting in kernels.

Inside a kernel a list of lists shares memory just as Python's does, so aliases need no care there; what cannot be
seen from a result that leaves the kernel is which of its parts are one object. Such results are refused unless every
part was handed over by a name (or expression) that nothing else uses afterwards.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.kernel import deques_made, gaps, keys, mixed, names, optional, sets, within
from hasten.kernel.arrays_tree import ELEMENTS
from hasten.kernel.kinds import (
    BOOL,
    CODE,
    EXACT_FLOAT,
    SIZE,
    Arr,
    Grow,
    Live,
    Lst,
    Map,
    Mix,
    Num,
    Obj,
    Opt,
    Pool,
    Rec,
    Row,
    Told,
    Tup,
    Type,
    Unknown,
    Word,
    beside,
    container,
    element,
    invariant,
    join,
    loose,
    nested,
    num,
    rooted,
    roots_of,
    scalar,
    settled,
)  # fmt: skip
from hasten.kernel.values import V, bare, fail, impure
from hasten.kernel.views import element_of, empty, keys_code, pure

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

SAMPLE = {"f": "0.0", "i": "0", "b": "False"}
ITERTOOLS = ("combinations", "permutations", "product", "pairwise", "chain")
GROWS = ("append", "pop", "extend", "insert", "clear")
MUTATES = frozenset(
    {*GROWS, "sort", "reverse", "add", "setdefault", "update", "remove", "discard", "popitem", "appendleft", "popleft"}
)
MAKERS = ("collections.defaultdict", "collections.Counter", "collections.deque")


def sample(u: Unit, t: Type | None) -> str:
    """Code of some value of this type, from which Numba takes the types of an empty list or dict."""
    if isinstance(t, Num):
        return SAMPLE[t.rep]
    if isinstance(t, (Word, Rec)) or isinstance(t, Obj) and t.many:
        return "0"
    if isinstance(t, Told):
        return "(0.0, 0)"
    if isinstance(t, Tup):
        return f"({', '.join(sample(u, i) for i in t.items)},)"
    if isinstance(t, Lst) and t.depth == 1:
        return f"np.full(1, {sample(u, Num(t.kinds))})"
    if isinstance(t, Mix) and t.depth == 1:
        return "(np.zeros(0), np.zeros(0, np.int8))"
    if isinstance(t, Grow) and t.item is not None:
        return f"{u.helper('empty_list')}({sample(u, t.item)})"
    if isinstance(t, Arr) and t.dtype in ELEMENTS:
        size = "0" if t.ndim == 1 else f"({', '.join('0' * t.ndim)})"
        return f"np.zeros({size}, {'np.bool_' if t.dtype == 'bool' else f'np.{t.dtype}'})"
    if isinstance(t, Map):
        return empty_map(u, t)
    if isinstance(t, Opt) and isinstance(t.item, Obj):
        return f"(True, {sample(u, t.item)})"
    u.doubts.append("what a container holds is not known")
    return "0"


def empty_map(u: Unit, t: Map) -> str:
    if t.keys_only:
        return f"{gaps.keyed(u, 'empty_set')}({sample(u, t.key)})"
    return f"{gaps.keyed(u, 'empty_dict')}({sample(u, t.key)}, {sample(u, t.value)})"


def empty_list(u: Unit, t: Grow) -> V:
    if not settled(t):
        u.doubts.append("what a list holds is not known")
        return V("[]", t)
    return V(f"{u.helper('empty_list')}({sample(u, t.item)})", t)


def key_kind(t: Type | None) -> str:
    """Which of the hash functions a key needs. Raises `Refuse`."""
    return keys.kind(t)


def fields(u: Unit, d: V) -> tuple[str, str, str] | None:
    """The names of keys, values and hash table of a dict that has a name: they are faster at hand than in a tuple."""
    name = within.named(u, d)
    if name is None or not isinstance(u.env.get(name), Map) or name in u.fleeting or gaps.with_gaps(u, u.env[name]):
        return None
    u.unpacked.add(name)
    return f"keys_of_{d.code}", f"values_of_{d.code}", f"table_of_{d.code}"


PARTS = {"at": (0, 2), "has": (0, 2), "get": (0, 1, 2), "put": (0, 1, 2), "setdefault": (0, 1, 2)}


def called(u: Unit, what: str, kind: str, d: V) -> str:
    """The beginning of a call of a helper on a dict, or on its parts where those have names."""
    inner = within.called(u, what, kind, d)
    if inner is not None:
        return inner
    if isinstance(d.t, Map) and d.t.frozen and kind != "int":
        kind += "_rows"
    parts = fields(u, d)
    if parts is None:
        helper = gaps.keyed(u, f"{what}_{kind}") if gaps.with_gaps(u, d.t) else u.helper(f"{what}_{kind}")
        return f"{helper}({d.code}"
    return f"{u.helper(f'{what}_{kind}_parts')}({', '.join(parts[i] for i in PARTS[what])}"


def with_place(
    u: Unit, target: ast.expr, over: ast.expr, name: str, code: str, inside: Sequence[ast.AST]
) -> tuple[str, str]:
    """Target and source of a loop over a dict's keys: `d[k]` inside needs no look-up when the place comes along.

    Keys never move where nothing is taken out; neither name may stand for something else before the turn is over.
    """
    if u.shared.removing:
        return name, code
    if isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute) and over.func.attr == "keys":
        over = over.func.value
    if not isinstance(target, ast.Name) or not isinstance(over, (ast.Name, ast.Subscript)):
        return name, code
    there = u.looked_up.get(ast.unparse(over)) if isinstance(over, ast.Subscript) else None
    d = there.t if there is not None else u.env.get(over.id) if isinstance(over, ast.Name) else None
    if not isinstance(d, Map) or d.keys_only or {target.id, *names.reads([over])} & names.bound(inside):
        return name, code
    text = ast.unparse(over)
    if not any(
        isinstance(n, ast.Subscript) and is_name(n.slice, target.id) and ast.unparse(n.value) == text
        for s in inside
        for n in ast.walk(s)
    ):
        return name, code
    place = f"place_{target.lineno}_{target.col_offset}"
    u.places[text if there is None else there.code, target.id] = place
    return f"{place}, {name}", f"enumerate({code})"


def spelt_out(node: ast.AST) -> bool:
    """`graph[u]`: a name, asked for names and constants."""
    while isinstance(node, ast.Subscript) and isinstance(node.slice, (ast.Name, ast.Constant)):
        node = node.value
    return isinstance(node, ast.Name)


def keep_looked_up(u: Unit, s: ast.For) -> dict[str, V]:
    """`for v in graph[u]`: while no name of `graph[u]` stands for something else, it is this dict. (It is only read.)

    Gives what was known before.
    """
    names_bound = names.bound([s])
    before = {text: v for text, v in u.looked_up.items() if text != ast.unparse(s.iter)}
    u.looked_up = {
        text: v for text, v in u.looked_up.items() if not names.reads([ast.parse(text, mode="eval").body]) & names_bound
    }
    return before


def known_place(u: Unit, base: V, key: ast.expr) -> str | None:
    """The variable that holds the place of a key in a dict, inside a loop over that dict."""
    return u.places.get((base.code, key.id)) if isinstance(key, ast.Name) and base.leaf else None


def unpacking(name: str) -> str:
    return f"keys_of_{name}, values_of_{name}, table_of_{name} = {name}"


def taken_apart(u: Unit, name: str) -> list[str]:
    """The lines that give the parts of a container names of their own, where these are used."""
    lines = [unpacking(u.local(name))] if name in u.unpacked else []
    if name in u.opened and within.parts(u.env.get(name)):
        lines.append(within.opening(u.env[name], u.local(name)))
    return lines


def words_in(t: Type | None) -> list[bool]:
    """Which parts of a key are strings."""
    return [isinstance(i, Word) for i in (t.items if isinstance(t, Tup) else (t,))]


def key_of(u: Unit, t: Map, node: ast.expr, adding: bool) -> tuple[V, str]:
    """The code of a key, and the suffix of the helpers for it. A looked up key may be a NumPy integer."""
    v = u.expr(node)
    if not adding and isinstance(v.t, Num) and v.t.kinds <= keys.INTEGERS:
        v = replace(v, t=Num(frozenset({"int"})))
    v = u.single(v)
    kind = key_kind(v.t)
    if t.key is not None and not keys.same(t.key, v.t, adding):
        fail("keys of several types", node)
    return v, kind


def widen(u: Unit, node: ast.expr, new: Type) -> None:
    """Records that what `node` stands for holds `new` too; a doubt where its owner cannot be told."""
    if isinstance(node, ast.Name):
        old = u.env[node.id]
        if isinstance(old, Grow) and isinstance(new, Grow):
            if old.root is not None:  # a second name for an attribute's list
                from hasten.kernel import objects  # it builds on this module

                objects.widen_slot(u, old.root, new)
            new = replace(new, queue=old.queue, made=old.made, most=old.most)
        u.env[node.id] = join(old, new)
        return
    new = loose(new)
    count = len(u.lines)
    try:
        if isinstance(node, ast.Attribute):
            from hasten.kernel import objects  # it builds on this module

            if objects.widen(u, node, new):
                return None
        return widen_part(u, node, new)
    finally:
        del u.lines[count:]  # only the types were wanted


def widen_part(u: Unit, node: ast.expr, new: Type) -> None:
    if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
        base = u.expr(node.value).t
        if isinstance(base, Grow) and base.sink is None:
            return widen(u, node.value, Grow(new))
        if isinstance(base, Map):
            return widen(u, node.value, Map(None, new))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "setdefault":
        return widen(u, node.func.value, Map(None, new))
    if invariant(u.expr(node).t) != invariant(join(u.expr(node).t, new)):
        u.doubts.append(f"what {ast.unparse(node)} holds is not known to its owner")


def popped(u: Unit, name: str) -> bool:
    """Is something taken out of a list again?"""
    taken = [n for s in u.stmts for n in ast.walk(s) if isinstance(n, ast.Attribute) and n.attr in ("pop", "popleft")]
    return any(isinstance(n.value, ast.Name) and n.value.id == name for n in taken)


def handed(u: Unit, node: ast.expr, v: V) -> None:
    """A container becomes part of another one: may its name be forgotten?"""
    u.lent = u.lent or bool(roots_of(v.t))
    if not container(v.t) or roots_of(v.t):
        return  # what may be part of a parameter never leaves
    fresh = isinstance(node, (ast.List, ast.ListComp, ast.Dict, ast.DictComp, ast.BinOp)) and not v.leaf
    if fresh or (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and ".copy()" in v.code):
        return
    if isinstance(node, ast.Name) and given_up(u, node):
        return
    if isinstance(node, ast.Call) and u.module.dotted(node.func) in MAKERS:
        return
    if isinstance(node, ast.Call) and not nested(v.t):
        if id(node) in u.fresh_calls or u.module.dotted(node.func) in ("sorted", "list"):
            return
        if isinstance(node.func, ast.Attribute) and node.func.attr == "copy":
            return
    u.entangled = True


def given_up(u: Unit, name: ast.Name) -> bool:
    """Is this the last use of a list that was made earlier in the same run of statements, and nowhere else used?"""
    if name.id in u.params and not roots_of(u.params[name.id]) and isinstance(u.params[name.id], (Lst, Arr)):
        # an argument that nobody else knows (`Point([1.0, 2.0])`), if it gets another owner just here
        return _only_read(u, name)
    if name.id in u.outs or name.id in u.params or name.id in u.extra:
        return False
    for body in bodies(u.stmts):
        at = next((i for i, s in enumerate(body) if any(n is name for n in ast.walk(s))), None)
        if at is None or not isinstance(body[at], (ast.Expr, ast.Assign)):
            continue
        uses = [n for s in u.stmts for n in ast.walk(s) if isinstance(n, ast.Name) and n.id == name.id]
        made = [
            i for i, s in enumerate(body[:at])
            if isinstance(s, ast.Assign) and len(s.targets) == 1 and isinstance(s.targets[0], ast.Name)
            and s.targets[0].id == name.id
            and isinstance(s.value, (ast.List, ast.ListComp, ast.BinOp, ast.Dict, ast.DictComp))
        ]  # fmt: skip
        if not made:
            return False
        between = [n for s in body[made[0] : at + 1] for n in ast.walk(s) if isinstance(n, ast.Name)]
        between = [n for n in between if n.id == name.id]
        # other uses in between may change it, but not give it another name
        plain_uses = sum(
            1
            for s in body[made[0] : at]
            for n in ast.walk(s)
            if (isinstance(n, ast.Subscript) and is_name(n.value, name.id))
            or (isinstance(n, ast.Attribute) and is_name(n.value, name.id))
            or (isinstance(n, ast.Call) and is_name(n.func, "len") and n.args and is_name(n.args[0], name.id))
        )
        once = sum(1 for n in ast.walk(body[at]) if isinstance(n, ast.Name) and n.id == name.id) == 1
        binds = sum(1 for n in between if not isinstance(n.ctx, ast.Load))
        return once and binds == 1 and len(uses) == len(between) == plain_uses + 2
    return False


def _only_read(u: Unit, name: ast.Name) -> bool:
    """Are all other uses of a name such that a part or a copy of it is looked at?"""
    parts = (ast.Attribute, ast.Subscript, ast.BinOp, ast.UnaryOp, ast.Compare)
    looked = {id(c) for s in u.stmts for n in ast.walk(s) if isinstance(n, parts) for c in ast.iter_child_nodes(n)}
    uses = [n for s in u.stmts for n in ast.walk(s) if isinstance(n, ast.Name) and n.id == name.id]
    return all(n is name or id(n) in looked and isinstance(n.ctx, ast.Load) for n in uses)


def bodies(stmts: list[ast.stmt]) -> list[list[ast.stmt]]:
    """Every run of statements, inner ones before those around them."""
    found = [stmts]
    for s in stmts:
        for field in ("body", "orelse"):
            inner = getattr(s, field, None)
            if isinstance(inner, list):
                found += bodies(inner)
    return sorted(found, key=lambda b: b[0].lineno if b else 0, reverse=True)


def is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


# ---------------------------------------------------------------------- statements


def effect(u: Unit, node: ast.Call) -> bool:
    """A method called for what it does: `xs.sort()`, `d[k].append(x)`, `seen.add(x)`. False: not one of these."""
    func = node.func
    if not isinstance(func, ast.Attribute) or func.attr not in MUTATES or func.attr in ("pop", "setdefault"):
        return False
    from hasten.kernel import objects, removals, supers  # they build on this module

    if supers.start_of(func.value) or objects.is_object(u, func.value) is not None:
        return False
    base = u.expr(func.value)
    t, name = base.t, func.attr
    if removals.effect(u, base, func, node):
        return True
    if name in ("sort", "reverse") and impure(func.value):
        fail(f"{name} of a list that is computed", node)
    if isinstance(t, Map):
        if name == "add" and t.keys_only and len(node.args) == 1 and not node.keywords:
            sets.add(u, func.value, base, node)
            return True
        if name == "update" and t.keys_only and len(node.args) == 1 and not node.keywords:
            sets.updated(u, func.value, base, node.args[0], node)
            return True
        fail(f"method {name}", node)
    if isinstance(t, Lst) and t.depth == 1 and name in ("sort", "reverse"):
        u.mutated |= t.roots
        if name == "reverse" and not node.args and not node.keywords:
            u.emit(f"{base.code}[:] = {base.code}[::-1].copy()")
            return True
        key, reverse = sort_options(u, func.value, base, node)
        u.emit(f"{u.helper('sort_by')}({base.code}, {key or base.code}, {reverse})")
        return True
    if not isinstance(t, Grow) or t.sink is not None:
        return False
    if t.queue:
        return deques_made.effect(u, base, func, node)
    if name == "sort":
        key, reverse = sort_options(u, func.value, base, node)
        if key is None:
            orderable(t.item, node)
        u.emit(f"{u.helper('sort_by')}({base.code}, {key or base.code}, {reverse})")
    elif name in ("reverse", "clear") and not node.args and not node.keywords:
        u.emit(f"{base.code}.{name}()")
    elif name == "append" and len(node.args) == 1 and not node.keywords:
        v = item_value(u, node.args[0], t.item)
        widen(u, func.value, Grow(v.t))
        u.emit(f"{base.code}.append({bare(u.sink(v))})")
    elif name == "insert" and len(node.args) == 2 and not node.keywords:
        i, v = u.integer(node.args[0]), item_value(u, node.args[1], t.item)
        widen(u, func.value, Grow(v.t))
        u.emit(f"{base.code}.insert({bare(i.code)}, {bare(u.sink(v))})")
    elif name == "extend" and len(node.args) == 1 and not node.keywords:
        extend(u, func.value, base, node.args[0], node)
    else:
        return False
    return True


def extend(u: Unit, target: ast.expr, base: V, more: ast.expr, node: ast.AST) -> None:
    if isinstance(base.t, Grow) and base.t.queue:
        fail("extension of a deque", node)
    v = sequence(u, more)
    t = item_type(v, more)
    if container(t):
        u.entangled = True
    widen(u, target, Grow(t))
    u.emit(f"{u.helper('extend')}({base.code}, {v.code})")


def changes(u: Unit, node: ast.expr, t: Map, at: ast.AST) -> None:
    if t.frozen and t.roots and not t.keys_only:
        line = getattr(at, "lineno", None)
        raise Live(t.roots, f"line {line}: a dict from outside that holds others changes")
    if t.frozen:
        fail("a dict from outside that holds others changes", at)
    if u.frozen:
        fail("a dict changes inside a comprehension", at)
    u.puts = True
    u.mutated |= t.roots


def item_value(u: Unit, node: ast.expr, expected: Type | None) -> V:
    """The value that goes into a container."""
    u.going_in = node
    v = hinted(u, node, expected)
    v = u.single(v)
    if isinstance(v.t, Grow) and v.t.sink is not None:
        fail("a list from outside becomes part of another", node)
    if isinstance(v.t, Arr) and v.t.dtype in ELEMENTS and v.t.ndim and not v.t.odd:
        if expected is not None and invariant(expected) != invariant(v.t):
            u.doubts.append("arrays of several types in one list")
        return replace(v, t=replace(v.t, ones=frozenset()))
    if not scalar(v.t) and not isinstance(v.t, (Tup, Grow)) and not (isinstance(v.t, (Lst, Mix)) and v.t.depth == 1):
        if not isinstance(v.t, Map) or v.t.keys_only or v.t.frozen:
            fail("such an element", node)
    if isinstance(v.t, Num) and v.t.kind is None and (v.t.rep != "f" or "int" in v.t.kinds):
        fail("a value whose type depends on the data goes into a list", node)
    if not isinstance(node, ast.Name) and not v.leaf and v.parts is None:
        # a new list: it may as well be held as the others are
        if isinstance(expected, Lst) and expected.depth == 1 and isinstance(v.t, Grow) and isinstance(v.t.item, Num):
            v = u.as_list(v, node)
    handed(u, node, v)
    if container(v.t):
        if expected is not None and invariant(expected) != invariant(v.t):
            u.doubts.append("lists of several types in one list")
        return replace(v, t=loose(v.t))
    return v


def hinted(u: Unit, node: ast.expr, expected: Type | None) -> V:
    """An expression that may be an empty list, whose type is then the expected one."""
    before, u.hint = u.hint, expected
    try:
        return u.expr(node)
    finally:
        u.hint = before


def part(u: Unit, target: ast.Subscript, value: ast.expr) -> V:
    """The value that is assigned to an element."""
    if isinstance(value, (ast.List, ast.Dict, ast.ListComp, ast.Name, ast.Call, ast.BinOp, ast.Subscript)):
        base = u.expr(target.value).t
        if isinstance(base, Map) and not isinstance(value, (ast.BinOp, ast.Subscript)):
            return item_value(u, value, base.value)
        if isinstance(base, Grow) and base.sink is None and container(base.item):
            return item_value(u, value, base.item)
    return u.expr(value)


def of_itself(stmts: Sequence[ast.stmt]) -> set[str]:
    """Lists that get what is worked out from them: `sizes.append(count(len(sizes)))`. Numba cannot tell of what."""
    return {
        n.func.value.id
        for s in stmts
        for n in ast.walk(s)
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        and n.func.attr in GROWS
        and isinstance(n.func.value, ast.Name)
        and any(isinstance(x, ast.Name) and x.id == n.func.value.id for a in n.args for x in ast.walk(a))
    }


def rows_replaced(stmts: Sequence[ast.stmt]) -> set[str]:
    """Names of lists, made by displays or comprehensions, that get lists as elements (`rows[i] = [...]`)."""
    made: dict[str, bool] = {}
    found = set()
    for s in stmts:
        for n in ast.walk(s):
            if not isinstance(n, ast.Assign) or len(n.targets) != 1:
                continue
            target, listed = n.targets[0], isinstance(n.value, (ast.List, ast.ListComp))
            if isinstance(target, ast.Name):
                made[target.id] = made.get(target.id, True) and listed
            elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
                parts = [n.value.left, n.value.right] if isinstance(n.value, ast.BinOp) else []
                if listed or any(isinstance(x, (ast.List, ast.ListComp)) for x in parts):
                    found.add(target.value.id)
    return {name for name in found if made.get(name)}


def replaced(u: Unit, target: ast.Subscript, base: V, where: V, v: V) -> None:
    """`rows[i] = row`, in a list of lists that was made here: another list takes the place."""
    owner = target.value
    if not isinstance(owner, ast.Name) or owner.id in u.params or owner.id in u.extra:
        fail("a row that is replaced in a list from outside", target)
    if isinstance(target.slice, (ast.Slice, ast.Tuple)):
        fail("a row that is replaced", target)
    if invariant(where.t) != invariant(v.t):
        fail("lists of several types in one list", target)
    widen(u, target.value, Grow(v.t))
    u.emit(f"{base.code}[{bare(u.integer(target.slice).code)}] = {u.sink(v)}")


def put(u: Unit, target: ast.Subscript, base: V, v: V) -> None:
    """`d[k] = v`"""
    assert isinstance(base.t, Map)
    if base.t.keys_only:
        fail("a set has no items", target)
    held = mixed.held_as(base.t.value, v)
    if held is None and base.t.roots and isinstance(v.t, Num) and v.t.kind is None:
        v = u.single(v)  # what leaves is of one type
    value = u.sink(v) if held is None else mixed.pair(u, v, target)
    # the value is there before the key is computed
    if "(" in value and not isinstance(target.slice, (ast.Name, ast.Constant)):
        temp = f"value_{target.lineno}_{target.col_offset}"
        u.emit(f"{temp} = {bare(value)}")
        value = temp
    k, kind = key_of(u, base.t, target.slice, True)
    if isinstance(v.t, Num) and held is None and v.t.kind is None and (v.t.rep != "f" or "int" in v.t.kinds):
        fail("a value whose type depends on the data goes into a dict", target)
    changes(u, target.value, base.t, target)
    if container(v.t) and base.t.value is not None and invariant(base.t.value) != invariant(v.t):
        u.doubts.append("lists of several types in one dict")
    widen(u, target.value, Map(loose(k.t), held or loose(v.t)))
    place, parts = known_place(u, base, target.slice), fields(u, base)
    if place is not None and parts is not None:
        u.emit(f"{parts[1]}[{place}] = {bare(value)}")
        return
    u.emit(f"{called(u, 'put', kind, base)}, {bare(u.sink(k))}, {bare(value)})")


def delete(u: Unit, s: ast.Delete) -> None:
    from hasten.kernel import removals  # it builds on this module

    for target in s.targets:
        if not isinstance(target, ast.Subscript) or isinstance(target.slice, ast.Slice):
            fail("del", s)
        base = u.expr(target.value)
        if isinstance(base.t, Map):
            removals.delete(u, target, base)
            continue
        if not isinstance(base.t, Grow) or base.t.sink is not None:
            fail("del of an element", s)
        if base.t.queue:
            u.turned += 1
        u.emit(f"{base.code}.pop({bare(u.integer(target.slice).code)})")


# ---------------------------------------------------------------------- sorting


def orderable(t: Type | None, node: ast.AST) -> None:
    """Raises `Refuse` unless machine comparison orders such values as Python does (NaN is looked for at run time)."""
    items = t.items if isinstance(t, Tup) else (t,)
    for i in items:
        if not isinstance(i, (Num, Word)):
            fail("order of this", node)


def sortable(u: Unit, t: Type, code: str) -> str:
    """The code of something that machine comparison orders as Python orders a value: its strings' ranks."""
    from hasten.kernel import words  # it builds on this module

    if isinstance(t, Word):
        return words.rank(u, code)
    if isinstance(t, Tup) and any(words_in(t)):
        parts = [words.rank(u, f"{code}[{i}]") if w else f"{code}[{i}]" for i, w in enumerate(words_in(t))]
        return f"({', '.join(parts)})"
    return code


def sort_options(u: Unit, values: ast.expr | None, base: V, node: ast.Call) -> tuple[str | None, str]:
    """The code of the list of keys (None: the values themselves) and of `reverse`."""
    key, reverse = None, "False"
    if node.args[1 if values is None else 0 :]:
        fail("sort", node)
    for k in node.keywords:
        if k.arg == "reverse" and isinstance(k.value, ast.Constant) and type(k.value.value) is bool:
            reverse = repr(k.value.value)
        elif k.arg == "key" and (by := key_function(u, k.value)) is not None:
            key = keys_by(u, by, base, node, values is not None)
        elif k.arg == "key" and (of_item := called_with_item(u, k.value)) is not None:
            key = keys_by(u, of_item, base, node, values is not None)
        elif not (k.arg == "key" and isinstance(k.value, ast.Constant) and k.value.value is None):
            fail("sort key", node)
    if key is None:
        item = item_type(base, node)
        orderable(item, node)
        if any(words_in(item)):
            if not base.code.isidentifier():
                fail("order of strings in a list that has no name", node)
            key = f"[{sortable(u, item, 'word')} for word in {base.code}]"
    return key, reverse


def key_function(u: Unit, node: ast.expr) -> ast.Lambda | None:
    """A sort key as a lambda: `d.get` (a missing key raises either way), `itemgetter(1)`, or one that is written."""
    if isinstance(node, ast.Lambda):
        return node
    if isinstance(node, ast.Attribute) and node.attr in ("get", "__getitem__") and isinstance(node.value, ast.Name):
        if not isinstance(u.env.get(node.value.id), Map):
            return None
        text = f"lambda item: {node.value.id}[item]"
    elif isinstance(node, ast.Call) and u.module.dotted(node.func) == "operator.itemgetter" and len(node.args) == 1:
        if not isinstance(node.args[0], ast.Constant) or type(node.args[0].value) is not int or node.keywords:
            return None
        text = f"lambda item: item[{node.args[0].value}]"
    else:
        return None
    made = ast.parse(text, mode="eval").body
    assert isinstance(made, ast.Lambda)
    for n in ast.walk(made):
        if isinstance(n, (ast.expr, ast.arg)):
            ast.copy_location(n, node)
    if isinstance(node, ast.Attribute) and node.value.id == "item":  # type: ignore[attr-defined]
        return None
    return made


def called_with_item(u: Unit, key: ast.expr) -> ast.Lambda | None:
    """`key=xs.count` and `key=f`, as the lambda that says the same."""
    item = ast.Name("item", ast.Load())
    made: ast.expr
    if isinstance(key, ast.Attribute) and isinstance(key.value, ast.Name) and key.attr in ("count", "index"):
        made = ast.Call(key, [item], [])
    elif isinstance(key, ast.Name) and (key.id in ("abs", "len") or u.module.function(key.id) is not None):
        if key.id in u.env or key.id in u.bound:
            return None
        made = ast.Call(key, [item], [])
    else:
        return None
    if isinstance(key, ast.Attribute) and isinstance(key.value, ast.Name) and key.value.id == item.id:
        return None
    arguments = ast.arguments([], [ast.arg(item.id)], None, [], [], None, [])
    return ast.fix_missing_locations(ast.copy_location(ast.Lambda(arguments, made), key))


def keys_by(u: Unit, key: ast.Lambda, base: V, node: ast.AST, in_place: bool) -> str:
    """The list of keys of a list, as a comprehension."""
    a = key.args
    if len(a.args) != 1 or a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs or a.defaults:
        fail("sort key", node)
    temp = f"item_{key.lineno}_{key.col_offset}"
    body = copy.deepcopy(key.body)
    for n in ast.walk(body):
        if isinstance(n, ast.Name):
            if n.id == a.args[0].arg:
                n.id = temp
            elif in_place and n.id in u.env and container(u.env[n.id]) and not isinstance(u.env[n.id], (Arr, Lst, Map)):
                fail("sort key that reads a list", node)  # list.sort empties its list while keys are computed
        elif isinstance(n, (ast.Lambda, ast.NamedExpr)):
            fail("sort key", node)
    u.env[temp] = loose(item_type(base, node))
    u.fleeting.add(temp)
    u.bound.add(temp)
    v = u.single(u.expr(body))
    orderable(v.t, node)
    code = bare(u.sink(v)) if isinstance(v.t, Num) else sortable(u, v.t, u.sink(v))
    return f"[{code} for {temp} in {base.code}]"


def ordered(u: Unit, name: str, node: ast.Call) -> V:
    """`sorted`, `min` and `max` with `key` or `reverse`, or of tuples."""
    if len(node.args) != 1:
        fail(f"{name} with keywords", node)
    # without a key nobody can tell in which order equal ones came
    v = sequence(u, node.args[0]) if node.keywords else u.listed(node.args[0], anyhow=True)
    if name != "sorted" and any(k.arg != "key" for k in node.keywords):
        fail(f"{name} with keywords", node)
    if (node.keywords or any(words_in(item_type(v, node)))) and not v.code.isidentifier():
        early = pure(head(u.current)) or not impure(head(u.current)) or evaluated_first(u.current, node)
        if isinstance(u.current, ast.While) or not early:
            fail(f"{name} with a key where its list is no name", node)
        temp = f"values_{node.lineno}_{node.col_offset}"
        u.emit(f"{temp} = {v.code}")
        v = replace(v, code=temp)
    key, reverse = sort_options(u, None, v, node)
    item = item_type(v, node)
    if name == "sorted":
        return V(f"{u.helper('sorted_by')}({v.code}, {key or v.code}, {reverse})", Grow(loose(item)))
    code = f"{u.helper(name + '_by')}({v.code}, {key or v.code})"
    return V(code, loose(item), parts=("", ()) if container(item) else None)


def head(s: ast.stmt | None) -> ast.AST:
    """What of a statement is evaluated at once."""
    if isinstance(s, ast.If):
        return s.test
    if isinstance(s, ast.For):
        return s.iter
    assert s is not None
    return s


def evaluated_first(s: ast.stmt | None, node: ast.expr) -> bool:
    """May `node` be evaluated before the rest of its statement? Only constants and names are evaluated earlier."""
    at: ast.AST = head(s)
    while at is not node:
        if isinstance(at, (ast.IfExp, ast.BoolOp, ast.Lambda, *names.COMPREHENSIONS)):
            return False
        parts = [c for c in ast.iter_child_nodes(at) if isinstance(c, (ast.expr, ast.keyword))]
        if isinstance(at, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            if isinstance(at, ast.AugAssign) and not isinstance(at.target, ast.Name) or at.value is None:
                return False
            parts = [at.value]
        inner = next((c for c in parts if any(n is node for n in ast.walk(c))), None)
        if inner is None or isinstance(at, ast.Compare) and len(at.ops) > 1:
            return False
        for c in parts:
            plain_name = isinstance(c, ast.Attribute) and isinstance(c.value, ast.Name) and isinstance(at, ast.Call)
            if c is not inner and not isinstance(c, (ast.Name, ast.Constant)):
                if not (plain_name and isinstance(at, ast.Call) and c is at.func):
                    return False
        at = inner
    return True


# ---------------------------------------------------------------------- expressions


def folded_map(u: Unit, v: V, node: ast.AST, anyhow: bool = True) -> V:
    """The keys of a dict, or the elements of a set."""
    t = v.t
    assert isinstance(t, Map)
    if t.keys_only:
        return sets.any_order(u, v) if anyhow else sets.ordered(u, v, node)
    if t.key is None:
        raise Unknown("what a dict holds is not known")
    return keys_of(u, v)


def keys_of(u: Unit, v: V) -> V:
    """The list of a dict's keys."""
    t = v.t
    assert isinstance(t, Map)
    if t.frozen and isinstance(t.key, Tup):
        return V(f"[key for key in {keys_code(t, f'{v.code}[0]')}]", Grow(t.key))
    return V(gaps.items(u, v, 0), keys_list(t), leaf=True)


def keys_list(t: Map) -> Type:
    """The type of the list (or, of a frozen dict, array) of a dict's keys."""
    if t.frozen:
        return (
            Row(t.key)
            if isinstance(t.key, Word)
            else Lst(t.key.kinds if isinstance(t.key, Num) else frozenset({"int"}))
        )
    return Grow(t.key)


def view(node: ast.expr) -> bool:
    """Is it gone over without a list being there?"""
    return isinstance(node, ast.Call) and (
        isinstance(node.func, ast.Name) and node.func.id in ("range", "zip", "enumerate", "reversed", *ITERTOOLS)
        or isinstance(node.func, ast.Attribute) and node.func.attr in ("keys", "values", "items", *ITERTOOLS)
    )  # fmt: skip


def sequence(u: Unit, node: ast.expr) -> V:
    """Anything that can be gone over, as a list or array."""
    if isinstance(node, (ast.GeneratorExp, ast.ListComp)):
        return u.comprehension(node)
    if not view(node):
        v = u.expr(node)
        if isinstance(v.t, Map):
            if v.t.keys_only:
                return sets.ordered(u, v, node)
            return keys_of(u, v)
        if isinstance(v.t, Lst) or (isinstance(v.t, Grow) and v.t.sink is None):
            return v
        if isinstance(v.t, Row) and scalar(v.t.item):
            return v
        if isinstance(v.t, Arr) and v.t.ndim == 1:
            return v
    t, code = u.iterable(node)
    u.frozen_maps.clear()
    if isinstance(t, Num) and t.kind is None or isinstance(t, Told) or isinstance(t, Tup) and mixed.within(t):
        fail("list of mixed types", node)
    return V(f"[item for item in {code}]", Grow(loose(t)))


def backwards(u: Unit, node: ast.expr) -> tuple[Type, str]:
    """What a loop over `reversed(xs)` goes over: the items that are there when their turn comes, as in Python."""
    v = u.expr(node)
    t = v.t
    if isinstance(t, Pool):
        from hasten.kernel import objects  # it builds on this module

        item, _ = objects.items(u, v, node)
        return item, f"range({objects.length(u, v).code} - 1, -1, -1)"
    if isinstance(t, Grow) and t.sink is not None:
        fail("reversed of a list from outside that grows", node)
    if isinstance(t, Grow) and t.queue:
        u.walks.append(u.turned)
    if isinstance(t, Grow) and t.item is None:
        raise Unknown("what a list holds is not known")
    items = t.item if isinstance(t, Grow) else element(t) if isinstance(t, Lst) else None
    if isinstance(t, Arr) and t.ndim >= 1:
        from hasten.kernel.compiler import array_item  # it builds on this module

        items = array_item(t, 1)
    if items is None:
        fail("reversed of such a thing", node)
    return items, f"{u.helper('backwards')}({v.code})"


def item_type(v: V, node: ast.AST) -> Type:
    t = v.t
    if isinstance(t, Lst):
        return element(t)
    if isinstance(t, Arr) and t.ndim == 1 and t.dtype in ("int64", "float64"):
        return num(f"np.{t.dtype}")
    if isinstance(t, (Grow, Row)) and t.item is not None:
        return t.item
    if isinstance(t, Grow):
        raise Unknown("what a list holds is not known")
    fail("not a list", node)


def as_grow(u: Unit, v: V, node: ast.AST) -> V:
    """A new list, as one that may grow."""
    if isinstance(v.t, Grow):
        return v
    if not isinstance(v.t, (Lst, Arr)) or v.leaf or v.parts is not None:
        fail("it grows from something else than a list made here", node)
    return V(f"{u.helper('as_list')}({v.code})", Grow(item_type(v, node)))


def listed(u: Unit, node: ast.Call) -> V:
    """`list(x)`, a new list."""
    v = sequence(u, node.args[0])
    t = item_type(v, node)
    if isinstance(v.t, Lst):
        if v.t.depth > 1:
            fail("list of a list of lists", node)
        return V(f"{v.code}.copy()", Lst(v.t.kinds))
    if isinstance(t, Num) and t.kind is None:
        fail("list of mixed types", node)
    fresh = v.code.startswith("[")
    return V(v.code if fresh else f"{u.helper('as_list')}({v.code})", Grow(t))


def new_dict(u: Unit, node: ast.Dict | ast.DictComp) -> V:
    """A dict display or comprehension."""
    if isinstance(node, ast.Dict):
        from hasten.kernel import making  # it builds on this module

        record = making.display(u, node)
        if record is not None:
            return record
    hint = u.hint if isinstance(u.hint, Map) and not u.hint.keys_only else Map(None, None)
    if isinstance(node, ast.Dict) and not node.keys:
        t = replace(hint, roots=frozenset(), fresh=False, frozen=False, default="")
        return V(empty_map(u, t), t)
    if isinstance(node, ast.Dict):
        of_keys: list[V] = []
        values: list[V] = []
        key: Type | None = None
        value: Type | None = None
        for k, x in zip(node.keys, node.values, strict=True):
            if k is None:
                fail("dict display", node)
            of_keys.append(u.single(u.expr(k)))
            values.append(item_value(u, x, hint.value))
            key = of_keys[-1].t if key is None else join(key, of_keys[-1].t)
            value = values[-1].t if value is None else beside(value, values[-1].t)
        assert key is not None and value is not None
        value = value if hint.value is None or not isinstance(value, (Num, Told)) else beside(hint.value, value)
        parts = [
            f"[{', '.join(bare(u.sink(v)) if isinstance(v.t, Num) else u.sink(v) for v in vs)}]"
            for vs in (of_keys, values)
        ]
        if isinstance(value, Told):
            parts[1] = f"[{', '.join(mixed.pair(u, v, node) for v in values)}]"
        t = Map(loose(key), loose(value))
        code = f"{gaps.keyed(u, 'dict_' + key_kind(key))}({parts[0]}, {parts[1]})"
        return V(code, join(t, Map(None, hint.value)) if container(value) else t)
    # keys and values are made one after the other: what is called may only compute
    if impure(node) and not pure(node, u.module):
        fail("dict comprehension with a call", node)
    keys_v = u.comprehension(like(node, node.key))
    before, u.hint = u.hint, Grow(hint.value)
    try:
        values_v = u.comprehension(like(node, node.value))
    finally:
        u.hint = before
    key_t, value_t = item_type(keys_v, node), item_type(values_v, node)
    if isinstance(hint.value, Told):
        pairs = f"[{mixed.pair(u, V('item', value_t), node)} for item in {values_v.code}]"
        code = f"{gaps.keyed(u, 'dict_' + key_kind(loose(key_t)))}({keys_v.code}, {pairs})"
        return V(code, Map(loose(key_t), hint.value))
    code = f"{gaps.keyed(u, 'dict_' + key_kind(loose(key_t)))}({keys_v.code}, {values_v.code})"
    return V(code, Map(loose(key_t), loose(value_t)))


def copied(u: Unit, given: ast.expr, node: ast.Call, *, plain: bool) -> V:
    """`dict(x)`, `dict(zip(a, b))`, `d.copy()`: the same as `{key: value for key, value in x.items()}`.

    `plain`: what comes is a plain dict whatever `x` is.
    """
    items = given
    lines = len(u.lines)
    if not (isinstance(given, ast.Call) and u.module.dotted(given.func) in ("zip", "enumerate")):
        t = u.expr(given).t
        del u.lines[lines:]
        if isinstance(t, Map):
            if t.keys_only or t.default and not plain:
                fail("copy of this", node)
            if t.key is None or t.value is None:
                raise Unknown("what a dict holds is not known")
            if container(t.value):
                fail("copy of a dict of lists", node)
            items = ast.Call(ast.Attribute(given, "items", ast.Load()), [], [])
    key, value = (f"{word}_{node.lineno}_{node.col_offset}" for word in ("key", "value"))
    target = ast.Tuple([ast.Name(key, ast.Store()), ast.Name(value, ast.Store())], ast.Store())
    made = ast.DictComp(
        ast.Name(key, ast.Load()), ast.Name(value, ast.Load()), [ast.comprehension(target, items, [], 0)]
    )
    return new_dict(u, ast.fix_missing_locations(ast.copy_location(made, node)))


def like(node: ast.DictComp, elt: ast.expr) -> ast.ListComp:
    made = ast.ListComp(elt, copy.deepcopy(node.generators))
    ast.copy_location(made, node)
    return ast.fix_missing_locations(made)


def lookup(u: Unit, base: V, node: ast.Subscript) -> V:
    """`d[k]`"""
    t = base.t
    assert isinstance(t, Map)
    if t.keys_only:
        fail("element of a set", node)
    if t.default and known_place(u, base, node.slice) is None:
        from hasten.kernel import counting  # it builds on this module

        return counting.missing(u, base, node)
    k, kind = key_of(u, t, node.slice, False)
    if t.value is None:
        raise Unknown("what a dict holds is not known")
    known = known_place(u, base, node.slice)
    place = known or f"{called(u, 'at', kind, base)}, {bare(u.sink(k))})"
    inner = within.values(base)
    if inner is not None and known is None and kind == "int":
        return V(f"{inner}[{place}]", t.value)
    parts = fields(u, base)
    values = gaps.placed(u, base) if parts is None else parts[1]
    code = element_of(u, t.value, values, place) if t.frozen else f"{values}[{place}]"
    if container(t.value) and t.roots:
        return within.reached(u, base, place, code, rooted(t.value, roots_of(t)))
    if isinstance(t.value, Told):
        return mixed.told(code, t.value)
    return V(code, t.value, parts=(code, ()))


def method(u: Unit, base: V, func: ast.Attribute, node: ast.Call) -> V | None:
    """Methods of lists and dicts that give a value. None: not one of these."""
    t, name, args = base.t, func.attr, node.args
    if isinstance(t, Map) and t.keys_only:
        return sets.asked(u, base, func, node) or sets.combined(u, node)
    if isinstance(t, Map) and t.default.endswith("(") and name == "most_common" and not node.keywords:
        from hasten.kernel import counting  # it builds on this module

        return counting.most_common(u, base, node)
    if isinstance(t, Map) and not t.keys_only and not node.keywords:
        from hasten.kernel import removals  # it builds on this module

        taken = removals.popped(u, base, func, node)
        if taken is not None:
            return taken
        if name == "copy" and not args:
            return copied(u, func.value, node, plain=False)
        if t.frozen and isinstance(t.value, Tup) and name != "copy":
            fail(f"{name} of a dict of tuples from outside", node)
        if name == "get" and len(args) == 1:
            return get_or_none(u, base, args[0], node)
        if name == "get" and len(args) == 2 and empty_display(args[1]):
            return get_container(u, base, args, node)
        if name == "get" and len(args) == 2:
            k, kind = key_of(u, t, args[0], False)
            d = u.single(hinted(u, args[1], t.value))
            if mixed.held_as(t.value, d) is not None and t.value is not None:
                return get_told(u, base, args, d, node)
            out = loose(d.t) if t.value is None else join(t.value, loose(d.t))
            if container(out):
                fail("get of a list", node)
            code = u.fit(d, out) if isinstance(d.t, Num) else u.sink(d)
            tag = None
            if isinstance(out, Num) and isinstance(t.value, Num) and isinstance(d.t, Num) and out.kind is None:
                known = f"{called(u, 'has', kind, base)}, {bare(u.sink(k))})"
                if t.value.kind in CODE and d.t.kind in CODE and pure(args[0]):
                    codes = CODE[t.value.kind], CODE[d.t.kind]
                    tag = lambda: f"({codes[0]} if {known} else {codes[1]})"  # noqa: E731
            return V(f"{called(u, 'get', kind, base)}, {bare(u.sink(k))}, {bare(code)})", out, tag=tag)
        if isinstance(t.value, Told):
            fail(f"{name} of a dict of ints and floats", node)
        if name == "setdefault" and len(args) == 2:
            k, kind = key_of(u, t, args[0], True)
            v = item_value(u, args[1], t.value)
            changes(u, func.value, t, node)
            widen(u, func.value, Map(loose(k.t), loose(v.t)))
            out2 = t.value if t.value is not None else v.t
            code = f"{called(u, 'setdefault', kind, base)}, {bare(u.sink(k))}, {bare(u.fit(v, out2))})"
            return V(code, out2, parts=(code, ()))
    if isinstance(t, (Lst, Grow, Row)) and name in ("index", "count") and len(args) == 1 and not node.keywords:
        if isinstance(t, Grow) and t.sink is not None:
            fail(name, node)
        v = alike(u, item_type(base, node), args[0], node)
        return V(f"{u.helper(name + '_of')}({base.code}, {bare(u.sink(v))})", SIZE)
    if isinstance(t, Grow) and t.sink is None and name == "copy" and not args and not t.queue:
        return V(f"{base.code}.copy()", replace(t, root=None))
    return None


def empty_display(node: ast.expr) -> bool:
    return isinstance(node, ast.List) and not node.elts or isinstance(node, ast.Dict) and not node.keys


def get_or_none(u: Unit, base: V, key: ast.expr, node: ast.Call) -> V:
    """`d.get(k)`: what is there, or None."""
    t = base.t
    assert isinstance(t, Map)
    if t.value is None:
        raise Unknown("what a dict holds is not known")
    value = loose(t.value)
    if t.frozen or not scalar(value) or isinstance(value, Num) and value.kind is None or not pure(key):
        fail("method get", node)
    k, kind = key_of(u, t, key, False)
    known = f"{called(u, 'has', kind, base)}, {bare(u.sink(k))})"
    there = f"{called(u, 'get', kind, base)}, {bare(u.sink(k))}, {sample(u, value)})"
    pair = (f"(not {known})", there)
    return V(f"({', '.join(pair)})", Opt(value), pair=pair)


def get_container(u: Unit, base: V, args: list[ast.expr], node: ast.Call) -> V:
    """`d.get(k, [])` and `d.get(k, {})`"""
    t = base.t
    assert isinstance(t, Map)
    if t.value is None:
        raise Unknown("what a dict holds is not known")
    value = t.value
    if isinstance(value, Grow) and value.queue:
        fail("get of a deque or a list", node)
    lists = (Lst, Grow, Row)
    if not isinstance(value, lists if isinstance(args[1], ast.List) else Map) or not pure(args[0]):
        fail("get of a list or dict", node)
    k, kind = key_of(u, t, args[0], False)
    known = f"{called(u, 'has', kind, base)}, {bare(u.sink(k))})"
    place = f"{called(u, 'at', kind, base)}, {bare(u.sink(k))})"
    parts = fields(u, base)
    values = gaps.placed(u, base) if parts is None else parts[1]
    if t.frozen:
        code, new = element_of(u, value, values, place), empty(value)
    else:
        code = f"{values}[{place}]"
        new = empty(value) if isinstance(value, Lst) and value.depth == 1 else sample(u, value)
    code = f"({code} if {known} else {new})"
    return V(code, rooted(value, roots_of(t)) if t.roots else value, parts=(code, ()))


def get_told(u: Unit, base: V, args: list[ast.expr], d: V, node: ast.Call) -> V:
    """`d.get(k, inf)` where an int or a float may come out: a number, and what tells which it is."""
    t = base.t
    assert isinstance(t, Map) and isinstance(d.t, Num)
    if not pure(args[0]) or not pure(args[1]) or t.frozen or d.t.kind is None or not base.leaf:
        fail("get of an int or a float", node)
    k, kind = key_of(u, t, args[0], False)
    known = f"{called(u, 'has', kind, base)}, {bare(u.sink(k))})"
    place = f"{called(u, 'at', kind, base)}, {bare(u.sink(k))})"
    parts = fields(u, base)
    code = f"{gaps.placed(u, base) if parts is None else parts[1]}[{place}]"
    there = mixed.told(code, t.value) if isinstance(t.value, Told) else V(code, t.value or d.t)
    if not isinstance(there.t, Num):
        fail("get of an int or a float", node)
    number = f"({mixed.as_double(u, there)} if {known} else {mixed.as_double(u, d)})"
    tag = f"({u.tag(there)} if {known} else {u.tag(d)})"
    return V(number, Num(there.t.kinds | d.t.kinds), tag=lambda: tag)


def told(u: Unit, node: ast.expr, name: str) -> None:
    """`row = d.setdefault(k, {})`: what is put into `row` tells what the dict holds."""
    t = u.env.get(name)
    if not isinstance(t, (Map, Grow)) or not settled(t) or roots_of(t) or isinstance(t, Map) and t.frozen:
        return
    of_dict = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "setdefault"
    if not of_dict and not isinstance(node, (ast.Subscript, ast.Attribute)):
        return
    count, doubts = len(u.lines), list(u.doubts)
    try:
        known = u.expr(node).t
    finally:
        del u.lines[count:]
        u.doubts[:] = doubts
    if container(known) and not settled(known):
        widen(u, node, t)


def alike(u: Unit, item: Type, node: ast.expr, at: ast.AST) -> V:
    """A value to be compared with items of a list: Python and the machine must agree on what is equal."""
    if isinstance(item, Obj):
        from hasten.kernel import members  # it builds on this module

        return members.one(u, item, node, at)
    v = u.single(u.expr(node))
    if isinstance(v.t, Word) and isinstance(item, Word):
        return v
    if isinstance(v.t, Num) and isinstance(item, Num):
        if v.t.rep != item.rep and not (item.rep == "f" and v.t.rep == "i" and v.t.within(-EXACT_FLOAT, EXACT_FLOAT)):
            fail("comparison of mixed types", at)
        return v
    if isinstance(v.t, Tup) and isinstance(item, Tup) and len(v.t.items) == len(item.items):
        for a, b in zip(v.t.items, item.items, strict=True):
            if not isinstance(a, Num) or not isinstance(b, Num) or a.rep != b.rep:
                fail("comparison of mixed types", at)
        return v
    fail("comparison of mixed types", at)


def compare(u: Unit, node: ast.Compare) -> V | None:
    """`in`, `is None`, and comparisons of lists and tuples. None: a comparison of numbers."""
    from hasten.kernel import words  # it builds on this module

    op, right = node.ops[0], node.comparators[0]
    if len(node.ops) != 1:
        return None
    if isinstance(op, (ast.Is, ast.IsNot)):
        from hasten.kernel import objects  # it builds on this module

        found = objects.same(u, node.left, right)
        if found is not None:
            return V(found if isinstance(op, ast.Is) else f"(not {found})", BOOL)
        return optional.is_none(u, node)
    if isinstance(op, (ast.In, ast.NotIn)):
        sign = "" if isinstance(op, ast.In) else "not "
        if isinstance(right, (ast.Tuple, ast.List, ast.Set)) and right.elts and words.is_text(right.elts[0]):
            word = u.expr(node.left)
            if not isinstance(word.t, Word):
                fail("`in` of strings", node)
            return words.among(u, node, right, word)
        if isinstance(right, (ast.Tuple, ast.List)) and right.elts:
            return among(u, node, right, sign)
        if (
            isinstance(right, ast.Call)
            and isinstance(right.func, ast.Attribute)
            and right.func.attr == "keys"
            and not (right.args or right.keywords)
        ):
            right = right.func.value
            if not isinstance(u.expr(right).t, Map):
                fail("`in` the keys of this", node)
        base = u.expr(right)
        if isinstance(base.t, Rec):
            from hasten.kernel import records  # it builds on this module

            return records.has(u, base, node, sign)
        if isinstance(base.t, Map) and base.t.keys_only:
            return V(sets.has(u, base, node.left, sign), BOOL)
        if isinstance(base.t, Map):
            k, kind = key_of(u, base.t, node.left, False)
            return V(f"({sign}{called(u, 'has', kind, base)}, {bare(u.sink(k))}))", BOOL)
        if (
            isinstance(base.t, Lst)
            or (isinstance(base.t, Grow) and base.t.sink is None)
            or (isinstance(base.t, Row) and scalar(base.t.item))
        ):
            v = alike(u, item_type(base, node), node.left, node)
            sign2 = ">=" if sign == "" else "<"
            return V(f"({u.helper('place_of')}({base.code}, {bare(u.sink(v))}) {sign2} 0)", BOOL)
        if isinstance(base.t, Arr):
            from hasten.kernel import arrays_shapes  # it builds on this module

            return arrays_shapes.holds(u, base, node.left, node)
        fail("`in`", node)
    if isinstance(node.left, ast.Attribute):
        count = len(u.lines)
        a = u.expr(node.left)
        if isinstance(a.t, Word):
            return words.same(u, op, a, u.expr(right), node)
        del u.lines[count:]  # its code is made once more
        if not isinstance(a.t, Tup):
            return None
    if isinstance(node.left, (ast.Attribute, ast.Name, ast.Subscript, ast.Tuple, ast.Call)):
        count = len(u.lines)
        a = u.leaf(u.expr(node.left), node)
        if isinstance(a.t, Word):
            return words.same(u, op, a, u.leaf(u.expr(right), node), node)
        if isinstance(a.t, Num):
            del u.lines[count:]  # its code is made once more
            return None
        b = u.expr(right)
        lists = (Lst, Grow)
        if isinstance(a.t, Arr) or isinstance(b.t, Arr):
            del u.lines[count:]  # these are compared element by element
            return None
        if any(isinstance(v.t, Grow) and v.t.queue for v in (a, b)):
            fail("comparison of a deque", node)
        if any(isinstance(v.t, Map) and v.t.keys_only for v in (a, b)):
            return sets.compared(u, node, a, b)
        if isinstance(op, (ast.Eq, ast.NotEq)) and isinstance(a.t, lists) and isinstance(b.t, lists):
            x, y = item_type(a, node), item_type(b, node)
            if not isinstance(x, Num) or not isinstance(y, Num) or x.rep != y.rep:
                fail("comparison of such lists", node)
            sign = "" if isinstance(op, ast.Eq) else "not "
            return V(f"({sign}{u.helper('same_list')}({a.code}, {b.code}))", BOOL)
        if isinstance(a.t, Tup) and isinstance(b.t, Tup) and len(a.t.items) == len(b.t.items):
            for x, y in zip(a.t.items, b.t.items, strict=True):
                if isinstance(x, Word) and x == y and not x.kind and not impure(node):
                    continue  # by their ranks
                if not isinstance(x, Num) or not isinstance(y, Num) or x.rep != y.rep or x.has_np or y.has_np:
                    fail("comparison of such tuples", node)
            a, b = (replace(v, code=sortable(u, v.t, v.code)) for v in (a, b))
            symbol = {"Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Eq": "==", "NotEq": "!="}[type(op).__name__]
            sure = u.helper("not_nan")
            return V(f"({sure}({a.code}) {symbol} {sure}({b.code}))", BOOL)
        fail("comparison", node)
    return None


def among(u: Unit, node: ast.Compare, right: ast.Tuple | ast.List, sign: str) -> V:
    """`x in (1, 2)`"""
    v = u.single(u.number(node.left))
    assert isinstance(v.t, Num)
    if not all(isinstance(e, ast.Constant) for e in right.elts) or v.t.rep == "b" or impure(node.left):
        fail("`in`", node)
    parts = []
    for e in right.elts:
        c = u.number(e)
        if not isinstance(c.t, Num) or c.t.rep != v.t.rep:
            fail("`in` of mixed types", node)
        parts.append(f"{u.sink(v)} == {c.code}")
    return V(f"({sign}({' or '.join(parts)}))", BOOL)


def plus(u: Unit, node: ast.BinOp, a: V, b: V) -> V | None:
    """`xs + ys` and `xs * n`. None: not with a list."""
    lists = (Lst, Grow)
    if any(isinstance(v.t, Grow) and v.t.queue for v in (a, b)):
        fail("arithmetic on a deque", node)
    added = all(isinstance(v.t, lists) or isinstance(v.t, Row) and scalar(v.t.item) for v in (a, b))
    if isinstance(node.op, ast.Add) and added:
        x, y = item_type(a, node), item_type(b, node)
        t = join(loose(x), loose(y))
        if container(t):
            u.entangled = True
        if isinstance(t, Num) and isinstance(x, Num) and isinstance(y, Num) and (x.rep != y.rep or t.kind is None):
            fail("lists of several types joined", node)
        return V(f"{u.helper('joined')}({a.code}, {b.code})", Grow(t))
    if isinstance(node.op, ast.Mult) and isinstance(a.t, lists) and isinstance(b.t, Num):
        if b.t.rep != "i":
            fail("list times this", node)
        t = loose(item_type(a, node))
        if container(t):
            fail("repeated list of lists", node)
        return V(f"{u.helper('repeated')}({a.code}, {bare(b.code)})", Grow(t))
    return None
