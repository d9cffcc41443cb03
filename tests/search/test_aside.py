"""Sets of changes that gain less as a whole than on what was recorded."""

from __future__ import annotations

from pathlib import Path

from hasten.core.finding import Region
from hasten.core.recipe import Change
from hasten.core.source import Edit
from hasten.core.verdict import Accepted, Rejected
from hasten.core.workload import Entry, ScriptWorkload
from hasten.search.aside import SHADED, Aside, given_up, promised_more
from hasten.search.compiling import LastRound
from hasten.search.trial import Trial

WORK = ScriptWorkload(Path("."), Entry("script", "a.py"), "a.py")


def trial(share: float, *, saves: float = 0.0, why: str = "", needs: tuple[str, ...] = ()) -> Trial:
    region = Region("a.py", 1, 9, "function", "f", share=share)
    change = Change("HST112", "kept", region, (Edit("a.py", 1, 1, "x\n"),), needs=needs)
    return Trial(change, 1, Rejected(why) if why else Accepted(), saves_s=saves)


def test_what_was_promised() -> None:
    kept, shaded = trial(0.7, saves=6.0), trial(0.7, why=SHADED, needs=("numba",))
    assert promised_more([kept], [kept, shaded], 10.0, 9.0)
    assert promised_more([kept], [kept, shaded], 10.0, 10.0), "no faster at all"
    assert not promised_more([kept], [kept, shaded], 10.0, 6.0), "it saves most of what it promised"
    assert not promised_more([kept], [kept, trial(0.1, why=SHADED)], 10.0, 9.0), "too little is left untried"
    assert not promised_more([kept], [kept, trial(0.7, why="equal, but not faster")], 10.0, 9.0), "it was tried"
    assert not promised_more([trial(0.7, saves=1.0)], [shaded], 10.0, 10.0), "it promised little"
    kernel = trial(0.7, saves=6.0, needs=("numba",))
    assert not promised_more([kept, kernel], [shaded], 10.0, 9.0), "kernels are compiled ahead first"
    assert not promised_more([], [shaded], 10.0, 10.0)


def test_the_better_one_is_kept() -> None:
    last = LastRound(WORK, (), [], 10.0, None)
    one = trial(0.7, saves=6.0)
    aside = Aside([one], WORK, 9.0, None, last)
    assert aside.better(False, 10.0) and aside.better(True, 9.5)
    assert not aside.better(True, 4.0)
    assert not Aside([], WORK, 10.0, None, last).better(False, 10.0), "it was no faster"
    wrong = trial(0.7, why="differs")
    given_up([one, wrong])
    assert isinstance(one.verdict, Rejected) and wrong.verdict.reason == "differs"
