"""Naive Bayes."""

from __future__ import annotations

from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.answers import Head, many
from hasten.passes.model.serving.generated.blocks import Blocks, Counts
from hasten.passes.model.serving.generated.heads.scores import scored
from hasten.passes.model.serving.generated.writer import Writer


def head_of(est: Any, blocks: Blocks, w: Writer, methods: tuple[str, ...]) -> Head:
    name = type(est).__name__
    if name == "GaussianNB":
        return _gaussian(est, blocks, w)
    log = np.asarray(est.feature_log_prob_, float)
    if name == "MultinomialNB":
        bias = np.asarray(est.class_log_prior_, float)
    elif name == "ComplementNB":
        bias = np.asarray(est.class_log_prior_, float) if len(est.classes_) == 1 else np.zeros(len(log))
    else:
        blocks = _binary(est, blocks, w)
        absent = np.log(1 - np.exp(log))
        log, bias = log - absent, np.asarray(est.class_log_prior_, float) + absent.sum(axis=1)
    if not np.isfinite(log).all() or not np.isfinite(bias).all():
        raise CannotServe("probabilities of zero")
    row = scored(blocks, log, bias, w)
    return Head(many(est.classes_, len(log), w, "likelihoods", decision=None), row)


def _binary(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    if est.binarize is None:
        return blocks
    if any(isinstance(b, Counts) for b in blocks):
        raise CannotServe("BernoulliNB of a text vectoriser")
    from hasten.passes.model.serving.generated.steps.scale import binarized

    return binarized(blocks, float(est.binarize), w)


def _gaussian(est: Any, blocks: Blocks, w: Writer) -> Head:
    theta, var = np.asarray(est.theta_, float), np.asarray(est.var_, float)
    bias = np.array(
        [np.log(p) + -0.5 * np.sum(np.log(2.0 * np.pi * v)) for p, v in zip(est.class_prior_, var, strict=True)]
    )
    names = [w.array(h, v) for h, v in (("means", theta), ("variances", var), ("bias", bias))]
    lines = [f"{w.helper(helpers.finite)}(x)", f"z = {w.helper(helpers.gaussian)}(x, {', '.join(names)})"]
    return Head(many(est.classes_, len(theta), w, "likelihoods", decision=None), matrix=True, lines=lines)
