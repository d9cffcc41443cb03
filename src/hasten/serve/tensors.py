"""From what a caller gives a net (arrays, torch tensors, a mapping, several of them) to the arrays a backend takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import Tensors
from hasten.serve.manifest import InputSchema


class TensorInputs:
    """Reads a net's inputs by a schema of form "tensors"."""

    def __init__(self, schema: InputSchema) -> None:
        self._columns = schema.columns
        self._names = schema.names
        self._dtypes = [np.dtype(c.dtype) for c in schema.columns]

    def read(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[list[NDArray[Any]], bool]:
        """One array for each input, in order, and whether torch tensors came in. Raises `ValueError` for what the net
        was not certified on: another dtype or shape, inputs missing or too many, different numbers of rows."""
        if len(args) == 1 and not kwargs and isinstance(args[0], (Tensors, Mapping)):
            kwargs = args[0].arrays if isinstance(args[0], Tensors) else args[0]
            args = ()
        if len(args) > len(self._names):
            raise ValueError(f"{len(args)} inputs, and the net takes {len(self._names)}: {', '.join(self._names)}")
        given = dict(zip(self._names, args, strict=False))
        twice = [n for n in kwargs if n in given]
        others = [n for n in kwargs if n not in self._names]
        missing = [n for n in self._names if n not in given and n not in kwargs]
        if twice or others or missing:
            told = [f"given twice: {', '.join(twice)}"] if twice else []
            told += [f"no inputs of the net: {', '.join(map(str, others))}"] if others else []
            told += [f"missing: {', '.join(missing)}"] if missing else []
            raise ValueError(f"{'; '.join(told)} (the net takes {', '.join(self._names)})")
        given.update(kwargs)
        foreign = any(hasattr(v, "detach") for v in given.values())
        arrays = [self._array(i, given[name]) for i, name in enumerate(self._names)]
        if len({len(a) for a in arrays}) > 1:
            told_rows = ", ".join(f"{n}: {len(a)}" for n, a in zip(self._names, arrays, strict=True))
            raise ValueError(f"inputs have different numbers of rows ({told_rows})")
        return arrays, foreign

    def _array(self, place: int, value: Any) -> NDArray[Any]:
        column, dtype = self._columns[place], self._dtypes[place]
        if hasattr(value, "detach"):
            value = value.detach().cpu().numpy()
        array: NDArray[Any] = np.asarray(value, None if hasattr(value, "dtype") else dtype)
        if array.dtype != dtype:
            if dtype.kind not in "iu" or array.dtype.kind not in "iu" or not np.can_cast(array.dtype, dtype):
                raise ValueError(f"{column.name} is {array.dtype}, and the net takes {dtype}: convert it first")
            array = array.astype(dtype)
        wanted = column.shape
        if array.ndim != len(wanted) + 1 or any(
            n is not None and n != m for n, m in zip(wanted, array.shape[1:], strict=True)
        ):
            shown = ", ".join(["rows", *("any" if n is None else str(n) for n in wanted)])
            raise ValueError(f"{column.name} has shape {array.shape}, and the net takes ({shown})")
        return np.ascontiguousarray(array)
