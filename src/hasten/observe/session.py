"""One run of hasten: its scratch folder, its budget, and whom to tell about progress."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hasten.observe.compiled import Compiled


class Progress:
    """Silent by default. `cli` gives one that draws; tests give one that records."""

    def stage(self, title: str, estimate_s: float | None = None) -> None:
        """A new stage begins."""

    def note(self, text: str) -> None:
        """Something worth a line."""

    def count(self, done: int, of: int) -> None:
        """So much of the stage is done."""

    def best(self, gain: float) -> None:
        """A gain (old/new) of the whole, measured by now; the largest is the best so far."""

    def within(self, seconds: float) -> None:
        """From now on it takes so long at most."""


@dataclass
class Session:
    """Scratch space (removed at the end), deadline, seed and progress sink. `store` keeps what outlives stages."""

    scratch: Path
    store: Path
    budget_s: float | None = None
    seed: int = 0
    progress: Progress = field(default_factory=Progress)
    clock: Callable[[], float] = time.monotonic
    started: float = 0.0
    stopping: threading.Event = field(default_factory=threading.Event)
    stoppers: set[Callable[[], None]] = field(default_factory=set)  # end what worker threads wait for
    compiled: Compiled = field(init=False)  # kernels that any run has compiled

    def stop(self) -> None:
        """Make worker threads give up what they are at: called on Ctrl-C, before they are waited for."""
        self.stopping.set()
        for stop in list(self.stoppers):
            stop()

    def __post_init__(self) -> None:
        self.started = self.clock()
        self.compiled = Compiled(self.scratch / "compiled")

    @property
    def elapsed_s(self) -> float:
        return self.clock() - self.started

    @property
    def left_s(self) -> float:
        """Seconds of budget left; infinite without a budget; never negative."""
        return float("inf") if self.budget_s is None else max(0.0, self.budget_s - self.elapsed_s)


@contextmanager
def session(
    store: Path | None = None, *, budget_s: float | None = None, seed: int = 0, progress: Progress | None = None
) -> Iterator[Session]:
    """A session whose scratch folder is gone afterwards, however it ends."""
    scratch = Path(tempfile.mkdtemp(prefix="hasten-")).resolve()
    try:
        keep = store if store is not None else scratch / "store"
        keep.mkdir(parents=True, exist_ok=True)
        yield Session(scratch, keep.resolve(), budget_s, seed, progress or Progress())
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
