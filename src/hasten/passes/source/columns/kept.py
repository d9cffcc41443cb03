"""Filters in a function that is called again and again.

What it finds    `rates[(rates["currency"] == c) & (rates["date"] == d)]` and the like in a function whose frame is a
                 parameter, a variable of the file, or an attribute of an object (`self.rates`).
Why it is slow   every call compares whole columns, and pandas copies all columns of the rows.
Example          def rate_of(c, d): return rates[(rates["currency"] == c) & (rates["date"] == d)]["rate"].iloc[0]
                 ->  rates_parts = _KeptParts.of(rates): its rows by currency and by date are found once, for all calls
Safe when        the function leaves the frame alone. What was found is used again only where the frame still holds
                 the very arrays that were looked at: from pandas 3 on, what writes into a frame copies those that
                 others hold. Nothing is offered before pandas 3, nor where a file writes into arrays itself.
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
from hasten.kernel.regions import put_there
from hasten.passes.source.columns import emitted_kept
from hasten.passes.source.columns.lookup import steady
from hasten.passes.source.columns.parts import Part, accepted, attribute, part_helpers, part_of, part_text
from hasten.passes.source.columns.plan import Plan, edits_of
from hasten.passes.source.columns.syntax import (
    Fresh,
    FunctionNode,
    bindings,
    facts_about,
    functions_called,
    helper_edits,
    helper_name,
    imported_as,
    in_fstring,
    margin,
    module_alias,
    nodes_in,
    pandas_major,
    parents,
    peeks,
    place,
    scope_of,
    share,
    stands_alone,
    string,
    writes_frames,
)

LEAST_CALLS = 10
CHANGES = frozenset({"update", "insert", "pop", "set_flags", "isetitem", "__setitem__"})
# through these a file can write into the arrays of a frame without pandas knowing
BEHIND = frozenset({"array", "setflags", "writeable", "_values", "_mgr", "ctypes"})


def goes_behind(source: SourceFile) -> bool:
    """True when the file may write into arrays of frames in a way that pandas does not see."""
    modules = imported_as(source, "numpy") | imported_as(source, "array")
    for n in (n for top in source.tree.body if not put_there(source, top) for n in ast.walk(top)):
        if isinstance(n, ast.Attribute) and n.attr in BEHIND:
            if not (isinstance(n.value, ast.Name) and n.value.id in modules):
                return True
        if isinstance(n, ast.keyword) and n.arg == "copy":
            if not (isinstance(n.value, ast.Constant) and n.value.value is True):
                return True
    return False


def function_of(source: SourceFile, region: Region) -> FunctionNode | None:
    """The plain function that fills the region."""
    if region.kind != "function":
        return None
    for n in ast.walk(source.tree):
        if isinstance(n, ast.FunctionDef) and n.end_lineno == region.last:
            if min([n.lineno, *(d.lineno for d in n.decorator_list)]) == region.first:
                later = any(isinstance(x, (ast.Yield, ast.YieldFrom, ast.Await)) for x in ast.walk(n))
                return None if later else n
    return None


def parts_in(source: SourceFile, region: Region, function: FunctionNode) -> list[tuple[Part, bool]]:
    """Filters of frames that the function leaves alone, and whether their rows are only reduced."""
    found: list[tuple[Part, bool]] = []
    taken: set[ast.AST] = set()
    still: dict[str, bool] = {}
    for node in nodes_in(source, region, ast.Subscript):
        part = part_of(source, node)
        if part is None or part.mask is None or node in taken or scope_of(source, node) is not function:
            continue
        assert isinstance(node, ast.Subscript)
        if node.lineno < function.body[0].lineno or in_fstring(source, node) is not None:
            continue
        if part.frame not in still:
            still[part.frame] = _left_alone(source, function, part.frame)
        if still[part.frame] and not _kept(source, function, part.frame):
            found.append((part, accepted(source, region, part, function)))
            taken |= set(ast.walk(node))
    return found


def _left_alone(source: SourceFile, function: FunctionNode, frame: str) -> bool:
    """True for a parameter or a name from around the function that nothing in it rebinds, changes or hands on."""
    if "." in frame:
        return _attribute_left_alone(source, function, frame)
    if any(not isinstance(b, ast.arg) for b in bindings(function, frame)):
        return False
    return all(steady(source, s, frame) for s in function.body)


def _attribute_left_alone(source: SourceFile, function: FunctionNode, frame: str) -> bool:
    """True for `self.prices` of a parameter `self` that what runs here does not assign, change or hand on."""
    owner, _, name = frame.partition(".")
    a = function.args
    if owner not in [x.arg for x in (*a.posonlyargs, *a.args)] or len(bindings(function, owner)) != 1:
        return False
    if writes_frames(source, function.body):
        return False
    up = parents(source)
    for f in (function, *functions_called(source, function.body)):
        for n in ast.walk(f):
            if isinstance(n, ast.Attribute) and n.attr == name and not isinstance(n.ctx, ast.Load):
                return False
            if isinstance(n, ast.Subscript) and not isinstance(n.ctx, ast.Load) and string(n.slice) is not None:
                return False
            if isinstance(n, ast.Name) and n.id in ("setattr", "delattr", "vars"):
                return False
            if isinstance(n, ast.Attribute) and n.attr == "__dict__":
                return False
    for n in ast.walk(function):
        if not (isinstance(n, ast.Attribute) and n.attr == name):
            continue
        p = up.get(n)
        if attribute(n) != frame:
            return False
        reads = isinstance(p, (ast.Subscript, ast.Attribute)) and p.value is n and isinstance(p.ctx, ast.Load)
        counted = isinstance(p, ast.Call) and isinstance(p.func, ast.Name) and p.func.id == "len"
        if not reads and not counted or isinstance(p, ast.Attribute) and p.attr in CHANGES:
            return False
    return True


def _kept(source: SourceFile, function: FunctionNode, frame: str) -> bool:
    """True where an earlier change of this kind has been."""
    return any(
        isinstance(n, ast.Attribute) and n.attr == "of" and ast.unparse(n.value).startswith("_KeptParts")
        for n in ast.walk(function)
    )


@dataclass(frozen=True)
class KeptParts:
    """See the module's docstring."""

    code: ClassVar[str] = "HST215"
    name: ClassVar[str] = "filters in a function"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if "pandas" not in source.text or peeks(source) or pandas_major() < 3:
            return
        function = function_of(source, region)
        if function is None or not _asked_often(region, facts) or goes_behind(source):
            return
        parts = [p for p, _ in parts_in(source, region, function) if _is_frame(p, region, facts)]
        part = share(facts, region.path, region.first, region.last)
        if not parts or part is None:
            return
        frames = ", ".join(dict.fromkeys(p.frame for p in parts))
        yield Finding(
            self.code,
            region,
            region.first,
            region.last,
            f"every call compares whole columns of {frames}, and pandas makes a frame of the rows",
            "find the rows of every key once, and keep them from call to call",
            part,
            place(function),
        )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        function = function_of(source, finding.region)
        if function is None:
            return
        found = [(p, r) for p, r in parts_in(source, finding.region, function) if _is_frame(p, finding.region, facts)]
        plans = list(_plans(source, function, found))
        if not plans:
            return
        yield Change(
            self.code,
            f"filters of {', '.join(dict.fromkeys(p.frame for p, _ in found))} kept from call to call",
            finding.region,
            tuple(e for p in plans for e in edits_of(source, [p])),
            Risk.EXACT,
            ("numpy",) if not imported_as(source, "numpy") else (),
            finding.share,
            later=True,
        )


def _asked_often(region: Region, facts: Facts) -> bool:
    calls = facts.of(region.id).calls
    return calls == 0 or calls >= LEAST_CALLS


def _is_frame(part: Part, region: Region, facts: Facts) -> bool:
    seen = facts_about(part.frame, region, facts, part.node.lineno, part.node.end_lineno or part.node.lineno)
    return any(fact.type == "pandas.DataFrame" for fact in seen)


def _plans(source: SourceFile, function: FunctionNode, found: list[tuple[Part, bool]]) -> Iterator[Plan]:
    """One plan for each statement of the function that has filters; frames are looked up before the first of them."""
    fresh = Fresh(source)
    helpers, names = part_helpers(source)
    weakref, more = module_alias(source, "weakref", "weakref")
    keeper = helper_name(source, "_KeptParts", emitted_kept.KEPT_PARTS)
    text = emitted_kept.KEPT_PARTS.format(**{**names, "name": keeper, "weakref": weakref})
    helpers = [*helpers, *more, *helper_edits(source, [text])]
    up = parents(source)
    holders: dict[str, str] = {}
    grouped: dict[ast.stmt, list[tuple[Part, bool]]] = {}
    for part, reduced in found:
        at: ast.AST = part.node
        while up[at] is not function:
            at = up[at]
        assert isinstance(at, ast.stmt)
        grouped.setdefault(at, []).append((part, reduced))
    for stmt in sorted(grouped, key=lambda s: s.lineno):
        if not stands_alone(source, stmt):
            return
        setup = ""
        for part, _ in grouped[stmt]:
            if part.frame not in holders:
                holders[part.frame] = fresh(f"{part.frame.rpartition('.')[2]}_parts")
                setup += f"{margin(source, stmt)}{holders[part.frame]} = {keeper}.of({part.frame})\n"
        texts: dict[ast.AST, str] = {
            part.node: part_text(source, part, holders[part.frame], names["operator"], "where" if reduced else "pick")
            for part, reduced in grouped[stmt]
        }
        yield Plan(stmt, texts, setup, tuple(helpers))
        helpers = []
