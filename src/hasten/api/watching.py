"""Notice when a file of a project is saved: by looking, which works on every file system and needs no library."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hasten.observe.mirror import CACHE_ENDS, SKIP

EVERY_S = 0.4  # between two looks
QUIET_S = 0.3  # without a further change before it counts: editors write in several steps, and in several files
MOST = 20_000  # files looked at
_OF_EDITORS = ("~", ".swp", ".swx", ".tmp", ".part", ".orig")

State = dict[str, tuple[int, int, int]]


@dataclass
class Watch:
    """The files below `root` (and `also`), as they were at the last look. `clock` and `sleep` are for tests."""

    root: Path
    also: tuple[Path, ...] = ()
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    seen: State = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.seen = self.look()

    def look(self) -> State:
        """Time, size and inode of every file that may belong to the program."""
        found: State = {}
        for path in (*self.also, *_files(self.root)):
            try:
                info = os.stat(path)
            except OSError:
                continue
            found[str(path)] = (info.st_mtime_ns, info.st_size, info.st_ino)
        return found

    def saved(self) -> list[str]:
        """Wait until something was saved and all is quiet again; the names of what changed, sorted.

        What was saved since the last call counts, also while the caller was busy.
        """
        while True:
            now = self.look()
            if now == self.seen:
                self.sleep(EVERY_S)
                continue
            quiet = self.clock()
            while self.clock() - quiet < QUIET_S:
                self.sleep(QUIET_S / 3)
                later = self.look()
                if later != now:
                    now, quiet = later, self.clock()
            changed = sorted(name for name in {*now, *self.seen} if now.get(name) != self.seen.get(name))
            self.seen = now
            if changed:
                return [self._shown(name) for name in changed]

    def _shown(self, name: str) -> str:
        path = Path(name)
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else name


def _files(root: Path) -> Iterator[Path]:
    count = 0
    todo = [root]
    while todo:
        try:
            entries = list(os.scandir(todo.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIP and not entry.name.endswith(".egg-info"):
                    todo.append(Path(entry.path))
            elif not entry.name.endswith((*CACHE_ENDS, *_OF_EDITORS)) and not entry.name.startswith(
                (".#", "#", "4913")
            ):
                count += 1
                if count > MOST:
                    return
                yield Path(entry.path)
