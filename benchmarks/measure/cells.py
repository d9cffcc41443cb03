"""One cell of the table: decisions about one workload, one true gain, in one state of the machine."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.measure.naive import NAIVE, blocks, says_faster
from benchmarks.measure.processes import Forked, Fresh, Parents
from benchmarks.measure.workloads import PROGRAM, UNITS, WORKLOADS
from hasten.core.contract import Contract
from hasten.core.measurement import RunSample
from hasten.measure.compare import MIN_PAIRS, Decision
from hasten.measure.decide import UNDECIDED
from hasten.measure.inside import InnerPairs, inner_pairs
from hasten.observe.process import run_program

MAX_PAIRS = 40
GAINS = (1.0, 1.05, 1.1, 2.0)
QUIET, BUSY, FOUND = "quiet", "busy", "found"
MACHINES = {QUIET: "quiet", BUSY: "busy neighbour", FOUND: "as found, others at work"}
BUSY_LOOP = "while True:\n    sum(i * i for i in range(1000))\n"
METRICS = ("wall", "auto")


@dataclass(frozen=True)
class Row:
    """One decision: as hasten decides (`auto`), and by wall time alone from the same pairs, where asked."""

    decided: dict[str, str]
    pairs: dict[str, int]
    ratio: dict[str, float]
    metric: str  # which one `auto` was
    seconds: float
    load: float
    naive: dict[str, bool]

    def plain(self) -> list[Any]:
        both = [(self.decided.get(m, ""), self.pairs.get(m, 0), round(self.ratio.get(m, 0.0), 4)) for m in METRICS]
        rest = [self.metric, round(self.seconds, 2), round(self.load, 1), [int(self.naive[n]) for n in NAIVE]]
        return [*(x for three in both for x in three), *rest]

    @classmethod
    def of(cls, data: list[Any]) -> Row:
        wall, auto, rest = data[:3], data[3:6], data[6:]
        asked = [(name, found) for name, found in zip(METRICS, (wall, auto), strict=True) if found[0]]
        decided, pairs, ratio = ({name: found[i] for name, found in asked} for i in range(3))
        naive = {n: bool(x) for n, x in zip(NAIVE, rest[3], strict=True)}
        return cls(decided, pairs, ratio, rest[0], rest[1], rest[2], naive)


@dataclass
class Cell:
    """`machine` is one of `MACHINES`, `gain` the true one (1: the same code twice)."""

    workload: str
    machine: str
    gain: float
    rows: list[Row] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.workload} {self.machine} {self.gain:g}"

    @classmethod
    def of(cls, key: str) -> Cell:
        workload, machine, gain = key.split()
        return cls(workload, machine, float(gain))


Pair = Callable[[random.Random], tuple[RunSample, RunSample, InnerPairs | None]]


def decide(pair: Pair, seed: str, max_pairs: int = MAX_PAIRS, *, wall: bool = True) -> Row:
    """Take pairs until all is decided or hopeless, as hasten does; each sees the pairs up to its own decision only."""
    draw, began = random.Random(seed), time.perf_counter()
    decisions = {"auto": Decision(Contract(), "auto", single_threaded=True)}
    if wall:
        decisions["wall"] = Decision(Contract(), "wall")
    open_: set[str] = set(decisions)
    seen: list[tuple[list[float], list[float]]] = []
    while open_ and len(seen) < max_pairs:
        old, new, inner = pair(draw)
        for name in list(open_):
            decision = decisions[name]
            decision.add(old, new, None if inner is None else inner.logs)
            known = decision.evidence
            if known.hopeless or decision.pairs >= MIN_PAIRS and known.decided != UNDECIDED:
                open_.discard(name)
        turns = ([old], [new]) if inner is None else (inner.old, inner.new)
        seen.append(([s.wall_s for s in turns[0]], [s.wall_s for s in turns[1]]))
    while len(seen) < 10 and len(seen[0][0]) == 1:  # whole runs: a block of five of each for the naive ways
        old, new, _ = pair(draw)
        seen.append(([old.wall_s], [new.wall_s]))
    return Row(
        {name: d.evidence.decided for name, d in decisions.items()},
        {name: d.pairs for name, d in decisions.items()},
        {name: d.evidence.ratio for name, d in decisions.items()},
        decisions["auto"].metric, time.perf_counter() - began, os.getloadavg()[0], says_faster(*blocks(seen)),
    )  # fmt: skip


class Runner:
    """Gives the pairs of each cell; keeps interpreters between decisions."""

    def __init__(self, seed: int, *, fresh: bool = False, turns: bool = False) -> None:
        self._draw, self._fresh, self._turns = random.Random(f"processes {seed}"), fresh, turns
        self._parents: dict[str, Parents] = {}
        self._stack = ExitStack()

    def pair(self, cell: Cell) -> Pair:
        """B does 20 units of work, A as many more as the gain says."""
        old, new = round(UNITS * cell.gain), UNITS
        if WORKLOADS[cell.workload].unit is None:
            return lambda draw: _whole(old, new, draw)
        return lambda draw: self._inner(cell.workload, old, new, draw)

    def _inner(self, name: str, old: int, new: int, draw: random.Random) -> tuple[RunSample, RunSample, InnerPairs]:
        if not self._fresh:
            self._of(name).renew()
        turns = None if self._turns else WORKLOADS[name].turns
        found = inner_pairs(lambda: self._start(name, old), lambda: self._start(name, new), draw, turns)
        return *found.samples, found

    def _start(self, name: str, units: int) -> Forked | Fresh:
        if self._fresh:
            return Fresh(name, units, self._draw)
        return self._of(name).start(units)

    def _of(self, name: str) -> Parents:
        if name not in self._parents:
            self._parents[name] = self._stack.enter_context(Parents(name, self._draw))
        return self._parents[name]

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _whole(old: int, new: int, draw: random.Random) -> tuple[RunSample, RunSample, None]:
    def run(units: int) -> RunSample:
        done = run_program([sys.executable, "-I", "-S", "-c", PROGRAM.format(units=units)], cwd="/", deadline_s=120)
        if done.status:
            raise RuntimeError(f"the program {done.ended}")
        return done.sample

    if draw.random() < 0.5:
        a, b = run(old), run(new)
    else:
        b, a = run(new), run(old)
    return a, b, None


@contextmanager
def neighbour(count: int) -> Iterator[None]:
    """So many programs that compute all the time."""
    loops = [subprocess.Popen([sys.executable, "-I", "-S", "-c", BUSY_LOOP]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
