"""Mutation testing of the judge: `python -m benchmarks.judge` (make bench-judge).

Programs of every family of `tests/fuzz` go to hasten's passes. Each change that is right (all calls of the program,
also those of which the passes knew nothing, come to the same) is spoilt in many small ways (`benchmarks/faulty.py`),
and each spoilt change goes the way of any other: replay of recorded and of varied inputs, then a run of the whole
program. What a fault changes is told by another judge, which shares no code with hasten's: the fuzzer's own runs and
comparison, over the recorded calls and over calls that nothing in hasten has seen.

The table says how many faults change a result of the run (goal: none gets through), how many show on unrecorded inputs
only (goal: under 2% get through), and of how many no effect was seen. What is finished is noted after each program; the
next call goes on with it (`--again` begins anew, `--minutes` bounds a call).

`--sieved` looks for faults of the second kind, which are rare, in other programs: the other judge is asked first, and
only what it sees on unrecorded calls alone goes to hasten. Of the rest it is only counted how many there were.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import contextlib
import json
import multiprocessing
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import judge_models, judge_nets, judge_programs, pages
from benchmarks.faulty import Fault, faults
from hasten.core.contract import Contract
from hasten.core.recipe import Change, Risk
from hasten.core.workload import Entry, ScriptWorkload
from hasten.observe.session import session
from hasten.search.runs import Program as Whole
from tests.fuzz import emulated, engine
from tests.fuzz.choices import ENOUGH, Choices, Program
from tests.fuzz.families import FAMILIES, Family

RESULTS = Path(__file__).parent / "results"
DONE = (
    "containers",
    "arrays",
    "columns",
    "batch",
    "estimators",
    "kernels",
    "elements",
    "stand_ins",
    "models",
    "nets",
    *judge_programs.PROGRAMS,
)
MODELS = {"models": tuple(judge_models.SUBJECTS), "nets": tuple(judge_nets.SUBJECTS)}
LATE, LATE_SLOW = 80, 14  # calls of which nobody knows, beside the program's own; of slow families
SIEVE, SIEVED = 60, 8  # faults of a program that the other judge is asked of, and that go on to hasten
MODEL_FAULTS = 48  # of one model
FRESH = 1000  # the first program of a family that only sieved faults come from
PATIENCE_S = 6.0  # of CPU, for all calls of a program as it was
REPLAY_S = 20.0
CHANGES = 3  # of a benchmark program
RUN, UNRECORDED, NONE = "a result of the run", "unrecorded inputs only", "none that was seen"
CHOOSING = {
    "guard always true", "guard always false", "condition left out", "and for or", "swapped test", "swapped branch",
}  # fmt: skip
COMPILED = FAMILIES["compiled"]
FORGIVEN = "what the contract forgives"  # on unrecorded inputs: NumPy's own warnings, a zero's sign, last digits


@dataclass(frozen=True)
class Judged:
    """One fault and what became of it. `by` is empty when it got through."""

    subject: str
    code: str
    kind: str
    line: int
    before: str
    after: str
    changes: str  # RUN, UNRECORDED or NONE, by the other judge
    shown: str  # where it saw that
    by: str  # "recorded", "varied", "whole run" or ""
    reason: str


@dataclass(frozen=True)
class Subject:
    """A program, and a change of it that is right."""

    name: str
    program: Program
    change: Change


def program_of(family: Family, number: int) -> Program:
    """The same one for the same number, with calls of other programs of its family as further late ones."""
    made = family.make(Choices(random.Random(f"{family.name} {number}").randbytes(ENOUGH)))
    late = list(made.late)
    known = names(made.text) | {"np", "math", "random", "nan", "inf", "pd", *dir(builtins)}
    for other in range(14):
        like = family.make(Choices(random.Random(f"{family.name} {number} {other}").randbytes(ENOUGH)))
        late += [call for call in (*like.recorded, *like.late) if call not in late and names(call) <= known]
    return Program(
        made.text, made.recorded, tuple(late[: len(made.late) + (LATE if family.seconds <= 5 else LATE_SLOW)])
    )


def names(text: str) -> set[str]:
    """What a text names, and what it defines."""
    found = ast.walk(ast.parse(text))
    kinds = (ast.ClassDef, ast.FunctionDef)
    return {n.id if isinstance(n, ast.Name) else n.name for n in found if isinstance(n, (ast.Name, *kinds))}


def script(program: Program) -> str:
    """The program as a script that shows what its recorded calls come to."""
    calls = "".join(f"    lambda: {call},\n" for call in program.recorded)
    return (
        f"{program.text}\n\nimport random\nimport numpy as np\nimport math\nnan, inf = math.nan, math.inf\n"
        f"{'import pandas as pd' if 'pandas' in program.text else ''}\n"
        f"for number, given in enumerate((\n{calls})):\n"
        "    random.seed(number)\n    np.random.seed(number)\n    args = given()\n"
        "    try:\n        print(repr(work(*args)), repr(args))\n"
        "    except Exception as error:\n        print(type(error), error)\n"
    )


# -- the other judge, in a process of its own


def apart(ask: Callable[[], Any], seconds: float) -> Any:
    """The answer of a forked process; None when it does not come to one."""
    here, there = multiprocessing.Pipe(False)

    def answer() -> None:
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - as long as the process lives
        there.send(ask())

    child = multiprocessing.get_context("fork").Process(target=answer)
    child.start()
    there.close()
    try:
        return here.recv() if here.poll(seconds) else None
    except EOFError:
        return None
    finally:
        child.kill()
        child.join()
        here.close()


def right_changes(family: Family, program: Program) -> list[Change]:
    """Changes under which every call comes to what it came to before, and whose new code ran in a recorded one."""
    try:
        with engine.patience(PATIENCE_S):
            old = [engine._kept(ran) for ran in engine.run(program, program.text, trace=True)]
        changes = family.find(program, family.passes())
    except (engine.Slow, MemoryError, RecursionError, engine.Broken):
        return []
    found = []
    for change in changes[:4]:
        text = change.apply(engine.workload(program.text)).source(engine.PATH).text
        with contextlib.suppress(engine.Slow), engine.patience(family.seconds):
            failure, fast = engine.compared(program, text, old, (change,), family.load)
            if failure is None and fast:
                found.append(change)
    return found


def effect(family: Family, program: Program, fault: Fault) -> tuple[str, str]:
    """What a fault changes, and where that was seen."""
    try:
        with engine.patience(PATIENCE_S):
            old = [engine._kept(ran) for ran in engine.run(program, program.text, trace=True)]
    except (engine.Slow, MemoryError, RecursionError, engine.Broken) as error:
        return "", repr(error)
    return effect_beside(old, family, program, fault)


def effect_beside(old: list[engine.Ran], family: Family, program: Program, fault: Fault) -> tuple[str, str]:
    """The same, beside what the program showed before."""
    try:
        text = fault.change.apply(engine.workload(program.text)).source(engine.PATH).text
    except (MemoryError, RecursionError) as error:
        return "", repr(error)
    try:
        with engine.patience(family.seconds):
            failure, _ = engine.compared(program, text, old, (fault.change,), family.load)
            if failure is not None and failure.late:  # floats count as the contract has them
                rounding = replace(fault.change, risk=Risk.ROUNDING)
                beyond, _ = engine.compared(program, text, old, (rounding,), family.load)
                if beyond is None:
                    return FORGIVEN, f"work(*{failure.call}): {failure.what}"
                failure = beyond
    except engine.Slow:
        return RUN, "it takes for ever"
    if failure is None:
        return NONE, f"{len(program.recorded)} recorded and {len(program.late)} other calls"
    if failure.late and forgiven(failure.what):
        return FORGIVEN, f"work(*{failure.call}): {failure.what}"
    return UNRECORDED if failure.late else RUN, f"work(*{failure.call}): {failure.what}"


def sieved(family: Family, program: Program, given: Sequence[Fault], most: int) -> tuple[Counter[str], list[int]]:
    """Of what kinds the first faults are, and the places of `most` of those that show on unrecorded calls only."""
    with engine.patience(PATIENCE_S):
        old = [engine._kept(ran) for ran in engine.run(program, program.text, trace=True)]
    kinds: Counter[str] = Counter()
    found: list[int] = []
    for place, fault in enumerate(given):
        if len(found) == most:
            break
        changed = (apart(lambda fault=fault: effect_beside(old, family, program, fault), 30.0) or (RUN, ""))[0]  # type: ignore[misc]
        kinds[changed] += 1
        if changed == UNRECORDED:
            found.append(place)
    return kinds, found


def forgiven(what: str) -> bool:
    """A difference that docs/equality.md names as none, on inputs that were not recorded and under the tolerance."""
    zeros = re.search(r": (\S*?)(-?)0\.0(\)?) became \1(-?)0\.0\3(?: |$)", what)
    numerical = "RuntimeWarning" in what or what.count(" encountered in ") > 1  # in other words
    return (what.startswith("warnings:") and numerical) or zeros is not None


# -- hasten's judge


class Bench:
    """A subject as a project, judged by what `hasten run` judges with."""

    def __init__(self, current: Any, folder: Path, subject: Subject) -> None:
        folder.mkdir(parents=True)
        (folder / engine.PATH).write_text(script(subject.program))
        (folder / "pyproject.toml").write_text("")
        self.work = ScriptWorkload(folder, Entry("script", engine.PATH), engine.PATH, python=sys.executable)
        self.whole = Whole(current, self.work, Contract())
        self.whole.observe()
        region = subject.change.region
        self.facts = self.whole.record(self.work, [region])[region.id]

    def judge(self, change: Change) -> tuple[str, str]:
        """(what turned it down, why); nothing when it got through."""
        if self.facts.recorded:
            got = self.whole.replay(self.work, change, self.facts, REPLAY_S)
            if got.status in ("different", "crashed", "timeout"):
                return "varied" if got.reason.startswith("varied input") else "recorded", got.reason
        wrong = self.whole.check(change.apply(self.work))
        return ("whole run", wrong) if wrong else ("", "")


def judged_of(
    family: Family, number: int, most: int, folder: Path, sieve: Counter[str] | None = None
) -> Iterator[Judged]:
    """Faults in the first right change of a program; with a `sieve` those of the second kind, the rest counted."""
    name = f"{family.name} {number}"
    program = program_of(family, number)
    changes = apart(lambda: right_changes(family, program), 60.0) or []
    with session() as current:
        for which, change in enumerate(changes[:1]):
            subject = Subject(name, program, change)
            bench = Bench(current, folder / f"{name} {which}".replace(" ", "-"), subject)
            by, reason = bench.judge(change)
            if by:
                print(f"{name}: {change.code} is turned down as it is ({by}: {reason})", file=sys.stderr)
                continue
            taken = faults(change, bench.work, most, name)
            if sieve is not None:
                seen = apart(lambda taken=taken: sieved(family, program, taken, SIEVED), 600.0)  # type: ignore[misc]
                kinds, places = seen or (Counter(), [])
                sieve.update(kinds)
                sieve["changes"] += 1
                taken = [taken[place] for place in places]
            for fault in taken:
                changed, shown = apart(lambda fault=fault: effect(family, program, fault), 60.0) or (RUN, "it crashes")  # type: ignore[misc]
                if not changed:
                    continue
                by, reason = bench.judge(fault.change)
                if not by and changed in (RUN, UNRECORDED) and family.load is emulated.load:
                    # what runs is what Numba makes of it, and where it makes nothing the original does
                    changed, shown = apart(lambda fault=fault: effect(COMPILED, program, fault), 180.0) or (
                        RUN,
                        "it crashes",
                    )  # type: ignore[misc]
                yield Judged(
                    name, change.code, fault.kind, fault.line, fault.before, fault.after, changed, shown, by, reason
                )


def judged_program(name: str, most: int, folder: Path) -> Iterator[Judged]:
    """Faults in what hasten makes of a benchmark program."""
    with session() as current:
        work = judge_programs.prepared(name, folder / "program")
        known = judge_programs.Worlds(work, name, folder / "world")
        judge = judge_programs.Judge(current, work)
        for number, change in enumerate(judge.subjects(known, CHANGES, REPLAY_S)):
            for fault in faults(change, work, most, f"{name} {number}"):
                world, shown = known.effect(fault.change)
                changed = NONE if not world else RUN if world == "as recorded" else UNRECORDED
                by, reason = judge.judge(fault.change, REPLAY_S)
                yield Judged(
                    f"{name} {number}", change.code, fault.kind, fault.line, fault.before, fault.after, changed,
                    f"{world}: {shown}" if world else f"{len(known)} worlds", by, reason,
                )  # fmt: skip


def judged_model(name: str, most: int, folder: Path) -> Iterator[Judged]:
    """Faults in what hasten makes of a trained model; each in a process of its own, which may crash."""
    kinds: Any = judge_nets if name in judge_nets.SUBJECTS else judge_models
    subject = kinds.Subject(name, folder / "subject")
    given = kinds.faults(subject, most, name)
    right = subject.folder / "right"
    if subject.effect(right)[1] or subject.verdict(right)[0]:
        print(f"{name}: {subject.code} is turned down as it is: {subject.effect(right)}, {subject.verdict(right)}")
        return
    for number, fault in enumerate(given):
        place = folder / str(number)
        built = apart(lambda fault=fault, place=place: fault.build(place) or True, 60.0)  # type: ignore[misc]
        if not built:
            continue  # the code that builds refuses it
        seen = apart(lambda place=place: subject.effect(place), 60.0) or (True, "it crashes, or cannot be loaded")  # type: ignore[misc]
        changed = NONE if not seen[1] else RUN if seen[0] else UNRECORDED
        by, reason = apart(lambda place=place: subject.verdict(place), 60.0) or ("recorded", "it crashes")  # type: ignore[misc]
        yield Judged(name, subject.code, fault.kind, 0, fault.before, fault.after, changed, seen[1], by, reason)


# -- the table


def table(found: Sequence[Judged]) -> str:
    """Markdown."""
    through = [j for j in found if not j.by]
    lines = [
        "| fault | injected | changes the run | through | changes unrecorded inputs only | through "
        "| no effect, or none that counts | turned down |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for kind in [*sorted({j.kind for j in found}), "all"]:
        of = [j for j in found if kind in (j.kind, "all")]
        row = [len(of)]
        for changes in (RUN, UNRECORDED):
            row += [sum(j.changes == changes for j in of), sum(j.changes == changes for j in of if j in through)]
        quiet = [j for j in of if j.changes in (NONE, FORGIVEN)]
        lines.append(f"| {kind} | {' | '.join(map(str, [*row, len(quiet), sum(bool(j.by) for j in quiet)]))} |")
    return "\n".join(lines)


def figures(found: Sequence[Judged]) -> dict[str, Any]:
    """What docs/trust.md says."""
    at = Counter((j.changes, bool(j.by)) for j in found)
    only = at[UNRECORDED, True] + at[UNRECORDED, False]
    return {
        "injected": len(found), "changes": len({(j.subject, j.code) for j in found}),
        "run": at[RUN, True] + at[RUN, False], "run through": at[RUN, False],
        "unrecorded": only, "unrecorded through": at[UNRECORDED, False],
        "unrecorded through, %": round(100 * at[UNRECORDED, False] / only, 2) if only else 0.0,
        "no effect seen": at[NONE, True] + at[NONE, False], "forgiven": at[FORGIVEN, True] + at[FORGIVEN, False],
        "caught by": dict(Counter(j.by for j in found if j.by)),
    }  # fmt: skip


def told_in_words(found: Sequence[Judged], hours: float, sieve: Counter[str]) -> str:
    at = figures(found)
    by = ", ".join(f"{number} by {name}" for name, number in sorted(at["caught by"].items(), key=lambda c: -c[1]))
    quiet = [j for j in found if j.changes == NONE]
    chosen = sum(j.kind in CHOOSING for j in quiet)
    told = (
        f"**{at['injected']} faults** in {at['changes']} changes, {hours:.1f} hours. Of {at['run']} that change a "
        f"result of the run **{at['run through']} got through**; of {at['unrecorded']} that show on unrecorded inputs "
        f"only **{at['unrecorded through']} ({at['unrecorded through, %']:g}%)**. Turned down {by}. In {len(quiet)} no "
        f"effect was seen on any call: {chosen} of these are faults in a test that chooses between statements, mostly "
        f"the fast and the original ones. {at['forgiven']} change what the contract forgives."
    )
    if not sieve:
        return told
    asked = sum(number for kind, number in sieve.items() if kind != "changes")
    return (
        f"{told} Faults that show on unrecorded inputs only are rare, so most were sieved: the other judge was asked "
        f"of {asked} faults in {sieve['changes']} changes of programs taken for this alone, and hasten of the "
        f"{sieve[UNRECORDED]} of that kind (the other {asked - sieve[UNRECORDED]} are not in the table)."
    )


def file_of(results: Path, name: str, sieved: bool) -> Path:
    return results / f"judge-{'sieved-' if sieved else ''}{name.replace(' ', '-')}.json"


def noted(results: Path, names: Sequence[str] = DONE) -> tuple[list[Judged], float, Counter[str]]:
    """All that the results hold: faults, hours, and how many were only sieved."""
    found: list[Judged] = []
    hours, sieve = 0.0, Counter[str]()
    for name in names:
        for file in (file_of(results, name, False), file_of(results, name, True)):
            if file.exists():
                told = json.loads(file.read_text())
                hours += told["hours"]
                sieve.update(told.get("sieve", {}))
                found += [Judged(**j) for program in told["programs"].values() for j in program]
    return found, hours, sieve


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judge", description=__doc__.split("\n\n")[0])
    parser.add_argument("families", nargs="*", help=f"families of tests/fuzz; each of {', '.join(DONE)}")
    parser.add_argument("--programs", type=int, default=40, help="programs to look at of each family")
    parser.add_argument("--faults", type=int, default=12, help="faults of one program")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no program after so long")
    parser.add_argument("--again", action="store_true", help="forget what is noted")
    parser.add_argument("--sieved", action="store_true", help="only faults that show on unrecorded calls alone")
    parser.add_argument("--through", action="store_true", help="show the faults that got through")
    parser.add_argument("--show", action="store_true", help="judge nothing, show what is noted")
    parser.add_argument("--docs", action="store_true", help="put the figures and the table into docs/trust.md")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(words)
    end = time.monotonic() + 60 * options.minutes
    options.results.mkdir(parents=True, exist_ok=True)
    for name in () if options.show else options.families or DONE:
        if options.sieved and name not in FAMILIES:
            continue
        file = file_of(options.results, name, options.sieved)
        told: dict[str, Any] = {"family": name, "hours": 0.0, "programs": {}}
        if file.exists() and not options.again:
            told = json.loads(file.read_text())
        sieve = Counter(told.get("sieve", {})) if options.sieved else None
        first = FRESH if options.sieved else 0
        numbers: Sequence[Any] = range(first, first + (options.programs if name in FAMILIES else 1))
        if name in MODELS:
            numbers = MODELS[name]
        for number in numbers:
            if str(number) in told["programs"] or time.monotonic() > end:
                continue
            began = time.monotonic()
            with TemporaryDirectory(prefix="judge-") as folder:
                if name in FAMILIES:
                    most = SIEVE if options.sieved else options.faults
                    found = judged_of(FAMILIES[name], number, most, Path(folder), sieve)
                elif name in MODELS:
                    found = judged_model(number, MODEL_FAULTS, Path(folder))
                else:
                    found = judged_program(name, options.faults, Path(folder))
                done = [asdict(j) for j in found]
            told["programs"][str(number)] = done
            if sieve is not None:
                told["sieve"] = dict(sieve)
            told["hours"] += (time.monotonic() - began) / 3600
            through = [j for j in done if not j["by"] and j["changes"] in (RUN, UNRECORDED)]
            print(f"{name} {number}: {len(done)} faults, {len(through)} through", file=sys.stderr, flush=True)
            part = file.with_suffix(".part")
            part.write_text(json.dumps(told, indent=1) + "\n")
            part.replace(file)
    everything, hours, sieve = noted(options.results, options.families or DONE)
    print(table(everything))
    print(json.dumps({**figures(everything), "hours": round(hours, 2), "sieve": dict(sieve)}))
    if options.docs:
        pages.put(pages.TRUST, "judge", f"{told_in_words(everything, hours, sieve)}\n\n{table(everything)}")
    for j in everything if options.through else ():
        if not j.by and j.changes in (RUN, UNRECORDED):
            print(
                f"\n{j.subject} {j.code}, {j.kind}, line {j.line}: {j.before} -> {j.after}\n    {j.changes}: {j.shown}"
            )
    wrong = figures(everything)
    return 1 if wrong["run through"] or wrong["unrecorded through, %"] >= 2 else 0


if __name__ == "__main__":
    sys.exit(main())
