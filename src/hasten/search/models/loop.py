"""The loop over a trained model: ask the original, build candidates, verify, race, reduce within the budget, keep.

Every candidate is built in one process and judged in another, each under a deadline (`processes.py`); while one is
judged, the next is built. What cannot come first is left out early (`promise.py`). What is kept may be several parts,
each for the numbers of rows at which it is the fastest; before it counts it is asked everything again as a whole, and
certified on data that the search never saw (`keeping.py`).
"""

from __future__ import annotations

import itertools
import math
import pickle
import shutil
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hasten.core.model import ModelContract, ModelWorkload
from hasten.core.model_pass import ReducingPass, ServingPass, Step
from hasten.core.model_record import CandidateRecord, LatencyRecord, ModelRunRecord
from hasten.core.recipe import Risk
from hasten.errors import TargetError
from hasten.measure.latency import BLOCK_S, LEAST_ROUNDS, ROUNDS, Latency, race
from hasten.observe.child import Child, ChildFailed
from hasten.observe.machine import usable_cores
from hasten.observe.session import Session
from hasten.passes.model.registry import missing
from hasten.passes.model.texts.behind import inside
from hasten.search.models.affordable import rows_within_budget
from hasten.search.models.candidates import Candidate, Size, proposed
from hasten.search.models.inputs import Asked, inputs_of
from hasten.search.models.judge import Judge
from hasten.search.models.keeping import keep, mark_front, size_mb
from hasten.search.models.nets import search_nets
from hasten.search.models.processes import ASK_S, Processes, reason
from hasten.search.models.promise import FAR, behind, by_speed, is_known_by_another, out_of_reach
from hasten.search.models.reduce import reduce_within
from hasten.search.models.screens import Screens
from hasten.search.models.titles import titled
from hasten.serve.manifest import InputSchema
from hasten.serve.net import Net, TextNet, is_net
from hasten.serve.packages import to_install
from hasten.verify.answers import Answers, Refusal
from hasten.verify.metric import metric
from hasten.verify.schema import schema_of
from hasten.verify.varied_tensors import SHORTER

BUILD_S = 180.0  # longest time for building one candidate
LEAST_ASK_S, TIMES_ASKED = 15.0, 4.0  # a question may take so long, or so many times what all of the original's took
LOOK_S = 0.004  # of calls at each size, before anything is asked
USUAL_BUILD_S = 25.0  # most builds take less; a longer one gets half of what is left
LEAST_BUILD_S = 5.0  # which there must be for building and judging one more candidate
CLEARLY = 0.9  # of the time of what is kept
KNOWN = 0.8  # of the longest build of a pass is what its next one takes at least
LOOKS = 12  # of the last ones, by which it is known how long a question waits for its answer


@dataclass
class ModelOutcome:
    """What a run over a model found; complete at any moment. `artifact` is the folder of what was kept, if any."""

    record: ModelRunRecord
    artifact: Path | None = None


def optimise_model(
    session: Session, work: ModelWorkload, contract: ModelContract, serving: Sequence[ServingPass],
    reducing: Sequence[ReducingPass] = (),
) -> ModelOutcome:  # fmt: skip
    """Run the whole loop. Raises `TargetError` when the model does not answer on its own data."""
    model = work.model.module if isinstance(work.model, (Net, TextNet)) else work.model
    name = f"{type(model).__module__}.{type(model).__qualname__}"
    parts = (("valid", work.valid), ("test", work.test), ("train", work.train))
    record = ModelRunRecord(
        work.name, name, work.task, contract, status="interrupted", methods=work.methods, seed=session.seed,
        budget_s=session.budget_s, notes=work.notes,
        started=session.once("started", (), lambda: datetime.now(UTC).isoformat(timespec="seconds")),
        rows={k: len(v) for k, v in parts if v is not None},
    )  # fmt: skip
    out = ModelOutcome(record)
    try:
        with Loop(session, work, contract, out, name) as loop:
            loop.run(serving, reducing)
        out.record = replace(out.record, status="finished")
    except KeyboardInterrupt:
        session.progress.note("interrupted: what was verified and measured so far is kept")
    out.record = replace(out.record, own_s=session.elapsed_s)
    return out


class Loop:
    """One run: what every step of it needs, and the steps."""

    def __init__(
        self, session: Session, work: ModelWorkload, contract: ModelContract, out: ModelOutcome, name: str
    ) -> None:
        self.session, self.work, self.contract, self.out, self.name = session, work, contract, out, name
        self.scratch = session.store / "model"  # what is built here may be gone on with
        self.scratch.mkdir(exist_ok=True)
        self.measure = None
        if work.metric is not None and work.valid.y is not None:
            self.measure = metric(work.metric, work.task, getattr(work.model, "classes_", None))
        self.answers: Answers = {}
        self.tested: Answers | None = None  # the original's answers to the rows that certify, once asked
        self.varied: dict[str, Answers] = {}
        self.processes = Processes(self._inputs(), work.methods, session.clock)
        self._waits: deque[float] = deque(maxlen=LOOKS)  # of questions, beside what they compute, s
        self.built_s: dict[str, float] = {}  # the longest build of each pass
        self.pool = ThreadPoolExecutor(1)  # waits for what is built while something else is asked
        self.candidates: list[Candidate] = []
        self._numbers = itertools.count(1)
        self.schema = InputSchema("array")
        self.screens: Screens | None = None
        self.threads = sorted({1, *(contract.threads or (usable_cores(),))})
        # what is timed: the method that costs most, where there is a choice
        self.timed = _timed(work.methods)

    def _inputs(self) -> Path:
        """The file of all inputs that are asked."""
        texts = isinstance(self.work.model, TextNet)
        self.inputs: Asked = inputs_of(
            self.work.valid.x, self.contract.batches, self.session.seed, same=self.contract.same, net_of_texts=texts,
            model=self.work.model,
        )  # fmt: skip
        file = self.scratch / "inputs.pkl"
        file.write_bytes(pickle.dumps(self.inputs.all, protocol=5))
        return file

    def __enter__(self) -> Loop:
        return self

    def __exit__(self, *error: object) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.processes.close()  # ends what is being built

    # --- the steps ---------------------------------------------------------------------------------------------------

    def run(self, serving: Sequence[ServingPass], reducing: Sequence[ReducingPass]) -> None:
        """Every step, in order."""
        progress = self.session.progress
        progress.stage("ask the original")
        self.original = self._original()
        self.note(original=self.original.record, varied=len(self.inputs.varied))
        self._judged_as_built(serving)
        if not any(c.accepted for c in self.candidates) and self._with_fixed_steps():
            self._judged_as_built(serving)
        exact = [c for c in self.candidates if c.accepted and self._promising(c)]
        progress.stage(f"race {len(exact)} candidates", self.race_s(len(exact)))
        self.race(exact, leave_s=self.finish_s())
        if not self.contract.same:
            (search_nets if is_net(self.work.model) else reduce_within)(self, serving, reducing, exact)
        good = [c for c in self.candidates if c.accepted and c.latencies]
        mark_front(good, self.contract)
        keep(self, good)
        self._told_of_few_rows()

    def _judged_as_built(self, serving: Sequence[ServingPass]) -> None:
        self.screens = Screens(self)
        if self.screens.pay:
            self.screens.judged(self._built(serving))
            return
        for candidate in self._built(serving):
            self.session.progress.stage(f"judge {candidate.record.title}", self.ask_s)
            self.judge_one(candidate)

    def _with_fixed_steps(self) -> bool:
        """Whether the number of steps was free and is fixed from now on: no graph of the net answers other numbers (its
        module loops over them in Python), and an artifact that refuses these is better than none."""
        if self.schema.form != "tensors" or not any((self.work.free or {}).values()) or self.session.left_s < 60:
            return False
        told = "the net is served for inputs of the validation data's length only: no graph of it answers others"
        refused = Refusal("ValueError", told)
        self.varied = {**self.varied, SHORTER: dict.fromkeys(self.work.methods, refused)}
        self.schema = schema_of(self.work.valid, self.varied)
        self.work = self.inside = replace(self.work, free={})
        self.written = self._dumped("workload-fixed.pkl")
        self.judge = self._judge()
        self.note(notes=(*self.out.record.notes, told))
        return True

    def _judge(self) -> Judge:
        """Of what the original answered."""
        return Judge(self.contract, self.work, self.measure, self.answers, self.varied, self.session.seed, self.rows)

    def _told_of_few_rows(self) -> None:
        """A note where faster candidates were left out by rows that are too few, and by nothing else."""
        kept = [s for c in self.candidates if c.record.kept for s in c.latencies.items()]
        best = {size: min(t for s, t in kept if s == size) for size, _ in kept}
        lost = [
            (more, c) for c in self.candidates
            if not c.accepted and c.record.quality is not None and (more := c.record.quality.rows_to_tell) is not None
            and any(c.latencies[s] < CLEARLY * best.get(s, math.inf) for s in c.latencies)
        ]  # fmt: skip
        if not lost:
            return
        more, c = min(lost, key=lambda each: each[0])
        assert c.record.quality is not None
        told = (
            f"{len(lost)} faster candidates may be within the budget, but {c.record.quality.rows:,} rows are too few "
            f"to show it: {c.record.title} would need about {more:,}. Give more rows to validate, and to certify"
        )
        self.note(notes=(*self.out.record.notes, told))

    def _original(self) -> Candidate:
        """Ask the model as its user would: everything else is compared with that."""
        from hasten.passes.model.serving.original import AsItIs
        from hasten.serve.backends.original import FILE, save

        save(self.work.model, self.scratch)
        candidate = Candidate((Step(AsItIs.code, AsItIs.name),), pickle=self.scratch / FILE)
        fewer = rows_within_budget(self, candidate)
        if fewer is not None:
            self.work = fewer
            self.processes.drop(candidate)  # which holds the inputs there were
            self._inputs()
            rows = {k: len(v) for k, v in (("valid", fewer.valid), ("test", fewer.test)) if v is not None}
            self.note(notes=fewer.notes, rows={**self.out.record.rows, **rows})
        self.written = self._dumped("workload.pkl")
        self.inside = inside(self.work)  # what passes look at: behind a tokeniser, if there is one
        self.pool.submit(self.processes.build, "warm", str(self.written), deadline_s=BUILD_S)  # it takes a while
        start = self.session.clock()
        child = self.processes.of(candidate)
        loaded = self.session.clock()
        self.answers, *varied = self.processes.answers(candidate, [0, *self.inputs.varied_places])
        self.whole_s = self.session.clock() - loaded
        self.varied = dict(zip(self.inputs.varied, varied, strict=True))
        self.rows = self.processes.answers(candidate, [table for table, _ in self.inputs.rows])
        self._only_answered()
        peak = child.peak_mb
        self.ask_s = self.session.clock() - start
        self.processes.patience_s = self.patience_s
        if not self.restored(candidate):
            self.look(candidate, child)
            self.judged(candidate)
        self.schema = schema_of(self.work.valid, self.varied)
        if self.schema.form == "tensors" and self.work.free is None:
            free = {c.name: tuple(i + 1 for i, n in enumerate(c.shape) if n is None) for c in self.schema.columns}
            self.work = self.inside = replace(self.work, free=free)
            self.written = self._dumped("workload-free.pkl")
        self.judge = self._judge()
        assert candidate.pickle is not None
        candidate.note(
            verdict="accepted", reason="the original", memory_mb=peak, size_mb=candidate.pickle.stat().st_size / 1e6,
            quality=self.judge.own_quality(),
        )  # fmt: skip
        return candidate

    def patience_s(self) -> float:
        """How long one question may take: with a budget not much more of it than the original needs, or half of what is
        left."""
        return min(ASK_S, max(LEAST_ASK_S, TIMES_ASKED * self.ask_s, self.session.left_s / 2))

    def _only_answered(self) -> None:
        """Methods that fail on the data are not asked for. Raises `TargetError` where the first of them does."""
        failed = {m: a.text for m, a in self.answers.items() if isinstance(a, Refusal)}
        if not failed:
            return
        first = self.work.methods[0]
        if first in failed:
            raise TargetError(f"{self.work.name}: {first} fails on the validation data: {failed[first][:300]}")
        told = [f"{m} fails on the validation data, and is not served: {text[:200]}" for m, text in failed.items()]
        methods = tuple(m for m in self.work.methods if m not in failed)
        self.work = self.inside = replace(self.work, methods=methods, notes=(*self.work.notes, *told))
        self.processes.methods = methods
        self.timed = _timed(methods)
        self.written = self._dumped("answered.pkl")
        self.answers = {m: self.answers[m] for m in methods}
        self.varied = {name: {m: answers[m] for m in methods} for name, answers in self.varied.items()}
        self.rows = [{m: answers[m] for m in methods} for answers in self.rows]
        self.note(methods=methods, notes=self.work.notes)

    def _dumped(self, name: str) -> Path:
        """The file in which the workload lies for other processes."""
        import cloudpickle

        with (self.scratch / name).open("wb") as file:
            cloudpickle.dump(self.work, file)
        return self.scratch / name

    def _proposed(self, serving: Sequence[ServingPass]) -> Iterator[Candidate]:
        tried = [p for p in serving if not (self.contract.same and p.risk is Risk.QUALITY)]
        for found, parameters in proposed(tried, self.inside, turns=is_net(self.work.model)):
            candidate = Candidate((Step(found.code, titled(found.name, parameters), parameters),))
            candidate.note()
            self.candidates.append(candidate)
            if self.restored(candidate):
                continue
            absent = missing(found)
            if absent:
                candidate.note(verdict="failed", reason=f"not installed: pip install {to_install(absent)}")
            elif self.session.left_s < self.next_s(found.code):
                candidate.note(verdict="inconclusive", reason="the budget ended before it was built")
            else:
                yield candidate
        self.note()

    def _built(self, serving: Sequence[ServingPass]) -> Iterator[Candidate]:
        """What could be built, in order: while one is judged, the next is built."""
        ahead = min(2, usable_cores()) - 1
        waiting: deque[tuple[Candidate, Future[bool]]] = deque()
        for candidate in self._proposed(serving):
            while waiting and (len(waiting) > ahead or is_known_by_another(candidate.steps[-1])):
                yield from _done(waiting)
            told = self._hopeless(candidate)
            if told is not None:
                candidate.note(verdict="rejected", reason=told)
                continue
            self.session.progress.stage(f"build {candidate.record.title}", 5.0)
            waiting.append((candidate, self.pool.submit(self.build, candidate, self.written)))
        while waiting:
            yield from _done(waiting)

    def _hopeless(self, candidate: Candidate) -> str | None:
        if not by_speed(self.contract):
            return None
        accepted = [c for c in self.candidates if c.accepted]
        return out_of_reach(candidate.steps[-1], accepted, [self.original, *self.candidates])

    def build(self, candidate: Candidate, written: Path) -> bool:
        """Build the last step of a candidate for the workload at `written`; its record says why it could not be."""
        folder = next(f for n in self._numbers if not (f := self.scratch / f"candidate{n}").exists())
        start = self.session.clock()
        room = self.session.left_s - self.finish_s() - self._reserve_s()
        deadline = min(BUILD_S, max(LEAST_BUILD_S, room / 2, min(room, USUAL_BUILD_S)))
        try:
            built = self.processes.build(
                "build", str(written), candidate.steps[-1], str(folder), self.schema, self.name, deadline_s=deadline
            )
        except ChildFailed as failure:
            if failure.error != "CannotServe":
                self._built_in(candidate, start)
            kind = "rejected" if failure.error == "CannotServe" else "failed"
            candidate.note(verdict=kind, reason=reason(failure))
            shutil.rmtree(folder, ignore_errors=True)
            if not self.processes.closed:
                self.judged(candidate)
            return False
        candidate.folder = folder
        self._built_in(candidate, start)
        candidate.note(build_s=self.session.clock() - start, packages=tuple(built["packages"]), size_mb=size_mb(folder))
        return True

    def _built_in(self, candidate: Candidate, start: float) -> None:
        code = candidate.steps[-1].code
        self.built_s[code] = max(self.built_s.get(code, 0.0), self.session.clock() - start)

    def judge_one(self, candidate: Candidate, *, screen: bool = True, far: float = FAR) -> None:
        """Look at how fast it is and compare its answers with the original's, unless (`screen`) others are `far` times
        faster at every size."""
        try:
            try:
                self._judge_one(candidate, screen, far)
            except ChildFailed as failure:
                if not failure.killed:
                    raise
                self._judge_one(candidate, screen, far)  # killed from outside: that tells nothing
        except ChildFailed as failure:
            candidate.note(verdict="failed", reason=failure.text[:300])
        if candidate.accepted:
            self.judged(candidate)
            self.note()
        else:
            self.dismiss(candidate)

    def dismiss(self, candidate: Candidate) -> None:
        """It is not what the contract asks for: what was loaded and built of it goes."""
        self.processes.drop(candidate)
        if candidate.folder is not None:
            shutil.rmtree(candidate.folder, ignore_errors=True)
        self.judged(candidate)
        self.note()

    def _judge_one(self, candidate: Candidate, screen: bool, far: float) -> None:
        child = self.processes.of(candidate)
        self.look(candidate, child)
        told = self.behind(candidate, child, far) if screen and by_speed(self.contract) else None
        if told is None:
            verdict = self.judge.on_data(self.processes.answers(candidate, [0])[0])
            if verdict.verdict == "accepted":
                varied = self.processes.answers(candidate, self.inputs.varied_places)
                rows = self.processes.rows(candidate, self.inputs.rows)
                verdict = self.judge.beyond(verdict, dict(zip(self.inputs.varied, varied, strict=True)), rows)
            candidate.note(
                verdict=verdict.verdict, reason=verdict.reason, agreement=verdict.agreement,
                quality=verdict.quality, memory_mb=child.peak_mb,
            )  # fmt: skip
        else:
            candidate.note(verdict="rejected", reason=told, memory_mb=child.peak_mb)

    def restored(self, candidate: Candidate) -> bool:
        """Whether it was judged before hasten was killed; it is then as it was."""
        known = self.session.known("candidate", candidate.steps)
        if known is None:
            return False
        self.restore(candidate, known)
        return True

    def judged(self, candidate: Candidate) -> None:
        """Nothing more is asked before it is raced."""
        files = () if candidate.folder is None else (candidate.folder,)
        self.session.noted("candidate", candidate.steps, self.state_of(candidate), files if candidate.accepted else ())

    def state_of(self, candidate: Candidate) -> tuple[CandidateRecord, dict[Size, float], str]:
        """What is known of a candidate, for `restore`."""
        return candidate.record, dict(candidate.latencies), "" if candidate.folder is None else candidate.folder.name

    def restore(self, candidate: Candidate, known: tuple[CandidateRecord, dict[Size, float], str]) -> None:
        candidate.record, candidate.latencies = known[0], dict(known[1])
        candidate.folder = self.scratch / known[2] if known[2] else None

    def behind(self, candidate: Candidate, child: Child, far: float) -> str | None:
        """Why it cannot come first; it is looked at twice before it is left out."""
        if behind(candidate, self._others(candidate), far) is None:
            return None
        self.look(candidate, child)
        return behind(candidate, self._others(candidate), far)

    def _others(self, candidate: Candidate) -> list[Candidate]:
        return [self.original, *(c for c in self.candidates if c.accepted and c is not candidate)]

    def _promising(self, candidate: Candidate) -> bool:
        """Whether it is still worth a race, after all were looked at."""
        return not by_speed(self.contract) or behind(candidate, self._others(candidate)) is None

    def look(self, candidate: Candidate, child: Child) -> None:
        """A few calls at each size; of several looks the quickest counts."""
        for size, places in self._sizes(candidate):
            how = ("hasten.measure.asked:clock", list(places), self.timed)
            start = self.session.clock()
            first = child.ask(*how, 0.0, 2, deadline_s=self.processes.patience_s())
            took = child.ask(*how, LOOK_S, 3, deadline_s=self.processes.patience_s())
            self._waits.append(max(0.0, self.session.clock() - start - sum(first) - sum(took)) / 2)
            seen = Latency.of(took)
            if seen.p50 < candidate.latencies.get((size[0], 1, size[1]), math.inf):
                candidate.timed(LatencyRecord(size[0], 1, seen.p50, seen.p95, seen.calls, size[1]))

    def _sizes(self, candidate: Candidate) -> Iterator[tuple[tuple[int, str], Sequence[int]]]:
        """What is timed: rows and form, and where the inputs are. The original has a frame of one row for a dict."""
        for rows in self.contract.batches:
            yield (rows, "rows"), self.inputs.batches[rows]
        if self.inputs.dict_places:
            yield (1, "dict"), self.inputs.batches[1] if candidate.pickle is not None else self.inputs.dict_places

    def race_s(self, number: int) -> float:
        """About how long a race of so many takes here and now."""
        slowest = max((s for s in self.original.latencies.values()), default=0.0)
        waiting = sum(self._waits) / max(1, len(self._waits))
        each = max(BLOCK_S, 3 * slowest) + BLOCK_S * number + waiting * (number + 1)
        return (ROUNDS + 1) * each * (len(self.contract.batches) + bool(self.inputs.dict_places))

    def finish_s(self) -> float:
        """About how long it takes here and now to certify what is kept, and to measure it beside the original; a third
        of the budget at most."""
        loading = self.processes.load_s * (1 + 2 * (len(self.threads) - 1))
        needed = loading + 2 * self.ask_s + len(self.threads) * self.race_s(1)
        return needed if self.session.budget_s is None else min(self.session.budget_s / 3, needed)

    def next_s(self, code: str = "") -> float:
        """Seconds that must be left for one more candidate; once something is accepted, for what comes last as well.
        What pass `code` has built of this model already tells how long it takes."""
        reserve_s = self._reserve_s()
        if not reserve_s and not any(c.accepted for c in self.candidates):
            return 2 * LEAST_BUILD_S
        usual = max(LEAST_BUILD_S, 0.5 * (self.processes.load_s + self.ask_s))
        return self.finish_s() + reserve_s + max(usual, KNOWN * self.built_s.get(code, 0.0))

    def _reserve_s(self) -> float:
        """Seconds for what waits to be asked the whole; half of what is left at most."""
        return 0.0 if self.screens is None else min(0.5 * self.session.left_s, self.screens.reserve_s)

    def race(
        self, candidates: Sequence[Candidate], threads: Sequence[int] = (1,), *, leave_s: float = 0.0
    ) -> None:  # fmt: skip
        """Latencies of the original and all candidates at every number of rows and of `threads`, interleaved; in fewer
        rounds where less than `leave_s` of the budget would be left, and not at all where that does not help."""
        least_s = self.race_s(len(candidates)) * (LEAST_ROUNDS + 1) / (ROUNDS + 1)
        if leave_s and self.session.left_s - leave_s < least_s:
            self.session.progress.note("the budget is needed for what comes after: candidates were only looked at")
            return
        raced = (self.original, *candidates)
        key = [c.steps for c in raced], list(threads)
        for place, line in self.session.once("race", key, lambda: self._raced(candidates, threads, leave_s)):
            raced[place].timed(line)
            wanted = (line.rows, line.threads) == (self.contract.wanted[1], 1)
            if raced[place].accepted and wanted and line.speedup is not None:
                self.session.progress.best(line.speedup.ratio)

    def _raced(
        self, candidates: Sequence[Candidate], threads: Sequence[int], leave_s: float
    ) -> list[tuple[int, LatencyRecord]]:
        """The places of candidates (0: the original) with what was measured of them."""
        found: list[tuple[int, LatencyRecord]] = []
        places_of = {id(c): i for i, c in enumerate((self.original, *candidates))}
        todo = len(threads) * len(list(self._sizes(self.original)))
        for number in threads if candidates else ():
            children = self._children(candidates, number)
            live = [c for c in candidates if id(c) in children]
            if id(self.original) in children and live:
                for (rows, form), places in self._sizes(self.original):
                    within_s = max(0.0, self.session.left_s - leave_s) / max(1, todo)
                    lines = self._one_race(children, live, number, rows, form, places, within_s)
                    todo -= 1
                    if lines is None:  # one was killed from outside: once more
                        children |= self._children(live, number)
                        lines = self._one_race(children, live, number, rows, form, places, within_s) or []
                    found += [(places_of[id(c)], line) for c, line in lines]
        return found

    def _children(self, candidates: Sequence[Candidate], threads: int) -> dict[int, Child]:
        """The processes of the original and of those candidates that can be loaded, by candidate."""
        children: dict[int, Child] = {}
        for c in (self.original, *candidates):
            try:
                children[id(c)] = self.processes.of(c, threads)
            except ChildFailed as failure:
                self.session.progress.note(f"{c.record.title}: {failure.text}")
        return children

    def _one_race(
        self, children: Mapping[int, Child], candidates: Sequence[Candidate], threads: int, rows: int, form: str,
        mine: Sequence[int], within_s: float,
    ) -> list[tuple[Candidate, LatencyRecord]] | None:  # fmt: skip
        """What was measured; None when a process was killed in between."""
        places = self.inputs.dict_places if form == "dict" else mine
        others = {str(i): (children[id(c)], places) for i, c in enumerate(candidates)}
        try:
            base, raced = race(
                (children[id(self.original)], mine), others, self.timed, seed=self.session.seed,
                deadline_s=self.processes.patience_s(), waited=self.session.waited, within_s=within_s,
                clock=self.session.clock,
            )  # fmt: skip
        except ChildFailed as failure:
            self.session.progress.note(f"not timed at {rows} rows, {threads} threads: {failure.text}")
            return None if failure.killed else []
        return [
            (c, LatencyRecord(rows, threads, x.latency.p50, x.latency.p95, x.latency.calls, form, x.speedup))
            for c, x in [(self.original, base), *((c, raced[str(i)]) for i, c in enumerate(candidates))]
        ]

    def note(self, **changes: Any) -> None:
        """Bring the record up to date."""
        self.out.record = replace(self.out.record, candidates=tuple(c.record for c in self.candidates), **changes)


def _done(waiting: deque[tuple[Candidate, Future[bool]]]) -> Iterator[Candidate]:
    candidate, built = waiting.popleft()
    if built.result():
        yield candidate


def _timed(methods: tuple[str, ...]) -> str:
    return "predict_proba" if "predict_proba" in methods else methods[0]
