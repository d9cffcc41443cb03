"""The text of a predictor while it is being written: two functions that go line by line in step, one for arrays of
rows and one for a single row, and the constants and helpers that both use."""

from __future__ import annotations

import inspect
import keyword
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers

INLINE = 64  # numbers of an array, and entries of a table, that are written into the text
TERMS = 320  # of straight-line code for one row: beyond, NumPy on a matrix of one row is as fast
RESERVED = {
    "np",
    "math",
    "exp",
    "log",
    "row",
    "columns",
    "cells",
    "max",
    "min",
    "abs",
    "sum",
    "float",
    "bisect_right",
    "z",
}


class Writer:
    """Collects lines. `columns` are the input columns by name, `matrix` whether the batch function takes them as one
    float64 matrix named `x`."""

    def __init__(self, columns: Sequence[str], matrix: bool) -> None:
        self.matrix = matrix
        self.lines: list[str] = []
        self.row_lines: list[str] = []
        self.row = True  # whether straight-line code for one row is written too
        self.open = False  # whether features leave the row function without a look at what is not finite
        self.terms = 0
        self.constants: list[str] = []
        self.arrays: dict[str, NDArray[Any]] = {}
        self.keys: dict[str, list[Any]] = {}
        self.helpers: dict[str, Callable[..., Any]] = {}
        self.functions: list[str] = []  # texts of functions beside the helpers
        self.packages: set[str] = set()  # that the predictor imports besides NumPy
        self.imports: set[str] = set()
        self._taken: set[str] = RESERVED | {name for name, _ in inspect.getmembers(helpers, inspect.isfunction)}
        self.names = list(columns)
        self.parameters = [self.name(n) for n in columns]
        self.used: dict[int, None] = {}  # input columns in use

    # --- names -------------------------------------------------------------------------------------------------------

    def name(self, hint: str) -> str:
        """A name that nothing else has."""
        made = re.sub(r"\W", "_", hint, flags=re.ASCII).strip("_").lower() or "x"
        made = f"x{made}" if made[0].isdigit() else made
        made = f"{made}_" if keyword.iskeyword(made) else made
        name, number = made, 1
        while name in self._taken or name.upper() in self._taken:
            number += 1
            name = f"{made}_{number}"
        self._taken |= {name, name.upper()}
        return name

    # --- lines -------------------------------------------------------------------------------------------------------

    def let(self, hint: str, text: str) -> str:
        """A line of the batch function that binds a new name."""
        name = self.name(hint)
        self.lines.append(f"{name} = {text}")
        return name

    def do(self, text: str) -> None:
        self.lines.append(text)

    def row_let(self, hint: str, text: str) -> str:
        """A line of the row function that binds a new name; a name itself is given back as it is."""
        if text.isidentifier():
            return text
        name = self.name(hint)
        self.row_lines.append(f"{name} = {text}")
        self.count(2)
        return name

    def row_do(self, text: str) -> None:
        self.row_lines.append(text)
        self.count(2)

    def count(self, terms: int) -> None:
        """Note that much straight-line code; too much of it ends the row function."""
        self.terms += terms
        if self.terms > TERMS:
            self.row = False

    # --- constants ---------------------------------------------------------------------------------------------------

    def array(self, hint: str, values: Any) -> str:
        """A constant array: in the text when it is small, in the file of arrays otherwise."""
        values = np.asarray(values)
        name = self.name(hint).upper()
        if values.dtype.kind not in "fiub":
            self.constants.append(f"{name} = {labels_text(values)}")
        elif values.size <= INLINE:
            dtype = (
                "" if values.dtype in (np.dtype(float), np.dtype(np.int64)) and values.size else f", np.{values.dtype}"
            )
            self.constants.append(f"{name} = np.array({literal(values.tolist())}{dtype})")
        else:
            self.arrays[name] = values
            self.constants.append(f'{name} = ARRAYS["{name}"]')
        return name

    def number(self, value: Any) -> str:
        """A number as text, exactly."""
        return literal(float(value))

    def table(self, hint: str, keys: Sequence[Any], values: Sequence[Any]) -> str:
        """A constant dict. Its values are numbers or tuples of numbers."""
        name = self.name(hint).upper()
        for key in keys:
            if not isinstance(key, (str, int, float, bool, type(None))):
                raise CannotServe(f"a category is a {type(key).__name__}")
        if len(keys) <= INLINE:
            entries = ", ".join(f"{literal(k)}: {literal(v)}" for k, v in zip(keys, values, strict=True))
            self.constants.append(f"{name} = {{{entries}}}")
        else:
            self.keys[name] = list(keys)
            self.arrays[name] = np.asarray(values)
            each = "map(tuple, %s)" if self.arrays[name].ndim > 1 else "%s"
            self.constants.append(f'{name} = dict(zip(KEYS["{name}"], {each % f"""ARRAYS["{name}"].tolist()"""}))')
        return name

    def constant(self, hint: str, text: str) -> str:
        name = self.name(hint).upper()
        self.constants.append(f"{name} = {text}")
        return name

    # --- helpers -----------------------------------------------------------------------------------------------------

    def helper(self, function: Callable[..., Any]) -> str:
        """The name of a function of `helpers.py`, whose text goes into the predictor."""
        name = function.__name__
        self._taken.add(name)
        if name not in self.helpers:
            self.helpers[name] = function
            for other in getattr(function, "needs", ()):
                self.helper(other)
        return name

    def uses(self, statement: str) -> None:
        """An import beyond `math` and `numpy`."""
        self.imports.add(statement)

    def helper_text(self) -> str:
        texts = []
        for function in self.helpers.values():
            text = re.sub(r"  # (?:type: ignore|noqa).*", "", inspect.getsource(function))  # told to our checkers
            lines = text.splitlines()
            while not lines[0].startswith("def "):
                lines.pop(0)
            texts.append(re.sub(r"\) -> [^:]+:$", "):", _untyped(lines[0])) + "\n" + "\n".join(lines[1:]))
        return "\n\n\n".join(texts)


def _untyped(head: str) -> str:
    """`def f(x: Array, nan: bool = False) -> Array:` without its types."""
    return re.sub(r": (?:[A-Za-z_.]+(?:\[[^=]*?\])?(?: \| None)?)(?=,|\)| =)", "", head).replace(" = ", "=")


def literal(value: Any) -> str:
    """Python text of numbers, texts, None, and lists and tuples of them; exact."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or value is None or isinstance(value, (int, str)):
        return repr(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return repr(value)
        return "math.nan" if value != value else ("math.inf" if value > 0 else "-math.inf")
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    raise CannotServe(f"a {type(value).__name__} cannot be written as text")


def labels_text(values: NDArray[Any]) -> str:
    """Text of an array of labels of any dtype."""
    if values.dtype.kind not in "OUSfiub":
        raise CannotServe(f"labels of dtype {values.dtype}")
    dtype = "object" if values.dtype.kind == "O" else f'"{values.dtype.str[1:]}"'
    return f"np.array({literal(values.tolist())}, {dtype})"
