"""Tree ensembles from flat arrays, by one small C library (`trees.c`)."""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.serve.backends import Ask
from hasten.serve.inputs import MATRIX
from hasten.serve.manifest import values_from_json
from hasten.serve.native import compiled, opened, runner

ARRAYS, LIBRARY, SOURCE = "trees.npz", "trees.so", "trees.c"
SOURCES = (SOURCE, "trees_walk.h")
MODULE = "hasten_trees"
# the fields of Model in trees.c, in order; those of `head` come first
FIELDS = (
    "source", "rule", "set_start", "set_bits", "sets", "init", "nodes", "root", "depth", "out", "kind", "leaf_start",
    "values", "rows_of", "order", "walked", "test_start", "test_count", "test_key", "test_column", "test_mask",
    "test_mask32",
)  # fmt: skip
MANY = 1 << 18  # rows times trees from which threads share the work
FLOATS, LABELS = {"float64": 0, "float32": 1}, 2  # what is written
NO_MEMORY, NO_ROWS = 3, 4
REFUSED = {
    1: "Input X contains NaN: the model takes none; fill or drop such rows first",
    2: "Input X contains infinity or a value too large for dtype('float32')",
    NO_ROWS: "Found array with 0 sample(s) while a minimum of 1 is required",
}


class Trees:
    """Answers from the arrays. Inputs are float64 matrices."""

    takes = MATRIX

    def __init__(self, library: Any, arrays: Mapping[str, NDArray[Any]], answers: Any, threads: int | None) -> None:
        self._arrays = {k: np.ascontiguousarray(v) for k, v in arrays.items()}
        head = self._arrays["head"].tolist()
        fields = [int(self._arrays[f][0]) if f == "walked" else self._arrays[f].ctypes.data for f in FIELDS]
        self._model = np.array([*head, *fields], np.int64)
        self._trees, flags = head[2], head[7]
        # those of `REFUSE_NAN` and `REFUSE_INF` in trees.c; a model of float64 refuses no infinity
        self.refuses = frozenset(name for name, bit in (("nan", 1), ("inf", 2)) if flags & bit)
        self._answers = answers
        self._run = runner(library, "trees_run", (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int))
        self._kept: list[Any] = []
        self.threads = threads if threads is not None else len(os.sched_getaffinity(0))

    def method(self, name: str) -> Ask:
        told = self._answers[name]
        table = None
        classes = None if told["classes"] is None else values_from_json(told["classes"])
        by_place = classes is not None and (classes.dtype.itemsize != 8 or classes.dtype.kind not in "iuf")
        if classes is not None and not by_place:
            table = np.ascontiguousarray(classes)
        packed = struct.pack(
            "qqdddq", told["transform"], told["label"], told["a"], told["b"], told["c"],
            0 if table is None else table.ctypes.data,
        )  # fmt: skip
        spec = np.frombuffer(packed, np.uint8).copy()
        self._kept += [table, spec]
        model, answer, run, trees = self._model.ctypes.data, spec.ctypes.data, self._run, self._trees
        shape = tuple(told["shape"])
        empty = np.empty
        many = MANY // max(1, trees) if self.threads > 1 else 1 << 62
        kept = self  # the arrays live as long as what reads them

        nothing, many_shape = told["empty"], list(shape)

        def go(x: NDArray[np.float64], as_: int, out: NDArray[Any]) -> NDArray[Any]:
            code = run(model, answer, as_, x, out) if len(x) < many else kept._shared(model, answer, as_, x, out)
            if not code:
                return out
            if code == NO_ROWS and nothing is not None:
                return out if nothing == [0, *many_shape] else empty(nothing, out.dtype)
            raise MemoryError if code == NO_MEMORY else ValueError(REFUSED[code])

        as_ = LABELS if classes is not None else FLOATS[told["dtype"]]
        dtype = np.dtype(told["dtype"]) if classes is None else np.dtype(np.int64) if by_place else classes.dtype
        if not shape:

            def ask(x: NDArray[np.float64]) -> NDArray[Any]:
                rows = len(x)
                out = empty(rows, dtype)
                if rows < many and not run(model, answer, as_, x, out):
                    return out
                return go(x, as_, out)  # by several threads, or once more for what it refuses

        else:
            width = shape[0]

            def ask(x: NDArray[np.float64]) -> NDArray[Any]:
                rows = len(x)
                out = empty((rows, width), dtype)
                if rows < many and not run(model, answer, as_, x, out):
                    return out
                return go(x, as_, out)

        if classes is None or not by_place:
            return ask
        take = classes.take
        return lambda x: take(ask(x))

    def row(self, name: str) -> None:
        return None

    def _shared(self, model: int, answer: int, as_: int, x: NDArray[np.float64], out: NDArray[Any]) -> int:
        """The same by several threads, each its own rows."""
        from concurrent.futures import ThreadPoolExecutor

        size = -(-len(x) // self.threads // 16) * 16 or 16
        parts = [slice(at, at + size) for at in range(0, len(x), size)]
        with ThreadPoolExecutor(len(parts)) as pool:
            codes = list(pool.map(lambda s: self._run(model, answer, as_, x[s], out[s]), parts))
        return max(codes)


def load(folder: Path, options: Mapping[str, Any], threads: int | None) -> Trees:
    library = opened(folder / LIBRARY, folder / SOURCE, MODULE)
    with np.load(folder / ARRAYS, allow_pickle=False) as held:
        arrays = dict(held)
    return Trees(library, arrays, options["answers"], threads)


def save(arrays: Mapping[str, NDArray[Any]], folder: Path) -> None:
    """Write the arrays, the C source and the compiled library. Raises `TargetError` where nothing compiles."""
    here = Path(__file__).parent
    for name in SOURCES:
        shutil.copyfile(here / name, folder / name)
    compiled(folder / SOURCE, folder / LIBRARY)
    with (folder / ARRAYS).open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
