"""Transformers of numbers as operations (`serve/backends/dense`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model_pass import CannotServe
from hasten.serve.backends.dense import Op

Ops = tuple[Op, ...]


def operations(steps: Sequence[Any], features: int) -> tuple[Ops, int]:
    """All steps, one after another, and how many values a row has after them. Raises `CannotServe`."""
    ops: Ops = ()
    width = features
    for step in steps:
        if step is None or step == "passthrough":
            continue
        name = type(step).__name__
        if not type(step).__module__.startswith("sklearn."):
            raise CannotServe(f"{name} is not scikit-learn's")
        if hasattr(step, "get_support") and hasattr(step, "transform"):
            more = _selected(step, width)
        elif name in TRANSLATED:
            more = TRANSLATED[name](step, width)
        else:
            raise CannotServe(f"no operations for {name}")
        ops += more
        width = more[-1].width
    return ops, width


def finite(width: int) -> Op:
    return Op("finite", width)


def vector(kind: str, values: Any, width: int) -> Op:
    return Op(kind, width, np.broadcast_to(np.asarray(values, np.float64), (width,)).copy())


def layer(weights: Any, bias: Any) -> Op:
    """x @ weights + bias, for weights (inputs, outputs)."""
    held: NDArray[np.float64] = np.asarray(weights, np.float64)
    return Op("dense", held.shape[1], held, np.broadcast_to(np.asarray(bias, np.float64), (held.shape[1],)).copy())


def _standard(est: Any, width: int) -> Ops:
    ops: list[Op] = [Op("not inf", width)]
    if est.with_mean:
        ops.append(vector("sub", est.mean_, width))
    if est.with_std:
        ops.append(vector("div", est.scale_, width))
    return tuple(ops)


def _robust(est: Any, width: int) -> Ops:
    ops: list[Op] = [Op("not inf", width)]
    if est.with_centering:
        ops.append(vector("sub", est.center_, width))
    if est.with_scaling:
        ops.append(vector("div", est.scale_, width))
    return tuple(ops)


def _max_abs(est: Any, width: int) -> Ops:
    clip = (Op("clip", width, c=-1.0, d=1.0),) if getattr(est, "clip", False) else ()
    return (Op("not inf", width), vector("div", est.scale_, width), *clip)


def _min_max(est: Any, width: int) -> Ops:
    low, high = map(float, est.feature_range)
    clip = (Op("clip", width, c=low, d=high),) if est.clip else ()
    return (Op("not inf", width), vector("mul", est.scale_, width), vector("add", est.min_, width), *clip)


def _imputed(est: Any, width: int) -> Ops:
    fill = np.asarray(est.statistics_)
    gap = est.missing_values
    if est.add_indicator or fill.dtype.kind not in "fiub" or not isinstance(gap, float) or gap == gap:
        raise CannotServe("an imputer with an indicator, or of something else than NaN")
    if np.isnan(fill.astype(np.float64)).any():
        raise CannotServe("an imputer that drops columns")
    return (Op("not inf", width), vector("fill", fill, width))


def _normalized(est: Any, width: int) -> Ops:
    return (finite(width), Op("norms", width, way={"max": 0, "l1": 1, "l2": 2}[est.norm]))


def _principal(est: Any, width: int) -> Ops:
    components = np.asarray(est.components_, np.float64)
    bias = -(np.asarray(est.mean_, np.float64).reshape(1, -1) @ components.T).ravel()
    ops: Ops = (finite(width), layer(components.T, bias))
    if est.whiten:
        over = np.sqrt(np.asarray(est.explained_variance_, np.float64))
        ops += (vector("div", np.maximum(over, np.finfo(np.float64).eps), len(components)),)
    return ops


def _svd(est: Any, width: int) -> Ops:
    return (finite(width), layer(np.asarray(est.components_, np.float64).T, 0.0))


def _selected(est: Any, width: int) -> Ops:
    places = np.flatnonzero(est.get_support()).tolist()
    if not places:
        raise CannotServe("no feature is selected")
    # which values a selector refuses depends on what it selects by: it is asked
    from hasten.passes.model.trees.refusals import refusals

    told = refusals(_Transforms(est), width)
    looks = (finite(width),) if told["refuse_nan"] else (Op("not inf", width),) if told["refuse_inf"] else ()
    return (*looks, Op("take", len(places), places=places))


class _Transforms:
    """A transformer that is asked like a predictor."""

    def __init__(self, est: Any) -> None:
        self.predict = est.transform


TRANSLATED = {
    "StandardScaler": _standard, "RobustScaler": _robust, "MaxAbsScaler": _max_abs, "MinMaxScaler": _min_max,
    "SimpleImputer": _imputed, "Normalizer": _normalized, "PCA": _principal, "IncrementalPCA": _principal,
    "TruncatedSVD": _svd,
}  # fmt: skip
