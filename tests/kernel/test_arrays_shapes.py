"""Other shapes, quantiles, roundings, several places at once, and generators of an object's seed."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, compiled_function, refusal, run

EXACT = compiled_function(
    """
    def f(X, y, xs, q):
        n, d = np.shape(X)
        out = [0.0]
        out.append(float(np.percentile(X[:, 0].copy(), 2.5) + np.percentile(xs, [5, 97.5])[1] + np.quantile(xs, q)))
        out.append(float(np.prod(xs) + np.cumprod(xs)[-1] + np.round(X, 2)[0, 0] + np.round(X)[1, 1] + np.sign(X).sum()))
        P = np.zeros((n, 4))
        P[np.arange(n), y] = 1
        picked = X[np.arange(n), np.minimum(y, 1)]
        whole = X.astype(int)
        mask = (X > 0).astype(int)
        out.append(float(P.sum() + picked[0] + whole[0, 1] + mask.sum() + np.count_nonzero(X[:, 0] > 0)))
        Z = X.copy()
        Z[X == X[0]] = X[1]
        Z[Z > 1.0] = np.zeros(np.count_nonzero(Z > 1.0))
        column = np.expand_dims(y, axis=1)
        both = np.concatenate((Z, column), axis=1)
        out.append(float(both[:, -1].sum() + both[0, 0] + np.reshape(xs, (-1, 1))[0, 0] + np.ravel(Z)[1]))
        i, j = np.random.choice(range(n), 2), np.random.choice(range(n))
        draws = np.random.normal(size=Z.shape) + np.random.random(Z.shape) * np.random.rand(n, d)
        out.append(float(draws.sum() + i[1] + j))
        if (X - X).any() or not (X * 0.0 == 0.0).all():
            out.append(1.0)
        return out
    """,
    "X = np.random.default_rng(0).normal(size=(6, 2)); args = (X, np.array([1, 2, 0, 1, 2, 3]), [1.5, 2.5], 0.5)",
)
GIVEN = "X = np.random.default_rng({}).normal(scale=3.0, size=({}, 2)); args = (X, np.array({}), {}, {})"
MANY = [0.1 * k * (-1) ** k + 1.7 for k in range(57)]


@pytest.mark.parametrize(
    ("given", "fast"),
    [
        ((1, 6, [1, 2, 0, 1, 2, 3], [1.5, 2.5], 0.5), True),
        ((2, 6, [1, -2, 0, -1, 2, 3], MANY, 0.37), True),
        ((3, 6, [1, 2, 0, 1, 2, 3], MANY, 0.99), True),
        ((4, 6, [1, 2, 0, 1, 2, 3], MANY, 0.0), True),
        ((5, 6, [1, 2, 0, 1, 2, 3], [1.5], 1.0), True),
        ((1, 6, [1, 2, 0, 1, 2, 4], [1.5, 2.5], 0.5), False),
        ((1, 6, [1, 2, 0, 1, 2], [1.5, 2.5], 0.5), False),
        ((1, 6, [1, 2, 0, 1, 2, 3], [], 0.5), False),
        ((1, 6, [1, 2, 0, 1, 2, 3], [1.5, 2.5], 1.5), False),
        ((1, 6, [1, 2, 0, 1, 2, 3], [1e300, 2e300], 0.5), False),
    ],
)
def test_exact(given: tuple[object, ...], fast: bool) -> None:
    check(EXACT, GIVEN.format(*given), fast=fast)


def test_exact_with_what_is_no_number() -> None:
    check(EXACT, GIVEN.format(1, 6, [1, 2, 0, 1, 2, 3], [1.5], 0.5) + "; X[2, 1] = np.nan", fast=False)
    check(EXACT, GIVEN.format(1, 6, [1, 2, 0, 1, 2, 3], [1.5], 0.5) + "; X[2, 1] = 1e19", fast=False)


MODEL = """
class Model:
    def __init__(self, k, seed):
        self.k = k
        self.seed = seed

    def fit(self, X):
        rng = np.random.default_rng(self.seed)
        centres = X[rng.permutation(len(X))[: self.k]]
        for it in range(5):
            labels = []
            for x in X:
                d = [np.sum((x - c) ** 2) for c in centres]
                labels.append(np.argmin(d))
            labels = np.array(labels)
            centres = np.array([X[labels == j].mean(axis=0) for j in range(self.k)])
        return centres, labels
"""


def test_seed_of_an_object() -> None:
    c = compiled(
        """
        rng = np.random.default_rng(self.seed)
        total = 0.0
        for i in range(self.k):
            total += rng.random()
        """,
        MODEL.replace("class", "import numpy as np\nclass", 1) + "self = Model(3, 5)",
        prelude="import math\nimport numpy as np\n" + MODEL,
        hide=("i", "rng"),
    )
    for seed, fast in ((5, True), (0, True), (-1, False), (2.0, False)):
        setup = MODEL + f"self = Model(30, {seed})"
        old, new = run(c.original, setup, "old"), run(c.patched, setup, "new")
        assert type(old.error) is type(new.error) and new.fast is fast
        assert old.state.get("total") == new.state.get("total")


def test_refused() -> None:
    arrays = "import numpy as np; X = np.ones((3, 2)); y = np.arange(3); n = 2"
    for body, reason in (
        ("for i in range(n):\n    s = np.round(X, i)[0, 0]", "np.round"),
        ("for i in range(n):\n    s = X.reshape(i, -1, -1)", "reshape"),
        ("for i in range(n):\n    s = np.percentile(X, 5)", "np.percentile"),
        ("for i in range(n):\n    s = np.prod(y)", "np.prod"),
    ):
        assert reason in refusal(body, arrays)
