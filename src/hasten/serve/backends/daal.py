"""oneDAL's trees, through daal4py."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.serve.answering import Answered

FILE = "model.pkl"
Ask = Callable[[str], Callable[[NDArray[np.float64]], NDArray[Any]]]


def save(model: Any, folder: Path) -> None:
    (folder / FILE).write_bytes(pickle.dumps(model))


def opened(folder: Path, rounds: bool, threads: int | None) -> Ask:
    """What gives a function for an output: "answer" (labels or numbers), or "scores" (probabilities)."""
    import daal4py

    if threads is not None:
        daal4py.daalinit(nthreads=threads)
    model = pickle.loads((folder / FILE).read_bytes())

    def ask(output: str) -> Callable[[NDArray[np.float64]], NDArray[Any]]:
        asked = model.predict_proba if output == "scores" else model.predict

        def run(x: NDArray[np.float64]) -> NDArray[Any]:
            answer = np.asarray(asked(x.astype(np.float32).astype(np.float64) if rounds else x))
            return answer.reshape(len(x), -1)

        return run

    return ask


def load(folder: Path, options: Mapping[str, Any], threads: int | None) -> Answered:
    return Answered(opened(folder, options["rounds"], threads), options["answers"])
