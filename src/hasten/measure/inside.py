"""Calls that are far shorter than the start of a process: pairs of fresh processes, and in each pair many inner pairs.

A pair is two processes, started together. When both are warm, they are asked in turns, in an order drawn for each turn;
one computes while the other waits. The pair's log speed-up is the median over its turns, so that a disturbance of a few
turns does not matter; and pairs, not turns, are what the decision counts: what differs from process to process (where
memory lies, hash seeds) would make turns agree with each other and all be wrong.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Protocol

from hasten.core.contract import Contract
from hasten.core.measurement import Comparison, RunSample
from hasten.measure.compare import MIN_PAIRS, Decision, pairs_until_decided
from hasten.measure.conditions import Reading, conditions
from hasten.observe.session import Session

MAX_PAIRS = 60
TURNS = (7, 41)  # at least, at most
TURNS_S = 0.8  # about so long the turns of one pair take
LEAST_S = 0.005  # a turn's calls take that long, or the clock and the question would matter


class Live(Protocol):
    """A process that has been started."""

    def ready(self) -> None:
        """Wait until it has loaded everything and is warm."""

    def turn(self) -> RunSample:
        """Time one turn."""

    def close(self) -> None:
        """End it."""


@dataclass(frozen=True)
class InnerPairs:
    """All turns of one pair of processes."""

    old: tuple[RunSample, ...]
    new: tuple[RunSample, ...]

    @cached_property
    def logs(self) -> Mapping[str, float]:
        """The log speed-up by each metric: the median over turns."""
        pairs = list(zip(self.old, self.new, strict=True))
        return {
            "wall": median(math.log(max(a.wall_s, 1e-9) / max(b.wall_s, 1e-9)) for a, b in pairs),
            "cpu": median(math.log(max(a.cpu_s, 1e-9) / max(b.cpu_s, 1e-9)) for a, b in pairs),
        }

    @property
    def samples(self) -> tuple[RunSample, RunSample]:
        """Each side's median turn."""
        return middle(self.old), middle(self.new)


def middle(turns: Sequence[RunSample]) -> RunSample:
    """The median of each figure; the most memory. What is waited: wall time less the median of what is left of it."""
    wall_s = median(t.wall_s for t in turns)
    own_s = median(t.wall_s - min(t.waited_s, t.wall_s) for t in turns)
    peak_mb = max(t.peak_mb for t in turns)
    return RunSample(wall_s, median(t.cpu_s for t in turns), peak_mb, max(0.0, wall_s - own_s))


def inner_pairs(
    start_old: Callable[[], Live], start_new: Callable[[], Live], draw: random.Random, turns: int | None = None
) -> InnerPairs:
    """One pair of fresh processes, asked in turns. How many turns (odd) goes by how long the first one takes."""
    live: dict[bool, Live] = {}
    took: dict[bool, list[RunSample]] = {False: [], True: []}
    try:
        for new in _order(draw):
            live[new] = (start_new if new else start_old)()
        for new in _order(draw):
            live[new].ready()
        while turns is None or len(took[False]) < turns:
            for new in _order(draw):
                took[new].append(live[new].turn())
            if turns is None:
                # without what others took of it: on a busy machine more turns are needed, not fewer
                one_s = sum(turn.wall_s - min(turn.waited_s, turn.wall_s) for (turn,) in took.values())
                turns = max(TURNS[0], min(TURNS[1], int(TURNS_S / max(one_s, 1e-6)))) | 1
    finally:
        for side in live.values():
            side.close()
    return InnerPairs(tuple(took[False]), tuple(took[True]))


def _order(draw: random.Random) -> tuple[bool, bool]:
    return (False, True) if draw.random() < 0.5 else (True, False)


def measure_inside(
    session: Session, start_old: Callable[[], Live], start_new: Callable[[], Live], contract: Contract, *,
    max_pairs: int = MAX_PAIRS, min_pairs: int = MIN_PAIRS, budget_s: float | None = None, metric: str = "wall",
    single_threaded: bool = False, turns: int | None = None, environ: Mapping[str, str] | None = None,
) -> Comparison:  # fmt: skip
    """Compare calls in two kinds of processes; stops, locks and decides as `compare.measure` does for whole runs.

    The comparison's samples are each process's median turn. Exceptions of a process pass through.
    """
    draw = random.Random(f"inside {session.seed}")
    decision = Decision(contract, metric, single_threaded)

    def pair() -> None:
        found = inner_pairs(start_old, start_new, draw, turns)
        decision.add(*found.samples, found.logs)

    before = Reading.now()
    notes = pairs_until_decided(
        session, decision, pair, max_pairs=max_pairs, min_pairs=min_pairs, budget_s=budget_s
    )  # fmt: skip
    told = conditions(before, Reading.now(), environ=environ, seed=session.seed, inside=True)
    return decision.comparison(session.seed, notes, told)


def clocked(call: Callable[[], object], times: int = 1) -> RunSample:
    """Wall and CPU time of so many calls in this process, for one call. Asked of a child."""
    from hasten.observe.reap import run_queue_s, status_kb

    waited = run_queue_s("self")
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(times):
        call()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    waited = run_queue_s("self") - waited
    peak_mb = status_kb("self", "VmHWM") * 1024 / 1e6
    return RunSample(wall / times, cpu / times, peak_mb, waited / times)


def warmed(call: Callable[[], object], seconds: float = 0.1) -> int:
    """Call it once, and on for so long; how many calls make a turn of `LEAST_S` at least."""
    call()
    quickest, end = math.inf, time.perf_counter() + seconds
    while True:
        start = time.perf_counter()
        call()
        stop = time.perf_counter()
        quickest = min(quickest, stop - start)
        if stop >= end:
            return max(1, math.ceil(LEAST_S / max(quickest, 1e-9)))
