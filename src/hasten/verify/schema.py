"""What a model takes, as it shows: from the data it was given, and from what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np

from hasten.core.model import Rows, Tensors
from hasten.serve.manifest import Column, InputSchema
from hasten.verify.answers import Answers, Refusal, agreement
from hasten.verify.varied_tensors import SHORTER, stepped


def schema_of(data: Rows, answered: Mapping[str, Answers]) -> InputSchema:
    """`answered` is what the original answered to the varied inputs of `verify/varied_rows.py`, by their names."""
    x = data.x
    if isinstance(x, Tensors):
        return _of_tensors(x, answered)
    if hasattr(x, "columns") and hasattr(x, "iloc"):
        columns = tuple(Column(str(n), _kind(x[n].dtype), str(x[n].dtype)) for n in x.columns)
        form = "frame"
    elif isinstance(x, np.ndarray) and x.ndim == 2:
        columns = tuple(Column(f"x{i}", _kind(x.dtype), str(x.dtype)) for i in range(x.shape[1]))
        form = "array"
    elif isinstance(x, list) and x and isinstance(x[0], Mapping):
        return InputSchema("records", empty=_answers(answered.get("no rows")))
    else:
        return InputSchema("texts", (Column("text", "text", "str"),), empty=_answers(answered.get("no rows")))
    numbers = [c.name for c in columns if c.kind == "number"]
    missing = _by_column("NaN in ", answered, form, numbers)
    endless = _by_column("infinity in ", answered, form, numbers)
    nan = any(missing.values()) or not missing
    inf = any(endless.values()) or not endless
    reordered = answered.get("columns in another order")
    moved = _answers(reordered) and not _alike(reordered, answered.get("another index"))
    return InputSchema(
        form,
        columns,
        by_name=form == "frame" and _answers(reordered) and not moved,
        nan=nan,
        inf=inf,
        by_place=form == "frame" and moved,
        others=_answers(answered.get("a column more")),
        no_nan=tuple(n for n, good in missing.items() if not good) if nan else (),
        single=not inf and not any(_answers(a) for n, a in answered.items() if n.startswith("1e39 in ")),
        empty=_answers(answered.get("no rows")),
        objects=_answers(answered.get("numbers as objects")) or not numbers,
        no_inf=tuple(n for n, good in endless.items() if not good) if inf else (),
        vector=_answers(answered.get("one dimension")),
        arrays=_answers(answered.get("an array")) or "an array" not in answered,
        spelt=_answers(answered.get("numbers as texts")) or "numbers as texts" not in answered,
        no_float32=tuple(m for m, a in answered.get("float32", {}).items() if isinstance(a, Refusal)),
    )


def _of_tensors(x: Tensors, answered: Mapping[str, Answers]) -> InputSchema:
    """A net's inputs: lengths of steps are free where the original answers shorter ones."""
    free = stepped(x) if _answers(answered.get(SHORTER)) else {}
    columns = tuple(
        Column(
            name, "tensor", str(a.dtype), tuple(None if free.get(name) == i else n for i, n in enumerate(a.shape) if i)
        )
        for name, a in x.arrays.items()
    )
    return InputSchema("tensors", columns, empty=_answers(answered.get("no rows")))


def _by_column(what: str, answered: Mapping[str, Answers], form: str, numbers: list[str]) -> dict[str, bool]:
    """Whether a value is answered, for each column of numbers in which it was asked."""
    found = {n.removeprefix(what): _answers(a) for n, a in answered.items() if n.startswith(what)}
    if form == "array":
        found = {f"x{n.removeprefix('column ')}": good for n, good in found.items()}
    return {n: good for n, good in found.items() if n in numbers}


def _alike(a: Answers | None, b: Answers | None) -> bool:
    if a is None or b is None:
        return False
    found = agreement(a, b, 0)
    return found.apart is None and not found.changed and not found.drift


def _answers(answers: Answers | None) -> TypeGuard[Answers]:
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
