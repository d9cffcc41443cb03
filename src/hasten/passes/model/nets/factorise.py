"""Weights as products of two thinner ones: low-rank linear and convolution layers.

What changes     a linear layer becomes two, a convolution a thinner convolution and one of 1x1, by the singular value
                 decomposition of its weights. Ranks are multiples of 8.
How much         `share` of the net's multiply-adds: of each layer the ranks that hold 99%, 95%, ... 50% of its weights'
                 energy are tried on training rows, and those taken that damage the answers least for what they save.
When it wins     wide linear layers (feed-forward parts, classifiers over many features), whose weights are nearly of
                 low rank; it composes with fewer channels and with int8.
Risk             quality: it is trained again (`epochs`), and the judge decides by the budget.
Source           Denton et al., "Exploiting Linear Structure Within Convolutional Networks", NeurIPS 2014; Zhang et
                 al., "Accelerating Very Deep Convolutional Networks", 2016.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import CannotServe, Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.nets import export
from hasten.passes.model.nets.attention import leave_fast_path
from hasten.passes.model.nets.channels import ROUND
from hasten.passes.model.nets.finetune import can_train, finished
from hasten.passes.model.nets.sensitivity import Cut, Damage, cheapest, multiply_adds
from hasten.passes.model.nets.shapes import answers_alike
from hasten.serve.net import Net

SHARES = (0.2, 0.4, 0.6)  # of multiply-adds
ENERGIES = (0.99, 0.95, 0.9, 0.8, 0.65, 0.5)
LEAST = 0.1  # of a layer's multiply-adds: less is not worth a second call
EPOCHS, STEPS = 8, 300  # at least


@dataclass(frozen=True)
class Factorise:
    code: ClassVar[str] = "HSM322"
    name: ClassVar[str] = "low-rank layers"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("torch",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if not isinstance(work.model, Net) or not any(True for _ in layers(work.model.module)):
            return
        training = {"epochs": EPOCHS} if can_train(work) else {}
        for share in SHARES:
            yield {"share": share, **training}

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any:
        with export.quiet():
            module, told = factorised(work, work.model, parameters["share"])
            return finished(work, module, parameters, told, steps=STEPS)


def layers(module: Any) -> Iterator[tuple[str, Any]]:
    """Linear layers and ungrouped convolutions wide enough to be of lower rank, by name; those that are called.

    What attention multiplies with it reads from its layers, and never calls them.
    """
    from torch import nn

    read = {child for m in module.modules() if isinstance(m, nn.MultiheadAttention) for child in m.modules()}
    held = [m for _, m in module.named_modules(remove_duplicate=False)]
    for name, m in module.named_modules():
        conv = type(m) in (nn.Conv1d, nn.Conv2d) and m.groups == 1 and m.padding_mode == "zeros"
        if name and m not in read and (conv or type(m) is nn.Linear) and sum(o is m for o in held) == 1:
            if min(m.weight.shape[0], m.weight[0].numel()) >= 2 * ROUND:
                yield name, m


@dataclass(frozen=True)
class Ranks:
    """A layer's ranks worth trying, from the gentlest, with what each damages and saves."""

    name: str
    ranks: tuple[int, ...]
    cuts: tuple[Cut, ...]


def factorised(work: ModelWorkload, net: Net, share: float) -> tuple[Any, str]:
    """The net's module with `share` of its multiply-adds gone, and what became of which, as text. Raises
    `CannotServe`."""
    import torch

    module = copy.deepcopy(net.module)
    for p in module.parameters():
        p.requires_grad_(p.is_floating_point())
    inputs = export.example(work)
    cost = multiply_adds(module, inputs)
    total = sum(cost.values())
    found = _ranks(work, net, module, cost)
    levels = cheapest([r.cuts for r in found], share * total)
    chosen = {r.name: r.ranks[level - 1] for r, level in zip(found, levels, strict=True) if level}
    while chosen:
        made = copy.deepcopy(module)
        for name, rank in chosen.items():
            parent, _, last = name.rpartition(".")
            setattr(made.get_submodule(parent), last, split(made.get_submodule(name), rank))
        leave_fast_path(made)
        if answers_alike(net, made.eval(), inputs):
            break
        chosen = _called(net, module, inputs, chosen)
    if not chosen:
        raise CannotServe("no layer is near enough to a lower rank to save anything")
    with torch.enable_grad():
        left = sum(multiply_adds(made, inputs).values())
    if not left < 0.98 * total:
        raise CannotServe(f"no {share:.0%} of its multiply-adds can go: its weights are of nearly full rank")
    ranks = ", ".join(f"{name} {rank}" for name, rank in list(chosen.items())[:6])
    more = f" and {len(chosen) - 6} more" if len(chosen) > 6 else ""
    return made, f"{1 - left / total:.0%} of the multiply-adds gone; ranks: {ranks}{more}"


def _called(net: Net, module: Any, inputs: Mapping[str, Any], chosen: Mapping[str, int]) -> dict[str, int]:
    """Those that may be split: a layer whose weights its net's own code reads may not."""
    fine = {}
    for name, rank in chosen.items():
        made = copy.deepcopy(module)
        parent, _, last = name.rpartition(".")
        setattr(made.get_submodule(parent), last, split(made.get_submodule(name), rank))
        leave_fast_path(made)
        if answers_alike(net, made.eval(), inputs):
            fine[name] = rank
    return fine if len(fine) < len(chosen) else {}


def _ranks(work: ModelWorkload, net: Net, module: Any, cost: Mapping[Any, float]) -> list[Ranks]:
    import torch

    damage = Damage(net, work)
    found = []
    with torch.no_grad():
        for name, layer in layers(module):
            matrix = layer.weight.detach().flatten(1)
            u, s, v = torch.linalg.svd(matrix.double(), full_matrices=False)
            energy = s.square().cumsum(0) / s.square().sum().clamp_min(1e-30)
            ranks, cuts = [], []
            for wanted in ENERGIES:
                rank = int((energy < wanted).sum()) + 1
                rank = -(-rank // ROUND) * ROUND
                saved = 1 - rank * (matrix.shape[0] + matrix.shape[1]) / matrix.numel()
                if saved < LEAST or rank in ranks:
                    continue
                before = layer.weight.detach().clone()
                layer.weight.copy_((u[:, :rank] * s[:rank] @ v[:rank]).reshape(before.shape))
                hurt = damage.of(module)
                layer.weight.copy_(before)
                lost = float(1 - energy[rank - 1]) if rank <= len(energy) else 0.0
                ranks.append(rank)
                cuts.append(Cut(lost * cost.get(layer, 0.0) if hurt is None else hurt, saved * cost.get(layer, 0.0)))
            if ranks and cost.get(layer):
                found.append(Ranks(name, tuple(ranks), tuple(cuts)))
    return found


def split(layer: Any, rank: int) -> Any:
    """The layer as two of this rank."""
    import torch
    from torch import nn

    weight = layer.weight.detach()
    u, s, v = torch.linalg.svd(weight.flatten(1).double(), full_matrices=False)
    root = s[:rank].sqrt()
    into, out = (root[:, None] * v[:rank]).to(weight.dtype), (u[:, :rank] * root).to(weight.dtype)
    first: Any
    second: Any
    if isinstance(layer, nn.Linear):
        first = nn.Linear(layer.in_features, rank, bias=False)
        second = nn.Linear(rank, layer.out_features, bias=layer.bias is not None)
    else:
        kind = type(layer)
        first = kind(
            layer.in_channels, rank, layer.kernel_size, layer.stride, layer.padding, layer.dilation, bias=False
        )
        second = kind(rank, layer.out_channels, 1, bias=layer.bias is not None)
    with torch.no_grad():
        first.weight.copy_(into.reshape(first.weight.shape))
        second.weight.copy_(out.reshape(second.weight.shape))
        if layer.bias is not None:
            second.bias.copy_(layer.bias)
    return nn.Sequential(first, second).train(layer.training)
