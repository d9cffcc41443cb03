"""`defaultdict` and `Counter` made in a kernel: dicts that know what a missing key stands for.

Reading a missing key of a `defaultdict` adds it, of a `Counter` it does not. What leaves the kernel is made by the
name that the program itself uses.
"""

from __future__ import annotations

import ast

from hasten.kernel import containers
from hasten.kernel.compiler import Unit
from hasten.kernel.kinds import FLOAT, INT, Grow, Map, Tup, Type, Unknown, join, loose
from hasten.kernel.values import V, bare, fail

DEFAULTS: dict[str, Type] = {"int": INT, "float": FLOAT, "list": Grow(None)}


def made(u: Unit, name: str, node: ast.Call) -> V | None:
    """`defaultdict(int)`, `Counter()`, `Counter(xs)`; None for anything else."""
    if name not in ("collections.defaultdict", "collections.Counter"):
        return None
    spelled = ast.unparse(node.func) + "("
    if node.keywords or len(node.args) > 1:
        fail(f"{name} of this", node)
    value: Type = INT
    if name == "collections.defaultdict":
        which = u.module.dotted(node.args[0]) if node.args else None
        if which not in DEFAULTS:
            fail("defaultdict of this", node)
        spelled += which
        value = DEFAULTS[which]
    elif node.args:
        v = containers.sequence(u, node.args[0])
        key = loose(containers.item_type(v, node))
        return V(f"{u.helper('counted_' + containers.key_kind(key))}({v.code})", Map(key, value, default=spelled))
    t = Map(None, value, default=spelled)
    if isinstance(u.hint, Map) and u.hint.default == spelled:
        hinted = join(t, Map(u.hint.key, u.hint.value))
        assert isinstance(hinted, Map)
        t = hinted
    return V(containers.empty_map(u, t), t)


def missing(u: Unit, base: V, node: ast.Subscript) -> V:
    """`d[k]`, where the key may be new."""
    t = base.t
    assert isinstance(t, Map)
    if t.default.endswith("("):
        k, kind = containers.key_of(u, t, node.slice, False)
        return V(f"{containers.called(u, 'get', kind, base)}, {bare(u.sink(k))}, 0)", INT)
    k, kind = containers.key_of(u, t, node.slice, True)
    containers.changes(u, node.value, t, node)
    containers.widen(u, node.value, Map(loose(k.t), None))
    if t.value is None:
        raise Unknown("what a dict holds is not known")
    new = containers.sample(u, t.value)
    code = f"{containers.called(u, 'setdefault', kind, base)}, {bare(u.sink(k))}, {new})"
    return V(code, t.value, parts=(code, ()))


def most_common(u: Unit, base: V, node: ast.Call) -> V:
    """`counter.most_common(n)`: the largest counts first, equal ones in the order they came."""
    t = base.t
    parts = containers.fields(u, base)
    if not isinstance(t, Map) or parts is None or len(node.args) > 1:
        fail("most_common", node)
    if t.key is None or t.value is None:
        raise Unknown("what a dict holds is not known")
    code = f"{u.helper('sorted_by')}([item for item in zip({parts[0]}, {parts[1]})], {parts[1]}, True)"
    if node.args and not (isinstance(node.args[0], ast.Constant) and node.args[0].value is None):
        code += f"[:max({bare(u.integer(node.args[0]).code)}, 0)]"
    return V(code, Grow(Tup((t.key, loose(t.value)))))


def boxed(t: Map, keys: str, values: str) -> str:
    """The code of one that leaves."""
    if t.default.endswith("("):
        return f"{t.default}dict(zip({keys}, {values})))"
    return f"{t.default}, zip({keys}, {values}))"
