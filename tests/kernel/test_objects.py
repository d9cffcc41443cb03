"""Kernels that work on objects: attributes as cells, methods as compiled functions."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hasten.core.facts import Facts, RegionFacts
from hasten.core.recipe import Recipe
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel.regions import regions_of
from hasten.observe.describe import describe
from hasten.passes.source.jit import Jit
from tests.kernel.differential import Compiled, check, compiled, refusal

NET = """
import math
import numpy as np


class Net:
    RATE = 0.5

    def __init__(self, w, bias):
        self.w = w
        self.bias = bias
        self.count = 0
        self.moves = [0.0] * len(w)
        self.name = "net"

    def score(self, x):
        s = self.bias
        for j in range(len(self.w)):
            s += self.w[j] * x
        return s * self.RATE

    def step(self, x, y, rate=0.1):
        error = y - self.score(x)
        self.bias += rate * error
        self.count += 1
        for j in range(len(self.w)):
            self.w[j] += rate * error * x
            self.moves[j] += abs(rate * error * x)
        if error > 1e6:
            return
        self.shift(error)

    def shift(self, by):
        self.bias = self.clipped(self.bias + 0.001 * by)

    @staticmethod
    def clipped(v):
        return min(max(v, -5.0), 5.0)


class Quiet(Net):
    def score(self, x):
        return 0.0
"""
AFTER = "final = (net.w, net.bias, net.count, net.moves)"
START = "w = [0.5, -0.25]\nbias = 0.125\nxs = [1.0, 2.0, 3.0]\nys = [2.0, 4.5, 5.0]\nn = 20\n"
LOOP = """
for k in range(n):
    for x, y in zip(xs, ys):
        net.step(x, y, rate=0.01)
    total += net.bias * net.score(0.5)
"""
STEPS = compiled(
    LOOP, START + "total = 0.0", prelude=NET + "\n\nnet = Net(w, bias)\n", hide=("k", "x", "y"), after=AFTER
)


@pytest.mark.parametrize(
    ("setup", "fast"),
    [
        (START, True),
        (START + "n = 500\n", True),
        (START + "bias = 4\n", False),  # an int that becomes a float
        (START + "w = [1, 2]\n", False),
        (START + "w = [1e308, 1e308]; n = 1", None),
        (START + "w = [math.nan, 1.0]", False),
        (START + "ys = [2.0]", True),
        (START + "xs = [None]", False),
        (START + "bias = np.float64(0.5)", False),
        (START + "w = xs = [1.0, 2.0]", False),  # one list under two names
        (START + "w = np.array([1.0, 2.0])", False),
    ],
)
def test_steps(setup: str, fast: bool | None) -> None:
    check(STEPS, setup + "\ntotal = 0.0", fast=fast)


@pytest.mark.parametrize(
    "change",
    [
        "net = Quiet(w, bias)",
        "net.score = lambda x: 1.0",
        "net.count = 2**63 - 5",
        "Net.bias = property(lambda self: 0.5, lambda self, v: None)",
        "net.count = True",
        "net.RATE = 0.25",
        "Net.RATE = 1",
        "other = Net(w, bias); del net.count; Net.count = 0",
    ],
)
def test_other_objects_run_the_original(change: str) -> None:
    """The change happens in code that the pass does not see."""
    prelude = NET + "\n\nnet = Net(w, bias)\n"
    c = compiled(LOOP, START + "total = 0.0", prelude=prelude, hide=("k", "x", "y"), after=AFTER)
    hook = "net = Net(w, bias)\n"
    for source in (c.original, c.patched):
        assert source.text.count(hook) == 1
    old, new = (replace(s, data=s.text.replace(hook, hook + change + "\n").encode()) for s in (c.original, c.patched))
    check(replace(c, original=old, patched=new), START + "total = 0.0", fast=False)


METHOD = """
import math


class Walker:
    def __init__(self, rng, n):
        self.rng = rng
        self.x = 0.0
        self.y = 0.0
        self.best = -1
        self.n = n

    def walk(self, steps):
        inside = 0.0
        for i in range(steps):
            self.x, self.y = self.x + self.rng.random() - 0.5, self.y + self.rng.uniform(-1, 1) * self.n
            if self.far() > 3:
                self.best = i
                self.x = 0.0
            inside = self.x / (self.n - 3)
        return inside

    def far(self):
        return abs(self.x) + abs(self.y)
"""


def method_compiled() -> Compiled:
    """`walk` with a kernel in front, and a call of it."""
    text = METHOD + "\n\nwalker = Walker(rng, n)\nresult = (walker.walk(steps), walker.x, walker.y, walker.best)\n"
    source = SourceFile("snippet.py", text.encode())
    region = next(r for r in regions_of(source, entry=True) if r.kind == "function" and r.qualname == "Walker.walk")
    state: dict[str, Any] = {"rng": random.Random(3), "n": 5, "steps": 4}
    exec(text, state)
    types = {"self": (describe(state["walker"]),), "steps": (describe(4),)}
    types |= {f"self.{k}": (describe(v),) for k, v in vars(state["walker"]).items()}
    work = ScriptWorkload(Path("."), Entry("script", "snippet.py"), "snippet.py").with_sources({"snippet.py": source})
    facts = Facts(regions={region.id: RegionFacts(region.id, types=types)})
    assert not Jit().explain(work, region, facts)
    (finding,) = Jit().find(work, region, facts)
    (change,) = Jit().propose(work, finding, facts)
    return Compiled(source, Recipe((change,)).apply(work).source("snippet.py"), change, ("result",))


WALK = method_compiled()


@pytest.mark.parametrize(
    ("setup", "fast"),
    [
        ("import random\nrng = random.Random(9)\nn = 5\nsteps = 400", True),
        ("import random\nrng = random.Random(9)\nn = 3\nsteps = 4", False),  # raises after numbers were drawn
        ("import random\nrng = random.Random(9)\nn = 5\nsteps = 0", True),
        ("import random\nrng = random.SystemRandom\nn = 5\nsteps = 0", False),
    ],
)
def test_method_as_region(setup: str, fast: bool) -> None:
    check(WALK, setup, fast=fast)


@pytest.mark.parametrize(
    ("body", "prelude", "why"),
    [
        ("for i in range(n):\n    net.other = 1.0", NET, "not a number or list"),
        ("for i in range(n):\n    net.w = xs", NET, "another name"),
        ("for i in range(n):\n    net.w = net.moves", NET, "another name"),
        ("for i in range(n):\n    net.w = [1]", NET, "another type"),
        ("for i in range(n):\n    net = 3\n    net.step(1.0, 2.0)", NET, ""),
        ("for i in range(n):\n    net.step(1.0, 2.0)", NET + "\nNet.step = None\n", ""),
        ("for i in range(n):\n    net.step(1.0, 2.0)", NET.replace("class Net:", "class Net(dict):"), ""),
        ("for i in range(n):\n    net.step(1.0, 2.0)", NET + "\nsetattr(Net, 'x', 1)\n", ""),
    ],
)
def test_refusals(body: str, prelude: str, why: str) -> None:
    reason = refusal(body, START, prelude=prelude + "\nnet = Net(w, bias)\n")
    assert reason and why in reason


NAMES = """
class Grid:
    max: float = 4.0

    def __init__(self):
        self.type = 1

    def set(self, by):
        self.type += by

    def len(self):
        return len([self.type, 2])


def size(x):
    return x + 1


class Other:
    def size(self):
        return -1


grid = Grid()
"""


def test_methods_named_like_builtins() -> None:
    """What a class body binds is no name for other code."""
    body = "for i in range(n):\n    grid.set(max(i, 2))\n    total += size(len(xs)) + grid.len()"
    start = "n = 5\nxs = [1.0, 2.0]\ntotal = 0"
    check(compiled(body, start, prelude=NAMES, hide=("i",), after="final = grid.type"), start, fast=True)


@pytest.mark.parametrize("line", ["max = min", "def len(x):\n    return 7", "class B:\n    global len\n    len = 3"])
def test_other_builtins(line: str) -> None:
    assert refusal(
        "for i in range(n):\n    total += max(i, len(xs))", "n = 3\nxs = [1.0]\ntotal = 0", prelude=line + "\n"
    )
