"""What a net learns from: its inputs and targets as tensors, the original's scores as soft targets, and the loss.

The loss is that of the task (cross-entropy for classes, squared error in units of the targets' variance for numbers),
or the user's. Soft targets are the original's scores: its probabilities at a temperature, or its numbers (Hinton,
Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015). They need no targets in the data.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hasten.core.model import ModelWorkload, Tensors
from hasten.core.model_pass import CannotServe
from hasten.passes.model.nets.extra import mixtures
from hasten.serve.net import Net, scores, tensors
from hasten.verify.scores import probabilities

BATCH = 256  # rows of a call that learns nothing
MIXED, MIXED_S, MIXED_BYTES = 4.0, 10.0, 2**28  # mixtures for each row, and what they may take
TINY = 1e-7  # below any probability whose logarithm is taken


@dataclass(frozen=True)
class Extra:
    """Mixtures of rows (`extra.py`): inputs by name, the original's scores, and of which two rows each is."""

    inputs: Mapping[str, Any]
    soft: Any
    parents: Any


@dataclass(frozen=True)
class Lesson:
    """`inputs` by name and `y` (None: no usable targets) are tensors over the same rows; `soft` are the original's
    scores for them. `hard` and `like` are losses of scores, given targets and given soft targets."""

    inputs: Mapping[str, Any]
    y: Any
    soft: Any
    hard: Callable[[Any, Any], Any] | None
    like: Callable[[Any, Any, float], Any]
    extra: Extra | None = None

    def __len__(self) -> int:
        return len(self.soft)

    def loss(self, answer: Any, rows: Any, share: float, temperature: float) -> Any:
        """`share` of the soft targets' loss, the rest of the targets', where there are both."""
        like = self.like(answer, self.soft[rows], temperature)
        if self.hard is None:
            return like
        hard = self.hard(answer, self.y[rows])
        return hard if share <= 0 else (1 - share) * hard + share * like


def on_device(learnt: Lesson, device: str) -> Lesson:
    """The same lesson, its tensors on another device."""
    import torch

    where = torch.device(device)

    def moved(inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {n: t.to(where) for n, t in inputs.items()}

    extra = learnt.extra
    if extra is not None:
        extra = Extra(moved(extra.inputs), extra.soft.to(where), extra.parents)
    y = None if learnt.y is None else learnt.y.to(where)
    return replace(learnt, inputs=moved(learnt.inputs), y=y, soft=learnt.soft.to(where), extra=extra)


def original_of(work: ModelWorkload) -> Net:
    """The net before any reduction."""
    found = work.model if work.original is None else work.original
    assert isinstance(found, Net)
    return found


def lesson(work: ModelWorkload, mixed: bool = False) -> Lesson:
    """What there is to learn from the training data (`mixed`: and from mixtures of it). Raises `CannotServe`."""
    import torch
    from torch.nn import functional as f

    if work.train is None or not len(work.train):
        raise CannotServe("no rows to learn from: give training data, or more validation data")
    x = work.train.x
    assert isinstance(x, Tensors)
    soft, extra = _taught(original_of(work), x, mixed)
    if not soft.is_floating_point():
        raise CannotServe(f"the net answers {soft.dtype}: there is nothing to learn by gradients")
    soft = soft.float()
    if not bool(torch.isfinite(soft).all()):
        raise CannotServe("the net answers its training data with NaN or infinity")
    y = None if work.train.y is None else torch.from_numpy(np.ascontiguousarray(work.train.y))
    probable = probabilities(soft.numpy())
    classes = work.task == "classification"
    many = classes and soft.ndim > 1 and soft.shape[1] > 1
    spread = float(soft.var()) or 1.0 if soft.numel() > 1 else 1.0

    def like(answer: Any, aim: Any, temperature: float) -> Any:
        if many:
            if probable:
                return -(aim * answer.clamp_min(TINY).log()).sum(1).mean()
            aim = f.log_softmax(aim / temperature, 1)
            told = f.log_softmax(answer / temperature, 1)
            return f.kl_div(told, aim, reduction="batchmean", log_target=True) * temperature**2
        if classes:
            if probable:
                return f.binary_cross_entropy(answer.clamp(TINY, 1 - TINY), aim)
            return f.binary_cross_entropy_with_logits(answer, torch.sigmoid(aim))
        return f.mse_loss(answer, aim) / spread

    hard = None if y is None else _hard(work, y, soft, probable=probable, many=many)
    return Lesson(tensors(x), y, soft, hard, like, extra)


def _hard(work: ModelWorkload, y: Any, soft: Any, *, probable: bool, many: bool) -> Callable[[Any, Any], Any] | None:
    """The loss given targets; None where the targets are not the task's."""
    from torch.nn import functional as f

    if work.loss is not None:
        return work.loss
    if work.task == "classification":
        number = soft.shape[1] if many else 2
        if y.ndim != 1 or y.is_floating_point() or bool(((y < 0) | (y >= number)).any()):
            return None
        if many:
            if probable:
                return lambda answer, aim: f.nll_loss(answer.clamp_min(TINY).log(), aim.long())
            return lambda answer, aim: f.cross_entropy(answer, aim.long())
        way = f.binary_cross_entropy if probable else f.binary_cross_entropy_with_logits

        def one(answer: Any, aim: Any) -> Any:
            given = answer.clamp(TINY, 1 - TINY) if probable else answer
            return way(given, aim.to(answer.dtype).reshape(answer.shape))

        return one
    if work.task == "regression" and y.numel() == soft.numel():
        spread = float(y.double().var()) or 1.0 if y.numel() > 1 else 1.0
        return lambda answer, aim: f.mse_loss(answer, aim.to(answer.dtype).reshape(answer.shape)) / spread
    return None


_taught_last: list[tuple[Net, Tensors, Any, Extra | None]] = []


def _taught(net: Net, x: Tensors, mixed: bool) -> tuple[Any, Extra | None]:
    """The net's scores for all rows, and mixtures with its scores for those; asked once for all trainings."""
    last = _taught_last[0] if _taught_last else None
    if last is None or last[0] is not net or last[1] is not x:
        last = net, x, answered(net, x), None
    if mixed and last[3] is None:
        last = *last[:3], _mixed(net, x, last[2])
    _taught_last[:] = [last]
    return last[2], last[3] if mixed else None


def _mixed(net: Net, x: Tensors, soft: Any) -> Extra | None:
    """As many mixtures as there is time and memory for."""
    import torch

    start = time.perf_counter()
    answered(net, x.take(slice(0, BATCH)))
    took = (time.perf_counter() - start) * max(1.0, len(x) / BATCH)
    if not soft.is_floating_point():
        return None
    bytes_each = sum(a.nbytes for a in x.arrays.values()) / len(x)
    times = min(MIXED, MIXED_S / max(took, 1e-3), MIXED_BYTES / (bytes_each * len(x)))
    found = mixtures(x, int(times * len(x)))
    if found is None or not len(found[0]):
        return None
    made, parents = found
    try:
        scores = answered(net, made).float()
    except Exception:  # noqa: BLE001 - it runs the user's module on what nobody gave it
        return None
    good = torch.isfinite(scores.reshape(len(scores), -1)).all(1)
    return Extra({n: t[good] for n, t in tensors(made).items()}, scores[good], torch.from_numpy(parents)[good])


def answered(net: Net, x: Tensors, batch: int = BATCH) -> Any:
    """The net's scores for all rows, as a tensor."""
    import torch

    parts = [torch.from_numpy(np.array(net.forward(x.take(slice(i, i + batch))))) for i in range(0, len(x), batch)]
    return torch.cat(parts)


def learner(net: Net) -> Any:
    """A copy of the net's module whose parameters all may learn."""
    module = copy.deepcopy(net.module)
    for p in module.parameters():
        if p.is_floating_point():
            p.requires_grad_(True)
    return module.cpu()


def put_in(net: Net, module: Any, *told: str) -> Net:
    """`net` with another module, and what is told of how it came about."""
    import torch

    for p in module.parameters():
        p.grad = None
    with torch.no_grad():
        made = Net(module, net.names, net.device)
    made.classes_ = net.classes_
    made.told = (*net.told, *told)
    made.curves = net.curves
    return made


def asked(module: Any, inputs: Mapping[str, Any]) -> Any:
    """The scores of a module that is asked with gradients."""
    return scores(module(**inputs))
