"""Results as a notebook shows them: fragments of HTML, everything escaped, no script, nothing loaded.

Colours come from the notebook's own theme (`currentColor`), so that they read in light and dark.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from hasten.core.facts import Profile
from hasten.core.measurement import Comparison
from hasten.core.model_record import ModelRunRecord
from hasten.core.record import RunRecord
from hasten.report.view import percent, seconds, view

if TYPE_CHECKING:
    from hasten.report.hotspots import Hotspot

_TONE = {"gain": "#2e8540", "none": "currentColor", "unmet": "#d5281b", "interrupted": "#b8860b"}
_CELL = "padding:2px 12px 2px 0;text-align:left;vertical-align:top"
MOST_DIFF = 40_000  # characters of a patch that are shown


def run(record: RunRecord, folder: str, patch: str) -> str:
    """A run over a program: the answer, what was kept and tried, the patch."""
    shown = view(record)
    parts = [_headline(f"{shown.target}: {shown.headline}", shown.tone), _facts(shown.facts)]
    if shown.kept:
        rows = [(row.code, row.place, row.title, row.gain, row.checks) for row in shown.kept]
        parts.append(_table(("kept", "where", "what", "gain", "checked"), rows))
    if shown.tried:
        tried = [(row.code, row.place, row.title, row.reason) for row in shown.tried]
        parts.append(_fold(f"{len(tried)} tried and not kept", _table(("pass", "where", "what", "why not"), tried)))
    if not shown.kept and shown.functions:
        hot = [(h.total, h.name or "<module>", h.place) for h in shown.functions[:5]]
        parts.append(_fold("where the time goes", _table(("time", "function", "where"), hot)))
    if patch:
        parts.append(_fold("patch", diff(patch)))
    parts += [_small(f"note: {note}") for note in shown.notes]
    if folder:
        parts.append(_small(f"{folder}/report.html" + (f"; hasten apply {folder}" if record.changed else "")))
    return _frame(parts)


def compared(a: str, b: str, difference: str | None, comparison: Comparison, unrepeatable: Sequence[str]) -> str:
    """Two versions of a program."""
    gain = comparison.speedup
    same = "the same results" if difference is None else f"DIFFERENT results: {difference}"
    tone = "unmet" if difference is not None else "gain" if gain.decided == "faster" else "none"
    word = {"faster": f"{b} is {gain.ratio:.2f}x faster", "not faster": f"{b} is not faster"}
    headline = f"{word.get(gain.decided, f'not decided which is faster ({gain.ratio:.2f}x)')}, {same}"
    rows = [
        (f"{a} / {b}", f"{gain} at {gain.confidence:.0%}, {gain.pairs} interleaved pairs, {comparison.metric} time")
    ]
    for name, runs in ((a, comparison.old), (b, comparison.new)):
        if runs:
            times = ", ".join(seconds(r.wall_s) for r in runs[:10])
            rows.append((name, times + (" ..." if len(runs) > 10 else "")))
    if unrepeatable:
        rows.append(("not compared", f"{', '.join(unrepeatable)}: it changes from run to run"))
    return _frame([_headline(headline, tone), _facts(rows), *(_small(f"note: {n}") for n in comparison.notes)])


def profile(target: str, found: Profile, spots: Sequence[Hotspot], notes: Sequence[str]) -> str:
    """Where time and memory go."""
    facts = [seconds(found.wall_s)]
    if found.peak_mb:
        facts.append(f"{found.peak_mb:.0f} MB at the peak")
    if found.native is not None:
        facts.append(f"{percent(found.native)} in compiled code")
    facts.append(found.profiler)
    parts = [_headline(f"{target}: {', '.join(f for f in facts if f)}", "none")]
    rows = []
    for spot in spots:
        code = next((text.strip() for n, text in spot.text if n == spot.line), "")
        why = escape(spot.reason)
        if spot.remedy:
            why += "<br>" + escape(spot.remedy + (f" ({spot.code})" if spot.code else ""))
        cells = [
            _bar(spot.share),
            escape(percent(spot.native)) if found.native is not None else "",
            "" if spot.memory_mb is None else f"{spot.memory_mb:.1f} MB",
            escape(f"{spot.headroom:.2f}x"),
            f"{escape(spot.place)}<br><code>{escape(code)}</code>",
            why,
        ]
        rows.append(cells)
    if rows:
        parts.append(_raw_table(("time", "compiled", "memory", "at most", "where", "why"), rows))
    else:
        parts.append(_small("No line of this program takes 2% of its time or more."))
    return _frame([*parts, *(_small(f"note: {note}") for note in notes)])


def model(record: ModelRunRecord, folder: str) -> str:
    """A run over a trained model."""
    from hasten.report import models

    text, tone = models.headline(record)
    rows = models.latency_rows(record)
    parts = [_headline(text, tone), _facts(models.facts(record))]
    if rows:
        parts.append(_table(("rows", "original", "artifact", "gain"), rows))
    candidates = [models.candidate_row(c, record) for c in record.candidates]
    if candidates:
        table = _table(("passes", "candidate", "verdict", "gain", "why"), candidates)
        parts.append(_fold(f"{len(candidates)} candidates", table))
    return _frame([*parts, _small(f"{folder}/report.html")])


def checked(holds: bool, said: Sequence[str], artifact: str) -> str:
    """An artifact, asked again."""
    word = "answers as certified" if holds else "this data contradicts its certificate"
    items = "".join(f"<li>{escape(line)}</li>" for line in said)
    return _frame([_headline(f"{artifact}: {word}", "gain" if holds else "unmet"), f"<ul>{items}</ul>"])


def diff(text: str) -> str:
    """A unified diff; what is added and removed is told by more than its colour."""
    cut = text[:MOST_DIFF]
    lines = []
    for line in cut.splitlines():
        colour = {"+": "#2e8540", "-": "#d5281b"}.get(line[:1], "")
        style = f' style="color:{colour}"' if colour and not line.startswith(("+++", "---")) else ""
        lines.append(f"<span{style}>{escape(line)}</span>")
    more = "" if len(text) <= MOST_DIFF else "\n..."
    return f'<pre style="overflow-x:auto;line-height:1.3">{chr(10).join(lines)}{more}</pre>'


def code(text: str) -> str:
    return f'<pre style="overflow-x:auto;line-height:1.3">{escape(text)}</pre>'


def _frame(parts: Iterable[str]) -> str:
    return f'<div style="border-left:3px solid currentColor;padding-left:12px;max-width:72em">{"".join(parts)}</div>'


def _headline(text: str, tone: str) -> str:
    return (
        f'<p style="margin:4px 0"><strong style="color:{_TONE.get(tone, "currentColor")}">{escape(text)}</strong></p>'
    )


def _small(text: str) -> str:
    return f'<p style="margin:2px 0;opacity:0.8"><small>{escape(text)}</small></p>'


def _fold(title: str, inside: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{inside}</details>"


def _facts(rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(
        f'<tr><th scope="row" style="{_CELL};font-weight:normal;opacity:0.8">{escape(name)}</th>'
        f'<td style="{_CELL}">{escape(value)}</td></tr>'
        for name, value in rows
    )
    return f"<table>{cells}</table>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return _raw_table(head, [[escape(cell) for cell in row] for row in rows])


def _raw_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    used = [i for i in range(len(head)) if any(row[i] for row in rows)]
    top = "".join(f'<th scope="col" style="{_CELL}">{escape(head[i])}</th>' for i in used)
    body = "".join(
        f"<tr>{''.join(f'<td style={chr(34)}{_CELL}{chr(34)}>{row[i]}</td>' for i in used)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _bar(share: float) -> str:
    width = max(1, round(60 * min(share, 1.0)))
    bar = f'<span style="display:inline-block;width:{width}px;height:0.7em;background:currentColor;opacity:0.5"></span>'
    return f"{bar} {escape(percent(share))}"
