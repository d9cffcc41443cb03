"""A predictor of our own, written out for one fitted model.

What it does     writes Python for a whole pipeline, from a dict, a row's cells or column arrays to the answer:
                 straight-line code for one row, NumPy for many, specialised to the fitted parameters. Preprocessing
                 goes into the model: a one-hot encoding followed by a linear model is one look-up of a coefficient.
When it wins     at few rows, where scikit-learn spends its time on checking and copying: three orders of magnitude from
                 a dict.
Exact            to rounding: sums may add up in another order.
Else             a final estimator that is not translated is served by another pass behind the generated preprocessing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Built, CannotServe, Parameters
from hasten.core.recipe import Risk

WIDE = 64  # columns of a frame


@dataclass(frozen=True)
class GeneratedPredictor:
    code: ClassVar[str] = "HSM101"
    name: ClassVar[str] = "generated predictor"
    risk: ClassVar[Risk] = Risk.EXACT
    packages: ClassVar[tuple[str, ...]] = ()

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        from hasten.passes.model.serving.dense import CompiledNumbers
        from hasten.passes.model.serving.dense.heads import has_layers
        from hasten.passes.model.serving.generated.heads import has_head
        from hasten.passes.model.serving.generated.predictor import split

        if not type(work.model).__module__.startswith("sklearn."):
            return
        steps, last = split(work.model)
        if last is None or has_head(last):
            yield {}
            # features that are made of columns one by one, and a model of layers or vectors behind them
            if not isinstance(work.valid.x, np.ndarray) and has_layers(last) and not _goes_back(work.model):
                yield {"inner": CompiledNumbers.code}
        elif steps and not _goes_back(work.model):
            from hasten.passes.model.serving.generated.behind import inner_parameters
            from hasten.passes.model.serving.generated.steps import is_translated

            found = inner_parameters(work, steps, last)
            # one is enough to say what is not translated
            yield from found if all(is_translated(step) for step in steps) else islice(found, 1)

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        from hasten.passes.model.serving.generated.predictor import written

        if "inner" in parameters:
            from hasten.passes.model.serving.generated.behind import build_behind

            return build_behind(work, inputs_of(work), folder, parameters)
        made = written(work.model, inputs_of(work), work.methods, single=_single(work))
        made.write(folder)
        options = {"takes": made.takes, "used": list(made.used), "row": made.row}
        return Built("generated", work.methods, options, made.packages)


def _single(work: ModelWorkload) -> frozenset[str]:
    """Methods whose answers are float32 whatever the inputs are: of models that were trained on float32 texts' words.
    (Where inputs themselves are float32, steps keep their precision.)"""
    from hasten.verify.answers import Refusal, asked

    x = work.valid.x
    if isinstance(x, np.ndarray) or any(str(d) == "float32" for d in getattr(x, "dtypes", ())):
        return frozenset()
    found = asked(work.model, work.valid.take(slice(0, 2)).x, work.methods)
    return frozenset(m for m, a in found.items() if not isinstance(a, Refusal) and a.dtype == np.float32)


def inputs_of(work: ModelWorkload) -> Any:
    """What the model takes, by the data that judges it."""
    from hasten.passes.model.serving.generated.predictor import InputColumn, Inputs

    x = work.valid.x
    if hasattr(x, "columns") and hasattr(x, "iloc"):
        columns = tuple(_column(str(n), dtype) for n, dtype in zip(x.columns, x.dtypes, strict=True))
        if len({c.name for c in columns}) < len(columns):
            raise CannotServe("two columns have one name")
        # many columns are read at once; few are quicker one by one, which also keeps what each of them is
        matrix = len(columns) > WIDE and all(str(d) == "float64" for d in x.dtypes)
        return Inputs("frame", columns, matrix)
    if isinstance(x, np.ndarray) and x.ndim == 2:
        number = x.dtype.kind in "iufb"
        columns = tuple(InputColumn(f"x{i}", number, number) for i in range(x.shape[1]))
        return Inputs("array", columns, number)
    return Inputs("texts", (InputColumn("text", False, False),), False)


def _column(name: str, dtype: Any) -> Any:
    from hasten.passes.model.serving.generated.predictor import InputColumn

    number = getattr(dtype, "kind", "O") in "iufb"
    date = getattr(dtype, "kind", "O") in "mM"
    return InputColumn(name, number, number or str(dtype) in ("str", "category"), date)


def _goes_back(model: Any) -> bool:
    """Whether its answers are taken back from a transformed target, which a part behind knows nothing of."""
    from hasten.passes.model.serving.generated.predictor import back

    try:
        return back(model) is not None
    except CannotServe:
        return True
