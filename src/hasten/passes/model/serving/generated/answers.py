"""From scores to what a model's methods answer, as scikit-learn derives them: ties, shapes, labels of any dtype."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.writer import Writer, labels_text


@dataclass(frozen=True)
class Answer:
    """One method: `batch` is an expression of `z`, the scores of all rows (or of `x`, the matrix of features, where
    `of` says so); `row` are lines over the names in `Head.row_names`, ending in a `return`."""

    batch: str
    row: Sequence[str] | None = None
    of: str = "z"


@dataclass(frozen=True)
class Head:
    """A final estimator. `lines` compute `z` from the blocks or, where `matrix` says so, from a matrix `x` that `array`
    names. `row` are expressions of the scores of one row, straight-line."""

    answers: Mapping[str, Answer]
    row: Sequence[str] | None = None
    matrix: bool = False
    lines: Sequence[str] = field(default=())

    @property
    def row_names(self) -> list[str]:
        many = self.row or ()
        return ["z"] if len(many) == 1 else [f"z{i}" for i in range(len(many))]


def _labels(classes: Any, w: Writer) -> tuple[str, str]:
    """Names of the array of labels, and of a tuple of arrays of one label each."""
    classes = np.asarray(classes)
    if classes.dtype.kind not in "OUSfiub":
        raise CannotServe(f"labels of dtype {classes.dtype}")
    name = w.constant("labels", labels_text(classes))
    return name, w.constant("label", f"tuple({name}[i : i + 1] for i in range(len({name})))")


def binary(classes: Any, w: Writer, proba: str | None = None) -> dict[str, Answer]:
    """One score (n,) for the second of two classes."""
    labels, one = _labels(classes, w)
    out = {
        "predict": Answer(f"{labels}[(z > 0.0).astype(np.intp)]", [f"return {one}[z > 0.0].copy()"]),
        "decision_function": Answer("z", ["return np.array([z], float)"]),
    }
    if proba is not None:
        out["predict_proba"] = _pair(proba, w)
    return out


def _pair(proba: str, w: Writer) -> Answer:
    pair = w.helper(helpers.pair)
    if proba == "sigmoid":
        row = [
            "if z >= 0.0:",
            "    p = 1.0 / (1.0 + math.exp(-z))",
            "else:",
            "    p = math.exp(z)",
            "    p /= 1.0 + p",
            "return np.array([[1.0 - p, p]])",
        ]
        return Answer(f"{pair}({w.helper(helpers.expit)}(z))", row)
    if proba == "clipped":
        row = ["p = (min(max(z, -1.0), 1.0) + 1.0) / 2.0", "return np.array([[1.0 - p, p]])"]
        return Answer(f"{pair}((np.clip(z, -1.0, 1.0) + 1.0) / 2.0)", row)
    raise CannotServe(f"probabilities by {proba}")


def many(
    classes: Any, number: int, w: Writer, proba: str | None = None, decision: str | None = "z"
) -> dict[str, Answer]:
    """Scores (n, classes), of which the largest wins. `proba` is "softmax", "likelihoods", "sigmoid" or "clipped"
    (the last two each against the rest, then normalised)."""
    labels, one = _labels(classes, w)
    zs = [f"z{i}" for i in range(number)]
    every = ", ".join(zs)
    row = [f"z = ({every},)", f"return {one}[z.index(max(z))].copy()"]
    out = {"predict": Answer(f"{labels}[z.argmax(axis=1)]", row if number > 1 else None)}
    if decision == "z":
        out["decision_function"] = Answer("z", [f"return np.array([[{every}]], float)"])
    elif decision is not None:  # two classes: the difference of their scores
        out["decision_function"] = Answer("z[:, 1] - z[:, 0]", ["return np.array([z1 - z0], float)"])
    if proba == "softmax":
        es = [f"e{i}" for i in range(number)]
        lines = [f"top = max({every})"] + [f"{e} = math.exp({z} - top)" for e, z in zip(es, zs, strict=True)]
        lines += [f"total = {' + '.join(es)}", f"return np.array([[{', '.join(f'{e} / total' for e in es)}]])"]
        out["predict_proba"] = Answer(f"{w.helper(helpers.softmax)}(z)", lines if number > 1 else None)
    elif proba == "likelihoods":
        lines = [f"top = max({every})", f"top += math.log({' + '.join(f'math.exp({z} - top)' for z in zs)})"]
        lines.append(f"return np.array([[{', '.join(f'math.exp({z} - top)' for z in zs)}]])")
        out["predict_proba"] = Answer(f"{w.helper(helpers.likelihoods)}(z)", lines if number > 1 else None)
    elif proba == "sigmoid":
        out["predict_proba"] = Answer(f"{w.helper(helpers.shares)}({w.helper(helpers.expit)}(z))")
    elif proba == "clipped":
        out["predict_proba"] = Answer(f"{w.helper(helpers.shares)}((np.clip(z, -1.0, 1.0) + 1.0) / 2.0)")
    return out


def regression(
    outputs: int | None, after: Callable[[str], str] | None = None, row_after: str | None = None
) -> dict[str, Answer]:
    """Scores that are the answer, of shape (n,) where `outputs` is None, else (n, outputs); `after` is what is done to
    them yet."""
    if outputs is None:
        one = "z" if row_after is None else row_after.format("z")
        return {"predict": Answer("z" if after is None else after("z"), [f"return np.array([{one}], float)"])}
    names = ["z"] if outputs == 1 else [f"z{i}" for i in range(outputs)]
    return {"predict": Answer("z", [f"return np.array([[{', '.join(names)}]], float)"])}
