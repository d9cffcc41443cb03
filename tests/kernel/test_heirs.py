"""Kernels that work on objects of classes with bases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kernel.differential import check, compiled, refusal

OPTIONS = """
import math
from abc import ABC, abstractmethod


class Option(ABC):
    SCALE = 3.0
    STEPS = 7

    def __init__(self, id, rate, spot):
        self.id = id
        self.rate = rate
        self.spot = spot

    @abstractmethod
    def payoff(self, s):
        ...

    def step(self, s):
        return s * (1.0 + self.rate * self.drift()) + self.bonus

    def drift(self):
        return self.SCALE

    @property
    def bonus(self):
        return 0.5 * self.spot


class Slow(Option):
    STEPS = 4

    def drift(self):
        return self.SCALE * 0.02


class Put(Slow):
    SCALE = 5.0

    def __init__(self, id, rate, spot, strike):
        super().__init__(id, rate, spot)
        self.strike = strike
        self.hits = 0

    def payoff(self, s):
        self.hits += 1
        return max(self.strike - s, 0.0)


class Odd(Put):
    def drift(self):
        return -1.0


"""
MADE = 'opt = Put("a", rate, spot, strike)\n'
LOOP = """
for i in range(n):
    s = opt.spot + i
    for j in range(opt.STEPS):
        s = opt.step(s)
    total += opt.payoff(s)
"""
START = "rate = 0.1\nspot = 2.0\nstrike = 100.0\nn = 9\ntotal = 0.0"
AFTER = "final = (opt.hits, opt.spot)"
CASE = compiled(LOOP, START, prelude=OPTIONS + MADE, hide=("i", "j", "s"), after=AFTER)


@pytest.mark.parametrize(
    ("change", "fast"),
    [
        ("", True),
        ('opt = Odd("a", rate, spot, strike)', False),
        ("opt.drift = lambda: 1.0", False),
        ("opt.STEPS = 2", False),
        ("opt.payoff = lambda s: 1.0", False),
        ("Slow.spot = property(lambda self: 7.0, lambda self, v: None)", False),
        ("Option.rate = property(lambda self: 7.0, lambda self, v: None)", False),
        ("del opt.spot; Option.spot = 2.0", False),
        ("opt.hits = 2**63 - 3", False),
        ("opt.rate = 1", False),
        ("class Between(Option): pass\nSlow.__bases__ = (Between,)", False),
        ("Option.SCALE = 9.0", True),  # hidden by Put's own
        ("Put.SCALE = 9.0", True),
        ("Slow.STEPS = 2", True),
        ("Put.payoff = lambda self, s: 1.0", False),
        ("Option.step = abs", False),
        ("Option.__setattr__ = lambda self, name, value: object.__setattr__(self, name, value + 1.0)", False),
        (
            "Put.__getattribute__ = lambda self, name: 3.0 if name == 'spot' else object.__getattribute__(self, name)",
            False,
        ),
    ],
)
def test_what_the_guard_sees(change: str, fast: bool) -> None:
    """The change happens in code that the pass does not see."""
    assert CASE.original.text.count(MADE) == 1
    old, new = (
        replace(s, data=s.text.replace(MADE, f"{MADE}{change}\n").encode()) for s in (CASE.original, CASE.patched)
    )
    check(replace(CASE, original=old, patched=new), START, fast=fast)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("class Option(ABC):", "class Option(dict):"),
        ("class Slow(Option):", "class Slow(Option, list):"),
        ("class Option(ABC):", "class Option(ABC, metaclass=type(ABC)):"),
        ("class Option(ABC):", "ABC = dict\n\n\nclass Option(ABC):"),
        ("class Slow(Option):", "class Slow(Option):\n    __slots__ = ()"),
        ("class Slow(Option):", "class Slow(Option):\n    def __getattr__(self, name):\n        return 1.0\n"),
        ("class Option(ABC):", "class Option(ABC):\n    def __init_subclass__(cls):\n        cls.SCALE = 1.0\n"),
        ("        return self.SCALE * 0.02", "        return super(Put, self).drift()"),
        ("        return self.SCALE * 0.02", "        return super().SCALE"),
        ("    STEPS = 4", "    STEPS = 4\n    step = None"),
        ("class Odd(Put):", "Slow.drift = abs\n\n\nclass Odd(Put):"),
        ("class Odd(Put):", "Option = Slow\n\n\nclass Odd(Put):"),
    ],
)
def test_refusals(old: str, new: str) -> None:
    assert OPTIONS.count(old) == 1
    changed = OPTIONS.replace(old, new)
    made = "try:\n    " + MADE + "except TypeError:\n    opt = None\n"
    assert refusal(LOOP, START, prelude=changed + made)


def test_private_names_are_those_of_one_class() -> None:
    text = """
class Base:
    __SCALE = 2.0

    def __init__(self, x):
        self.x = x

    def value(self):
        return self.x * self.__SCALE


class Heir(Base):
    __SCALE = 50.0


opt = Heir(x)
"""
    assert refusal("for i in range(n):\n    total += opt.value()", "x = 1.5\nn = 3\ntotal = 0.0", prelude=text)


def test_lists_of_heirs() -> None:
    text = """
class Body:
    def __init__(self, m):
        self.m = m
        self.v = 0.0

    def push(self, by):
        self.v += by / self.m


class Moon(Body):
    pass


bodies = [Moon(m) for m in ms]
"""
    body = "for k in range(n):\n    for b in bodies:\n        b.push(0.5)\n        total += b.v"
    start = "ms = [1.5, 2.5]\nn = 5\ntotal = 0.0"
    c = compiled(body, start, prelude=text, hide=("k", "b"), after="final = [b.v for b in bodies]")
    check(c, start, fast=True)
    made = "bodies = [Moon(m) for m in ms]\n"
    for change in ("bodies.append(Body(2.0))", "bodies.clear()", "bodies[1].push = print", "bodies[0] = bodies[1]"):
        old, new = (
            replace(s, data=s.text.replace(made, f"{made}{change}\n").encode()) for s in (c.original, c.patched)
        )
        check(replace(c, original=old, patched=new), start, fast=False)
