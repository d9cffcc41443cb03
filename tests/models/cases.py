"""A serving pass beside the original: built, loaded, and judged over data and varied inputs."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from hasten.core.model import METHODS, ModelContract, ModelWorkload, Rows, taken
from hasten.core.model_pass import Parameters, ServingPass
from hasten.search.models.inputs import inputs_of
from hasten.search.models.judge import Judge, Verdict
from hasten.serve.manifest import Manifest, Part, Route
from hasten.serve.served import Served, load
from hasten.verify.answers import asked
from hasten.verify.schema import schema_of


def work_of(model: Any, x: Any, y: Any = None) -> ModelWorkload:
    """A workload with every method that the model answers on these rows."""
    methods = []
    for method in METHODS:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                getattr(model, method)(taken(x, slice(0, 2)))
        except Exception:  # noqa: BLE001
            continue
        methods.append(method)
    return ModelWorkload(model, Rows(x, y), methods=tuple(methods))


def served(work: ModelWorkload, found: ServingPass, parameters: Parameters, folder: Path) -> Served:
    """What the pass builds, as an artifact with one part."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inputs = inputs_of(work.valid.x, (1,), 0, model=work.model)
        varied = {n: asked(work.model, inputs.all[1 + i], work.methods) for i, n in enumerate(inputs.varied)}
        place = folder / "parts" / "part"
        place.mkdir(parents=True)
        built = found.build(work, place, parameters)
        part = Part(built.backend, built.methods, built.options, built.packages)
        schema = schema_of(work.valid, varied)
        Manifest("m", work.methods, schema, {"part": part}, (Route(None, "part"),), "part").write(folder)
        return load(folder, threads=1)


def judged(work: ModelWorkload, found: ServingPass, folder: Path, parameters: Parameters | None = None) -> Verdict:
    """The verdict on the pass's first (or the given) parameters."""
    if parameters is None:
        parameters = next(iter(found.parameters(work)))
    made = served(work, found, parameters, folder)
    inputs = inputs_of(work.valid.x, (1,), 0, model=work.model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        places = range(1 + len(inputs.varied))
        old = [asked(work.model, inputs.all[i], work.methods) for i in places]
        new = [asked(made, inputs.all[i], work.methods) for i in places]
        alone = [asked(work.model, inputs.all[table], work.methods) for table, _ in inputs.rows]
        rows = [tuple(asked(made, inputs.all[i], work.methods) for i in both) for both in inputs.rows]
    judge = Judge(ModelContract(), work, None, old[0], dict(zip(inputs.varied, old[1:], strict=True)), 0, alone)
    return judge.of(new[0], dict(zip(inputs.varied, new[1:], strict=True)), rows)


def split(x: Any, y: Any, seed: int = 0) -> tuple[Any, Any, Any, Any]:
    """Training and validation rows (2 to 1), shuffled."""
    order = np.random.default_rng(seed).permutation(len(y))
    cut = 2 * len(y) // 3
    train, valid = order[:cut].tolist(), order[cut:].tolist()
    return taken(x, train), taken(np.asarray(y), train), taken(x, valid), taken(np.asarray(y), valid)
