"""An inverse that is only multiplied."""

from __future__ import annotations

from pathlib import Path

from hasten.core.recipe import Risk
from hasten.passes.source.arrays.inverse import InverseProduct
from tests.passes.test_containers_harness import changed, left_alone

PROGRAM = """
import numpy as np
from numpy.linalg import inv
rng = np.random.default_rng(2)
def solve(A, b):
    return np.linalg.inv(A) @ b, inv(A).dot(b), np.dot(inv(A), b), np.matmul(np.linalg.inv(A), b)
A = rng.random((6, 6)) + 6 * np.eye(6)
cases = [(A, rng.random(6)), (A, rng.random((6, 2))), (A, rng.random((6, 9))), (A, rng.random(5)), (np.ones((3, 3)), np.ones(3)),
         (np.zeros((0, 0)), np.zeros(0)), (np.matrix(A), np.ones((6, 1))), (A, list(range(6))), (A.astype("f4"), np.ones(6)),
         (A * np.nan, np.ones(6)), (np.stack([A, A]), np.ones(6)), (np.stack([A, A]), np.ones((6, 2))), (A[:5], np.ones(6)),
         (A.astype(int), np.ones(6)), (A + 1j, np.ones(6)), (np.asfortranarray(A), np.ones((12, 2))[::2]), (5, 3), (A, np.array(2.0))]
for A, b in cases:
    try:
        for x in solve(A, b):
            print(type(x).__name__, x.dtype, x.shape, np.round(x, 6).tolist())
    except Exception as e:
        print(type(e).__name__, e)
"""


def test_changed(tmp_path: Path) -> None:
    made = changed(InverseProduct(), tmp_path, PROGRAM)
    assert "return _solved(A, b), _solved(A, b), _solved(A, b), _solved(A, b)" in made[0]
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
