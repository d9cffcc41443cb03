"""Frames that are only read.

What it finds    a loop in which rows are drawn, filtered, grouped or picked from a frame again and again, and go on
                 through names and functions of the file: `s = df.sample(frac=1, replace=True)`, `means(s)`; also
                 `df.groupby(k).apply(f)`.
Why it is slow   pandas makes a frame of all columns for every part, and a Series for every column, mask and cell.
Example          for _ in range(n): s = df.sample(frac=1, replace=True); out.append(s[s["k"] == "a"]["x"].mean())
                 ->  df_rows = _Rows.of(df)
                     for _ in range(n): s = df_rows.sample(frac=1, replace=True); ...
Safe when        the frame, and all that is made of it, is only read, or written by its own name, in the loop and in the
                 functions that get it. `_Rows` draws from the same random stream and does the arithmetic of pandas, on
                 the same values in the same order; for whatever it does not know, it makes the frame and asks that.
                 Cells may be written (`df.loc[i, "m"] = ...`) in columns that nothing else reads, by the frame's own
                 labels; what is written beside the frames has to be another object, which is looked at before the loop.
                 Series that go on from round to round (`held = held * (1 + moves.loc[day])`) are stood in for as well,
                 where nothing that may run meanwhile writes into one that others could hold.
                 Unusual frames are not stood in for at all. From pandas 3 on: a copy is safe from what others write.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile, indent
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.columns import stand_carried
from hasten.passes.source.columns.emitted_rows import helpers
from hasten.passes.source.columns.kept import goes_behind
from hasten.passes.source.columns.parts import attribute, bound_anew
from hasten.passes.source.columns.stand_apart import Apart, walked_rows
from hasten.passes.source.columns.stand_flow import INDEXERS, Flow, Refused
from hasten.passes.source.columns.stand_rows import reads_from
from hasten.passes.source.columns.stand_writes import may_change
from hasten.passes.source.columns.syntax import (
    Fresh,
    Span,
    bindings,
    dotted,
    facts_about,
    finding_at,
    functions_called,
    imported_as,
    inside,
    literal,
    margin,
    pandas_major,
    parents,
    peeks,
    place,
    scope_of,
    splice,
    stands_alone,
)

LOOPS = (ast.For, ast.While)
REPEATS = (*LOOPS, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)


@dataclass(frozen=True)
class StandIns:
    """See the module's docstring."""

    code: ClassVar[str] = "HST217"
    name: ClassVar[str] = "frames that are only read"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if "pandas" not in source.text or pandas_major() < 3 or peeks(source) or goes_behind(source):
            return
        for loop, flow in flows_in(source, region, facts):
            frames = ", ".join(sorted(flow.roots))
            reason = f"pandas makes frames and Series of {frames} in every round"
            remedy = "rows as places in the columns' arrays"
            spots = [(n.lineno, n.end_lineno or n.lineno) for n in (loop, *flow.functions)]
            yield from finding_at(self.code, region, facts, loop, reason, remedy, spots=(source, spots))

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        for loop, flow in flows_in(source, finding.region, facts):
            if loop.lineno == finding.detail["line"]:
                yield Change(
                    self.code,
                    f"rows of {', '.join(sorted(flow.roots))} as places in arrays",
                    finding.region,
                    tuple(_edits(source, loop, flow)),
                    Risk.EXACT,
                    ("numpy",) if not imported_as(source, "numpy") else (),
                    finding.share,
                )
                return


def flows_in(source: SourceFile, region: Region, facts: Facts) -> Iterator[tuple[ast.stmt, Flow]]:
    """The outermost loops of the region in which frames can be stood in for, and where those go."""
    done: set[ast.AST] = set()
    for n in ast.walk(source.tree):  # outer ones come first
        if not isinstance(n, ast.stmt) or not inside(region, n) or n in done or not _repeats(n):
            continue
        if not stands_alone(source, n) or isinstance(scope_of(source, n), (ast.ClassDef, ast.Lambda)):
            continue
        if source.lines[n.lineno - 1].lstrip().startswith("elif"):
            continue
        flow = _flow(source, region, n, facts)
        if flow is not None:
            done |= set(ast.walk(n))
            yield n, flow


def _repeats(n: ast.stmt) -> bool:
    if isinstance(n, LOOPS):
        return True
    simple = isinstance(n, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return))
    return simple and any(isinstance(x, REPEATS) or _applies(x) for x in ast.walk(n))


def _applies(n: ast.AST) -> bool:
    return isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "apply"


def _flow(source: SourceFile, region: Region, loop: ast.stmt, facts: Facts) -> Flow | None:
    types = {name: _type(source, name, region, loop, facts) for name in _read(source, loop)}
    roots = [name for name, seen in types.items() if seen]
    series = frozenset(name for name, seen in types.items() if seen == "pandas.Series")
    if not roots:
        return None
    # what is written cell by cell is no better off, unless it is written in columns that nothing reads
    written = _written_cells(loop)
    each = [r for r in roots if r not in written]
    roots = [r for r in roots if not _only_walked(source, loop, r)]
    every, roots = roots, [r for r in roots if r not in written]
    tries = [every] if every != roots else []
    tries += [roots] + ([[r] for r in every] if len(every) > 1 else [])
    ways = (True, False) if any(map(_applies, ast.walk(loop))) else (False,)
    carried = stand_carried.candidates(source, region, loop, facts)
    found: list[tuple[list[str], bool, dict[str, bool] | None]]
    found = [(names, applies, None) for names, applies in product(tries, ways)]
    if carried is not None:
        found = [(names, ways[0], carried) for names in ([each, every] if every != each else [each])] + found
    for names, applies, going_on in found:
        if not names or not _attributes_stay(source, loop, names):
            continue
        try:
            flow = Flow(source, loop, names, series, applies, going_on)
        except Refused:
            continue
        if going_on is not None and not stand_carried.fits(flow):
            continue
        for root in written & set(names):
            flow.apart[root] = Apart(source, loop, flow, root)
        if not all(apart.fits for apart in flow.apart.values()):
            continue
        if (
            flow.parts < 2
            or not _again_and_again(loop, flow)
            or _seen_elsewhere(source, region, loop, flow)
            or may_change(source, loop, flow)
            or flow.shadows
            and flow.top.home is not None
            and region.kind != "function"  # the functions that read the variable are made outside a block
        ):
            continue
        return flow
    return None


def _only_walked(source: SourceFile, loop: ast.stmt, root: str) -> bool:
    """True when the loop asks nothing of the frame but its rows, one after the other."""
    scope = scope_of(source, loop)
    for f in functions_called(source, [loop]):
        if isinstance(scope, ast.Module) or scope_of(source, f) is scope:
            if any(isinstance(n, ast.Name) and n.id == root for n in ast.walk(f)):
                return False
    walked, up = walked_rows(source, loop, root), parents(source)
    for n in ast.walk(loop):
        if isinstance(n, ast.Name) and n.id == root and n not in walked:
            p = up.get(n)
            g = up.get(p) if isinstance(p, ast.Attribute) and p.attr in INDEXERS else None
            if isinstance(p, ast.Subscript) and p.value is n and isinstance(p.ctx, ast.Store):
                continue
            if not (isinstance(g, ast.Subscript) and g.value is p and isinstance(g.ctx, ast.Store)):
                return False
    return bool(walked)


def _written_cells(loop: ast.stmt) -> set[str]:
    """Names of frames that `df.loc[i, "a"] = x` in the statement writes into."""
    found: set[str] = set()
    for n in ast.walk(loop):
        if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store) and isinstance(n.value, ast.Attribute):
            if n.value.attr in INDEXERS and isinstance(n.value.value, ast.Name):
                found.add(n.value.value.id)
    return found


def _again_and_again(loop: ast.stmt, flow: Flow) -> bool:
    """True when what is made of the frames is looked at in every round, not only walked over once."""
    if isinstance(loop, LOOPS) or flow.shadows or flow.applied:
        return True
    inner: list[ast.AST] = []
    for n in ast.walk(loop):
        if isinstance(n, ast.Lambda):
            inner.append(n.body)
        elif isinstance(n, ast.DictComp):
            inner += [n.key, n.value, *n.generators[0].ifs, *n.generators[1:]]
        elif isinstance(n, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            inner += [n.elt, *n.generators[0].ifs, *n.generators[1:]]
    names = {n.id for top in inner for n in ast.walk(top) if isinstance(n, ast.Name)}
    return any(flow.top.names.get(name) is not None for name in names)


def _read(source: SourceFile, loop: ast.stmt) -> list[str]:
    """Names that the loop reads (not only to write into what they hold) and does not bind."""
    up = parents(source)
    names: dict[str, None] = {}
    for n in ast.walk(loop):
        if not (isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)):
            continue
        p = up.get(n)
        g = up.get(p) if isinstance(p, ast.Attribute) else p
        into = isinstance(g, (ast.Subscript, ast.Attribute)) and not isinstance(g.ctx, ast.Load)
        if not into:
            names[n.id] = None
    found = [name for name in names if not bindings(loop, name)]
    for n in ast.walk(loop):
        held = attribute(n)  # `self.sales`
        if held is not None and held not in found and not bindings(loop, held.partition(".")[0]):
            found.append(held)
    scope = scope_of(source, loop)
    for f in functions_called(source, [loop]):
        # what functions of the file read under its name in the module, or in the function around the loop
        read = dict.fromkeys(n.id for n in ast.walk(f) if isinstance(n, ast.Name) and not bindings(f, n.id))
        if not isinstance(scope, ast.Module):
            own = f is not scope and scope_of(source, f) is scope
            read = {name: None for name in read if own and reads_from(source, f, name, scope)}
        if read:
            found += [name for name in read if name not in found and name not in names and not bindings(loop, name)]
    return found


def _type(source: SourceFile, name: str, region: Region, loop: ast.stmt, facts: Facts) -> str:
    """What was always seen under the name, where it is a frame or a Series."""
    places = [loop]
    if not any(isinstance(n, ast.Name) and n.id == name.partition(".")[0] for n in ast.walk(loop)):
        places = [f for f in functions_called(source, [loop]) if name in {getattr(n, "id", "") for n in ast.walk(f)}]
    seen = {f.type for p in places for f in facts_about(name, region, facts, p.lineno, p.end_lineno or p.lineno)}
    return seen.pop() if len(seen) == 1 and seen <= {"pandas.DataFrame", "pandas.Series"} else ""


def _attributes_stay(source: SourceFile, loop: ast.stmt, roots: Iterable[str]) -> bool:
    """True when nothing that runs in the loop binds an attribute that a frame is read from."""
    names = {root.partition(".")[2] for root in roots if "." in root}
    if not names:
        return True
    for top in [loop, *functions_called(source, [loop])]:
        for n in ast.walk(top):
            if isinstance(n, ast.Attribute) and n.attr in names and not isinstance(n.ctx, ast.Load):
                return False
            if isinstance(n, ast.Name) and n.id in ("setattr", "delattr") or getattr(n, "attr", "") == "__dict__":
                return False
    return True


def _seen_elsewhere(source: SourceFile, region: Region, loop: ast.stmt, flow: Flow) -> bool:
    """True when somebody behind the loop, or a function that looks at variables of the module, may see a stand-in."""
    scope, up = scope_of(source, loop), parents(source)
    in_loop = set(ast.walk(loop))
    around: ast.AST | None = up.get(loop)
    again = False  # a loop around this one runs what stands before it again
    while around is not None and around is not scope:
        again = again or isinstance(around, LOOPS)
        around = up.get(around)
    for name in flow.names.difference(flow.restored):
        if name in region.live_out:
            return True
        for n in ast.walk(source.tree):
            if isinstance(n, (ast.Global, ast.Nonlocal)) and name in n.names:
                return True
            if not (isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)) or n in in_loop:
                continue
            home = scope_of(source, n)
            if home is not scope:
                # another variable of that name, unless the function sees this one
                inner: ast.AST = home
                own = False
                while not isinstance(inner, ast.Module) and inner is not scope:
                    own = own or bool(bindings(inner, name))
                    inner = scope_of(source, inner)
                if own or inner is not scope:
                    continue
                return True
            if n.lineno < loop.lineno and not again:
                continue
            if not bound_anew(source, n, name, loop, scope):
                return True
    return False


def _edits(source: SourceFile, loop: ast.stmt, flow: Flow) -> list[Edit]:
    lead = margin(source, loop)
    needs = {"_beside": flow.beside, "_valued": flow.valued, "_apart": flow.apart, "_others": flow.beside_it}
    needs["_taken"] = bool(flow.taken or flow.restored)
    edits, names = helpers(source, [name for name, used in needs.items() if used])
    first, last = loop.lineno, loop.end_lineno or loop.lineno
    opened = dict.fromkeys(flow.given, f"{names['_plain']}(")
    opened |= {g: f"{names['_beside']}({column}, " for g, column in flow.beside.items()}
    opened |= {g: f"{names['_valued']}(" for g in flow.valued if g not in opened}
    opened |= {g: f"{names['_taken']}(" for g in flow.taken if g not in opened}
    here = {g: text for g, text in opened.items() if first <= g.lineno <= last}
    wraps = _wraps(here)
    setup, texts = _setup(source, loop, flow, names)
    text = splice(source, first, last, texts, wraps)
    if flow.shadows:
        frames, roots = setup.partition(" = ")[0], ", ".join(sorted(flow.roots))
        text = f"{lead}try:\n{indent(text)}{lead}finally:\n{lead}    {roots} = {frames}\n"
    for name in flow.restored:
        setup += f"{name} = {names['_taken']}({name})\n"
        text += f"{lead}{name} = {names['_plain']}({name})\n"
    edits = [*edits, Edit(source.path, first, last, indent(setup, lead) + text)]
    return [*edits, *_elsewhere(source, {g: text for g, text in opened.items() if g not in here})]


def _setup(source: SourceFile, loop: ast.stmt, flow: Flow, names: Mapping[str, str]) -> tuple[str, dict[ast.AST, str]]:
    """What goes before the loop, and the texts that take the place of the frames' names in it."""
    fresh, roots, kind = Fresh(source), sorted(flow.roots), names["_Rows"]
    made = f"{kind}.of({roots[0]})" if len(roots) == 1 else f"{kind}.of_each({', '.join(roots)})"
    for name, functions in sorted(flow.asked.items()):
        tail = "," if len(functions) == 1 else ""
        made += f" if {name} in ({', '.join(functions)}{tail}) else ({', '.join(roots)})"
    tests = [f"{names['_apart']}({root}, {_apart_from(flow.apart[root])})" for root in sorted(flow.apart)]
    if flow.beside_it:
        tests.append(f"{names['_others']}(({', '.join(flow.beside_it)},), ({', '.join(roots)},))")
    if tests:
        made += f" if {' and '.join(tests)} else ({', '.join(roots)})"
    if flow.shadows:
        # functions read the frames by their names in the module
        frames = fresh(f"{roots[0]}_frame" if len(roots) == 1 else "frames")
        return f"{frames} = {', '.join(roots)}\n{', '.join(roots)} = {made}\n", {}
    rows = {root: fresh(f"{root.rpartition('.')[2]}_rows") for root in roots}
    texts: dict[ast.AST, str] = {}
    left = {n for root in roots for n in walked_rows(source, loop, root, flow.carried is not None)}
    left |= {n for held in flow.apart.values() for n in held.left}
    for n in ast.walk(loop):
        if n in left:
            continue
        read = dotted(n) if isinstance(n, (ast.Name, ast.Attribute)) and isinstance(n.ctx, ast.Load) else None
        if read in rows:
            texts[n] = rows[read]
    return f"{', '.join(rows.values())} = {made}\n", texts


def _apart_from(apart: Apart) -> str:
    """Whether labels are numbers in order; and the columns that are written, where rows are read."""
    return f"{apart.numbered}, {literal(sorted(apart.columns))}" if apart.rows else str(apart.numbered)


def _wraps(given: Mapping[ast.expr, str]) -> list[Span]:
    spans: list[Span] = []
    for g, opened in given.items():
        l0, c0, l1, c1 = place(g)["at"]
        spans += [(l0, c0, l0, c0, opened), (l1, c1, l1, c1, ")")]
    return spans


def _elsewhere(source: SourceFile, given: Mapping[ast.expr, str]) -> list[Edit]:
    """Edits of the lines of functions that are given stand-ins."""
    groups: list[tuple[int, int, list[ast.expr]]] = []
    for g in sorted(given, key=lambda g: g.lineno):
        last = g.end_lineno or g.lineno
        if groups and g.lineno <= groups[-1][1]:
            start, end, held = groups.pop()
            groups.append((start, max(end, last), [*held, g]))
        else:
            groups.append((g.lineno, last, [g]))
    return [
        Edit(source.path, a, b, splice(source, a, b, {}, _wraps({g: given[g] for g in held}))) for a, b, held in groups
    ]
