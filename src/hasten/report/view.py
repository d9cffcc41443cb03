"""A record as the words and numbers that every renderer shows. Pure: no rendering, no disk.

Every number has its unit; every gain is old/new with its interval. Text that comes from the user's program
(paths, reasons, output) is plain here: each renderer escapes it in its own way.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import median

from hasten.core.contract import MIN
from hasten.core.measurement import Speedup
from hasten.core.record import QualityRecord, RunRecord, TrialRecord


@dataclass(frozen=True)
class TrialRow:
    code: str
    place: str
    title: str
    verdict: str
    gain: str
    checks: str
    reason: str
    kept: bool


@dataclass(frozen=True)
class HotRow:
    place: str
    name: str
    total: str
    own: str
    library: str
    share: float


@dataclass(frozen=True)
class View:
    """`headline` is the answer in one sentence; `facts` are (label, value) pairs that qualify it."""

    target: str
    headline: str
    tone: str  # "gain" | "none" | "unmet" | "interrupted"
    facts: tuple[tuple[str, str], ...]
    kept: tuple[TrialRow, ...]
    tried: tuple[TrialRow, ...]  # those not kept
    functions: tuple[HotRow, ...]
    lines: tuple[HotRow, ...]
    findings: tuple[tuple[str, str, str, str, str], ...]  # code, place, share, reason, remedy
    machine: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    command: str
    old_s: tuple[float, ...] = ()
    new_s: tuple[float, ...] = ()


def seconds(value: float) -> str:
    """A duration with its unit, three figures: `1.23 s`, `45.6 ms`, `2 min 5 s`."""
    if value >= 120:
        return f"{int(value // 60)} min {value % 60:.0f} s"
    if value >= 1:
        return f"{value:.3g} s"
    return f"{value * 1e3:.3g} ms"


def percent(share: float) -> str:
    return f"{100 * share:.1f}%" if share < 0.0995 else f"{100 * share:.0f}%"


def gain_text(gain: Speedup | None) -> str:
    return "" if gain is None else f"{gain}"


def headline(record: RunRecord) -> tuple[str, str]:
    """The answer in one sentence, and its tone."""
    gain, need = record.gain, record.contract.require
    cut = record.status == "interrupted"
    tail = " (interrupted: the best so far)" if cut else ""
    if record.changed and gain is not None and record.comparison is not None:
        old = median(r.wall_s for r in record.comparison.old) if record.comparison.old else 0.0
        new = median(r.wall_s for r in record.comparison.new) if record.comparison.new else 0.0
        same = f"{results(record)}{tail}"
        text = f"{gain.ratio:.2f}x faster: {seconds(old)} -> {seconds(new)}, {same}"
        if gain.decided != "faster":
            text = f"{gain.ratio:.2f}x, not decided: {seconds(old)} -> {seconds(new)}, {same}"
        if not record.met:
            return f"{text}; {need:g}x was required", "unmet"
        return text, "interrupted" if cut else "gain"
    if record.changed:
        return f"{len(record.kept.changes)} changes kept, not yet measured end to end{tail}", "interrupted"
    text = f"no gain: the program is left as it was{tail}"
    if not record.met:
        return f"{text}; {need:g}x was required", "unmet"
    return text, "interrupted" if cut else "none"


def results(record: RunRecord) -> str:
    """What became of the results, in a few words."""
    changed = [q for q in record.qualities if q.new]
    if not changed:
        return "same results"
    became = ", ".join(f"{q.quality.name} {q.old[0]:.6g} -> {q.new[-1 - q.seeds]:.6g}" for q in changed)
    return f"as good ({became}), all else the same"


def view(record: RunRecord) -> View:
    text, tone = headline(record)
    hot = record.profile
    comparison = record.comparison
    return View(
        target=record.target.name,
        headline=text,
        tone=tone,
        facts=tuple(_facts(record)),
        kept=tuple(trial_row(t) for t in record.trials if t.kept),
        tried=tuple(trial_row(t) for t in record.trials if not t.kept),
        functions=tuple(
            HotRow(f"{f.path}:{f.first}", f.qualname, percent(f.total), percent(f.own), percent(f.library), f.total)
            for f in hot.functions
        ),
        lines=tuple(
            HotRow(f"{n.path}:{n.line}", n.text.strip(), percent(n.total), percent(n.own), percent(n.library), n.total)
            for n in hot.lines
        ),
        findings=tuple(
            (f.code, f"{f.path}:{f.first}", percent(f.share), f.reason, f.remedy)
            for f in sorted(record.findings, key=lambda f: -f.share)
        ),
        machine=tuple(flat(record.machine)) + tuple((name, text) for name, text in sorted(record.versions.items())),
        notes=record.notes,
        command=record.command,
        old_s=tuple(r.wall_s for r in comparison.old) if comparison else (),
        new_s=tuple(r.wall_s for r in comparison.new) if comparison else (),
    )


def _facts(record: RunRecord) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    gain = record.gain
    if gain is not None:
        rows.append(
            ("warm", f"{gain} at {gain.confidence:.0%}, {gain.decided}, {gain.pairs} interleaved pairs of runs")
        )
    if record.cold is not None and record.changed:
        cold = record.cold
        ratio = cold.old_s / cold.new_s if cold.new_s > 0 else 0.0
        rows.append(
            ("cold", f"{ratio:.2f}x: {seconds(cold.old_s)} -> {seconds(cold.new_s)}, first run, one sample each")
        )
    if record.comparison is not None and gain is not None and record.comparison.old and record.comparison.new:
        old = median(r.peak_mb for r in record.comparison.old)
        new = median(r.peak_mb for r in record.comparison.new)
        rows.append(("peak memory", f"{old:.0f} MB -> {new:.0f} MB"))
        used = [[r.energy_j for r in side if r.energy_j] for side in (record.comparison.old, record.comparison.new)]
        if all(used):
            rows.append(("energy", f"{median(used[0]):.3g} J -> {median(used[1]):.3g} J, of the whole processor"))
    contract = record.contract
    same = "the same bits" if contract.exact else f"floats within rtol {contract.rtol:g}, all else exact"
    written = [name for name in record.baseline.compared if name.startswith("file ")]
    others = [name for name in record.baseline.compared if name not in written]
    compared = ", ".join([*others, f"{len(written)} files"] if len(written) > 1 else record.baseline.compared)
    rows.append(("same results", f"{same}; compared: {compared}" if compared else same))
    for q in record.qualities:
        rows.append((f"quality {q.quality.name}", _quality(q)))
    if record.differs:
        rows.append(("other results", "; ".join(record.differs)))
    if record.baseline.unrepeatable:
        rows.append(("not compared", "differs from run to run: " + ", ".join(record.baseline.unrepeatable)))
    if record.baseline.runs:
        wall = median(r.wall_s for r in record.baseline.runs)
        rows.append(
            (
                "baseline",
                f"{seconds(wall)}, {len(record.baseline.runs)} runs, noise floor {percent(record.baseline.noise)}",
            )
        )
    if record.trials:
        counts = Counter(t.verdict for t in record.trials)
        kept = sum(t.kept for t in record.trials)
        said = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))
        rows.append(("changes", f"{kept} kept of {len(record.trials)} tried ({said})"))
    else:
        rows.append(("changes", f"none to try; {len(record.findings)} findings"))
    rows.append(("hasten took", spent(record)))
    return rows


def spent(record: RunRecord) -> str:
    """How long the run took, and what for, the longest first; what took less than a tenth of a second is left out."""
    longest = sorted(record.phases.items(), key=lambda kv: -kv[1])
    parts = ", ".join(f"{name} {seconds(s)}" for name, s in longest if s >= 0.1)
    return f"{seconds(record.own_s)}: {parts}" if parts else seconds(record.own_s)


def _quality(record: QualityRecord) -> str:
    quality = record.quality
    slack = (
        f", may be worse by {100 * quality.slack:g}%" if quality.relative else f", may be worse by {quality.slack:g}"
    )
    asked = f"the {'lower' if quality.better == MIN else 'higher'} the better{slack if quality.slack else ''}"
    where = "printed" if record.shown == "stdout" else "held at the end"
    if not record.new:
        return f"{record.old[0]:.10g} ({where}; {asked}); no change of results was kept"
    own = len(record.old) - record.seeds
    pairs = zip(record.old[own:], record.new[len(record.new) - record.seeds :], strict=True)
    seeds = "".join(f"; another seed: {a:.10g} -> {b:.10g}" for a, b in pairs)
    return f"{record.old[0]:.10g} -> {record.new[-1 - record.seeds]:.10g} ({where}; {asked}){seeds}"


def trial_row(trial: TrialRecord) -> TrialRow:
    checks = [f"{trial.replays} recorded"] if trial.replays else []
    if trial.varied:
        checks.append(f"{trial.varied} varied")
    gain = gain_text(trial.gain)
    if not gain and trial.kept:
        gain = trial.reason
    if gain and trial.gain is not None and trial.gain_of != "program":
        gain += f" ({trial.gain_of})"
    return TrialRow(
        trial.code,
        f"{trial.path}:{trial.first}",
        trial.title.removeprefix(trial.code).lstrip(" :"),
        trial.verdict,
        gain,
        ", ".join(checks),
        trial.reason,
        trial.kept,
    )


def flat(data: object, prefix: str = "") -> list[tuple[str, str]]:
    """Nested JSON values as (dotted name, text) rows."""
    if isinstance(data, dict):
        return [row for key, value in data.items() for row in flat(value, f"{prefix}.{key}" if prefix else str(key))]
    if isinstance(data, (list, tuple)):
        if any(isinstance(v, (dict, list, tuple)) for v in data):
            return [row for i, value in enumerate(data, 1) for row in flat(value, f"{prefix}.{i}")]
        return [(prefix, ", ".join(str(v) for v in data))]
    return [(prefix, "" if data is None else f"{data:g}" if isinstance(data, float) else str(data))]
