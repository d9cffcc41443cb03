"""Outcomes of judging a change: values, never exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from hasten.core.measurement import Speedup


@dataclass(frozen=True)
class Accepted:
    """Equal under the contract, and faster."""

    speedup: Speedup | None = None
    reason: str = "equal and faster"


@dataclass(frozen=True)
class Rejected:
    """Proven unequal, or proven not faster. `reason` shows the first difference."""

    reason: str


@dataclass(frozen=True)
class Inconclusive:
    """Could not be judged: no recording, budget gone, noise too high."""

    reason: str


@dataclass(frozen=True)
class Failed:
    """The candidate crashed, hung or could not be built where the original ran."""

    error: str

    @property
    def reason(self) -> str:
        return self.error


Verdict: TypeAlias = Accepted | Rejected | Inconclusive | Failed
