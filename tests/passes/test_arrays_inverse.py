"""An inverse that is only multiplied, and the order of products."""

from __future__ import annotations

from pathlib import Path

from hasten.core.recipe import Risk
from hasten.passes.source.arrays.inverse import InverseProduct
from hasten.passes.source.arrays.products import ProductOrder
from tests.passes.test_containers_harness import changed, left_alone

PROGRAM = """
import numpy as np
from numpy.linalg import inv
rng = np.random.default_rng(2)
def solve(A, b):
    return np.linalg.inv(A) @ b, inv(A).dot(b), np.dot(inv(A), b), np.matmul(np.linalg.inv(A), b)
def by_dot(A, b):
    return inv(A).dot(b), np.dot(inv(A), b)
A = rng.random((6, 6)) + 6 * np.eye(6)
cases = [(A, rng.random(6)), (A, rng.random((6, 2))), (A, rng.random((6, 9))), (A, rng.random(5)), (np.ones((3, 3)), np.ones(3)),
         (np.zeros((0, 0)), np.zeros(0)), (np.matrix(A), np.ones((6, 1))), (A, list(range(6))), (A.astype("f4"), np.ones(6)),
         (A * np.nan, np.ones(6)), (np.stack([A, A]), np.ones(6)), (np.stack([A, A]), np.ones((6, 2))), (A[:5], np.ones(6)),
         (A.astype(int), np.ones(6)), (A + 1j, np.ones(6)), (np.asfortranarray(A), np.ones((12, 2))[::2]), (5, 3), (A, np.array(2.0))]
for A, b in cases:
    for f in (solve, by_dot):
        try:
            for x in f(A, b):
                print(type(x).__name__, x.dtype, x.shape, np.round(x, 6).tolist())
        except Exception as e:
            print(type(e).__name__, e)
"""


def test_changed(tmp_path: Path) -> None:
    made = changed(InverseProduct(), tmp_path, PROGRAM)
    assert "return _solved(A, b), _solved_dot(A, b), _solved_np_dot(A, b), _solved_np_matmul(A, b)" in made[0]
    assert InverseProduct.risk is Risk.ROUNDING  # so that --exact forbids it


def test_left_alone(tmp_path: Path) -> None:
    left_alone(
        InverseProduct(),
        tmp_path,
        """
import numpy as np
A = np.eye(3) * 2
inverse = np.linalg.inv(A)
print(inverse @ np.ones(3), np.linalg.inv(A) * np.ones(3), np.linalg.inv(A), np.linalg.pinv(A) @ np.ones(3))
class B:
    def dot(self, x):
        return x
print(B().dot(3), np.linalg.inv(A).dot(np.ones(3)))
""",
    )


CHAINS = """
import numpy as np
rng = np.random.default_rng(2)
def ridge(X, y):
    return np.linalg.inv(X.T @ X + np.eye(X.shape[1])) @ X.T @ y, np.linalg.inv(X.T.dot(X)).dot(X.T).dot(y)
def chain(A, B, v):
    return A @ B @ v, A.dot(B).dot(v), np.dot(np.dot(A, B), v), A @ (B @ v), A @ B @ v @ v
X, y = rng.random((9, 4)), rng.random(9)
cases = [(X, y), (X, y[:, None]), (X, rng.random((9, 7))), (X, y[:5]), (X * 0, y), (X[:0], y[:0]), (X.astype("f4"), y),
         (np.matrix(X), y[:, None]), (X, y.tolist()), (np.array([[1, 2], [3, 4]]), np.array([1, 2])), (X * np.inf, y),
         (np.ma.array(X, mask=X > 0.9), y), (X[::-1, ::-1], y[::-1])]
for M, b in cases:
    for f, args in ((ridge, (M, b)), (chain, (M.T, M, M[0])), (chain, (M, M.T, b)), (chain, (M.T @ M, M.T, b))):
        try:
            for x in f(*args):
                x = np.asarray(x)
                print(x.dtype, x.shape, np.round(x, 7).tolist())
        except Exception as e:
            print(type(e).__name__, e)
"""


def test_longer_products(tmp_path: Path) -> None:
    made = changed(InverseProduct(), tmp_path, CHAINS)
    assert any(
        '_solved(X.T @ X + np.eye(X.shape[1]), X.T, y) if hasattr(X, "T") else ' in text
        and '_solved_dot(X.T.dot(X), X.T, y) if hasattr(X, "T") else ' in text
        for text in made
    )
    made = changed(ProductOrder(), tmp_path, CHAINS)
    assert any(
        "_product(A, B, v), _product_dot(A, B, v), _product_np_dot(A, B, v), A @ (B @ v), _product(A, B, v, v)" in t
        for t in made
    )
    assert ProductOrder.risk is Risk.ROUNDING


LATER = """
import numpy as np
from numpy.linalg import inv
rng = np.random.default_rng(2)
calls = []
def told(x):
    calls.append(1)
    return x
def solve(A, b, w):
    return inv(A) @ b[:, None], inv(A).dot(np.ones(6) - w), inv(A.T @ A) @ (A.T @ w), np.dot(inv(A) @ (2 * A[:3].T), w[:3])
def others(A, b):
    return inv(A) @ told(b), inv(A) @ A @ b[:2], inv(A) @ rng.random(6), inv(A) @ np.add(b, 1, out=b)
class Fit:
    y = np.ones(3)
    coefficients = inv(np.eye(3) * 2) @ (y + 1)
A = rng.random((6, 6)) + 6 * np.eye(6)
ones = np.ones(6)
cases = [(A, ones, ones), (A, [1.0] * 6, ones), (A * 0, [1.0] * 6, ones), (A * 0, ones, ones), (A[:5], [1.0] * 6, ones), (5, [1.0] * 6, ones),
         (A, ones, [1.0] * 6), (A, ones, "w"), (A, ones[:5], ones), (A * 0, ones, "w"), (A, ones, ones[:5]), (np.matrix(A), ones, ones),
         (A, np.matrix(ones), ones), (A.astype("f4"), ones, ones)]
for M, b, w in cases:
    for f, args in ((solve, (M, b, w)), (others, (M, b))):
        try:
            for x in f(*args):
                x = np.asarray(x)
                print(x.dtype, x.shape, np.round(x, 7).tolist())
        except Exception as e:
            print(type(e).__name__, e)
print(len(calls), Fit.coefficients)
"""


def test_what_is_multiplied_comes_after_an_error_of_the_inverse(tmp_path: Path) -> None:
    made = changed(InverseProduct(), tmp_path, LATER)
    assert any("_solved_later(A, lambda: b[:, None]), _solved_dot_later(A, lambda: np.ones(6) - w)" in t for t in made)
    assert any(
        "_solved_later(A.T @ A, lambda: A.T @ w), np.dot(_solved_later(A, lambda: 2 * A[:3].T), w[:3])" in t
        for t in made
    )
    assert all(
        "inv(A) @ told(b), inv(A) @ A @ b[:2], inv(A) @ rng.random(6), inv(A) @ np.add(b, 1, out=b)" in t for t in made
    )
    assert all("coefficients = inv(np.eye(3) * 2) @ (y + 1)" in t for t in made)


def test_a_factor_that_fails_on_its_own_comes_after_the_products_before_it(tmp_path: Path) -> None:
    """`v[:, None]` of a list raises a TypeError, shapes before it that do not fit a ValueError (found by the fuzzer)."""
    chain = "    return A @ B @ v, A.dot(B).dot(v), np.dot(np.dot(A, B), v), A @ (B @ v), A @ B @ v @ v\n"
    assert CHAINS.count(chain) == 1
    text = CHAINS.replace(chain, "    return A @ B @ v[:, None], A @ B @ v\n")
    made = changed(ProductOrder(), tmp_path, text)
    assert any("A @ B @ v[:, None], _product(A, B, v)" in t for t in made)
