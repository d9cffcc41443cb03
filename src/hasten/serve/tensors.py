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
        self.names = self._names = schema.names
        self.dtypes = self._dtypes = [np.dtype(c.dtype) for c in schema.columns]
        # dimensions of one row; None where one of them is free
        self._whole = [None if None in c.shape else tuple(c.shape) for c in schema.columns]
        self._usual = list(zip(self._dtypes, self._whole, [c.shape for c in schema.columns], strict=True))

    def read(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[list[NDArray[Any]], bool]:
        """One array for each input, in order, and whether torch tensors came in. Raises `ValueError` for what the net
        was not certified on: another dtype or shape, inputs missing or too many, different numbers of rows."""
        as_they_are = self._as_they_are(args, kwargs)
        if as_they_are is not None:
            return as_they_are, False
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

    def _as_they_are(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[NDArray[Any]] | None:
        """The inputs where they are what a backend takes already, which costs a small net less than to read them; None
        where anything is to be looked at more closely."""
        if kwargs:
            if args or len(kwargs) != len(self._names):
                return None
            try:
                given = [kwargs[n] for n in self._names]
            except KeyError:
                return None
        elif len(args) == len(self._names):
            given = list(args)
        else:
            return None
        rows = None
        for value, (dtype, whole, shape) in zip(given, self._usual, strict=True):
            if (
                type(value) is not np.ndarray
                or (value.dtype is not dtype and value.dtype != dtype)
                or not value.flags.c_contiguous
            ):
                return None
            seen = value.shape
            if rows is not None and seen[:1] != rows:
                return None
            rows = seen[:1]
            if whole is None:
                if len(seen) != len(shape) + 1 or any(
                    n is not None and n != m for n, m in zip(shape, seen[1:], strict=True)
                ):
                    return None
            elif seen[1:] != whole or not rows:
                return None
        return given

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
