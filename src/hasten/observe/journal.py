"""What a run has finished, in a file that outlives its process: after a kill, `hasten run --resume` goes on from it.

The journal of a run is the folder `journal` in the run's folder: `steps`, the file; `store`, the files that steps leave
behind; `lock`, held by the one hasten that writes. A step is noted when it is finished, and not before: a line of its
own, with the digest of the line, written and fsynced. So a kill at any moment leaves the steps that were finished, and
at most one torn line at the end, which is cut off when the journal is opened again.

To resume is to run the same loop again from its start. Each step is asked for by its name and by all that it depends
on; one that is known gives its answer at once (`Journal.once`). Nothing is resumed whose program, data, options, hasten
or libraries are others than they were (`Identity`): then there is one message, and nothing is used.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

from hasten.core.plain import from_plain, to_plain
from hasten.errors import StaleError, StoreError, UsageError
from hasten.observe import reap

SCHEMA = 1
JOURNAL, STEPS, STORE, LOCK = "journal", "steps", "store", "lock"
WHOLE = 16_000_000  # bytes: larger files are known by their size and time, not by all that is in them
_FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the quota of the disk is used up"}

_STEP = {"step", "spent_s", "files", "value"}

T = TypeVar("T")


@dataclass(frozen=True)
class Identity:
    """What a run is about. `options` repeat it; `versions`, `machine` and `files` must be the same when it goes on.

    `files` maps each file that the run rests on to its digest; `where` is the folder it was started in.
    """

    kind: str  # "script" | "model"
    where: str
    options: Mapping[str, Any]
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def changed_from(self, old: Identity) -> str | None:
        """What is not as it was, in words; None when all is."""
        if (self.kind, self.where) != (old.kind, old.where):
            return f"it was started in {old.where}"
        for name in sorted({*self.versions, *old.versions}):
            a, b = old.versions.get(name, "not there"), self.versions.get(name, "not there")
            if a != b:
                return f"{name} was {a}, and is {b} now"
        for name in sorted({*self.machine, *old.machine}):
            if self.machine.get(name) != old.machine.get(name):
                return f"it was made on another machine ({name}: {old.machine.get(name)}, now {self.machine.get(name)})"
        return changed_files(old.files, self.files)


def changed_files(old: Mapping[str, str], new: Mapping[str, str]) -> str | None:
    """The first files that differ, in words."""
    differ = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    if not differ:
        return None
    name = differ[0]
    how = "is new" if name not in old else "is gone" if name not in new else "has changed"
    more = f", and {len(differ) - 1} more" if len(differ) > 1 else ""
    return f"{name} {how}{more}"


def digest_of(path: Path) -> str:
    """What tells one content of a file from another. A file that cannot be read has a digest too: why."""
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode) or info.st_size > WHOLE:
            return f"{stat.S_IFMT(info.st_mode):o} {info.st_size} {info.st_mtime_ns}"
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return f"unreadable: {errno.errorcode.get(error.errno or 0, '')}"


class Journal:
    """The finished steps of one run. Made by `begin` or `reopen`; one process has it open at a time."""

    def __init__(self, folder: Path, lock: IO[str], steps: IO[bytes], head: Mapping[str, Any]) -> None:
        self.folder, self.store = folder, folder / STORE
        self._lock_file, self._steps, self.head = lock, steps, head
        self.resumed = False
        self.notes: list[str] = []  # what is worth telling about how it was found
        self.spent_s = 0.0  # of the run, until its last finished step
        self._known: dict[str, Any] = {}
        self._ended = False
        self._asked: Counter[str] = Counter()
        self._writing = threading.Lock()

    # --- opening -----------------------------------------------------------------------------------------------------

    @classmethod
    def begin(cls, run: Path, identity: Identity, scratch: Path) -> Journal:
        """A new journal in the run's folder, in place of one whose run nobody goes on with; `scratch` is where the run
        has its temporary folder. Raises `StoreError`, `UsageError`."""
        folder = run / JOURNAL
        with contextlib.ExitStack() as opened:
            try:
                (folder / STORE).mkdir(parents=True, exist_ok=True)
                lock, _ = _locked(folder)
                opened.callback(lock.close)
                for left in (folder / STORE, folder / STEPS):
                    shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
                (folder / STORE).mkdir()
                steps = open(folder / STEPS, "xb", buffering=0)  # noqa: SIM115 - closed by `close`
            except OSError as error:
                raise StoreError(cannot_write(folder, error)) from None
            opened.pop_all()
        head = {"schema": SCHEMA, "folder": str(folder.resolve()), "scratch": str(scratch)}
        made = cls(folder, lock, steps, {**head, "identity": to_plain(identity)})
        made._write(made.head)
        _sync_folder(folder)
        return made

    @classmethod
    def reopen(cls, run: Path) -> Journal:
        """The journal of an unfinished run, cut after its last whole line. Raises `UsageError`, `StoreError`."""
        folder = run / JOURNAL
        if not (folder / STEPS).is_file():
            raise UsageError(f"{run}: there is no unfinished run to go on with")
        with contextlib.ExitStack() as opened:
            try:
                lock, before = _locked(folder)
                opened.callback(lock.close)
                reap.ended(before)
                steps = opened.enter_context(open(folder / STEPS, "r+b", buffering=0))
                lines, end, size = _whole_lines(steps)
            except OSError as error:
                raise StoreError(cannot_write(folder, error)) from None
            head = lines[0] if lines and isinstance(lines[0], dict) else {}
            schema = head.get("schema")
            if schema is None:
                raise StaleError(
                    f"{run} cannot be gone on with: its journal is torn from the first line on; run it anew"
                )
            if schema != SCHEMA:
                raise StaleError(
                    f"{run} cannot be gone on with: its journal has schema {schema}, and this hasten reads {SCHEMA}; "
                    "run it anew"
                )
            where, scratch = head.get("folder"), head.get("scratch")
            if not isinstance(where, str) or not isinstance(scratch, str):
                raise StaleError(f"{run} cannot be gone on with: its journal is none that hasten wrote; run it anew")
            if where != str(folder.resolve()):
                raise StaleError(f"{run} was moved from {Path(where).parent}, and is no use elsewhere: run it anew")
            opened.pop_all()
        made = cls(folder, lock, steps, head)
        if end < size:
            made.notes.append(f"the journal was torn after {len(lines) - 1} steps; what came later is done again")
            steps.truncate(end)
        steps.seek(end)
        made.resumed = True
        for line in lines[1:]:
            made._known[line["step"]] = line
            made.spent_s = max(made.spent_s, float(line.get("spent_s", 0.0)))
        (folder / STORE).mkdir(exist_ok=True)
        return made

    @property
    def identity(self) -> Identity:
        """Raises `StaleError` where another hasten wrote it otherwise."""
        try:
            found = from_plain(self.head["identity"])
        except (ValueError, KeyError):
            found = None
        if not isinstance(found, Identity):
            raise StaleError(f"{self.folder}: written by another version of hasten; run it anew")
        return found

    @property
    def scratch(self) -> Path:
        return Path(str(self.head.get("scratch", "")))

    @property
    def lost(self) -> bool:
        """Whether somebody removed or moved the folder of the run, while it is not finished."""
        if self._ended:
            return False
        try:
            return not os.path.samestat(os.stat(self.folder / STEPS), os.fstat(self._steps.fileno()))
        except (OSError, ValueError):
            return True

    # --- steps -------------------------------------------------------------------------------------------------------

    def once(
        self, name: str, key: object, make: Callable[[], T], spent_s: Callable[[], float],
        files: Callable[[T], Iterable[Path]] = lambda _: (),
    ) -> T:  # fmt: skip
        """What `make` gives: noted when it is finished, taken from the journal when it was before. `files` are those
        in the store (or folders of them) that it rests on: when one is not there as it was, it is made again."""
        step = self.step(name, key)
        found = self._found(step)
        if found is not _NOTHING:
            answer: T = found
            return answer
        made = make()
        self.note(step, made, spent_s(), files(made))
        return made

    def step(self, name: str, key: object) -> str:
        """The name of a step. Asked for again in one run, the same step has another name: it is another step."""
        base = _step(name, key)
        with self._writing:
            self._asked[base] += 1
            return f"{base} {self._asked[base]}"

    def last(self, name: str, key: object) -> str:
        """The name under which that step was asked for last."""
        base = _step(name, key)
        return f"{base} {self._asked[base]}"

    def known(self, step: str, default: T) -> Any | T:
        """What a step gave, or `default`."""
        found = self._found(step)
        return default if found is _NOTHING else found

    def _found(self, step: str) -> Any:
        line = self._known.get(step)
        if line is None or any(_sized(self.folder / name) != size for name, size in line["files"]):
            return _NOTHING
        try:
            return from_plain(line["value"])
        except ValueError:
            return _NOTHING

    def note(self, step: str, value: object, spent_s: float, files: Iterable[Path] = ()) -> None:
        """Write down that a step is finished. Raises `StoreError` when that is not possible."""
        try:
            plain = to_plain(value)
        except TypeError as why:
            self.notes.append(f"step {step.partition(' ')[0]} is not kept: {why}")
            return
        sized = [[os.path.relpath(f, self.folder), _sized(f)] for f in sorted(files)]
        self._write({"step": step, "spent_s": round(spent_s, 3), "files": sized, "value": plain})

    def _write(self, line: Mapping[str, Any]) -> None:
        data = json.dumps(line, separators=(",", ":")).encode("ascii")
        data = hashlib.sha256(data).hexdigest()[:16].encode("ascii") + b" " + data + b"\n"
        if self.lost:
            raise StoreError(was_removed(self.folder.parent))
        with self._writing:
            at, handle = self._steps.tell(), self._steps.fileno()
            try:
                while data:
                    data = data[os.write(handle, data) :]
                os.fsync(handle)
            except OSError as error:
                with contextlib.suppress(OSError):  # what is torn now must not run into what is written later
                    os.ftruncate(handle, at)
                    self._steps.seek(at)
                raise StoreError(cannot_write(self.folder / STEPS, error)) from None

    # --- the end -----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of it. The run can be gone on with."""
        self._ended = True
        with contextlib.suppress(OSError):
            self._steps.close()
        with contextlib.suppress(OSError, ValueError):
            self._lock_file.truncate(0)  # it ended in good order: nothing of it is running
        self._lock_file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def finished(self) -> None:
        """The run's result lies in its folder: nothing is left to go on with."""
        self._ended = True
        with contextlib.suppress(OSError):
            (self.folder / STEPS).unlink(missing_ok=True)
            shutil.rmtree(self.folder, ignore_errors=True)
        self.close()


_NOTHING: Any = object()


def _step(name: str, key: object) -> str:
    try:
        text = json.dumps(to_plain(key), sort_keys=True)
    except TypeError:
        text = repr(key)
    return f"{name} {hashlib.sha256(text.encode()).hexdigest()[:24]}"


def full(error: OSError) -> bool:
    """Whether there is no room left."""
    return error.errno in _FULL


def place_of(error: OSError, folder: Path) -> Path:
    """What could not be written: of a copy the second name; where none is said, the run's `folder` or that of temporary
    files, whichever has less room."""
    named = error.filename2 or error.filename
    if isinstance(named, (str, bytes)):
        return Path(os.fsdecode(named))
    there = [p for p in (folder, Path(tempfile.gettempdir())) if p.exists()]
    return min(there, key=lambda p: shutil.disk_usage(p).free, default=folder)


def cannot_write(place: Path | str, error: OSError) -> str:
    why = _FULL.get(error.errno or 0, error.strerror or str(error))
    then = "make room, then" if full(error) else "name another folder with --out, or mend that and"
    return f"{place} cannot be written: {why}; {then} run it again (--resume goes on with what is finished)"


def was_removed(run: Path) -> str:
    return (
        f"{run} was removed or moved while hasten was at work on this run, and what it had found with it; "
        "your own files are as they were: run it anew"
    )


def _locked(folder: Path) -> tuple[IO[str], str]:
    """The open lock file, and the token of the hasten that held it before. Raises `UsageError` when another does."""
    file = open(folder / LOCK, "a+", encoding="ascii")  # noqa: SIM115 - held until the journal is closed
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        return file, ""  # nothing can be locked here
    except OSError as error:
        file.seek(0)
        holder = file.read().partition(".")[0] or "somewhere"
        file.close()
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        raise UsageError(
            f"{folder.parent}: another hasten (process {holder}) is at work on this run; wait for it, or name another "
            "folder with --out"
        ) from None
    file.seek(0)
    before = file.read().strip()
    file.truncate(0)
    file.write(f"{reap.TOKEN}\n")
    file.flush()
    return file, before


def held(run: Path) -> bool:
    """Whether a hasten is at work on the run in this folder now."""
    try:
        import fcntl

        with open(run / JOURNAL / LOCK, encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (ImportError, FileNotFoundError):
        return False
    except OSError:
        return True
    return False


def unfinished(run: Path) -> bool:
    """Whether there is a journal in the run's folder: it has not come to its end."""
    return (run / JOURNAL / STEPS).is_file()


def _whole_lines(file: IO[bytes]) -> tuple[list[Any], int, int]:
    """The lines up to the first that is torn, where they end, and where the file does."""
    file.seek(0)
    data = file.read()
    lines: list[Any] = []
    end = 0
    while (stop := data.find(b"\n", end)) >= 0:
        told, _, text = data[end:stop].partition(b" ")
        if hashlib.sha256(text).hexdigest()[:16].encode("ascii") != told:
            break
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            break
        if lines and not (isinstance(line, dict) and line.keys() >= _STEP):
            break  # not ours
        lines.append(line)
        end = stop + 1
    return lines, end, len(data)


def _sized(place: Path) -> int:
    """Bytes of a file, or of all files in a folder with their number; -1 when there is nothing."""
    try:
        info = place.stat()
    except OSError:
        return -1
    if not stat.S_ISDIR(info.st_mode):
        return info.st_size
    return sum(1 + (Path(top) / name).lstat().st_size for top, _, names in os.walk(place) for name in names)


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
