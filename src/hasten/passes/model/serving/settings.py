"""The model with other settings of its run.

What it does     a copy of the scikit-learn model that starts no threads (`n_jobs=1`), looks at its inputs once instead
                 of at every step (`assume_finite`, no names of columns), and validates no parameters.
When it wins     forests and votes that were trained with several jobs (threads cost more than small batches take), long
                 pipelines, k-NN; and where nothing else can serve the model.
Exact            the same code computes.
Holds            a pickle, which the part needs scikit-learn to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Built, Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.serving.answers_as import matrix_of

HELD = ("estimators_", "estimators", "steps", "transformers_", "transformers", "transformer_list")
ONE = ("final_estimator_", "estimator_", "best_estimator_", "base_estimator_", "estimator", "regressor_")


@dataclass(frozen=True)
class RunSettings:
    code: ClassVar[str] = "HSM116"
    name: ClassVar[str] = "the model with other settings"
    risk: ClassVar[Risk] = Risk.EXACT
    packages: ClassVar[tuple[str, ...]] = ("sklearn",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if type(work.model).__module__.partition(".")[0] != "sklearn":
            return
        if matrix_of(work.valid.x) is not None and not _by_name(work.model):
            yield {"unchecked": True}
        elif any(getattr(e, "n_jobs", None) not in (None, 1) for e in inside(work.model)):
            yield {"unchecked": False}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        from hasten.serve.backends.original import FILE, save

        unchecked = bool(parameters["unchecked"])
        model = deepcopy(work.model)
        for each in inside(model):
            if getattr(each, "n_jobs", None) not in (None, 1):
                each.n_jobs = 1
            if unchecked and "feature_names_in_" in vars(each):
                del each.feature_names_in_
        save(model, folder)
        return Built("settings", work.methods, {"unchecked": unchecked, "pickle": FILE}, ("sklearn",))


def inside(model: Any, seen: set[int] | None = None) -> Iterator[Any]:
    """The model and every estimator inside it."""
    seen = set() if seen is None else seen
    if id(model) in seen or not hasattr(model, "get_params"):
        return
    seen.add(id(model))
    yield model
    for name in HELD:
        held: Any = getattr(model, name, None)
        if held is not None and hasattr(held, "ravel"):
            held = held.ravel()
        for each in held if isinstance(held, (list, tuple)) or hasattr(held, "ravel") else ():
            for part in each if isinstance(each, tuple) else (each,):
                yield from inside(part, seen)
    for name in ONE:
        yield from inside(getattr(model, name, None), seen)


def _by_name(model: Any) -> bool:
    """Whether something inside takes columns by their names."""
    return any(hasattr(e, "transformers_") for e in inside(model))
