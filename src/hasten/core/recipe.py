"""Passes, the changes they make, and recipes: the ordered changes that were kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, ClassVar, Protocol, runtime_checkable

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.source import Edit, edited
from hasten.core.workload import ScriptWorkload


class Risk(Enum):
    """What a pass can promise before the judge looks."""

    EXACT = "same bits"
    ROUNDING = "same up to the rounding of floats"
    QUALITY = "another result, at least as good by the qualities that the user named"


@dataclass(frozen=True)
class Change:
    """One proposed change: edits in the coordinates of the workload it was proposed for.

    `title` goes into the report behind the code (`line 12: ...`); `needs` are packages that the
    changed code imports and the original did not; `unlocks_varied` is False when varied inputs
    must not be tried (the region has effects that cannot be undone). `whole`: how fast it is shows only when the whole
    program runs with it (it starts processes); a replay shows whether it is equal. `later`: a call is faster for what
    earlier calls have found, which a replay of single calls does not show either.
    """

    code: str
    title: str
    region: Region
    edits: tuple[Edit, ...]
    risk: Risk = Risk.EXACT
    needs: tuple[str, ...] = ()
    share: float = 0.0
    whole: bool = False
    later: bool = False

    @property
    def quality(self) -> bool:
        """Its result may be another one: offered only when the user has named a quality, and judged by that."""
        return self.risk is Risk.QUALITY

    def overlaps(self, other: Change) -> bool:
        return any(a.overlaps(b) for a in self.edits for b in other.edits)

    def apply(self, work: ScriptWorkload) -> ScriptWorkload:
        return Recipe((self,)).apply(work)


@dataclass(frozen=True)
class Recipe:
    """Changes that are applied together to one workload. Raises `ValueError` on overlap when applied."""

    changes: tuple[Change, ...] = ()

    def apply(self, work: ScriptWorkload) -> ScriptWorkload:
        edits = [e for c in self.changes for e in c.edits]
        files = {e.path: work.source(e.path) for e in edits}
        return work.with_sources(edited(files, edits))

    def to_json(self) -> list[dict[str, Any]]:
        return [{**asdict(c), "risk": c.risk.name} for c in self.changes]

    @classmethod
    def from_json(cls, data: list[dict[str, Any]]) -> Recipe:
        changes = []
        for d in data:
            fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in d["region"].items()}
            region = Region(**fields)
            edits = tuple(Edit(**e) for e in d["edits"])
            changes.append(
                Change(**{**d, "region": region, "edits": edits, "risk": Risk[d["risk"]], "needs": tuple(d["needs"])})
            )
        return cls(tuple(changes))


@runtime_checkable
class Pass(Protocol):
    """One kind of change.

    Both methods are pure and deterministic: same workload and facts, same answer. `find` may raise
    nothing; `propose` yields alternatives for one finding, likely best first, and none when it cannot
    guard or prove one.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    risk: ClassVar[Risk]

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]: ...

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]: ...
