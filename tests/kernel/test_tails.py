"""Functions that end with a call of themselves, as loops; comprehensions that call functions, as loops."""

from __future__ import annotations

import ast

import pytest

from hasten.kernel.tails import looped
from tests.kernel.differential import check, compiled


def function(text: str) -> ast.FunctionDef:
    (found,) = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
    return found


LEFT_ALONE = [
    "def f(n):\n    return 1 + f(n - 1)",
    "def f(n):\n    for i in range(n):\n        return f(i)\n    return 0",
    "def f(n):\n    if n:\n        return f(n - 1)\n    return f(f(n))",
    "def f(n):\n    f(n - 1)\n    return f(n - 2)",
    "def f(n, *rest):\n    return f(n - 1)",
    "def f(n):\n    try:\n        return f(n - 1)\n    finally:\n        pass",
    "def f(n):\n    g = lambda: n\n    return f(g())",
    "def f(n, xs=[]):\n    return f(n - 1)",
    "def f(n):\n    if n > 3:\n        kept = n\n    if n < 0:\n        return kept\n    return f(n - 1)",
    "def f(n):\n    return f(*n)",
    "def f(n):\n    return g(n - 1)",
    "def f(f):\n    return f(f)",
]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_left_alone(text: str) -> None:
    func = function(text)
    assert looped(func, False) is func


@pytest.mark.parametrize(
    "text",
    [
        "def f(self, n):\n    return n.f(n - 1)",
        "def f(self, n):\n    return self.left.f(n - 1)",
        "def f(self, n):\n    self = n\n    return self.f(n - 1)",
        "def f(self, n):\n    return f(self, n - 1)",
    ],
)
def test_methods_of_other_objects(text: str) -> None:
    func = function(text)
    assert looped(func, True) is func


CALLS = [
    (9, 4, 0), (0, 0, 0), (249, 1, 2), (251, 3, 1), (600, 2, 2), (-1, 5, 5), (12, 0, -7), (10_000, 1, 1),
]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "def f(n, a, b):\n    if n <= 0:\n        return a * 100 + b\n    if n % 2:\n        return f(n - 1, b, a)\n"
        "    return f(n - 1, a=b, b=a + 1)",
        "def f(n, a, b=7):\n    while n > 0 and a < 5:\n        a += 1\n        n -= 1\n    if n <= 0:\n        return a, b\n"
        "    return f(n - 1, 0)",
        "def f(n, a, b):\n    return a if n <= 0 else f(n - 1, a, b) if n % 3 else f(n - 2, b, a)",
        "def f(n, a, b):\n    if n <= 0:\n        return [k for k in range(a)]\n    else:\n        return f(n - 1, a, n)",
    ],
)
def test_they_say_the_same(text: str) -> None:
    func = function(text)
    new = looped(func, False)
    assert new is not func and not any(isinstance(n, ast.Call) and ast.unparse(n.func) == "f" for n in ast.walk(new))
    plain: dict[str, object] = {}
    turned: dict[str, object] = {}
    exec(text, plain)
    exec(compile(ast.unparse(new), "turned", "exec"), turned)
    for args in CALLS:
        results = []
        for f in (plain["f"], turned["f"]):
            try:
                results.append(f(*args))  # type: ignore[operator]
            except RecursionError:
                results.append("deep")
        assert results[0] == results[1] or results[1] == "deep" and args[0] > 250


BODY = """
import numpy as np


class Node:
    def __init__(self, value, left=None, right=None):
        self.value = value
        self.left = left
        self.right = right


class Tree:
    def __init__(self, root):
        self.root = root

    def find(self, x, node=None, depth=0):
        node = node or self.root
        if node.left is None or x == node.value:
            return depth + node.value
        return self.find(x, node.left if x < node.value else node.right, depth + 1)

    def one(self, x):
        node = self.root
        while node.left is not None:
            node = node.left if x < node.value else node.right
        return node.value * 0.5

    def every(self, xs):
        return np.array([self.one(x) for x in xs if x > 0])


def grown(low, high):
    middle = (low + high) // 2
    return Node(middle, grown(low, middle), grown(middle, high)) if high - low > 1 else Node(low)


tree = Tree(grown(0, size))
"""
LOOP = """
total = 0
weight = 0.0
for k in range(n):
    total += tree.find(k)
    weight += tree.every(xs).sum() + sum(tree.one(x) for x in xs)
"""


def test_methods_that_call_themselves() -> None:
    start = "size = 30\nn = 30\nxs = [0.5 * i - 3.0 for i in range(20)]\n"
    c = compiled(LOOP, start, prelude=BODY, hide=("k",))
    assert "nested_calls" not in c.patched.text, "it runs as a loop"
    check(c, start, fast=True)
    check(c, start + "size = 1", fast=True)
    check(c, start + "xs = [1.0]", fast=True)
    check(c, start + "xs = []", fast=None)
    deep = "tree.root = Node(3)\nfor i in range(400):\n    tree.root = Node(2 * i + 5, tree.root, Node(1))\n"
    hook = "tree = Tree(grown(0, size))\n"
    from dataclasses import replace

    old, new = (replace(s, data=s.text.replace(hook, hook + deep).encode()) for s in (c.original, c.patched))
    check(replace(c, original=old, patched=new), start, fast=False)
