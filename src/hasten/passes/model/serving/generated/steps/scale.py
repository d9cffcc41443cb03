"""Scalers and transformations of single numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.blocks import Blocks, Numbers, Scalar
from hasten.passes.model.serving.generated.steps.checks import atoms, checked, guard
from hasten.passes.model.serving.generated.writer import Writer


def _shifted(blocks: Blocks, shift: Any, over: Any, w: Writer, *, rounded: bool = False) -> Blocks:
    """(x - shift) / over, where either may be None. Of float32 the parameters are rounded first, or (`rounded`) the
    results are, as scikit-learn has it."""
    made = checked(blocks, w, nan=True)
    if shift is None and over is None:
        return [made]
    array, alike = made.array, w.helper(helpers.alike)
    for sign, values in (("-", shift), ("/", over)):
        if values is None:
            continue
        name = w.array("mean" if sign == "-" else "scale", values)
        if rounded:
            array = f"{alike}({array} {sign} {name}, {made.array})"
        else:
            left = f"({array})" if " " in array else array
            array = f"{left} {sign} {alike}({name}, {made.array})"
    scalars = None
    if made.scalars is not None:
        scalars = tuple(
            Scalar(
                s.value if shift is None else f"({s.value} - {w.number(shift[i])})",
                1.0 if over is None else float(over[i]),
            )
            for i, s in enumerate(made.scalars)
        )
    return [Numbers(w.let("scaled", array), made.width, scalars)]


def StandardScaler(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    return _shifted(blocks, est.mean_ if est.with_mean else None, est.scale_ if est.with_std else None, w)


def RobustScaler(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    center, scale = est.center_ if est.with_centering else None, est.scale_ if est.with_scaling else None
    return _shifted(blocks, center, scale, w, rounded=True)


def MaxAbsScaler(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    out = _shifted(blocks, None, est.scale_, w, rounded=True)
    return _clipped(out, -1.0, 1.0, w) if getattr(est, "clip", False) else out


def MinMaxScaler(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    made = checked(blocks, w, nan=True)
    alike, x = w.helper(helpers.alike), made.array
    array = w.let("scaled", f"{alike}({x} * {w.array('scale', est.scale_)}, {x})")
    array = w.let("shifted", f"{alike}({array} + {w.array('low', est.min_)}, {x})")
    scalars = None
    if made.scalars is not None:
        scalars = tuple(
            Scalar(f"({s.value} * {w.number(k)} + {w.number(b)})")
            for s, k, b in zip(made.scalars, est.scale_, est.min_, strict=True)
        )
    out: Blocks = [Numbers(array, made.width, scalars)]
    return _clipped(out, float(est.feature_range[0]), float(est.feature_range[1]), w) if est.clip else out


def _clipped(blocks: Blocks, low: float, high: float, w: Writer) -> Blocks:
    made = blocks[0]
    assert isinstance(made, Numbers)
    scalars = None
    if made.scalars is not None:
        guard([Scalar(s.value) for s in made.scalars], w, nan=True)
        # NaN stays, as the value is the first argument of both
        scalars = tuple(Scalar(f"min(max({s.value}, {w.number(low)}), {w.number(high)})") for s in made.scalars)
    return [Numbers(w.let("clipped", f"np.clip({made.array}, {low!r}, {high!r})"), made.width, scalars)]


def Normalizer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    made = checked(blocks, w, nan=False)
    x = made.array
    norm = {
        "l1": f"np.abs({x}).sum(axis=1)", "l2": f"np.sqrt(np.einsum('ij,ij->i', {x}, {x}))",
        "max": f"np.abs({x}).max(axis=1)",
    }[est.norm]  # fmt: skip
    n = w.let("norm", norm)
    n = w.let("norm", f"np.where({n} == 0.0, 1.0, {n})")
    array = w.let("normed", f"{x} / {n}[:, None]")
    names = atoms(made, w)
    scalars = None
    if names is not None:
        one = {
            "l1": " + ".join(f"abs({v})" for v in names), "max": f"max({', '.join(f'abs({v})' for v in names)}, 0.0)",
            "l2": f"math.sqrt({' + '.join(f'{v} * {v}' for v in names)})",
        }[est.norm]  # fmt: skip
        if est.norm == "max":
            guard([Scalar(v) for v in names], w, nan=False)
        total = w.row_let("norm", f"({one}) or 1.0")
        w.count(3 * len(names))
        scalars = tuple(Scalar(f"({v} / {total})") for v in names)
    return [Numbers(array, made.width, scalars)]


def Binarizer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    return binarized(blocks, float(est.threshold), w)


def binarized(blocks: Blocks, threshold: float, w: Writer) -> Blocks:
    """1.0 where a number is above the threshold, else 0.0."""
    made = checked(blocks, w, nan=False, swallows=True)
    limit = w.number(threshold)
    array = w.let("binary", f"({made.array} > {limit}).astype(float)")
    scalars = None
    if made.scalars is not None:
        scalars = tuple(Scalar(f"(1.0 if {s.value} > {limit} else 0.0)") for s in made.scalars)
    return [Numbers(array, made.width, scalars)]


def PowerTransformer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    made = checked(blocks, w, nan=True)
    lambdas = np.asarray(est.lambdas_, float)
    if est.method == "box-cox":
        function, one = w.helper(helpers.box_cox), w.helper(helpers.box_cox_one)
    else:
        function, one = w.helper(helpers.yeo_johnson), w.helper(helpers.yeo_johnson_one)
    array = w.let("powers", f"{function}({made.array}, {w.array('lambdas', lambdas)})")
    scalars = None
    if made.scalars is not None:
        w.count(6 * made.width)
        if np.isfinite(lambdas).all():
            # an overflow of the power leaves the row function, NaN goes through
            guard([Scalar(s.value) for s in made.scalars], w, nan=True)
            scalars = tuple(
                Scalar(f"{one}({s.value}, {w.number(k)})") for s, k in zip(made.scalars, lambdas, strict=True)
            )
    out: Blocks = [Numbers(array, made.width, scalars)]
    return StandardScaler(est._scaler, out, w) if est.standardize else out


def QuantileTransformer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    made = checked(blocks, w, nan=True)
    normal = est.output_distribution == "normal"
    if normal:
        w.packages.add("scipy")
    function = w.helper(helpers.quantile_normal if normal else helpers.quantile_uniform)
    quantiles, references = w.array("quantiles", est.quantiles_), w.array("references", est.references_)
    if getattr(est, "ignore_implicit_zeros", False):
        raise CannotServe("a QuantileTransformer that ignores zeros")
    return [Numbers(w.let("quantile", f"{function}({made.array}, {quantiles}, {references})"), made.width, None)]
