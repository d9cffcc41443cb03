"""Whether reading an item may put one in: `counts[word]` of a `defaultdict` makes the entry that it does not find."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from hasten.passes.source.containers.effects import use_kind
from hasten.passes.source.containers.syntax import FUNCTIONS, Module, dotted, same
from hasten.passes.source.repeats.world import Piece, World

MAX_DEPTH = 4


@dataclass(eq=False)
class Inserts:
    """Where the project's defaultdicts go: names and attributes, each with how deep in it the defaultdict lies."""

    world: World
    names: set[tuple[ast.AST, str, int]] = field(default_factory=set)  # (scope, name, depth)
    attributes: set[tuple[str, int]] = field(default_factory=set)
    items: set[ast.AST] = field(default_factory=set)  # items of them that are read where they are given
    lost: str = ""  # why they may be anywhere

    def __post_init__(self) -> None:
        for module in self.world.project.modules:
            if "__missing__" in module.names:
                self.lost = "__missing__"
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call) and module.imported(node.func).rsplit(".", 1)[-1] == "defaultdict":
                    self._follow(module, node, 0, 0)
                elif isinstance(node, (ast.Name, ast.Attribute)) and dotted(node).rsplit(".", 1)[-1] == "defaultdict":
                    parent = module.parents[node]
                    called = isinstance(parent, ast.Call) and parent.func is node and module.imported(node)
                    if not called and not _annotates(module, node):
                        self.lost = f"line {node.lineno}: defaultdict is handed on"

    def _follow(self, module: Module, e: ast.expr, depth: int, steps: int) -> None:
        """Note where a value goes in which a defaultdict lies `depth` items deep."""
        if steps > MAX_DEPTH:
            self.lost = self.lost or f"line {e.lineno}: a defaultdict goes far"
            return
        parent = module.parents[e]
        match parent:
            case ast.Dict() | ast.List() | ast.Tuple() | ast.ListComp() | ast.DictComp() if depth == 0 and not (
                isinstance(parent, ast.DictComp) and parent.key is e
            ):
                if isinstance(parent, ast.Tuple) and isinstance(module.parents[parent], (ast.Assign, ast.Return)):
                    self.lost = self.lost or f"line {e.lineno}: a defaultdict in a tuple"
                    return
                self._follow(module, parent, depth + 1, steps)
            case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
                if isinstance(target, ast.Name):
                    scope = module.owner(target.id, target)
                    if scope is not None:
                        self._named(module, scope, target.id, depth, steps)
                        return
                if isinstance(target, ast.Attribute):
                    self._attribute(target.attr, depth)
                    return
                self.lost = self.lost or f"line {e.lineno}: a defaultdict is stored"
            case ast.Return():
                self._returned(module, parent, depth, steps)
            case ast.Subscript(value=value) if value is e:
                if depth:
                    self._follow(module, parent, depth - 1, steps + 1)
                else:
                    self.items.add(parent)
            case ast.Lambda() if isinstance(made := module.parents[parent], ast.Call) and (
                module.imported(made.func) == "collections.defaultdict"
            ):
                self._follow(module, made, depth + 1, steps)
            case ast.Call():
                if isinstance(parent.func, ast.Name) and module.is_builtin(parent.func, "dict", "len", "sum", "sorted"):
                    return
                self._passed(module, parent, e, depth, steps)
            case _:
                if use_kind(self.world.project, module, e) not in ("read", "mutate"):
                    self.lost = self.lost or f"line {e.lineno}: a defaultdict goes on"

    def _named(self, module: Module, scope: ast.AST, name: str, depth: int, steps: int) -> None:
        if (scope, name, depth) in self.names:
            return
        self.names.add((scope, name, depth))
        if isinstance(scope, ast.Module) and self.world.project.mentions(name, module):
            self.lost = self.lost or f"{name} is used by other files"
        for use in module.uses(name, scope):
            if isinstance(use.ctx, ast.Load):
                self._use(module, use, depth, steps)

    def _attribute(self, attr: str, depth: int) -> None:
        if (attr, depth) in self.attributes:
            return
        self.attributes.add((attr, depth))
        for module in self.world.project.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Attribute) and node.attr == attr and isinstance(node.ctx, ast.Load):
                    self._use(module, node, depth, 0)

    def _use(self, module: Module, use: ast.expr, depth: int, steps: int) -> None:
        """What a use of a name or attribute hands on."""
        kind = use_kind(self.world.project, module, use)
        parent = module.parents[use]
        if kind == "return":
            self._follow(module, use, depth, steps + 1)
        elif kind not in ("read", "mutate"):
            match parent:
                case ast.Call() if parent.func is not use:
                    self._passed(module, parent, use, depth, steps)
                case ast.Assign() | ast.AnnAssign() | ast.IfExp() | ast.BoolOp() | ast.Return():
                    self._follow(module, use, depth, steps + 1)
                case ast.Attribute() if depth == 0:
                    pass  # a method of it, or an attribute: `d.items()`
                case _:
                    self.lost = self.lost or f"line {use.lineno}: a defaultdict goes on"
        elif depth:
            match parent:
                case ast.Subscript() if parent.value is use:
                    if isinstance(parent.ctx, ast.Load):
                        self._use(module, parent, depth - 1, steps + 1)
                case ast.For(target=target) | ast.comprehension(target=target):
                    if depth == 1 and not isinstance(target, ast.Name):
                        self.lost = self.lost or f"line {use.lineno}: a defaultdict goes on"
                    elif isinstance(target, ast.Name) and (scope := module.owner(target.id, target)) is not None:
                        self._named(module, scope, target.id, depth - 1, steps + 1)
                case ast.Attribute(attr="keys" | "append" | "clear"):
                    pass
                case ast.Attribute(attr="values" | "items" | "get" | "pop" | "setdefault" | "copy"):
                    self._items(module, parent, depth, steps)
                case ast.Compare() | ast.If() | ast.While() | ast.UnaryOp():
                    pass
                case ast.Call() if module.is_builtin(parent.func, "len", "bool", "sorted"):
                    pass
                case _:
                    self.lost = self.lost or f"line {use.lineno}: a defaultdict goes on"

    def _items(self, module: Module, method: ast.Attribute, depth: int, steps: int) -> None:
        call = module.parents[method]
        if not isinstance(call, ast.Call):
            self.lost = self.lost or f"line {method.lineno}: a defaultdict goes on"
            return
        if method.attr in ("get", "pop", "setdefault"):
            self._use(module, call, depth - 1, steps + 1)
            return
        around = module.parents[call]
        if method.attr in ("values", "items") and isinstance(around, (ast.For, ast.comprehension)):
            target: ast.expr | None = around.target
            if method.attr == "items":
                target = target.elts[1] if isinstance(target, ast.Tuple) and len(target.elts) == 2 else None
            if isinstance(target, ast.Name) and (scope := module.owner(target.id, target)) is not None:
                self._named(module, scope, target.id, depth - 1, steps + 1)
                return
        self.lost = self.lost or f"line {method.lineno}: a defaultdict goes on"

    def _returned(self, module: Module, statement: ast.Return, depth: int, steps: int) -> None:
        function = module.function(statement)
        if not isinstance(function, ast.FunctionDef):
            self.lost = self.lost or f"line {statement.lineno}: a defaultdict is given back"
            return
        for other in self.world.project.modules:
            for node in ast.walk(other.tree):
                func = node.func if isinstance(node, ast.Call) else None
                named = getattr(func, "id", "") or getattr(func, "attr", "")
                if named and function in {d for _, d in self.world.project.functions.get(named, ())}:
                    self._follow(other, node, depth, steps + 1)  # type: ignore[arg-type]
                elif function.decorator_list and isinstance(node, ast.Attribute) and node.attr == function.name:
                    self._follow(other, node, depth, steps + 1)

    def _passed(self, module: Module, call: ast.Call, e: ast.expr, depth: int, steps: int) -> None:
        """An argument of a call: followed into the project's functions of that name."""
        project = self.world.project
        word = call.func.attr if isinstance(call.func, ast.Attribute) else dotted(call.func)
        if e not in call.args:
            self.lost = self.lost or f"line {e.lineno}: a defaultdict goes on"
            return
        if word in project.classes or word not in project.functions:
            kind = use_kind(project, module, e)
            if word in project.classes or kind not in ("read", "mutate"):
                self.lost = self.lost or f"line {e.lineno}: a defaultdict goes on"
            return
        for home, function in project.functions[word]:
            a = function.args
            names = [p.arg for p in (*a.posonlyargs, *a.args)]
            if isinstance(call.func, ast.Attribute) and isinstance(home.parents[function], ast.ClassDef):
                if not any(dotted(d) == "staticmethod" for d in function.decorator_list):
                    names = names[1:]
            at = call.args.index(e)
            if a.vararg or at >= len(names) or any(isinstance(x, ast.Starred) for x in call.args):
                self.lost = self.lost or f"line {e.lineno}: a defaultdict goes on"
                return
            self._named(home, function, names[at], depth, steps + 1)

    # -- reading

    def into(self, pieces: Iterable[Piece]) -> tuple[str, frozenset[str]]:
        """Why reading an item in this code may put one into any container that was there before; else the attributes
        and names of modules into whose containers it may."""
        if self.lost:
            return self.lost, frozenset()
        words: set[str] = set()
        if self.names or self.attributes:
            for module, top in pieces:
                for node in ast.walk(top):
                    if (
                        isinstance(node, ast.Subscript)
                        and isinstance(node.ctx, ast.Load)
                        and not isinstance(node.slice, ast.Slice)
                    ):
                        word = self._word(module, node)
                        if not word or guarded(module, node):
                            continue
                        if word == "?":
                            return f"line {node.lineno}: {ast.unparse(node)} may make an entry", frozenset()
                        words.add(word)
        return "", frozenset(words)

    def _word(self, module: Module, node: ast.Subscript) -> str:
        """The attribute or global whose container reading this item may change; `?` when it is not known."""
        depth, base = 0, node.value
        while isinstance(base, ast.Subscript):
            depth, base = depth + 1, base.value
        if isinstance(base, ast.Attribute):
            return base.attr if (base.attr, depth) in self.attributes else ""
        if isinstance(base, ast.Name):
            scope = module.owner(base.id, base)
            if scope is None or (scope, base.id, depth) not in self.names:
                return ""
            if isinstance(scope, ast.Module):
                return base.id
            # what a function makes at each call was not there before
            own = isinstance(scope, FUNCTIONS) and not depth and self.world.project.made_here(module, base)
            return "" if own else "?"
        return "?" if node in self.items else ""


def guarded(module: Module, node: ast.Subscript) -> bool:
    """Whether `d[k]` is reached only where `k in d`."""
    key, base = node.slice, node.value
    if not isinstance(key, (ast.Name, ast.Constant)):
        return False

    def tests(e: ast.expr, op: type[ast.cmpop], join: type[ast.boolop]) -> bool:
        if isinstance(e, ast.BoolOp) and isinstance(e.op, join):
            return any(tests(v, op, join) for v in e.values)
        if isinstance(e, ast.Compare) and len(e.ops) == 1 and isinstance(e.ops[0], op):
            return same(e.left, key) and same(e.comparators[0], base)
        return False

    def through(e: ast.expr, target: ast.expr) -> bool:
        if not same(target, key):
            return False
        if isinstance(e, ast.Call) and module.is_builtin(e.func, "sorted", "list") and e.args:
            e = e.args[0]
        if isinstance(e, ast.Call) and isinstance(e.func, ast.Attribute) and e.func.attr == "keys":
            e = e.func.value
        return same(e, base)

    roots = {n.id for n in ast.walk(base) if isinstance(n, ast.Name)} | (
        {key.id} if isinstance(key, ast.Name) else set()
    )
    child: ast.AST = node
    for at in module.up(node):
        if isinstance(at, ast.BoolOp) and isinstance(at.op, ast.And):
            before = at.values[: at.values.index(child)] if child in at.values else []
            if any(tests(v, ast.In, ast.And) for v in before):
                return True
        if isinstance(at, ast.IfExp):
            if child is at.body and tests(at.test, ast.In, ast.And):
                return True
            if child is at.orelse and tests(at.test, ast.NotIn, ast.Or):
                return True
        if isinstance(at, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            for g in at.generators:
                if child is not g and (through(g.iter, g.target) or any(tests(t, ast.In, ast.And) for t in g.ifs)):
                    return True
        block: list[ast.stmt] = []
        if isinstance(at, (ast.If, ast.For)):
            held = at.body if child in at.body else at.orelse
            block = held if child in held else []
            fits = (
                (block is at.body and tests(at.test, ast.In, ast.And))
                or (block is at.orelse and bool(block) and tests(at.test, ast.NotIn, ast.Or))
                if isinstance(at, ast.If)
                else block is at.body and bool(block) and through(at.iter, at.target)
            )
            if fits and not _binds(block, roots):
                return True
        elif isinstance(at, (*FUNCTIONS, ast.While)) and isinstance(at.body, list):
            block = at.body if child in at.body else []
        if child in block:
            for i, s in enumerate(block[: block.index(child)]):
                leaves = isinstance(s, ast.If) and isinstance(
                    s.body[-1], (ast.Return, ast.Continue, ast.Raise, ast.Break)
                )
                if isinstance(s, ast.If) and leaves and tests(s.test, ast.NotIn, ast.Or):
                    if not _binds(block[i + 1 :], roots):
                        return True
        if isinstance(at, FUNCTIONS):
            return False
        child = at
    return False


def _binds(block: list[ast.stmt], names: set[str]) -> bool:
    found = (n for s in block for n in ast.walk(s) if isinstance(n, ast.Name))
    return any(n.id in names and not isinstance(n.ctx, ast.Load) for n in found)


def _annotates(module: Module, node: ast.AST) -> bool:
    """Whether a name stands in an annotation or an import."""
    child = node
    for at in module.up(node):
        if isinstance(at, (ast.arg, ast.AnnAssign)) and getattr(at, "annotation", None) is child:
            return True
        if isinstance(at, FUNCTIONS):
            return getattr(at, "returns", None) is child
        if isinstance(at, ast.stmt):
            return False
        child = at
    return False
