"""One text at a time: its words, counted in a dict and summed up as they are found.

What the steps after a text vectoriser make of a word (a weight, a share of the text's norm, nothing) is known before
any text is: so the score of one text is a loop over its words, without a matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.passes.model.serving.generated.writer import Writer

GONE = -1  # the place of a word that counts in the norm only


@dataclass(frozen=True)
class Words:
    """How one text becomes values. `split` names the function that finds the words of `text` (the row function's
    expression); `places` maps each known word to its feature, `weights` to what its count is multiplied by (None: by
    nothing). `norm` is what a text's values are divided by."""

    split: str
    text: str
    places: Mapping[str, int]
    binary: bool = False
    weights: Mapping[str, float] | None = None
    sublinear: bool = False
    norm: str | None = None

    def weighted(self, idf: NDArray[np.float64] | None, sublinear: bool) -> Words | None:
        """After tf-idf's weights; None where the order of steps is one that is not written out."""
        if self.weights is not None or self.sublinear or self.norm is not None:
            return None
        weights = None if idf is None else {word: float(idf[place]) for word, place in self.places.items()}
        return replace(self, weights=weights, sublinear=sublinear)

    def normed(self, norm: str) -> Words | None:
        return replace(self, norm=norm) if self.norm is None else None

    def picked(self, new: NDArray[Any]) -> Words:
        """After a selection: `new` is the place of each feature, -1 where it is gone."""
        places = {word: int(new[place]) if place >= 0 else GONE for word, place in self.places.items()}
        if self.norm is None:  # words that are gone count nowhere
            places = {word: place for word, place in places.items() if place >= 0}
        return replace(self, places=places)

    def scored(self, coef: NDArray[np.float64], w: Writer) -> str:
        """Write the function of one text that gives its values @ coef: a number for coef of shape (features,), an array
        (outputs,) for (features, outputs). Gives its name."""
        name = w.name("text_scores" if coef.ndim > 1 else "text_score")
        lines = [f"def {name}(text):", '    """What the words of a text add up to."""']
        once = self.norm is None and not self.sublinear and not self.binary
        if coef.ndim == 1 and once:
            table = self._table(lambda word, place: float(coef[place]) * self._weight(word), w)
            lines += [
                "    score = 0.0",
                f"    for word in {self.split}(text):",
                f"        score += {table}.get(word, 0.0)",
                "    return score",
            ]
        else:
            lines += self._counted(coef, w)
        w.functions.append("\n".join(lines))
        return name

    def _weight(self, word: str) -> float:
        return 1.0 if self.weights is None else self.weights[word]

    def _table(self, value: Callable[[str, int], Any], w: Writer) -> str:
        return w.table("terms", list(self.places), [value(word, place) for word, place in self.places.items()])

    def _counted(self, coef: NDArray[np.float64], w: Writer) -> list[str]:
        """Lines that count words, look each up once, and sum up."""
        held = np.concatenate([coef, np.zeros((1, *coef.shape[1:]))])  # the last is for words that are gone
        one = coef.ndim == 1
        if one:
            table = self._table(lambda word, place: (self._weight(word), float(held[place])), w)
        else:
            table, matrix = self._table(lambda word, place: (self._weight(word), place), w), w.array("shares", held)
        value = "count" if not self.sublinear else "(math.log(count) + 1.0)"
        counted = "1" if self.binary else "counts.get(word, 0) + 1"
        lines = [
            "    counts = {}",
            f"    for word in {self.split}(text):",
            f"        counts[word] = {counted}",
            "    score = size = 0.0" if one else "    size, places, values = 0.0, [], []",
            "    for word, count in counts.items():",
            f"        known = {table}.get(word)",
            "        if known is not None:",
            f"            value = {value}{' * known[0]' if self.weights is not None else ''}",
        ]
        if self.norm is not None:
            size = {"l2": "size += value * value", "l1": "size += abs(value)", "max": "size = max(size, abs(value))"}
            lines.append(f"            {size[self.norm]}")
        if one:
            lines.append("            score += value * known[1]")
        else:
            lines += [
                "            places.append(known[1])",
                "            values.append(value)",
                "    if not places:",
                f"        return np.zeros({coef.shape[1]})",
                f"    score = np.array(values) @ {matrix}[np.array(places, np.intp)]",
            ]
        root = "math.sqrt(size)" if self.norm == "l2" else "size"
        lines.append("    return score" if self.norm is None else f"    return score / {root} if size else score")
        return lines
