"""What common ways of timing would say of the same runs: first all of A in one process, then all of B in another."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import fmean, median, variance

LEAST = 1.03
T_95 = {10: 1.73, 9: 1.75, 7: 1.78, 5: 1.86}  # one-sided 95% of Student's t, by the number of runs of each

NAIVE: dict[str, str] = {
    "one": "one run of each",
    "best": "`timeit`: best of 5",
    "mean": "`hyperfine`: mean of 5 to 10",
    "test": "`pyperf`: means of 5 to 10, t test",
}


def one(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] / b[0] > LEAST


def best(a: Sequence[float], b: Sequence[float]) -> bool:
    return min(a[:5]) / min(b[:5]) > LEAST


def mean(a: Sequence[float], b: Sequence[float]) -> bool:
    return fmean(a[:10]) / fmean(b[:10]) > LEAST


def tested(a: Sequence[float], b: Sequence[float]) -> bool:
    """The ratio of means is above the least, and the difference significant at 95%."""
    a, b = a[:10], b[:10]
    spread = math.sqrt(variance(a) / len(a) + variance(b) / len(b))
    return mean(a, b) and fmean(a) - fmean(b) > T_95.get(min(len(a), len(b)), T_95[5]) * spread


RULES: dict[str, Callable[[Sequence[float], Sequence[float]], bool]] = {
    "one": one, "best": best, "mean": mean, "test": tested,
}  # fmt: skip


def says_faster(a: Sequence[float], b: Sequence[float]) -> dict[str, bool]:
    """Whether each way calls B at least 3% faster."""
    return {name: rule(a, b) for name, rule in RULES.items()}


def blocks(pairs: Sequence[tuple[Sequence[float], Sequence[float]]]) -> tuple[list[float], list[float]]:
    """A block of A, then a block of B that ran later, out of pairs of (A's, B's) wall times."""
    if len(pairs[0][0]) > 1:
        return list(pairs[0][0]), list(pairs[1][1])
    half = len(pairs) // 2
    return [median(a) for a, _ in pairs[:half]], [median(b) for _, b in pairs[half:]]
