"""Graphics cards, which are not needed to test: what is chosen where there is one, by a stand-in."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hasten.api.models.fit import Complaints  # noqa: E402
from hasten.api.models.nets import ON_CARD, net_workload  # noqa: E402
from hasten.core.model import ModelWorkload, Rows, Tensors  # noqa: E402
from hasten.errors import TargetError  # noqa: E402
from hasten.passes.model.nets import export, learning, run, training  # noqa: E402
from hasten.passes.model.nets.training import Schedule  # noqa: E402
from hasten.serve import devices, net  # noqa: E402
from hasten.serve.backends import nets as backend  # noqa: E402
from hasten.serve.backends import onnx  # noqa: E402
from hasten.serve.devices import CPU, CUDA  # noqa: E402
from tests.models.nets import small  # noqa: E402


class Line(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.drop = torch.nn.Linear(20, 4), torch.nn.Dropout(0.1)

    def forward(self, x):
        return self.drop(self.a(x))


def work_on(device):
    work = small.work(Line())
    work.model.device = device
    return work


@pytest.fixture
def card(monkeypatch):
    """A card that is the processor, and what was moved there."""
    moved = []

    def there(name):
        moved.append(name)
        return torch.device("cpu")

    for module in (run, training):
        monkeypatch.setattr(module, "has_cuda", lambda: True)
    for module in (net, export, backend):
        monkeypatch.setattr(module, "torch_device", there)
    return moved


def test_the_processor_is_what_counts(monkeypatch):
    work = work_on(CPU)
    monkeypatch.setattr(run, "has_cuda", lambda: True)  # a card is there, and the module does not lie on it
    assert list(run.TorchScript().parameters(work)) == [{}]
    assert not list(run.HalfPrecision().parameters(work))
    assert devices.device_of(Line()) == CPU
    on_card = SimpleNamespace(parameters=lambda: [SimpleNamespace(device=torch.device("cuda"))], buffers=list)
    assert devices.device_of(on_card) == CUDA


def test_a_module_on_a_card_is_asked_and_served_there(card, tmp_path, monkeypatch):
    work = work_on(CUDA)
    plain = work_on(CPU)
    plain.model.module.load_state_dict(work.model.module.state_dict())
    x = work.valid.x
    wanted = plain.model.forward(x)
    np.testing.assert_array_equal(work.model.forward(x), wanted)
    assert card == [CUDA]
    again = pickle.loads(pickle.dumps(work.model))
    assert again.device == CUDA and again._there is None and next(again.module.parameters()).device.type == "cpu"
    assert list(run.TorchScript().parameters(work)) == [{}, {"device": CUDA}]
    monkeypatch.setattr(run, "providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    assert {"device": CUDA} in list(run.OnnxRuntime().parameters(work))
    monkeypatch.setattr(run, "providers", lambda: ["CPUExecutionProvider"])
    assert list(run.OnnxRuntime().parameters(work)) == [{}]
    for found, within in ((run.TorchScript(), 1e-6), (run.HalfPrecision(), 0.01)):
        folder = tmp_path / found.code
        folder.mkdir()
        card.clear()
        parameters = list(found.parameters(work))[-1]
        built = found.build(work, folder, parameters)
        assert built.options["device"] == CUDA and card == [CUDA]
        answer = backend.load(folder, built.options, 1).method("forward")(list(x.arrays.values()))
        assert answer.dtype == np.float32 and card == [CUDA, CUDA]
        np.testing.assert_allclose(answer, wanted, atol=within * np.abs(wanted).max())


def test_what_was_made_for_a_card_is_not_loaded_without(tmp_path, monkeypatch):
    if devices.has_cuda():
        pytest.skip("there is a card")
    work = work_on(CPU)
    built = run.TorchScript().build(work, tmp_path, {})
    with pytest.raises(TargetError, match="graphics card"):
        backend.load(tmp_path, {**built.options, "device": CUDA}, 1)
    with pytest.raises(TargetError, match="graphics card"):
        work_on(CUDA).model.forward(work.valid.x)
    pytest.importorskip("onnxscript")
    export.onnx(work, tmp_path / "model.onnx")
    with pytest.raises(TargetError, match="onnxruntime-gpu"):
        onnx.session(str(tmp_path / "model.onnx"), 1, device=CUDA)


def test_a_workload_says_that_its_module_lies_on_a_card(card, monkeypatch):
    module = Line()
    monkeypatch.setattr(net, "device_of", lambda module: CUDA)
    x, y = np.zeros((30, 20), np.float32), np.arange(30) % 4
    work = net_workload(ModelWorkload(module, Rows(Tensors({"x": x}), y)), Complaints("net"))
    assert ON_CARD in work.notes and work.model.device == CUDA


def test_trainings_are_on_the_card_where_the_module_runs_there(monkeypatch):
    moved = []
    on_device = learning.on_device

    def watched(lesson, device):
        moved.append(device)
        return on_device(lesson, "cpu")

    monkeypatch.setattr(training, "CUDA", "cpu")
    monkeypatch.setattr(training, "has_cuda", lambda: True)
    monkeypatch.setattr(training, "on_device", watched)
    work = work_on(CPU)
    lesson = learning.lesson(work)
    schedule = Schedule(epochs=2)
    made, curve = training.trained(learning.learner(work.model), work, lesson, schedule)
    assert moved == ["cpu"] and len(curve.epochs) == 3 and not made.training
    monkeypatch.setattr(training, "has_cuda", lambda: False)
    same, other = training.trained(learning.learner(work.model), work, lesson, schedule)
    assert other.epochs == curve.epochs
    for a, b in zip(made.parameters(), same.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_module_that_does_not_run_on_the_card_learns_on_the_processor(monkeypatch):
    class Own(Line):
        def forward(self, x):
            if x.device.type != "cpu":
                raise RuntimeError("expected all tensors to be on the same device")
            return super().forward(x)

    work = small.work(Own())
    lesson = learning.lesson(work)
    monkeypatch.setattr(training, "CUDA", "meta")  # a device that this module does not run on
    monkeypatch.setattr(training, "has_cuda", lambda: True)
    module = learning.learner(work.model)
    monkeypatch.setattr(torch.nn.Module, "to", lambda self, where: self)  # what is moved to meta does not come back
    there, held = training._on_card(module, lesson)
    assert held is lesson and there.training and next(there.parameters()).device.type == "cpu"
