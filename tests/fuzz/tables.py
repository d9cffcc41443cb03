"""Programs for the kernel compiler that learn: dicts with keys of many shapes, from outside and made inside.

The recorded dicts are ordinary. Later ones hold a NaN, an int among floats, keys of other types or lengths, are shared,
or make their missing values in another way.
"""

from __future__ import annotations

from tests.fuzz.choices import Choices, Program

CLASSES = """import math
import random
from collections import defaultdict


class Agent:
    def __init__(self, start):
        self.pos = (start, 0)
        self.own = defaultdict(float)
        self.seen = {}

    def move(self, k):
        self.pos = (self.pos[0] + k, (self.pos[1] + 1) % 3)
        return self.pos


class World:
    def __init__(self, seed, odd=""):
        r = random.Random(seed)
        self.q = defaultdict(float)
        for _ in range(r.randrange(1, 5)):
            self.q[((r.randrange(3), r.randrange(3)), r.randrange(2))] = r.random()
        self.marks = {(k, r.choice("ab"), bool(k % 2)): r.randrange(5) for k in range(3)}
        self.counts = defaultdict(int, {k: r.randrange(4) for k in range(3)})
        self.prices = {r.choice((0.5, 1.5, -0.0)): r.randrange(9) for _ in range(3)}
        self.names = {"a": r.random(), "b": r.random()}
        self.new = {}
        self.total = 0.0
        if odd == "nan":
            self.q[((0, 0), 0)] = math.nan
        elif odd == "int":
            self.q[((0, 0), 0)] = 1
        elif odd == "factory":
            self.q.default_factory = int
        elif odd == "plain":
            self.q = dict(self.q)
        elif odd == "long":
            self.marks[(1, "a", True, 2)] = 1
        elif odd == "bool":
            self.marks[(1, "a", 1)] = 7
        elif odd == "key":
            self.q[((0, True), 0)] = 0.5
        elif odd == "huge":
            self.marks[(2**70, "a", True)] = 1
        elif odd == "big":
            self.marks = {k: 2**63 - 1 for k in self.marks}
        elif odd == "nankey":
            self.prices[math.nan] = 1
        elif odd == "intkey":
            self.prices[2] = 1
        elif odd == "one":
            self.new = self.marks
        elif odd == "heir":
            self.counts = type("D", (defaultdict,), {})(int, self.counts)
        elif odd == "none":
            self.q.clear()
            self.marks.clear()
        elif odd == "old":
            self.new[(1, 1)] = 3


"""
ODD = (
    "nan", "int", "factory", "plain", "long", "bool", "key", "huge", "big", "nankey", "intkey", "one", "heir", "none", "old",
)  # fmt: skip


def statement(c: Choices, pad: str, deep: int = 0) -> list[str]:
    cell = c.pick(("(i, 0)", "(k % 3, i % 2)", "a.pos", "(0, 1)"))
    act = c.pick(("0", "1", "i % 2"))
    mark = f"({c.pick(('i', '1', 'k % 4'))}, {c.pick((repr('a'), repr('b'), repr('c')))}, {c.pick(('i > 1', 'True', 'k > 2'))})"
    price = c.pick(("0.5", "s", "0.0", "i * 0.5"))
    real = c.pick(
        (
            "0.5",
            "s",
            f"w.q[({cell}, {act})]",
            f"first[{cell}][0]",
            f"w.names.get({c.pick((repr('a'), repr('z')))}, 0.25)",
        )
    )
    whole = c.pick(("1", "i", f"w.marks.get({mark}, 0)", "w.counts[i % 5]", f"first_of[i % 3][{c.pick('01')}]"))
    options = [
        f"w.q[({cell}, {act})] {c.pick(('+=', '=', '*='))} {real}",
        f"s += max(w.q[({cell}, x)] for x in (0, 1))",
        f"s += max([w.q.get(({cell}, x), 0.0) for x in range(3)])",
        f"w.marks[{mark}] = w.marks.get({mark}, 0) + {whole}",
        f"k += w.marks[{mark}]" if c.chance(20) else f"k += {mark} in w.marks",
        f"w.counts[{c.pick(('i', 'k % 7'))}] += {whole}",
        f"w.prices[{price}] = w.prices.get({price}, 0) + {whole}",
        f"k += len(w.q) + len(w.counts) + ({price} in w.prices)",
        f"w.names[{c.pick((repr('a'), repr('q')))}] = {real}",
        f"w.new[{c.pick(('a.pos', '(i, k % 3)'))}] = {whole}",
        f"first[{cell}][{c.pick('01')}] += {real}",
        f"first_of[i % 3][{c.pick(('0', 'i % 2'))}] += {whole}",
        f"groups[{cell}].append({whole})",
        f"k += len(groups[{cell}])",
        f"k += a.move({c.pick(('1', '-1', 'i'))})[1]",
        f"k += 3 if a.pos == {cell} else 1",
        f"a.own[({cell}, {c.pick((repr('a'), repr('b')))})] += {real}",
        f"a.seen[{cell}] = {whole}",
        f"near[{cell}][{act}] = near[{cell}].get({act}, 0) + {whole}",
        f"w.total += {real}",
    ]
    if deep == 0 and c.chance(25):
        lines = [f"{pad}if {real} > 0.5 and w.q[({cell}, {act})] >= s:"]
        return [*lines, *statement(c, pad + "    ", 1)]
    if deep == 0 and c.chance(15):
        of = c.pick(("w.q", "a.own", "w.marks", "w.prices", "groups"))
        return [f"{pad}for key in {of}:", f"{pad}    {c.pick(('k += len(' + of + ')', 's += 0.25'))}"]
    return [pad + c.pick(options)]


def program(c: Choices) -> Program:
    """A function over a world, and calls of it."""
    lines = [line for _ in range(c.integer(1, 5)) for line in statement(c, "        ")]
    text = (
        f"{CLASSES}def work(w, n, s):\n    k = 0\n    a = Agent(1)\n    first = defaultdict(lambda: [0.0, 0.5])\n"
        "    first_of = defaultdict(lambda: [0] * 2)\n    groups = defaultdict(list)\n    near = defaultdict(lambda: {})\n"
        "    for i in range(n):\n        a.own[(a.pos, 'a')] += 0.5\n        a.seen[(i, 0)] = i\n"
        + "\n".join(lines)
        + "\n    return k, s, len(a.seen), len(first), len(groups)\n"
    )
    for name in ("first_of", "groups", "near", "first"):  # what nothing is put into has no type
        if sum(f"{name}[" in line for line in lines) == 0:
            text = "\n".join(x for x in text.split("\n") if not x.startswith(f"    {name} = "))
            text = text.replace(f", len({name})", "")
    if "groups" not in "\n".join(lines):
        text = text.replace("for key in groups", "for key in w.q")

    def call(odd: str = "") -> str:
        return f"(World({c.integer(0, 50)}, {odd!r}), {c.integer(1, 6)}, {c.pick(('0.0', '1.5', '-0.5'))})"

    recorded = tuple(call() for _ in range(c.integer(1, 3)))
    late = tuple(call(c.pick(("", *ODD))) for _ in range(4))
    return Program(text, recorded, late)
