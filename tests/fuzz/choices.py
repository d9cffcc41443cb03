"""How a generated program is chosen: by Hypothesis, which can shrink it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
ENOUGH = 3000  # bytes: two for each decision; what comes after them is the first option


class Choices:
    """Everything a generator decides, read off bytes. Simple things come first in what is picked from: zeros.

    One string of bytes, because Hypothesis likes to repeat parts of what it drew bit by bit: half of its programs were
    the same. It shrinks bytes towards zero, and so programs towards their simplest.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def below(self, n: int) -> int:
        taken = self.data[self.at : self.at + 2]
        self.at += 2
        return int.from_bytes(taken, "big") % n

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def integer(self, low: int, high: int) -> int:
        return low + self.below(high - low + 1)

    def chance(self, percent: int) -> bool:
        """True in about so many of 100 cases."""
        return self.below(100) >= 100 - percent

    def mostly(self, usual: Sequence[T], hazards: Sequence[T], percent: int) -> T:
        """One of the hazards in about so many of 100 cases."""
        return self.pick(hazards if self.chance(percent) else usual)

    def some(self, options: Sequence[T], low: int, high: int) -> list[T]:
        """So many of the options, in a random order, none twice."""
        left = list(options)
        return [left.pop(self.below(len(left))) for _ in range(min(self.integer(low, high), len(left)))]


@dataclass(frozen=True)
class Program:
    """A module that defines `work`, and calls of it: each the source of a tuple of arguments.

    Passes know what the recorded calls showed; the late ones come afterwards, in the same process.
    """

    text: str
    recorded: tuple[str, ...]
    late: tuple[str, ...] = ()

    def __str__(self) -> str:
        calls = [f"work(*{call})" for call in self.recorded] + [f"work(*{call})  # late" for call in self.late]
        return self.text + "\n" + "\n".join(calls) + "\n"


def programs(make: Callable[[Choices], Program]) -> st.SearchStrategy[Program]:
    """Programs as a generator makes them."""
    return st.binary(min_size=ENOUGH, max_size=ENOUGH).map(lambda data: make(Choices(data)))
