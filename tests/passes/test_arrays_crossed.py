"""A matrix multiplied by one row or column after another."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.arrays.crossed import AllProducts
from tests.passes.test_containers_harness import changed, left_alone

DATA = """
import numpy as np
rng = np.random.default_rng(1)
X = rng.integers(-9, 9, (12, 7)).astype(float)
Y = rng.integers(-9, 9, (7, 5)).astype(float)
def show(*got):
    for a in got:
        print(type(a).__name__)
        a = np.asarray(a)
        print(a.dtype, a.shape, a.flags.c_contiguous, a.flags.writeable, a.tolist())
"""
CHANGED = {
    "a covariance": """
def covariance(data, m):
    data -= np.mean(data, axis=0)
    cov = np.zeros((m, m))
    for i in range(m):
        cov[i:m, i] = cov[i, i:m] = data[:, i] @ data[:, i:m] / 4.0
    return cov
X[:4] = 0.0
X[4:] -= X[4:].sum(axis=0) / 8
X[:] = np.round(X * 8)
X -= np.round(X.mean(axis=0))
X[0] -= X.sum(axis=0)
for m in (7, 6, 3, 0, -1, 8):
    try:
        show(covariance(X.copy(), m))
    except Exception as e:
        print(type(e).__name__, e)
for args in (
    (X.astype(int).astype("f4"), 7),
):
    try:
        show(covariance(*args))
    except Exception as e:
        print(type(e).__name__, e)
for bad in (np.nan, np.inf, -np.inf, 1e200):
    odd = X.copy()
    odd[3, 3] = bad
    show(covariance(odd, 7))
for args in (
    (X.reshape(2, 6, 7), 7),
    (np.matrix(X), 7),
    (X[:0], 7),
    (X[:, ::-1], 7),
):
    try:
        show(covariance(*args))
    except Exception as e:
        print(type(e).__name__, e)
""",
    "rows, and the matrix first": """
def rows(A, B, n):
    out = []
    for i in range(n):
        one = A[i] @ B
        two = np.dot(B.T, A[i, :])
        one += 1
        out.append(one)
        out.append(two[::-1])
        out.append(B.T[1:] @ A[i] if i == 1 else A[i] @ B[:, 1:i])
    return np.concatenate(out)
for args in (
    (X, Y, 12),
    (X, Y, 11),
    (X, Y, 13),
    (X, Y, 2),
    (X, Y.T, 12),
    (X, Y[0], 12),
    (X.tolist(), Y, 12),
    (X, Y.astype(int), 12),
    (X.astype(complex), Y, 12),
    (np.asfortranarray(X), Y[:, ::2], 12),
    (X, Y, 2.5),
    (X, Y, 10**30),
):
    try:
        show(rows(*args))
    except Exception as e:
        print(type(e).__name__, e)
""",
    "from the end, with a step, and left parts": """
def back(A, B):
    out = []
    for i in range(len(A) - 1, -1, -1):
        out.append(B[1:3] @ A[i])
    for k in range(0, len(A), 2):
        out.append(B[:4:2, :] @ A[k])
    for k in range(-2, len(A)):
        out.append(B @ A[k])
    return np.concatenate(out)
for args in (
    (X, Y.T),
    (X, Y),
    (X, np.ones((3, 7))),
):
    try:
        show(back(*args))
    except Exception as e:
        print(type(e).__name__, e)
""",
}
ALONE = {
    "the matrix changes": """
for i in range(12):
    show(X[i] @ Y)
    X[i] = 0
""",
    "the matrix changes under another name": """
Z = X[:]
for i in range(12):
    show(X[i] @ Y)
    Z[11 - i] = 0
""",
    "what is stored may be the matrix": """
def f(A, B, C):
    for i in range(5):
        C[i] = A[i] @ B
    return C
show(f(Y, Y[:5], Y), f(Y, Y[:5], Y.copy()))
""",
    "it may end sooner": """
for i in range(12):
    v = X[i] @ Y
    if v[0] > 0:
        break
show(v)
""",
    "only sometimes": """
for i in range(12):
    if i > 9:
        show(X[i] @ Y)
""",
    "the index changes": """
for i in range(11):
    i += 1
    show(X[i] @ Y)
""",
    "no range": """
for i in [0, 5, 0]:
    show(X[i] @ Y)
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    made = changed(AllProducts(), tmp_path, DATA + CHANGED[name])
    assert any("_all_products(" in text for text in made)


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(AllProducts(), tmp_path, DATA + ALONE[name])
