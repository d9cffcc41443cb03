"""What commands print with `--json`, as types: `hasten schema` publishes their JSON Schemas.

Each has a `schema` number, which rises when a reader of an older one would go wrong. Fields may be added without that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from hasten.api.results import CompareResult
from hasten.core.facts import FunctionTime
from hasten.core.measurement import Comparison
from hasten.core.model_record import QualityOfModel
from hasten.errors import UsageError
from hasten.report.hotspots import Hotspot


@dataclass(frozen=True)
class Compared:
    """`hasten compare`: `difference` is the first one of the results, null when `same`; `gate` is "held", "regressed"
    or "undecided" with --fail-under, else empty. Gains are a's time over b's."""

    schema: Literal[1]
    same: bool
    a: str
    b: str
    difference: str | None
    comparison: Comparison
    unrepeatable: tuple[str, ...]
    target: str | None
    fail_under: float | None
    gate: Literal["", "held", "regressed", "undecided"]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Comparisons:
    """`hasten compare` with several targets. `passed`: its exit status is 0."""

    schema: Literal[1]
    a: str
    b: str
    passed: bool
    comparisons: tuple[Compared, ...]

    @classmethod
    def of(cls, a: str, b: str, passed: bool, found: Sequence[CompareResult]) -> Comparisons:
        shown = []
        for r in found:
            gate: Any = r.gate
            shown.append(
                Compared(
                    1, r.same, r.a, r.b, r.difference, r.comparison, r.unrepeatable, r.target, r.fail_under, gate,
                    r.notes,
                )
            )  # fmt: skip
        return cls(1, a, b, passed, tuple(shown))


@dataclass(frozen=True)
class ProfileSummary:
    """One profiled run. `native` is the share of samples in compiled code, null where nobody looked; a recorded profile
    counts in `interval_s` of a microsecond."""

    samples: int
    interval_s: float
    wall_s: float
    peak_mb: float
    imports_share: float
    native: float | None
    profiler: str


@dataclass(frozen=True)
class ProfiledLine:
    """Shares (0..1) of all samples: with what it calls, here, in libraries, in compiled code."""

    path: str
    line: int
    total: float
    own: float
    library: float
    native: float


@dataclass(frozen=True)
class HeldMemory:
    """MB (10^6 bytes) that a line holds when the program holds most."""

    path: str
    line: int
    mb: float


@dataclass(frozen=True)
class Profiled:
    """`hasten profile`. Paths are relative to the project; `file.ipynb[3]` is the third code cell that is run."""

    schema: Literal[1]
    target: str
    status: int
    profile: ProfileSummary
    hotspots: tuple[Hotspot, ...]
    functions: tuple[FunctionTime, ...]
    lines: tuple[ProfiledLine, ...]
    memory: tuple[HeldMemory, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class CheckedArtifact:
    """`hasten check`. `score` with its interval where there are targets; `beside` compares with the original."""

    schema: Literal[1]
    artifact: str
    holds: bool
    said: tuple[str, ...]
    rows: int
    score: float | None
    low: float | None
    high: float | None
    beside: QualityOfModel | None


@dataclass(frozen=True)
class AppliedRun:
    """`hasten apply`: files relative to `root` that were written, or were as wanted already; `diff` with --diff."""

    schema: Literal[1]
    run: str
    root: str
    written: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    undone: bool = False
    undo: str = ""
    diff: str = ""


@dataclass(frozen=True)
class OnePass:
    """One kind of change. `risk` says what it promises before anything is run; `kind` what it is a pass over; `parts`
    are the labelled parts of its `documentation`; `example` (Markdown, or nothing) has a program, what became of it,
    and a program that is left alone."""

    code: str
    name: str
    summary: str
    risk: str
    documentation: str
    kind: str
    parts: Mapping[str, str]
    example: str


@dataclass(frozen=True)
class Passes:
    """`hasten passes`."""

    schema: Literal[1]
    passes: tuple[OnePass, ...]


@dataclass(frozen=True)
class MachineCheck:
    """One thing looked at. `ok` null: could not be told here. `fix` says what to do."""

    name: str
    ok: bool | None
    value: str
    fix: str


@dataclass(frozen=True)
class Doctor:
    """`hasten doctor`."""

    schema: Literal[1]
    checks: tuple[MachineCheck, ...]
    machine: Mapping[str, Any]


@dataclass(frozen=True)
class Initialised:
    """`hasten init`. `wrote` is false when the file has a [tool.hasten] already: nothing is ever overwritten."""

    schema: Literal[1]
    file: str
    wrote: bool
    made: bool
    said: str


@dataclass(frozen=True)
class RunRow:
    """One run in the history. `status` is "finished", "interrupted", "running", "killed" or "unreadable"; `gain` is
    old/new with its interval, null when nothing was kept."""

    name: str
    folder: str
    target: str
    kind: Literal["program", "model"]
    started: str
    status: str
    headline: str
    gain: float | None
    low: float | None
    high: float | None
    old_s: float | None
    new_s: float | None
    kept: int
    tried: int
    own_s: float
    applied: bool
    megabytes: float


@dataclass(frozen=True)
class Runs:
    """`hasten runs`: newest first. `removed` names those that `hasten runs remove` removed."""

    schema: Literal[1]
    folder: str
    runs: tuple[RunRow, ...]
    removed: tuple[str, ...] = ()


# name, where its type is, what prints it
OUTPUTS: dict[str, tuple[str, str, str]] = {
    "run": ("hasten.core.record", "RunRecord", "hasten run, hasten report, on a program; result.json"),
    "run-model": ("hasten.core.model_record", "ModelRunRecord", "hasten run, hasten report, on a model; result.json"),
    "compare": (__name__, "Compared", "hasten compare"),
    "compare-several": (__name__, "Comparisons", "hasten compare with several targets"),
    "profile": (__name__, "Profiled", "hasten profile"),
    "check": (__name__, "CheckedArtifact", "hasten check"),
    "apply": (__name__, "AppliedRun", "hasten apply"),
    "passes": (__name__, "Passes", "hasten passes, hasten explain"),
    "doctor": (__name__, "Doctor", "hasten doctor"),
    "init": (__name__, "Initialised", "hasten init"),
    "runs": (__name__, "Runs", "hasten runs"),
}


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of the output called `name`. Raises `UsageError` when there is none."""
    from hasten.config import nearest
    from hasten.core.schema import json_schema

    if name not in OUTPUTS:
        hint = nearest(name, OUTPUTS) or f"; there are {', '.join(OUTPUTS)}"
        raise UsageError(f"no schema {name!r}{hint}")
    module, kind, says = OUTPUTS[name]
    return json_schema(getattr(import_module(module), kind), title=f"{says} (--json)")
