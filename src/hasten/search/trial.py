"""What a search holds: each change on its way through the judge, and the program as it is by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hasten.core.measurement import Speedup
from hasten.core.recipe import Change, Recipe
from hasten.core.record import ColdRun, FailureRecord, RunRecord
from hasten.core.verdict import Accepted, Verdict
from hasten.core.workload import ScriptWorkload
from hasten.search.choose import Judged
from hasten.search.origins import Lineage

if TYPE_CHECKING:
    from hasten.search.callers import Callers

PASSED_OVER = "equal, but another change of the same place, or none, saves more"


@dataclass
class Trial:
    """One change on its way through the judge."""

    change: Change
    round: int
    verdict: Verdict
    saves_s: float = 0.0
    region_gain: float = 1.0
    replays: int = 0
    varied: int = 0
    seconds: float = 0.0
    compiling_s: float = 0.0  # of its first call in the replay
    kept: bool = False
    equal: bool = False  # it agreed with the original wherever the two were compared
    gain: Speedup | None = None  # of its region, in the replay
    why: str = ""  # what the pass found slow
    beside_s: float | None = None  # reckoned to be saved of one run, beside what else is kept of its round

    @property
    def judged(self) -> Judged:
        """It as `choose` sees it."""
        return Judged(self.change, self.saves_s, self.region_gain)

    @property
    def usable(self) -> bool:
        return isinstance(self.verdict, Accepted)


@dataclass
class Outcome:
    """What a run of hasten found, kept and measured; complete at any moment, so that an interruption loses nothing."""

    work: ScriptWorkload
    kept: ScriptWorkload  # the best program so far; `work` itself when nothing was kept
    record: RunRecord
    trials: list[Trial] = field(default_factory=list)
    first_s: float = 0.0  # wall seconds of the original's first run
    before_start: ScriptWorkload | None = None  # what was kept before imports were looked at
    callers: Callers | None = None  # what was shown of the callers of what was changed
    lines: tuple[ScriptWorkload, Recipe, Lineage] | None = None  # whose each line is, of this program by these changes

    def noted(self, text: str) -> None:
        """One more line of the report's notes."""
        self.record = replace(self.record, notes=(*self.record.notes, text))

    def failed(self, failures: Sequence[FailureRecord]) -> None:
        """Passes that failed inside: for the notes, and what to file; those of an earlier round are known."""
        fresh = [f for f in failures if f not in self.record.failures]
        notes = dict.fromkeys([*self.record.notes, *map(str, fresh)])
        self.record = replace(self.record, failures=(*self.record.failures, *fresh), notes=tuple(notes))

    def cold(self, new_s: float | None) -> None:
        """What the first run of `kept` takes; None: it has not been timed."""
        self.record = replace(self.record, cold=None if new_s is None else ColdRun(self.first_s, new_s))
