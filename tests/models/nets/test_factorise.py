"""Low-rank layers."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from hasten.core.model_pass import CannotServe  # noqa: E402
from hasten.passes.model.nets.factorise import Factorise, layers, split  # noqa: E402
from tests.models.nets import small  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")  # torch says so once a process


def _low_rank(module: nn.Module, rank: int = 3) -> nn.Module:
    """Weights of a low rank, and a little noise."""
    torch.manual_seed(0)
    with torch.no_grad():
        for _, m in layers(module):
            flat = m.weight.flatten(1)
            m.weight.copy_(
                (torch.randn(len(flat), rank) @ torch.randn(rank, flat.shape[1]) / 10).reshape(m.weight.shape)
            )
    return module


@pytest.mark.parametrize(
    "layer", [nn.Linear(24, 40), nn.Conv2d(6, 20, 3, stride=2, padding=1, dilation=2), nn.Conv1d(6, 24, 5, bias=False)]
)
def test_full_rank_is_the_same_layer(layer):
    torch.manual_seed(0)
    x = (
        torch.randn(2, 24)
        if isinstance(layer, nn.Linear)
        else torch.randn(2, 6, 16, *([16] if isinstance(layer, nn.Conv2d) else []))
    )
    full = min(layer.weight.shape[0], layer.weight[0].numel())
    with torch.no_grad():
        assert torch.allclose(split(layer, full)(x), layer(x), atol=1e-4)


@pytest.mark.parametrize("made", [small.Convolutions, small.Ratings, small.Encoder])
def test_weights_of_low_rank_lose_nothing(made):
    work = small.work(_low_rank(made()))
    new = Factorise().reduce(work, {"share": 0.3, "epochs": 0})
    assert np.allclose(new.forward(work.valid.x), work.model.forward(work.valid.x), atol=1e-3)
    assert "ranks: " in new.told[0] and any(isinstance(m, nn.Sequential) for m in new.module.modules())


def test_a_layer_whose_weights_are_read_by_name_stays():
    work = small.work(_low_rank(small.Stubborn()))
    new = Factorise().reduce(work, {"share": 0.5, "epochs": 0})
    assert isinstance(new.module.c, nn.Linear) and isinstance(new.module.b, nn.Sequential)
    assert np.allclose(new.forward(work.valid.x), work.model.forward(work.valid.x), atol=1e-3)


def test_full_rank_is_said():
    module = nn.Sequential(nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, 4))
    torch.manual_seed(0)
    for m in module:
        if isinstance(m, nn.Linear):
            nn.init.orthogonal_(m.weight)

    class Full(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.all = module

        def forward(self, x):
            return self.all(x)

    with pytest.raises(CannotServe, match="lower rank"):
        Factorise().reduce(small.work(Full()), {"share": 0.5, "epochs": 0})
