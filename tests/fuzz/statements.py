"""Programs for the kernel compiler of statements over whole arrays, which become one loop where they can.

Three matrices and a number: temporaries, views of rows and columns, stores in place and in parts, a loop around some of
it. The recorded matrices are ordinary; later ones overlap, lie in another order, are of other types or shapes, or hold
what NumPy warns about.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.fuzz.choices import Choices, Program

HEAD = """import numpy as np


def made(seed):
    rng = np.random.default_rng(seed)
    return rng.random((4, 5)), rng.normal(size=(4, 5)), rng.random((4, 5)) + 0.1, 0.3


def put(args, name, place, value):
    args["ABC".index(name)][place] = value
    return args


"""
# of each domain: how a matrix is spelt that gives an array of its shape
VIEWS = {
    "full": ("{0}", "{0}[:, :]", "{0}[::1]"),
    "low": ("{0}[:-1]", "{0}[1:]", "{0}[:-1, :]"),
    "col": ("{0}[:, 1:]", "{0}[:, :-1]"),
    "row": ("{0}[1]", "{0}[k]", "{0}[k - 1]", "{0}[-1]"),
    "at": ("{0}[:, k]", "{0}[:, 2]", "{0}[:, k + 1]", "{0}[:, k - 1]"),
}
DOMAINS = ("full", "full", "full", "low", "col", "row", "at")
LATE = (
    "put(made({0}), {1!r}, ({2}, {3}), 1e308)",
    "put(put(made({0}), 'A', (1, 1), 1e308), 'B', (1, 1), 1.7e308)",
    "put(made({0}), {1!r}, ({2}, {3}), np.nan)",
    "put(made({0}), {1!r}, ({2}, {3}), -np.inf)",
    "put(made({0}), {1!r}, {2}, -0.0)",
    "put(put(made({0}), 'A', 1, -0.0), 'B', 0, 0.0)",
    "(lambda a, b, c, s: (a - 0.5, b, c, s))(*made({0}))",
    "(lambda a, b, c, s: (a, a, c, s))(*made({0}))",
    "(lambda a, b, c, s: (a, b, a, s))(*made({0}))",
    "(lambda a, b, c, s: (a, a[::-1], c, s))(*made({0}))",
    "(lambda a: (a[:-1], a[1:], a[1:].copy(), 0.3))(np.random.default_rng({0}).random((5, 5)))",
    "(lambda a, b, c, s: (np.asfortranarray(a), b, c, s))(*made({0}))",
    "(lambda a, b, c, s: (a, b.T.copy().T, np.asfortranarray(c), s))(*made({0}))",
    "(lambda a, b, c, s: (a.astype(np.float32), b, c, s))(*made({0}))",
    "(lambda a, b, c, s: (a, (b * 9).astype(int), c, s))(*made({0}))",
    "(lambda a, b, c, s: (a, b[:1], c, s))(*made({0}))",
    "(lambda a, b, c, s: (a, b, c[:, :4], s))(*made({0}))",
    "(lambda a, b, c, s: (a[:0], b[:0], c[:0], s))(*made({0}))",
    "(lambda a, b, c, s: (a, b, c, int(s)))(*made({0}))",
    "(lambda a, b, c, s: (a, b, c, np.float64(s)))(*made({0}))",
    "(lambda a, b, c, s: (a.tolist(), b, c, s))(*made({0}))",
    "(lambda a, b, c, s: (a.view(np.ma.MaskedArray), b, c, s))(*made({0}))",
    "(lambda a, b, c, s: (a, b, c, np.nan))(*made({0}))",
)


@dataclass
class Writer:
    """`temps`: names of arrays that statements have made, and which domain each has."""

    c: Choices
    temps: dict[str, str] = field(default_factory=dict)

    def view(self, domain: str, of: str) -> str:
        return self.c.pick(VIEWS[domain]).format(of)

    def operand(self, domain: str) -> str:
        temps = [t for t, d in self.temps.items() if d == domain]
        if temps and self.c.chance(50):
            return self.c.pick(temps)
        whole = [t for t, d in self.temps.items() if d == "full" != domain]
        return self.view(domain, self.c.pick(("A", "B", "C", *whole)))

    def value(self, domain: str, deep: int = 0) -> str:
        c, x = self.c, self.operand(domain)
        how = c.integer(0, 20)
        if deep > 2 or how < 5:
            return x
        if how < 7:
            return c.pick(("0.5", "2", "-1.5", "s", "3.0")) if deep else x
        if how < 14:
            if not deep:
                return f"{x} {c.pick('+-*')} {self.value(domain, 1)}"
            return f"({self.value(domain, deep + 1)} {c.pick('+-*+-*/')} {self.value(domain, deep + 1)})"
        if how < 16:
            return f"(-{x})"
        if how < 17:
            return f"abs({x})"
        if how < 18:
            test = f"{self.operand(domain)} > {c.pick(('0', 's'))}"
            return f"np.where({test}, {self.value(domain, deep + 1)}, {x})"
        if how < 20:
            return f"np.{c.pick(('maximum', 'minimum'))}({x}, 0.25)"
        return f"np.sqrt({x})"

    def stored(self, domain: str) -> str:
        """Where something of a domain may be put."""
        options = [v.format(m) for m in "ABC" for v in VIEWS[domain] if v != "{0}"]
        options += [f"{t}[:]" for t, d in self.temps.items() if d == domain]
        options += [v.format(t) for t, d in self.temps.items() if d == "full" for v in VIEWS[domain] if v != "{0}"]
        return self.c.pick(options)

    def statement(self, pad: str) -> list[str]:
        c = self.c
        domain = c.pick(DOMAINS)
        how = c.integer(0, 99)
        if how < 40:
            value, name = self.value(domain), f"t{c.integer(0, 3)}"
            self.temps[name] = domain
            return [f"{pad}{name} = {value}{' * 1' if value.isidentifier() else ''}"]
        if how < 75:
            return [f"{pad}{self.stored(domain)} {c.pick(('', '', '+', '-', '*'))}= {self.value(domain)}"]
        if how < 85 and self.temps:
            name = c.pick(sorted(self.temps))
            return [f"{pad}{name} {c.pick('+-*')}= {self.value(self.temps[name])}"]
        if how < 88:
            value, name = self.operand(domain), f"t{c.integer(0, 3)}"
            self.temps[name] = domain
            return [f"{pad}{name} = {value}"]
        if how < 97 or len(pad) > 4:
            return [pad + c.pick(("s = s + 0.5", "A[k, k] = s", "s = float(B[1, k])", "C[:, :] = A"))]
        return [f"{pad}if A[0, 0] > s:", *self.block(pad + "    ", 1, 3)]

    def block(self, pad: str, low: int, high: int) -> list[str]:
        """Statements that need not run: what they bind anew has no known shape after them."""
        before = dict(self.temps)
        lines = [line for _ in range(self.c.integer(low, high)) for line in self.statement(pad)]
        self.temps = {t: d for t, d in self.temps.items() if before.get(t) == d}
        return lines


def program(c: Choices) -> Program:
    """A function of three matrices and a number, and calls of it."""
    w = Writer(c)
    lines = ["    k = 1", *(line for _ in range(c.integer(2, 6)) for line in w.statement("    "))]
    if c.chance(60):
        lines += ["    for k in range(1, 3):", *w.block("        ", 2, 6)]
        lines += [line for _ in range(c.integer(0, 3)) for line in w.statement("    ")]
    given = ", ".join(["A.sum()", "B[0, 0]", *(f"{t} * 1.0" for t in w.temps)])
    text = f"{HEAD}def work(A, B, C, s):\n" + "\n".join(lines) + f"\n    return {given}\n"

    def late() -> str:
        return c.pick(LATE).format(c.integer(0, 9), c.pick("ABC"), c.integer(0, 3), c.integer(0, 4))

    return Program(text, tuple(f"made({c.integer(0, 9)})" for _ in range(2)), tuple(late() for _ in range(5)))
