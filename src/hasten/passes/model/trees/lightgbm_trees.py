"""LightGBM's boosters, from the text that it saves them as (which holds every number in full).

It compares float64 values, and says at each node what counts as missing: nothing (NaN is 0), zeros, or NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model_pass import CannotServe
from hasten.passes.model.trees.forest import AS_ZERO, LEFT, RIGHT, ZERO_TOO, Answer, Categories, Forest, Tree
from hasten.passes.model.trees.refusals import refusals

# what lies no further from zero is zero to it, before any test sees it (kZeroThreshold, a float32)
ZERO = float(np.float32(1e-35))
IDENTITY = ("regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg")
EXPONENT = ("poisson", "gamma", "tweedie")


def read(model: Any) -> Forest | None:
    """The forest in a fitted model; None where it is none. Raises `CannotServe`."""
    import lightgbm

    booster = model if isinstance(model, lightgbm.Booster) else getattr(model, "booster_", None)
    if not isinstance(booster, lightgbm.Booster):
        return None
    if booster.pandas_categorical and any(len(c) for c in booster.pandas_categorical):
        raise CannotServe("it was trained on pandas' categories")
    head, *texts = booster.model_to_string().split("\nTree=")
    told = dict(line.partition("=")[::2] for line in head.splitlines())
    per_round = int(told["num_tree_per_iteration"])
    trees = [_tree(_fields(text), i % per_round) for i, text in enumerate(texts)]
    rounds = len(trees) // per_round
    averaged = float(rounds) if "average_output" in told else 1.0
    answers = _answers(model, told, per_round, averaged)
    number = int(told["max_feature_idx"]) + 1
    return Forest(number, per_round, 1, trees, np.zeros(per_round), answers, single=False, **refusals(model, number))


def _fields(text: str) -> dict[str, str]:
    text = text.partition("\nend of trees")[0]
    return dict(line.partition("=")[::2] for line in text.splitlines()[1:] if "=" in line)


def _numbers(fields: dict[str, str], name: str, dtype: Any) -> NDArray[Any]:
    return np.array(fields.get(name, "").split(), dtype)


def _tree(fields: dict[str, str], out: int) -> Tree:
    if fields.get("is_linear", "0").strip() == "1":
        raise CannotServe("its leaves hold linear models")
    values = _numbers(fields, "leaf_value", np.float64)
    feature = _numbers(fields, "split_feature", np.int64)
    inner = len(feature) if len(values) > 1 else 0
    kind = _numbers(fields, "decision_type", np.int64)[:inner]
    threshold = _numbers(fields, "threshold", np.float64)[:inner]
    tiny = (np.abs(threshold) <= ZERO) & ~(kind & 1).astype(bool)
    threshold = np.where(tiny, np.where(threshold < 0, np.nextafter(-ZERO, -np.inf), ZERO), threshold)
    ends = np.zeros(len(values))

    def child(name: str) -> NDArray[Any]:
        c = _numbers(fields, name, np.int64)[:inner]
        return np.concatenate([np.where(c < 0, inner + ~c, c), np.full(len(values), -1)])

    default = np.where(kind & 2, LEFT, RIGHT)
    what = kind >> 2 & 3  # missing: 0 nothing, 1 zeros (and NaN, which counts as zero), 2 NaN
    missing = np.where(what == 0, AS_ZERO, np.where(what == 1, default | ZERO_TOO, default))
    categories = {}
    bounds, words = _numbers(fields, "cat_boundaries", np.int64), _numbers(fields, "cat_threshold", np.uint64)
    for n in np.flatnonzero(kind & 1):
        at = int(threshold[n])
        bits = words[bounds[at] : bounds[at + 1]].astype(np.uint32)
        left = np.unpackbits(bits.view(np.uint8), bitorder="little").astype(bool)
        categories[int(n)] = Categories(left, nan_left=False, outside_left=False)
    both = np.concatenate
    return Tree(
        both([feature[:inner], ends.astype(np.int64)]), both([threshold, ends]), child("left_child"),
        child("right_child"), both([missing, ends.astype(np.int64)]), both([np.zeros(inner), values]), out, categories,
    )  # fmt: skip


def _answers(model: Any, told: dict[str, str], outputs: int, averaged: float) -> dict[str, Answer]:
    import lightgbm

    words = told.get("objective", "").split()
    name = words[0] if words else "custom"
    given = dict(w.partition(":")[::2] for w in words[1:])
    scale = float(given.get("sigmoid", 1))
    classifier = isinstance(model, lightgbm.LGBMClassifier)
    if averaged != 1.0 and name not in IDENTITY:
        raise CannotServe(f"a random forest of LightGBM with the objective {name} is not read")
    if name == "binary":
        if not classifier:
            return {"predict": Answer("sigmoid", (), scale)}
        return {
            "predict": Answer("pair", (), scale, label="argmax", classes=np.asarray(model.classes_)),
            "predict_proba": Answer("pair", (2,), scale),
            "decision_function": Answer(),
        }
    if name in ("multiclass", "multiclassova"):
        how, by = ("softmax", 1.0) if name == "multiclass" else ("sigmoid", scale)
        if not classifier:
            return {"predict": Answer(how, (outputs,), by)}
        return {
            "predict": Answer(how, (), by, label="argmax", classes=np.asarray(model.classes_)),
            "predict_proba": Answer(how, (outputs,), by),
            "decision_function": Answer("sum", (outputs,)),
        }
    if classifier:
        raise CannotServe(f"a classifier with the objective {name} is not read")
    if name in IDENTITY:
        if "sqrt" in words:
            return {"predict": Answer("square")}
        return {"predict": Answer("mean", (), averaged) if averaged != 1.0 else Answer("sum")}
    if name in EXPONENT:
        return {"predict": Answer("exp")}
    if name == "cross_entropy":
        return {"predict": Answer("sigmoid")}
    if name == "cross_entropy_lambda":
        return {"predict": Answer("log1pexp")}
    raise CannotServe(f"the objective {name} is not read")
