"""Deques and dicts in objects that a kernel makes, and in dicts and objects that were empty at the door."""

from __future__ import annotations

import textwrap

import pytest

from tests.kernel.differential import Compiled, check, compiled, interpreted, refusal, run
from tests.kernel.test_members import changed

WATCH = """
from collections import defaultdict, deque
from dataclasses import dataclass, field


class Host:
    def __init__(self, name, keep=4):
        self.name = name
        self.recent = deque()
        self.last = deque(maxlen=keep)
        self.short = deque([], 2)
        self.ports = {}
        self.alerts = {}
        self.total = 0


@dataclass
class Zone:
    number: int
    weight: float
    hits: deque = field(default_factory=deque)
    tail: deque = field(default_factory=lambda: deque(maxlen=3))
    by_hour: dict = field(default_factory=dict)


class Watch:
    def __init__(self, zones):
        self.hosts = {}
        self.seen = defaultdict(deque)
        self.notes = defaultdict(list)
        self.flows = {}
        self.zones = zones
        self.log = []

    def host(self, name):
        if name not in self.hosts:
            self.hosts[name] = Host(name)
        return self.hosts[name]

    def expire(self, host, now):
        while host.recent and host.recent[0][0] < now - 6:
            at, port, size = host.recent.popleft()
            host.total -= size
            host.ports[port] -= 1
            if host.ports[port] == 0:
                del host.ports[port]

    def process(self, now, name, port, size):
        host = self.host(name)
        self.expire(host, now)
        host.recent.append((now, port, size))
        host.last.append(size)
        recent = host.short
        recent.append(now)
        host.total += size
        host.ports[port] = host.ports.get(port, 0) + 1
        many = 0
        for at, p, s in host.recent:
            if at > now - 3:
                many += 1
        worst = max(host.last) - min(host.last) + sum(host.last)
        before = host.alerts.get("many")
        if many > 2 and (before is None or now - before > 2):
            host.alerts["many"] = now
            self.log.append((now, host.name, "many", many + worst))
        history = self.seen[name]
        while history and history[0] < now - 5:
            history.popleft()
        history.append(now)
        self.notes[port].append((now, size * 0.5))
        self.flows.setdefault((port, size % 3), []).append(now)
        first = True
        for other, score in ((host, size), (self.host("all"), 2 * size)):
            other.total += score if first else -score
            first = False
        back = 0
        for s in reversed(host.last):
            back = back * 3 + s
        zone = self.zones[port % len(self.zones)]
        zone.by_hour[now // 4] = zone.by_hour.get(now // 4, 0) + back
        return len(history)


watch = Watch([Zone(i, 0.5 * i) for i in range(zones)])
held = [watch.hosts, watch.seen, watch.notes, watch.flows, watch.log, *[z.by_hour for z in watch.zones]]
counted = 0
"""
BODY = """
for now, name, port, size in rows:
    counted += watch.process(now, name, port, size)
"""
AFTER = "final = shown(watch, held, counted)"
SHOWN = """
def shown(watch, held, counted):
    now = [watch.hosts, watch.seen, watch.notes, watch.flows, watch.log, *[z.by_hour for z in watch.zones]]
    out = [counted, [a is b for a, b in zip(held, now)], [type(x).__name__ for x in now], list(watch.log)]
    for name, h in watch.hosts.items():
        out.append((name, list(vars(h)), h.total, list(h.ports.items()), list(h.alerts.items()), h.name is name))
        out.append([(type(q).__name__, q.maxlen, list(q)) for q in (h.recent, h.last, h.short)])
    out.append([(k, type(q).__name__, q.maxlen, list(q)) for k, q in watch.seen.items()])
    out.append([(k, type(q).__name__, list(q)) for d in (watch.notes, watch.flows) for k, q in d.items()])
    out.append((watch.seen.default_factory.__name__, watch.notes.default_factory.__name__))
    out.append([list(z.by_hour.items()) for z in watch.zones])
    return out
"""
ROWS = "[(i // 2, 'abc'[i * i % 3], i * 7 % 5, i * i % 11) for i in range({n})]"
FACTS = "zones = 2\nrows = " + ROWS.format(n=40) + "\n" + SHOWN


def of(rows: str) -> str:
    return FACTS.replace(ROWS.format(n=40), rows)


@pytest.fixture(scope="module")
def watch() -> Compiled:
    return interpreted(compiled(BODY, FACTS, WATCH, after=AFTER, hide=("now", "name", "port", "size")))


def test_a_stream(watch: Compiled) -> None:
    for rows in (
        ROWS.format(n=150),
        ROWS.format(n=1),
        "[(5, 'a', 1, 2)] * 30",
        "[(9 - i, 'z', 3, -i) for i in range(9)]",
    ):
        old, new = run(watch.original, of(rows), "old"), run(watch.patched, of(rows), "new")
        assert new.fast
        assert old.state["final"] == new.state["final"]  # interpreted, its numbers are NumPy's
    check(watch, of("[]"))


def test_a_stream_compiled() -> None:
    small = """
    class Window:
        def __init__(self, keep=3):
            self.items = deque()
            self.last = deque(maxlen=keep)
            self.ports = {}
    """
    prelude = "from collections import deque\n" + textwrap.dedent(small) + "\nknown = {}\n"
    body = """
    for key, x in rows:
        if key not in known:
            known[key] = Window()
        w = known[key]
        w.items.append((x, key))
        w.last.append(x)
        while w.items[0][0] < x - 3:
            w.items.popleft()
        w.ports[x] = w.ports.get(x, 0) + len(w.items) + max(w.last)
    """
    shown = "final = [(k, [(type(q), q.maxlen, [*q]) for q in (w.items, w.last)], w.ports) for k, w in known.items()]"
    c = compiled(body, "rows = [('a', 1), ('b', 4), ('a', 5)]", prelude, after=shown, hide=("key", "x", "w"))
    check(c, "rows = [('abc'[i % 3], i * i % 13) for i in range(60)]", fast=True)


@pytest.mark.parametrize(
    "rows",
    [
        "[(1, 'a', 1, 2), (2, 'a', 1, 2.5)]",
        "[(1, 'a', True, 2)]",
        "[(1, 'a', 1, 2), (2, None, 1, 2)]",
        "[(2**62, 'a', 1, 2**62)] * 3",
        "[(1, 'a', 1, 2), (1, 2)]",
        "[(i, 'ab'[i % 2], 10**18 * i, 5) for i in range(20)]",
        "[(float('nan'), 'a', 1, 2)] * 3",
    ],
)
def test_what_raises_midway_leaves_what_the_program_leaves(watch: Compiled, rows: str) -> None:
    check(watch, of(rows), fast=False)


MEDDLING = [
    "watch.hosts['a'] = Host('a')",
    "watch.seen['a'].append(1)",
    "watch.seen = {}",
    "watch.seen = defaultdict(list)",
    "watch.seen = defaultdict(lambda: deque(maxlen=2))",
    "class Own(deque): pass\nwatch.seen = defaultdict(Own)",
    "class Own(defaultdict): pass\nwatch.seen = Own(deque)",
    "watch.seen.default_factory = None",
    "watch.notes = watch.flows",
    "watch.log = watch.zones",
    "watch.notes[1]",
    "watch.zones[0].by_hour = watch.zones[1].by_hour",
    "watch.zones[0].by_hour = {1: 2}",
    "watch.zones[0].by_hour = watch.flows",
    "class Own(dict): pass\nwatch.zones[0].by_hour = Own()",
    "watch.zones[0] = watch.zones[1]",
    "watch.flows[(0, 0)] = []",
    "watch.host = lambda name: 1 / 0",
]


@pytest.mark.parametrize("change", MEDDLING)
def test_what_others_did_before(watch: Compiled, change: str) -> None:
    c = changed(watch, "watch = Watch([Zone(i, 0.5 * i) for i in range(zones)])\n", change)
    check(c, of(ROWS.format(n=30)), fast=False)


ALONE = """
from collections import defaultdict, deque


class Window:
    def __init__(self, keep):
        self.items = deque()
        self.other = [0]
        self.keep = keep

    def add(self, x):
        self.items.append(x)

    def twice(self):
        self.items.append(1)
        return 2


class Book:
    def __init__(self):
        self.made = {}
        self.rows = {}
        self.list = []
        self.last = [0]


book = Book()
"""
HEAD = "for x in xs:\n    w = Window(3)\n    w.add(x)\n    book.made[x] = w\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("w.other = w.items[1:]", "slice of a deque"),
        ("w.items = deque(maxlen=w.keep)", "how many a deque holds at most is not known"),
        ("w.items = deque(maxlen=2)", "holds Grow and Grow in turn"),
        ("w.items.rotate(1)", "method rotate|rotate of a deque"),
        ("w.items.pop(0)", "pop of a deque"),
        ("w.items += [1]", ""),
        ("y = w.items + w.items", "arithmetic on a deque"),
        ("y = w.items == w.items", "w.items is not a number"),
        ("for v in w.items:\n        w.add(v)", "a loop over a deque that may change"),
        ("for v in reversed(w.items):\n        w.items.popleft()", "a loop over a deque that may change"),
        ("y = sum(v * w.twice() for v in w.items)", "a loop over a deque that may change"),
        ("if any(v < w.twice() for v in w.items):\n        y = 1", "a loop over a deque that may change"),
    ],
)
def test_what_is_left_alone(line: str, reason: str) -> None:
    found = refusal(f"{HEAD}    {line}", "xs = [1, 2, 3]", ALONE)
    assert any(part in found for part in reason.split("|")) and found


@pytest.mark.parametrize(
    "line",
    [
        "book.rows.setdefault(x, []).append(x)\n    book.last = book.rows[x]",
        "book.rows.setdefault(x, []).append(x)\n    book.rows[x + 1] = book.rows[x]",
        "book.rows.setdefault(x, []).append(x)\n    w.other = book.rows[x]",
        "book.rows.setdefault(x, []).append(x)\n    book.list.append(book.rows[x])",
        "book.rows.setdefault(x, []).append(x)\n    out = book.rows[x]",
        "book.rows[x] = w.other",
        "row = [x]\n    book.rows[x] = row\n    book.rows[x + 9] = row",
        "row = w.items\n    other.items = row\n    row.append(x)",
    ],
)
def test_a_list_with_two_owners(line: str) -> None:
    prelude = ALONE + "other = Window(1)\n"
    assert refusal(f"out = [0]\n{HEAD}    {line}", "xs = [1, 2, 3]", prelude)
