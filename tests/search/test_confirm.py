"""What whole runs say of the changes that a round chose."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hasten.core.verdict import Accepted, Rejected
from hasten.search import compiling, loop
from hasten.search.compiling import LastRound, Load


def _trials() -> list[Any]:
    changes = [SimpleNamespace(needs=("numba",)), SimpleNamespace(needs=())]
    return [
        SimpleNamespace(change=c, saves_s=s, verdict=Accepted(), replays=3, region_gain=4.0)
        for c, s in zip(changes, (0.4, 0.3), strict=True)
    ]


@pytest.mark.parametrize(
    ("warm_s", "gain", "loading_s", "kept"),
    [
        (1.9, 0.0, 0.0, True),  # one run shows it; nothing is measured beside it
        (2.4, 1.3, 0.0, True),
        (2.4, 0.92, 0.0, False),
        (2.4, 0.0, 0.6, True),  # faster but for what loading the compiler takes
        (3.4, 0.92, 0.6, True),  # a slow moment of the machine: side by side, so it is
        (3.4, 0.8, 0.6, False),
    ],
)
def test_a_gain_hidden_by_loading_a_compiler(
    monkeypatch: pytest.MonkeyPatch, warm_s: float, gain: float, loading_s: float, kept: bool
) -> None:
    class Applied(tuple[Any, ...]):
        def apply(self, work: object) -> object:
            return ("with", len(self))

    monkeypatch.setattr(loop, "Recipe", Applied)
    trials = _trials()
    session: Any = SimpleNamespace(left_s=100.0, progress=SimpleNamespace(stage=lambda *_: None))
    program: Any = SimpleNamespace(
        run_twice=lambda _: (None, 5.0, warm_s),
        quick_gain=lambda *_: gain,
        contract=SimpleNamespace(min_gain=1.03),
        base=SimpleNamespace(looked_s=0.0),
    )
    work: Any = "as it was"
    found, wall_s, _ = loop._confirm(session, program, work, trials, 2.2, True, Load(loading_s))
    assert (found == ("with", 2)) is kept
    assert all(isinstance(t.verdict, Accepted if kept else Rejected) for t in trials)
    assert wall_s <= max(2.2, warm_s)


@pytest.mark.parametrize(("saved_s", "hidden"), [(0.9, True), (0.3, False)])
def test_what_kernels_saved_in_replays_says_what_loading_them_hides(
    monkeypatch: pytest.MonkeyPatch, saved_s: float, hidden: bool
) -> None:
    monkeypatch.setattr(compiling, "_expected_s", lambda last, trials: last.wall_s - saved_s)
    trials = _trials()
    work: Any = "as it was"
    load = Load(0.3, LastRound(work, (), trials, 2.2))
    assert load.hides(trials, 2.2, 2.4) is hidden
    assert not load.hides(trials[1:], 2.2, 2.4), "plain changes load nothing"
    assert not Load(0.3).hides(trials, 2.2, 2.4), "what cannot be compiled ahead has to be faster as it is"
