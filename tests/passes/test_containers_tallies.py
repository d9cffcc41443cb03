"""Counting at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.tallies import Tallies
from tests.passes.test_containers_harness import changed, left_alone

HEAD = """
import collections
from collections import Counter, defaultdict
def tried(f, *args):
    try:
        print(f(*args))
    except Exception as e:
        print(type(e).__name__, e)
"""
CHANGED = {
    "in all ways": HEAD
    + """
def plain(words):
    counts = Counter()
    for w in words:
        counts[w] += 1
    return counts.most_common(), list(counts)
def ints(words):
    counts = defaultdict(int)
    for w in words:
        counts[w] += 1
    return list(counts.items()), type(counts)
def got(words):
    counts = {}
    for w in words:
        counts[w] = counts.get(w, 0) + 1
    return list(counts.items())
def asked(words):
    counts = {"b": 7}
    for w in words:
        if w in counts:
            counts[w] += 1
        else:
            counts[w] = 1
    return list(counts.items())
def turned(words):
    counts = dict()
    for w in words:
        if w not in counts:
            counts[w] = 1
        else:
            counts[w] += 1
    return list(counts.items())
def begun(words):
    counts = {}
    for w in words:
        if w not in counts:
            counts[w] = 0
        counts[w] += 1
    return list(counts.items())
LISTS = [["b", "a", "b", "c", "a", "b"], [], "hello", {"x": 1, "y": 2}, (1, 1.0, True, 2), [float("nan")] * 2 + [float("nan")],
         [0.0, -0.0], [1, [2], 3], 5, None, iter("abca"), (c for c in "zza"), range(3), [(1, 2), (1, 2)],
         Counter("aab")]
for xs in LISTS:
    for f in (plain, ints, got, asked, turned, begun):
        tried(f, xs)
""",
    "tests and keys": HEAD
    + """
STOP = {"a"}
def f(words, least):
    counts = Counter()
    for w in words:
        # not the short ones
        if w in STOP:
            continue
        if len(w) < least or w == "zz":
            continue
        counts[w.lower()] += 1
    return counts.most_common()
def g(pairs):
    counts = collections.Counter()
    for a, (b) in pairs:
        if a if b else not a:
            counts[a, b] += 1
    for (a, b) in pairs:
        if counts[a, b] < 3:
            counts[(a, b)] += 1
    return list(counts.items())
for words in (["a", "B", "b", "zz", "ccc"], "abca", [], ["x", 3, "y"], [None]):
    tried(f, words, 1)
for pairs in ([(1, 2), (1, 0), (0, 0), (0, 1)], [(1, 2), 3], [([], 1)], {(1, 2): 3}):
    tried(g, pairs)
""",
    "an error in the middle": HEAD
    + """
def f(words):
    counts = Counter()
    try:
        for w in words:
            if 6 % w >= 0:
                counts[10 // w] += 1
    except (ZeroDivisionError, TypeError) as e:
        print(type(e).__name__, e)
    return list(counts.items())
print(f([1, 2, 2, 0, 3]), f([5, "x"]), f([2.5, None]))
def g(words):
    counts = Counter()
    try:
        for w in words:
            counts[w] += 1
    except TypeError as e:
        print(e)
    return list(counts.items())
print(g(["a", [], "b"]), g(["a", "a", {}]))
""",
    "tables in a table": HEAD
    + """
def f(documents, labels):
    in_class = defaultdict(Counter)
    for document, label in zip(documents, labels):
        for feature in set(document):
            in_class[label][feature] += 1
    for document in documents:
        for feature in sorted(document):
            in_class["all"][feature] += 1
    return sorted((k, sorted(v.items())) for k, v in in_class.items()), len(in_class), in_class["none"]["x"]
print(f(["abc", "ab", "", "c"], ["x", "y", "z", "x"]))
print(f([[1, 2], [2, 3]], [1, 2]))
tried(f, [[1, 2], [[1]]], [1, 2])
tried(f, [[], [2]], [[], 3])
tried(f, [[1], [2]], [[], 3])
""",
    "kept by others when it is over": HEAD
    + """
class Model:
    def fit(self, documents, labels, known):
        self.counts = {}
        for c in sorted(set(labels)):
            counts = Counter()
            for d, label in zip(documents, labels):
                if label == c:
                    for w in d:
                        if w in known:
                            counts[w] += 1
            self.counts[c] = counts
            counts["last"] = None
        return self
m = Model().fit(["abca", "bcc", "a"], [1, 2, 1], {"a", "c"})
print(m.counts)
""",
    "at the top of the file": HEAD
    + """
words = "b a b c".split()
counts = Counter()
for w in words:
    counts[w] += 1
for w in words:
    print(w, counts[w])
def show():
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
print(show())
""",
    "a dict that was given": HEAD
    + """
class Loud(dict):
    def get(self, key, default=None):
        print("get", key)
        return super().get(key, default)
def given(table, words):
    for w in words:
        table[w] = table.get(w, 0) + 1
    return table
def into(words, tables):
    for name, table in tables.items():
        for w in words:
            table[w] = table.get(w, 0) + 1
    return tables
for table in ({"a": 2}, {"a": 2.5, "b": True}, {"a": None}, {"a": "x"}, {"a": [1]}, Counter("ab"), defaultdict(list), Loud(a=1), None, [1], "ab"):
    for words in ("aba", ["b", []], [1, True, 1.0], None, table):
        tried(given, table, words)
        print(table)
tried(into, "ab", {1: {}, 2: {"b": 3}})
tried(into, [0, 1], {1: [5, 6], 2: {}})
""",
    "tables of an object": HEAD
    + """
class Words:
    def __init__(self, known):
        self.known = known
        self.counts = Counter()
        self.firsts = Counter()
    def add(self, words):
        for w in words:
            self.counts[w] += 1
        return self
    def begin(self, words):
        for w in sorted(words):
            if w in self.known and len(w) > 0:
                self.firsts[w[:1].lower()] += 1
        self.firsts["all"] += len(words)
    def fresh(self):
        self.counts = Counter()
        return sum(self.counts.values())
m = Words({"ab", "b"})
for words in ("abca", ["ab", "b", "ab"], [], ("x",), {"k": 1}, (w for w in "zz"), [1, [], 2], None, 5):
    tried(lambda: m.add(words).counts.most_common())
    print(list(m.counts.items()))
    tried(m.begin, words)
    print(sorted(m.firsts.items(), key=repr))
print(m.fresh())
class Bare(Words):
    def __init__(self):
        pass
tried(lambda: type(Bare().add("")))
tried(Bare().add, "a")
""",
    "counted again while it is asked": HEAD
    + """
def f(words):
    counts = Counter()
    seen = []
    for w in words:
        seen.append(w)
    for w in seen:
        if counts[w] < 2:
            counts[w] += 1
    for w in counts:
        counts[w] += 1
    return list(counts.items())
print(f("abcabcaaa"))
""",
}
ALONE = {
    "a table that is not always made": """
def run(words, flag):
    if flag:
        d = {}
    for w in words:
        d[w] = d.get(w, 0) + 1
    return len(words)
def gone(words, flag):
    d = {}
    if flag:
        del d
    for w in words:
        d[w] = d.get(w, 0) + 1
    return len(words)
for words, flag in (("ab", True), ("", False), ("", True), (None, False), (None, True), ("a", False)):
    for f in (run, gone):
        try:
            print(f(words, flag))
        except Exception as e:
            print(type(e).__name__, e)
""",
    "how often somebody is asked for a hash": HEAD
    + """
class Odd:
    def __init__(self, n):
        self.n = n
    def __eq__(self, other):
        print("eq", self.n)
        return isinstance(other, Odd) and self.n == other.n
    def __hash__(self):
        print("hash", self.n)
        return self.n % 2
    def __repr__(self):
        return f"Odd({self.n})"
def f(words):
    counts = Counter()
    for w in words:
        counts[w] += 1
    return counts
print(f([Odd(1), Odd(3), Odd(1)]))
""",
    "the last one is asked": HEAD
    + """
def f(words):
    counts = Counter()
    for w in words:
        counts[w] += 1
    return counts, w
print(f("abca"))
""",
    "the last one is asked in the next round": HEAD
    + """
def f(lists):
    counts = Counter()
    out = []
    w = None
    for words in lists:
        out.append(w)
        for w in words:
            counts[w] += 1
    return counts, out
print(f(["abca", "x"]))
""",
    "a function asks for the last one": HEAD
    + """
counts = Counter()
def last():
    return w
for w in "abca":
    if last() != "b":
        counts[w] += 1
print(counts)
""",
    "arrays are added to in place": HEAD
    + """
class Cell:
    def __init__(self):
        self.n = 0
    def __iadd__(self, other):
        self.n += other
        return self
    def __add__(self, other):
        return "added"
def f(words):
    cell = Cell()
    counts = Counter({"a": cell})
    for w in words:
        counts[w] += 1
    counts = Counter()
    counts["a"] = cell
    for w in words:
        counts[w] += 1
    table = Counter()
    table.update({"a": cell})
    for w in words:
        table[w] += 1
    return counts["b"], cell.n
print(f("aab"))
def given(counts, words):
    for w in words:
        counts[w] += 1
    return counts
print(given({"a": Cell()}, "aa")["a"].n)
""",
    "a table of another kind": HEAD
    + """
class Loud(Counter):
    def __setitem__(self, key, value):
        print(key, value)
        super().__setitem__(key, value)
def f(words):
    counts = Loud()
    for w in words:
        counts[w] += 1
    floats = defaultdict(float)
    for w in words:
        floats[w] += 1
    plain = {}
    try:
        for w in words:
            plain[w] += 1
    except KeyError as e:
        print(e)
    return counts, floats
print(f("aab"))
""",
    "what is no number": HEAD
    + """
def nothing():
    pass
def f(words):
    counts = Counter()
    counts["a"] = None
    for w in words:
        counts[w] += 1
    return counts
def g(words):
    counts = Counter()
    counts["a"] = nothing()
    for w in words:
        counts[w] += 1
    return counts
def h(words):
    counts = Counter()
    counts["a"] = 2 if "b" in words else None
    for w in words:
        counts[w] += 1
    return counts
class C:
    def __init__(self):
        self.counts = Counter()
    def add(self, words):
        self.counts["a"] = ...
        for w in words:
            self.counts[w] += 1
for words in ("ba", "a"):
    for each in (f, g, h, C().add):
        tried(each, words)
""",
    "held by another name": HEAD
    + """
def f(words):
    counts = Counter()
    other = counts
    other["a"] = [1]
    try:
        for w in words:
            counts[w] += 1
    except TypeError as e:
        print(e)
    return counts
print(f("ba"))
""",
    "more than counting": HEAD
    + """
def f(words):
    counts = Counter()
    n = 0
    for w in words:
        counts[w] += 1
        n += 1
    for w in words:
        counts[w] += 2
    for w in words:
        counts[w] += True
    for w in words:
        counts[w] -= 1
    for w in words:
        counts[w] += 1
        break
    for w in words:
        counts[w] += 1
    else:
        n += 1
    for w in words:
        counts[w], n = 1, 2
    for counts["x"] in words:
        counts["x"] = 1
    return counts, n
print(f("aab"))
""",
    "a dict that is bound again meanwhile": HEAD
    + """
counts = {}
def items(words):
    global counts
    for w in words:
        counts = dict(counts)
        yield w
for w in items("aab"):
    counts[w] = counts.get(w, 0) + 1
print(counts)
def f(words):
    table = {}
    old = table
    def again():
        nonlocal table
        for w in words:
            table = {}
            yield w
    for w in again():
        table[w] = table.get(w, 0) + 1
    return table, old
print(f("aab"))
""",
    "tables of an object that others have": HEAD
    + """
class Shared:
    def __init__(self, given):
        self.counts = given
        self.own = Counter()
        self.shown = Counter()
        self.odd = Counter()
    def add(self, words):
        for w in words:
            self.counts[w] += 1
        for w in words:
            self.own[w] += 1
        for w in words:
            self.shown[w] += 1
        for w in words:
            self.odd[w] += 1
    def renew(self):
        self.own = {}
    def show(self):
        return self.shown
    def spoil(self):
        self.odd["a"] = None
        self.odd.update({"b": []})
s = Shared(defaultdict(int))
s.add("ab")
s.show()["a"] = 2.5
s.spoil()
tried(s.add, "c")
tried(s.add, "a")
s.renew()
tried(s.add, "d")
print(s.counts, s.own, s.shown, s.odd)
""",
    "tables that are bound while they are counted in": HEAD
    + """
class Words:
    def __init__(self):
        self.counts = Counter()
        self.old = []
    def items(self, words):
        for w in words:
            self.old.append(sum(self.counts.values()))
            self.counts = Counter()
            yield w
    def key(self, w):
        self.counts = Counter()
        return w
    def add(self, words):
        for w in self.items(words):
            self.counts[w] += 1
        for w in words:
            self.counts[self.key(w)] += 1
        return sorted(self.counts.items()), self.old
print(Words().add("aab"))
""",
    "the next one is taken": HEAD
    + """
def take(w):
    return next(iter(w))
def f(words):
    counts = Counter()
    try:
        for w in words:
            counts[take(w)] += 1
    except StopIteration:
        print("stopped")
    return counts
print(f(["ab", "c", ""]))
""",
    "no value yet": HEAD
    + """
def f(words, given):
    if given:
        known = {"a"}
    counts = Counter()
    for w in words:
        if w in known:
            counts[w] += 1
    return counts
tried(f, "ab", True)
tried(f, "ab", False)
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_it_counts_at_once(name: str, tmp_path: Path) -> None:
    changed(Tallies(), tmp_path, CHANGED[name])


@pytest.mark.parametrize("name", ALONE)
def test_it_leaves_alone(name: str, tmp_path: Path) -> None:
    left_alone(Tallies(), tmp_path, ALONE[name])


def test_all_shapes_are_counted_at_once(tmp_path: Path) -> None:
    made = changed(Tallies(), tmp_path, CHANGED["in all ways"])
    assert {f"{f}(words)" for f in ("plain", "ints", "got", "asked", "turned", "begun")} == {
        text.rsplit("def ", 1)[1].split(":")[0]
        for new in made
        for text in new.split("_count_elements(")[:-1]
    }  # fmt: skip


def test_tables_are_made_for_what_is_counted_only(tmp_path: Path) -> None:
    (one, *_) = changed(Tallies(), tmp_path, CHANGED["tables in a table"])
    assert "if feature_items:\n" in one and "_count_elements(in_class[label], feature_items)" in one
    assert "type(in_class) is defaultdict and in_class.default_factory is Counter" in one


def test_lines_keep_their_margins(tmp_path: Path) -> None:
    source = 'from collections import Counter\ndef f(words):\n\tcounts = Counter()\n\tfor w in (words +\n words):\n\n\t\tcounts[w] += 1\n\treturn counts\nprint(f("aba"))\n'
    changed(Tallies(), tmp_path, source)
    left_alone(Tallies(), tmp_path, source.replace("(words +\n words)", '(words + """\n\t""")'))
