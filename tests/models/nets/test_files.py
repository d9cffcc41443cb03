"""Nets in files: exported programs, ONNX graphs."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hasten.api.models import fit  # noqa: E402
from hasten.api.models.files import read_model, read_tensors  # noqa: E402
from hasten.api.models.nets import net_workload  # noqa: E402
from hasten.core.model import ModelWorkload  # noqa: E402
from hasten.errors import TargetError, UsageError  # noqa: E402
from hasten.passes.model.nets import export  # noqa: E402
from hasten.passes.model.nets.run import OnnxRuntime, OpenVino, TorchScript  # noqa: E402
from hasten.serve.net import OnnxNet, is_module  # noqa: E402


@pytest.fixture(scope="module")
def folder(pixels, tmp_path_factory):
    """`net.pt2`, `net.onnx` and `valid.npz`."""
    pytest.importorskip("onnxscript")
    place = tmp_path_factory.mktemp("nets")
    given = tuple(export.example(pixels).values())
    free = ({0: torch.export.Dim.DYNAMIC},)
    with export.quiet():
        torch.export.save(torch.export.export(pixels.model.module, given, dynamic_shapes=free), place / "net.pt2")
    export.onnx(pixels, place / "net.onnx")
    np.savez(place / "valid.npz", X=pixels.valid.x.arrays["image"], y=pixels.valid.y)
    return place


def test_an_exported_program_is_a_net(folder, pixels):
    with pytest.raises(UsageError, match="--trust"):
        read_model(folder / "net.pt2", trust=False)
    module = read_model(folder / "net.pt2", trust=True)
    assert is_module(module)
    rows = read_tensors(folder / "valid.npz", ["image"])
    made = net_workload(ModelWorkload(module, rows), fit.Complaints("net"))
    np.testing.assert_allclose(made.model.forward(made.valid.x), pixels.model.forward(pixels.valid.x), atol=1e-5)


def test_a_graph_over_images_is_a_net(folder, pixels, tmp_path):
    model = read_model(folder / "net.onnx", trust=False)
    assert isinstance(model, OnnxNet)
    rows = read_tensors(folder / "valid.npz", model.names)
    made = net_workload(ModelWorkload(model, rows), fit.Complaints("net"))
    assert made.task == "classification"
    assert [len(list(p.parameters(made))) > 0 for p in (TorchScript(), OnnxRuntime(), OpenVino())] == [
        False,
        True,
        True,
    ]
    OnnxRuntime().build(made, tmp_path, {})
    assert (tmp_path / "model.onnx").read_bytes() == (folder / "net.onnx").read_bytes()
    np.testing.assert_allclose(made.model.forward(made.valid.x), pixels.model.forward(pixels.valid.x), atol=1e-5)
    with pytest.raises(ValueError, match=r"Got invalid dimensions|Unexpected input|Invalid"):
        made.model.forward(made.valid.x.__class__({model.names[0]: np.zeros((2, 3), np.float32)}))


def test_arrays_that_are_no_inputs_are_named(folder):
    with pytest.raises(TargetError, match="holds X; the net takes ids, mask"):
        read_tensors(folder / "valid.npz", ["ids", "mask"])
