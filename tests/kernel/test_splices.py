"""Small methods spelt out where they are called: the order of everything that happens stays."""

from __future__ import annotations

import ast

import pytest

from hasten.kernel import splices
from tests.kernel.differential import check, compiled

COUNTER = """
import math


class Counter:
    def __init__(self, n, step):
        self.n = n
        self.step = step
        self.total = 0.0
        self.log = 0

    def bump(self):
        self.n += self.step
        return self.n

    def peek(self):
        return self.n * 2

    def scaled(self, x, y=3):
        x = x * y + self.n
        n = x - 1
        return n + x

    def sign(self, v):
        if v > 5:
            if v > 9:
                return 2
        elif v < 0:
            return -1
        else:
            v += 1
            if v == 3:
                return 0
        self.log += v
        if v % 2:
            return 1
        return 7

    def first_over(self, limit):
        for k in range(20):
            if k * self.step > limit:
                return k
        return -1

    def fall(self, depth):
        if depth <= 0:
            return 0
        return self.fall(depth - 1) + 1

    def stale(self, v):
        if v != 2:
            left = v
        return left

    def maybe(self, v):
        if v > 3:
            return None
        return v * 0.5

    def quiet(self):
        '''Nothing but a docstring.'''

    def squares(self, k):
        return [k * i + self.step for i in range(k)]

    def add(self, other, times):
        for i in range(times):
            other.total += self.n * 0.5
            if other.total > 50:
                other.total = 0.0

    @property
    def half(self):
        return self.n / 2

    @staticmethod
    def twice(v):
        return v + v
"""
BODY = """
x = y = 0
for i in range(rounds):
    a = c.n + c.bump()
    b = c.peek() + c.bump() * c.peek()
    if c.bump() > 40 and c.bump() > 45 or c.peek() < 0:
        y += 1
    y += c.scaled(i) - c.scaled(i, y=c.bump())
    n = c.sign(c.bump() - i)
    x += n + c.first_over(i)
    w = i
    while c.peek() > w:
        w = 2 * w + 50
        y += 100
    parts += c.maybe(i) or 0.25
    if c.maybe(i - 2) is None:
        y += 7
    c.quiet()
    for z in c.squares(i % 4):
        x += z
    c.add(other=d, times=i % 3)
    d.add(c, 2)
    parts += c.half * (c.twice(d.half) if i % 2 else d.half)
    kept = [c.scaled(k, i) for k in range(3) if c.peek() != k]
    x += kept[0] + kept[-1]
"""
START = "rounds = 9\nn0, step0 = 3, 2\nparts = 0.0\n"
MAKE = "c, d = Counter(n0, step0), Counter(1, 1)\n"
AFTER = "final = [(o.n, o.step, o.total, o.log) for o in (c, d)]"
ALL = compiled(
    BODY, START, prelude=COUNTER + MAKE, hide=("i", "z", "kept", "a", "b", "n", "w"), after=AFTER
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "fast"),
    [
        ("", True),
        ("rounds = 0", True),
        ("n0, step0 = -3, 1", True),
        ("n0, step0 = 50, 7", True),
        ("step0 = 0", True),
        ("n0 = 2**62", False),
        ("n0 = 2.5", False),
        ("parts = -0.0", True),
    ],
)
def test_order(change: str, fast: bool) -> None:
    check(ALL, START + change, fast=fast)


def test_the_methods_are_gone() -> None:
    kernel = ALL.patched.text.partition("def _fast")[0]
    for name in ("peek", "sign", "add", "half", "quiet"):
        assert f"_{name}(" not in kernel, name
    assert "_first_over(" in kernel  # it returns out of a loop
    assert "_fall(" not in kernel


def moment(text: str, call: str = "f()") -> str | None:
    s = ast.parse(text).body[0]
    node = next(n for n in ast.walk(s) if isinstance(n, ast.expr) and ast.unparse(n) == call)
    return splices.moment(s, node)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("f()", "first"),
        ("x = f()", "first"),
        ("x = y + f()", "first"),
        ("x += f()", "first"),
        ("x = g(f())", "first"),
        ("x = a.g(f(), h())", "first"),
        ("x[i] = f()", "first"),
        ("x.y = f()", "first"),
        ("return f()", None),
        ("if f(): pass", "first"),
        ("for i in f(): pass", "first"),
        ("x = f() and y", "first"),
        ("x = f() if y else z", "maybe"),
        ("x = y if f() else z", "first"),
        ("x = a.b + f()", "anywhere"),
        ("x.y += f()", "anywhere"),
        ("x[i] += f()", "anywhere"),
        ("x = a[0] * f()", "anywhere"),
        ("x = abs(a) * f()", "anywhere"),
        ("x = g() + f()", "maybe"),
        ("x = y and f()", "maybe"),
        ("x = a < b < f()", "maybe"),
        ("x = a < f() < b", "first"),
        ("x = [f() for i in y]", "maybe"),
        ("x = [i for i in f()]", "maybe"),
        ("x = lambda: f()", "maybe"),
        ("while f(): pass", "maybe"),
        ("x = (y := 3) + f()", "maybe"),
        ("x[f()] = 1", None),
        ("with f(): pass", None),
        ("if x:\n    f()", None),
    ],
)
def test_when_a_call_is_evaluated(text: str, when: str | None) -> None:
    if text.startswith("return"):
        function = ast.parse(f"def g():\n    {text}").body[0]
        assert isinstance(function, ast.FunctionDef)
        s = function.body[0]
        assert isinstance(s, ast.Return) and s.value is not None
        assert splices.moment(s, s.value) == "first"
        return
    assert moment(text) == when


def settled(body: str) -> str:
    function = ast.parse("def f(a):\n" + "".join(f"    {line}\n" for line in body.splitlines())).body[0]
    assert isinstance(function, ast.FunctionDef)
    return ast.unparse(ast.Module(splices.settled(function.body, [], "r"), []))


@pytest.mark.parametrize(
    "body",
    [
        "return a",
        "if a > 2:\n    return 1\nreturn 2",
        "if a > 2:\n    a += 1\n    return a\na -= 1\nif a < 0:\n    if a < -2:\n        return 9\n    a = 5\nelse:\n    return 3\nreturn a",
        "if a > 1:\n    if a > 2:\n        return 'x'\n    a = 7\na += 1\nif a == 8:\n    return 8",
        "if a:\n    return",
        "for k in range(3):\n    a += k\nif a > 4:\n    return\na = 2",
        "if a < 3:\n    if a < 2:\n        if a < 1:\n            return 1\n        a += 10\n    a += 20\nreturn a",
    ],
)
def test_without_return(body: str) -> None:
    """The same result for every way through."""
    function = "def f(a):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    plain: dict[str, object] = {}
    exec(function, plain)
    text = settled(body)
    assert "return" not in text
    for a in range(-4, 9):
        state: dict[str, object] = {"a": a}
        exec(text, state)
        assert state["r"] == plain["f"](a)  # type: ignore[operator]


def test_a_name_that_an_earlier_call_left() -> None:
    """It is unbound in each call; a name of the code around the call would still hold what was there."""
    c = compiled("for i in range(rounds):\n    parts += c.stale(i)", START, prelude=COUNTER + MAKE)
    assert "_stale(i)" in c.patched.text and "    left_is_bound = False\n" in c.patched.text
