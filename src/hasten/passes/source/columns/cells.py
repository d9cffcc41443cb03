"""Cells read one at a time.

What it finds    `df.iloc[i]["a"]`, `df.loc[i, "a"]`, `df.at[i, "a"]`, `df["a"].iloc[i]`,
                 `df["a"][i]`, also with a computed label (`df.loc[i, name]`) or after `row = df.iloc[i]`, in a loop
                 that does not change df.
Why it is slow   every read goes through the indexing machinery; `df.iloc[i]` makes a Series of the whole row first.
Example          for i in range(len(df)): total += df.loc[i, "a"]
                 ->  rows, a = _cell_lists(df, ("a",), (), True)
                     for i in range(len(df)): total += (a[i] if 0 <= i < rows else df.loc[i, "a"])
Safe when        nothing in the loop changes the frame. Labels are only taken for positions when the index
                 is 0, 1, 2, ...; a position outside, and any other frame, is read as before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import SourceFile
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.columns import emitted
from hasten.passes.source.columns.lookup import Site, loop_statement
from hasten.passes.source.columns.plan import Plan, edits_of
from hasten.passes.source.columns.syntax import (
    Fresh,
    bindings,
    finding_at,
    frame_attributes,
    helper_edits,
    helper_name,
    imported_as,
    in_fstring,
    literal,
    margin,
    module_alias,
    nodes_in,
    parents,
    peeks,
    scope_of,
    series_attributes,
    string,
    text_of,
)


@dataclass(frozen=True)
class Read:
    """One read of a cell: of which frame and column, at which position, through a row's Series (`row`), by label."""

    node: ast.expr
    frame: str
    column: str
    index: ast.expr
    row: bool
    labelled: bool
    label: ast.expr | None = None  # of a computed column; `column` is empty then
    how: str = ""  # and the method that reads it
    through: ast.expr | None = None  # the row that a name was given, when the cell is read by that name


def computed_read(source: SourceFile, node: ast.AST) -> Read | None:
    """`node` as a read of one cell of a column whose label is computed: `df.loc[i, name]`, `df[name].iloc[i]`."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return None
    base, key = node.value, node.slice
    if isinstance(base, ast.Attribute) and base.attr in ("loc", "at") and isinstance(base.value, ast.Name):
        if isinstance(key, ast.Tuple) and len(key.elts) == 2 and _index(key.elts[0]) and _label(key.elts[1]):
            return Read(node, base.value.id, "", key.elts[0], False, True, key.elts[1], base.attr)
        return None
    accessor = _row(base)
    if accessor is not None and _label(key):
        frame, index, labelled = accessor
        return Read(node, frame, "", index, True, labelled, key, "loc_row" if labelled else "iloc_row")
    if isinstance(base, ast.Attribute) and base.attr in ("loc", "iloc") and _index(key):
        picked = base.value
        if isinstance(picked, ast.Subscript) and isinstance(picked.value, ast.Name) and _label(picked.slice):
            how = f"column_{base.attr}"
            return Read(node, picked.value.id, "", key, False, base.attr == "loc", picked.slice, how)
    return None


def _label(node: ast.AST) -> bool:
    """An expression that may give a column's label, and changes nothing."""
    if not isinstance(node, (ast.Name, ast.JoinedStr, ast.BinOp, ast.Subscript)):
        return False
    plain = (ast.expr_context, ast.operator, ast.FormattedValue)
    kinds = (ast.Name, ast.JoinedStr, ast.BinOp, ast.Subscript, ast.Constant, ast.Attribute, *plain)
    return all(isinstance(n, kinds) for n in ast.walk(node))


def read_of(source: SourceFile, node: ast.AST) -> Read | None:
    """`node` as a read of one cell."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        # df.iloc[i].a
        known = series_attributes()
        accessor = _row(node.value)
        up = parents(source).get(node)
        if accessor is None or known is None or node.attr in known or node.attr.startswith("_"):
            return None
        if isinstance(up, ast.Call) and up.func is node:
            return None
        frame, index, labelled = accessor
        return Read(node, frame, node.attr, index, True, labelled)
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return None
    base, column = node.value, string(node.slice)
    if column is not None and (accessor := _row(base)) is not None:
        frame, index, labelled = accessor
        return Read(node, frame, column, index, True, labelled)
    if isinstance(base, ast.Attribute) and base.attr in ("loc", "at") and isinstance(base.value, ast.Name):
        if (
            isinstance(node.slice, ast.Tuple)
            and len(node.slice.elts) == 2
            and (c := string(node.slice.elts[1])) is not None
        ):
            return Read(node, base.value.id, c, node.slice.elts[0], False, True) if _index(node.slice.elts[0]) else None
        return None
    if not _index(node.slice):
        return None
    if isinstance(base, ast.Attribute) and base.attr in ("iloc", "iat") and (got := _column(base.value)) is not None:
        return Read(node, *got, node.slice, False, False)
    if isinstance(base, ast.Attribute) and base.attr in ("loc", "at") and (got := _column(base.value)) is not None:
        return Read(node, *got, node.slice, False, True)
    if isinstance(base, ast.Subscript) and (got := _column(base)) is not None:
        return Read(node, *got, node.slice, False, True)
    return None


def _row(node: ast.AST) -> tuple[str, ast.expr, bool] | None:
    """`df.iloc[i]` or `df.loc[i]` as (frame, index, labelled)."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr in ("iloc", "loc"):
        if isinstance(node.value.value, ast.Name) and _index(node.slice):
            return node.value.value.id, node.slice, node.value.attr == "loc"
    return None


def _column(node: ast.AST) -> tuple[str, str] | None:
    """`df["a"]` or `df.a` as (frame, column)."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and (c := string(node.slice)) is not None:
        return node.value.id, c
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        known = frame_attributes()
        if known is not None and node.attr not in known and not node.attr.startswith("_"):
            return node.value.id, node.attr
    return None


def _index(node: ast.AST) -> bool:
    """A position that can be read twice: a name, plus or minus whole constants or names."""
    if isinstance(node, ast.Name):
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        return all(_index(n) or (isinstance(n, ast.Constant) and type(n.value) is int) for n in (node.left, node.right))
    return False


def surely_int(source: SourceFile, node: ast.expr, at: ast.AST) -> bool:
    """True when every name in the position is bound only by loops over `range` (so it is a plain int)."""
    scope = scope_of(source, at)
    for n in ast.walk(node):
        if not isinstance(n, ast.Name):
            continue
        if bindings(source.tree, "range"):
            return False
        found = bindings(scope, n.id)
        for b in found:
            p = parents(source).get(b)
            by_range = (
                isinstance(p, (ast.For, ast.comprehension))
                and p.target is b
                and isinstance(p.iter, ast.Call)
                and isinstance(p.iter.func, ast.Name)
                and p.iter.func.id == "range"
            )
            if not by_range:
                return False
        if not found:
            return False
    return True


@dataclass(frozen=True)
class Cells:
    """See the module's docstring."""

    code: ClassVar[str] = "HST207"
    name: ClassVar[str] = "cells read one at a time"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if "pandas" not in source.text or peeks(source):
            return
        for stmt, reads in reads_in(source, region).items():
            names = ", ".join(dict.fromkeys(f"{r.frame}.{_shown(r)}" for r in reads))
            reason = f"every read of {names} goes through the indexing of pandas"
            remedy = "read from lists of the columns, made once before the loop"
            yield from finding_at(self.code, region, facts, stmt, reason, remedy)

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        for stmt, reads in reads_in(source, finding.region).items():
            if stmt.lineno == finding.detail["line"]:
                names = ", ".join(dict.fromkeys(_shown(r) for r in reads))
                yield Change(
                    self.code,
                    f"cells of {names} read from lists",
                    finding.region,
                    tuple(edits_of(source, [plan(source, stmt, reads, Fresh(source))])),
                    Risk.EXACT,
                    ("numpy",) if not imported_as(source, "numpy") else (),
                    finding.share,
                )
                return


def _kept(source: SourceFile, read: Read) -> bool:
    """True for the read that an earlier change of this kind keeps for the other frames."""
    p = parents(source).get(read.node)
    if not (isinstance(p, ast.IfExp) and p.orelse is read.node and isinstance(p.body, ast.Subscript)):
        return False
    return f"0 <= {ast.unparse(read.index)} < " in ast.unparse(p.test)


def _shown(read: Read) -> str:
    return read.column if read.label is None else f"[{ast.unparse(read.label)}]"


def reads_in(source: SourceFile, region: Region) -> dict[ast.stmt, list[Read]]:
    """Reads of cells that are repeated, by the statement before which the columns can be listed."""
    groups: dict[ast.stmt, list[Read]] = {}
    taken: set[ast.AST] = set()
    for node in nodes_in(source, region, (ast.Subscript, ast.Attribute)):
        read = read_of(source, node) or computed_read(source, node)
        if read is None or node in taken or _kept(source, read):
            continue
        within = [*ast.walk(read.index), *(ast.walk(read.label) if read.label is not None else ())]
        if any(isinstance(n, ast.Name) and n.id == read.frame for n in within):
            continue
        if read.label is not None and in_fstring(source, node) is not None:
            continue
        facts_free = Site(read.node, read.frame, read.column, read.index, None, "rows")
        stmt = loop_statement(source, region, facts_free)
        # a dict of lists reads like a frame does: only frames (by their accessors) are meant
        if stmt is not None and _shows_frame(source, read.frame):
            groups.setdefault(stmt, []).append(read)
            taken |= set(ast.walk(node))
    for given in nodes_in(source, region, ast.Assign):
        assert isinstance(given, ast.Assign)
        named = named_row(source, region, given)
        stmt = (
            loop_statement(source, region, Site(given.value, named[0].frame, "", given.value, None, "rows"))
            if named
            else None
        )
        if stmt is not None:
            groups.setdefault(stmt, []).extend(named)
    return groups


def named_row(source: SourceFile, region: Region, given: ast.Assign) -> list[Read]:
    """Reads of `row["a"]` and `row.a` after `row = df.iloc[i]`, when nothing else is done with the row."""
    accessor, known = _row(given.value), series_attributes()
    match given.targets:
        case [ast.Name(id=name)] if accessor is not None and known is not None and name not in region.live_out:
            frame, index, labelled = accessor
        case _:
            return []
    up, scope = parents(source), scope_of(source, given)
    used = {n.id for n in ast.walk(index) if isinstance(n, ast.Name)}
    if name in (frame, *used) or frame in used:
        return []
    if any(isinstance(n, (ast.Global, ast.Nonlocal)) and {name, *used} & set(n.names) for n in ast.walk(source.tree)):
        return []
    siblings = next(
        (
            b
            for f in ("body", "orelse", "finalbody")
            if isinstance(b := getattr(up.get(given), f, None), list) and given in b
        ),
        [],
    )
    found: list[Read] = []
    moved = False
    for stmt in siblings[siblings.index(given) + 1 :] if siblings else ():
        loads = [n for n in ast.walk(stmt) if isinstance(n, ast.Name) and n.id == name]
        moved_here = any(bindings(stmt, n) for n in used)
        if loads and (moved or moved_here):
            return []
        moved = moved or moved_here
        for load in loads:
            p = up[load]
            if isinstance(p, ast.Subscript) and p.value is load:
                column = string(p.slice)
            elif isinstance(p, ast.Attribute) and p.attr not in known and not p.attr.startswith("_"):
                column = None if isinstance(c := up[p], ast.Call) and c.func is p else p.attr
            else:
                return []
            if (
                column is None
                or not isinstance(p.ctx, ast.Load)
                or scope_of(source, load) is not scope
                or _later(up, p)
            ):
                return []
            found.append(Read(p, frame, column, index, True, labelled, through=given.value))
    # every other mention of the name would find no row under it
    whole = source.tree if isinstance(scope, ast.Module) else scope
    mentions = sum(isinstance(n, ast.Name) and n.id == name for n in ast.walk(whole))
    if mentions != len(found) + 1 or len(bindings(whole, name)) != 1 or not _shows_frame(source, frame):
        return []
    return found


def _later(up: Mapping[ast.AST, ast.AST], node: ast.AST) -> bool:
    """True within a generator that may run when the name means another row."""
    at: ast.AST | None = node
    while at is not None and not isinstance(at, ast.stmt):
        if isinstance(at, ast.GeneratorExp) and not isinstance(up.get(at), ast.Call):
            return True
        at = up.get(at)
    return False


def _shows_frame(source: SourceFile, name: str) -> bool:
    """True when the file uses `name` as only a pandas object is used, somewhere."""
    up = parents(source)
    for n in ast.walk(source.tree):
        if isinstance(n, ast.Attribute) and n.attr in ("iloc", "loc", "at", "iat", "columns", "iterrows"):
            base = n.value.value if isinstance(n.value, (ast.Subscript, ast.Attribute)) else n.value
            if isinstance(base, ast.Name) and base.id == name and up.get(n) is not None:
                return True
    return False


def plan(source: SourceFile, stmt: ast.stmt, reads: list[Read], fresh: Fresh) -> Plan:
    """The columns as lists before the statement, and read in it."""
    np, np_edits = module_alias(source, "numpy", "np")
    pd, pd_edits = module_alias(source, "pandas", "pd")
    helper = helper_name(source, "_cell_lists", emitted.CELL_LISTS)
    lead = margin(source, stmt)
    text = ""
    texts: dict[ast.AST, str] = {}
    helper_texts = [emitted.CELL_LISTS.format(name=helper, np=np, pd=pd)]
    computed = [r for r in reads if r.label is not None]
    reads = [r for r in reads if r.label is None]
    if computed:
        table = helper_name(source, "_CellTable", emitted.CELL_TABLE)
        helper_texts.append(emitted.CELL_TABLE.format(name=table, cell_lists=helper))
        for frame in dict.fromkeys(r.frame for r in computed):
            cells = fresh(f"{frame}_cells")
            text += f"{lead}{cells} = {table}({frame})\n"
            for r in computed:
                if r.frame == frame and r.label is not None:
                    texts[r.node] = f"{cells}.{r.how}({text_of(source, r.index)}, {text_of(source, r.label)})"
    frames = dict.fromkeys((r.frame, r.labelled) for r in reads)
    for frame, labelled in frames:
        mine = [r for r in reads if (r.frame, r.labelled) == (frame, labelled)]
        count = fresh(f"{frame}_rows")
        plain = {r.column: "" for r in mine if not r.row}
        rows = {r.column: "" for r in mine if r.row}
        plain = {c: fresh(f"{frame}_{c}") for c in plain}
        rows = {c: fresh(f"{frame}_row_{c}") for c in rows}
        targets = ", ".join([count, *plain.values(), *rows.values()])
        first, second = (literal(x) if x else "()" for x in (plain, rows))
        text += f"{lead}{targets} = {helper}({frame}, {first}, {second}, {labelled})\n"
        for r in mine:
            at = text_of(source, r.index)
            name = (rows if r.row else plain)[r.column]
            check = f"0 <= {at} < {count}"
            if not surely_int(source, r.index, r.node):
                check = f"type({at}) is int and {check}"
            texts[r.node] = f"({name}[{at}] if {check} else {text_of(source, r.node)})"
            if r.through is not None:
                texts[r.through] = f"(None if {check} else {text_of(source, r.through)})"  # no row is needed then
    return Plan(stmt, texts, text, (*np_edits, *pd_edits, *helper_edits(source, helper_texts)))
