"""What runs in a child process (`observe/child.py`): loading a model or an artifact, asking it, timing its calls."""

from __future__ import annotations

import gc
import pickle
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hasten.core.model import taken
from hasten.verify.answers import Answer, asked

_state: dict[str, Any] = {}


def load_pickle(path: str) -> float:
    """The original, as its user has it. Gives the seconds that reading it took."""
    start = time.perf_counter()
    with Path(path).open("rb") as file:
        _state["model"] = pickle.load(file)
    return time.perf_counter() - start


def load_artifact(folder: str, threads: int | None) -> float:
    """An artifact, or a candidate in the shape of one. Gives the seconds that reading it took."""
    start = time.perf_counter()
    from hasten.serve.served import load

    _state["model"] = load(folder, threads=threads)
    return time.perf_counter() - start


def load_inputs(path: str) -> int:
    """The inputs that later questions name by their place; gives how many there are."""
    with Path(path).open("rb") as file:
        _state["inputs"] = pickle.load(file)
    return len(_state["inputs"])


def more_inputs(path: str) -> int:
    """One more input, of the file; gives its place."""
    with Path(path).open("rb") as file:
        _state["inputs"] = [*_state["inputs"], *pickle.load(file)]
    return len(_state["inputs"]) - 1


def answers(places: Sequence[int], methods: tuple[str, ...]) -> list[dict[str, Answer]]:
    """What the model answers to the inputs at `places`."""
    return [asked(_state["model"], _state["inputs"][i], methods) for i in places]


def some_answers(rows: Any, methods: tuple[str, ...]) -> dict[str, Answer]:
    """What the model answers to these rows of the first input."""
    return asked(_state["model"], taken(_state["inputs"][0], rows), methods)


def clock(places: Sequence[int], method: str, seconds: float, least: int = 3) -> list[float]:
    """Seconds of single calls of `method`, back to back for about `seconds`, `least` calls at least.

    The inputs at `places` (of one size) are asked in turn, so that no call finds its answer in a cache.
    """
    ask, xs = getattr(_state["model"], method), [_state["inputs"][i] for i in places]
    took: list[float] = []
    now = time.perf_counter
    gc.collect()
    end = now() + seconds
    at = 0
    while True:
        x = xs[at % len(xs)]
        at += 1
        start = now()
        ask(x)
        stop = now()
        took.append(stop - start)
        if stop >= end and len(took) >= least:
            return took


def attributions(place: int, method: str, labels: Any) -> Any:
    """What the model's answers to the input at `place` rest on, shape (rows, groups)."""
    from hasten.verify.answers import dense
    from hasten.verify.attributions import attributions as found

    ask = getattr(_state["model"], method)
    return found(lambda x: dense(ask(x)), _state["inputs"][place], labels)


def shapley(place: int, method: str, labels: Any, seconds: float, orders: int | None = None) -> Any:
    """The same by Shapley values (`verify/shapley.py`), for so many orders of columns as `seconds` allow (`orders`:
    exactly so many); None where they allow none."""
    from hasten.verify.answers import dense
    from hasten.verify.shapley import sampled

    ask = getattr(_state["model"], method)
    return sampled(lambda x: dense(ask(x)), _state["inputs"][place], labels, seconds, orders)


def state() -> dict[str, Any]:
    """What was loaded (for functions that run in the same child)."""
    return _state
