"""Selections of features."""

from __future__ import annotations

from typing import Any

import numpy as np

from hasten.passes.model.serving.generated.blocks import Blocks, Numbers, Raw, numbers, take
from hasten.passes.model.serving.generated.steps.checks import checked, dropped
from hasten.passes.model.serving.generated.writer import Writer


def selected(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    from sklearn.utils import get_tags

    nan = bool(get_tags(est).input_tags.allow_nan)
    support = np.asarray(est.get_support(), bool)
    if any(isinstance(b, Raw) for b in blocks):
        blocks = [numbers(b, w) if isinstance(b, Raw) else b for b in blocks]
    if not nan:  # where NaN may come in, nothing is checked
        for b in blocks:
            if isinstance(b, Numbers):
                checked([b], w, nan=False)
    kept = np.flatnonzero(support).tolist()
    gone = np.flatnonzero(~support).tolist()
    if w.row and not nan:
        dropped(_row_only(blocks, gone), w, nan=False)
    return take(blocks, kept, w)


def _row_only(blocks: Blocks, places: list[int]) -> Blocks:
    """The numbers at `places`, for the row function alone."""
    out: Blocks = []
    start = 0
    for b in blocks:
        here = [p - start for p in places if start <= p < start + b.width]
        if isinstance(b, Numbers) and here and b.scalars is not None:
            out.append(Numbers(b.array, len(here), tuple(b.scalars[i] for i in here)))
        start += b.width
    return out


SelectKBest = SelectPercentile = SelectFpr = SelectFdr = SelectFwe = GenericUnivariateSelect = selected
VarianceThreshold = SelectFromModel = RFE = RFECV = SequentialFeatureSelector = selected
