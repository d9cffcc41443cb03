"""Objects that a kernel makes: `Node(depth)`, `Trade(pair, side, day, beta)`.

What all objects of one class hold in an attribute is a list that grows; an object is its place in these lists. So two
names of one object stay two names of one, whatever is put into it. `__init__` is compiled like any method. The objects
that leave are made when the kernel is done, and get their attributes in the order in which `__init__` sets them.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hasten.kernel import (
    attributes,
    containers,
    deques_made,
    gaps,
    homes,
    kindred,
    linked,
    members,
    names,
    objects,
    optional,
    pooled,
    reach,
    views,
)
from hasten.kernel.kinds import (
    CODE,
    Arr,
    Cell,
    Column,
    Grow,
    Lst,
    Map,
    Num,
    Obj,
    Opt,
    Pool,
    Refuse,
    Slot,
    Tup,
    Type,
    Word,
    container,
    invariant,
    join,
    loose,
    nested,
    rooted,
    roots_of,
    settled,
)
from hasten.kernel.program import Module
from hasten.kernel.values import PY_TYPE, V, fail

if TYPE_CHECKING:
    from hasten.kernel.compiler import Shared, Unit

NEW = " new"  # an attribute of a class that no program can have: an object of it with nothing in it
# what makes objects, or lets them go, in ways of its own
ODD = frozenset({"__new__", "__del__", "__post_init__", "__init_subclass__", "__weakref__", "__class_getitem__"})


@dataclass(frozen=True)
class Plan:
    """How objects of a class are made: by this function, which sets these attributes, in this order."""

    kind: ast.ClassDef
    home: Module
    maker: ast.FunctionDef
    attributes: tuple[str, ...]
    known: tuple[str, ...] = ()  # what no call may give: fields made anew for each object, lengths of its deques
    first: int = 0  # how many arguments come before the first of these


def call(u: Unit, node: ast.Call) -> V | None:
    """`Node(depth)`; None: a call of something else than a class. Raises `Refuse`."""
    if not isinstance(node.func, ast.Name):
        return None
    name, shared = node.func.id, u.shared
    if name in u.env or name in u.bound or name in u.scope or name in u.shadow or name in u.inner:
        return None
    if u.module is not shared.module and u.module not in shared.homes.values():
        return None
    kind = objects.plain_class(u.module, name)
    if kind is None:
        return None
    path = path_of(shared, name)
    if path not in shared.plans:
        register(u, path, node)
    plan = next(p for p in shared.plans[path] if p.kind.name == name)
    if plan.kind is not kind:
        fail("two classes of one name", node)
    if plan.known and (len(node.args) > plan.first or any(k.arg is None or k.arg in plan.known for k in node.keywords)):
        fail(f"{name}: what is made anew for each object, or how many it holds, is given", node)
    return u.user_call(plan.maker, node, None, f"new {name}", plan.home, made=True)


def path_of(shared: Shared, name: str) -> str:
    """The path of the objects of a class, and of all classes whose objects stand for them."""
    group = next((g for g in shared.together if name in g), frozenset({name}))
    return f"@made_{'_'.join(sorted(group))}[]"


def grouped(together: frozenset[frozenset[str]], paths: frozenset[str]) -> frozenset[frozenset[str]]:
    """The groups of classes with one more: of all classes of these paths."""
    known = {f"@made_{'_'.join(sorted(g))}[]": g for g in together}
    new = frozenset(n for p in paths for n in known.get(p, {p.removeprefix("@made_").removesuffix("[]")}))
    return frozenset({*(g for g in together if not g & new), new})


def register(u: Unit, path: str, node: ast.AST) -> None:
    """Notes how the objects of a path are made. Raises `Refuse`."""
    shared = u.shared
    group = next((g for g in shared.together if path_of(shared, min(g)) == path), None)
    wanted = sorted(group) if group is not None else [path.removeprefix("@made_").removesuffix("[]")]
    kinds = [objects.plain_class(u.module, name) for name in wanted]
    if len(kinds) > kindred.MOST:
        fail("objects of too many classes", node)
    plans = []
    for kind in kinds:
        if kind is None:
            fail("a class that is not plain", node)
        plans.append(planned(u.module, kind, node))
    if u.local(path.removesuffix("[]")) in shared.module.identifiers:
        fail(f"the name {u.local(path.removesuffix('[]'))} is taken", node)
    shared.plans[path] = tuple(plans)
    for plan in plans:
        key = path if len(plans) == 1 else kindred.part(path, plan.kind)
        shared.objects[key] = objects.Used(plan.kind, set(plan.attributes), {"__init__"}, needed=True)
    if len(plans) > 1:
        shared.unions[path] = tuple(p.kind for p in plans)


# ---------------------------------------------------------------------- what __init__ does


def planned(module: Module, kind: ast.ClassDef, node: ast.AST) -> Plan:
    """How objects of a plain class are made. Raises `Refuse`."""
    line = objects.family(module, kind)
    if any(names.bound(c.body) & ODD for c in line):
        fail(f"{kind.name} makes its objects in a way of its own", node)
    if any(b for c in line for b in c.bases if not isinstance(b, ast.Name) or b.id not in {"object", *_names(line)}):
        fail(f"{kind.name} has a base that may refuse objects", node)
    decorated = any(c.decorator_list for c in line)
    owner = next((c for c in line if "__init__" in names.bound(c.body)), None)
    if owner is None:
        if not decorated or len(line) > 1:
            fail(f"{kind.name} has no __init__ that is known", node)
        return _of_fields(module, kind, node)
    found = objects.method_of(module, kind, "__init__")
    if found is None or found[1] or decorated and len(line) > 1:
        fail(f"{kind.name}.__init__ is not plain", node)
    return _of_init(module, kind, found[0], node)


def _names(line: Iterable[ast.ClassDef]) -> set[str]:
    return {c.name for c in line}


def _of_init(module: Module, kind: ast.ClassDef, init: ast.FunctionDef, node: ast.AST) -> Plan:
    a = init.args
    if not a.args or a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs:
        fail(f"{kind.name}.__init__ has a signature that is not plain", node)
    own = a.args[0].arg
    if own in names.bound(init.body) or any(isinstance(n, ast.Return) for n in ast.walk(init)):
        fail(f"{kind.name}.__init__ is not plain", node)
    order = _order(own, init.body)
    if not order:
        fail(f"{kind.name}.__init__ sets its attributes in several ways", node)
    first = ast.Assign([ast.Name(own, ast.Store())], ast.Attribute(ast.Name(kind.name, ast.Load()), NEW, ast.Load()))
    body = [s for s in init.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    given = copy.copy(a)
    given.args = a.args[1:]
    body, known = deques_made.with_limits(module, body, given)
    made = [first, *body, ast.Return(ast.Name(own, ast.Load()))]
    places = [i for i, p in enumerate(given.args) if p.arg in known]
    return Plan(kind, module, _function(kind, given, made, init), order, known, min(places, default=0))


def _order(own: str, body: Sequence[ast.stmt]) -> tuple[str, ...]:
    """The attributes that these statements set one after another, each before it is looked at; none where it depends
    on the data which are set, or an object is handed on before it is complete."""
    found: dict[str, None] = {}
    everything = {
        n.attr
        for s in body
        for n in ast.walk(s)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == own
        if isinstance(n.ctx, ast.Store)
    }
    for s in body:
        uses = {id(n.value): n for n in ast.walk(s) if isinstance(n, ast.Attribute)}
        alone = [n for n in ast.walk(s) if isinstance(n, ast.Name) and n.id == own and id(n) not in uses]
        loads = {
            n.attr for n in uses.values() if isinstance(n.value, ast.Name) and n.value.id == own
            if not isinstance(n.ctx, ast.Store) or isinstance(s, ast.AugAssign)
        }  # fmt: skip
        if set(found) != everything and (alone or loads - set(found)):
            return ()
        targets = s.targets if isinstance(s, ast.Assign) else [s.target] if isinstance(s, ast.AnnAssign) else []
        if isinstance(s, ast.AnnAssign) and s.value is None:
            continue
        for target in targets:
            for n in ast.walk(target):
                if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == own:
                    if isinstance(n.ctx, ast.Store):
                        found.setdefault(n.attr)
    return tuple(found) if set(found) == everything else ()


def _of_fields(module: Module, kind: ast.ClassDef, node: ast.AST) -> Plan:
    """Of a dataclass without an `__init__` of its own."""
    args: list[ast.arg] = []
    defaults: list[ast.expr] = []
    fields: dict[str, ast.expr] = {}  # and what each gets
    known: list[str] = []
    first = 0
    for s in kind.body:
        if not isinstance(s, ast.AnnAssign):
            if isinstance(s, ast.Assign) and not isinstance(s.value, ast.Constant):
                fail(f"{kind.name} is a dataclass with more than fields", node)
            continue
        hint = ast.unparse(s.annotation)
        if not isinstance(s.target, ast.Name) or "ClassVar" in hint or "InitVar" in hint or "KW_ONLY" in hint:
            fail(f"{kind.name} is a dataclass with more than fields", node)
        default, anew = _default(module, s.value)
        if anew is not None:
            first = first if known else len(args)
            known.append(s.target.id)
            fields[s.target.id] = anew
            continue
        args.append(ast.arg(s.target.id))
        fields[s.target.id] = ast.Name(s.target.id, ast.Load())
        if default is not None:
            if not isinstance(default, (ast.Constant, ast.UnaryOp)):
                fail(f"{kind.name}: the default of {s.target.id}", node)
            defaults.append(default)
    if not args or objects.says(kind, "kw_only") or any(k for d in kind.decorator_list for k in _off(d)):
        fail(f"{kind.name} is a dataclass of its own kind", node)
    if reach.replaced(module, kind, "__init__"):
        fail(f"{kind.name}.__init__ is replaced", node)
    makers = {n.id for k in known for n in ast.walk(fields[k]) if isinstance(n, ast.Name)}
    if makers & {a.arg for a in args}:
        fail(f"{kind.name}: a field is called like what makes others", node)
    own = "self"
    while own in fields:
        own += "_"
    body: list[ast.stmt] = [
        ast.Assign([ast.Name(own, ast.Store())], ast.Attribute(ast.Name(kind.name, ast.Load()), NEW, ast.Load()))
    ]
    for name, value in fields.items():
        to = ast.Attribute(ast.Name(own, ast.Load()), name, ast.Store())
        setattr(to, objects.FIRST, True)
        body.append(ast.Assign([to], value))
    body.append(ast.Return(ast.Name(own, ast.Load())))
    given = ast.arguments([], args, None, [], [], None, defaults)
    return Plan(kind, module, _function(kind, given, body, kind), (*fields,), tuple(known), first)


FIELD_SAYS = frozenset({"default", "default_factory", "repr", "compare", "hash", "metadata"})
EMPTY = {"list": "[]", "dict": "{}", "set": "set()"}


def _default(module: Module, value: ast.expr | None) -> tuple[ast.expr | None, ast.expr | None]:
    """The default of a field, and what is made anew for each object (`field(default_factory=list)`)."""
    if not isinstance(value, ast.Call) or module.dotted(value.func) != "dataclasses.field":
        return value, None
    said = {k.arg: k.value for k in value.keywords}
    if value.args or not said.keys() <= FIELD_SAYS or "default" in said and "default_factory" in said:
        return value, None  # refused: no constant
    if "default_factory" not in said:
        return said.get("default"), None
    factory = said["default_factory"]
    made = module.dotted(factory)
    if made == "collections.deque":
        return None, ast.Call(factory, [], [])
    if (
        isinstance(factory, ast.Lambda)
        and ast.unparse(factory.args) == ""
        and deques_made.is_made(module, factory.body)
    ):
        return None, factory.body
    return (None, ast.parse(EMPTY[made], mode="eval").body) if made in EMPTY else (value, None)


def _off(decorator: ast.expr) -> list[str]:
    """What a `@dataclass(...)` switches off of how its objects are made."""
    said = decorator.keywords if isinstance(decorator, ast.Call) else []
    return [
        k.arg for k in said
        if k.arg == "init" and not (isinstance(k.value, ast.Constant) and k.value.value is True)
    ]  # fmt: skip


def _function(kind: ast.ClassDef, args: ast.arguments, body: Sequence[ast.stmt], like: ast.AST) -> ast.FunctionDef:
    made = ast.FunctionDef(f"new_{kind.name}", args, list(body), [])
    for n in ast.walk(made):
        if isinstance(n, (ast.expr, ast.stmt, ast.arg)) and not hasattr(n, "lineno"):
            ast.copy_location(n, like)
    return made


# ---------------------------------------------------------------------- in the kernel


def allocate(u: Unit, node: ast.Attribute) -> V:
    """An object with nothing in it: one more place in the lists of its class."""
    assert isinstance(node.value, ast.Name)
    path = path_of(u.shared, node.value.id)
    last = ""
    for attr in attributes_of(u.shared, path):
        name = f"{path}.{attr}"
        slot = u.shared.slots.setdefault(name, Column(frozenset(), grows=True))
        assert isinstance(slot, Column)
        u.extra[name] = u.env[name] = slot
        x = u.local(name)
        if slot.tagged:
            u.emit(f"{x}[0].append({samples(u, slot)[0]})")
            u.emit(f"{x}[1].append(-1)")
        else:
            u.emit(f"{x}.append({samples(u, slot)[0]})")
        last = f"{x}[1]" if slot.tagged else x
    plans = u.shared.plans[path]
    if len(plans) > 1:
        which = objects.pool(u, linked.pool(u.shared, path)).code
        u.emit(f"{which}.append({[p.kind.name for p in plans].index(node.value.id)})")
    place = f"place_of_{u.local(path)}"
    u.emit(f"{place} = len({last}) - 1")
    return V(place, Obj(path, many=True))


def attributes_of(shared: Shared, path: str) -> tuple[str, ...]:
    """All attributes of the objects of a path."""
    return tuple(dict.fromkeys(a for p in shared.plans[path] for a in p.attributes))


def assign(u: Unit, name: str, slot: Column, at: str, target: ast.Attribute, value: ast.expr) -> None:
    """`self.genes = [...]`: a number, string, object or None, or a list or array that it is the first to know."""
    before, u.hint = u.hint, slot.held
    try:
        unknown = containers.empty_display(value) and isinstance(value, ast.List) and not settled(slot.held)
        doubts = len(u.doubts)
        v = V("[]", Grow(None)) if unknown else optional.maybe(u, value)
        if (isinstance(v.t, Map) or isinstance(v.t, Grow) and v.t.made) and not settled(v.t):
            del u.doubts[doubts:]  # what is put into it will tell; where nothing does, there is no kernel
        grows = target.attr in reach.of(u.shared).grown
        if (isinstance(slot.held, Grow) or grows and blank(slot)) and isinstance(v.t, Lst):
            v = containers.as_grow(u, v, value)
    finally:
        u.hint = before
    if isinstance(v.t, Tup):
        assign_tuple(u, name, slot, at, target, v)
        return
    if not container(v.t):
        objects.store(u, target, v)
        return
    if isinstance(v.t, Opt) or not isinstance(v.t, (Lst, Grow, Arr, Map)) or not blank(slot) and slot.held is None:
        fail(f"{name} gets such a thing", target)
    outside = isinstance(v.t, Grow) and (v.t.sink is not None or v.t.queue and not v.t.made)
    if outside or isinstance(v.t, Lst) and v.t.depth > 1:
        fail(f"{name} gets such a list", target)
    if roots_of(v.t):
        u.entangled = True
    containers.handed(u, value, v)
    new = rooted(loose(v.t), frozenset())
    new = (
        replace(new, root=None)
        if isinstance(new, Grow)
        else replace(new, ones=frozenset())
        if isinstance(new, Arr)
        else new
    )
    if slot.held is None or isinstance(slot.held, Lst) and isinstance(new, Grow):
        known: Type = new  # a list that grows takes any list
    else:
        known = loose(join(slot.held, new))
        if settled(known) and settled(new) and invariant(known) != invariant(new):
            fail(f"{name} gets lists of several types", target)
    objects.learn(u, name, replace(slot, held=known))
    u.shared.stored.add(name)
    u.emit(f"{u.local(name)}[{at}] = {u.sink(v)}")


def assign_tuple(u: Unit, name: str, slot: Column, at: str, target: ast.Attribute, v: V) -> None:
    """`self.pos = (row, col)`: numbers and strings of the same types every time."""
    new = loose(v.t)
    assert isinstance(new, Tup)
    if any(not (isinstance(i, Num) and i.kind is not None or isinstance(i, Word)) for i in new.items):
        fail(f"{name} gets such a tuple", target)
    if not blank(slot) and slot.held is None or slot.optional or slot.held not in (None, new):
        fail(f"{name} gets a tuple and something else", target)
    objects.learn(u, name, replace(slot, held=new))
    u.shared.stored.add(name)
    u.emit(f"{u.local(name)}[{at}] = {u.sink(v)}")


def anew(u: Unit, node: ast.expr, v: V) -> bool:
    """Is an argument a list or array that nobody else knows?"""
    if not isinstance(v.t, (Lst, Arr, Grow)) or v.leaf or v.parts is not None or roots_of(v.t):
        return False
    if objects.fresh(u, node, v):
        return True
    drawn = isinstance(v.t, Arr) and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    count = len(u.lines)
    try:
        return drawn and u.stream(node.func.value) is not None  # type: ignore[attr-defined]
    finally:
        del u.lines[count:]


def samples(u: Unit, t: Column) -> list[str]:
    """The code of what the lists of an attribute hold."""
    if t.held is not None:
        return [containers.sample(u, t.held) if settled(t.held) else "[]"]
    if t.word or t.link:
        return ["0"]
    value = containers.sample(u, Num(t.kinds)) if t.kinds else "0.0"
    return [value, "0"] if t.tagged else [value]


def lists(u: Unit, t: Column, x: str) -> list[str]:
    """The lines at the beginning of a kernel that make the lists of an attribute."""
    if t.held is not None and not settled(t.held):
        raise Refuse(f"what the lists {x} hold is not known")
    empty = [f"{u.helper('empty_list')}({s})" for s in samples(u, t)]
    return [f"{x} = ({', '.join(empty)})" if t.tagged else f"{x} = {empty[0]}"]


# ---------------------------------------------------------------------- the way out


def made_in(t: Type | None) -> set[str]:
    """The paths of objects that are in something of this type."""
    if isinstance(t, Obj):
        return {t.path}
    if isinstance(t, (Opt, Grow)):
        return made_in(t.item)
    if isinstance(t, Map):
        return made_in(t.value)
    if isinstance(t, Tup):
        return {p for i in t.items for p in made_in(i)}
    if isinstance(t, Slot):
        return made_in(t.value)
    if isinstance(t, Column) and not t.grows and t.held is not None:
        return made_in(t.held)
    return {t.link} if isinstance(t, (Cell, Column)) and t.link and not getattr(t, "grows", False) else set()


def leave(u: Unit, types: Mapping[str, Type]) -> bool:
    """Do objects that the kernel makes leave it?"""
    out = [u.ret] if u.function else [u.env.get(n) for n in u.outs]
    out += [u.env.get(n) for n, t in types.items() if isinstance(t, Grow)]  # a list from outside that is appended to
    dicts = [u.env.get(n) for n, t in types.items() if isinstance(t, Map)]  # those from outside that get more
    found = {p for t in (*out, *dicts, *types.values()) for p in made_in(t)}
    if not found & set(u.shared.plans):
        return False
    lists_ = [t.held for t in types.values() if isinstance(t, Column) and container(t.held)]
    if lists_:
        if any(isinstance(t, Map) and t.keys_only or nested(t) for t in lists_):
            raise Refuse("objects that hold such containers leave")
        plans = [p for path in found & set(u.shared.plans) for p in u.shared.plans[path]]
        elsewhere = any(p.home is not u.shared.module for p in plans)
        if elsewhere and any(isinstance(t, Map) and t.default for t in lists_):
            raise Refuse("objects of another file that hold such dicts leave")
        others = [t for t in out for t in (t.items if isinstance(t, Tup) else (t,)) if container(t) and not made_in(t)]
        alone = not others or not u.function and not u.shares and not u.part_names
        if u.entangled or not alone:
            raise Refuse("lists in objects that may be one object")
    return True


def passed(u: Unit, name: str, t: Column, words: str = "") -> attributes.Passed:
    """What the kernel gives back of an attribute (and takes, where objects of its class come in)."""
    x = u.local(name)
    came = pooled.given(u, name.rpartition(".")[0])
    out = pooled.passed(u, name, t, words) if came else attributes.Passed()
    if t.tagged:
        return replace(out, raw=[f"{x}[0]", f"{x}[1]"], got=[f"last_{x}_values", f"last_{x}_kinds"])
    last = views.leaving(t.held, x, settled=gaps.settled_by(u, t.held)) if isinstance(t.held, Map) else x
    return replace(out, raw=[last], got=[f"last_{x}"])


def given(u: Unit, types: Mapping[str, Type]) -> set[str]:
    """The wrapper's names for all that the kernel would give back of the objects it makes."""
    found: set[str] = set()
    for n, t in types.items():
        if isinstance(t, Column) and t.grows:
            found |= {*passed(u, n, t).got}
        elif isinstance(t, Pool) and not attributes.path_given(n):
            found.add(f"last_{u.local(n)}")
    return found


def lines(u: Unit, types: Mapping[str, Type]) -> list[str]:
    """The lines that make the objects: first all of them, then what they hold."""
    shared = u.shared
    first: list[str] = []
    then: list[str] = []
    for path, plans in shared.plans.items():
        columns = {a: types.get(f"{path}.{a}") for a in attributes_of(shared, path)}
        came = pooled.given(u, path)
        if any(not isinstance(t, Column) for t in columns.values()) and not came:
            continue  # of an earlier round of the compiler
        everyone = u.local(path.removesuffix("[]"))
        kinds = [homes.named(shared, p.kind) for p in plans]
        if came:
            first += pooled.kept(u, path, {**columns})
        elif len(plans) > 1:
            numbers = f"last_{u.local(path)}"
            first.append(f"{everyone} = [object.__new__(({', '.join(kinds)})[k]) for k in {numbers}]")
        else:
            attr = plans[0].attributes[-1]
            t = columns[attr]
            last = f"last_{u.local(f'{path}.{attr}')}" + ("_kinds" if isinstance(t, Column) and t.tagged else "")
            first.append(f"{everyone} = [object.__new__({kinds[0]}) for _ in {last}]")
        for plan, kind in zip(plans, kinds, strict=True):
            some, test = everyone, ""
            if len(plans) > 1:
                test = f" if type(x) is {kind}"
                some = f"[x for x in {everyone}{test}]"
            for attr in plan.attributes:
                t = columns[attr]
                if came and not isinstance(t, Column):
                    continue  # nothing looks at it: it stays as it is
                assert isinstance(t, Column)
                values = _values(u, t, f"last_{u.local(f'{path}.{attr}')}", everyone, test)
                helper = "set_fields" if objects.says(plan.kind, "frozen") else "set_attributes"
                then.append(f'{shared.helper(helper)}({some}, "{attr}", {values})')
    return [*first, *then]


def _values(u: Unit, t: Column, last: str, everyone: str, test: str) -> str:
    """The code of what an attribute holds, of all objects or of those of one class (by a `test`)."""
    from hasten.kernel.door import STRINGS  # it builds on this module

    def of_these(values: str) -> str:
        return f"[v for x, v in zip({everyone}, {values}){test}]" if test else values

    if t.held is not None:
        from hasten.kernel.door import value_code  # it builds on this module

        boxed = "row.copy()" if isinstance(t.held, Arr) else value_code(t.held, "row")
        return of_these(last) if boxed == "row" else f"[{boxed} for row in {of_these(last)}]"
    if t.link or t.word:
        others = u.local(t.link.removesuffix("[]")) if t.link else STRINGS
        return f"[{'None if i < 0 else ' if t.optional else ''}{others}[i] for i in {of_these(last)}]"
    if t.tagged:
        kinds = ", ".join(f"{CODE[k]}: {PY_TYPE.get(k, k)}" for k in sorted(t.kinds, key=CODE.__getitem__))
        lists_ = f"{of_these(f'{last}_values')}, {of_these(f'{last}_kinds')}"
        return f"{u.shared.helper('made_values')}({lists_}, {{{kinds}}})"
    (kind,) = t.kinds
    return (
        of_these(last)
        if kind in ("int", "float", "bool")
        else f"[{PY_TYPE.get(kind, kind)}(v) for v in {of_these(last)}]"
    )


def blank(slot: Type | None) -> bool:
    """Is nothing known yet of what an attribute holds, but that it may be None?"""
    if isinstance(slot, Cell):
        return slot.optional and not slot.kinds and not slot.word and not slot.link
    if not isinstance(slot, Column) or not slot.grows or slot.held is not None:
        return False
    return not slot.kinds and not slot.word and not slot.link


def learnt(u: Unit, name: str, slot: Cell | Column, v: V) -> Cell | Column:
    """The slot of an attribute that gets its first value, where that is an object or a string."""
    t = v.t.item if isinstance(v.t, Opt) else v.t
    if isinstance(t, Obj) and t.many and (blank(slot) or t.path in u.shared.plans and members.empty(slot)):
        slot = replace(slot, link=t.path)
        objects.learn(u, name, slot)
    elif containers.words_in(t) == [True] and blank(slot) and isinstance(slot, Column):
        slot = replace(slot, word=True, kind=t.kind if isinstance(t, Word) else "")
        objects.learn(u, name, slot)
    return slot
