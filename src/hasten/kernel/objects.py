"""Objects of plain classes of the file: their numbers become cells of the kernel, their methods compiled functions.

A number that some method assigns is held in an array of one element, which every compiled method sees, and is written
back when the kernel is done. The guard asks for exactly the class that was recorded and for attributes in the object's
own dictionary, so that no property, subclass or replaced method can be meant.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hasten.core.facts import ValueFact
from hasten.kernel import names
from hasten.kernel.compiler import Unit, local
from hasten.kernel.kinds import CODE, Cell, Num, Refuse, Type, num
from hasten.kernel.program import Module
from hasten.kernel.values import V, bare, fail

HOOKS = frozenset({"__getattr__", "__getattribute__", "__setattr__", "__delattr__", "__slots__", "__dict__"})
# words of a file that may change classes or objects behind the syntax
SETTERS = frozenset({"setattr", "delattr", "__dict__", "__class__", "__bases__", "__slots__", "__set__", "__get__"})


@dataclass
class Used:
    """What a kernel uses of one object from outside."""

    kind: ast.ClassDef
    attributes: set[str] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    needed: bool = False  # is the exact class needed (cells or methods)?


def plain_class(module: Module, name: str) -> ast.ClassDef | None:
    """The class of that name, if nothing but its own body says how its objects behave."""
    if module.star_import or module.bindings.get(name, 0) != 1 or SETTERS & module.identifiers:
        return None
    for node in module.tree.body:
        if not isinstance(node, ast.ClassDef) or node.name != name:
            continue
        if node.keywords or any(not (isinstance(b, ast.Name) and b.id == "object") for b in node.bases):
            return None
        decorators = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
        if any(ast.unparse(d) not in ("dataclass", "dataclasses.dataclass") for d in decorators):
            return None
        if any(isinstance(d, ast.Call) and d.keywords for d in node.decorator_list):
            return None  # slots, frozen
        if names.bound(node.body) & HOOKS:
            return None
        return node
    return None


def method_of(module: Module, kind: ast.ClassDef, name: str) -> tuple[ast.FunctionDef, bool] | None:
    """A method that its class defines once and nobody replaces, and whether it is static."""
    found = [s for s in ast.walk(kind) if isinstance(s, names.FUNCTIONS) and s.name == name]
    stored = [n for s in kind.body if not isinstance(s, names.FUNCTIONS) for n in names.bound([s]) if n == name]
    if len(found) != 1 or stored or found[0] not in kind.body or module.bindings.get("." + name, 0):
        return None
    func = found[0]
    if not isinstance(func, ast.FunctionDef):
        return None
    static = [ast.unparse(d) for d in func.decorator_list] == ["staticmethod"]
    if func.decorator_list and not static or static and module.bindings.get("staticmethod"):
        return None
    return func, static


def facts_of(seen: Mapping[str, tuple[ValueFact, ...]], name: str) -> tuple[ValueFact, ...]:
    """What was recorded of a name, or of an attribute `net.rate` of a recorded object."""
    if name in seen or "." not in name:
        return seen.get(name, ())
    base, attribute = name.split(".", 1)
    label = f"attribute={attribute}"
    return tuple(item for fact in seen.get(base, ()) for item in fact.items if label in item.note)


def class_of(module: Module, facts: Sequence[ValueFact]) -> ast.ClassDef | None:
    """The plain class of the file that all of the facts are about."""
    found = {f.type for f in facts}
    if len(found) != 1:
        return None
    return plain_class(module, found.pop().rsplit(".", 1)[-1])


def path_of(unit: Unit, node: ast.expr) -> str | None:
    """The name at the door of the object that an expression stands for."""
    if not isinstance(node, ast.Name) or node.id in unit.bound:
        return None
    if node.id in unit.objects:
        return unit.objects[node.id]
    if node.id in unit.env or not unit.top or unit.classes is None:
        return None
    kind = unit.classes(node.id)
    if kind is None:
        return "self" if node.id == "self" else None
    unit.objects[node.id] = node.id
    unit.shared.objects.setdefault(node.id, Used(kind))
    return node.id


def assigned(stmts: Sequence[ast.AST], name: str) -> Iterator[str]:
    """Attributes of `name` that statements assign."""
    for s in stmts:
        for n in ast.walk(s):
            if isinstance(n, ast.Attribute) and not isinstance(n.ctx, ast.Load) and isinstance(n.value, ast.Name):
                if n.value.id == name:
                    yield n.attr


def stored(unit: Unit, path: str) -> set[str]:
    """Attributes of an object that its methods or the kernel's own statements assign."""
    used = unit.shared.objects.get(path)
    found = set(assigned(unit.shared.stmts, path))
    if used is not None:
        for s in used.kind.body:
            if isinstance(s, ast.FunctionDef) and s.name != "__init__" and s.args.args:
                found |= set(assigned(s.body, s.args.args[0].arg))
    return found


def attribute(unit: Unit, path: str, attr: str, node: ast.AST) -> V:
    """The value of an attribute."""
    name = f"{path}.{attr}"
    used = unit.shared.objects.get(path)
    if used is not None:
        used.attributes.add(attr)
    if attr in stored(unit, path) and name not in unit.env:
        if used is None:
            fail(f"{name} is assigned, and its class is not plain", node)
        t = unit.lookup(name) if unit.lookup else None
        if not isinstance(t, Num) or t.kind is None:
            fail(f"{name} is assigned, and is not a number", node)
        used.needed = True
        unit.extra[name] = unit.env[name] = Cell(t.kind)
    v = unit.read(name, node)
    if isinstance(v.t, Cell):
        kind = v.t.kind
        return V(f"{v.code}[0]", num(kind), tag=lambda: str(CODE.get(kind, 9)))
    return v


def store(unit: Unit, target: ast.Attribute, v: V) -> None:
    """`self.x = value`, for a number of the type it had before."""
    path = path_of(unit, target.value)
    if path is None:
        fail("assignment to an attribute", target)
    cell = attribute(unit, path, target.attr, target)
    t = unit.env[f"{path}.{target.attr}"]
    if not isinstance(t, Cell):
        fail("assignment to an attribute", target)
    if not isinstance(v.t, Num):
        fail("attribute that is not a number", target)
    code = unit.sink(v)
    if v.t.kinds != {t.kind}:
        if t.kind not in v.t.kinds or v.t.rep != num(t.kind).rep or v.tag is None:
            fail(f"{' or '.join(sorted(v.t.kinds))} stored into an attribute of {t.kind}", target)
        code = f"{unit.helper('same_kind')}({bare(code)}, {unit.tag(v)}, {CODE[t.kind]})"
    unit.emit(f"{cell.code} = {bare(code)}")


def call(unit: Unit, func: ast.Attribute, node: ast.Call) -> V | None:
    """A method call on an object of the file; None when it is something else."""
    path = path_of(unit, func.value)
    used = unit.shared.objects.get(path or "")
    if path is None or used is None:
        return None
    method = method_of(unit.module, used.kind, func.attr)
    if method is None:
        return None
    used.needed = True
    used.methods.add(func.attr)
    definition, static = method
    return unit.user_call(definition, node, None if static else path, f"{used.kind.name}.{definition.name}")


def guards(unit: Unit, helper: str, types: Mapping[str, Type]) -> list[tuple[str, str, list[str]]]:
    """For each object whose exact class matters: its name, the guard, and lines that take its attributes."""
    out = []
    for path, used in sorted(unit.shared.objects.items()):
        taken = sorted(n.split(".", 1)[1] for n in types if n.startswith(path + "."))
        if not used.needed:
            continue
        if path in types:
            raise Refuse(f"{path} is an object and a value")
        own = "".join(f'"{a}", ' for a in taken)
        methods = "".join(f'"{m}", ' for m in sorted(used.methods))
        guard = f"{helper}({path}, {used.kind.name}, ({own.rstrip(' ')}), ({methods.rstrip(' ')}))"
        out.append((path, guard, [f"{local(f'{path}.{a}')} = {path}.{a}" for a in taken]))
    return out
