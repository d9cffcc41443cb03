"""Pipelines, column transformers, unions."""

from __future__ import annotations

from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated.blocks import Blocks, Numbers, Scalar, Table, joined, take
from hasten.passes.model.serving.generated.steps import translated
from hasten.passes.model.serving.generated.writer import Writer


def Pipeline(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    for _, step in est.steps:
        blocks = translated(step, blocks, w)
    return blocks


def ColumnTransformer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    out: Blocks = []
    for name, step, _ in est.transformers_:
        places = np.asarray(est._transformer_to_input_indices[name], int).tolist()
        if isinstance(step, str) and step == "drop" or not places:
            continue
        made = translated(step, take(blocks, places, w), w)
        out += _weighted(made, (est.transformer_weights or {}).get(name), w)
    return out


def FeatureUnion(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    out: Blocks = []
    for name, step in est.transformer_list:
        if isinstance(step, str) and step == "drop":
            continue
        out += _weighted(translated(step, blocks, w), (est.transformer_weights or {}).get(name), w)
    return out


def _weighted(blocks: Blocks, weight: float | None, w: Writer) -> Blocks:
    if weight is None:
        return blocks
    out: Blocks = []
    for b in blocks:
        if isinstance(b, Table):
            out.append(Table(b.code, b.values * weight))
            continue
        made = joined([b], w)
        factor = w.number(weight)
        scalars = None if made.scalars is None else tuple(Scalar(f"{s.value} * {factor}") for s in made.scalars)
        out.append(Numbers(w.let("weighted", f"{made.array} * {factor}"), made.width, _grouped(scalars)))
    if not isinstance(weight, (int, float)):
        raise CannotServe("a transformer's weight is no number")
    return out


def _grouped(scalars: tuple[Scalar, ...] | None) -> tuple[Scalar, ...] | None:
    return None if scalars is None else tuple(Scalar(f"({s.text})", s.over) for s in scalars)
