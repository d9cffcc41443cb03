"""Arithmetic of one row at a time becomes arithmetic of the whole array.

What it finds    NumPy, `math` and distance expressions about `X[i]`, a row or an element, in a loop or comprehension:
                 `np.linalg.norm(X[i] - q)`, `np.mean(row)`, `np.dot(row, w)`, `math.exp(v[i]) * c`.
Why it is slow   every NumPy call on a few numbers costs about a microsecond of set-up, whatever it computes.
Example          for i in range(len(X)): d = np.linalg.norm(X[i] - q); ...
                 ->  all distances by np.linalg.norm(X - q, axis=1), and the loop takes one for each turn.
Safe when        arrays are float64 of the rank seen, in bounds, and share no memory with what the loop writes (all
                 checked when the program runs). A division by zero, overflow or invalid value sends the program to the
                 original loop, which warns or raises as it did. Sums may be rounded otherwise.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from hasten.core.facts import Facts, ValueFact
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile
from hasten.core.workload import ScriptWorkload
from hasten.kernel import names
from hasten.passes.source.batch import emit, helpers
from hasten.passes.source.batch.lift import Lifted, Lifter, array_rank, float_list
from hasten.passes.source.batch.loops import (
    Module,
    Purity,
    Refused,
    identifiers,
    in_scope,
    overlapping,
    path_of,
    unique,
)

MIN_WEIGHT = 2  # below it the loop's own cost dominates
Types = Mapping[str, tuple[ValueFact, ...]]


@dataclass(frozen=True)
class _Definition:
    """A name of the loop body that has a form for all rows."""

    lines: tuple[str, ...]
    arrays: Mapping[str, tuple[int, int | None, int | None]]
    scalars: Mapping[str, str]


@dataclass(frozen=True)
class _Piece:
    """One expression of the loop that is computed for all rows."""

    node: ast.expr
    value: Lifted
    needs: _Definition
    name: str  # what it is assigned to, if anything


@dataclass(frozen=True)
class _Site:
    stmt: ast.stmt
    func: ast.AST | None
    target: ast.expr
    iter: ast.expr
    body: Sequence[ast.stmt]
    comp: ast.ListComp | ast.GeneratorExp | None = None


@dataclass
class _Loop:
    """Where the rows of a loop come from."""

    index: str | None = None
    elements: dict[str, tuple[str, int, bool]] = field(default_factory=dict)
    rows: str = ""
    reads: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class WholeArrayRows:
    code: ClassVar[str] = "HST402"
    name: ClassVar[str] = "whole-array-rows"
    risk: ClassVar[Risk] = Risk.ROUNDING

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        try:
            source = work.source(region.path)
            tree = source.tree
        except (OSError, SyntaxError, ValueError):
            return
        for site in _sites(tree, region):
            first, last = site.stmt.lineno, site.stmt.end_lineno or site.stmt.lineno
            share = emit.hot(facts, region.path, first, last)
            if share is None:
                continue
            try:
                plan = _Plan(source, site, region, _types(facts, region, site))
            except Refused:
                continue
            texts = [ast.unparse(p.node) for p in plan.pieces]
            yield Finding(
                self.code,
                region,
                first,
                last,
                reason=f"{', '.join(texts)[:120]} is computed for one row at a time",
                remedy="the same expression over the whole array, before the loop",
                share=share,
                detail={"at": [site.iter.lineno, site.iter.col_offset]},
            )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        for site in _sites(source.tree, finding.region):
            if site.stmt.lineno != finding.first or [site.iter.lineno, site.iter.col_offset] != finding.detail["at"]:
                continue
            try:
                plan = _Plan(source, site, finding.region, _types(facts, finding.region, site))
                edits = plan.edits()
            except Refused:
                continue
            title = f"{ast.unparse(plan.pieces[0].node)[:60]} for all rows at once"
            yield Change(self.code, title, finding.region, tuple(edits), self.risk, share=finding.share)


def _types(facts: Facts, region: Region, site: _Site) -> Types:
    """Facts at the loop itself where they were recorded, else at the region's entry."""
    own = facts.of(f"{region.path}:{site.stmt.lineno}-{site.stmt.end_lineno}").types
    return {**facts.of(region.id).types, **own}


def _sites(tree: ast.Module, region: Region) -> Iterator[_Site]:
    for stmt, func in emit.region_statements(tree, region):
        if isinstance(stmt, ast.For) and not stmt.orelse:
            yield _Site(stmt, func, stmt.target, stmt.iter, stmt.body)
        if isinstance(stmt, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr)):
            for comp in ast.walk(stmt):
                listed = isinstance(comp, ast.ListComp)
                drawn = isinstance(comp, ast.GeneratorExp) and _drawn_at_once(stmt, comp)
                if not isinstance(comp, (ast.ListComp, ast.GeneratorExp)) or not (listed or drawn):
                    continue
                gen = comp.generators[0]
                if len(comp.generators) == 1 and not gen.is_async and in_scope(stmt, comp):
                    yield _Site(stmt, func, gen.target, gen.iter, (), comp)


def _drawn_at_once(stmt: ast.stmt, comp: ast.GeneratorExp) -> bool:
    drawers = {"sum", "list", "tuple", "max", "min", "sorted", "set"}
    return any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in drawers and n.args[:1] == [comp]
        for n in ast.walk(stmt)
    )


class _Plan:
    """What can be computed before one loop. Raises `Refused` when there is nothing."""

    def __init__(self, source: SourceFile, site: _Site, region: Region, types: Types) -> None:
        self.source, self.site, self.region, self.types = source, site, region, types
        self.module = Module.of(source.tree)
        self.purity = Purity(self.module)
        if not emit.alone(source, site.stmt):
            raise Refused("the loop shares a line with another statement")
        if self.module.builtin(ast.Name("zip", ast.Load())) is None:
            raise Refused("zip means something else in this file")
        self.taken = identifiers(source.tree)
        self.numpy = next((n for n, m in sorted(self.module.aliases.items()) if m == "numpy"), "numpy")
        whole: list[ast.stmt] = list(site.body) or [site.stmt]
        self.effects = self.purity.effects(whole)
        self.exposed = names.flow(whole).exposed
        self.targets = names.bound([site.target])
        if site.comp is None and self.effects.bound & self.targets:
            raise Refused("the loop variable is bound again in the loop")
        self.loop = self._loop(site.target, site.iter)
        self.lifter = Lifter(
            self.module,
            types,
            self.loop.index,
            self.loop.elements,
            self.effects.bound | self.targets,
            self.numpy,
            sliced=any(isinstance(n, ast.Slice) for s in whole for n in ast.walk(s)),
        )
        self.definitions: dict[str, _Definition] = {}
        self.pieces: list[_Piece] = []
        if site.comp is None:
            self._walk(site.body, {})
        else:
            self._collect(site.comp.elt, "")
        if not self.pieces:
            raise Refused("nothing in the loop has a form for all rows")
        self._check_fixed()

    # where rows come from

    def _loop(self, target: ast.expr, over: ast.expr) -> _Loop:
        out = _Loop()
        builtin = self.module.builtin(over.func) if isinstance(over, ast.Call) else None
        if isinstance(over, ast.Call) and over.keywords:
            raise Refused("unusual arguments of the loop's iterable")
        if (
            isinstance(over, ast.Call)
            and builtin == "range"
            and isinstance(target, ast.Name)
            and 1 <= len(over.args) <= 2
        ):
            out.index, out.rows = target.id, ast.unparse(over)
            out.reads = self.purity.reads(over)
            return out
        names_of = target.elts if isinstance(target, ast.Tuple) else []
        args = over.args if isinstance(over, ast.Call) else []
        if builtin == "enumerate" and len(args) == 1 and len(names_of) == 2:
            number = names_of[0]
            inner = self._loop(names_of[1], args[0])
            if inner.index is None and isinstance(number, ast.Name):
                inner.index = number.id
                return inner
        if builtin == "zip" and len(names_of) == len(args) >= 1:
            for name, part in zip(names_of, args, strict=True):
                inner = self._loop(name, part)
                if inner.index is not None:
                    raise Refused("a range inside zip")
                out.elements |= inner.elements
                out.reads |= inner.reads
                out.rows = out.rows or inner.rows
            return out
        path = path_of(over)
        if path is not None and isinstance(target, ast.Name):
            facts = self.types.get(path, ())
            rank = array_rank(facts)
            if rank in (1, 2) or float_list(facts):
                out.elements[target.id] = (path, rank or 1, rank is None)
                out.rows, out.reads = f"range(len({path}))", {path}
                return out
        raise Refused("rows do not come from a range, an array or a list of floats")

    # what can be lifted

    def _try(self, node: ast.expr) -> tuple[Lifted, _Definition] | None:
        lifter = self.lifter
        lifter.arrays, lifter.scalars, lifter.used = {}, {}, set()
        try:
            value = lifter.lift(node)
        except Refused:
            return None
        lines: dict[str, None] = {}
        arrays, scalars = dict(lifter.arrays), dict(lifter.scalars)
        for name in sorted(lifter.used):
            known = self.definitions[name]
            lines |= dict.fromkeys(known.lines)
            for text, (rank, low, high) in known.arrays.items():
                old = arrays.get(text, (rank, None, None))
                if old[0] != rank:
                    return None
                lows = [x for x in (low, old[1]) if x is not None]
                highs = [x for x in (high, old[2]) if x is not None]
                arrays[text] = (rank, min(lows, default=None), max(highs, default=None))
            scalars |= known.scalars
        return value, _Definition(tuple(lines), arrays, scalars)

    def _walk(self, body: Sequence[ast.stmt], outer: Mapping[str, Lifted]) -> None:
        """Collect pieces of statements that run in this turn of the loop, with the names that are defined so far."""
        lifter = self.lifter
        for stmt in body:
            if isinstance(stmt, ast.If):
                self._collect(stmt.test, "")
                for branch in (stmt.body, stmt.orelse):
                    before, definitions = dict(lifter.defined), dict(self.definitions)
                    self._walk(branch, before)
                    lifter.defined, self.definitions = before, definitions
            elif isinstance(stmt, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return)) and stmt.value:
                target = stmt.targets[0] if isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 else None
                name = target.id if isinstance(target, ast.Name) else ""
                lifted = self._try(stmt.value) if name else None
                self._collect(stmt.value, name)
                self._forget(stmt)
                if lifted is not None and not lifted[0].fixed:
                    value, needs = lifted
                    local = unique(self.taken, f"all_{name}")
                    line = f"{local} = {value.text}"
                    lifter.defined[name] = Lifted(local, value.rank, False, value.py, value.integer, value.weight)
                    self.definitions[name] = _Definition((*needs.lines, line), needs.arrays, needs.scalars)
                continue
            self._forget(stmt)

    def _forget(self, stmt: ast.stmt) -> None:
        changed = names.bound([stmt])
        for node in ast.walk(stmt):
            if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
                changed |= names.reads([node.value])
        for name in changed:
            self.lifter.defined.pop(name, None)
            self.definitions.pop(name, None)

    def _collect(self, node: ast.AST, name: str) -> None:
        """The largest expressions at or below `node` that can be lifted and are worth it."""
        if isinstance(node, (*names.COMPREHENSIONS, ast.Lambda, ast.JoinedStr)):
            return
        if isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            lifted = self._try(node)
            if lifted is not None:
                value, needs = lifted
                if not value.fixed and value.weight >= MIN_WEIGHT and not isinstance(node, ast.Name):
                    self.pieces.append(_Piece(node, value, needs, name))
                return
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Slice) or not isinstance(child, (ast.expr, ast.keyword)):
                continue
            self._collect(child, "")

    def _check_fixed(self) -> None:
        """Nothing that the formulas read may change while the loop runs."""
        paths = set(self.loop.reads)
        for piece in self.pieces:
            paths |= {p.removesuffix(".T") for p in piece.needs.arrays} | set(piece.needs.scalars)
        for path in paths:
            root = path.split(".")[0]
            if self.site.comp is None and root in self.effects.bound:
                raise Refused(f"{path} changes from one turn to the next")
            if any("." in b and overlapping(b, path) for b in self.effects.bound):
                raise Refused(f"{path} changes from one turn to the next")
            if any(overlapping(path, c) for c in self.effects.changed):
                raise Refused(f"{path} is changed in the loop")

    # text

    def edits(self) -> list[Edit]:
        site, source = self.site, self.source
        helper_name, helper = helpers.whole(source, self.taken)
        dropped, pieces = self._dropped()
        if not pieces:
            raise Refused("nobody needs what is computed")
        changed = sorted(
            c
            for c in self.effects.changed
            if c.split(".")[0] not in self.effects.bound or c.split(".")[0] in self.exposed
        )
        if site.comp is not None:
            changed = []
        before: list[str] = []
        results: list[str] = []
        partners: list[str] = []
        for piece in pieces:
            base = piece.name or "value"
            formula, result = unique(self.taken, f"{base}_formula"), unique(self.taken, f"{base}_of_rows")
            partners.append(unique(self.taken, f"{base}_of_row"))
            before += [f"def {formula}(start, stop):", "    # the same arithmetic for all rows at once"]
            if self.numpy == "numpy" and "numpy" not in self.module.aliases:
                before.append("    import numpy")
            before += [*(f"    {line}" for line in piece.needs.lines), f"    return {_bare(piece.value.text)}"]
            arrays = ", ".join(f"({p}, {r}, {lo}, {hi})" for p, (r, lo, hi) in sorted(piece.needs.arrays.items()))
            scalars = ", ".join(f"({p}, {kinds})" for p, kinds in sorted(piece.needs.scalars.items()))
            writes = f"({_tuple(changed)}, {_tuple(sorted(self.effects.updated.intersection(changed)))})"
            call = (
                f"{helper_name}(lambda: ({arrays},), lambda: ({scalars}{',' if scalars else ''}), "
                f"lambda: {writes}, lambda: {self.loop.rows}, {formula}, "
                f"{1 + piece.value.rank})"
            )
            before.append(f"{result} = {call}" + (f" if {results[-1]} is not None else None" if results else ""))
            results.append(result)
        iter_text = source.segment(site.iter) or ast.unparse(site.iter)
        lists = [f"{r}.tolist()" if p.value.py else r for r, p in zip(results, pieces, strict=True)]
        test = f"{results[-1]} is not None"
        whole = self._whole_loop(pieces, lists, dropped)
        if whole is not None:
            extra, fast = whole
            test += extra
        else:
            changes: list[tuple[ast.AST, str]] = [(p.node, n) for p, n in zip(pieces, partners, strict=True)]
            changes.append((site.target, emit.with_partner(site.target, source, ", ".join(partners))))
            changes.append((site.iter, f"zip({iter_text}, {', '.join(lists)})"))
            fast = emit.spliced(source, site.stmt, changes, dropped)
        edit = emit.branched(source, site.stmt, before, test, fast)
        return [*helpers.inserted(source, helper), edit]

    def _dropped(self) -> tuple[list[ast.stmt], list[_Piece]]:
        """Assignments that nobody needs once the pieces are computed before the loop, and the pieces that stay."""
        pieces = list(self.pieces)
        dropped: list[ast.stmt] = []
        scope: ast.AST = self.site.func or self.module.tree
        reflects = any(isinstance(n, ast.Name) and n.id in names.REFLECTION for n in ast.walk(self.module.tree))
        if self.site.comp is not None or reflects:
            return dropped, pieces
        again = True
        while again:
            again = False
            for stmt in reversed(self.site.body):
                target = stmt.targets[0] if isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 else None
                if not isinstance(target, ast.Name) or stmt in dropped or len(self.site.body) - len(dropped) < 2:
                    continue
                name = target.id
                if self.region.kind == "block" and name in self.region.live_out:
                    continue
                gone = {id(n) for p in pieces for n in ast.walk(p.node)} | {id(n) for s in dropped for n in ast.walk(s)}
                gone |= {id(n) for n in ast.walk(stmt)}
                reads = [n for n in _loads(scope, {name}) if id(n) not in gone]
                elsewhere = any(
                    isinstance(n, (ast.Global, ast.Nonlocal)) and name in n.names for n in ast.walk(self.module.tree)
                )
                if not reads and not elsewhere and id(stmt) in self._lifted_statements:
                    dropped.append(stmt)
                    pieces = [p for p in pieces if not any(p.node is n for n in ast.walk(stmt))]
                    again = True
        return dropped, pieces

    @property
    def _lifted_statements(self) -> set[int]:
        """Assignments of the loop whose value is pure arithmetic of the row: leaving them out changes nothing else."""
        out = set()
        for stmt in self.site.body:
            if isinstance(stmt, ast.Assign):
                try:
                    self.purity.reads(stmt.value)
                except Refused:
                    continue
                out.add(id(stmt))
        return out

    def _whole_loop(
        self, pieces: Sequence[_Piece], lists: Sequence[str], dropped: Sequence[ast.stmt]
    ) -> tuple[str, str] | None:
        """A further condition and the text that replaces the whole loop, when only its results are collected."""
        site = self.site
        if len(pieces) != 1:
            return None
        space = emit.margin(self.source, site.stmt)
        if site.comp is not None:
            if site.comp.generators[0].ifs or pieces[0].node is not site.comp.elt:
                return None
            new = f"list({lists[0]})" if isinstance(site.comp, ast.ListComp) else lists[0]
            if isinstance(site.comp, ast.ListComp) and pieces[0].value.py:
                new = lists[0]
            text = self.source.segment(site.comp) or ""
            if isinstance(site.comp, ast.GeneratorExp) and text.startswith("("):
                # the parentheses of a lone generator argument are those of the call
                new = f"({new})"
            return "", emit.spliced(self.source, site.stmt, [(site.comp, new)])
        left = [s for s in site.body if s not in dropped]
        if len(left) != 1 or not isinstance(left[0], ast.Expr) or not isinstance(left[0].value, ast.Call):
            return None
        call = left[0].value
        func = call.func
        if (
            not isinstance(func, ast.Attribute)
            or func.attr != "append"
            or call.args != [pieces[0].node]
            or call.keywords
        ):
            return None
        out = path_of(func.value)
        later = self._read_outside(self.targets | {n for s in dropped for n in names.bound([s])})
        if out is None or later or out.split(".")[0] in self.effects.bound | self.targets:
            return None
        return f" and type({out}) is list", f"{space}{out}.extend({lists[0]})\n"

    def _read_outside(self, wanted: set[str]) -> bool:
        """True when one of these names may be read after the loop."""
        scope: ast.AST = self.site.func or self.module.tree
        inside = {id(n) for n in ast.walk(self.site.stmt)}
        reflects = any(isinstance(n, ast.Name) and n.id in names.REFLECTION for n in ast.walk(self.module.tree))
        return (
            reflects
            or bool(wanted & set(self.region.live_out))
            or any(id(n) not in inside for n in _loads(scope, wanted))
        )


def _tuple(parts: Sequence[str]) -> str:
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _loads(scope: ast.AST, wanted: set[str]) -> list[ast.Name]:
    """Places below `scope` that read one of the names."""
    found = [n for n in ast.walk(scope) if isinstance(n, ast.Name)]
    return [n for n in found if n.id in wanted and not isinstance(n.ctx, ast.Store)]


def _bare(text: str) -> str:
    """Without the outermost parentheses, when they enclose everything."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for at, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth == 0 and at < len(text) - 1:
            return text
    return text[1:-1]
