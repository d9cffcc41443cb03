"""What is not worth building, asking or racing: it cannot come first at any number of rows.

One look at a candidate (a few calls) is enough to leave out what is several times slower than the best so far at every
size that counts. And some need no look of their own: how far they can be is known from what another shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hasten.core.model import MEMORY, SIZE, ModelContract
from hasten.core.model_pass import Step
from hasten.search.models.candidates import Candidate, Size

FAR = 3.0  # times slower than the best at every size: out. A look is no race, but not that wrong
ORIGINAL, ONNX = "the original", "ONNX Runtime"
CODES = {ONNX: "HSM111"}


@dataclass(frozen=True)
class Reach:
    """How many times faster than `base` a backend has been seen at most, with room to spare: at `FEW` rows, and at
    more."""

    base: str
    few: float
    many: float


# measured over forests and boosters of all libraries (benchmarks/models; docs/models.md), twice what was seen
REACH: Mapping[str, Reach] = {
    "HSM100": Reach(ORIGINAL, 1.2, 1.2),  # the model as it is
    "HSM112": Reach(ONNX, 0.5, 0.6),  # treelite GTIL
    "HSM113": Reach(ONNX, 3.0, 6.0),  # tl2cgen
    "HSM114": Reach(ONNX, 1.5, 7.0),  # oneDAL
    "HSM116": Reach(ORIGINAL, 10.0, 10.0),  # the model with other settings
}
FEW = 8  # rows


def by_speed(contract: ModelContract) -> bool:
    """Whether the objective is one for which slow candidates are no use."""
    return contract.wanted[0] not in (SIZE, MEMORY)


def fastest(candidates: Iterable[Candidate]) -> dict[Size, tuple[float, Candidate]]:
    """At each size the shortest latency of one thread, and whose it is."""
    best: dict[Size, tuple[float, Candidate]] = {}
    for c in candidates:
        for size, seconds in c.latencies.items():
            if size[1] == 1 and seconds < best.get(size, (math.inf, c))[0]:
                best[size] = seconds, c
    return best


def behind(candidate: Candidate, others: Sequence[Candidate], far: float = FAR) -> str | None:
    """Why a candidate that was looked at cannot come first, beside those that are accepted; None: it may.

    It takes more than `far` times the shortest latency at every size at which it was timed."""
    best = fastest(c for c in others if c is not candidate)
    sizes = [s for s in candidate.latencies if s[1] == 1]
    if not sizes or any(s not in best or candidate.latencies[s] <= far * best[s][0] for s in sizes):
        return None
    size = min(sizes, key=lambda s: candidate.latencies[s] / best[s][0])
    return f"{candidate.latencies[size] / best[size][0]:.1f}x slower than {best[size][1].record.title} at best"


def is_known_by_another(step: Step) -> bool:
    """Whether another's figures tell how fast this can be."""
    return _served(step)[0] in REACH


def out_of_reach(step: Step, accepted: Sequence[Candidate], looked: Sequence[Candidate]) -> str | None:
    """Why what `step` would build cannot come first, by what another shows in the same place; None: it may.

    `looked` are those that were looked at, the original among them.
    """
    code, front = _served(step)
    reach = REACH.get(code)
    base = None if reach is None else next((c for c in looked if _shows(c, reach.base, front)), None)
    if reach is None or base is None:
        return None
    best = fastest(accepted)
    for size, seconds in base.latencies.items():
        times = reach.few if size[0] <= FEW else reach.many
        if size[1] == 1 and (size not in best or seconds / times <= best[size][0]):
            return None
    most = max(reach.few, reach.many)
    return f"not built: at most {most:g}x faster than {reach.base}, and others are further at every size"


def _shows(c: Candidate, base: str, front: str) -> bool:
    if base == ORIGINAL:
        return c.pickle is not None and not front
    return bool(c.latencies) and len(c.steps) == 1 and _served(c.steps[0]) == (CODES[base], front)


def _served(step: Step) -> tuple[str, str]:
    """What answers in the end, and what stands before it."""
    inner = step.parameters.get("inner")
    return (str(inner), step.code) if inner else (step.code, "")
