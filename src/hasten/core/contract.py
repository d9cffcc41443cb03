"""What must stay true, and what counts as a gain."""

from __future__ import annotations

import math
from dataclasses import dataclass

MIN, MAX = "min", "max"
NEAR_ZERO = 1e-3  # share of the tolerance that counts of the size of an array, for numbers near zero in it


@dataclass(frozen=True)
class Quality:
    """How good a result is, by one number that the program shows, where another result would do as well.

    `name` is a name that the script holds at its end (`best_score`, `result.fun`), or the label of a number that it
    prints (`best score: 0.31`; the last such line counts). `better` says which way is better. A result may be worse by
    `slack`: a share of the old value when `relative`, else in the number's own unit.
    """

    name: str
    better: str = MIN  # "min" | "max"
    slack: float = 0.0
    relative: bool = True

    @classmethod
    def parse(cls, text: str) -> Quality:
        """`best_score:min`, `accuracy:max:0.5%`, `final cost:min:1e-6`. Raises `ValueError`."""
        told = f"{text!r} is not a quality; write NAME:min or NAME:max, with a slack if need be: best_score:min:0.5%"
        head, _, last = text.rpartition(":")
        slack, relative = 0.0, True
        if last.strip() not in (MIN, MAX):
            try:
                relative = last.strip().endswith("%")
                slack = float(last.strip().removesuffix("%")) / (100 if relative else 1)
            except ValueError:
                raise ValueError(told) from None
            if not 0 <= slack < (1 if relative else math.inf):
                raise ValueError(told)
            head, _, last = head.rpartition(":")
        name = " ".join(head.split())
        if not name or last.strip() not in (MIN, MAX):
            raise ValueError(told)
        return cls(name, last.strip(), slack, relative or not slack)

    def __str__(self) -> str:
        tail = f":{100 * self.slack:g}%" if self.relative else f":{self.slack:g}"
        return f"{self.name}:{self.better}{tail if self.slack else ''}"

    def reached(self, old: float, new: float, rtol: float = 0.0) -> bool:
        """Whether `new` is at least as good as `old`; `rtol` is how far equal numbers may lie apart anyway."""
        if new == old:
            return True
        if math.isnan(old) or math.isnan(new):
            return False
        worse = new - old if self.better == MIN else old - new
        if not (math.isfinite(old) and math.isfinite(new)):
            return worse < 0
        return worse <= max(rtol * abs(old), self.slack * abs(old) if self.relative else self.slack)


@dataclass(frozen=True)
class Contract:
    """Outputs equal within a tolerance; a gain of at least `min_gain`, at a false-claim rate of `alpha`.

    Integers, strings, types, shapes, dtypes, names and exceptions are always compared exactly. Floats agree when ``|a
    - b| <= rtol * max(|a|, |b|)`` or, inside one array, ``<= rtol / 1000 * RMS(reference)`` (what cancellation
    leaves); NaN equals NaN and infinities need the same sign. `exact` asks for the same bits. Without `compiled` the
    result is plain Python, NumPy and pandas: no Numba, no extension module. With `qualities`, results of searches may
    be others, as long as each quality is at least as good; everything that does not come from such a result stays as
    it is.
    """

    rtol: float = 1e-9
    exact: bool = False
    min_gain: float = 1.03
    alpha: float = 0.015
    require: float | None = None
    compiled: bool = True
    qualities: tuple[Quality, ...] = ()

    @property
    def tolerance(self) -> float:
        return 0.0 if self.exact else self.rtol
