"""What a model refuses: asked of the model itself, with one odd row at a time."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np


def refusals(model: Any, features: int | None = None) -> dict[str, bool]:
    """Whether `model` refuses NaN and infinity (arguments of `Forest`)."""
    number = int(model.n_features_in_) if features is None else features
    return {
        "refuse_nan": isinstance(_asked(model, "predict", np.full((1, number), np.nan)), ValueError),
        "refuse_inf": isinstance(_asked(model, "predict", np.full((1, number), np.inf)), ValueError),
    }


def shapes_of_nothing(model: Any, features: int, methods: Iterable[str]) -> dict[str, list[int] | None]:
    """The shape of each method's answer to no rows; None where the model refuses them."""
    found: dict[str, list[int] | None] = {}
    for method in methods:
        answer = _asked(model, method, np.zeros((0, features)))
        found[method] = None if isinstance(answer, Exception) else list(np.shape(answer))
    return found


def _asked(model: Any, method: str, x: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(model, method)(x)
        except Exception as error:  # noqa: BLE001 - a refusal is what is asked for
            return error
