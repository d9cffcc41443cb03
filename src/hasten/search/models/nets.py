"""The search over smaller nets: pruned, of lower rank, taught, trained again, then served in the ways that were best.

Cheap questions come first, and most recipes end at one of them: what shape the recipe leaves (seconds; shapes that were
seen are not tried again), how fast that shape is when it is served (before any training, on which speed does not
depend), what the trained net answers to a tenth of the validation data, then to all of it. Only then is it served and
judged like any other candidate. Whatever runs a recipe is a child process with a deadline.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from typing import TYPE_CHECKING

import numpy as np

from hasten.core.model import MEMORY, SIZE
from hasten.core.model_pass import ReducingPass, Step
from hasten.measure.latency import race
from hasten.observe.child import ChildFailed
from hasten.search.models.recipes import Proposer, Recipe, Space
from hasten.verify.answers import Answers, given
from hasten.verify.metric import compared

if TYPE_CHECKING:
    from hasten.search.models.loop import Candidate, Loop

WAYS = 3  # of serving that smaller nets are tried in
FASTER = 0.97  # of the best cost so far, which a shape has to come below before anybody trains it
TENTH_FROM = 1000  # validation rows, from which a tenth of them is asked first
USUAL_S = 600.0  # without a budget
MOST = 40  # recipes, at most
STALE = 12  # recipes without a gain: enough
RACED = 5  # of the smaller nets, that are timed in full at the end
QUICK_ROUNDS = 3


def search_nets(loop: Loop, reducing: Sequence[ReducingPass], exact: Sequence[Candidate]) -> list[Candidate]:
    """The smaller nets that the budget accepts, those that promise most timed beside the original."""
    search = NetSearch(loop, reducing, exact)
    search.run()
    return search.good


class NetSearch:
    def __init__(self, loop: Loop, reducing: Sequence[ReducingPass], exact: Sequence[Candidate]) -> None:
        self.loop = loop
        self.kind, self.rows = loop.contract.wanted
        self.ways = _ways(loop, exact, self.rows)
        self.space = Space(loop.work, reducing, self.ways)
        self.proposer = Proposer(self.space, loop.session.seed) if self.space.ladders and self.ways else None
        self.good: list[Candidate] = []
        self.costs: dict[int, float] = {}  # by candidate
        self.best = min((self._known(c) for c in exact if c.accepted), default=math.inf)
        self.seen: dict[str, tuple[float, float, float]] = {}  # recipes by text
        self.shapes: dict[tuple[str, str, str], str] = {}  # what is in a reduced net, how it trains and is served
        self.shape_costs: dict[tuple[str, str], float] = {}
        self.took: list[float] = []
        self.stop = time.monotonic() + USUAL_S

    def run(self) -> None:
        """Recipes until there are no more, none gains, or the time that is left is needed to finish."""
        if self.proposer is None:
            return
        loop, stale = self.loop, 0
        loop.reserve_s = self._finish_s()
        try:
            for _ in range(MOST):
                if stale >= STALE or not self._time_for_one():
                    break
                recipe = self.proposer.next()
                if recipe is None:
                    break
                start, before = time.monotonic(), self.best
                key = recipe.key()
                if key not in self.seen:
                    self.seen[key] = self._tried(recipe)
                    self.took.append(time.monotonic() - start)
                self.proposer.told(*self.seen[key])
                stale = 0 if self.best < before else stale + 1
        finally:
            loop.reserve_s = 0.0
        self._race()

    def _time_for_one(self) -> bool:
        left = self.loop.left_s
        if math.isinf(left):
            return time.monotonic() < self.stop
        return left > max(5.0, 0.5 * float(np.mean(self.took[-5:]))) if self.took else left > 10

    def _finish_s(self) -> float:
        """Seconds that are needed after the search: to time the best, to certify, to measure what is kept."""
        loop = self.loop
        if math.isinf(loop.session.left_s):
            return 0.0
        asking = 4.0 + 3.0 * loop.asked_s
        return min(0.5 * loop.session.left_s, loop._race_s(RACED) + loop._race_s(1) + 2 * asking)

    # --- one recipe ------------------------------------------------------------------------------------------------

    def _tried(self, recipe: Recipe) -> tuple[float, float, float]:
        """Cost, how much worse it answers, and by how much that is over the budget."""
        nothing = (math.nan, math.nan, 1.0)
        loop = self.loop
        loop.session.progress.stage(f"reduce: {', then '.join(s.title for s in recipe.reductions)}", 10.0)
        made = loop.made_by(recipe.untrained)
        if made is None:
            self._note_failed(recipe, recipe.untrained)
            return nothing
        training = repr([s.parameters.get("epochs", 0) for s in recipe.reductions])
        same = (made.digest, training, recipe.way.code + repr(recipe.way.parameters))
        if same in self.shapes:  # another setting that rounds to the same net
            return self.seen.get(self.shapes[same], nothing)
        self.shapes[same] = recipe.key()
        trains = recipe.untrained != recipe.reductions
        if trains:
            cost = self._shape_cost(recipe, made.shape)
            if math.isnan(cost):
                return nothing
            if cost > FASTER * self.best:
                self._note(recipe, f"no smaller nor faster than what is there already ({cost / self.best:.2f} of it)")
                return (cost, 1.0, 1.0)
        if not self._good_on_a_tenth(recipe) or not loop.good_enough(recipe.reductions):
            worse = loop.last_quality
            drop = 1.0 if worse is None else worse.old - worse.new
            over = 1.0 if worse is None else max(1e-9, -worse.low - worse.allowed)
            return (cost if trains else 1.0, drop, over)
        return self._served(recipe)

    def _served(self, recipe: Recipe) -> tuple[float, float, float]:
        candidate = self.loop.reduced(recipe.reductions, recipe.way)
        made = self.loop.made_by(recipe.reductions)
        if made is not None:
            candidate.note(told=made.told)
        quality = candidate.record.quality
        drop = 0.0 if quality is None else quality.old - quality.new
        over = 1.0 if not candidate.accepted else 0.0
        if quality is not None:
            over = max(over * 1e-9, -quality.low - quality.allowed)
        if not candidate.accepted:
            return (1.0, drop, over)
        cost = self._cost(candidate)
        if math.isfinite(cost):
            self.good.append(candidate)
            self.costs[id(candidate)] = cost
            self.best = min(self.best, cost)
        return (cost, drop, over)

    def _shape_cost(self, recipe: Recipe, shape: str) -> float:
        """What the net costs once it has its shape, before it learns anything. NaN where it cannot be served."""
        key = (shape, recipe.way.code + repr(recipe.way.parameters))
        if key not in self.shape_costs:
            candidate = self.loop.unjudged(recipe.untrained, recipe.way)
            self.shape_costs[key] = self._cost(candidate) if candidate.folder is not None else math.nan
            if candidate.folder is None:
                self._note(recipe, candidate.record.reason, failed=True)
            else:
                self.loop.forget(candidate)
        return self.shape_costs[key]

    def _cost(self, candidate: Candidate) -> float:
        """Its size or memory, or its time by the original's at the number of rows that counts: one quick race."""
        if self.kind == SIZE:
            return candidate.record.size_mb
        if self.kind == MEMORY:
            return candidate.record.memory_mb
        loop = self.loop
        with loop.loaded([loop.original, candidate], 1) as children:
            if len(children) < 2:
                return math.nan
            places = loop.inputs.batches[self.rows]
            try:
                _, raced = race(
                    (children[id(loop.original)], places), {"": (children[id(candidate)], places)},
                    loop.work.methods[0], rounds=QUICK_ROUNDS, block_s=0.02, seed=loop.session.seed,
                )  # fmt: skip
            except ChildFailed:
                return math.nan
        found = raced[""].speedup
        return math.nan if found is None else 1 / found.ratio

    def _known(self, candidate: Candidate) -> float:
        """The cost of one that was raced already."""
        if self.kind == SIZE:
            return candidate.record.size_mb
        if self.kind == MEMORY:
            return candidate.record.memory_mb
        line = candidate.record.at(self.rows, 1)
        return math.inf if line is None or line.speedup is None else 1 / line.speedup.ratio

    def _good_on_a_tenth(self, recipe: Recipe) -> bool:
        """Whether a tenth of the validation data leaves it possible that the budget accepts it."""
        loop = self.loop
        y, n = loop.work.valid.y, len(loop.work.valid)
        if loop.measure is None or y is None or n < TENTH_FROM:
            return True
        places = np.sort(np.random.default_rng(loop.session.seed).permutation(n)[: n // 10])
        answers = loop.asked_after(recipe.reductions, places)
        if answers is None:
            return True  # what stands in the way shows when all of it is asked
        old: Answers = {m: a[places] for m, a in given(loop.judge.answers).items()}
        allowed = loop.contract.max_drop
        if allowed is None:
            return True
        new = loop.judge.read(answers)
        quality = compared(loop.measure, np.asarray(y)[places], given(old), given(new), allowed, seed=loop.session.seed)
        loop.last_quality = quality
        if quality.high >= -quality.allowed:
            return True
        self._note(recipe, f"a tenth of the data: {quality.metric} {quality.old:.4g} to {quality.new:.4g}")
        return False

    # --- records and the end -----------------------------------------------------------------------------------------

    def _note(self, recipe: Recipe, reason: str, *, failed: bool = False) -> None:
        self.loop.add((*recipe.reductions, recipe.way), "failed" if failed else "rejected", reason)

    def _note_failed(self, recipe: Recipe, steps: tuple[Step, ...]) -> None:
        self._note(recipe, self.loop.why_not(steps), failed=True)

    def _race(self) -> None:
        """Time the best beside the original at every number of rows and threads; what is not timed is not kept."""
        loop = self.loop
        ordered = sorted(self.good, key=lambda c: self.costs[id(c)])
        chosen = ordered[:RACED]
        if chosen:
            loop.session.progress.stage(f"race {len(chosen)} smaller nets", loop._race_s(len(chosen)))
            loop.race(chosen)
        for c in ordered[RACED:]:
            c.note(reason=f"{c.record.reason}; {RACED} others were faster")


def _ways(loop: Loop, exact: Sequence[Candidate], rows: int) -> list[Step]:
    """How smaller nets are served: as the whole one was served best, and in whole numbers where only its quality
    stood against that."""
    timed = [c for c in exact if c.accepted and (rows, 1, "rows") in c.latencies]
    by_time = sorted(timed, key=lambda c: c.latencies[rows, 1, "rows"])
    if loop.contract.wanted[0] == SIZE:
        by_time = sorted(timed, key=lambda c: c.record.size_mb)
    missed = [
        c for c in loop.candidates
        if len(c.steps) == 1 and c.record.verdict == "rejected" and c.record.quality is not None
    ]  # fmt: skip
    missed.sort(key=lambda c: -c.record.quality.low if c.record.quality is not None else 0.0)
    found: list[Step] = []
    for c in (*by_time[: WAYS - bool(missed)], *missed[:1], *by_time):
        if c.steps[-1] not in found and len(found) < WAYS:
            found.append(c.steps[-1])
    return found


