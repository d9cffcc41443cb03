"""oneDAL's trees, by daal4py's model builders.

What it does     makes oneDAL's tree layout out of a booster (LightGBM, XGBoost, CatBoost; scikit-learn's through
                 treelite), which answers many rows at once with vector instructions.
When it wins     boosters at hundreds of rows and more.
Precision        as the builder makes it; labels come from the scores.
Holds            a pickle of daal4py's own model, which the part needs daal4py to read.
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
from hasten.passes.model.serving.treelite_trees import imported, is_ensemble, rounds


@dataclass(frozen=True)
class DaalModel:
    code: ClassVar[str] = "HSM114"
    name: ClassVar[str] = "oneDAL"
    risk: ClassVar[Risk] = Risk.ROUNDING
    packages: ClassVar[tuple[str, ...]] = ("daal4py",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        name, root = type(work.model).__name__, type(work.model).__module__.partition(".")[0]
        if root == "catboost" and matrix_of(work.valid.x) is not None:
            yield {}
        elif is_ensemble(work) and (root != "sklearn" or "GradientBoosting" in name):
            yield {}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        from hasten.serve.backends.daal import FILE, opened, save

        save(_converted(work.model), folder)
        single = rounds(work.model) or type(work.model).__module__.startswith("catboost")
        x = matrix_of(some_rows(work))
        assert x is not None
        ask = opened(folder, single, 1)
        outputs: dict[str, Any] = {}
        for name in ("scores", "answer"):
            try:
                outputs[name] = ask(name)(x)
            except (AttributeError, NotImplementedError, TypeError, ValueError):
                continue
        answers = answers_as(work, outputs, by_scores=True)
        return Built("daal", work.methods, {"answers": answers, "rounds": single, "pickle": FILE}, ("daal4py",))


def _converted(model: Any) -> Any:
    from daal4py import mb

    root = type(model).__module__.partition(".")[0]
    try:
        if root == "sklearn":
            return mb.convert_model(imported(model))
        given = getattr(model, "booster_", None) or (model.get_booster() if hasattr(model, "get_booster") else model)
        return mb.convert_model(given)
    except CannotServe:
        raise
    except Exception as error:
        raise CannotServe(f"daal4py does not take it: {' '.join(str(error).split())[:200]}") from error
