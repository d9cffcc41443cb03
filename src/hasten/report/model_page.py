"""`report.html` of a run over a model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hasten.core.model_record import CandidateRecord, ExplanationRecord, LatencyRecord, ModelRunRecord
from hasten.report import checked, remedies
from hasten.report.models import candidate_row, contract, count, gain, headline, latency_rows, rows_text, size
from hasten.report.page import Page, machine_rows, marks, split_claim
from hasten.report.page import render as page_of
from hasten.report.pareto import pareto
from hasten.report.steps import steps
from hasten.report.view import seconds

USES = (("train", "learn"), ("valid", "search"), ("test", "certify"))


@dataclass(frozen=True)
class Quality:
    """A candidate's quality as the table shows it."""

    title: str
    metric: str
    old: str
    new: str
    interval: str
    allowed: str
    rows: int


def render_html(record: ModelRunRecord) -> str:
    """One file, no network; everything escaped."""
    text, tone = headline(record)
    claim, rest = split_claim(text)
    _, rows = record.contract.wanted
    candidates = [_candidate(c, record) for c in sorted(record.candidates, key=lambda c: (not c.kept, not c.front))]
    curves = [(c.title, c.told) for c in record.candidates if c.told]
    drawn = _curves(record)
    qualities = _qualities(record)
    page = Page(
        title=f"hasten: {record.target}",
        target=record.target,
        tone=tone,
        claim=claim,
        rest=rest,
        tiles=_tiles(record),
        warnings=remedies.model_warnings(record),
        run=_run(record),
        machine=machine_rows(record.machine, record.versions),
        notes=remedies.plain_notes(record.notes),
        command=record.command or f"hasten run {record.target}",
        started=record.started,
        version=record.versions.get("hasten", ""),
        data=record.to_json(),
        drawn={
            "latencies": _latencies(record), "pareto": _pareto(record), "curves": drawn,
            "qualities": [q for _, q in qualities],
        },
    )  # fmt: skip
    return page_of(
        "models.html.j2",
        page,
        record=record,
        rows=rows,
        terms=contract(record),
        checks=checked.model_rows(record),
        latencies=latency_rows(record),
        plot=pareto(record),
        qualities=[q for q, _ in qualities],
        steps=steps(record),
        curves=curves,
        drawn_curves=drawn,
        explained=record.explained,
        agreements=_agreements(record),
        candidates=candidates,
        marks=marks(c["mark"] for c in candidates),
    )


def _tiles(record: ModelRunRecord) -> list[tuple[str, str, str]]:
    out: list[tuple[str, str, str]] = []
    new, old, found = record.artifact, record.original, record.gain
    if found is not None:
        _, rows = record.contract.wanted
        more = f"{found.decided} by {found.pairs} interleaved blocks, at {rows_text(rows)}, one thread"
        out.append(
            (f"speed-up, old/new, {found.confidence:.0%} interval", f"{found.low:.3g}x to {found.high:.3g}x", more)
        )
    held = checked.model_rows(record)
    if new is not None and held:
        kept = sum(r.state == checked.HELD for r in held)
        broken = sum(r.state == checked.BROKEN for r in held)
        out.append(("contract", f"held: {kept} checks" if not broken else f"broken: {broken} checks", contract(record)))
    q = record.certified
    if q is not None:
        more = f"on {q.rows} rows that the search never saw; change in [{q.low:+.3g}, {q.high:+.3g}]"
        out.append((f"certified {q.metric}", f"{q.old:.4g} → {q.new:.4g}", more))
    out.append(
        ("your model", "edited: nothing", "the artifact is a folder beside this page" if new else "nothing was made")
    )
    if new is not None and old is not None:
        out.append(("size", f"{size(old.size_mb)} → {size(new.size_mb)}", "of all files"))
        out.append(("memory", f"{size(old.memory_mb)} → {size(new.memory_mb)}", "whole process, at its peak"))
        if old.multiply_adds and new.multiply_adds:
            told = f"{count(old.multiply_adds)} → {count(new.multiply_adds)}"
            out.append(("multiply-adds", told, "a row, for information: less need not be faster"))
    return out


def _run(record: ModelRunRecord) -> list[tuple[str, str]]:
    rows = [("model", f"{record.model}, {record.task}"), ("answers", ", ".join(record.methods))]
    rows.append(("data", ", ".join(f"{record.rows[k]} rows to {use}" for k, use in USES if k in record.rows)))
    rows += [("objective", record.contract.objective), ("seed", str(record.seed))]
    rows.append(("hasten took", seconds(record.own_s)))
    if record.budget_s is not None:
        rows.append(("budget", seconds(record.budget_s)))
    if record.started:
        rows.append(("started", record.started))
    new, old = record.artifact, record.original
    if new is not None and old is not None:
        rows.append(("load", f"{seconds(old.load_s)} → {seconds(new.load_s)}"))
    return [(a, b) for a, b in rows if b]


def _latencies(record: ModelRunRecord) -> list[dict[str, Any]]:
    new, old = record.artifact, record.original
    if new is None or old is None:
        return []
    out: list[dict[str, Any]] = []
    for x in new.latencies:
        base = old.at(x.rows, x.threads, x.form)
        form = " as a dict" if x.form == "dict" else ""
        at = f"{rows_text(x.rows)}{form}, {x.threads} thread{'s' if x.threads > 1 else ''}"
        if base is not None:
            out.append(_latency(base, at, "original", ""))
        out.append(_latency(x, at, "artifact", gain(x.speedup)))
    return out


def _latency(x: LatencyRecord, at: str, side: str, told: str) -> dict[str, Any]:
    p50 = max(x.p50_s, 1e-9)
    return {"at": at, "side": side, "p50": p50, "p95": max(x.p95_s, p50), "calls": x.calls, "gain": told}


def _pareto(record: ModelRunRecord) -> dict[str, Any] | None:
    """Every candidate with all that was measured of it, and the axes that may be chosen."""
    every = [c for c in (record.original, *record.candidates) if c is not None]
    points: list[dict[str, Any]] = []
    axes: dict[str, dict[str, Any]] = {}

    def axis(key: str, name: str, unit: str, *, more: bool = False) -> None:
        axes.setdefault(key, {"key": key, "name": name, "unit": unit, "more": more, "log": unit in ("s", "MB")})

    for c in every:
        values: dict[str, float] = {}
        for x in c.latencies:
            if x.form == "rows":
                key = f"latency {x.rows} {x.threads}"
                threads = f", {x.threads} threads" if x.threads > 1 else ""
                axis(key, f"latency at {rows_text(x.rows)}{threads}", "s")
                values[key] = x.p50_s
        for key, value, unit in (("size", c.size_mb, "MB"), ("memory", c.memory_mb, "MB"), ("load", c.load_s, "s"),
                                 ("build", c.build_s, "s")):  # fmt: skip
            if value > 0 and math.isfinite(value):
                axis(key, key, unit)
                values[key] = value
        if c.quality is not None:
            axis("quality", c.quality.metric, "1", more=True)
            values["quality"] = c.quality.new
        elif c is record.original and (q := _original_quality(record)) is not None:
            values["quality"] = q
        if values:
            kind = "old" if c is record.original else "new" if c.kept else "front" if c.front else "other"
            verdict = "the original" if kind == "old" else "kept" if c.kept else c.verdict
            verdict += ", on the front" if kind == "front" else ""
            points.append({"title": c.title, "kind": kind, "verdict": verdict, "v": values})
    if len(points) < 2 or len(axes) < 2:
        return None
    _, rows = record.contract.wanted
    across = f"latency {rows} 1" if f"latency {rows} 1" in axes else next(iter(axes))
    spread = len({p["v"].get("quality") for p in points if "quality" in p["v"]}) > 1
    up = "quality" if spread else "size" if "size" in axes else next(k for k in axes if k != across)
    return {"points": points, "axes": list(axes.values()), "x": across, "y": up}


def _original_quality(record: ModelRunRecord) -> float | None:
    return next((c.quality.old for c in record.candidates if c.quality is not None), None)


def _qualities(record: ModelRunRecord) -> list[tuple[Quality, dict[str, Any]]]:
    out = []
    known = [c for c in record.candidates if c.quality is not None]
    if len({(c.quality.low, c.quality.high) for c in known if c.quality}) < 2 and record.contract.same:
        return []  # all of them answer as the original does
    for n, c in enumerate(sorted(known, key=lambda c: (not c.kept, -c.quality.new if c.quality else 0.0))[:40], 1):
        q = c.quality
        assert q is not None
        between = f"[{q.low:+.3g}, {q.high:+.3g}]"
        shown = Quality(c.title, q.metric, f"{q.old:.5g}", f"{q.new:.5g}", between, f"{-q.allowed:+.3g}", q.rows)
        drawn = {"name": f"{n}. {c.title}", "old": q.old, "now": q.new, "low": q.low, "high": q.high,
                 "allowed": q.allowed, "inside": q.inside, "kept": c.kept}  # fmt: skip
        if all(math.isfinite(v) for v in (q.old, q.new, q.low, q.high, q.allowed)):
            out.append((shown, drawn))
    return out


def _curves(record: ModelRunRecord) -> list[dict[str, Any]]:
    """Losses by epoch, where they were recorded."""
    out = []
    for c in record.candidates:
        for curve in c.curves:
            points = [[e.number, e.learnt, e.held_out] for e in curve.epochs if math.isfinite(e.learnt)]
            if len(points) > 1:
                out.append({"title": c.title, "points": points, "kept": curve.kept})
    return out


def _agreements(record: ModelRunRecord) -> list[tuple[str, str, float]]:
    e = record.explained
    if e is None:
        return []
    beside = record.control
    trained = "the same, only trained some more"
    control = [] if beside is None else [
        (beside.of or trained, f"{beside.correlation:.3f}", round(100 * max(beside.correlation, 0.0), 1))
    ]  # fmt: skip
    return [
        ("rank correlation, mean over rows", f"{e.correlation:.3f}", round(100 * max(e.correlation, 0.0), 1)),
        *control,
        ("5% of rows lie below", f"{e.low:.3f}", round(100 * max(e.low, 0.0), 1)),
        (f"of the {e.top} largest, the same", f"{e.overlap:.0%}", round(100 * e.overlap, 1)),
        *_others(record),
    ]


def _others(record: ModelRunRecord) -> list[tuple[str, str, float]]:
    """Agreement by gradients, and that of every other point on the front."""
    found = [
        ("by gradients, of the smaller net in float32", record.gradients),
        ("by gradients, the same, only trained some more", record.gradients_control),
        *(
            (f"on the front: {c.title}{_other_way(c.explained, record.explained)}", c.explained)
            for c in record.candidates
            if c.front and not c.kept
        ),
    ]
    return [(n, f"{e.correlation:.3f}", round(100 * max(e.correlation, 0.0), 1)) for n, e in found if e is not None]


def _other_way(one: ExplanationRecord | None, kept: ExplanationRecord | None) -> str:
    """By what it was found, where that is not how the artifact's was."""
    return "" if one is None or kept is None or one.by == kept.by else f", by {one.by}"


def _candidate(c: CandidateRecord, record: ModelRunRecord) -> Mapping[str, Any]:
    code, title, mark, speed, reason = candidate_row(c, record)
    _, rows = record.contract.wanted
    at = c.at(rows, 1)
    tone = mark if mark == "kept" else c.verdict
    return {
        "code": code, "title": title, "mark": mark, "tone": tone, "gain": speed, "reason": reason,
        "ratio": "" if at is None or at.speedup is None else round(at.speedup.ratio, 4),
        "size": size(c.size_mb) if c.size_mb else "", "size_mb": c.size_mb or "",
        "memory": size(c.memory_mb) if c.memory_mb else "", "memory_mb": c.memory_mb or "",
        "build": seconds(c.build_s) if c.build_s else "", "build_s": c.build_s or "",
    }  # fmt: skip
