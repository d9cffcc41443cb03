"""One run of hasten: its scratch folder, its budget, and whom to tell about progress."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from hasten.errors import StoreError
from hasten.observe import guard, reap
from hasten.observe.compiled import Compiled
from hasten.observe.journal import Journal, cannot_write

_SCRATCH = re.compile(r"hasten-[0-9a-f]{8}")  # as `scratch_name` gives

T = TypeVar("T")


class Progress:
    """Silent by default. `cli` gives one that draws; tests give one that records."""

    def stage(self, title: str, estimate_s: float | None = None) -> None:
        """A new stage begins."""

    def note(self, text: str) -> None:
        """Something worth a line."""

    def count(self, done: int, of: int) -> None:
        """So much of the stage is done; `of` is 0 where nobody knows how much there will be."""

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
    journal: Journal | None = None  # of what is finished; None: a run that cannot be gone on with
    waited_s: float = 0.0  # for another hasten on this machine that was timing: no part of the budget
    phases: dict[str, float] = field(default_factory=dict)  # seconds of those that have ended, by what they were for
    compiled: Compiled = field(init=False)  # kernels that any run has compiled

    def stop(self) -> None:
        """Make worker threads give up what they are at: called on Ctrl-C, before they are waited for."""
        self.stopping.set()
        for stop in list(self.stoppers):
            stop()

    def __post_init__(self) -> None:
        self.started = self.clock() - (0.0 if self.journal is None else self.journal.spent_s)
        self.compiled = Compiled(self.scratch / "compiled")
        self._phase, self._phase_began = "before it was resumed", self.started
        self.phase("start")

    def phase(self, name: str) -> None:
        """From now on time is spent on `name`; what was spent since the last call counts for what that one named."""
        now = self.clock()
        if now > self._phase_began:
            self.phases[self._phase] = self.phases.get(self._phase, 0.0) + now - self._phase_began
        self._phase, self._phase_began = name, now

    def waited(self, seconds: float) -> None:
        """So long another hasten had the machine for timing: the budget is longer by that."""
        self.waited_s += seconds
        if seconds > 1:
            self.progress.note(f"waited {seconds:.0f} s for another hasten on this machine that was timing too")

    def once(
        self, name: str, key: object, make: Callable[[], T], files: Callable[[T], Iterable[Path]] = lambda _: ()
    ) -> T:
        """What a step gives: `make`'s answer, or what it gave before hasten was killed (`Journal.once`)."""
        if self.journal is None:
            return make()
        return self.journal.once(name, key, make, lambda: self.spent_s, files)

    def known(self, name: str, key: object) -> Any:
        """What a step gave before hasten was killed; None when it was not finished."""
        return None if self.journal is None else self.journal.known(self.journal.step(name, key), None)

    def noted(self, name: str, key: object, value: object, files: Iterable[Path] = ()) -> None:
        """A step that `known` was asked for is finished."""
        if self.journal is not None:
            self.journal.note(self.journal.last(name, key), value, self.spent_s, files)

    @property
    def resumed(self) -> bool:
        """Whether this run goes on from where another process was ended."""
        return self.journal is not None and self.journal.resumed

    @property
    def private(self) -> tuple[Path, ...]:
        """Folders that are no part of any project, wherever they lie."""
        own = () if self.journal is None else (self.journal.folder.parent.resolve(), self.journal.folder.resolve())
        return (self.scratch, self.store, *own)

    @property
    def elapsed_s(self) -> float:
        return self.clock() - self.started

    @property
    def spent_s(self) -> float:
        """Seconds that count against the budget."""
        return self.elapsed_s - self.waited_s

    @property
    def left_s(self) -> float:
        """Seconds of budget left; infinite without a budget; never negative."""
        return float("inf") if self.budget_s is None else max(0.0, self.budget_s - self.spent_s)


def scratch_name() -> Path:
    """A name for a temporary folder that nobody has."""
    return Path(tempfile.gettempdir()).resolve() / f"hasten-{secrets.token_hex(4)}"


@contextmanager
def session(
    store: Path | None = None, *, budget_s: float | None = None, seed: int = 0, progress: Progress | None = None,
    journal: Journal | None = None,
) -> Iterator[Session]:  # fmt: skip
    """A session whose scratch folder is gone afterwards, however it ends.

    With a journal, the scratch folder is where it was when the run began (recorded values name files in it), and the
    store is the journal's.
    """
    scratch = scratch_name() if journal is None else journal.scratch
    if not _SCRATCH.fullmatch(scratch.name) or not scratch.is_absolute() or ".." in scratch.parts:
        # a journal that somebody else wrote: no folder is removed that hasten has not made
        raise StoreError(f"{scratch}: is no name of a temporary folder of hasten's; do not use this run")
    reap.guarded(scratch)  # first: from here on a kill at any moment leaves nothing
    try:
        _make(scratch)
        keep = journal.store if journal is not None else store if store is not None else scratch / "store"
        keep.mkdir(parents=True, exist_ok=True)
        yield Session(scratch, keep.resolve(), budget_s, seed, progress or Progress(), journal=journal)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        reap.unguarded(scratch)


def _make(scratch: Path) -> None:
    """A new folder of that name, for this user only. What another process of the same run left there goes first."""
    try:
        if scratch.exists():
            info = scratch.lstat()
            if stat.S_ISDIR(info.st_mode) and info.st_uid == os.getuid():
                guard.clean(str(scratch))
        scratch.mkdir(mode=0o700)
    except OSError as error:
        raise StoreError(cannot_write(scratch, error)) from None
