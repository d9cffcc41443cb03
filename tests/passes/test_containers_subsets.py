"""Sets that hold all of some items."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.subsets import Subsets
from tests.passes.test_containers_harness import changed, left_alone

DATA = """
import random
rng = random.Random(3)
names = ["tea", "milk", "cake", "jam", "ham", "", "x y"]
baskets = [frozenset(rng.sample(names, rng.randint(0, 5))) for _ in range(70)]
asked = [frozenset(rng.sample(names, rng.randint(0, 3))) for _ in range(20)] + [frozenset({"gone"}), frozenset()]
"""
LOOP = """
def count(candidates, baskets):
    counts = {}
    for items in candidates:
        n = 0
        for basket in baskets:
            if items.issubset(basket):
                n += 1
        counts[items] = n
    return list(counts.values())
"""
CHANGED = {
    "a loop": DATA
    + LOOP
    + "print(count(asked, baskets), count([], baskets), count(asked, []), count(asked, baskets[:8]))",
    "all forms": DATA
    + """
def count(candidates, baskets):
    out = []
    for items in candidates:
        out.append(sum(1 for b in baskets if items <= b))
        out.append(sum(b >= items for b in baskets))
        out.append(sum([b.issuperset(items) for b in baskets]))
        out.append(len([b for b in baskets if items.issubset(b)]))
    return out, [type(n) for n in out]
print(count(asked, baskets))
""",
    "a comprehension": DATA
    + """
def count(candidates, baskets):
    return {items: sum(1 for b in baskets if items <= b) for items in candidates}
print(list(count(asked, baskets).values()))
""",
    "odd things in the list, or asked for": DATA
    + LOOP
    + """
class Loud(frozenset):
    def __contains__(self, item):
        print("asked")
        return True
    def __iter__(self):
        print("gone through")
        return iter(["tea", "ham"])
class Word(str):
    pass
nan = float("nan")
for one in (
    [Loud({"tea"}), frozenset()], [["tea", "milk"], ("tea",)], [{"tea": 1}], [frozenset({Word("tea")})], [{1, 2}, {True}],
    [{nan}, {float("nan")}], [{(1, "a"), (nan, 2)}], ["tea", "milk"], [None], 7, iter([{"tea"}]), [{"tea"}] * 9, (x for x in [{1}]),
):
    for items in (
        frozenset({"tea"}), frozenset({1.0}), frozenset({nan}), frozenset({(nan, 2)}), Loud({"tea"}), frozenset({Word("tea")}), None, 5,
        frozenset({(("x",),)}),
    ):
        try:
            print(count([items], one))
        except Exception as error:
            print(repr(error))
""",
    "an error in the middle": DATA
    + """
def count(candidates, baskets):
    out = []
    for items in candidates:
        n = 5
        for basket in baskets:
            if items.issubset(basket):
                n += 1
        out.append(n / (len(items) - 2))
    return out
try:
    print(count(asked, baskets))
except ZeroDivisionError as error:
    print(error)
print(count([frozenset({"tea"}), frozenset()], baskets))
""",
    "sets that are what is asked for": DATA
    + """
def count(baskets):
    out = []
    for items in baskets:
        n = 0
        for basket in baskets:
            if items <= basket:
                n += 1
        out.append(n)
    return out
print(count(baskets), count([set(b) for b in baskets]))
""",
}
ALONE = {
    "the sets change": """
def count(candidates, baskets):
    out = []
    for items in candidates:
        n = 0
        for basket in baskets:
            if items <= basket:
                n += 1
        baskets.append(frozenset(items))
        out.append(n)
    return out
print(count([frozenset({1}), frozenset({1, 2})] * 5, [frozenset({1, 2})] * 3))
""",
    "the last one is looked at": DATA
    + """
def count(candidates, baskets):
    for items in candidates:
        n = 0
        for basket in baskets:
            if items <= basket:
                n += 1
        print(n, len(basket))
count(asked, baskets)
""",
    "a number that is not whole": DATA
    + """
def count(candidates, baskets):
    n = 0.1
    for items in candidates:
        for basket in baskets:
            if items <= basket:
                n += 1
    return n
print(count(asked, baskets))
""",
    "more is done": DATA
    + """
def count(candidates, baskets):
    for items in candidates:
        n = 0
        for basket in baskets:
            if items <= basket:
                n += 1
                print(n)
count(asked, baskets)
""",
    "sets with rules of their own": """
class Item:
    def __init__(self, n):
        self.n = n
    def __eq__(self, other):
        return True
    def __hash__(self):
        return self.n
def count(candidates, baskets):
    return [sum(1 for b in baskets if items <= b) for items in candidates]
print(count([{Item(1)}], [{Item(1)}, {Item(2)}]))
""",
    "what is asked for may be one of the sets, and changes": """
def count(candidates, baskets):
    out = []
    for items in candidates:
        n = 0
        for basket in baskets:
            if items <= basket:
                n += 1
        out.append(n)
        items.add("x")
    return out
everything = [{"tea", "milk"}, {"tea"}, {"milk"}, {"x"}]
print(count([*everything, {"tea"}], everything), everything)
print(count(everything, everything), everything)
print(count([{"tea"}, set()], [frozenset({"tea"}), frozenset()]))
""",
    "no loop around": DATA
    + """
def support(items, baskets):
    return sum(1 for b in baskets if items <= b)
print(support(asked[0], baskets))
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    changed(Subsets(), tmp_path, CHANGED[name])


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(Subsets(), tmp_path, ALONE[name])


def test_what_it_looks_like(tmp_path: Path) -> None:
    texts = changed(Subsets(), tmp_path, CHANGED["a loop"])
    assert all("n += _sets_with_all(items, baskets_holding)" in text for text in texts)
    assert all("baskets_holding = _sets_by_item(baskets)" in text for text in texts)
