"""What a session knows of its own time."""

from __future__ import annotations

from pathlib import Path

from hasten.core.record import RunRecord, TargetRecord
from hasten.observe.session import Session
from hasten.report.view import spent


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_every_second_counts_for_one_phase(tmp_path: Path) -> None:
    clock = Clock()
    session = Session(tmp_path, tmp_path, clock=clock)
    for name, seconds in (("record", 4.0), ("verify", 2.5), ("record", 1.0), ("end", 0.0)):
        clock.now += 0.5
        session.phase(name)
        clock.now += seconds
    session.phase("end")
    assert session.phases == {"start": 0.5, "record": 6.0, "verify": 3.0}
    assert sum(session.phases.values()) == session.elapsed_s


def test_a_report_names_the_longest_first() -> None:
    record = RunRecord(TargetRecord("a.py", "script", "a.py", "/a"), own_s=9.55)
    assert spent(record) == "9.55 s"
    phases = {"start": 0.05, "record": 2.0, "verify": 7.5}
    assert spent(RunRecord(record.target, own_s=9.55, phases=phases)) == "9.55 s: verify 7.5 s, record 2 s"
