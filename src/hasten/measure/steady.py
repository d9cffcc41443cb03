"""Runs that are timed must end alike: the time of a run that crashed, or did something else, means nothing."""

from __future__ import annotations

from dataclasses import dataclass

from hasten.core.measurement import RunSample
from hasten.observe.process import WorkloadRun


class WrongRun(Exception):
    """A timed run did not end as it should have."""


@dataclass
class Steady:
    """What every timed run of one program must show: its exit status and, where `prints_alike`, its output."""

    status: int
    prints_alike: bool = True
    printed: bytes | None = None  # stdout of the first run; later ones must print the same

    def sample(self, run: WorkloadRun) -> RunSample:
        """The run's times. Raises `WrongRun` when it was stopped, or did not end as the others."""
        if self.printed is None:
            self.printed = run.program.stdout
        same = not self.prints_alike or run.program.stdout == self.printed
        if run.program.stopped or run.status != self.status or not same:
            how = run.program.ended if run.program.stopped or run.status != self.status else "other output"
            raise WrongRun(f"while timing, one run did not end as the others ({how})")
        return run.sample
