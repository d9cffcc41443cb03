"""Lists used as queues."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.queue import Queue
from tests.passes.test_containers_harness import changed, left_alone

CHANGED = {
    "breadth first": """
def order(graph, start):
    todo = [start]
    seen = {start}
    out = []
    while todo:
        node = todo.pop(0)
        out.append(node)
        for n in graph.get(node, ()):
            if n not in seen:
                seen.add(n)
                todo.append(n)
    return out
print(order({1: [2, 3], 2: [4], 3: [4], 4: [1]}, 1), order({}, "x"))
""",
    "window": """
def sums(xs, width):
    window = []
    total = 0
    out = []
    for x in xs:
        window.append(x)
        total += x
        if len(window) > 3:
            total -= window.pop(0)
        out.append(total)
    return out
print(sums(range(10), 3))
""",
    "while with len": """
q = list(range(5))
while len(q) > 0:
    a, b = q.pop(0), 1
    if a < 3:
        q.append(a + 3)
    print(a, len(q))
""",
    "front of times": """
def recent(times):
    q = []
    out = []
    for t in times:
        q.append(t)
        while q and q[0] < t - 3:
            q.pop(0)
        out.append(len(q))
    return out
print(recent([1, 2, 5, 6, 9, 20]))
""",
    "insert": """
def reverse(xs):
    out = []
    for x in xs:
        out.insert(0, x)
    return list(out)
print(reverse("abc"))
""",
}
ALONE = {
    "error of an empty list": """
q = [1]
try:
    while True:
        print(q.pop(0))
except IndexError as e:
    print(e)
""",
    "returned": """
def f():
    q = [1, 2]
    while q:
        q.pop(0)
    return q
print(f())
""",
    "printed": """
q = [1, 2, 3]
while q:
    q.pop(0)
    print(q)
""",
    "slice": """
q = [1, 2, 3]
while q:
    x = q.pop(0)
    print(q[:1])
""",
    "equal": """
q = [1, 2]
while q:
    x = q.pop(0)
    print(q == [2])
""",
    "parameter": """
def f(q):
    while q:
        print(q.pop(0))
q = [1, 2]
f(q)
print(q)
""",
    "two pops": """
q = [1, 2, 3]
try:
    while q:
        a, b = q.pop(0), q.pop(0)
        print(a, b)
except IndexError as e:
    print(e)
""",
    "grows under a loop": """
q = [1, 2]
for x in q:
    if x < 5:
        q.append(x + 2)
while q:
    x = q.pop(0)
    print(x)
""",
    "emptied before": """
q = [1, 2]
try:
    while q:
        q.clear()
        x = q.pop(0)
except IndexError as e:
    print(e)
""",
    "another name": """
q = [1, 2]
r = q
while q:
    x = q.pop(0)
print(r)
""",
    "set": """
q = {1, 2}
while q:
    print(q.pop())
""",
    "used in a function": """
q = [1, 2]
def show():
    print(q)
while q:
    x = q.pop(0)
    show()
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    changed(Queue(), tmp_path, CHANGED[name])


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(Queue(), tmp_path, ALONE[name])
