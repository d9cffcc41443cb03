"""A program that runs already, looked at by its process number: py-spy reads its memory, the program goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from hasten.errors import TargetError, UsageError
from hasten.observe.profiler import RATE_HZ, RawStack, parse_raw, py_spy_path

REMEDY = (
    "reading another process needs leave: run hasten as its owner's root (`sudo`), allow it on this machine "
    "(`sudo sysctl kernel.yama.ptrace_scope=0`), or start the container with `--cap-add SYS_PTRACE`"
)


@dataclass(frozen=True)
class Process:
    """A running Python program: where it was started, and the script or module that it is, as far as that shows."""

    pid: int
    cwd: Path
    script: str = ""  # as on its command line
    module: str = ""


@dataclass(frozen=True)
class Watched:
    stacks: tuple[RawStack, ...]
    wall_s: float
    peak_mb: float
    native: bool
    ended: bool  # it ended while it was watched


def process(pid: int) -> Process:
    """Raises `UsageError` when there is no such process, `TargetError` when it may not be looked at."""
    import psutil

    try:
        found = psutil.Process(pid)
        words = found.cmdline()
        cwd = Path(found.cwd())
    except psutil.NoSuchProcess:
        raise UsageError(f"--pid {pid}: no such process; `ps -ef | grep python` lists those that run") from None
    except psutil.AccessDenied:
        raise TargetError(f"process {pid} may not be read: {REMEDY}") from None
    except psutil.ZombieProcess:
        raise UsageError(f"--pid {pid}: that process has ended") from None
    script, module = "", ""
    rest = words[1:]
    while rest:
        word = rest.pop(0)
        if word == "-m" and rest:
            module = rest[0]
            break
        if word in ("-W", "-X") and rest:
            rest.pop(0)
        elif word == "-c":
            break
        elif not word.startswith("-"):
            script = word
            break
    return Process(pid, cwd, script, module)


def watch(pid: int, duration_s: float) -> Watched:
    """Sample a process for `duration_s`, or until it ends, or until Ctrl-C. Raises `TargetError` with what to do."""
    spy = py_spy_path()
    if spy is None:
        raise TargetError("py-spy is not installed, and only it can read a running process: pip install py-spy")
    native = _dump(spy, pid)
    with tempfile.TemporaryDirectory(prefix="hasten-profile-") as folder:
        out, log = Path(folder) / "stacks.txt", Path(folder) / "log"
        options = ["--format", "raw", "--full-filenames", "--threads", "--idle", "--rate", str(RATE_HZ)]
        options += ["--native"] if native else []
        options += ["--duration", str(max(1, round(duration_s))), "--output", str(out), "--pid", str(pid)]
        start = time.monotonic()
        with open(log, "wb") as file:
            child = subprocess.Popen([spy, "record", *options], stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        peak = 0.0
        try:
            while child.poll() is None:
                peak = max(peak, _peak_mb(pid))
                time.sleep(0.05)
        except KeyboardInterrupt:
            # py-spy has had the same Ctrl-C from the terminal, and writes what it has
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
        finally:
            if child.poll() is None:
                child.kill()
            child.wait()
        wall_s = time.monotonic() - start
        said = log.read_text(errors="replace")
        stacks = parse_raw(out.read_text(errors="replace"), main_id=pid) if out.is_file() else []
    if not stacks:
        raise _failed(pid, said)
    return Watched(tuple(stacks), min(wall_s, duration_s), peak, native, not _alive(pid))


def _dump(spy: str, pid: int) -> bool:
    """Whether compiled code can be told apart in it. Raises `TargetError` when it cannot be read at all."""
    for options in (["--native"], []):
        try:
            done = subprocess.run(
                [spy, "dump", *options, "--pid", str(pid)], stdin=subprocess.DEVNULL, capture_output=True, timeout=30
            )
        except subprocess.TimeoutExpired:
            continue
        if done.returncode == 0:
            return bool(options)
    raise _failed(pid, done.stderr.decode("utf-8", "replace"))


def _failed(pid: int, said: str) -> TargetError:
    if "ermission" in said or "not permitted" in said:
        return TargetError(f"process {pid} may not be read: {REMEDY}")
    why = next((line for line in said.splitlines() if line.startswith("Error")), "py-spy saw nothing")
    if not _alive(pid):
        return TargetError(f"process {pid} ended before it could be sampled")
    return TargetError(f"process {pid}: {why}; is it a Python program? hasten itself runs Python {sys.version[:4]}")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def _peak_mb(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    at = text.find("VmHWM:")
    return int(text[at + 6 :].split(None, 1)[0]) * 1024 / 1e6 if at >= 0 else 0.0
