"""Sets that are made to be counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.set_sizes import SetSizes
from tests.passes.test_containers_harness import changed, left_alone

ODD = """
class Loud(set):
    def __or__(self, other):
        print("or")
        return [1, 2, 3]
    def __and__(self, other):
        print("and")
        return []
    def union(self, *others):
        return "four"
class Bits(int):
    def __len__(self):
        return 7
    def __or__(self, other):
        return self
    __and__ = __or__
SETS = [set(), {1}, {1, 2, 3}, {True, 2.0, "x"}, frozenset({1, 5}), Loud({1, 2}), {1: 2}.keys(), {float("nan"), None}]
"""
CHANGED = {
    "jaccard": ODD
    + """
def f(a, b):
    if not a or not b:
        return 0.0
    return len(a & b) / len(a | b)
for a in SETS:
    for b in SETS:
        print(f(a, b))
for a, b in ((1, 2), ([1], [1]), (Bits(1), Bits(2)), ({1: 2}, {1: 3})):
    try:
        print(f(a, b))
    except Exception as e:
        print(repr(e))
""",
    "overlaps of many kinds": ODD
    + """
def f(a, b, c):
    one = 1 - len(a & b) / len(a | b)
    two = 2.0 * len(b & a) / (len(a) + len(b)) + 100 * len(b & a) / len(a | b)
    three = len(a.union(b)) - len(a.intersection(b))
    return one, two, three, len(a | b | c), [len(x | a) for x in (b, c)], len(a.union(b, c)), len(a | b) / len(a & c)
for a in SETS[1:]:
    for b in SETS[1:]:
        try:
            print(f(a, b, {1}))
        except Exception as e:
            print(repr(e))
""",
    "sizes with names": ODD
    + """
def f(a, b):
    inter = len(a & b)
    union = len(a | b)
    return inter / union if union else 0.0
def g(a, b):
    inter = a & b
    if not inter:
        return -1
    union = a | b
    return len(inter) / len(union)
def h(a, b):
    union = a.union(b)
    if not union:
        return None
    return len(a.intersection(b)) / len(union)
for a in SETS:
    for b in SETS:
        for function in (f, g, h):
            try:
                print(function(a, b))
            except Exception as e:
                print(repr(e))
""",
    "lists made sets": ODD
    + """
def f(xs, ys):
    return len(set(xs) & set(ys)) / len(set(xs) | set(ys))
LISTS = [[1, 2, 2], (1, 3), "hello", {1: 2, 3: 4}, iter([1, 2]), iter([1, 2, 3]), {1, 2}, [], 5, [[1]]]
for i in range(len(LISTS)):
    for j in range(len(LISTS)):
        try:
            print(f(LISTS[i], LISTS[j]))
        except Exception as e:
            print(repr(e))
""",
    "tests": ODD
    + """
def f(xs, b):
    out = []
    if set(xs) & b:
        out.append(1)
    if not (b & set(xs)):
        out.append(2)
    out.append([x for x in xs if {x} & b and len(b & {2}) > 0])
    while len(b.intersection({x for x in xs})) == 0:
        out.append(3)
        break
    return out, bool(b.intersection(xs)), 1 if b.intersection(set(xs)) else 2
for xs in ([1, 2], "ab", [], [None]):
    for b in SETS:
        try:
            print(f(xs, b))
        except Exception as e:
            print(repr(e))
""",
    "changed between": """
def f(a, b):
    inter = len(a & b)
    b.add(7)
    union = len(a | b)
    return inter / union
def g(a, b):
    inter = len(a & b)
    b = {9}
    return inter / len(a | b)
def h(a, b, grow):
    return len(a & b) / (grow(b) + len(a | b))
def i(a, b):
    return len(a | b) / len(a & b)
def grow(s):
    s.add(11)
    s.add(12)
    return 0
print(f({1, 2}, {2}), g({1, 2}, {2}), h({1, 2}, {2, 3}, grow), i({1, 2}, {2}))
""",
}
ALONE = {
    "numbers": """
def f(flags, mask):
    if flags & mask:
        return flags | mask
    return 0
print(f(6, 2), f(1, 2))
""",
    "the union is used": """
def f(a, b):
    union = a | b
    return len(union), sorted(union)
print(f({1}, {2}))
""",
    "own equality": """
class Word:
    def __init__(self, text): self.text = text
    def __eq__(self, other):
        print("asked")
        return self.text == other.text
    def __hash__(self): return 1
def f(a, b):
    return len(a & b) / len(a | b)
print(f({Word("a"), Word("b")}, {Word("b")}))
""",
    "len is another": """
def len(x): return 3
def f(a, b):
    return len(a & b) / len(a | b)
print(f({1}, {2}))
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    changed(SetSizes(), tmp_path, CHANGED[name])


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(SetSizes(), tmp_path, ALONE[name])


def test_what_it_looks_like(tmp_path: Path) -> None:
    texts = changed(SetSizes(), tmp_path, CHANGED["jaccard"])
    assert any("(common := len(a & b)) / _union_size(a, b, common)" in text for text in texts)
    texts = changed(SetSizes(), tmp_path, CHANGED["sizes with names"])
    assert any("union = _union_size(a, b, inter)" in text for text in texts)
    assert any("union = _counted_union(a, b, len(inter))" in text for text in texts)
