"""Elements of tensors read at once: the same numbers, and nothing where a loop could tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.torch_calls.reads import HELPER, ElementsAtOnce
from tests.passes.test_containers_harness import changed, changes, left_alone, work_of

torch = pytest.importorskip("torch")
HEAD = (
    "import torch\nimport math\ntorch.manual_seed(0)\np, y, q = torch.rand(7), torch.arange(7) % 3, torch.arange(7)\n"
)

CHANGED = [
    "out = []\nfor v in p:\n    out.append(v.item())\nprint(out)",
    "def f(p, y):\n    a, b = [], []\n    for v, t in zip(p, y):\n        a.append(v.item())\n        b.append(int(t.item()))\n    return a, b\nprint(f(p, y), f([torch.ones(1)], [torch.zeros(1)]))",
    "print([v.item() for v in p])",
    "print(sum(v.item() for v in p), max(v.item() for v in y))",
    "print({i: v.item() for i, v in enumerate(y)})",
    "right = 0\nfor i in range(len(y)):\n    if y[i].item() == q[i].item():\n        right += 1\nprint(right)",
    "right = 0\nfor i in range(y.shape[0]):\n    right += int(y[i] == q[i].item()) if y[i].item() else 0\nprint(right)",
    "right = 0\nfor a, b in zip(y, q):\n    if a == b and a.item() < 9:\n        right += 1\n    elif not a:\n        right += 10\nprint(right)",
    "right = 0\nfor i in range(y.size(0)):\n    if y[i] == q[i]:\n        right += q[i].item()\nprint(right)",
    "def f(n):\n    return [p[i].item() for i in range(n)]\nprint(f(7), f(3))\ntry:\n    f(9)\nexcept IndexError as e:\n    print(e)",
    "cm = [[0] * 3 for _ in range(3)]\nfor a, b in zip(y, q % 3):\n    cm[a.item()][b.item()] += 1\nprint(cm)",
    "counts = {}\nfor a in y:\n    k = a.item()\n    counts[k] = counts.get(k, 0) + 1\nprint(counts)",
    "total = 0.0\nfor v in p:\n    total += math.log(v.item())\nprint(repr(total))",
    "w = torch.nn.Parameter(torch.ones(3) / 3)\nprint([v.item() for v in w], [v.item() for v in -w])",
    "right = 0\nfor a, b in zip((p * 3).argmax(0).reshape(1), y):\n    right += a.item() + b.item()\nprint(right)",
    "for v in p:\n    if v.item() > 0.5:\n        print(v.item())\n        break\nelse:\n    print('none')",
    "print([v.item() for v in p])\np.resize_(9)\nprint(len(p), [q[i].item() for i in range(len(q))])\nq.resize_(3)\nprint(q)",
    "def f(n):\n    return [p[i].item() for i in range(n)]\nprint(f(0), f(-3), f(2))",
    "print({int(v) for v in torch.arange(9)[2:]}, [float(v) for v in p.sigmoid().detach()])\ns = torch.sigmoid(p)\nprint([float(v) for v in s])",
    "def f(n):\n    return [p[i].item() for i in range(n)]\nfor n in (2.0, 'a', torch.tensor(3)):\n    try:\n        print(f(n))\n    except TypeError as e:\n        print(e)",
    "cm = torch.zeros(3, 3)\nfor a, b in zip(y, q):\n    cm[a.item(), b.item() % 3] += 1\nprint(cm)",
    "for v in [1, 2]:\n    print(v)\nfor v in p:\n    print(v.item())\nfor v in [3]:\n    print(v)",
    "for i, (a, b) in enumerate(zip(p, y)):\n    print(i, a.item(), b.item())",
    # not what the loop was written for: as before
    "def f(values):\n    return [v.item() for v in values]\nprint(f(torch.ones(0)), f(torch.ones(2, 1)), f(torch.tensor([1 + 2j])))\nprint(f(torch.tensor([0.1, float('nan'), -0.0], dtype=torch.bfloat16)))\nprint(f([torch.tensor(3)]), f(iter(p)), f(torch.ones(3).to_sparse().to_dense()))\ntry:\n    f(torch.ones(2, 2))\nexcept RuntimeError as e:\n    print(e)\ntry:\n    f(torch.tensor(1.0))\nexcept TypeError as e:\n    print(e)\ntry:\n    f([1.0])\nexcept AttributeError as e:\n    print(e)",
    "def f(values):\n    out = []\n    for v in values:\n        v.item()\n        try_ = 0\n        out.append(int(v))\n    return out\nfor bad in (float('nan'), float('inf'), 1e30):\n    try:\n        print(f(torch.tensor([1.5, bad])))\n    except (ValueError, OverflowError) as e:\n        print(type(e), e)",
    "def f(a, b):\n    return [i.item() for i, j in zip(a, b) if i == j]\nprint(f(y, q), f(y, q.double()), f(y.double(), q), f(y.to(torch.uint8), q.to(torch.int8) - 1), f(y > 0, q > 0), f(y, [0, 1, 2]))\nprint(f(torch.tensor([2**53 + 1]), torch.tensor([2.0**53])), f(torch.tensor([2**24 + 1]), torch.tensor([2.0**24])))",
    "def g(x):\n    return x.sum() * sum(v.item() for v in x)\nprint(torch.func.grad(g)(p))",
    "out = []\nfor v, w in zip(p.sigmoid(), (p > 0.5).int()):\n    out.append((v.item(), w.item()))\nprint(out)",
    "def g():\n    for v in p:\n        p.mul_(2)\n        yield v\ndef f(a, b):\n    return [(i.item(), j.item()) for i, j in zip(a, b)]\nprint(f(p, g()))",
]  # fmt: skip


@pytest.mark.parametrize("program", CHANGED, ids=[str(i) for i in range(len(CHANGED))])
def test_same(tmp_path: Path, program: str) -> None:
    made = changed(ElementsAtOnce(), tmp_path, HEAD + program + "\n")
    assert all("_elements(" in text.partition("manual_seed")[2] for text in made)


KINDS = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64")


def test_numbers_of_every_type(tmp_path: Path) -> None:
    program = f"""
import torch
def f(values):
    return [v.item() for v in values]
hard = [0.1, -0.0, 1e-45, 3e38, 65504.0, float("inf"), float("nan"), 1.0]
for kind in {KINDS!r}:
    kind = getattr(torch, kind)
    values = torch.tensor(hard if kind.is_floating_point else [0, 1, 127], dtype=kind)
    for each in (values, values[::2], values.flip(0), values.requires_grad_(kind.is_floating_point)):
        print(kind, [(type(v), repr(v)) for v in f(each)])
"""
    assert changed(ElementsAtOnce(), tmp_path, program)


ALONE = [
    "for v in [1, 2]:\n    for v in p:\n        x = v.item()\n    print(v)",
    "cm = torch.zeros(3)\nfor v in cm:\n    cm[2] += 1\n    print(v.item())",
    "cm = torch.zeros(3)\nw = cm[1:]\nfor v in w:\n    cm[2] += 1\n    print(v.item())",
    "import numpy as np\nm = np.zeros(3)\nw = torch.from_numpy(m)\nfor v in w:\n    m[2] = 1\n    print(v.item())",
    "rows = [p]\nfor v in p:\n    rows[0][3] = 2.0\n    print(v.item())",
    "class L:\n    def __len__(self):\n        print('asked')\n        return 7\nn = L()\nfor i in range(len(n)):\n    print(p[i].item())",
    "class L:\n    def __init__(self):\n        self.n = 0\n    @property\n    def y(self):\n        self.n += 1\n        return y\nq = L()\nprint([(a.item(), b.item()) for a, b in zip(p, q.y)], q.n)",
    "torch.Tensor.item = lambda self: 3\nprint([v.item() for v in p])\ndel torch.Tensor.item",
    "torch.Tensor.__round__ = lambda self: 3.0\nprint([v.item() for v in p])\ndel torch.Tensor.__round__",
    "def f():\n    for i in range(7):\n        if p[i].item() > 0.1:\n            return i\nprint(f())",
    "out = [v for v in p]\nprint(out)",
    "out = []\nfor v in p:\n    out.append(v)\n    v.item()\nprint(out)",
    "for v in p:\n    p.mul_(2)\n    print(v.item())",
    "h = p[2:]\nfor v in p:\n    h += 1\n    print(v.item())",
    "h = p\nfor v in p:\n    h[3] = 1\n    print(v.item())",
    "d = {'a': p}\nfor v in p:\n    d['a'] += v.item()\nprint(p)",
    "d = {}\nd['a'] = p\nfor v in p:\n    d['a'] += v.item()\nprint(p)",
    "d = [0]\nd.append(p)\nfor v in p:\n    d[1] += v.item()\nprint(p)",
    "class T:\n    pass\nt = T()\nt.total = 0\nt.total = p\nfor v in p:\n    t.total += v.item()\nprint(p)",
    "def touch():\n    p.add_(1)\nfor v in p:\n    touch()\n    print(v.item())",
    "class C:\n    def append(self, x):\n        p.add_(1)\nout = C()\nfor v in p:\n    out.append(v.item())\nprint(p)",
    "class C:\n    def __getitem__(self, x):\n        p.add_(1)\n        return 0\nout = C()\nfor v in p:\n    print(out[0], v.item())",
    "class C:\n    def __add__(self, x):\n        p.add_(1)\n        return self\nout = C()\nfor v in p:\n    print(type(out + 1), v.item())",
    "class C:\n    @property\n    def n(self):\n        p.add_(1)\n        return 1\nc = C()\nfor v in p:\n    print(c.n, v.item())",
    "for v in p:\n    x = v.item()\nprint(v)",
    "for v in p:\n    x = v.item()\n    v = 3\nprint(v)",
    "g = (v.item() for v in p)\np.add_(1)\nprint(list(g))",
    "def g():\n    for v in p:\n        yield v.item()\nfor x in g():\n    p.add_(1)\n    print(x)",
    "for v in p:\n    f = lambda: v\n    x = v.item()\nprint(f())",
    "for v in p:\n    print(v.item(), v.shape)",
    "for v in p:\n    print(v + 1, v.item())",
    "for v in p:\n    if v == 0.5 or v.item() > 3:\n        print(1)",
    "for i in range(7):\n    p[i] = 3\n    print(p[i].item())",
    "for i in range(7):\n    i += 0\n    print(p[i].item())",
    "for i in range(-3, 3):\n    print(p[i].item())",
    "for i in range(7):\n    p = p + 1\n    print(p[i].item())",
    "def f():\n    for i in range(3):\n        print(late[i].item())\ntry:\n    f()\nexcept NameError as e:\n    print(e)\nlate = p",
    "print(f'{[v.item() for v in p]}')",
    "total = p[0]\nfor v in p:\n    total += v.item()\nprint(total, p)",
    "eval('1')\nprint([v.item() for v in p])",
    "@torch.jit.script\ndef f(x: torch.Tensor):\n    return x + 1\nprint(f(p), [v.item() for v in p])",
    "for v in p:\n    print(min(x for x in [1, 2]), v.item())",
    "import threading\nprint([v.item() for v in p])",
    "cm = torch.zeros(3)\nw = cm\nfor v in w:\n    cm[2] += 1\n    print(v.item())",
    # what goes beside it writes into it, or something else in the loop does that no name tells
    "for a, b in zip(p, p.mul_(2) * 1):\n    print(a.item(), b.item())",
    "def touch():\n    p.mul_(3)\n    return torch.ones(7)\nfor a, b in zip(p, touch() + 0):\n    print(a.item(), b.item())",
    "for a, b in zip(p, q.view(p.mul_(2).numel())):\n    print(a.item(), b.item())",
    "def gen():\n    for i in range(9):\n        p.mul_(2)\n        yield i\ng = gen()\nfor v in p:\n    print(v.item(), 3 in g)",
    "def gen():\n    for i in range(2):\n        p.mul_(2)\n        yield i\ng = gen()\nfor v in p:\n    a, b = g if g else (1, 2)\n    print(v.item())\n    g = ()",
    "def gen():\n    yield p.mul_(2).numel()\ng, out = gen(), [0] * 3\nfor v in p:\n    out[0:1] = g\n    print(v.item())",
    "def f(rows):\n    for v, (a, b) in zip(p, rows):\n        print(v.item(), b)\nf([map(lambda i: p.mul_(2), range(2)) for _ in range(3)])",
    "import numpy as np\nm = p.numpy()\nfor v in p:\n    np.maximum(m, 9, m)\n    print(v.item())",
    "import numpy as np\nm = p.numpy()\nfor v in p:\n    np.sqrt(m, m)\n    print(v.item())",
    "import collections\nd = collections.defaultdict(lambda: p.mul_(2))\nfor v in p:\n    d[v.item()]\n    print(v.item())",
    "import collections\ndef f(d):\n    for v in p:\n        print(d[v.item()])\nf(collections.defaultdict(lambda: p.mul_(2)))",
    "class A:\n    n = property(lambda self: p.mul_(2))\na = A()\nfor v in p:\n    print(a.n, v.item())",
    "from types import SimpleNamespace\nw = SimpleNamespace(get=lambda: p.mul_(2))\nfor v in p:\n    w.get()\n    print(v.item())",
    "import collections\nclass F(collections.defaultdict):\n    pass\nd = F(lambda: p.mul_(2))\nfor v in p:\n    d[v.item()]\n    print(v.item())",
    "c = type('C', (), {'append': lambda self, x: p.mul_(2)})()\nfor v in p:\n    c.append(2)\n    print(v.item())",
    "import unittest.mock as um\nc = um.Mock(append=lambda x: p.mul_(2))\nfor v in p:\n    c.append(2)\n    print(v.item())",
    "import argparse\nc = argparse.Namespace(append=lambda x: p.mul_(2))\nfor v in p:\n    c.append(2)\n    print(v.item())",
    "from collections import namedtuple\nC = namedtuple('C', 'append x')\nc = C(lambda x: p.mul_(2), 1)\nfor v in p:\n    c.append(2)\n    print(v.item())",
    "import sys\nclass O:\n    pass\no = O()\no.write = lambda s: p.mul_(2)\nold, sys.stdout = sys.stdout, o\nout = []\nfor v in p:\n    print(1)\n    out.append(v.item())\nsys.stdout = old\nprint(out)",
    "import sys, io\nclass O(io.StringIO):\n    def flush(self):\n        p.mul_(2)\nold, sys.stdout = sys.stdout, O()\nout = []\nfor v in p:\n    print(1, flush=True)\n    out.append(v.item())\nsys.stdout = old\nprint(out)",
    "import re\ndef g(m):\n    p.mul_(2)\n    return ''\nfor v in p:\n    re.sub('a', g, 'a')\n    print(v.item())",
    "import json\ndef g(m):\n    p.mul_(2)\n    return ''\nfor v in p:\n    json.loads('{}', object_hook=g)\n    print(v.item())",
    "for v in p:\n    torch.nn.functional.normalize(p, 2.0, 0, 1e-12, p)\n    print(v.item())",
    "import weakref\nclass K:\n    pass\nk = K()\nr = weakref.finalize(k, p.mul_, 2)\nfor v in p:\n    k = None\n    print(v.item())",
]  # fmt: skip


@pytest.mark.parametrize("program", ALONE, ids=[str(i) for i in range(len(ALONE))])
def test_left_alone(tmp_path: Path, program: str) -> None:
    left_alone(ElementsAtOnce(), tmp_path, HEAD + program + "\n")


def test_nothing_in_its_own_helper(tmp_path: Path) -> None:
    work = work_of(tmp_path, HEAD + CHANGED[0] + "\n")
    after = changes(ElementsAtOnce(), work)[-1].apply(work)
    assert HELPER in after.source("script.py").text
    again = [c.apply(after).source("script.py").text for c in changes(ElementsAtOnce(), after)]
    assert not again, again[0]
