"""Other settings for networks: offered under a quality alone, for whole networks and plain optimisers."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.core.contract import Contract
from hasten.core.facts import Facts, Profile
from hasten.kernel.regions import regions_of
from hasten.passes.source.torch_calls.settings import NetSettings
from hasten.search.loop import _wanted
from hasten.verify.quality import seeds
from tests.passes.test_containers_harness import work_of

HEAD = """\
import torch
from torch import nn, optim
from torch.optim import Adam

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Sequential(nn.CONV(1, 4, 3), nn.ReLU())
        self.b = nn.Linear(4, 2)
    def forward(self, x):
        x = self.a(x)
        return self.b(x.view(len(x), -1).view(torch.float32))

class Deeper(Net):
    pass

"""
CHANNELS = "channels_last"


def made(root: Path, text: str, conv: str = "Conv2d", facts: Facts | None = None) -> dict[str, str]:
    """Lines that the pass adds, by the title of the change."""
    head = HEAD.replace("CONV", conv)
    work, facts = work_of(root, head + text), facts or Facts()
    old, out = (head + text).splitlines(), dict[str, str]()
    for region in regions_of(work.source("script.py"), entry=True):
        for finding in NetSettings().find(work, region, facts):
            for change in NetSettings().propose(work, finding, facts):
                assert change.quality
                assert not _wanted(change, Contract())
                after = change.apply(work).source("script.py").text
                compile(after, "script.py", "exec")
                out[change.title] = "\n".join(s.strip() for s in after.splitlines() if s not in old)
                assert seeds(work, [change])  # something is left that lines may depend on
    return out


def test_channels_last(tmp_path: Path) -> None:
    found = made(tmp_path, "net = Net()\n")
    line = HEAD.count("\n") + 1
    assert found[f"line {line}: Net in the layout channels_last"] == (
        "return self.b(x.reshape(len(x), -1).view(torch.float32))\nnet = Net().to(memory_format=torch.channels_last)"
    )
    assert not any(CHANNELS in title for title in made(tmp_path, "net = Net()\n", "Conv1d"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("net = Deeper()\n", "Deeper"),
        ("net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())\n", "nn.Sequential"),
        ("class T:\n    def __init__(self):\n        self.net = Net().to('cpu')\n", "Net"),
        ("def f():\n    net = Net()\n    return net\n", "Net"),
        ("loss = nn.MSELoss()\n", ""),
        ("w = nn.Parameter(torch.ones(2))\n", ""),
        ("print(Net())\n", ""),
        ("a = 1; net = Net()\n", ""),
        ("net = eval('Net()')\n", ""),
    ],
)
def test_one_thread(tmp_path: Path, text: str, wanted: str) -> None:
    found = [t for t in made(tmp_path, text, "Conv1d") if t.endswith("by one thread")]
    assert [t.split(": ")[1].split()[0] for t in found] == ([wanted] if wanted else [])


def test_compiled_in_long_programs_alone(tmp_path: Path) -> None:
    text = "class T:\n    def __init__(self):\n        self.net = Net()\nT()\n"
    assert not any("compiled" in t for t in made(tmp_path, text))
    found = made(tmp_path, text, facts=Facts(Profile(wall_s=100.0)))
    assert [s for t, s in found.items() if "compiled" in t] == ["self.net.compile()"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Adam(net.parameters(), lr=1e-3)", "Adam(net.parameters(), lr=1e-3, fused=True)"),
        ("optim.SGD(net.parameters(), 0.1)", "optim.SGD(net.parameters(), 0.1, fused=True)"),
        ("torch.optim.AdamW(net.b.parameters())", "torch.optim.AdamW(net.b.parameters(), fused=True)"),
        ("Adam(net.parameters(), **more)", ""),
        ("Adam(net.parameters(), fused=False)", ""),
        ("Adam(net.parameters(), foreach=True)", ""),
        ("optim.LBFGS(net.parameters())", ""),
        ("optim.Adam()", ""),
    ],
)
def test_fused_optimisers(tmp_path: Path, text: str, wanted: str) -> None:
    found = made(tmp_path, f"net = Net()\nopt = {text}\n", "Conv1d")
    assert [s for t, s in found.items() if "one step" in t] == ([f"opt = {wanted}"] if wanted else [])


def test_nothing_where_no_network_works(tmp_path: Path) -> None:
    profile = Profile(samples=10, wall_s=5.0, stacks=((("script.py:f:1",), 10),))
    assert not made(tmp_path, "net = Net()\n", facts=Facts(profile))
