"""A budget is kept on a machine on which every question waits: by a clock that only questions move."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from hasten.core.model import ModelContract, ModelWorkload, Rows
from hasten.core.model_pass import Built, Parameters
from hasten.core.recipe import Risk
from hasten.measure import asked as asking
from hasten.measure import latency
from hasten.measure.latency import LEAST_ROUNDS, ROUNDS, race
from hasten.observe.child import ChildFailed
from hasten.observe.session import Session
from hasten.passes.model.serving.original import AsItIs
from hasten.search.models import building, loop, processes, screens

MANY = 12


@pytest.fixture(autouse=True)
def _nobody_else_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "timing_lock", lambda: nullcontext(0.0))


class Slow:
    """Time on a machine with much to do: so many seconds for any answer, and for starting a process."""

    def __init__(self, wait_s: float, start_s: float, build_s: float) -> None:
        self.now, self.wait_s, self.start_s, self.build_s = 0.0, wait_s, start_s, build_s
        self.asked: list[str] = []


class Here:
    """A child that answers in this process."""

    def __init__(self, slow: Slow) -> None:
        self.slow, self.state, self.closed, self.peak_mb = slow, dict[str, Any](), False, 1.0
        slow.now += slow.start_s

    def ask(self, function: str, *args: Any, deadline_s: float = 600.0) -> Any:
        module, _, name = function.partition(":")
        self.slow.asked.append(name)
        took = self.slow.wait_s + (self.slow.build_s if name == "build" else 0.0)
        self.slow.now += min(took, deadline_s)
        if took > deadline_s:
            self.closed = True
            raise ChildFailed("late", f"had not answered after {deadline_s:.0f} s")
        if name == "clock":
            return [1e-5] * 3
        asking._state.clear()
        asking._state.update(self.state)
        try:
            answer = getattr(building if "building" in module else asking, name)(*args)
        except Exception as error:
            raise ChildFailed("raised", str(error), type(error).__name__) from error
        finally:
            self.state = dict(asking._state)
        return answer

    def kill(self) -> None: ...

    def close(self) -> None:
        self.closed = True


class Copied(AsItIs):
    """The model as it is, time and again: each takes its time."""

    risk = Risk.EXACT

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        yield from ({"number": n} for n in range(MANY))

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        return super().build(work, folder, {})


class AtOnce:
    """A pool whose work is done when it is given."""

    def __init__(self, number: int) -> None: ...

    def submit(self, do: Any, *args: Any, **named: Any) -> Future[Any]:
        made: Future[Any] = Future()
        try:
            made.set_result(do(*args, **named))
        except Exception as error:  # noqa: BLE001  # noqa: BLE001
            made.set_exception(error)
        return made

    def shutdown(self, **named: Any) -> None: ...


@pytest.mark.parametrize(
    ("budget_s", "wait_s", "start_s", "build_s"),
    [
        (60.0, 0.5, 3.0, 2.0),
        (120.0, 0.3, 6.0, 20.0),
        (60.0, 0.01, 0.5, 0.2),
        (60.0, 0.3, 6.0, 6.0),
        (150.0, 0.8, 4.0, 500.0),
    ],
)
@pytest.mark.parametrize("screened", [False, True])
def test_the_budget_is_kept_where_every_question_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget_s: float, wait_s: float, start_s: float, build_s: float,
    screened: bool,
) -> None:  # fmt: skip
    if screened:  # all rows are dear
        monkeypatch.setattr(screens, "WHOLE_S", 0.0)
        monkeypatch.setattr(screens, "FEW_FROM", 20)
        monkeypatch.setattr(screens, "FEWEST", 10)
    slow = Slow(wait_s, start_s, build_s)
    monkeypatch.setattr(processes, "Child", lambda **named: Here(slow))
    monkeypatch.setattr(loop, "ThreadPoolExecutor", AtOnce)
    monkeypatch.setattr(building, "model_pass", lambda code: Copied())
    monkeypatch.setattr(loop, "size_mb", lambda folder: 1.0)
    draw = np.random.default_rng(0)
    x = draw.normal(size=(80, 3))
    y = (x[:, 0] > 0).astype(int)
    parts = [Rows(x[:40], y[:40]), Rows(x[40:], y[40:])]
    model = LogisticRegression().fit(x, y)
    work = ModelWorkload(model, parts[0], test=parts[1], methods=("predict", "predict_proba"), task="classification")
    session = Session(tmp_path, tmp_path, budget_s, clock=lambda: slow.now)
    outcome = loop.optimise_model(session, work, ModelContract(batches=(1, 64), threads=(1,)), [Copied()])
    assert outcome.record.status == "finished"
    assert outcome.artifact is not None or build_s > budget_s
    assert slow.now < 1.1 * budget_s
    assert ("some_answers" in slow.asked) == (screened and build_s < budget_s)
    tried = [c for c in outcome.record.candidates if "budget ended" not in c.reason]
    assert slow.now > 0.3 * budget_s or len(tried) == MANY
    assert len(tried) >= 2


def test_a_race_ends_when_its_time_does(tmp_path: Path) -> None:
    model = LogisticRegression().fit(np.eye(4), [0, 1, 0, 1])
    (tmp_path / "inputs").write_bytes(pickle.dumps([np.eye(4)]))
    (tmp_path / "model").write_bytes(pickle.dumps(model))
    for within_s, rounds in ((1e9, ROUNDS), (0.0, LEAST_ROUNDS), (12.0, 5)):
        slow = Slow(1.0, 0.0, 0.0)
        sides = []
        for _ in range(2):
            sides.append((Here(slow), [0]))
            sides[-1][0].ask("hasten.measure.asked:load_inputs", str(tmp_path / "inputs"))
            sides[-1][0].ask("hasten.measure.asked:load_pickle", str(tmp_path / "model"))
        slow.asked.clear()
        _, raced = race(sides[0], {"a": sides[1]}, "predict", within_s=within_s, clock=lambda s=slow: s.now)
        assert len(slow.asked) == 2 * (rounds + 1)
        assert raced["a"].speedup is not None
        assert raced["a"].speedup.ratio == pytest.approx(1.0)
