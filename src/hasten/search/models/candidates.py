"""A candidate on its way through the judge."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hasten.core.model_pass import Step
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
