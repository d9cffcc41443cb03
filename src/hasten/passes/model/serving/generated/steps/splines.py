"""Splines of features: on each piece between knots a polynomial, which a linear model after it takes into its own."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.blocks import Blocks, Pieces, joined
from hasten.passes.model.serving.generated.steps.checks import checked
from hasten.passes.model.serving.generated.writer import Writer, literal

NEAR = 1e-10  # how near the pieces must come to what the transformer itself says
FAR = 1e30  # from a knot: beyond, powers may leave the numbers, at which the batch function looks
CHECKED = 60  # points of each feature at which they are compared


def SplineTransformer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    if est.degree < 1:
        raise CannotServe("splines of degree 0")
    zeros = est.handle_missing == "zeros" if hasattr(est, "handle_missing") else False
    flat = est.extrapolation == "constant"
    # where gaps are known to it, it looks at nothing
    made = joined(blocks, w) if zeros and flat else checked(blocks, w, nan=zeros, swallows=flat)
    endless = est.extrapolation in ("linear", "continue")
    out: Blocks = []
    for i, spline in enumerate(est.bsplines_):
        cuts, lefts, values = _pieces(est, spline)
        if not est.include_bias:
            values = values[:, :-1]
        _compared(est, i, cuts, lefts, values)
        if zeros:  # the last piece is that of missing values
            values = np.concatenate([values, np.zeros((1, *values.shape[1:]))])
            lefts = np.append(lefts, 0.0)
        low, high = float(spline.t[spline.k]), float(spline.t[len(spline.t) - spline.k - 1])
        name, starts = w.array("knots", cuts), w.array("starts", lefts)
        given = f"{made.array}[:, {i}]"
        if est.extrapolation == "error":
            w.do(f"{w.helper(helpers.within)}({given}, {w.number(low)}, {w.number(high)})")
        if flat:
            given = w.let("inside", f"np.clip({given}, {w.number(low)}, {w.number(high)})")
        if est.extrapolation == "periodic":
            given = w.let("turned", f"{w.number(low)} + ({given} - {w.number(low)}) % {w.number(high - low)}")
        piece = w.let("piece", f"{w.helper(helpers.pieces)}({given}, {name}, {zeros})")
        shift = w.let("shift", f"{w.helper(helpers.shifts)}({given}, {starts}[{piece}])")
        row_piece = row_shift = ""
        if made.scalars is not None and w.row:
            row_piece, row_shift = _row(est, made.scalars[i].value, cuts, lefts, low, high, zeros, w)
        else:
            w.row = False
        out.append(Pieces(piece, shift, values, row_piece, row_shift, made.array, endless))
    return out


def _row(
    est: Any, value: str, cuts: NDArray[Any], lefts: NDArray[Any], low: float, high: float, zeros: bool, w: Writer
) -> tuple[str, str]:
    """The row function's names of the piece and of the place on it."""
    w.uses("from bisect import bisect_right")
    v = w.row_let("v", value)
    if est.extrapolation == "error":
        test = f"if not {w.number(low)} <= {v} <= {w.number(high)}"
        w.row_do(f"{test} and {v} == {v}:" if zeros else f"{test}:")
        w.row_do('    raise ValueError("beyond the limits of the knots")')
    if est.extrapolation == "constant":  # NaN stays, as the value is the first argument of both
        v = w.row_let("inside", f"min(max({v}, {w.number(low)}), {w.number(high)})")
    if est.extrapolation == "periodic":
        v = w.row_let("turned", f"{w.number(low)} + ({v} - {w.number(low)}) % {w.number(high - low)}")
    found = f"bisect_right({w.constant('cuts', literal(tuple(cuts.tolist())))}, {v})"
    if zeros:
        found = f"{found} if {v} == {v} else {len(lefts) - 1}"
    piece = w.row_let("piece", found)
    shift = f"{v} - {w.constant('lefts', literal(tuple(lefts.tolist())))}[{piece}]"
    w.count(8)
    shift = w.row_let("shift", f"{shift} if {v} == {v} else 0.0" if zeros else shift)
    if est.extrapolation in ("linear", "continue"):
        w.row_do(f"if not -{FAR} < {shift} < {FAR}:")
        w.row_do('    raise ValueError("far away")')
    return piece, shift


def _pieces(est: Any, spline: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Where pieces begin (but the first), where each is counted from, and its polynomials: (pieces, splines, powers),
    the highest power first."""
    degree = int(spline.k)
    knots = np.unique(spline.t[degree : len(spline.t) - degree])
    if len(knots) < 2:
        raise CannotServe("splines of a feature that has one value")
    starts = knots[:-1]
    powers = [spline(starts, nu=k) / math.factorial(k) for k in range(degree, -1, -1)]
    values = np.stack(powers, axis=-1)
    low, high = knots[0], knots[-1]
    if est.extrapolation != "linear":
        return starts[1:], starts, values
    ends = []
    for at in (low, high):
        constant, slope = spline(at), spline(at, nu=1)
        some = np.zeros((values.shape[1], degree + 1))
        width = max(degree, 2)
        chosen = slice(0, width) if at == low else slice(-width, None)
        some[chosen, -1] = constant[chosen]
        some[chosen, -2] = slope[chosen]
        ends.append(some)
    cuts = np.concatenate([[low], starts[1:], [np.nextafter(high, np.inf)]])
    return cuts, np.concatenate([[low], starts, [high]]), np.concatenate([ends[:1], values, ends[1:]])


def _compared(est: Any, feature: int, cuts: NDArray[Any], lefts: NDArray[Any], values: NDArray[Any]) -> None:
    """Raises `CannotServe` where the pieces are not what the transformer itself makes of some points."""
    spline = est.bsplines_[feature]
    low, high = spline.t[spline.k], spline.t[len(spline.t) - spline.k - 1]
    apart = high - low
    points = np.unique(np.concatenate([np.linspace(low, high, CHECKED), lefts, [low, high]]))
    if est.extrapolation != "error":
        points = np.concatenate([points, [low - apart, low - 0.1 * apart, high + 0.1 * apart, high + apart]])
    x = np.repeat([[s.t[s.k] for s in est.bsplines_]], len(points), axis=0)
    x[:, feature] = points
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        right = est.transform(x)
    right = np.asarray(right.toarray() if hasattr(right, "toarray") else right)
    width = values.shape[1]
    if est.extrapolation == "constant":
        points = np.clip(points, low, high)
    if est.extrapolation == "periodic":
        points = low + (points - low) % apart
    found = helpers.pieces(points, cuts)
    made = helpers.polynomials(values, found, points - lefts[found])
    wanted = right[:, feature * width : (feature + 1) * width]
    if not np.allclose(made, wanted, rtol=NEAR, atol=NEAR):
        raise CannotServe("splines whose pieces are not what they say")
