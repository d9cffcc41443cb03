"""Dicts and tuples that lead to others: trees without a class, asked for row after row."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from hasten.core.source import SourceFile
from hasten.observe.describe import describe
from tests.kernel.differential import Compiled, check, compiled, interpreted, refusal

TREES = """
import math
import numpy as np


def average(n):
    return 0.0 if n <= 1 else 2.0 * math.log(n - 1) + 0.5


def path_length(x, node, depth=0):
    if "size" in node:
        return depth + average(node["size"])
    if x[node["feature"]] < node["split"]:
        return path_length(x, node["left"], depth + 1)
    return path_length(x, node["right"], depth + 1)


def predict(node, row):
    if row[node["index"]] < node["value"]:
        if isinstance(node["left"], dict):
            return predict(node["left"], row)
        return node["left"]
    if isinstance(node["right"], dict):
        return predict(node["right"], row)
    return node["right"]


def walk(tree, row):
    while isinstance(tree, tuple):
        feature, split, left, right = tree
        tree = left if row[feature] <= split else right
    return tree


def evaluate(node, x):
    kind = node[0]
    if kind == "num":
        return node[1]
    if kind == "x":
        return x
    a = evaluate(node[1], x)
    b = evaluate(node[2], x)
    return a + b if kind == "+" else a * b


def nearest(node, q, best, best_d, depth=0):
    if node is None:
        return best, best_d
    d = 0.0
    for a, b in zip(node["point"], q):
        d += (a - b) ** 2
    if d < best_d:
        best, best_d = node["id"], d
    axis = depth % 2
    side = "left" if q[axis] < node["point"][axis] else "right"
    best, best_d = nearest(node[side], q, best, best_d, depth + 1)
    if (q[axis] - node["point"][axis]) ** 2 < best_d:
        other = node["right" if side == "left" else "left"]
        best, best_d = nearest(other, q, best, best_d, depth + 1)
    return best, best_d


def classify(tree, row):
    while not isinstance(tree, str):
        value = row[tree["attr"]]
        if value not in tree["branches"]:
            return tree["usual"]
        tree = tree["branches"][value]
    return tree


def total(node):
    t = node["value"]
    for child in node["children"]:
        t += total(child)
    if len(node["children"]) > 1 and node["children"]:
        t -= node["children"][0]["value"] * node["children"][-1]["value"]
    return t


def count(node, x):
    if not node:
        return x
    return count(node["left"], x) + count(node["right"], x)


def leaf_of(node, row):
    while node["left"] is not None:
        node = node["left"] if row[0] < node["split"] else node["right"]
    return node


def grow(depth, k=1):
    if depth == 0:
        return {"size": k}
    left, right = grow(depth - 1, 2 * k), grow(depth - 1, 2 * k + 1)
    return {"feature": k % 3, "split": 0.1 * (k % 7), "left": left, "right": right}


def cart(depth, k=1):
    left, right = (cart(depth - 1, 2 * k + i) if depth else float(k % 5) for i in (0, 1))
    return {"index": k % 3, "value": 0.1 * (k % 7), "left": left, "right": right}


def tup(depth, k=1):
    return (k % 3, 0.1 * (k % 7), tup(depth - 1, 2 * k), tup(depth - 1, 2 * k + 1)) if depth else 0.5 * k


def ex(depth, k=1):
    if depth == 0:
        return ("num", 0.25 * k) if k % 3 else ("x",)
    return ("+*"[k % 2], ex(depth - 1, 2 * k), ex(depth - 1, 2 * k + 1))


def kd(points, depth=0):
    if not points:
        return None
    points = sorted(points, key=lambda p: p[0][depth % 2])
    m = len(points) // 2
    left, right = kd(points[:m], depth + 1), kd(points[m + 1 :], depth + 1)
    return {"point": points[m][0], "id": points[m][1], "left": left, "right": right}


def id3(depth, k=1):
    if depth == 0:
        return "yes" if k % 3 else "no"
    return {"attr": k % 2, "usual": "usual", "branches": {c: id3(depth - 1, 3 * k + i) for i, c in enumerate("abc")}}


def nary(depth, k=1):
    return {"value": 0.5 * k, "children": [nary(depth - 1, 3 * k + i) for i in range(k % 4 if depth else 0)]}


def half(depth, k=1):
    if depth == 0:
        return {"split": None, "left": None, "right": None, "value": k}
    left, right = half(depth - 1, 2 * k), half(depth - 1, 2 * k + 1)
    return {"split": 0.1 * (k % 7), "left": left, "right": right, "value": None}


def bare(depth):
    return {"left": bare(depth - 1), "right": bare(depth - 1)} if depth else {"left": None, "right": None}


bares = bare(depth)
trees = [grow(depth), grow(depth + 1)]
carts, tuples, formula, tree = cart(depth), tup(depth), ex(depth), kd([([0.1 * (k % 7), 0.3 * k], k) for k in range(9)])
branches, family, halves = id3(depth), nary(depth), half(depth)
X = [[0.05 * i, 0.4 - 0.01 * i, 0.3] for i in range(12)]
words = [["a", "b"], ["c", "a"], ["d", "a"], ["b", "d"]]
"""
START = "depth = 3\n"
HOOK = "words = [["


def plain(c: Compiled) -> Compiled:
    """With the kernel run by the interpreter, and tables of Python's own numbers."""
    c = interpreted(c)
    text, count = re.subn(
        r"np\.zeros\(\((len\(\w+\), \d+)\)(?:, np\.int64)?\)", r"np.zeros((\1), object)", c.patched.text
    )
    assert count
    text = re.sub(r", (float|int), np\.(?:float64|int64)\)", r", \1, object)", text)
    return replace(c, patched=SourceFile("snippet.py", text.encode()))


def made(body: str, hide: tuple[str, ...] = ()) -> Compiled:
    return compiled(body, START, prelude=TREES, hide=("x", "b", "d", "t", *hide))


LOOPS = {
    "path": "out = []\nfor x in X:\n    out.append(sum(path_length(x, t) for t in trees) / len(trees))\n",
    "cart": "out = []\nfor x in X:\n    out.append(predict(carts, x))\n",
    "tuple": "out = []\nfor x in X:\n    out.append(walk(tuples, x))\n",
    "formula": "out = 0.0\nfor x in X:\n    out += evaluate(formula, x[0])\n",
    "near": "out = []\nfor x in X:\n    b, d = nearest(tree, x, -1, 1e300)\n    out.append((b, d))\n",
    "word": "out = []\nfor x in words:\n    out.append(classify(branches, x))\n",
    "family": "out = 0.0\nfor x in X:\n    out += total(family)\n",
    "truth": "out = 0.0\nfor x in X:\n    out += count(bares, x[0])\n",
    "leaves": "out = []\nfor x in X:\n    out.append(leaf_of(halves, x))\n",
}


@pytest.fixture(scope="module")
def loops() -> dict[str, Compiled]:
    return {name: made(body) for name, body in LOOPS.items()}


@pytest.mark.parametrize("name", ["path", "cart"])
def test_compiled(loops: dict[str, Compiled], name: str) -> None:
    check(loops[name], START, fast=True)


# what is changed, whose loop it concerns, and whether a kernel takes it
SHAPES = [
    ("", "", True),
    ("trees[0]['left'] = trees[0]['right']", "path", True),
    ("trees[0]['right'] = trees[1]", "path", True),
    ("trees[0]['right']['left'] = trees[0]", "path", False),  # round and round
    ("trees[0]['right']['left']['size'] = 7", "path", None),
    ("trees[0]['right']['split'] = float('nan')", "path", True),
    ("trees[0]['right']['split'] = -0.0", "path", True),
    ("trees[0]['right']['split'] = 1", "path", False),
    ("trees[0]['right']['split'] = np.float64(0.2)", "path", False),
    ("trees[0]['right']['feature'] = True", "path", False),
    ("trees[0]['right']['feature'] = 2**70", "path", False),
    ("trees[0]['right']['feature'] = 5", "path", False),  # the program raises
    ("trees[0]['right']['feature'] = -1", "path", True),
    ("trees[0]['right']['feature'] = None", "path", False),
    ("del trees[0]['right']['left']", "path", None),
    ("del trees[0]['right']['feature']", "path", False),
    ("trees[0]['right'] = None", "path", False),
    ("trees[0]['right'] = 'size and more'", "path", False),  # `in` a string
    ("trees[0]['right'] = ['size']", "path", False),
    ("trees[0]['right'] = {}", "path", False),
    ("import collections\ntrees[0]['right'] = collections.OrderedDict(trees[0]['right'])", "path", False),
    ("import collections\ntrees[0]['right'] = collections.defaultdict(int, size=3)", "path", False),
    ("trees[0]['right'][0] = 3", "path", True),
    ("trees[0]['right'][1.5] = trees", "path", True),
    ("trees.append(trees[0])", "path", True),
    ("trees.append(trees[0]['right'])", "path", True),
    ("trees.append(3.5)", "path", False),
    ("trees.clear()", "path", False),
    ("trees = tuple(trees)", "path", False),
    ("X = []", "path", None),
    ("carts['left']['left'] = 2.5", "cart", True),
    ("carts['left']['left'] = 2", "cart", None),
    ("carts['left']['left'] = 'a'", "cart", None),
    ("carts['left']['left'] = None", "cart", None),
    ("carts['left']['left'] = True", "cart", None),
    ("carts['left'] = (1, 2)", "cart", None),
    ("carts['left'] = carts['right'] = 1.5", "cart", True),
    ("carts['left'] = carts['right'] = float('nan')", "cart", True),
    ("carts = 3.0", "cart", False),
    ("tuples = (0, 0.2, 1.5, (1, 0.1, 2.5, -0.0))", "tuple", True),
    ("tuples = (0, 0.2, 1.5, (1, 0.1, 2.5))", "tuple", None),
    ("tuples = (0, 0.2, 1.5, [1, 0.1, 2.5, 3.5])", "tuple", None),
    ("tuples = (0, 0.2, 1.5, 'abcd')", "tuple", False),
    ("tuples = 2.5", "tuple", False),
    ("class Pair(tuple):\n    pass\ntuples = (0, 0.2, 1.5, Pair((0, 0.3, 1.5, 2.5)))", "tuple", None),
    ("formula = ('+', ('x',), ('*', ('num', 2.0), ('x',)))", "formula", True),
    ("formula = ('+', ('x',), ('*', ('num', 2), ('x',)))", "formula", False),
    ("formula = ('x',)", "formula", None),
    ("formula = ('+', ('x',), 'xx')", "formula", None),  # a string has places too
    ("formula = ['+', ('x',), ('num', 1.5)]", "formula", False),
    ("tree['left'] = None", "near", True),
    ("tree['left']['point'] = tree['point']", "near", True),
    ("tree['left']['point'] = (0.1, 0.2)", "near", False),
    ("tree['left']['point'] = [0.1]", "near", None),
    ("tree['left']['point'] = None", "near", False),
    ("del tree['left']['right']", "near", None),
    ("tree = None", "near", False),
    ("branches['branches']['a'] = 'no'", "word", True),
    ("branches['branches'][3] = 'no'", "word", False),
    ("branches['branches'] = {}", "word", None),
    ("branches['branches']['a'] = None", "word", False),
    ("branches['branches']['a'] = ['yes']", "word", False),
    ("branches['branches'] = [branches]", "word", False),
    ("branches['usual'] = 3", "word", False),
    ("family['children'] = []", "family", True),
    ("family['children'] = tuple(family['children'])", "family", True),
    ("family['children'] = {'a': family['children'][0]}", "family", False),
    ("family['children'] = None", "family", False),
    ("family['children'].append(family['children'][0])", "family", True),
    ("family['children'].append(None)", "family", False),
    ("family['value'] = 3", "family", False),
    *((f"bares['left'] = {v}", "truth", True) for v in ("None", "{}", "[]", "()", "bares['right']")),
    *(
        (f"bares['left'] = {v}", "truth", False)
        for v in ("3", "0", "''", "'ab'", "0.5", "True", "np.float64(1)", "(1,)")
    ),
    ("halves['left'] = None", "leaves", True),
    ("halves['left']['left'] = halves['right']", "leaves", True),
    ("halves['left']['left'] = halves['left']['right'] = None", "leaves", True),
    ("halves['left']['left'] = 3.0", "leaves", None),
]


@pytest.mark.parametrize(("change", "name", "fast"), SHAPES)
def test_other_trees(loops: dict[str, Compiled], change: str, name: str, fast: bool | None) -> None:
    for each in [name] if name else loops:
        c = plain(loops[each])
        old, new = (
            type(s)(s.path, s.data.replace(HOOK.encode(), f"{change}\n{HOOK}".encode(), 1))
            for s in (c.original, c.patched)
        )
        check(Compiled(old, new, c.change, c.outs), START, fast=fast)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_trees_of_other_sizes(loops: dict[str, Compiled], depth: int) -> None:
    for c in loops.values():
        check(plain(c), f"depth = {depth}\n", fast=None if depth == 1 else True)


REFUSED = [
    "for x in X:\n    trees[0]['right']['seen'] = 1\n    out = path_length(x, trees[0])\n",
    "for x in X:\n    trees[0]['right'].pop('size', None)\n    out = path_length(x, trees[0])\n",
    "for x in X:\n    del trees[0]['right']\n    out = path_length(x, trees[0])\n",
    "out = 0\nfor x in X:\n    out += trees[0]['right'] == trees[1]['left']\n",
    "out = 0\nfor x in X:\n    out += trees[0]['right'] in [trees[1]['left'], trees[0]['right']]\n",
    "out = 0\nfor x in X:\n    out += trees[0]['right'] is trees[1]['left']\n",
    "out = 0\nfor x in X:\n    out += len({id(trees[0]['right'])})\n",
    "out = 0\nfor x in X:\n    out += len(sorted([trees[0]['right']['left'], trees[0]['right']['left']]))\n",
    "out = 0\nfor x in X:\n    out += {tuples: 1}.get(tuples[2], 2)\n",
    "out = 0\nfor x in X:\n    b = None if x[0] < 0.1 else halves['left']\n    out += b is None\n",
]


@pytest.mark.parametrize("body", REFUSED)
def test_refused(body: str) -> None:
    assert refusal(body, START, prelude=TREES)


@pytest.mark.parametrize(("given", "fast"), [("t", True), ('t["left"]', False)])
def test_a_name_that_is_none_for_a_while(given: str, fast: bool) -> None:
    body = f"""
    out = 0
    for x in X:
        b = None
        t = leaf_of(halves, x)
        if x[0] > 0.2:
            b = {given}
        if b is None:
            out += 1
    """
    check(plain(made(body)), START, fast=fast)


def test_only_what_leads_on_is_described() -> None:
    assert not describe([{"a": {"b": 1}}, {"a": {"b": 2}}]).items[0].knots
    assert not describe({"a": {"b": {"c": 1}}}).knots
    assert not describe((1, (2, 3))).knots
    (fact,) = [f for f in describe({"a": {"a": {"b": 1}, "c": None}}).knots if f.type == "builtins.dict"]
    assert sorted(key for key, _ in fact.fields) == ["a", "b", "c"]
