"""The inputs that children are asked: validation rows, varied rows, batches for timing, and single rows as dicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hasten.core.model import Tensors, taken
from hasten.search.models.borders import borders
from hasten.verify.varied_rows import varied
from hasten.verify.varied_tensors import varied_tensors
from hasten.verify.varied_texts import varied_texts

ODD = 4  # columns of rows that are given as dicts too
SAMPLES = 16  # different inputs of one size, asked in turn


@dataclass(frozen=True)
class Asked:
    """`all` holds every input; the rest says where: place 0 is all of the validation data."""

    all: tuple[Any, ...]
    varied: tuple[str, ...]  # names, at places 1, 2, ...
    batches: Mapping[int, Sequence[int]]  # number of rows: places
    dict_places: Sequence[int]  # one row each, as a dict; those of batches[1] as single rows
    rows: Sequence[tuple[int, int]] = ()  # one row each, odd ones among them: as a table, as a dict

    @property
    def varied_places(self) -> range:
        return range(1, 1 + len(self.varied))


def inputs_of(
    x: Any, batches: Sequence[int], seed: int, *, same: bool = True, net_of_texts: bool = False, model: Any = None
) -> Asked:  # fmt: skip
    """Inputs made from validation rows `x`; one row is always among the sizes. `same`: the same predictions are asked
    for, so that of a `model` of trees all borders are."""
    everything: list[Any] = [x]
    names = []
    ways = varied_texts(x, seed) if net_of_texts else None
    for name, made in ways or (varied_tensors(x, seed, same=same) if isinstance(x, Tensors) else varied(x, seed)):
        names.append(name)
        everything.append(made)
    for name, made in borders(model, x, seed) if same and model is not None else ():
        names.append(name)
        everything.append(made)
    places: dict[int, list[int]] = {}
    for rows in sorted({1, *batches}):
        places[rows] = [len(everything) + i for i in range(SAMPLES)]
        everything += batches_of(x, rows, SAMPLES, seed)
    dicts: list[int] = []
    if hasattr(x, "columns") and hasattr(x, "iloc"):
        dicts = [len(everything) + i for i in range(SAMPLES)]
        everything += [everything[i].to_dict("records")[0] for i in places[1]]
    alone = list(zip(places[1], dicts, strict=True)) if dicts else []
    for odd in odd_rows(x, seed) if dicts else ():
        alone.append((len(everything), len(everything) + 1))
        everything += [odd, odd.to_dict("records")[0]]
    return Asked(tuple(everything), tuple(names), places, tuple(dicts), tuple(alone))


def odd_rows(x: Any, seed: int) -> list[Any]:
    """Tables of one row of `x`, with a number missing, infinite, or far off in one column."""
    draw = np.random.default_rng([seed, 2])
    numbers = [i for i, dtype in enumerate(x.dtypes) if getattr(dtype, "kind", "O") == "f"]
    found = []
    for place in draw.choice(numbers, min(ODD, len(numbers)), replace=False).tolist() if numbers else ():
        for value in (np.nan, np.inf, -12345.678):
            row = taken(x, slice(0, 1)).copy()
            row.isetitem(place, row.iloc[:, place].astype("float64") * 0 + value)
            found.append(row)
    return found


def batches_of(x: Any, rows: int, number: int, seed: int) -> list[Any]:
    """`number` inputs of `rows` rows each, drawn from `x` (again and again, where it has too few)."""
    draw = np.random.default_rng([seed, rows])
    return [taken(x, draw.choice(len(x), rows, replace=rows > len(x)).tolist()) for _ in range(number)]


def add_batches(rows: int, number: int) -> int:
    """In a child: put `number` inputs of `rows` rows behind its inputs; gives the place of the first."""
    from hasten.measure.asked import state

    held = state()["inputs"]
    state()["inputs"] = [*held, *batches_of(held[0], rows, number, 0)]
    return len(held)
