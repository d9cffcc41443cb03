"""What a module's answers rest on, by its gradients: integrated gradients, by Captum (Sundararajan, Taly, Yan,
"Axiomatic Attribution for Deep Networks", ICML 2017).

Occlusion (`verify/attributions.py`) asks whatever serves; this looks into a module, so it tells of a net that was made
smaller apart from the numbers it is served in. Whole numbers have no gradients: what they look up in tables has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import Tensors
from hasten.serve.net import Net, scores, tensors
from hasten.verify.attributions import groups_of

ROWS, STEPS = 16, 12  # that are explained, and points on the way from what is usual to each


def gradients(net: Net, x: Tensors, labels: NDArray[Any] | None) -> NDArray[np.float64]:
    """Attributions of the first `ROWS` rows, shape (rows, groups), the groups as occlusion has them; those of inputs of
    whole numbers by the steps of what their tables give. No groups where nothing in the net has gradients. Raises what
    the module raises."""
    import torch

    some = x.take(slice(0, ROWS))
    target = None if labels is None else torch.from_numpy(np.asarray(labels[: len(some)]))
    floats = [n for n in net.names if x.arrays[n].dtype.kind == "f"]
    parameters = [p.requires_grad for p in net.module.parameters()]
    ways = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # around the layers that are looked at
    try:
        with torch.enable_grad():
            if floats:
                found = _of_inputs(net, x, some, floats, target)
            else:
                found = _of_tables(net, some, target)
    finally:
        torch.backends.mha.set_fastpath_enabled(ways)
        for p, needs in zip(net.module.parameters(), parameters, strict=True):
            p.requires_grad_(needs)
            p.grad = None
    made = [a.reshape(len(some), -1) for a in found]
    return np.concatenate(made, axis=1) if made else np.zeros((len(some), 0))


def _asked(net: Net, order: list[str], target: Any) -> Callable[..., Any]:
    """One number a row, for inputs in this order."""

    def ask(*given: Any) -> Any:
        answer = scores(net.module(**dict(zip(order, given, strict=True))))
        if answer.ndim < 2:
            return answer
        if target is None or answer.ndim > 2 or answer.shape[1] < 2:
            return answer.reshape(len(answer), -1).sum(1)
        return answer.gather(1, target.repeat(len(answer) // len(target))[:, None])[:, 0]

    return ask


def _of_inputs(net: Net, x: Tensors, some: Tensors, floats: list[str], target: Any) -> list[NDArray[np.float64]]:
    import torch
    from captum.attr import IntegratedGradients

    given, others = tensors(some), [n for n in net.names if n not in floats]
    usual = tuple(torch.from_numpy(np.ascontiguousarray(x.arrays[n].mean(0, keepdims=True))) for n in floats)
    found = IntegratedGradients(_asked(net, [*floats, *others], target)).attribute(
        tuple(given[n] for n in floats), baselines=usual, n_steps=STEPS, internal_batch_size=len(some),
        additional_forward_args=tuple(given[n] for n in others) or None,
    )  # fmt: skip
    out = []
    for n, each in zip(floats, found, strict=True):
        whole = each.detach().double().numpy()
        out += [whole[g].reshape(len(some), -1).sum(1)[:, None] for g in groups_of(some.arrays[n])]
    return out


def _of_tables(net: Net, some: Tensors, target: Any) -> list[NDArray[np.float64]]:
    import torch
    from captum.attr import LayerIntegratedGradients

    tables = [m for m in net.module.modules() if isinstance(m, torch.nn.Embedding)]
    given = tensors(some)
    used: list[Any] = []
    hooks = [m.register_forward_hook(lambda m, given, answer: used.append(m)) for m in tables]
    try:
        net.module(**given)
    finally:
        for hook in hooks:
            hook.remove()
    tables = [m for m in tables if used.count(m) == 1]  # of one that is asked twice Captum sees one call
    if not tables:
        return []
    found = LayerIntegratedGradients(_asked(net, list(net.names), target), tables).attribute(
        tuple(given[n] for n in net.names), n_steps=STEPS, internal_batch_size=len(some),
        baselines=tuple(torch.zeros_like(given[n]) if _is_looked_up(some, n) else given[n] for n in net.names),
    )  # fmt: skip
    out = []
    for each in found:
        whole = each.detach().double().numpy()
        if len(whole) == len(some):  # tables of places are the same for all rows
            out.append(whole.reshape(len(some), -1, whole.shape[-1]).sum(-1))
    return out


def _is_looked_up(some: Tensors, name: str) -> bool:
    """A mask holds two values at most, and stays."""
    return len(np.unique(some.arrays[name])) > 2
