"""What runs in a child process while candidates are made: reductions, then the part that serves."""

from __future__ import annotations

import hashlib
import pickle
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hasten.core.model import HeldTokeniser, ModelWorkload, taken
from hasten.core.model_pass import ReducingPass, ServingPass, Step
from hasten.passes.model.registry import model_pass, serving_passes
from hasten.passes.model.texts.behind import behind, inside, with_texts
from hasten.serve.manifest import InputSchema, Manifest, Part, Route
from hasten.serve.net import Net, is_net
from hasten.verify.answers import Answers, asked

PART = "part"
KEPT = 6  # reduced models that stay in memory: a search goes on from the last ones
_read: dict[str, ModelWorkload] = {}
_after: OrderedDict[tuple[str, str], ModelWorkload] = OrderedDict()


@dataclass(frozen=True)
class Changed:
    """The workload at `path` with another model, and its tokeniser held in another way: its data is not written
    again."""

    path: str
    model: Any
    held: HeldTokeniser | None = None


def workload(path: str) -> ModelWorkload:
    """The workload that was written to `path`, one of texts as passes see it; read once a process."""
    if path not in _read:
        with Path(path).open("rb") as file:
            found = pickle.load(file)
        if isinstance(found, Changed):
            base = workload(found.path)
            found = replace(behind(base, found.held), model=found.model, original=base.model)
        _read[path] = inside(found)
    return _read[path]


def warm(path: str) -> None:
    """Read the workload, and load what its passes need to look at it."""
    work = workload(path)
    for found in serving_passes(nets=is_net(work.model)):
        next(iter(found.parameters(work)), None)


def reduced(path: str, steps: Sequence[Step]) -> ModelWorkload:
    """The workload at `path` after these reductions, one after another."""
    if not steps:
        return workload(path)
    key = path, repr(steps)
    if key not in _after:
        work = reduced(path, steps[:-1])
        found = model_pass(steps[-1].code)
        assert isinstance(found, ReducingPass), steps[-1].code
        original = work.model if work.original is None else work.original
        made = found.reduce(work, steps[-1].parameters)
        after = made if isinstance(made, ModelWorkload) else replace(work, model=made)
        _after[key] = replace(after, original=original)
    _after.move_to_end(key)
    while len(_after) > KEPT:
        _after.popitem(last=False)
    return _after[key]


def reduced_answers(path: str, steps: Sequence[Step], places: Any = None) -> Answers:
    """What the model answers to the validation rows (to those at `places`) after these reductions."""
    work = reduced(path, steps)
    x = work.valid.x if places is None else taken(work.valid.x, places)
    return asked(work.model, x, work.methods)


def net_after(path: str, steps: Sequence[Step]) -> Mapping[str, Any]:
    """The net after these reductions: a digest of its weights, one of their shapes, and what the passes tell of it."""
    import torch

    work = reduced(path, steps)
    net = work.model
    weights, shapes = hashlib.sha256(), hashlib.sha256()
    for name, tensor in net.module.state_dict().items():
        shapes.update(f"{name} {tuple(tensor.shape)} {tensor.dtype};".encode())
        weights.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    shapes.update(f"{net.module}{work.held}".encode())
    weights.update(shapes.digest())
    return {"weights": weights.hexdigest(), "shape": shapes.hexdigest(), "told": list(net.told),
        "curves": net.curves, "multiply_adds": _multiply_adds(work)}  # fmt: skip


def multiply_adds(path: str) -> float:
    """Those of layers with weights, for one row; 0 where nobody can tell."""
    return _multiply_adds(workload(path))


def _multiply_adds(work: ModelWorkload) -> float:
    from hasten.passes.model.nets import export, sensitivity

    if not isinstance(work.model, Net):
        return 0.0
    try:
        return float(sum(sensitivity.multiply_adds(work.model.module, export.example(work)).values()))
    except Exception:  # noqa: BLE001 - it is for information only, and runs the user's module with hooks
        return 0.0


def gradients(path: str, labels: Any) -> Any:
    """What the answers of the net at `path` rest on, by its gradients, shape (rows, groups)."""
    from hasten.passes.model.nets.gradients import gradients as found

    work = workload(path)
    return found(work.model, work.valid.x, labels)


def shapley(path: str, method: str, labels: Any) -> Any:
    """What the answers of the model at `path` rest on, by its own trees or linear terms (`verify/shapley.py`); None
    where it has none."""
    from hasten.verify.shapley import exact

    work = workload(path)
    return exact(work.model, work.valid.x, method, labels)


def refit(path: str, seed: int, folder: str) -> str:
    """Fit the model at `path` again, with other seeds and to a resample of its training rows; the file of the workload
    with it, and beside that the model as its user would have it."""
    from hasten.search.models.refitting import refitted
    from hasten.serve.backends.original import save

    work, place = workload(path), Path(folder)
    place.mkdir(exist_ok=True)
    model = refitted(work, seed)
    save(model, place)
    _read[str(place / "workload.pkl")] = replace(work, model=model)
    return str(place / "workload.pkl")


def within(seconds: float, checkpoint: str, function: str, *args: Any) -> Any:
    """What another function here answers; trainings in it end within `seconds`, and go on from `checkpoint`.

    `args` begin with the path of a workload with a net.
    """
    from hasten.passes.model.nets.training import limited, settle_threads

    settle_threads(workload(args[0]))
    with limited(seconds, Path(checkpoint)):
        return globals()[function](*args)


def reduce(path: str, steps: Sequence[Step], out: str) -> None:
    """Write the workload after these reductions to `out`."""
    import cloudpickle

    _read[out] = reduced(path, steps)
    with Path(out).open("wb") as file:
        cloudpickle.dump(_read[out], file)


def reduce_net(path: str, steps: Sequence[Step], out: str) -> None:
    """Write the net after these reductions to `out`, without the data."""
    import cloudpickle

    _read[out] = reduced(path, steps)
    with Path(out).open("wb") as file:
        cloudpickle.dump(Changed(path, _read[out].model, _read[out].held), file)


def build(path: str, step: Step, folder: str, schema: InputSchema, name: str) -> Mapping[str, Any]:
    """Build one candidate into `folder`, in the shape of an artifact with one part. Gives what its part needs."""
    work = workload(path)
    found = model_pass(step.code)
    assert isinstance(found, ServingPass), step.code
    place = Path(folder) / "parts" / PART
    place.mkdir(parents=True)
    built = with_texts(work, found.build(work, place, step.parameters), place)
    part = Part(built.backend, built.methods, built.options, built.packages)
    missing = [m for m in work.methods if m not in built.methods]
    if missing:
        from hasten.core.model_pass import CannotServe

        raise CannotServe(f"it does not answer {', '.join(missing)}")
    Manifest(name, work.methods, schema, {PART: part}, (Route(None, PART),), PART).write(Path(folder))
    return {"packages": built.packages, "backend": built.backend}
