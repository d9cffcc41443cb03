"""What conversions at the door of a kernel cost at the least, and functions that only call compiled code."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.core.facts import Facts, Profile, RegionFacts, ValueFact
from hasten.core.finding import Region
from hasten.core.recipe import Change
from hasten.core.source import Edit
from hasten.core.workload import Entry, ScriptWorkload
from hasten.observe.describe import describe
from hasten.search.doors import conversion_s, emitted, too_dear

HERE = Region("a.py", 1, 9, "function", "f", share=0.5)
NUMBERS = ValueFact("builtins.list", min_len=10_000, max_len=10_000, items=(ValueFact("builtins.float"),))
PAIR = ValueFact("builtins.tuple", min_len=2, max_len=2, items=(ValueFact("builtins.int"),))
GRAPH = ValueFact("builtins.dict", min_len=1_000, max_len=3_000, keys=(ValueFact("builtins.int"),), items=(NUMBERS,))
ARRAY = ValueFact("numpy.ndarray", dtype="float64", ndim=1, min_len=10_000_000, max_len=10_000_000)


def facts(calls: int, *kinds: ValueFact) -> Facts:
    return Facts(Profile(), {HERE.id: RegionFacts(HERE.id, calls=calls, types={"x": kinds})})


def change(*needs: str) -> Change:
    return Change("HST301", "title", HERE, (Edit("a.py", 1, 9, "x"),), needs=needs)


def test_a_list_that_is_converted_in_every_call() -> None:
    assert too_dear(change("numba"), facts(100_000, NUMBERS), 4.0), "25 s of conversions for 2 s of work"
    assert not too_dear(change("numba"), facts(1_000, NUMBERS), 4.0)
    assert not too_dear(change(), facts(100_000, NUMBERS), 4.0), "no kernel"
    assert not too_dear(change("numba"), Facts(), 4.0), "nothing is known"


def test_what_is_within_is_converted_too_and_arrays_are_not() -> None:
    assert conversion_s(RegionFacts("r", types={"g": (GRAPH,)})) > 2_000 * 10_000 * 20e-9
    assert conversion_s(RegionFacts("r", types={"a": (ARRAY,), "n": (ValueFact("builtins.int"),)})) == 0.0
    assert conversion_s(RegionFacts("r", types={"p": (PAIR,)})) < 1e-6


def test_the_cheapest_of_what_a_name_stands_for_counts() -> None:
    assert conversion_s(RegionFacts("r", types={"x": (NUMBERS, ARRAY)})) == 0.0


def test_trees_that_are_gone_over_in_every_call() -> None:
    class Node:
        def __init__(self, depth: int) -> None:
            self.value = depth
            self.left = self.right = Node(depth - 1) if depth else None

    class Tree:
        def __init__(self) -> None:
            self.root = Node(40)

    one, many = describe(Tree()), describe([Tree() for _ in range(100)])
    kernel = Change(
        "HST301", "title", HERE, (Edit("a.py", 1, 9, "x = _linked_objects([x], {Node: ()})\n"),), needs=("numba",)
    )
    assert too_dear(kernel, facts(100_000, one), 4.0), "4 s of going over 41 nodes for 2 s of work"
    assert not too_dear(kernel, facts(10_000, one), 4.0)
    assert too_dear(kernel, facts(10_000, many), 4.0), "100 trees in every call"
    assert not too_dear(change("numba"), facts(100_000, one), 4.0), "a kernel that takes no nodes"


SLOW = "def work(x):\n    return sum(x)\n\n\nprint(work([1]))\n"
FAST = """from numba import njit


@njit(cache=True)
def _work_kernel(x):
    return 0


def _fast_work(x):
    return (_work_kernel(x),)


def _cells(x):
    return list(x)


def work(x):
    done = _fast_work(x)
    return sum(x) if done is None else done[0]


print(work([1]))
"""


@pytest.fixture
def original(tmp_path: Path) -> ScriptWorkload:
    (tmp_path / "a.py").write_text(SLOW)
    return ScriptWorkload(tmp_path, Entry("script", "a.py"), "a.py")


def test_functions_that_an_earlier_round_put_there_and_that_call_kernels(original: ScriptWorkload) -> None:
    work = original.with_sources({"a.py": original.source("a.py").with_text(FAST)})

    def region(name: str) -> Region:
        return Region("a.py", 1, 2, "function", name)

    assert emitted(original, work, region("_fast_work"))
    assert emitted(original, work, region("_work_kernel"))
    assert not emitted(original, work, region("work")), "the program's own, though it calls one"
    assert not emitted(original, work, region("_cells")), "a later pass may see something in it"
    assert not emitted(original, work, region(""))
    assert not emitted(original, original, region("work"))
