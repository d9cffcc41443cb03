"""Sorting, dicts, sets and lists of lists in kernels, against the loops they came from."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, compiled_function, refusal

FUNCTIONS = {
    "sorted tuples": (
        """
        def f(points, x, k):
            near = []
            for i in range(len(points)):
                total = 0.0
                for j in range(len(x)):
                    total += (points[i][j] - x[j]) * (points[i][j] - x[j])
                near.append((total, i))
            near.sort()
            votes = {}
            for d, i in near[:k]:
                votes[i % 3] = votes.get(i % 3, 0) + 1
            best = None
            for label, count in votes.items():
                if best is None or count > best[0]:
                    best = (count, label)
            top = max(sorted(votes), key=lambda label: votes[label])
            return best, top, sorted(near, key=lambda p: -p[1])[:2], max(near), min(near, key=lambda p: (p[1] % 2, -p[0]))
        """,
        "args = ([[1.0, 2.0], [0.5, 0.25]], [1.0, 1.0], 1)",
        [
            ("args = ([[1.0, 2.0], [0.5, 0.25], [1.0, 0.0], [5.0, 5.0]], [1.0, 1.0], 3)", True),
            ("args = ([[1.0, 2.0], [0.5, 0.25]], [1.0, float('nan')], 1)", False),
            ("args = ([[0.0, -0.0], [-0.0, 0.0], [0.0, 0.0]], [0.0, 0.0], 2)", True),
            ("args = ([[1.0, 2.0]], [1.0, 1.0], 0)", False),
            ("args = ([[1.0, 2.0], [3.0]], [1.0], 2)", False),
            ("args = ([], [1.0], 2)", False),
        ],
    ),
    "list methods": (
        """
        def f(xs, n):
            out = [3, 1, 2]
            out.insert(1, n)
            out.insert(-100, 7)
            out.extend(range(n))
            out += [n, n]
            out.reverse()
            del out[0]
            first = out.pop(0)
            both = out + [5] * 2
            twice = both * 2
            where = twice.index(5) + 100 * twice.count(n)
            if n in twice and 99 not in twice:
                where += 1000
            twice.sort(reverse=True)
            floats = sorted(xs, reverse=True)
            xs2 = list(xs)
            xs2.sort()
            same = xs2 == xs
            return first, where, same, twice, floats, xs2, [i * 10 + v for i, v in enumerate(sorted(out))]
        """,
        "args = ([1.0, 2.0], 4)",
        [
            ("args = ([1.0, 2.0], 4)", True),
            ("args = ([2.0, -0.0, 0.0, 2.0], 1)", True),
            ("args = ([2.0, float('nan'), 1.0], 1)", False),
            ("args = ([2.0, 1.0], 0)", True),
            ("args = ([2.0, 1.0], -3)", True),
            ("args = ([], 3)", False),
        ],
    ),
    "breadth first": (
        """
        def f(neighbours, start):
            found = {start: 0}
            queue = [start]
            while queue:
                node = queue.pop(0)
                for other in neighbours[node]:
                    if other not in found:
                        found[other] = found[node] + 1
                        queue.append(other)
            return found
        """,
        "args = ({1: [2, 3], 2: [1], 3: [1, 2]}, 1)",
        [
            ("args = ({1: [2, 3], 2: [1], 3: [1, 2, 9], 9: []}, 1)", True),
            ("args = ({-5: [7], 7: [-5, 2**62], 2**62: [-5]}, -5)", True),
            ("args = ({i: [(i * 7 + 3) % 50, (i * i) % 50] for i in range(50)}, 3)", True),
            ("args = ({1: [2, 3]}, 1)", False),
            ("args = ({1: [True]}, 1)", False),
            ("args = ({1: [2.0], 2: [1.0]}, 1)", False),
            ("args = ({True: [1]}, 1)", False),
            ("args = ({}, 1)", False),
            ("args = ({1: [2**70]}, 1)", False),
        ],
    ),
    "page rank": (
        """
        def f(links, rounds):
            nodes = list(links)
            n = len(nodes)
            rank = {node: 1.0 / n for node in nodes}
            for _ in range(rounds):
                new = {node: 0.15 / n for node in nodes}
                for node in nodes:
                    targets = links[node]
                    if targets:
                        share = 0.85 * rank[node] / len(targets)
                        for target in targets:
                            new[target] += share
                rank = new
            return rank
        """,
        "args = ({1: [2, 3], 2: [1], 3: [1, 2]}, 3)",
        [
            ("args = ({3: [2, 1], 2: [3], 1: []}, 3)", True),
            ("args = ({3: [2, 1], 2: [3], 1: [4]}, 3)", False),
            ("args = ({3: [2, 1], 2: [3], 1: [3]}, 0)", True),
        ],
    ),
    "rows": (
        """
        def f(points, labels):
            k = 3
            groups = [[] for _ in range(k)]
            for i in range(len(points)):
                groups[labels[i]].append(i)
            means = []
            for members in groups:
                rows = [points[i] for i in members]
                if rows:
                    mean = []
                    for j in range(len(rows[0])):
                        s = 0.0
                        for row in rows:
                            s += row[j]
                        mean.append(s / len(rows))
                    means.append(mean)
            total = 0.0
            for a, b in zip(points[1:], points[:-1]):
                for x, y in zip(a, b):
                    total += abs(x - y)
            means.sort(key=lambda m: m[0])
            return means
        """,
        "args = ([[1.0, 2.0], [0.5, 0.25]], [0, 1])",
        [
            ("args = ([[1.0, 2.0], [0.5, 0.25], [4.0, -1.0]], [0, 2, 2])", True),
            ("args = ([[1.0, 2.0], [0.5, 0.25], [4.0, -1.0]], [0, -1, 2])", True),
            ("args = ([[1.0, 2.0], [0.5, 0.25], [4.0, -1.0]], [0, 3, 2])", False),
            ("args = ([[1.0, 2.0], [0.5, float('nan')], [4.0, -1.0]], [0, 1, 2])", True),
            ("args = ([[1.0, 2.0], [float('nan'), 0.5], [4.0, -1.0]], [0, 1, 2])", False),
        ],
    ),
    "sets and pairs": (
        """
        def f(xs, allowed):
            seen = set()
            pairs = {}
            order = []
            for i in range(len(xs)):
                for j in range(i):
                    if (xs[i], xs[j]) not in pairs:
                        pairs[xs[i], xs[j]] = []
                    pairs[(xs[i], xs[j])].append(i - j)
                if xs[i] not in seen and xs[i] in allowed:
                    seen.add(xs[i])
                    order.append(xs[i])
            total = 0
            for key, gaps in pairs.items():
                total += key[0] * len(gaps) + sum(gaps)
            return sorted(seen), len(seen), order, sum(set(xs)), total, max(len(g) for g in pairs.values())
        """,
        "args = ([1, 2, 1], {1, 2})",
        [
            ("args = ([1, 2, 1, 5, 5, -3, 2], {1, 5, -3, 8})", True),
            ("args = ([i * i % 17 for i in range(40)], set(range(9)))", True),
            ("args = ([1, 2, 1, 5], {1, 5.0})", False),
            ("args = ([1, True, 1, 5], {1, 5})", False),
            ("args = ([4], {1})", False),
        ],
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str) -> None:
    text, seen, inputs = FUNCTIONS[name]
    made = compiled_function(text, seen)
    for setup, fast in inputs:
        check(made, setup, fast=fast)


BLOCKS = {
    "a list that may be in a dict": (
        """
        for k in d:
            for v in d[k]:
                row[0] += v
        """,
        "d = {1: [1.0]}\nrow = [0.5]",
        [
            ("d = {1: [1.0, 2.0], 2: [4.0]}\nrow = [0.5]", True),
            ("d = {1: [1.0, 2.0], 2: [4.0]}\nrow = d[1]", False),
            ("e = [1.0, 2.0]\nd = {1: e, 2: e}\nrow = [0.5]", True),  # it is only read
            ("e = [1.0, 2.0]\nd = {1: e, 2: e}\nrow = e", False),
            ("d = {1: [1.0, 2.0], 2: (4.0,)}\nrow = [0.5]", False),
        ],
    ),
    "counts into a dict": (
        """
        for x in xs:
            counts[x] = counts.get(x, 0) + 1
            if x > 5:
                sums.setdefault(x % 4, 0.0)
                sums[x % 4] += x / 2
        last = None
        for k in counts:
            if last is None or counts[k] > last:
                last = counts[k]
        """,
        "xs = [1, 2]\ncounts = {1: 3}\nsums = {}",
        [
            ("xs = [9, 1, 2, 2, 7]\ncounts = {2: 3, 1: 1}\nsums = {}", True),
            ("xs = [9, 1, 2, 2, 7]\ncounts = {2: 3, 1: 1.0}\nsums = {}", False),
            ("xs = [9, 1, 2, 2, 7]\ncounts = {2: 3, 1: 1}\nsums = {3: 1.0}", False),
            ("xs = [9, 1, 2, 2, 7]\ncounts = {2: 3, 1: 1}\nsums = counts", False),
            ("xs = [9, 1, 2, 2, 7]\ncounts = {2: 3, 1: 2**63 - 1, 7: 2**63 - 1}\nsums = {}", False),
            ("import collections\nxs = [9, 1]\ncounts = collections.Counter({2: 3})\nsums = {}", False),
        ],
    ),
    "a dict that grows under its loop": (
        """
        d = {1: 2.0}
        for i in range(n):
            d[i + 2] = i * 0.5
        for k, v in d.items():
            if v > limit:
                d[k + 1000] = v
        """,
        "n = 3\nlimit = 9.0",
        [("n = 3\nlimit = 9.0", True), ("n = 3\nlimit = 0.75", False), ("n = 0\nlimit = 3.0", False)],
    ),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks(name: str) -> None:
    text, seen, inputs = BLOCKS[name]
    made = compiled(text, seen)
    for setup, fast in inputs:
        check(made, setup, fast=fast)


REFUSED = {
    "a row that gets another type than its list": (
        """
        grid = [[0.0] * 3 for _ in range(n)]
        for i in range(n):
            row = grid[i]
            row[1] = x[i]
        """,
        "n = 2\nx = np.ones(3)",
    ),
    "a list twice in another": (
        """
        out = []
        row = [1.0]
        for i in range(n):
            out.append(row)
        """,
        "n = 2",
    ),
    "a row that is used after it was handed over": (
        """
        out = []
        for i in range(n):
            row = [1.0]
            out.append(row)
            kept = row
        """,
        "n = 2",
    ),
    "what came in, in a new list": (
        """
        out = []
        for row in rows:
            out.append(row)
        """,
        "rows = [[1.0, 2.0], [3.0, 4.0]]",
    ),
    "the order of a set": (
        """
        out = []
        for x in set(set(xs)):
            out.append(x)
        """,
        "xs = [1, 2]",
    ),
    "keys that are equal but not the same": (
        """
        d = {}
        for i in range(n):
            d[i * 1.0] = i
            d[i] = i
        """,
        "n = 2",
    ),
    "a key that reads the list it sorts": (
        """
        xs = []
        for i in range(n):
            xs.append(-i)
        for i in range(n):
            xs.sort(key=lambda v: len(xs) * v)
        """,
        "n = 2",
    ),
    "a dict that came in, under a second name": (
        """
        for k in d:
            out = d
        """,
        "d = {1: 2.0}",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    text, seen = REFUSED[name]
    assert refusal(text, "import numpy as np\n" + seen)
