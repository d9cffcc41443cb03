"""LightGBM's codes of pandas' categories, and a part behind them that takes codes.

As LightGBM has it, columns of a DataFrame go by their place; those of dtype category become codes: the n-th of them by
the categories that the n-th had in training, NaN for what is none of these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.serve.backends import Ask, Backend, open_part
from hasten.serve.backends.combined import matrix_ask
from hasten.serve.frames import columns_of, plain
from hasten.serve.inputs import ANY, Inputs
from hasten.serve.manifest import Part

BEHIND = "behind"


class Coded:
    """`categories` are those of the training data, `places` which columns they were."""

    takes = ANY

    def __init__(self, inner: Backend, categories: list[list[Any]], places: list[int]) -> None:
        self._inner, self._number = inner, len(categories)
        self._tables = [{key: float(i) for i, key in enumerate(keys)} for keys in categories]
        self._at = dict(zip(places, self._tables, strict=True))
        self._inputs: Inputs | None = None
        # for each column of categories the last dtype that was seen, and its codes among those of training
        self._seen: list[tuple[Any, NDArray[np.float64]]] = [(None, np.empty(0))] * self._number

    def reads(self, inputs: Inputs) -> None:
        self._inputs = inputs

    def method(self, name: str) -> Ask:
        ask, matrix = matrix_ask(self._inner)(name), self._matrix
        return lambda x: ask(matrix(x))

    def row(self, name: str) -> Callable[[Mapping[str, Any]], NDArray[Any]] | None:
        ask, matrix = matrix_ask(self._inner)(name), self._of_dicts
        return lambda row: ask(matrix([row]))

    def _matrix(self, x: Any) -> NDArray[np.float64]:
        assert self._inputs is not None, "it was not told what rows are"
        if hasattr(x, "iloc") and x.ndim == 2:
            return self._of_frame(x)
        if isinstance(x, Mapping) or (isinstance(x, (list, tuple)) and x and isinstance(x[0], Mapping)):
            return self._of_dicts([x] if isinstance(x, Mapping) else x)
        return self._inputs.matrix(x)  # codes already

    def _of_frame(self, x: Any) -> NDArray[np.float64]:
        assert self._inputs is not None
        width = len(self._inputs.schema.columns)
        if x.shape[1] != width or not len(x):
            raise ValueError(f"X has {x.shape[1]} columns and {len(x)} rows; {width} columns, and rows, are needed")
        out = np.empty((len(x), width))
        found = 0
        for i, column in enumerate(columns_of(x, range(width))):
            codes = getattr(column, "codes", None)
            if codes is not None:
                if found < self._number:
                    out[:, i] = self._among(found, column)[codes]
                found += 1
            elif getattr(column.dtype, "kind", "O") in "iufb":
                out[:, i] = plain(column)
            else:
                raise ValueError(f"columns must be int, float, bool or category, and {x.columns[i]!r} is none of these")
        if found != self._number:
            raise ValueError(f"{found} columns are categories, and in training {self._number} were")
        return out

    def _among(self, place: int, column: Any) -> NDArray[np.float64]:
        """The code of each of a column's own categories; the last is that of what is missing (-1)."""
        dtype = column.dtype
        seen, codes = self._seen[place]
        if seen is not dtype:
            get = self._tables[place].get
            codes = np.array([*(get(key, np.nan) for key in dtype.categories.tolist()), np.nan])
            self._seen[place] = dtype, codes
        return codes

    def _of_dicts(self, rows: Any) -> NDArray[np.float64]:
        assert self._inputs is not None
        out = np.empty((len(rows), len(self._inputs.schema.columns)))
        for n, row in enumerate(rows):
            for i, value in enumerate(self._inputs.cells_of(row)):
                table = self._at.get(i)
                try:
                    out[n, i] = np.nan if value is None else value if table is None else table.get(value, np.nan)
                except TypeError as error:
                    raise ValueError(f"{value!r} is neither a category nor a number: {error}") from None
        return out


def load(folder: Path, options: Mapping[str, Any], threads: int | None) -> Coded:
    told = options["inner"]
    part = Part(told["backend"], tuple(told["methods"]), told["options"], tuple(told["packages"]))
    inner = open_part(part, folder / BEHIND, threads)
    return Coded(inner, [list(keys) for keys in options["categories"]], list(options["places"]))
