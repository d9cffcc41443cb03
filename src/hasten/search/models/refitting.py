"""The control beside a tabular model that was made smaller: the original's own recipe, fitted again.

Any other fit moves what answers rest on. How far the same estimator's reasons move with another seed and a resample of
the same rows says how much of what an artifact shows is due to its being smaller.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import CannotServe

OF = "the original, fitted again to a resample of its training rows"
SEEDS = ("random_state", "random_seed")


def can_refit(work: ModelWorkload) -> bool:
    """Whether there is something to learn from, and a recipe that says how."""
    learns = work.train is not None and work.train.y is not None
    return learns and hasattr(work.model, "get_params") and hasattr(work.model, "fit")


def refitted(work: ModelWorkload, seed: int) -> Any:
    """The same estimator with other seeds, fitted to as many of its training rows, drawn with replacement.

    Raises `CannotServe` where it learns other classes than the original, and what fitting raises.
    """
    import warnings

    from sklearn.base import clone

    train = work.train
    assert train is not None
    rows = np.random.default_rng(seed).integers(0, len(train), len(train))
    some = train.take(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = clone(work.model)
        own = {k: seed for k in model.get_params(deep=True) if k.rpartition("__")[2] in SEEDS}
        model.set_params(**own)
        model.fit(some.x, some.y)
    before, after = (getattr(m, "classes_", None) for m in (work.model, model))
    if before is not None and (after is None or not np.array_equal(np.asarray(before), np.asarray(after))):
        raise CannotServe("a resample of the training rows lacks some of the classes")
    return model
