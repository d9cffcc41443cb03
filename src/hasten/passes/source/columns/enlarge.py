"""Rows that are put behind a frame one by one.

What it finds    `df.loc[len(df)] = [...]` (or `df.loc[i] = [...]`, `df.loc[len(df.index)] = {...}`) in a loop.
Why it is slow   every row makes a frame of its own, joins it to a copy of all others and looks at all dtypes again.
Example          for x in xs: df.loc[len(df)] = [x, f(x)]  ->  rows collected in a list, and joined once after the loop
Safe when        the frame is made just before the loop, which does nothing else with it. Checked for every row: its
                 label is the next one, and its cells suit the dtypes that pandas gave the frame with the rows before;
                 any other row is put behind at once, as before.
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
from hasten.passes.source.columns.growth import outermost_loop, unseen
from hasten.passes.source.columns.plan import Plan, edits_of
from hasten.passes.source.columns.syntax import (
    Fresh,
    bindings,
    finding_at,
    helper_edits,
    helper_name,
    imported_as,
    margin,
    module_alias,
    nodes_in,
    pandas_major,
    parents,
    peeks,
    place,
    stands_alone,
    text_of,
)


@dataclass(frozen=True)
class Behind:
    """`name.loc[label] = row` in `loop`; `counted` when the label is the frame's own length."""

    stmt: ast.Assign
    loop: ast.For | ast.While
    name: str
    label: ast.expr
    counted: bool


def behind(source: SourceFile, stmt: ast.Assign, region: Region) -> Behind | None:
    match stmt.targets:
        case [ast.Subscript(value=ast.Attribute(value=ast.Name(id=name), attr="loc"), slice=label)]:
            pass
        case _:
            return None
    counted = _length_of(source, label, name)
    if not counted and not isinstance(label, ast.Name):
        return None
    if any(isinstance(n, (ast.NamedExpr, ast.Starred)) for n in ast.walk(stmt.value)):
        return None
    if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(stmt.value)):
        return None
    loop = outermost_loop(source, stmt, name, region)
    if loop is None or not stands_alone(source, loop) or not _made_before(source, loop, name):
        return None
    if not unseen(source, loop, stmt, name, 2 if counted else 1):
        return None
    return Behind(stmt, loop, name, label, counted)


def _length_of(source: SourceFile, label: ast.expr, name: str) -> bool:
    """`len(df)`, `len(df.index)` or `df.shape[0]`."""
    match label:
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=found)], keywords=[]):
            return found == name and not bindings(source.tree, "len")
        case ast.Call(
            func=ast.Name(id="len"), args=[ast.Attribute(value=ast.Name(id=found), attr="index")], keywords=[]
        ):
            return found == name and not bindings(source.tree, "len")
        case ast.Subscript(value=ast.Attribute(value=ast.Name(id=found), attr="shape"), slice=ast.Constant(value=0)):
            return found == name
    return False


def _made_before(source: SourceFile, loop: ast.stmt, name: str) -> bool:
    """True when `name = pd.DataFrame(...)` stands before the loop, and nothing mentions the name in between."""
    holder = parents(source).get(loop)
    pandas = imported_as(source, "pandas")
    for siblings in (getattr(holder, field, None) for field in ("body", "orelse", "finalbody")):
        if not isinstance(siblings, list) or loop not in siblings:
            continue
        for stmt in reversed(siblings[: siblings.index(loop)]):
            match stmt:
                case ast.Assign(
                    targets=[ast.Name(id=found)],
                    value=ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr="DataFrame")),
                ) if found == name and module in pandas:
                    return sum(isinstance(n, ast.Name) and n.id == name for n in ast.walk(stmt)) == 1
            if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(stmt)):
                return False
    return False


@dataclass(frozen=True)
class Enlarged:
    """See the module's docstring."""

    code: ClassVar[str] = "HST213"
    name: ClassVar[str] = "rows put behind a frame"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if ".loc[" not in source.text or pandas_major() < 3 or peeks(source):
            return
        for hit in _hits(source, region):
            reason = f"every row copies all of {hit.name}"
            remedy = "collect the rows in a list and join them once"
            yield from finding_at(self.code, region, facts, hit.stmt, reason, remedy, hit.loop)

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        for hit in _hits(source, finding.region):
            if hit.stmt.lineno == finding.detail["line"]:
                yield Change(
                    self.code,
                    f"rows of {hit.name} joined once after the loop",
                    finding.region,
                    tuple(edits_of(source, [plan(source, hit)])),
                    Risk.EXACT,
                    ("numpy",) if not imported_as(source, "numpy") else (),
                    finding.share,
                )
                return


def _hits(source: SourceFile, region: Region) -> Iterator[Behind]:
    for stmt in nodes_in(source, region, ast.Assign):
        assert isinstance(stmt, ast.Assign)
        hit = behind(source, stmt, region) if stands_alone(source, stmt) else None
        if hit is not None:
            yield hit


def plan(source: SourceFile, hit: Behind) -> Plan:
    """An object that takes the rows before the loop, and gives them to the frame behind it."""
    np, np_edits = module_alias(source, "numpy", "np")
    pd, pd_edits = module_alias(source, "pandas", "pd")
    helper = helper_name(source, "_RowsBehind", emitted.ROWS_BEHIND)
    rows = Fresh(source)(f"{hit.name}_rows")
    lead = margin(source, hit.loop)
    label = f"len({rows})" if hit.counted else text_of(source, hit.label)
    stmt, row = place(hit.stmt)["at"], place(hit.stmt.value)["at"]
    # the row itself stays, so that others may change what is in it
    spans = ((*stmt[:2], *row[:2], f"{rows}.put({label}, "), (*row[2:], *stmt[2:], ")"))
    text = emitted.ROWS_BEHIND.format(name=helper, np=np, pd=pd)
    setup, after = f"{lead}{rows} = {helper}({hit.name})\n", f"{lead}{rows}.flush()\n"
    return Plan(hit.loop, {}, setup, (*np_edits, *pd_edits, *helper_edits(source, [text])), after, spans)
