"""Where things of a run over a model lie."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from hasten.core.model_pass import Step

if TYPE_CHECKING:
    from hasten.search.models.loop import Loop


def file_of(loop: Loop, steps: tuple[Step, ...]) -> Path:
    """Where the net after these reductions is written, if it is."""
    return loop.scratch / f"net-{hashlib.sha256(repr(steps).encode()).hexdigest()[:16]}.pkl"


def reduced_file(loop: Loop, steps: Sequence[Step]) -> Path:
    """Where the workload of a model that is no net is written after these reductions, if it is."""
    key = json.dumps([asdict(s) for s in steps], sort_keys=True, default=str)
    return loop.scratch / f"reduced-{hashlib.sha256(key.encode()).hexdigest()[:16]}.pkl"
