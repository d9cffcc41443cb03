"""The step for searches: another result, at least as good by what the user named, before anything else is tried.

Changes of this kind are not replayed: their results are meant to be others. Whole runs under the probe decide, of the
program as it is and, where it has seeds, as it is under other seeds. The program that is kept becomes the reference for
everything that follows, which is held to the same results as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hasten.core.contract import Contract, Quality
from hasten.core.recipe import Change, Recipe
from hasten.core.record import QualityRecord
from hasten.core.source import SourceFile
from hasten.core.verdict import Accepted, Failed, Inconclusive, Rejected, Verdict
from hasten.core.workload import ScriptWorkload
from hasten.errors import TargetError
from hasten.observe.probe import probed_run
from hasten.passes.source.startup.reached import reached
from hasten.search.choose import clash
from hasten.search.reseed import reseeded
from hasten.search.rest import measuring_seconds
from hasten.search.runs import Program, own_seconds
from hasten.verify.quality import Probed, missing, seeds, shown, unlike, worse

OTHER_SEEDS = 3  # as many, where time allows
LOOKED = 3  # runs of what is kept before it is gone on from
LEAST_GAIN = 1.1  # of a single run: measured properly at the end


class Watched:
    """Runs of one program and its candidates, with what the qualities show of them."""

    def __init__(self, program: Program, contract: Contract) -> None:
        self.program, self.contract = program, contract
        self.paths = [p.relative_to(program.mirror.pristine).as_posix() for p in program.mirror.pristine.rglob("*.py")]
        self._others: dict[int, Probed | None] = {}  # the original under other seeds
        self.original = self.run(program.work)
        problem = missing(contract.qualities, self.original)
        if problem is not None:
            raise TargetError(f"{program.work.entry.name}: {problem}")
        # what is not the same each time must be reached at its best
        self.old = [self.original, *([] if program.base.repeatable else [self.run(program.work) for _ in range(2)])]

    def run(self, work: ScriptWorkload, *, keep_cache: bool = True, reserve_s: float = 0.0) -> Probed:
        """One run under the probe, which has the program's patience, and no more than leaves `reserve_s`."""
        session, names = self.program.session, [q.name for q in self.contract.qualities]
        deadline_s = max(1.0, min(self.program.deadline_s, session.left_s - reserve_s))
        run, seen = session.once(
            "probed", (self.program.key(work), keep_cache),
            lambda: probed_run(
                session, self.program.mirror, work, names, deadline_s=deadline_s, keep_cache=keep_cache
            ),
            files=lambda told: set(told[0].kept.values()),
        )  # fmt: skip
        return Probed(run, seen, {f.path: f.tree for f in self._reached(work)})

    def other(self, shift: int) -> Probed | None:
        """The original under seeds moved by `shift`; None without seeds, or when it then ends otherwise."""
        if shift not in self._others:
            work = reseeded(self.program.work, [f.path for f in self._reached(self.program.work)], shift)
            probed = None if work is None else self.run(work)
            if probed is not None and not self._ends(probed):
                probed = None
            self._others[shift] = probed
        return self._others[shift]

    def lucky(
        self, candidate: ScriptWorkload, reserve_s: float, keeping_s: float
    ) -> tuple[str | None, list[tuple[Probed, Probed]]]:
        """Under which other seed the candidate is worse, in words; None when it is for none that there is time for.

        The seeds after the first leave the time (`keeping_s`) that keeping the candidate takes.
        """
        pairs: list[tuple[Probed, Probed]] = []
        for shift in range(1, OTHER_SEEDS + 1):
            pair_s = self.program.base.wall_s * (1 if shift in self._others else 2)
            if self.program.session.left_s < reserve_s + pair_s + (keeping_s if shift > 1 else 0.0):
                break
            other = self.other(shift)
            moved = (
                reseeded(candidate, [f.path for f in self._reached(candidate)], shift) if other is not None else None
            )
            if other is None:
                continue
            # a candidate that draws no random numbers any more has no seed left to move
            new = self.run(moved if moved is not None else candidate)
            reason = "it ends otherwise" if not self._ends(new) else worse(self.contract, [other], new)
            if reason is not None:
                return f"under other seeds (moved by {shift}): {reason}", pairs
            pairs.append((other, new))
        return None, pairs

    def _ends(self, probed: Probed) -> bool:
        return not probed.run.program.stopped and probed.run.status == self.program.base.reference.status

    def _reached(self, work: ScriptWorkload) -> list[SourceFile]:
        """The files that may take part, as far as they are Python."""
        return [f for f in reached(work, self.paths).files if _parses(f)]

    def record(
        self, new: Sequence[Probed] = (), pairs: Sequence[tuple[Probed, Probed]] = ()
    ) -> tuple[QualityRecord, ...]:
        """What the qualities were and became."""
        out = []
        for quality in self.contract.qualities:
            first = shown(quality, self.original)
            assert first is not None, "looked at before anything else"

            old = _values(quality, [*self.old, *(a for a, _ in pairs)])
            now = _values(quality, [*new, *(b for _, b in pairs)])
            out.append(QualityRecord(quality, first[1], old, now, len(pairs)))
        return tuple(out)


def _values(quality: Quality, runs: Sequence[Probed]) -> tuple[float, ...]:
    return tuple(value for value, _ in filter(None, (shown(quality, r) for r in runs)))


def _parses(file: SourceFile) -> bool:
    try:
        _ = file.tree
    except (SyntaxError, ValueError):
        return False
    return True


@dataclass
class Reached:
    """What came of it: the program, `work` itself when nothing was kept, and each change with its verdict."""

    work: ScriptWorkload
    wall_s: float
    cold_s: float | None = None
    judged: list[tuple[Change, Verdict]] = field(default_factory=list)
    kept: tuple[Change, ...] = ()
    qualities: tuple[QualityRecord, ...] = ()
    differs: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Good:
    """A candidate that is at least as good."""

    work: ScriptWorkload
    wall_s: float
    cold_s: float | None
    qualities: tuple[QualityRecord, ...]
    differs: tuple[str, ...]


def reach_as_good(
    watched: Watched, work: ScriptWorkload, changes: Sequence[Change], wall_s: float, reserve_s: float, *,
    speed: bool = True,
) -> Reached:  # fmt: skip
    """`work` with those of the changes that reach the qualities and are faster.

    The hottest places come first, and last what takes long before it gains (a network is compiled): it may then use up
    the budget, but what the kept program needs to be looked at and measured.
    """
    out = Reached(work, wall_s)
    session, base_s = watched.program.session, watched.program.base.wall_s
    reserved_s = reserve_s
    for change in sorted(changes, key=lambda c: c.later):
        if out.kept:
            reserve_s = reserved_s + _keeping_s(base_s, out.wall_s)
        rivals = tuple(k for k in out.kept if clash(k, change) or _nested(k, change))
        verdict: Verdict
        if session.left_s < reserve_s + 2 * out.wall_s:
            out.judged.append((change, Inconclusive("the budget ended before it could be tried")))
            continue
        together = (*(k for k in out.kept if k not in rivals), change)
        found = _tried(watched, work, together, reserve_s)
        if isinstance(found, _Good):
            gain = out.wall_s / max(found.wall_s, 1e-9)
            verdict = Accepted(None, f"at least as good, and the program {gain:.1f}x faster in single runs")
            if gain < LEAST_GAIN and speed:
                verdict = Rejected(f"at least as good, but not faster ({gain:.2f}x)")
            else:
                why = Rejected("at least as good, but another change of the same place saves more")
                out.judged = [(c, why if c in rivals else v) for c, v in out.judged]
                out.work, out.wall_s, out.cold_s, out.kept = found.work, found.wall_s, found.cold_s, together
                out.qualities, out.differs = found.qualities, found.differs
        else:
            verdict = found
        out.judged.append((change, verdict))
        word = type(verdict).__name__.lower()
        session.progress.note(
            f"[{len(out.judged)}/{len(changes)}] {change.code} {change.title}: {word} ({verdict.reason})"
        )
    return out


def _keeping_s(base_s: float, wall_s: float) -> float:
    """About what it takes to go on from a program that takes `wall_s` now, and to measure it."""
    return LOOKED * wall_s + measuring_seconds(base_s, wall_s)


def _nested(a: Change, b: Change) -> bool:
    return a.region.within(b.region) or b.region.within(a.region)


def _tried(watched: Watched, work: ScriptWorkload, changes: tuple[Change, ...], reserve_s: float) -> _Good | Verdict:
    program, contract = watched.program, watched.contract
    try:
        candidate = Recipe(changes).apply(work)
    except (ValueError, KeyError, SyntaxError) as error:
        return Failed(f"its edits do not apply: {error}")
    names, runs = seeds(work, changes), []
    for keep_cache in (False, True):
        new = watched.run(candidate, keep_cache=keep_cache, reserve_s=reserve_s)
        wrong, differs = unlike(program.base, watched.original, new, names, contract, program.mirror.path)
        wrong = wrong or worse(contract, watched.old, new)
        if wrong is not None:
            return Rejected(f"whole program: {wrong}")
        runs.append(new)
    wall_s = own_seconds(runs[1].run.sample)
    wrong, pairs = watched.lucky(candidate, reserve_s, _keeping_s(program.base.wall_s, wall_s))
    if wrong is not None:
        return Rejected(wrong)
    cold = runs[0].run
    cold_s = None if cold.lent else cold.program.wall_s
    return _Good(candidate, wall_s, cold_s, watched.record(runs, pairs), differs)
