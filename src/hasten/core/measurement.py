"""Numbers with their unit, samples, interval and machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Measurement:
    """Raw samples of one quantity. `unit` is `s`, `MB` (10^6 bytes) or `1`."""

    name: str
    unit: str
    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        """Raises `statistics.StatisticsError` when there is no sample."""
        return median(self.samples)


@dataclass(frozen=True)
class Speedup:
    """old / new, always: 2.0 means half the time. `low`..`high` is the interval at `confidence`."""

    ratio: float
    low: float
    high: float
    pairs: int
    confidence: float = 0.95
    decided: str = "undecided"  # "faster" | "not faster" | "undecided"
    evidence: float = 1.0  # the e-value behind `decided` (1/alpha or more decides)

    def __str__(self) -> str:
        if self.pairs < 2:
            return f"{self.ratio:.2f}x (one pair)"
        return f"{self.ratio:.2f}x [{self.low:.2f}, {self.high:.2f}]"


def reached(need: float | None, gain: Speedup | None) -> bool:
    """Whether a required gain (old/new) was reached: the measured one decides, and it must be decided "faster"."""
    if need is None or need <= 1:
        return True
    return gain is not None and gain.decided == "faster" and gain.ratio >= need


@dataclass(frozen=True)
class RunSample:
    """One whole run of a program in a fresh process.

    `waited_s` is how long its main thread was ready to run but others had the processor, where the system tells;
    `energy_j` what the processors used meanwhile, whoever used it (None: the machine does not tell).
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    waited_s: float = 0.0
    energy_j: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Original against candidate, interleaved whole-process runs.

    `conditions` names what else may move a time, and how it was held, drawn at random or found.
    """

    speedup: Speedup
    old: tuple[RunSample, ...]
    new: tuple[RunSample, ...]
    metric: str = "wall"
    notes: tuple[str, ...] = field(default=())
    conditions: Mapping[str, str] = field(default_factory=dict)
