"""`hasten.profile`: where a program's time and memory go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hasten.api.results import ProfileResult
from hasten.api.target import started_elsewhere, workload
from hasten.config import project_settings, settings
from hasten.core.workload import ScriptWorkload
from hasten.errors import TargetError
from hasten.observe.session import Progress, Session, session


def profile(
    target: str,
    args: Sequence[str] = (),
    *,
    calls: str | None = None,
    stdin: bytes | None = None,
    timeout: float | str | None = None,
    progress: Progress | None = None,
) -> ProfileResult:
    """Run the program once under a sampling profiler, in a copy of its project folder.

    `hotspots` ranks places by the time that could be won there, with the reason. Raises `UsageError`, and `TargetError`
    when the program cannot be run, fails, or does not end within `timeout`.
    """
    work = workload(target, args, stdin=stdin, calls=calls)
    given = settings({"timeout": timeout}, "hasten.profile").over(
        project_settings((work.root / work.entry_path).parent)
    )
    with session(progress=progress) as current:
        return _profile(current, work, target, given.timeout or 600.0)


def _profile(current: Session, work: ScriptWorkload, target: str, deadline_s: float) -> ProfileResult:
    from hasten.observe.mirror import Mirror
    from hasten.observe.process import workload_command
    from hasten.observe.profiler import profiled_run
    from hasten.passes.registry import all_passes
    from hasten.report.hotspots import rank

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
        )
    if ran.timed_out:
        raise TargetError(
            f"{target}: had not ended after {deadline_s:.0f} s; raise --timeout, or give it a smaller input"
        )
    if ran.status:
        last = _last_line(errors)
        if ran.status < 0 or "Traceback (most recent call last)" in _text(errors):
            raise TargetError(f"{target}: failed with exit status {ran.status}: {last}")
    notes = [note for note in (started_elsewhere(work), ran.note) if note]
    if ran.status:
        notes.append(f"the program ended with exit status {ran.status}")
    # passes see no recorded values here, so some say less than in `hasten run`
    return ProfileResult(target, ran.profile, tuple(rank(ran.profile, work, all_passes())), ran.status, tuple(notes))


def _text(path: Path) -> str:
    try:
        return path.read_bytes()[-20_000:].decode("utf-8", "replace")
    except OSError:
        return ""


def _last_line(path: Path) -> str:
    lines = [line.strip() for line in _text(path).splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no message"
