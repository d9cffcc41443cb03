"""What is left out: by a look, and by what another backend shows."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from hasten.core.model import ModelContract
from hasten.core.model_pass import Step
from hasten.core.model_record import LatencyRecord
from hasten.passes.model.registry import serving_passes
from hasten.search.models.candidates import Candidate
from hasten.search.models.promise import CODES, REACH, behind, by_speed, is_known_by_another, out_of_reach


def seen(code: str, one: float, many: float, **parameters: str) -> Candidate:
    """A candidate that takes so many microseconds at one row and at 256."""
    c = Candidate((Step(code, code, parameters),))
    for rows, us in ((1, one), (256, many)):
        c.timed(LatencyRecord(rows, 1, us * 1e-6, us * 1e-6, 3))
    return c


def original(one: float, many: float) -> Candidate:
    c = seen("HSM100", one, many)
    c.pickle = Path("model.pkl")
    return c


def test_what_is_slower_everywhere_is_left_out_and_what_is_quick_somewhere_is_not() -> None:
    best = seen("HSM102", 2, 100)
    assert behind(seen("HSM111", 8, 1000), [best]) == "4.0x slower than HSM102 at best"
    assert behind(seen("HSM111", 8, 290), [best]) is None
    assert behind(seen("HSM111", 5, 1000), [best]) is None
    assert behind(seen("HSM111", 2, 99), [best], 0.95) is not None
    assert behind(seen("HSM111", 1.8, 1000), [best], 0.95) is None
    assert behind(best, [best]) is None
    assert behind(Candidate((Step("HSM111", ""),)), [best]) is None
    assert behind(seen("HSM111", 8, 1000), []) is None


def test_a_latency_is_noted_once_for_each_size() -> None:
    c = seen("HSM102", 2, 100)
    c.timed(LatencyRecord(1, 1, 5e-6, 6e-6, 10))
    assert [x.p50_s for x in c.record.latencies] == pytest.approx([1e-4, 5e-6])
    assert c.latencies[1, 1, "rows"] == 5e-6


def test_backends_are_not_built_where_another_shows_that_they_cannot_come_first() -> None:
    trees, onnx = seen("HSM102", 2, 100), seen("HSM111", 8, 1000)
    gtil = Step("HSM112", "GTIL")
    assert out_of_reach(gtil, [trees, onnx], [trees, onnx]) is not None
    assert out_of_reach(gtil, [onnx], [onnx]) is not None  # ONNX Runtime itself is ahead of it
    assert out_of_reach(gtil, [trees], [trees]) is None  # nobody knows how ONNX Runtime would do
    near = seen("HSM111", 8, 600)
    assert out_of_reach(Step("HSM114", "oneDAL"), [trees, near], [trees, near]) is None  # 600 / 7 is below 100
    assert out_of_reach(Step("HSM101", ""), [trees, onnx], [trees, onnx]) is None


def test_behind_preprocessing_only_what_stands_there_too_tells() -> None:
    trees, onnx = seen("HSM101", 2, 100, inner="HSM102"), seen("HSM111", 80, 9000)
    gtil = Step("HSM101", "", {"inner": "HSM112"})
    assert is_known_by_another(gtil)
    assert out_of_reach(gtil, [trees, onnx], [trees, onnx]) is None
    inner = seen("HSM101", 9, 1000, inner="HSM111")
    assert out_of_reach(gtil, [trees, inner], [trees, onnx, inner]) is not None


def test_the_original_is_not_asked_again_where_something_is_far_ahead_of_it() -> None:
    slow, trees = original(10_000, 12_000), seen("HSM102", 2, 100)
    for code in ("HSM100", "HSM116"):
        assert out_of_reach(Step(code, ""), [trees], [slow, trees]) is not None
        assert out_of_reach(Step(code, ""), [seen("HSM102", 9_000, 11_000)], [slow]) is None
        assert out_of_reach(Step(code, ""), [], [slow]) is None


def test_codes_are_those_of_passes_and_sizes_may_be_the_aim() -> None:
    codes = {p.code for p in serving_passes()}
    assert set(REACH) <= codes
    assert {r.base for r in REACH.values()} <= {"the original", *CODES}
    assert set(CODES.values()) <= codes
    assert all(math.isfinite(r.few) and r.few > 0 and r.many > 0 for r in REACH.values())
    assert by_speed(ModelContract())
    assert not by_speed(ModelContract(objective="size"))
