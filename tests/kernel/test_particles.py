"""Kernels of lists of objects: attributes as columns, objects as places."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kernel.differential import check, compiled, refusal

BODIES = """
import math
from dataclasses import dataclass


@dataclass
class Body:
    x: float
    v: float
    mass: float
    pos: list
    hits: int = 0
    alive: bool = True

    def push(self, other, dt):
        if other is self:
            return
        d = other.x - self.x
        self.v += dt * other.mass * d / (abs(d) + 0.01)
        self.pos[0] += d

    @property
    def energy(self):
        return 0.5 * self.mass * self.v * self.v


class Heavy(Body):
    def push(self, other, dt):
        pass


class World:
    def __init__(self, bodies, star):
        self.bodies = bodies
        self.star = star
        self.time = 0.0
        self.log = []

    def step(self, dt, limit):
        for i, a in enumerate(self.bodies):
            for b in self.bodies[i + 1 :]:
                a.push(b, dt)
                b.push(a, dt)
        for b in self.bodies:
            b.x += b.v * dt
            if b.x > 4 / (b.hits + limit):
                b.hits += 1
                b.alive = not b.alive
        self.bodies[-1].v *= 0.5
        self.time += dt
        self.log.append(sum(b.energy for b in self.bodies) + self.star.x)


def busy(bodies):
    return len([b for b in bodies if b.alive and b.hits > 0])
"""
MAKE = """
world = World(bodies, star)
"""
LOOP = """
for k in range(n):
    world.step(0.125, limit)
    for b in world.bodies:
        if b.hits > 2:
            last = b
    total += busy(world.bodies)
"""
START = "n = 9\ntotal = 0\nlimit = 5.0\n"
AFTER = """
final = (world.time, world.log, total, [(b.x, b.v, b.pos, b.hits, b.alive) for b in world.bodies], star.x, star.v)
final = (final, bodies is world.bodies, [b is c for b, c in zip(bodies, given)], [last is b for b in bodies])
"""
OBJECTS = """
bodies = [Body(0.5 * k, 0.25, 1.0 + k, [0.0, 1.0]) for k in range(5)]
given = list(bodies)
star = Body(9.0, 0.0, 1.0, [0.0, 0.0])
last = bodies[0]
"""


STEPS = compiled(LOOP, START, prelude=BODIES + OBJECTS + MAKE, hide=("k", "b"), after=AFTER)


@pytest.mark.parametrize(
    ("change", "fast"),
    [
        ("", True),
        ("bodies[1] = bodies[0]", False),
        ("star = bodies[2]", False),
        ("bodies[3] = Heavy(1.0, 1.0, 1.0, [0.0, 0.0])", False),
        ("bodies[3].push = lambda other, dt: None", False),
        ("bodies[3].x = 1", False),
        ("bodies[3].x = None", False),
        ("bodies[3].x = math.nan", False),  # it gets into a list
        ("bodies[3].pos = [1.0]", False),
        ("bodies[3].pos = bodies[2].pos", False),
        ("bodies[3].pos = [1.0, math.nan]", False),
        ("bodies[3].hits = 2**70", False),
        ("bodies[3].hits = True", False),
        ("bodies.clear(); bodies.append(given[0])", None),
        ("bodies.clear()", False),
        ("bodies = tuple(bodies)", False),
        ("limit = -1.0", False),  # divides by zero after much was changed
        ("Body.v = property(lambda self: 0.0, lambda self, v: None)", False),
        ("Body.alive = False; del bodies[0].alive", False),
    ],
)
def test_steps(change: str, fast: bool) -> None:
    """The change happens in code that the pass does not see."""
    hook = "last = bodies[0]\n"
    assert all(s.text.count(hook) == 1 for s in (STEPS.original, STEPS.patched))
    old, new = (
        replace(s, data=s.text.replace(hook, f"{hook}{change}\n").encode()) for s in (STEPS.original, STEPS.patched)
    )
    check(replace(STEPS, original=old, patched=new, outs=("final",)), START, fast=fast)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("for b in bodies:\n    b.x = True", "in turn"),
        ("for b in bodies:\n    b.frozen = 1.0", "neither a number"),
        ("for b in bodies:\n    b.pos = bodies[0].pos", "another name"),
        ("for b in bodies:\n    b.push = 1.0", "over a method"),
        ("for b in bodies:\n    b.energy = 1.0", "over a method"),
        ("for b in bodies:\n    bodies.append(b)", ""),
        ("for b in bodies:\n    xs = [c for c in bodies if c is not b]", ""),
        ("for b in bodies:\n    if b == bodies[0]:\n        total += 1", ""),
        ("for i in range(3):\n    bodies[i] = bodies[0]", ""),
        ("for b in sorted(bodies):\n    total += 1", ""),
    ],
)
def test_refusals(body: str, why: str) -> None:
    reason = refusal(body, START, prelude=BODIES + OBJECTS)
    assert reason and why in reason


TANKS = """
import math
from dataclasses import dataclass


class Tank:
    __slots__ = ("level", "best", "count", "next")
    LIMIT = 4

    def __init__(self, level, best, count):
        self.level = level
        self.best = best
        self.count = count

    def fill(self, by):
        self.level += by
        if self.best is None or self.level > self.best:
            self.best = self.level
        if self.level > self.LIMIT:
            self.best = None
        if self.count < 3:
            self.count += 1
        else:
            self.count = 0.5


@dataclass(frozen=True, slots=True)
class Pipe:
    a: int
    b: int
    rate: float
"""
FILL = compiled(
    """
for pipe in pipes:
    tanks[pipe.a].fill(pipe.rate)
    if tanks[pipe.b].best is not None:
        total += tanks[pipe.b].level
""",
    "total = 0.0\nbig = 1",
    prelude=TANKS
    + """
tanks = [Tank(0, None, 0), Tank(1.5, 1.0, big), Tank(2, 3, 1)]
pipes = [Pipe(k % 3, -(k % 2) - 1, 0.25 * (k % 4)) for k in range(20)]
first = tanks[0]
""",
    hide=("pipe",),
    after="final = ([(t.level, t.best, t.count) for t in tanks], total, first is tanks[0])",
)


@pytest.mark.parametrize(
    ("change", "fast"),
    [
        ("", True),
        ("big = 2.5", True),
        ("big = 2**60", False),  # it shares an array with floats
        ("big = '7'", False),
        ("del tanks[1].best", False),
        ("tanks[0].level = math.nan", True),
        ("tanks[2].level = np.float64(1.0)", False),
        ("pipes[3] = Pipe(5, 0, 1.0)", False),
        ("pipes[3] = pipes[4]", False),
        ("Tank.level = 3.0", False),
        ("Tank.LIMIT = 2", True),
        ("Tank.LIMIT = 2.5", False),
    ],
)
def test_slots_and_numbers_of_several_types(change: str, fast: bool) -> None:
    hook = "first = tanks[0]\n"
    start = "total = 0.0\nbig = 1\n" + (change if change.startswith("big") else "")
    change = "" if change.startswith("big") else f"{change}\n"
    old, new = (replace(s, data=s.text.replace(hook, hook + change).encode()) for s in (FILL.original, FILL.patched))
    check(replace(FILL, original=old, patched=new, outs=("final",)), start, fast=fast)
