"""The trainer: it learns, stops, says what it saw, and goes on from a checkpoint; students learn from the original."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from hasten.core.model import Rows  # noqa: E402
from hasten.core.model_pass import CannotServe  # noqa: E402
from hasten.passes.model.nets import training  # noqa: E402
from hasten.passes.model.nets.distil import Distil  # noqa: E402
from hasten.passes.model.nets.finetune import FineTune, can_train  # noqa: E402
from hasten.passes.model.nets.learning import learner, lesson  # noqa: E402
from hasten.passes.model.nets.training import Schedule, limited, trained  # noqa: E402
from tests.models.nets import small  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")  # torch says so once a process


class Line(nn.Module):
    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(20, width), nn.Linear(width, 4)

    def forward(self, x):
        return self.b(torch.relu(self.a(x)))


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def _told(seed: int = 3):
    """A line's workload whose targets its inputs decide."""
    work = small.work(Line())
    y = np.asarray(work.train.x.arrays["x"][:, :4].argmax(1))
    return replace(work, train=Rows(work.train.x, y))


def test_it_learns_and_tells():
    work = _told()
    net = FineTune().reduce(work, {"epochs": 15, "soft": 0.0, "rate": 0.02})
    right = [(n.forward(work.train.x).argmax(1) == work.train.y).mean() for n in (work.model, net)]
    assert right[1] > right[0] + 0.2
    assert net.told[-1].startswith("trained ") and "held out" in net.told[-1]
    (curve,) = net.curves
    assert curve.epochs[-1].number == len(curve.epochs) - 1 >= curve.kept
    assert curve.epochs[curve.kept].held_out == min(e.held_out for e in curve.epochs)
    again = FineTune().reduce(work, {"epochs": 15, "soft": 0.0, "rate": 0.02})
    assert np.array_equal(again.forward(work.valid.x), net.forward(work.valid.x))  # seeds are fixed


def test_what_gets_worse_is_not_kept():
    """Random targets, a wide net: the held-out loss only rises."""
    work = small.work(Line(256))
    module, curve = trained(learner(work.model), work, lesson(work), Schedule(epochs=30, rate=0.02, soft=0.0))
    best = min(curve.epochs, key=lambda e: e.held_out)
    assert curve.kept == best.number and len(curve.epochs) < 31  # stopped early
    assert any("overfits" in s for s in curve.said)
    assert not module.training


def test_losses_that_are_no_numbers_begin_again_slower(monkeypatch):
    work = _told()
    rates = []
    whole = training._Run.go

    def go(run):
        rates.append(run.schedule.rate)
        return None if len(rates) == 1 else whole(run)

    monkeypatch.setattr(training._Run, "go", go)
    trained(learner(work.model), work, lesson(work), Schedule(epochs=1, rate=1.0))
    assert rates == [1.0, 0.2]
    monkeypatch.setattr(training._Run, "go", lambda run: None)
    with pytest.raises(CannotServe, match="diverges"):
        trained(learner(work.model), work, lesson(work), Schedule(epochs=1))


def test_it_goes_on_from_a_checkpoint(tmp_path, monkeypatch):
    work, schedule = _told(), Schedule(epochs=6)
    straight, curve = trained(learner(work.model), work, lesson(work), schedule)
    whole = training._Run._epoch

    def cut(run, number):
        if number == 4:
            raise KeyboardInterrupt
        return whole(run, number)

    monkeypatch.setattr(training._Run, "_epoch", cut)
    with limited(1000, tmp_path / "here.pt"), pytest.raises(KeyboardInterrupt):
        trained(learner(work.model), work, lesson(work), schedule)
    monkeypatch.setattr(training._Run, "_epoch", whole)
    with limited(1000, tmp_path / "here.pt"):
        module, resumed = trained(learner(work.model), work, lesson(work), schedule)
    assert resumed.epochs == curve.epochs and any("went on" in s for s in resumed.said)
    assert all(torch.equal(t, straight.state_dict()[n]) for n, t in module.state_dict().items())


def test_a_training_that_came_to_its_end_is_not_learnt_again(tmp_path, monkeypatch):
    work, file = _told(), tmp_path / "here.pt"
    with limited(1000, file):
        first, curve = trained(learner(work.model), work, lesson(work), Schedule(epochs=3))
    whole, data = training._Run._epoch, file.read_bytes()
    monkeypatch.setattr(training._Run, "_epoch", lambda *_: pytest.fail("it learns"))
    with limited(1000, file):
        again, told = trained(learner(work.model), work, lesson(work), Schedule(epochs=3))
    assert told == curve and all(torch.equal(t, first.state_dict()[n]) for n, t in again.state_dict().items())
    monkeypatch.setattr(training._Run, "_epoch", whole)
    for cut in (0, 10, len(data) // 2):  # torn: it is learnt anew
        file.write_bytes(data[:cut])
        with limited(1000, file):
            _, told = trained(learner(work.model), work, lesson(work), Schedule(epochs=3))
        assert told == curve


def test_it_ends_in_time(tmp_path, monkeypatch):
    work = _told()
    now = [0.0]
    monkeypatch.setattr(training.time, "monotonic", lambda: now[0])
    whole = training._Run._epoch

    def slow(run, number):
        now[0] += 10
        return whole(run, number)

    monkeypatch.setattr(training._Run, "_epoch", slow)
    with limited(40):
        _, curve = trained(learner(work.model), work, lesson(work), Schedule(epochs=50))
    assert now[0] <= 40 and len(curve.epochs) == 4 and any("time given ends" in s for s in curve.said)


def test_targets_that_are_not_the_tasks_are_left_out():
    work = small.work(Line())
    wrong = replace(work, train=Rows(work.train.x, np.full(small.ROWS, 9)))
    learnt = lesson(wrong)
    assert learnt.hard is None  # the original's scores are what is left to learn from
    trained(learner(wrong.model), wrong, learnt, Schedule(epochs=1))


@pytest.mark.parametrize("made", [small.Branches, small.Encoder, small.Ratings, small.Convolutions])
@pytest.mark.parametrize("targets", [True, False])
def test_every_kind_of_answer_can_be_learnt(made, targets):
    work = small.work(made(), targets=targets)
    learnt = lesson(work)
    assert (learnt.hard is not None) == targets
    _, curve = trained(learner(work.model), work, learnt, Schedule(epochs=1))
    assert all(math.isfinite(e.learnt) for e in curve.epochs)


def test_the_users_own_loss_and_training():
    asked, given = [], []

    def loss(scores, y):
        asked.append(scores.shape)
        return nn.functional.cross_entropy(scores, y)

    def fit(module, dataset):
        given.append((len(dataset), len(dataset[0])))
        with torch.no_grad():
            module.b.weight.zero_()

    work = replace(_told(), loss=loss)
    FineTune().reduce(work, {"epochs": 1})
    assert asked
    net = FineTune().reduce(replace(work, fit=fit), {"epochs": 1})
    assert given == [(small.ROWS, 2)] and not net.module.b.weight.any()
    assert work.model.module.b.weight.any()  # the original keeps its own


def test_a_student_learns_what_the_original_answers():
    pytest.importorskip("torch_pruning")
    work = replace(small.work(Line(64), targets=False), student=Line(8))
    settings = list(Distil().parameters(work))
    assert settings[0]["student"] == "given"
    net = Distil().reduce(work, {**settings[0], "epochs": 40, "rate": 0.02})
    old = work.model.forward(work.train.x).argmax(1)
    assert (net.forward(work.train.x).argmax(1) == old).mean() > (replace_module(net, work.student) == old).mean()
    with pytest.raises(CannotServe, match="shape and type"):
        Distil().reduce(replace(work, student=nn.Linear(20, 3)), settings[0])
    with pytest.raises(CannotServe, match=r"should be an nn\.Module"):
        Distil().reduce(replace(work, student="small"), settings[0])


def replace_module(net, module):
    """The labels of a module that learnt nothing, for the training rows."""
    from hasten.serve.net import Net

    return Net(module, net.names).forward(small.data("Line", seed=1)[0]).argmax(1)


def test_few_rows_or_none():
    work = small.work(Line())
    assert can_train(work)
    assert not can_train(replace(work, train=None)) and not can_train(replace(work, train=work.train.take(range(9))))
    assert not list(FineTune().parameters(replace(work, train=None)))
    with pytest.raises(CannotServe, match="no rows to learn from"):
        FineTune().reduce(replace(work, train=None), {"epochs": 1})


def test_mixtures_are_labelled_by_the_original_and_spare_what_is_held_out():
    from hasten.core.model import Tensors
    from hasten.passes.model.nets.extra import mixtures

    draw = np.random.default_rng(0)
    ids = np.where(np.arange(9) < draw.integers(3, 10, (50, 1)), draw.integers(1, 40, (50, 9)), 0)
    x = Tensors({
        "image": draw.normal(size=(50, 2, 3)).astype(np.float32), "ids": ids, "mask": (ids > 0).astype(np.int64),
        "user": np.arange(50), "item": np.arange(50) + 100,
    })  # fmt: skip
    made, parents = mixtures(x, 300)
    first, second = parents.T
    assert (first != second).all()
    image = made.arrays["image"]
    assert image.dtype == np.float32
    low, high = (f(x.arrays["image"][first], x.arrays["image"][second]) for f in (np.minimum, np.maximum))
    assert ((image >= low - 1e-6) & (image <= high + 1e-6)).all()
    assert ((made.arrays["ids"] == 0) == (ids[first] == 0)).all()  # no padding goes in or out
    assert (made.arrays["ids"] != ids[first]).any()
    assert (made.arrays["mask"] == x.arrays["mask"][first]).all()
    of = [np.where(made.arrays[n] == x.arrays[n][first], 0, 1) for n in ("user", "item")]
    assert (of[0] != of[1]).any() and all((made.arrays["user"] == p).any() for p in (first, second))
    assert mixtures(Tensors({"name": np.array(["a", "b"])}), 4) is None

    work = _told()
    assert lesson(work).extra is None
    learnt = lesson(work, mixed=True)
    np.testing.assert_allclose(
        learnt.extra.soft,
        work.model.forward(Tensors({n: t.numpy() for n, t in learnt.extra.inputs.items()})),
        rtol=1e-5,
    )
    run = training._Run(learner(work.model), learnt, Schedule(mixtures=True))
    inside = set(run.rows.tolist())
    assert run.extra is not None and all(set(pair) <= inside for pair in run.extra.parents.tolist())
    assert training._Run(learner(work.model), learnt, Schedule(mixtures=True, soft=0.0)).extra is None
    assert training._Run(learner(work.model), learnt, Schedule(epochs=3, steps=200)).epochs > 3
