"""Statements that only count, compare and collect numbers: nothing in them can write into a tensor.

A closed list: what is not on it may write. Of what the project's own classes do without being named, nothing may stand
behind an operator, and what stands behind `x[i]`, `len` and the text of an object is looked at too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from hasten.passes.source.containers.effects import (
    Project,
    _given,
    escapes,
    scalar_attribute,
    scalar_name,
    scalar_value,
)
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module, dotted
from hasten.passes.source.torch_calls.sample_code import computes

BUILTINS = frozenset("float int bool str round abs min max len range print isinstance format repr ord chr pow".split())
METHODS = frozenset(
    "append appendleft add insert get setdefault items keys values format strip lower upper title split "
    "startswith endswith index count item tolist most_common write copy replace discard is_integer".split()
)
# what an object of the project does without being named, and where that is looked at or cannot happen here
LOOKED_AT = frozenset({"__getitem__", "__len__", "__repr__", "__str__", "__contains__"})
# what may make an attribute of anything, to be read or called by its name
GIVEN_ANY = frozenset(
    "property cached_property SimpleNamespace Namespace Mock MagicMock NonCallableMock NonCallableMagicMock "
    "create_autospec".split()
)
# NumPy's functions whose second argument is read
OF_TWO = frozenset(f"numpy.{n}" for n in "power maximum minimum dot matmul outer searchsorted where full pad".split())
TEXTS = frozenset({"__repr__", "__str__"})
ELSEWHERE = frozenset(
    {"__call__", "__getitems__", "__iter__", "__next__", "__enter__", "__exit__", "__getstate__", "__setstate__"}
)
MADE = frozenset(
    f"{home}.{name}"
    for home, names in {
        "numpy": "zeros ones full empty",
        "torch": "zeros ones full empty",
        "collections": "Counter",
    }.items()
    for name in names.split()
)
PLAIN = (
    ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Tuple, ast.List, ast.Dict,
    ast.Set, ast.JoinedStr, ast.FormattedValue, ast.Slice, ast.keyword, ast.operator, ast.unaryop, ast.boolop,
    ast.cmpop, ast.expr_context, ast.If, ast.Expr, ast.Pass, ast.Continue, ast.Break, ast.Return, ast.comprehension,
)  # fmt: skip


@dataclass(frozen=True)
class Still:
    """What may stand in a loop (`around`) over the elements of a tensor."""

    module: Module
    project: Project
    around: ast.AST

    def all(self, nodes: Iterable[ast.AST]) -> bool:
        """Whether none of these statements or expressions can write into a tensor."""
        if not self.project.whole or self.project.threads or any(m.dynamic for m in self.project.modules):
            return False
        if self.project.dunders - LOOKED_AT - ELSEWHERE or _unseen(self.project):
            return False
        nodes = list(nodes)
        reached = frozenset[str]().union(*(self.reaches(n) for node in nodes for n in ast.walk(node)))
        hidden = [(m, f) for name in reached for m, f in self.project.functions.get(name, ())]
        if hidden:  # and what these reach in turn
            hidden = [(m, f) for name in LOOKED_AT for m, f in self.project.functions.get(name, ())]
        if any(not Still(m, self.project, f).body(f.body) or f.decorator_list for m, f in hidden):
            return False
        return self.body(nodes)

    def reaches(self, node: ast.AST) -> frozenset[str]:
        """What of the project's own classes may stand behind a node."""
        match node:
            case ast.Subscript(ctx=ast.Load(), value=ast.Name(id=name) as owner):
                scope = self.module.owner(name, owner)
                return frozenset() if scope is not None and self.made(name, scope) else frozenset({"__getitem__"})
            case ast.Subscript(ctx=ast.Load()):
                return frozenset({"__getitem__"})
            case ast.Compare(ops=ops) if any(isinstance(op, (ast.In, ast.NotIn)) for op in ops):
                return LOOKED_AT
            case ast.If() | ast.IfExp() | ast.BoolOp() | ast.UnaryOp():
                return frozenset({"__len__"})
            case ast.FormattedValue() | ast.BinOp(op=ast.Mod()):
                return TEXTS
            case ast.Call(func=ast.Name(id="len" | "bool" | "min" | "max")):
                return frozenset({"__len__"})
            case ast.Call(func=ast.Name(id="print" | "str" | "repr" | "format")):
                return TEXTS
            case ast.Call(func=ast.Attribute(attr="format" | "write")):
                return TEXTS
            case ast.Call(func=ast.Attribute(attr="insert" | "index" | "count")):
                return LOOKED_AT
        return frozenset()

    def body(self, nodes: Iterable[ast.AST]) -> bool:
        return all(self.node(n) for node in nodes for n in ast.walk(node))

    def node(self, node: ast.AST) -> bool:
        match node:
            case ast.Call():
                return self.call(node)
            case ast.Attribute(ctx=ast.Store(), attr=attr):
                return attr not in ("data", "grad") and attr not in self.project.functions
            case ast.Attribute(ctx=ast.Load(), attr=attr):
                # of a method that is only called, `call` says more
                return attr not in self.project.properties or self.called(node)
            case ast.Subscript(ctx=ast.Load()):
                return True
            case ast.Subscript(ctx=ast.Store()):
                return self.stored(node)
            case ast.Assign(targets=targets, value=value):
                if not isinstance(value, ast.Tuple) and any(_takes_apart(t) for t in targets) and lazy(self.project):
                    return False
                return all(self.target(t) for t in targets)
            case ast.Compare(ops=ops, comparators=comparators) if lazy(self.project):
                return not any(
                    isinstance(op, (ast.In, ast.NotIn)) and not self.container(right)
                    for op, right in zip(ops, comparators, strict=True)
                )
            case ast.AugAssign(target=ast.Name() as name):
                scope = self.module.owner(name.id, name)
                if scope is None or (isinstance(scope, ast.Module) and name.id in self.project.attributes):
                    return False  # perhaps stored from another file
                return scalar_name(self.project, self.module, name.id, scope)
            case ast.AugAssign(target=ast.Attribute(attr=attr)):
                return scalar_attribute(self.project, attr)
            case ast.AugAssign(target=ast.Subscript() as target):
                return self.numbers(target)
            case ast.For(target=ast.Name(), iter=ast.Call(func=func)):
                return self.module.is_builtin(func, "range")
            case ast.ListComp() | ast.DictComp() | ast.SetComp():
                return all(
                    isinstance(g.iter, ast.Call) and self.module.is_builtin(g.iter.func, "range")
                    for g in node.generators
                )
            case _:
                return isinstance(node, PLAIN)

    def called(self, node: ast.AST) -> bool:
        parent = self.module.parents[node]
        return isinstance(parent, ast.Call) and parent.func is node

    def container(self, e: ast.expr) -> bool:
        """Whether an expression is a list, dict or string by its syntax, or by the only things that its name gets."""
        if isinstance(e, ast.Name) and (scope := self.module.owner(e.id, e)) is not None:
            return self.made(e.id, scope)
        return isinstance(e, (ast.List, ast.Tuple, ast.Dict, ast.Set, ast.Constant))

    def target(self, target: ast.expr) -> bool:
        """Attributes and elements are looked at by themselves."""
        if isinstance(target, ast.Tuple):
            return all(self.target(t) for t in target.elts)
        return isinstance(target, (ast.Name, ast.Attribute, ast.Subscript))

    def call(self, call: ast.Call) -> bool:
        func = call.func
        if any(k.arg in (None, "out", "key", "default", "file") for k in call.keywords):
            return False
        origin = self.module.imported(func)
        if origin:
            # `numpy.sum` goes through a generator
            into = origin.startswith("numpy.") and len(call.args) > (2 if origin in OF_TWO else 1)
            # one more of NumPy's arguments may be what it writes into
            if origin.startswith(("re.", "json.")):  # both may be given functions to call
                into = bool(call.keywords) or origin != "re.sub" and len(call.args) > 2
                into = into or any(not isinstance(a, ast.Constant) for a in call.args[1:2] if origin == "re.sub")
            into = into or origin.endswith(".normalize") and len(call.args) > 4
            return computes(origin) and not into and origin != "numpy.sum" and not self.project._is_user_module(origin)
        if isinstance(func, ast.Name):
            # of one argument, `min` and `max` go through something
            one = func.id in ("min", "max") and len(call.args) < 2
            told = func.id == "print" and self.written()
            return self.module.is_builtin(func) and func.id in BUILTINS and not one and not told
        if not isinstance(func, ast.Attribute) or func.attr not in METHODS:
            return False
        return func.attr not in self.project.functions and func.attr not in self.project.attributes

    def written(self) -> bool:
        """Whether what is printed may go to an object of the project."""
        own = self.project.functions.keys() | self.project.attributes
        named = any("redirect_stdout" in m.names for m in self.project.modules)
        return named or bool({"write", "flush", "stdout"} & own)

    def stored(self, target: ast.Subscript) -> bool:
        """Whether `x[i] = ...` writes into a list, dict or array that was made here and that nobody else has."""
        owner, depth = target.value, 1
        while isinstance(owner, ast.Subscript):
            owner, depth = owner.value, depth + 1
        if not isinstance(owner, ast.Name):
            return False
        scope = self.module.owner(owner.id, owner)
        if scope is None or not self.made(owner.id, scope):
            return False
        if escapes(self.project, self.module, owner.id, scope, self.around):
            return False
        bound = self.module.bindings(owner.id, scope)
        arrays = any(isinstance(b.value, ast.Call) and self.module.imported(b.value.func) in MADE for b in bound)
        if arrays and not self.alone(owner.id, scope):
            return False
        return depth == 1 or self.counts(owner.id, scope)

    def alone(self, name: str, scope: ast.AST) -> bool:
        """Whether nothing but stores into it knows an array or tensor before the loop ends: its parts are views."""
        last = (
            self.around.end_lineno
            if isinstance(self.around, ast.stmt)
            else self.module.statement(self.around).end_lineno
        )
        loops = [at for at in self.module.up(self.around) if isinstance(at, (ast.For, ast.While, ast.AsyncFor))]
        for use in self.module.uses(name, scope):
            parent = self.module.parents[use]
            if not isinstance(use.ctx, ast.Load):
                continue
            if isinstance(parent, ast.Subscript) and parent.value is use and not isinstance(parent.ctx, ast.Load):
                continue
            if use.lineno <= (last or 0) or any(at in loops for at in self.module.up(use)):
                return False
            if self.module.function(use) is not self.module.function(self.around):
                return False
        return True

    def made(self, name: str, scope: ast.AST) -> bool:
        """Whether every value that a name gets is made for it alone."""
        bound = [b for b in self.module.bindings(name, scope) if b.how not in ("augment", "declare")]
        given = [_given(self.module, b) for b in bound]
        several = any(
            isinstance(at, ast.NamedExpr) or (isinstance(at, ast.Assign) and len(at.targets) > 1)
            for at in (self.module.parents[b.node] for b in bound)
        )
        return bool(bound) and not several and all(value is not None and self.fresh(value) for value in given)

    def fresh(self, value: ast.expr) -> bool:
        match value:
            case ast.List() | ast.ListComp() | ast.Dict() | ast.DictComp() | ast.Set() | ast.SetComp():
                return True
            case ast.BinOp(op=ast.Mult(), left=ast.List()):
                return True
            case ast.Call(func=func):
                known = self.module.imported(func) in MADE | {"collections.defaultdict"}
                return (known and not any(k.arg == "out" for k in value.keywords)) or self.module.is_builtin(
                    func, "dict", "list", "set"
                )
        return False

    def numbers(self, target: ast.Subscript) -> bool:
        """Whether `x[i] += ...` adds to a number that only a list, dict or array made here holds."""
        owner: ast.expr = target
        while isinstance(owner, ast.Subscript):
            owner = owner.value
        if not isinstance(owner, ast.Name):
            return False
        scope = self.module.owner(owner.id, owner)
        return scope is not None and self.stored(target) and self.counts(owner.id, scope)

    def counts(self, name: str, scope: ast.AST) -> bool:
        """Whether nothing but numbers is ever put into what `name` holds, at whatever depth."""
        for b in self.module.bindings(name, scope):
            value = _given(self.module, b)
            if b.how != "declare" and (value is None or not self.only_numbers(value)):
                return False
        for use in self.module.uses(name, scope):
            at: ast.AST = use
            while isinstance(self.module.parents[at], ast.Subscript) and self.module.parents[at].value is at:  # type: ignore[attr-defined]
                at = self.module.parents[at]
            parent = self.module.parents[at]
            if isinstance(parent, ast.Assign) and at in parent.targets:
                if at is not use and not self.number(parent.value):
                    return False
            elif isinstance(at, ast.Subscript) and not isinstance(at.ctx, ast.Load):
                if not isinstance(parent, ast.AugAssign):
                    return False
            elif isinstance(parent, ast.Attribute) and parent.attr not in ("items", "keys", "values", "get", "copy"):
                if parent.attr not in ("sum", "item", "tolist", "most_common", "shape"):
                    return False
        return True

    def only_numbers(self, value: ast.expr) -> bool:
        match value:
            case ast.List(elts=elts) | ast.Tuple(elts=elts):
                return all(self.only_numbers(e) for e in elts)
            case ast.Dict(keys=keys, values=values):
                return None not in keys and all(self.only_numbers(v) for v in values)
            case ast.ListComp(elt=elt) | ast.DictComp(value=elt):
                return self.only_numbers(elt)
            case ast.BinOp(op=ast.Mult(), left=ast.List() as left):
                return self.only_numbers(left)
            case ast.Call(func=func, args=args):
                origin = self.module.imported(func)
                if origin == "collections.defaultdict":
                    return len(args) == 1 and self.module.is_builtin(args[0], "int", "float", "list", "dict")
                if origin in MADE and not origin.startswith("collections."):
                    return not any(k.arg == "dtype" and dotted(k.value) == "object" for k in value.keywords)
                if origin == "collections.Counter" or self.module.is_builtin(func, "dict", "list"):
                    return not args and not value.keywords
        return self.number(value)

    def number(self, value: ast.expr) -> bool:
        match value:
            case ast.Call(func=ast.Attribute(attr="item"), args=[], keywords=[]):
                return "item" not in self.project.functions
        return scalar_value(self.project, self.module, value)


@lru_cache(maxsize=8)  # one project is asked about for loop after loop
def _unseen(project: Project) -> bool:
    """Whether reading an attribute, or an element of a dict, may run what no name tells."""
    for m in project.modules:
        for n in m.written:
            match n:
                case ast.Call(func=ast.Name(id=made) | ast.Attribute(attr=made)) if made in GIVEN_ANY:
                    return True
                case ast.Call(func=ast.Name(id="type"), args=[_, _, *_]):
                    return True
                case ast.Call(func=ast.Name(id="namedtuple") | ast.Attribute(attr="namedtuple")):
                    words = [c.value for c in ast.walk(n) if isinstance(c, ast.Constant)]
                    if any(isinstance(w, str) and METHODS & {*w.replace(",", " ").split()} for w in words):
                        return True
                case ast.ClassDef(bases=bases) if any(m.imported(b) == "collections.defaultdict" for b in bases):
                    return True
                case ast.Call(func=func, args=[factory, *_]) if m.imported(func) == "collections.defaultdict":
                    if not _makes(m, factory):
                        return True
                case ast.Call(func=func, args=[_, _, *_]) if m.imported(func).startswith("weakref."):
                    return True  # calls something when an object goes
                case (
                    ast.Attribute(attr="default_factory" | "side_effect" | "callbacks")
                    | ast.keyword(arg="default_factory")
                ):
                    return True
    return False


@lru_cache(maxsize=8)
def lazy(project: Project) -> bool:
    """Whether something that is gone through may run code of the project: a generator, `map`."""
    for m in project.modules:
        for n in m.written:
            if isinstance(n, (ast.Yield, ast.YieldFrom)) or isinstance(n, ast.GeneratorExp) and not at_once(m, n):
                return True
            if isinstance(n, ast.Name) and n.id in ("map", "filter", "iter", "itertools"):
                return True
            if isinstance(n, ast.ImportFrom) and n.module == "itertools":
                return True
    return False


def _makes(module: Module, factory: ast.expr) -> bool:
    """Whether what a `defaultdict` calls does nothing but make a value."""
    match factory:
        case ast.Lambda(body=body):
            return all(
                isinstance(n, ast.Call) and _makes(module, n) or isinstance(n, (*PLAIN, ast.Attribute))
                for n in ast.walk(body)
            )
        case ast.Call(func=func, args=args):
            known = module.imported(func) in MADE | {"collections.defaultdict", "collections.deque"}
            return known and all(isinstance(a, ast.Constant) or _makes(module, a) for a in args) or _maker(module, func)
    return isinstance(factory, ast.Constant) or _maker(module, factory)


def _maker(module: Module, e: ast.expr) -> bool:
    known = module.imported(e) in ("collections.Counter", "collections.deque", "collections.defaultdict")
    return known or module.is_builtin(e, "int", "float", "str", "bool", "list", "dict", "set", "tuple")


def _takes_apart(target: ast.expr) -> bool:
    """Whether a target takes what it gets apart: names of a tuple, a part of a list."""
    if isinstance(target, ast.Subscript):
        return isinstance(target.slice, ast.Slice)
    return isinstance(target, (ast.Tuple, ast.List, ast.Starred))


def at_once(module: Module, node: ast.AST) -> bool:
    """Whether a comprehension is gone through where it stands: a generator only by what takes all of it at once."""
    if not isinstance(node, ast.GeneratorExp):
        return isinstance(node, COMPREHENSIONS)
    parent = module.parents[node]
    return (
        isinstance(parent, ast.Call)
        and parent.args == [node]
        and not parent.keywords
        and module.is_builtin(parent.func, "sum", "list", "tuple", "set", "sorted", "min", "max", "any", "all")
    )
