"""Is the target of `hasten.run` a trained model, and what was said about it. Imports nothing heavy."""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from hasten.api.models.files import is_model
from hasten.core.model import ModelContract


def _unsaid(value: Any) -> bool:
    return value is None or value is False


def is_model_target(target: Any) -> bool:
    """A model's file, `file.py::function` where the function speaks of a ModelWorkload, or anything that is no name."""
    if not isinstance(target, (str, os.PathLike)):
        return True
    name = os.fspath(target)
    if "::" not in name:
        return is_model(name)
    path, _, function = name.partition("::")
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            words = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            words |= {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
            return "ModelWorkload" in words
    return False


@dataclass(frozen=True)
class ModelOptions:
    """What the user says about a model, unread: text from the command line, objects from Python. None: not said."""

    data: Any = None
    test: Any = None
    train: Any = None
    column: str | None = None  # the target column
    metric: Any = None
    max_drop: Any = None
    agree: Any = None
    explain: Any = None
    objective: str | None = None
    batches: Any = None
    threads: Any = None
    trust: bool = False
    format: str | None = None
    contract: ModelContract | None = None

    @property
    def said(self) -> tuple[str, ...]:
        """The options that were given."""
        return tuple(f.name for f in fields(self) if not _unsaid(getattr(self, f.name)))
