"""Progress on stderr: two live lines on a terminal, plain lines elsewhere.

Both tell the step, about how long it takes, how much time there is at most, and the best gain so far.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from hasten.observe.session import Progress
from hasten.report.terminal import clean, clip, wants_colour

if TYPE_CHECKING:
    from rich.text import Text


def clock_text(seconds: float) -> str:
    """`7 s`, `2:05`, `1:02:05`."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


class Told(Progress):
    """What was told by now. `clock` is for tests."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.started = self.began = clock()
        self.title = "starting"
        self.estimate_s: float | None = None
        self.counted = (0, 0)
        self.gain: float | None = None
        self.ends: float | None = None

    def stage(self, title: str, estimate_s: float | None = None) -> None:
        self.title, self.estimate_s, self.counted, self.began = title, estimate_s, (0, 0), self.clock()

    def count(self, done: int, of: int) -> None:
        self.counted = (done, of)

    def best(self, gain: float) -> None:
        self.gain = gain if self.gain is None else max(gain, self.gain)

    def within(self, seconds: float) -> None:
        self.ends = self.clock() + seconds if seconds < 1e6 else None

    def step(self, now: float) -> str:
        """`verify 12 changes, 5 of 12, about 20 s left`."""
        done, of = self.counted
        out = clean(self.title) + (f", {done} of {of}" if of else f", {done} by now" if done else "")
        if self.estimate_s is not None and self.estimate_s >= 1:
            left = self.estimate_s - (now - self.began)
            out += f", about {clock_text(left)} left" if left >= 1 else ", longer than expected" if left < -5 else ""
        return out

    def whole(self, now: float) -> str:
        """`1:05 so far, at most 3:20 left, best so far 2.4x`."""
        out = f"{clock_text(now - self.started)} so far"
        if self.ends is not None:
            out += f", at most {clock_text(max(0.0, self.ends - now))} left"
        return out + (f", best so far {self.gain:.1f}x faster" if self.gain is not None and self.gain > 1.05 else "")


class Lines(Told):
    """One plain line for each stage and note, with the time since the start."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self._stream = stream
        self._said: float | None = None

    def stage(self, title: str, estimate_s: float | None = None) -> None:
        super().stage(title, estimate_s)
        about = "" if estimate_s is None or estimate_s < 1 else f", about {clock_text(estimate_s)}"
        if self.gain is not None and self.gain > 1.05 and self.gain != self._said:
            about += f" (best so far {self.gain:.1f}x faster)"
            self._said = self.gain
        self._line(f"{clean(title)}{about}", self.began)

    def note(self, text: str) -> None:
        self._line(f"  {clean(text)}", self.clock())

    def within(self, seconds: float) -> None:
        super().within(seconds)
        if self.ends is not None:
            self._line(f"  it takes at most {clock_text(seconds)} more", self.clock())

    def _line(self, text: str, now: float) -> None:
        self._stream.write(f"[{clock_text(now - self.started):>5}] {text}\n")
        self._stream.flush()


class Live(Told):
    """The step and the whole in two lines that are drawn anew; notes scroll by above them."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        from rich.console import Console
        from rich.live import Live as Drawn

        super().__init__(clock)
        self._console = Console(file=stream, highlight=False)
        # seldom: what is drawn takes time from what is measured
        self._drawn = Drawn(console=self._console, get_renderable=self.drawn, refresh_per_second=2, transient=True)

    def __enter__(self) -> Live:
        self._drawn.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._drawn.stop()

    def drawn(self) -> Text:
        """Both lines, as they are now."""
        from rich.text import Text

        now, width = self.clock(), max(20, self._console.width - 1)
        return Text.assemble((clip(self.step(now), width), "bold"), "\n", (clip(self.whole(now), width), "dim"))

    def stage(self, title: str, estimate_s: float | None = None) -> None:
        super().stage(title, estimate_s)
        self._drawn.refresh()

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
