"""Parameters that get other lists (`centroids = moved`)."""

from __future__ import annotations

import ast
import textwrap

import pytest

from hasten.core.source import SourceFile
from hasten.kernel.program import Module
from hasten.kernel.rebound import own
from tests.kernel.differential import check, compiled_function

KMEANS = """
def nearest(p, centers):
    best, at = math.inf, 0
    for k, c in enumerate(centers):
        d = (p[0] - c[0]) ** 2 + (p[1] - c[1]) ** 2
        if d < best:
            best, at = d, k
    return at


def f(points, centers, rounds):
    for turn in range(rounds):
        sums = [[0.0, 0.0, 0.0] for _ in centers]
        for p in points:
            k = nearest(p, centers)
            sums[k][0] += p[0]
            sums[k][1] += p[1]
            sums[k][2] += 1.0
        moved = []
        for c, s in zip(centers, sums):
            if s[2] > 0.0:
                moved.append((s[0] / s[2], s[1] / s[2]))
            else:
                moved.append((c[0], c[1]))
        last = centers
        centers = moved
        if max(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in zip(last, centers)) < 1e-3:
            break
    return centers, len(centers), turn
"""
POINTS = "points = [(float(i * 7 % 11), float(i * 5 % 13)) for i in range(40)]\n"


def test_centers_that_move() -> None:
    c = compiled_function(KMEANS, POINTS + "args = (points, [(0.0, 1.0), (9.0, 9.0)], 4)")
    check(c, POINTS + "args = (points, [(0.0, 1.0), (9.0, 9.0), (5.0, -0.0)], 9)", fast=True)
    check(c, POINTS + "args = (points, [(0.0, 1.0), (float('nan'), 9.0)], 3)")
    check(c, POINTS + "args = (points, points, 2)", fast=None)
    check(c, POINTS + "args = (points, [(0.0, 1.0)], 0)", fast=False)
    check(c, POINTS + "args = (points, [(0, 1.0)], 2)", fast=False)


BACK = """
def f(xs, n):
    for i in range(n):
        new = []
        for x in xs:
            new.append(x * 0.5)
        xs = new
    {returns}
"""
GIVEN = "xs = [1.0, -0.0, 3.0]\n"


@pytest.mark.parametrize("returns", ["return xs", "return len(xs), xs", "if n > 5:\n        return xs\n    return xs"])
def test_the_list_that_came_in(returns: str) -> None:
    c = compiled_function(BACK.format(returns=returns), GIVEN + "args = (xs, 3)")
    same = "\nfinal = (result if isinstance(result, list) else result[-1]) is xs"
    for n, fast in ((1, True), (7, True), (0, False), (-1, False)):
        check(c, GIVEN + f"args = (xs, {n})", fast=fast)
        for text in (c.original.text, c.patched.text):
            state: dict[str, object] = {"__file__": "x.py"}
            exec(GIVEN + f"args = (xs, {n})", state)
            exec(compile(text.replace("cache=True, ", "") + same, "x.py", "exec"), state)
            assert state["final"] is (n < 1)
    check(c, "args = ([], 2)", fast=None)
    check(c, "args = ([1.0, 2], 2)", fast=False)
    check(c, "args = ((1.0, 2.0), 2)", fast=False)


ALONE = [
    "xs.append(1)\nxs = new",
    "xs[0] = 2\nxs = new",
    "xs[0:1] = []\nxs = new",
    "del xs[0]\nxs = new",
    "xs += new\nxs = new",
    "xs = xs\nreturn xs",
    "last = xs\nxs = new\nxs = last\nreturn xs",
    "last = xs\nxs = new\nreturn last",
    "last = xs\nxs = new\nlast.append(3)",
    "xs = max(xs, new)\nreturn xs",
    "xs = xs or new\nreturn xs",
    "xs = new if n else xs\nreturn xs",
    "xs, ys = new, xs",
    "n.append(xs)\nxs = new",
    "n = [xs]\nxs = new",
    "n = {'a': xs}\nxs = new",
    "n = xs is new\nxs = new",
    "n = id(xs)\nxs = new",
    "n = iter(xs)\nxs = new",
    "n = lambda: xs\nxs = new",
    "def g():\n    return xs\nxs = new",
    "n = [xs for xs in new]\nxs = new",
    "for xs in new:\n    pass\nxs = new",
    "with n as xs:\n    pass\nxs = new",
    "if (n := xs):\n    pass\nxs = new",
    "changes(xs)\nxs = new",
    "xs = gives(xs)\nreturn xs",
    "hands(xs)\nxs = new",
    "n.method(xs)\nxs = new",
    "unknown(xs)\nxs = new",
    "return (1, (xs, 2))\nxs = new",
    "yield xs\nxs = new",
    "for i, x in enumerate(n, xs):\n    pass\nxs = f'{xs}'",
]
HEAD = """
def changes(a):
    a.sort()
def gives(a):
    b = a
    return b
def hands(a):
    changes(a)
def looks(a, k=0):
    return sum(a) + len(a) + (hands_on(a) if k else 0)
def hands_on(a):
    return max(a)
"""


def rewritten(body: str) -> str:
    text = HEAD + "def f(xs, new, n):\n" + textwrap.indent(body, "    ") + "\n"
    source = SourceFile("a.py", text.encode())
    function = source.tree.body[-1]
    assert isinstance(function, ast.FunctionDef)
    module, taken = Module(source), set[str]()
    before = ast.dump(function)
    out = "\n".join(map(ast.unparse, own(module, function.body, ["xs"], lambda n: module.fresh(n, taken))))
    assert ast.dump(function) == before
    return out


@pytest.mark.parametrize("body", ALONE)
def test_left_alone(body: str) -> None:
    assert rewritten(body) == ast.unparse(ast.parse(body)).replace("\n\n", "\n")


def test_lists_of_their_own() -> None:
    assert rewritten("n = looks(xs)\nlast = xs\nxs = new\nreturn (last[0], xs)") == (
        "xs_own = [item for item in xs]\nxs_moved = False\nn = looks(xs_own)\nlast = xs_own\nxs_own = new\n"
        "xs_moved = True\nif not xs_moved:\n    raise ValueError\nreturn (last[0], xs_own)"
    )
