"""Low-rank layers."""

from __future__ import annotations

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from hasten.core.model import ModelWorkload, Rows, Tensors  # noqa: E402
from hasten.core.model_pass import CannotServe  # noqa: E402
from hasten.passes.model.nets.factorise import Factorise, layers, split  # noqa: E402
from hasten.serve.net import Net  # noqa: E402
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


def test_weights_become_zero_and_stay_so(tmp_path):
    from hasten.passes.model.nets.smaller import LAMP, MAGNITUDE, SparseWeights, masks
    from hasten.serve.stored import INT8, save

    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(20, 30), nn.Linear(30, 4)

        def forward(self, x):
            return self.b(torch.relu(self.a(x)))

    torch.manual_seed(0)
    module = Two()
    with torch.no_grad():
        module.b.weight.mul_(0.01)  # small beside the other layer's, and no less needed
    work = small.work(module)
    by = {b: masks(copy.deepcopy(module), 0.5, b) for b in (LAMP, MAGNITUDE)}
    assert not by[MAGNITUDE]["b.weight"].any()
    assert by[LAMP]["b.weight"].float().mean() > 0.2
    made = SparseWeights().reduce(work, {"by": LAMP, "share": 0.85, "epochs": 2})
    values = torch.cat([p.detach().flatten() for p in made.module.parameters() if p.ndim > 1])
    assert float((values == 0).float().mean()) == pytest.approx(0.85, abs=0.01)
    assert made.told[0] == "85% of the weights are zero" and made.told[1].startswith("trained")
    sizes = []
    for net in (work.model, made):
        arrays = {n: p.detach().numpy() for n, p in net.module.named_parameters()}
        save(tmp_path / "held.npz", arrays, INT8, dict.fromkeys(arrays, 0))
        sizes.append((tmp_path / "held.npz").stat().st_size)
    assert sizes[1] < 0.8 * sizes[0]


def test_tables_become_thinner():
    from hasten.passes.model.nets.smaller import ThinTables

    class Both(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.read = torch.nn.Embedding(60, 24, padding_idx=0), torch.nn.Embedding(50, 16)
            self.line = torch.nn.Linear(40, 4)

        def forward(self, ids):
            return self.line(torch.cat([self.table(ids), torch.nn.functional.embedding(ids, self.read.weight)], 1))

    torch.manual_seed(0)
    module = Both()
    with torch.no_grad():
        module.table.weight.copy_(torch.randn(60, 8) @ torch.randn(8, 24))
    ids = np.random.default_rng(0).integers(1, 50, 80)
    rows = Rows(Tensors({"ids": ids}))
    work = ModelWorkload(Net(module.eval(), ("ids",)), rows, methods=("forward",))
    made = ThinTables().reduce(work, {"share": 0.6})
    assert made.told == ("columns of tables: table 24 to 8",)  # the other is read by its name
    assert made.module.table[0].weight.shape == (60, 8)
    np.testing.assert_allclose(made.forward(work.valid.x), work.model.forward(work.valid.x), atol=1e-4)
    assert [p["share"] for p in ThinTables().parameters(work)] == [0.5, 0.75]
