"""Rows that validation data does not hold: missing and infinite values, unseen categories, other shapes and orders.

Each varied input is asked of the original and of the candidate; what the original refuses the candidate must refuse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np

from hasten.core.model import taken

SOME = 24  # rows of a varied input
COLUMNS = 40  # at most as many columns are varied one by one


def varied(x: Any, seed: int = 0) -> Iterator[tuple[str, Any]]:
    """Named inputs made from some rows of `x` (a DataFrame, a 2-D array, or a sequence of texts)."""
    draw = np.random.default_rng(seed)
    some = taken(x, np.sort(draw.choice(len(x), min(SOME, len(x)), replace=False)).tolist())
    yield "one row", taken(some, slice(0, 1))
    yield "no rows", taken(some, slice(0, 0))
    yield "two rows", taken(some, slice(0, 2))
    yield "rows twice", taken(some, [*range(min(3, len(some))), *range(min(3, len(some)))])
    if hasattr(some, "columns") and hasattr(some, "iloc"):
        yield from _frames(some, draw)
    elif isinstance(some, np.ndarray) and some.ndim == 2:
        yield from _arrays(some, draw)
    elif isinstance(some[0], Mapping):
        yield from _records(some)
    else:
        yield from _texts(some)


def _frames(some: Any, draw: np.random.Generator) -> Iterator[tuple[str, Any]]:
    names = list(some.columns)
    yield "columns in another order", some[names[::-1]]
    yield "a column more", some.assign(**{"a column more": 1.0})
    yield "a column less", some[names[1:]]
    yield "an array", _filled(some, names).to_numpy()
    yield "another index", some.set_axis(draw.permutation(len(some)) + 1000, axis=0)
    yield "an index with one value", some.set_axis([7] * len(some), axis=0)
    for place in _some_of(len(names), draw):
        column = some.iloc[:, place]
        for what, value in _values(column.dtype):
            yield f"{what} in {names[place]}", _with(some, place, value)
        yield f"all of {names[place]} missing", _with(some, place, None, every=True)
    numbers = [n for n in names if getattr(some[n].dtype, "kind", "O") in "iuf"]
    if numbers:
        yield "numbers as float32", some.astype(dict.fromkeys(numbers, "float32"))
        whole = [n for n in numbers if some[n].notna().all() and (abs(some[n]) < 2**31).all()]
        if whole:
            yield "numbers as integers", some.astype(dict.fromkeys(whole, "int64"))
        yield "numbers as objects", _filled(some, numbers).astype(dict.fromkeys(numbers, object))
    texts = [n for n in names if getattr(some[n].dtype, "kind", "O") not in "iufbmM"]
    if texts:
        yield "texts as categories", some.astype(dict.fromkeys(texts, "category"))
        yield "texts as objects", some.astype(dict.fromkeys(texts, object))


def _filled(some: Any, names: Any) -> Any:
    """Columns of pandas' own numbers as NumPy's, with NaN for what is missing: no object holds `NA` then."""
    own = [n for n in names if getattr(some[n].dtype, "kind", "O") in "iufb" and hasattr(some[n].dtype, "na_value")]
    return some.astype({n: "float64" if some[n].hasnans else some[n].dtype.numpy_dtype for n in own})


def _with(some: Any, place: int, value: Any, every: bool = False) -> Any:
    """`some` with `value` in one column, in every second row, its dtype kept where the value fits."""
    column = some.iloc[:, place]
    values = column.astype(object).to_numpy(copy=True)
    values[:: 1 if every else 2] = value
    made = type(column)(values, index=column.index, name=column.name, dtype=object)
    try:
        made = made.astype(column.dtype)
    except (TypeError, ValueError, OverflowError):
        if getattr(column.dtype, "kind", "O") in "iub":
            made = made.astype("float64") if not isinstance(value, str) else made
    out = some.copy()
    out.isetitem(place, made)
    return out


def _values(dtype: Any) -> list[tuple[str, Any]]:
    if getattr(dtype, "kind", "O") in "iuf":
        return [
            ("NaN", np.nan), ("infinity", np.inf), ("-infinity", -np.inf), ("-0.0", -0.0), ("1e300", 1e300),
            ("1e39", 1e39), ("a tiny number", 5e-324), ("a large integer", 2.0**53 + 2),
            ("a negative number", -12345.678),
        ]  # fmt: skip
    if getattr(dtype, "kind", "O") == "b":
        return [("the other value", True), ("a missing value", None)]
    if getattr(dtype, "kind", "O") in "mM":
        return [("a missing value", None)]
    return [
        ("a missing value", None), ("NaN", np.nan), ("an unseen category", "never seen before"), ("no letters", ""),
        ("a number", 3.5), ("a letter outside ASCII", "\u00e9\u4e2d"),
    ]  # fmt: skip


def _arrays(some: Any, draw: np.random.Generator) -> Iterator[tuple[str, Any]]:
    yield "Fortran order", np.asfortranarray(some)
    yield "every second row of a larger array", np.repeat(some, 2, axis=0)[::2]
    yield "a list of lists", some.tolist()
    yield "one dimension", some[0]
    yield "three dimensions", some[None]
    yield from _as_frame(some)
    yield "a column more", np.column_stack([some, some[:, :1]])
    yield "a column less", some[:, 1:]
    if some.dtype.kind in "iuf":
        yield "float32", some.astype(np.float32)
        yield "numbers as texts", some.astype(str)
        yield "integers", np.nan_to_num(some).astype(np.int64)
        yield "objects", some.astype(object)
        for place in _some_of(some.shape[1], draw):
            for what, value in _values(np.dtype(float)):
                out = some.astype(np.float64)
                out[::2, place] = value
                yield f"{what} in column {place}", out


def _as_frame(some: Any) -> Iterator[tuple[str, Any]]:
    if find_spec("pandas") is not None:
        import pandas as pd

        yield "a DataFrame", pd.DataFrame(some, columns=[f"column {i}" for i in range(some.shape[1])])


def _records(some: Any) -> Iterator[tuple[str, Any]]:
    yield "names in another order", [dict(reversed(row.items())) for row in some]
    yield "a name more", [{**row, "a name more": 1.0} for row in some]
    yield "a name less", [dict(list(row.items())[1:]) for row in some]
    yield "rows without names", [{} for _ in some]
    yield "a tuple of rows", tuple(some)
    for name in list(some[0])[:COLUMNS]:
        for what, value in (("None", None), ("NaN", np.nan), ("a number", 3.5), ("a text", "never seen before")):
            yield f"{what} in {name}", [{**row, name: value} if i % 2 == 0 else row for i, row in enumerate(some)]


def _texts(some: Any) -> Iterator[tuple[str, Any]]:
    rows = list(some)
    yield "an empty text", ["", *rows[1:]]
    yield "unseen words", ["qzxv wkjh", *rows[1:]]
    yield "capitals", [str(t).upper() for t in rows]
    yield "letters outside ASCII", [f"{t} \u00e9\u00df\u4e2d\u6587 \U0001f600" for t in rows]
    yield "a missing text", [None, *rows[1:]]
    yield "white space", [f"\t{t}\n\u00a0 " for t in rows]
    yield "an array of texts", np.array(rows, dtype=object)
    yield "a tuple of texts", tuple(rows)
    yield "texts as bytes", [str(t).encode("utf-8") for t in rows]
    yield "a text that is a number", [7, *rows[1:]]
    yield "a text that is NaN", [np.nan, *rows[1:]]
    yield "one text, not in a list", str(rows[0])
    yield "one text, NaN", [np.nan]
    yield "one text, missing", [None]


def _some_of(number: int, draw: np.random.Generator) -> list[int]:
    return sorted(draw.choice(number, min(COLUMNS, number), replace=False).tolist())
