"""A small gain of an artifact, confirmed in fresh processes.

A race compares one process of each model, and what differs between two processes of one and the same model (where
memory lies) can be worth a few percent: more rounds of the same two agree with each other, and do not help. A gain that
is near that is decided by pairs of processes started for it, each pair one value; a large one needs no such care.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.core.measurement import Speedup
from hasten.measure.compare import MIN_PAIRS
from hasten.measure.decide import FASTER, NOT_FASTER, UNDECIDED, Evidence, interval
from hasten.measure.latency import race
from hasten.observe.child import ChildFailed

if TYPE_CHECKING:
    from hasten.search.models.candidates import Candidate
    from hasten.search.models.loop import Loop

NEAR = 1.25  # a gain whose interval begins below this is small
PAIRS, SURE_PAIRS, ROUNDS = 12, 5, 5


def confirm(loop: Loop, whole: Candidate) -> None:
    """Measure anew what was called faster by little; the new figure replaces the old one."""
    rows = loop.contract.wanted[1]
    line = whole.record.at(rows, 1)
    if line is None or line.speedup is None or line.speedup.decided != FASTER or line.speedup.low >= NEAR:
        return
    loop.session.progress.stage("confirm the small gain in fresh processes", SURE_PAIRS * loop.race_s(1))
    found = loop.session.once("confirm", (whole.steps, rows), lambda: _confirmed(loop, whole, rows))
    whole.timed(replace(line, speedup=found))


def _confirmed(loop: Loop, whole: Candidate, rows: int) -> Speedup:
    evidence = Evidence()
    seed, places = loop.session.seed, loop.inputs.batches[rows]
    while evidence.pairs < PAIRS and (evidence.pairs < SURE_PAIRS or loop.session.left_s > 0):
        loop.processes.drop(loop.original, whole)
        try:
            sides = [(loop.processes.of(c), places) for c in (loop.original, whole)]
            base, raced = race(
                sides[0], {"new": sides[1]}, loop.timed, rounds=ROUNDS, seed=seed + 1 + evidence.pairs,
                deadline_s=loop.processes.patience_s(), waited=loop.session.waited,
            )  # fmt: skip
        except ChildFailed as failure:
            loop.session.progress.note(f"confirming the gain: {failure.text}")
            break
        new = raced["new"]
        assert new.speedup is not None
        evidence = evidence.after(base.latency.p50, new.latency.p50, math.log(new.speedup.ratio))
        if evidence.pairs >= MIN_PAIRS and evidence.decided != UNDECIDED:
            break
    low, high = interval(evidence.logs, seed=seed)
    strength = evidence.e_not_faster if evidence.decided == NOT_FASTER else evidence.e_faster
    return Speedup(evidence.ratio, low, high, evidence.pairs, decided=evidence.decided, evidence=strength)
