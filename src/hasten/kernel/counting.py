"""`defaultdict` and `Counter` made in a kernel: dicts that know what a missing key stands for.

Reading a missing key of a `defaultdict` adds it, of a `Counter` it does not. What leaves the kernel is made by the
name that the program itself uses.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from hasten.kernel import containers, deques_made, gaps
from hasten.kernel.compiler import Unit
from hasten.kernel.kinds import (
    BOOL,
    FLOAT,
    INT,
    Grow,
    Lst,
    Map,
    Num,
    Tup,
    Type,
    Unknown,
    Word,
    container,
    invariant,
    join,
    loose,
    settled,
)
from hasten.kernel.values import PURE, V, bare, fail, impure
from hasten.kernel.views import READS, pure

DEFAULTS: dict[str, Type] = {
    "int": INT, "float": FLOAT, "bool": BOOL, "list": Grow(None), "dict": Map(None, None),
    "set": Map(None, None, keys_only=True),
}  # fmt: skip


def made(u: Unit, name: str, node: ast.Call) -> V | None:
    """`defaultdict(int)`, `defaultdict(lambda: [0.0, 0.0])`, `Counter()`, `Counter(xs)`; None for anything else."""
    if name not in ("collections.defaultdict", "collections.Counter"):
        return None
    spelled = ast.unparse(node.func) + "("
    if node.keywords or len(node.args) > 1:
        fail(f"{name} of this", node)
    value: Type | None = INT
    if name == "collections.defaultdict":
        if not node.args:
            fail("defaultdict of this", node)
        more, value = factory(u, node.args[0])
        spelled += more
    elif node.args:
        v = containers.sequence(u, node.args[0])
        key = loose(containers.item_type(v, node))
        return V(f"{gaps.keyed(u, 'counted_' + containers.key_kind(key))}({v.code})", Map(key, value, default=spelled))
    t = Map(None, value, default=spelled)
    if isinstance(u.hint, Map) and u.hint.default == spelled:
        hinted = join(t, Map(u.hint.key, u.hint.value))
        assert isinstance(hinted, Map)
        t = hinted
    return V(containers.empty_map(u, t), t)


def factory(u: Unit, node: ast.expr) -> tuple[str, Type | None]:
    """How the program spells what makes the missing values, and the type of these."""
    if isinstance(node, ast.Lambda):
        a = node.args
        if a.args or a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs:
            fail("defaultdict of this", node)
        text = ast.unparse(node)
        return text, new_value(u, text, None).t
    which = u.module.dotted(node) or ""
    if which == "collections.deque":
        return ast.unparse(node), deques_made.empty()
    if which not in DEFAULTS:
        fail("defaultdict of this", node)
    return which, DEFAULTS[which]


def new_value(u: Unit, text: str, known: Type | None) -> V:
    """What stands for a missing key, by the text of what makes it. `known`: what the dict holds, as far as is known."""
    if not text.startswith("lambda"):
        default = known or (DEFAULTS[text] if text in DEFAULTS else deques_made.empty())
        return V(containers.sample(u, default), default)
    body = ast.parse(text, mode="eval").body
    assert isinstance(body, ast.Lambda)
    at = u.current
    for n in ast.walk(body):
        if isinstance(n, (ast.expr, ast.arg)):
            n.lineno, n.col_offset = getattr(at, "lineno", 1), 0
            n.end_lineno, n.end_col_offset = n.lineno, 0
    made = body.body
    named = {n.id for n in ast.walk(made) if isinstance(n, ast.Name)}
    if named & {*u.bound, *u.params, *u.scope, *u.shadow} or named and u.module is not u.shared.module:
        fail("what a defaultdict makes is worked out of a function's variables", at)
    count = len(u.lines)
    v = containers.hinted(u, made, known)
    if isinstance(made, ast.Constant) and isinstance(v.t, Num):
        return replace(v, t=loose(v.t))
    if impure(made) and not isinstance(v.t, Map) and not deques_made.is_made(u.module, made) or len(u.lines) != count:
        fail("what a defaultdict makes does more than that", at)
    v = containers.as_grow(u, v, made) if isinstance(v.t, (Lst, Grow)) else v
    if not isinstance(v.t, (Grow, Map, Num, Word, Tup)):
        fail("defaultdict of this", at)
    return replace(v, t=loose(v.t))


def missing(u: Unit, base: V, node: ast.Subscript) -> V:
    """`d[k]`, where the key may be new."""
    t = base.t
    assert isinstance(t, Map)
    if t.default.endswith("("):
        k, kind = containers.key_of(u, t, node.slice, False)
        return V(f"{containers.called(u, 'get', kind, base)}, {bare(u.sink(k))}, 0)", INT)
    k, kind = containers.key_of(u, t, node.slice, True)
    containers.changes(u, node.value, t, node)
    text = t.default.partition("(")[2]
    before = u.env.copy()
    new = new_value(u, text, t.value)
    containers.widen(u, node.value, Map(loose(k.t), loose(new.t) if text.startswith("lambda") else None))
    value = t.value if t.value is not None else loose(new.t)
    if container(value) and settled(new.t) and settled(value) and invariant(new.t) != invariant(value):
        u.doubts.append("lists of several types in one dict")
    if u.env == before and not settled(t) and t.value is None:
        raise Unknown("what a dict holds is not known")
    named = place_of(u, base, k, kind, new, node)
    if named is not None:
        parts = containers.fields(u, base)
        code = f"{gaps.placed(u, base) if parts is None else parts[1]}[{named}]"
        return V(code, value, parts=(code, ()))
    code = f"{containers.called(u, 'setdefault', kind, base)}, {bare(u.sink(k))}, {bare(u.sink(new))})"
    return V(code, value, parts=(code, ()))


def place_of(u: Unit, base: V, k: V, kind: str, new: V, node: ast.Subscript) -> str | None:
    """A name for the place of a key that is there from now on: what is made for a missing one is made only then, and
    the key is looked up once in a statement. None where the expression may not be evaluated, or more than once."""
    s = u.current
    if gaps.with_gaps(u, base.t):
        return None
    if not container(new.t) or u.inside or s is None or not settled(base.t) or "(" in base.code:
        return None
    if not surely(s, node) or not pure(node.slice):
        return None
    targets = s.targets if isinstance(s, ast.Assign) else []
    if len(targets) > 1 or any(isinstance(t, (ast.Tuple, ast.List)) for t in targets):
        return None  # a name may be bound before the next look-up
    known = (id(s), ast.unparse(node))  # the same wherever it stands in the statement
    name = u.placed_at.get(known, f"at_{node.lineno}_{node.col_offset}")
    while any(other == name and place != known for place, other in u.placed_at.items()):
        name += "_"
    u.placed_at[known] = name
    if name in u.module.identifiers:
        return None
    at = u.named_draws.get((id(s), name), -1)
    if 0 <= at < len(u.lines) and u.lines[at].lstrip().startswith(f"{name} = "):
        return name
    parts = containers.fields(u, base)
    keys, values, table = parts if parts is not None else (f"{base.code}[{i}]" for i in range(3))
    u.emit(f"{name} = {u.helper(f'find_{kind}')}({keys}, {table}, {bare(u.sink(k))})")
    u.named_draws[id(s), name] = len(u.lines) - 1
    u.emit(f"if {name} < 0:")
    u.emit(f"    {name} = {u.helper(f'key_{kind}')}({keys}, {table}, {bare(u.sink(k))})")
    u.emit(f"    {values}.append({bare(u.sink(new))})")
    return name


def surely(s: ast.stmt, node: ast.expr) -> bool:
    """Is the expression evaluated once, whenever the statement is, and as well before all else of it?"""
    if isinstance(s, (ast.If, ast.For)):
        whole: list[ast.expr | None] = [s.test if isinstance(s, ast.If) else s.iter]
    elif isinstance(s, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)):
        whole = [s.value, *(s.targets if isinstance(s, ast.Assign) else [getattr(s, "target", None)])]
    else:
        return False
    some = [w for w in whole if w is not None]
    for top in some:
        for n in ast.walk(top):
            if isinstance(n, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)):
                return False
            if isinstance(n, ast.Call) and not _calm(n, node):
                return False
    at: ast.AST | None = next((w for w in some if any(n is node for n in ast.walk(w))), None)
    while at is not None and at is not node:
        if isinstance(at, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            return False
        inner = next((c for c in ast.iter_child_nodes(at) if any(n is node for n in ast.walk(c))), None)
        if (
            isinstance(at, ast.BoolOp)
            and inner is not at.values[0]
            or isinstance(at, ast.IfExp)
            and inner is not at.test
        ):
            return False
        if isinstance(at, ast.Compare) and len(at.ops) > 1:
            return False
        at = inner
    return at is node


def _calm(call: ast.Call, node: ast.expr) -> bool:
    """Does a call change nothing, or only what `node` stands for, which it has to look up first?"""
    f = call.func
    if isinstance(f, ast.Attribute) and any(n is node for n in ast.walk(f.value)):
        return True
    module = isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) and f.value.id == "math"
    reads = isinstance(f, ast.Attribute) and f.attr in READS
    return module or reads or isinstance(f, ast.Name) and f.id in PURE


def most_common(u: Unit, base: V, node: ast.Call) -> V:
    """`counter.most_common(n)`: the largest counts first, equal ones in the order they came."""
    t = base.t
    parts = containers.fields(u, base)
    if not isinstance(t, Map) or len(node.args) > 1:
        fail("most_common", node)
    if parts is None and gaps.with_gaps(u, t) and base.code.isidentifier():
        parts = gaps.items(u, base, 0), gaps.items(u, base, 1), ""
    if parts is None:
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
