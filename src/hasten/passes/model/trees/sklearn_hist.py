"""scikit-learn's histogram gradient boosting: float64 comparisons, missing values and categories at each node."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model_pass import CannotServe
from hasten.passes.model.trees.forest import Answer, Categories, Forest, Tree
from hasten.passes.model.trees.refusals import refusals

MOST = 4096  # a category's number, at most


def read(model: Any) -> Forest | None:
    """The forest in a fitted model; None where it is none. Raises `CannotServe`."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    if not isinstance(model, (HistGradientBoostingClassifier, HistGradientBoostingRegressor)):
        return None
    feature_of, codes = _columns(model)
    trees = [
        _tree(predictor, feature_of, codes, k)
        for stage in model._predictors
        for k, predictor in enumerate(stage)
    ]  # fmt: skip
    outputs = int(model.n_trees_per_iteration_)
    init = np.broadcast_to(np.asarray(model._baseline_prediction, np.float64).ravel(), (outputs,)).copy()
    refused = refusals(model)
    if codes:  # their encoder refuses infinity, what checks the other columns does not
        refused |= {"refuse_inf": False, "refuse_inf_category": True}
    return Forest(model.n_features_in_, outputs, 1, trees, init, _answers(model, outputs), single=False, **refused)


def _answers(model: Any, outputs: int) -> dict[str, Answer]:
    link = type(model._loss.link).__name__
    if not hasattr(model, "classes_"):
        transform = {"IdentityLink": "sum", "LogLink": "exp"}.get(link)
        if transform is None:
            raise CannotServe(f"the link {link} is not known")
        return {"predict": Answer(transform)}
    classes = np.asarray(model.classes_)
    if outputs == 1:
        if link != "LogitLink":
            raise CannotServe(f"the link {link} is not known")
        return {
            "predict": Answer(label="above", classes=classes),
            "predict_proba": Answer("pair", (2,)),
            "decision_function": Answer(),
        }
    return {
        "predict": Answer(label="argmax", classes=classes),
        "predict_proba": Answer("softmax", (outputs,)),
        "decision_function": Answer("sum", (outputs,)),
    }


def _columns(model: Any) -> tuple[NDArray[Any], dict[int, NDArray[Any]]]:
    """For each column as the trees see it: which of the input it is, and (categories) the values behind its codes.

    The model encodes columns of categories itself and puts them first.
    """
    number = int(model.n_features_in_)
    if model._preprocessor is None:
        return np.arange(number), _encoded_before(model)
    chosen = np.asarray(model.is_categorical_, bool)
    feature_of = np.concatenate([np.flatnonzero(chosen), np.flatnonzero(~chosen)])
    codes = {}
    for i, values in enumerate(model._preprocessor.named_transformers_["encoder"].categories_):
        if values.dtype.kind not in "iuf":
            raise CannotServe("a column holds categories that are no numbers")
        known = values[values == values].astype(np.float64)  # NaN is missing
        if not ((known == np.floor(known)) & (known >= 0) & (known < MOST)).all():
            raise CannotServe("a column holds categories that are no small whole numbers")
        codes[i] = known.astype(np.int64)
    return feature_of, codes


def _encoded_before(model: Any) -> dict[int, NDArray[Any]]:
    """Codes of columns of categories, where something else has encoded them already."""
    chosen = getattr(model, "_is_categorical_remapped", None)
    places = () if chosen is None else np.flatnonzero(np.asarray(chosen, bool)).tolist()
    known = model._bin_mapper.bin_thresholds_
    return {i: np.asarray(known[i], np.float64).astype(np.int64) for i in places}


def _tree(predictor: Any, feature_of: NDArray[Any], codes: dict[int, NDArray[Any]], out: int) -> Tree:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    feature = np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64)
    categories = {}
    for n in np.flatnonzero(~leaf & nodes["is_categorical"].astype(bool)):
        bits = predictor.raw_left_cat_bitsets[nodes["bitset_idx"][n]]
        known = codes[int(feature[n])]
        missing_left = bool(nodes["missing_go_to_left"][n])
        table = np.full(int(known.max(initial=0)) + 1, missing_left)  # what is not known counts as missing
        for code, value in enumerate(known):
            table[value] = bool(bits[code // 32] >> np.uint32(code % 32) & np.uint32(1))
        categories[int(n)] = Categories(table, missing_left, missing_left, whole=True)
    return Tree(
        feature_of[feature], nodes["num_threshold"].astype(np.float64),
        np.where(leaf, -1, nodes["left"].astype(np.int64)), np.where(leaf, -1, nodes["right"].astype(np.int64)),
        nodes["missing_go_to_left"].astype(np.int64), nodes["value"].astype(np.float64), out, categories,
    )  # fmt: skip
