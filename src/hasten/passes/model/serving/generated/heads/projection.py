"""A projection as the last step, which also knows how likely rows are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.answers import Answer, Head
from hasten.passes.model.serving.generated.blocks import Blocks
from hasten.passes.model.serving.generated.writer import Writer


def head_of(est: Any, blocks: Blocks, w: Writer, methods: tuple[str, ...]) -> Head:
    finite = w.helper(helpers.finite)
    components, mean = np.asarray(est.components_, float), np.asarray(est.mean_, float)
    bias = -(mean.reshape(1, -1) @ components.T).ravel()
    text = f"{finite}(x) @ {w.array('components', components.T)} + {w.array('offset', bias)}"
    if est.whiten:
        over = np.maximum(np.sqrt(np.asarray(est.explained_variance_, float)), np.finfo(float).eps)
        text = f"({text}) / {w.array('scale', over)}"
    answers = {"transform": Answer(text, of="x")}
    if "score_samples" in methods:
        precision = np.asarray(est.get_precision(), float)
        sign, size = np.linalg.slogdet(precision)
        constant = 0.5 * (len(mean) * math.log(2.0 * math.pi) - (float(size) if sign > 0 else -math.inf))
        names = f"{w.array('middle', mean)}, {w.array('precision', precision)}, {w.number(constant)}"
        answers["score_samples"] = Answer(f"{w.helper(helpers.likely)}({finite}(x), {names})", of="x")
    return Head(answers, matrix=True)
