"""What answers rest on, and whether a candidate's rest on the same: occlusion of inputs, one group after another.

The attribution of a group (a column, a word of a text, a step of a sequence, a patch of an image) is by how much the
score of the original's label falls when the group is replaced by what is usual in the data (a word by nothing): any
model can be asked that, whatever serves it (Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks",
ECCV 2014; for tables Robnik-Sikonja and Kononenko, "Explaining Classifications for Individual Instances", IEEE TKDE
20(5), 2008). Two models agree as far as the ranks of their attributions do, row by row (Spearman), and as far as their
largest are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import Tensors, taken
from hasten.core.model_record import ExplanationRecord

ROWS = 32  # that are explained
GROUPS = 64  # of each input, at most
WORDS = 24  # groups of words of a text, at most
PATCHES = 7  # of an image, along each side
TOP = 5  # attributions that are compared as a set, or a tenth of the groups where that is more
LEAST_GROUPS = 3  # fewer have no ranks to speak of

Ask = Callable[[Any], NDArray[Any]]


def attributions(ask: Ask, x: Any, labels: NDArray[Any] | None) -> NDArray[np.float64]:
    """Attributions of the first `ROWS` rows of `x`, shape (rows, groups), against what is usual in all of `x`.

    `ask` gives scores of shape (n,) or (n, classes); `labels` are the columns that are explained (None: the score
    itself).
    """
    some = taken(x, slice(0, ROWS))
    whole = score_of(ask(some), labels)
    columns = [whole - score_of(ask(hidden), labels) for hidden in occluded(x, some)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(some), 0))


def score_of(answer: NDArray[Any], labels: NDArray[Any] | None) -> NDArray[np.float64]:
    """One score a row: of its label where there are several, else their sum."""
    scores = np.asarray(answer, np.float64)
    if scores.ndim == 1:
        return scores
    if labels is None or scores.ndim > 2:
        total: NDArray[np.float64] = scores.reshape(len(scores), -1).sum(axis=1)
        return total
    out: NDArray[np.float64] = scores[np.arange(len(scores)), labels[: len(scores)]]
    return out


def occluded(x: Any, some: Any) -> Iterator[Any]:
    """`some` with one group after another replaced by what is usual in `x`."""
    if isinstance(x, Tensors):
        for name, array in some.arrays.items():
            usual = np.asarray(x.arrays[name].mean(axis=0, keepdims=True)) if array.dtype.kind == "f" else None
            for places in groups_of(array):
                hidden = array.copy()
                hidden[places] = 0 if usual is None else np.broadcast_to(usual, array.shape)[places]
                yield Tensors({**some.arrays, name: hidden.astype(array.dtype)})
    elif hasattr(x, "iloc") and hasattr(x, "columns"):
        for place in range(min(GROUPS, x.shape[1])):
            column = x.iloc[:, place]
            number = getattr(column.dtype, "kind", "O") in "iuf"
            usual = column.median() if number else next(iter(column.mode()), None)
            hidden = some.copy()
            made = type(column)([usual] * len(some), index=some.index, name=column.name)
            hidden.isetitem(place, made if number else made.astype(column.dtype))
            yield hidden
    elif isinstance(some, list) and all(isinstance(t, str) for t in some):
        split = [t.split() for t in some]
        for at in range(min(WORDS, max(map(len, split), default=0))):
            yield [_without(words, at) if at < len(words) else t for words, t in zip(split, some, strict=True)]
    elif isinstance(x, np.ndarray) and x.ndim == 2 and x.dtype.kind in "iuf":
        for group in np.array_split(np.arange(x.shape[1]), min(GROUPS, x.shape[1])):
            hidden = np.array(some, np.float64)
            hidden[:, group] = np.nanmedian(x[:, group], axis=0)
            yield hidden.astype(x.dtype) if x.dtype.kind == "f" else hidden


def _without(words: list[str], group: int) -> str:
    """A text without one of its groups of words: each word is one, where there are no more than `WORDS`."""
    groups = min(WORDS, len(words))
    first, last = group * len(words) // groups, (group + 1) * len(words) // groups
    return " ".join(words[:first] + words[last:])


def groups_of(array: NDArray[Any]) -> Iterator[tuple[Any, ...]]:
    """Where the groups of an input are: patches of images, steps of sequences, columns of rows."""
    if array.ndim == 4:
        for rows in np.array_split(np.arange(array.shape[2]), min(PATCHES, array.shape[2])):
            for columns in np.array_split(np.arange(array.shape[3]), min(PATCHES, array.shape[3])):
                if len(rows) and len(columns):
                    yield slice(None), slice(None), slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    elif array.ndim > 1:
        for group in np.array_split(np.arange(array.shape[1]), min(GROUPS, array.shape[1])):
            yield slice(None), slice(group[0], group[-1] + 1)
    else:
        yield (slice(None),)


def explained(
    old: NDArray[np.float64], new: NDArray[np.float64], by: str = "occlusion", of: str = ""
) -> ExplanationRecord | None:
    """How far attributions (found `by`) agree, over rows whose attributions have ranks; None where there are none."""
    from scipy.stats import rankdata

    if old.shape != new.shape or old.shape[1] < LEAST_GROUPS:
        return None
    k = max(1, min(TOP, old.shape[1] // 2), old.shape[1] // 10)
    correlations, overlaps = [], []
    for a, b in zip(old, new, strict=True):
        if not (np.isfinite(a).all() and np.isfinite(b).all()) or np.ptp(a) == 0:
            continue
        ranks_a, ranks_b = rankdata(a), rankdata(b)
        correlations.append(0.0 if np.ptp(b) == 0 else float(np.corrcoef(ranks_a, ranks_b)[0, 1]))
        first, second = (set(np.argsort(-np.abs(v), kind="stable")[:k].tolist()) for v in (a, b))
        overlaps.append(len(first & second) / k)
    if not correlations:
        return None
    return ExplanationRecord(
        float(np.mean(correlations)), float(np.quantile(correlations, 0.05)), float(np.mean(overlaps)), k,
        len(correlations), old.shape[1], by, of,
    )  # fmt: skip
