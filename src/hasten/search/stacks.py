"""What changes win together, reckoned from the profile's stacks. Pure.

A replay tells what a change makes of its own region. Regions lie within each other, in the text or because one calls
the other: what a loop that calls a kernel can still win is the time around the kernel, and what the kernel itself takes
of it (a function that is called a million times spends that on what it is given, not on its loop).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hasten.core.facts import Profile
from hasten.core.finding import Region

SHADE = 3.0  # region gain from which changes inside the region have nothing left to win


@dataclass(frozen=True)
class Sped:
    """A region that a judged change makes `gain` times as fast."""

    region: Region
    gain: float


@dataclass
class Stacks:
    """The samples of one profile, asked about regions again and again."""

    profile: Profile
    _at: dict[tuple[str, int, int], tuple[int, ...]] = field(default_factory=dict)

    def _places(self, region: Region) -> tuple[int, ...]:
        """For each stack, which frame (outermost is 0) is the first in the region; -1 where none is."""
        key = (region.path, region.first, region.last)
        if key not in self._at:
            found = []
            for _, frames in self.profile.frames:
                inside = (i for i, (path, line) in enumerate(frames) if path == key[0] and key[1] <= line <= key[2])
                found.append(next(inside, -1))
            self._at[key] = tuple(found)
        return self._at[key]

    def calls(self, outer: Region, inner: Region) -> bool:
        """Whether the inner region was seen running further in than the outer one: called by it, in some way."""
        at = (inner.path, inner.first, inner.last)
        for (_, frames), place in zip(self.profile.frames, self._places(outer), strict=True):
            if place >= 0 and any(path == at[0] and at[1] <= line <= at[2] for path, line in frames[place + 1 :]):
                return True
        return False

    def left(self, done: Sequence[Sped]) -> float:
        """The share of the program's time that is left when all of `done` are in place."""
        there = [(self._places(s.region), s.gain) for s in done]
        samples = total = 0.0
        for stack, (count, _) in enumerate(self.profile.frames):
            total += count
            samples += count / max((gain for places, gain in there if places[stack] >= 0), default=1.0)
        return samples / total if total else 1.0

    def winnable(self, region: Region, done: Sequence[Sped], *, shade: float = SHADE) -> float:
        """The share of the program's time that a change of the region may still win, with `done` in place.

        Nothing where something around it has become `shade` times as fast; what is within counts with what is left.
        """
        there = [(self._places(s.region), s.gain, region.within(s.region)) for s in done]
        samples = total = 0.0
        for stack, ((count, _), place) in enumerate(zip(self.profile.frames, self._places(region), strict=True)):
            total += count
            if place < 0:
                continue
            gains = [1.0]
            for places, gain, around in there:
                if places[stack] >= 0:
                    if gain >= shade and _outer(places[stack], place, around):
                        break
                    gains.append(gain)
            else:
                samples += count / max(gains)
        return samples / total if total else 0.0

    def saved(self, kernels: Iterable[Sped]) -> float:
        """The share of the program's time that kernels save together: on each stack the outermost serves."""
        there = [(k, self._places(k.region)) for k in kernels]
        samples = total = 0.0
        for stack, (count, _) in enumerate(self.profile.frames):
            total += count
            serving: tuple[Sped, int] | None = None
            for k, places in there:
                place = places[stack]
                if place < 0:
                    continue
                if serving is None or _outer(place, serving[1], serving[0].region.within(k.region)):
                    serving = k, place
            if serving is not None:
                samples += count * (1 - 1 / serving[0].gain)
        return samples / total if total else 0.0


def _outer(place: int, other: int, around: bool) -> bool:
    """Is the region whose first frame is at `place` the caller of the other, or `around` it in the text?"""
    return place < other or place == other and around
