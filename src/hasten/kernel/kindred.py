"""Lists of objects of several classes: `for shape in shapes: total += shape.area()`.

Such an object is held as its place in the list, and an array from the door tells the class of each. Attributes are
columns as long as the list, whichever classes have them. A method call asks for the class and does the same to an
object known to be of just that class (`shape: as Circle`). Where a class has no such method or attribute, the kernel
gives up, and the program raises.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.core.facts import ValueFact
from hasten.kernel import homes, splices
from hasten.kernel.kinds import BOOL, Num, Obj, Pool
from hasten.kernel.values import V, bare, fail, impure

if TYPE_CHECKING:
    from hasten.kernel.compiler import Shared, Unit

MOST = 8  # each has functions of its own
# attributes that no program can have: an object as one of a certain class, and whether it is one
AS, IS = " as ", " is "
OBJECT = "some_object"


def classes(shared: Shared, facts: Sequence[ValueFact]) -> tuple[ast.ClassDef, ...]:
    """The plain classes of the program that the facts are about, if there are several."""
    from hasten.kernel.objects import class_of  # it builds on this module

    names = {f.type.rsplit(".", 1)[-1] for f in facts}
    if not 1 < len(names) <= MOST:
        return ()
    found = [class_of(shared, [f for f in facts if f.type.rsplit(".", 1)[-1] == name]) for name in sorted(names)]
    known = [c for c in found if c is not None]
    complete = all(f.items or f.complete for f in facts) and len(names) == len({f.type for f in facts})
    return tuple(known) if complete and 1 < len(names) <= MOST and len(known) == len(names) else ()


def part(path: str, kind: ast.ClassDef) -> str:
    """The name of the list of just the objects of one class."""
    return f"{path.removesuffix('[]')}:{kind.name}[]"


def register(unit: Unit, path: str, kinds: tuple[ast.ClassDef, ...]) -> Pool:
    """A list of objects of these classes, at this path at the door."""
    listed(unit.shared, path, kinds)
    return Pool(path, tuple(k.name for k in kinds))


def listed(shared: Shared, path: str, kinds: tuple[ast.ClassDef, ...]) -> None:
    """Notes that the objects at this path are of these classes."""
    from hasten.kernel.objects import Used  # it builds on this module

    shared.unions[path] = kinds
    for kind in kinds:
        shared.objects.setdefault(part(path, kind), Used(kind, needed=True))


def of(unit: Unit, obj: V) -> tuple[ast.ClassDef, ...]:
    """The classes that an object may be of; none when it is just one."""
    t = obj.t
    return unit.shared.unions.get(t.path, ()) if isinstance(t, Obj) and t.many and not t.kind else ()


def special(unit: Unit, obj: V, attr: str) -> V | None:
    """The object as one of a certain class, or whether it is one; None for an attribute of the program."""
    if not attr.startswith((AS, IS)):
        return None
    from hasten.kernel import objects  # it builds on this module

    assert isinstance(obj.t, Obj)
    kinds = [k.name for k in unit.shared.unions[obj.t.path]]
    wanted = attr[len(AS) :]
    if attr.startswith(AS):
        return replace(obj, t=replace(obj.t, kind=wanted))
    if obj.t.kind:
        return V(repr(obj.t.kind == wanted), BOOL)
    known = Pool(obj.t.path, tuple(kinds))
    return V(f"({objects.pool(unit, known).code}[{bare(obj.code)}] == {kinds.index(wanted)})", BOOL)


def alike(unit: Unit, t: Obj, attr: str) -> bool:
    """Does every object of the list have this attribute for itself, whichever its class?"""
    from hasten.kernel import objects  # it builds on this module

    if t.path in unit.shared.plans:
        return len(owners(unit, t.path, attr)) == len(unit.shared.unions[t.path])
    return all(
        objects.facts_of(unit.shared.seen, f"{part(t.path, k)}.{attr}")
        and not objects.computes(unit.shared.home(k), k, attr)
        and objects.class_constant(unit.shared.home(k), k, attr) is None
        for k in unit.shared.unions[t.path]
    )


def owners(unit: Unit, path: str, attr: str) -> list[str]:
    """The classes whose objects have this attribute for themselves, in a list of objects of several."""
    from hasten.kernel import objects  # it builds on this module

    kinds = unit.shared.unions.get(path, ())
    if path in unit.shared.plans:
        return [p.kind.name for p in unit.shared.plans[path] if attr in p.attributes]
    return [k.name for k in kinds if objects.facts_of(unit.shared.seen, f"{part(path, k)}.{attr}")]


def constant(unit: Unit, t: Obj, attr: str, fixed: Num, node: ast.AST) -> V:
    """A number that a class holds for all its objects."""
    used = unit.shared.objects[t.key]
    used.methods.add(attr)  # no object may have its own
    if fixed.kind == "int":
        fixed = Num(fixed.kinds, -(2**31), 2**31 - 1)
    code = f'getattr({homes.named(unit.shared, used.kind)}, "{attr}", None)'
    known = next((name for name, text in unit.shared.elsewhere.items() if text == code), None)
    name = known or "@" + unit.shared.module.fresh(f"{t.kind}_{attr}".lower(), unit.shared.taken)
    unit.shared.elsewhere[name] = code
    unit.extra.setdefault(name, fixed)
    unit.env.setdefault(name, fixed)
    return unit.seen(name, node)


def has(unit: Unit, path: str, kind: ast.ClassDef, attr: str) -> bool:
    """Do objects of this class have such an attribute, method or number of the class?"""
    from hasten.kernel import objects  # it builds on this module

    module = unit.shared.home(kind)
    return bool(
        kind.name in owners(unit, path, attr)
        or objects.facts_of(unit.shared.seen, f"{part(path, kind)}.{attr}")
        or objects.computes(module, kind, attr)
        or objects.class_constant(module, kind, attr) is not None
    )


def call(unit: Unit, func: ast.Attribute, obj: V, node: ast.Call) -> V:
    """A method call, on whichever method it is."""
    from hasten.kernel.inner import gives
    from hasten.kernel.objects import method_of  # it builds on this module

    assert isinstance(obj.t, Obj)
    methods: dict[str, ast.FunctionDef] = {}
    for kind in of(unit, obj):
        if has(unit, obj.t.path, kind, func.attr):
            found = method_of(unit.shared.home(kind), kind, func.attr)
            if found is None or found[1] == "property":
                fail(f"{kind.name}.{func.attr} is no plain method", node)
            methods[kind.name] = found[0]
    if not methods:
        fail(f"no class has a method {func.attr}", node)
    if impure(func.value):
        fail("method of an object that is computed", node)
    if not any(k.arg is None for k in node.keywords):
        calm = all(splices.quiet(m.body) for m in methods.values())
        splices.chosen(unit, node, func.value, list(methods), len(methods) == len(of(unit, obj)), calm)
    effect = unit.effect is node
    words = [k.arg or "" for k in node.keywords]
    if "" in words:
        fail(f"{func.attr}: keywords", node)
    names = [f"given_{i}" for i in range(len(node.args))]
    valued = not effect and any(gives(m.body) for m in methods.values())
    body: list[ast.stmt] = []
    for name, method in methods.items():
        args: list[ast.expr] = [ast.Name(n, ast.Load()) for n in names]
        keywords = [ast.keyword(w, ast.Name(w, ast.Load())) for w in words]
        to = ast.Attribute(ast.Attribute(ast.Name(OBJECT, ast.Load()), AS + name, ast.Load()), func.attr, ast.Load())
        made = ast.Call(to, args, keywords)
        then: list[ast.stmt] = [ast.Return(made)]
        if not valued or not gives(method.body):
            then = [ast.Expr(made), ast.Return(ast.Constant(None) if valued else None)]
        body.append(asked(name, then))
    known_as = f"{obj.t.path}.{func.attr}({len(names)}, {' '.join(words)}) {effect}"
    return through(unit, func.attr, [*names, *words], body, obj, node, known_as)


def attribute(unit: Unit, obj: V, attr: str, node: ast.AST) -> V:
    """The value of an attribute."""
    assert isinstance(obj.t, Obj)
    kinds = [k.name for k in of(unit, obj) if has(unit, obj.t.path, k, attr)]
    if not kinds:
        fail(f"no class has an attribute {attr}", node)
    assert isinstance(node, ast.Attribute)
    splices.chosen(unit, node, node.value, kinds, len(kinds) == len(of(unit, obj)), False)
    body = []
    for name in kinds:
        value = ast.Attribute(ast.Attribute(ast.Name(OBJECT, ast.Load()), AS + name, ast.Load()), attr, ast.Load())
        body.append(asked(name, [ast.Return(value)]))
    asks = ast.copy_location(ast.Call(ast.Name(attr, ast.Load()), [], []), node)
    return through(unit, attr, [], body, obj, asks, f"{obj.t.path}.{attr}")


def store(unit: Unit, obj: V, attr: str, v: V, node: ast.AST) -> None:
    """`shape.x = value`"""
    assert isinstance(obj.t, Obj)
    everyone = of(unit, obj)
    kinds = [k for k in everyone if has(unit, obj.t.path, k, attr)]
    if not kinds:
        fail(f"no class has an attribute {attr}", node)
    splices.stored(unit, [k.name for k in kinds], len(kinds) == len(everyone))
    body = []
    for kind in kinds:
        to = ast.Attribute(ast.Attribute(ast.Name(OBJECT, ast.Load()), AS + kind.name, ast.Load()), attr, ast.Store())
        body.append(asked(kind.name, [ast.Assign([to], ast.Name("given", ast.Load())), ast.Return(None)]))
    asks = ast.copy_location(ast.Call(ast.Name(attr, ast.Load()), [ast.Constant(None)], []), node)
    before, unit.effect = unit.effect, asks
    made = through(unit, f"set_{attr}", ["given"], body, obj, asks, f"{obj.t.path}.{attr} =", given=[v])
    unit.effect = before
    unit.emit(made.code)


def asked(kind: str, then: list[ast.stmt]) -> ast.If:
    """`if the object is one of this class: ...`"""
    return ast.If(ast.Attribute(ast.Name(OBJECT, ast.Load()), IS + kind, ast.Load()), then, [])


def through(
    unit: Unit, word: str, parameters: list[str], body: Sequence[ast.stmt], obj: V, node: ast.Call, known_as: str,
    given: Sequence[V] = (),
) -> V:  # fmt: skip
    """A call of the function that does one thing to an object of whichever class."""
    end = ast.Raise(ast.Name("AttributeError", ast.Load()), None)
    args = ast.arguments([], [ast.arg(p) for p in [OBJECT, *parameters]], None, [], [], None, [])
    func = ast.FunctionDef(f"any_{word.strip('_')}", args, [*body, end], [])
    for n in ast.walk(func):
        if isinstance(n, (ast.expr, ast.stmt, ast.arg)):
            ast.copy_location(n, node)
    return unit.user_call(func, node, obj, known_as, values=given, made=True)


def is_one(unit: Unit, node: ast.Call) -> V | bool | None:
    """`isinstance(x, Circle)` of an object: known beforehand, or asked for. None: something else."""
    from hasten.kernel import objects  # it builds on this module

    if len(node.args) != 2 or node.keywords or unit.module.dotted(node.func) != "isinstance":
        return None
    wanted = node.args[1].elts if isinstance(node.args[1], ast.Tuple) else [node.args[1]]
    named = {n.id for n in wanted if isinstance(n, ast.Name)}
    if len(named) != len({ast.unparse(w) for w in wanted}) or impure(node.args[0]):
        return None
    if named & (unit.bound | set(unit.env) | unit.shadow):
        return None
    obj = objects.is_object(unit, node.args[0])
    if obj is None or not isinstance(obj.t, Obj):
        return None
    if "_held" in obj.code:
        fail("isinstance of what may be None", node)
    kinds = of(unit, obj)
    lines = {k.name: _line(unit, k) for k in kinds or [u.kind for u in objects.users(unit, obj.t)]}
    known = {n for line in lines.values() for n in line} | {n for n in named if objects.plain_class(unit.module, n)}
    if not named <= known or any("." in n for n in named):
        return None

    def within(kind: ast.ClassDef) -> bool:
        return bool(lines[kind.name] & named)

    if not kinds:
        used = unit.shared.objects.get(obj.t.key)
        if used is None:
            return None
        used.needed = True
        return within(used.kind)
    answers = [within(k) for k in kinds]
    if len(set(answers)) == 1:
        return answers[0]
    tests = [special(unit, obj, IS + k.name) for k, yes in zip(kinds, answers, strict=True) if yes]
    return V(f"({' or '.join(t.code for t in tests if t is not None)})", BOOL)


def _line(unit: Unit, kind: ast.ClassDef) -> set[str]:
    """What a class and its bases are called in the file of the unit. Raises `Refuse` where others may count as such."""
    from hasten.kernel import objects  # it builds on this module

    home = unit.shared.home(kind)
    if any(m.identifiers & {"register", "__instancecheck__", "__subclasshook__"} for m in (unit.module, home)):
        fail("isinstance may say something else than the classes' bases")
    line = objects.family(home, kind)
    if unit.module is unit.shared.module:
        return {homes.named(unit.shared, c) for c in line}
    return {c.name for c in line} if home is unit.module else set()


def same(unit: Unit, a: V, b: V) -> str | None:
    """The code of `a is b`, for two of one list where one is known to be of a certain class; None otherwise."""
    assert isinstance(a.t, Obj) and isinstance(b.t, Obj)
    if a.t.path != b.t.path or not a.t.many:
        return None
    return "False" if a.t.kind and b.t.kind and a.t.kind != b.t.kind else f"({a.code} == {b.code})"
