"""Time that is kept for what follows a round."""

from __future__ import annotations

from hasten.search.rest import COMPILING_S, Rest, ahead_seconds, likely_s, measuring_seconds, put_by


def test_a_clear_gain_is_measured_in_fewer_pairs() -> None:
    assert measuring_seconds(8.0, 1.0) == 4 * 9.0
    assert measuring_seconds(8.0, 7.0) == 5 * 15.0


def test_a_search_that_has_found_nothing_goes_on() -> None:
    assert put_by(80.0, 60.0, found=False, saved=0.0) == 30.0, "else none of its changes would be tried"
    assert put_by(10.0, 60.0, found=False, saved=0.0) == 10.0


def test_a_search_that_has_found_little_goes_on() -> None:
    assert put_by(80.0, 60.0, found=True, saved=0.5) == 80.0, "much was found: it gets all that it needs"
    assert put_by(80.0, 60.0, found=True, saved=0.1) == 42.0, "a program that takes long beside its budget"
    assert put_by(20.0, 60.0, found=True, saved=0.1) == 20.0


def test_compiling_ahead_takes_longer_the_more_there_is_to_compile() -> None:
    assert ahead_seconds(10.0, 1.0) - ahead_seconds(0.0, 1.0) >= 10.0
    assert ahead_seconds(0.0, 5.0) - ahead_seconds(0.0, 1.0) == 3 * 4.0, "three runs"


def test_one_more_kernel_takes_what_others_took() -> None:
    assert likely_s([]) == COMPILING_S
    assert likely_s([1.0, 0.5]) == COMPILING_S, "a short one says little of the next"
    assert likely_s([30.0, 40.0, 6.0]) == 30.0


def test_what_makes_the_program_fast_leaves_more_time() -> None:
    rest = Rest(8.0)
    slow = rest.seconds(7.0, 5.0, kernels=True, ahead=True)
    fast = rest.seconds(0.5, 5.0, kernels=True, ahead=True)
    assert fast < slow
    assert rest.seconds(0.5, 5.0, kernels=True, ahead=False) < fast
    assert rest.seconds(0.5, 0.0, kernels=False, ahead=True) < rest.seconds(0.5, 5.0, kernels=True, ahead=False)


def test_kernels_that_were_kept_before_are_compiled_in_any_case() -> None:
    before = Rest(8.0, 6.0)
    assert before.seconds(0.5, 0.0, kernels=False, ahead=False) > Rest(8.0).seconds(
        0.5, 0.0, kernels=False, ahead=False
    )


def test_looking_at_what_runs_write_takes_its_time() -> None:
    """A program that writes gigabytes: each compared run is digested, those that are timed are not."""
    for words in ({"kernels": True, "ahead": True}, {"kernels": False, "ahead": False}):
        plain, large = Rest(8.0), Rest(8.0, looked_s=10.0)
        assert large.seconds(2.0, 5.0, **words) - plain.seconds(2.0, 5.0, **words) == 10.0 * (
            5 if words["ahead"] else 2
        )
