"""Codes of categories, and a faster part behind them.

What it does     LightGBM that was trained on pandas' categories makes codes of them by pandas at every call; here the
                 codes are looked up, and compiled trees take them.
When it wins     always: pandas takes milliseconds for what a table of codes takes microseconds.
Exact            the same codes, the same trees.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import ModelWorkload, Rows
from hasten.core.model_pass import Built, CannotServe, Parameters
from hasten.core.recipe import Risk


@dataclass(frozen=True)
class CategoryCodes:
    code: ClassVar[str] = "HSM105"
    name: ClassVar[str] = "codes of categories"
    risk: ClassVar[Risk] = Risk.EXACT
    packages: ClassVar[tuple[str, ...]] = ("lightgbm",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if _places(work):
            yield {}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        from hasten.passes.model.serving.combined.members import member
        from hasten.serve.backends.coded import BEHIND

        places, known = _places(work), _booster(work.model).pandas_categorical
        categories = [[key.item() if isinstance(key, np.generic) else key for key in keys] for keys in known]
        for keys in categories:
            if len(set(map(type, keys))) > 1 or not all(type(key) in (str, int, float) for key in keys):
                raise CannotServe("categories that are neither texts nor numbers")
        rows = _coded(work.valid.x, dict(zip(places, categories, strict=True)))
        part = member(
            replace(work, model=_over_codes(work.model), valid=Rows(rows), test=None, train=None), folder, BEHIND
        )
        if part.backend == "original":
            raise CannotServe("nothing serves the booster behind its codes")
        options = {"inner": asdict(part), "categories": categories, "places": places}
        return Built("coded", work.methods, options, part.packages)


def _booster(model: Any) -> Any:
    return getattr(model, "_Booster", model)


def _places(work: ModelWorkload) -> list[int]:
    """Which columns of the data are the categories that LightGBM was trained on; none where it is no such model."""
    booster = _booster(work.model)
    known = getattr(booster, "pandas_categorical", None)
    if not type(booster).__module__.startswith("lightgbm.") or not known or not hasattr(work.valid.x, "iloc"):
        return []
    places = [i for i, dtype in enumerate(work.valid.x.dtypes) if str(dtype) == "category"]
    return places if len(places) == len(known) else []


def _over_codes(model: Any) -> Any:
    """The same model, over a matrix of codes and numbers."""
    import lightgbm

    plain = lightgbm.Booster(model_str=_booster(model).model_to_string())
    plain.pandas_categorical = None
    if _booster(model) is model:
        return plain
    inner = copy(model)
    inner._Booster = plain
    return inner


def _coded(x: Any, categories: dict[int, list[Any]]) -> NDArray[np.float64]:
    """The matrix that the booster takes."""
    columns = []
    for i in range(x.shape[1]):
        column = x.iloc[:, i]
        if i in categories:
            codes = column.cat.set_categories(categories[i]).cat.codes.to_numpy(np.float64)
            columns.append(np.where(codes < 0, np.nan, codes))
        else:
            columns.append(column.to_numpy(np.float64, na_value=np.nan))
    return np.ascontiguousarray(np.stack(columns, axis=1))
