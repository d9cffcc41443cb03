"""Rows of one frame looked for in another.

What it finds    a loop over all rows of a frame within another loop, of which only the rows with a certain key do
                 anything: `for _, b in right.iterrows(): if a["k"] == b["k"]: ...`, also over `itertuples()`, over
                 `range(len(right))` with `right["k"].iloc[j]`, and with `if a.k != b.k: continue`.
Why it is slow   all pairs of rows are made and compared, to find the few that match.
Example          for _, b in right.iterrows(): ...
                 ->  for _, b in right_by_k.where(a["k"]) if right_by_k else right.iterrows(): ...
Safe when        the inner frame does not change in the outer loop, its rows are only read, the comparison comes first,
                 and nobody reads the loop's names afterwards. Checked as it runs: keys compare as they hash; with any
                 other key all rows are gone through. The test stays in its place.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import SourceFile
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.columns import emitted
from hasten.passes.source.columns.cells import read_of
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
    margin,
    module_alias,
    nodes_in,
    pandas_major,
    parents,
    peeks,
    quote,
    read_elsewhere,
    series_attributes,
    stands_alone,
    string,
    text_of,
)
from hasten.passes.source.columns.views import iter_rows_edits, rows_call

READERS = frozenset({"tuple", "list", "dict", "len", "str", "repr", "print", "sum", "min", "max"})


@dataclass(frozen=True)
class Match:
    """The inner `loop` over rows of `frame` (`how`: "rows", "tuples", "places") whose `column` must equal `key`."""

    loop: ast.For
    outer: ast.stmt
    frame: str
    column: str
    key: ast.expr
    how: str
    labelled: bool = False


def match_of(source: SourceFile, loop: ast.For, region: Region) -> Match | None:
    sides = _compared(loop)
    kind = _walk(source, loop, region)
    if sides is None or kind is None:
        return None
    frame, how, target = kind
    for inner, key in (sides, sides[::-1]):
        found = _cell(source, inner, frame, how, target)
        if found is None or not _lasting(source, key, loop):
            continue
        names = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
        if names & set(region.live_out) or any(read_elsewhere(source, n, loop) for n in names):
            return None
        outer = loop_statement(source, region, Site(loop.iter, frame, found[0], key, None, "rows"))
        if outer is None or outer is loop or not stands_alone(source, outer):
            return None
        return Match(loop, outer, frame, found[0], key, how, found[1])
    return None


def _compared(loop: ast.For) -> tuple[ast.expr, ast.expr] | None:
    """The two sides of the comparison without which a round of the loop does nothing."""
    match loop.body:
        case [ast.If(test=test, orelse=[])]:
            if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
                test = test.values[0]
            wanted: type[ast.cmpop] = ast.Eq
        case [ast.If(test=test, body=[ast.Continue()], orelse=[]), *_]:
            if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
                test = test.values[0]
            wanted = ast.NotEq
        case _:
            return None
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], wanted):
        return test.left, test.comparators[0]
    return None


def _walk(source: SourceFile, loop: ast.For, region: Region) -> tuple[str, str, str] | None:
    """(frame, how, name of the row) of the inner loop."""
    match loop.iter, loop.target:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=frame), attr="iterrows")) as call, ast.Tuple(
            elts=[ast.Name(), ast.Name(id=row)]
        ):
            return (frame, "rows", row) if rows_call(source, call, region) is not None else None
        case ast.Call(func=ast.Attribute(value=ast.Name(id=frame), attr="itertuples"), args=[]) as call, ast.Name(
            id=row
        ):
            plain = all(k.arg == "index" and isinstance(k.value, ast.Constant) for k in call.keywords)
            return (frame, "tuples", row) if plain else None
        case ast.Call(
            func=ast.Name(id="range"), args=[ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=frame)])], keywords=[]
        ), ast.Name(id=row):
            if bindings(source.tree, "range") or bindings(source.tree, "len") or bindings_in(loop.body, row):
                return None
            return frame, "places", row
    return None


def bindings_in(body: list[ast.stmt], name: str) -> bool:
    return any(bindings(stmt, name) for stmt in body)


def _cell(source: SourceFile, node: ast.expr, frame: str, how: str, row: str) -> tuple[str, bool] | None:
    """(column, whether it is read by label) of the inner row's cell."""
    if how == "places":
        read = read_of(source, node)
        if read is None or read.frame != frame or read.row or not isinstance(read.index, ast.Name):
            return None
        return (read.column, read.labelled) if read.index.id == row else None
    known = series_attributes() if how == "rows" else frame_attributes()
    match node:
        case ast.Subscript(value=ast.Name(id=found), slice=key) if found == row and how == "rows":
            column = string(key)
            return (column, False) if column is not None else None
        case ast.Attribute(value=ast.Name(id=found), attr=attr) if found == row and known is not None:
            usual = attr in known if how == "rows" else attr in dir(tuple) or attr == "Index"
            return None if usual or attr.startswith("_") else (attr, False)
    return None


def _lasting(source: SourceFile, key: ast.expr, loop: ast.For) -> bool:
    """True for a key that is the same in all rounds of the inner loop: a name or a cell of what is only read there."""
    used: set[str] = set()
    for n in ast.walk(key):
        if isinstance(n, ast.Name):
            used.add(n.id)
        elif not isinstance(n, (ast.Subscript, ast.Attribute, ast.Constant, ast.Tuple, ast.expr_context)):
            return False
    if not used or isinstance(key, ast.Constant) or any(bindings(loop, name) for name in used):
        return False
    if any(isinstance(n, (ast.Global, ast.Nonlocal)) and used & set(n.names) for n in ast.walk(source.tree)):
        return False
    if isinstance(key, ast.Name):
        return True
    up = parents(source)
    for n in ast.walk(loop):
        if not (isinstance(n, ast.Name) and n.id in used):
            continue
        # cells of it may be read, and no more
        at: ast.AST = n
        while isinstance(p := up.get(at), (ast.Subscript, ast.Attribute)) and p.value is at:
            if not isinstance(p.ctx, ast.Load):
                return False
            at = p
        if isinstance(up.get(at), ast.Call) and up[at].func is at:  # type: ignore[attr-defined]
            return False
        call = up.get(at)
        reads = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in READERS
        if reads and not bindings(source.tree, call.func.id):  # type: ignore[union-attr]
            continue
        if at is n and isinstance(call, (ast.Call, ast.keyword, ast.Starred, ast.Assign)):
            return False
    return True


@dataclass(frozen=True)
class Matches:
    """See the module's docstring."""

    code: ClassVar[str] = "HST214"
    name: ClassVar[str] = "matching rows of two frames"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if "pandas" not in source.text or pandas_major() < 3 or peeks(source):
            return
        for hit in _hits(source, region):
            reason = f"goes through all rows of {hit.frame} again to find those with one {hit.column}"
            remedy = f"find the rows of every {hit.column} once, before the loop"
            yield from finding_at(self.code, region, facts, hit.loop, reason, remedy, hit.outer)

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        for hit in _hits(source, finding.region):
            if hit.loop.lineno == finding.detail["line"]:
                yield Change(
                    self.code,
                    f"rows of {hit.frame} found by {hit.column}",
                    finding.region,
                    tuple(edits_of(source, [plan(source, hit, finding.region)])),
                    Risk.EXACT,
                    ("numpy",) if not imported_as(source, "numpy") else (),
                    finding.share,
                )
                return


def _hits(source: SourceFile, region: Region) -> Iterator[Match]:
    for loop in nodes_in(source, region, ast.For):
        assert isinstance(loop, ast.For)
        hit = match_of(source, loop, region)
        if hit is not None:
            yield hit


def plan(source: SourceFile, hit: Match, region: Region) -> Plan:
    """The rows by key before the outer loop, and those that match in the inner one."""
    np, np_edits = module_alias(source, "numpy", "np")
    pd, pd_edits = module_alias(source, "pandas", "pd")
    types = helper_name(source, "_KEY_TYPES", emitted.KEY_TYPES)
    helper = helper_name(source, "_RowsByKey", emitted.KEYED_ROWS)
    edits = [*np_edits, *pd_edits]
    whole = text_of(source, hit.loop.iter)
    rows = whole
    if hit.how == "rows":
        assert isinstance(hit.loop.iter, ast.Call)
        call = rows_call(source, hit.loop.iter, region)
        assert call is not None
        more, texts = iter_rows_edits(source, [call])
        edits += more
        rows = texts[hit.loop.iter]
    helpers = [
        emitted.KEY_TYPES.format(name=types, np=np),
        emitted.KEYED_ROWS.format(name=helper, np=np, pd=pd, types=types),
    ]
    by_key = Fresh(source)(f"{hit.frame}_by_{hit.column}")
    setup = f"{margin(source, hit.outer)}{by_key} = "
    setup += f"{helper}({hit.frame}, {quote(hit.column)}, {hit.labelled}, lambda: {rows})\n"
    new = f"{by_key}.where({text_of(source, hit.key)}) if {by_key} else {whole}"
    return Plan(hit.outer, {hit.loop.iter: new}, setup, (*edits, *helper_edits(source, helpers)))
