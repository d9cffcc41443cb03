"""Nested loops over equal keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.join_index import KeyIndex
from tests.passes.test_containers_harness import changed, left_alone

NAN = "float('nan')"
CHANGED = {
    "lists that are taken apart are written into": """
def run(keys):
    rows = [[n % 3, n] for n in range(6)]
    out = {}
    for k in keys:
        out[k] = [v for key, v in rows if key == k]
        rows[0][0] = k + 1
    return out
def named(keys):
    rows = [{"k": n % 3, "v": n} for n in range(6)]
    out = {}
    for k in keys:
        out[k] = [r["v"] for r in rows if r["k"] == k]
        rows[0]["k"] = k + 1
    return out
print(run([0, 1, 2, 3]), named([0, 1, 2, 3]))
""",
    "rows are searched by two fields": """
class Row:
    def __init__(self, a, b):
        self.a, self.b = a, b
def run(keys, rows):
    out = []
    for k in keys:
        out.append(([r.b for r in rows if r.a == k], [r.a for r in rows if r.b == k]))
        for m in keys:
            out.append([r.a for r in rows if r.b == m and r.a > k])
    return out
print(run([1, 2, 3], [Row(n % 4, n % 3) for n in range(9)]))
""",
    "several fields are equal": """
import datetime
class Row:
    def __init__(self, key, day, n):
        self.key, self.day, self.n = key, day, n
def run(xs, ys):
    out = []
    for x in xs:
        for y in ys:
            if x.key == y.key and y.day == x.day and y.n > x.n:
                out.append((x.n, y.n))
    return out
def first(xs, ys, n):
    return [next((y.n for y in ys if y.key == x.key and x.n == y.n and y.day == x.day), None) for x in xs]
def skipped(xs, ys):
    out = []
    for x in xs:
        for y in ys:
            if y.key != x.key or y.n != x.n or y.day == x.day:
                continue
            out.append((x.n, y.n))
    return out
def dicts(xs, ys):
    return [[y["n"] for y in ys if y["k"] == x["k"] and y["n"] == x["n"]] for x in xs]
day = datetime.date(2024, 1, 1)
zone = datetime.timezone.utc
rows = [Row(k, d, i % 5) for i, (k, d) in enumerate((k, d) for k in (1, True, "1", 1.0, float("nan"), None)
        for d in (day, day, datetime.datetime(2024, 1, 1), datetime.datetime(2024, 1, 1, tzinfo=zone), float("nan")))]
plain = [r for r in rows if type(r.day) is datetime.date]
for xs in (rows, plain, [], rows[3:4] + plain):
    for ys in (plain, rows, [], [Row([1], day, 1), *plain], [Row(1, day, 2), object()][:1]):
        print(run(xs, ys), first(xs, ys, 3), skipped(xs, ys))
d = [{"k": r.key, "n": r.n} for r in rows]
print(dicts(d, d), dicts(d[:3], [{"k": 1}, *d][1:]))
try:
    print(dicts([{"k": 2}], d), dicts([{"k": 1}], d))
except KeyError as e:
    print(e)
""",
    "one of several fields changes": """
class Row:
    def __init__(self, key, n):
        self.key, self.n = key, n
def run(xs, ys):
    out = []
    for x in xs:
        for y in ys:
            if x.key == y.key and y.n == x.n:
                out.append((x.n, y.n))
                y.n += 1
    return out
print(run([Row(i % 2, i % 3) for i in range(9)], [Row(i % 3, i % 2) for i in range(9)]))
""",
    "rows that were found are skipped": """
class Row:
    def __init__(self, key, n, done=False):
        self.key, self.n, self.done, self.state = key, n, done, "new"
def run(xs, ys):
    pairs = []
    for x in xs:
        for y in ys:
            if y.done:
                continue
            if x.key == y.key and x.n <= y.n:
                pairs.append((x.n, y.n))
                x.done = y.done = True
                break
    for x in xs:
        best = None
        for y in ys:
            if y.done or not y.state != "old" or y.key != x.key:
                continue
            best = y
            y.state = "old"
        if best is not None:
            best.done = True
            pairs.append((x.n, -best.n))
    return pairs
def left(xs, ys):
    return [[y.n for y in ys if not y.done if y.key == x.key] for x in xs]
rows = [Row("abc"[i * i % 3], i) for i in range(9)], [Row("abcd"[i % 4], i % 7, i == 3) for i in range(20)]
print(run(*rows), run(rows[1], rows[1]), left(*rows), run([], rows[0]), run(rows[0], []))
odd = [Row(float("nan"), 1), Row(1, 1), Row(True, 2, None), Row(1.0, 3, [])], [Row(float("nan"), 1), Row(1, 4, [1]), Row(1, 2)]
print(run(*odd), left(*odd))
class Bare:
    def __init__(self, key):
        self.key, self.n, self.state = key, 1, "new"
try:
    print(run(odd[0], [*odd[1], Bare(3)]))
except AttributeError as e:
    print(e)
class Loud:
    def __bool__(self):
        print("asked")
        return False
print(run([Row(1, 1), Row(2, 2)], [Row(2, 2, Loud()), Row(1, 2)]))
""",
    "items that say whether they are open": """
def run(orders, items):
    for o in orders:
        o["got"] = 0
        for i in items:
            if i["open"] and i["k"] == o["k"]:
                o["got"] += i["n"]
                i["open"] = False
    return [o["got"] for o in orders], sum(i["open"] for i in items)
items = [{"k": i % 4, "n": i, "open": i % 5 > 0} for i in range(30)]
print(run([{"k": k} for k in (3, 1, 3, 0)], items))
try:
    print(run([{"k": k} for k in (3, 1, 3, 0)], [*items, {"k": 3, "n": 1}]))
except KeyError as e:
    print(e)
import collections
lazy = collections.defaultdict(bool, k=9)
print(run([{"k": 9}], [lazy]), lazy)
""",
    "lists that grow in the loop": """
def sessions(users, events):
    out = []
    by = {}
    for user in users:
        mine = [e for e in events if e["user"] == user["id"]]
        current = None
        for e in mine:
            if current is None or e["t"] - current["events"][-1]["t"] > 3:
                current = {"user": user["id"], "events": []}
                out.append(current)
            current["events"].append(e)
            by.setdefault(e["t"], []).append(user["id"])
    return [(s["user"], len(s["events"])) for s in out], by
users = [{"id": u} for u in "abc"]
events = [{"user": "abd"[i % 3], "t": i * i} for i in range(12)]
print(sessions(users, events), sessions([], events), sessions(users, []))
""",
    "the rows grow by another name": """
def run(keys, rows, box):
    seen = []
    for k in keys:
        for r in rows:
            if r["k"] == k:
                seen.append((k, r["n"]))
                if len(rows) < 9:
                    box["all"].append({"k": k + 1, "n": len(rows)})
    return seen
rows = [{"k": i % 3, "n": i} for i in range(4)]
print(run([0, 1, 2, 0], rows, {"all": rows}), run([0, 1], [], {"all": []}), len(rows))
""",
    "a row grows by another name": """
def run(keys, rows, box):
    seen = []
    for k in keys:
        for name, key in rows:
            if key == k:
                seen.append(name)
        box["row"].append(k)
    return seen
print(run([1, 2], [("a", 1), ("b", 2)], {"row": []}))
row = ["b", 2]
try:
    print(run([1, 2], [["a", 1], row], {"row": row}))
except ValueError as e:
    print(e)
try:
    print(run([1, 1], [row, ["a", 1]], {"row": [9]}))
except ValueError as e:
    print(e)
""",
    "dates": """
from datetime import date, datetime, timedelta, timezone
def per_day(days, rows):
    return [[r["v"] for r in rows if r["d"] == day] for day in days]
days = [date(2024, 1, 1) + timedelta(days=i) for i in range(4)]
rows = [{"d": date(2024, 1, 1 + i % 3), "v": i} for i in range(7)]
print(per_day(days, rows))
times = [datetime(2024, 1, 1, 5), datetime(2024, 1, 1, 5, fold=1), datetime(2024, 1, 1, 5, tzinfo=timezone.utc)]
times += [datetime(2024, 1, 1, 6, tzinfo=timezone(timedelta(hours=1))), date(2024, 1, 1), timedelta(1), datetime(2024, 1, 1)]
print(per_day(times, [{"d": t, "v": i} for i, t in enumerate(times)]))
plain = [{"d": t, "v": i} for i, t in enumerate(times) if not getattr(t, "tzinfo", None)]
print(per_day(times, plain), per_day(times + ["x", 1, None], plain[:2]))
Day = type("Day", (date,), {"__eq__": lambda a, b: True, "__hash__": date.__hash__})
print(per_day([Day(2024, 5, 5)], rows), per_day(days, [{"d": Day(2024, 5, 5), "v": 1}]))
""",
    "dict rows": """
def join(users, orders):
    out = []
    for o in orders:
        for u in users:
            if u["id"] == o["user"]:
                out.append((u["name"], o["n"]))
    return out
users = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": True, "name": "c"}, {"id": float("nan"), "name": "d"}]
orders = [{"user": 2, "n": 1}, {"user": 1.0, "n": 2}, {"user": float("nan"), "n": 3}, {"user": [1], "n": 4}]
print(join(users, orders), join([], [{}]), join(users, []), join([{"id": [1], "name": 3}], orders))
for bad in ([{}], [{"id": 1}], [3]):
    try:
        print(join(users[:2] + bad, orders))
    except (KeyError, TypeError) as e:
        print(repr(e))
try:
    print(join(users, [{"n": 1}]))
except KeyError as e:
    print(repr(e))
""",
    "same nan": f"""
nan = {NAN}
def pairs(xs, ys):
    n = 0
    for x in xs:
        for y in ys:
            if x == y:
                n += 1
    return n
print(pairs([nan, 1, (nan,)], [nan, 1, (nan,)]), pairs([nan], [nan]), pairs("abca", list("abc")), pairs([1], (1, 1)))
class All:
    def __eq__(self, other): return True
print(pairs([All(), 1], [1, 2]), pairs([1, 2], [All(), 3]))
""",
    "positions": """
def pairs(xs):
    out = []
    n = len(xs)
    for i in range(n):
        for j in range(i + 1, n):
            if xs[i] == xs[j]:
                out.append((i, j))
    return out
print(pairs([1, 2, 1, 2.0, True, "a", "a"]), pairs([]), pairs([[1], [1]]))
""",
    "positions, all but itself": """
def pairs(xs):
    n = 0
    for i in range(len(xs)):
        for j in range(len(xs)):
            if i != j and xs[i] == xs[j]:
                n += 1
    return n
print(pairs([1, 2, 1]), pairs("abcab"), pairs([]))
""",
    "break": """
def first(users, ids):
    out = []
    for i in ids:
        for name, key in users:
            if key == i:
                out.append(name)
                break
        else:
            out.append(None)
    return out
print(first([("a", 1), ("b", 2), ("c", 1)], [2, 1, 3]), first([["a", 1]], [1]))
try:
    first([("a", 1), ("b", 2, 3)], [1, 2])
except ValueError as e:
    print(e)
""",
    "comprehension": """
def groups(rows, keys):
    out = {}
    for k in keys:
        out[k] = [r["v"] for r in rows if r["k"] == k and r["v"] > 0]
    return out
rows = [{"k": i % 3, "v": i - 2} for i in range(10)]
print(groups(rows, [0, 1, 2, 5, "a"]), groups([], [1]))
""",
    "sum and any": """
def counts(xs, ks):
    return [(sum(x == k for x in xs), any(k == x for x in xs)) for k in ks]
print(counts([1, 2, 1, "a"], [1, "a", 3.0, 1.0]), counts([], [1]))
""",
    "objects": """
class U:
    def __init__(self, id, name):
        self.id = id
        self.name = name
        self.total = 0
def run(us, os):
    for o in os:
        for u in us:
            if u.id == o[0]:
                u.total += o[1]
    return [u.total for u in us]
print(run([U(1, "a"), U(2, "b")], [(1, 5), (2, 6), (1, 7), (3, 8)]))
""",
    "writes another field of a shared row": """
def run(rows):
    for a in rows:
        for b in rows:
            if b["parent"] == a["id"]:
                a["n"] = a.get("n", 0) + 1
                b["depth"] = 1
    return rows
print(run([{"id": 1, "parent": None}, {"id": 2, "parent": 1}, {"id": 3, "parent": 1}]))
""",
    "continue": """
def run(xs, ys):
    t = 0
    for x in xs:
        for y in ys:
            if x != y[0]:
                continue
            t += y[1]
    return t
print(run([1, 2, 2, 9], [(1, 2), (2, 3), (1, 4)]))
""",
    "grown by an alias": """
def run(xs, ys, box):
    n = 0
    for x in xs:
        for y in ys:
            if y == x:
                n += 1
                if len(box["ys"]) < 6:
                    box["ys"] += [x, x]
    return n, ys
ys = [1, 2]
print(run([1, 2, 1], ys, {"ys": ys}), run([1, 2, 1], [1, 2], {"ys": []}))
""",
}
ALONE = {
    "what is kept sees the last row of all": """
class Row:
    def __init__(self, k, v):
        self.k, self.v = k, v
def run(rows, keys):
    log = []
    for key in keys:
        for r in rows:
            if r.k == key:
                log.append(lambda: r.v)
    return [f() for f in log]
def lazily(rows, keys, ys):
    log = []
    for key in keys:
        for r in rows:
            if r.k == key:
                log.append(y + r.v for y in ys)
    return [list(g) for g in log]
def made(rows, keys):
    return [[f() for f in [lambda: r.v for r in rows if r.k == key]] for key in keys]
rows = [Row(n % 3, n) for n in range(9)]
print(run(rows, [0, 1, 0]), lazily(rows, [1, 0], [1, 2]), made(rows, [0, 1, 0]))
""",
    "what is asked becomes something else": """
class Row:
    def __init__(self, key):
        self.key, self.done = key, False
class Loud:
    def __bool__(self):
        print("asked")
        return False
def run(xs, ys):
    n = 0
    for x in xs:
        for y in ys:
            if y.done:
                continue
            if x.key == y.key:
                n += 1
                y.done = Loud()
    return n
print(run([Row(1), Row(2)], [Row(2), Row(1), Row(2)]))
""",
    "asking runs code": """
class Row:
    def __init__(self, key):
        self.key = key
    @property
    def done(self):
        print("asked")
        return False
def run(xs, ys):
    n = 0
    for x in xs:
        for y in ys:
            if y.done or x.key != y.key:
                continue
            n += 1
    return n
print(run([Row(1), Row(2)], [Row(2), Row(1), Row(2)]))
""",
    "what is asked is taken away": """
def run(orders, items):
    n = 0
    for o in orders:
        for i in items:
            if i["open"] and i["k"] == o["k"]:
                n += 1
                del i["open"]
    return n
try:
    print(run([{"k": 1}, {"k": 2}], [{"k": 1, "open": True}, {"k": 2, "open": True}]))
except KeyError as e:
    print(e)
""",
    "another thing is asked": """
def run(orders, items, flags):
    n = 0
    for o in orders:
        for i in items:
            if flags.pop() and i["k"] == o["k"]:
                n += 1
    return n
print(run([{"k": 1}, {"k": 2}], [{"k": 1}, {"k": 2}], [1, 0, 1, 1]))
""",
    "what is searched for changes in a search": """
def run(ks, rows):
    out = []
    for k in ks:
        o = {"k": k}
        for r in rows:
            if r["k"] == o["k"]:
                out.append(r["n"])
                o["k"] = 2
    return out
print(run([1, 2], [{"k": 1, "n": 0}, {"k": 2, "n": 1}, {"k": 1, "n": 2}]))
""",
    "what is searched for is bound in a search": """
def each(ks, rows):
    out = []
    k = 1
    for _ in ks:
        out.append([(k := r["n"]) for r in rows if r["k"] == k])
    return out
print(each([1, 2], [{"k": 1, "n": 2}, {"k": 2, "n": 3}, {"k": 3, "n": 3}]))
""",
    "a bounded queue": """
from collections import deque
def run(rows):
    out = []
    for n in range(3):
        o = deque([n], maxlen=1)
        for r in rows:
            if r["k"] == o[0]:
                out.append(r["n"])
                o.append(2)
    return out
print(run([{"k": 1, "n": 0}, {"k": 2, "n": 1}, {"k": 1, "n": 2}]))
""",
    "append of its own": """
class Log:
    def __init__(self, rows):
        self.rows = rows
    def append(self, x):
        self.rows[0]["k"] = x
def run(ks, rows, log):
    out = []
    for k in ks:
        for r in rows:
            if r["k"] == k:
                out.append(r["n"])
        log.append(9)
    return out
rows = [{"k": 1, "n": 0}, {"k": 2, "n": 1}]
print(run([2, 9], rows, Log(rows)))
""",
    "key changes": """
def run(rows):
    n = 0
    for a in rows:
        for b in rows:
            if b["k"] == a["k"]:
                b["k"] = b["k"] + 1
                n += 1
    return n, rows
print(run([{"k": 1}, {"k": 1}, {"k": 2}]))
""",
    "rows change": """
def run(xs, ys):
    n = 0
    for x in xs:
        for y in ys:
            if x == y:
                ys.remove(y)
                n += 1
    return n, ys
print(run([1, 2, 1], [1, 1, 2]))
""",
    "the last row is used": """
def run(xs, ys):
    for x in xs:
        for y in ys:
            if x == y:
                print("=")
        print(y)
run([1, 2], [2, 3])
""",
    "else": """
for x in [1, 2]:
    for y in [[1], [2]]:
        if x == y[0]:
            print("=")
        else:
            print("#")
""",
    "property": """
class A:
    def __init__(self, v): self.v = v
    @property
    def key(self):
        print("asked")
        return self.v
def run(xs, ys):
    n = 0
    for x in xs:
        for y in ys:
            if y.key == x:
                n += 1
    return n
print(run([1, 2], [A(1), A(2)]))
""",
    "attribute stored": """
class A:
    def __init__(self, v): self.v = v
    def bump(self):
        self.v += 1
def run(ys):
    n = 0
    for x in range(3):
        for y in ys:
            if y.v == x:
                n += 1
                y.bump()
    return n
print(run([A(1), A(2)]))
""",
    "call in the key": """
def f(x):
    print(x)
    return x
for x in [1, 2]:
    for y in [1, 2]:
        if f(y) == x:
            print("=")
""",
    "generator rows": """
def run(xs, ys):
    n = 0
    g = (r for r in ys if r == xs[0])
    ys.append(xs[0])
    for x in xs:
        n += sum(1 for _ in g)
    return n
print(run([1, 2], [1, 2]))
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    changed(KeyIndex(), tmp_path, CHANGED[name])


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(KeyIndex(), tmp_path, ALONE[name])
