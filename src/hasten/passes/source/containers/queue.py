"""Lists used as queues.

What it finds    a list whose items are taken from the front with `pop(0)` (or put there with `insert(0, x)`).
Why it is slow   every item behind the front moves by one place, each time.
Example          todo = [start]                       todo = deque([start])
                 while todo:                     ->   while todo:
                     node = todo.pop(0)                   node = todo.popleft()
Safe when        the list is made here, and all that is ever done with its name is the same for a deque: `append`,
                 `extend`, `pop()`, `len`, truth, iteration, `in`, reading and writing one item. No slices, no
                 sorting, no printing, no handing on. `pop(0)` of nothing says "pop from an empty deque" where a list
                 says "pop from empty list": only where the loop's own test shows that there is an item, or nobody can
                 see the difference.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import FUNCTIONS, Module, Parts


class Queue(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST103"
    name: ClassVar[str] = "list used as a queue"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        done: set[tuple[str, ast.AST]] = set()
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                name = _front(node)
                if name is None:
                    continue
                scope = module.owner(name.id, name)
                if scope is None or (name.id, scope) in done or isinstance(scope, (ast.ClassDef, ast.Lambda)):
                    continue
                done.add((name.id, scope))
                parts = self._deque(place, name.id, scope)
                if parts is not None:
                    yield parts

    def _deque(self, place: Place, name: str, scope: ast.AST) -> Parts | None:
        module, project = place.module, place.project
        if isinstance(scope, ast.Module) and project.mentions(name, module):
            return None
        imported = _deque_name(module)
        if not imported:
            return None
        bound = module.bindings(name, scope)
        replace: list[tuple[ast.AST, str]] = []
        for b in bound:
            if b.how == "declare":
                continue
            statement = module.parents[b.node]
            single = isinstance(statement, ast.AnnAssign) or (
                isinstance(statement, ast.Assign) and len(statement.targets) == 1
            )
            if b.how != "assign" or not single or b.value is None or not _is_list(module, b.value):
                return None
            if isinstance(statement, ast.AnnAssign):
                return None  # the annotation says list
            empty = isinstance(b.value, ast.List) and not b.value.elts
            replace.append((b.value, f"{imported}()" if empty else f"{imported}({module.text(b.value)})"))
        if not replace:
            return None
        fronts = 0
        lines = []
        for use in module.uses(name, scope):
            if not isinstance(use.ctx, ast.Load):
                continue
            if module.function(use) is not scope:
                return None
            lines.append(use.lineno)
            call = module.parents[module.parents[use]]
            if _front(call) is use and isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                if call.func.attr == "pop":
                    if not _nonempty(module, call, name):
                        return None
                    replace.append((call, f"{name}.popleft()"))
                else:
                    replace.append((call, f"{name}.appendleft({module.text(call.args[1])})"))
                fronts += 1
            elif not _same_for_deque(module, use, call, name):
                return None
        if not fronts or not lines:
            return None
        return Parts(
            title=f"make {name} a deque",
            first=min(lines),
            last=max(lines),
            reason=f"taking the first item of {name} moves all others",
            remedy="a deque, which takes items from both ends",
            replace=tuple(replace),
            prelude=("from collections import deque\n",),
        )


def _deque_name(module: Module) -> str:
    """What `collections.deque` is, or can be, called here; empty when the name means something else."""
    for b in module.bindings("deque", module.tree):
        if not (isinstance(b.node, ast.ImportFrom) and b.node.module == "collections"):
            return ""
    others = [
        n
        for n in ast.walk(module.tree)
        if isinstance(n, (ast.arg, ast.Name)) and "deque" in (getattr(n, "arg", ""), getattr(n, "id", ""))
    ]
    ok = all(isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) for n in others)
    return "deque" if ok else ""


def _front(node: ast.AST) -> ast.Name | None:
    """The name in `name.pop(0)` or `name.insert(0, x)`."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.args
        and not node.keywords
        and isinstance(node.args[0], ast.Constant)
        and type(node.args[0].value) is int
        and node.args[0].value == 0
    ):
        if node.func.attr == "pop" and len(node.args) == 1:
            return node.func.value
        if node.func.attr == "insert" and len(node.args) == 2 and not isinstance(node.args[1], ast.Starred):
            return node.func.value
    return None


def _is_list(module: Module, e: ast.expr) -> bool:
    if isinstance(e, (ast.List, ast.ListComp)):
        return True
    return isinstance(e, ast.Call) and module.is_builtin(e.func, "list", "sorted")


def _nonempty(module: Module, call: ast.Call, name: str) -> bool:
    """Whether the `pop` is the first thing that happens to the list after a test that it has items.

    `while todo: ...` or `if todo: ...`, the pop in the first statement of the body that names the list.
    """
    statement = module.statement(call)
    holder = module.parents[statement]
    if not isinstance(holder, (ast.While, ast.If)) or statement not in holder.body:
        return False
    if not _says_nonempty(module, holder.test, name):
        return False
    for s in holder.body:
        named = [n for n in ast.walk(s) if isinstance(n, ast.Name) and n.id == name]
        if s is statement:
            # one use, evaluated once: not in a comprehension, lambda or behind another call on the list
            inside = [at for at in module.up(call) if at is not statement]
            one_way = not any(
                isinstance(at, (*FUNCTIONS, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp))
                for at in inside[: inside.index(holder)]
            )
            return len(named) == 1 and one_way and isinstance(s, (ast.Assign, ast.Expr, ast.AugAssign, ast.AnnAssign))
        if named or not isinstance(s, (ast.Assign, ast.AugAssign, ast.Expr, ast.If, ast.AnnAssign)):
            return False
        if any(isinstance(n, (ast.Yield, ast.Await, ast.YieldFrom)) for n in ast.walk(s)):
            return False
    return False


def _says_nonempty(module: Module, test: ast.expr, name: str) -> bool:
    match test:
        case ast.Name(id=found):
            return found == name
        case ast.BoolOp(op=ast.And(), values=values):
            # what follows could only empty the list by naming it
            return _says_nonempty(module, values[0], name) or (
                len(values) > 1 and any(_says_nonempty(module, v, name) for v in values)
            )
        case ast.Compare(
            left=ast.Call(args=[ast.Name(id=found)]) as call,
            ops=[ast.Gt() | ast.NotEq()],
            comparators=[ast.Constant(value=0)],
        ):
            return found == name and module.is_builtin(call.func, "len")
        case ast.Compare(
            left=ast.Call(args=[ast.Name(id=found)]) as call,
            ops=[ast.GtE() | ast.Gt()],
            comparators=[ast.Constant(value=int() as n)],
        ):
            return found == name and module.is_builtin(call.func, "len") and n >= 1
        case ast.Call(args=[ast.Name(id=found)]) as call:
            return found == name and module.is_builtin(call.func, "len")
    return False


def _same_for_deque(module: Module, use: ast.Name, outer: ast.AST, name: str) -> bool:
    """Whether this use means the same for a deque, errors too."""
    parent = module.parents[use]
    match parent:
        case ast.Attribute(attr=attr):
            if not (isinstance(outer, ast.Call) and outer.func is parent):
                return False
            if attr == "pop":
                return not outer.args and _nonempty(module, outer, name)
            if attr == "extend":
                # `xs.extend(xs)` and iterating over itself differ in no way that shows; an error in the middle does
                return len(outer.args) == 1 and isinstance(outer.args[0], (ast.Name, ast.List, ast.ListComp, ast.Tuple))
            return attr in ("append", "clear", "count") and not any(isinstance(a, ast.Starred) for a in outer.args)
        case ast.Call(func=func, args=[only]) if only is use:
            return module.is_builtin(
                func, "len", "bool", "list", "tuple", "set", "sum", "min", "max", "sorted", "any", "all"
            )
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[container]):
            return container is use
        case ast.While(test=test) | ast.If(test=test):
            return test is use
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BoolOp():
            top, holder = module.around_logic(parent)
            return isinstance(holder, (ast.While, ast.If)) and holder.test is top
        case ast.For(iter=it, body=body):
            # a list may grow under a loop, a deque may not
            return it is use and not any(isinstance(n, ast.Name) and n.id == name for s in body for n in ast.walk(s))
        case ast.comprehension(iter=it):
            whole = module.parents[parent]
            return (
                it is use
                and not isinstance(whole, ast.GeneratorExp)
                and sum(isinstance(n, ast.Name) and n.id == name for n in ast.walk(whole)) == 1
            )
        case ast.Subscript(ctx=ast.Load(), slice=ast.Constant(value=int() as at)):
            return at in (0, -1) and _guarded(module, parent, name)
    return False


def _guarded(module: Module, e: ast.expr, name: str) -> bool:
    """`todo[0]` in the test of a loop, after `todo and`: there is an item, so no error to tell apart."""
    at: ast.AST = e
    for holder in module.up(e):
        if isinstance(holder, ast.BoolOp) and isinstance(holder.op, ast.And):
            before = []
            for v in holder.values:
                if v is at:
                    break
                before.append(v)
            return any(_says_nonempty(module, v, name) for v in before) and not any(
                isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) for v in before for n in ast.walk(v)
            )
        if isinstance(holder, ast.stmt):
            return False
        at = holder
    return False
