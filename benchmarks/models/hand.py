"""Predictors that an engineer writes by hand for one model: NumPy over its parameters, plain Python for a dict."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

Ask = Callable[[Any], Any]


def machines_linear(model: Any) -> tuple[Ask, Ask]:
    """Scaled readings and two encoded columns into a logistic regression: for frames, and for one dict."""
    columns, linear = model.steps[0][1], model.steps[1][1]
    scale, encode = columns.named_transformers_["numbers"], columns.named_transformers_["texts"]
    numbers, texts = list(columns.transformers_[0][2]), list(columns.transformers_[1][2])
    weights = linear.coef_[0]
    slopes = weights[: len(numbers)] / scale.scale_
    start = float(linear.intercept_[0] - slopes @ scale.mean_)
    tables, at = [], len(numbers)
    for values in encode.categories_:
        tables.append(dict(zip(values.tolist(), weights[at : at + len(values)].tolist(), strict=True)))
        at += len(values)
    pairs, lookups = list(zip(numbers, slopes.tolist(), strict=True)), list(zip(texts, tables, strict=True))

    def frame(x: Any) -> Any:
        score = x[numbers].to_numpy(np.float64) @ slopes + start
        for name, table in lookups:
            score += np.array([table.get(v, 0.0) for v in x[name].tolist()])
        p = 1 / (1 + np.exp(-score))
        return np.stack((1 - p, p), axis=1)

    def row(x: Any) -> Any:
        score = start
        for name, slope in pairs:
            score += slope * x[name]
        for name, table in lookups:
            score += table.get(x[name], 0.0)
        p = 1 / (1 + math.exp(-score))
        return np.array([[1 - p, p]])

    return frame, row


def messages_tfidf(model: Any) -> tuple[Ask, None]:
    """Words counted in a dict, weighted and normed, into a logistic regression."""
    text, linear = model.steps[0][1], model.steps[1][1]
    start, words = float(linear.intercept_[0]), re.compile(text.token_pattern).findall
    known = {w: (float(text.idf_[i]), float(linear.coef_[0][i])) for w, i in text.vocabulary_.items()}

    def texts(x: Any) -> Any:
        scores = []
        for each in x:
            counts: dict[str, int] = {}
            for word in words(each.lower()):
                counts[word] = counts.get(word, 0) + 1
            dot = norm = 0.0
            for word, count in counts.items():
                found = known.get(word)
                if found is not None:
                    value = count * found[0]
                    norm += value * value
                    dot += value * found[1]
            scores.append(start + (dot / math.sqrt(norm) if norm else 0.0))
        p = 1 / (1 + np.exp(-np.array(scores)))
        return np.stack((1 - p, p), axis=1)

    return texts, None


HAND: dict[str, Callable[[Any], tuple[Ask, Ask | None]]] = {
    "machines_linear": machines_linear, "messages_tfidf": messages_tfidf,
}  # fmt: skip
