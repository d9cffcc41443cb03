"""The record of one run: everything a report shows and `hasten apply` needs, as versioned JSON.

Values only; `hasten.deliver` writes them to disk. A report is a view of a record.
"""

from __future__ import annotations

import json
import math
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from hasten.core.contract import Contract, Quality
from hasten.core.facts import FunctionTime
from hasten.core.finding import Finding
from hasten.core.measurement import Comparison, RunSample, Speedup, reached
from hasten.core.recipe import Change, Recipe
from hasten.core.verdict import Verdict
from hasten.core.workload import ScriptWorkload
from hasten.errors import UsageError

SCHEMA = 1


@dataclass(frozen=True)
class TargetRecord:
    """What was run. `name` is as the user wrote it; `root` is absolute, `entry` and `cwd` are relative to it."""

    name: str
    kind: str  # "script" | "module"
    entry: str
    root: str
    cwd: str = "."
    argv: tuple[str, ...] = ()
    focus: str | None = None
    stdin_bytes: int | None = None  # length of the standard input that was given; None when there was none
    python: str = ""

    @classmethod
    def of(cls, work: ScriptWorkload, name: str = "") -> TargetRecord:
        return cls(
            name=name or work.focus or work.entry.name,
            kind=work.entry.kind,
            entry=work.entry_path,
            root=str(work.root),
            cwd=work.cwd,
            argv=work.argv,
            focus=work.focus,
            stdin_bytes=None if work.stdin is None else len(work.stdin),
            python=work.python,
        )


@dataclass(frozen=True)
class BaselineRecord:
    """The program as it was. `noise` is the relative A/A difference of its runs (0.03 = 3%)."""

    status: int = 0
    runs: tuple[RunSample, ...] = ()
    noise: float = 0.0
    unrepeatable: tuple[str, ...] = ()  # what differed between equal runs, so is not part of the contract
    compared: tuple[str, ...] = ()  # what is part of it: "exit status", "stdout", "file out.csv", ...


@dataclass(frozen=True)
class HotLine:
    """One line's share (0..1) of all samples; see `core.facts.LineTime`."""

    path: str
    line: int
    total: float
    own: float
    library: float
    text: str = ""


@dataclass(frozen=True)
class ProfileRecord:
    """The hottest functions and lines, hottest first; and every stack that was seen, the most frequent first.

    `frames` are "path:function:line"; each of `stacks` is the places in `frames` of its frames, outermost first, and at
    last the number of samples that showed it.
    """

    samples: int = 0
    interval_s: float = 0.0
    wall_s: float = 0.0
    peak_mb: float = 0.0
    imports_share: float = 0.0
    profiler: str = ""
    functions: tuple[FunctionTime, ...] = ()
    lines: tuple[HotLine, ...] = ()
    frames: tuple[str, ...] = ()
    stacks: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class Excerpt:
    """Lines of the original source around what is hot; `first` is the number of the first one."""

    path: str
    first: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class CheckRecord:
    """One thing that whole runs compare: what the original showed, what the kept program showed (nothing when nothing
    was kept), and how far apart they may be."""

    check: str
    expected: str
    got: str = ""
    tolerance: str = "exact"


@dataclass(frozen=True)
class OriginRecord:
    """Who wrote lines `first`..`last` of a file as it is in the end (`side` "new"), or took them out of the original
    ("old"): the place of the change in `kept`, or -1 for moving kernels to a file of their own, compiled ahead."""

    path: str
    side: str  # "old" | "new"
    first: int
    last: int
    change: int


@dataclass(frozen=True)
class FindingRecord:
    code: str
    path: str
    first: int
    last: int
    qualname: str
    region: str
    reason: str
    remedy: str
    share: float
    headroom: float

    @classmethod
    def of(cls, finding: Finding) -> FindingRecord:
        return cls(
            finding.code,
            finding.path,
            finding.first,
            finding.last,
            finding.region.qualname,
            finding.region.id,
            finding.reason,
            finding.remedy,
            finding.share,
            finding.headroom,
        )


@dataclass(frozen=True)
class TrialRecord:
    """One change that was tried. `verdict` is the name of the verdict's class, in lower case; `replays` and `varied`
    count the recorded and the varied inputs on which it agreed; `seconds` says what each stage took.

    `round` is when (from 1; 0: after the rounds), `why` what the pass found slow there, `place` the place of a kept
    change in the record's `kept`.
    """

    code: str
    title: str
    path: str
    first: int
    last: int
    region: str
    verdict: str  # "accepted" | "rejected" | "inconclusive" | "failed"
    reason: str
    kept: bool = False
    gain: Speedup | None = None  # of the region or of the program, as `gain_of` says
    gain_of: str = "program"
    replays: int = 0
    varied: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    round: int = 1
    why: str = ""
    place: int | None = None

    @classmethod
    def of(cls, change: Change, verdict: Verdict, **more: Any) -> TrialRecord:
        gain = getattr(verdict, "speedup", None)
        return cls(
            **{
                "code": change.code,
                "title": change.title,
                "path": change.region.path,
                "first": change.region.first,
                "last": change.region.last,
                "region": change.region.id,
                "verdict": type(verdict).__name__.lower(),
                "reason": verdict.reason,
                "gain": gain,
                **more,
            }
        )


@dataclass(frozen=True)
class ContributionRecord:
    """What the kept changes of one pass (or one of its changes) are worth beside all others: `saves_s` of one run,
    reckoned from replays and the profile, and `without`, the time without them over the time with all, measured where
    there was time for it (`why_not` says why not). `changes` are their places in `kept`."""

    code: str
    changes: tuple[int, ...]
    saves_s: float | None = None
    without: Speedup | None = None
    why_not: str = ""


@dataclass(frozen=True)
class ColdRun:
    """First run of each, s: empty caches, so a compiled change pays for its compiling here."""

    old_s: float
    new_s: float


@dataclass(frozen=True)
class QualityRecord:
    """One quality that the user named. `shown` says where it was read: "name" or "stdout". `old` are the original's
    values, `new` those of the kept program (none when no change of the results was kept); both by run, with as many
    runs under other seeds at their ends as `seeds` says."""

    quality: Quality
    shown: str
    old: tuple[float, ...] = ()
    new: tuple[float, ...] = ()
    seeds: int = 0


@dataclass(frozen=True)
class FailureRecord:
    """A pass that failed inside, and was left out for the region that begins at `line`: what to file with a report."""

    code: str
    path: str
    line: int
    error: str
    traceback: str = ""

    def __str__(self) -> str:
        told = f"{self.code} failed inside and was left out at {self.path}:{self.line} ({self.error})"
        return f"{told}: please report it, with `failures` of result.json, which has the traceback"


@dataclass(frozen=True)
class RunRecord:
    """One run of hasten, from target to kept changes. Times in s, memory in MB (10^6 bytes).

    `sources` maps each path (relative to the root) to the SHA-256 of the bytes that were read, `changed` to that of
    the optimised file: `hasten apply` goes by them. `comparison` is end to end and warm (caches filled).
    """

    target: TargetRecord
    contract: Contract = field(default_factory=Contract)
    status: str = "finished"  # "finished" | "interrupted"
    baseline: BaselineRecord = field(default_factory=BaselineRecord)
    profile: ProfileRecord = field(default_factory=ProfileRecord)
    findings: tuple[FindingRecord, ...] = ()
    trials: tuple[TrialRecord, ...] = ()
    kept: Recipe = field(default_factory=Recipe)
    comparison: Comparison | None = None
    cold: ColdRun | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    own_s: float = 0.0
    phases: Mapping[str, float] = field(default_factory=dict)  # what hasten spent `own_s` on, s
    budget_s: float | None = None
    seed: int = 0
    command: str = ""  # reproduces this run
    started: str = ""  # ISO 8601, UTC
    notes: tuple[str, ...] = ()
    failures: tuple[FailureRecord, ...] = ()  # of passes
    qualities: tuple[QualityRecord, ...] = ()
    differs: tuple[str, ...] = ()  # what came from another result, and so became another text
    checks: tuple[CheckRecord, ...] = ()
    origins: tuple[OriginRecord, ...] = ()  # of the lines of the patch
    contributions: tuple[ContributionRecord, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()
    after: ProfileRecord | None = None  # of the kept program
    schema: int = SCHEMA

    @property
    def gain(self) -> Speedup | None:
        """End-to-end old/new of what was kept; None when nothing was kept or nothing was measured."""
        return self.comparison.speedup if self.comparison is not None and self.changed else None

    @property
    def met(self) -> bool:
        """Whether the contract's `require` was reached: the measured gain decides, and it must be decided "faster"."""
        return reached(self.contract.require, self.gain)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values. Infinite and undefined numbers become the strings `Infinity`, `-Infinity`, `NaN`."""
        encoded: dict[str, Any] = encode(self)
        return {"schema": encoded.pop("schema"), **encoded}

    def dumps(self) -> str:
        return json.dumps(self.to_json(), indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, data: Any) -> RunRecord:
        """Raises `UsageError` for another schema, or data that is no record."""
        if not isinstance(data, dict) or "schema" not in data:
            raise UsageError("this is not a result of `hasten run`: it has no `schema`")
        schema = data["schema"]
        if schema != SCHEMA:
            newer = isinstance(schema, int) and schema > SCHEMA
            todo = "upgrade hasten to read it" if newer else "run `hasten run` again"
            raise UsageError(f"this result has schema {schema!r}, and this hasten reads schema {SCHEMA}: {todo}")
        record: RunRecord = decode(cls, data, "result")
        return record

    @classmethod
    def loads(cls, text: str) -> RunRecord:
        """Raises `UsageError` when `text` is not a result of this schema."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"this result is not JSON ({error}); was it cut short? run `hasten run` again") from None
        return cls.from_json(data)


_NONFINITE = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}


def encode(value: Any) -> Any:
    """`value` (dataclasses, mappings, sequences, plain values) as JSON values. Raises `TypeError` for anything else."""
    if isinstance(value, Recipe):
        return encode(value.to_json())
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: encode(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): encode(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(v) for v in value]
    if isinstance(value, bool) or value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        value = float(value)  # NumPy's float64 is a float; JSON should not depend on its repr
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    raise TypeError(f"a record holds JSON values only, not {type(value).__name__}: {value!r}")


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def decode(kind: Any, value: Any, where: str) -> Any:
    """`value` as the annotated type `kind`. Raises `UsageError` naming the place that does not fit."""
    origin, args = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if kind is Recipe:
        try:
            return Recipe.from_json(value)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"{where} is not a recipe: {error}") from None
    if origin in (types.UnionType, Union):
        return None if value is None else decode(next(a for a in args if a is not types.NoneType), value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise UsageError(f"{where} should be a list, not {value!r}")
        return tuple(decode(args[0], v, f"{where}[{i}]") for i, v in enumerate(value))
    if origin is Mapping:
        if not isinstance(value, dict):
            raise UsageError(f"{where} should be an object, not {value!r}")
        return {k: decode(args[1], v, f"{where}.{k}") for k, v in value.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        if not isinstance(value, dict):
            raise UsageError(f"{where} should be an object, not {value!r}")
        hints = _hints(kind)
        known = {
            f.name: decode(hints[f.name], value[f.name], f"{where}.{f.name}") for f in fields(kind) if f.name in value
        }
        try:
            return kind(**known)
        except TypeError as error:
            raise UsageError(f"{where} lacks a field: {error}") from None
    if kind is float:
        if isinstance(value, str) and value in _NONFINITE:
            return _NONFINITE[value]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    elif isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise UsageError(f"{where} should be of type {kind.__name__}, not {value!r}")
