"""Regression in the space of a kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.answers import Answer, Head
from hasten.passes.model.serving.generated.blocks import Blocks
from hasten.passes.model.serving.generated.heads.vectors import LARGEST
from hasten.passes.model.serving.generated.steps.project import rbf_around
from hasten.passes.model.serving.generated.writer import Writer


def head_of(est: Any, blocks: Blocks, w: Writer, methods: tuple[str, ...]) -> Head:
    vectors = np.asarray(est.X_fit_, float)
    if est.kernel != "rbf" or vectors.size > LARGEST:
        raise CannotServe(f"the kernel {est.kernel!r} over {len(vectors)} rows")
    gamma = 1.0 / vectors.shape[1] if est.gamma is None else float(est.gamma)
    near = f"{w.helper(helpers.rbf)}(x, {rbf_around(vectors, w)}, {w.number(gamma)})"
    lines = [f"{w.helper(helpers.finite)}(x)", f"z = {near} @ {w.array('dual', np.asarray(est.dual_coef_, float))}"]
    return Head({"predict": Answer("z")}, matrix=True, lines=lines)
