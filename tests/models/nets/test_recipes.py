"""Which recipes are tried, and the search over them, without processes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import cloudpickle
import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch_pruning")

from hasten.core.model import Drop, ModelContract, Rows  # noqa: E402
from hasten.core.model_pass import Step  # noqa: E402
from hasten.core.model_record import QualityOfModel  # noqa: E402
from hasten.core.recipe import Risk  # noqa: E402
from hasten.observe.child import ChildFailed  # noqa: E402
from hasten.observe.journal import Identity, Journal  # noqa: E402
from hasten.observe.session import Progress, Session  # noqa: E402
from hasten.passes.model.registry import reducing_passes  # noqa: E402
from hasten.search.models import building, nets  # noqa: E402
from hasten.search.models.candidates import Candidate  # noqa: E402
from hasten.search.models.inputs import inputs_of  # noqa: E402
from hasten.search.models.judge import Judge  # noqa: E402
from hasten.search.models.loop import Loop  # noqa: E402
from hasten.search.models.recipes import NONE, Outcome, Proposer, Recipe, Space  # noqa: E402
from hasten.verify.answers import asked  # noqa: E402
from hasten.verify.metric import metric  # noqa: E402
from tests.models.nets import small  # noqa: E402

INT8 = Step("HSM312", "int8")
FLOAT = Step("HSM303", "float")
ROW_S = 1e-6  # of the net in FLOAT


@dataclass(frozen=True)
class Cuts:
    """A pass with a ladder of three settings."""

    code: ClassVar[str] = "HSM901"
    name: ClassVar[str] = "cuts"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ()

    def parameters(self, work: Any) -> Iterator[Any]:
        for by in ("a", "b"):
            for share in (0.2, 0.4, 0.6):
                yield {"by": by, "share": share, "epochs": 3}

    def reduce(self, work: Any, parameters: Any) -> Any: ...


@dataclass(frozen=True)
class Folds(Cuts):
    code: ClassVar[str] = "HSM902"


def _space(ways=(INT8, FLOAT)) -> Space:
    return Space(None, [Cuts(), Folds()], ways)  # type: ignore[arg-type]


def test_good_recipes_come_first():
    space = _space()
    first = next(space.starts())
    assert first == {"first": "HSM901", "second": NONE, "way": 0, "HSM901 kind": 0, "HSM901 0": 1}
    proposer = Proposer(space, seed=0)
    seen = []
    for _ in range(len(list(space.starts()))):
        seen.append(proposer.next())
        proposer.told(Outcome(1.0, 0.0, 0.0))
    assert seen[0].reductions[0].parameters["share"] == 0.4 and seen[0].way is INT8
    both = next(r for r in seen if len(r.reductions) == 2)
    assert both.reductions[0].parameters["epochs"] == 0 and both.reductions[1].parameters["epochs"] == 3
    assert all(not s.parameters["epochs"] for s in both.untrained) and both.trains


@pytest.mark.parametrize("seed", [0, 1])
def test_proposals_repeat_and_learn(seed):
    """Same seed, same recipes; what is over the budget and dear is left."""
    pytest.importorskip("optuna")

    def proposed() -> list[str]:
        proposer, made = Proposer(_space(), seed), []
        for _ in range(30):
            recipe = proposer.next()
            share = recipe.reductions[-1].parameters["share"]
            proposer.told(Outcome(1 - share, share / 10, share - 0.5) if recipe.way is INT8 else Outcome())
            made.append(recipe.key())
        return made

    assert proposed() == proposed()


def test_without_optuna_the_good_recipes_are_all(monkeypatch):
    monkeypatch.setattr("hasten.search.models.recipes.find_spec", lambda name: None)
    proposer, number = Proposer(_space(), 0), 0
    while proposer.next() is not None:
        proposer.told(Outcome())
        number += 1
    assert number == len(list(_space().starts())) == 6


def test_an_outcome_tells_how_far_it_is_over_the_budget():
    good = Outcome.of(QualityOfModel("accuracy", 0.9, 0.89, -0.02, 0.0, 0.03, 100))
    assert good.over == pytest.approx(-0.01) and good.drop == pytest.approx(0.01)
    assert math.isnan(Outcome.of(None).cost)


# --- the search, with everything in this process ---------------------------------------------------------------------


class Clock:
    """The session of a run whose time passes as it says."""

    seed, progress = 0, Progress()
    known, noted, once = Session.known, Session.noted, Session.once
    waited = Session.waited

    def __init__(self, here: Any) -> None:
        self.here, self.journal, self.waited_s = here, here.journal, 0.0

    @property
    def spent_s(self) -> float:
        return self.here.now

    def clock(self) -> float:
        return self.here.now

    @property
    def left_s(self) -> float:
        return max(0.0, self.here.budget_s - self.here.now)


@dataclass
class Here:
    """The parts of a loop that the search over nets uses. A served net takes as long as its weights are many, half of
    that in whole numbers. `fails` are functions that end as a child process that was killed does, the first time."""

    work: Any
    contract: ModelContract
    scratch: Path
    budget_s: float = math.inf
    fails: set[str] = field(default_factory=set)
    journal: Journal | None = None
    most: float = math.inf  # questions, after which hasten is killed

    state_of, restore = Loop.state_of, Loop.restore

    def __post_init__(self) -> None:
        self.now, self.calls = 0.0, []
        self.session = Clock(self)
        self.threads, self.ask_s, self.timed = [1], 0.1, "forward"
        self.inputs = inputs_of(self.work.valid.x, self.contract.batches, 0, same=False)
        self.measure = metric("accuracy", "classification", self.work.model.classes_)
        answers = asked(self.work.model, self.work.valid.x, ("forward",))
        self.judge = Judge(self.contract, self.work, self.measure, answers, {}, 0)
        self.written = self.scratch / "work.pkl"
        self.written.write_bytes(cloudpickle.dumps(self.work))
        self.original = self._candidate(Step("HSM100", "as it is"), 4.0)
        self.candidates = [self._candidate(FLOAT, 1.0)]
        self.processes = SimpleNamespace(
            build=self._ask, of=lambda c: SimpleNamespace(candidate=c, peak_mb=1.0), drop=lambda *c: None
        )

    def _candidate(self, step: Step, seconds: float) -> Candidate:
        made = Candidate((step,))
        made.note(verdict="accepted", size_mb=1.0, memory_mb=1.0)
        made.latencies[1, 1, "rows"] = seconds * ROW_S
        return made

    def _ask(self, function: str, *args: Any, deadline_s: float) -> Any:
        self.calls.append((function, *args[2:3]))
        if len(self.calls) > self.most:
            raise KeyboardInterrupt
        self.now += 1.0
        inner = args[2] if function == "within" else function
        if inner in self.fails:
            self.fails.discard(inner)
            Path(args[1]).write_bytes(b"")
            raise ChildFailed("died", "the process ended (signal 9)")
        try:
            return getattr(building, function)(*args)
        except Exception as error:
            raise ChildFailed("raised", f"{type(error).__name__}: {error}", type(error).__name__) from error

    def build(self, candidate: Candidate, written: Path) -> bool:
        self.now += 1.0
        net = building.workload(str(written)).model
        number = sum(p.numel() for p in net.module.parameters())
        whole = sum(p.numel() for p in self.work.model.module.parameters())
        seconds = number / whole * (0.5 if candidate.steps[-1] == INT8 else 1.0)
        candidate.latencies[1, 1, "rows"] = seconds * ROW_S
        candidate.note(size_mb=seconds)
        candidate.net = net
        return True

    def restored(self, candidate: Candidate) -> bool:
        return False

    def judge_one(self, candidate: Candidate, *, screen: bool = True) -> None:
        verdict = self.judge.on_data(asked(candidate.net, self.work.valid.x, ("forward",)))
        candidate.note(verdict=verdict.verdict, reason=verdict.reason, quality=verdict.quality)

    def race_s(self, number: int) -> float:
        return 1.0

    def finish_s(self) -> float:
        return 1.4

    def race(self, candidates: Any, *, leave_s: float = 0.0) -> None:
        self.raced = list(candidates)

    def note(self, **changes: Any) -> None: ...


def _race(base: Any, others: Any, method: str, **more: Any) -> Any:
    def told(side: Any) -> Any:
        return SimpleNamespace(latency=SimpleNamespace(p50=side[0].candidate.latencies[1, 1, "rows"]))

    return told(base), {name: told(side) for name, side in others.items()}


@pytest.fixture
def here(tmp_path, monkeypatch):
    torch.manual_seed(0)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.setattr(nets, "race", _race)
    monkeypatch.setattr(nets, "MOST", 7)
    for name in ("_read", "_after"):
        getattr(building, name).clear()

    class Line(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = torch.nn.Linear(20, 64), torch.nn.Linear(64, 4)

        def forward(self, x):
            return self.b(torch.relu(self.a(x)))

    work = small.work(Line())
    work.model.classes_ = np.arange(4)
    y = work.model.forward(work.valid.x).argmax(1)  # what the net answers is right: noise of training shows
    work = replace(work, valid=Rows(work.valid.x, y), metric="accuracy")
    yield lambda **more: Here(work, ModelContract("accuracy", Drop(0.6, False), batches=(1,)), tmp_path, **more)
    torch.set_num_threads(before)


def test_smaller_nets_are_found_and_only_faster_shapes_are_trained(here):
    loop = here()
    search = nets.NetSearch(loop, (), loop.candidates[:1])
    found = search.made(reducing_passes(nets=True))
    assert found and all(c.accepted for c in found)
    assert all(c.latencies[1, 1, "rows"] < ROW_S for c in found if len(c.steps) > 1)
    assert [s.code for s in found[0].steps] == ["HSM306"]  # of the whole net, before anything learns
    assert any(c.record.told and "multiply-adds gone" in c.record.told[0] for c in found)
    tuned = next(c for c in loop.candidates if [s.code for s in c.steps] == ["HSM320", "HSM303"])
    assert tuned.record.reason.startswith("no faster")  # no smaller, so nobody trained it
    texts = [str([(s.code, sorted(s.parameters.items())) for s in c.steps]) for c in loop.candidates]
    assert len(texts) == len(set(texts))
    assert loop.raced and any(len(c.steps) > 1 for c in loop.raced)
    files = list(loop.scratch.glob("net*.pkl"))
    assert files and all(f.stat().st_size < loop.written.stat().st_size for f in files)  # without the data
    building._read.clear()
    again = building.workload(str(files[0]))
    assert again.valid.x.arrays["x"].shape == (small.ROWS, 20) and again.original is not again.model


def test_what_could_not_learn_in_time_is_not_begun(here):
    loop = here()
    loop.original.latencies[1, 1, "rows"] = 100.0  # a row
    nets.NetSearch(loop, (), loop.candidates[:1]).made(reducing_passes(nets=True))
    late = [c for c in loop.candidates if c.record.reason.startswith("an epoch takes more than")]
    assert late and all(c.record.verdict == "inconclusive" for c in late)
    assert not any(c.record.curves for c in loop.candidates)  # nothing learnt


def test_a_process_that_dies_in_a_training_is_gone_on_with(here):
    loop = here(fails={"reduced_answers"})
    assert nets.NetSearch(loop, (), loop.candidates[:1]).made(reducing_passes(nets=True))
    loop = here(fails={"net_after"})
    nets.NetSearch(loop, (), loop.candidates[:1]).made(reducing_passes(nets=True))
    assert any(c.accepted for c in loop.candidates[1:])


def test_a_killed_search_goes_on_with_what_it_had(here, monkeypatch, tmp_path):
    monkeypatch.setattr(nets, "MOST", 5)

    def told(loop: Here) -> list[Any]:
        return [(c.steps, c.record.verdict, c.record.quality, c.record.told, c.latencies) for c in loop.candidates]

    unbroken = here()
    found = nets.NetSearch(unbroken, (), unbroken.candidates[:1]).made(reducing_passes(nets=True))
    for file in tmp_path.glob("*"):
        file.unlink()
    steps: list[str] = []
    note = Journal.note
    monkeypatch.setattr(Journal, "note", lambda self, step, *more: (steps.append(step), note(self, step, *more)))
    journal = Journal.begin(tmp_path / "run", Identity("model", "", {}), tmp_path / "s")
    for most in (len(unbroken.calls) // 3, len(unbroken.calls) // 3, math.inf):
        for name in ("_read", "_after"):
            getattr(building, name).clear()  # another process
        loop = here(journal=journal, most=most)
        search = nets.NetSearch(loop, (), loop.candidates[:1])
        if most < math.inf:
            with pytest.raises(KeyboardInterrupt):
                search.made(reducing_passes(nets=True))
            journal.close()
            journal = Journal.reopen(tmp_path / "run")
            continue
        again = search.made(reducing_passes(nets=True))
    journal.close()
    assert told(loop) == told(unbroken) and len(steps) == len(set(steps)) and not journal.notes
    assert [c.steps for c in again] == [c.steps for c in found] and len(loop.calls) < len(unbroken.calls)


def test_what_is_over_the_budget_is_not_kept(here, monkeypatch):
    loop = here()
    loop.contract = replace(loop.contract, max_drop=Drop(0.0, False))
    loop.judge.contract = loop.contract
    found = nets.NetSearch(loop, (), loop.candidates[:1]).made(reducing_passes(nets=True))
    assert all(c.record.quality.low >= 0 for c in found)
    assert any(c.record.quality is not None and c.record.verdict == "rejected" for c in loop.candidates)


def test_a_tenth_of_the_data_is_asked_first(here, monkeypatch):
    monkeypatch.setattr(nets, "TENTH_FROM", 10)
    loop = here()
    search = nets.NetSearch(loop, (), loop.candidates[:1])
    step = Step("HSM321", "cut", {"by": "size", "share": 0.8, "epochs": 1})
    search._tried(Recipe((step,), FLOAT))
    asked_for = [c for c in loop.calls if c == ("within", "reduced_answers")]
    assert len(asked_for) in (1, 2)


def test_it_stops_when_the_rest_of_the_time_is_needed(here):
    loop = here(budget_s=40.0)
    search = nets.NetSearch(loop, (), loop.candidates[:1])
    assert 0 < search.reserve_s < 20
    search.made(reducing_passes(nets=True))
    assert loop.now < 40
    loop = here(budget_s=8.0)
    nets.NetSearch(loop, (), loop.candidates[:1]).made(reducing_passes(nets=True))
    assert loop.now == 0.0


def test_a_control_is_trained_where_the_artifact_was(tmp_path, monkeypatch):
    from hasten.core.model_pass import Step
    from hasten.search.models import control

    asked = []
    work = small.work(torch.nn.Sequential(torch.nn.Linear(20, 4)))
    accepted = [Candidate((Step(code, code),)) for code in ("HSM100", "HSM312", "HSM303")]
    for c in accepted:
        c.note(verdict="accepted")

    def build(function: str, *args: Any, deadline_s: float) -> None:
        asked.append((function, args[2], args[4]))

    loop = SimpleNamespace(
        work=work, candidates=accepted, threads=[1], scratch=tmp_path, written=tmp_path / "w.pkl",
        race_s=lambda n: 1.0, session=SimpleNamespace(left_s=100.0, progress=SimpleNamespace(stage=print, note=print)),
        processes=SimpleNamespace(build=build), build=lambda c, written: asked.append((c.steps, written)) or True,
    )  # fmt: skip
    trained = Candidate((Step("HSM321", "fewer", {"epochs": 3}), Step("HSM303", "ORT")))
    made = control.control_of(loop, trained)
    assert [s.code for s in made.steps] == ["HSM320", "HSM303"]  # in floats, as nothing else is to differ
    assert asked[0][:2] == ("within", "reduce_net") and asked[0][2][0].code == "HSM320"
    assert control.control_of(loop, Candidate((Step("HSM303", "ORT"),))) is None  # nothing was trained
    loop.session.left_s = 3.0
    assert control.control_of(loop, trained) is None
    assert control.reserved_s(loop) == pytest.approx(0.24)
