"""The contract as a table: what was checked, what was expected, what came, and how far apart the two may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hasten.core.model import ModelContract
from hasten.core.model_record import AgreementRecord, ModelRunRecord, QualityOfModel
from hasten.core.record import QualityRecord, RunRecord

HELD, BROKEN, OPEN = "held", "broken", "open"
NEVER, VALIDATION = "data never searched", "validation"
TOLD = "told only"


@dataclass(frozen=True)
class Row:
    """`state` is "held", "broken" or "open" (not looked at, or nothing to hold)."""

    check: str
    expected: str
    got: str
    tolerance: str
    state: str = HELD


def rows(record: RunRecord) -> tuple[Row, ...]:
    """Of a run over a program: whole runs, then replays, then qualities, then the gain that was asked for."""
    kept = bool(record.changed)
    contract = record.contract
    floats = "same bits" if contract.exact else f"floats {contract.rtol:g} relative, all else exact"
    out = []
    for check in record.checks:
        got = check.got if kept else "not changed"
        state = OPEN if check.tolerance == "not compared" or not kept else HELD
        out.append(Row(check.check, check.expected, got, check.tolerance, state))
    if not record.checks:
        for name in record.baseline.compared:
            tolerance = "exact" if name == "exit status" else floats
            out.append(
                Row(name, "as the original", "agrees" if kept else "not changed", tolerance, HELD if kept else OPEN)
            )
    recorded = sum(t.replays for t in record.trials if t.kept)
    varied = sum(t.varied for t in record.trials if t.kept)
    if recorded:
        out.append(Row("recorded calls replayed", f"{recorded} answers of the original", f"{recorded} agree", floats))
    if varied:
        out.append(Row(
            "varied inputs", f"{varied} answers of the original", f"{varied} agree",
            f"{floats}; empty, huge, NaN, other dtypes, aliased",
        ))  # fmt: skip
    unchecked = sum(1 for t in record.trials if t.kept and not t.replays)
    if unchecked:
        words = "1 change" if unchecked == 1 else f"{unchecked} changes"
        out.append(Row("not replayed", words, "guards and whole runs only", "as above", OPEN))
    out += [_quality(q) for q in record.qualities]
    out += [
        Row("other results", "allowed by the qualities", text, "named, not compared", OPEN) for text in record.differs
    ]
    if contract.require is not None:
        gain = record.gain
        got = "no gain" if gain is None else f"{gain}"
        state = HELD if record.met else BROKEN
        out.append(Row("gain, old/new", f"at least {contract.require:g}x", got, "decided, not guessed", state))
    return tuple(out)


def _quality(q: QualityRecord) -> Row:
    slack = q.quality.slack
    allowed = "as good" if not slack else f"{100 * slack:g}% worse" if q.quality.relative else f"{slack:g} worse"
    expected = f"{q.old[0]:.10g}" if q.old else ""
    got = f"{q.new[-1 - q.seeds]:.10g}" if q.new else "not changed"
    return Row(f"quality {q.quality.name} ({q.quality.better})", expected, got, allowed, HELD if q.new else OPEN)


def model_rows(record: ModelRunRecord) -> tuple[Row, ...]:
    """Of a run over a model: answers on validation and on data never searched, quality, explanations, the gain."""
    from hasten.report.models import gain

    contract, out = record.contract, list[Row]()
    artifact = record.artifact
    searched = artifact.agreement if artifact is not None else None
    for found, where in ((record.certified_agreement, NEVER), (searched, VALIDATION)):
        if found is not None:
            out += _agreement(found, where, contract)
    quality = artifact.quality if artifact is not None else None
    for q, where in ((record.certified, NEVER), (quality, VALIDATION)):
        if q is not None:
            out.append(_model_quality(q, where, contract))
    if record.varied:
        out.append(
            Row(
                "varied inputs", f"{record.varied} more inputs", "answered and refused as the original does", "as above"
            )
        )
    e = record.explained
    if e is not None:
        asked = contract.explain
        state = OPEN if asked is None else HELD if e.correlation >= asked else BROKEN
        out.append(Row(
            "explanations", f"attributions ({e.by}) rank alike",
            f"{e.correlation:.3f}, {e.overlap:.0%} of the top {e.top} agree",
            TOLD if asked is None else f"at least {asked:g}", state,
        ))  # fmt: skip
    if contract.require is not None:
        state = HELD if record.met else BROKEN
        out.append(
            Row("gain, old/new", f"at least {contract.require:g}x", gain(record.gain) or "no gain", "decided", state)
        )
    return tuple(out)


def _agreement(found: AgreementRecord, where: str, contract: ModelContract) -> Iterator[Row]:
    if found.labels:
        allowed = 0.0 if contract.same else None if contract.agree is None else 1 - contract.agree
        share = found.changed / found.labels
        got = f"{found.changed} changed ({share:.2%})"
        if allowed is None:
            yield Row(f"labels, {where}", f"{found.labels}", got, TOLD, OPEN)
        else:
            tolerance = f"at most {allowed:.2%} change" if allowed else "none changes"
            state = HELD if share <= allowed + 1e-12 else BROKEN
            yield Row(f"labels, {where}", f"{found.labels}", got, tolerance, state)
    got = f"{found.drift_abs:.3g} apart at most, {found.drift:.2g} of the largest"
    if contract.same:
        state = HELD if found.drift <= contract.rtol else BROKEN
        yield Row(f"scores, {where}", "as the original", got, f"{contract.rtol:g} of the largest", state)
    else:
        yield Row(f"scores, {where}", "as the original", got, TOLD, OPEN)


def _model_quality(q: QualityOfModel, where: str, contract: ModelContract) -> Row:
    got = f"{q.new:.5g}, change [{q.low:+.3g}, {q.high:+.3g}]"
    if contract.same and not q.inside:
        return Row(f"{q.metric}, {where} ({q.rows} rows)", f"{q.old:.5g}", got, TOLD, OPEN)
    allowed = f"whole {contract.confidence:.0%} interval above {-q.allowed:+.3g}" if q.allowed else "no worse"
    state = HELD if q.inside else BROKEN
    return Row(f"{q.metric}, {where} ({q.rows} rows)", f"{q.old:.5g}", got, allowed, state)
