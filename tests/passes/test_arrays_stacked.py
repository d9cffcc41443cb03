"""Products of stacks of matrices by one matrix."""

from __future__ import annotations

from pathlib import Path

from hasten.core.recipe import Risk
from hasten.passes.source.arrays.stacked import StackedProducts
from tests.passes.test_containers_harness import changed, left_alone

PROGRAM = """
import numpy as np
rng = np.random.default_rng(5)
class Own(np.ndarray):
    pass
def flat(x):
    return np.reshape(x, (2, 3, 1, 4))
def by_all(x, W):
    y = np.reshape(x, (2, 3, 1, 4))
    return y @ W, np.matmul(y, W), np.dot(y, W), y.dot(W)
def plain(x, W):
    y = x.reshape(-1, 3, 4) + 0
    return y @ W, np.tanh(y) @ W
x, W = rng.random((2, 3, 4)), rng.random((4, 5))
f4 = x.astype("f4")
cases = [(x, W), (x, W[:, :1]), (x, W[:, 0]), (x, W[:3]), (x, W.T), (x, W.T.copy().T), (x, rng.random((3, 4, 5))),
         (x, W[:, :0]), (f4, W.astype("f4")), (f4, W), (x.astype(int), W), (x * np.nan, W), (x * np.inf, W), (x * 1e300, W * 1e300),
         (x, W * np.inf), (np.zeros((2, 3, 4)) * -1, W), (x.view(Own), W), (x, W.view(Own)), (np.ma.array(x, mask=x > 0.5), W),
         (x + 1j, W), (x[::-1], W), (x.transpose(1, 0, 2), W), (np.broadcast_to(x[:1], (2, 3, 4)), W), (x, W.tolist()), (x, 3.0),
         (x > 0.5, W > 0.5), (f4 * np.float32(1e30), W.astype("f4") * np.float32(1e30)), (rng.random((2, 3, 1, 4)), W), (x, None)]
for a, b in cases:
    for f in (by_all, plain):
        try:
            for y in f(a, b):
                print(type(y).__name__, y.dtype, y.shape, y.flags.owndata, y.flags.writeable, y.strides, np.round(y, 6).tolist())
        except Exception as e:
            print(type(e).__name__, e)
"""


def test_changed(tmp_path: Path) -> None:
    made = changed(StackedProducts(), tmp_path, PROGRAM)
    assert any(
        "_stacked_product(y, W), _stacked_matmul(y, W), _stacked_dot(y, W), _stacked_dot_of(y, W)" in t for t in made
    )
    assert any("_stacked_product(y, W), _stacked_product(np.tanh(y), W)" in t for t in made)
    assert StackedProducts.risk is Risk.ROUNDING


def test_left_alone(tmp_path: Path) -> None:
    left_alone(
        StackedProducts(),
        tmp_path,
        """
import numpy as np
class Stack:
    def dot(self, x):
        return x
    def reshape(self, *sizes):
        return self
A, b = np.eye(3), np.ones(3)
print(A @ b, A @ A, (A + A) @ A, Stack().dot(3), np.ones((3, 3)).dot(A), A[None, 0] @ A, np.zeros((2, 2, 3))[0] @ A)
""",
    )


def test_operators_of_the_programs_own_classes_are_left_alone(tmp_path: Path) -> None:
    left_alone(
        StackedProducts(),
        tmp_path,
        """
import numpy as np
class Layer:
    def __rmatmul__(self, x):
        return "own"
x = np.ones((2, 3, 4))
print(x.reshape(2, 3, 4) @ Layer())
""",
    )
