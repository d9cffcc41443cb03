"""What a row function computes without looking at its row: labels, counters, tables of constants.

`fixed` evaluates an expression of such things as Python would; `tables` finds the lists, tuples and dicts of constants
that a file writes once at module level and never changes.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hasten.core.source import SourceFile
from hasten.passes.source.columns.syntax import bindings, parents

MAX_ITEMS = 64  # of a loop that is written out
PLAIN = (int, float, str, bool, type(None))
OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
COMPARISONS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}
CALLS: Mapping[str, Callable[..., Any]] = {
    "range": range,
    "len": len,
    "str": str,
    "int": int,
    "float": float,
    "abs": abs,
    "min": min,
    "max": max,
    "enumerate": lambda *a: list(enumerate(*a)),
    "zip": lambda *a: list(zip(*a, strict=False)),
    "reversed": lambda x: list(reversed(x)),
    "list": list,
    "tuple": tuple,
    "sorted": sorted,
    "sum": sum,
}
# ways to use a table that leave it alone
METHODS = frozenset({"items", "keys", "values", "get", "index", "count"})
READERS = frozenset(CALLS) | frozenset({"set", "dict", "frozenset", "any", "all", "print"})


class Varies(Exception):
    """The expression depends on the row, or is not understood."""


def fixed(node: ast.expr, names: Callable[[str], Any], source: SourceFile) -> Any:
    """The value of an expression of constants and of what `names` knows. Raises `Varies`."""

    def at(n: ast.expr) -> Any:
        return fixed(n, names, source)

    try:
        if isinstance(node, ast.Constant):
            if type(node.value) not in PLAIN:
                raise Varies
            return node.value
        if isinstance(node, ast.Name):
            return names(node.id)
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            left, right = at(node.left), at(node.right)
            small = all(type(v) in (int, float) and abs(v) <= 2**53 for v in (left, right))
            words = type(left) is type(right) is str and isinstance(node.op, ast.Add)
            if not (small or words) or (isinstance(node.op, ast.Pow) and abs(right) > 64):
                raise Varies
            return checked(OPERATORS[type(node.op)](left, right))
        if isinstance(node, ast.UnaryOp):
            value = at(node.operand)
            if isinstance(node.op, ast.Not):
                return not value
            if isinstance(node.op, ast.USub) and type(value) in (int, float):
                return -value
            raise Varies
        if isinstance(node, ast.Compare):
            left = at(node.left)
            for op, right_node in zip(node.ops, node.comparators, strict=True):
                right = at(right_node)
                if type(op) not in COMPARISONS:
                    raise Varies
                if not COMPARISONS[type(op)](left, right):
                    return False
                left = right
            return True
        if isinstance(node, ast.BoolOp):
            value = None
            for part in node.values:
                value = at(part)
                if bool(value) is isinstance(node.op, ast.Or):
                    return value
            return value
        if isinstance(node, ast.IfExp):
            return at(node.body) if at(node.test) else at(node.orelse)
        if isinstance(node, ast.JoinedStr):
            return "".join(_formatted(part, at) for part in node.values)
        if isinstance(node, (ast.List, ast.Tuple)):
            return [at(e) for e in node.elts] if isinstance(node, ast.List) else tuple(at(e) for e in node.elts)
        if isinstance(node, ast.Dict):
            if any(k is None for k in node.keys):
                raise Varies
            return {at(k): at(v) for k, v in zip(node.keys, node.values, strict=True) if k is not None}
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
            return at(node.value)[at(node.slice)]
        if isinstance(node, ast.Call) and not node.keywords:
            return _called(node, at, source)
        if isinstance(node, ast.ListComp) and len(node.generators) == 1:
            return _listed(node, names, source)
    except (TypeError, ValueError, LookupError, ArithmeticError):
        pass  # it would raise where the row is computed: the original says so
    raise Varies


def _listed(node: ast.ListComp, names: Callable[[str], Any], source: SourceFile) -> list[Any]:
    (generator,) = node.generators
    if not isinstance(generator.target, ast.Name) or generator.is_async:
        raise Varies
    own, out = generator.target.id, []
    for item in items_of(fixed(generator.iter, names, source)):

        def inner(name: str, item: Any = item) -> Any:
            return item if name == own else names(name)

        if all(fixed(test, inner, source) for test in generator.ifs):
            out.append(fixed(node.elt, inner, source))
    return out


def _formatted(part: ast.expr, at: Callable[[ast.expr], Any]) -> str:
    if isinstance(part, ast.Constant) and type(part.value) is str:
        return part.value
    if isinstance(part, ast.FormattedValue) and part.conversion == -1:
        value = at(part.value)
        spec = at(part.format_spec) if part.format_spec is not None else ""
        if type(value) in (int, float, str) and type(spec) is str:
            return format(value, spec)
    raise Varies


def _called(node: ast.Call, at: Callable[[ast.expr], Any], source: SourceFile) -> Any:
    if any(isinstance(a, ast.Starred) for a in node.args):
        raise Varies
    func = node.func
    if isinstance(func, ast.Name) and func.id in CALLS and not bindings(source.tree, func.id):
        args = [at(a) for a in node.args]
        if func.id in ("int", "float") and not all(type(a) in (int, float) for a in args):
            raise Varies
        if func.id == "str" and not all(type(a) in (int, str) for a in args):
            raise Varies
        if any(isinstance(a, frozenset) for a in args) and func.id not in ("len", "sorted"):
            raise Varies
        if func.id == "sum" and not all(type(v) is int for a in args for v in (a if type(a) is list else [a])):
            raise Varies  # how floats are summed depends on the version of Python
        if func.id == "range" and len(range(*args)) > MAX_ITEMS:
            raise Varies
        return CALLS[func.id](*args)
    if isinstance(func, ast.Attribute) and func.attr in METHODS:
        owner = at(func.value)
        if type(owner) is dict and func.attr in ("items", "keys", "values"):
            return list(getattr(owner, func.attr)())
        if type(owner) in (dict, list, tuple) and func.attr in ("get", "index", "count") and hasattr(owner, func.attr):
            return getattr(owner, func.attr)(*(at(a) for a in node.args))
    raise Varies


def checked(value: Any) -> Any:
    if type(value) is float and not math.isfinite(value):
        raise Varies
    return value


def items_of(value: Any) -> list[Any]:
    """The items of a sequence that a loop can be written out for. Raises `Varies`."""
    if not isinstance(value, (list, tuple, range, dict)) or len(value) > MAX_ITEMS:
        raise Varies
    return list(value)


def tables(source: SourceFile, body: Sequence[ast.AST]) -> dict[str, Any]:
    """Module-level names read in `body` that are bound once, to constants or lists, tuples, dicts or sets of them, and
    whose every use in the file leaves them as they are."""
    wanted = {n.id for top in body for n in ast.walk(top) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    out: dict[str, Any] = {}

    def known(name: str) -> Any:
        if name in out:
            return out[name]
        raise Varies

    for stmt in source.tree.body:
        target, value = None, None
        if isinstance(stmt, ast.Assign) and len(stmt.targets) == 1:
            target, value = stmt.targets[0], stmt.value
        elif isinstance(stmt, ast.AnnAssign):
            target, value = stmt.target, stmt.value
        if not isinstance(target, ast.Name) or value is None or target.id in out:
            continue
        if len(bindings(source.tree, target.id)) != 1:
            continue
        try:
            got = _constants(value, known, source)
        except Varies:
            continue
        if _flat(got) and (type(got) in (*PLAIN, tuple, frozenset) or _left_alone(source, target.id)):
            out[target.id] = got
    return {name: value for name, value in out.items() if name in wanted}


def _flat(value: Any) -> bool:
    """Constants, or a container of constants and tuples of them: nothing in it can be changed through an item."""
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    items = value if isinstance(value, (list, tuple, frozenset)) else [value]
    return all(type(v) in PLAIN or (type(v) is tuple and _flat(v)) for v in items)


def _constants(node: ast.expr, known: Callable[[str], Any], source: SourceFile) -> Any:
    # a set has no order that can be known: it answers membership only
    if isinstance(node, ast.Set):
        return frozenset(fixed(e, known, source) for e in node.elts)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("set", "frozenset"):
        if len(node.args) == 1 and not node.keywords and not bindings(source.tree, node.func.id):
            return frozenset(fixed(node.args[0], known, source))
    return fixed(node, known, source)


def _left_alone(source: SourceFile, name: str) -> bool:
    """True when nothing in the file can change the list or dict `name`, or hand it to somebody who could."""
    up = parents(source)
    for n in ast.walk(source.tree):
        if not (isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)):
            continue
        p = up.get(n)
        g = up.get(p) if p is not None else None
        if isinstance(p, (ast.For, ast.comprehension)) and p.iter is n:
            continue
        if isinstance(p, ast.Subscript) and isinstance(p.ctx, ast.Load):
            continue  # a label or labels of a frame, or an item, which is a constant
        elif isinstance(p, ast.Attribute) and p.attr in METHODS and isinstance(g, ast.Call) and g.func is p:
            continue
        elif isinstance(p, ast.Compare):
            continue
        elif isinstance(p, ast.Call) and isinstance(p.func, ast.Name) and p.func.id in READERS and n in p.args:
            if not bindings(source.tree, p.func.id):
                continue
        elif isinstance(p, ast.BinOp):
            continue  # `COLUMNS + ["x"]` is a new list
        return False
    return True
