"""Frames that a loop writes into cell by cell, in columns that it does not read otherwise.

    for i, row in df.iterrows():
        past = df[(df["k"] == row["k"]) & (df["t"] < row["t"])]
        df.loc[i, "mean"] = past["x"].mean()

What stands in for `df` is read, and the writes stay as they are: no column that is read changes, and no row is added,
because the label is one of the frame's own, or a mask. `Apart` shows both, or says that it cannot, also in functions
that are given the frame. A new column may change the dtype of rows, so frames whose rows are read are looked at.
"""

from __future__ import annotations

import ast

from hasten.core.source import SourceFile
from hasten.passes.source.columns.rows import tuple_use
from hasten.passes.source.columns.stand_flow import COLUMN, EITHER, FRAME, GROUPS, INDEXERS, ROW, Flow, Refused, Unit
from hasten.passes.source.columns.syntax import (
    bindings,
    frame_attributes,
    only_def,
    parents,
    row_use,
    scope_of,
    string,
)

SAME_ROWS = frozenset({"sort_values", "copy", "head", "tail", "dropna"})
# none of which gives rows other labels
OPTIONS = frozenset(
    {"by", "ascending", "kind", "deep", "n", "sort", "observed", "dropna", "group_keys", "subset", "how"}
)
WALKS = ("iterrows", "itertuples")  # in this order
APPLIES = {False: ("apply",), True: ("apply", "map")}  # of frames, of columns


def walked_rows(source: SourceFile, loop: ast.stmt, root: str, carried: bool = False) -> set[ast.AST]:
    """Where rows of the frame itself are walked over, or functions are applied: a stand-in would only ask the frame.

    `carried`: arithmetic is done with rows, which are not made then.
    """
    up = parents(source)
    found: set[ast.AST] = set()
    for n in ast.walk(loop):
        if not (isinstance(n, ast.Name) and n.id == root):
            continue
        at: ast.AST | None = up.get(n)
        if isinstance(at, ast.Subscript) and at.value is n and string(at.slice) is not None:
            column, at = True, up.get(at)
        else:
            column = False
        call = up.get(at) if isinstance(at, ast.Attribute) else None
        if not (isinstance(call, ast.Call) and call.func is at and isinstance(at, ast.Attribute)):
            continue
        if not column and at.attr in WALKS[carried:]:
            if isinstance(up.get(call), (ast.For, ast.comprehension)):
                found.add(n)
        elif at.attr in APPLIES[column] and all(
            _is_no_frame(source, a) for a in (*call.args, *(k.value for k in call.keywords))
        ):
            found.add(n)
    return found


def _is_no_frame(source: SourceFile, a: ast.expr) -> bool:
    """A function or a constant, which nothing stands in for."""
    known = isinstance(a, ast.Name) and only_def(source, a.id) is not None
    return known or isinstance(a, (ast.Lambda, ast.Constant))


class Apart:
    """The nodes of one frame's name that keep the frame; `fits` is False where that cannot be done. `numbered` when
    its labels have to be 0, 1, 2, ...; `rows` when cells are read from rows, whose dtype all columns have a say in."""

    def __init__(self, source: SourceFile, loop: ast.stmt, flow: Flow, root: str) -> None:
        self.source, self.loop, self.flow, self.root, self.up = source, loop, flow, root, parents(source)
        self.numbered = self.rows = False
        self.columns: set[str] = set()
        self.left: set[ast.AST] = set()
        self.real: list[ast.expr] = []  # keys and values that the frame itself is given
        self.fits = "." not in root and not flow.shadows and self.tried()
        if self.fits:
            flow.given |= dict.fromkeys(self.real)

    def tried(self) -> bool:
        flow = self.flow
        before = flow.parts, dict(flow.given), dict(flow.valued), dict(flow.beside)
        try:
            return self.looks()
        except Refused:
            return False
        finally:  # asking for kinds notes things again
            flow.parts, flow.given, flow.valued, flow.beside = before

    def looks(self) -> bool:
        scope = scope_of(self.source, self.loop)
        names = [n for n in ast.walk(self.loop) if isinstance(n, ast.Name) and n.id == self.root]
        if any(scope_of(self.source, n) is not scope for n in names):
            return False
        writes = [w for n in names if (w := self.cell(n)) is not None and isinstance(w.ctx, ast.Store)]
        if not writes:
            return False
        for w in writes:
            if not self.written(w):
                return False
        self.left |= walked_rows(self.source, self.loop, self.root)
        for n in names:
            cell = self.cell(n)
            if cell is None or isinstance(cell.ctx, ast.Load) and self.column_of(cell) not in self.columns:
                continue
            self.left.add(n)
            if isinstance(cell.ctx, ast.Load) and not self.keyed(cell):
                return False
        top = self.flow.top
        bodies: list[tuple[Unit, list[ast.stmt]]] = [(top, [self.loop])]
        bodies += [(unit, list(unit.body)) for unit in self.flow.units.values()]
        return all(
            self.reads(e, unit) for unit, body in bodies for s in body for e in ast.walk(s) if isinstance(e, ast.expr)
        )

    def written(self, w: ast.Subscript) -> bool:
        """`df.loc[label, "a"] = x`, where no row can come of it."""
        stmt = self.up.get(w)
        if not (isinstance(stmt, ast.Assign) and stmt.targets == [w] or isinstance(stmt, ast.AugAssign)):
            return False
        assert isinstance(w.slice, ast.Tuple) and isinstance(w.value, ast.Attribute)
        kind = self.flow.expr(stmt.value, self.flow.top)
        self.columns.add(string(w.slice.elts[1]) or "")
        if self.own_label(w.slice.elts[0]):
            return kind is None
        column = kind in (None, COLUMN) or kind == EITHER and self.is_column(stmt.value, self.flow.top)
        if w.value.attr != "loc" or not self.is_mask(w.slice.elts[0], self.flow.top) or not column:
            return False
        self.real += [w.slice.elts[0], *([stmt.value] if kind is not None else ())]
        return True

    def keyed(self, cell: ast.Subscript) -> bool:
        """Whether the frame itself can be asked for the cell: a mask is made real."""
        assert isinstance(cell.slice, ast.Tuple)
        kind = self.flow.expr(cell.slice.elts[0], self.flow.top)
        self.real += [cell.slice.elts[0]] if kind == COLUMN else []
        return kind in (None, COLUMN)

    def cell(self, n: ast.Name) -> ast.Subscript | None:
        """`df.at[label, "a"]` around the name."""
        p = self.up.get(n)
        g = self.up.get(p) if isinstance(p, ast.Attribute) and p.attr in ("at", "loc") else None
        if not (isinstance(g, ast.Subscript) and g.value is p and isinstance(g.slice, ast.Tuple)):
            return None
        return g if len(g.slice.elts) == 2 and string(g.slice.elts[1]) is not None else None

    def column_of(self, cell: ast.Subscript) -> str | None:
        assert isinstance(cell.slice, ast.Tuple)
        return string(cell.slice.elts[1])

    # ---- labels

    def own_label(self, label: ast.expr) -> bool:
        """Whether the frame has the label, whatever happens."""
        if isinstance(label, ast.Attribute) and label.attr == "Index" and isinstance(label.value, ast.Name):
            name, tuples = label.value.id, True
        elif isinstance(label, ast.Name):
            name, tuples = label.id, False
        else:
            return False
        bound = bindings(self.loop, name)
        return bool(bound) and all(self.walks(b, tuples) for b in bound)

    def walks(self, b: ast.AST, tuples: bool) -> bool:
        p, first = self.up.get(b), True
        if isinstance(p, ast.Tuple):
            first = p.elts[0] is b
            p = self.up.get(p)
            paired = True
        else:
            paired = False
        if not isinstance(p, ast.For) or not first:
            return False
        match p.iter:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=frame), attr=how), args=[], keywords=[]) if how in WALKS:
                return self.rows_of(frame) and (tuples and not paired if how == "itertuples" else paired and not tuples)
            case ast.Call(func=ast.Name(id="range"), args=[*start, stop], keywords=[]) if len(start) < 2:
                low = start[0].value if start and isinstance(start[0], ast.Constant) else None if start else 0
                self.numbered = True
                known = not paired and not tuples and type(low) is int and low >= 0
                return known and not bindings(self.source.tree, "range") and self.size(stop)
        return not paired and not tuples and self.labels(p.iter)

    def labels(self, n: ast.expr, depth: int = 4) -> bool:
        """Whether the expression gives labels of the frame, and no others: `part.index`, `list(part.index[1:])`."""
        match n:
            case ast.Attribute(value=rows, attr="index"):
                return self.has_labels(rows, depth)
            case ast.Call(func=ast.Attribute(value=inner, attr="tolist" | "to_list"), args=[], keywords=[]):
                return self.labels(inner, depth)
            case ast.Subscript(value=inner, slice=ast.Slice()):
                return self.labels(inner, depth)
            case ast.Call(func=ast.Name(id="list" | "sorted" | "reversed" as name), args=[inner]):
                return not bindings(self.source.tree, name) and self.labels(inner, depth)
            case ast.Name():
                bound = bindings(self.loop, n.id)
                made = [p.value for b in bound if isinstance(p := self.up.get(b), ast.Assign) and p.targets == [b]]
                return depth > 0 and 0 < len(bound) == len(made) and all(self.labels(v, depth - 1) for v in made)
        return False

    def has_labels(self, n: ast.expr, depth: int) -> bool:
        """Whether the expression gives rows of the frame, or a column of such, under the frame's labels."""
        while True:
            match n:
                case ast.Call(func=ast.Attribute(value=inner, attr=how), keywords=options) if how in SAME_ROWS:
                    if any(k.arg is None or k.arg not in OPTIONS for k in options):
                        return False
                    n = inner
                case ast.Subscript(value=ast.Attribute(value=inner, attr="loc"), slice=ast.Compare() | ast.BinOp()):
                    n = inner
                case ast.Subscript(value=inner, slice=ast.Compare() | ast.BinOp()):
                    n = inner
                case ast.Subscript(value=inner, slice=ast.Constant(value=str())):
                    n = inner
                case ast.Name():
                    return self.rows_of(n.id, depth)
                case _:
                    return False

    def size(self, n: ast.expr) -> bool:
        match n:
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=frame)], keywords=[]):
                return frame == self.root and not bindings(self.source.tree, "len")
            case ast.Subscript(
                value=ast.Attribute(value=ast.Name(id=frame), attr="shape"), slice=ast.Constant(value=0)
            ):
                return frame == self.root
        return False

    def rows_of(self, name: str, depth: int = 4) -> bool:
        """Whether the name stands for the frame, or for some of its rows under their own labels."""
        if name == self.root:
            return True
        bound = bindings(self.loop, name)
        return depth > 0 and bool(bound) and all(self.some_rows(b, depth) for b in bound)

    def some_rows(self, b: ast.AST, depth: int) -> bool:
        p = self.up.get(b)
        if isinstance(p, ast.Tuple) and p.elts[1:] == [b] and isinstance(f := self.up.get(p), ast.For):
            match f.iter:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=frame), attr="groupby")):
                    return self.rows_of(frame, depth - 1)
            return False
        if not (isinstance(p, ast.Assign) and p.targets == [b]):
            return False
        again = any(isinstance(n, ast.Name) and n.id == name_of(b) for n in ast.walk(p.value))
        return not again and self.has_labels(p.value, depth - 1)

    # ---- what is read

    def other(self, column: str | None) -> bool:
        return column is not None and column not in self.columns

    def reads(self, e: ast.expr, unit: Unit) -> bool:
        """Whether the expression, if it may be a frame or a row with stale columns, is only asked for other columns."""
        if e in self.left or not isinstance(getattr(e, "ctx", ast.Load()), ast.Load):
            return True
        p = self.up.get(e)
        if isinstance(p, ast.Call) and p.func is e:
            return True  # what it is called on is looked at by itself
        if isinstance(e, ast.Tuple) and isinstance(p, ast.Subscript) and p.slice is e:
            return True  # its parts are looked at
        kind = self.flow.expr(e, unit)
        if isinstance(kind, tuple):
            return False
        if kind not in (FRAME, ROW, GROUPS, EITHER) or kind == EITHER and self.is_column(e, unit):
            return True
        self.rows = self.rows or kind in (ROW, EITHER)
        if isinstance(p, ast.Assign):
            return kind in (FRAME, ROW) and len(p.targets) == 1 and isinstance(p.targets[0], ast.Name)
        if isinstance(p, ast.For):
            return kind == GROUPS
        if isinstance(p, ast.Compare):
            return all(isinstance(op, (ast.Is, ast.IsNot)) for op in p.ops)
        if isinstance(p, ast.Return):
            return not unit.outermost and kind in (FRAME, ROW)
        call = self.up.get(p) if isinstance(p, ast.keyword) else p
        if isinstance(call, ast.Call):
            if isinstance(call.func, ast.Name) and call.func.id == "len" and call.args == [e]:
                return True
            entered = only_def(self.source, call.func.id) if isinstance(call.func, ast.Name) else None
            return kind in (FRAME, ROW) and entered is not None and entered in self.flow.units
        if isinstance(p, ast.Subscript) and p.value is e and isinstance(p.ctx, ast.Load):
            if kind in (ROW, GROUPS) or string(p.slice) is not None:
                return self.other(string(p.slice))
            return self.is_mask(p.slice, unit)
        looked = isinstance(p, ast.Attribute) and isinstance(p.ctx, ast.Load)
        return looked and kind in (FRAME, EITHER) and self.asks(p, unit)  # type: ignore[arg-type]

    def is_column(self, e: ast.expr, unit: Unit) -> bool:
        """Whether what may be several things is no frame and no row: a column, a part of one, or a cell."""
        if isinstance(e, ast.UnaryOp):
            return self.is_column(e.operand, unit)
        if isinstance(e, ast.Attribute):
            return True  # `part.x`
        if isinstance(e, ast.Call) and isinstance(e.func, ast.Attribute):
            of = e.func.value
            return self.flow.expr(of, unit) == COLUMN or self.flow.expr(of, unit) == EITHER and self.is_column(of, unit)
        if isinstance(e, (ast.BinOp, ast.Compare)):
            parts = [e.left, e.right] if isinstance(e, ast.BinOp) else [e.left, *e.comparators]
            return all(self.flow.expr(x, unit) in (None, COLUMN) or self.is_column(x, unit) for x in parts)
        if not isinstance(e, ast.Subscript):
            return False
        if string(e.slice) is not None:
            return True  # columns have different names
        of = e.value.value if isinstance(e.value, ast.Attribute) and e.value.attr in INDEXERS else e.value
        if of is not e.value and isinstance(e.slice, ast.Tuple):
            return len(e.slice.elts) == 2 and string(e.slice.elts[1]) is not None
        return self.flow.expr(of, unit) == COLUMN or self.flow.expr(of, unit) == EITHER and self.is_column(of, unit)

    def is_mask(self, key: ast.expr, unit: Unit) -> bool:
        plain = isinstance(key, (ast.Compare, ast.BinOp, ast.UnaryOp, ast.Name))
        return plain and self.flow.expr(key, unit) == COLUMN

    def asks(self, p: ast.Attribute, unit: Unit) -> bool:
        around = self.up.get(p)
        if p.attr in ("empty", "index"):
            return True
        if p.attr == "shape":
            return first_of(around)
        if p.attr in ("loc", "at", "iloc") and isinstance(around, ast.Subscript) and isinstance(around.ctx, ast.Load):
            key = around.slice
            if p.attr != "iloc" and isinstance(key, ast.Tuple) and len(key.elts) == 2:
                return self.other(string(key.elts[1]))
            if p.attr == "loc":
                return self.is_mask(key, unit)
            return p.attr == "iloc" and self.flow.expr(around, unit) in (ROW, FRAME)
        if isinstance(around, ast.Call) and around.func is p:
            if p.attr in WALKS:
                return self.walked(around, p.attr, unit)
            given = [*around.args, *(k.value for k in around.keywords)]
            if p.attr in ("head", "tail"):
                return all(k.arg == "n" for k in around.keywords)
            if p.attr == "dropna" and all(k.arg != "subset" for k in around.keywords):
                return False  # looks at all columns
            if p.attr in SAME_ROWS | {"groupby"}:
                return all(self.plain(a) for a in given) and all(k.arg in OPTIONS for k in around.keywords)
            return False
        known = frame_attributes()
        return known is not None and p.attr not in known and self.other(p.attr)

    def plain(self, a: ast.expr) -> bool:
        """A constant, or a list of such, that names no column which is written."""
        if isinstance(a, (ast.List, ast.Tuple)):
            return all(self.plain(e) for e in a.elts)
        return isinstance(a, ast.Constant) and a.value not in self.columns

    def walked(self, call: ast.Call, how: str, unit: Unit) -> bool:
        loop = self.up.get(call)
        if not isinstance(loop, ast.For) or loop.iter is not call or call.args:
            return False
        if how == "itertuples":
            row = loop.target
            use = tuple_use(self.source, loop.body, row.id, call) if isinstance(row, ast.Name) else None
        else:
            pair = loop.target.elts if isinstance(loop.target, ast.Tuple) else ()
            row = pair[1] if len(pair) == 2 else loop.target
            named = len(pair) == 2 and isinstance(row, ast.Name)
            use = row_use(self.source, loop.body, row.id) if named else None  # type: ignore[attr-defined]
        self.rows = self.rows or how == "iterrows"
        every = [n for s in unit.body for n in ast.walk(s)]
        if use is None or loop.orelse and any(isinstance(n, ast.Name) and n.id == row.id for n in every):  # type: ignore[attr-defined]
            return False
        inside = {n for top in loop.body for n in ast.walk(top)}
        here = [n for n in every if isinstance(n, ast.Name) and n.id == row.id and n is not row]  # type: ignore[attr-defined]
        return all(n in inside for n in here) and not self.columns & set(use.columns)


def name_of(b: ast.AST) -> str:
    return b.id if isinstance(b, ast.Name) else ""


def first_of(n: ast.AST | None) -> bool:
    """`x[0]`"""
    return isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Constant) and n.slice.value == 0
