"""What the containers passes have in common: they look for sites in a region and join the parts of their edits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.containers.effects import Project, project_of
from hasten.passes.source.containers.syntax import Module, Parts, join, module_of

MIN_SHARE = 0.02
MAX_SINGLES = 4


@dataclass(frozen=True)
class Place:
    """Where a pass looks: a region with its module, project and facts."""

    module: Module
    project: Project
    region: Region
    facts: Facts

    def share(self, first: int, last: int) -> float:
        """Share of time of these lines; 1.0 when nothing was profiled."""
        if self.facts.profile.samples == 0:
            return 1.0
        return self.facts.profile.share(self.region.path, first, last)


class Bound:
    """Names for what passes put before loops of one region: one for each thing, also where changes meet."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self._made: dict[str, str] = {}

    def name(self, what: str, key: str, made: str) -> str:
        """A name for `made` (the code of it) after what it is of, and after the key it goes by."""
        base = re.sub(r"\W+", "_", f"{what}_{key}").strip("_")
        name, n = self.module.fresh(base), 1
        while self._made.setdefault(name, made) != made:
            n += 1
            name = self.module.fresh(f"{base}_{n}")
        return name


class ContainerPass:
    """A pass that yields at most one finding a region, with one change for all its sites and one for each."""

    code: ClassVar[str]
    name: ClassVar[str]
    risk: ClassVar[Risk] = Risk.EXACT

    def sites(self, place: Place) -> Iterator[Parts]:
        """The sites of this pass inside the region, in the order of the file."""
        raise NotImplementedError

    def _sites(self, work: ScriptWorkload, region: Region, facts: Facts) -> tuple[Module, list[Parts]] | None:
        try:
            source = work.source(region.path)
            module = module_of(source)
            _ = module.tree
            project = project_of(work, region.path)
        except (OSError, SyntaxError, ValueError):
            return None
        if module.dynamic:
            return None
        place = Place(module, project, region, facts)
        hot = []
        for site in self.sites(place):
            if place.share(site.first, site.last) >= MIN_SHARE and join(module, region, [site]) is not None:
                hot.append(site)
        return module, hot

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        found = self._sites(work, region, facts)
        if found is None or not found[1]:
            return
        sites = found[1]
        first, last = min(s.first for s in sites), max(s.last for s in sites)
        share = 0.0
        if facts.profile.samples:
            share = min(1.0, facts.profile.share(region.path, first, last))
        yield Finding(
            self.code,
            region,
            first,
            last,
            sites[0].reason,
            sites[0].remedy,
            share,
            {"sites": [[s.first, s.last, s.title] for s in sites]},
        )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        found = self._sites(work, finding.region, facts)
        if found is None:
            return
        module, sites = found
        chosen: list[Parts] = []
        for site in sites:
            if join(module, finding.region, [*chosen, site]) is not None:
                chosen.append(site)
        groups = [chosen] if len(chosen) == 1 else [chosen, *([s] for s in sites[:MAX_SINGLES])]
        if len(sites) == 1:
            groups = [sites]
        for group in groups:
            edits = join(module, finding.region, group)
            if edits:
                lines = ", ".join(dict.fromkeys(str(s.first) for s in group))
                title = f"line {lines}: {group[0].title}"
                needs = tuple(dict.fromkeys(n for s in group for n in s.needs))
                later = any(s.later for s in group)
                yield Change(self.code, title, finding.region, edits, self.risk, needs, finding.share, later=later)
