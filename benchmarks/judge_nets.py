"""Small nets as subjects of `benchmarks/judge.py`, beside the models of `benchmarks/judge_models.py`.

Faults go into what an artifact of a net holds: its weights in float32, whole numbers of 8 bits with their scales (the
files of `serve/stored.py`), the initial values of an ONNX graph, the options of the manifest.

Where the same predictions are asked for, effects are told as those of the other models. A net in whole numbers gives
other scores as it is: its contract is a share of right labels that may be lost, so what is counted there is whether a
fault makes it lose more than that, on the validation rows or on rows that nothing in hasten has seen.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import judge_models
from benchmarks.judge_models import ModelFault
from hasten.core.model import Drop, ModelContract, ModelWorkload, Rows, Tensors
from hasten.core.model_pass import Step
from hasten.passes.model.registry import model_pass
from hasten.search.models import building
from hasten.search.models.inputs import inputs_of
from hasten.search.models.judge import Judge
from hasten.serve import stored
from hasten.serve.backends.machine import WEIGHTS
from hasten.serve.backends.nets import ONNX
from hasten.serve.manifest import read_manifest
from hasten.serve.served import ServedNet
from hasten.verify.answers import asked
from hasten.verify.metric import metric
from hasten.verify.schema import schema_of

CODE, INT8, RUNTIME = "HSM305", "HSM307", "HSM303"
# the net, and the pass that serves it
SUBJECTS: dict[str, tuple[str, str]] = {
    "layers, as C": ("layers", CODE), "image, as C": ("image", CODE), "layers, ONNX": ("layers", RUNTIME),
    "layers, int8": ("layers", INT8), "image, int8": ("image", INT8),
}  # fmt: skip
LOST = 0.02  # of the labels may be lost in whole numbers
VALID, UNSEEN = 600, 2000


def _net(kind: str) -> tuple[Any, Callable[[int, int], Rows]]:
    """A trained net with its rows: three classes of noisy patterns."""
    import torch

    torch.manual_seed(3)
    shape = (24,) if kind == "layers" else (1, 8, 8)
    patterns = np.random.default_rng(1).normal(size=(3, *shape)).astype(np.float32)

    def made(rows: int, seed: int) -> Rows:
        draw = np.random.default_rng(seed)
        y = draw.integers(0, 3, rows)
        x = patterns[y] + 1.6 * draw.normal(size=(rows, *shape)).astype(np.float32)
        return Rows(Tensors({"input": x.astype(np.float32)}), y)

    nn = torch.nn
    module: Any
    if kind == "layers":
        module = nn.Sequential(nn.Linear(24, 40), nn.ReLU(), nn.Linear(40, 32), nn.ReLU(), nn.Linear(32, 3))
    else:
        module = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 32), nn.ReLU(),
            nn.Linear(32, 3),
        )  # fmt: skip
    rows = made(1500, 5)
    step = torch.optim.Adam(module.parameters(), 3e-3)
    for _ in range(60):
        step.zero_grad()
        scores = module(torch.from_numpy(rows.x.arrays["input"]))
        nn.functional.cross_entropy(scores, torch.from_numpy(rows.y)).backward()  # type: ignore[no-untyped-call]
        step.step()
    return module.eval(), made


class Subject(judge_models.Subject):
    """A net, hasten's judge of it, and the rows that hasten has not seen."""

    served: Any = ServedNet

    def __init__(self, name: str, folder: Path) -> None:
        from hasten.serve.net import Net

        kind, self.code = SUBJECTS[name]
        self.name, self.folder, self.methods = name, folder, ("forward",)
        module, made = _net(kind)
        net = Net(module, ("input",))
        net.classes_ = np.arange(3)
        valid = made(VALID, 6)
        self.work = ModelWorkload(net, valid, train=made(600, 7), task="classification", methods=self.methods)
        self.lossy = self.code == INT8
        contract = ModelContract(metric="accuracy", max_drop=Drop(LOST, False)) if self.lossy else ModelContract()
        self.inputs = inputs_of(valid.x, (1,), 0, same=not self.lossy)
        old = [asked(net, self.inputs.all[i], self.methods) for i in (0, *self.inputs.varied_places)]
        varied = dict(zip(self.inputs.varied, old[1:], strict=True))
        self.schema = schema_of(valid, varied)
        told = metric("accuracy", "classification", net.classes_) if self.lossy else None
        self.judge = Judge(contract, self.work, told, old[0], varied, 0)
        fresh = made(UNSEEN, 8)
        self._labels = [np.asarray(valid.y), np.asarray(fresh.y)]
        self.unseen = [(x, x) for x in ([fresh.x] if self.lossy else _others(fresh.x))]
        self._old = [asked(net, x, self.methods) for x in (valid.x, *(x for x, _ in self.unseen))]
        self._told = old[0]

    def build(self, folder: Path) -> None:
        building._read[str(self.folder)] = self.work
        found: Any = model_pass(self.code)
        step = Step(self.code, "", next(iter(found.parameters(self.work))))
        building.build(str(self.folder), step, str(folder), self.schema, self.name)

    def effect(self, folder: Path) -> tuple[bool, str]:
        if not self.lossy:
            return super().effect(folder)
        served = self.served(folder, read_manifest(folder, check=False), 1)
        for place, rows in enumerate((self.work.valid.x, self.unseen[0][0])):
            before, after = self._old[place]["forward"], asked(served, rows, self.methods)["forward"]
            if not isinstance(after, np.ndarray) or after.shape != np.shape(before):
                return place == 0, f"no scores: {after}"[:200]
            y = self._labels[place]
            lost = float(np.mean(np.argmax(np.asarray(before), 1) == y) - np.mean(after.argmax(1) == y))
            if lost > LOST:
                return place == 0, f"{'validation' if place == 0 else 'unseen'} rows: {lost:.1%} of labels are lost"
        return False, ""


def _others(rest: Tensors) -> Iterator[Tensors]:
    """Rows, columns mixed, wider ranges, few and many at once."""
    draw = np.random.default_rng(11)
    x = rest.arrays["input"]
    mixed = x.reshape(len(x), -1).copy()
    for column in mixed.T:
        column[:] = column[draw.permutation(len(column))]
    mixed = mixed.reshape(x.shape)
    for made in (
        x,
        mixed,
        x * 3,
        -x,
        np.zeros_like(x[:4]),
        *(mixed[i : i + n] for i, n in enumerate((1, 2, 3, 7, 33))),
    ):
        yield Tensors({"input": np.ascontiguousarray(made)})


def faults(subject: Subject, most: int, seed: str) -> list[ModelFault]:
    """Up to `most` faults of as many kinds as there are; the same ones for the same seed."""
    draw = random.Random(seed)
    right = subject.folder / "right"
    if not right.exists():
        subject.build(right)
    found = [*_weight_faults(right, draw), *_graph_faults(right, draw), *judge_models._told_faults(right, draw)]
    return judge_models.of_many_kinds(found, most, draw)


def _weight_faults(right: Path, draw: random.Random, rounds: int = 14) -> Iterator[ModelFault]:
    """Weights, whole numbers and scales that were written or read wrongly."""
    for path in sorted(right.rglob(WEIGHTS)):
        name = path.relative_to(right).as_posix()
        with np.load(path, allow_pickle=False) as file:
            raw = dict(file)
        parts = ["arrays", *(p for p in ("values", "scales") if p in raw)]
        for number in range(rounds):
            part = parts[number % len(parts)]
            if part == "arrays":
                yield from _arrays_spoilt(right, name, stored.load(path), "scales" in raw, draw)
            else:
                of = stored._in_order(raw[part], "<f4") if part == "scales" else raw[part]
                for kind, made in judge_models._spoilt_array(of, draw):
                    if np.array_equal(made, of):
                        continue
                    new = {**raw, part: stored._by_place(made.astype("<f4")) if part == "scales" else made}

                    def build(folder: Path, new: Any = new, name: str = name) -> None:
                        judge_models._copied(right, folder, name, lambda place: _written(place, new))

                    yield ModelFault(kind, f"{name} {part} {of.shape}", "", build)


def _written(place: Path, arrays: Any) -> None:
    with place.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def _arrays_spoilt(
    right: Path, name: str, held: dict[str, Any], few: bool, draw: random.Random
) -> Iterator[ModelFault]:  # fmt: skip
    key = draw.choice(sorted(k for k, a in held.items() if a.size and a.dtype.kind in "fiu"))
    for kind, made in judge_models._spoilt_array(held[key], draw):
        if np.array_equal(made, held[key]):
            continue

        def build(folder: Path, made: Any = made) -> None:
            # arrays are read in float32 whatever they lie in, so all may be written so
            new, way = {**held, key: made}, stored.FLOAT32
            judge_models._copied(right, folder, name, lambda place: stored.save(place, new, way, {}))

        yield ModelFault(kind, f"{name} {key} {held[key].shape}{' (of whole numbers)' if few else ''}", "", build)


def _graph_faults(right: Path, draw: random.Random, rounds: int = 10) -> Iterator[ModelFault]:
    """Initial values of an ONNX graph."""
    for path in sorted(right.rglob(ONNX)):
        import onnx
        from onnx import numpy_helper

        name = path.relative_to(right).as_posix()
        graph = onnx.load(str(path))
        for _ in range(rounds):
            place = draw.randrange(len(graph.graph.initializer))
            array = numpy_helper.to_array(graph.graph.initializer[place])
            if not array.size or array.dtype.kind != "f":
                continue
            for kind, made in judge_models._spoilt_array(array, draw):
                if np.array_equal(made, array):
                    continue

                def change(file: Path, place: int = place, made: Any = made) -> None:
                    new = onnx.load(str(file))
                    old = new.graph.initializer[place]
                    old.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(made), old.name))
                    onnx.save(new, str(file))

                def build(folder: Path, name: str = name, change: Any = change) -> None:
                    judge_models._copied(right, folder, name, change)

                yield ModelFault(kind, f"{name} {graph.graph.initializer[place].name} {array.shape}", "", build)
