"""Scores of plain arrays, counted.

What it finds    `accuracy_score`, `f1_score`, `precision_score`, `recall_score`, `confusion_matrix`, `roc_auc_score`,
                 `mean_squared_error`, `mean_absolute_error`, `root_mean_squared_error`, `r2_score`,
                 `silhouette_score`, and the pairwise `cosine_similarity` and `euclidean_distances`, in hot code: a
                 search for the best threshold, a bootstrap, a loop over pairs or over numbers of clusters.
Why it is slow   every call finds out anew what kind of labels it was given (several sorts of each array), checks its
                 parameters and validates its input: 0.1 ms to 5 ms before the arithmetic of some microseconds. A
                 silhouette works all distances out anew for each number of clusters.
Example          f1_score(y, p > t)  ->  _f1_score(y, p > t)   # three counts
Safe when        checked as it runs: arrays, series or lists of the simplest kinds and of one length, labels 0 and 1
                 where positives count, no division by zero, a finite result. Anything else, and all that raises or
                 warns, goes to scikit-learn as before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import Parts
from hasten.passes.source.estimators.base import calls, spelt, written

VECTOR = '''\
def _vector(values):
    """A one-dimensional array of numbers for an array, a series or a list of them; None for anything else."""
    if type(values).__name__ == "Series" and type(values).__module__.split(".")[0] == "pandas":
        values = values.values
    elif type(values) is list and set(map(type, values)) in ({int}, {float}):
        values = NP.array(values)
    if type(values) is NP.ndarray and values.ndim == 1 and values.size and values.dtype.kind in "biuf":
        return values
    return None


'''
COUNTS = '''\
def _binary_counts(y_true, y_pred):
    """How many are 1 in both, in `y_true` and in `y_pred`; None unless they hold 0 and 1 only, some of them right."""
    flags = []
    for values in (y_true, y_pred):
        values = _vector(values)
        if values is None:
            return None
        if values.dtype.kind != "b":
            ones = values == 1
            if not NP.count_nonzero(ones) + NP.count_nonzero(values == 0) == values.size:
                return None
            values = ones
        flags.append(values)
    if flags[0].shape != flags[1].shape:
        return None
    both = int(NP.count_nonzero(flags[0] & flags[1]))
    return (both, int(NP.count_nonzero(flags[0])), int(NP.count_nonzero(flags[1]))) if both else None


'''
F1 = '''\
def _f1_score(y_true, y_pred, **options):
    """f1_score without sorting labels: plain 0 and 1 are counted, anything else goes to scikit-learn."""
    counts = _binary_counts(y_true, y_pred)
    if counts is None:
        return OFFICIAL(y_true, y_pred, **options)
    both, true, predicted = counts
    return 2.0 * both / (true + predicted)


'''
PRECISION = '''\
def _precision_score(y_true, y_pred, **options):
    """precision_score without sorting labels: plain 0 and 1 are counted, anything else goes to scikit-learn."""
    counts = _binary_counts(y_true, y_pred)
    return OFFICIAL(y_true, y_pred, **options) if counts is None else counts[0] / counts[2]


'''
RECALL = '''\
def _recall_score(y_true, y_pred, **options):
    """recall_score without sorting labels: plain 0 and 1 are counted, anything else goes to scikit-learn."""
    counts = _binary_counts(y_true, y_pred)
    return OFFICIAL(y_true, y_pred, **options) if counts is None else counts[0] / counts[1]


'''
LABELS = '''\
def _labels(values):
    """The whole numbers that plain labels are; None where they are not, or so many that scikit-learn may warn."""
    values = _vector(values)
    if values is None or values.dtype.kind == "b":
        return values
    if values.dtype.kind == "f":
        with NP.errstate(all="ignore"):
            whole = values.astype(NP.int64)
        if not (whole == values).all():
            return None
        values = whole
    return values if int(values.max()) - int(values.min()) < values.size // 2 else None


'''
ACCURACY = '''\
def _accuracy_score(y_true, y_pred):
    """accuracy_score without sorting labels, for plain whole numbers; anything else goes to scikit-learn."""
    true, predicted = _labels(y_true), _labels(y_pred)
    if true is None or predicted is None or true.shape != predicted.shape:
        return OFFICIAL(y_true, y_pred)
    return int(NP.count_nonzero(true == predicted)) / true.size


'''
CONFUSION = '''\
def _confusion_matrix(y_true, y_pred):
    """confusion_matrix of plain whole numbers, counted at once; anything else goes to scikit-learn."""
    true, predicted = _labels(y_true), _labels(y_pred)
    if true is not None and predicted is not None and true.shape == predicted.shape:
        low = min(int(true.min()), int(predicted.min()))
        width = max(int(true.max()), int(predicted.max())) - low + 1
        if width <= 256 and abs(low) < 2**62:
            places = (true.astype(NP.int64) - low) * width + (predicted.astype(NP.int64) - low)
            counts = NP.bincount(places, minlength=width * width).reshape(width, width)
            seen = NP.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
            if len(seen) > 1:  # scikit-learn warns of a single label
                return counts[NP.ix_(seen, seen)].astype(NP.int64, order="C", copy=False)
    return OFFICIAL(y_true, y_pred)


'''
PAIR = '''\
def _float_pair(y_true, y_pred):
    """Both as columns of float64, or None where they are not plain numbers of one length."""
    pair = [_vector(values) for values in (y_true, y_pred)]
    if any(values is None or values.dtype.char not in "dlq" for values in pair) or pair[0].shape != pair[1].shape:
        return None
    return [values.astype(NP.float64, copy=False).reshape(-1, 1) for values in pair]


'''
ERRORS = '''\
def _NAME(y_true, y_pred):
    """NAME of plain numbers; anything else goes to scikit-learn."""
    pair = _float_pair(y_true, y_pred)
    if pair is not None:
        with NP.errstate(all="ignore"):
            error = float(FORMULA)
        if NP.isfinite(error):
            return error
    return OFFICIAL(y_true, y_pred)


'''
R2 = '''\
def _r2_score(y_true, y_pred):
    """r2_score of plain numbers; anything else goes to scikit-learn."""
    pair = _float_pair(y_true, y_pred)
    if pair is not None:
        with NP.errstate(all="ignore"):
            left = ((pair[0] - pair[1]) ** 2).sum(axis=0)[0]
            whole = ((pair[0] - NP.mean(pair[0], axis=0)) ** 2).sum(axis=0)[0]
        if NP.isfinite(left) and NP.isfinite(whole) and left and whole:
            return float(1 - left / whole)
    return OFFICIAL(y_true, y_pred)


'''
AUC = '''\
def _roc_auc_score(y_true, y_score):
    """roc_auc_score of labels 0 and 1 with one sort; anything else goes to scikit-learn."""
    labels, scores = _vector(y_true), _vector(y_score)
    if labels is not None and scores is not None and labels.shape == scores.shape:
        ones = labels == 1
        positive = int(NP.count_nonzero(ones))
        negative = int(NP.count_nonzero(labels == 0))
        if positive and negative and positive + negative == labels.size and NP.isfinite(scores).all():
            order = NP.argsort(scores)
            ordered = scores[order]
            ends = NP.append(NP.flatnonzero(ordered[1:] != ordered[:-1]), labels.size - 1)
            hits = NP.append(0, NP.cumsum(ones[order], dtype=NP.int64)[ends])
            misses = NP.append(0, ends + 1) - hits
            # twice the area under the curve, in whole numbers: pairs in the right order, ties for half
            area = NP.sum((hits[1:] - hits[:-1]) * (misses[1:] + misses[:-1]))
            return float(area / (2 * positive * negative))
    return OFFICIAL(y_true, y_score)


'''
TABLE = '''\
def _table(rows):
    """A two-dimensional array of float64 for an array, or for a list of arrays of numbers; None for anything else."""
    if type(rows) is list:
        rows = [_vector(row) for row in rows]
        if not rows or any(row is None or row.shape != rows[0].shape or row.dtype != rows[0].dtype for row in rows):
            return None
        rows = NP.array(rows)
    if type(rows) is not NP.ndarray or rows.ndim != 2 or not rows.size or rows.dtype.char not in "dlq":
        return None
    return NP.ascontiguousarray(rows, dtype=NP.float64)


'''
COSINE = '''\
def _cosine_similarity(X, Y=None):
    """cosine_similarity of plain arrays; anything else goes to scikit-learn."""
    left = _table(X)
    right = left if Y is None or Y is X else _table(Y)
    if left is not None and right is not None and left.shape[1] == right.shape[1]:
        with NP.errstate(all="ignore"):
            scaled = []
            for rows in (left,) if right is left else (left, right):
                norms = NP.sqrt(NP.einsum("ij,ij->i", rows, rows))
                # scikit-learn leaves rows without a direction as they are, and refuses what is not finite
                if not (norms.min() > 1e-14 and norms.max() < NP.inf):
                    return OFFICIAL(X, Y)
                scaled.append(rows / norms[:, None])
            return scaled[0] @ scaled[-1].T
    return OFFICIAL(X, Y)


'''
EUCLIDEAN = '''\
def _euclidean_distances(X, Y=None):
    """euclidean_distances of plain arrays; anything else goes to scikit-learn."""
    left = _table(X)
    right = left if Y is None or Y is X else _table(Y)
    if left is not None and right is not None and left.shape[1] == right.shape[1]:
        with NP.errstate(all="ignore"):
            distances = -2 * (left @ right.T)
            distances += NP.einsum("ij,ij->i", left, left)[:, None]
            distances += NP.einsum("ij,ij->i", right, right)[None, :]
        if NP.isfinite(distances).all():
            NP.maximum(distances, 0, out=distances)
            if right is left:
                NP.fill_diagonal(distances, 0)
            return NP.sqrt(distances, out=distances)
    return OFFICIAL(X, Y)


'''
SILHOUETTE = '''\
def _silhouette_score(X, labels, metric="euclidean"):
    """silhouette_score of a plain array: distances are kept for the next labels of the same rows, and added up by one
    product. Anything else goes to scikit-learn."""
    rows, places = _table(X), _labels(labels)
    if metric != "euclidean" or rows is None or places is None or not len(rows) == len(places) <= 6000:
        return OFFICIAL(X, labels, metric=metric)
    places = NP.unique(places, return_inverse=True)[1]
    sizes = NP.bincount(places)
    if not 1 < len(sizes) < len(rows):
        return OFFICIAL(X, labels, metric=metric)
    kept = _silhouette_score.kept
    if not (kept and NP.array_equal(kept[0], rows)):
        with NP.errstate(all="ignore"):
            squares = NP.einsum("ij,ij->i", rows, rows)
            distances = -2 * (rows @ rows.T)
            distances += squares[:, None]
            distances += squares[None, :]
        if not NP.isfinite(distances).all():
            return OFFICIAL(X, labels, metric=metric)
        NP.maximum(distances, 0, out=distances)
        NP.fill_diagonal(distances, 0)
        kept[:] = [rows.copy(), NP.sqrt(distances, out=distances)]
    sums = kept[1] @ (places[:, None] == NP.arange(len(sizes))).astype(NP.float64)
    own = (NP.arange(len(rows)), places)
    within = sums[own]
    sums[own] = NP.inf
    beyond = (sums / sizes).min(axis=1)
    with NP.errstate(divide="ignore", invalid="ignore"):
        within /= (sizes - 1)[places]
        return float(NP.mean(NP.nan_to_num((beyond - within) / NP.maximum(within, beyond))))


_silhouette_score.kept = []


'''


_UNDEFINED = frozenset({"zero_division"})
TARGETS = ("y_true", "y_pred")
TABLES = ("X", "Y")


@dataclass(frozen=True)
class _Stand:
    """What stands in for a function: its helper, what that needs, and the keywords it takes."""

    helpers: tuple[str, ...]
    given: tuple[str, str]
    options: frozenset[str] = frozenset()
    least: int = 2


def _error(name: str, formula: str) -> _Stand:
    text = ERRORS.replace("NAME", name).replace("FORMULA", formula)
    return _Stand((VECTOR, PAIR, text), TARGETS)


STANDS = {
    "sklearn.metrics.accuracy_score": _Stand((VECTOR, LABELS, ACCURACY), TARGETS),
    "sklearn.metrics.confusion_matrix": _Stand((VECTOR, LABELS, CONFUSION), TARGETS),
    "sklearn.metrics.f1_score": _Stand((VECTOR, COUNTS, F1), TARGETS, _UNDEFINED),
    "sklearn.metrics.precision_score": _Stand((VECTOR, COUNTS, PRECISION), TARGETS, _UNDEFINED),
    "sklearn.metrics.recall_score": _Stand((VECTOR, COUNTS, RECALL), TARGETS, _UNDEFINED),
    "sklearn.metrics.roc_auc_score": _Stand((VECTOR, AUC), ("y_true", "y_score")),
    "sklearn.metrics.r2_score": _Stand((VECTOR, PAIR, R2), TARGETS),
    "sklearn.metrics.mean_squared_error": _error("mean_squared_error", "NP.mean((pair[0] - pair[1]) ** 2, axis=0)[0]"),
    "sklearn.metrics.root_mean_squared_error": _error(
        "root_mean_squared_error", "NP.sqrt(NP.mean((pair[0] - pair[1]) ** 2, axis=0)[0])"
    ),
    "sklearn.metrics.mean_absolute_error": _error(
        "mean_absolute_error", "NP.mean(NP.abs(pair[1] - pair[0]), axis=0)[0]"
    ),
    "sklearn.metrics.silhouette_score": _Stand(
        (VECTOR, LABELS, TABLE, SILHOUETTE), ("X", "labels"), frozenset({"metric"})
    ),
    "sklearn.metrics.pairwise.cosine_similarity": _Stand((VECTOR, TABLE, COSINE), TABLES, least=1),
    "sklearn.metrics.pairwise.euclidean_distances": _Stand((VECTOR, TABLE, EUCLIDEAN), TABLES, least=1),
}


class PlainScores(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST702"
    name: ClassVar[str] = "scores of plain arrays"
    risk: ClassVar[Risk] = Risk.ROUNDING

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        named: dict[str, str] = {}
        for call in calls(place, *(text for stand in STANDS.values() for text in stand.helpers)):
            for origin, stand in STANDS.items():
                short = origin.rpartition(".")[2]
                official = spelt(module, call.func, origin, f"sklearn.metrics.{short}")
                # one helper a file: the first spelling that is met is the one it uses
                if official and named.setdefault(origin, official) and _plain(call, stand):
                    yield Parts(
                        title=f"{short} of plain arrays",
                        first=call.lineno,
                        last=call.end_lineno or call.lineno,
                        reason=f"{short} spends its time on finding out what it was given",
                        remedy="work plain arrays out directly",
                        replace=((call.func, f"_{short}"),),
                        prelude=_prelude(place, stand, named[origin]),
                    )


def _prelude(place: Place, stand: _Stand, official: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(t for text in stand.helpers for t in written(place.module, text, official)))


def _plain(call: ast.Call, stand: _Stand) -> bool:
    """Whether the call gives what the helper takes and nothing else."""
    if any(isinstance(a, ast.Starred) for a in call.args) or len(call.args) > 2:
        return False
    names = [*stand.given[: len(call.args)], *(k.arg for k in call.keywords)]
    known = {*stand.given, *stand.options}
    return (
        all(n in known for n in names)
        and len(set(names)) == len(names)
        and set(stand.given[: stand.least]) <= set(names)
    )
