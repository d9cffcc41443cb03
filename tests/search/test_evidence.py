from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hasten.core.facts import LineTime, Profile
from hasten.core.finding import Region
from hasten.core.measurement import Comparison, RunSample, Speedup
from hasten.core.recipe import Change, Recipe
from hasten.core.record import RunRecord, TargetRecord
from hasten.core.source import Edit
from hasten.core.verdict import Accepted
from hasten.core.workload import Entry, ScriptWorkload
from hasten.measure.steady import WrongRun
from hasten.observe.session import Progress
from hasten.search.evidence import excerpts, gather, profile_record
from hasten.search.trial import Outcome, Trial

TEXT = "a = 1\nb = 2\nc = 3\nprint(a, b, c)\n"


@dataclass
class Session:
    """Time passes by as much as measuring takes."""

    left_s: float = 1000.0
    spent_s: float = 100.0
    elapsed_s: float = 100.0
    progress: Progress = field(default_factory=Progress)


@dataclass
class Program:
    """A program of 1 s that takes 2 s without a change; what `broken` has lines of does not end as it should."""

    session: Session
    broken: tuple[str, ...] = ()
    asked: list[tuple[str, int]] = field(default_factory=list)
    stop: bool = False

    def look(self, work: ScriptWorkload) -> Profile:
        if self.stop:
            raise KeyboardInterrupt
        return Profile(samples=3, stacks=((("main.py:<module>:1",), 3),))

    def measure(self, old: ScriptWorkload, new: ScriptWorkload, *, min_pairs: int, max_pairs: int) -> Comparison:
        text = old.source("main.py").text
        self.asked.append((text, max_pairs))
        self.session.elapsed_s += 2.0 * max_pairs
        if any(line in text for line in self.broken):
            raise WrongRun("it ended otherwise")
        return Comparison(Speedup(2.0, 1.9, 2.1, max_pairs), (), ())


def change(code: str, line: int, text: str, helper: str = "") -> Change:
    edits = [Edit("main.py", line, line, text), *([Edit("main.py", 1, 0, helper)] if helper else [])]
    return Change(code, code, Region("main.py", line, line, "block", ""), tuple(edits))


def outcome(folder: Path, *changes: Change) -> Outcome:
    (folder / "main.py").write_text(TEXT)
    work = ScriptWorkload(folder, Entry("script", "main.py"), "main.py")
    runs = (RunSample(1.0, 1.0, 9.0),)
    record = RunRecord(
        TargetRecord.of(work), kept=Recipe(changes), comparison=Comparison(Speedup(3.0, 2.9, 3.1, 3), runs, runs)
    )
    trials = [Trial(c, 1, Accepted(), kept=True, beside_s=1.0 - 0.1 * n) for n, c in enumerate(changes)]
    return Outcome(work, Recipe(changes).apply(work), record, trials)


def gathered(out: Outcome, program: Any) -> list[Any]:
    gather(program, out)
    return [(c.code, c.changes, c.without is not None, c.why_not) for c in out.record.contributions]


def test_each_pass_is_left_out_once(tmp_path: Path) -> None:
    out = outcome(tmp_path, change("A", 1, "a = 10\n"), change("B", 2, "b = 20\n"), change("A", 3, "c = 30\n"))
    program = Program(Session())
    assert gathered(out, program) == [("A", (0, 2), True, ""), ("B", (1,), True, "")]
    assert program.asked == [
        ("a = 1\nb = 20\nc = 3\nprint(a, b, c)\n", 2),
        ("a = 10\nb = 2\nc = 30\nprint(a, b, c)\n", 2),
    ]
    assert out.record.after is not None and out.record.after.stacks == ((0, 3),)


def test_of_one_pass_each_change_and_of_one_change_nothing(tmp_path: Path) -> None:
    out = outcome(tmp_path, change("A", 1, "a = 10\n"), change("A", 2, "b = 20\n"))
    assert [c[:2] for c in gathered(out, Program(Session()))] == [("A", (0,)), ("A", (1,))]
    program = Program(Session())
    assert gathered(outcome(tmp_path, change("A", 1, "a = 10\n")), program) == [("A", (0,), False, "")]
    assert program.asked == []


def test_time_is_kept(tmp_path: Path) -> None:
    changes = change("A", 1, "a = 10\n"), change("B", 2, "b = 20\n")
    assert gathered(outcome(tmp_path, *changes), Program(Session(spent_s=60.0))) == [
        ("A", (0,), True, ""), ("B", (1,), False, "there was no time left for it"),
    ]  # fmt: skip
    program = Program(Session(spent_s=30.0))  # 3 s: one pair
    assert [c[2] for c in gathered(outcome(tmp_path, *changes), program)] == [True, False]
    assert program.asked[0][1] == 1
    assert gathered(outcome(tmp_path, *changes), Program(Session(left_s=0.5)))[0][2] is False


def test_what_others_need_stays_or_is_told(tmp_path: Path) -> None:
    helped = change("A", 1, "a = h()\n", "def h():\n    return 1\n")
    program = Program(Session(spent_s=300.0), broken=("a = 1\nb = 20",))  # without it, and nothing of it
    (first, second) = gathered(outcome(tmp_path, helped, change("B", 2, "b = 20\n")), program)
    assert not first[2] and "does not end as it did (it ended otherwise)" in first[3] and second[2]
    assert [text.startswith("def h") for text, _ in program.asked] == [False, True, True]


@pytest.mark.parametrize("stop", [True, False])
def test_an_interruption_loses_no_result(tmp_path: Path, stop: bool) -> None:
    out = outcome(tmp_path, change("A", 1, "a = 10\n"))
    gather(Program(Session(), stop=stop), out)  # type: ignore[arg-type]
    assert (out.record.after is None) == stop
    assert out.record.comparison is not None


def test_source_around_hot_lines_and_stacks_within_bounds(tmp_path: Path) -> None:
    out = outcome(tmp_path)
    (tmp_path / "main.py").write_text("".join(f"x{n} = {n}\n" for n in range(1, 40)))
    work = replace(out.work, _read={})
    lines = {("main.py", n): LineTime(0.5, 0.5, 0.0) for n in (2, 6, 30)} | {("gone.py", 1): LineTime(0.1, 0.1, 0.0)}
    deep = tuple(f"main.py:f:{n}" for n in range(500))
    record = profile_record(work, Profile(lines=lines, stacks=((deep, 7), (deep[:450], 2), (deep[:1], 1))))
    assert [(e.first, len(e.lines)) for e in excerpts(work, record)] == [(1, 9), (27, 7)]
    assert excerpts(work, record)[0].lines[1] == "x2 = 2"
    assert record.stacks == ((*range(120), 9), (0, 1))  # what is deeper counts for the frame at the bound
