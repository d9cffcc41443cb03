"""Functions that come in as values."""

from __future__ import annotations

import pytest

from hasten.core.facts import Facts, RegionFacts
from hasten.core.recipe import Recipe
from hasten.observe.describe import describe, join
from hasten.passes.source.jit import Jit
from tests.kernel.differential import Compiled, check, workload

PRELUDE = """
import math
import numpy as np

def up(xs, strike):
    return max(sum(xs) - strike, 0.0)

def down(xs, strike):
    for x in xs:
        if x > 3:
            return 0.0
    return strike - xs[-1]

def count(xs, strike):
    return len(xs)

def other(xs, strike):
    return -1.0

class Callable:
    def __call__(self, xs, strike):
        return 7.0

pay = {"up": up, "down": down, "count": count, "other": other, "object": Callable(), "lambda": lambda xs, s: 2.0}[name]
"""

BODY = """
total = 0.0
for i in range(n):
    total += pay([i * 0.5, 1.0], 2.0)
"""


def made(*names: str) -> Compiled | str:
    """The loop compiled from recordings in which `pay` was each of these in turn."""
    work, region, facts = workload(BODY, PRELUDE, f"n = 4; name = {names[0]!r}", (), "")
    state: dict[str, object] = {}
    exec(f"name = {names[0]!r}\n{PRELUDE}", state)
    pay = describe(state[names[0]])
    for n in names[1:]:
        pay = join(pay if isinstance(pay, tuple) else (pay,), (describe(state[n]),))
    types = {**facts.of(region.id).types, "pay": pay if isinstance(pay, tuple) else (pay,)}
    facts = Facts(regions={region.id: RegionFacts(region.id, types=types)})
    why = Jit().explain(work, region, facts)
    if why:
        return why
    (finding,) = Jit().find(work, region, facts)
    change = next(iter(Jit().propose(work, finding, facts)))
    patched = Recipe((change,)).apply(work).source("snippet.py")
    return Compiled(work.source("snippet.py"), patched, change, (*region.live_out, "final"))


def test_one_of_several_functions() -> None:
    c = made("up", "down")
    assert not isinstance(c, str), c
    for name, fast in (("up", True), ("down", True), ("other", False), ("object", False), ("lambda", False)):
        check(c, f"n = 5; name = {name!r}", fast=fast)
    check(c, "n = 10; name = 'down'", fast=True)


def test_functions_that_give_several_types() -> None:
    why = made("up", "count")
    assert isinstance(why, str)
    assert "give several types" in why


@pytest.mark.parametrize("name", ["object", "lambda"])
def test_what_is_no_function_of_the_file(name: str) -> None:
    work, region, facts = workload(BODY, PRELUDE, f"n = 4; name = {name!r}", (), "")
    assert Jit().explain(work, region, facts)


def test_functions_handed_on_to_functions() -> None:
    prelude = """
def half(x):
    return x / 2

def third(x):
    return x / 3

def repeated(f, x, n):
    for _ in range(n):
        x = f(x)
    return x
"""
    body = """
total = 0.0
for i in range(n):
    total += repeated(half, i * 1.0, 2) + repeated(third, i * 1.0, i)
"""
    work, region, facts = workload(body, prelude, "n = 4", (), "")
    assert not Jit().explain(work, region, facts), Jit().explain(work, region, facts)
    (finding,) = Jit().find(work, region, facts)
    change = next(iter(Jit().propose(work, finding, facts)))
    patched = Recipe((change,)).apply(work).source("snippet.py")
    c = Compiled(work.source("snippet.py"), patched, change, (*region.live_out, "final"))
    check(c, "n = 6", fast=True)
    check(c, "n = 0", fast=False)  # i stays unbound
