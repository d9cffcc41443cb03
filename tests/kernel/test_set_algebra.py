"""Two sets in kernels: `a & b`, `len(a | b)`, `a <= b`; sets within records, lists and dicts from outside."""

from __future__ import annotations

from tests.kernel.differential import check, compiled_function, refusal

PRELUDE = (
    "import math\nimport itertools\nfrom itertools import combinations, product\nfrom collections import Counter\n"
)
DOCS = """
import random
draw = random.Random(2)
docs = [{"id": i, "words": {draw.choice("abcdefghij") + draw.choice("xyz") for _ in range(i % 9)}} for i in range(25)]
likes = {"u%d" % u: {draw.randrange(30) for _ in range(12)} for u in range(8)}
"""


def test_documents_that_are_alike() -> None:
    text = """
    def jaccard(a, b):
        if not a or not b:
            return 0.0
        return len(a & b) / len(a | b)

    def f(docs, likes, threshold):
        found = []
        for a, b in combinations(docs, 2):
            la, lb = len(a["words"]), len(b["words"])
            if la < threshold * lb or lb < threshold * la:
                continue
            sim = jaccard(a["words"], b["words"])
            if sim >= threshold:
                found.append((a["id"], b["id"], sim))
            if len(found) > 40:
                break
        else:
            found.append((-1, -1, 0.0))
        best = 0
        for u in likes:
            for v in likes:
                if u != v and not likes[u].isdisjoint(likes[v]):
                    both = likes[u] & likes[v]
                    best = max(best, len(both), len(likes[u] - likes[v]), len(likes[u].symmetric_difference(likes[v])))
                    if likes[u] <= likes[v] or likes[u] == both or 7 in both:
                        best += 100
        seen = set()
        for u in likes:
            seen |= likes[u]
            seen.update([3, 5])
        total = 0
        for x in likes["u1"]:
            total = total * 2 % 1000003 + x
        return found, best, len(seen), total, "ax" in docs[8]["words"]
    """
    facts = DOCS + "args = (docs, likes, 0.2)"
    c = compiled_function(text, facts, PRELUDE)
    assert "_common_int" in c.patched.text
    check(c, facts, fast=True)
    check(c, DOCS + "docs[3]['words'] = frozenset({'ax', 'by'})\nargs = (docs[::-1], likes, 0.0)", fast=True)
    check(c, DOCS + "likes['u1'] = set(range(40, 10, -1)) - {13}\nargs = (docs[:10], likes, 2.0)", fast=True)
    for change in (
        "docs[3]['words'] = ['ax', 'by']",
        "docs[3]['words'] = {'ax', 5}",
        "docs[3]['words'] = {'ax': 5}.keys()",
        "likes['u3'] = {True, 5}",
        "likes['u3'] = {2**70}",
        "likes['u3'] = {5.0}",
    ):
        check(c, f"{DOCS}{change}\nargs = (docs, likes, 0.2)", fast=False)


def test_tuples_of_several() -> None:
    text = """
    def f(xs, ys, n):
        total = 0.0
        for x, y in itertools.combinations(xs, 2):
            xs[0] = 7.0
            total += x * y
        for i, j in product(range(n), ys):
            total += i * j
        for i, j, k in product([1, 2], repeat=3):
            total += i * 100 + j * 10 + k
        for a, b, c in combinations(range(n), 3):
            if (a + b) % 5 == 4:
                break
            total += a * b - c
        out = [(a, b) for a, b in itertools.permutations(ys, 2) if a < b]
        closest = min(abs(x - y) for x, y in combinations(xs, 2))
        pairs = list(combinations(ys, 2))
        for k in itertools.chain(ys, [4, 5], range(n)):
            total += k
        zs = [1, 2]
        for a, b in itertools.pairwise(zs + ys):
            zs.append(a)
            total -= a * 0.5 - b
        return total, out, closest, len(pairs), zs
    """
    c = compiled_function(text, "args = ([0.5 * i for i in range(9)], [3, 1, 2, 1], 6)", PRELUDE)
    check(c, "args = ([0.25 * i * i for i in range(7)], [5, 1, 4], 7)", fast=True)
    check(c, "args = ([1.0, 2.0], [5], 0)", fast=True)
    check(c, "args = ([1.0], [5], 3)", fast=False)  # min of nothing
    check(c, "args = ([1.0, 2], [5], 3)", fast=False)


def test_what_is_left_alone() -> None:
    setup = "xs = [1, 2, 3]\ns = {1, 2}\nt = {'a'}\nu = {(1, 2)}\ntotal = 0\nboxes = [{(1, 2)}, {(3, 4)}]\n"

    def why(body: str) -> str:
        return refusal(body, setup, PRELUDE)

    assert "several types" in why("for x in xs:\n    total += len(s & t)")
    assert "beside" in why("for x in xs:\n    total += len(s & xs)")
    assert "so many" in why("for a, b, c, d in combinations(xs, 4):\n    total += a")
    assert why("for x in xs:\n    for y in s | {x}:\n        total += y")  # in an order that is not known
    assert why("for box in boxes:\n    total += len(box & u)")
    assert why("for a, b in combinations(xs, total):\n    total += a")
    assert why("for x in xs:\n    s &= {x}")
