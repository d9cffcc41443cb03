"""What each step of a kept recipe brought."""

from __future__ import annotations

from dataclasses import replace

from hasten.core.measurement import Speedup
from hasten.core.model_pass import Step
from hasten.core.model_record import CandidateRecord, LatencyRecord, QualityOfModel
from hasten.report.models import render_html, render_markdown
from hasten.report.steps import NOT_TRIED, steps
from tests.report.pages import model_record

PRUNED, MORE = Step("HSM321", "half the channels", {"share": 0.5}), Step("HSM321", "a quarter", {"share": 0.75})
FLOAT, INT8, ITSELF = Step("HSM305", "C"), Step("HSM307", "C in int8"), Step("HSM100", "the module")


def candidate(
    *parts: Step, ratio: float, verdict: str = "accepted", score: float = 0.9, **more: object
) -> CandidateRecord:
    gain = Speedup(ratio, ratio * 0.9, ratio * 1.1, 9, decided="faster")
    return CandidateRecord(
        parts, verdict, quality=QualityOfModel("accuracy", 0.9, score, -0.01, 0.0, 0.01, 400),
        latencies=(LatencyRecord(1, 1, 1e-3 / ratio, 2e-3 / ratio, 90, speedup=gain),), size_mb=1.0 / ratio, **more,  # type: ignore[arg-type]
    )  # fmt: skip


ORIGINAL = replace(candidate(ITSELF, ratio=1.0), latencies=(LatencyRecord(1, 1, 1e-3, 2e-3, 90),))


def test_each_step_beside_the_recipe_without_it() -> None:
    record = replace(
        model_record(),
        candidates=(
            ORIGINAL,
            candidate(FLOAT, ratio=4.0),
            candidate(INT8, ratio=5.0, verdict="rejected", score=0.88),
            candidate(MORE, INT8, ratio=30.0, verdict="rejected"),  # other parameters: another recipe
            candidate(PRUNED, FLOAT, ratio=8.0),
            candidate(PRUNED, ITSELF, ratio=2.0),
            candidate(PRUNED, INT8, ratio=10.0, score=0.895, kept=True),
        ),
    )
    pruned, int8 = steps(record)
    assert (pruned.title, pruned.beside) == ("half the channels", "the rest of the recipe (rejected)")
    assert pruned.latency == "200 us -> 100 us: 2.00x [1.64, 2.44]"
    assert pruned.size == "200 KB -> 100 KB"
    assert pruned.quality == "accuracy 0.88 -> 0.895"
    assert (int8.title, int8.beside) == ("C in int8", "C")  # the best of the others, not the slowest
    assert int8.latency.startswith("125 us -> 100 us: 1.25x")
    for text in (render_markdown(record), render_html(record)):
        assert "What each step brought" in text
        assert "1.25x [1.02, 1.53]" in text.replace("\\", "")


def test_what_was_not_tried_is_said_and_the_original_counts() -> None:
    kept = candidate(PRUNED, FLOAT, ratio=8.0, kept=True)
    first, second = steps(replace(model_record(), candidates=(ORIGINAL, candidate(MORE, FLOAT, ratio=9.0), kept)))
    assert (first.beside, second.beside) == (NOT_TRIED, NOT_TRIED)
    assert first.latency == first.size == first.quality == ""
    (alone,) = steps(replace(model_record(), candidates=(ORIGINAL, candidate(FLOAT, ratio=4.0, kept=True))))
    assert (alone.beside, alone.latency) == ("the module", "1 ms -> 250 us: 4.00x [3.60, 4.40]")


def test_nothing_was_kept() -> None:
    record = replace(model_record(), candidates=(ORIGINAL, candidate(FLOAT, ratio=0.5, verdict="rejected")))
    assert steps(record) == ()
    assert "What each step brought" not in render_html(record)
