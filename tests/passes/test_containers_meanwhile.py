"""Lists that stay as they are while a loop runs: attributes that a method sets, sums that come from outside, writes
that no list takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.lookup import Lookup
from hasten.passes.source.containers.membership import Membership
from tests.passes.test_containers_harness import changed, left_alone

MODEL = """
import math
from collections import Counter
class Model:
    def __init__(self, alpha): self.alpha = alpha
    def fit(self, docs, features):
        self.features = features
        self.counts = {0: Counter(), 1: Counter()}
        for label, words in docs:
            self.counts[label].update(w for w in words if w in features)
        return self
    def weight(self, word, label): return math.log(self.counts[label][word] + self.alpha)
    def score(self, words, prior):
        out = {}
        for label in (0, 1):
            s = prior[label]
            for w in words:
                if w in self.features:
                    s += ADDED
            out[label] = s
        return out
"""
USES = """
NAN = float("nan")
docs = [(0, ["a", "b", "a"]), (1, ["b", "c"]), (1, [])]
model = Model(0.5)
print(model.score([], [0.0, 1.0]))
def ask(*given):
    try:
        print(model.score(*given))
    except Exception as e:
        print(type(e).__name__, e)
ask(["a"], [0.0, 1.0])
model.fit(docs, ["a", "c"])
ask(["a", "b", "c", "a"], [-1.5, 2])
model.features.append("b")
ask(["a", "b", "c", "a"], [-1.5, 2])
ask(["a", "b", NAN, True, 1.0], [model.features, []])
print(model.features)
model.fit(docs, ("a", NAN, 1, -0.0))
ask(["a", 0.0, NAN, True, (1, 2), [1]], [-1.5, 2])
model.fit(docs, [[1], "a"])
ask(["a", [1], "b"], [(), ()])
model.fit(docs, "abc")
ask(["a", "ab", ""], [0, 0])
model.fit(docs, {"a": 1})
ask(["a", "ab", ""], [0, 0])
del model.features
ask(["a"], [0, 0])
"""
EXTEND = """
def ask(rows, known, totals, log):
    for row in rows:
        s = totals[row[0]]
        for w in row:
            if w in known:
                s += log[w]
        totals[row[0], "n"] = s
        totals["last"] = row
    return totals
print(ask([["a", "b", "x"], ["b", "x"]], ["a", "b"], {"a": 1.5, "b": 0}, {"a": 2, "b": 0.25}))
both = ["a", "b"]
print(ask([["a", "b", "x", "x"], ["a", "x"]], both, {"a": both}, {"a": ["x"], "b": [], "x": ["q"]}), both)
print(ask([], None, {}, {}))
"""
CHANGED = {
    "an attribute that fit sets": MODEL.replace("ADDED", "self.weight(w, label)") + USES,
    "and what is added is not known": MODEL.replace("ADDED", "self.counts[label][w]") + USES,
    "and what is added are lists": MODEL.replace("ADDED", "[w, 'b']") + USES,
    "and a text": MODEL.replace("ADDED", "str(w)") + USES,
    "the sum may be the list that is asked": EXTEND,
    "set before the loop in the same method": """
class Model:
    def fit(self, rows, keep):
        self.keep = list(keep)
        out = []
        for row in rows:
            out.append([x for x in row if x in self.keep])
        return out
m = Model()
print(m.fit([[1, 2, "a"], [True, 3.0, None]], [1, 3]), m.fit([[1, [2]]], [[2]]), m.fit([], []))
""",
    "a table under pairs and texts": """
def count(pairs, known):
    table = {}
    def note(table):
        for a, b in pairs:
            if a in known:
                table[a, b] = table.get((a, b), 0) + 1
                table[f"{a}"] = 1
                table["all"] += 1
        return table
    return note({"all": 0})
known = ["x", "y"]
print(count([("x", 1), ("z", 1), ("x", 1)], known))
""",
}
LEFT = {
    "a method that the loop calls sets it": """
class Model:
    def fit(self, xs): self.xs = xs
    def swap(self): self.xs = [x + 1 for x in self.xs]
    def run(self, rows):
        out = []
        for r in rows:
            if r in self.xs:
                self.swap()
                out.append(r)
        return out
m = Model()
m.fit([1, 2, 3])
print(m.run([1, 1, 2, 3, 4]))
""",
    "by way of another function": """
class Model:
    def fit(self, xs): self.xs = xs
    def run(self, rows):
        out = []
        for r in rows:
            if r in self.xs:
                swap(self)
                out.append(r)
        return out
def swap(m): m.fit([x + 1 for x in m.xs])
m = Model()
m.fit([1, 2, 3])
print(m.run([1, 1, 2, 3, 4]))
""",
    "by a function that is handed on": """
class Model:
    def fit(self, xs): self.xs = xs
    def run(self, rows, each):
        out = []
        for r in rows:
            if r in self.xs:
                out.append(each(r))
        return out
m = Model()
m.fit([1, 2, 3])
def swap(r):
    m.fit([x + 1 for x in m.xs])
    return r
print(m.run([1, 1, 2, 3, 4], swap))
""",
    "by name": """
class Model:
    def fit(self, xs): self.xs = xs
    def run(self, rows):
        out = []
        for r in rows:
            if r in self.xs:
                getattr(self, "f" "it")([r + 1])
                out.append(r)
        return out
m = Model()
m.fit([1, 2, 3])
print(m.run([1, 1, 2, 3, 4]))
""",
    "by an operator": """
class Model:
    def fit(self, xs): self.xs = xs
    def __call__(self): self.xs = []
    def run(self, rows):
        out = []
        for r in rows:
            if r in self.xs:
                self()
                out.append(r)
        return out
m = Model()
m.fit([1, 2, 3])
print(m.run([1, 1, 2, 3, 4]))
""",
    "by a generator that goes on": """
class Model:
    def fit(self, xs): self.xs = xs
    def run(self, rows):
        out = []
        for r in rows:
            if r in self.xs:
                out.append(r)
        return out
m = Model()
m.fit([1, 2, 3])
def rows():
    for r in (1, 1, 2, 3, 4):
        yield r
        m.xs = [r + 1]
print(m.run(rows()))
""",
    "a property": """
class Model:
    @property
    def xs(self):
        print("asked")
        return [1]
    @xs.setter
    def xs(self, v): pass
    def fit(self, xs): self.xs = xs
    def run(self, rows): return [r for r in rows if r in self.xs]
m = Model()
print(m.run([1, 2]))
""",
    "an update that keeps the generator": """
class Late:
    def update(self, rows): self.rows = rows
late = Late()
def keep(rows, xs):
    for r in rows:
        late.update(x for x in r if x in xs)
    return late
xs = [1]
keep([[1, 2, 3]], xs)
xs.append(2)
print(list(late.rows))
""",
    "a function inside binds the name of what is filled": """
def run(rows, xs):
    s = []
    def swap():
        nonlocal s
        s = xs
    out = []
    for r in rows:
        if r in xs:
            swap()
            out.append(r)
        s.append(r)
    return out
print(run([7, 1, 2, 2, 3, 3], [1]))
""",
    "and a function of the module": """
s = []
def swap(xs):
    global s
    s = xs
def known(): return [1] if s else s + [1, 2]
xs = known()
for r in [7, 1, 2, 2, 3, 3]:
    if r in xs:
        swap(xs)
        print(r)
    s.append(r)
""",
    "by its longer name": """
class Model:
    def fit(self, xs): self.__xs = xs
    def run(self, rows):
        out = []
        for r in rows:
            if r in self.__xs:
                swap(self)
                out.append(r)
        return out
def swap(m): m._Model__xs = []
m = Model()
m.fit([1, 2, 3])
print(m.run([1, 1, 2, 3, 4]))
""",
    "an operator that gives the list": """
class Odd:
    def __init__(self, xs): self.xs = xs
    def __iadd__(self, other): return self.xs
def run(rows, xs, s):
    out = []
    for r in rows:
        if r in xs:
            s += [r + 1]
            out.append(r)
    return out
xs = [1]
print(run([1, 1, 2, 2, 3], xs, Odd(xs)), xs)
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    changed(Membership(), tmp_path, CHANGED[name])


@pytest.mark.parametrize("name", LEFT)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(Membership(), tmp_path, LEFT[name])


def test_positions_beside_a_table_under_pairs(tmp_path: Path) -> None:
    source = """
def places(rows, header, table):
    for n, name in rows:
        table[n, name] = header.index(name)
        table["last"] = n
    return table
print(places([(0, "b"), (1, "a")], ["a", "b", "a"], {}))
try:
    places([(0, 1)], [1], [1])
except TypeError as e:
    print(e)
"""
    changed(Lookup(), tmp_path, source)
