"""Rows of an array picked one at a time.

What it finds    `np.array([row for row in X if row[j] <= t])`, `[i for i in range(len(X)) if X[i, j] <= t]`,
                 `[y[i] for i, row in enumerate(X) if row[j] == v]`, `len([x for x in v if x > t])`, also where the test
                 is a lambda of the same function.
Why it is slow   Python makes a view of every row and a NumPy scalar of every item it tests: a microsecond a row, where
                 a mask of the whole column takes a nanosecond.
Example          np.array([row for row in X if row[j] <= t])  ->  X[X[:, j] <= t], none of them: np.array([]), as before
Safe when        the arrays are plain float or int64 arrays of the dimensions seen and of one length, the other side of
                 each comparison is a number, and indexes are integers within bounds: all checked as it runs, else the
                 original expression is evaluated. Arithmetic that would warn or raise goes there too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from hasten.passes.source.arrays.base import early, helper, maybe_array, numpy_call, numpy_name, quiet_operators
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Parts, dotted, walk_all

PICKED = '''\
def _picked(tables, columns, numbers, test, take, original, kinds=("float64", "float32", "int64")):
    """take(mask of the rows that pass the test), or original() where the test may not be made for all rows at once.

    `tables` are (array, its dimensions), `columns` (array, index of a column), `numbers` what the rows are compared to.
    """
    rows = len(tables[0][0]) if type(tables[0][0]) is NP.ndarray and tables[0][0].ndim else 0
    if rows < 8 or not all(
        type(t) is NP.ndarray and t.ndim == d and len(t) == rows and t.dtype.name in kinds and t.dtype.isnative
        for t, d in tables
    ):
        return original()
    for table, column in columns:
        whole = type(column) is int or isinstance(column, NP.integer)
        if not whole or not -table.shape[1] <= column < table.shape[1]:
            return original()
    for number in numbers:
        if type(number) not in (int, float, NP.float64, NP.int64) or type(number) is int and abs(number) > 2**53:
            return original()
    try:
        with NP.errstate(all="raise"):
            mask = test()
    except ArithmeticError:
        return original()
    if type(mask) is not NP.ndarray or mask.dtype != bool or mask.shape != (rows,):
        return original()
    return take(mask)


'''
TAKEN = '''\
def _taken(table, mask):
    """np.array([row for row, wanted in zip(table, mask) if wanted])"""
    return NP.ascontiguousarray(table[mask]) if mask.any() else NP.array([])


'''
COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_DUNDERS = frozenset({"__eq__", "__ne__", "__lt__", "__gt__", "__le__", "__ge__"})


class _Refused(Exception):
    """The test has no form for all rows."""


@dataclass
class _Rows:
    """What the variables of one comprehension stand for, and what has to be checked when the program runs."""

    place: Place
    comp: ast.ListComp
    index: str = ""
    rows: dict[str, ast.expr] = field(default_factory=dict)  # variable: the array whose rows it takes
    length_of: list[ast.expr] = field(default_factory=list)
    tables: dict[str, int] = field(default_factory=dict)
    columns: dict[tuple[str, str], None] = field(default_factory=dict)
    numbers: dict[str, None] = field(default_factory=dict)
    arithmetic: bool = False

    # -- what the comprehension runs over

    def over(self, target: ast.expr, iterable: ast.expr) -> None:
        module = self.place.module
        match target, iterable:
            case ast.Name(id=name), ast.Call(func=func, args=[size], keywords=[]) if module.is_builtin(func, "range"):
                self.index = name
                match size:
                    case ast.Call(func=inner, args=[table], keywords=[]) if module.is_builtin(inner, "len"):
                        self.length_of.append(self.array(table))
                    case ast.Subscript(value=ast.Attribute(value=table, attr="shape"), slice=ast.Constant(value=0)):
                        self.length_of.append(self.array(table))
                    case _:
                        raise _Refused
            case ast.Tuple(elts=[ast.Name(id=number), item]), ast.Call(func=func, args=[inner], keywords=[]) if (
                module.is_builtin(func, "enumerate")
            ):
                self.over(item, inner)
                if self.index:
                    raise _Refused
                self.index = number
            case ast.Tuple(elts=targets), ast.Call(func=func, args=args, keywords=[]) if (
                module.is_builtin(func, "zip") and len(targets) == len(args) >= 2
            ):
                for t, a in zip(targets, args, strict=True):
                    if not isinstance(t, ast.Name):
                        raise _Refused
                    self.over(t, self.array(a))
            case ast.Name(id=name), (ast.Name() | ast.Attribute()):
                if name in self.rows:
                    raise _Refused
                self.rows[name] = self.array(iterable)
                self.length_of.append(iterable)
            case _:
                raise _Refused

    def array(self, node: ast.expr) -> ast.expr:
        """`node`, a name or attribute that may be an array."""
        if not dotted(node) or not self.outside(node) or not maybe_array(self.place, node):
            raise _Refused
        return node

    def outside(self, node: ast.expr) -> bool:
        """Whether a name or attribute surely has a value from before the comprehension, and reading it does nothing."""
        module = self.place.module
        root = next(n for n in ast.walk(node) if isinstance(n, ast.Name))
        # of a variable of the comprehension, the owner is the comprehension
        scope = module.owner(root.id, root)
        if scope is None or isinstance(scope, (*COMPREHENSIONS, ast.ClassDef, ast.Lambda)):
            return False
        known = module.bound_before(root.id, scope, module.statement(self.comp))
        return known and early(self.place.project, module, node)

    def table(self, node: ast.expr, dimensions: int) -> str:
        text = self.place.module.text(node)
        if self.tables.setdefault(text, dimensions) != dimensions:
            raise _Refused
        return text

    # -- the test for all rows at once

    def test(self, node: ast.expr) -> str:
        match node:
            case ast.BoolOp(op=op, values=values):
                return f" {'&' if isinstance(op, ast.And) else '|'} ".join(f"({self.test(v)})" for v in values)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"~({self.test(operand)})"
            case ast.Compare(left=left, ops=ops, comparators=others):
                sides = [self.side(s) for s in (left, *others)]
                parts = []
                for (a, of_a), compare, (b, of_b) in zip(sides[:-1], ops, sides[1:], strict=True):
                    if type(compare) not in COMPARISONS or not (of_a or of_b):
                        raise _Refused
                    parts.append(f"{a} {COMPARISONS[type(compare)]} {b}")
                return parts[0] if len(parts) == 1 else " & ".join(f"({p})" for p in parts)
            case ast.Call(func=ast.Name() as func, args=[row], keywords=[]):
                return self.by_lambda(func, row)
        raise _Refused

    def side(self, node: ast.expr) -> tuple[str, bool]:
        """One side of a comparison for all rows, and whether it is one value a row."""
        match node:
            case ast.Constant(value=int() | float() as value) if type(value) is not bool and abs(value) < 2**53:
                return self.place.module.text(node), False
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                text, many = self.side(operand)
                self.arithmetic |= not isinstance(operand, ast.Constant)
                return f"-{text}", many
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                (a, of_a), (b, of_b) = self.side(left), self.side(right)
                self.arithmetic = True
                return f"({a} {ARITHMETIC[type(op)]} {b})", of_a or of_b
            case ast.Call(func=func, args=[only], keywords=[]) if self.place.module.is_builtin(func, "abs"):
                text, many = self.side(only)
                self.arithmetic = True
                return f"abs({text})", many
        column = self.column(node)
        if column:
            return column, True
        if not dotted(node) or not self.outside(node):
            raise _Refused
        text = self.place.module.text(node)
        self.numbers[text] = None
        return text, False

    def column(self, node: ast.expr) -> str:
        """An item of the row of each round, as the column it comes from; empty for anything else."""
        match node:
            case ast.Name(id=name) if name in self.rows:
                return self.table(self.rows[name], 1)
            case ast.Subscript(value=ast.Name(id=name), slice=index) if name in self.rows:
                return self.of_column(self.rows[name], index)
            case ast.Subscript(value=table, slice=ast.Name(id=name)) if name == self.index and name:
                return self.table(self.array(table), 1)
            case ast.Subscript(value=table, slice=ast.Tuple(elts=[ast.Name(id=name), index])) if name == self.index:
                return self.of_column(self.array(table), index)
            case ast.Subscript(value=ast.Subscript(value=table, slice=ast.Name(id=name)), slice=index) if (
                name == self.index and name
            ):
                return self.of_column(self.array(table), index)
        return ""

    def of_column(self, table: ast.expr, index: ast.expr) -> str:
        text, at = self.table(table, 2), self.place.module.text(index)
        negative = isinstance(index, ast.UnaryOp) and isinstance(index.op, ast.USub)
        constant = index.operand if isinstance(index, ast.UnaryOp) and negative else index
        if not (isinstance(constant, ast.Constant) and type(constant.value) is int):
            if not dotted(index) or not self.outside(index):
                raise _Refused
        self.columns[text, at] = None
        return f"{text}[:, {at}]"

    def by_lambda(self, func: ast.Name, row: ast.expr) -> str:
        """A lambda of the same function, which takes the rows of the transposed array as it takes items of a row."""
        module = self.place.module
        match row:
            case ast.Name(id=name) if name in self.rows:
                table = self.rows[name]
            case ast.Subscript(value=value, slice=ast.Name(id=name)) if name == self.index and name:
                table = self.array(value)
            case _:
                raise _Refused
        scope = module.owner(func.id, func)
        if not isinstance(scope, (ast.FunctionDef, ast.Module)) or scope is not module.function(self.comp):
            raise _Refused
        if not module.bound_before(func.id, scope, module.statement(self.comp)):
            raise _Refused
        if isinstance(scope, ast.Module) and self.place.project.mentions(func.id, module):
            raise _Refused
        dimensions = 0
        bodies = [b.value for b in module.bindings(func.id, scope)]
        for body in bodies:
            match body:
                case ast.Constant(value=None):
                    continue
                case ast.Lambda(
                    args=ast.arguments(
                        posonlyargs=[], args=[ast.arg(arg=own)], vararg=None, kwonlyargs=[], kwarg=None, defaults=[]
                    ),
                    body=ast.Compare(ops=[_]) as compared,
                ):
                    pass
                case _:
                    raise _Refused
            inside = _Rows(self.place, self.comp, rows={own: table})
            for n in ast.walk(compared):
                if isinstance(n, ast.Name) and n.id != own and not self._parameter(n, scope):
                    raise _Refused  # another value when the lambda was made is not this pass's to know
            inside.test(compared)
            if inside.arithmetic or len(inside.tables) != 1 or not inside.tables.keys() == {module.text(table)}:
                raise _Refused
            (found,) = inside.tables.values()
            if dimensions not in (0, found):
                raise _Refused
            dimensions = found
            self.columns |= inside.columns
            self.numbers |= inside.numbers
        if not dimensions:
            raise _Refused
        return f"{func.id}({self.table(table, dimensions)}{'.T' if dimensions == 2 else ''})"

    def _parameter(self, node: ast.Name, scope: ast.AST) -> bool:
        module = self.place.module
        bound = module.bindings(node.id, scope)
        return module.owner(node.id, node) is scope and [b.how for b in bound] == ["parameter"]


class PickedRows(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST512"
    name: ClassVar[str] = "rows picked one at a time"

    def sites(self, place: Place) -> Iterator[Parts]:
        if not quiet_operators(place.project) or place.project.dunders & _DUNDERS:
            return
        for node in walk_all(place.module.statements(place.region)):
            if isinstance(node, ast.ListComp) and len(node.generators) == 1 and node.generators[0].ifs:
                try:
                    yield self._parts(place, node)
                except _Refused:
                    continue

    @staticmethod
    def _parts(place: Place, comp: ast.ListComp) -> Parts:
        module = place.module
        loop = comp.generators[0]
        around = module.scope(comp)
        inside = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, *COMPREHENSIONS, ast.Lambda)
        if loop.is_async or isinstance(around, (*COMPREHENSIONS, ast.ClassDef, ast.Lambda)):
            raise _Refused
        if any(isinstance(n, inside) for n in ast.walk(comp) if n is not comp):
            raise _Refused
        rows = _Rows(place, comp)
        rows.over(loop.target, loop.iter)
        tests = [rows.test(t) for t in loop.ifs]
        test = tests[0] if len(tests) == 1 else " & ".join(f"({t})" for t in tests)
        whole, take, taken = _take(rows, comp)
        for table in rows.length_of:
            if module.text(table) not in rows.tables:
                rows.table(table, _dimensions(place, table))
        margin = module.margin(module.statement(comp))
        inner, deep = module.text(whole), f"\n{margin}    "
        tables = _tuple([f"({t}, {d})" for t, d in rows.tables.items()])
        columns = _tuple([f"({t}, {c})" for t, c in rows.columns])
        numbers = _tuple(list(rows.numbers))
        kinds = f'{deep}kinds=("float64",),' if rows.arithmetic else ""
        text = (
            f"_picked({deep}{tables},{deep}{columns},{deep}{numbers},"
            f"{deep}lambda: {test},{deep}lambda mask: {take},{deep}lambda: {inner},{kinds}\n{margin})"
        )
        return Parts(
            title=f"pick from {next(iter(rows.tables))} by a mask",
            first=comp.lineno,
            last=comp.end_lineno or comp.lineno,
            reason=f"every row of {next(iter(rows.tables))} is looked at by itself",
            remedy="one comparison of the whole column",
            replace=((whole, text),),
            prelude=helper(module, PICKED, *([TAKEN] if taken else [])),
        )


def _tuple(items: list[str]) -> str:
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def _take(rows: _Rows, comp: ast.ListComp) -> tuple[ast.expr, str, bool]:
    """The expression to replace, what is taken by the mask in its place, and whether that needs `_taken`."""
    module = rows.place.module
    parent = module.parents[comp]
    numpy, _ = numpy_name(module)
    array = isinstance(parent, ast.Call) and parent.args == [comp] and not parent.keywords
    array = array and numpy_call(module, parent) in ("array", "asarray")
    if isinstance(parent, ast.Call) and parent.args == [comp] and module.is_builtin(parent.func, "len"):
        if not parent.keywords and isinstance(comp.elt, (ast.Name, ast.Constant)):
            if isinstance(comp.elt, ast.Name) and comp.elt.id not in {rows.index, *rows.rows}:
                raise _Refused
            return parent, f"int({numpy}.count_nonzero(mask))", False
    whole: ast.expr = parent if array and isinstance(parent, ast.Call) else comp
    match comp.elt:
        case ast.Name(id=name) if name == rows.index and name:
            first = next(iter(rows.tables))
            if array:
                return whole, f"_taken({numpy}.arange(len({first})), mask)", True
            return whole, f"{numpy}.flatnonzero(mask).tolist()", False
        case ast.Name(id=name) if name in rows.rows:
            table = rows.rows[name]
        case ast.Subscript(value=value, slice=ast.Name(id=name)) if name == rows.index and name:
            table = rows.array(value)
        case _:
            raise _Refused
    text = module.text(table)
    dimensions = rows.tables.get(text) or _dimensions(rows.place, table)
    rows.table(table, dimensions)
    if array:
        return whole, f"_taken({text}, mask)", True
    if dimensions != 1:
        raise _Refused  # a list of rows: they share the array's memory
    return whole, f"list({text}[mask])", False


def _dimensions(place: Place, table: ast.expr) -> int:
    """The dimensions of an array as far as they were recorded."""
    seen = {f.ndim for f in place.facts.of(place.region.id).types.get(dotted(table), ()) if f.ndim}
    return next(iter(seen)) if len(seen) == 1 and seen <= {1, 2} else 1
