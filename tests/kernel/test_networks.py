"""Kernels of objects whose attributes are lists of lists: methods that call each other and return several lists."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, refusal

NET = """
import math


class Layers:
    def __init__(self, w, v, rate):
        self.w = w
        self.v = v
        self.rate = rate

    def forward(self, x):
        hidden = []
        for h in range(len(self.w[0])):
            total = 0.0
            for i in range(len(self.w)):
                total += x[i] * self.w[i][h]
            hidden.append(total)
        return hidden, [h / (1.0 + abs(h)) for h in hidden]

    def train(self, xs, ys):
        loss = 0.0
        for x, y in zip(xs, ys):
            raw, out = self.forward(x)
            delta = [o - (1 if k == y else 0) for k, o in enumerate(out)]
            loss += sum(d * d for d in delta)
            for i in range(len(self.w)):
                for h in range(len(raw)):
                    self.v[i][h] = 0.9 * self.v[i][h] - self.rate * delta[h] * x[i]
                    self.w[i][h] += self.v[i][h]
        return loss

    def predict(self, x):
        _, out = self.forward(x)
        return out.index(max(out))
"""
LOOP = """
for turn in range(n):
    batch = order[turn % 2 :]
    loss += net.train([xs[i] for i in batch], [ys[i] for i in batch])
    hits += net.predict(xs[0])
"""
START = """
w = [[0.5, -0.25], [0.125, 1.0], [0.0, 0.5]]
v = [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
xs = [[1.0, 2.0, 0.5], [0.0, -1.0, 2.0], [-0.0, 0.25, 1.0]]
ys = [0, 1, 1]
order = [2, 0, 1]
n = 3
loss = 0.0
hits = 0
"""
TRAIN = compiled(
    LOOP,
    START,
    prelude=NET + "\n\nrows = [*w, *v, *xs]\nnet = Layers(w, v, 0.1)\n",
    hide=("turn", "batch"),
    after="final = (net.w, net.v, net.w is w, [a is b for a, b in zip(rows, [*net.w, *net.v, *xs])])",
)


@pytest.mark.parametrize(
    ("setup", "fast"),
    [
        ("", True),
        ("n = 0", True),
        ("v = w", False),  # one list behind two attributes
        ("v = [w[0], [0.0, 0.0], [0.0, 0.0]]", False),  # one row in two of them
        ("w = [[0.5, 1.0]] * 3", False),
        ("xs = w", False),
        ("w = [[1e200, 1.0], [1.0, 1.0], [math.nan, 1.0]]", False),  # a NaN is written back only by the original
        ("xs = [[1.0, 2.0], [0.0, -1.0], [1.0, 0.25]]", False),  # IndexError after much was changed
        ("ys = [0, 1, 2]", True),
        ("w = [[0.5, -0.25], [0.125, 1.0], [0, 0.5]]", False),
        ("ys = [0, 1, True]", False),
        ("order = [2, 0, 7]", False),
    ],
)
def test_training(setup: str, fast: bool) -> None:
    check(TRAIN, START + setup, fast=fast)


def test_a_result_that_is_the_argument_is_refused() -> None:
    body = "for i in range(n):\n    a, b = halves(xs)\n    a[0] = 1.0\n    total += b[0]"
    prelude = "def halves(xs):\n    return xs, [x + 1.0 for x in xs]\n\n\n"
    assert refusal(body, "xs = [1.0, 2.0]\nn = 2\ntotal = 0.0", prelude=prelude)
