"""Support vector machines with kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.answers import Answer, Head
from hasten.passes.model.serving.generated.blocks import Blocks
from hasten.passes.model.serving.generated.steps.project import rbf_around
from hasten.passes.model.serving.generated.writer import Writer, labels_text

LARGEST = 20_000_000  # numbers in all support vectors: beyond, this is no faster than the original


def head_of(est: Any, blocks: Blocks, w: Writer, methods: tuple[str, ...]) -> Head:
    if callable(est.kernel) or est.kernel == "precomputed":
        raise CannotServe("a kernel of one's own")
    vectors = _dense(est.support_vectors_)
    if vectors.size > LARGEST:
        raise CannotServe(f"{len(vectors)} support vectors")
    lines = [f"{w.helper(helpers.finite)}(x)", f"k = {_kernel(est, vectors, w)}"]
    dual, bias = _dense(est.dual_coef_), np.asarray(est.intercept_, float)
    if type(est).__name__ == "OneClassSVM":
        lines.append(f"z = k @ {w.array('dual', dual.ravel())} + {w.number(bias[0])}")
        answers = {
            "predict": Answer("np.where(z > 0.0, 1, -1)"), "decision_function": Answer("z"),
            "score_samples": Answer(f"z + {w.number(np.ravel(est.offset_)[0])}"),
        }  # fmt: skip
        return Head(answers, matrix=True, lines=lines)
    if not hasattr(est, "classes_"):
        lines.append(f"z = k @ {w.array('dual', dual.ravel())} + {w.number(bias[0])}")
        return Head({"predict": Answer("z")}, matrix=True, lines=lines)
    labels = w.constant("labels", labels_text(np.asarray(est.classes_)))
    number = len(est.classes_)
    if number == 2:
        lines.append(f"z = k @ {w.array('dual', dual.ravel())} + {w.number(bias[0])}")
        answers = {"predict": Answer(f"{labels}[(~(z < 0.0)).astype(np.intp)]"), "decision_function": Answer("z")}
        return Head(answers | _probabilities(est, "-z[:, None]", w), matrix=True, lines=lines)
    weights = w.array("dual", pairs(dual, np.asarray(est.n_support_), number))
    lines.append(f"z = k @ {weights} + {w.array('bias', bias)}")
    votes, rest = w.helper(helpers.votes), w.helper(helpers.one_against_rest)
    classes = ", ".join(w.array(n, v) for n, v in zip(("first", "second"), _members(number), strict=True))
    ties = est.break_ties and est.decision_function_shape == "ovr"
    chosen = f"{rest}(z, {classes})" if ties else f"{votes}(z, {classes})"
    answers = {
        "predict": Answer(f"{labels}[{chosen}.argmax(axis=1)]"),
        "decision_function": Answer(f"{rest}(z, {classes})" if est.decision_function_shape == "ovr" else "z"),
    }
    return Head(answers | _probabilities(est, "z", w), matrix=True, lines=lines)


def _probabilities(est: Any, pairs: str, w: Writer) -> dict[str, Answer]:
    """By Platt's curves of the scores of pairs, where the model has them; `pairs` is an expression of those."""
    slopes = np.asarray(getattr(est, "_probA", ()), float)
    if not slopes.size:
        return {}
    names = f"{w.array('slopes', slopes)}, {w.array('offsets', np.asarray(est._probB, float))}"
    return {"predict_proba": Answer(f"{w.helper(helpers.coupled)}({pairs}, {names}, {len(est.classes_)})")}


def _dense(values: Any) -> NDArray[np.float64]:
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values, np.float64)


def _kernel(est: Any, vectors: NDArray[np.float64], w: Writer) -> str:
    gamma = float(est._gamma)
    if est.kernel == "rbf":
        return f"{w.helper(helpers.rbf)}(x, {rbf_around(vectors, w)}, {w.number(gamma)})"
    dot = f"x @ {w.array('vectors', vectors.T)}"
    if est.kernel == "linear":
        return dot
    inner = f"{w.number(gamma)} * ({dot}) + {w.number(est.coef0)}"
    if est.kernel == "poly":
        return f"({inner}) ** {int(est.degree)}"
    return f"np.tanh({inner})"


def pairs(dual: NDArray[np.float64], support: NDArray[np.int64], number: int) -> NDArray[np.float64]:
    """Weights (vectors, pairs of classes), out of libsvm's way to store them."""
    start = np.concatenate([[0], np.cumsum(support)])
    out = []
    for i in range(number):
        for j in range(i + 1, number):
            column = np.zeros(dual.shape[1])
            column[start[i] : start[i + 1]] = dual[j - 1, start[i] : start[i + 1]]
            column[start[j] : start[j + 1]] = dual[i, start[j] : start[j + 1]]
            out.append(column)
    return np.stack(out, axis=1)


def _members(number: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Which class is the first and which the second of each pair, as (pairs, classes) of ones and zeros."""
    i, j = np.triu_indices(number, 1)
    return np.eye(number)[i], np.eye(number)[j]
