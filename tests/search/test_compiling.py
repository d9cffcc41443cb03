"""When there is time for compiling ahead, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hasten.core.finding import Region
from hasten.core.recipe import Change, Recipe
from hasten.core.record import RunRecord, TargetRecord
from hasten.core.source import Edit, SourceFile
from hasten.core.verdict import Accepted
from hasten.core.workload import Entry, ScriptWorkload
from hasten.search import compiling
from hasten.search.compiling import LastRound, compile_ahead
from hasten.search.rest import ahead_seconds, measuring_seconds
from hasten.search.trial import Outcome, Trial

BASE_S, JIT_S, AHEAD_S, COMPILING_S = 3.4, 2.4, 1.8, 5.0


def kept(
    monkeypatch: pytest.MonkeyPatch, left_s: float, *, spare_s: float = 0.0, first_s: float = BASE_S, done: bool = False
) -> tuple[bool, tuple[str, ...]]:
    """Is a kernel compiled ahead of time in a program of `BASE_S` seconds, with so much time left; and what is noted."""
    region = Region("a.py", 1, 5, "function", "f", share=0.5)
    change = Change("HST301", "f", region, (Edit("a.py", 1, 1, "x = 1\n"),), needs=("numba",))
    work = ScriptWorkload(Path("/a"), Entry("script", "a.py"), "a.py")
    trial = Trial(change, 1, Accepted(), 1.6, 20.0, 3, 30, compiling_s=COMPILING_S, kept=True, equal=True)
    changed = work.with_sources({"a.py": SourceFile("a.py", b"x = 1\n")})
    out = Outcome(work, changed, RunRecord(TargetRecord.of(work)), [trial], first_s=first_s)
    out.record = replace(out.record, kept=Recipe((change,)))
    monkeypatch.setattr(compiling, "_ahead", lambda *_: {"a.so": SourceFile("a.so", b"")})
    progress = SimpleNamespace(stage=lambda *_: None, note=lambda *_: None)
    program: Any = SimpleNamespace(
        session=SimpleNamespace(left_s=left_s, progress=progress, once=lambda _, __, make: make()),
        base=SimpleNamespace(wall_s=BASE_S), key=lambda _: (), run_twice=lambda _: (None, AHEAD_S, AHEAD_S),
    )  # fmt: skip
    meanwhile: Any = SimpleNamespace(of=lambda _: SimpleNamespace(done=done))
    last = LastRound(work, (), [trial], BASE_S)
    wall_s = compile_ahead(program, out, last, JIT_S, spare_s, meanwhile)
    assert wall_s in (JIT_S, AHEAD_S)
    return any(path.endswith(".so") for path in out.kept.changed), out.record.notes


def test_what_is_compiled_already_takes_two_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    measuring_s = measuring_seconds(BASE_S, AHEAD_S)
    enough_s = 2 * AHEAD_S + measuring_s
    assert kept(monkeypatch, enough_s, done=True)[0]
    made, notes = kept(monkeypatch, enough_s)
    assert not made
    assert "the budget ended before more" in notes[0]
    assert kept(monkeypatch, ahead_seconds(COMPILING_S, AHEAD_S) + measuring_s)[0]


def test_a_slow_first_run_is_a_reason_to_take_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    left_s = 0.8 * ahead_seconds(COMPILING_S, AHEAD_S) + 0.6 * measuring_seconds(BASE_S, AHEAD_S)
    assert kept(monkeypatch, left_s - 1.0, spare_s=1.0)[0]
    assert not kept(monkeypatch, left_s)[0], "not beyond a budget that the user gave"
    assert not kept(monkeypatch, left_s - 1.0, spare_s=1.0, first_s=JIT_S + COMPILING_S)[0], "no first run is slower"
