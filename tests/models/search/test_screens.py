"""Cheap questions first: who is asked all rows, in which order, and who is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from hasten.core.model import Drop, ModelContract, ModelWorkload, Rows
from hasten.core.model_pass import Step
from hasten.core.model_record import AgreementRecord, LatencyRecord, QualityOfModel
from hasten.observe.child import ChildFailed
from hasten.search.models.candidates import Candidate
from hasten.search.models.judge import Judge, Verdict
from hasten.search.models.screens import FEWEST, Screens
from hasten.verify.metric import metric

ROWS = 2000
WITHIN = ModelContract(max_drop=Drop(0.01, relative=False), batches=(1,), threads=(1,))


@dataclass
class Way:
    """A candidate by what it shows."""

    name: str
    ms: float
    mb: float = 10.0
    changed: int = 0  # of the labels that are asked first
    good: bool = True  # by all rows
    bad: bool = False  # by some
    fails: str = ""
    screen_s: float = 5.0


@dataclass
class Machine:
    """As much of a loop as screens use, with a clock that only questions move."""

    ways: list[Way]
    budget_s: float | None = None
    whole_s: float = 20.0
    now: float = 0.0
    asked: list[str] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.candidates = [Candidate((Step(w.name, w.name),)) for w in self.ways]
        self.contract, self.ask_s = WITHIN, self.whole_s
        self.work = ModelWorkload(None, Rows(np.zeros((ROWS, 1)), np.zeros(ROWS)))
        self.original = Candidate((Step("original", "original"),))
        self.original.timed(LatencyRecord(1, 1, 0.1, 0.1, 3))
        stage = SimpleNamespace(stage=lambda *_: None)
        machine = self

        class Session:
            seed, budget_s, progress = 0, machine.budget_s, stage

            @property
            def left_s(self) -> float:
                return float("inf") if machine.budget_s is None else machine.budget_s - machine.now

            @property
            def elapsed_s(self) -> float:
                return machine.now

        self.session = Session()
        self.processes = SimpleNamespace(
            of=lambda c: SimpleNamespace(peak_mb=100.0), some_answers=lambda c, rows: (self.way(c), len(rows)),
            drop=lambda *cs: self.dropped.update(self.way(c).name for c in cs), load_s=1.0,
        )  # fmt: skip
        self.judge = SimpleNamespace(screened=self.screened)

    def way(self, c: Candidate) -> Way:
        return next(w for w in self.ways if w.name == c.steps[0].code)

    def look(self, c: Candidate, child: object) -> None:
        w = self.way(c)
        self.now += w.screen_s
        if w.fails:
            raise ChildFailed("died", w.fails)
        c.timed(LatencyRecord(1, 1, w.ms / 1000, w.ms / 1000, 3))
        c.note(size_mb=w.mb)

    def behind(self, c: Candidate, child: object, far: float) -> str | None:
        return "slow" if self.way(c).ms > 300 else None

    def screened(self, answers: tuple[Way, int], places: object) -> Verdict:
        w, n = answers
        assert n == ROWS // 10 >= FEWEST
        told = AgreementRecord(n, n, w.changed, 0.0, 0.0)
        quality = QualityOfModel("accuracy", 0.9, 0.9 - w.changed / n, -0.1, 0.1, 0.01, n)
        return Verdict("rejected" if w.bad else "accepted", "worse", told, quality)

    def judge_one(self, c: Candidate) -> None:
        w = self.way(c)
        self.asked.append(w.name)
        self.now += 1 + self.whole_s * w.ms / 100
        c.note(verdict="accepted" if w.good else "rejected", reason="all rows")

    def dismiss(self, c: Candidate) -> None:
        self.dropped.add(self.way(c).name)

    def note(self) -> None: ...

    def finish_s(self) -> float:
        return 10.0

    def run(self) -> dict[str, str]:
        self.screens = Screens(self)
        self.screens.judged(self.candidates)
        return {self.way(c).name: c.record.verdict for c in self.candidates}


def test_all_rows_are_asked_in_the_order_of_what_is_promised():
    machine = Machine([Way("float", 50), Way("int8", 10, 3, changed=3), Way("half", 30, 5, changed=1)])
    assert set(machine.run().values()) == {"accepted"}
    assert machine.asked == ["int8", "half", "float"]


def test_what_some_rows_speak_against_is_not_asked_all():
    ways = [
        Way("a", 5, bad=True),
        Way("b", 400),
        Way("c", 5, fails="gone"),
        Way("d", 60),
        Way("e", 5, fails="killed (signal 9)"),
    ]
    machine = Machine(ways)
    assert machine.run() == {"a": "rejected", "b": "rejected", "c": "failed", "d": "accepted", "e": "accepted"}
    assert machine.asked == ["d", "e"]  # what was killed from outside is last, and not out
    assert machine.candidates[0].record.reason == "by 200 rows: worse"
    assert machine.candidates[0].record.quality is not None
    assert machine.dropped >= {"a", "b", "c"}


@pytest.mark.parametrize(
    ("second", "asked"),
    [
        (Way("second", 40), False),
        (Way("second", 22), True),  # a look cannot tell these apart
        (Way("second", 40, mb=5), True),  # smaller
        (Way("second", 40, changed=1), True),  # nearer: what is kept when the first is refused by rows never searched
        (Way("second", 40, changed=4), False),
    ],
)
def test_what_another_beats_in_every_respect_is_not_asked_all(second: Way, asked: bool):
    second.changed = second.changed or 2
    machine = Machine([second, Way("first", 20, changed=2)])
    machine.run()
    assert machine.asked == ["first", "second"][: 1 + asked]


def test_nothing_is_beaten_by_what_all_rows_refused():
    machine = Machine([Way("second", 40), Way("first", 20, good=False)])
    assert machine.run() == {"second": "accepted", "first": "rejected"}


def test_some_rows_alone_accept_nothing():
    machine = Machine([Way("first", 20, good=False)])
    assert machine.run() == {"first": "rejected"}
    assert machine.candidates[0].record.reason == "all rows"


def test_half_of_the_budget_spent_the_best_so_far_is_asked():
    ways = [Way("float", 50), Way("int8", 10, changed=3), Way("late", 5, changed=3, screen_s=40)]
    machine = Machine(ways, budget_s=80)
    assert machine.run()["late"] == "accepted"
    assert machine.asked[0] == "late"
    machine = Machine([Way("a", 50, screen_s=30), Way("b", 70, screen_s=30), Way("c", 10, changed=1, screen_s=30)], 110)
    assert machine.run() == {"a": "accepted", "b": "rejected", "c": "inconclusive"}
    assert machine.asked == ["a"]  # after b was looked at; then there was no time for all of c


def test_only_the_best_that_wait_stay_loaded():
    machine = Machine([Way(str(n), 90 - 10 * n, changed=9 - n) for n in range(5)])
    machine.run()
    assert machine.dropped >= {"0", "1", "2"}


def judge(contract: ModelContract) -> Judge:
    y = np.arange(ROWS) % 2
    work = ModelWorkload(None, Rows(np.zeros((ROWS, 1)), y), task="classification", methods=("predict",))
    measure = None if contract.same else metric("accuracy", "classification", np.array([0, 1]))
    return Judge(contract, work, measure, {"predict": y.copy()}, {}, 0)


def test_some_rows_reject_only_what_all_would():
    places = np.arange(0, ROWS, 10) + np.arange(ROWS // 10) % 2
    y = places % 2

    def told(contract: ModelContract, wrong: int) -> str:
        new = y.copy()
        new[:wrong] ^= 1
        return judge(contract).screened({"predict": new}, places).verdict

    same, agree = ModelContract(), ModelContract(max_drop=Drop(0.5, relative=False), agree=0.95)
    assert told(same, 0) == "accepted"
    assert told(same, 1) == "rejected"
    assert told(agree, 100) == "accepted"  # half of these, and 5% of all
    assert told(agree, 101) == "rejected"
    assert [told(WITHIN, n) for n in (0, 2, 6, 12, 40)] == ["accepted"] * 3 + ["rejected"] * 2
    wrong_shape = judge(same).screened({"predict": y[:-1]}, places)
    assert wrong_shape.verdict == "rejected"
    assert "shape" in wrong_shape.reason
