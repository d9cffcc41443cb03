"""Where things of a run over a model lie."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from hasten.core.model_pass import Step

if TYPE_CHECKING:
    from hasten.search.models.loop import Loop


def file_of(loop: Loop, steps: tuple[Step, ...]) -> Path:
    """Where the net after these reductions is written, if it is."""
    return loop.scratch / f"net-{hashlib.sha256(repr(steps).encode()).hexdigest()[:16]}.pkl"
