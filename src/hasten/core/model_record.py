"""The record of one run over a model: what was tried, what it showed, what was kept."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hasten.core.measurement import Speedup, reached
from hasten.core.model import ModelContract
from hasten.core.model_pass import Step
from hasten.core.record import decode, encode
from hasten.errors import UsageError

MODEL_SCHEMA = 1


@dataclass(frozen=True)
class LatencyRecord:
    """Latency at `rows` rows and `threads` threads, s a call. `form` is "rows" (as the data is) or "dict" (one row as
    a dict, beside the original's one-row DataFrame). `speedup` is old/new beside the original, interleaved."""

    rows: int
    threads: int
    p50_s: float
    p95_s: float
    calls: int
    form: str = "rows"
    speedup: Speedup | None = None


@dataclass(frozen=True)
class QualityOfModel:
    """A metric (more is better): the original's value, the candidate's, and the interval of the difference. Where it
    was certified, `own_low` and `own_high` are the interval of the candidate's value itself."""

    metric: str
    old: float
    new: float
    low: float
    high: float
    allowed: float
    rows: int
    own_low: float | None = None
    own_high: float | None = None

    @property
    def inside(self) -> bool:
        """Whether the whole interval is within what is allowed."""
        return self.low >= -self.allowed - 1e-12

    @property
    def rows_to_tell(self) -> int | None:
        """About how many rows would show that the change is within what is allowed, if its middle stays where it is;
        None where it is shown, or the middle lies outside, or almost. (Four times the rows, half the width.)"""
        half, room = (self.high - self.low) / 2, (self.high + self.low) / 2 + self.allowed
        if self.inside or not math.isfinite(half) or not half <= 100 * room:
            return None
        return math.ceil(self.rows * (half / room) ** 2 - 1e-6)


@dataclass(frozen=True)
class AgreementRecord:
    """Of `labels` labels `changed` differ; scores do by at most `drift` of the largest, `drift_abs` in their unit."""

    rows: int
    labels: int
    changed: int
    drift: float
    drift_abs: float


@dataclass(frozen=True)
class ExplanationRecord:
    """How far attributions agree with the original's (`verify/attributions.py`): the mean over rows of their rank
    correlation, its 5th percentile, and the share of the `top` largest of each row that are the same. `by` is what
    found them (occlusion, gradients, an explainer of shap); `of` what was compared, where that is no candidate."""

    correlation: float
    low: float
    overlap: float
    top: int
    rows: int
    groups: int
    by: str = "occlusion"
    of: str = ""


@dataclass(frozen=True)
class EpochRecord:
    """The mean losses of one epoch (0: before any learning); `held_out` is None where nothing is held out."""

    number: int
    learnt: float
    held_out: float | None = None


@dataclass(frozen=True)
class CurveRecord:
    """How one training went, and the epoch that was kept."""

    epochs: tuple[EpochRecord, ...] = ()
    kept: int = 0


@dataclass(frozen=True)
class CandidateRecord:
    """One candidate: its steps (reductions, then what serves it), the verdict, and what it showed.

    `verdict` is "accepted", "rejected", "inconclusive" or "failed"; `packages` are what answering imports. Sizes in MB
    (10^6 bytes), times in s.
    """

    steps: tuple[Step, ...]
    verdict: str = "inconclusive"
    reason: str = ""
    agreement: AgreementRecord | None = None
    quality: QualityOfModel | None = None
    latencies: tuple[LatencyRecord, ...] = ()
    size_mb: float = 0.0
    memory_mb: float = 0.0
    load_s: float = 0.0
    build_s: float = 0.0
    packages: tuple[str, ...] = ()
    kept: bool = False
    front: bool = False  # nothing else is better in every respect
    told: tuple[str, ...] = ()  # how a net was made smaller and trained
    curves: tuple[CurveRecord, ...] = ()  # of its trainings
    multiply_adds: float = 0.0  # of a net's layers with weights, for one row, for information; 0: not known
    explained: ExplanationRecord | None = None  # of those on the front, where its quality may differ

    @property
    def title(self) -> str:
        reductions = [s.title for s in self.steps if s.code != "HSM100"]  # served as it is: nothing to add
        return ", then ".join(reductions or [s.title for s in self.steps])

    @property
    def accepted(self) -> bool:
        return self.verdict == "accepted"

    def at(self, rows: int, threads: int, form: str = "rows") -> LatencyRecord | None:
        """Its latency at this size, if it was measured."""
        return next((x for x in self.latencies if (x.rows, x.threads, x.form) == (rows, threads, form)), None)


@dataclass(frozen=True)
class ModelRunRecord:
    """One run over a model, from target to artifact. The first of `candidates` is the original.

    `certified` is the kept artifact's quality (and `certified_agreement` its agreement) on data that the search never
    saw; `final` its latencies, measured at the end beside the original.
    """

    target: str
    model: str  # class
    task: str
    contract: ModelContract = field(default_factory=ModelContract)
    status: str = "finished"  # "finished" | "interrupted"
    methods: tuple[str, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)  # of valid, test, train
    candidates: tuple[CandidateRecord, ...] = ()
    routes: tuple[tuple[str, ...], ...] = ()  # ("up to 8 rows", title)
    original: CandidateRecord | None = None
    artifact: CandidateRecord | None = None
    certified: QualityOfModel | None = None
    certified_agreement: AgreementRecord | None = None
    explained: ExplanationRecord | None = None  # of the kept artifact, where its quality may differ
    control: ExplanationRecord | None = None  # of the original after training alone, or fitted again to a resample
    gradients: ExplanationRecord | None = None  # the same by gradients, of a net that was made smaller
    gradients_control: ExplanationRecord | None = None
    varied: int = 0  # inputs made beside the data's own
    machine: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    own_s: float = 0.0
    budget_s: float | None = None
    seed: int = 0
    command: str = ""
    started: str = ""
    notes: tuple[str, ...] = ()
    kind: str = "model"
    schema: int = MODEL_SCHEMA

    @property
    def gain(self) -> Speedup | None:
        """Old/new at the objective's batch size, one thread; None when the original is what is kept."""
        if self.artifact is None or not self.artifact.kept:
            return None
        _, rows = self.contract.wanted
        found = self.artifact.at(rows, 1) or next(iter(self.artifact.latencies), None)
        return None if found is None else found.speedup

    @property
    def met(self) -> bool:
        """Whether the contract's `require` was reached."""
        return reached(self.contract.require, self.gain)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; infinite and undefined numbers as in `RunRecord`."""
        encoded: dict[str, Any] = encode(self)
        return {"schema": encoded.pop("schema"), "kind": encoded.pop("kind"), **encoded}

    def dumps(self) -> str:
        return json.dumps(self.to_json(), indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, data: Any) -> ModelRunRecord:
        """Raises `UsageError` for another schema, or data that is no such record."""
        if not isinstance(data, dict) or data.get("kind") != "model":
            raise UsageError("this is not the result of `hasten run` on a model")
        if data.get("schema") != MODEL_SCHEMA:
            raise UsageError(
                f"this result has schema {data.get('schema')!r}, and this hasten reads schema {MODEL_SCHEMA}: "
                "run `hasten run` again"
            )
        record: ModelRunRecord = decode(cls, data, "result")
        return record
