"""Scores of many resamples of rows at once, for the metrics that most people use.

A resample is a row of row numbers. What is a mean or another function of sums over rows needs those sums only, and the
area under the ROC curve needs how often each row was drawn, in the order of scores: both without asking scikit-learn's
scorer thousands of times. Each gives what the scorer gives; where a resample has no score, NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Answers = Mapping[str, Array]
# scores (resamples,) of the row numbers (resamples, n); None where this metric's scorer must be asked
Many = Callable[[Array, Answers, Array], Array | None]


def many(name: str) -> Many | None:
    """How resamples are scored by the metric that scikit-learn calls `name`, if at once."""
    return _MANY.get(name)


def _accuracy(y: Array, answers: Answers, rows: Array) -> Array | None:
    told = answers.get("predict")
    if told is None or told.shape != y.shape or y.ndim != 1:
        return None
    right = told == y
    return np.asarray(right[rows].mean(axis=1)) if isinstance(right, np.ndarray) else None


def _numbers(y: Array, answers: Answers) -> tuple[Array, Array] | None:
    """Targets and predictions, where both are one finite number a row."""
    told = answers.get("predict")
    if (
        told is None
        or told.shape != y.shape
        or y.ndim != 1
        or y.dtype.kind not in "iuf"
        or told.dtype.kind not in "iuf"
    ):
        return None
    a, b = y.astype(np.float64), told.astype(np.float64)
    return (a, b) if np.isfinite(a).all() and np.isfinite(b).all() else None


def _error(of: Callable[[Array], Array], after: Callable[[Array], Array]) -> Many:
    def score(y: Array, answers: Answers, rows: Array) -> Array | None:
        found = _numbers(y, answers)
        return None if found is None else -after(of(found[0] - found[1])[rows].mean(axis=1))

    return score


def _r2(y: Array, answers: Answers, rows: Array) -> Array | None:
    found = _numbers(y, answers)
    if found is None or rows.shape[1] < 2:
        return None
    target = found[0][rows]
    spread = ((target - target.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    missed = ((found[0] - found[1]) ** 2)[rows].sum(axis=1)
    if not spread.all():  # all targets of a resample are one: scikit-learn has a rule for that
        return None
    return np.asarray(1 - missed / spread)


def _roc_auc(y: Array, answers: Answers, rows: Array) -> Array | None:
    score = answers.get("decision_function")
    if score is None:
        p = answers.get("predict_proba")
        score = p[:, 1] if p is not None and p.ndim == 2 and p.shape[1] == 2 else None
    labels = np.unique(y)
    if score is None or score.ndim != 1 or y.ndim != 1 or len(labels) != 2 or not np.isfinite(score).all():
        return None
    order = np.argsort(score, kind="stable")
    drawn = np.stack([np.bincount(r, minlength=len(y)) for r in rows])[:, order]
    second, ordered = (y == labels[1])[order], score[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])  # of equal scores
    up = np.add.reduceat(drawn * second, starts, axis=1).astype(np.float64)
    down = np.add.reduceat(drawn * ~second, starts, axis=1).astype(np.float64)
    below = np.cumsum(down, axis=1) - down
    with np.errstate(invalid="ignore"):
        return np.asarray((up * (below + down / 2)).sum(axis=1) / (up.sum(axis=1) * down.sum(axis=1)))


_MANY: Mapping[str, Many] = {
    "accuracy": _accuracy,
    "roc_auc": _roc_auc,
    "r2": _r2,
    "neg_mean_absolute_error": _error(np.abs, lambda m: m),
    "neg_mean_squared_error": _error(np.square, lambda m: m),
    "neg_root_mean_squared_error": _error(np.square, np.sqrt),
}
