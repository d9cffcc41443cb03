"""Dicts that hold ints and floats side by side: `dist = {v: inf}` and whole distances after that."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled_function, refusal

PRELUDE = "import heapq\nimport math\nimport numpy as np\n"
PATHS = """
def f(graph, start, limit):
    dist = {v: float("inf") for v in graph}
    dist[start] = 0
    heap = [(0, start)]
    while heap:
        d, u = heapq.heappop(heap)
        if d > dist[u]:
            continue
        for v, w in graph[u].items():
            new = d + w
            if new < dist[v] and new < limit:
                dist[v] = new
                heapq.heappush(heap, (new, v))
    far = 0
    total = 0
    for v, way in dist.items():
        if way == math.inf:
            far += 1
        else:
            total = total + way
    half = dist[start] / 2
    turned = -dist[start]
    dist[start] += 1
    if total + turned > 100:
        far += 1000
    return dist, far, half
"""


def test_shortest_paths() -> None:
    c = compiled_function(PATHS, "args = ({'a': {'b': 1}, 'b': {'a': 2}}, 'a', 50)", PRELUDE)
    ring = "{str(k): {str((k * 7 + 1) % 90): k % 5 + 1, str((k + 1) % 90): 3} for k in range(90)}"
    check(c, f"args = ({ring}, '5', 20)", fast=True)
    check(c, f"args = ({ring}, '5', 0)", fast=True)
    check(c, "args = ({'a': {'b': 2**52}, 'b': {'a': 1}}, 'a', 2**60)", fast=None)
    check(c, "args = ({'a': {'b': 2**53 + 1}, 'b': {'a': 1}}, 'a', 2**60)", fast=False)
    check(c, "args = ({'a': {'b': 2**62, 'c': 1}, 'b': {'a': 2**62}, 'c': {}}, 'a', 2**62)", fast=False)
    check(c, "args = ({'a': {'b': 1.5}, 'b': {'a': 2}}, 'a', 50)", fast=False)
    check(c, "args = ({'a': {'b': 1}}, 'a', 50)", fast=False)  # b is no key
    check(c, "args = ({'a': {'b': True}, 'b': {}}, 'a', 50)", fast=False)


def test_a_star() -> None:
    text = """
    def away(a, b):
        return abs(a[0] - b[0]) + abs(a[1] - b[1])

    def f(rows, start, goal):
        waiting = []
        heapq.heappush(waiting, (0, start))
        came = {}
        score = {start: 0}
        seen = 0
        while waiting:
            _, at = heapq.heappop(waiting)
            seen += 1
            if at == goal:
                path = [at]
                while at in came:
                    at = came[at]
                    path.append(at)
                if score.get(goal, math.inf) > 10:
                    seen += 1000
                return path, seen
            for dx, dy in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                to = (at[0] + dx, at[1] + dy)
                if 0 <= to[0] < len(rows) and 0 <= to[1] < len(rows[0]) and rows[to[0]][to[1]] == 0:
                    new = score[at] + 1
                    if new < score.get(to, float("inf")):
                        came[to] = at
                        score[to] = new
                        heapq.heappush(waiting, (new + away(to, goal), to))
        path = [start]
        if score.get(goal, math.inf) > 10:
            seen += 1000
        return path, seen
    """
    c = compiled_function(text, "args = ([[0, 0], [0, 0]], (0, 0), (1, 1))", PRELUDE)
    rows = "[[int((x * 7 + y * 13) % 5 == 0 and x + y > 0) for x in range(25)] for y in range(25)]"
    check(c, f"args = ({rows}, (0, 0), (24, 23))", fast=True)
    check(c, "args = ([[0, 1], [1, 0]], (0, 0), (1, 1))", fast=True)
    check(c, "args = ([[0, 1], [1, 0.5]], (0, 0), (1, 1))", fast=False)


def test_a_value_whose_type_depends_on_the_data() -> None:
    text = """
    def f(n, big):
        d = {}
        for i in range(n):
            d[i % 7] = i if i % 3 else -0.0 * i
        for i in range(n):
            d[i % 5] = big
        return d
    """
    c = compiled_function(text, "args = (20, 2**40)", PRELUDE)
    check(c, "args = (40, 3)", fast=True)
    check(c, "args = (9, 2**53)", fast=True)
    check(c, "args = (9, 2**53 + 1)", fast=False)
    check(c, "args = (0, 0)", fast=True)


@pytest.mark.parametrize(
    "body",
    [
        "for i in range(n):\n    d[i] = i / 2\n",  # it came in, with ints
        "e = {0: 1, 1: 0.5}\nfor i in range(n):\n    x = sum(e.values())\n",
        "e = {0: 1, 1: 0.5}\nfor i in range(n):\n    x = max(e.values())\n",
        "e = {0: 1, 1: 0.5}\nfor i in range(n):\n    xs = sorted(e.items())\n",
        "e = {0: 1, 1: 0.5}\nfor i in range(n):\n    x = e.setdefault(i, 0)\n",
        "e = {0: 1, 1: 0.5}\nfor i in range(n):\n    x = [0, 1, 2][e[0]]\n",
    ],
)
def test_refusals(body: str) -> None:
    assert refusal(body, "n = 2\nd = {0: 1}\n", PRELUDE)
