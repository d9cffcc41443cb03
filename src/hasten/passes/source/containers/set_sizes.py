"""Sets that are made to be counted.

What it finds    `len(a | b)` and `len(a.union(b))`, beside `len(a & b)` of the same sets or not; a union with a name
                 that is only counted; `set(xs)` made twice for that; `if a & b`, `len(a & b) > 0`.
Why it is slow   a union copies both sets to be thrown away; to know whether two sets meet one common item will do.
Example          len(a & b) / len(a | b)   ->   (common := len(a & b)) / _union_size(a, b, common)
                 if set(a) & b:            ->   if _meet(set(a), b):
Safe when        both are plain sets (looked at while it runs; anything else is done as before) and no class of the
                 project says itself what its objects equal. What is counted once stands between no two calls that could
                 change the sets.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import FUNCTIONS, Module, Parts, same

SETS = "_SETS = (set, frozenset)\n\n\n"

UNION_SIZE = '''\
def _union_size(a, b, common=None):
    """`len(a | b)`; of plain sets by the number of their common items, so that no union is made."""
    if type(a) in _SETS and type(b) in _SETS:
        return len(a) + len(b) - (len(a & b) if common is None else common)
    return len(a | b)


'''

UNION_SIZE_OF = '''\
def _union_size_of(a, b, common=None):
    """`len(a.union(b))`; of plain sets by the number of their common items, so that no union is made."""
    if type(a) in _SETS and type(b) in _SETS:
        return len(a) + len(b) - (len(a & b) if common is None else common)
    return len(a.union(b))


'''

UNION_SIZE_AGAIN = '''\
def _union_size_again(a, b, common, xs, ys):
    """`len(set(xs) | set(ys))`, where `a` and `b` are these sets already, with `common` items in both."""
    if type(xs) in _STORED and type(ys) in _STORED:
        return len(a) + len(b) - common
    return len(set(xs) | set(ys))  # what can be gone through only once


'''

STORED = "_STORED = (list, tuple, str, set, frozenset, dict)\n\n\n"

COUNTED_UNION = '''\
def _counted_union(a, b, common=None):
    """`a | b` where it is only counted: for plain sets something as long as it."""
    if type(a) in _SETS and type(b) in _SETS:
        return range(len(a) + len(b) - (len(a & b) if common is None else common))
    return a | b


'''

COUNTED_UNION_OF = '''\
def _counted_union_of(a, b, common=None):
    """`a.union(b)` where it is only counted: for plain sets something as long as it."""
    if type(a) in _SETS and type(b) in _SETS:
        return range(len(a) + len(b) - (len(a & b) if common is None else common))
    return a.union(b)


'''

MEET = '''\
def _meet(a, b):
    """Has `a & b` anything in it? Of plain sets one common item is enough to tell."""
    if type(a) in _SETS and type(b) in _SETS:
        return not a.isdisjoint(b)
    return bool(a & b)


'''

MEET_OF = '''\
def _meet_of(a, b):
    """Has `a.intersection(b)` anything in it? Of plain sets one common item is enough to tell."""
    if type(a) in _SETS and type(b) in _SETS:
        return not a.isdisjoint(b)
    return bool(a.intersection(b))


'''

COMMON = '''\
def _common(a, b):
    """`len(a & b) > 0`; of plain sets one common item is enough to tell."""
    if type(a) in _SETS and type(b) in _SETS:
        return not a.isdisjoint(b)
    return len(a & b) > 0


'''

COMMON_OF = '''\
def _common_of(a, b):
    """`len(a.intersection(b)) > 0`; of plain sets one common item is enough to tell."""
    if type(a) in _SETS and type(b) in _SETS:
        return not a.isdisjoint(b)
    return len(a.intersection(b)) > 0


'''

QUIET = ("len", "float", "int", "round", "max", "min", "abs", "print", "range", "set", "frozenset")
BACK = 3  # statements that are looked at for a size that is known already


class SetSizes(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST113"
    name: ClassVar[str] = "set made to be counted"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        if {"__eq__", "__hash__"} & place.project.dunders:
            return
        found = _Sites(place)
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                if isinstance(node, ast.Call):
                    yield from found.size(node)
                elif isinstance(node, ast.Assign):
                    yield from found.union_with_a_name(node)
                if isinstance(node, ast.expr):
                    yield from found.test(node)


class _Sites:
    """The sites of one region."""

    def __init__(self, place: Place) -> None:
        self.place, self.module = place, place.module
        self.used: set[ast.AST] = set()  # sizes that have a name by now
        self.names: list[str] = []

    # -- sizes of unions

    def size(self, node: ast.Call) -> Iterator[Parts]:
        """`len(a | b)`"""
        counted = _counted(self.module, node)
        union = _operands(counted, ast.BitOr, "union") if counted is not None else None
        if union is None:
            return
        a, b, method = union
        known = self._beside(node, a, b)
        if known is not None:
            yield self._shared(node, known, a, b, method)
            return
        before = self._before(node, a, b)
        helper = "_union_size_of" if method else "_union_size"
        text = f"{helper}({', '.join([*map(self.module.text, (a, b)), *before])})"
        yield self._parts(node, ((node, text),), (SETS, UNION_SIZE_OF if method else UNION_SIZE))

    def _shared(self, node: ast.Call, known: ast.Call, a: ast.expr, b: ast.expr, method: bool) -> Parts:
        """The size of the intersection gets a name where it is worked out, and the union is counted by it."""
        module = self.module
        self.used.add(known)
        common = self._fresh("common")
        made = [_made(module, e) for e in (a, b)]
        if all(m is not None for m in made):
            left, right = self._fresh("left"), self._fresh("right")
            xs, ys = (module.text(m) for m in made if m is not None)
            text = f"({common} := len(({left} := {module.text(a)}) & ({right} := {module.text(b)})))"
            again = f"_union_size_again({left}, {right}, {common}, {xs}, {ys})"
            return self._parts(node, ((known, text), (node, again)), (STORED, UNION_SIZE_AGAIN), known)
        helper = "_union_size_of" if method else "_union_size"
        replace = (
            (known, f"({common} := {module.text(known)})"),
            (node, f"{helper}({module.text(a)}, {module.text(b)}, {common})"),
        )
        return self._parts(node, replace, (SETS, UNION_SIZE_OF if method else UNION_SIZE), known)

    def _beside(self, node: ast.Call, a: ast.expr, b: ast.expr) -> ast.Call | None:
        """`len(a & b)` of the same expression, that was worked out just before."""
        module = self.module
        if not _may_bind(module, node) or not (self._steady(a) and self._steady(b)):
            return None
        child: ast.AST = node
        for at in module.up(node):
            if not isinstance(at, (ast.BinOp, ast.UnaryOp)):
                return None
            if isinstance(at, ast.BinOp) and child is at.right:
                found = self._size_in(at.left, a, b)
                if found is not None or not isinstance(at.left, (ast.Name, ast.Constant)):
                    return found
            child = at
        return None

    def _size_in(self, e: ast.expr, a: ast.expr, b: ast.expr) -> ast.Call | None:
        """`len(a & b)` in arithmetic with names and numbers."""
        if isinstance(e, ast.UnaryOp):
            return self._size_in(e.operand, a, b)
        if isinstance(e, ast.BinOp):
            for one, other in ((e.left, e.right), (e.right, e.left)):
                if isinstance(other, (ast.Name, ast.Constant)):
                    return self._size_in(one, a, b)
            return None
        return e if isinstance(e, ast.Call) and e not in self.used and self._counts(e, a, b) else None

    def _counts(self, e: ast.expr, a: ast.expr, b: ast.expr) -> bool:
        """Is it `len(a & b)`, of these operands?"""
        counted = _counted(self.module, e)
        return counted is not None and self._meets(counted, a, b)

    def _meets(self, e: ast.expr, a: ast.expr, b: ast.expr) -> bool:
        found = _operands(e, ast.BitAnd, "intersection")
        if found is None:
            return False
        made = _made(self.module, a) is not None
        in_order = same(found[0], a) and same(found[1], b)
        return in_order or (not made and same(found[0], b) and same(found[1], a))

    def _steady(self, e: ast.expr) -> bool:
        """Does it stand for the same thing when it is evaluated again?"""
        project = self.place.project
        if (xs := _made(self.module, e)) is not None:
            return isinstance(xs, ast.Name)
        if isinstance(e, ast.Attribute):
            return e.attr not in project.properties and not _HOOKS & project.dunders and self._steady(e.value)
        if isinstance(e, ast.Subscript):
            plain = isinstance(e.slice, (ast.Name, ast.Constant)) and not _HOOKS & project.dunders
            return plain and self._steady(e.value)
        return isinstance(e, ast.Name)

    def _before(self, node: ast.Call | ast.Assign, a: ast.expr, b: ast.expr) -> list[str]:
        """The name of `len(a & b)` (or of what it is the length of), where one of the last statements has made it."""
        module = self.module
        if not isinstance(a, ast.Name) or not isinstance(b, ast.Name):
            return []
        here = module.statement(node)
        if not isinstance(here, (ast.Assign, ast.AnnAssign, ast.Return, ast.Expr, ast.If)) or module.scope(
            node
        ) is not module.scope(here):
            return []
        siblings = module.siblings(here)
        at = siblings.index(here) if here in siblings else 0
        heads: list[ast.AST] = [here.test] if isinstance(here, ast.If) else [here]
        for earlier in siblings[max(0, at - BACK) : at][::-1]:
            if not all(self._quiet(h) for h in heads):
                return []
            match earlier:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in (a.id, b.id):
                    if self._counts(value, a, b):
                        return [name]
                    if self._meets(value, a, b) and self._only_read(name, node):
                        return [f"len({name})"]
                case ast.Assign(targets=[ast.Name(id=name)]) if name not in (a.id, b.id):
                    pass
                case ast.If(orelse=[], body=[ast.Return()]):
                    pass
                case _:
                    return []
            heads = [earlier.test if isinstance(earlier, ast.If) else earlier]
        return []

    def _only_read(self, name: str, node: ast.AST) -> bool:
        """Is what this name stands for only counted, tested and gone over?"""
        module = self.module
        scope = module.scope(node)
        return len(module.bindings(name, scope)) == 1 and all(
            isinstance(u.ctx, ast.Store) or self._only_counted(u) for u in module.uses(name, scope)
        )

    def _quiet(self, head: ast.AST) -> bool:
        """Does evaluating it change no set and bind no name but as its target?"""
        return not any(
            isinstance(n, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom))
            or isinstance(n, ast.Call)
            and not self.module.is_builtin(n.func, *QUIET)
            and _operands(n, ast.BitAnd, "intersection") is None
            and _operands(n, ast.BitOr, "union") is None
            for n in ast.walk(head)
        )

    # -- unions with names

    def union_with_a_name(self, node: ast.Assign) -> Iterator[Parts]:
        """`union = a | b`, of which only the size is asked."""
        module = self.module
        if len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
            return
        union = _operands(node.value, ast.BitOr, "union")
        if union is None:
            return
        a, b, method = union
        name, scope = node.targets[0].id, module.scope(node)
        if not isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)) or len(module.bindings(name, scope)) != 1:
            return
        uses = [u for u in module.uses(name, scope) if isinstance(u.ctx, ast.Load)]
        if not any(_counted(module, module.parents[u]) is u for u in uses) or not all(map(self._only_counted, uses)):
            return
        before = self._before(node, a, b)
        helper = "_counted_union_of" if method else "_counted_union"
        text = f"{helper}({', '.join([*map(module.text, (a, b)), *before])})"
        made = COUNTED_UNION_OF if method else COUNTED_UNION
        yield self._parts(node, ((node.value, text),), (SETS, made))

    def _only_counted(self, use: ast.Name) -> bool:
        module = self.module
        return _counted(module, module.parents[use]) is use or _tested(module, use)

    # -- tests

    def test(self, node: ast.expr) -> Iterator[Parts]:
        """`if a & b`, `len(a & b) > 0`"""
        module = self.module
        sign = ""
        if isinstance(node, ast.Compare):
            counted, sign = _compared(module, node)
            if counted is None:
                return
            found = _operands(counted, ast.BitAnd, "intersection")
        elif _tested(module, node):
            found = _operands(node, ast.BitAnd, "intersection")
        else:
            return
        if found is None:
            return
        a, b, method = found
        if not isinstance(node, ast.Compare) and not method and not (self._is_set(a) or self._is_set(b)):
            return  # numbers, most likely
        helper, made = ("_meet_of", MEET_OF) if method else ("_meet", MEET)
        if isinstance(node, ast.Compare):
            helper, made = ("_common_of", COMMON_OF) if method else ("_common", COMMON)
        text = f"{helper}({module.text(a)}, {module.text(b)})"
        yield self._parts(
            node,
            ((node, f"(not {text})" if sign else text),),
            (SETS, made),
            remedy="one common item tells that they meet",
        )

    def _is_set(self, e: ast.expr) -> bool:
        """Was it seen to be a set, or is it made as one?"""
        if isinstance(e, (ast.Set, ast.SetComp)) or _made(self.module, e) is not None:
            return True
        if not isinstance(e, ast.Name):
            return False
        facts = self.place.facts.of(self.place.region.id)
        kinds = {f.type for f in facts.types.get(e.id, ())}
        return bool(kinds) and kinds <= {"builtins.set", "builtins.frozenset"}

    # -- what sites are made of

    def _fresh(self, base: str) -> str:
        self.names.append(self.module.fresh(base, self.names))
        return self.names[-1]

    def _parts(
        self,
        node: ast.expr | ast.Assign,
        replace: tuple[tuple[ast.AST, str], ...],
        prelude: tuple[str, ...],
        known: ast.Call | None = None,
        remedy: str = "the number of common items",
    ) -> Parts:
        return Parts(
            title="count without making the set",
            first=min(node.lineno, known.lineno if known is not None else node.lineno),
            last=node.end_lineno or node.lineno,
            reason="a set is made of two others only to be counted",
            remedy=remedy,
            replace=replace,
            prelude=prelude,
        )


_HOOKS = frozenset({"__getattr__", "__getattribute__", "__getitem__", "__get__", "__missing__"})


def _counted(module: Module, node: ast.AST) -> ast.expr | None:
    """`x` of `len(x)`"""
    match node:
        case ast.Call(func=func, args=[x], keywords=[]) if module.is_builtin(func, "len"):
            return None if isinstance(x, ast.Starred) else x
    return None


def _operands(e: ast.AST, sign: type[ast.operator], method: str) -> tuple[ast.expr, ast.expr, bool] | None:
    """The two sets of `a | b` or `a.union(b)`, and whether it is the method."""
    match e:
        case ast.BinOp(left=a, op=op, right=b) if isinstance(op, sign):
            return a, b, False
        case ast.Call(func=ast.Attribute(value=a, attr=attr), args=[b], keywords=[]) if attr == method:
            return None if isinstance(b, ast.Starred) else (a, b, True)
    return None


def _made(module: Module, e: ast.AST) -> ast.expr | None:
    """`xs` of `set(xs)`"""
    match e:
        case ast.Call(func=func, args=[xs], keywords=[]) if module.is_builtin(func, "set"):
            return None if isinstance(xs, ast.Starred) else xs
    return None


def _may_bind(module: Module, node: ast.AST) -> bool:
    """May `(name := ...)` stand in the place of this expression?"""
    if isinstance(module.function(node), ast.ClassDef):
        return False
    child = node
    for at in module.up(node):
        if isinstance(at, ast.comprehension) and child is at.iter:
            return False
        if isinstance(at, FUNCTIONS):
            return not isinstance(at, ast.Lambda)
        child = at
    return True


def _tested(module: Module, node: ast.expr) -> bool:
    """Is nothing of it asked but whether it is true?"""
    parent = module.parents.get(node)
    match parent:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
            return test is node
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BoolOp():
            return _tested(module, parent)
        case ast.comprehension():
            return any(node is test for test in parent.ifs)
        case ast.Call(func=func, args=[_], keywords=[]):
            return node is not func and module.is_builtin(func, "bool")
    return False


def _compared(module: Module, node: ast.Compare) -> tuple[ast.expr | None, str]:
    """`x` of `len(x) > 0` and the like, and "not" where it is asked whether it is empty."""
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[ast.Constant(value=int() as n)]) if type(n) is int:
            some = (isinstance(op, (ast.Gt, ast.NotEq)) and n == 0) or (isinstance(op, ast.GtE) and n == 1)
            none = (isinstance(op, ast.Eq) and n == 0) or (isinstance(op, ast.Lt) and n == 1)
            if some or none:
                return _counted(module, left), "not" if none else ""
    return None, ""
