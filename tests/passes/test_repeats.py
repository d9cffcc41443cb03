"""Results that are kept while a loop runs that changes nothing they depend on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hasten.core.recipe import Recipe
from hasten.passes.source.repeats.steady import RepeatedWork
from tests.passes.test_containers_harness import changed, changes, check, left_alone, work_of

STORE = """
import math
class Store:
    def __init__(self):
        self.by_user = {}
        self.weights = [3, 1, 2]
    def add(self, user, item, rating):
        if user not in self.by_user:
            self.by_user[user] = {}
        self.by_user[user][item] = rating
    def ratings(self, user):
        return self.by_user.get(user, {})
    def mean(self, user):
        found = self.ratings(user)
        return sum(found.values()) / len(found) if found else 0.0
    @property
    def total(self):
        return sum(self.weights)
    def ranked(self, user):
        return sorted(self.ratings(user).items(), key=lambda p: (-p[1], p[0]))[:3]
    def shares(self, user):
        out = {}
        for item, rating in self.ratings(user).items():
            out[item] = rating / self.total
        return out
    def sign(self, x):
        return math.copysign(1.0, x) * sum(self.weights), type(x).__name__
    def strict(self, user):
        return sum(self.by_user[user].values())
store = Store()
for u in range(5):
    for i in range(4):
        store.add(u, i, (u * 7 + i * 3) % 5 + 0.5)
"""
SHARES = STORE[STORE.index("    def shares") : STORE.index("    def sign")]
PLAIN = STORE.replace(SHARES, "")

CHANGED = {
    "means": STORE
    + """
out = []
for i in range(4):
    for u in range(6):
        out.append((round(store.mean(u), 6), store.total))
print(out)
""",
    "types, zeros and NaN": STORE
    + """
out = []
for v in [1, True, 1.0, 0.0, -0.0, 0, False, float("nan"), 2**70, 1, 1.0, True, -0.0, 0.0]:
    out.append(store.sign(v))
print(out)
for v in [2, True, 1.0, 1]:
    try:
        print(store.mean(v))
    except KeyError as e:
        print(e)
""",
    "lists that are only looked at": STORE
    + """
best = {}
for i in range(3):
    for u in range(5):
        for item, rating in store.ranked(u):
            best[item] = best.get(item, 0) + rating
        top = store.ranked(u)
        if len(top) > 2 and top[0][1] > 1:
            best["top"] = best.get("top", 0) + top[0][0]
print(best)
""",
    "a dict that another function looks at": STORE
    + """
def dot(a, b):
    total = 0.0
    for key in a:
        if key in b:
            total += a[key] * b[key]
    return total
def near(u, v):
    mine = store.shares(u)
    return dot(mine, store.shares(v))
print([[round(near(u, v), 9) for v in range(5)] for u in range(5)])
""",
    "errors": STORE
    + """
for u in [1, 9, 9, 2, "x", 9, None, 1]:
    try:
        print(store.strict(u))
    except KeyError as e:
        print("none", e)
for u in [[1], {}, 3, (1,), (1,)]:
    try:
        print(store.strict(u))
    except (KeyError, TypeError) as e:
        print("bad", e)
""",
    "objects that come and go": """
class Line:
    def __init__(self, points):
        self.points = points
    def length(self, scale):
        return sum(abs(a - b) for a, b in zip(self.points, self.points[1:])) * scale
class Sheet:
    def __init__(self, lines):
        self.lines = lines
def make(n):
    return Line([n, n * 2, n * 3])
sheet = Sheet([Line([1, 5, 2]), Line([2, 2])])
out = []
for n in range(30):
    fresh = make(n)
    out.append(fresh.length(2))
    out.append(sheet.lines[n % 2].length(3))
    out.append(make(n + 1).length(2))
print(out)
""",
    "other containers of the object grow": """
class Model:
    def __init__(self, rows):
        self.rows = rows
        self.history = []
        self.seen = {}
    def spread(self, k):
        return max(r[k] for r in self.rows) - min(r[k] for r in self.rows)
    def run(self, n):
        for i in range(n):
            self.history.append(self.spread(i % 2))
            self.seen[i % 3] = self.spread(1) + len(self.history)
        print(self.seen, self.history)
model = Model([(1, 5), (4, 2), (9, 9)])
print(model.run(7), model.history[-1])
""",
    "draws, prints and an early end": STORE
    + """
import random
def walk(n):
    random.seed(3)
    for i in range(n):
        u = random.randrange(5)
        print("at", u, store.mean(u))
        if i > 6 and u == 2:
            return store.mean(u)
    else:
        print("through")
    return None
print(walk(12), walk(2))
""",
    "two users of one object": STORE
    + """
class Scorer:
    def __init__(self, store, alpha):
        self.store = store
        self.alpha = alpha
    def score(self, user, item):
        return self.alpha * self.store.mean(user) + item / self.store.total
for alpha in (0.0, 0.5, 1.0):
    scorer = Scorer(store, alpha)
    print(sum([scorer.score(u, i) for u in range(5) for i in range(3)]))
store.add(1, 1, 50.0)
store.weights.append(9)
for alpha in (0.0, 0.5, 1.0):
    scorer = Scorer(store, alpha)
    print(sum([scorer.score(u, i) for u in range(5) for i in range(3)]))
""",
    "rounds of other rounds": STORE
    + """
def table(n):
    rows = []
    for i in range(n):
        rows.append([store.mean(u) + i for u in range(5)])
    return rows
def tables():
    out = []
    for n in range(1, 4):
        out.append(table(n))
        n = n + 1
    return out
print(tables())
store.add(0, 0, 100)
print(tables())
""",
    "a text of several lines in the loop": STORE
    + '''
class Report:
    def __init__(self, store):
        self.store = store
    def show(self):
        for u in range(3):
            text = """user
    mean:
        """
            print(text, self.store.mean(u), self.store.mean(0))
Report(store).show()
''',
    "inherited, and made anew": """
class Base:
    def __init__(self, xs):
        self.xs = xs
    def size(self, k):
        return sum(x * k for x in self.xs)
class Other(Base):
    def size(self, k):
        return super().size(k) + sum(self.xs)
objects = [Base([1, 2]), Other([3, 4]), Base([1, 2])]
print([o.size(k) for k in range(3) for o in objects for _ in range(2)])
""",
    "a list as the argument": """
import math
def mean(xs):
    return sum(xs) / len(xs)
def std(xs):
    return math.sqrt(sum((x - mean(xs)) ** 2 for x in xs) / len(xs))
def cov(xs, ys):
    total = 0.0
    for x, y in zip(xs, ys):
        total += (x - mean(xs)) * (y - mean(ys))
    return total
a, b = [1.0, 2.5, -0.0], [3, 1, 2]
print(std(a), std(b), cov(a, b), cov(b, a), std([7, 7.0]), cov([1], [2]))
for bad in ([], ["a"], None):
    try:
        print(std(bad))
    except (TypeError, ZeroDivisionError) as e:
        print(e)
""",
    "lists that come and go": """
def mean(xs):
    return sum(xs) / len(xs)
def parts(rows, k):
    out = []
    for i in range(len(rows)):
        left = [r for r in rows if r < rows[i]]
        right = [r for r in rows if r >= rows[i]]
        score = mean(rows) - (mean(left) if left else 0) * k - mean(right)
        rows2 = rows
        out.append((score, mean(rows2)))
    return out
print(parts([3, 1, 2, 5], 2), parts([1.5, 2], 3))
""",
    "rows made in each round": """
class Series:
    def __init__(self, xs):
        self.xs = xs
    @property
    def mean(self):
        return sum(self.xs) / len(self.xs)
def table(series):
    out = []
    for a in series:
        row = []
        for b in series:
            row.append(a.mean * b.mean)
        out.append(row)
        row.append(len(out))
    return out
print(table([Series([1, 2]), Series([3.5]), Series([1, 2])]))
""",
    "it prints": PLAIN
    + """
class Loud(Store):
    def level(self, u):
        print("level")
        return sum(self.weights) * u
loud = Loud()
for i in range(3):
    print(loud.level(2))
""",
    "it counts its calls": """
class Meter:
    def __init__(self, xs):
        self.xs = xs
        self.calls = 0
    def level(self, k):
        self.calls += 1
        return sum(self.xs) * k
meter = Meter([1, 2])
for i in range(5):
    print(meter.level(3))
print(meter.calls)
""",
    "a part of a method that fewer arguments decide": """
import math
from collections import defaultdict
class Bayes:
    def __init__(self, alpha):
        self.alpha = alpha
        self.counts = {c: defaultdict(int) for c in "ab"}
    def fit(self, texts):
        for label, text in texts:
            for w in text.split():
                self.counts[label][w] += 1
    def log_prob(self, w, c):
        total = sum(self.counts[c].values())
        n = self.counts[c][w] if w in self.counts[c] else 0
        words = sorted(self.counts[c])
        words.append(w)
        return math.log((n + self.alpha) / (total + self.alpha * len(words))), words[0]
class Other:
    def __init__(self):
        self.counts = {"a": {"x": 3}, "b": {}}
    def log_prob(self, w, c):
        total = sum(self.counts[c].values())
        return total + len(w)
bayes, other = Bayes(0.5), Other()
for k in range(2):
    bayes.fit([("a", "x y x"), ("b", "z z")])
    print([bayes.log_prob(w, c) for w in ("x", "z", "none") for c in "ab"])
    print([other.log_prob(w, c) for w in ("x", "z", "none") for c in "ab"])
for c in "ac":
    try:
        print([bayes.log_prob(w, c) for w in ("x", "z")])
    except KeyError as e:
        print("no", e)
""",
    "a part that names something private": """
class Store:
    def __init__(self):
        self.__rows = [3, 1]
        self.extra = [1, 2]
    def level(self, k):
        return sum(self.__rows) * k + sum(x for x in self.extra)
store = Store()
print([store.level(k) for k in range(4)], [store.level(k) for k in (True, 0.0, -0.0)])
""",
    "named arguments": STORE
    + """
def level(store, user, plus=0, *, times=1):
    return store.mean(user) * times + plus
out = []
for i in range(3):
    for t in (1, 1.0, True, 2):
        out.append((level(store, 1, times=t), level(store, user=1, times=t), level(store, 1, t), level(store, 1, plus=t)))
        out.append(store.mean(user=i))
for bad in ({"nobody": 1}, {"user": 1, "more": 2}, {}):
    try:
        print(store.mean(**bad))
    except TypeError as e:
        print(e)
print(out, [type(x) for row in out if type(row) is tuple for x in row])
""",
    "numbers that another attribute counts": """
import itertools
from abc import ABC, abstractmethod
class Shape(ABC):
    @abstractmethod
    def area(self, k):
        ...
    def cost(self, k):
        return sum([self.area(k) for _ in range(3)])
class Box(Shape):
    def __init__(self, sides):
        self.sides = sides
    def area(self, k):
        return sum(self.sides) * k
class Yard:
    def __init__(self, shapes):
        self.shapes = shapes
        self._ids = itertools.count(1)
        self._left = iter([1, 2, 3, 4, 5, 6, 7, 8, 9])
    def next_id(self):
        return next(self._ids)
    def total(self, k):
        return sum([s.cost(k) for s in self.shapes])
    def some(self, k):
        return sum([x for x, _ in zip(self._left, range(2))]) * k
yard = Yard([Box([1, 2]), Box([3])])
for i in range(4):
    print(yard.next_id(), yard.total(2), yard.shapes[0].cost(i % 2), yard.some(2))
""",
    "searches in helpers": """
customers = [{"id": i, "name": "c" + str(i)} for i in range(6)] + [{"id": 2, "name": "again"}]
orders = [{"id": i, "cid": i * 3 % 5, "amount": i} for i in range(12)] + [{"id": 99, "cid": 1.0, "amount": 7}]
pairs = [(1, "a"), (2, "b"), (1, "c"), (float("nan"), "d"), (True, "e")]
class Shop:
    def __init__(self, rows):
        self.rows = rows
    def of(self, cid):
        total = 0
        for o in self.rows:
            if o["cid"] == cid:
                total += o["amount"]
        return total, [o["id"] for o in self.rows if o["cid"] == cid]
def orders_of(cid):
    return [o for o in orders if o["cid"] == cid]
def find(cid, rows):
    for c in rows:
        if c["id"] == cid:
            return c
    return None
def tags(n):
    out = []
    for k, tag in pairs:
        if k != n:
            continue
        out.append(tag)
    return out
def first(n):
    return next((t for k, t in pairs if k == n), "none")
shop = Shop(orders)
nan = float("nan")
for c in customers:
    print(c["name"], [o["id"] for o in orders_of(c["id"])], shop.of(c["id"]), find(c["id"], customers) is c)
for n in [1, 1.0, True, 2, nan, "x", None, (1,), 0.0, -0.0]:
    print(tags(n), first(n), orders_of(n), find(n, customers), shop.of(n))
try:
    for n in [1, [1]]:
        print(tags(n), find(n, [{"id": 1}, {}]))
except KeyError as e:
    print("no", e)
orders.append({"id": 100, "cid": 0, "amount": 1})
for c in customers:
    print(orders_of(c["id"])[-1:], shop.of(c["id"])[0])
""",
    "a search in a part of a function": """
rows = [(i % 4, i) for i in range(20)]
class Table:
    def __init__(self, rows):
        self.rows = rows
    def best(self, k, bonus):
        return max([v for key, v in self.rows if key == k], default=0) + bonus
    def count(self, k, bonus):
        n = sum(1 for key, v in self.rows if key == k)
        return n + bonus + len([v for key, v in rows if key == k and v > bonus])
table = Table(rows)
for i in range(6):
    print([table.best(k, i) + table.count(k, i) for k in (0, 1, 7, 1.0, True)])
""",
}

ALONE = {
    "the rows change": PLAIN
    + """
for i in range(4):
    print(store.mean(1), store.mean(1))
    store.add(1, i + 10, 5)
""",
    "the rows change by another name": PLAIN
    + """
mine = store.by_user
for i in range(4):
    print(store.mean(1))
    mine[1] = {i: i}
""",
    "a part of the rows changes": PLAIN
    + """
part = store.by_user[1]
for i in range(4):
    print(store.mean(1))
    part[i] = 7 * i
""",
    "an attribute is bound": PLAIN
    + """
for i in range(4):
    print(store.total)
    store.weights = [i]
""",
    "an attribute is bound far away": PLAIN
    + """
def reset(s, i):
    s.weights = [i]
def deep(s, i):
    reset(s, i)
for i in range(4):
    print(store.total)
    deep(store, i)
""",
    "the list of weights is sorted by a helper": PLAIN
    + """
def cut(xs):
    xs.pop()
for i in range(3):
    print(store.total)
    cut(store.weights)
""",
    "a global": """
LIMITS = [1, 2, 3]
def over(x):
    return sum([1 for l in LIMITS if x > l])
for i in range(4):
    print(over(3))
    LIMITS.append(0)
""",
    "a global that is bound anew": """
SCALE = 2
class Gate:
    def __init__(self, xs):
        self.xs = xs
    def many(self):
        return sum(self.xs) * SCALE
gate = Gate([1, 2])
for i in range(4):
    SCALE = i
    print(gate.many())
""",
    "a global that a function binds": """
SCALE = 2
def louder():
    global SCALE
    SCALE += 1
class Gate:
    def __init__(self, xs):
        self.xs = xs
    def many(self):
        return sum(self.xs) * SCALE
gate = Gate([1, 2])
for i in range(4):
    louder()
    print(gate.many())
""",
    "reading makes an entry": """
from collections import defaultdict
class Counts:
    def __init__(self):
        self.counts = defaultdict(int)
    def size(self, k):
        return len(self.counts) + sum(self.counts.values()) * k
    def of(self, word):
        return self.counts[word]
counts = Counts()
for w in "a b a c a".split():
    print(counts.of(w), counts.size(1))
""",
    "an iterator": """
class Source:
    def __init__(self, n):
        self.numbers = iter(range(n))
    def three(self, k):
        return [x * k for x, _ in zip(self.numbers, range(3))]
    def rest(self, k):
        return sum(x * k for x in self.numbers)
source = Source(12)
for i in range(3):
    print(source.three(1), source.rest(2))
""",
    "it draws": """
import random
class Dice:
    def __init__(self):
        self.sides = [1, 2, 3, 4, 5, 6]
    def throw(self, n):
        return sum([random.choice(self.sides) for _ in range(n)])
dice = Dice()
random.seed(1)
for i in range(5):
    print(dice.throw(3))
""",
    "it recurs": """
class Tree:
    def __init__(self, parts):
        self.parts = parts
    def size(self, k):
        return k + sum([p.size(k) for p in self.parts])
tree = Tree([Tree([]), Tree([Tree([])])])
for i in range(4):
    print(tree.size(2))
""",
    "objects with attributes made up": PLAIN
    + """
class Proxy:
    def __init__(self, inner):
        self.inner = inner
    def __getattr__(self, name):
        self.inner.weights.append(1)
        return getattr(self.inner, name)
for i in range(3):
    print(store.total, Proxy(store).total)
""",
    "attributes set by name": PLAIN
    + """
for i in range(3):
    setattr(store, "weights", [i])
    print(store.total)
""",
    "a method put in the place of another": PLAIN
    + """
for i in range(3):
    print(store.mean(1))
    Store.mean = lambda self, user: user * 100
""",
    "a callback that changes": PLAIN
    + """
def grow():
    store.weights.append(1)
hooks = [grow]
for i in range(3):
    print(store.total)
    for hook in hooks:
        hook()
""",
    "a generator that changes": PLAIN
    + """
def steps():
    while True:
        store.weights.append(1)
        yield len(store.weights)
going = steps()
for i in range(3):
    print(store.total, next(going))
""",
    "the heap of an object": """
import heapq
class Queue:
    def __init__(self):
        self.heap = []
    def first(self, k):
        return sum(self.heap[:k])
queue = Queue()
for i in range(5):
    heapq.heappush(queue.heap, 5 - i)
    print(queue.first(2))
""",
    "a group that an object holds": """
from collections import defaultdict
class Bag:
    def __init__(self, xs):
        self.xs = xs
    def weight(self, k):
        return sum(self.xs) * k
def main():
    groups = defaultdict(list)
    groups["a"].append(1)
    bags = [Bag(g) for g in groups.values()]
    for i in range(4):
        groups["a"].append(i)
        print(bags[0].weight(1))
main()
""",
    "threads": "import threading\n"
    + PLAIN
    + """
for i in range(4):
    print(store.mean(1))
""",
}

# whatever is done with them, the results are the same
EITHER = {
    "an operator that shows": """
class Money:
    def __init__(self, n):
        self.n = n
    def __radd__(self, other):
        print("added", other)
        return other + self.n
    def __lt__(self, other):
        print("less")
        return self.n < other.n
class Purse:
    def __init__(self, coins):
        self.coins = coins
    def total(self, k):
        return sum(self.coins) * k
    def least(self, k):
        return min(self.coins).n * k
purse = Purse([Money(2), Money(1)])
for i in range(3):
    print(purse.total(2), purse.least(3))
""",
    "rows that a helper searches change": """
rows = [{"k": i % 3, "v": i} for i in range(6)]
def of(k):
    return [r["v"] for r in rows if r["k"] == k]
for i in range(4):
    print(of(i))
    rows.append({"k": i, "v": -i})
for i in range(4):
    print(of(i))
    rows[i]["k"] = 9
def swap(k):
    for r in rows:
        if r["k"] == k:
            r["k"] = 0
            return r["v"]
for i in range(4):
    print(swap(9), of(9))
""",
    "rows that answer for themselves": """
from collections import defaultdict
rows = [defaultdict(int, k=1), defaultdict(int), defaultdict(int, k=0)]
class Key:
    def __init__(self, k):
        self.k = k
    def __eq__(self, other):
        print("asked")
        return self.k == other
def of(k):
    for r in rows:
        if r["k"] == k:
            return len(r)
for i in (1, 0, 5, 1):
    print(of(i), [len(r) for r in rows])
odd = [{"k": Key(1)}, {"k": 1}]
def odd_of(k):
    return [r["k"] == k for r in odd if r["k"] == k]
for i in (1, 0, 1):
    print(odd_of(i))
""",
    "another function on one object": """
import random
class Meter:
    def __init__(self, xs):
        self.xs = xs
    def read(self):
        return 1.0
    def level(self, k):
        return sum([x * self.read() for x in self.xs]) * k
    def levels(self, k):
        return [self.level(k) for _ in range(3)]
meter = Meter([1, 2])
meter.read = random.random
random.seed(3)
print([meter.level(2) for _ in range(4)], meter.levels(2))
""",
    "another function in the place of one": """
import random
def read():
    return 1.0
def draw():
    return random.random()
read = draw
class Meter:
    def __init__(self, xs):
        self.xs = xs
    def level(self, k):
        return sum([x * read() for x in self.xs]) * k
meter = Meter([1, 2])
random.seed(3)
print([meter.level(2) for _ in range(4)])
""",
    "the list of the argument grows": """
def mean(xs):
    return sum(xs) / len(xs)
def main():
    xs = [1.0]
    out = []
    for i in range(4):
        out.append(mean(xs))
        xs.append(i)
        out.append(mean(xs) + mean(out))
    print(out)
main()
xs = [1]
for i in range(4):
    print(mean(xs))
    xs.append(i)
""",
    "the list of an attribute grows": """
def mean(xs):
    return sum(xs) / len(xs)
class Run:
    def __init__(self):
        self.losses = [1.0]
        self.inner = {"a": [1]}
    def go(self):
        for i in range(4):
            self.losses.append(float(i))
            print(mean(self.losses), mean(self.inner["a"]))
            self.inner["a"].append(i)
Run().go()
""",
    "the list is another one": """
def mean(xs):
    return sum(xs) / len(xs)
rows = [4, 3, 2, 1]
while rows:
    print(mean(rows))
    rows = rows[1:]
rows, others = [1], [2]
for i in range(3):
    print(mean(rows), mean(others))
    rows, others = others, rows
""",
    "a list in a list grows": """
def total(rows):
    return sum(sum(r) for r in rows)
inner = [1]
rows = [inner, [2]]
for i in range(3):
    print(total(rows))
    inner.append(i)
def main():
    groups = {}
    for i in range(6):
        if i % 2 not in groups:
            groups[i % 2] = []
        groups[i % 2].append(i)
        print(total(list(groups.values())), total(groups.values()))
main()
""",
    "a dict of the module gets entries by reading": """
from collections import defaultdict
counts = defaultdict(int)
def size(d):
    return len(d) + sum(d.values())
for w in "abac":
    print(counts[w], size(counts))
""",
    "a row from an earlier round": """
class Bag:
    def __init__(self, xs):
        self.xs = xs
    def weight(self, k):
        return sum(self.xs) * k
def main():
    bags = []
    for i in range(3):
        if i == 0:
            row = [1]
            bags.append(Bag(row))
        for k in range(2):
            row.append(k)
            print(bags[0].weight(2))
main()
""",
    "the list of a plain function changes": """
WORDS = ["a", "b"]
def tokens(text):
    return [t for t in text.split() if t in WORDS]
for i in range(4):
    found = tokens("a b c a")
    found.append(str(i))
    print(found, tokens("a b c a"))
""",
    "a library's object changes": """
import collections
class Window:
    def __init__(self):
        self.last = collections.deque([1, 2, 3], maxlen=3)
    def mean(self, k):
        return sum(self.last) / len(self.last) * k
window = Window()
def push(x):
    window.last.append(x)
for i in range(4):
    push(i)
    print(window.mean(1))
""",
    "a setting of another name": """
class Config:
    scale = 2
class Gate:
    def __init__(self, xs):
        self.xs = xs
    def many(self, k):
        return sum(self.xs) * Config.scale * k
gate = Gate([1, 2])
for i in range(4):
    Config.scale = i
    print(gate.many(1))
""",
    "an array is scaled by another name": """
import numpy as np
class Layer:
    def __init__(self):
        self.rows = np.ones((2, 2))
    def size(self, k):
        return sum(float(x) for row in self.rows for x in row) * k
layer = Layer()
row = layer.rows[0]
for i in range(3):
    print(layer.size(1))
    row /= 2
""",
    "two classes of one name": """
class A:
    def __init__(self, xs):
        self.xs = xs
    def size(self, k):
        return sum(self.xs) * k
first = A([1, 2])
class A:
    def __init__(self, xs):
        self.xs = xs
    def size(self, k):
        return max(self.xs) * k
both = [first, A([1, 2]), first]
print([x.size(k) for k in range(3) for x in both])
""",
    "the result changes": STORE
    + """
for i in range(3):
    top = store.ranked(1)
    top.append(i)
    print(top, store.ranked(1))
""",
    "the result is kept and changes": STORE
    + """
rows = []
for i in range(3):
    rows.append(store.ranked(1))
rows[0].append("x")
print(rows)
""",
    "the result changes in another function": STORE
    + """
def spoil(xs):
    xs.clear()
    return len(xs)
for i in range(3):
    top = store.shares(1)
    print(sorted(top), spoil(top), store.shares(1))
""",
    "the result is told from another": STORE
    + """
a = None
for i in range(3):
    b = store.ranked(1)
    print(a is b)
    a = b
""",
    "the result is an attribute of another": STORE
    + """
class Holder:
    pass
holders = []
for i in range(3):
    h = Holder()
    h.top = store.ranked(1)
    h.top.append(i)
    holders.append(h)
print([h.top for h in holders])
""",
    "the result hands out lists": """
class Grid:
    def __init__(self, n):
        self.n = n
    def rows(self, k):
        return [[k] * self.n for _ in range(2)]
grid = Grid(2)
for i in range(3):
    for row in grid.rows(1):
        row.append(i)
        print(row)
""",
    "an entry made by reading a result": """
from collections import defaultdict
class Text:
    def __init__(self, words):
        self.words = words
    def counts(self, k):
        out = defaultdict(int)
        for w in self.words:
            out[w] += k
        return out
text = Text(["a", "b", "a"])
for w in ["a", "x", "y", "a"]:
    found = text.counts(2)
    print(found[w], len(found), len(text.counts(2)))
""",
    "a local list of the loop's function": """
class Mean:
    def __init__(self, xs):
        self.xs = xs
    def of(self, k):
        return sum(self.xs) / len(self.xs) * k
def main():
    xs = [1.0]
    mean = Mean(xs)
    for i in range(4):
        xs.append(float(i))
        print(mean.of(2))
main()
""",
    "a list made in the loop and held": """
class Mean:
    def __init__(self, xs):
        self.xs = xs
    def of(self, k):
        return sum(self.xs) * k
class Box:
    def __init__(self):
        self.mean = None
def main():
    box = Box()
    for i in range(3):
        xs = [i]
        box.mean = Mean(xs)
        print(box.mean.of(2))
        xs.append(5)
        print(box.mean.of(2))
main()
""",
    "an alias of an import": """
from math import fsum as total
class Mean:
    def __init__(self, xs):
        self.xs = xs
    def of(self, k):
        return total(x * k for x in self.xs)
mean = Mean([1.5, 2.5])
for i in range(4):
    print(mean.of(i % 2))
""",
}


@pytest.mark.parametrize("source", CHANGED.values(), ids=CHANGED)
def test_changed(source: str, tmp_path: Path) -> None:
    changed(RepeatedWork(), tmp_path, source)  # type: ignore[arg-type]


def test_other_files(tmp_path: Path) -> None:
    """The loop is in one file, what it calls in another."""
    model = """
import math


class Ratings:
    def __init__(self):
        self.rows = {}

    def add(self, user, rating):
        self.rows.setdefault(user, []).append(rating)

    def mean(self, user):
        return sum(self.rows[user]) / len(self.rows[user])
"""
    main = """
from model import Ratings


def fill():
    ratings = Ratings()
    for i in range(9):
        ratings.add(i % 3, i * 0.5)
    return ratings


ratings = fill()
for i in range(6):
    print(ratings.mean(i % 2))
"""
    (tmp_path / "model.py").write_text(model)
    work = work_of(tmp_path, main)
    made = changes(RepeatedWork(), work)  # type: ignore[arg-type]
    change = made[0]
    new = Recipe((change,)).apply(work)
    for path, source in new.changed.items():
        (tmp_path / path).write_bytes(source.data)
    shown = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert shown.stdout.split() == [str(sum(range(i % 2, 9, 3)) * 0.5 / 3) for i in range(6)]
    assert "from model import _Steady\n" in new.source("script.py").text
    assert "    @_kept\n    def mean(" in new.source("model.py").text
    # what another file does to the rows counts too
    work = work_of(tmp_path, main + "    ratings.rows[0].append(i)\n")
    (tmp_path / "model.py").write_text(model)
    assert not changes(RepeatedWork(), work)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", ALONE.values(), ids=ALONE)
def test_left_alone(source: str, tmp_path: Path) -> None:
    left_alone(RepeatedWork(), tmp_path, source)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", EITHER.values(), ids=EITHER)
def test_same(source: str, tmp_path: Path) -> None:
    check(RepeatedWork(), tmp_path, source)  # type: ignore[arg-type]


def test_names_that_the_loop_binds_itself_are_not_read_before_it(tmp_path: Path) -> None:
    """A block is replayed without what it does not read first."""
    source = """
def of(rows, t):
    return sum(1 for p in rows if p["t"] == t and p["e"])
rows = [{"t": i % 7, "e": i % 2} for i in range(40)]
for p in rows:
    p["n"] = 0
for t in range(7):
    pass
for r in range(3):
    for p in rows:
        for t in range(7):
            p["n"] += of(rows, t)
print(rows[0])
"""
    for text in check(RepeatedWork(), tmp_path, source):  # type: ignore[arg-type]
        (steady,) = (line for line in text.splitlines() if "with _Steady(" in line)
        assert "rows" in steady
        assert ", p" not in steady
        assert ", t" not in steady
