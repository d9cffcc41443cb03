"""Kernels of lists of objects of several classes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kernel.differential import check, compiled, refusal

SHAPES = """
import math
import random


class Shape:
    SIDES = 0
    kept = 1.5

    def __init__(self, x, label):
        self.x = x
        self.label = label
        self.hits = 0
        self.last = None

    def area(self):
        raise NotImplementedError

    def worth(self, rate):
        return self.area() * rate + self.extra

    @property
    def extra(self):
        return 0.25

    def touch(self, by):
        self.hits += by
        if self.hits > 7:
            self.x -= 0.5
            return
        self.last = self.x

    def size(self):
        return 3


class Circle(Shape):
    def __init__(self, x, label, r):
        super().__init__(x, label)
        self.r = r

    def area(self):
        return math.pi * self.r ** 2

    @property
    def extra(self):
        return self.r / (self.x + 4.0)


class Rect(Shape):
    SIDES = 4
    kept = 2

    def __init__(self, x, label, w, h):
        super().__init__(x, label)
        self.w = w
        self.h = h
        self.extra_room = 1

    def area(self):
        return self.w * self.h

    def touch(self, by):
        super().touch(by + 1)
        Shape.touch(self, by=0)
        self.w *= 1.125

    def size(self):
        if self.hits > 3:
            return 0.5
        return 2

    def only_here(self, other):
        return other is self or self.w > other.x


class Square(Rect):
    def __init__(self, x, label, side):
        super().__init__(x, label, side, side)

    def area(self):
        return self.w ** 2

    def size(self):
        return 1.5
"""
MAKE = """
shapes = []
for i, k in enumerate(order):
    shapes.append(
        Circle(i * 0.5, "c", 1.0 + i) if k == 0 else Rect(i * 0.25, "r", 2.0, i + 0.5) if k == 1 else Square(1.0 * i, "q", 3.0)
    )
first = shapes[0] if shapes else None
given = list(shapes)
best = None
"""
LOOP = """
for k in range(n):
    for i, s in enumerate(shapes):
        total += s.worth(rates[(k + i) % len(rates)]) * s.SIDES
        s.touch(rng.randrange(3))
        s.x += 0.125
        if s.size() >= s.kept:
            large += 100
        counts.append(s.hits)
        if isinstance(s, Rect) and s.only_here(shapes[k % len(shapes)]):
            boxes += s.extra_room
        if not isinstance(s, (Circle, Square)) or s.label == "c" and s.area() > limit:
            large += 1
            best = s
        if s is shapes[-1] or s.last is None:
            large += 10
    total += sum(s.area() for s in shapes if s.hits < 9)
"""
START = """
order = [0, 1, 2, 1, 0]
n = 5
rates = [0.5, 2.0]
total, limit = 0.0, 12.0
boxes = large = 0
counts = []
rng = random.Random(3)
"""
AFTER = """
final = [(type(s).__name__, s.x, s.hits, s.last, getattr(s, "w", None), getattr(s, "r", None)) for s in shapes]
final = (final, total, boxes, large, counts, [s is best for s in shapes], [a is b for a, b in zip(shapes, given)])
"""
ALL = compiled(LOOP, "import random\n" + START, prelude=SHAPES + MAKE, hide=("k", "i", "s"), after=AFTER)
ALL = replace(ALL, outs=("final",))


def changed(change: str, fast: bool | None, start: str = START) -> None:
    """Both versions, with a change in code that the pass does not see."""
    hook = "given = list(shapes)\n"
    assert all(s.text.count(hook) == 1 for s in (ALL.original, ALL.patched))
    old, new = (
        replace(s, data=s.text.replace(hook, f"{hook}{change}\n").encode()) for s in (ALL.original, ALL.patched)
    )
    check(replace(ALL, original=old, patched=new), "import random\n" + start, fast=fast)


@pytest.mark.parametrize(
    ("change", "fast"),
    [
        ("", True),
        ("order = [0]\nlimit = 0.5", True),
        ("order = [1, 1]\nn = 2", True),
        ("order = [2, 2, 2]", False),  # nothing is bound to `best`
        ("order = [1] * 30", True),
        ("order = []", False),
        ("limit = math.inf", True),
        ("rates = [0.0, -0.0]", True),
        ("rates = [1]", False),
        ("rates = []", None),
        ("n = 0", None),
        ("total = -0.0", True),
    ],
)
def test_inputs(change: str, fast: bool | None) -> None:
    check(ALL, f"import math, random\n{START}{change}\n", fast=fast)


@pytest.mark.parametrize(
    ("change", "fast"),
    [
        ("shapes[1] = shapes[3]", False),  # one object in two places
        ("shapes.append(Shape(1.0, 's'))", False),  # of none of the classes that were seen
        ("class Odd(Square):\n    pass\nshapes[2] = Odd(1.0, 'q', 3.0)", False),
        ("shapes[2].area = lambda: 1.0", False),
        ("shapes[0].touch = lambda by: None", False),
        ("shapes[1].SIDES = 5", False),
        ("Rect.kept = 2.5", False),
        ("Rect.kept = 7", True),
        ("del Rect.kept", False),
        ("shapes[1].w = 1", False),
        ("shapes[1].x = 1", False),
        ("shapes[4].x = -4.0", False),  # divides by zero after much was changed
        ("shapes[2].w = 1e200", False),
        ("shapes[2].hits = 2**63 - 2", False),
        ("shapes[0].label = 5", False),
        ("shapes[2].label = 'another'", True),
        ("shapes[3].last = 2.5", True),
        ("shapes[3].last = 'x'", False),
        ("del shapes[3].last", False),
        ("shapes = tuple(shapes)", False),
        ("shapes[0] = None", False),
        ("Circle.r = property(lambda self: 2.0, lambda self, v: None)", False),
        ("shapes[0].x = math.nan", True),
        ("shapes[0].w = 9.0", True),  # not an attribute that a circle's methods know
    ],
)
def test_what_the_guard_sees(change: str, fast: bool) -> None:
    changed(change, fast)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("for s in shapes:\n    total += s.missing()", "no class has a method"),
        ("for s in shapes:\n    total += s.missing", "no class has an attribute"),
        ("for s in shapes:\n    s.fresh = 1.0", "no class has"),
        ("for s in shapes:\n    s.area = 1.0", ""),
        ("for s in shapes:\n    s.extra = 1.0", ""),
        ("for s in shapes:\n    shapes.append(s)", ""),
        ("for s in shapes:\n    f = s.area", "as a value"),
        ("for s in shapes:\n    if s == shapes[0]:\n        total += 1.0", ""),
        ("for s in shapes:\n    s.__class__ = Circle", ""),
    ],
)
def test_refusals(body: str, why: str) -> None:
    facts = "import random\n" + START
    reason = refusal(body, facts, prelude=SHAPES + MAKE)
    assert reason and why in reason


@pytest.mark.parametrize("body", ["total += s.r", "s.r = 2.0", "s.r *= 1.5"])
def test_an_attribute_that_only_some_have(body: str) -> None:
    """Where an object has none, the kernel gives up; the program raises, or makes one."""
    body = f"for s in shapes:\n    {body}\n    s.hits += 1\n    total += s.area()\n"
    c = compiled(body, "import random\n" + START, prelude=SHAPES + MAKE, hide=("s",), after=AFTER)
    check(c, "import random\n" + START + "order = [0, 0]", fast=True)
    check(c, "import random\n" + START, fast=False)


MIXED = """
class Bond:
    def __init__(self, rate):
        self.rate = rate
        self.seen = 0

    def value(self, t):
        self.seen += 1
        return 0

    def note(self):
        return None

    def pair(self, a, b=2):
        return (a - b, self.rate)


class Loan(Bond):
    FLOOR = 0.5

    def value(self, u):
        self.seen += 2
        if u > 2:
            return self.rate * u
        elif u == 1:
            return -0.0
        return 3.0

    def note(self):
        return self.rate

    def pair(self, a, b=3):
        while a > b:
            a -= 1
            if a == 4:
                return (a, self.FLOOR)
        return (a * b, self.rate)
"""


def test_results_of_several_types() -> None:
    """Of an int where the class gives one, of a float where the other does."""
    body = """
for t in range(n):
    for h in held:
        last = h.value(t)
        if h.note() is not None:
            noted += h.note()
        a, b = h.pair(t + 3)
        total += a * b
        if h.value(t) > 0 and h.value(t - 1) > 0:
            taken += 1
kept = [h.pair(1, b=4)[0] for h in held]
"""
    start = "rates = [0.5, 1.5, -0.25]\nn = 4\nlast = 1\nnoted = total = 0.0\ntaken = 0\nwhich = [0, 1, 1]\n"
    make = "held = [(Loan if k else Bond)(r) for k, r in zip(which, rates)]\n"
    after = "final = [h.seen for h in held]"
    c = compiled(body, start, prelude=MIXED + make, hide=("t", "h", "a", "b"), after=after)
    check(c, start, fast=True)
    check(c, start + "which = [1, 1, 0]", fast=True)
    check(c, start + "which = [1, 1, 0]\nn = 1", fast=True)
    check(c, start + "which = [0, 0, 0]", fast=True)
    check(c, start + "rates = [1, 2.0, 0.5]", fast=False)


HELD = """
import random


class Box:
    def __init__(self, things):
        self.things = things
        self.sum = 0.0
        self.turn = 0

    def run(self, n):
        for _ in range(n):
            a = self.things[random.randrange(len(self.things))]
            b = self.things[self.next_turn() % len(self.things)]
            if a is not b and a.beats(b):
                a.take(b, self)

    def next_turn(self):
        self.turn += 3
        return self.turn


class Stone:
    def __init__(self, w):
        self.w = w
        self.won = 0

    def beats(self, other):
        return isinstance(other, Twig) or self.w > other.w and self.strength(other) > 0.5

    def strength(self, other):
        return self.w / other.w

    def take(self, other, box):
        self.won += 1
        other.w -= 0.0625
        box.sum += self.w
        if other.w < 0.25:
            other.w = 2.0


class Twig:
    def __init__(self, w):
        self.w = w
        self.leaves = 3

    def beats(self, other):
        return self is not other and self.leaves > 0

    def take(self, other, box):
        if isinstance(other, Twig):
            other.leaves -= 1
            self.leaves += 1
        box.sum -= other.w
        if self.leaves > 4 and type(self) is not Stone:
            self.leaves = 1
"""


def test_objects_that_meet() -> None:
    """An object known to be of one class, and another that may be of any: they may be one."""
    start = "import random\nn = 200\n"
    make = "random.seed(1)\nthings = [Stone(1.0 + i) if i % 2 else Twig(0.5 * i + 0.5) for i in range(6)]\nbox = Box(things)\n"
    after = "final = (box.sum, box.turn, [(t.w, getattr(t, 'won', t.leaves if hasattr(t, 'leaves') else 0)) for t in things])"
    c = compiled(
        "for k in range(3):\n    box.run(n)\n",
        start,
        prelude=HELD.replace(" and type(self) is not Stone", "") + make,
        hide=("k",),
        after=after,
    )
    check(c, start, fast=True)
    check(c, start + "n = 0", fast=True)


TAXES = """
class Staff:
    def __init__(self, pay):
        self.pay = pay
        self.rank = 0

    def tax(self, gross):
        brackets = [(1000.0, 0.1), (3000.0, 0.2), (8000.0, 0.3)]
        due, low = 0.0, 0.0
        for limit, rate in brackets:
            if gross <= low:
                break
            due += (min(gross, limit) - low) * rate
            low = limit
        return due


class Boss(Staff):
    def tax(self, gross):
        return super().tax(gross) * 2.0


def richest(staff):
    best, most = None, -1.0
    for s in staff:
        if s.pay > most:
            best, most = s, s.pay
    best.rank += 1
    return most
"""


def test_tables_of_tuples_and_objects_bound_with_others() -> None:
    body = (
        "for k in range(n):\n    for s in staff:\n        s.pay -= s.tax(s.pay) * 0.125\n    total += richest(staff)\n"
    )
    start = "n, total = 5, 0.0\npays = [500.0, 2500.0, 9000.0]\n"
    make = "staff = [Boss(p) if p > 600 else Staff(p) for p in pays]\n"
    after = "final = [(s.pay, s.rank) for s in staff]"
    c = compiled(body, start, prelude=TAXES + make, hide=("k", "s"), after=after)
    check(c, start, fast=True)
    check(c, start + "pays = [100.0, 1000.0, 1000.0]", fast=True)
    check(c, start + "pays = [-2.0]", fast=False)  # None has no rank


NOBODY = """
class Runner:
    def __init__(self, pace):
        self.pace = pace
        self.wins = 0

    def cheer(self):
        return 3

    def win(self):
        self.wins += 1


def fastest(runners, limit):
    best = None
    for r in runners:
        if r.pace < limit:
            best = r
    return best.cheer()
"""


@pytest.mark.parametrize(
    "end", ["best.cheer()", "best.wins", "fastest(runners, limit)", "best.cheer()\n    best.win()"]
)
def test_nobody(end: str) -> None:
    """Where there is no object, the program raises: a method that looks at nothing does not run."""
    body = f"""
for k in range(n):
    best = None
    for r in runners:
        if r.pace < limit:
            best = r
    total += {end}
"""
    start = "n, total, limit = 5, 0, 2.0\npaces = [1.5, 2.5, 1.75]\n"
    make = "runners = [Runner(p) for p in paces]\n"
    c = compiled(body, start, prelude=NOBODY + make, hide=("k", "r", "best"), after="final = [r.wins for r in runners]")
    check(c, start, fast=True)
    check(c, start + "limit = 0.5", fast=False)
