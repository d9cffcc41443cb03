"""Which lines of a project's sources depend on some names: what may change when the result of a search is another one.

A name depends when it is bound to something that reads a name that does, or in a branch or loop that one decides.
Functions pass it on by their parameters and results, by name. It is an under-estimate where it is one at all (values
that travel through containers of other modules, say): what is not found to depend is compared as ever.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

Function = ast.FunctionDef | ast.AsyncFunctionDef
# methods that put an argument into the object they are called on
_PUTS = frozenset("append appendleft extend insert add update setdefault push put fill".split())


@dataclass(frozen=True, order=True)
class Name:
    """A variable of one scope: a function by its qualified name, or the module (`""`). The name `()` is what the
    function returns, `.x` the attribute x of whatever object."""

    path: str
    scope: str
    name: str


RESULT = "()"


@dataclass(frozen=True)
class Lines:
    """Lines of statements that read what depends (`data`), and those that run only as it decides (`control`)."""

    data: frozenset[tuple[str, int]] = frozenset()
    control: frozenset[tuple[str, int]] = frozenset()

    def wrote(self, site: Iterable[tuple[str, int]]) -> bool:
        """Whether what was written from `site` (innermost place first) depends."""
        frames = tuple(site)
        return bool(frames) and (frames[0] in self.data or any(f in self.control for f in frames))


def dependent(files: Mapping[str, ast.Module], seeds: Iterable[Name]) -> Lines:
    """The lines of `files` (by path) that depend on `seeds`."""
    flow = _Flow({path: _scopes(tree) for path, tree in files.items()}, set(seeds))
    while True:
        before = flow.size
        for path, scopes in flow.scopes.items():
            for scope in scopes.values():
                flow.body(path, scope, scope.body, control=False)
        if flow.size == before:
            return Lines(frozenset(flow.data), frozenset(flow.control))


def left_by(path: str, tree: ast.Module, first: int, last: int) -> set[Name]:
    """What statements on these lines bind, set or return."""
    found: set[Name] = set()
    for scope in _scopes(tree).values():
        todo = list(scope.body)
        while todo:
            node = todo.pop()
            if node.lineno > last or (node.end_lineno or node.lineno) < first or isinstance(node, Function):
                continue
            _, bodies, _ = _parts(node)
            todo += [s for body in bodies for s in body]
            if bodies and node.lineno < first:
                continue  # it only holds them
            if isinstance(node, ast.Return):
                found.add(Name(path, scope.qualname, RESULT))
            match node:  # `search.fit(X)` leaves a search
                case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))):
                    found.add(_resolved(path, scope, name))
                case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Attribute(attr=name)))):
                    found.add(Name(path, "", f".{name}"))
            for given in ast.walk(node):  # an optimiser changes the network whose parameters it is given
                match given:
                    case ast.Call(func=ast.Attribute(attr="parameters" | "named_parameters", value=ast.Name(id=name))):
                        found.add(_resolved(path, scope, name))
                    case ast.Call(
                        func=ast.Attribute(attr="parameters" | "named_parameters", value=ast.Attribute(attr=name))
                    ):
                        found.add(Name(path, "", f".{name}"))
            for target in _targets(node):
                for part in ast.walk(target):
                    if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
                        found.add(Name(path, "", f".{part.attr}"))
                    elif isinstance(part, ast.Name) and not isinstance(target, ast.Attribute):
                        found.add(_resolved(path, scope, part.id))
    return found


@dataclass
class _Scope:
    qualname: str
    body: list[ast.stmt]
    parent: _Scope | None
    bound: set[str]
    parameters: list[str] = field(default_factory=list)
    method: bool = False


@dataclass
class _Flow:
    scopes: Mapping[str, dict[str, _Scope]]
    names: set[Name]
    attributes: set[str] = field(default_factory=set)
    data: set[tuple[str, int]] = field(default_factory=set)
    control: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.attributes |= {n.name[1:] for n in self.names if n.name.startswith(".")}
        self.results = {n.scope.rpartition(".")[2] for n in self.names if n.name == RESULT}
        self.changed: set[Name] = set()  # parameters of functions that change what they are given
        self.functions: dict[str, list[tuple[str, _Scope]]] = {}
        for path, scopes in self.scopes.items():
            for scope in scopes.values():
                if scope.qualname:
                    self.functions.setdefault(scope.qualname.rpartition(".")[2], []).append((path, scope))
                given = (Name(path, scope.qualname, p) for p in scope.parameters if p not in _rebound(scope.body))
                self.changed.update(self.names.intersection(given))

    @property
    def size(self) -> int:
        found = len(self.names) + len(self.attributes) + len(self.changed) + len(self.results)
        return found + len(self.data) + len(self.control)

    def body(self, path: str, scope: _Scope, statements: list[ast.stmt], *, control: bool) -> None:
        for statement in statements:
            self.statement(path, scope, statement, control)

    def statement(self, path: str, scope: _Scope, node: ast.stmt, control: bool) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return  # a scope of its own
        if control:
            self.control.update((path, n) for n in range(node.lineno, (node.end_lineno or node.lineno) + 1))
        if isinstance(node, ast.ClassDef):
            self.body(path, scope, node.body, control=control)
            return
        heads, bodies, decides = _parts(node)
        reads = any(self.reads(path, scope, head) for head in heads)
        for head in heads:
            self.calls(path, scope, head)
        if reads:
            last = max((h.end_lineno or h.lineno for h in heads), default=node.lineno)
            self.data.update((path, n) for n in range(node.lineno, last + 1))
        if reads or control:
            for target in _targets(node):
                self.bind(path, scope, target)
            if isinstance(node, ast.Return):
                self.results.add(scope.qualname.rpartition(".")[2])
        inner = control or (reads and decides)
        for body in bodies:
            self.body(path, scope, body, control=inner)
        if isinstance(node, (ast.With, ast.AsyncWith)):
            inside = range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)
            if any((path, n) in self.data for n in inside):
                # what is written into the file that it opened depends
                self.data.update((path, n) for n in range(node.lineno, node.body[0].lineno))

    def bind(self, path: str, scope: _Scope, target: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.names.add(_resolved(path, scope, target.id))
        elif isinstance(target, ast.Attribute):
            self.attributes.add(target.attr)
        elif isinstance(target, (ast.Subscript, ast.Starred)):
            self.bind(path, scope, target.value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for item in target.elts:
                self.bind(path, scope, item)

    def reads(self, path: str, scope: _Scope, node: ast.expr) -> bool:
        """Whether the value depends."""
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and _resolved(path, scope, part.id) in self.names:
                return True
            if isinstance(part, ast.Attribute) and part.attr in self.attributes:
                return True
            if isinstance(part, ast.Call) and _called(part) in self.results and _called(part) in self.functions:
                return True
        return False

    def calls(self, path: str, scope: _Scope, node: ast.expr) -> None:
        """What goes into functions, and into objects by their methods."""
        for call in ast.walk(node):
            if isinstance(call, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
                for loop in call.generators:
                    if self.reads(path, scope, loop.iter):
                        self.bind(path, scope, loop.target)
            if isinstance(call, ast.NamedExpr) and self.reads(path, scope, call.value):
                self.bind(path, scope, call.target)
            if not isinstance(call, ast.Call):
                continue
            self.gives(path, scope, call)
            depend = [n for n, arg in enumerate(call.args) if self.reads(path, scope, arg)]
            words = [k.arg for k in call.keywords if self.reads(path, scope, k.value)]
            if not depend and not words:
                continue
            name = _called(call)
            if isinstance(call.func, ast.Attribute) and name in _PUTS:
                self.bind(path, scope, call.func.value)
            for where, function in self.functions.get(name, ()):
                shift = 1 if function.method and isinstance(call.func, ast.Attribute) else 0
                given = [function.parameters[n + shift] for n in depend if n + shift < len(function.parameters)]
                if any(isinstance(arg, ast.Starred) for arg in call.args) or None in words:
                    given = function.parameters[shift:]
                given += [w for w in words if w in function.parameters]
                self.names.update(Name(where, function.qualname, g) for g in given)

    def gives(self, path: str, scope: _Scope, call: ast.Call) -> None:
        """What is given to a function that changes it is changed for the caller too."""
        for where, function in self.functions.get(_called(call), ()):
            shift = 1 if function.method and isinstance(call.func, ast.Attribute) else 0
            given = dict(zip(function.parameters[shift:], call.args, strict=False))
            given |= {k.arg: k.value for k in call.keywords if k.arg is not None}
            for parameter, value in given.items():
                if Name(where, function.qualname, parameter) in self.changed:
                    self.bind(path, scope, value)
                    if isinstance(value, ast.Name) and value.id in scope.parameters:
                        self.changed.add(Name(path, scope.qualname, value.id))


def _rebound(body: list[ast.stmt]) -> set[str]:
    """Names that statements bind."""
    return {n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}


def _resolved(path: str, scope: _Scope, name: str) -> Name:
    at: _Scope | None = scope
    while at is not None and at.qualname and name not in at.bound:
        at = at.parent
    return Name(path, at.qualname if at is not None else "", name)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _parts(node: ast.stmt) -> tuple[list[ast.expr], list[list[ast.stmt]], bool]:
    """A statement's own expressions, the bodies in it, and whether the expressions decide if these run."""
    heads = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    bodies = [b for b in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")) if isinstance(b, list)]
    if isinstance(node, ast.Try):
        bodies += [h.body for h in node.handlers]
    if isinstance(node, (ast.With, ast.AsyncWith)):
        heads = [item.context_expr for item in node.items]
        return heads, bodies, False
    if isinstance(node, ast.Match):
        bodies = [case.body for case in node.cases]
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return [node.iter], bodies, False  # what an item decides is found by its name
    return heads, bodies, isinstance(node, (ast.If, ast.While, ast.Match))


def _targets(node: ast.stmt) -> Iterator[ast.expr]:
    if isinstance(node, ast.Assign):
        yield from node.targets
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign, ast.For, ast.AsyncFor)):
        yield node.target
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        yield from (item.optional_vars for item in node.items if item.optional_vars is not None)


def _scopes(tree: ast.Module) -> dict[str, _Scope]:
    out = {"": _Scope("", tree.body, None, set())}

    def visit(node: ast.AST, prefix: str, scope: _Scope, in_class: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                name = prefix + child.name
                parameters = [a.arg for a in (*child.args.posonlyargs, *child.args.args, *child.args.kwonlyargs)]
                inner = _Scope(name, child.body, scope, _bound(child), parameters, in_class)
                out[name] = inner
                visit(child, f"{name}.<locals>.", inner, False)
            elif isinstance(child, ast.ClassDef):
                visit(child, f"{prefix}{child.name}.", scope, True)
            else:
                visit(child, prefix, scope, in_class)

    visit(tree, "", out[""], False)
    return out


def _bound(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Names that are the function's own."""
    arguments = function.args
    own = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    own |= {a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None}
    outside: set[str] = set()
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            outside |= set(node.names)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            todo.extend(ast.iter_child_nodes(node))
    return own - outside
