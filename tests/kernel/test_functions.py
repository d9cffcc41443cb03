"""Whole functions as kernels, against the functions they came from."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled_function

CASES = {
    "distance": (
        """
        def f(a, b):
            total = 0.0
            for i in range(len(a)):
                total += (a[i] - b[i]) ** 2
            return total
        """,
        "args = ([1.0, 2.0], [0.5, 7.0])",
        [
            ("args = ([1.0, 2.0], [0.5, 7.0])", True),
            ("args = ([1.0, 2.0], [0.5])", False),
            ("args = ([1e200, 2.0], [0.5, 1.0])", False),
            ("args = ([1, 2.0], [0.5, 1.0])", False),
            ("args = ([], [0.5, 1.0])", False),
            ("args = (None, [0.5, 1.0])", False),
        ],
    ),
    "result of two types": (
        """
        def f(x, y):
            \"\"\"Doc.\"\"\"
            wins = 0
            n = 0
            for p in x:
                for q in y:
                    n += 1
                    if p > q:
                        wins += 1
                    elif p == q:
                        wins += 0.5
            return wins
        """,
        "args = ([1.0, 2.0], [2.0, 0.5])",
        [
            ("args = ([1.0, 2.0], [2.0, 0.5])", True),
            ("args = ([1.0, 2.0], [0.25, 0.5])", True),
            ("args = ([1.0, 2.0], [0.25, 1])", False),
        ],
    ),
    "lists and an array": (
        """
        def f(window):
            days, assets = window.shape
            means = []
            low = float("inf")
            for a in range(assets):
                s = 0.0
                for t in range(days):
                    s += window[t, a]
                means.append(s / days)
                low = min(low, s)
            hist = [0] * 4
            for v in means:
                hist[int(v) % 4] += 1
            return means, hist, low, np.zeros(2)
        """,
        "args = (np.arange(6.0).reshape(2, 3),)",
        [
            ("args = (np.arange(6.0).reshape(2, 3),)", True),
            ("args = (np.zeros((0, 3)),)", False),
            ("args = (np.zeros((2, 0)),)", None),
        ],
    ),
    "random walk": (
        """
        def f(rng, n):
            path = [1.0]
            for i in range(n):
                z = rng.standard_normal() + rng.random() + rng.normal(0.5, i) + rng.uniform(-1, 2.5)
                path.append(path[-1] + z / (5 - i))
            return path
        """,
        "args = (np.random.default_rng(3), 4)",
        [
            ("rng = np.random.default_rng(3); args = (rng, 4)", True),
            ("rng = np.random.default_rng(3); args = (rng, 7)", False),
            ("rng = np.random.Generator(np.random.MT19937(3)); args = (rng, 4)", False),
            ("import random; rng = random.Random(4); args = (rng, 0)", None),
        ],
    ),
    "sums": (
        """
        def f(xs, ws):
            mean = sum(xs) / len(xs)
            var = sum((v - mean) ** 3 for v in xs) / (len(xs) - 1)
            top = max(xs) - min(xs[1:])
            few = [a * b for a, b in zip(xs, ws) if a > 0.0]
            s = sorted(xs)
            if any(w < 0 for w in ws) and not all(v < 9 for v in xs):
                top = -1.0
            count = sum(1 for v in xs if v > mean)
            return mean, var, top, sum(few), s[0], count, len(few)
        """,
        "args = ([1.5, 2.25, 1e-9, 3.0], [0.1, 0.7, 0.3, 0.9])",
        [
            ("args = ([1.5, 2.25, 1e-9, 3.0], [0.1, 0.7, 0.3, 0.9])", True),
            ("args = ([0.1] * 10 + [1e16, -1e16, 3.3], [0.1, 0.7, -0.3])", True),
            ("args = ([1.5, math.nan, 1e-9, 3.0], [0.1, 0.7, 0.3, 0.9])", False),
            ("args = ([1.5], [0.1])", False),
            ("args = ([-1.5, -2.0], [0.1, 0.2])", False),
        ],
    ),
    "returns new lists": (
        """
        def f(n, values):
            w = [1.0 / n] * n
            for step in range(3):
                g = []
                for i in range(n):
                    g.append(values[i] * w[i])
                total = sum(g)
                w = [wi * math.exp(-gi / total) for wi, gi in zip(w, g)]
            return w
        """,
        "args = (3, [1.0, 2.0, 3.0])",
        [
            ("args = (3, [1.0, 2.0, 3.0])", True),
            ("args = (3, [1.0, 2.0])", False),
            ("args = (0, [1.0, 2.0])", False),
            ("args = (3, [0.0, 0.0, 0.0])", False),
        ],
    ),
    "aliased growing lists": (
        """
        def f(n, p):
            values = []
            for i in range(n + 1):
                values.append(max(i - 2.5, 0.0))
            for k in range(n - 1, -1, -1):
                new = []
                for i in range(k + 1):
                    new.append(p * values[i + 1] + (1 - p) * values[i])
                values = new
            return values[0]
        """,
        "args = (6, 0.3)",
        [("args = (6, 0.3)", True), ("args = (0, 0.3)", True), ("args = (-5, 0.3)", False), ("args = (6, 3)", False)],
    ),
    "queue and literal neighbours": (
        """
        def f(mask):
            h, w = mask.shape
            labels = np.zeros((h, w), dtype=int)
            current = 0
            for y in range(h):
                for x in range(w):
                    if mask[y, x] and labels[y, x] == 0:
                        current += 1
                        queue = [(y, x)]
                        labels[y, x] = current
                        while len(queue) > 0:
                            cy, cx = queue.pop(0)
                            for ny, nx in [(cy - 1, cx), (cy + 1, cx), (cy, cx - 1), (cy, cx + 1)]:
                                if 0 <= ny < h and 0 <= nx < w:
                                    if mask[ny, nx] and labels[ny, nx] == 0:
                                        labels[ny, nx] = current
                                        queue.append((ny, nx))
            return labels
        """,
        "args = (np.arange(12).reshape(3, 4) % 3 > 0,)",
        [
            ("args = (np.arange(20).reshape(4, 5) % 3 > 0,)", True),
            ("args = (np.zeros((0, 4), bool),)", True),
            ("args = (np.zeros((2, 4)),)", False),
        ],
    ),
    "kernel of constants": (
        """
        def f(image):
            h, w = image.shape
            kernel = [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
            out = np.zeros((h, w))
            for y in range(h):
                for x in range(w):
                    total = 0.0
                    weight = 0
                    for dy in range(-1, 2):
                        for dx in range(-1, 2):
                            yy = y + dy
                            xx = x + dx
                            if 0 <= yy < h and 0 <= xx < w:
                                total += image[yy, xx] * kernel[dy + 1][dx + 1]
                                weight += kernel[dy + 1][dx + 1]
                    out[y, x] = total / weight
            return out
        """,
        "args = (np.arange(12.0).reshape(3, 4),)",
        [
            ("args = (np.arange(12.0).reshape(3, 4),)", True),
            ("args = (np.arange(12.0).reshape(3, 4).T,)", False),
            ("args = (np.array([[1e308, 1e308]]),)", False),
        ],
    ),
    "moments of slices": (
        """
        def f(values, window):
            out = []
            for i in range(window, len(values)):
                past = values[i - window : i]
                m = np.mean(past)
                s = past.std()
                if s > 0:
                    out.append((values[i] - m) / s)
                else:
                    out.append(np.sum(past))
            return out
        """,
        "args = (np.sin(np.arange(40.0)), 9)",
        [
            ("args = (np.sin(np.arange(700.0) ** 1.1), 300)", True),
            ("args = (np.sin(np.arange(40.0)), 3)", True),
            ("args = (np.ones(20), 9)", True),
            ("args = (np.full(20, np.nan), 9)", False),
            ("args = (np.sin(np.arange(40.0)), 0)", False),
        ],
    ),
    "procedure": (
        """
        def f(a, swaps):
            n = len(a)
            for i in range(n):
                for j in range(0, n - i - 1):
                    if a[j] > a[j + 1]:
                        a[j], a[j + 1] = a[j + 1], a[j]
                        swaps[0] += 1
        """,
        "args = ([3, 1, 2], [0])",
        [
            ("args = ([3, 1, 2, -7], [0])", True),
            ("args = ([3, 1, 2], [2**63 - 1])", False),
            ("x = [3, 1, 2]; args = (x, x)", False),
            ("args = ([3, 1, 2.0], [0])", False),
            ("args = ([3, 1, 2], [])", False),
        ],
    ),
}


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if c[1]])
def test_case(name: str) -> None:
    body, example, inputs = CASES[name]
    assert example is not None
    c = compiled_function(body, example)
    for setup, fast in inputs:
        check(c, setup, fast=fast, close=name in ("distance",))
