"""What a model refuses: asked of the model itself, with one odd row at a time."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np


def refusals(model: Any) -> dict[str, bool]:
    """Whether `model` refuses NaN, infinity, and no rows at all (arguments of `Forest`)."""
    number = int(model.n_features_in_)
    row = np.zeros((1, number))
    return {
        "refuse_nan": _refuses(model, np.full((1, number), np.nan)),
        "refuse_inf": _refuses(model, np.full((1, number), np.inf)),
        "refuse_empty": _refuses(model, row[:0]),
    }


def _refuses(model: Any, x: Any) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.predict(x)
        except ValueError:
            return True
    return False
