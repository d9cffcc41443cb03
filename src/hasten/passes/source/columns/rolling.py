"""A Python function of every window.

What it finds    `s.rolling(20).apply(f)`, `s.expanding().apply(f)`, where f only reduces its window: `w.mean()`,
                 `np.max(w)`, `np.nanmean(w)`, `w.iloc[-1]`, `len(w)`, `(w > 0).sum()`, `(1 + w).prod()`,
                 `(w * weights).sum()`.
Why it is slow   pandas makes a Series of every window, and every reduction of it goes through its machinery.
Example          s.rolling(20).apply(lambda w: w.max() - w.min())
                 ->  _apply_to_windows(s.rolling(20), lambda w: w.max() - w.min())
Safe when        the function does nothing with its window that shows its index. The arithmetic is that of pandas, on
                 the same values in the same order; windows with missing or huge values get a Series as before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import SourceFile, replace_nodes
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.columns import emitted_kept
from hasten.passes.source.columns.parts import COMPARES, FAST, WALKS, by_numpy, part_helpers
from hasten.passes.source.columns.syntax import (
    MIN_SHARE,
    bindings,
    def_near,
    helper_edits,
    helper_name,
    imported_as,
    in_fstring,
    nodes_in,
    only_parameter,
    pandas_major,
    parents,
    peeks,
    place,
    scope_of,
    string,
    text_of,
)

# what gives one number, whatever the index is
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
# functions of NumPy that make an array of what they are given, as they do of a Series
OF_ARRAYS = frozenset(
    {"prod", "nanmean", "nansum", "nanmax", "nanmin", "nanstd", "nanvar", "nanmedian", "nanpercentile", "nanquantile"}
)
METHODS = FAST | frozenset({"median", "count", "quantile", "skew", "kurt", "prod", "sem", "nunique", "tolist"})


@dataclass(frozen=True)
class Windows:
    """`windows.apply(function)`."""

    call: ast.Call
    windows: ast.expr
    function: ast.expr


def windows_call(source: SourceFile, call: ast.Call) -> Windows | None:
    f = call.func
    if not (isinstance(f, ast.Attribute) and f.attr == "apply" and len(call.args) == 1):
        return None
    for k in call.keywords:
        if k.arg != "raw" or not isinstance(k.value, ast.Constant) or k.value.value is not False:
            return None
    if not _made_of_windows(source, f.value) or in_fstring(source, call) is not None:
        return None
    given = call.args[0]
    function = def_near(source, given) if isinstance(given, ast.Name) else given
    if not isinstance(function, (ast.Lambda, ast.FunctionDef)):
        return None
    given_part = only_parameter(function)
    if given_part is None:
        return None
    body: list[ast.AST] = [function.body] if isinstance(function, ast.Lambda) else list(function.body)
    if not _only_reduced(source, body, given_part, function):
        return None
    return Windows(call, f.value, given)


def hits_in(source: SourceFile, region: Region) -> list[Windows]:
    """All of a region: they are changed together."""
    calls = [c for c in nodes_in(source, region, ast.Call) if isinstance(c, ast.Call)]
    return [h for c in calls if (h := windows_call(source, c)) is not None]


def _made_of_windows(source: SourceFile, node: ast.expr) -> bool:
    """`x.rolling(...)`, a column of it, or a name that stands for such and nothing else."""
    if isinstance(node, ast.Subscript) and string(node.slice) is not None:
        return _made_of_windows(source, node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ("rolling", "expanding")
    if not isinstance(node, ast.Name):
        return False
    up, found = parents(source), bindings(scope_of(source, node), node.id)
    holders = [up.get(b) for b in found]
    return bool(found) and all(
        isinstance(h, ast.Assign) and h.targets == [b] and not isinstance(h.value, ast.Name)
        and _made_of_windows(source, h.value)
        for h, b in zip(holders, found, strict=True)
    )  # fmt: skip


def _only_reduced(source: SourceFile, body: list[ast.AST], window: str, function: ast.AST) -> bool:
    seen = False
    for top in body:
        if bindings(top, window):
            return False
        for n in ast.walk(top):
            if isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr, ast.Global, ast.Nonlocal)):
                return False
            if isinstance(n, ast.Name) and n.id == window:
                if scope_of(source, n) is not function or not _reduced(source, n):
                    return False
                seen = True
    return seen


def _reduced(source: SourceFile, window: ast.Name) -> bool:
    """True when the window, or what arithmetic makes of it, becomes a number right here."""
    up = parents(source)
    n: ast.expr = window
    p = up.get(n)
    while isinstance(p, ast.BinOp) and isinstance(p.op, OPERATORS) or isinstance(p, ast.UnaryOp):
        if isinstance(p, ast.UnaryOp) and not isinstance(p.op, ast.USub):
            return False
        n, p = p, up.get(p)
    g = up.get(p) if p is not None else None
    if isinstance(p, ast.Call) and p.args[:1] == [n]:
        if isinstance(p.func, ast.Name):
            plain = p.func.id in WALKS | {"len"} and len(p.args) == 1 and not p.keywords
            return plain and not bindings(source.tree, p.func.id)
        one = by_numpy(source, p) or any(_of_numpy(source, p, name) for name in OF_ARRAYS)
        return one or len(p.args) == 2 and _of_numpy(source, p, "dot")
    if isinstance(p, ast.Call) and p.args[1:] == [n]:
        return _of_numpy(source, p, "dot")
    if isinstance(p, ast.Attribute) and p.value is n and isinstance(p.ctx, ast.Load):
        if isinstance(g, ast.Call) and g.func is p:
            return p.attr in METHODS and not any(k.arg in ("out", None) for k in g.keywords)
        if p.attr in ("size", "empty"):
            return True
        if p.attr in ("iloc", "iat", "values") and isinstance(g, ast.Subscript) and g.value is p:
            return isinstance(g.ctx, ast.Load) and _position(g.slice)
        return False
    if isinstance(p, ast.Compare) and p.left is n and len(p.ops) == 1 and type(p.ops[0]) in COMPARES:
        if any(isinstance(x, ast.Name) and x.id == window.id for x in ast.walk(p.comparators[0])):
            return False
        call = up.get(g) if g is not None else None
        counted = isinstance(g, ast.Attribute) and g.attr in ("sum", "mean", "any", "all")
        return counted and isinstance(call, ast.Call) and call.func is g and not call.args and not call.keywords
    return False


def _of_numpy(source: SourceFile, call: ast.Call, name: str) -> bool:
    f = call.func
    named = isinstance(f, ast.Attribute) and f.attr == name and isinstance(f.value, ast.Name) and not call.keywords
    return named and isinstance(f, ast.Attribute) and getattr(f.value, "id", "") in imported_as(source, "numpy")


def _position(key: ast.AST) -> bool:
    if isinstance(key, ast.UnaryOp) and isinstance(key.op, ast.USub):
        key = key.operand
    return isinstance(key, ast.Constant) and type(key.value) is int


@dataclass(frozen=True)
class WindowFunctions:
    """See the module's docstring."""

    code: ClassVar[str] = "HST216"
    name: ClassVar[str] = "functions of windows"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if not (".rolling(" in source.text or ".expanding(" in source.text) or peeks(source) or pandas_major() < 3:
            return
        hits = hits_in(source, region)
        if not hits or isinstance(scope_of(source, hits[0].call), ast.ClassDef):
            return
        lines = {line for h in hits for line in range(h.call.lineno, (h.call.end_lineno or h.call.lineno) + 1)}
        part = sum(facts.profile.share(region.path, line, line) for line in lines)
        if facts.profile.samples and part < MIN_SHARE:
            return
        first = hits[0].call
        yield Finding(
            self.code,
            region,
            first.lineno,
            first.end_lineno or first.lineno,
            "pandas makes a Series of every window, and goes through its machinery for every reduction of it",
            "reduce parts of the column's array",
            min(part, 1.0),
            place(first),
        )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        hits = hits_in(source, finding.region)
        if not hits or place(hits[0].call)["at"] != list(finding.detail["at"]):
            return
        helpers, names = part_helpers(source)
        name = helper_name(source, "_apply_to_windows", emitted_kept.APPLY_TO_WINDOWS)
        text = emitted_kept.APPLY_TO_WINDOWS.format(**{**names, "name": name})
        new = [(h.call, f"{name}({text_of(source, h.windows)}, {text_of(source, h.function)})") for h in hits]
        yield Change(
            self.code,
            "functions of windows on parts of the column's array",
            finding.region,
            (*helpers, *helper_edits(source, [text]), *replace_nodes(source, new)),
            Risk.EXACT,
            ("numpy",) if not imported_as(source, "numpy") else (),
            finding.share,
        )
