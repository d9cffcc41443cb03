"""Can a stretch of code change a container? A closed-world answer from the syntax of the whole project.

Two proofs are tried. A container is *private* when the scope that binds it makes it fresh and lets nobody else see it
before the stretch ends: then only what is written on its own name can change it. Otherwise every statement, call and
operator of the stretch must be *quiet*: it stores into no list, dict, set or array that could be this one. Calls are
resolved by name over all modules of the project, so a method `m` is quiet when every user function named `m` is; code
that runs without being named (operators, properties, generators, callbacks) must be quiet everywhere.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from hasten.core.source import SourceFile
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.containers.syntax import FUNCTIONS, Binding, Module, dotted, module_of, walk_all

MUTATORS = frozenset(
    "append extend insert remove pop clear sort reverse add discard update setdefault popitem appendleft "
    "extendleft popleft rotate difference_update intersection_update symmetric_difference_update "
    "move_to_end subtract fill resize itemset setflags byteswap setfield partial_fit __setitem__ "
    "__delitem__ __iadd__ __imul__ __setattr__".split()
)
IN_PLACE: dict[str, tuple[type[ast.operator], ...]] = {
    "list": (ast.Add, ast.Mult),
    "dict": (ast.BitOr,),
    "both": (ast.Add, ast.Mult, ast.BitOr),
    "sets": (ast.Add, ast.Mult, ast.BitOr, ast.BitAnd, ast.BitXor, ast.Sub),
}
OF_ARRAYS = frozenset("fill resize itemset setflags byteswap setfield".split())
# What changes other containers, and lists and tuples do not have
NOT_OF_LISTS = MUTATORS & frozenset(
    "add discard update setdefault popitem appendleft extendleft popleft rotate difference_update "
    "intersection_update symmetric_difference_update move_to_end subtract".split()
)
NOT_OF_DICTS = MUTATORS & frozenset(
    "append extend insert remove sort reverse add discard appendleft extendleft popleft rotate difference_update "
    "intersection_update symmetric_difference_update".split()
)
ARRAY_MUTATORS = frozenset("put partition shuffle drop fillna replace rename set_index reset_index sort_values".split())
# Library functions that write into their first argument (or any argument).
WRITERS = frozenset(
    "shuffle heappush heappop heapify heapreplace heappushpop insort insort_left insort_right copyto put "
    "place putmask fill_diagonal put_along_axis readinto recv_into setattr delattr setitem delitem iadd "
    "imul iconcat apply_along_axis".split()
)
READING_BUILTINS = frozenset(
    "len sum min max sorted list tuple set frozenset dict enumerate zip any all print str repr bool "
    "isinstance range reversed map filter type id hash float int abs round format".split()
)
QUIET_BUILTINS = READING_BUILTINS | frozenset(
    "ascii bin bytes bytearray callable chr complex divmod hex iter next oct ord pow slice super input "
    "open object issubclass getattr hasattr memoryview staticmethod classmethod property BaseException "
    "Exception ArithmeticError AssertionError AttributeError IndexError KeyError KeyboardInterrupt "
    "LookupError NotImplementedError OSError OverflowError RuntimeError StopIteration TypeError "
    "ValueError ZeroDivisionError FileNotFoundError".split()
)
READING_METHODS = frozenset(
    "count index copy keys values items get union intersection difference issubset issuperset isdisjoint "
    "join mean sum std var min max argmin argmax tolist to_list unique nunique astype head tail "
    "most_common symmetric_difference any all median dot".split()
)
FRESH_BUILTINS = frozenset("list dict set sorted tuple frozenset len int float str bool range bytes repr".split())
FRESH_METHODS = frozenset(
    "split rsplit splitlines tolist to_list copy most_common readlines readline read strip lstrip rstrip "
    "lower upper title replace join union intersection difference encode decode format".split()
)
FRESH_CALLS = frozenset(
    "collections.Counter collections.defaultdict collections.deque collections.OrderedDict json.load "
    "json.loads re.findall re.split random.sample random.choices random.random random.randint "
    "random.uniform random.gauss random.randrange numpy.zeros numpy.ones numpy.empty numpy.full "
    "numpy.arange numpy.linspace time.time time.perf_counter pandas.read_csv "
    "string.split bisect.bisect_left bisect.bisect_right bisect.bisect random.Random copy.deepcopy".split()
)
KNOWN_DECORATORS = frozenset(
    "property staticmethod classmethod lru_cache cache cached_property dataclass njit jit wraps setter "
    "total_ordering abstractmethod".split()
)
MAX_ENTRIES = 20_000  # of folders below the root
THREADS = frozenset("threading concurrent asyncio signal _thread joblib trio gevent tkinter".split())
SKIP_FOLDERS = frozenset("venv env node_modules build dist site-packages __pycache__".split())
# Of these modules, what only looks at what it is given (or at its items), and does not keep it
LOOKING_CALLS = {
    "json": frozenset({"dump", "dumps"}),
    "collections": frozenset({"Counter", "deque", "defaultdict", "OrderedDict"}),
    "random": frozenset({"choice", "choices", "sample"}),
    "heapq": frozenset({"nlargest", "nsmallest", "merge"}),
    "bisect": frozenset({"bisect", "bisect_left", "bisect_right"}),
    "itertools": frozenset(
        "chain chain.from_iterable islice product combinations permutations combinations_with_replacement groupby "
        "accumulate takewhile dropwhile filterfalse starmap compress pairwise batched zip_longest tee".split()
    ),
}
# Of what passes put into programs: what writes into nothing but its own
QUIET_HELPERS = frozenset(
    "_grouped _lay_out _with_key _settled _settle _of_program _by_item _lay_out_items _sharing _numbers_sharing "
    "_numbered_sharing _rows_sharing _pairs_sharing _pairs_of".split()
)
QUIET_DUNDERS = frozenset("__init__ __post_init__ __new__ __init_subclass__".split())


@dataclass(frozen=True, eq=False)
class Project:
    """All user modules that may take part in a run."""

    modules: tuple[Module, ...]
    whole: bool = True  # False when some file could not be read or parsed
    kind: str = ""  # list, dict (or both): what containers in question are; any container or array if empty
    _memo: dict[ast.AST, str] = field(default_factory=dict)
    _open: dict[ast.AST, None] = field(default_factory=dict)

    @cached_property
    def functions(self) -> dict[str, list[tuple[Module, ast.FunctionDef | ast.AsyncFunctionDef]]]:
        out: dict[str, list[tuple[Module, ast.FunctionDef | ast.AsyncFunctionDef]]] = {}
        for module in self.modules:
            for node in (*module.written, *module.put_there):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    out.setdefault(node.name, []).append((module, node))
        for other, name in self._renamed:
            out.setdefault(other, []).extend(d for d in out.get(name, ()) if d not in out.get(other, ()))
        return {name: defs for name, defs in out.items() if defs}

    @cached_property
    def classes(self) -> dict[str, list[tuple[Module, ast.ClassDef]]]:
        out: dict[str, list[tuple[Module, ast.ClassDef]]] = {}
        for module in self.modules:
            for node in module.written:
                if isinstance(node, ast.ClassDef):
                    out.setdefault(node.name, []).append((module, node))
        for other, name in self._renamed:
            out.setdefault(other, []).extend(d for d in out.get(name, ()) if d not in out.get(other, ()))
        return {name: defs for name, defs in out.items() if defs}

    @cached_property
    def _renamed(self) -> tuple[tuple[str, str], ...]:
        """(new name, name) of `from module import name as new`: what a file of the project may be called elsewhere."""
        return tuple(
            (a.asname, a.name)
            for module in self.modules
            for node in ast.walk(module.tree)
            if isinstance(node, ast.ImportFrom)
            for a in node.names
            if a.asname and a.asname != a.name
        )

    @cached_property
    def dunders(self) -> frozenset[str]:
        """Operator methods that user classes define."""
        return frozenset(n for n in self.functions if n.startswith("__") and n.endswith("__")) - QUIET_DUNDERS

    @cached_property
    def attributes(self) -> frozenset[str]:
        """Names that are stored as attributes, or bound in class bodies, anywhere."""
        out: set[str] = set()
        for module in self.modules:
            for node in module.written:
                if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                    out.add(node.attr)
                elif isinstance(node, ast.ClassDef):
                    for s in node.body:
                        targets = s.targets if isinstance(s, ast.Assign) else [getattr(s, "target", None)]
                        out.update(t.id for t in targets if isinstance(t, ast.Name))
        return frozenset(out)

    @cached_property
    def properties(self) -> frozenset[str]:
        """Attribute names that run user code when they are read."""
        return frozenset(name for name, defs in self.functions.items() for _, d in defs if d.decorator_list)

    @cached_property
    def lists(self) -> Project:
        """The same project, asked about plain lists, tuples and text alone."""
        return Project(self.modules, self.whole, kind="list")

    @cached_property
    def dicts(self) -> Project:
        """The same project, asked about plain dicts alone (counters have operators in place)."""
        return Project(self.modules, self.whole, kind="dict")

    @cached_property
    def sets(self) -> Project:
        """The same project, asked about plain lists, dicts and sets."""
        return Project(self.modules, self.whole, kind="sets")

    @cached_property
    def lists_and_dicts(self) -> Project:
        return Project(self.modules, self.whole, kind="both")

    @cached_property
    def mutators(self) -> frozenset[str]:
        """Methods that change a container of the kind in question."""
        unknown = {"": frozenset[str](), "list": NOT_OF_LISTS | OF_ARRAYS, "dict": NOT_OF_DICTS | OF_ARRAYS}
        return MUTATORS - unknown.get(self.kind, OF_ARRAYS)

    def mentions(self, name: str, but: Module) -> bool:
        """Whether another module could reach the global `name` of module `but`."""
        for module in self.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Attribute) and node.attr == name and module is not but:
                    return True
                if isinstance(node, ast.ImportFrom) and any(a.name in (name, "*") for a in node.names):
                    if module is not but:
                        return True
        return False

    @cached_property
    def threads(self) -> str:
        """Why other threads or callbacks could run at any moment; empty when they cannot."""
        for module in self.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                    if any(n.split(".")[0] in THREADS for n in names):
                        return f"{module.source.path} line {node.lineno}: threads or callbacks"
        return ""

    @cached_property
    def hidden(self) -> str:
        """Why code that nobody calls by name (operators, callbacks, generators) could change a container."""
        if not self.whole:
            return "a module of the project could not be read"
        for module in self.modules:
            if module.dynamic:
                return f"{module.source.path} uses {module.dynamic}"
        if self.threads:
            return self.threads
        for module in self.modules:
            for node in module.written:
                why = self._hidden_code(module, node)
                if why:
                    return why
        return ""

    def _hidden_code(self, module: Module, node: ast.AST) -> str:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            dunder = node.name in self.dunders
            if dunder or node.decorator_list or _is_generator(node):
                return self.loud_function(module, node)
        if isinstance(node, (ast.Lambda, ast.GeneratorExp)):
            return self.loud(module, [node], lambda e: self.made_here(module, e), hidden=False)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            parent = module.parents[node]
            if not (isinstance(parent, ast.Call) and parent.func is node):
                if node.attr in self.mutators and not module.imported(node):
                    return f"line {node.lineno}: {node.attr} is passed around"
                if node.attr in WRITERS or node.attr == "methodcaller":
                    return f"line {node.lineno}: {node.attr} is passed around"
                if node.attr in self.functions:
                    return self.loud_named(node.attr)
        if isinstance(node, ast.Call) and module.is_builtin(node.func, "getattr") and len(node.args) > 1:
            wanted = written_words(module, node.args[1])
            if wanted is None or wanted & (MUTATORS | WRITERS):
                return f"line {node.lineno}: getattr"
            for word in sorted(wanted & set(self.functions)):
                if why := self.loud_named(word):
                    return why
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            called = module.parents[node]
            if not (isinstance(called, ast.Call) and called.func is node):
                if module.imported(node).rsplit(".", 1)[-1] in WRITERS:
                    return f"line {node.lineno}: {node.id} is passed around"
            elif module.imported(node).endswith(".methodcaller"):
                return f"line {node.lineno}: methodcaller"
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in self.functions:
            parent = module.parents[node]
            if not is_variable(module, node) and not (isinstance(parent, ast.Call) and parent.func is node):
                return self.loud_named(node.id)
        return ""

    def loud_named(self, name: str) -> str:
        """Why some user function of this name could change a container it did not make."""
        for module, function in self.functions.get(name, ()):
            why = self.loud_function(module, function)
            if why:
                return why
        return ""

    def loud_function(self, module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
        if function in self._memo:
            return self._memo[function]
        if function in self._open:
            return ""  # a recursive call adds nothing to what its own body shows
        outermost = not self._open
        self._open[function] = None
        why = self._loud_body(module, function)
        if why:
            self._memo[function] = why
        if outermost:
            # all that was reached is quiet if the outermost is; else some answers may have leant on an open one
            if not why:
                self._memo.update(dict.fromkeys(self._open, ""))
            self._open.clear()
        return why

    def _loud_body(self, module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
        if function.name in QUIET_HELPERS and function in module.put_there:
            return ""
        for d in function.decorator_list:
            target = d.func if isinstance(d, ast.Call) else d
            if dotted(target).rsplit(".", 1)[-1] not in KNOWN_DECORATORS:
                return f"{function.name}: decorator {ast.unparse(target)}"
        # a generator hands control to whoever goes through it, which is code that is looked at too
        yields = [n for n in ast.walk(function) if isinstance(n, (ast.Yield, ast.YieldFrom))]
        why = self.loud(
            module,
            function.body,
            lambda e: self.made_here(module, e),
            hidden=False,
            allowed=yields,
            arrays=not self.kind,
        )
        return why and f"{function.name}: {why}"

    def made_here(self, module: Module, e: ast.expr) -> bool:
        """Whether what `e` means in a function that is called was made in this call, after what is in question."""
        return _fresh_local(self, module, e)

    def loud(
        self,
        module: Module,
        nodes: Iterable[ast.AST],
        apart: Callable[[ast.expr], bool],
        *,
        hidden: bool = True,
        allowed: Iterable[ast.AST] = (),
        arrays: bool = False,
    ) -> str:
        """Why `nodes` could change a container; an empty string when they cannot.

        `apart(expr)` says that what `expr` refers to is not the container in question. `allowed` nodes (calls or
        statements) are known to the caller.
        """
        if hidden and self.hidden:
            return self.hidden
        skip = set(allowed)
        for node in walk_all(nodes):
            if node in skip:
                continue
            why = self._loud_node(module, node, apart, arrays)
            if why:
                return f"line {getattr(node, 'lineno', 0)}: {why}"
        return ""

    def _loud_node(self, module: Module, node: ast.AST, apart: Callable[[ast.expr], bool], arrays: bool) -> str:
        match node:
            case ast.AugAssign(target=ast.Name() | ast.Attribute(), op=op) if self.kind and not isinstance(
                op, IN_PLACE[self.kind]
            ):
                return ""  # what is in question has no such operator in place
            case ast.Subscript(ctx=ast.Store() | ast.Del()):
                return "" if apart(node.value) else f"writes into {ast.unparse(node.value)}"
            case ast.AugAssign(op=ast.Div() | ast.FloorDiv() | ast.Mod() | ast.Pow() | ast.LShift() | ast.RShift()) if (
                not arrays and not isinstance(node.target, ast.Subscript)
            ):
                return ""  # containers have no such operator in place
            case ast.AugAssign(op=ast.Add() | ast.Sub(), value=value) if (
                not arrays
                and not isinstance(node.target, ast.Subscript)
                and (_number(module, value) or scalar_value(self, module, value, text=False))
            ):
                return ""  # a list plus a number raises
            case ast.AugAssign(target=ast.Name() as target):
                return "" if apart(target) else f"{target.id} may be changed in place"
            case ast.AugAssign(target=ast.Attribute() as target):
                return "" if apart(target) else f"{ast.unparse(target)} may be changed in place"
            case ast.AugAssign(target=ast.Subscript() as target):
                number = not arrays and _number(module, node.value)
                return (
                    ""
                    if apart(target.value) and (number or apart(target))
                    else f"{ast.unparse(target)} may be changed in place"
                )
            case ast.Await() | ast.Yield() | ast.YieldFrom() | ast.AsyncFor() | ast.AsyncWith():
                return "hands control away"
            case ast.Import() | ast.ImportFrom():
                return "imports"
            case ast.Global() | ast.Nonlocal():
                return ""
            case ast.Call():
                return self._loud_call(module, node, apart)
        return ""

    def _loud_call(self, module: Module, call: ast.Call, apart: Callable[[ast.expr], bool]) -> str:
        func = call.func
        for k in call.keywords:
            if k.arg in ("inplace", "out") and not (isinstance(k.value, ast.Constant) and not k.value.value):
                return f"{k.arg}= writes into an argument"
        name = module.imported(func)
        if name and not self._is_user_module(name):
            last = name.rsplit(".", 1)[-1]
            if last in WRITERS or last == "at":
                ok = bool(call.args) and all(apart(a) for a in call.args[:1])
                return "" if ok else f"{name} writes into its argument"
            return ""
        if isinstance(func, ast.Name):
            if module.is_builtin(func):
                if func.id in QUIET_BUILTINS:
                    return ""
                return f"calls {func.id}"
            if func.id in self.functions or func.id in self.classes:
                if func.id in self.classes:
                    return self._loud_class(func.id, set())
                return self.loud_named(func.id)
            return ""  # a callable value is hidden code (a lambda, a function or method passed around): all quiet
        if isinstance(func, ast.Attribute):
            why = self.loud_named(func.attr)
            if why:
                return why
            if func.attr in self.classes:
                return self._loud_class(func.attr, set())
            if func.attr in self.mutators and not apart(func.value):
                return f"{ast.unparse(func)} may change it"
            if func.attr == "shuffle" and not all(apart(a) for a in call.args[:1]):
                return f"{ast.unparse(func)} writes into its argument"
            return ""
        return ""  # the result of a call or subscript: hidden code, which is quiet

    def _is_user_module(self, name: str) -> bool:
        parts = name.split(".")
        for module in self.modules:
            stem = module.source.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            if any(stem == p or stem.endswith("." + p) for p in (parts[0], ".".join(parts[:-1]))) or (
                stem.split(".")[0] == parts[0]
            ):
                return True
        return False

    def _loud_class(self, name: str, seen: set[str]) -> str:
        """Why making an instance could change a container: constructors may only store into `self`."""
        if name in seen:
            return ""
        seen.add(name)
        for module, cls in self.classes[name]:
            for d in cls.decorator_list:
                target = d.func if isinstance(d, ast.Call) else d
                if dotted(target).rsplit(".", 1)[-1] not in KNOWN_DECORATORS:
                    return f"class {name}: decorator"
            for s in cls.body:
                if isinstance(s, ast.FunctionDef) and s.name in QUIET_DUNDERS:
                    why = self.loud_function(module, s)
                    if why:
                        return why
            for base in cls.bases:
                last = dotted(base).rsplit(".", 1)[-1]
                if last in self.classes:
                    why = self._loud_class(last, seen)
                    if why:
                        return why
            if any(k.arg == "metaclass" for k in cls.keywords):
                return f"class {name}: metaclass"
        return ""

    # -- private containers ------------------------------------------------------------------------------------

    def fresh_value(self, module: Module, e: ast.expr | None, depth: int = 0) -> bool:
        """Whether evaluating `e` makes an object that nobody else holds (or an immutable one)."""
        match e:
            case ast.Constant() | ast.List() | ast.ListComp() | ast.Dict() | ast.DictComp() | ast.Set() | ast.SetComp():
                return True
            case ast.JoinedStr() | ast.Compare() | ast.Tuple() | ast.GeneratorExp():
                return True
            case ast.BinOp() | ast.UnaryOp():
                return not self.dunders & OPERATORS
            case ast.IfExp():
                return self.fresh_value(module, e.body, depth) and self.fresh_value(module, e.orelse, depth)
            case ast.BoolOp():
                return all(self.fresh_value(module, v, depth) for v in e.values)
            case ast.Subscript(slice=ast.Slice(), value=ast.ListComp() | ast.List()):
                return True
            case ast.Subscript(slice=ast.Slice(), value=ast.Call(func=f)):
                # a list's slice is a new list (an array's is a view)
                return module.is_builtin(f, "sorted", "list", "str", "tuple")
            case ast.Call(func=ast.Name() as f) if module.is_builtin(f):
                return f.id in FRESH_BUILTINS
            case ast.Call(func=f):
                name = module.imported(f)
                if name in FRESH_CALLS or (name.startswith("math.") and not self._is_user_module(name)):
                    return True
                if isinstance(f, ast.Attribute) and not name:
                    return f.attr in FRESH_METHODS and f.attr not in self.functions and f.attr not in self.attributes
                if isinstance(f, ast.Name) and depth < 3:
                    defs = self.functions.get(f.id, [])
                    owner = module.owner(f.id, f)
                    if len(defs) == 1 and defs[0][0] is module and owner is module.tree:
                        if len(module.bindings(f.id, module.tree)) == 1:
                            return self._returns_fresh(module, defs[0][1], depth + 1)
        return False

    def _returns_fresh(self, module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef, depth: int) -> bool:
        if function.decorator_list or _is_generator(function) or isinstance(function, ast.AsyncFunctionDef):
            return False
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and module.function(node) is function and node.value is not None:
                v = node.value
                if isinstance(v, ast.Name):
                    if module.owner(v.id, v) is not function:
                        return False
                    if not self.fresh_name(module, v.id, function, depth) or escapes(
                        self, module, v.id, function, None
                    ):
                        return False
                elif isinstance(v, ast.Tuple) or not self.fresh_value(module, v, depth):
                    return False
        return True

    def fresh_name(self, module: Module, name: str, scope: ast.AST, depth: int = 0) -> bool:
        """Whether every binding of `name` in `scope` is to a fresh value."""
        bound = module.bindings(name, scope)
        if not bound or isinstance(scope, ast.ClassDef):
            return False
        for b in bound:
            if b.how == "augment" or b.how == "declare":
                continue
            if not self.fresh_value(module, _given(module, b), depth):
                return False
            parent = module.parents[b.node]
            if isinstance(parent, ast.NamedExpr) or (isinstance(parent, ast.Assign) and len(parent.targets) > 1):
                return False  # a = b = [] and f(a := []): somebody else has it too
        return True


OPERATORS = frozenset(
    "__add__ __radd__ __iadd__ __sub__ __rsub__ __mul__ __rmul__ __truediv__ __rtruediv__ __floordiv__ "
    "__mod__ __pow__ __matmul__ __and__ __or__ __ror__ __rand__ __xor__ __neg__ __pos__ __invert__ "
    "__lshift__ __rshift__ __rfloordiv__ __rmod__ __rpow__ __rmatmul__ __rxor__ __rlshift__ __rrshift__ __divmod__ "
    "__isub__ __imul__ __ior__ __iand__ __ixor__ __itruediv__ __ifloordiv__ __imod__ __ipow__ __imatmul__".split()
)


def written_words(module: Module, e: ast.expr) -> set[str] | None:
    """The texts that an expression may be, where they are written down: `"kwh"`, or a variable of
    `for word in ("kwh", "price")`; None where they are not."""
    if isinstance(e, ast.Constant):
        return {e.value} if isinstance(e.value, str) else set()
    scope = module.owner(e.id, e) if isinstance(e, ast.Name) else None
    out: set[str] = set()
    for b in module.bindings(e.id, scope) if isinstance(e, ast.Name) and scope is not None else ():
        loop = module.parents[b.node]
        if b.how != "loop" or not isinstance(loop, (ast.For, ast.comprehension)):
            return None
        if not isinstance(loop.iter, (ast.Tuple, ast.List, ast.Set)):
            return None
        for word in loop.iter.elts:
            if not isinstance(word, ast.Constant) or not isinstance(word.value, str):
                return None
            out.add(word.value)
    return out or None


def _number(module: Module, e: ast.expr) -> bool:
    """Whether `e` is a number by its syntax."""
    if isinstance(e, ast.UnaryOp):
        e = e.operand
    if isinstance(e, ast.Constant):
        return isinstance(e.value, (int, float))
    return isinstance(e, ast.Call) and module.is_builtin(e.func, "len", "int", "float", "ord", "id", "hash")


def _is_generator(function: ast.AST) -> bool:
    body = getattr(function, "body", [])
    stack = list(body) if isinstance(body, list) else [body]
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(node))
    return False


def _fresh_local(project: Project, module: Module, e: ast.expr) -> bool:
    """Whether what `e` refers to was made in this call of the function around it, after any container in question."""
    if isinstance(e, ast.Name):
        scope = module.owner(e.id, e)
        if scope is None:
            return False
        if scalar_name(project, module, e.id, scope):
            return True
        return _own_scope(module, e, scope) and project.fresh_name(module, e.id, scope)
    if isinstance(e, ast.Attribute):
        return scalar_attribute(project, e.attr)
    if isinstance(e, ast.Subscript) and isinstance(e.value, ast.Name):
        scope = module.owner(e.value.id, e.value)
        return scope is not None and _own_scope(module, e, scope) and deep_fresh(project, module, e.value.id, scope)
    return project.fresh_value(module, e)


def _own_scope(module: Module, e: ast.expr, scope: ast.AST) -> bool:
    """Whether `scope` is the function that `e` runs in, and each call of it runs through (a closure's variable or a
    generator's may have been handed out before)."""
    if not isinstance(scope, FUNCTIONS) or module.function(e) is not scope or _is_generator(scope):
        return False
    return not any(isinstance(at, ast.GeneratorExp) for at in module.up(e))


def use_kind(project: Project, module: Module, name: ast.expr) -> str:
    """How an expression that refers to a container uses it: read | mutate | bind | return | escape.

    A read neither changes the container nor lets anything else hold on to it (views of a dict aside, which only read).
    """
    ctx = getattr(name, "ctx", None)
    parent = module.parents[name]
    if isinstance(ctx, (ast.Store, ast.Del)):
        return "mutate" if isinstance(parent, ast.AugAssign) else "bind"
    match parent:
        case ast.Compare() | ast.FormattedValue() | ast.Starred() | ast.Expr():
            return "read"
        case ast.For(iter=it) | ast.comprehension(iter=it) if it is name:
            return "read"
        case ast.If() | ast.While() | ast.Assert():
            return "read"
        case ast.IfExp(test=test) if test is name:
            return "read"
        case ast.UnaryOp():
            return "read"
        case ast.BinOp():
            return "escape" if project.dunders & OPERATORS else "read"
        case ast.BoolOp():
            top, holder = module.around_logic(parent)
            if isinstance(holder, (ast.If, ast.While, ast.Assert)) or (
                isinstance(holder, ast.IfExp) and holder.test is top
            ):
                return "read"
            return "escape"
        case ast.AugAssign(value=value) if value is name:
            return "escape" if project.dunders & OPERATORS else "read"
        case ast.Assign(targets=[ast.Tuple() | ast.List()]):
            return "read"
        case ast.Subscript(value=value) if value is name:
            return "read" if isinstance(parent.ctx, ast.Load) else "mutate"
        case ast.Subscript():
            asked = {"__getitem__", "__setitem__", "__delitem__", "__missing__", "__class_getitem__"}
            return "escape" if asked & set(project.functions) else "read"
        case ast.Attribute():
            outer = module.parents[parent]
            if isinstance(parent.ctx, ast.Load) and isinstance(outer, ast.Call) and outer.func is parent:
                if parent.attr in MUTATORS:
                    return "mutate"
                if parent.attr in READING_METHODS and parent.attr not in project.functions:
                    return "read"
            return "escape"
        case ast.Call() if name in parent.args:
            return _argument_kind(project, module, parent, name)
        case ast.Return():
            return "return"
        case ast.Tuple() if isinstance(module.parents[parent], ast.Return):
            return "return"
    return "escape"


def _argument_kind(project: Project, module: Module, call: ast.Call, name: ast.expr) -> str:
    func = call.func
    if (
        module.is_builtin(func, "max", "min", "sum")
        and len(call.args) > 1
        and (call.args[0] is not name or not module.is_builtin(func, "sum"))
    ):
        return "escape"  # `max(these, those)` is one of them
    if module.is_builtin(func):
        return "read" if isinstance(func, ast.Name) and func.id in READING_BUILTINS else "escape"
    target = module.imported(func)
    if target:
        if project._is_user_module(target):
            return "escape"
        last = target.rsplit(".", 1)[-1]
        looks = LOOKING_CALLS.get(target.split(".")[0])
        if looks is not None and (
            target.partition(".")[2] not in looks or any(k.arg in (None, "cls") for k in call.keywords)
        ):
            return "mutate" if last in WRITERS and call.args[:1] == [name] else "escape"
        if target.startswith("bisect.") and call.args[0] is not name:
            return "escape"  # is compared with what is there
        if {"__array_function__", "__array_ufunc__"} & project.dunders:
            return "escape"
        if last in WRITERS or last in (
            "asarray",
            "asanyarray",
            "frombuffer",
            "partial",
            "cycle",
            "ravel",
            "reshape",
            "repeat",
            "ChainMap",
        ):
            return "mutate" if last in WRITERS and call.args[:1] == [name] else "escape"
        top = target.split(".")[0]
        if top in (
            "numpy",
            "math",
            "statistics",
            "json",
            "collections",
            "random",
            "bisect",
            "heapq",
            "itertools",
            "re",
        ):
            return "read"
        return "escape"
    if isinstance(func, ast.Attribute):
        if func.attr in project.functions or func.attr in project.attributes:
            return "escape"
        if func.attr in ("extend", "update", "join", "union", "intersection", "difference", "isin", "issubset"):
            return "read"
    return "escape"


def to_user_function(project: Project, module: Module, use: ast.expr) -> bool:
    """Whether a use is an argument of a call to a user's function by its name. (Such calls are judged as calls.)"""
    call = module.parents[use]
    if isinstance(call, ast.keyword):
        call = module.parents[call]
    if not isinstance(call, ast.Call) or call.func is use:
        return False
    func = call.func
    if isinstance(func, ast.Name):
        return func.id in project.functions and func.id not in project.classes
    return isinstance(func, ast.Attribute) and func.attr in project.functions and func.attr not in project.attributes


def escapes(project: Project, module: Module, name: str, scope: ast.AST, stretch: ast.AST | None) -> str:
    """Why something other than `name` could hold its container before `stretch` ends (None: before a return)."""
    last = getattr(stretch, "end_lineno", None) if stretch is not None else None
    for use in module.uses(name, scope):
        kind = use_kind(project, module, use)
        local = module.function(use) is scope
        if kind in ("read", "bind") and (local or kind == "read"):
            continue
        if local and kind == "mutate":
            continue
        if local and kind == "return":
            continue
        if local and last is not None and use.lineno > last and not _in_loop_with(module, use, stretch):
            continue
        return f"line {use.lineno}: {name} can be reached from elsewhere"
    return ""


def _in_loop_with(module: Module, use: ast.AST, stretch: ast.AST | None) -> bool:
    """Whether a loop around `stretch` also holds `use`, so that it runs before the next time round."""
    assert stretch is not None
    loops = {n for n in module.up(stretch) if isinstance(n, (ast.For, ast.While, ast.AsyncFor))}
    return any(n in loops for n in module.up(use))


@dataclass(frozen=True)
class Frozen:
    """A container that stays as it is during a stretch, given that the objects named `apart` are other objects."""

    apart: tuple[str, ...] = ()
    private: bool = False
    why_not: str = ""

    @property
    def ok(self) -> bool:
        return not self.why_not


def frozen_during(
    project: Project,
    module: Module,
    container: ast.expr,
    stretch: ast.AST,
    *,
    growth: Iterable[ast.AST] = (),
    allowed: Iterable[ast.AST] = (),
    items: bool = False,
) -> Frozen:
    """Whether the container that `container` (a name or `self.x`) means stays as it is while `stretch` runs.

    `growth`: statements of the stretch that change it and that the caller accounts for (`seen.append(x)`).
    `allowed`: single nodes that write into something, and that the caller accounts for. With `items`, nothing may be
    written into its items either, so that it is not enough that nobody else holds the container.
    """
    if module.dynamic:
        return Frozen(why_not=f"the module uses {module.dynamic}")
    growth = list(growth)
    accounted = [*allowed, *(n for g in growth for n in ast.walk(g))]
    grown = {n for g in growth for n in ast.walk(g)}
    root = container if isinstance(container, ast.Name) else None
    if isinstance(container, ast.Attribute) and isinstance(container.value, ast.Name):
        return _frozen_attribute(project, module, container, stretch, growth, accounted)
    if root is None:
        return Frozen(why_not="not a name")
    scope = module.owner(root.id, root)
    if scope is None or isinstance(scope, ast.ClassDef):
        return Frozen(why_not=f"{root.id} is not bound here")
    inside = set(ast.walk(stretch))
    for use in module.uses(root.id, scope):
        kind = use_kind(project, module, use)
        if use in inside and use not in grown:
            if kind in ("bind", "mutate"):
                return Frozen(why_not=f"line {use.lineno}: {root.id} changes in the loop")
            if kind == "escape":
                if not to_user_function(project, module, use):
                    return Frozen(why_not=f"line {use.lineno}: {root.id} is handed on in the loop")
                items = True  # not private any more: the function has to be quiet
        elif kind in ("bind", "mutate") and module.function(use) is not scope:
            return Frozen(why_not=f"line {use.lineno}: {root.id} changes in a nested function")
        elif kind == "bind" and isinstance(scope, ast.Module) and module.function(stretch) is not scope:
            # a global read in a function: only the module's own top level may bind it
            if module.function(use) is not scope:
                return Frozen(why_not=f"line {use.lineno}: {root.id} is rebound")
    if isinstance(scope, ast.Module) and project.mentions(root.id, module):
        return Frozen(why_not=f"{root.id} is used by another module")
    if isinstance(scope, ast.Module) and (project.threads or not project.whole):
        return Frozen(why_not=project.threads or "a module of the project is not known")
    if (
        not items
        and project.fresh_name(module, root.id, scope)
        and not escapes(project, module, root.id, scope, stretch)
    ):
        if (
            not isinstance(scope, ast.Module)
            or module.function(stretch) is scope
            or not _mutated_anywhere(project, module, root.id, scope, growth)
        ):
            return Frozen(private=True)
    distinct: dict[str, None] = {}

    def apart(e: ast.expr) -> bool:
        if items and isinstance(e, ast.Subscript) and isinstance(e.value, ast.Name) and e.value.id == root.id:
            return False  # one of its items
        return _apart(project, module, e, root.id, scope, inside, distinct)

    why = project.loud(module, [stretch], apart, allowed=accounted)
    return Frozen(tuple(distinct), why_not=why)


def _mutated_anywhere(project: Project, module: Module, name: str, scope: ast.AST, growth: Iterable[ast.AST]) -> bool:
    """Whether some function of the module changes this global."""
    return any(
        use_kind(project, module, u) == "mutate" and module.function(u) is not scope for u in module.uses(name, scope)
    )


def _apart(
    project: Project,
    module: Module,
    e: ast.expr,
    name: str,
    scope: ast.AST | None,
    inside: set[ast.AST],
    distinct: dict[str, None],
) -> bool:
    """Whether `e` is not the container `name`; notes in `distinct` the names that a guard has to tell apart."""
    if isinstance(e, ast.Name):
        owner = module.owner(e.id, e)
        if owner is None or (e.id == name and owner is scope):
            return False
        if scalar_name(project, module, e.id, owner):
            return True
        if project.fresh_name(module, e.id, owner):
            # made here: it can only be the container if that one was bound from it
            if not escapes(project, module, e.id, owner, None) or scope is None:
                return True
        stores = [u for u in module.uses(e.id, owner) if not isinstance(u.ctx, ast.Load)]
        if any(module.function(u) is not owner for u in stores):
            return False  # a function inside, which the stretch may call, binds it
        stores = [u for u in stores if u in inside]
        if any(not isinstance(module.parents[u], ast.AugAssign) for u in stores):
            return False
        if stores and project.dunders & OPERATORS:
            return False  # else `x += y` gives x itself or what is new, and never what is in question
        if isinstance(owner, ast.ClassDef) or module.function(e) is not owner:
            return False
        distinct[e.id] = None
        return True
    if isinstance(e, ast.Subscript) and isinstance(e.value, ast.Name):
        owner = module.owner(e.value.id, e.value)
        return owner is not None and deep_fresh(project, module, e.value.id, owner)
    if isinstance(e, ast.Attribute):
        return scalar_attribute(project, e.attr)
    return project.fresh_value(module, e)


def scalar_attribute(project: Project, attr: str) -> bool:
    """Whether all that is ever stored under this attribute name is a number or string written down (or added up)."""
    if attr not in project.attributes or attr in project.properties or "__setattr__" in project.dunders:
        return False
    for module in project.modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and node.attr == attr and not isinstance(node.ctx, ast.Load):
                parent = module.parents[node]
                if isinstance(parent, ast.AugAssign):
                    continue
                if not (isinstance(parent, ast.Assign) and isinstance(parent.value, ast.Constant)):
                    return False
            elif isinstance(node, ast.ClassDef):
                for s in node.body:
                    for n in ast.walk(s) if isinstance(s, (ast.Assign, ast.AnnAssign)) else ():
                        if isinstance(n, ast.Name) and n.id == attr and not isinstance(n.ctx, ast.Load):
                            return False
    return True


def scalar_name(project: Project, module: Module, name: str, scope: ast.AST) -> bool:
    """Whether `name` is bound only to numbers and strings (then `name += x` makes a new object)."""
    bound = [b for b in module.bindings(name, scope) if b.how not in ("augment", "declare")]
    return bool(bound) and all(scalar_value(project, module, _given(module, b)) for b in bound)


# Functions of `math` that give a float or an int, whatever they are asked
SCALAR_MATH = frozenset(
    "acos acosh asin asinh atan atan2 atanh cbrt comb copysign cos cosh degrees dist erf erfc exp exp2 expm1 fabs "
    "factorial fmod fsum gamma gcd hypot isclose isfinite isinf isnan isqrt lcm ldexp lgamma log log10 log1p log2 "
    "perm pow radians remainder sin sinh sqrt tan tanh".split()
)
SCALAR_BUILTINS = frozenset("bool chr float hash id int len ord repr str".split())
TEXT_BUILTINS = frozenset({"chr", "repr", "str"})


def scalar_value(project: Project, module: Module, e: ast.expr | None, depth: int = 0, text: bool = True) -> bool:
    """Whether `e` is a number, a string (if `text`) or None by its syntax: nobody can change what it means."""
    match e:
        case ast.Constant(value=value):
            return text or not isinstance(value, (str, bytes))
        case ast.JoinedStr():
            return text
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.UnaryOp(operand=operand):
            return scalar_value(project, module, operand, depth, text)
        case ast.BinOp(left=left, right=right):
            return all(scalar_value(project, module, side, depth, text) for side in (left, right))
        case ast.IfExp(body=body, orelse=orelse):
            return all(scalar_value(project, module, side, depth, text) for side in (body, orelse))
        case ast.BoolOp(values=values):
            return all(scalar_value(project, module, v, depth, text) for v in values)
        case ast.Call(func=ast.Name() as f) if module.is_builtin(f):
            # a class of the project may say what `int` and the like make of it: still a number or a string
            return f.id in SCALAR_BUILTINS and (text or f.id not in TEXT_BUILTINS)
        case ast.Name(id=name):
            # not one that is added to: `0 + array` is an array
            scope = module.owner(name, e)
            bound = module.bindings(name, scope) if scope is not None and depth < 3 else []
            if not bound or isinstance(scope, ast.ClassDef) or any(b.how != "assign" for b in bound):
                return False
            if isinstance(scope, ast.Module) and project.mentions(name, module):
                return False
            return all(scalar_value(project, module, b.value, depth + 1, text) for b in bound)
        case ast.Call(func=f):
            name = module.imported(f)
            if name == "datetime.timedelta":
                return not project._is_user_module(name)
            if name.startswith("math.") and not project._is_user_module(name):
                return name.removeprefix("math.") in SCALAR_MATH
            return not name and depth < 3 and _gives_scalars(project, module, f, depth + 1, text)
    return False


def _gives_scalars(project: Project, module: Module, called: ast.expr, depth: int, text: bool = True) -> bool:
    """Whether a call of an own function, or of a method of `self`, gives a number or a string (if `text`)."""
    if not project.whole or any(m.dynamic or "setattr" in m.names or "__dict__" in m.names for m in project.modules):
        return False
    if isinstance(called, ast.Name):
        name = called.id
        defs = project.functions.get(name, [])
        if len(defs) != 1 or defs[0][0] is not module or module.owner(name, called) is not module.tree:
            return False
        if len(module.bindings(name, module.tree)) != 1 or module.parents[defs[0][1]] is not module.tree:
            return False
    elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        name = called.attr
        if not _is_self(project, module, called.value):
            return False
        # whatever class of the project it is: one that inherits may have a method of its own of that name
        defs = project.functions.get(name, [])
        if any(isinstance(n, ast.Name) and n.id == name for m in project.modules for n in ast.walk(m.tree)):
            return False  # perhaps bound in a class body
    else:
        return False
    if name in project.attributes:
        return False  # perhaps put in its place
    return bool(defs) and all(isinstance(d, ast.FunctionDef) and _scalars(project, m, d, depth, text) for m, d in defs)


def _is_self(project: Project, module: Module, name: ast.Name) -> bool:
    """Whether a name is the object that a plain method of a plain class of the project was called on."""
    around = module.function(name)
    if not isinstance(around, ast.FunctionDef) or around.decorator_list or not around.args.args:
        return False
    own, home = around.args.args[0].arg, module.parents[around]
    if around.args.posonlyargs or name.id != own or len(module.bindings(own, around)) != 1:
        return False
    if not isinstance(home, ast.ClassDef) or home.keywords or any(dotted(b) != "object" for b in home.bases):
        return False
    if any(not dotted(d.func if isinstance(d, ast.Call) else d).endswith("dataclass") for d in home.decorator_list):
        return False
    return "__getattribute__" not in project.dunders and not _asked_of_classes(project)


def _scalars(project: Project, module: Module, function: ast.FunctionDef, depth: int, text: bool = True) -> bool:
    """Whether all that a function returns are numbers and (if `text`) strings."""
    if function.decorator_list or _is_generator(function):
        return False
    for node in ast.walk(function):
        if not isinstance(node, ast.Return) or module.function(node) is not function or node.value is None:
            continue
        v = node.value
        if isinstance(v, ast.Name):
            # not one that is added to: `0 + array` is an array, which somebody else may have as well
            bound = module.bindings(v.id, function) if module.owner(v.id, v) is function else []
            if not bound or any(b.how == "augment" for b in bound):
                return False
            if not all(scalar_value(project, module, _given(module, b), depth, text) for b in bound):
                return False
        elif not scalar_value(project, module, v, depth, text):
            return False
    return True


@lru_cache(maxsize=8)
def _asked_of_classes(project: Project) -> bool:
    """Whether a method is taken from its class somewhere (`Model.score(x, 1)`): then `self` may be anything."""
    return any(
        isinstance(n, ast.Attribute)
        and n.attr in project.functions
        and dotted(n.value).rpartition(".")[2] in project.classes
        for module in project.modules
        for n in ast.walk(module.tree)
    )


def _given(module: Module, b: Binding) -> ast.expr | None:
    """What a name is bound to where that is written down, in `a, b = [], 0` too."""
    if b.how == "assign":
        return b.value
    pair = module.parents.get(b.node) if b.how == "unpack" else None
    statement = module.parents.get(pair) if pair is not None else None
    if isinstance(pair, ast.Tuple) and isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        values = statement.value.elts if isinstance(statement.value, ast.Tuple) else []
        if len(values) == len(pair.elts) and not any(isinstance(e, ast.Starred) for e in (*values, *pair.elts)):
            return next(v for v, e in zip(values, pair.elts, strict=True) if e is b.node)
    return None


def is_variable(module: Module, node: ast.Name) -> bool:
    """Whether a name is no function, class or import where it stands (one that it was given was handed on before)."""
    owner = module.owner(node.id, node)
    return owner is not None and not any(b.how in ("def", "import") for b in module.bindings(node.id, owner))


def deep_fresh(project: Project, module: Module, name: str, scope: ast.AST) -> bool:
    """Whether the items of `name` are containers made for it alone (`groups = defaultdict(list)`)."""
    if not project.fresh_name(module, name, scope) or escapes(project, module, name, scope, None):
        return False
    for b in module.bindings(name, scope):
        match b.value:
            case ast.Dict(keys=[]) | ast.List(elts=[]):
                pass
            case ast.List(elts=elts) if all(isinstance(x, ast.Constant) for x in elts):
                pass
            case ast.BinOp(left=ast.List(elts=[ast.Constant()]), op=ast.Mult()):
                pass
            case ast.ListComp(elt=elt) if isinstance(elt, (ast.List, ast.ListComp, ast.Constant, ast.BinOp)):
                if not project.fresh_value(module, elt):
                    return False
            case ast.Call(args=[ast.Name(id="list" | "dict" | "set" | "int" | "float")]) if (
                module.imported(b.value.func) == "collections.defaultdict"
            ):
                pass
            case ast.Call(func=f) if module.imported(f) in ("numpy.zeros", "numpy.ones", "numpy.full", "numpy.empty"):
                pass
            case ast.Call(func=f, args=[], keywords=[]) if (
                module.is_builtin(f, "dict", "list") or module.imported(f) == "collections.Counter"
            ):
                pass
            case _:
                return False
    for use in module.uses(name, scope):
        parent = module.parents[use]
        outer = module.parents[parent]
        if isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Store):
            if isinstance(outer, ast.Assign):
                if not project.fresh_value(module, outer.value):
                    return False
            elif not isinstance(outer, ast.AugAssign):
                return False
        elif isinstance(parent, ast.Attribute) and isinstance(outer, ast.Call) and outer.func is parent:
            if parent.attr in MUTATORS and not all(project.fresh_value(module, a) for a in outer.args):
                return False
        elif isinstance(parent, ast.AugAssign):
            return False
    return True


def _frozen_attribute(
    project: Project,
    module: Module,
    container: ast.Attribute,
    stretch: ast.AST,
    growth: list[ast.AST],
    accounted: list[ast.AST],
) -> Frozen:
    """`self.words` in a loop: nothing stores to an attribute of that name, and nothing changes a list."""
    attr = container.attr
    base = container.value
    assert isinstance(base, ast.Name)
    if attr in project.properties or {"__getattr__", "__getattribute__"} & project.dunders:
        return Frozen(why_not=f"{attr} may run code")
    if attr.startswith("__") and not attr.endswith("__"):
        return Frozen(why_not=f"{attr} goes by another name outside its class")
    scope = module.owner(base.id, base)
    inside = set(ast.walk(stretch))
    if scope is None or any(u in inside and not isinstance(u.ctx, ast.Load) for u in module.uses(base.id, scope)):
        return Frozen(why_not=f"{base.id} changes in the loop")
    grown = {n for g in growth for n in ast.walk(g)}
    for node in inside:
        if isinstance(node, ast.Attribute) and node.attr == attr and node not in grown:
            if use_kind(project, module, node) not in ("read",):
                return Frozen(why_not=f"line {node.lineno}: .{attr} changes or is handed on in the loop")
    elsewhere = False
    for m in project.modules:
        for node in ast.walk(m.tree):
            if isinstance(node, ast.Attribute) and node.attr == attr and not isinstance(node.ctx, ast.Load):
                holder = m.function(node)
                elsewhere |= not (isinstance(holder, ast.FunctionDef) and holder.name == "__init__")
            if isinstance(node, ast.Name) and node.id in ("setattr", "delattr"):
                return Frozen(why_not="setattr")
            if isinstance(node, ast.Attribute) and node.attr == "__dict__":
                return Frozen(why_not="__dict__")
    if elsewhere:
        from hasten.passes.source.containers.meanwhile import binds  # it builds on this module

        why = binds(project, module, stretch, attr)
        if why:
            return Frozen(why_not=why)
    distinct: dict[str, None] = {}

    def apart(e: ast.expr) -> bool:
        return _apart(project, module, e, "", None, inside, distinct)

    why = project.loud(module, [stretch], apart, allowed=accounted)
    return Frozen(tuple(distinct), why_not=why)


def _files(root: Path) -> dict[str, list[str]]:
    """Paths (relative to the root) of Python files, by the module name that an import would use."""
    out: dict[str, list[str]] = {}
    stack = [root]
    count = 0
    while stack and count < MAX_ENTRIES:
        folder = stack.pop()
        try:
            entries = sorted(folder.iterdir())
        except OSError:
            continue
        for e in entries:
            count += 1
            if e.suffix == ".py":
                path = e.relative_to(root).as_posix()
                out.setdefault(folder.name if e.name == "__init__.py" else e.stem, []).append(path)
            elif not e.name.startswith(".") and e.name not in SKIP_FOLDERS and e.is_dir():
                if not e.is_symlink() and not (e / "pyvenv.cfg").exists():
                    stack.append(e)
    return out


def _imported_words(module: Module) -> set[str]:
    words: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            words.update(p for a in node.names for p in a.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            words.update((node.module or "").split("."))
            words.update(a.name for a in node.names)
    return words


@lru_cache(maxsize=8)
def _project(root: Path, main: SourceFile, others: tuple[SourceFile, ...], entry: str) -> Project:
    """The file, the entry, and what they import, directly or not, of the files below the root."""
    given = {s.path: s for s in (*others, main)}
    files = _files(root)
    todo = list(dict.fromkeys((main.path, entry)))
    found: dict[str, Module] = {}
    whole = True
    while todo:
        path = todo.pop()
        if path in found:
            continue
        try:
            source = given.get(path) or SourceFile(path, (root / path).read_bytes())
            module = module_of(source)
            words = _imported_words(module)
        except OSError:
            whole = whole and path != entry
            continue
        except (SyntaxError, ValueError):
            continue  # it cannot be imported either
        found[path] = module
        if module.names & {"import_module", "__import__", "run_path", "run_module", "spec_from_file_location"}:
            whole = False
        for word in words:
            todo.extend(files.get(word, ()))
    return Project(tuple(found[p] for p in sorted(found)), whole)


def project_of(work: ScriptWorkload, path: str) -> Project:
    """The project around one file. Raises `OSError` and `SyntaxError` as reading that file does."""
    main = work.source(path)
    paths = {work.entry_path, *work.changed} - {path}
    others = []
    for p in sorted(paths):
        try:
            others.append(work.source(p))
        except OSError:
            continue
    return _project(work.root, main, tuple(others), work.entry_path)
