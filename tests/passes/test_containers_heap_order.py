"""Heaps of objects that compare in Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.core.facts import Facts
from hasten.core.recipe import Change, Recipe
from hasten.kernel.regions import regions_of
from hasten.passes.source.containers.heap_order import HeapOrder
from tests.passes.test_containers_harness import observe, work_of

HEAD = """
import heapq
import random
from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from functools import total_ordering
rng = random.Random(3)
nan, inf = float("nan"), float("inf")
"""
EVENT = """
@dataclass(order=True)
class Event:
    time: float
    number: int
    kind: str = field(compare=False, default="x")
"""
NODE = """
class Node:
    def __init__(self, cost, name):
        self.cost = cost
        self.name = name
    def __lt__(self, other):
        return self.cost < other.cost
"""
TIMES = (
    "[rng.randrange(9) for _ in range(60)]", "[rng.random() for _ in range(40)]", "[nan, 1.0, 2.0, nan, 0.5, inf, -inf, nan, 1.0] * 3",
    "[3, None, 2]", "['b', 'a', 'c', 'a']", "[0.0, -0.0, 0, False, True, 1]", "[1, 2, 'a', 3]", "[]", "[(1, 2), (1,), (1, nan)]", "[1j, 1j, 2j]", "[[2], [1], [1, 5]]",
)  # fmt: skip
SIMULATION = (
    HEAD
    + EVENT
    + """
class Simulation:
    def __init__(self, times):
        self.events = []
        self.count = 0
        for t in times:
            self.schedule(t, "first")
    def schedule(self, time, kind):
        self.count += 1
        heapq.heappush(self.events, Event(time, self.count % 5, kind))
    def run(self):
        out = []
        while self.events and len(out) < 90:
            if self.events[0].number == 2:
                out.append(("next", self.events[0].time))
            event = heapq.heappop(self.events)
            out.append((event.time, event.number, event.kind))
            if event.kind == "first" and event.number % 2:
                self.schedule(event.time, "again")
        return out, len(self.events)
def shown(times):
    try:
        print(Simulation(times).run())
    except Exception as e:
        print(type(e).__name__, e)
"""
    + "".join(f"shown({t})\n" for t in TIMES)
)
SEARCH = (
    HEAD
    + NODE
    + """
def search(costs, late):
    heap = [Node(0, "start")]
    out = []
    while heap:
        node = heappop(heap)
        out.append((node.cost, node.name))
        if costs:
            node = Node(costs.pop(), len(costs))
            heappush(heap, node)
            heappush(heap, Node(late, "late")) if len(costs) % 3 == 1 else None
        if len(heap) > 5:
            back = heapq.heappushpop(heap, Node(late, "back"))
            out.append(heapq.heapreplace(heap, Node(late, "more")).name)
            heappush(heap, back)
        if len(out) > 80:
            break
    return out
def shown(costs, late):
    try:
        print(search(costs, late))
    except Exception as e:
        print(type(e).__name__, e)
"""
    + "".join(f"shown({t}, 4)\n" for t in TIMES)
    + "shown([1, 2, 3, 4, 5] * 3, nan)\n"
)
CHANGED = {
    "events": SIMULATION,
    "nodes": SEARCH,
    "a tuple of fields": SEARCH.replace(
        "return self.cost < other.cost",
        "if not isinstance(other, Node):\n            return NotImplemented\n        return (self.cost, self.name) < (other.cost, other.name)",
    ).replace("class Node", "@total_ordering\nclass Node"),
    "in two steps": SEARCH.replace(
        "return self.cost < other.cost",
        "if self.cost != other.cost:\n            return self.cost < other.cost\n        return self.name > other.name",
    ),
    "equal ones first": SEARCH.replace(
        "return self.cost < other.cost",
        "if self.cost == other.cost:\n            return self.name > other.name\n        return self.cost < other.cost",
    ),
    "a comparison of its own": SEARCH.replace("self.cost < other.cost", "self.cost > other.cost"),
    "steps of another order": SEARCH.replace(
        "return self.cost < other.cost",
        "if self.cost != other.cost:\n            return self.cost > other.cost\n        return self.name < other.name",
    ),
    "a tuple that begins otherwise": SEARCH.replace(
        "return self.cost < other.cost", "return (-self.cost, self.name) < (-other.cost, other.name)"
    ),
    "two heaps of other orders": SEARCH.replace("self.cost < other.cost", "self.cost > other.cost")
    + NODE.replace("Node", "Spot").replace(
        "return self.cost < other.cost", "return (-self.cost, self.name) < (-other.cost, other.name)"
    )
    + "def two(n):\n    one, other = [], []\n    for i in range(n):\n        heappush(one, Node(i * 7 % 5, i))\n        heappush(other, Spot(i * 7 % 5, i))\n    return [(heappop(one).cost, heappop(other).cost) for _ in range(n)]\nprint(two(9))",
    "handed on": HEAD
    + EVENT
    + "def push(heap, event):\n    heappush(heap, event)\ndef first(queue):\n    return heappop(queue)\n"
    + "def run(n):\n    heap = list()\n    other = heap\n    for i in range(n):\n        push(other, Event(i * 7 % 5, i))\n        event = Event(i % 3, -i, 'y')\n        push(heap, event=event)\n"
    + "    return [first(heap) for _ in range(len(heap))]\nprint(run(12))",
    "two heaps": HEAD
    + EVENT
    + NODE
    + "def run(n):\n    one, two = [], []\n    for i in range(n):\n        heappush(one, Event(i * 7 % 5, i))\n        heappush(two, Node(-i * 3 % 5, 1))\n"
    + "    out = []\n    while one and two:\n        out.append((heappop(one).time, heappop(two).cost))\n    return out\nprint(run(12))",
}
RUN = (
    HEAD
    + EVENT
    + "def run(n):\n    heap = []\n    kept = []\n    for i in range(n):\n        e = Event(i * 7 % 5, i)\n        heappush(heap, e)\n{line}    return [heappop(heap).number for _ in range(len(heap))]\nprint(run(9))\n"
)


def run(line: str) -> str:
    return RUN.format(line=f"        {line}\n")


ALONE = {
    "gone through": run("kept += [x.time for x in heap]"),
    "shown": run("print(heap)"),
    "in a text": run("kept.append(f'{heap}')"),
    "kept": run("kept.append(heap)"),
    "put at the end": run("heap.append(Event(9, 9))"),
    "made a heap": run("heapq.heapify(heap)"),
    "sorted": run("kept = sorted(heap)"),
    "asked for the last": run("kept.append(heap[-1].time)"),
    "an item bound": run("heap[0] = Event(-1, -1)"),
    "a part": run("kept = heap[0:2]"),
    "unpacked": run("a, *b = heap"),
    "compared": run("kept.append(heap == [])"),
    "in it": run("kept.append(e in heap)"),
    "a field bound anew": run("e.time += 1"),
    "of another class": run("heappush(heap, Late(1, 2))").replace("def run", "class Late(Event):\n    def __lt__(self, other):\n        return True\ndef run"),
    "of any class": run("heappush(heap, kept[0] if kept else e)"),
    "the class bound anew": run("pass").replace("def run", "Was = Event\nclass Event(Was):\n    pass\ndef run"),
    "a comparison put there": run("pass").replace("def run", "Event.__lt__ = lambda a, b: a.number > b.number\ndef run"),
    "a comparison of more": SEARCH.replace("self.cost < other.cost", "self.cost + 1 < other.cost"),
    "steps of different fields": SEARCH.replace(
        "return self.cost < other.cost", "if self.name != other.name:\n            return self.cost < other.cost\n        return False"
    ),
    "a tuple that begins so": SEARCH.replace(
        "return self.cost < other.cost", "return (self.cost, -len(self.name)) < (other.cost, -len(other.name))"
    ),
    "the other way later": SEARCH.replace(
        "return self.cost < other.cost", "return (self.cost, -self.name) < (other.cost, -other.name)"
    ),
    "of different fields": SEARCH.replace("self.cost < other.cost", "self.cost < other.name"),
    "equality of its own": SEARCH.replace("    def __lt__", "    def __eq__(self, other):\n        print('asked')\n        return False\n    def __lt__"),
    "a base": SEARCH.replace("class Node", "class Base:\n    pass\nclass Node(Base)").replace("Node(Base):", "Node(Base):").replace("class Node(Base)(", "class Node("),
    "not in order": run("pass").replace("@dataclass(order=True)", "@dataclass(eq=True)").replace("    kind: str", "    __lt__ = lambda a, b: a.number > b.number\n    kind: str"),
    "pickled": "import pickle\n" + run("pass"),
    "at the end of a life": run("pass").replace("def run", "class D:\n    def __del__(self):\n        pass\ndef run"),
    "in a comprehension": HEAD + EVENT + "def run(n):\n    heap = []\n    [heappush(heap, Event(i * 7 % 5, i)) for i in range(n)]\n    return heappop(heap)\nprint(run(4))",
    "another function": run("pass").replace("rng =", "heappush = lambda heap, e: heap.insert(0, e)\nrng ="),
    "given from outside": HEAD + EVENT + "def run(n, heap):\n    for i in range(n):\n        heappush(heap, Event(i * 7 % 5, i))\n    return heappop(heap)\nmine = []\nprint(run(5, mine), mine)",
    "a dataclass that shows it": HEAD + EVENT + "@dataclass\nclass A:\n    heap: list = field(default_factory=list)\ndef run(n):\n    a = A()\n    for i in range(n):\n        heappush(a.heap, Event(i * 7 % 5, i))\n    print(a)\n    return heappop(a.heap)\nprint(run(4))",
    "an object that shows it": HEAD + EVENT + "class A:\n    def __init__(self):\n        self.heap = []\ndef run(n):\n    a = A()\n    for i in range(n):\n        heappush(a.heap, Event(i * 7 % 5, i))\n    print(vars(a))\n    return heappop(a.heap)\nprint(run(4))",
}  # fmt: skip


def changes(source: str, root: Path) -> list[Change]:
    work, found = work_of(root, source), []
    for region in regions_of(work.source("script.py"), entry=True):
        for finding in HeapOrder().find(work, region, Facts()):
            found += list(HeapOrder().propose(work, finding, Facts()))
    return found


@pytest.mark.parametrize("source", CHANGED.values(), ids=CHANGED)
def test_changed(source: str, tmp_path: Path) -> None:
    work, old = work_of(tmp_path, source), observe(source)
    found = changes(source, tmp_path)
    assert found
    for change in found:
        new = Recipe((change,)).apply(work).source("script.py").text
        assert new != source
        assert observe(new) == old, new
        assert not [c for c in changes(new, tmp_path) if c.title == change.title], "its own heap of tuples is none"
        work = work_of(tmp_path, source)


@pytest.mark.parametrize("source", ALONE.values(), ids=ALONE)
def test_left_alone(source: str, tmp_path: Path) -> None:
    observe(source)
    assert not changes(source, tmp_path)


def test_no_comparison_in_python_is_left(tmp_path: Path) -> None:
    counted = SIMULATION.replace("class Event:", "class Event:", 1)
    work = work_of(tmp_path, counted)
    new = Recipe((changes(counted, tmp_path)[0],)).apply(work).source("script.py").text
    asked = (
        "\ndef count(was):\n    def asked(a, b):\n        count.n += 1\n        return was(a, b)\n    return asked\n"
    )
    asked += "count.n = 0\nEvent.__lt__ = count(Event.__lt__)\nSimulation([float(i * 7 % 50) for i in range(50)]).run()\nprint('asked', count.n)\n"
    (old,), (less,) = ([x for x in observe(s + asked)[0].split("\n") if "asked" in x] for s in (counted, new))
    assert int(old.split()[1]) > 200
    assert int(less.split()[1]) == 0
