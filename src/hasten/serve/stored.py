"""Weights as they lie on disk: float32, float16, or int8 with a scale for each row. They are computed with in float32.

One file holds all arrays of a net: what is stored in few bits in one piece, the rest (vectors, whole numbers) as it is.
Deflated: what pruning left zero costs next to nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOAT32, FLOAT16, INT8 = "float32", "float16", "int8"
WAYS = (FLOAT32, FLOAT16, INT8)
CLIPS = np.linspace(1.0, 0.7, 13)  # of a row's largest value: what lies beyond is cut off where that costs less
HALF_MOST = 65504.0  # the largest float16


def save(path: Path, arrays: Mapping[str, NDArray[Any]], way: str, axes: Mapping[str, int]) -> None:
    """Write `arrays`; those with at least two dimensions and a name in `axes` in the way that is asked for, with a
    scale for each place of that axis."""
    index: list[dict[str, Any]] = []
    values: list[NDArray[Any]] = []
    scales: list[NDArray[Any]] = []
    whole: dict[str, NDArray[Any]] = {}
    for number, (name, array) in enumerate(arrays.items()):
        few = way != FLOAT32 and name in axes and array.ndim > 1 and array.dtype == np.float32 and _finite(array)
        if not few:
            index.append({"name": name})
            whole[f"whole{number}"] = array
            continue
        first = np.moveaxis(array, axes[name], 0)
        if way == INT8:
            made, scale = rounded(first.reshape(len(first), -1))
            scales.append(scale)
        else:
            made = first.astype(np.float16)
        index.append({"name": name, "shape": list(first.shape), "axis": axes[name]})
        values.append(made.reshape(-1))
    held = {"index": np.frombuffer(json.dumps(index).encode(), np.uint8), **whole}
    if values:
        held["values"] = np.concatenate(values)
    if scales:
        held["scales"] = np.concatenate(scales)
    write = np.savez if way == FLOAT32 else np.savez_compressed
    with path.open("wb") as file:
        write(file, allow_pickle=False, **held)


def load(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays, in float32 again."""
    with np.load(path, allow_pickle=False) as file:
        held = dict(file)
    found: dict[str, NDArray[Any]] = {}
    at = row = 0
    for number, each in enumerate(json.loads(held["index"].tobytes())):
        if "shape" not in each:
            found[each["name"]] = held[f"whole{number}"]
            continue
        shape = each["shape"]
        size = int(np.prod(shape))
        some = held["values"][at : at + size].astype(np.float32)
        at += size
        if "scales" in held:
            some = (some.reshape(shape[0], -1) * held["scales"][row : row + shape[0], None]).astype(np.float32)
            row += shape[0]
        found[each["name"]] = np.ascontiguousarray(np.moveaxis(some.reshape(shape), 0, each["axis"]))
    return found


def rounded(rows: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Each row as whole numbers of 8 bits and a scale, so that the squared error is least."""
    most = np.abs(rows).max(axis=1, initial=0.0).astype(np.float32)
    most = np.where(most > 0, most, 1.0).astype(np.float32)
    best = np.full(len(rows), np.inf)
    chosen = (most / 127).astype(np.float32)
    for clip in CLIPS:
        scale = (clip * most / 127).astype(np.float32)
        scale = np.where(scale > 0, scale, np.float32(1e-30)).astype(np.float32)
        made = np.clip(np.rint(rows / scale[:, None]), -127, 127) * scale[:, None]
        error = np.square(rows - made, dtype=np.float64).sum(axis=1)
        better = error < best
        best, chosen = np.where(better, error, best), np.where(better, scale, chosen).astype(np.float32)
    return np.clip(np.rint(rows / chosen[:, None]), -127, 127).astype(np.int8), chosen


def _finite(array: NDArray[Any]) -> bool:
    """Whether every value has a place in float16."""
    return bool((np.abs(array) <= HALF_MOST).all())
