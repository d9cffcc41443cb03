"""`report.html` of a run over a program: one file, no network; light and dark; everything escaped.

Its tables and its first chart need no script. What is drawn better with one (`assets/report.js`) comes from the data
that is embedded beside the record.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from hasten.core.measurement import RunSample
from hasten.core.record import ProfileRecord, RunRecord, TrialRecord
from hasten.report import checked, listing, remedies
from hasten.report.diff import diff_of
from hasten.report.flame import flame
from hasten.report.page import Page, machine_rows, marks, split_claim
from hasten.report.page import render as page_of
from hasten.report.view import TrialRow, View, gain_text, percent, seconds, spent, trial_row, view

WIDTH, HEIGHT, LEFT, RIGHT = 720, 118, 70, 16  # of the plot, px
LARGEST = 1_700_000  # characters of a page, from which it holds no stacks and no source twice; result.json does


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


@dataclass(frozen=True)
class Trial:
    """A row of the table of trials: texts, and the numbers by which it is sorted."""

    row: TrialRow
    mark: str
    ratio: float | str
    agreed: int
    seconds: float
    took: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)


@dataclass(frozen=True)
class Worth:
    """What a pass contributed, as the table shows it; `bar` is its width in per cent."""

    code: str
    titles: tuple[str, ...]
    saves: str
    without: str
    bar: float


def render(record: RunRecord, diff: str = "") -> str:
    """The whole page. `diff` is the patch as text."""
    text = _rendered(record, diff, record)
    if len(text) > LARGEST:
        slim = replace(record, profile=_without_stacks(record.profile), excerpts=())
        text = _rendered(record, diff, replace(slim, after=_without_stacks(record.after) if record.after else None))
    return text


def _without_stacks(profile: ProfileRecord) -> ProfileRecord:
    return replace(profile, frames=(), stacks=())


def _rendered(record: RunRecord, diff: str, inside: RunRecord) -> str:
    """`inside` is the record that the page holds as JSON."""
    shown = view(record)
    claim, rest = split_claim(shown.headline)
    flames = flame(record)
    worth = _worth(record)
    page = Page(
        title=f"hasten: {shown.target}",
        target=shown.target,
        tone=shown.tone,
        claim=claim,
        rest=rest,
        tiles=_tiles(record, diff),
        warnings=remedies.warnings(record),
        run=_run(record),
        machine=machine_rows(record.machine, record.versions),
        notes=remedies.plain_notes((*record.notes, *(record.comparison.notes if record.comparison else ()))),
        command=shown.command or f"hasten run {shown.target}",
        started=record.started,
        version=record.versions.get("hasten", ""),
        data=inside.to_json(),
        drawn={"runs": _runs(record), "flame": flames},
    )
    trials = [_trial(t) for t in sorted(record.trials, key=lambda t: not t.kept)]
    return page_of(
        "report.html.j2",
        page,
        view=shown,
        record=record,
        plot=plot(shown),
        checks=checked.rows(record),
        same=_same(record),
        timing=_timing(record),
        worth=worth,
        by_pass=len({w.code for w in worth}) > 1,
        worth_lead=_worth_lead(record),
        flame=flames,
        listings=listing.listings(record),
        files=diff_of(record, diff),
        trials=trials,
        marks=marks(t.mark for t in trials),
    )


def _same(record: RunRecord) -> str:
    contract = record.contract
    words = "The same bits" if contract.exact else f"Floats within {contract.rtol:g}, all else exact"
    if record.qualities:
        words += "; results of searches may be others that are at least as good"
    return words


def _tiles(record: RunRecord, diff: str) -> list[tuple[str, str, str]]:
    gain, comparison = record.gain, record.comparison
    out: list[tuple[str, str, str]] = []
    if gain is not None:
        evidence = f"evidence {gain.evidence:,.0f} to 1" if gain.evidence < 1e6 else "evidence beyond a million to 1"
        between = (
            f"{gain.low:.2f}x to {gain.high:.2f}x" if math.isfinite(gain.high) else f"{gain.ratio:.2f}x (one pair)"
        )
        out.append((
            f"speed-up, old/new, {gain.confidence:.0%} interval", between,
            f"{gain.decided} by {gain.pairs} interleaved pairs, {evidence}",
        ))  # fmt: skip
    elif comparison is not None:
        out.append(("measured end to end", gain_text(comparison.speedup), comparison.speedup.decided))
    kept = [t for t in record.trials if t.kept]
    if record.changed:
        held = sum(row.state == checked.HELD for row in checked.rows(record))
        inputs = sum(t.replays + t.varied for t in kept)
        out.append(("contract", f"held: {held} checks", f"whole runs, and {inputs} recorded and varied calls replayed"))
    added = sum(x.startswith("+") and not x.startswith("+++") for x in diff.split("\n"))
    gone = sum(x.startswith("-") and not x.startswith("---") for x in diff.split("\n"))
    ready = f"a patch of +{added} −{gone} lines is ready" if record.changed else "and there is nothing to apply"
    out.append(("your files", "edited: nothing", ready))
    if comparison is not None and comparison.old and comparison.new and record.changed:
        old, new = (median(r.peak_mb for r in side) for side in (comparison.old, comparison.new))
        out.append(("peak memory", f"{old:.0f} MB → {new:.0f} MB", "of the whole process"))
    if record.cold is not None and record.changed and record.cold.new_s > 0:
        cold = record.cold
        out.append((
            "first run, nothing cached", f"{cold.old_s / cold.new_s:.2f}x",
            f"{seconds(cold.old_s)} → {seconds(cold.new_s)}, one sample each",
        ))  # fmt: skip
    return out


def _run(record: RunRecord) -> list[tuple[str, str]]:
    target = record.target
    rows = [("target", f"{target.kind} {target.entry}"), ("folder", target.root)]
    if target.argv:
        rows.append(("arguments", " ".join(target.argv)))
    if target.stdin_bytes is not None:
        rows.append(("standard input", f"{target.stdin_bytes} bytes"))
    rows += [("seed", str(record.seed)), ("hasten took", spent(record))]
    if record.budget_s is not None:
        rows.append(("budget", seconds(record.budget_s)))
    if record.started:
        rows.append(("started", record.started))
    rows.append(("noise floor (A/A)", f"{percent(record.baseline.noise)} between equal runs"))
    contract = record.contract
    rows.append(
        ("false claims of a gain", f"at most {100 * contract.alpha:g}%, for a gain of {contract.min_gain:g}x or more")
    )
    if record.profile.imports_share:
        rows.append(("start-up", f"{seconds(record.profile.imports_share * record.profile.wall_s)} of imports"))
    if record.comparison is not None:
        rows += [(f"measured with {name}", text) for name, text in record.comparison.conditions.items()]
    for path, digest in sorted(record.sources.items()):
        rows.append((f"sha256 of {path}", digest[:16]))
    return rows


def _runs(record: RunRecord) -> dict[str, Any] | None:
    comparison = record.comparison
    if comparison is None or not comparison.old or not comparison.new:
        return None
    gain = comparison.speedup

    def told(runs: tuple[RunSample, ...]) -> list[list[float]]:
        return [[round(r.wall_s, 6), round(r.cpu_s, 6), round(r.peak_mb, 1)] for r in runs]

    same = [r.wall_s for r in (*comparison.old, *record.baseline.runs[1:])]  # the first one ran with empty caches
    return {
        "old": told(comparison.old), "new": told(comparison.new), "base": told(record.baseline.runs),
        "band": [round(min(same), 6), round(max(same), 6)], "metric": comparison.metric,
        "name": _new_side(record),
        "gain": [gain.ratio, gain.low, gain.high],
    }  # fmt: skip


def _new_side(record: RunRecord) -> str:
    return "optimised" if record.changed else "not kept"


def _timing(record: RunRecord) -> list[tuple[str, ...]]:
    comparison, out = record.comparison, list[tuple[str, ...]]()
    sides = [("baseline (A/A)", record.baseline.runs)]
    if comparison is not None:
        sides += [("original", comparison.old), (_new_side(record), comparison.new)]
    for name, runs in sides:
        if not runs:
            continue
        walls = [r.wall_s for r in runs]
        out.append((
            name, seconds(median(walls)), seconds(min(walls)), seconds(max(walls)),
            seconds(median(r.cpu_s for r in runs)), f"{median(r.peak_mb for r in runs):.0f} MB", str(len(runs)),
        ))  # fmt: skip
    return out


def _worth(record: RunRecord) -> list[Worth]:
    if not record.changed:
        return []
    changes = record.kept.changes
    most = max((c.saves_s or 0.0 for c in record.contributions), default=0.0)
    out = []
    for c in record.contributions:
        titles = [changes[i].title.removeprefix(c.code).lstrip(" :") for i in c.changes if i < len(changes)]
        if c.without is not None:
            without = f"{c.without} as long"
        elif len(record.contributions) == 1:
            without = "as long as the original: it is all of the gain"
        else:
            without = f"not measured: {c.why_not}" if c.why_not else "not measured"
        saves = "not reckoned: it shows in whole runs only" if c.saves_s is None else seconds(max(c.saves_s, 0.0))
        bar = round(100 * max(c.saves_s or 0.0, 0.0) / most, 1) if most > 0 else 0.0
        out.append(Worth(c.code, tuple(titles), saves, without, bar))
    if out:
        return out
    for t in record.trials:  # a record of before contributions were gathered
        if t.kept:
            title = t.title.removeprefix(t.code).lstrip(" :")
            region = f"{t.gain} on its region" if t.gain is not None else "not reckoned"
            out.append(Worth(t.code, (title,), region, "not measured", 0.0))
    return out


def _worth_lead(record: RunRecord) -> str:
    if any(c.without is not None for c in record.contributions):
        return "Leave one out: the kept program was run again without each, in turns with the whole of it."
    if len(record.contributions) == 1:
        return "One change did it all."
    return (
        "What each saves beside the others, reckoned from its replays and the profile; runs without it were not made."
    )


def _trial(trial: TrialRecord) -> Trial:
    ratio = "" if trial.gain is None else round(trial.gain.ratio, 4)
    took = sum(trial.seconds.values())
    row = trial_row(trial)
    return Trial(
        row, "kept" if trial.kept else trial.verdict, ratio, trial.replays + trial.varied, round(took, 3),
        seconds(took) if took else "",
    )  # fmt: skip
