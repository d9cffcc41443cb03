"""What the three functions return."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hasten.core.facts import Profile
from hasten.core.measurement import Comparison, Speedup
from hasten.core.record import RunRecord, TrialRecord
from hasten.deliver.artifact import Delivery
from hasten.report.hotspots import Hotspot

if TYPE_CHECKING:
    from hasten.observe.profiler import RawStack


@dataclass(frozen=True)
class RunResult:
    """What `run` found and kept. `record` has all of it; `delivery` says where it was written."""

    record: RunRecord
    delivery: Delivery

    @property
    def folder(self) -> Path:
        return self.delivery.folder

    @property
    def gain(self) -> Speedup | None:
        """End-to-end old/new, warm, with its interval; None when nothing was kept."""
        return self.record.gain

    @property
    def kept(self) -> tuple[TrialRecord, ...]:
        return tuple(t for t in self.record.trials if t.kept)

    @property
    def met(self) -> bool:
        """Whether `require` was reached (True when nothing was required)."""
        return self.record.met

    @property
    def interrupted(self) -> bool:
        return self.record.status == "interrupted"

    @property
    def patch(self) -> str:
        return self.delivery.patch.read_bytes().decode("utf-8", "replace")

    @property
    def optimized(self) -> tuple[Path, ...]:
        """The changed files, in a copy that runs."""
        return self.delivery.optimized

    def __str__(self) -> str:
        from hasten.report.terminal import render

        return render(self.record, run=str(self.folder))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        from hasten.deliver.apply import shown_diff
        from hasten.report import notebook

        return notebook.run(self.record, str(self.folder), shown_diff(self.folder))


@dataclass(frozen=True)
class CompareResult:
    """Two versions of a program. `difference` is the first difference of their results, None when there is none.

    Of two git revisions, `target` is the program that ran in both. With `fail_under`, `gate` says whether time of A /
    time of B is below it: "held" (it is not), "regressed" (it is) or "undecided"; without, it is empty.
    """

    a: str
    b: str
    difference: str | None
    comparison: Comparison
    unrepeatable: tuple[str, ...] = ()  # what differs between two runs of A, so was not compared
    target: str | None = None
    fail_under: float | None = None
    gate: str = ""
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        return self.difference is None

    @property
    def speedup(self) -> Speedup:
        """Time of A / time of B: above 1, B is the faster one."""
        return self.comparison.speedup

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        from hasten.report import notebook

        return notebook.compared(self.a, self.b, self.difference, self.comparison, self.unrepeatable)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; its schema is `hasten schema compare`."""
        from hasten.core.record import encode

        values: dict[str, Any] = encode(self)
        return {"schema": 1, "same": self.same, **values}


@dataclass(frozen=True)
class ProfileResult:
    """Where time and memory go: `hotspots`, the one that takes most time first. `status` is the program's own.

    `stacks` are whole stacks, libraries included (empty where none were recorded); `export` writes them.
    """

    target: str
    profile: Profile
    hotspots: tuple[Hotspot, ...]
    status: int = 0
    notes: tuple[str, ...] = ()
    stacks: tuple[RawStack, ...] = field(default=(), repr=False)
    root: Path = Path(".")  # the project folder that paths are relative to

    def export(self, form: str, path: str | os.PathLike[str] | None = None) -> Path:
        """Write the profile for another viewer: "speedscope", "pstats" or "collapsed". Gives the file's path.

        Without `path` the file is named after the target, in the current folder. Raises `UsageError`.
        """
        from hasten.deliver.files import write_atomic
        from hasten.errors import UsageError
        from hasten.report.exports import SUFFIX, export

        data = export(form, self.stacks, self.profile.interval_s, self.target, self.root)
        stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(self.target).name.removesuffix(".py")).strip("-.") or "profile"
        place = Path(path) if path is not None else Path(stem + SUFFIX[form])
        try:
            write_atomic(place, data)
        except OSError as error:
            raise UsageError(f"{place}: cannot be written: {error.strerror}") from None
        return place

    def __str__(self) -> str:
        from hasten.report.profile import render

        return render(self.target, self.profile, self.hotspots, self.notes)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        from hasten.report import notebook

        return notebook.profile(self.target, self.profile, self.hotspots, self.notes)

    def to_json(self) -> dict[str, Any]:
        from dataclasses import asdict

        lines = [
            {"path": path, "line": line, **asdict(time)} for (path, line), time in sorted(self.profile.lines.items())
        ]
        summary = {
            k: getattr(self.profile, k)
            for k in ("samples", "interval_s", "wall_s", "peak_mb", "imports_share", "native")
        }
        return {
            "schema": 1,
            "target": self.target,
            "status": self.status,
            "profile": {**summary, "profiler": self.profile.profiler},
            "hotspots": [asdict(h) for h in self.hotspots],
            "functions": [asdict(f) for f in self.profile.functions],
            "lines": lines,
            "memory": [{"path": p, "line": n, "mb": mb} for (p, n), mb in sorted(self.profile.memory.items())],
            "notes": list(self.notes),
        }
