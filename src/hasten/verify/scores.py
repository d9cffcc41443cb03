"""What a net's scores say: labels and probabilities, so that metrics and agreement mean what they do for other models.

How scores are to be read is found once, on the original's: rows that are probabilities, or logits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import FORWARD
from hasten.verify.answers import Answers, Refusal

Reading = Callable[[Answers], Answers]


def reading(task: str, original: Answers) -> Reading:
    """What adds `predict` (and `predict_proba`) to answers of `forward`; other models' answers stay as they are."""
    raw = original.get(FORWARD)
    if raw is None or isinstance(raw, Refusal):
        return lambda answers: answers
    probable = probabilities(raw)

    def read(answers: Answers) -> Answers:
        scores = answers.get(FORWARD)
        if scores is None or isinstance(scores, Refusal):
            return answers
        return {**answers, **_read(task, scores, probable)}

    return read


def _read(task: str, raw: NDArray[Any], probable: bool) -> Answers:
    if task != "classification":
        return {"predict": raw[:, 0] if raw.ndim == 2 and raw.shape[1] == 1 else raw}
    if raw.ndim > 1 and raw.shape[1] > 1:
        return {"predict": raw.argmax(axis=1), "predict_proba": raw if probable else softmax(raw)}
    one = raw.reshape(len(raw)).astype(np.float64)
    p = one if probable else 1 / (1 + np.exp(-np.clip(one, -700, 700)))
    return {"predict": (p > 0.5).astype(np.int64), "predict_proba": np.stack((1 - p, p), axis=1)}


def probabilities(raw: NDArray[Any]) -> bool:
    """Whether scores are probabilities: from 0 to 1, and of several classes with a sum of 1 a row."""
    if not raw.size or raw.min() < 0 or raw.max() > 1:
        return False
    many = raw.ndim > 1 and raw.shape[1] > 1
    return not many or bool(np.allclose(raw.sum(axis=1), 1, atol=1e-3))


def softmax(raw: NDArray[Any]) -> NDArray[np.float64]:
    """Along axis 1, in float64."""
    shifted = raw.astype(np.float64) - raw.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    out: NDArray[np.float64] = e / e.sum(axis=1, keepdims=True)
    return out
