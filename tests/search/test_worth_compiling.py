"""Kernels that save less than loading Numba costs: which of them are worth an extension module."""

from __future__ import annotations

from pathlib import Path

from hasten.core.facts import Profile
from hasten.core.finding import Region
from hasten.core.measurement import Comparison, RunSample, Speedup
from hasten.core.recipe import Change, Recipe
from hasten.core.record import ColdRun, RunRecord, TargetRecord
from hasten.core.source import Edit, SourceFile
from hasten.core.verdict import Failed, Rejected
from hasten.core.workload import Entry, ScriptWorkload
from hasten.report.remedies import COMPILES, QUIET, warnings
from hasten.search.choose import Shared
from hasten.search.compiling import say_of_first_run, worth_compiling
from hasten.search.stacks import Stacks
from hasten.search.trial import Outcome, Trial


def trial(first: int, last: int, saves_s: float, *, numba: bool = True, equal: bool = True) -> Trial:
    region = Region("a.py", first, last, "block", "")
    needs = ("numba",) if numba else ()
    change = Change("HST301" if numba else "HST101", "title", region, (Edit("a.py", first, last, "x\n"),), needs=needs)
    verdict = Rejected("equal, but another change of the same place, or none, saves more") if equal else Failed("no")
    return Trial(change, 2, verdict, saves_s, 2.0, 3, 3, equal=equal, gain=Speedup(2.0, 1.9, 2.1, 3))


def chosen(*trials: Trial, wall_s: float = 1.0) -> list[int]:
    return [t.change.region.first for t in worth_compiling(trials, wall_s)]


def test_together_they_save_enough() -> None:
    assert chosen(trial(1, 5, 0.07), trial(6, 9, 0.06)) == [1, 6]
    assert chosen(trial(1, 5, 0.07), trial(6, 9, 0.06), wall_s=2.0) == []
    assert chosen() == []


def test_only_kernels_count_and_only_what_is_equal() -> None:
    assert chosen(trial(1, 5, 0.4, numba=False)) == []
    assert chosen(trial(1, 5, 0.4, equal=False)) == []
    assert chosen(trial(1, 5, -0.4)) == []
    assert chosen(trial(1, 5, 0.4), trial(2, 3, 0.2), trial(7, 8, 0.05, numba=False)) == [1, 7]


def test_what_was_never_replayed_is_left() -> None:
    unseen = trial(1, 5, 0.4)
    unseen.gain = None
    assert chosen(unseen) == []


def test_kernels_that_a_round_gave_up_come_beside_those_that_it_kept() -> None:
    kept, given_up = trial(1, 5, 0.3), trial(6, 9, 0.2)
    kept.kept = True
    assert chosen(kept, given_up) == [1, 6]
    assert chosen(kept, given_up, wall_s=4.0) == [], "not for so little"
    assert chosen(kept) == [], "that set is compiled anyway"
    rested = trial(11, 12, 0.4)
    rested.kept, rested.gain = True, None
    assert sorted(chosen(rested, given_up)) == [6, 11]


def test_a_kernel_counts_by_what_it_saves_beyond_what_it_takes_the_place_of() -> None:
    plain = trial(2, 3, 0.65, numba=False)
    plain.kept = True
    assert chosen(trial(1, 5, 0.7), plain) == []
    assert chosen(trial(1, 5, 0.9), plain) == [1]


def test_what_two_kernels_save_of_one_place_counts_once() -> None:
    outer, inner = trial(1, 3, 0.5), trial(6, 9, 0.5)
    outer.kept = True
    outer.region_gain = inner.region_gain = 2.0
    stacks = Stacks(Profile(samples=100, stacks=((("a.py:f:2", "a.py:g:7"), 100),)))
    assert worth_compiling([outer, inner], 1.0, Shared(stacks, 1.0)) == []
    apart = Stacks(Profile(samples=100, stacks=((("a.py:f:2",), 50), (("a.py:g:7",), 50))))
    assert worth_compiling([outer, inner], 1.0, Shared(apart, 1.0)) == [outer, inner]


def first_run(text: str, first_s: float, *, others: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What is said of the first run of a program that has become `text`, which takes 1 s when it is warm."""
    work = ScriptWorkload(Path("/a"), Entry("script", "a.py"), "a.py")
    files = {"a.py": SourceFile("a.py", text.encode()), **{path: SourceFile(path, b"") for path in others}}
    kept = trial(1, 5, 0.4)
    kept.kept, kept.compiling_s = True, 4.0
    out = Outcome(work, work.with_sources(files), RunRecord(TargetRecord.of(work)), [kept], first_s=first_s)
    say_of_first_run(out, 1.0)
    return out.record.notes


def test_a_first_run_that_is_slower_for_its_kernels_is_told() -> None:
    kernel = "import numba\n@njit(cache=True)\ndef f(): pass\n"
    assert "about 5.0 s, reckoned, where the original takes 3.0 s" in first_run(kernel, 3.0)[0]
    assert first_run(kernel, 6.0) == (), "it is faster all the same"
    assert first_run(kernel, 3.0, others=("a_ahead.cpython-311.so",)) == (), "nothing is compiled"
    assert first_run("x = 1\n", 3.0) == ()


def test_a_first_run_that_was_seen_to_be_slower_is_the_first_warning() -> None:
    kernel = Recipe((trial(1, 5, 0.4).change,))
    plain = Recipe((trial(1, 5, 0.4, numba=False).change,))

    faster = Comparison(
        Speedup(2.0, 1.9, 2.1, 4), tuple(RunSample(3.0, 3.0, 9.0) for _ in range(4)), (RunSample(2.4, 2.4, 9.0),)
    )

    def said(
        old_s: float, new_s: float, kept: Recipe = kernel, *files: str, measured: Comparison | None = None
    ) -> list[tuple[str, str]]:
        record = RunRecord(
            TargetRecord("a.py", "script", "a.py", "/a"), cold=ColdRun(old_s, new_s), kept=kept,
            changed=dict.fromkeys(("a.py", *files), "0"), comparison=measured, machine={"load": [9.0], "cores": 2},
        )  # fmt: skip
        return [*warnings(record)]

    slower = "the first run takes 5.0 s, 1.25x as long as the original"
    assert said(4.0, 5.0)[0] == (f"{slower}: its kernels are compiled then", COMPILES)
    assert said(4.0, 5.0, measured=faster)[0][0] == (
        f"{slower}: its kernels are compiled then, which 2 later runs make up for"
    )
    assert said(4.0, 5.0, plain)[0] == (f"{slower}: one sample each", QUIET)
    assert said(4.0, 5.0, kernel, "a.cpython-311.so")[0] == (f"{slower}: one sample each", QUIET)
    assert len(said(5.0, 4.0)) == len(said(4.0, 5.0)) - 1
