"""Inputs of nets that validation data does not hold: few rows, other lengths, zeros, large values, wrong shapes.

Each is asked of the original and of the candidate; what the original refuses the candidate must refuse. What an
answer to NaN or infinity is belongs to the arithmetic, and integers have neither: they are asked where the same
predictions are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import Tensors

SOME = 8  # rows of a varied input
MANY = 256  # of the one that asks units which the data leaves silent
SHORTER = "steps halved"  # the input that shows whether lengths are free


def varied_tensors(x: Tensors, seed: int = 0, *, same: bool = True) -> Iterator[tuple[str, Tensors]]:
    """Named inputs made from some rows of `x`. `same`: with values that only the same arithmetic answers alike."""
    draw = np.random.default_rng(seed)
    some = x.take(np.sort(draw.choice(len(x), min(SOME, len(x)), replace=False)))
    yield "one row", some.take(slice(0, 1))
    yield "no rows", some.take(slice(0, 0))
    yield "two rows", some.take(slice(0, 2))
    yield "rows twice", some.take(np.arange(2 * len(some)) % len(some))
    steps = stepped(x)
    if steps:
        lengths = {name: some.arrays[name].shape[axis] for name, axis in steps.items()}
        if min(lengths.values()) > 1:
            yield SHORTER, _cut(some, steps, {n: max(1, length // 2) for n, length in lengths.items()})
    floats = {n: a for n, a in some.arrays.items() if a.dtype.kind == "f"}
    if floats:
        yield "zeros", Tensors({**some.arrays, **{n: np.zeros_like(a) for n, a in floats.items()}})
        if same:
            more = x.take(slice(0, MANY)).arrays
            yield "signs turned", Tensors({n: -a if a.dtype.kind == "f" else a for n, a in more.items()})
            yield "a hundred times larger", Tensors({**some.arrays, **{n: a * 100 for n, a in floats.items()}})
            for name, value in (("NaN", np.nan), ("infinity", np.inf)):
                yield f"{name} in a row", Tensors({**some.arrays, **{n: _with(a, value) for n, a in floats.items()}})
    strided = {n: np.repeat(a, 2, axis=0)[::2] for n, a in some.arrays.items()}
    yield "every second row of larger arrays", Tensors(strided)
    for name, array in some.arrays.items():
        if array.ndim > 1 and name not in steps:
            yield f"{name} with one more along axis 1", _replaced(some, name, np.concatenate([array, array[:, :1]], 1))
        yield f"{name} with a dimension more", _replaced(some, name, array[..., None])


def stepped(x: Tensors) -> dict[str, int]:
    """Which axis of which inputs may be one of steps (words, frames): axis 1 of whole numbers in two dimensions, and of
    floats in three. All such inputs have the same length, or there is none."""
    found = {
        name: 1
        for name, a in x.arrays.items()
        if a.ndim == 2 and a.dtype.kind in "iub" or a.ndim == 3 and a.dtype.kind == "f"
    }
    return found if len({x.arrays[name].shape[1] for name in found}) == 1 else {}


def _cut(some: Tensors, axes: Mapping[str, int], lengths: Mapping[str, int]) -> Tensors:
    return Tensors({n: a[:, : lengths[n]] if n in axes else a for n, a in some.arrays.items()})


def _replaced(some: Tensors, name: str, array: NDArray[Any]) -> Tensors:
    return Tensors({**some.arrays, name: array})


def _with(array: NDArray[Any], value: float) -> NDArray[Any]:
    out = array.copy()
    out.reshape(len(out), -1)[0, 0] = value
    return out
