"""What the user gives besides options: standard input, and the name of a run."""

from __future__ import annotations

import argparse
import os
import select
import stat
import sys
from pathlib import Path

from hasten.errors import UsageError

PATIENCE_S = 2.0


def standard_input(name: str | None) -> bytes | None:
    """The program's standard input: the file `name`, else what is piped or redirected in, else None.

    A terminal and the null device give none. Raises `UsageError` when `name` cannot be read.
    """
    if name is not None and name != "-":
        try:
            return Path(name).read_bytes()
        except OSError as error:
            raise UsageError(f"--stdin {name}: {error.strerror}") from None
    if sys.stdin is None or sys.stdin.closed:
        return None
    try:
        handle = sys.stdin.fileno()
        mode = os.fstat(handle).st_mode
    except (OSError, ValueError):
        return None
    if not (stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)):
        return None
    if not stat.S_ISREG(mode) and not select.select([handle], [], [], PATIENCE_S)[0]:
        print("hasten: reading standard input to its end (`< /dev/null` if there is none)", file=sys.stderr)
    chunks = []
    while chunk := os.read(handle, 1 << 20):
        chunks.append(chunk)
    return b"".join(chunks)


def alone(options: argparse.Namespace, name: str, *beside: str) -> None:
    """Raises `UsageError` when the option `name` is given with any other than those `beside` it."""
    others = {k for k, v in vars(options).items() if v not in (None, False, []) and k not in (name, "command", *beside)}
    if others:
        shown = ", ".join(sorted("TARGET" if o == "target" else o.replace("_", "-") for o in others))
        raise UsageError(f"--{name} takes what it needs from the run it names: leave out {shown}")


def unfinished_run(name: str) -> Path:
    """The folder of the run `name` that is not finished: a path, a name under .hasten/runs, or `latest`. Raises
    `UsageError`."""
    from hasten.api.run import RUNS
    from hasten.config import nearest
    from hasten.observe.journal import JOURNAL, unfinished

    there = [p for p in RUNS.iterdir() if unfinished(p)] if RUNS.is_dir() else []
    if name == "latest":
        if not there:
            raise UsageError(f"no run in {RUNS} waits to be gone on with; name the run's folder")
        return max(there, key=lambda p: ((p / JOURNAL).stat().st_mtime_ns, p.name))
    for folder in (Path(name), RUNS / name):
        if unfinished(folder):
            return folder
        if (folder / "result.json").is_file():
            raise UsageError(f"{folder} is finished, there is nothing to go on with; `hasten report {folder}` shows it")
    raise UsageError(f"no unfinished run at {name}{nearest(name, [p.name for p in there])}")


def run_folder(name: str) -> Path:
    """The folder of the run `name`: a path, a name under .hasten/runs, or `latest`. Raises `UsageError`."""
    from hasten.api.run import RUNS
    from hasten.deliver.artifact import RESULT

    path = Path(name)
    if path.name == RESULT and path.is_file():
        return path.parent
    if (path / RESULT).is_file():
        return path
    there = sorted(p.parent for p in RUNS.glob(f"*/{RESULT}")) if RUNS.is_dir() else []
    if name == "latest":
        from hasten.api.elsewhere import remembered

        there += [p for p in remembered(RUNS) if (p / RESULT).is_file()]
        if not there:
            raise UsageError(f"no run in {RUNS} yet; `hasten run TARGET` makes one, or name a run's folder")
        # names begin with the time, but a run made in the same second has a suffix that must count as a number
        return max(there, key=lambda p: ((p / RESULT).stat().st_mtime_ns, p.name))
    if (RUNS / name / RESULT).is_file():
        return RUNS / name
    from hasten.config import nearest

    hint = nearest(name, [p.name for p in there]) or ("; `latest` names the last one" if there else "")
    raise UsageError(f"no run at {name}{hint}")
