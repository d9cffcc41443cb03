"""Kernels of objects within objects: lists that grow, attributes that are None at first or get new lists, dicts."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, refusal

MONITOR = """
import math


class Ring:
    def __init__(self, items, size):
        self.items = items
        self.size = size

    def push(self, value):
        self.items.append(value)
        if len(self.items) > self.size:
            self.items.pop(0)

    def mean(self):
        return sum(self.items) / len(self.items)

    @property
    def full(self):
        return len(self.items) >= self.size


class Filter:
    def __init__(self, level, p):
        self.level = level
        self.slope = 0
        self.p = p
        self.pair = (0.0, 1.0)

    def update(self, value):
        if self.level is None:
            self.level = value
            return 0.0
        p = self.p
        self.level = self.level + self.slope + p[0][1]
        self.slope = self.slope + 0.25 * (value - self.level)
        self.p = [[p[0][0] * 0.5, p[1][0]], [p[0][1] + 0.125, p[1][1] * 0.75]]
        p[0][0] = 7.0
        self.pair = (value, self.pair[1] + 1)
        return value - self.level


class Monitor:
    def __init__(self, ring, filter, histogram, alarms):
        self.ring = ring
        self.filter = filter
        self.histogram = histogram
        self.alarms = alarms
        self.mean = 0.0
        self.last = None
        self.count = 0

    def update(self, value):
        self.count += 1
        self.mean += (value - self.mean) / self.count
        self.ring.push(value)
        off = self.filter.update(value)
        bucket = int(value // 5)
        self.histogram[bucket] = self.histogram.get(bucket, 0) + 1
        if self.ring.full and abs(off) > 1:
            self.last = self.count
            note(self, off)
        if value < -1000:
            self.last = None


def note(monitor, off):
    ring = monitor.ring
    monitor.alarms.append((monitor.count, off - ring.mean()))
"""
MAKE = """
ring = Ring(items, size)
filter = Filter(level, p)
monitor = Monitor(ring, filter, histogram, alarms)
"""
LOOP = """
for v in values:
    monitor.update(v)
"""
START = """
values = [1.0, 2.5, -3.0, 14.0, 9.5, 2.0]
size = 3
level = None
p = [[1.0, 0.5], [0.25, 2.0]]
histogram = {}
alarms = []
items = []
first = p[0]
"""
AFTER = """
m = monitor
final = (m.count, m.mean, m.last, m.histogram, m.alarms, m.ring.items, m.filter.level, m.filter.slope, m.filter.p, m.filter.pair)
final = (final, items is m.ring.items, histogram is m.histogram, alarms is m.alarms, p is m.filter.p, p, first)
"""
UPDATES = compiled(LOOP, START, prelude=MONITOR + MAKE, hide=("v",), after=AFTER)


@pytest.mark.parametrize(
    ("setup", "fast"),
    [
        ("", True),
        ("values = [3.0]", True),
        ("values = [0.25 * k for k in range(-300, 300)]", True),
        ("level = 2.5", True),
        ("level = 3", False),
        ("level = 'high'", False),
        ("size = 0", False),  # the mean of nothing
        ("size = -5", False),  # pops from an empty list, after much has changed
        ("items = [1.0, 2.0]", False),  # was always empty
        ("histogram = {1: 2}", False),
        ("alarms = [1, 'x']", True),  # only appended to
        ("alarms = items", False),
        ("values = [1.0, 2, 3.0]", False),
        ("values = [1.0, -2000.0, 4.0]", True),
        ("p = [p[0], p[0]]", False),
        ("p = [[1.0, 0.5], [0.25, 2.0, 1.0]]", False),
        ("p = [[1.0, math.nan], [0.25, 2.0]]", False),
        ("values = p[0]", False),
        ("values = [math.nan]", False),  # int(nan) raises
        ("values = [math.inf, 1.0]", False),
    ],
)
def test_updates(setup: str, fast: bool) -> None:
    check(UPDATES, START + setup, fast=fast)


FULL = compiled(
    LOOP,
    START + "items = [1.0, 2.0]\nhistogram = {0: 3}\nlevel = 4.0\n",
    prelude=MONITOR + MAKE,
    hide=("v",),
    after=AFTER,
)


@pytest.mark.parametrize(
    ("setup", "fast"),
    [
        ("items = [1.0, 2.0]; histogram = {3: 1, 0: 5}", True),
        ("items = []; histogram = {3: 1, 0: 5}", True),
        ("items = [1.0, math.nan]; histogram = {3: 1}", False),
        ("items = [1.0, 2]; histogram = {3: 1}", False),
        ("items = values; histogram = {3: 1}", False),  # grows under the loop that goes over it
        ("items = p[0]; histogram = {3: 1}", False),
    ],
)
def test_lists_that_were_not_empty(setup: str, fast: bool) -> None:
    check(FULL, START + "level = 1.0\n" + setup, fast=fast)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("self.mean = 0.0", "self.mean = 'x'", "not a number"),
        ("self.p = [[p[0][0] * 0.5", "self.p = p\n        p = [[p[0][0] * 0.5", "another name"),
        ("self.pair = (value, ", "self.pair = (1, ", "tuple of other types"),
        ("self.items.append(value)", "self.items.append(self)", ""),
        ("self.ring = ring", "self.ring = ring\n        self.rings = [ring]", ""),
        ("ring = monitor.ring", "monitor.ring = Ring([], 3)\n    ring = monitor.ring", "is an object and is assigned"),
        ("class Ring:", "class Ring(list):", ""),
    ],
)
def test_refusals(old: str, new: str, why: str) -> None:
    assert MONITOR.count(old) == 1
    prelude = MONITOR.replace(old, new) + MAKE
    if "rings" in new:
        prelude = prelude.replace("    ring = monitor.ring", "    ring = monitor.ring.rings[0]")
    reason = refusal(LOOP, START, prelude=prelude)
    assert reason and why in reason


WINDOW = """
import math
from collections import deque


class Window:
    def __init__(self, recent, old):
        self.recent = recent
        self.old = old

    def add(self, x):
        self.recent.append(x)
        while len(self.recent) > 4:
            self.old.append(self.recent.popleft())
        middle = sum(self.recent) / len(self.recent)
        return sum((v - middle) ** 2 for v in self.recent) + self.recent[-1] - sorted(self.old)[0]
"""
ADD = compiled(
    "for x in xs:\n    total += window.add(x)",
    "xs = [3.0, 1.0, 2.5, -4.0, 9.0]\ntotal = 0.0\nsize = 3\nn = None",
    prelude=WINDOW + "\nrecent = deque([1.0, 2.0, 5.0], size)\nold = deque([7.0], n)\nwindow = Window(recent, old)\n",
    hide=("x",),
    after="final = (list(recent), recent.maxlen, list(old), old.maxlen, recent is window.recent, total)",
)


@pytest.mark.parametrize(
    ("setup", "fast"),
    [
        ("", True),
        ("size = 2; n = 2", True),
        ("size = None", True),
        ("size = None; n = 1", True),
        ("size = 0", False),  # divides by zero
        ("xs = [1.0, math.inf]", True),
        ("xs = [1.0, 2]", False),
        ("xs = xs * 400", True),
        ("size = None; n = 0", False),  # IndexError after the other one has changed
    ],
)
def test_deques(setup: str, fast: bool) -> None:
    check(ADD, f"xs = [3.0, 1.0, 2.5, -4.0, 9.0]\ntotal = 0.0\nsize = 3\nn = None\n{setup}", fast=fast)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("items = self.recent\n        items.append(x)", "another name"),
        ("for v in self.recent:\n            self.recent.append(v)", "may change"),
        ("self.recent.append(self.recent[:2][0])", "slice of a deque"),
        ("self.recent.appendleft(x)", "appendleft"),
        ("self.recent = deque([x])", "another deque"),
        ("return self.recent", "containers"),
    ],
)
def test_deques_that_are_left_alone(line: str, why: str) -> None:
    prelude = WINDOW.replace("self.recent.append(x)", line)
    prelude += "\nrecent = deque([1.0, 2.0, 5.0], 3)\nold = deque([7.0])\nwindow = Window(recent, old)\n"
    assert line in prelude
    reason = refusal("for x in xs:\n    total += window.add(x)", "xs = [3.0]\ntotal = 0.0", prelude=prelude)
    assert reason and why in reason


@pytest.mark.parametrize("got", ["monitor.ring.items", "monitor.ring.get()"])
def test_a_list_of_an_object_does_not_leave(got: str) -> None:
    """It would be a copy."""
    prelude = (
        MONITOR.replace("    def mean(self):", "    def get(self):\n        return self.items\n\n    def mean(self):")
        + MAKE
    )
    assert refusal(LOOP + f"    xs = {got}\n", START + "xs = []\n", prelude=prelude)


def test_what_is_known_only_after_the_first_value() -> None:
    """`change` has no type before `previous` has one, nor has the list before something is put into it."""
    prelude = """
class Gains:
    def __init__(self):
        self.previous = None
        self.gains = []

    def update(self, price):
        if self.previous is not None:
            change = price - self.previous
            self.gains.append(max(change, 0.0))
        self.previous = price
        if len(self.gains) < 2:
            return 50.0
        return sum(self.gains) / len(self.gains)


gains = Gains()
"""
    made = compiled(
        "for p in prices:\n    total += gains.update(p)",
        "prices = [1.0, 2.0, 1.5, 4.0]\ntotal = 0.0",
        prelude=prelude,
        hide=("p",),
        after="final = (gains.previous, gains.gains, total)",
    )
    check(made, "prices = [1.0, 2.0, 1.5, 4.0]\ntotal = 0.0", fast=True)
    check(made, "prices = [1.0]\ntotal = 0.0", fast=True)
    check(made, "prices = [1.0, 2.0, None]\ntotal = 0.0", fast=False)


# two classes use the same word for different things; what is kept are tuples with strings
ALARMS = """
import math

class Cusum:
    def __init__(self, limit):
        self.high = 0.0
        self.limit = limit
        self.alarms = 0

    def update(self, z):
        self.high = max(0.0, self.high + z)
        if self.high > self.limit:
            self.high = 0.0
            self.alarms += 1
            return True
        return False

class Watch:
    def __init__(self, cusum, alarms, names):
        self.cusum = cusum
        self.alarms = alarms
        self.names = names
        self.count = 0

    def update(self, stamp, value):
        self.count += 1
        if self.cusum.update(value):
            self.alarms.append((stamp, value, self.count))
        if value < -5.0:
            self.names.append(stamp)
"""
STAMPED = """
stamps = ["monday", "tuesday", "friday", "monday"]
values = [1.0, 2.5, -6.0, 14.0]
limit = 2.0
alarms = []
names = []
"""
MAKE_WATCH = "\ncusum = Cusum(limit)\nwatch = Watch(cusum, alarms, names)\n"
SEEN = """
final = (watch.count, watch.alarms, watch.names, watch.cusum.alarms, watch.cusum.high)
final = (final, watch.alarms is alarms, [type(x) for a in watch.alarms for x in a], stamps)
"""
WATCHED = compiled(
    "for stamp, value in zip(stamps, values):\n    watch.update(stamp, value)",
    STAMPED,
    prelude=ALARMS + MAKE_WATCH,
    hide=("stamp", "value"),
    after=SEEN,
)


@pytest.mark.parametrize(
    ("setup", "fast"),
    [
        ("", True),
        ("stamps = ['a'] * 4", True),
        ("alarms = [('old', None)]; names = [7]", True),
        ("values = [1.0, -9.0]", True),
        ("alarms = names", False),
        ("alarms = stamps", False),  # grows under the loop that goes over it
        ("stamps = ['a', 2, 'b', 'c']", False),
        ("stamps = ['a', None, 'b', 'c']", False),
        ("values = [1.0, 2.5, 'x', 1.0]", False),  # raises midway
        ("values = [1.0, 2.5, 3, 1.0]", False),
        ("limit = math.nan", True),
    ],
)
def test_one_word_for_the_attributes_of_two_classes(setup: str, fast: bool) -> None:
    check(WATCHED, STAMPED + setup, fast=fast)


def test_one_word_that_may_be_the_same_thing() -> None:
    body = "for stamp, value in zip(stamps, values):\n    watch.update(stamp, value)"
    prelude = ALARMS.replace("self.count += 1", "self.count += 1\n        Cusum.update(self, 3.0)")
    assert refusal(body, STAMPED, prelude=prelude + MAKE_WATCH)


def test_one_word_of_a_class_and_its_base() -> None:
    body = "for stamp, value in zip(stamps, values):\n    watch.update(stamp, value)"
    prelude = ALARMS.replace("class Watch:", "class Watch(Cusum):")
    c = compiled(body, STAMPED, prelude=prelude + MAKE_WATCH, hide=("stamp", "value"), after=SEEN)
    for setup in ("", "alarms = [('old', None)]; names = [7]", "values = [1.0, 2.5, 'x', 1.0]", "alarms = names"):
        check(c, STAMPED + setup)


def test_a_list_that_is_replaced_through_another_name_of_the_object() -> None:
    prelude = ALARMS.replace("self.count += 1", "self.count += 1\n        other = self\n        other.alarms = []")
    body = "for stamp, value in zip(stamps, values):\n    watch.update(stamp, value)"
    check(compiled(body, STAMPED, prelude=prelude + MAKE_WATCH, hide=("stamp", "value"), after=SEEN), STAMPED)
