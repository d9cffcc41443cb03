"""A net behind its tokeniser (`serve/texts.py`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from hasten.serve.texts import asked, held_of
from hasten.serve.tokens import opened


class TextBackend:
    """Answers `forward` for a list of texts."""

    takes = "texts"

    def __init__(self, ask: Callable[[list[str]], NDArray[Any]]) -> None:
        self._ask = ask

    def method(self, name: str) -> Callable[[list[str]], NDArray[Any]]:
        return self._ask

    def row(self, name: str) -> None:
        return None


def load(folder: Path, options: Mapping[str, Any], threads: int | None) -> TextBackend:
    from hasten.serve.backends import BACKENDS

    inner = import_module(BACKENDS[options["backend"]]).load(folder, options["net"], threads).method("forward")
    tokenise = opened(held_of(options["tokeniser"]), folder)
    return TextBackend(asked(tokenise, inner, options["overhead"], options["step"]))
