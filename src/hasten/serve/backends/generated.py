"""A predictor that was written out for one model: `predictor.py` in the part's folder."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.serve.backends import Ask, Backend, open_part
from hasten.serve.frames import cells_of, plain
from hasten.serve.inputs import CELLS, COLUMNS, FLOATS, MATRIX, Inputs
from hasten.serve.manifest import InputSchema, Part, schema_from_json

FILE = "predictor.py"
NUMBERS = frozenset((float, int, bool, np.float64, np.float32, np.int64, np.int32, np.int16, np.int8, np.bool_))


class Generated:
    """Answers through the functions of the module. `needs` are the places of the columns that it takes."""

    def __init__(self, module: ModuleType, takes: str, used: tuple[int, ...], row: bool) -> None:
        self._module, self._row = module, row
        self.takes = {"matrix": FLOATS, "texts": COLUMNS}.get(takes, CELLS)
        self.needs = used

    def method(self, name: str) -> Ask:
        batch: Ask = getattr(self._module, name)
        if not self._row:
            if self.takes != CELLS:
                return batch
            return lambda x: batch([plain(column) for column in x] if type(x) is tuple else x)
        cells: Callable[[Any], NDArray[Any]] = getattr(self._module, f"{name}_cells")
        unusual = self._module.UNUSUAL
        if self.takes == COLUMNS:

            def ask_texts(x: list[NDArray[Any]]) -> NDArray[Any]:
                if len(x[0]) == 1:
                    try:
                        return cells(x[0])
                    except unusual:
                        pass  # arrays tell what is wrong, if anything is
                return batch(x)

            return ask_texts
        if self.takes == FLOATS:

            def ask(x: NDArray[Any]) -> NDArray[Any]:
                if len(x) == 1 and x.dtype == np.float64:
                    try:
                        return cells(x[0].tolist())
                    except unusual:
                        pass  # arrays tell what is wrong, if anything is
                return batch(x)

            return ask

        numbers = [i for i, number in enumerate(self._module.NUMBERS) if number]
        texts = [i for i in range(len(self._module.NUMBERS)) if i not in numbers]

        def ask_columns(x: Any) -> NDArray[Any]:
            if type(x) is tuple:
                row = cells_of(x)
                # other objects, and numbers in a column of texts, are for the original's way of refusing them
                if all(type(v := row[i]) is str or _is_gap(v, x[i]) for i in texts) and all(
                    type(row[i]) in NUMBERS for i in numbers
                ):
                    try:
                        return cells(row)
                    except unusual:
                        pass  # arrays tell what is wrong, if anything is
                return batch([plain(column) for column in x])
            return batch(x)

        return ask_columns

    def row(self, name: str) -> Callable[[Mapping[str, Any]], NDArray[Any]] | None:
        return getattr(self._module, f"{name}_row") if self._row and self.takes != COLUMNS else None


class Behind:
    """Another backend behind generated preprocessing: `matrix` of the module makes what it takes."""

    def __init__(self, front: Generated, inner: Backend, schema: InputSchema) -> None:
        self._front, self._inner = front, inner
        self._read = Inputs(schema).reader(MATRIX)
        self.takes, self.needs = front.takes, front.needs

    def method(self, name: str) -> Ask:
        return self._then(self._front.method("matrix"), name)

    def row(self, name: str) -> Callable[[Mapping[str, Any]], NDArray[Any]] | None:
        made = self._front.row("matrix")
        return None if made is None else self._then(made, name)

    def _then(self, matrix: Callable[[Any], NDArray[Any]], name: str) -> Ask:
        read, ask = self._read, self._inner.method(name)
        return lambda x: ask(read(matrix(x)))


def _is_gap(cell: Any, column: Any) -> bool:
    """Whether it is NaN, in a column of texts or objects."""
    return type(cell) is float and cell != cell and getattr(column.dtype, "kind", "O") == "O"


def load(folder: Path, options: Mapping[str, Any], threads: int | None) -> Generated | Behind:
    front = Generated(module_of(folder / FILE), options["takes"], tuple(options["used"]), bool(options["row"]))
    if "inner" not in options:
        return front
    part = dict(options["inner"])
    inner = Part(part["backend"], tuple(part["methods"]), part["options"], tuple(part["packages"]))
    told = schema_from_json(options["schema"])
    return Behind(front, open_part(inner, folder / "inner", threads, Inputs(told)), told)


def module_of(path: Path) -> ModuleType:
    """The module at `path`, under a name of its own and not among the imported ones."""
    spec = importlib.util.spec_from_file_location(f"hasten_part_{path.parent.name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
