"""What is still to be done once a round has found something, and how long that takes: run, compile ahead, measure.

All from what the program is expected to take by then: a program that becomes ten times as fast is measured in half
the time, and compiled ahead of time with runs that cost nearly nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

LINK_S = 4.0  # about what making an extension module takes, compiling apart
COMPILING_S = 5.0  # about what compiling the kernels of one change takes, before it was compiled
CHECKS = 2  # runs of what was compiled ahead
AGAIN = 1.2  # of the seconds of a first compilation: machine code is optimised once more, as one module
PAIRS = 5  # as many decide, where noise is small against the gain
CLEAR, CLEAR_PAIRS = 1.6, 4  # a gain from which fewer pairs decide
LOADING_S = 0.6  # about what loading Numba adds to a run
PUT_BY, LITTLE_PUT_BY = 0.5, 0.7  # of what is left: as much is put by at most, if nothing or little was found
LITTLE = 0.2  # of the program's time
CLOSE_PAIRS = 12  # the last measurement goes on so far past its time, where it is close to a decision


def likely_s(compiled_s: Sequence[float]) -> float:
    """About what compiling one more kernel takes, where others took `compiled_s`: several times as long on a machine
    that has much else to do."""
    return max(COMPILING_S, median(compiled_s)) if compiled_s else COMPILING_S


def measuring_seconds(base_s: float, warm_s: float) -> float:
    """About what the last measurement takes of a program of `base_s` that now takes `warm_s`."""
    return (CLEAR_PAIRS if base_s > CLEAR * warm_s else PAIRS) * (base_s + warm_s)


def put_by(after_s: float, left_s: float, *, found: bool, saved: float) -> float:
    """What a search puts by for what follows, which takes `after_s`.

    A program that takes long beside its budget would otherwise have few of its changes tried. As long as nothing was
    `found`, there is nothing to measure in the end; as long as that is little (`saved`, as a share of the program's
    time), it is not worth more than what may be found yet.
    """
    if found and saved >= LITTLE:
        return after_s
    return min(after_s, (LITTLE_PUT_BY if found else PUT_BY) * left_s)


def ahead_seconds(compiling_s: float, warm_s: float) -> float:
    """About what compiling ahead of time takes of kernels that take `compiling_s` in a program of `warm_s`.

    One run compiles them; what it made is optimised once more and linked; the result is run twice.
    """
    return warm_s + AGAIN * compiling_s + LINK_S + CHECKS * warm_s


@dataclass(frozen=True)
class Rest:
    """What follows a round on a program of `base_s` seconds. `kept_s`: compiling what earlier rounds kept; `begun`:
    that is under way beside the round, so that without more kernels only runs of it are left; `looked_s`: what each
    compared run takes beside its own time, to look at the files that it wrote."""

    base_s: float
    kept_s: float = 0.0
    begun: bool = False
    looked_s: float = 0.0

    def seconds(self, warm_s: float, compiling_s: float, *, kernels: bool, ahead: bool, begun: bool = False) -> float:
        """From the end of the round to the end, for a program that then takes `warm_s`, with kernels or without.
        `begun`: all of them are being compiled ahead already."""
        loading_s = LOADING_S if kernels else 0.0
        needed_s = 2 * (warm_s + loading_s + self.looked_s) + measuring_seconds(self.base_s, warm_s)
        if begun or self.begun and not kernels:
            needed_s += CHECKS * (warm_s + self.looked_s)
        elif kernels and ahead or self.kept_s:
            needed_s += (1 + CHECKS) * self.looked_s
            needed_s += ahead_seconds(self.kept_s + compiling_s, warm_s + loading_s)
        return needed_s
