"""Linear models."""

from __future__ import annotations

from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated.answers import Answer, Head, binary, many, regression
from hasten.passes.model.serving.generated.blocks import Blocks
from hasten.passes.model.serving.generated.heads.scores import scored
from hasten.passes.model.serving.generated.writer import Writer

_PROBA = {"log_loss": "sigmoid", "modified_huber": "clipped"}


def head_of(est: Any, blocks: Blocks, w: Writer, methods: tuple[str, ...]) -> Head:
    coef = est.coef_.toarray() if hasattr(est.coef_, "toarray") else np.asarray(est.coef_)
    if not hasattr(est, "classes_"):
        return _regressor(est, coef, blocks, w)
    binarizer = getattr(est, "_label_binarizer", None)
    if binarizer is not None and binarizer.y_type_.startswith("multilabel"):
        raise CannotServe("a classifier of several labels at once")
    single = coef.ndim == 2 and len(coef) == 1 or coef.ndim == 1
    row = scored(blocks, coef.ravel() if single else coef, est.intercept_, w)
    if single:
        proba = "sigmoid" if hasattr(est, "predict_proba") else None
        if hasattr(est, "loss") and proba:
            proba = _PROBA[est.loss]
        return Head(binary(est.classes_, w, proba), row)
    proba = None
    if hasattr(est, "predict_proba"):
        proba = _PROBA[est.loss] if hasattr(est, "loss") else "softmax"
    return Head(many(est.classes_, len(coef), w, proba), row)


def _regressor(est: Any, coef: Any, blocks: Blocks, w: Writer) -> Head:
    if type(est).__name__ == "SGDRegressor":
        coef = coef.ravel()
    row = scored(blocks, coef, est.intercept_, w)
    answers: dict[str, Answer]
    if hasattr(est, "_base_loss"):
        link = type(est._base_loss.link).__name__
        if link not in ("LogLink", "IdentityLink"):
            raise CannotServe(f"the link {link}")
        log = link == "LogLink"
        answers = regression(None, (lambda z: f"np.exp({z})") if log else None, "math.exp({0})" if log else None)
    else:
        answers = regression(None if coef.ndim == 1 else len(coef))
    return Head(answers, row)
