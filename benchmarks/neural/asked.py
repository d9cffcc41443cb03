"""What runs in a process of its own: one way to answer for one net, its answers and its times."""

from __future__ import annotations

import gc
import inspect
import time
from collections.abc import Mapping
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
    x, tokenise, plain = case["x"], case["tokeniser"], case["module"].eval()
    _state.update(x=x, inputs={})
    if way == "hasten":
        import hasten

        served = hasten.load(artifact, threads=threads)
        _state["ask"] = served if tokenise is not None else lambda given: served.forward(**given)
        return
    if way == "Torch-Pruning":  # a module like the original
        from hasten.search.models.building import workload

        module = workload(str(Path(artifact) / "parts" / "net.pkl")).model.module.eval()
    elif artifact:
        tool = _tool(Path(artifact), threads)
        if tokenise is None:
            _state["ask"] = lambda given: tool(list(given.values()))
        else:  # behind the user's own tokeniser
            names = list(inspect.signature(plain.forward).parameters)

            def behind(texts: list[str]) -> Any:
                made = tokenise(texts)
                held = [made[n] for n in names if n in made] if isinstance(made, Mapping) else [made]
                return tool([t.numpy() for t in held])

            _state["ask"] = behind
        return
    else:
        module = torch.compile(plain, dynamic=True) if way == "torch.compile" else plain
    parameters = list(inspect.signature(plain.forward).parameters)

    def eager(given: Any) -> Any:
        with torch.inference_mode():
            if tokenise is None:
                return module(**{n: torch.from_numpy(a) for n, a in given.items()}).numpy()
            made = tokenise(given)
            if isinstance(made, Mapping):
                return module(**{n: made[n] for n in parameters if n in made}).numpy()
            return module(made).numpy()

    _state["ask"] = eager


def count(x: Any) -> int:
    """How many rows."""
    return len(x) if isinstance(x, list) else len(next(iter(x.values())))


def take(x: Any, places: Any) -> Any:
    """The rows at `places`: a slice, or row numbers."""
    if isinstance(x, list):
        return x[places] if isinstance(places, slice) else [x[i] for i in places]
    return {n: np.ascontiguousarray(a[places]) for n, a in x.items()}


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
    return np.concatenate([ask(take(x, slice(at, at + 64))) for at in range(0, count(x), 64)])


def clock(rows: int, seconds: float) -> float:
    """The median time of a call at `rows` rows, s."""
    inputs = _state["inputs"].get(rows)
    if inputs is None:
        draw = np.random.default_rng([rows, 1])
        x = _state["x"]
        inputs = [take(x, draw.choice(count(x), rows, replace=rows > count(x))) for _ in range(SAMPLES)]
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
