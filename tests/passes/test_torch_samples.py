"""Samples that are worked out once: the same batches, streams and errors, and who may not write into what they read."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.core.source import SourceFile
from hasten.passes.source.containers.syntax import module_of
from hasten.passes.source.torch_calls.sample_code import classes
from hasten.passes.source.torch_calls.samples import KeptSamples
from tests.passes.test_containers_harness import changed, changes, left_alone, work_of

TRAIN = """
import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, Dataset, Subset, random_split

COLUMNS = ["a", "b"]
VOCAB = {"x": 1, "y": 2}

def scale(values, by=2.0):
    out = []
    for v in values:
        out.append(v * by)
    return out

class Rows(Dataset):
    def __init__(self, frame, texts, kind="tuple"):
        self.frame = frame.reset_index(drop=True)
        self.mean = self.frame[COLUMNS].mean()
        self.texts, self.kind = texts, kind
    def __len__(self):
        return len(self.frame)
    def words(self, i):
        ids = [VOCAB.get(w, 0) for w in self.texts[i].lower().split()]
        return ids + [0] * (3 - len(ids))
    def __getitem__(self, i):
        row = self.frame.iloc[i]
        x = torch.tensor(scale([row[c] - self.mean[c] for c in COLUMNS]), dtype=torch.float32)
        ids = torch.tensor(self.words(i), dtype=torch.long)
        if self.kind == "dict":
            return {"x": x, "ids": ids, "text": self.texts[i], "n": float(i)}
        if self.kind == "array":
            return np.array([row["a"], i]), i
        if self.kind == "odd":
            return x, ids, row["c"]
        if self.kind == "ragged" and i > 2:
            return x, ids[:2] if i == 4 else ids
        return x, ids

def shown(batch):
    if isinstance(batch, dict):
        return {k: shown(v) for k, v in batch.items()}
    if isinstance(batch, torch.Tensor):
        return batch.tolist(), batch.dtype, batch.stride(), batch.is_inference(), batch.requires_grad
    return [shown(b) for b in batch] if isinstance(batch, (list, tuple)) else batch

def show(loader):
    for batch in loader:
        print(type(batch), shown(batch), torch.rand(1))

frame = pd.DataFrame({"a": np.arange(6) * 1.5, "b": [1, 2, 3, 4, 5, 6], "c": list("pqrstu")})
texts = ["x y", "Y", "z x y", "", "x", "y y"]
torch.manual_seed(1)
"""
LOOPS = """
data = Rows(frame, texts, KIND)
loaders = [
    DataLoader(data, batch_size=4, shuffle=True),
    DataLoader(Subset(data, [4, 0, 2]), batch_size=2),
    DataLoader(random_split(data, [4, 2])[0], batch_size=3, shuffle=True, generator=torch.Generator().manual_seed(5)),
    DataLoader(data, batch_size=5, drop_last=True),
    DataLoader(Subset(data, np.array([3, 1])), batch_size=2),
]
for epoch in range(3):
    for n, loader in enumerate(loaders):
        try:
            for i, batch in enumerate(loader):
                print(epoch, n, i, type(batch), shown(batch), torch.rand(1))
        except Exception as error:
            print(type(error), error)
    with torch.inference_mode():
        show(loaders[0])
    if epoch == 1:
        CHANGED
print(torch.rand(2))
"""


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("tuple", "pass"),
        ("dict", "pass"),
        ("array", "pass"),
        ("odd", "pass"),
        ("ragged", "pass"),
        # between the epochs all may change
        ("tuple", "data.kind = 'dict'"),
        ("tuple", "frame.loc[2, 'a'] = 50.0"),
        ("tuple", "data.frame.loc[2, 'a'] = 50.0"),
        ("tuple", "VOCAB['z'] = 9"),
        ("tuple", "COLUMNS[0] = 'b'"),
        ("tuple", "texts[1] = 'x x x'"),
        ("tuple", "data.extra = print"),
        ("tuple", "data.frame.index = data.frame.index[::-1]; data.frame['a'] = -data.frame['a']"),
    ],
)
def test_the_same_batches(tmp_path: Path, kind: str, change: str) -> None:
    pytest.importorskip("torch")
    text = TRAIN + LOOPS.replace("KIND", repr(kind)).replace("CHANGED", change)
    made = changed(KeptSamples(), tmp_path, text)
    assert any("enumerate(_kept_samples(loader))" in m for m in made)
    assert all("return (COLUMNS, VOCAB)" in m for m in made)


def test_samples_are_kept(tmp_path: Path) -> None:
    """Without its own code a second epoch still has all samples."""
    pytest.importorskip("torch")
    text = TRAIN + "def epoch(loader):\n    for batch in loader:\n        print(shown(batch))\n\n"
    text += "data = Rows(frame, texts)\nloader = DataLoader(data, batch_size=4)\nepoch(loader)\n"
    found = changes(KeptSamples(), work_of(tmp_path, text))
    assert all(c.later for c in found)
    made = [c.apply(work_of(tmp_path, text)).source("script.py").text for c in found]
    after = next(m for m in made if "def epoch(loader):\n    for batch in _kept_samples(loader):" in m)
    names: dict[str, object] = {"__name__": "__main__"}
    exec(compile(after + "del Rows.__getitem__\nepoch(loader)\n", "script.py", "exec"), names)
    with pytest.raises(NotImplementedError):
        exec(compile(after + "del Rows.__getitem__\ndata.kind = 'dict'\nepoch(loader)\n", "script.py", "exec"), names)


CLASS = """
import random
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

SEEN = []
STEP = 3

def noisy(x):
    return x + random.random()

def marked(rows):
    rows[0] = 1
    return rows

class D(Dataset):
    def __init__(self, x, transform=None):
        self.x, self.transform = x, transform
    def __len__(self):
        return len(self.x)
    def twice(self, i):
        return self.x[i] * 2
    def __getitem__(self, i):
        BODY
"""


@pytest.mark.parametrize(
    ("body", "known"),
    [
        ("return torch.tensor(self.x[i]), STEP", True),
        ("return self.twice(i)", True),
        ("out = np.zeros(3)\n        out[i % 3] += 1\n        return out", True),
        ("out = list(self.x[i])\n        out.append(1)\n        return torch.tensor(out)", True),
        ("return torch.tensor([float(c) for c in self.x[i]]).mean().unsqueeze(0)", True),
        ("if i > 99:\n            raise IndexError(i)\n        return sorted(self.x, key=lambda v: -v)[i]", True),
        ("return self.x[i] + random.random()", False),
        ("return noisy(self.x[i])", False),
        ("return self.x[i] + np.random.rand()", False),
        ("return self.x[i] + torch.rand(1)", False),
        ("return torch.tensor(self.x[i]).uniform_()", False),
        ("print(i)\n        return self.x[i]", False),
        ("SEEN.append(i)\n        return self.x[i]", False),
        ("self.last = i\n        return self.x[i]", False),
        ("self.x[i] += 1\n        return self.x[i]", False),
        ("x = self.x[i]\n        x += 1\n        return x", False),
        ("x = self.x[i]\n        x[0] = 1\n        return x", False),
        ("x = self.x[i]\n        x.append(1)\n        return x", False),
        ("return marked(self.x)", False),
        ("return self.transform(self.x[i])", False),
        ("return open(self.x[i]).read()", False),
        ("return self.x.pop()", False),
        ("global SEEN\n        SEEN = [i]\n        return i", False),
        ("import time\n        return time.time()", False),
        ("with torch.no_grad():\n            return self.x[i]", False),
        ("try:\n            return self.x[i]\n        except IndexError:\n            return 0", False),
        ("return next(self.x)", False),
        ("return self", False),
        ("return id(self.x)", False),
        ("return hash(self.x[i])", False),
        ("return np.empty(3)", False),
        ("return np.clip(self.x[i], 0, 1, out=self.x[i])", False),
        ("return self.x[i].to('cuda')", False),
        ("return Dataset()", False),
        ("return map(noisy, self.x)", False),
        ("f = noisy\n        return f(i)", False),
        ("return getattr(self, 'x')[i]", False),
    ],
)
def test_what_a_sample_may_do(body: str, known: bool) -> None:
    found = list(classes(module_of(SourceFile("a.py", CLASS.replace("BODY", body).encode()))))
    assert [c.name for c in found] == (["D"] if known else [])


@pytest.mark.parametrize(
    "extra",
    [
        "    def __getattr__(self, name):\n        return 1\n",
        "    def __eq__(self, other):\n        return True\n",
        "    @property\n    def y(self):\n        return random.random()\n",
        "    def __getitems__(self, rows):\n        return [1 for _ in rows]\n",
        "    x = 3\n",
        "torch.set_default_dtype(torch.float64)\n",
        "with device:\n    pass\n",
        "D = None\n",
    ],
)
def test_other_classes(extra: str) -> None:
    text = CLASS.replace("BODY", "return self.x[i]") + extra
    assert not list(classes(module_of(SourceFile("a.py", text.encode()))))


LOOP = """
x = torch.arange(12.0).reshape(6, 2)
view = x[:2]
other = np.zeros(3)
data = D(x)
loader = DataLoader(data, batch_size=4)
losses, level = [], 0
for epoch in range(2):
    for batch in loader:
        losses.append(float(batch.sum()))
        level += 1
        BODY
print(losses)
"""


@pytest.mark.parametrize(
    ("body", "known"),
    [
        ("other[0] += 1", True),
        ("batch += 1", True),
        ("x[0, 0] = 1", False),
        ("view.add_(1)", False),
        ("data.x = x + 1", False),
        ("data.x[0] = 3", False),
        ("touch()", False),
        ("loader.dataset.x.zero_()", False),
        ("np.add(other, 1, out=other)", True),
        ("torch.add(x, 1, out=x)", False),
        ("setattr(data, 'x', x * 2)", False),
    ],
)
def test_who_writes_while_a_loop_runs(tmp_path: Path, body: str, known: bool) -> None:
    pytest.importorskip("torch")
    text = (
        CLASS.replace("BODY", "return self.x[i] * 2") + "\ndef touch():\n    x.mul_(2)\n" + LOOP.replace("BODY", body)
    )
    if known:
        changed(KeptSamples(), tmp_path, text)
    else:
        left_alone(KeptSamples(), tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "import torch\nfor x in [1, 2]:\n    print(x)\n",
        TRAIN + LOOPS.replace("KIND", "'tuple'").replace("CHANGED", "del COLUMNS"),
        CLASS.replace("BODY", "return self.x[i]") + "for b in DataLoader(D([1, 2])):\n    print(b)\n",  # once
        CLASS.replace("BODY", "return self.x[i]") + "import threading\nloader = DataLoader(D([1, 2]))\nfor e in range(2):\n    for b in loader:\n        print(b)\n",
    ],
)  # fmt: skip
def test_left_alone(tmp_path: Path, text: str) -> None:
    left_alone(KeptSamples(), tmp_path, text)


def test_a_class_of_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.syspath_prepend(str(tmp_path))
    rows = """
import torch
from torch.utils.data import Dataset

class Halves(Dataset):
    def __init__(self, numbers):
        self.numbers = numbers
    def __len__(self):
        return len(self.numbers)
    def __getitem__(self, i):
        return torch.tensor([self.numbers[i] / 2, EXTRA])
"""
    uses = """
import torch
from torch.utils.data import DataLoader
from halves_of_mine import Halves

def run(loader):
    for n in range(3):
        for x in loader:
            print(x)

torch.manual_seed(0)
run(DataLoader(Halves([1.0, 2.0, 5.0]), batch_size=2, shuffle=True))
"""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "halves_of_mine.py").write_text(rows.replace("EXTRA", "1.0"))
    made = changed(KeptSamples(), tmp_path, uses)
    assert 'if _is_of(dataset, "Halves", "halves_of_mine.py"):\n        return ()' in made[0]
    other = tmp_path / "other"
    other.mkdir()
    (other / "halves_of_mine.py").write_text("EXTRA = 1.0\n" + rows)
    assert not changes(KeptSamples(), work_of(other, uses))  # of a variable that this file does not have
