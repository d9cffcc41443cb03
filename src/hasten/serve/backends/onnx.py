"""ONNX Runtime: one or more graphs, each a session; a matrix, or one array a column, goes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.errors import TargetError
from hasten.serve.answering import Answered
from hasten.serve.devices import CPU
from hasten.serve.inputs import MATRIX, TYPED

CUDA_PROVIDER = "CUDAExecutionProvider"
NOTHING = "\x00 no text"  # what stands for a cell that holds no string: no category and no word is that


def session(
    graph: str | bytes, threads: int | None = None, weights: Mapping[str, NDArray[Any]] | None = None, device: str = CPU
) -> Any:  # fmt: skip
    """A session of ONNX Runtime for the graph in a file, or in memory; `threads` None: as many as there are. `weights`
    are those that the graph does not hold. Raises `TargetError` where `device` is a graphics card and ONNX Runtime has
    none."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads or 0
    settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    # threads that wait busily between calls take the processor from whoever calls
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if weights:
        held = [onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(a)) for a in weights.values()]
        settings.add_external_initializers(list(weights), held)
    if device == CPU:
        return onnxruntime.InferenceSession(graph, settings, providers=["CPUExecutionProvider"])
    if CUDA_PROVIDER in onnxruntime.get_available_providers():
        made = onnxruntime.InferenceSession(graph, settings, providers=[CUDA_PROVIDER, "CPUExecutionProvider"])
        if CUDA_PROVIDER in made.get_providers():  # else it has fallen back, without an error
            return made
    raise TargetError("a graphics card is needed here, and ONNX Runtime has none: pip install onnxruntime-gpu")


def runner(session: Any) -> Callable[[list[str], Mapping[str, Any]], list[Any]]:
    """`session.run` without its look at what is fed, which takes longer than small graphs do; a part feeds what its
    graph takes."""
    direct = getattr(getattr(session, "_sess", None), "run", session.run)
    return lambda names, fed: direct(names, fed, None)


def load(folder: Path, options: Mapping[str, Any], threads: int | None) -> Answered:
    sessions = {name: session(str(folder / name), threads) for name in options["files"]}
    feeds = Feeds(options["inputs"])

    def ask(output: str) -> Callable[[Any], NDArray[Any]]:
        file, _, name = output.partition("/")
        run, names = runner(sessions[file]), [name]
        if feeds.matrix is not None:
            place, dtype, rounded = feeds.matrix
            if rounded:

                def of_rounded(x: NDArray[np.float64]) -> NDArray[Any]:
                    answer: NDArray[Any] = run(names, {place: x.astype(np.float32).astype(dtype)})[0]
                    return answer

                return of_rounded

            def of_matrix(x: NDArray[np.float64]) -> NDArray[Any]:
                answer: NDArray[Any] = run(names, {place: x.astype(dtype, copy=False)})[0]
                return answer

            return of_matrix
        fed = feeds.columns

        def of_columns(x: list[NDArray[Any]]) -> NDArray[Any]:
            answer: NDArray[Any] = run(names, fed(x))[0]
            return answer

        return of_columns

    return Answered(ask, options["answers"], MATRIX if feeds.matrix is not None else TYPED)


class Feeds:
    """What goes into a graph: `inputs` has one entry (name, dtype, known) a graph's input, in the order of columns.

    dtype "matrix:float64" is one input of all columns ("rounded matrix:float64": of numbers that are first rounded to
    float32, as scikit-learn's trees do). `known` are the only texts that the model takes (None: any).
    """

    def __init__(self, inputs: list[list[Any]]) -> None:
        self.matrix: tuple[str, Any, bool] | None = None
        if len(inputs) == 1 and "matrix:" in inputs[0][1]:
            how, _, dtype = inputs[0][1].partition("matrix:")
            self.matrix = inputs[0][0], np.dtype(dtype), bool(how)
            return
        self._each = [
            (place, name, self._reader(dtype, known)) for place, (name, dtype, known) in enumerate(inputs) if name
        ]

    def columns(self, x: list[NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return {name: read(x[place]) for place, name, read in self._each}

    def _reader(self, dtype: str, known: list[str] | None) -> Callable[[NDArray[Any]], NDArray[Any]]:
        flat = dtype.startswith("flat ")
        dtype = dtype.removeprefix("flat ")
        lower = dtype == "lower text"
        if dtype in ("text", "lower text"):
            allowed = None if known is None else frozenset(known)

            def texts(column: NDArray[Any]) -> NDArray[Any]:
                values = column.tolist()
                if lower and any(type(v) is bytes for v in values):
                    values = [v.decode("utf-8") if type(v) is bytes else v for v in values]
                if not all(type(v) is str for v in values):
                    if flat and not all(isinstance(v, str) for v in values):
                        raise ValueError("a text is missing, or is no string")
                    values = [str(v) if isinstance(v, str) else NOTHING for v in values]
                if allowed is not None and not allowed.issuperset(values):
                    unknown = sorted({v for v in values if v not in allowed})[:5]
                    raise ValueError(f"unknown categories: {', '.join(map(repr, unknown))}")
                if lower:
                    values = [v.lower() for v in values]  # as Python does it, whatever the machine's language
                out = np.array(values, object)
                return out if flat else out.reshape(-1, 1)

            return texts
        kind = np.dtype(dtype)
        return lambda column: column.astype(kind, copy=False).reshape(-1, 1)
