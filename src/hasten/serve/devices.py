"""Where a net is computed: the processor, or a graphics card (CUDA).

The processor is what counts unless the user's module lies on a card: then the original is asked there, candidates may
be served there, and an artifact that was made for a card wants one. Trainings use a card wherever there is one.
"""

from __future__ import annotations

import itertools
from typing import Any

from hasten.errors import TargetError

CPU, CUDA = "cpu", "cuda"


def has_cuda() -> bool:
    """Whether torch can compute on a card here."""
    import torch

    return bool(torch.cuda.is_available())


def device_of(module: Any) -> str:
    """Where a module's weights lie: `CUDA` where one of them is on a card, else `CPU`."""
    held = itertools.chain(module.parameters(), module.buffers())
    return CUDA if any(t.device.type == CUDA for t in held) else CPU


def torch_device(name: str) -> Any:
    """The device of torch with this name. Raises `TargetError` where there is none."""
    import torch

    if name == CUDA and not has_cuda():
        raise TargetError("a graphics card is needed here, and torch sees none: run hasten where it is to answer")
    return torch.device(name)


def cards() -> list[int]:
    """The card that torch computes on by itself, for what takes a list of them; none is an empty list."""
    import torch

    return [torch.cuda.current_device()] if has_cuda() else []


def random_state() -> Any:
    """That of the card's generator; None without one."""
    import torch

    return torch.cuda.get_rng_state() if has_cuda() else None


def set_random_state(state: Any) -> None:
    """As `random_state` gave it."""
    import torch

    if state is not None and has_cuda():
        torch.cuda.set_rng_state(state)
