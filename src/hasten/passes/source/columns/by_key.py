"""Tables that a row function looks its cells up in: dicts, Series and frames from around it.

`means[(row["site"], sensor)]` depends on the row by one cell of few different values, so that the table is asked once
for each of them, by the program's own expression. The table is looked at first: it must be one whose answers follow
from the key (no subclass, keys that compare as they hash), and what comes back must be of the kind that was seen.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Any

from hasten.core.facts import ValueFact
from hasten.passes.source.columns.emitted import BY_KEY
from hasten.passes.source.columns.static import PLAIN, Varies
from hasten.passes.source.columns.syntax import helper_name, pandas_major
from hasten.passes.source.columns.vector import EXACT_FLOAT, Path, Unknown, Value

if TYPE_CHECKING:
    from hasten.passes.source.columns.unroll import RowVectoriser

KINDS = {
    **dict.fromkeys(("builtins.float", "numpy.float64", "float64"), "float"),
    **dict.fromkeys(("builtins.int", "numpy.int64", "int64"), "int"),
    **dict.fromkeys(("builtins.bool", "numpy.bool", "numpy.bool_", "bool"), "bool"),
    **dict.fromkeys(("builtins.str", "str", "object"), "str"),
    **dict.fromkeys(("pandas.Timestamp", *(f"datetime64[{unit}]" for unit in ("s", "ms", "us", "ns"))), "time"),
}
MAX_DEPTH = 3  # of tables in tables


class Lookup:
    """One expression that asks a table, written for one key: `text`, whose parameters stand for the arrays `keys`."""

    def __init__(self, v: RowVectoriser, env: dict[str, Any], path: Path) -> None:
        self.v, self.env, self.path = v, env, path
        self.keys: list[Value] = []
        self.of_pandas = False

    def table(self, node: ast.expr, depth: int = 0) -> tuple[str, tuple[ValueFact, ...]]:
        """The text of the table itself, and what was seen of it."""
        if isinstance(node, ast.Name):
            return self.v.table_around(node.id, self.env)
        if isinstance(node, ast.Subscript) and depth < MAX_DEPTH:
            text, items = self.item(node, depth + 1)
            return f"{self.v.plain_table()}({text})", items
        raise Unknown("looks something up in something that is no table from around it")

    def item(self, node: ast.Subscript, depth: int = 0) -> tuple[str, tuple[ValueFact, ...]]:
        """The text of `table[key]`, `table.loc[key]`, `table.at[key, column]`, and what the items are like."""
        base, how = node.value, ""
        if isinstance(base, ast.Attribute) and base.attr in ("loc", "at") and isinstance(base.value, ast.Name):
            how, base = f".{base.attr}", base.value
        text, seen = self.table(base, depth)
        frames = all(fact.type.startswith("pandas.") for fact in seen)
        if not seen or how and not frames or frames and depth:
            raise Unknown("looks something up in something that is no table from around it")
        self.of_pandas |= frames
        column: Any = None
        if frames and how and all(fact.type.endswith(".DataFrame") for fact in seen):
            if not (isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2):
                raise Unknown("a row of another frame")
            column = self.fixed(node.slice.elts[1])
        elif not all(fact.type in ("builtins.dict", "pandas.Series") or _is(fact, "Series") for fact in seen):
            raise Unknown("looks something up in something that is no table from around it")
        constant = self.fixed(node.slice) if isinstance(node.slice, ast.Constant) else None
        items = tuple(i for fact in seen for i in _items(fact, column, constant))
        return f"{text}{how}[{self.key(node.slice)}]", items

    def fixed(self, node: ast.expr) -> Any:
        try:
            return self.v.static(node, self.env)
        except Varies:
            raise Unknown("a label that depends on the row") from None

    def key(self, node: ast.expr, inner: bool = False) -> str:
        """The text of a key; cells become parameters."""
        if isinstance(node, ast.Tuple) and not inner:
            parts = [self.key(e, True) for e in node.elts]
            return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
        try:
            got = self.v.static(node, self.env)
        except Varies:
            pass
        else:
            if type(got) not in PLAIN or type(got) is float and not isfinite(got):
                raise Unknown("a key that is no plain value")
            return repr(got)
        return self.of_value(self.v.expr(node, self.env, self.path))

    def of_value(self, value: Value) -> str:
        """The parameter that stands for an array."""
        value = self.v.named("key", value)
        if value.const:
            return value.text
        if value.kind not in ("int", "float", "bool", "str", "time"):
            raise Unknown("a key that is a number of another type in some rows")
        self.v.steady()
        for at, known in enumerate(self.keys):
            if known.text == value.text:
                return f"key_{at}"
        self.keys.append(value)
        return f"key_{len(self.keys) - 1}"

    def asked(self, text: str, kind: str, limit: float) -> str:
        """The call that asks `text` for every row of the path."""
        v = self.v
        if not self.keys:
            raise Unknown("a table that is asked the same for every row")
        boxed = {key.boxed for key in self.keys if key.kind not in ("str", "time")}
        if self.of_pandas and (pandas_major() < 3 or len(boxed) > 1 or None in boxed):
            raise Unknown("a label whose type is not known")
        name = helper_name(v.source, "_by_key", BY_KEY)
        v.more[name] = BY_KEY.format(name=name, np=v.np, pd=v.pandas())
        parameters = ", ".join(f"key_{at}" for at in range(len(self.keys)))
        arrays = ", ".join(key.text for key in self.keys)
        bound = f"2**{int(limit).bit_length() - 1}" if kind in ("int", "mixed") else "0"
        reached = self.path.text or "None"
        numpy_scalars = boxed == {False}
        return f'{name}(lambda {parameters}: {text}, "{kind}", {bound}, {reached}, {numpy_scalars}, {arrays})'

    def value(self, text: str, facts: Iterable[ValueFact], also: object = None) -> Value:
        """What comes back, of the kinds that were seen; `also` is a default that some keys may get."""
        kinds = {KINDS.get(fact.type, "") for fact in facts}
        if also is not None:
            kinds.add(KINDS.get(f"builtins.{type(also).__name__}", ""))
        limit = self.v.limit
        if kinds == {"int", "float"}:
            whole = self.v.temp("whole", self.asked(f"type({text}) in (int, {self.v.np}.int64)", "bool", 0))
            return Value(self.asked(text, "mixed", limit), "mixed", -limit, limit, simple=True, whole=whole)
        if len(kinds) != 1 or "" in kinds:
            raise Unknown("a table of other things than numbers or texts")
        kind = kinds.pop()
        got = Value(self.asked(text, kind, limit), kind, simple=True)
        return replace(got, low=-limit, high=limit) if kind == "int" else got


def is_table(seen: tuple[ValueFact, ...]) -> bool:
    """Whether what was seen is something that can be asked for keys."""
    known = ("builtins.dict", "builtins.set", "builtins.frozenset", "pandas.Series", "pandas.DataFrame")
    return bool(seen) and all(fact.type in known for fact in seen)


def _is(fact: ValueFact, name: str) -> bool:
    return fact.type.startswith("pandas.") and fact.type.endswith(f".{name}")


def _items(fact: ValueFact, column: object, key: object) -> Iterable[ValueFact]:
    if fact.type == "builtins.dict":
        named = dict(fact.fields)
        return named.get(key, ()) if isinstance(key, str) and named else fact.items
    dtype = dict(fact.columns).get(str(column)) if _is(fact, "DataFrame") else fact.dtype
    return (ValueFact(dtype or ""),)


def subscript(v: RowVectoriser, node: ast.Subscript, env: dict[str, Any], path: Path) -> Value:
    """`TABLE[key]`."""
    lookup = Lookup(v, env, path)
    text, items = lookup.item(node)
    return lookup.value(text, items)


def get(v: RowVectoriser, table: ast.expr, key: ast.expr, default: object, env: dict[str, Any], path: Path) -> Value:
    """`TABLE.get(key, default)` of a dict and a plain default."""
    lookup = Lookup(v, env, path)
    text, seen = lookup.table(table)
    if not seen or any(fact.type != "builtins.dict" for fact in seen) or type(default) not in (int, float, str, bool):
        raise Unknown("asks something that is no dict")
    if type(default) is int and abs(default) > EXACT_FLOAT:
        raise Unknown("an integer too large for a float")
    items = tuple(i for fact in seen for i in fact.items)
    return lookup.value(f"{text}.get({lookup.key(key)}, {default!r})", items, default)


def member(v: RowVectoriser, node: ast.Compare, env: dict[str, Any], path: Path) -> Value:
    """`key in TABLE`, `key not in TABLE` of a dict, a set or a list of plain values."""
    lookup = Lookup(v, env, path)
    text, seen = lookup.table(node.comparators[0])
    if not seen or any(fact.type not in ("builtins.dict", "builtins.set", "builtins.frozenset") for fact in seen):
        raise Unknown("membership in something that is no dict or set")
    sign = "in" if isinstance(node.ops[0], ast.In) else "not in"
    return replace(Value(lookup.asked(f"{lookup.key(node.left)} {sign} {text}", "bool", 0), "bool"), boxed=True)
