"""Elements of tensors, read at once.

What it finds    loops and comprehensions over a tensor that make numbers of its elements: `for v in p:
                 a.append(v.item())`, `[float(v) for v in p]`, `p[i].item()` and `p[i] == y[i]` in a loop over `i`.
Why it is slow   every element becomes a tensor of its own first and is read by itself: 0.5 microseconds or more, and
                 on a graphics card a wait for all work that is under way.
Example          for v, y in zip(p, labels):  ->  for v, y in zip(_elements(p, labels), _elements(labels, p)):
Safe when        the elements are only read, by `.item()`, `float`, `int`, `bool`, in tests, and compared where they are
                 whole numbers; nothing in the loop can write into a tensor. And checked as it runs: a plain tensor of
                 the dimensions expected, in memory or on a card, of a type that NumPy has, indexes within it. NumPy's
                 numbers make the same Python numbers of it. Anything else runs as before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.batch.forwards import NUMBERS as NUMBER_METHODS
from hasten.passes.source.batch.forwards import TENSORS
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import COMPREHENSIONS, FUNCTIONS, Module, Parts, dotted, same
from hasten.passes.source.estimators.base import defined, within
from hasten.passes.source.torch_calls.loader import binds_torch, imports_torch
from hasten.passes.source.torch_calls.still import Still, at_once, lazy

HELPER = '''\
def _elements(values, *beside, upto=None, compared=None):
    """`values` to read numbers from one by one: as NumPy's, read at once, where it is a plain tensor."""
    kinds = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool)
    if compared is None:
        kinds += (torch.float64, torch.float32, torch.float16)
    for each in (values, *(compared or ())):
        if type(each) not in (torch.Tensor, torch.nn.Parameter) or each.device.type not in ("cpu", "cuda"):
            return values
        if each.dtype not in kinds or each.layout is not torch.strided or each.is_neg():
            return values
        if each.ndim != 1 or (upto is not None and (type(upto) is not int or upto > len(each))):
            return values
    modes = torch._C._len_torch_function_stack() or torch._C._len_torch_dispatch_stack()
    if modes or torch._C._functorch.peek_interpreter_stack() is not None or not all(map(_gone_through, beside)):
        return values
    # a copy: what NumPy has a hold of can no longer be resized
    return values.detach()[:upto].to("cpu", copy=True).numpy()


def _gone_through(other):
    """Whether going through it runs nothing of its own."""
    kind = type(other)
    plain = kind in (list, tuple, range, str, dict, torch.Tensor, torch.nn.Parameter)
    return plain or (kind.__module__, kind.__name__) == ("numpy", "ndarray")


'''
HARMLESS = frozenset("__name__ __qualname__ __doc__ __slots__ __all__ __wrapped__ __version__ __module__".split())
COMPARED = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
MODES = frozenset(  # in which a tensor may be another thing than it says
    "__torch_function__ __torch_dispatch__ TorchFunctionMode TorchDispatchMode FlopCounterMode jit vmap functorch "
    "jacrev jacfwd hessian parametrize parametrizations spectral_norm".split()
)
GIVEN = TENSORS | NUMBER_METHODS | {"cpu", "cuda", "to", "numpy", "t"}
OF_TENSORS = frozenset("detach cpu argmax softmax sigmoid squeeze flatten".split())
NUMBERS = ("float", "int", "bool")


class ElementsAtOnce(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST715"
    name: ClassVar[str] = "elements read at once"
    risk: ClassVar[Risk] = Risk.EXACT

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        if not imports_torch(module) or any(MODES & m.names for m in place.project.modules) or _patched(place):
            return
        added = () if binds_torch(module) else ("import torch\n",)
        ours = defined(HELPER)
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                if isinstance(node, (ast.For, *COMPREHENSIONS)) and not within(module, node, ours):
                    site = _through(place, node) or _by_index(place, node)
                    if site is not None:
                        yield Parts(
                            title="read the elements of a tensor at once",
                            first=node.lineno,
                            last=node.end_lineno or node.lineno,
                            reason="every element becomes a tensor, which is read by itself",
                            remedy="read all of them first",
                            replace=site.replace,
                            before=site.before,
                            prelude=(*added, HELPER),
                        )


def _patched(place: Place) -> bool:
    """Whether something that Python asks of objects is stored into one, perhaps into PyTorch's class."""
    return any(name.startswith("__") and name.endswith("__") for name in place.project.attributes - HARMLESS)


@dataclass(frozen=True)
class _Site:
    replace: tuple[tuple[ast.AST, str], ...]
    before: tuple[tuple[int, str], ...] = ()


@dataclass
class _Read:
    """What is known of the elements of something from how they are read."""

    sure: bool = False  # `.item()`: perhaps a tensor's
    compared: bool = False
    partners: set[str] = field(default_factory=set)  # elements of what else they are compared with
    other: bool = False  # used in another way


def _parts(node: ast.AST) -> tuple[list[tuple[ast.expr, ast.expr]], list[ast.AST]] | None:
    """(target, iterable) of a loop; what runs in every round."""
    if isinstance(node, ast.For):
        return [(node.target, node.iter)], list(node.body)
    assert isinstance(node, COMPREHENSIONS)
    first = node.generators[0]
    if len(node.generators) != 1 or first.is_async:
        return None
    made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    return [(first.target, first.iter)], [*made, *first.ifs]


def _through(place: Place, node: ast.AST) -> _Site | None:
    """`for v in p`, `for i, v in enumerate(p)`, `for v, y in zip(p, labels)`."""
    module = place.module
    parts = _parts(node)
    if parts is None or (not isinstance(node, ast.For) and not at_once(module, node)):
        return None
    todo, body = parts
    bound = [n.id for n in ast.walk(todo[0][0]) if isinstance(n, ast.Name)]
    if len(set(bound)) != len(bound):
        return None  # a name twice
    found: dict[str, tuple[ast.expr, list[ast.expr]]] = {}  # name: what its elements are of, what goes beside
    while todo:
        target, e = todo.pop()
        match e:
            case ast.Call(func=func, args=[inner], keywords=[]) if module.is_builtin(func, "enumerate"):
                if isinstance(target, ast.Tuple) and len(target.elts) == 2:
                    todo.append((target.elts[1], inner))
            case ast.Call(func=func, args=args, keywords=keywords) if module.is_builtin(func, "zip"):
                if not isinstance(target, ast.Tuple) or len(target.elts) != len(args):
                    return None
                if not all(isinstance(t, ast.Name) for t in target.elts) and lazy(place.project):
                    return None  # what is taken apart may run code
                pure = [a for a in args if _pure(place, a)]
                if any(k.arg != "strict" for k in keywords) or not all(a in pure or _made(place, a) for a in args):
                    return None
                for t, a in zip(target.elts, args, strict=True):
                    if isinstance(t, ast.Name) and not _range(module, a):
                        found[t.id] = (a, [b for b in pure if b is not a and not _range(module, b)])
            case _ if isinstance(target, ast.Name) and not _range(module, e):
                found[target.id] = (e, [])
    reads: dict[str, _Read] = {}
    for name in found:
        uses = _uses(place, node, name, body)
        if uses:
            reads[name] = _Read()
            for use in uses:
                _note(module, use, reads[name], frozenset(found))
    good = _good(place, reads, {name: e for name, (e, _) in found.items()})
    if not good or not Still(module, place.project, node).all(body):
        return None
    replace = []
    for name, others in good.items():
        e, beside = found[name]
        given = ", ".join(map(module.text, (e, *beside)))
        replace.append((e, f"_elements({given}{_compared(module, reads[name], [found[n][0] for n in others])})"))
    return _Site(tuple(replace))


def _good(place: Place, reads: dict[str, _Read], of: dict[str, ast.expr]) -> dict[str, list[str]]:
    """What may be read at once, each with all that it is compared with, be it through others."""
    out: dict[str, list[str]] = {}
    for name in reads:
        group, todo = {name}, [name]
        while todo:
            for other in reads[todo.pop()].partners:
                if other not in reads:
                    group.add(other)
                elif other not in group:
                    group.add(other)
                    todo.append(other)
        known = all(n in reads and not reads[n].other and not _otherwise(place, of[n]) for n in group)
        known = known and (len(group) == 1 or all(_pure(place, of[n]) for n in group))
        if known and any(_seen(place, of[n], reads[n]) for n in group):
            out[name] = sorted(group - {name})
    return out


def _compared(module: Module, read: _Read, others: list[ast.expr]) -> str:
    if not read.compared:
        return ""
    return f", compared=({' '.join(f'{module.text(e)},' for e in others)})"


def _pure(place: Place, e: ast.expr) -> bool:
    """Whether an expression may be worked out twice."""
    if isinstance(e, ast.Attribute):
        return e.attr not in place.project.properties and _pure(place, e.value)
    if _range(place.module, e):
        assert isinstance(e, ast.Call)
        return all(_size(place, a) for a in e.args)
    return isinstance(e, ast.Name)


def _made(place: Place, e: ast.expr) -> bool:
    """Whether an expression gives a tensor or an array, and nothing that runs code as it is gone through."""
    if not isinstance(e, (ast.BinOp, ast.UnaryOp, ast.Call)):
        return False
    # no class of the project has operators, by `Still`; what is read before it must not be written into
    return all(_quiet(place, n) for n in ast.walk(e))


def _quiet(place: Place, node: ast.AST) -> bool:
    """Whether a part of an expression writes into nothing."""
    project = place.project
    match node:
        case ast.Call(func=ast.Attribute(attr=name), keywords=keywords):
            own = name in project.functions or name in project.attributes
            return name in GIVEN and not own and all(k.arg in ("dim", "dtype", "keepdim") for k in keywords)
        case ast.Attribute(attr=name):
            called = isinstance(call := place.module.parents[node], ast.Call) and call.func is node
            return called or name not in project.properties
        case ast.Subscript():
            return "__getitem__" not in project.functions
    kinds = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Name, ast.Constant, ast.keyword, ast.Slice, ast.expr_context)
    return isinstance(node, (*kinds, ast.operator, ast.unaryop, ast.cmpop))


def _range(module: Module, e: ast.expr) -> bool:
    return isinstance(e, ast.Call) and module.is_builtin(e.func, "range") and not e.keywords


def _size(place: Place, e: ast.expr) -> bool:
    """Whether an expression is of numbers and sizes, so that it may be worked out twice."""
    known = place.project.functions.keys() | place.project.attributes
    match e:
        case ast.Constant(value=int()) | ast.Name():
            return True
        case ast.BinOp(left=left, right=right):
            return _size(place, left) and _size(place, right)
        case ast.Call(func=func, args=[ast.Name()], keywords=[]) if place.module.is_builtin(func, "len"):
            return all(_short(f) for _, f in place.project.functions.get("__len__", ()))
        case ast.Call(func=ast.Attribute(value=ast.Name(), attr="size"), args=[ast.Constant()], keywords=[]):
            return "size" not in known
        case ast.Subscript(value=ast.Attribute(value=ast.Name(), attr="shape"), slice=ast.Constant()):
            return "shape" not in known
    return False


def _short(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function only says how long one of its attributes is."""
    if function.decorator_list or not isinstance(function.body[-1], ast.Return) or len(function.body) > 2:
        return False
    calls = (n for n in ast.walk(function.body[-1]) if isinstance(n, ast.Call))
    first = function.body[0]
    told = first is function.body[-1] or (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant))
    return told and all(isinstance(n.func, ast.Name) and n.func.id in ("len", "int", "min") for n in calls)


def _uses(place: Place, node: ast.AST, name: str, body: list[ast.AST]) -> list[ast.Name] | None:
    """Where an element is used under its name; None where it is seen outside the loop or bound again."""
    module = place.module
    inside = {n for b in body for n in ast.walk(b)}
    owner: ast.AST | None = node
    if isinstance(node, ast.For):
        owner = module.owner(name, node.target)
        if owner is None or isinstance(owner, ast.ClassDef):
            return None
        if isinstance(owner, ast.Module) and (name in _texts(module) or place.project.mentions(name, module)):
            return None
    assert owner is not None
    found = []
    for use in module.uses(name, owner):
        if use in inside:
            if not isinstance(use.ctx, ast.Load):
                return None
            found.append(use)
        elif isinstance(use.ctx, ast.Load) and not _bound_by_another(module, use, node, name):
            return None
    return found


def _texts(module: Module) -> frozenset[str]:
    """What `__all__` or `getattr` may name."""
    return frozenset(n.value for n in ast.walk(module.tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))


def _bound_by_another(module: Module, use: ast.Name, node: ast.AST, name: str) -> bool:
    """Whether what a name means there comes from another loop that it stands in."""
    child: ast.AST = use
    around = {node, *module.up(node)}  # what these bind, the loop binds anew
    for at in module.up(use):
        if isinstance(at, ast.For) and at not in around and child in at.body:
            if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(at.target)):
                return True
        if isinstance(at, FUNCTIONS):
            return False
        child = at
    return False


def _note(module: Module, use: ast.expr, read: _Read, names: frozenset[str]) -> None:
    """How one element is read; `names` are those of what else is read here (`p`, or `p[i]` by `p`)."""
    parent = module.parents[use]
    match parent:
        case ast.Attribute(attr="item") if _asked(module, parent):
            read.sure = True
        case ast.Call(func=func, args=[given], keywords=[]) if given is use and module.is_builtin(func, *NUMBERS):
            pass
        case ast.Compare(left=left, ops=[op], comparators=[right]) if isinstance(op, COMPARED):
            other = right if left is use else left
            name = _name(other, use)
            read.compared = True
            if not _result(module, parent):
                read.other = True
            elif name in names:
                read.partners.add(name)
            elif not (isinstance(other, ast.Constant) and type(other.value) is int and 0 <= other.value < 128):
                read.other = True
        case _:
            if not _tested(module, use):
                read.other = True


def _name(e: ast.expr, like: ast.expr) -> str:
    """`v` of an element `v`, `p` of an element `p[i]` where `like` is one at `i` too; else empty."""
    match e, like:
        case ast.Name(id=name), ast.Name():
            return name
        case ast.Subscript(value=ast.Name(id=name), slice=at), ast.Subscript(slice=own) if same(at, own):
            return name
    return ""


def _asked(module: Module, attribute: ast.AST) -> bool:
    call = module.parents[attribute]
    return isinstance(call, ast.Call) and call.func is attribute and not call.args and not call.keywords


def _result(module: Module, compared: ast.expr) -> bool:
    """Whether a truth value is only read as a number or as a test."""
    parent = module.parents[compared]
    if isinstance(parent, ast.Attribute) and parent.attr == "item":
        return _asked(module, parent)
    if isinstance(parent, ast.Call) and module.is_builtin(parent.func, *NUMBERS):
        return parent.args == [compared] and not parent.keywords
    return _tested(module, compared)


def _tested(module: Module, e: ast.expr) -> bool:
    parent = module.parents[e]
    match parent:
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BoolOp():
            return _tested(module, parent)
        case ast.If(test=test) | ast.IfExp(test=test):
            return test is e
        case ast.comprehension(ifs=ifs):
            return e in ifs
    return False


def _seen(place: Place, e: ast.expr, read: _Read) -> bool:
    """Whether this may be a tensor: by what was recorded, else by `.item()` and by what it is made by."""
    seen = place.facts.of(place.region.id).types.get(dotted(e), ()) if dotted(e) else ()
    if seen:
        return any(f.type.rpartition(".")[2] in ("Tensor", "Parameter") for f in seen)
    return read.sure or _by_torch(place.module, e)


def _by_torch(module: Module, e: ast.expr) -> bool:
    """Whether a tensor is what an expression most likely gives."""
    match e:
        case ast.Name(id=name) if (scope := module.owner(name, e)) is not None:
            return any(
                b.value is not None and not isinstance(b.value, ast.Name) and _by_torch(module, b.value)
                for b in module.bindings(name, scope)
            )
        case ast.Subscript(value=value):
            return _by_torch(module, value)
        case ast.Call(func=func):
            method = isinstance(func, ast.Attribute) and not module.imported(func)
            return module.imported(func).startswith("torch.") or (method and func.attr in OF_TENSORS)  # type: ignore[attr-defined]
    return False


def _otherwise(place: Place, e: ast.expr) -> bool:
    """Whether it was recorded, and no tensor; or is read at once already."""
    given = [e]
    if isinstance(e, ast.Name) and (scope := place.module.owner(e.id, e)) is not None:
        given += [b.value for b in place.module.bindings(e.id, scope) if b.value is not None]
    if any(isinstance(g, ast.Call) and dotted(g.func) == "_elements" for g in given):
        return True
    seen = place.facts.of(place.region.id).types.get(dotted(e), ()) if dotted(e) else ()
    return bool(seen) and not any(f.type.rpartition(".")[2] in ("Tensor", "Parameter") for f in seen)


def _by_index(place: Place, node: ast.AST) -> _Site | None:
    """`p[i]` in `for i in range(n)`."""
    module = place.module
    parts = _parts(node)
    if parts is None:
        return None
    ((target, e),), body = parts
    end, statement = _end(place, e), module.statement(node)
    if not isinstance(target, ast.Name) or end is None or not Still(module, place.project, node).all(body):
        return None
    if not isinstance(statement, (ast.For, ast.Assign, ast.AugAssign, ast.Return, ast.Expr)):
        return None
    if not module.whole_lines(statement) or (statement is not node and not _alone(place, statement, node)):
        return None
    if any(isinstance(n, (ast.Break, ast.Return)) for b in body for n in ast.walk(b)):
        return None  # the rest is not read
    found = _picked(module, node, body, target.id)
    reads = {name: _Read() for name in found}
    for name, nodes in found.items():
        for picked in nodes:
            _note(module, picked, reads[name], frozenset(found))
    good = _good(place, reads, {name: nodes[0].value for name, nodes in found.items()})
    before, taken, replace = [], list[str](), list[tuple[ast.AST, str]]()
    for name, others in good.items():
        fresh = module.fresh(f"{name}_read", taken)
        taken.append(fresh)
        compared = _compared(module, reads[name], [found[n][0].value for n in others])
        line = f"{module.margin(statement)}{fresh} = _elements({name}, upto={end}{compared})\n"
        before.append((statement.lineno, line))
        replace += [(n.value, fresh) for n in found[name]]
    return _Site(tuple(replace), tuple(before)) if replace else None


def _alone(place: Place, statement: ast.stmt, node: ast.AST) -> bool:
    """Whether a comprehension is gone through at once, and the rest of its statement is still as well."""
    module = place.module
    if isinstance(statement, ast.For) or not at_once(module, node):
        return False
    still, inside, takes = Still(module, place.project, node), set(ast.walk(node)), module.parents[node]
    taken = isinstance(node, ast.GeneratorExp)
    return all(still.node(n) or (taken and n is takes) for n in ast.walk(statement) if n not in inside)


def _end(place: Place, e: ast.expr) -> str | None:
    """How far indexes go: `n` of `range(n)` and `range(1, n)`."""
    module = place.module
    if not _range(module, e):
        return None
    assert isinstance(e, ast.Call)
    match e.args:
        case [end]:
            pass
        case [ast.Constant(value=int() as first), end] if first >= 0:
            pass
        case _:
            return None
    return module.text(end) if _size(place, end) else None


def _picked(module: Module, node: ast.AST, body: list[ast.AST], index: str) -> dict[str, list[ast.Subscript]]:
    """`p[i]` for every local `p` that is there before and stays what it is; nothing where `i` changes."""
    found: dict[str, list[ast.Subscript]] = {}
    inside = [n for b in body for n in ast.walk(b)]
    statement = module.statement(node)
    for n in inside:
        if isinstance(n, ast.Name) and n.id == index and not isinstance(n.ctx, ast.Load):
            return {}
        if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Name) and n.slice.id == index:
            if isinstance(n.ctx, ast.Load) and isinstance(n.value, ast.Name):
                found.setdefault(n.value.id, []).append(n)
    out = {}
    for name, nodes in found.items():
        scope = module.owner(name, nodes[0].value)
        if scope is None or isinstance(scope, (ast.ClassDef, *COMPREHENSIONS)):
            continue
        if not module.bound_before(name, scope, statement):
            continue
        stored = any(isinstance(n, ast.Name) and n.id == name and not isinstance(n.ctx, ast.Load) for n in inside)
        if not stored:
            out[name] = nodes
    return out
