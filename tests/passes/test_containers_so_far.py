"""What is worked out of a list again each time that it has grown."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.so_far import SoFar
from tests.passes.test_containers_harness import changed, left_alone, observe
from tests.passes.test_containers_recent import HEAD

FORMS = (
    "sum({v} for {x} in {rows})", "sum({v} * 2 - 1 for {x} in {rows} if {v} > 1)", "sum(1 for {x} in {rows} if {v} == 2)",
    "max({v} for {x} in {rows})", "min({v} for {x} in {rows} if {v} != 3)", "any({v} > 8 for {x} in {rows})",
    "len([({x}) for {x} in {rows} if {v} and {v} < 5])", "2 in set({v} for {x} in {rows})", "len({{{v} for {x} in {rows} if not {v} == 1}})",
    "sum({v} > 1 for {x} in {rows})", "len([{v} + 1 for {x} in {rows} if {v}])", "sum(-{v} if {v} else 1 for {x} in {rows})",
)  # fmt: skip
VALUES = (
    "[1, 2, 3, 2, 9, 0, -4]", "[0.1, 0.2, 0.3, 1e16, -1e16, 1.0, 2, 2**60, -0.0]", "[-0.0, -0.0]", "[nan, 1.0, inf, -inf, 2]", "[1, None, 2]", "[None, 3]",
    "['b', 'a', 'c']", "[True, False, 1]", "[1, [2], 3]", "[2**70, 0.5, 2**70]", "[1, 10**400, 0.5]", "[Event(1), 2]", "[timedelta(1), timedelta(2)]", "[1j, 2]", "[]",
)  # fmt: skip
ROWS = {
    "Event(v, v)": ("e", "e.value"),
    "(v, 1)": ("a, b", "a"),
    "{'v': v}": ("r", "r['v']"),
    "v": ("n", "n"),
    "(1, v)": ("p", "p[1]"),
}


def steps(row: str, x: str, v: str) -> str:
    text = HEAD + "class A:\n    def __init__(self):\n        self.rows = []\n        self.by = defaultdict(list)\n"
    asked = []
    for n, form in enumerate(FORMS):
        rows = "self.rows" if n % 2 else "self.by[k]"
        text += f"    def f{n}(self, k):\n        return {form.format(x=x, v=v, rows=rows)}\n"
        asked.append(f"a.f{n}")
    text += (
        "    def known(self, k):\n        seen = {"
        + f"{v} for {x} in self.rows"
        + "}\n        return 2 in seen, len(seen)\n"
    )
    text += f"def run(values):\n    a = A()\n    for v in values:\n        a.rows.append({row})\n        a.by[0].append({row})\n"
    text += f"        for f in ({', '.join([*asked, 'a.known'])}):\n            shown(f, 0)\n"
    return text + "".join(f"run({values})\n" for values in VALUES)


CHANGED = {row: steps(row, *names) for row, names in ROWS.items()} | {
    "means": HEAD
    + "def f(xs):\n    values = []\n    out = []\n    for x in xs:\n        values.append(x)\n        mean = sum(values) / len(values)\n        out.append((mean, max(values), min(values)))\n    return out\n"
    + "print(f([1, 2, 3.5]), f([0.1] * 20))\nshown(f, [1, 'a'])\nshown(f, [nan, 1])\nshown(f, [None])\nshown(f, ['a', 'b'])",
    "the greatest of none": HEAD
    + "def f(xs):\n    rows = []\n    for x in xs:\n        rows.append(x)\n        try:\n            print(max(r for r in rows if r > 3), min(r for r in rows if r > 5))\n        except ValueError as e:\n            print(e)\nf([1, 2, 4, 3, 9, 6])",
    "several lists": HEAD
    + "class A:\n    def __init__(self):\n        self.xs = []\n    def add(self, x):\n        self.xs += [x]\n        return sum(self.xs), sum(x * x for x in self.xs)\n"
    + "a, b = A(), A()\nfor i in range(9):\n    print(a.add(i), b.add(-i))\nb.xs = a.xs\nprint(b.add(1), a.add(2), b.xs is a.xs)\nb.xs = a.xs[2:]\nprint(b.add(1), a.add(2))",
    "handed on": HEAD
    + "def total(rows):\n    return sum(r.value for r in rows)\ndef f(n):\n    rows = []\n    for i in range(n):\n        rows.append(Event(i, i))\n        print(total(rows), total([Event(1, 2)]))\nf(5)",
}
GROW = (
    HEAD
    + "class A:\n    def __init__(self):\n        self.rows = []\n        self.top = 5\n    def step(self, v):\n        e = Event(v, v)\n        self.rows.append(e)\n        {line}\n        return {asked}\na = A()\nprint([a.step(i) for i in range(20)])\n"
)


def grow(line: str = "pass", asked: str = "sum(e.value for e in self.rows)") -> str:
    return GROW.format(line=line, asked=asked)


ALONE = {
    "taken out": grow("len(self.rows) < 9 or self.rows.pop()"),
    "put in front": grow("self.rows.insert(0, e)"),
    "cut to a window": grow("self.rows = [r for r in self.rows if r.value > v - 9]"),
    "the field bound anew": grow("self.rows[0].value += 1"),
    "what else changes": grow(asked="sum(e.value for e in self.rows if e.value > self.top)"),
    "a local that changes": grow(asked="sum(e.value + v for e in self.rows)"),
    "a function": grow(asked="sum(abs(e.value) for e in self.rows)"),
    "a default": grow(asked="max((e.value for e in self.rows), default=0)"),
    "a key": grow(asked="max(self.rows, key=lambda e: e.value)"),
    "a start": grow(asked="sum((e.value for e in self.rows), 1)"),
    "a set that is gone through": grow(asked="[x for x in {e.value for e in self.rows}]"),
    "a set that is changed": grow("s = {e.value for e in self.rows}\n        s.add(1)", asked="len(s)"),
    "a set that is kept": grow("self.s = {e.value for e in self.rows}", asked="len(self.s)"),
    "a list": grow(asked="[e.value for e in self.rows]"),
    "not the whole": grow(asked="sum(e.value for e in self.rows[-3:])"),
    "once": HEAD + "def f(n):\n    rows = []\n    for i in range(n):\n        rows.append(i)\n    return sum(rows)\nprint(f(9))",
    "two clauses": grow(asked="sum(e.value for e in self.rows for x in (1, 2))"),
    "a name that is taken": grow(asked="sum(so.value for so in self.rows)"),
    "a property": grow(asked="sum(e.twice for e in self.rows)").replace("    value: float = 1.0", "    value: float = 1.0\n    @property\n    def twice(self):\n        return self.value * a.top"),
}  # fmt: skip


@pytest.mark.parametrize("source", CHANGED.values(), ids=CHANGED)
def test_changed(source: str, tmp_path: Path) -> None:
    changed(SoFar(), tmp_path, source)


@pytest.mark.parametrize("source", ALONE.values(), ids=ALONE)
def test_left_alone(source: str, tmp_path: Path) -> None:
    left_alone(SoFar(), tmp_path, source)


def test_rows_are_looked_at_once(tmp_path: Path) -> None:
    source = (
        HEAD
        + "def f(n):\n    rows = []\n    out = []\n    for i in range(n):\n        rows.append((i, 1))\n        out.append(sum(x for x, y in rows))\n    return out[-1]\nprint(f(50))\n"
    )
    new, *_ = changed(SoFar(), tmp_path, source)
    counted = new.replace("def _fixed(x):", "def _fixed(x):\n    print('asked')")
    assert observe(counted)[0].count("asked") == 50
