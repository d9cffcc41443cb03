"""Attributions by gradients, of modules."""

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("captum")
from torch import nn  # noqa: E402

from hasten.core.model import Tensors  # noqa: E402
from hasten.core.model_pass import Step  # noqa: E402
from hasten.observe.child import ChildFailed  # noqa: E402
from hasten.passes.model.nets.gradients import ROWS, gradients  # noqa: E402
from hasten.search.models import explaining  # noqa: E402
from hasten.search.models.candidates import Candidate  # noqa: E402
from hasten.search.models.files import file_of  # noqa: E402
from hasten.serve.net import Net  # noqa: E402
from tests.models.nets import small  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
DRAW = np.random.default_rng(2)


def test_a_linear_net_is_explained_by_its_terms():
    module = nn.Linear(5, 3).requires_grad_(False)
    x = DRAW.normal(size=(40, 5)).astype(np.float32)
    labels = DRAW.integers(0, 3, 40)
    found = gradients(Net(module, ("input",)), Tensors({"input": x}), labels)
    weights = module.weight.numpy()[labels[:ROWS]]
    np.testing.assert_allclose(found, (x[:ROWS] - x.mean(0)) * weights, atol=1e-5)


def test_attributions_sum_to_what_the_score_differs_by():
    work = small.work(small.Convolutions())
    x, net = work.valid.x, work.model
    labels = net.forward(x).argmax(1)
    found = gradients(net, x, labels)
    usual = Tensors({"image": x.arrays["image"].mean(0, keepdims=True)})
    score = net.forward(x)[np.arange(ROWS), labels[:ROWS]]
    np.testing.assert_allclose(found.sum(1), score - net.forward(usual)[0, labels[:ROWS]], atol=0.05)
    assert not any(p.requires_grad and p.grad is not None for p in net.module.parameters())


@pytest.mark.parametrize("made", [small.Recurrent, small.Encoder, small.ByHand])
def test_words_are_explained_by_what_they_look_up(made):
    work = small.work(made())
    x, net = work.valid.x, work.model
    answer = net.forward(x)
    labels = answer.argmax(1) if answer.ndim > 1 and answer.shape[1] > 1 else None
    found = gradients(net, x, labels)
    steps = x.arrays["ids"].shape[1]
    assert found.shape[0] == ROWS and found.shape[1] % steps == 0 and np.isfinite(found).all() and np.ptp(found) > 0
    np.testing.assert_array_equal(found, gradients(net, x, labels))
    if "mask" in x.arrays:  # what is masked is not looked at
        assert np.abs(found[:, :steps][x.arrays["mask"][:ROWS] == 0]).max() < 1e-6 * np.abs(found).max()


def test_a_net_without_tables_or_numbers_has_none():
    class Counts(nn.Module):
        def forward(self, ids):
            return torch.stack([ids.sum(1).float(), ids.float().mean(1)], 1)

    assert gradients(Net(Counts(), ("ids",)), Tensors({"ids": np.ones((20, 4), np.int64)}), None).shape == (16, 0)


def loop_of(tmp_path, answers):
    def build(function, *args, deadline_s):
        asked.append((function, args[0]))
        if isinstance(answers, Exception):
            raise answers
        return answers[len(asked) - 1]

    asked, noted = [], {}
    loop = SimpleNamespace(
        scratch=tmp_path, written=tmp_path / "workload.pkl", threads=[1], race_s=lambda n: 1.0,
        work=small.work(nn.Sequential(nn.Linear(20, 4))), note=lambda **more: noted.update(more),
        session=SimpleNamespace(left_s=50.0, progress=SimpleNamespace(note=lambda text: None)),
        processes=SimpleNamespace(build=build),
    )  # fmt: skip
    return loop, asked, noted


def test_a_smaller_net_is_compared_beside_its_control(tmp_path):
    old = DRAW.normal(size=(16, 8))
    loop, asked, noted = loop_of(tmp_path, [old, -old, old])
    cut = Step("HSM321", "fewer channels", {"epochs": 3})
    whole = Candidate((cut, Step("HSM303", "ONNX Runtime")))
    explaining._by_gradients(loop, whole, None, None)
    assert not asked  # the net was not written
    file_of(loop, (cut,)).write_bytes(b"")
    explaining._by_gradients(loop, Candidate((Step("HSM307", "int8"),)), None, None)
    assert not asked  # it is the same net
    explaining._by_gradients(loop, whole, Candidate((Step("HSM320", "trained"),)), None)
    assert [f for f, _ in asked] == ["gradients"] * 3 and asked[1][1] == str(file_of(loop, (cut,)))
    assert noted["gradients"].correlation == pytest.approx(-1) and noted["gradients_control"].correlation == 1
    loop, asked, noted = loop_of(tmp_path, ChildFailed("late", "had not answered"))
    explaining._by_gradients(loop, whole, None, None)
    assert asked and not noted
    loop.session.left_s = 2.0
    asked.clear()
    explaining._by_gradients(loop, whole, None, None)
    assert not asked


def test_what_is_on_the_front_is_explained_as_long_as_there_is_time(tmp_path, monkeypatch):
    old = DRAW.normal(size=(20, 6))
    codes = (("HSM303",), ("HSM312",), ("HSM321", "HSM303"), ("HSM307",))
    made = [Candidate(tuple(Step(c, c) for c in each)) for each in codes]
    for c in made:
        c.note(verdict="accepted", front=c is not made[3])
        c.latencies[1, 1, "rows"] = 1.0
    original = Candidate((Step("HSM100", "original"),))
    monkeypatch.setattr(explaining, "_scores", lambda loop: ("forward", None))
    asked = []

    def attributions(loop, c, scores, deadline_s):
        asked.append(c)
        loop.session.left_s -= 10
        return old if c is original else 2 * old

    monkeypatch.setattr(explaining, "_attributions", attributions)
    for left_s, number in ((100.0, 2), (55.0, 2), (45.0, 1), (20.0, 0)):
        for c in made:
            c.note(explained=None)
        loop = SimpleNamespace(
            work=small.work(nn.Sequential(nn.Linear(20, 4))), contract=SimpleNamespace(same=False), original=original, candidates=[original, *made], ask_s=10.0,
            session=SimpleNamespace(left_s=left_s, progress=SimpleNamespace(stage=lambda *a: None, note=print)),
            processes=SimpleNamespace(patience_s=lambda: 30.0),
        )  # fmt: skip
        explaining.explain_front(loop)
        found = [c for c in made if c.record.explained is not None]
        assert len(found) == number and all(c.record.explained.correlation == 1 for c in found), left_s
    assert made[0] not in asked and made[3] not in asked  # rounds only; is not on the front
