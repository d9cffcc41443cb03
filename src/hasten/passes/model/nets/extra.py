"""More rows to learn from: mixtures of training rows, which the original labels.

A student that is asked for the original's answers need not be asked about true rows only: the original answers all.
What lies between the training rows shows how it decides, and there is as much of that as one likes (Beyer et al.,
"Knowledge distillation: A good teacher is patient and consistent", CVPR 2022: function matching).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import Tensors

SWAPPED = 0.2  # of the steps of a sequence of whole numbers
ALIKE = 0.5  # of the first row in a mixture, at least


def mixtures(x: Tensors, number: int, seed: int = 0) -> tuple[Tensors, NDArray[np.int64]] | None:
    """`number` rows made of two rows of `x` each, and of which; None where nothing in it can be mixed.

    Numbers are weighted means of both, of images and sounds as of features. Of whole numbers that stand alone (users,
    items) every input is of one of the two; of sequences some steps are the other's, where both have one.
    """
    draw = np.random.default_rng(seed)
    if len(x) < 2 or not any(a.dtype.kind in "fiu" for a in x.arrays.values()):
        return None
    first = draw.integers(0, len(x), number)
    second = (first + draw.integers(1, len(x), number)) % len(x)
    share = draw.uniform(ALIKE, 1.0, number)
    alone = [n for n, a in x.arrays.items() if a.dtype.kind in "iu" and a.ndim == 1]
    made: dict[str, NDArray[Any]] = {}
    for name, a in x.arrays.items():
        if a.dtype.kind == "f":
            weight = share.reshape(-1, *[1] * (a.ndim - 1)).astype(a.dtype)
            made[name] = weight * a[first] + (1 - weight) * a[second]
        elif name in alone and len(alone) > 1:
            made[name] = np.where(draw.random(number) < 0.5, a[first], a[second])
        elif a.dtype.kind in "iu" and a.ndim == 2:
            made[name] = _swapped(a[first], a[second], _filling(x.arrays), name, draw)
        else:
            made[name] = a[first]
    kept = [n for n, a in x.arrays.items() if not np.array_equal(made[n], a[first], equal_nan=a.dtype.kind == "f")]
    if not kept:
        return None
    return Tensors({n: np.ascontiguousarray(a) for n, a in made.items()}), np.stack([first, second], axis=1)


def _filling(arrays: Mapping[str, NDArray[Any]]) -> dict[str, int | None]:
    """What fills sequences up, by name: the most frequent last value; None where an input holds two values at most
    (a mask), which stays as it is."""
    found: dict[str, int | None] = {}
    for name, a in arrays.items():
        if a.dtype.kind in "iu" and a.ndim == 2 and a.shape[1]:
            values = np.unique(a[:256])
            found[name] = Counter(a[:, -1].tolist()).most_common(1)[0][0] if len(values) > 2 else None
    return found


def _swapped(
    a: NDArray[Any], b: NDArray[Any], filling: Mapping[str, int | None], name: str, draw: np.random.Generator
) -> NDArray[Any]:
    fill = filling.get(name)
    if fill is None:
        return a
    swap = (draw.random(a.shape) < SWAPPED) & (a != fill) & (b != fill)
    return np.where(swap, b, a)
