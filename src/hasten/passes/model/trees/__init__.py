"""Tree ensembles of every library in one common form (`forest.py`), read by one module a library."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hasten.passes.model.trees.forest import Forest

# the first part of a class's module, and what reads it
READERS = {
    "sklearn": ("sklearn_trees", "sklearn_hist"),
    "lightgbm": ("lightgbm_trees",),
    "xgboost": ("xgboost_trees",),
    "catboost": ("catboost_trees",),
}


def readers(model: Any) -> tuple[str, ...]:
    """Modules that may read `model`, by the library that its class or a class it inherits from belongs to."""
    for kind in type(model).__mro__:
        found = READERS.get(kind.__module__.partition(".")[0])
        if found:
            return found
    return ()


def read(model: Any) -> Forest | None:
    """The trees of a fitted model in the common form; None where it is no ensemble of trees. Raises `CannotServe`."""
    for name in readers(model):
        found: Forest | None = import_module(f"hasten.passes.model.trees.{name}").read(model)
        if found is not None:
            return found
    return None
