"""Methods, functions and properties that hand on a part of what they are given; dicts whose keys alone are read."""

from __future__ import annotations

import pytest

from hasten.core.source import SourceFile
from hasten.kernel.accessors import of
from tests.kernel.differential import check, compiled, refusal

STORE = """
import math
import numpy as np


class Store:
    EMPTY = -1.0

    def __init__(self, by_user, sizes):
        self.by_user = by_user
        self.sizes = sizes
        self.reads = 0

    def ratings_of(self, user):
        '''What a user rated.'''
        return self.by_user.get(user, {})

    @property
    def all_sizes(self):
        return self.sizes

    @staticmethod
    def inner(table, key):
        return table[key]

    def mean(self, user):
        ratings = self.ratings_of(user=user)
        if not ratings:
            return self.EMPTY
        return sum(ratings.values()) / len(ratings)


class Model:
    def __init__(self, store):
        self.store = store

    def of(self, user):
        return self.store.ratings_of(user)


def first(rows, at=0):
    return rows[at]
"""
BODY = """
for u in users:
    mean = model.store.mean(u)
    for item, rating in model.of(u).items():
        total += (rating - mean) * model.store.inner(weights, u)[item]
    if 3 in model.of(u):
        total += len(model.store.ratings_of(u)) + model.store.all_sizes[first(pairs)[1]]
    for item in model.of(u):
        seen.append(item)
    for item in films:
        if item not in model.of(u):
            missing += 1
    if u in films and len(films) > 2:
        missing += 100
"""
START = """
users = [1, 2, 7]
by_user = {1: {3: 4.5, 4: 1.0}, 2: {4: 2.0}}
sizes = [1, 2, 3]
weights = {1: {3: 0.5, 4: 2.0}, 2: {4: -1.0}, 7: {9: 1.0}}
pairs = [[0, 2], [1, 1]]
films = {1: {"title": "a", "tags": {"x": 1}}, 3: {"title": "b", "tags": {}}, 4: {"title": "c"}}
total, missing = 0.0, 0
seen = []
"""
OBJECTS = "\n\nmodel = Model(Store(by_user, sizes))\n"
AFTER = "final = (model.store.by_user, model.store.sizes)"
ALL = compiled(BODY, START, prelude=STORE + OBJECTS, hide=("u", "mean", "item", "rating"), after=AFTER)


@pytest.mark.parametrize(
    ("change", "fast"),
    [
        ("", True),
        ("users = []", None),
        ("users = [9, 9]", True),
        ("films = {}", True),
        ("films = {4: users, 3: users, 1: films}", True),
        ("by_user = {1: {3: float('nan')}, 2: {}}", True),
        ("by_user = {1: {4: -0.0, 3: 0.0}, 7: {9: 1e308}}", True),
        ("by_user = {1: {3: 4}, 2: {4: 2.0}}", False),  # an int among floats
        ("by_user = {1: {5: 4.0}}", False),  # KeyError
        ("by_user = {2**70: {5: 4.0}}", False),
        ("films = {True: 1, 2: 3}", False),
        ("films = {1.0: 1, 2: 3}", False),
        ("import collections\nfilms = collections.OrderedDict(films)", False),
        ("import collections\nfilms = collections.Counter(films)", False),
        ("import collections\nby_user = collections.defaultdict(dict, by_user)", False),
        ("pairs = [[0, 9]]", False),  # IndexError
        ("sizes = [1, 2, 2**80]", False),
    ],
)
def test_spelt_out(change: str, fast: bool | None) -> None:
    check(ALL, START + change, fast=fast)


@pytest.mark.parametrize(
    "late",
    [
        "Store.ratings_of = lambda self, user: {3: 9.0, 4: 9.0}",
        "model.store.ratings_of = lambda user: {3: 9.0, 4: 9.0}",
        "model.of = lambda user: {3: 9.0, 4: 9.0}",
        "Store.all_sizes = property(lambda self: [5, 6, 7])",
    ],
)
def test_replaced_accessors_are_not_spelt_out(late: str) -> None:
    """What the file itself replaces is left alone, or the objects' guard sees it."""
    reason = refusal(BODY, START, prelude=STORE + OBJECTS + late + "\n")
    assert reason


def test_the_accessor_of_another_class() -> None:
    """The recorded object is of a class that has another method of that name: it is that one which is spelt out."""
    late = "class Other(Store):\n    def ratings_of(self, user): return {3: 9.0, 4: 9.0}\nmodel.store = Other(by_user, sizes)"
    c = compiled(BODY, START, prelude=STORE + OBJECTS + late + "\n", hide=("u", "mean", "item", "rating"), after=AFTER)
    full = "weights = {u: {3: 0.5, 4: 2.0 + u} for u in (1, 2, 7)}"
    check(c, f"{START}\n{full}", fast=True)
    check(c, START, fast=False)  # KeyError


def accessors(text: str) -> set[str]:
    return set(of((SourceFile("a.py", text.encode()),)).accessors)


@pytest.mark.parametrize(
    ("returned", "good"),
    [
        ("self.a.b", True),
        ("self.rows[k]", True),
        ("self.rows[k][-1]", True),
        ("self.rows[k, self.n]", True),
        ("self.rows.get(k, [])", True),
        ("self.rows.get(k, {}).items()", True),
        ("self.rows.get(k)", False),  # may be None
        ("self.rows.get(k, default)", False),
        ("self.rows.pop(k, {})", False),
        ("self.rows.setdefault(k, {})", False),
        ("self.draw()", False),  # another method, that does something
        ("self.rows[self.draw()]", False),
        ("self.counter[k]", False),  # a property that does something
        ("self.other(k)", True),
        ("self.other(self.draw())", False),
        ("rows[k]", False),  # a global
        ("k", False),
        ("{}", False),
        ("self.rows[k] + []", False),
        ("self.rows[k] if k else {}", False),
        ("[x for x in self.rows[k]]", False),
        ("(self.rows[k], 1)", False),
    ],
)
def test_what_only_hands_on(returned: str, good: bool) -> None:
    text = f"""
class A:
    def it(self, k):
        return {returned}

    def other(self, k):
        return self.rows[k]

    def draw(self):
        self.n += 1
        return self.rng.random()

    @property
    def counter(self):
        self.n += 1
        return self.rows
"""
    assert ("it" in accessors(text)) is good


def test_one_name_for_an_accessor_and_for_another_method() -> None:
    one = "class A:\n    def get_it(self, k):\n        return self.rows[k]\n"
    assert accessors(one) == {"get_it"}
    assert not accessors(one + "class B:\n    def get_it(self, k):\n        self.n += 1\n        return self.rows[k]\n")


LOOKED_UP = """
class Table:
    def __init__(self, rows):
        self.rows = rows

    def at(self, i, j):
        return self.rows[i][j]

"""


def test_look_ups_keep_their_order() -> None:
    """Reading a missing key of a defaultdict adds it: which one comes first shows in the order of its keys."""
    body = """
counts = defaultdict(int)
for k in keys:
    total += table.at(counts[k + 1], counts[k])
order = [k for k in counts]
"""
    facts = "keys = [1, 5]\nrows = [[2.5, 1.0], [0.5, 3.0]]\ntotal = 0.0\n"
    prelude = "from collections import defaultdict\n" + LOOKED_UP + "table = Table(rows)\n"
    c = compiled(body, facts, prelude=prelude, hide=("k", "counts"))
    assert "i_1 = " in c.patched.text  # spelt out with names for the arguments: else the later key might come first
    check(c, facts, fast=True)


SHARED = """
class Part:
    def __init__(self, w):
        self.w = w
        self.n = 0


class Whole:
    def __init__(self, a, b):
        self.a = a
        self.b = b

"""


BUILT = "\npart = Part(w)\nwhole = Whole(part, part if shared else Part(w[:]))\n"


@pytest.mark.parametrize(
    ("line", "fast"),
    [
        ("total += whole.a.w[0] * whole.b.w[1] + whole.a.n", True),
        ("whole.a.n += 1\n    total += whole.b.n", False),
        ("total += whole.a.w[0]\n    whole.b.w[0] += 1.0", False),
        ("total += 1.0 if whole.a is whole.b else 2.0", False),
        ("out[0] += whole.a.w[0] - whole.b.w[1]", None),
    ],
)
def test_one_object_in_two_places(line: str, fast: bool | None) -> None:
    """That two names are one object can be seen only where something changes, or where it is asked."""
    facts = "w = [1.0, 2.0]\nn = 3\ntotal = 0.0\nout = [0.5]\nshared = False\n"
    after = "final = (whole.a.n, whole.b.n, whole.a.w, whole.b.w, out)"
    c = compiled(f"for i in range(n):\n    {line}\n", facts, prelude=SHARED + BUILT, hide=("i",), after=after)
    check(c, facts, fast=True)
    check(c, facts + "shared = True\n", fast=fast)
    check(c, facts + "shared = True\nout = w\n", fast=fast and None)


def test_veiled_values_are_never_read() -> None:
    facts = "films = {1: {'title': 'a', 'n': 1}, 2: {'title': 'b', 'n': 2}}\ntotal = 0\n"
    for use in ("len(list(films.values()))", "len(films.get(k, {}))"):
        assert refusal(f"for k in films:\n    total += {use}\n", facts), use
    assert refusal("for k in range(3):\n    films[k] = {}\n", facts)


COUNTED = """
for c in classes:
    score = math.log(docs[c])
    for w, n in words.items():
        if w in counts[c]:
            score += n * math.log(counts[c][w] / sum(counts[c].values()))
        elif w in seen:
            score -= counts[c].get(w, 0) + seen[w]
    exps = {k: math.exp(v - score) for k, v in docs.items()}
    for k, v in exps.items():
        total += v / sum(exps.values())
    total += score
"""
COUNTS = """
import collections
classes = ["a", "b"]
docs = {"a": 2.0, "b": 3.0}
words = {"x": 2, "y": 1, "z": 5}
counts = {"a": collections.defaultdict(int), "b": collections.defaultdict(int)}
counts["a"]["x"] += 3
counts["b"]["y"] += 2
counts["b"]["x"] += 1
seen = collections.Counter("xyzz")
total = 0.0
"""
READ = compiled(COUNTED, COUNTS, hide=("c", "w", "n", "k", "v", "score", "exps"))


@pytest.mark.parametrize(
    ("change", "fast"),
    [
        ("", True),
        ("seen = dict(seen)", True),
        ("counts['b'] = collections.Counter(counts['b'])", True),
        ("counts['b'] = dict(counts['b'])", True),
        ("counts = collections.defaultdict(dict, counts)", True),
        ("classes = ['a', 'c']\ndocs['c'] = 1.0\ncounts = collections.defaultdict(dict, counts)", False),  # a new key
        ("classes = ['a', 'c']\ndocs['c'] = 1.0", False),  # KeyError
        ("counts['b'] = collections.OrderedDict(counts['b'])", False),
        ("seen = collections.UserDict(seen)", False),
        ("docs['b'] = -1.0", False),
        ("docs['b'] = 1e6", False),  # exp of too much, or of too little
        ("seen['x'] = 1.5", False),
    ],
)
def test_dicts_that_make_what_they_miss(change: str, fast: bool) -> None:
    check(READ, COUNTS + change, fast=fast)


def test_counters_from_outside_are_not_filled() -> None:
    facts = "import collections\nseen = collections.Counter([1, 2])\nxs = [1, 2]\n"
    assert refusal("for x in xs:\n    seen[x] += 1\n", facts)
    assert refusal("for x in xs:\n    seen[x] = 1\n", facts)
