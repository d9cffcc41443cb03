"""The report of a run over a model: terminal, Markdown, HTML. The answer first, then what it rests on."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from typing import TextIO

from hasten.core.measurement import Speedup
from hasten.core.model import MEMORY, SIZE
from hasten.core.model_record import (
    AgreementRecord,
    CandidateRecord,
    ExplanationRecord,
    LatencyRecord,
    ModelRunRecord,
    QualityOfModel,
)
from hasten.report.terminal import SCREEN, clean, clip, paint
from hasten.report.view import seconds

TRIED = 6  # rows of candidates on one screen


def short(value: float) -> str:
    """A duration of a call: `12.3 us`, `4.45 ms`, `1.2 s`."""
    return f"{value * 1e6:.3g} us" if value < 1e-3 else seconds(value)


def size(mb: float) -> str:
    """`12 KB`, `3.4 MB` (of 10^3, 10^6 bytes)."""
    return f"{mb * 1000:.3g} KB" if mb < 1 else f"{mb:.3g} MB"


def count(number: float) -> str:
    """`12.3 thousand`, `40.6 million`."""
    return f"{number / 1e6:.3g} million" if number >= 1e6 else f"{number / 1e3:.3g} thousand"


def _besides(other: ExplanationRecord | None) -> str:
    return "" if other is None else f" ({other.correlation:.3f} when only trained)"


def gain(found: Speedup | None) -> str:
    """`603x [590, 611]`: old/new with its interval."""
    if found is None:
        return ""
    return f"{_figures(found.ratio)}x [{_figures(found.low)}, {_figures(found.high)}]"


def _figures(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def headline(record: ModelRunRecord) -> tuple[str, str]:
    """The answer in one sentence, and its tone."""
    cut = " (interrupted: the best so far)" if record.status == "interrupted" else ""
    new, old = record.artifact, record.original
    if new is None or old is None:
        return f"nothing was certified{cut}", "interrupted" if cut else "none"
    if not new.kept:
        return f"the original wins: nothing faster answers as it does{cut}", "none" if record.met else "unmet"
    kind, rows = record.contract.wanted
    if kind in (SIZE, MEMORY):
        a, b = (old.size_mb, new.size_mb) if kind == SIZE else (old.memory_mb, new.memory_mb)
        text = f"{a / b if b else 0:.2f}x less {kind}: {size(a)} -> {size(b)}, {_same(record)}{cut}"
    else:
        a_, b_ = old.at(rows, 1), new.at(rows, 1)
        if a_ is None or b_ is None or b_.speedup is None:
            return f"assembled, not measured{cut}", "interrupted"
        word = "faster" if b_.speedup.decided == "faster" else "(not decided)"
        at = "one row" if rows == 1 else f"{rows} rows"
        times = f"{short(a_.p50_s)} -> {short(b_.p50_s)}"
        text = f"{_figures(b_.speedup.ratio)}x {word} at {at}: {times}, {_same(record)}{cut}"
    if not record.met:
        return f"{text}; {record.contract.require:g}x was required", "unmet"
    return text, "interrupted" if cut else "gain"


def _same(record: ModelRunRecord) -> str:
    found = record.certified_agreement or (record.artifact.agreement if record.artifact else None)
    if found is not None and found.changed == 0 and found.drift <= record.contract.rtol:
        return "same predictions"
    q = record.certified or (record.artifact.quality if record.artifact else None)
    return "within the contract" if q is None else f"{q.metric} {q.old:.4g} -> {q.new:.4g}"


def facts(record: ModelRunRecord) -> list[tuple[str, str]]:
    """(label, value) pairs that qualify the answer."""
    out = [("model", f"{record.model}, {record.task}"), ("contract", contract(record))]
    uses = (("valid", "search"), ("test", "certify"), ("train", "learn"))
    told = [f"{record.rows[part]} rows to {use}" for part, use in uses if part in record.rows]
    out.append(("data", ", ".join(told)))
    if record.certified is not None:
        out.append(("certified", quality(record.certified)))
    if record.certified_agreement is not None:
        out.append(("agreement", agreement(record.certified_agreement)))
    if record.explained is not None:
        e = record.explained
        out.append((
            "explanations",
            f"attributions ({e.by}) rank as the original's by {e.correlation:.3f} (5% of rows below {e.low:.3f}), "
            f"{e.overlap:.0%} of the {e.top} largest are the same, {e.rows} rows",
        ))  # fmt: skip
    beside = []
    if record.control is not None:
        beside.append(f"{record.control.of or 'only trained some more'} {record.control.correlation:.3f}")
    if record.gradients is not None:
        beside.append(f"by gradients {record.gradients.correlation:.3f}{_besides(record.gradients_control)}")
    if beside:
        out.append(("control", ", ".join(beside)))
    new, old = record.artifact, record.original
    if new is not None and old is not None:
        adds = f"{count(old.multiply_adds)} -> {count(new.multiply_adds)} multiply-adds a row"
        more = f", {adds}" if old.multiply_adds and new.multiply_adds else ""
        out.append(("size", f"{size(old.size_mb)} -> {size(new.size_mb)}{more}"))
        memory = f"{size(old.memory_mb)} -> {size(new.memory_mb)} at the peak of the process"
        out.append(("memory, load", f"{memory}; {seconds(old.load_s)} -> {seconds(new.load_s)}"))
    return [(a, b) for a, b in out if b]


def contract(record: ModelRunRecord) -> str:
    """What had to stay true, in words."""
    c = record.contract
    if c.same:
        return f"the same predictions: every label, scores within {c.rtol:.0e} of the largest"
    agree = f", {c.agree:.4g} of labels as they were" if c.agree is not None else ""
    return f"{c.metric} at most {c.max_drop} worse, the whole {c.confidence:.0%} interval{agree}"


def quality(q: QualityOfModel) -> str:
    """A metric's two values with the interval of their difference."""
    return (
        f"{q.metric} {q.old:.4g} -> {q.new:.4g}, change in [{q.low:+.3g}, {q.high:+.3g}], "
        f"{-q.allowed:+.3g} allowed, {q.rows} rows"
    )


def agreement(a: AgreementRecord) -> str:
    """Labels that changed and how far scores moved."""
    labels = f"{a.changed} of {a.labels} labels change" if a.labels else "no labels"
    return f"{labels}, scores differ by at most {a.drift_abs:.2g} ({a.drift:.1g} of the largest)"


def latency_rows(record: ModelRunRecord) -> list[tuple[str, str, str, str]]:
    """(where, original p50 / p95, artifact p50 / p95, gain) of each measured size."""
    out = []
    new, old = record.artifact, record.original
    if new is None or old is None:
        return []
    for x in new.latencies:
        base = old.at(x.rows, x.threads, x.form)
        rows = "1 row" if x.rows == 1 else f"{x.rows} rows"
        form = " as a dict" if x.form == "dict" else ""
        threads = f", {x.threads} thread{'s' if x.threads > 1 else ''}"
        out.append((f"{rows}{form}{threads}", _latency(base), _latency(x), gain(x.speedup)))
    return out


def _latency(x: LatencyRecord | None) -> str:
    return "" if x is None else f"{short(x.p50_s)} / {short(x.p95_s)}"


def candidate_row(c: CandidateRecord, record: ModelRunRecord) -> tuple[str, str, str, str, str]:
    """(codes, title, verdict, gain at the objective's rows, reason)."""
    _, rows = record.contract.wanted
    at = c.at(rows, 1)
    mark = "kept" if c.kept else "on the front" if c.front else c.verdict
    return (
        " ".join(s.code for s in c.steps),
        c.title,
        mark,
        gain(at.speedup) if at else "",
        "; ".join(t for t in (c.reason, *c.told) if t),
    )


def lines(record: ModelRunRecord, *, run: str = "", width: int = 80) -> list[tuple[str, str]]:
    """(style, text) of each line."""
    out: list[tuple[str, str]] = []
    text, tone = headline(record)
    for i, part in enumerate(textwrap.wrap(f"{clip(record.target, width // 2)}: {clean(text)}", width)):
        out.append((tone, part if i == 0 else f"  {part}"[:width]))
    told = facts(record)
    label = max(len(name) for name, _ in told)
    out += [("", f"  {name:<{label}}  " + clip(value, width - label - 4)) for name, value in told]
    table = latency_rows(record)
    if table:
        wide = [max(len(r[i]) for r in (*table, ("", "original", "artifact", "gain"))) for i in range(4)]
        out.append(("dim", f"  {'p50 / p95':<{wide[0]}}  {'original':<{wide[1]}}  {'artifact':<{wide[2]}}  gain"))
        out += [("", "  " + "  ".join(f"{cell:<{n}}" for cell, n in zip(r, wide, strict=True)).rstrip()) for r in table]
    for when, title in record.routes:
        out.append(("gain" if record.gain else "", "  " + clip(f"{when}: {title}", width - 2)))
    end = [("dim", f"note: {clip(note, width - 6)}") for note in record.notes[:1]]
    if run:
        end.append(("", f"report  {clean(run)}/report.html"))
        if record.artifact is not None:
            end.append(("", f"next    hasten.load({clean(run)!r}).{record.methods[0]}(X)"))
    others = [candidate_row(c, record) for c in record.candidates if not c.kept]
    if others:
        room = max(1, min(TRIED, SCREEN - len(out) - len(end) - 2))
        out.append(("", "tried and not kept"))
        for code, title, mark, speed, reason in others[:room]:
            what = speed or "not raced" if mark in ("on the front", "accepted") else f"{mark}: {reason}"
            out.append(("dim", "  " + clip(f"{code} {title}: {what}", width - 2)))
        if len(others) > room:
            out.append(("dim", f"  and {len(others) - room} more, in the report"))
    return out + end


def render(record: ModelRunRecord, *, run: str = "", width: int = 80) -> str:
    """Plain text."""
    return "\n".join(text for _, text in lines(record, run=run, width=width)) + "\n"


def show(record: ModelRunRecord, stream: TextIO, *, run: str = "") -> None:
    """Write to `stream`, in colour when it is a terminal that wants it."""
    paint(lambda width: lines(record, run=run, width=width), stream)


def render_markdown(record: ModelRunRecord) -> str:
    """GitHub-flavoured Markdown."""
    from hasten.report.markdown import escape, table
    from hasten.report.steps import steps

    text, _ = headline(record)
    parts = [f"# {escape(record.target)}\n", f"**{escape(text)}**\n", table(("", ""), facts(record))]
    rows = latency_rows(record)
    if rows:
        parts.append("## Latency, p50 / p95\n")
        parts.append(table(("", "original", "artifact", "gain, old/new"), rows))
    if record.routes:
        parts.append(table(("rows", "answered by"), record.routes))
    brought = steps(record)
    if brought:
        told = ((s.title, s.beside, s.latency, s.size, s.quality) for s in brought)
        parts += ["## What each step brought\n", table(("step", "beside", "time of a call", "size", "quality"), told)]
    candidates = [candidate_row(c, record) for c in record.candidates]
    parts += ["## Candidates\n", table(("pass", "what", "verdict", "gain, old/new", "reason"), candidates)]
    parts += [f"- {escape(note)}\n" for note in record.notes]
    return "\n".join(parts)


def render_html(record: ModelRunRecord) -> str:
    """One file, no network; everything escaped."""
    from hasten.report import model_page

    return model_page.render_html(record)


def rows_text(rows: int) -> str:
    """`1 row`, `256 rows`."""
    return "1 row" if rows == 1 else f"{rows} rows"


FORMATS: Mapping[str, Callable[[ModelRunRecord], str]] = {
    "terminal": render, "json": ModelRunRecord.dumps, "markdown": render_markdown, "html": render_html,
}  # fmt: skip
