"""A net with fewer layers: whole blocks of a stack of alike ones are left out.

What changes     blocks of the same class that stand in one list (`encoder.layer`, `nn.TransformerEncoder.layers`, the
                 blocks of a residual stage), those first without which the net's answers to training rows change least.
When it wins     deep residual nets: time falls with the number of blocks in every runtime, which narrower layers need
                 not do.
Risk             quality: it has to be trained again (`epochs`), and the judge decides by the budget.
Source           Fan, Grave, Joulin, "Reducing Transformer Depth on Demand with Structured Dropout", ICLR 2020; Sajjad
                 et al., "On the Effect of Dropping Layers of Pre-trained Transformer Models", 2023.
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
from hasten.passes.model.nets.finetune import can_train, finished
from hasten.passes.model.nets.sensitivity import Damage
from hasten.passes.model.nets.shapes import answers_alike
from hasten.serve.net import Net

SHARES = (0.2, 0.35, 0.5, 0.67)  # of the blocks that go
EPOCHS = 8


@dataclass(frozen=True)
class FewerLayers:
    code: ClassVar[str] = "HSM324"
    name: ClassVar[str] = "fewer layers"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("torch",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if not isinstance(work.model, Net):
            return
        blocks = sum(len(names) for names in stacks(work.model.module).values())
        training = {"epochs": EPOCHS} if can_train(work) else {}
        for number in sorted({round(share * blocks) for share in SHARES} - {0, blocks}):
            yield {"blocks": number, **training}

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any:
        net = work.model
        with export.quiet():
            module, told = without_blocks(work, net, parameters["blocks"])
            return finished(work, module, parameters, told)


def stacks(module: Any) -> dict[str, list[str]]:
    """Lists of two or more blocks of one class, each with layers of its own, by name: the places of their blocks.

    In a list of several classes (the stages of a residual net in one `nn.Sequential`) those of the class that is there
    most often. Lists within a block of another are left alone: the outer blocks go first.
    """
    from torch import nn

    found: dict[str, list[str]] = {}
    for name, m in module.named_modules():
        within = any(not outer or name.startswith(f"{outer}.") for outer in found)
        if within or type(m) not in (nn.ModuleList, nn.Sequential):
            continue
        kinds: dict[Any, list[str]] = {}
        for place, block in m.named_children():
            if any(True for _ in block.children()) and any(True for _ in block.parameters()):
                kinds.setdefault(type(block), []).append(place)
        most = max(kinds.values(), key=len, default=[])
        if len(most) > 1:
            found[name] = most
    return found


def without_blocks(work: ModelWorkload, net: Net, number: int) -> tuple[Any, str]:
    """The net's module without so many blocks, and which went, as text. Raises `CannotServe`.

    One after another goes: each time the one without which the answers are nearest to those of the whole net.
    """
    inputs = export.example(work)
    damage = Damage(net, work)
    gone: list[tuple[str, str]] = []
    places = [(name, place) for name, found in stacks(net.module).items() for place in found]
    while len(gone) < number:
        tried = []
        for order, place in enumerate(places):
            if place not in gone and _leaves_some(net.module, [*gone, place]):
                made = _applied(net.module, [*gone, place])
                if answers_alike(net, made, inputs):
                    # without data to tell, later blocks go first
                    hurt = damage.of(made)
                    tried.append((-float(order) if hurt is None else hurt, order, place))
        if not tried:
            break
        gone.append(min(tried)[2])
    if len(gone) < number:
        raise CannotServe(f"no {number} of its {len(places)} blocks can go: others need what they answer")
    named = ", ".join(f"{name}.{place}" for name, place in sorted(gone))
    return _applied(net.module, gone), f"{number} of {len(places)} blocks gone: {named}"


def _leaves_some(module: Any, gone: list[tuple[str, str]]) -> bool:
    """Whether every list keeps a block: empty lists stand for nothing in much code."""
    left: Mapping[str, int] = {name: len(places) for name, places in stacks(module).items()}
    return all(sum(g == name for g, _ in gone) < left[name] for name in left)


def _applied(module: Any, gone: list[tuple[str, str]]) -> Any:
    """A copy of the module without these blocks."""
    from torch import nn

    made = copy.deepcopy(module)
    for name in {n for n, _ in gone}:
        held = made.get_submodule(name)
        left = [block for place, block in held.named_children() if (name, place) not in gone]
        kept = type(held)(*left) if isinstance(held, nn.Sequential) else type(held)(left)
        if not name:
            return kept.eval()
        parent, _, last = name.rpartition(".")
        setattr(made.get_submodule(parent), last, kept)
    return made.eval()
