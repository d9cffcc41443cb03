"""Backends: one module for each way in which a part answers. Each has `load(folder, options, threads)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from hasten.errors import TargetError
from hasten.serve.inputs import Inputs
from hasten.serve.manifest import Part
from hasten.serve.packages import to_install

# a backend's name, and its module
BACKENDS: dict[str, str] = {
    "original": "hasten.serve.backends.original",
    "generated": "hasten.serve.backends.generated",
    "onnx": "hasten.serve.backends.onnx",
    "trees": "hasten.serve.backends.trees",
    "dense": "hasten.serve.backends.dense",
    "gtil": "hasten.serve.backends.gtil",
    "tl2cgen": "hasten.serve.backends.tl2cgen",
    "daal": "hasten.serve.backends.daal",
    "booster": "hasten.serve.backends.booster",
    "settings": "hasten.serve.backends.settings",
    "combined": "hasten.serve.backends.combined",
    "coded": "hasten.serve.backends.coded",
    "own steps": "hasten.serve.backends.own_steps",
    "net": "hasten.serve.backends.nets",
    "texts": "hasten.serve.backends.texts",
}

Ask = Callable[[Any], NDArray[Any]]


class Backend(Protocol):
    """What answers. `takes` says what its methods are given: "matrix", "floats", "columns", "cells", "given" or "any"
    (`serve/inputs.py`), "tensors" (`serve/tensors.py`), or "texts" (`serve/texts.py`). A backend that takes some
    columns only may have `needs`: their places in the schema. One that reads rows itself ("any") has `reads(inputs)`,
    which is called before anything is asked."""

    takes: str

    def method(self, name: str) -> Ask:
        """What answers the model's method `name`."""
        ...

    def row(self, name: str) -> Callable[[Mapping[str, Any]], NDArray[Any]] | None:
        """What answers one row given as a dict, where there is something faster than going through arrays."""
        ...


def open_part(part: Part, folder: Path, threads: int | None = None, inputs: Inputs | None = None) -> Backend:
    """`inputs` read rows by the schema of the whole. Raises `TargetError` when the backend's package is missing."""
    try:
        loaded: Backend = import_module(BACKENDS[part.backend]).load(folder, part.options, threads)
    except ModuleNotFoundError as error:
        needs = to_install(part.packages or (str(error.name),))
        raise TargetError(f"this artifact needs {error.name}: pip install {needs}") from error
    reads = getattr(loaded, "reads", None)
    if reads is not None and inputs is not None:
        reads(inputs)
    return loaded
