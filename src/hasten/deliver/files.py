"""Files written whole or not at all, and paths that stay where they belong."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path, PurePosixPath

from hasten.errors import UsageError


def write_atomic(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """`data` at `path`: a temporary file beside it, fsync, rename. `mode` defaults to that of the file it replaces.

    A reader sees the old bytes or the new ones. Raises `OSError`; then nothing has changed.
    """
    if mode is None:
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except FileNotFoundError:
            umask = os.umask(0)
            os.umask(umask)
            mode = 0o666 & ~umask
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def inside(root: Path, relative: str) -> Path:
    """`root / relative`, links followed. Raises `UsageError` when that leads out of `root`, or is not relative."""
    pure = PurePosixPath(relative)
    if not relative or "\0" in relative or pure.is_absolute() or ".." in pure.parts:
        raise UsageError(f"{relative!r} is not a path inside the project")
    root = root.resolve()
    path = (root / relative).resolve()
    if not path.is_relative_to(root) or path == root:
        raise UsageError(f"{relative!r} leads out of {root} (a symbolic link?)")
    return path
