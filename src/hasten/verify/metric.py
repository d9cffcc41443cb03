"""How good predictions are, with an interval: paired bootstrap over the rows of validation data.

Both models answer the same rows, so each resample of rows gives one difference of scores; their percentiles are the
interval (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13). Pairing takes out what makes some
rows harder than others.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import METHODS, Drop
from hasten.core.model_record import QualityOfModel
from hasten.errors import UsageError
from hasten.verify.resamples import Many, many

ROUNDS = 2000
CELLS = 1_000_000  # rows of resamples that are scored at once
ONE = ("predict",)
COSINE = "cosine"  # the mean cosine of vectors and those of the targets
# short names for scikit-learn's scorers, which all say that more is better
ALIASES = {
    "auc": "roc_auc", "mse": "neg_mean_squared_error", "rmse": "neg_root_mean_squared_error",
    "mae": "neg_mean_absolute_error", "log_loss": "neg_log_loss", "brier": "neg_brier_score",
    "mape": "neg_mean_absolute_percentage_error",
}  # fmt: skip


@dataclass(frozen=True)
class Metric:
    """A scorer over answers that are already there. `better` is always more."""

    name: str
    score: Callable[[NDArray[Any], Mapping[str, NDArray[Any]]], float]
    uses: tuple[str, ...] = METHODS  # methods whose answers it may look at
    many: Many | None = None  # scores of many resamples at once


def metric(named: Any, task: str, classes: Any = None) -> Metric:
    """The metric that the user named: a scikit-learn scorer, an alias of one, `module:function`, or a callable.

    A function is called as `function(y, predictions)`, and more must be better. Raises `UsageError` for a name that is
    none, with the nearest.
    """
    if callable(named):
        called: Callable[[Any, Any], float] = named
        return Metric(getattr(named, "__name__", "metric"), lambda y, a: float(called(y, a["predict"])), ONE)
    name = str(named)
    if ":" in name:
        module, _, function = name.partition(":")
        from importlib import import_module

        try:
            found = getattr(import_module(module), function)
        except (ImportError, AttributeError) as error:
            raise UsageError(f"metric {name!r}: {error}; write module:function of something importable here") from None
        return Metric(name, lambda y, a: float(found(y, a["predict"])), ONE)
    if name == COSINE:
        return Metric(COSINE, lambda y, a: float(_cosines(y, a["predict"]).mean()), ONE, _mean_cosines)
    from sklearn.metrics import get_scorer, get_scorer_names

    full = ALIASES.get(name, name)
    if full not in get_scorer_names():
        from hasten.config import nearest

        known = [*ALIASES, *get_scorer_names()]
        raise UsageError(
            f"metric {name!r} is none of scikit-learn's{nearest(name, known) or '; write module:function'}"
        )
    scorer = get_scorer(full)

    def score(y: NDArray[Any], answers: Mapping[str, NDArray[Any]]) -> float:
        return float(scorer(_told(task, answers, classes), np.arange(len(y)), y))

    asked = getattr(scorer, "_response_method", METHODS)
    uses = (asked,) if isinstance(asked, str) else tuple(asked)
    return Metric(full, score, uses if set(uses) <= set(METHODS) else METHODS, many(full))


def _cosines(y: NDArray[Any], vectors: NDArray[Any]) -> NDArray[np.float64]:
    """The cosine of each row's two vectors; 0 where one has no direction, unless both have none."""
    a, b = (np.asarray(v, np.float64).reshape(len(v), -1) for v in (y, vectors))
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    found = (a * b).sum(axis=1) / np.where(lengths > 0, lengths, 1)
    out: NDArray[np.float64] = np.where(lengths > 0, found, (a == b).all(axis=1))
    return out


def _mean_cosines(
    y: NDArray[Any], answers: Mapping[str, NDArray[Any]], rows: NDArray[np.int64]
) -> NDArray[np.float64]:  # fmt: skip
    means: NDArray[np.float64] = _cosines(y, answers["predict"])[rows].mean(axis=1)
    return means


def _told(task: str, answers: Mapping[str, NDArray[Any]], classes: Any) -> Any:
    """An estimator that gives back answers by row number, so that scikit-learn's own scorers can judge them."""
    told = _told_class(task, tuple(m for m in ("predict", "predict_proba", "decision_function") if m in answers))()
    told.answers = answers
    if classes is not None:
        several = isinstance(classes, list) and len(classes) > 0 and np.ndim(classes[0]) > 0
        told.classes_ = classes if several else np.asarray(classes)
    return told


@cache
def _told_class(task: str, methods: tuple[str, ...]) -> Any:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

    kind = ClassifierMixin if task == "classification" else RegressorMixin
    return type(
        "Told", (kind, BaseEstimator), {m: _given_back(m) for m in methods} | {"__sklearn_is_fitted__": _fitted}
    )


def _given_back(method: str) -> Callable[[Any, Any], Any]:
    def answer(self: Any, rows: Any) -> Any:
        return self.answers[method][rows]

    answer.__name__ = method
    return answer


def _fitted(self: Any) -> bool:
    return True


def compared(
    measure: Metric, y: NDArray[Any], old: Mapping[str, NDArray[Any]], new: Mapping[str, NDArray[Any]], drop: Drop,
    *, confidence: float = 0.95, seed: int = 0, rounds: int = ROUNDS,
) -> QualityOfModel:  # fmt: skip
    """The candidate's quality beside the original's, with the bootstrap interval of their difference."""
    a, b = measure.score(y, old), measure.score(y, new)
    seen = [m for m in old if m in new and m in measure.uses] or list(old)
    if all(m in new and np.array_equal(old[m], new[m], equal_nan=old[m].dtype.kind == "f") for m in seen):
        return QualityOfModel(measure.name, a, b, 0.0, 0.0, drop.of(a), len(y))
    apart: list[float] = []
    missed = 0
    for rows in _resamples(len(y), rounds, seed):
        some = _scores(measure, y, new, rows) - _scores(measure, y, old, rows)
        good = some[~np.isnan(some)].tolist()  # a resample without one of the classes has no score
        apart += good[: rounds - len(apart)]
        missed += len(some) - len(good)
        if len(apart) >= rounds or missed >= rounds:
            break
    if not apart:
        return QualityOfModel(measure.name, a, b, -np.inf, np.inf, drop.of(a), len(y))
    tail = (1 - confidence) / 2
    low, high = np.quantile(apart, [tail, 1 - tail])
    return QualityOfModel(measure.name, a, b, float(low), float(high), drop.of(a), len(y))


def own_interval(
    measure: Metric, y: NDArray[Any], answers: Mapping[str, NDArray[Any]], *, confidence: float = 0.95, seed: int = 0,
    rounds: int = ROUNDS,
) -> tuple[float, float]:  # fmt: skip
    """The bootstrap interval of the metric itself, over these rows; minus to plus infinity where it has no value."""
    scores: list[float] = []
    for places in _resamples(len(y), rounds, seed):
        found = _scores(measure, y, answers, places)
        scores += found[~np.isnan(found)].tolist()
        rounds -= len(places)
        if rounds <= 0:
            break
    tail = (1 - confidence) / 2
    low, high = np.quantile(scores, [tail, 1 - tail]) if scores else (-np.inf, np.inf)
    return float(low), float(high)


def _resamples(n: int, rounds: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Resamples of n rows, some at once, without end."""
    draw = np.random.default_rng(seed)
    some = max(1, min(rounds, CELLS // max(1, n)))
    while True:
        yield draw.integers(0, n, (some, n))


def _scores(
    measure: Metric, y: NDArray[Any], answers: Mapping[str, NDArray[Any]], rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The metric on each resample; NaN where it has no value."""
    if measure.many is not None and (found := measure.many(y, answers, rows)) is not None:
        return found
    return np.array([_score(measure, y, answers, some) for some in rows])


def _score(measure: Metric, y: NDArray[Any], answers: Mapping[str, NDArray[Any]], rows: NDArray[Any]) -> float:
    """The metric on some rows; NaN where it has no value there."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return measure.score(y[rows], {m: v[rows] for m, v in answers.items()})
    except ValueError:
        return math.nan
