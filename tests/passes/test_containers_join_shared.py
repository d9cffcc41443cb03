"""Pairs of sets: what shares nothing is left out where it does nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.join_index import KeyIndex
from tests.passes.test_containers_harness import changed, left_alone

MADE = """
import random
random.seed(3)
def some(n, size, of):
    return [set(random.sample(range(of), random.randrange(size))) for _ in range(n)]
"""
CHANGED = {
    "near duplicates by numbers": MADE
    + """
LEAST = 0.4
def near(sets):
    pairs = []
    for i in range(len(sets)):
        for j in range(i + 1, len(sets)):
            common = len(sets[i] & sets[j])
            jaccard = common / len(sets[i] | sets[j])
            if jaccard >= LEAST:
                pairs.append((jaccard, i, j))
    return pairs
sets = [s | {99} if n % 7 == 0 else s or {5} for n, s in enumerate(some(40, 5, 60))]
for LEAST in (0.4, 0.0, -1, "a", 0.4):
    try:
        print(near([{1, 2}, {2, 3}, {4}, {5, 4}]))
    except TypeError as e:
        print(e)
print(near(sets), near([]), near([{1}]), near([{1}, {1.0}, {True}, {"1"}, {None}]))
print(near([frozenset(s) for s in sets]), near(sets[:2] + [{float("nan")}]))
nan = float("nan")
print(near([{nan}, {nan}, {float("nan")}, {(nan, 1)}, {(nan, 1)}]))
for odd in ([{1}, {2}, set(), {1}, set()], [{1}, [1], {1}], [{1}, {2}, {2}, None]):
    try:
        print(near(odd))
    except (ZeroDivisionError, TypeError) as e:
        print(type(e), e)
class Odd:
    pass
odd = Odd()
print(near([{odd}, {odd, 1}, {1}]))
""",
    "pairs of a dict, and a count that is asked": MADE
    + """
from itertools import combinations
def together(groups, least):
    found = {}
    for a, b in combinations(groups, 2):
        shared = groups[a] & groups[b]
        if len(shared) < 2 or len(shared) < least:
            continue
        found[a, b] = sorted(shared)
    return found
def meet(groups):
    out = []
    for a, b in combinations(sorted(groups), 2):
        if not groups[a].isdisjoint(groups[b]):
            out.append((a, b))
    return out
groups = {f"u{n}": s for n, s in enumerate(some(30, 6, 40))}
print(together(groups, 2), together(groups, 3), together({}, 1), together({"a": {1, 2}}, 1))
print(meet(groups), meet({}), meet({1: {1}, 2: set(), 3: {1}}))
try:
    print(meet({1: {1}, 2: [1]}))
except TypeError as e:
    print(e)
try:
    print(meet({1: {1}, 2: {1}, "a": {2}}))
except TypeError as e:
    print(e)
print(together({"a": {1, 2, 3}, "b": {1, 2, 3}}, 1.0))
""",
    "objects, a function and a threshold that is given": MADE
    + """
class Doc:
    def __init__(self, name, words):
        self.name = name
        self.words = words
def jaccard(a, b):
    if not a and not b:
        return 0.0
    union = len(a) + len(b) - len(a & b)
    return len(a & b) / union if union else 0.0
def alike(docs, threshold):
    out = []
    for i, doc in enumerate(docs):
        for other in docs[i + 1:]:
            score = jaccard(doc.words, other.words)
            if score > threshold:
                out.append((doc.name, other.name, round(score, 3)))
    return out
def everyone(docs):
    best = {}
    for doc in docs:
        for other in docs:
            if doc is other:
                continue
            n = len(doc.words.intersection(other.words))
            if n >= 2:
                best[doc.name] = max(best.get(doc.name, 0), n)
    return best
docs = [Doc(f"d{n}", s) for n, s in enumerate(some(30, 6, 50))]
for threshold in (0.2, 0.0, -0.5, float("nan"), 1, True):
    print(alike(docs, threshold))
try:
    print(alike(docs, "a"))
except TypeError as e:
    print(e)
print(everyone(docs), everyone([]), everyone([Doc(1, {1, 2}), Doc(2, {1, 2, 3}), Doc(3, set())]))
class Sub(Doc):
    pass
print(alike([Sub(1, {1, 2}), *docs, Sub(2, {1, 2})], 0.5))
class Other:
    pass
other = Other()
try:
    print(alike([docs[3], docs[2], docs[4], other], 0.1))
except AttributeError as e:
    print(e)
try:
    print(alike([docs[3], docs[2], docs[4], 5], 0.1))
except AttributeError as e:
    print(e)
""",
    "items that are taken apart, and a least number of common ones": MADE
    + """
from itertools import combinations
def score(a, b, least):
    common = a & b
    if len(common) < least:
        return 0.0
    return len(common) / (len(a) * len(b)) ** 0.5
def run(groups, least, floor):
    out = []
    for (name, a), (other, b) in combinations(groups.items(), 2):
        s = score(a, b, least)
        if s > floor:
            out.append((name, other, s))
    return out
def listed(rows):
    out = []
    for (_, a), (_, b) in combinations(rows, 2):
        if a & b:
            out.append(len(a & b))
    return out
groups = {f"u{n}": s for n, s in enumerate(some(30, 6, 40))}
for least, floor in ((2, 0.1), (0, 0), (3, -1), (1, float("inf")), (True, 0.5)):
    print(run(groups, least, floor))
print(listed(list(groups.items())), listed([("a", {1}), ["b", {1}], ("c", {2})]))
for odd in ([("a", {1}), ("b", {2}, 3), ("c", {1})], [("a", {1}), 5], [("a", {1}), ("b", [1])]):
    try:
        print(listed(odd))
    except (TypeError, ValueError) as e:
        print(e)
""",
    "rows with their numbers, and rows that are taken apart": MADE
    + """
class Doc:
    def __init__(self, words):
        self.words = words
def numbered(docs, shift):
    out = []
    for i, doc in enumerate(docs):
        for j, other in enumerate(docs[i + 1:], start=i + 1):
            if doc.words & other.words:
                out.append((i, j))
        for j, other in enumerate(docs):
            if j <= i:
                continue
            if len(doc.words & other.words) > 1:
                out.append((i, j, "all"))
        for j, other in enumerate(docs[-3:], shift):
            if not doc.words.isdisjoint(other.words):
                out.append((i, j, "last"))
    return out
def named(rows):
    out = []
    for i, (name, words) in enumerate(rows):
        for other, theirs in rows[i + 1:]:
            common = len(words & theirs)
            if common / min(len(words), len(theirs)) > 0.3:
                out.append((name, other, common))
        for j, (other, theirs) in enumerate(rows[:]):
            if words & theirs and j > i:
                out.append((i, j))
    return out
sets = [s or {3} for s in some(25, 6, 40)]
docs = [Doc(s) for s in sets]
print(numbered(docs, 5), numbered([], 1), numbered(docs[:1], 0), numbered(tuple(docs[:5]), True))
for shift in (1.5, "a", None):
    try:
        print(numbered(docs, shift))
    except TypeError as e:
        print(e)
rows = [(f"r{n}", s) for n, s in enumerate(sets)]
print(named(rows), named([]), named([("a", {1}), ("b", {1}), ("c", {2})]))
for odd in ([["a", {1}], ["b", {1}], ["c", {2}]], [("a", {1}), ("b", set()), ("c", {2})], [("a", {1}), ("b", {1}, 3)]):
    try:
        print(named(odd))
    except (ZeroDivisionError, ValueError) as e:
        print(e)
""",
    "ratings in dicts": MADE
    + """
def shared(ratings):
    out = []
    for u in range(len(ratings)):
        for v in range(u):
            common = [m for m in ratings[u] if m in ratings[v]]
            if len(common) < 2:
                continue
            out.append((u, v, sum(ratings[u][m] * ratings[v][m] for m in common)))
    return out
ratings = [{m: m % 5 for m in sorted(s)} for s in some(30, 6, 30)]
print(shared(ratings), shared([]), shared([{1: 2, 3: 4}, {1: 1, 3: 2}, {}, {3: 1, 1: 1}]))
print(shared([[1, 2], [1, 2]][:1]))
try:
    print(shared([{1: 2, 3: 1}, {3: 1, 1: 1}, [1, 3]]))
except (TypeError, IndexError) as e:
    print(type(e))
def of_sets(table):
    found = []
    for i in range(len(table)):
        for j in range(i + 1, len(table)):
            if len(set(table[i]) & set(table[j])) > 1:
                found.append((i, j))
    return found
def of_dicts(table):
    found = []
    for i in range(len(table)):
        for j in range(i + 1, len(table)):
            common = table[i].keys() & table[j].keys()
            if not common:
                continue
            found.append((i, j, sum(table[i][k] * table[j][k] for k in sorted(common)) / (len(table[i]) * len(table[j])) ** 0.5))
    return found
print(of_dicts(ratings), of_dicts([{}, {1: 1}, {1: 2}, {}]))
try:
    print(of_dicts([{1: 1}, {2: 1}, {3: 1}, {4}]))
except AttributeError as e:
    print(e)
from collections import defaultdict
from itertools import combinations
def counted(groups, names):
    found = []
    for a, b in combinations(names, 2):
        if groups[a] & groups[b]:
            found.append((a, b))
    return found, sorted(groups)
groups = defaultdict(set, {1: {1}, 2: {2}, 3: {1}})
print(counted(groups, [1, 2, 3]), counted(groups, [7]), counted(dict(groups), [1, 2, 3]))
print(of_sets(ratings), of_sets([[1, 2], (2, 1), {1, 2}, "12", ["1", "2"]]))
""",
    "a break, an else and what comes before": MADE
    + """
def firsts(sets):
    out = []
    for i in range(len(sets)):
        for j in range(len(sets)):
            if i == j:
                continue
            if sets[i] & sets[j]:
                out.append((i, j))
                break
        else:
            out.append(i)
    return out
print(firsts(some(20, 3, 30)), firsts([{1}, {1}, {2}]))
""",
}
ALONE = {
    "other comparisons": """
def run(sets, names):
    out = []
    for i in range(len(sets)):
        for j in range(i + 1, len(sets)):
            common = len(sets[i] & sets[j])
            if i < j < 9 and ~common and common in (1, 2) and names[i] not in names[j]:
                out.append((i, j))
    return out
print(run([{1}, {2}, {3, 1}, {1, 4}, {3}], "abcde"))
""",
    "a function that is kept sees the last of all": """
def run(sets):
    log = []
    for i in range(len(sets)):
        for j in range(i + 1, len(sets)):
            both = sets[i] & sets[j]
            if both:
                log.append(lambda: both)
    return [f() for f in log]
print(run([{1}, {2}, {3, 1}, {1, 4}, {3}]), run([{5}, {6}, {1}, {1}, {7}]))
""",
    "pairs are counted": """
def run(sets):
    n = 0
    for i in range(len(sets)):
        for j in range(i + 1, len(sets)):
            n += 1
            if len(sets[i] & sets[j]) > 0:
                n += 10
    return n
print(run([{1}, {2}, {1}, {3}]))
""",
    "what shares nothing is far apart": """
def run(sets):
    out = []
    for i in range(len(sets)):
        for j in range(i + 1, len(sets)):
            distance = 1 - len(sets[i] & sets[j]) / len(sets[i] | sets[j])
            if distance > 0.5:
                out.append((i, j))
    return out
print(run([{1}, {2}, {1}, {3}]))
""",
    "sets that grow meanwhile": """
def run(sets):
    out = []
    for i in range(len(sets)):
        for j in range(i + 1, len(sets)):
            if len(sets[i] & sets[j]) > 0:
                sets[i] |= sets[j]
                out.append((i, j))
    return out
print(run([{1, 2}, {2, 3}, {3}, {4}]))
""",
    "sets that grow by another name": """
def run(sets, other):
    out = []
    for i in range(len(sets)):
        other.add(i)
        for j in range(i + 1, len(sets)):
            if len(sets[i] & sets[j]) > 0:
                out.append((i, j))
    return out
s = [{1, 2}, {7, 3}, {3}, {4}]
print(run(s, s[3]))
""",
    "the last value is looked at afterwards": """
def run(sets):
    out = []
    for i in range(len(sets)):
        for j in range(i + 1, len(sets)):
            common = len(sets[i] & sets[j])
            if common > 0:
                out.append((i, j))
        out.append(common if i + 1 < len(sets) else None)
    return out
print(run([{1}, {2}, {1}, {3}]))
""",
    "a value of the round before": """
def run(sets):
    out, common = [], 5
    for i in range(len(sets)):
        for j in range(i + 1, len(sets)):
            before = common
            common = len(sets[i] & sets[j])
            if common > 0:
                out.append((i, j, before))
    return out
print(run([{1}, {2}, {1}, {3}]))
""",
    "the least of all": """
def run(sets):
    best = 9
    for i in range(len(sets)):
        for j in range(i + 1, len(sets)):
            n = len(sets[i] & sets[j])
            if n < best:
                best = n
    return best
print(run([{1}, {2}, {1}, {3}]))
""",
    "a function that tells": """
def share(a, b):
    print("asked")
    return len(a & b)
def run(sets):
    out = []
    for i in range(len(sets)):
        for j in range(i + 1, len(sets)):
            if share(sets[i], sets[j]) > 0:
                out.append((i, j))
    return out
print(run([{1}, {2}, {1}, {3}]))
""",
    "a division by something else": """
def run(sets, weights):
    out = []
    for i in range(len(sets)):
        for j in range(i + 1, len(sets)):
            if len(sets[i] & sets[j]) / weights[j] > 0.1:
                out.append((i, j))
    return out
try:
    print(run([{1}, {2}, {1}, {3}], [1, 0, 1, 2]))
except ZeroDivisionError as e:
    print(e)
""",
    "a set of its own kind": """
class Words(set):
    def __and__(self, other):
        print("asked")
        return set.__and__(self, other)
    def __eq__(self, other):
        return True
    __hash__ = None
def run(sets):
    out = []
    for i in range(len(sets)):
        for j in range(i + 1, len(sets)):
            if len(sets[i] & sets[j]) > 0:
                out.append((i, j))
    return out
print(run([Words({1}), Words({2}), Words({1})]))
""",
    "a field that is bound anew": """
class Doc:
    def __init__(self, words):
        self.words = words
def run(docs):
    out = []
    for i, doc in enumerate(docs):
        for other in docs[i + 1:]:
            if doc.words & other.words:
                out.append(len(doc.words & other.words))
                other.words = doc.words
    return out
print(run([Doc({1}), Doc({2, 1}), Doc({2}), Doc({1, 3})]))
""",
    "a threshold that moves": """
def run(sets, least):
    out = []
    for i in range(len(sets)):
        for j in range(i + 1, len(sets)):
            if len(sets[i] & sets[j]) >= least:
                out.append((i, j))
                least -= 1
    return out
print(run([{1}, {2}, {1}, {3}], 1))
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    for text in changed(KeyIndex(), tmp_path, CHANGED[name]):
        assert "_sharing(" in text


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(KeyIndex(), tmp_path, ALONE[name])
