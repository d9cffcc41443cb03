"""Rows of an array picked one at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.core.facts import Facts, RegionFacts, ValueFact
from hasten.core.workload import ScriptWorkload
from hasten.kernel.regions import regions_of
from hasten.passes.source.arrays.picked import PickedRows
from tests.passes.test_containers_harness import changed, left_alone, observe, work_of

DATA = """
import numpy as np
rng = np.random.default_rng(1)
X = np.round(rng.random((60, 4)), 1)
y = rng.integers(0, 3, 60)
v = np.round(rng.normal(size=60), 1)
def show(*got):
    for a in got:
        if isinstance(a, np.ndarray):
            print(a.dtype, a.shape, a.flags.c_contiguous, a.flags.writeable, a.flags.owndata, a.tolist())
        else:
            print(type(a), {type(i) for i in a} if isinstance(a, list) else "", a)
def attempt(f, *args):
    try:
        show(*f(*args))
    except Exception as e:
        print(type(e).__name__, e)
nan = np.where(X > 0.5, np.nan, X)
odd = [X.astype("f4"), X.astype(int), X.astype(">f8"), np.asfortranarray(X), X[::-1, ::2], X[:3], X[:0], X.astype(object),
       X.tolist(), X > 0.5, nan, X.astype(complex), np.ma.array(X, mask=X > 0.5), np.matrix(X), X.reshape(-1), X[None],
       X.astype("i1"), X.astype("f2"), np.zeros((20, 0)), np.where(X > 0.3, -0.0, np.inf)]
keys = [0.5, 0, 1, -1, True, 2**60, 2**70, np.float64(0.5), np.float32(0.5), np.nan, np.inf, "a", None, [0.5], np.array([0.5]),
        np.arange(60.0), 0.5j]
places = [0, 3, -1, 4, -5, True, np.int64(2), 1.0, None, [0], slice(0, 1), "a"]
"""
CHANGED = {
    "a split": (
        """
def split(X, j, t):
    left = np.array([row for row in X if row[j] <= t])
    right = np.array([row for row in X if row[j] > t])
    return left, right
for k in keys:
    attempt(split, X, 1, k)
for j in places:
    attempt(split, X, j, 0.5)
for o in odd:
    attempt(split, o, 1, 0.5)
    attempt(split, o, 1, 1)
""",
        2,
    ),
    "a lambda of either kind": (
        """
def divide(X, j, t):
    test = None
    if isinstance(t, (int, float)):
        test = lambda sample: sample[j] >= t
    else:
        test = lambda sample: sample[j] == t
    a = np.array([sample for sample in X if test(sample)])
    b = np.array([sample for sample in X if not test(sample)])
    return a, b
for k in keys:
    attempt(divide, X, 1, k)
for j in places:
    attempt(divide, X, j, 0.5)
for o in odd:
    attempt(divide, o, -1, 0.5)
""",
        2,
    ),
    "places": (
        """
def places_of(X, y, j, t):
    a = [i for i in range(len(X)) if X[i, j] <= t]
    b = [i for i in range(X.shape[0]) if X[i][j] <= t and y[i] == 1]
    c = np.array([i for i, row in enumerate(X) if row[j] != t])
    d = [y[i] for i in range(len(y)) if not X[i, j] < t]
    e = np.array([y[i] for i, row in enumerate(X) if row[j] == t or row[0] > 0.5])
    return a, b, c, d, e
for k in keys:
    attempt(places_of, X, y, 1, k)
for j in places:
    attempt(places_of, X, y, j, 0.5)
for o in odd:
    attempt(places_of, o, y, 1, 0.5)
    attempt(places_of, o, y[:5], 1, 0.5)
    attempt(places_of, o, list(y), 1, 0.5)
""",
        5,
    ),
    "items and counts": (
        """
def items(v, low, high):
    mean = float(v[0]) if len(v) else 0.0
    a = [x for x in v if low < x <= high]
    b = np.array([x for x in v if abs(x - mean) > 2 * high])
    c = len([x for x in v if x / high > low])
    d = np.asarray([x for x, k in zip(v, y) if k == 1 and -x > low])
    return a, b, c, d
for low in keys:
    attempt(items, v, low, 1.0)
    attempt(items, v, -1.0, low)
for o in odd:
    attempt(items, o[:, 0] if isinstance(o, np.ndarray) and o.ndim > 1 and o.shape[1] else o, 0, 1)
attempt(items, np.array([1e308] * 60), -1e308, 0.5)
attempt(items, v, 0, 0.0)
""",
        4,
    ),
    "attributes": (
        """
class Node:
    def __init__(self, X, t):
        self.X, self.t, self.j = X, t, 2
    def left(self):
        X = self.X
        return np.array([row for row in X if row[self.j] < self.t]), [i for i in range(len(X)) if X[i, self.j] < self.t]
attempt(Node(X, 0.5).left)
attempt(Node(X, "a").left)
attempt(Node(X, np.ones(4)).left)
""",
        2,
    ),
}
ALONE = {
    "rows share the memory of the array": """
rows = [row for row in X if row[0] > 0.5]
rows[0][:] = 7
print(X.sum())
""",
    "a test with an effect": """
seen = []
print(np.array([row for row in X if seen.append(1) or row[0] > 0.5]), len(seen))
""",
    "a lambda with a name that changes": """
def f(X, t):
    test = lambda row: row[0] > t
    t = 0.9
    return np.array([row for row in X if test(row)])
show(f(X, 0.5))
""",
    "a lambda of the caller": """
def f(X, test):
    return np.array([row for row in X if test(row)])
show(f(X, lambda row: row[0] > 0.5 and row[1] > 0.5))
""",
    "no value yet": """
def f(X):
    out = np.array([row for row in X if row[0] > t])
    t = 1
    return out
attempt(f, X)
attempt(f, X[:0])
""",
    "another dtype": """
print(np.array([row for row in X if row[0] > 0.5], dtype=int).tolist())
""",
    "an operator of the program's own": """
class Limit:
    def __lt__(self, other):
        return True
print(np.array([row for row in X if row[0] > 0.5]).tolist())
""",
}


def facts_of(work: ScriptWorkload) -> Facts:
    """What a recording says of the names that are arrays."""
    two, one = (ValueFact("numpy.ndarray", dtype="float64", ndim=n) for n in (2, 1))
    types = {"X": (two,), "self.X": (two,), "v": (one,), "y": (one,)}
    regions = [r.id for r in regions_of(work.source("script.py"), entry=True)]
    return Facts(regions={r: RegionFacts(r, types=types) for r in regions})


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    source, picks = CHANGED[name]
    assert observe(DATA + source)[1] is None
    made = changed(PickedRows(), tmp_path, DATA + source, facts_of(work_of(tmp_path, DATA + source)))
    assert max(text.count("_picked(\n") for text in made) == picks


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    source = DATA + ALONE[name]
    left_alone(PickedRows(), tmp_path, source, facts_of(work_of(tmp_path, source)))
