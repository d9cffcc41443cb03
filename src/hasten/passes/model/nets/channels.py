"""Which channels of a net belong together, by Torch-Pruning's dependency graph, and taking some of them out.

Source  Fang et al., "DepGraph: Towards Any Structural Pruning", CVPR 2023.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hasten.passes.model.nets import export, recurrent
from hasten.serve.net import scores

ROUND = 8  # channels that are left are multiples of it: runtimes gain from nothing else


@dataclass(frozen=True)
class Channels:
    """One set of channels that go together, at `place` among all of the net's. `sets` are repeats of the same channels
    (of grouped convolutions, of directions): channel i of the first goes with channel i of the others. `out` and `into`
    are the layers that give and take them (by name)."""

    place: int
    width: int  # of one set
    sets: int
    out: tuple[str, ...]
    into: tuple[str, ...]

    @property
    def step(self) -> int:
        """Channels of one set that go at once."""
        return ROUND // math.gcd(ROUND, self.sets)

    @property
    def levels(self) -> list[int]:
        """Numbers of channels of one set that may go: what is left of all sets is a multiple of `ROUND`."""
        return [self.width - left for left in range((self.width - 1) // self.step * self.step, 0, -self.step)]

    def places(self, channels: Sequence[int]) -> list[int]:
        """The channels in every set."""
        return sorted(c + s * self.width for s in range(self.sets) for c in channels)


class Traced:
    """A copy of a module with recurrent layers stood in for, its dependency graph, and its groups of channels."""

    def __init__(self, module: Any, inputs: Mapping[str, Any]) -> None:
        import torch
        import torch_pruning as tp

        self.original = module
        self.module = _copied(module)
        self.stood_in: dict[str, Any] = {}
        held = [m for _, m in self.module.named_modules(remove_duplicate=False)]
        for name, m in list(self.module.named_modules()):
            if name and recurrent.recurrent(m) and sum(other is m for other in held) == 1:
                self.stood_in[name] = m
                _put(self.module, name, recurrent.stand_in(m))
        self._inputs = inputs
        with warnings.catch_warnings(), torch.enable_grad(), export.quiet():
            warnings.simplefilter("ignore")
            last = self._last()
            self.graph = tp.DependencyGraph().build_dependency(
                self.module, dict(inputs), forward_fn=lambda m, x: scores(m(**x)), verbose=False
            )
            self.names = {m: n for n, m in self.module.named_modules()}
            self.lines = {line: name for name in self.stood_in for line in self.module.get_submodule(name).lines}
            self.groups = [
                (Channels(i, *c), group) for i, (c, group) in enumerate(self._groups(last, tp))
            ]  # fmt: skip

    def _last(self) -> Any:
        """The layer whose answer is the net's, if one is."""
        seen: dict[Any, Any] = {}

        def note(layer: Any, given: Any, answer: Any) -> None:
            answer = answer[0] if isinstance(answer, tuple) else answer
            if getattr(answer, "grad_fn", None) is not None and not list(layer.children()):
                seen[answer.grad_fn] = layer

        hooks = [m.register_forward_hook(note) for m in self.module.modules()]
        try:
            answer = scores(self.module(**self._inputs))
        finally:
            for hook in hooks:
                hook.remove()
        return seen.get(answer.grad_fn)

    def _groups(self, last: Any, tp: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
        """Width, sets, and the layers that give and take, of each group that may lose channels, and the group."""
        from torch import nn

        # those whose widths are bound to something that no graph shows, and what is in them
        whole_ones = [m for m in self.module.modules() if isinstance(m, (nn.MultiheadAttention, nn.RNNBase))]
        foreign = {child for m in whole_ones for child in m.modules()}
        bound = [*foreign, *([] if last is None else [last])]
        kinds = [nn.modules.conv._ConvNd, nn.Linear, nn.Embedding]
        for group in self.graph.get_all_groups(ignored_layers=bound, root_module_types=kinds):
            targets = [dep.target.module for dep, _ in group]
            if any(isinstance(t, tp.ops._OutputOp) or t in foreign for t in targets if not _parameter(t)):
                continue
            giving = [self.names[m] for m, _, out in self._weighted(group) if out]
            taking = [self.names[m] for m, _, out in self._weighted(group) if not out]
            whole, sets = len(group[0].idxs), self._sets(group)
            if taking and not whole % sets and targets[0] in self.names:
                yield (whole // sets, sets, tuple(giving), tuple(taking)), group

    def _weighted(self, group: Any) -> Iterator[tuple[Any, list[int], bool]]:
        """The layers of a group that hold weights, with the channels that go; whether they give them or take them."""
        from torch import nn

        for dep, idxs in group:
            m = dep.target.module
            if isinstance(m, (nn.modules.conv._ConvNd, nn.Linear, nn.Embedding)) and m in self.names:
                yield m, idxs, self.graph.is_out_channel_pruning_fn(dep.handler)

    def _sets(self, group: Any) -> int:
        from torch import nn

        sets = 1
        for dep, _ in group:
            m = dep.target.module
            if isinstance(m, nn.modules.conv._ConvNd) and 1 < m.groups < m.out_channels:
                sets = math.lcm(sets, m.groups)
            if isinstance(m, nn.GroupNorm) and m.num_groups < m.num_channels:
                sets = math.lcm(sets, m.num_groups)
        return sets

    def _group(self, c: Channels, gone: Sequence[int]) -> Any:
        """Torch-Pruning's group for some of the channels, where they are by now."""
        root = self.groups[c.place][1][0].dep
        return self.graph.get_pruning_group(root.target.module, root.handler, c.places(gone))

    def channels(self) -> list[Channels]:
        """Every group that may lose channels."""
        return [c for c, _ in self.groups if c.levels]

    def cost(self, c: Channels, by_name: Mapping[str, float]) -> float:
        """The multiply-adds of the layers that have these channels on one of their sides, by each layer's own."""
        total = 0.0
        for name in (*c.out, *c.into):
            owner = self.lines.get(self.module.get_submodule(name))
            if owner is None:
                total += by_name.get(name, 0.0)
            else:  # of a recurrent layer about half has to do with what it takes, and half with its units
                total += by_name.get(owner, 0.0) / 2 / recurrent.directions(self.stood_in[owner])
        return total

    def importance(self, by: str) -> list[Any]:
        """For each of `channels()`, how much each channel of a set matters; None where the graph is mistaken."""
        import torch
        import torch_pruning as tp

        made = {
            "size": tp.importance.GroupMagnitudeImportance(p=2),
            "taylor": tp.importance.GroupTaylorImportance(),
            "scale": tp.importance.BNScaleImportance(),
        }  # fmt: skip
        for p in self.module.parameters():
            if by == "taylor" and p.grad is None:
                p.grad = torch.zeros_like(p)
        found = []
        for c in self.channels():
            group = self.groups[c.place][1]
            try:
                with torch.no_grad():
                    score = made[by](group)
                    if score is None:  # nothing there that this one looks at
                        score = made["size"](group)
                found.append(score.detach().reshape(c.sets, c.width).sum(0).nan_to_num())
            except (AttributeError, IndexError, RuntimeError):  # indices that fit no layer: the graph is mistaken here
                found.append(None)
        return found

    @contextmanager
    def silenced(self, module: Any, c: Channels, gone: Sequence[int]) -> Iterator[None]:
        """`module` (the original, or a copy of it) with these channels of a group zero; afterwards as it was."""
        import torch
        from torch import nn

        layers = dict(module.named_modules())
        held = []
        with torch.no_grad():
            for dep, idxs in self._group(c, gone):
                if _parameter(dep.target.module) or not self.graph.is_out_channel_pruning_fn(dep.handler):
                    continue
                m = dep.target.module
                name = self.lines.get(m, self.names.get(m))
                layer = layers.get(name)
                if layer is None:
                    continue
                held.append((layer, {n: p.detach().clone() for n, p in layer.named_parameters(recurse=False)}))
                if m in self.lines:
                    recurrent.silence(layer, idxs)
                elif isinstance(layer, nn.Embedding):
                    layer.weight[:, idxs] = 0.0
                elif isinstance(layer, nn.modules.conv._ConvNd) and layer.transposed:
                    layer.weight[:, idxs] = 0.0
                    if layer.bias is not None:
                        layer.bias[idxs] = 0.0
                elif isinstance(
                    layer, (nn.Linear, nn.modules.conv._ConvNd, nn.modules.batchnorm._NormBase, nn.GroupNorm)
                ):
                    for p in layer.parameters(recurse=False):
                        p[idxs] = 0.0
        try:
            yield
        finally:
            with torch.no_grad():
                for layer, kept in reversed(held):  # a layer of two directions is here twice
                    for n, p in layer.named_parameters(recurse=False):
                        p.copy_(kept[n])

    def without(self, gone: Mapping[int, Sequence[int]]) -> Any:
        """The module without these channels, by the place of their group. Uses this copy up."""
        units: dict[str, list[int]] = {}
        inputs: dict[str, list[int]] = {}
        for place, channels in gone.items():
            group = self._group(self.groups[place][0], channels)
            for dep, idxs in group:
                if _parameter(dep.target.module):
                    continue
                name = self.lines.get(dep.target.module)
                if name is None:
                    continue
                if self.graph.is_out_channel_pruning_fn(dep.handler):
                    units.setdefault(name, []).extend(idxs)
                else:
                    inputs.setdefault(name, []).extend(idxs)
            group.prune()
        for name, layer in self.stood_in.items():
            made = recurrent.without(layer, sorted(set(units.get(name, ()))), sorted(set(inputs.get(name, ()))))
            _put(self.module, name, made)
        return self.module


def _parameter(target: Any) -> bool:
    """Whether a member of a group is a parameter of its own (comparing one with modules is no plain truth)."""
    import torch

    return isinstance(target, torch.Tensor)


def _copied(module: Any) -> Any:
    """A copy with its gradients, every parameter of which has some."""
    made = copy.deepcopy(module)
    for p, q in zip(made.parameters(), module.parameters(), strict=True):
        if p.is_floating_point():
            p.requires_grad_(True)
            p.grad = None if q.grad is None else q.grad.clone()
    return made.eval()


def _put(module: Any, name: str, layer: Any) -> None:
    parent, _, last = name.rpartition(".")
    setattr(module.get_submodule(parent), last, layer)
