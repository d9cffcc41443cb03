"""The loop and the callers of what it changes: right call by call is not enough."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from hasten.core.contract import Contract
from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.measurement import Speedup
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit
from hasten.core.verdict import Rejected
from hasten.core.workload import Entry, ScriptWorkload
from hasten.observe.session import session
from hasten.search import loop
from hasten.search.trial import Trial

# `force` in another order is off by one bit now and then; `drift` makes of it what it likes, and prints none of it
PROGRAM = """\
WEIGHTS = [0.1 * i for i in range(50)]


def force(state):
    total = 0.0
    for w in WEIGHTS:
        total += w * state
    return total


def energy(state):
    total = 0.0
    for w in WEIGHTS:
        total += w * state * state
    return total


def drift(steps):
    state, levels = 0.3, []
    for _ in range(steps):
        state = (3.99 * state * (1.0 - state) + force(state)) % 1.0
        levels.append(energy(0.5))
    return state, sum(levels)


state, level = drift(60_000)
print(state < 1.0, f"{level:.6e}")
"""


class Backwards:
    """Sums in the opposite order: equal within any sensible tolerance."""

    code: ClassVar[str] = "TEST"
    name: ClassVar[str] = "backwards"
    risk: ClassVar[Risk] = Risk.ROUNDING

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        if region.kind == "function" and region.qualname in ("force", "energy"):
            yield Finding(self.code, region, region.first, region.last, "in order", "backwards")

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        region = finding.region
        lines = work.source(region.path).lines[region.first - 1 : region.last]
        text = "".join(lines).replace("in WEIGHTS:", "in list(WEIGHTS)[::-1]:")
        edit = Edit(region.path, region.first, region.last, text)
        yield Change(self.code, region.qualname, region, (edit,), Risk.ROUNDING)


@pytest.mark.slow
def test_a_change_whose_last_bits_grow_in_a_caller_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "ROUNDS", 2)  # the second must not take up what the first turned down
    (tmp_path / "walk.py").write_text(PROGRAM)
    work = ScriptWorkload(tmp_path, Entry("script", "walk.py"), "walk.py")
    with session() as current:
        out = loop.optimise(current, work, Contract(), [Backwards()], speed=False)
    first = {t.title: t for t in out.record.trials if t.round == 1}
    assert "at its caller walk.py::" in first["force"].reason, first["force"].reason
    assert not any(t.kept for t in out.record.trials if t.title == "force")
    assert first["energy"].kept, first["energy"].reason
    head, tail = PROGRAM.split("def energy")
    assert (
        out.kept.source("walk.py").text == f"{head}def energy{tail.replace('in WEIGHTS:', 'in list(WEIGHTS)[::-1]:')}"
    )
    assert "callers" in out.record.phases
    row = next(c for c in out.record.checks if c.check == "callers of changed code")
    assert row.tolerance != "not compared"
    assert "agree" in row.got


def test_what_was_crowded_out_is_tried_in_its_place() -> None:
    def trial(first: int, last: int, saves_s: float, reason: str, equal: bool = True) -> Trial:
        region = Region("a.py", first, last, "block", "f")
        change = Change("TEST", f"{first}", region, (Edit("a.py", first, last, "x = 1\n"),))
        return Trial(change, 1, Rejected(reason), saves_s, equal=equal, gain=Speedup(2.0, 1.0, 3.0, 3))

    drifts = trial(1, 9, 2.0, "at its caller a.py::f: 0.1 vs 0.2", equal=False)
    small, large = trial(2, 3, 0.4, loop.PASSED_OVER), trial(2, 4, 0.8, loop.PASSED_OVER)
    slow, other = trial(5, 6, 0.4, "equal, but not faster on its region"), trial(7, 8, 0.001, loop.PASSED_OVER)
    assert loop._others([drifts, small, large, slow, other], None, 3.0) == [large]
    assert large.usable
    assert not small.usable
    assert loop._others([drifts, slow], None, 3.0) == []
