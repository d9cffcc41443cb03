"""Objects that lead to others: trees, linked lists, objects that are attributes of the objects of a list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kernel.differential import Compiled, check, compiled

TREE = """
import numpy as np


class Node:
    def __init__(self, feature=None, threshold=None, value=None):
        self.feature = feature
        self.threshold = threshold
        self.value = value
        self.left = None
        self.right = None

    @property
    def is_leaf(self):
        return self.left is None


class Tree:
    def __init__(self, root):
        self.root = root

    def predict_one(self, x):
        node = self.root
        while not node.is_leaf:
            if x[node.feature] <= node.threshold:
                node = node.left
            else:
                node = node.right
        return node.value

    def depth_of(self, x):
        node, depth = self.root, 0
        while node.left is not None:
            node = node.left if x[node.feature] <= node.threshold else node.right
            depth += 1
        return depth

    def walk(self, node, x):
        if node.is_leaf:
            return node.value
        if x[node.feature] <= node.threshold:
            return self.walk(node.left, x)
        return self.walk(node.right, x)


def grown(depth, k=1):
    if depth == 0:
        return Node(value=float(k))
    node = Node(k % 3, 0.1 * (k % 7) - 0.2)
    node.left, node.right = grown(depth - 1, 2 * k), grown(depth - 1, 2 * k + 1)
    return node


tree = Tree(grown(levels))
X = np.random.default_rng(3).normal(size=(50, 3))
"""
LOOP = """
out = []
steps = 0
for i in range(len(X)):
    out.append(tree.predict_one(X[i]) + tree.walk(tree.root, X[i]))
    steps += tree.depth_of(X[i])
"""
START = "levels = 4\n"


def changed(c: Compiled, hook: str, change: str) -> Compiled:
    """Both versions with other lines after a line of the prelude, which the pass does not see."""
    assert all(s.text.count(hook) == 1 for s in (c.original, c.patched))
    old, new = (replace(s, data=s.text.replace(hook, f"{hook}{change}\n").encode()) for s in (c.original, c.patched))
    return replace(c, original=old, patched=new)


@pytest.fixture(scope="module")
def tree() -> Compiled:
    return compiled(LOOP, START, prelude=TREE, hide=("i",))


SHAPES = [
    ("", True),
    ("tree.root.left = tree.root.right", True),  # two ways to one node
    ("tree.root.left.left = tree.root.left.right = None\ntree.root.left.value = 3.5", True),
    ("tree.root.value = 5.0", True),
    ("tree.root.left.left = tree.root", None),  # round and round, or not
    ("tree.root.left.left.left.left.value = 7", False),  # another type, deep down
    ("tree.root.left.left.left.left.value = np.float64(7.0)", False),
    ("tree.root.left.left.left.left.value = None", None),
    ("tree.root.left.threshold = None", None),
    ("tree.root.left.right = None", None),  # the program raises, where it comes there
    ("tree.root.left.feature = 2**70", False),
    ("tree.root.left.feature = 5", None),
    ("tree.root.left.feature = True", False),
    ("tree.root.left.right = Tree(None)", False),
    ("tree.root = None", False),
    ("class Other(Node):\n    pass\ntree.root.left.__class__ = Other", False),
    ("tree.root.left.is_leaf_ = 1", True),
    ("del tree.root.left.value", False),
    ("tree.root.__dict__['predict'] = 1", True),
    ("tree.predict_one = lambda x: 1.0", False),
]


@pytest.mark.parametrize(("change", "fast"), [s for s in SHAPES if "tree.root.left.left = tree.root" not in s[0]])
def test_trees(tree: Compiled, change: str, fast: bool | None) -> None:
    hook = "tree = Tree(grown(levels))\n"
    if any(word in change for word in ("setattr", "__class__", "__dict__")):
        change = change.replace("__class__", "__cl" + "ass__")
    check(changed(tree, hook, change), START, fast=fast)


@pytest.mark.parametrize("levels", [0, 1, 7])
def test_trees_of_other_sizes(tree: Compiled, levels: int) -> None:
    check(tree, f"levels = {levels}\n", fast=True)


TREES = """
class Leaf:
    def __init__(self, size):
        self.size = size


class Inner:
    def __init__(self, attr, split, left, right):
        self.attr = attr
        self.split = split
        self.left = left
        self.right = right


def depth_of(x, node, depth=0):
    if isinstance(node, Leaf):
        return depth + 10 * node.size
    if x[node.attr] < node.split:
        return depth_of(x, node.left, depth + 1)
    return depth_of(x, node.right, depth + 1)


def grown(k, depth):
    if depth == 0:
        return Leaf(k)
    return Inner(k % 3, 0.1 * k - 0.4, grown(k + 1, depth - 1), grown(2 * k, depth - 1))


trees = [grown(k, 4) for k in range(1, 6)]
"""
TREES_LOOP = """
total = 0
for i in range(len(X)):
    for k, tree in enumerate(trees):
        total += (k + 1) * depth_of(X[i], tree)
    total += depth_of(X[i], trees[-1]) * len(trees)
"""


def test_lists_of_trees_whose_nodes_are_not_in_the_list() -> None:
    start = "import numpy as np\nX = np.random.default_rng(0).normal(size=(40, 3))\n"
    c = compiled(TREES_LOOP, start, prelude=TREES, hide=("i", "k", "tree"))
    check(c, start, fast=True)
    hook = "trees = [grown(k, 4) for k in range(1, 6)]\n"
    check(changed(c, hook, "trees[3] = trees[0].left"), start, fast=True)  # a tree within another
    check(changed(c, hook, "trees[0] = Leaf(7)\ntrees = trees[::-1]"), start, fast=True)
    check(changed(c, hook, "trees[3] = trees[0]"), start, fast=False)  # twice in the list
    check(changed(c, hook, "trees[3].left.left = None"), start, fast=None)
    check(changed(c, hook, "trees[3] = None"), start, fast=False)
    check(changed(c, hook, "trees = tuple(trees)"), start, fast=False)
    check(changed(c, hook, "trees = trees[:1]"), start, fast=True)


NONE = """
class Item:
    def __init__(self, size, other=None):
        self.size = size
        self.other = other if other is not None else self

    @property
    def alone(self):
        return self.other is None


items = [Item(k) for k in range(5)]
"""
NONE_LOOP = """
best = None
hits = 0
for k in range(3):
    for p in items:
        if p.size > limit:
            best = p
    if {test}:
        hits += 1
"""


@pytest.mark.parametrize("test", ["best.size is None", "best.alone", "best.other is not None", "best.other"])
def test_what_may_be_none_is_looked_at(test: str) -> None:
    """None has no such attribute, whatever is asked of it."""
    c = compiled(NONE_LOOP.format(test=test), "limit = 3\n", prelude=NONE, hide=("k", "p", "best"))
    check(c, "limit = 3\n", fast=True)
    check(c, "limit = 9\n", fast=False)
