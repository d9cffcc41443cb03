"""Weights as they lie on disk: float32, float16, or whole numbers of 8, 6 or 4 bits with a scale for each row. They are
computed with in float32.

One file holds all arrays of a net: one piece of what is in few bits, one of each other kind of number (many small files
would cost more than what is in them). Deflated: a value of 6 bits takes about 6 bits then, and what pruning left zero
next to nothing. Bytes of floats lie by their place (all exponents together), which deflates better.

The file's index names its format: 2. Files of format 2 that do not say so, and those of format 1 (an array in a piece
of its own, bytes in their order), are read as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.errors import TargetError

FORMAT = 2
FLOAT32, FLOAT16, INT8, INT6, INT4 = "float32", "float16", "int8", "int6", "int4"
LEVELS = {INT8: 127, INT6: 31, INT4: 7}  # of a way in whole numbers, on each side of zero
CLIPS, LEAST = 13, {LEVELS[INT8]: 0.7}  # shares of a row's largest value that are tried: what lies beyond is cut off
USUAL_LEAST = 0.4  # with fewer bits that costs less than coarse steps do
LARGE = 16 << 20  # bytes of float32, from which deflating takes longer than it is worth
HALF_MOST = 65504.0  # the largest float16


def save(path: Path, arrays: Mapping[str, NDArray[Any]], way: str, axes: Mapping[str, int]) -> None:
    """Write `arrays`; those with at least two dimensions and a name in `axes` in the way that is asked for, with a
    scale for each place of that axis."""
    index: list[dict[str, Any]] = []
    values: list[NDArray[Any]] = []
    scales: list[NDArray[Any]] = []
    whole: dict[str, list[NDArray[Any]]] = {}
    for name, array in arrays.items():
        few = way != FLOAT32 and name in axes and _fits(array)
        if not few:
            kind = array.dtype.newbyteorder("<").str
            index.append({"name": name, "kind": kind, "shape": list(array.shape)})
            whole.setdefault(kind, []).append(array.astype(kind).reshape(-1))
            continue
        first = np.moveaxis(array, axes[name], 0)
        if way in LEVELS:
            made, scale = rounded(first.reshape(len(first), -1), LEVELS[way])
            scales.append(scale)
        else:
            made = first.astype(np.float16)
        index.append({"name": name, "shape": list(first.shape), "axis": axes[name]})
        values.append(made.reshape(-1))
    kinds = list(whole)
    told = {"format": FORMAT, "kinds": kinds, "arrays": index}
    held = {"index": np.frombuffer(json.dumps(told, separators=(",", ":")).encode(), np.uint8)}
    held |= {f"whole{i}": _by_place(np.concatenate(whole[kind])) for i, kind in enumerate(kinds)}
    if values:
        held["values"] = np.concatenate(values)
    if scales:
        held["scales"] = _by_place(_short(np.concatenate(scales)))
    large = way == FLOAT32 and sum(a.nbytes for a in held.values()) > LARGE
    write = np.savez if large else np.savez_compressed
    with path.open("wb") as file:
        write(file, allow_pickle=False, **held)


def load(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays, in float32 again. Raises `TargetError` for a format that is not known."""
    with np.load(path, allow_pickle=False) as file:
        held = dict(file)
    told = json.loads(held["index"].tobytes())
    first = isinstance(told, list) and all(isinstance(each, dict) for each in told)
    if isinstance(told, list):  # from before formats had numbers
        told = {"format": FORMAT, "kinds": [] if first else told[0], "arrays": told if first else told[1:]}
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        other = told.get("format") if isinstance(told, dict) else None
        raise TargetError(
            f"{path} holds weights in format {other!r}, and this hasten reads up to {FORMAT}: use the one that made it"
        )
    kinds, index = told["kinds"], told["arrays"]
    whole = {kind: _in_order(held[f"whole{i}"], kind) for i, kind in enumerate(kinds)}
    scales = None
    if "scales" in held:
        scales = held["scales"] if first else _in_order(held["scales"], "<f4")
    found: dict[str, NDArray[Any]] = {}
    begun = dict.fromkeys(kinds, 0)
    at = row = 0
    for number, each in enumerate(index):
        if "shape" not in each:  # of format 1
            found[each["name"]] = held[f"whole{number}"]
            continue
        shape = each["shape"]
        size = int(np.prod(shape, dtype=np.int64))
        if "kind" in each:
            kind = each["kind"]
            start = begun[kind]
            begun[kind] += size
            found[each["name"]] = whole[kind][start : start + size].reshape(shape)
            continue
        some = held["values"][at : at + size].astype(np.float32)
        at += size
        if scales is not None:
            some = (some.reshape(shape[0], -1) * scales[row : row + shape[0], None]).astype(np.float32)
            row += shape[0]
        found[each["name"]] = np.ascontiguousarray(np.moveaxis(some.reshape(shape), 0, each["axis"]))
    return found


def _by_place(array: NDArray[Any]) -> NDArray[np.uint8]:
    """The bytes of all values, the first of each, then the second of each, and so on."""
    return np.ascontiguousarray(array.view(np.uint8).reshape(len(array), array.itemsize).T)


def _in_order(planes: NDArray[np.uint8], kind: str) -> NDArray[Any]:
    made: NDArray[Any] = np.ascontiguousarray(planes.T).reshape(-1).view(kind)
    return made


def _short(scales: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rounded to 16 bits of precision: a quarter of the bytes is zero then, and what they scale has 8 at most."""
    bits = scales.view(np.uint32).astype(np.uint64)
    made: NDArray[np.float32] = ((bits + 0x80) & 0xFFFFFF00).astype(np.uint32).view(np.float32)
    return np.where(np.isfinite(made), made, scales)


def rounded(rows: NDArray[Any], levels: int = LEVELS[INT8]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Each row as whole numbers in -levels..levels and a scale, so that the squared error is least."""
    most = np.abs(rows).max(axis=1, initial=0.0).astype(np.float32)
    most = np.where(most > 0, most, 1.0).astype(np.float32)
    best = np.full(len(rows), np.inf)
    chosen = (most / levels).astype(np.float32)
    for clip in np.linspace(1.0, LEAST.get(levels, USUAL_LEAST), CLIPS):
        scale = (clip * most / levels).astype(np.float32)
        scale = np.where(scale > 0, scale, np.float32(1e-30)).astype(np.float32)
        made = np.clip(np.rint(rows / scale[:, None]), -levels, levels) * scale[:, None]
        error = np.square(rows - made, dtype=np.float64).sum(axis=1)
        better = error < best
        best, chosen = np.where(better, error, best), np.where(better, scale, chosen).astype(np.float32)
    return np.clip(np.rint(rows / chosen[:, None]), -levels, levels).astype(np.int8), chosen


def _fits(array: NDArray[Any]) -> bool:
    """Whether it is a matrix or the like, and every value has a place in float16."""
    return array.dtype == np.float32 and array.ndim > 1 and array.size > 0 and bool((np.abs(array) <= HALF_MOST).all())
