"""A copy of the project folder in which every run happens, always at one path.

The project is copied once into the session's scratch folder (`pristine`). Before each run the tree at `work` is put
back to that state: what the last run wrote, changed or removed is found by each file's status (inode, size, mode, and
the change time, which no program can set) and replaced. So a run costs a walk over the tree, not a copy of it.

Very large data is linked instead of copied. Files outside the project that the program writes are known from the
audited run (`observe.shim`); they are backed up before the first write and put back after every run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hasten.core.workload import ScriptWorkload
from hasten.errors import TargetError
from hasten.observe.guard import UNDO
from hasten.observe.journal import WHOLE, digest_of
from hasten.observe.session import Session

SKIP = frozenset(
    {
        ".git", ".hg", ".svn", ".hasten", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache",
        ".pytest_cache", ".tox", ".nox", ".eggs", ".ipynb_checkpoints", ".hypothesis", "site-packages",
    }
)  # fmt: skip
CACHE_ENDS = (".pyc", ".nbi", ".nbc")
COPY_BYTES = 1_000_000_000  # data copied at most, smallest files first; the rest is linked
COPY_FILES = 20_000
KEPT_BYTES = 256_000_000  # of what a run writes, larger files are known by their digest and not copied aside
LARGEST_TREE = 200_000  # files and folders; what has more is a home folder, not a project
_SOURCE_ENDS = (".py", ".pyi", ".toml", ".cfg", ".ini")

Signature = tuple[int, int, int, int, int]  # inode, size, mtime, ctime, mode


@dataclass(frozen=True)
class _Entry:
    """One thing in the tree as it should be before a run."""

    kind: str  # "dir" | "file" | "link"
    mode: int = 0o644
    mtime_ns: int = 0
    size: int = 0
    target: str = ""  # of a link
    linked_data: bool = False  # a file of the user, too large to copy


@dataclass
class Outside:
    """A file outside the project that the program writes. `backup` is None when it did not exist before."""

    path: Path
    backup: Path | None
    mode: int = 0o644
    mtime_ns: int = 0


@dataclass(frozen=True)
class Tree:
    """What a run left behind: path (relative, or absolute when outside) to (sha256, where the content is kept)."""

    written: dict[str, str] = field(default_factory=dict)
    kept: dict[str, Path] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()


@dataclass
class _Keeper:
    """Hashes files, and copies them into `folder` when there is one."""

    folder: Path | None
    written: dict[str, str] = field(default_factory=dict)
    kept: dict[str, Path] = field(default_factory=dict)

    def take(self, name: str, path: Path) -> None:
        try:
            self.written[name] = _sha256(path)
            if self.folder is not None and path.stat().st_size <= KEPT_BYTES:
                # by content: runs mostly write the same
                self.kept[name] = self.folder / self.written[name]
                if not self.kept[name].exists():
                    part = self.kept[name].with_suffix(".part")
                    shutil.copyfile(path, part)
                    part.replace(self.kept[name])
        except PermissionError:
            self.written[name] = "unreadable"
            self.kept.pop(name, None)


class _Turn:
    """Whose tree is at the path: a mirror moves away, files and their times untouched, before another comes."""

    def __init__(self, first: Mirror) -> None:
        self.there = first
        self.mirrors = 0

    def enter(self, mirror: Mirror) -> str:
        """The ending of its own folders' names."""
        self.mirrors += 1
        return "" if self.there is mirror else str(self.mirrors)

    def take(self, mirror: Mirror) -> None:
        if self.there is mirror:
            return
        os.rename(self.there.path, self.there._parked)
        self.there = mirror
        if mirror._parked.exists():
            os.rename(mirror._parked, mirror.path)
        else:
            mirror.path.mkdir()


class Mirror:
    """Copies of `work.root` under `session.scratch`; one user at a time.

    `path` is where every run finds the project, `temp` the folder for temporary files that runs get. Another project
    that is compared with this one gets a mirror `beside` it: they take turns at one path, so that `__file__` answers
    alike, and what is known of files outside is known to both. A project that is a copy of the folder `stands_for`
    takes that folder's place on Python's path. Raises `TargetError` when the folder cannot be read or there is no room.
    """

    def __init__(
        self, session: Session, work: ScriptWorkload, *, beside: Mirror | None = None, stands_for: Path | None = None
    ) -> None:
        self.session = session
        self.root = Path(os.path.realpath(work.root))
        self._stands_for = None if stands_for is None else Path(os.path.realpath(stands_for))
        self._turn: _Turn = _Turn(self) if beside is None else beside._turn
        own = self._turn.enter(self)
        base = Path(os.path.realpath(session.scratch))
        self.path = base / "work"
        self.pristine = base / f"pristine{own}"
        self.temp = base / "tmp"
        self._caches = base / f"caches{own}"
        self._parked = base / f"parked{own}"
        self._backups = session.store / "outside"  # these two outlive the process, as what rests on them does
        self._keep = session.store / "kept"
        # the backups come here first, and stay as long as this process does: the store's folder may be removed
        self.held = base / "held"
        self.outside: dict[Path, Outside] = {} if beside is None else beside.outside
        # folders outside the project that the program makes
        self.made_dirs: list[Path] = [] if beside is None else beside.made_dirs
        self._entries: dict[str, _Entry] = {}
        self._data: dict[str, Signature] = {}  # linked data files: how they were
        self._placed: dict[str, tuple[str, Signature]] = {}
        self._candidate = ""
        self._busy = False
        self._sys_path: list[str] | None = None
        if not self.root.is_dir():
            raise TargetError(f"{work.root}: not a folder; the project folder to copy must exist")
        for folder in (self.path, self.pristine, self.temp, self._caches, self.held, self._backups, self._keep):
            folder.mkdir(parents=True, exist_ok=True)
        self._sure = not _on_memory_fs(base)
        self._copy_project(work)

    # -- the copy that stays -------------------------------------------------------------------------------------------

    def _copy_project(self, work: ScriptWorkload) -> None:
        found: list[tuple[str, os.stat_result]] = []
        scratch, private = self.pristine.parent, self.session.private

        def walk(folder: Path, rel: str) -> None:
            try:
                listing = sorted(os.scandir(folder), key=lambda e: e.name)
            except PermissionError:
                return
            for item in listing:
                name = f"{rel}{item.name}"
                if len(self._entries) + len(found) > LARGEST_TREE:
                    raise TargetError(
                        f"{self.root}: holds more than {LARGEST_TREE} files; put the program into a folder of its own, "
                        "or name a smaller project folder"
                    )
                if item.name in SKIP or item.name.endswith(".egg-info") or Path(item.path) in private:
                    continue
                info = item.stat(follow_symlinks=False)
                if stat.S_ISLNK(info.st_mode):
                    target = os.readlink(item.path)
                    if os.path.isabs(target) and Path(target).is_relative_to(self.root):
                        target = str(self.path / Path(target).relative_to(self.root))
                    self._entries[name] = _Entry("link", target=target)
                elif stat.S_ISDIR(info.st_mode):
                    self._entries[name] = _Entry("dir", stat.S_IMODE(info.st_mode))
                    walk(Path(item.path), f"{name}/")
                elif stat.S_ISREG(info.st_mode):
                    found.append((name, info))

        walk(self.root, "")
        room = min(COPY_BYTES, shutil.disk_usage(scratch).free // 3)
        count = used = 0
        # sources first (they are what is changed), then the smallest files
        for name, info in sorted(found, key=lambda f: (not f[0].endswith(_SOURCE_ENDS), f[1].st_size, f[0])):
            entry = _Entry("file", stat.S_IMODE(info.st_mode), info.st_mtime_ns, info.st_size)
            count, used = count + 1, used + info.st_size
            if not name.endswith(_SOURCE_ENDS) and (used > room or count > COPY_FILES):
                self._entries[name] = _Entry("link", target=str(self.root / name), linked_data=True)
                self._data[name] = _signature(info)
                continue
            target = self.pristine / name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.root / name, target)
            except PermissionError:
                continue  # the program could not read it either
            except OSError as error:
                raise TargetError(f"{self.root / name}: cannot be copied to {scratch}: {error}") from error
            self._entries[name] = entry
        for name, source in work.made.items():
            target = self.pristine / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.data)
            self._entries[name] = _Entry("file", size=len(source.data))

    def digests(self) -> dict[str, str]:
        """What tells whether the project is still the same: each file's content, large ones by size and time."""
        found = {}
        for name, entry in self._entries.items():
            if entry.kind == "link":
                data = self._data.get(name)
                found[name] = f"link {entry.target}" if data is None else f"{data[1]} {data[2]}"
            elif entry.kind == "file":
                large = entry.size > WHOLE
                found[name] = f"{entry.size} {entry.mtime_ns}" if large else digest_of(self.pristine / name)
        return found

    # -- the tree that runs --------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def prepared(self, work: ScriptWorkload, *, keep_cache: bool = False) -> Iterator[Path]:
        """The tree at `path`, as it was at first with `work.changed` in place. Raises `RuntimeError` when in use.

        With `keep_cache` the compiled files (`__pycache__`, Numba's cache in it) that earlier runs of this same
        candidate left are there; else there are none. The tree stays until the next preparation.
        """
        if self._busy:
            raise RuntimeError("the mirror is in use; one run at a time")
        self._busy = True
        try:
            self._turn.take(self)
            self._restore(work, keep_cache)
            yield self.path
        finally:
            self._busy = False

    def _restore(self, work: ScriptWorkload, keep_cache: bool) -> None:
        for folder in (self.path, self.temp):  # a program may remove the folder that it stands in
            if folder.is_symlink() or not folder.is_dir():
                _remove(folder)
                folder.mkdir()
        candidate = hashlib.sha256(
            b"\0".join(f"{path}\0{source.sha256}".encode() for path, source in sorted(work.changed.items()))
        ).hexdigest()[:20]
        self._swap_caches(candidate, keep_cache)
        wanted = dict(self._entries)
        changed: dict[str, bytes] = {}
        for path, source in work.changed.items():
            old = wanted.get(path)
            changed[path] = source.data
            # a time of its own for every content, for caches that look at time and size
            seconds = 1_400_000_000 + int(source.sha256[:7], 16)
            mode = old.mode if old else 0o644
            wanted[path] = _Entry("file", mode, seconds * 1_000_000_000, len(source.data))
            parent = os.path.dirname(path)
            while parent and parent not in wanted:
                wanted[parent] = _Entry("dir", 0o755)
                parent = os.path.dirname(parent)
        there = dict(_scan(self.path))
        for name in sorted(there, key=len, reverse=True):
            entry = wanted.get(name)
            if _is_cache(name):
                continue
            if entry is None or _kind(there[name]) != entry.kind:
                _remove(self.path / name)
        for name in sorted(wanted):
            self._place(name, wanted[name], changed.get(name), there.get(name))
        _empty(self.temp)
        self._candidate = candidate

    def _place(self, name: str, entry: _Entry, data: bytes | None, there: os.stat_result | None) -> None:
        target = self.path / name
        if entry.kind == "dir":
            if not target.is_dir():
                target.mkdir(parents=True)
                os.chmod(target, entry.mode | 0o700)
            elif there is not None and stat.S_IMODE(there.st_mode) != entry.mode | 0o700:
                os.chmod(target, entry.mode | 0o700)
            return
        if entry.kind == "link":
            if there is None or not target.is_symlink() or os.readlink(target) != entry.target:
                _remove(target)
                os.symlink(entry.target, target)
            return
        content = hashlib.sha256(data).hexdigest() if data is not None else "pristine"
        known = self._placed.get(name)
        untouched = there is not None and known == (content, _signature(there))
        if untouched and (self._sure or _same_bytes(target, self.pristine / name if data is None else data)):
            return
        now = os.lstat(target) if os.path.lexists(target) else None
        if now is not None and stat.S_ISREG(now.st_mode) and now.st_nlink == 1:
            os.chmod(target, 0o600)  # written over, so that it keeps its place when the folder is listed
        else:
            _remove(target)
        if data is None:
            shutil.copyfile(self.pristine / name, target)
        else:
            target.write_bytes(data)
        os.chmod(target, entry.mode)
        os.utime(target, ns=(entry.mtime_ns, entry.mtime_ns))
        self._placed[name] = (content, _signature(os.lstat(target)))

    def _swap_caches(self, candidate: str, keep: bool) -> None:
        """Put the compiled files of the last candidate aside, and bring back those of this one."""
        folders = [name for name, info in _scan(self.path) if os.path.basename(name) == "__pycache__"]
        if candidate == self._candidate and keep:
            return
        for name in folders:
            aside = self._caches / (self._candidate or "none") / name
            if candidate == self._candidate:
                _remove(self.path / name)
                continue
            _remove(aside)
            aside.parent.mkdir(parents=True, exist_ok=True)
            os.rename(self.path / name, aside)
        saved = self._caches / candidate
        if not keep:
            _remove(saved)
            return
        for name, _ in list(_scan(saved)):
            if os.path.basename(name) == "__pycache__" and (saved / name).is_dir():
                (self.path / name).parent.mkdir(parents=True, exist_ok=True)
                os.rename(saved / name, self.path / name)

    # -- what a run left -----------------------------------------------------------------------------------------------

    def collect(self, *, keep: bool = True) -> Tree:
        """What the run that just ended wrote or removed, against the tree that it was given.

        The content is copied aside when `keep` is set. Temporary files count under `<tmp>/`. Raises `TargetError` when
        a large data file of the user, which was linked, has been written to.
        """
        for name, before in self._data.items():
            with contextlib.suppress(OSError):
                if _signature(os.stat(self.root / name)) != before:
                    raise TargetError(
                        f"{self.root / name}: the program changes this file in place, and it is too large to be "
                        "copied; run hasten on a smaller input, or move the file out of the project folder"
                    )
        there = dict(_scan(self.path))
        keeper = _Keeper(self._keep if keep else None)
        for name, info in there.items():
            if _is_cache(name):
                continue
            path = self.path / name
            if stat.S_ISLNK(info.st_mode):
                entry = self._entries.get(name)
                if entry is None or entry.target != os.readlink(path):
                    keeper.written[name] = f"link to {os.readlink(path)}"
            elif stat.S_ISDIR(info.st_mode):
                if name not in self._entries and not self._parent_of_changed(name):
                    keeper.written[name] = "folder"
            elif stat.S_ISREG(info.st_mode):
                known = self._placed.get(name)
                if known is not None and self._sure and known[1] == _signature(info):
                    continue
                content = self._given(name)
                if content is None or not _same_bytes(path, content):
                    keeper.take(name, path)
        for name, info in _scan(self.temp):
            if stat.S_ISREG(info.st_mode):
                keeper.take(f"<tmp>/{name}", self.temp / name)
        outside = self.collect_outside(keep=keep)
        return Tree(
            {**keeper.written, **outside.written},
            {**keeper.kept, **outside.kept},
            frozenset(name for name in self._entries if name not in there) | outside.deleted,
        )

    def collect_outside(self, *, keep: bool = True) -> Tree:
        """The files outside the project as they are now, before they are put back."""
        keeper = _Keeper(self._keep if keep else None)
        for path in self.outside:
            if path.is_file():
                keeper.take(str(path), path)
        gone = {str(o.path) for o in self.outside.values() if o.backup is not None and not o.path.exists()}
        return Tree(keeper.written, keeper.kept, frozenset(gone))

    def _parent_of_changed(self, name: str) -> bool:
        return any(path.startswith(f"{name}/") for path in self._placed)

    def _given(self, name: str) -> Path | bytes | None:
        """What stood at `name` before the run: a file, or its SHA-256 for a changed source."""
        known = self._placed.get(name)
        if known is None:
            return None
        return self.pristine / name if known[0] == "pristine" else bytes.fromhex(known[0])

    def restore_outside(self) -> None:
        """Put the user's files outside the project back as they were before the first run. Raises `TargetError` when
        that is not possible, with all others put back."""
        lost = []
        for item in self.outside.values():
            if item.backup is None:
                _remove(item.path)
                continue
            backup = self._backup(item.backup)
            if backup is None:
                lost.append(item)
                continue
            if item.path.is_symlink() or not item.path.is_file():
                _remove(item.path)
                item.path.parent.mkdir(parents=True, exist_ok=True)
            if not item.path.exists() or not _same_bytes(item.path, backup):
                shutil.copyfile(backup, item.path)
            info = item.path.stat()
            if stat.S_IMODE(info.st_mode) != item.mode:
                os.chmod(item.path, item.mode)
            if info.st_mtime_ns != item.mtime_ns:
                os.utime(item.path, ns=(item.mtime_ns, item.mtime_ns))
        for folder in sorted(self.made_dirs, key=lambda p: len(p.parts), reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()
        if lost:
            raise TargetError(f"{lost[0].path}: could not be put back: its backup {lost[0].backup} is gone")

    @contextlib.contextmanager
    def outside_restored(self) -> Iterator[None]:
        """The user's files outside the project are afterwards as they were, however the block ends."""
        try:
            self._make_outside_folders()
            yield
        finally:
            self.restore_outside()

    def _make_outside_folders(self) -> None:
        """Nothing to make: the program makes its own folders. A backup must be readable before a run starts."""
        for item in self.outside.values():
            if item.backup is not None and self._backup(item.backup) is None:
                raise TargetError(f"{item.path}: its backup is gone; stop using {self._backups} and start again")

    def write_undo(self) -> None:
        """Tell the guard, and whoever goes on with this run, what to put back when hasten is killed."""
        told = [
            ["outside", str(o.path), o.backup and self._told(o.backup), o.mode, o.mtime_ns]
            for o in self.outside.values()
        ]
        lines = [json.dumps(line) + "\n" for line in (*told, *(["made", str(p)] for p in self.made_dirs))]
        part = self.session.scratch / f"{UNDO}.part"
        part.write_text("".join(lines), encoding="ascii")
        part.replace(self.session.scratch / UNDO)

    def found_outside(self, path: Path, backup: str | None, mode: int, mtime_ns: int) -> None:
        """A file that the program is about to change; its backup lies in `held`."""
        kept = None if backup is None else self._backups / Path(backup).name
        self.outside.setdefault(path, Outside(path, kept, mode, mtime_ns))

    def keep_backups(self) -> None:
        """Put backups from `held` into the store. Raises `OSError`."""
        for item in self.outside.values():
            if item.backup is not None and not item.backup.exists():
                _twice(self.held / item.backup.name, item.backup)

    def _backup(self, kept: Path) -> Path | None:
        """Where a backup is, by its place in the store."""
        return next((p for p in (self.held / kept.name, kept) if p.is_file()), None)

    def _told(self, kept: Path) -> str:
        """The backup that is to be told: in `held`, where there is room for it."""
        held = self.held / kept.name
        if not held.exists() and kept.is_file() and kept.stat().st_size <= shutil.disk_usage(self.held).free // 3:
            _twice(kept, held)
        return str(self._backup(kept) or kept)

    # -- environment ---------------------------------------------------------------------------------------------------

    def environment(self, work: ScriptWorkload, extra: dict[str, str] | None = None) -> dict[str, str]:
        """The environment of a run: the user's own, with a fixed hash seed, and paths led to the mirror."""
        env = dict(os.environ)
        env.setdefault("PYTHONHASHSEED", str(self.session.seed % 2**32))
        if len(str(self.temp)) < 60:  # Unix sockets in it must fit 108 bytes
            env["TMPDIR"] = str(self.temp)
        path = [p for p in env.get("PYTHONPATH", "").split(os.pathsep) if p]
        path = [self._mapped(p) or p for p in path]
        path += [m for p in self._python_path(work) if (m := self._mapped(p)) and m not in path]
        if path:
            env["PYTHONPATH"] = os.pathsep.join(path)
        env.update(extra or {})
        return env

    def _mapped(self, path: str) -> str | None:
        """Where a folder of the project is in the mirror; None when it is not in the project."""
        real = Path(os.path.realpath(path))
        for root in (self.root, self._stands_for):
            if root is not None and real.is_relative_to(root):
                inner = real.relative_to(root)
                return None if any(part in SKIP for part in inner.parts) else str(self.path / inner)
        return None

    def _python_path(self, work: ScriptWorkload) -> list[str]:
        """Folders from which the user's interpreter imports, editable installs included. Asked once."""
        if self._sys_path is None:
            python = work.python or sys.executable
            try:
                done = subprocess.run(
                    [python, "-c", _ASK_PATH], cwd="/", capture_output=True, timeout=60, stdin=subprocess.DEVNULL
                )
                self._sys_path = [str(p) for p in json.loads(done.stdout)] if done.returncode == 0 else []
            except (OSError, ValueError, subprocess.TimeoutExpired) as error:
                raise TargetError(f"{python}: does not start as a Python interpreter: {error}") from error
        return self._sys_path


_ASK_PATH = """
import json, os, sys
paths = [p for p in sys.path if p]
for finder in sys.meta_path:
    module = sys.modules.get(getattr(finder, "__module__", ""))
    mapping = getattr(module, "MAPPING", None)
    if isinstance(mapping, dict):
        paths += [os.path.dirname(str(p)) for p in mapping.values()]
print(json.dumps(paths))
"""


def _signature(info: os.stat_result) -> Signature:
    return (info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_mode)


def _kind(info: os.stat_result) -> str:
    if stat.S_ISLNK(info.st_mode):
        return "link"
    if stat.S_ISDIR(info.st_mode):
        return "dir"
    return "file" if stat.S_ISREG(info.st_mode) else "other"


def _is_cache(name: str) -> bool:
    return name.endswith(CACHE_ENDS) or "__pycache__" in name.split("/")


def _scan(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Everything below `folder`, by relative path, links not followed; folders come before what is in them."""
    todo = [] if folder.is_symlink() else [""]
    while todo:
        rel = todo.pop()
        try:
            items = list(os.scandir(folder / rel))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError:
            os.chmod(folder / rel, 0o700)  # the program took our right to look
            items = list(os.scandir(folder / rel))
        for item in items:
            name = f"{rel}{item.name}"
            try:
                info = item.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            yield name, info
            if stat.S_ISDIR(info.st_mode):
                todo.append(f"{name}/")


def _remove(path: Path) -> None:
    """Remove a file, link or folder tree; nothing happens when it is not there."""
    try:
        info = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    if not stat.S_ISDIR(info.st_mode):
        path.unlink()
        return
    for name, below in _scan(path):  # folders that cannot be entered are opened on the way
        if stat.S_ISDIR(below.st_mode) and stat.S_IMODE(below.st_mode) & 0o700 != 0o700:
            os.chmod(path / name, 0o700)
    os.chmod(path, 0o700)
    shutil.rmtree(path)


def _twice(path: Path, also: Path) -> None:
    """A file under another name too, whole or not at all: linked where that goes."""
    part = also.with_name(f"{also.name}.part")
    part.unlink(missing_ok=True)
    try:
        os.link(path, part)
    except OSError:
        shutil.copyfile(path, part)
    part.replace(also)


def _empty(folder: Path) -> None:
    for item in os.scandir(folder):
        _remove(Path(item.path))


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _same_bytes(path: Path, other: Path | bytes) -> bool:
    """Whether a file has the content of another, or (given bytes) the content or SHA-256 digest in them."""
    if isinstance(other, bytes):
        data = path.read_bytes()
        return data == other or (len(other) == 32 and hashlib.sha256(data).digest() == other)
    if path.stat().st_size != other.stat().st_size:
        return False
    with open(path, "rb") as a, open(other, "rb") as b:
        while True:
            x, y = a.read(1 << 20), b.read(1 << 20)
            if x != y:
                return False
            if not x:
                return True


def _on_memory_fs(path: Path) -> bool:
    """A memory file system does not note writes through mapped memory in a file's times, so these prove nothing."""
    try:
        mounts = Path("/proc/mounts").read_text().splitlines()
    except OSError:
        return False
    best, kind = "", ""
    for line in mounts:
        parts = line.split()
        where = parts[1].encode().decode("unicode_escape")
        if (str(path) == where or str(path).startswith(where.rstrip("/") + "/")) and len(where) >= len(best):
            best, kind = where, parts[2]
    return kind in {"tmpfs", "ramfs"}
