"""Which names statements read and bind. Conservative: a doubt counts as a read and as a binding."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

BUILTINS = frozenset(dir(builtins))
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
LOOPS = (ast.For, ast.AsyncFor, ast.While)
# calls through which names can be read or bound that no syntax shows
REFLECTION = frozenset({"globals", "locals", "vars", "eval", "exec", "dir", "__import__"})


def walk_scope(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Every node that runs in the scope of `nodes`: nested functions, classes and lambdas are not entered."""
    todo = list(nodes)
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, FUNCTIONS):
            todo.extend(node.decorator_list + node.args.defaults + [d for d in node.args.kw_defaults if d])
        elif isinstance(node, ast.Lambda):
            todo.extend(node.args.defaults + [d for d in node.args.kw_defaults if d])
        elif isinstance(node, ast.ClassDef):
            todo.extend([*node.decorator_list, *node.bases, *(k.value for k in node.keywords)])
        else:
            todo.extend(ast.iter_child_nodes(node))


def bound(nodes: Iterable[ast.AST]) -> set[str]:
    """Names bound in the scope of `nodes` (comprehension variables excepted, walrus targets included)."""
    names: set[str] = set()
    nodes = list(nodes)
    inner: set[int] = set()
    for node in walk_scope(nodes):
        if isinstance(node, COMPREHENSIONS):
            for gen in node.generators:
                inner.update(id(n) for n in ast.walk(gen.target))
    for node in walk_scope(nodes):
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            if id(node) not in inner:
                names.add(node.id)
        elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((a.asname or a.name).split(".")[0] for a in node.names)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
    return names


def rewritten(body: Sequence[ast.stmt], each: Callable[[ast.stmt], list[ast.stmt]]) -> list[ast.stmt]:
    """The statements, and those within them, with what `each` makes of one in its place; functions and classes among
    them keep theirs."""
    out: list[ast.stmt] = []
    for s in body:
        if not isinstance(s, (*FUNCTIONS, ast.ClassDef)):
            for part in ("body", "orelse", "finalbody"):
                inner = getattr(s, part, None)
                if isinstance(inner, list) and inner:
                    setattr(s, part, rewritten(inner, each))
        out += each(s)
    return out


def loaded(nodes: Iterable[ast.AST]) -> set[str]:
    """Names read anywhere below `nodes`, nested scopes included; a nested scope's own locals too."""
    names: set[str] = set()
    for top in nodes:
        for node in ast.walk(top):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                names.add(node.target.id)
            elif isinstance(node, (ast.Global, ast.Nonlocal)):
                names.update(node.names)
    return names


def free(node: ast.AST) -> set[str]:
    """Names that a function, lambda, class or comprehension reads from outside itself."""
    if isinstance(node, (*FUNCTIONS, ast.Lambda)):
        args = node.args
        own = {a.arg for a in [*args.posonlyargs, *args.args, *args.kwonlyargs]}
        own |= {a.arg for a in (args.vararg, args.kwarg) if a}
        body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
        outer = {n for s in walk_scope(body) if isinstance(s, (ast.Global, ast.Nonlocal)) for n in s.names}
        own = (own | bound(body)) - outer
        return (reads(body) | outer) - own
    if isinstance(node, ast.ClassDef):
        return reads(node.body)  # a class body falls back to outer scopes for every name
    if isinstance(node, COMPREHENSIONS):
        own = set().union(*(bound([g.target]) for g in node.generators))
        return reads(list(ast.iter_child_nodes(node))) - own
    return reads([node])


def reads(nodes: Iterable[ast.AST], skip: tuple[int, int] = (0, -1), *, walked: bool = True) -> set[str]:
    """Names read from outside nested scopes: plain loads here, plus the free names of nested scopes.

    Statements that lie within the lines `skip` (first, last) are passed over. Without `walked`, so are reads of what a
    `for` around them binds in every round, if it is not around those lines: they see nothing that was bound before.
    """
    names: set[str] = set()
    todo: list[tuple[ast.AST, frozenset[str]]] = [(node, frozenset()) for node in nodes]
    while todo:
        node, anew = todo.pop()
        last: int = getattr(node, "end_lineno", 0) or 0
        if isinstance(node, ast.stmt) and skip[0] <= node.lineno and last <= skip[1]:
            continue
        inner: list[ast.AST] = []
        if isinstance(node, ast.Name):
            names |= {node.id} - anew if not isinstance(node.ctx, ast.Store) else set()
            continue
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            names |= {node.target.id} - anew
        if isinstance(node, FUNCTIONS):
            names |= free(node)
            inner = [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif isinstance(node, ast.Lambda):
            names |= free(node)
            inner = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif isinstance(node, ast.ClassDef):
            names |= free(node)
            inner = [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]
        elif isinstance(node, COMPREHENSIONS):
            own = set().union(*(bound([g.target]) for g in node.generators))
            late = isinstance(node, ast.GeneratorExp)  # may run after the loop
            names |= reads(list(ast.iter_child_nodes(node))) - own - (set() if late else anew)
        elif isinstance(node, ast.For) and not walked and not node.lineno <= skip[0] <= skip[1] <= last:
            todo += [(n, anew | bound([node.target])) for n in node.body]
            inner = [node.target, node.iter, *node.orelse]
        else:
            inner = list(ast.iter_child_nodes(node))
        todo += [(n, anew) for n in inner]
    return names


@dataclass
class Flow:
    """`exposed`: read before surely bound. `sure`: bound on every path that reaches the end (None: none does)."""

    exposed: set[str]
    sure: set[str] | None


def _left(body: Sequence[ast.stmt]) -> bool:
    """Does a `break` leave the loop around these statements?"""
    for s in body:
        if isinstance(s, ast.Break):
            return True
        if isinstance(s, SCOPES):
            continue
        inner = [s.orelse] if isinstance(s, LOOPS) else [v for _, v in ast.iter_fields(s) if isinstance(v, list)]
        for part in inner:
            for x in part:
                if _left([x] if isinstance(x, ast.stmt) else getattr(x, "body", [])):
                    return True
    return False


def flow(stmts: Sequence[ast.stmt], before: set[str] | None = None) -> Flow:
    """Which names `stmts` may read from before them, and which they surely bind when they run to their end."""
    exposed: set[str] = set()
    sure: set[str] | None = set(before or ())

    def use(node: ast.AST | None) -> None:
        if node is not None:
            exposed.update(reads([node]) - (sure or set()))

    def join(parts: list[set[str] | None]) -> set[str] | None:
        live = [p for p in parts if p is not None]
        return set.intersection(*live) if live else None

    def surely(node: ast.stmt | ast.expr) -> set[str]:
        if isinstance(node, ast.AnnAssign) and node.value is None:
            return set()  # `x: int` binds nothing
        some = (ast.BoolOp, ast.IfExp, *COMPREHENSIONS)
        parts = [n for n in walk_scope([node]) if isinstance(n, some) or (isinstance(n, ast.Compare) and n.ops[1:])]
        perhaps = {n.target.id for part in parts for n in ast.walk(part) if isinstance(n, ast.NamedExpr)}
        return bound([node]) - perhaps

    def sub(body: Sequence[ast.stmt], start: set[str]) -> set[str] | None:
        inner = flow(body, start)
        exposed.update(inner.exposed)
        return inner.sure

    for s in stmts:
        if sure is None:
            break
        if isinstance(s, ast.If):
            use(s.test)
            sure |= surely(s.test)
            sure = join([sub(s.body, sure), sub(s.orelse, sure)])
        elif isinstance(s, (ast.For, ast.AsyncFor)):
            use(s.iter)
            use(s.target)
            sub(s.body, sure | bound([s.target]))
            sub(s.orelse, sure)
        elif isinstance(s, ast.While):
            use(s.test)
            sub(s.body, set(sure))
            sub(s.orelse, sure)
            if isinstance(s.test, ast.Constant) and s.test.value is True and not _left(s.body):
                sure = None
        elif isinstance(s, (ast.With, ast.AsyncWith)):
            for item in s.items:
                use(item.context_expr)
                if item.optional_vars is not None:
                    use(item.optional_vars)
                    sure |= bound([item.optional_vars])
            sub(s.body, sure)  # a context manager may swallow an exception: nothing in the body is sure
        elif isinstance(s, (ast.Try, ast.TryStar)):
            start = set(sure)
            body = sub(s.body, start)
            paths = [sub(s.orelse, body) if body is not None else None]
            for handler in s.handlers:
                use(handler.type)
                paths.append(sub(handler.body, start | ({handler.name} if handler.name else set())))
            merged = join(paths)
            final = sub(s.finalbody, start)
            sure = None if merged is None or final is None else merged | final
        elif isinstance(s, ast.Match):
            use(s.subject)
            for case in s.cases:
                use(case.pattern)
                use(case.guard)
                sub(case.body, sure | bound([case.pattern]))
        elif isinstance(s, (ast.Return, ast.Raise, ast.Break, ast.Continue)):
            for child in ast.iter_child_nodes(s):
                use(child)
            sure = None
        elif isinstance(s, ast.Delete):
            use(s)
            sure -= bound([s])
        else:
            # in an assignment the value is read before the target is bound, so one look serves both
            use(s)
            sure |= surely(s)
    return Flow(exposed, sure)
