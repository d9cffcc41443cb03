"""Multi-layer perceptrons."""

from __future__ import annotations

from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.answers import Answer, Head
from hasten.passes.model.serving.generated.blocks import Blocks
from hasten.passes.model.serving.generated.writer import Writer, labels_text

_BETWEEN = {
    "identity": None, "relu": "np.maximum(x, 0.0, out=x)", "tanh": "np.tanh(x, out=x)", "logistic": "x = {0}(x)",
}  # fmt: skip


def head_of(est: Any, blocks: Blocks, w: Writer, methods: tuple[str, ...]) -> Head:
    lines = [f"{w.helper(helpers.finite)}(x)"]
    layers = list(zip(est.coefs_, est.intercepts_, strict=True))
    for i, (weights, bias) in enumerate(layers):
        bias_ = np.asarray(bias, float)
        lines.append(f"x = x @ {w.array('weights', np.asarray(weights, float))} + {w.array('bias', bias_)}")
        between = _BETWEEN[est.activation]
        if i < len(layers) - 1 and between is not None:
            lines.append(between.format(w.helper(helpers.expit) if "{0}" in between else ""))
    lines.append("z = x")
    if not hasattr(est, "classes_"):
        if est.out_activation_ != "identity":
            raise CannotServe(f"an output of {est.out_activation_}")
        return Head({"predict": Answer("z[:, 0]" if len(layers[-1][1]) == 1 else "z")}, matrix=True, lines=lines)
    if est._label_binarizer.y_type_.startswith("multilabel"):
        raise CannotServe("a classifier of several labels at once")
    labels = w.constant("labels", labels_text(np.asarray(est.classes_)))
    if est.out_activation_ == "logistic":
        expit = w.helper(helpers.expit)
        threshold = w.number(0.5)
        answers = {
            "predict": Answer(f"{labels}[({expit}(z[:, 0]) > {threshold}).astype(np.intp)]"),
            "predict_proba": Answer(f"{w.helper(helpers.pair)}({expit}(z[:, 0]))"),
        }
    else:
        answers = {
            "predict": Answer(f"{labels}[{w.helper(helpers.softmax)}(z).argmax(axis=1)]"),
            "predict_proba": Answer(f"{w.helper(helpers.softmax)}(z)"),
        }
    return Head(answers, matrix=True, lines=lines)
