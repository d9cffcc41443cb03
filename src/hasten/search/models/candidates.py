"""A candidate on its way through the judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Parameters, ServingPass, Step
from hasten.core.model_record import CandidateRecord, LatencyRecord

Size = tuple[int, int, str]  # rows, threads, "rows" or "dict"


@dataclass
class Candidate:
    """`folder` is an artifact with one part once it is built; the original has `pickle` instead, as its user has it."""

    steps: tuple[Step, ...]
    folder: Path | None = None
    pickle: Path | None = None
    record: CandidateRecord = field(default_factory=lambda: CandidateRecord(()))
    latencies: dict[Size, float] = field(default_factory=dict)  # p50, s

    @property
    def accepted(self) -> bool:
        return self.record.accepted

    def note(self, **changes: Any) -> None:
        self.record = replace(self.record, steps=self.steps, **changes)

    def timed(self, line: LatencyRecord) -> None:
        """Note a latency; an earlier one of the same size is forgotten."""
        size = (line.rows, line.threads, line.form)
        before = [y for y in self.record.latencies if (y.rows, y.threads, y.form) != size]
        self.note(latencies=(*before, line))
        self.latencies[size] = line.p50_s


def proposed(
    serving: Sequence[ServingPass], work: ModelWorkload, *, turns: bool
) -> Iterator[tuple[ServingPass, Parameters]]:
    """Each pass with each of its settings, as they were given; in `turns` the first settings of every pass come before
    the second of any. (Of nets: second settings take as long as another pass, and seldom gain as much.)"""
    each = [[(found, p) for p in found.parameters(work)] for found in serving]
    if turns:
        yield from (pair for row in zip_longest(*each) for pair in row if pair is not None)
    else:
        yield from (pair for row in each for pair in row)
