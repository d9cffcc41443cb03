"""The booster itself, without its wrapper.

What it does     LightGBM's, XGBoost's and CatBoost's own libraries answer, called as directly as they may be:
                 LightGBM's single-row functions, XGBoost's prediction in place.
When it wins     single rows, where the scikit-learn wrappers cost more than the trees; exact where nothing else is.
Exact            the same code walks the same trees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Built, CannotServe, Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.serving.answers_as import answers_as, matrix_of, some_rows

FILES = {"lightgbm": "model.txt", "xgboost": "model.ubj", "catboost": "model.cbm"}


@dataclass(frozen=True)
class NativeBooster:
    code: ClassVar[str] = "HSM115"
    name: ClassVar[str] = "the booster itself"
    risk: ClassVar[Risk] = Risk.EXACT
    packages: ClassVar[tuple[str, ...]] = ()

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        root = type(work.model).__module__.partition(".")[0]
        if root in FILES and matrix_of(work.valid.x) is not None:
            yield {}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        from hasten.serve.backends.booster import opened

        library = type(work.model).__module__.partition(".")[0]
        options = {"library": library, "file": FILES[library]}
        _save(work.model, library, folder / FILES[library])
        ask = opened(folder, options, 1)
        x = matrix_of(some_rows(work))
        assert x is not None
        outputs: dict[str, Any] = {}
        for name in ("answer", "margin", "label"):
            try:
                outputs[name] = ask(name)(x)
            except (KeyError, ValueError, RuntimeError):
                continue
        if not outputs:
            raise CannotServe(f"{library} does not answer from its own file")
        return Built(
            "booster", work.methods, {**options, "answers": answers_as(work, outputs, by_scores=True)}, (library,)
        )


def _save(model: Any, library: str, file: Path) -> None:
    if library == "lightgbm":
        getattr(model, "booster_", model).save_model(str(file))
    elif library == "xgboost":
        booster = model.get_booster() if hasattr(model, "get_booster") else model
        try:
            best = booster.best_iteration  # what the original answers with, after early stopping
            booster = booster[: best + 1]
        except AttributeError:
            pass
        booster.save_model(str(file))
    else:
        model.save_model(str(file))
