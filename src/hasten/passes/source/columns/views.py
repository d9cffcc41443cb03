"""Rows that are read by computed labels, or handed to functions that only read them.

A row that never escapes can be a light object with the same cells in place of a Series. What may be done to it:
`row[label]` with any label, `row.a`, `row.get(label, x)`, `label in row`, `row.name`, and handing it to plain functions
of the file that do no more than that. Whatever is no plain label is asked of the real Series, which is then made.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hasten.core.finding import Region
from hasten.core.source import Edit, SourceFile
from hasten.passes.source.columns import emitted
from hasten.passes.source.columns.syntax import (
    FunctionNode,
    bindings,
    def_near,
    helper_edits,
    helper_name,
    module_alias,
    only_def,
    pandas_major,
    parents,
    read_elsewhere,
    scope_of,
    series_attributes,
    text_of,
    writes_frames,
)

# what a row answers through its Series without being changed by it, or by what is done to the answer
ASKED = frozenset({"name", "index", "keys", "to_dict", "tolist"})
APPLY_OPTIONS = frozenset({"raw", "result_type", "by_row", "engine", "engine_kwargs", "axis", "func", "df", "function"})
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def only_read(
    source: SourceFile,
    body: Sequence[ast.AST],
    row: str,
    seen: frozenset[tuple[str, str]],
    names: frozenset[str] = frozenset(),
    bound: bool = False,
) -> bool:
    """True when `body` does nothing with the Series `row` but read its cells, hand it to functions that do so, or
    remember it under another name. `names` are those that it had before; `bound`: the body may bind `row`."""
    up, known = parents(source), series_attributes()
    if known is None:
        return False
    for top in body:
        if not bound and bindings(top, row):
            return False
        for n in ast.walk(top):
            if not (isinstance(n, ast.Name) and n.id == row) or bound and not isinstance(n.ctx, ast.Load):
                continue
            p = up.get(n)
            g = up.get(p) if p is not None else None
            if isinstance(p, ast.Subscript) and p.value is n and isinstance(p.ctx, ast.Load):
                if _uses_slice(p.slice):
                    return False
            elif isinstance(p, ast.Attribute) and isinstance(p.ctx, ast.Load):
                called = isinstance(g, ast.Call) and g.func is p
                if p.attr == "get" and called and isinstance(g, ast.Call):
                    if any(k.arg != "default" for k in g.keywords) or not g.args or len(g.args) > 2:
                        return False
                    if any(isinstance(a, ast.Starred) for a in g.args):
                        return False
                elif p.attr.startswith("_") or (p.attr in known and p.attr not in ASKED):
                    return False
                elif p.attr not in known and called:
                    return False
                elif isinstance(g, (ast.Attribute, ast.Subscript)) and not isinstance(g.ctx, ast.Load):
                    return False
            elif isinstance(p, ast.Compare) and n in p.comparators:
                op = p.ops[p.comparators.index(n)]
                if not isinstance(op, (ast.In, ast.NotIn)) or p.comparators[-1] is not n:
                    return False
            elif isinstance(p, ast.Call) and n in p.args:
                if not _handed_on(source, p, p.args.index(n), None, seen):
                    return False
            elif isinstance(p, ast.keyword) and isinstance(g, ast.Call) and p.arg is not None:
                if not _handed_on(source, g, None, p.arg, seen):
                    return False
            elif isinstance(p, ast.Compare) and p.left is n:
                if not (len(p.ops) == 1 and isinstance(p.ops[0], (ast.Is, ast.IsNot)) and _is_none(p.comparators[0])):
                    return False
            elif not (isinstance(p, ast.Assign) and p.value is n and row not in names):
                return False
            elif not all(_remembered(source, t, row, seen, names) for t in p.targets):
                return False
    return True


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _remembered(
    source: SourceFile, target: ast.expr, row: str, seen: frozenset[tuple[str, str]], names: frozenset[str]
) -> bool:
    """`previous = row`: the other name holds rows or None, and is only read as well, everywhere in its scope."""
    if not isinstance(target, ast.Name) or target.id == row or target.id in names:
        return False
    scope, up = scope_of(source, target), parents(source)
    if isinstance(scope, (ast.ClassDef, ast.Lambda)):
        return False
    for n in ast.walk(source.tree):
        if isinstance(n, (ast.Global, ast.Nonlocal)) and target.id in n.names:
            return False
        if not (isinstance(n, ast.Name) and n.id == target.id) or scope_of(source, n) is scope:
            continue
        own = scope_of(source, n)  # of a function that has a variable of that name, or reads this one
        if not bindings(own, target.id) or isinstance(own, ast.ClassDef):
            return False
    for b in bindings(scope, target.id):
        p = up.get(b)
        plain = isinstance(p, ast.Assign) and b in p.targets
        if (
            not plain
            or not isinstance(p, ast.Assign)
            or not (_is_none(p.value) or isinstance(p.value, ast.Name) and p.value.id == row)
        ):
            return False
    inside: list[ast.AST] = [scope] if isinstance(scope, ast.Module) else list(getattr(scope, "body", []))
    return only_read(source, inside, target.id, seen, names | {row}, bound=True)


def _uses_slice(key: ast.AST) -> bool:
    """A part of the row, which the program could change through the answer."""
    return isinstance(key, (ast.Slice, ast.List, ast.Tuple, ast.ListComp))


def _handed_on(
    source: SourceFile, call: ast.Call, position: int | None, keyword: str | None, seen: frozenset[tuple[str, str]]
) -> bool:
    if not isinstance(call.func, ast.Name) or any(isinstance(a, ast.Starred) for a in call.args):
        return False
    function = only_def(source, call.func.id)
    if function is None or any(k.arg is None for k in call.keywords):
        return False
    a = function.args
    positional = [x.arg for x in (*a.posonlyargs, *a.args)]
    if position is not None:
        if position >= len(positional):
            return False
        name = positional[position]
    elif keyword in positional or any(x.arg == keyword for x in a.kwonlyargs):
        name = keyword or ""
    else:
        return False
    return reads_only(source, function, name, seen)


def reads_only(
    source: SourceFile, function: FunctionNode, parameter: str, seen: frozenset[tuple[str, str]] = frozenset()
) -> bool:
    """True when the function only reads cells of the row that it gets as `parameter`."""
    key = (function.name, parameter)
    if key in seen:
        return True  # being looked at further out
    return only_read(source, function.body, parameter, seen | {key})


@dataclass(frozen=True)
class RowsCall:
    """`frame.iterrows()` whose rows are only read. `around` is the statement or expression that walks over it."""

    call: ast.Call
    frame: ast.expr
    around: ast.AST


def rows_call(source: SourceFile, call: ast.Call, region: Region) -> RowsCall | None:
    """The call as one that a loop or comprehension walks over, with rows that are only read."""
    f = call.func
    if not (isinstance(f, ast.Attribute) and f.attr == "iterrows") or call.args or call.keywords:
        return None
    up = parents(source)
    it: ast.AST = call
    holder = up.get(call)
    counted = False
    if isinstance(holder, ast.Call) and isinstance(holder.func, ast.Name) and holder.func.id == "enumerate":
        if holder.args[:1] != [call] or bindings(source.tree, "enumerate"):
            return None
        it, holder, counted = holder, up.get(holder), True
    if not isinstance(holder, (ast.For, ast.comprehension)) or holder.iter is not it:
        return None
    target: ast.expr = holder.target
    if counted:
        if not (isinstance(target, ast.Tuple) and len(target.elts) == 2 and isinstance(target.elts[0], ast.Name)):
            return None
        target = target.elts[1]
    if not (isinstance(target, ast.Tuple) and len(target.elts) == 2):
        return None
    label, row = target.elts
    if not isinstance(label, ast.Name) or not isinstance(row, ast.Name) or label.id == row.id:
        return None
    body: list[ast.AST]
    if isinstance(holder, ast.For):
        around: ast.AST = holder
        body = list(holder.body)
        if any(name in region.live_out for name in _others(holder.body, row.id)):
            return None
        left_over = any(isinstance(n, ast.Name) and n.id == row.id for top in holder.orelse for n in ast.walk(top))
        if left_over or row.id in region.live_out or read_elsewhere(source, row.id, holder):
            return None
    else:
        comprehension = up.get(holder)
        if not isinstance(comprehension, COMPREHENSIONS):
            return None
        around = comprehension
        rest = comprehension.generators[comprehension.generators.index(holder) + 1 :]
        body = [*holder.ifs, *(x for g in rest for x in (g.iter, *g.ifs, g.target))]
        if isinstance(comprehension, ast.DictComp):
            body += [comprehension.key, comprehension.value]
        else:
            body.append(comprehension.elt)
        if isinstance(comprehension, ast.GeneratorExp) and not isinstance(up.get(comprehension), ast.Call):
            return None
    if not only_read(source, body, row.id, frozenset()):
        return None
    # before copy-on-write a row could be a view of the frame, and show what the loop writes into it
    if pandas_major() < 3 and writes_frames(source, body):
        return None
    return RowsCall(call, f.value, around)


def _others(body: Sequence[ast.stmt], row: str) -> Iterator[str]:
    """Names that the body gives the row."""
    for top in body:
        for n in ast.walk(top):
            if isinstance(n, ast.Assign) and isinstance(n.value, ast.Name) and n.value.id == row:
                yield from (t.id for t in n.targets if isinstance(t, ast.Name))


@dataclass(frozen=True)
class ApplyCall:
    """`frame.apply(function, axis=1, ...)` whose function only reads its row. `rest` is the text of other arguments."""

    call: ast.Call
    frame: ast.expr
    function: ast.expr
    rest: tuple[str, ...]


def apply_call(source: SourceFile, call: ast.Call) -> ApplyCall | None:
    """The call as a row-wise apply of a function that only reads its row."""
    f = call.func
    if not (isinstance(f, ast.Attribute) and f.attr == "apply" and 1 <= len(call.args) <= 2):
        return None
    axis: ast.expr | None = call.args[1] if len(call.args) == 2 else None
    rest: list[str] = []
    for k in call.keywords:
        if k.arg == "axis" and axis is None:
            axis = k.value
        elif k.arg is None or k.arg in APPLY_OPTIONS:
            return None
        else:
            rest.append(f"{k.arg}={text_of(source, k.value)}")
    if not isinstance(axis, ast.Constant) or axis.value not in (1, "columns") or type(axis.value) is bool:
        return None
    given = call.args[0]
    body: list[ast.AST]
    if isinstance(given, ast.Lambda):
        a, body, name = given.args, [given.body], "<lambda>"
    elif isinstance(given, ast.Name):
        function = def_near(source, given)
        if function is None:
            return None
        a = function.args
        body = [function.body] if isinstance(function, ast.Lambda) else list(function.body)
        name = "<lambda>" if isinstance(function, ast.Lambda) else function.name
    else:
        return None
    positional = [x.arg for x in (*a.posonlyargs, *a.args)]
    if not positional or any(isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await)) for t in body for n in ast.walk(t)):
        return None
    if not only_read(source, body, positional[0], frozenset({(name, positional[0])})) or writes_frames(source, body):
        return None
    return ApplyCall(call, f.value, given, tuple(rest))


def row_view_edits(source: SourceFile) -> tuple[str, str, list[Edit]]:
    """Names of the two helpers, for `iterrows` and for `apply`, and the edits that both need beside them."""
    np, np_edits = module_alias(source, "numpy", "np")
    pd, pd_edits = module_alias(source, "pandas", "pd")
    row_cells = helper_name(source, "_row_cells", emitted.ROW_CELLS)
    lists = helper_name(source, "_ColumnLists", emitted.COLUMN_LISTS)
    view = helper_name(source, "_RowView", emitted.ROW_VIEW)
    helpers = [
        emitted.ROW_CELLS.format(name=row_cells, np=np, pd=pd),
        emitted.COLUMN_LISTS.format(name=lists, np=np, pd=pd),
        emitted.ROW_VIEW.format(name=view),
    ]
    return np, pd, [*np_edits, *pd_edits, *helper_edits(source, helpers)]


def _parts(source: SourceFile) -> dict[str, str]:
    return {
        "np": module_alias(source, "numpy", "np")[0],
        "pd": module_alias(source, "pandas", "pd")[0],
        "row_cells": helper_name(source, "_row_cells", emitted.ROW_CELLS),
        "column_lists": helper_name(source, "_ColumnLists", emitted.COLUMN_LISTS),
        "row_view": helper_name(source, "_RowView", emitted.ROW_VIEW),
    }


def iter_rows_edits(source: SourceFile, hits: Sequence[RowsCall]) -> tuple[list[Edit], dict[ast.AST, str]]:
    """Helper insertions, and the text in place of each call."""
    name = helper_name(source, "_iter_rows", emitted.ITER_ROWS)
    edits = row_view_edits(source)[2]
    edits += helper_edits(source, [emitted.ITER_ROWS.format(name=name, **_parts(source))])
    return edits, {h.call: f"{name}({text_of(source, h.frame)})" for h in hits}


def apply_rows_edits(source: SourceFile, hit: ApplyCall) -> tuple[list[Edit], str]:
    """Helper insertions, and the text in place of the call."""
    name = helper_name(source, "_apply_rows", emitted.APPLY_ROWS)
    edits = row_view_edits(source)[2]
    edits += helper_edits(source, [emitted.APPLY_ROWS.format(name=name, **_parts(source))])
    inside = ", ".join((text_of(source, hit.frame), text_of(source, hit.function), *hit.rest))
    return edits, f"{name}({inside})"


def calls_of(source: SourceFile, region: Region) -> Iterator[RowsCall]:
    """Every `iterrows()` in the region whose rows are only read, and whose lines lie in the region."""
    from hasten.passes.source.columns.syntax import inside, nodes_in

    for call in nodes_in(source, region, ast.Call):
        assert isinstance(call, ast.Call)
        hit = rows_call(source, call, region)
        if hit is not None and inside(region, hit.around) and not isinstance(scope_of(source, call), ast.ClassDef):
            yield hit
