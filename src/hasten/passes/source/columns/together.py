"""All that one loop does with frames, in one change.

What it finds    a loop in which several of these occur: cells read one at a time (HST207), parts that are only reduced
                 (HST209), filters per key (HST206) and frames that grow (HST205).
Why it is slow   every read, filter and copy goes through the machinery of pandas; with one of them mended, the others
                 are left.
Example          for k in ids: part = df[df["k"] == k]; out.append(part["x"].mean() / other.loc[k, "y"])
                 ->  both frames are read from arrays and lists that are made once before the loop
Safe when        each of the changes is: see their own documentation. None of them changes what another one reads.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import SourceFile
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.columns import cells, growth, lookup, parts
from hasten.passes.source.columns.plan import Plan, edits_of
from hasten.passes.source.columns.syntax import Fresh, imported_as, inside, parents, peeks, share

WHAT = {"parts": "parts", "lookup": "filters", "cells": "cells", "growth": "growing frames"}


@dataclass(frozen=True)
class Work:
    """What is to be done to one outermost loop: (pass, statement, its sites there), statements in source order."""

    whole: ast.stmt
    tasks: tuple[tuple[str, ast.stmt, tuple[Any, ...]], ...]

    @property
    def told(self) -> str:
        return ", ".join(WHAT[name] for name in dict.fromkeys(name for name, _, _ in self.tasks))


def work_in(source: SourceFile, region: Region) -> list[Work]:
    """Loops of the region with work for more than one pass."""
    found: list[tuple[str, ast.stmt, tuple[Any, ...]]] = []
    taken: set[ast.AST] = set()
    up = parents(source)
    everything: tuple[tuple[str, Mapping[ast.stmt, Sequence[Any]]], ...] = (
        ("parts", parts.parts_in(source, region)),
        ("lookup", lookup.sites_in(source, region)),
        ("cells", cells.reads_in(source, region)),
        ("growth", growth.growths_in(source, region)),
    )
    for name, places in everything:
        for stmt, sites in places.items():
            free = []
            for site in sites:
                node = site.stmt if name == "growth" else site.node
                mine = {n for n in ast.walk(node) if isinstance(n, ast.expr)}
                # a frame that grows may be made of what other passes read; all others must not lie in each other
                if name != "growth" and mine & taken:
                    continue
                if name != "growth":
                    taken |= mine
                free.append(site)
            if free:
                found.append((name, stmt, tuple(free)))
    whole: dict[ast.stmt, list[tuple[str, ast.stmt, tuple[Any, ...]]]] = {}
    stmts = {stmt for _, stmt, _ in found}
    for task in found:
        at: ast.AST | None = task[1]
        outermost = task[1]
        while at is not None:
            if at in stmts and isinstance(at, ast.stmt):
                outermost = at
            at = up.get(at)
        whole.setdefault(outermost, []).append(task)
    return [
        Work(stmt, tuple(sorted(tasks, key=lambda t: (t[1] is not stmt, t[1].lineno, t[0]))))
        for stmt, tasks in whole.items()
        if len({name for name, _, _ in tasks}) > 1 and inside(region, stmt)
    ]


@dataclass(frozen=True)
class Together:
    """See the module's docstring."""

    code: ClassVar[str] = "HST211"
    name: ClassVar[str] = "frames in a loop"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if "pandas" not in source.text or peeks(source):
            return
        for todo in work_in(source, region):
            last = todo.whole.end_lineno or todo.whole.lineno
            part = share(facts, region.path, todo.whole.lineno, last)
            if part is None:
                continue
            yield Finding(
                self.code,
                region,
                todo.whole.lineno,
                last,
                f"the loop goes through pandas for {todo.told}",
                "read from lists and arrays of the columns, made once before the loop",
                part,
                {"line": todo.whole.lineno},
            )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        for todo in work_in(source, finding.region):
            if todo.whole.lineno == finding.detail["line"]:
                plans = _plans(source, todo)
                yield Change(
                    self.code,
                    f"frames in a loop: {todo.told} at once",
                    finding.region,
                    tuple(edits_of(source, plans)),
                    Risk.EXACT,
                    ("numpy",) if not imported_as(source, "numpy") else (),
                    finding.share,
                )
                return


def _plans(source: SourceFile, todo: Work) -> list[Plan]:
    """One plan a task, the outermost statement's first."""
    fresh = Fresh(source)
    plans: list[Plan] = []
    for name, stmt, sites in todo.tasks:
        if name == "growth":
            plans += [growth.plan(source, hit, fresh) for hit in sites]
        elif name == "parts":
            plans.append(parts.plan(source, stmt, list(sites), fresh))
        elif name == "lookup":
            plans.append(lookup.plan(source, stmt, list(sites), fresh))
        else:
            plans.append(cells.plan(source, stmt, list(sites), fresh))
    return plans
