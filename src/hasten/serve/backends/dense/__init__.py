"""Pipelines of numbers as a list of operations on a few rows at a time, by one small C library (`dense.c`)."""

from __future__ import annotations

import ctypes
import pickle
import shutil
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.serve.answering import Answered
from hasten.serve.backends import Ask
from hasten.serve.native import compiled, opened, runner

ARRAYS, LIBRARY, SOURCE, MODULE = "dense.npz", "dense.so", "dense.c", "hasten_dense"
# kinds of operation and of what the last values become, in the order of dense.c
OPS = (
    "sub", "div", "mul", "add", "clip", "take", "fill", "dense", "relu", "tanh", "logistic", "exp", "finite", "not inf",
    "norms", "apart", "rbf", "poly", "sigmoid", "votes", "nearest",
)  # fmt: skip
ENDS = ("as they are", "softmax", "pair", "each sigmoid", "highest", "lowest", "above", "roots")
PLACES = ("highest", "lowest", "above")
TILE = 16  # as in dense.c: weights are padded to as many outputs
REFUSED = {
    1: "Input X contains NaN: the model takes none; fill or drop such rows first",
    2: "Input X contains infinity or a value too large for dtype('float64')",
}
NO_MEMORY, TIED = 3, 4


class Tied(Exception):
    """Which of several equally near points count is for the original to say, in the rows where `rows` is true."""

    def __init__(self, rows: NDArray[np.bool_]) -> None:
        super().__init__("equally near points")
        self.rows = rows


@dataclass(frozen=True)
class Op:
    """One operation; `width` is how many values a row has after it. `a`: an array of one number a value, weights
    (values before, width), or points (width, values before); `b`: what is added to each sum."""

    kind: str
    width: int
    a: NDArray[np.float64] | None = None
    b: NDArray[np.float64] | None = None
    c: float = 0.0
    d: float = 0.0
    places: Sequence[int] = ()
    way: int = 0


@dataclass(frozen=True)
class Output:
    """One thing that is computed: operations, and what their last values become; above `limit` is place 1."""

    ops: tuple[Op, ...]
    end: str = "as they are"
    limit: float = 0.0


@dataclass
class _Program:
    """An output's operations in memory as `dense.c` reads them."""

    address: int
    wide: int
    end: int
    limit: float
    kept: list[Any] = field(default_factory=list)


class Programs:
    """`ask(output)` gives what computes an output from a C-contiguous float64 matrix. Raises `ValueError`."""

    def __init__(self, library: Any, outputs: Mapping[str, Output], features: int) -> None:
        leading = ctypes.c_void_p, ctypes.c_int, ctypes.c_double
        self._run = runner(library, "dense_run", leading, _columns)
        self._programs = {name: _program(o, features) for name, o in outputs.items()}

    def ask(self, output: str) -> Callable[[Any], NDArray[Any]]:
        program, run, empty = self._programs[output], self._run, np.empty  # `program` keeps its arrays alive
        flat, dtype = ENDS[program.end] in PLACES, np.dtype(np.int64 if ENDS[program.end] in PLACES else np.float64)
        end, limit, wide = program.end, program.limit, program.wide

        def answer(x: NDArray[np.float64]) -> NDArray[Any]:
            out = empty(len(x) if flat else (len(x), wide), dtype)
            code = run(program.address, end, limit, x, out, wide)
            if not code:
                return out
            if code == TIED:
                raise Tied(np.isnan(out[:, 0]))
            raise MemoryError if code == NO_MEMORY else ValueError(REFUSED[code])

        return answer


class Dense(Answered):
    """Answers from an output's numbers. `original` is the model's pickle, for rows that are `Tied`: read when the first
    one comes."""

    refuses = frozenset(("nan", "infinite"))

    def __init__(self, made: Programs, answers: Mapping[str, Any], original: Path | None) -> None:
        super().__init__(made.ask, answers)
        self._original = original
        self._model: Any = None

    def method(self, name: str) -> Ask:
        answer = super().method(name)
        if self._original is None:
            return answer

        def untied(x: NDArray[np.float64]) -> NDArray[Any]:
            try:
                return answer(x)
            except Tied as tied:
                rows = tied.rows
                said = self._asked(name, x[rows])
            if rows.all():
                return said
            plain = answer(x[~rows])
            out = np.empty((len(x), *plain.shape[1:]), plain.dtype)
            out[rows], out[~rows] = said, plain
            return out

        return untied

    def _asked(self, name: str, x: NDArray[np.float64]) -> NDArray[Any]:
        if self._model is None:
            assert self._original is not None
            self._model = pickle.loads(self._original.read_bytes())
        said: NDArray[Any] = getattr(self._model, name)(x)
        return said


def _program(output: Output, features: int) -> _Program:
    kept: list[Any] = []

    def at(array: NDArray[Any] | None) -> int:
        if array is None:
            return 0
        kept.append(array)
        return int(array.ctypes.data)

    packed, widest, width = b"", _tiles(features), features
    for op in output.ops:
        a, b = op.a, op.b
        stride = op.width
        if op.kind in ("dense", "apart"):
            assert a is not None
            stride = _tiles(op.width)
            a = _padded(a if op.kind == "dense" else a.T, stride)
            b = _padded(np.zeros((1, op.width)) if b is None else b.reshape(1, -1), stride)
        elif a is not None:
            a = np.ascontiguousarray(a, np.float64)
        places = np.array(op.places, np.int64) if op.places else None
        numbers = (OPS.index(op.kind), op.width, stride, at(a), at(b), op.c, op.d, at(places), op.way)
        packed += struct.pack("qqqqqddqq", *numbers)
        width = op.width
        widest = max(widest, _tiles(2 * width if op.kind == "votes" else width))
    ops = np.frombuffer(packed, np.uint8).copy()
    program = np.array([features, widest, len(output.ops), ops.ctypes.data], np.int64)
    kept += [ops, program]
    wide = 1 if output.end in PLACES else 2 if output.end == "pair" else width
    return _Program(program.ctypes.data, wide, ENDS.index(output.end), output.limit, kept)


def _tiles(width: int) -> int:
    return -(-width // TILE) * TILE


def _padded(a: NDArray[Any], stride: int) -> NDArray[np.float64]:
    out = np.zeros((a.shape[0], stride))
    out[:, : a.shape[1]] = a
    return out


def _columns(program: int) -> int:
    """How many columns a program is for."""
    return int(ctypes.cast(program, ctypes.POINTER(ctypes.c_int64))[0])


def save(outputs: Mapping[str, Output], folder: Path) -> dict[str, Any]:
    """Write the arrays, the C source and the compiled library; gives what `load` needs. Raises `TargetError` where
    nothing compiles."""
    shutil.copyfile(Path(__file__).parent / SOURCE, folder / SOURCE)
    compiled(folder / SOURCE, folder / LIBRARY)
    arrays: dict[str, NDArray[Any]] = {}
    names: dict[int, str] = {}

    def named(array: NDArray[Any] | None) -> str | None:
        if array is None:
            return None
        if id(array) not in names:  # outputs share operations
            names[id(array)] = f"a{len(arrays)}"
            arrays[names[id(array)]] = array
        return names[id(array)]

    told = {
        name: {
            "end": o.end, "limit": o.limit,
            "ops": [[p.kind, p.width, named(p.a), named(p.b), p.c, p.d, list(p.places), p.way] for p in o.ops],
        }
        for name, o in outputs.items()
    }  # fmt: skip
    with (folder / ARRAYS).open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    return told


def programs(folder: Path, told: Mapping[str, Any], features: int) -> Programs:
    with np.load(folder / ARRAYS, allow_pickle=False) as held:
        arrays: dict[str | None, Any] = {None: None, **held}
    outputs = {
        name: Output(
            tuple(Op(k, w, arrays[a], arrays[b], c, d, places, way) for k, w, a, b, c, d, places, way in o["ops"]),
            o["end"], o["limit"],
        )
        for name, o in told.items()
    }  # fmt: skip
    return Programs(opened(folder / LIBRARY, folder / SOURCE, MODULE), outputs, features)


def load(folder: Path, options: Mapping[str, Any], threads: int | None) -> Dense:
    original = folder / options["pickle"] if "pickle" in options else None
    return Dense(programs(folder, options["outputs"], options["features"]), options["answers"], original)
