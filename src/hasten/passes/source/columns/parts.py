"""Reductions of parts of a frame.

What it finds    `df.iloc[a:b]["x"].mean()`, `df[(df.t >= lo) & (df.t < hi)]["x"].std()` and the like in a loop,
                 also with a name in between (`window = df.iloc[a:b]`), which is only reduced, counted or compared.
Why it is slow   pandas copies all columns of the rows and makes a frame and a Series for every reduction.
Example          for i in range(n): window = df.iloc[i - 5 : i]; out.append(window["x"].mean())
                 ->  df_parts = _FrameParts(df)
                     for i in range(n): window = df_parts.rows(i - 5, i); out.append(window["x"].mean())
Safe when        nothing in the loop changes the frame, and the part goes nowhere else. The arithmetic is that of
                 pandas, on the same arrays in the same order; missing values, infinities, other dtypes and all other
                 methods take the real frame or Series.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile
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
    margin,
    module_alias,
    nodes_in,
    parents,
    peeks,
    quote,
    scope_of,
    string,
    text_of,
)

FAST = frozenset({"mean", "sum", "min", "max", "std", "var"})
# answered by the real Series or frame; none of them changes it
METHODS = FAST | frozenset(
    {"median", "count", "nunique", "any", "all", "quantile", "tolist", "to_list", "unique", "idxmax", "idxmin", "abs"}
    | {"prod", "skew", "sem", "corr", "diff", "cumsum", "isna", "notna", "to_numpy", "mode", "value_counts"}
)
LOOKS = frozenset({"iloc", "iat", "values", "size", "empty", "shape"})
# what reads a column from its first value to its last, and keeps nothing of it but the values
WALKS = frozenset({"list", "tuple", "set", "sorted", "sum", "max", "min", "frozenset", "any", "all"})
OF_NUMPY = frozenset({"mean", "sum", "max", "min", "std", "var", "amax", "amin", "median", "percentile", "quantile"})
COMPARES = {ast.Gt: "gt", ast.GtE: "ge", ast.Lt: "lt", ast.LtE: "le", ast.Eq: "eq", ast.NotEq: "ne"}


@dataclass(frozen=True)
class Part:
    """One expression that takes rows of `frame`: by the bounds of a slice, or by a mask. `column` is taken first."""

    node: ast.Subscript
    frame: str
    column: str | None
    rows: ast.Slice | None
    mask: ast.expr | None


def part_of(source: SourceFile, node: ast.AST) -> Part | None:
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return None
    base, rows = node.value, node.slice
    if isinstance(rows, ast.Slice):
        if rows.step is not None or not (isinstance(base, ast.Attribute) and base.attr == "iloc"):
            return None
        base = base.value
    elif isinstance(base, ast.Attribute) and base.attr == "loc":
        base = base.value
    named = _column(base) if isinstance(base, ast.Subscript) else None
    name = base.id if isinstance(base, ast.Name) else attribute(base)
    frame, column = (name, None) if name is not None else named if named is not None else ("", None)
    if not frame:
        return None
    if isinstance(rows, ast.Slice):
        return Part(node, frame, column, rows, None)
    if not _mask(rows, frame):
        return None
    return Part(node, frame, column, None, rows)


def attribute(node: ast.AST) -> str | None:
    """`self.prices` as text; None for anything else."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load):
        return f"{node.value.id}.{node.attr}"
    return None


def _column(node: ast.AST) -> tuple[str, str] | None:
    if isinstance(node, ast.Subscript) and (c := string(node.slice)) is not None:
        name = node.value.id if isinstance(node.value, ast.Name) else attribute(node.value)
        if name is not None:
            return name, c
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        known = frame_attributes()
        if known is not None and node.attr not in known and not node.attr.startswith("_"):
            return node.value.id, node.attr
    return None


def _mask(node: ast.expr, frame: str) -> bool:
    """Comparisons of the frame's columns with keys, joined by `&` and `|`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitAnd, ast.BitOr)):
        return _mask(node.left, frame) and _mask(node.right, frame)
    return _test(node, frame) is not None


def _test(node: ast.AST, frame: str) -> tuple[str, str, ast.expr, bool] | None:
    """`df["a"] >= key` as (column, operator, key, whether the column has brackets)."""
    if not (isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARES):
        return None
    got = _column(node.left)
    key = node.comparators[0]
    if got is None or got[0] != frame:
        return None
    # keys are computed in their place, so anything goes that leaves the frame alone (which the loop does)
    return got[1], COMPARES[type(node.ops[0])], key, isinstance(node.left, ast.Subscript)


def consumed(source: SourceFile, node: ast.AST, depth: int = 0) -> bool:
    """True when a part (or a column of it) is only reduced, counted, looked into or compared where it stands."""
    up = parents(source)
    p = up.get(node)
    g = up.get(p) if p is not None else None
    if isinstance(p, ast.Call) and isinstance(p.func, ast.Name) and p.func.id == "len" and p.args == [node]:
        return not p.keywords and not bindings(source.tree, "len")
    if depth == 1 and isinstance(p, ast.Call) and isinstance(p.func, ast.Name) and p.args[:1] == [node]:
        return p.func.id in WALKS and not bindings(source.tree, p.func.id)
    if depth == 1 and isinstance(p, ast.Call) and p.args[:1] == [node]:
        return by_numpy(source, p)
    if depth == 1 and isinstance(p, ast.comprehension) and p.iter is node:
        return not isinstance(g, ast.GeneratorExp)  # runs later
    if depth == 1 and isinstance(p, ast.For) and p.iter is node:
        return True
    if isinstance(p, ast.Attribute) and p.value is node and isinstance(p.ctx, ast.Load):
        if isinstance(g, ast.Call) and g.func is p:
            return p.attr in METHODS and not any(k.arg in ("inplace", "out", None) for k in g.keywords)
        if p.attr in LOOKS:
            # a cell or a length of it, which is no view of the part
            if p.attr in ("size", "empty"):
                return True
            return isinstance(g, ast.Subscript) and g.value is p and isinstance(g.ctx, ast.Load) and _one(g.slice)
        known = frame_attributes()
        if depth == 0 and known is not None and p.attr not in known and not p.attr.startswith("_"):
            return consumed(source, p, 1)
        return False
    if isinstance(p, ast.Subscript) and p.value is node and isinstance(p.ctx, ast.Load) and depth == 0:
        if isinstance(p.slice, (ast.Slice, ast.Tuple)):
            return False
        if any(isinstance(n, ast.Name) and n.id == getattr(node, "id", None) for n in ast.walk(p.slice)):
            return False
        return consumed(source, p, 1)
    if isinstance(p, ast.Compare) and p.left is node and len(p.ops) == 1 and type(p.ops[0]) in COMPARES and depth == 1:
        if any(isinstance(n, ast.Name) and n.id == getattr(node, "id", None) for n in ast.walk(p.comparators[0])):
            return False
        q = up.get(p)
        call = up.get(q) if q is not None else None
        return (
            isinstance(q, ast.Attribute)
            and q.attr in ("sum", "mean", "any", "all")
            and isinstance(call, ast.Call)
            and call.func is q
        )
    return False


def by_numpy(source: SourceFile, call: ast.Call) -> bool:
    """`np.mean(x)`: what NumPy asks of a column by the method of that name, or works out of its values."""
    f = call.func
    if not (isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) and f.attr in OF_NUMPY):
        return False
    plain = all(k.arg in ("ddof", "q") for k in call.keywords)
    return plain and f.value.id in imported_as(source, "numpy")


def _one(key: ast.AST) -> bool:
    """A single position."""
    if isinstance(key, ast.UnaryOp) and isinstance(key.op, ast.USub):
        key = key.operand
    return isinstance(key, ast.Constant) and type(key.value) is int


def reduces(source: SourceFile, node: ast.AST) -> bool:
    """True when some reduction that has a fast form is taken of the part right here (or of a name for it)."""
    up = parents(source)
    at: ast.AST | None = node
    for _ in range(6):
        at = up.get(at) if at is not None else None
        if isinstance(at, ast.Attribute) and (at.attr in FAST or at.attr == "iloc"):
            return True
        if isinstance(at, ast.Call) and isinstance(at.func, ast.Name) and at.func.id == "len":
            return True
        if isinstance(at, ast.Call) and by_numpy(source, at):
            return True
        if not isinstance(at, (ast.Attribute, ast.Subscript, ast.Compare)):
            return False
    return False


def _chosen(source: SourceFile, node: ast.AST) -> ast.AST | None:
    """What is around a part, or around the column that is picked from it at once."""
    up = parents(source)
    p = up.get(node)
    if isinstance(p, ast.Subscript) and p.value is node and isinstance(p.ctx, ast.Load) and string(p.slice) is not None:
        return up.get(p)
    return p


def _is_part(source: SourceFile, node: ast.expr) -> bool:
    if part_of(source, node) is not None:
        return True
    picked = isinstance(node, ast.Subscript) and string(node.slice) is not None
    return picked and part_of(source, node.value) is not None  # type: ignore[attr-defined]


def accepted(source: SourceFile, region: Region, part: Part, loop: ast.stmt) -> bool:
    """True when the part goes nowhere but into reductions, at once or under a name of its own in the loop."""
    if in_fstring(source, part.node) is not None:
        return False
    if consumed(source, part.node, int(part.column is not None)):
        return reduces(source, part.node)
    stmt = _chosen(source, part.node)
    if not (isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 and isinstance(stmt.targets[0], ast.Name)):
        return False
    name = stmt.targets[0].id
    if name in region.live_out or name == part.frame:
        return False
    up, scope = parents(source), scope_of(source, stmt)
    for n in bindings(source.tree, name):
        if isinstance(n, (ast.Global, ast.Nonlocal)):
            return False
    in_loop = set(ast.walk(loop))
    depth = 1  # unless it stands for a frame somewhere
    for b in bindings(loop, name):
        p = up.get(b)
        if not (isinstance(p, ast.Assign) and p.targets == [b] and _is_part(source, p.value)):
            return False
        given = part_of(source, p.value)
        depth = min(depth, int(given is None or given.column is not None))
    useful = False
    whole: ast.AST = source.tree if isinstance(scope, ast.Module) else scope
    for n in ast.walk(whole):
        if not (isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)):
            continue
        if n not in in_loop:
            if not bound_anew(source, n, name, loop, scope):
                return False
            continue
        if scope_of(source, n) is not scope or not consumed(source, n, depth):
            return False
        useful = useful or reduces(source, n)
    return useful


def bound_anew(source: SourceFile, load: ast.Name, name: str, loop: ast.stmt, scope: ast.AST) -> bool:
    """True when a statement list around the load binds the name itself, after the loop or away from it."""
    up = parents(source)
    below: ast.AST = load
    at = up.get(load)
    while at is not None:
        near = loop in set(ast.walk(at))
        if isinstance(at, ast.For) and below in at.body and not near and _binds(at.target, name):
            return True
        if isinstance(at, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) and at is not scope:
            return not near and any(isinstance(x, ast.arg) and x.arg == name for x in ast.walk(at.args))
        for body in (getattr(at, "body", None), getattr(at, "orelse", None)):
            if not isinstance(body, list) or below not in body:
                continue
            for s in body[: body.index(below)]:
                binds = isinstance(s, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in s.targets)
                if binds and (not near or s.lineno > (loop.end_lineno or loop.lineno)):
                    return True
        if at is scope:
            return False
        below, at = at, up.get(at)
    return False


def _binds(target: ast.AST, name: str) -> bool:
    return any(isinstance(x, ast.Name) and x.id == name for x in ast.walk(target))


@dataclass(frozen=True)
class Parts:
    """See the module's docstring."""

    code: ClassVar[str] = "HST209"
    name: ClassVar[str] = "parts of frames"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if "pandas" not in source.text or peeks(source):
            return
        for stmt, parts in parts_in(source, region).items():
            frames = ", ".join(dict.fromkeys(p.frame for p in parts))
            reason = f"pandas makes a frame of some rows of {frames}, and a Series for every reduction of it"
            remedy = "reduce parts of the columns' arrays"
            yield from finding_at(self.code, region, facts, stmt, reason, remedy)

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        for stmt, parts in parts_in(source, finding.region).items():
            if stmt.lineno == finding.detail["line"]:
                yield Change(
                    self.code,
                    f"reductions of parts of {', '.join(dict.fromkeys(p.frame for p in parts))} straight from arrays",
                    finding.region,
                    tuple(edits_of(source, [plan(source, stmt, parts, Fresh(source))])),
                    Risk.EXACT,
                    ("numpy",) if not imported_as(source, "numpy") else (),
                    finding.share,
                )
                return


def parts_in(source: SourceFile, region: Region) -> dict[ast.stmt, list[Part]]:
    """Parts that are only reduced, by the statement in which their frame does not change."""
    groups: dict[ast.stmt, list[Part]] = {}
    taken: set[ast.AST] = set()
    for node in nodes_in(source, region, ast.Subscript):
        part = part_of(source, node)
        if part is None or "." in part.frame or node in taken:
            continue  # attributes are looked at where a function asks for them (HST215)
        site = Site(part.node, part.frame, "", part.node, None, "rows")
        stmt = loop_statement(source, region, site)
        if stmt is not None and accepted(source, region, part, stmt):
            groups.setdefault(stmt, []).append(part)
            taken |= set(ast.walk(node))
    return groups


def part_helpers(source: SourceFile) -> tuple[list[Edit], dict[str, str]]:
    """Insertions of the helper classes (and their imports), and the names that helpers and modules have."""
    edits: list[Edit] = []
    names: dict[str, str] = {}
    for module, usual in (
        ("numpy", "np"),
        ("pandas", "pd"),
        ("sys", "sys"),
        ("operator", "operator"),
        ("datetime", "datetime"),
    ):
        names[usual], found = module_alias(source, module, usual)
        edits += found
    wanted = {
        "types": ("_KEY_TYPES", emitted.KEY_TYPES),
        "positions": ("_Positions", emitted.POSITIONS),
        "column_part": ("_ColumnPart", emitted.COLUMN_PART),
        "frame_part": ("_FramePart", emitted.FRAME_PART),
        "frame_parts": ("_FrameParts", emitted.FRAME_PARTS),
    }
    texts: list[str] = []
    for key, (name, text) in wanted.items():
        names[key] = helper_name(source, name, text)
        texts.append(text.format(**{**names, "name": names[key]}))
    return [*edits, *helper_edits(source, texts)], names


def plan(source: SourceFile, stmt: ast.stmt, parts: list[Part], fresh: Fresh) -> Plan:
    """The frames' parts made ready before the statement, and reduced in it."""
    helpers, helper = part_helpers(source)
    operator = helper["operator"]
    lead = margin(source, stmt)
    holders = {p.frame: "" for p in parts}
    holders = {frame: fresh(f"{frame}_parts") for frame in holders}
    texts: dict[ast.AST, str] = {}

    for p in parts:
        texts[p.node] = part_text(source, p, holders[p.frame], operator, "where")
    text = "".join(f"{lead}{name} = {helper['frame_parts']}({frame})\n" for frame, name in holders.items())
    return Plan(stmt, texts, text, tuple(helpers))


def part_text(source: SourceFile, part: Part, holder: str, operator: str, method: str) -> str:
    """A part by its holder: `df_parts["x"].rows(a, b)`, or of a mask `df_parts.where(...)` (or another method)."""

    def mask(node: ast.expr) -> str:
        test = _test(node, part.frame)
        if test is not None:
            column, how, key, brackets = test
            dotted = "" if brackets else ", dotted=True"
            return f"{holder}.test({quote(column)}, {operator}.{how}, {text_of(source, key)}{dotted})"
        assert isinstance(node, ast.BinOp)
        how = "both" if isinstance(node.op, ast.BitAnd) else "either"
        return f"{holder}.{how}({mask(node.left)}, {mask(node.right)})"

    whole = holder + (f"[{quote(part.column)}]" if part.column is not None else "")
    if part.rows is not None:
        bounds = [text_of(source, b) if b is not None else "None" for b in (part.rows.lower, part.rows.upper)]
        return f"{whole}.rows({', '.join(bounds)})"
    assert part.mask is not None
    return f"{whole}.{method}({mask(part.mask)})"
