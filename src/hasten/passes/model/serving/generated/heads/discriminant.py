"""Discriminant analysis, linear and quadratic."""

from __future__ import annotations

from typing import Any

import numpy as np

from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.answers import Answer, Head, binary, many
from hasten.passes.model.serving.generated.blocks import Blocks
from hasten.passes.model.serving.generated.heads.scores import scored
from hasten.passes.model.serving.generated.writer import Writer


def head_of(est: Any, blocks: Blocks, w: Writer, methods: tuple[str, ...]) -> Head:
    finite = w.helper(helpers.finite)
    if type(est).__name__ == "QuadraticDiscriminantAnalysis":
        turns = [r * (s ** (-0.5)) for r, s in zip(est.rotations_, est.scalings_, strict=True)]
        u = np.array([np.sum(np.log(s)) for s in est.scalings_])
        if len({t.shape for t in turns}) > 1:  # classes of different rank
            from hasten.core.model_pass import CannotServe

            raise CannotServe("classes of different rank")
        names = [w.array("means", np.asarray(est.means_)), w.array("turns", np.stack(turns)), w.array("sizes", u)]
        names.append(w.array("priors", np.log(est.priors_)))
        lines = [f"{finite}(x)", f"z = {w.helper(helpers.quadratic)}(x, {', '.join(names)})"]
        two = len(est.classes_) == 2
        return Head(many(est.classes_, len(u), w, "softmax", "pair" if two else "z"), matrix=True, lines=lines)
    coef = np.asarray(est.coef_, float)
    two = len(coef) == 1
    if "transform" not in methods:
        row = scored(blocks, coef.ravel() if two else coef, est.intercept_, w)
        return Head(binary(est.classes_, w, "sigmoid") if two else many(est.classes_, len(coef), w, "softmax"), row)
    weights, bias = w.array("weights", coef[0] if two else coef.T), w.array("bias", est.intercept_)
    lines = [f"{finite}(x)", f"z = x @ {weights} + {bias}{'[0]' if two else ''}"]
    answers = dict(binary(est.classes_, w, "sigmoid") if two else many(est.classes_, len(coef), w, "softmax"))
    scalings = w.array("scalings", np.asarray(est.scalings_, float)[:, : est._max_components])
    centre = "x" if est.solver == "eigen" else f"(x - {w.array('mean', est.xbar_)})"
    answers["transform"] = Answer(f"{finite}{centre if centre != 'x' else '(x)'} @ {scalings}", of="x")
    return Head(answers, matrix=True, lines=lines)
