"""Windows of lists that only grow."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.recent import Recent
from tests.passes.test_containers_harness import changed, left_alone

HEAD = """
from collections import defaultdict, deque, namedtuple
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
nan, inf = float("nan"), float("inf")
@dataclass
class Event:
    time: object
    value: float = 1.0
def shown(f, *given):
    try:
        found = f(*given)
        print(repr(found), type(found).__name__, end=" ")
    except Exception as e:
        print(type(e).__name__, e, end=" ")
"""
LOG = (
    HEAD
    + """
class Log:
    def __init__(self):
        self.rows = defaultdict(list)
    def add(self, key, event):
        self.rows[key].append(event)
    def since(self, key, now, span):
        return [e for e in self.rows[key] if now - e.time <= span]
def run(times, asked, span):
    log = Log()
    for i, time in enumerate(times):
        log.add(i % 2, Event(time, i))
        for now in asked:
            shown(log.since, 0, now, span)
    log.since(0, asked[0], span).clear() if asked[0] == 0 else None
    shown(log.since, 0, asked[-1], span)
"""
)
DAYS = "[datetime(2024, 1, 1) + timedelta(hours=7 * i) for i in range(40)]"
CHANGED = {
    "of times": LOG
    + f"run({DAYS}, [datetime(2024, 1, 9), datetime(2023, 1, 1), datetime(2025, 1, 1)], timedelta(days=2))",
    "of numbers": LOG
    + "run([0, 1, 1, 1, 2, 2, 5, 9, 9] * 1 + list(range(9, 40)), [0, 20, 30.5, nan, inf, -inf, True, None, 'x'], 7)",
    "out of order": LOG + "run([*range(30), 3, *range(30, 50)], [0, 20, 45], 10)",
    "of odd numbers": LOG
    + "for late in (nan, inf, True, None, 2.5, '7', 10**400, Event(1), datetime(2024, 1, 1)):\n"
    + "    run([*range(24), late, late, *range(24, 40)], [0, 20, 10**400], 10)\n    run([0.5 * i for i in range(24)] + [late] * 2, [3], 1)",
    "zones": LOG
    + f"run({DAYS} + [datetime(2030, 1, 1, tzinfo=timezone.utc)] * 2, [datetime(2024, 1, 9, tzinfo=timezone.utc), datetime(2024, 1, 5)], timedelta(1))",
    "a time that is too early": LOG
    + "run([datetime.min + timedelta(i) for i in range(30)], [datetime.max], timedelta.max)\n"
    + "class Late(Log):\n    def since(self, key, now, span):\n        return [e for e in self.rows[key] if e.time + span >= now]\n"
    + "Log = Late\nrun([datetime.max - timedelta(40 - i) for i in range(40)], [datetime.max], timedelta(20))\n"
    + "run([datetime.min + timedelta(i) for i in range(40)], [datetime.max], -timedelta(20))",
    "plain items in a name": HEAD
    + "def f(steps, span):\n    seen = []\n    out = []\n    for now in steps:\n        seen.append(now)\n"
    + "        out.append((len([t for t in seen if t > now - span]), sum(1 for t in seen if now - t < span),\n"
    + "            [t * 2 for t in seen if now < t + span], {t for t in seen if t >= now - span and t % 2}, max(t for t in seen if now - span <= t <= now)))\n"
    + "    return out\nprint(f([*range(30), 30, 30, 31], 4), f([0.1 * i for i in range(40)], 0.3), f([3, 1, 2] * 5, 2))\n",
    "tuples": HEAD
    + "def f(steps, span):\n    seen = []\n    for now, v in steps:\n        seen += [(now, v)]\n"
    + "        print(sum(v for t, v in seen if now - t <= span), [v for v, t in seen if t > span], [r[1] for r in seen if r[0] > now - span])\n"
    + "f([(i, i * i % 7) for i in range(40)], 5)\nf([(0.5 * i, -i) for i in range(40)], 5)\n",
    "rows of several lengths": HEAD
    + "def f(rows):\n    seen = []\n    for row in rows:\n        seen.append(row)\n        out = [t for t, v in seen if t > 5]\n    return out\n"
    + "shown(f, [(i, i) for i in range(20)] + [(30, 1, 2)])\nshown(f, [(i, i, i) for i in range(20)])\nshown(f, [[i, i] for i in range(20)])\nshown(f, ['ab'] * 20)",
    "dicts": HEAD
    + "def f(steps):\n    seen = []\n    for i, now in enumerate(steps):\n        seen.append({'t': now, 'v': i})\n"
    + "        seen[-1]['v'] = i + 1\n        print(sum(r['v'] for r in seen if now - r['t'] <= 3.5))\nf(range(40))\nf([5, 1] * 9)",
    "texts": HEAD
    + "def f(days):\n    seen = []\n    for d in days:\n        seen.append(Event(d))\n        print(len([e for e in seen if e.time >= '2024-01-05']), end=' ')\n"
    + "        shown(lambda: [e for e in seen if e.time + 'x' > '2024-01-05'][:1])\n"
    + "f([f'2024-01-{i:02d}' for i in range(1, 30)])\nf(['a', 'ab', 'abc'] * 6)\nf([*range(20)])",
    "loops": HEAD
    + "def f(steps, span):\n    seen = []\n    for now in steps:\n        seen.append(Event(now, now % 3))\n        total, last, big = 0, None, []\n"
    + "        for e in seen:\n            if now - e.time > span:\n                continue\n            total += e.value\n            big.append(e.value)\n"
    + "        for r in seen:\n            if r.time >= now - span and r.value:\n                last = r.value\n"
    + "        for q in seen:\n            if not q.time > now - span:\n                continue\n            if q.value == 2:\n                break\n        else:\n            total = -1\n"
    + "        print(total, last, len(big), end=' ')\n"
    + "f(range(40), 5)\nf([0.5 * i for i in range(40)], nan)\nf([0.5 * i for i in range(40)], inf)\nf([2, 1] * 9, 1)",
    "handed on": HEAD
    + "def recent(rows, now, span):\n    return [r for r in rows if now - r.time <= span]\n"
    + "class A:\n    def __init__(self):\n        self.all = []\n        self.by = {}\n    def rows(self, key):\n        return self.by.get(key, [])\n"
    + "    def step(self, now):\n        e = Event(now)\n        self.all.append(e)\n        mine = self.by.setdefault(now % 3, [])\n        mine.append(e)\n"
    + "        for key, rows in self.by.items():\n            print(key, len(rows), len(recent(rows, now, 9)), end=' ')\n"
    + "        print(len(recent(self.all, now, 5)), len(recent(self.rows(1), now, span=4)))\n"
    + "a = A()\nfor i in range(40):\n    a.step(i)\n",
    "cut off": HEAD
    + "class A:\n    def __init__(self):\n        self.seen = []\n    def step(self, now):\n        self.seen.append(Event(now))\n"
    + "        if len(self.seen) > 20:\n            self.seen = self.seen[-10:]\n        return len([e for e in self.seen if e.time > now - 4])\n"
    + "a = A()\nprint([a.step(i) for i in range(60)])\nprint([a.step(i) for i in range(9)])",
    "a constructor that asks others": HEAD
    + "class Row:\n    def __init__(self, text):\n        self.kind = text[:1]\n        self.time = when(text)\ndef when(text):\n    return int(text[1:])\n"
    + "def f(texts):\n    rows = []\n    for text in texts:\n        row = Row(text)\n        rows.append(row)\n        print(len([r for r in rows if r.time > row.time - 4]), end=' ')\nf([f'a{i}' for i in range(40)])\nf(['a3', 'b1'] * 9)",
    "cut to a window": HEAD
    + "class A:\n    def __init__(self):\n        self.seen = []\n        self.by = {0: [], 1: []}\n    def step(self, now, span):\n        e = Event(now)\n        self.seen.append(e)\n        self.by[int(now) % 2].append(e)\n"
    + "        few = [r.time for r in self.seen if r.time > now - 3]\n        self.seen = [r for r in self.seen if now - r.time <= span]\n"
    + "        self.by[0] = [r for r in self.by[0] if r.time >= now - span]\n        more = sum(1 for r in self.seen if now - r.time < 9)\n"
    + "        return len(self.seen), len(self.by[0]), len(self.by[1]), few, more, len([r for r in self.by[0] if now - r.time < 5])\n"
    + "def f(times, span):\n    a = A()\n    for t in times:\n        shown(a.step, t, span)\n"
    + "f(range(60), 20)\nf([i * 0.5 for i in range(60)], 9)\nf([*range(30), 3, *range(30, 60)], 20)\nf([*range(30), 90, *range(91, 130)], 20)\nf(range(30), nan)\nf([*range(20), None, 20, 21], 5)\n",
    "cut, by a name": HEAD
    + "def f(times):\n    seen = []\n    for t in times:\n        seen.append(t)\n        seen = [x for x in seen if x > t - 12]\n        print(len(seen), sum(x for x in seen if t - x < 4), end=' ')\nf(range(60))\nf([3, 2, 1] * 9)",
    "a field of a dataclass": HEAD
    + "@dataclass\nclass A:\n    name: str\n    seen: list = field(default_factory=list)\n    def step(self, now):\n        self.seen.append((now, 1))\n"
    + "        return len([r for r in self.seen if r[0] > now - 4])\na = A('x')\nprint([a.step(i) for i in range(40)])",
    "other containers": HEAD
    + "Row = namedtuple('Row', 'time v')\nclass Sub(int):\n    def __sub__(self, other):\n        return 0\n" * 0
    + "Row = namedtuple('Row', 'time v')\ndef f(made, rows):\n    seen = deque(maxlen=30) if made else []\n    for r in rows:\n        seen.append(r)\n"
    + "        print(len([e for e in seen if e.time > r.time - 3]), end=' ')\n"
    + "f(0, [Row(i, 1) for i in range(40)])\nf(1, [Event(i) for i in range(40)])\nf(0, [Event(i) if i % 2 else Row(i, 1) for i in range(40)])",
}
GROW = (
    HEAD
    + "class A:\n    def __init__(self):\n        self.seen = []\n        self.other = []\n{more}    def step(self, now):\n        e = Event(now)\n        self.seen.append(e)\n{line}        return [r for r in self.seen if now - r.time <= 3]\n"
)
GROW += "a = A()\nprint([len(a.step(i)) for i in range(40)])\n{end}"


def grow(line: str, more: str = "", end: str = "") -> str:
    return GROW.format(line=f"        {line}\n", more=more, end=end)


ALONE = {
    "a list that is filled before": HEAD
    + "def f(rows, asked):\n    seen = []\n    for row in rows:\n        seen.append(row)\n    return [len([t for t in seen if t > n]) for n in asked]\nprint(f(range(30), [3, 9]))",
    "cut where others have it": HEAD
    + "import copy\nclass A:\n    def __init__(self):\n        self.seen = []\n        self.best = None\n    def step(self, now):\n        self.seen.append(now)\n        self.seen = [r for r in self.seen if now - r <= 12]\n"
    + "a = A()\nfor i in range(20):\n    a.step(i)\nb = copy.copy(a)\nb.step(28)\nprint(len(a.seen), len(b.seen), a.seen is b.seen)",
    "cut where another name has it": HEAD
    + "class A:\n    def __init__(self):\n        self.seen = []\n    def step(self, now):\n        self.seen.append(now)\n        self.seen = [r for r in self.seen if now - r <= 12]\n"
    + "a, b = A(), A()\nfor i in range(20):\n    a.step(i)\nb.seen = a.seen\nb.step(28)\nmine = a.seen\na.step(21)\nprint(len(a.seen), len(b.seen), len(mine))",
    "cut while it is gone through": HEAD
    + "class A:\n    def __init__(self):\n        self.seen = list(range(20))\n    def cut(self, now):\n        self.seen = [r for r in self.seen if now - r <= 9]\n        return now\n"
    + "    def run(self):\n        out = []\n        for r in self.seen:\n            out.append((r, self.cut(r)))\n        return len(out), len(self.seen)\nprint(A().run())\n"
    + "class A(A):\n    def run(self):\n        return max(self.seen, key=self.cut), len(self.seen)\nprint(A().run())\n"
    + "class A(A):\n    def run(self):\n        return [self.cut(r) for r in self.seen], len(self.seen)\nprint(A().run())\n",
    "put in front": grow("self.seen.insert(0, e)"),
    "sorted": grow("self.seen.sort(key=lambda r: -r.time)"),
    "taken out": grow("self.seen.pop(0)"),
    "emptied": grow("now % 30 or self.seen.clear()"),
    "an item replaced": grow("self.seen[0] = e"),
    "removed": grow("del self.seen[:now % 2]"),
    "another name": grow("rows = self.seen\n        rows.reverse()"),
    "a list of others": grow("self.other.append(self.seen)\n        self.other[0].pop()"),
    "in a pair": grow("pair = (self.seen, 1)\n        pair[0].pop()"),
    "given from outside": grow("pass", end="mine = []\na.seen = mine\nmine.insert(0, Event(3))\n"),
    "the field bound anew": grow("self.seen[0].time += 1"),
    "a field set by name": grow("setattr(self.seen[0], 'time', 7)"),
    "a field in a dict": grow("self.seen[0].__dict__['time'] = 7"),
    "a property": grow("pass").replace("r.time", "r.when").replace("    value: float = 1.0", "    value: float = 1.0\n    @property\n    def when(self):\n        return self.time"),
    "changed by a function": grow("cut(self.seen)", end="").replace("class A", "def cut(xs):\n    xs.pop()\nclass A"),
    "returned and changed": grow("self.mine().pop()", more="    def mine(self):\n        return self.seen\n"),
    "a method handed on": grow("self.keep(self.seen.pop)", more="    def keep(self, f):\n        f()\n"),
    "an attribute by name": grow("getattr(self, 'se' + 'en').pop()"),
    "rows until then": grow("pass").replace("now - r.time <= 3", "now - r.time >= 3"),
    "in neither order": grow("pass").replace("now - r.time <= 3", "abs(now - r.time) <= 3"),
    "seconds": grow("pass").replace("now - r.time <= 3", "(now - r.time).seconds <= 3"),
    "operators": grow("pass").replace("class A", "class Odd:\n    def __sub__(self, other):\n        return other\nclass A"),
    "comparisons": grow("pass").replace("class A", "class Odd:\n    def __ge__(self, other):\n        return True\nclass A"),
    "a function for each row": grow("pass").replace("[r for r in", "[self.look(r) for r in").replace(
        "    def step", "    def look(self, r):\n        len(self.seen) > 90 or self.seen.append(r)\n        return r\n    def step"),
    "a name bound meanwhile": grow("pass").replace("[r for r in", "[(now := r.time) for r in"),
    "for later": grow("pass").replace("return [r for r in self.seen if now - r.time <= 3]", "g = (r for r in self.seen if now - r.time <= 3)\n        self.seen.append(e)\n        return list(g)"),
    "a loop that grows the list": HEAD + "def f(n):\n    seen = [Event(0)]\n    for r in seen:\n        if r.time >= n - 3:\n            seen.append(Event(1))\n            if len(seen) > 9:\n                break\n    return seen\nprint(f(2))",
    "a loop's last row": HEAD + "def f(seen, n):\n    mine = []\n    mine.append(seen)\n    rows = []\n    rows.append(Event(n))\n    for r in rows:\n        if r.time > n:\n            mine.append(r)\n    return r\nprint(f([], 2))",
    "a default that is shared": HEAD + "def f(n, rows=[]):\n    rows.insert(0, n)\n    return [r for r in rows if n - r < 3]\nprint([f(i) for i in range(20)])",
    "a class's list": grow("A.seen2.append(e)\n        A.seen2.pop(0)", more="    seen2 = []\n").replace("in self.seen if", "in self.seen2 if"),
    "dict rows changed": HEAD + "def f(rows):\n    seen = []\n    for r in rows:\n        seen.append(r)\n        r['t'] = r['t'] * -1\n    return [r for r in seen if r['t'] > 3]\nprint(f([{'t': i} for i in range(20)]))",
    "dict rows updated": HEAD + "def f(rows):\n    seen = []\n    for r in rows:\n        seen.append(r)\n        r.update(t=-r['t'])\n    return [r for r in seen if r['t'] > 3]\nprint(f([{'t': i} for i in range(20)]))",
    "a constructor called again": grow("e.__init__(7)"),
    "a field that a constructor sets late": grow("pass").replace("@dataclass\nclass Event:\n    time: object\n    value: float = 1.0", "ALL = []\nclass Event:\n    time = 0\n    def __init__(self, time):\n        ALL.append(self)\n        note(self)\n        self.time = time\ndef note(e):\n    pass"),
    "another class later": grow("e.__class__ = Other").replace("class A:", "class Other:\n    time = property(lambda self: -5)\nclass A:"),
    "a constructor that shows itself": grow("pass").replace("@dataclass\nclass Event:\n    time: object\n    value: float = 1.0", "ALL = []\nclass Event:\n    time = 0\n    def __init__(self, time):\n        ALL.append(self)\n        self.time = time"),
    "a constructor that asks its own method": grow("pass").replace("@dataclass\nclass Event:\n    time: object\n    value: float = 1.0", "class Event:\n    time = 0\n    def __init__(self, time):\n        self.show()\n        self.time = time\n    def show(self):\n        pass"),
    "threads": "import threading\n" + grow("pass"),
    "another subscript": HEAD + "class Box:\n    def __init__(self):\n        self.items = [1]\n    def __getitem__(self, at):\n        return self.items\ndef f(box):\n    rows = box[1:]\n    rows.append(2)\n    out = [r for r in rows if r > 1]\n    box.items.insert(0, 9)\n    return out\nprint(f(Box()))",
}  # fmt: skip


@pytest.mark.parametrize("source", CHANGED.values(), ids=CHANGED)
def test_changed(source: str, tmp_path: Path) -> None:
    changed(Recent(), tmp_path, source)


@pytest.mark.parametrize("source", ALONE.values(), ids=ALONE)
def test_left_alone(source: str, tmp_path: Path) -> None:
    left_alone(Recent(), tmp_path, source)


@pytest.mark.parametrize("name", ["cut to a window", "cut, by a name"])
def test_what_nobody_else_has_is_cut(name: str, tmp_path: Path) -> None:
    cut = [new for new in changed(Recent(), tmp_path, CHANGED[name]) if "_cut_off(" in new]
    assert cut
