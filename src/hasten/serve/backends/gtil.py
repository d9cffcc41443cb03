"""Treelite's interpreter of trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.serve.answering import Answered

FILE = "model.tl"
Ask = Callable[[str], Callable[[NDArray[np.float64]], NDArray[Any]]]


def opened(folder: Path, rounds: bool, threads: int | None) -> Ask:
    """What gives a function for an output: "answer", or "margin" (before the last transformation)."""
    from treelite import Model, gtil

    model = Model.deserialize(str(folder / FILE))
    dtype = np.dtype(model.input_type)
    count = threads or -1

    def ask(output: str) -> Callable[[NDArray[np.float64]], NDArray[Any]]:
        margin = output == "margin"

        def run(x: NDArray[np.float64]) -> NDArray[Any]:
            rows = x.astype(np.float32).astype(dtype, copy=False) if rounds else x.astype(dtype, copy=False)
            answer: NDArray[Any] = gtil.predict(model, rows, nthread=count, pred_margin=margin)
            return answer.reshape(len(x), -1)

        return run

    return ask


def load(folder: Path, options: Mapping[str, Any], threads: int | None) -> Answered:
    return Answered(opened(folder, options["rounds"], threads), options["answers"])
