"""The search over smaller nets: pruned, of lower rank, taught, trained again, then served in the ways that were best.

Cheap questions come first, and most recipes end at one of them: which net the recipe leaves before anything is trained
(seconds; nets that were seen are not tried again), how fast that is when it is served (speed does not depend on
training), what the trained net answers to a tenth of the validation data, then to all of it. Only then is it built and
judged like any other candidate. Whatever runs a recipe is a child process with a deadline; a training that was cut
short goes on from its last epoch.
"""

from __future__ import annotations

import hashlib
import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten.core.model import MEMORY, SIZE
from hasten.core.model_pass import Parameters, ReducingPass, ServingPass, Step
from hasten.measure.latency import race
from hasten.observe.child import ChildFailed
from hasten.passes.model.registry import missing, storing_passes
from hasten.passes.model.texts.behind import inside
from hasten.search.models.candidates import Candidate
from hasten.search.models.control import reserved_s
from hasten.search.models.files import file_of
from hasten.search.models.processes import reason
from hasten.search.models.promise import by_speed, fastest
from hasten.search.models.recipes import Outcome, Proposer, Recipe, Space
from hasten.search.models.reduce import NO_GAIN, RACED, REDUCE_S, Reductions, likely_certified
from hasten.search.models.titles import titled
from hasten.serve.stored import INT8

if TYPE_CHECKING:
    from hasten.search.models.loop import Loop

WAYS = 3  # of serving that smaller nets are tried in
TENTH_FROM = 1000  # validation rows, from which a tenth of them is asked first
USUAL_S = 600.0  # without a budget
MOST = 40  # recipes, at most
STALE = 12  # recipes without a gain: enough
ROUNDS, BLOCK_S = 5, 0.015  # of a quick race
LEAST_S = 10.0  # below which no recipe is begun
STORING_S, STORED_S = 20.0, 5.0  # that the search leaves for it, and that one way to store takes at least
TRAINED = 0.8  # of the deadline of what trains, at most
STORED = 2  # of the best candidates, whose weights are stored in fewer bits too


def search_nets(
    loop: Loop, serving: Sequence[ServingPass], reducing: Sequence[ReducingPass], exact: Sequence[Candidate]
) -> list[Candidate]:
    """The smaller nets that the budget accepts, those that promise most timed beside the original."""
    return NetSearch(loop, serving, exact).made(reducing)


class NetSearch(Reductions):
    def __init__(self, loop: Loop, serving: Sequence[ServingPass], exact: Sequence[Candidate]) -> None:
        super().__init__(loop, serving, exact)
        self.inside = inside(loop.work)  # what passes look at: behind a tokeniser, if there is one
        self.good: list[Candidate] = []
        self.kind, self.rows = loop.contract.wanted
        self.best = min((self._wanted(c) for c in exact), default=math.inf)
        self.seen: dict[str, Outcome] = {}  # recipes by their text
        self.nets: dict[tuple[str, ...], str] = {}  # what a recipe leaves, how it trains and is served: its text
        self.shapes: dict[tuple[str, str], float | str] = {}  # what that costs, or why it is no use
        self.took: list[float] = []
        self._whole: str | None = None
        self.stop = loop.session.clock() + USUAL_S
        self.reserve_s = self._finish_s()
        self.storing_s = 0.0 if math.isinf(loop.session.left_s) else min(STORING_S, 0.1 * loop.session.left_s)

    def made(self, reducing: Sequence[ReducingPass]) -> list[Candidate]:
        """Recipes until there are no more, none gains, or the time that is left is needed to finish."""
        loop, stale = self.loop, 0
        if self.kind != SIZE:  # what gains nothing else is not looked at
            reducing = [p for p in reducing if not getattr(p, "for_size", False)]
        space = Space(self.inside, reducing, _ways(loop, self.exact, self.rows))
        proposer = Proposer(space, loop.session.seed) if space.ladders and space.ways else None
        self._in_few_bits(self.exact)  # seconds, and no training
        stored = len(self.good)
        for _ in range(MOST):
            recipe = proposer.next() if proposer and stale < STALE and self._time_for_one() else None
            if proposer is None or recipe is None:
                break
            start, before = loop.session.clock(), self.best
            key = recipe.key()
            if key not in self.seen:
                self.seen[key], took = self._tried_once(recipe)
                self.took.append(took or loop.session.clock() - start)
            proposer.told(self.seen[key])
            stale = 0 if self.best < before else stale + 1
        self.storing_s = 0.0
        self._in_few_bits(self.good[stored:])
        self._race(self.good)
        return self.good

    # --- time --------------------------------------------------------------------------------------------------------

    @property
    def _left_s(self) -> float:
        """Seconds for recipes."""
        loop = self.loop
        if math.isinf(loop.session.left_s):
            return max(0.0, self.stop - loop.session.clock())
        return max(0.0, loop.session.left_s - self.reserve_s - self.storing_s)

    @property
    def _deadline_s(self) -> float:
        return min(REDUCE_S, max(LEAST_S, 0.7 * self._left_s))

    def _epoch_s(self) -> float:
        """Less than training on all rows once takes: they are asked of the original for it, as it answers here."""
        train, sizes = self.loop.work.train, self.loop.original.latencies
        by_row = [s / rows for (rows, threads, _), s in sizes.items() if threads == 1]
        return 0.0 if train is None or not by_row else min(by_row) * len(train)

    def _time_for_one(self) -> bool:
        usual = float(np.mean(self.took[-5:])) if self.took else 0.0
        return self._left_s > max(LEAST_S, 0.5 * usual)

    def _finish_s(self) -> float:
        """Seconds that are needed after the search: to time the best, to certify, to measure what is kept."""
        loop = self.loop
        if math.isinf(loop.session.left_s):
            return 0.0
        needed = loop.race_s(RACED) + loop.finish_s()
        return min(0.5 * loop.session.left_s, needed + reserved_s(loop))

    # --- one recipe --------------------------------------------------------------------------------------------------

    def _tried_once(self, recipe: Recipe) -> tuple[Outcome, float]:
        """What comes of a recipe, and in how many seconds; what came of it before hasten was killed is as it was."""
        loop, session = self.loop, self.loop.session
        known = session.known("recipe", recipe.key())
        first, start = len(loop.candidates), session.clock()
        if known is None:
            nets, shapes = dict(self.nets), dict(self.shapes)
            outcome = self._tried(recipe)
            made, took = loop.candidates[first:], session.clock() - start
            new = (
                {k: v for k, v in self.nets.items() if k not in nets},
                {k: v for k, v in self.shapes.items() if k not in shapes},
            )
            states = [(c.steps, loop.state_of(c), any(c is g for g in self.good)) for c in made]
            files = [c.folder for c in made if c.accepted and c.folder is not None]
            session.noted("recipe", recipe.key(), (outcome, took, *new, states), files)
            return outcome, took
        outcome, took, nets, shapes, states = known
        self.nets |= nets
        self.shapes |= shapes
        for steps, state, good in states:
            candidate = Candidate(steps)
            loop.restore(candidate, state)
            loop.candidates.append(candidate)
            if good:
                self.good.append(candidate)
                self.best = min(self.best, self._wanted(candidate))
        return outcome, took

    def _tried(self, recipe: Recipe) -> Outcome:
        """What comes of a recipe, by the cheapest question that tells."""
        loop = self.loop
        if recipe.trains and self._epoch_s() > TRAINED * self._deadline_s:
            self._note(recipe, "inconclusive", f"an epoch takes more than {self._epoch_s():.0f} s, and the budget ends")
            return Outcome()
        loop.session.progress.stage(f"reduce: {', then '.join(s.title for s in recipe.reductions)}", 10.0)
        try:
            net = self._asked("net_after", recipe.untrained)
        except ChildFailed as failure:
            self._note(recipe, "failed", reason(failure))
            return Outcome()
        way = recipe.way.code + repr(recipe.way.parameters)
        training = repr([_training(s) for s in recipe.reductions])
        same = (net["weights"], training, way)
        if same in self.nets:  # other settings that round to the same net
            return self.seen.get(self.nets[same], Outcome())
        self.nets[same] = recipe.key()
        # how large it is on disk depends on its weights, how fast it is does not
        cost = self._shape_cost(recipe, net["weights" if self.kind == SIZE else "shape"], way)
        if isinstance(cost, str):
            self._note(recipe, "rejected", cost)
            return Outcome()
        if recipe.trains:
            told = self._trained_badly(recipe)
            if told is not None:
                return Outcome(cost, told.drop, told.over)
        return self._served_by(recipe, cost)

    def _asked(self, function: str, steps: tuple[Step, ...], *args: Any) -> Any:
        """What a function of `building.py` answers about the workload after these steps. Trainings in it end before its
        deadline; one that was cut short all the same is gone on with, once. Raises `ChildFailed`."""
        loop = self.loop
        name = hashlib.sha256(repr(steps).encode()).hexdigest()[:16]
        checkpoint = loop.scratch / f"training-{name}.pt"
        for attempt in (1, 2):
            deadline = self._deadline_s
            given = (TRAINED * deadline, str(checkpoint), function, str(loop.written), steps, *args)
            try:
                return loop.processes.build("within", *given, deadline_s=deadline)
            except ChildFailed as failure:
                if attempt == 2 or failure.kind == "raised" or not checkpoint.is_file() or self._left_s < LEAST_S:
                    raise
        raise AssertionError

    def _file_after(self, steps: tuple[Step, ...]) -> Path | str:
        """The file of the workload after these reductions, made once; or why there is none."""
        key = repr(steps)
        if key not in self._written:
            file = file_of(self.loop, steps)
            self._written[key] = self._made_once(steps, file)
        return self._written[key]

    def _write(self, steps: tuple[Step, ...], file: Path) -> str:
        try:
            self._asked("reduce_net", steps, str(file))
        except ChildFailed as failure:
            return reason(failure)
        return ""

    def _shape_cost(self, recipe: Recipe, shape: str, way: str) -> float | str:
        """What a net of this shape costs before it learns anything; or why nobody needs to train it."""
        key = (shape, way)
        if key not in self.shapes and shape == self._whole_shape() and self._is_known(recipe.way):
            self.shapes[key] = "no faster: it has the shape of the whole net, which is served so already"
        if key not in self.shapes:
            candidate = Candidate((*recipe.untrained, recipe.way))
            candidate.note()
            self.shapes[key] = self._looked(candidate)
            self._forget(candidate)
        return self.shapes[key]

    def _whole_shape(self) -> str:
        """The shape of the net before any reduction; empty where nobody can tell."""
        if self._whole is None:
            try:
                self._whole = str(self._asked("net_after", ())["shape"])
            except ChildFailed:
                self._whole = ""
        return self._whole

    def _is_known(self, way: Step) -> bool:
        """Whether the whole net is accepted when it is served in this way."""
        return any(c.steps == (way,) for c in self.exact)

    def _looked(self, candidate: Candidate) -> float | str:
        """The cost of a net that is built and looked at, and judged by nobody."""
        loop = self.loop
        written = self._file_after(candidate.steps[:-1])
        if not isinstance(written, Path):
            return written
        loop.session.progress.stage(f"build {candidate.record.title}", 3.0)
        if not loop.build(candidate, written):
            return candidate.record.reason
        try:
            child = loop.processes.of(candidate)
            candidate.note(memory_mb=child.peak_mb)
            told = self._timed(candidate) if by_speed(loop.contract) else None
        except ChildFailed as failure:
            return failure.text[:300]
        cost = self._wanted(candidate)
        if not by_speed(loop.contract) and cost > NO_GAIN * self.best:
            return f"{cost:.3g} MB, and {self.best:.3g} are there already"
        return told or cost

    def _timed(self, candidate: Candidate) -> str | None:
        """Time it beside the original and what is fastest at each number of rows, in turns; why it is no use, if it is
        slower at all of them. Raises `ChildFailed`."""
        loop = self.loop
        good = [c for c in loop.candidates if c.accepted and c.latencies]
        told, gains = "", False
        for rows in sorted({*loop.contract.batches, self.rows}, key=lambda n: n != self.rows):
            size, places = (rows, 1, "rows"), loop.inputs.batches[rows]
            timed = [c for c in good if size in c.latencies]
            best = min(timed, key=lambda c: c.latencies[size]) if timed else loop.original
            sides = {"new": (loop.processes.of(candidate), places), "best": (loop.processes.of(best), places)}
            original = loop.processes.of(loop.original), places
            base, raced = race(
                original, sides, loop.timed, rounds=ROUNDS, block_s=BLOCK_S, seed=loop.session.seed,
                waited=loop.session.waited, within_s=max(1.0, 0.1 * self._left_s), clock=loop.session.clock,
            )  # fmt: skip
            new, old = (raced[side].latency.p50 / base.latency.p50 for side in ("new", "best"))
            candidate.latencies[size] = new * loop.original.latencies.get(size, base.latency.p50)
            gains = gains or new < NO_GAIN * old
            told = told or f"no faster: {new / old:.2f} of the time of {best.record.title} at {rows} rows"
        return None if gains else told

    def _trained_badly(self, recipe: Recipe) -> Outcome | None:
        """What the trained net's answers say against it; None: nothing."""
        loop = self.loop
        n, places = len(loop.work.valid), None
        try:
            if loop.measure is not None and loop.work.valid.y is not None and n >= TENTH_FROM:
                places = np.sort(np.random.default_rng(loop.session.seed).permutation(n)[: n // 10])
                answers = self._asked("reduced_answers", recipe.reductions, places)
                verdict = loop.judge.on_some(answers, places)
                quality = verdict.quality
                if quality is not None and quality.high < -quality.allowed:
                    self._note(recipe, "rejected", f"on a tenth of the data: {verdict.reason}", quality=quality)
                    return Outcome.of(quality)
            verdict = self._likely(self._asked("reduced_answers", recipe.reductions))
        except ChildFailed as failure:
            self._note(recipe, "failed", reason(failure))
            return Outcome()
        if verdict.verdict == "accepted":
            return None
        shown = {"quality": verdict.quality, "agreement": verdict.agreement, **self._told(recipe)}
        self._note(recipe, "rejected", verdict.reason, **shown)
        return Outcome.of(verdict.quality)

    def _served_by(self, recipe: Recipe, cost: float) -> Outcome:
        """The recipe as a candidate, judged like any other."""
        loop = self.loop
        written = self._file_after(recipe.reductions)
        candidate = self._note(recipe, "failed", written if isinstance(written, str) else "")
        if not isinstance(written, Path):
            return Outcome()
        loop.session.progress.stage(f"build {candidate.record.title}", 3.0)
        if loop.build(candidate, written):
            loop.judge_one(candidate, screen=False)
        candidate.note(**self._told(recipe))
        outcome = Outcome.of(candidate.record.quality)
        if not candidate.accepted:
            return Outcome(cost, outcome.drop, max(outcome.over, 1e-9))
        self.good.append(candidate)
        if by_speed(loop.contract):
            # the look of the judge is a few calls; the shape was raced
            size = (self.rows, 1, "rows")
            candidate.latencies[size] = cost * loop.original.latencies.get(size, candidate.latencies[size])
        cost = self._wanted(candidate)
        self.best = min(self.best, cost)
        self._let_go()
        return Outcome(cost, outcome.drop, outcome.over)

    def _told(self, recipe: Recipe) -> dict[str, Any]:
        """How the net was made, in the words of the passes, and how it learned."""
        try:
            made = self._asked("net_after", recipe.reductions)
        except ChildFailed:
            return {}
        return {
            "told": tuple(made["told"]), "curves": tuple(made["curves"]), "multiply_adds": made["multiply_adds"]
        }  # fmt: skip

    def _let_go(self) -> None:
        """End the processes of smaller nets that others have overtaken: each holds its libraries in memory."""
        ordered = sorted(self.good, key=self._wanted)
        held = {id(c) for c in ordered[:RACED]} | {id(c) for _, c in fastest(self.good).values()}
        self.loop.processes.drop(*(c for c in self.good if id(c) not in held))

    def _wanted(self, c: Candidate) -> float:
        """Its size or memory, or its time by the original's, at the number of rows that counts."""
        if self.kind in (SIZE, MEMORY):
            return c.record.size_mb if self.kind == SIZE else c.record.memory_mb
        size = (self.rows, 1, "rows")
        if size not in c.latencies or size not in self.loop.original.latencies:
            return math.inf
        return c.latencies[size] / self.loop.original.latencies[size]

    # --- size on disk ------------------------------------------------------------------------------------------------

    def _in_few_bits(self, candidates: Sequence[Candidate]) -> None:
        """What serves best of these once more, its weights stored in fewer bits: in as few as the budget allows."""
        for found in storing_passes():
            ways: dict[str, list[Parameters]] = {}
            for p in () if missing(found) else found.parameters(self.inside):
                ways.setdefault(p["way"], []).append(p)
            served = [c for c in candidates if c.accepted and _way(c) in ways]
            for c in sorted(served, key=self._wanted)[:STORED]:
                for p in ways[_way(c)]:
                    p = {**c.steps[-1].parameters, **p}
                    way = Step(found.code, titled(found.name, p), p)
                    if way == c.steps[-1] or self._left_s < max(STORED_S, 2 * self.loop.ask_s) or self._stored(c, way):
                        break

    def _stored(self, c: Candidate, way: Step) -> bool:
        """Whether the budget most likely accepts `c` with its weights stored in this way."""
        loop = self.loop
        written = self._file_after(c.steps[:-1]) if len(c.steps) > 1 else loop.written
        if not isinstance(written, Path):
            return False
        candidate = Candidate((*c.steps[:-1], way))
        candidate.note(told=c.record.told, curves=c.record.curves, multiply_adds=c.record.multiply_adds)
        loop.candidates.append(candidate)
        loop.session.progress.stage(f"build {candidate.record.title}", 3.0)
        if not loop.restored(candidate) and loop.build(candidate, written):
            loop.judge_one(candidate, screen=False)
        rows = None if loop.work.test is None else len(loop.work.test)
        quality = candidate.record.quality
        if candidate.accepted and quality and not likely_certified(quality, rows, loop.contract.confidence):
            candidate.note(verdict="rejected", reason=f"{candidate.record.reason}: other rows may well say no")
            loop.processes.drop(candidate)
        if candidate.accepted:
            self.good.append(candidate)
        loop.note()
        return candidate.accepted

    # --- records -----------------------------------------------------------------------------------------------------

    def _note(self, recipe: Recipe, verdict: str, reason: str, **more: Any) -> Candidate:
        candidate = Candidate((*recipe.reductions, recipe.way))
        candidate.note(verdict=verdict, reason=reason, **more)
        self.loop.candidates.append(candidate)
        self.loop.note()
        return candidate

    def _forget(self, candidate: Candidate) -> None:
        self.loop.processes.drop(candidate)
        if candidate.folder is not None:
            shutil.rmtree(candidate.folder, ignore_errors=True)


def _way(c: Candidate) -> str:
    """The pass that serves it, whatever its weights are stored in."""
    last = c.steps[-1]
    return str(last.parameters.get("way", last.code))


def _training(step: Step) -> dict[str, Any]:
    """How a step trains, without what it takes away: nets that are the same are trained alike."""
    return {k: v for k, v in step.parameters.items() if k not in ("share", "by")}


def _ways(loop: Loop, exact: Sequence[Candidate], rows: int) -> list[Step]:
    """How smaller nets are served: as the whole one was served best, and in whole numbers where only its quality
    stood against that."""
    timed = [c for c in exact if (rows, 1, "rows") in c.latencies]
    if loop.contract.wanted[0] == SIZE:
        timed.sort(key=lambda c: c.record.size_mb)
        small = [p for p in storing_passes() if not missing(p)]
        steps = [
            Step(p.code, titled(p.name, x), x)
            for p in small for x in p.parameters(inside(loop.work)) if x["stored"] == INT8
        ]  # fmt: skip
        return [*steps[:1], *(c.steps[-1] for c in timed[: WAYS - len(steps[:1])])]
    else:
        timed.sort(key=lambda c: c.latencies[rows, 1, "rows"])
    missed = [
        c for c in loop.candidates
        if len(c.steps) == 1 and c.record.verdict == "rejected" and c.record.quality is not None
    ]  # fmt: skip
    missed.sort(key=lambda c: -c.record.quality.low if c.record.quality is not None else 0.0)
    found: list[Step] = []
    for c in (*timed[: WAYS - bool(missed)], *missed[:1], *timed):
        if c.steps[-1] not in found and len(found) < WAYS:
            found.append(c.steps[-1])
    return found
