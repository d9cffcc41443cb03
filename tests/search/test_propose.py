"""What passes find and propose; one that fails does not end the run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from hasten.core.facts import Facts, Profile
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.record import RunRecord, TargetRecord
from hasten.core.source import Edit, SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.search.propose import of_own_work, propose
from hasten.search.trial import Outcome

WORK = ScriptWorkload(Path("."), Entry("script", "a.py"), "a.py")
REGIONS = [Region("a.py", 1, 9, "function", "f", share=0.6), Region("a.py", 11, 20, "function", "g", share=0.4)]


class Sound:
    code: ClassVar[str] = "HST901"
    name: ClassVar[str] = "sound"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        yield Finding(self.code, region, region.first, region.last, "slow", "faster", region.share)

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        edit = Edit("a.py", finding.first, finding.first, f"{self.code}\n")
        yield Change(self.code, "faster", finding.region, (edit,), needs=())


class FailsToFind(Sound):
    code = "HST902"

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        if region.qualname == "f":
            raise SyntaxError("invalid\nsyntax")
        yield from super().find(work, region, facts)


class FailsToPropose(Sound):
    code = "HST903"

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        yield from super().propose(work, finding, facts)
        raise KeyError(finding.region.qualname)


def test_a_pass_that_fails() -> None:
    passes = [FailsToFind(), FailsToPropose(), Sound()]
    findings, changes, _, failures = propose(WORK, REGIONS, Facts(Profile(samples=10, wall_s=1.0)), passes)
    assert [(c.code, c.region.qualname) for c in changes] == [("HST901", "f"), ("HST902", "g"), ("HST901", "g")]
    assert {f.code for f in findings} == {"HST901", "HST902"}
    assert len(failures) == 3
    assert str(failures[0]).startswith(
        "HST902 failed inside and was left out at a.py:1 (SyntaxError: invalid): please report it"
    )
    assert failures[0].traceback.endswith("SyntaxError: invalid\nsyntax\n") and "in find" in failures[0].traceback
    out = Outcome(WORK, WORK, RunRecord(TargetRecord("a.py", "script", "a.py", ".")))
    for _ in range(2):  # rounds
        out.failed(failures)
    read = RunRecord.from_json(json.loads(out.record.dumps()))
    assert read.failures == tuple(failures) and read.notes == tuple(map(str, failures))


def test_helpers_that_a_kept_change_put_there_are_not_changed_again() -> None:
    helper = "def _fast(xs):\n    return sum(xs)\n\n\n"
    own = ScriptWorkload(Path("."), Entry("script", "a.py"), "a.py", changed={
        "a.py": SourceFile("a.py", b"def _mine(xs):\n    return max(xs)\n\n\nprint(_mine([1]))\n")
    })  # fmt: skip
    kept = Change("HST901", "faster", REGIONS[0], (Edit("a.py", 1, 0, helper),))
    work = kept.apply(own)

    def on(qualname: str, **more: Any) -> bool:
        return of_own_work(work, Change("HST902", "", Region("a.py", 1, 2, "function", qualname), (), **more), [kept])

    assert on("_fast")
    assert on("_fast.<locals>.<lambda>")
    assert not on("_fast", needs=("numba",))
    assert not on("_mine")
    assert not on("_gone")
    assert not of_own_work(work, Change("HST902", "", Region("a.py", 1, 2, "function", "_fast"), ()), [])
