"""XGBoost's tree boosters, from the JSON that it saves them as.

It compares float32 values (left where x < threshold), sums in float32, and sends missing values a way of their own.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.trees.forest import Answer, Forest, Tree
from hasten.passes.model.trees.refusals import refusals

IDENTITY = (
    "reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror", "reg:squaredlogerror", "rank:pairwise",
    "rank:ndcg", "rank:map", "binary:logitraw",
)  # fmt: skip
EXPONENT = ("count:poisson", "reg:gamma", "reg:tweedie")
LOGISTIC = ("binary:logistic", "reg:logistic")
MULTI = ("multi:softprob", "multi:softmax")


def read(model: Any) -> Forest | None:
    """The forest in a fitted model; None where it is none. Raises `CannotServe`."""
    import xgboost

    if isinstance(model, xgboost.Booster):
        raise CannotServe("a bare booster takes DMatrix only")
    if not hasattr(model, "get_booster"):
        return None
    if not np.isnan(model.missing):
        raise CannotServe(f"{model.missing!r} counts as missing")
    booster = model.get_booster()
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    gradient, weights = learner["gradient_booster"], None
    if gradient["name"] == "dart":
        weights = gradient["weight_drop"]
        gradient = gradient["gbtree"]
    if "trees" not in gradient.get("model", {}):
        raise CannotServe(f"a booster of kind {gradient['name']} is not read")
    held = gradient["model"]
    number = int(learner["learner_model_param"]["num_feature"])
    outputs = max(1, int(learner["learner_model_param"]["num_class"]))
    if int(learner["learner_model_param"].get("num_target", 1)) > 1:
        raise CannotServe("several outputs are not read")
    last = len(held["trees"])
    if getattr(booster, "best_iteration", None) is not None and _stopped_early(model):
        last = held["iteration_indptr"][booster.best_iteration + 1]
    trees = []
    for i, tree in enumerate(held["trees"][:last]):
        weight = np.float32(1.0 if weights is None else weights[i])
        trees.append(_tree(tree, int(held["tree_info"][i]), weight))
    name = learner["objective"]["name"]
    init = _margin(learner["learner_model_param"]["base_score"], name, outputs)
    return Forest(
        number, outputs, 1, trees, init, _answers(model, name, outputs), single=True, sum_single=True,
        **refusals(model, number),
    )  # fmt: skip


def _stopped_early(model: Any) -> bool:
    try:
        return model.best_iteration is not None
    except AttributeError:
        return False


def _tree(tree: Any, out: int, weight: Any) -> Tree:
    if any(tree.get("categories_nodes", ())) or any(tree.get("split_type", ())):
        raise CannotServe("it splits by categories")
    if int(tree["tree_param"].get("size_leaf_vector", 1)) > 1:
        raise CannotServe("its leaves hold several values")
    left = np.array(tree["left_children"], np.int64)
    at = np.array(tree["split_conditions"], np.float32)
    with np.errstate(all="ignore"):
        below = np.nextafter(at, np.float32(-np.inf))  # x < t is x <= what comes before t
    return Tree(
        np.array(tree["split_indices"], np.int64), below.astype(np.float64), left,
        np.array(tree["right_children"], np.int64), np.array(tree["default_left"], np.int64),
        (at * weight).astype(np.float64), out,
    )  # fmt: skip


def _margin(text: str, name: str, outputs: int) -> Any:
    """What sums start at: the base score, through the link."""
    said = np.array(json.loads(text) if "[" in text else [float(text)], np.float32)
    if name in (*LOGISTIC, "binary:logitraw"):
        said = -np.log(np.float32(1) / said - np.float32(1))
    elif name in EXPONENT:
        said = np.log(said)
    return np.broadcast_to(said, (outputs,)).astype(np.float64)


def _answers(model: Any, name: str, outputs: int) -> dict[str, Answer]:
    classifier = hasattr(model, "predict_proba")
    if classifier:
        classes = np.asarray(model.classes_)
        if name == "binary:logistic":
            return {
                "predict": Answer("xgboost sigmoid", label="above", c=0.5, classes=classes),
                "predict_proba": Answer("xgboost pair", (2,), dtype="float32"),
            }
        if name in MULTI:
            return {
                "predict": Answer("xgboost softmax", label="argmax", classes=classes),
                "predict_proba": Answer("xgboost softmax", (outputs,), dtype="float32"),
            }
    elif name in IDENTITY:
        return {"predict": Answer("sum", dtype="float32")}
    elif name in EXPONENT:
        return {"predict": Answer("xgboost exp", dtype="float32")}
    elif name == "multi:softprob":  # a bare booster's answers
        return {"predict": Answer("xgboost softmax", (outputs,), dtype="float32")}
    elif name in LOGISTIC:
        return {"predict": Answer("xgboost sigmoid", dtype="float32")}
    raise CannotServe(f"the objective {name} is not read")
