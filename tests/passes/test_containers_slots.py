"""What is done to a list besides putting more at its end, by all the ways that come to mind, and what is found of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.recent import Recent
from hasten.passes.source.containers.so_far import SoFar
from tests.passes.test_containers_harness import check
from tests.passes.test_containers_recent import HEAD

BASE = (
    HEAD
    + """class A:
    def __init__(self):
        self.rows = []
        self.extra = {{}}
    def recent(self, now):
        return [r for r in self.rows if now - r.time <= 5]
    def total(self):
        return sum(r.value for r in self.rows)
    def step(self, now):
        e = Event(now, now)
        self.rows.append(e)
        out = len(self.recent(now)), self.total()
{line}
        return out
{more}
a = A()
for i in range(40):
    shown(a.step, i)
"""
)
# a statement of `step`, and what stands beside the class
CASES = {
 "varargs": ("        cut(self.rows)", "def cut(*xs):\n    xs[0].pop()"),
 "kwargs": ("        cut(xs=self.rows)", "def cut(**kw):\n    kw['xs'].pop()"),
 "unbound": ("        list.pop(self.rows)", ""),
 "operator": ("        import operator\n        operator.delitem(self.rows, 0)", ""),
 "walrus": ("        (xs := self.rows).pop()", ""),
 "chain": ("        xs = ys = self.rows\n        ys.pop(0)", ""),
 "tuple": ("        (xs,) = (self.rows,)\n        xs.pop()", ""),
 "match": ("        match self:\n            case A(rows=xs):\n                xs.pop()", ""),
 "lambda": ("        f = lambda: self.rows\n        f().pop()", ""),
 "default": ("        def f(xs=self.rows):\n            xs.pop()\n        f()", ""),
 "nested": ("        def f():\n            self.rows.reverse()\n        f()", ""),
 "loop": ("        for xs in (self.rows, []):\n            xs.clear()", ""),
 "zip": ("        for xs, y in zip([self.rows], [1]):\n            xs.pop()", ""),
 "map": ("        list(map(list.pop, [self.rows]))", ""),
 "dict": ("        self.extra['x'] = self.rows\n        self.extra['x'].pop()", ""),
 "dictdisplay": ("        d = {'x': self.rows}\n        d['x'].pop()", ""),
 "setdefault": ("        self.extra.setdefault('x', self.rows).pop()", ""),
 "generator": ("        for xs in gen(self):\n            xs.pop()", "def gen(a):\n    yield a.rows"),
 "property": ("        self.mine.pop()", "A.mine = property(lambda self: self.rows)"),
 "returned": ("        give(self).pop()", "def give(a):\n    return a.rows if a else None"),
 "ifexp": ("        (self.rows if now else []).pop()", ""),
 "or": ("        (self.rows or []).pop()", ""),
 "attr": ("        self.back = self\n        self.back.rows.pop()", ""),
 "slice": ("        self.rows[:] = self.rows[1:]", ""),
 "slicedel": ("        del self.rows[-1:]", ""),
 "imul": ("        self.rows *= (now % 7 != 0)", ""),
 "swap": ("        self.rows[0], self.rows[-1] = self.rows[-1], self.rows[0]", ""),
 "forattr": ("        for self.rows[0] in [e]:\n            pass", ""),
 "value": ("        self.rows[0].value = 100", ""),
 "valueaug": ("        self.rows[-1].value += 1", ""),
 "timefor": ("        for self.rows[0].time in [99]:\n            pass", ""),
 "class_": ("        Event.time = 3 if now == 20 else 0", ""),
 "with": ("        with Ctx(self.rows) as xs:\n            xs.pop()", "class Ctx:\n    def __init__(self, xs):\n        self.xs = xs\n    def __enter__(self):\n        return self.xs\n    def __exit__(self, *a):\n        pass"),
 "sortkey": ("        sorted([1], key=lambda _: self.rows.pop())", ""),
 "method": ("        pop = self.rows.pop\n        pop()", ""),
 "iadd": ("        xs = self.rows\n        xs += [Event(-1, 1)]", ""),
 "extend": ("        self.rows.extend([Event(now - 3, 2)])", ""),
 "newlist": ("        self.rows = list(reversed(self.rows))", ""),
 "copyself": ("        import copy\n        b = copy.copy(self)\n        b.rows.pop()", ""),
 "tryfinally": ("        try:\n            pass\n        finally:\n            self.rows.remove(e)", ""),
 "shuffle": ("        import random\n        random.Random(1).shuffle(self.rows)", ""),
 "heap": ("        import heapq\n        heapq.heapify(self.rows) if False else None\n        heapq.heapreplace([1], 2)", ""),
 "bisect": ("        import bisect\n        bisect.insort(self.rows, e, key=lambda r: -r.time)", ""),
 "partial": ("        from functools import partial\n        partial(list.pop, self.rows)()", ""),
 "reduce": ("        from functools import reduce\n        reduce(lambda a, b: self.rows, [1, 2]).pop()", ""),
 "star": ("        first, *rest = [self.rows]\n        first.pop()", ""),
 "global": ("        global G\n        G = self.rows\n        G.pop()", ""),
 "classattr": ("        A.shared = self.rows\n        self.shared.pop()", ""),
 "sub": ("        B.cut(self)", "class B(A):\n    def cut(self):\n        self.rows.pop()"),
 "listval": ("        self.rows[0].value = [1] if False else 5", ""),
}  # fmt: skip
GROWS = {"iadd", "extend", "newlist"}  # nothing but more at the end, or another list
OTHER_FIELDS = {"value", "valueaug", "listval"}


@pytest.mark.parametrize("name", CASES)
def test_windows(name: str, tmp_path: Path) -> None:
    line, more = CASES[name]
    made = check(Recent(), tmp_path, BASE.format(line=line, more=more))
    assert bool(made) == (name in GROWS | OTHER_FIELDS)


@pytest.mark.parametrize("name", CASES)
def test_the_whole(name: str, tmp_path: Path) -> None:
    line, more = CASES[name]
    made = check(SoFar(), tmp_path, BASE.format(line=line, more=more))
    assert bool(made) == (name in GROWS | {"timefor", "class_"})
