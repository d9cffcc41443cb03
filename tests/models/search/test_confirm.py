"""A small gain is decided by fresh processes, each of which may be lucky as a whole."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest

from hasten.core.measurement import Speedup
from hasten.core.model_record import LatencyRecord
from hasten.measure.latency import Latency, Raced
from hasten.observe.child import ChildFailed
from hasten.search.models import confirm as module
from hasten.search.models.confirm import PAIRS, SURE_PAIRS, confirm


class Whole:
    """An artifact whose gain was raced."""

    steps = ("made up",)

    def __init__(self, low: float, decided: str = "faster") -> None:
        gain = Speedup(low + 0.02, low, low + 0.04, 9, decided=decided)
        self.line: LatencyRecord | None = LatencyRecord(1, 1, 1e-3, 1e-3, 9, speedup=gain)
        self.record = SimpleNamespace(at=lambda rows, threads: self.line)

    def timed(self, line: LatencyRecord) -> None:
        self.line = line


class World:
    """A loop whose processes are numbers: how quick each one is, whatever it is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, gain: float, luck: float, left_s: float = 1e9) -> None:
        self.started = 0
        self.draw = random.Random(5)
        self.alive: dict[int, float] = {}
        self.original = object()
        self.gain, self.luck = gain, luck
        session = SimpleNamespace(
            seed=0, left_s=left_s, waited=lambda s: None, once=lambda name, key, make: make(),
            progress=SimpleNamespace(stage=lambda *a: None, note=lambda text: None),
        )  # fmt: skip
        self.loop: Any = SimpleNamespace(
            contract=SimpleNamespace(wanted=("latency", 1)), session=session, race_s=lambda n: 1.0, timed="predict",
            original=self.original, inputs=SimpleNamespace(batches={1: [0]}),
            processes=SimpleNamespace(of=self.of, drop=self.drop, patience_s=lambda: 1.0),
        )  # fmt: skip
        monkeypatch.setattr(module, "race", self.race)

    def of(self, candidate: object) -> float:
        if id(candidate) not in self.alive:
            self.started += 1
            own = self.draw.lognormvariate(0, self.luck)
            self.alive[id(candidate)] = own * (self.gain if candidate is self.original else 1.0)
        return self.alive[id(candidate)]

    def drop(self, *candidates: object) -> None:
        for c in candidates:
            self.alive.pop(id(c), None)

    def race(self, old: Any, others: Any, method: str, **_: Any) -> Any:
        a, b = old[0], others["new"][0]
        gain = Speedup(a / b, a / b, a / b, 5, decided="faster")
        return Raced(Latency(a, a, 9)), {"new": Raced(Latency(b, b, 9), gain)}


def test_what_only_one_process_showed_is_no_gain(monkeypatch: pytest.MonkeyPatch) -> None:
    world, whole = World(monkeypatch, 1.0, 0.05), Whole(1.08)
    confirm(world.loop, whole)  # type: ignore[arg-type]
    assert whole.line is not None
    assert whole.line.speedup is not None
    assert whole.line.speedup.decided != "faster"
    assert world.started == 2 * whole.line.speedup.pairs <= 2 * PAIRS


def test_a_true_small_gain_is_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    world, whole = World(monkeypatch, 1.15, 0.01), Whole(1.1)
    confirm(world.loop, whole)  # type: ignore[arg-type]
    assert whole.line is not None
    assert whole.line.speedup is not None
    assert whole.line.speedup.decided == "faster"
    assert whole.line.speedup.ratio == pytest.approx(1.15, rel=0.03)
    assert (whole.line.rows, whole.line.p50_s) == (1, 1e-3)


@pytest.mark.parametrize(("low", "decided"), [(1.3, "faster"), (1.1, "undecided"), (0.9, "not faster")])
def test_nothing_else_is_measured_again(monkeypatch: pytest.MonkeyPatch, low: float, decided: str) -> None:
    world, whole = World(monkeypatch, 1.0, 0.05), Whole(low, decided)
    before = whole.line
    confirm(world.loop, whole)  # type: ignore[arg-type]
    assert whole.line is before
    assert world.started == 0


def test_without_time_a_few_pairs_are_run_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    world, whole = World(monkeypatch, 1.05, 0.05, left_s=0.0), Whole(1.1)
    confirm(world.loop, whole)  # type: ignore[arg-type]
    assert world.started <= 2 * SURE_PAIRS


def test_a_process_that_dies_leaves_it_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    world, whole = World(monkeypatch, 1.2, 0.0), Whole(1.1)

    def dead(candidate: object) -> float:
        raise ChildFailed("died", "the process ended")

    world.loop.processes.of = dead
    confirm(world.loop, whole)  # type: ignore[arg-type]
    assert whole.line is not None
    assert whole.line.speedup is not None
    assert whole.line.speedup.decided == "undecided"
