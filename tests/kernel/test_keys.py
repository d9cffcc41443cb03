"""Keys of dicts of any shape, and dicts from outside that change."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from hasten.kernel import keys, runtime, tables
from hasten.kernel.kinds import BOOL, FLOAT, INT, NPF8, Map, Refuse, Tup, Word
from hasten.observe.describe import describe
from tests.kernel.differential import check, compiled_function, refusal

CELL = Tup((INT, INT))


@pytest.mark.parametrize(
    ("t", "kind", "parts"),
    [
        (INT, "int", ("int",)),
        (FLOAT, "float", ("float",)),
        (CELL, "pair", ("int", "int")),
        (Tup((INT, INT, BOOL)), "triple", ("int", "int", "bool")),
        (Tup((INT,) * 4), "tuple_4", ("int",) * 4),
        (Tup((CELL, Word())), "tuples_2_1", ("int", "int", "word ")),
    ],
)
def test_kinds(t: Any, kind: str, parts: tuple[str, ...]) -> None:
    assert (keys.kind(t), keys.parts(t)) == (kind, parts)


@pytest.mark.parametrize("t", [NPF8, Tup((INT, FLOAT)), Tup((Tup((CELL, INT)), INT)), Tup((INT,) * 7), None])
def test_what_is_no_key(t: Any) -> None:
    with pytest.raises(Refuse):
        keys.kind(t)


def test_helpers_do_what_dicts_do() -> None:
    kind = "tuples_2_1"
    space: dict[str, Any] = {"np": np}
    for name in runtime.closure({f"{w}_{kind}" for w in ("put", "get", "has", "at", "dict")}):
        exec(re.sub("@njit.*", "", runtime.HELPERS[name].text), space)
    draw = random.Random(3)
    ours, theirs = space[f"_dict_{kind}"]([], []), {}
    with np.errstate(over="ignore"):
        for _ in range(400):
            key = ((draw.randrange(-6, 6), draw.randrange(5)), draw.randrange(3))
            assert space[f"_has_{kind}"](ours, key) == (key in theirs)
            assert space[f"_get_{kind}"](ours, key, -1) == theirs.get(key, -1)
            space[f"_put_{kind}"](ours, key, draw.random())
            theirs[key] = ours[1][space[f"_at_{kind}"](ours, key)]
        assert list(zip(ours[0], ours[1], strict=True)) == list(theirs.items())


def test_what_was_recorded() -> None:
    held = describe({((1, 2), "up"): 0.5})
    assert tables.key_type(held.keys) == Tup((CELL, Word()))
    assert tables.live("q", (held,)) == Map(Tup((CELL, Word())), FLOAT, frozenset({"q"}))
    made = tables.live("q", (describe(defaultdict(float)),))
    assert made is not None and made.fresh and made.default == "collections.defaultdict(float"
    assert tables.live("q", (describe(defaultdict(lambda: 0.0)),)) is None
    assert tables.live("q", (describe({((1, 2), "up"): 0.5, ((4, 2.0), "up"): 0.5}),)) is None
    assert tables.live("q", (describe({(1, 2, 3, 4): 1, (1, 2): 2}),)) is None


LEARNING = """
import random
from collections import defaultdict


class Agent:
    def __init__(self, start):
        self.pos = (start, 0)
        self.q = defaultdict(float)
        self.seen = {}

    def move(self, k):
        self.pos = (self.pos[0] + k, (self.pos[1] + 1) % 3)
        return self.pos


def f(q, counts, steps):
    agent = Agent(2)
    firsts = defaultdict(lambda: [0.0, 0.5])
    total = 0.0
    for k, flag in steps:
        before = agent.pos
        here = agent.move(k)
        q[(here, k)] += 0.5 * (1.0 + max(q[(before, a)] for a in (0, 1)) - q[(here, k)])
        counts[(here[0], here[1], k, flag)] = counts.get((here[0], here[1], k, flag), 0) + 1
        firsts[here][0] += q[(here, k)]
        firsts[here][1] += 1.5
        if here == (3, 1):
            total += firsts[here][0]
        agent.q[(here, flag)] += 1.0
        agent.seen[here] = k
    for key in agent.q:
        total += agent.q[key]
    return total, len(agent.seen), firsts
"""

SETUPS = [
    ("q, counts = defaultdict(float, {((3, 1), 0): 0.25}), {(3, 1, 0, True): 2}", True),
    ("q, counts = defaultdict(float), {}", True),
    ("q, counts = defaultdict(float, {((0, 1), 0): -0.0, ((3, 1), 1): 1e300}), {(9, 1, 0, True): 2**62}", True),
    ("q, counts = defaultdict(float, {((3, 1), 0): float('nan')}), {(3, 1, 0, True): 2}", False),
    ("q, counts = defaultdict(int, {((3, 1), 0): 0.25}), {(3, 1, 0, True): 2}", False),
    ("q, counts = defaultdict(float, {((3, 1), 0): 1}), {(3, 1, 0, True): 2}", False),
    ("q, counts = {((3, 1), 0): 0.25}, {(3, 1, 0, True): 2}", False),
    ("q, counts = defaultdict(float, {((3, True), 0): 0.25}), {(3, 1, 0, True): 2}", False),
    ("q, counts = defaultdict(float, {((3, 1), 0): 0.25}), {(3, 1, 0, 1): 2}", False),
    ("q, counts = defaultdict(float, {((3, 1, 1), 0): 0.25}), {(3, 1, 0, True): 2}", False),
    ("q, counts = defaultdict(float, {((2**70, 1), 0): 0.25}), {(3, 1, 0, True): 2}", False),
    (
        "q, counts = defaultdict(float, {((3, 1), 0): 0.25}), {(3, 1, 0, True): 2**63 - 1, (4, 1, 0, False): 2**63}",
        False,
    ),
    ("q = counts = defaultdict(float, {((3, 1), 0): 0.25})", None),
]


def test_dicts_that_change() -> None:
    seen = (
        "from collections import defaultdict\n"
        "args = (defaultdict(float, {((3, 1), 0): 0.25}), {(3, 1, 0, True): 2}, [(1, True), (0, False)])\n"
        "others = [(defaultdict(float, {((3, 1), 0): 0.5}), {(3, 1, 0, True): 2}, [(1, True)])]"
    )
    made = compiled_function(LEARNING, seen)
    steps = "[(1, True), (0, False), (1, False), (-1, True), (1, True), (0, True), (1, False)]"
    for setup, fast in SETUPS:
        check(made, f"from collections import defaultdict\n{setup}\nargs = (q, counts, {steps})", fast=fast)


def test_what_is_made_of_variables_is_refused() -> None:
    text = "n = k\nd = defaultdict(lambda: [0] * n)\nfor i in range(3):\n    d[i][0] += 1"
    assert "a function's variables" in refusal(
        text, "k = 3", "import numpy as np\nfrom collections import defaultdict\n"
    )
