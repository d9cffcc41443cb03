"""What was observed of a running program: a profile and the types of recorded values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class LineTime:
    """Share of all samples (0..1) in which this line was on the stack (`total`), or was the innermost line of
    user code with the interpreter in it (`own`) or in a library it called (`library`).

    `native` is the part of `own` and `library` in which compiled code of an extension module ran, not the interpreter:
    0 where the profiler does not tell (`Profile.native` is None then).
    """

    total: float = 0.0
    own: float = 0.0
    library: float = 0.0
    native: float = 0.0


@dataclass(frozen=True)
class FunctionTime:
    path: str
    qualname: str
    first: int
    total: float
    own: float
    library: float
    native: float = 0.0


@dataclass(frozen=True)
class Profile:
    """Sampled time by line and function of user code. Paths are relative to the project root."""

    samples: int = 0
    interval_s: float = 0.01
    wall_s: float = 0.0
    peak_mb: float = 0.0
    lines: Mapping[tuple[str, int], LineTime] = field(default_factory=dict)
    functions: tuple[FunctionTime, ...] = ()
    stacks: tuple[tuple[tuple[str, ...], int], ...] = ()  # (("file:function:line", ...) outermost first, samples)
    imports_share: float = 0.0
    profiler: str = ""
    left_out: float = 0.0  # share of the run that is not in it at all: what a compiler takes to load
    native: float | None = None  # share of all samples in compiled code of extension modules; None: nobody looked
    memory: Mapping[tuple[str, int], float] = field(default_factory=dict)  # MB (10^6 bytes) alive at the peak, by line

    @cached_property
    def frames(self) -> tuple[tuple[int, tuple[tuple[str, int], ...]], ...]:
        """(samples, (path, line) of every frame, outermost first) of every stack."""
        found = []
        for frames, count in self.stacks:
            split = (frame.rsplit(":", 2) for frame in frames)
            found.append((count, tuple((file, int(line)) for file, _, line in split)))
        return tuple(found)

    @cached_property
    def _stack_lines(self) -> tuple[tuple[int, dict[str, frozenset[int]]], ...]:
        """(samples, lines on the stack by path) of every stack."""
        found = []
        for count, frames in self.frames:
            lines: dict[str, set[int]] = {}
            for file, line in frames:
                lines.setdefault(file, set()).add(line)
            found.append((count, {file: frozenset(numbers) for file, numbers in lines.items()}))
        return tuple(found)

    def share(self, path: str, first: int, last: int, *, outside: Iterable[tuple[str, int, int]] = ()) -> float:
        """Share of samples with some line of first..last on the stack (each sample counted once).

        Samples with a line of one of `outside` (path, first, last) on the stack do not count as hits.
        """
        without = tuple(outside)

        def on(lines: dict[str, frozenset[int]], where: tuple[str, int, int]) -> bool:
            return any(where[1] <= line <= where[2] for line in lines.get(where[0], ()))

        hit = total = 0
        for count, lines in self._stack_lines:
            total += count
            if on(lines, (path, first, last)) and not any(on(lines, o) for o in without):
                hit += count
        return hit / total if total else 0.0

    def share_within(
        self,
        path: str,
        first: int,
        last: int,
        spots: Iterable[tuple[int, int]],
        through: Iterable[tuple[int, int]] = (),
    ) -> float:
        """Share of samples with a line of first..last on the stack whose innermost line is in one of `spots`.

        Both are lines (first, last) of the same file. Lines in `through` (helpers) count as those that called them.
        """
        spots, through = tuple(spots), tuple(through)

        def lies(frame: tuple[str, int], where: tuple[tuple[int, int], ...]) -> bool:
            return frame[0] == path and any(a <= frame[1] <= b for a, b in where)

        hit = total = 0
        for count, frames in self.frames:
            total += count
            inner = next((f for f in reversed(frames) if not lies(f, through)), ("", 0))
            if lies(inner, spots) and any(file == path and first <= line <= last for file, line in frames):
                hit += count
        return hit / total if total else 0.0


ABSENT = "absent"  # the type of what is not there


@dataclass(frozen=True)
class ValueFact:
    """One kind of value seen under a name.

    `type` is `module.qualname` (`builtins.int`, `numpy.ndarray`, `pandas.DataFrame`, a user class). For
    arrays and Series `dtype`, `ndim` and `contiguous` are set. For containers `items` joins the facts of all elements
    looked at (`complete` says whether that was all of them), for dicts `keys` too. `low`/`high` are the range of
    numbers (of elements for int/float arrays), lengths run from `min_len` to `max_len`. `columns` maps a DataFrame's
    column names to dtype names (only `str` names), and `note` carries what else matters
    (`unique_index`, `range_index`, `rectangular`, `owndata`). `fields` are facts of what small dicts with strings as
    keys hold under each key (where some do not have it, one of them is of the type `ABSENT`); empty for other dicts.
    `knots` are about a dict or tuple that leads to others by a key (or place) again and again, as the nodes of a tree
    do: one fact for each type of what hangs together there, with its `fields` (of a tuple or list `"0"`, `"1"`, ...).
    """

    type: str
    dtype: str | None = None
    ndim: int | None = None
    contiguous: bool | None = None
    low: float | None = None
    high: float | None = None
    min_len: int | None = None
    max_len: int | None = None
    complete: bool = True
    items: tuple[ValueFact, ...] = ()
    keys: tuple[ValueFact, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    note: tuple[str, ...] = ()
    fields: tuple[tuple[str, tuple[ValueFact, ...]], ...] = ()
    knots: tuple[ValueFact, ...] = ()


STARVED = "recording it would have taken too long beside the others"


@dataclass(frozen=True)
class RegionFacts:
    """What the recorder saw of one region. `types` joins every call that was looked at, at entry; `out` at exit.

    Names: live-in and read globals, dotted for attributes of `self` that are read (`self.weights`).
    """

    region_id: str
    calls: int = 0
    wall_s: float = 0.0
    types: Mapping[str, tuple[ValueFact, ...]] = field(default_factory=dict)
    out: Mapping[str, tuple[ValueFact, ...]] = field(default_factory=dict)
    recorded: int = 0  # snapshots in the store, ready for replay
    snapshots: str = ""  # folder of the snapshots
    effects: tuple[str, ...] = ()  # "stdout", "file", "random", "numpy.random", ... seen inside
    raised: tuple[str, ...] = ()  # exception types that left the region
    why_not: str = ""  # why it cannot be replayed, when it cannot
    repeated: float | None = None  # share of calls with plain arguments that had been seen before; None: too few calls


@dataclass(frozen=True)
class Facts:
    """All that passes may know about a workload beyond its source."""

    profile: Profile = field(default_factory=Profile)
    regions: Mapping[str, RegionFacts] = field(default_factory=dict)

    def of(self, region_id: str) -> RegionFacts:
        return self.regions.get(region_id, RegionFacts(region_id))
