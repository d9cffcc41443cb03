"""Programs for the kernel compiler: functions full of loops, of random statements over typed names.

Integers are either small or *big* (accumulators that grow with every turn): two big ones are never multiplied, so that no
number grows beyond what a test can wait for.
"""

from __future__ import annotations

from tests.fuzz import values
from tests.fuzz.choices import Choices, Program

HEAD = "import math\nimport random\nimport numpy as np\n\n\n"
THING = """class Thing:
    def __init__(self, x, n):
        self.x = x
        self.n = n
        self.total = 0.0

    def step(self, dt):
        self.x = self.x + dt * 0.5
        self.total += self.x
        if self.x > 3.0:
            self.n += 1
        return self.x


"""
KINDS = (
    "int", "float", "ints", "floats", "farray", "iarray", "rows", "grid", "counts", "weights", "set", "pairs", "points",
    "text", "words", "byword", "graph", "bools", "barray", "narrow", "irows", "lists", "rng", "stream", "thing", "things", "bool",
)  # fmt: skip
NAMES = {
    "int": "n", "float": "s", "ints": "xs", "floats": "fs", "farray": "a", "iarray": "ia", "rows": "m", "grid": "g",
    "counts": "d", "weights": "w", "set": "members", "pairs": "pairs", "points": "pts", "text": "text", "words": "words",
    "byword": "seen", "graph": "graph", "bools": "flags", "barray": "mask", "narrow": "na", "irows": "im", "lists": "lists",
    "rng": "rng", "stream": "dice", "thing": "thing", "things": "things", "bool": "flag",
}  # fmt: skip
# kind of a sequence -> kind of its elements
ITEM = {"ints": "i", "floats": "f", "farray": "f", "iarray": "i", "bools": "b", "barray": "b", "narrow": "i"}


class Writer:
    """One function in the making. `ints`, `bigs`, `reals`, `truths`: names by what they hold."""

    def __init__(self, c: Choices) -> None:
        self.c = c
        self.lines: list[str] = []
        self.depth = 1
        self.ints: list[str] = []
        self.bigs: list[str] = []
        self.reals: list[str] = []
        self.truths: list[str] = []
        self.holds: dict[str, str] = {}  # containers: name -> kind
        self.mutable: list[str] = []
        self.indexes: dict[str, list[str]] = {}  # sequence -> loop variables that are its indexes
        self.helpers: list[tuple[str, str, int]] = []  # name, kind of result, parameters
        self.loops = 0
        self.fresh = 0
        self.returned: list[str] = []
        self.maybe: list[str] = []

    def emit(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    def name(self, stem: str) -> str:
        self.fresh += 1
        return f"{stem}{self.fresh}"

    # ---- expressions

    def small(self, depth: int = 2) -> str:
        c = self.c
        seqs = [n for n, k in self.holds.items() if ITEM.get(k) == "i" and n not in self.mutable]
        how = c.integer(0, 13 if depth > 0 else 2)
        if how == 0 or (how == 2 and not seqs):
            return c.pick(("1", "2", "3", "0", "5", "-1", "7", "-3"))
        if how == 1:
            return c.pick(self.ints) if self.ints else "2"
        if how == 2:
            return self.element(c.pick(seqs))
        if how in (3, 4):
            return f"({self.small(depth - 1)} {c.pick(('+', '-', '*'))} {self.small(depth - 1)})"
        if how == 5:
            return f"{self.integer(depth - 1)} % {c.pick(('7', '3', '10', '-4', '1000003'))}"
        if how == 6:
            return f"{self.small(depth - 1)} // {c.pick(('2', '3', '-2', '(' + self.small(0) + ')'))}"
        if how == 7:
            return f"{c.pick(('min', 'max'))}({self.small(depth - 1)}, {self.small(depth - 1)})"
        if how == 8:
            return f"abs({self.small(depth - 1)})"
        if how == 9:
            sized = [n for n in self.holds if self.holds[n] not in ("rng", "stream", "thing")]
            return f"len({c.pick(sized)})" if sized else "4"
        if how == 10:
            return f"({self.small(depth - 1)} if {self.truth(depth - 1)} else {self.small(depth - 1)})"
        if how == 11:
            return f"({self.small(depth - 1)} {c.pick(('&', '|', '^'))} {self.small(depth - 1)})"
        if how == 12:
            return f"{c.pick(('int', 'round', 'math.floor'))}({self.real(depth - 1)}) % 50"
        counts = [n for n, k in self.holds.items() if k in ("counts",) and n not in self.mutable]
        return f"{c.pick(counts)}.get({self.small(depth - 1)}, 0)" if counts else self.small(depth - 1)

    def integer(self, depth: int = 2) -> str:
        c = self.c
        if not self.bigs or c.chance(50) or depth <= 0:
            return c.pick(self.bigs) if self.bigs and c.chance(30) else self.small(depth)
        big = c.pick(self.bigs)
        how = c.integer(0, 6)
        if how < 2:
            return f"({big} {c.pick(('+', '-'))} {self.integer(depth - 1)})"
        if how == 2:
            return f"({big} * {self.small(depth - 1)})"
        if how == 3:
            return f"({big} {c.pick(('&', '|', '^'))} {self.small(depth - 1)})"
        if how == 4:
            return f"({big} {c.pick(('//', '%', '>>'))} {c.pick(('3', '2', '5'))})"
        if how == 5:
            return f"{c.pick(('min', 'max'))}({big}, {self.small(depth - 1)})"
        return f"({big} << {c.pick(('1', '3'))})"

    def real(self, depth: int = 2) -> str:
        c = self.c
        seqs = [n for n, k in self.holds.items() if ITEM.get(k) == "f" or k in ("rows", "grid")]
        how = c.integer(0, 15 if depth > 0 else 2)
        if how == 0 or (how == 2 and not seqs):
            return c.pick(("0.5", "1.0", "2.0", "0.1", "-1.5", "0.0", "3.0"))
        if how == 1:
            return c.pick(self.reals) if self.reals else "1.5"
        if how == 2:
            return self.element(c.pick(seqs))
        if how in (3, 4, 5):
            return f"({self.real(depth - 1)} {c.pick(('+', '-', '*'))} {self.real(depth - 1)})"
        if how == 6:
            return f"({self.real(depth - 1)} / {c.pick(('2.0', '3', '(' + self.real(0) + ')', '(' + self.small(0) + ')'))})"
        if how == 7:
            return f"({self.integer(depth - 1)} / {c.pick(('2', '(' + self.small(0) + ')'))})"
        if how == 8:
            return f"math.{c.pick(('sqrt', 'sin', 'exp', 'log', 'floor', 'atan', 'fabs'))}({c.pick(('abs(' + self.real(depth - 1) + ')', self.real(depth - 1)))})"
        if how == 9:
            return f"({self.real(depth - 1)} {c.pick(('//', '%'))} {c.pick(('2.0', '0.5', '-3.0', self.real(0)))})"
        if how == 10:
            return f"({self.real(depth - 1)}) ** {c.pick(('2', '0.5', '3', '-1', '1.5'))}"
        if how == 11:
            return f"{c.pick(('min', 'max'))}({self.real(depth - 1)}, {c.pick((self.real(depth - 1), self.small(0)))})"
        if how == 12:
            return f"({self.real(depth - 1)} if {self.truth(depth - 1)} else {c.pick((self.real(depth - 1), self.small(0)))})"
        if how == 13:
            return f"({self.real(depth - 1)} {c.pick(('+', '-', '*'))} {self.integer(depth - 1)})"
        if how == 14:
            called = [h for h in self.helpers if h[1] == "f"]
            if called:
                h = c.pick(called)
                return f"{h[0]}({', '.join(self.real(0) for _ in range(h[2]))})"
            return f"float({self.integer(depth - 1)})"
        draws = []
        for n, k in self.holds.items():
            draws += [f"{n}.random()"] if k in ("rng", "stream") else []
            draws += [f"{n}.uniform(-1, 2.5)", f"{n}.gauss(0.0, 1.0)"] if k == "stream" else []
            draws += [f"{n}.normal(0.0, 2.0)"] if k == "rng" else []
            draws += [f"{n}.x", f"{n}.total"] if k == "thing" else []
        draws += ["random.random()", "np.random.rand()"] if c.chance(10) else []
        return c.pick(draws) if draws else f"-({self.real(depth - 1)})"

    def truth(self, depth: int = 2) -> str:
        c = self.c
        how = c.integer(0, 9 if depth > 0 else 1)
        sign = c.pick(("<", ">", "<=", ">=", "==", "!="))
        if how == 0:
            return f"{self.small(max(depth - 1, 0))} {sign} {self.small(0)}"
        if how == 1:
            return f"{self.real(max(depth - 1, 0))} {sign} {c.pick((self.real(0), self.small(0)))}"
        if how == 2:
            return f"({self.truth(depth - 1)} {c.pick(('and', 'or'))} {self.truth(depth - 1)})"
        if how == 3:
            return f"not ({self.truth(depth - 1)})"
        if how == 4:
            return f"{self.integer(depth - 1)} % 2 == {c.pick(('0', '1'))}"
        if how == 5:
            seqs = [n for n, k in self.holds.items() if ITEM.get(k) == "b"]
            return self.element(c.pick(seqs)) if seqs else c.pick(self.truths or ["True"])
        if how == 6:
            keyed = [n for n, k in self.holds.items() if k in ("counts", "weights", "set", "ints", "made")]
            return f"{self.small(depth - 1)} {c.pick(('in', 'not in'))} {c.pick(keyed)}" if keyed else "True"
        if how == 7:
            return f"{self.small(0)} < {self.integer(depth - 1)} <= {self.small(0)}"
        if how == 8:
            return c.pick([*self.truths, *self.ints, *self.bigs, *self.reals, "True"])
        return f"math.isnan({self.real(depth - 1)})"

    def index(self, name: str) -> str:
        c = self.c
        own = self.indexes.get(name, [])
        if own and c.chance(75):
            i = c.pick(own)
            return c.pick((i, i, f"{i} - 1", f"-{i}"))
        return c.pick((f"{self.small(1)} % len({name})", "0", "-1", self.small(1)))

    def element(self, name: str) -> str:
        kind = self.holds[name]
        if kind == "grid" and self.c.chance(50):
            return f"{name}[{self.index(name)}, {self.c.pick(('0', '-1'))}]"
        if kind in ("rows", "irows", "grid"):
            return f"{name}[{self.index(name)}][{self.c.pick(('0', '-1', 'len(' + name + '[0]) - 1'))}]"
        return f"{name}[{self.index(name)}]"

    # ---- statements

    def statements(self, most: int = 4) -> None:
        for _ in range(self.c.integer(1, most)):
            self.statement()

    def block(self, most: int = 3) -> None:
        # what is bound in a block may be unbound after it: such names stay in it
        kept = [list(x) for x in (self.ints, self.bigs, self.reals, self.truths)]
        holds = dict(self.holds)
        self.depth += 1
        self.statements(most)
        self.depth -= 1
        self.ints, self.bigs, self.reals, self.truths = kept
        self.holds = holds

    def statement(self) -> None:
        for _ in range(6):
            count = len(self.lines)
            self.some_statement()
            if len(self.lines) > count:
                return
        self.emit(f"acc += {self.small(1)}")

    def some_statement(self) -> None:
        """One statement; nothing where there is no name for it."""
        c = self.c
        how = c.integer(0, 20)
        if how <= 2:
            big = c.pick(self.bigs)
            line = c.pick((f"{big} += {self.small()}", f"{big} -= {self.small()}", f"{big} = {self.integer()}",
                           f"{big} = ({big} * 31 + {self.small()}) % 1000003", f"{big} = {big} * 3 + {self.small()}", f"{big} ^= {self.small()}"))  # fmt: skip
            self.emit(line)
        elif how <= 5:
            real = c.pick(self.reals)
            self.emit(c.pick((f"{real} += {self.real()}", f"{real} = {self.real()}", f"{real} *= {self.real(1)}",
                              f"{real} = max({real}, {self.real()})", f"{real} -= {self.real(1)}", f"{real} /= {self.real(0)}")))  # fmt: skip
        elif how <= 7:
            self.store()
        elif how == 8:
            self.emit(f"if {self.truth()}:")
            self.block()
            if c.chance(30):
                self.emit(f"elif {self.truth()}:")
                self.block()
            if c.chance(40):
                self.emit("else:")
                self.block()
        elif how in (9, 10, 11):
            self.loop()
        elif how == 12:
            made = self.name("t")
            if c.chance(50):
                self.emit(f"{made} = {self.small()}")
                self.ints.append(made)
            else:
                self.emit(f"{made} = {self.real()}")
                self.reals.append(made)
        elif how == 13 and self.loops:
            self.emit(f"if {self.truth()}:")
            self.emit(
                "    "
                + c.pick(("continue", "break", "raise ValueError('stop')", "return acc, total", "assert False, 'no'"))
            )
        elif how == 14 and len(self.reals) > 1:
            x, y = c.some(self.reals, 2, 2)
            self.emit(f"{x}, {y} = {c.pick((f'{y}, {x}', f'{self.real()}, {self.real(1)}'))}")
        elif how == 15:
            self.grow()
        elif how == 16:
            seqs = [n for n, k in self.holds.items() if ITEM.get(k) in ("i", "f")]
            if seqs:
                seq = c.pick(seqs)
                part = self.name("part")
                self.emit(
                    f"{part} = {seq}[{c.pick(('', '1', '-2', self.small(0)))}:{c.pick(('', '3', '-1', self.small(0)))}]"
                )
                self.holds[part] = self.holds[seq]
                if c.chance(30):
                    self.mutable.append(part)
        elif how == 17:
            self.fold()
        elif how == 18 and self.maybe:
            best = c.pick(self.maybe)
            self.emit(f"if {best} is None or {self.real(1)} < {best}:")
            self.emit(f"    {best} = {self.real(1)}")
        elif how == 19:
            things = [n for n, k in self.holds.items() if k == "thing"]
            if things:
                self.emit(
                    c.pick(
                        (
                            f"{things[0]}.step({self.real(1)})",
                            f"{things[0]}.n += {self.small(1)}",
                            f"{things[0]}.x = {self.real()}",
                        )
                    )
                )
        elif self.truths:
            self.emit(f"{c.pick(self.truths)} = {self.truth()}")

    def store(self) -> None:
        c = self.c
        names = [n for n in self.mutable if n in self.holds]
        if not names:
            return
        name = c.pick(names)
        kind = self.holds[name]
        if kind in ("counts", "made"):
            key = self.small(1)
            self.emit(c.pick((f"{name}[{key}] = {self.small()}", f"{name}[{key}] = {name}.get({key}, 0) + 1",
                              f"if {key} in {name}:\n" + "    " * self.depth + f"    {name}[{key}] += {self.small(1)}")))  # fmt: skip
        elif kind == "weights":
            self.emit(f"{name}[{self.small(1)}] = {self.real()}")
        elif kind == "set":
            self.emit(f"{name}.add({self.small()})")
        else:
            target = self.element(name)
            item = ITEM.get(kind, "i" if kind == "irows" else "f")
            value = self.small() if item == "i" else self.real() if item == "f" else self.truth()
            if item == "f" and c.chance(10):
                value = self.small()
            if item == "b":
                self.emit(f"{target} = {value}")
            elif c.chance(15):
                other = self.element(name)
                self.emit(f"{target}, {other} = {other}, {target}")
            else:
                self.emit(f"{target} {c.pick(('=', '=', '+=', '-='))} {value}")

    def grow(self) -> None:
        c = self.c
        lists = [n for n, k in self.holds.items() if k.startswith("out")]
        if not lists:
            return
        name = c.pick(lists)
        kind = self.holds[name]
        value = (
            self.real() if kind == "outf" else self.small() if kind == "outi" else f"({self.small(1)}, {self.real(1)})"
        )
        self.emit(f"{name}.append({value})")

    def fold(self) -> None:
        c = self.c
        seqs = [n for n, k in self.holds.items() if ITEM.get(k) in ("i", "f")]
        if not seqs:
            return
        seq = c.pick(seqs)
        item = ITEM[self.holds[seq]]
        v = self.name("v")
        target = self.name("r")
        body = c.pick(
            (
                f"{seq}",
                f"[{v} for {v} in {seq} if {v} {c.pick(('<', '>', '!='))} {self.small(0)}]",
                f"({v} * {v} for {v} in {seq})",
            )
        )
        how = c.pick(("sum", "min", "max", "sorted", "len"))
        if how == "len":
            body = c.pick((f"[{v} for {v} in {seq} if {v} > 0]", f"set({seq})" if item == "i" else seq))
        if how == "sorted":
            self.emit(f"{target} = sorted({body})")
            self.holds[target] = "ints" if item == "i" else "floats"
            return
        self.emit(f"{target} = {how}({body})")
        if how == "len":
            self.ints.append(target)
        else:
            (self.bigs if item == "i" else self.reals).append(target)

    def loop(self) -> None:
        c = self.c
        if self.loops >= 2:
            return
        seqs = [n for n, k in self.holds.items() if k in ITEM or k in ("rows", "grid", "irows")]
        i = self.name("i")
        kept = (list(self.ints), list(self.reals), list(self.truths), dict(self.indexes), dict(self.holds))
        how = c.integer(0, 8)
        if how <= 2 and seqs:
            seq = c.pick(seqs)
            self.emit(
                f"for {i} in {c.pick((f'range(len({seq}))', f'range(1, len({seq}))', f'range(len({seq}) - 1, -1, -1)', f'range(0, len({seq}), 2)'))}:"
            )
            self.indexes = {**self.indexes, seq: [*self.indexes.get(seq, []), i]}
            self.ints.append(i)
        elif how in (3, 4) and [n for n in seqs if self.holds[n] in ITEM]:
            seq = c.pick([n for n in seqs if self.holds[n] in ITEM])
            x = self.name("x")
            item = ITEM[self.holds[seq]]
            self.emit(c.pick((f"for {x} in {seq}:", f"for {i}, {x} in enumerate({seq}):")))
            if "enumerate" in self.lines[-1]:
                self.ints.append(i)
                self.indexes = {**self.indexes, seq: [*self.indexes.get(seq, []), i]}
            into = {"i": self.bigs if seq in self.mutable else self.ints, "f": self.reals, "b": self.truths}[item]
            into.append(x)
        elif how == 5:
            dicts = [n for n, k in self.holds.items() if k in ("counts", "weights", "set", "made")]
            pairs = [n for n, k in self.holds.items() if k in ("pairs", "points")]
            k, v = self.name("k"), self.name("v")
            if dicts:
                d = c.pick(dicts)
                real = self.holds[d] == "weights"
                if self.holds[d] == "set" or c.chance(30):
                    self.emit(f"for {k} in {d}:")
                else:
                    self.emit(f"for {k}, {v} in {d}.items():")
                    (self.reals if real else self.bigs).append(v)
                self.ints.append(k)
            elif pairs:
                p = c.pick(pairs)
                self.emit(f"for {k}, {v} in {p}:")
                self.ints.append(k)
                (self.reals if self.holds[p] == "pairs" else self.ints).append(v)
            else:
                self.emit(f"for {i} in range({c.pick(('5', '3'))}):")
                self.ints.append(i)
        elif how == 6:
            k = self.name("k")
            self.emit(f"{k} = 0")
            self.ints.append(k)
            self.emit(f"while {k} < {c.pick(('6', '3'))} and {self.truth()}:" if c.chance(60) else f"while {k} < 5:")
            self.depth += 1
            self.emit(f"{k} += 1")
            self.depth -= 1
        else:
            self.emit(f"for {i} in range({c.pick(('6', '4', '2, 9', '5, 0, -1', self.small(0) + ' % 8'))}):")
            self.ints.append(i)
        self.loops += 1
        self.block(4)
        self.loops -= 1
        self.ints, self.reals, self.truths, self.indexes, self.holds = kept


def helper(c: Choices, number: int) -> tuple[str, tuple[str, str, int]]:
    """A small function of floats that a kernel may call."""
    w = Writer(c)
    names = ["p", "q"][: c.integer(1, 2)]
    w.reals = list(names)
    if c.chance(60):
        w.emit(f"if {w.truth(1)}:")
        w.emit(f"    return {w.real(1)}")
    w.emit(f"return {w.real(2)}")
    name = f"part_{number}"
    return f"def {name}({', '.join(names)}):\n" + "\n".join(w.lines) + "\n\n\n", (name, "f", len(names))


def program(c: Choices) -> Program:
    """A function with loops, and calls of it."""
    kinds = tuple(c.some(KINDS[:12] if c.chance(60) else KINDS, 1, 4))
    w = Writer(c)
    head = HEAD
    if c.chance(15):
        head += "SCALE = 3\nTABLE = [1.5, -2.0, 0.25]\n\n\n"
        w.ints.append("SCALE")
        w.holds["TABLE"] = "floats"
        if c.chance(40):
            w.mutable.append("TABLE")
    if "thing" in kinds or "things" in kinds:
        head += THING
    if c.chance(25):
        text, known = helper(c, 1)
        head += text
        w.helpers.append(known)
    for kind in kinds:
        name = NAMES[kind]
        if kind == "int":
            w.ints.append(name)
        elif kind == "float":
            w.reals.append(name)
        elif kind == "bool":
            w.truths.append(name)
        else:
            w.holds[name] = kind
            if kind in (*ITEM, "rows", "irows", "grid", "counts", "weights", "set") and c.chance(45):
                w.mutable.append(name)
    setup(c, w)
    w.loop()
    while c.chance(35):
        w.statement()
    give_back(c, w)
    text = head + f"def work({', '.join(NAMES[k] for k in kinds)}):\n" + "\n".join(w.lines) + "\n"
    return Program(text, *values.calls(c, kinds))


def setup(c: Choices, w: Writer) -> None:
    w.emit(f"acc = {c.pick(('0', '0', '0', '4611686018427387904', '9223372036854775800', '-9223372036854775806'))}")
    w.emit(f"total = {c.pick(('0.0', '1.0', '0'))}")
    w.bigs.append("acc")
    w.reals.append("total")
    for made, kind, lines in c.some(
        (("out", "outf", "out = []"), ("got", "outi", "got = []"), ("rest", "outp", "rest = []"), ("hist", "made", "hist = {}"),
         ("buf", "floats", "buf = [0.0] * 5"), ("tab", "ints", "tab = [0 for _ in range(6)]"), ("arr", "farray", "arr = np.zeros(6)"),
         ("cnt", "iarray", "cnt = np.zeros(5, dtype=np.int64)"), ("net", "rows", "net = [[0.0] * 3 for _ in range(4)]"),
         ("met", "set", "met = set()")), 0, 2,
    ):  # fmt: skip
        w.emit(lines)
        w.holds[made] = kind
        if not kind.startswith("out"):
            w.mutable.append(made)
        w.returned.append(made)
    if c.chance(15):
        w.emit("best = None")
        w.maybe.append("best")
        w.returned.append("best")


def give_back(c: Choices, w: Writer) -> None:
    out = c.some(["acc", "total", *w.returned], 1, 3)
    w.emit(f"return {', '.join(out)}" if not c.chance(8) else "return None")
