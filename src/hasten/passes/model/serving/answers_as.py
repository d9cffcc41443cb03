"""Which of a backend's outputs, in which form, is which of the original's answers: found on validation rows.

Converters differ in what they give (both probabilities or one, raw scores as pairs, labels as places), and by version.
So nothing is assumed: every form is tried, and that is taken which gives the original's answers. The judge then looks
at all of them again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import ModelWorkload, taken
from hasten.core.model_pass import CannotServe
from hasten.serve.answering import Answering, finish
from hasten.serve.manifest import values_to_json
from hasten.verify.answers import Refusal, asked

ROWS = 400  # of validation data that forms are tried on
NEAR = 1e-3  # of the largest score: further away it is no form of the answer
ALIKE = 0.98  # of labels, likewise


def some_rows(work: ModelWorkload) -> Any:
    return taken(work.valid.x, slice(0, ROWS))


def matrix_of(x: Any) -> NDArray[np.float64] | None:
    """Rows as a float64 matrix; None where they are not numbers alone."""
    if hasattr(x, "columns") and hasattr(x, "iloc"):
        if any(getattr(d, "kind", "O") not in "iufb" for d in x.dtypes):
            return None
        return np.ascontiguousarray(x.to_numpy(np.float64, na_value=np.nan))
    if isinstance(x, np.ndarray) and x.ndim == 2 and x.dtype.kind in "iufb":
        return np.ascontiguousarray(x, np.float64)
    return None


def answers_as(
    work: ModelWorkload, outputs: Mapping[str, NDArray[Any]], rows: Any = None, plus: Mapping[str, float] | None = None,
    by_scores: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Options for `serve/answering.py`, by method, given what the backend put out for `some_rows`.

    `plus` are constants that the original adds to an output (an offset). `by_scores`: labels are made from scores,
    where they can be, rather than taken from a backend that may treat equal ones in another way. Raises `CannotServe`
    for a method that is no form of any output.
    """
    x = some_rows(work) if rows is None else rows
    old = asked(work.model, x, work.methods)
    none = asked(work.model, taken(x, slice(0, 0)), work.methods)
    classes = _classes(work, old)
    out: dict[str, Any] = {}
    best_scores: str | None = None
    for method in sorted(work.methods, key=lambda m: m == "predict"):  # labels last: they follow from scores
        answer = old[method]
        if isinstance(answer, Refusal):
            raise CannotServe(f"the original does not answer {method}: {answer.text[:120]}")
        if answer.ndim > 2:
            raise CannotServe(f"{method} answers arrays of {answer.ndim} dimensions")
        labels = answer.dtype.kind != "f"
        found: tuple[float, Answering] | None = None
        for how in _forms(method, answer, outputs, classes, plus or {}, labels, best_scores, by_scores):
            try:
                made = finish(how)(outputs[how.output])
            except (ValueError, TypeError, IndexError):
                continue
            far = _far(answer, made)
            if far is not None and (found is None or far < found[0] * 0.5 or (labels and far < found[0])):
                found = far, how
                if far == 0.0:
                    break
        if found is None:
            raise CannotServe(f"{method} of the original is none of what it gives ({', '.join(outputs)})")
        how = found[1]
        if not labels and method in ("predict_proba", "decision_function"):
            best_scores = how.output
        empty = none[method]
        shape = (0, *answer.shape[1:]) if isinstance(empty, Refusal) else empty.shape
        dtype = how.dtype if isinstance(empty, Refusal) else str(empty.dtype)
        out[method] = {**asdict(how), "empty": shape}
        if how.classes is None and dtype != how.dtype:
            out[method]["empty"] = (0, *answer.shape[1:])
    return out


def _classes(work: ModelWorkload, old: Mapping[str, Any]) -> Any:
    """The labels in the order of the scores' columns, with the dtype of `predict`; None where there are none."""
    predicted = old.get("predict")
    known = getattr(work.model, "classes_", None)
    if isinstance(known, list):
        known = None
    if (
        predicted is None
        or isinstance(predicted, Refusal)
        or predicted.dtype.kind == "f"
        or predicted.size != len(predicted)
    ):
        return None
    if known is None:
        known = np.array([-1, 1]) if set(np.unique(predicted).tolist()) <= {-1, 1} else None
        if known is None:
            return None
    values = np.asarray(known)
    return values.astype(predicted.dtype) if predicted.dtype.kind != "O" else values.astype(object)


def _forms(
    method: str, answer: NDArray[Any], outputs: Mapping[str, NDArray[Any]], classes: Any, plus: Mapping[str, float],
    labels: bool, scores: str | None, by_scores: bool,
) -> Iterator[Answering]:  # fmt: skip
    dtype = str(answer.dtype)
    shape = (0, *answer.shape[1:])
    if not labels:
        for name, raw in outputs.items():
            if raw.dtype.kind not in "fiu":
                continue
            for times, add in ((1.0, 0.0), (-1.0, 0.0), (1.0, plus.get(method, 0.0)), (-1.0, plus.get(method, 0.0))):
                base = Answering(name, "same", dtype, times, add, empty=shape)
                if raw.shape == answer.shape:
                    yield base
                elif raw.size == answer.size:
                    yield Answering(name, "flat", dtype, times, add, empty=shape)
                elif answer.ndim == 1 and raw.ndim == 2:
                    for place in range(min(raw.shape[1], 2)):
                        yield Answering(name, "column", dtype, times, add, place, empty=shape)
                elif answer.ndim == 2 and answer.shape[1] == 2 and raw.size == len(answer):
                    yield Answering(name, "pair", dtype, times, add, empty=shape)
                elif answer.ndim == 2 and raw.ndim == 2 and raw.shape[1] == 2 and answer.shape[1] == 1:
                    yield Answering(name, "column", dtype, times, add, 1, empty=shape)
        return
    told = None if classes is None else values_to_json(classes)
    ordered = sorted(outputs, key=lambda n: n != scores)
    given = []
    for name in ordered:
        raw = outputs[name]
        if raw.dtype.kind in "iuOUS" and raw.size == len(answer):
            given.append(Answering(name, "label", dtype, empty=shape))
            if told is not None and raw.dtype.kind in "iu" and raw.min() >= 0 and raw.max() < len(classes):
                given.append(Answering(name, "place", dtype, classes=told, empty=shape))
    if not by_scores:
        yield from given
    if told is not None:
        yield from _from_scores(ordered, outputs, answer, classes, told, plus)
    if by_scores:
        yield from given


def _from_scores(
    ordered: list[str], outputs: Mapping[str, NDArray[Any]], answer: NDArray[Any], classes: Any,
    told: Mapping[str, Any], plus: Mapping[str, float],
) -> Iterator[Answering]:  # fmt: skip
    dtype, shape = str(answer.dtype), (0, *answer.shape[1:])
    for name in ordered:
        raw = outputs[name]
        if raw.dtype.kind != "f":
            continue
        if raw.ndim == 2 and raw.shape[1] == len(classes):
            yield Answering(name, "argmax", dtype, classes=told, empty=shape)
        elif raw.size == len(answer) and len(classes) == 2:
            for times, add in ((1.0, 0.0), (1.0, plus.get("decision_function", 0.0)), (-1.0, 0.0)):
                for limit in (0.5, 0.0):
                    yield Answering(name, "above", dtype, times, add, limit=limit, classes=told, empty=shape)
            add = plus.get("decision_function", 0.0)
            yield Answering(name, "above", dtype, -1.0, add, limit=0.0, classes=told, empty=shape)


def _far(old: NDArray[Any], new: NDArray[Any]) -> float | None:
    """How far a made answer is from the original's; None where it is none of the kind."""
    if old.shape != new.shape:
        return None
    if old.dtype.kind != "f":
        if (old.dtype.kind in "iub") != (new.dtype.kind in "iub"):
            return None
        same = float(np.mean(old == new)) if len(old) else 1.0
        return 1 - same if same >= ALIKE else None
    if new.dtype.kind not in "fiu":
        return None
    a, b = old.astype(np.float64), new.astype(np.float64)
    finite = np.isfinite(a) & np.isfinite(b)
    if not finite.all():
        return None
    largest = float(np.abs(a).max()) if a.size else 0.0
    far = float(np.abs(a - b).max()) / (largest or 1.0) if a.size else 0.0
    return far if far <= NEAR else None
