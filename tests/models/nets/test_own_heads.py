"""Attention that a model writes itself: found by trying, pruned by heads."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as f  # noqa: E402

from hasten.passes.model.nets import export  # noqa: E402
from hasten.passes.model.nets.own_heads import own_heads  # noqa: E402
from hasten.passes.model.nets.prune import pruned  # noqa: E402
from tests.models.nets import small  # noqa: E402


class Own(nn.Module):
    """Four heads of eight, named in no usual way; what takes them stands first."""

    def __init__(self):
        super().__init__()
        self.after = nn.Linear(32, 32)
        self.second, self.third, self.first = nn.Linear(32, 32), nn.Linear(32, 32), nn.Linear(32, 32)
        self.n_heads, self.size, self.limit = 4, 8, 32

    def forward(self, x):
        q, k, v = (
            p(x).unflatten(-1, (self.n_heads, self.size)).transpose(1, 2) for p in (self.first, self.second, self.third)
        )
        return self.after(f.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class Gate(nn.Module):
    """Three layers and a number that divides their width: no attention."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c, self.d = (nn.Linear(32, 32) for _ in range(4))
        self.num_heads = 4

    def forward(self, x):
        return self.d(torch.relu(self.a(x)) * self.b(x).sigmoid() + self.c(x).roll(5, -1))


class ByHand(nn.Module):  # the name of its data in `small`
    def __init__(self):
        super().__init__()
        self.embed, self.attention, self.gate = nn.Embedding(40, 32), Own(), Gate()
        self.up, self.down, self.line = nn.Linear(32, 64), nn.Linear(64, 32), nn.Linear(32, 3)

    def forward(self, ids):
        x = self.embed(ids)
        x = x + self.attention(x)
        x = x + 0.1 * self.gate(x)
        return self.line((x + self.down(f.gelu(self.up(x)))).mean(1))


@pytest.fixture
def work():
    torch.manual_seed(0)
    return small.work(ByHand())


def test_what_is_found_is_an_attention_and_loses_its_heads(work):
    (found,) = own_heads(work.model, export.example(work))
    assert found.name == "attention" and found.out == "attention.after" and found.heads == 4
    assert set(found.layers) == {"first", "second", "third"} and found.counts == ("n_heads",)
    silent, made = (small.Net(work.model.module, work.model.names) for _ in range(2))
    with torch.no_grad():
        silent.module.attention.after.weight[:, :8] = 0
        silent.module.attention.after.weight[:, 16:24] = 0
    found.cut(made.module, [1, 3])
    np.testing.assert_allclose(made.forward(work.valid.x), silent.forward(work.valid.x), atol=1e-6)
    assert made.module.attention.n_heads == 2 and made.module.attention.first.weight.shape == (16, 32)


def test_pruning_takes_whole_heads(work):
    pytest.importorskip("torch_pruning")
    module, _ = pruned(work, work.model, 0.8, "size")
    kept = module.attention.n_heads
    assert kept < 4 and module.attention.first.out_features == module.attention.after.in_features == 8 * kept
    assert module.gate.a.out_features == 32 or module.gate.a.out_features % 8 == 0
