"""The folder of a run: `optimized/`, `changes.patch`, `report.html`, `result.json`."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hasten.core.model_record import ModelRunRecord
from hasten.core.record import RunRecord
from hasten.core.source import SourceFile
from hasten.deliver.files import inside, write_atomic
from hasten.deliver.page import page
from hasten.deliver.patch import patch
from hasten.errors import UsageError
from hasten.observe.journal import JOURNAL, unfinished

OPTIMIZED, PATCH, REPORT, RESULT, BACKUP, CELLS = (
    "optimized",
    "changes.patch",
    "report.html",
    "result.json",
    "backup",
    "cells.diff",
)


@dataclass(frozen=True)
class Delivery:
    """What was written, and where. `notes` are troubles on the way, which `result.json` tells too."""

    folder: Path
    patch: Path
    report: Path
    result: Path
    optimized: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def check_folder(folder: Path, *, own: bool = False) -> None:
    """Raises `UsageError` unless `folder` is new, empty, or an earlier run that may be replaced. `own`: the journal in
    it is that of this run."""
    try:
        folder.resolve()
        if not folder.exists():
            return
    except (OSError, RuntimeError, ValueError) as error:  # too long, a circle of links, a NUL in it
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"--out {str(folder)[:80]!r}: cannot be a folder: {why}; name another") from None
    if not folder.is_dir():
        raise UsageError(f"--out {folder}: it is a file; name a folder")
    there = {p.name for p in folder.iterdir()}
    if there <= ({JOURNAL} if own else set()):
        return
    if RESULT not in there and not own:
        if unfinished(folder):
            raise UsageError(
                f"--out {folder}: an unfinished run is in it. `hasten run --resume {folder}` goes on with it; to begin "
                "anew remove the folder, or name another"
            )
        raise UsageError(f"--out {folder}: it has other files in it; name a new folder")
    if (folder / BACKUP).exists():
        raise UsageError(
            f"--out {folder}: it keeps the backup of an applied run. Undo that (`hasten apply {folder} --undo`), "
            "remove the folder, or name another"
        )


def deliver(
    record: RunRecord,
    original: Mapping[str, SourceFile],
    changed: Mapping[str, SourceFile],
    folder: Path,
    *,
    companions: Mapping[str, SourceFile] | None = None,
    render: Callable[[RunRecord, str], str] | None = None,
    cells: str = "",
) -> Delivery:
    """Write the run to `folder`. `original` and `changed` are keyed by path relative to the project's root.

    `companions` are unchanged modules that the program imports: with them beside it, `optimized/` runs where
    it lies. `cells` is a diff to read, for a notebook, whose own is of JSON.
    `render(record, diff)` makes `report.html`; where it fails, a page that says so takes its place. `result.json` comes
    last: with it the run is complete.
    Raises `UsageError` for a folder that has something else in it, and `OSError`.
    """
    check_folder(folder, own=unfinished(folder))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULT).unlink(missing_ok=True)
    shutil.rmtree(folder / OPTIMIZED, ignore_errors=True)
    optimized = folder / OPTIMIZED
    optimized.mkdir()
    written = []
    extra = companions or {}
    for path, source in [*changed.items(), *((p, s) for p, s in extra.items() if p not in changed)]:
        place = inside(optimized, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(place, source.data)
        if path in changed:
            written.append(place)
    diff = patch({p: s.data for p, s in original.items()}, {p: s.data for p, s in changed.items()})
    write_atomic(folder / PATCH, diff)
    (folder / CELLS).unlink(missing_ok=True)
    if cells:
        write_atomic(folder / CELLS, cells.encode("utf-8", "replace"))
    notes: tuple[str, ...] = ()
    if render is not None:
        shown, trouble = page(partial(render, record, cells or diff.decode("utf-8", "replace")), folder)
        write_atomic(folder / REPORT, shown)
        notes = (trouble,) if trouble else ()
    write_atomic(folder / RESULT, replace(record, notes=(*record.notes, *notes)).dumps().encode("ascii"))
    return Delivery(folder, folder / PATCH, folder / REPORT, folder / RESULT, tuple(written), notes)


def load(folder: Path) -> RunRecord:
    """The record of the run over a program in `folder`. Raises `UsageError` when there is none."""
    record = load_any(folder)
    if isinstance(record, ModelRunRecord):
        raise UsageError(f"{folder} is the run of a model, which changes no source; its result is {folder}/artifact")
    return record


def load_any(folder: Path) -> RunRecord | ModelRunRecord:
    """The record of the run in `folder`, over a program or a model. Raises `UsageError` when there is none."""
    result = folder / RESULT if folder.is_dir() else folder
    try:
        text = result.read_bytes().decode("utf-8")
    except OSError as error:
        raise UsageError(f"no run at {folder} ({error.strerror}); `hasten run TARGET` makes one") from None
    except UnicodeDecodeError:
        raise UsageError(f"{result} is not a result of `hasten run`: it is not UTF-8") from None
    with contextlib.suppress(ValueError, RecursionError):
        data = json.loads(text)
        if isinstance(data, dict) and data.get("kind") == "model":
            return ModelRunRecord.from_json(data)
    return RunRecord.loads(text)
