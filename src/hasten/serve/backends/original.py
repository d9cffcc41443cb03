"""The model itself, from its pickle: what every other part is compared with, and the answer where none is better."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hasten.serve.backends import Ask
from hasten.serve.inputs import GIVEN

FILE = "model.pkl"


class Original:
    """Answers through the model's own methods."""

    takes = GIVEN

    def __init__(self, model: Any) -> None:
        self.model = model

    def method(self, name: str) -> Ask:
        ask: Ask = getattr(self.model, name)
        return ask

    def row(self, name: str) -> None:
        return None


def load(folder: Path, options: Mapping[str, Any], threads: int | None) -> Original:
    import pickle

    with (folder / FILE).open("rb") as file:
        return Original(pickle.load(file))


def save(model: Any, folder: Path) -> None:
    """By cloudpickle, which also carries classes and functions that a script defines itself."""
    import cloudpickle

    with (folder / FILE).open("wb") as file:
        cloudpickle.dump(model, file)
