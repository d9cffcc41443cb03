"""A timed run that did not end as the others has no time."""

from __future__ import annotations

import pytest

from hasten.measure.steady import Steady, WrongRun
from hasten.observe.process import ProgramRun, WorkloadRun


def ran(status: int = 0, stdout: bytes = b"1\n", *, timed_out: bool = False) -> WorkloadRun:
    return WorkloadRun(ProgramRun(status, stdout, b"", 1.0, 0.9, 10.0, timed_out))


def test_runs_that_end_alike_have_times() -> None:
    steady = Steady(3)
    assert steady.sample(ran(3)).wall_s == 1.0
    assert steady.sample(ran(3)).cpu_s == 0.9


@pytest.mark.parametrize("strayed", [ran(1), ran(-11), ran(0, b"2\n"), ran(0, b""), ran(0, timed_out=True)])
def test_one_that_ends_otherwise_has_none(strayed: WorkloadRun) -> None:
    steady = Steady(0)
    steady.sample(ran())
    with pytest.raises(WrongRun, match="while timing"):
        steady.sample(strayed)


def test_the_first_timed_run_may_be_the_wrong_one() -> None:
    with pytest.raises(WrongRun, match="exit status 1"):
        Steady(0).sample(ran(1))
    with pytest.raises(WrongRun, match="other output"):
        Steady(0, printed=b"1\n").sample(ran(0, b"2\n"))


def test_output_that_changes_from_run_to_run_is_not_looked_at() -> None:
    steady = Steady(0, prints_alike=False)
    steady.sample(ran())
    assert steady.sample(ran(0, b"2\n")).wall_s == 1.0
