"""Which lines hold memory when the program holds most: one run under memray, in a copy of the project.

memray follows every allocation, those of C code too, which slows a program down; so this is a run of its own, and no
times are taken from it.
"""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from hasten.core.workload import ScriptWorkload
from hasten.errors import TargetError, UsageError
from hasten.observe.profiler import Files

if TYPE_CHECKING:
    from hasten.observe.mirror import Mirror
    from hasten.observe.session import Session


def check() -> None:
    """Raises `UsageError` when memray is not installed."""
    if find_spec("memray") is None:
        raise UsageError("--memory needs memray: pip install hasten[memory]")


def at_peak(session: Session, mirror: Mirror, work: ScriptWorkload, deadline_s: float) -> dict[tuple[str, int], float]:
    """MB (10^6 bytes) alive at the peak, by the innermost line of the project that led there, largest first.

    Raises `TargetError` when the program does not end as it does without memray, or leaves no record.
    """
    from hasten.observe.process import run_workload

    out = session.scratch / "memory.bin"
    out.unlink(missing_ok=True)
    options = ["-m", "memray", "run", "--quiet", "--force", "--aggregate", "--output", str(out)]
    ran = run_workload(session, mirror, work, python_args=options, deadline_s=deadline_s, observe_files=False)
    if ran.program.stopped or not out.is_file():
        said = ran.program.stderr.decode("utf-8", "replace").strip().splitlines()
        raise TargetError(
            f"{work.entry.name}: {ran.program.ended} under memray; {said[-1] if said else 'it said nothing'}"
        )
    return _by_line(out, Files(mirror.path, mirror.path / work.cwd))


def _by_line(out: Path, files: Files) -> dict[tuple[str, int], float]:
    from memray import FileReader

    found: Counter[tuple[str, int]] = Counter()
    try:
        with FileReader(str(out)) as reader:
            for record in reader.get_high_watermark_allocation_records(merge_threads=True):
                for _, file, line in record.stack_trace():  # innermost first
                    path = files.user_path(file)
                    if path is not None:
                        found[path, line] += record.size
                        break
    except OSError as error:
        raise TargetError(f"memray left a record that cannot be read ({error}); run it again") from None
    return {place: size / 1e6 for place, size in found.most_common()}
