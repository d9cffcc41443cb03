"""How the backend `trees` makes each method's answers, as a part's options say it."""

from __future__ import annotations

from typing import Any

from hasten.passes.model.trees.forest import LABELS, TRANSFORMS, Forest
from hasten.passes.model.trees.refusals import shapes_of_nothing
from hasten.serve.manifest import values_to_json


def options_of(forest: Forest, model: Any) -> dict[str, Any]:
    answers = {}
    empty = shapes_of_nothing(model, forest.features, forest.answers)
    for method, a in forest.answers.items():
        answers[method] = {
            "transform": TRANSFORMS.index(a.transform), "label": LABELS.index(a.label), "a": a.a, "b": a.b, "c": a.c,
            "shape": list(a.shape), "dtype": a.dtype, "empty": empty[method],
            "classes": None if a.classes is None else values_to_json(a.classes),
        }  # fmt: skip
    return {"answers": answers}
