"""Nested loops over equal keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.join_index import KeyIndex
from tests.passes.test_containers_harness import changed, left_alone

NAN = "float('nan')"
CHANGED = {
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
