"""What earlier rounds have shown, so that no round looks twice at what has not changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hasten.core.finding import Region
from hasten.core.recipe import Change
from hasten.core.workload import ScriptWorkload

SURELY_HOT = 0.03  # of the program's time: no pass passes over a region for want of it (they ask for 0.02)

Place = tuple[str, str, str, str]  # path, kind, qualified name and text of a region


@dataclass
class Known:
    """Regions for which no pass had a change, and changes that replays refused, by the region's text.

    A round changes a region's text when it changes anything inside it, so these are looked at again.
    """

    _barren: dict[Place, float] = field(default_factory=dict)  # with its share of time when it was looked at
    _settled: set[tuple[str, str, Place]] = field(default_factory=set)

    def barren(self, work: ScriptWorkload, region: Region) -> bool:
        """No pass had a change for it in an earlier round, and that was not because it took too little time."""
        share = self._barren.get(_place(work, region), -1.0)
        return share >= SURELY_HOT or share >= region.share

    def settled(self, work: ScriptWorkload, change: Change) -> bool:
        """The same change of the same text was replayed in an earlier round, and was wrong or plainly slower."""
        return (change.code, change.title, _place(work, change.region)) in self._settled

    def proposed(self, work: ScriptWorkload, regions: Iterable[Region], changes: Iterable[Change]) -> None:
        """Note what a round has recordings of, and what the passes had for it."""
        spans = [(c.region.path, c.region.first, c.region.last) for c in changes]
        for region in regions:
            # a change that two regions propose counts for the smaller one: nothing for this one, but inside or around
            near = any(p == region.path and a <= region.last and region.first <= b for p, a, b in spans)
            if not near:
                self._barren[_place(work, region)] = region.share

    def judged(self, work: ScriptWorkload, refused: Iterable[Change]) -> None:
        """Note changes that were replayed and refused."""
        self._settled |= {(c.code, c.title, _place(work, c.region)) for c in refused}


def _place(work: ScriptWorkload, region: Region) -> Place:
    lines = work.source(region.path).lines[region.first - 1 : region.last]
    return region.path, region.kind, region.qualname, "".join(lines)
