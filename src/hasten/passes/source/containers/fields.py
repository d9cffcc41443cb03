"""Whether a field of a row, an attribute or the value under a key, stays what it was when the row was made."""

from __future__ import annotations

import ast
from functools import lru_cache

from hasten.passes.source.containers.effects import Project, escapes
from hasten.passes.source.containers.slots import SETTERS
from hasten.passes.source.containers.syntax import Module, dotted
from hasten.passes.source.repeats.world import world_of

CONSTRUCTORS = ("__init__", "__post_init__", "__new__")
EMPTYING = frozenset("update pop popitem clear setdefault __setitem__ __delitem__ __ior__ move_to_end".split())


@lru_cache(maxsize=256)
def field_stays(project: Project, attr: str) -> bool:
    """Whether an attribute of this name, once an object is made, is never bound anew and runs no code."""
    if attr.startswith("__") or attr in project.functions or attr in project.classes:
        return False
    if {"__getattr__", "__getattribute__", "__get__", "__set__"} & project.dunders or "__new__" in project.functions:
        return False  # what is read may be worked out, and what is made may be an object of before
    for module in project.modules:
        if module.names & SETTERS or module.dynamic:
            return False
        inits: set[ast.AST] = set()
        for node in module.written:
            if isinstance(node, ast.ClassDef) and not all(_plain_default(b.value) for b in module.bindings(attr, node)):
                return False
            if isinstance(node, ast.Attribute) and node.attr in CONSTRUCTORS:
                base = node.value
                called = isinstance(base, ast.Call) and module.is_builtin(base.func, "super")
                if not called or getattr(module.function(node), "name", "") not in CONSTRUCTORS:
                    return False  # a constructor may be called again
            if isinstance(node, ast.Name) and node.id in CONSTRUCTORS:
                return False
            if not isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Load):
                continue
            if node.attr == "__class__":
                return False
            if node.attr != attr:
                continue
            holder, statement = module.function(node), module.parents[node]
            if not isinstance(holder, ast.FunctionDef) or holder.name != "__init__" or holder in inits:
                return False
            inits.add(holder)
            if not _set_first(module, holder, node):
                return False
            first = holder.args.args[0].arg if holder.args.args else ""
            if dotted(node.value) != first or not isinstance(statement, (ast.Assign, ast.AnnAssign)):
                return False
            if statement not in holder.body or len(module.bindings(first, holder)) != 1:
                return False
    return True


def _plain_default(value: ast.expr | None) -> bool:
    """Whether what a class binds is a value: `at = property(...)` runs code."""
    match value:
        case None | ast.Constant() | ast.UnaryOp(operand=ast.Constant()):
            return True
        case ast.Call(func=f):
            return dotted(f).rpartition(".")[2] == "field"
        case ast.List() | ast.Dict() | ast.Tuple():
            return True
    return False


def _set_first(module: Module, init: ast.FunctionDef, store: ast.Attribute) -> bool:
    """Whether nobody else has seen the object by the time that its constructor sets the attribute."""
    cls = module.parents[init]
    bases = [dotted(b).rpartition(".")[2] for b in getattr(cls, "bases", ())]
    if not isinstance(cls, ast.ClassDef) or not set(bases) <= {"ABC", "object"}:
        return False
    first = init.args.args[0].arg if init.args.args else ""
    for node in ast.walk(init):
        if isinstance(node, ast.Name) and node.id in (first, "super") and node.lineno <= store.lineno:
            own = module.parents[node]
            call = module.parents[own]
            if not isinstance(own, ast.Attribute) or isinstance(call, ast.Call) and call.func is own:
                return False
    return True


@lru_cache(maxsize=256)
def key_stays(project: Project, key: str) -> bool:
    """Whether nobody stores under `key` in a dict, or takes it out, once the dict is in a list."""
    if project.dunders & {"__getitem__", "__missing__"}:
        return False
    for module in project.modules:
        if module.dynamic or module.names & {"setitem", "delitem", "methodcaller", "ior"}:
            return False
        if any(
            isinstance(n, ast.Attribute) and n.attr == "__init__" and not _of_super(module, n) for n in module.written
        ):
            return False  # `row.__init__(time=3)`
        for node in module.written:
            match node:
                case ast.Subscript(value=base, slice=at) if not isinstance(node.ctx, ast.Load):
                    if isinstance(at, ast.Constant) and at.value != key or isinstance(at, (ast.Tuple, ast.Slice)):
                        continue
                case ast.Call(
                    func=ast.Attribute(value=base, attr="pop" | "setdefault"), args=[ast.Constant(value=word), *_]
                ):
                    if word != key:
                        continue
                case ast.Call(func=ast.Attribute(value=base, attr=attr)) if attr in EMPTYING:
                    if attr == "pop" and not node.args:
                        continue  # a list's
                case ast.AugAssign(target=base, op=ast.BitOr()):
                    pass
                case ast.Attribute(attr=attr, ctx=ast.Load()) if attr in EMPTYING:
                    holder = module.parents[node]
                    if not (isinstance(holder, ast.Call) and holder.func is node):
                        return False  # `change = row.update`
                    continue
                case _:
                    continue
            if not _own_dict(project, module, base):
                return False
    return True


def _of_super(module: Module, node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Call) and module.is_builtin(node.value.func, "super")


def _own_dict(project: Project, module: Module, base: ast.expr) -> bool:
    """Whether a container is held by one name only, so that it lies in no list."""
    if isinstance(base, ast.Name):
        scope = module.owner(base.id, base)
        if scope is None or isinstance(scope, ast.ClassDef):
            return False
        for use in module.uses(base.id, scope):
            call = module.parents[use]
            if isinstance(call, ast.Call) and module.imported(call.func):
                return False  # an array may hold it
        return project.fresh_name(module, base.id, scope) and not escapes(project, module, base.id, scope, None)
    return world_of(project).project.closed(base)
