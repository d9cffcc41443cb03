"""Objects of the program that a loop hands numbers to: an alarm with a state, a running statistic, a portfolio.

A call of their methods is no obstacle to what is worked out before the loop, as long as a method changes nothing but
what the object holds. That is proved of the class from its syntax; that the object holds nothing of what the rows are
made of, and neither the model, is looked at while the program runs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hasten.kernel import names
from hasten.passes.source.batch import loops
from hasten.passes.source.batch.loops import Module, Purity, Refused, path_of

# {held}: a name that is free in the file
HELD = '''\
def {held}(thing, kind):
    """What an object of this kind holds, and what that holds."""
    import collections

    if type(thing) is not kind:
        raise TypeError("an object of another kind")
    found, todo, seen = [], [*vars(thing).values()], set()
    while todo:
        value = todo.pop()
        if callable(value):
            raise TypeError("what it does may be another thing")
        found.append(value)
        if id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) in (list, tuple, set, frozenset, collections.deque):
            todo.extend(value)
        elif type(value) in (dict, collections.defaultdict, collections.Counter, collections.OrderedDict):
            todo.extend(value.values())
    return found
'''
CALLED = loops.PURE_BUILTINS | {"print"}
HOOKS = frozenset("__getattr__ __getattribute__ __setattr__ __delattr__ __slots__ __init_subclass__ __new__".split())


@dataclass(frozen=True)
class _Kind:
    """A class of the file whose methods are looked into."""

    module: Module
    node: ast.ClassDef

    def method(self, name: str) -> ast.FunctionDef:
        """Raises `Refused` unless the class has one plain method of that name."""
        found = [f for f in self.node.body if getattr(f, "name", "") == name]
        if len(found) != 1 or not isinstance(found[0], ast.FunctionDef) or found[0].decorator_list:
            raise Refused(f"{self.node.name}.{name} is no plain method")
        return found[0]


def kind_with(module: Module, method: str) -> _Kind:
    """The only class of the file that has this method. Raises `Refused`."""
    classes = [c for c in ast.walk(module.tree) if isinstance(c, ast.ClassDef)]
    having = [c for c in classes if any(getattr(f, "name", "") == method for f in c.body)]
    if len(having) != 1 or having[0] not in module.tree.body:
        raise Refused(f"several classes have a method {method}")
    node = having[0]
    if node.bases or node.keywords or any(_last(d) != "dataclass" for d in node.decorator_list):
        raise Refused(f"{node.name} inherits")
    if any(getattr(f, "name", "") in HOOKS for f in node.body) or not all(map(_no_container, node.body)):
        raise Refused(f"{node.name} has attributes of its own kind")
    methods = {getattr(f, "name", "") for f in node.body}
    stored = [n for n in ast.walk(module.tree) if isinstance(n, (ast.Name, ast.Attribute))]
    for n in stored:
        if isinstance(n, ast.Name) and n.id in ("setattr", "globals", "exec", "eval", "__dict__"):
            raise Refused(n.id)
        word = n.attr if isinstance(n, ast.Attribute) else n.id
        if not isinstance(n.ctx, ast.Load) and (word == node.name or isinstance(n, ast.Attribute) and word in methods):
            raise Refused(f"{method} or {node.name} gets another meaning")
    return _Kind(module, node)


def _no_container(stmt: ast.stmt) -> bool:
    """Whether a statement of a class body makes nothing that all objects of the class share and could change."""
    match stmt:
        case ast.FunctionDef() | ast.Expr(value=ast.Constant()) | ast.Pass() | ast.AnnAssign(value=None):
            return True
        case ast.AnnAssign(target=ast.Name(), value=ast.Call(func=f)):
            return _last(f) == "field"
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ):
            return name != "__slots__" and _plain(value)
    return False


def _last(decorator: ast.expr) -> str:
    made = decorator.func if isinstance(decorator, ast.Call) else decorator
    return made.attr if isinstance(made, ast.Attribute) else getattr(made, "id", "")


def contained(purity: Purity, call: ast.Call, body: Sequence[ast.stmt], known: set[int]) -> str:
    """The class of the object that `call` asks, when nothing but that object changes by it. Raises `Refused`."""
    func = call.func
    if not isinstance(func, ast.Attribute) or not isinstance(func.value, ast.Name):
        raise Refused("no object of the program")
    kind = kind_with(purity.module, func.attr)
    _Method(purity, kind, set()).check(func.attr)
    if any(k.arg is None for k in call.keywords):
        raise Refused("a call with **")
    for given in [*call.args, *(k.value for k in call.keywords)]:
        purity._expr(given, set(), known, frozenset())
        if not _made_here(purity, given, body, known):
            raise Refused(f"{ast.unparse(given)} is handed to an object that may keep and change it")
    return kind.node.name


def _made_here(purity: Purity, e: ast.expr, body: Sequence[ast.stmt], known: set[int]) -> bool:
    """Whether a value is made in this turn of the loop, or cannot change."""
    if isinstance(e, ast.Name):
        bound = e.id in names.bound(body)
        return e.id in _counters(purity, e) or bound and loops._always_fresh(purity, body, e.id, known)
    # what a display holds is handed over with it
    if isinstance(e, (ast.List, ast.Tuple, ast.Set)):
        return all(_made_here(purity, part, body, known) for part in e.elts)
    if isinstance(e, ast.Dict):
        return all(_made_here(purity, part, body, known) for part in e.values)
    if isinstance(e, (ast.IfExp, *names.COMPREHENSIONS)):
        return False
    if isinstance(e, ast.Call) and id(e) not in known:
        # not one that hands out what it is given: `list(rows)`, `max(rows)`
        return purity.module.builtin(e.func) in ("float", "int", "str", "len", "round", "bool", "abs", "sum")
    return loops.is_fresh(purity, e, known)


def _counters(purity: Purity, at: ast.Name) -> set[str]:
    """Names that loops of the function around count with, and that nothing else there binds."""
    scope: ast.AST = purity.module.tree
    for n in ast.walk(scope):  # outer ones come first
        if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)) and any(inner is at for inner in ast.walk(n)):
            scope = n
    if any(isinstance(n, (ast.Global, ast.Nonlocal)) for n in ast.walk(purity.module.tree)):
        return set()
    found: set[str] = set()
    others: set[str] = set()
    for n in _own_nodes(scope):
        if isinstance(n, ast.For):
            over = purity.module.builtin(n.iter.func) if isinstance(n.iter, ast.Call) else None
            if over == "range" and isinstance(n.target, ast.Name):
                found.add(n.target.id)
                continue
            if over == "enumerate" and isinstance(n.target, ast.Tuple) and isinstance(n.target.elts[0], ast.Name):
                found.add(n.target.elts[0].id)
                others |= names.bound(list(n.target.elts[1:]))
                continue
            others |= names.bound([n.target])
        elif isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load):
            others.add(n.id)
        elif isinstance(n, (ast.arg, ast.alias, ast.ExceptHandler, ast.FunctionDef, ast.ClassDef, ast.MatchAs)):
            others |= {str(getattr(n, "arg", None) or getattr(n, "asname", None) or getattr(n, "name", ""))}
    return found - others


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """What runs in a scope itself, targets of its counting loops left out."""
    todo: list[ast.AST] = [*ast.iter_child_nodes(scope)]
    while todo:
        n = todo.pop()
        yield n
        if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        todo += [c for c in ast.iter_child_nodes(n) if not (isinstance(n, ast.For) and c is n.target)]


@dataclass
class _Method:
    """Whether a method changes nothing but its object, what that holds, and what it makes."""

    purity: Purity
    kind: _Kind
    seen: set[str]

    def check(self, name: str) -> None:
        """Raises `Refused`."""
        if name in self.seen:
            return
        self.seen.add(name)
        method = self.kind.method(name)
        a = method.args
        if a.vararg or a.kwarg or a.posonlyargs or not a.args:
            raise Refused("unusual parameters")
        if not all(d is None or isinstance(d, ast.Constant) for d in (*a.defaults, *a.kw_defaults)):
            raise Refused("a default that calls share")
        own = {p.arg for p in (*a.args, *a.kwonlyargs)} | names.bound(method.body)
        me = a.args[0].arg
        if me in names.bound(method.body):
            raise Refused(f"{me} is bound again")
        for stmt in loops._statements(method.body):
            if not isinstance(stmt, (*loops.CONTROL, ast.While)):
                raise Refused(f"{type(stmt).__name__.lower()} in {name}")
        every = [n for s in method.body for n in ast.walk(s)]
        called = {n.func for n in every if isinstance(n, ast.Call)}
        for node in every:
            self._node(node, me, own, node in called)

    def _node(self, node: ast.AST, me: str, own: set[str], called: bool) -> None:
        module = self.kind.module
        match node:
            case ast.Lambda() | ast.NamedExpr() | ast.Await() | ast.Yield() | ast.YieldFrom() | ast.Starred():
                raise Refused(f"{type(node).__name__.lower()} in a method")
            case ast.Attribute():
                method = any(getattr(f, "name", "") == node.attr for f in self.kind.node.body)
                if method or node.attr.startswith("__"):
                    if not called or not method or not isinstance(node.value, ast.Name) or node.value.id != me:
                        raise Refused(f"{node.attr} of something else")
            case ast.Call():
                self._call(node, me)
            case ast.Name(ctx=ast.Load()):
                if node.id in own or module.builtin(node) is not None or node.id in module.aliases:
                    return
                if node.id in module.functions or _constant(module, node.id):
                    return
                raise Refused(f"a method reads {node.id}")

    def _call(self, call: ast.Call, me: str) -> None:
        module, func = self.kind.module, call.func
        if any(k.arg in ("out", None, "inplace") for k in call.keywords):
            raise Refused("a call with out= or **")
        dotted = module.dotted(func)
        if dotted is not None:
            if not module.pure_function(dotted):
                raise Refused(f"a call of {dotted}")
            return
        if module.builtin(func) in CALLED:
            return
        if isinstance(func, ast.Name) and func.id in module.functions:
            read = self.purity.function_reads(func.id)
            if not all(_constant(module, path) for path in read):
                raise Refused(f"{func.id} reads what the file holds")
            return
        if isinstance(func, ast.Attribute):
            if path_of(func) == f"{me}.{func.attr}":
                self.check(func.attr)
                return
            if func.attr in loops.PURE_METHODS | loops.CHANGING_METHODS and func.attr not in module.own_methods:
                return
        raise Refused(f"a call of {ast.unparse(func)}")


def _constant(module: Module, name: str) -> bool:
    """Whether a name of the file is bound once, at its top, to a number or a string."""
    bound = [n for n in ast.walk(module.tree) if isinstance(n, ast.Name) and n.id == name]
    stores = [n for n in bound if not isinstance(n.ctx, ast.Load)]
    made = [
        s
        for s in module.tree.body
        if isinstance(s, ast.Assign) and len(s.targets) == 1 and s.targets[0] in stores and _plain(s.value)
    ]
    return len(stores) == len(made) == 1


def _plain(e: ast.expr) -> bool:
    return isinstance(e, ast.Constant) or isinstance(e, ast.UnaryOp) and isinstance(e.operand, ast.Constant)
