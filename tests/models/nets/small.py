"""Small nets of many kinds with data, for what makes nets smaller."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as f

from hasten.core.model import ModelWorkload, Rows, Tensors
from hasten.serve.net import Net

ROWS = 64


class Convolutions(nn.Module):
    """Batch normalisation, a shortcut, a flattened map before linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(1, 24, 3, padding=1, bias=False), nn.BatchNorm2d(24)
        self.a, self.b = nn.Conv2d(24, 32, 3, padding=1), nn.Conv2d(32, 24, 3, padding=1)
        self.hidden, self.out = nn.Linear(24 * 9, 32), nn.Linear(32, 4)

    def forward(self, image: Any) -> Any:
        x = torch.relu(self.norm(self.stem(image)))
        x = f.max_pool2d(torch.relu(x + self.b(torch.relu(self.a(x)))), 2)
        return self.out(torch.relu(self.hidden(x.flatten(1))))


class Branches(nn.Module):
    """Joined branches, group and depthwise convolutions, group normalisation, probabilities as answers."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv1d(3, 16, 3, padding=1), nn.Conv1d(3, 16, 5, padding=2)
        self.norm = nn.BatchNorm1d(32)
        self.each = nn.Conv1d(32, 32, 3, padding=1, groups=32)
        self.some = nn.Conv1d(32, 32, 3, groups=2)
        self.groups = nn.GroupNorm(2, 32)
        self.out = nn.Linear(32, 3)

    def forward(self, signal: Any) -> Any:
        x = torch.relu(self.norm(torch.cat([self.one(signal), self.two(signal)], 1)))
        x = torch.relu(self.groups(self.some(f.hardswish(self.each(x)))))
        return torch.softmax(self.out(x.mean(-1)), 1)


class Recurrent(nn.Module):
    """Words through recurrent layers: all steps' answers, or the last state."""

    def __init__(self, kind: Any = nn.LSTM, *, sides: int = 1, levels: int = 1, last: bool = False) -> None:
        super().__init__()
        self.embed = nn.Embedding(40, 24)
        self.layer = kind(24, 32, levels, batch_first=True, bidirectional=sides == 2)
        self.line, self.last = nn.Linear(32 * sides, 2), last

    def forward(self, ids: Any) -> Any:
        steps, state = self.layer(self.embed(ids))
        if not self.last:
            return self.line(steps.max(1).values)
        state = state[0] if isinstance(state, tuple) else state
        return self.line(torch.cat([state[-2], state[-1]], 1) if self.layer.bidirectional else state[-1])


class Encoder(nn.Module):
    """A transformer encoder with a padding mask, learnt positions, and one number as its answer."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.places = nn.Embedding(40, 32), nn.Parameter(torch.randn(1, 10, 32) / 10)
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
        self.layers, self.line = nn.TransformerEncoder(layer, 2), nn.Linear(32, 1)

    def forward(self, ids: Any, mask: Any) -> Any:
        x = self.layers(self.embed(ids) + self.places[:, : ids.shape[1]], src_key_padding_mask=mask == 0)
        kept = mask.unsqueeze(-1).float()
        return self.line((x * kept).sum(1) / kept.sum(1)).squeeze(-1)


class ByHand(nn.Module):
    """Attention written out, its heads by division of widths that several layers share."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.heads = nn.Embedding(40, 32), 4
        self.q, self.k, self.v, self.o = (nn.Linear(32, 32) for _ in range(4))
        self.up, self.down, self.norm, self.line = (
            nn.Linear(32, 96),
            nn.Linear(96, 32),
            nn.LayerNorm(32),
            nn.Linear(32, 3),
        )

    def forward(self, ids: Any) -> Any:
        x = self.embed(ids)
        rows, steps, width = x.shape
        q, k, v = (
            p(x).view(rows, steps, self.heads, width // self.heads).transpose(1, 2) for p in (self.q, self.k, self.v)
        )
        x = x + self.o(f.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(rows, steps, width))
        return self.line(self.norm(x + self.down(f.gelu(self.up(x))))[:, 0])


class Ratings(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.users, self.items = nn.Embedding(50, 24), nn.Embedding(40, 24)
        self.score = nn.Sequential(
            nn.Linear(48, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1)
        )

    def forward(self, user: Any, item: Any) -> Any:
        return self.score(torch.cat([self.users(user), self.items(item)], -1)).squeeze(-1)


class Stubborn(nn.Module):
    """Its code holds the width of one layer as numbers, and reads the weights of another by name."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c, self.d = nn.Linear(20, 64), nn.Linear(64, 64), nn.Linear(64, 48), nn.Linear(32, 4)
        self.e = nn.Linear(48, 32)

    def forward(self, x: Any) -> Any:
        x = self.a(x).view(-1, 8, 8).transpose(1, 2).reshape(-1, 64)
        return self.d(torch.relu(self.e(torch.tanh(f.linear(torch.relu(self.b(x)), self.c.weight)))))


def data(name: str, rows: int = ROWS, seed: int = 0) -> tuple[Tensors, Any, str]:
    """Inputs, targets and the task of a net by its class's name."""
    draw = np.random.default_rng(seed)
    if name == "Convolutions":
        return Tensors({"image": _f(draw, rows, 1, 6, 6)}), draw.integers(0, 4, rows), "classification"
    if name == "Branches":
        return Tensors({"signal": _f(draw, rows, 3, 12)}), draw.integers(0, 3, rows), "classification"
    if name == "ByHand":
        return Tensors({"ids": draw.integers(0, 40, (rows, 6))}), draw.integers(0, 3, rows), "classification"
    if name == "Recurrent":
        return Tensors({"ids": draw.integers(0, 40, (rows, 7))}), draw.integers(0, 2, rows), "classification"
    if name == "Encoder":
        mask = (np.arange(10) < draw.integers(3, 11, (rows, 1))).astype(np.int64)
        return Tensors({"ids": draw.integers(0, 40, (rows, 10)), "mask": mask}), _f(draw, rows), "regression"
    if name == "Ratings":
        return (
            Tensors({"user": draw.integers(0, 50, rows), "item": draw.integers(0, 40, rows)}),
            _f(draw, rows),
            "regression",
        )
    return Tensors({"x": _f(draw, rows, 20)}), draw.integers(0, 4, rows), "classification"


def _f(draw: Any, *shape: int) -> Any:
    return draw.normal(size=shape).astype(np.float32)


def work(module: nn.Module, *, train: bool = True, targets: bool = True, **more: Any) -> ModelWorkload:
    """The module with its data, as the search has it."""
    x, y, task = data(type(module).__name__)
    net = Net(module.eval(), tuple(x.arrays))
    learnt = data(type(module).__name__, seed=1)
    rows = Rows(learnt[0], learnt[1] if targets else None) if train else None
    return ModelWorkload(net, Rows(x, y), train=rows, task=task, methods=("forward",), **more)
