"""Pairs of processes that are asked in turns; here they are none, and take what the tests say."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from hasten.core.contract import Contract
from hasten.core.measurement import RunSample
from hasten.measure.inside import TURNS, InnerPairs, clocked, inner_pairs, measure_inside, middle, warmed
from hasten.observe.session import Session


class Workers:
    """Counts what is done to processes, whose turns take `seconds` times a noise that `draw` makes."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.open = 0

    def kind(self, name: str, turn_s: Callable[[], float]) -> Callable[[], Worker]:
        return lambda: Worker(self, name, turn_s)


class Worker:
    def __init__(self, workers: Workers, name: str, turn_s: Callable[[], float]) -> None:
        self.workers, self.name, self.turn_s, self.warm = workers, name, turn_s, False
        workers.open += 1

    def ready(self) -> None:
        self.warm = True
        self.workers.log.append(f"{self.name} ready")

    def turn(self) -> RunSample:
        assert self.warm
        self.workers.log.append(self.name)
        took = self.turn_s()
        return RunSample(took, took, 10.0)

    def close(self) -> None:
        self.workers.open -= 1


def test_turns_come_in_random_order_and_processes_are_closed() -> None:
    workers = Workers()
    found = inner_pairs(workers.kind("a", lambda: 0.02), workers.kind("b", lambda: 0.01), random.Random(1))
    assert workers.open == 0
    assert sorted(workers.log[:2]) == ["a ready", "b ready"]
    turns = [tuple(workers.log[i : i + 2]) for i in range(2, len(workers.log), 2)]
    assert set(turns) == {("a", "b"), ("b", "a")}
    assert len(found.old) == len(found.new) == len(turns) == 27
    assert found.logs["wall"] == pytest.approx(0.693, abs=0.001)


@pytest.mark.parametrize(("seconds", "turns"), [(1e-9, TURNS[1]), (30.0, TURNS[0]), (0.05, TURNS[0] + 2)])
def test_as_many_turns_as_there_is_time_for(seconds: float, turns: int) -> None:
    workers = Workers()
    kind = workers.kind("x", lambda: seconds)
    assert len(inner_pairs(kind, kind, random.Random(0)).old) == turns | 1
    assert len(inner_pairs(kind, kind, random.Random(0), 3).old) == 3


def test_a_few_disturbed_turns_do_not_matter() -> None:
    quick, slow = RunSample(1.0, 1.0, 1.0), RunSample(9.0, 1.2, 3.0)
    pair = InnerPairs((quick,) * 4 + (slow,) * 3, (quick,) * 7)
    assert pair.logs == {"wall": 0.0, "cpu": 0.0}
    assert pair.samples[0] == RunSample(1.0, 1.0, 3.0)


def test_a_middle_turn_that_waited_is_still_busy() -> None:
    """Medians of wall time and of waiting come from different turns, and must not contradict each other."""
    turns = [RunSample(w, 0.005, 1.0, w - 0.005) for w in (0.005, 0.009, 0.013, 0.033, 0.029)]
    found = middle(turns)
    assert found.wall_s - found.waited_s == pytest.approx(0.005)


def test_pairs_of_processes_decide_and_turns_do_not(tmp_path: Path) -> None:
    """Every process is lucky or not, as a whole: thousands of turns in a few processes must not decide."""
    wrong = 0
    for seed in range(40):
        workers, draw = Workers(), random.Random(seed)

        def start(workers: Workers = workers, draw: random.Random = draw) -> Worker:
            own = 0.02 * 2.0 ** draw.gauss(0, 0.2)
            return Worker(workers, "x", lambda: own)

        session = Session(tmp_path, tmp_path, seed=seed)
        found = measure_inside(session, start, start, Contract(), max_pairs=12)
        wrong += found.speedup.decided == "faster"
        assert workers.open == 0
    assert wrong <= 3


def test_a_gain_is_found_and_its_conditions_are_told(tmp_path: Path) -> None:
    workers, draw = Workers(), random.Random(2)
    old = workers.kind("old", lambda: 0.011 * draw.uniform(0.98, 1.02))
    new = workers.kind("new", lambda: 0.010 * draw.uniform(0.98, 1.02))
    found = measure_inside(
        Session(tmp_path, tmp_path), old, new, Contract(), metric="auto", single_threaded=True,
        environ={"PYTHONHASHSEED": "random"},
    )  # fmt: skip
    assert found.speedup.decided == "faster"
    assert found.metric == "cpu"
    assert found.conditions["hash seed"] == "drawn by each process"


def test_what_a_process_raises_passes_through_and_both_are_closed(tmp_path: Path) -> None:
    workers = Workers()

    def broken() -> float:
        raise TimeoutError("late")

    with pytest.raises(TimeoutError, match="late"):
        measure_inside(
            Session(tmp_path, tmp_path), workers.kind("a", lambda: 0.1), workers.kind("b", broken), Contract()
        )
    assert workers.open == 0


def test_in_the_child() -> None:
    calls: list[int] = []
    assert warmed(lambda: calls.append(1), 0.0) >= 1
    assert calls
    calls.clear()
    sample = clocked(lambda: calls.append(1), 5)
    assert len(calls) == 5
    assert sample.wall_s >= 0
    assert sample.peak_mb > 0
