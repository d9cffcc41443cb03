"""Mixtures of normal densities."""

from __future__ import annotations

from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.answers import Answer, Head
from hasten.passes.model.serving.generated.blocks import Blocks
from hasten.passes.model.serving.generated.writer import Writer


def head_of(est: Any, blocks: Blocks, w: Writer, methods: tuple[str, ...]) -> Head:
    if type(est).__name__ != "GaussianMixture":
        raise CannotServe("a mixture whose densities are not normal ones")
    means = np.asarray(est.means_, float)
    number, width = means.shape
    roots = np.asarray(est.precisions_cholesky_, float)
    turns = {
        "full": lambda: roots, "tied": lambda: np.repeat(roots[None], number, axis=0),
        "diag": lambda: np.stack([np.diag(r) for r in roots]),
        "spherical": lambda: np.stack([np.eye(width) * r for r in roots]),
    }[est.covariance_type]()  # fmt: skip
    sizes = np.log(np.diagonal(turns, axis1=1, axis2=2)).sum(axis=1) - 0.5 * width * np.log(2 * np.pi)
    sizes = sizes + np.log(np.asarray(est.weights_, float))
    turned = np.stack([m @ t for m, t in zip(means, turns, strict=True)])
    names = [w.array(hint, v) for hint, v in (("means", turned), ("turns", turns), ("sizes", sizes))]
    lines = [f"{w.helper(helpers.finite)}(x)", f"z = {w.helper(helpers.mixture)}(x, {', '.join(names)})"]
    total = f"{w.helper(helpers.log_of_sum)}(z)"
    answers = {
        "predict": Answer("z.argmax(axis=1)"), "predict_proba": Answer(f"np.exp(z - {total}[:, None])"),
        "score_samples": Answer(total),
    }  # fmt: skip
    return Head(answers, matrix=True, lines=lines)
