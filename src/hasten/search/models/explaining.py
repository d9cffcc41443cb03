"""What answers of an artifact rest on, beside the original's: of tables by shap where that is installed, else by
occlusion whatever serves it, by gradients where it is a net that was made smaller; and of the others on the front as
long as there is time."""

from __future__ import annotations

import math
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from hasten.core.model import FORWARD
from hasten.core.model_pass import ReducingPass
from hasten.core.model_record import ExplanationRecord
from hasten.core.recipe import Risk
from hasten.observe.child import ChildFailed
from hasten.passes.model.registry import model_pass
from hasten.search.models.candidates import Candidate
from hasten.search.models.control import FILE as CONTROL
from hasten.search.models.control import control_of
from hasten.search.models.explaining_tables import Scores, Tables
from hasten.search.models.files import file_of
from hasten.serve.net import is_net
from hasten.verify.answers import Refusal
from hasten.verify.attributions import explained

if TYPE_CHECKING:
    from hasten.search.models.loop import Loop

GRADIENTS_S, LEAST_GRADIENTS_S = 20.0, 2.0  # for those of one net; below the second they are not begun
FRONT_ASKS = 3  # questions, for which there must be time to explain one more of the front


def explained_enough(loop: Loop, whole: Candidate) -> str | None:
    """Do answers rest on what they did? Looked at where quality may differ; what speaks against it, or None."""
    least = loop.contract.explain
    if least is None and loop.contract.same:
        return None
    left_s = loop.session.left_s - len(loop.threads) * loop.race_s(1)
    if least is None and left_s < loop.ask_s:
        _unexplained(loop)
        return None
    scores = _scores(loop)
    found = None
    if scores is not None:
        loop.session.progress.stage("compare what answers rest on", loop.ask_s)
        patience_s = loop.processes.patience_s()
        deadline_s = patience_s if least is not None else min(patience_s, max(left_s, loop.ask_s))
        try:
            found = _by_shap(loop, whole, scores, left_s if least is None else math.inf)
            if found is None:
                old, new = (_attributions(loop, c, scores, deadline_s) for c in (loop.original, whole))
        except ChildFailed as failure:
            if least is not None or failure.kind != "late":
                raise
            _unexplained(loop)
            return None
        if found is None:
            found = explained(old, new)
            _beside(loop, whole, old, scores)
    loop.note(explained=found)
    if least is None:
        return None
    if found is None:
        return "what its answers rest on cannot be compared: no scores, or too few inputs to rank"
    if found.correlation < least:
        return f"its attributions agree with the original's by {found.correlation:.3f}, and {least:g} is asked for"
    return None


def _by_shap(loop: Loop, whole: Candidate, scores: Scores, left_s: float) -> ExplanationRecord | None:
    """Of a table, where shap is there and there is time for it; with a control where quality may differ."""
    tables = Tables.of(loop, scores)
    found = None if tables is None else tables.compared(whole, left_s)
    if tables is not None and found is not None and not loop.contract.same:
        loop.note(control=tables.control(found.by, left_s))
    return found


def _unexplained(loop: Loop) -> None:
    told = "the budget ended before it was compared what answers rest on"
    loop.note(notes=(*loop.out.record.notes, told))


def _scores(loop: Loop) -> Scores | None:
    """The method whose scores are explained, and the labels that they are explained for; None: there are no scores."""
    for method in (FORWARD, "predict_proba", "decision_function", "predict"):
        found = loop.answers.get(method)
        if found is not None and not isinstance(found, Refusal) and found.dtype.kind == "f":
            return method, found.argmax(axis=1) if found.ndim == 2 and found.shape[1] > 1 else None
    return None


def _attributions(loop: Loop, candidate: Candidate, scores: Scores, deadline_s: float) -> Any:
    child = loop.processes.of(candidate)
    return child.ask("hasten.measure.asked:attributions", 0, *scores, deadline_s=deadline_s)


def _beside(loop: Loop, whole: Candidate, old: Any, scores: Scores) -> None:
    """How far attributions agree after training alone, where `whole` was trained; and, of a net that was made smaller,
    how far those by gradients do."""
    control = control_of(loop, whole)
    try:
        if control is not None:
            new = _attributions(loop, control, scores, loop.processes.patience_s())
            loop.note(control=explained(old, new))
    except ChildFailed as failure:
        loop.session.progress.note(f"no control for explanations: {failure.text[:120]}")
        control = None
    finally:
        if control is not None:
            loop.processes.drop(control)
    _by_gradients(loop, whole, control, scores[1])


def _by_gradients(loop: Loop, whole: Candidate, control: Candidate | None, labels: NDArray[Any] | None) -> None:
    """Integrated gradients of the net that `whole` serves, before it is served, and of the control, beside those of the
    original; left out where there is no time for them, or Captum is not there."""
    steps = tuple(s for s in whole.steps if isinstance(model_pass(s.code), ReducingPass))
    file = file_of(loop, steps)
    if not steps or not is_net(loop.work.model) or not file.is_file() or find_spec("captum") is None:
        return
    left_s = loop.session.left_s - len(loop.threads) * loop.race_s(1)
    if left_s < LEAST_GRADIENTS_S:
        return
    files = [loop.written, file, *((loop.scratch / CONTROL,) if control is not None else ())]
    try:
        old, *others = (
            loop.processes.build("gradients", str(f), labels, deadline_s=min(GRADIENTS_S, left_s / len(files)))
            for f in files
        )
    except ChildFailed as failure:
        loop.session.progress.note(f"no explanations by gradients: {failure.text[:120]}")
        return
    found = [explained(old, new, "gradients") for new in others]
    loop.note(gradients=found[0], gradients_control=found[1] if len(found) > 1 else None)


def explain_front(loop: Loop) -> None:
    """What the others on the front rest on, as long as there is time; the artifact's parts come first."""
    if loop.contract.same:
        return
    scores = _scores(loop)
    chosen = [c for c in loop.candidates if c.accepted and c.record.front and c.latencies and c is not loop.original]
    old: Any = None
    tables = Tables.of(loop, scores)
    for c in sorted(chosen, key=lambda c: not c.record.kept):
        if scores is None or loop.session.left_s < FRONT_ASKS * loop.ask_s:
            return
        quality = any(model_pass(s.code).risk is Risk.QUALITY for s in c.steps)
        if not quality:
            continue
        loop.session.progress.stage("compare what answers of the front rest on", loop.ask_s)
        try:
            patience_s = min(loop.processes.patience_s(), max(loop.session.left_s, loop.ask_s))
            looked = None if tables is None else tables.compared(c, loop.session.left_s, ask=False)
            if looked is not None:
                c.note(explained=looked)
                continue
            if old is None:
                old = _attributions(loop, loop.original, scores, patience_s)
            c.note(explained=explained(old, _attributions(loop, c, scores, patience_s)))
        except ChildFailed as failure:
            loop.session.progress.note(f"{c.record.title}: not explained: {failure.text[:120]}")
