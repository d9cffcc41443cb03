"""Membership in a list."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hasten.core.facts import Facts, Profile, RegionFacts
from hasten.core.workload import Entry
from hasten.kernel.regions import regions_of
from hasten.observe.describe import describe
from hasten.passes.source.containers.membership import Membership
from tests.passes.test_containers_harness import changed, changes, left_alone, work_of

HOSTILE = "[1, 1.0, True, 'a', b'a', None, float('nan'), NAN, 2**80, (1, 2), (NAN,), [1], {}, Odd(), -0.0, 0]"
ODD = """
NAN = float("nan")
class Odd:
    def __eq__(self, other):
        return other == "a"
    __hash__ = None
"""

CHANGED = {
    "tuples that a function makes": """
def grams(words, n):
    return [tuple(words[i:i + n]) for i in range(len(words) - n + 1)]
def run(new, old):
    known, out = grams(old, 2), []
    for g in grams(new, 2):
        if g in known:
            out.append(g)
        if g not in known:
            out.append(None)
    for x in (1, True, [1], (1, 2), ("a", [1]), float("nan"), None):
        if x in known:
            out.append(x)
    return out
print(run("abcabd", "abab"), run([1, 2, 3], [True, 2.0]), run("", ""), run([[1], 2], [[1], 2, (1, 2)]))
nan = float("nan")
print(run([nan, nan], [nan, nan]), run([nan, nan], [float("nan"), nan]))
""",
    "parameter": """
def keep(words, stop):
    out = []
    for w in words:
        if w not in stop:
            out.append(w.lower())
    return out
print(keep(["A", "b", "c"] * 3, ["b", "x"]), keep(("q",), ("q",)), keep([], None))
""",
    "hostile items and probes": ODD
    + f"""
def keep(words, stop):
    out = []
    for w in words:
        if w in stop:
            out.append(repr(w)[:8])
    return out
xs = {HOSTILE}
print(keep(xs, xs), keep(xs, xs[:6]), keep(xs[:9], xs[:9]), keep(xs[:7], tuple(xs[:6])), keep([NAN], [NAN]))
print(keep([1], [True]), keep([float("nan")], [float("nan")]), keep([(1, 2)], [(1.0, 2)]), keep("ab", "cab"))
try:
    keep([[1]], {{1}})
except TypeError as e:
    print(e)
""",
    "module level": """
stop = "a b c d".split()
words = ["a", "x", "b", 3]
n = 0
for w in words:
    if w in stop:
        n += 1
print(n)
""",
    "growth": """
def unique(xs):
    seen = []
    for x in xs:
        if x not in seen:
            seen.append(x)
    return seen
print(unique([3, 1, 3, 2.0, 2, True, 1, "a", (1, 2), (1, 2), [1], [1], None, float("nan")]))
nan = float("nan")
print(unique([nan, nan, nan]), unique([]), unique("hello"), unique([[1], 1, 1]))
""",
    "growth on one line": """
seen = []
for x in [1, 2, 1, "a", [1], [1], 3, 3]:
    if x not in seen: seen.append(x)
print(seen)
""",
    "growth of pairs": """
def walk(steps):
    x = y = 0
    visited = [(0, 0)]
    again = 0
    for dx, dy in steps:
        x, y = x + dx, y + dy
        if (x, y) in visited:
            again += 1
        else:
            visited.append((x, y))
    return again, visited
print(walk([(1, 0), (-1, 0), (0, 1), (0, -1)] * 3), walk([(1.5, 2), ("a", 1)][:1]))
""",
    "comprehension": """
def common(a, b):
    return [x for x in a if x in b]
print(common([1, 2, 3, "x"], [2, "x"]), common([], []), common([[1]], [[1]]))
""",
    "constant global": """
STOP = ["a", "the", "of"]
def is_stop(w):
    return w in STOP
print([is_stop(w) for w in ["a", "b", "the"]])
print(sum(is_stop(w) for w in [1, None, "of"]))
""",
    "self attribute": """
class Filter:
    def __init__(self, words):
        self.words = list(words)
        self.hits = 0
    def count(self, text):
        for t in text:
            if t in self.words:
                self.hits += 1
        return self.hits
f = Filter(["a", "b"])
print(f.count("abcabc".split("c")), f.count(["a", "b", "z"]), f.hits)
""",
    "while": """
def collatz(n, known):
    steps = 0
    while n not in known:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps, n
print(collatz(27, [1, 2, 4]), collatz(7, (5,)))
""",
    "list of a dict": """
def pick(d, ks):
    out = []
    for k in ks:
        if k in list(d.keys()):
            out.append(d[k])
    return out
print(pick({"a": 1, "b": 2}, ["b", "q", "a"]), pick({1: 2, 1.5: 3}, [1, True, 1.5]))
""",
    "list of a picked dict": """
def fresh(train, user, items):
    out = []
    for item in items:
        if item not in list(train[user].keys()):
            out.append((rate(item, train), item))
    return out
def rate(item, train):
    total = 0
    for u in train:
        total += train[u].get(item, 0)
    return total
train = {1: {"a": 1, "b": 2}, 2: {}}
print(fresh(train, 1, ["a", "c"]), fresh(train, 2, "ab"), fresh(train, 3, []))
try:
    fresh(train, 3, ["a"])
except KeyError as e:
    print(repr(e))
""",
    "nested": """
def pairs(docs, stop):
    n = 0
    for d in docs:
        for w in d:
            if w in stop or w.upper() in stop:
                n += 1
    return n
print(pairs([["a", "b"], ["C"]], ["A", "C"]))
""",
}

ALONE = {
    "the generator runs when the list has grown": """
def f():
    stop = ["a%d" % i for i in range(9)]
    found = (w in stop for w in ["a1", "b", "a3"])
    stop.append("b")
    return list(found)

print(f())
""",
    "view of a dict": """
e = {}
vals = e.values()
for x in [1, 2, 1, 3, 2]:
    print(x in list(vals))
    e[x] = x
""",
    "dict with another name": """
e = {}
d = e
for x in [1, 2, 1, 3, 2]:
    print(x in list(d.keys()))
    e[x] = 1
""",
    "view of an array": """
import numpy as np
a = np.zeros(4, dtype=int)
v = a[:3]
for i in range(4):
    print(i in v.tolist())
    a[i] = i + 1
""",
    "lazy expression that grows it": """
def run(xs, it):
    n = 0
    for i in range(5):
        n += i in xs
        next(it)
    return n
def outer():
    acc = [9]
    return run(acc, (acc.append(i + 1) for i in range(9)))
print(outer())
""",
    "closure that grows it": """
def run(xs, f):
    n = 0
    for i in range(5):
        n += i in xs
        f(i + 1)
    return n
def outer():
    acc = [9]
    def add(x):
        acc.append(x)
    return run(acc, add)
print(outer())
""",
    "generator that hands out its buffer": """
def feed():
    buf = [7]
    for i in range(5):
        yield buf
        buf.append(i + 1)
def run(it):
    n = 0
    xs = next(it)
    for i in range(4):
        n += i in xs
        next(it)
    return n
print(run(feed()))
""",
    "functions that call each other": """
def ping(xs, n):
    if n > 0:
        pong(xs, n - 1)
        xs.append(n)
def pong(xs, n):
    if n > 0:
        ping(xs, n - 1)
def run(xs):
    k = 0
    for i in range(5):
        pong([], 0)
        k += i in xs
        pong(xs, i)
    return k
def also(xs):
    k = 0
    for i in range(5):
        k += i in xs
        ping(xs, i)
    return k
print(run([9]), also([9]))
""",
    "removed in the loop": """
xs = [1, 2, 3]
for i in range(5):
    if i in xs:
        xs.remove(i)
print(xs)
""",
    "changed by a function": """
def note(x):
    stop.append(x)
stop = ["a"]
for w in ["b", "b", "c"]:
    if w not in stop:
        note(w)
print(stop)
""",
    "changed by a method": """
class Book:
    def __init__(self):
        self.words = []
    def note(self, w):
        self.words.append(w)
def run(b, words):
    ws = b.words
    n = 0
    for w in words:
        if w not in ws:
            n += 1
            b.note(w)
    return n
print(run(Book(), ["a", "a", "b"]))
""",
    "changed by an operator": """
class Sly:
    def __init__(self, xs): self.xs = xs
    def __add__(self, other):
        self.xs.append(other)
        return self
def run(xs, s):
    n = 0
    for i in range(4):
        n += i in xs
        s = s + i
    return n
xs = [7]
print(run(xs, Sly(xs)))
""",
    "alias in a dict": """
groups = {0: [1], 1: [2]}
def run(seen, groups):
    n = 0
    for i in range(6):
        if i in seen:
            n += 1
        groups[i % 2].append(i + 1)
    return n
print(run(groups[0], groups))
""",
    "callback": """
def run(xs, f):
    n = 0
    for i in range(5):
        n += i in xs
        f(i + 1)
    return n
xs = [1]
print(run(xs, xs.append))
""",
    "callback lambda": """
def run(xs, f):
    n = 0
    for i in range(5):
        n += i in xs
        f(i + 1)
    return n
xs = [1]
print(run(xs, lambda v: xs.insert(0, v)))
""",
    "property": """
class P:
    def __init__(self, xs): self.xs = xs
    @property
    def size(self):
        self.xs.append(len(self.xs))
        return len(self.xs)
def run(xs, p):
    n = 0
    for i in range(5):
        n += i in xs
        n += p.size
    return n
xs = [1]
print(run(xs, P(xs)))
""",
    "generator that changes it": """
def feed(xs):
    for i in range(4):
        xs.append(i + 1)
        yield i
def run(xs, it):
    return sum(1 for i in it if i in xs)
xs = [9]
print(run(xs, feed(xs)))
""",
    "slice store": """
def run(xs, ys):
    n = 0
    for i in range(6):
        n += i in xs
        ys[0][:] = [i + 1]
    return n
xs = [0]
print(run(xs, [xs]))
""",
    "locals": """
def run(xs):
    n = 0
    for i in range(6):
        n += i in xs
        locals()
    return n
print(run([1]))
""",
    "generator function": """
def run(xs):
    for i in range(6):
        yield i in xs
xs = [1]
for b in run(xs):
    xs.append(len(xs))
    print(b)
""",
    "set already": """
xs = set([1, 2])
for i in range(4):
    print(i in xs)
""",
    "global changed by a function": """
SEEN = [1]
def grow(i):
    SEEN.append(i)
def ask(i):
    return i in SEEN
for i in range(4):
    print(ask(i + 1))
    grow(i)
""",
    "heap": """
import heapq
xs = [3]
for i in range(5):
    print(i in xs)
    heapq.heappush(xs, i + 1)
""",
    "threads": """
import threading
STOP = [1]
def ask(i):
    return i in STOP
print(ask(1))
""",
}


@pytest.mark.parametrize("source", CHANGED.values(), ids=CHANGED.keys())
def test_its_own_work_is_left_alone(source: str, tmp_path: Path) -> None:
    """A second round looks at what the first has written."""
    work = work_of(tmp_path, source)
    assert [changes(Membership(), change.apply(work)) for change in changes(Membership(), work)[:1]] == [[]]


def test_a_choice_of_two_lists_is_no_work_of_its_own(tmp_path: Path) -> None:
    source = """
def keep(words, a, b, flag):
    out = []
    for w in words:
        if (w in a if flag else w in b):
            out.append(w)
    return out
print(keep(["A", "b"], ["b", "x", "y", "z"], ["A", "q", "r", "s"], 1))
"""
    assert changes(Membership(), work_of(tmp_path, source))


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    changed(Membership(), tmp_path, CHANGED[name])


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(Membership(), tmp_path, ALONE[name])


def test_list_that_goes_by_two_names(tmp_path: Path) -> None:
    source = """
def run(xs, out):
    n = 0
    for i in range(6):
        if i in xs:
            n += 1
        out.append(i + 1)
    return n, out
xs = [1]
print(run(xs, xs), run([2, 3], []))
"""
    assert "_members(xs, out)" in changed(Membership(), tmp_path, source)[0]


def test_another_module_that_changes_the_list(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("import script\nscript.STOP.append(1)\n")
    work = work_of(tmp_path, CHANGED["constant global"])
    assert changes(Membership(), work)
    assert not changes(Membership(), replace(work, entry=Entry("script", "other.py"), entry_path="other.py"))


PICKED = {
    "neighbours": """
def triangles(near):
    n = 0
    for a in near:
        ours = near[a]
        for i in range(len(ours)):
            for j in range(i + 1, len(ours)):
                if ours[j] in near[ours[i]]:
                    n += 1
    return n
print(triangles({1: [2, 3], 2: [1, 3], 3: [1, 2], 4: []}), triangles({}), triangles({1: (2, 1.0), 2: [1], 1.0: [2]}))
from collections import defaultdict
d = defaultdict(list, {1: [5, 6], 5: [6]})
print(triangles(d) if 0 else 0, sorted(d))
try:
    triangles({1: [2, 3]})
except KeyError as e:
    print(repr(e))
""",
    "key of the loop outside": """
def f(groups, keys, xs):
    n = 0
    for k in keys:
        for x in xs:
            if x in groups[k]:
                n += 1
    return n
print(f({"a": [1, 2], "b": {3}}, ["a", "b"], [1, 3, 2.0]), f({}, ["q"], []), f([[1], [[2]]], [0, 1, -1], [1, 2]))
from collections import defaultdict
d = defaultdict(list)
print(f(d, ["z"], []), len(d), f(d, ["z"], [1]), len(d))
""",
}
PICKED_ALONE = {
    "missing": """
class D(dict):
    def __missing__(self, k):
        self[k] = []
        return self[k]
def f(groups, k, xs):
    return sum([x in groups[k] for x in xs])
d = D()
for x in []:
    if x in d[x]:
        print(x)
print(f(d, "z", []), len(d), f(d, "z", [1]), len(d))
""",
    "grows": """
def f(links, pairs):
    for a, b in pairs:
        links[a] = links.get(a, [])
        for c in b:
            if c not in links[a]:
                links[a].append(c)
    return links
print(f({}, [(1, [2, 2, 3]), (1, [3, 4])]))
""",
    "inside text": """
xs = [1, 2]
for i in range(3):
    print(f"{i in xs}")
""",
    "named on the way": """
def f(g):
    g.append(3)
for i in range(4):
    f(xs := [1, 2])
    print(i in xs)
""",
    "getattr": """
def f(xs):
    n = 0
    for i in range(4):
        n += i in xs
        getattr(xs, "app" + "end")(i + 1)
    return n
print(f([9]))
""",
    "taken helper name": """
def _members(xs):
    return "mine"
def f(xs):
    return [i in xs for i in range(3)]
print(f([1]), _members(1))
""",
}


@pytest.mark.parametrize("name", PICKED)
def test_list_in_a_container(name: str, tmp_path: Path) -> None:
    changed(Membership(), tmp_path, PICKED[name])


@pytest.mark.parametrize("name", PICKED_ALONE)
def test_list_in_a_container_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(Membership(), tmp_path, PICKED_ALONE[name])


@pytest.mark.parametrize(
    "rebinding",
    [
        "match [[i + 1]]:\n            case [xs]:\n                pass",
        "try:\n            raise ValueError(i)\n        except ValueError as xs:\n            pass\n        xs = [i]",
        "import sys as xs\n        xs = [i]",
        "def xs():\n            pass\n        xs = [i]",
    ],
)
def test_rebound_without_a_name(rebinding: str, tmp_path: Path) -> None:
    source = f"""
def f(xs):
    n = 0
    for i in range(4):
        n += i in xs
        {rebinding}
    return n
print(f([0]))
"""
    left_alone(Membership(), tmp_path, source)


def test_facts_that_say_set_or_list(tmp_path: Path) -> None:
    work = work_of(tmp_path, CHANGED["parameter"])
    region = next(r for r in regions_of(work.source("script.py"), entry=True) if r.kind == "function")

    def seen(stop: object) -> Facts:
        return Facts(regions={region.id: RegionFacts(region.id, 1, types={"stop": (describe(stop),)})})

    assert list(Membership().find(work, region, seen(["a"] * 20)))
    assert list(Membership().find(work, region, seen(("a",) * 20)))
    assert not list(Membership().find(work, region, seen({"a"})))
    assert not list(Membership().find(work, region, seen("a b c d")))


def test_cold_lines_are_left(tmp_path: Path) -> None:
    work = work_of(tmp_path, CHANGED["parameter"])
    region = next(r for r in regions_of(work.source("script.py"), entry=True) if r.kind == "function")
    cold = Profile(samples=100, stacks=((("script.py:<module>:9",), 100),))
    warm = Profile(samples=100, stacks=((("script.py:keep:5",), 100),))
    assert not list(Membership().find(work, region, Facts(cold)))
    finding = next(Membership().find(work, region, Facts(warm)))
    assert finding.share == 1.0


def test_a_list_that_is_filled_may_be_the_one_that_is_asked(tmp_path: Path) -> None:
    source = """
STOP = ["w%d" % i for i in range(30)]


def fill(words, kept):
    for w in words:
        if w not in STOP:
            kept.append(w)
    return len(kept)


print(fill(["a", "w1", "a", "b"], []))
"""
    made = changed(Membership(), tmp_path, source)[0]
    assert "_members_once(STOP, _STOP_KEPT, kept)" in made
    was, now = {}, {}
    for text, space in ((source, was), (made, now)):
        exec(text, space)  # nothing in the program gives `fill` that list; replays on varied inputs do
        space["told"] = [space["fill"](["x", "y", "x"], space["STOP"]), space["fill"](["x", "y", "z"], [])]
    assert now["told"] == was["told"] == [32, 1]
