"""Keys of dicts that are NumPy integers: `votes[labels[i]] = votes.get(labels[i], 0) + 1`."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, compiled_function, refusal

NP = "import numpy as np\n"


def test_votes() -> None:
    text = """
    def f(labels, near):
        votes = {}
        for i in near:
            votes[labels[i]] = votes.get(labels[i], 0) + 1
        best = max(sorted(votes), key=lambda c: votes[c])
        total = 0
        for label, n in votes.items():
            total += label * n
        return best, total, votes, list(votes), sorted(votes.items(), key=lambda kv: (-kv[1], kv[0]))
    """
    seen = NP + "args = (np.array([2, 0, 2, -1]), [0, 1, 2, 3])"
    made = compiled_function(text, seen)
    for labels, near, fast in [
        ("[2, 0, 2, -1]", "[0, 1, 2, 3]", True),
        (
            "[-1, -2, -1, 2**62, 2**61 - 1, -(2**63)]",
            "[0, 1, 2, 3, 4, 5, 5]",
            False,
        ),  # label * n overflows, with a warning
        ("[5]", "[]", False),  # max of nothing
        ("[7, 7]", "[1, -1, 0]", True),
        ("[True, False]", "[1, 0]", False),
        ("[1.0, 2.0]", "[1, 0]", False),
    ]:
        check(made, NP + f"args = (np.array({labels}), {near})", fast=fast)
    check(made, NP + "args = (np.array([1, 2], dtype=np.int32), [1, 0])", fast=False)
    check(made, NP + "args = ([1, 2], [1, 0])", fast=False)


def test_looked_up_by_either() -> None:
    text = """
    def f(labels, n):
        groups = {}
        firsts = {}
        for i, label in enumerate(labels):
            if label not in groups:
                groups[label] = []
                firsts[label] = i
            groups[label].append(i)
        found = 0
        for k in range(n):
            if k in groups:
                found += len(groups[k]) + firsts[k]
        return groups, firsts, found
    """
    made = compiled_function(text, NP + "args = (np.array([1, 1, 3]), 5)")
    check(made, NP + "args = (np.array([1, 1, 3, 0, -4, 3]), 5)", fast=True)
    check(made, NP + "args = (np.array([], dtype=np.int64), 5)", fast=True)


def test_tuples_and_sets_of_them() -> None:
    text = """
    def f(a, b):
        pairs = {}
        seen = set()
        for i in range(len(a)):
            key = (a[i], b[i])
            pairs[key] = pairs.get(key, 0) + 1
            seen.add((a[i], i))
        hits = 0
        for i in range(3):
            for j in range(3):
                if (i, j) in pairs:
                    hits += pairs[(i, j)]
        return pairs, hits, len(seen)
    """
    made = compiled_function(text, NP + "args = (np.array([1, 0, 1]), np.array([2, 2, 2]))")
    check(made, NP + "args = (np.array([1, 0, 1, 9, -1]), np.array([2, 2, 2, 1, 0]))", fast=True)


def test_counters() -> None:
    text = """
    def f(labels):
        c = collections.Counter(labels)
        d = collections.defaultdict(int)
        e = collections.defaultdict(list)
        for i in range(len(labels)):
            d[labels[i]] += 2
            e[labels[i]].append(i)
        return c, d, e, c.most_common(1)[0][0]
    """
    made = compiled_function(text, NP + "args = (np.array([1, 1, 3]),)", "import collections\n")
    check(made, NP + "args = (np.array([3, 1, 1, -3]),)", fast=True)


def test_dict_of_the_caller() -> None:
    text = """
    def f(labels, counts):
        for label in labels:
            counts[label] = counts.get(label, 0) + 1
        return len(counts)
    """
    made = compiled_function(text, NP + "args = (np.array([1, 1, 3]), {})")
    check(made, NP + "args = (np.array([1, 1, 3, -5]), {})", fast=True)
    check(made, NP + "args = (np.array([1, 1, 3, -5]), {3: 1})", fast=False)
    check(made, NP + "args = (np.array([1, 1, 3, -5]), {np.int64(3): 1})", fast=False)


@pytest.mark.parametrize(
    "text",
    [
        "for i in range(n):\n    d[i] = 1\n    d[x[i]] = 2",  # which of two equal keys is there is told by its type
        "for i in range(n):\n    d[x[i]] = 1\n    d.setdefault(i, 2)",
        "for i in range(n):\n    d[x[i], i] = 1\n    d[i, i] = 2",
        "s = set()\nfor i in range(n):\n    s.add((x[i], i))\n    s.add((i, i))",
        "e = {}\nfor i in range(n):\n    d[x[i]] = i\n    e[i] = 2\nboth = set(d) & set(e)",
    ],
)
def test_refused(text: str) -> None:
    assert refusal(text, NP + "n = 3\nx = np.array([1, 2, 0])\nd = {}")


def test_one_or_the_other() -> None:
    made = compiled(
        "for i in range(n):\n    k = i if i > 1 else x[i]\n    d[k] = 2", NP + "n = 3\nx = np.array([1, 2, 0])\nd = {}"
    )
    check(made, NP + "n = 5\nx = np.array([1, 2, 0])\nd = {}", fast=False)
    check(made, NP + "n = 2\nx = np.array([1, 2, 0])\nd = {}")
    check(made, NP + "n = 0\nx = np.array([1, 2, 0])\nd = {}")


def test_a_dict_from_outside() -> None:
    text = """
    def f(labels, weights, n):
        total = 0.0
        for label in labels:
            total += weights[label]
        for k in range(n):
            if k in weights:
                total += 1.0
        last = -1
        for k in weights:
            last = k
        return total, last
    """
    made = compiled_function(text, NP + "args = (np.array([1, 1, 3]), {np.int64(1): 0.5, np.int64(3): 2.0}, 4)")
    check(made, NP + "args = (np.array([1, 3, 3]), {np.int64(3): 0.25, np.int64(1): 0.5}, 4)", fast=True)
    check(made, NP + "args = (np.array([1, 3, 3]), {np.int64(3): 0.25}, 4)", fast=False)
    check(made, NP + "args = (np.array([1, 3, 3]), {3: 0.25, 1: 0.5}, 4)", fast=False)
    check(made, NP + "args = (np.array([1, 3, 3]), {np.int64(3): 0.25, 1: 0.5}, 4)", fast=False)
    check(made, NP + "args = (np.array([1, 1]), {np.int64(3): 0.25, np.int32(1): 0.5}, 4)", fast=False)
    check(made, NP + "args = (np.array([1, 1]), {np.True_: 0.25, np.int64(3): 0.5}, 4)", fast=False)
