"""Pipelines of numbers by our own predictor.

What it does     reads a fitted pipeline of scalers, imputers, selections, projections and a linear model, perceptron,
                 support vector machine, k-means or k-NN as a short list of operations, and answers from them by one
                 small C library: a few rows at a time pass through all of them without leaving the cache.
When it wins     up to some tens of rows: a call costs a microsecond or two, where NumPy and ONNX Runtime spend most of
                 theirs on going from one operation to the next. At hundreds, libraries for products of matrices win.
Exact            to rounding: sums may add up in another order. Where neighbours are equally near, which of them count
                 is the original's to say: it answers such rows, from its pickle.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import ModelWorkload, taken
from hasten.core.model_pass import Built, CannotServe, Parameters
from hasten.core.recipe import Risk
from hasten.errors import TargetError
from hasten.passes.model.serving.answers_as import answers_as, matrix_of, some_rows

if TYPE_CHECKING:
    from hasten.serve.backends.dense import Programs


@dataclass(frozen=True)
class CompiledNumbers:
    code: ClassVar[str] = "HSM106"
    name: ClassVar[str] = "compiled numbers"
    risk: ClassVar[Risk] = Risk.ROUNDING
    packages: ClassVar[tuple[str, ...]] = ()

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        from hasten.passes.model.serving.dense.heads import has_head
        from hasten.passes.model.serving.generated.predictor import split

        if type(work.model).__module__.startswith("sklearn.") and matrix_of(work.valid.x) is not None:
            last = split(work.model)[1]
            if last is not None and has_head(last):
                yield {}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        from hasten.passes.model.serving.dense.heads import leaves_ties, outputs_of
        from hasten.passes.model.serving.dense.steps import operations
        from hasten.passes.model.serving.generated.predictor import back, split
        from hasten.serve.backends.dense import programs, save

        if back(work.model) is not None:
            raise CannotServe("its target is transformed")
        x = matrix_of(some_rows(work))
        assert x is not None
        steps, last = split(work.model)
        outputs = outputs_of(last, *operations(steps, x.shape[1]))
        try:
            told = save(outputs, folder)
        except TargetError as error:
            raise CannotServe(str(error)) from error
        made = programs(folder, told, x.shape[1])
        if leaves_ties(last):
            return _with_original(work, folder, x, made, {"features": x.shape[1], "outputs": told})
        offset = getattr(last, "offset_", None)
        plus = {} if offset is None else {"score_samples": float(np.ravel(offset)[0])}
        answers = answers_as(work, {name: made.ask(name)(x) for name in outputs}, None, plus)
        used = {how["output"] for how in answers.values()}
        options = {"features": x.shape[1], "outputs": {n: t for n, t in told.items() if n in used}, "answers": answers}
        return Built("dense", work.methods, options)


def _with_original(
    work: ModelWorkload, folder: Path, x: NDArray[np.float64], made: Programs, options: dict[str, Any]
) -> Built:
    """A part that has the original beside it, for rows whose neighbours are equally near."""
    from hasten.serve.backends.dense import Tied
    from hasten.serve.backends.original import FILE, save

    try:
        rows = np.arange(len(x))
        scores = made.ask("scores")(x)
    except Tied as tied:
        rows = np.flatnonzero(~tied.rows)
        if not len(rows):
            raise CannotServe("every row has neighbours that are equally near") from None
        scores = made.ask("scores")(x[rows])
    answers = answers_as(work, {"scores": scores}, taken(some_rows(work), rows.tolist()))
    save(work.model, folder)
    return Built("dense", work.methods, {**options, "answers": answers, "pickle": FILE}, ("sklearn",))
