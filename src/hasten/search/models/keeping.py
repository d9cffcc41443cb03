"""What is kept: the parts that serve best, assembled, asked everything again, certified, and measured as a whole."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten.core.model import ModelContract
from hasten.core.model_pass import ReducingPass, Step
from hasten.measure.latency import race
from hasten.observe.child import ChildFailed
from hasten.passes.model.registry import model_pass
from hasten.passes.model.serving.original import AsItIs
from hasten.search.models.candidates import Candidate
from hasten.search.models.confirm import confirm
from hasten.search.models.explaining import explain_front, explained_enough
from hasten.search.models.routes import Routed, routed
from hasten.serve.manifest import Manifest, Part, read_manifest
from hasten.serve.net import is_net
from hasten.verify.answers import Answers

if TYPE_CHECKING:
    from hasten.search.models.loop import Loop


# of the record, that certifying fills
CERTIFIED = ("certified", "certified_agreement", "explained", "control", "gradients", "gradients_control")


def mark_front(good: Sequence[Candidate], contract: ModelContract) -> None:
    """Mark what nothing else beats in latency, size, memory and quality at once."""

    def point(c: Candidate) -> tuple[float, ...]:
        quality = -c.record.quality.new if c.record.quality else 0.0
        speed = tuple(c.latencies.get((rows, 1, "rows"), np.inf) for rows in contract.batches)
        return (*speed, c.record.size_mb, c.record.memory_mb, quality)

    points = {id(c): point(c) for c in good}
    for c in good:
        beaten = any(
            all(a <= b for a, b in zip(points[id(o)], points[id(c)], strict=True)) and points[id(o)] != points[id(c)]
            for o in good
        )
        c.note(front=not beaten)


def keep(loop: Loop, good: Sequence[Candidate]) -> None:
    """Assemble what serves best, ask it everything again, certify, and measure it beside the original."""
    progress = loop.session.progress
    tried, last = list(good), _as_it_is(loop)
    while True:
        chosen = routed(tried, loop.contract, loop.original, lambda a, b, low, high: _crossing(loop, a, b, low, high))
        if chosen is None:
            if last is None or not _judged_at_last(loop, last):
                break
            tried, last = [last], None
            continue
        folder = loop.scratch / "artifact"
        shutil.rmtree(folder, ignore_errors=True)
        _assemble(loop, chosen, folder)
        progress.stage("certify on data never searched", 2 * loop.ask_s)
        whole = Candidate(_together(chosen.parts), folder)
        refused = _certify_once(loop, whole)
        if refused is None:
            progress.stage("measure the artifact beside the original", len(loop.threads) * loop.race_s(1))
            loop.race([whole], loop.threads)
            confirm(loop, whole)
            kept = {id(c) for c in chosen.parts}
            for c in loop.candidates:
                c.note(kept=id(c) in kept)
            whole.note(kept=any(s.code != AsItIs.code for s in whole.steps))
            _seal(loop, folder, whole)
            loop.out.artifact = folder
            _multiply_adds(loop)
            parts = {c.record.multiply_adds for c in chosen.parts}
            whole.note(multiply_adds=parts.pop() if len(parts) == 1 else 0.0)
            explain_front(loop)
            loop.note(
                original=loop.original.record,
                artifact=whole.record,
                routes=tuple(
                    ("any number of rows" if r.rows is None else f"up to {r.rows} rows", c.record.title)
                    for r, c in chosen.routes
                ),
            )
            return
        loop.processes.drop(whole)
        for c in chosen.parts:
            c.note(verdict="rejected", reason=refused)
        # the data that certifies is looked at once: what is reduced gets no second try on it
        gone = {id(c) for c in chosen.parts}
        looked = loop.out.record.certified is not None or "never searched" in refused
        tried = [c for c in tried if id(c) not in gone and not (looked and len(c.steps) > 1)]
    loop.note()


def _as_it_is(loop: Loop) -> Candidate | None:
    """The original itself as an artifact, where it was left out for being slow: what is left when all else fails."""
    own = (c for c in loop.candidates if [s.code for s in c.steps] == [AsItIs.code])
    return next((c for c in own if not c.accepted), None)


def _judged_at_last(loop: Loop, candidate: Candidate) -> bool:
    if not loop.restored(candidate) and loop.build(candidate, loop.written):
        loop.judge_one(candidate, screen=False)
    return candidate.accepted


def _assemble(loop: Loop, chosen: Routed, folder: Path) -> None:
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
    Manifest(loop.name, loop.work.methods, loop.schema, parts, routes, row, labels=loop.work.labels).write(folder)


def _certify_once(loop: Loop, whole: Candidate) -> str | None:
    """What speaks against the assembled artifact, asked once, also where hasten is killed in between."""

    def asked() -> tuple[Any, ...]:
        refused, found = _certify(loop, whole), loop.out.record
        told = {n: getattr(found, n) for n in CERTIFIED}
        return refused, whole.record, told

    refused, whole.record, told = loop.session.once("certify", whole.steps, asked)
    loop.note(**told)
    return None if refused is None else str(refused)


def _certify(loop: Loop, whole: Candidate, *, again: bool = False) -> str | None:
    """What speaks against the assembled artifact, on validation, varied and test data; None: nothing does."""
    test, processes, inputs = loop.work.test, loop.processes, loop.inputs
    assert whole.folder is not None
    try:
        child = processes.of(whole)
        answers, *varied = processes.answers(whole, [0, *inputs.varied_places])
        rows = processes.rows(whole, inputs.rows)
        peak = child.peak_mb
        verdict = loop.judge.of(answers, dict(zip(inputs.varied, varied, strict=True)), rows)
        if verdict.verdict != "accepted":
            return f"assembled, {verdict.reason}"
        whole.note(
            verdict="accepted", reason=verdict.reason, agreement=verdict.agreement, quality=verdict.quality,
            memory_mb=peak, size_mb=size_mb(whole.folder),
        )  # fmt: skip
        if test is None:
            return explained_enough(loop, whole)
        file = loop.scratch / "test.pkl"
        file.write_bytes(pickle.dumps([test.x], protocol=5))
        if loop.tested is None:  # once, however many are certified
            loop.tested = _beyond_the_inputs(loop, loop.original, file)
        certified = loop.judge.certified(test, loop.tested, _beyond_the_inputs(loop, whole, file))
        if certified.verdict != "accepted":
            return f"on data never searched, {certified.reason}"
        loop.note(certified=certified.quality, certified_agreement=certified.agreement)
        return explained_enough(loop, whole)
    except ChildFailed as failure:
        if failure.killed and not again:  # from outside: that tells nothing
            return _certify(loop, whole, again=True)
        return f"assembled, it {failure.text[:200]}"
    return None


def _multiply_adds(loop: Loop) -> None:
    """For information: of the original, and of candidates that nothing reduced."""
    if not is_net(loop.work.model):
        return
    try:
        found = loop.processes.build("multiply_adds", str(loop.written), deadline_s=max(5.0, loop.ask_s))
    except ChildFailed:
        return
    for c in (loop.original, *loop.candidates):
        smaller = any(isinstance(model_pass(s.code), ReducingPass) for s in c.steps)
        if not smaller:
            c.note(multiply_adds=found)


def _beyond_the_inputs(loop: Loop, candidate: Candidate, file: Path) -> Answers:
    """Answers to the input in `file`."""
    place = loop.processes.of(candidate).ask(
        "hasten.measure.asked:more_inputs", str(file), deadline_s=loop.processes.patience_s()
    )
    return loop.processes.answers(candidate, [place])[0]


def _seal(loop: Loop, folder: Path, whole: Candidate) -> None:
    """Write the evidence into the manifest."""
    manifest = read_manifest(folder)
    packages = sorted({p for part in manifest.parts.values() for p in part.packages})
    evidence = {
        "certified": _plain(loop.out.record.certified), "explained": _plain(loop.out.record.explained),
        "control": _plain(loop.out.record.control),
        "validation": _plain(whole.record.quality),
        "agreement": _plain(whole.record.agreement), "latencies": [_plain(x) for x in whole.record.latencies],
        "original": [_plain(x) for x in loop.original.record.latencies], "varied_inputs": len(loop.inputs.varied),
    }  # fmt: skip
    contract = {**_plain(loop.contract), "max_drop": str(loop.contract.max_drop or "none: the same predictions")}
    replace(manifest, contract=contract, evidence=evidence, versions=_versions(packages)).write(folder)


def _crossing(loop: Loop, a: Candidate, b: Candidate, low: int, high: int) -> int:
    """The largest number of rows in low..high (a power of two times `low`) at which `a` is still the faster; `low`
    where no time is left to look."""
    if loop.session.left_s <= loop.finish_s():
        return low
    return loop.session.once("crossing", (a.steps, b.steps, low, high), lambda: _looked_at(loop, a, b, low, high))


def _looked_at(loop: Loop, a: Candidate, b: Candidate, low: int, high: int) -> int:
    last, rows = low, 2 * low
    try:
        first, second = (loop.processes.of(c) for c in (a, b))
        while rows < high:
            made = []
            for child in (first, second):
                at = child.ask(
                    "hasten.search.models.inputs:add_batches", rows, 2, deadline_s=loop.processes.patience_s()
                )
                made.append([at, at + 1])
            base, raced = race(
                (first, made[0]),
                {"b": (second, made[1])},
                loop.timed,
                rounds=3,
                block_s=0.01,
                waited=loop.session.waited,
                within_s=max(1.0, 0.1 * loop.session.left_s),
                clock=loop.session.clock,
            )
            if raced["b"].latency.p50 < base.latency.p50:
                break
            last, rows = rows, 2 * rows
    except ChildFailed as failure:
        loop.session.progress.note(f"{a.record.title} or {b.record.title}: {failure.text}")
    return last


def size_mb(folder: Path) -> float:
    """Of all files, MB (10^6 bytes)."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6


def _together(parts: Sequence[Candidate]) -> tuple[Step, ...]:
    steps: list[Step] = []
    for c in parts:
        steps += [s for s in c.steps if s not in steps]
    return tuple(steps)


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
