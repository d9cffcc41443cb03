"""Another pass behind generated preprocessing: columns become a matrix here, and its part answers from that."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import ModelWorkload, Rows
from hasten.core.model_pass import Built, CannotServe, Parameters
from hasten.serve.manifest import Column, InputSchema, Part

INNER = "inner"  # the folder of the part behind
LOOK = 64  # rows that are enough to see which passes apply, and columns to see what is refused


def inner_parameters(work: ModelWorkload, steps: Sequence[Any], last: Any) -> Iterator[Parameters]:
    """Settings of every other serving pass that applies to the final estimator alone."""
    from hasten.passes.model.registry import missing, serving_passes
    from hasten.passes.model.serving.generated import GeneratedPredictor

    try:
        inner = _inner(work, steps, last, LOOK)
    except (CannotServe, ValueError, TypeError):
        return
    for found in serving_passes():
        if found.code == GeneratedPredictor.code or missing(found):
            continue
        for parameters in found.parameters(inner):
            yield {"inner": found.code, **parameters}


def build_behind(work: ModelWorkload, inputs: Any, folder: Path, parameters: Parameters) -> Built:
    from hasten.passes.model.registry import serving_passes
    from hasten.passes.model.serving.generated.predictor import split, written
    from hasten.serve.backends import open_part
    from hasten.serve.inputs import ANY, FLOATS, GIVEN, MATRIX

    steps, last = split(work.model)
    made = written(work.model, inputs, work.methods, matrix_only=True)
    found = next((p for p in serving_passes() if p.code == parameters["inner"]), None)
    if found is None:
        raise CannotServe(f"no pass {parameters['inner']}")
    inner = _inner(work, steps, last, None)
    place = folder / INNER
    place.mkdir()
    built = found.build(inner, place, {k: v for k, v in parameters.items() if k != "inner"})
    absent = [m for m in work.methods if m not in built.methods]
    if absent:
        raise CannotServe(f"behind preprocessing it does not answer {', '.join(absent)}")
    part = Part(built.backend, built.methods, built.options, built.packages)
    if open_part(part, place, 1).takes not in (MATRIX, FLOATS, GIVEN, ANY):
        raise CannotServe("it takes something else than a matrix")
    made.write(folder)
    schema = _schema(last, inner.valid.x, work.methods[0])
    options = {
        "takes": made.takes, "used": list(made.used), "row": made.row, "inner": asdict(part), "schema": asdict(schema),
    }  # fmt: skip
    if "pickle" in built.options:
        options["pickle"] = f"{INNER}/{built.options['pickle']}"
    return Built("generated", work.methods, options, tuple(dict.fromkeys([*made.packages, *built.packages])))


def _inner(work: ModelWorkload, steps: Sequence[Any], last: Any, rows: int | None) -> ModelWorkload:
    """The final estimator as a workload, on what the steps before make of the data."""

    def after(given: Rows | None) -> Rows | None:
        if given is None:
            return None
        some = given if rows is None else given.take(slice(0, rows))
        return Rows(_after(steps, some.x), some.y)

    valid = after(work.valid)
    assert valid is not None
    return replace(work, model=last, valid=valid, test=None, train=after(work.train))


def _after(steps: Sequence[Any], x: Any) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step in steps:
            if step is not None and not isinstance(step, str):
                x = step.transform(x)
    x = x.toarray() if hasattr(x, "toarray") else x
    out = np.asarray(x)
    if out.ndim != 2:
        raise CannotServe("its preprocessing gives no matrix")
    return np.ascontiguousarray(out, np.float64)


def _schema(last: Any, x: NDArray[np.float64], method: str) -> InputSchema:
    """What the final estimator refuses, asked of itself."""

    def answered(value: float, places: Sequence[int]) -> bool:
        row = x[:1].copy()
        row[0, places] = value
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                getattr(last, method)(row)
        except ValueError:
            return False
        return True

    def answers(value: float) -> list[bool]:
        """Of each column, whether it may hold the value."""
        every = range(x.shape[1])
        if answered(value, list(every)):
            return [True for _ in every]
        if not any(answered(value, [i]) for i in every[:: max(1, len(every) // LOOK)]):
            return [False for _ in every]
        return [answered(value, [i]) for i in every]

    columns = tuple(Column(f"x{i}") for i in range(x.shape[1]))
    nan, inf = answers(np.nan), answers(np.inf)
    some = any(nan)
    return InputSchema(
        "array", columns, nan=some, inf=any(inf), empty=False,
        no_nan=tuple(f"x{i}" for i, good in enumerate(nan) if not good) if some else (),
        no_inf=tuple(f"x{i}" for i, good in enumerate(inf) if not good) if any(inf) else (),
        single=not any(inf) and not any(answers(1e39)),
    )  # fmt: skip
