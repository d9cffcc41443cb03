"""What answers of a tabular model's artifact rest on, beside the original's: by shap, where that is installed.

Where both are trees, or both linear, each is looked into, and what is served must answer as the model that was looked
into; else both are asked for the same orders of columns, each in a process of its own. None: neither could be done in
time, and occlusion is what is left (`explaining.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from hasten.core.model_pass import ReducingPass
from hasten.core.model_record import ExplanationRecord
from hasten.observe.child import ChildFailed
from hasten.passes.model.registry import model_pass
from hasten.search.models.candidates import Candidate
from hasten.search.models.files import reduced_file
from hasten.search.models.refitting import OF, can_refit
from hasten.serve.net import is_net
from hasten.verify.attributions import explained
from hasten.verify.shapley import Shapley, can_explain, stands_for

if TYPE_CHECKING:
    from hasten.search.models.loop import Loop

MOST_S, LEAST_S = 8.0, 1.0  # for asking one model; below the second nothing is begun
LOADING_S = 20.0  # for importing shap where much else runs, besides
SHARE = 5  # one of so many parts of what is left is for one model
REFIT_S = 30.0
Scores = tuple[str, NDArray[Any] | None]  # a method, and the labels that its scores are explained for


class Tables:
    """Explanations of one run's models; what was found of the original is kept."""

    def __init__(self, loop: Loop, scores: Scores) -> None:
        self.loop, self.scores = loop, scores
        self._looked_into: Shapley | str | None = ""  # of the original; empty: not yet
        self._asked: Shapley | str | None = ""

    @classmethod
    def of(cls, loop: Loop, scores: Scores | None) -> Tables | None:
        """None where a run is about something else than tables, or shap is not there."""
        if scores is None or is_net(loop.work.model) or not can_explain(loop.work.valid.x):
            return None
        return cls(loop, scores)

    def compared(self, candidate: Candidate, left_s: float, *, ask: bool = True) -> ExplanationRecord | None:
        """How far its values agree with the original's; `ask` allows the way that takes some seconds."""
        steps = tuple(s for s in candidate.steps if isinstance(model_pass(s.code), ReducingPass))
        return self._compared(candidate, reduced_file(self.loop, steps) if steps else self.loop.written, left_s, ask)

    def control(self, by: str, left_s: float) -> ExplanationRecord | None:
        """How far those of the original agree that was fitted again, found in the same way; None where it cannot be, or
        not in time."""
        loop = self.loop
        seconds = min(REFIT_S, left_s / SHARE)
        if not can_refit(loop.work) or seconds < LEAST_S:
            return None
        loop.session.progress.stage("fit the original again, as a control", seconds)
        folder = loop.scratch / "refit"
        try:
            file = Path(loop.processes.build("refit", str(loop.written), 1, str(folder), deadline_s=seconds))
            made = Candidate((), pickle=folder / "model.pkl")
            found = self._compared(made, file, left_s, True, OF)
            return found if found is not None and found.by == by else None  # another way tells of something else
        except ChildFailed as failure:
            loop.session.progress.note(f"no control for explanations: {failure.text[:120]}")
            return None

    def _compared(
        self, candidate: Candidate, file: Path, left_s: float, ask: bool, of: str = ""
    ) -> ExplanationRecord | None:
        seconds = min(MOST_S, left_s / SHARE)
        if seconds < LEAST_S:
            return None
        try:
            found = self._by_looking(candidate, file, seconds, of)
            return found or (self._by_asking(candidate, seconds, of) if ask else None)
        except ChildFailed as failure:
            if failure.killed:
                raise
            self.loop.session.progress.note(f"not explained by shap: {failure.text[:120]}")
            return None

    def _by_looking(self, candidate: Candidate, file: Path, seconds: float, of: str) -> ExplanationRecord | None:
        loop, scores = self.loop, self.scores
        if not of and not file.is_file():
            return None
        deadline_s = LOADING_S + seconds
        if self._looked_into == "":
            self._looked_into = loop.processes.build("shapley", str(loop.written), *scores, deadline_s=deadline_s)
        old = self._looked_into
        if not isinstance(old, Shapley):
            return None
        new: Shapley | None = old  # where nothing was reduced
        if file != loop.written:
            new = loop.processes.build("shapley", str(file), *scores, deadline_s=deadline_s)
        if new is None or new.by != old.by or new.values.shape != old.values.shape:
            return None
        if not of and not stands_for(new, loop.processes.answers(candidate, [0])[0], *scores):
            return None
        return explained(old.values, new.values, old.by, of)

    def _by_asking(self, candidate: Candidate, seconds: float, of: str) -> ExplanationRecord | None:
        if self._asked == "":
            self._asked = self._sampled(self.loop.original, seconds, None)
        old = self._asked
        if not isinstance(old, Shapley):
            return None
        new = self._sampled(candidate, seconds, old.orders)
        return None if new is None else explained(old.values, new.values, old.by, of)

    def _sampled(self, candidate: Candidate, seconds: float, orders: int | None) -> Shapley | None:
        args = (0, *self.scores, seconds, orders)
        found: Shapley | None = self.loop.processes.aside(
            candidate, "hasten.measure.asked:shapley", *args, deadline_s=LOADING_S + 3 * seconds
        )
        return found
