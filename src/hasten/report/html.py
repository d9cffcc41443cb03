"""`report.html`: one file, no network, no script; light and dark by the reader's setting; everything escaped."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hasten.core.model_record import ModelRunRecord
from hasten.core.record import RunRecord
from hasten.report.view import View, seconds, view

WIDTH, HEIGHT, LEFT, RIGHT = 720, 118, 70, 16  # of the plot, px


@dataclass(frozen=True)
class Plot:
    """Samples placed on one time axis from zero: dots (x, y, kind, title), ticks (x, label), medians (x, y, kind)."""

    dots: tuple[tuple[float, float, str, str], ...]
    ticks: tuple[tuple[float, str], ...]
    medians: tuple[tuple[float, float, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def plot(shown: View) -> Plot | None:
    """None when nothing was measured."""
    from statistics import median

    every = (*shown.old_s, *shown.new_s)
    if not every or max(every) <= 0:
        return None
    top = max(every) * 1.05
    step = _step(top)

    def x(value: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * value / top, 1)

    dots, medians = [], []
    for kind, base, samples in (("old", 30, shown.old_s), ("new", 68, shown.new_s)):
        for i, value in enumerate(samples):
            dots.append((x(value), base + 4.0 * (i % 3 - 1), kind, f"{kind} run {i + 1}: {seconds(value)}"))
        if samples:
            medians.append((x(median(samples)), float(base), kind))
    ticks = tuple((x(i * step), f"{i * step:g} s") for i in range(int(top / step) + 1))
    return Plot(tuple(dots), ticks, tuple(medians))


def _step(top: float) -> float:
    """A round step (1, 2 or 5 times a power of ten) that gives at most 8 ticks."""
    size = 10.0**-6
    while True:
        for factor in (1, 2, 5):
            if top / (size * factor) <= 8:
                return float(f"{size * factor:g}")
        size *= 10


def embedded(record: RunRecord | ModelRunRecord) -> str:
    """The record as JSON that cannot end a `<script>` element or start a comment."""
    text = json.dumps(record.to_json(), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def render(record: RunRecord, diff: str = "") -> str:
    """The whole page. `diff` is the patch as text."""
    from markupsafe import Markup

    shown = view(record)
    marks = [(_mark(line), line) for line in diff.split("\n")[: -1 if diff.endswith("\n") else None]]
    page: str = (
        environment()
        .get_template("report.html.j2")
        .render(
            view=shown,
            record=record,
            diff=marks,
            plot=plot(shown),
            embedded=Markup(embedded(record)),
        )
    )
    return page


def environment() -> Any:
    """Templates of this folder, everything escaped."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("hasten.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _mark(line: str) -> str:
    if line.startswith(("+++", "---", "diff ", "\\")):
        return "file"
    return {"+": "add", "-": "del", "@": "hunk"}.get(line[:1], "")
