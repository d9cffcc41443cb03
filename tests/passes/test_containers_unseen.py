"""Programs that were once changed wrongly: lists, heaps and counts, and what is near to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.heap_order import HeapOrder
from hasten.passes.source.containers.memo import Memo
from hasten.passes.source.containers.recent import Recent
from hasten.passes.source.containers.so_far import SoFar
from hasten.passes.source.containers.tallies import Tallies
from tests.passes.test_containers_harness import changed, left_alone

HEAPS = {
    "dataclass eq arrays payload on ties": """
import heapq
import numpy as np
from dataclasses import dataclass
@dataclass
class E:
    t: float
    data: np.ndarray
    def __lt__(self, o): return self.t < o.t
def run():
    h = []
    for i in range(20):
        heapq.heappush(h, E(i * 7 % 5, np.arange(3)))
    while h:
        print(heapq.heappop(h).t)
run()
""",
    "tie returns True, equal dataclasses": """
import heapq
from dataclasses import dataclass, field
@dataclass
class E:
    t: int
    seq: int = field(compare=False)
    def __lt__(self, o):
        if self.t != o.t:
            return self.t < o.t
        return True
def run():
    h = []
    for i in range(20):
        heapq.heappush(h, E(i * 7 % 3, i))
    while h:
        e = heapq.heappop(h)
        print(e.t, e.seq)
run()
""",
    "same object twice, tie True with count": """
import heapq
class E:
    asked = [0]
    def __init__(self, t):
        self.t = t
    def __lt__(self, o):
        if self.t != o.t:
            return self.t < o.t
        E.asked[0] += 1
        return False
def run():
    h = []
    e = E(3)
    for i in range(20):
        heapq.heappush(h, e)
    while h:
        print(heapq.heappop(h).t)
    print(E.asked)
run()
""",
    "KW_ONLY": """
import heapq
from dataclasses import dataclass, KW_ONLY
@dataclass(order=True)
class E:
    t: int
    _: KW_ONLY
    n: int = 0
def run():
    h = []
    for i in range(20):
        heapq.heappush(h, E(i * 7 % 3, n=i))
    while h:
        print(heapq.heappop(h))
run()
""",
    "descriptor field": """
import heapq
clock = [0]
class Aging:
    def __set__(self, o, v): o.at = v
    def __get__(self, o, c=None): return (o.at + clock[0]) % 7
class E:
    t = Aging()
    def __init__(self, t):
        self.t = t
    def __lt__(self, o): return self.t < o.t
def run():
    h = []
    for i in range(20):
        heapq.heappush(h, E(i * 7 % 11))
        clock[0] += 1
    while h:
        clock[0] += 1
        print(heapq.heappop(h).t)
run()
""",
    "property call field": """
import heapq
clock = [0]
class E:
    def get(self): return (self.at + clock[0]) % 7
    def put(self, v): self.at = v
    t = property(get, put)
    def __init__(self, t):
        self.t = t
    def __lt__(self, o): return self.t < o.t
def run():
    h = []
    for i in range(20):
        heapq.heappush(h, E(i * 7 % 11))
        clock[0] += 1
    while h:
        clock[0] += 1
        print(heapq.heappop(h).t)
run()
""",
    "shadowed push": """
import heapq
class E:
    def __init__(self, t): self.t = t
    def __lt__(self, o): return self.t < o.t
def push(heap, e):
    heapq.heappush(heap, E(e))
def other(hp, e):
    hp.append(E(e))
def run():
    h = []
    push(h, 3)
    def inner(push):
        push(h, 5)
        push(h, 1)
    inner(other)
    while h:
        print(heapq.heappop(h).t)
run()
""",
    "early return in init": """
import heapq
class E:
    def __init__(self, t):
        if t < 0:
            return
        self.t = t
    def __lt__(self, o): return self.t < o.t
def run():
    h = []
    heapq.heappush(h, E(-1))
    heapq.heappop(h)
    for i in range(5): heapq.heappush(h, E(i))
    print(len(h))
run()
""",
    "class swap": """
import heapq
class F:
    def __lt__(self, o): return self.t > o.t
class E:
    def __init__(self, t): self.t = t
    def __lt__(self, o): return self.t < o.t
def run():
    h = []
    es = [E(i * 7 % 11) for i in range(11)]
    for i in range(11):
        e = E(i * 7 % 11)
        e.__class__ = F
        heapq.heappush(h, e)
    while h:
        print(heapq.heappop(h).t)
run()
""",
    "tie with <=": """
import heapq
class E:
    def __init__(self, t, n):
        self.t = t
        self.n = n
    def __lt__(self, o):
        if self.t == o.t:
            return self.n <= o.n
        return self.t < o.t
def run():
    h = []
    es = E(1, 2)
    x = E(1, 2)
    for i in range(20):
        heapq.heappush(h, es)
        heapq.heappush(h, x)
        heapq.heappush(h, es)
    while h:
        e = heapq.heappop(h)
        print(e.t, e.n, e is es)
run()
""",
    "user eq key": """
import heapq
class K:
    def __init__(self, v): self.v = v
    def __eq__(self, o): print("eq"); return self.v == o.v
    def __lt__(self, o): return self.v < o.v
class E:
    def __init__(self, t): self.t = K(t)
    def __lt__(self, o): return self.t < o.t
def run():
    h = []
    for i in range(20):
        heapq.heappush(h, E(i % 5))
    while h:
        print(heapq.heappop(h).t.v)
run()
""",
}
WINDOWS = {
    "del rows": """
import sys
class R:
    def __init__(self, t): self.t = t
    def __del__(self): print("gone", self.t)
class A:
    def __init__(self): self.rows = []
    def put(self, r): self.rows.append(r)
    def win(self, now): return [r for r in self.rows if now - r.t <= 5]
def once():
    a = A()
    for i in range(20):
        a.put(R(i))
        print(len(a.win(i)))
once()
print("end")
""",
    "weak rows": """
import weakref
class R:
    def __init__(self, t): self.t = t
live = weakref.WeakSet()
class A:
    def __init__(self): self.rows = []
    def put(self, r): self.rows.append(r)
    def win(self, now): return [r for r in self.rows if now - r.t <= 5]
def once():
    a = A()
    for i in range(20):
        r = R(i)
        live.add(r)
        a.put(r)
        print(len(a.win(i)))
once()
print(len(live))
""",
    "descriptor": """
shift = [0]
class D:
    def __set__(self, o, v): o.v = v
    def __get__(self, o, c=None): return (o.v + shift[0]) % 17
class R:
    t = D()
    def __init__(self, t): self.t = t
class A:
    def __init__(self): self.rows = []
    def put(self, r): self.rows.append(r)
    def win(self, now): return [r for r in self.rows if now - r.t <= 5]
a = A()
for i in range(16):
    a.put(R(i))
    print(len(a.win(i)))
for i in range(20):
    shift[0] = i
    print(len(a.win(15)))
""",
    "property(get, put)": """
shift = [0]
class R:
    def g(self): return (self.v + shift[0]) % 17
    def p(self, v): self.v = v
    t = property(g, p)
    def __init__(self, t): self.t = t
class A:
    def __init__(self): self.rows = []
    def put(self, r): self.rows.append(r)
    def win(self, now): return [r for r in self.rows if now - r.t <= 5]
a = A()
for i in range(16):
    a.put(R(i))
    print(len(a.win(i)))
for i in range(20):
    shift[0] = i
    print(len(a.win(15)))
""",
    "pool by new": """
class R:
    pool = []
    def __new__(cls, t):
        if t == 20:
            return cls.pool[3]
        me = super().__new__(cls)
        cls.pool.append(me)
        return me
    def __init__(self, t): self.t = t
class A:
    def __init__(self): self.rows = []
    def put(self, r): self.rows.append(r)
    def win(self, now): return [r.t for r in self.rows if now - r.t <= 5]
a = A()
for i in range(16):
    a.put(R(i))
    print(a.win(i))
R(20)
print(a.win(16))
""",
    "row.update as a value": """
class A:
    def __init__(self): self.rows = []
    def put(self, r): self.rows.append(r)
    def win(self, now): return [r["t"] for r in self.rows if now - r["t"] <= 5]
a = A()
for i in range(16):
    a.put({"t": i})
    print(a.win(i))
change = a.rows[2].update
change({"t": 15})
print(a.win(16))
list(map(a.rows[3].update, [{"t": 15}]))
print(a.win(16))
""",
    "UserList": """
from collections import UserList
class A(UserList):
    def __init__(self):
        super().__init__()
        self.data = []
    def win(self, now): return [r for r in self.data if now - r <= 5]
a = A()
for i in range(16):
    a.append(i)
    print(a.win(i))
a[3] = 15
print(a.win(16))
a.insert(0, 16)
print(a.win(16))
""",
    "callback cuts meanwhile": """
class R:
    def __init__(self, t): self.t = t
class A:
    def __init__(self): self.rows = []
    def put(self, r):
        self.rows.append(r)
        self.rows = [x for x in self.rows if r.t - x.t <= 9]
    def visit(self, cb):
        for x in self.rows:
            cb(x)
a = A()
for i in range(16): a.put(R(i))
seen = []
def note(x):
    seen.append(x.t)
    if len(seen) < 4:
        a.put(R(seen[-1] + 20))
a.visit(note)
print(seen)
""",
    "shadowed function alters": """
class A:
    def __init__(self): self.rows = []
def put(rows, r): rows.append(r)
def wreck(xs, r): xs.insert(0, r)
def win(rows, now): return [r for r in rows if now - r <= 5]
a = A()
for i in range(16):
    put(a.rows, i)
    print(win(a.rows, i))
def go(put):
    put(a.rows, 16)
go(wreck)
print(win(a.rows, 16))
""",
    "a list's append where a class has one": """
class Box:
    def __init__(self): self.n = 0
    def append(self, rows): self.n += len(rows)
class A:
    def __init__(self): self.rows = []
    def win(self, now): return [r for r in self.rows if now - r <= 5]
a, boxes = A(), []
for i in range(16):
    a.rows.extend([i])
    print(a.win(i))
Box().append(a.rows)
boxes.append(a.rows)
boxes[0].insert(0, 16)
print(a.win(16))
""",
}
GROWN = {
    "max of none": """
class R:
    def __init__(self, t): self.t = t
class A:
    def __init__(self): self.rows = []
    def put(self, r): self.rows.append(r)
    def top(self): return max(r.t for r in self.rows if r.t > 5)
a = A()
for i in range(20):
    a.put(R(i))
    try:
        print(a.top())
    except ValueError as e:
        print(e)
""",
    "names of lists as fields": """
class R:
    def __init__(self, t, c):
        self.t = t
        self.c = c
def times(t): return sum(x.t for x in t)
def costs(c): return sum(x.c for x in c)
def run():
    rows = []
    for i in range(20):
        rows.append(R(i, -i))
        print(times(rows), costs(rows))
run()
""",
    "zeros, nans, bools": """
nan = float("nan")
class A:
    def __init__(self): self.rows = []
    def put(self, r): self.rows.append(r)
    def look(self): return repr((sum(self.rows), max(self.rows), min(self.rows), any(x > 3 for x in self.rows), len([x for x in self.rows if x])))
for seq in ([-0.0, 0.0, 0, False], [True, 1, 1.0], [nan, 1, nan, 2], [1, nan, 3.5], [10**400, 1.5, 2], [1.5, 10**30, 0.1, 0.2], [2**53, 1.0, 1, 1], [1, None], [1, "a"], ["a"], [1e308, 1e308, -float("inf")], [2**62, 2**62, 2**62, 0.5], [1j, 2]):
    a = A()
    for x in seq:
        a.put(x)
        for _ in range(2):
            try: print(a.look())
            except Exception as e: print(type(e), e)
""",
    "any raising later": """
class A:
    def __init__(self): self.rows = []
    def put(self, r): self.rows.append(r)
    def look(self): return any(10 / r > 4 for r in self.rows)
a = A()
for x in [5, 4, 0, 2, 0, 1]:
    a.put(x)
    for _ in range(2):
        try: print(a.look())
        except Exception as e: print(type(e), e)
b = A()
for x in [5, 1, 0, 2, 0, 1]:
    b.put(x)
    for _ in range(2):
        try: print(b.look())
        except Exception as e: print(type(e), e)
""",
}
KEPT = {
    "signed zero container": """
def f(x):
    out = []
    for i in range(3):
        out.append(str(x * i))
    return out
for a in (0.0, -0.0, 0, False, 1, True, 1.0, -0.0, 0.0):
    for _ in range(2):
        print(f(a))
""",
    "mutated by caller": """
def f(n):
    out = []
    for i in range(n):
        out.append(i)
    return out
for i in range(10):
    x = f(i % 3)
    x.append(99)
    print(x, f(i % 3))
""",
    "mixed results": """
def f(n):
    out = []
    if n > 2:
        return None
    for i in range(n):
        out.append(i)
    return out
for i in range(6):
    x = f(i % 4)
    print(x, f(i % 4))
""",
}
COUNTED = {
    "keys nan bool": """
from collections import Counter, defaultdict
nan = float("nan")
def run(ws):
    c = Counter()
    for w in ws:
        c[w] += 1
    d = defaultdict(int)
    for w in ws:
        d[w] += 1
    e = {}
    for w in ws:
        e[w] = e.get(w, 0) + 1
    return c, dict(d), e, c.most_common()
print(run([1, True, 1.0, nan, nan, float("nan"), -0.0, 0.0, 0, False, "1"]))
""",
    "unhashable": """
from collections import Counter
def run(ws):
    c = Counter()
    try:
        for w in ws:
            c[w] += 1
    except TypeError as e:
        print(e, c)
    return c
print(run([1, 2, [3], 4]))
print(run(None) if 0 else "")
try:
    run(3)
except TypeError as e: print(e)
""",
    "iterates itself": """
from collections import Counter
def run(ws):
    c = Counter()
    c["a"] = 3
    c["b"] = True
    for w in c:
        c[w] += 1
    print(c)
    try:
        for w in c:
            c[w + "x"] += 1
    except RuntimeError as e:
        print(e, c)
run(0)
""",
    "generator reads the table": """
from collections import Counter
def run(ws):
    c = Counter()
    def gen():
        for w in ws:
            print(sum(c.values()), dict(c))
            yield w
    for w in gen():
        c[w] += 1
    return c
print(run("abca"))
""",
    "generator raises half": """
from collections import Counter
def run(ws):
    c = Counter()
    def gen():
        for w in ws:
            if w == "c": raise ValueError(w)
            yield w
    try:
        for w in gen():
            if w != "z":
                c[w] += 1
    except ValueError as e:
        print(e, c)
    return c
print(run("abacab"))
""",
    "test counts so far": """
from collections import Counter
def run(ws):
    c = Counter()
    for w in ws:
        if c[w] < 2:
            c[w] += 1
    return c
print(run("aaaabbbab"))
""",
    "str subclass keys": """
from collections import Counter
class S(str):
    def lower(self):
        print("low", str(self))
        return str.lower(self)
def run(ws):
    c = Counter()
    for w in ws:
        if w:
            c[w.lower()] += 1
    return c
print(run([S("A"), S("b"), "a", S("")]))
""",
    "tables unsortable half": """
from collections import defaultdict, Counter
def run(rows):
    t = defaultdict(Counter)
    try:
        for k, ws in rows:
            for w in list(ws):
                t[k][w] += 1
    except TypeError as e:
        print(e)
    return t
print(run([("x", "abca"), ("y", ""), ("x", ["a", [], "b"]), ("z", "q")]))
print(run([(["x"], ""), (["x"], "a")]))
""",
}
PATCHED = """
from collections import Counter
was = Counter.__missing__
Counter.__missing__ = lambda self, k: 10
def run(ws):
    c = Counter()
    for w in ws:
        c[w] += 1
    return c
print(run("abca"))
Counter.__missing__ = was
"""


@pytest.mark.parametrize("source", HEAPS.values(), ids=HEAPS)
def test_heaps(source: str, tmp_path: Path) -> None:
    left_alone(HeapOrder(), tmp_path, source)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", WINDOWS.values(), ids=WINDOWS)
def test_windows(source: str, tmp_path: Path) -> None:
    left_alone(Recent(), tmp_path, source)


@pytest.mark.parametrize("source", GROWN.values(), ids=GROWN)
def test_work_on_lists_that_have_grown(source: str, tmp_path: Path) -> None:
    changed(SoFar(), tmp_path, source)


@pytest.mark.parametrize("source", KEPT.values(), ids=KEPT)
def test_results_that_are_kept(source: str, tmp_path: Path) -> None:
    changed(Memo(), tmp_path, source)


@pytest.mark.parametrize("source", COUNTED.values(), ids=COUNTED)
def test_counts(source: str, tmp_path: Path) -> None:
    changed(Tallies(), tmp_path, source)


def test_counters_that_count_otherwise(tmp_path: Path) -> None:
    left_alone(Tallies(), tmp_path, PATCHED)


REACHED = {
    "one of two": "max(a.rows, a.other).insert(0, 16)",
    "the start of a sum": "sum([], a.rows).insert(0, 16)",
    "again and again": "import itertools\nfor x in itertools.repeat(a.rows, 1): x.insert(0, 16)",
    "a method of a class": "class S:\n    def f(self, x): x.insert(0, 16)\nS.f(None, a.rows)",
    "as the object itself": "class S:\n    def f(self, x, y): self.insert(0, 16)\nS.f(a.rows, 1, 2)",
    "as a key": "class S:\n    def __getitem__(self, x): x.insert(0, 16)\nS()[a.rows]",
    "as a key of a class": "class S:\n    def __class_getitem__(cls, x): x.insert(0, 16)\nS[a.rows]",
    "on the left of an operator": "class S:\n    def __rmod__(self, x): x.insert(0, 16)\na.rows % S()",
}
REACHING = """
class A:
    def __init__(self):
        self.rows = []
        self.other = []
    def win(self, now): return [r for r in self.rows if now - r <= 5]
    def total(self): return sum(self.rows)
a = A()
for i in range(16):
    a.rows.append(i)
    print(a.win(i), a.total())
"""


@pytest.mark.parametrize("line", REACHED.values(), ids=REACHED)
def test_lists_that_are_reached_by_other_ways(line: str, tmp_path: Path) -> None:
    source = REACHING + line + "\nprint(a.win(16), a.total())\n"
    left_alone(Recent(), tmp_path, source)
    left_alone(SoFar(), tmp_path, source)
