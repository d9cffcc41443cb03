"""Lists gone through from their end; the truth of lists of objects."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kernel.differential import check, compiled, compiled_function, refusal

WALK = """
def f(xs, rows, a, table):
    total, out = 0.0, []
    for i, x in enumerate(reversed(xs)):
        total += i * x
        if x > 6.0:
            xs[0] = x
    for x, y in zip(xs, reversed(xs)):
        total -= x * y
    path = [total]
    for x in xs:
        path.append(x / 2)
    for p in reversed(path):
        out.append(p)
        if len(path) > 3:
            path.pop()
            path.pop()
    for row in reversed(rows):
        out.append(sum(row))
        for k in reversed(row):
            out.append(k)
    for v in reversed(a):
        total = total * 0.5 + float(v)
    for line in reversed(table):
        total += float(line[0])
        line[1] = total
    last = list(reversed(sorted(xs)))
    return total, out, last, [x * 2 for x in reversed(path)]
"""
GIVEN = "import numpy as np\n"


def test_from_the_end() -> None:
    make = "args = ({xs}, {rows}, np.array({a}), np.array([[1.0, 2.0], [3.0, 4.0]]))"
    rows = "[[1.0, 2.0], [3.0, 4.0]]"
    c = compiled_function(WALK, GIVEN + make.format(xs="[1.0, 7.0, 3.0]", rows=rows, a="[1.0, 2.0]"))
    for xs in ("[1.0, 7.0, 3.0]", "[float(i % 5) - 1.0 for i in range(20)]", "[0.0, -0.0]"):
        check(c, GIVEN + make.format(xs=xs, rows=rows, a="[0.5]"), fast=True)
    check(c, GIVEN + make.format(xs="[1.0]", rows=rows, a="[]"), fast=None)
    check(c, GIVEN + make.format(xs="[]", rows=rows, a="[0.5]"))
    check(c, GIVEN + make.format(xs="[1.0, 2]", rows=rows, a="[0.5]"), fast=False)
    check(c, GIVEN + make.format(xs="(1.0, 2.0)", rows=rows, a="[0.5]"), fast=False)


@pytest.mark.parametrize("of", ["{1, 2}", "{1: 2.0}", "zip([1], [2])", "enumerate([1])", "iter([1])"])
def test_what_has_no_end(of: str) -> None:
    assert refusal(f"n = 0\nfor x in reversed({of}):\n    n += 1\n", "n = 1")


OBJECTS = """
class Trade:
    def __init__(self, pnl):
        self.pnl = pnl
    @property
    def good(self):
        return self.pnl > 0
"""


def test_truth_of_a_list_of_objects() -> None:
    body = """
wins = 0
late = 0.0
for t in trades:
    wins += t.good
for i, t in enumerate(reversed(trades)):
    late += i * t.pnl
share = wins / len(trades) if trades else 0.25
if not trades or share > 0.5:
    late += 1.0
"""
    prelude = OBJECTS + "class L(list):\n    def __bool__(self): return False\ntrades = made([Trade(p) for p in ps])\n"
    c = compiled(body, "ps = [1.0, -2.0, 3.5]; made = list", prelude, hide=("i", "t"))
    c = replace(c, outs=("late", "share", "wins"))
    for values in ("[1.0, -2.0]", "[-1.0]", "[float('nan'), 2.0]"):
        check(c, f"ps = {values}; made = list", fast=True)
    check(c, "ps = []; made = list")
    check(c, "ps = [2.0]; made = lambda x: None", fast=False)
    check(c, "ps = [2.0]; made = lambda x: L(x)", fast=False)
