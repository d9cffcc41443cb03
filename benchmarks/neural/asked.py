"""What runs in a process of its own: one way to answer for one net, its answers and its times."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np

SAMPLES = 8
_state: dict[str, Any] = {}


def prepare(file: str, way: str, artifact: str, threads: int) -> None:
    """Read the case at `file`; make ready the module ("original", "torch.compile"), or the artifact at `artifact`."""
    import torch

    torch.set_num_threads(threads)
    with Path(file).open("rb") as handle:
        case = cloudpickle.load(handle)
    x = case["x"]
    if way == "hasten":
        import hasten

        ask = hasten.load(artifact, threads=threads).forward
        _state.update(ask=lambda given: ask(**given), x=x, inputs={})
        return
    if artifact:
        tool = _tool(Path(artifact), threads)
        _state.update(ask=lambda given: tool(list(given.values())), x=x, inputs={})
        return
    module = case["module"].eval()
    if way == "torch.compile":
        module = torch.compile(module, dynamic=True)

    def eager(given: dict[str, Any]) -> Any:
        with torch.inference_mode():
            return module(**{n: torch.from_numpy(a) for n, a in given.items()}).numpy()

    _state.update(ask=eager, x=x, inputs={})


def _tool(artifact: Path, threads: int) -> Any:
    """A single tool as its user asks it: arrays in the order of the net's inputs go straight into the runtime, without
    anything that an artifact checks."""
    from hasten.core.model import FORWARD
    from hasten.serve.backends import open_part
    from hasten.serve.manifest import read_manifest

    (name, part), *_ = read_manifest(artifact).parts.items()
    return open_part(part, artifact / "parts" / name, threads).method(FORWARD)


def answers() -> Any:
    """The scores of all rows, 64 at a time."""
    x, ask = _state["x"], _state["ask"]
    rows = len(next(iter(x.values())))
    return np.concatenate([ask({n: a[at : at + 64] for n, a in x.items()}) for at in range(0, rows, 64)])


def clock(rows: int, seconds: float) -> float:
    """The median time of a call at `rows` rows, s."""
    inputs = _state["inputs"].get(rows)
    if inputs is None:
        draw = np.random.default_rng([rows, 1])
        x = _state["x"]
        total = len(next(iter(x.values())))
        inputs = []
        for _ in range(SAMPLES):
            places = draw.choice(total, rows, replace=rows > total)
            inputs.append({n: np.ascontiguousarray(a[places]) for n, a in x.items()})
        _state["inputs"][rows] = inputs
        for given in inputs[:3]:
            _state["ask"](given)
    took: list[float] = []
    gc.collect()
    end = time.perf_counter() + seconds
    while len(took) < 3 or time.perf_counter() < end:
        given = inputs[len(took) % SAMPLES]
        start = time.perf_counter()
        _state["ask"](given)
        took.append(time.perf_counter() - start)
    return float(np.median(took))
