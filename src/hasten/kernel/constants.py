"""Constants of the program: numbers, tuples, lists and dicts that a file writes out once, and others import.

    NEIGHBOURS = ((0, 1), (1, 0), (0, -1), (-1, 0))
    from settings import LEVELS, WEIGHTS

Numbers, lists and dicts come in through the door like any other value. A tuple never changes, so a kernel has it
written out (`for dy, dx in ((0, 1), ...)`), and takes it as an array where an index picks an element. The door compares
the tuple with what was written out, by its text: 1, 1.0 and True are not the same.
"""

from __future__ import annotations

import ast
import copy
import operator
from functools import lru_cache
from typing import TYPE_CHECKING

from hasten.core.source import SourceFile
from hasten.kernel.kinds import Lst
from hasten.kernel.program import Module

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

MOST = 64  # elements of a tuple that is written out
ROW = 6  # elements of a tuple within one that an index picks
FOLDED = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip
LISTED = frozenset({"sum", "min", "max", "sorted"})  # they take a list as well as a tuple
KINDS: dict[type, str] = {int: "int", float: "float", bool: "bool"}


class Missing:
    """No constant."""


MISSING = Missing()


def of(module: Module, name: str) -> object:
    """The value that the top level of a file gives a name once, written out; `MISSING` when it does not."""
    if module.bindings.get(name, 0) != 1 or module.star_import or module.reflects:
        return MISSING
    for s in module.tree.body:
        if isinstance(s, ast.Assign) and len(s.targets) == 1:
            target: ast.expr = s.targets[0]
        elif isinstance(s, ast.AnnAssign) and s.value is not None:
            target = s.target
        else:
            continue
        if isinstance(target, ast.Name) and target.id == name and s.value is not None:
            try:
                return ast.literal_eval(s.value)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                return folded(s.value)
    return MISSING


def folded(node: ast.expr) -> object:
    """The number that arithmetic of written numbers gives (`24 * 60`); `MISSING` for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) in (int, float) else MISSING
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = folded(node.operand)
        return -inner if isinstance(inner, (int, float)) else MISSING
    if isinstance(node, ast.BinOp) and type(node.op) in FOLDED:
        a, b = folded(node.left), folded(node.right)
        if isinstance(a, (int, float)) and isinstance(b, (int, float)):
            try:
                return FOLDED[type(node.op)](a, b)
            except (ArithmeticError, ValueError):
                return MISSING
    return MISSING


@lru_cache(maxsize=1024)
def file_of(source: SourceFile) -> Module | None:
    """A file that is asked for its constants only."""
    try:
        return Module(source)
    except (SyntaxError, ValueError):
        return None


def named(unit: Unit, node: ast.expr) -> tuple[str, object] | None:
    """The code at the door, and the value, of the constant that an expression surely names."""
    base = node.value if isinstance(node, ast.Attribute) else node
    if not isinstance(base, ast.Name) or not isinstance(base.ctx, ast.Load):
        return None
    if base.id in unit.env or base.id in unit.bound or base.id in unit.shadow or base.id in unit.inner:
        return None
    module, project = unit.module, unit.shared.project
    if isinstance(node, ast.Name):
        value = of(module, node.id)
        if value is not MISSING:
            return (f'{module.place}.get("{node.id}")' if module.place else node.id), value
    return None if project is None else project.constant(module, node)


# ---------------------------------------------------------------------- tuples


def spelt(unit: Unit) -> list[ast.stmt]:
    """The statements of a unit with constant tuples written out, or taken as arrays where an index picks elements."""
    writer = _Writer(unit)
    if not any(writer.tuple_of(n) is not None for s in unit.stmts for n in ast.walk(s) if isinstance(n, ast.expr)):
        return unit.stmts
    return [writer.visit(copy.deepcopy(s)) for s in unit.stmts]


def _flat(value: object) -> list[object]:
    return [leaf for v in value for leaf in _flat(v)] if isinstance(value, tuple) else [value]


def _plain(value: object) -> bool:
    """Is it a tuple of numbers and strings, and of such tuples, whose text tells all?"""
    leaves = _flat(value)
    return 0 < len(leaves) <= MOST and all(type(v) in (int, float, bool, str) and v == v for v in leaves)


def _display(value: object, at: ast.AST) -> ast.expr:
    if isinstance(value, tuple):
        made: ast.expr = ast.Tuple([_display(v, at) for v in value], ast.Load())
    elif type(value) in (int, float) and str(value).startswith("-"):
        made = ast.UnaryOp(ast.USub(), ast.copy_location(ast.Constant(-value), at))  # type: ignore[operator]
    else:
        made = ast.Constant(value)  # type: ignore[arg-type]
    return ast.copy_location(made, at)


class _Writer(ast.NodeTransformer):
    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.hidden = {  # what comprehensions and lambdas bind
            n.id
            for s in unit.stmts
            for c in ast.walk(s)
            if isinstance(c, ast.comprehension)
            for n in ast.walk(c.target)
            if isinstance(n, ast.Name)
        }
        self.hidden |= {a.arg for s in unit.stmts for a in ast.walk(s) if isinstance(a, ast.arg)}
        self.known: dict[str, tuple[str, tuple[object, ...]] | None] = {}

    def tuple_of(self, node: ast.AST) -> tuple[str, tuple[object, ...]] | None:
        """The code at the door, and the value, of the tuple that an expression names."""
        if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(node.ctx, ast.Load):
            return None
        base = node.value if isinstance(node, ast.Attribute) else node
        if not isinstance(base, ast.Name) or base.id in self.hidden:
            return None
        text = ast.unparse(node)
        if text not in self.known:
            found = named(self.unit, node)
            value = found[1] if found is not None else None
            self.known[text] = (found[0], value) if found and isinstance(value, tuple) and _plain(value) else None
        return self.known[text]

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self._written(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        made = self._written(node)
        return made if made is not node else self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node  # it is looked at when it is compiled

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if len(node.args) == 1 and not node.keywords and self.unit.module.dotted(node.func) == "len":
            found = self.tuple_of(node.args[0])
            if found is not None:
                self._compared(*found)
                return ast.copy_location(ast.Constant(len(found[1])), node)
        called = self.unit.module.dotted(node.func) or ""
        if called in LISTED or called.startswith("numpy."):
            node.args = [self._as_list(a) for a in node.args]
        return self.generic_visit(node)

    def _as_list(self, node: ast.expr) -> ast.expr:
        """A tuple of numbers of one type, for a function to which a list is as good."""
        found = self.tuple_of(node)
        kinds = set() if found is None else {type(v) for v in found[1]}
        if found is None or len(kinds) != 1 or not kinds <= {int, float}:
            return node
        return ast.copy_location(ast.Name(self._array(*found, KINDS[kinds.pop()], 1), ast.Load()), node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        chain: list[ast.expr] = []
        base: ast.expr = node
        while isinstance(base, ast.Subscript):
            chain.insert(0, base.slice)
            base = base.value
        found = self.tuple_of(base)
        if found is None or not isinstance(node.ctx, ast.Load):
            return self.generic_visit(node)
        code, value = found
        picked: object = value
        for n, index in enumerate(chain):
            place = _number(index)
            if place is None:
                return self._picked(node, found, chain) if n == 0 else self.generic_visit(node)
            if not isinstance(picked, tuple) or not -len(picked) <= place < len(picked):
                return self.generic_visit(node)
            picked = picked[place]
        self._compared(code, value)
        return _display(picked, node)

    def _written(self, node: ast.expr) -> ast.expr:
        found = self.tuple_of(node)
        if found is None:
            return node
        self._compared(*found)
        return _display(found[1], node)

    def _compared(self, code: str, value: object) -> None:
        self.unit.shared.fixed[code] = repr(value)
        self.unit.shared.constants.add(code)

    def _picked(self, node: ast.Subscript, found: tuple[str, tuple[object, ...]], chain: list[ast.expr]) -> ast.AST:
        """`LEVELS[i]`, `WEIGHTS[i][j]`; `MOVES[d]`, a tuple, becomes `(MOVES[d][0], MOVES[d][1])`."""
        code, value = found
        leaves = _flat(value)
        kinds = {type(v) for v in leaves}
        deep = isinstance(value[0], tuple)
        rows = {len(v) if isinstance(v, tuple) else -1 for v in value}
        if (
            len(kinds) != 1
            or not kinds <= KINDS.keys()
            or len(rows) != 1
            or any(isinstance(c, ast.Slice) for c in chain)
        ):
            return self.generic_visit(node)
        if deep and any(isinstance(w, tuple) for v in value if isinstance(v, tuple) for w in v):
            return self.generic_visit(node)
        chain = [self.visit(c) for c in chain]
        base: ast.expr = ast.copy_location(
            ast.Name(self._array(code, value, KINDS[kinds.pop()], 1 + deep), ast.Load()), node
        )
        for index in chain:
            base = ast.copy_location(ast.Subscript(base, index, ast.Load()), node)
        if not deep or len(chain) > 1:
            return base
        width = rows.pop()
        if not 0 < width <= ROW or any(isinstance(n, (ast.Call, ast.NamedExpr)) for n in ast.walk(chain[0])):
            return base
        parts = [
            ast.copy_location(
                ast.Subscript(copy.deepcopy(base), ast.copy_location(ast.Constant(i), node), ast.Load()), node
            )
            for i in range(width)
        ]
        return ast.copy_location(ast.Tuple(list[ast.expr](parts), ast.Load()), node)

    def _array(self, code: str, value: object, kind: str, depth: int) -> str:
        """The name at the door of a tuple that comes in as a list."""
        unit, shared = self.unit, self.unit.shared
        as_list = f"list({code})" if depth == 1 else f"[list(row) for row in {code}]"
        text = f"{as_list} if repr({code}) == {repr(value)!r} else None"
        name = next((n for n, t in shared.elsewhere.items() if t == text), None)
        if name is None:
            word = code.rpartition('"')[0].rpartition('"')[2] if code.endswith('")') else code.rpartition(".")[2]
            name = "@" + shared.module.fresh(f"its_{word.strip('_').lower()}", shared.taken)
            shared.elsewhere[name] = text
            shared.constants.add(code)
        t = Lst(frozenset({kind}), depth, frozenset({name}))
        unit.extra.setdefault(name, t)
        unit.env.setdefault(name, t)
        return name


def _number(node: ast.expr) -> int | None:
    """A written place in a tuple."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None
