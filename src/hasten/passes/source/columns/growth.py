"""A frame that grows in a loop.

What it finds    `df = pd.concat([df, pd.DataFrame(...)])` in a loop (arrays: HST501).
Why it is slow   every step copies all that is there already: the loop costs the square of its length.
Example          for x in xs: df = pd.concat([df, row(x)])  ->  parts collected in a list, joined once after the loop
Safe when        the loop does not look at the frame, and nothing else can. Parts of other columns or dtypes are
                 joined one after the other as before, so that dtypes drift in the same way.
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
from hasten.passes.source.columns.lookup import home_of
from hasten.passes.source.columns.parts import bound_anew
from hasten.passes.source.columns.plan import Plan, edits_of
from hasten.passes.source.columns.syntax import (
    Fresh,
    bindings,
    finding_at,
    helper_edits,
    helper_name,
    imported_as,
    inside,
    margin,
    module_alias,
    nodes_in,
    pandas_major,
    parents,
    peeks,
    place,
    quote,
    scope_of,
    stands_alone,
    text_of,
)


@dataclass(frozen=True)
class Growth:
    """`name = pd.concat([name, part], **options)` in `loop`."""

    stmt: ast.Assign
    loop: ast.For | ast.While
    name: str
    part: ast.expr
    options: str


def growth(source: SourceFile, stmt: ast.Assign, region: Region) -> Growth | None:
    call = stmt.value
    if len(stmt.targets) != 1 or not isinstance(stmt.targets[0], ast.Name) or not isinstance(call, ast.Call):
        return None
    name, f = stmt.targets[0].id, call.func
    if not (isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name)):
        return None
    options = ""
    if (
        f.attr == "concat"
        and f.value.id in imported_as(source, "pandas")
        and len(call.args) == 1
        and pandas_major() >= 3
    ):
        pair = call.args[0]
        if not isinstance(pair, (ast.List, ast.Tuple)) or len(pair.elts) != 2:
            return None
        old, part = pair.elts
        for k in call.keywords:
            if k.arg not in ("ignore_index", "sort") or not isinstance(k.value, ast.Constant):
                return None
        options = ", ".join(f"{quote(k.arg or '')}: {text_of(source, k.value)}" for k in call.keywords)
    else:
        return None
    if not (isinstance(old, ast.Name) and old.id == name) or any(isinstance(n, ast.Starred) for n in (old, part)):
        return None
    loop = outermost_loop(source, stmt, name, region)
    if loop is None or not unseen(source, loop, stmt, name) or not stands_alone(source, loop):
        return None
    if not _new_frame(source, part, stmt, loop):
        return None
    return Growth(stmt, loop, name, part, options)


def _new_frame(source: SourceFile, part: ast.expr, stmt: ast.Assign, loop: ast.stmt) -> bool:
    """True for `pd.DataFrame(...)`, or a name that in the loop only ever means such and is not changed."""
    pandas = imported_as(source, "pandas")

    def made(node: ast.AST | None) -> bool:
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "DataFrame"
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in pandas
        )

    if made(part):
        return True
    if not isinstance(part, ast.Name):
        return False
    scope, up = scope_of(source, stmt), parents(source)
    found = bindings(loop, part.id)
    if not found or not all(isinstance(up.get(b), ast.Assign) and made(up[b].value) for b in found):  # type: ignore[attr-defined]
        return False
    whole: ast.AST = source.tree if isinstance(scope, ast.Module) else scope
    in_loop = set(ast.walk(loop))
    reads = 0
    for n in ast.walk(whole):
        if isinstance(n, (ast.Global, ast.Nonlocal)) and part.id in n.names:
            return False
        if isinstance(n, ast.Name) and n.id == part.id:
            if scope_of(source, n) is not scope and home_of(source, n, part.id) is scope:
                return False  # a function could change it, whenever that runs
            reads += n in in_loop and isinstance(n.ctx, ast.Load)
    return reads == 1  # here: nobody can change it before all parts are joined


def outermost_loop(source: SourceFile, stmt: ast.Assign, name: str, region: Region) -> ast.For | ast.While | None:
    """The outermost loop of the region around the statement, unless a `try` could show what it has done so far."""
    up, best = parents(source), None
    at: ast.AST | None = up.get(stmt)
    while at is not None and not isinstance(
        at, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Module)
    ):
        if isinstance(at, (ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.AsyncFor)):
            return None
        if isinstance(at, (ast.For, ast.While)) and inside(region, at) and _bound_before(source, at, name):
            best = at
        at = up.get(at)
    return None if isinstance(at, ast.ClassDef) else best


def _bound_before(source: SourceFile, loop: ast.stmt, name: str) -> bool:
    """True when a statement just before the loop in the same list binds the name, or a parameter does."""
    up = parents(source)
    holder = up.get(loop)
    for field in ("body", "orelse", "finalbody"):
        siblings = getattr(holder, field, None)
        if isinstance(siblings, list) and loop in siblings:
            before = siblings[: siblings.index(loop)]
            if any(
                isinstance(s, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in s.targets)
                for s in before
            ):
                return True
    scope = scope_of(source, loop)
    return (
        isinstance(scope, ast.FunctionDef)
        and holder is scope
        and any(a.arg == name for a in (*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs))
    )


def unseen(source: SourceFile, loop: ast.stmt, stmt: ast.Assign, name: str, times: int = 2) -> bool:
    """True when the statement mentions the name so many times, and nothing else in the loop, nor a nested function."""
    own = set(ast.walk(stmt))
    for n in ast.walk(loop):
        if isinstance(n, ast.Name) and n.id == name and n not in own:
            return False
        if isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await, ast.AsyncFor)):
            return False
    if sum(isinstance(n, ast.Name) and n.id == name for n in own) != times:
        return False
    scope, up = scope_of(source, loop), parents(source)
    whole: ast.AST = source.tree if isinstance(scope, ast.Module) else scope
    for n in ast.walk(whole):
        if isinstance(n, (ast.Global, ast.Nonlocal)) and name in n.names:
            return False
        if isinstance(n, ast.Name) and n.id == name and scope_of(source, n) is not scope:
            at: ast.AST | None = n
            while at is not None and at is not whole:
                if isinstance(at, (ast.FunctionDef, ast.Lambda)) and any(
                    isinstance(b, ast.arg) or (isinstance(b, ast.Name) and isinstance(b.ctx, ast.Store))
                    for b in bindings(at, name)
                ):
                    break  # a name of its own
                at = up.get(at)
            else:
                return False
    return True


def growths_in(source: SourceFile, region: Region) -> dict[ast.stmt, list[Growth]]:
    """Frames of the region that grow, by the loop in which they do."""
    found: dict[ast.stmt, list[Growth]] = {}
    if ".concat(" in source.text:
        for stmt in nodes_in(source, region, ast.Assign):
            assert isinstance(stmt, ast.Assign)
            hit = growth(source, stmt, region)
            if hit is not None and stands_alone(source, stmt):
                found.setdefault(hit.loop, []).append(hit)
    return found


@dataclass(frozen=True)
class GrowingFrames:
    """See the module's docstring."""

    code: ClassVar[str] = "HST205"
    name: ClassVar[str] = "frames that grow"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if peeks(source):
            return
        for hit in (h for hits in growths_in(source, region).values() for h in hits):
            reason = f"every step copies all of {hit.name}"
            remedy = "collect the parts in a list and join them once"
            yield from finding_at(self.code, region, facts, hit.stmt, reason, remedy, hit.loop)

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        for hit in (h for hits in growths_in(source, finding.region).values() for h in hits):
            if hit.stmt.lineno == finding.detail["line"]:
                yield Change(
                    self.code,
                    f"{hit.name} joined once after the loop",
                    finding.region,
                    tuple(edits_of(source, [plan(source, hit, Fresh(source))])),
                    Risk.EXACT,
                    (),
                    finding.share,
                )
                return


def plan(source: SourceFile, hit: Growth, fresh: Fresh) -> Plan:
    """A list of parts before the loop, a step that adds to it, and one join behind it."""
    np, np_edits = module_alias(source, "numpy", "np")
    pd, pd_edits = module_alias(source, "pandas", "pd")
    helper = helper_name(source, "_join_frames", emitted.JOIN_FRAMES)
    parts = fresh(f"{hit.name}_parts")
    lead, loop = margin(source, hit.loop), hit.loop
    before, behind = f"{parts}.append(", ")"
    stmt, part = place(hit.stmt)["at"], place(hit.part)["at"]
    # the part itself stays, so that others may change what is in it
    spans = ((*stmt[:2], *part[:2], before), (*part[2:], *stmt[2:], behind))
    texts: dict[ast.AST, str] = {}
    helper_texts = [emitted.JOIN_FRAMES.format(name=helper, pd=pd)]
    made = _made_of_cells(source, hit)
    if made is not None:
        types = helper_name(source, "_KEY_TYPES", emitted.KEY_TYPES)
        row_part = helper_name(source, "_row_part", emitted.ROW_PART)
        join_rows = helper_name(source, "_join_rows", emitted.JOIN_ROWS)
        helper_texts.insert(0, emitted.KEY_TYPES.format(name=types, np=np))
        helper_texts.append(emitted.ROW_PART.format(name=row_part, pd=pd, types=types))
        helper_texts.append(emitted.JOIN_ROWS.format(name=join_rows, pd=pd, join_frames=helper))
        texts[made.func], helper = row_part, join_rows
    setup, after = f"{lead}{parts} = [{hit.name}]\n", f"{lead}{hit.name} = {helper}({parts}, {{{hit.options}}})\n"
    helpers = (*(() if made is None else np_edits), *pd_edits, *helper_edits(source, helper_texts))
    return Plan(loop, texts, setup, helpers, after, spans)


def _read_behind(source: SourceFile, name: str, loop: ast.stmt) -> bool:
    """True when somebody outside the loop may read what it bound the name to last."""
    scope = scope_of(source, loop)
    whole: ast.AST = source.tree if isinstance(scope, ast.Module) else scope
    in_loop = set(ast.walk(loop))
    for n in ast.walk(whole):
        if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) and n not in in_loop:
            if not bound_anew(source, n, name, loop, scope):
                return True
    return False


def _made_of_cells(source: SourceFile, hit: Growth) -> ast.Call | None:
    """The `pd.DataFrame(...)` in the loop that makes each part of one list or dict, whose index does not matter."""
    if '"ignore_index": True' not in hit.options:
        return None
    made: ast.AST | None = hit.part
    if isinstance(hit.part, ast.Name):
        (stmt, *more) = [parents(source).get(b) for b in bindings(hit.loop, hit.part.id)]
        if more or not isinstance(stmt, ast.Assign) or _read_behind(source, hit.part.id, hit.loop):
            return None
        made = stmt.value
    if not isinstance(made, ast.Call) or len(made.args) != 1 or made.keywords:
        return None
    return made if isinstance(made.args[0], (ast.Dict, ast.List)) else None
