"""Which models are combinations of others, and by which rule (`serve/backends/combining.py`)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hasten.core.model import METHODS
from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.answers_as import matrix_of
from hasten.serve.manifest import values_to_json

MOST = 64  # members
BACK = ("expm1", "exp", "square", "exp2", "log", "log1p", "sqrt")


@dataclass(frozen=True)
class Combination:
    """`members` answer what the rule `how` asks them. `matrix`: they are given columns (`columns`, or all) of one
    matrix. `final` answers from what `features` makes."""

    how: str
    members: Sequence[Any]
    methods: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    matrix: bool = False
    columns: Sequence[list[int]] | None = None
    final: Any = None
    features: Callable[[Any], Any] = lambda x: x

    def rows(self, x: Any) -> Any:
        """What members are given. Raises `CannotServe`."""
        if not self.matrix:
            return x
        found = matrix_of(x)
        if found is None:
            raise CannotServe("its rows are not numbers alone")
        return found

    def final_methods(self, methods: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(m for m in methods if m != "transform")


def combination(model: Any) -> Combination | None:
    """None where `model` is no combination that is known. Raises `CannotServe`."""
    if not type(model).__module__.startswith("sklearn."):
        return None
    found = KINDS.get(type(model).__name__)
    made = None if found is None else found(model)
    if made is not None and len(made.members) > MOST:
        raise CannotServe(f"{len(made.members)} members are more than {MOST}")
    return made


def _labels(model: Any) -> Mapping[str, Any]:
    classes = model.classes_
    if isinstance(classes, list) or np.asarray(classes).dtype.kind not in "OUSiufb":
        raise CannotServe("several outputs of classes")
    return {"classes": values_to_json(np.asarray(classes))}


def _weights(model: Any) -> Any:
    weights = model._weights_not_none
    return None if weights is None else [float(w) for w in weights]


def _voting_classifier(model: Any) -> Combination:
    told = {**_labels(model), "weights": _weights(model), "flat": bool(model.flatten_transform)}
    if model.voting == "soft":
        return Combination("soft votes", model.estimators_, ("predict", "predict_proba", "transform"), told)
    return Combination("hard votes", model.estimators_, ("predict", "transform"), told)


def _voting_regressor(model: Any) -> Combination:
    return Combination("mean", model.estimators_, ("predict", "transform"), {"weights": _weights(model)})


def _stacking(model: Any) -> Combination:
    labels = hasattr(model, "classes_")
    told = {
        "classes": _labels(model)["classes"] if labels else None,
        "two": labels and len(model.classes_) == 2,
        "wants": [m for m in model.stack_method_ if m != "drop"],
        "passthrough": bool(model.passthrough),
    }

    def features(x: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.ascontiguousarray(model.transform(x), np.float64)

    methods = ["predict", "transform"]
    methods += [m for m in ("predict_proba", "decision_function") if hasattr(model, m)]
    members = [e for e in model.estimators_ if e != "drop"]
    return Combination("stack", members, tuple(methods), told, final=model.final_estimator_, features=features)


def _bagging(model: Any) -> Combination | None:
    columns = [np.asarray(f).tolist() for f in model.estimators_features_]
    every = list(range(int(model.n_features_in_)))
    some = None if all(c == every for c in columns) else columns
    if not hasattr(model, "classes_"):
        return Combination("bag", model.estimators_, ("predict",), {"classes": None}, True, some)
    number = len(model.classes_)
    known = [None if number == len(e.classes_) else [int(c) for c in e.classes_] for e in model.estimators_]
    wants = ["predict_proba" if hasattr(e, "predict_proba") else "predict" for e in model.estimators_]
    told = {**_labels(model), "known": known, "wants": wants}
    methods = ["predict", "predict_proba"]
    if all(hasattr(e, "decision_function") for e in model.estimators_) and not any(known):
        methods.append("decision_function")
    return Combination("bag", model.estimators_, tuple(methods), told, True, some)


def _calibrated(model: Any) -> Combination:
    inner = model.calibrated_classifiers_
    if any(c.method not in ("sigmoid", "isotonic") for c in inner):
        raise CannotServe(f"calibration by {inner[0].method}")
    told = {
        **_labels(model),
        "wants": ["decision_function" if hasattr(c.estimator, "decision_function") else "predict_proba" for c in inner],
        "calibrators": [[_calibrator(each) for each in c.calibrators] for c in inner],
        "places": [np.searchsorted(c.classes, c.estimator.classes_).tolist() for c in inner],
    }
    return Combination("calibrated", [c.estimator for c in inner], ("predict", "predict_proba"), told)


def _calibrator(fitted: Any) -> Mapping[str, Any]:
    if hasattr(fitted, "a_"):
        return {"kind": "sigmoid", "a": float(fitted.a_), "b": float(fitted.b_)}
    if fitted.out_of_bounds != "clip" or len(fitted.X_thresholds_) < 2 or fitted.X_thresholds_.dtype != np.float64:
        raise CannotServe("an isotonic calibrator of an unusual kind")
    return {
        "kind": "isotonic", "x": fitted.X_thresholds_.tolist(), "y": np.asarray(fitted.y_thresholds_, float).tolist(),
        "low": float(fitted.X_min_), "high": float(fitted.X_max_),
    }  # fmt: skip


def _one_against_rest(model: Any) -> Combination:
    if model.label_binarizer_.y_type_ != "multiclass" or model.multilabel_:
        raise CannotServe("several labels at once, or two classes")
    wanted = "decision_function" if hasattr(model.estimators_[0], "decision_function") else "predict_proba"
    told = {**_labels(model), "binary": wanted}
    methods = ["predict", *(m for m in ("predict_proba", "decision_function") if hasattr(model, m))]
    return Combination("one against rest", model.estimators_, tuple(methods), told)


def _outputs(model: Any) -> Combination:
    return Combination("outputs", model.estimators_, ("predict",))


def _threshold(model: Any) -> Combination:
    inner = getattr(model, "estimator_", None)
    if inner is None:
        raise CannotServe("its classifier is not trained by it")
    if hasattr(model, "best_threshold_"):
        limit: Any = float(model.best_threshold_)
        label = model._curve_scorer._get_pos_label()
    else:
        limit, label = model.threshold, model.pos_label
    asked = model._get_response_method()
    asked = [asked] if isinstance(asked, str) else list(asked)
    wanted = next((m for m in asked if hasattr(inner, m)), None)
    if wanted not in ("predict_proba", "decision_function"):
        raise CannotServe("its score is none that is known")
    if limit == "auto":
        limit = 0.5 if wanted == "predict_proba" else 0.0
    classes = np.asarray(model.classes_)
    place = 1 if label is None else int(np.flatnonzero(classes == label)[0])
    told = {**_labels(model), "wanted": wanted, "limit": float(limit), "place": place}
    methods = ["predict", *(m for m in ("predict_proba", "decision_function") if hasattr(model, m))]
    return Combination("threshold", [inner], tuple(methods), told)


def _median(model: Any) -> Combination:
    return Combination(
        "median", model.estimators_, ("predict",),
        {"weights": np.asarray(model.estimator_weights_, float)[: len(model.estimators_)].tolist()}, True,
    )  # fmt: skip


def _target(model: Any) -> Combination:
    """A regressor of a transformed target: its way back is a function of NumPy, or a scaling."""
    step = model.transformer_
    kind = type(step).__name__
    if model._training_dim != 1:
        raise CannotServe("several transformed targets")
    told: dict[str, Any] = {"function": None, "scale": [1.0], "shift": [0.0], "divide": False}
    if kind == "FunctionTransformer":
        name = next((n for n in BACK if step.inverse_func is getattr(np, n)), None)
        if name is None or step.inv_kw_args or not step.validate:
            raise CannotServe("a target that is transformed by something else than NumPy's functions")
        told["function"] = name
    elif kind == "StandardScaler":
        told["scale"] = [1.0] if step.scale_ is None else np.asarray(step.scale_, float).tolist()
        told["shift"] = [0.0] if step.mean_ is None else np.asarray(step.mean_, float).tolist()
    elif kind == "RobustScaler":
        told["scale"] = [1.0] if step.scale_ is None else np.asarray(step.scale_, float).tolist()
        told["shift"] = [0.0] if step.center_ is None else np.asarray(step.center_, float).tolist()
    elif kind == "MinMaxScaler" and not step.clip:
        told |= {"scale": step.scale_.tolist(), "shift": step.min_.tolist(), "divide": True}
    elif kind == "MaxAbsScaler":
        told["scale"] = step.scale_.tolist()
    else:
        raise CannotServe(f"a target that is transformed by {kind}")
    return Combination("back", [model.regressor_], ("predict",), told)


def _searched(model: Any) -> Combination | None:
    """What answers for a search over settings."""
    return _itself(model.best_estimator_, model) if hasattr(model, "best_estimator_") else None


def _frozen(model: Any) -> Combination:
    return _itself(model.estimator, model)


def _itself(held: Any, model: Any) -> Combination:
    return Combination("itself", [held], tuple(m for m in METHODS if hasattr(model, m)))


KINDS: Mapping[str, Callable[[Any], Combination | None]] = {
    "VotingClassifier": _voting_classifier, "VotingRegressor": _voting_regressor, "StackingClassifier": _stacking,
    "StackingRegressor": _stacking, "BaggingClassifier": _bagging, "BaggingRegressor": _bagging,
    "CalibratedClassifierCV": _calibrated, "OneVsRestClassifier": _one_against_rest, "MultiOutputRegressor": _outputs,
    "MultiOutputClassifier": _outputs, "FixedThresholdClassifier": _threshold, "TunedThresholdClassifierCV": _threshold,
    "AdaBoostRegressor": _median, "TransformedTargetRegressor": _target, "GridSearchCV": _searched,
    "RandomizedSearchCV": _searched, "HalvingGridSearchCV": _searched, "HalvingRandomSearchCV": _searched,
    "FrozenEstimator": _frozen,
}  # fmt: skip
