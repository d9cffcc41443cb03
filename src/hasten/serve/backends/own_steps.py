"""A model's own first steps, from their pickle, and a part behind them that answers from what they make."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hasten.serve.backends import Ask, Backend, open_part
from hasten.serve.inputs import GIVEN, Inputs
from hasten.serve.manifest import Part, schema_from_json

STEPS, BEHIND = "steps.pkl", "behind"


class OwnSteps:
    """Answers by `transform` of the steps, whose result the part behind reads by a schema of its own."""

    takes = GIVEN

    def __init__(self, transform: Callable[[Any], Any], inner: Backend, inputs: Inputs) -> None:
        self._transform, self._inner, self._inputs = transform, inner, inputs

    def method(self, name: str) -> Ask:
        inner, transform, ask = self._inner, self._transform, self._inner.method(name)
        refuses: frozenset[str] = getattr(inner, "refuses", frozenset())
        read = self._inputs.reader(inner.takes, getattr(inner, "needs", None), refuses)
        return lambda x: ask(read(transform(x)))

    def row(self, name: str) -> None:
        return None


def load(folder: Path, options: Mapping[str, Any], threads: int | None) -> OwnSteps:
    with (folder / STEPS).open("rb") as file:
        steps = pickle.load(file)
    told = options["inner"]
    part = Part(told["backend"], tuple(told["methods"]), told["options"], tuple(told["packages"]))
    inputs = Inputs(schema_from_json(options["schema"]))
    return OwnSteps(steps.transform, open_part(part, folder / BEHIND, threads, inputs), inputs)
