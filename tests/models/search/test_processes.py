"""Processes that are kept: the builder goes on after a refusal and not after a failure, and ends when told to."""

from __future__ import annotations

import os
import pickle
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from hasten.core.model_pass import Step
from hasten.observe.child import ChildFailed
from hasten.search.models.candidates import Candidate
from hasten.search.models.processes import Processes


@pytest.fixture
def processes(tmp_path: Path) -> Processes:
    x = np.arange(12.0).reshape(6, 2)
    (tmp_path / "inputs.pkl").write_bytes(pickle.dumps([x, x[:1]]))
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(LinearRegression().fit(x, x[:, 0])))
    return Processes(tmp_path / "inputs.pkl", ("predict",))


def test_a_candidate_has_a_process_of_its_own_until_it_is_dropped(processes: Processes, tmp_path: Path) -> None:
    one, other = (Candidate((Step("HSM100", ""),), pickle=tmp_path / "model.pkl") for _ in range(2))
    with processes:
        child = processes.of(one)
        assert processes.of(one) is child
        assert processes.of(other) is not child
        assert one.record.load_s > 0
        found = processes.answers(one, [0, 1])
        assert [a["predict"].shape for a in found] == [(6,), (1,)]
        processes.keep_only([other])
        assert processes.of(one) is not child
    assert child._process.poll() is not None


def test_a_process_that_fails_to_load_is_not_kept(processes: Processes, tmp_path: Path) -> None:
    with processes, pytest.raises(ChildFailed, match="no_such"):
        processes.of(Candidate((Step("HSM100", ""),), pickle=tmp_path / "no_such.pkl"))


def test_the_builder_is_kept_after_a_refusal_only(processes: Processes) -> None:
    with processes:
        with pytest.raises(ChildFailed, match="no attribute"):
            processes.build("no_such_function", deadline_s=60)
        assert processes._builder is None
        with pytest.raises(ChildFailed, match="No such file"):
            processes.build("warm", "/no/such/file", deadline_s=60)
        assert processes._builder is None


def test_what_is_being_built_ends_with_the_run(processes: Processes, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "never")  # reading it waits for a writer
    told: list[str] = []

    def build() -> None:
        try:
            processes.build("warm", str(tmp_path / "never"), deadline_s=120)
        except ChildFailed as failure:
            told.append(failure.kind)

    thread = threading.Thread(target=build)
    thread.start()
    while processes._builder is None:
        time.sleep(0.01)
    processes.close()
    thread.join(30)
    assert not thread.is_alive()
    assert told == ["died"]
    with pytest.raises(ChildFailed, match="ended"):
        processes.build("warm", "x", deadline_s=1)


def test_a_question_ends_when_the_time_for_it_does(processes: Processes, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "never")
    processes.patience_s = lambda: 3.0
    with processes, pytest.raises(ChildFailed, match="had not answered"):
        processes.of(Candidate((Step("HSM100", ""),), pickle=tmp_path / "never"))  # reading it waits for a writer


def test_a_builder_that_is_killed_from_outside_is_asked_once_more(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = [ChildFailed("died", "the process ended (signal 9)"), ChildFailed("died", "the process ended (signal 11)")]
    asked: list[str] = []

    def build(function: str, args: object, deadline_s: float) -> None:
        asked.append(function)
        raise ends.pop(0)

    monkeypatch.setattr(processes, "_build", build)
    with pytest.raises(ChildFailed, match="signal 11"):
        processes.build("warm", deadline_s=60)
    assert asked == ["warm", "warm"]
    ends.append(ChildFailed("died", "the process ended (signal 11)"))
    with pytest.raises(ChildFailed):
        processes.build("warm", deadline_s=60)
    assert len(asked) == 3


def test_a_candidate_whose_process_died_is_loaded_anew(processes: Processes, tmp_path: Path) -> None:
    one = Candidate((Step("HSM100", ""),), pickle=tmp_path / "model.pkl")
    with processes:
        child = processes.of(one)
        child.kill()
        with pytest.raises(ChildFailed) as died:
            processes.answers(one, [0])
        assert died.value.killed and child.closed
        assert processes.answers(one, [0])[0]["predict"].shape == (6,)
