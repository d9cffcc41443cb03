"""Small nets with their data."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hasten.core.model import ModelWorkload, Rows, Tensors  # noqa: E402
from hasten.serve.net import Net  # noqa: E402


class Words(torch.nn.Module):
    """Two inputs, lengths that may vary, scores in a mapping."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = torch.nn.Embedding(30, 8)
        self.line = torch.nn.Linear(8, 3)

    def forward(self, ids, mask):
        kept = mask.unsqueeze(-1).float()
        mean = (self.embed(ids) * kept).sum(1) / kept.sum(1).clamp(min=1)
        return {"hidden": mean, "logits": self.line(torch.relu(mean))}


class Pixels(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 8, 3, padding=1)
        self.norm = torch.nn.BatchNorm2d(8)
        self.line = torch.nn.Linear(8, 2)

    def forward(self, image):
        return self.line(torch.relu(self.norm(self.conv(image))).mean((2, 3)))


def _words(rows: int, seed: int) -> Rows:
    draw = np.random.default_rng(seed)
    ids = draw.integers(1, 30, (rows, 10))
    mask = (np.arange(10) < draw.integers(3, 11, (rows, 1))).astype(np.int64)
    return Rows(Tensors({"ids": ids, "mask": mask}), draw.integers(0, 3, rows))


def _pixels(rows: int, seed: int) -> Rows:
    draw = np.random.default_rng(seed)
    y = draw.integers(0, 2, rows)
    image = draw.normal(size=(rows, 1, 6, 6)).astype(np.float32) + y[:, None, None, None].astype(np.float32)
    return Rows(Tensors({"image": image}), y)


def _work(module: torch.nn.Module, made, names: tuple[str, ...], **more) -> ModelWorkload:
    net = Net(module, names)
    net.classes_ = np.arange(net.forward(made(2, 0).x).shape[1])
    return ModelWorkload(
        net, made(120, 1), test=made(120, 2), train=made(120, 3), task="classification", methods=("forward",), **more
    )


@pytest.fixture(scope="session")
def words() -> ModelWorkload:
    torch.manual_seed(0)
    return _work(Words(), _words, ("ids", "mask"), free={"ids": (1,), "mask": (1,)})


@pytest.fixture(scope="session")
def pixels() -> ModelWorkload:
    torch.manual_seed(0)
    module = Pixels()
    optimiser = torch.optim.Adam(module.parameters(), 0.05)
    rows = _pixels(200, 9)
    for _ in range(20):
        optimiser.zero_grad()
        scores = module(torch.from_numpy(rows.x.arrays["image"]))
        torch.nn.functional.cross_entropy(scores, torch.from_numpy(rows.y)).backward()
        optimiser.step()
    return _work(module, _pixels, ("image",))
