"""The control beside a net that was made smaller: the whole net, only trained some more.

Training alone moves what answers rest on. How much of what an artifact shows (`explained` in the record) is due to its
being smaller tells the whole net after as much training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hasten.core.model_pass import Step
from hasten.core.recipe import Risk
from hasten.observe.child import ChildFailed
from hasten.passes.model.nets.finetune import EPOCHS, FineTune, can_train
from hasten.passes.model.registry import model_pass
from hasten.passes.model.serving.original import AsItIs
from hasten.search.models.candidates import Candidate
from hasten.serve.net import is_net

if TYPE_CHECKING:
    from hasten.search.models.loop import Loop

FILE = "control.pkl"  # of the net, in the run's scratch folder
MOST_S, LEAST_S = 30.0, 5.0  # for training it
SHARE = 0.08  # of a budget, that the search leaves for it


def reserved_s(loop: Loop) -> float:
    """Seconds that the search leaves for a control."""
    return min(MOST_S, SHARE * loop.session.left_s) if can_train(loop.work) else 0.0


def control_of(loop: Loop, whole: Candidate) -> Candidate | None:
    """The whole net trained some more, served in float32, where `whole` holds one that was trained; None where there is
    no time for it, or it cannot be made."""
    trained = any(s.parameters.get("epochs") for s in whole.steps)
    if not trained or not is_net(loop.work.model) or not can_train(loop.work):
        return None
    ways = [c.steps[-1] for c in loop.candidates if c.accepted and len(c.steps) == 1]
    way = next((s for s in ways if s.code != AsItIs.code and model_pass(s.code).risk is not Risk.QUALITY), None)
    left = min(MOST_S, loop.session.left_s - len(loop.threads) * loop.race_s(1))
    if way is None or left < LEAST_S:
        return None
    step = Step(FineTune.code, FineTune.name, {"epochs": EPOCHS})
    file = loop.scratch / FILE
    checkpoint = str(loop.scratch / "control.pt")
    loop.session.progress.stage("train a control, only", left)
    try:
        given = (0.7 * left, checkpoint, "reduce_net", str(loop.written), (step,), str(file))
        loop.processes.build("within", *given, deadline_s=left)
    except ChildFailed as failure:
        loop.session.progress.note(f"no control for explanations: {failure.text[:120]}")
        return None
    made = Candidate((step, way))
    made.note()
    return made if loop.build(made, file) else None
