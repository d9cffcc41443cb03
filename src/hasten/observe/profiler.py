"""Where time goes: one run of the program under a sampling profiler.

py-spy (100 samples a second, reading the program's memory from outside) attaches right after the start. Where it
is missing or may not read other processes, a sampler thread inside the program does (`sampler_shim`, with its
bias). Either way the program keeps its arguments, standard input and exit status, and a profiler that fails
leaves the run intact: the profile is then empty.

A sample is one moment of one thread. All samples of the main thread count, waiting included, so that shares are
shares of wall time; a worker thread counts when it is not parked in a queue, lock or pool.
"""

from __future__ import annotations

import ast
import contextlib
import ctypes
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hasten.core.facts import FunctionTime, LineTime, Profile
from hasten.observe import reap

RATE_HZ = 100
POLL_S = 0.01
_PR_SET_PTRACER = 0x59616D61
_PTRACER_ANY = ctypes.c_ulong(-1)

_FRAME = re.compile(r"^(?P<name>.*) \((?P<file>.*):(?P<line>\d+)\)$", re.DOTALL)
_NATIVE = re.compile(r"^(?P<name>.*) \((?P<file>[^()]+)\)$", re.DOTALL)  # a frame of compiled code has no line
_SYSTEM = re.compile(r"(ld-|lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s|util|python[\d.]+\w*)[.-])|python[\d.]*$|\[vdso\]$")
_THREAD = re.compile(r"^thread \((?P<id>\w+)\)(?:: (?P<name>.*))?$")
LIBRARY_PARTS = frozenset({"site-packages", "dist-packages", ".venv", "venv", "__pypackages__"})
# a worker whose innermost Python frame is here waits for work
_PARKED = (
    "/threading.py",
    "/queue.py",
    "/selectors.py",
    "/socketserver.py",
    "/concurrent/futures/thread.py",
    "/concurrent/futures/process.py",
    "/multiprocessing/connection.py",
    "/multiprocessing/pool.py",
    "/multiprocessing/queues.py",
)


@dataclass(frozen=True)
class RawFrame:
    function: str
    file: str
    line: int


@dataclass(frozen=True)
class RawStack:
    """One stack, outermost frame first, with the number of samples that showed it."""

    frames: tuple[RawFrame, ...]
    count: int
    main: bool = True
    native: str = ""  # the extension module whose compiled code ran; empty: the interpreter, or nobody looked


@dataclass(frozen=True)
class ProfiledRun:
    """A profile and how the program ended. `status` is the exit status, negative for a signal; `note` says what went
    wrong with the profiler, when something did."""

    profile: Profile
    status: int
    timed_out: bool = False
    note: str = ""
    stacks: tuple[RawStack, ...] = ()  # all frames, those of libraries too


@dataclass
class _Ended:
    status: int
    wall_s: float
    peak_mb: float
    timed_out: bool


def profile(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    root: Path,
    deadline_s: float | None = None,
    stdout: Path | None = None,
    stderr: Path | None = None,
    method: str = "auto",
) -> Profile:
    """The profile of one run of `command` (interpreter first); see `profiled_run`, which also gives the exit status."""
    return profiled_run(
        command,
        cwd=cwd,
        env=env,
        stdin=stdin,
        root=root,
        deadline_s=deadline_s,
        stdout=stdout,
        stderr=stderr,
        method=method,
    ).profile


def profiled_run(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    root: Path,
    deadline_s: float | None = None,
    stdout: Path | None = None,
    stderr: Path | None = None,
    method: str = "auto",
    without: frozenset[str] = frozenset(),
    native: bool = False,
) -> ProfiledRun:
    """Run `command` once and sample it.

    `root` is the project folder: files under it are user code, and get paths relative to it. `stdout` and `stderr`
    name files that receive what the program prints (default: dropped). After `deadline_s` the program and its
    process group are killed, and the profile holds what was seen until then. `method` is `auto`, `py-spy` or
    `thread`. Samples inside the packages `without`, with all that these import, are left out, and so is their time.
    `native` tells compiled code of extension modules from the interpreter, where py-spy can (Linux, x86-64).
    Raises `OSError` when the command cannot be started, never because of the profiler.
    """
    if method not in ("auto", "py-spy", "thread"):
        raise ValueError(f"method is {method!r}; expected 'auto', 'py-spy' or 'thread'")
    environment = dict(os.environ if env is None else env)
    spy = None if method == "thread" else py_spy_path()
    if spy is not None and method == "auto" and not _permitted(spy):
        spy = None
    with reap.temporary_folder("hasten-profile-") as scratch:
        run = _Run(list(command), Path(cwd), environment, stdin, deadline_s, stdout, stderr, scratch)
        native = native and spy is not None and _permitted(spy, "--native")
        if spy is not None:
            ended, stacks, note = _with_py_spy(run, spy, native=native)
            name = "py-spy"
        elif method == "py-spy":
            ended, stacks, note, name = run.go(), [], "py-spy is not installed", ""
        else:
            ended, stacks, note = _with_thread(run)
            name = "sampler thread"
    folded = fold(
        stacks, root=Path(root), cwd=Path(cwd), wall_s=ended.wall_s, peak_mb=ended.peak_mb, profiler=name,
        without=without, native=native,
    )  # fmt: skip
    return ProfiledRun(folded, ended.status, ended.timed_out, note, tuple(stacks))


def py_spy_path() -> str | None:
    """py-spy of this environment, else the one on PATH, else None."""
    here = Path(sysconfig.get_path("scripts")) / ("py-spy.exe" if os.name == "nt" else "py-spy")
    return str(here) if here.is_file() else shutil.which("py-spy")


@functools.cache
def _permitted(spy: str, *options: str) -> bool:
    """Whether py-spy may read a child of ours here: asked once, by reading one that sleeps."""
    child = subprocess.Popen(
        [sys.executable, "-S", "-c", "import sys; sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        preexec_fn=_allow_tracing(),
    )
    try:
        for _ in range(5):
            time.sleep(0.05)  # the interpreter has to be up before its version can be read
            try:
                answer = subprocess.run(
                    [spy, "dump", *options, "--pid", str(child.pid)],
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=10,
                )
            except (OSError, subprocess.TimeoutExpired):
                return False
            if answer.returncode == 0:
                return True
            if b"ermission" in answer.stderr or b"not permitted" in answer.stderr:
                return False
        return False
    finally:
        child.kill()
        child.communicate()


def _allow_tracing() -> Callable[[], object] | None:
    """Under Yama's restricted mode a sibling may be read only by consent; the child gives it before exec."""
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    try:
        restricted = scope.read_text().strip() == "1" and os.geteuid() != 0
    except (OSError, AttributeError):
        return None
    if not restricted:
        return None
    libc = ctypes.CDLL(None)  # loaded before the fork
    return functools.partial(libc.prctl, _PR_SET_PTRACER, _PTRACER_ANY, 0, 0, 0)


# --- running the program


@dataclass
class _Run:
    command: list[str]
    cwd: Path
    env: dict[str, str]
    stdin: bytes | None
    deadline_s: float | None
    stdout: Path | None
    stderr: Path | None
    scratch: Path
    before_kill: Callable[[], None] = field(default=lambda: None)

    def go(self, started: Callable[[int], None] = lambda pid: None, *, traced: bool = False) -> _Ended:
        given = self.scratch / "stdin"
        given.write_bytes(self.stdin or b"")
        with (
            open(given if self.stdin is not None else os.devnull, "rb") as source,
            open(self.stdout or os.devnull, "wb") as out,
            open(self.stderr or os.devnull, "wb") as err,
        ):
            start = time.monotonic()
            child = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                env={**self.env, reap.MARK: reap.new_mark()},
                stdin=source,
                stdout=out,
                stderr=err,
                start_new_session=True,
                preexec_fn=_allow_tracing() if traced else None,
            )
        peak, timed_out = 0.0, False
        try:
            started(child.pid)
            while not _exited(child):
                peak = max(peak, _high_water_mb(child.pid))
                if self.deadline_s is not None and time.monotonic() - start > self.deadline_s:
                    timed_out = True
                    break
                time.sleep(POLL_S)
            wall = time.monotonic() - start
            if timed_out:
                self.before_kill()
        finally:
            # before the leader is reaped its group id cannot belong to anybody else
            _kill_group(child.pid)
            status, usage_mb = _reap(child)
        return _Ended(status, wall, peak or usage_mb, timed_out)


def _exited(child: subprocess.Popen[bytes]) -> bool:
    """True when the child has ended; it is left unreaped where the platform allows that."""
    if hasattr(os, "waitid"):
        return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return child.poll() is not None


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _reap(child: subprocess.Popen[bytes]) -> tuple[int, float]:
    """Exit status and the peak that the kernel reports, in MB (it may include the parent's pages at the fork)."""
    if child.returncode is not None:
        return child.returncode, 0.0
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def _high_water_mb(pid: int) -> float:
    """Peak resident memory so far in MB (10^6 bytes); 0 where /proc is missing."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    at = text.find("VmHWM:")
    return int(text[at + 6 :].split(None, 1)[0]) * 1024 / 1e6 if at >= 0 else 0.0


# --- the two samplers


class Spy:
    """py-spy beside one process: `attach` it by pid right after the start, `stop` it after the end, then ask."""

    def __init__(self, spy: str, scratch: Path, *, native: bool = False) -> None:
        self._spy, self._native = spy, native
        self._out, self._log = scratch / "stacks.txt", scratch / "py-spy.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._target = 0

    def attach(self, pid: int, *more: str) -> None:
        self._target = pid
        options = ["--format", "raw", "--full-filenames", "--threads", "--idle", "--rate", str(RATE_HZ), *more]
        options += ["--native"] if self._native else []
        with open(self._log, "wb") as file, contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                [self._spy, "record", *options, "--output", str(self._out), "--pid", str(pid)],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env={**os.environ, reap.MARK: reap.new_mark()},
            )

    def stop(self) -> None:
        """Wait until it has written what it saw; it ends by itself when its target has."""
        process = self._process
        if process is None:
            return
        try:
            process.wait(timeout=5)
            return
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)  # it writes what it has
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()

    def interrupt(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
        self.stop()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stacks(self) -> tuple[list[RawStack], str]:
        """What it saw, and why that is nothing."""
        found = parse_raw(self._out.read_text(errors="replace"), main_id=self._target) if self._out.is_file() else []
        if found:
            return found, ""
        said = self._log.read_text(errors="replace").strip().splitlines() if self._log.is_file() else []
        failed = "py-spy could not be started" if self._process is None else ""
        why = next((line for line in said if line.startswith("Error")), failed)
        return [], f"py-spy saw nothing: {why or 'the program ended too soon'}"


class Watcher:
    """Profiles a program that somebody else runs: give `attach` and `preexec` to its start.

    `profile` is empty (no samples) where py-spy is missing or not permitted, or saw nothing.
    """

    def __init__(self) -> None:
        spy = py_spy_path()
        self._held = contextlib.ExitStack()
        folder = self._held.enter_context(reap.temporary_folder("hasten-profile-"))
        self._spy = Spy(spy, folder) if spy is not None and _permitted(spy) else None
        self.preexec = _allow_tracing() if self._spy is not None else None

    def attach(self, pid: int) -> None:
        if self._spy is not None:
            self._spy.attach(pid)

    def profile(self, *, root: Path, cwd: Path, wall_s: float, peak_mb: float) -> Profile:
        if self._spy is None:
            return Profile()
        self._spy.stop()
        stacks, _ = self._spy.stacks()
        return fold(stacks, root=root, cwd=cwd, wall_s=wall_s, peak_mb=peak_mb, profiler="py-spy")

    def close(self) -> None:
        if self._spy is not None:
            self._spy.kill()
        self._held.close()


def _with_py_spy(run: _Run, spy: str, *, native: bool) -> tuple[_Ended, list[RawStack], str]:
    beside = Spy(spy, run.scratch, native=native)
    run.before_kill = beside.interrupt
    try:
        ended = run.go(beside.attach, traced=True)
    except BaseException:
        beside.kill()
        raise
    beside.stop()
    stacks, why = beside.stacks()
    return ended, stacks, why


def _with_thread(run: _Run) -> tuple[_Ended, list[RawStack], str]:
    folder, out = run.scratch / "shim", run.scratch / "stacks.json"
    folder.mkdir()
    shutil.copyfile(Path(__file__).with_name("sampler_shim.py"), folder / "sitecustomize.py")
    before = run.env.get("PYTHONPATH")
    run.env["PYTHONPATH"] = os.pathsep.join([str(folder), *([before] if before else [])])
    if before is not None:
        run.env["HASTEN_SAMPLER_PYTHONPATH"] = before
    run.env["HASTEN_SAMPLER_OUT"], run.env["HASTEN_SAMPLER_DIR"] = str(out), str(folder)
    ended = run.go()
    try:
        rows = json.loads(out.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ended, [], "the sampler thread left no samples: the program ended too soon, or without its exit handlers"
    return ended, [RawStack(tuple(RawFrame(*f) for f in frames), n, main) for main, frames, n in rows], ""


def parse_raw(text: str, *, main_id: int | None = None) -> list[RawStack]:
    """Stacks from py-spy's `raw` format with threads: `thread (ID): NAME;f (file:line);... COUNT` a line."""
    stacks = []
    for row in text.splitlines():
        body, _, count = row.rpartition(" ")
        if not count.isdigit():
            continue
        parts = body.split(";")
        main, frames = True, []
        compiled: list[str] = []
        for part in parts:
            thread = _THREAD.match(part)
            if thread:
                main = thread["name"] == "MainThread" or thread["id"] == str(main_id)
                continue
            frame = _FRAME.match(part)
            if frame:
                frames.append(RawFrame(frame["name"], frame["file"], int(frame["line"])))
                compiled.clear()
            elif (native := _NATIVE.match(part)) and frames:
                compiled.append(native["file"])
        stacks.append(RawStack(tuple(frames), int(count), main, _extension(compiled)))
    return stacks


def _extension(files: Sequence[str]) -> str:
    """The innermost library among the compiled frames below the last Python frame that is not the system's: an
    extension module, or `?` for code that was made as the program ran. `memcpy` alone may be the interpreter's."""
    for file in reversed(files):
        if file == "?" or not _SYSTEM.match(file.rpartition("/")[2]):
            return file
    return ""


# --- folding: raw frames into lines and functions of user code


class Files:
    """Which files are user code, and which function a line belongs to."""

    def __init__(self, root: Path, cwd: Path) -> None:
        self.root = Path(os.path.realpath(root))
        self.cwd = cwd
        self._user: dict[str, str | None] = {}
        self._spans: dict[str, list[tuple[int, int, str]]] = {}

    def user_path(self, file: str) -> str | None:
        """The root-relative path with forward slashes; None for libraries, frozen modules and generated code."""
        if file not in self._user:
            self._user[file] = self._resolve(file)
        return self._user[file]

    def _resolve(self, file: str) -> str | None:
        if not file or file.startswith("<"):
            return None
        try:
            relative = Path(os.path.realpath(self.cwd / file)).relative_to(self.root)
        except ValueError:
            return None
        if LIBRARY_PARTS.intersection(relative.parts) or not (self.root / relative).is_file():
            return None
        return relative.as_posix()

    def function(self, path: str, line: int) -> tuple[str, int]:
        """Dotted name and first line (decorators included) of the innermost function around a line.

        Comprehensions and lambdas belong to the function around them; `("<module>", 1)` is the module level.
        """
        if path not in self._spans:
            self._spans[path] = _spans(self.root / path)
        best = (1, 1 << 30, "<module>")
        for span in self._spans[path]:
            if span[0] <= line <= span[1] and span[1] - span[0] <= best[1] - best[0]:
                best = span
        return best[2], best[0]


def _spans(path: Path) -> list[tuple[int, int, str]]:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    found: list[tuple[int, int, str]] = []

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                name = prefix + child.name
                first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
                found.append((first, child.end_lineno or child.lineno, name))
                visit(child, f"{name}.<locals>.")
            elif isinstance(child, ast.ClassDef):
                visit(child, f"{prefix}{child.name}.")
            else:
                visit(child, prefix)

    visit(tree, "")
    return found


def fold(
    stacks: Iterable[RawStack], *, root: Path, cwd: Path, wall_s: float, peak_mb: float, profiler: str = "",
    without: frozenset[str] = frozenset(), native: bool = False,
) -> Profile:  # fmt: skip
    """The profile of raw stacks: library frames go into the `library` share of the user line that led there.

    Of the packages `without` nothing is seen, as if they took no time. `native`: compiled code was looked at.
    """
    files = Files(root, cwd)
    totals: Counter[tuple[str, int]] = Counter()
    own: Counter[tuple[str, int]] = Counter()
    library: Counter[tuple[str, int]] = Counter()
    compiled: Counter[tuple[str, int]] = Counter()
    functions: dict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    kept: Counter[tuple[str, ...]] = Counter()
    samples = imports = left_out = in_native = 0
    for stack in stacks:
        if not stack.main and _parked(stack.frames):
            continue
        if without and any(_package(f.file) in without for f in stack.frames):
            left_out += stack.count
            continue
        samples += stack.count
        if _importing(stack.frames, files):
            imports += stack.count
        user: list[tuple[str, str, int, int]] = []
        last_is_user = False
        for frame in stack.frames:
            path = files.user_path(frame.file)
            last_is_user = path is not None
            if path is not None:
                name, first = files.function(path, frame.line)
                user.append((path, name, first, frame.line))
        kept[tuple(f"{path}:{name}:{line}" for path, name, _, line in user)] += stack.count
        for path, line in {(path, line) for path, _, _, line in user}:
            totals[path, line] += stack.count
        for key in {(path, name, first) for path, name, first, _ in user}:
            functions[key][0] += stack.count
        if user:
            path, name, first, line = user[-1]
            (own if last_is_user else library)[path, line] += stack.count
            functions[path, name, first][1 if last_is_user else 2] += stack.count
            if stack.native:
                compiled[path, line] += stack.count
                functions[path, name, first][3] += stack.count
        in_native += stack.count if stack.native else 0
    n = max(samples, 1)
    missing = left_out / max(samples + left_out, 1)
    return Profile(
        samples=samples,
        interval_s=1 / RATE_HZ,
        wall_s=wall_s * (1 - missing),
        peak_mb=peak_mb,
        lines={
            key: LineTime(t / n, own[key] / n, library[key] / n, compiled[key] / n) for key, t in totals.most_common()
        },
        functions=tuple(
            FunctionTime(path, name, first, t / n, o / n, lib / n, c / n)
            for (path, name, first), (t, o, lib, c) in sorted(
                functions.items(), key=lambda item: (-item[1][0], item[0])
            )
        ),
        stacks=tuple(kept.most_common()),
        imports_share=imports / n,
        profiler=profiler,
        left_out=missing,
        native=in_native / n if native else None,
    )


@functools.lru_cache(maxsize=4096)
def _package(file: str) -> str:
    """The installed package that a file belongs to; empty for other files."""
    parts = Path(file).parts
    places = [i for i, part in enumerate(parts[:-1]) if part in ("site-packages", "dist-packages")]
    return parts[places[-1] + 1] if places else ""


def _parked(frames: tuple[RawFrame, ...]) -> bool:
    return not frames or frames[-1].file.replace("\\", "/").endswith(_PARKED)


def _importing(frames: tuple[RawFrame, ...], files: Files) -> bool:
    """The import system is at work, and what it imports is not user code."""
    inside = False
    for frame in frames:
        if frame.file.startswith("<frozen importlib"):
            inside = True
        elif inside:
            if files.user_path(frame.file) is None:
                return True
            inside = False
    return inside
