"""HST401 of networks: rows asked one by one become few calls, and what could tell the difference keeps its loop."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from hasten.passes.source.batch import BatchedCalls
from tests.passes.test_batch import changes, output, took_fast_path, workload

pytest.importorskip("torch")

HEAD = """
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(5)
rng = np.random.default_rng(5)
X = rng.normal(size=(40, 6)).astype(np.float32)
records = [(row.tolist(), i % 3) for i, row in enumerate(X)]

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 8)
        self.bn = nn.BatchNorm1d(8)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(8, 3)

    def forward(self, x):
        x = torch.relu(self.bn(self.fc(x)))
        return self.out(self.drop(x))

model = Net()
model.eval()
found = []
"""
LOOP = """
for features, label in records:
    x = torch.tensor(features).unsqueeze(0)
    out = model(x)
    found.append(round(torch.softmax(out, dim=1).max().item(), 4))
print(found, torch.rand(1).item())
"""


def texts(tmp_path: Path, body: str) -> list[str]:
    """All candidates, each of which prints what the original prints."""
    text = HEAD + textwrap.dedent(body)
    work = workload(tmp_path, text)
    expected = output(text)
    found = [c.apply(work).source("script.py").text for c in changes(BatchedCalls(), work)]
    for new in found:
        assert output(new) == expected, new
    return found


def fast(found: list[str]) -> bool:
    return any(took_fast_path(text, "_one_forward") for text in found)


BATCHED = {
    "records": LOOP,
    "rows of no number": "records[7] = ([float('nan')] * 6, 0)" + LOOP,
    "a comprehension": "print([model(torch.tensor(f).unsqueeze(0)).argmax(dim=1).item() for f, _ in records])",
    "dropout and batches that learn, but not where they are used": """
        class Other(Net):
            pass
        class Plain(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(6, 3)
                self.drop = nn.Dropout(0.5)
            def forward(self, x):
                return F.log_softmax(self.fc(x), dim=-1)
        model = Plain()
        """
    + textwrap.indent(LOOP, " " * 8),
    "layers of PyTorch alone, in a function": """
        def classes(net, table):
            good = 0
            for i in range(len(table)):
                row = torch.from_numpy(table[i])
                guess = net(row.reshape(1, -1)).argmax(1)
                if guess == i % 2:
                    good += 1
            return good
        print(classes(nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 2)), X))
        """,
    "pictures, features kept as arrays": """
        class Body(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(1, 4, 3, padding=1)
                self.width = 4
                self.fc = nn.Linear(16, 2)
            def forward(self, x):
                x = x + torch.sigmoid(x)
                x = F.max_pool2d(F.relu(self.conv(x)), 2)
                x = x.view(x.size(0), self.width, -1)
                return self.fc(torch.flatten(x, 1)) / 2
        pictures = rng.integers(0, 255, (30, 4, 4)).astype(np.uint8)
        body = Body()
        features = []
        for picture in pictures:
            x = torch.from_numpy(picture.astype(np.float32) / 255.0)
            x = x.unsqueeze(0).unsqueeze(0)
            features.append(body(x).squeeze(0).detach().numpy())
        features[0][0] = 7.0
        print(np.round(np.array(features), 4).tolist())
        """,
    "tokens through an LSTM": """
        class Reader(nn.Module):
            def __init__(self):
                super().__init__()
                self.words = nn.Embedding(20, 5)
                self.lstm = nn.LSTM(5, 6, batch_first=True)
                self.out = nn.Linear(6, 2)
            def forward(self, tokens):
                out, (h, c) = self.lstm(self.words(tokens))
                return self.out(h[-1]) + self.out(out[:, -1, :]) * 0.5
        reader = Reader()
        texts = rng.integers(0, 20, (30, 7)).tolist()
        for t in texts:
            score = reader(torch.tensor([t]))
            found.append((score[0, 0] > score[0, 1]).item())
        print(found)
        """,
    "threads stay as they were": LOOP + "\nprint(torch.get_num_threads())\n",
    "gradients off in every turn": """
        outs = []
        for features, label in records:
            x = torch.tensor(features)
            with torch.no_grad():
                x = x.unsqueeze(0)
                out = model(x)
            outs.append(out)
        print([round(o.sum().item(), 4) for o in outs], outs[0].requires_grad, torch.is_grad_enabled())
        """,
    "inference in every turn": """
        for features, label in records:
            with torch.inference_mode():
                guess = model(torch.tensor(features).unsqueeze(0)).argmax(dim=1)
            found.append(int(guess))
        print(found)
        """,
    "kept as tensors where no gradients are": """
        outs = []
        with torch.no_grad():
            for f, _ in records:
                outs.append(model(torch.tensor(f).unsqueeze(0)))
        print([round(o.sum().item(), 4) for o in outs], outs[0].requires_grad)
        """,
}


@pytest.mark.parametrize("case", BATCHED)
def test_rows_are_asked_at_once(case: str, tmp_path: Path) -> None:
    assert fast(texts(tmp_path, BATCHED[case]))


def test_what_only_the_row_needs_is_not_made_twice(tmp_path: Path) -> None:
    new = texts(tmp_path, LOOP)[0]
    branch = new[new.index("if forward_results is not None") :]
    assert branch.count("torch.tensor(features)") == 1  # of the loop that was there


CLASS = """
class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 3)
        self.calls = 0
        self.lstm = nn.LSTM(6, 3)
        self.steps = nn.LSTM(6, 3, batch_first=True)
    def forward(self, x):
        BODY
model = Mixed()
"""
MIXED = {
    "less the mean of rows": "return self.fc(x - x.mean(dim=0))",
    "softmax over rows": "return torch.softmax(self.fc(x), dim=0)",
    "softmax over the only dimension": "return torch.softmax(self.fc(x).sum(dim=1), dim=-1).unsqueeze(1)",
    "the sum of all": "return self.fc(x / x.abs().sum())",
    "counted": "self.calls += 1; return self.fc(x) + self.calls",
    "how many rows": "return self.fc(x) * x.size(0)",
    "how many rows by shape": "return self.fc(x) * (x.shape[0] + 1)",
    "laid over each other": "return self.fc(x) + self.fc(x).sum(dim=1)",
    "rows to each other": "return self.fc(x) + torch.matmul(self.fc(x), self.fc(x).t()).sum()",
    "reshaped over rows": "return self.fc(x).reshape(-1, 1).reshape(3, -1).t()",
    "of the first row": "return self.fc(x) + self.fc(x)[0]",
    "rows as steps": "return self.lstm(x)[0]",
    "rows as steps of one": "return self.steps(x)[0]",
    "drawn": "return self.fc(F.dropout(x, 0.5))",
    "noise": "return self.fc(x) + torch.randn(3)",
    "in place": "x += 1; return self.fc(x)",
    "branches": "return self.fc(x) if x.sum() > 0 else -self.fc(x)",
    "sorted": "return self.fc(x.sort(dim=0)[0])",
    "flipped": "return self.fc(x.flip(0))",
    "summed up along rows": "return torch.cumsum(self.fc(x), 0)",
    "tensor of its own": "return self.fc(x) + torch.arange(x.size(0)).unsqueeze(1)",
}


@pytest.mark.parametrize("case", MIXED)
def test_rows_that_are_not_by_themselves_are_left_alone(case: str, tmp_path: Path) -> None:
    assert not fast(texts(tmp_path, CLASS.replace("BODY", MIXED[case]) + LOOP))


HOSTILE = {
    "dropout draws": "model.train(); model.bn.eval()",
    "batches learn": "model.bn.train()\nX = torch.tensor(X)",
    "a hook": "model.fc.register_forward_hook(lambda m, a, o: found.append(len(o)))",
    "a hook before": "model.register_forward_pre_hook(lambda m, a: found.append(len(a[0])))",
    "a hook everywhere": "hook = torch.nn.modules.module.register_module_forward_hook(lambda m, a, o: found.append(0))",
    "forward replaced": "Net.forward = lambda self, x: self.out(self.fc(x - x.mean(dim=0)))",
    "forward of one replaced": "model.forward = lambda x: torch.softmax(x, dim=0)",
    "forward of a layer replaced": "model.fc.forward = lambda x: torch.zeros(1, 8) + len(x)",
    "a layer replaced": """
        class Odd(nn.Module):
            def forward(self, x):
                return (x - x.mean(0)).repeat(1, 2)[:, :8]
        model.fc = Odd()
        """,
    "called otherwise": """
        class Loud(Net):
            def __call__(self, x):
                print(len(x))
                return super().__call__(x)
        model = Loud().eval()
        """,
    "weights worked out anew": "torch.nn.utils.parametrizations.spectral_norm(model.fc.train())",
    "whole numbers": "records[7] = ([1] * 6, 0)",
    "another length": "records = [r for r in records if True]; records.insert(5, ([0.5] * 5, 0))",
    "nothing": "records = []",
    "one": "records = records[:1]",
    "an iterator": "records = iter(records)",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_modules_that_do_more_are_left_alone(case: str, tmp_path: Path) -> None:
    found = texts(tmp_path, textwrap.dedent(HOSTILE[case]) + LOOP + "\nmodel.bn and print(model.bn.running_mean.sum())\n"
                  + ("hook.remove()\n" if "hook =" in HOSTILE[case] else ""))  # fmt: skip
    assert not fast(found)


SEEN = {
    "a gradient is asked for": """
        for f, label in records:
            loss = F.cross_entropy(model(torch.tensor(f).unsqueeze(0)), torch.tensor([label]))
            loss.backward()
            found.append(round(loss.item(), 4))
        print(found, round(model.fc.weight.grad.sum().item(), 3))
        """,
    "results are kept": """
        for f, label in records:
            found.append(model(torch.tensor(f).unsqueeze(0)))
        print(found[0].requires_grad, len(found))
        """,
    "results are kept under a name": """
        for f, label in records:
            best, at = torch.max(model(torch.tensor(f).unsqueeze(0)), dim=1)
        print(best.requires_grad, at.item())
        """,
    "results of inference are kept": """
        for f, label in records:
            with torch.inference_mode():
                out = model(torch.tensor(f).unsqueeze(0))
            found.append(out)
        print(found[0].is_inference(), found[0].requires_grad)
        """,
    "a with of another kind": """
        import contextlib
        for f, label in records:
            with contextlib.redirect_stdout(None):
                out = model(torch.tensor(f).unsqueeze(0))
            found.append(out.argmax().item())
        print(found)
        """,
    "gradients on again": """
        with torch.no_grad():
            for f, label in records:
                with torch.enable_grad():
                    out = model(torch.tensor(f).unsqueeze(0))
                found.append(out)
        print(found[0].requires_grad)
        """,
    "results are shown": """
        for f, label in records[:3]:
            out = model(torch.tensor(f).unsqueeze(0))
            print("grad_fn" in str(out))
        """,
    "an array of what needs a gradient": """
        try:
            for f, label in records:
                found.append(model(torch.tensor(f).unsqueeze(0)).numpy())
        except RuntimeError:
            print("no", len(found))
        """,
    "a row that needs a gradient": """
        scale = torch.ones(6, requires_grad=True)
        for f, label in records:
            found.append(round(model((torch.tensor(f) * scale).unsqueeze(0)).sum().item(), 4))
        print(found)
        """,
    "one row after the other's answer": """
        x = torch.ones(1, 6)
        for i in range(20):
            out = model(x)
            x = torch.cat([out, out], 1).detach()
        print([round(v, 4) for v in x[0].tolist()])
        """,
    "weights change": """
        weights = model.fc.weight.detach().numpy()
        for f, label in records:
            found.append(round(model(torch.tensor(f).unsqueeze(0)).sum().item(), 4))
            weights[0, 0] += 0.5
        print(found)
        """,
    "rows change through another name": """
        other = X
        for i in range(len(X)):
            found.append(round(model(torch.from_numpy(X[i]).unsqueeze(0)).sum().item(), 4))
            other[(i + 1) % 40, 0] = i
        print(found)
        """,
    "rows change": """
        for i in range(len(X)):
            guess = model(torch.from_numpy(X[i]).unsqueeze(0)).argmax().item()
            X[(i + 1) % 40, 0] = guess
            found.append(guess)
        print(found)
        """,
    "layers change": """
        for i in range(len(X)):
            found.append(model(torch.from_numpy(X[i]).unsqueeze(0)).argmax().item())
            model.fc.weight.data.mul_(1.5)
        print(found)
        """,
    "other numbers inside": """
        with torch.autocast("cpu", torch.bfloat16):
            for f, label in records:
                found.append(round(model(torch.tensor(f).unsqueeze(0)).float().sum().item(), 3))
        print(found)
        """,
    "an index that is none": """
        class Words(nn.Module):
            def __init__(self):
                super().__init__()
                self.words = nn.Embedding(4, 3)
            def forward(self, x):
                return self.words(x).mean(dim=1)
        words = Words()
        try:
            for i in range(6):
                found.append(round(words(torch.tensor([[i, 0]])).sum().item(), 4))
        except IndexError as error:
            print(found, error)
        """,
}


@pytest.mark.parametrize("case", SEEN)
def test_what_would_be_noticed_keeps_its_loop(case: str, tmp_path: Path) -> None:
    assert not fast(texts(tmp_path, SEEN[case]))
