"""All items sorted for a few of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.arrays.selection import Selection
from tests.passes.test_containers_harness import changed, left_alone

# arrays of every kind that has an order, many with ties, NaN and both zeros
DATA = """
import numpy as np
rng = np.random.default_rng(3)
def arrays():
    yield rng.random(500)
    yield rng.integers(0, 40, 500)
    yield np.where(rng.random(500) < 0.3, np.nan, rng.random(500))
    yield np.where(rng.random(500) < 0.5, 0.0, -0.0)
    yield np.concatenate([np.full(30, -0.0), np.zeros(30), rng.random(400), [np.nan, -np.nan, np.inf, -np.inf, 2.0]])
    yield -np.concatenate([np.full(3, -0.0), np.zeros(3), rng.random(400)])
    yield rng.permutation(300).astype("u1")
    yield rng.permutation(1000).astype(">i4")
    yield rng.permutation(1000)[::-3]
    yield rng.random(400).astype(np.float16)
    yield np.arange(10.0)
    yield np.array([])
    yield np.array(["b", "a"] * 100)
    yield np.array([3, "a", None], dtype=object)
    yield rng.random(300) + 1j
    yield np.ma.array(rng.random(300), mask=rng.random(300) < 0.5)
    yield np.matrix(rng.random(300))
    yield rng.random((20, 200))
    yield np.array(5.0)
    yield list(rng.permutation(400))
    yield rng.permutation(300).astype("m8[s]")
    yield rng.random(300) < 0.5
def attempt(f, *args):
    for x in arrays():
        for a in args or (5,):
            try:
                got = f(x, a)
                print(type(got).__name__, getattr(got, "dtype", None), np.asarray(got).tolist(), str(np.asarray(got)))
            except Exception as e:
                print(type(e).__name__)
"""
CHANGED = {
    "largest": """
attempt(lambda x, k: np.sort(x)[-k:], 5, 1, 0, -3, 1000, 2.0, np.int64(3), True)
attempt(lambda x, k: np.sort(x)[::-1][:k], 5, 0, -1)
attempt(lambda x, k: np.sort(x)[:-k-1:-1], 4, 1)
attempt(lambda x, k: (np.sort(x)[-1], np.sort(x)[0], np.sort(x)[-3]))
""",
    "smallest": """
attempt(lambda x, k: np.sort(x)[:k], 5, 1, 0, -3, 1000, None)
attempt(lambda x, k: np.sort(x)[1:k + 1].sum())
attempt(lambda x, k: np.sort(x, kind="quicksort")[3])
""",
    "places of the largest": """
attempt(lambda x, k: np.argsort(x)[-k:], 5, 1, 0, 100)
attempt(lambda x, k: np.argsort(x)[-k:][::-1], 5)
attempt(lambda x, k: np.argsort(x)[::-1][:k], 5, 100, -1)
attempt(lambda x, k: x.argsort()[::-1][:k], 5)
attempt(lambda x, k: x.argsort()[-k:], 5)
attempt(lambda x, k: np.argsort(x)[:-k - 1:-1], 5)
attempt(lambda x, k: np.argsort(x)[-1:-k - 1:-1], 5)
""",
    "places of the smallest": """
attempt(lambda x, k: np.argsort(x)[:k], 5, 0, 100)
attempt(lambda x, k: np.argsort(-x)[:k], 5)
attempt(lambda x, k: np.argsort(x)[1:k + 1], 5)
attempt(lambda x, k: np.argsort(x, kind="stable")[:k], 5, 50)
attempt(lambda x, k: np.argsort(x, kind="mergesort")[::-1][:k], 5, 50)
attempt(lambda x, k: np.argsort(x, kind="stable")[-k:], 5, 50)
attempt(lambda x, k: np.argsort(x, axis=-1)[0])
""",
    "by row": """
attempt(lambda x, k: np.argsort(x, axis=1)[:, :k], 5, 1, 0)
attempt(lambda x, k: np.argsort(x)[:, :k], 5)
for d in (rng.random((30, 300)), rng.integers(0, 200, (30, 300)), np.asfortranarray(rng.random((30, 300)))):
    print(np.argsort(d, axis=1)[:, :4].tolist(), np.argsort(d, axis=1)[:, 1:4].tolist())
    d[3, 7] = d[3].min()
    d[5, 7:12] = d[5].min()
    print(np.argsort(d)[:, :4].tolist())
""",
    "the middle": """
def median(x):
    s = np.sort(x)
    n = len(s)
    if n % 2:
        return s[n // 2]
    return (s[n // 2 - 1] + s[n // 2]) / 2
def at(x, q):
    ordered = np.sort(x)
    return ordered[int(q * len(x))], ordered[int(q * len(ordered))]
for x in arrays():
    for f in (median, lambda x: at(x, 0.9), lambda x: np.sort(x)[len(x) // 2], lambda x: at(x, -0.2)):
        try:
            print(repr(f(x)))
        except Exception as e:
            print(type(e).__name__)
""",
    "a name for it": """
def nearest(x, k):
    order = np.argsort(x)
    best = order[:k]
    return x[best], order[0:k]
def top(x, k):
    order = np.argsort(x)[::-1]
    return order[:k]
def ends(x):
    order = np.argsort(x)
    return order[0], order[1], order[2]
def spread(x):
    s = np.sort(x)
    q1, q3 = s[len(s) // 4], s[3 * s.size // 4]
    return s[0], q1, q3, s[-1], s.shape[0], x.size
for x in arrays():
    try:
        print(spread(x))
    except Exception as e:
        print(type(e).__name__)
for x in (rng.random(300), rng.integers(0, 9, 300)):
    print(nearest(x, 4), ends(x), top(x, 3))
class Neighbours:
    def __init__(self, k):
        self.k = k
    def near(self, d):
        order = np.argsort(d)
        return order[:self.k]
print(Neighbours(3).near(rng.random(300)))
def trimmed(x, share, skip=None):
    s = np.sort(x)
    n = len(s)
    cut = int(n * share)
    if share > 2:
        step = n // 0
        return s[step]
    return s[n // 2], s[cut], s[n - cut - 1]
def best(x, k):
    order = np.argsort(x)
    if k is None:
        return []
    return order[:k + 1]
for x in (rng.random(300), rng.integers(0, 9, 300), rng.random(300).tolist()):
    print(trimmed(x, 0.1), trimmed(x, 0), best(x, 3), best(x, None))
    for bad in ("a", 3):
        try:
            trimmed(x, bad)
        except Exception as e:
            print(type(e).__name__, e)
""",
}
ALONE = {
    "all of it": """
x = rng.random(300)
print(np.sort(x).tolist(), np.argsort(x)[::2].tolist(), np.sort(x)[5:].tolist())
""",
    "an index that changes": """
def f(x):
    s = np.sort(x)
    i = 0
    total = 0.0
    while i < 5:
        total += s[i]
        i += 1
    return total
print(f(rng.random(300)))
""",
    "another list's length": """
def f(x, marks):
    s = np.sort(x)
    marks.append(1)
    return s[len(marks)]
print(f(rng.random(300), [1, 2]))
""",
    "sorted along columns": """
d = rng.random((80, 3))
print(np.argsort(d, axis=0)[:2].tolist())
""",
    "handed on": """
def f(x, k):
    order = np.argsort(x)
    print(order.sum())
    return order[:k]
print(f(rng.random(300), 3))
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    made = changed(Selection(), tmp_path, DATA + CHANGED[name])
    assert any("partition(" in text for text in made)


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(Selection(), tmp_path, DATA + ALONE[name])
