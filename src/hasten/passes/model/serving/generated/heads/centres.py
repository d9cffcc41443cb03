"""The nearest of a few centres."""

from __future__ import annotations

from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.answers import Answer, Head, many
from hasten.passes.model.serving.generated.blocks import Blocks
from hasten.passes.model.serving.generated.writer import Writer, labels_text


def head_of(est: Any, blocks: Blocks, w: Writer, methods: tuple[str, ...]) -> Head:
    finite = w.helper(helpers.finite)
    if type(est).__name__ == "NearestCentroid":
        return _centroid(est, w, finite)
    centres = np.asarray(est.cluster_centers_, float)
    name, norms = w.array("centres", centres), w.array("norms", (centres**2).sum(axis=1))
    lines = [f"{finite}(x)", f"z = {norms} - 2.0 * (x @ {name}.T)"]
    if _refuses_float32(est, centres.shape[1]):
        lines.insert(0, "if x.dtype == np.float32:")
        lines.insert(1, '    raise ValueError("expected float64")')
    answers = {
        "predict": Answer("z.argmin(axis=1).astype(np.int32)"),
        "transform": Answer(f"{w.helper(helpers.distances)}({finite}(x), {name}, {norms})", of="x"),
    }
    return Head(answers, matrix=True, lines=lines)


def _centroid(est: Any, w: Writer, finite: str) -> Head:
    if est.metric != "euclidean":
        raise CannotServe(f"distances by {est.metric!r}")
    centres = np.asarray(est.centroids_, float)
    within = np.where(est.within_class_std_dev_ != 0, est.within_class_std_dev_, 1.0)
    scaled = centres / within
    name, over = w.array("centres", scaled), w.array("within", within)
    prior = w.array("priors", 2.0 * np.log(np.asarray(est.class_prior_, float)))
    squares = w.array("squares", (scaled**2).sum(axis=1))
    # the root and its square are the original's: numbers far away lose the same digits
    lines = [f"{finite}(x)", f"z = -({w.helper(helpers.distances)}(x / {over}, {name}, {squares}) ** 2) + {prior}"]
    answers = dict(many(est.classes_, len(centres), w, "softmax", "pair" if len(centres) == 2 else "z"))
    if np.isclose(est.class_prior_, 1 / len(est.classes_)).all():
        # equal priors: by plain distance, as the original has it
        labels = w.constant("names", labels_text(np.asarray(est.classes_)))
        plain = f"{w.array('plain', centres)}, {w.array('norms', (centres**2).sum(axis=1))}"
        nearest = f"{w.helper(helpers.nearest)}({finite}(x), {plain})"
        answers["predict"] = Answer(f"{labels}[{nearest}]", of="x")
    return Head(answers, matrix=True, lines=lines)


def _refuses_float32(est: Any, width: int) -> bool:
    try:
        est.predict(np.zeros((2, width), np.float32))
    except ValueError:
        return True
    return False
