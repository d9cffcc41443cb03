"""What `hasten.run` returns for a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hasten.core.measurement import Speedup
from hasten.core.model_record import ModelRunRecord
from hasten.deliver.models import ModelDelivery

if TYPE_CHECKING:
    from hasten.serve.served import Served, ServedNet, ServedTexts


@dataclass(frozen=True)
class ModelResult:
    """What a run over a model found and kept. `record` has all of it; `delivery` says where it was written."""

    record: ModelRunRecord
    delivery: ModelDelivery

    @property
    def folder(self) -> Path:
        return self.delivery.folder

    @property
    def artifact(self) -> Path | None:
        """The artifact's folder; None when the run was interrupted before there was one."""
        return self.delivery.artifact

    @property
    def gain(self) -> Speedup | None:
        """Old/new at the objective's number of rows, one thread; None when the original is what is kept."""
        return self.record.gain

    @property
    def met(self) -> bool:
        """Whether `require` was reached (True when nothing was required)."""
        return self.record.met

    @property
    def interrupted(self) -> bool:
        return self.record.status == "interrupted"

    def load(self) -> Served | ServedNet | ServedTexts:
        """The artifact, ready to answer. Raises `TargetError` when there is none."""
        from hasten.serve.served import load

        return load(self.folder)

    def __str__(self) -> str:
        from hasten.report.models import render

        return render(self.record, run=str(self.folder))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        from hasten.report import notebook

        return notebook.model(self.record, str(self.folder))
