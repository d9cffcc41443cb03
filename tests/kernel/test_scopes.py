"""Names of Python's own that a file binds in some of its functions."""

from __future__ import annotations

import ast

import pytest

from hasten.core.source import SourceFile
from hasten.kernel.program import NEEDED, Module
from hasten.kernel.scopes import shadowed
from tests.kernel.differential import check, compiled_function

SHADOWS = """
class Account:
    def __init__(self, id, type, max):
        self.id, self.type, self.max = id, type, max


def other(range, abs, min=lambda len: len):
    return [abs for set in range]


def f(xs, n):
    best = 0.0
    for i in range(len(xs)):
        best = max(best, abs(xs[i]) * n)
    return best
"""


def test_other_functions_names_do_not_matter() -> None:
    c = compiled_function(SHADOWS, "args = ([1.0, -3.0], 2)")
    check(c, "args = ([1.0, -3.0, 7.5], 3)", fast=True)


@pytest.mark.parametrize(
    ("before", "inside"),
    [
        ("abs = float", ""),
        ("def g():\n    global abs\n    abs = float\n\n\ng()", ""),
        ("def len(x):\n    return 1\n", ""),
        ("[(max := i) for i in (min, max)]", ""),
        ("def g(x=(max := min)):\n    pass\n", ""),
        ("for max in (min,):\n    pass\n", ""),
        ("match 1:\n    case max:\n        pass\n", ""),
        ("try:\n    1 / 0\nexcept ValueError as max:\n    pass\nexcept ZeroDivisionError:\n    pass\n", ""),
        ("", "    max = min\n"),
        ("", "    for max in (min,):\n        pass\n"),
        ("", "    g = lambda max: max\n    max = g(min)\n"),
    ],
)
def test_refused(before: str, inside: str) -> None:
    text = f"{before}\n\ndef f(xs, n):\n{inside}    best = 0.0\n    for i in range(len(xs)):\n"
    text += "        best = max(best, abs(xs[i]) * n)\n    return best\n"
    with pytest.raises(AssertionError):
        compiled_function(text, "args = ([1.0, -3.0], 2)")


def test_a_kernel_does_not_bind_what_it_needs() -> None:
    """`len` is a number here: what is inserted asks for lengths, and must not ask this one."""
    text = "def f(xs, len):\n    best = 0.0\n    for x in xs:\n        best += x * len\n    return best\n"
    with pytest.raises(AssertionError, match="len is a name of the program's own"):
        compiled_function(text, "args = ([1.0, -3.0], 2)")
    assert shadowed("def f(sum):\n    return sum + 1\n", NEEDED) == ""
    assert shadowed("def f(x):\n    sum = 1\n    return sum([x])\n", NEEDED) == "sum"
    assert shadowed("def f(x):\n    return [id for id in x]\n", NEEDED) == "id"


def test_where_a_name_is_free() -> None:
    text = "def f(max):\n    def g():\n        return max(1, 2)\n    return g\n\n\nprint(max(1, 2))\n\n\ndef h():\n"
    text += "    nonlocal_ = [min for min in (1, 2)]\n    return max(3, 4), min\n"
    module = Module(SourceFile("s.py", text.encode()))
    assert "max" not in module.scopes.top
    calls = [n for n in ast.walk(module.tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "max"]
    assert {n.lineno: module.dotted(n.func) for n in calls} == {3: None, 7: "max", 12: "max"}
    assert module.dotted(ast.Name("max", ast.Load())) is None  # of no line: it may stand anywhere
    assert module.dotted(ast.Name("abs", ast.Load())) == "abs"
