"""A net with fewer channels, hidden units and attention heads.

What changes     whole channels are taken out of every layer that has them (Torch-Pruning's dependency groups), hidden
                 units out of recurrent layers, heads out of attention. What is left in each is a multiple of 8.
How much         `share` of the net's multiply-adds, taken where a measured damage to its answers on training rows is
                 least for what is saved (`sensitivity.py`). Which: the least important by `by`: the size of weights,
                 what the loss says of them to first order (Taylor), or the scale of batch normalisation.
When it wins     wide nets; half of the multiply-adds give 1.2x to 1.7x of time, and int8 comes on top.
Risk             quality: it has to be trained again (`epochs`), and the judge decides by the budget.
Source           Fang et al., CVPR 2023; Molchanov et al., "Importance Estimation for Neural Network Pruning", CVPR
                 2019; Liu et al., "Learning Efficient Convolutional Networks through Network Slimming", ICCV 2017;
                 Michel et al., "Are Sixteen Heads Really Better than One?", NeurIPS 2019.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import CannotServe, Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.nets import export
from hasten.passes.model.nets.attention import attentions, leave_fast_path, projections, with_heads
from hasten.passes.model.nets.channels import Traced
from hasten.passes.model.nets.finetune import can_train, finished
from hasten.passes.model.nets.learning import BATCH, asked, lesson
from hasten.passes.model.nets.own_heads import OwnHeads, own_heads
from hasten.passes.model.nets.sensitivity import Cut, Damage, cheapest, multiply_adds
from hasten.passes.model.nets.shapes import answers_alike
from hasten.serve.net import Net

SHARES = (0.3, 0.5, 0.7, 0.85)  # of multiply-adds
TRIED = 4  # levels of each part at which damage is measured
TAYLOR_BATCHES = 4
TRIES = 7  # at meeting the share
NEAR = 0.04  # of the multiply-adds: near enough to the share
EPOCHS, STEPS = 10, 300  # at least
BATCH_NORMS = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d")


@dataclass(frozen=True)
class Prune:
    code: ClassVar[str] = "HSM321"
    name: ClassVar[str] = "fewer channels and heads"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("torch", "torch_pruning")

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if not isinstance(work.model, Net) or not has_weights(work.model.module):
            return
        training = {"epochs": EPOCHS} if can_train(work) else {}
        for by in criteria(work):
            for share in SHARES:
                yield {"by": by, "share": share, **training}

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any:
        net = work.model
        with export.quiet():
            module, told = pruned(work, net, parameters["share"], parameters["by"])
            return finished(work, module, parameters, told, steps=STEPS)


def criteria(work: ModelWorkload) -> list[str]:
    """Ways to say which channels matter least, likely best first."""
    kinds = {type(m).__name__ for m in work.model.module.modules()}
    found = ["taylor"] if can_train(work) else []
    return [*found, "size", *(["scale"] if kinds.intersection(BATCH_NORMS) else [])]


def has_weights(module: Any) -> bool:
    """Whether there are layers to take channels from."""
    from torch import nn

    kinds = (nn.Linear, nn.modules.conv._ConvNd, nn.RNNBase)
    return sum(isinstance(m, kinds) for m in module.modules()) > 1


Key = int | str | OwnHeads  # the place of a group of channels, the name of torch's own attention, or another


@dataclass(frozen=True)
class Part:
    """Something of which units may go: `gone[level]` at each level, for the damage and savings of `cuts[level]`."""

    key: Key
    gone: tuple[tuple[int, ...], ...]
    cuts: tuple[Cut, ...]


def pruned(work: ModelWorkload, net: Net, share: float, by: str) -> tuple[Any, str]:
    """The net's module without `share` of its multiply-adds, and what went, as text. Raises `CannotServe`."""
    import torch

    module = copy.deepcopy(net.module)
    for p in module.parameters():
        p.requires_grad_(p.is_floating_point())
    if by == "taylor":
        _with_gradients(module, work)
    inputs = export.example(work)
    with torch.enable_grad():
        cost = multiply_adds(module, inputs)
        try:
            traced = Traced(module, inputs)
        except Exception as error:  # noqa: BLE001 - tracing runs the user's module; what it says is the reason
            raise CannotServe(f"Torch-Pruning: {export.first_line(error)}") from None
        total = sum(cost.values())
        parts = _parts(work, net, module, traced, cost, by)
        if not parts:
            raise CannotServe("nothing in it can be made narrower: no layer has 16 channels or more that stay inside")
        tried = _that_work(net, module, inputs, parts)
        if not tried:
            raise CannotServe("none of its layers can be made narrower: its code holds their widths as numbers")
        made, left, gone = _nearest(net, module, inputs, tried, share, total)
    if not left < 0.98 * total:
        raise CannotServe(f"no {share:.0%} of its multiply-adds can go")
    told = f"{1 - left / total:.0%} of the multiply-adds gone, from {len(gone)} of {len(parts)} places, by {by}"
    for p in made.parameters():
        p.grad = None
    return made, told


def _nearest(
    net: Net, module: Any, inputs: Mapping[str, Any], parts: Sequence[Part], share: float, total: float
) -> tuple[Any, float, Mapping[Key, Sequence[int]]]:
    """The module with about `share` of its multiply-adds gone, what it has left, and what went.

    What cuts save together is not the sum of what each saves alone, where one layer loses at both sides: more is asked
    for, or less, until it fits.
    """
    low, wanted, high, best = 0.0, share, None, None
    seen: dict[tuple[int, ...], float] = {}
    for _ in range(TRIES):
        levels = tuple(cheapest([p.cuts for p in parts], wanted * total))
        if levels not in seen:
            gone = {p.key: p.gone[level - 1] for p, level in zip(parts, levels, strict=True) if level}
            try:
                made = _applied(module, inputs, gone)
                left = sum(multiply_adds(made, inputs).values())
            except Exception as error:  # noqa: BLE001 - it runs the user's module, whose widths may hang together
                raise CannotServe(f"a narrower net fails: {export.first_line(error)}") from None
            seen[levels] = off = 1 - left / total - share
            if best is None or abs(off) < abs(best[0]):
                best = (off, made, left, gone)
        off = seen[levels]
        everything = all(level == len(p.cuts) for p, level in zip(parts, levels, strict=True))
        if abs(off) < NEAR or (off < 0 and everything):
            break
        if off < 0:
            low = wanted
        else:
            high = wanted
        wanted = 1.5 * wanted if high is None else (low + high) / 2
    assert best is not None
    if not answers_alike(net, best[1], inputs):
        raise CannotServe("its layers can be made narrower one by one, but not together")
    return best[1:]


def _with_gradients(module: Any, work: ModelWorkload) -> None:
    """Gradients of the loss over some training rows. Kept in evaluation mode: statistics stay as they are."""
    import torch

    learnt = lesson(work)
    rows = torch.arange(min(len(learnt), TAYLOR_BATCHES * BATCH))
    with torch.enable_grad():
        for i in range(0, len(rows), BATCH):
            some = rows[i : i + BATCH]
            answer = asked(module.eval(), {n: t[some] for n, t in learnt.inputs.items()})
            # without targets: how much the answer itself changes
            loss = answer.square().mean() if learnt.hard is None else learnt.hard(answer, learnt.y[some])
            loss.backward()


def _parts(
    work: ModelWorkload, net: Net, module: Any, traced: Traced, cost: Mapping[Any, float], by: str
) -> list[Part]:
    """Every group of channels and every attention, with what its levels save and damage."""
    by_name = {name: cost.get(m, 0.0) for name, m in module.named_modules()}
    damage = Damage(net, work)
    parts = []
    found = own_heads(net, export.example(work))
    whole = {f"{own.name}.{n}".lstrip(".") for own in found for n in own.layers}  # these lose heads, not channels
    for c, scores in zip(traced.channels(), traced.importance(by), strict=True):
        if scores is None or whole.intersection(c.out):
            continue
        order = scores.argsort(stable=True).tolist()
        each = traced.cost(c, by_name) / c.width
        gone, cuts = [], []
        for level in _some(c.levels):
            places = tuple(sorted(order[:level]))
            with traced.silenced(module, c, places):
                hurt = damage.of(module)
            gone.append(places)
            # without data to measure on, what goes from one place gets dearer with how much has gone
            cuts.append(Cut((level / c.width) ** 2 * each * c.width if hurt is None else hurt, each * level))
        parts.append(Part(c.place, tuple(gone), tuple(cuts)))
    for name, attention in attentions(module):
        v = projections(attention)[2]
        n, size, out = attention.num_heads, attention.head_dim, attention.out_proj.weight
        parts.append(_heads(name, n, size, v, out, module, damage, by_name[name], by))
    for own in found:
        v, out, size = own.weights(module)
        lines = [*(f"{own.name}.{n}".lstrip(".") for n in own.layers), own.out]
        parts.append(_heads(own, own.heads, size, v, out, module, damage, sum(by_name[n] for n in lines), by))
    return [p for p in parts if p.cuts]


def _some(levels: Sequence[int]) -> list[int]:
    """At most `TRIED` of them, evenly spread, the boldest among them."""
    if len(levels) <= TRIED:
        return list(levels)
    return [levels[round((i + 1) * len(levels) / TRIED) - 1] for i in range(TRIED)]


def _heads(
    key: str | OwnHeads, n: int, size: int, values: Any, out: Any, module: Any, damage: Damage, cost: float, by: str
) -> Part:  # fmt: skip
    """`n` heads of `size`, the least important first: by the size of what they are made of (the weights of the values,
    and of what takes their answers), or what the loss says of their answer."""
    import torch

    with torch.no_grad():
        if by == "taylor" and out.grad is not None:
            matter = (out * out.grad).abs().sum(0).unflatten(0, (n, size)).sum(1)
        else:
            v = values.square().sum(1).unflatten(0, (n, size)).sum(1)
            matter = out.square().sum(0).unflatten(0, (n, size)).sum(1) * v
        order = matter.argsort(stable=True).tolist()
        gone, cuts = [], []
        for level in _some(range(1, n)):
            heads = tuple(sorted(order[:level]))
            columns = [h * size + i for h in heads for i in range(size)]
            before = out.detach().clone()
            out[:, columns] = 0.0
            hurt = damage.of(module)
            out.copy_(before)
            gone.append(heads)
            cuts.append(Cut((level / n) ** 2 * cost if hurt is None else hurt, cost * level / n))
    return Part(key, tuple(gone), tuple(cuts))


def _that_work(net: Net, module: Any, inputs: Mapping[str, Any], parts: Sequence[Part]) -> list[Part]:
    """Those parts without which the net still answers in the same shape: all, or those that do one by one.

    All at once are tried at different levels: some nets divide widths by each other, and answer as long as all shrink
    alike.
    """
    mixed = {p.key: p.gone[i % len(p.gone)] for i, p in enumerate(parts)}
    boldest = {p.key: p.gone[-1] for p in parts}
    if _works(net, module, inputs, mixed) and _works(net, module, inputs, boldest):
        return list(parts)
    return [p for p in parts if _works(net, module, inputs, {p.key: p.gone[-1]})]


def _works(net: Net, module: Any, inputs: Mapping[str, Any], gone: Mapping[Key, Sequence[int]]) -> bool:
    try:
        return answers_alike(net, _applied(module, inputs, gone), inputs)
    except Exception:  # noqa: BLE001 - a graph that misled may end in anything
        return False


def _applied(module: Any, inputs: Mapping[str, Any], gone: Mapping[Key, Sequence[int]]) -> Any:
    """A copy of the module without these channels and heads."""
    channels = {key: places for key, places in gone.items() if isinstance(key, int)}
    made = Traced(module, inputs).without(channels)
    for key, heads in gone.items():
        if isinstance(key, OwnHeads):
            key.cut(made, [h for h in range(key.heads) if h not in set(heads)])
        elif isinstance(key, str):
            attention = made.get_submodule(key)
            kept = [h for h in range(attention.num_heads) if h not in set(heads)]
            parent, _, last = key.rpartition(".")
            setattr(made.get_submodule(parent), last, with_heads(attention, kept))
    leave_fast_path(made)
    return made.eval()
