"""`hasten.profile`: where a program's time and memory go."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from hasten.api import notebook
from hasten.api.results import ProfileResult
from hasten.api.target import module_workload, project_root, started_elsewhere, workload
from hasten.config import project_settings, settings
from hasten.core.workload import Entry, ScriptWorkload
from hasten.errors import TargetError, UsageError
from hasten.observe.profiler import RawStack
from hasten.observe.session import Progress, Session, session

WATCHED_S = 10.0  # how long a running program is watched


def profile(
    target: str | os.PathLike[str] | None = None,
    args: Sequence[str] = (),
    *,
    module: str | None = None,
    pid: int | None = None,
    duration: float | str | None = None,
    memory: bool = False,
    calls: str | None = None,
    stdin: bytes | None = None,
    timeout: float | str | None = None,
    progress: Progress | None = None,
) -> ProfileResult:
    """Run the program once under a sampling profiler, in a copy of its project folder.

    `target` is a program as for `hasten.run`, or a file that cProfile, line_profiler or pyinstrument has recorded;
    `module` runs a module instead (`module="pytest", args=["tests"]`), installed or not; `pid` watches a program that
    runs already, for `duration` seconds (10). `memory` runs it once more under memray: which lines hold memory at the
    peak. `hotspots` ranks places by the time that could be won there, with the reason. Raises `UsageError`, and
    `TargetError` when the program cannot be run, fails, or does not end within `timeout`.
    """
    from hasten.observe.recorded import is_recorded

    given = [name for name, value in (("a target", target), ("-m", module), ("--pid", pid)) if value is not None]
    if len(given) != 1:
        raise UsageError(
            f"name one thing to profile: a target, -m MODULE or --pid N; given: {', '.join(given) or 'none'}"
        )
    if duration is not None and pid is None:
        raise UsageError("--duration goes with --pid; a program that hasten starts is profiled to its end")
    if memory and (pid is not None or module is not None):
        raise UsageError("--memory runs a script a second time: it goes with a script, not with -m or --pid")
    if pid is not None:
        return _running(pid, duration, args, progress)
    name = os.fspath(target) if target is not None else f"-m {module}"
    if target is not None and is_recorded(Path(name)):
        if args or calls or memory:
            raise UsageError(
                f"{name} is a recorded profile: nothing is run, so it takes no arguments, --calls or --memory"
            )
        return _recorded(Path(name))
    told: tuple[str, ...] = ()
    if module is not None:
        work = module_workload(module, args, stdin=stdin)
    elif notebook.is_notebook(name):
        work, told = notebook.workload(name, args, stdin=stdin, here=Path.cwd().resolve())
    else:
        work = workload(name, args, stdin=stdin, calls=calls)
    limits = settings({"timeout": timeout}, "hasten.profile").over(
        project_settings((work.root / work.entry_path).parent if work.entry_path else work.root)
    )
    with session(progress=progress) as current:
        try:
            found = _profile(current, work, name, limits.timeout or 600.0, memory=memory)
        except TargetError as error:
            raise TargetError(notebook.in_cells(str(error), work)) from None
    placed: ProfileResult = notebook.placed_profile(replace(found, notes=(*told, *found.notes)), work)
    return placed


def _profile(current: Session, work: ScriptWorkload, target: str, deadline_s: float, *, memory: bool) -> ProfileResult:
    from hasten.observe.mirror import Mirror
    from hasten.observe.process import workload_command
    from hasten.observe.profiler import profiled_run
    from hasten.passes.registry import all_passes
    from hasten.report.hotspots import rank

    if memory:
        from hasten.observe import memory as heap

        heap.check()
    current.progress.stage(f"profile {target}")
    mirror = Mirror(current, work)
    errors = current.scratch / "stderr"
    env = mirror.environment(work)
    with mirror.prepared(work) as root, mirror.outside_restored():
        ran = profiled_run(
            workload_command(work),
            cwd=root / work.cwd,
            env=env,
            stdin=work.stdin,
            root=root,
            deadline_s=deadline_s,
            stderr=errors,
            native=True,
        )
    if ran.timed_out:
        raise TargetError(
            f"{target}: had not ended after {deadline_s:.0f} s; raise --timeout, or give it a smaller input"
        )
    if ran.status:
        last = _last_line(errors) if work.cells is None else _text(errors)[-2000:].strip()
        if ran.status < 0 or "Traceback (most recent call last)" in _text(errors):
            raise TargetError(f"{target}: failed with exit status {ran.status}: {last}")
    elsewhere = started_elsewhere(work) if work.cells is None else None
    notes = [note for note in (elsewhere, ran.note) if note]
    if ran.status:
        notes.append(f"the program ended with exit status {ran.status}")
    found = ran.profile
    if memory:
        current.progress.stage(f"memory of {target}", 2 * found.wall_s)
        found = replace(found, memory=heap.at_peak(current, mirror, work, 4 * deadline_s))
    # passes see no recorded values here, so some say less than in `hasten run`
    spots = tuple(rank(found, work, all_passes()))
    stacks = tuple(_moved(ran.stacks, str(mirror.path), str(work.root)))
    return ProfileResult(target, found, spots, ran.status, tuple(notes), stacks, work.root)


def _moved(stacks: Iterable[RawStack], mirror: str, root: str) -> Iterable[RawStack]:
    """Stacks with the user's own paths: the program ran in a copy of its folder."""
    for stack in stacks:
        frames = tuple(
            replace(f, file=root + f.file[len(mirror) :]) if f.file.startswith(mirror + os.sep) else f
            for f in stack.frames
        )
        yield replace(stack, frames=frames)


def _recorded(path: Path) -> ProfileResult:
    from hasten.observe.recorded import read
    from hasten.passes.registry import all_passes
    from hasten.report.recorded import spots

    found = read(path, Path.cwd().resolve())
    work = _sources(found.root, (f.path for f in found.profile.functions))
    rows = tuple(spots(found, work, all_passes()))
    return ProfileResult(str(path), found.profile, rows, 0, found.notes, found.stacks, found.root)


def _running(pid: int, duration: float | str | None, args: Sequence[str], progress: Progress | None) -> ProfileResult:
    from hasten.observe.attached import process, watch
    from hasten.observe.profiler import fold
    from hasten.passes.registry import all_passes
    from hasten.report.hotspots import rank

    if args:
        raise UsageError("--pid watches a program that runs already: it takes no arguments")
    limits = settings({"timeout": duration}, "hasten.profile")
    found = process(pid)
    seconds = limits.timeout or WATCHED_S
    (progress or Progress()).stage(f"watch process {pid}", seconds)
    seen = watch(pid, seconds)
    script = found.cwd / found.script if found.script else None
    try:
        root, _ = project_root([script if script is not None and script.is_file() else found.cwd / "_"], found.cwd)
    except TargetError:
        root = found.cwd
    shown = fold(
        seen.stacks, root=root, cwd=found.cwd, wall_s=seen.wall_s, peak_mb=seen.peak_mb, profiler="py-spy",
        native=seen.native,
    )  # fmt: skip
    work = _sources(root, (f.path for f in shown.functions))
    notes = (f"watched for {seen.wall_s:.1f} s" + (", until it ended" if seen.ended else "; it goes on"),)
    return ProfileResult(f"process-{pid}", shown, tuple(rank(shown, work, all_passes())), 0, notes, seen.stacks, root)


def _sources(root: Path, paths: Iterable[str]) -> ScriptWorkload:
    """A workload to read sources from; it is not run."""
    first = next((p for p in paths if not os.path.isabs(p)), "")
    return ScriptWorkload(root, Entry("script", first), first)


def _text(path: Path) -> str:
    try:
        return path.read_bytes()[-20_000:].decode("utf-8", "replace")
    except OSError:
        return ""


def _last_line(path: Path) -> str:
    lines = [line.strip() for line in _text(path).splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no message"
