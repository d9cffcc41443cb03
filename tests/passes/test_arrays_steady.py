"""The same array worked out in every round of a loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.arrays.steady import SteadyArrays
from tests.passes.test_containers_harness import changed, left_alone

DATA = """
import numpy as np
rng = np.random.default_rng(4)
X = rng.random((40, 3))
y = rng.random(40)
cov = np.cov(X.T)
"""
CHANGED = {
    "an inverse": """
mean = X.mean(axis=0)
out = []
for row in X:
    d = row - mean
    out.append(float(d @ np.linalg.inv(cov) @ d))
print(out)
""",
    "under a name": """
def distances(X, mean, cov):
    out = []
    for row in X:
        inverse = np.linalg.inv(cov)
        d = row - mean
        out.append(np.sqrt(d @ inverse @ d))
    return out
for c in (cov, np.zeros((3, 3)), cov[:2], cov.astype(object), "a", np.matrix(cov), cov.tolist(), None):
    try:
        print(distances(X, X.mean(axis=0), c))
    except Exception as e:
        print(type(e).__name__, e)
print(distances(X[:0], 0, "never looked at"))
""",
    "a mask": """
weights = np.where(y > 0.5, 2.0, 1.0)
total = 0.0
for i in range(30):
    chosen = X[y > 0.5]
    total += (chosen[:, 0] * i).sum() + weights[y > 0.5].mean()
print(total)
""",
    "a list": """
def f(rows, qs):
    best = []
    for q in qs:
        d = np.abs(np.array(rows) - q)
        best.append(int(d.argmin()))
    return best
print(f([3.0, 1.0, 2.0], [1.9, 0.2, 5]))
for rows in ([1, 2], [True], [[1, 2], [3, 4]], [2**70, 1], (1, 2), [1, None], []):
    try:
        print(f(rows, [1, 2, 1]))
    except Exception as e:
        print(type(e).__name__, e)
""",
    "an inner loop": """
labels = rng.integers(0, 4, 40)
for epoch in range(3):
    for k in np.unique(labels):
        print(epoch, k, (X[labels == k].T @ y[labels == k]).round(6), (X.T @ X).trace().round(6))
""",
    "an error where it came": """
for n in range(4):
    print(n)
    if n == 2:
        try:
            print(n + np.linalg.solve(cov, y))
        except ValueError as e:
            print(type(e).__name__)
""",
    "a comprehension": """
parts = [(X[:, j] * y).sum() + np.sqrt(X ** 2 + 1).sum() * j for j in range(3)]
print(parts)
""",
}
ALONE = {
    "written to through a view": """
for i in range(4):
    print((X.T @ X).sum())
    X.reshape(-1)[i] = 0
    X.T[0][i] += 2
""",
    "written to": """
for i in range(4):
    print((X.T @ X).sum())
    X[i] = 0
""",
    "written to under another name": """
view = X[1:]
for i in range(4):
    print((X.T @ X).sum())
    view[i] = 0
""",
    "written to by a function": """
def clear(a, i):
    a[i] = 0
for i in range(4):
    print((X.T @ X).sum())
    clear(X, i)
""",
    "the result is written to": """
for i in range(4):
    part = X[y > 0.5]
    part[0] += 1
    print(part.sum())
""",
    "the result is kept": """
kept = []
for i in range(4):
    part = X[y > 0.5]
    kept.append(part)
kept[0][:] = 0
print(kept[1].sum())
""",
    "a part of the result is kept": """
kept = []
for i in range(4):
    part = X[y > 0.5]
    kept.append(part[0])
kept[0][:] = 0
print(kept[1].sum())
""",
    "a list that grows": """
rows = [1.0]
for i in range(4):
    print(np.array(rows).mean() + np.array(rows).sum())
    rows.append(i)
""",
    "random numbers": """
for i in range(3):
    print((X + rng.random(3)).sum(), np.random.permutation(4).shape)
""",
    "changed in place": """
for i in range(4):
    print((X.T @ X).sum())
    X *= 0.5
""",
    "an iterable of rows": """
for i in range(3):
    for row in X[y > 0.5]:
        row += 1
        print(row.sum())
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    made = changed(SteadyArrays(), tmp_path, DATA + CHANGED[name])
    assert any("_NOT_YET" in text for text in made)


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(SteadyArrays(), tmp_path, DATA + ALONE[name])
