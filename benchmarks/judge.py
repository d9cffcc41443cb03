"""Mutation testing of the judge: `python -m benchmarks.judge` (make bench-judge).

Programs of every family of `tests/fuzz` go to hasten's passes. Each change that is right (all calls of the program,
also those of which the passes knew nothing, come to the same) is spoilt in many small ways (`benchmarks/faulty.py`),
and each spoilt change goes the way of any other: replay of recorded and of varied inputs, then a run of the whole
program. What a fault changes is told by another judge, which shares no code with hasten's: the fuzzer's own runs and
comparison, over the recorded calls and over calls that nothing in hasten has seen.

The table says how many faults change a result of the run (goal: none gets through), how many show on unrecorded inputs
only (goal: under 2% get through), and of how many no effect was seen. What is finished is noted after each program; the
next call goes on with it (`--again` begins anew, `--minutes` bounds a call).
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
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import judge_programs, pages
from benchmarks.faulty import Fault, faults
from hasten.core.contract import Contract
from hasten.core.recipe import Change
from hasten.core.workload import Entry, ScriptWorkload
from hasten.observe.session import session
from hasten.search.runs import Program as Whole
from tests.fuzz import emulated, engine
from tests.fuzz.choices import ENOUGH, Choices, Program
from tests.fuzz.families import FAMILIES, Family

RESULTS = Path(__file__).parent / "results"
DONE = ("containers", "arrays", "columns", "batch", "estimators", "kernels", *judge_programs.PROGRAMS)
LATE, LATE_SLOW = 80, 14  # calls of which nobody knows, beside the program's own; of slow families
PATIENCE_S = 6.0  # of CPU, for all calls of a program as it was
REPLAY_S = 20.0
CHANGES = 3  # of a benchmark program
RUN, UNRECORDED, NONE = "a result of the run", "unrecorded inputs only", "none that was seen"
CHOOSING = {
    "guard always true", "guard always false", "condition left out", "and for or", "swapped test", "swapped branch",
}  # fmt: skip
COMPILED = FAMILIES["compiled"]
FORGIVEN = "what the contract forgives"  # on unrecorded inputs: NumPy's own warnings, the sign of a zero


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
        text = fault.change.apply(engine.workload(program.text)).source(engine.PATH).text
    except (engine.Slow, MemoryError, RecursionError, engine.Broken) as error:
        return "", repr(error)
    try:
        with engine.patience(family.seconds):
            failure, _ = engine.compared(program, text, old, (fault.change,), family.load)
    except engine.Slow:
        return RUN, "it takes for ever"
    if failure is None:
        return NONE, f"{len(program.recorded)} recorded and {len(program.late)} other calls"
    if failure.late and forgiven(failure.what):
        return FORGIVEN, f"work(*{failure.call}): {failure.what}"
    return UNRECORDED if failure.late else RUN, f"work(*{failure.call}): {failure.what}"


def forgiven(what: str) -> bool:
    """A difference that docs/equality.md names as none, on inputs that were not recorded and under the tolerance."""
    zeros = re.search(r": (\S*?)(-?)0\.0(\)?) became \1(-?)0\.0\3(?: |$)", what)
    return (what.startswith("warnings:") and "RuntimeWarning" in what) or zeros is not None


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


def judged_of(family: Family, number: int, most: int, folder: Path) -> Iterator[Judged]:
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
            for fault in faults(change, bench.work, most, name):
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


def told_in_words(found: Sequence[Judged], hours: float) -> str:
    at = figures(found)
    by = ", ".join(f"{number} by {name}" for name, number in sorted(at["caught by"].items(), key=lambda c: -c[1]))
    quiet = [j for j in found if j.changes == NONE]
    chosen = sum(j.kind in CHOOSING for j in quiet)
    return (
        f"**{at['injected']} faults** in {at['changes']} changes, {hours:.1f} hours. Of {at['run']} that change a "
        f"result of the run **{at['run through']} got through**; of {at['unrecorded']} that show on unrecorded inputs "
        f"only **{at['unrecorded through']} ({at['unrecorded through, %']:g}%)**. Turned down {by}. In {len(quiet)} no "
        f"effect was seen on any call: {chosen} of these are faults in a test that chooses between statements, mostly "
        f"the fast and the original ones. {at['forgiven']} change what the contract forgives."
    )


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judge", description=__doc__.split("\n\n")[0])
    parser.add_argument("families", nargs="*", help=f"families of tests/fuzz; each of {', '.join(DONE)}")
    parser.add_argument("--programs", type=int, default=40, help="programs to look at of each family")
    parser.add_argument("--faults", type=int, default=12, help="faults of one program")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no program after so long")
    parser.add_argument("--again", action="store_true", help="forget what is noted")
    parser.add_argument("--through", action="store_true", help="show the faults that got through")
    parser.add_argument("--show", action="store_true", help="judge nothing, show what is noted")
    parser.add_argument("--docs", action="store_true", help="put the figures and the table into docs/trust.md")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(words)
    end = time.monotonic() + 60 * options.minutes
    options.results.mkdir(parents=True, exist_ok=True)
    everything: list[Judged] = []
    hours = 0.0
    for name in options.families or DONE:
        file = options.results / f"judge-{name.replace(' ', '-')}.json"
        told: dict[str, Any] = {"family": name, "hours": 0.0, "programs": {}}
        if file.exists() and not options.again:
            told = json.loads(file.read_text())
        for number in range(options.programs if name in FAMILIES else 1):
            if options.show or str(number) in told["programs"] or time.monotonic() > end:
                continue
            began = time.monotonic()
            with TemporaryDirectory(prefix="judge-") as folder:
                if name in FAMILIES:
                    found = judged_of(FAMILIES[name], number, options.faults, Path(folder))
                else:
                    found = judged_program(name, options.faults, Path(folder))
                done = [asdict(j) for j in found]
            told["programs"][str(number)] = done
            told["hours"] += (time.monotonic() - began) / 3600
            through = [j for j in done if not j["by"] and j["changes"] in (RUN, UNRECORDED)]
            print(f"{name} {number}: {len(done)} faults, {len(through)} through", file=sys.stderr, flush=True)
            part = file.with_suffix(".part")
            part.write_text(json.dumps(told, indent=1) + "\n")
            part.replace(file)
        hours += told["hours"]
        everything += [Judged(**j) for found in told["programs"].values() for j in found]
    print(table(everything))
    print(json.dumps({**figures(everything), "hours": round(hours, 2)}))
    if options.docs:
        pages.put(pages.TRUST, "judge", f"{told_in_words(everything, hours)}\n\n{table(everything)}")
    for j in everything if options.through else ():
        if not j.by and j.changes in (RUN, UNRECORDED):
            print(
                f"\n{j.subject} {j.code}, {j.kind}, line {j.line}: {j.before} -> {j.after}\n    {j.changes}: {j.shown}"
            )
    wrong = figures(everything)
    return 1 if wrong["run through"] or wrong["unrecorded through, %"] >= 2 else 0


if __name__ == "__main__":
    sys.exit(main())
