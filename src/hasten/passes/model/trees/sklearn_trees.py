"""scikit-learn's trees and ensembles of them, all but histogram gradient boosting.

They compare float32 inputs with float64 thresholds, and sum in float64, tree after tree.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model_pass import CannotServe
from hasten.passes.model.trees.forest import Answer, Forest, Tree
from hasten.passes.model.trees.refusals import refusals

Array = NDArray[Any]


def read(model: Any) -> Forest | None:
    """The forest in a fitted `model` of scikit-learn; None where it is none. Raises `CannotServe`."""
    from sklearn import ensemble, tree

    if isinstance(model, (tree.DecisionTreeClassifier, tree.DecisionTreeRegressor)):  # and extra trees
        return _averaged(model, [model], "sum", 1.0)
    forests = (
        ensemble.RandomForestClassifier, ensemble.RandomForestRegressor, ensemble.ExtraTreesClassifier,
        ensemble.ExtraTreesRegressor,
    )  # fmt: skip
    if isinstance(model, forests):
        return _averaged(model, model.estimators_, "mean", float(len(model.estimators_)))
    if isinstance(model, ensemble.IsolationForest):
        return _isolation(model)
    if isinstance(model, (ensemble.BaggingClassifier, ensemble.BaggingRegressor)):
        return _bagging(model)
    if isinstance(model, (ensemble.GradientBoostingClassifier, ensemble.GradientBoostingRegressor)):
        return _boosting(model)
    if isinstance(model, ensemble.AdaBoostClassifier):
        return _adaboost(model)
    return None


def tree_of(fitted: Any, value: Array, *, missing: bool = True, features: Array | None = None, out: int = 0) -> Tree:
    """A scikit-learn `Tree` object with other values in its nodes."""
    left = np.asarray(fitted.children_left, np.int64)
    feature = np.maximum(np.asarray(fitted.feature, np.int64), 0)
    goes_left = np.asarray(fitted.missing_go_to_left, np.int64) if missing else np.zeros(len(left), np.int64)
    return Tree(
        feature if features is None else np.asarray(features, np.int64)[feature],
        np.asarray(fitted.threshold, np.float64), left, np.asarray(fitted.children_right, np.int64),
        goes_left, np.ascontiguousarray(value, np.float64).reshape(len(left), -1), out,
    )  # fmt: skip


def _averaged(model: Any, trees: list[Any], transform: str, by: float) -> Forest:
    outputs = int(model.n_outputs_)
    if hasattr(model, "classes_"):
        if outputs > 1:
            raise CannotServe("several outputs of classes are not read")
        width = len(model.classes_)
        made = [tree_of(t.tree_, t.tree_.value[:, 0, :width]) for t in trees]
        answers = {
            "predict": Answer(transform, (), by, label="argmax", classes=np.asarray(model.classes_)),
            "predict_proba": Answer(transform, (width,), by),
        }
    else:
        width = outputs
        made = [tree_of(t.tree_, t.tree_.value[:, :, 0]) for t in trees]
        answers = {"predict": Answer(transform, (width,) if width > 1 else (), by)}
    return Forest(model.n_features_in_, width, width, made, np.zeros(width), answers, **refusals(model))


def _boosting(model: Any) -> Forest:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    start = model.init_
    if isinstance(start, DummyClassifier):
        constant = start.strategy in ("prior", "most_frequent", "constant")
    else:
        constant = isinstance(start, DummyRegressor) or start == "zero"
    if not constant:
        raise CannotServe("boosting starts from another model (init)")
    # the same for every row
    init = np.asarray(model._raw_predict_init(np.zeros((1, model.n_features_in_), np.float32)), np.float64)[0]
    made = []
    for stage in model.estimators_:
        for k, t in enumerate(stage):
            # boosting asks its trees without a rule for missing values: NaN is not <= anything
            made.append(tree_of(t.tree_, model.learning_rate * t.tree_.value[:, 0, 0], missing=False, out=k))
    outputs = model.estimators_.shape[1]
    answers: dict[str, Answer]
    if not hasattr(model, "classes_"):
        answers = {"predict": Answer()}
    elif outputs == 1:
        scale = {"HalfBinomialLoss": 1.0, "ExponentialLoss": 2.0}.get(type(model._loss).__name__)
        if scale is None:
            raise CannotServe(f"the loss {type(model._loss).__name__} is not known")
        answers = {
            "predict": Answer(label="not below", classes=np.asarray(model.classes_)),
            "predict_proba": Answer("pair", (2,), scale),
            "decision_function": Answer(),
        }
    else:
        answers = {
            "predict": Answer("sum", label="argmax", classes=np.asarray(model.classes_)),
            "predict_proba": Answer("softmax", (outputs,)),
            "decision_function": Answer("sum", (outputs,)),
        }
    return Forest(model.n_features_in_, outputs, 1, made, init, answers, **refusals(model))


def _bagging(model: Any) -> Forest | None:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if not all(isinstance(e, (DecisionTreeClassifier, DecisionTreeRegressor)) for e in model.estimators_):
        return None
    by = float(len(model.estimators_))
    pairs = list(zip(model.estimators_, model.estimators_features_, strict=True))
    if any(e.n_outputs_ > 1 for e in model.estimators_):
        raise CannotServe("several outputs are not read")
    if not hasattr(model, "classes_"):
        made = [tree_of(e.tree_, e.tree_.value[:, :, 0], features=f) for e, f in pairs]
        answers = {"predict": Answer("mean", (), by)}
        return Forest(model.n_features_in_, 1, 1, made, np.zeros(1), answers, **refusals(model))
    width = int(model.n_classes_)
    made = []
    for e, f in pairs:
        value = np.zeros((e.tree_.node_count, width))
        value[:, np.asarray(e.classes_, int)] = e.tree_.value[:, 0, : len(e.classes_)]
        made.append(tree_of(e.tree_, value, features=f))
    answers = {
        "predict": Answer("mean", (), by, label="argmax", classes=np.asarray(model.classes_)),
        "predict_proba": Answer("mean", (width,), by),
    }
    return Forest(model.n_features_in_, width, width, made, np.zeros(width), answers, **refusals(model))


def _adaboost(model: Any) -> Forest | None:
    from sklearn.tree import DecisionTreeClassifier

    if not all(isinstance(e, DecisionTreeClassifier) and e.n_outputs_ == 1 for e in model.estimators_):
        return None
    classes = np.asarray(model.classes_)
    number = len(classes)
    if number < 2:
        raise CannotServe("it knows one class only")
    made = []
    for e, w in zip(model.estimators_, model.estimator_weights_, strict=False):
        said = e.classes_.take(np.argmax(e.tree_.value[:, 0, : len(e.classes_)], axis=1), axis=0)
        value = np.where(said[:, None] == classes[None, :], w, -1 / (number - 1) * w)
        made.append(tree_of(e.tree_, value))
    by = float(np.sum(model.estimator_weights_))
    if number == 2:
        answers = {
            "predict": Answer("differ", (), by, label="above", classes=classes),
            "predict_proba": Answer("votes", (2,), by, 2.0),
            "decision_function": Answer("differ", (), by),
        }
    else:
        answers = {
            "predict": Answer("mean", (), by, label="argmax", classes=classes),
            "predict_proba": Answer("votes", (number,), by, float(number - 1)),
            "decision_function": Answer("mean", (number,), by),
        }
    return Forest(model.n_features_in_, number, number, made, np.zeros(number), answers, **refusals(model))


def _isolation(model: Any) -> Forest:
    from sklearn.ensemble._iforest import _average_path_length

    made = []
    for i, (e, f) in enumerate(zip(model.estimators_, model.estimators_features_, strict=True)):
        value = model._decision_path_lengths[i] + model._average_path_length_per_tree[i] - 1.0
        made.append(tree_of(e.tree_, value, features=f))
    by = float(len(model.estimators_) * _average_path_length([model._max_samples])[0])
    offset = float(model.offset_)
    answers = {
        "predict": Answer("paths", (), by, offset, label="negative", classes=np.array([1, -1])),
        "decision_function": Answer("paths", (), by, offset),
        "score_samples": Answer("paths", (), by),
    }
    return Forest(model.n_features_in_, 1, 1, made, np.zeros(1), answers, **refusals(model))
