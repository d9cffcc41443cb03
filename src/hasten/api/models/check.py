"""`hasten check`: an artifact against fresh data, on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hasten.api.models import fit
from hasten.api.models.files import read_model, read_table, read_tensors
from hasten.api.models.hugging_face import rows_of_texts
from hasten.core.model import Drop
from hasten.core.model_record import QualityOfModel
from hasten.core.record import encode
from hasten.errors import TargetError, UsageError
from hasten.serve.served import Served, ServedNet, ServedTexts, load
from hasten.verify.answers import Refusal, agreement, asked, given
from hasten.verify.metric import compared, metric, own_interval
from hasten.verify.scores import reading


@dataclass(frozen=True)
class Checked:
    """Whether an artifact holds on this data. `said` are the lines that a reader sees."""

    artifact: str
    holds: bool
    said: tuple[str, ...]
    rows: int
    score: float | None = None
    low: float | None = None
    high: float | None = None
    beside: QualityOfModel | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; its schema is `hasten schema check`."""
        values: dict[str, Any] = encode(self)
        return {"schema": 1, **values}

    def __str__(self) -> str:
        word = "holds" if self.holds else "does not hold"
        return "\n".join([f"{self.artifact}: {word} on {self.rows} rows", *(f"  {line}" for line in self.said)])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        from hasten.report import notebook

        return notebook.checked(self.holds, self.said, self.artifact)


def check(artifact: str, data: str, column: str | None, *, model: str | None = None, trust: bool = False) -> Checked:
    """Ask the artifact for `data`, and compare with what was certified; with `model` (the original's file) answer by
    answer, under the contract of the artifact.

    Without the original, this data contradicts the certificate when the whole 95% interval of the metric on it lies
    below the interval that was certified, by more than the contract allowed. Raises `UsageError`, `TargetError`.
    """
    served = load(artifact)
    wrong = fit.Complaints(data)
    net = isinstance(served, (ServedNet, ServedTexts))
    if isinstance(served, ServedNet):
        rows = read_tensors(Path(data), served.manifest.inputs.names)
    elif isinstance(served, ServedTexts):
        rows = rows_of_texts(read_table(Path(data)), column, data, wrong, served.manifest.labels)
    else:
        rows = fit.rows_of(read_table(Path(data)), _Named(served), column, data, wrong)
    wrong.raise_any()
    answers = asked(served, rows.x, served.manifest.methods)
    if net and rows.y is not None:
        task = "classification" if rows.y.dtype.kind in "iub" else "regression"
        answers = dict(reading(task, answers)(answers))
    failed = [f"{m}: {a.error}: {a.text}" for m, a in answers.items() if isinstance(a, Refusal)]
    if failed:
        raise TargetError(f"{data}: the artifact does not answer: {failed[0]}")
    contract = served.manifest.contract
    said = [f"every file is what was certified, {len(served.manifest.files)} of them"]
    holds = True
    score = low = high = beside = None
    name = str(contract.get("metric") or "")
    task = "classification" if _labels(answers) else "regression"
    if model is not None and net:
        raise UsageError(f"{artifact} is a net: --model compares files of other models; check it against its targets")
    if model is not None:
        old = asked(read_model(Path(model), trust=trust), rows.x, served.manifest.methods)
        seen = agreement(old, answers, len(rows))
        counted = f"{seen.changed} of {seen.labels} labels differ, scores by at most {seen.drift_abs:.2g}"
        said.append(f"beside the original: {seen.apart or counted}")
        drop = _drop(contract)
        if drop is None:
            least = 1.0 if contract.get("agree") is None else float(contract["agree"])
            holds = seen.apart is None and seen.agree >= least and seen.drift <= float(contract["rtol"])
        elif rows.y is not None and name:
            beside = compared(metric(name, task, _classes(old)), np.asarray(rows.y), given(old), given(answers), drop)
            said.append(f"{beside.metric} {beside.old:.4g} -> {beside.new:.4g}, {-beside.allowed:+.3g} allowed")
            # contradicted, where all of the interval is beyond what was allowed
            holds = seen.apart is None and beside.high >= -beside.allowed
    elif rows.y is None:
        raise UsageError(
            f"{data} has no targets to judge by: name their column with --target, or the original (--model)"
        )
    elif name:
        measured = metric(name, task, _classes(answers))
        y = np.asarray(rows.y)
        score = measured.score(y, given(answers))
        low, high = own_interval(measured, y, given(answers))
        said.append(f"{measured.name} {score:.4g} here, in [{low:.4g}, {high:.4g}]")
        certified = (served.manifest.evidence or {}).get("certified")
        if certified:
            floor = float(certified["own_low"])
            said.append(
                f"certified: {certified['new']:.4g}, in [{floor:.4g}, {float(certified['own_high']):.4g}], "
                f"on {certified['rows']} rows"
            )
            holds = high >= floor - float(certified["allowed"])
    else:
        said.append("the artifact was certified without a metric: give the original (--model) to compare with")
    return Checked(artifact, holds, tuple(said), len(rows), score, low, high, beside)


class _Named:
    """What `rows_of` asks of a model, from an artifact's schema."""

    def __init__(self, served: Served) -> None:
        schema = served.manifest.inputs
        self.n_features_in_ = len(schema.columns)
        if schema.form == "frame":
            self.feature_names_in_ = list(schema.names)


def _labels(answers: Any) -> bool:
    return "predict_proba" in answers or getattr(answers.get("predict"), "dtype", np.dtype(float)).kind != "f"


def _classes(answers: Any) -> Any:
    shape = getattr(answers.get("predict_proba"), "shape", None)
    found = answers.get("predict")
    if found is None or isinstance(found, Refusal) or not _labels(answers):
        return None
    labels = np.unique(found)
    return labels if shape is None or len(labels) == shape[1] else None


def _drop(contract: Any) -> Drop | None:
    text = str(contract.get("max_drop", "none"))
    return None if text.startswith("none") else Drop.parse(text)
