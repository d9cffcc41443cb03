"""Which change is tried next, and which kernels go together when they call each other."""

from __future__ import annotations

from dataclasses import replace

from hasten.core.facts import Facts, Profile, RegionFacts
from hasten.core.finding import Region
from hasten.core.recipe import Change
from hasten.core.source import Edit
from hasten.search.choose import Judged, Shared, choose
from hasten.search.order import Queue, side_by_side
from hasten.search.stacks import Sped, Stacks

# lines of a program: `distance` 1-9, `pairwise` 11-15 calls it in line 13, `nearest` 17-20 in line 19, the rest 30
DISTANCE, PAIRWISE = Region("a.py", 1, 9, "function", "d"), Region("a.py", 11, 15, "function", "p")
NEAREST = Region("a.py", 17, 20, "function", "n")
INNER = Region("a.py", 4, 6, "block", "d")
STACKS = (
    (("a.py:main:40", "a.py:p:13", "a.py:d:5"), 50),
    (("a.py:main:40", "a.py:p:14"), 10),
    (("a.py:main:41", "a.py:n:19", "a.py:d:5"), 30),
    (("a.py:main:30",), 10),
)
PROFILE = Profile(samples=100, wall_s=10.0, stacks=STACKS)
WHOLE = Stacks(PROFILE)


def share(region: Region) -> Region:
    shared = PROFILE.share(region.path, region.first, region.last)
    return Region(region.path, region.first, region.last, region.kind, region.qualname, share=shared)


def change(region: Region, code: str = "HST301", needs: tuple[str, ...] = ("numba",)) -> Change:
    return Change(code, region.id, share(region), (Edit("a.py", region.first, region.first, "x\n"),), needs=needs)


def test_what_is_left_around_a_fast_region() -> None:
    fast = [Sped(DISTANCE, 20.0)]
    assert abs(WHOLE.left(fast) - (0.8 / 20 + 0.2)) < 1e-9
    assert abs(WHOLE.winnable(PAIRWISE, fast) - (0.5 / 20 + 0.1)) < 1e-9, "its calls still take a twentieth"
    assert WHOLE.winnable(INNER, fast) == 0.0, "around it in the text"
    assert abs(WHOLE.winnable(DISTANCE, [Sped(PAIRWISE, 20.0)]) - 0.3) < 1e-9, "what others call it for"
    assert WHOLE.winnable(DISTANCE, [Sped(PAIRWISE, 20.0), Sped(NEAREST, 9.0)]) == 0.0


def test_a_caller_is_tried_where_calls_have_time_left() -> None:
    queue = Queue([change(DISTANCE), change(INNER), change(PAIRWISE)], Facts(PROFILE))
    first = queue.next()
    assert first.region.id == DISTANCE.id, "the most time"
    second = queue.next()
    assert second.region.id == PAIRWISE.id, "the one around what is being tried, not the one within"
    queue.ended(first, 20.0)
    assert queue.promising(second)
    inner = queue.next()
    assert not queue.promising(inner)


def test_a_caller_is_left_when_its_calls_have_become_nothing() -> None:
    stacks = ((("a.py:main:40", "a.py:p:13", "a.py:d:5"), 60), (("a.py:main:30",), 40))
    queue = Queue([change(DISTANCE), change(PAIRWISE)], Facts(Profile(samples=100, wall_s=10.0, stacks=stacks)))
    tried = {queue.next().region.id: c for c in (change(DISTANCE), change(PAIRWISE))}
    assert len(tried) == 2
    queue.ended(change(DISTANCE), 200.0)
    assert not queue.promising(change(PAIRWISE)), "60% / 200 of the program are not worth a replay"


def test_a_plain_change_is_tried_beside_a_kernel_of_a_short_program() -> None:
    stacks = ((("a.py:main:40", "a.py:p:13", "a.py:d:5"), 60), (("a.py:main:30",), 40))
    for wall_s, needs, tried in ((2.0, (), True), (60.0, (), False), (2.0, ("numba",), False)):
        profile = Profile(samples=100, wall_s=wall_s, stacks=stacks)
        within = replace(change(DISTANCE, needs=needs), region=replace(DISTANCE, share=0.6))
        queue = Queue([within, change(PAIRWISE)], Facts(profile))
        queue.ended(change(PAIRWISE), 50.0)
        assert queue.promising(within) is tried
        queue.ended(change(PAIRWISE, "HST101", needs=()), 50.0)
        assert not queue.promising(within), "nor does it need a package"


def test_what_is_called_within_a_fast_region_is_not_tried_after_it() -> None:
    stacks = ((("a.py:main:40", "a.py:p:13", "a.py:d:5"), 60), (("a.py:main:30",), 40))
    queue = Queue([change(DISTANCE), change(PAIRWISE)], Facts(Profile(samples=100, wall_s=10.0, stacks=stacks)))
    queue.ended(change(PAIRWISE), 5.0)
    assert not queue.promising(change(DISTANCE))
    queue.ended(change(PAIRWISE), 1.0)


def test_often_called_regions_come_later() -> None:
    calls = {DISTANCE.id: RegionFacts(DISTANCE.id, calls=1_000_000)}  # 5 of 10 s for their doors
    queue = Queue([change(DISTANCE), change(PAIRWISE)], Facts(PROFILE, calls))
    assert queue.next().region.id == PAIRWISE.id


def test_what_does_for_a_whole_loop_over_a_frame_comes_before_what_does_for_parts_of_it() -> None:
    parts = [change(PAIRWISE, "HST201", ()), change(PAIRWISE, "HST207", ()), change(NEAREST, "HST217", ())]
    queue = Queue([*parts, change(PAIRWISE, "HST217", ()), change(PAIRWISE)], Facts(PROFILE))
    assert [queue.next().code for _ in range(2)] == ["HST217", "HST217"], "then that of the other loop"
    assert [queue.next().code for _ in range(3)] == ["HST201", "HST207", "HST301"]
    plain = Queue([change(PAIRWISE, "HST101", ()), change(PAIRWISE, "HST217", ())], Facts(PROFILE))
    assert plain.next().code == "HST101", "of another kind"
    both = Queue([change(PAIRWISE, "HST217", ()), change(PAIRWISE, "HST202", ())], Facts(PROFILE))
    assert both.next().code == "HST202", "whole columns need no rows at all"


def test_a_change_promises_no_more_than_what_it_is_about() -> None:
    small = replace(change(PAIRWISE, "HST206", ()), share=0.1)
    queue = Queue([small, change(NEAREST, "HST206", ())], Facts(PROFILE))
    assert queue.next().region.id == NEAREST.id


def test_what_compiles_nothing_comes_before_a_kernel_of_the_same_work() -> None:
    part = Region("a.py", 2, 8, "block", "d")
    queue = Queue([change(DISTANCE), change(part, "HST514", ())], Facts(PROFILE))
    assert queue.next().region.id == part.id, "it does as much"
    queue = Queue([change(DISTANCE), change(PAIRWISE, "HST514", ())], Facts(PROFILE))
    assert queue.next().region.id == DISTANCE.id, "the other is elsewhere"
    queue = Queue([change(DISTANCE), change(INNER, "HST801", ())], Facts(PROFILE))
    queue._todo[1] = replace(queue._todo[1], whole=True)
    assert queue.next().region.id == DISTANCE.id, "processes come last"


def test_two_threads_never_get_one_change() -> None:
    queue = Queue([change(DISTANCE), change(PAIRWISE), change(INNER)], Facts())
    assert sorted(queue.next().region.id for _ in range(3)) == sorted([DISTANCE.id, PAIRWISE.id, INNER.id])


def judged(region: Region, gain: float, code: str = "HST301", needs: tuple[str, ...] = ("numba",)) -> Judged:
    c = change(region, code, needs)
    return Judged(c, c.region.share * 10.0 * (1 - 1 / gain), gain)


def kept(*of: Judged, least: float = 0.05) -> list[str]:
    return sorted(j.change.region.qualname for j in choose(of, {}, min_saving_s=least, shared=Shared(WHOLE, 10.0)))


def test_a_kernel_and_the_one_around_it_go_together_where_both_save() -> None:
    assert kept(judged(DISTANCE, 20.0), judged(PAIRWISE, 200.0)) == ["d", "p"]
    assert kept(judged(DISTANCE, 20.0), judged(PAIRWISE, 200.0), least=3.0) == ["d"], "the other adds 1.2 s"


def test_one_that_saves_nothing_beside_the_other_is_left() -> None:
    stacks = Stacks(Profile(samples=100, stacks=((("a.py:main:40", "a.py:p:13", "a.py:d:5"), 100),)))
    of = [Judged(change(DISTANCE), 9.5, 20.0), Judged(change(PAIRWISE), 9.9, 100.0)]
    together = choose(of, {}, min_saving_s=0.1, shared=Shared(stacks, 10.0))
    assert [j.change.region.qualname for j in together] == ["p"]
    slower = [Judged(change(DISTANCE), 9.9, 100.0), Judged(change(PAIRWISE), 8.0, 5.0)]
    together = choose(slower, {}, min_saving_s=0.1, shared=Shared(stacks, 10.0))
    assert [j.change.region.qualname for j in together] == ["d"], "a kernel around it would only slow it down"


def test_what_came_first_goes_when_a_later_one_takes_its_place() -> None:
    rest = Region("a.py", 30, 30, "block", "main")
    names = kept(judged(DISTANCE, 2.0), judged(PAIRWISE, 50.0), judged(NEAREST, 50.0), judged(rest, 3.0))
    assert names == ["main", "n", "p"], "nobody calls d any more"


def test_an_import_is_paid_once_by_what_kernels_save_together() -> None:
    stacks = Stacks(Profile(samples=100, stacks=((("a.py:main:40", "a.py:p:13", "a.py:d:5"), 100),)))
    of = [Judged(change(DISTANCE), 0.45, 20.0), Judged(change(PAIRWISE), 0.47, 40.0)]
    assert choose(of, {"numba": 0.6}, min_saving_s=0.001, shared=Shared(stacks, 0.48)) == []
    assert choose(of, {"numba": 0.2}, min_saving_s=0.001, shared=Shared(stacks, 0.48))


def test_another_change_saves_its_part_of_what_kernels_leave() -> None:
    plain = judged(PAIRWISE, 2.0, code="HST101", needs=())  # 3 s of 6; beside the kernel 0.62 s of 1.25
    assert kept(judged(DISTANCE, 20.0), plain) == ["d", "p"]
    assert kept(judged(DISTANCE, 20.0), plain, least=1.0) == ["d"]
    assert kept(judged(DISTANCE, 1.5), plain, least=1.0) == ["d", "p"]


def test_processes_are_tried_last() -> None:
    parallel = replace(change(PAIRWISE, "HST801", ()), whole=True)
    queue = Queue([parallel, change(INNER), change(NEAREST)], Facts(PROFILE))
    assert [queue.next().region.id for _ in range(3)][-1] == PAIRWISE.id
    queue.ended(change(DISTANCE), 20.0)
    assert abs(queue.winnable(parallel) - (0.5 / 20 + 0.1)) < 1e-9


def test_what_is_left_if_changes_win_what_one_hopes() -> None:
    alone = Queue([change(DISTANCE)], Facts(PROFILE))
    left = alone.left_with(alone.next())
    assert abs(left - (0.8 / 10 + 0.2)) < 1e-9
    queue = Queue([change(DISTANCE), change(PAIRWISE)], Facts(PROFILE))
    assert queue.left_with(change(DISTANCE)) < left  # what still waits is hoped for as well
    queue.ended(change(DISTANCE), 20.0)
    assert queue.left_with(change(PAIRWISE)) < WHOLE.left([Sped(DISTANCE, 20.0)]) < 0.25
    assert Queue([change(DISTANCE)], Facts()).left_with(change(DISTANCE)) < 0.3


def test_loops_within_a_kernel_that_was_no_faster_wait_for_others() -> None:
    changes = [change(DISTANCE), change(INNER), change(NEAREST)]
    queue = Queue(changes, Facts(PROFILE))
    first = queue.next()
    assert first.region.id == DISTANCE.id
    queue.ended(first, 1.0, timed=True)
    assert [queue.next().region.id, queue.next().region.id] == [NEAREST.id, INNER.id]
    queue = Queue(changes, Facts(PROFILE))
    queue.ended(queue.next(), 1.0)  # it was wrong: that says nothing of how fast a part of it may be
    assert queue.next().region.id == INNER.id


def test_so_many_replays_run_at_a_time() -> None:
    assert [side_by_side(cores, 64_000.0, 200.0) for cores in (1, 2, 3, 4, 8, 64)] == [1, 2, 2, 3, 4, 4]
    assert side_by_side(8, 16_000.0, 2_000.0) == 2, "memory"
    assert side_by_side(1, 100.0, 2_000.0) == 1
