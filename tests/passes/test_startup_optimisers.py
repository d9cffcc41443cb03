"""Optimisers that do not load the compiler: when it is offered, and that training stays the same to the bit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from hasten.core.loading import Loaded, ModuleTime
from hasten.core.recipe import Recipe
from hasten.passes.source.startup.optimisers import HELPER, PlainOptimisers
from tests.passes.test_startup import sources

LOADED = Loaded(tuple(ModuleTime(name, 0.5, 1.0) for name in ("torch", "torch._dynamo")))
TRAIN = '''\
"""Training."""
from __future__ import annotations

import torch
import torch.optim as optim
from torch import nn

model = nn.Linear(3, 1)
optimizer = optim.Adam(model.parameters(), lr=0.01)
for _ in range(3):
    optimizer.zero_grad()
    model(torch.rand(4, 3)).sum().backward()
    optimizer.step()
model.eval()
print(optimizer.state_dict(), model.training)
'''


def changed(root: Path, text: str, files: Mapping[str, str] | None = None, loaded: Loaded = LOADED) -> str:
    look = sources(root, text, files)
    found = list(PlainOptimisers().savings(look, loaded))
    assert found == list(PlainOptimisers().savings(look, loaded)), "a pass must be pure and deterministic"
    assert all(s.modules == ("torch._dynamo",) for s in found)
    return Recipe(tuple(s.change for s in found)).apply(look.work).source("main.py").text


def test_text(tmp_path: Path) -> None:
    after = changed(tmp_path, TRAIN)
    assert after == TRAIN.replace(
        "from torch import nn\n", f'from torch import nn\n\n\n{HELPER}_plain_optimisers("Adam")\n'
    )
    compile(after, "main.py", "exec")


def test_kinds_of_all_files_and_no_name_of_torch(tmp_path: Path) -> None:
    text = "from torch import nn\nimport learn\n\nlearn.fit(nn.Linear(2, 1))\n"
    learn = "from torch.optim import AdamW, SGD as Plain\nimport re\nP = re.compile('a')\n\n\ndef fit(m):\n    return AdamW(m.parameters()), Plain(m.parameters(), lr=1)\n"
    after = changed(tmp_path, text, {"learn.py": learn})
    assert "import learn\nimport torch\n\n\ndef _plain_optimisers" in after
    assert after.index('_plain_optimisers("AdamW", "SGD")') < after.index("learn.fit")


LEFT = {
    "compiled": TRAIN + "model = torch.compile(model)\n",
    "compiles itself": TRAIN + "model.compile()\n",
    "decorated": TRAIN + "@torch.compile\ndef f(x):\n    return x\n",
    "scripted": TRAIN + "torch.jit.script(model)\n",
    "exported": TRAIN + "from torch.export import export\n",
    "by name": TRAIN + "print(getattr(torch, 'comp' + 'ile')(model))\n",
    "the machinery": TRAIN + "import torch._dynamo\n",
    "its settings": TRAIN + "torch._dynamo.config.verbose = True\n",
    "mapped": TRAIN + "torch.vmap(torch.sum)\n",
    "another library": TRAIN + "import lightning\n",
    "loaded modules": TRAIN + "import sys\nprint('torch._dynamo' in sys.modules)\n",
    "patched": TRAIN + "torch.optim.Adam.step = print\n",
    "behind imports": "import sys; import torch\n" + TRAIN,
    "imports later": TRAIN.replace("import torch\n", "").replace("from torch import nn\n", "x = 1\nfrom torch import nn\n").replace("import torch.optim as optim\n", "").replace("x = 1\n", "x = 1\nfrom torch import optim\nimport torch\n"),
    "no optimiser": "import torch\nprint(torch.rand(3))\n",
    "its wrapper": TRAIN + "print(torch.optim.Adam.step.__wrapped__)\n",
}  # fmt: skip


@pytest.mark.parametrize("name", LEFT)
def test_left_alone(name: str, tmp_path: Path) -> None:
    assert changed(tmp_path, LEFT[name]) == LEFT[name]


def test_left_alone_where_it_is_not_loaded(tmp_path: Path) -> None:
    assert changed(tmp_path, TRAIN, loaded=Loaded((ModuleTime("torch", 1.0, 1.0),))) == TRAIN


BOTH_WAYS = """
import sys
import torch
from torch import nn

{helper}
KINDS = "Adadelta Adagrad Adam Adamax AdamW NAdam RAdam RMSprop SGD LBFGS".split()


class Own(torch.optim.SGD):
    def step(self, closure=None):
        assert torch.is_grad_enabled()
        return super().step(closure)


def train(kind):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 2))
    x, y = torch.rand(30, 5), torch.rand(30, 2)
    optimizer = kind(model.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)

    def closure():
        optimizer.zero_grad()
        loss = ((model(x) - y) ** 2).mean()
        loss.backward()
        return loss

    out = []
    for i in range(4):
        out.append(optimizer.step(closure).item())
        schedule.step()
        if i == 1:
            optimizer.load_state_dict(optimizer.state_dict())
    try:
        optimizer.step(lambda: 1 / 0)
    except ZeroDivisionError:
        out.append(torch.is_grad_enabled())
    return out, [p.tolist() for p in model.parameters()], kind.step.__name__, kind.step.__doc__


kinds = [*(getattr(torch.optim, k) for k in KINDS), Own]
before = {{kind: vars(kind)["step"] for kind in kinds if "step" in vars(kind)}}
_plain_optimisers(*KINDS)
assert vars(torch.optim.Adam)["step"] is not before[torch.optim.Adam]
fast = [train(kind) for kind in kinds]
assert "torch._dynamo" not in sys.modules
# back to what PyTorch has
base = torch.optim.Optimizer
for method in (base.add_param_group, base.zero_grad, base.state_dict, base.load_state_dict):
    del method.__wrapped__.__dynamo_disable
for kind, step in before.items():
    kind.step = step
slow = [train(k) for k in kinds]
assert "torch._dynamo" in sys.modules
assert repr(fast) == repr(slow)
"""


def test_training_is_the_same(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    program = tmp_path / "both.py"
    program.write_text(BOTH_WAYS.format(helper=HELPER))
    run = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
