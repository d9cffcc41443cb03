"""Lists within lists and dicts from outside, and lists that are attributes of many objects, which a kernel changes.

Most cases run the emitted text as plain Python; `tests/fuzz/objects.py` makes many more programs of this kind.
"""

from __future__ import annotations

import pytest

from hasten.core.recipe import Recipe
from hasten.passes.source.jit import Jit
from tests.fuzz import compiled, emulated
from tests.fuzz.choices import Program
from tests.fuzz.engine import PATH, Load, changes_of, compared, observed, run, workload
from tests.kernel.differential import refusal


def fast_calls(program: Program, load: Load = emulated.load) -> list[bool]:
    """Which calls took the kernel's result; all must give what they gave before, and leave everything the same."""
    change = next(
        c for c in changes_of(program, [Jit()]) if c.region.qualname == "work" and c.region.kind == "function"
    )
    text = Recipe((change,)).apply(workload(program.text)).source(PATH).text
    failure, _ = compared(program, text, [*run(program, program.text)], (change,), load)
    assert failure is None, f"{failure}"
    return [ran.fast for ran in run(program, text, load=load)]


def call(made: str, *steps: str, more: str) -> str:
    """The source of arguments: an object after these expressions on it, which is called `m` in them, and more."""
    return f"((lambda m: [{', '.join([*steps, 'm'])}][-1])({made}), {more})"


MODEL = """
import math
import random


class Model:
    def __init__(self):
        self.docs = [[0, 1, 2], [1], [2, 0, 3, 3]]
        self.marks = [[0, 1, 0], [1], [1, 0, 1, 0]]
        self.tables = [[0] * 4 for _ in range(2)]
        self.vectors = {"a": [0.5, 1.0], "b": [0.25]}
        self.layers = [[[0.5, 1.0], [0.25]], [[2.0]]]
        self.left = {3: [1.5, 2.5], 4: [0.5]}

    def add(self, d, w, z, more):
        self.tables[z][w] += more

    def weights(self, w):
        return [self.tables[z][w] + 0.5 for z in range(2)]

    @staticmethod
    def drawn(weights):
        r = random.random() * sum(weights)
        for z, p in enumerate(weights):
            r -= p
            if r < 0.0:
                return z
        return len(weights) - 1


def work(self, s, k):
    for d, doc in enumerate(self.docs):
        for i, w in enumerate(doc):
            self.add(d, w, self.marks[d][i], -1)
            z = self.drawn(self.weights(w))
            self.add(d, w, z, 1)
            self.marks[d][i] = z
    for name in ("a", "b", "a"):
        vector = self.vectors[name]
        for f in range(len(vector)):
            vector[f] += 0.5 * len(self.docs) + s
    self.layers[1][0][0] -= s
    self.left[k][-1] *= 2.0
    return s
"""
CASES = [
    ("(Model(), 0.5, 3)", True),
    (call("Model()", "m.marks.__setitem__(1, [0, 5])", more="0.5, 3"), True),
    # an index is out of range: what was done until then stays
    (call("Model()", "m.marks[2].pop()", more="0.5, 3"), False),
    (call("Model()", "m.marks[2].__setitem__(3, 7)", more="0.5, 3"), False),
    # one list in two places
    (call("Model()", "m.marks.__setitem__(0, m.marks[2])", more="0.5, 3"), False),
    (call("Model()", 'setattr(m, "tables", [[0] * 4] * 2)', more="0.5, 3"), False),
    (call("Model()", "m.marks.__setitem__(1, [True])", more="0.5, 3"), False),
    (call("Model()", "m.marks.__setitem__(1, (1,))", more="0.5, 3"), False),
    (call("Model()", "m.tables[1].__setitem__(0, 2**63 - 1)", more="0.5, 3"), False),
    (call("Model()", "m.tables[1].__setitem__(0, 2**70)", more="0.5, 3"), False),
    (call("Model()", 'm.vectors.update(b=m.vectors["a"])', more="0.5, 3"), False),
    (call("Model()", "m.vectors.update(b=m.left[3])", more="0.5, 3"), False),  # of another container
    (call("Model()", "m.vectors.update(b=[math.nan])", more="0.5, 3"), False),
    (call("Model()", "m.vectors.update(b=[-0.0])", more="-1.5, 3"), True),
    (call("Model()", "m.vectors.update(b=[1])", more="0.5, 3"), False),
    (call("Model()", "m.vectors.update(b=[])", more="0.5, 3"), True),
    (call("Model()", 'm.vectors.pop("b")', more="0.5, 3"), False),
    (call("Model()", "m.layers[1].__setitem__(0, m.layers[0][1])", more="0.5, 3"), False),
    ("(Model(), 0.5, 4)", True),
    ("(Model(), 0.5, 5)", False),
    (call("Model()", "m.left[3].clear()", more="0.5, 3"), False),
]


def test_rows_that_change() -> None:
    calls = tuple(source for source, _ in CASES)
    found = fast_calls(Program(MODEL, calls[:1], calls[1:]))
    assert dict(zip(calls, found, strict=True)) == dict(CASES)


AGENTS = """
import math
import random


class Agent:
    def __init__(self, n):
        self.n = n
        self.counts = [0] * n
        self.trail = []
        self.best = [0.5] * n
        self.met = [(n, 0.5)]
        self.names = ["a", "b"][:n]

    def reset(self):
        self.counts = [0] * self.n
        self.trail.append(self.counts[0])


class Shy(Agent):
    def __init__(self, n):
        super().__init__(n)
        self.wins = [1] * n

    def reset(self):
        super().reset()
        self.wins = [1] * self.n


def work(agents, n):
    total = 0.0
    for i in range(n):
        for a in agents:
            if i % 3 == 2:
                old = a.counts
                a.reset()
                old[0] = 9
            a.counts[i % len(a.counts)] += 1
            a.best[-1] = min(max(a.best[-1] + random.uniform(-1, 1), 0.0), 2.0)
            a.met.append((i, a.best[0]))
            total += a.met[-1][1] + len(a.names[0])
            if a.counts[0] > 3:
                a.best = [v * 0.5 for v in a.best]
    return total
"""
SHY = "[Shy(1), Shy(2), Shy(3)]"
MANY = [
    (f"({SHY}, 7)", True),
    (f"({SHY}, 2)", True),  # no list is replaced
    (f"({SHY}, 0)", True),
    ("([], 3)", False),
    (call(SHY, 'setattr(m[1], "counts", m[0].counts)', more="7"), False),
    (call(SHY, 'setattr(m[1], "best", m[0].best)', more="7"), False),
    (call(SHY, "m[0].best.__setitem__(0, math.nan)", more="7"), False),
    (call(SHY, "m[0].met.append((1, math.nan))", more="7"), False),
    (call(SHY, "m[0].met.append((1, 2))", more="7"), False),
    (call(SHY, "m[0].met.clear()", more="7"), True),
    (call(SHY, "m.append(m[0])", more="7"), False),
    (call(SHY, "m[2].counts.clear()", more="7"), False),
    (call(SHY, 'setattr(m[2], "names", m[1].names)', more="7"), True),  # only read
    (call(SHY, 'setattr(m[2], "names", ["", "longer"])', more="7"), True),
    (call(SHY, "m[1].counts.__setitem__(0, 2**63 - 1)", more="7"), False),
    (call(SHY, "m[1].trail.append(True)", more="7"), False),
    (call(SHY, "m[1].trail.append(3)", 'setattr(m[0], "n", 4)', more="7"), True),
    (call(SHY, "m.append(Agent(2))", more="7"), False),
]


def test_lists_of_many_objects() -> None:
    calls = tuple(source for source, _ in MANY)
    found = fast_calls(Program(AGENTS, calls[:1], calls[1:]))
    assert dict(zip(calls, found, strict=True)) == dict(MANY)


def test_lists_of_many_objects_in_compiled_kernels() -> None:
    calls = tuple(source for source, _ in (MANY[0], MANY[4], MANY[16]))
    assert fast_calls(Program(AGENTS, calls[:1], calls[1:]), compiled.load) == [True, False, True]


def test_some_of_the_objects_have_such_lists() -> None:
    game = (
        AGENTS.partition("def work")[0]
        + """def work(agents, n):
    total = 0
    for i in range(n):
        for a in agents:
            a.reset()
            a.counts[0] += i
            total += a.counts[0]
    return total
"""
    )
    both = "[Shy(1), Agent(2), Shy(3)]"
    calls = (f"({both}, 3)", call(both, 'setattr(m[0], "wins", m[2].wins)', more="3"), "([Agent(1)] * 2, 3)")
    assert fast_calls(Program(game, calls[:1], calls[1:])) == [True, False, False]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("for a in agents:\n    a.best = agents[0].best", "another name"),
        ("shared = [1.0]\nfor a in agents:\n    a.best = shared", "made here"),
        ("for a in agents:\n    total += a.odd[0]", "several kinds"),
        ("for a in agents:\n    a.counts = 3", ""),
        ("for a in agents:\n    a.trail.append(0.5)\n    a.trail.append(1)", ""),
    ],
)
def test_refusals(body: str, why: str) -> None:
    some = "agents = [Agent(2), Agent(3)]\nfor a in agents:\n    a.odd = [1, 'x']\n"
    assert why in refusal(body, "n = 3\ntotal = 0.0", prelude=AGENTS.partition("def work")[0] + some)


WORLD = """
import random
from enum import Enum


class Mood(Enum):
    CALM = 1
    LOUD = 2


class Cell:
    def __init__(self, x, mood):
        self.x = x
        self.mood = mood


class World:
    def __init__(self, size):
        self.size = size
        self.cells = [Cell(0.5, Mood.CALM), Cell(1.5, Mood.LOUD)]
        self.log = []
        self.names = ["start"]

    def step(self, k):
        for c in self.cells:
            c.x = min(max(c.x + random.uniform(-1, 1), 0), self.size)
        counts = {m: 0 for m in Mood}
        for c in self.cells:
            counts[c.mood] += 1
            if c.x > 1:
                c.mood = Mood.LOUD
        self.log.append((k, counts[Mood.LOUD], self.cells[0].x + 0.5))
        self.names.append("odd" if k % 2 else self.names[-1])
        return self.log[-1][1]


def work(world, n):
    total = 0
    for k in range(n):
        total += world.step(k)
    return total
"""


def test_clamped_numbers_tuples_in_attributes_and_members_gone_over() -> None:
    one = "World(2.0)"
    cases = [
        (f"({one}, 40)", True),
        (call(one, 'setattr(m, "size", 1.25)', "m.log.append((1, 2, 0.5))", more="40"), False),
        (call(one, 'setattr(m.cells[0], "x", 3)', more="40"), True),
        (call(one, 'setattr(m.cells[0], "x", 2**60)', more="40"), False),
        (call(one, "m.log.append((1, 2))", more="40"), False),
        (call(one, "m.names.append(1)", more="40"), False),
        (call(one, 'setattr(m.cells[1], "mood", 1)', more="40"), False),
    ]
    calls = tuple(source for source, _ in cases)
    found = fast_calls(Program(WORLD, calls[:1], calls[1:]))
    assert dict(zip(calls, found, strict=True)) == dict(cases)


FILTER = """
import random


class Particle:
    def __init__(self, x, w, tag="new"):
        self.x = x
        self.w = w
        self.tag = tag
        self.parent = None

    def moved(self, step):
        self.x += step
        return self.x


class Filter:
    def __init__(self, n):
        self.n = n
        self.particles = [Particle(0.5 * i, 1.0, "old") for i in range(n)]
        self.best = []
        self.done = [Particle(9.0, 0.25)]

    def resample(self):
        out = []
        for i in range(self.n):
            src = self.particles[random.randrange(len(self.particles))]
            if src.x > 1.0:
                new = Particle(src.x, src.w * 0.5)
                new.parent = i
                out.append(new)
            else:
                out.append(src)
        self.particles = out


def work(f, n):
    total = 0.0
    for step in range(n):
        for p in f.particles:
            total += p.moved(random.gauss(0.0, 0.5))
        if step % 2:
            f.resample()
        f.particles[step % f.n] = Particle(total, 0.5, f.particles[0].tag)
        f.done.append(f.particles[-1])
        if len(f.done) > 3:
            last = f.done.pop()
            total += last.w
        total += sum(1 for p in f.particles if p.parent is not None)
        total += f.done[-1] is f.particles[-1]
    return total
"""


def test_lists_of_objects_that_change() -> None:
    one = "Filter(4)"
    cases = [
        (f"({one}, 5)", True),
        (f"({one}, 0)", True),
        (call(one, "m.particles.append(m.particles[0])", more="5"), True),  # twice there: one object
        (call(one, "m.done.append(m.particles[1])", more="5"), True),  # in two lists
        (call(one, "m.particles[0].__dict__.update(more=[1])", more="5"), True),
        (call(one, "setattr(m, 'done', m.particles)", more="5"), False),  # one list under two names
        (call(one, "setattr(m, 'done', [])", more="5"), True),
        (call(one, "m.particles.append(None)", more="5"), False),
        (call(one, "m.particles.append(m)", more="5"), False),
        (call(one, "m.particles.append(type('P', (Particle,), {})(1.0, 2.0))", more="5"), False),
        (call(one, "setattr(m, 'particles', tuple(m.particles))", more="5"), False),
        (call(one, "setattr(m.particles[2], 'x', 1)", more="5"), False),
        (call(one, "setattr(m.particles[2], 'tag', 'other')", "setattr(m.particles[1], 'parent', 7)", more="5"), True),
        (call(one, "setattr(m.particles[2], 'tag', None)", more="5"), False),
        (call(one, "delattr(m.particles[2], 'parent')", more="5"), False),
        (call(one, "m.particles.clear()", more="5"), False),
        (call(one, "setattr(m, 'n', 9)", more="8"), True),
    ]
    calls = tuple(source for source, _ in cases)
    found = fast_calls(Program(FILTER, calls[:1], calls[1:]))
    assert dict(zip(calls, found, strict=True)) == dict(cases)


def test_lists_of_objects_that_change_in_compiled_kernels() -> None:
    calls = ("(Filter(4), 5)", call("Filter(4)", "m.done.append(m.particles[1])", more="7"))
    assert fast_calls(Program(FILTER, calls[:1], calls[1:]), compiled.load) == [True, True]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("self.parent = None", "self.parent = self", ""),
        ("self.parent = None", "self.parent = [1.0]", "no number or string"),
        ("class Particle:", "class Particle:\n    def __del__(self):\n        pass\n", "a way of its own"),
        ("f.particles[step % f.n] = Particle(", "f.particles[step % f.n] = max(", ""),
    ],
)
def test_refused_lists_of_objects(old: str, new: str, why: str) -> None:
    program = Program(FILTER.replace(old, new), ("(Filter(4), 5)",))
    regions, facts = observed(program)
    region = next(r for r in regions if r.qualname == "work" and r.kind == "function")
    reason = Jit().explain(workload(program.text), region, facts)
    assert reason and why in reason


TWO_LISTS = """
class Spot:
    def __init__(self, x):
        self.x = x


class World:
    def __init__(self, kept, spots):
        self.kept = [Spot(float(i)) for i in range(kept)]
        self.spots = [Spot(0.5 * i) for i in range(spots)]


def work(w, n):
    total = 0.0
    for step in range(n):
        total += step * 0.5
        if w.kept[-1] is w.spots[-1]:
            total += 1.0
    return total
"""


def test_lists_of_which_one_is_empty_raise_when_their_last_objects_are_compared() -> None:
    calls = ("(World(3, 2), 5)", "(World(0, 2), 5)", "(World(3, 0), 5)", "(World(0, 0), 0)")
    found = fast_calls(Program(TWO_LISTS, calls[:1], calls[1:]))
    assert found[0] is True
