"""How the backend `trees` makes each method's answers, as a part's options say it."""

from __future__ import annotations

from typing import Any

from hasten.passes.model.trees.forest import LABELS, TRANSFORMS, Forest
from hasten.serve.manifest import values_to_json


def options_of(forest: Forest) -> dict[str, Any]:
    answers = {}
    for method, a in forest.answers.items():
        answers[method] = {
            "transform": TRANSFORMS.index(a.transform), "label": LABELS.index(a.label), "a": a.a, "b": a.b, "c": a.c,
            "shape": list(a.shape), "dtype": a.dtype,
            "classes": None if a.classes is None else values_to_json(a.classes),
        }  # fmt: skip
    return {"answers": answers}
