"""Fewer components of a projection.

What it does     keeps the first components of a PCA or truncated SVD, and the final linear model's coefficients for
                 them: those that explain most come first, so what is cut says least. Nothing is trained again.
When it wins     when many components were kept; everything behind the projection gets smaller too.
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

PROJECTIONS = ("PCA", "IncrementalPCA", "TruncatedSVD")


@dataclass(frozen=True)
class LowerRank:
    code: ClassVar[str] = "HSM213"
    name: ClassVar[str] = "fewer components"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("sklearn",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        found = _pair(work.model)
        if found is None or len(found[0].components_) < 4:
            return
        for share in (0.8, 0.6, 0.4, 0.25, 0.1):
            yield {"share": share}

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any:
        model = copy.deepcopy(work.model)
        found = _pair(model)
        assert found is not None
        projection, last = found
        kept = max(1, int(parameters["share"] * len(projection.components_)))
        last.coef_ = np.ascontiguousarray(last.coef_[..., :kept])
        last.n_features_in_ = kept
        for name in ("components_", "explained_variance_", "explained_variance_ratio_", "singular_values_"):
            if getattr(projection, name, None) is not None:
                setattr(projection, name, getattr(projection, name)[:kept])
        projection.n_components_ = projection.n_components = kept
        return model


def _pair(model: Any) -> tuple[Any, Any] | None:
    """A projection that a linear model follows directly, at the end of a pipeline."""
    if type(model).__name__ != "Pipeline" or len(model.steps) < 2:
        return None
    projection, last = model.steps[-2][1], model.steps[-1][1]
    if type(projection).__name__ not in PROJECTIONS or not isinstance(getattr(last, "coef_", None), np.ndarray):
        return None
    return (projection, last) if last.coef_.shape[-1] == len(projection.components_) else None
