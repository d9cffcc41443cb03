"""CatBoost's symmetric trees over numbers, from the JSON that it saves them as.

It compares float32 values (x > border), looks a leaf up by the bits of its tests, and sums in float64.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.trees.forest import LEFT, RIGHT, Answer, Forest, Symmetric
from hasten.passes.model.trees.refusals import refusals

IDENTITY = ("RMSE", "MAE", "Quantile", "MAPE", "Huber", "Expectile", "LogCosh", "Lq", "MultiRMSE")


def read(model: Any) -> Forest | None:
    """The forest in a fitted model; None where it is none. Raises `CannotServe`."""
    import catboost

    if not isinstance(model, catboost.CatBoost):
        return None
    with tempfile.TemporaryDirectory(prefix="hasten-catboost-") as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        held = json.loads(path.read_text(encoding="utf-8"))
    if "oblivious_trees" not in held:
        raise CannotServe("its trees are not symmetric")
    info = held["features_info"]
    if any(info.get(k) for k in ("categorical_features", "text_features", "embedding_features")):
        raise CannotServe("it takes categories, texts or embeddings")
    floats = info["float_features"]
    scale, bias = held["scale_and_bias"]
    bias = np.atleast_1d(np.asarray(bias, np.float64))
    outputs = max(1, len(bias))
    trees = [_tree(t, floats, outputs) for t in held["oblivious_trees"]]
    number = len(model.feature_names_)  # `n_features_in_` is 0 once a model was pickled or read from a file
    answers = _answers(model, outputs, float(scale), bias)
    init = np.zeros(outputs)
    return Forest(number, outputs, outputs, trees, init, answers, single=True, **refusals(model, number))


def _tree(tree: Any, floats: list[Any], outputs: int) -> Symmetric:
    splits = tree.get("splits") or []
    feature, border, missing = [], [], []
    for s in splits:
        if s["split_type"] != "FloatFeature":
            raise CannotServe(f"a split of type {s['split_type']} is not read")
        told = floats[s["float_feature_index"]]
        feature.append(told["flat_feature_index"])
        border.append(s["border"])
        missing.append(RIGHT if told["nan_value_treatment"] == "AsTrue" else LEFT)
    values = np.asarray(tree["leaf_values"], np.float64).reshape(1 << len(splits), outputs)
    return Symmetric(np.array(feature, np.int64), np.array(border, np.float64), np.array(missing, np.int64), values)


def _answers(model: Any, outputs: int, scale: float, bias: Any) -> dict[str, Answer]:
    loss = str(model.get_all_params().get("loss_function", "")).partition(":")[0]
    if scale != 1.0 or np.any(bias != bias[0]):
        raise CannotServe("its sums are scaled")
    shift = float(bias[0])
    labels = _labels(model)
    if labels is not None and outputs == 1 and shift == 0 and loss in ("Logloss", "CrossEntropy"):
        shape = np.asarray(model.predict(np.zeros((1, len(model.feature_names_))))).shape[1:]
        return {
            "predict": Answer("sum", shape, label="above", classes=labels),
            "predict_proba": Answer("pair", (2,)),
        }
    if labels is not None and outputs > 1 and shift == 0 and loss == "MultiClass":
        return {
            "predict": Answer("sum", (1,), label="argmax", classes=labels),
            "predict_proba": Answer("softmax", (outputs,)),
        }
    if labels is None and loss in IDENTITY:
        return {"predict": Answer("affine", (outputs,) if outputs > 1 else (), 1.0, shift)}
    if labels is None and loss == "Poisson" and shift == 0:
        return {"predict": Answer("exp")}
    raise CannotServe(f"the loss {loss} is not read")


def _labels(model: Any) -> Any:
    """Labels as the model answers them; None for a model of numbers."""
    classes = getattr(model, "classes_", None)
    if classes is None or not len(classes):
        return None
    said = np.asarray(model.predict(np.zeros((1, len(model.feature_names_)))))
    return np.asarray(classes, said.dtype)
