"""Within a budget of quality: reductions of the model, and the best way to serve what they leave.

Of each kind of reduction the boldest that the budget allows is looked for by bisection, on the reduced model's own
answers; only what passes there is built in other ways. What the search picks here by validation data is certified
later by data that it never saw.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Parameters, ReducingPass, ServingPass, Step
from hasten.passes.model.reducing.parts import final
from hasten.passes.model.registry import missing
from hasten.search.models.titles import titled

if TYPE_CHECKING:
    from hasten.search.models.loop import Candidate, Loop

WAYS = 2  # of serving, for each number of rows: those that were fastest for the whole model
MOST_WAYS = 4  # for a model of another kind, which nothing is known of
DEPTH = 2  # reductions on top of each other


def reduce_within(
    loop: Loop, serving: Sequence[ServingPass], reducing: Sequence[ReducingPass], exact: Sequence[Candidate]
) -> list[Candidate]:
    """The candidates that the budget accepts, served in the ways that promise most; the best is reduced once more."""
    good: list[Candidate] = []
    steps: tuple[Step, ...] = ()
    for _ in range(DEPTH):
        before = len(good)
        for found in reducing:
            if missing(found) or any(s.code == found.code for s in steps):
                continue
            work = loop.work_after(steps)
            if work is None:
                break
            for ladder in ladders(found.parameters(work)):
                for step in _boldest(loop, found, ladder, steps):
                    good += _served(loop, (*steps, step), serving, exact)
        fresh = [c for c in good[before:] if c.latencies]
        if not fresh or loop.session.left_s < 60:
            break
        _, rows = loop.contract.wanted
        best = min(fresh, key=lambda c: c.latencies.get((rows, 1, "rows"), float("inf")))
        steps = best.steps[:-1]
    return good


def ladders(parameters: Iterable[Parameters]) -> list[list[Parameters]]:
    """Settings in groups that differ in numbers only, each from the gentlest to the boldest, as they were given."""
    groups: dict[tuple[tuple[str, str], ...], list[Parameters]] = {}
    for p in parameters:
        kind = tuple(sorted((k, str(v)) for k, v in p.items() if isinstance(v, str)))
        groups.setdefault(kind, []).append(p)
    return list(groups.values())


def _boldest(loop: Loop, found: ReducingPass, ladder: list[Parameters], before: tuple[Step, ...]) -> list[Step]:
    """The boldest setting that the budget accepts, by bisection; none, or one."""
    low, high, best = 0, len(ladder) - 1, None
    while low <= high and loop.session.left_s > 20:
        at = (low + high + 1) // 2
        step = Step(found.code, titled(found.name, ladder[at]), ladder[at])
        loop.session.progress.stage(f"reduce: {step.title}", 5.0)
        if loop.good_enough((*before, step)):
            best, low = step, at + 1
        else:
            high = at - 1
    return [] if best is None else [best]


def _served(
    loop: Loop, steps: tuple[Step, ...], serving: Sequence[ServingPass], exact: Sequence[Candidate]
) -> list[Candidate]:
    work = loop.work_after(steps)
    if work is None:
        return []
    ways = _ways(loop, work, serving, exact)
    made = [loop.reduced(steps, way) for way in ways if loop.session.left_s > 20]
    accepted = [c for c in made if c.accepted]
    loop.race(accepted)
    return accepted


def _ways(loop: Loop, work: ModelWorkload, serving: Sequence[ServingPass], exact: Sequence[Candidate]) -> list[Step]:
    """How a reduced model is served: as the whole one was served best, or, if it is another kind, as it can be."""
    by_code = {p.code: p for p in serving}
    if type(final(work.model)) is type(final(loop.work.model)):
        found: list[Step] = []
        for rows in loop.contract.batches:
            timed = [c for c in exact if (rows, 1, "rows") in c.latencies]
            for c in sorted(timed, key=lambda c: c.latencies[rows, 1, "rows"])[:WAYS]:
                if c.steps[-1] not in found:
                    found.append(c.steps[-1])
        return found
    ways = []
    for p in by_code.values():
        first = None if missing(p) else next(iter(p.parameters(work)), None)
        if first is not None:
            ways.append(Step(p.code, titled(p.name, first), first))
    as_it_is, others = ways[:1], ways[1:]
    return others[:MOST_WAYS] or as_it_is
