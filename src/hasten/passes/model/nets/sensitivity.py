"""What each part of a net costs, and how much its answers suffer when that part is cut: multiply-adds and damage.

Damage is measured, not guessed: the net answers some training rows with the part silenced, and the mean squared
difference from its own answers is taken in units of their variance. `cheapest` then cuts, one step after another, where
a multiply-add saved costs the least damage, until the share that is asked for is gone.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hasten.core.model import ModelWorkload, Tensors
from hasten.serve.net import Net, scores, tensors

ROWS = 128  # that damage is measured on


@dataclass(frozen=True)
class Cut:
    """A part cut to one of its levels: what that damages, and the multiply-adds that it saves."""

    damage: float
    saved: float


class Damage:
    """How far a module's answers are from those it gave at first. Without training data everything damages alike."""

    def __init__(self, net: Net, work: ModelWorkload) -> None:
        self.inputs: Mapping[str, Any] | None = None
        if work.train is not None and len(work.train):
            x = work.train.x
            assert isinstance(x, Tensors)
            places = np.sort(np.random.default_rng(1).permutation(len(x))[:ROWS])
            self.inputs = tensors(x.take(places))
            self.reference = self._asked(net.module)
            self.spread = float(self.reference.var()) or 1.0 if self.reference.numel() > 1 else 1.0

    def of(self, module: Any) -> float | None:
        """None without data."""
        if self.inputs is None:
            return None
        apart = (self._asked(module) - self.reference).square().mean()
        found = float(apart) / self.spread
        return found if np.isfinite(found) else float("inf")

    def _asked(self, module: Any) -> Any:
        import torch

        assert self.inputs is not None
        with torch.no_grad():
            return scores(module(**self.inputs)).double()


def cheapest(parts: Sequence[Sequence[Cut]], wanted: float) -> list[int]:
    """Which level each part is cut to (0: none), so that `wanted` multiply-adds are saved for little damage.

    Levels are in rising order of what they save. All parts at their last level may still save less than wanted.
    """
    levels = [0] * len(parts)
    saved = 0.0

    def step(part: int) -> tuple[float, int, int]:
        """The best next level of a part by damage for what is saved, which need not be the one after."""
        at = levels[part]
        now = parts[part][at - 1] if at else Cut(0.0, 0.0)
        best = (float("inf"), part, at)
        for level in range(at, len(parts[part])):
            cut = parts[part][level]
            more = cut.saved - now.saved
            if more > 0:
                price = max(0.0, cut.damage - now.damage) / more
                best = min(best, (price, part, level + 1))
        return best

    waiting = [step(i) for i in range(len(parts))]
    heapq.heapify(waiting)
    while waiting and saved < wanted:
        _, part, level = heapq.heappop(waiting)
        if level <= levels[part]:
            continue
        before = parts[part][levels[part] - 1].saved if levels[part] else 0.0
        # no bolder than it takes: the first level that is enough
        need = wanted - saved + before
        level = next((i + 1 for i in range(levels[part], level) if parts[part][i].saved >= need), level)
        saved += parts[part][level - 1].saved - before
        levels[part] = level
        heapq.heappush(waiting, step(part))
    return levels


def multiply_adds(module: Any, inputs: Mapping[str, Any]) -> dict[Any, float]:
    """Multiply-adds of each layer with weights, for one row."""
    import torch
    from torch import nn

    rows = len(next(iter(inputs.values())))
    found: dict[Any, float] = {}

    def note(layer: Any, given: Any, answer: Any) -> None:
        if isinstance(answer, tuple):
            answer = answer[0]
        if not isinstance(answer, torch.Tensor):  # a packed sequence
            answer = answer.data
        if isinstance(layer, nn.RNNBase):
            each = sum(p.numel() for n, p in layer.named_parameters() if n.startswith("weight"))
            amount = answer.numel() / answer.shape[-1] * each
        elif isinstance(layer, nn.MultiheadAttention):
            amount = answer.numel() / answer.shape[-1] * 4 * layer.embed_dim**2
        elif isinstance(layer, nn.Linear):
            amount = answer.numel() * layer.in_features
        else:
            amount = (
                answer.numel() * layer.weight[0].numel()
                if not layer.transposed
                else given[0].numel() * (layer.weight[0].numel())
            )
        found[layer] = found.get(layer, 0.0) + float(amount) / rows

    kinds = (nn.Linear, nn.modules.conv._ConvNd, nn.RNNBase, nn.MultiheadAttention)
    hooks = [m.register_forward_hook(note) for m in module.modules() if isinstance(m, kinds)]
    try:
        with torch.enable_grad():  # with gradients no layer takes a way around its own `forward`
            module(**inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return found
