"""The original program, run several times: what it does, how long it takes, and what of it is not repeatable.

One audited run with moved clocks comes first: it finds what lies outside the project folder before anything there is
changed, and what depends on time. Then plain runs, at least two (A/A): their spread is the noise floor.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import re
import shutil
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hasten.core.facts import Profile
from hasten.core.measurement import RunSample
from hasten.core.workload import ScriptWorkload
from hasten.errors import TargetError
from hasten.observe.files import FileMask, file_mask
from hasten.observe.mirror import Mirror
from hasten.observe.process import DEADLINE_S, MAX_OUTPUT, ProgramRun, WorkloadRun, run_workload
from hasten.observe.profiler import Watcher
from hasten.observe.session import Session
from hasten.observe.shim import Audit, Shim
from hasten.observe.text import NO_MASK, Mask, decoded, find_mask

SHIFT_S = 40_000_003.7  # over a year: dates move in every field
STRETCH = 1.7
LOOKED_S, LOOKED = 1.0, 0.25  # seconds, and share of a run: to look at what it wrote takes as long as is worth a note
NO_ROOM = 100_000  # bytes: what a program says then may be lost with the rest
IN_A_COPY = "hasten runs it in a copy of its project folder; give data by an absolute path, or inside that folder"
_LOCAL_TIME = re.compile(rb"\b(?:now|today|localtime|asctime|utcnow)\b")


@dataclass(frozen=True)
class Baseline:
    """What the original does. `reference` is compared with; masks say where not to look, `unrepeatable` says it
    in words.

    `noise` is the relative spread of wall time between plain runs (0.02: about 2%).
    """

    runs: tuple[WorkloadRun, ...]
    stdout_mask: Mask = NO_MASK
    stderr_mask: Mask = NO_MASK
    file_masks: Mapping[str, FileMask] = field(default_factory=dict)
    unrepeatable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    noise: float = 0.0
    audit: Audit = field(default_factory=Audit)
    profile: Profile = field(default_factory=Profile)  # of the audited run; no samples where py-spy cannot look
    root: Path = Path(".")  # the mirror's path, as it shows in messages

    @property
    def reference(self) -> WorkloadRun:
        return self.runs[0]

    @property
    def wall_s(self) -> float:
        return statistics.median(r.program.wall_s for r in self.runs)

    @property
    def looked_s(self) -> float:
        """Seconds that each compared run takes beside its own: to digest the files that it writes."""
        return statistics.median(r.looked_s for r in self.runs)

    @property
    def samples(self) -> tuple[RunSample, ...]:
        return tuple(r.sample for r in self.runs)

    @property
    def repeatable(self) -> bool:
        return not self.unrepeatable


def baseline(
    session: Session,
    mirror: Mirror,
    work: ScriptWorkload,
    *,
    runs: int = 2,
    deadline_s: float | None = None,
) -> Baseline:
    """Run the original: once audited with moved clocks, then `runs` times as it is (2 at least).

    Raises `TargetError` when it cannot be a workload: not Python, an uncaught exception, a signal, a hang, too much
    output. A non-zero exit status without an uncaught exception is part of what the program does.
    """
    deadline = deadline_s if deadline_s is not None else min(DEADLINE_S, max(10.0, session.left_s / 4))
    _check_source(work)
    notes: list[str] = []
    scout, audit, profile = _audited(session, mirror, work, deadline, shift_s=SHIFT_S, stretch=STRETCH)
    if scout.program.stopped or _failure(scout.program, audit) or not audit.started:
        # moved clocks may break a program that runs: look without them
        scout, audit, profile = _audited(session, mirror, work, deadline)
        _check(work, scout.program, audit, deadline)
        notes.append("it does not run with moved clocks, so what depends on time was looked for by repetition only")
    if not audit.started:
        notes.append("its interpreter takes no PYTHONPATH, so files that it writes outside the project stay written")
    plain = []
    for n in range(max(2, runs)):
        run = run_workload(session, mirror, work, deadline_s=deadline, keep_cache=n > 0)
        _check(work, run.program, audit, deadline)
        plain.append(run)
    statuses = {run.status for run in plain}
    if len(statuses) > 1:
        raise TargetError(
            f"{work.entry.name}: the exit status changes from run to run ({', '.join(map(str, sorted(statuses)))}); "
            "make the program repeatable, for example by a fixed seed"
        )
    compared = [*plain, scout] if scout.status == plain[0].status else plain
    masked = _masks(compared, mirror)
    if audit.processes:
        notes.append("it starts other processes")
    if audit.threads:
        notes.append("it starts threads")
    if audit.network:
        notes.append("it uses the network, which is not part of what is compared")
    notes.extend(f"{path} is outside the project folder; it is put back after every run" for path in mirror.outside)
    looked_s = statistics.median(r.looked_s for r in plain)
    if looked_s > max(LOOKED_S, LOOKED * statistics.median(r.program.wall_s for r in plain)):
        notes.append(f"looking at the files that it writes takes {looked_s:.0f} s after each run that is compared")
    # the first run is cold: compiled files are missing. With two runs only, there is nothing better
    walls = [r.program.wall_s for r in (plain[1:] if len(plain) > 2 else plain)]
    noise = (max(walls) - min(walls)) / statistics.median(walls) if len(walls) > 1 else 0.0
    return dataclasses.replace(
        masked, notes=tuple(notes), noise=noise, audit=audit, root=mirror.path, runs=tuple(plain), profile=profile
    )


def _audited(
    session: Session,
    mirror: Mirror,
    work: ScriptWorkload,
    deadline_s: float,
    *,
    shift_s: float = 0.0,
    stretch: float = 1.0,
) -> tuple[WorkloadRun, Audit, Profile]:
    """One run under the shim and the profiler. What it wrote outside becomes known to the mirror and is undone."""
    shim = Shim(mirror.path.parent / "shim", (mirror.path, mirror.temp), mirror.held)
    beside = mirror.pristine / (work.cwd if work.entry.kind == "module" else Path(work.entry_path).parent)
    env = shim.environment(
        mirror.environment(work), shift_s=shift_s, stretch=stretch, beside=beside if beside.is_dir() else None
    )
    if shift_s and _asks_local_time(mirror.pristine):
        env["TZ"] = "HST+17:23"  # moves datetime.now() by odd hours and minutes
    watcher = Watcher()
    try:
        run = run_workload(session, mirror, work, deadline_s=deadline_s, extra_env=env, watcher=watcher)
        ended = run.program
        # now, while the files that ran are still in place
        profile = watcher.profile(
            root=mirror.path, cwd=mirror.path / work.cwd, wall_s=ended.wall_s, peak_mb=ended.peak_mb
        )
    finally:
        watcher.close()
        audit = shim.read()
        for path, backup, mode, mtime in audit.outside:
            mirror.found_outside(Path(path), backup, mode, mtime)
        mirror.made_dirs.extend(p for p in map(Path, audit.made) if p not in mirror.made_dirs)
        mirror.write_undo()
        found = mirror.collect_outside()
        mirror.restore_outside()
        mirror.keep_backups()
    if audit.refused is not None:
        why, path = audit.refused
        raise TargetError(
            f"{work.entry.name}: {why} ({path}); hasten must be able to undo every run. "
            "Let it write inside its folder, or to a plain file of less than 2 GB"
        )
    written, kept = {**run.written, **found.written}, {**run.kept, **found.kept}
    return dataclasses.replace(run, written=written, kept=kept, deleted=run.deleted | found.deleted), audit, profile


def _masks(runs: Sequence[WorkloadRun], mirror: Mirror) -> Baseline:
    said: list[str] = []
    out, words = find_mask([decoded(r.program.stdout) for r in runs], "stdout")
    said += words
    err, words = find_mask([decoded(r.program.stderr) for r in runs], "stderr")
    said += words
    masks: dict[str, FileMask] = {}
    names = sorted({name for r in runs for name in r.written} | {name for r in runs for name in r.deleted})
    for name in names:
        if name.startswith("<tmp>/") and not all(name in r.written for r in runs):
            masks[name] = FileMask(whole=True)  # a temporary file with a fresh name
            continue
        mask, words = file_mask(name, [r.kept.get(name) or r.written.get(name) for r in runs])
        if not mask.empty:
            masks[name] = mask
            said += words
    return Baseline(tuple(runs), out, err, masks, tuple(said))


def _asks_local_time(tree: Path) -> bool:
    for path in tree.rglob("*.py"):
        try:
            if _LOCAL_TIME.search(path.read_bytes()):
                return True
        except OSError:
            continue
    return False


def _check_source(work: ScriptWorkload) -> None:
    """Raises `TargetError` when the entry cannot be read or is not Python."""
    if not work.entry_path:
        return
    path = work.root / work.entry_path
    try:
        source = work.source(work.entry_path)
    except OSError as error:
        raise TargetError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        _ = source.tree
    except SyntaxError as error:
        place = f", line {error.lineno}" if error.lineno else ""
        raise TargetError(f"{path}{place}: is not valid Python: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise TargetError(f"{path}: is not valid Python: {error}") from error
    except ValueError as error:  # NUL bytes, mixed line ends
        raise TargetError(f"{path}: cannot be used: {error}") from error


def _failure(program: ProgramRun, audit: Audit) -> bool:
    """Ended by a signal, or by an exception that nobody caught."""
    return program.status < 0 or (program.status != 0 and (audit.uncaught or not audit.started))


def _check(work: ScriptWorkload, program: ProgramRun, audit: Audit, deadline_s: float) -> None:
    """Raises `TargetError` when this run shows that the program cannot be a workload."""
    name = work.entry.name
    if program.timed_out:
        raise TargetError(
            f"{name}: had not ended after {deadline_s:.0f} s and was stopped; "
            "give it a smaller input, or a longer --budget"
        )
    if program.truncated:
        raise TargetError(
            f"{name}: wrote more than {MAX_OUTPUT // 1_000_000} MB to stdout and stderr and was stopped; "
            "let it write to a file, or print less"
        )
    if not _failure(program, audit):
        return
    lines = [line for line in decoded(program.stderr).splitlines() if line.strip()]
    last = lines[-3:]
    if work.cells is not None:  # where in the notebook
        at = [line for line in lines[:-3] if f'{name}", line ' in line]
        last = [*at[-1:], *last]
    quoted = "".join(f"\n    {line.encode('utf-8', 'backslashreplace').decode()[:300]}" for line in last)
    hint = "make it run to its end first"
    if "FileNotFoundError" in quoted or "No such file" in quoted:
        hint = IN_A_COPY
    if os.strerror(errno.ENOSPC) in quoted or shutil.disk_usage(tempfile.gettempdir()).free < NO_ROOM:
        hint = f"make room in {tempfile.gettempdir()}, or set TMPDIR to a folder with more"
    how = f"was killed by {program.signal}" if program.status < 0 else f"failed with exit status {program.status}"
    raise TargetError(f"{name}: {how} before any change was made; {hint}{quoted}")
