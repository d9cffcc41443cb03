"""Copies of a benchmark program, and one timed run of one of them as a fresh process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.outputs import text_difference, without_places

SCRIPTS = Path(__file__).resolve().parent / "scripts"
_CACHES = ("__pycache__", "numba-cache")
LIMIT_S = 600.0
TIMED_OUT = 124  # as timeout(1) says it


def cases() -> list[str]:
    """Names of the folders in `scripts/` that hold a slow and an expert version."""
    return sorted(p.parent.name for p in SCRIPTS.glob("*/slow.py") if (p.parent / "expert.py").is_file())


@dataclass(frozen=True)
class Outcome:
    """What a run left: wall-clock seconds, exit status, output, and the text of files that it wrote."""

    seconds: float
    status: int
    stdout: str
    stderr: str
    files: dict[str, str]


@dataclass(frozen=True)
class Copy:
    """A copy of a case's folder, and the script in it that runs."""

    folder: Path
    script: str
    args: tuple[str, ...] = ()

    def run(self, *, cold: bool = False, limit_s: float = LIMIT_S) -> Outcome:
        """Run once from a clean folder; `cold` empties the caches of bytecode and Numba first.

        A program that is not done after `limit_s` seconds is killed: its status is then `TIMED_OUT`.
        """
        for name in _written(self.folder):
            (self.folder / name).unlink()
        if cold:
            self.empty_caches()
        env = os.environ | {"NUMBA_CACHE_DIR": str(self.folder / "numba-cache"), "PYTHONPATH": ""}
        command = [sys.executable, self.script, *self.args]
        start = time.perf_counter()
        try:
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Outcome(limit_s, TIMED_OUT, "", f"killed after {limit_s:g} s", {})
        seconds = time.perf_counter() - start
        files = {name: (self.folder / name).read_text(errors="replace") for name in _written(self.folder)}
        return Outcome(seconds, done.returncode, done.stdout, done.stderr, files)

    def empty_caches(self) -> None:
        for name in _CACHES:
            for folder in list(self.folder.rglob(name)):
                shutil.rmtree(folder)


def copy(case: str, place: Path, script: str, *, overlay: Path | None = None, args: tuple[str, ...] = ()) -> Copy:
    """A copy of the case's folder at `place`; the files of `overlay` (same layout) lie over it."""
    shutil.copytree(SCRIPTS / case, place, ignore=shutil.ignore_patterns("out", *_CACHES))
    # marks the folder as a project of its own, wherever it lies
    (place / "pyproject.toml").write_text('[project]\nname = "case"\nversion = "0"\n')
    if overlay is not None:
        shutil.copytree(overlay, place, dirs_exist_ok=True)
    return Copy(place, script, args)


def difference(expected: Outcome, found: Outcome) -> str | None:
    """The first thing in which two outcomes differ, in words; None when they are equal."""
    if expected.status != found.status:
        last = found.stderr.strip().splitlines()[-1:] or [""]
        return f"exit status {expected.status} became {found.status} {last[0]}".strip()
    streams = {
        "stdout": (expected.stdout, found.stdout),
        "stderr": (without_places(expected.stderr), without_places(found.stderr)),
    }
    for name in sorted(expected.files.keys() | found.files.keys()):
        if name not in found.files:
            return f"{name} is not written"
        if name not in expected.files:
            return f"{name} is written, and was not before"
        streams[name] = (expected.files[name], found.files[name])
    for name, (old, new) in streams.items():
        text = text_difference(old, new)
        if text is not None:
            return f"{name}, {text}"
    return None


def _written(folder: Path) -> list[str]:
    """Files under `out/`: where the programs write."""
    out = folder / "out"
    return sorted(p.relative_to(folder).as_posix() for p in out.rglob("*") if p.is_file()) if out.is_dir() else []
