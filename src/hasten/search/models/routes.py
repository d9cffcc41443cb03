"""Which candidate answers for how many rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hasten.core.model import LATENCY, MEMORY, SIZE, THROUGHPUT, ModelContract
from hasten.core.recipe import Risk
from hasten.passes.model.registry import model_pass
from hasten.serve.manifest import Route

if TYPE_CHECKING:
    from hasten.search.models.candidates import Candidate

FAR_LESS = 0.9  # of another's size
CLEARLY = 0.95  # of another's latency: what a part of its own must come below to be worth carrying
WORTH = 0.67  # the same, where with it the artifact takes more room than the original, and more than this:
ROOM_MB = 20.0


@dataclass(frozen=True)
class Routed:
    """Routes in rising numbers of rows, each with its candidate; `row` answers one row given as a dict."""

    routes: tuple[tuple[Route, Candidate], ...]
    row: Candidate | None

    @property
    def parts(self) -> tuple[Candidate, ...]:
        """Every candidate in use, once."""
        used = [c for _, c in self.routes] + ([self.row] if self.row is not None else [])
        return tuple({id(c): c for c in used}.values())


def routed(
    good: Sequence[Candidate], contract: ModelContract, original: Candidate,
    crossing: Callable[[Candidate, Candidate, int, int], int],
) -> Routed | None:  # fmt: skip
    """What the objective chooses among `good`; None when there is nothing to choose from.

    By latency or throughput the fastest at each measured number of rows; between two numbers `crossing` looks where one
    overtakes the other. By size or memory one candidate answers for all.
    """
    if not good:
        return None
    kind, wanted = contract.wanted
    if kind in (LATENCY, THROUGHPUT):
        good = _one_model(good, contract, wanted)
    if kind in (SIZE, MEMORY):
        key = (lambda c: c.record.size_mb) if kind == SIZE else (lambda c: c.record.memory_mb)
        # a smaller one that is slower than the original is no gain for anybody
        fast = [c for c in good if _at(c, wanted) <= _at(original, wanted)] or list(good)
        best = min(fast, key=key)
        return Routed(((Route(None, ""), best),), best)
    assert kind in (LATENCY, THROUGHPUT)
    sizes = sorted(contract.batches)
    best_at = {rows: min(good, key=lambda c: _at(c, rows)) for rows in sizes}
    main = best_at.get(wanted) or min(good, key=lambda c: _at(c, wanted))
    for rows in sizes:
        # one part less, where another is about as fast, or the two would take more room than the model did
        other = best_at[rows]
        room = main.record.size_mb + other.record.size_mb
        share = WORTH if original.record.size_mb > 0 and room > max(original.record.size_mb, ROOM_MB) else CLEARLY
        if other is not main and _at(main, rows) * share <= _at(other, rows):
            best_at[rows] = main
    routes: list[tuple[Route, Candidate]] = []
    for rows, above in zip(sizes, [*sizes[1:], None], strict=True):
        here = best_at[rows]
        if above is None:
            routes.append((Route(None, ""), here))
        elif best_at[above] is not here:
            routes.append((Route(crossing(here, best_at[above], rows, above), ""), here))
    dicts = [c for c in good if (1, 1, "dict") in c.latencies]
    row = min(dicts, key=lambda c: c.latencies[1, 1, "dict"]) if dicts else routes[0][1]
    return Routed(tuple(routes), row)


def _one_model(good: Sequence[Candidate], contract: ModelContract, wanted: int) -> list[Candidate]:
    """Those of one model, reduced or whole: a row gets the same answer among however many others, and what is certified
    by many rows is what answers one."""
    models: dict[str, list[Candidate]] = {}
    for c in good:
        # what serves at the cost of quality makes a model of its own
        own = c.steps if model_pass(c.steps[-1].code).risk is Risk.QUALITY else c.steps[:-1]
        models.setdefault(repr(own), []).append(c)
    groups = list(models.values())
    least = min(_at(c, wanted) for c in good)

    def over_all(group: Sequence[Candidate]) -> float:
        return math.fsum(math.log(min(_at(c, rows) for c in group)) for rows in contract.batches)

    # about as fast at the size that was asked for: then the other sizes decide
    near = [g for g in groups if min(_at(c, wanted) for c in g) * CLEARLY <= least]
    if not math.isfinite(least):
        return groups[0]
    best = min(near, key=over_all)
    # and about as fast at those: then what takes far less room
    alike = [g for g in near if over_all(g) + len(contract.batches) * math.log(CLEARLY) <= over_all(best)]
    small = min(alike, key=lambda g: _room(g, contract))
    return small if _room(small, contract) < FAR_LESS * _room(best, contract) else best


def _room(group: Sequence[Candidate], contract: ModelContract) -> float:
    """Of the parts that would serve, MB."""
    parts = {id(c): c for rows in contract.batches for c in [min(group, key=lambda c: _at(c, rows))]}
    return math.fsum(c.record.size_mb for c in parts.values())


def _at(c: Candidate, rows: int) -> float:
    return c.latencies.get((rows, 1, "rows"), math.inf)
