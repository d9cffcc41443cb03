"""Progress on stderr: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from hasten.observe.session import Progress
from hasten.report.terminal import clean, clip, wants_colour


def clock_text(seconds: float) -> str:
    """`7 s`, `2:05`, `1:02:05`."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def _about(estimate_s: float | None) -> str:
    return "" if estimate_s is None or estimate_s < 1 else f", about {clock_text(estimate_s)}"


class Lines(Progress):
    """One plain line for each stage and note, with the time since the start."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock, self._start = stream, clock, clock()

    def stage(self, title: str, estimate_s: float | None = None) -> None:
        self._line(f"{clean(title)}{_about(estimate_s)}")

    def note(self, text: str) -> None:
        self._line(f"  {clean(text)}")

    def _line(self, text: str) -> None:
        self._stream.write(f"[{clock_text(self._clock() - self._start):>5}] {text}\n")
        self._stream.flush()


class Live(Progress):
    """The stage with a spinner and the time it has taken; notes scroll by above it."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console

        self._console = Console(file=stream, highlight=False)
        self._status = self._console.status("starting")
        self._start = time.monotonic()

    def __enter__(self) -> Live:
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def stage(self, title: str, estimate_s: float | None = None) -> None:
        from rich.text import Text

        elapsed = clock_text(time.monotonic() - self._start)
        self._status.update(Text(clip(f"{title}{_about(estimate_s)} (at {elapsed})", max(20, self._console.width - 4))))

    def note(self, text: str) -> None:
        from rich.text import Text

        self._console.print(Text(clip(text, max(20, self._console.width - 1)), style="dim"))


@contextmanager
def progress() -> Iterator[Progress]:
    """The progress for this process's stderr."""
    if not wants_colour(sys.stderr):
        yield Lines(sys.stderr)
        return
    with Live(sys.stderr) as live:
        yield live
