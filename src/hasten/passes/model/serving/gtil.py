"""Treelite's GTIL.

What it does     keeps the trees in treelite's own format; its interpreter in C++ answers.
When it wins     seldom: single rows of large forests, where neither a compiler nor ONNX Runtime may be had.
Exact            the trees' own precision, added up in their order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Built, Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.serving.answers_as import answers_as, matrix_of, some_rows
from hasten.passes.model.serving.treelite_trees import imported, is_ensemble, offsets, rounds


@dataclass(frozen=True)
class Gtil:
    code: ClassVar[str] = "HSM112"
    name: ClassVar[str] = "treelite GTIL"
    risk: ClassVar[Risk] = Risk.ROUNDING
    packages: ClassVar[tuple[str, ...]] = ("treelite",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if is_ensemble(work):
            yield {}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        from hasten.serve.backends.gtil import FILE, opened

        imported(work.model).serialize(str(folder / FILE))
        x = matrix_of(some_rows(work))
        assert x is not None
        ask = opened(folder, rounds(work.model), 1)
        outputs: dict[str, Any] = {name: ask(name)(x) for name in ("answer", "margin")}
        answers = answers_as(work, outputs, plus=offsets(work.model), by_scores=True)
        return Built("gtil", work.methods, {"answers": answers, "rounds": rounds(work.model)}, ("treelite",))
