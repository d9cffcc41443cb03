"""What calls changed code, replayed with all changes in place (`verify/callers.py`): which places, for how long, and
which change is at fault where one does not hold.

Bounded: callers are asked side by side, for a tenth of the time that is left at most. Where that was too little, or a
caller was not recorded, the evidence says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from hasten.core.facts import Facts, Profile, RegionFacts
from hasten.core.finding import Region
from hasten.core.recipe import Change, Recipe, Risk
from hasten.core.record import CheckRecord
from hasten.core.verdict import Rejected
from hasten.core.workload import ScriptWorkload
from hasten.observe.machine import free_mb, usable_cores
from hasten.search.order import side_by_side
from hasten.search.runs import Program
from hasten.search.stacks import Stacks
from hasten.search.trial import Trial
from hasten.verify.callers import DIFFERENT, EQUAL, UNTRIED, Held, followed, held

SHARE, LEAST_S, MOST_S = 0.1, 8.0, 60.0  # of the time left, and seconds: what one set of changes is looked at for
MOST = 10  # callers that are replayed
NO_TIME = "there was no time left for it"


@dataclass(frozen=True, eq=False)
class Caller:
    """A region around changed code, as it was recorded: in the program `work`, which `after` rounds had changed."""

    region: Region
    facts: RegionFacts
    work: ScriptWorkload
    after: int

    @property
    def name(self) -> str:
        where = f"{self.region.path}::{self.region.qualname or 'module'}"
        return where if self.region.kind == "function" else f"{where}, line {self.region.first}"


@dataclass(frozen=True)
class _Round:
    work: ScriptWorkload
    regions: Sequence[Region]
    facts: Facts
    after: int  # rounds that had kept something before


class Callers:
    """All that was recorded around changed code, round by round."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._steps: list[tuple[Change, ...]] = []  # what each round has kept
        self._rounds: list[_Round] = []
        self._known: list[Caller] = []  # around what was kept
        self._callers: dict[tuple[int, str], Caller] = {}
        self._shown: Mapping[Caller, Held] = {}  # of what is kept
        self.turned_down: list[Trial] = []

    def recorded(self, work: ScriptWorkload, regions: Sequence[Region], facts: Facts) -> None:
        """A round begins: what there is in `work`, and what of it was recorded."""
        self._rounds.append(_Round(work, regions, facts, len(self._steps)))

    def kept(self, work: ScriptWorkload, changes: Sequence[Change]) -> None:
        """The round on `work` ends with these changes."""
        self._known += [c for c in self._around(work, changes) if c not in self._known]
        self._steps.append(tuple(changes))

    def faulty(self, work: ScriptWorkload, chosen: Sequence[Trial]) -> list[Trial]:
        """Those of the chosen changes of `work` under which a caller leaves something else, each with its verdict."""
        changes = [t.change for t in chosen]
        shown = self._looked(self._around(work, changes), self._steps, changes, Recipe(tuple(changes)).apply(work))
        bad: list[Trial] = []
        for caller, found in shown.items():
            left = [t for t in chosen if t not in bad]
            if found.status == DIFFERENT and left:
                wrong = found.reason if not bad else self._wrong(work, caller, left)
                bad += self._culprits(work, caller, left, wrong) if wrong else []
        if not bad:
            self._shown = shown
        return bad

    def broken(self, candidate: ScriptWorkload, work: ScriptWorkload, changes: Sequence[Change] | None) -> str:
        """Where `candidate` does not hold, and how; "" where it does. It is all that was kept with its kernels compiled
        ahead, or has `changes` in the place of what the round on `work` kept."""
        around, steps = self._known, self._steps
        if changes is not None:
            around = [*around, *(c for c in self._around(work, changes) if c not in around)]
            steps = steps[: next((r.after for r in reversed(self._rounds) if r.work is work), len(steps))]
        shown = self._looked(around, steps, changes or (), candidate)
        wrong = next((f"{c.name}: {h.reason}" for c, h in shown.items() if h.status == DIFFERENT), "")
        if not wrong:
            self._shown = shown
        return wrong

    def checks(self) -> tuple[CheckRecord, ...]:
        """What was shown of the kept program, as a row of the report."""
        if not self._shown:
            return ()
        contract = self._program.contract
        equal = [h for h in self._shown.values() if h.status == EQUAL]
        untried = [f"{c.name} ({h.reason})" for c, h in self._shown.items() if h.status == UNTRIED]
        got = f"{sum(h.calls for h in equal)} recorded calls of {len(equal)} agree"
        got += f"; not replayed: {'; '.join(untried)}" if untried else ""
        floats = "same bits" if contract.exact else f"floats {contract.rtol:g} relative, all else exact"
        places = len(self._shown)
        expected = f"{places} place{'s' if places > 1 else ''}, as recorded"
        return (CheckRecord("callers of changed code", expected, got, floats if equal else "not compared"),)

    def _around(self, work: ScriptWorkload, changes: Sequence[Change]) -> list[Caller]:
        """What was recorded around changes of `work`: in the earliest round, so that what others did since counts."""
        now = next((r for r in reversed(self._rounds) if r.work is work), None)
        if now is None:
            return []
        there = {r.id + r.kind: self._earliest(r, now) for r in now.regions}
        found = enclosing(now.regions, [c.region for c in changes], now.facts.profile, lambda r: there[r.id + r.kind])
        return [there[r.id + r.kind] or Caller(r, now.facts.of(r.id), now.work, now.after) for r in found]

    def _earliest(self, region: Region, now: _Round) -> Caller | None:
        """The first recording of what is a region of the program now; None where it was never recorded."""
        for then in self._rounds:
            if then.after > now.after:
                break
            for old in then.regions:
                if then.facts.of(old.id).recorded and self._same(old, then, region, now):
                    key = (then.after, old.id + old.kind)
                    return self._callers.setdefault(key, Caller(old, then.facts.of(old.id), then.work, then.after))
        return None

    def _same(self, old: Region, then: _Round, region: Region, now: _Round) -> bool:
        """Is a region of a round what was recorded in an earlier one?"""
        if (old.path, old.kind, old.qualname) != (region.path, region.kind, region.qualname):
            return False
        if then.work is now.work or region.kind == "function":
            return old.id == region.id or then.work is not now.work
        try:
            placed = followed(then.work, old, self._steps[then.after : now.after], now.work)
        except (ValueError, KeyError, OSError, SyntaxError):
            return False
        return (placed.first, placed.block.count("\n")) == (region.first, region.last - region.first + 1)

    def _looked(
        self, callers: Sequence[Caller], before: Sequence[Sequence[Change]], changes: Sequence[Change],
        candidate: ScriptWorkload,
    ) -> Mapping[Caller, Held]:  # fmt: skip
        """Each caller, replayed within the time that there is; the candidate has what the rounds `before` kept."""
        if not callers:
            return {}
        session = self._program.session
        session.progress.stage(f"replay {len(callers)} caller(s) of what was changed", None)
        key = (self._program.key(candidate), [(c.after, c.region) for c in callers])
        shown = session.once("callers", key, lambda: self._replayed(callers, before, changes, candidate))
        found = dict(zip(callers, shown, strict=True))
        for caller, held_there in found.items():
            if held_there.status != EQUAL:
                session.progress.note(f"caller {caller.name}: {held_there.status}: {held_there.reason}")
        return found

    def _replayed(
        self, callers: Sequence[Caller], before: Sequence[Sequence[Change]], changes: Sequence[Change],
        candidate: ScriptWorkload,
    ) -> tuple[Held, ...]:  # fmt: skip
        session = self._program.session
        end = session.clock() + _seconds(session.left_s)

        def shown(caller: Caller) -> Held:
            left_s = end - session.clock()
            if left_s < LEAST_S / 8 or session.stopping.is_set():
                return Held(UNTRIED, NO_TIME)
            return held(
                session, caller.work, caller.region, caller.facts, [*before[caller.after :], changes], candidate,
                self._program.contract, deadline_s=left_s,
            )  # fmt: skip

        for caller in callers:
            self._program.prepare_replay(caller.work)
        peak_mb = max(sample.peak_mb for sample in self._program.base.samples)
        with ThreadPoolExecutor(side_by_side(usable_cores(), free_mb(), peak_mb)) as pool:
            try:
                return tuple(pool.map(shown, callers))
            except BaseException:
                session.stop()
                raise

    def _wrong(self, work: ScriptWorkload, caller: Caller, trials: Sequence[Trial]) -> str:
        """What differs at one caller under some changes of `work`."""
        changes = [t.change for t in trials]
        candidate = Recipe(tuple(changes)).apply(work)
        (shown,) = self._looked([caller], self._steps, changes, candidate).values()
        return "" if shown.status == EQUAL else shown.reason

    def _culprits(self, work: ScriptWorkload, caller: Caller, chosen: Sequence[Trial], reason: str) -> list[Trial]:
        """The changes to give up so that one caller holds: those that do not alone, else as few as will do together.
        `reason`: what differs there under all that are `chosen`."""
        now = next(r for r in reversed(self._rounds) if r.work is work)
        stacks = Stacks(now.facts.profile)
        near = [t for t in chosen if _encloses(caller.region, t.change.region, stacks)]
        inside = near if near and caller.after == now.after else list(chosen)
        end = self._program.session.clock() + _seconds(self._program.session.left_s)

        def wrong(trials: Sequence[Trial]) -> str:
            if self._program.session.clock() > end:
                return NO_TIME
            return self._wrong(work, caller, trials)

        given = []
        for trial in inside:
            alone = reason if len(inside) == 1 else wrong([trial])
            if alone:
                self._turn_down(trial, f"at its caller {caller.name}: {alone}")
                given.append(trial)
        # what is exact, and what saves most, is given up last
        rest = sorted((t for t in inside if t not in given), key=lambda t: (t.change.risk is Risk.EXACT, t.saves_s))
        while len(rest) > 1 and (together := wrong(rest)):
            trial = rest.pop(0)
            self._turn_down(trial, f"at its caller {caller.name}, together with other changes: {together}")
            given.append(trial)
        return given

    def _turn_down(self, trial: Trial, reason: str) -> None:
        """Not equal after all."""
        trial.verdict, trial.equal = Rejected(reason), False
        self.turned_down.append(trial)


def _seconds(left_s: float) -> float:
    """What one look at callers may take, of what is left."""
    return max(LEAST_S, min(SHARE * left_s, MOST_S))


def enclosing(
    regions: Sequence[Region], changed: Sequence[Region], profile: Profile, recorded: Callable[[Region], object]
) -> list[Region]:
    """Those regions around any of the changed ones, in the text or on the stacks of the profile: all functions, and of
    the blocks of one function the outermost that was recorded. What takes longest comes first."""
    stacks = Stacks(profile)
    around = [r for r in regions if any(_encloses(r, c, stacks) for c in changed)]
    blocks = [r for r in around if r.kind == "block" and recorded(r)]
    found = [
        r
        for r in around
        if r.kind == "function" or r in blocks and not any(b.live_out and _wider(b, r) for b in blocks)
    ]
    return sorted(found, key=lambda r: (-round(r.share, 2), r.path, r.first, -r.last))[:MOST]


def _wider(outer: Region, inner: Region) -> bool:
    return inner != outer and inner.qualname == outer.qualname and inner.within(outer)


def _encloses(outer: Region, inner: Region, stacks: Stacks) -> bool:
    if outer == inner or outer.path == inner.path and (outer.first, outer.last) == (inner.first, inner.last):
        return False
    return inner.within(outer) or stacks.calls(outer, inner)
