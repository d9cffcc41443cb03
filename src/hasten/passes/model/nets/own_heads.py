"""Attention that a model writes itself, with fewer heads: transformers of Hugging Face, and those of users.

Nothing says which layers of a module are its queries, keys and values, which takes what the heads answer, and which
attribute counts heads. What looks like it is tried: without some heads the module must answer what it answered when
the columns that take those heads' answers were zero. Only what passes that is an attention.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hasten.core.model import Tensors
from hasten.serve.devices import CPU
from hasten.serve.net import Net

ALIKE = 1e-4  # of the largest score: rounding, and no more
MOST = 64  # heads


@dataclass(frozen=True)
class OwnHeads:
    """Where an attention is: its module, its layers by name (`out` from the root), and the attributes of the module
    that hold the number of heads, and their width all together."""

    name: str
    layers: tuple[str, str, str]
    out: str
    heads: int
    counts: tuple[str, ...]
    widths: tuple[str, ...]

    def weights(self, module: Any) -> tuple[Any, Any, int]:
        """The weights of the values, those of what takes the heads' answers, and the width of a head."""
        values = module.get_submodule(self.name).get_submodule(self.layers[2]).weight
        return values, module.get_submodule(self.out).weight, values.shape[0] // self.heads

    def cut(self, module: Any, kept: Sequence[int]) -> None:
        """Leave these heads only, in place."""
        import torch

        at = module.get_submodule(self.name)
        size = at.get_submodule(self.layers[0]).out_features // self.heads
        rows = torch.cat([torch.arange(h * size, (h + 1) * size) for h in kept])
        with torch.no_grad():
            for layer in (at.get_submodule(n) for n in self.layers):
                layer.weight = torch.nn.Parameter(layer.weight[rows].clone())
                if layer.bias is not None:
                    layer.bias = torch.nn.Parameter(layer.bias[rows].clone())
                layer.out_features = len(rows)
            out = module.get_submodule(self.out)
            out.weight = torch.nn.Parameter(out.weight[:, rows].clone())
            out.in_features = len(rows)
        for name in self.counts:
            setattr(at, name, len(kept))
        for name in self.widths:
            setattr(at, name, len(rows))


def own_heads(net: Net, inputs: Mapping[str, Any]) -> list[OwnHeads]:
    """Every attention of the net that was found, and passed the test. The inner ones of attention within attention."""
    x = Tensors({n: t.numpy() for n, t in inputs.items()})
    found: list[OwnHeads] = []
    taken: set[str] = set()
    alike: dict[tuple[Any, ...], int] = {}  # which of the ways fitted in a module of the same class
    for name, module in net.module.named_modules():
        ways = list(_ways(net.module, name, module))
        key = (type(module), len(ways))
        order = sorted(range(len(ways)), key=lambda i, key=key: i != alike.get(key, -1))  # type: ignore[misc]
        for i in order:
            if ways[i].out not in taken and _fits(net, ways[i], x):
                found.append(ways[i])
                taken.add(ways[i].out)
                alike[key] = i
                break
    return found


def _ways(root: Any, name: str, module: Any) -> Iterator[OwnHeads]:
    """What an attention in this module may be made of, likely first."""
    from torch import nn

    lines = {n: m for n, m in module.named_children() if type(m) is nn.Linear}
    kinds: dict[tuple[int, int], list[str]] = {}
    for n, m in lines.items():
        kinds.setdefault((m.in_features, m.out_features), []).append(n)
    held = {n: v for n, v in vars(module).items() if type(v) is int}
    for (_, width), names in kinds.items():
        if len(names) < 3:
            continue
        counts = sorted({v for v in held.values() if 1 < v <= MOST and width % v == 0 and v < width})
        inside = [n for n in lines if lines[n].in_features == width]
        for heads in counts:
            named = tuple(n for n, v in held.items() if v == heads)
            if not any("head" in n or n in ("h", "n", "nh") for n in named):
                continue
            widths = tuple(n for n, v in held.items() if v == width)
            for several in itertools.combinations(names, 3):
                outs = [f"{name}.{n}".lstrip(".") for n in inside if n not in several]
                for out in outs or _beside(root, name, width):
                    for each in {widths, ()}:
                        yield OwnHeads(name, (several[0], several[1], several[2]), out, heads, named, each)


def _beside(root: Any, name: str, width: int) -> list[str]:
    """Layers near the module, not in it, that take so many features, the nearest first."""
    from torch import nn

    parent = name.rpartition(".")[0]
    around = root.get_submodule(parent) if parent else root
    return [
        f"{parent}.{n}".lstrip(".") for n, m in around.named_modules()
        if type(m) is nn.Linear and m.in_features == width and not f"{parent}.{n}".lstrip(".").startswith(f"{name}.")
    ][:2]  # fmt: skip


def _fits(net: Net, way: OwnHeads, x: Tensors) -> bool:
    """Whether heads that are gone are heads that were silent. Queries, keys and values may stand in any order."""
    import torch

    try:
        silent, made = copy.deepcopy(net.module), copy.deepcopy(net.module)
        kept = [h for h in range(way.heads) if h != way.heads // 2]
        out = silent.get_submodule(way.out)
        size = out.in_features // way.heads
        with torch.no_grad():
            out.weight[:, way.heads // 2 * size : (way.heads // 2 + 1) * size] = 0.0
        way.cut(made, kept)
        old, new = Net(silent, net.names, CPU).forward(x), Net(made, net.names, CPU).forward(x)
        whole = net.forward(x)
    except Exception:  # noqa: BLE001 - a guess that is wrong may end in anything
        return False
    if old.shape != new.shape or not np.isfinite(new).all():
        return False
    largest = float(np.abs(old).max()) or 1.0
    # the head has to matter at all, or anything would fit
    return bool(np.abs(old - new).max() <= ALIKE * largest < np.abs(old - whole).max())
