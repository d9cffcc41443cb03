"""Functions whose results can be kept while a stretch of code runs: what they read stays, and they change nothing."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from hasten.passes.source.columns.pure import CHANGES, METHODS
from hasten.passes.source.containers.effects import (
    READING_BUILTINS,
    READING_METHODS,
    Project,
    _is_generator,
    is_variable,
)
from hasten.passes.source.containers.syntax import FUNCTIONS, Module, dotted
from hasten.passes.source.parallel.purity import Purity
from hasten.passes.source.repeats.inserts import Inserts
from hasten.passes.source.repeats.world import Piece, World, world_of

# Libraries whose functions give the same for the same arguments, at any time
TIMELESS = frozenset("math cmath statistics operator collections re string itertools bisect heapq unicodedata".split())
TIMES = frozenset("datetime.datetime datetime.date datetime.timedelta datetime.datetime.strptime".split())
ANSWERS = METHODS | frozenset("copy issubset issuperset isdisjoint symmetric_difference is_integer encode".split())
COPIED = frozenset("collections.Counter numpy.mean numpy.sum numpy.array".split())
MAX_STEPS = 5
# What a function that only computes cannot set off without naming it
UNASKED = frozenset("__enter__ __exit__ __setitem__ __delitem__".split())


@dataclass(frozen=True)
class Repeat:
    """A function of the project that gives the same for the same arguments while what it reads stays."""

    module: Module
    function: ast.FunctionDef
    reads: frozenset[str]  # attributes
    names: frozenset[str]  # of modules
    qualname: str

    @property
    def method(self) -> bool:
        return "." in self.qualname


@dataclass(eq=False)
class Again:
    """Which functions of a project are such, and what may be done with what they give."""

    project: Project
    _known: dict[ast.AST, Repeat | None] = field(default_factory=dict)

    @cached_property
    def world(self) -> World:
        return world_of(self.project)

    @cached_property
    def inserts(self) -> Inserts:
        return Inserts(self.world)

    @cached_property
    def purity(self) -> Purity:
        return Purity(self.world.project)

    @cached_property
    def operators_quiet(self) -> bool:
        """Whether operators that the project's classes define only compute: nobody sees how often they are asked."""
        project = self.world.project
        for name in project.dunders - UNASKED:
            for module, node in project.functions[name]:
                found = self.purity.function(module, node)
                if found.why or found.changes or not self.timeless(module, node):
                    return False
        return True

    def repeat(self, module: Module, function: ast.AST) -> Repeat | None:
        if function not in self._known:
            self._known[function] = self._repeat(module, function)
        return self._known[function]

    def _repeat(self, module: Module, function: ast.AST) -> Repeat | None:
        if not isinstance(function, ast.FunctionDef) or self.world.why_not or not self.operators_quiet:
            return None
        holder = module.parents[function]
        names = [d.id for d in function.decorator_list if isinstance(d, ast.Name)]
        if len(names) != len(function.decorator_list) or not set(names) <= {"property"}:
            return None
        a = function.args
        if a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs or function.name.startswith("__"):
            return None
        if isinstance(holder, ast.ClassDef):
            if not isinstance(module.parents[holder], ast.Module) or not a.args or not self._plain_class(holder):
                return None
            if [n for n in holder.body if getattr(n, "name", "") == function.name] != [function]:
                return None
            if len(module.bindings(holder.name, module.tree)) != 1:
                return None
            qualname = f"{holder.name}.{function.name}"
        elif isinstance(holder, ast.Module) and not function.decorator_list:
            if len(module.bindings(function.name, module.tree)) != 1:
                return None
            qualname = function.name
        else:
            return None
        if function.name in self.world.project.attributes:
            return None  # bound on an object, or in a class body
        reach = self.world.reach(module, function)
        if function in reach or not all(map(self.fixed, reach)) or not self._pure(module, function):
            return None
        dunders = {d for d in self.world.always if getattr(d, "name", "").startswith("__")}
        pieces: list[Piece] = [(module, function), *((self.world.home[d], d) for d in reach | dunders)]
        if not all(self.timeless(m, top) for m, top in pieces[: len(reach) + 1]):
            return None
        reads, words = self.world.attributes_read(pieces), self.world.globals_read(pieces)
        return Repeat(module, function, reads, words, qualname)

    def fixed(self, function: ast.AST) -> bool:
        """Whether nothing else is ever put in the place of a function, in a class, on an object or in its file."""
        name, home = getattr(function, "name", ""), self.world.home[function]
        if name in self.world.project.attributes:
            return False
        return not isinstance(home.parents.get(function), ast.Module) or len(home.bindings(name, home.tree)) == 1

    @staticmethod
    def _plain_class(cls: ast.ClassDef) -> bool:
        made = (d.func if isinstance(d, ast.Call) else d for d in cls.decorator_list)
        return not cls.keywords and all(dotted(d).endswith("dataclass") for d in made)

    def _pure(self, module: Module, function: ast.FunctionDef) -> bool:
        found = self.purity.function(module, function)
        return not found.why and not found.changes and not _is_generator(function)

    def timeless(self, module: Module, top: ast.AST) -> bool:
        """Whether nothing here asks for what changes by itself, takes from an iterator or makes a scene."""
        project = self.world.project
        for node in ast.walk(top):
            match node:
                case ast.Global() | ast.Nonlocal() | ast.Import() | ast.ImportFrom() | ast.With() | ast.Yield():
                    return False
                case ast.YieldFrom() | ast.Await() | ast.ClassDef() | ast.AsyncFor() | ast.AsyncWith():
                    return False
                case ast.Compare(ops=ops) if any(isinstance(op, (ast.Is, ast.IsNot)) for op in ops):
                    if not all(isinstance(c, ast.Constant) for c in node.comparators):
                        return False
                case ast.Call(func=ast.Name() as f) if module.is_builtin(f):
                    if f.id in ("id", "hash", "next", "open", "input", "print", "object", "super", "iter", "getattr"):
                        return False
                case ast.Call(func=ast.Name() as f):
                    name = module.imported(f)
                    if name and not project._is_user_module(name) and not _steady_library(name):
                        return False
                    if not name and f.id not in project.functions and f.id not in project.classes:
                        return False  # a callable that was given
                case ast.Call(func=ast.Attribute() as f):
                    name = module.imported(f)
                    if name and not project._is_user_module(name):
                        if not _steady_library(name):
                            return False
                    elif f.attr not in project.functions and f.attr not in project.classes and not name:
                        if f.attr not in ANSWERS and f.attr not in CHANGES:
                            return False
                case ast.Call():
                    return False
                case ast.Attribute(ctx=ast.Load()):
                    parent = module.parents[node]
                    if isinstance(parent, ast.Call) and parent.func is node:
                        continue
                    name = module.imported(node)
                    if name:
                        if not project._is_user_module(name) and not _steady_library(name):
                            return False
                    elif node.attr not in project.attributes and node.attr not in project.functions:
                        if not module.imported(node.value) and node.attr not in _fields(project):
                            return False  # of a library's object, which may change it unseen
        return True

    # -- what is done with a result

    def only_looked_at(self, repeat: Repeat, pieces: list[Piece]) -> bool:
        """Whether nobody in this code changes or keeps a list or dict that the function gives."""
        return self._answers(repeat.function, pieces, set())

    def value_only_looked_at(self, module: Module, e: ast.expr, pieces: list[Piece]) -> bool:
        """The same of what an expression gives."""
        return self._looked_at(module, e, pieces, set(), 0)

    def _answers(self, function: ast.AST, pieces: list[Piece], seen: set[ast.AST]) -> bool:
        if function in seen:
            return True
        seen.add(function)
        name = getattr(function, "name", "")
        is_property = bool(getattr(function, "decorator_list", ()))
        for module, top in pieces:
            for node in ast.walk(top):
                word = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
                if not word or not isinstance(getattr(node, "ctx", None), ast.Load):
                    continue
                if function not in {d for _, d in self.world.project.functions.get(word, ())}:
                    continue
                parent = module.parents[node]
                if isinstance(parent, ast.Call) and parent.func is node:
                    if not self._looked_at(module, parent, pieces, seen, 0):
                        return False
                elif is_property and word == name and isinstance(node, ast.expr):
                    if not self._looked_at(module, node, pieces, seen, 0):
                        return False
                elif not isinstance(node, ast.Name) or not is_variable(module, node):
                    return False  # handed on: called who knows where
        return True

    def _looked_at(self, module: Module, e: ast.expr, pieces: list[Piece], seen: set[ast.AST], steps: int) -> bool:
        """Whether the value of an expression, a list or dict of plain values, is neither changed nor kept."""
        if steps > MAX_STEPS:
            return False
        project = self.world.project
        parent = module.parents[e]
        match parent:
            case ast.For(iter=it) | ast.comprehension(iter=it):
                return it is e
            case ast.Compare() | ast.FormattedValue() | ast.If() | ast.While() | ast.UnaryOp() | ast.BinOp():
                return not isinstance(parent, ast.Compare) or not any(
                    isinstance(op, (ast.Is, ast.IsNot)) for op in parent.ops
                )
            case ast.Expr() | ast.Starred() | ast.Assert():
                return True
            case ast.Assign(targets=[ast.Tuple()]):
                return True
            case ast.AugAssign(value=value):
                return value is e
            case ast.IfExp() | ast.BoolOp():
                return parent is not e and self._looked_at(module, parent, pieces, seen, steps + 1)
            case ast.Subscript(value=value, ctx=ast.Load()):
                return value is e or True
            case ast.Assign(targets=[ast.Name() as target]) | ast.AnnAssign(target=ast.Name() as target):
                scope = module.owner(target.id, target)
                if not isinstance(scope, FUNCTIONS):
                    return False
                return all(
                    isinstance(u.ctx, ast.Store) and not isinstance(module.parents[u], ast.AugAssign)
                    or isinstance(u.ctx, ast.Load) and self._looked_at(module, u, pieces, seen, steps + 1)
                    for u in module.uses(target.id, scope)
                )  # fmt: skip
            case ast.Return():
                function = module.function(parent)
                return isinstance(function, ast.FunctionDef) and self._answers(function, pieces, seen)
            case ast.Attribute(attr=attr):
                call = module.parents[parent]
                if not isinstance(call, ast.Call) or call.func is not parent or attr in project.functions:
                    return False
                if attr in ("values", "items", "keys"):
                    return self._looked_at(module, call, pieces, seen, steps + 1)
                return attr in READING_METHODS or attr in METHODS
            case ast.Call() if e in parent.args:
                return self._argument(module, parent, e, pieces, seen, steps)
        return False

    def _argument(
        self, module: Module, call: ast.Call, e: ast.expr, pieces: list[Piece], seen: set[ast.AST], steps: int
    ) -> bool:
        project = self.world.project
        func = call.func
        if isinstance(func, ast.Name) and module.is_builtin(func):
            if func.id in ("enumerate", "zip", "reversed", "map", "filter"):
                return self._looked_at(module, call, pieces, seen, steps + 1)
            return func.id in READING_BUILTINS - {"type", "id", "hash"}
        name = module.imported(func)
        if name and not project._is_user_module(name):
            return name.startswith(("math.", "statistics.")) or name in (
                "collections.Counter",
                "numpy.mean",
                "numpy.sum",
            )
        word = func.attr if isinstance(func, ast.Attribute) else dotted(func)
        if word in project.classes:
            return False
        if word not in project.functions:
            return isinstance(func, ast.Attribute) and word in ("extend", "update", "join", "union", "difference")
        for home, function in project.functions[word]:
            a = function.args
            names = [p.arg for p in (*a.posonlyargs, *a.args)]
            if isinstance(func, ast.Attribute) and isinstance(home.parents[function], ast.ClassDef):
                if not any(dotted(d) == "staticmethod" for d in function.decorator_list):
                    names = names[1:]
            at = call.args.index(e)
            if a.vararg or at >= len(names) or any(isinstance(x, ast.Starred) for x in call.args):
                return False
            for use in home.uses(names[at], function):
                if isinstance(use.ctx, ast.Load):
                    if not self._looked_at(home, use, pieces, seen, steps + 1):
                        return False
                elif isinstance(home.parents[use], ast.AugAssign):
                    return False
        return True


def _fields(project: Project) -> frozenset[str]:
    """Fields of named tuples that the project makes."""
    out: set[str] = set()
    for module in project.modules:
        for node in ast.walk(module.tree):
            if (
                isinstance(node, ast.Call)
                and module.imported(node.func) == "collections.namedtuple"
                and len(node.args) > 1
            ):
                fields = node.args[1]
                if isinstance(fields, ast.Constant) and isinstance(fields.value, str):
                    out.update(fields.value.replace(",", " ").split())
                elif isinstance(fields, (ast.List, ast.Tuple)):
                    out.update(str(e.value) for e in fields.elts if isinstance(e, ast.Constant))
    return frozenset(out)


def _steady_library(name: str) -> bool:
    return name.split(".")[0] in TIMELESS or name in TIMES


@lru_cache(maxsize=8)
def again_of(project: Project) -> Again:
    return Again(project)
