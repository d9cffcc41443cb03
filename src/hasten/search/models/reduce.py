"""Within a budget of quality: reductions of the model, and the best way to serve what they leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hasten.core.model_pass import ReducingPass, Step
from hasten.passes.model.registry import missing
from hasten.search.models.titles import titled

if TYPE_CHECKING:
    from hasten.search.models.loop import Candidate, Loop

WAYS = 2  # of serving that are tried for a reduced model: those that were fastest for the whole one
REDUCE_S = 300.0  # longest time for one reduction


def reduce_within(loop: Loop, reducing: Sequence[ReducingPass], exact: Sequence[Candidate]) -> list[Candidate]:
    """Judge every reduction, gentlest first; of each pass the boldest that stays within the budget goes on.

    Each is served in the ways that were the fastest for the model as it was. Gives the candidates that were accepted.
    """
    ways = _fastest(exact, loop)
    good: list[Candidate] = []
    for found in reducing:
        if missing(found):
            continue
        failed = 0
        for parameters in found.parameters(loop.work):
            if loop.session.left_s < 20 or failed == 2:
                break
            step = Step(found.code, titled(found.name, parameters), parameters)
            loop.session.progress.stage(f"reduce: {step.title}", 10.0)
            kept = [c for c in (loop.reduced((step,), way) for way in ways) if c.accepted]
            failed = 0 if kept else failed + 1  # one that fails by chance does not end it, two do
            good += kept
    return good


def _fastest(exact: Sequence[Candidate], loop: Loop) -> list[Step]:
    """The last steps of the fastest candidates, by each number of rows that counts."""
    found: list[Step] = []
    for rows in loop.contract.batches:
        timed = [c for c in exact if (rows, 1, "rows") in c.latencies]
        for c in sorted(timed, key=lambda c: c.latencies[rows, 1, "rows"])[:WAYS]:
            if c.steps[-1] not in found:
                found.append(c.steps[-1])
    return found
