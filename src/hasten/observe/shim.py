"""What a program does beyond its own folder, seen through Python's audit events.

A `sitecustomize` put in front of the path (it removes itself and runs the one that it hides) logs files opened for
writing, removed and renamed, files outside the project that are read, packages imported, child processes, threads and
network use, as one JSON list a line. A file outside the project is copied aside before it is opened for writing the
first time. With a clock setting it also moves and stretches Python's clocks, so that what depends on time shows.

Not seen: files that C libraries open themselves, `datetime.now()` (a C type that cannot be patched safely; the time
zone is moved instead when the sources ask for local time).
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

SHIM = r'''
import sys as _sys, os as _os


def _run():
    here = _os.path.dirname(_os.path.abspath(__file__))
    _sys.path[:] = [p for p in _sys.path if _os.path.abspath(p or ".") != here]
    # what is imported here is the standard library's, and a program that has a json.py of its own still gets its own
    mine, paths = set(_sys.modules), _sys.path[:]
    _sys.path[:] = [p for p in paths if p.startswith(_os.path.dirname(_os.__file__)) and "-packages" not in p]
    import json, threading
    _sys.path[:] = paths
    conf = json.loads(_os.environ["HASTEN_SHIM"])
    for name in set(_sys.modules) - mine:
        if name.partition(".")[0] in conf["shadows"]:
            del _sys.modules[name]
    log = _os.open(conf["log"], _os.O_WRONLY | _os.O_APPEND | _os.O_CREAT, 0o600)
    fstat, place = _os.fstat, conf["log"]
    mine = fstat(log)[1:3]  # inode and device
    inside = [p + _os.sep for p in conf["inside"]]
    ignore = [p + _os.sep for p in conf["ignore"]]
    seen, looked = set(), set()
    state = threading.local()
    libraries = ("/dev/", "/proc/", "/sys/", "/etc/", "/usr/", "/lib")
    libraries += tuple(p + _os.sep for p in {_sys.prefix, _sys.base_prefix, _os.path.realpath(_sys.prefix)})
    realpath, lstat, join, basename = _os.path.realpath, _os.lstat, _os.path.join, _os.path.basename
    dirname, fsdecode, readlink = _os.path.dirname, _os.fsdecode, _os.readlink
    os_open, os_read, os_write, os_close, os_getpid = _os.open, _os.read, _os.write, _os.close, _os.getpid
    urandom = _os.urandom
    dumps, standard = json.dumps, _sys.stdlib_module_names
    WRITE = _os.O_WRONLY | _os.O_RDWR | _os.O_CREAT | _os.O_TRUNC | _os.O_APPEND
    CLOEXEC = getattr(_os, "O_CLOEXEC", 0)

    def note(*what):
        if what in seen:
            return
        seen.add(what)
        line = (dumps(what) + "\n").encode("ascii")
        try:
            same = fstat(log)[1:3] == mine
        except OSError:
            same = False
        if same:
            os_write(log, line)
            return
        # a forked child has closed what it inherited, and the number may be another file's by now
        before, state.busy = getattr(state, "busy", False), True
        try:
            again = os_open(place, _os.O_WRONLY | _os.O_APPEND | CLOEXEC)
            try:
                os_write(again, line)
            finally:
                os_close(again)
        finally:
            state.busy = before

    def refuse(why, path):
        note("refused", why, path)
        _os._exit(97)

    def under(folder, path):
        """`path`, which may be relative to an open folder (`dir_fd`, -1 for none)."""
        if not isinstance(folder, int) or folder < 0 or isinstance(path, int):
            return path
        try:
            return join(readlink("/proc/self/fd/%d" % folder), fsdecode(path))
        except (OSError, ValueError, TypeError):
            return path

    def outside(path, follow=True):
        """The real path when it is outside the project and matters, else None."""
        if isinstance(path, int) or path is None:
            return None
        path = fsdecode(path)
        if follow:
            path = realpath(path)
        else:
            path = join(realpath(dirname(path) or "."), basename(path))
        slashed = path + _os.sep
        for p in inside:
            if slashed.startswith(p):
                return None
        for p in ignore:
            if slashed.startswith(p):
                return None
        if "__pycache__" in path or "/.cache/" in path or path.endswith(".pyc"):
            return None
        return path

    def save(path, event):
        """Copy a file aside before its first change; tell about folders that are about to be made."""
        if ("saved", path) in seen:
            return
        seen.add(("saved", path))
        try:
            info = lstat(path)
        except FileNotFoundError:
            note("outside", path, None, 0, 0)
            return
        except OSError:
            return
        kind = info.st_mode & 0o170000
        if kind == 0o040000:
            if event in ("os.rename", "os.rmdir", "shutil.rmtree"):
                refuse("it removes or renames a folder outside its project folder", path)
            return
        if kind != 0o100000:
            if event in ("os.remove", "os.rename"):
                refuse("it removes something that is not a plain file outside its project folder", path)
            return
        if info.st_size > conf["largest"]:
            refuse("it writes a very large file outside its project folder", path)
        copy = join(conf["backups"], "%d-%s" % (os_getpid(), urandom(6).hex()))
        try:
            source = os_open(path, _os.O_RDONLY | CLOEXEC)
            target = os_open(copy, _os.O_WRONLY | _os.O_CREAT | _os.O_EXCL | CLOEXEC, 0o600)
            while True:
                part = os_read(source, 1 << 20)
                if not part:
                    break
                while part:
                    part = part[os_write(target, part):]
            os_close(source)
            os_close(target)
        except OSError as error:
            refuse("it writes a file outside its project folder of which no copy can be made first: %s"
                   % error.strerror, path)
        note("outside", path, copy, info.st_mode & 0o7777, info.st_mtime_ns)

    def read(path):
        """Tell about data outside the project: what is found out by its content is stale when that changes."""
        if getattr(state, "busy", False):
            return
        state.busy = True
        try:
            real = outside(path)
            if real is not None and not real.startswith(libraries):
                note("read", real)
        except (OSError, ValueError, TypeError):
            pass
        finally:
            state.busy = False

    def hook(event, args):
        if event == "open":
            path, mode, flags = args
            if isinstance(path, int) or not (flags & WRITE if isinstance(flags, int) else True):
                if not isinstance(path, int) and path not in looked and len(looked) < 5000:
                    looked.add(path)
                    read(path)
                return
            if mode is not None and not isinstance(flags, int) and not set(mode) & set("wax+"):
                return
            changed = (path,)
            follow = True
        elif event == "import":
            if args[0].isidentifier() and args[0] not in standard:  # packages, not what is in them
                note("import", args[0])
            return
        elif event in ("os.remove", "os.rmdir", "os.mkdir", "os.truncate", "shutil.rmtree", "os.chmod", "os.chown",
                       "os.utime"):
            changed = args[:1]
            follow = event in ("os.truncate", "os.chmod", "os.chown", "os.utime")
            if event in ("os.remove", "os.rmdir", "os.mkdir"):
                changed = (under(args[-1], args[0]),)
        elif event == "os.rename":
            changed = (under(args[2], args[0]), under(args[3], args[1]))
            follow = False
        elif event in ("os.link", "os.symlink"):
            changed = (under(args[-1], args[1]),)
            follow = False
        elif event == "sqlite3.connect":
            if args[0] in (":memory:", "", b":memory:"):
                return
            changed = args[:1]
            follow = True
        elif event in ("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.fork", "os.forkpty"):
            note("process", event)
            return
        elif event == "sys.excepthook":
            note("uncaught", _os.getpid())
            return
        elif event in ("_thread.start_new_thread", "_thread.start_joinable_thread"):
            note("thread")
            return
        elif event in ("socket.connect", "socket.bind", "socket.getaddrinfo"):
            note("network", event)
            return
        else:
            return
        if getattr(state, "busy", False):
            return
        state.busy = True
        try:
            for path in changed:
                real = outside(path, follow)
                if real is not None and not real.startswith(("/dev/", "/proc/", "/sys/")):
                    if event == "os.mkdir":
                        try:
                            lstat(real)
                        except FileNotFoundError:
                            note("made", real)
                    else:
                        save(real, event)
        except (OSError, ValueError, TypeError):
            pass
        finally:
            state.busy = False

    _sys.addaudithook(hook)
    real_start = getattr(threading, "_start_new_thread", None)
    if real_start is not None:  # before 3.13; not every version tells about threads

        def start(*args):
            note("thread")
            return real_start(*args)

        threading._start_new_thread = start
    note("started", _os.getpid())
    if conf.get("shift"):
        _clocks(conf["shift"], conf["stretch"])


def _clocks(shift, stretch):
    import time

    class Clock:
        """A clock function that runs fast. An object, so that it does not become a method in a class body."""

        __module__ = "time"

        def __init__(self, name, offset, unit):
            self.__name__ = self.__qualname__ = name
            self.real = getattr(time, name)
            self.zero = self.real()
            self.offset = offset
            self.whole = name.endswith("_ns")

        def __call__(self):
            now = self.real()
            moved = self.zero + (now - self.zero) * stretch + self.offset
            return int(moved) if self.whole else moved

        def __reduce__(self):
            return self.__name__

    for name in ("time", "perf_counter", "monotonic", "process_time", "thread_time"):
        for full, unit in ((name, 1), (name + "_ns", 10**9)):
            if hasattr(time, full):
                setattr(time, full, Clock(full, shift * unit if name == "time" else 12.5 * unit, unit))

    def moved(name, at):
        real = getattr(time, name)

        class Moved:
            __module__ = "time"
            __name__ = __qualname__ = name

            def __call__(self, *args):
                if len(args) <= at:
                    args += (time.time(),) if name != "strftime" and name != "asctime" else (time.localtime(),)
                elif args[at] is None:
                    args = args[:at] + (time.time(),)
                return real(*args)

            def __reduce__(self):
                return name

        setattr(time, name, Moved())

    for name, at in (("localtime", 0), ("gmtime", 0), ("ctime", 0), ("asctime", 0), ("strftime", 1)):
        moved(name, at)


_run()
del _run, _clocks
'''


HIDDEN = """\
# the sitecustomize that this one hides
import importlib.util as _util
_spec = None
_me = _sys.modules.pop("sitecustomize", None)
try:
    _spec = _util.find_spec("sitecustomize")
except (ImportError, ValueError):
    _spec = None
if _spec is None or _spec.loader is None:
    _sys.modules["sitecustomize"] = _me
else:
    _module = _util.module_from_spec(_spec)
    _sys.modules["sitecustomize"] = _module
    _spec.loader.exec_module(_module)
"""


def site_customize(place: Path, text: str) -> None:
    """Makes `place` a folder whose `sitecustomize` runs `text`, then the one that it hides, being first on the path."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "sitecustomize.py").write_text(text + HIDDEN, encoding="utf-8")


@dataclass(frozen=True)
class Audit:
    """What the audited run did. Paths are real and absolute."""

    started: bool = False
    outside: tuple[tuple[str, str | None, int, int], ...] = ()  # path, backup, mode, mtime in ns
    made: tuple[str, ...] = ()  # folders made outside
    processes: tuple[str, ...] = ()
    threads: bool = False
    network: bool = False
    uncaught: bool = False  # an exception that nobody caught ended the program
    refused: tuple[str, str] | None = None  # why, path: nothing had been changed when the program was stopped
    read: tuple[str, ...] = ()  # files outside the project that it read, those of libraries left out
    imported: frozenset[str] = frozenset()  # packages that it asked for, the standard library's left out


class Shim:
    """The injected folder and its log, in `folder`. `inside` are folders whose files need no watching."""

    def __init__(self, folder: Path, inside: tuple[Path, ...], backups: Path) -> None:
        self.folder, self.log, self.backups, self.inside = folder, folder / "log", backups, inside
        self.place = folder / "site"
        site_customize(self.place, SHIM)

    def environment(
        self, env: dict[str, str], *, shift_s: float = 0.0, stretch: float = 1.0, beside: Path | None = None
    ) -> dict[str, str]:
        """`env` with the shim in it. `shift_s` moves `time.time`, `stretch` makes all clocks run faster.

        Modules in the folder `beside` the program are its own, whatever the standard library calls by the same name.
        """
        self.log.unlink(missing_ok=True)
        home = os.path.realpath(os.path.expanduser("~"))
        conf = {
            "log": str(self.log),
            "inside": [str(p) for p in self.inside],
            "ignore": [str(Path(home, ".cache")), str(Path(home, ".config", "matplotlib"))],
            "backups": str(self.backups),
            "largest": 2_000_000_000,
            "shift": shift_s,
            "stretch": stretch,
            "shadows": [] if beside is None else sorted({p.name.partition(".")[0] for p in beside.iterdir()}),
        }
        path = os.pathsep.join([str(self.place), *filter(None, [env.get("PYTHONPATH", "")])])
        return {**env, "PYTHONPATH": path, "HASTEN_SHIM": json.dumps(conf)}

    def read(self) -> Audit:
        """What was logged. Lines that a killed program left unfinished are passed over."""
        events: list[list[object]] = []
        if self.log.exists():
            for line in self.log.read_text(encoding="ascii", errors="replace").splitlines():
                try:
                    events.append(json.loads(line))
                except ValueError:
                    continue
        outside: dict[str, tuple[str, str | None, int, int]] = {}
        for event in events:
            if event[0] == "outside":
                _, path, copy, mode, mtime = event
                outside.setdefault(
                    str(path), (str(path), None if copy is None else str(copy), int(str(mode)), int(str(mtime)))
                )
        main = next((e[1] for e in events if e[0] == "started"), None)
        refused = next(((str(e[1]), str(e[2])) for e in events if e[0] == "refused"), None)
        return Audit(
            any(e[0] == "started" for e in events),
            tuple(outside.values()),
            tuple(str(e[1]) for e in events if e[0] == "made"),
            tuple(str(e[1]) for e in events if e[0] == "process"),
            any(e[0] == "thread" for e in events),
            any(e[0] == "network" for e in events),
            any(e[0] == "uncaught" and e[1] == main for e in events),
            refused,
            tuple(str(e[1]) for e in events if e[0] == "read" and not str(e[1]).startswith(f"{self.folder.parent}/")),
            frozenset(str(e[1]) for e in events if e[0] == "import"),
        )
