"""Latency against quality (or size, where quality is the same): the points of a plot."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hasten.core.model_record import CandidateRecord, ModelRunRecord

Ticks = tuple[tuple[float, str], ...]

WIDTH, HEIGHT, LEFT, BOTTOM, EDGE = 720, 300, 70, 40, 30  # px


@dataclass(frozen=True)
class Points:
    """Dots (x, y, kind, title), ticks of both axes (place, label), and what the axes are."""

    dots: tuple[tuple[float, float, str, str], ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    x_label: str
    y_label: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    floor: int = HEIGHT - BOTTOM


def pareto(record: ModelRunRecord) -> Points | None:
    """Candidates that were timed, at the objective's number of rows; None with fewer than two."""
    from hasten.report.models import short, size

    _, rows = record.contract.wanted
    every = [c for c in (record.original, *record.candidates) if c is not None and c.at(rows, 1) is not None]
    if len(every) < 2:
        return None
    by_quality = len({c.quality.new for c in every if c.quality is not None}) > 1
    xs = [_p50(c, rows) for c in every]
    ys = [c.quality.new if by_quality and c.quality is not None else c.size_mb for c in every]
    x_place, x_ticks = _log(xs, LEFT, WIDTH - EDGE, short)
    if by_quality:
        y_place, y_ticks = _even(ys, HEIGHT - BOTTOM, EDGE)
        label = next(c.quality.metric for c in every if c.quality is not None)
    else:
        y_place, y_ticks = _log(ys, HEIGHT - BOTTOM, EDGE, size)
        label = "size"
    dots = []
    for c, x, y in zip(every, x_place, y_place, strict=True):
        kind = "old" if c is record.original else "new" if c.kept else "front" if c.front else "other"
        dots.append((x, y, kind, f"{c.title}: {short(_p50(c, rows))}, {size(c.size_mb)}"))
    at = "one row" if rows == 1 else f"{rows} rows"
    return Points(tuple(dots), x_ticks, y_ticks, f"latency at {at}, p50", label)


def _p50(c: CandidateRecord, rows: int) -> float:
    found = c.at(rows, 1)
    return max(found.p50_s, 1e-9) if found is not None else 1e-9


def _log(values: Sequence[float], low_px: int, high_px: int, say: Callable[[float], str]) -> tuple[list[float], Ticks]:
    """Places on a logarithmic axis of whole decades, and its ticks."""
    logs = [math.log10(max(v, 1e-9)) for v in values]
    low = math.floor(min(logs))
    decades = max(1, math.ceil(max(logs) + 1e-9) - low)
    pixels = (high_px - low_px) / decades
    ticks = tuple((round(low_px + pixels * i, 1), say(10.0 ** (low + i))) for i in range(decades + 1))
    return [round(low_px + pixels * (v - low), 1) for v in logs], ticks


def _even(values: Sequence[float], low_px: int, high_px: int) -> tuple[list[float], Ticks]:
    """Places on an even axis, and five ticks."""
    low, high = min(values), max(values)
    spread = (high - low) or abs(high) or 1.0
    low, high = low - 0.1 * spread, high + 0.1 * spread
    at = [low_px + (high_px - low_px) * (v - low) / (high - low) for v in values]
    ticks = [(low_px + (high_px - low_px) * i / 4, f"{low + (high - low) * i / 4:.4g}") for i in range(5)]
    return [round(v, 1) for v in at], tuple((round(y, 1), label) for y, label in ticks)
