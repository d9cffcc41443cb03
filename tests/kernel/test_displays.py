"""Loops over a few things that are written out, and what a dict gives where a key may be missing."""

from __future__ import annotations

import ast
import re

import pytest

from hasten.kernel import displays
from tests.kernel.differential import check, compiled, interpreted, refusal, run

SIDES = """
class Side:
    def __init__(self, start):
        self.total = start
        self.rank = 0


sides = [Side(1), Side(2)]
total, score, a, b, v = 0, 0.5, 0.5, 0.5, 0
"""
AFTER = "final = [[s.total, s.rank] for s in sides], [ score, a, b, v, total]"


def test_objects_and_numbers_in_turn() -> None:
    body = """
    for k, x, y in rows:
        left, right = sides[0], sides[1]
        for side, score in ((left, x), (right, y - x), (left, 0.5)):
            side.total += int(score * 2)
            x = score + 1
        for a, b in ((x, y), (y, x)):
            x = a * 2 + b
            total += int(x) % 7
        for v in (x, total):
            total += int(v) % 3
        last = seen.get(k)
        if last is not None and y - last < 3:
            total += 1000
        if seen.get(k) is None:
            total += 10
        if not seen.get(k) and k < 3:
            total += 100
        seen[k] = y
        flag = "hot" if y > 4 else "cold"
        before = flags.get(flag)
        if before is not None:
            side = left if before > 2 else right
            side.rank += before
        flags[flag] = k
    """
    facts = "rows = [(1, 2.5, 3), (2, 0.5, 4)]\n"
    prelude = SIDES + "seen = {}\nflags = {}\n"
    c = compiled(
        body, facts, prelude, hide=("k", "x", "y", "last", "before", "flag", "side", "left", "right"), after=AFTER
    )
    check(c, "rows = [(i % 4, i * 0.5, i * i % 11) for i in range(40)]", fast=True)
    check(c, "rows = []")
    check(c, "rows = [(1, 2.5, 3), (2, 0.5, None)]", fast=False)


@pytest.mark.parametrize(
    "text",
    [
        "for a in (x, y):\n    if a:\n        break",
        "for a in (x, y):\n    while a:\n        a -= 1\n    else:\n        continue",
        "for a in (x, y):\n    total += a\nelse:\n    total = 0",
        "for a in (1, 2):\n    total += a",
        "for a in (*x, y):\n    total += a",
        "for a, b in ((x, y), z):\n    total += a",
        "for a, a in ((x, y), (y, z)):\n    total += a",
        "for s.a in (x, y):\n    total += s.a",
        "for a in (x, y):\n    f = lambda: a",
        "for a in (x,):\n    total += a",
    ],
)
def test_loops_that_stay(text: str) -> None:
    stmts = ast.parse(text).body
    assert ast.unparse(displays.spelt(stmts, lambda n: f"{n}_1")) == text


def test_loops_within_are_left_as_they_are() -> None:
    text = "for a in (x, y):\n    for b in range(a):\n        if b > 2:\n            break\n    total += b"
    count = iter(range(9))
    made = ast.unparse(displays.spelt(ast.parse(text).body, lambda n: f"{n}_{next(count)}"))
    assert made.startswith("a_next_0 = x\na_next_1 = y\na = a_next_0\nfor b in range(a):")
    assert made.count("break") == 2


RULED = """
from collections import deque
from enum import Enum


class Level(Enum):
    OK = 0
    WARN = 1
    ALARM = 2


class Sensor:
    def __init__(self, name):
        self.name = name
        self.level = Level.OK
        self.recent = deque(maxlen=3)
        self.counts = {Level.OK: 0, Level.WARN: 0, Level.ALARM: 0}


def high(sensor, value):
    return 2 if value > 7 else 0


def jump(sensor, value):
    return 1 if abs(value - sensor.recent[0]) > 3 else 0


def stuck(sensor, value):
    return 1 if all(v == value for v in sensor.recent) else 0


RULES = [("high", high), ("jump", jump), ("stuck", stuck)]


class Monitor:
    def __init__(self):
        self.sensors = {}
        self.fired = {}
        self.journal = []

    def process(self, name, value):
        sensor = self.sensors.get(name)
        if sensor is None:
            sensor = Sensor(name)
            self.sensors[name] = sensor
        sensor.recent.append(value)
        worst = 0
        for label, rule in RULES:
            found = rule(sensor, value)
            if found:
                self.fired[label] = self.fired.get(label, 0) + 1
            worst = max(worst, found)
        level = Level(worst)
        if level is not sensor.level:
            self.journal.append((name, sensor.level.name, level.name, level.value))
            sensor.level = level
        sensor.counts[level] += 1


monitor = Monitor()
"""


def test_a_list_of_rules() -> None:
    after = "final = [(k, s.level.name, [*s.recent], [(m.name, n) for m, n in s.counts.items()])"
    after += " for k, s in monitor.sensors.items()], monitor.fired, monitor.journal"
    after += "\nassert all(type(s.level) is Level for s in monitor.sensors.values())"
    body = "for name, value in rows:\n    monitor.process(name, value)\n"
    c = interpreted(compiled(body, "rows = [('a', 1), ('b', 9), ('a', 5)]", RULED, after=after, hide=("name", "value")))
    rows = "rows = [('abc'[i % 3], i * i % 11) for i in range(60)] + [('a', 4)] * 5"
    old, new = run(c.original, rows, "old"), run(c.patched, rows, "new")
    assert new.fast
    assert repr(old.state["final"]) == re.sub(r"np\.int64\((\d+)\)", r"\1", repr(new.state["final"]))
    check(c, "rows = [('a', 1), (None, 9), ('a', 5)]", fast=False)


@pytest.mark.parametrize(
    "change",
    [
        ("]\n\n\nclass Monitor", "]\nRULES.append(('more', high))\n\n\nclass Monitor"),
        ("]\n\n\nclass Monitor", "]\nRULES[0] = ('high', stuck)\n\n\nclass Monitor"),
        ("]\n\n\nclass Monitor", "]\nalso = RULES\nalso.pop()\n\n\nclass Monitor"),
        ("]\n\n\nclass Monitor", "]\nhigh = stuck\n\n\nclass Monitor"),
        ("]\n\n\nclass Monitor", "]\nglobals()['RULES'] = []\n\n\nclass Monitor"),
        (
            "            found = rule(sensor, value)\n",
            "            found = rule(sensor, value)\n            last = rule\n",
        ),
        ("            worst = max", "            if found:\n                break\n            worst = max"),
    ],
)
def test_lists_of_rules_that_stay(change: tuple[str, str]) -> None:
    assert RULED.count(change[0]) == 1
    body = "for name, value in rows:\n    monitor.process(name, value)\n"
    found = refusal(body, "rows = [('a', 1), ('b', 9)]", RULED.replace(*change))
    assert "RULES" in found or "own names" in found
