"""Heaps of objects that compare in Python.

What it finds    `heapq.heappush(self.events, Event(time, number))`, where `Event` is a dataclass with `order=True`, or
                 has a `__lt__` that compares fields of both.
Why it is slow   every step of the heap calls `__lt__`, a Python function that makes two tuples; a push takes many.
Example          heapq.heappush(events, event)   ->   heapq.heappush(events, (event.time, event.number, event))
                 event = heapq.heappop(events)   ->   event = heapq.heappop(events)[-1]
Safe when        all that the program ever does with such a heap is to push, to pop, to look at its first item, at its
                 length and whether there is any; all that is pushed are objects of that one class; and nobody binds
                 the fields compared anew (proved from the syntax of the project). Tuples of the fields come in the
                 order of the objects, ties too: equal fields leave the objects to compare themselves, as before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, prelude_line, replace_nodes
from hasten.core.workload import ScriptWorkload
from hasten.kernel.regions import PUT_THERE
from hasten.passes.source.containers.effects import Project, _given, project_of
from hasten.passes.source.containers.fields import field_stays
from hasten.passes.source.containers.slots import Slots
from hasten.passes.source.containers.syntax import Module, dotted, module_of

MINUS = '''\
class _Minus:
    """What compares as `-x` does, worked out when it is asked."""

    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return -self.x == (-other.x if type(other) is _Minus else other)

    def __lt__(self, other):
        return -self.x < (-other.x if type(other) is _Minus else other)

    def __gt__(self, other):
        return (-other.x if type(other) is _Minus else other) < -self.x


def _minus(x):
    return -x if type(x) in (int, float) else _Minus(x)


'''
DOWN = '''\
class _Down:
    """What comes first where `x` is greater."""

    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return self.x == _up(other)

    def __lt__(self, other):
        return self.x > _up(other)

    def __gt__(self, other):
        return _up(other) > self.x


def _up(key):
    return key.x if type(key) is _Down else -key


def _down(x):
    return -x if type(x) in (int, float) else _Down(x)


'''
HELPERS = {"": "", "_minus": MINUS, "_down": DOWN}
PUT_THERE.update((MINUS, DOWN))
MIN_SHARE = 0.03
MAX_DEPTH = 4
# who would see what is in a heap, by way of an object that has it
SHOWING = frozenset("pickle dill cloudpickle joblib shelve marshal asdict astuple weakref".split())


@dataclass(frozen=True)
class Ordered:
    """A class whose objects compare by these fields."""

    node: ast.ClassDef
    fields: tuple[str, ...]
    first: str = ""  # how the first of them goes in: as it is, `_minus` or `_down`


@dataclass(eq=False)
class Heap:
    """A heap of objects of one class: what of it is put in, taken out and looked at."""

    module: Module
    project: Project
    ordered: Ordered
    slots: Slots = field(init=False)
    pushed: list[ast.expr] = field(default_factory=list)
    taken: list[ast.expr] = field(default_factory=list)
    made: list[ast.expr] = field(default_factory=list)
    births: list[ast.AST] = field(default_factory=list)
    owed: list[tuple[Module, ast.expr]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.slots = Slots(self.project, self.judge, self.fresh)

    def why_not(self, heap: ast.expr) -> str:
        """Why something else may be done with this heap, or be in it."""
        why = self.slots.why_not(self.module, heap)
        if not why and not all(self.slots.holds(m, e) for m, e in self.owed):
            why = "what is put in may come from elsewhere"
        if not why and set(self.pushed) & set(self.taken):
            why = "what is taken is put in again at once"
        if not why and not all(field_stays(self.project, name) for name in self.ordered.fields):
            why = "fields are bound anew"
        return why

    def judge(self, module: Module, node: ast.expr) -> bool | None:
        """What a use of the heap is: fine, none that is known, or for others to say (None)."""
        parent = module.parents[node]
        match parent:
            case ast.Call(func=f, args=[heap, *rest], keywords=[]) if heap is node and module.imported(f):
                word = module.imported(f)
                if module is not self.module or any(isinstance(a, ast.Starred) for a in rest):
                    return False
                if word in ("heapq.heappush", "heapq.heappushpop", "heapq.heapreplace") and len(rest) == 1:
                    if not self.is_ordered(module, rest[0], 0) or not _in_function(module, parent):
                        return False
                    self.pushed.append(rest[0])
                    if word != "heapq.heappush":
                        self.taken.append(parent)
                    return True
                if word == "heapq.heappop" and not rest:
                    self.taken.append(parent)
                    return True
                return False
            case ast.Subscript(value=value, slice=ast.Constant(value=0), ctx=ast.Load()) if value is node:
                if module is not self.module:
                    return False
                self.taken.append(parent)
                return True
            case ast.Call(func=f, args=[only], keywords=[]) if only is node and module.is_builtin(f, "len", "bool"):
                return True
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if test is node:
                return True
            case ast.UnaryOp(op=ast.Not()):
                return True
            case ast.BoolOp():
                top, holder = module.around_logic(parent)
                return isinstance(holder, (ast.If, ast.While, ast.IfExp)) and holder.test is top
            case ast.Assign(targets=[ast.Name() | ast.Attribute() | ast.Subscript()]) | ast.Return() | ast.keyword():
                return None
            case ast.AnnAssign():
                return None
            case ast.Call() if node in parent.args:
                return None if not module.imported(parent.func) and not module.is_builtin(parent.func) else False
        return False

    def fresh(self, module: Module, value: ast.expr) -> bool:
        """Whether a new list holds no object, or only such."""
        if not (isinstance(value, ast.Constant) and value.value is None):
            self.births.append(value)
        match value:
            case ast.Call(func=f, args=[], keywords=[]):
                return module.is_builtin(f, "list")
            case ast.List(elts=elts):
                if elts and (module is not self.module or not _in_function(module, value)):
                    return False
                if not all(self.is_ordered(module, e, 0) for e in elts):
                    return False
                self.made += elts
                return True
        return isinstance(value, ast.Constant) and value.value is None

    def is_ordered(self, module: Module, e: ast.expr, depth: int) -> bool:
        """Whether a value is an object of the class, and of no other."""
        if depth > MAX_DEPTH:
            return False
        match e:
            case ast.Call(func=ast.Name(id=name) as f):
                if name == self.ordered.node.name and module is self.module:
                    return module.owner(name, f) is module.tree
                if module.imported(f) in ("heapq.heappop", "heapq.heappushpop", "heapq.heapreplace"):
                    return self._of_heap(module, e)
                return False
            case ast.Call(func=f) if module.imported(f) in ("heapq.heappop", "heapq.heappushpop", "heapq.heapreplace"):
                return self._of_heap(module, e)
            case ast.Name():
                scope = module.owner(e.id, e)
                if not isinstance(scope, (ast.FunctionDef, ast.Module)):
                    return False
                if isinstance(scope, ast.Module) and self.project.mentions(e.id, module):
                    return False
                return all(self._binds_ordered(module, scope, b.node, b.how, _given(module, b), e.id, depth)
                           for b in module.bindings(e.id, scope))  # fmt: skip
        return False

    def _of_heap(self, module: Module, call: ast.Call) -> bool:
        """Whether what is taken is taken from this heap."""
        self.owed += ((module, heap) for heap in call.args[:1])
        return bool(call.args)

    def _binds_ordered(
        self, module: Module, scope: ast.AST, node: ast.AST, how: str, value: ast.expr | None, name: str, depth: int
    ) -> bool:
        if how in ("assign", "unpack") and value is not None:
            return self.is_ordered(module, value, depth + 1)
        if how != "parameter" or not isinstance(scope, ast.FunctionDef) or scope.args.vararg or scope.args.kwarg:
            return False
        given = self.slots.arguments(module, scope, name)
        return given is not None and all(self.is_ordered(m, e, depth + 1) for m, e in given)


def _in_function(module: Module, node: ast.AST) -> bool:
    return isinstance(module.scope(node), (ast.FunctionDef, ast.Module))


class HeapOrder:
    """See the module."""

    code: ClassVar[str] = "HST120"
    name: ClassVar[str] = "heap of objects that compare in Python"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        for heap in _heaps(work, region, facts):
            lines = [n.lineno for n in (*heap.pushed, *heap.taken)]
            name = heap.ordered.node.name
            yield Finding(
                self.code, region, min(lines), max(lines),
                f"each step of a heap calls `{name}.__lt__`, a Python function",
                f"tuples of {' and '.join(heap.ordered.fields)}, which compare without Python",
                _share(facts, heap), {"class": name},
            )  # fmt: skip

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        for heap in _heaps(work, finding.region, facts):
            name = heap.ordered.node.name
            if name != finding.detail.get("class"):
                continue
            edits = _edits(heap)
            if edits:
                title = f"line {heap.pushed[0].lineno}: a heap of tuples for {name}"
                yield Change(self.code, title, finding.region, edits, self.risk, (), finding.share)


def _heaps(work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Heap]:
    """The heaps that are made while a region runs, and filled and emptied in its file."""
    try:
        source = work.source(region.path)
        module = module_of(source)
        _ = module.tree
        if "heapq" not in source.text:
            return
        project = project_of(work, region.path)
    except (OSError, SyntaxError, ValueError):
        return
    for heap in _known(project, module):
        inside = any(_within(module, birth, region) for birth in heap.births)
        if inside and (not facts.profile.samples or _share(facts, heap) >= MIN_SHARE):
            yield heap


@lru_cache(maxsize=16)
def _known(project: Project, module: Module) -> tuple[Heap, ...]:
    """All such heaps of a file."""
    found: list[Heap] = []
    if module.dynamic or {"__lt__", "__eq__"} & project.attributes or {"__del__", "__eq__"} & set(project.functions):
        return ()
    if any(m.names & SHOWING for m in project.modules):
        return ()
    ordered = [o for s in module.tree.body if isinstance(s, ast.ClassDef) and (o := _ordered(project, module, s))]
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call) or module.imported(node.func) != "heapq.heappush" or len(node.args) != 2:
            continue
        if any(node.args[1] in heap.pushed for heap in found):
            continue
        for o in ordered:
            heap = Heap(module, project, o)
            if not heap.why_not(node.args[0]):
                found.append(heap)
                break
    return tuple(found)


def _ordered(project: Project, module: Module, cls: ast.ClassDef) -> Ordered | None:
    """What objects of a class compare by, when they do so by some of their fields."""
    if cls.bases or cls.keywords or len(module.bindings(cls.name, module.tree)) != 1:
        return None
    if len(project.classes.get(cls.name, ())) != 1:
        return None
    methods = {s.name: s for s in cls.body if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef))}
    if set(methods) & {"__eq__", "__new__", "__post_init__", "__setattr__", "__getattribute__", "__getattr__"}:
        return None
    plain, dataclass_ = True, None
    for d in cls.decorator_list:
        name = module.imported(d.func if isinstance(d, ast.Call) else d)
        if name == "dataclasses.dataclass":
            dataclass_ = d
        plain &= name in ("dataclasses.dataclass", "functools.total_ordering")
    if not plain:
        return None
    annotated = [s for s in cls.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]
    names = [s.target.id for s in annotated if isinstance(s.target, ast.Name)]
    if "__lt__" in methods:
        fields, first = _compared(module, methods["__lt__"], cls.name)
        init = methods.get("__init__")
        if dataclass_ is not None and not _no_equality(dataclass_):
            return None  # tuples ask the `__eq__` that it makes, where nobody did
        set_there = set(names) if dataclass_ is not None and init is None else _set_in(init)
        return Ordered(cls, fields, first) if fields and set(fields) <= set_there else None
    if not isinstance(dataclass_, ast.Call) or "__init__" in methods:
        return None
    options = {k.arg: k.value for k in dataclass_.keywords}
    if dataclass_.args or set(options) - {"order", "frozen", "slots"}:
        return None
    order = options.get("order")
    if not (isinstance(order, ast.Constant) and order.value is True):
        return None
    fields = tuple(name for name, s in zip(names, annotated, strict=True) if _compares(module, s))
    if not fields or any(_compares(module, s) is None for s in annotated):
        return None
    return Ordered(cls, fields)


def _no_equality(made: ast.expr) -> bool:
    """Whether a dataclass leaves objects equal to themselves only: `dataclass(eq=False)`."""
    words = made.keywords if isinstance(made, ast.Call) else ()
    return any(k.arg == "eq" and isinstance(k.value, ast.Constant) and k.value.value is False for k in words)


def _compares(module: Module, s: ast.AnnAssign) -> bool | None:
    """Whether a field of a dataclass is compared; None where that is not plain to see."""
    if any(word in ast.unparse(s.annotation) for word in ("ClassVar", "InitVar", "KW_ONLY")):
        return None
    if not isinstance(s.value, ast.Call) or module.imported(s.value.func) != "dataclasses.field":
        return None if isinstance(s.value, ast.Call) and dotted(s.value.func).endswith("field") else True
    options = {k.arg: k.value for k in s.value.keywords}
    if s.value.args or set(options) - {"compare", "default", "default_factory", "repr"}:
        return None
    compare = options.get("compare")
    if compare is None:
        return True
    return compare.value if isinstance(compare, ast.Constant) and isinstance(compare.value, bool) else None


def _compared(module: Module, method: ast.AST, name: str) -> tuple[tuple[str, ...], str]:
    """The fields that a `__lt__` compares first: of `return self.a < other.a`, of a tuple of such, and where objects
    that are equal in `self.a` are told apart otherwise. (Tuples that are equal so far ask the objects themselves.)
    The first may count the other way: `self.a > other.a`, `(-self.a, self.b) < (-other.a, other.b)`."""
    if not isinstance(method, ast.FunctionDef) or method.decorator_list or len(method.args.args) != 2:
        return (), ""
    me, other = (a.arg for a in method.args.args)
    if any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in ast.walk(method)):
        return (), ""
    body = list(method.body)
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    match body:
        case [
            ast.If(
                test=ast.UnaryOp(
                    op=ast.Not(), operand=ast.Call(func=f, args=[ast.Name(id=asked), ast.Name(id=cls)], keywords=[])
                ),
                body=[ast.Return(value=ast.Name(id="NotImplemented"))],
                orelse=[],
            ),
            *rest,
        ] if asked == other and cls == name and module.is_builtin(f, "isinstance"):
            body = rest

    def both(e: ast.expr, f: ast.expr) -> str:
        match e, f:
            case (
                ast.Attribute(value=ast.Name(id=first), attr=attr),
                ast.Attribute(value=ast.Name(id=second), attr=same),
            ) if first == me and second == other and attr == same:
                return attr
        return ""

    def one(s: ast.stmt) -> tuple[str, str]:
        match s:
            case ast.Return(value=ast.Compare(left=left, ops=[ast.Lt() | ast.Gt() as op], comparators=[right])):
                return both(left, right), "" if isinstance(op, ast.Lt) else "_down"
        return "", ""

    def strict(s: ast.stmt) -> bool:
        match s:
            case ast.Return(value=ast.Compare(left=left, ops=[ast.Lt() | ast.Gt()], comparators=[right])):
                pairs = [(left, right)]
                if isinstance(left, ast.Tuple) and isinstance(right, ast.Tuple) and len(left.elts) == len(right.elts):
                    pairs = list(zip(left.elts, right.elts, strict=True))
                return all(both(*pair) for pair in pairs)
        return False

    word, first = "", ""
    match body:
        case [
            ast.Return(
                value=ast.Compare(left=ast.Tuple(elts=mine), ops=[ast.Lt()], comparators=[ast.Tuple(elts=theirs)])
            )
        ] if len(mine) == len(theirs) > 0:
            match mine[0], theirs[0]:
                case ast.UnaryOp(op=ast.USub(), operand=a), ast.UnaryOp(op=ast.USub(), operand=b):
                    mine, theirs, first = [a, *mine[1:]], [b, *theirs[1:]], "_minus"
            fields = tuple(map(both, mine, theirs))
            return (fields, first) if all(fields) else ((), "")  # what else is in it might fail
        case [only]:
            word, first = one(only)
        case [
            ast.If(test=ast.Compare(left=a, ops=[op], comparators=[b]), body=[*_, last] as inside, orelse=after),
            *rest,
        ]:
            unequal: list[ast.stmt] = []
            equal: list[ast.stmt] = []
            if isinstance(op, ast.NotEq) and isinstance(last, ast.Return):
                unequal, equal = inside, [*after, *rest]
            elif isinstance(op, ast.Eq) and isinstance(last, ast.Return):
                unequal, equal = [*after, *rest], inside
            word, first = one(unequal[0]) if unequal else ("", "")
            # an object that is in the heap twice is not asked by tuples whether it is less than itself
            if word != both(a, b) or len(equal) != 1 or not strict(equal[0]):
                word = ""
    return (word,) if word else (), first


def _set_in(init: ast.AST | None) -> set[str]:
    """Attributes that a constructor always sets."""
    out: set[str] = set()
    if init is None or any(isinstance(n, ast.Return) for n in ast.walk(init)):
        return out
    for s in getattr(init, "body", ()):
        targets = s.targets if isinstance(s, ast.Assign) else [s.target] if isinstance(s, ast.AnnAssign) else []
        out.update(t.attr for t in targets if isinstance(t, ast.Attribute))
    return out


def _within(module: Module, birth: ast.AST, region: Region) -> bool:
    """Whether a heap begins in a region: where it is made, or an object that has it."""
    holder = module.function(birth)
    cls = module.parents[holder] if isinstance(holder, ast.FunctionDef) and holder.name == "__init__" else holder
    if not isinstance(cls, ast.ClassDef):
        owner = holder if isinstance(holder, ast.FunctionDef) else None
        return _inside(birth, region) and (owner is None or region.kind == "function")
    return any(
        isinstance(n, ast.Call)
        and dotted(n.func).rpartition(".")[2] == cls.name
        and _inside(n, region)
        and (region.kind == "function" or not isinstance(module.function(n), ast.FunctionDef))
        for n in ast.walk(module.tree)
    )


def _inside(node: ast.AST, region: Region) -> bool:
    return region.first <= getattr(node, "lineno", 0) <= region.last


def _share(facts: Facts, heap: Heap) -> float:
    lines = {n.lineno for n in (*heap.pushed, *heap.taken)}
    path = heap.module.source.path
    return min(1.0, sum(facts.profile.share(path, line, line) for line in lines))


def _edits(heap: Heap) -> tuple[Edit, ...]:
    """Tuples go in, and the last of each is what comes out."""
    module, item = heap.module, heap.module.fresh("queued")
    source, ordered = module.source, heap.ordered
    replaced: list[tuple[ast.AST, str]] = []
    if any(isinstance(at, ast.JoinedStr) for e in (*heap.pushed, *heap.made, *heap.taken) for at in module.up(e)):
        return ()

    def rest(name: str) -> str:
        return "".join(f", {name}.{field}" for field in ordered.fields[1:])

    for e in dict.fromkeys((*heap.pushed, *heap.made)):
        first = f".{ordered.fields[0]}" + (")" if ordered.first else "")
        if isinstance(e, ast.Name):
            opens = f"({ordered.first}(" if ordered.first else "("
            replaced.append((e, f"{opens}{e.id}{first}{rest(e.id)}, {e.id})"))
        else:
            opens = f"({ordered.first}((" if ordered.first else "(("
            replaced += [(_point(e, end=False), f"{opens}{item} := "), (_point(e), f"){first}{rest(item)}, {item})")]
    replaced += [(_point(e), "[-1]") for e in dict.fromkeys(heap.taken)]
    edits = replace_nodes(source, replaced)
    helper, at = HELPERS[ordered.first], prelude_line(source)
    if helper and helper not in source.text:
        if (
            module.names & {"_Minus", "_minus", "_Down", "_down", "_up"}
            and not _placed(module)
            or any(e.first < at for e in edits)
        ):
            return ()
        edits = [Edit(source.path, at, at - 1, f"\n\n{helper}"), *edits]
    return tuple(edits)


def _placed(module: Module) -> bool:
    """Whether such names in a file are those of helpers alone."""
    return MINUS in module.source.text or DOWN in module.source.text


def _point(e: ast.expr, end: bool = True) -> ast.AST:
    """A place without width: where an expression begins, or ends."""
    point = ast.Name("here", ast.Load())
    point.lineno, point.col_offset = (e.end_lineno or 0, e.end_col_offset or 0) if end else (e.lineno, e.col_offset)
    point.end_lineno, point.end_col_offset = point.lineno, point.col_offset
    return point
