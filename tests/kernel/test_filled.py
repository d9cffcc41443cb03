"""Deques, lists and dicts that are empty at the door, and get objects which the kernel makes."""

from __future__ import annotations

import pytest

from tests.kernel.differential import Compiled, check, compiled, interpreted
from tests.kernel.test_members import changed

YARD = """
from collections import deque


class Car:
    def __init__(self, number, load):
        self.number = number
        self.load = load


class Track:
    def __init__(self, length):
        self.length = length
        self.cars = deque()
        self.passed = 0


class Yard:
    def __init__(self, lengths):
        self.tracks = [Track(n) for n in lengths]
        self.arriving = deque()
        self.by_number = {}
        self.gone = []
        self.hours = deque()

    def step(self, hour, load):
        car = Car(hour * 3 % 17, load)
        if car.number in self.by_number:
            old = self.by_number.pop(car.number)
            old.load += 1
            self.gone.append(old)
        self.by_number[car.number] = car
        self.arriving.append(car)
        self.hours.append((hour, load))
        if len(self.arriving) > 2:
            first = self.arriving.popleft()
            track = self.tracks[first.load % len(self.tracks)]
            track.cars.append(first)
            if first.load % 4 == 1:
                track.cars.append(first)
            while len(track.cars) > track.length:
                last = track.cars.popleft()
                track.passed += last.load
                if track.cars:
                    track.cars[0].load += 2
        if load == 13:
            del self.by_number[car.number]
        elif load == 14:
            self.by_number[car.number + 1].load += 1


yard = Yard(lengths)
kept = [yard.arriving, yard.by_number, *[t.cars for t in yard.tracks]]
"""
SHOWN = """
def shown(yard, kept):
    known = {}
    def name(c):
        return known.setdefault(id(c), (len(known), c.number, c.load))
    now = [yard.arriving, yard.by_number, *[t.cars for t in yard.tracks]]
    out = [a is b for a, b in zip(kept, now)], [type(x).__name__ for x in now]
    out += ([name(c) for c in yard.arriving], [(k, name(c)) for k, c in yard.by_number.items()], list(yard.hours))
    out += ([(t.passed, t.cars.maxlen, [name(c) for c in t.cars]) for t in yard.tracks], [name(c) for c in yard.gone])
    return out
"""
BODY = """
for hour, load in enumerate(loads):
    yard.step(hour, load)
"""
FACTS = "lengths = [2, 3]\nloads = [3, 5, 2, 10, 13, 14, 7]\n" + SHOWN
MANY = "[(7 * i * i + 3 * i) % 23 for i in range(90)]"


@pytest.fixture(scope="module")
def yard() -> Compiled:
    return compiled(BODY, FACTS, YARD, after="final = shown(yard, kept)", hide=("hour", "load"))


def test_a_yard(yard: Compiled) -> None:
    for loads in (f"[x for x in {MANY} if x != 14]", "[13] * 5", "[1, 1, 1, 5, 5, 5, 9]", "[4]"):
        check(yard, FACTS.replace("[3, 5, 2, 10, 13, 14, 7]", loads), fast=True)
    check(yard, FACTS.replace("[3, 5, 2, 10, 13, 14, 7]", "[]"))


def test_what_raises_midway_leaves_what_the_program_leaves(yard: Compiled) -> None:
    for loads in ("[3, 5, 2, 10, 13, 14, 7]", "[1, 5, 2**63 - 1, 9, 9, 9, 9]", "[1, 2.0]", "[True]"):
        check(interpreted(yard), FACTS.replace("[3, 5, 2, 10, 13, 14, 7]", loads), fast=False)


MEDDLING = [
    "yard.arriving = deque(maxlen=2)\nyard.arriving.append(Car(1, 2))",
    "yard.arriving = []",
    "yard.arriving = yard.tracks[0].cars",
    "yard.tracks[1].cars = yard.tracks[0].cars",
    "yard.tracks[1].cars = deque(maxlen=1)",
    "yard.tracks[1].cars.append(Car(1, 2))",
    "yard.tracks[1].cars = []",
    "class Own(deque): pass\nyard.tracks[1].cars = Own()",
    "class Own(dict): pass\nyard.by_number = Own()",
    "yard.by_number[5] = Car(5, 5)",
    "from collections import OrderedDict\nyard.by_number = OrderedDict()",
    "yard.hours.append((1, 2))",
    "yard.tracks[0] = yard.tracks[1]",
]


@pytest.mark.parametrize("change", MEDDLING)
def test_what_others_did_before(yard: Compiled, change: str) -> None:
    c = changed(interpreted(yard), "yard = Yard(lengths)\n", change)
    check(c, FACTS.replace("[3, 5, 2, 10, 13, 14, 7]", "[1, 2, 3, 4, 6, 7, 8, 9, 1, 2]"), fast=False)
