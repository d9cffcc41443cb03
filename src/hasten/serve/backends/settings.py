"""The model itself, with other settings of its run: from its pickle, past checks that were made already."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from hasten.serve.backends import Ask
from hasten.serve.backends.original import FILE
from hasten.serve.inputs import GIVEN, MATRIX


class Settled:
    """Answers through the model's own methods; `unchecked`: inputs are a matrix that is known to be good."""

    def __init__(self, model: Any, unchecked: bool) -> None:
        self.model = model
        self.takes = MATRIX if unchecked else GIVEN
        self._unchecked = unchecked

    def method(self, name: str) -> Ask:
        ask: Ask = getattr(self.model, name)
        if not self._unchecked:
            return ask
        from sklearn import config_context

        def unchecked(x: Any) -> NDArray[Any]:
            with config_context(assume_finite=True, skip_parameter_validation=True):
                return ask(x)

        return unchecked

    def row(self, name: str) -> None:
        return None


def load(folder: Path, options: Mapping[str, Any], threads: int | None) -> Settled:
    with (folder / FILE).open("rb") as file:
        return Settled(pickle.load(file), bool(options["unchecked"]))
