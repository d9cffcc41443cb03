"""Which files a model and its data come from: what was read while they were made, libraries left out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_SYSTEM = ("/dev/", "/proc/", "/sys/", "/etc/", "/usr/", "/lib")
_reading: set[str] | None = None
_hooked = False


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _reading is None or event != "open":
        return
    path, _, flags = args
    if isinstance(path, (str, bytes)) and not (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)):
        _reading.add(os.path.abspath(os.fsdecode(path)))


@contextmanager
def files_read() -> Iterator[set[Path]]:
    """Fills the set that it gives, at its end, with the files that were opened for reading, and with the modules of the
    user's own that were imported. Not seen: files that C libraries open themselves."""
    global _reading, _hooked
    found: set[Path] = set()
    modules, _reading = set(sys.modules), set()
    if not _hooked:
        sys.addaudithook(_hook)  # it stays: there is no way to remove one
        _hooked = True
    try:
        yield found
    finally:
        seen, _reading = _reading, None
        own = [getattr(sys.modules[name], "__file__", None) for name in set(sys.modules) - modules]
        installed = tuple(f"{os.path.abspath(p)}{os.sep}" for p in {sys.prefix, sys.base_prefix})
        for name in (*seen, *(os.path.abspath(f) for f in own if f)):
            skipped = name.startswith((*_SYSTEM, *installed)) or name.endswith(".pyc") or "site-packages" in name
            with suppress(OSError):
                if not skipped and os.path.isfile(name) and not name.startswith(_HASTEN):
                    found.add(Path(name))


_HASTEN = f"{Path(__file__).resolve().parents[2]}{os.sep}"
