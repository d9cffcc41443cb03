"""Times in row functions: parts of dates, comparisons, what lies between two.

`row["date"].month` becomes what pandas reads of the whole column. Columns hold no time zone and no missing times (what
runs checks it), so that each cell is a `Timestamp`; what has no form for columns (`strftime`, names of days) is asked
once for each different time.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from hasten.passes.source.columns import by_key
from hasten.passes.source.columns.emitted import BETWEEN, TIMES
from hasten.passes.source.columns.static import Varies
from hasten.passes.source.columns.syntax import helper_name
from hasten.passes.source.columns.vector import Path, Unknown, Value

if TYPE_CHECKING:
    from hasten.passes.source.columns.unroll import RowVectoriser

TIME, SPAN = "time", "span"
# what a vectoriser calls the values of a column, by its dtype
KINDS = {
    "float64": "float", "int64": "int", "bool": "bool", "str": "str", "object": "str",
    **{f"datetime64[{unit}]": TIME for unit in ("s", "ms", "us", "ns")},
}  # fmt: skip
# others (`dayofweek`) warn where rows read them
PARTS = frozenset(
    {"year", "month", "day", "hour", "minute", "second", "quarter", "day_of_week", "day_of_year", "days_in_month"}
)

WORDS = frozenset({"strftime", "day_name", "month_name", "isoformat"})


def involved(*values: Value) -> bool:
    return any(v.kind in (TIME, SPAN) for v in values)


def whole(v: RowVectoriser, value: Value) -> str:
    """The times as pandas holds them; a single one as it is."""
    name = helper_name(v.source, "_times", TIMES)
    v.more[name] = TIMES.format(name=name, pd=v.pandas())
    return f"{name}({value.text})"


def part(v: RowVectoriser, value: Value, name: str) -> Value:
    """`time.month`, `span.days`."""
    if name not in (PARTS if value.kind == TIME else ("days", "seconds")):
        raise Unknown(f"reads `{name}` of a time")
    text = whole(v, value) if value.kind == TIME else value.atom
    return _counted(v, f"{text}.{name}")


def _counted(v: RowVectoriser, text: str) -> Value:
    return Value(f"{v.np}.asarray({text}, {v.np}.int64)", "int", -(2.0**40), 2.0**40, boxed=True, simple=True)


def called(v: RowVectoriser, value: Value, name: str, node: ast.Call, env: dict[str, Any], path: Path) -> Value:
    """`time.weekday()`, `time.strftime("%Y-%m")`, `span.total_seconds()`."""
    if value.kind == SPAN:
        if name != "total_seconds" or node.args or node.keywords:
            raise Unknown(f"calls `{name}` of what lies between times")
        v.rounding = True
        return Value(f"{v.np}.asarray({value.atom}.total_seconds())", "float", boxed=True, simple=True)
    if name in ("weekday", "isoweekday") and not node.args and not node.keywords:
        days = f"{whole(v, value)}.day_of_week"
        return _counted(v, days if name == "weekday" else f"{days} + 1")
    if name not in WORDS or node.keywords:
        raise Unknown(f"calls `{name}` of a time")
    try:
        given = [v.static(a, env) for a in node.args]
    except Varies:
        raise Unknown("a format that depends on the row") from None
    if not all(type(g) is str for g in given):
        raise Unknown("a format that is no text")
    lookup = by_key.Lookup(v, env, path)
    key = lookup.of_value(value)
    return Value(lookup.asked(f"{key}.{name}({', '.join(map(repr, given))})", "str", 0), "str", boxed=True, simple=True)


def compared(v: RowVectoriser, sign: str, a: Value, b: Value) -> str:
    if not a.kind == b.kind == TIME:
        raise Unknown("comparison of different types")
    v.steady()
    return f"{whole(v, a)} {sign} {whole(v, b)}"


def between(v: RowVectoriser, op: ast.operator, a: Value, b: Value) -> Value:
    """`later - earlier`."""
    if not (isinstance(op, ast.Sub) and a.kind == b.kind == TIME):
        raise Unknown("arithmetic of times")
    name = helper_name(v.source, "_between", BETWEEN)
    v.more[name] = BETWEEN.format(name=name)
    return Value(f"{name}({whole(v, a)}, {whole(v, b)})", SPAN, simple=True)


def plain(value: Value) -> Value:
    """A value that may leave the function."""
    if involved(value):
        raise Unknown("gives a time")
    return value
