"""Columns of a DataFrame as arrays, without what pandas does around each. pandas itself is not imported here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def columns_of(x: Any, places: Sequence[int]) -> list[Any]:
    """The arrays behind the columns at `places`, as pandas holds them: to be read, never written."""
    get = getattr(x, "_get_column_array", None)  # what `DataFrame.items` is made from; a hundred times quicker
    if get is None:
        return [x.iloc[:, i].array for i in places]
    return [get(i) for i in places]


def plain(column: Any) -> NDArray[Any]:
    """A column as a NumPy array: objects for texts and categories, NaN for what is missing among numbers."""
    if type(column) is np.ndarray:
        return column
    kind = getattr(column.dtype, "kind", "O")
    if kind in "iufb" and hasattr(column.dtype, "na_value"):
        missing = column.isna()
        if missing.any():
            out: NDArray[Any] = column.to_numpy(np.float64, na_value=np.nan)
            return out
        dtype = getattr(column.dtype, "numpy_dtype", None)
        if dtype is not None:
            return np.asarray(column.to_numpy(dtype))
    return np.asarray(column.to_numpy())


def cells_of(columns: Sequence[Any]) -> list[Any]:
    """The cells of one row, from columns of one value each; numbers as Python's own, which are quicker one by one."""
    return [c.item() if type(c) is np.ndarray else c[0] for c in columns]
