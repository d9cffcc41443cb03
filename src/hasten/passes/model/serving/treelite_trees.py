"""Tree ensembles as treelite knows them: what GTIL and tl2cgen build from."""

from __future__ import annotations

from typing import Any

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.answers_as import matrix_of
from hasten.passes.model.serving.onnx_trees import rounds_inputs

OURS = (
    "RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor", "IsolationForest",
    "GradientBoostingClassifier", "GradientBoostingRegressor", "HistGradientBoostingClassifier",
    "HistGradientBoostingRegressor",
)  # fmt: skip


def is_ensemble(work: ModelWorkload) -> bool:
    """Whether it is an ensemble of trees over rows of numbers."""
    model = work.model
    root = type(model).__module__.partition(".")[0]
    if matrix_of(work.valid.x) is None:
        return False
    return (root == "sklearn" and type(model).__name__ in OURS) or root in ("lightgbm", "xgboost")


def imported(model: Any) -> Any:
    """As a treelite model. Raises `CannotServe`."""
    import treelite

    root = type(model).__module__.partition(".")[0]
    try:
        if root == "sklearn":
            return treelite.sklearn.import_model(model)
        if root == "lightgbm":
            return treelite.frontend.from_lightgbm(getattr(model, "booster_", model))
        booster = model.get_booster() if hasattr(model, "get_booster") else model
        return treelite.frontend.from_xgboost(booster)
    except Exception as error:
        raise CannotServe(f"treelite does not take it: {' '.join(str(error).split())[:200]}") from error


def rounds(model: Any) -> bool:
    """Whether numbers are rounded to float32 before they are compared, by the model itself."""
    return rounds_inputs(model) or type(model).__module__.startswith("xgboost")


def offsets(model: Any) -> dict[str, float]:
    """What the original adds to an output, by method."""
    offset = getattr(model, "offset_", None)
    return {} if not isinstance(offset, float) else {"decision_function": -float(offset)}
