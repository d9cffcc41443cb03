"""Which reduction is chosen, and that one model answers at every number of rows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hasten.core.model import ModelContract
from hasten.core.model_pass import Step
from hasten.core.model_record import LatencyRecord, QualityOfModel
from hasten.observe.session import Progress
from hasten.search.models.candidates import Candidate
from hasten.search.models.reduce import Reductions, ladders, likely_certified
from hasten.search.models.routes import routed

LADDER = [{"rounds": n} for n in (100, 50, 30, 15, 8, 4)]


def boldest(passing: set[int], left_s: float = 1e9) -> tuple[list[int], list[int]]:
    """The rounds that were chosen, and those that were tried."""
    session = SimpleNamespace(
        left_s=left_s, progress=Progress(), clock=lambda: 0.0, budget_s=None, once=lambda name, key, make: make()
    )
    found = Reductions(SimpleNamespace(session=session, candidates=[]), [], [])  # type: ignore[arg-type]
    tried: list[int] = []

    def good(steps: tuple[Step, ...]) -> bool:
        tried.append(int(steps[-1].parameters["rounds"]))
        return tried[-1] in passing

    found._good_enough = good  # type: ignore[method-assign]
    chosen = found._boldest(SimpleNamespace(code="HSM202", name="fewer"), LADDER, ())  # type: ignore[arg-type]
    return [int(s.parameters["rounds"]) for s in chosen], tried


@pytest.mark.parametrize(
    ("passing", "chosen"),
    [
        ({4, 8, 15, 30, 50, 100}, [4]), ({15, 30, 50, 100}, [15]), ({8, 15}, [8]), ({100, 50}, [50]), (set(), []),
        ({15}, [15]), ({100, 15}, [15]),  # quality does not fall step by step
    ],
)  # fmt: skip
def test_the_boldest_that_passes_is_found_from_the_bold_end(passing: set[int], chosen: list[int]) -> None:
    found, tried = boldest(passing)
    assert found == chosen
    assert len(tried) == len(set(tried)) <= 4


def test_what_just_passes_is_not_counted_on() -> None:
    def shown(low: float, high: float, rows: int = 1000) -> QualityOfModel:
        return QualityOfModel("roc_auc", 0.8, 0.8, low, high, 0.004, rows)

    assert likely_certified(shown(-0.001, 0.001), 1000, 0.95)
    assert not likely_certified(shown(-0.0039, 0.02), 1000, 0.95)
    assert likely_certified(shown(0.007, 0.027), 1000, 0.95)
    assert not likely_certified(shown(-0.0035, 0.0035), 1000, 0.95)
    assert likely_certified(shown(-0.0018, 0.0018), 1000, 0.95)
    assert not likely_certified(shown(-0.0018, 0.0018), 100, 0.95)  # an interval of few rows is wider
    assert likely_certified(shown(-0.0039, 0.02), None, 0.95)
    assert likely_certified(shown(0.0, 0.0), 10, 0.95)


def test_nothing_is_tried_when_the_time_is_over() -> None:
    assert boldest({4, 8}, left_s=5) == ([], [])


def test_ladders_differ_in_numbers_only() -> None:
    found = ladders([{"student": "a", "n": 2}, {"student": "b", "n": 1}, {"student": "a", "n": 1}])
    assert found == [[{"student": "a", "n": 2}, {"student": "a", "n": 1}], [{"student": "b", "n": 1}]]


def timed(one: float, many: float, *reductions: str) -> Candidate:
    c = Candidate((*(Step(r, r) for r in reductions), Step("HSM102", "trees")))
    c.note()
    for rows, us in ((1, one), (256, many)):
        c.timed(LatencyRecord(rows, 1, us * 1e-6, us * 1e-6, 3))
    return c


def chosen(*good: Candidate, original_mb: float = 0.0) -> list[tuple[int | None, Candidate]]:
    def crossing(a: Any, b: Any, low: int, high: int) -> int:
        return 16

    original = timed(1e4, 1e4)
    original.note(size_mb=original_mb)
    found = routed(good, ModelContract(), original, crossing)
    assert found is not None
    return [(r.rows, c) for r, c in found.routes]


def test_one_reduced_model_answers_at_every_number_of_rows() -> None:
    student, pruned, whole = timed(1.0, 50, "HSM210"), timed(1.4, 10, "HSM202"), timed(2.0, 100)
    assert chosen(whole, pruned, student) == [(None, student)]  # one row is what was asked for
    near = timed(1.01, 10, "HSM202")
    assert chosen(whole, near, student) == [(None, near)]  # as fast at one row, faster at many


def test_ways_to_serve_one_model_may_share_the_sizes() -> None:
    quick, wide = timed(1.0, 50, "HSM210"), timed(3.0, 10, "HSM210")
    assert chosen(quick, wide, timed(0.5, 9, "HSM210", "HSM202")) != [(16, quick), (None, wide)]
    assert chosen(quick, wide) == [(16, quick), (None, wide)]
    assert chosen(timed(1.0, 50), timed(3.0, 10))[0][0] == 16


def test_a_second_part_must_be_worth_its_room() -> None:
    def sized(one: float, many: float, mb: float) -> Candidate:
        c = timed(one, many)
        c.note(size_mb=mb)
        return c

    quick, wide, much = sized(1.0, 50, 90), sized(3.0, 40, 90), sized(3.0, 20, 90)
    assert chosen(quick, wide, original_mb=200) == [(16, quick), (None, wide)]
    assert chosen(quick, wide, original_mb=91) == [(None, quick)]  # twice the room for a fifth
    assert chosen(quick, much, original_mb=91) == [(16, quick), (None, much)]
    small = [sized(1.0, 50, 2), sized(3.0, 40, 2)]  # a few MB are nobody's trouble
    assert chosen(*small, original_mb=1) == [(16, small[0]), (None, small[1])]
    assert chosen(quick, wide) == [(16, quick), (None, wide)]  # nobody knows how large the original is
