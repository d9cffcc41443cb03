"""Coefficient sparsity of linear models.

What it does     sets the coefficients to zero that move the answers least: those with the smallest product of their
                 magnitude and the spread of their input on the rows to learn from (or of the magnitude alone).
When it wins     with the generated predictor, which leaves out what is multiplied by zero: columns of a wide one-hot
                 encoding or of a vocabulary that hardly count.
Safe when        the contract's budget says so.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.reducing.parts import before_final, final, with_final

FEWEST = 20  # coefficients: below, there is nothing to gain


@dataclass(frozen=True)
class SparseCoefficients:
    code: ClassVar[str] = "HSM211"
    name: ClassVar[str] = "small coefficients left out"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("sklearn",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        found = getattr(final(work.model), "coef_", None)
        if not isinstance(found, np.ndarray) or np.atleast_2d(found).shape[1] < FEWEST:
            return
        for share in (0.3, 0.5, 0.7, 0.8, 0.9, 0.95):
            yield {"share": share}

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any:
        last = copy.deepcopy(final(work.model))
        weight = np.abs(np.atleast_2d(last.coef_)).max(axis=0)
        if work.train is not None:
            weight = weight * _spread(before_final(work.model, work.train.x))
        gone = np.argsort(weight, kind="stable")[: int(parameters["share"] * len(weight))]
        coefficients = np.array(last.coef_)
        coefficients[..., gone] = 0.0
        last.coef_ = coefficients
        return with_final(work.model, last)


def _spread(x: Any) -> Any:
    """Standard deviation of each column, of dense and sparse rows."""
    if hasattr(x, "multiply"):
        mean = np.asarray(x.mean(axis=0)).ravel()
        return np.sqrt(np.maximum(np.asarray(x.multiply(x).mean(axis=0)).ravel() - mean**2, 0))
    return np.asarray(x, float).std(axis=0)
