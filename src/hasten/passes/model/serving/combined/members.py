"""The part that serves one member of a combination."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hasten.core.model import ModelWorkload, taken
from hasten.core.model_pass import CannotServe, Parameters, ServingPass
from hasten.errors import TargetError
from hasten.serve.backends import open_part
from hasten.serve.inputs import Inputs
from hasten.serve.manifest import Column, InputSchema, Part
from hasten.verify.answers import agreement, asked

LOOK = 64  # rows on which a part must answer as the member does
NEAR = 1e-9
AS_IT_IS = "HSM100"
EXACT = ("HSM106", "HSM101", "HSM102", "HSM103", AS_IT_IS)  # in the order in which they are tried


def member(work: ModelWorkload, folder: Path, place: str) -> Part:
    """Build the first part that answers as the member does, into `folder`/`place`. Raises `CannotServe`."""
    rows = taken(work.valid.x, slice(0, LOOK))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old = asked(work.model, rows, work.methods)
        told: list[str] = []
        for found, parameters in _ways(work):
            at = folder / place
            shutil.rmtree(at, ignore_errors=True)
            at.mkdir(parents=True)
            try:
                built = found.build(work, at, parameters)
            except (CannotServe, TargetError) as error:
                told.append(str(error))
                continue
            part = Part(built.backend, built.methods, built.options, built.packages)
            if all(m in built.methods for m in work.methods) and _alike(part, at, rows, old, work.methods):
                return part
    raise CannotServe(f"{type(work.model).__name__} is not served: {'; '.join(told)[:200]}")


def _ways(work: ModelWorkload) -> Iterator[tuple[ServingPass, Parameters]]:
    from hasten.passes.model.registry import serving_passes

    by_code = {p.code: p for p in serving_passes()}
    last: list[tuple[ServingPass, Parameters]] = []
    for code in EXACT:
        for parameters in by_code[code].parameters(work):
            inner = parameters.get("inner")
            if inner == AS_IT_IS:  # preprocessing at least
                last.append((by_code[code], parameters))
            elif inner is None or inner in EXACT:
                if code == AS_IT_IS:
                    yield from last
                yield by_code[code], parameters


def _alike(part: Part, at: Path, rows: Any, old: Any, methods: tuple[str, ...]) -> bool:
    inputs = Inputs(_schema(rows))
    backend = open_part(part, at, 1, inputs)
    read = inputs.reader(backend.takes, getattr(backend, "needs", None))

    class Asked:
        pass

    for method in methods:
        ask = backend.method(method)
        setattr(Asked, method, staticmethod(lambda x, ask=ask: ask(read(x))))
    seen = agreement(old, asked(Asked, rows, methods), len(rows))
    return seen.apart is None and not seen.changed and seen.drift <= NEAR


def _schema(x: Any) -> InputSchema:
    """Of these rows, as they are."""
    if hasattr(x, "columns") and hasattr(x, "iloc"):
        kinds = {"i": "number", "u": "number", "f": "number", "b": "bool", "m": "date", "M": "date"}
        columns = tuple(
            Column(str(n), kinds.get(getattr(d, "kind", "O"), "category" if str(d) == "category" else "text"), str(d))
            for n, d in zip(x.columns, x.dtypes, strict=True)
        )
        return InputSchema("frame", columns)
    if hasattr(x, "shape") and len(x.shape) == 2:
        return InputSchema("array", tuple(Column(f"x{i}", dtype=str(x.dtype)) for i in range(x.shape[1])))
    return InputSchema("texts", (Column("text", "text", "str"),))
