"""A child that is asked: what it answers, and the three ways in which it does not."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from hasten.observe.child import Child, ChildFailed
from hasten.observe.reap import marked


def test_it_answers_and_keeps_its_state() -> None:
    with Child() as child:
        assert child.ask("operator:add", 2, 3) == 5
        assert child.ask("os:getpid") == child.ask("os:getpid") != os.getpid()


def test_what_it_raises_comes_back_and_it_lives_on() -> None:
    with Child() as child:
        with pytest.raises(ChildFailed, match="ZeroDivisionError: ") as seen:
            child.ask("operator:floordiv", 1, 0)
        assert (seen.value.kind, seen.value.error) == ("raised", "ZeroDivisionError")
        assert "Traceback" in seen.value.detail
        with pytest.raises(ChildFailed, match="no_such_module"):
            child.ask("no_such_module:f")
        assert child.ask("operator:neg", 4) == -4


def test_an_answer_that_cannot_be_carried_is_a_failure_not_an_end() -> None:
    with Child() as child:
        with pytest.raises(ChildFailed) as seen:
            child.ask("threading:Lock")
        assert seen.value.kind == "raised"
        assert child.ask("operator:neg", 4) == -4


def test_its_end_is_told() -> None:
    with Child() as child, pytest.raises(ChildFailed, match="exit status 7") as seen:
        child.ask("os:_exit", 7)
    assert seen.value.kind == "died"


def test_one_that_hangs_is_ended_with_all_that_it_started() -> None:
    child = Child()
    mark = child._mark
    start = time.monotonic()
    with pytest.raises(ChildFailed, match="had not answered") as seen:
        child.ask("time:sleep", 60, deadline_s=0.5)
    assert seen.value.kind == "late"
    assert time.monotonic() - start < 30
    assert marked(mark) == []


def test_threads_are_processors() -> None:
    with Child(threads=1) as child:
        assert child.ask("os:getenv", "OMP_NUM_THREADS") == "1"
        if hasattr(os, "sched_getaffinity"):
            assert len(child.ask("os:sched_getaffinity", 0)) == 1


def test_what_libraries_print_does_not_disturb() -> None:
    with Child() as child:
        assert child.ask("builtins:print", "noise") is None
        assert child.ask("operator:neg", 1) == -1


def test_a_child_is_the_first_that_the_system_ends_when_memory_runs_out():
    score = Path("/proc/self/oom_score_adj")
    if not score.exists():
        pytest.skip("this system tells nothing of that")
    with Child() as child:
        child.ask("operator:add", 1, 1)
        theirs = Path(f"/proc/{child._process.pid}/oom_score_adj").read_text()
    assert int(theirs) >= max(500, int(score.read_text()))
