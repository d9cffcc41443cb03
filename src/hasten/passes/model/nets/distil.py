"""A smaller net that learns what the original answers.

What changes     the net itself: a student takes its place. It is the user's (`ModelWorkload.student`), or the original
                 with most of its channels gone from the start.
How              trained on soft targets (the original's scores at a temperature) and, where there are targets, on them;
                 and on mixtures of rows, which the original labels (`extra.py`).
When it wins     when the original is far larger than what it decides.
Risk             quality: the student is judged on rows that it did not learn from.
Source           Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import CannotServe, Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.nets import export
from hasten.passes.model.nets.finetune import can_train, finished
from hasten.passes.model.nets.learning import learner
from hasten.passes.model.nets.prune import has_weights, pruned
from hasten.passes.model.nets.shapes import answers_alike
from hasten.serve.net import Net, is_module

SHARES = (0.75, 0.9, 0.96)  # of the original's multiply-adds that the student lacks
EPOCHS = 30
STEPS = 1500  # at least
GIVEN = "given"


@dataclass(frozen=True)
class Distil:
    code: ClassVar[str] = "HSM323"
    name: ClassVar[str] = "a student in its place"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("torch", "torch_pruning")

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if not can_train(work):
            return
        if work.student is not None:
            yield {"student": GIVEN, "epochs": EPOCHS}
        if has_weights(work.model.module):
            for share in SHARES:
                yield {"student": "narrower", "share": share, "epochs": EPOCHS}

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any:
        net = work.model
        with export.quiet():
            if parameters["student"] == GIVEN:
                module, told = _given(work, net), f"the student given, {type(work.student).__name__}"
            else:
                module, told = pruned(work, net, parameters["share"], parameters.get("by", "size"))
            return finished(
                work, module, parameters, told, soft=0.7, temperature=3.0, patience=6, steps=STEPS, mixtures=True
            )


def _given(work: ModelWorkload, net: Net) -> Any:
    """A copy of the user's student. Raises `CannotServe` where it does not answer as the original does."""
    student = work.student
    if not is_module(student):
        raise CannotServe(f"the student is {type(student).__name__}; it should be an nn.Module")
    module = learner(Net(student, net.names))
    inputs = export.example(work)
    if not answers_alike(net, copy.deepcopy(module).eval(), inputs):
        raise CannotServe("the student does not answer the same inputs in the shape and type of the original")
    return module
