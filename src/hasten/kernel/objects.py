"""Objects of plain classes of the file: their attributes become parts of the kernel, their methods compiled functions.

An object from outside is known by its *path*, its name at the door (`net`, `self.kalman`); inside a kernel it is no
value at all, only a type. What its attributes hold is taken in once and given back when the kernel is done:

- a number that is assigned is held in an array of one element, which every compiled method sees (`Cell`);
- a list that grows, or an attribute that gets new lists or tuples, is held as a list (`Slot`);
- a list of objects of one class is held as columns (`Column`), and each object as its place in the list.

The guard asks for exactly the classes that were recorded and for attributes in the objects' own dictionaries, so that
no property, subclass or replaced method can be meant, and for objects that are all different.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from hasten.core.facts import ValueFact
from hasten.kernel import (
    columns_of_lists,
    containers,
    enums,
    filled,
    homes,
    kindred,
    linked,
    members,
    names,
    optional,
    pooled,
    reach,
    shared_streams,
    splices,
    supers,
)
from hasten.kernel.compiler import Shared, Unit, local
from hasten.kernel.kinds import (
    CODE,
    EXACT_FLOAT,
    SIZE,
    Arr,
    Cell,
    Column,
    Grow,
    Knot,
    Lst,
    Map,
    Nil,
    Num,
    Obj,
    Opt,
    Pool,
    Slot,
    Stream,
    Tup,
    Type,
    Unknown,
    Word,
    compatible,
    container,
    invariant,
    join,
    loose,
    num,
    scalar,
    settled,
)
from hasten.kernel.program import Module
from hasten.kernel.values import V, bare, fail, impure

FIRST = "hasten_first"  # marks the assignment that gives an object its attribute, which frozen ones take too
HOOKS = frozenset({"__getattr__", "__getattribute__", "__setattr__", "__delattr__", "__dict__"})
# words of a file that may change classes or objects behind the syntax
SETTERS = frozenset({"setattr", "delattr", "__dict__", "__class__", "__bases__", "__set__", "__get__"})
NUMBERS = {
    "builtins.int": "int", "builtins.float": "float", "builtins.bool": "bool",
    "numpy.float64": "np.float64", "numpy.int64": "np.int64", "numpy.bool": "np.bool",
}  # fmt: skip


@dataclass
class Used:
    """What a kernel uses of one object from outside, or of a list of them."""

    kind: ast.ClassDef
    attributes: set[str] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    needed: bool = False  # is the exact class needed (cells or methods)?


def plain_class(module: Module, name: str) -> ast.ClassDef | None:
    """The class of that name, if nothing but its own body and those of its bases says how its objects behave."""
    if module.star_import or SETTERS & module.identifiers:
        return None
    node = _defined(module, name)
    if node is None:
        return None
    line = family(module, node)
    if not line or not all(map(_plain_body, line)):
        return None
    if len(line) > 1 and (any(map(slotted, line)) or any("__init_subclass__" in names.bound(c.body) for c in line)):
        return None
    if any(module.bindings.get(f".{hook}") for hook in HOOKS) or {c.name for c in line} & _changed_classes(module):
        return None
    return node


@lru_cache(maxsize=8)
def _changed_classes(module: Module) -> frozenset[str]:
    """The classes that get something else than a constant from outside their bodies (`Count.total = property(...)`)."""
    return frozenset(
        t.value.id
        for n in ast.walk(module.tree)
        if isinstance(n, ast.Assign) and not isinstance(n.value, ast.Constant)
        for target in n.targets
        for t in ast.walk(target)
        if isinstance(t, ast.Attribute) and isinstance(t.ctx, ast.Store) and isinstance(t.value, ast.Name)
    )


def _defined(module: Module, name: str) -> ast.ClassDef | None:
    """The class that a name of the file's top level always stands for."""
    if module.bindings.get(name, 0) != 1:
        return None
    return next((n for n in module.tree.body if isinstance(n, ast.ClassDef) and n.name == name), None)


def _plain_body(node: ast.ClassDef) -> bool:
    decorators = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
    if any(ast.unparse(d) not in ("dataclass", "dataclasses.dataclass") for d in decorators):
        return False
    said = [k for d in node.decorator_list if isinstance(d, ast.Call) for k in d.keywords]
    if any(k.arg is None or not isinstance(k.value, ast.Constant) for k in said):
        return False
    return not names.bound(node.body) & HOOKS


def family(module: Module, kind: ast.ClassDef) -> list[ast.ClassDef]:
    """The class and its bases, in the order in which attributes are looked up; none where that is not one line of
    classes of this file (but for `abc.ABC` and `object` at its end)."""
    line = [kind]
    while True:
        if line[-1].keywords:
            return []
        bases = [b for b in line[-1].bases if not (isinstance(b, ast.Name) and b.id == "object")]
        if not bases or len(bases) == 1 and _abstract(module, bases[0]):
            return line
        base = _defined(module, bases[0].id) if len(bases) == 1 and isinstance(bases[0], ast.Name) else None
        if base is None or base in line:
            return []
        line.append(base)


def _abstract(module: Module, base: ast.expr) -> bool:
    if isinstance(base, ast.Name):
        return module.dotted(base) == "abc.ABC"
    return ast.unparse(base) == "abc.ABC" and module.imported("abc") and module.bindings.get("abc", 0) == 1


def private(name: str) -> bool:
    """Is it an attribute that each class of a line of classes has for itself?"""
    return name.startswith("__") and not name.endswith("__")


def computes(module: Module, kind: ast.ClassDef, name: str) -> bool:
    """Does the class, or a base, define a function of that name?"""
    return any(isinstance(s, names.FUNCTIONS) and s.name == name for c in family(module, kind) for s in c.body)


def says(kind: ast.ClassDef, option: str) -> bool:
    """Is the class a dataclass with this option?"""
    said = [k for d in kind.decorator_list if isinstance(d, ast.Call) for k in d.keywords]
    return any(k.arg == option and isinstance(k.value, ast.Constant) and k.value.value for k in said)


def slotted(kind: ast.ClassDef) -> bool:
    """Do its objects keep their attributes in slots?"""
    return "__slots__" in names.bound(kind.body) or says(kind, "slots")


def method_of(
    module: Module, kind: ast.ClassDef, name: str, start: tuple[str, bool] | None = None
) -> tuple[ast.FunctionDef, str] | None:
    """A method that its class defines once and nobody replaces, and how it is decorated: "", "staticmethod" or
    "property". `start`: the base class from which on it is looked up, and whether beyond it."""
    line = family(module, kind)
    if len(line) > 1 and private(name):
        return None
    if start is not None:
        at = next((i for i, c in enumerate(line) if c.name == start[0]), None)
        line = [] if at is None else line[at + start[1] :]
        if not any(name in names.bound(c.body) for c in line):
            return None
    owner = next((c for c in line if name in names.bound(c.body)), kind)
    found = [s for s in ast.walk(owner) if isinstance(s, names.FUNCTIONS) and s.name == name]
    stored = [n for s in owner.body if not isinstance(s, names.FUNCTIONS) for n in names.bound([s]) if n == name]
    if len(found) != 1 or stored or found[0] not in owner.body or reach.replaced(module, kind, name):
        return None
    func = found[0]
    if not isinstance(func, ast.FunctionDef):
        return None
    decorated = [ast.unparse(d) for d in func.decorator_list]
    if not decorated:
        return supers.spelt(module, func), ""
    if decorated not in (["staticmethod"], ["property"]) or module.bindings.get(decorated[0]):
        return None
    return func, decorated[0]


def facts_of(seen: Mapping[str, tuple[ValueFact, ...]], name: str) -> tuple[ValueFact, ...]:
    """What was recorded of a name, of an attribute `net.rate` of an object, or of the items `xs[]` of a list."""
    if name in seen:
        return seen[name]
    if name.endswith("[]") and ":" in name.rpartition(".")[2]:
        everyone, _, kind = name.removesuffix("[]").rpartition(":")
        return tuple(f for f in facts_of(seen, f"{everyone}[]") if f.type.rsplit(".", 1)[-1] == kind)
    if name.endswith("[]"):
        lists = facts_of(seen, name[:-2])
        if all(f.type == "builtins.list" for f in lists):
            items = tuple(item for f in lists for item in f.items)
            return items if any(i.type == linked.NONE for i in items) else linked.everyone(items) or items
        return linked.everyone(lists)
    if "." not in name:
        return ()
    base, attribute = name.rsplit(".", 1)
    label = f"attribute={attribute}"
    return tuple(item for fact in facts_of(seen, base) for item in fact.items if label in item.note)


def class_of(shared: Shared, facts: Sequence[ValueFact]) -> ast.ClassDef | None:
    """The plain class of the program that all of the facts are about."""
    found = {f.type for f in facts}
    if len(found) != 1:
        return None
    called, _, name = found.pop().rpartition(".")
    module = homes.module_of(shared, called)
    return None if module is None else plain_class(module, name)


def recorded(shared: Shared, seen: Mapping[str, tuple[ValueFact, ...]], name: str) -> bool:
    """Was it always an object of a plain class, or a list of such objects?"""
    if kindred.classes(shared, facts_of(seen, name + "[]")) or linked.at(shared, name) is not None:
        return True
    return any(class_of(shared, facts_of(seen, n)) is not None for n in (name, name + "[]"))


# ---------------------------------------------------------------------- which object is meant


def known(unit: Unit, path: str) -> Type | None:
    """The object, or list of objects, that is at this path at the door."""
    objects = unit.shared.objects
    if path in unit.shared.pooled:
        return None
    one = linked.at(unit.shared, path)
    if one is not None:
        return one
    for p, t in ((path, Obj(path)), (path + "[]", Pool(path + "[]"))):
        if p in objects:
            return t
        kind = class_of(unit.shared, facts_of(unit.shared.seen, p))
        if kind is not None:
            objects[p] = Used(kind, needed=isinstance(t, Pool))
            return t
    kinds = unit.shared.unions.get(path + "[]") or kindred.classes(unit.shared, facts_of(unit.shared.seen, path + "[]"))
    return kindred.register(unit, path + "[]", kinds) if kinds else None


def named(unit: Unit, node: ast.Name) -> V | None:
    """The object from outside that a name stands for."""
    if node.id in unit.env or node.id in unit.bound or not unit.top:
        return None
    t = known(unit, node.id)
    if isinstance(t, Pool):
        unit.env[node.id] = t
        return pool(unit, t)
    if t is None and node.id == "self":
        t = Obj("self")  # of any class: its attributes are read, no more
    if isinstance(t, Opt) or isinstance(t, Obj) and t.many:
        return linked.first(unit, t)
    return None if t is None else V(local(node.id), t)


def pool(unit: Unit, t: Pool) -> V:
    unit.extra[t.path] = unit.env[t.path] = t
    return V(local(t.path), t, leaf=True)


def is_object(unit: Unit, node: ast.expr) -> V | None:
    """The object that an expression stands for; None when it is something else."""
    if isinstance(node, ast.Name):
        t = unit.env.get(node.id)
        if isinstance(t, Obj):
            code = local(node.id)
            if node.id in unit.optional and node.id not in unit.present:
                if not t.many:
                    fail("an object that may be None", node)
                code = f"{unit.helper('held')}({code}, {unit.flag(node.id)})"  # where it is None the program raises
            return V(code, t)
        v = named(unit, node)
        v = None if v is None else linked.there(unit, v)
        return v if v is not None and isinstance(v.t, Obj) else None
    if isinstance(node, ast.Attribute):
        base = is_object(unit, node.value)
        if base is None or not isinstance(base.t, Obj):
            return None
        v = kindred.special(unit, base, node.attr) or linked.attribute(unit, base, node.attr)
        v = v or linked.cell(unit, base, node.attr) or within(unit, base.t, node.attr, node)
        if v is None:
            members.awaited(unit, base.t, node.attr)
        v = None if v is None else linked.there(unit, v)
        return v if v is not None and isinstance(v.t, Obj) else None
    if isinstance(node, ast.Subscript) and not isinstance(node.slice, (ast.Slice, ast.Tuple)):
        if isinstance(node.value, ast.Attribute) and unit.shared.pooled:
            owner = is_object(unit, node.value.value)
            if (
                owner is not None
                and isinstance(owner.t, Obj)
                and f"{owner.t.path}.{node.value.attr}" in unit.shared.pooled
            ):
                return unit.expr(node)
        if isinstance(node.value, (ast.Name, ast.Attribute)) and isinstance(pool_of(unit, node.value), Pool):
            return unit.expr(node)
        held = unit.env.get(node.value.id) if isinstance(node.value, ast.Name) else members.held_by(unit, node.value)
        if (
            isinstance(held, Grow)
            and isinstance(held.item, Obj)
            or isinstance(held, Map)
            and isinstance(held.value, Obj)
        ):
            return unit.expr(node)
    return None


def pool_of(unit: Unit, node: ast.Name | ast.Attribute) -> Type | None:
    """The list of objects that an expression names."""
    if isinstance(node, ast.Name):
        v = named(unit, node)
        return unit.env.get(node.id) if v is None else v.t
    base = is_object(unit, node.value)
    if base is None or not isinstance(base.t, Obj):
        return None
    v = within(unit, base.t, node.attr, node)
    return None if v is None else v.t


def within(unit: Unit, obj: Obj, attr: str, node: ast.AST) -> V | None:
    """The object (or list of objects) that is an attribute of an object."""
    used = unit.shared.objects.get(obj.key)
    if used is None or obj.many:
        return None
    t = known(unit, f"{obj.path}.{attr}")
    if t is None:
        return None
    reached = reach.of(unit.shared).by(unit.shared.home(used.kind), used.kind)
    if attr in reached.stored and isinstance(t, Pool) and not t.kinds:
        pooled.wanted(unit, f"{obj.path}.{attr}", f"{obj.path}.{attr} is an object and is assigned", node)
    if attr in reached.stored:
        fail(f"{obj.path}.{attr} is an object and is assigned", node)
    used.attributes.add(attr)
    used.needed = True
    if isinstance(t, Pool):
        if attr in reached.grown and not t.kinds:
            pooled.wanted(unit, f"{obj.path}.{attr}", f"the list of objects {obj.path}.{attr} grows", node)
        if attr in reached.grown:
            fail(f"the list of objects {obj.path}.{attr} grows", node)
        return pool(unit, t)
    if isinstance(t, Opt) or isinstance(t, Obj) and t.many:
        return linked.first(unit, t)
    return V(local(f"{obj.path}.{attr}"), t)


# ---------------------------------------------------------------------- attributes


def attribute(unit: Unit, obj: V, attr: str, node: ast.AST) -> V:
    """The value of an attribute."""
    t = obj.t
    assert isinstance(t, Obj)
    if attr.startswith((supers.ABOVE, supers.AT)):
        fail("super() for something else than a method", node)
    special = kindred.special(unit, obj, attr)
    if special is not None:
        return special
    if kindred.of(unit, obj) and not kindred.alike(unit, t, attr):
        return kindred.attribute(unit, obj, attr, node)
    name = f"{t.path}.{attr}"
    used = unit.shared.objects.get(t.key)
    if used is not None:
        home = unit.shared.home(used.kind)
        method = method_of(home, used.kind, attr)
        if method is not None and method[1] == "property":
            used.needed = True
            used.methods.add(attr)
            made = ast.copy_location(ast.Call(ast.Name(attr, ast.Load()), [], []), node)
            assert isinstance(node, ast.expr)
            return unit.user_call(method[0], made, obj, f"{used.kind.name}.{attr}", home, site=node)
        if computes(home, used.kind, attr):
            fail(f"method {attr} as a value", node)
        inner = linked.attribute(unit, obj, attr) or linked.cell(unit, obj, attr) or within(unit, t, attr, node)
        if inner is not None:
            return inner
        fixed = class_constant(home, used.kind, attr)
        if fixed is not None and t.kind:
            return kindred.constant(unit, t, attr, fixed, node)
        if fixed is not None:
            used.needed = True
            used.methods.add(attr)  # no object may have its own
            held: Type = Column(fixed.kinds) if t.many else Num(fixed.kinds)
            unit.extra[name] = unit.env[name] = unit.shared.slots[name] = held
            return V(f"{local(name)}[{obj.code}]" if t.many else local(name), Num(fixed.kinds), leaf=not t.many)
    for each in users(unit, t):
        each.attributes.add(attr)
    slot = slot_of(unit, t, attr, node)
    if slot is None:
        return unit.seen(name, node)
    unit.extra[name] = unit.env[name] = slot
    x = local(name)
    if isinstance(slot, Stream):
        return V(x, slot)
    if isinstance(slot, Column) and slot.held is not None and not slot.grows:
        return columns_of_lists.of_one(unit, name, slot, obj.code)
    if isinstance(slot, Column) and slot.held is not None:
        code = f"{x}[{obj.code}]"
        return V(code, slot.held, parts=(code, ()))
    if isinstance(slot, (Cell, Column)) and slot.link:
        return linked.held(slot, f"{x}[{obj.code if t.many else '0'}]")
    if isinstance(slot, Column) and slot.word and slot.optional:
        pair = (f"({x}[{obj.code}] < 0)", f"{x}[{obj.code}]")
        return V(f"({', '.join(pair)})", Opt(Word(slot.kind)), pair=pair)
    if isinstance(slot, (Cell, Column)) and slot.word:
        return V(f"{x}[{obj.code if t.many else '0'}]", Word(slot.kind))
    if isinstance(slot, Column) and slot.depth:
        return V(f"{x}[{obj.code}]", Lst(slot.kinds, slot.depth, frozenset({name})), parts=(x, (obj.code,)))
    if isinstance(slot, (Cell, Column)):
        return cell(unit, x, slot, obj.code if t.many else "0")
    assert isinstance(slot, (Slot, Map))
    if isinstance(slot, Map):
        return V(x, slot, leaf=True)
    code = f"{x}[0][0]" if slot.rebinds else f"{x}[0]" if slot.queue else x
    value = slot.value
    if isinstance(value, Grow):
        value = replace(value, sink=name if slot.sink else None, root=name)
    return V(code, value, parts=(code, ()) if container(value) else None)


def cell(unit: Unit, x: str, t: Cell | Column, at: str) -> V:
    """The number that a cell (or the place `at` of a column) holds, or None."""
    pair = (f"{x}[1][{at}] < 0", f"{x}[0][{at}]")
    if not t.kinds and t.optional:
        return V(f"({', '.join(pair)})", Opt(None), pair=pair)
    if not t.kinds:
        raise Unknown(f"{x} is always None")
    if not t.tagged:
        (kind,) = t.kinds
        return V(f"{x}[{at}]", num(kind), tag=lambda: str(CODE.get(kind, 9)))
    kinds = Num(t.kinds)
    only = kinds.kind
    tag = lambda: str(CODE.get(only, 9)) if only else f"{x}[1][{at}]"  # noqa: E731
    return V(f"({', '.join(pair)})", Opt(kinds), tag=tag, pair=pair) if t.optional else V(pair[1], kinds, tag=tag)


def class_constant(module: Module, kind: ast.ClassDef, attr: str) -> Num | None:
    """The type of a number that the class holds for all its objects, and that no code of the file assigns."""
    line = family(module, kind)
    owner = next((c for c in line if attr in names.bound(c.body)), None)
    stored = any(m.bindings.get("." + attr, 0) for m in (module, *module.around))
    if stored or owner is None or len(line) > 1 and private(attr):
        return None
    found = [
        s.value
        for s in owner.body
        if isinstance(s, ast.Assign) and [t.id for t in s.targets if isinstance(t, ast.Name)] == [attr]
        or isinstance(s, ast.AnnAssign) and not owner.decorator_list and ast.unparse(s.target) == attr
    ]  # fmt: skip
    if len(found) != 1 or found[0] is None:
        return None
    try:
        value = ast.literal_eval(found[0])
    except (ValueError, TypeError, SyntaxError):
        return None
    return num(type(value).__name__) if type(value) in (bool, int, float) else None


def slot_of(unit: Unit, obj: Obj, attr: str, node: ast.AST) -> Type | None:
    """How the kernel holds an attribute; None for one that stays as it is."""
    name = f"{obj.path}.{attr}"
    shared = unit.shared
    owners = users(unit, obj)
    if any(computes(shared.home(o.kind), o.kind, attr) for o in owners):
        fail(f"assignment over a method ({name})", node)
    if name in shared.slots:
        return shared.slots[name]
    if obj.path in shared.plans:
        fail(f"an object that is made here has no {attr} when it is made", node)
    link = linked.slot(unit, V("0", obj), attr)
    if link is not None:
        return link
    everyone = [u.kind for u in users(unit, replace(obj, kind=""))]
    reached = [reach.of(shared).by(shared.home(kind), kind) for kind in everyone] or [reach.of(shared)]
    stored, grown = any(attr in r.stored for r in reached), any(attr in r.grown for r in reached)
    facts = facts_of(shared.seen, name)
    seen = unit.lookup(name) if unit.lookup else None
    made: Type | None = None
    kinds = frozenset(NUMBERS[f.type] for f in facts if f.type in NUMBERS)
    optional = any(f.type == "builtins.NoneType" for f in facts)
    numbers = bool(facts) and all(f.type in NUMBERS or f.type == "builtins.NoneType" for f in facts)
    if name in shared.pooled:
        made = pooled.slot(unit, name, stored, node)
    elif numbers and (stored or obj.many):
        if kinds and (not compatible(kinds) or len(kinds) > 1 and not kinds <= {"int", "float", "np.float64"}):
            fail(f"{name} holds {' and '.join(sorted(kinds))}", node)
        made = Column(kinds, optional) if obj.many else Cell(kinds, optional)
    elif (stored or obj.many) and (member := enums.from_facts(shared, facts)) is not None:
        made = (Column if obj.many else Cell)(frozenset(), word=True, kind=member.kind)
    elif (stream := shared_streams.slot(unit, obj, name, facts, stored, node)) is not None:
        made = stream
    elif obj.many and shared.knots and facts and all(f.knots for f in facts) and not stored and not grown:
        made = Column(frozenset(), held=Knot(name))
    elif obj.many:
        some = len(kindred.owners(unit, obj.path, attr)) < len(shared.unions.get(obj.path, ()))
        made = rows(name, facts, stored, grown or some, node)
        if made is None:
            made = columns_of_lists.slot(name, facts, stored, grown, node)
    elif stored and facts and all(f.type == "builtins.str" for f in facts):
        made = Cell(frozenset(), word=True)
    elif facts and all(f.type == "collections.deque" for f in facts):
        made = queue_slot(name, facts, stored, node)
    elif any(f.type == "builtins.NoneType" for f in facts):
        if not stored and not grown and isinstance(seen, (Opt, Nil)):
            return None
        fail(f"{name} is None or something else", node)
    elif isinstance(seen, Map):
        if stored:
            fail(f"{name} gets another dict", node)
        if not owners:
            return None
        made = seen
    elif any(f.type == "builtins.list" for f in facts) and (grown or stored and seen is None):
        made = list_slot(name, facts, stored, any(attr in r.read for r in reached) or stored, node)
    elif stored:
        if isinstance(seen, (Tup, Arr)) or isinstance(seen, Lst) and len(seen.kinds) == 1:
            made = Slot(seen, rebinds=True)
        else:
            fail(f"{name} is assigned, and is not a number or list", node)
    if made is None:
        return None
    if not owners:
        fail(f"{name} is assigned, and its class is not plain", node)
    for owner in owners:
        owner.needed = True
    shared.slots[name] = made
    return made


def users(unit: Unit, t: Obj) -> list[Used]:
    """What is known of the class of an object, or of each class that it may be of."""
    kinds = () if t.kind else unit.shared.unions.get(t.path, ())
    known = [unit.shared.objects.get(kindred.part(t.path, k)) for k in kinds]
    return [u for u in known or [unit.shared.objects.get(t.key)] if u is not None]


def rows(name: str, facts: Sequence[ValueFact], stored: bool, changes: bool, node: ast.AST) -> Column | None:
    """An attribute of many objects that is a list of numbers, equally long in each, or a string. None: another list.

    `changes`: such a list grows, or only some of the objects have one."""
    if {f.type for f in facts} == {"builtins.str"}:
        return Column(frozenset(), word=True)
    if {f.type for f in facts} == {"builtins.list"} and not stored and not changes:
        sizes = {n for f in facts for n in (f.min_len, f.max_len)}
        held = {i.type for f in facts for i in f.items}
        if len(sizes) == 1 == len(held) and sizes != {0} and held <= set(NUMBERS):
            return Column(frozenset({NUMBERS[held.pop()]}), depth=1)
    return None


def list_slot(name: str, facts: Sequence[ValueFact], rebinds: bool, read: bool, node: ast.AST) -> Slot:
    """A list that grows, of numbers or of tuples of numbers."""
    lists = [f for f in facts if f.type == "builtins.list"]
    items = [i for f in lists for i in f.items]
    if len(lists) != len(facts):
        fail(f"{name} is not always a list", node)
    if not read and not rebinds:
        return Slot(Grow(None), sink=True)
    if not items:
        return Slot(Grow(None), rebinds, empty=True)
    if len(items) == 1 and items[0].type in NUMBERS:
        return Slot(Grow(num(NUMBERS[items[0].type])), rebinds)
    item, fits = columns_of_lists.item_of(lists)
    if fits and isinstance(item, (Word, Tup)):
        return Slot(Grow(item), rebinds)
    fail(f"the list {name} grows and holds something else than numbers of one type", node)


def queue_slot(name: str, facts: Sequence[ValueFact], stored: bool, node: ast.AST) -> Slot:
    """A deque of numbers, which stays the same one."""
    items = [i for f in facts for i in f.items]
    if stored:
        fail(f"{name} gets another deque", node)
    if not items:
        return Slot(Grow(None, queue=True), empty=True, queue=True)
    if len(items) == 1 and items[0].type in NUMBERS:
        return Slot(Grow(num(NUMBERS[items[0].type]), queue=True), queue=True)
    fail(f"the deque {name} holds something else than numbers of one type", node)


def push(unit: Unit, func: ast.Attribute, base: V, node: ast.Call) -> bool:
    """`self.window.append(x)` of a deque. False: something else."""
    t = base.t
    if not isinstance(t, Grow) or not t.queue or t.root is None:
        return False
    slot = unit.shared.slots.get(t.root)
    if not isinstance(func.value, ast.Attribute) or isinstance(slot, Slot) and not base.code.endswith("[0]"):
        fail("a deque with another name changes", node)
    v = unit.single(unit.expr(node.args[0]))
    if not filled.fits(slot, v.t):
        fail("append of such a thing to a deque", node)
    widen_slot(unit, t.root, Grow(loose(v.t), queue=True))
    unit.turned += 1
    if isinstance(slot, Column):  # none of these has a greatest length
        unit.emit(f"{base.code}.append({bare(unit.sink(v))})")
        return True
    unit.emit(f"{unit.helper('push')}({base.code}, {base.code[:-3]}[1], {bare(unit.sink(v))})")
    return True


def learn(unit: Unit, name: str, t: Type) -> None:
    """An attribute turns out to hold more: everything that knows it is compiled again."""
    shared = unit.shared
    if shared.slots.get(name) != t:
        shared.slots[name] = t
        shared.version += 1
    unit.extra[name] = unit.env[name] = t


def widen(unit: Unit, node: ast.Attribute, new: Type) -> bool:
    """What an attribute's list or dict is filled with. False: not an attribute of an object."""
    obj = is_object(unit, node.value)
    if obj is None or not isinstance(obj.t, Obj):
        return False
    return widen_slot(unit, f"{obj.t.path}.{node.attr}", new)


def widen_slot(unit: Unit, name: str, new: Type) -> bool:
    """The same, for the attribute's name at the door."""
    slot = unit.shared.slots.get(name)
    if isinstance(slot, Map):
        learn(unit, name, join(slot, new))
        return True
    if isinstance(slot, Slot):
        if isinstance(new, Grow):
            new = Grow(None if new.item is None else loose(new.item), queue=slot.queue)
        learn(unit, name, replace(slot, value=join(slot.value, new)))
        return True
    if isinstance(slot, Column) and slot.held is not None:
        if isinstance(slot.held, Grow) and isinstance(new, Grow):
            new = replace(new, queue=slot.held.queue, made=slot.held.made, most=slot.held.most)
        learn(unit, name, replace(slot, held=loose(join(slot.held, new))))
        return True
    return False


def append(unit: Unit, func: ast.Attribute, node: ast.Call) -> bool:
    """`self.alarms.append(x)` where the list is only appended to. False: something else."""
    target = func.value
    if func.attr != "append" or len(node.args) != 1 or node.keywords or not isinstance(target, ast.Attribute):
        return False
    obj = is_object(unit, target.value)
    if obj is None or not isinstance(obj.t, Obj) or obj.t.key not in unit.shared.objects:
        return False
    base = attribute(unit, obj, target.attr, node)
    if push(unit, func, base, node):
        return True
    if not isinstance(base.t, Grow) or base.t.sink is None:
        return False
    slot = unit.shared.slots[base.t.sink]
    assert isinstance(slot, Slot) and isinstance(slot.value, Grow)
    v = unit.single(unit.expr(node.args[0]))
    if not isinstance(v.t, (Tup, Word)) and not scalar(v.t) or isinstance(v.t, Num) and v.t.kind is None:
        fail("append of such a thing to an attribute", node)
    item = join(slot.value.item, loose(v.t)) if slot.value.item is not None else loose(v.t)
    for i in item.items if isinstance(item, Tup) else (item,):
        if not scalar(i) or isinstance(i, Num) and i.kind is None:
            fail("list of mixed types", node)
    learn(unit, base.t.sink, replace(slot, value=Grow(item)))
    unit.emit(f"{base.code}.append({bare(unit.sink(v))})")
    return True


# ---------------------------------------------------------------------- assignments


def assign(unit: Unit, target: ast.Attribute, value: ast.expr) -> None:
    """`self.x = value`"""
    obj = is_object(unit, target.value)
    if obj is None or not isinstance(obj.t, Obj):
        if isinstance(target.value, ast.Name):
            unit.read(target.value.id, target)  # it may turn out to be an object
        fail("assignment to an attribute", target)
    if kindred.of(unit, obj) and not kindred.alike(unit, obj.t, target.attr):
        kindred.store(unit, obj, target.attr, unit.expr(value), target)
        return
    slot = slot_of(unit, obj.t, target.attr, target)
    if any(says(u.kind, "frozen") for u in users(unit, obj.t)) and not hasattr(target, FIRST):
        fail("assignment to an attribute of a frozen object", target)
    if isinstance(slot, Column) and slot.grows:
        from hasten.kernel import building  # it builds on this module

        building.assign(unit, f"{obj.t.path}.{target.attr}", slot, obj.code, target, value)
        return
    if isinstance(slot, Column) and slot.held is not None:
        columns_of_lists.assign(unit, f"{obj.t.path}.{target.attr}", slot, obj.code, target, value)
        return
    if isinstance(slot, (Cell, Column)) and (slot.link or slot.optional):
        store(unit, target, optional.maybe(unit, value))
        return
    if isinstance(slot, Slot):
        before, unit.hint = unit.hint, slot.value
        try:
            v = unit.expr(value)
            if isinstance(slot.value, Grow):
                v = containers.as_grow(unit, v, value)
        finally:
            unit.hint = before
        if not isinstance(slot.value, Tup) and not fresh(unit, value, v):
            fail("a list that may have another name goes into an attribute", target)
        put(unit, f"{obj.t.path}.{target.attr}", slot, v, target)
        return
    store(unit, target, unit.expr(value))


def put(unit: Unit, name: str, slot: Slot, v: V, node: ast.AST) -> None:
    """A new list or tuple for an attribute."""
    held = slot.value
    if isinstance(held, Tup):
        if not isinstance(v.t, Tup):
            fail("an attribute gets something else than a tuple", node)
        for a, b in zip(held.items, v.t.items, strict=False):
            if not isinstance(a, Num) or not isinstance(b, Num) or a.kinds != b.kinds:
                fail("an attribute gets a tuple of other types", node)
        if len(held.items) != len(v.t.items):
            fail("an attribute gets a tuple of another length", node)
    elif isinstance(held, Grow) and isinstance(v.t, Grow):
        if not settled(v.t) and not settled(held):
            raise Unknown("what a list holds is not known")
        new = join(held, replace(v.t, item=None if v.t.item is None else loose(v.t.item)))
        if invariant(new) != invariant(held):
            assert isinstance(new, Grow)
            learn(unit, name, replace(slot, value=replace(new, root=None)))
    elif invariant(v.t) != invariant(held) or isinstance(held, Lst) and len(held.kinds) > 1:
        fail("an attribute gets a list of another type", node)
    unit.shared.stored.add(name)
    unit.extra.setdefault(name, slot)
    unit.env.setdefault(name, slot)
    x = local(name)
    unit.emit(f"{x}[0][0] = {unit.sink(v)}")
    unit.emit(f"{x}[1][0] = True")


def fresh(unit: Unit, node: ast.expr, v: V) -> bool:
    """Is this a list that was made just now, or that loses its only other name here?"""
    before = unit.entangled
    unit.entangled = False
    containers.handed(unit, node, v)
    found, unit.entangled = not unit.entangled, before
    if isinstance(v.t, (Lst, Arr)) and v.t.roots:
        return False
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and isinstance(v.t, Grow):
        return True
    if isinstance(node, ast.Call) and (unit.module.dotted(node.func) or "").startswith("numpy."):
        return not v.leaf
    return found


def store(unit: Unit, target: ast.Attribute, v: V) -> None:
    """`self.x = value`, for a number."""
    obj = is_object(unit, target.value)
    if obj is None or not isinstance(obj.t, Obj):
        if isinstance(target.value, ast.Name):
            unit.read(target.value.id, target)  # it may turn out to be an object
        fail("assignment to an attribute", target)
    if kindred.of(unit, obj) and not kindred.alike(unit, obj.t, target.attr):
        kindred.store(unit, obj, target.attr, v, target)
        return
    name = f"{obj.t.path}.{target.attr}"
    owners = users(unit, obj.t)
    if not owners:
        fail(f"{name} is assigned, and its class is not plain", target)
    frozen = any(says(c, "frozen") for u in owners for c in family(unit.shared.home(u.kind), u.kind))
    if frozen and not hasattr(target, FIRST):
        fail("assignment to an attribute of a frozen object", target)
    for owner in owners:
        owner.attributes.add(target.attr)
    slot = slot_of(unit, obj.t, target.attr, target)
    if isinstance(slot, Slot) and isinstance(slot.value, Tup):
        put(unit, name, slot, v, target)
        return
    if not isinstance(slot, (Cell, Column)) or isinstance(slot, Column) and (slot.depth or slot.held is not None):
        fail("assignment to an attribute", target)
    from hasten.kernel import building  # it builds on this module

    slot = building.learnt(unit, name, slot, v)
    if slot.link:
        linked.put(unit, name, slot, v, obj.code if obj.t.many else "0", target)
        return
    if slot.word and isinstance(slot, Column) and slot.grows and isinstance(v.t, (Nil, Opt)):
        linked.put(unit, name, slot, v, obj.code, target)
        return
    if slot.word:
        if not isinstance(v.t, Word) or v.t.kind != slot.kind:
            fail(f"{name} is a string, and gets something else", target)
        unit.shared.stored.add(name)
        unit.extra[name] = unit.env[name] = slot
        unit.emit(f"{local(name)}[{obj.code if obj.t.many else '0'}] = {bare(v.code)}")
        return
    into_cell(unit, name, slot, v, obj.code if obj.t.many else "0", target)


def of_kind(unit: Unit, v: V, kind: str, node: ast.AST) -> str:
    """The code of a number that must have this type."""
    if not isinstance(v.t, Num):
        fail("attribute that is not a number", node)
    code = unit.sink(v)
    if v.t.kinds == {kind}:
        return code
    if kind not in v.t.kinds or v.t.rep != num(kind).rep or v.tag is None:
        fail(f"{' or '.join(sorted(v.t.kinds))} stored into an attribute of {kind}", node)
    return f"{unit.helper('same_kind')}({bare(code)}, {unit.tag(v)}, {CODE[kind]})"


def into_cell(unit: Unit, name: str, slot: Cell | Column, v: V, at: str, node: ast.AST) -> None:
    """Puts a number, or None, into a cell."""
    x = local(name)
    unit.shared.stored.add(name)
    if isinstance(v.t, Nil):
        learn(unit, name, replace(slot, optional=True))
        unit.emit(f"{x}[1][{at}] = -1")
        return
    if isinstance(v.t, Opt):
        if v.t.item is None:
            raise Unknown("always None")
        if v.t.item == Word() or not isinstance(v.t.item, Num):
            fail("attribute that is not a number", node)
        slot = replace(slot, optional=True)
        learn(unit, name, slot)
        flag, number = optional.taken_apart(unit, v, node)
        unit.emit(f"if {flag}:")
        unit.emit(f"    {x}[1][{at}] = -1")
        unit.emit("else:")
        unit.depth += 1
        into_cell(unit, name, slot, number, at, node)
        unit.depth -= 1
        return
    if not isinstance(v.t, Num):
        fail("attribute that is not a number", node)
    only = Num(slot.kinds).kind if slot.kinds else None
    undecided = v.t.kind is None and only in v.t.kinds and v.t.rep == num(only or "int").rep and v.tag is not None
    # (an int literal that is a bound, as in `max(x, 0)`, will be met)
    other = not unit.shared.narrow and v.t.kinds - slot.kinds == {"int"}
    if undecided and not slot.tagged and not other and not (isinstance(slot, Column) and slot.grows):
        unit.extra[name] = unit.env[name] = slot
        unit.emit(f"{x}[{at}] = {bare(of_kind(unit, v, only or '', node))}")
        return
    # an int that waits in a float64 is exact there: the door and the range check here see to it
    small = (-EXACT_FLOAT, EXACT_FLOAT)
    joined = loose(v.t) if not slot.kinds else join(Num(slot.kinds, *small), Num(v.t.kinds, *small))
    assert isinstance(joined, Num)
    if joined.rep == "f" and v.t.rep == "i":
        v = replace(v, code=unit.ranged(v.code, v.t, *small), t=Num(v.t.kinds, *small))
    if any(k not in CODE for k in joined.kinds):
        fail(f"attribute of {' or '.join(sorted(joined.kinds))}", node)
    joined = Num(joined.kinds)
    slot = replace(slot, kinds=joined.kinds)
    learn(unit, name, slot)
    if not slot.tagged:
        unit.emit(f"{x}[{at}] = {bare(unit.sink(v))}")
        return
    kind = f"kind_{getattr(node, 'lineno', 0)}_{getattr(node, 'col_offset', 0)}"
    unit.emit(f"{kind} = {unit.tag(v)}")  # before the value changes that it may depend on
    unit.emit(f"{x}[0][{at}] = {bare(unit.fit(v, joined))}")
    unit.emit(f"{x}[1][{at}] = {kind}")


def same(unit: Unit, left: ast.expr, right: ast.expr) -> str | None:
    """The code of `a is b` for two objects; None when they are something else."""
    a, b = is_object(unit, left), is_object(unit, right)
    if a is None or b is None or not isinstance(a.t, Obj) or not isinstance(b.t, Obj):
        return None
    unit.shared.identity = True
    for v in (a, b):
        t = v.t
        assert isinstance(t, Obj)
        if kindred.of(unit, v):
            continue  # the guard of each class's objects is always there
        if t.key not in unit.shared.objects:
            fail("identity of an object that is not known", left)
        unit.shared.objects[t.key].needed = True  # the guard compares it with all others
    found = kindred.same(unit, a, b)
    if found is None and a.t == b.t:
        found = f"({a.code} == {b.code})" if a.t.many else "True"
    elif found is None:
        if "_held" in a.code + b.code:
            fail("identity of objects that may be None", left)
        found = "False"  # the guard asks for objects that are all different
    looked = [v.code for v in (a, b) if "(" in v.code]
    if found == "False" and looked:
        return f"({' + '.join(looked)} < 0)"  # no place is: but what is not there raises
    if found == "True" and looked:
        fail("identity of an object with itself, whose place is looked up", left)
    return found


# ---------------------------------------------------------------------- calls and places


def call(unit: Unit, func: ast.Attribute, node: ast.Call) -> V | None:
    """A method call on an object of the file; None when it is something else."""
    start = supers.start_of(func.value)
    obj = is_object(unit, func.value.value if start and isinstance(func.value, ast.Attribute) else func.value)
    if obj is None or not isinstance(obj.t, Obj):
        return None
    if kindred.of(unit, obj):
        return kindred.call(unit, func, obj, node)
    used = unit.shared.objects.get(obj.t.key)
    if used is None:
        return None
    home = unit.shared.home(used.kind)
    method = method_of(home, used.kind, func.attr, start)
    if method is None or method[1] == "property":
        return None
    if obj.t.many and impure(func.value):
        fail("method of an object that is computed", node)
    used.needed = True
    used.methods.add(func.attr)
    definition, decorated = method
    known_as = f"{used.kind.name}.{definition.name}:{definition.lineno}"
    return unit.user_call(definition, node, None if decorated == "staticmethod" else obj, known_as, home)


def at(unit: Unit, base: V, node: ast.Subscript) -> V:
    """`particles[i]`"""
    t = base.t
    assert isinstance(t, Pool)
    if isinstance(node.slice, (ast.Slice, ast.Tuple)):
        fail("slice of a list of objects", node)
    if impure(node.slice):
        splices.hoisted(unit, node.slice, node.value)
        fail("call in the index of a list of objects", node)  # the code of the place may stand there twice
    i = unit.integer(node.slice)
    return V(f"{unit.helper('object_place')}({bare(i.code)}, {length(unit, base).code})", Obj(t.path, many=True))


def items(unit: Unit, base: V, node: ast.expr) -> tuple[Type, str]:
    """What a loop over a list of objects, or a slice of one, goes over."""
    assert isinstance(base.t, Pool)
    return Obj(base.t.path, many=True), f"range({length(unit, base).code})"


def part(unit: Unit, node: ast.Subscript) -> tuple[Type, str] | None:
    """What a loop over `particles[i + 1 :]` goes over; None for a slice of something else."""
    if not isinstance(node.slice, ast.Slice) or not isinstance(node.value, (ast.Name, ast.Attribute)):
        return None
    t = pool_of(unit, node.value)
    if not isinstance(t, Pool) or node.slice.step is not None:
        return None
    ends = [bare(unit.integer(e).code) if e is not None else "" for e in (node.slice.lower, node.slice.upper)]
    size = length(unit, pool(unit, t)).code
    return Obj(t.path, many=True), f"np.arange({size})[{':'.join(ends)}]"


def truth(unit: Unit, t: Obj, node: ast.AST) -> None:
    """Raises `Refuse` unless objects of its class are true."""
    owners = users(unit, t)
    if not owners or any(
        computes(unit.shared.home(u.kind), u.kind, n) for u in owners for n in ("__bool__", "__len__")
    ):
        fail("truth of an object", node)
    for owner in owners:
        owner.needed = True


def length(unit: Unit, base: V) -> V:
    """How many objects there are in a list of them."""
    assert isinstance(base.t, Pool)
    if base.t.kinds and base.t.path in unit.shared.chained:
        return linked.size(unit, base.t.path)
    return V(f"len({base.code})" if base.t.kinds else base.code, SIZE)
