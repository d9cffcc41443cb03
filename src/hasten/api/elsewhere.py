"""Runs whose folder the user named (`--out`): .hasten/elsewhere lists them, so that the history knows them too.

Where there is no .hasten yet, none is made for this: a run with `--out` leaves nothing anywhere else.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from hasten.deliver.files import write_atomic

LIST = "elsewhere"
MOST = 1000  # folders that are remembered


def remember(folder: Path, runs: Path) -> None:
    """Note that a run is in `folder`. A history that cannot be written is no reason not to run."""
    path = folder.resolve()
    if path.parent == runs.resolve() or not runs.parent.is_dir():
        return
    with contextlib.suppress(OSError, ValueError):
        known = [p for p in remembered(runs) if p != path and p.is_dir()]
        text = "".join(f"{p}\n" for p in [*known, path][-MOST:])
        write_atomic(runs.parent / LIST, os.fsencode(text))


def remembered(runs: Path) -> list[Path]:
    """The folders that were named, oldest first; some may be gone."""
    try:
        lines = os.fsdecode((runs.parent / LIST).read_bytes()).split("\n")
    except OSError:
        return []
    return [Path(line) for line in dict.fromkeys(lines) if os.path.isabs(line)]


def shown(folder: Path, runs: Path) -> str:
    """What the run in `folder` is called: its name among `runs`, else its path from here."""
    if folder.resolve().parent == runs.resolve():
        return folder.name
    here = Path.cwd().resolve()
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)
