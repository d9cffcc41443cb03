"""Generator functions that are read by `next`, as the statements that they run."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, refusal

STREAMS = """
import math
import random

import numpy as np


def demand_of(item, rng):
    '''Endless daily demand.'''
    about = item["about"]
    while True:
        if rng.random() < about["chance"]:
            yield max(1, round(rng.gauss(about["mean"], 2.0)))
        else:
            yield 0


def lead_of(times, rng):
    while True:
        yield rng.choice(times)


def level_of(rng, start=0.0, keep=0.5):
    level = start
    while True:
        level = keep * level + rng.gauss(0.0, 1.0)
        yield level


def count_from(n):
    while True:
        yield n
        n += 1


def only_positive(source):
    while True:
        x = next(source)
        if x > 0:
            yield x


def sparse(rng):
    while True:
        x = rng.random()
        if x < 0.3:
            continue
        if x < 0.6:
            yield x
        else:
            y = rng.random()
            if y > 0.5:
                yield x + y


def steps(rng):
    size = rng.randint(1, 6)
    while True:
        if size > 3:
            yield size
            size -= 1
        else:
            size = rng.randint(1, 9)


def fading(values, rng):
    while True:
        values[0] *= 0.5
        yield values[0] + rng.random()


def ends(n):
    for i in range(n):
        yield i


def stops():
    while True:
        yield 1
        break
"""
START = """
item = {"name": "a", "about": {"chance": 0.7, "mean": 9.5}}
times = [2, 3, 3, 5]
values = [8.0, 1.0]
days = 40
seed = 7
"""
HIDE = ("a", "b", "c", "rng", "day", "x", "y", "pipeline", "stock")
TAKEN = {
    "two streams": """
a = demand_of(item, random.Random(seed))
b = lead_of(times, random.Random(seed + 1))
stock, pipeline, out = 20, [], []
for day in range(days):
    arrived = sum(n for due, n in pipeline if due <= day)
    pipeline = [(due, n) for due, n in pipeline if due > day]
    stock += arrived
    x = next(a)
    stock -= min(stock, x)
    if stock < 8:
        pipeline.append((day + 1 + next(b), 12))
    out.append(stock)
""",
    "one stream for both": """
rng = random.Random(seed)
a, out = level_of(rng), []
b = lead_of(rng=rng, times=times)
for day in range(days):
    out.append(next(a))
    if day % 3 == 0:
        out.append(float(next(b)))
""",
    "anew in each turn": """
out = []
for day in range(days):
    a = level_of(random.Random(seed + day), keep=0.25)
    for y in range(day % 5):
        out.append(next(a))
""",
    "one of another": """
b = level_of(random.Random(seed))
a, out = only_positive(b), []
for day in range(days):
    out.append(next(a))
    if day % 4 == 0:
        out.append(next(b))
""",
    "counted": """
a, out = count_from(seed), []
for day in range(days):
    out.append(next(a))
    if day % 2:
        out.append(next(a) - next(a))
""",
    "before an element that it changes": """
a, out = fading(values, random.Random(seed)), []
for day in range(days):
    out.append(next(a) + values[0])
""",
    "before another draw": """
rng = random.Random(seed)
out = []
a = level_of(rng)
for day in range(days):
    out.append(next(a) + rng.random())
""",
    "some turns give nothing": """
a, out = sparse(random.Random(seed)), []
for day in range(days):
    if next(a) > 0.4:
        out.append(1)
    elif next(a) > 0.4:
        out.append(2)
    out.append(3)
""",
}
TAKEN["one stream for both"] = TAKEN["one stream for both"].replace(
    "a, out = level_of(rng), []", "out = []\na = level_of(rng)"
)
for _name in ("one of another", "before an element that it changes", "counted", "some turns give nothing"):
    _first, _, _rest = TAKEN[_name].partition("a, out = ")
    TAKEN[_name] = _first + "out = []\na = " + _rest.replace(", []\n", "\n", 1)


@pytest.mark.parametrize("name", TAKEN)
def test_spelt_out(name: str) -> None:
    c = compiled(TAKEN[name], START, prelude=STREAMS + START, hide=(*HIDE, "arrived"))
    check(c, "", fast=True)


LEFT = {
    "an end": "a = ends(50)\nout = 0\nfor day in range(days):\n    out += next(a)\n",
    "a break": "a = stops()\nout = 0\nfor day in range(days):\n    out += next(a)\n",
    "more after a yield that some turns skip": "a = steps(random.Random(seed))\nout = 0\nfor day in range(days):\n    out += next(a)\n",
    "handed on": "a = count_from(3)\nb = a\nout = 0\nfor day in range(days):\n    out += next(b)\n",
    "gone over": "a = count_from(3)\nout = 0\nfor x in a:\n    out += x\n    if x > 9:\n        break\n",
    "a default": "a = count_from(3)\nout = 0\nfor day in range(days):\n    out += next(a, 0)\n",
    "not always": "a = count_from(3)\nout = 0\nfor day in range(days):\n    out += next(a) if day else 0\n",
    "perhaps": "a = count_from(3)\nout = 0\nfor day in range(days):\n    out += day > 3 and next(a) > 5\n",
    "a test of a loop": "a = count_from(3)\nout = 0\nwhile next(a) < 30:\n    out += 1\n",
    "after an element that it changes": (
        "a = fading(values, random.Random(seed))\nout = 0.0\nfor day in range(days):\n    out = values[0] + next(a)\n"
    ),
    "after another draw": (
        "rng = random.Random(seed)\na = level_of(rng)\nout = 0.0\nfor day in range(days):\n    out += rng.random() * next(a)\n"
    ),
    "a name of its own here": (
        "math = 3\na = level_of(random.Random(seed))\nnext = abs\nout = 0.0\nfor day in range(days):\n    out += next(a)\n"
    ),
    "another one later": "a = count_from(3)\nout = 0\nfor day in range(days):\n    out += next(a)\n    a = count_from(day)\n",
    "before it is there": "out = 0\nfor day in range(days):\n    if day:\n        out += next(a)\n    a = count_from(day)\n",
}


@pytest.mark.parametrize("name", LEFT)
def test_left_alone(name: str) -> None:
    assert refusal(LEFT[name], START, prelude=STREAMS + START)
