"""Nested loops over a range of keys."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hasten.passes.source.containers import join_range
from hasten.passes.source.containers.join_range import RangeIndex
from tests.passes.test_containers_harness import changed, left_alone

CHANGED = {
    "two keys, and rows that are written into": """
def run(keys):
    rows = [[n % 5, n] for n in range(20)]
    out = {}
    for k in keys:
        out[k] = [v for key, v in rows if k <= key < k + 1]
        rows[0][0] = k + 1
    return out
def both(keys, rows):
    out = []
    for k in keys:
        out.append(([v for key, v in rows if k <= key < k + 1], [key for key, v in rows if k <= v < k + 1]))
    return out
print(run([0, 1, 2, 3]), both([0, 1, 7, 3], [(n % 5, n) for n in range(20)]))
""",
    "edges": """
def hist(rows, edges):
    counts = [0] * (len(edges) - 1)
    for i in range(len(edges)):
        for r in rows:
            if edges[i] <= r < edges[i + 1]:
                counts[i] += 1
    return counts
rows = [i * 7 % 40 for i in range(40)]
for edges in ([0, 5, 10, 15, 20, 50], [0], [], [3, 2, 1], [None, 1]):
    try:
        print(hist(rows, edges))
    except (IndexError, TypeError) as e:
        print(e)
try:
    print(hist(edges := [0, 1, 2, 30, 40, 50, 60], edges))
except IndexError as e:
    print(e)
""",
    "a box": """
points = [(i * 7 % 31, i * 13 % 29) for i in range(60)]
n = 0
for p in points:
    for q in points:
        if p[0] - 3 <= q[0] <= p[0] + 3 and p[1] - 3 <= q[1] <= p[1] + 3:
            n += 1
print(n)
""",
    "comparison of its own": """
class P:
    def __init__(self, v): self.v = v
    def __le__(self, other):
        print("asked", self.v)
        return self.v <= other.v
xs = [P(1), P(2), P(3), P(4)]
print(len([[y for y in xs if x <= y <= x] for x in xs]))
""",
    "windows of days": """
from datetime import date, timedelta
def active(events, days):
    out = []
    for day in days:
        start = day - timedelta(days=6)
        week = len(set([e["user"] for e in events if start <= e["day"] <= day]))
        month = len({e["user"] for e in events if day - timedelta(days=29) < e["day"] <= day and e["user"] != 3})
        out.append((week, month))
    return out
first = date(2024, 1, 1)
events = [{"user": i % 7, "day": first + timedelta(days=i * 5 % 90)} for i in range(60)]
days = [first + timedelta(days=i) for i in range(95)]
print(active(events, days), active([], days), active(events, []))
for odd in ({"user": 1}, {"user": 1, "day": None}, {"user": 1, "day": "x"}, 3):
    try:
        print(active(events[:3] + [odd], days[:3]))
    except (KeyError, TypeError) as e:
        print(repr(e))
try:
    print(active(events, ["2024"]))
except TypeError as e:
    print(e)
""",
    "objects and two comparisons": """
class Trade:
    def __init__(self, price, size):
        self.price = price
        self.size = size
def bands(trades, edges):
    out = []
    for low, high in zip(edges, edges[1:]):
        total = 0.0
        for t in trades:
            if t.price >= low and t.price < high and t.size:
                total += t.size
        out.append(total)
    return out
nan = float("nan")
trades = [Trade(i * 7 % 11 / 2, i) for i in range(30)]
print(bands(trades, [0, 1, 2.5, 4, 9]), bands(trades, [nan, 1, nan]), bands(trades + [Trade(nan, 2)], [0, 1, 2]))
print(bands(trades, [3, 1, 2**70, -1]), bands([Trade(True, 1), Trade(2, 3)], [1, 2, 3]))
""",
    "else it goes on": """
def near(xs, ys, r):
    out = []
    for x in xs:
        for place, y in enumerate(ys):
            pass
        for y in ys:
            if y < x - r or y > x + r:
                continue
            out.append((x, y))
    for x in xs:
        for z in ys:
            if not (x - r <= z < x + r):
                continue
            out.append((z, x))
            if len(out) > 40:
                break
        else:
            out.append(None)
    return out
print(near([1, 2, 8], [9, 1, 7, 3, 2, 2, 5], 1), near([0.5], [0, 1, 2, 3], 0.5), near("b", "abc", 1) if 0 else "")
print(near([1, True], [1, 2, 3, 4, 5], 0), near([1], [1.0, 2, 3, 4], 0))
""",
    "pairs": """
def count(spans, rows):
    return [(a, sum(1 for t, name in rows if a < t <= b)) for a, b in spans]
rows = [(i * 3 % 17, "x") for i in range(17)]
print(count([(1, 4), (2, 2), (16, 99)], rows), count([(1, 4)], [list(r) for r in rows]))
try:
    print(count([(1, 4)], rows + [(2,)]))
except ValueError as e:
    print(e)
""",
    "text": """
def between(words, pairs):
    return [[w for w in words if a <= w < b] for a, b in pairs]
print(between(["b", "a", "c", "bb", "é", "\\ud800"], [("a", "b"), ("b", "c"), ("", "\\uffff")]))
try:
    between(["b", "a"], [("a", 1)])
except TypeError as e:
    print(e)
""",
    "rows grow by another name": """
def run(spans, rows, box):
    seen = []
    for a, b in spans:
        for r in rows:
            if a <= r["k"] <= b:
                seen.append(r["n"])
                if len(rows) < 12:
                    box["all"].append({"k": a, "n": len(rows)})
    return seen
rows = [{"k": i, "n": i} for i in range(8)]
print(run([(1, 2), (3, 3), (1, 1)], rows, {"all": rows}))
""",
    "times and zones": """
from datetime import datetime, timedelta, timezone, date
def run(spans, rows):
    return [[r["v"] for r in rows if a <= r["t"] < b] for a, b in spans]
t = datetime(2024, 1, 1)
hour = timedelta(hours=1)
spans = [(t + hour * i, t + hour * (i + 2)) for i in range(5)]
rows = [{"t": t + hour * (i * 3 % 8) / 2, "v": i} for i in range(12)]
print(run(spans, rows))
zone = timezone.utc
print(run([(a.replace(tzinfo=zone), b.replace(tzinfo=zone)) for a, b in spans],
          [{"t": r["t"].replace(tzinfo=zone), "v": r["v"]} for r in rows]))
for odd in ([(spans[0][0].replace(tzinfo=zone), spans[0][1])], [(date(2024, 1, 1), date(2025, 1, 1))]):
    try:
        print(run(odd, rows))
    except TypeError as e:
        print(e)
""",
    "a generator elsewhere": """
def chunks(xs, n):
    for i in range(0, len(xs), n):
        yield xs[i : i + n]
def flat(parts):
    for part in parts:
        yield from part
def run(xs, ys):
    out = []
    for x in flat(chunks(xs, 2)):
        out.append([y for y in ys if x <= y < x + 2])
    return out
print(run([1, 5, 3], list(range(9))))
""",
}
ALONE = {
    "edges that move in a search": """
def hist(rows, edges):
    out = []
    for i in range(len(edges) - 1):
        for r in rows:
            if edges[i] <= r < edges[i + 1]:
                out.append(r)
                edges[i + 1] += 2
    return out
print(hist([1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 2, 4]))
""",
    "edges that move by another name": """
def hist(rows, edges, box):
    out = []
    for i in range(len(edges) - 1):
        for r in rows:
            if edges[i] <= r < edges[i + 1]:
                out.append(r)
                box["edges"][i + 1] += 2
    return out
edges = [0, 2, 4]
print(hist([1, 2, 3, 4, 5, 6, 7, 8, 9], edges, {"edges": edges}))
""",
    "a generator in the middle": """
def run(xs, ys):
    for x in xs:
        for y in ys:
            if x <= y < x + 2:
                yield y
ys = list(range(9))
out = []
for y in run([1, 2, 3], ys):
    out.append(y)
    ys[2] = 7
print(out)
""",
    "a generator that changes the rows": """
def run(xs, rows):
    for x in xs:
        yield x
        rows[0] = x
def go(rows):
    return [[y for y in rows if x <= y < x + 2] for x in run([1, 2, 3], rows)]
print(go([5, 6, 7, 8, 9]))
""",
    "one bound": """
print([[y for y in [1, 2, 3] if x < y] for x in [1, 2]])
""",
    "a bound that changes in the search": """
def run(xs, ys):
    out = []
    for x in xs:
        high = x + 3
        for y in ys:
            if x <= y <= high:
                out.append(y)
                high += 1
    return out
print(run([1, 2], [1, 2, 3, 4, 5, 6, 7]))
""",
    "a field of the bound changes": """
def run(xs, ys):
    out = []
    for x in xs:
        box = {"high": x + 3}
        for y in ys:
            if x <= y <= box["high"]:
                out.append(y)
                box["high"] = y + 2
    return out
print(run([1, 2], [1, 2, 3, 4, 5, 6, 7]))
""",
    "the key is stored": """
def run(xs, rows):
    n = 0
    for x in xs:
        for r in rows:
            if x <= r["k"] <= x + 1:
                n += 1
        rows[0]["k"] = x
    return n
print(run([1, 2, 3], [{"k": 1}, {"k": 2}, {"k": 3}, {"k": 4}]))
""",
    "a call in the bound": """
def f(x):
    print(x)
    return x
print([[y for y in [1, 2, 3] if f(x) <= y < 3] for x in [1, 2]])
""",
    "kept for later": """
def run(xs, ys):
    return [(y for y in ys if x <= y <= x + 1) for x in xs]
print([list(g) for g in run([1, 2], [1, 2, 3])])
""",
    "crossed": """
print([[y for y in [1, 2, 3] if x <= y >= 2] for x in [1, 2]])
""",
    "both lower": """
print([[y for y in [1, 2, 3] if y > x and y >= 2] for x in [1, 2]])
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    changed(RangeIndex(), tmp_path, CHANGED[name])


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(RangeIndex(), tmp_path, ALONE[name])


def _helpers() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec("from bisect import bisect_left, bisect_right\nfrom itertools import islice\n", names)
    for text in (join_range.ORDERED_CALENDAR, join_range.IN_ORDER, join_range.PICKED, join_range.BETWEEN):
        exec(text, names)
    return names


H = _helpers()
DAY = datetime(2024, 1, 1)
VALUES = st.one_of(
    st.integers(-3, 3),
    st.floats(-3, 3),
    st.sampled_from([0.0, -0.0, True, 2**70, float("nan"), float("inf"), None, "", "a", DAY, DAY.date(), timedelta(1)]),
    st.sampled_from([DAY.replace(tzinfo=UTC), date(2024, 1, 2), DAY + timedelta(1), -(2**70), 10.0**20]),
)
KEYS = st.one_of(
    st.lists(st.integers(-3, 3), max_size=12), st.lists(st.floats(-3, 3), max_size=12), st.lists(VALUES, max_size=5)
)


def _found(rows: Any, a: Any, b: Any) -> Any:
    try:
        return [(n, repr(x)) for n, x in rows if a <= x < b]
    except TypeError as e:
        return str(e)


@settings(max_examples=500, deadline=None)
@given(KEYS, VALUES, VALUES)
def test_rows_between(keys: list[Any], a: Any, b: Any) -> None:
    rows = list(enumerate(keys))
    index = H["_in_order"](rows, lambda row: row[1], (tuple,))
    assert _found(H["_between"](rows, index, lambda: a, lambda: b), a, b) == _found(rows, a, b)
    assert H["_in_order"](rows, lambda row: row[1], (tuple,), rows) is None


def test_few_rows_are_looked_at() -> None:
    rows = list(range(100))[::-1]
    index = H["_in_order"](rows, lambda row: row, ())
    assert list(H["_between"](rows, index, lambda: 10, lambda: 12)) == [12, 11, 10]
    assert H["_between"](rows, index, lambda: 0, lambda: 90) is rows
    assert H["_between"](rows, index, lambda: float("nan"), lambda: 9) is rows
