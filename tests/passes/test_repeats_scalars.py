"""Names that hold numbers and strings, because of what functions of the program give: adding to them changes nothing
else. And the other side: arrays and lists that only look like such."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.repeats.steady import RepeatedWork
from tests.passes.test_containers_harness import changed, left_alone

BAYES = """
import math
class Bayes:
    def __init__(self):
        self.words = {}
        self.docs = {}
    def fit(self, texts, labels):
        for text, label in zip(texts, labels):
            self.docs[label] = self.docs.get(label, 0) + 1
            self.words.setdefault(label, {})
            for w in text.split():
                self.words[label][w] = self.words[label].get(w, 0) + 1
    def weight(self, word, label):
        count = self.words[label].get(word, 0)
        total = sum(self.words[label].values())
        return math.log((count + 1) / (total + 5))
    def prior(self, label):
        return PRIOR
    def predict(self, text):
        best, most = None, -float("inf")
        for label in self.docs:
            score = self.prior(label)
            for w in text.split():
                score += self.weight(w, label)
            if score > most:
                best, most = label, score
        return best, most
model = Bayes()
TEXTS = ["a b a", "b c", "c c a d", "e a", "", "b b b"]
model.fit(TEXTS, ["x", "y", "x", "y", "x", "y"])
"""
LOG = "math.log(self.docs[label] / sum(self.docs.values()))"
USE = """
hits = {}
for text in TEXTS:
    found, score = model.predict(text)
    hits[found] = hits.get(found, 0) + round(score, 9)
print(hits)
"""

CHANGED = {
    "a method that gives a float": BAYES.replace("PRIOR", LOG) + USE,
    "a function that gives a float": BAYES.replace("PRIOR", "share(self.docs[label])")
    .replace("class Bayes", "def share(n):\n    x = math.sqrt(n)\n    if n > 1:\n        return x\n    return -1.5 if n else None\nclass Bayes")
    + USE,
    "a subclass with a number of its own": BAYES.replace("PRIOR", LOG).replace("model = Bayes()", """
class Other(Bayes):
    def prior(self, label):
        return len(label) - 1.5
model = Other()""") + USE,
}  # fmt: skip

CHANGED["a lambda with a parameter in the loop"] = """
def words(text):
    found = []
    for w in text.lower().split(" "):
        if w not in found:
            found.append(w)
    return found
def matched(people, jobs):
    best = {}
    for job in jobs:
        ranked = []
        for p in people:
            score = len([w for w in words(p) if w in words(job)])
            ranked.append((score, p))
        ranked.sort(key=lambda r: (-r[0], r[1]))
        best[job] = ranked[:2]
    return best
print(matched(["a B c", "c d", "", "b b a"], ["A b", "c", "x"]))
r = 0
"""

LISTS = """
class Table:
    def __init__(self):
        self.rows = {"x": [1, 2], "y": [3]}
    def first(self, k):
        return BODY
    def size(self, k):
        return sum(len(r) for r in self.rows.values()) + sum(self.rows[k])
    def joined(self, k):
        found = self.first(k)
        for i in range(2):
            found += [self.size(k)]
        return len(found)
table = Table()
for i in range(3):
    for k in ["x", "y", "x"]:
        print(k, table.joined(k), table.size("x"))
"""

ALONE = {
    "a list that is held elsewhere": LISTS.replace("BODY", "self.rows[k]"),
    "a list on one way out": LISTS.replace("BODY", "self.rows[k] if len(k) == 1 else 0.0"),
    "a subclass gives the list": LISTS.replace("BODY", "[1] and 0.5").replace("found += [self.size(k)]", "found += 1")
    .replace("len(found)", "found").replace("table = Table()", """
class Own(list):
    def __iadd__(self, other):
        self.append(other)
        return self
class Held(Table):
    def __init__(self):
        super().__init__()
        self.rows = {"x": Own([1, 2]), "y": Own([3])}
    def first(self, k):
        return self.rows[k]
table = Held()"""),
    "another method on the object": LISTS.replace("BODY", "0.5").replace("table = Table()", """
table = Table()
table.first = lambda k: table.rows[k]"""),
    "another method in the class": LISTS.replace("BODY", "0.5").replace("table = Table()", """
table = Table()
Table.first = lambda self, k: self.rows[k]"""),
    "setattr": LISTS.replace("BODY", "0.5").replace("table = Table()", """
table = Table()
setattr(table, "first", lambda k: table.rows[k])"""),
    "self is something else": LISTS.replace("BODY", "0.5").replace("table = Table()", """
import types
class Real:
    rows = {"x": [1, 2], "y": [3]}
    size = Table.size
    joined = Table.joined
    def first(self, k):
        return self.rows[k]
table = Real()"""),
    "an array that grew from a number": """
import numpy as np
class Sums:
    def __init__(self):
        self.held = {}
        self.rows = [np.array([1.0, 2.0]), np.array([3.0, 4.0])]
    def base(self, k):
        total = 0.0
        for r in self.rows:
            total += r
        self.held[k] = total
        return total
    def seen(self, k):
        return sum(float(v.sum()) for v in self.held.values())
    def work(self, k):
        s = self.base(k)
        s += 1
        return float(s.sum()), self.seen(k)
sums = Sums()
for i in range(4):
    print(sums.work(0), sums.seen(0))
""",
}  # fmt: skip


@pytest.mark.parametrize("source", CHANGED.values(), ids=CHANGED)
def test_changed(source: str, tmp_path: Path) -> None:
    changed(RepeatedWork(), tmp_path, source)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", ALONE.values(), ids=ALONE)
def test_left_alone(source: str, tmp_path: Path) -> None:
    left_alone(RepeatedWork(), tmp_path, source)  # type: ignore[arg-type]
