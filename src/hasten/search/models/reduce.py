"""Within a budget of quality: reductions of the model, and the best way to serve what they leave.

Of each kind of reduction the boldest that the budget allows is looked for, from the boldest on (quality need not fall
step by step: a smaller model may be the better one), on the reduced model's own answers; only what passes is built.
What is no faster than the whole model was is left at that. What the search picks here by validation data is certified
later by data that it never saw, once: so it asks here for what will probably pass there (`likely_certified`).
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Parameters, ReducingPass, ServingPass, Step
from hasten.core.model_record import CandidateRecord, QualityOfModel
from hasten.observe.child import ChildFailed
from hasten.passes.model.reducing.parts import final
from hasten.passes.model.registry import missing
from hasten.passes.model.serving.original import AsItIs
from hasten.search.models.candidates import Candidate
from hasten.search.models.files import reduced_file
from hasten.search.models.judge import Verdict
from hasten.search.models.processes import reason
from hasten.search.models.promise import REACH, fastest
from hasten.search.models.titles import titled
from hasten.verify.answers import Answers

if TYPE_CHECKING:
    from hasten.search.models.loop import Loop

REDUCE_S = 300.0  # longest time for one reduction
WAYS = 2  # of serving, for each number of rows: those that were fastest for the whole model
MOST_WAYS = 2  # for a model of another kind, which nothing is known of
SURE = 1.28  # standard errors: nine of ten that pass here pass on the data that certifies
ENOUGH_S = 40.0  # of reducing, after which nothing else is begun where something was found and no budget says more
DEPTH = 2  # reductions on top of each other
NO_GAIN = 0.95  # of the latency of what is there already: what is not below it at some size is of no use
RACED = 6  # reduced candidates in the last race, at most


def reduce_within(
    loop: Loop, serving: Sequence[ServingPass], reducing: Sequence[ReducingPass], exact: Sequence[Candidate]
) -> list[Candidate]:
    """The candidates that the budget accepts, served in the ways that promise most; the best is reduced once more."""
    return Reductions(loop, serving, exact).made(reducing)


class Reductions:
    def __init__(self, loop: Loop, serving: Sequence[ServingPass], exact: Sequence[Candidate]) -> None:
        self.loop, self.serving, self.exact = loop, serving, exact
        self._began = loop.session.clock()
        self._written: dict[str, Path | str] = {}  # by its name: the workload after reductions, or why there is none

    def made(self, reducing: Sequence[ReducingPass]) -> list[Candidate]:
        loop = self.loop
        good: list[Candidate] = []
        steps: tuple[Step, ...] = ()
        for _ in range(DEPTH):
            before = len(good)
            work = self._work_after(steps)
            if work is None:
                break
            for found in reducing:
                if missing(found) or any(s.code == found.code for s in steps) or (good and self._enough):
                    continue
                for ladder in ladders(found.parameters(work)):
                    for step in self._boldest(found, ladder, steps):
                        good += self._served((*steps, step))
            fresh = [c for c in good[before:] if c.latencies]
            if not fresh or loop.session.left_s < 60 or self._enough:
                break
            steps = min(fresh, key=self._wanted).steps[:-1]
        self._race(good)
        return good

    def _race(self, good: Sequence[Candidate]) -> None:
        """Time the best beside the original, and what was best without them."""
        loop = self.loop
        before = {id(c): c for _, c in fastest(self.exact).values()}
        raced = sorted(good, key=self._wanted)[:RACED]
        raced += [c for _, c in fastest(good).values() if c not in raced]
        if raced:
            number = len(raced) + len(before)
            loop.session.progress.stage(f"race {len(raced)} reduced candidates", loop.race_s(number))
            loop.race([*before.values(), *raced], leave_s=loop.finish_s())

    @property
    def _enough(self) -> bool:
        loop = self.loop
        return loop.session.budget_s is None and loop.session.clock() - self._began > ENOUGH_S

    def _wanted(self, c: Candidate) -> float:
        _, rows = self.loop.contract.wanted
        return c.latencies.get((rows, 1, "rows"), float("inf"))

    # --- one reduction -----------------------------------------------------------------------------------------------

    def _boldest(self, found: ReducingPass, ladder: list[Parameters], before: tuple[Step, ...]) -> list[Step]:
        """The boldest setting that the budget accepts: every second one from the boldest on, then the one between."""
        steps = [Step(found.code, titled(found.name, p), p) for p in ladder]
        for at in range(len(steps) - 1, -1, -2):
            if self._passes((*before, steps[at])):
                bolder = at + 1 < len(steps) and self._passes((*before, steps[at + 1]))
                return [steps[at + 1] if bolder else steps[at]]
        return []

    def _passes(self, steps: tuple[Step, ...]) -> bool:
        if self.loop.session.left_s < 20:
            return False
        loop = self.loop
        loop.session.progress.stage(f"reduce: {steps[-1].title}", 2.0)
        before = len(loop.candidates)

        def asked() -> tuple[bool, list[CandidateRecord]]:
            good = self._good_enough(steps)
            return good, [c.record for c in loop.candidates[before:]]

        good, records = loop.session.once("reduction", steps, asked)
        if records and len(loop.candidates) == before:  # asked before hasten was killed
            loop.candidates += [Candidate(r.steps, record=r) for r in records]
        return good

    def _good_enough(self, steps: tuple[Step, ...]) -> bool:
        """Whether the model after these reductions, asked as it is, stays within the budget on validation data."""
        loop = self.loop
        candidate = Candidate((*steps, Step(AsItIs.code, AsItIs.name)))
        candidate.note()
        try:
            answers = loop.processes.build("reduced_answers", str(loop.written), steps, deadline_s=self._deadline_s)
        except ChildFailed as failure:
            candidate.note(verdict="failed", reason=reason(failure))
            loop.candidates.append(candidate)
            return False
        verdict = self._likely(answers)
        if verdict.verdict != "accepted":
            candidate.note(
                verdict="rejected", reason=verdict.reason, quality=verdict.quality, agreement=verdict.agreement
            )
            loop.candidates.append(candidate)
        return verdict.verdict == "accepted"

    def _likely(self, answers: Answers) -> Verdict:
        """The verdict by validation data, which is asked for more than the contract says: the rows that certify are
        looked at once."""
        verdict = self.loop.judge.on_data(answers)
        if verdict.quality is None or verdict.verdict != "accepted":
            return verdict
        rows = None if self.loop.work.test is None else len(self.loop.work.test)
        if likely_certified(verdict.quality, rows, self.loop.contract.confidence):
            return verdict
        return replace(verdict, verdict="rejected", reason=f"{verdict.reason}: other rows may well say no")

    @property
    def _deadline_s(self) -> float:
        return min(REDUCE_S, max(10.0, self.loop.session.left_s / 2))

    def _work_after(self, steps: tuple[Step, ...]) -> ModelWorkload | None:
        """The workload after these reductions; None when they cannot be made."""
        if not steps:
            return self.loop.work
        written = self._file_after(steps)
        if not isinstance(written, Path):
            return None
        found: ModelWorkload = pickle.loads(written.read_bytes())
        return found

    def _file_after(self, steps: tuple[Step, ...]) -> Path | str:
        """The file of the workload after these reductions, made once; or why there is none."""
        file = reduced_file(self.loop, steps)
        if file.name not in self._written:
            self._written[file.name] = self._made_once(steps, file)
        return self._written[file.name]

    def _made_once(self, steps: tuple[Step, ...], file: Path) -> Path | str:
        """The file, once the model after these reductions is in it; or why it is not."""
        told = self.loop.session.once(
            "file", steps, lambda: self._write(steps, file), lambda why: () if why else (file,)
        )
        return told or file

    def _write(self, steps: tuple[Step, ...], file: Path) -> str:
        """Empty where that went well; else why not."""
        try:
            self.loop.processes.build("reduce", str(self.loop.written), steps, str(file), deadline_s=self._deadline_s)
        except ChildFailed as failure:
            return failure.text[:300]
        return ""

    # --- serving it --------------------------------------------------------------------------------------------------

    def _served(self, steps: tuple[Step, ...]) -> list[Candidate]:
        loop = self.loop
        work, written = self._work_after(steps), self._file_after(steps)
        if work is None or not isinstance(written, Path):
            return []
        made: list[Candidate] = []
        same = _same_kind(work, loop.work)
        for way in self._ways(work, same):
            if made and not same:
                break
            if loop.session.left_s < 20:
                break
            candidate = Candidate((*steps, way))
            candidate.note()
            loop.candidates.append(candidate)
            if not loop.restored(candidate):
                loop.session.progress.stage(f"build {candidate.record.title}", 3.0)
                if loop.build(candidate, written):
                    loop.judge_one(candidate, far=NO_GAIN)
            if candidate.accepted:
                made.append(candidate)
        return made

    def _ways(self, work: ModelWorkload, same: bool) -> list[Step]:
        """How a reduced model is served: as the whole one was served best, or, if it is another kind, as it can be."""
        loop = self.loop
        if same:
            found: list[Step] = []
            for rows in loop.contract.batches:
                timed = [c for c in self.exact if (rows, 1, "rows") in c.latencies]
                for c in sorted(timed, key=lambda c: c.latencies[rows, 1, "rows"])[:WAYS]:
                    if c.steps[-1] not in found:
                        found.append(c.steps[-1])
            return found
        ways: list[Step] = []
        as_it_is: list[Step] = []
        for p in self.serving:
            first = None if missing(p) else next(iter(p.parameters(work)), None)
            if first is None:
                continue
            step = Step(p.code, titled(p.name, first), first)
            if p.code == AsItIs.code:
                as_it_is.append(step)
            elif p.code not in REACH:
                ways.append(step)
        return ways[:MOST_WAYS] or as_it_is


def likely_certified(q: QualityOfModel, rows: int | None, confidence: float) -> bool:
    """Whether a change that validation rows show will most likely be inside the budget on so many other rows too.

    There the interval is as wide (times the root of the rows' ratio), and its middle lies elsewhere, by the errors of
    both. None: there are no other rows.
    """
    if rows is None or q.high <= q.low:
        return True
    wide = NormalDist().inv_cdf(0.5 + confidence / 2)
    error, share = (q.high - q.low) / (2 * wide), q.rows / rows
    return (q.low + q.high) / 2 + q.allowed >= error * (wide * math.sqrt(share) + SURE * math.sqrt(1 + share))


def _same_kind(a: ModelWorkload, b: ModelWorkload) -> bool:
    return type(final(a.model)) is type(final(b.model))


def ladders(parameters: Iterable[Parameters]) -> list[list[Parameters]]:
    """Settings in groups that differ in numbers only, each from the gentlest to the boldest, as they were given."""
    groups: dict[tuple[tuple[str, str], ...], list[Parameters]] = {}
    for p in parameters:
        kind = tuple(sorted((k, str(v)) for k, v in p.items() if isinstance(v, str)))
        groups.setdefault(kind, []).append(p)
    return list(groups.values())
