"""Deques that only their function sees are lists in its kernel; set displays."""

from __future__ import annotations

import ast
import textwrap

import pytest

from hasten.core.source import SourceFile
from hasten.kernel.deques import as_lists
from hasten.kernel.program import Module
from tests.kernel.differential import check, compiled_function

IMPORTS = "import collections\nfrom collections import deque\n"
BREADTH = """
def f(links, start):
    order = []
    seen = {start}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        order.append(node)
        for other in links[node]:
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return order
"""
LEVELS = """
def f(links, start):
    best = 0
    seen = {start, -1}
    queue: collections.deque = collections.deque()
    queue.append((start, 0))
    while len(queue) > 0:
        node, level = queue.popleft()
        best = max(best, level)
        for other in links[node]:
            if other not in seen:
                seen.add(other)
                queue.append((other, level + 1))
    return best, len(seen)
"""
WINDOW = """
def f(values, size):
    window = deque()
    out = []
    for v in values:
        while window and window[-1] < v:
            window.pop()
        window.append(v)
        if len(window) > size and not v < 0.0:
            window.popleft()
        out.append(sum(window) / len(window))
    return out
"""
LINKS = "{k: [(k * 7 + 1) % 40, (k * 3) % 40] for k in range(40)}"


@pytest.mark.parametrize("text", [BREADTH, LEVELS])
def test_search_in_breadth(text: str) -> None:
    c = compiled_function(IMPORTS + text, f"args = ({LINKS}, 1)")
    check(c, f"args = ({LINKS}, 5)", fast=True)
    check(c, "args = ({1: [2], 2: [3]}, 1)", fast=False)  # 3 is no key
    check(c, "args = ({1: []}, 1)", fast=None)
    check(c, "args = ({True: [1]}, True)", fast=False)


def test_window() -> None:
    c = compiled_function(IMPORTS + WINDOW, "args = ([3.0, 1.0, 4.0, 1.0, 5.0], 2)")
    check(c, "args = ([3.0, 1.0, -4.0, 1.0, 0.5, 0.25, -0.0, 0.0], 3)", fast=True)
    check(c, "args = ([3.0, float('nan'), 1.0], 0)")
    check(c, "args = ([3.0, 1, 2.0], 1)", fast=False)


ALONE = [
    "q = deque([1])\nreturn q",
    "q = deque([1], 3, maxlen=4)\nq.popleft()",
    "q = deque(iterable=[1])\nq.popleft()",
    "q = deque([1], maxlen=3)\nq.popleft()\nq = deque()",
    "q = deque([1], maxlen=3)\nx = q.append(2) or q.popleft()",
    "q = deque([1], maxlen=3)\ng = [q.append(x) for x in other]",
    "q = deque([1], maxlen=n())\nq.popleft()",
    "q = deque([n := 2], maxlen=n)\nq.popleft()",
    "q = deque(maxlen=3)\nq = deque(maxlen=len(q))",
    "q = deque([1], maxlen=3)\nq.maxlen = 2",
    "q = deque([1])\nx = q.maxlen",
    "q = deque([1])\nq.extend(x for x in q)",
    "q = deque([1])\nfor x in q:\n    q.popleft()",
    "q = deque([1])\nfor i, x in enumerate(q):\n    q = deque([2])",
    "q = deque([1])\ng = (x for x in q)\nq.append(2)",
    "q = deque([1])\nr = reversed(q)\nq.append(2)",
    "q = deque([1])\nx = [q.popleft() for y in q]",
    "q = deque([1])\nq.rotate(1)",
    "q = deque([1])\nx = q.pop(0)",
    "q = deque([1])\nx = q[0:1]",
    "q = deque([1])\nx = q\nx.append(2)",
    "q = deque([1])\nprint(q)",
    "q = deque([1])\nx = q == [1]",
    "q = deque([1])\nx = q or 3",
    "q = deque([1])\nfor x in q:\n    q.append(x)",
    "q = deque([1])\nx = [q]",
    "q = deque([1])\ng = lambda: q.popleft()",
    "q = deque([1])\ndef g():\n    q.append(1)",
    "q = deque([1])\nq = other",
    "q = p = deque([1])\nq.popleft()",
    "q = deque([1])\nq += [2]",
    "q = deque([1])\ndel q",
    "global q\nq = deque([1])\nq.popleft()",
    "q = deque([1])\nx = 1 in q in other",
    "if (q := deque([1])):\n    q.popleft()",
]


def rewritten(body: str, head: str = IMPORTS) -> str:
    text = head + "def f(other):\n" + textwrap.indent(body, "    ") + "\n"
    source = SourceFile("a.py", text.encode())
    function = source.tree.body[-1]
    assert isinstance(function, ast.FunctionDef)
    before = ast.dump(function)
    module = Module(source)
    taken: set[str] = set()
    out = "\n".join(map(ast.unparse, as_lists(module, function.body, ("other",), lambda n: module.fresh(n, taken))))
    assert ast.dump(function) == before
    return out


@pytest.mark.parametrize("body", ALONE)
def test_left_alone(body: str) -> None:
    assert rewritten(body).replace("\n\n", "\n") == ast.unparse(ast.parse(body)).replace("\n\n", "\n")


def test_another_deque() -> None:
    body = "q = deque([1])\nx = q.popleft()"
    assert rewritten(body) == "q = [1]\nx = q.pop(0)"
    assert "popleft" in rewritten(body, "from mine import deque\n")
    assert "popleft" in rewritten(body, IMPORTS + "class deque(list):\n    pass\n\n")


@pytest.mark.parametrize(
    ("body", "new"),
    [
        ("q = deque(other)\nx = q.popleft() if q else 0", "q = list(other)\nx = q.pop(0) if q else 0"),
        ("q = deque()\nwhile q and other:\n    q.popleft()", "q = []\nwhile q and other:\n    q.pop(0)"),
        ("q = deque(i for i in other)\nx = 3 in q", "q = list((i for i in other))\nx = 3 in q"),
    ],
)
def test_lists(body: str, new: str) -> None:
    assert rewritten(body) == new


LIMITED = """
def f(values, fast, slow):
    q, out = deque(maxlen=fast), []
    p: deque = collections.deque([0.0, 0.5], slow)
    for v in values:
        q.append(v)
        if v < 0.0:
            p.appendleft(v)
        elif v == 9.0:
            p.extend([v, v + 1.0, v + 2.0])
        elif v == 8.0:
            q.clear()
        else:
            p.append(v)
        if len(p) < p.maxlen:
            continue
        top = max([x for x in q] + [0.25])
        for i, x in enumerate(p):
            top += x * i
        for x, y in zip(p, q):
            top += x * y
        out.append(top)
    return out, len(q), list(p)
"""


def test_greatest_length() -> None:
    c = compiled_function(IMPORTS + LIMITED, "args = ([float(i * 7 % 11) - 2.0 for i in range(30)], 3, 5)")
    values = "[1.0, -2.0, -0.0, float('inf'), 9.0, 3.0, 8.0, 4.0, -7.0, 9.0]"
    for fast, slow in [(1, 2), (3, 1), (0, 3), (2, 0), (40, 50)]:
        check(c, f"args = ({values}, {fast}, {slow})", fast=True)
    for given in ("-1, 2", "2, -1", "True, 2", "2, 1.0", "2**70, 2", "2, None", "2, np.int64(3)", "None, 2"):
        check(c, f"args = ({values}, {given})", fast=False)
    check(c, "args = ([], 2, 3)", fast=None)
    check(c, "args = ([1.0, float('nan'), 9.0, 3.0], 2, 3)")


@pytest.mark.parametrize("limit", ["w - 2", "w"])
def test_greatest_length_that_is_worked_out(limit: str) -> None:
    text = f"""
def f(values, w):
    q = deque(maxlen={limit})
    total = 0.0
    for v in values:
        q.append(v)
        if len(q) == q.maxlen:
            total += q[0] - q[-1]
    return total
"""
    c = compiled_function(IMPORTS + text, "args = ([1.0, 5.0, 2.0, 4.0], 4)")
    for w in (0, 1, 2, 3, 6):
        check(c, f"args = ([1.0, 5.0, -2.0, 4.0, 8.0, 0.5], {w})")


def test_set_displays() -> None:
    text = "def f(a, b, xs):\n    out = []\n    for x in {a, b, 1000}:\n        out.append(x)\n"
    text += "    n = 0\n    for x in xs:\n        if x in {a, 7, b}:\n            n += 1\n    return out, n\n"
    c = compiled_function(text, "args = (3, 9, [1, 2, 3])")
    for given in ("(9, 3, [7, 9])", "(1000, 1000, [7])", "(-1, -2, [])", "(8, 16, [0, 16])", "(2**61 - 1, 0, [0])"):
        check(c, f"args = {given}", fast=None)
    constants = "def f(xs):\n    out = []\n    for x in {3, 1, 2}:\n        out.append(x + xs[0])\n    return out\n"
    with pytest.raises(AssertionError, match="made of another set"):
        compiled_function(constants, "args = ([1, 2, 3],)")
