"""The model as it is.

What it does     keeps the pickled model, and answers through its own methods.
When it wins     when nothing else does; it is also what answers where no other part can.
Exact            by definition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Built, Parameters
from hasten.core.recipe import Risk


@dataclass(frozen=True)
class AsItIs:
    code: ClassVar[str] = "HSM100"
    name: ClassVar[str] = "the model as it is"
    risk: ClassVar[Risk] = Risk.EXACT
    packages: ClassVar[tuple[str, ...]] = ()

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        yield {}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        from hasten.serve.backends.original import save

        save(work.model, folder)
        return Built("original", work.methods, packages=(type(work.model).__module__.partition(".")[0],))
