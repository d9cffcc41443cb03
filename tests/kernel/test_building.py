"""Objects that kernels make: nodes of trees, trades, events."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kernel.differential import Compiled, check, compiled, refusal

# what an object holds, in order: `vars` and `__dict__` would turn kernels off
STATE = """
def held(x):
    return [*(x.__reduce_ex__(2)[2] or {}).items()]
"""
TREE = (
    STATE
    + """
class Node:
    def __init__(self, key, parent=None):
        self.key = key
        self.count = 1
        self.mean = 0.0
        self.label = None
        self.parent = parent
        self.left = self.right = None

    def bump(self, x):
        self.count += 1
        self.mean += (x - self.mean) / self.count


class Search:
    def __init__(self):
        self.root = None
        self.size = 0
        self.made = []

    def insert(self, key, x):
        if self.root is None:
            self.root = Node(key)
            self.size += 1
            return self.root
        node = self.root
        while True:
            if key == node.key:
                node.bump(x)
                if node.count > 3:
                    node.label = "many"
                return node
            if key < node.key:
                if node.left is None:
                    node.left = Node(key, node)
                    self.size += 1
                    self.made.append(node.left)
                    return node.left
                node = node.left
            else:
                if node.right is None:
                    node.right = Node(key, parent=node)
                    self.size += 1
                    self.made.append(node.right)
                    return node.right
                node = node.right


def shown(node):
    if node is None:
        return None
    up = None if node.parent is None else node.parent.key
    plain = [(k, v) for k, v in held(node) if k not in ("parent", "left", "right")]
    return ([k for k, v in held(node)], plain, up, shown(node.left), shown(node.right))


tree = Search()
"""
)
TREE_LOOP = """
last = None
for key, x in zip(keys, xs):
    last = tree.insert(key, x)
    if last.mean > limit:
        last.count += 10
"""
TREE_START = "keys = [(37 * i) % 11 for i in range(40)]\nxs = [0.25 * (i % 7) for i in range(40)]\nlimit = 0.9\n"
TREE_AFTER = (
    "final = (shown(tree.root), tree.size, [n.key for n in tree.made], last is tree.root, "
    "last in tree.made, all(n.parent.left is n or n.parent.right is n for n in tree.made), "
    "[type(n.count) for n in tree.made])"
)


@pytest.fixture(scope="module")
def tree() -> Compiled:
    c = compiled(TREE_LOOP, TREE_START, prelude=TREE, hide=("key", "x"), after=TREE_AFTER)
    return replace(c, outs=("final",))


@pytest.mark.parametrize(
    ("change", "fast"),
    [
        ("", True),
        ("keys = [5]; xs = [1.0]", True),
        ("keys = [5, 5, 5, 5, 5]; xs = [1.0, -0.0, 2.0, 0.0, 1.0]", True),
        ("xs[3] = float('nan')", True),
        ("keys = []", False),
        ("keys[7] = 2**70", False),
        ("keys[7] = 2.0", False),
        ("keys[7] = True", False),
        ("limit = float('nan')", True),
        ("keys = [*range(300)]; xs = [0.5] * 300", True),
    ],
)
def test_trees(tree: Compiled, change: str, fast: bool) -> None:
    check(tree, f"{TREE_START}{change}\n", fast=fast)


@pytest.mark.parametrize(
    "change",
    [
        "tree.insert(4, 1.0)",  # there is one already
        "tree.made = (1,)",
        "tree.size = None",
        "tree.insert = tree.insert",
        "class Root(Search):\n    pass\ntree = Root()",
        "tree.made = tree.extra = [4]",
        "Node = lambda key, parent=None: 5",
        "class Node(Node):\n    pass",
    ],
)
def test_other_objects(tree: Compiled, change: str) -> None:
    """The change happens in code that the pass does not see."""
    hook = "tree = Search()\n"
    assert all(s.text.count(hook) == 1 for s in (tree.original, tree.patched))
    old, new = (
        replace(s, data=s.text.replace(hook, f"{hook}{change}\n").encode()) for s in (tree.original, tree.patched)
    )
    fast = None if "[4]" in change or "class Node" in change else False
    check(replace(tree, original=old, patched=new), TREE_START, fast=fast)


TWO = (
    STATE
    + """
import random
from dataclasses import dataclass


@dataclass
class Leaf:
    size: int
    depth: int
    name: str = "leaf"


class Split:
    def __init__(self, feature, value, left, right):
        self.feature = feature
        self.value = value
        self.left = left
        self.right = right


class Grower:
    def __init__(self, limit, rng):
        self.limit = limit
        self.rng = rng
        self.leaves = 0

    def grow(self, X, depth):
        if depth >= self.limit or len(X) <= 1:
            self.leaves += 1
            return Leaf(len(X), depth)
        usable = [j for j in range(X.shape[1]) if X[:, j].min() < X[:, j].max()]
        if not usable:
            self.leaves += 1
            return Leaf(len(X), depth, name="same")
        feature = self.rng.choice(usable)
        low, high = X[:, feature].min(), X[:, feature].max()
        value = self.rng.uniform(low, high)
        mask = X[:, feature] < value
        return Split(feature, value, self.grow(X[mask], depth + 1), self.grow(X[~mask], depth + 1))


def length(x, node):
    if isinstance(node, Leaf):
        return node.depth + node.size
    return length(x, node.left if x[node.feature] < node.value else node.right)


def shown(node):
    if isinstance(node, Leaf):
        return held(node)
    keys = [k for k, _ in held(node)]
    return (keys, node.feature, node.value, shown(node.left), shown(node.right))


grower = Grower(6, random.Random(3))
"""
)
TWO_LOOP = """
total = 0
for turn in range(turns):
    root = grower.grow(X, 0)
    for i in range(len(X)):
        total += length(X[i], root)
"""
TWO_START = "import numpy as np\nX = np.random.default_rng(0).normal(size=(60, 3))\nturns = 3\n"


@pytest.mark.slow
def test_two_classes() -> None:
    after = "final = (total, shown(root), grower.leaves, grower.rng.random())"
    c = compiled(TWO_LOOP, TWO_START, prelude=TWO, hide=("turn", "i"), after=after)
    c = replace(c, outs=("final",))
    check(c, TWO_START, fast=True)
    check(c, TWO_START + "X = np.ones((5, 2))", fast=True)
    check(c, TWO_START + "X = X[:1]", fast=True)
    check(c, TWO_START + "X[3, 1] = np.nan", fast=None)
    check(c, TWO_START + "turns = 0", fast=False)


TRADES = (
    STATE
    + """
from dataclasses import dataclass
from typing import Optional


@dataclass
class Trade:
    pair: str
    side: int
    opened: int
    beta: float
    closed: int = -1
    pnl: float = 0.0
    reason: str = ""

    @property
    def days(self):
        return self.closed - self.opened


class Trader:
    def __init__(self, name, xs):
        self.name = name
        self.xs = xs
        self.position: Optional[Trade] = None
        self.returns = []
        self.trades = []

    def step(self, day):
        earned = 0.0
        if self.position is not None:
            trade = self.position
            earned = trade.side * (self.xs[day] - self.xs[day - 1]) / (1 + abs(trade.beta))
            trade.pnl += earned
        z = self.xs[day] - self.xs[day - 3]
        if self.position is not None:
            trade = self.position
            reason = None
            if abs(z) < 0.1:
                reason = "reverted"
            elif trade.side * z > 0.5:
                reason = "crossed"
            elif day - trade.opened >= 10:
                reason = "too long"
            if reason is not None:
                trade.closed = day
                trade.reason = reason
                trade.pnl -= 0.01
                self.trades.append(trade)
                self.position = None
        elif abs(z) > 0.4:
            self.position = Trade(self.name, -1 if z > 0 else 1, day, z, pnl=-0.01)
            earned -= 0.01
        return earned


trader = Trader("a/b", xs)
"""
)
TRADES_LOOP = """
for day in range(3, len(xs)):
    trader.returns.append(trader.step(day))
"""
TRADES_START = "import math\nxs = [math.sin(i / 3.0) + 0.1 * (i % 5) for i in range(80)]\n"
TRADES_AFTER = (
    "final = (trader.returns, [held(t) for t in trader.trades], [t.days for t in trader.trades], "
    "trader.position is not None and held(trader.position))"
)


def test_trades() -> None:
    c = compiled(TRADES_LOOP, TRADES_START, prelude=TRADES, hide=("day",), after=TRADES_AFTER)
    c = replace(c, outs=("final",))
    check(c, TRADES_START, fast=True)
    check(c, TRADES_START + "xs = xs[:25]", fast=True)
    check(c, TRADES_START + "xs[40] = math.nan", fast=True)
    check(c, TRADES_START + "xs[40] = 1", fast=False)
    check(c, TRADES_START + "xs = xs[:3]", fast=True)


CLASSES = {
    "only sometimes": "class N:\n    def __init__(self, k):\n        self.k = k\n        if k > 3:\n            self.big = 1",
    "looked at first": "class N:\n    def __init__(self, k):\n        self.k = self.j\n        self.j = k",
    "handed on": "seen = []\nclass N:\n    def __init__(self, k):\n        note(self)\n        self.k = k\n"
    "def note(x):\n    x.k = 3",
    "a method first": "class N:\n    def __init__(self, k):\n        self.reset()\n        self.k = k\n"
    "    def reset(self):\n        self.k = 0",
    "of its own making": "class N:\n    def __new__(cls, k):\n        return object.__new__(cls)\n"
    "    def __init__(self, k):\n        self.k = k",
    "said good-bye to": "class N:\n    def __init__(self, k):\n        self.k = k\n    def __del__(self):\n        print(1)",
    "after a return": "class N:\n    def __init__(self, k):\n        self.k = k\n        if k:\n            return\n",
    "any number": "class N:\n    def __init__(self, *k):\n        self.k = k[0]",
    "abstract": "import abc\nclass N(abc.ABC):\n    def __init__(self, k):\n        self.k = k",
    "counted": "class N:\n    made = 0\n    def __init__(self, k):\n        N.made += 1\n        self.k = k",
    "another attribute": "class N:\n    def __init__(self, k):\n        self.k = k\n"
    "    def twice(self):\n        self.j = 2 * self.k\n        return self.j",
    "frozen": "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass N:\n    k: int\n"
    "    def __post_init__(self):\n        object.__setattr__(self, 'k', 2)",
    "another factory": "from dataclasses import dataclass, field\ncount = iter(range(99))\n@dataclass\nclass N:\n"
    "    k: int\n    j: int = field(default_factory=lambda: next(count))",
    "not from outside": "from dataclasses import dataclass, field\n@dataclass\nclass N:\n    k: int\n"
    "    j: int = field(init=False, default=2)",
    "another field": "from dataclasses import dataclass\ndef field(default_factory):\n    return 3\n@dataclass\n"
    "class N:\n    k: int\n    j: int = field(default_factory=list)",
    "more after its fields": "from dataclasses import dataclass\n@dataclass\nclass N:\n    k: int\n"
    "    def __post_init__(self):\n        self.k += 1",
    "computed": "class N:\n    def __init__(self, k):\n        self.k = k\n"
    "    @property\n    def k(self):\n        return 1\n    @k.setter\n    def k(self, v):\n        pass",
    "lists": "class N:\n    def __init__(self, k):\n        self.k = [k]",
    "a metaclass": "class M(type):\n    def __call__(cls, k):\n        return k\n"
    "class N(metaclass=M):\n    def __init__(self, k):\n        self.k = k",
}


@pytest.mark.parametrize("kind", CLASSES)
def test_classes_that_are_left_alone(kind: str) -> None:
    use = "x.twice()" if kind == "another attribute" else "x.k"
    body = f"total = 0\nfor i in range(n):\n    x = N(i)\n    total += {use}\n"
    assert refusal(body, "n = 5\n", f"{CLASSES[kind]}\n")


FIELDS = (
    STATE
    + """
import dataclasses
from dataclasses import dataclass, field
@dataclass(frozen=True)
class City:
    x: float
    y: float = 1.5
    tag: str = dataclasses.field(default="a", compare=False)
    def far(self, other):
        return (self.x - other.x) ** 2 + (self.y - other.y) ** 2
@dataclass(frozen=True, slots=True)
class Leg:
    start: int
    length: float
@dataclass
class Tour:
    name: int
    stops: list = field(default_factory=list)
    legs: list[float] = dataclasses.field(default_factory=list, repr=False)
    closed: bool = field(default=False)
"""
)
FIELDS_LOOP = """
cities = [City(x, y) if x > y else City(y) for x, y in zip(xs, ys)]
tours = []
legs = []
for k in range(3):
    t = Tour(k, closed=k == 1) if k else Tour(name=7)
    for i in range(k, len(cities), k + 1):
        t.stops.append(i)
        t.legs.append(cities[i].far(cities[k]))
        legs.append(Leg(i, t.legs[-1] + cities[i].x))
    tours.append(t)
"""
FIELDS_AFTER = (
    "final = ([held(c) for c in cities], [held(t) for t in tours], [dataclasses.astuple(x) for x in legs], "
    "len({id(t.stops) for t in tours} | {id(t.legs) for t in tours}), cities[0] == City(*dataclasses.astuple(cities[0])), "
    "hash(cities[0]) == hash(City(*dataclasses.astuple(cities[0]))), [type(x) for x in (cities[0], legs[0], tours[0])])"
)


def test_fields() -> None:
    start = "xs = [0.5, 2.0, -1.0, 4.0]\nys = [1.0, 0.5, 3.0, 2.5]\n"
    c = replace(
        compiled(FIELDS_LOOP, start, FIELDS, hide=("i", "k", "t", "x", "y"), after=FIELDS_AFTER), outs=("final",)
    )
    check(c, start, fast=True)
    check(c, start + "xs[2] = float('nan'); ys[0] = -0.0", fast=True)
    check(c, start + "xs[1] = 2", fast=False)
    for given in ("Tour(k, [0])", "Tour(k, legs=[])", "Tour(k, [], [], True)", "Tour(*[k, []])"):
        assert refusal(FIELDS_LOOP.replace("Tour(k, closed=k == 1)", given), start, FIELDS), given
    assert refusal(FIELDS_LOOP + "cities[0].x = 2.0\n", start, FIELDS)


SWARM = (
    STATE
    + """
import numpy as np


class Particle:
    def __init__(self, position, velocity, name="p"):
        self.position = position
        self.velocity = velocity
        self.best_position = position.copy()
        self.best_value = float("inf")
        self.seen = []

    def look(self, value):
        self.seen.append(value)
        if value < self.best_value:
            self.best_value = value
            self.best_position = self.position.copy()
            return True
        return False


class Basket:
    def __init__(self, weights):
        total = sum(weights)
        self.weights = [w / total for w in weights]
        self.ids = [0]


def cost(x):
    return float(np.sum(x**2)) + 0.5 * x[0]


def shown(x):
    return [(k, v.tolist() if hasattr(v, "tolist") else v) for k, v in held(x)]
"""
)
SWARM_LOOP = """
rng = np.random.default_rng(seed)
swarm = [Particle(rng.uniform(-5.0, 5.0, 3), rng.uniform(-1.0, 1.0, 3)) for _ in range(n)]
baskets = []
hits = 0
for turn in range(6):
    for p in swarm:
        if p.look(cost(p.position)):
            hits += 1
    for p in swarm:
        r1, r2 = rng.random(), rng.random()
        p.velocity = 0.7 * p.velocity + 1.5 * r1 * (p.best_position - p.position)
        p.position = p.position + p.velocity * r2
    baskets.append(Basket([rng.random() for _ in range(turn + 1)]))
    baskets[-1].ids.append(turn)
"""


def test_lists_and_arrays_in_objects() -> None:
    start = "import numpy as np\nseed = 4\nn = 6\n"
    after = (
        "final = (hits, [shown(p) for p in swarm], [shown(b) for b in baskets], [type(p.position) for p in swarm],"
        " len({id(x) for p in swarm for x in (p.position, p.velocity, p.best_position, p.seen)}))"
    )
    c = compiled(SWARM_LOOP, start, prelude=SWARM, hide=("rng", "p", "r1", "r2", "turn"), after=after)
    c = replace(c, outs=("final",))
    check(c, start, fast=True)
    check(c, start + "n = 1", fast=True)
    check(c, start + "n = 0", fast=None)


SHARED = {
    "one list in two": "xs = [i, 2 * i]\n    out.append(P(xs))\n    out.append(P(xs))",
    "a name is left": "xs = [i, 2 * i]\n    out.append(P(xs))\n    xs[0] = 9",
    "a list from outside": "out.append(P(given))",
    "a part of an array": "out.append(P(X[i]))",
    "handed on": "p = P([i, 2 * i])\n    kept.append(p.xs)\n    out.append(p)",
    "from one to another": "p = P([i, 2 * i])\n    q = P([0, 0])\n    q.xs = p.xs\n    out.append(p)\n    out.append(q)",
    "within a list": "xs = [i, 2 * i]\n    kept.append(xs)\n    out.append(P(xs))",
}


@pytest.mark.parametrize("kind", SHARED)
def test_lists_that_may_be_one_do_not_leave(kind: str) -> None:
    prelude = "class P:\n    def __init__(self, xs):\n        self.xs = xs\n"
    body = f"out = []\nkept = []\nfor i in range(n):\n    {SHARED[kind]}\n"
    start = "import numpy as np\nn = 5\ngiven = [1, 2]\nX = np.ones((9, 2))\n"
    assert refusal(body, start, f"import numpy as np\n{prelude}")
