"""Processes: who belongs to a program, how large they are, and that none is left behind.

Every program that hasten starts carries a mark of its own in its environment. What still carries it when the program
has ended is killed; a small guard process does that when hasten itself is killed.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from hasten.observe import guard

MARK = "HASTEN_RUN"
TOKEN = f"{os.getpid()}.{secrets.token_hex(6)}"
_LINUX = sys.platform.startswith("linux")


_numbers = itertools.count(1)


def new_mark() -> str:
    """A value for `MARK` that no other program has. All are of one length, so that environments are of one size."""
    return f"{TOKEN}.{next(_numbers):08d}"


def marked(mark: str) -> list[int]:
    """Processes alive that carry `mark` in their environment."""
    needle = f"{MARK}={mark}".encode()
    return [pid for pid in _processes() if pid != os.getpid() and needle in _environ(pid).split(b"\0")]


def kill_marked(mark: str) -> int:
    """Kill every process that carries `mark` in its environment; the number of those found."""
    found = 0
    for _ in range(5):  # one that forks while the list is read is found in the next round
        pids = marked(mark)
        if not pids:
            break
        found += len(pids)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)
    return found


def _processes() -> Iterator[int]:
    if _LINUX:
        uid = os.getuid()
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError):
                    if os.stat(f"/proc/{name}").st_uid == uid:
                        yield int(name)
        return
    import psutil

    me = psutil.Process().username()
    for process in psutil.process_iter(["username"]):
        if process.info["username"] == me:
            yield process.pid


def _environ(pid: int) -> bytes:
    """A process's environment as `name=value` joined by NUL; empty when it is gone, a zombie, or not ours."""
    try:
        if _LINUX:
            return Path(f"/proc/{pid}/environ").read_bytes()
        import psutil

        try:
            return b"\0".join(f"{k}={v}".encode() for k, v in psutil.Process(pid).environ().items())
        except psutil.Error:
            return b""
    except OSError:
        return b""


def descendants(pid: int) -> list[int]:
    if _LINUX:
        found: list[int] = []
        todo = [pid]
        while todo:
            at = todo.pop()
            try:
                for task in os.listdir(f"/proc/{at}/task"):
                    children = Path(f"/proc/{at}/task/{task}/children").read_text().split()
                    todo.extend(map(int, children))
                    found.extend(map(int, children))
            except (OSError, ValueError):
                continue
        return found
    import psutil

    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def born(pid: int) -> str:
    """When a process started, in the system's own unit; with the number it names a process for good."""
    if _LINUX:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
        except (OSError, IndexError):
            return ""
    import psutil

    try:
        return str(psutil.Process(pid).create_time())
    except psutil.Error:
        return ""


def status_kb(pid: str, name: str) -> float:
    """`VmHWM` or `VmRSS` of a process in KiB, 0 when it is gone. psutil answers off Linux (current size only)."""
    if _LINUX:
        try:
            with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
                for line in file:
                    if line.startswith(name):
                        return float(line.split()[1])
        except (OSError, IndexError, ValueError):
            pass
        return 0.0
    import psutil

    try:
        return float(psutil.Process(None if pid == "self" else int(pid)).memory_info().rss) / 1024
    except psutil.Error:
        return 0.0


def pss_kb(pid: int) -> float:
    """Proportional set size in KiB: memory with each shared page divided by its users. Resident size off Linux."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return float(line.split()[1])
    except (OSError, IndexError, ValueError):
        pass
    return status_kb(str(pid), "VmRSS")


_guard: subprocess.Popen[bytes] | None = None
_guard_lock = threading.RLock()
_scratches: dict[str, None] = {}


def start_guard() -> None:
    """See to it that `observe/guard.py` does what is to be done when this process is killed."""
    global _guard
    with _guard_lock:
        if not _LINUX or (_guard is not None and _guard.poll() is None):
            return
        text = files("hasten").joinpath("observe/guard.py").read_text(encoding="utf-8")
        _guard = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", f"{text}\nmain()\n", f"{MARK}={TOKEN}."],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
            start_new_session=True,  # Ctrl-C in the terminal is not for it
        )  # fmt: skip
        atexit.register(_stop_guard, _guard)
        for folder in _scratches:
            _tell("+", folder)


def guarded(scratch: Path) -> None:
    """A temporary folder that is to go, and its programs' changes outside to be undone, when hasten is killed."""
    with _guard_lock:
        _scratches[str(scratch)] = None
        alive = _guard is not None and _guard.poll() is None
        start_guard()
        if alive:
            _tell("+", str(scratch))


def unguarded(scratch: Path) -> None:
    """It has been removed."""
    with _guard_lock:
        _scratches.pop(str(scratch), None)
        _tell("-", str(scratch))


def own_temporary() -> str | None:
    """Where processes of ours put temporary files: it goes with the run that began last. None outside of one."""
    for scratch in reversed(_scratches):
        place = Path(scratch) / "own"
        with contextlib.suppress(OSError):
            place.mkdir(exist_ok=True)
            return str(place)
    return None


@contextlib.contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """A temporary folder that goes also when hasten is killed. `prefix` begins with `hasten-`."""
    inside = own_temporary()  # then it goes with the run, also where the guard is killed too
    with tempfile.TemporaryDirectory(prefix=prefix, dir=inside) as name:
        if inside is None:
            guarded(Path(name))
        try:
            yield Path(name)
        finally:
            if inside is None:
                unguarded(Path(name))


def _tell(sign: str, folder: str) -> None:
    if _guard is not None and _guard.stdin is not None:
        with contextlib.suppress(OSError, ValueError):
            _guard.stdin.write(f"{sign} {json.dumps(folder)}\n".encode("ascii"))
            _guard.stdin.flush()


def ended(token: str, patience_s: float = 20.0) -> None:
    """Wait for the guard of another hasten that was killed, and end what that hasten left running."""
    if not _LINUX or token in ("", TOKEN):
        return
    mark = f"{MARK}={token}.".encode()
    end = time.monotonic() + patience_s
    while time.monotonic() < end and any(mark in _command(pid).split(b"\0") for pid in _processes()):
        time.sleep(0.02)
    guard.end_marked(mark)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _stop_guard(guard: subprocess.Popen[bytes]) -> None:
    assert guard.stdin is not None
    with contextlib.suppress(OSError):
        guard.stdin.close()
    try:
        guard.wait(2)
    except subprocess.TimeoutExpired:
        guard.kill()
        guard.wait()


def run_queue_s(pid: int | str) -> float:
    """Seconds that a process's main thread was ready to run and had no processor; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
