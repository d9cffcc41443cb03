"""Random streams in attributes of the objects of a list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hasten.core.source import SourceFile
from tests.kernel.differential import Compiled, check, compiled_function

TEXT = """
import random

class Walker:
    reach = 2.0
    def __init__(self, x, rng):
        self.x = x
        self.rng = rng
    def step(self, size):
        self.x = (self.x + self.rng.uniform(-self.reach, self.reach)) % size
        if self.rng.random() < 0.2:
            self.x = self.rng.gauss(0.0, 1.0) % size

class Slow(Walker):
    reach = 0.5

class Loud(random.Random):
    def random(self):
        return 0.25

def f(walkers, size, rounds):
    total = 0.0
    for turn in range(rounds):
        for w in walkers:
            w.step(size)
            total += w.x
    return total

def build(how, n=5):
    rng = random.Random(7)
    walkers = [Walker(float(i), rng) for i in range(n)]
    if how == "none":
        walkers = []
    elif how == "own":
        walkers = [Walker(float(i), random.Random(i)) for i in range(n)]
    elif how == "last":
        walkers[-1].rng = random.Random(7)
    elif how == "loud":
        rng = Loud(7)
        walkers = [Walker(float(i), rng) for i in range(n)]
    elif how == "patched":
        rng.uniform = lambda a, b: 0.5
    elif how == "missing":
        del walkers[2].rng
    elif how == "slow":
        walkers[1] = Slow(1.0, rng)
    elif how == "twice":
        walkers.append(walkers[0])
    elif how == "module":
        walkers = [Walker(float(i), random._inst) for i in range(n)]
    elif how == "half":
        rng.gauss(0.0, 1.0)
    elif how == "nan":
        walkers[1].x = float("nan")
    elif how == "tuple":
        walkers = tuple(walkers)
    return walkers, 10.0, 4
"""
STATES = "result = (f(*args), [w.x for w in args[0]], [w.rng.getstate() for w in args[0]], random.random())\ndel args\n"


def built(text: str = TEXT) -> Compiled:
    c = compiled_function(text, "args = build('plain')")

    def other(source: SourceFile) -> SourceFile:
        tail = f"args = build(how)\n{STATES}"
        return SourceFile(source.path, source.text.replace("result = f(*args)\n", tail).encode())

    return replace(c, original=other(c.original), patched=other(c.patched))


def test_one_stream_for_all() -> None:
    c = built()
    for how in ("plain", "half", "module"):
        check(c, f"how = {how!r}", fast=True)
    for how in ("none", "own", "last", "loud", "patched", "missing", "slow", "tuple"):
        check(c, f"how = {how!r}", fast=False)
    for how in ("twice", "nan"):
        check(c, f"how = {how!r}", fast=None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("            total += w.x\n", "            total += w.x\n            w.rng = walkers[0].rng\n"),
        (
            "            total += w.x\n",
            "            total += w.x\n        walkers.append(Walker(1.0, walkers[0].rng))\n",
        ),
        ("            total += w.x\n", "            total += w.x + random.random()\n"),
    ],
)
def test_streams_that_are_not_one(old: str, new: str) -> None:
    try:
        c = built(TEXT.replace(old, new))
    except AssertionError:
        return  # no kernel
    for how in ("plain", "own", "module"):
        check(c, f"how = {how!r}")
