"""`map` and `filter` in kernels."""

from __future__ import annotations

import ast
import textwrap

import pytest

from hasten.core.source import SourceFile
from hasten.kernel.mapped import spelt
from hasten.kernel.program import Module
from tests.kernel.differential import check, compiled_function

WORK = """


def half(x):
    return x / 2 if x > 1.0 else x


def big(x):
    return x > 0.5


def f(xs, ys, rows, n):
    total, out = 0.0, []
    for turn in range(n):
        total += max(map(abs, xs)) + sum(map(lambda a, b: a * b - turn, xs, ys))
        for x in map(half, ys):
            if x > 6.0:
                break
            total += x
        for k, v in enumerate(filter(big, xs)):
            total += k * v
        for x in filter(lambda v: v > turn, xs):
            out.append(x)
        for a, b in zip(xs, ys):
            total -= a * b
    x = -1.0
    for x in filter(big, ys):
        total += 1.0
    else:
        total += 0.25
    kept = list(filter(None, xs))
    longest = max(map(len, rows))
    return total, out, x, kept, longest, any(map(big, ys)), sorted(map(math.floor, xs))
"""


def test_map_and_filter() -> None:
    text = WORK.replace("enumerate(filter(big, xs))", "enumerate([w for w in xs if big(w)])")
    rows = "[[1.0, 2.0], [3.0, 4.0]]"
    c = compiled_function(text, f"args = ([1.0, -2.5, 3.0], [0.5, 8.0], {rows}, 2)")
    for xs in ("[1.0, -2.5, 3.0, 0.0]", "[0.0, -0.0]", "[9.0]"):
        for ys in ("[0.5, 0.25]", "[2.0, 13.0, 4.0]"):
            check(c, f"args = ({xs}, {ys}, {rows}, 3)")
    check(c, f"args = ([1.0, -2.5, 3.0], [7.0, 8.0], {rows}, 2)", fast=True)
    check(c, f"args = ([], [0.5], {rows}, 2)", fast=False)
    check(c, f"args = ([1.0, float('nan')], [0.5], {rows}, 2)")
    check(c, f"args = ([1.0, 2], [0.5], {rows}, 2)", fast=False)


def rewritten(body: str, head: str = "import math\ndef g(x):\n    return x\n") -> str:
    source = SourceFile("a.py", (head + "def f(xs, ys, h):\n" + textwrap.indent(body, "    ") + "\n").encode())
    function = source.tree.body[-1]
    assert isinstance(function, ast.FunctionDef)
    module, taken = Module(source), set[str]()
    before = ast.dump(function)
    out = spelt(module, function.body, ("xs", "ys", "h"), lambda n: module.fresh(n, taken))
    assert ast.dump(function) == before
    return "\n".join(map(ast.unparse, out))


@pytest.mark.parametrize(
    "body",
    [
        "return map(g, xs)",
        "return len(map(g, xs))",
        "m = map(g, xs)",
        "return list(map(h, xs))",
        "return list(map(h.g, xs))",
        "return list(map(*xs))",
        "return list(filter(g, xs, ys))",
        "return list(map(lambda a, b: a, xs))",
        "return list(map(lambda a=1: a, xs))",
        "return list(map(lambda *a: a, xs))",
        "return list(map(lambda a: [a for a in ys], xs))",
        "return list(map(lambda a: (lambda a: a)(a), xs))",
        "return list(map(lambda a: (b := a), xs))",
        "return max(map(g, xs), 1)",
        "return next(map(g, xs))",
        "g = h\nreturn list(map(g, xs))",
        "map = h\nreturn list(map(g, xs))",
        "return [a for a in map(g, xs)]",
    ],
)
def test_left_alone(body: str) -> None:
    assert rewritten(body) == body


def test_generators() -> None:
    assert rewritten("return sum(map(lambda x: x + h, xs))") == "return sum((mapped + h for mapped in xs))"
    assert (
        rewritten("return list(map(g, xs, ys))")
        == "return list((g(mapped, mapped_2) for mapped, mapped_2 in zip(xs, ys)))"
    )
    assert rewritten("for a, b in filter(None, xs):\n    h = a") == (
        "for filtered in xs:\n    if not filtered:\n        continue\n    a, b = filtered\n    h = a"
    )
    assert "map" in rewritten("return sum(map(g, xs))", "from mine import map\ndef g(x):\n    return x\n")
