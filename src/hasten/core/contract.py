"""What must stay true, and what counts as a gain."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Contract:
    """Outputs equal within a tolerance; a gain of at least `min_gain`, at a false-claim rate of `alpha`.

    Integers, strings, types, shapes, dtypes, names and exceptions are always compared exactly. Floats
    agree when ``|a - b| <= rtol * max(|a|, |b|)`` or, inside one array, ``<= rtol * RMS(reference)``;
    NaN equals NaN and infinities need the same sign. `exact` asks for the same bits. Without `compiled` the result is
    plain Python, NumPy and pandas: no Numba, no extension module.
    """

    rtol: float = 1e-9
    exact: bool = False
    min_gain: float = 1.03
    alpha: float = 0.05
    require: float | None = None
    compiled: bool = True

    @property
    def tolerance(self) -> float:
        return 0.0 if self.exact else self.rtol
