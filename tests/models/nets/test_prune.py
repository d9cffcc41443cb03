"""Fewer channels, hidden units and heads: the net answers as if they were silent; what cannot be narrowed stays."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch_pruning")

from torch import nn  # noqa: E402

from hasten.core.model_pass import CannotServe  # noqa: E402
from hasten.passes.model.nets import export  # noqa: E402
from hasten.passes.model.nets.attention import attentions, leave_fast_path, with_heads  # noqa: E402
from hasten.passes.model.nets.channels import Traced  # noqa: E402
from hasten.passes.model.nets.prune import Prune, pruned  # noqa: E402
from hasten.passes.model.nets.sensitivity import multiply_adds  # noqa: E402
from hasten.serve.net import Net, tensors  # noqa: E402
from tests.models.nets import small  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")  # torch says so once a process

KINDS = {
    "convolutions": small.Convolutions,
    "branches": small.Branches,
    "lstm": small.Recurrent,
    "lstm of two sides and levels": lambda: small.Recurrent(sides=2, levels=2),
    "gru, last state of two sides": lambda: small.Recurrent(nn.GRU, sides=2, levels=2, last=True),
    "plain recurrent, last state": lambda: small.Recurrent(nn.RNN, last=True),
    "encoder": small.Encoder,
    "ratings": small.Ratings,
}


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("by", ["size", "taylor"])
def test_narrower_nets_answer(name, by):
    work = small.work(KINDS[name]())
    before = {n: t.clone() for n, t in work.model.module.state_dict().items()}
    made = Prune().reduce(work, {"share": 0.5, "by": by, "epochs": 0})
    inputs = tensors(work.valid.x)
    whole, left = (sum(multiply_adds(n.module, inputs).values()) for n in (work.model, made))
    assert 0.15 < left / whole < 0.85
    old, new = work.model.forward(work.valid.x), made.forward(work.valid.x)
    assert new.shape == old.shape and new.dtype == old.dtype and np.isfinite(new).all()
    assert all(torch.equal(t, before[n]) for n, t in work.model.module.state_dict().items())  # left as it was
    assert not any(p.grad is not None for p in work.model.module.parameters())
    assert "multiply-adds gone" in made.told[0]


@pytest.mark.parametrize(
    "name",
    [
        "convolutions",
        "lstm",
        "lstm of two sides and levels",
        "gru, last state of two sides",
        "plain recurrent, last state",
    ],
)
def test_channels_that_go_were_silent(name):
    """The narrower net answers bit for bit (to rounding) what the whole one does with those channels at zero."""
    work = small.work(KINDS[name]())
    module, inputs = work.model.module, tensors(work.valid.x)
    if getattr(getattr(module, "layer", None), "num_layers", 1) > 1:
        pytest.skip("levels below the last lose units that were not silent")
    for c in Traced(module, inputs).channels():
        gone = list(range(1, 2 * c.levels[0], 2))[: c.levels[0]]
        traced = Traced(module, inputs)
        with torch.no_grad():
            whole = module(**inputs)
            with traced.silenced(module, c, gone):
                silent = module(**inputs)
            assert torch.equal(module(**inputs), whole)  # as it was
            assert not torch.allclose(silent, whole)
            assert torch.allclose(traced.without({c.place: gone})(**inputs), silent, atol=1e-5)


def test_widths_that_are_left_are_multiples_of_eight():
    made, _ = pruned(small.work(small.Convolutions()), small.work(small.Convolutions()).model, 0.6, "size")
    widths = {
        m.weight.shape[0] for n, m in made.named_modules() if isinstance(m, (nn.Conv2d, nn.Linear)) and n != "out"
    }
    assert widths and all(not w % 8 for w in widths)
    assert made.out.out_features == 4


def test_heads_that_go_were_silent():
    work = small.work(small.Encoder())
    module, inputs = work.model.module, tensors(work.valid.x)
    name, attention = next(iter(attentions(module)))
    with torch.no_grad():
        fewer = torch.nn.Module.__new__(type(module))
        fewer = Net(module, ()).module
        parent, _, last = name.rpartition(".")
        setattr(fewer.get_submodule(parent), last, with_heads(attention, [0, 2]))
        leave_fast_path(fewer)
        for h in (1, 3):
            attention.out_proj.weight[:, h * 8 : h * 8 + 8] = 0.0
        assert torch.allclose(fewer(**inputs), module(**inputs), atol=1e-5)
        x = torch.randn(2, 5, 32)
        mask = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)
        padding = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
        one = attention(x, x, x, attn_mask=mask, key_padding_mask=padding, need_weights=True)[0]
        two = fewer.get_submodule(name)(x, x, x, attn_mask=mask, key_padding_mask=padding, need_weights=True)[0]
        three = fewer.get_submodule(name)(x, x, x, attn_mask=mask, key_padding_mask=padding, need_weights=False)[0]
        assert torch.allclose(one, two, atol=1e-5) and torch.allclose(two, three, atol=1e-5)


def test_a_net_with_fewer_heads_is_pickled_and_exported(tmp_path):
    import cloudpickle

    work = small.work(small.Encoder())
    made = Prune().reduce(work, {"share": 0.5, "by": "size", "epochs": 0})
    again = cloudpickle.loads(cloudpickle.dumps(made))
    assert np.array_equal(again.forward(work.valid.x), made.forward(work.valid.x))
    from dataclasses import replace

    program = export.exported(replace(work, model=made))
    given = tuple(t[:3] for t in tensors(work.valid.x).values())
    assert np.allclose(
        program.module()(*given).detach().numpy(), made.forward(work.valid.x.take(slice(0, 3))), atol=1e-5
    )


def test_layers_whose_width_the_code_holds_stay():
    work = small.work(small.Stubborn())
    made = Prune().reduce(work, {"share": 0.1, "by": "size", "epochs": 0})
    assert made.module.a.out_features == 64  # viewed as 8 by 8
    assert made.module.c.weight.shape == (48, 64)
    assert made.module.e.out_features < 32


def test_widths_that_hang_together_in_the_code_stay():
    work = small.work(small.ByHand())
    made = Prune().reduce(work, {"share": 0.3, "by": "size", "epochs": 0}).module
    assert made.q.out_features == made.o.in_features == made.norm.normalized_shape[0] == 32
    assert made.up.out_features == made.down.in_features < 96


def test_nothing_to_narrow_is_said():
    class Thin(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(20, 8), nn.Linear(8, 4)

        def forward(self, x):
            return self.b(torch.relu(self.a(x)))

    with pytest.raises(CannotServe, match="no layer has 16 channels"):
        Prune().reduce(small.work(Thin()), {"share": 0.5, "by": "size", "epochs": 0})


def test_without_training_data_it_goes_by_size():
    work = small.work(small.Convolutions(), train=False)
    settings = list(Prune().parameters(work))
    assert {p["by"] for p in settings} == {"size", "scale"} and not any("epochs" in p for p in settings)
    made = Prune().reduce(work, settings[0])
    assert made.forward(work.valid.x).shape == (small.ROWS, 4)
