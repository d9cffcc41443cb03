"""What stands for missing values."""

from __future__ import annotations

from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.blocks import Block, Blocks, Numbers, Raw, Scalar, source
from hasten.passes.model.serving.generated.steps import one_raw
from hasten.passes.model.serving.generated.steps.checks import checked, guard
from hasten.passes.model.serving.generated.writer import Writer, literal


def SimpleImputer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    if getattr(est, "_fit_dtype", np.dtype(float)).kind == "O":
        return _objects(est, blocks, w)
    fill = np.asarray(est.statistics_, float)
    missing = _missing(est.missing_values)
    kept = [i for i in range(len(fill)) if fill[i] == fill[i]]
    if est.keep_empty_features:
        kept = list(range(len(fill)))
    return _numbers(blocks, missing, fill, kept, est.indicator_ if est.add_indicator else None, w)


def _missing(value: Any) -> float:
    if value is None or not isinstance(value, (int, float, np.number)):
        raise CannotServe(f"missing values are marked by {value!r}")
    return float(value)


def _numbers(blocks: Blocks, missing: float, fill: Any, kept: list[int], indicator: Any, w: Writer) -> Blocks:
    nan = missing != missing
    made = checked(blocks, w, nan=nan)
    mask = w.let("missing", f"np.isnan({made.array})" if nan else f"{made.array} == {literal(missing)}")
    array = w.let(
        "filled", f"np.where({mask}, {w.helper(helpers.alike)}({w.array('fill', fill)}, {made.array}), {made.array})"
    )
    scalars = None
    if made.scalars is not None:
        texts = []
        for i, s in enumerate(made.scalars):
            name = w.row_let("v", s.value)
            if i not in kept:
                guard([Scalar(name)], w, nan=nan)
                texts.append(Scalar(name))
                continue
            texts.append(
                Scalar(w.row_let("filled", f"{literal(float(fill[i]))} if {_is_missing(name, missing)} else {name}"))
            )
        scalars = tuple(texts)
    out: Blocks = [Numbers(array, made.width, scalars)]
    if len(kept) < made.width:
        out = [_kept(out[0], kept, w)]
    if indicator is not None:
        out += _indicated(indicator, made, mask, missing, w)
    return out


def _is_missing(name: str, missing: float) -> str:
    return f"{name} is None or {name} != {name}" if missing != missing else f"{name} == {literal(missing)}"


def _kept(block: Block, kept: list[int], w: Writer) -> Block:
    from hasten.passes.model.serving.generated.blocks import take

    return take([block], kept, w)[0]


def MissingIndicator(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    missing = _missing(est.missing_values)
    raw = one_raw(blocks)
    if raw is not None and not all(raw.number):
        raise CannotServe("an indicator of missing texts")
    made = checked(blocks, w, nan=missing != missing, swallows=False)
    mask = w.let("missing", f"np.isnan({made.array})" if missing != missing else f"{made.array} == {literal(missing)}")
    if made.scalars is not None:
        for s in made.scalars:
            name = w.row_let("v", s.value)
            w.row_do(f"if {name} is not None and {name} == {name} and {name} - {name} != 0.0:")
            w.row_do('    raise ValueError("not finite")')
    return _indicated(est, made, mask, missing, w)


def _indicated(est: Any, made: Numbers, mask: str, missing: float, w: Writer) -> Blocks:
    """Columns that are 1.0 where a value was missing."""
    features = [int(i) for i in est.features_]
    if est.features == "missing-only" and est.error_on_new:
        others = [i for i in range(made.width) if i not in features]
        if others:
            w.do(f"{w.helper(helpers.none_missing)}({mask}[:, {others}])")
            if made.scalars is not None:
                for i in others:
                    name = w.row_let("v", made.scalars[i].value)
                    w.row_do(f"if {_is_missing(name, missing)}:")
                    w.row_do('    raise ValueError("missing where it never was")')
    if not features:
        return []
    array = w.let("indicators", f"{mask}[:, {features}].astype({made.array}.dtype)")
    scalars = None
    if made.scalars is not None:
        names = [w.row_let("v", made.scalars[i].value) for i in features]
        scalars = tuple(Scalar(f"(1.0 if {_is_missing(n, missing)} else 0.0)") for n in names)
    return [Numbers(array, len(features), scalars)]


def _objects(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    """Texts: what is missing is another object."""
    raw = one_raw(blocks)
    if raw is None or est.add_indicator:
        raise CannotServe("an imputer of objects after another step, or with an indicator")
    value = est.missing_values
    if not (value is None or isinstance(value, (float, int, str))):
        raise CannotServe(f"missing values are marked by {value!r}")
    nan = isinstance(value, float) and value != value
    arrays, scalars, names, number, lenient = [], [], [], [], []
    for i in range(raw.width):
        source(w, raw, i)
        fill = est.statistics_[i]
        if fill is None or fill != fill:
            if not est.keep_empty_features:
                raise CannotServe("a column without any value")
        fill_text = literal(fill)
        arrays.append(
            w.let(raw.names[i], f"{w.helper(helpers.filled)}({raw.arrays[i]}, {literal(value)}, {fill_text})")
        )
        name = raw.scalars[i]
        if nan:
            test = f"{name} is None or {name} != {name}" if raw.lenient[i] else f"{name} != {name}"
        else:
            test = f"{name} is None" if value is None else f"{name} == {literal(value)}"
        scalars.append(w.row_let(raw.names[i], f"{fill_text} if {test} else {name}"))
        names.append(raw.names[i])
        number.append(False)
        lenient.append(False)
    return [Raw(tuple(arrays), tuple(scalars), tuple(names), tuple(number), tuple(lenient))]
