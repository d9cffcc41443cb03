"""What may run, change and be read while a stretch of code runs: a closed-world answer, by name, over the project."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TypeAlias

from hasten.passes.source.columns.pure import METHODS
from hasten.passes.source.containers.effects import (
    MUTATORS,
    READING_METHODS,
    Project,
    _is_generator,
    deep_fresh,
    escapes,
    is_variable,
    scalar_attribute,
    scalar_name,
    use_kind,
)
from hasten.passes.source.containers.syntax import FUNCTIONS, Module, dotted
from hasten.passes.source.parallel import libraries

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Piece: TypeAlias = tuple[Module, ast.AST]  # code that may run, with the file it is in

SETTERS = frozenset(
    {"setattr", "delattr", "__dict__", "__setattr__", "__delattr__", "vars", "__code__", "__defaults__"}
)
CONSTRUCTORS = frozenset({"__init__", "__post_init__"})
OUTSIDE = frozenset("queue multiprocessing sqlite3 socket requests urllib subprocess weakref contextvars".split())
LAZY_BUILTINS = tuple("iter zip map filter open reversed enumerate".split())
CONSUMERS = tuple(
    "all any dict enumerate filter frozenset iter len list map max min next reversed set sorted sum tuple zip "
    "isinstance print".split()
)

# Methods that leave what they belong to alone, or of which `loud` judges whether it may change
KNOWN_METHODS = (
    METHODS - {"partition"}  # an array's changes the array
    | READING_METHODS
    | MUTATORS
    | libraries.COPYING_METHODS
    | libraries.DRAWING_METHODS
    | libraries.LOUD_METHODS - {"set_state", "setstate", "seed", "connect", "bind", "recv", "truncate", "dump"}
    | frozenset(
        "close seek read readline readlines timestamp time timetuple toordinal utcoffset fromkeys elements is_integer "
        "hexdigest digest encode decode expandtabs add_argument parse_args exists is_file is_dir resolve absolute "
        "as_posix with_suffix iterdir glob rglob joinpath groupby issubset issuperset isdisjoint symmetric_difference "
        "as_integer_ratio hex format_map isascii isprintable conjugate add_subplot set_title set_xlabel set_ylabel "
        "legend grid tight_layout scatter bar axhline axvline".split()
    )
)


@dataclass(frozen=True, eq=False)
class Settled(Project):
    """A project in which attributes that only ever hold containers of their own count as their own."""

    def made_here(self, module: Module, e: ast.expr) -> bool:
        return super().made_here(module, e) or self.closed(e)

    def closed(self, e: ast.expr) -> bool:
        """Whether the container that `e` means is reached by no other way than an attribute of this name."""
        match e:
            case ast.Attribute():
                return self._closed(e.attr, deep=False)
            case ast.Subscript(value=ast.Attribute() as base):
                return self._closed(base.attr, deep=True)
        return False

    @cached_property
    def _closed_known(self) -> dict[tuple[str, bool], bool]:
        return {}

    def _closed(self, attr: str, *, deep: bool) -> bool:
        if (attr, deep) not in self._closed_known:
            self._closed_known[attr, deep] = self._is_closed(attr, deep)
        return self._closed_known[attr, deep]

    def _is_closed(self, attr: str, deep: bool) -> bool:
        if attr not in self.attributes or attr in self.functions or attr in self.classes:
            return False
        for module in self.modules:
            if module.names & SETTERS:
                return False
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Attribute) and node.attr == attr:
                    if not self.kept_apart(module, node, deep):
                        return False
                elif isinstance(node, ast.ClassDef):
                    for s in node.body:
                        if any(isinstance(n, ast.Name) and n.id == attr for n in _targets(s)):
                            return False
        return True

    def kept_apart(self, module: Module, node: ast.Attribute | ast.Name, deep: bool) -> bool:
        """Whether this use of the attribute neither puts in what others hold nor hands out what it holds."""
        parent = module.parents[node]
        if isinstance(node.ctx, (ast.Store, ast.Del)):
            single = isinstance(parent, ast.Assign) and len(parent.targets) == 1 or isinstance(parent, ast.AnnAssign)
            value = parent.value if isinstance(parent, (ast.Assign, ast.AnnAssign)) else None
            return single and self._new(module, value, deep)
        if use_kind(self, module, node) not in ("read", "mutate"):
            return False
        if not deep:
            return True
        match parent:
            case ast.For() | ast.comprehension() | ast.Starred() | ast.Assign():
                return False  # hands its items on
            case ast.Subscript() if parent.value is node:
                return self._item_kept(module, parent)
            case ast.Attribute(attr=name):
                call = module.parents[parent]
                if name in ("keys", "index", "count", "clear"):
                    return True
                if name in ("append", "add") and isinstance(call, ast.Call) and len(call.args) == 1:
                    return self._new(module, call.args[0], deep=False)
                return False
            case ast.Compare() | ast.If() | ast.While() | ast.UnaryOp() | ast.IfExp():
                return True
            case ast.Call():
                return module.is_builtin(parent.func, "len", "bool")
        return False

    def _item_kept(self, module: Module, item: ast.Subscript) -> bool:
        parent = module.parents[item]
        if isinstance(item.ctx, ast.Store):
            if isinstance(parent, ast.Assign) and len(parent.targets) == 1:
                return self._new(module, parent.value, deep=False)
            return isinstance(parent, ast.AugAssign)
        return isinstance(item.ctx, ast.Del) or use_kind(self, module, item) in ("read", "mutate")

    def _new(self, module: Module, value: ast.expr | None, deep: bool) -> bool:
        match value:
            case ast.Constant():
                return True
            case ast.Dict(keys=[]) | ast.List(elts=[]):
                return True
            case ast.List(elts=elts) if all(isinstance(e, ast.Constant) for e in elts):
                return True
            case ast.Dict(values=values) if all(isinstance(e, ast.Constant) for e in values):
                return True
            case ast.ListComp(elt=elt) | ast.DictComp(value=elt):
                return not deep or self._new(module, elt, deep=False)
            case ast.Call(func=f, args=args):
                if module.imported(f) in ("collections.defaultdict", "collections.Counter", "collections.deque"):
                    return all(module.is_builtin(a, "int", "float", "list", "dict", "set", "str") for a in args)
                return module.is_builtin(f, "list", "dict", "set") and not args
            case ast.BinOp(left=ast.List(elts=[ast.Constant()]), op=ast.Mult()):
                return True
        return False


def _targets(statement: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(statement, ast.Assign):
        for t in statement.targets:
            yield from ast.walk(t)
    elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        yield from ast.walk(statement.target)


@dataclass(eq=False)
class World:
    """Questions to a project. Each function is looked at once."""

    project: Settled
    moving: set[str] = field(default_factory=set)  # attributes that hold what can be gone through only once
    _reached: dict[ast.AST, frozenset[ast.AST]] = field(default_factory=dict)

    @cached_property
    def home(self) -> dict[ast.AST, Module]:
        return {node: m for m in self.project.modules for node in self._functions(m)}

    @staticmethod
    def _functions(module: Module) -> Iterator[ast.AST]:
        yield module.tree
        for node in ast.walk(module.tree):
            if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
                yield node

    @cached_property
    def why_not(self) -> str:
        """Why nothing can be said of this project."""
        project = self.project
        if project.hidden:
            return project.hidden
        if "__del__" in project.functions:
            return "objects say farewell"  # which ones that are kept would do later
        for module in project.modules:
            odd = module.names & (SETTERS | {"RecursionError"})
            if odd:
                return f"{module.source.path} uses {min(odd)}"
            for node in ast.walk(module.tree):
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                    if any(n.split(".")[0] in OUTSIDE for n in names):
                        return f"{module.source.path} line {node.lineno}: what it reads may change by itself"
                why = self._odd(module, node)
                if why:
                    return f"{module.source.path} line {getattr(node, 'lineno', 0)}: {why}"
        return ""

    def _odd(self, module: Module, node: ast.AST) -> str:
        if isinstance(node, ast.Attribute) and node.attr in CONSTRUCTORS:
            base = node.value
            called = isinstance(base, ast.Call) and module.is_builtin(base.func, "super")
            if not called and not (isinstance(base, ast.Name) and base.id in self.project.classes):
                return "a constructor is called again"
        if isinstance(node, ast.Call) and module.is_builtin(node.func, "getattr"):
            return "getattr"
        if self._lazy(module, node) and not self._used_up(module, node):
            return "an iterator is kept"
        return ""

    def _lazy(self, module: Module, node: ast.AST) -> bool:
        """Whether the expression makes something that can be gone through only once."""
        if isinstance(node, ast.GeneratorExp):
            return True
        if not isinstance(node, ast.Call):
            return False
        if module.is_builtin(node.func, *LAZY_BUILTINS):
            return True
        name = module.imported(node.func)
        if name.startswith(("itertools.", "csv.")) or name.endswith(("finditer", "iterparse")):
            return True
        word = node.func.attr if isinstance(node.func, ast.Attribute) else dotted(node.func)
        return any(_is_generator(d) for _, d in self.project.functions.get(word, ()))

    def _used_up(self, module: Module, node: ast.AST) -> bool:
        """Whether an iterator is gone through where it is made, or by a local name that nobody else gets."""
        parent = module.parents[node]
        match parent:
            case ast.For() | ast.comprehension() | ast.Starred() | ast.YieldFrom() | ast.Expr() | ast.Compare():
                return True
            case ast.withitem(optional_vars=None):
                return True
            case ast.withitem(optional_vars=ast.Name() as name):
                return self._local_used_up(module, name)
            case ast.Assign(targets=[ast.Tuple()]):
                return True
            case ast.Assign(targets=[ast.Attribute(attr=attr)]) | ast.AnnAssign(target=ast.Attribute(attr=attr)):
                self.moving.add(attr)
                return True
            case ast.Assign(targets=[ast.Name() as name]):
                return self._local_used_up(module, name)
            case ast.Attribute():
                return True  # a method of it: `f.read()`
            case ast.Call():
                word = parent.func.attr if isinstance(parent.func, ast.Attribute) else dotted(parent.func)
                if module.is_builtin(parent.func, *CONSUMERS):
                    return True if not self._lazy(module, parent) else self._used_up(module, parent)
                if word in self.project.functions or word in self.project.classes:
                    return False
                if module.imported(parent.func):
                    return not self._lazy(module, parent) or self._used_up(module, parent)
                return word in ("join", "extend", "update", "writelines", "writerows", "fromkeys", "union")
            case ast.Return():
                holder = module.function(parent)
                return isinstance(holder, ast.FunctionDef) and not self._answers_kept(holder)
        return False

    def _local_used_up(self, module: Module, name: ast.Name) -> bool:
        scope = module.owner(name.id, name)
        if scope is None:
            return False
        return all(self._used_up(module, u) for u in module.uses(name.id, scope) if isinstance(u.ctx, ast.Load))

    def _answers_kept(self, function: ast.FunctionDef) -> bool:
        """Whether what a function that returns an iterator gives may be kept somewhere."""
        for module in self.project.modules:
            for node in ast.walk(module.tree):
                func = node.func if isinstance(node, ast.Call) else None
                if function.name in (getattr(func, "id", ""), getattr(func, "attr", "")):
                    parent = module.parents[node]
                    if not isinstance(parent, (ast.For, ast.comprehension, ast.Starred)):
                        return True
        return False

    # -- what may run

    @cached_property
    def always(self) -> frozenset[ast.AST]:
        """Code that may run without being named: operators, generators, functions and lambdas that are handed on."""
        project = self.project
        out: set[ast.AST] = set()
        for module in project.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Lambda):
                    if not _called_at_once(module, node):
                        out.add(node)
                elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (
                    _is_generator(node) or node.name in project.dunders
                ):
                    out.add(node)
                word = _word(module, node)
                if word in project.functions or word in project.classes:
                    parent = module.parents[node]
                    if not (isinstance(parent, ast.Call) and parent.func is node):
                        out.update(self._named(word))
        return frozenset(out)

    def _named(self, word: str) -> Iterator[ast.AST]:
        for _, d in self.project.functions.get(word, ()):
            yield d
        for _, cls in self.project.classes.get(word, ()):
            yield from self._made(cls, set())

    def _made(self, cls: ast.ClassDef, seen: set[ast.AST]) -> Iterator[ast.AST]:
        if cls in seen:
            return
        seen.add(cls)
        for s in cls.body:
            if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef)) and s.name.startswith("__"):
                yield s
        for base in cls.bases:
            for _, other in self.project.classes.get(dotted(base).rsplit(".", 1)[-1], ()):
                yield from self._made(other, seen)

    def reach(self, module: Module, node: ast.AST) -> frozenset[ast.AST]:
        """The functions that may run when `node` runs, by the names in it (itself not among them, unless it recurs)."""
        if node not in self._reached:
            found: set[ast.AST] = set()
            todo = [(module, node)]
            while todo:
                at, top = todo.pop()
                for n in ast.walk(top):
                    word = _word(at, n)
                    for d in self._named(word) if word else ():
                        if d not in found:
                            found.add(d)
                            todo.append((self.home[d], d))
            self._reached[node] = frozenset(found)
        return self._reached[node]

    def pieces(self, module: Module, stretch: ast.AST) -> list[Piece]:
        """All code that may run while `stretch` runs."""
        every = set(self.reach(module, stretch))
        for d in self.always:
            every |= {d} | self.reach(self.home[d], d)
        return [(module, stretch), *((self.home[d], d) for d in every if d in self.home)]

    # -- what is changed and read

    def stored(self, pieces: Iterable[Piece]) -> frozenset[str]:
        """Attributes that are bound, or whose containers are changed, in this code; a new object's own at its making
        aside."""
        out: set[str] = set()
        for module, top in pieces:
            for node in ast.walk(top):
                if not isinstance(node, ast.Attribute):
                    continue
                if isinstance(node.ctx, ast.Load):
                    if self._changes(module, node):
                        out.add(node.attr)
                    continue
                holder = module.function(node)
                made = isinstance(holder, ast.FunctionDef) and holder.name in CONSTRUCTORS
                own = made and dotted(node.value) == _first(holder) and not isinstance(
                    module.parents[node], ast.AugAssign
                )  # fmt: skip
                if not own:
                    out.add(node.attr)
        return frozenset(out)

    def grown(self, pieces: Iterable[Piece]) -> frozenset[str]:
        """Attributes whose containers, or those in them, are changed in this code."""
        return frozenset(
            n.attr
            for module, top in pieces
            for n in ast.walk(top)
            if isinstance(n, ast.Attribute)
            and (
                isinstance(module.parents[n], ast.AugAssign) or isinstance(n.ctx, ast.Load) and self._changes(module, n)
            )
        )

    def _changes(self, module: Module, node: ast.Attribute) -> bool:
        """Whether the container of an attribute, or one in it, is written into here."""
        at: ast.expr = node
        while True:
            parent = module.parents[at]
            if use_kind(self.project, module, at) == "mutate":
                return True
            if isinstance(parent, ast.Attribute) and parent.attr == "shuffle":
                return True
            if not isinstance(parent, ast.Subscript) or parent.value is not at:
                return False
            at = parent

    def rebound(self, pieces: Iterable[Piece]) -> frozenset[str]:
        """Names of modules that this code binds."""
        out: set[str] = set()
        for module, top in pieces:
            for node in ast.walk(top):
                if isinstance(node, ast.Global):
                    out.update(node.names)
                elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                    if module.owner(node.id, node) is module.tree:
                        out.add(node.id)
        return frozenset(out)

    def attributes_read(self, pieces: Iterable[Piece]) -> frozenset[str]:
        return frozenset(n.attr for _, top in pieces for n in ast.walk(top) if isinstance(n, ast.Attribute))

    def globals_read(self, pieces: Iterable[Piece]) -> frozenset[str]:
        return frozenset(
            n.id
            for module, top in pieces
            for n in ast.walk(top)
            if isinstance(n, ast.Name) and module.owner(n.id, n) is module.tree
        )

    # -- whether a stretch is steady

    def loud(self, module: Module, stretch: ast.AST) -> tuple[str, frozenset[str]]:
        """Why `stretch` could change a container that was there before it, and the names of its own function or module
        whose containers it changes (which nobody else holds)."""
        own: set[str] = set()

        def apart(e: ast.expr) -> bool:
            return self._apart(module, stretch, e, own)

        return self.project.loud(module, [stretch], apart, arrays=True), frozenset(own)

    def unknown_method(self, pieces: Iterable[Piece]) -> str:
        """The first method in this code of which nothing is known: a library's object may change by it."""
        project = self.project
        for module, top in pieces:
            for node in ast.walk(top):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                    continue
                word = node.func.attr
                if word in KNOWN_METHODS or word in project.functions or word in project.classes:
                    continue
                if not module.imported(node.func):
                    return f"line {node.lineno}: {ast.unparse(node.func)[:60]} is not known"
        return ""

    def _apart(self, module: Module, stretch: ast.AST, e: ast.expr, own: set[str]) -> bool:
        project = self.project
        match e:
            case ast.Name():
                scope = module.owner(e.id, e)
                if scope is None or isinstance(scope, ast.ClassDef):
                    return False
                if scalar_name(project, module, e.id, scope):
                    return True
                if isinstance(scope, ast.Module) and project.mentions(e.id, module):
                    return False
                if not project.fresh_name(module, e.id, scope):
                    return False
                if _bound_within(module, stretch, e, scope):
                    return True  # made after the stretch began
                if not escapes(project, module, e.id, scope, stretch):
                    own.add(e.id)
                    return True
                return False
            case ast.Subscript(value=ast.Name() as base):
                scope = module.owner(base.id, base)
                if scope is None or not deep_fresh(project, module, base.id, scope):
                    return False
                if isinstance(scope, ast.Module) and project.mentions(base.id, module):
                    return False
                last = getattr(stretch, "end_lineno", 0)
                around = {n for n in module.up(stretch) if isinstance(n, (ast.For, ast.While))}
                for use in module.uses(base.id, scope):
                    later = use.lineno > last and around.isdisjoint(module.up(use))
                    if isinstance(use.ctx, ast.Load) and not later and not project.kept_apart(module, use, deep=True):
                        return False  # its items have other names too
                own.add(base.id)
                return True
            case ast.Attribute() | ast.Subscript():
                return project.closed(e) or isinstance(e, ast.Attribute) and scalar_attribute(project, e.attr)
        return project.fresh_value(module, e)


def _word(module: Module, node: ast.AST) -> str:
    """The name that a node may call a function by; empty for the name of a variable."""
    if isinstance(node, ast.Attribute):
        return node.attr if isinstance(node.ctx, ast.Load) else ""
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return ""
    return "" if is_variable(module, node) else node.id


def _called_at_once(module: Module, node: ast.Lambda) -> bool:
    """Whether a lambda only runs where it is written: `sorted(xs, key=lambda x: ...)`."""
    parent = module.parents[node]
    call = module.parents[parent] if isinstance(parent, ast.keyword) else parent
    if not isinstance(call, ast.Call):
        return False
    by_name = isinstance(call.func, ast.Attribute) and call.func.attr == "sort"
    return by_name or module.is_builtin(call.func, "sorted", "min", "max", "map", "filter")


def _bound_within(module: Module, stretch: ast.AST, e: ast.Name, scope: ast.AST) -> bool:
    """Whether a name of the stretch's own function was bound since it began, wherever control came from."""
    if module.function(stretch) is not scope or module.function(e) is not scope:
        return False
    at: ast.AST = module.statement(e)
    while at is not stretch:
        if not isinstance(at, ast.stmt):
            at = module.parents[at]
            continue
        for sibling in module.siblings(at):
            if sibling is at:
                break
            if isinstance(sibling, ast.Assign) and len(sibling.targets) == 1:
                target = sibling.targets[0]
                parts = target.elts if isinstance(target, ast.Tuple) else [target]
                if any(isinstance(t, ast.Name) and t.id == e.id for t in parts):
                    return True
        if stretch not in module.up(at):
            return False
        at = module.parents[at]
    return False


def _first(function: ast.AST) -> str:
    args = getattr(function, "args", None)
    return args.args[0].arg if args is not None and args.args else ""


@lru_cache(maxsize=8)
def world_of(project: Project) -> World:
    return World(Settled(project.modules, project.whole))
