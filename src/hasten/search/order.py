"""Which change is tried next: the one that may still win most beside those that were judged before it."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from hasten.core.facts import Facts
from hasten.core.finding import Region
from hasten.core.recipe import Change
from hasten.kernel.regions import MIN_SHARE
from hasten.search.stacks import SHADE, Sped, Stacks

DOOR_S = 5e-6  # about what a guard and a call of compiled code cost
AROUND = 0.05  # of what is left of the program: what a region around a fast one must still have to be tried
LEAST = 0.004  # and of the program as it was
ASSUMED = 10.0  # the gain of one that is being tried
SHORT_S = 8.0  # in a program that takes no longer, what loading compiled code costs may decide
WITHIN_SLOW = 0.25  # of its promise: what is left to a kernel within one that was no faster
NEARLY = 0.05  # of the program's time, by which a promise may be less than another that is dearer to try
MAIN_SHARE = 0.25  # of its time: what a change must be about, to be tried beside a compiled kernel of the same place
FRAMES, STAND_IN = (
    "HST2",
    "HST217",
)  # of passes over frames: the one that does for a whole loop what others do for parts
WHOLE = ("HST202", "HST203")  # what they compute from whole columns needs no rows at all

CHILDREN_MB = 300.0  # about what a replay's two processes hold beside the program's data


def side_by_side(cores: int, free_mb: float, peak_mb: float) -> int:
    """How many replays may run at a time, of a program that holds `peak_mb`: one a core, with one core to spare where
    there are many, for what is timed in them, and not more than memory has room for."""
    most = cores if cores <= 2 else min(4, max(2, cores - 1))
    room = int(free_mb / 2 / (2 * peak_mb + CHILDREN_MB))
    return min(most, max(2, room))


def promise(region: Region, facts: Facts) -> float:
    """The share of time that a change of the region may save: a door that is passed often costs its share too."""
    return region.share - _doors(region, facts)


def _doors(region: Region, facts: Facts) -> float:
    whole = facts.profile.wall_s
    return facts.of(region.id).calls * DOOR_S / whole if whole else 0.0


class Queue:
    """The changes of one round. Threads take from it what they try, and tell it how that ended.

    Outermost regions come first, those of callers as well as those around in the text, so that what they make needless
    is not tried beside them.
    """

    def __init__(self, changes: Sequence[Change], facts: Facts) -> None:
        self._facts = facts
        self._stacks = Stacks(facts.profile) if facts.profile.stacks else None
        self._lock = threading.Lock()
        self._todo = list(changes)
        self._tried: list[Change] = []  # now
        self._done: list[Sped] = []
        self._plain: list[Sped] = []  # of these, what needs no package
        self._slow: list[Region] = []  # of kernels that were equal and no faster

    def next(self) -> Change:
        """The next to try; nobody else gets it."""
        with self._lock:
            promised = [round(self._priority(c), 2) for c in self._todo]
            best = max(promised)
            most = [c for c, p in zip(self._todo, promised, strict=True) if p == best]
            change = most[0]
            if "numba" in change.needs:
                # what needs no compiler, and does as much of the same work, is known in a tenth of the time
                plain = (c for c, p in zip(self._todo, promised, strict=True) if p >= best - NEARLY and not c.needs)
                same = (c for c in plain if not c.whole and c.region.within(change.region))
                change = next((c for c in same if c.region.share >= MAIN_SHARE), change)
            if change.code.startswith(FRAMES):
                here = [c for c in most if c.region == change.region]
                change = next((c for code in (*WHOLE, STAND_IN) for c in here if c.code == code), change)
            self._todo = [c for c in self._todo if c is not change]
            self._tried.append(change)
            return change

    def taken(self, change: Change) -> None:
        """It was tried before hasten was killed: nobody gets it again."""
        with self._lock:
            self._todo = [c for c in self._todo if c is not change]
            self._tried.append(change)

    def ended(self, change: Change, gain: float, *, timed: bool = False) -> None:
        """It was judged: `gain` of its region's time, 1.0 where it is not taken or nobody knows. `timed`: it was equal,
        so that one that is not taken was no faster."""
        with self._lock:
            self._tried = [c for c in self._tried if c is not change]
            if timed and gain <= 1.0 and "numba" in change.needs:
                self._slow.append(change.region)
            if gain > 1.0:
                self._done.append(_sped(change, gain))
                if not change.needs:
                    self._plain.append(self._done[-1])

    @property
    def found(self) -> bool:
        """Whether anything judged so far is faster."""
        with self._lock:
            return bool(self._done)

    @property
    def saved(self) -> float:
        """The share of the program's time that what was judged so far saves."""
        with self._lock:
            if self._stacks is None:
                return min(1.0, sum(s.region.share * (1 - 1 / s.gain) for s in self._done))
            return 1 - self._stacks.left(self._done)

    @property
    def plain_left(self) -> bool:
        """Is there something to be judged yet, and no kernel among it that may still win?"""
        with self._lock:
            todo, tried = list(self._todo), list(self._tried)
        if any("numba" in c.needs for c in tried):
            return False
        waiting = [*tried, *(c for c in todo if self.promising(c))]
        return bool(waiting) and not any("numba" in c.needs for c in waiting)

    def promising(self, change: Change) -> bool:
        """Has its region time left that no judged change has made much faster, or enough of what that leaves?

        A kernel that needs a package is no reason to leave out a plain change of most of a short program: it may gain
        nearly as much, and loads nothing.
        """
        if self._stacks is None:
            return True
        with self._lock:
            beside = not change.needs and change.region.share >= MAIN_SHARE and self._facts.profile.wall_s <= SHORT_S
            region, done = change.region, list(self._plain if beside else self._done)
            gone = [(s.region.path, s.region.first, s.region.last) for s in done if s.gain >= SHADE]
            if self._facts.profile.share(region.path, region.first, region.last, outside=gone) >= MIN_SHARE:
                return True
            still = self._stacks.winnable(region, done)
            return still >= max(LEAST, AROUND * self._stacks.left(done))

    def winnable(self, change: Change) -> float:
        """The share of the program's time that it may still win."""
        if self._stacks is None:
            return change.region.share
        with self._lock:
            return self._stacks.winnable(change.region, self._done)

    def left_with(self, change: Change) -> float:
        """The share of the program's time that is left if it wins what one hopes, and all that still wait as well: many
        methods of which each takes little may be most of a program together."""
        with self._lock:
            hoped = [_sped(c, ASSUMED) for c in (change, *self._tried, *self._todo)]
            if self._stacks is None:
                return 1 - min(1.0, sum(s.region.share for s in hoped)) * (1 - 1 / ASSUMED)
            return self._stacks.left([*self._done, *hoped])

    def _priority(self, change: Change) -> float:
        last = 1.0 if change.whole else 0.0  # processes are for what nothing else made fast
        if self._stacks is None:
            return promise(change.region, self._facts) - last
        done = [*self._done, *(_sped(c, ASSUMED) for c in self._tried)]
        winnable = self._stacks.winnable(change.region, done)
        if change.share and not change.needs:
            winnable = min(winnable, change.share)  # what it is about may be a small part of its region
        if "numba" in change.needs and any(change.region.within(r) and change.region != r for r in self._slow):
            winnable *= WITHIN_SLOW  # the same work, and a door that is passed more often
        return winnable - _doors(change.region, self._facts) - last


def _sped(change: Change, gain: float) -> Sped:
    return Sped(change.region, gain)
