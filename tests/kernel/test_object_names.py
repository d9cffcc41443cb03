"""Strings that are attributes of the objects of a list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kernel.differential import check, compiled, refusal

LEDGER = """
from dataclasses import dataclass


@dataclass
class Trade:
    price: int
    quantity: int
    buyer: str
    seller: str


class Ledger:
    def __init__(self, trades):
        self.trades = trades

    def position(self, agent):
        return sum(t.quantity for t in self.trades if t.buyer == agent) - sum(
            t.quantity for t in self.trades if t.seller == agent
        )

    def cash(self, agent):
        total = 0
        for t in self.trades:
            if t.buyer == agent:
                total -= t.price * t.quantity
            if t.seller == agent:
                total += t.price * t.quantity
        return total


class Other(str):
    pass


trades = [Trade(10 + k % 3, k, "abc"[k % 3], "cab"[k % 2]) for k in range(count)]
ledger = Ledger(trades)
"""
LOOP = """
for k in range(n):
    total += ledger.cash(who) + ledger.position("b")
    for t in ledger.trades:
        if t.buyer < t.seller and t.seller in ("a", "c"):
            held[t.buyer] = held.get(t.buyer, 0) + 1
            last = t.seller
"""
START = "n = 3\ntotal = 0\nwho = 'a'\nheld = {}\ncount = 9\n"
NAMES = compiled(LOOP, START, prelude=LEDGER, hide=("k", "t"), after="final = (total, list(held.items()), last)")

CHANGES = [
    ("", True),
    ("trades[3] = Trade(5, 1, 'é', '')", True),
    ("trades.append(trades[0])", True),  # one object at two places: nothing is changed
    ("trades[2] = Trade(5, 1, None, 'a')", False),
    ("trades[2] = Trade(5, 1, Other('a'), 'a')", False),
    ("trades[2] = Trade(5, 1, 7, 'a')", False),
    ("trades[2] = Trade(5, 2**63, 'a', 'a')", False),
    ("trades[2] = Trade(5, 2.0, 'a', 'a')", False),
    ("trades[2] = trades[2].__dict__", False),
]


@pytest.mark.parametrize(("change", "fast"), CHANGES)
def test_names(change: str, fast: bool) -> None:
    """The change happens in code that the pass does not see."""
    hook = "ledger = Ledger(trades)\n"
    assert all(s.text.count(hook) == 1 for s in (NAMES.original, NAMES.patched))
    old, new = (
        replace(s, data=s.text.replace(hook, f"{hook}{change}\n").encode()) for s in (NAMES.original, NAMES.patched)
    )
    check(replace(NAMES, original=old, patched=new, outs=("final",)), START, fast=fast)


@pytest.mark.parametrize(
    "body",
    [
        "for t in trades:\n    who = t.buyer + t.seller\n",
        "for t in trades:\n    if t.buyer == t.price:\n        total += 1\n",
    ],
)
def test_refusals(body: str) -> None:
    assert refusal(body, START, prelude=LEDGER)


PEOPLE = """
import random


class Person:
    def __init__(self, state):
        self.state = state
        self.days = 0
        self.diary = "new"

    def infect(self, rng, chance):
        if self.state == "S" and rng.random() < chance:
            self.state = "I"
            self.diary = "ill since " if self.days == 0 else "ill again"

    def recover(self):
        if self.state == "I":
            self.days += 1
            if self.days > 2:
                self.state = "R"


class Nurse(Person):
    def infect(self, rng, chance):
        super().infect(rng, chance / 4)
        if self.state in ("I", "R") and self.days == 1:
            self.diary = self.state


class Town:
    def __init__(self, people):
        self.people = people
        self.mood = "calm"
        self.log = []

    def day(self, rng, chance):
        ill = sum(1 for p in self.people if p.state == "I")
        for p in self.people:
            p.infect(rng, chance * ill)
            p.recover()
        if ill > limit:
            self.mood = "panic"
        elif self.mood != "calm":
            self.mood = "after"
        self.log.append(ill)


def census(people):
    counts = {"S": 0, "I": 0, "R": 0}
    for p in people:
        counts[p.state] += 1
    return counts["S"] + 10 * counts["R"]


class Odd(str):
    pass


limit = 4
people = [(Nurse if k % 3 == 0 else Person)("I" if k < 2 else "S") for k in range(many)]
town = Town(people)
"""


@pytest.mark.parametrize(
    ("change", "fast"),
    [
        ("", True),
        ("many = 3", True),
        ("many = 1", True),
        ("many = 0", None),
        ("n = 0", True),
        ("chance = -1.0", True),
    ],
)
def test_strings_that_are_assigned(change: str, fast: bool | None) -> None:
    check(TOWN, f"{SICK}{change}", fast=fast)


@pytest.mark.parametrize(
    ("change", "fast"),
    [
        ("people[0].state = 'X'", False),  # KeyError
        ("people[1].diary = 'another'", True),
        ("people[1].diary = Odd('S')", False),
        ("people[1].diary = None", False),
        ("people[1].state = 1", False),
        ("town.mood = Odd('calm')", False),
        ("town.mood = 'wild'", True),
        ("people[2] = people[1]", False),
        ("Person.state = property(lambda self: 'S', lambda self, v: None)", False),
    ],
)
def test_strings_that_are_assigned_and_the_guard(change: str, fast: bool) -> None:
    hook = "town = Town(people)\n"
    old, new = (
        replace(s, data=s.text.replace(hook, f"{hook}{change}\n").encode()) for s in (TOWN.original, TOWN.patched)
    )
    check(replace(TOWN, original=old, patched=new), SICK, fast=fast)


SICK = "import random\nrng, n, chance, many, total = random.Random(2), 12, 0.07, 40, 0\n"
TOWN = compiled(
    "for k in range(n):\n    town.day(rng, chance)\n    total += census(town.people)\n",
    SICK,
    prelude=PEOPLE,
    hide=("k",),
    after="final = [(p.state, p.days, str(p.diary), type(p.diary).__name__) for p in people], town.mood, town.log",
)
TOWN = replace(TOWN, outs=("final", "total"))


@pytest.mark.parametrize(
    "body",
    [
        "for p in people:\n    p.state = p.days",
        "for p in people:\n    p.diary = p.state + 'x'",
        "for p in people:\n    p.state = None",
    ],
)
def test_what_no_string_is(body: str) -> None:
    assert refusal(body, SICK, prelude=PEOPLE)
