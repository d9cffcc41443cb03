"""Rounds of a loop that do not depend on each other.

What it finds    a `for` loop (or a comprehension) whose rounds only compute: models that are fitted and scored, files
                 or groups that are worked through, scenarios that are simulated. What collects, prints and compares
                 their results may follow.
Why it is slow   one core does all of it, one round after the other.
Example          for depth in depths:                  done = _side_by_side(_score_for_depth, [(depth, X, y) ...])
                     m = Forest(max_depth=depth)   ->  for depth in depths:
                     score = evaluate(m, X, y)             score = next(done)
                     scores[depth] = score                 scores[depth] = score
Safe when        nothing that a round does can be seen but its results (proved from the syntax of the project: what it
                 changes it has made, it writes and prints nothing, it draws from no shared random stream); what follows
                 in the loop changes nothing that a round reads; results are no parts of what the program holds.
                 Checked while it runs: a round that fails, warns, prints, draws from a global stream or cannot be sent
                 to another process has the loop run as before, so that every message and error comes when it came.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.workload import ScriptWorkload
from hasten.observe.machine import usable_cores
from hasten.passes.source.containers.effects import project_of
from hasten.passes.source.containers.syntax import Parts, join, module_of
from hasten.passes.source.parallel.comprehension import Comprehension
from hasten.passes.source.parallel.site import Site, has_joblib, hopeless, imports_any
from hasten.passes.source.parallel.split import Split
from hasten.passes.source.parallel.syntax import chains, unconditional

MIN_SHARE = 0.1
MIN_S = 2.0  # of the region
START_S = 0.4  # about what starting processes takes, without what they import
MIN_CALL_S = 0.1  # of the region, each time: sending rounds to workers takes its time too


class Rounds:
    """See the module."""

    code: ClassVar[str] = "HST801"
    name: ClassVar[str] = "independent rounds side by side"
    risk: ClassVar[Risk] = Risk.ROUNDING  # libraries may use other numbers of threads in workers

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        for change in self._changes(work, region, facts):
            share = facts.profile.share(region.path, region.first, region.last) if facts.profile.samples else 0.0
            yield Finding(
                self.code,
                region,
                region.first,
                region.last,
                "rounds that do not depend on each other are done by one core",
                "joblib does them side by side",
                min(1.0, share),
                {"title": change.title},
            )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        yield from self._changes(work, finding.region, facts)

    def _changes(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Change]:
        profile, cores = facts.profile, usable_cores()
        if profile.samples:
            share = profile.share(region.path, region.first, region.last)
            region_s, calls = share * profile.wall_s, max(1, facts.of(region.id).calls)
            if share < MIN_SHARE or region_s < MIN_S or region_s / calls < MIN_CALL_S:
                return
            # a worker imports what the program imports
            if region_s * (1 - 1 / max(1, cores)) < START_S + profile.imports_share * profile.wall_s:
                return
        if cores < 2 or not has_joblib(work):
            return
        try:
            source = work.source(region.path)
            module = module_of(source)
            project = project_of(work, region.path)
        except (OSError, SyntaxError, ValueError):
            return
        if hopeless(project, module):
            return
        site = Site(work, project, module, region, facts)
        for parts in _sites(site):
            edits = join(module, region, [parts])
            if edits:
                needs = () if imports_any(project, "joblib", "sklearn") else ("joblib",)
                title = f"line {parts.first}: {parts.title}"
                yield Change(self.code, title, region, edits, self.risk, needs, region.share, whole=True)
                return


def _sites(site: Site) -> Iterator[Parts]:
    """What can be done side by side in the region: its loop, or a comprehension of its statement."""
    statements = site.module.statements(site.region)
    if site.region.kind == "function":
        function = statements[0] if statements else None
        body = function.body if isinstance(function, ast.FunctionDef) else []
        statements = [s for s in body if isinstance(s, ast.Return)]
    if len(statements) != 1:
        return
    top = statements[0]
    if isinstance(top, ast.For):
        for chain in reversed(list(chains(top))):
            found = Split(site, tuple(chain)).parts()
            if found is not None:
                yield found
                return
    elif isinstance(top, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)):
        for node in unconditional(top):
            if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
                found = Comprehension(site, node).parts()
                if found is not None:
                    yield found
                    return
