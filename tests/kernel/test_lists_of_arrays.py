"""Lists that NumPy's functions take, lists of arrays, and arrays that leave beside others."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, compiled_function, refusal

LISTS = compiled_function(
    """
    def f(X, y, xs, ns, k):
        out = [0.0]
        for i in range(k):
            d = [np.sum((x - X[0]) ** 2) for x in X]
            gaps = []
            for j in range(k):
                gaps.append(max(X[j, 0] - X[0, 1], 0))
            rows = [X[j] * 2.0 for j in range(k)]
            rows.append(X[i])
            table = np.array(rows)
            out.append(float(d[int(np.argmin(d))] + np.argmax(xs) + np.mean(gaps)))
            out.append(float(np.sum(xs) + np.mean(xs) + np.std(xs) + np.var(xs) + np.max(xs) - np.min(xs)))
            out.append(float(np.sum(ns) + np.mean(ns) + np.std(ns) + np.median(ns) + np.std(xs, ddof=1)))
            out.append(float(np.mean(y == 1) + np.mean([a > 1.0 for a in xs]) + np.sum([a > 1.0 for a in xs])))
            out.append(float(np.mean(rows, axis=0)[1] + table[-1, 0] + np.vstack(rows)[0, 0]))
            out.append(float(np.concatenate(rows)[2] + np.sqrt(xs)[0] + np.dot(xs, xs)))
            out.append(float(np.argsort(d)[1] + np.cumsum(ns)[1] + np.append(X[i], 1.5)[-1] + np.append(ns, 4)[-1]))
            for r in rows:
                r[0] = 5.0
            out.append(float(rows[0][0] + rows[-1][0]))
            if np.allclose(rows[0], rows[1]) or np.array_equal(rows[0], rows[1]) or i in y or X[i] in X:
                out.append(1.0)
            a, b = X[i, :2]
            out.append(float(a - b))
            part = X[i:] if i % 2 else X[:1]
            out.append(float(part[0, 0] + len(part) + y[i::2][0] + X.reshape(-1)[i] + X[:, 0].flatten()[0]))
            Z = X.copy()
            Z[y == 1] = Z[0]
            Z[y == 2] = 7
            v = np.zeros(len(y))
            v[[0, 1]] = 3
            v[np.argwhere(y == 1).flatten()] = 2.5
            out.append(float(Z.sum() + v.sum() + np.concatenate((X, y.reshape(-1, 1)), axis=1)[0, -1]))
        return out
    """,
    "X = np.random.default_rng(0).normal(size=(6, 2)); args = (X, np.array([1, 2, 0, 1, 2, 3]), [1.5, 2.5], [3, 1], 3)",
)
GIVEN = "X = np.random.default_rng(1).normal(size=({}, 2)); args = (X, np.array({}), {}, {}, {})"


@pytest.mark.parametrize(
    ("given", "fast"),
    [
        ((6, [1, 2, 0, 1, 2, 3], [1.5, 2.5], [3, 1], 6), True),
        ((6, [1, 2, 0, 1, 2, 3], [1.5, 2.5], [3, 1], 0), True),
        ((9, [1] * 9, [0.1 * i for i in range(40)], list(range(40)), 4), None),
        ((6, [5, 6, 7, 8, 9, 9], [1.5, 2.5], [2**60, 1], 6), False),
        ((6, [1, 2, 0, 1, 2, 3], [], [3, 1], 6), False),
        ((6, [1, 2, 0, 1, 2, 3], [1.5, 2.5], [], 6), False),
        ((6, [1, 2, 0, 1, 2, 3], [1.5], [3, 1], 6), False),
        ((6, [1, 2, 0, 1, 2], [1.5, 2.5], [3, 1], 6), False),
        ((6, [1, 2, 0, 1, 2, 3], [1.5, float("inf")], [3, 1], 6), False),
        ((1, [1], [1.5, 2.5], [3, 1], 1), None),
    ],
)
def test_lists_for_numpy(given: tuple[object, ...], fast: bool | None) -> None:
    text = GIVEN.format(*given).replace("inf", "float('inf')")
    check(LISTS, text, fast=fast, close=True)


CHAIN = compiled_function(
    """
    def f(theta, other, n, keep):
        chain = []
        best = theta
        counts = []
        for i in range(n):
            new = theta + 0.5
            if i % 3 != 1:
                theta = new
            if i == 4:
                best = theta
            if i >= keep:
                chain.append(theta)
            counts.append(i)
        if n == 7:
            chain.append(other)
        if n == 9:
            chain.append(new[:1])
        return chain, theta, best, counts
    """,
    "args = (np.zeros(2), np.ones(2), 5, 1)",
)
SAME = "same = [[a is b for b in [*result[0], *result[1:3], *args[:2]]] for a in [*result[0], *result[1:3]]]"


@pytest.mark.parametrize(
    ("setup", "fast"),
    [
        ("args = (np.zeros(2), np.ones(2), 5, 1)", True),
        ("args = (np.zeros(2), np.ones(2), 7, 0)", True),
        ("args = (np.zeros(2), np.ones(2), 9, 0)", False),  # a part of another array
        ("args = (np.zeros(2), np.ones(2), 1, 0)", True),
        ("args = (np.zeros(2), np.ones(2), 0, 0)", True),  # what came in goes out
        ("a = np.zeros(3); args = (a[:2], a[1:], 5, 0)", True),
        ("a = np.zeros(2); args = (a, a, 7, 0)", True),
        ("args = (np.zeros(0), np.ones(0), 5, 0)", False),
    ],
)
def test_which_arrays_are_one(setup: str, fast: bool) -> None:
    from tests.kernel import differential

    check(CHAIN, setup, fast=fast)
    seen = []
    for source, tag in ((CHAIN.original, "old"), (CHAIN.patched, "new")):
        state = differential.run(source, setup, tag).state
        whole = [*state["result"][0], *state["result"][1:3]]
        seen.append([[a is b for b in [*whole, *state["args"][:2]]] for a in whole])
        whole[-1][...] = 9.0
        seen[-1].append([a.tolist() for a in [*whole, *state["args"][:2]]])
    assert seen[0] == seen[1]


BLOCK = compiled(
    """
    draws, sizes = [], []
    kept = mu
    for i in range(n):
        mu = mu + 1.0
        draws.append(mu)
        if i == 3:
            kept = mu
        sizes.append(len(draws))
    """,
    "import numpy as np; mu = np.zeros(2); n = 5",
    hide=("i",),
)


def test_arrays_of_a_block() -> None:
    check(BLOCK, "mu = np.zeros(2); n = 5", fast=True)
    check(BLOCK, "mu = np.zeros(2); n = 0", fast=True)
    check(BLOCK, "mu = np.zeros(2); n = 2", fast=True)
    check(BLOCK, "mu = np.zeros((2, 2))[0]; n = 9", fast=True)


LATE = compiled_function(
    """
    def entropy(y):
        return float(len(y))

    def gini(y):
        return 2.0 * len(y)

    def f(X, n, criterion):
        if criterion == "gini":
            loss = gini
        elif criterion == "entropy":
            loss = entropy
        else:
            raise ValueError(criterion)
        for i in range(n):
            labels = []
            for x in X:
                labels.append(x * i)
            labels = np.array(labels)
            score = loss(labels)
            if i == 4:
                break
        return labels, score, i
    """,
    "args = (np.arange(4.0), 3, 'gini')",
)


def test_bound_in_a_loop() -> None:
    check(LATE, "args = (np.arange(4.0), 3, 'gini')", fast=True)
    check(LATE, "args = (np.arange(4.0), 9, 'entropy')", fast=True)
    check(LATE, "args = (np.arange(4.0), 0, 'gini')", fast=False)  # an unbound name
    check(LATE, "args = (np.arange(4.0), 3, 'other')", fast=False)


OVERLAPS = compiled_function(
    """
    def f(n):
        a = np.linspace(0.0, 5.0, 6)
        rows = [a]
        b = rows[0]
        rows.append(a[2:])
        for i in range(n):
            b[1:] = a[:-1]
            rows[1][1:] = a[:3]
            a[2:] = rows[1]
        c = a if n > 2 else b
        c[1:] = a[:-1]
        c[a > 3.0] = a[0]
        c[[0, 1]] = a[4:]
        return a.copy()
    """,
    "args = (3,)",
)


def test_arrays_in_lists_share_memory() -> None:
    for n in range(5):
        check(OVERLAPS, f"args = ({n},)", fast=True)


def test_refused() -> None:
    twice = """
    for i in range(n):
        other = xs
        xs.append(a + i)
    """
    assert refusal(twice, "n = 3; xs = []; a = np.zeros(2)".replace("np", "__import__('numpy')"))
    given = """
    out = []
    for i in range(n):
        out.append([a])
    """
    assert refusal(given, "import numpy as np; n = 3; a = np.zeros(2)")


GIVEN_BACK = compiled_function(
    """
    def relu(x):
        x[x < 0] = 0.0
        return x

    def remaining(X, centres):
        found = []
        for x in X:
            if x not in centres:
                found.append(x)
        return found

    def both(a, b):
        return b, a[1:]

    def f(X, n):
        centres = X[:1]
        total = 0.0
        y = np.linspace(-1.0, 1.0, 6)
        for i in range(n):
            z = relu(y)
            z[1:] = y[:-1]
            w = relu(y)
            w[1:] = relu(z)[:-1]
            rest = remaining(X, centres)
            for r in rest:
                r[0] += 1.0
            total += len(rest) + rest[-1][0]
            u, v = both(y, z)
            u[1:] = v
            v[:] = u[:-1]
        return total, y
    """,
    "args = (np.arange(8.0).reshape(4, 2), 3)",
)


def test_functions_that_give_back_what_they_were_given() -> None:
    for n in range(4):
        check(GIVEN_BACK, f"args = (np.arange(8.0).reshape(4, 2), {n})", fast=n > 0)
    check(GIVEN_BACK, "args = (np.ones((4, 2)), 2)", fast=False)  # there are no others
