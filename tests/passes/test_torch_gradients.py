"""Results that nobody asks gradients of: the same numbers, and nothing changes where something could tell."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from hasten.passes.source.torch_calls.gradients import WithoutGradients
from tests.passes.test_containers_harness import changes, work_of

HEAD = """\
import torch
import torch.nn.functional as F
from torch import nn

class Net(nn.Module):
    def __init__(self, seen=None):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.5))
        self.head = nn.Linear(8, 3)
        self.seen = seen
    def forward(self, x):
        h = self.body(x)
        return self.head(torch.tanh(h) + h.mean(1, keepdim=True))

torch.manual_seed(1)
X, Y = torch.randn(40, 4), torch.randint(0, 3, (40,))
"""
USED = """\
def score(net, criterion, x, y):
    net.eval()
    total, right = 0.0, 0
    for i in range(0, len(x), 8):
        out = net(x[i:i + 8])
        total += criterion(out, y[i:i + 8]).item() + F.cross_entropy(out, y[i:i + 8]).item()
        right += int((out.argmax(1) == y[i:i + 8]).sum())
    return total, right
net = Net()
print(score(net, nn.CrossEntropyLoss(), X, Y))
guess = net(X).max(1).indices.tolist()
print(guess)
"""


def made(root: Path, text: str) -> list[str]:
    found = changes(WithoutGradients(), work_of(root, HEAD + text))
    return [c.apply(work_of(root, HEAD + text)).source("script.py").text for c in found]


def printed(text: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(text, "script.py", "exec"), {"__name__": "script"})
    return out.getvalue()


def test_text(tmp_path: Path) -> None:
    text = "".join(made(tmp_path, USED))
    assert "out = _without_gradients(net, lambda: (criterion,))(x[i:i + 8])" in text
    assert any("guess = _without_gradients(net)(X).max(1).indices.tolist()" in t for t in made(tmp_path, USED))


@pytest.mark.parametrize(
    "more",
    [
        "",
        "seen = []\nnet.head.register_forward_hook(lambda m, i, o: seen.append(o.requires_grad))\n"
        "print(score(net, nn.CrossEntropyLoss(), X, Y), seen)\n",
        "class Loss(nn.Module):\n    def forward(self, out, y):\n"
        "        return out.sum() * (2.0 if out.requires_grad else 1.0)\nprint(score(net, Loss(), X, Y))\n",
        "print(score(net, lambda out, y: torch.tensor(float(out.requires_grad)), X, Y))\n",
        "class Told(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = nn.Linear(4, 3)\n"
        "    def forward(self, x):\n        return self.a(x) * (2 if torch.is_grad_enabled() else 1)\n"
        "print(score(Told(), nn.CrossEntropyLoss(), X, Y))\n",
        "class Own(nn.Linear):\n    def forward(self, x):\n        y = super().forward(x)\n"
        "        return y * 2 if y.requires_grad else y\nprint(score(Own(4, 3), nn.CrossEntropyLoss(), X, Y))\n",
        "net.forward = lambda x: net.head(net.body(x)) * (2 if torch.is_grad_enabled() else 1)\n"
        "print(score(net, nn.CrossEntropyLoss(), X, Y))\n",
        "print(score(net.half().float(), nn.NLLLoss(), X, Y), net.head.weight.grad is None)\n",
        "class Asks(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = nn.Linear(4, 3)\n"
        "    def forward(self, x):\n        return torch.from_numpy(self.a(x).numpy())\n"
        "try:\n    print(score(Asks(), nn.CrossEntropyLoss(), X, Y))\nexcept RuntimeError as e:\n    print(str(e)[:40])\n",
        "class Says(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = nn.Linear(4, 3)\n"
        "    def forward(self, x):\n        h = self.a(x)\n        assert h.sum() > 1e9, f'{h}'\n        return h\n"
        "try:\n    print(score(Says(), nn.CrossEntropyLoss(), X, Y))\nexcept AssertionError as e:\n    print(str(e))\n",
        "try:\n    score(net, nn.CrossEntropyLoss(), X[:, :2], Y)\nexcept RuntimeError as e:\n    print(str(e)[:40])\n",
    ],
)
def test_same_numbers(tmp_path: Path, more: str) -> None:
    pytest.importorskip("torch")
    for text in made(tmp_path, USED + more):
        assert "_without_gradients" in text
        assert printed(text) == printed(HEAD + USED + more)


def test_gradients_are_off(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    watched = "from torch.overrides import TorchFunctionMode\n"
    grown = USED.replace("    for i in range", "    net.head = Watched(net.head)\n    for i in range")
    spy = (
        "class Watched(nn.Module):\n    def __init__(self, of):\n        super().__init__()\n        self.of = of\n"
        "    def forward(self, h):\n        out = self.of(h)\n        print(out)\n        return out\n"
    )
    text = made(tmp_path, watched + spy + grown)[0]
    assert "grad_fn" in printed(text)  # it prints what it is given: not one of the classes that cannot tell
    spy = spy.replace("        print(out)\n", "").replace("        return out", "        return out * 1")
    text = made(tmp_path, watched + spy + grown)[0]
    text = text.replace("return net(*args, **options)", "print(torch.is_grad_enabled()); return net(*args, **options)")
    assert "False" in printed(text)


@pytest.mark.parametrize(
    "text",
    [
        "net = Net()\nout = net(X)\nloss = F.cross_entropy(out, Y)\nloss.backward()\n",
        "net = Net()\nout = net(X)\nprint(out)\n",
        "net = Net()\nkept = []\nfor x in X:\n    kept.append(net(x[None]))\n",
        "def f(net):\n    return net(X)\nprint(f(Net()).sum().item())\n",
        "def f(net):\n    global out\n    out = net(X)\n    return out.sum().item()\nf(Net())\nprint(out)\n",
        "net = Net()\nlast = {}\nlast['a'] = net(X)\nprint(last['a'].sum().item())\n",
        "net = Net()\nout = net(X)\nprint(out.requires_grad)\n",
        "net = Net()\nout = net(X)\nprint(out.grad_fn == None)\n",
        "net = Net()\ndef f():\n    out = net(X)\n    def g():\n        return out\n    return g\nprint(f()().sum())\n",
        "net = Net()\nprint(torch.add(net(X), 1, out=torch.empty(40, 3)).sum().item())\n",
        "net = Net()\nwith torch.no_grad():\n    print(net(X).sum().item())\n",
        "@torch.no_grad()\ndef f(net):\n    return net(X).sum().item()\nprint(f(Net()))\n",
        "net = Net()\nwith torch.autograd.graph.saved_tensors_hooks(print, print):\n    print(net(X).sum().item())\n",
        "net = Net()\nprint(f'{net(X)}')\n",
        "net = Net()\nx = yes = net(X)\nprint(x.sum().item())\n",
    ],
)
def test_left_alone(tmp_path: Path, text: str) -> None:
    assert not made(tmp_path, text)


def test_a_file_that_others_import_keeps_its_variables(tmp_path: Path) -> None:
    text = "net = Net()\nout = net(X)\nprint(out.sum().item())\n"
    assert made(tmp_path, text)
    (tmp_path / "other.py").write_text("import script\nprint(script.out.requires_grad)\n")
    (tmp_path / "script.py").write_text(HEAD + "import other\n" + text)
    assert not changes(WithoutGradients(), work_of(tmp_path, HEAD + "import other\n" + text))
