"""Several parts that answer as one model: what an ensemble of different models, or a model around models, becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.serve.backends import Ask, Backend, open_part
from hasten.serve.backends.combining import rule
from hasten.serve.inputs import ANY, FLOATS, GIVEN, MATRIX, Inputs
from hasten.serve.manifest import Part

FINAL = "final"


class Combined:
    """Members answer, and a rule (`combining.py`) makes one answer of theirs.

    Members read rows by themselves, as the schema of the whole has it (`reads`), or (`matrix`) get columns of one
    matrix.
    """

    def __init__(
        self, members: list[tuple[Backend, list[int] | None]], final: Backend | None, options: Mapping[str, Any]
    ) -> None:
        self._members, self._final, self._options = members, final, options
        self.takes = FLOATS if options["matrix"] else ANY
        self._inputs: Inputs | None = None

    def reads(self, inputs: Inputs) -> None:
        """Members look at rows by this schema."""
        self._inputs = inputs
        for backend, _ in self._members:
            told = getattr(backend, "reads", None)
            if told is not None:
                told(inputs)

    def method(self, name: str) -> Ask:
        return self._asked(name, lambda backend, columns, wanted: self._ask(backend, columns, wanted))

    def row(self, name: str) -> Callable[[Mapping[str, Any]], NDArray[Any]] | None:
        told = zip(self._members, self._options["parts"], strict=True)
        if self._options.get("passthrough"):  # the rule looks at columns
            return None
        if self._options["matrix"] or any(b.row(part["row"]) is None for (b, _), part in told):
            return None

        def of_row(backend: Backend, columns: list[int] | None, wanted: str) -> Ask:
            return backend.row(wanted) or self._ask(backend, columns, wanted)

        return self._asked(name, of_row)

    def _asked(self, name: str, how: Callable[[Backend, list[int] | None, str], Ask]) -> Ask:
        final = self._final
        made = rule(self._options["how"], name, self._options, None if final is None else matrix_ask(final))
        asks = [how(b, columns, wanted) for (b, columns), wanted in zip(self._members, made.wants, strict=True)]
        together = made.together
        if self._options.get("passthrough") and not self._options["matrix"]:  # which are columns, however they come
            assert self._inputs is not None, "it was not told what rows are"
            given, beside = self._inputs.given, made.together
            together = lambda answers, x: beside(answers, given(x))  # noqa: E731
        if len(asks) == 1:
            only = asks[0]
            return lambda x: together([only(x)], x)
        return lambda x: together([ask(x) for ask in asks], x)

    def _ask(self, backend: Backend, columns: list[int] | None, wanted: str) -> Ask:
        if self._options["matrix"]:
            ask = matrix_ask(backend)(wanted)
            return ask if columns is None else lambda x: ask(x[:, columns])
        assert self._inputs is not None, "it was not told what rows are"
        ask = backend.method(wanted)
        if backend.takes == ANY:
            return ask
        refuses: frozenset[str] = getattr(backend, "refuses", frozenset())
        read = self._inputs.reader(backend.takes, getattr(backend, "needs", None), refuses)
        return lambda x: ask(read(x))


def matrix_ask(backend: Backend) -> Callable[[str], Ask]:
    """Of a matrix that was looked at already."""
    if backend.takes in (GIVEN, FLOATS):
        return backend.method

    def asked(name: str) -> Ask:
        ask = backend.method(name)
        if backend.takes == MATRIX:
            return lambda x: ask(np.ascontiguousarray(x, np.float64))
        return lambda x: ask(list(np.asarray(x).T))  # columns

    return asked


def load(folder: Path, options: Mapping[str, Any], threads: int | None) -> Combined:
    def opened(told: Mapping[str, Any], place: str) -> Backend:
        part = Part(told["backend"], tuple(told["methods"]), told["options"], tuple(told["packages"]))
        return open_part(part, folder / place, threads)

    members = [(opened(m["part"], m["place"]), m["columns"]) for m in options["parts"]]
    final = opened(options["final"], FINAL) if options["final"] is not None else None
    return Combined(members, final, options)
