"""What runs in a child process while candidates are made: reductions, then the part that serves."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import ReducingPass, ServingPass, Step
from hasten.passes.model.registry import model_pass
from hasten.serve.manifest import InputSchema, Manifest, Part, Route

PART = "part"
_read: dict[str, ModelWorkload] = {}


def workload(path: str) -> ModelWorkload:
    """The workload that was written to `path`; read once a process."""
    if path not in _read:
        with Path(path).open("rb") as file:
            _read[path] = pickle.load(file)
    return _read[path]


def reduced(work: ModelWorkload, steps: Sequence[Step]) -> ModelWorkload:
    """The workload after these reductions, one after another."""
    for step in steps:
        found = model_pass(step.code)
        assert isinstance(found, ReducingPass), step.code
        work = replace(work, model=found.reduce(work, step.parameters))
    return work


def reduce(path: str, steps: Sequence[Step], out: str) -> int:
    """Write the workload after these reductions to `out`; gives the bytes of its pickled model."""
    import cloudpickle

    work = reduced(workload(path), steps)
    with Path(out).open("wb") as file:
        cloudpickle.dump(work, file)
    return len(cloudpickle.dumps(work.model))


def build(path: str, step: Step, folder: str, schema: InputSchema, name: str) -> Mapping[str, Any]:
    """Build one candidate into `folder`, in the shape of an artifact with one part. Gives what its part needs."""
    work = workload(path)
    found = model_pass(step.code)
    assert isinstance(found, ServingPass), step.code
    place = Path(folder) / "parts" / PART
    place.mkdir(parents=True)
    built = found.build(work, place, step.parameters)
    part = Part(built.backend, built.methods, built.options, built.packages)
    missing = [m for m in work.methods if m not in built.methods]
    if missing:
        from hasten.core.model_pass import CannotServe

        raise CannotServe(f"it does not answer {', '.join(missing)}")
    Manifest(name, work.methods, schema, {PART: part}, (Route(None, PART),), PART).write(Path(folder))
    return {"packages": built.packages, "backend": built.backend}


def load_model(path: str) -> None:
    """The model of the workload at `path` is what this child is asked from now on."""
    from hasten.measure.asked import state

    state()["model"] = workload(path).model
