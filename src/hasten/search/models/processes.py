"""The processes of a run over a model: one that builds, and one for each candidate that is asked and timed.

Loading the libraries behind a model takes a second or two, so processes are kept: the one that builds and reduces goes
on from candidate to candidate (after anything but a plain refusal a fresh one takes its place), and a candidate's own
lives from its first question to its last race. No two candidates ever share one: idle thread pools of one library spoil
the timings of another, and its peak memory is a candidate's own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from hasten.observe.child import Child, ChildFailed
from hasten.search.models.candidates import Candidate
from hasten.verify.answers import Answers

ASK_S = 300.0  # longest time for one question


def reason(failure: ChildFailed) -> str:
    """What a failure says of a candidate."""
    return failure.text.removeprefix("CannotServe: ")[:300]


class Processes:
    """`inputs` is the file of the inputs that questions name by their places; `methods` are those of the model."""

    def __init__(
        self, inputs: Path, methods: tuple[str, ...], clock: Callable[[], float] = time.monotonic
    ) -> None:  # fmt: skip
        self._inputs, self.methods, self._clock = inputs, methods, clock
        self.load_s = 0.0  # the longest time from the start of a process to its first answer
        self.patience_s: Callable[[], float] = lambda: ASK_S  # longest time for the next question
        self._builder: Child | None = None
        self._building, self._closed = threading.Lock(), False
        self._loaded: dict[tuple[int, int], tuple[Candidate, Child]] = {}

    @property
    def closed(self) -> bool:
        """The run has ended: what fails from now on tells nothing."""
        return self._closed

    # --- building ----------------------------------------------------------------------------------------------------

    def build(self, function: str, *args: Any, deadline_s: float) -> Any:
        """What `function` of `building.py` answers in the process that builds; asked once more when that is killed
        from outside. Raises `ChildFailed`."""
        try:
            return self._build(function, args, deadline_s)
        except ChildFailed as failure:
            if not failure.killed or self._closed:
                raise
        return self._build(function, args, deadline_s)

    def _build(self, function: str, args: tuple[Any, ...], deadline_s: float) -> Any:
        with self._building:
            if not self._closed:
                self._builder = self._builder or Child()
            child = self._builder
            if self._closed or child is None:
                raise ChildFailed("died", "the run has ended")
            try:
                return child.ask(f"hasten.search.models.building:{function}", *args, deadline_s=deadline_s)
            except ChildFailed as failure:
                if failure.error != "CannotServe":  # nobody knows what it left behind
                    child.close()
                    self._builder = None
                raise

    # --- asking ------------------------------------------------------------------------------------------------------

    def of(self, candidate: Candidate, threads: int = 1) -> Child:
        """The process in which it is loaded with so many threads, beside the inputs. Raises `ChildFailed`."""
        key = id(candidate), threads
        if key in self._loaded and self._loaded[key][1].closed:
            del self._loaded[key]
        if key not in self._loaded:
            start = self._clock()
            child, load_s = self._started(candidate, threads)
            if threads == 1:
                candidate.note(load_s=load_s)
            self.load_s = max(self.load_s, self._clock() - start)
            self._loaded[key] = candidate, child
        return self._loaded[key][1]

    def _started(self, candidate: Candidate, threads: int) -> tuple[Child, float]:
        """A fresh process with it, and the seconds that loading it took."""
        child, patience_s = Child(threads=threads), self.patience_s()
        try:
            child.ask("hasten.measure.asked:load_inputs", str(self._inputs), deadline_s=patience_s)
            if candidate.pickle is not None:
                load_s = child.ask("hasten.measure.asked:load_pickle", str(candidate.pickle), deadline_s=patience_s)
            else:
                folder = str(candidate.folder)
                load_s = child.ask("hasten.measure.asked:load_artifact", folder, threads, deadline_s=patience_s)
        except BaseException:
            child.close()
            raise
        return child, float(load_s)

    def aside(self, candidate: Candidate, function: str, *args: Any, deadline_s: float) -> Any:
        """What `module:function` answers in a process of its own with the candidate, which ends afterwards: for what
        loads libraries that no timing is to stand beside. Raises `ChildFailed`."""
        child, _ = self._started(candidate, 1)
        try:
            return child.ask(function, *args, deadline_s=deadline_s)
        finally:
            child.close()

    def answers(self, candidate: Candidate, places: Sequence[int]) -> list[Answers]:
        """What it answers to the inputs at `places`."""
        if not places:
            return []
        ask = self.of(candidate).ask
        answered: list[Answers] = ask(
            "hasten.measure.asked:answers", list(places), self.methods, deadline_s=self.patience_s()
        )
        return answered

    def some_answers(self, candidate: Candidate, rows: Any) -> Answers:
        """What it answers to these rows of the first input."""
        ask = self.of(candidate).ask
        found: Answers = ask("hasten.measure.asked:some_answers", rows, self.methods, deadline_s=self.patience_s())
        return found

    def rows(self, candidate: Candidate, places: Sequence[tuple[int, int]]) -> list[tuple[Answers, Answers]]:
        """What it answers to rows, each at two places: as a table and as a dict."""
        found = self.answers(candidate, [place for both in places for place in both])
        return list(zip(found[::2], found[1::2], strict=True))

    def drop(self, *candidates: Candidate) -> None:
        """End what was loaded of these."""
        gone = {id(c) for c in candidates}
        for key in [k for k in self._loaded if k[0] in gone]:
            self._loaded.pop(key)[1].close()

    def keep_only(self, candidates: Sequence[Candidate]) -> None:
        """End what was loaded of all others."""
        kept = {id(c) for c in candidates}
        self.drop(*(c for c, _ in self._loaded.values() if id(c) not in kept))

    def close(self) -> None:
        """End all of them; a build that another thread waits for raises `ChildFailed` there."""
        self._closed = True
        if self._builder is not None:
            self._builder.kill()
        with self._building:
            if self._builder is not None:
                self._builder.close()
                self._builder = None
        for _, child in self._loaded.values():
            child.close()
        self._loaded.clear()

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
