"""Run one program to its end, whatever it does: deadline, output limit, memory limit, nothing left behind.

Output goes to files, so that a grandchild that keeps stdout open cannot hold hasten up. Every program leads its own
session; its process group is killed when it ends, and so are descendants that left the group (found while it ran, or by
a mark in their environment). A small guard process does the same when hasten itself is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

from hasten.core.measurement import RunSample
from hasten.core.workload import ScriptWorkload
from hasten.errors import TargetError
from hasten.observe import energy
from hasten.observe.mirror import Mirror
from hasten.observe.profiler import Watcher
from hasten.observe.reap import (
    MARK,
    born,
    descendants,
    kill_marked,
    marked,
    new_mark,
    pss_kb,
    run_queue_s,
    start_guard,
    status_kb,
)
from hasten.observe.session import Session

DEADLINE_S = 600.0
PATIENCE = 2.0
MAX_OUTPUT = 64_000_000  # bytes of stdout and stderr together
_LINUX = sys.platform.startswith("linux")


@dataclass(frozen=True)
class ProgramRun:
    """How one program ran. `status` is as in `subprocess`: the exit status, or minus the signal that ended it.

    `wall_s` spans start to exit of the program itself; `cpu_s` adds up user and system time of it and of the children
    that it waited for. `peak_mb` is the largest memory of the process tree seen (10^6 bytes).
    """

    status: int
    stdout: bytes
    stderr: bytes
    wall_s: float
    cpu_s: float
    peak_mb: float
    timed_out: bool = False
    truncated: bool = False  # it wrote more than the limit and was killed
    out_of_memory: bool = False  # it passed the memory limit and was killed
    waited_s: float = 0.0  # ready to run, but without a processor (main thread)
    children: bool = False  # it had child processes
    energy_j: float | None = None  # of the processors meanwhile, where the machine tells

    @property
    def signal(self) -> str:
        """`SIGSEGV` and the like when a signal ended it, else an empty string."""
        if self.status >= 0:
            return ""
        try:
            return signal.Signals(-self.status).name
        except ValueError:
            return f"signal {-self.status}"

    @property
    def ended(self) -> str:
        """One phrase for how it ended: `exit status 0`, `timed out after 3.0 s`, `killed by SIGSEGV`."""
        if self.timed_out:
            return f"timed out after {self.wall_s:.1f} s"
        if self.truncated:
            return "was stopped because it wrote too much output"
        if self.out_of_memory:
            return f"was stopped because it used too much memory ({self.peak_mb:.0f} MB)"
        return f"killed by {self.signal}" if self.status < 0 else f"exit status {self.status}"

    @property
    def stopped(self) -> bool:
        """hasten ended it, not the program itself."""
        return self.timed_out or self.truncated or self.out_of_memory

    @property
    def sample(self) -> RunSample:
        return RunSample(self.wall_s, self.cpu_s, self.peak_mb, self.waited_s, self.energy_j)


@dataclass(frozen=True)
class WorkloadRun:
    """A program's run with the files it left. Paths are relative to the project, `<tmp>/...`, or absolute (outside)."""

    program: ProgramRun
    written: Mapping[str, str] = field(default_factory=dict)  # path to SHA-256
    kept: Mapping[str, Path] = field(default_factory=dict)  # path to a copy of the content
    deleted: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()  # source files that the candidate replaced
    lent: int = 0  # kernels that it need not compile, since another run had
    looked_s: float = 0.0  # how long it took to look at the files that it left

    @property
    def status(self) -> int:
        return self.program.status

    @property
    def sample(self) -> RunSample:
        return self.program.sample


def run_program(
    command: Sequence[str],
    *,
    cwd: Path | str,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    deadline_s: float = DEADLINE_S,
    out_dir: Path | None = None,
    max_output: int = MAX_OUTPUT,
    memory_mb: float | None = None,
    started: Callable[[int], None] | None = None,
    preexec: Callable[[], object] | None = None,
    patient: bool = False,
) -> ProgramRun:
    """Run `command` to its end or its limits. Raises `OSError` when it cannot be started; kills it on Ctrl-C.

    `max_output` is in bytes for stdout and stderr together; what is returned of them is cut there. `stdin` None is the
    null device. Temporary files go to `out_dir` (the system's folder by default) and are removed. `started` is told the
    process id, `preexec` runs in the child before the program. With `patient` what the program waits for a processor
    comes on top of the deadline, up to `PATIENCE` times that: on a busy machine nothing is taken to hang that does not.
    """
    environ = dict(os.environ if env is None else env)
    environ[MARK] = mark = new_mark()
    start_guard()
    own_peak_kb = status_kb("self", "VmHWM")
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(tempfile.TemporaryFile(dir=out_dir))
        err = stack.enter_context(tempfile.TemporaryFile(dir=out_dir))
        given: IO[bytes] | int = subprocess.DEVNULL
        if stdin is not None:
            given = stack.enter_context(tempfile.TemporaryFile(dir=out_dir))
            given.write(stdin)
            given.seek(0)
        used = energy.counters()
        start = time.perf_counter()
        try:
            child = subprocess.Popen(
                list(command), cwd=cwd, env=environ, stdin=given, stdout=out, stderr=err, start_new_session=True,
                preexec_fn=preexec,
            )  # fmt: skip
            watch = _Watch(child, start, mark)
        except BaseException:
            kill_marked(mark)  # Ctrl-C in between: nobody else knows of it
            raise
        timed_out = truncated = out_of_memory = False
        try:
            if started is not None:
                started(child.pid)
            pause = 0.004  # the first look comes early: short programs have a size too
            while not watch.ends_within(min(pause, max(0.004, start + deadline_s - time.perf_counter()))):
                pause = min(0.05, pause * 2)
                watch.look()
                written = os.fstat(out.fileno()).st_size + os.fstat(err.fileno()).st_size
                truncated = written > max_output
                out_of_memory = memory_mb is not None and watch.now_mb > memory_mb and watch.shared_mb() > memory_mb
                waited_s = min(watch.waited_s, PATIENCE * deadline_s) if patient else 0.0
                timed_out = time.perf_counter() - start >= deadline_s + waited_s
                if truncated or out_of_memory or timed_out:
                    break
        finally:
            watch.finish()
        energy_j = energy.joules(used, energy.counters()) if used else None
        total = os.fstat(out.fileno()).st_size + os.fstat(err.fileno()).st_size
        truncated = truncated or total > max_output
        out.seek(0)
        err.seek(0)
        stdout = out.read(max_output)
        stderr = err.read(max(0, max_output - len(stdout)))
    # ru_maxrss starts from the parent's own peak (it survives exec), so it tells something only above that
    maxrss_mb = watch.maxrss_kb * 1024 / 1e6 if watch.maxrss_kb > own_peak_kb * 1.02 else 0.0
    return ProgramRun(
        watch.status, stdout, stderr, watch.wall_s, watch.cpu_s, max(watch.peak_mb, maxrss_mb),
        timed_out, truncated, out_of_memory, watch.waited_s, watch.had_children, energy_j,
    )  # fmt: skip


def workload_command(work: ScriptWorkload, python_args: Sequence[str] = ()) -> list[str]:
    """How the program is started in its folder: interpreter, its options, entry, arguments."""
    python = work.python or sys.executable
    if work.entry.kind == "module":
        entry = list(work.entry.command)
    else:
        script = os.path.relpath(work.entry_path or work.entry.name, work.cwd)
        entry = [script if not script.startswith("-") else f".{os.sep}{script}"]
    return [python, *python_args, *entry, *work.argv]


def run_workload(
    session: Session,
    mirror: Mirror,
    work: ScriptWorkload,
    *,
    deadline_s: float = DEADLINE_S,
    python_args: Sequence[str] = (),
    extra_env: Mapping[str, str] | None = None,
    keep_cache: bool = False,
    cold: bool = False,
    observe_files: bool = True,
    max_output: int = MAX_OUTPUT,
    memory_mb: float | None = None,
    watcher: Watcher | None = None,
    patient: bool = False,
) -> WorkloadRun:
    """Run a workload (original or candidate) in the mirror, to its end or its limits.

    With `keep_cache` what earlier runs of this candidate compiled is there; kernels that others compiled are lent to it
    unless it is to start `cold`. `memory_mb` is nine tenths of the machine's by default. Files outside the project that
    the program is known to write are afterwards as they were before. A run that somebody kills from outside (SIGKILL,
    and not by our limits) tells nothing and is done once more. Raises `TargetError` when it cannot be started at all;
    how it ended is otherwise in the result.
    """
    run = partial(
        _run_once, session, mirror, work, deadline_s, python_args, dict(extra_env or {}), keep_cache, cold,
        observe_files, max_output, memory_mb, watcher, patient,
    )  # fmt: skip
    done = run()
    return run() if watcher is None and killed(done.program) and not session.stopping.is_set() else done


def killed(program: ProgramRun) -> bool:
    """Ended by a SIGKILL that is not ours."""
    return program.status == -signal.SIGKILL and not program.stopped


def _run_once(
    session: Session, mirror: Mirror, work: ScriptWorkload, deadline_s: float, python_args: Sequence[str],
    extra_env: dict[str, str], keep_cache: bool, cold: bool, observe_files: bool, max_output: int,
    memory_mb: float | None, watcher: Watcher | None, patient: bool,
) -> WorkloadRun:  # fmt: skip
    env = mirror.environment(work, extra_env)
    prepared = mirror.prepared(work, keep_cache=keep_cache)
    with prepared as root, mirror.outside_restored(), _ended_by_stop(session) as started:
        lent = 0
        if not cold:
            for source in work.changed.values():
                lent += session.compiled.lend(source, (root / source.path).parent / "__pycache__")
        try:
            if memory_mb is None:
                # a candidate that takes all memory must not take the machine down with it
                memory_mb = 0.9 * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e6
            program = run_program(
                workload_command(work, python_args),
                cwd=root / work.cwd,
                env=env,
                stdin=work.stdin,
                deadline_s=deadline_s,
                out_dir=session.scratch,
                max_output=max_output,
                memory_mb=memory_mb,
                started=started if watcher is None else watcher.attach,
                preexec=None if watcher is None else watcher.preexec,
                patient=patient,
            )
        except OSError as error:
            raise TargetError(f"{work.entry.name}: cannot be started: {error}") from error
        for source in work.changed.values():
            session.compiled.keep(source, (root / source.path).parent / "__pycache__")
        changed = frozenset(work.changed)
        if not observe_files:
            return WorkloadRun(program, changed=changed, lent=lent)
        began = time.perf_counter()
        tree = mirror.collect()
        looked_s = time.perf_counter() - began
    return WorkloadRun(program, tree.written, tree.kept, tree.deleted, changed, lent, looked_s)


@contextlib.contextmanager
def _ended_by_stop(session: Session) -> Iterator[Callable[[int], None]]:
    """Takes the number of a program that `Session.stop` ends from then on: Ctrl-C reaches the main thread only, and a
    worker's program would be waited for."""
    begun: list[int] = []

    def stop() -> None:
        for pid in begun:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)

    session.stoppers.add(stop)
    try:
        yield begun.append
    finally:
        session.stoppers.discard(stop)


class _Watch:
    """One running program: waits for it in a thread, so that its end is seen at once, and looks at its tree."""

    def __init__(self, child: subprocess.Popen[bytes], start: float, mark: str) -> None:
        self.child, self.start, self.mark = child, start, mark
        self.ended = False
        self._running = threading.Lock()
        self._running.acquire()
        self.status, self.cpu_s, self.wall_s, self.maxrss_kb = 0, 0.0, 0.0, 0.0
        self.now_mb = self.peak_mb = self.waited_s = 0.0
        self.had_children = False
        self._known: dict[int, str] = {}
        self._end = 0.0
        self._reaped: tuple[int, float, float] | None = None
        self._thread = threading.Thread(target=self._wait, daemon=True, name="hasten-wait")
        self._thread.start()

    def _wait(self) -> None:
        if hasattr(os, "waitid"):
            # leave the zombie in place: its number cannot be reused before the group has been killed
            os.waitid(os.P_PID, self.child.pid, os.WEXITED | os.WNOWAIT)
            self._end = time.perf_counter()
        else:
            self._reap()
            self._end = time.perf_counter()
        self.ended = True
        self._running.release()

    def ends_within(self, seconds: float) -> bool:
        """Has it ended, or does it within this time? By a bare lock: Ctrl-C in the midst of `Event.wait` can leave the
        event's own lock taken for good (CPython issue 74174), and then nobody would come to kill the program."""
        return self.ended or self._running.acquire(timeout=seconds) or self.ended

    def _reap(self) -> None:
        _, status, usage = os.wait4(self.child.pid, 0)
        scale = 1 if _LINUX else 1024  # macOS counts in bytes
        self._reaped = (os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale)

    def look(self) -> None:
        """Note the tree's memory, and who belongs to it."""
        pid = self.child.pid
        self.waited_s = max(self.waited_s, run_queue_s(pid))
        self.peak_mb = max(self.peak_mb, status_kb(str(pid), "VmHWM") * 1024 / 1e6)
        now_kb = status_kb(str(pid), "VmRSS")
        for descendant in descendants(pid):
            self.had_children = True
            when = born(descendant)
            if when:
                self._known[descendant] = when
            now_kb += status_kb(str(descendant), "VmRSS")
        self.now_mb = now_kb * 1024 / 1e6
        self.peak_mb = max(self.peak_mb, self.now_mb)

    def shared_mb(self) -> float:
        """The tree's memory now, with what processes share counted once. Slower, and no more than `now_mb`."""
        pids = [self.child.pid, *descendants(self.child.pid)]
        return min(self.now_mb, sum(pss_kb(pid) for pid in pids) * 1024 / 1e6)

    def finish(self) -> None:
        """Kill everything that is left, reap the program, and fill in the figures."""
        self.waited_s = max(self.waited_s, run_queue_s(self.child.pid))  # a zombie still tells
        if self.ended:
            # what it forked may still print, helpers of multiprocessing free shared memory: give them a moment
            patience = time.perf_counter() + 0.25
            while time.perf_counter() < patience and marked(self.mark):
                self.had_children = True
                time.sleep(0.01)
        else:
            self.look()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.ends_within(10)
        if self._reaped is None and self.ended:
            self._reap()
        if self._reaped is not None:
            self.status, self.cpu_s, self.maxrss_kb = self._reaped
        else:  # not even SIGKILL ends it (uninterruptible sleep)
            self.status, self._end = -int(signal.SIGKILL), time.perf_counter()
        self.wall_s = self._end - self.start
        self.child.returncode = self.status  # reaped here: Popen must not wait for that number again
        for pid, when in self._known.items():
            if born(pid) == when:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
        kill_marked(self.mark)
