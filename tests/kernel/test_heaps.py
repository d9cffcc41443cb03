"""Heaps in kernels: shortest paths, schedules and the like by `heapq`."""

from __future__ import annotations

import heapq
import random
import re
from typing import Any

import pytest

from hasten.kernel import runtime
from tests.kernel.differential import check, compiled_function, refusal

PRELUDE = "import heapq\nfrom heapq import heapify, heappop as take, heappush, heappushpop, heapreplace\n"
PRELUDE += "import numpy as np\n"

PATHS = """
def f(graph, start, goal):
    dist = {}
    queue = [(0.0, start)]
    previous = {}
    steps = 0
    while queue:
        d, node = heapq.heappop(queue)
        if node in dist:
            continue
        dist[node] = d
        steps += 1
        if node == goal:
            break
        for other, weight in graph[node]:
            if other not in dist:
                heapq.heappush(queue, (d + weight, other))
                if other not in previous:
                    previous[other] = node
    return steps, dist, previous
"""


def ring(n: int) -> str:
    return f"{{str(k): [(str((k * 7 + 1) % {n}), 0.5 + k % 3), (str((k + 1) % {n}), 1.0)] for k in range({n})}}"


def test_shortest_paths_between_names() -> None:
    c = compiled_function(PATHS, "args = ({'a': [('b', 1.5)], 'b': [('a', 0.5)]}, 'a', 'b')", PRELUDE)
    check(c, f"args = ({ring(300)}, '17', '123')", fast=True)
    check(c, f"args = ({ring(300)}, '17', 'nowhere')", fast=True)
    check(c, "args = ({'b': [('é', 1.0), ('a', 1.0)], 'a': [('Z', 1.0)], 'é': [], 'Z': []}, 'b', 'x')", fast=None)
    check(c, "args = ({'a': [('b', 1.0)], 'b': [('c', 1.0)]}, 'a', 'q')", fast=False)  # c is no key
    nan = (
        "{'a': [('b', float('nan')), ('c', 1.0), ('d', 1.0)], 'b': [('a', 1.0)], 'c': [('a', 1.0)], 'd': [('a', 1.0)]}"
    )
    check(c, f"args = ({nan}, 'a', 'q')", fast=False)
    check(c, "args = ({'a': [('b', 1.0)], 'b': [('a', 1)]}, 'a', 'q')", fast=False)  # an int among them


ALL = """
def f(values, n):
    heap = [v % 17 for v in values]
    heapq.heapify(heap)
    out = []
    for v in values:
        out.append(heappushpop(heap, v))
        if len(heap) > n:
            out.append(take(heap))
            out.append(heapreplace(heap, v * 2) - heap[0])
            take(heap)
        heappush(heap, v % 5)
    last = take(heap) * 10 + take(heap)
    return out, heap, last
"""


def test_all_of_it() -> None:
    c = compiled_function(ALL, "args = ([3, 1, 2], 1)", PRELUDE)
    check(c, "args = ([(k * 7919) % 101 - 50 for k in range(400)], 5)", fast=True)
    check(c, "args = ([1, 1, 1, 0, 0], 100)", fast=True)
    check(c, "args = ([1, 2], 0)", fast=None)
    check(c, "args = ([], 0)", fast=False)  # pops from an empty heap
    check(c, "args = ([2**62, 2**62, 5], 0)", fast=False)
    check(c, "args = ([1, 2.5, 3], 1)", fast=False)
    check(c, "args = ([1, True], 1)", fast=False)


def test_pairs_within() -> None:
    text = """
    def f(walls, size):
        seen = set()
        queue = [(0.0, (0, 0))]
        order = []
        while queue and len(order) < 500:
            cost, cell = heapq.heappop(queue)
            if cell in seen:
                continue
            seen.add(cell)
            order.append(cell)
            x, y = cell
            for dx in range(-1, 2):
                step = (x + dx, y + 1 - abs(dx))
                if abs(step[0]) < size and step[1] < size and (step[0] * 7 + step[1]) % 5 != walls:
                    heapq.heappush(queue, (cost + 1.0 + abs(dx) / 2, step))
        return order
    """
    c = compiled_function(text, "args = (1, 3)", PRELUDE)
    check(c, "args = (3, 14)", fast=True)
    check(c, "args = (9, 14)", fast=True)


def test_two_heaps_and_a_tuple_within() -> None:
    text = """
    def f(stream, n):
        low, high = [], []
        out = []
        for x in stream:
            heapq.heappush(low, -heapq.heappushpop(high, x))
            if len(low) > len(high):
                heapq.heappush(high, -heapq.heappop(low))
            out.append(high[0] if len(high) > len(low) else (high[0] - low[0]) / 2)
        cells = [(x, (i % 7, -i)) for i, x in enumerate(stream)]
        heapq.heapify(cells)
        total = 0.0
        while cells:
            x, (a, b) = heapq.heappop(cells)
            total = total / 2 + x * a + b
        best = heapq.nlargest(n, stream)
        least = heapq.nsmallest(n, [(v * v, k) for k, v in enumerate(stream)], key=lambda p: p[0])
        return out, total, best, least
    """
    c = compiled_function(text, "args = ([3.0, 4.0, 5.0], 2)", PRELUDE)
    check(c, "args = ([float(k * 7919 % 101) for k in range(200)], 12)", fast=True)
    check(c, "args = ([0.0, -0.0, 0.0, -0.0, 1.0, -1.0], 3)", fast=True)
    check(c, "args = ([2.5, 2.5], 50)", fast=True)
    check(c, "args = ([2.5, 1.5], 0)", fast=True)
    check(c, "args = ([2.5, 1.5], -3)", fast=True)
    check(c, "args = ([float('inf'), -1.0, float('-inf')], 1)", fast=None)
    check(c, "args = ([1.0, float('nan'), 2.0], 1)", fast=False)
    check(c, "args = ([], 1)", fast=None)


def test_lists_of_tuples_by_place() -> None:
    text = """
    def f(adjacent, start):
        cost = [math.inf] * len(adjacent)
        cost[start] = 0.0
        heap = [(0.0, start)]
        while heap:
            d, u = heapq.heappop(heap)
            if d > cost[u]:
                continue
            for v, w in adjacent[u]:
                if d + w < cost[v]:
                    cost[v] = d + w
                    heapq.heappush(heap, (d + w, v))
        return cost, len(adjacent[start]), adjacent[-1][0][1]
    """
    c = compiled_function(text, "args = ([[(1, 1.5)], [(0, 0.5)]], 0)", PRELUDE + "import math\n")
    check(c, "args = ([[(k * 7 % 90, 0.5 + k % 4), (k + 1, 1.0)] for k in range(89)] + [[(0, 2.0)]], 3)", fast=True)
    check(c, "args = ([[(1, 1.0)], [], [(-1, 2.0)]], 2)", fast=True)  # a negative place counts from the end
    check(c, "args = ([[(1, 1.0)], []], 0)", fast=False)  # nothing at the end
    check(c, "args = ([[(1, 1.0)], [(2, 1.0)]], 0)", fast=False)
    check(c, "args = ([[(1, 1.0)], ((0, 1.0),)], 0)", fast=False)  # a tuple of tuples
    check(c, "args = ([[(1, 1.0)], [(0, 1.0, 2)]], 0)", fast=False)
    check(c, "args = ([[(1, 1.0)], [[0, 1.0]]], 0)", fast=False)


REFUSED = {
    "sorted is another": "def sorted(x):\n    return x\nfor i in range(n):\n    heap = heapq.nlargest(2, heap)\n",
    "swapped": "a, b = [n], [n + 1]\nfor i in range(n):\n    a, b = b, a + [len(b)]\n    b.append(i)\n",
    "result": "heap = [3, 1]\nwhile heap:\n    x = heapq.heappush(heap, n)\n    n += 1\n",
    "from outside": "while heap:\n    n += heapq.heappop(heap)\n",
    "lists": "heap = [[3]]\nfor i in range(n):\n    heapq.heappush(heap, [i])\n",
    "mixed": "heap = [3]\nfor i in range(n):\n    heapq.heappush(heap, i / 2)\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    assert refusal(REFUSED[name], "n = 4\nheap = [1, 2]\n", "import heapq\nimport numpy as np\n")


def test_steps_are_those_of_cpython() -> None:
    text = "import math, sys\nimport numpy as np\n"
    wanted = {f"heap_{w}{m}" for w in ("push", "pop", "order", "replace", "push_pop") for m in ("", "_01", "_1")}
    for name in runtime.closure(wanted):
        text += re.sub("@njit.*", "", runtime.HELPERS[name].text) + "\n"
    space: dict[str, Any] = {}
    exec(text, space)
    names = sorted({f"{a}{b}" for a in "xyz" for b in "pqrs"})
    shuffled = random.Random(3).sample(range(len(names)), len(names))
    words = [names[i] for i in shuffled]  # by their numbers
    ranks = [sorted(words).index(w) for w in words]
    rng = random.Random(7)
    for marks in ("", "_01", "_1"):
        said = {"": lambda x: x, "_01": lambda x: (x[0], words[x[1]]), "_1": lambda x: words[x]}[marks]
        for size in (0, 1, 2, 3, 8, 40):
            new = {
                "": lambda: (rng.randrange(4), rng.random() < 0.5),
                "_01": lambda: (rng.randrange(3) * 0.5, rng.randrange(len(words))),
                "_1": lambda: rng.randrange(len(words)),
            }[marks]
            mine = [new() for _ in range(size)]
            theirs = [said(x) for x in mine]
            more = (ranks,) if marks else ()
            space[f"_heap_order{marks}"](mine, *more)
            heapq.heapify(theirs)
            for _ in range(120):
                what = rng.choice(["push", "pop", "replace", "push_pop"])
                x = new()
                if not mine and what in ("pop", "replace"):
                    continue
                args = () if what == "pop" else (x,)
                got = space[f"_heap_{what}{marks}"](mine, *args, *more)
                name = {"push_pop": "heappushpop", "replace": "heapreplace"}.get(what, f"heap{what}")
                wanted_ = getattr(heapq, name)(theirs, *map(said, args))
                assert wanted_ == (None if got is None else said(got))
                assert [said(i) for i in mine] == theirs
