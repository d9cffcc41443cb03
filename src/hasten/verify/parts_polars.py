"""What values of polars are made of: columns by name, order, kind and value, plans by what pickling keeps of them.

What lies below (chunks, buffers, which codes texts have in a process) does not count. Standard library only, like
`equality`: the package is found among the modules that are loaded.
"""

from __future__ import annotations

import sys
from typing import Any

Parts = list[tuple[str, Any]]
_HELD = ("_df", "_s", "_ldf", "_pyexpr")  # what only Rust knows; its content is among the parts
_TIMES = ("Date", "Datetime", "Duration", "Time")
_LISTED = ("Int128", "UInt128")  # NumPy has no such numbers


def polars(value: Any) -> Parts | None:
    """Names and values of what two frames, columns, plans or expressions are compared by; None for everything else."""
    package = sys.modules.get("polars")
    if package is None or not hasattr(package, "Series"):
        return None
    if isinstance(value, package.Series):
        return [*_series(value), *_own(value)]
    if isinstance(value, package.DataFrame):
        columns = {column.name: column for column in value.get_columns()}
        return [("height", value.height), ("columns", columns), *_own(value)]
    if isinstance(value, (package.LazyFrame, package.Expr)):
        try:
            plan: Any = value.__getstate__()
        except Exception:  # noqa: BLE001 - what no pickle can hold is compared as what Rust knows: never the same
            return None
        return [("plan", plan), *_own(value)]
    return None


def _series(value: Any) -> Parts:
    kind = type(value.dtype).__name__
    flags = {name: on for name, on in value.flags.items() if name.startswith("SORTED")}
    found: Parts = [("name", value.name), ("dtype", value.dtype), ("length", len(value)), ("flags", flags)]
    if kind in _TIMES:
        value = value.to_physical()
    if (kind in _TIMES or value.dtype.is_numeric() or kind == "Boolean") and kind not in (*_LISTED, "Decimal"):
        filled = value.fill_null(False if kind == "Boolean" else 0)
        return [*found, ("nulls", value.is_null().to_numpy(writable=True)),
                ("values", filled.to_numpy(writable=True))]  # fmt: skip
    return [*found, ("values", value.to_list())]


def _own(value: Any) -> Parts:
    """What a user, or a class of theirs, has put beside it."""
    return [("attributes", {n: v for n, v in sorted(vars(value).items()) if n not in _HELD})]
