"""The ONNX graph of a net is made once in a process, and anew for what was changed in place."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from hasten.passes.model.nets import export  # noqa: E402
from tests.models.nets import small  # noqa: E402


class Scaled(torch.nn.Module):
    """Weights, a buffer that is in no state, and a plain number."""

    def __init__(self):
        super().__init__()
        self.line, self.times = torch.nn.Linear(20, 4), 2.0
        self.register_buffer("shift", torch.zeros(4), persistent=False)

    def forward(self, x):
        return self.line(x) * self.times + self.shift


@pytest.fixture
def made(monkeypatch):
    """How often a graph was made, without making it."""
    calls = []

    def onnx(work, path):
        calls.append(work)
        path.write_bytes(f"graph {len(calls)}".encode())
        return ["input_x"]

    monkeypatch.setattr(export, "_onnx", onnx)
    monkeypatch.setattr(export, "_graphs", {})
    return calls


def test_the_same_net_is_made_once(made, tmp_path: Path):
    work = small.work(Scaled())
    assert [export.onnx(work, tmp_path / n) for n in "ab"] == [["input_x"]] * 2
    assert len(made) == 1 and (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def change_weight(module):
    with torch.no_grad():
        module.line.weight[0, 0] += 1


def change_data(module):  # behind the back of torch's own count of versions
    module.line.bias.data = module.line.bias.data + 1


def change_buffer(module):
    module.shift += 1


def change_number(module):
    module.times = 3.0


def change_layer(module):
    module.line = torch.nn.Sequential(module.line, torch.nn.ReLU())


@pytest.mark.parametrize("change", [change_weight, change_data, change_buffer, change_number, change_layer])
def test_what_was_changed_in_place_is_made_anew(made, tmp_path, change):
    work = small.work(Scaled())
    export.onnx(work, tmp_path / "old")
    change(work.model.module)
    export.onnx(work, tmp_path / "new")
    assert (tmp_path / "new").read_bytes() == b"graph 2"


def test_others_are_told_apart_and_few_are_kept(made, tmp_path):
    works = [small.work(Scaled()) for _ in range(3)]
    for work in (*works, works[2], works[0]):
        export.onnx(work, tmp_path / "x")
    assert len(made) == 4 and len(export._graphs) == export.GRAPHS  # the first was forgotten by then
