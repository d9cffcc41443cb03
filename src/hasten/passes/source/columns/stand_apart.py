"""Frames that a loop writes into cell by cell, in columns that it does not read otherwise.

    for i, row in df.iterrows():
        past = df[(df["k"] == row["k"]) & (df["t"] < row["t"])]
        df.loc[i, "mean"] = past["x"].mean()

What stands in for `df` is read, and the writes stay as they are: no column that is read changes, and no row is added,
because the label is one of the frame's own. `left_alone` shows both, or says that it cannot.
"""

from __future__ import annotations

import ast

from hasten.core.source import SourceFile
from hasten.passes.source.columns.rows import tuple_use
from hasten.passes.source.columns.stand_flow import COLUMN, EITHER, FRAME, GROUPS, ROW, Flow, Refused
from hasten.passes.source.columns.syntax import bindings, frame_attributes, parents, row_use, scope_of, string

SAME_ROWS = frozenset({"sort_values", "copy", "head", "tail"})
# none of which gives rows other labels
OPTIONS = frozenset({"by", "ascending", "kind", "deep", "n", "sort", "observed", "dropna", "group_keys"})
WALKS = ("iterrows", "itertuples")


def walked_rows(source: SourceFile, loop: ast.stmt, root: str) -> set[ast.AST]:
    """Where the rows of the frame itself are walked over: a stand-in would only ask the frame."""
    up = parents(source)
    found: set[ast.AST] = set()
    for n in ast.walk(loop):
        if isinstance(n, ast.Name) and n.id == root and isinstance(up.get(n), ast.Attribute):
            call = up.get(up[n])
            named = up[n].attr in WALKS  # type: ignore[attr-defined]
            if named and isinstance(call, ast.Call) and call.func is up[n] and isinstance(up.get(call), ast.For):
                found.add(n)
    return found


class Apart:
    """The nodes of one frame's name that keep the frame; `fits` is False where that cannot be done. `numbered` when
    its labels have to be 0, 1, 2, ..."""

    def __init__(self, source: SourceFile, loop: ast.stmt, flow: Flow, root: str) -> None:
        self.source, self.loop, self.flow, self.root, self.up = source, loop, flow, root, parents(source)
        self.numbered = False
        self.columns: set[str] = set()
        self.left: set[ast.AST] = set()
        self.fits = "." not in root and not flow.shadows and not flow.functions and self.tried()

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
            assert isinstance(w.slice, ast.Tuple)
            stmt = self.up.get(w)
            simple = isinstance(stmt, ast.Assign) and stmt.targets == [w] or isinstance(stmt, ast.AugAssign)
            if not simple or not self.own_label(w.slice.elts[0]):
                return False
            if self.flow.expr(stmt.value, self.flow.top) is not None:  # type: ignore[union-attr]
                return False
            self.columns.add(string(w.slice.elts[1]) or "")
        for n in names:
            cell = self.cell(n)
            if cell is not None and (isinstance(cell.ctx, ast.Store) or self.column_of(cell) in self.columns):
                self.left.add(n)
        return all(self.reads(e) for e in ast.walk(self.loop) if isinstance(e, ast.expr))

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
            case ast.Attribute(value=ast.Name(id=frame), attr="index"):
                return not paired and not tuples and self.rows_of(frame)
            case ast.Call(func=ast.Name(id="range"), args=[*start, stop], keywords=[]) if len(start) < 2:
                low = start[0].value if start and isinstance(start[0], ast.Constant) else None if start else 0
                self.numbered = True
                known = not paired and not tuples and type(low) is int and low >= 0
                return known and not bindings(self.source.tree, "range") and self.size(stop)
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
        value = p.value
        while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in SAME_ROWS:
            value = value.func.value
        if isinstance(value, ast.Subscript) and isinstance(value.slice, (ast.Compare, ast.BinOp)):
            value = value.value
        return isinstance(value, ast.Name) and value.id != name_of(b) and self.rows_of(value.id, depth - 1)

    # ---- what is read

    def other(self, column: str | None) -> bool:
        return column is not None and column not in self.columns

    def reads(self, e: ast.expr) -> bool:
        """Whether the expression, if it may be a frame or a row with stale columns, is only asked for other columns."""
        if e in self.left or not isinstance(getattr(e, "ctx", ast.Load()), ast.Load):
            return True
        p = self.up.get(e)
        if isinstance(p, ast.Call) and p.func is e:
            return True  # what it is called on is looked at by itself
        kind = self.flow.expr(e, self.flow.top)
        if isinstance(kind, tuple):
            return False
        if kind == EITHER:
            return not isinstance(e, ast.Name)  # which may be the name of a frame
        if kind not in (FRAME, ROW, GROUPS):
            return True
        if isinstance(p, ast.Assign):
            return kind == FRAME and len(p.targets) == 1 and isinstance(p.targets[0], ast.Name)
        if isinstance(p, ast.For):
            return kind == GROUPS
        if isinstance(p, ast.Call):
            return isinstance(p.func, ast.Name) and p.func.id == "len" and p.args == [e]
        if isinstance(p, ast.Subscript) and p.value is e and isinstance(p.ctx, ast.Load):
            if kind != FRAME or string(p.slice) is not None:
                return self.other(string(p.slice))
            return self.is_mask(p.slice)
        return isinstance(p, ast.Attribute) and isinstance(p.ctx, ast.Load) and kind == FRAME and self.asks(p)

    def is_mask(self, key: ast.expr) -> bool:
        plain = isinstance(key, (ast.Compare, ast.BinOp, ast.UnaryOp, ast.Name))
        return plain and self.flow.expr(key, self.flow.top) == COLUMN

    def asks(self, p: ast.Attribute) -> bool:
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
                return self.is_mask(key)
            return p.attr == "iloc" and self.flow.expr(around, self.flow.top) in (ROW, FRAME)
        if isinstance(around, ast.Call) and around.func is p:
            if p.attr in WALKS:
                return self.walked(around, p.attr)
            given = [*around.args, *(k.value for k in around.keywords)]
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

    def walked(self, call: ast.Call, how: str) -> bool:
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
        if use is None or loop.orelse and any(isinstance(n, ast.Name) and n.id == row.id for n in ast.walk(self.loop)):  # type: ignore[attr-defined]
            return False
        inside = {n for top in loop.body for n in ast.walk(top)}
        here = [n for n in ast.walk(self.loop) if isinstance(n, ast.Name) and n.id == row.id and n is not row]  # type: ignore[attr-defined]
        return all(n in inside for n in here) and not self.columns & set(use.columns)


def name_of(b: ast.AST) -> str:
    return b.id if isinstance(b, ast.Name) else ""


def first_of(n: ast.AST | None) -> bool:
    """`x[0]`"""
    return isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Constant) and n.slice.value == 0
