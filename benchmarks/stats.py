"""Medians, ratios and their intervals from rounds in which every variant ran once."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DRAWS = 2000
LEVEL = 0.95

Rounds = Sequence[Mapping[str, float]]  # each round: variant -> seconds


@dataclass(frozen=True)
class Ratio:
    """`value` with a bootstrap interval (percentiles; rounds are resampled). Old time / new time: above 1 is faster."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f}x [{self.low:.2f}, {self.high:.2f}]"


def median(rounds: Rounds, variant: str) -> float:
    return statistics.median(r[variant] for r in rounds)


def ratio(rounds: Rounds, old: str, new: str, *, seed: int = 0) -> Ratio:
    """Median of `old` over median of `new`. Raises `statistics.StatisticsError` when there are no rounds."""
    return gmean([rounds], old, new, seed=seed)


def gmean(cases: Sequence[Rounds], old: str, new: str, *, seed: int = 0) -> Ratio:
    """Geometric mean over cases of median(old) / median(new); rounds are resampled within each case."""
    rng = random.Random(seed)
    draws = sorted(_gmean([rng.choices(rounds, k=len(rounds)) for rounds in cases], old, new) for _ in range(DRAWS))
    cut = int(DRAWS * (1 - LEVEL) / 2)
    return Ratio(_gmean(cases, old, new), draws[cut], draws[-1 - cut])


def _gmean(cases: Sequence[Rounds], old: str, new: str) -> float:
    return math.exp(statistics.fmean(math.log(median(r, old) / median(r, new)) for r in cases))
