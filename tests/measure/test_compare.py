"""Measuring, with a clock that the tests turn."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hasten.core.contract import Contract
from hasten.core.measurement import Comparison, RunSample
from hasten.measure import compare
from hasten.measure.compare import MAX_PAIRS, measure, timing_lock
from hasten.observe.session import Session


class World:
    """Two programs whose runs take what the tests say, on a clock that only they move."""

    def __init__(self, tmp: Path, *, budget_s: float | None = None, seed: int = 1) -> None:
        self.now = 0.0
        self.order: list[str] = []
        self.session = Session(tmp, tmp, budget_s, seed, clock=lambda: self.now)

    def program(self, name: str, wall: Callable[[], float], cpu: float | None = None) -> Callable[[], RunSample]:
        def run() -> RunSample:
            took = wall()
            self.now += took
            self.order.append(name)
            return RunSample(took, took if cpu is None else cpu, 10.0)

        return run

    def noisy(self, name: str, seconds: float, sd: float) -> Callable[[], RunSample]:
        draw = random.Random(f"{name} {seconds}")
        return self.program(name, lambda: seconds * math.exp(draw.gauss(0, sd)))


def test_twice_as_fast(tmp_path: Path) -> None:
    world = World(tmp_path)
    found = measure(world.session, world.noisy("old", 2.0, 0.02), world.noisy("new", 1.0, 0.02), Contract())
    assert found.speedup.decided == "faster"
    assert found.speedup.pairs == 4
    assert found.speedup.evidence >= 1 / Contract().alpha
    assert found.speedup.low <= found.speedup.ratio <= found.speedup.high
    assert found.speedup.ratio == pytest.approx(2.0, rel=0.05)
    assert found.metric == "wall"


def test_pairs_are_interleaved_in_random_order(tmp_path: Path) -> None:
    world = World(tmp_path)
    found = measure(
        world.session, world.noisy("old", 1.0, 0.02), world.noisy("new", 0.9, 0.02), Contract(), min_pairs=20
    )
    pairs = [tuple(world.order[i : i + 2]) for i in range(0, len(world.order), 2)]
    assert found.speedup.pairs == len(pairs) >= 20
    assert set(pairs) == {("old", "new"), ("new", "old")}


def test_the_same_program_is_not_faster(tmp_path: Path) -> None:
    world = World(tmp_path)
    found = measure(world.session, world.noisy("old", 1.0, 0.05), world.noisy("new", 1.0, 0.05), Contract())
    assert found.speedup.decided != "faster"


def test_identical_programs_are_rarely_called_faster(tmp_path: Path) -> None:
    wrong = 0
    for seed in range(200):
        world = World(tmp_path, seed=seed)
        draw = random.Random(seed)
        run = world.program("x", lambda draw=draw: math.exp(draw.gauss(0, 0.3)))  # type: ignore[misc]
        wrong += measure(world.session, run, run, Contract()).speedup.decided == "faster"
    assert wrong <= 6


def test_no_sign_of_a_gain_ends_it(tmp_path: Path) -> None:
    def run(gain: float, give_up: bool) -> Comparison:
        world = World(tmp_path)
        old, new = world.noisy("old", gain, 0.3), world.noisy("new", 1.0, 0.3)
        return measure(world.session, old, new, Contract(), give_up=give_up)

    found = run(0.97, True)
    assert found.speedup.decided == "undecided"
    assert 10 <= found.speedup.pairs < MAX_PAIRS
    assert any("no sign of a gain" in note for note in found.notes)
    assert run(0.97, False).speedup.pairs > found.speedup.pairs
    assert run(2.0, True).speedup == run(2.0, False).speedup


def test_budget_ends_it_undecided(tmp_path: Path) -> None:
    world = World(tmp_path)
    old, new = world.noisy("old", 1.7, 0.01), world.noisy("new", 1.3, 0.01)
    found = measure(world.session, old, new, Contract(), budget_s=10)
    assert found.speedup.decided == "undecided"
    assert found.speedup.pairs == 3
    assert world.now <= 10
    assert any("time for measuring" in note for note in found.notes)


def test_what_is_close_to_a_decision_goes_on_past_its_time(tmp_path: Path) -> None:
    def slower_and_slower(close_pairs: int, gain: float, budget_s: float = 25.0) -> Comparison:
        world = World(tmp_path, budget_s=budget_s)
        steps = iter(range(1000))
        walls = (2.0 * (1 + 0.04 * next(steps)) for _ in range(1000))
        old = world.program("old", lambda: next(walls))
        new = world.program("new", lambda: next(walls) / gain)
        return measure(world.session, old, new, Contract(), sure_pairs=5, close_pairs=close_pairs)

    short, found = slower_and_slower(0, 1.2), slower_and_slower(12, 1.2)
    assert short.speedup.decided == "undecided"
    assert found.speedup.decided == "faster"
    assert short.speedup.pairs < found.speedup.pairs <= 12
    hurried = slower_and_slower(12, 1.2, budget_s=10.0)
    assert hurried.speedup.pairs == 5, "not for longer than twice the time"
    alike = slower_and_slower(12, 1.0)
    assert alike.speedup.decided == "undecided" and alike.speedup.pairs == slower_and_slower(0, 1.0).speedup.pairs


def test_so_many_pairs_are_sure_whatever_the_time_says(tmp_path: Path) -> None:
    world = World(tmp_path, budget_s=1.0)
    old, new = world.noisy("old", 9.0, 0.02), world.noisy("new", 3.0, 0.02)
    found = measure(world.session, old, new, Contract(), sure_pairs=6)
    assert found.speedup.decided == "faster"
    assert found.speedup.pairs == 4, "decided is decided: what is sure need not be used up"
    alike = measure(world.session, old, world.noisy("same", 9.0, 0.02), Contract(), sure_pairs=4)
    assert alike.speedup.pairs == 4
    assert alike.speedup.decided == "undecided"


def test_the_session_has_the_last_word(tmp_path: Path) -> None:
    world = World(tmp_path, budget_s=7)
    old, new = world.noisy("old", 2.0, 0.01), world.noisy("new", 1.0, 0.01)
    assert measure(world.session, old, new, Contract(), budget_s=1000).speedup.pairs == 2


def test_known_runs_keep_it_from_starting_what_cannot_end(tmp_path: Path) -> None:
    world = World(tmp_path)
    old, new = world.noisy("old", 20.0, 0.01), world.noisy("new", 1.0, 0.01)
    found = measure(world.session, old, new, Contract(), budget_s=10, known_old=[RunSample(20.0, 20.0, 1.0)])
    assert world.order == []
    assert found.speedup.decided == "undecided"
    assert found.speedup.pairs == 0
    assert found.speedup.ratio == 1.0


def test_cpu_time_decides_only_when_asked_and_both_were_busy(tmp_path: Path) -> None:
    def compare(metric: str, single: bool, cpu: float) -> str:
        world = World(tmp_path)
        old = world.program("old", lambda: 2.0, cpu=1.99)
        new = world.program("new", lambda: 1.0, cpu=cpu)
        return measure(world.session, old, new, Contract(), metric=metric, single_threaded=single).metric

    assert compare("auto", True, 0.99) == "cpu"
    assert compare("auto", False, 0.99) == "wall"
    assert compare("auto", True, 0.5) == "wall"
    assert compare("auto", True, 1.9) == "wall"
    assert compare("wall", True, 0.99) == "wall"


def test_cpu_time_comes_with_wall_time(tmp_path: Path) -> None:
    world = World(tmp_path)
    old, new = world.program("old", lambda: 2.0, cpu=2.0), world.program("new", lambda: 1.0, cpu=1.0)
    found = measure(world.session, old, new, Contract(), metric="auto", single_threaded=True)
    assert any("by wall time it is 2.00x" in note for note in found.notes)


def test_noise_is_said(tmp_path: Path) -> None:
    world = World(tmp_path)
    found = measure(world.session, world.noisy("old", 1.0, 0.3), world.noisy("new", 1.0, 0.3), Contract())
    assert any(note.startswith("noisy") for note in found.notes)


def test_pairs_that_make_no_sense(tmp_path: Path) -> None:
    world = World(tmp_path)
    run = world.noisy("x", 1.0, 0.1)
    with pytest.raises(ValueError, match="min_pairs"):
        measure(world.session, run, run, Contract(), min_pairs=5, max_pairs=4)


def test_what_a_run_raises_passes_through_and_frees_the_lock(tmp_path: Path) -> None:
    world = World(tmp_path)

    def broken() -> RunSample:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(world.session, broken, broken, Contract())
    assert compare._depth == 0
    with timing_lock(tmp_path / "lock") as waited:
        assert waited >= 0


HOLD = """
import sys
from pathlib import Path
from hasten.measure.compare import timing_lock
with timing_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_only_one_times_at_once(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(lock)]
    first = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    second: subprocess.Popen[bytes] | None = None
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        second = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(0.5)
        first.kill()  # however the holder ends, the lock is free
        first.communicate()
        out, _ = second.communicate(b"", timeout=20)
        assert out == b"held\n"
    finally:
        for process in (first, second):
            if process is not None:
                process.kill()
                process.communicate()


def test_the_lock_may_be_taken_again_by_its_holder() -> None:
    with timing_lock(), timing_lock() as waited:
        assert waited == 0.0


def test_a_gain_that_the_time_left_cannot_decide_is_given_up(tmp_path: Path) -> None:
    world = World(tmp_path, budget_s=16.5)
    draw = iter([1.0, 1.1, 1.0, 1.1, 1.0, 1.1, 1.0, 1.1])
    found = measure(
        world.session, world.program("old", lambda: next(draw)), world.program("new", lambda: 1.0), Contract(),
        min_pairs=3,
    )  # fmt: skip
    assert found.speedup.decided == "undecided"
    assert found.speedup.pairs < 8
    assert any("too short to decide" in note for note in found.notes)


def test_nothing_is_given_up_that_must_be_run(tmp_path: Path) -> None:
    world = World(tmp_path, budget_s=8.0)
    found = measure(
        world.session, world.noisy("old", 1.0, 0.1), world.noisy("new", 1.0, 0.1), Contract(), min_pairs=3,
        max_pairs=5, sure_pairs=5,
    )  # fmt: skip
    assert found.speedup.pairs == 5
