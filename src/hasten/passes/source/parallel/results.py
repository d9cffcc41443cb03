"""What rounds give: whether it may be, or hold, an object that the program holds as well.

A result that comes from another process is a copy. Nobody can tell when nothing else of the program is, or holds, the
same object: results must be made in the round, or be numbers and text. Objects of classes that the script itself
defines, and its functions, are not sent back at all: the class would come along, with methods that see old globals.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hasten.kernel import names
from hasten.passes.source.containers.effects import Project
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module
from hasten.passes.source.parallel import libraries
from hasten.passes.source.parallel.purity import Body, Purity

PLAIN_CALLS = frozenset("max min next sorted list tuple dict set filter reversed zip enumerate iter map".split())
HANDING_ON = frozenset(
    "get pop setdefault popitem popleft items values keys copy squeeze ravel reshape view fit set_params head tail "
    "to_numpy transpose swapaxes".split()
)
DEEPEST = 8  # calls of calls that are followed


@dataclass(frozen=True)
class Results:
    """`entry` is the path of the script; `fitted` are estimators that get the state of their copies back."""

    project: Project
    entry: str
    fitted: frozenset[str] = frozenset()
    sent: bool = True  # whether what is asked about is itself sent back, or only asked for what it gives

    def name(self, body: Body, name: str, depth: int = 0) -> bool:
        """Whether what `name` means at the end of the round may be held, or be in, something else."""
        if name in body.kept:
            return False
        if name in body.changed:
            return name in self.fitted
        if name in body.given and name not in body.values:
            return True
        if depth > DEEPEST:
            return True
        return any(v is None or self.value(body, v, depth + 1) for v in body.values.get(name, [None]))

    def value(self, body: Body, e: ast.expr, depth: int = 0) -> bool:
        """Whether what `e` gives may be, or hold, an object that the program holds as well."""
        parts: list[ast.expr] = []
        match e:
            case ast.Starred(value=value) | ast.NamedExpr(value=value) | ast.Subscript(value=value):
                parts = [value]
            case ast.Name():
                return self._named(body, e, depth)
            case ast.Attribute(value=value):
                dotted = body.module.imported(e)
                if dotted:
                    named = dotted.rsplit(".", 1)[-1].lower() == "nan"
                    return self.project._is_user_module(dotted) or named and _tells_nan_apart(self.project)
                parts = [value]
            case ast.IfExp(body=a, orelse=b):
                parts = [a, b]
            case ast.BoolOp(values=values) | ast.Dict(values=values):
                parts = values
            case ast.Tuple(elts=elts) | ast.List(elts=elts) | ast.Set(elts=elts):
                parts = elts
            case ast.BinOp(left=left, op=ast.Add() | ast.Mult(), right=right):
                # two lists make one that holds the items of both; arrays and numbers make something new
                parts = [p for p in (left, right) if not (isinstance(p, ast.Name) and p.id in body.plain)]
            case ast.ListComp(elt=elt) | ast.SetComp(elt=elt) | ast.DictComp(value=elt):
                parts = [elt]
            case ast.Call():
                return self._call(body, e, depth)
            case ast.Lambda() | ast.GeneratorExp() | ast.Await() | ast.Yield() | ast.YieldFrom():
                return True
        return any(self.value(body, p, depth) for p in parts)

    def _named(self, body: Body, e: ast.Name, depth: int) -> bool:
        module = body.module
        owner = module.owner(e.id, e)
        if isinstance(owner, COMPREHENSIONS):
            return depth > DEEPEST or any(self.value(body, it, depth + 1) for it in _gone_through(owner, e.id))
        if e.id in body.given or e.id in body.values:
            return self.name(body, e.id, depth)
        if owner is None:
            return False
        bound = module.bindings(e.id, owner)
        if bound and all(b.how == "import" for b in bound):
            return self.project._is_user_module(module.imported(e) or e.id)
        return not all(isinstance(b.value, ast.Constant) for b in bound)

    def _call(self, body: Body, call: ast.Call, depth: int) -> bool:
        func, module, project = call.func, body.module, self.project
        if depth > DEEPEST:
            return True
        given = [*call.args, *(k.value for k in call.keywords)]
        if module.is_builtin(func):
            return module.is_builtin(func, *PLAIN_CALLS) and any(self.value(body, a, depth + 1) for a in given)
        name = module.imported(func)
        if name and not project._is_user_module(name):
            last = name.rsplit(".", 1)[-1]
            holds = last[:1].isupper() or last in libraries.FACTORIES or last in libraries.GIVING_BACK
            return holds and any(self.value(body, a, depth + 1) for a in given)
        word = func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""
        if word in project.classes:
            here = self.sent and any(m.source.path == self.entry for m, _ in project.classes[word])
            return here or any(self.value(body, a, depth + 1) for a in given)
        if isinstance(func, ast.Attribute) and word not in project.functions:
            if word in HANDING_ON:
                return any(self.value(body, a, depth + 1) for a in (func.value, *given))
            return False
        if isinstance(func, ast.Attribute) and not name:
            if replace(self, sent=False).value(body, func.value, depth + 1):
                return True
        return any(self._gives_back(m, f, call, body, depth + 1) for m, f in project.functions.get(word, ()))

    def _gives_back(self, module: Module, function: ast.AST, call: ast.Call, body: Body, depth: int) -> bool:
        """Whether a user's function may return one of its arguments, something that holds one, or module data."""
        if not isinstance(function, ast.FunctionDef) or depth > DEEPEST:
            return True
        a = function.args
        params = frozenset(p.arg for p in (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg) if p)
        order = [p.arg for p in (*a.posonlyargs, *a.args)]
        if isinstance(module.parents[function], ast.ClassDef):
            order = order[1:]
        passed: dict[str, ast.expr] = {}
        if not any(isinstance(x, ast.Starred) for x in call.args) and all(k.arg for k in call.keywords):
            passed = dict(zip(order, call.args, strict=False)) | {k.arg: k.value for k in call.keywords if k.arg}
        kept = frozenset(p for p, e in passed.items() if not self.value(body, e, depth))
        plain = frozenset(p for p, e in passed.items() if isinstance(e, ast.Name) and e.id in body.plain)
        inside = Body(Purity(self.project), module, list(function.body), params, kept & params, function, plain)
        inner = replace(self, fitted=frozenset())
        for n in names.walk_scope(function.body):
            if isinstance(n, (ast.Yield, ast.YieldFrom)):
                return True
            if isinstance(n, ast.Return) and n.value is not None and inner.value(inside, n.value, depth):
                return True
        return False


def _gone_through(comprehension: ast.AST, name: str) -> Iterator[ast.expr]:
    for g in getattr(comprehension, "generators", ()):
        if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(g.target)):
            yield g.iter


def _tells_nan_apart(project: Project) -> bool:
    """Whether anything could see that a NaN is another object than `numpy.nan`: `in`, `is`, or lists that compare."""
    for module in project.modules:
        for node in ast.walk(module.tree):
            match node:
                case ast.Compare(ops=ops, left=left, comparators=others):
                    if any(isinstance(op, (ast.In, ast.NotIn, ast.Is, ast.IsNot)) for op in ops):
                        if any(_is_nan(x) for x in (left, *others)):
                            return True
                    elif any(isinstance(op, (ast.Eq, ast.NotEq)) for op in ops):
                        if not any(isinstance(x, ast.Constant) for x in (left, *others)):
                            return True
                case ast.Call(func=ast.Attribute(attr="count" | "index" | "remove"), args=[x]) if _is_nan(x):
                    return True
    return False


def _is_nan(e: ast.expr) -> bool:
    return (isinstance(e, ast.Attribute) and e.attr.lower() == "nan") or (
        isinstance(e, ast.Name) and e.id.lower() == "nan"
    )
