"""What runs in a process of its own: one way to answer for one model, its answers and its times."""

from __future__ import annotations

import gc
import pickle
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.models.cases import some

SAMPLES = 8
_state: dict[str, Any] = {}


def prepare(file: str, way: str, artifact: str, threads: int) -> None:
    """Read the case at `file`; make ready what `way` names: "original", "hasten", "by hand", or a rival."""
    from benchmarks.models.hand import HAND
    from benchmarks.models.rivals import rival

    with Path(file).open("rb") as handle:
        case = pickle.load(handle)
    x, method, model = case["x"], case["method"], case["model"]
    row = None
    if way == "original":
        ask = getattr(model, method)
    elif way == "hasten":
        import hasten

        ask = row = getattr(hasten.load(artifact, threads=threads), method)
    elif way == "by hand":
        ask, row = HAND[case["name"]](model)
    else:
        ask = rival(way, model, x, method, threads)
    _state.update(ask=ask, row=row, x=x, inputs={})


def answers() -> Any:
    """What it answers to all rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(_state["ask"](_state["x"]))


def clock(rows: int, seconds: float) -> float:
    """The median time of a call at `rows` rows, s; 0 rows: one row as a dict, where it takes one (else NaN)."""
    inputs = _state["inputs"].get(rows)
    if inputs is None:
        draw = np.random.default_rng([rows, 1])
        x = _state["x"]
        places = [draw.choice(len(x), max(rows, 1), replace=rows > len(x)).tolist() for _ in range(SAMPLES)]
        inputs = [some(x, p) for p in places]
        if rows == 0:
            inputs = [i.to_dict("records")[0] for i in inputs]
        _state["inputs"][rows] = inputs
    ask = _state["row"] if rows == 0 else _state["ask"]
    if ask is None:
        return float("nan")
    took = []
    gc.collect()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        end = time.perf_counter() + seconds
        while len(took) < 3 or time.perf_counter() < end:
            given = inputs[len(took) % SAMPLES]
            start = time.perf_counter()
            ask(given)
            took.append(time.perf_counter() - start)
    return float(np.median(took))
