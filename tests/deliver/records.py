"""Records for tests of delivery and reports."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hasten.core.contract import Contract
from hasten.core.facts import FunctionTime
from hasten.core.finding import Region
from hasten.core.measurement import Comparison, RunSample, Speedup
from hasten.core.recipe import Change, Recipe
from hasten.core.record import (
    BaselineRecord,
    ColdRun,
    FindingRecord,
    HotLine,
    ProfileRecord,
    RunRecord,
    TargetRecord,
    TrialRecord,
)
from hasten.core.source import Edit, SourceFile
from hasten.core.verdict import Accepted, Rejected


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def change(path: str = "script.py", title: str = "HST101 line 1: a set") -> Change:
    return Change("HST101", title, Region(path, 1, 2, "block", ""), (Edit(path, 1, 1, "x = 2\n"),))


def plain_record(root: Path, old: dict[str, bytes], new: dict[str, bytes], **more: object) -> RunRecord:
    return RunRecord(
        TargetRecord("script.py", "script", "script.py", str(root)),
        sources={p: sha(old[p]) for p in new},
        changed={p: sha(data) for p, data in new.items()},
        **more,  # type: ignore[arg-type]
    )


def files(data: dict[str, bytes]) -> dict[str, SourceFile]:
    return {p: SourceFile(p, d) for p, d in data.items()}


def full_record(text: str = "script.py", *, require: float | None = None, status: str = "finished") -> RunRecord:
    """A record with something in every field; `text` is put wherever a program's own text may show."""
    gain = Speedup(2.5, 2.3, 2.71, 8, decided="faster", evidence=40.0)
    kept, other = change(title=f"HST101 line 1: {text}"), change(title=f"HST101 line 9: {text}")
    return RunRecord(
        TargetRecord(text, "script", "script.py", "/somewhere", argv=("--n", text)),
        Contract(require=require),
        status=status,
        baseline=BaselineRecord(
            0, (RunSample(5.0, 4.9, 120.0), RunSample(5.2, 5.0, 121.0)), 0.04, (text,), ("stdout",)
        ),
        profile=ProfileRecord(
            480, 0.01, 5.0, 120.0, 0.05, "py-spy",
            (FunctionTime("script.py", text, 3, 0.8, 0.5, 0.3),), (HotLine("script.py", 4, 0.7, 0.4, 0.3, text),),
        ),
        findings=(FindingRecord("HST101", "script.py", 1, 2, "", "script.py:1-2", text, text, 0.8, 5.0),),
        trials=(
            TrialRecord.of(kept, Accepted(gain), kept=True, replays=3, varied=12, seconds={"verify": 1.5}),
            TrialRecord.of(other, Rejected(text)),
        ),
        kept=Recipe((kept,)),
        comparison=Comparison(
            gain, tuple(RunSample(5.0 + i / 50, 4.9, 120.0) for i in range(8)),
            tuple(RunSample(2.0 + i / 50, 1.9, 90.0) for i in range(8)), "wall", (text,),
        ),
        cold=ColdRun(5.1, 4.0),
        sources={"script.py": "0" * 64},
        changed={"script.py": "1" * 64},
        machine={"cpu": text, "cores": 2, "load": [0.5, 0.25], "limits": {"memory_mb": 100.5}},
        versions={"python": "3.11.7"},
        own_s=44.0,
        budget_s=600.0,
        seed=3,
        command=f"hasten run {text}",
        started="2026-01-31T10:00:00+00:00",
        notes=(text,),
    )  # fmt: skip
