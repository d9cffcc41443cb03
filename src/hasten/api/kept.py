"""The journal of a run: begun with it, opened again by `--resume`, gone when the run is finished."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hasten.core.model import ModelContract, ModelWorkload
from hasten.errors import StaleError, StoreError, TargetError, UsageError
from hasten.observe.journal import Identity, Journal, cannot_write, digest_of, full, place_of, was_removed
from hasten.observe.session import Progress, Session, scratch_name

RUNS = Path(".hasten") / "runs"
_LIBRARIES = (
    "hasten", "numpy", "numba", "pandas", "scipy", "scikit-learn", "polars", "torch", "onnxruntime", "openvino",
    "xgboost", "lightgbm", "optuna",
)  # fmt: skip


@contextmanager
def begun(
    folder: Path, kind: str, options: Mapping[str, Any], files: Mapping[str, str] | None = None
) -> Iterator[Journal]:
    """A new journal in the folder of a run. When the target turns out to be none, nothing of it is left."""
    new = not folder.exists() or not any(folder.iterdir())
    identity = Identity(kind, os.getcwd(), options, _versions(), _machine(), files or {})
    journal = None
    try:
        journal = Journal.begin(folder, identity, scratch_name())
        with _still_there(journal):
            yield journal
    except (TargetError, UsageError, StoreError) as error:
        if journal is not None and not isinstance(error, StoreError):
            journal.finished()  # nobody goes on with that
        if new:
            _remove_empty(folder)
        raise
    except OSError as error:
        if full(error):
            raise StoreError(cannot_write(place_of(error, folder), error)) from error
        raise
    finally:
        if journal is not None:
            journal.close()


@contextmanager
def _still_there(journal: Journal) -> Iterator[None]:
    """Whatever goes wrong because somebody removed the run's folder meanwhile is told as that. Raises `StoreError`."""
    try:
        yield
    except Exception as error:
        if journal.lost:
            raise StoreError(was_removed(journal.folder.parent)) from error
        raise


def _remove_empty(folder: Path) -> None:
    """The folder, and those above it that hasten makes for its runs, as far as nothing is in them."""
    with suppress(OSError):
        folder.rmdir()
        if folder.parent == RUNS:
            RUNS.rmdir()
            if {p.name for p in RUNS.parent.iterdir()} <= {".gitignore"}:
                (RUNS.parent / ".gitignore").unlink(missing_ok=True)
                RUNS.parent.rmdir()


@contextmanager
def reopened(folder: Path) -> Iterator[Journal]:
    """The journal of the run in this folder. Raises `UsageError` when there is none, and `StaleError` when what it was
    about has changed."""
    journal = Journal.reopen(folder)
    try:
        old = journal.identity
        files = {name: digest_of(Path(name)) for name in old.files}
        told = Identity(old.kind, old.where, {}, _versions(), _machine(), files).changed_from(old)
        if told is not None:
            raise StaleError(f"{folder}: {told} since this run began, so nothing of it is used: run it anew")
        with _still_there(journal):
            yield journal
    except OSError as error:
        if full(error):
            raise StoreError(cannot_write(place_of(error, folder), error)) from error
        raise
    finally:
        journal.close()


@contextmanager
def delivered(folder: Path) -> Iterator[None]:
    """What is written into the run's folder at its end. Raises `StoreError` when that does not go."""
    try:
        yield
    except OSError as error:
        raise StoreError(cannot_write(place_of(error, folder), error)) from error


def told(journal: Journal, progress: Progress) -> None:
    """Say what is gone on with."""
    if journal.resumed:
        progress.note(f"going on with {journal.folder.parent}, where it had come to after {journal.spent_s:.0f} s")
    for note in journal.notes:
        progress.note(note)
    journal.notes.clear()


def workload(
    current: Session, given: tuple[ModelWorkload, ModelContract] | None
) -> tuple[ModelWorkload, ModelContract]:
    """A model with its data, as the search begins with it: kept beside the journal, and read from there when the run is
    gone on with (a function that makes it may make another one the second time). Raises `StaleError`."""
    file = current.store / "workload.pkl"
    if given is not None:
        import cloudpickle

        data = cloudpickle.dumps(given[0], protocol=5)
        file.write_bytes(data)
        current.known("workload", ())
        current.noted("workload", (), (given[1], hashlib.sha256(data).hexdigest()), [file])
        return given
    known = current.known("workload", ())
    data = file.read_bytes() if known is not None else b""
    if known is None or hashlib.sha256(data).hexdigest() != known[1]:
        raise StaleError(f"{current.store.parent.parent}: it was killed before it had read the model: run it anew")
    work: ModelWorkload = pickle.loads(data)
    return work, known[0]


def _versions() -> dict[str, str]:
    import platform
    from importlib import metadata

    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _machine() -> dict[str, Any]:
    from hasten.observe.machine import machine

    return {name: value for name, value in machine().items() if name in ("cpu", "cores", "architecture")}
