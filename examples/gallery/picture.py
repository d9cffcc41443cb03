"""One small picture of a run: every timed run of a program, or the times of a model's calls; light and dark."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from statistics import median

from hasten.core.model_record import ModelRunRecord
from hasten.core.record import RunRecord
from hasten.report.models import short
from hasten.report.view import seconds

WIDTH, LEFT, RIGHT, ROW = 720, 150, 90, 30
_STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #24292f } .soft { fill: #57606a }
line { stroke: #d0d7de } .old { fill: #9a6700; stroke: #9a6700 } .new { fill: #1a7f37; stroke: #1a7f37 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .soft { fill: #9da7b3 } line { stroke: #444c56 }
.old { fill: #d4a72c; stroke: #d4a72c } .new { fill: #56d364; stroke: #56d364 } }
</style>"""


def picture(record: RunRecord | ModelRunRecord) -> str:
    """An SVG; empty when nothing was measured."""
    return _of_model(record) if isinstance(record, ModelRunRecord) else _of_program(record)


def _of_program(record: RunRecord) -> str:
    compared = record.comparison
    if compared is None or not compared.old or not compared.new:
        return ""
    sides = [("before", "old", [r.wall_s for r in compared.old]), ("after", "new", [r.wall_s for r in compared.new])]
    top = 1.02 * max(max(times) for _, _, times in sides)

    def x(value: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * value / top, 1)

    out = []
    for row, (name, kind, times) in enumerate(sides):
        y = 20 + ROW * row
        out.append(_text(LEFT - 10, y + 4, name, "end"))
        out.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"/>')
        out += [
            f'<circle class="{kind}" cx="{x(t)}" cy="{y}" r="5" fill-opacity="0.5"><title>{name}: {seconds(t)}</title></circle>'
            for t in times
        ]
        out.append(_text(WIDTH - RIGHT + 10, y + 4, seconds(median(times))))
    told = f"Every timed run, from 0 to {seconds(top)}; at the right the median"
    out.append(_text(WIDTH / 2, 20 + 2 * ROW + 6, told, "middle", soft=True))
    return _svg(out, 20 + 2 * ROW + 20, told)


def _of_model(record: ModelRunRecord) -> str:
    new, old = record.artifact, record.original
    if new is None or old is None:
        return ""
    pairs = [(x, old.at(x.rows, x.threads, x.form)) for x in new.latencies]
    shown = [(x, base) for x, base in pairs if base is not None and min(x.p50_s, base.p50_s) > 0]
    if not shown:
        return ""
    every = [t for pair in shown for x in pair for t in (x.p50_s, x.p95_s)]
    low = math.floor(math.log10(min(every)))
    high = max(low + 1, math.ceil(math.log10(max(every))))

    def x(value: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(value) - low) / (high - low), 1)

    bottom = 14 + ROW * len(shown)
    out = [
        f'<line x1="{x(10.0**p)}" y1="6" x2="{x(10.0**p)}" y2="{bottom}"/>'
        + _text(x(10.0**p), bottom + 16, short(10.0**p), "middle", soft=True)
        for p in range(low, high + 1)
    ]
    for row, (after, before) in enumerate(shown):
        y = 20 + ROW * row
        rows = "1 row" if after.rows == 1 else f"{after.rows} rows"
        form = ", a dict" if after.form == "dict" else ""
        out.append(_text(LEFT - 10, y + 4, f"{rows}{form}, {after.threads} thr.", "end"))
        for kind, side, dy in (("old", before, -4), ("new", after, 4)):
            told = f"{'before' if kind == 'old' else 'after'}: {short(side.p50_s)}, of 95% below {short(side.p95_s)}"
            out.append(
                f'<rect class="{kind}" x="{x(side.p50_s)}" y="{y + dy - 1}" height="2" fill-opacity="0.6" stroke="none" '
                f'width="{max(1.0, round(x(max(side.p95_s, side.p50_s)) - x(side.p50_s), 1))}"/>'
                f'<circle class="{kind}" cx="{x(side.p50_s)}" cy="{y + dy}" r="4"><title>{html.escape(told)}</title></circle>'
            )
        if after.speedup is not None:
            out.append(_text(WIDTH - RIGHT + 10, y + 4, _gain(after.speedup.ratio)))
    told = "A call, logarithmic: dots are medians before and after, lines reach to the 95th percentile"
    out.append(_text(WIDTH / 2, bottom + 36, told, "middle", soft=True))
    return _svg(out, bottom + 50, told)


def _gain(ratio: float) -> str:
    return f"{ratio:.1f}x" if ratio < 100 else f"{ratio:,.0f}x"


def _text(x: float, y: float, words: str, anchor: str = "start", *, soft: bool = False) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{" class=" + chr(34) + "soft" + chr(34) if soft else ""}>{html.escape(words)}</text>'


def _svg(parts: Sequence[str], height: int, told: str) -> str:
    return "\n".join((
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        f'aria-label="{html.escape(told)}">', _STYLE, *parts, "</svg>\n",
    ))  # fmt: skip
