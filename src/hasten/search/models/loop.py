"""The loop over a trained model: ask the original, build candidates, verify, race, reduce within the budget, keep.

Every candidate is built in one process and judged in another, each under a deadline. What is kept may be several parts,
each for the numbers of rows at which it is the fastest; before it counts it is asked everything again as a whole, and
certified on data that the search never saw.
"""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from hasten.core.model import ModelContract, ModelWorkload
from hasten.core.model_pass import ReducingPass, ServingPass, Step
from hasten.core.model_record import CandidateRecord, LatencyRecord, ModelRunRecord
from hasten.errors import TargetError
from hasten.measure.latency import race
from hasten.observe.child import Child, ChildFailed
from hasten.observe.machine import usable_cores
from hasten.observe.session import Session
from hasten.passes.model.registry import missing
from hasten.search.models.inputs import Asked, inputs_of
from hasten.search.models.judge import Judge
from hasten.search.models.reduce import reduce_within
from hasten.search.models.routes import Routed, routed
from hasten.search.models.schema import schema_of
from hasten.search.models.titles import titled
from hasten.serve.manifest import InputSchema, Manifest, Part, read_manifest
from hasten.verify.answers import Answers, Refusal
from hasten.verify.metric import metric

BUILD_S = 180.0  # longest time for building one candidate
ASK_S = 300.0  # and for one question
REDUCE_S = 300.0  # and for reducing the model


@dataclass
class Candidate:
    """One candidate on its way through the judge. `folder` is an artifact with one part once it is built."""

    steps: tuple[Step, ...]
    folder: Path | None = None
    record: CandidateRecord = field(default_factory=lambda: CandidateRecord(()))
    latencies: dict[tuple[int, int, str], float] = field(default_factory=dict)  # p50, s

    @property
    def accepted(self) -> bool:
        return self.record.accepted

    def note(self, **changes: Any) -> None:
        self.record = replace(self.record, steps=self.steps, **changes)


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
    name = f"{type(work.model).__module__}.{type(work.model).__qualname__}"
    parts = (("valid", work.valid), ("test", work.test), ("train", work.train))
    record = ModelRunRecord(
        work.name, name, work.task, contract, status="interrupted", methods=work.methods, seed=session.seed,
        budget_s=session.budget_s, started=datetime.now(UTC).isoformat(timespec="seconds"), notes=work.notes,
        rows={k: len(v) for k, v in parts if v is not None},
    )  # fmt: skip
    out = ModelOutcome(record)
    try:
        Loop(session, work, contract, out, name).run(serving, reducing)
        out.record = replace(out.record, status="finished")
    except KeyboardInterrupt:
        session.progress.note("interrupted: what was verified and measured so far is kept")
    out.record = replace(out.record, own_s=session.elapsed_s)
    return out


class Loop:
    def __init__(
        self, session: Session, work: ModelWorkload, contract: ModelContract, out: ModelOutcome, name: str
    ) -> None:
        self.session, self.work, self.contract, self.out, self.name = session, work, contract, out, name
        self.scratch = session.scratch / "model"
        self.scratch.mkdir()
        self.measure = None
        if work.metric is not None and work.valid.y is not None:
            self.measure = metric(work.metric, work.task, getattr(work.model, "classes_", None))
        self.candidates: list[Candidate] = []
        self._reduced: dict[str, Path | str] = {}  # reductions as text: the workload after them, or why there is none
        self.schema = InputSchema("array")
        self.threads = sorted({1, *(contract.threads or (usable_cores(),))})

    # --- the steps -------------------------------------------------------------------------------------------------

    def run(self, serving: Sequence[ServingPass], reducing: Sequence[ReducingPass]) -> None:
        """Every step, in order."""
        progress = self.session.progress
        progress.stage("ask the original")
        self.original = self._original()
        self._note(original=self.original.record, varied=len(self.inputs.varied))
        for candidate in self._proposed(serving):
            progress.stage(f"build {candidate.steps[-1].title}", 10.0)
            self._judge(candidate, self.written)
        exact = [c for c in self.candidates if c.accepted]
        progress.stage(f"race {len(exact)} candidates", self._race_s(len(exact)))
        self.race(exact)
        if not self.contract.same:
            reduce_within(self, serving, reducing, exact)
        good = [c for c in self.candidates if c.accepted and c.latencies]
        self._front(good)
        self._keep(good)

    def _original(self) -> Candidate:
        """Ask the model as its user would: everything else is compared with that."""
        from hasten.passes.model.serving.original import AsItIs
        from hasten.serve.backends.original import FILE, save

        step = Step(AsItIs.code, AsItIs.name)
        self.inputs: Asked = inputs_of(self.work.valid.x, self.contract.batches, self.session.seed)
        self.inputs_path = self.scratch / "inputs.pkl"
        self.inputs_path.write_bytes(pickle.dumps(self.inputs.all, protocol=5))
        save(self.work.model, self.scratch)
        self.pickle = self.scratch / FILE
        self.written = self.scratch / "workload.pkl"
        _dump(self.work, self.written)
        candidate = Candidate((step,), self.scratch)
        with self._child(1) as child:
            load_s = self._load(child, None)
            self.answers, self.varied = self._ask_all(child)
            for method, answer in self.answers.items():
                if isinstance(answer, Refusal):
                    raise TargetError(f"{self.work.name}: {method} fails on the validation data: {answer.text[:300]}")
            peak = child.peak_mb
        self.schema = schema_of(self.work.valid, self.varied)
        self.judge = Judge(self.contract, self.work, self.measure, self.answers, self.varied, self.session.seed)
        candidate.note(
            verdict="accepted", reason="the original", load_s=load_s, memory_mb=peak,
            size_mb=self.pickle.stat().st_size / 1e6, quality=self.judge.own_quality(),
        )  # fmt: skip
        self.scales_s = self._scales()
        return candidate

    def _scales(self) -> float:
        """Seconds of the original's slowest call that is timed."""
        with self._child(1) as child:
            self._load(child, None)
            places = self.inputs.batches[max(self.contract.batches)]
            took = child.ask("hasten.measure.asked:clock", places, self.work.methods[0], 0.01, 1, deadline_s=ASK_S)
        return float(np.median(took))

    def _proposed(self, serving: Sequence[ServingPass]) -> Iterator[Candidate]:
        for found in serving:
            absent = missing(found)
            for parameters in found.parameters(self.work):
                candidate = Candidate((Step(found.code, titled(found.name, parameters), parameters),))
                self.candidates.append(candidate)
                if absent:
                    candidate.note(verdict="failed", reason=f"not installed: pip install {' '.join(absent)}")
                elif self.session.left_s < 10:
                    candidate.note(verdict="inconclusive", reason="the budget ended before it was built")
                else:
                    yield candidate
        self._note()

    def _judge(self, candidate: Candidate, written: Path) -> None:
        """Build it, and compare its answers with the original's. Its record says what came of it."""
        folder = self.scratch / f"candidate{len(list(self.scratch.glob('candidate*')))}"
        candidate.folder = folder
        start = self.session.clock()
        deadline = min(BUILD_S, max(5.0, self.session.left_s / 2))
        try:
            with self._child(None) as child:
                built = child.ask(
                    "hasten.search.models.building:build", str(written), candidate.steps[-1], str(folder), self.schema,
                    self.name, deadline_s=deadline,
                )  # fmt: skip
            candidate.note(build_s=self.session.clock() - start, packages=tuple(built["packages"]))
            with self._child(1) as child:
                load_s = self._load(child, folder)
                answers = self._ask_all(child)
                dicts = self._ask(child, self.inputs.dict_places)
                peak = child.peak_mb
        except ChildFailed as failure:
            kind = "rejected" if failure.error == "CannotServe" else "failed"
            candidate.note(verdict=kind, reason=failure.text.removeprefix("CannotServe: ")[:300])
            shutil.rmtree(folder, ignore_errors=True)
        else:
            verdict = self.judge.of(*answers, dicts)
            candidate.note(
                verdict=verdict.verdict, reason=verdict.reason, agreement=verdict.agreement, quality=verdict.quality,
                size_mb=_size(folder), load_s=load_s, memory_mb=peak,
            )  # fmt: skip
            if not candidate.accepted:
                shutil.rmtree(folder, ignore_errors=True)
        self._note()

    def _race_s(self, number: int) -> float:
        each = max(0.03, 3 * self.scales_s) + 0.03 * number
        return (1.5 + 10 * each) * len(self.threads) * (len(self.contract.batches) + 1)

    def race(self, candidates: Sequence[Candidate]) -> None:
        """Latencies of the original and all candidates at every number of rows and threads, interleaved."""
        if not candidates:
            return
        for threads in self.threads:
            with self._loaded([self.original, *candidates], threads) as children:
                live = [c for c in candidates if id(c) in children]
                for rows in self.contract.batches:
                    self._one_race(children, live, threads, rows, "rows")
                if self.inputs.dict_places:
                    self._one_race(children, live, threads, 1, "dict")

    def _one_race(
        self, children: Mapping[int, Child], candidates: Sequence[Candidate], threads: int, rows: int, form: str
    ) -> None:
        places = self.inputs.batches[rows] if form == "rows" else self.inputs.dict_places
        mine = places if form == "rows" else self.inputs.batches[1]
        others = {str(i): (children[id(c)], places) for i, c in enumerate(candidates)}
        asked = "predict_proba" if "predict_proba" in self.work.methods else self.work.methods[0]
        try:
            base, raced = race(
                (children[id(self.original)], mine), others, asked, seed=self.session.seed, deadline_s=ASK_S
            )
        except ChildFailed as failure:
            self.session.progress.note(f"not timed at {rows} rows, {threads} threads: {failure.text}")
            return
        for candidate, seen in [(self.original, base), *((c, raced[str(i)]) for i, c in enumerate(candidates))]:
            x = seen.latency
            line = LatencyRecord(rows, threads, x.p50, x.p95, x.calls, form, seen.speedup)
            before = [y for y in candidate.record.latencies if (y.rows, y.threads, y.form) != (rows, threads, form)]
            candidate.note(latencies=(*before, line))
            candidate.latencies[rows, threads, form] = x.p50

    # --- reductions ------------------------------------------------------------------------------------------------

    def good_enough(self, steps: tuple[Step, ...]) -> bool:
        """Whether the model after these reductions, asked as it is, stays within the budget on validation data."""
        candidate = Candidate((*steps, self.original.steps[-1]))
        written = self._written_after(steps, candidate)
        if written is None:
            self.candidates.append(candidate)
            return False
        try:
            with self._child(1) as child:
                self._load_inputs(child)
                child.ask("hasten.search.models.building:load_model", str(written), deadline_s=ASK_S)
                answers = self._ask(child, [0])
        except ChildFailed as failure:
            candidate.note(verdict="failed", reason=failure.text[:300])
            self.candidates.append(candidate)
            return False
        verdict = self.judge.on_data(answers[0])
        if verdict.verdict != "accepted":
            candidate.note(
                verdict="rejected", reason=verdict.reason, quality=verdict.quality, agreement=verdict.agreement
            )
            self.candidates.append(candidate)
        return verdict.verdict == "accepted"

    def reduced(self, steps: tuple[Step, ...], way: Step) -> Candidate:
        """The model after `steps`, served by `way`, judged."""
        candidate = Candidate((*steps, way))
        self.candidates.append(candidate)
        written = self._written_after(steps, candidate)
        if written is not None:
            self.session.progress.stage(f"build {candidate.steps[-1].title}", 5.0)
            self._judge(candidate, written)
        return candidate

    def work_after(self, steps: tuple[Step, ...]) -> ModelWorkload | None:
        """The workload after these reductions; None when they cannot be made."""
        if not steps:
            return self.work
        written = self._written_after(steps, None)
        if written is None:
            return None
        found: ModelWorkload = pickle.loads(written.read_bytes())
        return found

    def _written_after(self, steps: tuple[Step, ...], candidate: Candidate | None) -> Path | None:
        """The file of the workload after these reductions, made once; `candidate` is told when they fail."""
        key = json.dumps([asdict(s) for s in steps], sort_keys=True, default=str)
        if key not in self._reduced:
            written = self.scratch / f"reduced{len(self._reduced)}.pkl"
            try:
                with self._child(None) as child:
                    child.ask(
                        "hasten.search.models.building:reduce", str(self.written), steps, str(written),
                        deadline_s=min(REDUCE_S, max(10.0, self.session.left_s / 2)),
                    )  # fmt: skip
                self._reduced[key] = written
            except ChildFailed as failure:
                self._reduced[key] = failure.text[:300]
        found = self._reduced[key]
        if isinstance(found, Path):
            return found
        if candidate is not None:
            candidate.note(verdict="failed", reason=found)
        return None

    # --- keeping -----------------------------------------------------------------------------------------------------

    def _front(self, good: Sequence[Candidate]) -> None:
        """Mark what nothing else beats in latency, size, memory and quality at once."""

        def point(c: Candidate) -> tuple[float, ...]:
            quality = -c.record.quality.new if c.record.quality else 0.0
            speed = tuple(c.latencies.get((rows, 1, "rows"), np.inf) for rows in self.contract.batches)
            return (*speed, c.record.size_mb, c.record.memory_mb, quality)

        points = {id(c): point(c) for c in good}
        for c in good:
            beaten = any(
                all(a <= b for a, b in zip(points[id(o)], points[id(c)], strict=True))
                and points[id(o)] != points[id(c)]
                for o in good
            )
            c.note(front=not beaten)

    def _keep(self, good: Sequence[Candidate]) -> None:
        """Assemble what serves best, ask it everything again, certify, and measure it beside the original."""
        progress = self.session.progress
        tried = list(good)
        while tried:
            routed_: Routed | None = routed(tried, self.contract, self.original, self._crossing)
            if routed_ is None:
                break
            folder = self.scratch / "artifact"
            shutil.rmtree(folder, ignore_errors=True)
            self._assemble(routed_, folder)
            progress.stage("certify on data never searched")
            whole = Candidate(_together(routed_.parts), folder)
            refused = self._certify(whole)
            if refused is None:
                progress.stage("measure the artifact beside the original", self._race_s(1))
                self.race([whole])
                kept = {id(c) for c in routed_.parts}
                for c in self.candidates:
                    c.note(kept=id(c) in kept)
                as_it_was = self.original.steps[-1].code
                whole.note(kept=any(s.code != as_it_was for s in whole.steps))
                self._seal(folder, whole)
                self.out.artifact = folder
                self._note(
                    original=self.original.record,
                    artifact=whole.record,
                    routes=tuple(
                        ("any number of rows" if r.rows is None else f"up to {r.rows} rows", c.record.title)
                        for r, c in routed_.routes
                    ),
                )
                return
            for c in routed_.parts:
                c.note(verdict="rejected", reason=refused)
            # the data that certifies is looked at once: what is reduced gets no second try on it
            gone = {id(c) for c in routed_.parts}
            looked = self.out.record.certified is not None or "never searched" in refused
            tried = [c for c in tried if id(c) not in gone and not (looked and len(c.steps) > 1)]
        self._note()

    def _assemble(self, chosen: Routed, folder: Path) -> None:
        parts: dict[str, Part] = {}
        names: dict[int, str] = {}
        for c in chosen.parts:
            assert c.folder is not None
            part = next(iter(read_manifest(c.folder).parts.values()))
            name = _free(part.backend, parts)
            shutil.copytree(next((c.folder / "parts").iterdir()), folder / "parts" / name)
            parts[name], names[id(c)] = part, name
        routes = tuple(replace(r, part=names[id(c)]) for r, c in chosen.routes)
        row = names[id(chosen.row)] if chosen.row is not None else None
        Manifest(self.name, self.work.methods, self.schema, parts, routes, row).write(folder)

    def _certify(self, whole: Candidate) -> str | None:
        """What speaks against the assembled artifact, on validation, varied and test data; None: nothing does."""
        try:
            with self._child(1) as child:
                assert whole.folder is not None
                load_s = self._load(child, whole.folder)
                answers = self._ask_all(child)
                dicts = self._ask(child, self.inputs.dict_places)
                peak = child.peak_mb
                tested: list[Answers] = []
                if self.work.test is not None:
                    path = self.scratch / "test.pkl"
                    path.write_bytes(pickle.dumps([self.work.test.x], protocol=5))
                    child.ask("hasten.measure.asked:load_inputs", str(path), deadline_s=ASK_S)
                    tested = child.ask("hasten.measure.asked:answers", [0], self.work.methods, deadline_s=ASK_S)
            verdict = self.judge.of(*answers, dicts)
            if verdict.verdict != "accepted":
                return f"assembled, {verdict.reason}"
            whole.note(
                verdict="accepted", reason=verdict.reason, agreement=verdict.agreement, quality=verdict.quality,
                load_s=load_s, memory_mb=peak, size_mb=_size(whole.folder),
            )  # fmt: skip
            if tested and self.work.test is not None:
                with self._child(1) as child:
                    self._load(child, None)
                    child.ask("hasten.measure.asked:load_inputs", str(path), deadline_s=ASK_S)
                    old = child.ask("hasten.measure.asked:answers", [0], self.work.methods, deadline_s=ASK_S)
                certified = self.judge.certified(self.work.test, old[0], tested[0])
                if certified.verdict != "accepted":
                    return f"on data never searched, {certified.reason}"
                self._note(certified=certified.quality, certified_agreement=certified.agreement)
        except ChildFailed as failure:
            return f"assembled, it {failure.text[:200]}"
        return None

    def _seal(self, folder: Path, whole: Candidate) -> None:
        """Write the evidence into the manifest."""
        manifest = read_manifest(folder)
        packages = sorted({p for part in manifest.parts.values() for p in part.packages})
        evidence = {
            "certified": _plain(self.out.record.certified), "validation": _plain(whole.record.quality),
            "agreement": _plain(whole.record.agreement), "latencies": [_plain(x) for x in whole.record.latencies],
            "original": [_plain(x) for x in self.original.record.latencies], "varied_inputs": len(self.inputs.varied),
        }  # fmt: skip
        contract = {**_plain(self.contract), "max_drop": str(self.contract.max_drop or "none: the same predictions")}
        replace(manifest, contract=contract, evidence=evidence, versions=_versions(packages)).write(folder)

    def _crossing(self, a: Candidate, b: Candidate, low: int, high: int) -> int:
        """The largest number of rows in low..high (a power of two times `low`) at which `a` is still the faster."""
        sizes = []
        n = 2 * low
        while n < high:
            sizes.append(n)
            n *= 2
        last = low
        with self._loaded([a, b], 1) as children:
            if len(children) < 2:
                return low
            for rows in sizes:
                made = [len(self.inputs.all) + i for i in range(2)]
                for child in children.values():
                    child.ask("hasten.search.models.inputs:add_batches", rows, len(made), deadline_s=ASK_S)
                method = self.work.methods[0]
                try:
                    base, raced = race(
                        (children[id(a)], made), {"b": (children[id(b)], made)}, method, rounds=3, block_s=0.01
                    )
                except ChildFailed:
                    return last
                if raced["b"].latency.p50 < base.latency.p50:
                    return last
                last = rows
        return last

    # --- processes ---------------------------------------------------------------------------------------------

    def _child(self, threads: int | None) -> Child:
        return Child(threads=threads)

    def _load(self, child: Child, folder: Path | None, threads: int | None = None) -> float:
        self._load_inputs(child)
        if folder is None:
            return float(child.ask("hasten.measure.asked:load_pickle", str(self.pickle), deadline_s=ASK_S))
        return float(child.ask("hasten.measure.asked:load_artifact", str(folder), threads, deadline_s=ASK_S))

    def _load_inputs(self, child: Child) -> None:
        child.ask("hasten.measure.asked:load_inputs", str(self.inputs_path), deadline_s=ASK_S)

    def _ask_all(self, child: Child) -> tuple[Answers, dict[str, Answers]]:
        """The answers to the validation rows, and to each varied input by its name."""
        answers = self._ask(child, [0, *self.inputs.varied_places])
        return answers[0], dict(zip(self.inputs.varied, answers[1:], strict=True))

    def _ask(self, child: Child, places: Sequence[int]) -> list[Answers]:
        if not places:
            return []
        answered: list[Answers] = child.ask(
            "hasten.measure.asked:answers", list(places), self.work.methods, deadline_s=ASK_S
        )
        return answered

    @contextmanager
    def _loaded(self, candidates: Sequence[Candidate], threads: int) -> Iterator[dict[int, Child]]:
        """A process for each, loaded; those that fail are left out."""
        children: dict[int, Child] = {}
        try:
            for c in candidates:
                child = self._child(threads)
                children[id(c)] = child
                try:
                    self._load(child, None if c is self.original else c.folder, threads)
                except ChildFailed as failure:
                    child.close()
                    del children[id(c)]
                    self.session.progress.note(f"{c.record.title}: {failure.text}")
            yield children
        finally:
            for child in children.values():
                child.close()

    def _note(self, **changes: Any) -> None:
        self.out.record = replace(self.out.record, candidates=tuple(c.record for c in self.candidates), **changes)


def _together(parts: Sequence[Candidate]) -> tuple[Step, ...]:
    steps: list[Step] = []
    for c in parts:
        steps += [s for s in c.steps if s not in steps]
    return tuple(steps)


def _dump(value: Any, path: Path) -> None:
    import cloudpickle

    with path.open("wb") as file:
        cloudpickle.dump(value, file)


def _size(folder: Path) -> float:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6


def _free(name: str, taken: Mapping[str, Any]) -> str:
    number = 1
    while (made := name if number == 1 else f"{name}{number}") in taken:
        number += 1
    return made


def _versions(packages: Sequence[str]) -> dict[str, str]:
    names = metadata.packages_distributions()
    found = {}
    for package in ("hasten", "numpy", *packages):
        for name in names.get(package, [package])[:1]:
            with suppress(metadata.PackageNotFoundError):
                found[name] = metadata.version(name)
    return found


def _plain(value: Any) -> Any:
    return None if value is None else json.loads(json.dumps(asdict(value), default=str))
