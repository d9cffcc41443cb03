"""Lookups, growth, patterns, text and repeated work."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.growth import CopyToGrow
from hasten.passes.source.containers.invariant import Invariant
from hasten.passes.source.containers.lookup import Lookup
from hasten.passes.source.containers.regex import Pattern
from hasten.passes.source.containers.text import TextGrowth
from tests.passes.test_containers_harness import changed, left_alone

LOOKUP = {
    "index": """
def at(header, names):
    out = []
    for n in names:
        try:
            out.append(header.index(n))
        except ValueError as e:
            out.append(str(e))
    return out
nan = float("nan")
class Odd:
    def __eq__(self, other): return other == 1
print(at([1, 2, 1.0, "a", nan, nan], [True, "a", nan, float("nan"), 2.0, [1], None]), at("abc", "cz"), at((1, [2]), [[2], 1]))
print(at([Odd(), 1], [1, Odd()]), at([3, 1], [Odd(), 1]))
""",
    "count": """
xs = [1, 1.0, True, "a", (1, 2), (1, 2)]
total = 0
for x in [1, "a", (1, 2), [1], "q"]:
    total += xs.count(x)
    print(total)
""",
}
LOOKUP_ALONE = {
    "changes": """
xs = [3, 1, 2]
for x in [1, 2, 3]:
    print(xs.index(x))
    xs.insert(0, x)
""",
    "swaps": """
def f(xs):
    for x in [1, 2, 3]:
        i = xs.index(x)
        xs[0], xs[i] = xs[i], xs[0]
        print(i)
f([3, 1, 2])
""",
    "no loop": "print([1, 2].index(2))\nxs = [1]\nprint(xs.index(1))\n",
}
GROWTH = {
    "local": """
def f(n):
    xs = []
    for i in range(n):
        xs = xs + [i * i]
    return xs
print(f(5), f(0))
""",
    "two items, at module level": """
xs = [0]
for i in range(4):
    xs = xs + [i, len(xs)]
print(xs)
""",
}
GROWTH_ALONE = {
    "alias": """
xs = []
snapshots = []
for i in range(3):
    xs = xs + [i]
    snapshots.append(xs)
print(snapshots)
""",
    "parameter": """
def f(xs):
    for i in range(3):
        xs = xs + [i]
    return xs
a = [1]
print(f(a), a)
""",
    "gone through": """
xs = [1, 2]
for x in xs:
    if len(xs) < 9:
        xs = xs + [x]
print(xs)
""",
    "enumerated": """
xs = [1, 2]
for i, x in enumerate(xs):
    if len(xs) < 9:
        xs = xs + [x]
print(xs)
""",
    "zip kept": """
xs = [1, 2]
z = zip(xs, range(9))
for i in range(3):
    xs = xs + [i]
print(list(z))
""",
    "two names": """
xs = ys = []
for i in range(3):
    xs = xs + [i]
print(xs, ys)
""",
    "default": """
def f(n, xs=[]):
    for i in range(n):
        xs = xs + [i]
    return xs
print(f(2), f(2))
""",
    "other name": """
xs = []
ys = xs
for i in range(3):
    xs = xs + [i]
print(xs, ys)
""",
    "tuple": """
xs = ()
for i in range(3):
    try:
        xs = xs + [i]
    except TypeError as e:
        print(e)
""",
}
PATTERN = {
    "all calls": r"""
import re
def f(lines):
    out = []
    for line in lines:
        out.append(re.sub(r"\s+", " ", line))
        out.append(re.sub(r"[aeiou]", "*", line, count=1, flags=re.I | re.M))
        out.append(re.split(",", line, maxsplit=1))
        m = re.match("(a)(?P<x>.)", line, flags=re.IGNORECASE)
        out.append(m and m.groupdict())
        out.append(re.compile("^b", re.M).findall(line))
        out.append([x.start() for x in re.finditer("a", line)])
    return out
print(f(["a,b  c", "Ab\nb", ""]))
try:
    f([1])
except TypeError as e:
    print(e)
""",
    "module level": """
from re import search as find
for s in ["ab", "b"]:
    print(bool(find("a", s)))
""",
}
PATTERN_ALONE = {
    "deprecated since 3.13": """
import re
for s in ["aa", "ba"]:
    print(re.sub("a", "b", s, 1) if s == "" else s)
""",
    "wrong pattern": """
import re
for s in ["a"]:
    try:
        re.match("(", s)
    except re.error as e:
        print(e)
""",
    "own re": """
class re:
    @staticmethod
    def match(p, s):
        print(p, s)
for s in ["a"]:
    re.match("a", s)
""",
    "pattern changes": """
import re
for p in ["a", "b"]:
    print(re.findall(p, "abab"))
""",
    "re rebound": """
import re
def f(s):
    return re.match("a", s)
re = None
try:
    f("a")
except AttributeError as e:
    print(e)
""",
}
TEXT = {
    "lines": """
s = "head"
for i in range(4):
    s += f"{i}\\n"
    if i % 2:
        s += "-" + chr(65 + i)
print(s)
""",
    "while": """
s = ""
i = 0
while i < 3:
    i += 1
    if i == 2:
        continue
    s += ", ".join(["a"] * i)
print(repr(s), i)
""",
}
TEXT_ALONE = {
    "read in the loop": """
s = ""
for i in range(3):
    s += f"{i}"
    print(len(s))
""",
    "not text": """
s = 0
for i in range(3):
    s += i
print(s)
""",
    "may fail": """
s = ""
try:
    for i in range(3):
        s += f"{1 / (1 - i)}"
except ZeroDivisionError:
    pass
print(s)
""",
    "seen by a function": """
s = ""
def show():
    print(s)
for i in range(3):
    s += f"{i}"
    show()
""",
    "unknown piece": """
s = ""
for w in ["a", "b"]:
    s += w
print(s)
""",
}
INVARIANT = {
    "shares": """
def shares(xs):
    out = []
    for x in xs:
        out.append(x / sum(xs) + max(xs) - min(xs))
    return out
print(shares([1, 2, 3]), shares([0.5, -1.0]), shares([]))
for bad in ([0, 0], ["a"], [None], [1, [2]]):
    try:
        print(shares(bad))
    except (ZeroDivisionError, TypeError) as e:
        print(repr(e))
""",
    "set in a comprehension": """
def common(xs, ys):
    return [x for x in xs if x in set(ys)], sum(1 for x in xs if x == sorted(ys)[0])
print(common([1, 2, 3, 3], [3, 1]), common([], None))
try:
    common([1], [[1]])
except TypeError as e:
    print(e)
""",
    "never reached": """
def f(xs, ys):
    n = 0
    for x in xs:
        if x > 2:
            n += max(ys)
    return n
print(f([1, 2], []), f([3], [4]))
try:
    f([3], [])
except ValueError as e:
    print(e)
""",
    "dict": """
d = {"a": 2, "b": 3}
for k in d:
    print(k, d[k] / sum(d.values()), max(d), sorted(d.items())[0])
""",
    "arrays": """
import numpy as np
import pandas as pd
def z(a):
    return [(x - np.mean(a)) / a.std() for x in a]
print(z(np.arange(5.0)), z(pd.Series([1.0, 2.0, 4.0])))
df = pd.DataFrame({"a": [1, 2, 3], "n": ["x", "y", "z"]})
out = []
for i in range(len(df)):
    out.append(df["a"].iloc[i] - df["a"].mean())
print(out)
""",
    "generator is used up": """
def f(it):
    return [sum(it) for i in range(1)]
print(f(x for x in [1, 2]))
""",
    "operators that print": """
class V:
    def __init__(self, v): self.v = v
    def __radd__(self, other):
        print("add")
        return other + self.v
def f(xs):
    return [sum(xs) for i in range(3)]
print(f([V(1), V(2)]), f([1, 2]))
""",
}
INVARIANT_ALONE = {
    "changes": """
xs = [1, 2, 3]
while sum(xs) > 0:
    xs.pop()
    print(sum(xs))
""",
    "item changes": """
xs = [1, 2, 3]
for i in range(3):
    xs[i] = sum(xs)
print(xs)
""",
    "array changes": """
import numpy as np
a = np.arange(4.0)
for i in range(4):
    a[i] = a.mean()
print(a)
""",
    "view changes": """
import numpy as np
def f(a, b):
    out = []
    for i in range(4):
        b[i] += 1
        out.append(np.sum(a))
    return out
a = np.arange(4.0)
print(f(a, a[::-1]))
""",
    "made list is kept": """
xs = [3, 1]
made = []
for i in range(3):
    made.append(sorted(xs))
made[0].append(7)
print(made)
""",
    "own sum": """
def sum(xs):
    print("sum")
    return 0
xs = [1]
for i in range(3):
    sum(xs)
""",
}
CASES = [
    (p, name, source)
    for p, table in (
        (Lookup(), LOOKUP),
        (CopyToGrow(), GROWTH),
        (Pattern(), PATTERN),
        (TextGrowth(), TEXT),
        (Invariant(), INVARIANT),
    )
    for name, source in table.items()
]
ALONE = [
    (p, name, source)
    for p, table in (
        (Lookup(), LOOKUP_ALONE),
        (CopyToGrow(), GROWTH_ALONE),
        (Pattern(), PATTERN_ALONE),
        (TextGrowth(), TEXT_ALONE),
        (Invariant(), INVARIANT_ALONE),
    )
    for name, source in table.items()
]


@pytest.mark.parametrize(("a_pass", "name", "source"), CASES, ids=[f"{p.code} {n}" for p, n, _ in CASES])
def test_changed(a_pass: Lookup, name: str, source: str, tmp_path: Path) -> None:
    changed(a_pass, tmp_path, source)


@pytest.mark.parametrize(("a_pass", "name", "source"), ALONE, ids=[f"{p.code} {n}" for p, n, _ in ALONE])
def test_left_alone(a_pass: Lookup, name: str, source: str, tmp_path: Path) -> None:
    left_alone(a_pass, tmp_path, source)
