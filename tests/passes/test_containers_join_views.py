"""Searches for equal keys in items of dicts, numbered rows and lists side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.join_index import KeyIndex
from tests.passes.test_containers_harness import changed, check, left_alone

CHANGED = {
    "tests before the comparison": """
class Row:
    def __init__(self, city, amount, kind, end=None):
        self.city = city
        self.amount = amount
        self.kind = kind
        self.end = end
def run(rows, cities):
    out = []
    for city in cities:
        out.append((
            [r.amount for r in rows if r.amount > 2 and r.city == city],
            sum(r.amount for n, r in enumerate(rows) if r.kind in ("a", "b") and r.end is None if r.city == city),
            [n for n, r in enumerate(rows) if r.kind and (r.amount > 3 or r.kind == "b") and city == r.city and n],
            len([r for r in rows if not r.end and r.city == city]),
        ))
        for r in rows:
            if r.kind != "a" and r.city == city:
                out.append(r.amount)
    return out
def others(labels, xs):
    out = []
    for i in range(len(xs)):
        out.append([xs[j] for j, label in enumerate(labels) if i != 2 and label == xs[i]])
    return out
rows = [Row("xyz"[n % 3], n % 6, "abc"[n % 2], None if n % 4 else n) for n in range(24)]
print(run(rows, ["x", "y", "q", "x"]), run([], ["x"]), run(tuple(rows), ["z", None, "z"]))
print(others([1, 2, 2, 5], [2, 1, 2, 7]))
for odd in (Row("x", None, "a"), Row("x", 5, [1]), Row("x", 5, "a", [])):
    for at in (0, 20):
        try:
            print(run([*rows[:at], odd, *rows[at:]], ["y", "x", "x"]))
        except TypeError as e:
            print(e)
class Truth:
    def __bool__(self):
        print("asked")
        return True
print(run([*rows, Row("x", 5, "a", Truth())], ["y", "x", "x"]))
nan = float("nan")
print(run([*rows, Row(nan, nan, nan)], ["y", nan, "x", nan]))
""",
    "keys worked out in a plain list": """
def run(words, lengths, letters):
    table = {n: [w for w in words if len(w) == n] for n in lengths}
    first = {}
    for letter in letters:
        first[letter] = [w for w in words if w and w[0] == letter]
    return table, first
words = ["ant", "bee", "cow", "ox", "", "ab"]
print(run(words, [0, 2, 3, 9], "abz"), run([], [1], "a"), run({"ab": 1, "c": 2}, [1, 2, 1], "ac"))
print(run(iter(words), [3, 3], "a"), run(words + [(1, 2)], [2, 2], [1, "a"]))
try:
    print(run(words + [5], [2, 2], "a"))
except TypeError as e:
    print(e)
""",
    "a generator adds to numbers and times": """
import datetime
STEP = datetime.timedelta(hours=2)
class Row:
    def __init__(self, k):
        self.k = k
def go(rows):
    at = rows
    at += STEP
    yield at
def run(rows, keys):
    return [[n for n, r in enumerate(rows) if r.k == k] for k in keys]
print(run([Row(1), Row(2), Row(1)], [1, 2, 1]))
""",
    "rows that are taken apart may be lists": """
def run(keys, rows, table):
    out = {}
    for k in keys:
        out[k] = (
            [v for i, (key, v) in enumerate(rows) if key == k],
            [v for key, v in table.values() if key == k],
            [(i, v) for (i, _), (j, (key, v)) in zip(table.items(), enumerate(rows)) if key == k],
        )
        rows[0][0] = k + 1
    return out
def safe(keys, rows, table):
    out = {}
    for k in keys:
        out[k] = (
            [v for i, (key, v) in enumerate(rows) if key == k],
            [v for key, v in table.values() if key == k],
            [(i, v) for (i, _), (j, (key, v)) in zip(table.items(), enumerate(rows)) if key == k],
        )
    return out
lists = [[n % 3, n] for n in range(6)]
print(run([0, 1, 2, 3], lists, dict(enumerate(lists))))
tuples = [(n % 3, n) for n in range(6)]
print(safe([0, 1, 2, 3], tuples, dict(enumerate(tuples))), safe([0, 1, 2, 1], tuples, dict(enumerate(lists))))
for odd in ([*tuples, (1,)], [*tuples, "ab", "12"], [*tuples, 5]):
    try:
        print(safe([0, "a", 1], odd, dict(enumerate(odd))))
    except (ValueError, TypeError) as e:
        print(e)
""",
    "two fields and two ways to go": """
def run(table, keys):
    out = []
    for k in keys:
        out.append([n for n, (a, b) in table.items() if a == k])
        out.append([n for n, (a, b) in table.items() if b == k])
        out.append([a for a, b in table.values() if b == k])
        for m in keys:
            out.append([n for n, (a, b) in table.items() if b == m and a != k])
            out.append([n for n, (a, b) in table.items() if n == m])
    return out
print(run({n: (n % 3, n % 4) for n in range(9)}, [0, 1, 2, 3, 2]))
""",
    "items of a dict by a field of the key": """
import datetime
class Station:
    def __init__(self):
        self.seen = {}
        self.doubles = 0
    def add(self, time, value):
        if time in self.seen:
            self.doubles += 1
            return
        self.seen[time] = value
    def by_hour(self, late):
        out = []
        for hour in range(-1, 25):
            values = [v for t, v in self.seen.items() if t.hour == hour and (t.weekday() >= 5) == late]
            out.append(values)
        return out
s = Station()
zone = datetime.timezone.utc
start = datetime.datetime(2024, 1, 5, 20)
for n in range(60):
    s.add(start + datetime.timedelta(minutes=37 * n), n)
print(s.by_hour(True), s.by_hour(False))
s.seen[datetime.datetime(2024, 1, 1, 3, tzinfo=zone)] = 5
print(s.by_hour(False))
s.seen[datetime.date(2024, 1, 1)] = 5
try:
    s.by_hour(False)
except AttributeError as e:
    print(e)
""",
    "points of a cluster": """
def means(points, labels, k):
    out = []
    for c in range(k):
        members = [p for p, l in zip(points, labels) if l == c]
        out.append(sum(members) / len(members) if members else None)
    return out
nan = float("nan")
print(means([1.0, 2.5, 3.0, 9.0], [0, 1, 0, 1], 3), means([1.0, 2.0], [True, 1.0], 3), means([], [], 2))
print(means([1.0, 2.0, 3.0], [nan, None, "0"], 2), means((1.0, 2.0), iter([0, 0]), 2))
print(means([1.0, 2.0, 3.0], [[0], 0], 2))
""",
    "places of equal values": """
def places(xs):
    found = {}
    for x in xs:
        found[x] = [i for i, y in enumerate(xs, 1) if y == x]
    return found
print(places(["a", "b", "a"]), places([1, True, 1.0, 0, -0.0, 0.0]), places([]), places("abca"))
nan = float("nan")
print(places([nan, nan, (nan, 1), (nan, 1), (float("nan"), 1)]))
class Odd:
    def __init__(self, n):
        self.n = n
    def __repr__(self):
        return f"Odd({self.n})"
odd = Odd(1)
print(places([odd, odd, Odd(1)]), places((2**63, float(2**63), 2**63 + 1)))
""",
    "a sum over rows of a dict of dicts": """
import math
from collections import Counter
def totals(orders, cities):
    out = {}
    for city in cities:
        out[city] = (
            sum(o["amount"] for o in orders.values() if o["city"] == city),
            math.fsum(o["amount"] for o in orders.values() if o["city"] == city),
            Counter(o["kind"] for o in orders.values() if o["city"] == city),
            max((o["amount"] for o in orders.values() if o["city"] == city), default=None),
        )
    return out
orders = {n: {"amount": n * 0.1, "city": "abc"[n % 3], "kind": n % 2} for n in range(20)}
print(totals(orders, ["a", "b", "x", None, "a"]))
print(totals({}, "ab"))
try:
    print(totals({1: {"amount": 2, "city": "a", "kind": 1}, 2: {"amount": 1}}, ["a"]))
except KeyError as e:
    print("no", e)
class D(dict):
    def __getitem__(self, k):
        print("asked", k)
        return dict.__getitem__(self, k)
""".replace(
        'class D(dict):\n    def __getitem__(self, k):\n        print("asked", k)\n        return dict.__getitem__(self, k)\n',
        "",
    ),
    "what is worked out from a row": """
def words_of(words, lengths):
    return {n: [w for w in words[1:] if len(w) == n] for n in lengths}
def initials(words, letters):
    out = []
    for letter in letters:
        for i, w in enumerate(words):
            if w.lower()[:1] == letter:
                out.append((i, w))
    return out
def residues(table, m):
    return [[k for k, v in table.items() if k % 7 == r and v] for r in range(m)]
def by_day(times, days):
    return [[i for i, t in enumerate(times) if t.date() == day] for day in days]
words = ["Ant", "bee", "Cow", "ox", "", "ab"]
print(words_of(words, [0, 2, 3, 9]), words_of((), [1]))
print(words_of([[1], [2, 3], "ab"], [1, 2]))
print(residues({n: n % 2 for n in range(30)}, 7), residues({}, 2))
try:
    print(residues({3: 1, "a": 2}, 2))
except TypeError as e:
    print("no", e)
import datetime
d = datetime.datetime(2024, 3, 1)
print(by_day([d, d + datetime.timedelta(hours=30), d], [d.date(), d]))
class Text(str):
    def lower(self):
        print("lowered")
        return self
print(initials(words, "abc"), initials([Text("A"), "a"], "aA"))
""",
    "objects in a list that grows under another name": """
class Loan:
    def __init__(self, member, book):
        self.member = member
        self.book = book
def report(loans, members, other):
    lines = []
    for m in members:
        lines.append([n for n, l in enumerate(loans) if l.member == m])
        other.append(Loan(m, "x"))
    return lines
loans = [Loan(n % 3, n) for n in range(9)]
print(report(loans, [0, 1, 2, 5], []), report(loans, [0, 1, 0, 5], loans), len(loans))
class Sub(Loan):
    pass
print(report([Sub(1, 2), *loans], [1], []), report([], [1], []))
class Late:
    def __init__(self, n):
        self.asked = n
try:
    report([Loan(1, 2), Late(3)], [1], [])
except AttributeError as e:
    print(e)
""",
    "a loop with more in it": """
def firsts(table, keys):
    out = []
    for key in keys:
        for name, value in table.items():
            if value != key:
                continue
            if len(out) > 3:
                break
            out.append((name, key))
        else:
            out.append(None)
    return out
print(firsts({"a": 1, "b": 2, "c": 1}, [1, 2, 3, 1, 1]), firsts({}, [1]))
def fails(table, keys):
    out = []
    for key in keys:
        for name, value in table.items():
            if value == key:
                out.append(10 // name)
    return out
try:
    print(fails({1: 1, 0: 2, 3: 1}, [1, 1, 2, 1]))
except ZeroDivisionError as e:
    print(e)
""",
    "rows side by side of unequal length": """
def picks(a, b, keys):
    return [[(x, y) for x, y in zip(a, b, strict=True) if y == k] for k in keys]
print(picks([1, 2], [3, 3], [3, 4]))
try:
    print(picks([1, 2, 3], [3, 3], [3, 4]))
except ValueError as e:
    print(e)
def loose(a, b, keys):
    return [[x for x, (y, z) in zip(a, b) if z == k] for k in keys]
print(loose([1, 2, 3], [(1, 2), (3, 2)], [2]), loose([1], [], [1]))
try:
    print(loose([1, 2], [(1, 2), (3, 2, 1)], [2]))
except ValueError as e:
    print(e)
""",
    "a dict that changes under another name": """
def run(table, keys, other):
    out = []
    for key in keys:
        out.append([k for k, v in table.items() if v == key])
        other["a"] = key
    return out
t = {1: 1, 2: 1, "a": 5}
print(run(t, [1, 2, 1], t))
""",
}
ALONE = {
    "a test before it that changes something": """
def seen(r, log=[]):
    log.append(r)
    return len(log) < 20
def run(rows, keys):
    return [[n for n, (k, v) in enumerate(rows) if seen(v) and k == key] for key in keys]
print(run([(n % 3, n) for n in range(9)], [0, 1, 2, 0]))
""",
    "a test before it of something that changes": """
class Row:
    def __init__(self, key, n):
        self.key, self.n = key, n
def run(rows, keys):
    out = []
    for key in keys:
        out.append([r.n for r in rows if r.n > 2 and r.key == key])
        for r in rows:
            r.n += 1
    return out
print(run([Row(n % 3, n % 4) for n in range(9)], [0, 1, 2, 0]))
""",
    "a limit before it that moves": """
def run(rows, keys):
    out, least = [], 0
    for key in keys:
        out.append([n for n, (k, v) in enumerate(rows) if v > least and k == key])
        least += 2
    return out
print(run([(n % 3, n) for n in range(9)], [0, 1, 2, 0]))
""",
    "a global that is bound in a function": """
STEP = 2
def more():
    global STEP
    STEP = [1]
class Row:
    def __init__(self, k):
        self.k = k
def go(rows):
    at = rows
    at += STEP
    yield 1
def run(rows, keys):
    return [[n for n, r in enumerate(rows) if r.k == k] for k in keys]
print(run([Row(1), Row(2), Row(1)], [1, 2, 1]))
""",
    "a dict that changes": """
def run(table, keys):
    out = []
    for key in keys:
        out.append([k for k, v in table.items() if v == key])
        table[key] = key
    return out
print(run({1: 1, 2: 1}, [1, 2, 1]))
""",
    "a field that is bound anew": """
class Row:
    def __init__(self, key):
        self.key = key
def run(rows, keys):
    out = []
    for key in keys:
        out.append([n for n, r in enumerate(rows) if r.key == key])
        rows[0].key = key
    return out
print(run([Row(1), Row(2)], [1, 2, 2]))
""",
    "a property that counts": """
class Row:
    asked = 0
    def __init__(self, key):
        self._key = key
    @property
    def key(self):
        Row.asked += 1
        return self._key
def run(rows, keys):
    return [[n for n, r in enumerate(rows) if r.key == key] for key in keys]
print(run([Row(1), Row(2)], [1, 2, 2]), Row.asked)
""",
    "values that are swapped": """
def run(points, labels):
    out = []
    for k in range(3):
        out.append([p for p, l in zip(points, labels) if l == k])
        labels[0], labels[1] = labels[1], labels[0]
    return out
print(run([1, 2, 3], [0, 1, 1]))
""",
    "a function that empties it": """
table = {1: 1, 2: 1}
def clear():
    table.clear()
def run(keys):
    out = []
    for key in keys:
        out.append([k for k, v in table.items() if v == key])
        clear()
    return out
print(run([1, 1]))
""",
    "a key that the loop moves": """
def run(table):
    out = []
    for n in range(3):
        for k, v in table.items():
            if v == n:
                out.append(k)
                n += 1
    return out
print(run({1: 0, 2: 1, 3: 2}))
""",
    "a generator kept for later": """
def run(table, keys):
    out = []
    for key in keys:
        out.append(k for k, v in table.items() if v == key)
    table[3] = 2
    return [list(g) for g in out]
print(run({1: 1, 2: 1}, [1, 2, 1]))
""",
    "the variable is looked at afterwards": """
def run(table, keys):
    out = []
    for key in keys:
        for k, v in table.items():
            if v == key:
                out.append(k)
        out.append(v)
    return out
print(run({1: 1, 2: 1, 3: 7}, [1, 2, 1]))
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    assert any("_with_key(" in text for text in changed(KeyIndex(), tmp_path, CHANGED[name]))


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(KeyIndex(), tmp_path, ALONE[name])


def test_one_change_after_another(tmp_path: Path) -> None:
    source = """
import datetime
class Row:
    def __init__(self, day, k):
        self.day = day
        self.k = k
def plain(rows, days):
    out = []
    for d in days:
        for r in rows:
            if r.day == d:
                out.append(r.k)
    return out
def numbered(rows, days):
    return [[n for n, r in enumerate(rows) if r.day == d] for d in days]
days = [datetime.date(2024, 1, n) for n in (1, 2, 3)]
rows = [Row(days[n % 3], n) for n in range(9)]
print(plain(rows, days), numbered(rows, days))
"""
    again = [new for made in changed(KeyIndex(), tmp_path, source) for new in check(KeyIndex(), tmp_path, made)]
    assert any("_with_key(" in text and "_matching(" in text for text in again)
