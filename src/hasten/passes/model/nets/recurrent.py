"""Hidden units of LSTM, GRU and plain recurrent layers: how they are traced, how important they are, how they go.

In its net's graph a recurrent layer is a linear layer for each direction (`stand_in`): a hidden unit is a channel like
any other. What goes from the stand-in goes from the layer (`without`): a unit's rows of every gate,
its column in what is fed back, its column in the next layer's input. The two directions lose the same units.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any


def recurrent(module: Any) -> bool:
    """A recurrent layer that `without` knows: no subclass, no projection of its own."""
    from torch import nn

    return type(module) in (nn.LSTM, nn.GRU, nn.RNN) and not module.proj_size


def gates(layer: Any) -> int:
    return {"LSTM": 4, "GRU": 3}.get(layer.mode, 1)


def directions(layer: Any) -> int:
    return 2 if layer.bidirectional else 1


def _suffixes(layer: Any, level: int) -> list[str]:
    return [f"_l{level}{'_reverse' if d else ''}" for d in range(directions(layer))]


def stand_in(layer: Any) -> Any:
    """What answers like the recurrent layer in shape, with weights as large as a unit's are together."""
    import torch

    made = _stand_in_class()(layer)
    last = layer.num_layers - 1
    with torch.no_grad():
        for line, first, suffix in zip(made.lines, _suffixes(layer, 0), _suffixes(layer, last), strict=True):
            takes = getattr(layer, f"weight_ih{first}").square().sum(0)
            share = (takes / takes.sum().clamp_min(1e-12)).clamp_min(1e-12)
            line.weight.copy_((_size(layer, suffix)[:, None] * share[None, :]).sqrt().clamp_min(1e-12))
            if getattr(layer, f"weight_ih{suffix}").grad is not None:
                line.weight.grad = _told(layer, suffix)[:, None] * share[None, :] / line.weight
    return made


def _size(layer: Any, suffix: str) -> Any:
    """The squared size of each unit's weights, over all gates."""
    of = [getattr(layer, f"weight_{w}{suffix}") for w in ("ih", "hh")]
    return sum(w.unflatten(0, (gates(layer), -1)).square().sum((0, 2)) for w in of)


def _told(layer: Any, suffix: str) -> Any:
    """What each unit's weights matter to the loss, to first order."""
    of = [getattr(layer, f"weight_{w}{suffix}") for w in ("ih", "hh")]
    return sum((w * w.grad).abs().unflatten(0, (gates(layer), -1)).sum((0, 2)) for w in of)


def importance(layer: Any, level: int) -> Any:
    """Of each hidden unit of one level, over both directions."""
    return sum(_size(layer, s) for s in _suffixes(layer, level))


def silence(layer: Any, units: Sequence[int]) -> None:
    """Make these units of the last level zero for ever, in place: their candidate is tanh(0)."""
    import torch

    h = layer.hidden_size
    # of an LSTM the cell's candidate is the third gate, of a GRU the last
    gate = {"LSTM": 2, "GRU": 2}.get(layer.mode, 0)
    rows = torch.tensor([gate * h + u for u in units])
    with torch.no_grad():
        for suffix in _suffixes(layer, layer.num_layers - 1):
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                held = getattr(layer, f"{name}{suffix}", None)
                if held is not None and layer.bias | name.startswith("weight"):
                    held[rows] = 0.0


def without(layer: Any, units: Sequence[int], inputs: Sequence[int]) -> Any:
    """The layer without these hidden units (of the last level; of others as many, the least important) and inputs."""
    import torch
    from torch import nn

    h = layer.hidden_size - len(units)
    kept_inputs = torch.tensor([i for i in range(layer.input_size) if i not in set(inputs)])
    made = type(layer)(
        len(kept_inputs), h, layer.num_layers, bias=layer.bias, batch_first=layer.batch_first, dropout=layer.dropout,
        bidirectional=layer.bidirectional, **({"nonlinearity": layer.nonlinearity} if type(layer) is nn.RNN else {}),
    )  # fmt: skip
    feeding = kept_inputs
    with torch.no_grad():
        for level in range(layer.num_layers):
            gone = set(units)
            if level < layer.num_layers - 1:
                gone = set(torch.argsort(importance(layer, level), stable=True)[: len(units)].tolist())
            kept = torch.tensor([u for u in range(layer.hidden_size) if u not in gone])
            rows = torch.cat([kept + g * layer.hidden_size for g in range(gates(layer))])
            for suffix in _suffixes(layer, level):
                getattr(made, f"weight_ih{suffix}").copy_(getattr(layer, f"weight_ih{suffix}")[rows][:, feeding])
                getattr(made, f"weight_hh{suffix}").copy_(getattr(layer, f"weight_hh{suffix}")[rows][:, kept])
                if layer.bias:
                    for name in ("bias_ih", "bias_hh"):
                        getattr(made, f"{name}{suffix}").copy_(getattr(layer, f"{name}{suffix}")[rows])
            feeding = torch.cat([kept + d * layer.hidden_size for d in range(directions(layer))])
    return made.train(layer.training)


@cache
def _stand_in_class() -> Any:
    import torch
    from torch import nn
    from torch.nn.utils.rnn import PackedSequence

    class StandIn(nn.Module):
        """One linear layer for each direction of a recurrent one."""

        def __init__(self, layer: Any) -> None:
            super().__init__()
            self.cells = layer.mode == "LSTM"
            for name in ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional"):
                setattr(self, name, getattr(layer, name))  # which the net's own code may read
            self.lines = nn.ModuleList(
                nn.Linear(layer.input_size, layer.hidden_size, bias=False) for _ in range(directions(layer))
            )

        def forward(self, x: Any, state: Any = None) -> Any:
            if isinstance(x, PackedSequence):
                each = self._sides(x.data)
                last = [t[: int(x.batch_sizes[0])] for t in each]
                packed = PackedSequence(_joined(each), x.batch_sizes, x.sorted_indices, x.unsorted_indices)
                return packed, self._state(last)
            each = self._sides(x)
            steps = 1 if self.batch_first and x.dim() == 3 else 0
            return _joined(each), self._state([t.select(steps, -1) for t in each])

        def _sides(self, x: Any) -> list[Any]:
            each = [line(x) for line in self.lines]
            # both directions have the same units: adding nothing of the other says so to the graph
            return each if len(each) == 1 else [each[0] + 0 * each[1], each[1] + 0 * each[0]]

        def _state(self, last: list[Any]) -> Any:
            levels: Any = self.num_layers
            state = torch.stack(last * levels)
            return (state, state) if self.cells else state

    def _joined(each: list[Any]) -> Any:
        return each[0] if len(each) == 1 else torch.cat(each, -1)

    return StandIn
