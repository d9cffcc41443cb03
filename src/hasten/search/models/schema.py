"""What a model takes, as it shows: from the data it was given, and from what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hasten.core.model import Rows
from hasten.serve.manifest import Column, InputSchema
from hasten.verify.answers import Answers, Refusal


def schema_of(data: Rows, answered: Mapping[str, Answers]) -> InputSchema:
    """`answered` is what the original answered to the varied inputs of `verify/varied_rows.py`, by their names."""
    x = data.x
    if hasattr(x, "columns") and hasattr(x, "iloc"):
        columns = tuple(Column(str(n), _kind(x[n].dtype), str(x[n].dtype)) for n in x.columns)
        form = "frame"
    elif isinstance(x, np.ndarray) and x.ndim == 2:
        columns = tuple(Column(f"x{i}", _kind(x.dtype), str(x.dtype)) for i in range(x.shape[1]))
        form = "array"
    else:
        return InputSchema("texts", (Column("text", "text", "str"),))
    numbers = [c.name for c in columns if c.kind == "number"]
    return InputSchema(
        form,
        columns,
        by_name=form == "frame" and _answers(answered.get("a column more")),
        nan=any(_answers(a) for n, a in answered.items() if n.startswith("NaN in ")) or not numbers,
        inf=any(_answers(a) for n, a in answered.items() if n.startswith("infinity in ")) or not numbers,
    )


def _answers(answers: Answers | None) -> bool:
    return answers is not None and not any(isinstance(a, Refusal) for a in answers.values())


def _kind(dtype: Any) -> str:
    kind = getattr(dtype, "kind", "O")
    if kind in "iuf":
        return "number"
    if kind == "b":
        return "bool"
    if kind in "mM":
        return "date"
    return "category" if str(dtype) == "category" else "text"
