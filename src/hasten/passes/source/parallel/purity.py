"""Whether code only computes: nothing that it does can be seen but its result.

The question is asked of statements that are to run in another process. There they may read what they are given, change
what they made themselves, and bind names; they may not write, print, draw from a stream of random numbers that others
draw from too, nor change an object that the program goes on with. What cannot be resolved counts as an effect.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from hasten.kernel import names as kernel_names
from hasten.passes.source.containers.effects import (
    ARRAY_MUTATORS,
    MUTATORS,
    QUIET_BUILTINS,
    WRITERS,
    Project,
    scalar_name,
)
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module, dotted, root_name
from hasten.passes.source.parallel import libraries

DECORATORS = frozenset(
    "staticmethod classmethod property njit jit dataclass total_ordering cached_property abstractmethod".split()
)
# Builtins that look at the process (text hashes differently in each), or at what an iterator has left
UNEVEN_BUILTINS = frozenset({"print", "input", "next", "id", "hash", "open", "super"})
# What ends more than the round
ENDS = frozenset({"SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException", "BaseExceptionGroup"})
FRESH_RESULTS = frozenset(
    "list dict set sorted tuple frozenset bytearray len int float str sum abs round range bool enumerate zip".split()
)
QUIET_DUNDERS = frozenset({"__init__", "__post_init__"})
CHANGING = MUTATORS | libraries.FITTING
# Libraries' methods of these names change the object only with `inplace=True`
IN_PLACE = ARRAY_MUTATORS - {"put", "partition", "shuffle"}


@dataclass(frozen=True)
class Summary:
    """What a call of a user's function does. `changes` are parameters whose objects it may change."""

    why: str = ""
    changes: frozenset[str] = frozenset()


@dataclass(eq=False)
class Purity:
    """Effects of the functions of a project, each looked at once."""

    project: Project
    reads: dict[tuple[Module, str], ast.AST] = field(default_factory=dict)  # module data that functions read
    texts: bool = False  # whether anything is turned into text
    files: bool = False  # whether files are read
    shows: bool = False  # whether printing, logging and writing are no matter here
    _known: dict[ast.AST, Summary] = field(default_factory=dict)

    @property
    def asked(self) -> frozenset[ast.AST]:
        """The functions that were looked at: all that may be called."""
        return frozenset(self._known)

    def function(self, module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Summary:
        """The effects of calling a user's function."""
        if node not in self._known:
            self._known[node] = Summary()  # a recursive call adds nothing to what its own body shows
            self._known[node] = self._summary(module, node)
        return self._known[node]

    def _summary(self, module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Summary:
        if isinstance(node, ast.AsyncFunctionDef):
            return Summary(f"{node.name} is asynchronous")
        for d in node.decorator_list:
            target = d.func if isinstance(d, ast.Call) else d
            if dotted(target).rsplit(".", 1)[-1] not in DECORATORS:
                return Summary(f"{node.name} is decorated")
        a = node.args
        params = {p.arg for p in (*a.posonlyargs, *a.args, *a.kwonlyargs)}
        params |= {p.arg for p in (a.vararg, a.kwarg) if p}
        for default in (*a.defaults, *a.kw_defaults):
            if default is not None and not isinstance(default, (ast.Constant, ast.Name, ast.Attribute, ast.UnaryOp)):
                if not (isinstance(default, ast.Tuple) and all(isinstance(e, ast.Constant) for e in default.elts)):
                    return Summary(f"{node.name} has a default that calls share")
        body = Body(self, module, list(node.body), frozenset(params), outer=node)
        why = body.why_not()
        return Summary(why and f"{node.name}, {why}", frozenset(body.changed))


@dataclass(eq=False)
class Body:
    """One stretch of code on its way through the question. `given` are names that it gets from outside; `kept` those
    of them whose objects cannot change (numbers, text)."""

    purity: Purity
    module: Module
    nodes: list[ast.stmt]
    given: frozenset[str]
    kept: frozenset[str] = frozenset()
    outer: ast.AST | None = None  # the function that this is the body of
    plain: frozenset[str] = frozenset()  # given names of arrays, tables and numbers, which hold no objects
    changed: set[str] = field(default_factory=set)  # given names whose objects may change
    _asked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.project = self.purity.project
        self.values = _bindings(self.nodes)

    # -- the question

    def why_not(self) -> str:
        """The first effect beyond what the code makes itself, or an empty string."""
        return self.why_not_of(self.nodes)

    def why_not_of(self, nodes: Iterable[ast.AST]) -> str:
        for top in nodes:
            for node in ast.walk(top):
                why = self._node(node)
                if why:
                    return f"line {getattr(node, 'lineno', 0)}: {why}"
        return ""

    def _node(self, node: ast.AST) -> str:
        match node:
            case ast.Global() | ast.Nonlocal() | ast.ClassDef() | ast.AsyncFunctionDef() | ast.Await():
                return "binds names outside, or waits"
            case ast.AsyncFor() | ast.AsyncWith():
                return "waits"
            case ast.Yield() | ast.YieldFrom():
                return "" if self.outer is not None else "yields"
            case ast.FunctionDef():
                return "" if self.outer is not None and not node.decorator_list else "defines a function"
            case ast.Return():
                return "" if self.outer is not None else "returns"
            case ast.Import() | ast.ImportFrom():
                return self._import(node)
            case ast.With():
                return next(filter(None, (self._context(i.context_expr) for i in node.items)), "")
            case ast.Attribute(ctx=ast.Load()):
                return self._read(node)
            case ast.Attribute(ctx=ast.Store() | ast.Del()):
                if isinstance(self.module.parents[node], ast.AugAssign) and not self._own(node):
                    return f"changes {ast.unparse(node)}"
                return "" if self._own(node.value) else f"changes {ast.unparse(node.value)}"
            case ast.Subscript(ctx=ast.Store() | ast.Del()):
                return "" if self._own(node.value) else f"changes {ast.unparse(node.value)}"
            case ast.AugAssign(target=ast.Name() as target):
                return "" if self._own(target) or self._scalar(target) else f"may change what {target.id} was given"
            case ast.Call():
                return self._call(node)
            case ast.FormattedValue():
                self.purity.texts = True
            case ast.Name(ctx=ast.Load()):
                self._note(node)
                if node.id in ENDS and self.module.is_builtin(node):
                    return f"{node.id} ends the program"
                return self._handed_on(node, node.id)
        return ""

    def _handed_on(self, node: ast.expr, word: str) -> str:
        """A function or class of the project that is not called here may be called by whoever gets it."""
        parent = self.module.parents[node]
        if isinstance(parent, ast.Call) and parent.func is node:
            return ""
        name = self.module.imported(node)
        if name and not isinstance(parent, ast.Attribute) and not self.project._is_user_module(name):
            if not libraries.is_quiet(name) and not self.purity.shows or libraries.draws(name):
                return f"hands on {name}"
        if isinstance(parent, ast.Attribute) and word in self.project.classes:
            return ""  # `Color.RED`, `Account.total`: asked about as an attribute
        for module, function in self.project.functions.get(word, ()):
            found = self.purity.function(module, function)
            if found.why or found.changes:
                return found.why or f"{word}, handed on, changes its arguments"
        for _, made in self.project.classes.get(word, ()):
            why = self._make(ast.Call(node, [], []), made)
            if why:
                return why
        return ""

    def _import(self, node: ast.Import | ast.ImportFrom) -> str:
        found = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        level = node.level if isinstance(node, ast.ImportFrom) else 0
        ok = not level and all(n.split(".")[0] in libraries.QUIET for n in found)
        return "" if ok else "imports"

    def _context(self, e: ast.expr) -> str:
        if isinstance(e, ast.Call):
            if self.module.imported(e.func) in ("warnings.catch_warnings", "numpy.errstate", "contextlib.suppress"):
                return ""
            self.purity.files = True
            if _reads_file(self.module, e):
                return ""
        return f"enters {ast.unparse(e)[:40]}"

    def _read(self, node: ast.Attribute) -> str:
        """Reading an attribute runs code where it is a property."""
        parent = self.module.parents[node]
        if isinstance(parent, ast.Call) and parent.func is node:
            return ""
        return self._handed_on(node, node.attr)

    def _note(self, node: ast.Name) -> None:
        """Keep what a function reads of its module, or of functions around it."""
        if self.outer is None or node.id in self.given or node.id in self.values:
            return
        owner = self.module.owner(node.id, node)
        if owner is not None and not _defined_once(self.module, node.id, owner):
            if isinstance(owner, COMPREHENSIONS) or any(at is self.outer for at in self.module.up(owner)):
                return  # bound inside the function itself
            self.purity.reads[self.module, node.id] = owner

    # -- calls

    def _call(self, call: ast.Call) -> str:
        func = call.func
        for k in call.keywords:
            if k.arg in ("inplace", "out") and not (isinstance(k.value, ast.Constant) and not k.value.value):
                target = func.value if k.arg == "inplace" and isinstance(func, ast.Attribute) else k.value
                if not self._own(target):
                    return f"{k.arg}= writes into an argument"
            if k.arg == "verbose" and not (isinstance(k.value, ast.Constant) and not k.value.value):
                return "verbose= prints"
            if k.arg in libraries.SEEDS and not self._seed(k.value):
                return f"{k.arg}= is not a plain number"
        name = self.module.imported(func)
        if name and not self.project._is_user_module(name):
            return self._library(call, name)
        if isinstance(func, ast.Name):
            return self._named(call, func)
        if name and isinstance(func, ast.Attribute):
            made = self.project.classes.get(func.attr, [])
            if len(made) == 1 and func.attr not in self.project.functions:
                return self._make(call, made[0][1])
            if made or func.attr not in self.project.functions:
                return f"calls {name}, which is not known"
        if isinstance(func, ast.Attribute):
            return self._method(call, func)
        return f"calls {ast.unparse(func)[:40]}"

    def _library(self, call: ast.Call, name: str) -> str:
        if name in libraries.STREAMS:
            if not call.args and not call.keywords:
                return f"{name} without a seed"
            if any(map(self._streaming, (*call.args, *(k.value for k in call.keywords)))):
                return f"{name} goes on with another stream"
        if not libraries.is_quiet(name) and not (self.purity.shows and name.split(".")[0] in libraries.SHOWING):
            return f"calls {name}"
        if name.split(".")[0] in ("glob", "os", "csv") or any(w in name for w in ("read", "load", "open", "from")):
            self.purity.files = True
        last = name.rsplit(".", 1)[-1]
        if last in WRITERS and not (call.args and self._own(call.args[0])):
            return f"{name} writes into its argument"
        if libraries.draws(name) and not any(k.arg in libraries.SEEDS for k in call.keywords):
            if name not in libraries.STREAMS:
                return f"{last} draws from the global stream of random numbers: it is given no random_state"
        return ""

    def _seed(self, e: ast.expr) -> bool:
        """Whether a seed is a number, not a stream that others draw from as well. None draws from the global one."""
        match e:
            case ast.Constant(value=value):
                return isinstance(value, int) and not isinstance(value, bool)
            case ast.Name():
                return e.id in self.kept or self._constant(e) or e.id in self.values and self._made(e.id, self._seed)
            case ast.BinOp():
                return self._seed(e.left) and self._seed(e.right)
            case ast.Call(func=f):
                return self.module.is_builtin(f, "int", "hash", "len", "abs")
            case ast.Attribute():
                named = e.attr in ("seed", "random_state", "SEED", "RANDOM_STATE")
                return bool(self.module.imported(e)) or named and not self._stored(e.attr, makes_stream)
        return False

    def _streaming(self, e: ast.expr) -> bool:
        """Whether a seed may be a stream itself. What rounds are given is none, by the types that were seen."""
        for n in ast.walk(e):
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id not in self.given:
                owner = self.module.owner(n.id, n)
                bound = self.module.bindings(n.id, owner) if owner is not None else []
                if any(b.value is not None and makes_stream(self.module, b.value) for b in bound):
                    return True
            elif isinstance(n, ast.Attribute) and self._stored(n.attr, makes_stream):
                return True
        return False

    def _stored(self, attr: str, test: Callable[[Module, ast.expr], bool]) -> bool:
        """Whether something that is stored under an attribute of this name anywhere passes a test."""
        for module in self.project.modules:
            for n in ast.walk(module.tree):
                if isinstance(n, ast.Attribute) and n.attr == attr and isinstance(n.ctx, ast.Store):
                    value = getattr(module.parents[n], "value", None)
                    if isinstance(value, ast.expr) and test(module, value):
                        return True
        return False

    def _constant(self, e: ast.Name) -> bool:
        """A name of the module that is bound once, to a number."""
        bound = self.module.bindings(e.id, self.module.tree)
        if self.module.owner(e.id, e) is not self.module.tree or len(bound) != 1:
            return False
        return isinstance(bound[0].value, ast.Constant) and type(bound[0].value.value) is int

    def _named(self, call: ast.Call, func: ast.Name) -> str:
        module, project = self.module, self.project
        if module.is_builtin(func):
            if func.id in ("str", "repr", "format"):
                self.purity.texts = True
            if func.id == "open":
                self.purity.files = True
                return "" if _reads_file(module, call) or self.purity.shows else "opens a file for writing"
            if func.id == "super":
                return "" if self.outer is not None else "calls super()"
            if func.id == "next":
                return "" if call.args and self._fresh(call.args[0]) else "takes from an iterator that others see"
            if func.id in QUIET_BUILTINS - UNEVEN_BUILTINS or (func.id == "print" and self.purity.shows):
                return ""
            return f"calls {func.id}"
        found = self._definition(func)
        if isinstance(found, ast.Lambda):
            return ""  # its body is looked at where it stands
        if isinstance(found, ast.FunctionDef):
            where = next((m for m, d in project.functions[found.name] if d is found), module)
            return self._user(call, self.purity.function(where, found), found, 0)
        if isinstance(found, ast.ClassDef):
            return self._make(call, found)
        return f"calls {func.id}, which is not known"

    def _definition(self, func: ast.Name) -> ast.AST | None:
        """The one function, class or lambda that a name means."""
        scope = self.module.owner(func.id, func)
        if scope is None:
            return None
        bound = self.module.bindings(func.id, scope)
        if len({id(b.node) for b in bound}) != 1:
            return None
        node = bound[0].node
        if bound[0].how == "def":
            return node
        if isinstance(bound[0].value, ast.Lambda):
            body = Body(self.purity, self.module, [ast.Expr(bound[0].value.body)], frozenset(), outer=bound[0].value)
            return bound[0].value if not body.why_not_of([bound[0].value.body]) else None
        if bound[0].how == "import" and isinstance(node, ast.ImportFrom):
            original = next((a.name for a in node.names if (a.asname or a.name) == func.id), "")
            found = [d for m, d in self.project.functions.get(original, []) if isinstance(m.parents[d], ast.Module)]
            classes = [d for m, d in self.project.classes.get(original, []) if isinstance(m.parents[d], ast.Module)]
            every: list[ast.AST] = [*found, *classes]
            return every[0] if len(every) == 1 else None
        return None

    def _user(self, call: ast.Call, found: Summary, function: ast.FunctionDef, skip: int) -> str:
        """A call of a user's function: what it changes must have been made here. `skip`: parameters filled already."""
        if found.why:
            return found.why
        changes = found.changes
        if not changes:
            return ""
        if any(isinstance(x, ast.Starred) for x in call.args) or any(k.arg is None for k in call.keywords):
            return f"{function.name} changes its arguments"
        a = function.args
        order = [p.arg for p in (*a.posonlyargs, *a.args)][skip:]
        passed: dict[str, ast.expr] = dict(zip(order, call.args, strict=False))
        passed.update({k.arg: k.value for k in call.keywords if k.arg})
        for name in changes - set([p.arg for p in (*a.posonlyargs, *a.args)][:skip]):
            if name not in passed or not self._own(passed[name]):
                return f"{function.name} changes {name}"
        return ""

    def _make(self, call: ast.Call, cls: ast.ClassDef, depth: int = 0) -> str:
        module = next(m for m, c in self.project.classes[cls.name] if c is cls)
        if cls.keywords or depth > 5:
            return f"class {cls.name} has a metaclass"
        for d in cls.decorator_list:
            target = d.func if isinstance(d, ast.Call) else d
            if dotted(target).rsplit(".", 1)[-1] not in ("dataclass", "total_ordering"):
                return f"class {cls.name} is decorated"
        for s in cls.body:
            if isinstance(s, ast.FunctionDef) and s.name in QUIET_DUNDERS:
                why = self._user(call, self.purity.function(module, s), s, 1)
                if why:
                    return why
            elif isinstance(s, ast.FunctionDef) and s.name in ("__new__", "__init_subclass__", "__setattr__"):
                return f"class {cls.name} makes its objects itself"
        for base in cls.bases:
            last = dotted(base).rsplit(".", 1)[-1]
            known = self.project.classes.get(last, [])
            if len(known) == 1:
                why = self._make(call, known[0][1], depth + 1)
                if why:
                    return why
            elif known or last not in ("object", "ABC", "NamedTuple", "BaseEstimator", "TransformerMixin",
                                       "ClassifierMixin", "RegressorMixin", "ClusterMixin", "Protocol"):  # fmt: skip
                return f"class {cls.name}: base {last}"
        return ""

    def _method(self, call: ast.Call, func: ast.Attribute) -> str:
        project = self.project
        own = project.functions.get(func.attr, [])
        for module, function in own:
            if isinstance(module.parents[function], ast.ClassDef) and isinstance(function, ast.FunctionDef):
                found = self.purity.function(module, function)
                static = any(dotted(d) == "staticmethod" for d in function.decorator_list)
                why = self._user(call, found, function, 0 if static else 1)
                first = function.args.args[0].arg if function.args.args and not static else ""
                if not why and first in found.changes and not self._own(func.value):
                    why = f"{func.attr} changes {ast.unparse(func.value)}"
                if why:
                    return why
            elif isinstance(function, ast.FunctionDef):  # called through a module that some name means
                why = self._user(call, self.purity.function(module, function), function, 0)
                if why:
                    return why
            else:
                return f"{func.attr} is asynchronous"
        if func.attr in project.classes or func.attr in project.attributes and not own:
            return f"{ast.unparse(func)} may be anything"  # a callable kept as an attribute
        if func.attr in libraries.LOUD_METHODS:
            return "" if self.purity.shows else f"{ast.unparse(func)} has an effect outside"
        if func.attr == "spawn":
            return "" if self._stream(func.value) else f"{ast.unparse(func)} counts what it spawned"
        if func.attr in libraries.DRAWING_METHODS and not any(k.arg in libraries.SEEDS for k in call.keywords):
            if not self._stream(func.value) and not (isinstance(func.value, ast.Name) and self._own(func.value)):
                return f"{ast.unparse(func)} draws from a stream that others draw from"
        if func.attr in ("to_string", "to_html", "to_markdown", "__str__", "__repr__", "format"):
            self.purity.texts = True
        if func.attr.startswith("read"):
            self.purity.files = True
        if func.attr in CHANGING and not self._own(func.value):
            return f"{ast.unparse(func)} changes {ast.unparse(func.value)}"
        return ""

    def _stream(self, e: ast.expr) -> bool:
        """Whether random numbers are drawn from a stream made here; what is no stream (a list's own method) is not."""
        if isinstance(e, ast.Name):
            made = self.values.get(e.id)
            return bool(made) and all(v is not None and self._stream(v) for v in made or ())
        if isinstance(e, ast.Attribute):
            stored = [
                (module, parent.value)
                for module in self.project.modules
                for n in ast.walk(module.tree)
                if isinstance(n, ast.Attribute) and n.attr == e.attr and not isinstance(n.ctx, ast.Load)
                for parent in (module.parents[n],)
                if isinstance(parent, (ast.Assign, ast.AnnAssign))
            ]
            streams = [m.imported(getattr(v, "func", v)) in libraries.STREAMS for m, v in stored if v is not None]
            return bool(streams) and all(streams) and self._own(e.value)
        if isinstance(e, ast.Call):
            return self.module.imported(e.func) in (*libraries.STREAMS, "numpy.random.Generator")
        return False

    # -- who else holds an object

    def _scalar(self, name: ast.Name) -> bool:
        """Whether a name of the function that this is the body of holds numbers and strings: `name += x` makes a new
        one."""
        scope = self.module.owner(name.id, name)
        return scope is not None and scope is self.outer and scalar_name(self.project, self.module, name.id, scope)

    def _own(self, e: ast.expr) -> bool:
        """Whether the object that `e` means was made here, so that it may be changed. Notes given ones that are."""
        match e:
            case ast.Name():
                if e.id in self.values and e.id not in self.given:
                    if self._made(e.id, self._fresh):
                        return True
                if e.id in self.given and e.id not in self.kept:
                    if e.id in self.values and not self._made(e.id, self._fresh):
                        return False
                    self.changed.add(e.id)
                    return True
                return e.id in self.kept
            case ast.Attribute():
                if e.attr in libraries.WINDOWS and e.attr not in self.project.attributes:
                    return self._own(e.value)
                return self._own(e.value) and self._attribute(e.attr)
            case ast.Subscript():
                return self._item(e)
        return self._fresh(e)

    def _item(self, e: ast.Subscript) -> bool:
        """An item of an array is a part of it; one of a list or dict may be anybody's, unless it was made for it."""
        base = e.value
        if isinstance(base, ast.Attribute) and base.attr in libraries.WINDOWS:
            return self._own(base)
        if not isinstance(base, ast.Name) or base.id not in self.values or base.id in self.given:
            return False
        stored = [s.value for n in self.nodes for s in ast.walk(n) if isinstance(s, ast.Assign)
                  for t in s.targets if isinstance(t, ast.Subscript) and isinstance(t.value, ast.Name)
                  and t.value.id == base.id]  # fmt: skip
        grown = any(
            isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in MUTATORS
            and isinstance(n.func.value, ast.Name) and n.func.value.id == base.id
            for top in self.nodes for n in ast.walk(top)
        )  # fmt: skip
        if grown or not all(map(self._fresh, stored)):
            return False
        for value in self.values[base.id]:
            match value:
                case ast.ListComp(elt=elt) | ast.DictComp(value=elt) if self._fresh(elt):
                    pass
                case ast.Dict(values=items) | ast.List(elts=items) if all(map(self._fresh, items)):
                    pass
                case ast.Call(func=f) if self.module.imported(f) in libraries.COPYING and "collections" not in (
                    self.module.imported(f)
                ):
                    pass
                case ast.Call(func=f, args=[ast.Name(id="list" | "dict" | "set" | "int" | "float")]) if (
                    self.module.imported(f) == "collections.defaultdict"
                ):
                    pass
                case _:
                    return False
        return True

    def _attribute(self, attr: str) -> bool:
        """Whether everything that the project stores under an attribute of this name was made for it."""
        if attr not in self.project.attributes:
            return False
        for module in self.project.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Attribute) and node.attr == attr and isinstance(node.ctx, ast.Store):
                    parent = module.parents[node]
                    if isinstance(parent, ast.AugAssign):
                        continue
                    value = parent.value if isinstance(parent, (ast.Assign, ast.AnnAssign)) else None
                    if value is None or not (
                        self.project.fresh_value(module, value) or module.imported(getattr(value, "func", value)) in (
                            libraries.COPYING)
                    ):  # fmt: skip
                        return False
                elif isinstance(node, ast.ClassDef):
                    for s in node.body:
                        for n in ast.walk(s) if isinstance(s, (ast.Assign, ast.AnnAssign)) else ():
                            if isinstance(n, ast.Name) and n.id == attr and isinstance(n.ctx, ast.Store):
                                return False
        return True

    def _made(self, name: str, test: Callable[[ast.expr], bool]) -> bool:
        """Whether everything that is bound to a name here passes a test."""
        if name in self._asked:
            return True  # a name that is bound from itself adds nothing
        self._asked.add(name)
        try:
            values = self.values.get(name, [])
            return bool(values) and all(v is not None and test(v) for v in values)
        finally:
            self._asked.discard(name)

    def _fresh(self, e: ast.expr | None) -> bool:
        """Whether evaluating `e` gives an object that nobody outside holds, or one that cannot change."""
        match e:
            case ast.Constant() | ast.JoinedStr() | ast.Compare() | ast.BinOp() | ast.UnaryOp() | ast.ListComp():
                return True
            case ast.List() | ast.Dict() | ast.Set() | ast.SetComp() | ast.DictComp() | ast.Tuple():
                return True
            case ast.IfExp():
                return self._fresh(e.body) and self._fresh(e.orelse)
            case ast.BoolOp():
                return all(map(self._fresh, e.values))
            case ast.Name():
                return e.id in self.kept or (e.id not in self.given and self._made(e.id, self._fresh))
            case ast.Call():
                return self._fresh_call(e)
        return False

    def _fresh_call(self, e: ast.Call) -> bool:
        func = e.func
        name = self.module.imported(func)
        user = bool(name) and self.project._is_user_module(name)
        if self.module.is_builtin(func):
            return getattr(func, "id", "") in FRESH_RESULTS
        if name and not user:
            if name in libraries.COPYING or name.startswith(("math.", "cmath.")):
                return True
            last = name.rsplit(".", 1)[-1]
            if last[:1].isupper() or last in libraries.FACTORIES:
                # an object holds what it is made of; estimators leave their parameters alone, but pipelines do not
                whole = name.startswith(libraries.ESTIMATORS) and last not in libraries.CHAINS
                return whole or self._parts_fresh(e)
            return False
        if isinstance(func, ast.Name):
            found = self._definition(func)
            return isinstance(found, ast.ClassDef)  # what it holds is asked about by attribute
        if isinstance(func, ast.Attribute) and func.attr not in self.project.functions:
            if func.attr == "fit":
                return self._fresh(func.value)  # gives the object itself
            return func.attr in libraries.COPYING_METHODS and func.attr not in self.project.attributes
        return False

    def _parts_fresh(self, e: ast.Call) -> bool:
        for part in (*e.args, *(k.value for k in e.keywords)):
            for n in ast.walk(part):
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and not self._quiet_part(n):
                    return False
        return True

    def _quiet_part(self, n: ast.Name) -> bool:
        if n.id in self.kept or self.module.is_builtin(n) or self.module.imported(n):
            return True
        if self._constant_name(n):
            return True
        return n.id in self.values and n.id not in self.given and self._made(n.id, self._fresh)

    def _constant_name(self, n: ast.Name) -> bool:
        owner = self.module.owner(n.id, n)
        if owner is None or n.id in self.given:
            return False
        if isinstance(owner, COMPREHENSIONS):
            return False
        bound = self.module.bindings(n.id, owner)
        return len(bound) == 1 and (bound[0].how == "def" or isinstance(bound[0].value, ast.Constant))


def _bindings(nodes: Iterable[ast.stmt]) -> dict[str, list[ast.expr | None]]:
    """What is bound to each name in these statements; None for what is not written down."""
    out: dict[str, list[ast.expr | None]] = {}

    def put(target: ast.AST, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            out.setdefault(target.id, []).append(value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
            for i, t in enumerate(target.elts):
                if len(parts) == len(target.elts) and not isinstance(t, ast.Starred):
                    put(t, parts[i])
                else:  # a part of what a call gives
                    put(t, ast.Starred(value) if isinstance(value, ast.Call) else None)
        elif isinstance(target, ast.Starred):
            put(target.value, None)

    for node in kernel_names.walk_scope(list(nodes)):
        if isinstance(node, ast.Assign):
            for t in node.targets:
                # a = b = [] gives one object two names, both of which are seen here
                put(t, node.value)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
            if node.value is not None:
                put(node.target, node.value)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            put(node.target, ast.Constant(0) if _counts(node.iter) else None)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if item.optional_vars is not None:
                    put(item.optional_vars, item.context_expr)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            out.setdefault(node.name, []).append(None)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                out.setdefault((alias.asname or alias.name).split(".")[0], []).append(None)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            out.setdefault(node.name, []).append(None)
    return out


def makes_stream(module: Module, e: ast.expr) -> bool:
    """Whether an expression makes a stream of random numbers (a seed sequence is none)."""
    makers = libraries.STREAMS - {"numpy.random.SeedSequence"} | {"numpy.random.Generator"}
    if isinstance(e, ast.Call) and isinstance(e.func, ast.Attribute) and e.func.attr in libraries.DRAWING_METHODS:
        return False  # numbers
    return any(module.imported(n) in makers for n in ast.walk(e) if isinstance(n, (ast.Name, ast.Attribute)))


def _counts(e: ast.expr) -> bool:
    return isinstance(e, ast.Call) and isinstance(e.func, ast.Name) and e.func.id == "range"


def _reads_file(module: Module, call: ast.Call) -> bool:
    """`open(path)` or `open(path, "rb")`: for reading only."""
    func = call.func
    named = module.is_builtin(func, "open") or module.imported(func) in (
        "gzip.open",
        "bz2.open",
        "lzma.open",
        "PIL.Image.open",
    )
    if not named and not (isinstance(func, ast.Attribute) and func.attr == "open" and not call.args):
        return False
    given = [k.value for k in call.keywords if k.arg == "mode"] or call.args[1:2]
    return all(isinstance(m, ast.Constant) and m.value in ("r", "rb", "rt") for m in given)


def _defined_once(module: Module, name: str, owner: ast.AST) -> bool:
    """Whether a name is an import, function or class, bound once: no data."""
    bound = module.bindings(name, owner)
    return len({id(b.node) for b in bound}) == 1 and bound[0].how in ("def", "import")


def sends_settings(project: Project, before: tuple[Module, int] | None = None) -> str:
    """Why a worker may compute otherwise than the program itself: settings of the process that it does not get.

    Environment variables that the program's own top level sets above `before` (module, line) are inherited.
    """
    for module in project.modules:
        for node in ast.walk(module.tree):
            word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
            if isinstance(node, ast.ImportFrom):
                word = next((a.name for a in node.names if a.name in libraries.SETTINGS), "")
            if word in libraries.SETTINGS:
                if word == "set_option" and _harmless_option(module.parents.get(node)):
                    continue
                return f"{module.source.path} line {getattr(node, 'lineno', 0)}: {word} changes settings of the process"
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and module.imported(node.value):
                name = module.imported(node.value)
                if name != "pandas.options.mode" and not project._is_user_module(name):
                    return f"{module.source.path} line {node.lineno}: {ast.unparse(node)} is set in this process only"
            if word == "environ" and not _inherited(module, node, before):
                return f"{module.source.path} line {getattr(node, 'lineno', 0)}: the environment changes"
            if word == "options" and module.imported(node) == "pandas.options" and not _chained(module, node):
                return f"{module.source.path} line {getattr(node, 'lineno', 0)}: pandas options change"
    return ""


def _harmless_option(call: ast.AST | None) -> bool:
    first = call.args[0] if isinstance(call, ast.Call) and call.args else None
    return isinstance(first, ast.Constant) and str(first.value).startswith("mode.chained")


def _chained(module: Module, node: ast.AST) -> bool:
    outer = module.parents[node]
    after = module.parents[outer]
    return (
        isinstance(outer, ast.Attribute)
        and outer.attr == "mode"
        and (isinstance(after, ast.Attribute) and after.attr == "chained_assignment")
    )


def _inherited(module: Module, node: ast.AST, before: tuple[Module, int] | None) -> bool:
    """Reading the environment is harmless, and so is what the top level sets before the first worker starts."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Load):
        return True
    if isinstance(parent, ast.Attribute) and parent.attr == "get":
        return True
    top = before is not None and module is before[0] and module.function(node) is module.tree
    return top and before is not None and getattr(node, "lineno", 0) < before[1]


def roots(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.AST, ast.Name | None]]:
    """Every place that stores into an object, with the name at its root."""
    for top in nodes:
        for node in ast.walk(top):
            if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, (ast.Store, ast.Del)):
                yield node, root_name(node)


IMMUTABLE: Mapping[str, None] = dict.fromkeys(
    "builtins.int builtins.float builtins.str builtins.bool builtins.bytes builtins.NoneType builtins.complex "
    "builtins.range builtins.slice pathlib.PosixPath pathlib.Path datetime.date datetime.datetime datetime.timedelta "
    "numpy.int64 numpy.int32 numpy.float64 numpy.float32 numpy.bool numpy.str_ numpy.datetime64 "
    "decimal.Decimal fractions.Fraction".split()
)
