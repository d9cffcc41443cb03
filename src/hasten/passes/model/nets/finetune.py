"""A net trained some more, as it is: on its targets and its own earlier scores.

What changes     weights only. A net whose training ended early gets better; nothing gets faster.
When it wins     before quantising, where it was not trained to the end; and it is the control that smaller nets are
                 compared with, which were trained some more too.
Risk             quality: the judge decides by the budget.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.nets import export
from hasten.passes.model.nets.learning import learner, lesson, put_in
from hasten.passes.model.nets.training import Schedule, trained
from hasten.serve.net import Net

FEWEST = 50  # rows of training data
EPOCHS = 8


def can_train(work: ModelWorkload) -> bool:
    """Whether there are rows enough to train on (targets are not needed: the original's scores will do)."""
    return isinstance(work.model, Net) and work.train is not None and len(work.train) >= FEWEST


def schedule(parameters: Parameters, **usual: Any) -> Schedule:
    """What the parameters say of a schedule, over what is usual."""
    known = Schedule.__dataclass_fields__
    return Schedule(**{**usual, **{k: v for k, v in parameters.items() if k in known}})


def finished(
    work: ModelWorkload, module: Any, parameters: Parameters, *told: str, kept: Mapping[str, Any] | None = None,
    **usual: Any,
) -> Net:  # fmt: skip
    """`module` in the place of the model's, trained where the parameters ask for epochs. `kept`: which values of its
    parameters (by name) are not zero, and stay so."""
    net = work.model
    assert isinstance(net, Net)
    if not parameters.get("epochs"):
        return put_in(net, module, *told)
    planned = schedule(parameters, **usual)
    module, curve = trained(module, work, lesson(work, planned.mixtures), planned, kept)
    made = put_in(net, module, *told, curve.told())
    made.curves = (*net.curves, curve.record())
    return made


@dataclass(frozen=True)
class FineTune:
    code: ClassVar[str] = "HSM320"
    name: ClassVar[str] = "trained some more"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("torch",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if can_train(work):
            yield {"epochs": EPOCHS}

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any:
        with export.quiet():
            return finished(work, learner(work.model), parameters)
