"""Whole blocks of a stack are left out: which stacks there are, and what is left of them."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from hasten.core.model_pass import CannotServe  # noqa: E402
from hasten.passes.model.nets.layers import FewerLayers, stacks, without_blocks  # noqa: E402
from tests.models.nets import small  # noqa: E402


class Block(nn.Module):
    def __init__(self, width=20, scale=1.0):
        super().__init__()
        self.line, self.scale = nn.Linear(width, width), scale

    def forward(self, x):
        return x + self.scale * torch.tanh(self.line(x))


class Deep(nn.Module):
    """Four blocks, of which the second and the last do next to nothing."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block(scale=1e-4), Block(), Block(scale=1e-3)])
        self.out = nn.Linear(20, 4)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.out(x)


class Counted(Deep):
    """Its code needs the third block."""

    def forward(self, x):
        return self.out(self.blocks[2](x))


class Chain(nn.Module):
    """Each block takes the width that the one before gives."""

    def __init__(self):
        super().__init__()
        self.chain = nn.Sequential(nn.Sequential(nn.Linear(20, 30)), nn.Sequential(nn.Linear(30, 4)))

    def forward(self, x):
        return self.chain(x)


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def test_what_does_least_goes_first():
    work = small.work(Deep())
    before = {n: t.clone() for n, t in work.model.module.state_dict().items()}
    module, told = without_blocks(work, work.model, 2)
    assert [b.scale for b in module.blocks] == [1.0, 1.0] and "2 of 4 blocks gone: blocks.1, blocks.3" in told
    x = torch.from_numpy(work.valid.x.arrays["x"])
    np.testing.assert_allclose(module(x).detach(), work.model.module(x).detach(), atol=0.01)
    assert all(torch.equal(t, before[n]) for n, t in work.model.module.state_dict().items())


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_the_encoder_of_torch_loses_a_layer():
    work = small.work(small.Encoder())
    assert stacks(work.model.module) == {"layers.layers": ["0", "1"]}
    assert [p["blocks"] for p in FewerLayers().parameters(work)] == [1]
    module, _ = without_blocks(work, work.model, 1)
    assert len(module.layers.layers) == 1


def test_what_others_need_stays():
    for made, least in ((Counted, 2), (Chain, 1)):
        with pytest.raises(CannotServe, match="blocks can go"):
            without_blocks(small.work(made()), small.work(made()).model, least)


def test_a_net_without_stacks_has_no_settings():
    assert not list(FewerLayers().parameters(small.work(small.Ratings())))
