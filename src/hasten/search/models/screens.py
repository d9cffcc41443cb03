"""Cheap questions to every candidate before the dear one, where asking all validation rows takes seconds.

Every candidate that is built gets a few calls and a tenth of the rows. Who fails that is out; the others are asked the
whole in the order of what they cost by then, and one that another beats in every respect is not asked at all. A screen
only ever says no: nothing is accepted without the whole. What it says no to is certain where it counts (a label that
changed, a refusal), and beyond an interval of 99% where it is a quality.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import MEMORY, SIZE, ModelContract
from hasten.core.model_record import CandidateRecord
from hasten.observe.child import ChildFailed
from hasten.search.models.candidates import Candidate
from hasten.search.models.promise import FAR, behind, by_speed

if TYPE_CHECKING:
    from hasten.search.models.loop import Loop

WHOLE_S = 30.0  # of asking the original all rows: below it a screen may take as long as what it spares
FEW_FROM, FEWEST = 500, 100  # validation rows from which some are asked first, and how many at least
HELD = 2  # of those that wait, the best, which stay loaded
SLOWER, SMALLER = 1.25, 0.9  # times another's latency, of another's size: what a look can tell apart
DRIFT = 1e-5  # of scores, as a share of the largest: less is the order of float32 sums
ENOUGH = 0.5  # of the budget: once it is spent, what waits is asked although more could be screened
ENOUGH_S = 300.0  # the same without a budget


class Screens:
    """What waits for the whole: `reserve_s` seconds are needed for the first of it."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.pay = loop.whole_s >= WHOLE_S
        self.waiting: list[Candidate] = []
        self.of: dict[int, CandidateRecord] = {}  # what the screens told of each
        n = len(loop.work.valid)
        draw = np.random.default_rng([loop.session.seed, 3])
        some = max(FEWEST, n // 10)
        self.rows: NDArray[np.int64] | None = np.sort(draw.permutation(n)[:some]) if n >= FEW_FROM else None

    @property
    def reserve_s(self) -> float:
        first = self._first()
        return 0.0 if first is None or not self._gains(first) else self._whole_s(first)

    def judged(self, built: Iterable[Candidate]) -> None:
        """Screen all that is built, and ask the whole of what is promising."""
        session = self.loop.session
        for candidate in built:
            session.progress.stage(f"screen {candidate.record.title}", 0.1 * self.loop.ask_s)
            self.screen(candidate)
            spent = session.left_s < ENOUGH * (session.budget_s or math.inf)
            if session.budget_s is None:
                spent = session.elapsed_s > ENOUGH_S
            if spent and not any(c.accepted for c in self.loop.candidates):
                self.next()
        while self.waiting:
            self.next()

    def screen(self, candidate: Candidate) -> None:
        """Look at a candidate and ask it for some rows: it waits for the whole, or is out."""
        loop = self.loop
        try:
            told = self._told(candidate)
        except ChildFailed as failure:
            if failure.killed:  # from outside: that tells nothing, and the whole will
                told = None
            else:
                candidate.note(verdict="failed", reason=failure.text[:300])
                loop.dismiss(candidate)
                return
        if told is not None:
            candidate.note(verdict="rejected", reason=told)
            loop.dismiss(candidate)
            return
        self.of[id(candidate)] = candidate.record
        candidate.note(reason="some rows were asked, and not yet all of them", quality=None, agreement=None)
        self.waiting.append(candidate)
        held = {id(c) for c in self._ordered()[:HELD]}
        loop.processes.drop(*(c for c in self.waiting if id(c) not in held))
        loop.note()

    def _told(self, candidate: Candidate) -> str | None:
        """What a look and some rows say against it. Raises `ChildFailed`."""
        loop = self.loop
        child = loop.processes.of(candidate)
        loop.look(candidate, child)
        told = loop.behind(candidate, child, FAR) if by_speed(loop.contract) else None
        candidate.note(memory_mb=child.peak_mb)
        if told is not None or self.rows is None:
            return told
        answers = loop.processes.some_answers(candidate, self.rows)
        verdict = loop.judge.screened(answers, self.rows)
        candidate.note(agreement=verdict.agreement, quality=verdict.quality, memory_mb=child.peak_mb)
        return f"by {len(self.rows)} rows: {verdict.reason}" if verdict.verdict == "rejected" else None

    def next(self) -> None:
        """The whole of what promises most."""
        loop, candidate = self.loop, self._first()
        if candidate is None:
            return
        self.waiting = [c for c in self.waiting if c is not candidate]
        better = next((c for c in loop.candidates if c.accepted and self._beats(c, candidate)), None)
        if better is not None:
            seen = self.of[id(candidate)]
            candidate.note(
                verdict="rejected", quality=seen.quality, agreement=seen.agreement,
                reason=f"screened: slower than {better.record.title}, no smaller and no better",
            )  # fmt: skip
            loop.dismiss(candidate)
            return
        settled = any(c.accepted for c in loop.candidates)
        if settled and loop.session.left_s < loop.finish_s() + self._whole_s(candidate):
            candidate.note(verdict="inconclusive", reason="promising by some rows; no time was left to ask it all")
            loop.processes.drop(candidate)
            loop.note()
            return
        loop.session.progress.stage(f"judge {candidate.record.title}", self._whole_s(candidate))
        loop.judge_one(candidate)

    def _ordered(self) -> list[Candidate]:
        return sorted(self.waiting, key=lambda c: cost(c, self.loop.original, self.loop.contract))

    def _first(self) -> Candidate | None:
        return next(iter(self._ordered()), None)

    def _gains(self, candidate: Candidate) -> bool:
        """Whether it promises more than anything that is accepted."""
        original, contract = self.loop.original, self.loop.contract
        accepted = [cost(c, original, contract) for c in self.loop.candidates if c.accepted]
        return cost(candidate, original, contract) < min(accepted, default=math.inf)

    def _whole_s(self, candidate: Candidate) -> float:
        """About how long the whole takes of it: as much less than of the original as it is faster."""
        loop = self.loop
        sizes = [s for s in candidate.latencies if s in loop.original.latencies]
        shares = [candidate.latencies[s] / loop.original.latencies[s] for s in sizes]
        return loop.processes.load_s + loop.whole_s * max(shares, default=1.0)

    def _beats(self, other: Candidate, candidate: Candidate) -> bool:
        """Whether `other` is better in every respect, by what the screens can tell: then nothing would serve the
        candidate, not even a refusal of the other by rows never searched, which would sooner refuse this one."""
        a, b = self.of.get(id(other)), self.of[id(candidate)]
        if a is None or behind(candidate, [other], SLOWER) is None:
            return False
        if b.size_mb < SMALLER * a.size_mb or b.memory_mb < SMALLER * a.memory_mb:
            return False
        return no_better(b, a)


def no_better(a: CandidateRecord, b: CandidateRecord) -> bool:
    """Whether `a` is no better than `b` by its answers to the rows that both were asked."""
    if a.quality is not None and b.quality is not None and a.quality.new > b.quality.new:
        return False
    if a.agreement is None or b.agreement is None:
        return False
    drifts = [max(x.agreement.drift, DRIFT) for x in (a, b) if x.agreement is not None]
    return a.agreement.changed >= b.agreement.changed and drifts[0] >= drifts[1]


def cost(candidate: Candidate, original: Candidate, contract: ModelContract) -> float:
    """Its size or memory, MB, or its time by the original's, at the number of rows that counts."""
    kind, rows = contract.wanted
    if kind in (SIZE, MEMORY):
        return candidate.record.size_mb if kind == SIZE else candidate.record.memory_mb
    size = (rows, 1, "rows")
    if size not in candidate.latencies or size not in original.latencies:
        return math.inf
    return candidate.latencies[size] / original.latencies[size]
