"""From what a caller gives (a DataFrame, an array, a dict, a list of dicts, texts) to what a backend takes.

Inputs are checked against the schema as the original checks them: what it refuses is refused with `ValueError`, and the
message names every column that is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.serve.frames import columns_of, plain
from hasten.serve.manifest import Column, InputSchema

# what a backend takes; "typed" are columns whose numbers are float64 and checked; "cells" is "columns", but one row of
# a DataFrame comes as a tuple of its columns as pandas holds them (`serve/frames.py`); "floats" is "matrix", but what
# is float32 throughout stays so; "any" is what the caller gave: the backend reads it itself
MATRIX, COLUMNS, TYPED, GIVEN, CELLS, FLOATS, ANY = "matrix", "columns", "typed", "given", "cells", "floats", "any"
FEW = 4096  # numbers
FLOAT32 = 3.4028235677973362e38  # the largest number that rounds to a finite float32


class Inputs:
    """Reads inputs by a schema. All methods raise `ValueError` for inputs that the model does not take."""

    def __init__(self, schema: InputSchema) -> None:
        self.schema = schema
        self._names = schema.names
        self._number = len(schema.columns)
        self._mixed = len({c.kind == "number" for c in schema.columns}) > 1
        self._framed = schema.form == "frame" and not schema.arrays
        # the largest magnitude that passes without a look at each number; NaN is never below it (NumPy's float64: a
        # float of Python would be cast to float32 where inputs are, and overflow)
        self._limit = np.float64(FLOAT32 if schema.single else sys.float_info.max)
        # squares that add up to less (room for rounding) are all of smaller numbers: one pass in place of two
        self._sum = np.float64(0.99 * FLOAT32**2 if schema.single else sys.float_info.max)
        self._looks = schema.single or bool(schema.no_nan or schema.no_inf) or not (schema.nan and schema.inf)
        self._seen: tuple[Any, list[int] | None] = (None, None)  # column names of the last DataFrame, and their places
        self._seen_some: tuple[Any, Any, Sequence[int]] = (None, None, ())  # the same for some of the columns

    def count(self, x: Any) -> int:
        """How many rows: inputs that are no rows at all have none."""
        shape = getattr(x, "shape", None)
        if shape is not None:
            return int(shape[0]) if len(shape) else 0
        try:
            return len(x)
        except TypeError:
            return 0

    def read(self, x: Any, takes: str) -> Any:
        """`x` as a backend takes it: a float64 matrix (n, columns), a list of one array (n,) a column, or as given."""
        return self.reader(takes)(x)

    def floats(self, x: Any) -> NDArray[Any]:
        """As `matrix`, but what is float32 throughout stays so: steps that keep its precision answer by it."""
        return self.matrix(x, single=True)

    def matrix(self, x: Any, single: bool = False) -> NDArray[Any]:
        """C-contiguous float64 of shape (n, columns); `single`: float32 stays as it is."""
        if type(x) is np.ndarray:
            if x.ndim != 2:
                raise ValueError(f"expected 2 dimensions (rows, columns), got {x.ndim}: reshape one row with [None, :]")
            if x.dtype.kind in "US" or self._framed:
                self._array(x)
            if x.shape[1] != self._number:
                x = self._first(x)
            out = _floats(x, np.float32 if single and x.dtype == np.float32 else np.float64)
        elif _is_frame(x):
            place = self._places(x.columns)
            some = x if place is None else x.iloc[:, place]
            if not self.schema.objects:
                self._no_objects(some)
            if single and all(d == np.float32 for d in some.dtypes):
                return self.matrix(some.to_numpy(), single)
            out = _frame(some)
        elif isinstance(x, Mapping) or (isinstance(x, (list, tuple)) and x and isinstance(x[0], Mapping)):
            out = np.array([self._row(r) for r in ([x] if isinstance(x, Mapping) else x)], np.float64)
            if out.ndim != 2:
                raise ValueError("a dict is one row, and each of its values is one number; rows are a list of dicts")
        else:
            return self.matrix(_rows(x))
        if not len(out):
            self._no_rows()
        elif self._looks and not self._within(out):
            self._refuse(out)
        return out

    def _within(self, x: NDArray[Any]) -> bool:
        """Whether no number is larger than the limit, or NaN."""
        # few are multiplied: many would wake the threads of BLAS, which then stand in the way of the backend's own
        return (x.size <= FEW and np.vdot(x, x) <= self._sum) or bool(np.abs(x).max() <= self._limit)

    def matrix_unseen(self, x: Any) -> NDArray[Any]:
        """`matrix` for what refuses numbers itself: an array's are not looked at here."""
        good = type(x) is np.ndarray and x.ndim == 2 and x.shape[1] == self._number and len(x)
        if good and x.dtype.kind in "fiub" and not self._framed:
            return np.ascontiguousarray(x, np.float64)
        return self.matrix(x)

    def columns(self, x: Any, needs: Sequence[int] | None = None) -> list[NDArray[Any]]:
        """One array of shape (n,) for each column of the schema, or for those at `needs`: others may be missing then,
        where columns are looked up by name."""
        if self.schema.form == "texts":
            return [_texts(x)]
        if _is_frame(x):
            return [plain(c) for c in columns_of(x, self._needed(x.columns, needs))]
        needed = range(self._number) if needs is None else needs
        if isinstance(x, Mapping) or (isinstance(x, (list, tuple)) and x and isinstance(x[0], Mapping)):
            rows = [self._row(r, needed) for r in ([x] if isinstance(x, Mapping) else x)]
            return [self._column([r[at] for r in rows], i) for at, i in enumerate(needed)]
        # lists of numbers and texts become neither
        given = np.array(x, object) if isinstance(x, (list, tuple)) and self._mixed else _rows(x)
        if given.ndim != 2:
            raise ValueError(f"expected shape (rows, {self._number}), got {given.shape}")
        self._array(given)
        if given.shape[1] != self._number:
            given = self._first(given)
        return [given[:, i] for i in needed]

    def cells(self, x: Any, needs: Sequence[int] | None = None) -> Any:
        """`columns`; of a DataFrame of one row a tuple of them as pandas holds them."""
        if _is_frame(x) and len(x) == 1:
            return tuple(columns_of(x, self._needed(x.columns, needs)))
        return self.columns(x, needs)

    def typed(self, x: Any) -> list[NDArray[Any]]:
        """`columns`, with numbers as float64 and refused where the model takes them not; others as they are."""
        out = self.columns(x)
        if not out or not len(out[0]):
            self._no_rows()
            return out
        for place, column in enumerate(self.schema.columns):
            if column.kind in ("number", "bool"):
                numbers = out[place] = out[place].astype(np.float64, copy=False)
                if self._looks and not self._within(numbers):
                    self._refuse(numbers[:, None], (column.name,))
        return out

    def given(self, x: Any) -> Any:
        """As the original takes it: dicts become a DataFrame."""
        if self.schema.form == "records":
            return [x] if isinstance(x, Mapping) else x
        if isinstance(x, Mapping) or (isinstance(x, (list, tuple)) and x and isinstance(x[0], Mapping)):
            rows = [self._row(r) for r in ([x] if isinstance(x, Mapping) else x)]
            if self.schema.form != "frame":
                return self.matrix(x)
            import pandas as pd

            columns = {c.name: _cells(c, [r[i] for r in rows]) for i, c in enumerate(self.schema.columns)}
            frame = pd.DataFrame(columns)
            own = ("str", "string", "boolean")
            kept = {
                c.name: c.dtype for c in self.schema.columns
                if c.kind in ("category", "date") or c.dtype in own or c.dtype[:1] in "IFU"  # Int64, Float32, UInt8
            }  # fmt: skip
            return frame.astype(kept) if kept else frame
        return x

    def reader(
        self, takes: str, needs: Sequence[int] | None = None, refuses: frozenset[str] = frozenset()
    ) -> Callable[[Any], Any]:
        """`read` for one kind of backend. `needs` are the places of the columns that it takes (None: all), `refuses`
        which numbers it refuses itself: "nan", "infinite", and "inf" (what is infinite as float32)."""
        if takes == MATRIX and self._looks and not (self.schema.no_nan or self.schema.no_inf):
            nan = self.schema.nan or "nan" in refuses
            inf = "inf" in refuses if self.schema.single else self.schema.inf or "infinite" in refuses
            if nan and inf:
                return self.matrix_unseen
        if takes == ANY:
            return _itself
        if needs is not None and takes in (COLUMNS, CELLS):
            some = self.columns if takes == COLUMNS else self.cells
            return lambda x: some(x, needs)
        readers: dict[str, Callable[[Any], Any]] = {
            MATRIX: self.matrix,
            FLOATS: self.floats,
            COLUMNS: self.columns,
            TYPED: self.typed,
            CELLS: self.cells,
        }
        return readers.get(takes, self.given)

    def _needed(self, names: Any, needs: Sequence[int] | None) -> Sequence[int]:
        """Where the columns at `needs` of the schema (None: all) are among `names`."""
        if needs is not None and self.schema.by_name and len(needs) < self._number:
            seen, of, found = self._seen_some
            if names is seen and needs is of:
                return found
            wanted = [self._names[i] for i in needs]
            given = [str(n) for n in names]
            missing = [n for n in wanted if n not in given]
            if missing:
                raise ValueError(f"columns are missing: {', '.join(map(repr, missing))}")
            self._once(wanted, given)
            found = [given.index(n) for n in wanted]
            self._seen_some = (names, needs, found)
            return found
        place = self._places(names)
        if needs is None:
            return range(self._number) if place is None else place
        return needs if place is None else [place[i] for i in needs]

    def _places(self, names: Any) -> list[int] | None:
        """Where each column of the schema is among `names`; None where they are the same in the same order."""
        seen, place = self._seen
        if names is seen:  # the same index object: nothing can have changed
            return place
        place = self._looked_up(names)
        self._seen = (names, place)
        return place

    def _looked_up(self, names: Any) -> list[int] | None:
        given = list(names)
        if given == list(self._names):
            return None
        given = [str(n) for n in given]
        if self.schema.form == "array" or self.schema.by_place:
            if len(given) > self._number and self.schema.others:
                return list(range(self._number))
            if len(given) != self._number:
                raise ValueError(f"X has {len(given)} features, but the model expects {self._number} features")
            return None
        missing = [n for n in self._names if n not in given]
        if missing:
            raise ValueError(f"columns are missing: {', '.join(map(repr, missing))}")
        others = [n for n in given if n not in self._names]
        if others and not self.schema.others:
            raise ValueError(f"not columns of the training data: {', '.join(map(repr, others))}")
        self._once(self._names, given)
        places = [given.index(n) for n in self._names]
        if not self.schema.by_name and places != sorted(places):
            raise ValueError("the feature names should be those of the training data, in their order")
        return places

    def _once(self, names: Sequence[str], given: list[str]) -> None:
        """Raises `ValueError` where a frame has a column of the model twice."""
        twice = [n for n in names if given.count(n) > 1] if len(set(given)) < len(given) else []
        if twice:
            raise ValueError(f"columns are there twice: {', '.join(map(repr, twice))}")

    def _first(self, x: NDArray[Any]) -> NDArray[Any]:
        """The columns of the schema out of an array with another number of them."""
        if x.shape[1] > self._number and self.schema.others:
            return x[:, : self._number]
        raise ValueError(f"X has {x.shape[1]} features, but the model expects {self._number} features")

    def _array(self, x: NDArray[Any]) -> None:
        """Raises `ValueError` for an array that the model does not take, whatever it holds."""
        if self._framed:
            raise ValueError("columns are looked up by their names: give a DataFrame, or dicts")
        if not self.schema.spelt and x.dtype.kind in "US":
            raise ValueError("rows of texts: convert them to numbers first")

    def _no_rows(self) -> None:
        if not self.schema.empty:
            raise ValueError("found no rows (0 samples), and the model needs one at least")

    def _no_objects(self, x: Any) -> None:
        """Raises `ValueError` where a frame has columns of objects."""
        wrong = [n for n, dtype in zip(self._names, x.dtypes, strict=True) if getattr(dtype, "kind", "O") == "O"]
        if wrong:
            raise ValueError(f"columns must be int, float or bool, and these are not: {', '.join(map(repr, wrong))}")

    def cells_of(self, row: Mapping[str, Any]) -> list[Any]:
        """One row given as a dict, in the order of the schema."""
        return self._row(row)

    def _row(self, row: Mapping[str, Any], needs: Sequence[int] | None = None) -> list[Any]:
        """One row given as a dict, in the order of the schema. Names say where a value belongs, in any order."""
        names = self._names if needs is None or not self.schema.by_name else [self._names[i] for i in needs]
        try:
            values = [row[n] for n in names]
        except KeyError:
            if not all(type(n) is str for n in row):  # frames may name columns by numbers
                return self._row({str(n): value for n, value in row.items()}, needs)
            missing = [n for n in names if n not in row]
            raise ValueError(f"columns are missing: {', '.join(map(repr, missing))}") from None
        if len(row) != len(values) and not self.schema.others:
            others = [n for n in row if n not in self._names]
            raise ValueError(f"not columns of the training data: {', '.join(map(repr, others))}")
        return values

    def _column(self, values: Sequence[Any], place: int) -> NDArray[Any]:
        if self.schema.columns[place].kind == "number":
            return np.array([np.nan if v is None else v for v in values], np.float64)
        out = np.empty(len(values), object)
        if self.schema.columns[place].dtype in ("str", "category"):  # these know no None
            out[:] = [np.nan if v is None else v for v in values]
        else:
            out[:] = values
        return out

    def _refuse(self, x: NDArray[Any], names: tuple[str, ...] | None = None) -> None:
        """Raises `ValueError` where a number is one that the model does not take. `names` are those of the columns."""
        names = self._names if names is None else names
        missing = np.asarray(np.isnan(x).any(axis=0))
        if not self.schema.nan and missing.any():
            self._wrong("NaN", missing, names)
        if self.schema.no_nan:
            wrong = missing & np.isin(names, self.schema.no_nan)
            if wrong.any():
                self._wrong("NaN", wrong, names)
        if self.schema.single or not self.schema.inf:
            large = np.asarray((np.abs(x) > self._limit).any(axis=0))
            if large.any():
                self._wrong(
                    f"infinity or a value too large{' for float32' if self.schema.single else ''}", large, names
                )

        if self.schema.no_inf:
            endless = np.asarray(np.isinf(x).any(axis=0)) & np.isin(names, self.schema.no_inf)
            if endless.any():
                self._wrong("infinity", endless, names)

    def _wrong(self, what: str, columns: NDArray[np.bool_], names: tuple[str, ...]) -> None:
        told = ", ".join(names[i] for i in np.flatnonzero(columns))
        raise ValueError(f"Input X contains {what}, in {told}: the model takes none; fill or drop such rows first")


def _texts(x: Any) -> NDArray[Any]:
    """An array of texts (n,); any iterable of them will do."""
    if isinstance(x, (str, bytes, Mapping)):
        raise ValueError(f"expected several texts, such as a list of them, got one {type(x).__name__}")
    made: NDArray[Any] = np.asarray(
        x if hasattr(x, "__len__") and not isinstance(x, (set, frozenset)) else list(x), object
    )
    if made.ndim != 1:
        raise ValueError(f"expected a sequence of texts, got {made.ndim} dimensions")
    return made


def _itself(x: Any) -> Any:
    return x


def _rows(x: Any) -> NDArray[Any]:
    """As an array. Raises `ValueError` for a sparse matrix."""
    if hasattr(x, "toarray"):
        raise ValueError("rows come as a DataFrame or a dense array, and this is a sparse matrix: .toarray()")
    return np.asarray(x)


def _frame(x: Any) -> NDArray[np.float64]:
    """A DataFrame of numbers, C-contiguous. Raises `ValueError` for texts and dates."""
    held = x.to_numpy()
    if held.dtype.kind not in "fiu":
        if any(getattr(d, "kind", "O") in "mMc" for d in x.dtypes):
            raise ValueError("a date is no number, and complex data is not supported")
        try:
            held = x.to_numpy(np.float64)
        except TypeError as error:
            raise ValueError(f"a column holds what is no number: {error}") from None
    return np.ascontiguousarray(held, np.float64)


def _is_frame(x: Any) -> bool:
    """Whether it is a DataFrame: a Series may have an entry that is called `columns`."""
    return hasattr(x, "iloc") and x.ndim == 2


def _floats(x: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """C-contiguous, of that dtype. Raises `ValueError` for complex numbers, dates and objects that are no numbers."""
    if x.dtype.kind in "fiub":
        return np.ascontiguousarray(x, dtype)
    if x.dtype.kind in "cmM":
        raise ValueError(f"numbers of dtype {x.dtype} are not taken: Complex data not supported, nor dates")
    try:
        return np.ascontiguousarray(x, dtype)
    except TypeError as error:
        raise ValueError(f"a cell holds what is no number: {error}") from None


def _cells(column: Column, cells: list[Any]) -> list[Any]:
    """The cells of a column of a DataFrame: what is missing among numbers is NaN."""
    return [np.nan if v is None else v for v in cells] if column.kind == "number" else cells
