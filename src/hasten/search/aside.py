"""A set of changes that gain less as a whole than on what was recorded.

Results that are kept pay where the same call comes again: on the calls that were recorded it may come often, in the
whole run seldom. By then other changes of the same code, kernels for instance, were passed over, because there was no
time left to win. Such a set is put aside, the round is made again without it, and the better of the two is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hasten.core.verdict import Rejected
from hasten.core.workload import ScriptWorkload
from hasten.search.compiling import LastRound
from hasten.search.trial import PASSED_OVER, Trial

SHADED = "its time is spent inside what another change has made much faster"
LARGE = 0.15  # of the program's time: less is not worth another round
KEPT_PROMISE = 0.5  # of what was to be saved: a busy machine hides some


@dataclass(frozen=True)
class Aside:
    """What waits until another round has shown what goes without it. `chosen` is empty where nothing was faster."""

    chosen: list[Trial]
    candidate: ScriptWorkload
    wall_s: float
    cold_s: float | None
    last: LastRound

    @property
    def found(self) -> tuple[list[Trial], ScriptWorkload, float, float | None, LastRound]:
        return self.chosen, self.candidate, self.wall_s, self.cold_s, self.last

    def better(self, other: bool, other_s: float) -> bool:
        """Is it faster than what the other round found (`other`: did it find anything)?"""
        return bool(self.chosen) and (not other or self.wall_s <= other_s)


def promised_more(chosen: Sequence[Trial], trials: Sequence[Trial], before_s: float, after_s: float) -> bool:
    """Did plain changes save much less of a run than they promised, while others were not tried for their sake?"""
    promised_s = sum(t.saves_s for t in chosen)
    if any("numba" in t.change.needs for t in chosen) or promised_s < LARGE * before_s:
        return False  # kernels cost a load first, which compiling ahead takes away
    if before_s - after_s >= KEPT_PROMISE * promised_s:
        return False
    return any(t.verdict.reason == SHADED and t.change.region.share >= LARGE for t in trials)


def given_up(trials: Sequence[Trial]) -> None:
    """Notes that something else was kept."""
    for trial in trials:
        if trial.usable:
            trial.verdict = Rejected(PASSED_OVER)
            trial.kept = False
