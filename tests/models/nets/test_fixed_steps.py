"""A module that loops over its steps in Python: graphs of it answer one length only."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

import hasten  # noqa: E402


class Loops(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.cell, self.head = torch.nn.LSTMCell(5, 8), torch.nn.Linear(8, 3)

    def forward(self, series):
        h = c = series.new_zeros(series.shape[0], 8)
        total = 0
        for t in range(series.shape[1]):
            h, c = self.cell(series[:, t], (h, c))
            total = total + h if t else h
        return {"logits": self.head(total), "last": h}


@pytest.mark.slow
def test_it_is_served_for_the_length_that_its_data_has(tmp_path):
    x = np.random.default_rng(0).normal(size=(300, 7, 5)).astype(np.float32)
    net = Loops().eval()
    with torch.inference_mode():
        y = net(torch.from_numpy(x))["logits"].argmax(1).numpy()
    valid, test = (hasten.Rows({"series": x[s]}, y[s]) for s in (slice(0, 200), slice(200, None)))
    outcome = hasten.run(
        hasten.ModelWorkload(net, valid=valid, test=test), out=tmp_path / "out", budget="300s", threads="1", batches="1"
    )
    assert outcome.artifact is not None
    assert any("length only" in note for note in outcome.record.notes)
    served = hasten.load(outcome.artifact)
    with torch.inference_mode():
        wanted = net(torch.from_numpy(x[:9]))["logits"].numpy()
    np.testing.assert_allclose(served(x[:9]), wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())
    for length in (1, 6):
        with pytest.raises(ValueError, match="shape"):
            served(np.ascontiguousarray(x[:, :length]))
