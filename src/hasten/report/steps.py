"""What each step of a kept recipe brought: the recipe beside the best that was tried without this one step.

Nothing is measured for it. Candidates race beside the original, so two of them are compared by their gains over it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hasten.core.model_pass import Step
from hasten.core.model_record import CandidateRecord, ModelRunRecord
from hasten.report.models import short, size

NOT_TRIED = "not tried without it"


@dataclass(frozen=True)
class StepRow:
    """One step of a kept recipe. `beside` is what it was compared with; the figures are without it -> with it."""

    title: str
    beside: str
    latency: str = ""
    size: str = ""
    quality: str = ""


def steps(record: ModelRunRecord) -> tuple[StepRow, ...]:
    """Of every recipe that was kept, step by step in their order; what is in several of them once."""
    out: list[StepRow] = []
    for kept in record.candidates:
        if kept.kept:
            out += (_row(record, kept, place) for place in range(len(kept.steps)))
    return tuple(dict.fromkeys(out))


def _row(record: ModelRunRecord, kept: CandidateRecord, place: int) -> StepRow:
    step = kept.steps[place]
    if place == len(kept.steps) - 1:  # what answers: without it something else does
        others = [c for c in record.candidates if not c.kept and _key(c.steps[:-1]) == _key(kept.steps[:-1])]
    else:
        wanted = _key((*kept.steps[:place], *kept.steps[place + 1 :]))
        others = [c for c in record.candidates if _key(c.steps) == wanted]
    other = max((c for c in others if _gain(record, c)), key=lambda c: _gain(record, c), default=None)
    if other is None:
        return StepRow(step.title, NOT_TRIED)
    beside = other.steps[-1].title if place == len(kept.steps) - 1 else "the rest of the recipe"
    return StepRow(
        step.title,
        beside if other.accepted else f"{beside} ({other.verdict})",
        _latency(record, other, kept),
        f"{size(other.size_mb)} -> {size(kept.size_mb)}" if other.size_mb and kept.size_mb else "",
        _quality(other, kept),
    )


def _key(parts: Iterable[Step]) -> tuple[tuple[str, str], ...]:
    return tuple((s.code, repr(sorted(s.parameters.items()))) for s in parts)


def _gain(record: ModelRunRecord, candidate: CandidateRecord) -> float:
    """Over the original at the objective's number of rows; 0 where it was not raced."""
    if not candidate.steps or candidate is record.candidates[0]:
        return 1.0  # the original itself
    at = candidate.at(record.contract.wanted[1], 1)
    return at.speedup.ratio if at is not None and at.speedup is not None else 0.0


def _latency(record: ModelRunRecord, other: CandidateRecord, kept: CandidateRecord) -> str:
    rows = record.contract.wanted[1]
    before, after = other.at(rows, 1), kept.at(rows, 1)
    if before is None or after is None or after.speedup is None:
        return ""
    a, b = before.speedup, after.speedup
    ratio = b.ratio / (a.ratio if a is not None else 1.0)
    # both ends at their worst: the two were not measured in one race
    low, high = b.low / (a.high if a is not None else 1.0), b.high / (a.low if a is not None and a.low > 0 else 1.0)
    return f"{short(before.p50_s)} -> {short(after.p50_s)}: {ratio:.2f}x [{low:.2f}, {high:.2f}]"


def _quality(other: CandidateRecord, kept: CandidateRecord) -> str:
    if other.quality is None or kept.quality is None:
        return ""
    return f"{kept.quality.metric} {other.quality.new:.4g} -> {kept.quality.new:.4g}"
