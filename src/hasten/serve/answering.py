"""From what a backend gives to what the original answers: its labels, its shapes, its dtypes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.serve.inputs import MATRIX
from hasten.serve.manifest import values_from_json

LABELS = ("argmax", "above", "label", "place")
Raw = NDArray[Any]
Finish = Callable[[Raw], NDArray[Any]]


@dataclass(frozen=True)
class Answering:
    """How one method is answered: from the backend's `output`, in one of these forms.

    "same" (as it is), "flat" (shape (n,)), "column" (one of several: `place`), "pair" (the second of two probabilities
    becomes both); labels: "argmax" (the first largest),
    "above" (`limit`, else the first class), "label" (the value is a label), "place" (the value is a label's place).
    Numbers are first multiplied by `times`, then `plus` is added. `empty` is the shape that no rows have.
    """

    output: str
    form: str
    dtype: str
    times: float = 1.0
    plus: float = 0.0
    place: int = 0
    limit: float = 0.5
    classes: Mapping[str, Any] | None = None
    empty: tuple[int, ...] = (0,)


def finish(how: Answering) -> Finish:
    """What makes the original's answer out of the backend's."""
    dtype = np.dtype(how.dtype)
    made = _form(how)
    if how.times != 1.0 or how.plus != 0.0:
        times, plus, plain = how.times, how.plus, made

        def made(raw: Raw) -> NDArray[Any]:
            return plain(raw * times + plus)

    form = made
    if how.form in LABELS and len(how.empty) == 2:  # labels as a column
        return lambda raw: form(raw)[:, None].astype(dtype, copy=False)
    if how.classes is not None:
        return form  # labels have the dtype of the classes
    return lambda raw: form(raw).astype(dtype, copy=False)


def _form(how: Answering) -> Finish:
    place, limit = how.place, how.limit
    if how.classes is not None:
        classes: NDArray[Any] = values_from_json(how.classes)
        take = classes.take
        if how.form == "argmax":
            return lambda raw: take(raw.argmax(axis=1))
        if how.form == "above":
            first, second = classes[:1], classes[1:2]
            return lambda raw: np.where(raw.reshape(-1) > limit, second, first)
        return lambda raw: take(raw.reshape(-1))
    if how.form == "flat":
        return lambda raw: raw.reshape(-1)
    if how.form == "label":
        return lambda raw: raw.reshape(-1)
    if how.form == "column":
        return lambda raw: raw[:, place]
    if how.form == "pair":

        def both(raw: Raw) -> NDArray[Any]:
            p = raw.reshape(-1)
            return np.stack((1 - p, p), axis=1)

        return both
    return lambda raw: raw


class Answered:
    """A backend whose outputs are numbers: `ask(output)` gives what computes one of them from a matrix."""

    takes = MATRIX

    def __init__(
        self, ask: Callable[[str], Callable[[Any], Raw]], answers: Mapping[str, Any], takes: str = MATRIX
    ) -> None:
        self.takes = takes
        self._ask = ask
        self._answers = {name: Answering(**{**how, "empty": tuple(how["empty"])}) for name, how in answers.items()}

    def method(self, name: str) -> Callable[[Any], NDArray[Any]]:
        how = self._answers[name]
        run, made = self._ask(how.output), finish(how)
        shape, dtype, listed = how.empty, np.dtype(how.dtype), self.takes != MATRIX

        def answer(x: Any) -> NDArray[Any]:
            if not len(x[0] if listed else x):
                return np.empty(shape, dtype)
            return made(run(x))

        return answer

    def row(self, name: str) -> None:
        return None
