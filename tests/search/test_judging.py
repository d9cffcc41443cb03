"""What a round does while it judges its changes, on a clock that only its steps move."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hasten.core.contract import Contract
from hasten.core.facts import Facts, Profile, RegionFacts
from hasten.core.finding import Region
from hasten.core.measurement import RunSample
from hasten.core.recipe import Change
from hasten.core.source import Edit
from hasten.core.verdict import Inconclusive
from hasten.core.workload import Entry, ScriptWorkload
from hasten.observe.session import Session
from hasten.search import judging
from hasten.search.order import Queue
from hasten.search.rest import Rest, ahead_seconds
from hasten.search.trial import Trial
from hasten.verify.replay import ReplayOutcome

LINES = 100
RUN_S = 3.5


class Plan:
    """A program of `RUN_S` seconds with hot functions of ten lines each; the share of time of each is given."""

    def __init__(self, tmp_path: Path, shares: dict[str, float]) -> None:
        (tmp_path / "a.py").write_text("x = 1\n" * LINES)
        self.work = ScriptWorkload(tmp_path, Entry("script", "a.py"), "a.py")
        names = list(shares)
        stacks = tuple(((f"a.py:{n}:{10 * i + 5}",), round(1000 * shares[n])) for i, n in enumerate(names))
        left = 1000 - sum(count for _, count in stacks)
        self.profile = Profile(samples=1000, wall_s=RUN_S, stacks=(*stacks, (("a.py:main:99",), left)))
        self.regions = {
            n: Region("a.py", 10 * i + 1, 10 * i + 9, "function", n, share=shares[n]) for i, n in enumerate(names)
        }

    def change(self, name: str, *, kernel: bool) -> Change:
        region = self.regions[name]
        edit = Edit("a.py", region.first, region.first, "def k(): pass\n" if kernel else "y = 1\n")
        code, needs = ("HST301", ("numba",)) if kernel else ("HST201", ())
        return Change(code, name, region, (edit,), needs=needs)

    @property
    def facts(self) -> Facts:
        told = {r.id: RegionFacts(r.id, calls=1, recorded=1, snapshots="there") for r in self.regions.values()}
        return Facts(self.profile, told)


@dataclass
class Clock:
    now_s: float = 0.0


@dataclass
class Simulated:
    """Replays that take so many seconds on the clock, and come to such a gain."""

    clock: Clock
    work: ScriptWorkload
    gains: dict[str, float]
    takes_s: float = 4.0
    asked: list[str] = field(default_factory=list)
    contract: Contract = field(default_factory=Contract)
    base: Any = None
    session: Any = None

    def key(self, _: object) -> tuple[()]:
        return ()

    def prepare_replay(self, _: object) -> None:
        pass

    def replay(self, _: object, change: Change, *__: object) -> ReplayOutcome:
        self.asked.append(change.title)
        self.clock.now_s += self.takes_s
        gain = self.gains[change.title]
        return ReplayOutcome("equal", calls=3, varied=30, old_s=1.0, new_s=1 / gain, first_call_s=2.0,
                             samples=((1.0, 1 / gain),))  # fmt: skip


class Bench:
    """Stands in for what compiles beside the search; notes what had been judged when it was begun."""

    def __init__(self, program: Simulated) -> None:
        self.program, self.begun, self.after = program, False, list[str]()

    def begin(self, _: ScriptWorkload) -> None:
        self.begun, self.after = True, list(self.program.asked)


def judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plan: Plan, changes: list[Change], gains: dict[str, float],
    left_s: float, *, aside: bool = True,
) -> tuple[list[Trial], Bench]:  # fmt: skip
    """One worker judges the changes of a program of which nothing is known yet, with `left_s` of its budget left."""
    monkeypatch.setattr(judging, "side_by_side", lambda *_: 1)
    clock = Clock()
    session = Session(tmp_path / "scratch", tmp_path / "store", budget_s=left_s, clock=lambda: clock.now_s)
    program = Simulated(clock, plan.work, gains)
    program.session = session
    program.base = type("Base", (), {"samples": [RunSample(RUN_S, RUN_S, 100.0)]})
    bench = Bench(program)
    out: list[Trial] = []
    it: Any = program
    other: Any = bench if aside else None
    judging.judge(session, it, plan.work, changes, plan.facts, other, RUN_S, 1, Rest(RUN_S), True, out, False)
    return out, bench


def test_kernels_are_compiled_beside_what_is_still_to_be_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = {"loop": 0.4, "scan": 0.2, "rows": 0.1, "cells": 0.08, "dates": 0.06, "names": 0.05}
    plan = Plan(tmp_path, shares)
    changes = [plan.change(n, kernel=n in ("loop", "scan")) for n in shares]
    gains = {"loop": 20.0, "scan": 10.0, "rows": 3.0, "cells": 2.0, "dates": 2.0, "names": 2.0}
    out, bench = judged(tmp_path, monkeypatch, plan, changes, gains, 70.0)
    assert bench.after == ["loop", "scan"], "as soon as no kernel is left to be judged"
    assert [t.change.title for t in out if t.usable] == list(shares), "and then there is time for all of them"
    without, bench = judged(tmp_path, monkeypatch, plan, changes, gains, 52.0, aside=False)
    beside, bench = judged(tmp_path, monkeypatch, plan, changes, gains, 52.0)
    assert sum(t.usable for t in beside) > sum(t.usable for t in without)
    assert any(isinstance(t.verdict, Inconclusive) for t in without)


def test_what_saves_little_is_not_compiled_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shares = {"small": 0.06, "rows": 0.05}
    plan = Plan(tmp_path, shares)
    changes = [plan.change("small", kernel=True), plan.change("rows", kernel=False)]
    _, bench = judged(tmp_path, monkeypatch, plan, changes, {"small": 3.0, "rows": 3.0}, 90.0)
    assert not bench.begun


def test_what_a_plain_change_does_better_is_not_compiled_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = {"loop": 0.6, "rows": 0.2}
    plan = Plan(tmp_path, shares)
    kernel, plain, other = (plan.change(n, kernel=k) for n, k in (("loop", True), ("loop", False), ("rows", False)))
    plain = replace(plain, title="as arrays")
    gains = {"loop": 1.2, "as arrays": 9.0, "rows": 2.0}
    _, bench = judged(tmp_path, monkeypatch, plan, [plain, kernel, other], gains, 90.0)
    assert not bench.begun


def test_only_plain_changes_are_left(tmp_path: Path) -> None:
    plan = Plan(tmp_path, {"loop": 0.5, "rows": 0.2})
    kernel, plain = plan.change("loop", kernel=True), plan.change("rows", kernel=False)
    queue = Queue([kernel, plain], plan.facts)
    assert not queue.plain_left
    assert queue.next() is kernel
    assert not queue.plain_left, "it is being judged"
    queue.ended(kernel, 9.0)
    assert queue.plain_left
    queue.ended(queue.next(), 1.0)
    assert not queue.plain_left, "nothing is left at all"


def test_what_is_compiled_beside_takes_no_time_of_its_own() -> None:
    rest = Rest(RUN_S)
    alone = rest.seconds(1.0, 5.0, kernels=True, ahead=True)
    beside = rest.seconds(1.0, 5.0, kernels=True, ahead=True, begun=True)
    assert alone - beside >= ahead_seconds(5.0, 1.0) - 2 * 1.0
    kept = replace(Rest(RUN_S, 5.0), begun=True)
    assert kept.seconds(1.0, 0.0, kernels=False, ahead=False) < Rest(RUN_S, 5.0).seconds(
        1.0, 0.0, kernels=False, ahead=False
    )
    for ahead in (True, False):
        anew = Rest(RUN_S, 5.0).seconds(1.0, 3.0, kernels=True, ahead=ahead)
        assert kept.seconds(1.0, 3.0, kernels=True, ahead=ahead) == anew, "with another kernel all are compiled anew"
