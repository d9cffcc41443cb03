"""Put a run's changes into the user's files, only if they are byte for byte what they were; and take them out again."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from hasten.core.record import RunRecord
from hasten.deliver.artifact import BACKUP, CELLS, OPTIMIZED, PATCH, load
from hasten.deliver.files import inside, write_atomic
from hasten.errors import StaleError, UsageError


@dataclass(frozen=True)
class Applied:
    """What was written (`written`), what already was as wanted (`already`), and how to go back (`undo`)."""

    root: Path
    written: tuple[str, ...]
    already: tuple[str, ...]
    undo: str
    undone: bool = False


def shown_diff(folder: Path) -> str:
    """The run's changes for a reader: of a notebook its cells, not their JSON."""
    try:
        return (folder / CELLS).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return run_diff(folder).decode("utf-8", "replace")


def run_diff(folder: Path) -> bytes:
    """The run's patch. Raises `UsageError` when there is no such run."""
    load(folder)
    try:
        return (folder / PATCH).read_bytes()
    except OSError as error:
        raise UsageError(f"{folder / PATCH}: {error.strerror}; run `hasten run` again") from None


def apply_run(folder: Path, *, undo: bool = False, root: Path | None = None) -> Applied:
    """Write the changed files of the run in `folder` (or, with `undo`, the originals) over the user's files.

    Every file is checked before the first is written. `root` is where the project lies now, when it moved. Modes are
    kept; the originals are kept in the run's folder first. When a write fails, those before it are taken back.
    Raises `StaleError` when a file is neither what it was nor what the run made of it, `UsageError`, `OSError`.
    """
    folder = folder.resolve()
    record = load(folder)
    base = (root or Path(record.target.root)).resolve()
    plan, already = _plan(folder, record, base, undo=undo)
    done: list[tuple[Path, bytes | None]] = []
    try:
        for path, place, old, new in plan:
            if not undo and old is not None:
                keep = inside(folder / BACKUP, path)
                keep.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(keep, old)
            _put(place, new)
            done.append((place, old))
    except BaseException:
        for place, old in reversed(done):
            _put(place, old)
        if not undo and not already:
            _remove_backup(folder, record)
        raise
    if undo:
        _remove_backup(folder, record)
    shown = os.path.relpath(folder)
    return Applied(
        base,
        tuple(path for path, *_ in plan),
        tuple(already),
        f"hasten apply {shown if not shown.startswith('..') else folder} --undo",
        undo,
    )


def _put(place: Path, data: bytes | None) -> None:
    """The file with this content, or no file."""
    if data is None:
        place.unlink(missing_ok=True)
    else:
        write_atomic(place, data)


def _plan(
    folder: Path, record: RunRecord, base: Path, *, undo: bool
) -> tuple[list[tuple[str, Path, bytes | None, bytes | None]], list[str]]:
    """What is to be written, as (path, place, old content, new content); a content of None is no file."""
    plan: list[tuple[str, Path, bytes | None, bytes | None]] = []
    already, stale = [], []
    for path in sorted(record.changed):
        place = inside(base, path)
        before, after = record.sources.get(path, ""), record.changed[path]
        source, want, have = (BACKUP, before, after) if undo else (OPTIMIZED, after, before)
        old: bytes | None = None
        try:
            old = place.read_bytes()
        except FileNotFoundError as error:
            if before:
                stale.append(f"{place}: {error.strerror}")
                continue
        except OSError as error:
            stale.append(f"{place}: {error.strerror}")
            continue
        found = "" if old is None else hashlib.sha256(old).hexdigest()
        if found == want:
            already.append(path)
            continue
        if found != have:
            was = "what this run wrote" if undo else "what it was when the run began"
            stale.append(f"{place}: no longer {was}")
            continue
        if not want:  # the run made this file
            plan.append((path, place, old, None))
            continue
        try:
            new = inside(folder / source, path).read_bytes()
        except OSError as error:
            raise UsageError(f"{folder / source / path}: {error.strerror}; the run's folder is not complete") from None
        if hashlib.sha256(new).hexdigest() != want:
            raise UsageError(f"{folder / source / path} was edited after the run; nothing was applied")
        plan.append((path, place, old, new))
    if stale:
        todo = "edit it back by hand" if undo else "run `hasten run` again"
        raise StaleError("nothing was written. " + "; ".join(stale) + f". Next: {todo}")
    return plan, already


def _remove_backup(folder: Path, record: RunRecord) -> None:
    """Only the files this module put there, and the folders they leave empty."""
    for path in record.changed:
        keep = inside(folder / BACKUP, path)
        keep.unlink(missing_ok=True)
        parent = keep.parent
        while parent != folder and parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()
            parent = parent.parent
