"""The choice among verified changes."""

from __future__ import annotations

from dataclasses import replace

from hasten.core.finding import Region
from hasten.core.recipe import Change
from hasten.core.source import Edit
from hasten.search.choose import Judged, choose, clash


def change(code: str, first: int, last: int, *, helper: str = "", needs: tuple[str, ...] = ()) -> Change:
    edits = [Edit("a.py", first, last, "x\n")]
    if helper:
        edits.append(Edit("a.py", 1, 0, helper))
    return Change(code, code, Region("a.py", first, last, "block", ""), tuple(edits), needs=needs)


def codes(judged: list[Judged]) -> list[str]:
    return [j.change.code for j in judged]


def test_the_better_of_two_that_overlap() -> None:
    a, b, c = change("A", 1, 5), change("B", 3, 8), change("C", 9, 9)
    assert codes(choose([Judged(a, 1.0), Judged(b, 2.0), Judged(c, 0.5)], {}, min_saving_s=0.1)) == ["B", "C"]


def test_small_savings_are_left() -> None:
    assert choose([Judged(change("A", 1, 1), 0.01)], {}, min_saving_s=0.02) == []


def test_an_import_must_pay_for_itself() -> None:
    jit1, jit2 = change("J1", 1, 5, needs=("numba",)), change("J2", 6, 9, needs=("numba",))
    plain = change("P", 2, 4)
    judged = [Judged(jit1, 0.4), Judged(jit2, 0.3), Judged(plain, 0.35)]
    assert codes(choose(judged, {"numba": 0.5}, min_saving_s=0.02)) == ["J1", "J2"]
    assert codes(choose(judged, {"numba": 0.8}, min_saving_s=0.02)) == ["P"]
    assert codes(choose(judged, {}, min_saving_s=0.02)) == ["J1", "J2"]


def test_what_gains_nearly_as_much_and_loads_nothing_is_preferred() -> None:
    kernel, plain = change("J", 1, 9, needs=("numba",)), change("P", 2, 4)
    for saved, expected in ((0.9, "P"), (0.8, "J")):
        judged = [Judged(kernel, 1.0, 20.0), Judged(plain, saved, 15.0)]
        assert codes(choose(judged, {"numba": 0.5}, min_saving_s=0.02)) == [expected]
        assert codes(choose(judged, {}, min_saving_s=0.02)) == ["J"], "it is loaded anyway"
    judged = [Judged(kernel, 1.0, 20.0), Judged(plain, 0.95, 15.0)]
    assert codes(choose(judged, {"numba": 0.01}, min_saving_s=0.02)) == ["J"], "loading it takes no time"


def test_one_name_for_two_helpers_clashes_and_for_one_helper_does_not() -> None:
    a = change("A", 2, 2, helper="def _k(x):\n    return x\n")
    b = change("B", 4, 4, helper="def _k(x):\n    return x + 1\n")
    same = change("C", 6, 6, helper="def _k(x):\n    return x\n")
    assert clash(a, b) and not clash(a, same)
    i, j = change("A", 2, 2, helper="from numba import njit\n"), change("B", 4, 4, helper="from numba import njit\n")
    assert not clash(i, j)


def test_what_lies_inside_a_region_that_has_become_fast_is_left() -> None:
    outer, inner, other = change("J", 1, 9), change("J", 4, 5), change("C", 6, 7)
    outer = replace(outer, edits=(Edit("a.py", 1, 1, "x\n"),))  # a guard at the top: no common line
    judged = [Judged(outer, 2.0, 50.0), Judged(inner, 1.5, 40.0), Judged(other, 0.5, 2.0)]
    assert codes(choose(judged, {}, min_saving_s=0.1)) == ["J"]
    assert codes(choose([Judged(outer, 2.0, 1.5), Judged(other, 0.5, 2.0)], {}, min_saving_s=0.1)) == ["J", "C"]
    assert codes(choose([Judged(outer, 1.0, 1.5), Judged(inner, 2.0, 9.0)], {}, min_saving_s=0.1)) == ["J"]


def test_nothing_is_changed_inside_a_kernel() -> None:
    def at_the_door(saved: float) -> Judged:  # the original statements stay where they are
        region = Region("a.py", 1, 9, "function", "f")
        return Judged(Change("J", "J", region, (Edit("a.py", 1, 0, "if 1:\n"),), needs=("numba",)), saved, 1.7)

    inner = Judged(change("P", 3, 6), 0.8, 5.5)
    assert not clash(at_the_door(0.5).change, inner.change)
    assert codes(choose([at_the_door(0.5), inner], {}, min_saving_s=0.02)) == ["P"]
    assert codes(choose([at_the_door(0.9), inner], {}, min_saving_s=0.02)) == ["J"]
