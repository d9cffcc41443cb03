"""Is a folder that of a text model of Hugging Face? Imports nothing heavy."""

from __future__ import annotations

import os
from pathlib import Path

CONFIG, MODULES = "config.json", "modules.json"
PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")


def is_folder(target: str | os.PathLike[str]) -> bool:
    """Whether `target` is the folder of a model of Hugging Face."""
    path = Path(target)
    return path.is_dir() and ((path / MODULES).is_file() or has_weights(path))


def has_weights(path: Path) -> bool:
    return (path / CONFIG).is_file() and (any(path.glob("*.safetensors")) or any((path / n).is_file() for n in PICKLES))
