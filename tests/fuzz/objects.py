"""Programs of classes for the kernel compiler: a world of agents, whose lists, rows and dicts of vectors change.

The recorded worlds are ordinary. Later ones share lists between agents, have an agent twice, hold a NaN or an int among
floats, subclasses of list, and rows that are empty.
"""

from __future__ import annotations

from collections.abc import Sequence

from hasten.core.recipe import Change, Pass
from tests.fuzz.choices import Choices, Program
from tests.fuzz.engine import observed, workload

CLASSES = """import math
import random


class Agent:
    def __init__(self, r, k):
        self.x = r.uniform(0, 4)
        self.n = k
        self.log = [r.randrange(5) for _ in range(r.randrange(1, 4))]
        self.path = [r.random() for _ in range(r.randrange(2, 5))]
        self.best = [0.5, 1.5]
        self.words = [r.choice(["a", "b", "c"]) for _ in range(2)]
        self.pairs = [(k, 0.25)]
        self.seen = []

    def move(self, step):
        self.x = min(max(self.x + step, 0), 5)
        self.path[self.n % len(self.path)] += step
        return self.x

    def note(self, k):
        self.log.append(k)
        if len(self.log) > 4:
            self.log = self.log[1:]
        return len(self.log)

    def keep(self):
        self.best = [v * 2.0 for v in self.path]

    def reset(self, k):
        self.log = [0] * k
        self.n = 0


class Bold(Agent):
    def __init__(self, r, k):
        super().__init__(r, k)
        self.risk = [1, 2, 3]

    def move(self, step):
        self.risk[0] += 1
        self.x = self.x + 2.0 * step
        return self.x + self.risk[0]


class Spot:
    def __init__(self, x, k=1, tag="a"):
        self.x = x
        self.k = k
        self.tag = tag
        self.seen = None

    def shift(self, step):
        self.x += step
        if self.x > 3.0:
            self.seen = self.k
        return self.k


class World:
    def __init__(self, seed, size=3, odd="", bold=False):
        r = random.Random(seed)
        self.agents = [(Bold if bold and k % 2 else Agent)(r, k) for k in range(size)]
        self.rows = [[r.randrange(6) for _ in range(r.randrange(1, 4))] for _ in range(3)]
        self.vecs = {k: [r.random() for _ in range(3)] for k in ("a", "b", "c")}
        self.near = {k: [r.randrange(3) for _ in range(2)] for k in range(3)}
        self.deep = [[[0.5] * 2, [0.25] * 3], [[1.0] * 1]]
        self.hist = [(0, 0.5)]
        self.names = ["a", "c"]
        self.total = 0.0
        self.spots = [Spot(r.random(), k, r.choice(["a", "b"])) for k in range(3)]
        self.kept = [Spot(2.5, 7)]
        self.calm = [Spot(1.5, 5), Spot(0.5, 6)]
        a = self.agents
        if odd == "path":
            a[0].path = a[-1].path
        elif odd == "log":
            a[0].log = a[-1].log
        elif odd == "mixed":
            a[0].path = [1.5, 2, 0.5]
        elif odd == "nan":
            a[0].path[0] = math.nan
            self.vecs["b"][0] = math.nan
        elif odd == "twice":
            a.append(a[0])
        elif odd == "rows":
            self.rows[0] = self.rows[1]
        elif odd == "empty":
            self.rows[1] = []
            a[0].log = []
        elif odd == "vecs":
            self.vecs["a"] = self.vecs["c"]
        elif odd == "class":
            self.rows[0] = type("L", (list,), {})([1, 2])
        elif odd == "bool":
            self.rows[0] = [True, 2]
        elif odd == "huge":
            self.rows[0] = [2**70, 1]
        elif odd == "big":
            self.rows[0] = [2**62, 2**62]
        elif odd == "deep":
            self.deep[1][0] = self.deep[0][0]
        elif odd == "cross":
            self.vecs["a"] = a[0].path
        elif odd == "self":
            a[0].x = 3
        elif odd == "spots":
            self.spots.append(self.spots[0])
        elif odd == "both":
            self.kept.append(self.spots[0])
        elif odd == "calm":
            self.calm.append(self.spots[0])
        elif odd == "onelist":
            self.kept = self.spots
        elif odd == "none":
            self.spots.clear()
        elif odd == "tag":
            self.spots[1].tag = None
        elif odd == "int":
            self.spots[0].x = 2
        elif odd == "more":
            self.spots[0].more = [1]
        elif odd == "less":
            del self.spots[0].seen
        elif odd == "heir":
            self.spots[0] = type("Heir", (Spot,), {})(1.5)
        elif odd == "tuple":
            self.spots = tuple(self.spots)


"""
ODD = (
    "path", "log", "mixed", "nan", "twice", "rows", "empty", "vecs", "class", "bool", "huge", "big", "deep", "cross", "self",
    "spots", "both", "calm", "onelist", "none", "tag", "int", "more", "less", "heir", "tuple",
)  # fmt: skip


class Writer:
    """One function in the making."""

    def __init__(self, c: Choices) -> None:
        self.c = c
        self.lines: list[str] = []
        self.agents = ["a"]
        self.draws = c.chance(60)
        self.spots = c.chance(50)
        self.named: list[str] = []

    def small(self) -> str:
        c = self.c
        options = ["i", "2", "1", "0", "-1", f"{self.agent()}.n", f"len({self.agent()}.log)", "w.rows[i % 3][0]"]
        options += [
            "w.near[i % 3][1]",
            f"sum({self.agent()}.log)",
            f"{self.agent()}.pairs[-1][0]",
            "len(w.rows[i % 3])",
        ]
        options += ["w.hist[-1][0]", f"{self.agent()}.note(i)", "random.randrange(4)" if self.draws else "3"]
        return c.pick(options)

    def real(self) -> str:
        c = self.c
        options = ["0.5", "s", f"{self.agent()}.x", f"{self.agent()}.path[0]", f"sum({self.agent()}.path)", "w.total"]
        options += [f"w.vecs[{self.key()}][{c.pick('012')}]", "w.deep[0][1][i % 3]", f"{self.agent()}.pairs[0][1]"]
        options += [f"max({self.agent()}.best)", f"{self.agent()}.move(0.25)", "s * 0.5 + 1.0"]
        if self.draws:
            options += ["random.uniform(-1, 1)", "random.gauss(0.0, 1.0)", "random.betavariate(2.0, 3)"]
        return c.pick(options)

    def agent(self) -> str:
        return self.c.pick(self.agents)

    def key(self) -> str:
        return self.c.pick(("'a'", "'b'", f"{self.agent()}.words[0]", "w.names[0]"))

    def statement(self, pad: str, deep: int = 0) -> None:
        c, a = self.c, self.agent()
        if self.spots and c.chance(60):
            return self.on_spots(pad, deep)
        how = c.integer(0, 29 if deep < 2 else 24)
        one = {
            0: f"s += {self.real()}",
            1: f"k += {self.small()}",
            2: f"{a}.log.append({self.small()})",
            3: f"{a}.path[{c.pick(('0', '-1', 'i % 2', 'i'))}] = {self.real()}",
            4: f"{a}.path = [{self.real()}, {self.real()}]",
            5: f"{a}.reset({c.pick(('1', '2', '3'))})",
            6: f"{a}.keep()",
            7: f"w.rows[{c.pick(('0', 'i % 3', '-1'))}][{c.pick(('0', 'i % 2', '-1'))}] {c.pick(('=', '+='))} {self.small()}",
            8: f"w.vecs[{self.key()}][{c.pick('012')}] {c.pick(('=', '+=', '*='))} {self.real()}",
            9: f"w.deep[{c.pick(('0', '1', 'i % 2'))}][0][0] {c.pick(('=', '-='))} {self.real()}",
            10: f"w.hist.append((i, {self.real()}))",
            11: f"{a}.pairs.append(({self.small()}, {self.real()}))",
            12: f"{a}.seen.append({self.small()})",
            13: f"w.near[i % 3][{c.pick(('0', '1'))}] {c.pick(('=', '+='))} {self.small()}",
            14: f"{a}.x = min(max({a}.x + {self.real()}, {c.pick(('0', '0.0', '-1'))}), {c.pick(('5', '5.0', 's'))})",
            15: f"s += ({a}.x - {self.agent()}.x) ** 2",
            16: f"{a}.n += {self.small()}",
            17: f"w.total += {self.real()}",
            18: f"{a}.words[0] = {c.pick(('w.names[1]', repr('b')))}",
            19: f"w.names.append({a}.words[1])",
            20: f"{a}.log.pop()",
            21: f"k += random.choice({c.pick(('w.rows[i % 3]', f'{a}.log', '[1, 2, 5]', '(3, 4)'))})"
            if self.draws
            else "k += 1",
            22: f"k += sum(random.sample({c.pick((f'{a}.log', 'range(30)', 'range(2, 40)'))}, {c.pick('132')}))"
            if self.draws
            else "k += 1",
            23: f"k += random.choices({c.pick((f'{a}.log, k=2', '[1, 2, 3], [0.2, 0.3, 0.1]', '[1, 2, 3], weights=w.rows[0], k=2'))})[0]"
            if self.draws
            else "k += 2",
            24: f"{a}.log.sort()",
        }
        if how in one:
            self.lines.append(pad + one[how])
        elif how in (25, 26):
            self.lines.append(f"{pad}if {self.real()} > {self.real()}:")
            for _ in range(c.integer(1, 2)):
                self.statement(pad + "    ", deep + 1)
        elif how == 27:
            self.lines.append(f"{pad}for b in w.agents:")
            self.agents.append("b")
            for _ in range(c.integer(1, 2)):
                self.statement(pad + "    ", deep + 1)
            self.agents.pop()
        elif how == 28:
            self.lines += [f"{pad}for row in w.rows:", f"{pad}    row[0] += {self.small()}", f"{pad}    k += len(row)"]
        else:
            vector = c.pick((f"w.vecs[{self.key()}]", f"{a}.path", "w.deep[0][1]"))
            self.lines += [
                f"{pad}p = {vector}",
                f"{pad}for j in range(len(p)):",
                f"{pad}    p[j] = p[j] * 0.5 + {self.real()}",
            ]

    def spot(self) -> str:
        c = self.c
        return c.pick(
            ("w.spots[0]", "w.spots[i % len(w.spots)]", "w.spots[-1]", "w.kept[-1]", "w.calm[0]", *self.named)
        )

    def new(self) -> str:
        k = self.c.pick(("i", "i, 2", "2, 'b'", "k=3"))
        return f"Spot({self.real()}, {k})"

    def on_spots(self, pad: str, deep: int) -> None:
        """A statement about objects that are made, moved and dropped."""
        c, q = self.c, self.spot()
        how = c.integer(0, 19 if deep < 2 else 15)
        one = {
            0: f"w.spots.append({self.new()})",
            1: f"w.spots[i % len(w.spots)] = {self.new()}",
            2: f"w.spots = [{self.new()} for _ in range({c.pick('213')})]",
            3: f"w.spots = [o for o in w.spots if o.x < {self.real()}]",
            4: "w.kept.append(w.spots[-1])",
            5: "k += w.spots.pop().k",
            6: f"{q}.x {c.pick(('=', '+='))} {self.real()}",
            7: f"{q}.k += {self.small()}",
            8: f"k += {q}.shift({self.real()})",
            9: f"k += {q}.k + len(w.spots) + len(w.kept)",
            10: f"s += {q}.x",
            11: f"k += {q} is {self.spot()}",
            12: f"{q}.tag = {c.pick((repr('b'), 'w.kept[0].tag'))}",
            13: f"k += 2 if {q}.seen is None else {q}.seen",
            14: f"w.spots = w.spots[1:] + [{self.new()}]",
            15: "w.spots.sort(key=lambda o: o.x)" if not self.draws else "k += random.choice(w.spots).k",
        }
        if how in one:
            self.lines.append(pad + one[how])
        elif how == 16:
            self.lines += [f"{pad}out = []", f"{pad}for o in w.spots:", f"{pad}    if o.x < {self.real()}:"]
            self.lines += [
                f"{pad}        out.append({c.pick(('o', 'Spot(o.x, o.k)', 'w.spots[0]'))})",
                f"{pad}w.spots = out",
            ]
        elif how == 17:
            self.lines.append(f"{pad}for o in w.{c.pick(('spots', 'kept', 'calm'))}:")
            self.named.append("o")
            self.on_spots(pad + "    ", 2)
            self.named.pop()
        elif how == 18:
            self.lines.append(f"{pad}o = {q}")
            self.named.append("o")
            for _ in range(2):
                self.on_spots(pad, 2)
            self.named.pop()
        else:
            self.lines.append(f"{pad}if {self.real()} > {q}.x:")
            self.statement(pad + "    ", deep + 1)


def program(c: Choices) -> Program:
    """A function over a world, and calls of it."""
    w = Writer(c)
    bold = c.chance(25)
    for _ in range(c.integer(1, 5)):
        w.statement("        ")
    body = "\n".join(w.lines)
    text = (
        f"{CLASSES}def work(w, n, s):\n    k = 0\n    for i in range(n):\n        a = w.agents[i % len(w.agents)]\n{body}\n"
        "    return k, s\n"
    )

    def call(odd: str = "") -> str:
        size, n = c.integer(1, 4), c.integer(1, 6)
        return f"(World({c.integer(0, 50)}, {size}, {odd!r}, {bold}), {n}, {c.pick(('0.0', '1.5', '-0.5'))})"

    recorded = tuple(call() for _ in range(c.integer(1, 3)))
    late = tuple(call(c.pick(("", *ODD))) for _ in range(4))
    return Program(text, recorded, late)


def changes(program: Program, passes: Sequence[Pass]) -> list[Change]:
    """What becomes of the whole function: its methods by themselves are other fuzzers' business."""
    work = workload(program.text)
    regions, facts = observed(program)
    return [
        change
        for region in regions
        if region.qualname == "work" and region.kind == "function"
        for each in passes
        for finding in each.find(work, region, facts)
        for change in each.propose(work, finding, facts)
    ]
