"""Numbers of a card that are read once after a loop: the same bits, and nothing where a loop looks at them.

No card is needed: the helper takes a tensor in memory for one on a card (`lifted`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hasten.core.facts import Facts, RegionFacts
from hasten.kernel.regions import regions_of
from hasten.observe.describe import describe
from hasten.passes.source.torch_calls.waits import ReadLater
from tests.passes.test_containers_harness import changed, changes, left_alone, observe, work_of

torch = pytest.importorskip("torch")
HEAD = """\
import torch
torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"
losses = [(torch.rand(()) * 10 ** k).to(kind) for k in (-9, 0, 4) for kind in (torch.float32, torch.float64, torch.float16, torch.bfloat16)]
odd = [torch.tensor(-0.0), torch.tensor([3.5]), torch.tensor(2), torch.tensor(True), torch.tensor(1e300, dtype=torch.float64)]
hard = [torch.tensor(float("nan")), torch.tensor(float("inf")), *losses]
"""
CHANGED = [
    "def f(steps):\n    total = 0.0\n    for loss in steps:\n        total += loss.item()\n    return total\nprint([repr(f(s)) for s in (losses, odd, hard, [], losses + odd)])",
    "def f(steps):\n    total, n = 0, 0\n    for loss in steps:\n        total += loss.item() * len(steps)\n        n += len(steps)\n    return total / n\nprint([repr(f(s)) for s in (losses, odd, hard, losses + odd)])",
    "def f(steps):\n    for epoch in range(2):\n        total = 0.0\n        for loss in steps:\n            if loss.numel():\n                loss *= 3\n                total += loss.shape[0] * loss.item()\n        print(repr(total))\nf([torch.rand(1) for _ in range(5)])",
    "def f(steps):\n    right = 0\n    for a in steps:\n        right += (a == 1).sum().item()\n    return right\nprint(f([torch.arange(9) % 3, torch.ones(7)]), f([]))",
    "def f(steps):\n    seen = []\n    for loss in steps:\n        seen.append(loss.item())\n        loss.zero_()\n    return seen\nprint([list(map(repr, f([t.clone() for t in s]))) for s in (losses, odd, hard, [], odd + losses)])",
    "def f(steps):\n    seen = []\n    for epoch in range(3):\n        seen = []\n        for loss in steps:\n            with torch.no_grad():\n                seen.append(loss.item())\n        print(sum(seen), seen[-1:])\nf(losses)",
    "def f(steps):\n    total = 0.0\n    for loss in steps:\n        total += loss.item()\n    return total\ntry:\n    print(f([torch.ones(2)]))\nexcept RuntimeError as e:\n    print(e)\ntry:\n    print(f([3.0]))\nexcept AttributeError as e:\n    print(e)",
    "def f(steps, torch):\n    right = 0\n    for a in steps:\n        right += (a == 1).sum().item()\n    return right\nprint(f([torch.ones(3)], None))",
    "def f(steps, others):\n    seen, total = [], 0.0\n    with torch.no_grad():\n        for loss in steps:\n            seen.append(loss.item())\n            total += loss.item()\n    for loss in others:\n        seen.append(loss.item() * len(others))\n        total += 2.5\n    seen.sort()\n    return seen, total\nprint(f(losses, odd[:1]))",
    "def f(steps):\n    total = 0.0\n    i = 0\n    while i < len(steps):\n        loss = steps[i]\n        i += 1\n        total += loss.item()\n    return total\nprint(f(losses))",
]  # fmt: skip
ALONE = [
    "def f(steps):\n    total = 0.0\n    for loss in steps:\n        total += loss.item()\n        if total > 3:\n            break\n    return total\nprint(f(losses))",
    "def f(steps):\n    total = 0.0\n    for loss in steps:\n        total += loss.item() / 3\n    return total\nprint(f(losses))",
    "def f(steps):\n    total = 0.0\n    try:\n        for loss in steps:\n            total += loss.item()\n    except AttributeError:\n        pass\n    return total\nprint(f([*losses, 3]))",
    "def f(steps):\n    total = 0.0\n    def g():\n        return total\n    for loss in steps:\n        total += loss.item()\n        print(g())\nf(losses)",
    "total = 0.0\nfor loss in losses:\n    total += loss.item()\nprint(total)",
    "def f(steps):\n    global total\n    total = 0.0\n    for loss in steps:\n        total += loss.item()\nf(losses)\nprint(total)",
    "def f(steps, seen):\n    for loss in steps:\n        seen.append(loss.item())\nkept = []\nf(losses, kept)\nprint(kept)",
    "class T:\n    pass\ndef f(steps):\n    seen = []\n    t = T()\n    t.seen = seen\n    for loss in steps:\n        seen.append(loss.item())\n        print(t.seen)\nf(losses)",
    "def f(steps):\n    seen = []\n    for loss in steps:\n        seen.append(loss.item())\n        print(len(seen))\nf(losses)",
    "def f(steps):\n    right = 0.0\n    for a in steps:\n        right += (a == 1).sum().item()\n    return right\nprint(f([torch.arange(9) % 3, torch.ones(7)]))",
    "def f(steps):\n    total = torch.zeros(1)\n    for a in steps:\n        total += a.item()\n    return total\nprint(f(losses))",
    "def f(steps):\n    total = ''\n    for a in steps:\n        total += a.item()\ntry:\n    f(losses)\nexcept TypeError as e:\n    print(e)",
    "def f(steps):\n    with torch.cuda.stream(None):\n        total = 0.0\n        for loss in steps:\n            total += loss.item()\n    return total\nprint(f)",
    "def f(steps):\n    if steps:\n        total = 0.0\n    for loss in steps:\n        total += loss.item()\ntry:\n    f(iter([]))\n    f([])\nexcept UnboundLocalError as e:\n    print(e)",
    "def f(steps):\n    total = 0.0\n    for loss in steps:\n        total += loss.item()\n        yield loss\n    else:\n        print(total)\nprint(list(f(losses)))",
    # an error that a `with` swallows, tensors that come into a sum or list elsewhere, sizes that are no whole numbers
    "import contextlib\ndef f(steps):\n    total = 0.0\n    with contextlib.suppress(AttributeError):\n        for loss in steps:\n            total += loss.item()\n    return total\nprint(f([*losses, 3]))",
    "def f(steps):\n    seen = []\n    seen.append(steps[0])\n    for loss in steps:\n        seen.append(loss.item())\n    return seen\nprint(f(losses))",
    "def f(steps):\n    seen = []\n    seen.extend(steps)\n    for loss in steps:\n        seen.append(loss.item())\n    return seen\nprint(f(losses))",
    "def f(steps):\n    seen = []\n    for k in range(2):\n        for loss in steps:\n            seen.append(loss.item())\n        seen.append(loss)\n    return seen\nprint(f(losses))",
    "def f(steps):\n    total = 0.0\n    total += steps[0]\n    for loss in steps:\n        total += loss.item()\n    return total\nprint(f(losses))",
    "class S(dict):\n    def size(self, k):\n        return 2**70\ndef f(steps):\n    y = S()\n    total = 0.0\n    for loss in steps:\n        total += loss.item() * y.size(0)\n    return total\nprint(f(losses))",
    "import numpy as np\nclass S:\n    shape = (np.float32(3.3),)\ndef f(steps):\n    y = S()\n    total = 0.0\n    for loss in steps:\n        total += loss.item() * y.shape[0]\n    return total\nprint(repr(f(losses)))",
    "def f(steps):\n    n = 1180591620717411303424\n    for loss in steps:\n        n += loss.item()\n    return n\nprint(f(losses))",
]  # fmt: skip


@pytest.mark.parametrize("program", CHANGED, ids=[str(i) for i in range(len(CHANGED))])
def test_same(tmp_path: Path, program: str) -> None:
    (made, *_) = changed(ReadLater(), tmp_path, HEAD + program + "\n")
    lifted = made.replace("not value.is_cuda", "not value.is_cpu")
    assert lifted != made
    assert observe(lifted) == observe(HEAD + program + "\n")


@pytest.mark.parametrize("program", ALONE, ids=[str(i) for i in range(len(ALONE))])
def test_left_alone(tmp_path: Path, program: str) -> None:
    left_alone(ReadLater(), tmp_path, HEAD + program + "\n")


def test_only_where_a_card_is_named(tmp_path: Path) -> None:
    program = (HEAD + CHANGED[0] + "\n").replace('"cuda" if torch.cuda.is_available() else "cpu"', '"cpu"')
    assert not changes(ReadLater(), work_of(tmp_path, program))


def test_only_where_tensors_were_not_seen_elsewhere(tmp_path: Path) -> None:
    work = work_of(tmp_path, HEAD + CHANGED[0] + "\n")
    fact = describe(torch.ones(()))
    net = describe(torch.nn.Linear(1, 1))
    for facts, offered in (
        ((fact,), False),
        ((net,), False),
        ((fact, replace(fact, note=("device=cuda",))), True),
        ((), True),
    ):
        regions = {
            r.id: RegionFacts(r.id, types={"loss": facts}) for r in regions_of(work.source("script.py"), entry=True)
        }
        assert bool(changes(ReadLater(), work, Facts(regions=regions))) is offered


def test_the_line_behind_the_loop(tmp_path: Path) -> None:
    work = work_of(tmp_path, HEAD + CHANGED[2] + "\n")
    after = changes(ReadLater(), work)[-1].apply(work).source("script.py").text
    assert "            total = _number(total)\n" not in after
    assert "        total = _number(total)\n        print(repr(total))\n" in after
    assert "total = total + _later(loss, total) * loss.shape[0]\n" in after
