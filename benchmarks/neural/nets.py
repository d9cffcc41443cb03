"""The nets, as their users write them: plain modules that know nothing of hasten."""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    """Two convolutions beside a short cut (He et al. 2016)."""

    def __init__(self, width: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.short: nn.Module = nn.Identity()
        if stride > 1 or width != out:
            self.short = nn.Sequential(nn.Conv2d(width, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.short(x))


class ResNet(nn.Module):
    """The CIFAR family: 6n + 2 layers (n = 3: ResNet-20)."""

    def __init__(self, classes: int, n: int = 3, width: int = 16) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        layers: list[nn.Module] = []
        at = width
        for stage in range(3):
            for i in range(n):
                out = width * 2**stage
                layers.append(Block(at, out, 2 if stage and not i else 1))
                at = out
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(at, classes)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.head(self.layers(self.stem(image)).mean((2, 3)))
        return out


class XrayNet(nn.Module):
    """A plain stack of convolutions with pooling and dropout."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        widths = [1, 32, 64, 128]
        self.features = nn.Sequential(
            *[
                layer
                for a, b in itertools.pairwise(widths)
                for layer in (nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2))
            ]
        )
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(128 * 9, 256), nn.ReLU(), nn.Dropout(0.3), nn.Linear(256, classes)
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.classifier(self.features(image))
        return out


class Lstm(nn.Module):
    def __init__(self, words: int, classes: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(words, 64, padding_idx=0)
        self.lstm = nn.LSTM(64, 64, batch_first=True, bidirectional=True)
        self.head = nn.Linear(128, classes)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        steps, _ = self.lstm(self.embed(ids))
        out: torch.Tensor = self.head(steps.amax(1))
        return out


class Encoder(nn.Module):
    """A transformer encoder over words, averaged where the mask says so."""

    def __init__(self, words: int, classes: int, length: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(words, 128, padding_idx=0)
        self.place = nn.Parameter(0.02 * torch.randn(length, 128))
        layer = nn.TransformerEncoderLayer(128, 4, 256, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)
        self.head = nn.Linear(128, classes)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        x = self.embed(ids) + self.place[: ids.shape[1]]
        x = self.encoder(x, src_key_padding_mask=mask == 0)
        kept = mask.unsqueeze(-1).to(x.dtype)
        out: torch.Tensor = self.head((x * kept).sum(1) / kept.sum(1).clamp(min=1))
        return out


class SentenceClassifier(nn.Module):
    """A pretrained sentence encoder (Hugging Face), mean pooling, and a linear head."""

    def __init__(self, encoder: nn.Module, width: int, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(width, classes)

    def embed(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        kept = attention_mask.unsqueeze(-1).to(hidden.dtype)
        out: torch.Tensor = F.normalize((hidden * kept).sum(1) / kept.sum(1).clamp(min=1))
        return out

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.head(self.embed(input_ids, attention_mask))
        return out


class Recommender(nn.Module):
    """Embeddings of users and items through a small perceptron (neural collaborative filtering, He et al. 2017)."""

    def __init__(self, users: int, items: int, width: int = 32) -> None:
        super().__init__()
        self.user = nn.Embedding(users, width)
        self.item = nn.Embedding(items, width)
        self.mlp = nn.Sequential(
            nn.Linear(2 * width, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 2)
        )

    def forward(self, user: torch.Tensor, item: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.mlp(torch.cat([self.user(user), self.item(item)], dim=1))
        return out


class Keywords(nn.Module):
    """Depthwise separable convolutions over a log-mel spectrogram (the DS-CNN of MLPerf Tiny's keyword spotting)."""

    def __init__(self, classes: int, width: int = 64) -> None:
        super().__init__()
        layers: list[Any] = [nn.Conv2d(1, width, (10, 4), (2, 2), (4, 1), bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        for _ in range(4):
            layers += [
                nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
            ]
            layers += [nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(width, classes)

    def forward(self, spectrogram: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.head(self.features(spectrogram).mean((2, 3)))
        return out
