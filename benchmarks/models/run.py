"""`make bench-models`: trained models, hasten's artifact beside the original and each backend alone.

For each case (`cases.py`) hasten is given the model and validation data, and makes an artifact with the same
predictions; forests and boosters of enough data get a second one, which may be 0.5% worse (`budget`). Then the
original, the artifacts, every backend that takes the model, used alone as its manual says (`rivals.py`), and for two
pipelines a predictor written by hand (`hand.py`) answer the same rows, each in a process of its own, interleaved in a
random order: at 1 and 256 rows, with one thread and with all; frames also with one row as a dict (the original then has
one row as a frame).

Ratios are old time / new time of medians with bootstrap intervals (95%). A backend counts as a rival only where it
gives the same labels, and scores within 1e-5 of the largest, on rows that nothing was fitted to; one that does not is
shown with "!". Artifacts are asked for rows that neither model nor hasten has seen: exact ones must answer as the
original, and the whole interval of what another one loses must not lie beyond what was allowed.

The last lines are the goals, each met or missed. Exit status: 0; 1 when an artifact's answers are not what was
certified, or hasten ended without one.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import platform
import random
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.models.cases import CASES, Case, Ready, ready
from benchmarks.models.rivals import RIVALS
from benchmarks.stats import gmean, median, ratio
from hasten.observe.child import Child, ChildFailed

ORIGINAL, HASTEN, BUDGET, HAND = "original", "hasten", "hasten 0.5%", "by hand"
OURS = (ORIGINAL, HASTEN, BUDGET, HAND)
DROP = "0.5%"
RESULTS = Path(__file__).resolve().parent.parent / "results"
PREPARE_S, ASK_S = 150.0, 300.0
RTOL = 1e-5

Rounds = list[dict[str, float]]


@dataclass
class Measured:
    """One case at one size: seconds of every round by way. `rows` 0 is one row as a dict."""

    rows: int
    threads: int
    rounds: Rounds = field(default_factory=list)

    @property
    def title(self) -> str:
        return f"{'dict' if self.rows == 0 else self.rows} @ {self.threads}"


@dataclass
class CaseResult:
    case: str
    model: str
    source: str
    hasten_s: float = 0.0
    routes: list[list[str]] = field(default_factory=list)
    budget_s: float = 0.0
    budget_routes: list[list[str]] = field(default_factory=list)
    fresh: dict[str, str] = field(default_factory=dict)  # what unseen rows say of each artifact
    unlike: dict[str, str] = field(default_factory=dict)  # ways whose answers are not the original's, and how
    refused: dict[str, str] = field(default_factory=dict)  # ways that do not take the model
    measured: list[Measured] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def improve(found: Ready, place: Path, result: CaseResult, budget: str | None) -> dict[str, Path]:
    """Let hasten make an artifact with the same predictions and, where the case says so, one within a budget."""
    import hasten

    out: dict[str, Path] = {}
    for way in (HASTEN, *([BUDGET] if found.case.budget else [])):
        more: dict[str, Any] = {}
        if way == BUDGET:
            more = {"metric": found.case.budget, "max_drop": DROP, "train": found.train}
        start = time.perf_counter()
        outcome = hasten.run(
            found.model, data=found.valid, test=found.test, out=place / way.replace(" ", "-"), budget=budget, **more
        )
        took, routes = time.perf_counter() - start, [list(r) for r in outcome.record.routes]
        if way == HASTEN:
            result.hasten_s, result.routes = took, routes
        else:
            result.budget_s, result.budget_routes = took, routes
        artifact: Path | None = outcome.artifact
        if artifact is None:
            result.problems.append(f"{way} ended without an artifact")
            continue
        out[way] = artifact
        result.fresh[way], good = unseen(found, artifact, way)
        if not good:
            result.problems.append(f"{way} is WRONG on unseen rows: {result.fresh[way]}")
    return out


def unseen(found: Ready, artifact: Path, way: str) -> tuple[str, bool]:
    """What rows that nobody has seen say of an artifact, and whether that agrees with what was certified."""
    import hasten
    from hasten.core.model import Drop
    from hasten.verify.answers import asked, given
    from hasten.verify.metric import compared, metric

    x, y = found.fresh
    method = found.case.method
    old = asked(found.model, x, tuple(dict.fromkeys(("predict", method))))
    new = asked(hasten.load(artifact), x, tuple(old))
    if way == HASTEN:
        told = [f"{m}: {t}" for m in old if (t := alike(old[m], new[m])) is not None]
        return "; ".join(told) or f"the same on {len(y)} rows", not told
    classes = getattr(found.model, "classes_", None)
    measure = metric(found.case.budget, "regression" if classes is None else "classification", classes)
    q = compared(measure, y, given(old), given(new), Drop.parse(DROP))
    told = f"{q.metric} {q.old:.4g} -> {q.new:.4g}, change in [{q.low:+.3g}, {q.high:+.3g}], {-q.allowed:+.3g} allowed"
    return f"{told}, {len(y)} rows", q.high >= -q.allowed


def alike(old: Any, new: Any) -> str | None:
    """How answers differ beyond what is allowed; None where they do not."""
    new = np.asarray(new)
    if old.dtype.kind == "f":
        if new.dtype.kind != "f":
            return f"{new.dtype} for {old.dtype}"
        if new.shape != old.shape:  # one probability of two, a column for a vector, negated scores: another form
            new = _shaped(old, new)
            if new is None:
                return "another shape"
        apart = min(float(np.abs(old - new).max()), float(np.abs(old + new).max()) if old.ndim == 1 else np.inf)
        largest = float(np.abs(old).max()) or 1.0
        return None if apart <= RTOL * largest else f"scores off by {apart / largest:.0e}"
    if new.dtype.kind == "f":
        return None  # scores for labels: what is to be made of them is left to the user
    wrong = int((np.asarray(new).reshape(-1) != old.reshape(-1)).sum())
    return f"{wrong} of {old.size} labels" if wrong else None


def _shaped(old: Any, new: Any) -> Any:
    if new.size == old.size:
        return new.reshape(old.shape)
    if old.ndim == 2 and old.shape[1] == 2 and new.size == len(old):
        return np.stack((1 - new.reshape(-1), new.reshape(-1)), axis=1)
    return None


def measure(
    found: Ready, artifacts: dict[str, Path], place: Path, result: CaseResult, threads: int, *, rounds: int,
    block: float, rows: list[int], rng: random.Random,
) -> None:  # fmt: skip
    """Fill `result.measured` at this number of threads."""
    case = found.case
    file = place / "case.pkl"
    file.write_bytes(pickle.dumps({"name": case.name, "model": found.model, "x": found.test[0], "method": case.method}))
    ways = [ORIGINAL, *artifacts, *([HAND] if case.hand else []), *RIVALS]
    live: dict[str, Child] = {}
    try:
        reference: Any = None
        for way in ways:
            child = Child(threads=threads)
            try:
                child.ask(
                    "benchmarks.models.asked:prepare", str(file), "hasten" if way in artifacts else way,
                    str(artifacts.get(way, "")), threads,
                    deadline_s=PREPARE_S,
                )  # fmt: skip
                answers = child.ask("benchmarks.models.asked:answers", deadline_s=ASK_S)
            except ChildFailed as failure:
                child.close()
                result.refused[way] = failure.text.splitlines()[0][:120]
                if way in OURS:
                    result.problems.append(f"{way}: {failure.text[:200]}")
                continue
            live[way] = child
            if way == ORIGINAL:
                reference = np.asarray(answers)
            elif way != BUDGET and (told := alike(reference, answers)) is not None:
                result.unlike[way] = told
                if way == HASTEN:
                    result.problems.append(f"hasten is WRONG: {told}")
        for size in [*rows, *([0] if hasattr(found.test[0], "columns") else [])]:
            at = Measured(size, threads)
            for _ in range(rounds):
                order = list(live)
                rng.shuffle(order)
                took: dict[str, float] = {}
                for way in order:
                    asked = 1 if size == 0 and way not in (HASTEN, BUDGET, HAND) else size
                    seconds = live[way].ask("benchmarks.models.asked:clock", asked, block, deadline_s=ASK_S)
                    if seconds == seconds:
                        took[way] = seconds
                at.rounds.append({way: took[way] for way in live if way in took})
            result.measured.append(at)
    finally:
        for child in live.values():
            child.close()


def best_rival(result: CaseResult, at: Measured) -> str | None:
    """The fastest single backend whose answers are the original's (by hand does not count: nobody would)."""
    rivals = [w for w in at.rounds[0] if w not in OURS and w not in result.unlike]
    return min(rivals, key=lambda w: median(at.rounds, w)) if rivals else None


def best_exact(result: CaseResult, at: Measured) -> str:
    """The fastest of all that answer as the original: a rival, or hasten's own artifact."""
    exact = [w for w in (best_rival(result, at), HASTEN, ORIGINAL) if w is not None and w in at.rounds[0]]
    return min(exact, key=lambda w: median(at.rounds, w))


def line(result: CaseResult, at: Measured) -> str:
    """One row of the table."""
    told = []
    for way in (*OURS, *RIVALS):
        if at.rounds and way in at.rounds[0]:
            mark = "!" if way in result.unlike else ""
            told.append(f"{way}{mark} {_time(median(at.rounds, way))}")
    text = f"  {at.title:>9}  " + "  ".join(told)
    if at.rounds and HASTEN in at.rounds[0]:
        text += f"  | over the original {ratio(at.rounds, ORIGINAL, HASTEN)}"
        rival = best_rival(result, at)
        if rival is not None:
            text += f", over {rival} {ratio(at.rounds, rival, HASTEN)}"
    if at.rounds and BUDGET in at.rounds[0]:
        best = best_exact(result, at)
        text += f"  | {BUDGET} over {best} {ratio(at.rounds, best, BUDGET)}"
    return text


def _time(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} us" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def summary(results: list[CaseResult]) -> list[str]:
    """The last lines: the goals, each with what was measured."""
    single: list[tuple[Rounds, str]] = []  # "rival" and "hasten" of every case and size
    beyond: list[tuple[Rounds, str]] = []  # "exact" (the best backend alone), "own" (the exact artifact), "budget"
    for result in results:
        for at in result.measured:
            if not at.rounds or HASTEN not in at.rounds[0]:
                continue
            rival = best_rival(result, at)
            where = f"{result.case}, {at.title}"
            if rival is not None:
                single.append(([{"rival": r[rival], "hasten": r[HASTEN]} for r in at.rounds], f"{where}, {rival}"))
            if BUDGET in at.rounds[0]:
                exact = rival or ORIGINAL
                beyond.append(
                    (
                        [{"exact": r[exact], "own": r[HASTEN], "budget": r[BUDGET]} for r in at.rounds],
                        f"{where}, {exact}",
                    )
                )
    out = []
    if single:
        worst = min(single, key=lambda s: ratio(s[0], "rival", "hasten").value)
        at_worst, mean = ratio(worst[0], "rival", "hasten"), gmean([s for s, _ in single], "rival", "hasten")
        out.append(_goal(f"over the best single backend, worst: {at_worst} ({worst[1]})", at_worst.value >= 0.95, 0.95))
        out.append(_goal(f"over the best single backend, geometric mean of {len(single)}: {mean}", mean.value >= 1, 1))
    pipelines = [r for r in results if r.model == "Pipeline"]
    for rows, least, name in ((0, 500.0, "a dict"), (1, 20.0, "a frame")):
        found = [
            (ratio(at.rounds, ORIGINAL, HASTEN), r.case)
            for r in pipelines for at in r.measured
            if at.rows == rows and at.threads == 1 and at.rounds and HASTEN in at.rounds[0]
            and any(m.rows == 0 for m in r.measured)
        ]  # fmt: skip
        if found:
            low, case = min(found, key=lambda f: f[0].value)
            out.append(
                _goal(f"pipelines, one row of {name}, worst of {len(found)}: {low} ({case})", low.value >= least, least)
            )
    if beyond:
        rounds = [b for b, _ in beyond]
        mean, own = gmean(rounds, "exact", "budget"), gmean(rounds, "own", "budget")
        worst = min(beyond, key=lambda b: ratio(b[0], "exact", "budget").value)
        low = ratio(worst[0], "exact", "budget")
        out.append(_goal(f"with {DROP}, over the best exact backend, worst: {low} ({worst[1]})", low.value >= 2, 2))
        out.append(
            f"with {DROP}, geometric mean of {len(beyond)}: {mean} over the best exact backend, "
            f"{own} over hasten's exact artifact"
        )
    asked = [way for r in results for way in r.fresh]
    if asked:
        wrong = sum("unseen" in p for r in results for p in r.problems)
        out.append(_goal(f"artifacts that unseen rows contradict: {wrong} of {len(asked)}", not wrong, 0))
    for rows in sorted({at.rows for r in results for at in r.measured}):
        cases = [
            [{"old": x[ORIGINAL], "new": x[HASTEN]} for x in at.rounds]
            for r in results for at in r.measured
            if at.rows == rows and at.rounds and HASTEN in at.rounds[0]
        ]  # fmt: skip
        if cases:
            name = "one row as a dict" if rows == 0 else f"{rows} row{'s' if rows > 1 else ''}"
            out.append(
                f"hasten over the original at {name}, geometric mean of {len(cases)}: {gmean(cases, 'old', 'new')}"
            )
    return out


def _goal(told: str, met: bool, least: float) -> str:
    return f"{'met   ' if met else 'MISSED'} {told}; goal {least:g}"


def chosen(names: list[str]) -> list[Case]:
    known = {c.name: c for c in CASES}
    unknown = [n for n in names if n not in known]
    if unknown:
        raise SystemExit(f"no such case: {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[n] for n in names] or list(CASES)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models", description=__doc__.partition("\n")[0])
    parser.add_argument("--case", action="append", default=[], help="only this case (again for more)")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--block", type=float, default=0.05, help="seconds of calls a round")
    parser.add_argument("--rows", type=int, action="append", default=[], help="rows a call (1 and 256)")
    parser.add_argument("--budget", default=None, help="of hasten's own run, such as 3m")
    parser.add_argument("--json", default=None, help="write results there (auto: benchmarks/results/)")
    parser.add_argument("--more", action="store_true", help="go on with the cases that the file of --json lacks")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    rng = random.Random(options.seed)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    target = None if options.json is None else named(options.json)
    results = read(target) if target is not None and options.more else []
    done = {r.case for r in results}
    for case in chosen(options.case):
        if case.name in done:
            continue
        try:
            found = ready(case)
        except ImportError as error:
            print(f"{case.name}: left out, {error}", flush=True)
            continue
        result = CaseResult(case.name, type(found.model).__name__, found.source)
        results.append(result)
        with tempfile.TemporaryDirectory(prefix="hasten-bench-") as folder:
            place = Path(folder)
            artifacts = improve(found, place, result, options.budget)
            routes = "; ".join(": ".join(r) for r in result.routes)
            print(f"{case.name} ({result.model}, {result.source}): hasten took {result.hasten_s:.0f} s; {routes}")
            if case.budget:
                routes = "; ".join(": ".join(r) for r in result.budget_routes)
                print(f"  {DROP} of {case.budget}: {result.budget_s:.0f} s; {routes}")
            for way, told in result.fresh.items():
                print(f"  {way}, unseen rows: {told}", flush=True)
            for threads in sorted({1, cores}):
                first = len(result.measured)
                measure(
                    found, artifacts, place, result, threads, rounds=options.rounds, block=options.block,
                    rows=options.rows or [1, 256], rng=rng,
                )  # fmt: skip
                for at in result.measured[first:]:
                    print(line(result, at), flush=True)
        for way, told in result.unlike.items():
            print(f"  ! {way}: {told}")
        for problem in result.problems:
            print(f"  PROBLEM: {problem}", flush=True)
        if target is not None:
            write(results, target)
    for text in summary(results):
        print(text)
    return int(any(r.problems for r in results))


def named(where: str) -> Path:
    return Path(where) if where != "auto" else RESULTS / f"models-{time.strftime('%Y-%m-%d')}.json"


def write(results: list[CaseResult], path: Path) -> None:
    """All that was measured so far: a long run may be ended at any time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {"python": platform.python_version(), "system": platform.platform(), "cpus": os.cpu_count()}
    told = {"machine": machine, "cases": [asdict(r) for r in results], "summary": summary(results)}
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> list[CaseResult]:
    """What an earlier run has written to `path`."""
    if not path.is_file():
        return []
    held = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return [CaseResult(**{**c, "measured": [Measured(**m) for m in c["measured"]]}) for c in held]
