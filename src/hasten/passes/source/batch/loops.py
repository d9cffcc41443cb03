"""What a loop body does to the world, and what a value in it is made of.

The passes of this package compute something for all rows before the loop starts. That is the same only if nothing
in the loop changes what it is computed from. Everything here is a white list: a call, a store or a
statement that is not known makes the loop unsuitable, with the reason.

What is trusted by name: methods of built-in, NumPy and pandas values (`reshape`, `mean`, `append`, ...), unless a class
or function of the same file has a method of that name.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from hasten.kernel import names


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PURE_BUILTINS = _words(
    "abs bool dict divmod enumerate float frozenset int isinstance len list max min pow range reversed round set "
    "sorted str sum tuple zip any all complex repr"
)
PURE_MODULES = frozenset({"math", "cmath", "statistics", "operator", "scipy.spatial.distance"})
# NumPy functions that return a new value (or a view) and change nothing
PURE_NUMPY = _words(
    "abs absolute add all amax amin any append arange arccos arcsin arctan arctan2 argmax argmin argsort array "
    "asarray ascontiguousarray atleast_1d atleast_2d average cbrt ceil clip column_stack concatenate cos cosh "
    "cross cumsum diff divide dot exp exp2 expand_dims expm1 eye float32 float64 floor full hstack hypot inner "
    "int32 int64 isfinite isinf isnan linspace log log10 log1p log2 logical_and logical_not logical_or matmul max "
    "maximum mean median min minimum mod multiply nan_to_num nanmax nanmean nanmedian nanmin nanstd nansum "
    "negative ones ones_like outer percentile power prod ptp quantile ravel repeat reshape round searchsorted "
    "sign sin sinh sort sqrt square squeeze stack std subtract sum tan tanh tile trapezoid transpose unique var "
    "vstack where zeros zeros_like empty full_like linalg.norm linalg.det linalg.inv linalg.solve"
)
FRESH_NUMPY = PURE_NUMPY - _words(
    "asarray ascontiguousarray atleast_1d atleast_2d expand_dims ravel reshape squeeze transpose nan_to_num"
)
PURE_METHODS = _words(
    "all any argmax argmin argsort astype capitalize clip copy count cumsum dot endswith find flatten format get "
    "index isalnum isalpha isdigit item items join keys lower lstrip max mean median min prod ravel replace "
    "reshape round rstrip split squeeze startswith std strip sum title to_numpy tolist transpose upper values var "
    "iterrows itertuples to_list to_frame to_dict"
)
FRESH_METHODS = PURE_METHODS - _words("get item ravel reshape squeeze to_numpy transpose values items keys")
PURE_TORCH = _words(
    "tensor as_tensor from_numpy zeros ones full arange stack cat softmax log_softmax sigmoid tanh relu exp log sqrt "
    "abs argmax argmin max min sum mean std var flatten reshape squeeze unsqueeze clamp round where topk norm isfinite "
    "float float32 float64 long int64 int32 int bool"
)
TORCH_METHODS = _words(
    "unsqueeze view float double long int bool detach numpy cpu softmax log_softmax sigmoid tanh relu exp log sqrt abs "
    "square pow eq size dim numel permute contiguous clamp topk norm"
)  # of tensors, in files that import PyTorch
CHANGING_METHODS = _words(
    "add append appendleft clear discard extend insert pop popleft remove setdefault sort update reverse"
)
FRESH_BUILTINS = PURE_BUILTINS - frozenset({"max", "min", "reversed"})
CONTROL = (
    ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.If, ast.Pass, ast.Continue, ast.Break, ast.Return, ast.For,
    ast.Raise, ast.Assert, ast.Try,
)  # fmt: skip


def gradients_off(stmt: ast.stmt) -> str:
    """`no_grad` or `inference_mode` for a `with` that turns PyTorch's gradients off and does nothing else; or ""."""
    if isinstance(stmt, ast.With) and len(stmt.items) == 1 and stmt.items[0].optional_vars is None:
        text = ast.unparse(stmt.items[0].context_expr)
        return {"torch.no_grad()": "no_grad", "torch.inference_mode()": "inference_mode"}.get(text, "")
    return ""


class Refused(Exception):
    """Internal control flow of this package: this place is left alone, for the reason given."""


@dataclass(frozen=True)
class Module:
    """What a file's names stand for."""

    tree: ast.Module
    aliases: dict[str, str]  # name -> dotted module or module.member it was imported as
    functions: dict[str, ast.FunctionDef]  # module-level functions bound exactly once
    own_methods: frozenset[str]  # method names of this file's classes

    @classmethod
    @lru_cache(maxsize=8)  # one file is asked about for region after region
    def of(cls, tree: ast.Module) -> Module:
        meanings: dict[str, set[str]] = {}
        stores: Counter[str] = Counter()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for a in node.names:
                    name = a.asname or a.name.split(".")[0]
                    meanings.setdefault(name, set()).add(a.name if a.asname else name)
            elif isinstance(node, ast.ImportFrom):
                for a in node.names:
                    dotted = f"{'.' * node.level}{node.module or ''}.{a.name}"
                    meanings.setdefault(a.asname or a.name, set()).add(dotted)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                stores[node.name] += 1
            elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                stores[node.id] += 1
            elif isinstance(node, ast.arg):
                stores[node.arg] += 1
            elif isinstance(node, ast.ExceptHandler) and node.name:
                stores[node.name] += 1
        # imported twice under one name is one meaning; a name that is also assigned somewhere has none
        aliases = {n: next(iter(m)) for n, m in meanings.items() if len(m) == 1 and not stores[n]}
        functions = {
            n.name: n
            for n in tree.body
            if isinstance(n, ast.FunctionDef)
            and stores[n.name] == 1
            and n.name not in meanings
            and not n.decorator_list
        }
        methods = {
            f.name
            for c in ast.walk(tree) if isinstance(c, ast.ClassDef)
            for f in c.body if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef))
        }  # fmt: skip
        return cls(tree, aliases, functions, frozenset(methods))

    def dotted(self, node: ast.expr) -> str | None:
        """`numpy.linalg.norm` for `np.linalg.norm`; None for what is not reached through an import."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name) and node.id in self.aliases:
            return ".".join([self.aliases[node.id], *reversed(parts)])
        return None

    def pure_function(self, dotted: str) -> bool:
        head, _, _ = dotted.rpartition(".")
        if head in ("torch", "torch.nn.functional"):
            return dotted.rpartition(".")[2] in PURE_TORCH
        return head in PURE_MODULES or (dotted.startswith("numpy.") and dotted.removeprefix("numpy.") in PURE_NUMPY)

    @property
    def has_torch(self) -> bool:
        return any(d == "torch" or d.startswith("torch.") for d in self.aliases.values())

    def pure_method(self, name: str) -> bool:
        known = name in PURE_METHODS or (self.has_torch and name in TORCH_METHODS)
        return known and name not in self.own_methods

    def builtin(self, node: ast.expr) -> str | None:
        """The built-in that a name means here, when nothing in the file rebinds it."""
        if not isinstance(node, ast.Name) or not hasattr(builtins, node.id):
            return None
        return None if node.id in _all_bound(self.tree) else node.id


_BOUND_CACHE: dict[int, tuple[ast.Module, frozenset[str]]] = {}


def _all_bound(tree: ast.Module) -> frozenset[str]:
    known = _BOUND_CACHE.get(id(tree))
    if known is None or known[0] is not tree:
        found = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        found |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
        found |= {
            n.name for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        }
        found |= {
            (a.asname or a.name).split(".")[0]
            for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom)) for a in n.names
        }  # fmt: skip
        _BOUND_CACHE.clear()
        known = _BOUND_CACHE[id(tree)] = (tree, frozenset(found))
    return known[1]


def path_of(node: ast.expr) -> str | None:
    """`self.model` for a name or a chain of attributes of a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])


ACCESSORS = _words(
    "iloc loc at iat values shape size ndim dtype dtypes T columns index real imag flat str dt array empty name"
)


def without_accessors(path: str) -> str:
    """The object behind `frame.iloc` or `X.T.shape`: plain attributes of arrays and tables are left off the end."""
    head, _, last = path.rpartition(".")
    return without_accessors(head) if head not in ("", "self") and last in ACCESSORS else path


def overlapping(a: str, b: str) -> bool:
    """True when one dotted path is the other or leads to it."""
    return a == b or a.startswith(b + ".") or b.startswith(a + ".")


@dataclass
class Effects:
    """What statements may change: `changed` are paths of objects changed in place, `bound` names and attributes set."""

    bound: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    body: Sequence[ast.stmt] = ()
    updated: set[str] = field(default_factory=set)  # of `changed`: an element is updated in place (`x[k] += v`)
    objects: dict[str, str] = field(default_factory=dict)  # of `changed`: the program's own, and their classes


class Purity:
    """Judges expressions and statements of one file."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self._functions: dict[str, set[str]] = {}

    # expressions

    def reads(self, node: ast.expr, allowed: Iterable[ast.Call] = ()) -> set[str]:
        """Paths that a pure expression reads, globals of called functions included. Raises `Refused`.

        `allowed` are calls that the caller vouches for.
        """
        known = {id(c) for c in allowed}
        found: set[str] = set()
        self._expr(node, found, known, frozenset())
        return found

    def _expr(self, node: ast.AST, found: set[str], known: set[int], local: frozenset[str]) -> None:
        if isinstance(node, ast.Call):
            self._call(node, found, known, local)
            return
        if isinstance(node, (ast.Name, ast.Attribute)):
            path = path_of(node)
            if path is not None:
                root = path.split(".")[0]
                if root in local or root in self.module.aliases or self.module.builtin(ast.Name(root, ast.Load())):
                    return
                if root in self.module.functions:
                    raise Refused(f"the function {root} is used as a value")
                found.add(without_accessors(path))
                return
        if isinstance(node, names.COMPREHENSIONS):
            if isinstance(node, ast.GeneratorExp):
                pass  # consumed by the pure call around it, or kept unread
            inner = local
            for gen in node.generators:
                if gen.is_async:
                    raise Refused("an asynchronous comprehension")
                self._expr(gen.iter, found, known, inner)
                inner = inner | names.bound([gen.target])
                for test in gen.ifs:
                    self._expr(test, found, known, inner)
            parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            for part in parts:
                self._expr(part, found, known, inner)
            return
        if isinstance(node, (ast.Lambda, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)):
            raise Refused(f"{type(node).__name__.lower()} in the loop")
        for child in ast.iter_child_nodes(node):
            self._expr(child, found, known, local)

    def _call(self, node: ast.Call, found: set[str], known: set[int], local: frozenset[str]) -> None:
        if id(node) in known:
            return  # its model and argument are judged apart, and its result comes from a list
        self._callable(node, found, known, local)
        for part in [*node.args, *(k.value for k in node.keywords)]:
            self._expr(part, found, known, local)

    def _callable(self, node: ast.Call, found: set[str], known: set[int], local: frozenset[str]) -> None:
        func = node.func
        if any(k.arg == "out" or k.arg is None for k in node.keywords):
            raise Refused("a call with out= or **")
        dotted = self.module.dotted(func)
        if dotted is not None:
            if dotted == "numpy.array" and any(k.arg == "copy" for k in node.keywords):
                raise Refused("np.array(copy=)")
            if not self.module.pure_function(dotted) and dotted not in ("pandas.DataFrame", "pandas.Series"):
                raise Refused(f"a call of {dotted}")
            return
        if self.module.builtin(func) in PURE_BUILTINS:
            return
        if isinstance(func, ast.Name) and func.id in self.module.functions and func.id not in local:
            found |= self.function_reads(func.id)
            return
        if isinstance(func, ast.Attribute) and self.module.pure_method(func.attr):
            if any(k.arg == "inplace" for k in node.keywords):
                raise Refused("inplace=")
            self._expr(func.value, found, known, local)
            return
        raise Refused(f"a call of {ast.unparse(func)}")

    def function_reads(self, name: str) -> set[str]:
        """Globals that a module-level function reads, when it changes nothing but its own locals. Raises `Refused`."""
        if name in self._functions:
            return self._functions[name]
        self._functions[name] = set()  # a recursive call adds nothing
        node = self.module.functions[name]
        try:
            found = self._function(node)
        except Refused as why:
            del self._functions[name]
            raise Refused(f"{name} may have effects: {why}") from None
        self._functions[name] = found
        return found

    def _function(self, node: ast.FunctionDef) -> set[str]:
        a = node.args
        if a.vararg or a.kwarg:
            raise Refused("starred parameters")
        params = {p.arg for p in [*a.posonlyargs, *a.args, *a.kwonlyargs]}
        local = frozenset(params | names.bound(node.body))
        found: set[str] = set()
        made = {n for n in local - params if _always_fresh(self, node.body, n)}
        for stmt in _statements(node.body):
            if not isinstance(stmt, (*CONTROL, ast.While)):
                raise Refused(type(stmt).__name__.lower())
            if isinstance(stmt, ast.Raise):
                continue  # the caller falls back when anything is raised
            for target in _targets(stmt):
                for part in _leaves_of(target):
                    root = _root(part)
                    if isinstance(part, ast.Name):
                        if isinstance(stmt, ast.AugAssign) and root not in made:
                            raise Refused(f"{root} may be changed in place")
                    elif (
                        root is None
                        or root not in made
                        or not isinstance(part, ast.Subscript)
                        or path_of(part.value) != root
                    ):
                        raise Refused("it stores into an object that may be shared")
            for expr in _expressions(stmt):
                if isinstance(stmt, ast.Expr) and isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute):
                    root = path_of(expr.func.value)
                    if expr.func.attr in CHANGING_METHODS and root in made:
                        for arg in expr.args:
                            self._expr(arg, found, set(), local)
                        continue
                self._expr(expr, found, set(), local)
        return found

    # statements

    def statement_reads(self, body: Sequence[ast.stmt], allowed: Iterable[ast.Call] = ()) -> set[str]:
        """Paths that statements read, names they bind themselves included. Raises `Refused`."""
        known = {id(c) for c in allowed}
        found: set[str] = set()
        for stmt in _statements(body):
            for target in _targets(stmt):
                for part in _leaves_of(target):
                    if isinstance(part, ast.Subscript):
                        self._expr(part.value, found, known, frozenset())
                        self._expr(part.slice, found, known, frozenset())
            for expr in _expressions(stmt):
                changes = (
                    isinstance(stmt, ast.Expr) and isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute)
                )
                if changes and expr.func.attr in CHANGING_METHODS:  # type: ignore[attr-defined]
                    self._expr(expr.func.value, found, known, frozenset())  # type: ignore[attr-defined]
                    for part in expr.args:  # type: ignore[attr-defined]
                        self._expr(part, found, known, frozenset())
                else:
                    self._expr(expr, found, known, frozenset())
        return found

    def effects(self, body: Sequence[ast.stmt], allowed: Iterable[ast.Call] = ()) -> Effects:
        """What a loop body may bind and change. Raises `Refused` for anything that is not known."""
        known = {id(c) for c in allowed}
        out = Effects(bound=names.bound(body), body=body)
        self._objects(body, out, known)
        fresh = {n for n in out.bound if _always_fresh(self, body, n, known)}
        for stmt in _statements(body):
            off = gradients_off(stmt) and self.module.aliases.get("torch") == "torch"
            if not isinstance(stmt, (*CONTROL, ast.While)) and not off:
                raise Refused(f"{type(stmt).__name__.lower()} in the loop")
            for target in _targets(stmt):
                for part in _leaves_of(target):
                    self._store(part, stmt, out, fresh, known)
            for expr in _expressions(stmt):
                self._effect_expr(expr, stmt, out, fresh, known)
        return out

    def _objects(self, body: Sequence[ast.stmt], out: Effects, known: set[int]) -> None:
        """Calls of methods of the program's own objects that change nothing else are vouched for."""
        from hasten.passes.source.batch import objects  # it builds on this module

        calls = [n for s in body for n in ast.walk(s) if isinstance(n, ast.Call) and id(n) not in known]
        for call in reversed(calls):  # inner ones first
            func = call.func
            if not isinstance(func, ast.Attribute) or func.attr not in self.module.own_methods:
                continue
            if isinstance(func.value, ast.Name) and func.value.id not in out.bound:
                try:
                    out.objects[func.value.id] = objects.contained(self, call, body, known)
                except Refused:
                    continue  # what comes next says why
                known.add(id(call))
                out.changed.add(func.value.id)

    def _store(self, part: ast.expr, stmt: ast.stmt, out: Effects, fresh: set[str], known: set[int]) -> None:
        if isinstance(part, ast.Name):
            if isinstance(stmt, ast.AugAssign):
                self._change(part, out, fresh)
            return
        if isinstance(part, ast.Subscript):
            self._expr(part.slice, set(), known, frozenset())
            holder = part.value
            inner = isinstance(holder, ast.Subscript)
            if isinstance(holder, ast.Subscript):  # `table[i][j] = v`: an element of table changes
                self._expr(holder.slice, set(), known, frozenset())
                holder = holder.value
            self._change(holder, out, fresh)
            path = path_of(holder)
            if (inner or isinstance(stmt, ast.AugAssign)) and path is not None:
                # `sums[k] = X[i]` and later `sums[k] += X[j]` would change X itself
                if not _holds_its_own(self, out.body, path, known):
                    raise Refused(f"elements of {path} are changed in place and may be part of something else")
                out.updated.add(path)
            return
        if isinstance(part, ast.Attribute):
            path = path_of(part)
            if path is None or part.attr in self.module.own_methods:
                raise Refused("a store into an attribute of a computed object")
            out.bound.add(path)
            if isinstance(stmt, ast.AugAssign):
                if not _stores_fresh(self, out.body, path, known):
                    raise Refused(f"{path} is changed in place and may be part of something else")
                out.changed.add(path)
            return
        raise Refused("an unusual assignment")

    def _change(self, node: ast.expr, out: Effects, fresh: set[str]) -> None:
        """`node` is changed in place."""
        path = path_of(node)
        if path is None:
            raise Refused(f"{ast.unparse(node)} is changed in place")
        root = path.split(".")[0]
        if root in out.bound and root not in fresh:
            raise Refused(f"{root} is changed in place and may be part of something else")
        out.changed.add(path)

    def _effect_expr(self, node: ast.expr, stmt: ast.stmt, out: Effects, fresh: set[str], known: set[int]) -> None:
        if isinstance(stmt, ast.Expr) and isinstance(node, ast.Call):
            func = node.func
            arguments = [*node.args, *(k.value for k in node.keywords)]
            if self.module.builtin(func) == "print" and all(k.arg in ("sep", "end", "flush") for k in node.keywords):
                for part in arguments:
                    self._expr(part, set(), known, frozenset())
                return
            changes = isinstance(func, ast.Attribute) and func.attr in CHANGING_METHODS
            if changes and isinstance(func, ast.Attribute) and func.attr not in self.module.own_methods:
                for part in arguments:
                    self._expr(part, set(), known, frozenset())
                self._change(func.value, out, fresh)
                return
        self._expr(node, set(), known, frozenset())


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for stmt in body:
        yield stmt
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(stmt, name, None)
            if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
                yield from _statements(inner)
        for handler in getattr(stmt, "handlers", []):
            yield from _statements(handler.body)


def _expressions(stmt: ast.stmt) -> Iterator[ast.expr]:
    """Expressions that a statement itself evaluates (not those of statements inside it), targets left out."""
    if isinstance(stmt, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return)):
        if stmt.value is not None:
            yield stmt.value
    elif isinstance(stmt, (ast.If, ast.While)):
        yield stmt.test
    elif isinstance(stmt, ast.For):
        yield stmt.iter
    elif isinstance(stmt, ast.Assert):
        yield stmt.test
        if stmt.msg:
            yield stmt.msg
    elif isinstance(stmt, ast.Raise):
        # an exception's constructor runs no more than once and ends the loop
        yield from stmt.exc.args if isinstance(stmt.exc, ast.Call) else ()


def _targets(stmt: ast.stmt) -> list[ast.expr]:
    if isinstance(stmt, ast.Assign):
        return list(stmt.targets)
    if isinstance(stmt, (ast.AugAssign, ast.AnnAssign, ast.For)):
        return [stmt.target]
    return []


def _leaves_of(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, (ast.Tuple, ast.List)):
        for e in target.elts:
            yield from _leaves_of(e)
    elif isinstance(target, ast.Starred):
        yield from _leaves_of(target.value)
    else:
        yield target


def _root(node: ast.AST) -> str | None:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def is_fresh(purity: Purity, node: ast.expr, known: set[int] = frozenset()) -> bool:  # type: ignore[assignment]
    """True when an expression makes a new object, or an immutable one, that nothing else holds."""
    if isinstance(node, (ast.Constant, ast.BinOp, ast.Compare, ast.JoinedStr, ast.List, ast.Dict, ast.Set, ast.Tuple)):
        return True
    if isinstance(node, names.COMPREHENSIONS):
        return True
    if isinstance(node, ast.UnaryOp):
        return not isinstance(node.op, ast.UAdd)
    if isinstance(node, ast.IfExp):
        return is_fresh(purity, node.body, known) and is_fresh(purity, node.orelse, known)
    if isinstance(node, ast.Subscript):
        # one element of the array that a vouched-for call made
        return isinstance(node.value, ast.Call) and id(node.value) in known
    if isinstance(node, ast.Call):
        if id(node) in known:
            return True
        if purity.module.builtin(node.func) in FRESH_BUILTINS:
            return True
        dotted = purity.module.dotted(node.func)
        if dotted is not None:
            numpy = dotted.startswith("numpy.") and dotted.removeprefix("numpy.") in FRESH_NUMPY
            return numpy or dotted.rpartition(".")[0] in PURE_MODULES
        return (
            isinstance(node.func, ast.Attribute)
            and node.func.attr in FRESH_METHODS - {"replace", "index"}
            and (node.func.attr not in purity.module.own_methods)
        )
    return False


def _always_fresh(purity: Purity, body: Sequence[ast.stmt], name: str, known: set[int] = frozenset()) -> bool:  # type: ignore[assignment]
    """True when every plain binding of `name` in `body` binds it to a fresh object."""
    for stmt in _statements(body):
        if isinstance(stmt, ast.For) and name in names.bound([stmt.target]):
            over = stmt.iter
            if not (isinstance(over, ast.Call) and purity.module.builtin(over.func) == "range"):
                return False
        if isinstance(stmt, ast.Assign):
            for target in stmt.targets:
                if isinstance(target, ast.Name) and target.id == name:
                    if not is_fresh(purity, stmt.value, known):
                        return False
                elif isinstance(target, (ast.Tuple, ast.List)) and name in names.bound([target]):
                    return False
        elif isinstance(stmt, ast.AnnAssign) and isinstance(stmt.target, ast.Name) and stmt.target.id == name:
            if stmt.value is not None and not is_fresh(purity, stmt.value, known):
                return False
        elif isinstance(stmt, ast.Try) and any(h.name == name for h in stmt.handlers):
            return False
    return True


def _stores_fresh(purity: Purity, body: Sequence[ast.stmt], path: str, known: set[int]) -> bool:
    """True when every plain store to the attribute `path` stores a fresh object."""
    for stmt in _statements(body):
        for target in _targets(stmt):
            for part in _leaves_of(target):
                if path_of(part) == path and not isinstance(stmt, ast.AugAssign):
                    if not isinstance(stmt, ast.Assign) or part not in stmt.targets:
                        return False
                    if not is_fresh(purity, stmt.value, known):
                        return False
    return True


def _holds_its_own(purity: Purity, body: Sequence[ast.stmt], path: str, known: set[int] = frozenset()) -> bool:  # type: ignore[assignment]
    """True when `body` puts only fresh objects into the container `path`, and makes it, if at all, of fresh objects.

    An array that `body` makes holds numbers, whatever is stored into it.
    """
    made = [s.value for s in _statements(body) if isinstance(s, ast.Assign) and path in map(path_of, s.targets)]
    if made and path in names.bound(body) and all(_numeric_array(purity, m) for m in made):
        return _always_fresh(purity, body, path, known)
    for stmt in _statements(body):
        for target in _targets(stmt):
            for part in _leaves_of(target):
                if isinstance(stmt, ast.AugAssign):
                    continue
                stores = isinstance(part, ast.Subscript) and path_of(part.value) == path
                binds = path_of(part) == path
                if not stores and not binds:
                    continue
                if not isinstance(stmt, ast.Assign) or part not in stmt.targets:
                    return False
                if stores and not is_fresh(purity, stmt.value, known):
                    return False
                if binds and not _made_of_fresh(purity, stmt.value, known):
                    return False
        if (
            isinstance(stmt, ast.Expr)
            and isinstance(stmt.value, ast.Call)
            and isinstance(stmt.value.func, ast.Attribute)
        ):
            call, func = stmt.value, stmt.value.func
            if path_of(func.value) == path and func.attr in CHANGING_METHODS:
                if func.attr in ("update", "extend", "setdefault") or not all(
                    is_fresh(purity, a, known) for a in call.args
                ):
                    return False
        elif isinstance(stmt, ast.AugAssign) and path_of(stmt.target) == path:
            return False  # `x += other` takes the elements of other
    return True


def _made_of_fresh(purity: Purity, node: ast.expr, known: set[int]) -> bool:
    if isinstance(node, (ast.List, ast.Set)):
        return all(is_fresh(purity, e, known) for e in node.elts)
    if isinstance(node, ast.Dict):
        return all(is_fresh(purity, e, known) for e in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return isinstance(node.left, ast.List) and all(isinstance(e, ast.Constant) for e in node.left.elts)
    if isinstance(node, ast.ListComp):
        return is_fresh(purity, node.elt, known)
    return _numeric_array(purity, node)


def _numeric_array(purity: Purity, node: ast.expr) -> bool:
    """A call that makes a new array of numbers, whatever it is made from (arrays of objects are asked for by name)."""
    if not isinstance(node, ast.Call):
        return False
    dotted = purity.module.dotted(node.func) or ""
    makers = ("zeros", "ones", "empty", "eye", "linspace", "arange")
    return (
        dotted in {f"numpy.{m}" for m in makers}
        and all(k.arg != "dtype" or "object" not in ast.dump(k.value) for k in node.keywords)
        and (dotted not in ("numpy.zeros", "numpy.ones", "numpy.empty") or len(node.args) == 1)
    )


def innermost_chain(body: Sequence[ast.stmt], node: ast.AST) -> list[ast.stmt] | None:
    """Statements that have surely run, in order, when `node` is evaluated in one turn of a loop with this body.

    The last one holds `node`. None when `node` sits inside a nested loop, handler or scope of the body.
    """
    for at, stmt in enumerate(body):
        if not any(n is node for n in ast.walk(stmt)):
            continue
        before = list(body[: at + 1])
        if isinstance(stmt, ast.If):
            if any(n is node for n in ast.walk(stmt.test)):
                return before
            for branch in (stmt.body, stmt.orelse):
                inner = innermost_chain(branch, node)
                if inner is not None:
                    return before[:-1] + inner
            return None
        if isinstance(stmt, ast.Try) or gradients_off(stmt):
            inner = innermost_chain(stmt.body, node)  # type: ignore[attr-defined]
            return None if inner is None else before[:-1] + inner
        if isinstance(stmt, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return)):
            return before
        return None
    return None


def in_scope(stmt: ast.AST, node: ast.AST) -> bool:
    """True when `node` is evaluated by the statement itself, not inside a comprehension or lambda of it."""
    todo: list[ast.AST] = [stmt]
    while todo:
        at = todo.pop()
        if at is node:
            return True
        # before 3.12 the parts of an f-string carry no usable position
        if isinstance(at, (*names.COMPREHENSIONS, ast.Lambda, ast.JoinedStr)):
            continue
        todo.extend(ast.iter_child_nodes(at))
    return False


def unique(taken: set[str], wanted: str) -> str:
    """`wanted`, numbered when the file uses that name already; it is then taken."""
    name, n = wanted, 2
    while name in taken:
        name, n = f"{wanted}_{n}", n + 1
    taken.add(name)
    return name


def identifiers(tree: ast.Module) -> set[str]:
    """Every identifier that the file mentions in any role: a set of the caller's own."""
    return set(_identifiers(tree))


@lru_cache(maxsize=16)
def _identifiers(tree: ast.Module) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        for attribute in ("id", "attr", "name", "asname", "arg"):
            value = getattr(node, attribute, None)
            if isinstance(value, str):
                found.add(value)
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            found.update(node.names)
    return frozenset(found)
