"""What is done when hasten is killed: its programs end, the user's files are put back, its temporary folder goes.

A small process of its own waits for the end of its standard input, which comes when hasten ends in any way. Until then
it is told which folders hasten made (`+ FOLDER`) and removed again (`- FOLDER`). The standard library alone, and no
import of hasten: it runs as `python -I -S -c` this text. `clean` serves `hasten run --resume` too, where the guard was
killed as well.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from contextlib import suppress

UNDO = "undo"  # in a scratch folder: files outside the project that programs write, as lines like the shim's own
SHIM_LOG = os.path.join("shim", "log")


def undo(scratch: str) -> None:
    """Put back what programs changed outside their project: the first thing told of each file is how it was."""
    before: dict[str, tuple[str | None, int, int]] = {}
    made: list[str] = []
    for name in (UNDO, SHIM_LOG):
        with suppress(OSError), open(os.path.join(scratch, name), encoding="ascii", errors="replace") as file:
            for line in file:
                with suppress(ValueError, IndexError, TypeError):
                    told = json.loads(line)
                    if told[0] == "outside":
                        before.setdefault(told[1], (told[2], int(told[3]), int(told[4])))
                    elif told[0] == "made":
                        made.append(told[1])
    for path, (backup, mode, mtime_ns) in before.items():
        with suppress(OSError):
            if backup is None:
                os.remove(path)
            elif os.path.isfile(backup) and not _same(path, backup):
                if os.path.islink(path) or not os.path.isfile(path):
                    with suppress(OSError):
                        os.remove(path)
                    os.makedirs(os.path.dirname(path), exist_ok=True)
                shutil.copyfile(backup, path)
                os.chmod(path, mode)
                os.utime(path, ns=(mtime_ns, mtime_ns))
    for folder in sorted(made, key=len, reverse=True):
        with suppress(OSError):
            os.rmdir(folder)


def _same(path: str, backup: str) -> bool:
    with suppress(OSError), open(path, "rb") as a, open(backup, "rb") as b:
        if os.path.islink(path) or os.fstat(a.fileno()).st_size != os.fstat(b.fileno()).st_size:
            return False
        while True:
            x, y = a.read(1 << 20), b.read(1 << 20)
            if x != y:
                return False
            if not x:
                return True
    return False


def clean(scratch: str) -> None:
    """Undo, then remove the folder. What is no scratch folder of ours stays."""
    if not os.path.basename(scratch).startswith("hasten-") or os.path.islink(scratch) or not os.path.isdir(scratch):
        return
    undo(scratch)
    for top, folders, _ in os.walk(scratch):
        for name in folders:
            place = os.path.join(top, name)
            with suppress(OSError):  # programs may lock a folder of theirs
                if not os.path.islink(place) and os.stat(place).st_mode & 0o700 != 0o700:
                    os.chmod(place, 0o700)
    for _ in range(40):  # what was killed a moment ago may still be writing
        shutil.rmtree(scratch, ignore_errors=True)
        if not os.path.lexists(scratch):
            return
        time.sleep(0.05)


def end_marked(mark: bytes) -> None:
    """Kill every process that has the mark, or one that begins so, in its environment."""
    for _ in range(20):
        hit = False
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) != os.getpid():
                with suppress(OSError):
                    with open(f"/proc/{name}/environ", "rb") as file:
                        there = any(part.startswith(mark) for part in file.read().split(b"\0"))
                    if there:
                        os.kill(int(name), 9)
                        hit = True
        if not hit:
            return


def main() -> None:
    scratches: dict[str, None] = {}
    with suppress(OSError, ValueError):
        for line in sys.stdin.buffer:
            sign, _, name = line.decode("utf-8", "surrogateescape").rstrip("\n").partition(" ")
            folder = json.loads(name)
            scratches.pop(folder, None)
            if sign == "+":
                scratches[folder] = None
    end_marked(sys.argv[1].encode())
    for folder in scratches:
        clean(folder)
