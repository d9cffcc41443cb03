"""Programs that were once changed wrongly: lists and heaps that a proof by names did not see through."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.heap_order import HeapOrder
from hasten.passes.source.containers.recent import Recent
from tests.passes.test_containers_harness import left_alone

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


@pytest.mark.parametrize("source", HEAPS.values(), ids=HEAPS)
def test_heaps(source: str, tmp_path: Path) -> None:
    left_alone(HeapOrder(), tmp_path, source)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", WINDOWS.values(), ids=WINDOWS)
def test_windows(source: str, tmp_path: Path) -> None:
    left_alone(Recent(), tmp_path, source)
