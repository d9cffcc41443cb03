"""Latency of models beside each other: blocks of calls, in turn, each model in a process of its own.

Every candidate lives in a fresh process (idle thread pools of one library spoil the timings of another). A round asks
each for a block of calls, in an order drawn from the session's seed; the median of a block against that of the
original's block in the same round is one ratio, and the ratios' bootstrap gives the interval. Calls are timed one by
one, so that p50 and p95 are those of calls.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from hasten.core.measurement import Speedup
from hasten.measure.compare import timing_lock
from hasten.measure.decide import Evidence, interval
from hasten.observe.child import Child

BLOCK_S = 0.03
ROUNDS, LEAST_ROUNDS = 9, 4


@dataclass(frozen=True)
class Latency:
    """Seconds a call, over all calls that were timed."""

    p50: float
    p95: float
    calls: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Latency:
        ordered = sorted(seconds)
        return cls(_quantile(ordered, 0.5), _quantile(ordered, 0.95), len(ordered))


@dataclass(frozen=True)
class Raced:
    """One model's latency, and how much faster than the original it is (old/new; None for the original itself)."""

    latency: Latency
    speedup: Speedup | None = None


def race(
    original: tuple[Child, Sequence[int]], others: Mapping[str, tuple[Child, Sequence[int]]], method: str,
    *, min_gain: float = 1.03, rounds: int = ROUNDS, block_s: float = BLOCK_S, seed: int = 0, deadline_s: float = 120.0,
    waited: Callable[[float], None] | None = None, within_s: float = math.inf,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Raced, dict[str, Raced]]:  # fmt: skip
    """Time `method` on the inputs at the given places of each child. Raises `ChildFailed` when one does not answer.

    `waited` is told for how long another hasten was waited for. It ends `within_s` of then, or after `LEAST_ROUNDS`
    rounds: on a machine with much to do the next question waits longer than its answer takes.
    """
    draw = random.Random(f"race {seed}")
    sides = {"": original, **others}
    took: dict[str, list[list[float]]] = {name: [] for name in sides}
    with timing_lock() as waited_s:
        if waited is not None:
            waited(waited_s)
        began = clock()
        for child, places in sides.values():  # first calls fill caches, start pools
            child.ask("hasten.measure.asked:clock", list(places), method, block_s / 3, 2, deadline_s=deadline_s)
        for done in range(rounds):
            if done >= LEAST_ROUNDS and (clock() - began) * (done + 2) / (done + 1) > within_s:
                break
            order = list(sides)
            draw.shuffle(order)
            for name in order:
                child, places = sides[name]
                took[name].append(
                    child.ask("hasten.measure.asked:clock", list(places), method, block_s, deadline_s=deadline_s)
                )
    all_of = {name: Latency.of([s for block in blocks for s in block]) for name, blocks in took.items()}
    out = {}
    for name in others:
        evidence = Evidence(min_gain)
        for a, b in zip(took[""], took[name], strict=True):
            evidence = evidence.after(median(a), median(b))
        low, high = interval(evidence.logs, seed=seed)
        speedup = Speedup(
            evidence.ratio, low, high, evidence.pairs, decided=evidence.decided, evidence=evidence.e_faster
        )
        out[name] = Raced(all_of[name], speedup)
    return Raced(all_of[""]), out


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]
