"""How many rows the original can be asked within the budget.

Everything is compared with the original's own answers, so these come first. Where they would take most of the budget
(a large net, a busy machine) nothing would be left to search with: then fewer rows are asked, drawn at random before
anything was answered, and a note says so. Intervals grow with that, so what is kept is not judged more kindly.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hasten.core.model import ModelWorkload, Rows
from hasten.observe.child import ChildFailed

if TYPE_CHECKING:
    from hasten.search.models.candidates import Candidate
    from hasten.search.models.loop import Loop

SHARE = 0.2  # of what is left of the budget with the original loaded: for validation rows, and for those that certify
LEAST = 300  # rows


def rows_within_budget(loop: Loop, original: Candidate) -> ModelWorkload | None:
    """The workload with as many rows as the budget has time for; None where it has time for all."""
    session, work = loop.session, loop.work
    if session.budget_s is None or len(work.valid) <= LEAST:
        return None
    found = session.once("rows", (), lambda: (_per_row_s(loop, original), session.left_s))
    took, left_s = found
    if took is None:
        return None
    most = max(LEAST, int(SHARE * left_s / max(took, 1e-9)))
    valid = _some(work.valid, most, session.seed)
    test = None if work.test is None else _some(work.test, most, session.seed)
    if valid is work.valid and test is work.test:
        return None
    told = f"asking the original takes {1000 * took:.3g} ms a row here and now: of "
    parts = [("validation", work.valid, valid), ("certifying", work.test, test)]
    told += ", ".join(f"{len(a):,} {n} rows {len(b):,} are asked" for n, a, b in parts if a and b and b is not a)
    return replace(work, valid=valid, test=test, notes=(*work.notes, f"{told}; a longer budget asks more"))


def _per_row_s(loop: Loop, original: Candidate) -> float | None:
    rows = max(loop.inputs.batches)
    with suppress(ChildFailed):  # what it refuses is told where it is asked for all
        child = loop.processes.of(original)
        places: Sequence[int] = list(loop.inputs.batches[rows])[:2]
        calls = child.ask("hasten.measure.asked:clock", places, loop.timed, 0.0, 3)
        return float(sum(calls[1:])) / len(calls[1:]) / rows  # as it is on this machine now; the first call loads
    return None


def _some(part: Rows, most: int, seed: int) -> Rows:
    if len(part) <= most:
        return part
    return part.take(np.sort(np.random.default_rng(seed).permutation(len(part))[:most]))
