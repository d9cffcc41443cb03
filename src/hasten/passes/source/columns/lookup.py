"""One filter of a whole frame for every key.

What it finds    `df[df["key"] == x]` or `df.query("key == @x")` inside a loop over many x, alone or with a column
                 and `.iloc[0]` after it.
Why it is slow   every filter compares the whole column: the loop costs rows times keys.
Example          for x in ids: out.append(df[df["id"] == x]["price"].iloc[0])
                 ->  price_by_id = _first_by_key(df, "id", "price")  # once
                     for x in ids: out.append(price_by_id[x] if x in price_by_id else <as before>)
Safe when        the frame does not change in the loop, and keys compare as they hash: numbers up to 2**53 and strings,
                 no NaN. A key that is missing, of another type, or matches all rows is looked up as before.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import SourceFile
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.columns import emitted
from hasten.passes.source.columns.plan import Plan, edits_of
from hasten.passes.source.columns.syntax import (
    Fresh,
    bindings,
    finding_at,
    frame_attributes,
    functions_called,
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
    quote,
    scope_of,
    spot_of,
    stands_alone,
    string,
    text_of,
    writes_frames,
)

# `index` means the frame's index where no column has that name
QUERY = re.compile(r"\s*(?P<column>(?!index\b)[A-Za-z]\w*)\s*==\s*@(?P<key>[A-Za-z_]\w*)\s*", re.ASCII)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Site:
    """One filter: the expression to replace, frame, key column and key; `column` and `how` of what is taken."""

    node: ast.expr
    frame: str
    key_column: str
    key: ast.expr
    column: str | None
    how: str  # "rows" | "column" | "first" | "count"


def filter_of(node: ast.AST) -> tuple[str, str, ast.expr] | None:
    """`df[df["k"] == x]`, `df.loc[df.k == x]` or `df.query("k == @x")` as (frame, key column, key)."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=frame), attr="query"), args=[ast.Constant(value=str(text))]):
            found = QUERY.fullmatch(text)
            if found is None or node.keywords:
                return None
            return frame, found["column"], ast.Name(found["key"], ast.Load())
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return None
    base = node.value
    if isinstance(base, ast.Attribute) and base.attr == "loc":
        base = base.value
    if not isinstance(base, ast.Name):
        return None
    return _equals(node.slice, base.id)


def _equals(test: ast.AST, frame: str) -> tuple[str, str, ast.expr] | None:
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return None
    for column, key in ((test.left, test.comparators[0]), (test.comparators[0], test.left)):
        name = _column_of(column, frame)
        if name is not None and _repeatable(key, frame):
            return frame, name, key
    return None


def _column_of(node: ast.AST, frame: str) -> str | None:
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == frame:
        return string(node.slice)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == frame:
        known = frame_attributes()
        return None if known is None or node.attr in known or node.attr.startswith("_") else node.attr
    return None


def _repeatable(key: ast.expr, frame: str) -> bool:
    """A key that can be read twice: a name, a constant, or an item or attribute of such."""
    for n in ast.walk(key):
        if not isinstance(n, (ast.Name, ast.Constant, ast.Subscript, ast.Attribute, ast.expr_context)):
            return False
        if isinstance(n, ast.Name) and n.id == frame:
            return False
    return not isinstance(key, ast.Constant)


def site_of(source: SourceFile, node: ast.AST) -> Site | None:
    """The largest expression around a filter that has a short form."""
    up = parents(source)
    whole = filter_of(node)
    column: str | None = None
    top: ast.AST = node
    if whole is None:
        # df.loc[df["k"] == x, "v"]
        if not (
            isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and isinstance(node.slice, ast.Tuple)
        ):
            return None
        base = node.value
        if not (isinstance(base, ast.Attribute) and base.attr == "loc" and isinstance(base.value, ast.Name)):
            return None
        if len(node.slice.elts) != 2 or (column := string(node.slice.elts[1])) is None:
            return None
        whole = _equals(node.slice.elts[0], base.value.id)
        if whole is None:
            return None
    else:
        p = up.get(node)
        if (
            isinstance(p, ast.Subscript)
            and p.value is node
            and isinstance(p.ctx, ast.Load)
            and string(p.slice) is not None
        ):
            column, top = string(p.slice), p
        elif isinstance(p, ast.Attribute) and p.value is node and isinstance(p.ctx, ast.Load):
            known = frame_attributes()
            if known is not None and p.attr not in known and not p.attr.startswith("_"):
                column, top = p.attr, p
    frame, key_column, key = whole
    p, g = up.get(top), None
    if p is not None:
        g = up.get(p)
    if (
        isinstance(p, ast.Call)
        and isinstance(p.func, ast.Name)
        and p.func.id == "len"
        and p.args == [top]
        and not p.keywords
    ):
        if not bindings(source.tree, "len") and not isinstance(top, ast.Attribute):
            return Site(p, frame, key_column, key, column, "count")
    if (
        column is not None
        and isinstance(p, ast.Attribute)
        and p.attr in ("iloc", "values", "iat")
        and isinstance(g, ast.Subscript)
        and g.value is p
        and isinstance(g.ctx, ast.Load)
        and isinstance(g.slice, ast.Constant)
        and g.slice.value == 0
        and type(g.slice.value) is int
    ):
        return Site(g, frame, key_column, key, column, "first")
    if isinstance(top, ast.Attribute):
        top, column = top.value, None  # a missing column is another error when asked for with brackets
    assert isinstance(top, ast.expr)
    return Site(top, frame, key_column, key, column, "column" if column is not None else "rows")


def loop_statement(source: SourceFile, region: Region, site: Site) -> ast.stmt | None:
    """The outermost statement in the region that repeats the filter while its frame stays the same."""
    up = parents(source)
    best: ast.stmt | None = None
    repeated = False
    at: ast.AST | None = site.node
    while at is not None and not isinstance(at, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)):
        below, at = at, up.get(at)
        if isinstance(at, COMPREHENSIONS):
            repeated = repeated or below is not at.generators[0]
            if isinstance(at, ast.GeneratorExp) and not isinstance(up.get(at), ast.Call):
                return None  # runs later, when the frame may have changed
        elif isinstance(at, ast.Lambda):
            call = up.get(at)
            if not (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr in ("apply", "map")
            ):
                return None
            repeated = True
        elif isinstance(at, (ast.For, ast.While)):
            in_body = below in at.body or (isinstance(at, ast.While) and below is at.test)
            repeated = repeated or in_body
        if isinstance(at, ast.stmt) and not isinstance(at, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if (
                not inside(region, at)
                or isinstance(at, (ast.If, ast.With, ast.Try))
                and best is not None
                and not repeated
            ):
                break
            if not steady(source, at, site.frame):
                break
            if repeated and isinstance(at, (ast.For, ast.While)) or repeated and best is None:
                best = at
    if best is None or not stands_alone(source, best) or isinstance(scope_of(source, best), ast.ClassDef):
        return None
    if up.get(best) is not None and isinstance(up[best], ast.If) and best in up[best].orelse:  # type: ignore[attr-defined]
        lead = source.lines[best.lineno - 1].lstrip()
        if lead.startswith("elif"):
            return None
    return best


def steady(source: SourceFile, stmt: ast.stmt, frame: str) -> bool:
    """True when nothing in `stmt` can change, rebind or pass on the frame."""
    if bindings(stmt, frame) or writes_frames(source, [stmt]):
        return False
    up = parents(source)
    for n in ast.walk(stmt):
        if isinstance(n, ast.Name) and n.id == frame:
            p = up.get(n)
            reads = isinstance(p, (ast.Subscript, ast.Attribute)) and p.value is n and isinstance(p.ctx, ast.Load)
            counted = isinstance(p, ast.Call) and isinstance(p.func, ast.Name) and p.func.id == "len"
            if not reads and not counted:
                return False
            if isinstance(p, ast.Attribute) and p.attr in (
                "update",
                "insert",
                "pop",
                "set_flags",
                "isetitem",
                "__setitem__",
            ):
                return False
        if isinstance(n, ast.Subscript) and not isinstance(n.ctx, ast.Load) and pandas_major() < 3:
            return False  # before copy-on-write an array could be a view of the frame
        if isinstance(n, (ast.Delete, ast.Yield, ast.YieldFrom, ast.Await)):
            return False  # others run in between
    # functions of the file that set columns could be given the same frame under another name
    for f in functions_called(source, [stmt]):
        for n in ast.walk(f):
            if isinstance(n, ast.Subscript) and not isinstance(n.ctx, ast.Load) and string(n.slice) is not None:
                return False
            if isinstance(n, (ast.Global, ast.Nonlocal)) and frame in n.names:
                return False
    # another name for the frame, through which the statement could set a column
    for n in ast.walk(source.tree):
        if isinstance(n, ast.Assign) and isinstance(n.value, ast.Name) and n.value.id == frame:
            if home_of(source, n.value, frame) is home_of(source, stmt, frame):
                return False
    return True


def home_of(source: SourceFile, node: ast.AST, name: str) -> ast.AST:
    """The function (or module) whose variable `name` means where `node` stands."""
    scope = scope_of(source, node)
    while not isinstance(scope, ast.Module):
        if any(isinstance(n, (ast.Global, ast.Nonlocal)) and name in n.names for n in ast.walk(scope)):
            return source.tree
        own = any(scope_of(source, b) is scope for b in bindings(scope, name))
        if own and not isinstance(scope, ast.ClassDef):
            return scope
        scope = scope_of(source, scope)
    return scope


def _nodes(top: ast.AST) -> set[ast.AST]:
    """All expressions in `top` (contexts and operators are shared by the whole tree, and say nothing)."""
    return {n for n in ast.walk(top) if isinstance(n, ast.expr)}


def _kept(source: SourceFile, site: Site) -> bool:
    """True for the filter that an earlier change of this kind keeps for the other keys."""
    p = parents(source).get(site.node)
    if not (isinstance(p, ast.IfExp) and p.orelse is site.node):
        return False
    test = ast.unparse(p.test)
    return test.startswith(f"type({ast.unparse(site.key)}) in ") and f" and {ast.unparse(site.key)} in " in test


def sites_in(source: SourceFile, region: Region) -> dict[ast.stmt, list[Site]]:
    """Filters that are repeated, by the statement before which their rows can be found."""
    groups: dict[ast.stmt, list[Site]] = {}
    taken: set[ast.AST] = set()
    for node in nodes_in(source, region, (ast.Subscript, ast.Call)):
        site = site_of(source, node)
        if isinstance(node, ast.Call) and (site is None or not _walked(source, node, site)):
            continue
        if site is None or taken & _nodes(site.node) or _kept(source, site):
            continue
        stmt = loop_statement(source, region, site)
        if stmt is not None:
            groups.setdefault(stmt, []).append(site)
            taken |= _nodes(site.node)
    return groups


def _walked(source: SourceFile, node: ast.Call, site: Site) -> bool:
    """True when a loop around the query binds its key: an unknown name is another error in a query."""
    up = parents(source)
    at: ast.AST | None = node
    while at is not None and not isinstance(at, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
        targets = [at.target] if isinstance(at, ast.For) else [g.target for g in getattr(at, "generators", ())]
        if any(isinstance(n, ast.Name) and n.id == ast.unparse(site.key) for t in targets for n in ast.walk(t)):
            return True
        at = up.get(at)
    return False


@dataclass(frozen=True)
class FilterPerKey:
    """See the module's docstring."""

    code: ClassVar[str] = "HST206"
    name: ClassVar[str] = "filter per key"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if "==" not in source.text or "pandas" not in source.text or peeks(source):
            return
        for stmt, sites in sites_in(source, region).items():
            keys = ", ".join(dict.fromkeys(f"{s.frame}.{s.key_column}" for s in sites))
            reason = f"compares all of {keys} again for every key"
            remedy = "find the rows of every key once, before the loop"
            spots = [spot_of(source, s.node) for s in sites]
            yield from finding_at(self.code, region, facts, stmt, reason, remedy, spots=(source, spots))

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        for stmt, sites in sites_in(source, finding.region).items():
            if stmt.lineno == finding.detail["line"]:
                yield Change(
                    self.code,
                    f"rows of each {', '.join(dict.fromkeys(s.key_column for s in sites))} found once",
                    finding.region,
                    tuple(edits_of(source, [plan(source, stmt, sites, Fresh(source))])),
                    Risk.EXACT,
                    ("numpy",) if not imported_as(source, "numpy") else (),
                    finding.share,
                )
                return


def plan(source: SourceFile, stmt: ast.stmt, sites: list[Site], fresh: Fresh) -> Plan:
    """The rows of every key found before the statement, and read in it."""
    np, np_edits = module_alias(source, "numpy", "np")
    pd, pd_edits = module_alias(source, "pandas", "pd")
    types = helper_name(source, "_KEY_TYPES", emitted.KEY_TYPES)
    by_key = helper_name(source, "_rows_by_key", emitted.ROWS_BY_KEY)
    first = helper_name(source, "_first_by_key", emitted.FIRST_BY_KEY)
    helpers = [emitted.KEY_TYPES.format(name=types, np=np), emitted.ROWS_BY_KEY.format(name=by_key, np=np, pd=pd)]
    lead = margin(source, stmt)
    setup: dict[tuple[str, str, str | None], tuple[str, str]] = {}
    texts: dict[ast.AST, str] = {}
    for s in sites:
        wanted = s.column if s.how == "first" else None
        at = (s.frame, s.key_column, wanted)
        if at not in setup:
            name = fresh(f"{s.frame}_{wanted or 'rows'}_by_{s.key_column}")
            call = (
                f"{first}({s.frame}, {quote(s.key_column)}, {quote(wanted)})"
                if wanted is not None
                else f"{by_key}({s.frame}, {quote(s.key_column)})"
            )
            setup[at] = name, call
        name, key, old = setup[at][0], text_of(source, s.key), text_of(source, s.node)
        fast = {
            "first": f"{name}[{key}]",
            "count": f"len({name}[{key}])",
            "rows": f"{s.frame}.take({name}[{key}])",
            "column": f"{s.frame}[{quote(s.column or '')}].take({name}[{key}])",
        }[s.how]
        texts[s.node] = f"({fast} if type({key}) in {types} and {key} in {name} else {old})"
    if any(s.how == "first" for s in sites):
        helpers.append(emitted.FIRST_BY_KEY.format(name=first, np=np, pd=pd, rows_by_key=by_key))
    text = "".join(f"{lead}{name} = {call}\n" for name, call in setup.values())
    return Plan(stmt, texts, text, (*np_edits, *pd_edits, *helper_edits(source, helpers)))
