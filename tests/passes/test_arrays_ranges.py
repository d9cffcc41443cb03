"""One range after another of the same array."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.arrays.ranges import MaskPerRange
from tests.passes.test_containers_harness import changed, left_alone

DATA = """
import hashlib
import numpy as np
rng = np.random.default_rng(1)
x = rng.random(12_000)
x[rng.integers(0, 12_000, 3000)] = rng.choice([0.0, -0.0, 0.25, 0.5, np.nan, np.inf, -np.inf], 3000)
y = rng.random(12_000)
X = np.asfortranarray(rng.random((12_000, 2)))
edges = np.linspace(-0.1, 1.1, 150)
def show(*got):
    for a in got:
        print(type(a).__name__)
        a = np.asarray(a)
        print(a.dtype, a.shape, a.flags.c_contiguous, a.flags.writeable, hashlib.md5(a.tobytes()).hexdigest())
"""
CHANGED = {
    "means of bins": """
def bins(y, x, edges):
    out = np.zeros(len(edges) - 1)
    for i in range(len(edges) - 1):
        out[i] = y[(x >= edges[i]) & (x < edges[i + 1])].mean()
    return out
np.seterr(all="ignore")
show(bins(y, x, edges), bins(y, x, edges.tolist()), bins(y, x, edges[::-1]), bins(y, x, np.full(200, 0.25)))
odd = [0.0, -0.0, np.nan, 0, 1, True, 2**60, np.float32(0.5), np.int64(1), np.inf, -np.inf, np.nan, 0.25, 0.5] * 15
show(bins(y, x, odd), bins(y, x, np.array(odd, float)), bins(y, x.astype("f4"), edges), bins(y, x.astype(">f8"), edges))
whole = (np.nan_to_num(x, posinf=9, neginf=-9) * 1000).astype(int)
show(bins(y, whole, range(0, 1000, 5)), bins(y, whole, odd), bins(y, whole, np.arange(0, 1000, 5)))
show(bins(y, whole.astype("u1"), range(0, 200)), bins(y, whole > 3, range(100)))
for bad in (x[:9], x[:0], x[:11_000], list(x), x.reshape(-1, 1), np.ma.array(x, mask=x > 0.5), x.astype(object), x[::-1]):
    try:
        show(bins(y, np.asanyarray(bad) if len(bad) else bad, edges))
    except Exception as e:
        print(type(e).__name__, e)
try:
    bins(y, x, [*edges.tolist(), "a"])
except Exception as e:
    print(type(e).__name__, e)
""",
    "a mask with a name": """
def rings(data, radius, npt):
    res = np.zeros(npt)
    for i in range(npt):
        r1 = i / npt
        r2 = (i + 1) / npt
        mask = np.logical_and((r1 <= radius), (radius < r2))
        picked = data[mask]
        picked = picked * 2
        res[i] = picked.sum()
    return res
show(rings(y, x, 300), rings(X[:, 1], x, 120), rings(X, x, 120), rings(np.matrix(X), x, 120), rings(y, x[::2], 0))
try:
    rings(y[:50], x, 300)
except Exception as e:
    print(type(e).__name__, e)
try:
    rings(y.tolist(), x, 300)
except Exception as e:
    print(type(e).__name__, e)
""",
    "sums, means and any": """
for lo, hi in zip(edges[:-1], edges[1:]):
    inside = (x > lo) & (hi >= x)
    if inside.any():
        a, b, c = inside.sum(), np.sum(inside), inside.mean()
        print(a, type(a), b, type(b), c, type(c), np.mean(inside), type(np.mean(inside)))
        print(np.any(inside), type(inside.any()), X[inside].tolist(), X[inside, 1].sum())
""",
    "the end first, and windows": """
def windows(t, v, starts, width):
    return [v[(t <= s + width) & (t > s)] for s in starts]
show(*windows(x, y, edges, 0.001), *windows(x, y, edges, 0.5), *windows(x, X, edges, -0.1))
""",
    "in a while loop, twice": """
lo = 0.0
while lo < 1.0:
    hi = lo + 0.01
    print(y[np.bitwise_and(x >= lo, x < hi)].sum(), X[np.logical_and(x > lo, x <= hi), :1].tolist())
    lo = hi
""",
}
ALONE = {
    "the array changes": """
for i in range(100):
    print(y[(x >= edges[i]) & (x < edges[i + 1])].sum())
    x[i] = 0.0
""",
    "the array changes under another name": """
other = x[:]
for i in range(100):
    print(y[(x >= edges[i]) & (x < edges[i + 1])].sum())
    other[i] = 0.0
""",
    "the mask is kept": """
out = []
for i in range(100):
    mask = (x >= edges[i]) & (x < edges[i + 1])
    out.append(mask)
    print(y[mask].sum(), (~mask).sum())
""",
    "the mask is changed": """
for i in range(100):
    mask = (x >= edges[i]) & (x < edges[i + 1])
    mask[0] = True
    print(y[mask].sum())
""",
    "no range": """
for i in range(100):
    print(y[(x >= edges[i]) & (x > edges[i + 1])].sum(), y[(x >= edges[i]) & (y < edges[i + 1])].sum())
    print(y[(x == edges[i]) & (x < edges[i + 1])].sum(), y[(x >= edges[i]) | (x < edges[i + 1])].sum())
""",
    "the same range in every round": """
for i in range(100):
    print(y[(x >= 0.25) & (x < 0.5)].sum(), i)
""",
    "items are stored": """
for i in range(100):
    y[(x >= edges[i]) & (x < edges[i + 1])] = i
print(y.sum())
""",
    "no loop": """
i = 3
print(y[(x >= edges[i]) & (x < edges[i + 1])].sum())
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    made = changed(MaskPerRange(), tmp_path, DATA + CHANGED[name])
    assert any("_in_order(" in text for text in made)


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(MaskPerRange(), tmp_path, DATA + ALONE[name])
